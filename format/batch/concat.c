/* SPDX-License-Identifier: Apache-2.0
 *
 * Vectors joined end to end. Dictionaries are compared by identity: codes of different dictionaries mean different things, so that those
 * are spread out.
 */
#include "format/base/checked.h"
#include "format/batch/bitmap.h"
#include "format/batch/flatten.h"

struct join {
    struct tarn_env *env;
    const struct tarn_type *type;
    uint32_t count;
    struct tarn_vector *const *parts;
    uint32_t length;
    uint64_t *flattened;
    struct tarn_error *err;
};

/* The bits of all parts; NULL when none has nulls. False: no memory. */
static bool join_validity(const struct join *join, struct tarn_buffer **out)
{
    bool any = false;
    for (uint32_t i = 0; i < join->count; i++) {
        any = any || join->parts[i]->validity != NULL;
    }
    *out = any ? tarn__buffer_new_zeroed(join->env, tarn__bits_bytes(join->length)) : NULL;
    uint32_t at = 0;
    for (uint32_t i = 0; i < join->count && *out != NULL; i++) {
        tarn__bitmap_append((*out)->data, at, join->parts[i]->validity, 0, join->parts[i]->length);
        at += join->parts[i]->length;
    }
    return !any || *out != NULL;
}

static struct tarn_buffer *join_values(const struct join *join, size_t width)
{
    size_t size;
    struct tarn_buffer *values = tarn__mul((size_t)join->length, width, &size) ? tarn__buffer_new(join->env, size) : NULL;
    uint8_t *at = values != NULL ? values->data : NULL;
    for (uint32_t i = 0; i < join->count && at != NULL; i++) {
        const size_t bytes = join->parts[i]->length * width;
        if (bytes != 0) {
            memcpy(at, join->parts[i]->u.values, bytes);
            at += bytes;
        }
    }
    return values;
}

static struct tarn_buffer *join_bits(const struct join *join)
{
    struct tarn_buffer *bits = tarn__buffer_new_zeroed(join->env, tarn__bits_bytes(join->length));
    uint32_t at = 0;
    for (uint32_t i = 0; i < join->count && bits != NULL; i++) {
        tarn__bitmap_append(bits->data, at, join->parts[i]->u.values, 0, join->parts[i]->length);
        at += join->parts[i]->length;
    }
    return bits;
}

/* Offsets of all parts from 0 on; *total is what they span. */
static struct tarn_buffer *join_offsets(const struct join *join, uint64_t *total, bool *wide)
{
    *total = 0;
    for (uint32_t i = 0; i < join->count; i++) {
        const struct tarn_vector *part = join->parts[i];
        *total += tarn__vector_offset(part, part->length) - tarn__vector_offset(part, 0);
    }
    *wide = *total > UINT32_MAX;
    struct tarn_buffer *offsets = tarn__buffer_new(join->env, ((size_t)join->length + 1) * (*wide ? 8 : 4));
    if (offsets == NULL) {
        return NULL;
    }
    uint64_t base = 0;
    uint32_t at = 0;
    for (uint32_t i = 0; i < join->count; i++) {
        const struct tarn_vector *part = join->parts[i];
        const uint64_t first = tarn__vector_offset(part, 0);
        for (uint32_t k = 0; k <= part->length; k++) {
            const uint64_t offset = base + tarn__vector_offset(part, k) - first;
            if (*wide) {
                ((uint64_t *)(void *)offsets->data)[at + k] = offset;
            } else {
                ((uint32_t *)(void *)offsets->data)[at + k] = (uint32_t)offset;
            }
        }
        base += tarn__vector_offset(part, part->length) - first;
        at += part->length;
    }
    return offsets;
}

static struct tarn_vector *join_strings(const struct join *join, struct tarn_buffer *validity)
{
    uint64_t total;
    bool wide;
    struct tarn_buffer *offsets = join_offsets(join, &total, &wide);
    struct tarn_buffer *bytes = tarn__buffer_new(join->env, total);
    uint64_t at = 0;
    for (uint32_t i = 0; i < join->count && bytes != NULL; i++) {
        const struct tarn_vector *part = join->parts[i];
        const uint64_t first = tarn__vector_offset(part, 0);
        const uint64_t size = tarn__vector_offset(part, part->length) - first;
        if (size != 0) {
            memcpy(bytes->data + at, part->bytes + first, size);
            at += size;
        }
    }
    return tarn__vector_strings(join->env, join->type, join->length, offsets, wide, bytes, validity);
}

/* Child `index` of all parts, cut to what their rows use. */
static enum tarn_status join_child(const struct join *join, uint32_t index, struct tarn_vector **out)
{
    struct tarn_vector **pieces = tarn__calloc(join->env, (size_t)join->count + 1, sizeof(struct tarn_vector *));
    if (pieces == NULL) {
        return tarn__nomem(join->env, join->err, 0);
    }
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; i < join->count && status == TARN_OK; i++) {
        const struct tarn_vector *part = join->parts[i];
        const bool list = part->shape == TARN_SHAPE_LIST;
        const uint32_t first = list ? (uint32_t)tarn__vector_offset(part, 0) : 0;
        const uint32_t end = list ? (uint32_t)tarn__vector_offset(part, part->length) : part->length;
        status = tarn__vector_slice(part->children[index], first, end - first, &pieces[i], join->err);
    }
    if (status == TARN_OK) {
        status =
            tarn__vector_concat(join->env, join->parts[0]->children[index]->type, join->count, pieces, join->flattened, out, join->err);
    }
    for (uint32_t i = 0; i < join->count; i++) {
        tarn_vector_release(pieces[i]);
    }
    tarn__free(join->env, pieces);
    return status;
}

