/* SPDX-License-Identifier: Apache-2.0
 *
 * What a partition value says about the column it was made of. SPEC: T-PART-5, T-PART-6.
 *
 * Invariants
 *  1. Bounds hold for every value that has this partition value; where that is in doubt there are none.
 *  2. Doubt there is where a cut integer may have wrapped, and for times before 1970: writers of old rounded those towards zero, so that a
 *     value may lie one partition below the one it is in.
 *  3. Only a value that is not null makes a partition value that is not null, except under VOID, which says nothing.
 */
#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/base/datetime.h"
#include "format/base/decimal.h"
#include "format/base/utf8.h"
#include "format/batch/value_decimal.h"
#include "format/expr/cast.h"
#include "tarn/expr.h"
#include "txlog/core/partition_transform.h"

static bool is_float(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_F16 || type->id == TARN_TYPE_F32 || type->id == TARN_TYPE_F64;
}

static bool is_text(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_STRING || type->id == TARN_TYPE_JSON || type->id == TARN_TYPE_ENUM;
}

static bool is_integer(const struct tarn_type *type)
{
    return type->id >= TARN_TYPE_I8 && type->id <= TARN_TYPE_I64;
}

static bool same_layout(const struct tarn_type *a, const struct tarn_type *b)
{
    return a->id == b->id && a->unit == b->unit && a->scale == b->scale && tarn_type_kind(a) == tarn_type_kind(b) && a->wide == b->wide;
}

/* The partition value as one of the column's type, which may have been widened since. */
static bool as_source(const struct tarn_value *partition, const struct tarn_type *source, struct tarn_value *out)
{
    if (same_layout(partition->type, source)) {
        *out = *partition;
        out->type = source;
        return true;
    }
    return tarn_expr_cast_is_lossless(partition->type, source) && tarn__value_cast(partition, source, out);
}

static bool set_exact(const struct tarn_value *value, struct tarn_bounds *out)
{
    out->has_min = out->has_max = out->min_exact = out->max_exact = true;
    out->min = out->max = *value;
    return true;
}

static bool bounds_of_identity(const struct tarn_value *value, struct tarn_bounds *out)
{
    if (!is_float(value->type)) {
        return set_exact(value, out);
    }
    const bool is_nan = value->u.f64 != value->u.f64;
    out->has_nan_count = true;
    out->nan_count = is_nan ? out->rows : 0;
    return is_nan || set_exact(value, out);
}

/* ---- cut values ---- */

/* Below the least number a cut one comes out at the greatest; a long column may have been an int then. */
static bool may_have_wrapped(const struct tarn_type *type, int64_t value, int32_t width)
{
    const int64_t most = type->id == TARN_TYPE_I8    ? INT8_MAX
                         : type->id == TARN_TYPE_I16 ? INT16_MAX
                         : type->id == TARN_TYPE_I32 ? INT32_MAX
                                                     : INT64_MAX;
    return value > most - (width - 1) || (value <= INT32_MAX && value > (int64_t)INT32_MAX - (width - 1));
}

static bool bounds_of_cut_integer(const struct tarn_value *value, int32_t width, struct tarn_bounds *out)
{
    if (may_have_wrapped(value->type, value->u.i64, width)) {
        return false;
    }
    out->has_min = out->has_max = true;
    out->min = out->max = *value;
    out->max.u.i64 += width - 1;
    return true;
}

static bool bounds_of_cut_decimal(const struct tarn_value *value, int32_t width, struct tarn_bounds *out)
{
    const tarn_i128 most = tarn__pow10_128((unsigned)value->type->precision) - 1; /* what the type holds at all */
    const tarn_i128 least = tarn__value_unscaled(value);
    out->has_min = out->has_max = true;
    out->min = out->max = *value;
    tarn__value_set_unscaled(&out->max, least + (width - 1) < most ? least + (width - 1) : most);
    return true;
}

/* The least text above all that begin with `prefix`; empty: there is none, or no memory. */
static struct tarn_text text_above(struct tarn_text prefix, struct tarn_arena *arena)
{
    const struct tarn_text none = {NULL, 0};
    size_t size = prefix.size;
    while (size > 0) {
        size_t begin = size - 1;
        while (begin > 0 && ((unsigned char)prefix.data[begin] & 0xc0) == 0x80) {
            begin--;
        }
        uint32_t point;
        if (tarn__utf8_decode(prefix, begin, &point) != size - begin) {
            return none;
        }
        if (point < 0x10ffff) {
            char last[4];
            const size_t last_size = tarn__utf8_encode(point == 0xd7ff ? 0xe000 : point + 1, last);
            char *above = tarn__arena_alloc(arena, begin + last_size);
            if (above == NULL) {
                return none;
            }
            if (begin != 0) {
                memcpy(above, prefix.data, begin);
            }
            memcpy(above + begin, last, last_size);
            return (struct tarn_text){above, begin + last_size};
        }
        size = begin;
    }
    return none;
}

static struct tarn_text bytes_above(struct tarn_text prefix, struct tarn_arena *arena)
{
    size_t size = prefix.size;
    while (size > 0 && (unsigned char)prefix.data[size - 1] == 0xff) {
        size--;
    }
    char *above = size != 0 ? tarn__arena_alloc(arena, size) : NULL;
    if (above == NULL) {
        return (struct tarn_text){NULL, 0};
    }
    memcpy(above, prefix.data, size);
    above[size - 1] = (char)((unsigned char)above[size - 1] + 1);
    return (struct tarn_text){above, size};
}

