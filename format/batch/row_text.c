/* SPDX-License-Identifier: Apache-2.0
 *
 * Values as text, in SQL's spelling and in canonical JSON.
 *
 * Specification: docs/canonical-json.md; for SQL DuckDB's cast to VARCHAR. Nesting is bounded by TARN_MAX_DEPTH, which schemas keep.
 */
#include "format/batch/row_text.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/datetime.h"
#include "format/base/decimal.h"
#include "format/base/number.h"
#include "format/batch/half.h"
#include "format/batch/vector.h"
#include "format/json/json_print.h"
#include "format/variant/variant_text.h"

bool tarn__row_resolve(const struct tarn_vector **vector, uint32_t *row)
{
    const struct tarn_vector *v = *vector;
    uint32_t at = *row;
    for (;;) {
        if (v->shape == TARN_SHAPE_NULLS || (v->validity != NULL && !tarn__bit_get(v->validity, at))) {
            return false;
        }
        if (v->shape == TARN_SHAPE_CONSTANT) {
            v = v->children[0];
            at = 0;
        } else if (v->shape == TARN_SHAPE_RUNS) {
            uint32_t low = 0;
            uint32_t high = v->run_count;
            while (low < high) { /* the first run that ends behind the row */
                const uint32_t middle = low + (high - low) / 2;
                if (v->u.ends[middle] > at) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            v = v->children[0];
            at = low;
        } else if (v->shape == TARN_SHAPE_DICTIONARY) {
            at = v->u.codes[at];
            v = v->dictionary->values;
        } else {
            *vector = v;
            *row = at;
            return true;
        }
    }
}

static uint64_t offset_at(const struct tarn_vector *v, uint32_t i)
{
    return v->wide_offsets ? ((const uint64_t *)v->u.offsets)[i] : ((const uint32_t *)v->u.offsets)[i];
}

static struct tarn_text span_at(const struct tarn_vector *v, uint32_t row)
{
    if (v->shape == TARN_SHAPE_FLAT) {
        const uint32_t width = tarn_type_width(v->type);
        return (struct tarn_text){(const char *)v->u.values + (size_t)row * width, width};
    }
    return tarn_vector_text(v, row);
}

static int64_t signed_at(const struct tarn_vector *v, uint32_t row)
{
    switch (tarn_type_kind(v->type)) {
    case TARN_KIND_I8:
        return ((const int8_t *)v->u.values)[row];
    case TARN_KIND_I16:
        return ((const int16_t *)v->u.values)[row];
    case TARN_KIND_I32:
        return ((const int32_t *)v->u.values)[row];
    default:
        return ((const int64_t *)v->u.values)[row];
    }
}

static uint64_t unsigned_at(const struct tarn_vector *v, uint32_t row)
{
    switch (tarn_type_kind(v->type)) {
    case TARN_KIND_U8:
        return ((const uint8_t *)v->u.values)[row];
    case TARN_KIND_U16:
        return ((const uint16_t *)v->u.values)[row];
    case TARN_KIND_U32:
        return ((const uint32_t *)v->u.values)[row];
    default:
        return ((const uint64_t *)v->u.values)[row];
    }
}

static tarn_i128 wide_at(const struct tarn_vector *v, uint32_t row)
{
    if (tarn_type_kind(v->type) != TARN_KIND_I128) {
        return signed_at(v, row);
    }
    const uint64_t *words = (const uint64_t *)v->u.values + (size_t)row * 2;
    return (tarn_i128)((tarn_u128)words[1] << 64 | words[0]);
}

static void put_float(struct tarn_text_builder *out, const struct tarn_vector *v, uint32_t row, enum tarn_text_style style)
{
    const struct tarn_float_words *words = style != TARN_STYLE_SQL ? &tarn__float_words_json : &tarn__float_words_plain;
    if (v->type->id == TARN_TYPE_F64) {
        tarn__builder_add_double(out, ((const double *)v->u.values)[row], words);
        return;
    }
    const float value = v->type->id == TARN_TYPE_F16 ? (float)tarn__half_to_double(((const uint16_t *)v->u.values)[row])
                                                     : ((const float *)v->u.values)[row];
    if (style != TARN_STYLE_SQL) { /* canonical: widened first, so that a reader of doubles sees the same value */
        tarn__builder_add_double(out, (double)value, words);
    } else {
        tarn__builder_add_float(out, value, words);
    }
}

static void put_quoted(struct tarn_text_builder *out, const char *text, size_t size, bool quote)
{
    if (quote) {
        tarn__builder_add_char(out, '"');
    }
    tarn__builder_add_bytes(out, text, size);
    if (quote) {
        tarn__builder_add_char(out, '"');
    }
}

static void put_decimal(struct tarn_text_builder *out, const struct tarn_vector *v, uint32_t row, bool quote)
{
    char text[TARN_DECIMAL_TEXT];
    size_t size;
    const unsigned scale = v->type->scale > 0 ? (unsigned)v->type->scale : 0;
    if (tarn_type_kind(v->type) == TARN_KIND_I256) {
        struct tarn_i256 value;
        memcpy(&value, (const uint8_t *)v->u.values + (size_t)row * 32, sizeof(value));
        size = tarn__decimal256_print(value, scale, text);
    } else {
        size = tarn__decimal128_print(wide_at(v, row), scale, text);
    }
    put_quoted(out, text, size, quote);
}

/* A decimal of more than 76 digits; as its bytes when it is longer than anyone wants to see. */
static void put_long_decimal(struct tarn_text_builder *out, const struct tarn_vector *v, uint32_t row, enum tarn_text_style style)
{
    const struct tarn_text text = span_at(v, row);
    const size_t begin = out->size;
    const bool quote = style != TARN_STYLE_SQL;
    if (quote) {
        tarn__builder_add_char(out, '"');
    }
    if (!tarn__decimal_bytes_add(out, tarn__span_of_text(text), (unsigned)v->type->scale)) {
        out->size = begin;
        tarn__text_put_binary(out, text, style);
    } else if (quote) {
        tarn__builder_add_char(out, '"');
    }
}

static const unsigned unit_digits[] = {[TARN_SECOND] = 0, [TARN_MILLI] = 3, [TARN_MICRO] = 6, [TARN_NANO] = 9};

static void put_temporal(struct tarn_text_builder *out, const struct tarn_vector *v, uint32_t row, enum tarn_text_style style)
{
    char text[TARN_DATETIME_TEXT];
    const bool json = style != TARN_STYLE_SQL;
    const unsigned digits = unit_digits[v->type->unit];
    const enum tarn_timestamp_style as = json ? (v->type->utc ? TARN_TIMESTAMP_JSON_UTC : TARN_TIMESTAMP_JSON)
                                              : (v->type->utc ? TARN_TIMESTAMP_SQL_UTC : TARN_TIMESTAMP_SQL);
    size_t size;
    if (v->type->id == TARN_TYPE_DATE) {
        size = tarn__date_print(signed_at(v, row), text);
    } else if (v->type->id == TARN_TYPE_TIME) {
        size = tarn__time_print(signed_at(v, row), digits, !json, text);
    } else if (v->type->wide) {
        size = tarn__timestamp_print_wide(wide_at(v, row), (unsigned)v->type->unit * 3, as, text);
    } else {
        size = tarn__timestamp_print(signed_at(v, row), digits, as, text);
    }
    put_quoted(out, text, size, json);
}

static void put_interval(struct tarn_text_builder *out, struct tarn_text bytes, enum tarn_text_style style)
{
    const int32_t months = (int32_t)tarn__load32(bytes.data);
    const int32_t days = (int32_t)tarn__load32(bytes.data + 4);
    const int64_t nanos = (int64_t)tarn__load64(bytes.data + 8);
    if (style != TARN_STYLE_SQL) {
        tarn__builder_add_str(out, "{\"months\":");
        tarn__builder_add_int64(out, months);
        tarn__builder_add_str(out, ",\"days\":");
        tarn__builder_add_int64(out, days);
        tarn__builder_add_str(out, ",\"millis\":");
        tarn__builder_add_int64(out, nanos / 1000000);
        tarn__builder_add_char(out, '}');
        return;
    }
    bool any = false;
    const struct {
        int64_t count;
        const char *one;
    } parts[] = {{months / 12, " year"}, {months % 12, " month"}, {days, " day"}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].count != 0) {
            tarn__builder_add_str(out, any ? " " : "");
            tarn__builder_add_int64(out, parts[i].count);
            tarn__builder_add_str(out, parts[i].one);
            tarn__builder_add_str(out, parts[i].count != 1 && parts[i].count != -1 ? "s" : "");
            any = true;
        }
    }
    if (nanos != 0 || !any) {
        const uint64_t micros = (nanos < 0 ? 0 - (uint64_t)nanos : (uint64_t)nanos) / 1000; /* as DuckDB keeps them */
        tarn__builder_add_str(out, any ? " " : "");
        tarn__builder_add_str(out, nanos < 0 ? "-" : "");
        tarn__builder_add_uint_padded(out, micros / 3600000000u, 2);
        tarn__builder_add_char(out, ':');
        tarn__builder_add_uint_padded(out, micros / 60000000u % 60, 2);
        tarn__builder_add_char(out, ':');
        tarn__builder_add_uint_padded(out, micros / 1000000u % 60, 2);
        if (micros % 1000000u != 0) {
            tarn__builder_add_char(out, '.');
            tarn__builder_add_uint_padded(out, micros % 1000000u, 6);
        }
    }
}

