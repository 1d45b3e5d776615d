/* SPDX-License-Identifier: Apache-2.0
 *
 * stats_parsed and partitionValues_parsed of checkpoints: what add.stats and add.partitionValues say, in the types of the table.
 *
 * Specification: Delta PROTOCOL.md, "Checkpoint Schema", "Per-file Statistics".
 *
 * Invariants
 *  1. Columns are called by their physical names. Statistics are of leaves outside of lists and maps; bounds of those types only that
 *     readers skip by.
 *  2. A value that is not of its column's type is null: statistics may always be missing.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/json/json_pull.h"
#include "txlog/delta/delta_checkpoint_rows.h"
#include "txlog/delta/delta_interval.h"
#include "txlog/delta/delta_partition.h"

enum { DEFAULT_INDEXED = 32 };

static const struct tarn_type type_long = {.id = TARN_TYPE_I64};
static const struct tarn_type type_boolean = {.id = TARN_TYPE_BOOL};

static bool has_bounds(const struct tarn_type *type)
{
    switch (type->id) {
    case TARN_TYPE_I8:
    case TARN_TYPE_I16:
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
    case TARN_TYPE_F32:
    case TARN_TYPE_F64:
    case TARN_TYPE_DECIMAL:
    case TARN_TYPE_DATE:
    case TARN_TYPE_TIMESTAMP:
    case TARN_TYPE_STRING:
        return true;
    default:
        return false;
    }
}

struct typing {
    const struct tarn_snapshot *snapshot;
    struct tarn_arena *arena;
    bool nulls;   /* the type of nullCount, else of the bounds */
    int64_t left; /* leaves that may still have statistics */
    bool nomem;
};

static const struct tarn_type *struct_of(struct typing *typing, uint32_t count, struct tarn_field *fields)
{
    struct tarn_type *type = tarn__arena_alloc(typing->arena, sizeof(*type));
    if (type == NULL) {
        typing->nomem = true;
        return NULL;
    }
    type->id = TARN_TYPE_STRUCT;
    type->field_count = count;
    type->fields = fields;
    return type;
}

static bool is_partition_column(const struct tarn_snapshot *snapshot, uint32_t column)
{
    uint32_t index;
    return tarn__spec_identity_of(snapshot->spec, column, &index) != NULL;
}

/* The struct for these columns; NULL when none of them has statistics. */
static const struct tarn_type *columns_type(struct typing *typing, uint32_t count, const struct tarn_field *columns,
                                            const struct tarn__physical *physical, bool top)
{
    struct tarn_field *fields = tarn__arena_calloc(typing->arena, (size_t)count + 1, sizeof(*fields));
    if (fields == NULL) {
        typing->nomem = true;
        return NULL;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count && typing->left != 0 && !typing->nomem; i++) {
        if (top && is_partition_column(typing->snapshot, i)) {
            continue;
        }
        const struct tarn_type *type = NULL;
        if (columns[i].type->id == TARN_TYPE_STRUCT) {
            type = columns_type(typing, columns[i].type->field_count, columns[i].type->fields, physical[i].children, false);
        } else if (columns[i].type->id != TARN_TYPE_NULL) {
            typing->left--;
            type = typing->nulls ? &type_long : has_bounds(columns[i].type) ? columns[i].type : NULL;
        }
        if (type != NULL) {
            fields[kept++] = (struct tarn_field){.name = physical[i].name, .type = type, .nullable = true, .id = -1};
        }
    }
    return kept == 0 || typing->nomem ? NULL : struct_of(typing, kept, fields);
}

enum tarn_status tarn__checkpoint_stats_type(const struct tarn_snapshot *snapshot, struct tarn_arena *arena, const struct tarn_type **out,
                                             struct tarn_error *err)
{
    *out = NULL;
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    int64_t leaves = tarn__delta_property_int(state, TARN_TEXT("delta.dataSkippingNumIndexedCols"), DEFAULT_INDEXED);
    if (leaves < 0 || tarn__delta_property(state, TARN_TEXT("delta.dataSkippingStatsColumns")).size != 0) {
        leaves = INT64_MAX; /* columns that have none are null */
    }
    static const struct tarn_text names[] = {{"numRecords", 10}, {"minValues", 9}, {"maxValues", 9}, {"nullCount", 9}, {"tightBounds", 11}};
    struct typing typing = {.snapshot = snapshot, .arena = arena};
    const struct tarn_type *types[5] = {&type_long, NULL, NULL, NULL, &type_boolean};
    for (int part = 1; part <= 3; part++) {
        typing.left = leaves;
        typing.nulls = part == 3;
        types[part] =
            part == 2 ? types[1] : columns_type(&typing, snapshot->schema->field_count, snapshot->schema->fields, snapshot->physical, true);
    }
    struct tarn_field *fields = tarn__arena_calloc(arena, 5, sizeof(*fields));
    uint32_t count = 0;
    for (size_t i = 0; fields != NULL && i < 5; i++) {
        if (types[i] != NULL) {
            fields[count++] = (struct tarn_field){.name = names[i], .type = types[i], .nullable = true, .id = -1};
        }
    }
    *out = fields != NULL && !typing.nomem ? struct_of(&typing, count, fields) : NULL;
    return *out == NULL ? tarn__nomem(snapshot->env, err, sizeof(*fields)) : TARN_OK;
}

