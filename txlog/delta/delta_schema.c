/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas out of JSON.
 *
 * Specification: Delta PROTOCOL.md, "Schema Serialization Format", "Column Mapping"; Spark's StructType.json.
 *
 * Invariants
 *  1. Nesting is limited before it is followed; a value is parsed once a level.
 *  2. The field array of a struct and its array of physical names have the same length and order.
 *  3. Ids of elements, keys and values stand with the next column or member around them; files find these by place, ids or not.
 */
#include "txlog/delta/delta_schema.h"

#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "format/json/json_pull.h"

struct parser {
    struct tarn_env *env;
    struct tarn_arena *arena;
    bool mapping;
    bool mapped;
};

static enum tarn_status parse_type(struct parser *parser, struct tarn_text json, unsigned depth, struct tarn_type *out,
                                   struct tarn__physical *physical, struct tarn_error *err);

static enum tarn_status bad_schema(struct tarn_error *err, const char *what)
{
    return tarn__corrupt(err, "schema", "the table's schema: %s", what);
}

static void open_json(struct parser *parser, struct tarn_json *json, struct tarn_text text)
{
    tarn__json_open(json, &(struct tarn_json_pull_options){.arena = parser->arena, .env = parser->env, .failure = TARN_CORRUPT}, text);
}

static bool take_number(struct tarn_text *text, char end, int32_t *out)
{
    int64_t value = 0;
    size_t i = 0;
    while (i < text->size && text->data[i] == ' ') {
        i++;
    }
    const size_t begin = i;
    while (i < text->size && (tarn__is_digit(text->data[i]) || (i == begin && text->data[i] == '-'))) {
        i++;
    }
    if (tarn__int64_parse((struct tarn_text){text->data + begin, i - begin}, &value) != TARN_PARSED || value < -1000 || value > 1000) {
        return false;
    }
    while (i < text->size && text->data[i] == ' ') {
        i++;
    }
    if (i >= text->size || text->data[i] != end) {
        return false;
    }
    *out = (int32_t)value;
    text->data += i + 1;
    text->size -= i + 1;
    return true;
}

static enum tarn_status parse_decimal(struct tarn_text name, struct tarn_type *out, struct tarn_error *err)
{
    out->id = TARN_TYPE_DECIMAL;
    out->precision = 10;
    if (tarn__text_equal(name, TARN_TEXT("decimal"))) {
        return TARN_OK;
    }
    name.data += 8;
    name.size -= 8;
    if (!take_number(&name, ',', &out->precision) || !take_number(&name, ')', &out->scale) || name.size != 0) {
        return bad_schema(err, "a decimal type that cannot be read");
    }
    if (out->precision < 1 || out->precision > 38 || out->scale < 0 || out->scale > out->precision) {
        return bad_schema(err, "a decimal whose precision is not 1 to 38 or whose scale does not fit it");
    }
    return TARN_OK;
}

/* "interval year to month", "interval day to second" and the narrower spellings: months, or microseconds. */
static bool parse_interval(struct tarn_text name, struct tarn_type *out)
{
    static const struct {
        const char *unit;
        bool months;
    } units[] = {{"year", true}, {"month", true}, {"day", false}, {"hour", false}, {"minute", false}, {"second", false}};
    enum { UNITS = sizeof(units) / sizeof(units[0]) };
    name.data += 9;
    name.size -= 9;
    for (size_t from = 0; from < UNITS; from++) {
        for (size_t to = from; to < UNITS && units[to].months == units[from].months; to++) {
            char text[32];
            const int size =
                snprintf(text, sizeof(text), "%s%s%s", units[from].unit, from != to ? " to " : "", from != to ? units[to].unit : "");
            if (tarn__text_equal(name, (struct tarn_text){text, (size_t)size})) {
                *out = units[from].months ? (struct tarn_type){.id = TARN_TYPE_INTERVAL}
                                          : (struct tarn_type){.id = TARN_TYPE_DURATION, .unit = TARN_MICRO};
                return true;
            }
        }
    }
    return false;
}

static struct tarn_text trimmed(struct tarn_text text)
{
    while (text.size != 0 && text.data[0] == ' ') {
        text.data++;
        text.size--;
    }
    while (text.size != 0 && text.data[text.size - 1] == ' ') {
        text.size--;
    }
    return text;
}

