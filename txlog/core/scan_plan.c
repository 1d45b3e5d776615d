/* SPDX-License-Identifier: Apache-2.0
 *
 * Plans of scans: which files of a snapshot are read, cut into tasks, and why the others are not.
 *
 * SPEC: T-PLAN-1, T-PLAN-2.
 *
 * Invariants
 *  1. Tasks are in the order of files, and of rows within a file: their rows, one task after the other, are those of the scan.
 *  2. A file is cut only between row groups, and only when it could be opened: what is wrong with it the reader of the task will say.
 */
#include "tarn/scan_plan.h"

#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "tarn/parquet.h"
#include "txlog/core/metadata_columns.h"
#include "txlog/core/prune_files.h"
#include "txlog/core/task_bytes.h"

enum fate { FATE_READ = 0, FATE_PRUNED_PARTITION, FATE_PRUNED_STATISTICS };

struct plan_task {
    uint32_t file;
    struct tarn_row_range range;
};

struct tarn_scan_plan {
    struct tarn_env *env;
    struct tarn_arena arena;
    struct tarn_snapshot *snapshot;
    struct tarn__task wishes;
    uint8_t *fates; /* enum fate, one a file */
    struct plan_task *tasks;
    size_t task_count;
    size_t task_capacity;
    uint32_t least_tasks;
    struct tarn_scan_plan_info info;
};

static enum tarn_status copy_paths(struct tarn_scan_plan *plan, uint32_t count, const struct tarn_path *paths, struct tarn_error *err)
{
    struct tarn_path *copies = tarn__arena_calloc(&plan->arena, (size_t)count + 1, sizeof(*copies));
    if (copies == NULL) {
        return tarn__nomem(plan->env, err, count * sizeof(*copies));
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn_type *type;
        bool nullable;
        enum tarn__metadata_column which;
        TARN_RETURN_IF_ERROR(tarn__metadata_column_find(plan->snapshot, &paths[i], &which, &type, err));
        if (which == TARN_METADATA_NONE) {
            TARN_RETURN_IF_ERROR(tarn_path_resolve(plan->snapshot->schema, &paths[i], &type, &nullable, NULL, err));
        }
        struct tarn_path_step *steps = tarn__arena_calloc(&plan->arena, (size_t)paths[i].depth + 1, sizeof(*steps));
        if (steps == NULL) {
            return tarn__nomem(plan->env, err, paths[i].depth * sizeof(*steps));
        }
        for (uint32_t d = 0; d < paths[i].depth; d++) {
            steps[d] = paths[i].steps[d];
            steps[d].name = tarn__arena_text(&plan->arena, steps[d].name);
            if (steps[d].name.data == NULL) {
                return tarn__nomem(plan->env, err, 0);
            }
        }
        copies[i] = (struct tarn_path){paths[i].depth, steps};
    }
    plan->wishes.path_count = count;
    plan->wishes.paths = copies;
    return TARN_OK;
}

/* What a task without paths would leave to its reader is decided here: the columns of the table. */
static enum tarn_status all_columns(struct tarn_scan_plan *plan, struct tarn_error *err)
{
    const struct tarn_schema *schema = plan->snapshot->schema;
    struct tarn_path *paths = tarn__arena_calloc(&plan->arena, (size_t)schema->field_count + 1, sizeof(*paths));
    struct tarn_path_step *steps = tarn__arena_calloc(&plan->arena, (size_t)schema->field_count + 1, sizeof(*steps));
    if (paths == NULL || steps == NULL) {
        return tarn__nomem(plan->env, err, schema->field_count * sizeof(*steps));
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        steps[i] = (struct tarn_path_step){TARN_PATH_FIELD, schema->fields[i].name, -1};
        paths[i] = (struct tarn_path){1, &steps[i]};
    }
    plan->wishes.path_count = schema->field_count;
    plan->wishes.paths = paths;
    return TARN_OK;
}

static enum tarn_status judge_files(struct tarn_scan_plan *plan, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot = plan->snapshot;
    const uint32_t count = snapshot->files.count;
    plan->info.files = count;
    plan->fates = tarn__calloc(plan->env, (size_t)count + 1, 1);
    if (plan->fates == NULL) {
        return tarn__nomem(plan->env, err, count);
    }
    if (plan->wishes.predicate == NULL || plan->wishes.no_prune) {
        return TARN_OK;
    }
    struct tarn__file_pruner pruner;
    TARN_RETURN_IF_ERROR(tarn__file_pruner_open(&pruner, snapshot, plan->wishes.predicate, err));
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        enum tarn_truth truth;
        status = tarn__file_pruner_ask(&pruner, tarn__file_set_at(&snapshot->files, i), &truth, err);
        if (status == TARN_OK && truth == TARN_NEVER) {
            plan->fates[i] = pruner.statistics_read ? FATE_PRUNED_STATISTICS : FATE_PRUNED_PARTITION;
            plan->info.files_pruned_statistics += pruner.statistics_read;
            plan->info.files_pruned_partition += !pruner.statistics_read;
        }
    }
    tarn__file_pruner_close(&pruner);
    return status;
}

