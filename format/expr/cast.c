/* SPDX-License-Identifier: Apache-2.0
 *
 * Widening. SPEC: X-EXPR-5.
 *
 * Numbers go through blocks of one wide type: integers, dates, times and decimals of up to 18 digits as int64_t, floats as double,
 * wider decimals as 256 bits.
 */
#include "format/expr/cast.h"

#include "format/base/checked.h"
#include "format/base/decimal.h"
#include "format/batch/bitmap.h"
#include "format/batch/half.h"

enum { BLOCK = 512 };

#define LOAD(kind, c_type)                                                                                                                 \
    case kind:                                                                                                                             \
        for (uint32_t i = 0; i < count; i++) {                                                                                             \
            block[i] = (int64_t)((const c_type *)values)[first + i];                                                                       \
        }                                                                                                                                  \
        return
#define STORE(kind, c_type)                                                                                                                \
    case kind:                                                                                                                             \
        for (uint32_t i = 0; i < count; i++) {                                                                                             \
            ((c_type *)values)[first + i] = (c_type)block[i];                                                                              \
        }                                                                                                                                  \
        return

static void load_integers(enum tarn_kind kind, const void *values, uint32_t first, uint32_t count, int64_t *block)
{
    switch (kind) {
        LOAD(TARN_KIND_I8, int8_t);
        LOAD(TARN_KIND_I16, int16_t);
        LOAD(TARN_KIND_I32, int32_t);
        LOAD(TARN_KIND_U8, uint8_t);
        LOAD(TARN_KIND_U16, uint16_t);
        LOAD(TARN_KIND_U32, uint32_t);
    default:
        memcpy(block, (const int64_t *)values + first, count * sizeof(*block));
        return;
    }
}

static void store_integers(enum tarn_kind kind, void *values, uint32_t first, uint32_t count, const int64_t *block)
{
    switch (kind) {
        STORE(TARN_KIND_I16, int16_t);
        STORE(TARN_KIND_I32, int32_t);
        STORE(TARN_KIND_U16, uint16_t);
        STORE(TARN_KIND_U32, uint32_t);
        STORE(TARN_KIND_F32, float);
        STORE(TARN_KIND_F64, double);
    case TARN_KIND_F16:
        for (uint32_t i = 0; i < count; i++) {
            ((uint16_t *)values)[first + i] = tarn__half_of_double((double)block[i]);
        }
        return;
    default:
        memcpy((int64_t *)values + first, block, count * sizeof(*block));
        return;
    }
}

/* What a value is multiplied by: a decimal's new zeros, a unit's parts. */
static int64_t factor_of(const struct tarn_type *from, const struct tarn_type *to)
{
    static const int64_t parts[] = {1, 1000, 1000000, 1000000000};
    switch (to->id) {
    case TARN_TYPE_TIMESTAMP:
        return from->id == TARN_TYPE_DATE ? 86400 * parts[to->unit] : 1;
    case TARN_TYPE_TIME:
        return parts[to->unit - from->unit];
    default:
        return 1;
    }
}

static unsigned zeros_of(const struct tarn_type *from, const struct tarn_type *to)
{
    return to->id != TARN_TYPE_DECIMAL ? 0 : (unsigned)(to->scale - (from->id == TARN_TYPE_DECIMAL ? from->scale : 0));
}

static enum tarn_status cast_integers(const struct tarn_vector *vector, const struct tarn_type *type, void *values, struct tarn_error *err)
{
    int64_t block[BLOCK];
    const unsigned zeros = zeros_of(vector->type, type);
    int64_t factor = factor_of(vector->type, type);
    for (unsigned i = 0; i < zeros; i++) {
        factor *= 10; /* the target has at most 18 digits */
    }
    for (uint32_t first = 0; first < vector->length; first += BLOCK) {
        const uint32_t count = vector->length - first < BLOCK ? vector->length - first : BLOCK;
        load_integers(tarn_type_kind(vector->type), vector->u.values, first, count, block);
        for (uint32_t i = 0; i < count && factor != 1; i++) {
            if (!tarn__mul(block[i], factor, &block[i])) {
                tarn__invalid(err, "timestamp_range", "a date is too far away for a timestamp");
                tarn__error_at_row(err, first + i);
                return TARN_INVALID;
            }
        }
        store_integers(tarn_type_kind(type), values, first, count, block);
    }
    return TARN_OK;
}

