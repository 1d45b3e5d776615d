/* SPDX-License-Identifier: Apache-2.0
 * PLAIN, by bytes written out by hand.
 */
#include "format/encoding/plain.h"

#include <stdlib.h>

#include "format/batch/vector.h"
#include "format/encoding/plain_views.h"
#include "format/thrift/parquet_thrift.h"
#include "tests/support/suite.h"

#define BYTES(...) ((struct tarn_span){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})

static struct tarn_error err;

START_TEST(plain__numbers_are_little_endian) /* P-ENC-PLAIN-1 */
{
    struct tarn_span rest = BYTES(0x01, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0x80, 0xaa);
    uint32_t four[2];
    uint64_t eight;
    ck_assert_ok(tarn__plain_decode32(&rest, 2, four, &err), &err);
    ck_assert_uint_eq(four[0], 1);
    ck_assert_uint_eq(four[1], UINT32_MAX);
    ck_assert_ok(tarn__plain_decode64(&rest, 1, &eight, &err), &err);
    ck_assert_uint_eq(eight, UINT64_C(0x8000000000000002));
    ck_assert_uint_eq(rest.size, 1);
    ck_assert_status(tarn__plain_decode32(&rest, 1, four, &err), TARN_CORRUPT);
    ck_assert_status(tarn__plain_decode64(&rest, UINT64_MAX / 4, &eight, &err), TARN_CORRUPT);
}
END_TEST

START_TEST(plain__widths_by_type)
{
    ck_assert_uint_eq(tarn__plain_width(PARQUET_INT32, 0), 4);
    ck_assert_uint_eq(tarn__plain_width(PARQUET_DOUBLE, 0), 8);
    ck_assert_uint_eq(tarn__plain_width(PARQUET_INT96, 0), 12);
    ck_assert_uint_eq(tarn__plain_width(PARQUET_FIXED_LEN_BYTE_ARRAY, 5), 5);
    ck_assert_uint_eq(tarn__plain_width(PARQUET_BYTE_ARRAY, 5), 0);
    struct tarn_span rest = BYTES(1, 2, 3, 4, 5, 6);
    struct tarn_span out;
    ck_assert_ok(tarn__plain_take(&rest, 3, 2, &out, &err), &err);
    ck_assert_uint_eq(out.size, 6);
    ck_assert_status(tarn__plain_take(&rest, 0, 1, &out, &err), TARN_CORRUPT);
}
END_TEST

START_TEST(plain__booleans_are_bits) /* P-ENC-PLAIN-2 */
{
    const struct tarn_span page = BYTES(0xb2, 0x01);
    uint64_t position = 0;
    uint8_t bits[3] = {0, 0, 0};
    ck_assert_ok(tarn__plain_decode_bits(page, &position, 3, bits, 1, &err), &err);
    ck_assert_uint_eq(bits[0], 0x04);
    ck_assert_ok(tarn__plain_decode_bits(page, &position, 13, bits, 4, &err), &err);
    ck_assert_uint_eq(bits[0], 0x64);
    ck_assert_uint_eq(bits[1], 0x03);
    ck_assert_uint_eq(position, 16);
    ck_assert_status(tarn__plain_decode_bits(page, &position, 1, bits, 0, &err), TARN_CORRUPT);
}
END_TEST

START_TEST(plain__byte_arrays_carry_their_length) /* P-ENC-PLAIN-3 */
{
    struct tarn_span rest = BYTES(2, 0, 0, 0, 'h', 'i', 0, 0, 0, 0, 1, 0, 0, 0, '!', 9, 0, 0, 0, 'x');
    uint32_t offsets[4] = {100};
    uint8_t bytes[3];
    uint64_t measured;
    ck_assert_ok(tarn__plain_measure_bytes(rest, 3, &measured, &err), &err);
    ck_assert_uint_eq(measured, 3);
    ck_assert_status(tarn__plain_measure_bytes(rest, 4, &measured, &err), TARN_CORRUPT);
    ck_assert_ok(tarn__plain_decode_bytes(&rest, 3, offsets, bytes, &err), &err);
    ck_assert_uint_eq(offsets[1], 102);
    ck_assert_uint_eq(offsets[2], 102);
    ck_assert_uint_eq(offsets[3], 103);
    ck_assert_mem_eq(bytes, "hi!", 3);
    ck_assert_status(tarn__plain_skip_bytes(&rest, 1, &err), TARN_CORRUPT);
    struct tarn_span cut = BYTES(1, 0, 0);
    ck_assert_status(tarn__plain_skip_bytes(&cut, 1, &err), TARN_CORRUPT);
    struct tarn_span huge = BYTES(0xff, 0xff, 0xff, 0xff, 'x');
    ck_assert_status(tarn__plain_skip_bytes(&huge, 1, &err), TARN_CORRUPT);
}
END_TEST