void tarn__text_put_uuid(struct tarn_text_builder *out, struct tarn_text bytes, bool quote)
{
    static const char hex[] = "0123456789abcdef";
    char text[36];
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[at++] = '-';
        }
        text[at++] = hex[(uint8_t)bytes.data[i] >> 4];
        text[at++] = hex[(uint8_t)bytes.data[i] & 15];
    }
    put_quoted(out, text, at, quote);
}

/* Printable ASCII as it is, every other byte as \xAB. */
static void put_blob(struct tarn_text_builder *out, struct tarn_text bytes)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < bytes.size; i++) {
        const uint8_t byte = (uint8_t)bytes.data[i];
        if (byte >= 0x20 && byte < 0x7f && byte != '\\' && byte != '\'' && byte != '"') {
            tarn__builder_add_char(out, (char)byte);
        } else {
            const char escaped[] = {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
            tarn__builder_add_bytes(out, escaped, sizeof(escaped));
        }
    }
}

void tarn__text_put_binary(struct tarn_text_builder *out, struct tarn_text bytes, enum tarn_text_style style)
{
    if (style != TARN_STYLE_SQL) {
        tarn__builder_add_str(out, "\"0x");
        tarn__builder_add_hex(out, tarn__span_of_text(bytes));
        tarn__builder_add_char(out, '"');
    } else {
        put_blob(out, bytes);
    }
}

