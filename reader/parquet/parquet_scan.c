/* SPDX-License-Identifier: Apache-2.0
 *
 * Planning the scan of one Parquet file: paths to nodes of its schema, row groups that the predicate leaves, tasks.
 *
 * Invariants
 *  1. Tasks are row groups in their order, or ranges of their rows in theirs; no row is in two, and what has no rows is no task.
 *  2. Slots are the leaves that the paths lead to, ascending, so that those of one path lie between the first and the last of them.
 */
#include "format/base/alloc.h"
#include "reader/parquet/access_path.h"
#include "reader/parquet/index_read.h"
#include "reader/parquet/page_plan.h"
#include "reader/parquet/pruning.h"

static const struct tarn_type row_index_type = {.id = TARN_TYPE_I64};

/* ---- columns ---- */

static enum tarn_status no_memory(const struct parquet_scan *scan, struct tarn_error *err)
{
    return tarn__nomem(scan->scan.env, err, 0);
}

static enum tarn_status resolve_paths(struct parquet_scan *scan, const struct tarn_scan_request *request, struct tarn_error *err)
{
    scan->paths = tarn__arena_calloc(&scan->arena, (size_t)request->path_count + 1, sizeof(*scan->paths));
    scan->types = tarn__arena_calloc(&scan->arena, (size_t)request->path_count + 1, sizeof(*scan->types));
    if (scan->paths == NULL || scan->types == NULL) {
        return no_memory(scan, err);
    }
    for (uint32_t i = 0; i < request->path_count; i++) {
        scan->types[i] = &row_index_type;
        if (!tarn__parquet_is_row_index(&request->paths[i])) {
            TARN_RETURN_IF_ERROR(tarn__parquet_find_node(scan->source, &request->paths[i], &scan->arena, &scan->paths[i].node, err));
            scan->types[i] = scan->paths[i].node->field->type;
        }
    }
    scan->scan.path_count = request->path_count;
    scan->scan.types = scan->types;
    return TARN_OK;
}

static enum tarn_status number_slots(struct parquet_scan *scan, struct tarn_error *err)
{
    const uint32_t leaf_count = scan->source->footer->schema->leaf_count;
    scan->slots = tarn__arena_calloc(&scan->arena, (size_t)leaf_count + 1, sizeof(uint32_t));
    if (scan->slots == NULL) {
        return no_memory(scan, err);
    }
    for (uint32_t i = 0; i < scan->scan.path_count; i++) {
        const struct tarn_node *node = scan->paths[i].node;
        for (uint32_t leaf = 0; node != NULL && leaf < node->leaf_count; leaf++) {
            if (tarn__node_has_leaf(node, node->leaf + leaf)) {
                scan->wanted_count += scan->slots[node->leaf + leaf] == 0;
                scan->slots[node->leaf + leaf] = 1;
            }
        }
    }
    scan->wanted = tarn__arena_calloc(&scan->arena, (size_t)scan->wanted_count + 1, sizeof(uint32_t));
    if (scan->wanted == NULL) {
        return no_memory(scan, err);
    }
    uint32_t slot = 0;
    for (uint32_t leaf = 0; leaf < leaf_count; leaf++) {
        if (scan->slots[leaf] != 0) {
            scan->wanted[slot] = leaf;
            scan->slots[leaf] = slot++;
        } else {
            scan->slots[leaf] = UINT32_MAX;
        }
    }
    return TARN_OK;
}

/* A predicate usually leaves few rows: what it looks at is read first, the rest once a row is left. */
static enum tarn_status look_at_predicate(struct parquet_scan *scan, const struct tarn_expr *predicate, struct tarn_error *err)
{
    if (predicate == NULL) {
        return TARN_OK;
    }
    scan->early = tarn__arena_calloc(&scan->arena, (size_t)scan->wanted_count + 1, sizeof(bool));
    scan->predicate_leaves = tarn__arena_calloc(&scan->arena, (size_t)predicate->column_count + 1, sizeof(*scan->predicate_leaves));
    if (scan->early == NULL || scan->predicate_leaves == NULL) {
        return no_memory(scan, err);
    }
    for (uint32_t i = 0; i < predicate->column_count; i++) {
        const struct tarn_node *node;
        scan->predicate_leaves[i] = tarn__parquet_find_leaf(scan->source, &predicate->columns[i]);
        if (tarn__parquet_find_node(scan->source, &predicate->columns[i].path, &scan->arena, &node, NULL) != TARN_OK) {
            continue;
        }
        for (uint32_t leaf = node->leaf; leaf < node->leaf + node->leaf_count; leaf++) {
            if (scan->slots[leaf] != UINT32_MAX) {
                scan->early[scan->slots[leaf]] = true;
            }
        }
    }
    return TARN_OK;
}

