/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_BLOCK_CACHE_H
#define TARN_FORMAT_BASE_BLOCK_CACHE_H

#include <stdatomic.h>

#include "tarn/env.h"

/*
 * Blocks of memory that were given back, kept to be handed out again: pages of the operating system that were touched once need neither be
 * zeroed nor mapped again, which costs more than what is decoded into them.
 *
 * Blocks of TARN__BLOCK_LEAST to TARN__BLOCK_MOST bytes come in classes of size, eight to a doubling. Those of up to TARN__BLOCK_CUT bytes
 * can be cut from slabs, which are large enough for large pages and come back whole once no block of theirs is in use (the system may then
 * take the pages of all but the last sixteen, 256 MiB); others are blocks of the allocator's, of which TARN__BLOCK_KEPT bytes at most are
 * kept. Under a sanitizer nothing is kept, so that it sees each use of freed memory. Threads: any; there is one lock, held for a few
 * instructions.
 */
enum { TARN__BLOCK_CLASSES = 121 };

#define TARN__BLOCK_LEAST ((size_t)1 << 11)
#define TARN__BLOCK_CUT ((size_t)1 << 20)
#define TARN__BLOCK_MOST ((size_t)1 << 26)
#define TARN__BLOCK_KEPT ((size_t)1 << 26)

struct tarn__free_block;
struct tarn__slab;

/** Zeroed at first. */
struct tarn__block_cache {
    bool slabs; /**< blocks may be cut from slabs: set once, before the first */
    atomic_bool locked;
    atomic_size_t kept; /**< bytes of blocks that are none of slabs */
    struct tarn__free_block *classes[TARN__BLOCK_CLASSES];
    struct tarn__slab *slab;  /**< that new blocks are cut from */
    struct tarn__slab *all;   /**< every slab */
    struct tarn__slab *empty; /**< those of which nothing is in use but `slab` */
    size_t empty_count;
};

/** The size of the class for `bytes`, at most an eighth more; `bytes` itself when it is of no class. */
size_t tarn__block_cache_size(size_t bytes);

/** Does a block of `size`, which tarn__block_cache_size gave, come from a slab? Then take gives it if anything can, and give takes it. */
bool tarn__block_cache_cuts(const struct tarn__block_cache *cache, size_t size);

/** A block of `size`; NULL: none is kept, or there is no memory for a slab. Its content is undefined. */
void *tarn__block_cache_take(struct tarn__block_cache *cache, size_t size, const struct tarn_allocator *allocator);
/** Keeps a block of `size`; false: the caller has to free it. */
bool tarn__block_cache_give(struct tarn__block_cache *cache, void *block, size_t size);
/** Frees all that is kept and in no slab, and all empty slabs. How many bytes that were. */
size_t tarn__block_cache_drain(struct tarn__block_cache *cache, const struct tarn_allocator *allocator);
/** Frees everything, slabs with blocks in use too: at the very end. */
void tarn__block_cache_close(struct tarn__block_cache *cache, const struct tarn_allocator *allocator);

#endif
