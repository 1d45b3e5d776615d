/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_PARQUET_PARQUET_SOURCE_H
#define TARN_READER_PARQUET_PARQUET_SOURCE_H

#include <stdatomic.h>

#include "format/column/column_reader.h"
#include "tarn/reader.h"

/*
 * A Parquet file as a source: its footer, its scans (which row groups, which columns), its cursors (one row group each).
 *
 * Threads: a source and a scan are shareable, a cursor is single-threaded.
 */
struct parquet_source {
    struct tarn_source source;
    struct tarn_object *object;
    struct tarn_footer *footer;
    struct tarn_parquet_read_options options;
    char *key;            /**< for errors */
    uint64_t *first_rows; /**< of each row group, in the file */
};

/** What a handle leads to. */
struct parquet_path {
    const struct tarn_node *node; /**< NULL: the row's position in the file */
};

struct parquet_scan {
    struct tarn_scan scan;
    struct parquet_source *source;
    struct parquet_path *paths;
    const struct tarn_type **types;
    uint32_t *row_groups; /**< of each task */
    uint32_t task_count;
    uint32_t batch_rows;
    const struct tarn_expr *predicate; /**< by which rows may be left out; NULL: none are */
    bool *early; /**< of each leaf: the predicate looks at it, so it is read before the others; NULL: all are read at once */
    uint64_t row_groups_pruned;
    atomic_uint_fast64_t requests;
    atomic_uint_fast64_t bytes_read;
    atomic_uint_fast64_t pages;
    atomic_uint_fast64_t pages_skipped;
    atomic_uint_fast64_t rows;
    atomic_uint_fast64_t flattened;
};

TARN_WARN_UNUSED enum tarn_status tarn__parquet_scan_open(struct parquet_source *source, const struct tarn_scan_request *request,
                                                          struct tarn_scan **out, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__parquet_cursor_open(struct parquet_scan *scan, uint32_t task, struct tarn_cursor **out,
                                                            struct tarn_error *err);

/** The leaf that a predicate's column is, when it lies outside of lists and has the type that the predicate means; else NULL. */
const struct tarn_leaf *tarn__parquet_find_leaf(const struct parquet_source *source, const struct tarn_expr_column *column);
/** What is known of a predicate's column in a row group; it may point into `arena`. False: nothing. */
bool tarn__parquet_chunk_bounds(const struct parquet_source *source, uint32_t row_group, const struct tarn_expr_column *column,
                                struct tarn_arena *arena, struct tarn_bounds *out);

/**
 * The bytes to read of a chunk. Old writers left page headers out of a chunk's size: where no other chunk follows at once, a little more is
 * read. Walking the pages ends at the value count, so that what lies behind does no harm.
 */
struct tarn_chunk_range tarn__parquet_chunk_range(const struct parquet_source *source, uint32_t row_group, uint32_t leaf,
                                                  const struct parquet_column_metadata *chunk);

static inline const struct parquet_row_group *tarn__parquet_row_group(const struct parquet_source *source, uint32_t row_group)
{
    return tarn__footer_row_group(source->footer, row_group);
}

#endif
