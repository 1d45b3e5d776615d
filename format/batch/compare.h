/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BATCH_COMPARE_H
#define TARN_FORMAT_BATCH_COMPARE_H

#include "format/base/buffer.h"
#include "tarn/batch.h"

/*
 * Rows of vectors compared and hashed whatever their shapes: for sorting, grouping, joining, DISTINCT.
 *
 * The one order: numbers by value, -0.0 = 0.0, NaN equal to itself and above all numbers, false < true, bytes unsigned, lists and structs
 * member by member (a shorter list that begins a longer one comes first), null equal to null and above everything.
 * Threads: any.
 */

/** Order of two rows of vectors of one kind (nested types: equal types). Negative, 0, positive. */
int tarn__vector_compare(const struct tarn_vector *a, uint32_t i, const struct tarn_vector *b, uint32_t k);

/** The same as a question that is answered faster. */
bool tarn__vector_rows_equal(const struct tarn_vector *a, uint32_t i, const struct tarn_vector *b, uint32_t k);

/** What was hashed of one dictionary. Zeroed but for `env` at the begin; free with tarn__hash_memo_free. */
struct tarn__hash_memo {
    struct tarn_env *env;
    uint64_t dictionary; /**< its id; 0 with `hashes` NULL: none yet */
    uint64_t *hashes;    /**< one an entry */
    size_t capacity;
};
void tarn__hash_memo_free(struct tarn__hash_memo *memo);

/**
 * Hashes of all rows: equal rows have equal hashes, also in vectors of other shapes, and integers of other widths. `combine`: hashes[i]
 * holds what the columns before came to, and is combined with this one's. A dictionary's entries are hashed once, and kept in
 * `memo` (may be NULL). Errors: NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__vector_hash(const struct tarn_vector *vector, uint64_t *hashes, bool combine,
                                                    struct tarn__hash_memo *memo, struct tarn_error *err);

#endif
