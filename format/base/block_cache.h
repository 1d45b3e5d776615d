/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_BLOCK_CACHE_H
#define TARN_FORMAT_BASE_BLOCK_CACHE_H

#include <stdatomic.h>

#include "tarn/env.h"

/*
 * Blocks of memory that were given back, kept to be handed out again: pages of the operating system that were touched once need
 * neither be zeroed nor mapped again, which costs more than what is decoded into them.
 *
 * Blocks of TARN__BLOCK_LEAST to TARN__BLOCK_MOST bytes come in classes of size, eight to a doubling; only as many bytes are kept as
 * TARN__BLOCK_KEPT says. Under a sanitizer nothing is kept, so that it sees each use of freed memory. Threads: any; a class is locked for
 * a few instructions.
 */
enum { TARN__BLOCK_CLASSES = 113 };

#define TARN__BLOCK_LEAST ((size_t)1 << 12)
#define TARN__BLOCK_MOST ((size_t)1 << 26)
#define TARN__BLOCK_KEPT ((size_t)1 << 26)

/** The kept blocks of one size, each of which begins with the address of the next. */
struct tarn__block_class {
    atomic_bool locked;
    void *first;
};

/** Zeroed at first. */
struct tarn__block_cache {
    atomic_size_t kept;
    struct tarn__block_class classes[TARN__BLOCK_CLASSES];
};

/** The size of the class for `bytes`, at most an eighth more; `bytes` itself when it is of no class. */
size_t tarn__block_cache_size(size_t bytes);

/** A block of `size`, which tarn__block_cache_size gave; NULL: none is kept. Its content is undefined. */
void *tarn__block_cache_take(struct tarn__block_cache *cache, size_t size);
/** Keeps a block of `size`; false: the caller has to free it. */
bool tarn__block_cache_give(struct tarn__block_cache *cache, void *block, size_t size);
/** Frees all that is kept. How many bytes that were. */
size_t tarn__block_cache_drain(struct tarn__block_cache *cache, const struct tarn_allocator *allocator);

#endif
