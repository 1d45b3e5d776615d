/* SPDX-License-Identifier: Apache-2.0
 *
 * Vectors: their memory, their references, and what can be asked of one row whatever the shape.
 *
 * Invariants
 *  1. A vector holds one reference on its env, on each of its buffers, children and view buffers, on its dictionary, and on the vector
 *     whose memory it shares (a slice, another type): releasing the last reference on it gives back all of them.
 *  2. References only point to older objects, so that there are no cycles.
 *  3. After a maker has returned nothing of a vector changes.
 */
#include "format/batch/vector.h"

#include <stdatomic.h>

#include "format/base/checked.h"
#include "format/batch/bitmap.h"
#include "format/batch/half.h"

struct owned_vector {
    struct tarn_vector vector; /* first: the two addresses are one */
    struct tarn_env *env;
    struct tarn_buffer *validity;
    struct tarn_buffer *data; /* values, offsets, codes, ends or views */
    struct tarn_buffer *bytes;
    struct tarn_vector *base; /* the vector whose memory this one shares */
    bool owns_parts;          /* children, view buffers and dictionary are this vector's, not the base's */
    atomic_uint_fast32_t references;
    void *parts[]; /* children, then view buffers */
};

static struct owned_vector *owner_of(const struct tarn_vector *vector)
{
    return (struct owned_vector *)(uintptr_t)vector;
}

/* What a maker is given; all references in it are the maker's. */
struct parts {
    struct tarn_buffer *data;
    bool needs_data;
    struct tarn_buffer *bytes;
    bool needs_bytes;
    struct tarn_buffer *validity;
    struct tarn_dictionary *dictionary;
    bool needs_dictionary;
    uint32_t child_count;
    struct tarn_vector *const *children;
    uint32_t view_buffer_count;
    struct tarn_buffer *const *view_buffers;
};

static void release_parts(const struct parts *parts)
{
    tarn__buffer_release(parts->data);
    tarn__buffer_release(parts->bytes);
    tarn__buffer_release(parts->validity);
    tarn__dictionary_release(parts->dictionary);
    for (uint32_t i = 0; i < parts->child_count; i++) {
        tarn_vector_release(parts->children[i]);
    }
    for (uint32_t i = 0; i < parts->view_buffer_count; i++) {
        tarn__buffer_release(parts->view_buffers[i]);
    }
}

static bool parts_complete(const struct parts *parts)
{
    bool complete = (!parts->needs_data || parts->data != NULL) && (!parts->needs_bytes || parts->bytes != NULL) &&
                    (!parts->needs_dictionary || parts->dictionary != NULL);
    for (uint32_t i = 0; i < parts->child_count; i++) {
        complete = complete && parts->children[i] != NULL;
    }
    for (uint32_t i = 0; i < parts->view_buffer_count; i++) {
        complete = complete && parts->view_buffers[i] != NULL;
    }
    return complete;
}

static struct owned_vector *make(struct tarn_env *env, const struct tarn_type *type, enum tarn_shape shape, uint32_t length,
                                 const struct parts *parts)
{
    size_t count = (size_t)parts->child_count + parts->view_buffer_count;
    size_t size;
    struct owned_vector *owner = NULL;
    if (parts_complete(parts) && tarn__mul(count, sizeof(void *), &size) && tarn__add(size, sizeof(*owner), &size)) {
        owner = tarn__calloc(env, 1, size);
    }
    if (owner == NULL) {
        release_parts(parts);
        return NULL;
    }
    for (uint32_t i = 0; i < parts->child_count; i++) {
        owner->parts[i] = parts->children[i];
    }
    for (uint32_t i = 0; i < parts->view_buffer_count; i++) {
        owner->parts[parts->child_count + i] = parts->view_buffers[i];
    }
    owner->env = tarn__env_retain(env);
    owner->data = parts->data;
    owner->bytes = parts->bytes;
    owner->validity = parts->validity;
    owner->owns_parts = true;
    atomic_init(&owner->references, 1);
    owner->vector = (struct tarn_vector){
        .type = type,
        .shape = shape,
        .length = length,
        .validity = parts->validity != NULL ? parts->validity->data : NULL,
        .u.values = parts->data != NULL ? parts->data->data : NULL,
        .bytes = parts->bytes != NULL ? parts->bytes->data : NULL,
        .dictionary = parts->dictionary,
        .child_count = parts->child_count,
        .children = parts->child_count != 0 ? (struct tarn_vector *const *)owner->parts : NULL,
        .view_buffer_count = parts->view_buffer_count,
        .view_buffers = parts->view_buffer_count != 0 ? (struct tarn_buffer *const *)(owner->parts + parts->child_count) : NULL,
    };
    return owner;
}

