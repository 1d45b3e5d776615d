/* SPDX-License-Identifier: Apache-2.0
 *
 * Avro schemas, from JSON to nodes.
 *
 * Specification: Avro 1.12, "Schema Declaration", "Names", "Logical Types"; Iceberg appendix A for the ids. SPEC: A-SCHEMA-1 to A-SCHEMA-5.
 *
 * Invariants
 *  1. The attributes of an object stand in any order: its members are first gathered as raw JSON, then looked at.
 *  2. A name is open while what it names is parsed; a reference to an open name is a recursion. So the nodes form no circles.
 *  3. depth of a node > depth of all nodes below it, and never above TARN_AVRO_MOST_DEPTH: whoever walks it needs no check of his own.
 */
#include "format/avro/avro_schema.h"

#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/json/json_pull.h"

enum { JSON_DEPTH = 5 * TARN_AVRO_MOST_DEPTH, MOST_FIXED = 1 << 30 };

/** A named type; `type` is NULL while it is open. */
struct named {
    struct tarn_text name;
    const struct tarn__avro_type *type;
    struct named *next;
};

struct parser {
    struct tarn_arena *arena;
    enum tarn_status failure;
    const char *begin;
    uint64_t base;
    uint32_t types;
    struct named *names;
    struct tarn_error *err;
};

/** Members of an object; raw ones have no data when they are missing. */
struct attributes {
    struct tarn_text type;
    struct tarn_text fields;
    struct tarn_text items;
    struct tarn_text values;
    struct tarn_text symbols;
    struct tarn_text name;
    struct tarn_text space;
    struct tarn_text logical;
    int64_t size;
    int64_t precision;
    int64_t scale;
    int64_t field_id;
    int64_t element_id;
    int64_t key_id;
    int64_t value_id;
    bool adjust_to_utc;
    bool has_adjust;
};

#define PRIMITIVE(a_kind, is_constant, fewest)                                                                                             \
    {                                                                                                                                      \
        .kind = (a_kind), .constant = (is_constant), .least = (fewest), .depth = 1, .element_id = -1, .key_id = -1, .value_id = -1         \
    }
static const struct tarn__avro_type primitives[] = {
    PRIMITIVE(TARN_AVRO_NULL, true, 0),   PRIMITIVE(TARN_AVRO_BOOLEAN, true, 1), PRIMITIVE(TARN_AVRO_INT, false, 1),
    PRIMITIVE(TARN_AVRO_LONG, false, 1),  PRIMITIVE(TARN_AVRO_FLOAT, true, 4),   PRIMITIVE(TARN_AVRO_DOUBLE, true, 8),
    PRIMITIVE(TARN_AVRO_BYTES, false, 1), PRIMITIVE(TARN_AVRO_STRING, false, 1),
};
static const char *const primitive_names[] = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"};
enum { PRIMITIVES = 8 };

static enum tarn_status parse_type(struct parser *parser, struct tarn_text raw, struct tarn_text space, uint32_t depth,
                                   const struct tarn__avro_type **out);

static enum tarn_status wrong(struct parser *parser, struct tarn_text raw, const char *what)
{
    const enum tarn_status status = tarn__error_set(parser->err, parser->failure, "avro.schema", "the Avro schema is not valid: %s", what);
    tarn__error_at_offset(parser->err, parser->base + (uint64_t)(raw.data - parser->begin));
    return status;
}

static void open_json(struct parser *parser, struct tarn_json *json, struct tarn_text raw)
{
    const struct tarn_json_pull_options options = {.arena = parser->arena,
                                                   .failure = parser->failure,
                                                   .max_depth = JSON_DEPTH,
                                                   .base = parser->base + (uint64_t)(raw.data - parser->begin)};
    tarn__json_open(json, &options, raw);
}

