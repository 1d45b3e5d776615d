/* SPDX-License-Identifier: Apache-2.0
 *
 * Partition transforms of values and vectors.
 *
 * Specification: SPEC.md, "Partition transforms", which names its source; the model has these transforms for
 * every format. SPEC: T-PART-1 to T-PART-4.
 *
 * Invariants
 *  1. A value and a vector that holds it have the same result.
 *  2. Remainders are not negative and divisions go towards minus infinity. A cut integer that would leave its type wraps, as other writers'
 *     does; a decimal that would leave its precision is refused.
 *  3. An integer, a date and an instant hash alike in every width and unit, so that promoting a column moves no row.
 */
#include "txlog/core/partition_transform.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/datetime.h"
#include "format/base/decimal.h"
#include "format/base/hash.h"
#include "format/base/utf8.h"
#include "format/batch/value_decimal.h"
#include "format/batch/vector_builder.h"

static const struct tarn_type int_result = {.id = TARN_TYPE_I32};
static const struct tarn_type date_result = {.id = TARN_TYPE_DATE};

static bool is_integer(const struct tarn_type *type)
{
    return type->id >= TARN_TYPE_I8 && type->id <= TARN_TYPE_I64;
}

static bool is_text(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_STRING || type->id == TARN_TYPE_JSON || type->id == TARN_TYPE_ENUM;
}

static bool is_binary(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_BINARY || type->id == TARN_TYPE_BSON;
}

static bool is_small_decimal(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_DECIMAL && type->precision <= TARN_DECIMAL128_DIGITS;
}

static bool is_instant(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_TIMESTAMP && !type->wide;
}

static bool has_hash(const struct tarn_type *type)
{
    return is_integer(type) || is_text(type) || is_binary(type) || is_small_decimal(type) || is_instant(type) ||
           type->id == TARN_TYPE_DATE || type->id == TARN_TYPE_TIME || type->id == TARN_TYPE_FIXED || type->id == TARN_TYPE_UUID;
}

static const char *transform_name(enum tarn__transform transform)
{
    static const char *const names[] = {"identity", "bucket", "truncate", "year", "month", "day", "hour", "void"};
    return (size_t)transform < sizeof(names) / sizeof(names[0]) ? names[transform] : "unknown";
}

enum tarn_status tarn__transform_result(enum tarn__transform transform, int32_t parameter, const struct tarn_type *source,
                                        const struct tarn_type **out, struct tarn_error *err)
{
    bool legal = false;
    *out = source;
    switch (transform) {
    case TARN_TRANSFORM_IDENTITY:
        legal = source->field_count == 0 && tarn_type_kind(source) != TARN_KIND_NESTED && source->id != TARN_TYPE_NULL &&
                source->id != TARN_TYPE_GEOMETRY && source->id != TARN_TYPE_GEOGRAPHY;
        break;
    case TARN_TRANSFORM_BUCKET:
        *out = &int_result;
        legal = has_hash(source);
        break;
    case TARN_TRANSFORM_TRUNCATE:
        legal = is_integer(source) || is_text(source) || is_binary(source) || is_small_decimal(source);
        break;
    case TARN_TRANSFORM_YEAR:
    case TARN_TRANSFORM_MONTH:
        *out = &int_result;
        legal = source->id == TARN_TYPE_DATE || is_instant(source);
        break;
    case TARN_TRANSFORM_DAY:
        *out = &date_result;
        legal = source->id == TARN_TYPE_DATE || is_instant(source);
        break;
    case TARN_TRANSFORM_HOUR:
        *out = &int_result;
        legal = is_instant(source);
        break;
    case TARN_TRANSFORM_VOID:
        legal = true;
        break;
    case TARN_TRANSFORM_UNKNOWN:
        break;
    }
    if (!legal) {
        *out = NULL;
        char name[64];
        tarn_type_format(source, name, sizeof(name));
        return tarn__invalid(err, "partition_transform", "the partition transform %s does not take a column of type %s",
                             transform_name(transform), name);
    }
    if ((transform == TARN_TRANSFORM_BUCKET || transform == TARN_TRANSFORM_TRUNCATE) && parameter < 1) {
        *out = NULL;
        return tarn__invalid(err, "partition_transform", "the partition transform %s needs a number above 0, this is %d",
                             transform_name(transform), parameter);
    }
    return TARN_OK;
}

/* ---- hash ---- */

static uint32_t hash_text(struct tarn_text text)
{
    return tarn__murmur3_32(text.data, text.size, 0);
}

