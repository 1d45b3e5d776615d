/* SPDX-License-Identifier: Apache-2.0
 *
 * Inference over JSON values.
 *
 * Invariants
 *  1. Kinds are only ever added, so that the order of records does not matter (that of members is the order in which they came).
 *  2. The resolved type holds every value seen without loss; where none does it is JSON, the text as written.
 */
#include "reader/json/json_types.h"

#include "format/base/bytes.h"
#include "format/base/datetime.h"
#include "format/base/decimal.h"
#include "format/base/number.h"
#include "format/base/utf8.h"

enum {
    SHAPE_BOOL = 1,
    SHAPE_INT = 2,  /* in 64 bits */
    SHAPE_HUGE = 4, /* whole, up to 38 digits */
    SHAPE_NUMBER = 8,
    SHAPE_DATE = 16,
    SHAPE_TIMESTAMP = 32,
    SHAPE_INSTANT = 64,
    SHAPE_TEXT = 128,
    SHAPE_OBJECT = 256,
    SHAPE_LIST = 512,
    MOST_FIELDS = 2000,
    DEEPEST = 40, /* types below stay JSON: a schema has at most TARN_MAX_DEPTH levels */
};

static uint32_t kind_of_string(struct tarn_text text)
{
    struct tarn_timestamp_text parsed;
    int64_t ticks;
    if (text.size < 10 || text.size > 40 || !tarn__is_digit(text.data[0]) || tarn__timestamp_scan(text, &parsed) != TARN_PARSED ||
        parsed.fraction_is_cut || parsed.local.nanosecond % 1000 != 0 || tarn__timestamp_ticks(&parsed, 6, &ticks) != TARN_PARSED) {
        return SHAPE_TEXT;
    }
    return parsed.has_zone ? SHAPE_INSTANT : parsed.has_time ? SHAPE_TIMESTAMP : SHAPE_DATE;
}

static uint32_t kind_of_number(struct tarn_text text)
{
    int64_t whole;
    tarn_i128 huge;
    if (tarn__int64_parse(text, &whole) == TARN_PARSED) {
        return SHAPE_INT;
    }
    bool is_whole = true;
    for (size_t i = 0; i < text.size; i++) {
        is_whole = is_whole && (tarn__is_digit(text.data[i]) || text.data[i] == '-');
    }
    return is_whole && tarn__decimal128_parse(text, TARN_DECIMAL128_DIGITS, 0, 0, &huge) == TARN_PARSED ? SHAPE_HUGE : SHAPE_NUMBER;
}

/* The member of that name, made when it is new. NULL: no memory, or too many. */
static struct tarn_json_shape *member(struct tarn_json_shape *shape, struct tarn_text name, struct tarn_arena *arena, bool *no_memory)
{
    for (uint32_t i = 0; i < shape->field_count; i++) {
        const uint32_t at = shape->hint + i < shape->field_count ? shape->hint + i : shape->hint + i - shape->field_count;
        if (tarn__text_equal(shape->fields[at].name, name)) {
            shape->hint = at + 1 < shape->field_count ? at + 1 : 0;
            return &shape->fields[at].shape;
        }
    }
    if (shape->field_count == MOST_FIELDS) {
        shape->too_wide = true;
        return NULL;
    }
    if (shape->field_count == shape->field_capacity) {
        const size_t capacity = shape->field_capacity == 0 ? 8 : shape->field_capacity * 2;
        struct tarn_json_shape_field *larger = tarn__arena_calloc(arena, capacity, sizeof(*larger));
        if (larger == NULL) {
            *no_memory = true;
            return NULL;
        }
        if (shape->field_count != 0) {
            memcpy(larger, shape->fields, shape->field_count * sizeof(*larger));
        }
        shape->fields = larger;
        shape->field_capacity = capacity;
    }
    struct tarn_json_shape_field *field = &shape->fields[shape->field_count];
    field->name = tarn__arena_text(arena, name);
    if (field->name.data == NULL) {
        *no_memory = true;
        return NULL;
    }
    shape->field_count++;
    shape->hint = 0;
    return &field->shape;
}

static enum tarn_status observe_object(struct tarn_json_shape *shape, struct tarn_json *json, struct tarn_arena *arena,
                                       struct tarn_error *err)
{
    shape->kinds |= SHAPE_OBJECT;
    for (;;) {
        bool more;
        bool no_memory = false;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        struct tarn_json_shape *inner = shape->too_wide ? NULL : member(shape, json->text, arena, &no_memory);
        if (no_memory) {
            return tarn__nomem(arena->env, err, 0);
        }
        TARN_RETURN_IF_ERROR(inner != NULL ? tarn__json_observe(inner, json, arena, err) : tarn__json_skip(json, err));
    }
}

