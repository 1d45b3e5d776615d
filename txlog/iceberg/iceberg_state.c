/* SPDX-License-Identifier: Apache-2.0
 *
 * From table metadata to the model's words: schema, partition specs, sort orders, refs, what there is to say about a table.
 *
 * Specification: Iceberg table spec, "Schemas and Data Types", "Column Projection", "Partitioning", "Sorting", "Snapshot References".
 *
 * Invariants
 *  1. Columns are found by id. A file without ids serves by the names that the table's name mapping gives to ids, and only by those.
 */
#include "txlog/iceberg/iceberg_state.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"

/* ---- name mapping ---- */

/* The mapped field with this id. */
static const struct tarn__iceberg_mapped_field *mapped_of(uint32_t count, const struct tarn__iceberg_mapped_field *fields, int32_t id)
{
    for (uint32_t i = 0; id >= 0 && i < count; i++) {
        if (fields[i].id == id) {
            return &fields[i];
        }
    }
    return NULL;
}

/* A copy of the tree of physical names that has the mapping's names as aliases. */
static enum tarn_status add_aliases(struct tarn_arena *arena, uint32_t count, const struct tarn__physical *from, uint32_t mapped_count,
                                    const struct tarn__iceberg_mapped_field *mapped, const struct tarn__physical **out,
                                    struct tarn_error *err)
{
    *out = NULL;
    struct tarn__physical *copy = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*copy));
    if (copy == NULL) {
        return tarn__nomem(arena->env, err, count * sizeof(*copy));
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn__iceberg_mapped_field *field = mapped_of(mapped_count, mapped, from[i].id);
        copy[i] = from[i];
        copy[i].alias_count = field != NULL ? field->name_count : 0;
        copy[i].aliases = field != NULL ? field->names : NULL;
        if (from[i].child_count != 0) {
            TARN_RETURN_IF_ERROR(add_aliases(arena, from[i].child_count, from[i].children, field != NULL ? field->child_count : 0,
                                             field != NULL ? field->children : NULL, &copy[i].children, err));
        }
    }
    *out = copy;
    return TARN_OK;
}

static enum tarn_status set_physical(struct tarn_snapshot *snapshot, const struct tarn__iceberg_state *state, struct tarn_error *err)
{
    struct tarn_arena *arena = &snapshot->arena;
    const struct tarn_text *json = tarn__iceberg_metadata_property(&state->metadata, TARN_TEXT("schema.name-mapping.default"));
    snapshot->physical = state->schema.physical;
    snapshot->match_by_id = true;
    snapshot->has_aliases = json != NULL;
    if (json == NULL) {
        return TARN_OK;
    }
    struct tarn__iceberg_name_mapping mapping;
    TARN_RETURN_IF_ERROR(tarn__iceberg_name_mapping_parse(*json, arena, &mapping, err));
    return add_aliases(arena, snapshot->schema->field_count, state->schema.physical, mapping.field_count, mapping.fields,
                       &snapshot->physical, err);
}

/* ---- partitioning and order ---- */

static enum tarn_status set_specs(struct tarn_snapshot *snapshot, const struct tarn__iceberg_metadata *metadata, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(
        tarn__iceberg_metadata_bind(metadata, snapshot->schema, &snapshot->arena, &snapshot->specs, &snapshot->sort_orders, err));
    snapshot->spec_count = metadata->spec_count;
    snapshot->sort_order_count = metadata->order_count;
    snapshot->spec = NULL;
    for (uint32_t i = 0; i < snapshot->spec_count; i++) {
        if (snapshot->specs[i].id == metadata->default_spec_id) {
            snapshot->spec = &snapshot->specs[i];
        }
    }
    return snapshot->spec != NULL ? TARN_OK
                                  : tarn__corrupt(err, "metadata.default_spec_id",
                                                  "the table has no partition spec %d, which is its default", metadata->default_spec_id);
}

static bool is_plain(struct tarn_text name)
{
    bool plain = name.size != 0 && !tarn__is_digit(name.data[0]);
    for (size_t i = 0; plain && i < name.size; i++) {
        plain = tarn__is_letter(name.data[i]) || tarn__is_digit(name.data[i]) || name.data[i] == '_';
    }
    return plain;
}

static void add_name(struct tarn_text_builder *out, struct tarn_text name)
{
    if (is_plain(name)) {
        tarn__builder_add(out, name);
        return;
    }
    tarn__builder_add_char(out, '"');
    for (size_t i = 0; i < name.size; i++) {
        tarn__builder_add_repeat(out, name.data[i], name.data[i] == '"' ? 2 : 1);
    }
    tarn__builder_add_char(out, '"');
}

