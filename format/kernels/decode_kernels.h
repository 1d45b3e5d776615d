/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_KERNELS_DECODE_KERNELS_H
#define TARN_FORMAT_KERNELS_DECODE_KERNELS_H

#include "tarn/env.h"

/*
 * The loops that turn the bytes of pages into values, compiled once for each level of instructions as those of kernels.h. Every table gives
 * the same bytes. Nothing outside of what is said is read or written; pointers need no alignment beyond that of their type and do not
 * overlap. Nothing is allocated.
 */
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
