/* SPDX-License-Identifier: Apache-2.0
 *
 * What follows from a logical type alone: how its values lie in memory, and which types are the same.
 */
#include "tarn/type.h"
#include "format/base/bytes.h"

static enum tarn_kind decimal_kind(int32_t precision)
{
    return precision <= 9 ? TARN_KIND_I32 : precision <= 18 ? TARN_KIND_I64 : precision <= 38 ? TARN_KIND_I128 : TARN_KIND_I256;
}

enum tarn_kind tarn_type_kind(const struct tarn_type *type)
{
    switch (type->id) {
    case TARN_TYPE_NULL:
        return TARN_KIND_NULL;
    case TARN_TYPE_BOOL:
        return TARN_KIND_BOOL;
    case TARN_TYPE_I8:
        return TARN_KIND_I8;
    case TARN_TYPE_I16:
        return TARN_KIND_I16;
    case TARN_TYPE_I32:
    case TARN_TYPE_DATE:
        return TARN_KIND_I32;
    case TARN_TYPE_I64:
    case TARN_TYPE_DURATION:
        return TARN_KIND_I64;
    case TARN_TYPE_U8:
        return TARN_KIND_U8;
    case TARN_TYPE_U16:
        return TARN_KIND_U16;
    case TARN_TYPE_U32:
        return TARN_KIND_U32;
    case TARN_TYPE_U64:
        return TARN_KIND_U64;
    case TARN_TYPE_F16:
        return TARN_KIND_F16;
    case TARN_TYPE_F32:
        return TARN_KIND_F32;
    case TARN_TYPE_F64:
        return TARN_KIND_F64;
    case TARN_TYPE_DECIMAL:
        return decimal_kind(type->precision);
    case TARN_TYPE_TIME:
        return type->unit <= TARN_MILLI ? TARN_KIND_I32 : TARN_KIND_I64;
    case TARN_TYPE_TIMESTAMP:
        return type->wide ? TARN_KIND_I128 : TARN_KIND_I64;
    case TARN_TYPE_INTERVAL:
    case TARN_TYPE_FIXED:
    case TARN_TYPE_UUID:
        return TARN_KIND_FIXED;
    case TARN_TYPE_STRING:
    case TARN_TYPE_JSON:
    case TARN_TYPE_ENUM:
    case TARN_TYPE_BINARY:
    case TARN_TYPE_BSON:
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        return TARN_KIND_BYTES;
    case TARN_TYPE_LIST:
    case TARN_TYPE_STRUCT:
    case TARN_TYPE_MAP:
    case TARN_TYPE_VARIANT:
        return TARN_KIND_NESTED;
    }
    return TARN_KIND_NULL;
}

uint32_t tarn_type_width(const struct tarn_type *type)
{
    switch (tarn_type_kind(type)) {
    case TARN_KIND_I8:
    case TARN_KIND_U8:
        return 1;
    case TARN_KIND_I16:
    case TARN_KIND_U16:
    case TARN_KIND_F16:
        return 2;
    case TARN_KIND_I32:
    case TARN_KIND_U32:
    case TARN_KIND_F32:
        return 4;
    case TARN_KIND_I64:
    case TARN_KIND_U64:
    case TARN_KIND_F64:
        return 8;
    case TARN_KIND_I128:
        return 16;
    case TARN_KIND_I256:
        return 32;
    case TARN_KIND_FIXED:
        return type->id == TARN_TYPE_FIXED ? type->width : 16;
    case TARN_KIND_NULL:
    case TARN_KIND_BOOL:
    case TARN_KIND_BYTES:
    case TARN_KIND_NESTED:
        break;
    }
    return 0;
}

/* "UTC" and no zone are the same zone. */
static bool same_zone(struct tarn_text a, struct tarn_text b)
{
    const struct tarn_text utc = TARN_TEXT("UTC");
    return tarn__text_equal(a.size != 0 ? a : utc, b.size != 0 ? b : utc);
}

static bool same_parameters(const struct tarn_type *a, const struct tarn_type *b)
{
    switch (a->id) {
    case TARN_TYPE_DECIMAL:
        return a->precision == b->precision && a->scale == b->scale;
    case TARN_TYPE_TIME:
        return a->unit == b->unit && a->utc == b->utc;
    case TARN_TYPE_TIMESTAMP:
        return a->unit == b->unit && a->utc == b->utc && a->wide == b->wide && (!a->utc || same_zone(a->zone, b->zone));
    case TARN_TYPE_DURATION:
        return a->unit == b->unit;
    case TARN_TYPE_FIXED:
        return a->width == b->width && a->precision == b->precision && a->scale == b->scale;
    case TARN_TYPE_BINARY:
        return a->precision == b->precision && a->scale == b->scale;
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        return tarn__text_equal(a->zone, b->zone);
    default:
        return true;
    }
}

bool tarn_type_equal(const struct tarn_type *a, const struct tarn_type *b)
{
    if (a == b) {
        return true;
    }
    if (a->id != b->id || a->field_count != b->field_count || !same_parameters(a, b)) {
        return false;
    }
    for (uint32_t i = 0; i < a->field_count; i++) {
        /* what a format calls the element of a list or the key of a map says nothing about the type */
        const bool named = a->id == TARN_TYPE_STRUCT;
        if (a->fields[i].nullable != b->fields[i].nullable || (named && !tarn__text_equal(a->fields[i].name, b->fields[i].name)) ||
            !tarn_type_equal(a->fields[i].type, b->fields[i].type)) {
            return false;
        }
    }
    return true;
}