static enum tarn_status new_type(struct parser *parser, enum tarn__avro_kind kind, struct tarn__avro_type **out)
{
    *out = NULL;
    if (++parser->types > TARN_AVRO_MOST_TYPES) {
        return tarn__error_set(parser->err, TARN_LIMIT, "avro.schema", "the Avro schema has more than %d types", TARN_AVRO_MOST_TYPES);
    }
    struct tarn__avro_type *type = tarn__arena_alloc(parser->arena, sizeof(*type));
    if (type == NULL) {
        return tarn__nomem(parser->arena->env, parser->err, sizeof(*type));
    }
    type->kind = kind;
    type->depth = 1;
    type->element_id = type->key_id = type->value_id = -1;
    *out = type;
    return TARN_OK;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    uint64_t total;
    return tarn__add(a, b, &total) ? total : UINT64_MAX;
}

/* What a node owes to a node below it. */
static enum tarn_status contain(struct parser *parser, struct tarn__avro_type *type, const struct tarn__avro_type *child)
{
    type->depth = child->depth + 1 > type->depth ? child->depth + 1 : type->depth;
    if (type->depth > TARN_AVRO_MOST_DEPTH) {
        return tarn__error_set(parser->err, TARN_LIMIT, "avro.schema", "the Avro schema nests deeper than %d", TARN_AVRO_MOST_DEPTH);
    }
    return TARN_OK;
}

/* ---- names ---- */

static bool has_dot(struct tarn_text name)
{
    return name.size != 0 && memchr(name.data, '.', name.size) != NULL;
}

static enum tarn_status full_name(struct parser *parser, struct tarn_text space, struct tarn_text name, struct tarn_text *out)
{
    *out = name;
    if (space.size == 0 || has_dot(name)) {
        return TARN_OK;
    }
    char *whole = tarn__arena_alloc(parser->arena, space.size + 1 + name.size);
    if (whole == NULL) {
        return tarn__nomem(parser->arena->env, parser->err, space.size + 1 + name.size);
    }
    memcpy(whole, space.data, space.size);
    whole[space.size] = '.';
    memcpy(whole + space.size + 1, name.data, name.size);
    *out = (struct tarn_text){whole, space.size + 1 + name.size};
    return TARN_OK;
}

/* What stands before the last dot. */
static struct tarn_text space_of(struct tarn_text name)
{
    size_t size = name.size;
    while (size != 0 && name.data[size - 1] != '.') {
        size--;
    }
    return (struct tarn_text){name.data, size != 0 ? size - 1 : 0};
}

static const struct named *find(const struct parser *parser, struct tarn_text name)
{
    const struct named *at = parser->names;
    while (at != NULL && !tarn__text_equal(at->name, name)) {
        at = at->next;
    }
    return at;
}

static enum tarn_status refer(struct parser *parser, struct tarn_text raw, struct tarn_text space, struct tarn_text name,
                              const struct tarn__avro_type **out)
{
    for (size_t i = 0; i < PRIMITIVES; i++) {
        if (tarn__text_equal(name, tarn__text_of(primitive_names[i]))) {
            *out = &primitives[i];
            return TARN_OK;
        }
    }
    struct tarn_text full;
    TARN_RETURN_IF_ERROR(full_name(parser, space, name, &full));
    const struct named *named = find(parser, full);
    named = named != NULL ? named : find(parser, name);
    if (named == NULL) {
        return wrong(parser, raw, "a type is named that was not defined before");
    }
    if (named->type == NULL) {
        return tarn__unsupported(parser->err, "avro.recursion", "the Avro type %.*s contains itself", TARN_TEXT_ARG(named->name));
    }
    *out = named->type;
    return TARN_OK;
}

static enum tarn_status begin_name(struct parser *parser, struct tarn_text raw, struct tarn_text space, const struct attributes *attributes,
                                   struct tarn__avro_type *type, struct named **out)
{
    *out = NULL;
    if (attributes->name.data == NULL) {
        return wrong(parser, raw, "a record, enum or fixed has no name");
    }
    TARN_RETURN_IF_ERROR(full_name(parser, attributes->space.data != NULL ? attributes->space : space, attributes->name, &type->name));
    struct named *named = tarn__arena_alloc(parser->arena, sizeof(*named));
    if (named == NULL) {
        return tarn__nomem(parser->arena->env, parser->err, sizeof(*named));
    }
    *named = (struct named){.name = type->name, .next = parser->names};
    parser->names = named;
    *out = named;
    return TARN_OK;
}

