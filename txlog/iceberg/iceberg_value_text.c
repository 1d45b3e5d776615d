/* SPDX-License-Identifier: Apache-2.0
 *
 * Single values as JSON, and as names of folders.
 *
 * Specification: Iceberg table spec, Appendix D "JSON single-value serialization"; PartitionSpec.partitionToPath and TransformUtil of
 * Iceberg's Java library, whose folder names people are used to.
 *
 * Invariants
 *  1. What print writes, parse reads as the same value.
 *  2. JSON of an instant is in UTC, "+00:00"; of a zoneless time it has no zone.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/datetime.h"
#include "format/base/decimal.h"
#include "format/base/utf8.h"
#include "format/batch/value_decimal.h"
#include "txlog/iceberg/iceberg_value.h"

enum { UUID_TEXT = 36 };

/* ---- JSON to a value ---- */

static enum tarn_status bad_value(const struct tarn_json *json, const struct tarn_type *type, struct tarn_error *err)
{
    char name[64];
    tarn_type_format(type, name, sizeof(name));
    return tarn__json_fail(json, err, "single_value", "the value is none of type %s", name);
}

/* Two digits a byte; dashes of a UUID are passed over where they belong. */
static bool parse_hex(struct tarn_text text, bool dashes, char *out, size_t *size)
{
    *size = 0;
    for (size_t i = 0; i < text.size;) {
        if (dashes && (i == 8 || i == 13 || i == 18 || i == 23)) {
            if (text.data[i++] != '-') {
                return false;
            }
            continue;
        }
        const int high = tarn__hex_value(text.data[i]);
        const int low = i + 1 < text.size ? tarn__hex_value(text.data[i + 1]) : -1;
        if (high < 0 || low < 0) {
            return false;
        }
        out[(*size)++] = (char)(high << 4 | low);
        i += 2;
    }
    return true;
}

static enum tarn_status parse_bytes(const struct tarn_type *type, struct tarn_json *json, struct tarn_text text, struct tarn_value *out,
                                    struct tarn_error *err)
{
    struct tarn_arena *arena = json->options.arena;
    char *bytes = tarn__arena_alloc(arena, text.size / 2 + 1);
    size_t size;
    if (bytes == NULL) {
        return tarn__nomem(arena->env, err, text.size / 2);
    }
    if ((type->id == TARN_TYPE_UUID && text.size != UUID_TEXT) || !parse_hex(text, type->id == TARN_TYPE_UUID, bytes, &size) ||
        (type->id == TARN_TYPE_FIXED && size != type->width)) {
        return bad_value(json, type, err);
    }
    out->u.bytes = (struct tarn_text){bytes, size};
    return TARN_OK;
}

/* The types whose JSON is a string; false when the text is none of the type. */
static bool parse_quoted(const struct tarn_type *type, struct tarn_text text, struct tarn_value *out)
{
    int32_t days;
    tarn_i128 unscaled;
    bool zoned;
    switch (type->id) {
    case TARN_TYPE_DECIMAL:
        if (tarn__decimal128_parse(text, (unsigned)type->precision, (unsigned)type->scale, 0, &unscaled) != TARN_PARSED) {
            return false;
        }
        tarn__value_set_unscaled(out, unscaled);
        return true;
    case TARN_TYPE_DATE:
        if (tarn__date_parse(text, &days) != TARN_PARSED) {
            return false;
        }
        out->u.i64 = days;
        return true;
    case TARN_TYPE_TIME:
        return tarn__time_parse(text, (unsigned)type->unit * 3, &out->u.i64) == TARN_PARSED;
    case TARN_TYPE_TIMESTAMP:
        return tarn__timestamp_parse(text, (unsigned)type->unit * 3, &out->u.i64, &zoned) == TARN_PARSED && zoned == type->utc &&
               (!zoned || text.data[text.size - 1] == 'Z' || tarn__text_ends(text, TARN_TEXT("+00:00")));
    case TARN_TYPE_F32:
    case TARN_TYPE_F64: /* Java writes these three as strings */
        return tarn__double_parse(text, TARN_NUMBER_SPECIALS, &out->u.f64) == TARN_PARSED && !tarn__is_digit(text.data[text.size - 1]);
    case TARN_TYPE_STRING:
        out->u.bytes = text;
        return true;
    default:
        return false;
    }
}

static bool parse_number(const struct tarn_type *type, struct tarn_text text, struct tarn_value *out)
{
    float narrow;
    switch (type->id) {
    case TARN_TYPE_I32:
        return tarn__int64_parse(text, &out->u.i64) == TARN_PARSED && out->u.i64 >= INT32_MIN && out->u.i64 <= INT32_MAX;
    case TARN_TYPE_I64:
        return tarn__int64_parse(text, &out->u.i64) == TARN_PARSED;
    case TARN_TYPE_F32:
        if (tarn__float_parse(text, 0, &narrow) != TARN_PARSED) {
            return false;
        }
        out->u.f64 = (double)narrow;
        return true;
    case TARN_TYPE_F64:
        return tarn__double_parse(text, 0, &out->u.f64) == TARN_PARSED;
    default:
        return false;
    }
}