/* "city", "bucket(16, id)": as the words that a table is made with. */
static void add_word(struct tarn_text_builder *out, const struct tarn_schema *schema, const struct tarn__iceberg_partition_field *field)
{
    const struct tarn_field *source = field->source_id >= 0 ? tarn__iceberg_schema_find(schema, field->source_id, NULL) : NULL;
    const struct tarn_text name = source != NULL ? source->name : field->name;
    if (field->transform == TARN_TRANSFORM_IDENTITY) {
        tarn__builder_add(out, name);
        return;
    }
    const char *bracket = field->word.size != 0 ? memchr(field->word.data, '[', field->word.size) : NULL;
    tarn__builder_add(out, (struct tarn_text){field->word.data, bracket != NULL ? (size_t)(bracket - field->word.data) : field->word.size});
    tarn__builder_add_char(out, '(');
    if (field->transform == TARN_TRANSFORM_BUCKET || field->transform == TARN_TRANSFORM_TRUNCATE) {
        tarn__builder_add_int64(out, field->parameter);
        tarn__builder_add_str(out, ", ");
    }
    add_name(out, name);
    tarn__builder_add_char(out, ')');
}

static enum tarn_status set_partition_columns(struct tarn_snapshot *snapshot, const struct tarn__iceberg_metadata *metadata,
                                              struct tarn_error *err)
{
    const struct tarn__iceberg_spec *spec = tarn__iceberg_metadata_spec(metadata, metadata->default_spec_id);
    const uint32_t count = spec != NULL ? spec->field_count : 0;
    struct tarn_text *columns = tarn__arena_calloc(&snapshot->arena, (size_t)count + 1, sizeof(*columns));
    if (columns == NULL) {
        return tarn__nomem(snapshot->env, err, count * sizeof(*columns));
    }
    struct tarn_text_builder word;
    tarn__builder_init(&word, snapshot->env);
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        tarn__builder_clear(&word);
        add_word(&word, snapshot->schema, &spec->fields[i]);
        status = tarn__builder_status(&word, err);
        if (status == TARN_OK) {
            columns[i] = tarn__arena_text(&snapshot->arena, tarn__builder_text(&word));
            status = columns[i].data == NULL ? tarn__nomem(snapshot->env, err, word.size) : TARN_OK;
        }
    }
    tarn__builder_free(&word);
    snapshot->info.partition_columns = columns;
    snapshot->info.partition_column_count = count;
    return status;
}

/* ---- the rest ---- */

static enum tarn_status set_refs(struct tarn_snapshot *snapshot, const struct tarn__iceberg_metadata *metadata, struct tarn_error *err)
{
    struct tarn__ref *refs = tarn__arena_calloc(&snapshot->arena, (size_t)metadata->ref_count + 1, sizeof(*refs));
    if (refs == NULL) {
        return tarn__nomem(snapshot->env, err, metadata->ref_count * sizeof(*refs));
    }
    for (uint32_t i = 0; i < metadata->ref_count; i++) {
        refs[i] = (struct tarn__ref){metadata->refs[i].name, metadata->refs[i].snapshot_id, metadata->refs[i].is_tag};
    }
    snapshot->refs = refs;
    snapshot->ref_count = metadata->ref_count;
    return TARN_OK;
}

static void set_info(struct tarn_snapshot *snapshot, const struct tarn__iceberg_state *state)
{
    const struct tarn__iceberg_metadata *metadata = &state->metadata;
    struct tarn_snapshot_info *info = &snapshot->info;
    const struct tarn_text *name = tarn__iceberg_metadata_property(metadata, TARN_TEXT("name"));
    const struct tarn_text *comment = tarn__iceberg_metadata_property(metadata, TARN_TEXT("comment"));
    info->table_id = metadata->table_uuid;
    info->name = name != NULL ? *name : snapshot->place.name != NULL ? tarn__text_of(snapshot->place.name) : (struct tarn_text){"", 0};
    info->comment = comment != NULL ? *comment : (struct tarn_text){"", 0};
    info->version = state->has_snapshot ? state->current.id : -1;
    info->timestamp = tarn__iceberg_micros(state->has_snapshot ? state->current.timestamp_ms : metadata->last_updated_ms);
    info->properties = metadata->properties;
    info->property_count = metadata->property_count;
    info->reader_version = metadata->format_version;
    info->writer_version = metadata->format_version;
    snapshot->position = state->file.number;
    snapshot->parent_id = state->has_snapshot ? state->current.parent_id : -1;
    snapshot->sequence = state->has_snapshot ? state->current.sequence : 0;
}

enum tarn_status tarn__iceberg_state_describe(struct tarn_snapshot *snapshot, int32_t schema_id, struct tarn_error *err)
{
    struct tarn__iceberg_state *state = tarn__iceberg_state_of(snapshot);
    const struct tarn__iceberg_metadata *metadata = &state->metadata;
    TARN_RETURN_IF_ERROR(tarn__iceberg_metadata_schema(metadata, snapshot->env, schema_id, &snapshot->arena, &state->schema, err));
    TARN_RETURN_IF_ERROR(tarn__snapshot_set_schema(snapshot, state->schema.id, state->schema.schema, err));
    TARN_RETURN_IF_ERROR(set_physical(snapshot, state, err));
    TARN_RETURN_IF_ERROR(set_specs(snapshot, metadata, err));
    TARN_RETURN_IF_ERROR(set_partition_columns(snapshot, metadata, err));
    TARN_RETURN_IF_ERROR(set_refs(snapshot, metadata, err));
    set_info(snapshot, state);
    return TARN_OK;
}
