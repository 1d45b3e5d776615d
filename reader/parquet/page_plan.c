/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows to bytes.
 *
 * SPEC: P-IO-2, P-IO-5, P-IO-6.
 *
 * Invariants
 *  1. A plan only says what is read before it is needed: a byte that is missing in it is brought all the same (io_plan.h).
 *  2. Reads are begun ahead for one task at most, and for none that is opened already.
 */
#include "reader/parquet/page_plan.h"

#include "format/base/alloc.h"
#include "format/batch/selection.h"

static uint64_t page_end(const struct parquet_page_location *page)
{
    return (uint64_t)page->offset + (uint64_t)page->compressed_page_size;
}

static void add_whole(struct parquet_group *group, uint32_t slot, struct tarn__read_list *list)
{
    const struct tarn_chunk_range *range = &group->chunks[slot].range;
    group->chunks[slot].planned = true;
    tarn__reads_add(group->reads, slot, range->begin, range->end, range->end, list);
}

/* Pages [from, to), and before the first of a chunk its dictionary. */
static void add_pages(struct parquet_group *group, uint32_t slot, uint32_t from, uint32_t to, struct tarn__read_list *list)
{
    struct parquet_chunk *chunk = &group->chunks[slot];
    const struct tarn_offset_index *index = chunk->offsets;
    const uint64_t limit = page_end(&index->pages[index->page_count - 1]);
    const uint64_t first = (uint64_t)index->pages[0].offset;
    if (!chunk->dictionary_planned && chunk->range.begin < first) {
        tarn__reads_add(group->reads, slot, chunk->range.begin, first, first, list);
    }
    chunk->dictionary_planned = true;
    tarn__reads_add(group->reads, slot, (uint64_t)index->pages[from].offset, page_end(&index->pages[to - 1]), limit, list);
}

static void add_rows(struct parquet_group *group, uint32_t slot, uint64_t begin, uint64_t end, struct tarn__read_list *list)
{
    const struct tarn_offset_index *index = group->chunks[slot].offsets;
    add_pages(group, slot, tarn__offset_index_page(index, begin), tarn__offset_index_page(index, end - 1) + 1, list);
}

static bool is_whole(const struct parquet_group *group)
{
    const struct parquet_row_ranges *ranges = &group->ranges;
    return ranges->count == 1 && ranges->rows[0].begin == 0 && ranges->rows[0].end == group->row_count;
}

static void add_ranges(struct parquet_group *group, uint32_t slot, struct tarn__read_list *list)
{
    if (group->chunks[slot].offsets == NULL || is_whole(group)) {
        add_whole(group, slot, list);
        return;
    }
    for (uint32_t i = 0; i < group->ranges.count; i++) {
        add_rows(group, slot, group->ranges.rows[i].begin, group->ranges.rows[i].end, list);
    }
    group->chunks[slot].planned = true;
}

enum tarn_status tarn__parquet_plan_first(struct parquet_group *group, struct tarn_error *err)
{
    const struct parquet_scan *scan = group->scan;
    struct tarn__read_list list = {NULL, 0, 0, false};
    for (uint32_t slot = 0; slot < scan->wanted_count; slot++) {
        if (scan->early == NULL || scan->early[slot]) {
            add_ranges(group, slot, &list);
        }
    }
    return tarn__reads_begin(group->reads, &list, err);
}

/* ---- as rows survive ---- */

static void add_selected(struct parquet_group *group, uint32_t slot, uint64_t first_row, const uint32_t *positions, uint32_t count,
                         struct tarn__read_list *list)
{
    const struct tarn_offset_index *index = group->chunks[slot].offsets;
    uint32_t from = 0;
    uint32_t to = 0; /* pages [from, to) are wanted and not added yet */
    for (uint32_t i = 0; i < count;) {
        const uint32_t page = tarn__offset_index_page(index, first_row + positions[i]);
        const uint64_t end = page + 1 < index->page_count ? (uint64_t)index->pages[page + 1].first_row_index : index->row_count;
        while (i < count && first_row + positions[i] < end) {
            i++;
        }
        if (to != page && to != from) {
            add_pages(group, slot, from, to, list);
        }
        from = to == page && to != from ? from : page;
        to = page + 1;
    }
    if (to != from) {
        add_pages(group, slot, from, to, list);
    }
}

static bool is_due(const struct parquet_group *group, uint32_t slot)
{
    return !group->chunks[slot].planned;
}

enum tarn_status tarn__parquet_plan_selected(struct parquet_group *group, uint32_t slot, uint32_t count, uint64_t first_row,
                                             const struct tarn_selection *selection, uint32_t *positions, struct tarn_error *err)
{
    const struct parquet_scan *scan = group->scan;
    struct tarn__read_list list = {NULL, 0, 0, false};
    bool due = false;
    for (uint32_t i = slot; i < slot + count; i++) {
        due = due || is_due(group, i);
    }
    if (!due || selection->count == 0) {
        return TARN_OK;
    }
    const bool all = selection->count == selection->rows;
    const uint32_t *chosen = all ? NULL : tarn__selection_positions(selection, positions);
    for (uint32_t i = 0; i < scan->wanted_count; i++) {
        if (!is_due(group, i)) {
            continue;
        }
        if (group->chunks[i].offsets == NULL) {
            add_whole(group, i, &list);
        } else if (all) {
            add_rows(group, i, first_row, first_row + selection->rows, &list);
        } else {
            add_selected(group, i, first_row, chosen, selection->count, &list);
        }
    }
    return tarn__reads_begin(group->reads, &list, err);
}

