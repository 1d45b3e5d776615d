/* SPDX-License-Identifier: Apache-2.0
 * Levels of a page, by bytes written out by hand: as bits, as numbers, in pieces of every size, and damaged.
 */
#include "format/column/level_decode.h"
#include "tests/support/suite.h"

#define BYTES(...) ((struct tarn_span){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})

static struct tarn_error err;

/* Ten times 1, then 8 packed: 1 0 1 1 0 0 1 0, then three times 0. */
static const uint8_t optional_page[] = {0x14, 0x01, 0x03, 0x4d, 0x06, 0x00};
static const uint8_t optional_levels[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0};
enum { OPTIONAL_COUNT = sizeof(optional_levels) };

START_TEST(level_decode__gives_bits_in_pieces_of_any_size) /* P-LVL-1; the size is _i + 1 */
{
    struct tarn__level_decoder decoder;
    uint8_t bits[8] = {0};
    uint32_t at = 0;
    uint32_t total = 0;

    ck_assert_ok(tarn__level_decoder_init(&decoder, (struct tarn_span){optional_page, sizeof(optional_page)}, 1, OPTIONAL_COUNT, &err),
                 &err);
    while (at < OPTIONAL_COUNT) {
        const uint32_t part = OPTIONAL_COUNT - at < (uint32_t)_i + 1 ? OPTIONAL_COUNT - at : (uint32_t)_i + 1;
        uint32_t present;
        ck_assert_ok(tarn__level_decoder_presence(&decoder, part, bits, at, &present, &err), &err);
        total += present;
        at += part;
    }
    ck_assert_uint_eq(decoder.remaining, 0);
    ck_assert_uint_eq(total, 14);
    for (uint32_t i = 0; i < OPTIONAL_COUNT; i++) {
        ck_assert_int_eq(tarn__bit_get(bits, i), optional_levels[i]);
    }
}
END_TEST

START_TEST(level_decode__gives_numbers_in_pieces_of_any_size) /* P-LVL-1; the size is _i + 1 */
{
    struct tarn__level_decoder decoder;
    uint8_t levels[OPTIONAL_COUNT];
    uint32_t at = 0;

    ck_assert_ok(tarn__level_decoder_init(&decoder, (struct tarn_span){optional_page, sizeof(optional_page)}, 1, OPTIONAL_COUNT, &err),
                 &err);
    while (at < OPTIONAL_COUNT) {
        const uint32_t part = OPTIONAL_COUNT - at < (uint32_t)_i + 1 ? OPTIONAL_COUNT - at : (uint32_t)_i + 1;
        ck_assert_ok(tarn__level_decoder_take(&decoder, part, levels + at, &err), &err);
        at += part;
    }
    ck_assert_mem_eq(levels, optional_levels, sizeof(levels));
}
END_TEST

START_TEST(level_decode__counts_only_the_highest_level_as_present) /* P-LVL-2 */
{
    /* Width 2, maximum 2: eight packed 0 1 2 2 1 0 2 2, then four times 2, then two times 1. */
    const struct tarn_span page = BYTES(0x03, 0xa4, 0xa1, 0x08, 0x02, 0x04, 0x01);
    struct tarn__level_decoder decoder;
    uint8_t bits[2] = {0};
    uint32_t present;
    ck_assert_ok(tarn__level_decoder_init(&decoder, page, 2, 14, &err), &err);
    ck_assert_ok(tarn__level_decoder_presence(&decoder, 14, bits, 0, &present, &err), &err);
    ck_assert_uint_eq(present, 8);
    ck_assert_uint_eq(bits[0], 0xcc);
    ck_assert_uint_eq(bits[1], 0x0f);
}
END_TEST

/* The specification's example: 0 to 7 in three bits, most significant bit first; and the same as Impala packed them. */
static const uint8_t high_first[] = {0x05, 0x39, 0x77};
static const uint8_t low_first[] = {0x88, 0xc6, 0xfa};

START_TEST(level_decode__reads_bit_packed_levels) /* P-LVL-5 P-LVL-6; pieces of _i + 1 */
{
    for (int low = 0; low < 2; low++) {
        struct tarn__level_decoder decoder;
        uint8_t levels[8];
        uint8_t bits[2] = {0};
        uint32_t present;
        const struct tarn_span bytes = {low == 1 ? low_first : high_first, 3};
        ck_assert_ok(tarn__level_decoder_init_packed(&decoder, bytes, 7, 8, low == 1, &err), &err);
        struct tarn__level_decoder again = decoder;
        for (uint32_t at = 0; at < 8; at += (uint32_t)_i + 1) {
            const uint32_t part = 8 - at < (uint32_t)_i + 1 ? 8 - at : (uint32_t)_i + 1;
            ck_assert_ok(tarn__level_decoder_take(&decoder, part, levels + at, &err), &err);
        }
        ck_assert_mem_eq(levels, ((const uint8_t[]){0, 1, 2, 3, 4, 5, 6, 7}), 8);
        ck_assert_uint_eq(decoder.remaining, 0);
        ck_assert_ok(tarn__level_decoder_presence(&again, 8, bits, 3, &present, &err), &err);
        ck_assert_uint_eq(present, 1);
        ck_assert_uint_eq(bits[1], 0x04);
    }
}
END_TEST

