/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_SHRED_H
#define TARN_FORMAT_COLUMN_SHRED_H

#include "format/column/leaf_path.h"
#include "tarn/batch.h"

/*
 * Vectors to levels: rows of a column, however nested and in whatever shape, become the definition and repetition levels of one of
 * its leaves and the places of the leaf's values.
 *
 * Values are not copied: the result names the leaf's vector (its shape as the source gave it) and the rows of it that hold values.
 * Columns without nesting cost nothing for rows that are all there, one pass over the validity bits else.
 * Ownership: levels and rows are the shredder's, valid until its next run. Threads: single.
 */
struct tarn__shredded {
    size_t slots;                     /**< level pairs */
    const uint16_t *definition;       /**< NULL: all are the leaf's greatest */
    const uint16_t *repetition;       /**< NULL: all are 0 */
    const struct tarn_vector *vector; /**< FLAT, STRINGS, VIEWS, DICTIONARY; NULL when there is no value */
    size_t values;
    const uint32_t *rows; /**< of `vector`, none null; NULL: first_row and those behind it */
    uint32_t first_row;
};

/** Zeroed but for `env` at the begin. */
struct tarn__shredder {
    struct tarn_env *env;
    uint16_t *definition[2]; /* of the level above, and of this one */
    uint16_t *repetition[2];
    uint32_t *rows[2];
    size_t capacity[6];
};

/** The rows of a batch to take: `positions` (NULL: first, first + 1, ...) of the column's vector. */
struct tarn__shred_rows {
    const uint32_t *positions;
    uint32_t first;
    uint32_t count;
};

/**
 * Errors: INVALID (`null_in_required`, at the row counted from the first taken; `vector`: a shape that the type cannot have), NOMEM,
 * LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__shred(struct tarn__shredder *shredder, const struct tarn__leaf_path *path,
                                              const struct tarn_vector *column, struct tarn__shred_rows take, struct tarn__shredded *out,
                                              struct tarn_error *err);

void tarn__shredder_free(struct tarn__shredder *shredder);

#endif