static double load_float(enum tarn_kind kind, const void *values, uint32_t i)
{
    return kind == TARN_KIND_F16   ? tarn__half_to_double(((const uint16_t *)values)[i])
           : kind == TARN_KIND_F32 ? (double)((const float *)values)[i]
                                   : ((const double *)values)[i];
}

static void cast_floats(const struct tarn_vector *vector, const struct tarn_type *type, void *values)
{
    const enum tarn_kind from = tarn_type_kind(vector->type);
    for (uint32_t i = 0; i < vector->length; i++) {
        const double value = load_float(from, vector->u.values, i);
        if (type->id == TARN_TYPE_F32) {
            ((float *)values)[i] = (float)value;
        } else {
            ((double *)values)[i] = value;
        }
    }
}

/* To decimals of more than 18 digits. Values keep to the precision of their type, so that products fit. */
static void cast_wide(const struct tarn_vector *vector, const struct tarn_type *type, uint8_t *values)
{
    const struct tarn_i256 factor = tarn__pow10_256(zeros_of(vector->type, type));
    const uint32_t width = tarn_type_width(type);
    const bool is_unsigned = vector->type->id == TARN_TYPE_U64;
    for (uint32_t i = 0; i < vector->length; i++) {
        const struct tarn_value value = tarn__vector_value(vector, i);
        struct tarn_i256 unscaled = tarn__i256_of(is_unsigned ? (tarn_i128)value.u.u64 : (tarn_i128)value.u.i64);
        if (tarn_type_width(vector->type) > 8) {
            memcpy(unscaled.words, value.u.words, sizeof(unscaled.words));
        }
        if (value.is_null || !tarn__i256_mul(unscaled, factor, &unscaled)) {
            memset(&unscaled, 0, sizeof(unscaled));
        }
        memcpy(values + (size_t)i * width, unscaled.words, width);
    }
}

static enum tarn_status cast_flat(struct tarn_vector *vector, const struct tarn_type *type, struct tarn_vector **out,
                                  struct tarn_error *err)
{
    struct tarn_env *env = tarn__vector_env(vector);
    const enum tarn_kind kind = tarn_type_kind(type);
    const enum tarn_kind from = tarn_type_kind(vector->type);
    struct tarn_buffer *values = tarn__buffer_new(env, (size_t)vector->length * tarn_type_width(type));
    struct tarn_buffer *validity = vector->validity != NULL ? tarn__buffer_new(env, tarn__bits_bytes(vector->length)) : NULL;
    if (values == NULL || (validity == NULL && vector->validity != NULL)) {
        tarn__buffer_release(values);
        tarn__buffer_release(validity);
        return tarn__nomem(env, err, 0);
    }
    if (validity != NULL) {
        tarn__bitmap_copy(validity->data, vector->validity, 0, vector->length);
    }
    enum tarn_status status = TARN_OK;
    if (kind == TARN_KIND_I128 || kind == TARN_KIND_I256) {
        cast_wide(vector, type, values->data);
    } else if (from == TARN_KIND_F16 || from == TARN_KIND_F32) {
        cast_floats(vector, type, values->data);
    } else {
        status = cast_integers(vector, type, values->data, err);
    }
    if (status != TARN_OK) {
        tarn__buffer_release(values);
        tarn__buffer_release(validity);
        return status;
    }
    *out = tarn__vector_flat(env, type, vector->length, values, validity);
    return *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
}

static bool same_layout(const struct tarn_type *from, const struct tarn_type *to)
{
    return tarn_type_kind(from) == tarn_type_kind(to) && factor_of(from, to) == 1 && zeros_of(from, to) == 0;
}

static enum tarn_status cast_child(struct tarn_vector *vector, const struct tarn_type *type, struct tarn_vector **out,
                                   struct tarn_error *err)
{
    struct tarn_vector *child;
    TARN_RETURN_IF_ERROR(tarn__vector_cast(vector->children[0], type, &child, err));
    struct tarn_vector *other = tarn__vector_with_children(vector, &child);
    tarn_vector_release(child);
    *out = other != NULL ? tarn__vector_retype(other, type) : NULL;
    tarn_vector_release(other);
    return *out != NULL ? TARN_OK : tarn__nomem(tarn__vector_env(vector), err, 0);
}

