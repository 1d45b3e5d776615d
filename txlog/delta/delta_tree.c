/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas to be changed: JSON to a tree and back.
 *
 * Specification: Delta PROTOCOL.md, "Schema Serialization Format".
 *
 * Invariants
 *  1. What was parsed prints as the same schema: order, nullability and every key of column metadata, whose values are never decoded.
 *  2. Nesting is limited before it is followed.
 */
#include "txlog/delta/delta_tree.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "format/json/json_print.h"
#include "format/json/json_pull.h"
#include "txlog/delta/delta_schema.h"

static enum tarn_status bad_schema(struct tarn_error *err, const char *what)
{
    return tarn__corrupt(err, "schema", "the table's schema: %s", what);
}

static void open_json(struct tarn_arena *arena, struct tarn_json *json, struct tarn_text text)
{
    tarn__json_open(json, &(struct tarn_json_pull_options){.arena = arena, .env = arena->env, .failure = TARN_CORRUPT}, text);
}

static enum tarn_status parse_type(struct tarn_arena *arena, struct tarn_text json, unsigned depth, struct tarn__tree_type **out,
                                   struct tarn_error *err);

static enum tarn_status room(struct tarn_arena *arena, struct tarn__tree_type *type, struct tarn_error *err)
{
    if (type->field_count < type->field_capacity) {
        return TARN_OK;
    }
    const uint32_t capacity = type->field_capacity == 0 ? 8 : type->field_capacity * 2;
    struct tarn__tree_field *grown = tarn__arena_calloc(arena, capacity, sizeof(*grown));
    if (grown == NULL) {
        return tarn__nomem(arena->env, err, capacity * sizeof(*grown));
    }
    if (type->field_count != 0) {
        memcpy(grown, type->fields, type->field_count * sizeof(*grown));
    }
    type->fields = grown;
    type->field_capacity = capacity;
    return TARN_OK;
}

static enum tarn_status add_property(struct tarn_arena *arena, struct tarn__tree_field *field, struct tarn_text key, struct tarn_text json,
                                     struct tarn_error *err)
{
    if (field->property_count == field->property_capacity) {
        const uint32_t capacity = field->property_capacity == 0 ? 4 : field->property_capacity * 2;
        struct tarn_property *grown = tarn__arena_calloc(arena, capacity, sizeof(*grown));
        if (grown == NULL) {
            return tarn__nomem(arena->env, err, capacity * sizeof(*grown));
        }
        if (field->property_count != 0) {
            memcpy(grown, field->properties, field->property_count * sizeof(*grown));
        }
        field->properties = grown;
        field->property_capacity = capacity;
    }
    field->properties[field->property_count++] = (struct tarn_property){key, json};
    return TARN_OK;
}

static enum tarn_status parse_metadata(struct tarn_arena *arena, struct tarn_text text, struct tarn__tree_field *field,
                                       struct tarn_error *err)
{
    struct tarn_json json;
    open_json(arena, &json, text);
    bool is_null = false;
    enum tarn_status status = tarn__json_object(&json, &is_null, err);
    for (bool more = !is_null; status == TARN_OK && more;) {
        status = tarn__json_key(&json, &more, err);
        if (status == TARN_OK && more) {
            const struct tarn_text key = json.text;
            struct tarn_text value;
            status = tarn__json_raw(&json, &value, err);
            status = status == TARN_OK ? add_property(arena, field, key, value, err) : status;
        }
    }
    tarn__json_close(&json);
    return status;
}

