/* SPDX-License-Identifier: Apache-2.0
 * Hashes by their published values, and the checksum whole and in pieces.
 */
#include "format/base/hash.h"
#include "tests/support/suite.h"

#include <string.h>

START_TEST(hash__has_the_published_values)
{
    ck_assert_uint_eq(tarn__xxh64("", 0, 0), UINT64_C(0xef46db3751d8e999));
    ck_assert_uint_eq(tarn__xxh64("abc", 3, 0), UINT64_C(0x44bc2cf5ad770999));
    ck_assert_uint_eq(tarn__hash_bytes("", 0, 0), UINT64_C(0x2d06800538d394c2));
    ck_assert_uint_eq(tarn__hash_bytes("abc", 3, 0), UINT64_C(0x78af5f94892f3950));
    ck_assert_uint_ne(tarn__hash_bytes("abc", 3, 1), tarn__hash_bytes("abc", 3, 0));
    ck_assert_uint_eq(tarn__hash_text((struct tarn_text){NULL, 0}), UINT64_C(0x2d06800538d394c2));
}
END_TEST

START_TEST(hash__murmur3_has_the_published_values)
{
    static const char fox[] = "The quick brown fox jumps over the lazy dog";
    ck_assert_uint_eq(tarn__murmur3_32("", 0, 0), 0);
    ck_assert_uint_eq(tarn__murmur3_32("", 0, 1), 0x514e28b7);
    ck_assert_uint_eq(tarn__murmur3_32("hello", 5, 0), 0x248bfa47);
    ck_assert_uint_eq(tarn__murmur3_32("hello, world", 12, 0), 0x149bbb7f);
    ck_assert_uint_eq(tarn__murmur3_32(fox, 43, 0), 0x2e4ff723);
    static const uint8_t number[8] = {1, 2, 3, 4, 5, 6, 7, 0x88};
    ck_assert_uint_eq(tarn__murmur3_u64(UINT64_C(0x8807060504030201)), tarn__murmur3_32(number, 8, 0));
}
END_TEST

START_TEST(hash__mixes_every_bit)
{
    for (int bit = 0; bit < 64; bit++) {
        const uint64_t changed = tarn__hash_u64(42) ^ tarn__hash_u64(42 ^ (uint64_t)1 << bit);
        ck_assert_int_gt(__builtin_popcountll(changed), 12);
        ck_assert_int_lt(__builtin_popcountll(changed), 52);
    }
    ck_assert_uint_ne(tarn__hash_combine(tarn__hash_u64(1), tarn__hash_u64(2)), tarn__hash_combine(tarn__hash_u64(2), tarn__hash_u64(1)));
}
END_TEST

START_TEST(crc32__is_that_of_zlib)
{
    uint8_t bytes[40 * 256];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)i;
    }
    ck_assert_uint_eq(tarn__crc32(0, "123456789", 9), 0xcbf43926);
    ck_assert_uint_eq(tarn__crc32(0, NULL, 0), 0);
    ck_assert_uint_eq(tarn__crc32(0, bytes, sizeof(bytes)), 0xbbce3b9d);
    for (size_t cut = 0; cut < sizeof(bytes); cut += 997) {
        ck_assert_uint_eq(tarn__crc32(tarn__crc32(0, bytes, cut), bytes + cut, sizeof(bytes) - cut), 0xbbce3b9d);
    }
}
END_TEST

TARN_SUITE("format/hash", TARN_TEST(hash__has_the_published_values), TARN_TEST(hash__murmur3_has_the_published_values),
           TARN_TEST(hash__mixes_every_bit), TARN_TEST(crc32__is_that_of_zlib))
