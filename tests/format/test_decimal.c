/* SPDX-License-Identifier: Apache-2.0
 * Decimals and wide integers: written-out texts, identities over random values, and the compiler's 128 bits as the judge.
 */
#include "format/base/decimal.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

static uint64_t next_random(uint64_t *state) /* SplitMix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static tarn_i128 random128(uint64_t *state)
{
    const tarn_u128 value = (tarn_u128)next_random(state) << 64 | next_random(state);
    return (tarn_i128)value >> (next_random(state) % 128);
}

static struct tarn_i256 random256(uint64_t *state)
{
    struct tarn_i256 value = tarn__i256_of(random128(state));
    const struct tarn_i256 other = tarn__i256_of(random128(state));
    ck_assert(tarn__i256_mul(value, other, &value));
    return value;
}

static bool equal256(struct tarn_i256 a, struct tarn_i256 b)
{
    return tarn__i256_compare(a, b) == 0;
}

static const struct {
    const char *text;
    unsigned precision;
    unsigned scale;
    unsigned flags;
    enum tarn_parsed parsed;
    const char *printed;
} texts[] = {
    {"0", 5, 2, 0, TARN_PARSED, "0.00"},
    {"-0", 5, 2, 0, TARN_PARSED, "0.00"},
    {"12.3", 5, 2, 0, TARN_PARSED, "12.30"},
    {"-12.30", 5, 2, 0, TARN_PARSED, "-12.30"},
    {"+.5", 5, 2, 0, TARN_PARSED, "0.50"},
    {"5.", 5, 0, 0, TARN_PARSED, "5"},
    {"-0.05", 5, 2, 0, TARN_PARSED, "-0.05"},
    {"999.99", 5, 2, 0, TARN_PARSED, "999.99"},
    {"1000", 5, 2, 0, TARN_PARSED_RANGE, "999.99"},
    {"-1000", 5, 2, 0, TARN_PARSED_RANGE, "-999.99"},
    {"0001000000e-4", 5, 2, 0, TARN_PARSED, "100.00"},
    {"1e2", 5, 2, 0, TARN_PARSED, "100.00"},
    {"1e3", 5, 2, 0, TARN_PARSED_RANGE, "999.99"},
    {"1e999999999999999999999", 5, 2, 0, TARN_PARSED_RANGE, "999.99"},
    {"0e999999999999999999999", 5, 2, 0, TARN_PARSED, "0.00"},
    {"1e-999999999999999999999", 5, 2, 0, TARN_PARSED_INEXACT, "0.00"},
    {"1.2300000", 5, 2, 0, TARN_PARSED, "1.23"},
    {"1.234", 5, 2, 0, TARN_PARSED_INEXACT, "1.23"},
    {"-1.234", 5, 2, 0, TARN_PARSED_INEXACT, "-1.24"},
    {"1.235", 5, 2, TARN_DECIMAL_ROUND, TARN_PARSED, "1.24"},
    {"-1.235", 5, 2, TARN_DECIMAL_ROUND, TARN_PARSED, "-1.24"},
    {"1.2349999", 5, 2, TARN_DECIMAL_ROUND, TARN_PARSED, "1.23"},
    {"999.995", 5, 2, TARN_DECIMAL_ROUND, TARN_PARSED_RANGE, "999.99"},
    {"0.005", 5, 2, TARN_DECIMAL_ROUND, TARN_PARSED, "0.01"},
    {"0.0049", 5, 2, TARN_DECIMAL_ROUND, TARN_PARSED, "0.00"},
    {"0.0009", 5, 2, TARN_DECIMAL_ROUND, TARN_PARSED, "0.00"},
    {"9e-3", 5, 2, TARN_DECIMAL_ROUND, TARN_PARSED, "0.01"},
    {"9e-4", 5, 2, TARN_DECIMAL_ROUND, TARN_PARSED, "0.00"},
    {"1,5", 5, 2, TARN_DECIMAL_COMMA, TARN_PARSED, "1.50"},
    {"1.5", 5, 2, TARN_DECIMAL_COMMA, TARN_PARSED_SYNTAX, "0.00"},
    {"99999999999999999999999999999999999999", 38, 0, 0, TARN_PARSED, "99999999999999999999999999999999999999"},
    {"100000000000000000000000000000000000000", 38, 0, 0, TARN_PARSED_RANGE, "99999999999999999999999999999999999999"},
    {"-0.00000000000000000000000000000000000001", 38, 38, 0, TARN_PARSED, "-0.00000000000000000000000000000000000001"},
    {"12345678901234567890.123456789012345678", 38, 18, 0, TARN_PARSED, "12345678901234567890.123456789012345678"},
    {"", 5, 2, 0, TARN_PARSED_SYNTAX, "0.00"},
    {".", 5, 2, 0, TARN_PARSED_SYNTAX, "0.00"},
    {"-", 5, 2, 0, TARN_PARSED_SYNTAX, "0.00"},
    {"1.2.3", 5, 2, 0, TARN_PARSED_SYNTAX, "0.00"},
    {"1e", 5, 2, 0, TARN_PARSED_SYNTAX, "0.00"},
    {"nan", 5, 2, 0, TARN_PARSED_SYNTAX, "0.00"},
    {"1 ", 5, 2, 0, TARN_PARSED_SYNTAX, "0.00"},
};

START_TEST(decimal__parses_and_prints) /* B-DEC-1 */
{
    char text[TARN_DECIMAL_TEXT];
    tarn_i128 value;
    struct tarn_i256 wide;
    const struct tarn_text in = tarn__text_of(texts[_i].text);
    ck_assert_int_eq(tarn__decimal128_parse(in, texts[_i].precision, texts[_i].scale, texts[_i].flags, &value), texts[_i].parsed);
    size_t size = tarn__decimal128_print(value, texts[_i].scale, text);
    ck_assert_msg(tarn__text_equal((struct tarn_text){text, size}, tarn__text_of(texts[_i].printed)), "%s gave %.*s", texts[_i].text,
                  (int)size, text);
    ck_assert_int_eq(tarn__decimal256_parse(in, texts[_i].precision, texts[_i].scale, texts[_i].flags, &wide), texts[_i].parsed);
    size = tarn__decimal256_print(wide, texts[_i].scale, text);
    ck_assert_msg(tarn__text_equal((struct tarn_text){text, size}, tarn__text_of(texts[_i].printed)), "%s gave %.*s", texts[_i].text,
                  (int)size, text);
}
END_TEST

