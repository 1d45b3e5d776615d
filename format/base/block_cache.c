/* SPDX-License-Identifier: Apache-2.0
 *
 * Freed blocks kept for the next taker.
 *
 * Invariants
 *  1. A block is in one slot or with one owner: slots are emptied by an exchange and filled by one that expects them empty.
 *  2. A class holds blocks of exactly its size, so that whoever takes one has what was asked for.
 *  3. `kept` is never below the sum of what the slots hold.
 */
#include "format/base/block_cache.h"

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

enum { STEPS = 8, LEAST_BITS = 15 };

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

/* The slots of a size that is one of a class; NULL: it is of none. */
static _Atomic(void *) *slots_of(struct tarn__block_cache *cache, size_t size)
{
    if (!has_class(size) || size % step_of(size) != 0) {
        return NULL;
    }
    const unsigned bits = 63 - (unsigned)__builtin_clzll(size);
    const size_t number = (bits - LEAST_BITS) * STEPS + (size / step_of(size) - STEPS);
    return number < TARN__BLOCK_CLASSES ? cache->slots[number] : NULL;
}

void *tarn__block_cache_take(struct tarn__block_cache *cache, size_t size)
{
    _Atomic(void *) *slots = slots_of(cache, size);
    for (unsigned i = 0; slots != NULL && i < TARN__BLOCK_SLOTS; i++) {
        void *block = atomic_load_explicit(&slots[i], memory_order_relaxed);
        if (block != NULL && (block = atomic_exchange_explicit(&slots[i], NULL, memory_order_acquire)) != NULL) {
            atomic_fetch_sub_explicit(&cache->kept, size, memory_order_relaxed);
            return block;
        }
    }
    return NULL;
}

bool tarn__block_cache_give(struct tarn__block_cache *cache, void *block, size_t size)
{
    _Atomic(void *) *slots = slots_of(cache, size);
    if (slots == NULL || atomic_fetch_add_explicit(&cache->kept, size, memory_order_relaxed) > TARN__BLOCK_KEPT - size) {
        if (slots != NULL) {
            atomic_fetch_sub_explicit(&cache->kept, size, memory_order_relaxed);
        }
        return false;
    }
    for (unsigned i = 0; i < TARN__BLOCK_SLOTS; i++) {
        void *empty = NULL;
        if (atomic_load_explicit(&slots[i], memory_order_relaxed) == NULL &&
            atomic_compare_exchange_strong_explicit(&slots[i], &empty, block, memory_order_release, memory_order_relaxed)) {
            return true;
        }
    }
    atomic_fetch_sub_explicit(&cache->kept, size, memory_order_relaxed);
    return false;
}

size_t tarn__block_cache_drain(struct tarn__block_cache *cache, const struct tarn_allocator *allocator)
{
    size_t freed = 0;
    for (unsigned number = 0; number < TARN__BLOCK_CLASSES; number++) {
        const size_t step = (TARN__BLOCK_LEAST << number / STEPS) / STEPS;
        const size_t size = step * (STEPS + number % STEPS);
        for (unsigned i = 0; i < TARN__BLOCK_SLOTS; i++) {
            void *block = atomic_exchange_explicit(&cache->slots[number][i], NULL, memory_order_acquire);
            if (block != NULL) {
                allocator->free(allocator->ctx, block, size);
                atomic_fetch_sub_explicit(&cache->kept, size, memory_order_relaxed);
                freed += size;
            }
        }
    }
    return freed;
}
