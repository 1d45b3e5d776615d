/* SPDX-License-Identifier: Apache-2.0
 *
 * Sorting columns.
 *
 * Specification: parquet.thrift "SortingColumn", "RowGroup". SPEC: P-SORT-1 to P-SORT-4.
 */
#include "writer/parquet/sorting.h"

#include "format/base/error.h"
#include "tarn/cursor.h"

/* The leaf that a resolved path ends at; UINT32_MAX: none. */
static uint32_t find_leaf(const struct tarn__leaf_path *paths, uint32_t leaf_count, const uint32_t *index, uint32_t depth)
{
    for (uint32_t leaf = 0; leaf < leaf_count; leaf++) {
        if (paths[leaf].depth == depth && memcmp(paths[leaf].index, index, depth * sizeof(*index)) == 0) {
            return leaf;
        }
    }
    return UINT32_MAX;
}

static enum tarn_status resolve_key(const struct tarn_parquet_sorting *asked, const struct tarn_schema *schema,
                                    const struct tarn__leaf_path *paths, uint32_t leaf_count, struct parquet_sorting_column *column,
                                    struct tarn__order_key *key, struct tarn_error *err)
{
    uint32_t index[TARN_MAX_DEPTH + 1];
    const struct tarn_type *type;
    bool nullable;

    if (asked->path.depth > TARN_MAX_DEPTH) {
        return tarn__invalid(err, "sorting", "the path of a sorting column is deeper than any schema");
    }
    TARN_RETURN_IF_ERROR(tarn_path_resolve(schema, &asked->path, &type, &nullable, index, err));
    const uint32_t leaf = find_leaf(paths, leaf_count, index, asked->path.depth);
    if (leaf == UINT32_MAX || paths[leaf].max_repetition != 0 || !tarn__type_is_ordered(type)) {
        const struct tarn_path_step *last = &asked->path.steps[asked->path.depth - 1];
        return tarn__invalid(err, "sorting",
                             "rows cannot be sorted by \"%.*s\": name a leaf outside of lists and maps whose type has an order",
                             TARN_TEXT_ARG(last->name));
    }
    *column = (struct parquet_sorting_column){(int32_t)leaf, asked->descending, asked->nulls_first};
    *key = (struct tarn__order_key){paths[leaf].depth, paths[leaf].index, asked->descending, asked->nulls_first, type};
    return TARN_OK;
}

enum tarn_status tarn__sorting_init(struct tarn__sorting *sorting, const struct tarn_parquet_write_options *options,
                                    const struct tarn_schema *schema, const struct tarn__leaf_path *paths, uint32_t leaf_count,
                                    struct tarn_arena *arena, struct tarn_error *err)
{
    const uint32_t count = options->sorting_count;

    *sorting = (struct tarn__sorting){.order = {.env = arena->env}};
    if (count == 0) {
        return TARN_OK;
    }
    if (options->sorting == NULL) {
        return tarn__invalid(err, "sorting", "the options speak of %u sorting columns and have none", (unsigned)count);
    }
    struct tarn__order_key *keys = tarn__arena_calloc(arena, count, sizeof(*keys));
    struct parquet_sorting_column *columns = tarn__arena_calloc(arena, count, sizeof(*columns));
    if (keys == NULL || columns == NULL) {
        return tarn__nomem(arena->env, err, count * sizeof(*keys));
    }
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(resolve_key(&options->sorting[i], schema, paths, leaf_count, &columns[i], &keys[i], err));
        for (uint32_t k = 0; k < i; k++) {
            if (columns[k].column_idx == columns[i].column_idx) {
                return tarn__invalid(err, "sorting", "rows are to be sorted twice by the same column");
            }
        }
    }
    TARN_RETURN_IF_ERROR(tarn__row_order_init(&sorting->order, arena->env, count, keys, err));
    sorting->column_count = count;
    sorting->columns = columns;
    return TARN_OK;
}

void tarn__sorting_free(struct tarn__sorting *sorting)
{
    if (sorting->order.env != NULL) {
        tarn__row_order_free(&sorting->order);
    }
    *sorting = (struct tarn__sorting){.column_count = 0};
}

void tarn__sorting_begin_group(struct tarn__sorting *sorting)
{
    tarn__row_order_reset(&sorting->order);
}

enum tarn_status tarn__sorting_check(struct tarn__sorting *sorting, const struct tarn_batch *batch, const uint32_t *positions,
                                     uint32_t first, uint32_t count, struct tarn_error *err)
{
    uint32_t wrong;

    if (sorting->column_count == 0) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__row_order_check(&sorting->order, batch->columns, positions, first, count, &wrong, err));
    if (wrong == count) {
        return TARN_OK;
    }
    tarn__invalid(err, "sorting", "a row does not come behind the one before it; sort the rows, or do not say that they are sorted");
    tarn__error_at_row(err, wrong);
    return TARN_INVALID;
}
