/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_INDEX_PAGE_INDEX_H
#define TARN_FORMAT_INDEX_PAGE_INDEX_H

#include "format/base/arena.h"
#include "format/thrift/parquet_thrift.h"

/*
 * ColumnIndex and OffsetIndex of a chunk, decoded and validated, as arrays with one entry a page.
 *
 * Writing is tarn__thrift_encode over struct parquet_column_index and parquet_offset_index.
 * Ownership: in the arena; bounds point into the bytes that were decoded. Threads: any once made.
 */
struct tarn_offset_index {
    uint32_t page_count;
    const struct parquet_page_location *pages; /**< ascending in offset, not descending in first row; the first begins at row 0 */
    uint64_t row_count;                        /**< of the row group */
};

struct tarn_column_index {
    uint32_t page_count;
    const bool *null_pages;
    const struct tarn_span *min_values; /**< empty for null pages */
    const struct tarn_span *max_values;
    const int64_t *null_counts; /**< NULL: not known */
    const int64_t *nan_counts;  /**< NULL: not known */
    int32_t boundary_order;     /**< enum parquet_boundary_order; an unknown number is UNORDERED */
};

/**
 * Errors: CORRUPT detail "offset_index": no pages for rows, rows or offsets not ascending, a page outside [chunk_begin, chunk_end).
 * NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__offset_index_decode(struct tarn_span bytes, struct tarn_arena *arena, uint64_t row_count,
                                                            uint64_t chunk_begin, uint64_t chunk_end, struct tarn_offset_index *out,
                                                            struct tarn_error *err);

/** Errors: CORRUPT detail "column_index": lists of unequal length, another number of pages than `page_count`. NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__column_index_decode(struct tarn_span bytes, struct tarn_arena *arena, uint32_t page_count,
                                                            struct tarn_column_index *out, struct tarn_error *err);

/** Rows of page `page`: [*first, *first + count). */
uint64_t tarn__offset_index_rows(const struct tarn_offset_index *index, uint32_t page, uint64_t *first);

/** The page that row `row` lies in: the last one that begins at or before it. There is at least one page. */
uint32_t tarn__offset_index_page(const struct tarn_offset_index *index, uint64_t row);

#endif