/* geometry(CRS), geography(CRS, ALGORITHM) */
static enum tarn_status parse_geospatial(struct tarn_text name, struct tarn_type *out, struct tarn_error *err)
{
    const bool geography = tarn__text_starts(name, TARN_TEXT("geography"));
    struct tarn_text rest = {name.data + (geography ? 9 : 8), name.size - (geography ? 9 : 8)};
    *out = (struct tarn_type){.id = geography ? TARN_TYPE_GEOGRAPHY : TARN_TYPE_GEOMETRY};
    if (rest.size == 0) {
        return TARN_OK;
    }
    if (rest.size < 2 || rest.data[0] != '(' || rest.data[rest.size - 1] != ')') {
        return bad_schema(err, "a geospatial type that cannot be read");
    }
    rest = (struct tarn_text){rest.data + 1, rest.size - 2};
    const char *comma = rest.size != 0 ? memrchr(rest.data, ',', rest.size) : NULL;
    if (comma != NULL) {
        const struct tarn_text edges = trimmed((struct tarn_text){comma + 1, (size_t)(rest.data + rest.size - comma - 1)});
        if (!tarn__text_equal_caseless(edges, TARN_TEXT("spherical"))) {
            return tarn__unsupported(err, "delta.type.geospatial", "the table has a column of type %.*s", TARN_TEXT_ARG(name));
        }
        rest.size = (size_t)(comma - rest.data);
    }
    rest = trimmed(rest);
    /* What every reader takes for granted is not said twice: a file's column, too, names its system only where it is another. */
    out->zone = tarn__text_equal_caseless(rest, TARN_TEXT("OGC:CRS84")) ? (struct tarn_text){NULL, 0} : rest;
    return TARN_OK;
}

enum tarn_status tarn__delta_type_parse(struct tarn_text name, struct tarn_type *out, struct tarn_error *err)
{
    *out = (struct tarn_type){.id = TARN_TYPE_NULL};
    static const struct {
        const char *name;
        enum tarn_type_id id;
    } plain[] = {
        {"string", TARN_TYPE_STRING},   {"long", TARN_TYPE_I64},  {"integer", TARN_TYPE_I32}, {"short", TARN_TYPE_I16},
        {"byte", TARN_TYPE_I8},         {"float", TARN_TYPE_F32}, {"double", TARN_TYPE_F64},  {"boolean", TARN_TYPE_BOOL},
        {"binary", TARN_TYPE_BINARY},   {"date", TARN_TYPE_DATE}, {"void", TARN_TYPE_NULL},   {"null", TARN_TYPE_NULL},
        {"variant", TARN_TYPE_VARIANT},
    };
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (tarn__text_equal(name, tarn__text_of(plain[i].name))) {
            out->id = plain[i].id;
            return TARN_OK;
        }
    }
    if (tarn__text_equal(name, TARN_TEXT("timestamp"))) {
        *out = (struct tarn_type){.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true};
        return TARN_OK;
    }
    if (tarn__text_equal(name, TARN_TEXT("timestamp_ntz")) || tarn__text_equal(name, TARN_TEXT("timestampWithoutTimezone"))) {
        *out = (struct tarn_type){.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO};
        return TARN_OK;
    }
    if (tarn__text_equal(name, TARN_TEXT("decimal")) || tarn__text_starts(name, TARN_TEXT("decimal("))) {
        return parse_decimal(name, out, err);
    }
    if (tarn__text_starts(name, TARN_TEXT("interval ")) && parse_interval(name, out)) {
        return TARN_OK;
    }
    if (tarn__text_starts(name, TARN_TEXT("geometry")) || tarn__text_starts(name, TARN_TEXT("geography"))) {
        return parse_geospatial(name, out, err);
    }
    return tarn__corrupt(err, "schema", "the table's schema: unknown type \"%.*s\"", TARN_TEXT_ARG(name));
}

