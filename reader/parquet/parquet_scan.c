/* SPDX-License-Identifier: Apache-2.0
 *
 * Planning the scan of one Parquet file: paths to nodes of its schema, row groups that the predicate leaves.
 *
 * Invariants
 *  1. A row group is left out only when the predicate is true for none of its rows by bounds that can be believed (statistics.h).
 *  2. Tasks are row groups in their order; a row group without rows is no task.
 */
#include "format/base/alloc.h"
#include "format/column/statistics.h"
#include "reader/parquet/parquet_source.h"

static const struct tarn_type row_index_type = {.id = TARN_TYPE_I64};

static bool is_row_index(const struct tarn_path *path)
{
    return path->depth == 1 && path->steps[0].kind == TARN_PATH_FIELD && tarn__text_equal(path->steps[0].name, TARN_TEXT(TARN_ROW_INDEX));
}

/* The node of a path that leads through structs only. */
static enum tarn_status find_node(const struct parquet_source *source, const struct tarn_path *path, const struct tarn_node **out,
                                  struct tarn_error *err)
{
    const struct tarn_type *type;
    bool nullable;
    uint32_t index[TARN_MAX_DEPTH];

    if (path->depth > TARN_MAX_DEPTH) {
        return tarn__invalid(err, "path", "a path of %u steps is deeper than any schema", path->depth);
    }
    TARN_RETURN_IF_ERROR(tarn_path_resolve(source->footer->schema->schema, path, &type, &nullable, index, err));
    const struct tarn_node *node = &source->footer->schema->root;
    for (uint32_t i = 0; i < path->depth; i++) {
        if (path->steps[i].kind != TARN_PATH_FIELD || node->kind != TARN_NODE_STRUCT || index[i] >= node->child_count) {
            return tarn__invalid(err, "path", "the path leads into a list or a map, of which only the whole can be read");
        }
        node = &node->children[index[i]];
    }
    *out = node;
    return TARN_OK;
}

static enum tarn_status check_node(const struct parquet_source *source, const struct tarn_node *node, struct tarn_error *err)
{
    if (node->leaf_count == 0) {
        return tarn__unsupported(err, "parquet.empty_group", "column \"%.*s\" is a group without columns",
                                 TARN_TEXT_ARG(node->field->name));
    }
    for (uint32_t i = 0; i < node->leaf_count; i++) {
        struct tarn__value_rule rule;
        const struct tarn_leaf *leaf = &source->footer->schema->leaves[node->leaf + i];
        const enum tarn_status status = tarn__value_rule_of(leaf, &rule, err);
        if (status != TARN_OK) {
            tarn__error_at_column(err, leaf->path);
            return status;
        }
    }
    return TARN_OK;
}

static enum tarn_status resolve_paths(struct parquet_scan *scan, const struct tarn_scan_request *request, struct tarn_error *err)
{
    struct tarn_env *env = scan->scan.env;
    scan->paths = tarn__calloc(env, (size_t)request->path_count + 1, sizeof(*scan->paths));
    scan->types = tarn__calloc(env, (size_t)request->path_count + 1, sizeof(*scan->types));
    if (scan->paths == NULL || scan->types == NULL) {
        return tarn__nomem(env, err, request->path_count * sizeof(*scan->paths));
    }
    for (uint32_t i = 0; i < request->path_count; i++) {
        scan->types[i] = &row_index_type;
        if (!is_row_index(&request->paths[i])) {
            TARN_RETURN_IF_ERROR(find_node(scan->source, &request->paths[i], &scan->paths[i].node, err));
            TARN_RETURN_IF_ERROR(check_node(scan->source, scan->paths[i].node, err));
            scan->types[i] = scan->paths[i].node->field->type;
        }
    }
    scan->scan.path_count = request->path_count;
    scan->scan.types = scan->types;
    return TARN_OK;
}

/* ---- pruning ---- */

struct row_group_lookup {
    const struct parquet_source *source;
    uint32_t row_group;
    struct tarn_arena *arena;
};

const struct tarn_leaf *tarn__parquet_find_leaf(const struct parquet_source *source, const struct tarn_expr_column *column)
{
    const struct tarn_node *node;
    if (find_node(source, &column->path, &node, NULL) != TARN_OK || node->kind != TARN_NODE_LEAF) {
        return NULL;
    }
    const struct tarn_leaf *leaf = &source->footer->schema->leaves[node->leaf];
    return leaf->max_repetition == 0 && tarn_type_equal(leaf->type, column->type) ? leaf : NULL;
}