static uint32_t hash_decimal(tarn_i128 unscaled)
{
    uint8_t bytes[16];
    return tarn__murmur3_32(bytes, tarn__i128_store_be_shortest(unscaled, bytes), 0);
}

/* Times in every unit hash as microseconds. False when there are none of them. */
static bool hash_ticks(const struct tarn_type *type, int64_t ticks, uint32_t *out)
{
    const enum tarn_parsed parsed = tarn__ticks_rescale(ticks, (unsigned)type->unit * 3, 6, &ticks);
    *out = tarn__murmur3_u64((uint64_t)ticks);
    return parsed != TARN_PARSED_RANGE;
}

bool tarn__transform_hash(const struct tarn_value *value, uint32_t *out)
{
    const struct tarn_type *type = value->type;
    *out = 0;
    if (value->is_null || !has_hash(type)) {
        return false;
    }
    if (is_small_decimal(type)) {
        *out = hash_decimal(tarn__value_unscaled(value));
    } else if (type->id == TARN_TYPE_TIME || type->id == TARN_TYPE_TIMESTAMP) {
        return hash_ticks(type, value->u.i64, out);
    } else if (is_integer(type) || type->id == TARN_TYPE_DATE) {
        *out = tarn__murmur3_u64((uint64_t)value->u.i64);
    } else {
        *out = hash_text(value->u.bytes);
    }
    return true;
}

/* ---- one value ---- */

static int32_t bucket_of(uint32_t hash, int32_t buckets)
{
    return (int32_t)((hash & INT32_MAX) % (uint32_t)buckets);
}

static int64_t truncate_integer(int64_t value, int64_t width)
{
    const int64_t rest = (value % width + width) % width;
    return (int64_t)((uint64_t)value - (uint64_t)rest);
}

/* In the type's own width. */
static int64_t wrap_integer(enum tarn_type_id id, int64_t value)
{
    switch (id) {
    case TARN_TYPE_I8:
        return (int8_t)value;
    case TARN_TYPE_I16:
        return (int16_t)value;
    case TARN_TYPE_I32:
        return (int32_t)value;
    default:
        return value;
    }
}

/* The part of a date, or of an instant of `ticks` a day. False when the number is none of 32 bits. */
static bool part_of_time(enum tarn__transform transform, int64_t value, int64_t ticks, int64_t *out)
{
    if (transform == TARN_TRANSFORM_HOUR) {
        *out = tarn__floor_div(value, ticks / 24);
        return *out >= INT32_MIN && *out <= INT32_MAX;
    }
    *out = ticks == 1 ? value : tarn__floor_div(value, ticks);
    if (transform != TARN_TRANSFORM_DAY) {
        const struct tarn_civil civil = tarn__civil_of_days(*out);
        const int64_t years = civil.year - 1970;
        *out = transform == TARN_TRANSFORM_YEAR ? years : years * 12 + civil.month - 1;
    }
    return *out >= INT32_MIN && *out <= INT32_MAX;
}

static int64_t ticks_a_day(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_DATE ? 1 : tarn__ticks_per_second((unsigned)type->unit * 3) * TARN_DAY_SECONDS;
}

static enum tarn_status refuse_time(struct tarn_error *err)
{
    return tarn__invalid(err, "partition_value", "the time is too far away for its partition");
}

static enum tarn_status truncate_value(int32_t width, const struct tarn_value *in, struct tarn_value *out, struct tarn_error *err)
{
    const struct tarn_type *type = in->type;
    if (is_integer(type)) {
        out->u.i64 = wrap_integer(type->id, truncate_integer(in->u.i64, width));
        return TARN_OK;
    }
    if (type->id == TARN_TYPE_DECIMAL) {
        const tarn_i128 unscaled = tarn__value_unscaled(in);
        const tarn_i128 cut = unscaled - (unscaled % width + width) % width;
        if (!tarn__decimal128_fits(cut, (unsigned)type->precision)) {
            return tarn__invalid(err, "partition_value", "a decimal that is cut to multiples of %d has more than %d digits", width,
                                 type->precision);
        }
        tarn__value_set_unscaled(out, cut);
        return TARN_OK;
    }
    if (is_text(type)) {
        if (!tarn__utf8_is_valid(in->u.bytes)) {
            return tarn__invalid(err, "partition_value", "a text that is not UTF-8 cannot be cut for its partition");
        }
        out->u.bytes.size = tarn__utf8_offset(in->u.bytes, (size_t)width);
    } else {
        out->u.bytes.size = in->u.bytes.size < (size_t)width ? in->u.bytes.size : (size_t)width;
    }
    return TARN_OK;
}

