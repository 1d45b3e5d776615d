/* SPDX-License-Identifier: Apache-2.0
 *
 * Vectors read row by row, whatever their shape.
 *
 * Invariant: `index` and `fixed` are places of `leaf`; `validity` is by row.
 */
#include "query/functions/operand.h"

#include "format/batch/half.h"

static enum tarn_status expand_runs(struct tarn__operand *operand, const struct tarn_vector *vector, struct tarn_error *err)
{
    struct tarn__operand child;
    struct tarn_env *env = tarn__vector_env(vector);
    TARN_RETURN_IF_ERROR(tarn__operand_init(&child, vector->children[0], err));
    struct tarn_buffer *index = tarn__buffer_new(env, (size_t)vector->length * sizeof(uint32_t));
    struct tarn_buffer *validity = tarn__buffer_new_zeroed(env, tarn__bits_bytes(vector->length));
    if (index == NULL || validity == NULL) {
        tarn__buffer_release(index);
        tarn__buffer_release(validity);
        tarn__operand_free(&child);
        return tarn__nomem(env, err, 0);
    }
    uint32_t *places = (uint32_t *)(void *)index->data;
    uint32_t row = 0;
    for (uint32_t run = 0; run < vector->run_count; run++) {
        const bool null = tarn__operand_null(&child, run);
        const uint32_t at = null ? 0 : tarn__operand_at(&child, run);
        for (; row < vector->u.ends[run]; row++) {
            places[row] = at;
            if (!null) {
                tarn__bit_set(validity->data, row);
            }
        }
    }
    *operand = (struct tarn__operand){.leaf = child.leaf,
                                      .index = places,
                                      .rows = vector->length,
                                      .validity = validity->data,
                                      .all_null = child.all_null,
                                      .own_index = index,
                                      .own_values = validity};
    tarn__operand_free(&child);
    return TARN_OK;
}

enum tarn_status tarn__operand_init(struct tarn__operand *operand, const struct tarn_vector *vector, struct tarn_error *err)
{
    *operand = (struct tarn__operand){.leaf = vector, .rows = vector->length, .validity = vector->validity};
    switch (vector->shape) {
    case TARN_SHAPE_NULLS:
        operand->all_null = true;
        return TARN_OK;
    case TARN_SHAPE_DICTIONARY:
        operand->leaf = vector->dictionary->values;
        operand->index = vector->u.codes;
        return TARN_OK;
    case TARN_SHAPE_CONSTANT: {
        if (vector->length == 0) {
            operand->all_null = true;
            return TARN_OK;
        }
        const struct tarn__vector_place place = tarn__vector_locate(vector, 0);
        *operand = (struct tarn__operand){
            .leaf = place.vector, .rows = vector->length, .fixed = place.row, .constant = true, .all_null = place.is_null};
        return TARN_OK;
    }
    case TARN_SHAPE_RUNS:
        return vector->length == 0 ? TARN_OK : expand_runs(operand, vector, err);
    default:
        return TARN_OK;
    }
}

void tarn__operand_free(struct tarn__operand *operand)
{
    tarn__buffer_release(operand->own_index);
    tarn__buffer_release(operand->own_values);
    operand->own_index = NULL;
    operand->own_values = NULL;
}

static tarn_i128 load_integer(const struct tarn_vector *leaf, enum tarn_kind kind, uint32_t at)
{
    const void *values = leaf->u.values;
    switch (kind) {
    case TARN_KIND_BOOL:
        return tarn__bit_get(values, at);
    case TARN_KIND_I8:
        return ((const int8_t *)values)[at];
    case TARN_KIND_I16:
        return ((const int16_t *)values)[at];
    case TARN_KIND_I32:
        return ((const int32_t *)values)[at];
    case TARN_KIND_I64:
        return ((const int64_t *)values)[at];
    case TARN_KIND_U8:
        return ((const uint8_t *)values)[at];
    case TARN_KIND_U16:
        return ((const uint16_t *)values)[at];
    case TARN_KIND_U32:
        return ((const uint32_t *)values)[at];
    case TARN_KIND_U64:
        return ((const uint64_t *)values)[at];
    case TARN_KIND_I128: {
        const uint64_t *words = (const uint64_t *)values + 2 * (size_t)at;
        return (tarn_i128)((tarn_u128)words[1] << 64 | words[0]);
    }
    default:
        return 0;
    }
}

tarn_i128 tarn__operand_i128_at(const struct tarn__operand *operand, uint32_t row)
{
    return load_integer(operand->leaf, tarn_type_kind(operand->leaf->type), tarn__operand_at(operand, row));
}

bool tarn__operand_bool_at(const struct tarn__operand *operand, uint32_t row)
{
    return tarn__bit_get(operand->leaf->u.values, tarn__operand_at(operand, row));
}

/* The dense array, in the operand's own memory; a RUNS operand keeps its validity bits in front of it. */
static void *own_array(struct tarn__operand *operand, struct tarn_env *env, size_t width)
{
    const size_t head = operand->own_values != NULL ? (tarn__bits_bytes(operand->rows) + 15) / 16 * 16 : 0;
    struct tarn_buffer *buffer = tarn__buffer_new_zeroed(env, head + (size_t)operand->rows * width);
    if (buffer == NULL) {
        return NULL;
    }
    if (head != 0) {
        memcpy(buffer->data, operand->validity, tarn__bits_bytes(operand->rows));
        operand->validity = buffer->data;
    }
    tarn__buffer_release(operand->own_values);
    operand->own_values = buffer;
    return buffer->data + head;
}