/* Column metadata: all of it as properties, mapping's part understood. */
static enum tarn_status parse_metadata(struct parser *parser, struct tarn_text text, struct tarn_field *field,
                                       struct tarn__physical *physical, struct tarn_error *err)
{
    struct tarn_json json;
    open_json(parser, &json, text);
    bool is_null = false;
    enum tarn_status status = tarn__json_object(&json, &is_null, err);
    struct tarn_property *properties = NULL;
    uint32_t count = 0;
    uint32_t capacity = 0;
    for (bool more = !is_null; status == TARN_OK && more;) {
        status = tarn__json_key(&json, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        if (count == capacity) {
            capacity = capacity == 0 ? 4 : capacity * 2;
            struct tarn_property *grown = tarn__arena_calloc(parser->arena, capacity, sizeof(*grown));
            if (grown == NULL) {
                status = tarn__nomem(parser->env, err, sizeof(*grown));
                break;
            }
            if (count != 0) {
                memcpy(grown, properties, count * sizeof(*grown));
            }
            properties = grown;
        }
        struct tarn_property *property = &properties[count];
        property->key = json.text;
        status = tarn__json_raw(&json, &property->value, err);
        if (status == TARN_OK && property->value.size != 0 && property->value.data[0] == '"') {
            struct tarn_json inner;
            open_json(parser, &inner, property->value);
            status = tarn__json_string(&inner, &property->value, NULL, err);
            tarn__json_close(&inner);
        }
        if (status != TARN_OK) {
            break;
        }
        count++;
        if (parser->mapping && tarn__text_equal(property->key, TARN_TEXT("delta.columnMapping.physicalName"))) {
            physical->name = property->value;
            parser->mapped = true;
        }
        if (parser->mapping && tarn__text_equal(property->key, TARN_TEXT("delta.columnMapping.id"))) {
            int64_t id;
            if (tarn__int64_parse(property->value, &id) != TARN_PARSED || id < 0 || id > INT32_MAX) {
                status = bad_schema(err, "a column mapping id that is no number");
            } else {
                physical->id = (int32_t)id;
                field->id = (int32_t)id;
            }
        }
    }
    tarn__json_close(&json);
    field->properties = properties;
    field->property_count = count;
    return status;
}

/* The id of a list's or map's member, by its way from the field around it: "col-1.element", "col-1.value.key". */
static enum tarn_status nested_id(struct parser *parser, struct tarn_text ids, struct tarn_text way, int32_t *out, struct tarn_error *err)
{
    struct tarn_json json;
    open_json(parser, &json, ids);
    bool is_null = false;
    enum tarn_status status = tarn__json_object(&json, &is_null, err);
    for (bool more = !is_null; status == TARN_OK && more;) {
        status = tarn__json_key(&json, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        int64_t id;
        if (!tarn__text_equal(json.text, way)) {
            status = tarn__json_skip(&json, err);
            continue;
        }
        status = tarn__json_int64(&json, &id, NULL, err);
        if (status == TARN_OK && (id < 0 || id > INT32_MAX)) {
            status = bad_schema(err, "a column mapping id that is no number");
        }
        *out = status == TARN_OK ? (int32_t)id : *out;
    }
    tarn__json_close(&json);
    return status;
}

static enum tarn_status give_nested_ids(struct parser *parser, struct tarn_text ids, const struct tarn_type *type,
                                        struct tarn__physical *physical, struct tarn_text_builder *way, struct tarn_error *err)
{
    for (uint32_t i = 0; type->id != TARN_TYPE_STRUCT && i < type->field_count; i++) {
        struct tarn__physical *child = (struct tarn__physical *)(uintptr_t)&physical->children[i]; /* of this parser's making */
        const size_t size = way->size;
        tarn__builder_add_char(way, '.');
        tarn__builder_add(way, child->name);
        enum tarn_status status = tarn__builder_status(way, err);
        if (status == TARN_OK) {
            status = nested_id(parser, ids, tarn__builder_text(way), &child->id, err);
        }
        if (status == TARN_OK) {
            status = give_nested_ids(parser, ids, type->fields[i].type, child, way, err);
        }
        TARN_RETURN_IF_ERROR(status);
        way->size = size;
    }
    return TARN_OK;
}

static enum tarn_status read_nested_ids(struct parser *parser, const struct tarn_field *field, struct tarn__physical *physical,
                                        struct tarn_error *err)
{
    for (uint32_t i = 0; parser->mapping && i < field->property_count; i++) {
        if (tarn__text_equal(field->properties[i].key, TARN_TEXT("delta.columnMapping.nested.ids"))) {
            struct tarn_text_builder way;
            tarn__builder_init(&way, parser->env);
            tarn__builder_add(&way, physical->name);
            const enum tarn_status status = give_nested_ids(parser, field->properties[i].value, field->type, physical, &way, err);
            tarn__builder_free(&way);
            return status;
        }
    }
    return TARN_OK;
}

static enum tarn_status parse_field(struct parser *parser, struct tarn_text text, unsigned depth, struct tarn_field *field,
                                    struct tarn__physical *physical, struct tarn_error *err)
{
    *field = (struct tarn_field){.nullable = true, .id = -1};
    *physical = (struct tarn__physical){.id = -1};
    struct tarn_text type_text = {NULL, 0};
    struct tarn_text metadata = {NULL, 0};
    bool has_name = false;
    struct tarn_json json;
    open_json(parser, &json, text);
    enum tarn_status status = tarn__json_object(&json, NULL, err);
    for (bool more = true; status == TARN_OK && more;) {
        status = tarn__json_key(&json, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        if (tarn__json_is(&json, "name")) {
            status = tarn__json_string(&json, &field->name, NULL, err);
            has_name = true;
        } else if (tarn__json_is(&json, "type")) {
            status = tarn__json_raw(&json, &type_text, err);
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
    if (!has_name || type_text.size == 0) {
        return bad_schema(err, "a field without name or type");
    }
    physical->name = field->name;
    if (metadata.size != 0) {
        TARN_RETURN_IF_ERROR(parse_metadata(parser, metadata, field, physical, err));
    }
    struct tarn_type *type = tarn__arena_alloc(parser->arena, sizeof(*type));
    if (type == NULL) {
        return tarn__nomem(parser->env, err, sizeof(*type));
    }
    field->type = type;
    status = parse_type(parser, type_text, depth, type, physical, err);
    if (status == TARN_OK) {
        status = read_nested_ids(parser, field, physical, err);
    }
    if (status != TARN_OK) {
        tarn__error_at_column(err, field->name);
    }
    return status;
}

static enum tarn_status parse_struct(struct parser *parser, struct tarn_text array, unsigned depth, struct tarn_type *out,
                                     struct tarn__physical *physical, struct tarn_error *err)
{
    struct tarn_field *fields = NULL;
    struct tarn__physical *children = NULL;
    uint32_t count = 0;
    uint32_t capacity = 0;
    struct tarn_json json;
    open_json(parser, &json, array);
    enum tarn_status status = tarn__json_array(&json, NULL, err);
    for (bool more = true; status == TARN_OK;) {
        status = tarn__json_element(&json, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        if (count == capacity) {
            capacity = capacity == 0 ? 8 : capacity * 2;
            struct tarn_field *more_fields = tarn__arena_calloc(parser->arena, capacity, sizeof(*fields));
            struct tarn__physical *more_children = tarn__arena_calloc(parser->arena, capacity, sizeof(*children));
            if (more_fields == NULL || more_children == NULL) {
                status = tarn__nomem(parser->env, err, capacity * sizeof(*fields));
                break;
            }
            if (count != 0) {
                memcpy(more_fields, fields, count * sizeof(*fields));
                memcpy(more_children, children, count * sizeof(*children));
            }
            fields = more_fields;
            children = more_children;
        }
        struct tarn_text field;
        enum tarn_json_event event;
        status = tarn__json_next(&json, &event, err);
        if (status == TARN_OK) {
            status = tarn__json_raw(&json, &field, err);
        }
        if (status == TARN_OK) {
            status = parse_field(parser, field, depth, &fields[count], &children[count], err);
        }
        count++;
    }
    tarn__json_close(&json);
    *out = (struct tarn_type){.id = TARN_TYPE_STRUCT, .field_count = count, .fields = fields};
    physical->child_count = count;
    physical->children = children;
    return status;
}

/* The parts of a nested type's object. */
struct type_parts {
    struct tarn_text kind;
    struct tarn_text fields;
    struct tarn_text element;
    struct tarn_text key;
    struct tarn_text value;
    bool contains_null;
    bool value_contains_null;
};

static enum tarn_status read_parts(struct parser *parser, struct tarn_text text, struct type_parts *parts, struct tarn_error *err)
{
    *parts = (struct type_parts){.contains_null = true, .value_contains_null = true};
    struct tarn_json json;
    open_json(parser, &json, text);
    enum tarn_status status = tarn__json_object(&json, NULL, err);
    for (bool more = true; status == TARN_OK && more;) {
        status = tarn__json_key(&json, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        if (tarn__json_is(&json, "type")) {
            status = tarn__json_string(&json, &parts->kind, NULL, err);
        } else if (tarn__json_is(&json, "fields")) {
            status = tarn__json_raw(&json, &parts->fields, err);
        } else if (tarn__json_is(&json, "elementType")) {
            status = tarn__json_raw(&json, &parts->element, err);
        } else if (tarn__json_is(&json, "keyType")) {
            status = tarn__json_raw(&json, &parts->key, err);
        } else if (tarn__json_is(&json, "valueType")) {
            status = tarn__json_raw(&json, &parts->value, err);
        } else if (tarn__json_is(&json, "containsNull")) {
            status = tarn__json_bool(&json, &parts->contains_null, NULL, err);
        } else if (tarn__json_is(&json, "valueContainsNull")) {
            status = tarn__json_bool(&json, &parts->value_contains_null, NULL, err);
        } else {
            status = tarn__json_skip(&json, err);
        }
    }
    tarn__json_close(&json);
    return status;
}

/* The members of a list or map, which have a type and no name in JSON. */
static enum tarn_status parse_members(struct parser *parser, const struct tarn_text *texts, const bool *nullable,
                                      const struct tarn_text *names, uint32_t count, unsigned depth, struct tarn_type *out,
                                      struct tarn__physical *physical, struct tarn_error *err)
{
    struct tarn_field *fields = tarn__arena_calloc(parser->arena, count, sizeof(*fields));
    struct tarn_type *types = tarn__arena_calloc(parser->arena, count, sizeof(*types));
    struct tarn__physical *children = tarn__arena_calloc(parser->arena, count, sizeof(*children));
    if (fields == NULL || types == NULL || children == NULL) {
        return tarn__nomem(parser->env, err, sizeof(*fields));
    }
    for (uint32_t i = 0; i < count; i++) {
        if (texts[i].size == 0) {
            return bad_schema(err, "an array or map without the type of its elements");
        }
        children[i] = (struct tarn__physical){.name = names[i], .id = -1};
        TARN_RETURN_IF_ERROR(parse_type(parser, texts[i], depth, &types[i], &children[i], err));
        fields[i] = (struct tarn_field){.name = names[i], .type = &types[i], .nullable = nullable[i], .id = -1};
    }
    out->field_count = count;
    out->fields = fields;
    physical->child_count = count;
    physical->children = children;
    return TARN_OK;
}

static enum tarn_status parse_type(struct parser *parser, struct tarn_text text, unsigned depth, struct tarn_type *out,
                                   struct tarn__physical *physical, struct tarn_error *err)
{
    *out = (struct tarn_type){.id = TARN_TYPE_NULL};
    if (depth >= TARN_MAX_DEPTH) {
        return tarn__error_set(err, TARN_LIMIT, "depth", "the table's schema is nested more than %d deep", TARN_MAX_DEPTH);
    }
    if (text.size != 0 && text.data[0] == '"') {
        struct tarn_json json;
        open_json(parser, &json, text);
        struct tarn_text name;
        const enum tarn_status status = tarn__json_string(&json, &name, NULL, err);
        tarn__json_close(&json);
        return status != TARN_OK ? status : tarn__delta_type_parse(name, out, err);
    }
    struct type_parts parts;
    TARN_RETURN_IF_ERROR(read_parts(parser, text, &parts, err));
    if (tarn__text_equal(parts.kind, TARN_TEXT("struct"))) {
        if (parts.fields.size == 0) {
            return bad_schema(err, "a struct without fields");
        }
        return parse_struct(parser, parts.fields, depth + 1, out, physical, err);
    }
    if (tarn__text_equal(parts.kind, TARN_TEXT("array"))) {
        out->id = TARN_TYPE_LIST;
        static const struct tarn_text names[] = {{"element", 7}};
        return parse_members(parser, &parts.element, &parts.contains_null, names, 1, depth + 1, out, physical, err);
    }
    if (tarn__text_equal(parts.kind, TARN_TEXT("map"))) {
        out->id = TARN_TYPE_MAP;
        static const struct tarn_text names[] = {{"key", 3}, {"value", 5}};
        const struct tarn_text texts[] = {parts.key, parts.value};
        const bool nullable[] = {false, parts.value_contains_null};
        return parse_members(parser, texts, nullable, names, 2, depth + 1, out, physical, err);
    }
    if (tarn__text_equal(parts.kind, TARN_TEXT("udt"))) {
        return tarn__unsupported(err, "delta.type.udt", "the table has a column of a user-defined type");
    }
    return tarn__corrupt(err, "schema", "the table's schema: unknown type \"%.*s\"", TARN_TEXT_ARG(parts.kind));
}

enum tarn_status tarn__delta_schema_parse(struct tarn_env *env, struct tarn_text json, bool mapping, struct tarn_arena *arena,
                                          struct tarn__delta_schema *out, struct tarn_error *err)
{
    *out = (struct tarn__delta_schema){0};
    struct parser parser = {.env = env, .arena = arena, .mapping = mapping};
    struct tarn_type root;
    struct tarn__physical physical = {0};
    TARN_RETURN_IF_ERROR(parse_type(&parser, json, 0, &root, &physical, err));
    if (root.id != TARN_TYPE_STRUCT) {
        return bad_schema(err, "the whole must be a struct");
    }
    const enum tarn_status status = tarn_schema_make(env, root.field_count, root.fields, 0, NULL, &out->schema, err);
    if (status == TARN_INVALID) { /* stored bytes, not the caller's */
        if (err != NULL) {
            err->code = TARN_CORRUPT;
            tarn__text_copy(err->detail, sizeof(err->detail), TARN_TEXT("schema"), false);
        }
        return TARN_CORRUPT;
    }
    out->physical = physical.children;
    out->mapped = parser.mapped;
    return status;
}