/* ---- members of objects ---- */

/* Another value than a string is no attribute that we know. */
static enum tarn_status take_text(struct tarn_json *json, struct tarn_text *out, struct tarn_error *err)
{
    enum tarn_json_event event;
    TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
    if (event != TARN_JSON_STRING) {
        return tarn__json_skip(json, err);
    }
    *out = (struct tarn_text){json->text.size != 0 ? json->text.data : "", json->text.size};
    return TARN_OK;
}

static enum tarn_status take_number(struct tarn_json *json, int64_t *out, struct tarn_error *err)
{
    enum tarn_json_event event;
    TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
    if (event != TARN_JSON_NUMBER || tarn__int64_parse(json->text, out) != TARN_PARSED) {
        *out = -1;
        return tarn__json_skip(json, err);
    }
    return TARN_OK;
}

static enum tarn_status take_bool(struct tarn_json *json, bool *out, bool *has, struct tarn_error *err)
{
    enum tarn_json_event event;
    TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
    *has = event == TARN_JSON_TRUE || event == TARN_JSON_FALSE;
    *out = event == TARN_JSON_TRUE;
    return tarn__json_skip(json, err);
}

static enum tarn_status take_member(struct tarn_json *json, struct attributes *out, struct tarn_error *err)
{
    static const struct {
        struct tarn_text key;
        uint16_t offset;
        enum { RAW, TEXT, NUMBER } kind;
    } members[] = {
#define MEMBER(literal, member, kind_is) {{literal, sizeof(literal) - 1}, offsetof(struct attributes, member), kind_is}
        MEMBER("type", type, RAW),
        MEMBER("fields", fields, RAW),
        MEMBER("items", items, RAW),
        MEMBER("values", values, RAW),
        MEMBER("symbols", symbols, RAW),
        MEMBER("name", name, TEXT),
        MEMBER("namespace", space, TEXT),
        MEMBER("logicalType", logical, TEXT),
        MEMBER("size", size, NUMBER),
        MEMBER("precision", precision, NUMBER),
        MEMBER("scale", scale, NUMBER),
        MEMBER("field-id", field_id, NUMBER),
        MEMBER("element-id", element_id, NUMBER),
        MEMBER("key-id", key_id, NUMBER),
        MEMBER("value-id", value_id, NUMBER),
    };
    if (tarn__json_is(json, "adjust-to-utc")) {
        return take_bool(json, &out->adjust_to_utc, &out->has_adjust, err);
    }
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (tarn__text_equal(json->text, members[i].key)) {
            void *member = (char *)out + members[i].offset;
            switch (members[i].kind) {
            case RAW:
                return tarn__json_raw(json, member, err);
            case TEXT:
                return take_text(json, member, err);
            default:
                return take_number(json, member, err);
            }
        }
    }
    return tarn__json_skip(json, err);
}

/* The object has begun. */
static enum tarn_status take_object(struct parser *parser, struct tarn_json *json, struct attributes *out)
{
    bool more;
    *out = (struct attributes){.size = -1, .precision = -1, .scale = -1, .field_id = -1, .element_id = -1, .key_id = -1, .value_id = -1};
    for (;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, parser->err));
        if (!more) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(take_member(json, out, parser->err));
    }
}

static int32_t id_of(int64_t number)
{
    return number >= 0 && number <= INT32_MAX ? (int32_t)number : -1;
}