enum tarn_status tarn__iceberg_value_parse(const struct tarn_type *type, struct tarn_json *json, struct tarn_value *out,
                                           struct tarn_error *err)
{
    *out = (struct tarn_value){.type = type};
    enum tarn_json_event event;
    TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
    struct tarn_value value = *out;
    bool legal = false;
    switch (event) {
    case TARN_JSON_NULL:
        value.is_null = legal = true;
        break;
    case TARN_JSON_TRUE:
    case TARN_JSON_FALSE:
        value.u.boolean = event == TARN_JSON_TRUE;
        legal = type->id == TARN_TYPE_BOOL;
        break;
    case TARN_JSON_NUMBER:
        legal = parse_number(type, json->text, &value);
        break;
    case TARN_JSON_STRING:
        if (type->id == TARN_TYPE_BINARY || type->id == TARN_TYPE_FIXED || type->id == TARN_TYPE_UUID) {
            TARN_RETURN_IF_ERROR(parse_bytes(type, json, json->text, &value, err));
            legal = true;
        } else {
            legal = json->text.size != 0 ? parse_quoted(type, json->text, &value) : type->id == TARN_TYPE_STRING;
        }
        break;
    default:
        break;
    }
    if (!legal) {
        return bad_value(json, type, err);
    }
    *out = value;
    return TARN_OK;
}

/* ---- a value to JSON ---- */

static void print_text(struct tarn_json_printer *json, const char *text, size_t size)
{
    tarn__json_print_string(json, (struct tarn_text){text, size});
}

/* Of the kinds that the arena-less formatter knows as text. */
static size_t format_value(const struct tarn_value *value, char text[TARN_DECIMAL_TEXT])
{
    const unsigned digits = (unsigned)value->type->unit * 3;
    size_t size = 0;
    switch (value->type->id) {
    case TARN_TYPE_DECIMAL:
        return tarn__decimal128_print(tarn__value_unscaled(value), (unsigned)value->type->scale, text);
    case TARN_TYPE_DATE:
        return tarn__date_print(value->u.i64, text);
    case TARN_TYPE_TIME:
        return tarn__time_print(value->u.i64, digits, false, text);
    case TARN_TYPE_TIMESTAMP:
        size = tarn__timestamp_print(value->u.i64, digits, TARN_TIMESTAMP_JSON, text);
        if (value->type->utc) {
            memcpy(text + size, "+00:00", 6);
            size += 6;
        }
        return size;
    case TARN_TYPE_UUID:
        for (size_t i = 0; i < value->u.bytes.size && i < 16; i++) {
            static const char digit[] = "0123456789abcdef";
            const unsigned char byte = (unsigned char)value->u.bytes.data[i];
            text[size++] = digit[byte >> 4];
            text[size++] = digit[byte & 15];
            if (i == 3 || i == 5 || i == 7 || i == 9) {
                text[size++] = '-';
            }
        }
        return size;
    default:
        return 0;
    }
}

void tarn__iceberg_value_print(const struct tarn_value *value, struct tarn_json_printer *out)
{
    char text[TARN_DECIMAL_TEXT];
    if (value->is_null) {
        tarn__json_print_null(out);
        return;
    }
    switch (value->type->id) {
    case TARN_TYPE_BOOL:
        tarn__json_print_bool(out, value->u.boolean);
        break;
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
        tarn__json_print_int64(out, value->u.i64);
        break;
    case TARN_TYPE_F32:
        tarn__json_print_float(out, (float)value->u.f64);
        break;
    case TARN_TYPE_F64:
        tarn__json_print_double(out, value->u.f64);
        break;
    case TARN_TYPE_STRING:
        tarn__json_print_string(out, value->u.bytes);
        break;
    case TARN_TYPE_BINARY:
    case TARN_TYPE_FIXED: {
        struct tarn_text_builder hex;
        tarn__builder_init(&hex, out->out->env);
        tarn__builder_add_hex(&hex, tarn__span_of_text(value->u.bytes));
        tarn__json_print_string(out, tarn__builder_text(&hex));
        out->out->failed = out->out->failed || hex.failed;
        tarn__builder_free(&hex);
        break;
    }
    default:
        print_text(out, text, format_value(value, text));
        break;
    }
}

/* ---- names of folders ---- */

