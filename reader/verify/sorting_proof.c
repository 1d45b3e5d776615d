/* SPDX-License-Identifier: Apache-2.0
 *
 * Sorting columns, proved.
 *
 * Specification: parquet.thrift "SortingColumn". SPEC: P-VERIFY-12.
 *
 * Invariants
 *  1. Columns are looked at as far as their order is known: behind the first key that cannot be compared rows may come in any order.
 */
#include "reader/verify/sorting_proof.h"

#include "format/base/error.h"
#include "format/batch/row_order.h"

struct sorting_proof {
    struct tarn_arena arena;
    uint32_t key_count;
    struct tarn__order_key *keys; /* of the scan's columns */
    struct tarn_path *paths;
    struct tarn_vector **columns;
};

/* The way to a leaf by positions; false when it leads through something else than structs. */
static bool find_path(const struct tarn_file_schema *schema, uint32_t leaf, struct tarn_arena *arena, struct tarn_path *out,
                      struct tarn_error *err, enum tarn_status *status)
{
    struct tarn_path_step *steps = tarn__arena_calloc(arena, TARN_MAX_DEPTH, sizeof(*steps));
    const struct tarn_node *node = &schema->root;

    *out = (struct tarn_path){0, steps};
    *status = steps != NULL ? TARN_OK : tarn__nomem(arena->env, err, TARN_MAX_DEPTH * sizeof(*steps));
    while (*status == TARN_OK && node->kind == TARN_NODE_STRUCT && out->depth < TARN_MAX_DEPTH) {
        uint32_t child = 0;
        while (child < node->child_count && !tarn__node_has_leaf(&node->children[child], leaf)) {
            child++;
        }
        if (child == node->child_count) {
            return false;
        }
        steps[out->depth++] = (struct tarn_path_step){.kind = TARN_PATH_POSITION, .id = (int32_t)child};
        node = &node->children[child];
    }
    return node->kind == TARN_NODE_LEAF;
}

static enum tarn_status list_keys(struct sorting_proof *proof, const struct tarn_file_schema *schema, const struct parquet_row_group *group,
                                  struct tarn__finder *finder, struct tarn_error *err)
{
    const uint32_t count = group->sorting_columns.count;
    uint32_t *index = tarn__arena_calloc(&proof->arena, count, sizeof(*index));

    proof->keys = tarn__arena_calloc(&proof->arena, count, sizeof(*proof->keys));
    proof->paths = tarn__arena_calloc(&proof->arena, count, sizeof(*proof->paths));
    proof->columns = tarn__arena_calloc(&proof->arena, count, sizeof(*proof->columns));
    if (index == NULL || proof->keys == NULL || proof->paths == NULL || proof->columns == NULL) {
        return tarn__nomem(proof->arena.env, err, count * sizeof(*proof->keys));
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct parquet_sorting_column *claim = &group->sorting_columns.items[i];
        enum tarn_status status;
        if (claim->column_idx < 0 || (uint32_t)claim->column_idx >= schema->leaf_count) {
            tarn__find(finder, TARN_FINDING_ERROR, "sorting", "rows are said to be sorted by column number %ld, and there are %u",
                       (long)claim->column_idx, schema->leaf_count);
            return TARN_OK;
        }
        const struct tarn_leaf *leaf = &schema->leaves[claim->column_idx];
        const bool found = find_path(schema, (uint32_t)claim->column_idx, &proof->arena, &proof->paths[i], err, &status);
        TARN_RETURN_IF_ERROR(status);
        if (!found || leaf->unsupported != NULL || leaf->malformed != NULL || !tarn__type_is_ordered(leaf->type)) {
            return TARN_OK;
        }
        index[i] = i;
        proof->keys[i] = (struct tarn__order_key){1, &index[i], claim->descending, claim->nulls_first, leaf->type};
        proof->key_count++;
    }
    return TARN_OK;
}

static enum tarn_status walk_cursor(struct sorting_proof *proof, struct tarn__row_order *order, struct tarn_cursor *cursor, uint64_t *row,
                                    struct tarn__finder *finder, struct tarn_error *err)
{
    for (;;) {
        uint32_t rows;
        uint32_t wrong;
        TARN_RETURN_IF_ERROR(tarn__check_cancelled(proof->arena.env, err));
        TARN_RETURN_IF_ERROR(tarn_cursor_next(cursor, UINT32_MAX, &rows, err));
        if (rows == 0) {
            return TARN_OK;
        }
        for (uint32_t i = 0; i < proof->key_count; i++) {
            TARN_RETURN_IF_ERROR(tarn_cursor_column(cursor, i, NULL, &proof->columns[i], err));
        }
        TARN_RETURN_IF_ERROR(tarn__row_order_check(order, proof->columns, NULL, 0, rows, &wrong, err));
        if (wrong != rows) {
            tarn__find(finder, TARN_FINDING_ERROR, "sorting", "row %llu of the row group does not come behind the row before it",
                       (unsigned long long)*row + wrong);
            proof->key_count = 0;
            return TARN_OK;
        }
        *row += rows;
    }
}

static enum tarn_status walk_rows(struct sorting_proof *proof, struct tarn__row_order *order, struct parquet_source *source,
                                  uint32_t row_group, struct tarn__finder *finder, struct tarn_error *err)
{
    const struct tarn_row_range range = {source->first_rows[row_group], source->first_rows[row_group + 1]};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_scan *scan;
    uint64_t row = 0;

    request.path_count = proof->key_count;
    request.paths = proof->paths;
    request.range_count = 1;
    request.ranges = &range;
    TARN_RETURN_IF_ERROR(tarn_source_scan(&source->source, &request, &scan, err));
    const uint32_t tasks = tarn_scan_task_count(scan);
    enum tarn_status status = TARN_OK;
    for (uint32_t task = 0; task < tasks && status == TARN_OK && proof->key_count != 0; task++) {
        struct tarn_cursor *cursor;
        status = tarn_scan_open(scan, task, &cursor, err);
        if (status == TARN_OK) {
            status = walk_cursor(proof, order, cursor, &row, finder, err);
            tarn_cursor_close(cursor);
        }
    }
    tarn_scan_close(scan);
    return status;
}

enum tarn_status tarn__prove_sorting(struct parquet_source *source, uint32_t row_group, struct tarn__finder *finder, struct tarn_error *err)
{
    const struct parquet_row_group *group = tarn__parquet_row_group(source, row_group);
    struct tarn_env *env = source->source.env;
    struct sorting_proof proof = {.key_count = 0};
    struct tarn__row_order order = {.env = env};

    if (!group->has_sorting_columns || group->sorting_columns.count == 0) {
        return TARN_OK;
    }
    tarn__arena_init(&proof.arena, env);
    enum tarn_status status = list_keys(&proof, source->footer->schema, group, finder, err);
    if (status == TARN_OK && proof.key_count != 0) {
        status = tarn__row_order_init(&order, env, proof.key_count, proof.keys, err);
    }
    if (status == TARN_OK && proof.key_count != 0) {
        status = walk_rows(&proof, &order, source, row_group, finder, err);
    }
    tarn__row_order_free(&order);
    tarn__arena_free(&proof.arena);
    return status;
}