START_TEST(decimal__prints_the_extremes)
{
    char text[TARN_DECIMAL_TEXT];
    size_t size = tarn__decimal128_print(TARN_I128_MIN, 0, text);
    ck_assert(tarn__text_equal((struct tarn_text){text, size}, TARN_TEXT("-170141183460469231731687303715884105728")));
    size = tarn__decimal128_print(TARN_I128_MAX, 38, text);
    ck_assert(tarn__text_equal((struct tarn_text){text, size}, TARN_TEXT("1.70141183460469231731687303715884105727")));
    const struct tarn_i256 least = {{0, 0, 0, (uint64_t)1 << 63}};
    size = tarn__decimal256_print(least, 0, text);
    ck_assert(tarn__text_equal((struct tarn_text){text, size},
                               TARN_TEXT("-57896044618658097711785492504343953926634992332820282019728792003956564819968")));
    size = tarn__decimal256_print((struct tarn_i256){{7, 0, 0, 0}}, 76, text);
    ck_assert_uint_eq(size, 78);
    ck_assert_int_eq(memcmp(text, "0.0000", 6), 0);
    ck_assert_int_eq(text[77], '7');
    ck_assert(!tarn__decimal256_fits(least, 76));
    ck_assert(!tarn__decimal128_fits(TARN_I128_MIN, 38));
}
END_TEST

START_TEST(decimal__round_trips_random_values)
{
    uint64_t state = 1;
    for (int i = 0; i < 2000; i++) {
        char text[TARN_DECIMAL_TEXT];
        const tarn_i128 value = random128(&state) % tarn__pow10_128(38);
        const unsigned scale = (unsigned)(next_random(&state) % 39);
        tarn_i128 back;
        size_t size = tarn__decimal128_print(value, scale, text);
        ck_assert_int_eq(tarn__decimal128_parse((struct tarn_text){text, size}, 38, scale, 0, &back), TARN_PARSED);
        ck_assert(back == value);
        struct tarn_i256 wide = random256(&state);
        struct tarn_i256 rest;
        ck_assert(tarn__i256_divide(wide, (struct tarn_i256){{1000, 0, 0, 0}}, &wide, &rest));
        struct tarn_i256 wide_back;
        size = tarn__decimal256_print(wide, scale * 2, text);
        ck_assert_int_eq(tarn__decimal256_parse((struct tarn_text){text, size}, 76, scale * 2, 0, &wide_back), TARN_PARSED);
        ck_assert(equal256(wide, wide_back));
    }
}
END_TEST