enum tarn_status tarn__checkpoint_partition_type(const struct tarn_snapshot *snapshot, struct tarn_arena *arena,
                                                 const struct tarn_type **out, struct tarn_error *err)
{
    *out = NULL;
    const struct tarn__partition_spec *spec = snapshot->spec;
    if (spec == NULL || spec->field_count == 0) {
        return TARN_OK;
    }
    struct typing typing = {.snapshot = snapshot, .arena = arena};
    struct tarn_field *fields = tarn__arena_calloc(arena, spec->field_count, sizeof(*fields));
    for (uint32_t i = 0; fields != NULL && i < spec->field_count; i++) {
        const uint32_t column = spec->fields[i].column;
        fields[i] = (struct tarn_field){
            .name = snapshot->physical[column].name, .type = snapshot->schema->fields[column].type, .nullable = true, .id = -1};
    }
    *out = fields != NULL ? struct_of(&typing, spec->field_count, fields) : NULL;
    return *out == NULL ? tarn__nomem(snapshot->env, err, sizeof(*fields)) : TARN_OK;
}

void tarn__checkpoint_put_partition(const struct tarn__partition *partition, const struct tarn_type *type,
                                    struct tarn_vector_builder *builder)
{
    if (partition == NULL || partition->count != type->field_count) {
        tarn__vector_builder_null(builder);
        return;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        struct tarn_vector_builder *child = tarn__vector_builder_child(builder, i);
        if (partition->values[i].is_null) {
            tarn__vector_builder_null(child);
        } else {
            tarn__vector_builder_value(child, &partition->values[i]);
        }
    }
    tarn__vector_builder_close(builder);
}

/* ---- statistics ---- */

struct filling {
    struct tarn_json json;
    struct tarn_arena *arena;
};

static void put_scalar(struct filling *filling, const struct tarn_type *type, enum tarn_json_event event,
                       struct tarn_vector_builder *builder)
{
    const struct tarn_text text = filling->json.text;
    struct tarn_value value;
    if (type->id == TARN_TYPE_BOOL && (event == TARN_JSON_TRUE || event == TARN_JSON_FALSE)) {
        tarn__vector_builder_bool(builder, event == TARN_JSON_TRUE);
    } else if (type->id == TARN_TYPE_STRING && event == TARN_JSON_STRING) {
        tarn__vector_builder_text(builder, text);
    } else if ((event == TARN_JSON_STRING || event == TARN_JSON_NUMBER) && type->id != TARN_TYPE_STRING && text.size != 0 &&
               tarn__delta_value_parse(type, text, filling->arena, &value, NULL) == TARN_OK && !value.is_null) {
        tarn__vector_builder_value(builder, &value);
    } else {
        tarn__vector_builder_null(builder);
    }
}

static int32_t find_field(const struct tarn_type *type, struct tarn_text name, uint32_t hint)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const uint32_t at = (hint + i) % type->field_count; /* most writers keep the order of the schema */
        if (tarn__text_equal(type->fields[at].name, name)) {
            return (int32_t)at;
        }
    }
    return -1;
}

/* The object that has begun, as a row of the struct. False: no JSON. */
static bool put_object(struct filling *filling, const struct tarn_type *type, struct tarn_vector_builder *builder)
{
    const uint32_t row = tarn__vector_builder_length(builder);
    uint32_t hint = 0;
    bool good = true;
    for (bool more = true; good;) {
        good = tarn__json_key(&filling->json, &more, NULL) == TARN_OK;
        if (!good || !more) {
            break;
        }
        const int32_t at = find_field(type, filling->json.text, hint);
        if (at < 0 || tarn__vector_builder_length(tarn__vector_builder_child(builder, (uint32_t)at)) > row) {
            good = tarn__json_skip(&filling->json, NULL) == TARN_OK;
            continue;
        }
        hint = (uint32_t)at + 1;
        const struct tarn_type *member = type->fields[at].type;
        struct tarn_vector_builder *child = tarn__vector_builder_child(builder, (uint32_t)at);
        enum tarn_json_event event;
        good = tarn__json_next(&filling->json, &event, NULL) == TARN_OK;
        if (!good) {
            break;
        }
        if (event == TARN_JSON_OBJECT_BEGIN && member->id == TARN_TYPE_STRUCT) {
            good = put_object(filling, member, child);
        } else if (event == TARN_JSON_OBJECT_BEGIN || event == TARN_JSON_ARRAY_BEGIN) {
            tarn__vector_builder_null(child);
            good = tarn__json_skip(&filling->json, NULL) == TARN_OK;
        } else if (member->id == TARN_TYPE_STRUCT) {
            tarn__vector_builder_null(child);
        } else {
            put_scalar(filling, member, event, child);
        }
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        struct tarn_vector_builder *child = tarn__vector_builder_child(builder, i);
        if (tarn__vector_builder_length(child) == row) {
            tarn__vector_builder_null(child);
        }
    }
    tarn__vector_builder_close(builder);
    return good;
}

void tarn__checkpoint_put_stats(struct tarn_env *env, struct tarn_arena *arena, const struct tarn_type *type, struct tarn_text statistics,
                                struct tarn_vector_builder *builder)
{
    struct filling filling = {.arena = arena};
    tarn__json_open(&filling.json, &(struct tarn_json_pull_options){.env = env, .failure = TARN_CORRUPT}, statistics);
    bool is_null = false;
    if (statistics.size == 0 || tarn__json_object(&filling.json, &is_null, NULL) != TARN_OK || is_null) {
        tarn__vector_builder_null(builder);
    } else {
        (void)put_object(&filling, type, builder); /* what came before a mistake is kept */
    }
    tarn__json_close(&filling.json);
}
