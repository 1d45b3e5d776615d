/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_LEAF_DIGEST_H
#define TARN_FORMAT_COLUMN_LEAF_DIGEST_H

#include "format/base/alloc.h"
#include "format/column/leaf_form.h"

/*
 * What rows of a leaf are, in a few numbers: counts, and checksums of levels and of values as PLAIN stores them. Rows that were written
 * and rows that were read back have equal digests, however either was cut into pieces.
 *
 * Ownership: keeps scratch memory of `env`. Threads: single.
 */
struct tarn__leaf_sums {
    uint64_t slots;
    uint64_t values;
    uint32_t definition;
    uint32_t repetition;
    uint32_t bytes;
};

struct tarn__leaf_digest {
    struct tarn_env *env;
    struct tarn__leaf_sums sums;
    uint8_t *scratch;
    size_t scratch_capacity;
    uint32_t *rows;
    size_t row_capacity;
};

/** Zeroed but for `env` at the begin. */
void tarn__leaf_digest_free(struct tarn__leaf_digest *digest);

/** Some level pairs: arrays of `slots`, or NULL where all are `same_definition`, or 0. */
void tarn__leaf_digest_levels(struct tarn__leaf_digest *digest, const uint16_t *definition, const uint16_t *repetition,
                              uint16_t same_definition, size_t slots);
/** The same of one byte each; never NULL. */
void tarn__leaf_digest_levels8(struct tarn__leaf_digest *digest, const uint8_t *definition, const uint8_t *repetition, size_t slots);

/** `n` values, none null, of a vector of any leaf shape. Errors: those of tarn__leaf_store, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__leaf_digest_values(struct tarn__leaf_digest *digest, const struct tarn__leaf_form *form,
                                                           struct tarn__leaf_values values, size_t n, struct tarn_error *err);

static inline bool tarn__leaf_sums_equal(const struct tarn__leaf_sums *a, const struct tarn__leaf_sums *b)
{
    return a->slots == b->slots && a->values == b->values && a->definition == b->definition && a->repetition == b->repetition &&
           a->bytes == b->bytes;
}

#endif