/* The raw values of an array, in the arena. */
static enum tarn_status split(struct parser *parser, struct tarn_text raw, struct tarn_text **out, uint32_t *count)
{
    struct tarn_json json;
    *count = 0;
    *out = NULL;
    for (int pass = 0; pass < 2; pass++) { /* counts, then takes */
        enum tarn_json_event event;
        bool more;
        uint32_t at = 0;
        open_json(parser, &json, raw);
        TARN_RETURN_IF_ERROR(tarn__json_array(&json, NULL, parser->err));
        for (;;) {
            struct tarn_text value;
            TARN_RETURN_IF_ERROR(tarn__json_element(&json, &more, parser->err));
            if (!more) {
                break;
            }
            TARN_RETURN_IF_ERROR(tarn__json_next(&json, &event, parser->err));
            TARN_RETURN_IF_ERROR(tarn__json_raw(&json, &value, parser->err));
            if (pass != 0) {
                (*out)[at] = value;
            }
            at++;
        }
        if (pass == 0 && at != 0) {
            *out = tarn__arena_calloc(parser->arena, at, sizeof(**out));
            if (*out == NULL) {
                return tarn__nomem(parser->arena->env, parser->err, at * sizeof(**out));
            }
        }
        *count = at;
    }
    return TARN_OK;
}

/* ---- types ---- */

static enum tarn_status parse_field(struct parser *parser, struct tarn_text raw, struct tarn_text space, uint32_t depth,
                                    struct tarn__avro_field *out)
{
    struct tarn_json json;
    struct attributes attributes;
    open_json(parser, &json, raw);
    TARN_RETURN_IF_ERROR(tarn__json_object(&json, NULL, parser->err));
    TARN_RETURN_IF_ERROR(take_object(parser, &json, &attributes));
    if (attributes.name.data == NULL || attributes.type.data == NULL) {
        return wrong(parser, raw, "a field lacks its name or its type");
    }
    out->name = attributes.name;
    out->id = id_of(attributes.field_id);
    return parse_type(parser, attributes.type, space, depth, &out->type);
}

static enum tarn_status parse_record(struct parser *parser, struct tarn_text raw, struct tarn_text space, uint32_t depth,
                                     const struct attributes *attributes, const struct tarn__avro_type **out)
{
    struct tarn__avro_type *type;
    struct named *named;
    struct tarn_text *fields;
    TARN_RETURN_IF_ERROR(new_type(parser, TARN_AVRO_RECORD, &type));
    TARN_RETURN_IF_ERROR(begin_name(parser, raw, space, attributes, type, &named));
    if (attributes->fields.data == NULL) {
        return wrong(parser, raw, "a record has no fields");
    }
    TARN_RETURN_IF_ERROR(split(parser, attributes->fields, &fields, &type->count));
    struct tarn__avro_field *made = tarn__arena_calloc(parser->arena, type->count, sizeof(*made));
    if (made == NULL && type->count != 0) {
        return tarn__nomem(parser->arena->env, parser->err, type->count * sizeof(*made));
    }
    const struct tarn_text inner = space_of(type->name);
    type->constant = true;
    for (uint32_t i = 0; i < type->count; i++) {
        TARN_RETURN_IF_ERROR(parse_field(parser, fields[i], inner, depth + 1, &made[i]));
        TARN_RETURN_IF_ERROR(contain(parser, type, made[i].type));
        type->constant = type->constant && made[i].type->constant;
        type->least = sum(type->least, made[i].type->least);
    }
    type->fields = made;
    named->type = *out = type;
    return TARN_OK;
}