static struct tarn_vector *vector_of(struct owned_vector *owner)
{
    return owner != NULL ? &owner->vector : NULL;
}

struct tarn_vector *tarn__vector_flat(struct tarn_env *env, const struct tarn_type *type, uint32_t length, struct tarn_buffer *values,
                                      struct tarn_buffer *validity)
{
    return vector_of(make(env, type, TARN_SHAPE_FLAT, length, &(struct parts){.data = values, .needs_data = true, .validity = validity}));
}

struct tarn_vector *tarn__vector_strings(struct tarn_env *env, const struct tarn_type *type, uint32_t length, struct tarn_buffer *offsets,
                                         bool wide, struct tarn_buffer *bytes, struct tarn_buffer *validity)
{
    struct owned_vector *owner =
        make(env, type, TARN_SHAPE_STRINGS, length,
             &(struct parts){.data = offsets, .needs_data = true, .bytes = bytes, .needs_bytes = true, .validity = validity});
    if (owner != NULL) {
        owner->vector.wide_offsets = wide;
    }
    return vector_of(owner);
}

struct tarn_vector *tarn__vector_views(struct tarn_env *env, const struct tarn_type *type, uint32_t length, struct tarn_buffer *views,
                                       uint32_t view_buffer_count, struct tarn_buffer *const *view_buffers, struct tarn_buffer *validity)
{
    return vector_of(make(env, type, TARN_SHAPE_VIEWS, length,
                          &(struct parts){.data = views,
                                          .needs_data = true,
                                          .view_buffer_count = view_buffer_count,
                                          .view_buffers = view_buffers,
                                          .validity = validity}));
}

struct tarn_vector *tarn__vector_dictionary(struct tarn_env *env, const struct tarn_type *type, uint32_t length, struct tarn_buffer *codes,
                                            struct tarn_dictionary *dictionary, struct tarn_buffer *validity)
{
    return vector_of(
        make(env, type, TARN_SHAPE_DICTIONARY, length,
             &(struct parts){.data = codes, .needs_data = true, .dictionary = dictionary, .needs_dictionary = true, .validity = validity}));
}

struct tarn_vector *tarn__vector_constant(struct tarn_env *env, const struct tarn_type *type, uint32_t length, struct tarn_vector *child)
{
    return vector_of(make(env, type, TARN_SHAPE_CONSTANT, length, &(struct parts){.child_count = 1, .children = &child}));
}

struct tarn_vector *tarn__vector_runs(struct tarn_env *env, const struct tarn_type *type, uint32_t length, uint32_t run_count,
                                      struct tarn_buffer *ends, struct tarn_vector *child)
{
    struct owned_vector *owner =
        make(env, type, TARN_SHAPE_RUNS, length, &(struct parts){.data = ends, .needs_data = true, .child_count = 1, .children = &child});
    if (owner != NULL) {
        owner->vector.run_count = run_count;
    }
    return vector_of(owner);
}

struct tarn_vector *tarn__vector_list(struct tarn_env *env, const struct tarn_type *type, uint32_t length, struct tarn_buffer *offsets,
                                      bool wide, uint32_t child_count, struct tarn_vector *const *children, struct tarn_buffer *validity)
{
    struct owned_vector *owner =
        make(env, type, TARN_SHAPE_LIST, length,
             &(struct parts){.data = offsets, .needs_data = true, .child_count = child_count, .children = children, .validity = validity});
    if (owner != NULL) {
        owner->vector.wide_offsets = wide;
    }
    return vector_of(owner);
}

struct tarn_vector *tarn__vector_struct(struct tarn_env *env, const struct tarn_type *type, uint32_t length, uint32_t child_count,
                                        struct tarn_vector *const *children, struct tarn_buffer *validity)
{
    return vector_of(make(env, type, TARN_SHAPE_STRUCT, length,
                          &(struct parts){.child_count = child_count, .children = children, .validity = validity}));
}

struct tarn_vector *tarn__vector_nulls(struct tarn_env *env, const struct tarn_type *type, uint32_t length)
{
    return vector_of(make(env, type, TARN_SHAPE_NULLS, length, &(struct parts){0}));
}

/* ---- shared memory: another type, a slice ---- */

