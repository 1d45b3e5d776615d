/* SPDX-License-Identifier: Apache-2.0
 *
 * Partition values.
 *
 * Specification: Delta PROTOCOL.md, "Partition Value Serialization".
 */
#include "txlog/delta/delta_partition.h"

#include "format/base/bytes.h"
#include "format/base/datetime.h"
#include "format/base/decimal.h"
#include "format/base/utf8.h"
#include "format/batch/value_decimal.h"

static const uint32_t null_size = UINT32_MAX;

static void add_sized(struct tarn_text_builder *raw, struct tarn_text text)
{
    uint8_t size[4];
    tarn__store32(size, (uint32_t)text.size);
    tarn__builder_add_bytes(raw, size, sizeof(size));
    tarn__builder_add(raw, text);
}

void tarn__delta_partition_add(struct tarn_text_builder *raw, struct tarn_text key, const struct tarn_text *value)
{
    add_sized(raw, key);
    if (value != NULL) {
        add_sized(raw, *value);
    } else {
        uint8_t size[4];
        tarn__store32(size, null_size);
        tarn__builder_add_bytes(raw, size, sizeof(size));
    }
}

bool tarn__delta_partition_next(struct tarn_text *raw, struct tarn_text *key, struct tarn_text *value, bool *is_null)
{
    if (raw->size == 0) {
        return false;
    }
    const char *at = raw->data;
    *key = (struct tarn_text){at + 4, tarn__load32(at)};
    at += 4 + key->size;
    const uint32_t size = tarn__load32(at);
    *is_null = size == null_size;
    *value = (struct tarn_text){at + 4, *is_null ? 0 : size};
    at += 4 + value->size;
    raw->size -= (size_t)(at - raw->data);
    raw->data = at;
    return true;
}

