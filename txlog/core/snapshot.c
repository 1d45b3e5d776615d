/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshots: reference counting, and the public view of what a format filled in.
 *
 * Invariants
 *  1. A sealed snapshot never changes: any number of threads may read it.
 *  2. `schema` is the last of `schemas`, whose references the snapshot holds until it is sealed, and its ground from then on.
 *  3. A ground lives as long as a snapshot that was sealed on it or derived from such a one.
 */
#include "txlog/core/snapshot.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "txlog/core/deleted_rows.h"
#include "txlog/core/prune_files.h"
#include "txlog/core/table_format.h"

struct tarn__snapshot_ground {
    atomic_uint references;
    struct tarn__snapshot_ground *below;
    struct tarn_arena arena;
    uint32_t schema_count; /* whose references are the ground's */
    struct tarn__schema_version *schemas;
};

static void release_schemas(uint32_t count, struct tarn__schema_version *schemas)
{
    for (uint32_t i = 0; i < count; i++) {
        tarn_schema_release(schemas[i].schema);
    }
}

static void release_ground(struct tarn_env *env, struct tarn__snapshot_ground *ground)
{
    while (ground != NULL && atomic_fetch_sub_explicit(&ground->references, 1, memory_order_acq_rel) == 1) {
        struct tarn__snapshot_ground *below = ground->below;
        release_schemas(ground->schema_count, ground->schemas);
        tarn__arena_free(&ground->arena);
        tarn__free(env, ground);
        ground = below;
    }
}

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

void tarn__snapshot_drop_schemas(struct tarn_snapshot *snapshot)
{
    if (!snapshot->schemas_are_shared) {
        release_schemas(snapshot->schema_count, snapshot->schemas);
    }
    snapshot->schemas_are_shared = false;
    snapshot->schema_count = 0;
    snapshot->schemas = NULL;
    snapshot->schema = NULL;
}

void tarn__snapshot_note(struct tarn_snapshot *snapshot, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    tarn__log(snapshot->env, TARN_LOG_WARN, "%s", text);
    struct tarn_snapshot_info *info = &snapshot->info;
    struct tarn_text *notes = tarn__arena_calloc(&snapshot->arena, (size_t)info->note_count + 1, sizeof(*notes));
    const struct tarn_text copy = tarn__arena_text(&snapshot->arena, tarn__text_of(text));
    if (notes == NULL || copy.data == NULL) {
        return;
    }
    if (info->note_count != 0) {
        memcpy(notes, info->notes, info->note_count * sizeof(*notes));
    }
    notes[info->note_count++] = copy;
    info->notes = notes;
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
    tarn__snapshot_drop_schemas(snapshot);
    tarn__file_set_free(&snapshot->files);
    tarn__arena_free(&snapshot->arena);
    release_ground(env, snapshot->ground);
    tarn__place_close(&snapshot->place);
    tarn__free(env, snapshot);
    tarn_env_close(env);
}

void tarn__snapshot_summarise(struct tarn_snapshot *snapshot)
{
    struct tarn_snapshot_info *info = &snapshot->info;
    info->file_count = snapshot->files.count;
    info->total_bytes = snapshot->files.bytes;
    info->has_row_count = snapshot->files.rows_unknown == 0;
    info->row_count = info->has_row_count ? snapshot->files.rows : 0;
}

enum tarn_status tarn__snapshot_seal(struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    struct tarn__snapshot_ground *ground = tarn__calloc(snapshot->env, 1, sizeof(*ground));
    if (ground == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(*ground));
    }
    const enum tarn_status status = tarn__file_set_seal(&snapshot->files, err);
    if (status != TARN_OK) {
        tarn__free(snapshot->env, ground);
        return status;
    }
    atomic_init(&ground->references, 1);
    ground->below = snapshot->ground;
    ground->arena = snapshot->arena;
    if (!snapshot->schemas_are_shared) {
        ground->schema_count = snapshot->schema_count;
        ground->schemas = snapshot->schemas;
    }
    tarn__arena_init(&snapshot->arena, snapshot->env);
    snapshot->ground = ground;
    snapshot->schemas_are_shared = true;
    snapshot->is_sealed = true;
    tarn__snapshot_summarise(snapshot);
    return TARN_OK;
}

enum tarn_status tarn__snapshot_derive(const struct tarn_snapshot *from, struct tarn_snapshot **out, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot;
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__snapshot_new(&from->place, from->format, &snapshot, err));
    const enum tarn_status status = tarn__file_set_derive(&snapshot->files, &from->files, err);
    if (status != TARN_OK) {
        tarn_snapshot_close(snapshot);
        return status;
    }
    const struct tarn_text location = snapshot->info.location;
    atomic_fetch_add_explicit(&from->ground->references, 1, memory_order_relaxed);
    snapshot->ground = from->ground;
    snapshot->info = from->info;
    snapshot->info.location = location;
    snapshot->info.note_count = 0;
    snapshot->info.notes = NULL;
    snapshot->position = from->position;
    snapshot->parent_id = from->parent_id;
    snapshot->sequence = from->sequence;
    snapshot->schema_count = from->schema_count;
    snapshot->schemas = from->schemas;
    snapshot->schemas_are_shared = true;
    snapshot->schema = from->schema;
    snapshot->schema_id = from->schema_id;
    snapshot->spec_count = from->spec_count;
    snapshot->specs = from->specs;
    snapshot->spec = from->spec;
    snapshot->sort_order_count = from->sort_order_count;
    snapshot->sort_orders = from->sort_orders;
    snapshot->ref_count = from->ref_count;
    snapshot->refs = from->refs;
    snapshot->physical = from->physical;
    snapshot->match_by_id = from->match_by_id;
    snapshot->has_aliases = from->has_aliases;
    snapshot->variant_count = from->variant_count;
    snapshot->variants = from->variants;
    snapshot->has_row_ids = from->has_row_ids;
    snapshot->row_id_column = from->row_id_column;
    snapshot->row_version_column = from->row_version_column;
    snapshot->state = from->state;
    *out = snapshot;
    return TARN_OK;
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
    const int64_t live = tarn__file_live_rows(file);
    struct tarn_file_info info = {
        .path = file->path,
        .size = file->size,
        .modified = file->modified,
        .has_row_count = live >= 0,
        .row_count = live >= 0 ? (uint64_t)live : 0,
        .deleted_rows = tarn__file_deleted(file),
        .deletion_id = tarn__deletion_vector_hash(tarn__file_deletion_vector(file)),
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