static enum tarn_status parse_field(struct tarn_arena *arena, struct tarn_text text, unsigned depth, struct tarn__tree_field *field,
                                    struct tarn_error *err)
{
    struct tarn_text type = {NULL, 0};
    struct tarn_text metadata = {NULL, 0};
    bool named = false;
    struct tarn_json json;
    *field = (struct tarn__tree_field){.nullable = true};
    open_json(arena, &json, text);
    enum tarn_status status = tarn__json_object(&json, NULL, err);
    for (bool more = true; status == TARN_OK && more;) {
        status = tarn__json_key(&json, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        if (tarn__json_is(&json, "name")) {
            status = tarn__json_string(&json, &field->name, NULL, err);
            named = true;
        } else if (tarn__json_is(&json, "type")) {
            status = tarn__json_raw(&json, &type, err);
        } else if (tarn__json_is(&json, "nullable")) {
            status = tarn__json_bool(&json, &field->nullable, NULL, err);
        } else if (tarn__json_is(&json, "metadata")) {
            status = tarn__json_raw(&json, &metadata, err);
        } else {
            status = tarn__json_skip(&json, err);
        }
    }
    tarn__json_close(&json);
    TARN_RETURN_IF_ERROR(status);
    if (!named || type.size == 0) {
        return bad_schema(err, "a field without name or type");
    }
    if (metadata.size != 0) {
        TARN_RETURN_IF_ERROR(parse_metadata(arena, metadata, field, err));
    }
    return parse_type(arena, type, depth, &field->type, err);
}

static enum tarn_status parse_fields(struct tarn_arena *arena, struct tarn_text array, unsigned depth, struct tarn__tree_type *type,
                                     struct tarn_error *err)
{
    struct tarn_json json;
    open_json(arena, &json, array);
    enum tarn_status status = tarn__json_array(&json, NULL, err);
    for (bool more = true; status == TARN_OK;) {
        struct tarn_text field;
        enum tarn_json_event event;
        status = tarn__json_element(&json, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        status = tarn__json_next(&json, &event, err);
        status = status == TARN_OK ? tarn__json_raw(&json, &field, err) : status;
        status = status == TARN_OK ? room(arena, type, err) : status;
        status = status == TARN_OK ? parse_field(arena, field, depth, &type->fields[type->field_count], err) : status;
        type->field_count += status == TARN_OK;
    }
    tarn__json_close(&json);
    return status;
}

static enum tarn_status add_member(struct tarn_arena *arena, struct tarn__tree_type *type, const char *name, struct tarn_text json,
                                   bool nullable, unsigned depth, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(room(arena, type, err));
    struct tarn__tree_field *field = &type->fields[type->field_count];
    *field = (struct tarn__tree_field){.name = tarn__text_of(name), .nullable = nullable};
    if (json.size == 0) {
        return bad_schema(err, "an array or map without the type of its elements");
    }
    TARN_RETURN_IF_ERROR(parse_type(arena, json, depth, &field->type, err));
    type->field_count++;
    return TARN_OK;
}

/* The parts of a nested type's object. */
struct parts {
    struct tarn_text kind;
    struct tarn_text fields;
    struct tarn_text element;
    struct tarn_text key;
    struct tarn_text value;
    bool contains_null;
    bool value_contains_null;
};

static enum tarn_status read_parts(struct tarn_arena *arena, struct tarn_text text, struct parts *parts, struct tarn_error *err)
{
    struct tarn_json json;
    *parts = (struct parts){.contains_null = true, .value_contains_null = true};
    open_json(arena, &json, text);
    enum tarn_status status = tarn__json_object(&json, NULL, err);
    for (bool more = true; status == TARN_OK && more;) {
        status = tarn__json_key(&json, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        if (tarn__json_is(&json, "type")) {
            status = tarn__json_string(&json, &parts->kind, NULL, err);
        } else if (tarn__json_is(&json, "containsNull")) {
            status = tarn__json_bool(&json, &parts->contains_null, NULL, err);
        } else if (tarn__json_is(&json, "valueContainsNull")) {
            status = tarn__json_bool(&json, &parts->value_contains_null, NULL, err);
        } else {
            struct tarn_text *const slot = tarn__json_is(&json, "fields")        ? &parts->fields
                                           : tarn__json_is(&json, "elementType") ? &parts->element
                                           : tarn__json_is(&json, "keyType")     ? &parts->key
                                           : tarn__json_is(&json, "valueType")   ? &parts->value
                                                                                 : NULL;
            status = slot != NULL ? tarn__json_raw(&json, slot, err) : tarn__json_skip(&json, err);
        }
    }
    tarn__json_close(&json);
    return status;
}

static enum tarn_status parse_nested(struct tarn_arena *arena, struct tarn_text json, unsigned depth, struct tarn__tree_type *type,
                                     struct tarn_error *err)
{
    struct parts parts;
    TARN_RETURN_IF_ERROR(read_parts(arena, json, &parts, err));
    if (tarn__text_equal(parts.kind, TARN_TEXT("struct"))) {
        type->kind = TARN_TREE_STRUCT;
        return parts.fields.size != 0 ? parse_fields(arena, parts.fields, depth + 1, type, err)
                                      : bad_schema(err, "a struct without fields");
    }
    if (tarn__text_equal(parts.kind, TARN_TEXT("array"))) {
        type->kind = TARN_TREE_LIST;
        return add_member(arena, type, "element", parts.element, parts.contains_null, depth + 1, err);
    }
    if (tarn__text_equal(parts.kind, TARN_TEXT("map"))) {
        type->kind = TARN_TREE_MAP;
        TARN_RETURN_IF_ERROR(add_member(arena, type, "key", parts.key, false, depth + 1, err));
        return add_member(arena, type, "value", parts.value, parts.value_contains_null, depth + 1, err);
    }
    if (tarn__text_equal(parts.kind, TARN_TEXT("udt"))) {
        return tarn__unsupported(err, "delta.type.udt", "the table has a column of a user-defined type");
    }
    return tarn__corrupt(err, "schema", "the table's schema: unknown type \"%.*s\"", TARN_TEXT_ARG(parts.kind));
}

static enum tarn_status parse_type(struct tarn_arena *arena, struct tarn_text json, unsigned depth, struct tarn__tree_type **out,
                                   struct tarn_error *err)
{
    if (depth >= TARN_MAX_DEPTH) {
        return tarn__error_set(err, TARN_LIMIT, "depth", "the table's schema is nested more than %d deep", TARN_MAX_DEPTH);
    }
    struct tarn__tree_type *type = tarn__arena_alloc(arena, sizeof(*type));
    if (type == NULL) {
        return tarn__nomem(arena->env, err, sizeof(*type));
    }
    *out = type;
    if (json.data[0] != '"') {
        return parse_nested(arena, json, depth, type, err);
    }
    struct tarn_json reader;
    open_json(arena, &reader, json);
    const enum tarn_status status = tarn__json_string(&reader, &type->name, NULL, err);
    tarn__json_close(&reader);
    return status;
}

enum tarn_status tarn__tree_parse(struct tarn_arena *arena, struct tarn_text json, struct tarn__tree_type **out, struct tarn_error *err)
{
    *out = NULL;
    while (json.size != 0 && tarn__is_space(json.data[0])) {
        json.data++;
        json.size--;
    }
    if (json.size == 0) {
        return bad_schema(err, "it is empty");
    }
    TARN_RETURN_IF_ERROR(parse_type(arena, json, 0, out, err));
    return (*out)->kind == TARN_TREE_STRUCT ? TARN_OK : bad_schema(err, "the whole must be a struct");
}

/* ---- printing ---- */

static void print_type(struct tarn_json_printer *json, const struct tarn__tree_type *type);

static void print_field(struct tarn_json_printer *json, const struct tarn__tree_field *field)
{
    tarn__json_print_begin_object(json);
    tarn__json_print_key(json, TARN_TEXT("name"));
    tarn__json_print_string(json, field->name);
    tarn__json_print_key(json, TARN_TEXT("type"));
    print_type(json, field->type);
    tarn__json_print_key(json, TARN_TEXT("nullable"));
    tarn__json_print_bool(json, field->nullable);
    tarn__json_print_key(json, TARN_TEXT("metadata"));
    tarn__json_print_begin_object(json);
    for (uint32_t i = 0; i < field->property_count; i++) {
        tarn__json_print_key(json, field->properties[i].key);
        tarn__json_print_raw(json, field->properties[i].value);
    }
    tarn__json_print_end_object(json);
    tarn__json_print_end_object(json);
}

static void print_member(struct tarn_json_printer *json, const char *key, const struct tarn__tree_type *type)
{
    tarn__json_print_key(json, tarn__text_of(key));
    print_type(json, type);
}

static void print_type(struct tarn_json_printer *json, const struct tarn__tree_type *type)
{
    static const char *const words[] = {"", "struct", "array", "map"};
    if (type->kind == TARN_TREE_LEAF) {
        tarn__json_print_string(json, type->name);
        return;
    }
    tarn__json_print_begin_object(json);
    tarn__json_print_key(json, TARN_TEXT("type"));
    tarn__json_print_str(json, words[type->kind]);
    if (type->kind == TARN_TREE_STRUCT) {
        tarn__json_print_key(json, TARN_TEXT("fields"));
        tarn__json_print_begin_array(json);
        for (uint32_t i = 0; i < type->field_count; i++) {
            print_field(json, &type->fields[i]);
        }
        tarn__json_print_end_array(json);
    } else if (type->kind == TARN_TREE_LIST) {
        print_member(json, "elementType", type->fields[0].type);
        tarn__json_print_key(json, TARN_TEXT("containsNull"));
        tarn__json_print_bool(json, type->fields[0].nullable);
    } else {
        print_member(json, "keyType", type->fields[0].type);
        print_member(json, "valueType", type->fields[1].type);
        tarn__json_print_key(json, TARN_TEXT("valueContainsNull"));
        tarn__json_print_bool(json, type->fields[1].nullable);
    }
    tarn__json_print_end_object(json);
}

void tarn__tree_print(const struct tarn__tree_type *tree, struct tarn_text_builder *out)
{
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, out);
    print_type(&json, tree);
}

enum tarn_status tarn__tree_of_schema(struct tarn_arena *arena, const struct tarn_schema *schema, struct tarn__tree_type **out,
                                      struct tarn_error *err)
{
    const struct tarn__physical *physical;
    struct tarn_text_builder json;
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__delta_schema_identity(arena, schema->field_count, schema->fields, &physical, err));
    tarn__builder_init(&json, arena->env);
    tarn__delta_schema_print(schema, physical, false, &json);
    enum tarn_status status = tarn__builder_status(&json, err);
    if (status == TARN_OK) {
        const struct tarn_text text = tarn__arena_text(arena, tarn__builder_text(&json));
        status = text.data != NULL ? tarn__tree_parse(arena, text, out, err) : tarn__nomem(arena->env, err, json.size);
    }
    tarn__builder_free(&json);
    return status;
}

/* ---- finding and changing ---- */

uint32_t tarn__tree_member(const struct tarn__tree_type *type, struct tarn_text name)
{
    uint32_t caseless = UINT32_MAX;
    uint32_t found = 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (tarn__text_equal(type->fields[i].name, name)) {
            return i;
        }
        if (tarn__text_equal_caseless(type->fields[i].name, name)) {
            caseless = i;
            found++;
        }
    }
    return found == 1 ? caseless : UINT32_MAX;
}