/* ---- the next task ---- */

/* Where the wanted chunks of a row group lie; freed by the caller. */
static enum tarn_status find_ranges(struct parquet_scan *scan, uint32_t row_group, struct tarn_chunk_range **out, struct tarn_error *err)
{
    struct tarn_env *env = scan->scan.env;
    struct tarn_chunk_range *ranges = tarn__calloc(env, (size_t)scan->wanted_count + 1, sizeof(*ranges));
    enum tarn_status status = ranges != NULL ? TARN_OK : tarn__nomem(env, err, scan->wanted_count * sizeof(*ranges));
    for (uint32_t slot = 0; slot < scan->wanted_count && status == TARN_OK; slot++) {
        status = tarn__parquet_chunk_range(scan->source, row_group, scan->wanted[slot], &ranges[slot], err);
    }
    if (status != TARN_OK) {
        tarn__free(env, ranges);
        ranges = NULL;
    }
    *out = ranges;
    return status;
}

static enum tarn_status open_reads(struct parquet_scan *scan, uint32_t row_group, struct tarn__reads **out, struct tarn_error *err)
{
    struct tarn_chunk_range *ranges;
    *out = NULL;
    TARN_RETURN_IF_ERROR(find_ranges(scan, row_group, &ranges, err));
    const enum tarn_status status = tarn__reads_open(&scan->pool, scan->wanted_count, ranges, out, err);
    tarn__free(scan->scan.env, ranges);
    return status;
}

/* What was begun for the task; what was begun for a task that others have passed by is given up. */
static struct tarn__reads *take_ahead(struct parquet_scan *scan, uint32_t task)
{
    struct parquet_ahead *ahead = &scan->ahead;
    struct tarn__reads *taken = NULL;
    struct tarn__reads *missed = NULL;
    pthread_mutex_lock(&ahead->lock);
    if (ahead->reads != NULL && ahead->task <= task) {
        *(ahead->task == task ? &taken : &missed) = ahead->reads;
        ahead->reads = NULL;
    }
    ahead->opened = ahead->opened > task + 1 ? ahead->opened : task + 1;
    pthread_mutex_unlock(&ahead->lock);
    tarn__reads_close(missed);
    return taken;
}

/* Does a read go on while the caller decodes? */
static bool reads_in_background(const struct parquet_scan *scan)
{
    const struct tarn_store_ops *ops = scan->source->object->store->ops;
    return scan->pool.whole == NULL && ops->read_submit != NULL &&
           (tarn__concurrency(scan->scan.env) > 1 || strcmp(ops->name, "local") != 0);
}

/* The chunks in `ranges`, when they are not too many bytes. NULL: nothing is begun, and whoever reads the task is told why. */
static struct tarn__reads *begin_ranges(struct parquet_scan *scan, const struct tarn_chunk_range *ranges)
{
    struct tarn__read_list list = {NULL, 0, 0, false};
    struct tarn__reads *reads;
    uint64_t total = 0;
    for (uint32_t slot = 0; slot < scan->wanted_count; slot++) {
        total += ranges[slot].end - ranges[slot].begin;
    }
    if (total > scan->pool.limit || tarn__reads_open(&scan->pool, scan->wanted_count, ranges, &reads, NULL) != TARN_OK) {
        return NULL;
    }
    for (uint32_t slot = 0; slot < scan->wanted_count; slot++) {
        tarn__reads_add(reads, slot, ranges[slot].begin, ranges[slot].end, ranges[slot].end, &list);
    }
    if (tarn__reads_begin(reads, &list, NULL) != TARN_OK) {
        tarn__reads_close(reads);
        return NULL;
    }
    return reads;
}

/* All chunks of a task whose rows are all read. */
static struct tarn__reads *begin_reads(struct parquet_scan *scan, uint32_t task)
{
    struct tarn_chunk_range *ranges;
    if (find_ranges(scan, scan->tasks[task].row_group, &ranges, NULL) != TARN_OK) {
        return NULL;
    }
    struct tarn__reads *reads = begin_ranges(scan, ranges);
    tarn__free(scan->scan.env, ranges);
    return reads;
}

void tarn__parquet_plan_ahead(struct parquet_scan *scan, uint32_t task)
{
    struct parquet_ahead *ahead = &scan->ahead;
    if (task >= scan->task_count || scan->predicate != NULL || scan->ranges.rows != NULL || !scan->whole_groups ||
        scan->wanted_count == 0 || !reads_in_background(scan)) {
        return;
    }
    pthread_mutex_lock(&ahead->lock);
    const bool free = ahead->reads == NULL && task >= ahead->opened;
    pthread_mutex_unlock(&ahead->lock);
    struct tarn__reads *reads = free ? begin_reads(scan, task) : NULL;
    if (reads == NULL) {
        return;
    }
    pthread_mutex_lock(&ahead->lock);
    if (ahead->reads == NULL && task >= ahead->opened) {
        ahead->reads = reads;
        ahead->task = task;
        reads = NULL;
    }
    pthread_mutex_unlock(&ahead->lock);
    tarn__reads_close(reads); /* another thread was faster */
}

enum tarn_status tarn__parquet_reads_of_task(struct parquet_group *group, uint32_t task, struct tarn_error *err)
{
    group->reads = take_ahead(group->scan, task);
    return group->reads != NULL ? TARN_OK : open_reads(group->scan, group->row_group, &group->reads, err);
}

void tarn__parquet_ahead_close(struct parquet_scan *scan)
{
    tarn__reads_close(scan->ahead.reads);
    scan->ahead.reads = NULL;
}
