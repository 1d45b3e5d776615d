/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables that are made, and the begin of transactions on those that are there.
 *
 * Specification: Iceberg table spec, "Table Metadata", version 2; Java's TableMetadata.newTableMetadata.
 *
 * Invariants
 *  1. A new table is of format version 2, with one schema (id 0), one partition spec (id 0) and the unsorted order (id 0).
 *  2. Only a branch is written to, from a snapshot that was opened by it; never a table whose metadata files are named as a catalog names
 *     them and that was opened past its catalog: its catalog would not hear of the commit.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "format/json/json_print.h"
#include "txlog/core/partition_transform.h"
#include "txlog/iceberg/iceberg_partition.h"
#include "txlog/iceberg/iceberg_value.h"
#include "txlog/iceberg/iceberg_write.h"

static enum tarn_status set_location(struct tarn_snapshot *snapshot, struct tarn__iceberg_metadata *metadata, struct tarn_error *err)
{
    struct tarn_text_builder text;
    const struct tarn_text root = tarn_store_location(snapshot->store);
    if (root.size == 0) {
        return tarn__unsupported(err, "iceberg.location", "the store does not say where it is, and an Iceberg table records that");
    }
    tarn__builder_init(&text, snapshot->env);
    if (root.data[0] == '/') {
        tarn__builder_add_str(&text, "file://");
    }
    tarn__builder_add(&text, root);
    enum tarn_status status = tarn__builder_status(&text, err);
    if (status == TARN_OK) {
        metadata->location = tarn__arena_text(&snapshot->arena, tarn__builder_text(&text));
        status = metadata->location.data == NULL ? tarn__nomem(snapshot->env, err, text.size) : TARN_OK;
    }
    tarn__builder_free(&text);
    return status;
}

static enum tarn_status set_properties(struct tarn_arena *arena, const struct tarn_table_create_options *options,
                                       struct tarn__iceberg_metadata *metadata, struct tarn_error *err)
{
    const struct {
        struct tarn_text key;
        struct tarn_text value;
    } own[] = {
        {{"comment", 7}, options->comment},
        {{"name", 4}, options->name},
        {{"write.parquet.compression-codec", 31}, {"zstd", 4}},
    };
    struct tarn_property *properties = tarn__arena_calloc(arena, (size_t)options->property_count + 3, sizeof(*properties));
    if (properties == NULL) {
        return tarn__nomem(arena->env, err, options->property_count * sizeof(*properties));
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < options->property_count; i++) {
        properties[count++] = (struct tarn_property){.key = tarn__arena_text(arena, options->properties[i].key),
                                                     .value = tarn__arena_text(arena, options->properties[i].value)};
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        bool given = own[i].value.size == 0;
        for (uint32_t p = 0; p < options->property_count; p++) {
            given = given || tarn__text_equal(options->properties[p].key, own[i].key);
        }
        if (!given) {
            properties[count++] = (struct tarn_property){.key = own[i].key, .value = tarn__arena_text(arena, own[i].value)};
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (properties[i].key.data == NULL || properties[i].value.data == NULL) {
            return tarn__nomem(arena->env, err, sizeof(*properties));
        }
    }
    metadata->properties = properties;
    metadata->property_count = count;
    return TARN_OK;
}

static enum tarn_status set_schema(struct tarn_snapshot *snapshot, const struct tarn_table_create_options *options,
                                   struct tarn__iceberg_metadata *metadata, struct tarn_error *err)
{
    struct tarn_arena *arena = &snapshot->arena;
    struct tarn_schema *mapped;
    TARN_RETURN_IF_ERROR(tarn__iceberg_schema_map(snapshot->env, options->schema, options->narrow, &mapped, err));
    struct tarn__iceberg_schema schema = {0};
    enum tarn_status status = tarn__iceberg_schema_assign(snapshot->env, arena, mapped, 0, &metadata->last_column_id, &schema, err);
    tarn_schema_release(mapped);
    TARN_RETURN_IF_ERROR(status);
    struct tarn_text_builder text;
    tarn__builder_init(&text, snapshot->env);
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, &text);
    tarn__iceberg_schema_print(&schema, &json);
    struct tarn__iceberg_text_by_id *schemas = tarn__arena_alloc(arena, sizeof(*schemas));
    struct tarn__iceberg_spec *spec = tarn__arena_alloc(arena, sizeof(*spec));
    struct tarn__iceberg_order *order = tarn__arena_alloc(arena, sizeof(*order));
    status = tarn__builder_status(&text, err);
    if (status == TARN_OK && (schemas == NULL || spec == NULL || order == NULL)) {
        status = tarn__nomem(snapshot->env, err, sizeof(*spec));
    }
    if (status == TARN_OK) {
        *schemas = (struct tarn__iceberg_text_by_id){0, tarn__arena_text(arena, tarn__builder_text(&text))};
        status = schemas->json.data == NULL
                     ? tarn__nomem(snapshot->env, err, text.size)
                     : tarn__iceberg_spec_make(arena, schema.schema, options->partition_column_count, options->partition_columns, 0,
                                               TARN_ICEBERG_FIRST_PARTITION_ID, spec, err);
    }
    tarn__builder_free(&text);
    tarn_schema_release(schema.schema);
    TARN_RETURN_IF_ERROR(status);
    metadata->schemas = schemas;
    metadata->schema_count = 1;
    metadata->specs = spec;
    metadata->spec_count = 1;
    metadata->last_partition_id = TARN_ICEBERG_FIRST_PARTITION_ID - 1 + (int32_t)spec->field_count;
    metadata->orders = order;
    metadata->order_count = 1;
    return TARN_OK;
}

