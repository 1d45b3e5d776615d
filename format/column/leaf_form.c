/* SPDX-License-Identifier: Apache-2.0
 *
 * Storage of leaf values.
 *
 * Specification: Parquet Encodings.md "Plain", LogicalTypes.md (physical types of each logical type); parquet.thrift "ColumnOrder".
 *
 * Invariants
 *  1. Small integers are sign- or zero-extended to INT32; unsigned ones keep their bits.
 *  2. Decimals of up to 9 digits are INT32, up to 18 INT64, others FIXED_LEN_BYTE_ARRAY of the fewest bytes, big-endian.
 *  3. What the stored form cannot say exactly is refused; nothing is rounded.
 *  4. A vector's dictionary, runs and constants are resolved before it comes here.
 */
#include "format/column/leaf_form.h"

#include "format/base/decimal.h"
#include "format/thrift/parquet_thrift.h"

static struct tarn__leaf_form decimal_form(const struct tarn_type *type, enum tarn_kind kind)
{
    switch (kind) {
    case TARN_KIND_I32:
        return (struct tarn__leaf_form){.kind = kind, .physical = PARQUET_INT32, .width = 4, .order = TARN_STORED_I32};
    case TARN_KIND_I64:
        return (struct tarn__leaf_form){.kind = kind, .physical = PARQUET_INT64, .width = 8, .order = TARN_STORED_I64};
    case TARN_KIND_FIXED:
        return (struct tarn__leaf_form){
            .kind = kind, .physical = PARQUET_FIXED_LEN_BYTE_ARRAY, .width = tarn_type_width(type), .order = TARN_STORED_SIGNED_BE};
    default:
        return (struct tarn__leaf_form){.kind = kind,
                                        .physical = PARQUET_FIXED_LEN_BYTE_ARRAY,
                                        .width = tarn__decimal_width((unsigned)type->precision),
                                        .order = TARN_STORED_SIGNED_BE};
    }
}

/* Bare bytes, those of a decimal of more digits than any kind, or a part of a variant, whose bytes have no order. */
static struct tarn__leaf_form bytes_form(const struct tarn_type *type, enum tarn_kind kind)
{
    const bool fixed = kind == TARN_KIND_FIXED;
    return (struct tarn__leaf_form){.kind = kind,
                                    .physical = fixed ? PARQUET_FIXED_LEN_BYTE_ARRAY : PARQUET_BYTE_ARRAY,
                                    .width = fixed ? tarn_type_width(type) : 0,
                                    .order = type->wide             ? TARN_STORED_NONE
                                             : type->precision != 0 ? TARN_STORED_SIGNED_BE
                                                                    : TARN_STORED_BYTES};
}

static struct tarn__leaf_form time_form(const struct tarn_type *type, enum tarn_kind kind)
{
    struct tarn__leaf_form form = {.kind = kind, .physical = PARQUET_INT64, .width = 8, .order = TARN_STORED_I64};
    if (kind == TARN_KIND_I128) {
        static const uint32_t ticks[] = {1000000, 1000000, 1000, 1};
        form = (struct tarn__leaf_form){.kind = kind,
                                        .physical = PARQUET_FIXED_LEN_BYTE_ARRAY,
                                        .width = 12,
                                        .order = TARN_STORED_SIGNED_LE,
                                        .storing = TARN_STORE_TICKS,
                                        .ticks = ticks[type->unit & 3]};
        return form;
    }
    if (kind == TARN_KIND_I32) {
        form.physical = PARQUET_INT32;
        form.width = 4;
        form.order = TARN_STORED_I32;
    }
    form.storing = type->unit == TARN_SECOND ? TARN_STORE_SECONDS : TARN_STORE_AS_IS;
    return form;
}