enum tarn_status tarn__tree_find(struct tarn_arena *arena, struct tarn__tree_type *tree, struct tarn_column_name path,
                                 struct tarn__tree_place *out, struct tarn_error *err)
{
    *out = (struct tarn__tree_place){.parent = tree};
    struct tarn__tree_type *at = tree;
    for (uint32_t i = 0; i < path.count; i++) {
        const uint32_t index = tarn__tree_member(at, path.names[i]);
        if (index == UINT32_MAX) {
            tarn__error_set(err, TARN_NOT_FOUND, "column", "the table has no column \"%.*s\"", TARN_TEXT_ARG(path.names[i]));
            tarn__error_at_column(err, path.names[0]);
            return TARN_NOT_FOUND;
        }
        out->parent = at;
        out->index = index;
        out->field = &at->fields[index];
        if (at->kind == TARN_TREE_STRUCT) {
            out->anchor = out->field;
            out->inside = (struct tarn_text){"", 0};
        } else {
            char *joined = tarn__arena_alloc(arena, out->inside.size + out->field->name.size + 2);
            if (joined == NULL) {
                return tarn__nomem(arena->env, err, out->inside.size);
            }
            size_t size = out->inside.size;
            memcpy(joined, tarn__text_chars(out->inside), size);
            if (size != 0) {
                joined[size++] = '.';
            }
            memcpy(joined + size, out->field->name.data, out->field->name.size);
            out->inside = (struct tarn_text){joined, size + out->field->name.size};
        }
        at = out->field->type;
    }
    return TARN_OK;
}