enum tarn_status tarn__iceberg_create(struct tarn_snapshot *snapshot, const struct tarn_table_create_options *options,
                                      struct tarn_error *err)
{
    struct tarn__iceberg_state *state = tarn__arena_alloc(&snapshot->arena, sizeof(*state));
    if (state == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(*state));
    }
    snapshot->is_new = true;
    snapshot->state = state;
    state->ref = TARN_TEXT("main");
    struct tarn__iceberg_metadata *metadata = &state->metadata;
    char uuid[37];
    tarn__uuid(snapshot->env, uuid);
    metadata->format_version = 2;
    metadata->current_snapshot_id = -1;
    metadata->table_uuid = tarn__arena_text(&snapshot->arena, tarn__text_of(uuid));
    if (metadata->table_uuid.data == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(uuid));
    }
    TARN_RETURN_IF_ERROR(set_location(snapshot, metadata, err));
    TARN_RETURN_IF_ERROR(set_properties(&snapshot->arena, options, metadata, err));
    TARN_RETURN_IF_ERROR(set_schema(snapshot, options, metadata, err));
    return tarn__iceberg_state_describe(snapshot, 0, err);
}

/* ---- may it be written? ---- */

/* Properties that tell writers to put files where tarn does not. */
static const struct tarn_text places_of_their_own[] = {{"write.data.path", 15}, {"write.metadata.path", 19}};

/* Does whoever writes the table in a folder give metadata files a name of their own kind? Then names alone no longer decide who was first.
 */
static bool is_zipped(const struct tarn__iceberg_state *state)
{
    const struct tarn_text *codec = tarn__iceberg_metadata_property(&state->metadata, TARN_TEXT("write.metadata.compression-codec"));
    return (codec != NULL && !tarn__text_equal_caseless(*codec, TARN_TEXT("none"))) ||
           (state->file.key.size != 0 && memmem(state->file.key.data, state->file.key.size, ".gz", 3) != NULL);
}

enum tarn_status tarn__iceberg_admit(const struct tarn_snapshot *snapshot, bool removes, struct tarn_error *err)
{
    (void)removes;
    const struct tarn__iceberg_state *state = tarn__iceberg_state_of(snapshot);
    const struct tarn__iceberg_metadata *metadata = &state->metadata;
    if (metadata->format_version < 2) {
        return tarn__unsupported(err, "iceberg.write_v1",
                                 "tables of format version 1 are read, not written: upgrade the table to version 2");
    }
    for (size_t i = 0; i < sizeof(places_of_their_own) / sizeof(places_of_their_own[0]); i++) {
        if (tarn__iceberg_metadata_property(metadata, places_of_their_own[i]) != NULL) {
            return tarn__unsupported(err, "iceberg.write_path", "the table's property %.*s sends files elsewhere",
                                     TARN_TEXT_ARG(places_of_their_own[i]));
        }
    }
    const struct tarn__iceberg_spec *spec = tarn__iceberg_metadata_spec(metadata, snapshot->spec->id);
    if (spec != NULL) {
        TARN_RETURN_IF_ERROR(tarn__iceberg_spec_admit(spec, snapshot->spec, err));
    }
    if (snapshot->place.catalog == NULL && is_zipped(state)) {
        return tarn__unsupported(err, "iceberg.write_gzip",
                                 "other writers of this table make v<N>.gz.metadata.json, which would not meet our v<N>.metadata.json: a "
                                 "commit could be lost. Take the property write.metadata.compression-codec away, or use a catalog");
    }
    if (snapshot->is_new) {
        return TARN_OK;
    }
    if (snapshot->place.catalog == NULL && (snapshot->place.entry != NULL || !state->file.is_counted)) {
        return tarn__invalid(err, "past_the_catalog",
                             "the table's metadata is named as catalogs name it: open the table through its catalog to change it");
    }
    if (state->ref.size == 0) {
        return tarn__invalid(err, "not_a_branch", "this snapshot was opened by its id, time or tag: changes go to a branch, as main");
    }
    return TARN_OK;
}