static const struct {
    int64_t value;
    unsigned from;
    unsigned to;
    unsigned flags;
    enum tarn_parsed parsed;
    int64_t result;
} rescaled[] = {
    {1234, 2, 4, 0, TARN_PARSED, 123400},
    {-1234, 2, 2, 0, TARN_PARSED, -1234},
    {1200, 2, 0, 0, TARN_PARSED, 12},
    {1250, 2, 0, 0, TARN_PARSED_INEXACT, 12},
    {-1250, 2, 0, 0, TARN_PARSED_INEXACT, -13},
    {1250, 2, 0, TARN_DECIMAL_ROUND, TARN_PARSED, 13},
    {1249, 2, 0, TARN_DECIMAL_ROUND, TARN_PARSED, 12},
    {-1250, 2, 0, TARN_DECIMAL_ROUND, TARN_PARSED, -13},
    {-1249, 2, 0, TARN_DECIMAL_ROUND, TARN_PARSED, -12},
    {199999999, 2, 3, 0, TARN_PARSED_RANGE, 999999999},
    {999999999, 1, 1, 0, TARN_PARSED, 999999999},
    {-100000000, 0, 2, 0, TARN_PARSED_RANGE, -999999999},
};

START_TEST(decimal__rescales)
{
    tarn_i128 value;
    struct tarn_i256 wide;
    const unsigned precision = 9;
    ck_assert_int_eq(
        tarn__decimal128_rescale(rescaled[_i].value, rescaled[_i].from, rescaled[_i].to, precision, rescaled[_i].flags, &value),
        rescaled[_i].parsed);
    ck_assert_int_eq((int64_t)value, rescaled[_i].result);
    ck_assert_int_eq(tarn__decimal256_rescale(tarn__i256_of(rescaled[_i].value), rescaled[_i].from, rescaled[_i].to, precision,
                                              rescaled[_i].flags, &wide),
                     rescaled[_i].parsed);
    ck_assert(equal256(wide, tarn__i256_of(rescaled[_i].result)));
}
END_TEST

START_TEST(decimal__compares_across_scales)
{
    ck_assert_int_eq(tarn__decimal128_compare(150, 2, 15, 1), 0);
    ck_assert_int_lt(tarn__decimal128_compare(-151, 2, -15, 1), 0);
    ck_assert_int_gt(tarn__decimal128_compare(TARN_I128_MAX, 0, TARN_I128_MAX, 38), 0);
    ck_assert_int_lt(tarn__decimal128_compare(TARN_I128_MIN, 0, TARN_I128_MIN, 38), 0);
    ck_assert_int_lt(tarn__decimal128_compare(1, 5, 2, 5), 0);
}
END_TEST

START_TEST(decimal__becomes_a_double_and_back)
{
    tarn_i128 value;
    ck_assert_double_eq(tarn__decimal128_to_double(-12345, 2), -123.45);
    ck_assert_double_eq(tarn__decimal128_to_double((tarn_i128)9007199254740993, 0), 9007199254740992.0);
    ck_assert_double_eq(tarn__decimal128_to_double(tarn__pow10_128(38), 38), 1.0);
    ck_assert_double_eq(tarn__decimal256_to_double(tarn__pow10_256(76), 76), 1.0);
    ck_assert_double_eq(tarn__decimal128_to_double(TARN_I128_MIN, 0), -0x1p127);
    ck_assert_int_eq(tarn__decimal128_of_double(0.1, 10, 1, &value), TARN_PARSED);
    ck_assert_int_eq((int)value, 1);
    ck_assert_int_eq(tarn__decimal128_of_double(-2.675, 10, 2, &value), TARN_PARSED);
    ck_assert_int_eq((int)value, -268);
    ck_assert_int_eq(tarn__decimal128_of_double(1e22, 10, 2, &value), TARN_PARSED_RANGE);
    ck_assert_int_eq(tarn__decimal128_of_double(NAN, 10, 2, &value), TARN_PARSED_RANGE);
    ck_assert_int_eq(tarn__decimal128_of_double(-INFINITY, 3, 2, &value), TARN_PARSED_RANGE);
    ck_assert_int_eq((int)value, -999);
}
END_TEST

#define BYTES(...)                                                                                                                         \
    {                                                                                                                                      \
        (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})                                                             \
    }

