/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_WRITER_PARQUET_BLOOM_STORE_H
#define TARN_WRITER_PARQUET_BLOOM_STORE_H

#include "format/column/chunk_encrypt.h"
#include "format/index/bloom_build.h"

/*
 * The bloom filters of a file on their way into it: kept back so that those of a column lie one behind the other, whatever row group they
 * are of, and a reader that looks for a value in all of them asks for one range. When more than TARN_BLOOM_KEPT_BYTES have come together
 * they are written behind the row group at hand.
 *
 * Threads: single. Memory: TARN_BLOOM_KEPT_BYTES and the filters of one row group.
 */
enum { TARN_BLOOM_KEPT_BYTES = 16 << 20 };

/** A filter that waits. */
struct tarn__kept_bloom {
    uint32_t row_group;
    uint32_t leaf;
    uint64_t header; /**< where its header begins in `bytes` */
    uint64_t bits;
    uint64_t end;
};

struct tarn__bloom_store {
    struct tarn_env *env;
    struct tarn_buffer *bytes;
    struct tarn__kept_bloom *kept;
    size_t kept_capacity;
    uint32_t kept_count;
};

/** Who is told where a filter went. */
typedef void tarn__bloom_placed_fn(void *arg, uint32_t row_group, uint32_t leaf, uint64_t offset, uint64_t length);
/** How a chunk's parts are encrypted. */
typedef struct tarn__chunk_place tarn__bloom_place_fn(void *arg, uint32_t row_group, uint32_t leaf);

void tarn__bloom_store_init(struct tarn__bloom_store *store, struct tarn_env *env);
void tarn__bloom_store_free(struct tarn__bloom_store *store);

/** Copies the filter of a chunk. Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__bloom_store_keep(struct tarn__bloom_store *store, uint32_t row_group, uint32_t leaf,
                                                         const struct tarn_bloom_filter *filter, struct tarn_error *err);

/** Have so many come together that they should be written? */
static inline bool tarn__bloom_store_is_full(const struct tarn__bloom_store *store)
{
    return store->bytes != NULL && store->bytes->size > TARN_BLOOM_KEPT_BYTES;
}

/** Where filters go. */
struct tarn__bloom_target {
    struct tarn__chunk_encryptor *encryptor;
    struct tarn_object_writer *file;
    tarn__bloom_place_fn *place;
    tarn__bloom_placed_fn *placed;
    void *arg;
};

/** Writes what is kept, by leaf and then by row group. Errors: those of tarn__chunk_encrypt_part. */
TARN_WARN_UNUSED enum tarn_status tarn__bloom_store_write(struct tarn__bloom_store *store, const struct tarn__bloom_target *target,
                                                          struct tarn_error *err);

#endif