static enum tarn_status parse_union(struct parser *parser, struct tarn_text raw, struct tarn_text space, uint32_t depth,
                                    const struct tarn__avro_type **out)
{
    struct tarn__avro_type *type;
    struct tarn_text *branches;
    TARN_RETURN_IF_ERROR(new_type(parser, TARN_AVRO_UNION, &type));
    TARN_RETURN_IF_ERROR(split(parser, raw, &branches, &type->count));
    if (type->count == 0) {
        return wrong(parser, raw, "a union has no branches");
    }
    const struct tarn__avro_type **made = tarn__arena_calloc(parser->arena, type->count, sizeof(struct tarn__avro_type *));
    if (made == NULL) {
        return tarn__nomem(parser->arena->env, parser->err, type->count * sizeof(*made));
    }
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < type->count; i++) {
        TARN_RETURN_IF_ERROR(parse_type(parser, branches[i], space, depth + 1, &made[i]));
        TARN_RETURN_IF_ERROR(contain(parser, type, made[i]));
        if (made[i]->kind == TARN_AVRO_UNION) {
            return wrong(parser, branches[i], "a union stands directly in a union");
        }
        least = made[i]->least < least ? made[i]->least : least;
    }
    type->branches = made;
    type->least = sum(least, 1);
    *out = type;
    return TARN_OK;
}

static enum tarn_status parse_container(struct parser *parser, struct tarn_text raw, struct tarn_text space, uint32_t depth,
                                        enum tarn__avro_kind kind, const struct attributes *attributes, const struct tarn__avro_type **out)
{
    const struct tarn_text element = kind == TARN_AVRO_ARRAY ? attributes->items : attributes->values;
    struct tarn__avro_type *type;
    TARN_RETURN_IF_ERROR(new_type(parser, kind, &type));
    if (element.data == NULL) {
        return wrong(parser, raw, "an array or map does not say of what");
    }
    TARN_RETURN_IF_ERROR(parse_type(parser, element, space, depth + 1, &type->element));
    TARN_RETURN_IF_ERROR(contain(parser, type, type->element));
    type->least = 1;
    type->element_id = id_of(attributes->element_id);
    type->key_id = id_of(attributes->key_id);
    type->value_id = id_of(attributes->value_id);
    if (kind == TARN_AVRO_ARRAY && tarn__text_equal(attributes->logical, TARN_TEXT("map")) && type->element->kind == TARN_AVRO_RECORD &&
        type->element->count == 2) {
        type->logical = TARN_AVRO_LOGICAL_MAP;
        type->key_id = type->element->fields[0].id;
        type->value_id = type->element->fields[1].id;
    }
    *out = type;
    return TARN_OK;
}

static enum tarn_status parse_enum(struct parser *parser, struct tarn_text raw, struct tarn_text space, const struct attributes *attributes,
                                   const struct tarn__avro_type **out)
{
    struct tarn__avro_type *type;
    struct named *named;
    struct tarn_text *symbols;
    TARN_RETURN_IF_ERROR(new_type(parser, TARN_AVRO_ENUM, &type));
    TARN_RETURN_IF_ERROR(begin_name(parser, raw, space, attributes, type, &named));
    if (attributes->symbols.data == NULL) {
        return wrong(parser, raw, "an enum has no symbols");
    }
    TARN_RETURN_IF_ERROR(split(parser, attributes->symbols, &symbols, &type->size));
    type->least = 1;
    named->type = *out = type;
    return TARN_OK;
}

static bool is_logical(const struct attributes *attributes, const char *name)
{
    return tarn__text_equal(attributes->logical, tarn__text_of(name));
}