enum tarn_status tarn__tree_insert(struct tarn_arena *arena, struct tarn__tree_type *type, uint32_t at,
                                   const struct tarn__tree_field *field, struct tarn_error *err)
{
    const struct tarn__tree_field copy = *field; /* it may be one of the type's own */
    TARN_RETURN_IF_ERROR(room(arena, type, err));
    memmove(&type->fields[at + 1], &type->fields[at], (type->field_count - at) * sizeof(*type->fields));
    type->fields[at] = copy;
    type->field_count++;
    return TARN_OK;
}

void tarn__tree_remove(struct tarn__tree_type *type, uint32_t at)
{
    memmove(&type->fields[at], &type->fields[at + 1], (type->field_count - at - 1) * sizeof(*type->fields));
    type->field_count--;
}

const struct tarn_text *tarn__tree_get(const struct tarn__tree_field *field, struct tarn_text key)
{
    for (uint32_t i = 0; i < field->property_count; i++) {
        if (tarn__text_equal(field->properties[i].key, key)) {
            return &field->properties[i].value;
        }
    }
    return NULL;
}

enum tarn_status tarn__tree_set(struct tarn_arena *arena, struct tarn__tree_field *field, struct tarn_text key, struct tarn_text json,
                                struct tarn_error *err)
{
    for (uint32_t i = 0; i < field->property_count; i++) {
        if (tarn__text_equal(field->properties[i].key, key)) {
            field->properties[i].value = json;
            return TARN_OK;
        }
    }
    return add_property(arena, field, key, json, err);
}