/* ---- transactions ---- */

/* Its newest commit is asked, since its versions only grow. */
enum tarn_status tarn__iceberg_newest_app_version(const struct tarn_transaction *transaction, struct tarn_text app_id, int64_t *version,
                                                  struct tarn_error *err)
{
    const struct tarn__iceberg_base *base = &tarn__iceberg_writing_of(transaction)->base;
    int64_t id = base->has_head ? base->head.id : -1;
    struct tarn_arena arena;
    tarn__arena_init(&arena, transaction->env);
    enum tarn_status status = TARN_OK;
    bool found = false;
    *version = -1;
    for (uint32_t steps = 0; status == TARN_OK && !found && id != -1 && steps <= base->metadata.snapshot_count; steps++) {
        const struct tarn__iceberg_snapshot_entry *entry = tarn__iceberg_metadata_snapshot(&base->metadata, id);
        if (entry == NULL) {
            break;
        }
        status = tarn__iceberg_app_version(app_id, entry, &arena, &found, version, err);
        id = entry->parent_id;
    }
    tarn__arena_free(&arena);
    *version = found ? *version : -1;
    return status;
}

static enum tarn_status check_application(const struct tarn_transaction *transaction, struct tarn_error *err)
{
    int64_t version;
    TARN_RETURN_IF_ERROR(tarn__iceberg_newest_app_version(transaction, transaction->app_id, &version, err));
    return version == -1 || version < transaction->app_version
               ? TARN_OK
               : tarn__error_set(err, TARN_EXISTS, "app_transaction",
                                 "the application has committed transaction %lld already (its newest is %lld)",
                                 (long long)transaction->app_version, (long long)version);
}

enum tarn_status tarn__iceberg_begin(struct tarn_transaction *transaction, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = transaction->snapshot;
    const struct tarn__iceberg_state *state = tarn__iceberg_state_of(snapshot);
    struct tarn__iceberg_writing *writing = tarn__arena_alloc(&transaction->arena, sizeof(*writing));
    if (writing == NULL) {
        return tarn__nomem(transaction->env, err, sizeof(*writing));
    }
    tarn__arena_init(&writing->base_arena, transaction->env);
    transaction->state = writing;
    do {
        tarn__random(transaction->env, &writing->snapshot_id, sizeof(writing->snapshot_id));
        writing->snapshot_id &= INT64_MAX;
    } while (writing->snapshot_id == 0);
    writing->base = (struct tarn__iceberg_base){
        .metadata = state->metadata,
        .file = state->file,
        .has_head = state->has_snapshot,
        .head = state->current,
        .manifest_count = state->manifest_count,
        .manifests = state->manifests,
    };
    if (!snapshot->is_new) {
        TARN_RETURN_IF_ERROR(tarn__iceberg_admit(snapshot, false, err));
    }
    transaction->parent_time = state->metadata.last_updated_ms * 1000;
    return transaction->app_id.size != 0 ? check_application(transaction, err) : TARN_OK;
}

void tarn__iceberg_end(struct tarn_transaction *transaction)
{
    struct tarn__iceberg_writing *writing = transaction->state;
    if (writing != NULL) {
        tarn__arena_free(&writing->base_arena);
        tarn__free(transaction->env, writing->replaced);
        tarn__free(transaction->env, writing->written);
    }
}

enum tarn_status tarn__iceberg_partition(const struct tarn_snapshot *snapshot, const struct tarn_value *values,
                                         struct tarn_text_builder *raw, struct tarn_error *err)
{
    tarn__iceberg_partition_pack(snapshot->spec->id, snapshot->spec->field_count, values, raw);
    return tarn__builder_status(raw, err);
}

enum tarn_status tarn__iceberg_partition_values(const struct tarn_snapshot *snapshot, struct tarn_arena *arena,
                                                struct tarn__partition *partition, struct tarn_error *err)
{
    const struct tarn__partition_spec *spec = snapshot->spec;
    struct tarn_value *values = tarn__arena_calloc(arena, (size_t)spec->field_count + 1, sizeof(*values));
    if (values == NULL) {
        return tarn__nomem(arena->env, err, spec->field_count * sizeof(*values));
    }
    partition->spec = spec;
    partition->count = spec->field_count;
    partition->values = values;
    return tarn__iceberg_partition_unpack(partition->raw, spec, values, err);
}

enum tarn_status tarn__iceberg_partition_text(const struct tarn__partition_field *field, const struct tarn_value *value,
                                              struct tarn_text_builder *out, struct tarn_error *err)
{
    tarn__iceberg_transform_text(field->transform, value, out);
    return tarn__builder_status(out, err);
}
