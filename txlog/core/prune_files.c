/* SPDX-License-Identifier: Apache-2.0
 *
 * Files against a predicate.
 *
 * Invariants
 *  1. What neither partition values nor statistics say is not known, and what is not known is MAYBE. Where both speak both hold.
 *  2. Statistics are parsed at most once a file, and only when partition values alone did not decide.
 */
#include "txlog/core/prune_files.h"

#include <string.h>

#include "txlog/core/partition_transform.h"

enum tarn_status tarn__file_pruner_open(struct tarn__file_pruner *pruner, const struct tarn_snapshot *snapshot,
                                        const struct tarn_expr *predicate, struct tarn_error *err)
{
    *pruner = (struct tarn__file_pruner){.snapshot = snapshot, .predicate = predicate};
    tarn__arena_init(&pruner->arena, snapshot->env);
    tarn__pool_reader_init(&pruner->reader, &snapshot->files.statistics);
    const uint32_t count = predicate->column_count;
    pruner->wanted = tarn__calloc(snapshot->env, (size_t)count + 1, sizeof(*pruner->wanted));
    uint32_t *steps = tarn__calloc(snapshot->env, ((size_t)count + 1) * TARN_MAX_DEPTH, sizeof(*steps));
    if (pruner->wanted == NULL || steps == NULL) {
        tarn__free(snapshot->env, steps);
        tarn__file_pruner_close(pruner);
        return tarn__nomem(snapshot->env, err, count * sizeof(*pruner->wanted));
    }
    pruner->wanted[count].index = steps; /* the entry behind the last owns them */
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn_path *path = &predicate->columns[i].path;
        bool only_fields = path->depth != 0 && path->depth <= TARN_MAX_DEPTH;
        for (uint32_t d = 0; only_fields && d < path->depth; d++) {
            only_fields = path->steps[d].kind == TARN_PATH_FIELD;
        }
        const struct tarn_type *type = NULL;
        bool nullable;
        uint32_t *index = steps + (size_t)i * TARN_MAX_DEPTH;
        if (only_fields && tarn_path_resolve(snapshot->schema, path, &type, &nullable, index, NULL) == TARN_OK) {
            pruner->wanted[i] = (struct tarn__bounds_wanted){.depth = path->depth, .index = index, .type = type};
        }
    }
    return TARN_OK;
}

void tarn__file_pruner_close(struct tarn__file_pruner *pruner)
{
    if (pruner->wanted != NULL) {
        tarn__free(pruner->snapshot->env, (void *)(uintptr_t)pruner->wanted[pruner->predicate->column_count].index);
        tarn__free(pruner->snapshot->env, pruner->wanted);
    }
    tarn__pool_reader_free(&pruner->reader);
    tarn__arena_free(&pruner->arena);
}

static void take_narrower(struct tarn_bounds *bounds, const struct tarn_bounds *other)
{
    if (other->has_null_count && !bounds->has_null_count) {
        bounds->has_null_count = true;
        bounds->null_count = other->null_count;
    }
    if (other->has_nan_count && !bounds->has_nan_count) {
        bounds->has_nan_count = true;
        bounds->nan_count = other->nan_count;
    }
    if (other->has_min &&
        (!bounds->has_min || (tarn_type_equal(bounds->min.type, other->min.type) && tarn_value_compare(&other->min, &bounds->min) > 0))) {
        bounds->has_min = true;
        bounds->min_exact = other->min_exact;
        bounds->min = other->min;
    }
    if (other->has_max &&
        (!bounds->has_max || (tarn_type_equal(bounds->max.type, other->max.type) && tarn_value_compare(&other->max, &bounds->max) < 0))) {
        bounds->has_max = true;
        bounds->max_exact = other->max_exact;
        bounds->max = other->max;
    }
}

/* Column number `at` of the predicate, when it is a column of the table that something may be known of. */
static const struct tarn__bounds_wanted *wanted_of(const struct tarn__file_pruner *pruner, const struct tarn_expr_column *column)
{
    const size_t at = (size_t)(column - pruner->predicate->columns);
    return at < pruner->predicate->column_count && pruner->wanted[at].depth != 0 ? &pruner->wanted[at] : NULL;
}

