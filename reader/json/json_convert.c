/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON values to vectors.
 *
 * Invariants
 *  1. Every value of a record appends exactly one row to its builder, whether it fits or not: columns never get out of step.
 *  2. A member has had its turn in a row exactly when its builder is longer than that of its struct.
 */
#include "reader/json/json_convert.h"

#include "format/base/datetime.h"
#include "format/base/decimal.h"
#include "format/base/number.h"
#include "format/base/utf8.h"

bool tarn__json_type_is_readable(const struct tarn_type *type)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (!tarn__json_type_is_readable(type->fields[i].type)) {
            return false;
        }
    }
    switch (type->id) {
    case TARN_TYPE_BOOL:
    case TARN_TYPE_I8:
    case TARN_TYPE_I16:
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
    case TARN_TYPE_U8:
    case TARN_TYPE_U16:
    case TARN_TYPE_U32:
    case TARN_TYPE_F32:
    case TARN_TYPE_F64:
    case TARN_TYPE_DATE:
    case TARN_TYPE_TIME:
    case TARN_TYPE_STRING:
    case TARN_TYPE_JSON:
    case TARN_TYPE_ENUM:
    case TARN_TYPE_LIST:
    case TARN_TYPE_STRUCT:
        return true;
    case TARN_TYPE_MAP:
        return tarn_type_kind(type->fields[0].type) == TARN_KIND_BYTES;
    case TARN_TYPE_DECIMAL:
        return type->precision <= TARN_DECIMAL128_DIGITS;
    case TARN_TYPE_TIMESTAMP:
        return !type->wide;
    default:
        return false;
    }
}

struct context {
    struct tarn_json *json;
    struct tarn_json_row *row;
    uint32_t column;
};

static void tell(struct context *in, const struct tarn_field *field, struct tarn_text text)
{
    if (!in->row->unfit) {
        in->row->unfit = true;
        in->row->column = in->column;
        in->row->field = field;
        tarn__text_copy(in->row->text, sizeof(in->row->text), text, false);
    }
}

/* The value whose first event has been read, as written. */
static enum tarn_status pass_value(struct context *in, struct tarn_text *raw, struct tarn_error *err)
{
    const char *begin = in->json->begin + in->json->offset;
    TARN_RETURN_IF_ERROR(tarn__json_skip(in->json, err));
    *raw = (struct tarn_text){begin, (size_t)(in->json->at - begin)};
    return TARN_OK;
}

static enum tarn_status unfit(struct context *in, const struct tarn_field *field, struct tarn_vector_builder *builder,
                              struct tarn_error *err)
{
    struct tarn_text raw;
    TARN_RETURN_IF_ERROR(pass_value(in, &raw, err));
    tell(in, field, raw);
    tarn__vector_builder_null(builder);
    return TARN_OK;
}

/* ---- scalars ---- */

static bool integer_fits(const struct tarn_type *type, int64_t value)
{
    switch (type->id) {
    case TARN_TYPE_I8:
        return value >= INT8_MIN && value <= INT8_MAX;
    case TARN_TYPE_I16:
        return value >= INT16_MIN && value <= INT16_MAX;
    case TARN_TYPE_I32:
        return value >= INT32_MIN && value <= INT32_MAX;
    case TARN_TYPE_U8:
        return value >= 0 && value <= UINT8_MAX;
    case TARN_TYPE_U16:
        return value >= 0 && value <= UINT16_MAX;
    case TARN_TYPE_U32:
        return value >= 0 && value <= UINT32_MAX;
    default:
        return true;
    }
}

static bool append_integer(const struct tarn_type *type, struct tarn_text text, struct tarn_vector_builder *builder)
{
    int64_t value;
    tarn_i128 whole;
    if (tarn__int64_parse(text, &value) != TARN_PARSED) {
        if (tarn__decimal128_parse(text, 19, 0, 0, &whole) != TARN_PARSED || (tarn_i128)(int64_t)whole != whole) {
            return false; /* 12.0 and 1e3 are whole */
        }
        value = (int64_t)whole;
    }
    if (!integer_fits(type, value)) {
        return false;
    }
    tarn__vector_builder_i64(builder, value);
    return true;
}

static bool append_decimal(const struct tarn_type *type, struct tarn_text text, struct tarn_vector_builder *builder)
{
    tarn_i128 value;
    if (tarn__decimal128_parse(text, (unsigned)type->precision, (unsigned)type->scale, 0, &value) != TARN_PARSED) {
        return false;
    }
    if (tarn_type_kind(type) == TARN_KIND_I128) {
        const uint64_t sign = value < 0 ? UINT64_MAX : 0;
        const uint64_t words[4] = {(uint64_t)value, (uint64_t)(value >> 64), sign, sign};
        tarn__vector_builder_words(builder, words);
    } else {
        tarn__vector_builder_i64(builder, (int64_t)value);
    }
    return true;
}

