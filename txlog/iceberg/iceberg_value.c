/* SPDX-License-Identifier: Apache-2.0
 *
 * Single values as bytes.
 *
 * Specification: Iceberg table spec, Appendix D "Binary single-value serialization"; "Schema Evolution" for the widths of old values.
 *
 * Invariants
 *  1. What encode writes, decode reads as the same value.
 *  2. A length that no version of the type had is CORRUPT, never cut or padded.
 */
#include "txlog/iceberg/iceberg_value.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/decimal.h"
#include "format/base/utf8.h"
#include "format/batch/value_decimal.h"

static enum tarn_status bad_length(const struct tarn_type *type, size_t size, struct tarn_error *err)
{
    char name[64];
    tarn_type_format(type, name, sizeof(name));
    return tarn__corrupt(err, "bound_value", "a stored value of type %s cannot have %zu bytes", name, size);
}

static double load_float(const uint8_t *at)
{
    const uint32_t bits = tarn__load32(at);
    float value;
    memcpy(&value, &bits, sizeof(value));
    return (double)value;
}

static double load_double(const uint8_t *at)
{
    const uint64_t bits = tarn__load64(at);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static enum tarn_status decode_decimal(const struct tarn_type *type, struct tarn_span bytes, struct tarn_value *out, struct tarn_error *err)
{
    tarn_i128 unscaled;
    if (bytes.size == 0 || !tarn__i128_load_be(bytes, &unscaled)) {
        return bad_length(type, bytes.size, err);
    }
    if (!tarn__value_is_words(out) && (unscaled > INT64_MAX || unscaled < INT64_MIN)) {
        return tarn__corrupt(err, "bound_value", "a stored decimal has more digits than its type");
    }
    tarn__value_set_unscaled(out, unscaled);
    return TARN_OK;
}

static enum tarn_status decode_bytes(const struct tarn_type *type, struct tarn_span bytes, struct tarn_value *out, struct tarn_error *err)
{
    out->u.bytes = (struct tarn_text){(const char *)bytes.data, bytes.size};
    if (tarn_type_kind(type) == TARN_KIND_FIXED && bytes.size != tarn_type_width(type)) {
        return bad_length(type, bytes.size, err);
    }
    if (type->id == TARN_TYPE_STRING && !tarn__utf8_is_valid(out->u.bytes)) {
        return tarn__corrupt(err, "bound_value", "a stored text is not UTF-8");
    }
    return TARN_OK;
}

enum tarn_status tarn__iceberg_value_decode(const struct tarn_type *type, struct tarn_span bytes, struct tarn_value *out,
                                            struct tarn_error *err)
{
    *out = (struct tarn_value){.type = type};
    switch (type->id) {
    case TARN_TYPE_BOOL:
        out->u.boolean = bytes.size == 1 && bytes.data[0] != 0;
        return bytes.size == 1 ? TARN_OK : bad_length(type, bytes.size, err);
    case TARN_TYPE_I32:
    case TARN_TYPE_DATE:
        if (bytes.size != 4) {
            return bad_length(type, bytes.size, err);
        }
        out->u.i64 = (int32_t)tarn__load32(bytes.data);
        return TARN_OK;
    case TARN_TYPE_I64: /* 4 bytes: from when it was an int */
        if (bytes.size != 8 && bytes.size != 4) {
            return bad_length(type, bytes.size, err);
        }
        out->u.i64 = bytes.size == 8 ? (int64_t)tarn__load64(bytes.data) : (int32_t)tarn__load32(bytes.data);
        return TARN_OK;
    case TARN_TYPE_F32:
        if (bytes.size != 4) {
            return bad_length(type, bytes.size, err);
        }
        out->u.f64 = load_float(bytes.data);
        return TARN_OK;
    case TARN_TYPE_F64: /* 4 bytes: from when it was a float */
        if (bytes.size != 8 && bytes.size != 4) {
            return bad_length(type, bytes.size, err);
        }
        out->u.f64 = bytes.size == 8 ? load_double(bytes.data) : load_float(bytes.data);
        return TARN_OK;
    case TARN_TYPE_TIME:
    case TARN_TYPE_TIMESTAMP:
        if (bytes.size != 8) {
            return bad_length(type, bytes.size, err);
        }
        out->u.i64 = (int64_t)tarn__load64(bytes.data);
        return TARN_OK;
    case TARN_TYPE_DECIMAL:
        return decode_decimal(type, bytes, out, err);
    case TARN_TYPE_STRING:
    case TARN_TYPE_BINARY:
    case TARN_TYPE_FIXED:
    case TARN_TYPE_UUID:
        return decode_bytes(type, bytes, out, err);
    default:
        return bad_length(type, bytes.size, err);
    }
}

void tarn__iceberg_value_encode(const struct tarn_value *value, struct tarn_text_builder *out)
{
    uint8_t bytes[16];
    size_t size = 0;
    float narrow;
    uint32_t word;
    uint64_t bits;
    switch (value->type->id) {
    case TARN_TYPE_BOOL:
        bytes[0] = value->u.boolean;
        size = 1;
        break;
    case TARN_TYPE_I32:
    case TARN_TYPE_DATE:
        tarn__store32(bytes, (uint32_t)value->u.i64);
        size = 4;
        break;
    case TARN_TYPE_I64:
    case TARN_TYPE_TIME:
    case TARN_TYPE_TIMESTAMP:
        tarn__store64(bytes, (uint64_t)value->u.i64);
        size = 8;
        break;
    case TARN_TYPE_F32:
        narrow = (float)value->u.f64;
        memcpy(&word, &narrow, sizeof(word));
        tarn__store32(bytes, word);
        size = 4;
        break;
    case TARN_TYPE_F64:
        memcpy(&bits, &value->u.f64, sizeof(bits));
        tarn__store64(bytes, bits);
        size = 8;
        break;
    case TARN_TYPE_DECIMAL:
        size = tarn__i128_store_be_shortest(tarn__value_unscaled(value), bytes);
        break;
    case TARN_TYPE_STRING:
    case TARN_TYPE_BINARY:
    case TARN_TYPE_FIXED:
    case TARN_TYPE_UUID:
        tarn__builder_add(out, value->u.bytes);
        return;
    default:
        return;
    }
    tarn__builder_add_bytes(out, bytes, size);
}
