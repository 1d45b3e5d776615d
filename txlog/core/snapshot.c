/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshots: reference counting, and the public view of what a format filled in.
 *
 * Invariants
 *  1. After a format's load has returned OK a snapshot never changes: any number of threads may read it.
 *  2. `schema` is the last of `schemas`, whose references the snapshot holds.
 */
#include "txlog/core/snapshot.h"

#include <string.h>

#include "txlog/core/prune_files.h"
#include "txlog/core/table_format.h"

enum tarn_status tarn__snapshot_new(const struct tarn__place *place, const struct tarn__table_format *format, struct tarn_snapshot **out,
                                    struct tarn_error *err)
{
    *out = NULL;
    struct tarn_env *env = place->env;
    struct tarn_snapshot *snapshot = tarn__calloc(env, 1, sizeof(*snapshot));
    if (snapshot == NULL) {
        return tarn__nomem(env, err, sizeof(*snapshot));
    }
    atomic_init(&snapshot->references, 1);
    snapshot->env = tarn__env_retain(env);
    snapshot->format = format;
    tarn__arena_init(&snapshot->arena, env);
    tarn__file_set_init(&snapshot->files, env);
    snapshot->parent_id = -1;
    snapshot->info.format = format->name;
    snapshot->info.version = -1;
    const enum tarn_status status = tarn__place_copy(place, &snapshot->place, err);
    if (status != TARN_OK) {
        tarn_snapshot_close(snapshot);
        return status;
    }
    snapshot->store = snapshot->place.store;
    snapshot->info.location = tarn__text_of(snapshot->place.uri);
    *out = snapshot;
    return TARN_OK;
}

enum tarn_status tarn__snapshot_set_schema(struct tarn_snapshot *snapshot, int32_t id, struct tarn_schema *schema, struct tarn_error *err)
{
    struct tarn__schema_version *versions = tarn__arena_calloc(&snapshot->arena, (size_t)snapshot->schema_count + 1, sizeof(*versions));
    if (versions == NULL) {
        tarn_schema_release(schema);
        return tarn__nomem(snapshot->env, err, sizeof(*versions));
    }
    if (snapshot->schema_count != 0) {
        memcpy(versions, snapshot->schemas, snapshot->schema_count * sizeof(*versions));
    }
    versions[snapshot->schema_count] = (struct tarn__schema_version){id, schema};
    snapshot->schemas = versions;
    snapshot->schema_count++;
    snapshot->schema = schema;
    snapshot->schema_id = id;
    return TARN_OK;
}

struct tarn_snapshot *tarn_snapshot_retain(struct tarn_snapshot *snapshot)
{
    if (snapshot != NULL) {
        atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    }
    return snapshot;
}

void tarn_snapshot_close(struct tarn_snapshot *snapshot)
{
    if (snapshot == NULL || atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    struct tarn_env *env = snapshot->env;
    for (uint32_t i = 0; i < snapshot->schema_count; i++) {
        tarn_schema_release(snapshot->schemas[i].schema);
    }
    tarn__file_set_free(&snapshot->files);
    tarn__arena_free(&snapshot->arena);
    tarn__place_close(&snapshot->place);
    tarn__free(env, snapshot);
    tarn_env_close(env);
}

void tarn__snapshot_summarise(struct tarn_snapshot *snapshot)
{
    struct tarn_snapshot_info *info = &snapshot->info;
    info->file_count = snapshot->files.count;
    info->total_bytes = snapshot->files.bytes;
    info->has_row_count = true;
    info->row_count = 0;
    for (uint32_t i = 0; i < snapshot->files.count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&snapshot->files, i);
        const struct tarn__deletion_vector *vector = tarn__file_deletion_vector(file);
        const uint64_t gone = vector != NULL ? vector->cardinality : 0;
        if (file->rows < 0 || (uint64_t)file->rows < gone) {
            info->has_row_count = false;
            info->row_count = 0;
            return;
        }
        info->row_count += (uint64_t)file->rows - gone;
    }
}

struct tarn_snapshot_info tarn_snapshot_info(const struct tarn_snapshot *snapshot)
{
    return snapshot->info;
}

const struct tarn_schema *tarn_snapshot_schema(const struct tarn_snapshot *snapshot)
{
    return snapshot->schema;
}