enum tarn_status tarn__delta_partition_read(struct tarn_json *json, struct tarn_text *raw, struct tarn_error *err)
{
    struct tarn_arena *arena = json->options.arena;
    struct tarn_text_builder builder;
    tarn__builder_init(&builder, arena->env);
    bool is_null = false;
    enum tarn_status status = tarn__json_object(json, &is_null, err);
    for (bool more = !is_null; status == TARN_OK && more;) {
        status = tarn__json_key(json, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        const struct tarn_text key = json->text;
        struct tarn_text value;
        status = tarn__json_string(json, &value, &is_null, err);
        if (status == TARN_OK) {
            tarn__delta_partition_add(&builder, key, is_null ? NULL : &value);
        }
    }
    if (status == TARN_OK) {
        status = tarn__builder_status(&builder, err);
    }
    *raw = (struct tarn_text){NULL, 0};
    if (status == TARN_OK && builder.size != 0) {
        *raw = tarn__arena_text(arena, tarn__builder_text(&builder));
        status = raw->data == NULL ? tarn__nomem(arena->env, err, builder.size) : TARN_OK;
    }
    tarn__builder_free(&builder);
    return status;
}

static bool parse_integer(enum tarn_type_id id, struct tarn_text text, int64_t *out)
{
    const int64_t most = id == TARN_TYPE_I8 ? INT8_MAX : id == TARN_TYPE_I16 ? INT16_MAX : id == TARN_TYPE_I32 ? INT32_MAX : INT64_MAX;
    return tarn__int64_parse(text, out) == TARN_PARSED && *out <= most && *out >= -most - 1;
}

/* False when the text is not of the type. */
static bool parse_scalar(const struct tarn_type *type, struct tarn_text text, struct tarn_value *out)
{
    int32_t days;
    float narrow;
    tarn_i128 unscaled;
    switch (type->id) {
    case TARN_TYPE_BOOL:
        out->u.boolean = tarn__text_equal_caseless(text, TARN_TEXT("true"));
        return out->u.boolean || tarn__text_equal_caseless(text, TARN_TEXT("false"));
    case TARN_TYPE_I8:
    case TARN_TYPE_I16:
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
        return parse_integer(type->id, text, &out->u.i64);
    case TARN_TYPE_F32:
        if (tarn__float_parse(text, TARN_NUMBER_SPECIALS, &narrow) == TARN_PARSED_SYNTAX) {
            return false;
        }
        out->u.f64 = (double)narrow;
        return true;
    case TARN_TYPE_F64:
        return tarn__double_parse(text, TARN_NUMBER_SPECIALS, &out->u.f64) != TARN_PARSED_SYNTAX;
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
    case TARN_TYPE_TIMESTAMP:
        return tarn__timestamp_parse(text, 6, &out->u.i64, NULL) == TARN_PARSED;
    default:
        return false;
    }
}

enum tarn_status tarn__delta_value_parse(const struct tarn_type *type, struct tarn_text text, struct tarn_arena *arena,
                                         struct tarn_value *out, struct tarn_error *err)
{
    *out = (struct tarn_value){.type = type};
    if (type->id == TARN_TYPE_STRING || type->id == TARN_TYPE_BINARY) {
        const struct tarn_text copy = tarn__arena_text(arena, text);
        if (copy.data == NULL) {
            return tarn__nomem(arena->env, err, text.size);
        }
        out->u.bytes = copy;
        return TARN_OK;
    }
    if (text.size == 0 || type->id == TARN_TYPE_NULL) {
        out->is_null = true;
        return TARN_OK;
    }
    if (!parse_scalar(type, text, out)) {
        char name[64];
        tarn_type_format(type, name, sizeof(name));
        return tarn__corrupt(err, "partition_value", "\"%.*s\" is no value of type %s", TARN_TEXT_ARG(text), name);
    }
    return TARN_OK;
}

enum tarn_status tarn__delta_value_print(const struct tarn_value *value, struct tarn_text_builder *out, struct tarn_error *err)
{
    char text[TARN_DECIMAL_TEXT];
    size_t size = 0;
    static const struct tarn_float_words words = {"NaN", "Infinity", "-Infinity", "-0.0"};
    switch (value->type->id) {
    case TARN_TYPE_BOOL:
        tarn__builder_add_str(out, value->u.boolean ? "true" : "false");
        return TARN_OK;
    case TARN_TYPE_I8:
    case TARN_TYPE_I16:
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
        tarn__builder_add_int64(out, value->u.i64);
        return TARN_OK;
    case TARN_TYPE_F32:
        tarn__builder_add_float(out, (float)value->u.f64, &words);
        return TARN_OK;
    case TARN_TYPE_F64:
        tarn__builder_add_double(out, value->u.f64, &words);
        return TARN_OK;
    case TARN_TYPE_DECIMAL:
        size = tarn__decimal128_print(tarn__value_unscaled(value), (unsigned)value->type->scale, text);
        break;
    case TARN_TYPE_DATE:
        size = tarn__date_print(value->u.i64, text);
        break;
    case TARN_TYPE_TIMESTAMP:
        /* An instant as ISO with Z: the other form is in the writer's zone, which readers can only guess. */
        size = tarn__timestamp_print(value->u.i64, 6, value->type->utc ? TARN_TIMESTAMP_JSON_UTC : TARN_TIMESTAMP_JSON, text);
        if (!value->type->utc) {
            for (size_t i = 0; i < size; i++) {
                text[i] = text[i] == 'T' ? ' ' : text[i];
            }
        }
        break;
    case TARN_TYPE_STRING:
    case TARN_TYPE_BINARY:
        if (!tarn__utf8_is_valid(value->u.bytes)) {
            return tarn__invalid(err, "partition_value", "a partition value must be text; these bytes are not UTF-8");
        }
        tarn__builder_add(out, value->u.bytes);
        return TARN_OK;
    default:
        return tarn__unsupported(err, "delta.partition_type", "a column of this type cannot be a partition column");
    }
    tarn__builder_add(out, (struct tarn_text){text, size});
    return TARN_OK;
}
