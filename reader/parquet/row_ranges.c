/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows left by what was asked for and by the page index.
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
#include "reader/parquet/index_read.h"
#include "reader/parquet/pruning.h"

/* Above so many intervals deciding costs more than it can save. */
enum { MOST_INTERVALS = 1 << 16 };

struct column_pages {
    const struct tarn_leaf *leaf; /**< NULL: the predicate's column has no index */
    const struct tarn_offset_index *offsets;
    struct tarn_column_index bounds;
    uint32_t page; /**< that the interval lies in */
};

struct plan {
    struct parquet_group *group;
    const struct tarn_expr *predicate;
    struct tarn_arena arena;
    struct tarn__index_want *wants; /**< one a slot, then those of the predicate's columns that are no slots */
    uint32_t want_count;
    uint32_t *want_of_column;     /**< of each column of the predicate; UINT32_MAX: none */
    struct column_pages *columns; /**< one a column of the predicate */
    uint32_t column_count;
    uint64_t *cuts; /**< where intervals begin, ascending, distinct after sorting */
    uint32_t cut_count;
};

/* ---- which indexes ---- */

static enum tarn_status want_column(struct plan *plan, uint32_t column, struct tarn_error *err)
{
    const struct parquet_scan *scan = plan->group->scan;
    const struct tarn_leaf *leaf = scan->predicate_leaves[column];
    plan->want_of_column[column] = UINT32_MAX;
    if (leaf == NULL) {
        return TARN_OK;
    }
    const uint32_t number = (uint32_t)(leaf - scan->source->footer->schema->leaves);
    uint32_t want = scan->slots[number];
    if (want == UINT32_MAX) {
        const struct parquet_column_chunk *chunk;
        TARN_RETURN_IF_ERROR(tarn__footer_chunk(scan->source->footer, plan->group->row_group, number, &plan->arena, &chunk, err));
        want = plan->want_count++;
        plan->wants[want] = (struct tarn__index_want){.leaf = number, .chunk = chunk};
    }
    if (tarn__parquet_has_column_index(plan->wants[want].chunk) && tarn__parquet_has_offset_index(plan->wants[want].chunk)) {
        plan->wants[want].bounds = true;
        plan->wants[want].offsets = true;
        plan->want_of_column[column] = want;
    }
    return TARN_OK;
}

static enum tarn_status want_indexes(struct plan *plan, struct tarn_error *err)
{
    const struct parquet_group *group = plan->group;
    const uint32_t wanted = group->scan->wanted_count;
    plan->columns = tarn__arena_calloc(&plan->arena, (size_t)plan->column_count + 1, sizeof(*plan->columns));
    plan->want_of_column = tarn__arena_calloc(&plan->arena, (size_t)plan->column_count + 1, sizeof(uint32_t));
    plan->wants = tarn__arena_calloc(&plan->arena, (size_t)plan->column_count + wanted + 1, sizeof(*plan->wants));
    if (plan->columns == NULL || plan->want_of_column == NULL || plan->wants == NULL) {
        return tarn__nomem(plan->arena.env, err, (plan->column_count + wanted) * sizeof(*plan->wants));
    }
    plan->want_count = wanted;
    for (uint32_t slot = 0; slot < wanted; slot++) {
        plan->wants[slot] =
            (struct tarn__index_want){.leaf = group->scan->wanted[slot], .chunk = group->chunks[slot].thrift, .offsets = true};
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        TARN_RETURN_IF_ERROR(want_column(plan, i, err));
    }
    return TARN_OK;
}

static void decode_columns(struct plan *plan)
{
    const struct parquet_group *group = plan->group;
    for (uint32_t i = 0; i < plan->column_count; i++) {
        struct column_pages *column = &plan->columns[i];
        const uint32_t number = plan->want_of_column[i];
        if (number == UINT32_MAX) {
            continue;
        }
        const struct tarn__index_want *want = &plan->wants[number];
        column->offsets = tarn__parquet_decode_offsets(want, group->row_count, &plan->arena);
        if (column->offsets != NULL &&
            tarn__column_index_decode(want->column_index, &plan->arena, column->offsets->page_count, &column->bounds, NULL) == TARN_OK) {
            column->leaf = group->scan->predicate_leaves[i];
        }
    }
}