START_TEST(plain__writes_these_bytes) /* P-ENC-PLAIN-4 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    const uint32_t four[2] = {1, 0xfffffffe};
    const uint64_t eight = UINT64_C(0x0102030405060708);
    const uint8_t bits[2] = {0xb0, 0x06};
    ck_assert(tarn__plain_encode32(out, 2, four));
    ck_assert(tarn__plain_encode64(out, 1, &eight));
    ck_assert(tarn__plain_encode_bits(out, 9, bits, 4));
    ck_assert(tarn__plain_encode_bytes(out, BYTES('h', 'i')));
    ck_assert(tarn__plain_encode_bytes(out, (struct tarn_span){NULL, 0}));
    const struct tarn_span expected =
        BYTES(1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 8, 7, 6, 5, 4, 3, 2, 1, 0x6b, 0x00, 2, 0, 0, 0, 'h', 'i', 0, 0, 0, 0);
    ck_assert_uint_eq(out->size, expected.size);
    ck_assert_mem_eq(out->data, expected.data, expected.size);
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(plain__views_are_those_of_each_array) /* P-ENC-PLAIN-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *page = tarn__buffer_new(env, 0);
    enum { ARRAYS = 60 };
    uint8_t letters[ARRAYS];
    for (uint32_t i = 0; i < ARRAYS; i++) {
        letters[i] = (uint8_t)(i + 1);
    }
    for (uint32_t i = 0; i < ARRAYS; i++) {
        ck_assert(tarn__plain_encode_bytes(page, (struct tarn_span){letters, i * 7 % 31}));
    }
    for (size_t cut = 0; cut <= page->size; cut++) { /* what is left of the page never matters but for the check */
        uint8_t *exact = malloc(page->size - cut + 1);
        memcpy(exact, page->data, page->size - cut);
        struct tarn_span rest = {exact, page->size - cut};
        struct tarn_string_view views[ARRAYS];
        uint32_t whole = 0;
        for (size_t at = 0; whole < ARRAYS && at + 4 + whole * 7 % 31 <= rest.size; whole++) {
            at += 4 + whole * 7 % 31;
        }
        ck_assert_ok(tarn__plain_take_views(&rest, 3, exact, whole, views, &err), &err);
        size_t at = 0;
        for (uint32_t i = 0; i < whole; i++) {
            const uint32_t size = i * 7 % 31;
            const struct tarn_string_view expected =
                tarn__string_view((struct tarn_text){(const char *)letters, size}, 3, (uint32_t)at + 4);
            ck_assert_int_eq(memcmp(&views[i], &expected, sizeof(expected)), 0);
            at += 4 + size;
        }
        ck_assert_uint_eq(rest.size, page->size - cut - at);
        if (whole < ARRAYS) {
            ck_assert_status(tarn__plain_take_views(&rest, 3, exact, 1, views, &err), TARN_CORRUPT);
        }
        free(exact);
    }
    tarn__buffer_release(page);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/plain", TARN_TEST(plain__numbers_are_little_endian), TARN_TEST(plain__widths_by_type),
           TARN_TEST(plain__booleans_are_bits), TARN_TEST(plain__byte_arrays_carry_their_length), TARN_TEST(plain__writes_these_bytes),
           TARN_TEST(plain__views_are_those_of_each_array))
