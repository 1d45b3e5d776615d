/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_INDEX_BLOOM_FILTER_H
#define TARN_FORMAT_INDEX_BLOOM_FILTER_H

#include "format/base/buffer.h"
#include "format/base/hash.h"
#include "format/column/parquet_schema.h"
#include "format/crypt/file_cipher.h"
#include "tarn/store.h"
#include "tarn/value.h"

/*
 * Split-block bloom filters of column chunks: which values a chunk certainly does not hold.
 *
 * A filter holds the hashes of the values' PLAIN bytes, of byte arrays without their length. A filter is no help but a shortcut: whoever
 * cannot read one reads the chunk.
 * Ownership: a filter that was read keeps a buffer, given back by tarn__bloom_filter_release; one over given bytes borrows them.
 * Threads: any once made. Cost: a probe touches 32 bytes.
 */
struct tarn_bloom_filter {
    const uint8_t *blocks; /**< 32 bytes each */
    uint32_t block_count;
    struct tarn_buffer *buffer; /**< NULL: the bytes are another's */
};

/** What stands in front of the bits. */
struct tarn_bloom_header {
    uint32_t size;       /**< bytes of the header itself */
    uint32_t bits_bytes; /**< bytes of the bits behind it: a multiple of 32, not 0 */
};

/** Bytes of a filter that are read when no limit is given. */
#define TARN_BLOOM_LIMIT (UINT64_C(128) << 20)

/**
 * Decodes the header that `bytes` begin with; *truncated: it failed only because they end inside it.
 * Errors: CORRUPT detail "bloom_filter", UNSUPPORTED detail "bloom_filter" (another algorithm, hash or compression), LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__bloom_header_decode(struct tarn_span bytes, struct tarn_bloom_header *out, bool *truncated,
                                                            struct tarn_error *err);

/** The filter of a decoded header over its bits, which it borrows. Errors: CORRUPT detail "bloom_filter" (another number of bytes). */
TARN_WARN_UNUSED enum tarn_status tarn__bloom_filter_view(const struct tarn_bloom_header *header, struct tarn_span bits,
                                                          struct tarn_bloom_filter *out, struct tarn_error *err);

/** Where the stored filter of a chunk lies, and how far it may reach. False: it has none, or it lies outside of the file. */
bool tarn__bloom_filter_place(const struct parquet_column_metadata *chunk, uint64_t file_size, uint64_t *offset, uint64_t *most);

/**
 * Reads the filter of a chunk (not encrypted): one read when the footer says how long it is or it is small, else two. `limit` 0:
 * TARN_BLOOM_LIMIT. A chunk without filter gives one of no blocks, which may hold anything.
 * Errors: as tarn__bloom_header_decode with the offset in the file; LIMIT detail "bloom_filter"; IO, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__bloom_filter_read(struct tarn_object *object, const struct parquet_column_metadata *chunk,
                                                          struct tarn_env *env, uint64_t limit, struct tarn_bloom_filter *out,
                                                          struct tarn_error *err);

/** The same of a column that may be encrypted (`cipher` not NULL). Errors: also those of tarn__column_cipher_module. */
TARN_WARN_UNUSED enum tarn_status tarn__bloom_filter_read_encrypted(struct tarn_object *object, struct tarn__column_cipher *cipher,
                                                                    const struct parquet_column_metadata *chunk, struct tarn_env *env,
                                                                    uint64_t limit, struct tarn_bloom_filter *out, struct tarn_error *err);

/** May be released twice. */
void tarn__bloom_filter_release(struct tarn_bloom_filter *filter);

/** Is a value of this hash perhaps there? */
bool tarn__bloom_filter_probe(const struct tarn_bloom_filter *filter, uint64_t hash);

/** The hash of a value given by its PLAIN bytes. */
static inline uint64_t tarn__bloom_hash(const void *plain, size_t size)
{
    return tarn__xxh64(plain, size, 0);
}

/**
 * The hash that any stored value equal to `value` has. False where equality says nothing of the stored bytes: nulls, zeros and NaN of
 * floats, decimals in BYTE_ARRAY, INT96, a literal of another type that the leaf's type could only be cast to.
 */
bool tarn__bloom_value_hash(const struct tarn_leaf *leaf, const struct tarn_value *value, uint64_t *hash);

/** Might the chunk hold a value equal to `value`? What tarn_bounds_lookup.may_hold asks. */
bool tarn__bloom_filter_may_hold(const struct tarn_bloom_filter *filter, const struct tarn_leaf *leaf, const struct tarn_value *value);

#endif