static bool bounds_of_cut_bytes(const struct tarn_value *value, int32_t width, struct tarn_arena *arena, struct tarn_bounds *out)
{
    const bool text = is_text(value->type);
    if (text && !tarn__utf8_is_valid(value->u.bytes)) {
        return false;
    }
    if ((text ? tarn__utf8_count(value->u.bytes) : value->u.bytes.size) < (size_t)width) {
        return set_exact(value, out);
    }
    out->has_min = true;
    out->min = out->max = *value;
    out->max.u.bytes = text ? text_above(value->u.bytes, arena) : bytes_above(value->u.bytes, arena);
    out->has_max = out->max.u.bytes.size != 0;
    return true;
}

static bool bounds_of_cut(const struct tarn_value *value, int32_t width, struct tarn_arena *arena, struct tarn_bounds *out)
{
    if (width < 1) {
        return false;
    }
    if (is_integer(value->type)) {
        return bounds_of_cut_integer(value, width, out);
    }
    if (value->type->id == TARN_TYPE_DECIMAL) {
        return value->type->precision <= TARN_DECIMAL128_DIGITS && bounds_of_cut_decimal(value, width, out);
    }
    return tarn_type_kind(value->type) == TARN_KIND_BYTES && bounds_of_cut_bytes(value, width, arena, out);
}

/* ---- times ---- */

/* The first tick (day, for a date) of a partition; false when there is no such tick. */
static bool begin_of(enum tarn__transform transform, const struct tarn_type *source, int64_t partition, int64_t *out)
{
    if (transform == TARN_TRANSFORM_HOUR) {
        return source->id == TARN_TYPE_TIMESTAMP && tarn__mul(partition, tarn__ticks_per_second((unsigned)source->unit * 3) * 3600, out);
    }
    int64_t days = partition;
    if (transform == TARN_TRANSFORM_YEAR) {
        days = tarn__days_of_civil(1970 + partition, 1, 1);
    } else if (transform == TARN_TRANSFORM_MONTH) {
        const int64_t year = tarn__floor_div(partition, 12);
        days = tarn__days_of_civil(1970 + year, (unsigned)(partition - year * 12) + 1, 1);
    }
    if (source->id == TARN_TYPE_DATE) {
        *out = days;
        return days >= INT32_MIN && days <= INT32_MAX;
    }
    return tarn__mul(days, tarn__ticks_per_second((unsigned)source->unit * 3) * TARN_DAY_SECONDS, out);
}

static bool bounds_of_time(enum tarn__transform transform, const struct tarn_value *partition, const struct tarn_type *source,
                           struct tarn_bounds *out)
{
    const int64_t number = partition->u.i64;
    if ((source->id != TARN_TYPE_DATE && source->id != TARN_TYPE_TIMESTAMP) || source->wide || number < INT32_MIN || number > INT32_MAX) {
        return false;
    }
    const bool rounded_up = number <= 0 && !(transform == TARN_TRANSFORM_DAY && source->id == TARN_TYPE_DATE);
    int64_t begin;
    int64_t end;
    out->min = out->max = (struct tarn_value){.type = source};
    out->has_min = begin_of(transform, source, number - rounded_up, &begin);
    out->has_max = begin_of(transform, source, number + 1, &end);
    out->min.u.i64 = out->has_min ? begin : 0;
    out->max.u.i64 = out->has_max ? end - 1 : 0;
    return out->has_min || out->has_max;
}

bool tarn__transform_bounds(enum tarn__transform transform, int32_t parameter, const struct tarn_value *partition,
                            const struct tarn_type *source, struct tarn_arena *arena, struct tarn_bounds *out)
{
    if (transform == TARN_TRANSFORM_VOID || transform == TARN_TRANSFORM_UNKNOWN || partition->type == NULL) {
        return false;
    }
    out->has_null_count = true;
    out->null_count = partition->is_null ? out->rows : 0;
    if (partition->is_null) {
        return true;
    }
    struct tarn_value value;
    struct tarn_bounds made = *out;
    bool known = false;
    switch (transform) {
    case TARN_TRANSFORM_IDENTITY:
        known = as_source(partition, source, &value) && bounds_of_identity(&value, &made);
        break;
    case TARN_TRANSFORM_TRUNCATE:
        known = as_source(partition, source, &value) && bounds_of_cut(&value, parameter, arena, &made);
        break;
    case TARN_TRANSFORM_BUCKET:
        break;
    default:
        known = (tarn_type_kind(partition->type) == TARN_KIND_I32) && bounds_of_time(transform, partition, source, &made);
        break;
    }
    if (known) {
        *out = made;
    }
    return true;
}

/* ---- membership ---- */

/* Do equal values of the two types hash alike? */
static bool hash_alike(const struct tarn_type *a, const struct tarn_type *b)
{
    if (is_integer(a) || is_text(a)) {
        return is_integer(a) ? is_integer(b) : is_text(b);
    }
    if (a->id == TARN_TYPE_DECIMAL) {
        return b->id == TARN_TYPE_DECIMAL && a->scale == b->scale;
    }
    return a->id == b->id && a->utc == b->utc && a->wide == b->wide;
}

bool tarn__transform_may_hold(enum tarn__transform transform, int32_t parameter, const struct tarn_value *partition,
                              const struct tarn_type *source, const struct tarn_value *value)
{
    uint32_t hash;
    if (transform != TARN_TRANSFORM_BUCKET || parameter < 1 || partition->is_null || partition->type == NULL || value->is_null ||
        !hash_alike(source, value->type) || !tarn__transform_hash(value, &hash)) {
        return true;
    }
    return (int64_t)((hash & INT32_MAX) % (uint32_t)parameter) == partition->u.i64;
}