/* A vector over the memory of `base`, with room for pointers of its own. */
static struct owned_vector *share(struct tarn_vector *base, uint32_t length, uint32_t parts)
{
    struct tarn_env *env = owner_of(base)->env;
    struct owned_vector *owner = tarn__calloc(env, 1, sizeof(*owner) + (size_t)parts * sizeof(void *));
    if (owner != NULL) {
        owner->env = tarn__env_retain(env);
        owner->base = tarn_vector_retain(base);
        atomic_init(&owner->references, 1);
        owner->vector = *base;
        owner->vector.length = length;
    }
    return owner;
}

/* The type of child number `i` of a vector of `type`; NULL: it keeps its own. */
static const struct tarn_type *child_type(const struct tarn_vector *vector, const struct tarn_type *type, uint32_t i)
{
    switch (vector->shape) {
    case TARN_SHAPE_CONSTANT:
    case TARN_SHAPE_RUNS:
        return type;
    case TARN_SHAPE_LIST:
    case TARN_SHAPE_STRUCT:
        return i < type->field_count ? type->fields[i].type : NULL;
    default:
        return NULL;
    }
}

/* Entries of the other type under the same identity: what was learned of them still holds. */
static struct tarn_vector *retype_dictionary(struct tarn_vector *vector, const struct tarn_type *type)
{
    struct tarn_vector *values = tarn__vector_retype(vector->dictionary->values, type);
    struct tarn_dictionary *dictionary = tarn__dictionary_alias(vector->dictionary, values);
    struct tarn_vector *typed = dictionary != NULL ? tarn__vector_with_dictionary(vector, dictionary, type) : NULL;
    tarn__dictionary_release(dictionary);
    return typed;
}

struct tarn_vector *tarn__vector_retype(struct tarn_vector *vector, const struct tarn_type *type)
{
    if (type == vector->type) {
        return tarn_vector_retain(vector);
    }
    if (vector->shape == TARN_SHAPE_DICTIONARY) {
        return retype_dictionary(vector, type);
    }
    struct owned_vector *owner = share(vector, vector->length, vector->child_count);
    if (owner == NULL) {
        return NULL;
    }
    owner->vector.type = type;
    if (vector->child_count == 0) {
        return &owner->vector;
    }
    owner->vector.children = (struct tarn_vector *const *)owner->parts;
    owner->vector.child_count = 0;
    owner->owns_parts = true;
    for (uint32_t i = 0; i < vector->child_count; i++) {
        const struct tarn_type *wanted = child_type(vector, type, i);
        struct tarn_vector *child =
            wanted != NULL ? tarn__vector_retype(vector->children[i], wanted) : tarn_vector_retain(vector->children[i]);
        if (child == NULL) {
            tarn_vector_release(&owner->vector);
            return NULL;
        }
        owner->parts[i] = child;
        owner->vector.child_count++;
    }
    return &owner->vector;
}

struct tarn_vector *tarn__vector_with_children(struct tarn_vector *vector, struct tarn_vector *const *children)
{
    struct owned_vector *owner = share(vector, vector->length, vector->child_count);
    if (owner == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < vector->child_count; i++) {
        owner->parts[i] = tarn_vector_retain(children[i]);
    }
    owner->vector.children = (struct tarn_vector *const *)owner->parts;
    owner->owns_parts = true;
    return &owner->vector;
}

struct tarn_vector *tarn__vector_with_dictionary(struct tarn_vector *vector, const struct tarn_dictionary *dictionary,
                                                 const struct tarn_type *type)
{
    struct owned_vector *owner = share(vector, vector->length, 0);
    if (owner != NULL) {
        owner->vector.type = type;
        owner->vector.dictionary = tarn__dictionary_retain(dictionary);
        owner->owns_parts = true;
    }
    return vector_of(owner);
}

/* Makes `bits` begin at bit `offset`: by address, or as a copy that the vector owns. */
static bool slice_bits(const uint8_t *bits, uint32_t offset, uint32_t length, const uint8_t **out, struct tarn_env *env,
                       struct tarn_buffer **copy)
{
    if (offset % 8 == 0) {
        *out = bits + offset / 8;
        return true;
    }
    *copy = tarn__buffer_new(env, tarn__bits_bytes(length));
    if (*copy == NULL) {
        return false;
    }
    tarn__bitmap_copy((*copy)->data, bits, offset, length);
    *out = (*copy)->data;
    return true;
}

