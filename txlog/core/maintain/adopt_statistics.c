/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics for a table out of the footer of a file that others wrote.
 *
 * Invariants
 *  1. A bound is told only when every row group has it, or has nothing but nulls there. What the footer's reader does not believe (bounds
 *     under an order that is not known) is no bound.
 *  2. Leaves are counted along the schema; below a VARIANT, whose parts differ from file to file, and behind one, nothing is told.
 */
#include "txlog/core/maintain/adopt_statistics.h"

#include <string.h>

#include "format/base/bytes.h"
#include "tarn/parquet.h"
#include "txlog/core/ingest.h"

struct gathering {
    const struct tarn_snapshot *snapshot;
    struct tarn_parquet_metadata *metadata;
    struct tarn_parquet_file_info info;
    struct tarn_arena arena;
    struct tarn__leaf_statistics *leaves;
    uint32_t count;
    uint32_t next; /* number of the next leaf in the file */
    bool lost;     /* leaves can no longer be counted */
};

/* One more row group's bounds to those so far. */
static void merge(struct tarn_bounds *sum, const struct tarn_bounds *more)
{
    const bool only_nulls = more->has_null_count && more->null_count == more->rows;
    const bool was_empty = sum->rows == 0 || (sum->has_null_count && sum->null_count == sum->rows);
    if (was_empty && !only_nulls) {
        sum->has_min = more->has_min;
        sum->has_max = more->has_max;
        sum->min = more->min;
        sum->max = more->max;
        sum->min_exact = more->min_exact;
        sum->max_exact = more->max_exact;
    } else if (!only_nulls) {
        sum->has_min = sum->has_min && more->has_min;
        sum->has_max = sum->has_max && more->has_max;
        if (sum->has_min && tarn_value_compare(&more->min, &sum->min) < 0) {
            sum->min = more->min;
            sum->min_exact = more->min_exact;
        }
        if (sum->has_max && tarn_value_compare(&more->max, &sum->max) > 0) {
            sum->max = more->max;
            sum->max_exact = more->max_exact;
        }
    }
    sum->has_null_count = (sum->rows == 0 || sum->has_null_count) && more->has_null_count;
    sum->has_nan_count = (sum->rows == 0 || sum->has_nan_count) && more->has_nan_count;
    sum->null_count += more->null_count;
    sum->nan_count += more->nan_count;
    sum->rows += more->rows;
}

static enum tarn_status read_leaf(struct gathering *g, uint32_t depth, const uint32_t *index, const struct tarn_type *type,
                                  struct tarn_error *err)
{
    struct tarn__leaf_statistics leaf = {.depth = depth, .type = type};
    for (uint32_t group = 0; group < g->info.row_group_count; group++) {
        struct tarn_parquet_chunk_info chunk;
        TARN_RETURN_IF_ERROR(tarn_parquet_chunk_info(g->metadata, group, g->next, &chunk, err));
        merge(&leaf.bounds, &chunk.bounds);
        leaf.stored += chunk.compressed_size;
    }
    if (leaf.bounds.rows != g->info.row_count) {
        return TARN_OK; /* a repeated leaf, or a footer that does not add up */
    }
    uint32_t *copy = tarn__arena_calloc(&g->arena, depth, sizeof(*copy));
    if (copy == NULL || !tarn__arena_room(&g->arena, &g->leaves, g->count, sizeof(*g->leaves))) {
        return tarn__nomem(g->arena.env, err, sizeof(leaf));
    }
    memcpy(copy, index, depth * sizeof(*copy));
    leaf.index = copy;
    g->leaves[g->count++] = leaf;
    return TARN_OK;
}

/* The leaves of a field of the file. `to`: what the table has under the same path; NULL: nothing, or below a list. */
static enum tarn_status read_field(struct gathering *g, const struct tarn_type *type, const struct tarn_type *to, uint32_t depth,
                                   uint32_t *index, struct tarn_error *err)
{
    if (type->id == TARN_TYPE_VARIANT || depth > TARN_MAX_DEPTH) {
        g->lost = true;
        return TARN_OK;
    }
    if (type->field_count == 0) {
        const enum tarn_status status = to != NULL && tarn_type_equal(type, to) ? read_leaf(g, depth, index, to, err) : TARN_OK;
        g->next++;
        return status;
    }
    for (uint32_t i = 0; i < type->field_count && !g->lost; i++) {
        const struct tarn_type *member = NULL;
        if (type->id == TARN_TYPE_STRUCT && to != NULL && to->id == TARN_TYPE_STRUCT) {
            const int32_t at = tarn_fields_find(to->field_count, to->fields, type->fields[i].name);
            member = at >= 0 ? to->fields[at].type : NULL;
            index[depth] = at >= 0 ? (uint32_t)at : 0;
        }
        TARN_RETURN_IF_ERROR(read_field(g, type->fields[i].type, member, depth + 1, index, err));
    }
    return TARN_OK;
}

static enum tarn_status read_fields(struct gathering *g, struct tarn_error *err)
{
    const struct tarn_schema *schema = tarn_parquet_schema(g->metadata);
    const struct tarn_schema *table = g->snapshot->schema;
    for (uint32_t i = 0; i < schema->field_count && !g->lost; i++) {
        uint32_t index[TARN_MAX_DEPTH + 2];
        uint32_t place;
        const int32_t at = tarn_fields_find(table->field_count, table->fields, schema->fields[i].name);
        const bool wanted = at >= 0 && tarn__spec_identity_of(g->snapshot->spec, (uint32_t)at, &place) == NULL;
        index[0] = wanted ? (uint32_t)at : 0;
        TARN_RETURN_IF_ERROR(read_field(g, schema->fields[i].type, wanted ? table->fields[at].type : NULL, 1, index, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__adopt_statistics(const struct tarn_snapshot *snapshot, struct tarn_text key, uint64_t *rows,
                                        struct tarn_text_builder *out, struct tarn_error *err)
{
    struct gathering g = {.snapshot = snapshot};
    *rows = 0;
    TARN_RETURN_IF_ERROR(tarn_parquet_metadata_open(snapshot->store, key, &g.metadata, err));
    g.info = tarn_parquet_file_info(g.metadata);
    *rows = g.info.row_count;
    tarn__arena_init(&g.arena, snapshot->env);
    enum tarn_status status = read_fields(&g, err);
    if (status == TARN_OK) {
        const struct tarn__statistics_input input = {.rows = g.info.row_count, .leaf_count = g.count, .leaves = g.leaves};
        status = snapshot->format->statistics(snapshot, &input, out, err);
    }
    tarn__arena_free(&g.arena);
    tarn_parquet_metadata_close(g.metadata);
    return status;
}