static bool append_time(const struct tarn_type *type, struct tarn_text text, struct tarn_vector_builder *builder)
{
    const unsigned digits = (unsigned)type->unit * 3;
    int64_t ticks;
    int32_t days;
    bool zoned = false;
    switch (type->id) {
    case TARN_TYPE_DATE:
        if (tarn__date_parse(text, &days) != TARN_PARSED) {
            return false;
        }
        ticks = days;
        break;
    case TARN_TYPE_TIME:
        if (tarn__time_parse(text, digits, &ticks) != TARN_PARSED) {
            return false;
        }
        break;
    default:
        if (tarn__timestamp_parse(text, digits, &ticks, &zoned) != TARN_PARSED || (zoned && !type->utc)) {
            return false;
        }
    }
    tarn__vector_builder_i64(builder, ticks);
    return true;
}

static bool append_number(const struct tarn_type *type, struct tarn_text text, struct tarn_vector_builder *builder)
{
    double value;
    switch (type->id) {
    case TARN_TYPE_F32:
    case TARN_TYPE_F64:
        if (tarn__double_parse(text, TARN_NUMBER_SPECIALS, &value) == TARN_PARSED_SYNTAX) {
            return false;
        }
        tarn__vector_builder_f64(builder, value);
        return true;
    case TARN_TYPE_DECIMAL:
        return append_decimal(type, text, builder);
    default:
        return append_integer(type, text, builder);
    }
}

static bool is_number_type(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_DECIMAL || (type->id >= TARN_TYPE_I8 && type->id <= TARN_TYPE_F64);
}

static bool append_scalar(struct context *in, const struct tarn_type *type, enum tarn_json_event event, struct tarn_vector_builder *builder)
{
    const struct tarn_text text = in->json->text;
    if (type->id == TARN_TYPE_BOOL && (event == TARN_JSON_TRUE || event == TARN_JSON_FALSE)) {
        tarn__vector_builder_bool(builder, event == TARN_JSON_TRUE);
        return true;
    }
    if (event == TARN_JSON_NUMBER) {
        return is_number_type(type) && append_number(type, text, builder);
    }
    if (event != TARN_JSON_STRING) {
        return false;
    }
    if (tarn_type_kind(type) == TARN_KIND_BYTES) {
        tarn__vector_builder_text(builder, text);
        return true;
    }
    if (type->id == TARN_TYPE_DATE || type->id == TARN_TYPE_TIME || type->id == TARN_TYPE_TIMESTAMP) {
        return append_time(type, text, builder);
    }
    /* numbers in quotes when that was asked for: "NaN", decimals that must not pass through a double */
    return !in->row->inferred && is_number_type(type) && append_number(type, text, builder);
}

/* ---- nested values ---- */

static enum tarn_status append_value(struct context *in, const struct tarn_field *field, struct tarn_vector_builder *builder,
                                     struct tarn_error *err);

static enum tarn_status pass_unknown(struct context *in, struct tarn_error *err)
{
    if (in->row->inferred) {
        tell(in, NULL, in->json->text);
    }
    return tarn__json_skip(in->json, err);
}

static int32_t find_field(uint32_t count, const struct tarn_field *fields, struct tarn_text name, uint32_t *hint)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = *hint + i < count ? *hint + i : *hint + i - count;
        if (tarn__text_equal(fields[at].name, name)) {
            *hint = at + 1 < count ? at + 1 : 0;
            return (int32_t)at;
        }
    }
    return -1;
}

static enum tarn_status append_struct(struct context *in, const struct tarn_type *type, struct tarn_vector_builder *builder,
                                      struct tarn_error *err)
{
    const uint32_t length = tarn__vector_builder_length(builder);
    uint32_t hint = 0;
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_key(in->json, &more, err));
        if (!more) {
            break;
        }
        const int32_t at = find_field(type->field_count, type->fields, in->json->text, &hint);
        if (at < 0) {
            TARN_RETURN_IF_ERROR(pass_unknown(in, err));
            continue;
        }
        struct tarn_vector_builder *child = tarn__vector_builder_child(builder, (uint32_t)at);
        if (tarn__vector_builder_length(child) > length) {
            TARN_RETURN_IF_ERROR(tarn__vector_builder_status(builder, err)); /* one that failed lags behind */
            return tarn__json_fail(in->json, err, "json.duplicate", "the member \"%.*s\" stands twice in one object",
                                   TARN_TEXT_ARG(in->json->text));
        }
        TARN_RETURN_IF_ERROR(append_value(in, &type->fields[at], child, err));
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        struct tarn_vector_builder *child = tarn__vector_builder_child(builder, i);
        if (tarn__vector_builder_length(child) == length) {
            tarn__vector_builder_null(child);
        }
    }
    tarn__vector_builder_close(builder);
    return TARN_OK;
}