static enum tarn_status observe_list(struct tarn_json_shape *shape, struct tarn_json *json, struct tarn_arena *arena,
                                     struct tarn_error *err)
{
    shape->kinds |= SHAPE_LIST;
    if (shape->element == NULL) {
        shape->element = tarn__arena_calloc(arena, 1, sizeof(*shape->element));
        if (shape->element == NULL) {
            return tarn__nomem(arena->env, err, 0);
        }
    }
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_element(json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(tarn__json_observe(shape->element, json, arena, err));
    }
}

enum tarn_status tarn__json_observe(struct tarn_json_shape *shape, struct tarn_json *json, struct tarn_arena *arena, struct tarn_error *err)
{
    enum tarn_json_event event;
    TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
    switch (event) {
    case TARN_JSON_OBJECT_BEGIN:
        return observe_object(shape, json, arena, err);
    case TARN_JSON_ARRAY_BEGIN:
        return observe_list(shape, json, arena, err);
    case TARN_JSON_STRING:
        shape->kinds |= (shape->kinds & SHAPE_TEXT) != 0 ? 0 : kind_of_string(json->text);
        return TARN_OK;
    case TARN_JSON_NUMBER:
        shape->kinds |= kind_of_number(json->text);
        return TARN_OK;
    case TARN_JSON_TRUE:
    case TARN_JSON_FALSE:
        shape->kinds |= SHAPE_BOOL;
        return TARN_OK;
    default:
        return TARN_OK;
    }
}

/* ---- types ---- */

static bool only(uint32_t kinds, uint32_t allowed)
{
    return (kinds & ~allowed) == 0;
}

static void scalar_type(uint32_t kinds, struct tarn_type *out)
{
    if (kinds == 0) {
        out->id = TARN_TYPE_STRING; /* nothing but nulls */
    } else if (only(kinds, SHAPE_BOOL)) {
        out->id = TARN_TYPE_BOOL;
    } else if (only(kinds, SHAPE_INT)) {
        out->id = TARN_TYPE_I64;
    } else if (only(kinds, SHAPE_INT | SHAPE_HUGE)) {
        out->id = TARN_TYPE_DECIMAL;
        out->precision = TARN_DECIMAL128_DIGITS;
    } else if (only(kinds, SHAPE_INT | SHAPE_HUGE | SHAPE_NUMBER)) {
        out->id = TARN_TYPE_F64;
    } else if (only(kinds, SHAPE_DATE)) {
        out->id = TARN_TYPE_DATE;
    } else if (only(kinds, SHAPE_DATE | SHAPE_TIMESTAMP) || only(kinds, SHAPE_INSTANT)) {
        out->id = TARN_TYPE_TIMESTAMP;
        out->unit = TARN_MICRO;
        out->utc = kinds == SHAPE_INSTANT;
    } else if (only(kinds, SHAPE_DATE | SHAPE_TIMESTAMP | SHAPE_INSTANT | SHAPE_TEXT)) {
        out->id = TARN_TYPE_STRING;
    } else {
        out->id = TARN_TYPE_JSON;
    }
}

static bool nested_type(const struct tarn_json_shape *shape, struct tarn_arena *arena, uint32_t depth, struct tarn_type *out)
{
    const bool is_list = shape->kinds == SHAPE_LIST;
    const uint32_t count = is_list ? 1 : shape->field_count;
    struct tarn_field *fields = tarn__arena_calloc(arena, count, sizeof(*fields));
    struct tarn_type *types = tarn__arena_calloc(arena, count, sizeof(*types));
    if (fields == NULL || types == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn_json_shape *inner = is_list ? shape->element : &shape->fields[i].shape;
        if (!tarn__json_resolve(inner, arena, depth + 1, &types[i])) {
            return false;
        }
        fields[i] = (struct tarn_field){
            .name = is_list ? TARN_TEXT("element") : shape->fields[i].name, .type = &types[i], .nullable = true, .id = -1};
    }
    out->id = is_list ? TARN_TYPE_LIST : TARN_TYPE_STRUCT;
    out->field_count = count;
    out->fields = fields;
    return true;
}

bool tarn__json_resolve(const struct tarn_json_shape *shape, struct tarn_arena *arena, uint32_t depth, struct tarn_type *out)
{
    memset(out, 0, sizeof(*out));
    if ((shape->kinds & (SHAPE_OBJECT | SHAPE_LIST)) == 0) {
        scalar_type(shape->kinds, out);
        return true;
    }
    const bool is_pure = shape->kinds == SHAPE_LIST || (shape->kinds == SHAPE_OBJECT && shape->field_count != 0 && !shape->too_wide);
    if (!is_pure || depth >= DEEPEST) {
        out->id = TARN_TYPE_JSON;
        return true;
    }
    return nested_type(shape, arena, depth, out);
}
