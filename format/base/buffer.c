/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared buffers.
 *
 * Invariants
 *  1. Own memory is aligned to 64 bytes, its capacity is a multiple of 64, and the bytes from `size` up to the next multiple of 64
 *     are zero after new, resize and append: what leaves through Arrow carries no old memory in its padding.
 *  2. A buffer of foreign memory or a slice has capacity 0 and is never written, resized or recycled.
 */
#include "format/base/buffer.h"

#include <stdatomic.h>
#include <string.h>

#include "format/base/checked.h"

enum { ALIGN = 64 };

struct shared {
    struct tarn_buffer buffer; /* first: the two addresses are one */
    struct tarn_env *env;
    void *block;                  /* own memory, as allocated */
    struct tarn_buffer *whole;    /* of a slice */
    void (*give_back)(void *arg); /* of foreign memory */
    void *arg;
    atomic_uint_fast32_t references;
};

static struct shared *shared_of(const struct tarn_buffer *buffer)
{
    return (struct shared *)(uintptr_t)buffer;
}

static bool padded_size(size_t size, size_t *out)
{
    if (!tarn__add(size, (size_t)(ALIGN - 1), out)) {
        return false;
    }
    *out &= ~(size_t)(ALIGN - 1);
    return true;
}

static uint8_t *aligned(void *block)
{
    return (uint8_t *)(((uintptr_t)block + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1));
}

static void clear_padding(struct tarn_buffer *buffer)
{
    size_t end;
    if (padded_size(buffer->size, &end) && end <= buffer->capacity) {
        memset(buffer->data + buffer->size, 0, end - buffer->size);
    }
}

static struct shared *shared_new(struct tarn_env *env)
{
    struct shared *shared = tarn__calloc(env, 1, sizeof(*shared));
    if (shared != NULL) {
        shared->env = tarn__env_retain(env);
        atomic_init(&shared->references, 1);
    }
    return shared;
}

struct tarn_buffer *tarn__buffer_new(struct tarn_env *env, size_t size)
{
    size_t capacity;
    size_t bytes;
    if (!padded_size(size, &capacity) || !tarn__add(capacity, (size_t)ALIGN, &bytes)) {
        return NULL;
    }
    void *block = tarn__alloc(env, bytes);
    struct shared *shared = block != NULL ? shared_new(env) : NULL;
    if (shared == NULL) {
        tarn__free(env, block);
        return NULL;
    }
    shared->block = block;
    shared->buffer = (struct tarn_buffer){aligned(block), size, capacity};
    clear_padding(&shared->buffer);
    return &shared->buffer;
}

struct tarn_buffer *tarn__buffer_new_zeroed(struct tarn_env *env, size_t size)
{
    struct tarn_buffer *buffer = tarn__buffer_new(env, size);
    if (buffer != NULL && size != 0) {
        memset(buffer->data, 0, size);
    }
    return buffer;
}

struct tarn_buffer *tarn__buffer_wrap(struct tarn_env *env, const uint8_t *data, size_t size, void (*give_back)(void *arg), void *arg)
{
    struct shared *shared = shared_new(env);
    if (shared == NULL) {
        return NULL;
    }
    shared->buffer = (struct tarn_buffer){(uint8_t *)(uintptr_t)data, size, 0};
    shared->give_back = give_back;
    shared->arg = arg;
    return &shared->buffer;
}

struct tarn_buffer *tarn__buffer_slice(struct tarn_buffer *whole, size_t offset, size_t size)
{
    if (offset > whole->size || size > whole->size - offset) {
        return NULL;
    }
    struct shared *shared = shared_new(shared_of(whole)->env);
    if (shared == NULL) {
        return NULL;
    }
    shared->buffer = (struct tarn_buffer){whole->data + offset, size, 0};
    shared->whole = tarn__buffer_retain(whole);
    return &shared->buffer;
}

struct tarn_buffer *tarn__buffer_retain(struct tarn_buffer *buffer)
{
    if (buffer != NULL) {
        atomic_fetch_add_explicit(&shared_of(buffer)->references, 1, memory_order_relaxed);
    }
    return buffer;
}

void tarn__buffer_release(struct tarn_buffer *buffer)
{
    if (buffer == NULL) {
        return;
    }
    struct shared *shared = shared_of(buffer);
    if (atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (shared->give_back != NULL) {
        shared->give_back(shared->arg);
    }
    tarn__buffer_release(shared->whole);
    struct tarn_env *env = shared->env;
    tarn__free(env, shared->block);
    tarn__free(env, shared);
    tarn_env_close(env);
}

bool tarn__buffer_unshared(const struct tarn_buffer *buffer)
{
    return shared_of(buffer)->block != NULL && atomic_load_explicit(&shared_of(buffer)->references, memory_order_acquire) == 1;
}

struct tarn_env *tarn__buffer_env(const struct tarn_buffer *buffer)
{
    return shared_of(buffer)->env;
}

bool tarn__buffer_resize(struct tarn_buffer *buffer, size_t size)
{
    if (size > buffer->capacity) {
        struct shared *shared = shared_of(buffer);
        size_t capacity;
        size_t bytes;
        if (!padded_size(tarn__max_size(size, buffer->capacity + buffer->capacity / 2), &capacity) ||
            !tarn__add(capacity, (size_t)ALIGN, &bytes)) {
            return false;
        }
        void *block = tarn__alloc(shared->env, bytes);
        if (block == NULL) {
            return false;
        }
        if (buffer->size != 0) {
            memcpy(aligned(block), buffer->data, buffer->size);
        }
        tarn__free(shared->env, shared->block);
        shared->block = block;
        buffer->data = aligned(block);
        buffer->capacity = capacity;
    }
    buffer->size = size;
    clear_padding(buffer);
    return true;
}

enum tarn_status tarn__buffer_extend(struct tarn_buffer *buffer, uint64_t more, uint8_t **room, struct tarn_error *err)
{
    const size_t begin = buffer->size;
    size_t end = SIZE_MAX;
    *room = NULL;
    if (!tarn__add(begin, more, &end) || !tarn__buffer_resize(buffer, end)) {
        const uint64_t grown = tarn__max_size(end, buffer->capacity + buffer->capacity / 2);
        return tarn__nomem(shared_of(buffer)->env, err, more > grown ? more : grown + (size_t)2 * ALIGN);
    }
    *room = buffer->data + begin;
    return TARN_OK;
}

bool tarn__buffer_append(struct tarn_buffer *buffer, const void *bytes, size_t size)
{
    const size_t at = buffer->size;
    size_t end;
    if (!tarn__add(at, size, &end) || !tarn__buffer_resize(buffer, end)) {
        return false;
    }
    if (size != 0) {
        memcpy(buffer->data + at, bytes, size);
    }
    return true;
}
