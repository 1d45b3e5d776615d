/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows left by the page index.
 *
 * Specification: parquet-format PageIndex.md. SPEC: P-SCAN-3 to P-SCAN-4.
 *
 * The pages of all columns that the predicate looks at cut the row group into intervals, within each of which every column has one page;
 * the predicate is pruned over the bounds of these pages.
 *
 * Invariants
 *  1. An interval is left out only when the predicate is true for none of its rows by bounds that can be believed (statistics.h).
 *  2. A page that is said to be all null has no bounds; its null count is what counts.
 */
#include "reader/parquet/row_ranges.h"

#include <stdlib.h>

#include "format/base/arena.h"
#include "format/column/statistics.h"
#include "format/index/page_index.h"

/* Above so many intervals deciding costs more than it can save. */
enum { MOST_INTERVALS = 1 << 16 };

struct column_pages {
    const struct tarn_leaf *leaf; /**< NULL: the predicate's column has no index */
    const struct parquet_column_chunk *chunk;
    struct tarn_offset_index offsets;
    struct tarn_column_index bounds;
    uint32_t page; /**< that the interval lies in */
};

struct plan {
    struct parquet_scan *scan;
    uint32_t row_group;
    struct tarn_arena arena;
    struct column_pages *columns; /**< one a column of the predicate */
    uint32_t column_count;
    uint64_t *cuts; /**< where intervals begin, ascending, distinct after sorting */
    uint32_t cut_count;
};

static bool has_index(const struct parquet_column_chunk *chunk)
{
    return chunk->has_column_index_offset && chunk->has_column_index_length && chunk->has_offset_index_offset &&
           chunk->has_offset_index_length;
}

/* Both indexes of every column, in one request. */
static enum tarn_status read_indexes(struct plan *plan, struct tarn_span *bytes, struct tarn_error *err)
{
    struct parquet_scan *scan = plan->scan;
    uint64_t total = 0;
    size_t count = 0;
    struct tarn_read_range *ranges = tarn__arena_calloc(&plan->arena, (size_t)plan->column_count * 2, sizeof(*ranges));
    if (ranges == NULL) {
        return tarn__nomem(scan->scan.env, err, (uint64_t)plan->column_count * 2 * sizeof(*ranges));
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        const struct parquet_column_chunk *chunk = plan->columns[i].chunk;
        if (plan->columns[i].leaf == NULL) {
            continue;
        }
        const uint64_t offsets[2] = {(uint64_t)chunk->column_index_offset, (uint64_t)chunk->offset_index_offset};
        const size_t sizes[2] = {(size_t)chunk->column_index_length, (size_t)chunk->offset_index_length};
        for (unsigned which = 0; which < 2; which++) {
            uint8_t *into = tarn__arena_alloc(&plan->arena, sizes[which] + 1);
            if (into == NULL) {
                return tarn__nomem(scan->scan.env, err, sizes[which]);
            }
            ranges[count++] = (struct tarn_read_range){offsets[which], sizes[which], into};
            bytes[i * 2 + which] = (struct tarn_span){into, sizes[which]};
            total += sizes[which];
        }
    }
    TARN_RETURN_IF_ERROR(tarn_object_read(scan->source->object, count, ranges, err));
    atomic_fetch_add(&scan->requests, 1);
    atomic_fetch_add(&scan->bytes_read, total);
    return TARN_OK;
}

static bool decode_indexes(struct plan *plan, struct column_pages *column, const struct tarn_span *bytes)
{
    const uint64_t rows = (uint64_t)tarn__parquet_row_group(plan->scan->source, plan->row_group)->num_rows;
    const struct tarn_chunk_range range = tarn__footer_chunk_range(&column->chunk->meta_data);
    return tarn__offset_index_decode(bytes[1], &plan->arena, rows, range.begin, range.end, &column->offsets, NULL) == TARN_OK &&
           tarn__column_index_decode(bytes[0], &plan->arena, column->offsets.page_count, &column->bounds, NULL) == TARN_OK;
}

static int compare_cuts(const void *a, const void *b)
{
    const uint64_t one = *(const uint64_t *)a;
    const uint64_t two = *(const uint64_t *)b;
    return (one > two) - (one < two);
}

static enum tarn_status cut_rows(struct plan *plan, struct tarn_error *err)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < plan->column_count; i++) {
        most += plan->columns[i].leaf != NULL ? plan->columns[i].offsets.page_count : 0;
    }
    if (most > MOST_INTERVALS) {
        return TARN_OK;
    }
    plan->cuts = tarn__arena_calloc(&plan->arena, (size_t)most + 1, sizeof(*plan->cuts));
    if (plan->cuts == NULL) {
        return tarn__nomem(plan->scan->scan.env, err, most * sizeof(*plan->cuts));
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan->column_count; i++) {
        for (uint32_t page = 0; plan->columns[i].leaf != NULL && page < plan->columns[i].offsets.page_count; page++) {
            plan->cuts[count++] = (uint64_t)plan->columns[i].offsets.pages[page].first_row_index;
        }
    }
    qsort(plan->cuts, count, sizeof(*plan->cuts), compare_cuts);
    for (uint32_t i = 0; i < count; i++) {
        if (plan->cut_count == 0 || plan->cuts[plan->cut_count - 1] != plan->cuts[i]) {
            plan->cuts[plan->cut_count++] = plan->cuts[i];
        }
    }
    return TARN_OK;
}