/* The logical type that fits the kind, else PLAIN: Avro says that others are to be passed over. */
static void set_logical(struct tarn__avro_type *type, const struct attributes *attributes)
{
    static const struct {
        const char *name;
        enum tarn__avro_kind kind;
        enum tarn__avro_logical logical;
        bool utc;
    } simple[] = {
        {"date", TARN_AVRO_INT, TARN_AVRO_DATE, false},
        {"time-millis", TARN_AVRO_INT, TARN_AVRO_TIME_MILLIS, false},
        {"time-micros", TARN_AVRO_LONG, TARN_AVRO_TIME_MICROS, false},
        {"timestamp-millis", TARN_AVRO_LONG, TARN_AVRO_TIMESTAMP_MILLIS, true},
        {"timestamp-micros", TARN_AVRO_LONG, TARN_AVRO_TIMESTAMP_MICROS, true},
        {"timestamp-nanos", TARN_AVRO_LONG, TARN_AVRO_TIMESTAMP_NANOS, true},
        {"local-timestamp-millis", TARN_AVRO_LONG, TARN_AVRO_TIMESTAMP_MILLIS, false},
        {"local-timestamp-micros", TARN_AVRO_LONG, TARN_AVRO_TIMESTAMP_MICROS, false},
        {"local-timestamp-nanos", TARN_AVRO_LONG, TARN_AVRO_TIMESTAMP_NANOS, false},
        {"uuid", TARN_AVRO_STRING, TARN_AVRO_UUID, false},
    };
    for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++) {
        if (type->kind == simple[i].kind && is_logical(attributes, simple[i].name)) {
            type->logical = simple[i].logical;
            type->adjust_to_utc = simple[i].utc && (!attributes->has_adjust || attributes->adjust_to_utc);
        }
    }
    if (type->kind == TARN_AVRO_FIXED && type->size == 16 && is_logical(attributes, "uuid")) {
        type->logical = TARN_AVRO_UUID;
    }
    const int64_t scale = attributes->scale < 0 ? 0 : attributes->scale;
    if ((type->kind == TARN_AVRO_FIXED || type->kind == TARN_AVRO_BYTES) && is_logical(attributes, "decimal") &&
        attributes->precision > 0 && attributes->precision <= INT32_MAX && scale <= attributes->precision) {
        type->logical = TARN_AVRO_DECIMAL;
        type->precision = (int32_t)attributes->precision;
        type->scale = (int32_t)scale;
    }
}

static enum tarn_status parse_fixed(struct parser *parser, struct tarn_text raw, struct tarn_text space,
                                    const struct attributes *attributes, const struct tarn__avro_type **out)
{
    struct tarn__avro_type *type;
    struct named *named;
    TARN_RETURN_IF_ERROR(new_type(parser, TARN_AVRO_FIXED, &type));
    TARN_RETURN_IF_ERROR(begin_name(parser, raw, space, attributes, type, &named));
    if (attributes->size < 0 || attributes->size > MOST_FIXED) {
        return wrong(parser, raw, "a fixed has no size, or an impossible one");
    }
    type->size = (uint32_t)attributes->size;
    type->least = type->size;
    type->constant = true;
    set_logical(type, attributes);
    named->type = *out = type;
    return TARN_OK;
}

/* {"type": NAME, ...} where the name is neither record, enum, fixed, array nor map. */
static enum tarn_status parse_annotated(struct parser *parser, struct tarn_text raw, struct tarn_text space, struct tarn_text name,
                                        const struct attributes *attributes, const struct tarn__avro_type **out)
{
    TARN_RETURN_IF_ERROR(refer(parser, raw, space, name, out));
    const enum tarn__avro_kind kind = (*out)->kind;
    if (kind > TARN_AVRO_STRING || attributes->logical.data == NULL) {
        return TARN_OK;
    }
    struct tarn__avro_type *type;
    TARN_RETURN_IF_ERROR(new_type(parser, kind, &type));
    *type = **out;
    set_logical(type, attributes);
    *out = type;
    return TARN_OK;
}