static enum tarn_status append_list(struct context *in, const struct tarn_type *type, struct tarn_vector_builder *builder,
                                    struct tarn_error *err)
{
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_element(in->json, &more, err));
        if (!more) {
            tarn__vector_builder_close(builder);
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(append_value(in, &type->fields[0], tarn__vector_builder_child(builder, 0), err));
    }
}

static enum tarn_status append_map(struct context *in, const struct tarn_type *type, struct tarn_vector_builder *builder,
                                   struct tarn_error *err)
{
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_key(in->json, &more, err));
        if (!more) {
            tarn__vector_builder_close(builder);
            return TARN_OK;
        }
        tarn__vector_builder_text(tarn__vector_builder_child(builder, 0), in->json->text);
        TARN_RETURN_IF_ERROR(append_value(in, &type->fields[1], tarn__vector_builder_child(builder, 1), err));
    }
}

static enum tarn_status append_value(struct context *in, const struct tarn_field *field, struct tarn_vector_builder *builder,
                                     struct tarn_error *err)
{
    const struct tarn_type *type = field->type;
    enum tarn_json_event event;
    struct tarn_text raw;
    TARN_RETURN_IF_ERROR(tarn__json_next(in->json, &event, err));
    if (event == TARN_JSON_NULL) {
        if (!field->nullable) {
            tell(in, field, TARN_TEXT("null"));
        }
        tarn__vector_builder_null(builder);
        return TARN_OK;
    }
    if (event == TARN_JSON_OBJECT_BEGIN && type->id == TARN_TYPE_STRUCT) {
        return append_struct(in, type, builder, err);
    }
    if (event == TARN_JSON_OBJECT_BEGIN && type->id == TARN_TYPE_MAP) {
        return append_map(in, type, builder, err);
    }
    if (event == TARN_JSON_ARRAY_BEGIN && type->id == TARN_TYPE_LIST) {
        return append_list(in, type, builder, err);
    }
    if (type->id == TARN_TYPE_JSON || (type->id == TARN_TYPE_STRING && event != TARN_JSON_STRING && !in->row->inferred)) {
        TARN_RETURN_IF_ERROR(pass_value(in, &raw, err));
        tarn__vector_builder_text(builder, raw);
        return TARN_OK;
    }
    return append_scalar(in, type, event, builder) ? TARN_OK : unfit(in, field, builder, err);
}

/* ---- records ---- */

enum tarn_status tarn__json_append(struct tarn_json *json, const struct tarn_schema *schema, struct tarn_vector_builder *const *builders,
                                   struct tarn_json_row *row, struct tarn_error *err)
{
    struct context in = {json, row, 0};
    enum tarn_json_event event;
    uint32_t hint = 0;
    uint32_t length = 0;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        length = builders[i] != NULL ? tarn__vector_builder_length(builders[i]) : length;
    }
    TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
    if (event != TARN_JSON_OBJECT_BEGIN) {
        return tarn__json_fail(json, err, "json.type", "a record must be an object");
    }
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        const int32_t at = find_field(schema->field_count, schema->fields, json->text, &hint);
        in.column = at < 0 ? 0 : (uint32_t)at;
        if (at < 0) {
            TARN_RETURN_IF_ERROR(pass_unknown(&in, err));
        } else if (builders[at] == NULL) {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        } else if (tarn__vector_builder_length(builders[at]) > length) {
            for (uint32_t i = 0; i < schema->field_count; i++) { /* one that failed lags behind */
                TARN_RETURN_IF_ERROR(builders[i] != NULL ? tarn__vector_builder_status(builders[i], err) : TARN_OK);
            }
            return tarn__json_fail(json, err, "json.duplicate", "the member \"%.*s\" stands twice in one object",
                                   TARN_TEXT_ARG(json->text));
        } else {
            TARN_RETURN_IF_ERROR(append_value(&in, &schema->fields[at], builders[at], err));
        }
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (builders[i] != NULL && tarn__vector_builder_length(builders[i]) == length) {
            if (!schema->fields[i].nullable) {
                in.column = i;
                tell(&in, &schema->fields[i], TARN_TEXT("nothing"));
            }
            tarn__vector_builder_null(builders[i]);
        }
    }
    return tarn__json_next(json, &event, err); /* nothing may follow */
}