static enum tarn_status add_task(struct tarn_scan_plan *plan, uint32_t file, struct tarn_row_range range, struct tarn_error *err)
{
    if (plan->task_count == UINT32_MAX ||
        !tarn__grow(plan->env, &plan->tasks, &plan->task_capacity, plan->task_count + 1, sizeof(*plan->tasks))) {
        return tarn__nomem(plan->env, err, plan->task_count * sizeof(*plan->tasks));
    }
    plan->tasks[plan->task_count++] = (struct plan_task){file, range};
    return TARN_OK;
}

/* The file in about `pieces` pieces of whole row groups. */
static enum tarn_status cut_file(struct tarn_scan_plan *plan, uint32_t index, uint32_t pieces, struct tarn_error *err)
{
    const struct tarn__tracked_file *file = tarn__file_set_at(&plan->snapshot->files, index);
    const struct tarn_row_range whole = {0, UINT64_MAX};
    struct tarn_store *store;
    struct tarn_text key;
    struct tarn_parquet_metadata *metadata;
    struct tarn_error local = TARN_ERROR_INIT;
    if (pieces < 2 || tarn__place_locate(&plan->snapshot->place, file->path, &store, &key, &local) != TARN_OK ||
        tarn_parquet_metadata_open(store, key, &metadata, &local) != TARN_OK) {
        return add_task(plan, index, whole, err);
    }
    const struct tarn_parquet_file_info facts = tarn_parquet_file_info(metadata);
    const uint64_t least = facts.row_count / pieces + (facts.row_count % pieces != 0);
    enum tarn_status status = TARN_OK;
    struct tarn_row_range range = {0, 0};
    for (uint32_t g = 0; status == TARN_OK && g < facts.row_group_count; g++) {
        struct tarn_parquet_row_group_info group;
        status = tarn_parquet_row_group_info(metadata, g, &group, err);
        range.end += status == TARN_OK ? group.row_count : 0;
        if (status == TARN_OK && range.end - range.begin >= least && range.end != range.begin) {
            status = add_task(plan, index, range, err);
            range.begin = range.end;
        }
    }
    if (status == TARN_OK && range.begin != range.end) {
        status = add_task(plan, index, range, err);
    }
    tarn_parquet_metadata_close(metadata);
    return status;
}

static enum tarn_status cut_tasks(struct tarn_scan_plan *plan, struct tarn_error *err)
{
    const uint64_t left = plan->info.files - plan->info.files_pruned_partition - plan->info.files_pruned_statistics;
    for (uint32_t i = 0; i < plan->info.files; i++) {
        if (plan->fates[i] == FATE_READ) {
            plan->info.bytes += tarn__file_set_at(&plan->snapshot->files, i)->size;
        }
    }
    for (uint32_t i = 0; i < plan->info.files; i++) {
        if (plan->fates[i] != FATE_READ) {
            continue;
        }
        uint64_t pieces = 1;
        if (plan->least_tasks > left && plan->info.bytes != 0) { /* each file as many as its share of the bytes asks for */
            const double share = (double)tarn__file_set_at(&plan->snapshot->files, i)->size / (double)plan->info.bytes;
            pieces = (uint64_t)(share * plan->least_tasks + 0.999);
        }
        TARN_RETURN_IF_ERROR(cut_file(plan, i, (uint32_t)pieces, err));
    }
    plan->info.task_count = (uint32_t)plan->task_count;
    return TARN_OK;
}

static enum tarn_status make(struct tarn_scan_plan *plan, const struct tarn_scan_plan_options *options, struct tarn_error *err)
{
    plan->wishes.no_prune = options->no_prune;
    plan->wishes.predicate = options->predicate != NULL ? tarn_expr_retain(options->predicate) : NULL;
    plan->least_tasks = options->least_tasks;
    TARN_RETURN_IF_ERROR(options->path_count != 0 ? copy_paths(plan, options->path_count, options->paths, err) : all_columns(plan, err));
    TARN_RETURN_IF_ERROR(judge_files(plan, err));
    return cut_tasks(plan, err);
}

