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

/** MurmurHash3, x86, 32 bits: what buckets of partitions are made of (seed 0). */
uint32_t tarn__murmur3_32(const void *data, size_t size, uint32_t seed);

static inline uint32_t tarn__murmur3_mix(uint32_t hash, uint32_t word)
{
    word *= 0xcc9e2d51u;
    word = word << 15 | word >> 17;
    hash ^= word * 0x1b873593u;
    return (hash << 13 | hash >> 19) * 5 + 0xe6546b64u;
}

static inline uint32_t tarn__murmur3_end(uint32_t hash, uint32_t size)
{
    hash ^= size;
    hash = (hash ^ hash >> 16) * 0x85ebca6bu;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
    return hash ^ hash >> 16;
}

/** The same of the eight little-endian bytes of a number, seed 0. */
static inline uint32_t tarn__murmur3_u64(uint64_t value)
{
    return tarn__murmur3_end(tarn__murmur3_mix(tarn__murmur3_mix(0, (uint32_t)value), (uint32_t)(value >> 32)), 8);
}

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
