/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_WRITER_PARQUET_SORTING_H
#define TARN_WRITER_PARQUET_SORTING_H

#include "format/batch/row_order.h"
#include "format/column/leaf_path.h"
#include "format/thrift/parquet_thrift.h"
#include "tarn/parquet_writer.h"

/*
 * The sorting columns of a file: what each row group says of its rows, and the proof that they come so.
 *
 * Ownership: keys and columns are in the arena. Threads: single.
 */
struct tarn__sorting {
    uint32_t column_count; /**< 0: rows may come in any order */
    struct parquet_sorting_column *columns;
    struct tarn__row_order order;
};

/**
 * Zeroed before; freed whatever the answer. Errors: NOT_FOUND (a path), INVALID `sorting` (not a leaf, one in a list or map, one without
 * order, twice the same), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__sorting_init(struct tarn__sorting *sorting, const struct tarn_parquet_write_options *options,
                                                     const struct tarn_schema *schema, const struct tarn__leaf_path *paths,
                                                     uint32_t leaf_count, struct tarn_arena *arena, struct tarn_error *err);
void tarn__sorting_free(struct tarn__sorting *sorting);

/** A row group begins: its first row may be any. */
void tarn__sorting_begin_group(struct tarn__sorting *sorting);

/** The rows come next. Errors: INVALID `sorting` with the row, counted from the first one given; NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__sorting_check(struct tarn__sorting *sorting, const struct tarn_batch *batch,
                                                      const uint32_t *positions, uint32_t first, uint32_t count, struct tarn_error *err);

#endif