static bool slice_runs(struct owned_vector *owner, uint32_t offset, uint32_t length)
{
    const struct tarn_vector *base = owner->base;
    const uint32_t first = length != 0 ? tarn__vector_run(base, offset) : 0;
    const uint32_t count = length != 0 ? tarn__vector_run(base, offset + length - 1) - first + 1 : 0;
    struct tarn_vector *child;
    owner->data = tarn__buffer_new(owner->env, (size_t)count * sizeof(uint32_t));
    if (owner->data == NULL || tarn__vector_slice(base->children[0], first, count, &child, NULL) != TARN_OK) {
        return false;
    }
    uint32_t *ends = (uint32_t *)(void *)owner->data->data;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t end = base->u.ends[first + i] - offset;
        ends[i] = end < length ? end : length;
    }
    owner->vector.u.ends = ends;
    owner->vector.run_count = count;
    owner->owns_parts = true;
    owner->vector.dictionary = NULL;
    owner->parts[0] = child;
    owner->vector.children = (struct tarn_vector *const *)owner->parts;
    return true;
}

static bool slice_struct(struct owned_vector *owner, uint32_t offset, uint32_t length)
{
    owner->owns_parts = true;
    owner->vector.children = (struct tarn_vector *const *)owner->parts;
    owner->vector.child_count = 0;
    for (uint32_t i = 0; i < owner->base->child_count; i++) {
        struct tarn_vector *child;
        if (tarn__vector_slice(owner->base->children[i], offset, length, &child, NULL) != TARN_OK) {
            return false;
        }
        owner->parts[i] = child;
        owner->vector.child_count++;
    }
    return true;
}

static bool slice_shape(struct owned_vector *owner, uint32_t offset, uint32_t length)
{
    struct tarn_vector *vector = &owner->vector;
    switch (vector->shape) {
    case TARN_SHAPE_FLAT:
        if (tarn_type_kind(vector->type) == TARN_KIND_BOOL) {
            const uint8_t *bits;
            const bool done = slice_bits(vector->u.values, offset, length, &bits, owner->env, &owner->data);
            vector->u.values = done ? bits : NULL;
            return done;
        }
        vector->u.values = (const uint8_t *)vector->u.values + (size_t)offset * tarn_type_width(vector->type);
        return true;
    case TARN_SHAPE_STRINGS:
    case TARN_SHAPE_LIST:
        vector->u.offsets = (const uint8_t *)vector->u.offsets + (size_t)offset * (vector->wide_offsets ? 8 : 4);
        return true;
    case TARN_SHAPE_VIEWS:
        vector->u.views += offset;
        return true;
    case TARN_SHAPE_DICTIONARY:
        vector->u.codes += offset;
        return true;
    case TARN_SHAPE_RUNS:
        return slice_runs(owner, offset, length);
    case TARN_SHAPE_STRUCT:
        return slice_struct(owner, offset, length);
    case TARN_SHAPE_CONSTANT:
    case TARN_SHAPE_NULLS:
        break;
    }
    return true;
}

enum tarn_status tarn__vector_slice(struct tarn_vector *vector, uint32_t offset, uint32_t length, struct tarn_vector **out,
                                    struct tarn_error *err)
{
    *out = NULL;
    if (offset == 0 && length == vector->length) {
        *out = tarn_vector_retain(vector);
        return TARN_OK;
    }
    struct tarn_env *env = owner_of(vector)->env;
    struct owned_vector *owner = share(vector, length, vector->child_count);
    bool done = owner != NULL;
    if (done && vector->validity != NULL) {
        done = slice_bits(vector->validity, offset, length, &owner->vector.validity, env, &owner->validity);
    }
    if (!done || !slice_shape(owner, offset, length)) {
        tarn_vector_release(vector_of(owner));
        return tarn__nomem(env, err, 0);
    }
    *out = &owner->vector;
    return TARN_OK;
}

/* ---- references ---- */

struct tarn_vector *tarn_vector_retain(struct tarn_vector *vector)
{
    if (vector != NULL) {
        atomic_fetch_add_explicit(&owner_of(vector)->references, 1, memory_order_relaxed);
    }
    return vector;
}