static enum tarn_status cast_dictionary(struct tarn_vector *vector, const struct tarn_type *type, struct tarn_vector **out,
                                        struct tarn_error *err)
{
    struct tarn_vector *values;
    TARN_RETURN_IF_ERROR(tarn__vector_cast(vector->dictionary->values, type, &values, err));
    struct tarn_dictionary *dictionary = tarn__dictionary_make(tarn__vector_env(vector), values);
    *out = dictionary != NULL ? tarn__vector_with_dictionary(vector, dictionary, type) : NULL;
    tarn__dictionary_release(dictionary);
    return *out != NULL ? TARN_OK : tarn__nomem(tarn__vector_env(vector), err, 0);
}

enum tarn_status tarn__vector_cast(struct tarn_vector *vector, const struct tarn_type *type, struct tarn_vector **out,
                                   struct tarn_error *err)
{
    struct tarn_env *env = tarn__vector_env(vector);
    *out = NULL;
    if (vector->shape == TARN_SHAPE_NULLS) {
        *out = tarn__vector_nulls(env, type, vector->length);
        return *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
    }
    if (same_layout(vector->type, type)) {
        *out = tarn__vector_retype(vector, type);
        return *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
    }
    switch (vector->shape) {
    case TARN_SHAPE_CONSTANT:
    case TARN_SHAPE_RUNS:
        return cast_child(vector, type, out, err);
    case TARN_SHAPE_DICTIONARY:
        return cast_dictionary(vector, type, out, err);
    case TARN_SHAPE_FLAT:
        return cast_flat(vector, type, out, err);
    default:
        return tarn__internal(err, "a cast between types that have no lossless cast");
    }
}

/* ---- one value ---- */

static struct tarn_i256 whole_number(const struct tarn_value *value)
{
    switch (tarn_type_kind(value->type)) {
    case TARN_KIND_U8:
    case TARN_KIND_U16:
    case TARN_KIND_U32:
    case TARN_KIND_U64:
        return tarn__i256_of((tarn_i128)value->u.u64);
    case TARN_KIND_I128:
    case TARN_KIND_I256: {
        struct tarn_i256 words;
        memcpy(words.words, value->u.words, sizeof(words.words));
        return words;
    }
    default:
        return tarn__i256_of((tarn_i128)value->u.i64);
    }
}

bool tarn__value_cast(const struct tarn_value *given, const struct tarn_type *type, struct tarn_value *out)
{
    const struct tarn_value copy = *given; /* `out` may be the same */
    const struct tarn_value *const value = &copy;
    const enum tarn_kind from = tarn_type_kind(value->type);
    const enum tarn_kind to = tarn_type_kind(type);
    *out = *value;
    out->type = type;
    if (value->is_null || same_layout(value->type, type)) {
        return true;
    }
    if (from == TARN_KIND_F16 || from == TARN_KIND_F32) { /* held as a double already */
        return true;
    }
    struct tarn_i256 number = whole_number(value);
    if (to == TARN_KIND_F16 || to == TARN_KIND_F32 || to == TARN_KIND_F64) {
        out->u.f64 = from >= TARN_KIND_U8 && from <= TARN_KIND_U64 ? (double)value->u.u64 : (double)value->u.i64;
        return from >= TARN_KIND_I8 && from <= TARN_KIND_U64;
    }
    if (from == TARN_KIND_NULL || from >= TARN_KIND_FIXED || to >= TARN_KIND_FIXED) {
        return false;
    }
    if (!tarn__i256_mul(number, tarn__pow10_256(zeros_of(value->type, type)), &number) ||
        !tarn__i256_mul(number, tarn__i256_of(factor_of(value->type, type)), &number)) {
        return false;
    }
    const bool wide = to == TARN_KIND_I128 || to == TARN_KIND_I256;
    const uint64_t sign = number.words[0] >> 63 != 0 && to != TARN_KIND_U64 ? UINT64_MAX : 0;
    memset(&out->u, 0, sizeof(out->u));
    memcpy(out->u.words, number.words, wide ? sizeof(out->u.words) : sizeof(out->u.words[0]));
    return wide || (number.words[1] == sign && number.words[2] == sign && number.words[3] == sign);
}
