/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas out of JSON.
 *
 * Specification: Iceberg table spec, "Schemas and Data Types", Appendix C "Schemas". SPEC: T-ICEBERG-SCHEMA-1 to 3.
 *
 * Invariants
 *  1. Nesting is limited before it is followed; a value is parsed once a level.
 *  2. Every field has an id, and no two have the same.
 *  3. A word of the next version of the specification is UNSUPPORTED by its name; a word of none is CORRUPT.
 */
#include "txlog/iceberg/iceberg_schema.h"

#include <stdlib.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "format/json/json_pull.h"
#include "txlog/iceberg/iceberg_value.h"

struct parser {
    struct tarn_arena *arena;
    int32_t *ids; /* seen so far */
    size_t id_count;
};

static enum tarn_status parse_type(struct parser *parser, struct tarn_text json, unsigned depth, struct tarn_type *out,
                                   struct tarn_error *err);

static enum tarn_status bad_schema(struct tarn_error *err, const char *what)
{
    return tarn__corrupt(err, "schema", "the table's schema: %s", what);
}

static void open_json(struct parser *parser, struct tarn_json *json, struct tarn_text text)
{
    tarn__json_open(json, &(struct tarn_json_pull_options){.arena = parser->arena, .env = parser->arena->env, .failure = TARN_CORRUPT},
                    text);
}

static enum tarn_status note_id(struct parser *parser, int64_t id, int32_t *out, struct tarn_error *err)
{
    if (id < 0 || id > INT32_MAX) {
        return bad_schema(err, "a field id that is no number of 31 bits");
    }
    if (!tarn__arena_room(parser->arena, &parser->ids, parser->id_count, sizeof(*parser->ids))) {
        return tarn__nomem(parser->arena->env, err, parser->id_count * sizeof(*parser->ids));
    }
    parser->ids[parser->id_count++] = (int32_t)id;
    *out = (int32_t)id;
    return TARN_OK;
}

/* ---- words ---- */

/* "[16]" or "(9, 2)" behind a word: spaces anywhere, nothing behind. */
static bool take_number(struct tarn_text *text, char begin, char end, int32_t *out)
{
    struct tarn_text rest = tarn__text_trim(*text);
    if (rest.size == 0 || rest.data[0] != begin) {
        return false;
    }
    rest = tarn__text_trim((struct tarn_text){rest.data + 1, rest.size - 1});
    size_t digits = 0;
    while (digits < rest.size && tarn__is_digit(rest.data[digits])) {
        digits++;
    }
    int64_t value;
    if (tarn__int64_parse((struct tarn_text){rest.data, digits}, &value) != TARN_PARSED || value > INT32_MAX) {
        return false;
    }
    rest = tarn__text_trim((struct tarn_text){rest.data + digits, rest.size - digits});
    if (rest.size == 0 || rest.data[0] != end) {
        return false;
    }
    *out = (int32_t)value;
    *text = end == ',' ? rest : (struct tarn_text){rest.data + 1, rest.size - 1};
    return true;
}

static bool starts_caseless(struct tarn_text text, struct tarn_text prefix)
{
    return text.size >= prefix.size && tarn__text_equal_caseless((struct tarn_text){text.data, prefix.size}, prefix);
}

static enum tarn_status parse_decimal(struct tarn_text rest, struct tarn_type *out, struct tarn_error *err)
{
    out->id = TARN_TYPE_DECIMAL;
    if (!take_number(&rest, '(', ',', &out->precision) || !take_number(&rest, ',', ')', &out->scale) || tarn__text_trim(rest).size != 0) {
        return bad_schema(err, "a decimal type that cannot be read");
    }
    if (out->precision < 1 || out->precision > 38 || out->scale > out->precision) {
        return bad_schema(err, "a decimal whose precision is not 1 to 38 or whose scale does not fit it");
    }
    return TARN_OK;
}

static enum tarn_status parse_fixed(struct tarn_text rest, struct tarn_type *out, struct tarn_error *err)
{
    int32_t width;
    if (!take_number(&rest, '[', ']', &width) || tarn__text_trim(rest).size != 0 || width < 1) {
        return bad_schema(err, "a fixed type whose length cannot be read");
    }
    *out = (struct tarn_type){.id = TARN_TYPE_FIXED, .width = (uint32_t)width};
    return TARN_OK;
}

