/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas for new tables: types that Iceberg has, ids for every field, and the JSON of it.
 *
 * Specification: Iceberg table spec, "Schemas and Data Types", "Schema Evolution", Appendix C "Schemas"; TypeUtil.assignFreshIds of
 * Iceberg's Java library for the order of ids. SPEC: T-ICEBERG-SCHEMA-4, T-ICEBERG-SCHEMA-5.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/base/utf8.h"
#include "txlog/core/schema_map.h"
#include "txlog/iceberg/iceberg_schema.h"

/* ---- types that Iceberg has ---- */

static enum tarn_status map_time(bool narrow, const struct tarn_type *from, struct tarn_type *to, struct tarn_error *err)
{
    if ((from->unit == TARN_NANO || from->wide) && !narrow) {
        return tarn__unsupported(err, "iceberg.type.timestamp_nanos",
                                 "times of Iceberg tables of version 2 have microseconds; ask for narrowing or cast the column");
    }
    to->unit = TARN_MICRO;
    to->utc = from->id == TARN_TYPE_TIMESTAMP && from->utc;
    return TARN_OK;
}

/* `arg`: whether to narrow. */
static enum tarn_status map_type(void *arg, const struct tarn_type *from, struct tarn_type *to, struct tarn_error *err)
{
    switch (from->id) {
    case TARN_TYPE_BOOL:
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
    case TARN_TYPE_F32:
    case TARN_TYPE_F64:
    case TARN_TYPE_DATE:
    case TARN_TYPE_STRING:
    case TARN_TYPE_BINARY:
    case TARN_TYPE_UUID:
        return TARN_OK;
    case TARN_TYPE_I8:
    case TARN_TYPE_I16:
    case TARN_TYPE_U8:
    case TARN_TYPE_U16:
        to->id = TARN_TYPE_I32;
        return TARN_OK;
    case TARN_TYPE_U32:
        to->id = TARN_TYPE_I64;
        return TARN_OK;
    case TARN_TYPE_U64:
        *to = (struct tarn_type){.id = TARN_TYPE_DECIMAL, .precision = 20};
        return TARN_OK;
    case TARN_TYPE_F16:
        to->id = TARN_TYPE_F32;
        return TARN_OK;
    case TARN_TYPE_DECIMAL:
        if (from->precision > 38) {
            return tarn__unsupported(err, "iceberg.type.decimal256", "Iceberg's decimals have at most 38 digits, this has %d",
                                     from->precision);
        }
        to->precision = from->precision;
        to->scale = from->scale;
        return TARN_OK;
    case TARN_TYPE_TIME:
    case TARN_TYPE_TIMESTAMP:
        return map_time(*(const bool *)arg, from, to, err);
    case TARN_TYPE_JSON:
    case TARN_TYPE_ENUM:
        to->id = TARN_TYPE_STRING;
        return TARN_OK;
    case TARN_TYPE_BSON:
        to->id = TARN_TYPE_BINARY;
        return TARN_OK;
    case TARN_TYPE_FIXED:
        to->width = from->width;
        return TARN_OK;
    default: {
        char name[64];
        tarn_type_format(from, name, sizeof(name));
        return tarn__unsupported(err, "iceberg.type.none", "Iceberg has no type for %s; cast the column to one that it has", name);
    }
    }
}

enum tarn_status tarn__iceberg_schema_map(struct tarn_env *env, const struct tarn_schema *from, bool narrow, struct tarn_schema **out,
                                          struct tarn_error *err)
{
    return tarn__schema_map(env, from, map_type, &narrow, out, err);
}

/* ---- ids ---- */

