/* SPDX-License-Identifier: Apache-2.0
 *
 * Freed blocks kept for the next taker, and slabs that they are cut from.
 *
 * Invariants
 *  1. A block is in one list or with one owner; everything but `kept` is touched under the lock only.
 *  2. A class holds blocks of exactly its size, so that whoever takes one has what was asked for.
 *  3. A slab's blocks lie one behind the other from its header to its `end`; `live` of them are with owners, the others in lists.
 *  4. A slab that is empty has no block in a list: its memory is uncut, and the system may take its pages.
 */
#include "format/base/block_cache.h"

#include <sched.h>
#include <sys/mman.h>

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

enum { STEPS = 8, LEAST_BITS = 11, EMPTY_KEPT = 16 };

_Static_assert(TARN__BLOCK_LEAST == (size_t)1 << LEAST_BITS, "the first class is that of the least size");

/* A slab is aligned to its size, so that a block's slab is found by its address. */
#define SLAB_BYTES ((size_t)1 << 24)

struct tarn__free_block {
    size_t size;
    struct tarn__free_block *next;
    struct tarn__free_block **link; /* what points here */
};

struct tarn__slab {
    struct tarn__slab *next_of_all;
    struct tarn__slab *next_empty;
    size_t end; /* offset of what is uncut */
    size_t live;
    uint64_t pad[4]; /* blocks begin at a cache line */
};

_Static_assert(sizeof(struct tarn__slab) % 64 == 0, "blocks begin at a cache line");

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

bool tarn__block_cache_cuts(const struct tarn__block_cache *cache, size_t size)
{
    return cache->slabs && has_class(size) && size <= TARN__BLOCK_CUT;
}

static size_t class_number(size_t size)
{
    const unsigned bits = 63 - (unsigned)__builtin_clzll(size);
    return (size_t)(bits - LEAST_BITS) * STEPS + (size / step_of(size) - STEPS);
}

/* Held so briefly that waiting for it is rare; whoever waits longer lets the holder, who may not be running, go on. */
static void lock(struct tarn__block_cache *cache)
{
    for (unsigned tries = 1; atomic_exchange_explicit(&cache->locked, true, memory_order_acquire); tries++) {
        if (tries % 64 == 0) {
            sched_yield();
        }
    }
}

static void unlock(struct tarn__block_cache *cache)
{
    atomic_store_explicit(&cache->locked, false, memory_order_release);
}

/* ---- lists ---- */

static void push(struct tarn__block_cache *cache, void *memory, size_t size)
{
    struct tarn__free_block *block = memory;
    struct tarn__free_block **first = &cache->classes[class_number(size)];
    *block = (struct tarn__free_block){size, *first, first};
    if (*first != NULL) {
        (*first)->link = &block->next;
    }
    *first = block;
}

static void unlink_block(struct tarn__free_block *block)
{
    *block->link = block->next;
    if (block->next != NULL) {
        block->next->link = block->link;
    }
}

static void *pop(struct tarn__block_cache *cache, size_t number)
{
    struct tarn__free_block *block = cache->classes[number];
    if (block != NULL) {
        unlink_block(block);
    }
    return block;
}

/* ---- slabs ---- */

static struct tarn__slab *slab_of(void *block)
{
    return (struct tarn__slab *)((uintptr_t)block & ~(uintptr_t)(SLAB_BYTES - 1));
}

/* A slab to cut from: an empty one, or a new one. The first is of common pages: whoever needs little is not charged for large ones. */
static struct tarn__slab *new_slab(struct tarn__block_cache *cache, const struct tarn_allocator *allocator)
{
    struct tarn__slab *slab = cache->empty;
    if (slab != NULL) {
        cache->empty = slab->next_empty;
        cache->empty_count--;
        return slab;
    }
    slab = allocator->alloc(allocator->ctx, SLAB_BYTES, SLAB_BYTES);
    if (slab == NULL) {
        return NULL;
    }
#if defined(MADV_HUGEPAGE)
    if (cache->all != NULL) {
        (void)madvise(slab, SLAB_BYTES, MADV_HUGEPAGE); /* a wish: without it all is the same but slower */
    }
#endif
    *slab = (struct tarn__slab){.next_of_all = cache->all, .end = sizeof(*slab)};
    cache->all = slab;
    return slab;
}

