/* SPDX-License-Identifier: Apache-2.0
 *
 * Files against a predicate.
 *
 * Invariants
 *  1. A partition value is exact; what statistics do not say is not known, and what is not known is MAYBE.
 *  2. Statistics are parsed at most once a file, and only when partition values alone did not decide.
 */
#include "txlog/core/prune_files.h"

#include <string.h>

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

/* By the partition, else by the statistics that were read. */
static bool find_bounds(void *ctx, const struct tarn_expr_column *column, struct tarn_bounds *out)
{
    const struct tarn__file_pruner *pruner = ctx;
    const size_t at = (size_t)(column - pruner->predicate->columns);
    if (at >= pruner->predicate->column_count || pruner->wanted[at].depth == 0) {
        return false;
    }
    const struct tarn__bounds_wanted *wanted = &pruner->wanted[at];
    uint32_t place;
    if (wanted->depth == 1 && pruner->partition != NULL && pruner->partition->values != NULL &&
        tarn__spec_identity_of(pruner->partition->spec, wanted->index[0], &place) != NULL) {
        const struct tarn_value *value = &pruner->partition->values[place];
        const uint64_t rows = pruner->rows > 0 ? (uint64_t)pruner->rows : 1;
        *out = (struct tarn_bounds){.rows = rows, .has_null_count = true, .null_count = value->is_null ? rows : 0};
        const bool is_float = value->type->id == TARN_TYPE_F32 || value->type->id == TARN_TYPE_F64;
        const bool is_nan = is_float && !value->is_null && value->u.f64 != value->u.f64;
        out->has_nan_count = is_float;
        out->nan_count = is_nan ? rows : 0;
        if (!value->is_null && !is_nan) {
            out->has_min = out->has_max = out->min_exact = out->max_exact = true;
            out->min = out->max = *value;
        }
        return true;
    }
    if (!pruner->statistics_read || !wanted->known) {
        return false;
    }
    *out = wanted->bounds;
    return true;
}

enum tarn_status tarn__file_pruner_ask_about(struct tarn__file_pruner *pruner, const struct tarn__partition *partition, int64_t rows,
                                             struct tarn_text statistics, enum tarn_truth *truth, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = pruner->snapshot;
    const struct tarn_bounds_lookup lookup = {pruner, find_bounds};
    pruner->partition = partition;
    pruner->rows = rows;
    pruner->statistics_read = false;
    *truth = tarn_expr_prune(pruner->predicate, &lookup);
    if (*truth != TARN_MAYBE || statistics.size == 0 || snapshot->format->bounds == NULL) {
        return TARN_OK;
    }
    if (pruner->arena.total > (1u << 16)) {
        tarn__arena_free(&pruner->arena);
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