static enum tarn_status assign_fields(struct tarn_arena *arena, uint32_t count, const struct tarn_field *from, int32_t *last_id,
                                      const struct tarn_field **out, struct tarn_error *err)
{
    struct tarn_field *fields = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*fields));
    struct tarn_type *types = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*types));
    if (fields == NULL || types == NULL) {
        return tarn__nomem(arena->env, err, count * sizeof(*fields));
    }
    for (uint32_t i = 0; i < count; i++) { /* all of this level before what lies deeper */
        fields[i] = from[i];
        if (!tarn__add(*last_id, 1, last_id)) {
            return tarn__error_set(err, TARN_LIMIT, "field_id", "the table has no field ids left");
        }
        fields[i].id = *last_id;
    }
    for (uint32_t i = 0; i < count; i++) {
        types[i] = *from[i].type;
        fields[i].type = &types[i];
        if (types[i].field_count != 0) {
            TARN_RETURN_IF_ERROR(assign_fields(arena, types[i].field_count, from[i].type->fields, last_id, &types[i].fields, err));
        }
    }
    *out = fields;
    return TARN_OK;
}

enum tarn_status tarn__iceberg_schema_physical(struct tarn_arena *arena, uint32_t count, const struct tarn_field *fields,
                                               const struct tarn__physical **out, struct tarn_error *err)
{
    struct tarn__physical *physical = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*physical));
    *out = NULL;
    if (physical == NULL) {
        return tarn__nomem(arena->env, err, count * sizeof(*physical));
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn_type *type = fields[i].type;
        physical[i] = (struct tarn__physical){.name = fields[i].name, .id = fields[i].id, .child_count = type->field_count};
        if (type->field_count != 0) {
            TARN_RETURN_IF_ERROR(tarn__iceberg_schema_physical(arena, type->field_count, type->fields, &physical[i].children, err));
        }
    }
    *out = physical;
    return TARN_OK;
}

enum tarn_status tarn__iceberg_schema_assign(struct tarn_env *env, struct tarn_arena *arena, const struct tarn_schema *from,
                                             int32_t schema_id, int32_t *last_id, struct tarn__iceberg_schema *out, struct tarn_error *err)
{
    *out = (struct tarn__iceberg_schema){0};
    struct tarn__iceberg_schema made = {.id = schema_id};
    const struct tarn_field *fields;
    TARN_RETURN_IF_ERROR(assign_fields(arena, from->field_count, from->fields, last_id, &fields, err));
    made.highest_id = *last_id;
    TARN_RETURN_IF_ERROR(tarn_schema_make(env, from->field_count, fields, 0, NULL, &made.schema, err));
    const enum tarn_status status =
        tarn__iceberg_schema_physical(arena, made.schema->field_count, made.schema->fields, &made.physical, err);
    if (status != TARN_OK) {
        tarn_schema_release(made.schema);
        return status;
    }
    *out = made;
    return TARN_OK;
}

/* ---- looking up ---- */

const struct tarn_field *tarn__iceberg_field_find(uint32_t count, const struct tarn_field *fields, int32_t id)
{
    for (uint32_t i = 0; i < count; i++) {
        if (fields[i].id == id) {
            return &fields[i];
        }
        const struct tarn_field *below = tarn__iceberg_field_find(fields[i].type->field_count, fields[i].type->fields, id);
        if (below != NULL) {
            return below;
        }
    }
    return NULL;
}

const struct tarn_field *tarn__iceberg_schema_find(const struct tarn_schema *schema, int32_t id, uint32_t *top)
{
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct tarn_field *found = tarn__iceberg_field_find(1, &schema->fields[i], id);
        if (found != NULL) {
            if (top != NULL) {
                *top = i;
            }
            return found;
        }
    }
    return NULL;
}

/* ---- JSON ---- */

static void print_word(const struct tarn_type *type, struct tarn_json_printer *json)
{
    char text[32];
    const char *word = "binary";
    switch (type->id) {
    case TARN_TYPE_BOOL:
        word = "boolean";
        break;
    case TARN_TYPE_I32:
        word = "int";
        break;
    case TARN_TYPE_I64:
        word = "long";
        break;
    case TARN_TYPE_F32:
        word = "float";
        break;
    case TARN_TYPE_F64:
        word = "double";
        break;
    case TARN_TYPE_DATE:
        word = "date";
        break;
    case TARN_TYPE_TIME:
        word = "time";
        break;
    case TARN_TYPE_TIMESTAMP:
        word = type->utc ? "timestamptz" : "timestamp";
        break;
    case TARN_TYPE_STRING:
        word = "string";
        break;
    case TARN_TYPE_UUID:
        word = "uuid";
        break;
    case TARN_TYPE_DECIMAL: /* with the space that Java puts there */
        snprintf(text, sizeof(text), "decimal(%d, %d)", type->precision, type->scale);
        word = text;
        break;
    case TARN_TYPE_FIXED:
        snprintf(text, sizeof(text), "fixed[%u]", type->width);
        word = text;
        break;
    default: /* BINARY: map_type let nothing else through */
        break;
    }
    tarn__json_print_str(json, word);
}