void tarn_vector_release(struct tarn_vector *vector)
{
    if (vector == NULL || atomic_fetch_sub_explicit(&owner_of(vector)->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    struct owned_vector *owner = owner_of(vector);
    if (owner->owns_parts) {
        release_parts(&(struct parts){
            .dictionary = (struct tarn_dictionary *)(uintptr_t)vector->dictionary,
            .child_count = vector->child_count,
            .children = vector->children,
            .view_buffer_count = vector->view_buffer_count,
            .view_buffers = vector->view_buffers,
        });
    }
    tarn__buffer_release(owner->data);
    tarn__buffer_release(owner->bytes);
    tarn__buffer_release(owner->validity);
    struct tarn_vector *base = owner->base;
    struct tarn_env *env = owner->env;
    tarn__free(env, owner);
    tarn_vector_release(base);
    tarn_env_close(env);
}

bool tarn__vector_unshared(const struct tarn_vector *vector)
{
    return atomic_load_explicit(&owner_of(vector)->references, memory_order_acquire) == 1;
}

struct tarn_env *tarn__vector_env(const struct tarn_vector *vector)
{
    return owner_of(vector)->env;
}

uint64_t tarn__vector_memory(const struct tarn_vector *vector)
{
    const struct owned_vector *owner = owner_of(vector);
    uint64_t bytes = sizeof(*owner);
    bytes += owner->data != NULL ? owner->data->size : 0;
    bytes += owner->bytes != NULL ? owner->bytes->size : 0;
    bytes += owner->validity != NULL ? owner->validity->size : 0;
    bytes += owner->base != NULL ? tarn__vector_memory(owner->base) : 0;
    if (owner->owns_parts) {
        bytes += vector->dictionary != NULL ? tarn__vector_memory(vector->dictionary->values) : 0;
        for (uint32_t i = 0; i < vector->child_count; i++) {
            bytes += tarn__vector_memory(vector->children[i]);
        }
        for (uint32_t i = 0; i < vector->view_buffer_count; i++) {
            bytes += vector->view_buffers[i]->size;
        }
    }
    return bytes;
}

/* ---- rows ---- */

bool tarn_vector_is_null(const struct tarn_vector *vector, uint32_t row)
{
    return tarn__vector_locate(vector, row).is_null;
}

struct tarn_text tarn_vector_text(const struct tarn_vector *vector, uint32_t row)
{
    const struct tarn__vector_place place = tarn__vector_locate(vector, row);
    if (place.is_null) {
        return (struct tarn_text){"", 0};
    }
    if (place.vector->shape == TARN_SHAPE_FLAT) {
        const uint32_t width = tarn_type_width(place.vector->type);
        return (struct tarn_text){(const char *)place.vector->u.values + (size_t)place.row * width, width};
    }
    return tarn__vector_leaf_text(place.vector, place.row);
}

uint32_t tarn_vector_null_count(const struct tarn_vector *vector)
{
    switch (vector->shape) {
    case TARN_SHAPE_NULLS:
        return vector->length;
    case TARN_SHAPE_CONSTANT:
        return vector->length != 0 && tarn_vector_is_null(vector->children[0], 0) ? vector->length : 0;
    case TARN_SHAPE_RUNS: {
        uint32_t nulls = 0;
        uint32_t begin = 0;
        for (uint32_t i = 0; i < vector->run_count; i++) {
            nulls += tarn_vector_is_null(vector->children[0], i) ? vector->u.ends[i] - begin : 0;
            begin = vector->u.ends[i];
        }
        return nulls;
    }
    default:
        return vector->validity != NULL ? vector->length - tarn__bitmap_count(vector->validity, 0, vector->length) : 0;
    }
}

static void load_words(uint64_t words[4], const uint8_t *from, unsigned count)
{
    memcpy(words, from, count * sizeof(uint64_t));
    for (unsigned i = count; i < 4; i++) {
        words[i] = words[count - 1] >> 63 != 0 ? UINT64_MAX : 0;
    }
}

static void load_flat(const struct tarn_vector *vector, uint32_t row, struct tarn_value *value)
{
    const void *values = vector->u.values;
    switch (tarn_type_kind(vector->type)) {
    case TARN_KIND_BOOL:
        value->u.boolean = tarn__bit_get(values, row);
        break;
    case TARN_KIND_I8:
        value->u.i64 = ((const int8_t *)values)[row];
        break;
    case TARN_KIND_I16:
        value->u.i64 = ((const int16_t *)values)[row];
        break;
    case TARN_KIND_I32:
        value->u.i64 = ((const int32_t *)values)[row];
        break;
    case TARN_KIND_I64:
        value->u.i64 = ((const int64_t *)values)[row];
        break;
    case TARN_KIND_U8:
        value->u.u64 = ((const uint8_t *)values)[row];
        break;
    case TARN_KIND_U16:
        value->u.u64 = ((const uint16_t *)values)[row];
        break;
    case TARN_KIND_U32:
        value->u.u64 = ((const uint32_t *)values)[row];
        break;
    case TARN_KIND_U64:
        value->u.u64 = ((const uint64_t *)values)[row];
        break;
    case TARN_KIND_F16:
        value->u.f64 = tarn__half_to_double(((const uint16_t *)values)[row]);
        break;
    case TARN_KIND_F32:
        value->u.f64 = (double)((const float *)values)[row];
        break;
    case TARN_KIND_F64:
        value->u.f64 = ((const double *)values)[row];
        break;
    case TARN_KIND_I128:
        load_words(value->u.words, (const uint8_t *)values + (size_t)row * 16, 2);
        break;
    case TARN_KIND_I256:
        load_words(value->u.words, (const uint8_t *)values + (size_t)row * 32, 4);
        break;
    case TARN_KIND_FIXED: {
        const uint32_t width = tarn_type_width(vector->type);
        value->u.bytes = (struct tarn_text){(const char *)values + (size_t)row * width, width};
        break;
    }
    case TARN_KIND_NULL:
    case TARN_KIND_BYTES:
    case TARN_KIND_NESTED:
        break;
    }
}

struct tarn_value tarn__vector_value(const struct tarn_vector *vector, uint32_t row)
{
    const struct tarn__vector_place place = tarn__vector_locate(vector, row);
    struct tarn_value value;
    memset(&value, 0, sizeof(value));
    value.type = vector->type;
    value.is_null = place.is_null;
    if (place.is_null) {
        return value;
    }
    if (place.vector->shape == TARN_SHAPE_FLAT) {
        load_flat(place.vector, place.row, &value);
    } else if (tarn_type_kind(place.vector->type) == TARN_KIND_BYTES) {
        value.u.bytes = tarn__vector_leaf_text(place.vector, place.row);
    }
    return value;
}

/* ---- a vector of one value ---- */

static void store_flat(uint8_t *to, enum tarn_kind kind, uint32_t width, const struct tarn_value *value)
{
    switch (kind) {
    case TARN_KIND_BOOL:
        to[0] = value->u.boolean;
        break;
    case TARN_KIND_F16: {
        const uint16_t half = tarn__half_of_double(value->u.f64);
        memcpy(to, &half, sizeof(half));
        break;
    }
    case TARN_KIND_F32: {
        const float single = (float)value->u.f64;
        memcpy(to, &single, sizeof(single));
        break;
    }
    case TARN_KIND_F64:
        memcpy(to, &value->u.f64, sizeof(value->u.f64));
        break;
    case TARN_KIND_I128:
    case TARN_KIND_I256:
        memcpy(to, value->u.words, width);
        break;
    case TARN_KIND_FIXED:
        memcpy(to, value->u.bytes.data, tarn__min_size(width, value->u.bytes.size));
        break;
    default: { /* integers: the low bytes */
        uint8_t low[8];
        tarn__store64(low, value->u.u64);
        for (uint32_t i = 0; i < width; i++) {
            to[TARN_BIG_ENDIAN ? width - 1 - i : i] = low[i];
        }
        break;
    }
    }
}

struct tarn_vector *tarn__vector_of_value(struct tarn_env *env, const struct tarn_type *type, uint32_t length,
                                          const struct tarn_value *value)
{
    const enum tarn_kind kind = tarn_type_kind(type);
    if (value->is_null || kind == TARN_KIND_NULL) {
        return tarn__vector_nulls(env, type, length);
    }
    if (kind == TARN_KIND_BYTES) {
        const struct tarn_text text = value->u.bytes;
        const bool wide = text.size > UINT32_MAX;
        struct tarn_buffer *offsets = tarn__buffer_new_zeroed(env, wide ? 16 : 8);
        struct tarn_buffer *bytes = tarn__buffer_new(env, text.size);
        if (offsets != NULL && wide) {
            ((uint64_t *)(void *)offsets->data)[1] = text.size;
        } else if (offsets != NULL) {
            ((uint32_t *)(void *)offsets->data)[1] = (uint32_t)text.size;
        }
        if (bytes != NULL && text.size != 0) {
            memcpy(bytes->data, text.data, text.size);
        }
        return tarn__vector_constant(env, type, length, tarn__vector_strings(env, type, 1, offsets, wide, bytes, NULL));
    }
    const uint32_t width = tarn_type_width(type);
    struct tarn_buffer *values = tarn__buffer_new_zeroed(env, width != 0 ? width : 1);
    if (values != NULL) {
        store_flat(values->data, kind, width, value);
    }
    return tarn__vector_constant(env, type, length, tarn__vector_flat(env, type, 1, values, NULL));
}
