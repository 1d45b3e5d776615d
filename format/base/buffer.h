/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_BUFFER_H
#define TARN_FORMAT_BASE_BUFFER_H

#include "format/base/alloc.h"
#include "format/base/bytes.h"

/*
 * Memory that several owners share: the data of vectors, pages, dictionaries.
 *
 * Aligned to 64 bytes, padded with zeros to a multiple of 64, counted by reference, holding a reference on its env. May be released
 * on any thread. Written only while the writer holds the single reference (tarn__buffer_unshared).
 * A buffer can also wrap foreign memory (an imported Arrow array) with the function that gives it back.
 */

struct tarn_buffer {
    uint8_t *data;
    size_t size;     /**< bytes in use */
    size_t capacity; /**< bytes there are, a multiple of 64 for own memory */
};

/** `size` bytes of which the content is undefined, the padding behind zero. NULL: no memory. */
struct tarn_buffer *tarn__buffer_new(struct tarn_env *env, size_t size);
/** All bytes zero. */
struct tarn_buffer *tarn__buffer_new_zeroed(struct tarn_env *env, size_t size);
/** Wraps memory of someone else; `give_back(arg)` is called when the last reference goes. NULL: no memory (nothing is called). */
struct tarn_buffer *tarn__buffer_wrap(struct tarn_env *env, const uint8_t *data, size_t size, void (*give_back)(void *arg), void *arg);
/** A part of `whole`, which it keeps alive. */
struct tarn_buffer *tarn__buffer_slice(struct tarn_buffer *whole, size_t offset, size_t size);
struct tarn_buffer *tarn__buffer_retain(struct tarn_buffer *buffer);
/** NULL is legal. */
void tarn__buffer_release(struct tarn_buffer *buffer);
/** True when the caller's is the only reference: the memory may be written and recycled. */
bool tarn__buffer_unshared(const struct tarn_buffer *buffer);
/** Resizes an unshared own buffer, keeping its bytes; grows by at least half. New bytes are undefined, padding is zero. */
bool tarn__buffer_resize(struct tarn_buffer *buffer, size_t size);
/** Appends to an unshared own buffer. */
bool tarn__buffer_append(struct tarn_buffer *buffer, const void *bytes, size_t size);
/**
 * `more` bytes, of which the content is undefined, behind those of an unshared own buffer; *room is where. Errors: NOMEM, LIMIT: the buffer
 * is then as it was.
 */
TARN_WARN_UNUSED enum tarn_status tarn__buffer_extend(struct tarn_buffer *buffer, uint64_t more, uint8_t **room, struct tarn_error *err);
struct tarn_env *tarn__buffer_env(const struct tarn_buffer *buffer);

static inline struct tarn_span tarn__buffer_span(const struct tarn_buffer *buffer)
{
    return (struct tarn_span){buffer->data, buffer->size};
}

#endif