static void put_row(struct tarn_text_builder *out, const struct tarn_vector *v, uint32_t row, enum tarn_text_style style, bool nested);

static void put_list(struct tarn_text_builder *out, const struct tarn_vector *v, uint32_t row, enum tarn_text_style style)
{
    const uint64_t end = offset_at(v, row + 1);
    tarn__builder_add_char(out, '[');
    for (uint64_t i = offset_at(v, row); i < end; i++) {
        put_row(out, v->children[0], (uint32_t)i, style, true);
        if (i + 1 < end) {
            tarn__builder_add_str(out, style != TARN_STYLE_SQL ? "," : ", ");
        }
    }
    tarn__builder_add_char(out, ']');
}

static void put_map(struct tarn_text_builder *out, const struct tarn_vector *v, uint32_t row, enum tarn_text_style style)
{
    const bool json = style != TARN_STYLE_SQL;
    const uint64_t end = offset_at(v, row + 1);
    tarn__builder_add_char(out, json ? '[' : '{');
    for (uint64_t i = offset_at(v, row); i < end; i++) {
        tarn__builder_add_str(out, json ? "[" : "");
        put_row(out, v->children[0], (uint32_t)i, style, true);
        tarn__builder_add_char(out, json ? ',' : '=');
        put_row(out, v->children[1], (uint32_t)i, style, true);
        tarn__builder_add_str(out, json ? "]" : "");
        if (i + 1 < end) {
            tarn__builder_add_str(out, json ? "," : ", ");
        }
    }
    tarn__builder_add_char(out, json ? ']' : '}');
}

static void put_struct(struct tarn_text_builder *out, const struct tarn_vector *v, uint32_t row, enum tarn_text_style style)
{
    static const struct tarn_text variant_names[] = {{"metadata", 8}, {"value", 5}};
    const bool json = style != TARN_STYLE_SQL;
    tarn__builder_add_char(out, '{');
    for (uint32_t i = 0; i < v->child_count; i++) {
        const struct tarn_text name = v->type->id == TARN_TYPE_STRUCT ? v->type->fields[i].name : variant_names[i & 1];
        if (i != 0) {
            tarn__builder_add_str(out, json ? "," : ", ");
        }
        if (json) {
            tarn__json_put_string(out, name);
            tarn__builder_add_char(out, ':');
        } else {
            tarn__builder_add_char(out, '\'');
            tarn__builder_add(out, name);
            tarn__builder_add_str(out, "': ");
        }
        put_row(out, v->children[i], row, style, true);
    }
    tarn__builder_add_char(out, '}');
}

