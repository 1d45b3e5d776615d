/* SPDX-License-Identifier: Apache-2.0
 *
 * Variants as text.
 *
 * Specification: docs/canonical-json.md; for SQL DuckDB's cast of VARIANT to VARCHAR. Fields come in their stored order, which is that of
 * their names' bytes.
 */
#include "format/variant/variant_text.h"

#include "format/base/datetime.h"
#include "format/base/decimal.h"
#include "format/json/json_print.h"
#include "format/variant/variant.h"

static void put_quoted(struct tarn_text_builder *out, const char *text, size_t size, bool quote)
{
    tarn__builder_add_str(out, quote ? "\"" : "");
    tarn__builder_add_bytes(out, text, size);
    tarn__builder_add_str(out, quote ? "\"" : "");
}

static void put_decimal(struct tarn_text_builder *out, const struct tarn_variant *value, bool json)
{
    char text[TARN_DECIMAL_TEXT];
    uint64_t words[2];
    tarn__variant_decimal(value, words);
    const tarn_i128 unscaled = (tarn_i128)((tarn_u128)words[1] << 64 | words[0]);
    put_quoted(out, text, tarn__decimal128_print(unscaled, value->scale, text), json);
}

static void put_temporal(struct tarn_text_builder *out, const struct tarn_variant *value, bool json)
{
    char text[TARN_DATETIME_TEXT];
    size_t size;
    const int64_t ticks = tarn__variant_int(value);
    const bool utc = value->type == TARN_VARIANT_TIMESTAMP || value->type == TARN_VARIANT_TIMESTAMP_NANOS;
    const unsigned digits = value->type == TARN_VARIANT_TIMESTAMP_NANOS || value->type == TARN_VARIANT_TIMESTAMP_NTZ_NANOS ? 9 : 6;
    if (value->type == TARN_VARIANT_DATE) {
        size = tarn__date_print(ticks, text);
    } else if (value->type == TARN_VARIANT_TIME_NTZ) {
        size = tarn__time_print(ticks, digits, !json, text);
    } else {
        const enum tarn_timestamp_style style =
            json ? (utc ? TARN_TIMESTAMP_JSON_UTC : TARN_TIMESTAMP_JSON) : (utc ? TARN_TIMESTAMP_SQL_UTC : TARN_TIMESTAMP_SQL);
        size = tarn__timestamp_print(ticks, digits, style, text);
    }
    put_quoted(out, text, size, json);
}

static void put_float(struct tarn_text_builder *out, const struct tarn_variant *value, bool json)
{
    const double number = tarn__variant_float(value);
    if (value->type == TARN_VARIANT_F32 && !json) {
        tarn__builder_add_float(out, (float)number, &tarn__float_words_plain);
    } else {
        tarn__builder_add_double(out, number, json ? &tarn__float_words_json : &tarn__float_words_plain);
    }
}

static void put_primitive(struct tarn_text_builder *out, const struct tarn_variant *value, enum tarn_text_style style)
{
    const bool json = style != TARN_STYLE_SQL;
    const struct tarn_text bytes = {(const char *)value->payload.data, value->payload.size};
    switch (value->type) {
    case TARN_VARIANT_NULL:
        tarn__builder_add_str(out, json ? "null" : "NULL");
        return;
    case TARN_VARIANT_TRUE:
    case TARN_VARIANT_FALSE:
        tarn__builder_add_str(out, value->type == TARN_VARIANT_TRUE ? "true" : "false");
        return;
    case TARN_VARIANT_I8:
    case TARN_VARIANT_I16:
    case TARN_VARIANT_I32:
    case TARN_VARIANT_I64:
        tarn__builder_add_int64(out, tarn__variant_int(value));
        return;
    case TARN_VARIANT_F32:
    case TARN_VARIANT_F64:
        put_float(out, value, json);
        return;
    case TARN_VARIANT_DECIMAL4:
    case TARN_VARIANT_DECIMAL8:
    case TARN_VARIANT_DECIMAL16:
        put_decimal(out, value, json);
        return;
    case TARN_VARIANT_BINARY:
        tarn__text_put_binary(out, bytes, style);
        return;
    case TARN_VARIANT_UUID:
        tarn__text_put_uuid(out, bytes, json);
        return;
    case TARN_VARIANT_STRING:
        if (json) {
            tarn__json_put_string(out, bytes);
        } else {
            tarn__builder_add(out, bytes);
        }
        return;
    default:
        put_temporal(out, value, json);
        return;
    }
}

static bool put_value(struct tarn_text_builder *out, const struct tarn_variant *value, unsigned depth, enum tarn_text_style style);

static bool put_key(struct tarn_text_builder *out, const struct tarn_variant *object, uint32_t i, bool json)
{
    uint32_t id;
    if (tarn__variant_field_id(object, i, &id, NULL) != TARN_OK) {
        return false;
    }
    const struct tarn_text name = tarn__variant_name(object->metadata, id);
    if (json) {
        tarn__json_put_string(out, name);
        tarn__builder_add_char(out, ':');
    } else {
        tarn__builder_add_char(out, '\'');
        tarn__builder_add(out, name);
        tarn__builder_add_str(out, "': ");
    }
    return true;
}

static bool put_container(struct tarn_text_builder *out, const struct tarn_variant *value, unsigned depth, enum tarn_text_style style)
{
    const bool object = value->type == TARN_VARIANT_OBJECT;
    const bool json = style != TARN_STYLE_SQL;
    uint64_t used = 0; /* members over each other could make a text of any length */
    tarn__builder_add_char(out, object ? '{' : '[');
    for (uint32_t i = 0; i < value->count; i++) {
        struct tarn_variant member;
        tarn__builder_add_str(out, i == 0 ? "" : json ? "," : ", ");
        if ((object && !put_key(out, value, i, json)) || tarn__variant_member(value, i, &member, NULL) != TARN_OK) {
            return false;
        }
        used += member.bytes.size;
        if (used > value->payload.size || out->failed || !put_value(out, &member, depth + 1, style)) {
            return false;
        }
    }
    tarn__builder_add_char(out, object ? '}' : ']');
    return true;
}

static bool put_value(struct tarn_text_builder *out, const struct tarn_variant *value, unsigned depth, enum tarn_text_style style)
{
    if (value->type == TARN_VARIANT_OBJECT || value->type == TARN_VARIANT_ARRAY) {
        return depth < TARN_VARIANT_DEPTH && put_container(out, value, depth, style);
    }
    put_primitive(out, value, style);
    return true;
}

bool tarn__variant_text(struct tarn_text_builder *out, struct tarn_span metadata, struct tarn_span value, enum tarn_text_style style)
{
    struct tarn_variant_metadata names;
    struct tarn_variant top;
    const size_t begin = out->size;
    if (tarn__variant_metadata_open(metadata, &names, NULL) != TARN_OK || tarn__variant_open(&names, value, &top, NULL) != TARN_OK) {
        return false;
    }
    if (put_value(out, &top, 0, style) || out->failed) {
        return true;
    }
    out->size = begin;
    return false;
}
