/* SPDX-License-Identifier: Apache-2.0
 *
 * Freed blocks kept for the next taker.
 *
 * Invariants
 *  1. A block is in one list or with one owner; a list is touched only under its lock.
 *  2. A class holds blocks of exactly its size, so that whoever takes one has what was asked for.
 *  3. `kept` is never below the sum of what the lists hold.
 */
#include "format/base/block_cache.h"

#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEEP 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define KEEP 0
#endif
#endif
#ifndef KEEP
#define KEEP 1
#endif

enum { STEPS = 8, LEAST_BITS = 12 };

_Static_assert(TARN__BLOCK_LEAST == (size_t)1 << LEAST_BITS, "the first class is that of the least size");

static bool has_class(size_t bytes)
{
    return KEEP && bytes >= TARN__BLOCK_LEAST && bytes <= TARN__BLOCK_MOST;
}

/* Bytes between two classes of the doubling that `bytes` lies in. */
static size_t step_of(size_t bytes)
{
    return ((size_t)1 << (63 - __builtin_clzll(bytes))) / STEPS;
}

size_t tarn__block_cache_size(size_t bytes)
{
    if (!has_class(bytes)) {
        return bytes;
    }
    const size_t step = step_of(bytes);
    return (bytes + step - 1) / step * step;
}

/* The class of a size that is one of its sizes; NULL: it is of none. */
static struct tarn__block_class *class_of(struct tarn__block_cache *cache, size_t size)
{
    if (!has_class(size) || size % step_of(size) != 0) {
        return NULL;
    }
    const unsigned bits = 63 - (unsigned)__builtin_clzll(size);
    const size_t number = (bits - LEAST_BITS) * STEPS + (size / step_of(size) - STEPS);
    return number < TARN__BLOCK_CLASSES ? &cache->classes[number] : NULL;
}

static void lock(struct tarn__block_class *class)
{
    while (atomic_exchange_explicit(&class->locked, true, memory_order_acquire)) {
    }
}

static void unlock(struct tarn__block_class *class)
{
    atomic_store_explicit(&class->locked, false, memory_order_release);
}

static void *pop(struct tarn__block_class *class)
{
    lock(class);
    void *block = class->first;
    if (block != NULL) {
        memcpy(&class->first, block, sizeof(class->first));
    }
    unlock(class);
    return block;
}

void *tarn__block_cache_take(struct tarn__block_cache *cache, size_t size)
{
    struct tarn__block_class *class = class_of(cache, size);
    void *block = class != NULL ? pop(class) : NULL;
    if (block != NULL) {
        atomic_fetch_sub_explicit(&cache->kept, size, memory_order_relaxed);
    }
    return block;
}

bool tarn__block_cache_give(struct tarn__block_cache *cache, void *block, size_t size)
{
    struct tarn__block_class *class = class_of(cache, size);
    if (class == NULL) {
        return false;
    }
    if (atomic_fetch_add_explicit(&cache->kept, size, memory_order_relaxed) > TARN__BLOCK_KEPT - size) {
        atomic_fetch_sub_explicit(&cache->kept, size, memory_order_relaxed);
        return false;
    }
    lock(class);
    memcpy(block, &class->first, sizeof(class->first));
    class->first = block;
    unlock(class);
    return true;
}

size_t tarn__block_cache_drain(struct tarn__block_cache *cache, const struct tarn_allocator *allocator)
{
    size_t freed = 0;
    for (unsigned number = 0; number < TARN__BLOCK_CLASSES; number++) {
        const size_t step = (TARN__BLOCK_LEAST << number / STEPS) / STEPS;
        const size_t size = step * (STEPS + number % STEPS);
        for (void *block = pop(&cache->classes[number]); block != NULL; block = pop(&cache->classes[number])) {
            allocator->free(allocator->ctx, block, size);
            atomic_fetch_sub_explicit(&cache->kept, size, memory_order_relaxed);
            freed += size;
        }
    }
    return freed;
}