bool tarn__leaf_form_of(const struct tarn_type *type, struct tarn__leaf_form *out)
{
    const enum tarn_kind kind = tarn_type_kind(type);

    *out = (struct tarn__leaf_form){.kind = kind, .physical = PARQUET_INT32, .width = 4, .order = TARN_STORED_I32};
    switch (type->id) {
    case TARN_TYPE_NULL:
        out->order = TARN_STORED_NONE;
        return true;
    case TARN_TYPE_BOOL:
        *out = (struct tarn__leaf_form){.kind = kind, .physical = PARQUET_BOOLEAN, .width = 0, .order = TARN_STORED_BOOL};
        return true;
    case TARN_TYPE_I8:
    case TARN_TYPE_I16:
    case TARN_TYPE_I32:
    case TARN_TYPE_DATE:
        return true;
    case TARN_TYPE_U8:
    case TARN_TYPE_U16:
    case TARN_TYPE_U32:
        out->order = TARN_STORED_U32;
        return true;
    case TARN_TYPE_I64:
    case TARN_TYPE_DURATION:
        *out = (struct tarn__leaf_form){.kind = kind, .physical = PARQUET_INT64, .width = 8, .order = TARN_STORED_I64};
        return true;
    case TARN_TYPE_U64:
        *out = (struct tarn__leaf_form){.kind = kind, .physical = PARQUET_INT64, .width = 8, .order = TARN_STORED_U64};
        return true;
    case TARN_TYPE_F16:
        *out = (struct tarn__leaf_form){.kind = kind, .physical = PARQUET_FIXED_LEN_BYTE_ARRAY, .width = 2, .order = TARN_STORED_F16};
        return true;
    case TARN_TYPE_F32:
        *out = (struct tarn__leaf_form){.kind = kind, .physical = PARQUET_FLOAT, .width = 4, .order = TARN_STORED_F32};
        return true;
    case TARN_TYPE_F64:
        *out = (struct tarn__leaf_form){.kind = kind, .physical = PARQUET_DOUBLE, .width = 8, .order = TARN_STORED_F64};
        return true;
    case TARN_TYPE_DECIMAL:
        *out = decimal_form(type, kind);
        return true;
    case TARN_TYPE_TIME:
    case TARN_TYPE_TIMESTAMP:
        *out = time_form(type, kind);
        return true;
    case TARN_TYPE_INTERVAL:
        *out = (struct tarn__leaf_form){
            .kind = kind, .physical = PARQUET_FIXED_LEN_BYTE_ARRAY, .width = 12, .order = TARN_STORED_NONE, .storing = TARN_STORE_INTERVAL};
        return true;
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        *out = (struct tarn__leaf_form){.kind = kind, .physical = PARQUET_BYTE_ARRAY, .width = 0, .order = TARN_STORED_NONE};
        return true;
    case TARN_TYPE_STRING:
    case TARN_TYPE_JSON:
    case TARN_TYPE_ENUM:
        *out = (struct tarn__leaf_form){.kind = kind, .physical = PARQUET_BYTE_ARRAY, .width = 0, .order = TARN_STORED_TEXT};
        return true;
    case TARN_TYPE_BINARY:
    case TARN_TYPE_BSON:
    case TARN_TYPE_FIXED:
    case TARN_TYPE_UUID:
        *out = bytes_form(type, kind);
        return true;
    default:
        break;
    }
    return false;
}

/* The loops are apart for rows one behind the other, which compilers turn into wide copies. */
#define STORE(type, store, widened)                                                                                                        \
    do {                                                                                                                                   \
        const type *from_ = values.vector->u.values;                                                                                       \
        if (values.rows == NULL) {                                                                                                         \
            for (size_t i_ = 0; i_ < n; i_++) {                                                                                            \
                store(out + i_ * sizeof(widened), (widened)from_[values.first + i_]);                                                      \
            }                                                                                                                              \
        } else {                                                                                                                           \
            for (size_t i_ = 0; i_ < n; i_++) {                                                                                            \
                store(out + i_ * sizeof(widened), (widened)from_[values.rows[i_]]);                                                        \
            }                                                                                                                              \
        }                                                                                                                                  \
    } while (0)