static const struct {
    struct tarn_span bytes;
    bool fits;
    int64_t value;
} stored[] = {
    {{NULL, 0}, true, 0},
    {BYTES(0x00), true, 0},
    {BYTES(0x7f), true, 127},
    {BYTES(0x80), true, -128},
    {BYTES(0xff, 0x7f), true, -129},
    {BYTES(0x00, 0x80), true, 128},
    {BYTES(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe), true, -2},
    {BYTES(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5), true, 5},
    {BYTES(0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), false, 0},
    {BYTES(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), false, 0},
};

START_TEST(decimal__loads_and_stores_bytes) /* B-DEC-2 */
{
    tarn_i128 value;
    ck_assert_int_eq(tarn__i128_load_be(stored[_i].bytes, &value), stored[_i].fits);
    if (stored[_i].fits) {
        uint8_t out[40];
        ck_assert(value == stored[_i].value);
        if (stored[_i].bytes.size != 0) {
            ck_assert(tarn__i128_store_be(value, out, stored[_i].bytes.size));
            ck_assert_int_eq(memcmp(out, stored[_i].bytes.data, stored[_i].bytes.size), 0);
        }
    }
}
END_TEST

START_TEST(decimal__refuses_bytes_that_are_too_narrow)
{
    uint8_t out[32];
    struct tarn_i256 value;
    uint8_t bytes[33] = {0, 0x80};
    ck_assert(!tarn__i128_store_be(128, out, 1));
    ck_assert(tarn__i128_store_be(127, out, 1));
    ck_assert(!tarn__i128_store_be(-129, out, 1));
    ck_assert(tarn__i128_store_be(-128, out, 1));
    ck_assert(tarn__i128_store_be(0, out, 0));
    ck_assert(!tarn__i128_store_be(1, out, 0));
    ck_assert(!tarn__i256_load_be((struct tarn_span){bytes, 33}, &value));
    bytes[1] = 0x7f;
    ck_assert(tarn__i256_load_be((struct tarn_span){bytes, 33}, &value));
    ck_assert_uint_eq(value.words[3], (uint64_t)0x7f << 56);
    static const unsigned widths[][2] = {{1, 1}, {2, 1}, {3, 2}, {4, 2}, {9, 4}, {10, 5}, {18, 8}, {19, 9}, {38, 16}, {39, 17}, {76, 32}};
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        ck_assert_uint_eq(tarn__decimal_width(widths[i][0]), widths[i][1]);
    }
}
END_TEST

START_TEST(int128__multiplies_checked)
{
    uint64_t state = 2;
    for (int i = 0; i < 20000; i++) {
        const tarn_i128 a = random128(&state);
        const tarn_i128 b = random128(&state);
        struct tarn_i256 wide;
        tarn_i128 product;
        tarn_i128 narrow;
        ck_assert_msg(tarn__i256_mul(tarn__i256_of(a), tarn__i256_of(b), &wide), "256 bits hold any product of 128");
        const bool fits = tarn__i256_to_i128(wide, &narrow);
        if (tarn__i128_mul(a, b, &product) != fits || (fits && product != narrow)) {
            ck_abort_msg("round %d", i);
        }
    }
    tarn_i128 product;
    ck_assert(tarn__i128_mul(TARN_I128_MIN, 1, &product) && product == TARN_I128_MIN);
    ck_assert(!tarn__i128_mul(TARN_I128_MIN, -1, &product));
    ck_assert(!tarn__i128_mul(TARN_I128_MAX, 2, &product));
    ck_assert(!tarn__i128_add(TARN_I128_MAX, 1, &product));
    ck_assert(!tarn__i128_sub(TARN_I128_MIN, 1, &product));
}
END_TEST