static enum tarn_status refuse_later_type(struct tarn_text word, struct tarn_error *err)
{
    if (starts_caseless(word, TARN_TEXT("timestamp_ns")) || starts_caseless(word, TARN_TEXT("timestamptz_ns"))) {
        return tarn__unsupported(err, "iceberg.type.timestamp_nanos", "the table has a column of type %.*s", TARN_TEXT_ARG(word));
    }
    if (starts_caseless(word, TARN_TEXT("geometry")) || starts_caseless(word, TARN_TEXT("geography"))) {
        return tarn__unsupported(err, "iceberg.type.geospatial", "the table has a column of type %.*s", TARN_TEXT_ARG(word));
    }
    if (tarn__text_equal_caseless(word, TARN_TEXT("variant"))) {
        return tarn__unsupported(err, "iceberg.type.variant", "the table has a column of type variant");
    }
    if (tarn__text_equal_caseless(word, TARN_TEXT("unknown"))) {
        return tarn__unsupported(err, "iceberg.type.unknown", "the table has a column of type unknown");
    }
    return tarn__corrupt(err, "schema", "the table's schema: unknown type \"%.*s\"", TARN_TEXT_ARG(word));
}

static enum tarn_status parse_word(struct tarn_text word, struct tarn_type *out, struct tarn_error *err)
{
    static const struct {
        const char *word;
        struct tarn_type type;
    } plain[] = {
        {"boolean", {.id = TARN_TYPE_BOOL}},
        {"int", {.id = TARN_TYPE_I32}},
        {"long", {.id = TARN_TYPE_I64}},
        {"float", {.id = TARN_TYPE_F32}},
        {"double", {.id = TARN_TYPE_F64}},
        {"date", {.id = TARN_TYPE_DATE}},
        {"time", {.id = TARN_TYPE_TIME, .unit = TARN_MICRO}},
        {"timestamp", {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO}},
        {"timestamptz", {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true}},
        {"string", {.id = TARN_TYPE_STRING}},
        {"uuid", {.id = TARN_TYPE_UUID}},
        {"binary", {.id = TARN_TYPE_BINARY}},
    };
    word = tarn__text_trim(word);
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (tarn__text_equal_caseless(word, tarn__text_of(plain[i].word))) {
            *out = plain[i].type;
            return TARN_OK;
        }
    }
    if (starts_caseless(word, TARN_TEXT("decimal"))) {
        return parse_decimal((struct tarn_text){word.data + 7, word.size - 7}, out, err);
    }
    if (starts_caseless(word, TARN_TEXT("fixed"))) {
        return parse_fixed((struct tarn_text){word.data + 5, word.size - 5}, out, err);
    }
    return refuse_later_type(word, err);
}

/* ---- fields ---- */

/* A default that is none of the column's type is damage, any other a feature. */
static enum tarn_status refuse_default(struct parser *parser, const struct tarn_type *type, struct tarn_text given, struct tarn_error *err)
{
    if (given.size == 0 || tarn__text_equal(given, TARN_TEXT("null"))) {
        return TARN_OK;
    }
    if (type->field_count == 0) {
        struct tarn_json json;
        struct tarn_value value;
        open_json(parser, &json, given);
        const enum tarn_status status = tarn__iceberg_value_parse(type, &json, &value, err);
        tarn__json_close(&json);
        TARN_RETURN_IF_ERROR(status);
    }
    return tarn__unsupported(err, "iceberg.default", "the table has a column with an initial default");
}

static enum tarn_status add_comment(struct parser *parser, struct tarn_text doc, struct tarn_field *field, struct tarn_error *err)
{
    struct tarn_property *comment = tarn__arena_alloc(parser->arena, sizeof(*comment));
    if (comment == NULL) {
        return tarn__nomem(parser->arena->env, err, sizeof(*comment));
    }
    *comment = (struct tarn_property){TARN_TEXT("comment"), doc};
    field->properties = comment;
    field->property_count = 1;
    return TARN_OK;
}