static enum tarn_status parse_object(struct parser *parser, struct tarn_json *json, struct tarn_text raw, struct tarn_text space,
                                     uint32_t depth, const struct tarn__avro_type **out)
{
    struct attributes attributes;
    struct tarn_json inner;
    enum tarn_json_event event;
    TARN_RETURN_IF_ERROR(take_object(parser, json, &attributes));
    if (attributes.type.data == NULL) {
        return wrong(parser, raw, "a type does not say what it is");
    }
    open_json(parser, &inner, attributes.type);
    TARN_RETURN_IF_ERROR(tarn__json_next(&inner, &event, parser->err));
    if (event != TARN_JSON_STRING) {
        return parse_type(parser, attributes.type, space, depth + 1, out);
    }
    const struct tarn_text name = inner.text;
    if (tarn__text_equal(name, TARN_TEXT("record")) || tarn__text_equal(name, TARN_TEXT("error"))) {
        return parse_record(parser, raw, space, depth, &attributes, out);
    }
    if (tarn__text_equal(name, TARN_TEXT("array"))) {
        return parse_container(parser, raw, space, depth, TARN_AVRO_ARRAY, &attributes, out);
    }
    if (tarn__text_equal(name, TARN_TEXT("map"))) {
        return parse_container(parser, raw, space, depth, TARN_AVRO_MAP, &attributes, out);
    }
    if (tarn__text_equal(name, TARN_TEXT("fixed"))) {
        return parse_fixed(parser, raw, space, &attributes, out);
    }
    if (tarn__text_equal(name, TARN_TEXT("enum"))) {
        return parse_enum(parser, raw, space, &attributes, out);
    }
    return parse_annotated(parser, raw, space, name, &attributes, out);
}

static enum tarn_status parse_type(struct parser *parser, struct tarn_text raw, struct tarn_text space, uint32_t depth,
                                   const struct tarn__avro_type **out)
{
    struct tarn_json json;
    enum tarn_json_event event;
    *out = NULL;
    if (depth > TARN_AVRO_MOST_DEPTH) {
        return tarn__error_set(parser->err, TARN_LIMIT, "avro.schema", "the Avro schema nests deeper than %d", TARN_AVRO_MOST_DEPTH);
    }
    open_json(parser, &json, raw);
    TARN_RETURN_IF_ERROR(tarn__json_next(&json, &event, parser->err));
    switch (event) {
    case TARN_JSON_STRING:
        return refer(parser, raw, space, json.text, out);
    case TARN_JSON_ARRAY_BEGIN:
        return parse_union(parser, raw, space, depth, out);
    case TARN_JSON_OBJECT_BEGIN:
        return parse_object(parser, &json, raw, space, depth, out);
    default:
        return wrong(parser, raw, "a type is neither a name, an object nor a union");
    }
}

enum tarn_status tarn__avro_schema_parse(struct tarn_arena *arena, struct tarn_text json, uint64_t base, enum tarn_status failure,
                                         const struct tarn__avro_type **out, struct tarn_error *err)
{
    *out = NULL;
    const struct tarn_text kept = tarn__arena_text(arena, json);
    if (kept.data == NULL) {
        return tarn__nomem(arena->env, err, json.size);
    }
    struct parser parser = {.arena = arena, .failure = failure, .begin = kept.data, .base = base, .err = err};
    struct tarn_json whole; /* once over all of it: what lies in members that are passed over is checked here */
    struct tarn_text raw;
    enum tarn_json_event event;
    open_json(&parser, &whole, kept);
    TARN_RETURN_IF_ERROR(tarn__json_next(&whole, &event, err));
    TARN_RETURN_IF_ERROR(tarn__json_raw(&whole, &raw, err));
    TARN_RETURN_IF_ERROR(tarn__json_next(&whole, &event, err)); /* the end */
    const enum tarn_status status = parse_type(&parser, raw, (struct tarn_text){NULL, 0}, 1, out);
    *out = status == TARN_OK ? *out : NULL;
    return status;
}

const struct tarn__avro_type *tarn__avro_required(const struct tarn__avro_type *type, bool *optional)
{
    *optional = false;
    if (type->kind != TARN_AVRO_UNION) {
        return type;
    }
    const struct tarn__avro_type *only = NULL;
    for (uint32_t i = 0; i < type->count; i++) {
        if (type->branches[i]->kind == TARN_AVRO_NULL) {
            *optional = true;
        } else if (only != NULL) {
            return NULL;
        } else {
            only = type->branches[i];
        }
    }
    return only;
}

int32_t tarn__avro_field_by_id(const struct tarn__avro_type *record, int32_t id)
{
    for (uint32_t i = 0; i < record->count; i++) {
        if (record->fields[i].id == id) {
            return (int32_t)i;
        }
    }
    return -1;
}
