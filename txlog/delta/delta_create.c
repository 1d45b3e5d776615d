/* SPDX-License-Identifier: Apache-2.0
 *
 * A table that is to be made: the lowest protocol that its schema needs, so that the most engines read it.
 *
 * Specification: Delta PROTOCOL.md, "Table Features for New and Existing Tables", "Column Mapping".
 *
 * Invariants
 *  1. Protocol 1/2 unless names, types or properties need more: column mapping alone is 2/5, all else is listed.
 *  2. Properties that would oblige us to something we do not do are refused before anything is written.
 */
#include "format/base/bytes.h"
#include "txlog/delta/delta_alteration.h"
#include "txlog/delta/delta_schema.h"
#include "txlog/delta/delta_state.h"
#include "txlog/delta/delta_write.h"

enum tarn_status tarn__delta_choose_partition(struct tarn_arena *arena, uint32_t count, const struct tarn_text *names,
                                              const struct tarn_schema *schema, struct tarn__delta_metadata *metadata,
                                              struct tarn_error *err)
{
    metadata->partition_columns = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(struct tarn_text));
    if (metadata->partition_columns == NULL) {
        return tarn__nomem(arena->env, err, sizeof(struct tarn_text));
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn_text name = names[i];
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
    metadata->partition_column_count = count;
    if (count >= schema->field_count) {
        return tarn__invalid(err, "partition_columns", "a table needs a column that it is not partitioned by");
    }
    return TARN_OK;
}

/* The table without its properties, under the lowest protocol. */
static enum tarn_status begin(struct tarn_snapshot *snapshot, const struct tarn_table_create_options *options,
                              const struct tarn_schema *schema, struct tarn_error *err)
{
    struct tarn_arena *arena = &snapshot->arena;
    struct tarn__delta_state *state = snapshot->state;
    struct tarn__delta_metadata *metadata = &state->metadata;
    const struct tarn__physical *physical;
    char id[37];
    tarn__uuid(snapshot->env, id);
    TARN_RETURN_IF_ERROR(tarn__delta_schema_identity(arena, schema->field_count, schema->fields, &physical, err));
    *state = (struct tarn__delta_state){.has_protocol = true, .has_metadata = true, .protocol = {.reader = 1, .writer = 2}};
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
    tarn__delta_schema_print(schema, physical, false, &json);
    enum tarn_status status = tarn__builder_status(&json, err);
    if (status == TARN_OK) {
        metadata->schema = tarn__arena_text(arena, tarn__builder_text(&json));
        status = metadata->schema.data == NULL ? tarn__nomem(snapshot->env, err, json.size) : TARN_OK;
    }
    tarn__builder_free(&json);
    TARN_RETURN_IF_ERROR(status);
    return tarn__delta_choose_partition(arena, options->partition_column_count, options->partition_columns, schema, metadata, err);
}

static enum tarn_status describe(struct tarn_snapshot *snapshot, const struct tarn_table_create_options *options,
                                 const struct tarn_schema *schema, struct tarn_error *err)
{
    struct tarn__delta_state *state = snapshot->state;
    struct tarn__alteration table;
    TARN_RETURN_IF_ERROR(begin(snapshot, options, schema, err));
    TARN_RETURN_IF_ERROR(tarn__alteration_begin(&snapshot->arena, state, true, false, &table, err));
    for (uint32_t i = 0; i < options->property_count; i++) {
        TARN_RETURN_IF_ERROR(tarn__alteration_set(&table, options->properties[i].key, options->properties[i].value, err));
    }
    if (tarn__delta_schema_needs_mapping(schema)) {
        TARN_RETURN_IF_ERROR(tarn__alteration_map(&table, err));
    }
    TARN_RETURN_IF_ERROR(tarn__alteration_finish(&table, &state->metadata, &state->protocol, err));
    return tarn__delta_state_describe(snapshot, err);
}

enum tarn_status tarn__delta_create(struct tarn_snapshot *snapshot, const struct tarn_table_create_options *options, struct tarn_error *err)
{
    struct tarn_schema *schema;
    bool timestamp_ntz;
    snapshot->is_new = true;
    snapshot->position = -1;
    snapshot->state = tarn__arena_alloc(&snapshot->arena, sizeof(struct tarn__delta_state));
    if (snapshot->state == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(struct tarn__delta_state));
    }
    TARN_RETURN_IF_ERROR(tarn__delta_schema_map(snapshot->env, options->schema, options->narrow, &schema, &timestamp_ntz, err));
    const enum tarn_status status = describe(snapshot, options, schema, err);
    tarn_schema_release(schema);
    return status;
}