/* The next partition field of the column, from *place on, and its value. */
static const struct tarn__partition_field *next_field(const struct tarn__file_pruner *pruner, const struct tarn__bounds_wanted *wanted,
                                                      uint32_t *place, const struct tarn_value **value)
{
    const struct tarn__partition *partition = pruner->partition;
    if (wanted->depth != 1 || partition == NULL || partition->values == NULL || partition->spec == NULL) {
        return NULL;
    }
    for (uint32_t i = *place; i < partition->spec->field_count && i < partition->count; i++) {
        if (partition->spec->fields[i].column == wanted->index[0]) {
            *place = i + 1;
            *value = &partition->values[i];
            return &partition->spec->fields[i];
        }
    }
    return NULL;
}

/* By the partition, and by the statistics that were read. */
static bool find_bounds(void *ctx, const struct tarn_expr_column *column, struct tarn_bounds *out)
{
    struct tarn__file_pruner *pruner = ctx;
    const struct tarn__bounds_wanted *wanted = wanted_of(pruner, column);
    if (wanted == NULL) {
        return false;
    }
    const struct tarn_bounds nothing = {.rows = pruner->rows > 0 ? (uint64_t)pruner->rows : 1};
    bool known = pruner->statistics_read && wanted->known;
    *out = known ? wanted->bounds : nothing;
    uint32_t place = 0;
    const struct tarn_value *value;
    for (;;) {
        const struct tarn__partition_field *field = next_field(pruner, wanted, &place, &value);
        if (field == NULL) {
            return known;
        }
        struct tarn_bounds bounds = nothing;
        if (!tarn__transform_bounds(field->transform, field->parameter, value, wanted->type, &pruner->arena, &bounds)) {
            continue;
        }
        if (field->transform == TARN_TRANSFORM_IDENTITY || !known) { /* identity is all there is to say */
            *out = bounds;
        } else {
            take_narrower(out, &bounds);
        }
        known = true;
        if (field->transform == TARN_TRANSFORM_IDENTITY) {
            return true;
        }
    }
}

static bool may_hold(void *ctx, const struct tarn_expr_column *column, const struct tarn_value *literal)
{
    const struct tarn__file_pruner *pruner = ctx;
    const struct tarn__bounds_wanted *wanted = wanted_of(pruner, column);
    uint32_t place = 0;
    const struct tarn_value *value;
    const struct tarn__partition_field *field = wanted != NULL ? next_field(pruner, wanted, &place, &value) : NULL;
    while (field != NULL) {
        if (!tarn__transform_may_hold(field->transform, field->parameter, value, wanted->type, literal)) {
            return false;
        }
        field = next_field(pruner, wanted, &place, &value);
    }
    return true;
}

enum tarn_status tarn__file_pruner_ask_about(struct tarn__file_pruner *pruner, const struct tarn__partition *partition, int64_t rows,
                                             struct tarn_text statistics, enum tarn_truth *truth, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = pruner->snapshot;
    const struct tarn_bounds_lookup lookup = {pruner, find_bounds, may_hold};
    if (pruner->arena.total > (1u << 16)) {
        tarn__arena_free(&pruner->arena);
    }
    pruner->partition = partition;
    pruner->rows = rows;
    pruner->statistics_read = false;
    *truth = tarn_expr_prune(pruner->predicate, &lookup);
    if (*truth != TARN_MAYBE || statistics.size == 0 || snapshot->format->bounds == NULL) {
        return TARN_OK;
    }
    for (uint32_t i = 0; i < pruner->predicate->column_count; i++) {
        pruner->wanted[i].known = false;
    }
    TARN_RETURN_IF_ERROR(
        snapshot->format->bounds(snapshot, statistics, &pruner->arena, pruner->predicate->column_count, pruner->wanted, err));
    pruner->statistics_read = true;
    *truth = tarn_expr_prune(pruner->predicate, &lookup);
    return TARN_OK;
}

enum tarn_status tarn__file_pruner_ask(struct tarn__file_pruner *pruner, const struct tarn__tracked_file *file, enum tarn_truth *truth,
                                       struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = pruner->snapshot;
    const struct tarn__partition *partition = tarn__snapshot_partition(snapshot, file);
    /* The text is fetched only when it may be needed: most files of a partitioned table are decided without. */
    TARN_RETURN_IF_ERROR(tarn__file_pruner_ask_about(pruner, partition, file->rows, (struct tarn_text){NULL, 0}, truth, err));
    if (*truth != TARN_MAYBE || file->statistics.size == 0) {
        return TARN_OK;
    }
    struct tarn_text statistics;
    TARN_RETURN_IF_ERROR(tarn__pool_reader_get(&pruner->reader, file->statistics, &statistics, err));
    return tarn__file_pruner_ask_about(pruner, partition, file->rows, statistics, truth, err);
}
