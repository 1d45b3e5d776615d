/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas for new tables: types that Delta has, names that every engine accepts, and the JSON of it.
 *
 * Specification: Delta PROTOCOL.md, "Primitive Types", "Column Mapping", "Writer Requirements for Column Mapping".
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "format/json/json_print.h"
#include "txlog/core/schema_map.h"
#include "txlog/delta/delta_schema.h"

/* What is asked of the mapping, and what it finds. */
struct wish {
    bool narrow;
    bool timestamp_ntz;
};

static enum tarn_status refuse_type(const struct tarn_type *type, struct tarn_error *err)
{
    char name[64];
    tarn_type_format(type, name, sizeof(name));
    return tarn__unsupported(err, "delta.type.none", "Delta has no type for %s; cast the column to one that it has", name);
}

static enum tarn_status map_timestamp(struct wish *wish, const struct tarn_type *from, struct tarn_type *to, struct tarn_error *err)
{
    if ((from->unit == TARN_NANO || from->wide) && !wish->narrow) {
        return tarn__unsupported(err, "delta.type.timestamp_nanos",
                                 "Delta's timestamps have microseconds; ask for narrowing or cast the column");
    }
    *to = (struct tarn_type){.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = from->utc};
    wish->timestamp_ntz = wish->timestamp_ntz || !from->utc;
    return TARN_OK;
}

static enum tarn_status map_type(void *arg, const struct tarn_type *from, struct tarn_type *to, struct tarn_error *err)
{
    switch (from->id) {
    case TARN_TYPE_BOOL:
    case TARN_TYPE_I8:
    case TARN_TYPE_I16:
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
    case TARN_TYPE_F32:
    case TARN_TYPE_F64:
    case TARN_TYPE_DATE:
    case TARN_TYPE_STRING:
    case TARN_TYPE_BINARY:
        return TARN_OK;
    case TARN_TYPE_U8:
        to->id = TARN_TYPE_I16;
        return TARN_OK;
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
            return tarn__unsupported(err, "delta.type.decimal256", "Delta's decimals have at most 38 digits, this has %d", from->precision);
        }
        to->precision = from->precision;
        to->scale = from->scale;
        return TARN_OK;
    case TARN_TYPE_TIMESTAMP:
        return map_timestamp(arg, from, to, err);
    case TARN_TYPE_JSON:
    case TARN_TYPE_ENUM:
        to->id = TARN_TYPE_STRING;
        return TARN_OK;
    case TARN_TYPE_BSON:
    case TARN_TYPE_FIXED:
        to->id = TARN_TYPE_BINARY;
        return TARN_OK;
    default:
        return refuse_type(from, err);
    }
}

enum tarn_status tarn__delta_schema_map(struct tarn_env *env, const struct tarn_schema *from, bool narrow, struct tarn_schema **out,
                                        bool *timestamp_ntz, struct tarn_error *err)
{
    struct wish wish = {.narrow = narrow};
    const enum tarn_status status = tarn__schema_map(env, from, map_type, &wish, out, err);
    *timestamp_ntz = wish.timestamp_ntz;
    return status;
}

bool tarn__delta_name_needs_mapping(struct tarn_text name)
{
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] != 0 && strchr(" ,;{}()\n\t=", name.data[i]) != NULL) {
            return true;
        }
    }
    return name.size == 0;
}

static bool fields_need_mapping(uint32_t count, const struct tarn_field *fields, bool named)
{
    for (uint32_t i = 0; i < count; i++) {
        if ((named && tarn__delta_name_needs_mapping(fields[i].name)) ||
            fields_need_mapping(fields[i].type->field_count, fields[i].type->fields, fields[i].type->id == TARN_TYPE_STRUCT)) {
            return true;
        }
    }
    return false;
}

bool tarn__delta_schema_needs_mapping(const struct tarn_schema *schema)
{
    return fields_need_mapping(schema->field_count, schema->fields, true);
}

enum tarn_status tarn__delta_schema_identity(struct tarn_arena *arena, uint32_t count, const struct tarn_field *fields,
                                             const struct tarn__physical **out, struct tarn_error *err)
{
    struct tarn__physical *physical = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*physical));
    if (physical == NULL) {
        return tarn__nomem(arena->env, err, count * sizeof(*physical));
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn_type *type = fields[i].type;
        physical[i] = (struct tarn__physical){.name = tarn__arena_text(arena, fields[i].name), .id = -1, .child_count = type->field_count};
        if (physical[i].name.data == NULL) {
            return tarn__nomem(arena->env, err, fields[i].name.size);
        }
        if (type->field_count != 0) {
            TARN_RETURN_IF_ERROR(tarn__delta_schema_identity(arena, type->field_count, type->fields, &physical[i].children, err));
        }
    }
    *out = physical;
    return TARN_OK;
}

static void print_fields(struct tarn_json_printer *json, uint32_t count, const struct tarn_field *fields,
                         const struct tarn__physical *physical, bool mapping);