/* ---- rows ---- */

static enum tarn_status keep_ranges(struct parquet_scan *scan, const struct tarn_scan_request *request, struct tarn_error *err)
{
    if (request->ranges == NULL) {
        return TARN_OK;
    }
    scan->ranges.count = request->range_count;
    scan->ranges.rows = tarn__arena_calloc(&scan->arena, (size_t)request->range_count + 1, sizeof(*scan->ranges.rows));
    if (scan->ranges.rows == NULL) {
        return no_memory(scan, err);
    }
    for (uint32_t i = 0; i < request->range_count; i++) {
        const struct tarn_row_range *range = &request->ranges[i];
        if (range->begin > range->end || (i != 0 && range->begin < request->ranges[i - 1].end)) {
            return tarn__invalid(err, "ranges", "the ranges of rows do not ascend");
        }
        scan->ranges.rows[i] = (struct parquet_rows){range->begin, range->end};
    }
    return TARN_OK;
}

static bool is_asked_for(const struct parquet_scan *scan, uint32_t row_group)
{
    const uint64_t begin = scan->source->first_rows[row_group];
    const uint64_t end = scan->source->first_rows[row_group + 1];
    for (uint32_t i = 0; i < scan->ranges.count; i++) {
        if (scan->ranges.rows[i].begin < end && scan->ranges.rows[i].end > begin) {
            return true;
        }
    }
    return scan->ranges.rows == NULL;
}

static enum tarn_status choose_row_groups(struct parquet_scan *scan, const struct tarn_scan_request *request, struct tarn_error *err)
{
    const struct parquet_source *source = scan->source;
    const uint32_t count = source->footer->metadata.row_groups.count;
    uint64_t rows = 0;

    scan->tasks = tarn__arena_calloc(&scan->arena, (size_t)count + 1, sizeof(*scan->tasks));
    scan->outcomes = tarn__arena_calloc(&scan->arena, (size_t)count + 1, sizeof(*scan->outcomes));
    if (scan->tasks == NULL || scan->outcomes == NULL) {
        return no_memory(scan, err);
    }
    scan->whole_groups = true;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t row_count = (uint64_t)tarn__parquet_row_group(source, i)->num_rows;
        const bool enough =
            request->row_limit != 0 && request->predicate == NULL && scan->ranges.rows == NULL && rows >= request->row_limit;
        if (row_count == 0 || enough || !is_asked_for(scan, i)) {
            atomic_store(&scan->outcomes[i].verdict, (int)PARQUET_NOT_ASKED_FOR);
            continue;
        }
        if (!tarn__parquet_prune_by_statistics(scan, i)) {
            rows += row_count;
            scan->tasks[scan->task_count++] = (struct parquet_task){i, {0, row_count}};
        }
    }
    return TARN_OK;
}

/* ---- parts of row groups ---- */

/* The most bytes a wanted chunk has, when all wanted ones have an offset index; UINT32_MAX: they have not. */
static enum tarn_status largest_slot(struct parquet_scan *scan, uint32_t row_group, struct tarn_arena *arena, struct tarn__index_want *want,
                                     struct tarn_error *err)
{
    uint64_t most = 0;
    *want = (struct tarn__index_want){.offsets = true};
    for (uint32_t slot = 0; slot < scan->wanted_count; slot++) {
        const struct parquet_column_chunk *chunk;
        TARN_RETURN_IF_ERROR(tarn__footer_chunk(scan->source->footer, row_group, scan->wanted[slot], arena, &chunk, err));
        if (!tarn__parquet_has_offset_index(chunk)) {
            want->chunk = NULL;
            return TARN_OK;
        }
        const uint64_t size = (uint64_t)chunk->meta_data.total_compressed_size;
        if (want->chunk == NULL || size > most) {
            most = size;
            want->leaf = scan->wanted[slot];
            want->chunk = chunk;
        }
    }
    return TARN_OK;
}