static void add_base64(struct tarn_text bytes, struct tarn_text_builder *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.size; i += 3) {
        const size_t left = bytes.size - i;
        const uint32_t word = (uint32_t)(unsigned char)bytes.data[i] << 16 |
                              (left > 1 ? (uint32_t)(unsigned char)bytes.data[i + 1] << 8 : 0) |
                              (left > 2 ? (uint32_t)(unsigned char)bytes.data[i + 2] : 0);
        const char four[4] = {alphabet[word >> 18], alphabet[word >> 12 & 63], left > 1 ? alphabet[word >> 6 & 63] : '=',
                              left > 2 ? alphabet[word & 63] : '='};
        tarn__builder_add_bytes(out, four, sizeof(four));
    }
}

/* Java's ISO forms: zeros behind the last digit of a fraction are left out, and the point with them. */
static void add_time(const struct tarn_value *value, struct tarn_text_builder *out)
{
    char text[TARN_DECIMAL_TEXT];
    size_t size = format_value(value, text);
    const bool utc = value->type->id == TARN_TYPE_TIMESTAMP && value->type->utc;
    size -= utc ? 6 : 0;
    if (memchr(text, '.', size) != NULL) {
        while (text[size - 1] == '0') {
            size--;
        }
        size -= text[size - 1] == '.';
    }
    tarn__builder_add_bytes(out, text, size);
    if (utc) {
        tarn__builder_add_str(out, "+00:00");
    }
}

static void add_identity(const struct tarn_value *value, struct tarn_text_builder *out)
{
    static const struct tarn_float_words words = {"NaN", "Infinity", "-Infinity", "-0.0"};
    char text[TARN_DECIMAL_TEXT];
    switch (value->type->id) {
    case TARN_TYPE_BOOL:
        tarn__builder_add_str(out, value->u.boolean ? "true" : "false");
        break;
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
        tarn__builder_add_int64(out, value->u.i64);
        break;
    case TARN_TYPE_F32:
        tarn__builder_add_float(out, (float)value->u.f64, &words);
        break;
    case TARN_TYPE_F64:
        tarn__builder_add_double(out, value->u.f64, &words);
        break;
    case TARN_TYPE_STRING:
        tarn__builder_add(out, value->u.bytes);
        break;
    case TARN_TYPE_BINARY:
    case TARN_TYPE_FIXED:
        add_base64(value->u.bytes, out);
        break;
    case TARN_TYPE_TIME:
    case TARN_TYPE_TIMESTAMP:
        add_time(value, out);
        break;
    default:
        tarn__builder_add_bytes(out, text, format_value(value, text));
        break;
    }
}

static void add_date_part(enum tarn__transform transform, int64_t number, struct tarn_text_builder *out)
{
    int64_t days = number;
    if (transform == TARN_TRANSFORM_HOUR) {
        days = tarn__floor_div(number, 24);
    } else if (transform == TARN_TRANSFORM_YEAR || transform == TARN_TRANSFORM_MONTH) {
        const int64_t months = transform == TARN_TRANSFORM_YEAR ? number * 12 : number;
        const int64_t year = tarn__floor_div(months, 12);
        days = tarn__days_of_civil(1970 + year, (unsigned)(months - year * 12) + 1, 1);
    }
    char text[TARN_DATETIME_TEXT];
    size_t size = tarn__date_print(days, text); /* YYYY-MM-DD, the year maybe longer */
    size -= transform == TARN_TRANSFORM_YEAR ? 6 : transform == TARN_TRANSFORM_MONTH ? 3 : 0;
    tarn__builder_add_bytes(out, text, size);
    if (transform == TARN_TRANSFORM_HOUR) {
        tarn__builder_add_char(out, '-');
        tarn__builder_add_uint_padded(out, (uint64_t)(number - days * 24), 2);
    }
}

void tarn__iceberg_transform_text(enum tarn__transform transform, const struct tarn_value *value, struct tarn_text_builder *out)
{
    if (value->is_null || transform == TARN_TRANSFORM_VOID) {
        tarn__builder_add_str(out, "null");
    } else if (transform >= TARN_TRANSFORM_YEAR && transform <= TARN_TRANSFORM_HOUR) {
        add_date_part(transform, value->u.i64, out);
    } else {
        add_identity(value, out);
    }
}

void tarn__iceberg_folder_escape(struct tarn_text text, struct tarn_text_builder *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        const char c = text.data[i];
        if (tarn__is_letter(c) || tarn__is_digit(c) || c == '.' || c == '-' || c == '*' || c == '_') {
            tarn__builder_add_char(out, c);
        } else if (c == ' ') {
            tarn__builder_add_char(out, '+');
        } else {
            const unsigned char byte = (unsigned char)c;
            const char escaped[3] = {'%', digits[byte >> 4], digits[byte & 15]};
            tarn__builder_add_bytes(out, escaped, sizeof(escaped));
        }
    }
}