enum tarn_status tarn__transform_apply(enum tarn__transform transform, int32_t parameter, const struct tarn_value *in,
                                       const struct tarn_type *result, struct tarn_value *out, struct tarn_error *err)
{
    struct tarn_value made = *in;
    made.type = result;
    made.is_null = in->is_null || transform == TARN_TRANSFORM_VOID;
    *out = made;
    if (made.is_null || transform == TARN_TRANSFORM_IDENTITY) {
        return TARN_OK;
    }
    enum tarn_status status = TARN_OK;
    if (transform == TARN_TRANSFORM_TRUNCATE) {
        status = truncate_value(parameter, in, &made, err);
    } else if (transform == TARN_TRANSFORM_BUCKET) {
        uint32_t hash;
        status = tarn__transform_hash(in, &hash) ? TARN_OK : refuse_time(err);
        made.u.i64 = bucket_of(hash, parameter);
    } else if (!part_of_time(transform, in->u.i64, ticks_a_day(in->type), &made.u.i64)) {
        status = refuse_time(err);
    }
    if (status == TARN_OK) {
        *out = made;
    }
    return status;
}

/* ---- vectors ---- */

struct job {
    enum tarn__transform transform;
    int32_t parameter;
    const struct tarn_type *result;
};

static enum tarn_status transform_rows(const struct job *job, struct tarn_vector *in, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_vector_builder *builder;
    TARN_RETURN_IF_ERROR(tarn__vector_builder_open(tarn__vector_env(in), job->result, &builder, err));
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < in->length; i++) {
        const struct tarn_value value = tarn__vector_value(in, i);
        struct tarn_value made;
        status = tarn__transform_apply(job->transform, job->parameter, &value, job->result, &made, err);
        if (status != TARN_OK) {
            tarn__error_at_row(err, i);
        } else if (made.is_null) {
            tarn__vector_builder_null(builder);
        } else {
            tarn__vector_builder_value(builder, &made);
        }
    }
    if (status == TARN_OK) {
        status = tarn__vector_builder_finish(builder, out, err);
    }
    tarn__vector_builder_close_all(builder);
    return status;
}

/* Numbers of 32 and 64 bits, but for decimals that are cut, which are checked one by one. */
static bool is_plain_number(const struct job *job, const struct tarn_type *type)
{
    const enum tarn_kind kind = tarn_type_kind(type);
    return (kind == TARN_KIND_I32 || kind == TARN_KIND_I64) && (type->id != TARN_TYPE_DECIMAL || job->transform == TARN_TRANSFORM_BUCKET);
}

static int64_t load_number(const struct tarn_vector *in, bool wide, uint32_t i)
{
    return wide ? ((const int64_t *)in->u.values)[i] : ((const int32_t *)in->u.values)[i];
}

/* Rows whose result does not fit are told by their number, from 1; slots of nulls may hold anything and are not looked at. */
static uint32_t numbers_into(const struct job *job, const struct tarn_vector *in, uint8_t *values)
{
    const bool wide = tarn_type_kind(in->type) == TARN_KIND_I64;
    const bool decimal = in->type->id == TARN_TYPE_DECIMAL;
    const bool micros = (in->type->id != TARN_TYPE_TIME && in->type->id != TARN_TYPE_TIMESTAMP) || in->type->unit == TARN_MICRO;
    const int64_t day = job->transform >= TARN_TRANSFORM_YEAR ? ticks_a_day(in->type) : 0;
    for (uint32_t i = 0; i < in->length; i++) {
        if (in->validity != NULL && !tarn__bit_get(in->validity, i)) {
            continue;
        }
        const int64_t value = load_number(in, wide, i);
        int64_t made;
        if (job->transform == TARN_TRANSFORM_TRUNCATE) {
            made = truncate_integer(value, job->parameter);
            if (wide) {
                memcpy(values + (size_t)i * 8, &made, sizeof(made));
                continue;
            }
        } else if (job->transform == TARN_TRANSFORM_BUCKET) {
            uint32_t hash = 0;
            if (decimal) {
                hash = hash_decimal(value);
            } else if (micros) {
                hash = tarn__murmur3_u64((uint64_t)value);
            } else if (!hash_ticks(in->type, value, &hash)) {
                return i + 1;
            }
            made = bucket_of(hash, job->parameter);
        } else if (!part_of_time(job->transform, value, day, &made)) {
            return i + 1;
        }
        const int32_t narrow = (int32_t)made;
        memcpy(values + (size_t)i * 4, &narrow, sizeof(narrow));
    }
    return 0;
}

