/* SPDX-License-Identifier: Apache-2.0
 *
 * Page indexes, decoded and held against the chunk they are about.
 *
 * Specification: parquet-format PageIndex.md; parquet.thrift, OffsetIndex and ColumnIndex. SPEC: P-INDEX-1 to P-INDEX-3.
 *
 * Invariants
 *  1. Row i of the row group lies in exactly one page; a page may have no rows.
 *  2. All arrays of a column index that are not NULL have page_count entries.
 */
#include "format/index/page_index.h"

static enum tarn_status corrupt(const char *detail, const char *what, struct tarn_error *err)
{
    return tarn__corrupt(err, detail, "%s", what);
}

enum tarn_status tarn__offset_index_decode(struct tarn_span bytes, struct tarn_arena *arena, uint64_t row_count, uint64_t chunk_begin,
                                           uint64_t chunk_end, struct tarn_offset_index *out, struct tarn_error *err)
{
    struct parquet_offset_index index;
    struct tarn_thrift_progress progress;
    uint64_t row = 0;
    uint64_t offset = chunk_begin;

    *out = (struct tarn_offset_index){.row_count = row_count};
    TARN_RETURN_IF_ERROR(tarn__thrift_decode(&tarn__parquet_offset_index, bytes, arena, &index, &progress, err));
    const struct parquet_page_location *pages = index.page_locations.items;
    if (index.page_locations.count == 0 && row_count != 0) {
        return corrupt("offset_index", "the offset index has no pages", err);
    }
    for (uint32_t i = 0; i < index.page_locations.count; i++) {
        if (pages[i].first_row_index < 0 || pages[i].offset < 0 || pages[i].compressed_page_size <= 0) {
            return corrupt("offset_index", "the offset index has a negative number", err);
        }
        const uint64_t first = (uint64_t)pages[i].first_row_index;
        if ((i == 0 && first != 0) || first < row || first > row_count) {
            return corrupt("offset_index", "the pages of the offset index do not ascend in rows", err);
        }
        const uint64_t size = (uint64_t)pages[i].compressed_page_size;
        const uint64_t begin = (uint64_t)pages[i].offset;
        if (begin < offset || begin > chunk_end || size > chunk_end - begin) {
            return corrupt("offset_index", "a page of the offset index lies outside its column chunk", err);
        }
        row = first;
        offset = begin + size;
    }
    out->page_count = index.page_locations.count;
    out->pages = pages;
    return TARN_OK;
}

enum tarn_status tarn__column_index_decode(struct tarn_span bytes, struct tarn_arena *arena, uint32_t page_count,
                                           struct tarn_column_index *out, struct tarn_error *err)
{
    struct parquet_column_index index;
    struct tarn_thrift_progress progress;

    *out = (struct tarn_column_index){.page_count = page_count};
    TARN_RETURN_IF_ERROR(tarn__thrift_decode(&tarn__parquet_column_index, bytes, arena, &index, &progress, err));
    if (index.null_pages.count != page_count || index.min_values.count != page_count || index.max_values.count != page_count) {
        return corrupt("column_index", "the column index has another number of pages than the offset index", err);
    }
    if ((index.has_null_counts && index.null_counts.count != 0 && index.null_counts.count != page_count) ||
        (index.has_nan_counts && index.nan_counts.count != 0 && index.nan_counts.count != page_count)) {
        return corrupt("column_index", "the lists of the column index have different lengths", err);
    }
    for (uint32_t i = 0; i < index.null_counts.count; i++) {
        if (index.null_counts.items[i] < 0) {
            return corrupt("column_index", "the column index has a negative number of nulls", err);
        }
    }
    out->null_pages = index.null_pages.items;
    out->min_values = index.min_values.items;
    out->max_values = index.max_values.items;
    out->null_counts = index.null_counts.items; /* NULL when the list is absent or empty */
    out->nan_counts = index.nan_counts.items;
    const bool ordered = index.boundary_order == PARQUET_ASCENDING || index.boundary_order == PARQUET_DESCENDING;
    out->boundary_order = ordered ? index.boundary_order : PARQUET_UNORDERED;
    return TARN_OK;
}

uint64_t tarn__offset_index_rows(const struct tarn_offset_index *index, uint32_t page, uint64_t *first)
{
    *first = (uint64_t)index->pages[page].first_row_index;
    const uint64_t end = page + 1 < index->page_count ? (uint64_t)index->pages[page + 1].first_row_index : index->row_count;
    return end - *first;
}

uint32_t tarn__offset_index_page(const struct tarn_offset_index *index, uint64_t row)
{
    uint32_t low = 0;
    uint32_t high = index->page_count; /* page `low` begins at `row` or before, page `high` behind it */
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if ((uint64_t)index->pages[middle].first_row_index <= row) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}
