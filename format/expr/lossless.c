/* SPDX-License-Identifier: Apache-2.0
 *
 * Which casts lose nothing, for any value: what CAST may say, so that a comparison may be decided on either side of it.
 */
#include "format/expr/types.h"

/* Bits of the magnitude of an integer type, and whether it has a sign; 0: no integer. */
static int integer_bits(enum tarn_type_id id, bool *is_signed)
{
    *is_signed = id <= TARN_TYPE_I64;
    switch (id) {
    case TARN_TYPE_I8:
        return 7;
    case TARN_TYPE_I16:
        return 15;
    case TARN_TYPE_I32:
        return 31;
    case TARN_TYPE_I64:
        return 63;
    case TARN_TYPE_U8:
        return 8;
    case TARN_TYPE_U16:
        return 16;
    case TARN_TYPE_U32:
        return 32;
    case TARN_TYPE_U64:
        return 64;
    default:
        return 0;
    }
}

/* Whole numbers up to 2^bits are exact in a float type; 0: no float. */
static int float_bits(enum tarn_type_id id)
{
    return id == TARN_TYPE_F16 ? 11 : id == TARN_TYPE_F32 ? 24 : id == TARN_TYPE_F64 ? 53 : 0;
}

/* Decimal digits of the largest magnitude. */
static int digits_of_bits(int bits)
{
    return bits <= 8 ? 3 : bits <= 16 ? 5 : bits <= 32 ? 10 : bits == 63 ? 19 : 20;
}

static bool is_text(enum tarn_type_id id)
{
    return id == TARN_TYPE_STRING || id == TARN_TYPE_JSON || id == TARN_TYPE_ENUM;
}

static bool integer_fits(const struct tarn_type *from, const struct tarn_type *to)
{
    bool from_signed;
    bool to_signed;
    const int bits = integer_bits(from->id, &from_signed);
    const int room = integer_bits(to->id, &to_signed);
    if (bits == 0) {
        return false;
    }
    if (room != 0) {
        return bits <= room && (to_signed || !from_signed);
    }
    if (to->id == TARN_TYPE_DECIMAL) {
        return to->precision - to->scale >= digits_of_bits(bits);
    }
    return float_bits(to->id) >= bits; /* 2^bits itself, the least signed number, is exact too */
}

bool tarn_expr_cast_is_lossless(const struct tarn_type *from, const struct tarn_type *to)
{
    if (from->id == TARN_TYPE_NULL || tarn_type_equal(from, to) || integer_fits(from, to)) {
        return true;
    }
    if (float_bits(from->id) != 0 && float_bits(to->id) >= float_bits(from->id)) {
        return true;
    }
    switch (from->id) {
    case TARN_TYPE_DECIMAL:
        return to->id == TARN_TYPE_DECIMAL && to->scale >= from->scale && to->precision - to->scale >= from->precision - from->scale;
    case TARN_TYPE_DATE: /* microseconds hold 292,000 years: what is beyond has no timestamp at all and is an error */
        return to->id == TARN_TYPE_TIMESTAMP && !to->wide && to->unit <= TARN_MICRO;
    case TARN_TYPE_TIME:
        return to->id == TARN_TYPE_TIME && to->unit >= from->unit && to->utc == from->utc;
    case TARN_TYPE_TIMESTAMP:
        return to->id == TARN_TYPE_TIMESTAMP && to->unit == from->unit && to->wide == from->wide && to->utc == from->utc;
    case TARN_TYPE_STRING:
    case TARN_TYPE_JSON:
    case TARN_TYPE_ENUM:
        return to->id == TARN_TYPE_STRING || to->id == TARN_TYPE_BINARY || (is_text(from->id) && from->id == to->id);
    case TARN_TYPE_BSON:
        return to->id == TARN_TYPE_BINARY;
    default:
        return false;
    }
}
