/* SPDX-License-Identifier: Apache-2.0
 *
 * Spreading vectors out.
 */
#include "format/batch/flatten.h"

#include "format/batch/bitmap.h"
#include "format/batch/gather.h"

static enum tarn_status made(struct tarn_env *env, struct tarn_vector *vector, struct tarn_vector **out, struct tarn_error *err)
{
    *out = vector;
    return vector != NULL ? TARN_OK : tarn__nomem(env, err, 0);
}

/* Rows of nothing but nulls, with the memory that they need. */
static struct tarn_vector *flat_nulls(struct tarn_env *env, const struct tarn_type *type, uint32_t length)
{
    const enum tarn_kind kind = tarn_type_kind(type);
    if (kind == TARN_KIND_NULL) {
        return tarn__vector_nulls(env, type, length);
    }
    struct tarn_buffer *validity = tarn__bitmap_new(env, length, false);
    if (validity == NULL) {
        return NULL;
    }
    if (kind == TARN_KIND_BYTES) {
        return tarn__vector_strings(env, type, length, tarn__buffer_new_zeroed(env, ((size_t)length + 1) * sizeof(uint32_t)), false,
                                    tarn__buffer_new(env, 0), validity);
    }
    if (kind != TARN_KIND_NESTED) {
        const size_t size = kind == TARN_KIND_BOOL ? tarn__bits_bytes(length) : (size_t)length * tarn_type_width(type);
        return tarn__vector_flat(env, type, length, tarn__buffer_new_zeroed(env, size), validity);
    }
    static const struct tarn_type binary = {.id = TARN_TYPE_BINARY};
    const bool variant = type->id == TARN_TYPE_VARIANT;
    const bool list = type->id == TARN_TYPE_LIST || type->id == TARN_TYPE_MAP;
    const uint32_t count = variant ? 2 : type->field_count;
    struct tarn_vector **children = tarn__calloc(env, (size_t)count + 1, sizeof(struct tarn_vector *));
    if (children == NULL) {
        tarn__buffer_release(validity);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        children[i] = flat_nulls(env, variant ? &binary : type->fields[i].type, list ? 0 : length);
    }
    struct tarn_vector *vector =
        list ? tarn__vector_list(env, type, length, tarn__buffer_new_zeroed(env, ((size_t)length + 1) * sizeof(uint32_t)), false, count,
                                 children, validity)
             : tarn__vector_struct(env, type, length, count, children, validity);
    tarn__free(env, children);
    return vector;
}

/* Rows of another vector, by the index of each. */
static enum tarn_status spread(struct tarn_vector *vector, struct tarn_vector *from, const uint32_t *rows, uint64_t *flattened,
                               struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_vector *picked;
    TARN_RETURN_IF_ERROR(tarn__vector_gather(from, rows, vector->length, &picked, err));
    const enum tarn_status status = tarn__vector_flatten(picked, flattened, out, err);
    tarn_vector_release(picked);
    return status;
}

static enum tarn_status spread_indexed(struct tarn_vector *vector, uint64_t *flattened, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_env *env = tarn__vector_env(vector);
    uint32_t *rows = tarn__alloc(env, (size_t)vector->length * sizeof(*rows));
    if (rows == NULL) {
        return tarn__nomem(env, err, (uint64_t)vector->length * sizeof(*rows));
    }
    struct tarn_vector *from;
    uint32_t run = 0;
    if (vector->shape == TARN_SHAPE_DICTIONARY) {
        from = vector->dictionary->values;
        for (uint32_t i = 0; i < vector->length; i++) {
            rows[i] = vector->validity == NULL || tarn__bit_get(vector->validity, i) ? vector->u.codes[i] : TARN_GATHER_NULL;
        }
    } else {
        from = vector->children[0];
        for (uint32_t i = 0; i < vector->length; i++) {
            run += vector->shape == TARN_SHAPE_RUNS && vector->u.ends[run] <= i;
            rows[i] = run;
        }
    }
    if (flattened != NULL && vector->shape != TARN_SHAPE_CONSTANT) {
        (*flattened)++;
    }
    const enum tarn_status status = spread(vector, from, rows, flattened, out, err);
    tarn__free(env, rows);
    return status;
}

