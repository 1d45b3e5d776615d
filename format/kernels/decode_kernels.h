/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_KERNELS_DECODE_KERNELS_H
#define TARN_FORMAT_KERNELS_DECODE_KERNELS_H

#include "tarn/env.h"

/*
 * The loops that turn the bytes of pages into values, compiled once for each level of instructions as those of kernels.h. Every table gives
 * the same bytes. Nothing outside of what is said is read or written; pointers need no alignment beyond that of their type and do not
 * overlap. Nothing is allocated.
 */

/** Which level pairs are slots of a node: of a definition from here on, of a repetition up to there; and which slots hold something. */
struct tarn__level_rule {
    uint8_t definition_from;
    uint8_t repetition_upto;
    uint8_t present_from;
};

struct tarn__decode_kernels {
    const char *name;

    /**
     * `n` values of `width` bits (0..32), packed least significant bit first from the begin of `in` on. Bits that its `size` bytes do not
     * have are zero.
     */
    void (*unpack32)(const uint8_t *in, size_t size, unsigned width, size_t n, uint32_t *out);
    /** The same for width 0..8. */
    void (*unpack8)(const uint8_t *in, size_t size, unsigned width, size_t n, uint8_t *out);

    /** The largest of `n` numbers; 0 for none. */
    uint32_t (*largest32)(const uint32_t *values, size_t n);
    uint8_t (*largest8)(const uint8_t *values, size_t n);

    /** out[i] = entries[codes[i]], entries of 4 or 8 bytes; each code is below `count`. */
    void (*gather32)(const uint32_t *entries, size_t count, const uint32_t *codes, size_t n, uint32_t *out);
    void (*gather64)(const uint64_t *entries, size_t count, const uint32_t *codes, size_t n, uint64_t *out);

    /**
     * In place: the first `present` of `count` slots move to the slots whose bits in `validity` from bit `at` on are set, in order; the
     * others become zero. As many bits are set as there are values.
     */
    void (*spread32)(uint32_t *slots, const uint8_t *validity, uint64_t at, uint32_t count, uint32_t present);
    void (*spread64)(uint64_t *slots, const uint8_t *validity, uint64_t at, uint32_t count, uint32_t present);

    /**
     * For each of `n` level pairs that is a slot a bit, set when its definition is from `present_from` on, is put behind bit `at` of `bits`
     * (NULL: only counted), where zeros are. `repetition` NULL: all are low enough. Returns how many slots there are; *present of them set.
     */
    size_t (*level_slots)(const uint8_t *definition, const uint8_t *repetition, size_t n, struct tarn__level_rule rule, uint8_t *bits,
                          uint64_t at, size_t *present);
    /**
     * For each pair that is a slot by `lists` how many pairs before it are slots by `elements`, the first `most` of them into `offsets`.
     * Returns how many slots of `lists` there are; *element_count is that of `elements`.
     */
    size_t (*list_offsets)(const uint8_t *definition, const uint8_t *repetition, size_t n, struct tarn__level_rule lists,
                           struct tarn__level_rule elements, uint32_t *offsets, size_t most, uint64_t *element_count);
    /**
     * Does each of `n` level pairs whose repetition is `rule.repetition_upto`, and the pair before it, have a definition from
     * `rule.definition_from` on? So an element follows an element of the same list, never an empty list. The first pair has none before it.
     */
    bool (*lists_continue)(const uint8_t *definition, const uint8_t *repetition, size_t n, struct tarn__level_rule rule);
    /** Are the repetitions of `n` level pairs of two leaves equal, and the definitions as far as both are at most `most`? */
    bool (*levels_agree)(const uint8_t *definition, const uint8_t *repetition, const uint8_t *other_definition,
                         const uint8_t *other_repetition, size_t n, uint8_t most);
    /** The index of zero number `rows` (from 0) of `n` repetition levels, `n` when there are no so many; *begun is how many stand before.
     */
    size_t (*row_begin)(const uint8_t *repetition, size_t n, uint64_t rows, uint64_t *begun);

    /** Numbers as 128 bits, two words each, the low one first. */
    void (*widen32)(const int32_t *values, size_t n, int64_t *out);
    void (*widen64)(const int64_t *values, size_t n, int64_t *out);

    /** Is no byte above 127? */
    bool (*is_ascii)(const uint8_t *bytes, size_t size);
};

/** The table for an env's level. */
const struct tarn__decode_kernels *tarn__decode_kernels_of(const struct tarn_env *env);

/** The table that runs anywhere. */
extern const struct tarn__decode_kernels tarn__decode_kernels_base;

enum { TARN__DECODE_LEVELS = 4 };
/** Tables 0 (the least) to TARN__DECODE_LEVELS - 1; NULL: not compiled in, or not for this processor. For tests. */
const struct tarn__decode_kernels *tarn__decode_kernels_at(unsigned number);

#endif