static bool bounds_of_page(void *ctx, const struct tarn_expr_column *column, struct tarn_bounds *out)
{
    struct plan *plan = ctx;
    const struct tarn_expr *predicate = plan->scan->predicate;
    const struct column_pages *pages = &plan->columns[column - predicate->columns];
    if (pages->leaf == NULL) {
        return tarn__parquet_chunk_bounds(plan->scan->source, plan->row_group, column, &plan->arena, out);
    }
    const uint32_t page = pages->page;
    const struct tarn_column_index *index = &pages->bounds;
    uint64_t first;
    const uint64_t rows = tarn__offset_index_rows(&pages->offsets, page, &first);
    const uint32_t number = (uint32_t)(pages->leaf - plan->scan->source->footer->schema->leaves);
    const struct tarn_span none = {NULL, 0};
    const bool null_page = index->null_pages[page];
    tarn__page_bounds(pages->leaf, tarn__column_order(&plan->scan->source->footer->metadata, number),
                      null_page ? none : index->min_values[page], null_page ? none : index->max_values[page],
                      index->null_counts != NULL ? index->null_counts[page] : -1, index->nan_counts != NULL ? index->nan_counts[page] : -1,
                      rows, out);
    return true;
}

/* Moves each column to its page of the interval that begins at `row`. */
static void go_to(struct plan *plan, uint64_t row)
{
    for (uint32_t i = 0; i < plan->column_count; i++) {
        struct column_pages *column = &plan->columns[i];
        while (column->leaf != NULL && column->page + 1 < column->offsets.page_count &&
               (uint64_t)column->offsets.pages[column->page + 1].first_row_index <= row) {
            column->page++;
        }
    }
}

static void keep(struct parquet_row_ranges *out, uint64_t begin, uint64_t end)
{
    if (out->count != 0 && out->rows[out->count - 1].end == begin) {
        out->rows[out->count - 1].end = end;
    } else {
        out->rows[out->count++] = (struct parquet_rows){begin, end};
    }
}

static enum tarn_status choose_intervals(struct plan *plan, uint64_t row_count, struct parquet_row_ranges *out, struct tarn_error *err)
{
    const struct tarn_bounds_lookup lookup = {plan, bounds_of_page, NULL};
    struct tarn_env *env = plan->scan->scan.env;
    struct parquet_rows *rows = tarn__calloc(env, (size_t)plan->cut_count + 1, sizeof(*rows));
    if (rows == NULL) {
        return tarn__nomem(env, err, plan->cut_count * sizeof(*rows));
    }
    tarn__free(env, out->rows);
    *out = (struct parquet_row_ranges){0, rows};
    for (uint32_t i = 0; i < plan->cut_count; i++) {
        const uint64_t end = i + 1 < plan->cut_count ? plan->cuts[i + 1] : row_count;
        go_to(plan, plan->cuts[i]);
        if (tarn_expr_prune(plan->scan->predicate, &lookup) != TARN_NEVER) {
            keep(out, plan->cuts[i], end);
        }
    }
    return TARN_OK;
}

static enum tarn_status plan_rows(struct plan *plan, uint64_t row_count, struct parquet_row_ranges *out, struct tarn_error *err)
{
    const struct tarn_expr *predicate = plan->scan->predicate;
    bool any = false;
    plan->columns = tarn__arena_calloc(&plan->arena, plan->column_count, sizeof(*plan->columns));
    struct tarn_span *bytes = tarn__arena_calloc(&plan->arena, (size_t)plan->column_count * 2, sizeof(*bytes));
    if (plan->columns == NULL || bytes == NULL) {
        return tarn__nomem(plan->scan->scan.env, err, plan->column_count * sizeof(*plan->columns));
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        const struct tarn_leaf *leaf = tarn__parquet_find_leaf(plan->scan->source, &predicate->columns[i]);
        if (leaf != NULL) {
            const uint32_t number = (uint32_t)(leaf - plan->scan->source->footer->schema->leaves);
            TARN_RETURN_IF_ERROR(
                tarn__footer_chunk(plan->scan->source->footer, plan->row_group, number, &plan->arena, &plan->columns[i].chunk, err));
            plan->columns[i].leaf = has_index(plan->columns[i].chunk) ? leaf : NULL;
            any = any || plan->columns[i].leaf != NULL;
        }
    }
    if (!any) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(read_indexes(plan, bytes, err));
    for (uint32_t i = 0; i < plan->column_count; i++) {
        if (plan->columns[i].leaf != NULL && !decode_indexes(plan, &plan->columns[i], &bytes[(size_t)i * 2])) {
            plan->columns[i].leaf = NULL;
        }
    }
    TARN_RETURN_IF_ERROR(cut_rows(plan, err));
    return plan->cut_count > 1 ? choose_intervals(plan, row_count, out, err) : TARN_OK;
}

enum tarn_status tarn__parquet_row_ranges(struct parquet_scan *scan, uint32_t row_group, struct parquet_row_ranges *out,
                                          struct tarn_error *err)
{
    struct tarn_env *env = scan->scan.env;
    const uint64_t row_count = (uint64_t)tarn__parquet_row_group(scan->source, row_group)->num_rows;
    struct plan plan = {.scan = scan, .row_group = row_group};

    *out = (struct parquet_row_ranges){1, tarn__calloc(env, 1, sizeof(*out->rows))};
    if (out->rows == NULL) {
        return tarn__nomem(env, err, sizeof(*out->rows));
    }
    out->rows[0] = (struct parquet_rows){0, row_count};
    if (scan->predicate == NULL || scan->predicate->column_count == 0) {
        return TARN_OK;
    }
    plan.column_count = scan->predicate->column_count;
    tarn__arena_init(&plan.arena, env);
    const enum tarn_status status = plan_rows(&plan, row_count, out, err);
    tarn__arena_free(&plan.arena);
    return status;
}