const struct tarn__partition_spec *tarn__snapshot_spec(const struct tarn_snapshot *snapshot, int32_t id)
{
    for (uint32_t i = 0; i < snapshot->spec_count; i++) {
        if (snapshot->specs[i].id == id) {
            return &snapshot->specs[i];
        }
    }
    return NULL;
}

const struct tarn__partition_field *tarn__spec_identity_of(const struct tarn__partition_spec *spec, uint32_t column, uint32_t *index)
{
    for (uint32_t i = 0; spec != NULL && i < spec->field_count; i++) {
        const struct tarn__partition_field *field = &spec->fields[i];
        if (field->column == column && field->transform == TARN_TRANSFORM_IDENTITY) {
            *index = i;
            return field;
        }
    }
    return NULL;
}

const struct tarn__partition *tarn__snapshot_partition(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file)
{
    const struct tarn__partition *partition =
        file->partition < snapshot->files.partition_count ? &snapshot->files.partitions[file->partition] : NULL;
    return partition != NULL && partition->values != NULL ? partition : NULL;
}

void tarn__file_view_init(struct tarn__file_view *view, const struct tarn_snapshot *snapshot)
{
    tarn__pool_reader_init(&view->reader, &snapshot->files.statistics);
    tarn__builder_init(&view->text, snapshot->env);
}

void tarn__file_view_free(struct tarn__file_view *view)
{
    tarn__pool_reader_free(&view->reader);
    tarn__builder_free(&view->text);
}

static struct tarn_file_info facts_of(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file)
{
    struct tarn_file_info info = {
        .path = file->path,
        .size = file->size,
        .modified = file->modified,
        .has_row_count = file->rows >= 0,
        .row_count = file->rows >= 0 ? (uint64_t)file->rows : 0,
    };
    const struct tarn__partition *partition = tarn__snapshot_partition(snapshot, file);
    if (partition != NULL && partition->spec == snapshot->spec) { /* values of another spec are of other columns */
        info.partition_count = partition->count;
        info.partition_values = partition->values;
    }
    return info;
}

enum tarn_status tarn__snapshot_file_info(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file,
                                          struct tarn__file_view *view, struct tarn_file_info *out, struct tarn_error *err)
{
    *out = facts_of(snapshot, file);
    TARN_RETURN_IF_ERROR(tarn__pool_reader_get(&view->reader, file->statistics, &out->statistics, err));
    if (out->statistics.size == 0 || snapshot->format->statistics_text == NULL) {
        return TARN_OK;
    }
    tarn__builder_clear(&view->text);
    TARN_RETURN_IF_ERROR(snapshot->format->statistics_text(snapshot, out->statistics, &view->text, err));
    out->statistics = tarn__builder_text(&view->text);
    return TARN_OK;
}

enum tarn_status tarn_snapshot_files(struct tarn_snapshot *snapshot, tarn_file_fn fn, void *arg, struct tarn_error *err)
{
    struct tarn__file_view view;
    tarn__file_view_init(&view, snapshot);
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < snapshot->files.count; i++) {
        struct tarn_file_info info;
        status = tarn__snapshot_file_info(snapshot, tarn__file_set_at(&snapshot->files, i), &view, &info, err);
        if (status == TARN_OK) {
            status = fn(arg, &info, err);
        }
    }
    tarn__file_view_free(&view);
    return status;
}

enum tarn_status tarn_snapshot_plan_files(struct tarn_snapshot *snapshot, const struct tarn_expr *predicate, tarn_file_fn fn, void *arg,
                                          struct tarn_error *err)
{
    struct tarn__file_pruner pruner = {0};
    if (predicate != NULL) {
        TARN_RETURN_IF_ERROR(tarn__file_pruner_open(&pruner, snapshot, predicate, err));
    }
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < snapshot->files.count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&snapshot->files, i);
        enum tarn_truth truth = TARN_MAYBE;
        if (predicate != NULL) {
            status = tarn__file_pruner_ask(&pruner, file, &truth, err);
        }
        if (status == TARN_OK && truth != TARN_NEVER) {
            const struct tarn_file_info info = facts_of(snapshot, file);
            status = fn(arg, &info, err);
        }
    }
    if (predicate != NULL) {
        tarn__file_pruner_close(&pruner);
    }
    return status;
}