#define SPREAD(type, target)                                                                                                               \
    do {                                                                                                                                   \
        const type *from = operand->leaf->u.values;                                                                                        \
        if (operand->constant) {                                                                                                           \
            for (uint32_t i = 0; i < operand->rows; i++) {                                                                                 \
                out[i] = (target)from[operand->fixed];                                                                                     \
            }                                                                                                                              \
        } else if (operand->index != NULL) {                                                                                               \
            for (uint32_t i = 0; i < operand->rows; i++) {                                                                                 \
                out[i] = (target)from[operand->index[i]];                                                                                  \
            }                                                                                                                              \
        } else {                                                                                                                           \
            for (uint32_t i = 0; i < operand->rows; i++) {                                                                                 \
                out[i] = (target)from[i];                                                                                                  \
            }                                                                                                                              \
        }                                                                                                                                  \
    } while (0)

const int64_t *tarn__operand_i64(struct tarn__operand *operand, struct tarn_env *env)
{
    const enum tarn_kind kind = tarn_type_kind(operand->leaf->type);
    const bool as_it_is = kind == TARN_KIND_I64 && !operand->constant && operand->index == NULL && !operand->all_null;
    if (as_it_is && operand->rows != 0) {
        return operand->leaf->u.values;
    }
    int64_t *out = own_array(operand, env, sizeof(int64_t));
    if (out == NULL || operand->all_null) {
        return out;
    }
    switch (kind) {
    case TARN_KIND_I8:
        SPREAD(int8_t, int64_t);
        break;
    case TARN_KIND_I16:
        SPREAD(int16_t, int64_t);
        break;
    case TARN_KIND_I32:
        SPREAD(int32_t, int64_t);
        break;
    case TARN_KIND_I64:
        SPREAD(int64_t, int64_t);
        break;
    case TARN_KIND_U8:
        SPREAD(uint8_t, int64_t);
        break;
    case TARN_KIND_U16:
        SPREAD(uint16_t, int64_t);
        break;
    case TARN_KIND_U32:
        SPREAD(uint32_t, int64_t);
        break;
    default:
        for (uint32_t i = 0; i < operand->rows; i++) {
            out[i] = (int64_t)load_integer(operand->leaf, kind, tarn__operand_at(operand, i));
        }
        break;
    }
    return out;
}

const tarn_i128 *tarn__operand_i128(struct tarn__operand *operand, struct tarn_env *env)
{
    const enum tarn_kind kind = tarn_type_kind(operand->leaf->type);
    tarn_i128 *out = own_array(operand, env, sizeof(tarn_i128));
    if (out == NULL || operand->all_null) {
        return out;
    }
    for (uint32_t i = 0; i < operand->rows; i++) {
        out[i] = load_integer(operand->leaf, kind, tarn__operand_at(operand, i));
    }
    return out;
}

const double *tarn__operand_f64(struct tarn__operand *operand, struct tarn_env *env)
{
    const enum tarn_kind kind = tarn_type_kind(operand->leaf->type);
    const bool as_it_is = kind == TARN_KIND_F64 && !operand->constant && operand->index == NULL && !operand->all_null;
    if (as_it_is && operand->rows != 0) {
        return operand->leaf->u.values;
    }
    double *out = own_array(operand, env, sizeof(double));
    if (out == NULL || operand->all_null) {
        return out;
    }
    if (kind == TARN_KIND_F64) {
        SPREAD(double, double);
    } else if (kind == TARN_KIND_F32) {
        SPREAD(float, double);
    } else {
        for (uint32_t i = 0; i < operand->rows; i++) {
            out[i] = tarn__half_to_double(((const uint16_t *)operand->leaf->u.values)[tarn__operand_at(operand, i)]);
        }
    }
    return out;
}

enum tarn_status tarn__operands_validity(struct tarn_env *env, uint32_t count, const struct tarn__operand *operands, uint32_t rows,
                                         struct tarn_buffer **out, struct tarn_error *err)
{
    const size_t bytes = tarn__bits_bytes(rows);
    struct tarn_buffer *bits = NULL;
    *out = NULL;
    for (uint32_t k = 0; k < count; k++) {
        const struct tarn__operand *operand = &operands[k];
        if (!operand->all_null && operand->validity == NULL) {
            continue;
        }
        if (bits == NULL) {
            bits = tarn__buffer_new(env, bytes);
            if (bits == NULL) {
                return tarn__nomem(env, err, bytes);
            }
            memset(bits->data, 0xff, bytes);
            if (rows % 8 != 0) {
                bits->data[bytes - 1] = (uint8_t)((1u << (rows % 8)) - 1);
            }
        }
        if (operand->all_null) {
            memset(bits->data, 0, bytes);
        } else {
            for (size_t i = 0; i < bytes; i++) {
                bits->data[i] &= operand->validity[i];
            }
        }
    }
    *out = bits;
    return TARN_OK;
}

void tarn__clear_null_slots(uint8_t *values, size_t width, const struct tarn_buffer *validity, uint32_t rows)
{
    if (validity == NULL) {
        return;
    }
    for (uint32_t i = 0; i < rows; i++) {
        if (!tarn__bit_get(validity->data, i)) {
            memset(values + i * width, 0, width);
        }
    }
}