/* What is no variant, as an import may bring, is shown as it is stored. */
static void put_variant(struct tarn_text_builder *out, const struct tarn_vector *v, uint32_t row, enum tarn_text_style style)
{
    const struct tarn_span metadata = tarn__span_of_text(tarn_vector_text(v->children[0], row));
    const struct tarn_span value = tarn__span_of_text(tarn_vector_text(v->children[1], row));
    if (style == TARN_STYLE_JSON_STORED || !tarn__variant_text(out, metadata, value, style)) {
        put_struct(out, v, row, style);
    }
}

static void put_value(struct tarn_text_builder *out, const struct tarn_vector *v, uint32_t row, enum tarn_text_style style)
{
    const bool json = style != TARN_STYLE_SQL;
    switch (v->type->id) {
    case TARN_TYPE_NULL:
        tarn__builder_add_str(out, json ? "null" : "NULL");
        return;
    case TARN_TYPE_BOOL:
        tarn__builder_add_str(out, tarn__bit_get(v->u.values, row) ? "true" : "false");
        return;
    case TARN_TYPE_I8:
    case TARN_TYPE_I16:
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
    case TARN_TYPE_DURATION:
        tarn__builder_add_int64(out, signed_at(v, row));
        return;
    case TARN_TYPE_U8:
    case TARN_TYPE_U16:
    case TARN_TYPE_U32:
    case TARN_TYPE_U64:
        tarn__builder_add_uint64(out, unsigned_at(v, row));
        return;
    case TARN_TYPE_F16:
    case TARN_TYPE_F32:
    case TARN_TYPE_F64:
        put_float(out, v, row, style);
        return;
    case TARN_TYPE_DECIMAL:
        put_decimal(out, v, row, json);
        return;
    case TARN_TYPE_DATE:
    case TARN_TYPE_TIME:
    case TARN_TYPE_TIMESTAMP:
        put_temporal(out, v, row, style);
        return;
    case TARN_TYPE_INTERVAL:
        put_interval(out, span_at(v, row), style);
        return;
    case TARN_TYPE_STRING:
    case TARN_TYPE_JSON:
    case TARN_TYPE_ENUM:
        if (json) {
            tarn__json_put_string(out, span_at(v, row));
        } else {
            tarn__builder_add(out, span_at(v, row));
        }
        return;
    case TARN_TYPE_UUID:
        tarn__text_put_uuid(out, span_at(v, row), json);
        return;
    case TARN_TYPE_BINARY:
    case TARN_TYPE_FIXED:
        if (v->type->precision != 0) {
            put_long_decimal(out, v, row, style);
            return;
        }
        tarn__text_put_binary(out, span_at(v, row), style);
        return;
    case TARN_TYPE_BSON:
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        tarn__text_put_binary(out, span_at(v, row), style);
        return;
    case TARN_TYPE_LIST:
        put_list(out, v, row, style);
        return;
    case TARN_TYPE_MAP:
        put_map(out, v, row, style);
        return;
    case TARN_TYPE_STRUCT:
        put_struct(out, v, row, style);
        return;
    case TARN_TYPE_VARIANT:
        put_variant(out, v, row, style);
        return;
    }
}

static void put_row(struct tarn_text_builder *out, const struct tarn_vector *v, uint32_t row, enum tarn_text_style style, bool nested)
{
    if (!tarn__row_resolve(&v, &row)) {
        tarn__builder_add_str(out, style != TARN_STYLE_SQL ? "null" : nested ? "NULL" : "");
        return;
    }
    put_value(out, v, row, style);
}

void tarn__row_text(struct tarn_text_builder *out, const struct tarn_vector *vector, uint32_t row, enum tarn_text_style style)
{
    put_row(out, vector, row, style, false);
}

size_t tarn_vector_format(struct tarn_env *env, const struct tarn_vector *vector, uint32_t row, char *buffer, size_t size)
{
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    tarn__row_text(&out, vector, row, TARN_STYLE_SQL);
    const struct tarn_text text = tarn__builder_text(&out);
    const size_t length = text.size;
    if (size != 0) {
        const size_t kept = length < size ? length : size - 1;
        if (kept != 0) {
            memcpy(buffer, text.data, kept);
        }
        buffer[kept] = '\0';
    }
    tarn__builder_free(&out);
    return length;
}

size_t tarn_value_format(struct tarn_env *env, const struct tarn_value *value, char *buffer, size_t size)
{
    if (size != 0) {
        buffer[0] = '\0';
    }
    struct tarn_vector *vector = value->is_null ? NULL : tarn__vector_of_value(env, value->type, 1, value);
    if (vector == NULL) {
        return 0;
    }
    const size_t length = tarn_vector_format(env, vector, 0, buffer, size);
    tarn_vector_release(vector);
    return length;
}