static enum tarn_status read_field(struct parser *parser, struct tarn_json *json, struct tarn_field *field, struct tarn_text *type_text,
                                   struct tarn_text *initial, struct tarn_error *err)
{
    bool has_name = false;
    bool has_required = false;
    bool required = false;
    bool is_null = false;
    int64_t id = -1;
    struct tarn_text doc;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        if (tarn__json_is(json, "id")) {
            TARN_RETURN_IF_ERROR(tarn__json_int64(json, &id, NULL, err));
        } else if (tarn__json_is(json, "name")) {
            TARN_RETURN_IF_ERROR(tarn__json_string(json, &field->name, NULL, err));
            has_name = true;
        } else if (tarn__json_is(json, "required")) {
            TARN_RETURN_IF_ERROR(tarn__json_bool(json, &required, NULL, err));
            has_required = true;
        } else if (tarn__json_is(json, "type")) {
            TARN_RETURN_IF_ERROR(tarn__json_raw(json, type_text, err));
        } else if (tarn__json_is(json, "doc")) {
            TARN_RETURN_IF_ERROR(tarn__json_string(json, &doc, &is_null, err));
            if (!is_null) {
                TARN_RETURN_IF_ERROR(add_comment(parser, doc, field, err));
            }
        } else if (tarn__json_is(json, "initial-default")) {
            TARN_RETURN_IF_ERROR(tarn__json_raw(json, initial, err));
        } else {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        }
    }
    if (!has_name || !has_required || type_text->size == 0) {
        return bad_schema(err, "a field without name, type or \"required\"");
    }
    field->nullable = !required;
    return note_id(parser, id, &field->id, err);
}

static enum tarn_status parse_member(struct parser *parser, struct tarn_text text, unsigned depth, struct tarn_field *field,
                                     struct tarn_error *err)
{
    *field = (struct tarn_field){.id = -1};
    struct tarn_text type_text = {NULL, 0};
    struct tarn_text initial = {NULL, 0};
    struct tarn_json json;
    open_json(parser, &json, text);
    enum tarn_status status = read_field(parser, &json, field, &type_text, &initial, err);
    tarn__json_close(&json);
    struct tarn_type *type = tarn__arena_alloc(parser->arena, sizeof(*type));
    if (status == TARN_OK && type == NULL) {
        status = tarn__nomem(parser->arena->env, err, sizeof(*type));
    }
    field->type = type;
    if (status == TARN_OK) {
        status = parse_type(parser, type_text, depth + 1, type, err);
    }
    if (status == TARN_OK) {
        status = refuse_default(parser, type, initial, err);
    }
    if (status != TARN_OK && field->name.size != 0) {
        tarn__error_at_column(err, field->name);
    }
    return status;
}