static void hashes_into(const struct job *job, const struct tarn_vector *in, uint8_t *values)
{
    for (uint32_t i = 0; i < in->length; i++) {
        if (in->validity == NULL || tarn__bit_get(in->validity, i)) {
            const int32_t bucket = bucket_of(hash_text(tarn__vector_leaf_text(in, i)), job->parameter);
            memcpy(values + (size_t)i * 4, &bucket, sizeof(bucket));
        }
    }
}

/* FLAT numbers, and buckets of STRINGS and VIEWS, straight into the memory of the result. */
static enum tarn_status transform_flat(const struct job *job, struct tarn_vector *in, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_env *env = tarn__vector_env(in);
    struct tarn_buffer *values = tarn__buffer_new_zeroed(env, (size_t)in->length * tarn_type_width(job->result));
    struct tarn_buffer *validity = in->validity != NULL ? tarn__buffer_new(env, tarn__bits_bytes(in->length)) : NULL;
    if (values == NULL || (in->validity != NULL && validity == NULL)) {
        tarn__buffer_release(values);
        tarn__buffer_release(validity);
        return tarn__nomem(env, err, in->length);
    }
    if (validity != NULL && in->length != 0) {
        memcpy(validity->data, in->validity, tarn__bits_bytes(in->length));
    }
    uint32_t failed = 0;
    if (in->shape == TARN_SHAPE_FLAT) {
        failed = numbers_into(job, in, values->data);
    } else {
        hashes_into(job, in, values->data);
    }
    if (failed != 0) {
        tarn__buffer_release(values);
        tarn__buffer_release(validity);
        const enum tarn_status status = refuse_time(err);
        tarn__error_at_row(err, failed - 1);
        return status;
    }
    *out = tarn__vector_flat(env, job->result, in->length, values, validity);
    return *out == NULL ? tarn__nomem(env, err, 0) : TARN_OK;
}

/* Each entry once. */
static enum tarn_status transform_entries(const struct job *job, struct tarn_vector *in, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_env *env = tarn__vector_env(in);
    struct tarn_vector *entries;
    TARN_RETURN_IF_ERROR(tarn__transform_vector(job->transform, job->parameter, in->dictionary->values, job->result, &entries, err));
    struct tarn_dictionary *dictionary = tarn__dictionary_make(env, entries);
    *out = dictionary != NULL ? tarn__vector_with_dictionary(in, dictionary, job->result) : NULL;
    tarn__dictionary_release(dictionary);
    return *out == NULL ? tarn__nomem(env, err, 0) : TARN_OK;
}

static enum tarn_status transform_constant(const struct job *job, struct tarn_vector *in, struct tarn_vector **out, struct tarn_error *err)
{
    const struct tarn_value value = tarn__vector_value(in, 0);
    struct tarn_value made;
    TARN_RETURN_IF_ERROR(tarn__transform_apply(job->transform, job->parameter, &value, job->result, &made, err));
    *out = tarn__vector_of_value(tarn__vector_env(in), job->result, in->length, &made);
    return *out == NULL ? tarn__nomem(tarn__vector_env(in), err, 0) : TARN_OK;
}

enum tarn_status tarn__transform_vector(enum tarn__transform transform, int32_t parameter, struct tarn_vector *in,
                                        const struct tarn_type *result, struct tarn_vector **out, struct tarn_error *err)
{
    const struct job job = {transform, parameter, result};
    struct tarn_env *env = tarn__vector_env(in);
    *out = NULL;
    if (transform == TARN_TRANSFORM_IDENTITY) {
        *out = tarn__vector_retype(in, result);
        return *out == NULL ? tarn__nomem(env, err, 0) : TARN_OK;
    }
    if (transform == TARN_TRANSFORM_VOID || in->shape == TARN_SHAPE_NULLS || in->length == 0) {
        *out = tarn__vector_nulls(env, result, in->length);
        return *out == NULL ? tarn__nomem(env, err, 0) : TARN_OK;
    }
    switch (in->shape) {
    case TARN_SHAPE_DICTIONARY:
        return in->dictionary->values->length <= in->length ? transform_entries(&job, in, out, err) : transform_rows(&job, in, out, err);
    case TARN_SHAPE_CONSTANT:
        return transform_constant(&job, in, out, err);
    case TARN_SHAPE_FLAT:
        return is_plain_number(&job, in->type) ? transform_flat(&job, in, out, err) : transform_rows(&job, in, out, err);
    case TARN_SHAPE_STRINGS:
    case TARN_SHAPE_VIEWS:
        return transform == TARN_TRANSFORM_BUCKET ? transform_flat(&job, in, out, err) : transform_rows(&job, in, out, err);
    default:
        return transform_rows(&job, in, out, err);
    }
}
