/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_ROARING_H
#define TARN_TXLOG_CORE_ROARING_H

#include <stdatomic.h>

#include "format/base/text.h"

/*
 * Sets of row positions, 0 to 2^63 - 1: 64-bit Roaring bitmaps, the content of deletion vectors.
 *
 * A set is made whole and never changes, so it is shareable without locks; what changes a set makes another. It is counted by reference.
 * Costs: memory about that of the stored form; making, combining and marking go container by container (65,536 positions each), with
 * no step for a row that is not in a set.
 */
enum tarn__roaring_kind { TARN_ROARING_ARRAY = 0, TARN_ROARING_BITMAP, TARN_ROARING_RUNS };

/** Positions that have all but their last 16 bits in common; `data` at `at` has those, as they are stored. */
struct tarn__roaring_container {
    uint64_t key; /* position >> 16 */
    size_t at;
    uint32_t cardinality; /* 1 .. 65,536 */
    uint16_t runs;        /* RUNS: how many */
    uint8_t kind;
};

struct tarn__roaring {
    struct tarn_env *env; /* not kept: whoever holds a set holds its env */
    atomic_uint references;
    uint64_t cardinality;
    size_t count;
    struct tarn__roaring_container *containers; /* ascending by key */
    uint8_t *data;
};

struct tarn__roaring *tarn__roaring_retain(struct tarn__roaring *set);
/** NULL is legal. */
void tarn__roaring_release(struct tarn__roaring *set);

/** The set of `count` positions in any order; repeated ones count once. Ascending ones cost least. Errors: INVALID (2^63 and above), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__roaring_of_positions(struct tarn_env *env, const uint64_t *positions, size_t count,
                                                             struct tarn__roaring **out, struct tarn_error *err);

/**
 * Reads the portable form of a 64-bit bitmap, which must fill `bytes`. Errors: CORRUPT, detail "roaring", with the offset, when it is not
 * as the specification has it, down to the order and number of values; NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__roaring_parse(struct tarn_env *env, struct tarn_span bytes, struct tarn__roaring **out,
                                                      struct tarn_error *err);
/** The same for the array of 32-bit bitmaps, each behind its size, that was written before there was a portable form. */
TARN_WARN_UNUSED enum tarn_status tarn__roaring_parse_native(struct tarn_env *env, struct tarn_span bytes, struct tarn__roaring **out,
                                                             struct tarn_error *err);
/** Adds the portable form; each container as that of the three kinds that takes the fewest bytes. The builder says whether memory was
 * enough. */
TARN_WARN_UNUSED enum tarn_status tarn__roaring_write(const struct tarn__roaring *set, struct tarn_text_builder *out,
                                                      struct tarn_error *err);

/** What is in a or b, and what is in a but not in b. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__roaring_union(struct tarn_env *env, const struct tarn__roaring *a, const struct tarn__roaring *b,
                                                      struct tarn__roaring **out, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__roaring_minus(struct tarn_env *env, const struct tarn__roaring *a, const struct tarn__roaring *b,
                                                      struct tarn__roaring **out, struct tarn_error *err);
/** Is no position in both? */
bool tarn__roaring_disjoint(const struct tarn__roaring *a, const struct tarn__roaring *b);

bool tarn__roaring_contains(const struct tarn__roaring *set, uint64_t position);
/** The largest position; false when there is none. */
bool tarn__roaring_last(const struct tarn__roaring *set, uint64_t *position);
/** How many positions lie in [begin, end). */
uint64_t tarn__roaring_count(const struct tarn__roaring *set, uint64_t begin, uint64_t end);

/**
 * Bit i of `bits` becomes "begin + i is in the set" for i < rows; bits behind are zero, up to whole bytes. begin + rows <= 2^63.
 * Returns how many are set.
 */
uint32_t tarn__roaring_mark(const struct tarn__roaring *set, uint64_t begin, uint32_t rows, uint8_t *bits);

/** A walk over the positions in order; it borrows the set. Begins as {set}. */
struct tarn__roaring_walk {
    const struct tarn__roaring *set;
    size_t container;
    uint32_t low; /* where to go on in it */
};

/** The next positions, at most `room`; 0: the end. */
size_t tarn__roaring_next(struct tarn__roaring_walk *walk, uint64_t *positions, size_t room);

#endif