bool tarn__parquet_chunk_bounds(const struct parquet_source *source, uint32_t row_group, const struct tarn_expr_column *column,
                                struct tarn_arena *arena, struct tarn_bounds *out)
{
    const struct tarn_leaf *leaf = tarn__parquet_find_leaf(source, column);
    const struct parquet_column_chunk *chunk;
    if (leaf == NULL) {
        return false;
    }
    const uint32_t number = (uint32_t)(leaf - source->footer->schema->leaves);
    if (tarn__footer_chunk(source->footer, row_group, number, arena, &chunk, NULL) != TARN_OK) {
        return false; /* whoever reads the column is told why */
    }
    const uint64_t rows = (uint64_t)tarn__parquet_row_group(source, row_group)->num_rows;
    tarn__statistics_bounds(leaf, tarn__column_order(&source->footer->metadata, number), &chunk->meta_data.statistics, rows, out);
    return true;
}

static bool bounds_of_row_group(void *ctx, const struct tarn_expr_column *column, struct tarn_bounds *out)
{
    const struct row_group_lookup *lookup = ctx;
    return tarn__parquet_chunk_bounds(lookup->source, lookup->row_group, column, lookup->arena, out);
}

static bool is_ruled_out(const struct parquet_scan *scan, uint32_t row_group)
{
    struct tarn_arena arena;
    struct row_group_lookup lookup = {scan->source, row_group, &arena};
    const struct tarn_bounds_lookup bounds = {&lookup, bounds_of_row_group, NULL};
    if (scan->predicate == NULL) {
        return false;
    }
    tarn__arena_init(&arena, scan->scan.env);
    const bool never = tarn_expr_prune(scan->predicate, &bounds) == TARN_NEVER;
    tarn__arena_free(&arena);
    return never;
}

static enum tarn_status choose_row_groups(struct parquet_scan *scan, const struct tarn_scan_request *request, struct tarn_error *err)
{
    const struct parquet_source *source = scan->source;
    const uint32_t count = source->footer->metadata.row_groups.count;
    uint64_t rows = 0;

    scan->row_groups = tarn__calloc(scan->scan.env, (size_t)count + 1, sizeof(uint32_t));
    if (scan->row_groups == NULL) {
        return tarn__nomem(scan->scan.env, err, ((uint64_t)count + 1) * sizeof(uint32_t));
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t row_count = (uint64_t)tarn__parquet_row_group(source, i)->num_rows;
        if (row_count == 0) {
            continue;
        }
        if (is_ruled_out(scan, i)) {
            scan->row_groups_pruned++;
            continue;
        }
        if (request->row_limit != 0 && request->predicate == NULL && rows >= request->row_limit) {
            break;
        }
        rows += row_count;
        scan->row_groups[scan->task_count++] = i;
    }
    return TARN_OK;
}

/* A predicate usually leaves few rows: what it looks at is read first, the rest once a row is left. */
static enum tarn_status choose_early(struct parquet_scan *scan, const struct tarn_scan_request *request, struct tarn_error *err)
{
    const struct parquet_source *source = scan->source;
    if (request->predicate == NULL) {
        return TARN_OK;
    }
    scan->early = tarn__calloc(scan->scan.env, (size_t)source->footer->schema->leaf_count + 1, sizeof(bool));
    if (scan->early == NULL) {
        return tarn__nomem(scan->scan.env, err, source->footer->schema->leaf_count);
    }
    for (uint32_t i = 0; i < request->predicate->column_count; i++) {
        const struct tarn_node *node;
        if (find_node(source, &request->predicate->columns[i].path, &node, NULL) == TARN_OK) {
            memset(scan->early + node->leaf, 1, node->leaf_count * sizeof(bool));
        }
    }
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

static void stats_of(struct tarn_scan *handle, struct tarn_scan_stats *stats)
{
    struct parquet_scan *scan = (struct parquet_scan *)handle;
    stats->requests += atomic_load(&scan->requests);
    stats->bytes_read += atomic_load(&scan->bytes_read);
    stats->files += 1;
    stats->row_groups += scan->task_count;
    stats->row_groups_pruned += scan->row_groups_pruned;
    stats->pages += atomic_load(&scan->pages);
    stats->pages_skipped += atomic_load(&scan->pages_skipped);
    stats->rows += atomic_load(&scan->rows);
    stats->vectors_flattened += atomic_load(&scan->flattened);
}

static void scan_close(struct tarn_scan *handle)
{
    struct parquet_scan *scan = (struct parquet_scan *)handle;
    struct tarn_env *env = scan->scan.env;
    tarn__free(env, scan->paths);
    tarn__free(env, scan->types);
    tarn__free(env, scan->row_groups);
    tarn__free(env, scan->early);
    tarn_expr_release(scan->predicate);
    tarn__free(env, scan);
}

static const struct tarn_scan_ops parquet_scan_ops = {
    .size = sizeof(struct tarn_scan_ops),
    .task_count = task_count_of,
    .open = open_task,
    .stats = stats_of,
    .close = scan_close,
};

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
    enum tarn_status status = resolve_paths(scan, request, err);
    if (status == TARN_OK) {
        status = choose_row_groups(scan, request, err);
    }
    if (status == TARN_OK) {
        status = choose_early(scan, request, err);
    }
    if (status != TARN_OK) {
        scan_close(&scan->scan);
        return status;
    }
    *out = &scan->scan;
    return TARN_OK;
}