static void print_geospatial(struct tarn_json_printer *json, const struct tarn_type *type)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, json->out->env);
    tarn__builder_add_str(&text, type->id == TARN_TYPE_GEOMETRY ? "geometry(" : "geography(");
    tarn__builder_add(&text, type->zone.size != 0 ? type->zone : TARN_TEXT("OGC:CRS84"));
    tarn__builder_add_str(&text, type->id == TARN_TYPE_GEOMETRY ? ")" : ", spherical)");
    json->out->failed = json->out->failed || text.failed;
    tarn__json_print_string(json, tarn__builder_text(&text));
    tarn__builder_free(&text);
}

static void print_type(struct tarn_json_printer *json, const struct tarn_type *type, const struct tarn__physical *physical, bool mapping)
{
    char text[32];
    const char *word = NULL;
    switch (type->id) {
    case TARN_TYPE_BOOL:
        word = "boolean";
        break;
    case TARN_TYPE_I8:
        word = "byte";
        break;
    case TARN_TYPE_I16:
        word = "short";
        break;
    case TARN_TYPE_I32:
        word = "integer";
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
    case TARN_TYPE_STRING:
        word = "string";
        break;
    case TARN_TYPE_BINARY:
        word = "binary";
        break;
    case TARN_TYPE_TIMESTAMP:
        word = type->utc ? "timestamp" : "timestamp_ntz";
        break;
    case TARN_TYPE_DECIMAL:
        snprintf(text, sizeof(text), "decimal(%d,%d)", type->precision, type->scale);
        word = text;
        break;
    case TARN_TYPE_LIST:
        tarn__json_print_begin_object(json);
        tarn__json_print_key(json, TARN_TEXT("type"));
        tarn__json_print_str(json, "array");
        tarn__json_print_key(json, TARN_TEXT("elementType"));
        print_type(json, type->fields[0].type, &physical->children[0], mapping);
        tarn__json_print_key(json, TARN_TEXT("containsNull"));
        tarn__json_print_bool(json, type->fields[0].nullable);
        tarn__json_print_end_object(json);
        return;
    case TARN_TYPE_MAP:
        tarn__json_print_begin_object(json);
        tarn__json_print_key(json, TARN_TEXT("type"));
        tarn__json_print_str(json, "map");
        tarn__json_print_key(json, TARN_TEXT("keyType"));
        print_type(json, type->fields[0].type, &physical->children[0], mapping);
        tarn__json_print_key(json, TARN_TEXT("valueType"));
        print_type(json, type->fields[1].type, &physical->children[1], mapping);
        tarn__json_print_key(json, TARN_TEXT("valueContainsNull"));
        tarn__json_print_bool(json, type->fields[1].nullable);
        tarn__json_print_end_object(json);
        return;
    case TARN_TYPE_STRUCT:
        print_fields(json, type->field_count, type->fields, physical->children, mapping);
        return;
    case TARN_TYPE_VARIANT:
        word = "variant";
        break;
    case TARN_TYPE_INTERVAL:
        word = "interval year to month";
        break;
    case TARN_TYPE_DURATION:
        word = "interval day to second";
        break;
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        print_geospatial(json, type);
        return;
    default: /* map_type and the parser let nothing else through */
        word = "void";
        break;
    }
    tarn__json_print_str(json, word);
}

static void print_fields(struct tarn_json_printer *json, uint32_t count, const struct tarn_field *fields,
                         const struct tarn__physical *physical, bool mapping)
{
    tarn__json_print_begin_object(json);
    tarn__json_print_key(json, TARN_TEXT("type"));
    tarn__json_print_str(json, "struct");
    tarn__json_print_key(json, TARN_TEXT("fields"));
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < count; i++) {
        tarn__json_print_begin_object(json);
        tarn__json_print_key(json, TARN_TEXT("name"));
        tarn__json_print_string(json, fields[i].name);
        tarn__json_print_key(json, TARN_TEXT("type"));
        print_type(json, fields[i].type, &physical[i], mapping);
        tarn__json_print_key(json, TARN_TEXT("nullable"));
        tarn__json_print_bool(json, fields[i].nullable);
        tarn__json_print_key(json, TARN_TEXT("metadata"));
        tarn__json_print_begin_object(json);
        for (uint32_t p = 0; p < fields[i].property_count; p++) {
            tarn__json_print_key(json, fields[i].properties[p].key);
            tarn__json_print_string(json, fields[i].properties[p].value);
        }
        if (mapping) {
            tarn__json_print_key(json, TARN_TEXT("delta.columnMapping.id"));
            tarn__json_print_int64(json, physical[i].id);
            tarn__json_print_key(json, TARN_TEXT("delta.columnMapping.physicalName"));
            tarn__json_print_string(json, physical[i].name);
        }
        tarn__json_print_end_object(json);
        tarn__json_print_end_object(json);
    }
    tarn__json_print_end_array(json);
    tarn__json_print_end_object(json);
}

void tarn__delta_schema_print(const struct tarn_schema *schema, const struct tarn__physical *physical, bool mapping,
                              struct tarn_text_builder *out)
{
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, out);
    print_fields(&json, schema->field_count, schema->fields, physical, mapping);
}