/* Cuts a row group where pages of its largest column begin; room for `parts` tasks. */
static enum tarn_status cut_group(struct parquet_scan *scan, const struct parquet_task *whole, uint32_t parts, struct parquet_task *out,
                                  uint32_t *count, struct tarn_error *err)
{
    enum { LEAST_PAGES = 2 }; /* of a part: fewer, and the pages that two parts share cost more than is won */
    struct tarn_arena arena;
    struct tarn__index_want want;
    const struct tarn_offset_index *index = NULL;
    tarn__arena_init(&arena, scan->scan.env);
    enum tarn_status status = largest_slot(scan, whole->row_group, &arena, &want, err);
    if (status == TARN_OK && want.chunk != NULL) {
        status = tarn__parquet_read_indexes(scan, whole->row_group, 1, &want, &arena, err);
        index = status == TARN_OK ? tarn__parquet_decode_offsets(&want, whole->rows.end, &arena) : NULL;
    }
    const uint32_t pages = index != NULL ? index->page_count : 0;
    parts = pages / LEAST_PAGES < parts ? pages / LEAST_PAGES : parts;
    *count = 0;
    uint64_t begin = 0;
    for (uint32_t i = 1; i < parts; i++) {
        const uint64_t end = (uint64_t)index->pages[(uint64_t)i * pages / parts].first_row_index;
        if (end > begin && end < whole->rows.end) {
            out[(*count)++] = (struct parquet_task){whole->row_group, {begin, end}};
            begin = end;
        }
    }
    out[(*count)++] = (struct parquet_task){whole->row_group, {begin, whole->rows.end}};
    tarn__arena_free(&arena);
    return status;
}

static enum tarn_status cut_groups(struct parquet_scan *scan, uint32_t least, struct tarn_error *err)
{
    enum { MOST_PARTS = 1024 };
    if (scan->task_count == 0 || scan->task_count >= least || scan->wanted_count == 0) {
        return TARN_OK;
    }
    const uint32_t wished = (least + scan->task_count - 1) / scan->task_count;
    const uint32_t parts = wished < MOST_PARTS ? wished : (uint32_t)MOST_PARTS;
    struct parquet_task *tasks = tarn__arena_calloc(&scan->arena, (size_t)scan->task_count * parts, sizeof(*tasks));
    uint32_t total = 0;
    if (tasks == NULL) {
        return no_memory(scan, err);
    }
    for (uint32_t i = 0; i < scan->task_count; i++) {
        uint32_t count;
        TARN_RETURN_IF_ERROR(cut_group(scan, &scan->tasks[i], parts, tasks + total, &count, err));
        total += count;
    }
    scan->whole_groups = total == scan->task_count;
    scan->tasks = tasks;
    scan->task_count = total;
    return TARN_OK;
}

/* ---- the scan ---- */

static uint32_t task_count_of(struct tarn_scan *handle)
{
    return ((struct parquet_scan *)handle)->task_count;
}

static enum tarn_status open_task(struct tarn_scan *handle, uint32_t task, struct tarn_cursor **out, struct tarn_error *err)
{
    struct parquet_scan *scan = (struct parquet_scan *)handle;
    return tarn__parquet_cursor_open(scan, task, out, err);
}

/* What all wanted chunks have. */
static uint64_t bytes_of_chunks(const struct parquet_scan *scan)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < scan->source->footer->metadata.row_groups.count; i++) {
        for (uint32_t slot = 0; slot < scan->wanted_count; slot++) {
            struct tarn_chunk_range range;
            if (tarn__footer_chunk_find(scan->source->footer, i, scan->wanted[slot], &range, NULL) == TARN_OK) {
                bytes += range.end - range.begin;
            }
        }
    }
    return bytes;
}

static void count_outcomes(struct parquet_scan *scan, struct tarn_scan_stats *stats)
{
    uint64_t *const counters[] = {
        [PARQUET_PRUNED_STATISTICS] = &stats->row_groups_pruned_statistics,
        [PARQUET_PRUNED_PAGES] = &stats->row_groups_pruned_pages,
        [PARQUET_PRUNED_BLOOM] = &stats->row_groups_pruned_bloom,
        [PARQUET_PRUNED_DICTIONARY] = &stats->row_groups_pruned_dictionary,
    };
    for (uint32_t i = 0; i < scan->source->footer->metadata.row_groups.count; i++) {
        const struct parquet_outcome *outcome = &scan->outcomes[i];
        const int verdict = atomic_load(&outcome->verdict);
        const uint64_t rows = (uint64_t)tarn__parquet_row_group(scan->source, i)->num_rows;
        if (verdict >= PARQUET_PRUNED_STATISTICS && verdict <= PARQUET_PRUNED_DICTIONARY) {
            (*counters[verdict])++;
            stats->row_groups_pruned++;
            stats->rows_skipped += rows;
        } else {
            stats->row_groups += verdict != PARQUET_NOT_ASKED_FOR;
            stats->rows_skipped += atomic_load(&outcome->rows_cut);
        }
    }
}