static void store_fixed(struct tarn__leaf_values values, size_t n, size_t width, uint8_t *out)
{
    const uint8_t *from = values.vector->u.values;

    if (values.rows == NULL) {
        if (n != 0) {
            memcpy(out, from + (size_t)values.first * width, n * width);
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(out + i * width, from + (size_t)values.rows[i] * width, width);
    }
}

static enum tarn_status too_many_digits(struct tarn_error *err)
{
    return tarn__invalid(err, "decimal_range", "a decimal has more digits than the precision of its type; widen the type");
}

static enum tarn_status store_seconds(const struct tarn__leaf_form *form, struct tarn__leaf_values values, size_t n, uint8_t *out,
                                      struct tarn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t row = tarn__leaf_row(&values, i);
        const int64_t seconds =
            form->width == 4 ? ((const int32_t *)values.vector->u.values)[row] : ((const int64_t *)values.vector->u.values)[row];
        int64_t millis;
        if (__builtin_mul_overflow(seconds, 1000, &millis) || (form->width == 4 && (millis < INT32_MIN || millis > INT32_MAX))) {
            return tarn__invalid(err, "time_range", "%lld seconds are more milliseconds than Parquet has room for", (long long)seconds);
        }
        if (form->width == 4) {
            tarn__store32(out + i * 4, (uint32_t)millis);
        } else {
            tarn__store64(out + i * 8, (uint64_t)millis);
        }
    }
    return TARN_OK;
}

static enum tarn_status store_intervals(struct tarn__leaf_values values, size_t n, uint8_t *out, struct tarn_error *err)
{
    enum { STORED = 12, HELD = 16 };
    for (size_t i = 0; i < n; i++) {
        const uint8_t *from = (const uint8_t *)values.vector->u.values + (size_t)tarn__leaf_row(&values, i) * HELD;
        const int64_t nanos = (int64_t)tarn__load64(from + 8);
        const int64_t millis = nanos / 1000000;
        if ((int32_t)tarn__load32(from) < 0 || (int32_t)tarn__load32(from + 4) < 0 || nanos < 0 || nanos % 1000000 != 0 ||
            millis > UINT32_MAX) {
            return tarn__invalid(err, "interval_range",
                                 "an interval is negative, finer than milliseconds or over %u of them, which Parquet has no room for",
                                 UINT32_MAX);
        }
        memcpy(out + i * STORED, from, 8);
        tarn__store32(out + i * STORED + 8, (uint32_t)millis);
    }
    return TARN_OK;
}

static enum tarn_status store_ticks(const struct tarn__leaf_form *form, struct tarn__leaf_values values, size_t n, uint8_t *out,
                                    struct tarn_error *err)
{
    enum { STORED = 12 };
    const uint8_t *from = values.vector->u.values;

    for (size_t i = 0; i < n; i++) {
        uint64_t words[2];
        memcpy(words, from + (size_t)tarn__leaf_row(&values, i) * sizeof(words), sizeof(words));
        const tarn_i128 nanos = (tarn_i128)((tarn_u128)words[1] << 64 | words[0]);
        const tarn_i128 count = nanos / (tarn_i128)form->ticks;
        const int64_t high = (int64_t)(count >> 64);
        if (count * (tarn_i128)form->ticks != nanos || high < INT32_MIN || high > INT32_MAX) {
            return tarn__invalid(err, "time_range",
                                 "a timestamp is finer than the unit of its type, or needs more than 96 bits; widen the unit");
        }
        tarn__store64(out + i * STORED, (uint64_t)count);
        tarn__store32(out + i * STORED + 8, (uint32_t)(int32_t)high);
    }
    return TARN_OK;
}

static enum tarn_status store_i128(struct tarn__leaf_values values, size_t n, size_t width, uint8_t *out, struct tarn_error *err)
{
    const uint8_t *from = values.vector->u.values;

    for (size_t i = 0; i < n; i++) {
        uint64_t words[2];
        memcpy(words, from + (size_t)tarn__leaf_row(&values, i) * sizeof(words), sizeof(words));
        const tarn_i128 value = (tarn_i128)((tarn_u128)words[1] << 64 | words[0]);
        if (!tarn__i128_store_be(value, out + i * width, width)) {
            return too_many_digits(err);
        }
    }
    return TARN_OK;
}

static enum tarn_status store_i256(struct tarn__leaf_values values, size_t n, size_t width, uint8_t *out, struct tarn_error *err)
{
    const uint8_t *from = values.vector->u.values;