/* ---- intervals ---- */

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
        most += plan->columns[i].leaf != NULL ? plan->columns[i].offsets->page_count : 0;
    }
    if (most > MOST_INTERVALS) {
        return TARN_OK;
    }
    plan->cuts = tarn__arena_calloc(&plan->arena, (size_t)most + 1, sizeof(*plan->cuts));
    if (plan->cuts == NULL) {
        return tarn__nomem(plan->arena.env, err, most * sizeof(*plan->cuts));
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan->column_count; i++) {
        for (uint32_t page = 0; plan->columns[i].leaf != NULL && page < plan->columns[i].offsets->page_count; page++) {
            plan->cuts[count++] = (uint64_t)plan->columns[i].offsets->pages[page].first_row_index;
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
    const struct parquet_scan *scan = plan->group->scan;
    const uint32_t number = (uint32_t)(column - plan->predicate->columns);
    const struct column_pages *pages = &plan->columns[number];
    if (pages->leaf == NULL) {
        return tarn__parquet_chunk_bounds(scan, plan->group->row_group, number, &plan->arena, out);
    }
    const uint32_t page = pages->page;
    const struct tarn_column_index *index = &pages->bounds;
    uint64_t first;
    const uint64_t rows = tarn__offset_index_rows(pages->offsets, page, &first);
    const uint32_t leaf = (uint32_t)(pages->leaf - scan->source->footer->schema->leaves);
    const struct tarn_span none = {NULL, 0};
    const bool null_page = index->null_pages[page];
    int64_t nulls = index->null_counts != NULL ? index->null_counts[page] : -1;
    /* arrow-rs calls pages of members of structs all null that hold values, with a null count to fit. */
    if (pages->leaf->step_count > 1 && (null_page || nulls == (int64_t)rows)) {
        nulls = -1;
    }
    tarn__page_bounds(pages->leaf, tarn__column_order(&scan->source->footer->metadata, leaf), null_page ? none : index->min_values[page],
                      null_page ? none : index->max_values[page], nulls, index->nan_counts != NULL ? index->nan_counts[page] : -1, rows,
                      out);
    return true;
}

/* Moves each column to its page of the interval that begins at `row`. */
static void go_to(struct plan *plan, uint64_t row)
{
    for (uint32_t i = 0; i < plan->column_count; i++) {
        struct column_pages *column = &plan->columns[i];
        while (column->leaf != NULL && column->page + 1 < column->offsets->page_count &&
               (uint64_t)column->offsets->pages[column->page + 1].first_row_index <= row) {
            column->page++;
        }
    }
}

static void keep(struct parquet_row_ranges *out, uint64_t begin, uint64_t end)
{
    if (begin >= end) {
        return;
    }
    if (out->count != 0 && out->rows[out->count - 1].end == begin) {
        out->rows[out->count - 1].end = end;
    } else {
        out->rows[out->count++] = (struct parquet_rows){begin, end};
    }
}

static enum tarn_status choose_intervals(struct plan *plan, struct parquet_row_ranges *out, struct tarn_error *err)
{
    const struct tarn_bounds_lookup lookup = {plan, bounds_of_page, NULL};
    out->count = 0;
    out->rows = tarn__arena_calloc(&plan->arena, (size_t)plan->cut_count + 1, sizeof(*out->rows));
    if (out->rows == NULL) {
        return tarn__nomem(plan->arena.env, err, plan->cut_count * sizeof(*out->rows));
    }
    for (uint32_t i = 0; i < plan->cut_count; i++) {
        const uint64_t end = i + 1 < plan->cut_count ? plan->cuts[i + 1] : plan->group->row_count;
        go_to(plan, plan->cuts[i]);
        if (tarn_expr_prune(plan->predicate, &lookup) != TARN_NEVER) {
            keep(out, plan->cuts[i], end);
        }
    }
    return TARN_OK;
}

/* Pages of the predicate's columns of which no row is left. */
static uint64_t pages_ruled_out(const struct plan *plan, const struct parquet_row_ranges *left)
{
    uint64_t pages = 0;
    for (uint32_t i = 0; i < plan->column_count; i++) {
        const struct tarn_offset_index *index = plan->columns[i].offsets;
        uint32_t at = 0;
        for (uint32_t page = 0; plan->columns[i].leaf != NULL && page < index->page_count; page++) {
            uint64_t begin;
            const uint64_t rows = tarn__offset_index_rows(index, page, &begin);
            while (at < left->count && left->rows[at].end <= begin) {
                at++;
            }
            pages += at == left->count || left->rows[at].begin >= begin + rows;
        }
    }
    return pages;
}

/* ---- what was asked for ---- */

/* The rows that two lists have in common; `out` has room for the sum of their counts. */
static void intersect(const struct parquet_row_ranges *a, const struct parquet_row_ranges *b, struct parquet_row_ranges *out)
{
    uint32_t i = 0;
    uint32_t k = 0;
    while (i < a->count && k < b->count) {
        const uint64_t begin = a->rows[i].begin > b->rows[k].begin ? a->rows[i].begin : b->rows[k].begin;
        const uint64_t end = a->rows[i].end < b->rows[k].end ? a->rows[i].end : b->rows[k].end;
        keep(out, begin, end);
        if (a->rows[i].end < b->rows[k].end) {
            i++;
        } else {
            k++;
        }
    }
}

static enum tarn_status narrow(struct parquet_group *group, const struct parquet_row_ranges *by, struct tarn_error *err)
{
    struct parquet_row_ranges both = {0,
                                      tarn__arena_calloc(&group->arena, (size_t)group->ranges.count + by->count + 1, sizeof(*both.rows))};
    if (both.rows == NULL) {
        return tarn__nomem(group->arena.env, err, (group->ranges.count + by->count) * sizeof(*both.rows));
    }
    intersect(&group->ranges, by, &both);
    group->ranges = both;
    return TARN_OK;
}

/* The ranges of the file that were asked for, as rows of the row group. */
static enum tarn_status narrow_to_asked(struct parquet_group *group, struct tarn_error *err)
{
    const struct parquet_row_ranges *asked = &group->scan->ranges;
    const uint64_t first = group->first_row;
    if (asked->rows == NULL) {
        return TARN_OK;
    }
    struct parquet_row_ranges here = {0, tarn__arena_calloc(&group->arena, (size_t)asked->count + 1, sizeof(*here.rows))};
    if (here.rows == NULL) {
        return tarn__nomem(group->arena.env, err, asked->count * sizeof(*here.rows));
    }
    for (uint32_t i = 0; i < asked->count; i++) {
        const uint64_t begin = asked->rows[i].begin > first ? asked->rows[i].begin - first : 0;
        const uint64_t end = asked->rows[i].end > first ? asked->rows[i].end - first : 0;
        keep(&here, begin, end < group->row_count ? end : group->row_count);
    }
    return narrow(group, &here, err);
}

static uint64_t rows_of(const struct parquet_row_ranges *ranges)
{
    uint64_t rows = 0;
    for (uint32_t i = 0; i < ranges->count; i++) {
        rows += ranges->rows[i].end - ranges->rows[i].begin;
    }
    return rows;
}

static enum tarn_status plan_rows(struct plan *plan, struct tarn_error *err)
{
    struct parquet_group *group = plan->group;
    struct parquet_row_ranges left;
    TARN_RETURN_IF_ERROR(want_indexes(plan, err));
    TARN_RETURN_IF_ERROR(tarn__parquet_read_indexes(group->scan, group->row_group, plan->want_count, plan->wants, &plan->arena, err));
    decode_columns(plan);
    TARN_RETURN_IF_ERROR(cut_rows(plan, err));
    if (plan->cut_count > 1) {
        const uint64_t before = rows_of(&group->ranges);
        TARN_RETURN_IF_ERROR(choose_intervals(plan, &left, err));
        TARN_RETURN_IF_ERROR(narrow(group, &left, err));
        atomic_fetch_add(&group->scan->pages_pruned, pages_ruled_out(plan, &left));
        atomic_fetch_add(&group->scan->outcomes[group->row_group].rows_cut, before - rows_of(&group->ranges));
    }
    for (uint32_t slot = 0; group->ranges.count != 0 && slot < group->scan->wanted_count; slot++) {
        group->chunks[slot].offsets = tarn__parquet_decode_offsets(&plan->wants[slot], group->row_count, &group->arena);
    }
    return TARN_OK;
}

enum tarn_status tarn__parquet_row_ranges(struct parquet_group *group, const struct parquet_rows *task, struct tarn_error *err)
{
    const struct parquet_scan *scan = group->scan;
    struct plan plan = {.group = group, .predicate = scan->predicate};
    group->ranges = (struct parquet_row_ranges){1, tarn__arena_calloc(&group->arena, 1, sizeof(*group->ranges.rows))};
    if (group->ranges.rows == NULL) {
        return tarn__nomem(group->arena.env, err, sizeof(*group->ranges.rows));
    }
    group->ranges.rows[0] = *task;
    TARN_RETURN_IF_ERROR(narrow_to_asked(group, err));
    if (group->ranges.count == 0 || (scan->predicate == NULL && rows_of(&group->ranges) == group->row_count)) {
        return TARN_OK;
    }
    plan.column_count = scan->predicate != NULL ? scan->predicate->column_count : 0;
    tarn__arena_init(&plan.arena, scan->scan.env);
    const enum tarn_status status = plan_rows(&plan, err);
    /* Offset indexes that are kept point into the bytes that were read. */
    tarn__arena_absorb(&group->arena, &plan.arena);
    return status;
}