START_TEST(int256__divides_what_it_multiplied)
{
    uint64_t state = 3;
    for (int i = 0; i < 3000; i++) {
        const struct tarn_i256 a = random256(&state);
        const struct tarn_i256 divisor = i % 2 == 0 ? random256(&state) : tarn__i256_of(random128(&state));
        struct tarn_i256 quotient;
        struct tarn_i256 rest;
        struct tarn_i256 back;
        if (tarn__i256_is_zero(divisor)) {
            continue;
        }
        ck_assert(tarn__i256_divide(a, divisor, &quotient, &rest));
        ck_assert(tarn__i256_mul(quotient, divisor, &back) && tarn__i256_add(back, rest, &back));
        ck_assert(equal256(back, a));
        ck_assert(tarn__i256_is_zero(rest) || tarn__i256_is_negative(rest) == tarn__i256_is_negative(a));
    }
    const struct tarn_i256 least = {{0, 0, 0, (uint64_t)1 << 63}};
    struct tarn_i256 out;
    struct tarn_i256 rest;
    ck_assert(!tarn__i256_negate(least, &out));
    ck_assert(!tarn__i256_sub(least, tarn__i256_of(1), &out));
    ck_assert(!tarn__i256_add(least, least, &out));
    ck_assert(!tarn__i256_mul(least, tarn__i256_of(-1), &out));
    ck_assert(!tarn__i256_divide(least, tarn__i256_of(-1), &out, &rest));
    ck_assert(tarn__i256_divide(least, least, &out, &rest));
    ck_assert(equal256(out, tarn__i256_of(1)));
    ck_assert_int_lt(tarn__i256_compare(least, tarn__i256_of(0)), 0);
    ck_assert_int_gt(tarn__i256_compare(tarn__i256_of(-1), tarn__i256_of(-2)), 0);
}
END_TEST

static const struct {
    unsigned scale;
    struct tarn_span bytes;
    const char *text;
} long_decimals[] = {
    {0, {(const uint8_t *)"", 0}, "0"},
    {2, {(const uint8_t *)"\x00", 1}, "0.00"},
    {2, {(const uint8_t *)"\x05", 1}, "0.05"},
    {2, {(const uint8_t *)"\xff", 1}, "-0.01"},
    {0, {(const uint8_t *)"\x80", 1}, "-128"},
    {1, {(const uint8_t *)"\x00\xff", 2}, "25.5"},
    {0, {(const uint8_t *)"\x80\x00\x00\x00", 4}, "-2147483648"},
    {9, {(const uint8_t *)"\x3b\x9a\xca\x00", 4}, "1.000000000"},
    {0, {(const uint8_t *)"\x0d\xe0\xb6\xb3\xa7\x64\x00\x00", 8}, "1000000000000000000"},
    {0,
     {(const uint8_t
           *)"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
             "\x00\x00\x00",
      33},
     "115792089237316195423570985008687907853269984665640564039457584007913129639936"}, /* 2^256 */
};

START_TEST(decimal__shows_bytes_of_any_length) /* P-TYPE-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_text_builder text;
    tarn__builder_init(&text, env);
    ck_assert(tarn__decimal_bytes_add(&text, long_decimals[_i].bytes, long_decimals[_i].scale));
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&text), tarn__text_of(long_decimals[_i].text)), "%.*s, expected %s", (int)text.size,
                  text.data, long_decimals[_i].text);
    tarn__builder_free(&text);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(decimal__shows_bytes_up_to_a_limit) /* P-TYPE-3 */
{
    static const uint8_t bytes[TARN_DECIMAL_BYTES + 1] = {0x7f};
    struct tarn_env *env = tarn_test_env();
    struct tarn_text_builder text;
    tarn__builder_init(&text, env);
    ck_assert(!tarn__decimal_bytes_add(&text, (struct tarn_span){bytes, TARN_DECIMAL_BYTES + 1}, 0));
    ck_assert(!tarn__decimal_bytes_add(&text, (struct tarn_span){bytes, 1}, TARN_DECIMAL_BYTES_DIGITS + 1));
    ck_assert_uint_eq(text.size, 0);
    ck_assert(tarn__decimal_bytes_add(&text, (struct tarn_span){bytes, TARN_DECIMAL_BYTES}, 0));
    ck_assert_uint_eq(text.size, TARN_DECIMAL_BYTES_DIGITS);
    tarn__builder_free(&text);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/decimal", TARN_LOOP_TEST(decimal__shows_bytes_of_any_length, long_decimals),
           TARN_TEST(decimal__shows_bytes_up_to_a_limit), TARN_LOOP_TEST(decimal__parses_and_prints, texts),
           TARN_TEST(decimal__prints_the_extremes), TARN_TEST(decimal__round_trips_random_values),
           TARN_LOOP_TEST(decimal__rescales, rescaled), TARN_TEST(decimal__compares_across_scales),
           TARN_TEST(decimal__becomes_a_double_and_back), TARN_LOOP_TEST(decimal__loads_and_stores_bytes, stored),
           TARN_TEST(decimal__refuses_bytes_that_are_too_narrow), TARN_TEST(int128__multiplies_checked),
           TARN_TEST(int256__divides_what_it_multiplied))