static void stats_of(struct tarn_scan *handle, struct tarn_scan_stats *stats)
{
    struct parquet_scan *scan = (struct parquet_scan *)handle;
    const uint64_t bytes = atomic_load(&scan->pool.bytes);
    const uint64_t all = bytes_of_chunks(scan);
    stats->requests += atomic_load(&scan->pool.requests);
    stats->bytes_read += bytes;
    stats->files += 1;
    count_outcomes(scan, stats);
    stats->pages += atomic_load(&scan->pages);
    stats->pages_skipped += atomic_load(&scan->pages_skipped);
    stats->pages_pruned += atomic_load(&scan->pages_pruned);
    stats->rows += atomic_load(&scan->rows);
    stats->vectors_flattened += atomic_load(&scan->flattened);
    stats->bytes_saved += all > bytes ? all - bytes : 0;
}

static size_t explain(struct tarn_scan *handle, uint32_t part, char *buffer, size_t size)
{
    struct parquet_scan *scan = (struct parquet_scan *)handle;
    return part < scan->source->footer->metadata.row_groups.count ? tarn__parquet_explain(scan, part, buffer, size) : 0;
}

static void scan_close(struct tarn_scan *handle)
{
    struct parquet_scan *scan = (struct parquet_scan *)handle;
    struct tarn_env *env = scan->scan.env;
    tarn__parquet_ahead_close(scan);
    tarn__read_pool_free(&scan->pool);
    pthread_mutex_destroy(&scan->ahead.lock);
    tarn_expr_release(scan->predicate);
    tarn__arena_free(&scan->arena);
    tarn__free(env, scan);
}

static const struct tarn_scan_ops parquet_scan_ops = {
    .size = sizeof(struct tarn_scan_ops),
    .task_count = task_count_of,
    .open = open_task,
    .stats = stats_of,
    .close = scan_close,
    .explain = explain,
};

static enum tarn_status plan_scan(struct parquet_scan *scan, const struct tarn_scan_request *request, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(resolve_paths(scan, request, err));
    TARN_RETURN_IF_ERROR(number_slots(scan, err));
    TARN_RETURN_IF_ERROR(look_at_predicate(scan, request->predicate, err));
    TARN_RETURN_IF_ERROR(keep_ranges(scan, request, err));
    TARN_RETURN_IF_ERROR(choose_row_groups(scan, request, err));
    return cut_groups(scan, request->least_tasks, err);
}

enum tarn_status tarn__parquet_scan_open(struct parquet_source *source, const struct tarn_scan_request *request, struct tarn_scan **out,
                                         struct tarn_error *err)
{
    struct tarn_env *env = source->source.env;
    struct parquet_scan *scan = tarn__calloc(env, 1, sizeof(*scan));
    if (scan == NULL) {
        return tarn__nomem(env, err, sizeof(*scan));
    }
    scan->scan = (struct tarn_scan){.ops = &parquet_scan_ops, .env = env};
    scan->source = source;
    scan->predicate = request->predicate != NULL && !request->no_prune ? tarn_expr_retain(request->predicate) : NULL;
    scan->batch_rows = request->batch_rows != 0 ? request->batch_rows : (uint32_t)TARN_BATCH_ROWS;
    tarn__arena_init(&scan->arena, env);
    pthread_mutex_init(&scan->ahead.lock, NULL); /* default attributes: neither can fail on the systems tarn knows */
    tarn__read_pool_init(&scan->pool, env, source->object, source->whole);
    scan->pool.limit = source->read_limit != 0 ? source->read_limit : scan->pool.limit;
    const enum tarn_status status = plan_scan(scan, request, err);
    if (status != TARN_OK) {
        scan_close(&scan->scan);
        return status;
    }
    *out = &scan->scan;
    return TARN_OK;
}
