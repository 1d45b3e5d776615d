/* SPDX-License-Identifier: Apache-2.0
 *
 * XXH3 and XXH64 (xxhash.h, inlined: nothing to link), MurmurHash3 (Austin Appleby's public domain algorithm), and CRC-32 (libdeflate;
 * eight bytes a step where it is not there).
 */
#include "format/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "format/base/bytes.h"

uint64_t tarn__hash_bytes(const void *data, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, size, seed);
}

uint64_t tarn__xxh64(const void *data, size_t size, uint64_t seed)
{
    return XXH64(data, size, seed);
}

uint32_t tarn__murmur3_32(const void *data, size_t size, uint32_t seed)
{
    const uint8_t *at = data;
    uint32_t hash = seed;
    size_t left = size;
    for (; left >= 4; left -= 4, at += 4) {
        hash = tarn__murmur3_mix(hash, tarn__load32(at));
    }
    if (left != 0) { /* the last bytes are mixed in without being stirred again */
        uint32_t word = tarn__load_partial(at, left) * 0xcc9e2d51u;
        word = word << 15 | word >> 17;
        hash ^= word * 0x1b873593u;
    }
    return tarn__murmur3_end(hash, (uint32_t)size);
}

#ifndef TARN_MINIMAL

#include <libdeflate.h>

uint32_t tarn__crc32(uint32_t crc, const void *data, size_t size)
{
    return size == 0 ? crc : libdeflate_crc32(crc, data, size);
}

#else

/* Row r of the tables: the effect of a byte that r more bytes follow. */
static void crc_tables(uint32_t tables[8][256])
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
        }
        tables[0][byte] = crc;
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
        for (int row = 1; row < 8; row++) {
            tables[row][byte] = tables[row - 1][byte] >> 8 ^ tables[0][tables[row - 1][byte] & 0xff];
        }
    }
}

static uint32_t crc_bytes(const uint32_t *table, uint32_t crc, const uint8_t *at, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        crc = crc >> 8 ^ table[(crc ^ at[i]) & 0xff];
    }
    return crc;
}

/* Sixteen entries are enough for texts too short to pay for the tables. */
static uint32_t crc_short(uint32_t crc, const uint8_t *at, size_t size)
{
    static const uint32_t nibbles[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                         0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    for (size_t i = 0; i < size; i++) {
        crc ^= at[i];
        crc = crc >> 4 ^ nibbles[crc & 15];
        crc = crc >> 4 ^ nibbles[crc & 15];
    }
    return crc;
}

uint32_t tarn__crc32(uint32_t crc, const void *data, size_t size)
{
    enum { WORTH_TABLES = 4096 };
    const uint8_t *at = data;
    crc = ~crc;
    if (size < WORTH_TABLES) {
        return ~crc_short(crc, at, size);
    }
    uint32_t tables[8][256];
    crc_tables(tables);
    for (; size >= 8; size -= 8, at += 8) {
        const uint32_t low = tarn__load32(at) ^ crc;
        const uint32_t high = tarn__load32(at + 4);
        crc = tables[7][low & 0xff] ^ tables[6][low >> 8 & 0xff] ^ tables[5][low >> 16 & 0xff] ^ tables[4][low >> 24] ^
              tables[3][high & 0xff] ^ tables[2][high >> 8 & 0xff] ^ tables[1][high >> 16 & 0xff] ^ tables[0][high >> 24];
    }
    return ~crc_bytes(tables[0], crc, at, size);
}

#endif