enum tarn_status tarn__tree_set_text(struct tarn_arena *arena, struct tarn__tree_field *field, struct tarn_text key, struct tarn_text value,
                                     struct tarn_error *err)
{
    struct tarn_text_builder json;
    tarn__builder_init(&json, arena->env);
    tarn__json_put_string(&json, value);
    enum tarn_status status = tarn__builder_status(&json, err);
    if (status == TARN_OK) {
        const struct tarn_text text = tarn__arena_text(arena, tarn__builder_text(&json));
        status = text.data != NULL ? tarn__tree_set(arena, field, key, text, err) : tarn__nomem(arena->env, err, json.size);
    }
    tarn__builder_free(&json);
    return status;
}

enum tarn_status tarn__tree_set_int(struct tarn_arena *arena, struct tarn__tree_field *field, struct tarn_text key, int64_t value,
                                    struct tarn_error *err)
{
    char number[TARN_NUMBER_TEXT];
    const struct tarn_text text = tarn__arena_text(arena, (struct tarn_text){number, tarn__int64_print(value, number)});
    return text.data != NULL ? tarn__tree_set(arena, field, key, text, err) : tarn__nomem(arena->env, err, sizeof(number));
}

bool tarn__tree_unset(struct tarn__tree_field *field, struct tarn_text key)
{
    for (uint32_t i = 0; i < field->property_count; i++) {
        if (tarn__text_equal(field->properties[i].key, key)) {
            memmove(&field->properties[i], &field->properties[i + 1], (field->property_count - i - 1) * sizeof(*field->properties));
            field->property_count--;
            return true;
        }
    }
    return false;
}
