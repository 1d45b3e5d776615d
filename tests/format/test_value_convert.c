/* SPDX-License-Identifier: Apache-2.0
 * Stored values to values of vectors, each by bytes and a number written by hand.
 */
#include "format/column/value_convert.h"
#include "tests/support/suite.h"

#include <stdlib.h>

static const struct {
    const char *name;
    struct tarn__converter converter;
    uint8_t in[16];
    uint8_t out[32]; /* little-endian where it is a number */
    bool fits;
} values[] = {
    {"INT32 to I8", {TARN_CONVERT_INT32_TO_I8, 4, 1, 0}, {0x80, 0xff, 0xff, 0xff}, {0x80}, true},
    {"INT32 above I8", {TARN_CONVERT_INT32_TO_I8, 4, 1, 0}, {0x80, 0, 0, 0}, {0}, false},
    {"INT32 to I16", {TARN_CONVERT_INT32_TO_I16, 4, 2, 0}, {0xff, 0x7f, 0, 0}, {0xff, 0x7f}, true},
    {"INT32 below I16", {TARN_CONVERT_INT32_TO_I16, 4, 2, 0}, {0xff, 0x7f, 0xff, 0xff}, {0}, false},
    {"INT32 to U8", {TARN_CONVERT_INT32_TO_U8, 4, 1, 0}, {0xff, 0, 0, 0}, {0xff}, true},
    {"INT32 above U8", {TARN_CONVERT_INT32_TO_U8, 4, 1, 0}, {0, 1, 0, 0}, {0}, false},
    {"INT32 to U16", {TARN_CONVERT_INT32_TO_U16, 4, 2, 0}, {0xff, 0xff, 0, 0}, {0xff, 0xff}, true},
    {"INT32 below U16", {TARN_CONVERT_INT32_TO_U16, 4, 2, 0}, {0xff, 0xff, 0xff, 0xff}, {0}, false},
    {"INT32 to I64", {TARN_CONVERT_INT32_TO_I64, 4, 8, 0}, {0xfe, 0xff, 0xff, 0xff}, {0xfe, 255, 255, 255, 255, 255, 255, 255}, true},
    {"INT64 to I32", {TARN_CONVERT_INT64_TO_I32, 8, 4, 0}, {0xfe, 255, 255, 255, 255, 255, 255, 255}, {0xfe, 255, 255, 255}, true},
    {"INT64 above I32", {TARN_CONVERT_INT64_TO_I32, 8, 4, 0}, {0, 0, 0, 0x80, 0, 0, 0, 0}, {0}, false},
    {"INT32 to I128",
     {TARN_CONVERT_INT_TO_WIDE, 4, 16, 0},
     {0xfe, 0xff, 0xff, 0xff},
     {0xfe, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
     true},
    {"decimal of 3 bytes to I32", {TARN_CONVERT_DECIMAL, 3, 4, 0}, {0xff, 0x85, 0xee}, {0xee, 0x85, 0xff, 0xff}, true}, /* -31250 */
    {"decimal with sign bytes in front", {TARN_CONVERT_DECIMAL, 6, 4, 0}, {0, 0, 0, 0, 0x01, 0x02}, {0x02, 0x01, 0, 0}, true},
    {"decimal above I32", {TARN_CONVERT_DECIMAL, 5, 4, 0}, {0, 0x80, 0, 0, 0}, {0}, false},
    {"decimal to I64", {TARN_CONVERT_DECIMAL, 2, 8, 0}, {0x80, 0x00}, {0x00, 0x80, 255, 255, 255, 255, 255, 255}, true},
    {"decimal above I64", {TARN_CONVERT_DECIMAL, 9, 8, 0}, {0, 0x80, 0, 0, 0, 0, 0, 0, 0}, {0}, false},
    {"decimal to I128",
     {TARN_CONVERT_DECIMAL, 9, 16, 0},
     {0, 0x80, 0, 0, 0, 0, 0, 0, 1},
     {1, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0},
     true},
    {"decimal to I256", {TARN_CONVERT_DECIMAL, 1, 32, 0}, {0x07}, {7}, true},
    {"decimal to FIXED", {TARN_CONVERT_DECIMAL_FIXED, 2, 4, 0}, {0x80, 0x01}, {0xff, 0xff, 0x80, 0x01}, true},
    {"decimal cut to FIXED", {TARN_CONVERT_DECIMAL_FIXED, 3, 2, 0}, {0xff, 0x80, 0x01}, {0x80, 0x01}, true},
    {"decimal above FIXED", {TARN_CONVERT_DECIMAL_FIXED, 3, 2, 0}, {0xff, 0x70, 0x01}, {0}, false},
    {"INT96 at 1970-01-02 00:00:00.000001999",
     {TARN_CONVERT_INT96_TO_MICROS, 12, 8, 0},
     {0xcf, 0x07, 0, 0, 0, 0, 0, 0, 0x8d, 0x3d, 0x25, 0},
     {0x01, 0x60, 0xd7, 0x1d, 0x14, 0, 0, 0},
     true},
    {"INT96 before 1970 rounds down",
     {TARN_CONVERT_INT96_TO_MICROS, 12, 8, 0},
     {0xff, 255, 255, 255, 255, 255, 255, 255, 0x8c, 0x3d, 0x25, 0},
     {0xff, 255, 255, 255, 255, 255, 255, 255},
     true},
    {"INT96 beyond 64-bit microseconds",
     {TARN_CONVERT_INT96_TO_MICROS, 12, 8, 0},
     {0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 0x7f},
     {0},
     false},
    {"INT96 to nanoseconds",
     {TARN_CONVERT_INT96_TO_NANOS, 12, 16, 0},
     {0x05, 0, 0, 0, 0, 0, 0, 0, 0x8d, 0x3d, 0x25, 0},
     {0x05, 0x00, 0x4f, 0x91, 0x94, 0x4e, 0, 0},
     true},
    {"12 bytes of milliseconds to nanoseconds",
     {TARN_CONVERT_TICKS_TO_NANOS, 12, 16, 3},
     {0xff, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
     {0xc0, 0xbd, 0xf0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
     true},
    {"12 bytes of nanoseconds beyond 64 bits",
     {TARN_CONVERT_TICKS_TO_NANOS, 12, 16, 9},
     {0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0},
     {0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0},
     true},
    {"12 bytes beyond 64-bit seconds", {TARN_CONVERT_TICKS_TO_NANOS, 12, 16, 3}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f}, {0}, false},
    {"12 bytes of nanoseconds before 1970 to microseconds",
     {TARN_CONVERT_TICKS_TO_MICROS, 12, 8, 9},
     {0xff, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
     {0xff, 255, 255, 255, 255, 255, 255, 255},
     true},
    {"12 bytes of milliseconds to microseconds", {TARN_CONVERT_TICKS_TO_MICROS, 12, 8, 3}, {2}, {0xd0, 0x07}, true},
    {"12 bytes beyond 64-bit microseconds", {TARN_CONVERT_TICKS_TO_MICROS, 12, 8, 3}, {0, 0, 0, 0, 0, 0, 0, 0x10}, {0}, false},
    {"interval",
     {TARN_CONVERT_INTERVAL, 12, 16, 0},
     {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0},
     {1, 0, 0, 0, 2, 0, 0, 0, 0xc0, 0xc6, 0x2d},
     true},
    {"bytes", {TARN_CONVERT_BYTES, 3, 3, 0}, {3, 2, 1}, {3, 2, 1}, true},
    {"number", {TARN_CONVERT_NUMBERS, 4, 4, 0}, {1, 2, 3, 4}, {1, 2, 3, 4}, true},
};

START_TEST(value_convert__turns_a_stored_value_into_its_kind) /* P-VAL-1 P-VAL-2 P-VAL-3 P-VAL-4 P-VAL-5 P-VAL-6 */
{
    uint8_t out[32] = {0};
    const struct tarn__converter *converter = &values[_i].converter;
    ck_assert_msg(tarn__convert_values(converter, values[_i].in, 1, out) == (values[_i].fits ? 1u : 0u), "%s", values[_i].name);
    if (values[_i].fits && !TARN_BIG_ENDIAN) {
        for (uint32_t i = 0; i < converter->width; i++) {
            ck_assert_msg(out[i] == values[_i].out[i], "%s: byte %u is %02x", values[_i].name, i, out[i]);
        }
    }
}
END_TEST

START_TEST(value_convert__says_which_value_does_not_fit) /* P-VAL-2 */
{
    const uint8_t in[] = {1, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 3, 0, 0, 0};
    uint8_t out[4];
    const struct tarn__converter converter = {TARN_CONVERT_INT32_TO_U8, 4, 1, 0};
    ck_assert_uint_eq(tarn__convert_values(&converter, in, 4, out), 2);
}
END_TEST

/* Many at once are each alone, for every stored and every made width; where one does not fit its index is told. */
START_TEST(value_convert__decimals_many_at_once) /* P-VAL-2 */
{
    enum { COUNT = 37 };
    static const uint32_t widths[] = {4, 8, 16, 32};
    uint32_t seed = 5;
    for (uint32_t stored = 1; stored <= 20; stored++) {
        for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
            const struct tarn__converter converter = {TARN_CONVERT_DECIMAL, stored, widths[w], 0};
            uint8_t *in = malloc((size_t)stored * COUNT); /* of its own, so that a sanitizer sees reads behind it */
            uint8_t out[COUNT * 32];
            for (uint32_t i = 0; i < COUNT; i++) {
                const uint8_t sign = i % 2 == 0 ? 0 : 0xff;
                for (uint32_t k = 0; k < stored; k++) {
                    seed = seed * 1664525u + 1013904223u;
                    in[i * stored + k] = k + widths[w] < stored ? sign : (uint8_t)(seed >> 24);
                }
                if (stored >= widths[w]) {
                    uint8_t *top = &in[i * stored + stored - widths[w]];
                    *top = (uint8_t)((*top & 0x7f) | (sign & 0x80));
                }
            }
            ck_assert_uint_eq(tarn__convert_values(&converter, in, COUNT, out), COUNT);
            for (uint32_t i = 0; i < COUNT; i++) {
                uint8_t one[32];
                ck_assert(tarn__convert_decimal(&converter, (struct tarn_span){in + i * stored, stored}, one));
                ck_assert_msg(memcmp(one, out + i * widths[w], widths[w]) == 0, "value %u of %u bytes to %u", i, stored, widths[w]);
            }
            for (uint32_t bad = 0; bad < COUNT && stored > widths[w]; bad++) {
                in[bad * stored] ^= 0x40;
                ck_assert_uint_eq(tarn__convert_values(&converter, in, COUNT, out), bad);
                in[bad * stored] ^= 0x40;
            }
            free(in);
        }
    }
}
END_TEST

TARN_SUITE("format/value_convert", TARN_LOOP_TEST(value_convert__turns_a_stored_value_into_its_kind, values),
           TARN_TEST(value_convert__says_which_value_does_not_fit), TARN_TEST(value_convert__decimals_many_at_once))
