/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics as bounds.
 *
 * Specification: parquet.thrift "Statistics", "ColumnOrder", "ColumnIndex". SPEC: P-STAT-1 to P-STAT-6.
 *
 * Invariants
 *  1. A bound that was set holds for every value that the pages can have, whoever wrote them: doubt leaves it out. Pruning then costs
 *     time, never rows.
 *  2. Bounds of floats are no NaN, and a bound of zero is the zero that lies outward.
 */
#include "format/column/statistics.h"

#include "format/base/decimal.h"
#include "format/batch/half.h"
#include "format/column/value_convert.h"

int32_t tarn__column_order(const struct parquet_file_metadata *metadata, uint32_t leaf)
{
    return metadata->has_column_orders && leaf < metadata->column_orders.count ? metadata->column_orders.items[leaf].id : 0;
}

/* Is what min_value and max_value hold ordered as the leaf's type orders it here? */
static bool order_is_usable(const struct tarn_leaf *leaf, int32_t order_id)
{
    switch (leaf->order) {
    case TARN_ORDER_SIGNED:
    case TARN_ORDER_UNSIGNED:
    case TARN_ORDER_BYTES:
    case TARN_ORDER_BIG:
    case TARN_ORDER_BOOL:
        return order_id == PARQUET_ORDER_TYPE;
    case TARN_ORDER_FLOAT:
        return order_id == PARQUET_ORDER_TYPE || order_id == PARQUET_ORDER_IEEE_754_TOTAL;
    case TARN_ORDER_LITTLE:
        return order_id == PARQUET_ORDER_TYPE;
    case TARN_ORDER_INT96: /* under the order of types many wrote what they had compared in ways of their own */
        return order_id == PARQUET_ORDER_INT96_TIMESTAMP;
    default:
        return false;
    }
}

/* The deprecated pair was compared as signed whatever the type: right for signed numbers only. */
static bool legacy_is_usable(const struct tarn_leaf *leaf)
{
    return leaf->order == TARN_ORDER_SIGNED || leaf->order == TARN_ORDER_FLOAT || leaf->order == TARN_ORDER_BOOL;
}

static bool float_value(const struct tarn_leaf *leaf, struct tarn_span bytes, double *out)
{
    if (leaf->physical == PARQUET_FLOAT && bytes.size == 4) {
        const uint32_t bits = tarn__load32(bytes.data);
        float narrow;
        memcpy(&narrow, &bits, sizeof(narrow));
        *out = (double)narrow;
    } else if (leaf->physical == PARQUET_DOUBLE && bytes.size == 8) {
        const uint64_t bits = tarn__load64(bytes.data);
        memcpy(out, &bits, sizeof(*out));
    } else if (leaf->physical == PARQUET_FIXED_LEN_BYTE_ARRAY && bytes.size == 2) {
        *out = tarn__half_to_double(tarn__load16(bytes.data));
    } else {
        return false;
    }
    return *out == *out; /* no bound is NaN */
}

static bool integer_value(const struct tarn_leaf *leaf, struct tarn_span bytes, int64_t *out)
{
    if (leaf->physical == PARQUET_INT32 && bytes.size == 4) {
        *out = (int32_t)tarn__load32(bytes.data);
        return true;
    }
    if (leaf->physical == PARQUET_INT64 && bytes.size == 8) {
        *out = (int64_t)tarn__load64(bytes.data);
        return true;
    }
    return false;
}

/* An unscaled integer in the words of the decimal's own kind. */
static bool decimal_value(const struct tarn_leaf *leaf, struct tarn_span bytes, struct tarn_value *out)
{
    struct tarn_i256 wide;
    tarn_i128 narrow;
    int64_t integer;
    if (integer_value(leaf, bytes, &integer)) {
        wide = tarn__i256_of(integer);
    } else if (leaf->order != TARN_ORDER_BIG || bytes.size == 0 || !tarn__i256_load_be(bytes, &wide)) {
        return false;
    }
    switch (tarn_type_kind(leaf->type)) {
    case TARN_KIND_I32:
    case TARN_KIND_I64:
        if (!tarn__i256_to_i128(wide, &narrow) || narrow < INT64_MIN || narrow > INT64_MAX) {
            return false;
        }
        out->u.i64 = (int64_t)narrow;
        return true;
    case TARN_KIND_I128:
    case TARN_KIND_I256:
        memcpy(out->u.words, wide.words, sizeof(wide.words));
        return true;
    default:
        return false;
    }
}

/* 96 bits in the form that the column is given in; false when that cannot say it. */
static bool moment_value(const struct tarn_leaf *leaf, struct tarn_span bytes, struct tarn_value *out)
{
    const bool int96 = leaf->physical == PARQUET_INT96;
    const struct tarn__converter converter = {
        .conversion = leaf->type->wide ? (int96 ? TARN_CONVERT_INT96_TO_NANOS : TARN_CONVERT_TICKS_TO_NANOS)
                                       : (int96 ? TARN_CONVERT_INT96_TO_MICROS : TARN_CONVERT_TICKS_TO_MICROS),
        .stored = 12,
        .width = leaf->type->wide ? 16 : 8,
        .digits = leaf->stored_digits,
    };
    uint64_t words[2] = {0, 0};
    if (bytes.size != 12 || leaf->type->id != TARN_TYPE_TIMESTAMP ||
        tarn__convert_values(&converter, bytes.data, 1, (uint8_t *)(void *)words) != 1) {
        return false;
    }
    if (leaf->type->wide) {
        const uint64_t sign = (words[1] >> 63) != 0 ? UINT64_MAX : 0;
        out->u.words[0] = words[0];
        out->u.words[1] = words[1];
        out->u.words[2] = sign;
        out->u.words[3] = sign;
    } else {
        memcpy(&out->u.i64, words, sizeof(out->u.i64));
    }
    return true;
}