static void *cut(struct tarn__block_cache *cache, size_t size, const struct tarn_allocator *allocator)
{
    struct tarn__slab *slab = cache->slab;
    if (slab == NULL || SLAB_BYTES - slab->end < size) {
        slab = new_slab(cache, allocator);
        if (slab == NULL) {
            return NULL;
        }
        cache->slab = slab;
    }
    uint8_t *block = (uint8_t *)slab + slab->end;
    slab->end += size;
    return block;
}

/* Nothing of the slab is in use: its blocks leave the lists, and it can be cut anew. */
static void empty_slab(struct tarn__block_cache *cache, struct tarn__slab *slab)
{
    for (size_t at = sizeof(*slab); at < slab->end;) {
        struct tarn__free_block *block = (struct tarn__free_block *)(void *)((uint8_t *)slab + at);
        at += block->size;
        unlink_block(block);
    }
    slab->end = sizeof(*slab);
    if (slab == cache->slab) {
        return;
    }
    slab->next_empty = cache->empty;
    cache->empty = slab;
    cache->empty_count++;
#if defined(MADV_FREE)
    if (cache->empty_count > EMPTY_KEPT) { /* all but the first page, which holds the header */
        (void)madvise((uint8_t *)slab + 4096, SLAB_BYTES - 4096, MADV_FREE);
    }
#endif
}

/* ---- the outside ---- */

void *tarn__block_cache_take(struct tarn__block_cache *cache, size_t size, const struct tarn_allocator *allocator)
{
    if (!has_class(size)) {
        return NULL;
    }
    const bool cuts = tarn__block_cache_cuts(cache, size);
    lock(cache);
    void *block = pop(cache, class_number(size));
    if (cuts) {
        block = block != NULL ? block : cut(cache, size, allocator);
        if (block != NULL) {
            slab_of(block)->live++;
        }
    }
    unlock(cache);
    if (block != NULL && !cuts) {
        atomic_fetch_sub_explicit(&cache->kept, size, memory_order_relaxed);
    }
    return block;
}

bool tarn__block_cache_give(struct tarn__block_cache *cache, void *block, size_t size)
{
    if (!has_class(size)) {
        return false;
    }
    const bool cuts = tarn__block_cache_cuts(cache, size);
    if (!cuts && atomic_fetch_add_explicit(&cache->kept, size, memory_order_relaxed) > TARN__BLOCK_KEPT - size) {
        atomic_fetch_sub_explicit(&cache->kept, size, memory_order_relaxed);
        return false;
    }
    lock(cache);
    push(cache, block, size);
    if (cuts && --slab_of(block)->live == 0) {
        empty_slab(cache, slab_of(block));
    }
    unlock(cache);
    return true;
}

/* Frees a slab that is in no list of empty ones any more. */
static void free_slab(struct tarn__block_cache *cache, struct tarn__slab *slab, const struct tarn_allocator *allocator)
{
    struct tarn__slab **link = &cache->all;
    while (*link != slab) {
        link = &(*link)->next_of_all;
    }
    *link = slab->next_of_all;
    allocator->free(allocator->ctx, slab, SLAB_BYTES);
}

size_t tarn__block_cache_drain(struct tarn__block_cache *cache, const struct tarn_allocator *allocator)
{
    size_t freed = 0;
    lock(cache);
    for (size_t number = 0; number < TARN__BLOCK_CLASSES; number++) {
        const size_t step = (TARN__BLOCK_LEAST << number / STEPS) / STEPS;
        const size_t size = step * (STEPS + number % STEPS);
        while (!tarn__block_cache_cuts(cache, size) && cache->classes[number] != NULL) {
            allocator->free(allocator->ctx, pop(cache, number), size);
            atomic_fetch_sub_explicit(&cache->kept, size, memory_order_relaxed);
            freed += size;
        }
    }
    while (cache->empty != NULL) {
        struct tarn__slab *slab = cache->empty;
        cache->empty = slab->next_empty;
        cache->empty_count--;
        free_slab(cache, slab, allocator);
        freed += SLAB_BYTES;
    }
    unlock(cache);
    return freed;
}

void tarn__block_cache_close(struct tarn__block_cache *cache, const struct tarn_allocator *allocator)
{
    tarn__block_cache_drain(cache, allocator);
    while (cache->all != NULL) {
        free_slab(cache, cache->all, allocator);
    }
}