/* Whole-buffer sharing makes a vector of other children cheap: only the pointers are new. */
static enum tarn_status flatten_children(struct tarn_vector *vector, uint64_t *flattened, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_env *env = tarn__vector_env(vector);
    struct tarn_vector **children = tarn__calloc(env, (size_t)vector->child_count + 1, sizeof(struct tarn_vector *));
    if (children == NULL) {
        return tarn__nomem(env, err, 0);
    }
    enum tarn_status status = TARN_OK;
    bool changed = false;
    for (uint32_t i = 0; i < vector->child_count && status == TARN_OK; i++) {
        status = tarn__vector_flatten(vector->children[i], flattened, &children[i], err);
        changed = changed || children[i] != vector->children[i];
    }
    if (status == TARN_OK) {
        status = made(env, changed ? tarn__vector_with_children(vector, children) : tarn_vector_retain(vector), out, err);
    }
    for (uint32_t i = 0; i < vector->child_count; i++) {
        tarn_vector_release(children[i]);
    }
    tarn__free(env, children);
    return status;
}

static enum tarn_status flatten_views(struct tarn_vector *vector, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_env *env = tarn__vector_env(vector);
    uint64_t total = 0;
    for (uint32_t i = 0; i < vector->length; i++) {
        total += vector->u.views[i].size;
    }
    const bool wide = total > UINT32_MAX;
    struct tarn_buffer *offsets = tarn__buffer_new_zeroed(env, ((size_t)vector->length + 1) * (wide ? 8 : 4));
    struct tarn_buffer *bytes = tarn__buffer_new(env, total);
    struct tarn_buffer *validity = NULL;
    bool enough = offsets != NULL && bytes != NULL;
    if (enough && vector->validity != NULL) {
        validity = tarn__buffer_new(env, tarn__bits_bytes(vector->length));
        enough = validity != NULL;
    }
    if (!enough) {
        tarn__buffer_release(offsets);
        tarn__buffer_release(bytes);
        return tarn__nomem(env, err, total);
    }
    if (validity != NULL) {
        tarn__bitmap_copy(validity->data, vector->validity, 0, vector->length);
    }
    uint64_t end = 0;
    for (uint32_t i = 0; i < vector->length; i++) {
        const struct tarn_text text = tarn__vector_leaf_text(vector, i);
        tarn__copy_text(bytes->data + end, total - end, text, text.size <= 12 && i + 1 < vector->length ? 16 : text.size);
        end += text.size;
        if (wide) {
            ((uint64_t *)(void *)offsets->data)[i + 1] = end;
        } else {
            ((uint32_t *)(void *)offsets->data)[i + 1] = (uint32_t)end;
        }
    }
    return made(env, tarn__vector_strings(env, vector->type, vector->length, offsets, wide, bytes, validity), out, err);
}

enum tarn_status tarn__vector_flatten(struct tarn_vector *vector, uint64_t *flattened, struct tarn_vector **out, struct tarn_error *err)
{
    *out = NULL;
    switch (vector->shape) {
    case TARN_SHAPE_FLAT:
    case TARN_SHAPE_STRINGS:
        break;
    case TARN_SHAPE_VIEWS:
        return flatten_views(vector, out, err);
    case TARN_SHAPE_DICTIONARY:
    case TARN_SHAPE_CONSTANT:
    case TARN_SHAPE_RUNS:
        return spread_indexed(vector, flattened, out, err);
    case TARN_SHAPE_LIST:
    case TARN_SHAPE_STRUCT:
        return flatten_children(vector, flattened, out, err);
    case TARN_SHAPE_NULLS: {
        struct tarn_env *env = tarn__vector_env(vector);
        return made(env, flat_nulls(env, vector->type, vector->length), out, err);
    }
    }
    *out = tarn_vector_retain(vector);
    return TARN_OK;
}