bool tarn__stored_value(const struct tarn_leaf *leaf, struct tarn_span bytes, struct tarn_value *out)
{
    int64_t integer;
    *out = (struct tarn_value){.type = leaf->type};
    if (leaf->type->id == TARN_TYPE_DECIMAL) {
        return decimal_value(leaf, bytes, out);
    }
    if (leaf->order == TARN_ORDER_INT96 || leaf->order == TARN_ORDER_LITTLE) {
        return moment_value(leaf, bytes, out);
    }
    switch (tarn_type_kind(leaf->type)) {
    case TARN_KIND_BOOL:
        out->u.boolean = bytes.size == 1 && bytes.data[0] != 0;
        return bytes.size == 1;
    case TARN_KIND_I8:
    case TARN_KIND_I16:
    case TARN_KIND_I32:
    case TARN_KIND_I64:
        return integer_value(leaf, bytes, &out->u.i64);
    case TARN_KIND_U8:
    case TARN_KIND_U16:
    case TARN_KIND_U32:
        if (!integer_value(leaf, bytes, &integer) || leaf->physical != PARQUET_INT32) {
            return false;
        }
        out->u.u64 = (uint32_t)integer;
        return true;
    case TARN_KIND_U64:
        if (!integer_value(leaf, bytes, &integer)) {
            return false;
        }
        out->u.u64 = (uint64_t)integer;
        return true;
    case TARN_KIND_F16:
    case TARN_KIND_F32:
    case TARN_KIND_F64:
        return float_value(leaf, bytes, &out->u.f64);
    case TARN_KIND_BYTES:
    case TARN_KIND_FIXED:
        out->u.bytes = (struct tarn_text){(const char *)bytes.data, bytes.size};
        return leaf->order == TARN_ORDER_BYTES;
    default:
        return false;
    }
}

/* Writers differ in which zero they write; the one that lies outward holds for both. */
static void widen_zeros(const struct tarn_leaf *leaf, struct tarn_bounds *bounds)
{
    if (leaf->order != TARN_ORDER_FLOAT) {
        return;
    }
    if (bounds->has_min && bounds->min.u.f64 == 0.0) {
        bounds->min.u.f64 = -0.0;
    }
    if (bounds->has_max && bounds->max.u.f64 == 0.0) {
        bounds->max.u.f64 = 0.0;
    }
}

static bool above(const struct tarn_value *a, const struct tarn_value *b)
{
    return tarn_value_compare(a, b) > 0;
}

/* A count that is stored, when it is possible. */
static bool possible(bool has, int64_t count, uint64_t slots)
{
    return has && count >= 0 && (uint64_t)count <= slots;
}

static void set_bounds(const struct tarn_leaf *leaf, struct tarn_span min, struct tarn_span max, struct tarn_bounds *out)
{
    out->has_min = out->has_min && tarn__stored_value(leaf, min, &out->min);
    out->has_max = out->has_max && tarn__stored_value(leaf, max, &out->max);
    if (out->has_min && out->has_max && above(&out->min, &out->max)) {
        out->has_min = false; /* a writer that is wrong about one is not believed about the other */
        out->has_max = false;
    }
    widen_zeros(leaf, out);
}

void tarn__statistics_bounds(const struct tarn_leaf *leaf, int32_t order_id, const struct parquet_statistics *statistics, uint64_t slots,
                             struct tarn_bounds *out)
{
    *out = (struct tarn_bounds){.rows = slots};
    if (possible(statistics->has_null_count, statistics->null_count, slots)) {
        out->has_null_count = true;
        out->null_count = (uint64_t)statistics->null_count;
    }
    if (leaf->order == TARN_ORDER_FLOAT && possible(statistics->has_nan_count, statistics->nan_count, slots)) {
        out->has_nan_count = true;
        out->nan_count = (uint64_t)statistics->nan_count;
    }
    if ((statistics->has_min_value || statistics->has_max_value) && order_is_usable(leaf, order_id)) {
        out->has_min = statistics->has_min_value;
        out->has_max = statistics->has_max_value;
        out->min_exact = statistics->has_is_min_value_exact && statistics->is_min_value_exact;
        out->max_exact = statistics->has_is_max_value_exact && statistics->is_max_value_exact;
        set_bounds(leaf, statistics->min_value, statistics->max_value, out);
    } else if ((statistics->has_min || statistics->has_max) && legacy_is_usable(leaf)) {
        out->has_min = statistics->has_min;
        out->has_max = statistics->has_max;
        set_bounds(leaf, statistics->min, statistics->max, out);
    }
}

void tarn__page_bounds(const struct tarn_leaf *leaf, int32_t order_id, struct tarn_span min, struct tarn_span max, int64_t null_count,
                       int64_t nan_count, uint64_t slots, struct tarn_bounds *out)
{
    *out = (struct tarn_bounds){.rows = slots};
    if (possible(null_count >= 0, null_count, slots)) {
        out->has_null_count = true;
        out->null_count = (uint64_t)null_count;
    }
    if (leaf->order == TARN_ORDER_FLOAT && possible(nan_count >= 0, nan_count, slots)) {
        out->has_nan_count = true;
        out->nan_count = (uint64_t)nan_count;
    }
    if (order_is_usable(leaf, order_id)) {
        out->has_min = min.data != NULL;
        out->has_max = max.data != NULL;
        set_bounds(leaf, min, max, out);
    }
}
