/* SPDX-License-Identifier: Apache-2.0
 *
 * A table that is to be made: the lowest protocol that its schema needs, so that the most engines read it.
 *
 * Specification: Delta PROTOCOL.md, "Table Features for New and Existing Tables", "Column Mapping".
 *
 * Invariants
 *  1. Protocol 1/2 unless names need column mapping (2/5) or a type needs timestampNtz, or a property deletionVectors (3/7 with the
 * features listed).
 *  2. Properties that would oblige us to something we do not do are refused before anything is written.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "txlog/delta/delta_schema.h"
#include "txlog/delta/delta_state.h"
#include "txlog/delta/delta_write.h"

static enum tarn_status check_property(const struct tarn_property *property, bool *mapping, struct tarn_error *err)
{
    static const char *const harmless[] = {
        "delta.appendOnly",
        "delta.logRetentionDuration",
        "delta.deletedFileRetentionDuration",
        "delta.checkpointInterval",
        "delta.dataSkippingNumIndexedCols",
        "delta.targetFileSize",
        "delta.tuneFileSizesForRewrites",
        "delta.setTransactionRetentionDuration",
        "delta.enableExpiredLogCleanup",
        "delta.enableDeletionVectors",
        "delta.isolationLevel",
    };
    if (!tarn__text_starts(property->key, TARN_TEXT("delta."))) {
        return TARN_OK;
    }
    if (tarn__text_equal(property->key, TARN_TEXT("delta.columnMapping.mode"))) {
        *mapping = *mapping || tarn__text_equal(property->value, TARN_TEXT("name"));
        if (tarn__text_equal(property->value, TARN_TEXT("name")) || tarn__text_equal(property->value, TARN_TEXT("none"))) {
            return TARN_OK;
        }
        return tarn__unsupported(err, "delta.property", "new tables map columns by name or not at all, not by \"%.*s\"",
                                 TARN_TEXT_ARG(property->value));
    }
    if (tarn__text_starts(property->key, TARN_TEXT("delta.checkpoint.writeStatsAs"))) {
        return TARN_OK;
    }
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        if (tarn__text_equal(property->key, tarn__text_of(harmless[i]))) {
            return TARN_OK;
        }
    }
    return tarn__unsupported(err, "delta.property", "a table with the property %.*s asks more of its writers than this version does",
                             TARN_TEXT_ARG(property->key));
}

static struct tarn_text *feature_list(struct tarn_arena *arena, const char *const *names, uint32_t count)
{
    struct tarn_text *list = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*list));
    for (uint32_t i = 0; list != NULL && i < count; i++) {
        list[i] = tarn__text_of(names[i]);
    }
    return list;
}

static enum tarn_status choose_protocol(struct tarn_arena *arena, bool timestamp_ntz, bool mapping, bool vectors,
                                        struct tarn__delta_protocol *protocol, struct tarn_error *err)
{
    if (!timestamp_ntz && !vectors) {
        *protocol =
            mapping ? (struct tarn__delta_protocol){.reader = 2, .writer = 5} : (struct tarn__delta_protocol){.reader = 1, .writer = 2};
        return TARN_OK;
    }
    const char *features[5] = {"appendOnly", "invariants"};
    uint32_t count = 2;
    if (timestamp_ntz) {
        features[count++] = "timestampNtz";
    }
    if (mapping) {
        features[count++] = "columnMapping";
    }
    if (vectors) {
        features[count++] = "deletionVectors";
    }
    *protocol = (struct tarn__delta_protocol){
        .reader = 3,
        .writer = 7,
        .has_reader_features = true,
        .has_writer_features = true,
        .reader_feature_count = count - 2,
        .writer_feature_count = count,
        .reader_features = feature_list(arena, features + 2, count - 2),
        .writer_features = feature_list(arena, features, count),
    };
    return protocol->reader_features == NULL || protocol->writer_features == NULL ? tarn__nomem(arena->env, err, 64) : TARN_OK;
}

static enum tarn_status copy_properties(struct tarn_arena *arena, const struct tarn_table_create_options *options, bool mapping,
                                        int32_t most_id, struct tarn__delta_metadata *metadata, struct tarn_error *err)
{
    metadata->properties = tarn__arena_calloc(arena, (size_t)options->property_count + 2, sizeof(*metadata->properties));
    if (metadata->properties == NULL) {
        return tarn__nomem(arena->env, err, sizeof(*metadata->properties));
    }
    for (uint32_t i = 0; i < options->property_count; i++) {
        if (tarn__text_equal(options->properties[i].key, TARN_TEXT("delta.columnMapping.mode"))) {
            continue;
        }
        struct tarn_property *copy = &metadata->properties[metadata->property_count++];
        copy->key = tarn__arena_text(arena, options->properties[i].key);
        copy->value = tarn__arena_text(arena, options->properties[i].value);
        if (copy->key.data == NULL || copy->value.data == NULL) {
            return tarn__nomem(arena->env, err, options->properties[i].value.size);
        }
    }
    if (mapping) {
        char number[16];
        const int size = snprintf(number, sizeof(number), "%d", most_id);
        const struct tarn_text most = tarn__arena_text(arena, (struct tarn_text){number, (size_t)size});
        if (most.data == NULL) {
            return tarn__nomem(arena->env, err, sizeof(number));
        }
        metadata->properties[metadata->property_count++] = (struct tarn_property){TARN_TEXT("delta.columnMapping.mode"), TARN_TEXT("name")};
        metadata->properties[metadata->property_count++] = (struct tarn_property){TARN_TEXT("delta.columnMapping.maxColumnId"), most};
    }
    return TARN_OK;
}

static enum tarn_status choose_partition(struct tarn_arena *arena, const struct tarn_table_create_options *options,
                                         const struct tarn_schema *schema, struct tarn__delta_metadata *metadata, struct tarn_error *err)
{
    metadata->partition_columns = tarn__arena_calloc(arena, (size_t)options->partition_column_count + 1, sizeof(struct tarn_text));
    if (metadata->partition_columns == NULL) {
        return tarn__nomem(arena->env, err, sizeof(struct tarn_text));
    }
    for (uint32_t i = 0; i < options->partition_column_count; i++) {
        const struct tarn_text name = options->partition_columns[i];
        const int32_t column = tarn_fields_find(schema->field_count, schema->fields, name);
        if (column < 0) {
            return tarn__invalid(err, "partition_columns", "there is no column \"%.*s\" to partition by", TARN_TEXT_ARG(name));
        }
        const struct tarn_field *field = &schema->fields[column];
        if (field->type->field_count != 0) {
            return tarn__invalid(err, "partition_columns", "the column \"%.*s\" is nested and cannot partition the table",
                                 TARN_TEXT_ARG(name));
        }
        for (uint32_t j = 0; j < i; j++) {
            if (tarn__text_equal(metadata->partition_columns[j], field->name)) {
                return tarn__invalid(err, "partition_columns", "the column \"%.*s\" is named twice", TARN_TEXT_ARG(name));
            }
        }
        metadata->partition_columns[i] = tarn__arena_text(arena, field->name);
        if (metadata->partition_columns[i].data == NULL) {
            return tarn__nomem(arena->env, err, name.size);
        }
    }
    metadata->partition_column_count = options->partition_column_count;
    if (options->partition_column_count >= schema->field_count) {
        return tarn__invalid(err, "partition_columns", "a table needs a column that it is not partitioned by");
    }
    return TARN_OK;
}

static enum tarn_status describe(struct tarn_snapshot *snapshot, const struct tarn_table_create_options *options,
                                 const struct tarn_schema *schema, bool mapping, bool timestamp_ntz, struct tarn_error *err)
{
    struct tarn_arena *arena = &snapshot->arena;
    struct tarn__delta_state *state = snapshot->state;
    const struct tarn__physical *physical;
    int32_t most_id = 0;
    if (mapping) {
        TARN_RETURN_IF_ERROR(tarn__delta_schema_assign(snapshot->env, arena, schema, &physical, &most_id, err));
    } else {
        TARN_RETURN_IF_ERROR(tarn__delta_schema_identity(arena, schema->field_count, schema->fields, &physical, err));
    }
    struct tarn__delta_metadata *metadata = &state->metadata;
    char id[37];
    tarn__uuid(snapshot->env, id);
    metadata->id = tarn__arena_text(arena, tarn__text_of(id));
    metadata->name = tarn__arena_text(arena, options->name);
    metadata->description = tarn__arena_text(arena, options->comment);
    metadata->provider = TARN_TEXT("parquet");
    metadata->created = tarn__now(snapshot->env) / 1000;
    if (metadata->id.data == NULL || metadata->name.data == NULL || metadata->description.data == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(id));
    }
    struct tarn_text_builder json;
    tarn__builder_init(&json, snapshot->env);
    tarn__delta_schema_print(schema, physical, mapping, &json);
    enum tarn_status status = tarn__builder_status(&json, err);
    if (status == TARN_OK) {
        metadata->schema = tarn__arena_text(arena, tarn__builder_text(&json));
        status = metadata->schema.data == NULL ? tarn__nomem(snapshot->env, err, json.size) : TARN_OK;
    }
    tarn__builder_free(&json);
    TARN_RETURN_IF_ERROR(status);
    TARN_RETURN_IF_ERROR(copy_properties(arena, options, mapping, most_id, metadata, err));
    TARN_RETURN_IF_ERROR(choose_partition(arena, options, schema, metadata, err));
    const bool vectors = tarn__delta_property_is_true(state, TARN_TEXT("delta.enableDeletionVectors"));
    TARN_RETURN_IF_ERROR(choose_protocol(arena, timestamp_ntz, mapping, vectors, &state->protocol, err));
    state->has_protocol = true;
    state->has_metadata = true;
    return tarn__delta_state_describe(snapshot, err);
}

enum tarn_status tarn__delta_create(struct tarn_snapshot *snapshot, const struct tarn_table_create_options *options, struct tarn_error *err)
{
    snapshot->is_new = true;
    snapshot->position = -1;
    snapshot->state = tarn__arena_alloc(&snapshot->arena, sizeof(struct tarn__delta_state));
    if (snapshot->state == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(struct tarn__delta_state));
    }
    bool mapping = false;
    for (uint32_t i = 0; i < options->property_count; i++) {
        TARN_RETURN_IF_ERROR(check_property(&options->properties[i], &mapping, err));
    }
    struct tarn_schema *schema;
    bool timestamp_ntz;
    TARN_RETURN_IF_ERROR(tarn__delta_schema_map(snapshot->env, options->schema, options->narrow, &schema, &timestamp_ntz, err));
    mapping = mapping || tarn__delta_schema_needs_mapping(schema);
    const enum tarn_status status = describe(snapshot, options, schema, mapping, timestamp_ntz, err);
    tarn_schema_release(schema);
    return status;
}