static enum tarn_status parse_struct(struct parser *parser, struct tarn_text array, unsigned depth, struct tarn_type *out,
                                     struct tarn_error *err)
{
    struct tarn_field *fields = NULL;
    size_t count = 0;
    struct tarn_json json;
    open_json(parser, &json, array);
    enum tarn_status status = tarn__json_array(&json, NULL, err);
    for (bool more = true; status == TARN_OK;) {
        status = tarn__json_element(&json, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        if (!tarn__arena_room(parser->arena, &fields, count, sizeof(*fields))) {
            status = tarn__nomem(parser->arena->env, err, count * sizeof(*fields));
            break;
        }
        struct tarn_text member;
        enum tarn_json_event event;
        status = tarn__json_next(&json, &event, err);
        if (status == TARN_OK) {
            status = tarn__json_raw(&json, &member, err);
        }
        if (status == TARN_OK) {
            status = parse_member(parser, member, depth, &fields[count++], err);
        }
    }
    tarn__json_close(&json);
    *out = (struct tarn_type){.id = TARN_TYPE_STRUCT, .field_count = (uint32_t)count, .fields = fields};
    return status;
}

/* ---- nested types ---- */

/* The parts of a nested type's object; index 0 is the element or the key, 1 the value. */
struct type_parts {
    struct tarn_text kind;
    struct tarn_text fields;
    struct tarn_text types[2];
    int64_t ids[2];
    bool required[2];
    bool has_required[2];
    int64_t schema_id;
    struct tarn_text identifiers;
};

/* One key of the object and its value. */
static enum tarn_status read_part(struct tarn_json *json, struct type_parts *parts, struct tarn_error *err)
{
    static const char *const types[] = {"element", "key", "value"};
    static const char *const ids[] = {"element-id", "key-id", "value-id"};
    static const char *const required[] = {"element-required", NULL, "value-required"};
    for (int i = 0; i < 3; i++) {
        const int slot = i == 2;
        if (tarn__text_equal(json->text, tarn__text_of(types[i]))) {
            return tarn__json_raw(json, &parts->types[slot], err);
        }
        if (tarn__text_equal(json->text, tarn__text_of(ids[i]))) {
            return tarn__json_int64(json, &parts->ids[slot], NULL, err);
        }
        if (required[i] != NULL && tarn__text_equal(json->text, tarn__text_of(required[i]))) {
            parts->has_required[slot] = true;
            return tarn__json_bool(json, &parts->required[slot], NULL, err);
        }
    }
    if (tarn__json_is(json, "type")) {
        return tarn__json_string(json, &parts->kind, NULL, err);
    }
    if (tarn__json_is(json, "fields")) {
        return tarn__json_raw(json, &parts->fields, err);
    }
    if (tarn__json_is(json, "schema-id")) {
        return tarn__json_int64(json, &parts->schema_id, NULL, err);
    }
    if (tarn__json_is(json, "identifier-field-ids")) {
        return tarn__json_raw(json, &parts->identifiers, err);
    }
    return tarn__json_skip(json, err);
}

static enum tarn_status read_parts(struct parser *parser, struct tarn_text text, struct type_parts *parts, struct tarn_error *err)
{
    *parts = (struct type_parts){.ids = {-1, -1}};
    struct tarn_json json;
    open_json(parser, &json, text);
    enum tarn_status status = tarn__json_object(&json, NULL, err);
    for (bool more = true; status == TARN_OK && more;) {
        status = tarn__json_key(&json, &more, err);
        if (status == TARN_OK && more) {
            status = read_part(&json, parts, err);
        }
    }
    if (status == TARN_OK) {
        enum tarn_json_event event;
        status = tarn__json_next(&json, &event, err); /* nothing behind */
    }
    tarn__json_close(&json);
    return status;
}

static enum tarn_status make_nested(struct parser *parser, const struct type_parts *parts, bool is_map, unsigned depth,
                                    struct tarn_type *out, struct tarn_error *err)
{
    const uint32_t count = is_map ? 2 : 1;
    struct tarn_field *fields = tarn__arena_calloc(parser->arena, count, sizeof(*fields));
    struct tarn_type *types = tarn__arena_calloc(parser->arena, count, sizeof(*types));
    if (fields == NULL || types == NULL) {
        return tarn__nomem(parser->arena->env, err, sizeof(*fields));
    }
    *out = (struct tarn_type){.id = is_map ? TARN_TYPE_MAP : TARN_TYPE_LIST, .field_count = count, .fields = fields};
    for (uint32_t i = 0; i < count; i++) {
        const bool is_key = is_map && i == 0;
        if (parts->types[i].size == 0 || (!is_key && !parts->has_required[i])) {
            return bad_schema(err, "a list or map without the type of what is in it, or without \"required\"");
        }
        fields[i] = (struct tarn_field){.type = &types[i], .nullable = !is_key && !parts->required[i]};
        fields[i].name = !is_map ? TARN_TEXT("element") : is_key ? TARN_TEXT("key") : TARN_TEXT("value");
        TARN_RETURN_IF_ERROR(note_id(parser, parts->ids[i], &fields[i].id, err));
    }
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(parse_type(parser, parts->types[i], depth + 1, &types[i], err));
    }
    return TARN_OK;
}

static enum tarn_status parse_parts(struct parser *parser, const struct type_parts *parts, unsigned depth, struct tarn_type *out,
                                    struct tarn_error *err)
{
    if (tarn__text_equal(parts->kind, TARN_TEXT("struct"))) {
        return parts->fields.size != 0 ? parse_struct(parser, parts->fields, depth, out, err) : bad_schema(err, "a struct without fields");
    }
    if (tarn__text_equal(parts->kind, TARN_TEXT("list")) || tarn__text_equal(parts->kind, TARN_TEXT("map"))) {
        return make_nested(parser, parts, parts->kind.data[0] == 'm', depth, out, err);
    }
    return bad_schema(err, "a nested type that is no struct, list or map");
}

static enum tarn_status parse_type(struct parser *parser, struct tarn_text json, unsigned depth, struct tarn_type *out,
                                   struct tarn_error *err)
{
    *out = (struct tarn_type){.id = TARN_TYPE_NULL};
    if (depth > TARN_MAX_DEPTH) {
        return tarn__error_set(err, TARN_LIMIT, "schema_depth", "the table's schema is nested deeper than %d", TARN_MAX_DEPTH);
    }
    if (json.size != 0 && json.data[0] == '{') {
        struct type_parts parts;
        TARN_RETURN_IF_ERROR(read_parts(parser, json, &parts, err));
        return parse_parts(parser, &parts, depth, out, err);
    }
    struct tarn_json word;
    open_json(parser, &word, json);
    struct tarn_text text = {NULL, 0};
    enum tarn_status status = tarn__json_string(&word, &text, NULL, err);
    tarn__json_close(&word);
    return status == TARN_OK ? parse_word(text, out, err) : status;
}