START_TEST(level_decode__reads_packed_bits_in_both_orders) /* P-LVL-5 P-LVL-6 */
{
    for (int low = 0; low < 2; low++) {
        struct tarn__level_decoder decoder;
        uint8_t bits[2] = {0};
        uint32_t first;
        uint32_t second;
        const struct tarn_span bytes = BYTES(0xd0, 0x40); /* 1 1 0 1 0 0 0 0 0 1, or 0 0 0 0 1 0 1 1 0 0 */
        ck_assert_ok(tarn__level_decoder_init_packed(&decoder, bytes, 1, 10, low == 1, &err), &err);
        ck_assert_ok(tarn__level_decoder_presence(&decoder, 4, bits, 0, &first, &err), &err);
        ck_assert_ok(tarn__level_decoder_presence(&decoder, 6, bits, 4, &second, &err), &err);
        ck_assert_uint_eq(first, low == 1 ? 0 : 3);
        ck_assert_uint_eq(second, low == 1 ? 3 : 1);
        ck_assert_uint_eq(bits[0], low == 1 ? 0xd0 : 0x0b);
        ck_assert_uint_eq(bits[1], low == 1 ? 0 : 2);
    }
}
END_TEST

START_TEST(level_decode__refuses_packed_levels) /* P-LVL-4 P-LVL-5 */
{
    struct tarn__level_decoder decoder;
    uint8_t levels[8];
    uint32_t present;
    const struct tarn_span bytes = {high_first, 3};
    ck_assert_status(tarn__level_decoder_init_packed(&decoder, bytes, 7, 9, false, &err), TARN_CORRUPT);
    ck_assert_status(tarn__level_decoder_init_packed(&decoder, (struct tarn_span){NULL, 0}, 1, 1, true, &err), TARN_CORRUPT);
    for (int low = 0; low < 2; low++) { /* 7 in three bits where at most 6 is legal */
        const struct tarn_span order = {low == 1 ? low_first : high_first, 3};
        ck_assert_ok(tarn__level_decoder_init_packed(&decoder, order, 6, 8, low == 1, &err), &err);
        ck_assert_status(tarn__level_decoder_take(&decoder, 8, levels, &err), TARN_CORRUPT);
        ck_assert_ok(tarn__level_decoder_init_packed(&decoder, order, 6, 8, low == 1, &err), &err);
        ck_assert_status(tarn__level_decoder_presence(&decoder, 8, NULL, 0, &present, &err), TARN_CORRUPT);
    }
    ck_assert_ok(tarn__level_decoder_init_packed(&decoder, (struct tarn_span){NULL, 0}, 0, 3, false, &err), &err);
    ck_assert_ok(tarn__level_decoder_take(&decoder, 3, levels, &err), &err);
}
END_TEST

START_TEST(level_decode__needs_no_bytes_where_the_maximum_is_zero) /* P-LVL-3 */
{
    struct tarn__level_decoder decoder;
    uint8_t levels[3] = {9, 9, 9};
    uint32_t present;
    ck_assert_ok(tarn__level_decoder_init(&decoder, (struct tarn_span){NULL, 0}, 0, 5, &err), &err);
    ck_assert_ok(tarn__level_decoder_take(&decoder, 3, levels, &err), &err);
    ck_assert_mem_eq(levels, ((uint8_t[]){0, 0, 0}), 3);
    ck_assert_ok(tarn__level_decoder_presence(&decoder, 2, NULL, 0, &present, &err), &err);
    ck_assert_uint_eq(present, 2);
}
END_TEST

static const struct {
    const char *name;
    struct tarn_span bytes;
    uint8_t max;
} damaged[] = {
    {"no bytes", {NULL, 0}, 1},
    {"repeated level above the maximum", {(const uint8_t[]){0x10, 0x03}, 2}, 2},
    {"packed level above the maximum", {(const uint8_t[]){0x03, 0xff, 0xff}, 3}, 2},
    {"packed bytes missing", {(const uint8_t[]){0x03, 0x55}, 2}, 3},
    {"empty run", {(const uint8_t[]){0x00, 0x00}, 2}, 1},
    {"too few levels", {(const uint8_t[]){0x06, 0x01}, 2}, 1},
};

START_TEST(level_decode__refuses_damage) /* P-LVL-4 */
{
    struct tarn__level_decoder decoder;
    uint8_t levels[8];
    uint32_t present;
    ck_assert_ok(tarn__level_decoder_init(&decoder, damaged[_i].bytes, damaged[_i].max, 8, &err), &err);
    ck_assert_msg(tarn__level_decoder_take(&decoder, 8, levels, &err) == TARN_CORRUPT, "%s", damaged[_i].name);
    ck_assert_ok(tarn__level_decoder_init(&decoder, damaged[_i].bytes, damaged[_i].max, 8, &err), &err);
    ck_assert_msg(tarn__level_decoder_presence(&decoder, 8, NULL, 0, &present, &err) == TARN_CORRUPT, "%s", damaged[_i].name);
}
END_TEST

TARN_SUITE("format/level_decode", {level_decode__gives_bits_in_pieces_of_any_size, OPTIONAL_COUNT},
           {level_decode__gives_numbers_in_pieces_of_any_size, OPTIONAL_COUNT},
           TARN_TEST(level_decode__counts_only_the_highest_level_as_present), TARN_LOOP_TIMES(level_decode__reads_bit_packed_levels, 8),
           TARN_TEST(level_decode__reads_packed_bits_in_both_orders), TARN_TEST(level_decode__refuses_packed_levels),
           TARN_TEST(level_decode__needs_no_bytes_where_the_maximum_is_zero), TARN_LOOP_TEST(level_decode__refuses_damage, damaged))