static enum tarn_status join_nested(const struct join *join, struct tarn_buffer *validity, struct tarn_vector **out)
{
    const uint32_t count = join->parts[0]->child_count;
    const bool list = join->parts[0]->shape == TARN_SHAPE_LIST;
    struct tarn_vector **children = tarn__calloc(join->env, (size_t)count + 1, sizeof(struct tarn_vector *));
    enum tarn_status status = children != NULL ? TARN_OK : tarn__nomem(join->env, join->err, 0);
    for (uint32_t i = 0; i < count && status == TARN_OK; i++) {
        status = join_child(join, i, &children[i]);
    }
    if (status != TARN_OK) {
        for (uint32_t i = 0; i < count && children != NULL; i++) {
            tarn_vector_release(children[i]);
        }
        tarn__buffer_release(validity);
    } else if (list) {
        uint64_t total;
        bool wide;
        struct tarn_buffer *offsets = join_offsets(join, &total, &wide);
        *out = tarn__vector_list(join->env, join->type, join->length, offsets, wide, count, children, validity);
    } else {
        *out = tarn__vector_struct(join->env, join->type, join->length, count, children, validity);
    }
    tarn__free(join->env, children);
    return status == TARN_OK && *out == NULL ? tarn__nomem(join->env, join->err, 0) : status;
}

static enum tarn_status join_parts(const struct join *join, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    if (!join_validity(join, &validity)) {
        return tarn__nomem(join->env, join->err, 0);
    }
    switch (join->parts[0]->shape) {
    case TARN_SHAPE_LIST:
    case TARN_SHAPE_STRUCT:
        return join_nested(join, validity, out);
    case TARN_SHAPE_STRINGS:
        *out = join_strings(join, validity);
        break;
    case TARN_SHAPE_DICTIONARY:
        *out = tarn__vector_dictionary(join->env, join->type, join->length, join_values(join, sizeof(uint32_t)),
                                       tarn__dictionary_retain(join->parts[0]->dictionary), validity);
        break;
    default: {
        struct tarn_buffer *values =
            tarn_type_kind(join->type) == TARN_KIND_BOOL ? join_bits(join) : join_values(join, tarn_type_width(join->type));
        *out = tarn__vector_flat(join->env, join->type, join->length, values, validity);
        break;
    }
    }
    return *out != NULL ? TARN_OK : tarn__nomem(join->env, join->err, 0);
}

static bool one_dictionary(uint32_t count, struct tarn_vector *const *vectors)
{
    for (uint32_t i = 0; i < count; i++) {
        if (vectors[i]->shape != TARN_SHAPE_DICTIONARY || vectors[i]->dictionary->id != vectors[0]->dictionary->id) {
            return false;
        }
    }
    return true;
}

static bool all_nulls(uint32_t count, struct tarn_vector *const *vectors)
{
    for (uint32_t i = 0; i < count; i++) {
        if (vectors[i]->shape != TARN_SHAPE_NULLS) {
            return false;
        }
    }
    return true;
}

static enum tarn_status join_flat(struct join *join, struct tarn_vector **out)
{
    struct tarn_vector **flat = tarn__calloc(join->env, join->count, sizeof(struct tarn_vector *));
    if (flat == NULL) {
        return tarn__nomem(join->env, join->err, 0);
    }
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; i < join->count && status == TARN_OK; i++) {
        status = tarn__vector_flatten(join->parts[i], join->flattened, &flat[i], join->err);
    }
    if (status == TARN_OK) {
        join->parts = flat;
        status = join_parts(join, out);
    }
    for (uint32_t i = 0; i < join->count; i++) {
        tarn_vector_release(flat[i]);
    }
    tarn__free(join->env, flat);
    return status;
}

enum tarn_status tarn__vector_concat(struct tarn_env *env, const struct tarn_type *type, uint32_t count, struct tarn_vector *const *vectors,
                                     uint64_t *flattened, struct tarn_vector **out, struct tarn_error *err)
{
    *out = NULL;
    uint64_t length = 0;
    for (uint32_t i = 0; i < count; i++) {
        length += vectors[i]->length;
    }
    if (length >= UINT32_MAX) {
        return tarn__error_set(err, TARN_LIMIT, "vector_length", "%llu rows are too many for one vector", (unsigned long long)length);
    }
    if (count == 1) {
        *out = tarn__vector_retype(vectors[0], type);
        return *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
    }
    if (all_nulls(count, vectors)) {
        *out = tarn__vector_nulls(env, type, (uint32_t)length);
        return *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
    }
    struct join join = {env, type, count, vectors, (uint32_t)length, flattened, err};
    return one_dictionary(count, vectors) ? join_parts(&join, out) : join_flat(&join, out);
}
