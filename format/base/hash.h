/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_HASH_H
#define TARN_FORMAT_BASE_HASH_H

#include "tarn/base.h"

/*
 * Hashes and checksums. None is for secrets. Threads: any. Allocates nothing.
 */

/** XXH3, 64 bits: hash tables of one process. Same bytes and seed, same hash on every machine. */
uint64_t tarn__hash_bytes(const void *data, size_t size, uint64_t seed);
static inline uint64_t tarn__hash_text(struct tarn_text text)
{
    return tarn__hash_bytes(text.data, text.size, 0);
}

/** XXH64: what Parquet's bloom filters are made of (seed 0). */
uint64_t tarn__xxh64(const void *data, size_t size, uint64_t seed);

/** Every input bit moves every output bit; a bijection. */
static inline uint64_t tarn__hash_u64(uint64_t value)
{
    value ^= value >> 32;
    value *= 0xe9846af9b1a615dull;
    value ^= value >> 32;
    value *= 0xe9846af9b1a615dull;
    value ^= value >> 28;
    return value;
}

/** The hash of a row from those of its columns, in order. */
static inline uint64_t tarn__hash_combine(uint64_t seed, uint64_t hash)
{
    return tarn__hash_u64(seed ^ (hash + 0x9e3779b97f4a7c15ull + (seed << 6) + (seed >> 2)));
}

/** CRC-32 of zlib and gzip (polynomial 0x04c11db7 reflected); `crc` 0 at the begin, the last result to go on. */
uint32_t tarn__crc32(uint32_t crc, const void *data, size_t size);

#endif
