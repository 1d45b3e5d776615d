/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_PARQUET_IO_PLAN_H
#define TARN_READER_PARQUET_IO_PLAN_H

#include <pthread.h>
#include <stdatomic.h>

#include "format/column/footer.h"
#include "format/index/page_index.h"
#include "format/page/page.h"
#include "tarn/store.h"

/*
 * The bytes of one row group's chunks: what is wanted is planned, near ranges are read as one, many ranges go into one request, and what is
 * too large to lie in memory at once comes in windows, the next one on its way while the last is decoded.
 *
 * Threads: a reads is of one thread at a time; what the reads of one scan share (counters, buffers used again) is locked.
 */

/** Bytes of one task that are read together; what is more comes in windows. */
#define TARN_PARQUET_READ_LIMIT (UINT64_C(32) << 20)

/** What the reads of a scan share. */
struct tarn__read_pool {
    struct tarn_env *env;
    struct tarn_object *object;
    struct tarn_buffer *whole; /**< the object's bytes, when they lie in memory: nothing is read then; else NULL */
    uint64_t limit;            /**< bytes of one task at a time */
    pthread_mutex_t lock;
    struct tarn_buffer *spare[64]; /**< nobody else's, to be read into again */
    uint32_t spare_count;
    uint64_t spare_bytes;
    atomic_uint_fast64_t requests;
    atomic_uint_fast64_t bytes;
};

void tarn__read_pool_init(struct tarn__read_pool *pool, struct tarn_env *env, struct tarn_object *object, struct tarn_buffer *whole);
void tarn__read_pool_free(struct tarn__read_pool *pool);

/** One read of several ranges, counted and waited for. For what is small: indexes, filters. */
TARN_WARN_UNUSED enum tarn_status tarn__read_pool_read(struct tarn__read_pool *pool, size_t n, const struct tarn_read_range *ranges,
                                                       struct tarn_error *err);

struct tarn__reads;

/** A part of the file that is wanted, of chunk `slot`. */
struct tarn__read_want {
    uint32_t slot;
    uint64_t begin;
    uint64_t end;
};

/** `ranges[i]`: where chunk `i` lies. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__reads_open(struct tarn__read_pool *pool, uint32_t count, const struct tarn_chunk_range *ranges,
                                                   struct tarn__reads **out, struct tarn_error *err);
/** Waits for what is on its way. NULL is legal. */
void tarn__reads_close(struct tarn__reads *reads);

/** What is to be read next. `wants` belongs to the list. */
struct tarn__read_list {
    struct tarn__read_want *wants;
    size_t count;
    size_t capacity;
    bool failed; /**< there was no memory for a want */
};

/**
 * Adds [begin, end) of chunk `slot` to the list, without what is there already. Calls for one slot come together and ascend. Where pages
 * are wanted bit by bit as rows survive, and the last such read ended here, more behind it, up to `limit`, is read with it the longer this
 * goes on.
 */
void tarn__reads_add(struct tarn__reads *reads, uint32_t slot, uint64_t begin, uint64_t end, uint64_t limit, struct tarn__read_list *list);

/**
 * Begins to read what is in the list, in one request, and frees it. Beyond the limit only the first window of each chunk is read now, and
 * the rest as the walk comes to it. Errors: those of the store, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__reads_begin(struct tarn__reads *reads, struct tarn__read_list *list, struct tarn_error *err);

/** Is anything of the chunk there or on its way? */
bool tarn__reads_begun(const struct tarn__reads *reads, uint32_t slot);

/** The source of chunk `slot` for a page walk; lives as long as the reads. */
struct tarn_page_source tarn__reads_source(struct tarn__reads *reads, uint32_t slot);

#endif