enum tarn_status tarn_scan_plan_make(struct tarn_snapshot *snapshot, const struct tarn_scan_plan_options *options,
                                     struct tarn_scan_plan **out, struct tarn_error *err)
{
    struct tarn_scan_plan_options whole = TARN_SCAN_PLAN_OPTIONS_INIT;
    *out = NULL;
    if (options != NULL) {
        if (options->size < sizeof(uint32_t) || options->size > sizeof(whole)) {
            return tarn__invalid(err, "options_size", "tarn_scan_plan_options.size is %u: set it with TARN_SCAN_PLAN_OPTIONS_INIT",
                                 options->size);
        }
        memcpy(&whole, options, options->size);
    }
    struct tarn_scan_plan *plan = tarn__calloc(snapshot->env, 1, sizeof(*plan));
    if (plan == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(*plan));
    }
    plan->env = tarn__env_retain(snapshot->env);
    tarn__arena_init(&plan->arena, plan->env);
    plan->snapshot = tarn_snapshot_retain(snapshot);
    const enum tarn_status status = make(plan, &whole, err);
    if (status != TARN_OK) {
        tarn_scan_plan_close(plan);
        return status;
    }
    *out = plan;
    return TARN_OK;
}

void tarn_scan_plan_info(const struct tarn_scan_plan *plan, struct tarn_scan_plan_info *info)
{
    const uint32_t size = info->size < sizeof(*info) ? info->size : (uint32_t)sizeof(*info);
    memcpy(info, &plan->info, size);
    info->size = size;
}

static enum tarn_status check_task(const struct tarn_scan_plan *plan, uint32_t task, struct tarn_error *err)
{
    return task < plan->task_count ? TARN_OK : tarn__invalid(err, "task", "there is no task %u, only %zu of them", task, plan->task_count);
}

enum tarn_status tarn_scan_plan_task(const struct tarn_scan_plan *plan, uint32_t task, struct tarn_scan_task_info *info,
                                     struct tarn_error *err)
{
    *info = (struct tarn_scan_task_info){0};
    TARN_RETURN_IF_ERROR(check_task(plan, task, err));
    const struct tarn__tracked_file *file = tarn__file_set_at(&plan->snapshot->files, plan->tasks[task].file);
    *info = (struct tarn_scan_task_info){
        .path = file->path,
        .file_size = file->size,
        .row_begin = plan->tasks[task].range.begin,
        .row_end = plan->tasks[task].range.end,
        .has_deletion_vector = tarn__file_deletion_vector(file) != NULL,
    };
    return TARN_OK;
}

size_t tarn_scan_plan_explain(const struct tarn_scan_plan *plan, uint32_t file, char *buffer, size_t size)
{
    static const char *const words[] = {"read", "left out: no row, by its partition values", "left out: no row, by its statistics"};
    if (file >= plan->info.files) {
        return 0;
    }
    const struct tarn_text path = tarn__file_set_at(&plan->snapshot->files, file)->path;
    const int length = snprintf(buffer, size, "file %.*s: %s", TARN_TEXT_ARG(path), words[plan->fates[file]]);
    return length > 0 ? (size_t)length : 0;
}

enum tarn_status tarn_scan_task_to_bytes(const struct tarn_scan_plan *plan, uint32_t task, struct tarn_span *bytes, struct tarn_error *err)
{
    *bytes = (struct tarn_span){NULL, 0};
    TARN_RETURN_IF_ERROR(check_task(plan, task, err));
    struct tarn__task wishes = plan->wishes;
    wishes.range = plan->tasks[task].range;
    struct tarn_text_builder out;
    tarn__builder_init(&out, plan->env);
    enum tarn_status status =
        tarn__task_encode(plan->snapshot, tarn__file_set_at(&plan->snapshot->files, plan->tasks[task].file), &wishes, &out, err);
    size_t size = 0;
    char *taken = status == TARN_OK ? tarn__builder_take(&out, &size) : NULL;
    if (status == TARN_OK && taken == NULL) {
        status = tarn__nomem(plan->env, err, 0);
    }
    tarn__builder_free(&out);
    *bytes = (struct tarn_span){(const uint8_t *)taken, size};
    return status;
}

void tarn_scan_task_bytes_free(struct tarn_env *env, struct tarn_span bytes)
{
    tarn__free(env, (void *)(uintptr_t)bytes.data);
}

void tarn_scan_plan_close(struct tarn_scan_plan *plan)
{
    if (plan == NULL) {
        return;
    }
    struct tarn_env *env = plan->env;
    tarn_expr_release(plan->wishes.predicate);
    tarn__free(env, plan->fates);
    tarn__free(env, plan->tasks);
    tarn__arena_free(&plan->arena);
    tarn_snapshot_close(plan->snapshot);
    tarn__free(env, plan);
    tarn_env_close(env);
}