static void print_id(struct tarn_json_printer *json, const char *key, int64_t value)
{
    tarn__json_print_key(json, tarn__text_of(key));
    tarn__json_print_int64(json, value);
}

static void print_flag(struct tarn_json_printer *json, const char *key, bool value)
{
    tarn__json_print_key(json, tarn__text_of(key));
    tarn__json_print_bool(json, value);
}

static void print_fields(uint32_t count, const struct tarn_field *fields, struct tarn_json_printer *json)
{
    tarn__json_print_key(json, TARN_TEXT("fields"));
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < count; i++) {
        tarn__json_print_begin_object(json);
        print_id(json, "id", fields[i].id);
        tarn__json_print_key(json, TARN_TEXT("name"));
        tarn__json_print_string(json, fields[i].name);
        print_flag(json, "required", !fields[i].nullable);
        tarn__json_print_key(json, TARN_TEXT("type"));
        tarn__iceberg_type_print(fields[i].type, json);
        for (uint32_t p = 0; p < fields[i].property_count; p++) {
            if (tarn__text_equal(fields[i].properties[p].key, TARN_TEXT("comment"))) {
                tarn__json_print_key(json, TARN_TEXT("doc"));
                tarn__json_print_string(json, fields[i].properties[p].value);
            }
        }
        tarn__json_print_end_object(json);
    }
    tarn__json_print_end_array(json);
}

void tarn__iceberg_type_print(const struct tarn_type *type, struct tarn_json_printer *json)
{
    if (type->id != TARN_TYPE_STRUCT && type->id != TARN_TYPE_LIST && type->id != TARN_TYPE_MAP) {
        print_word(type, json);
        return;
    }
    tarn__json_print_begin_object(json);
    tarn__json_print_key(json, TARN_TEXT("type"));
    if (type->id == TARN_TYPE_STRUCT) {
        tarn__json_print_str(json, "struct");
        print_fields(type->field_count, type->fields, json);
    } else if (type->id == TARN_TYPE_LIST) {
        tarn__json_print_str(json, "list");
        print_id(json, "element-id", type->fields[0].id);
        tarn__json_print_key(json, TARN_TEXT("element"));
        tarn__iceberg_type_print(type->fields[0].type, json);
        print_flag(json, "element-required", !type->fields[0].nullable);
    } else {
        tarn__json_print_str(json, "map");
        print_id(json, "key-id", type->fields[0].id);
        tarn__json_print_key(json, TARN_TEXT("key"));
        tarn__iceberg_type_print(type->fields[0].type, json);
        print_id(json, "value-id", type->fields[1].id);
        tarn__json_print_key(json, TARN_TEXT("value"));
        tarn__iceberg_type_print(type->fields[1].type, json);
        print_flag(json, "value-required", !type->fields[1].nullable);
    }
    tarn__json_print_end_object(json);
}

void tarn__iceberg_schema_print(const struct tarn__iceberg_schema *schema, struct tarn_json_printer *json)
{
    tarn__json_print_begin_object(json);
    tarn__json_print_key(json, TARN_TEXT("type"));
    tarn__json_print_str(json, "struct");
    print_id(json, "schema-id", schema->id);
    if (schema->identifier_count != 0) {
        tarn__json_print_key(json, TARN_TEXT("identifier-field-ids"));
        tarn__json_print_begin_array(json);
        for (uint32_t i = 0; i < schema->identifier_count; i++) {
            tarn__json_print_int64(json, schema->identifier_ids[i]);
        }
        tarn__json_print_end_array(json);
    }
    print_fields(schema->schema->field_count, schema->schema->fields, json);
    tarn__json_print_end_object(json);
}