    for (size_t i = 0; i < n; i++) {
        struct tarn_i256 value;
        memcpy(value.words, from + (size_t)tarn__leaf_row(&values, i) * sizeof(value.words), sizeof(value.words));
        if (!tarn__i256_store_be(value, out + i * width, width)) {
            return too_many_digits(err);
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__leaf_store(const struct tarn__leaf_form *form, struct tarn__leaf_values values, size_t n, uint8_t *out,
                                  struct tarn_error *err)
{
    switch (form->storing) {
    case TARN_STORE_AS_IS:
        break;
    case TARN_STORE_SECONDS:
        return store_seconds(form, values, n, out, err);
    case TARN_STORE_INTERVAL:
        return store_intervals(values, n, out, err);
    case TARN_STORE_TICKS:
        return store_ticks(form, values, n, out, err);
    }
    switch (form->kind) {
    case TARN_KIND_I8:
        STORE(int8_t, tarn__store32, uint32_t);
        break;
    case TARN_KIND_I16:
        STORE(int16_t, tarn__store32, uint32_t);
        break;
    case TARN_KIND_U8:
        STORE(uint8_t, tarn__store32, uint32_t);
        break;
    case TARN_KIND_U16:
        STORE(uint16_t, tarn__store32, uint32_t);
        break;
    case TARN_KIND_F16:
        STORE(uint16_t, tarn__store16, uint16_t);
        break;
    case TARN_KIND_I32:
    case TARN_KIND_U32:
    case TARN_KIND_F32:
        STORE(uint32_t, tarn__store32, uint32_t);
        break;
    case TARN_KIND_I64:
    case TARN_KIND_U64:
    case TARN_KIND_F64:
        STORE(uint64_t, tarn__store64, uint64_t);
        break;
    case TARN_KIND_I128:
        return store_i128(values, n, form->width, out, err);
    case TARN_KIND_I256:
        return store_i256(values, n, form->width, out, err);
    case TARN_KIND_FIXED:
        store_fixed(values, n, form->width, out);
        break;
    case TARN_KIND_NULL:
    case TARN_KIND_BOOL:
    case TARN_KIND_BYTES:
    case TARN_KIND_NESTED:
        return tarn__internal(err, "a leaf of kind %d has no fixed width", (int)form->kind);
    }
    return TARN_OK;
}

const uint8_t *tarn__leaf_stored(const struct tarn__leaf_form *form, struct tarn__leaf_values values)
{
    if (TARN_BIG_ENDIAN || values.rows != NULL || form->storing != TARN_STORE_AS_IS) {
        return NULL;
    }
    switch (form->kind) {
    case TARN_KIND_I32:
    case TARN_KIND_U32:
    case TARN_KIND_F32:
        return form->width == 4 ? (const uint8_t *)values.vector->u.values + (size_t)values.first * 4 : NULL;
    case TARN_KIND_I64:
    case TARN_KIND_U64:
    case TARN_KIND_F64:
        return form->width == 8 ? (const uint8_t *)values.vector->u.values + (size_t)values.first * 8 : NULL;
    default:
        return NULL;
    }
}

void tarn__leaf_store_bits(struct tarn__leaf_values values, size_t n, uint8_t *bits, uint64_t at)
{
    const uint8_t *from = values.vector->u.values;

    for (size_t i = 0; i < n; i++) {
        const uint64_t to = at + i;
        const unsigned bit = tarn__bit_get(from, tarn__leaf_row(&values, i));
        bits[to >> 3] = (uint8_t)(bits[to >> 3] | bit << (to & 7));
    }
}

uint64_t tarn__leaf_bytes_sum(struct tarn__leaf_values values, size_t n)
{
    const struct tarn_vector *vector = values.vector;
    uint64_t sum = 0;

    if (vector->shape == TARN_SHAPE_STRINGS && values.rows == NULL) {
        return tarn__vector_offset(vector, values.first + (uint32_t)n) - tarn__vector_offset(vector, values.first);
    }
    for (size_t i = 0; i < n; i++) {
        sum += tarn__vector_leaf_text(vector, tarn__leaf_row(&values, i)).size;
    }
    return sum;
}