enum tarn_status tarn__iceberg_type_parse(struct tarn_text json, struct tarn_arena *arena, const struct tarn_type **out,
                                          struct tarn_error *err)
{
    struct parser parser = {.arena = arena};
    struct tarn_type *type = tarn__arena_alloc(arena, sizeof(*type));
    *out = NULL;
    if (type == NULL) {
        return tarn__nomem(arena->env, err, sizeof(*type));
    }
    TARN_RETURN_IF_ERROR(parse_type(&parser, json, 0, type, err));
    *out = type;
    return TARN_OK;
}

/* ---- the whole ---- */

static int compare_ids(const void *a, const void *b)
{
    const int32_t left = *(const int32_t *)a;
    const int32_t right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

static enum tarn_status check_ids(struct parser *parser, int32_t *highest, struct tarn_error *err)
{
    *highest = 0;
    if (parser->id_count == 0) {
        return TARN_OK;
    }
    qsort(parser->ids, parser->id_count, sizeof(*parser->ids), compare_ids);
    for (size_t i = 1; i < parser->id_count; i++) {
        if (parser->ids[i] == parser->ids[i - 1]) {
            return tarn__corrupt(err, "schema", "the table's schema: two fields have the id %d", parser->ids[i]);
        }
    }
    *highest = parser->ids[parser->id_count - 1];
    return TARN_OK;
}

static enum tarn_status parse_identifiers(struct parser *parser, struct tarn_text array, struct tarn__iceberg_schema *out,
                                          struct tarn_error *err)
{
    int32_t *ids = NULL;
    size_t count = 0;
    struct tarn_json json;
    open_json(parser, &json, array);
    bool is_null = false;
    enum tarn_status status = tarn__json_array(&json, &is_null, err);
    for (bool more = true; status == TARN_OK && !is_null;) {
        status = tarn__json_element(&json, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        if (!tarn__arena_room(parser->arena, &ids, count, sizeof(*ids))) {
            status = tarn__nomem(parser->arena->env, err, count * sizeof(*ids));
            break;
        }
        int64_t id = -1;
        status = tarn__json_int64(&json, &id, NULL, err);
        const int32_t key = (int32_t)id;
        if (status == TARN_OK && (id < 0 || id > INT32_MAX || parser->id_count == 0 ||
                                  bsearch(&key, parser->ids, parser->id_count, sizeof(key), compare_ids) == NULL)) {
            status = bad_schema(err, "an identifier field that the schema does not have");
        }
        ids[count++] = key;
    }
    tarn__json_close(&json);
    out->identifier_count = (uint32_t)count;
    out->identifier_ids = ids;
    return status;
}

enum tarn_status tarn__iceberg_schema_parse(struct tarn_env *env, struct tarn_text json, struct tarn_arena *arena,
                                            struct tarn__iceberg_schema *out, struct tarn_error *err)
{
    *out = (struct tarn__iceberg_schema){0};
    struct parser parser = {.arena = arena};
    struct tarn__iceberg_schema made = {0};
    struct type_parts parts;
    struct tarn_type root;
    TARN_RETURN_IF_ERROR(read_parts(&parser, json, &parts, err));
    if (!tarn__text_equal(parts.kind, TARN_TEXT("struct"))) {
        return bad_schema(err, "the whole must be of type struct");
    }
    if (parts.schema_id < 0 || parts.schema_id > INT32_MAX) {
        return bad_schema(err, "a schema-id that is no number of 31 bits");
    }
    made.id = (int32_t)parts.schema_id;
    TARN_RETURN_IF_ERROR(parse_parts(&parser, &parts, 0, &root, err));
    TARN_RETURN_IF_ERROR(check_ids(&parser, &made.highest_id, err));
    if (parts.identifiers.size != 0) {
        TARN_RETURN_IF_ERROR(parse_identifiers(&parser, parts.identifiers, &made, err));
    }
    enum tarn_status status = tarn_schema_make(env, root.field_count, root.fields, 0, NULL, &made.schema, err);
    if (status == TARN_INVALID) { /* stored bytes, not the caller's */
        if (err != NULL) {
            tarn__text_copy(err->detail, sizeof(err->detail), TARN_TEXT("schema"), false);
        }
        return tarn__error_recode(err, TARN_CORRUPT);
    }
    if (status == TARN_OK) {
        status = tarn__iceberg_schema_physical(arena, made.schema->field_count, made.schema->fields, &made.physical, err);
    }
    if (status != TARN_OK) {
        tarn_schema_release(made.schema);
        return status;
    }
    *out = made;
    return TARN_OK;
}
