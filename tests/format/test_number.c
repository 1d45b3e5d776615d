/* SPDX-License-Identifier: Apache-2.0
 * Numbers as text: written-out cases, and the C library as the judge of a great many random ones.
 */
#include "format/base/number.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For loops: Check's own assertions write a message each time, also when all is well. */
#define always(condition, ...)                                                                                                             \
    do {                                                                                                                                   \
        if (!(condition)) {                                                                                                                \
            ck_abort_msg(__VA_ARGS__);                                                                                                     \
        }                                                                                                                                  \
    } while (0)

static uint64_t next_random(uint64_t *state) /* SplitMix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint32_t float_bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static const struct {
    const char *text;
    enum tarn_parsed parsed;
    int64_t value;
} int64_cases[] = {
    {"0", TARN_PARSED, 0},
    {"-0", TARN_PARSED, 0},
    {"+7", TARN_PARSED, 7},
    {"12345678", TARN_PARSED, 12345678},
    {"-1234567890123", TARN_PARSED, -1234567890123},
    {"9223372036854775807", TARN_PARSED, INT64_MAX},
    {"-9223372036854775808", TARN_PARSED, INT64_MIN},
    {"000000000000000000000000012", TARN_PARSED, 12},
    {"9223372036854775808", TARN_PARSED_RANGE, INT64_MAX},
    {"-9223372036854775809", TARN_PARSED_RANGE, INT64_MIN},
    {"99999999999999999999", TARN_PARSED_RANGE, INT64_MAX},
    {"18446744073709551616", TARN_PARSED_RANGE, INT64_MAX},
    {"-999999999999999999999999", TARN_PARSED_RANGE, INT64_MIN},
    {"", TARN_PARSED_SYNTAX, 0},
    {"-", TARN_PARSED_SYNTAX, 0},
    {"+-1", TARN_PARSED_SYNTAX, 0},
    {" 1", TARN_PARSED_SYNTAX, 0},
    {"1 ", TARN_PARSED_SYNTAX, 0},
    {"1.0", TARN_PARSED_SYNTAX, 0},
    {"1234567:", TARN_PARSED_SYNTAX, 0},
    {"/2345678", TARN_PARSED_SYNTAX, 0},
    {"1234567\xff", TARN_PARSED_SYNTAX, 0},
    {"99999999999999999999x", TARN_PARSED_SYNTAX, 0},
};

START_TEST(number__parses_int64) /* B-NUM-3 */
{
    int64_t value = 1;
    ck_assert_int_eq(tarn__int64_parse(tarn__text_of(int64_cases[_i].text), &value), int64_cases[_i].parsed);
    ck_assert_int_eq(value, int64_cases[_i].value);
}
END_TEST

static const struct {
    const char *text;
    enum tarn_parsed parsed;
    uint64_t value;
} uint64_cases[] = {
    {"18446744073709551615", TARN_PARSED, UINT64_MAX},
    {"18446744073709551616", TARN_PARSED_RANGE, UINT64_MAX},
    {"-0", TARN_PARSED, 0},
    {"-1", TARN_PARSED_RANGE, 0},
    {"+18446744073709551610", TARN_PARSED, UINT64_MAX - 5},
    {"99999999999999999999", TARN_PARSED_RANGE, UINT64_MAX},
    {"", TARN_PARSED_SYNTAX, 0},
    {"0x10", TARN_PARSED_SYNTAX, 0},
};

START_TEST(number__parses_uint64)
{
    uint64_t value = 1;
    ck_assert_int_eq(tarn__uint64_parse(tarn__text_of(uint64_cases[_i].text), &value), uint64_cases[_i].parsed);
    ck_assert_uint_eq(value, uint64_cases[_i].value);
}
END_TEST

START_TEST(number__prints_integers_as_the_c_library_does)
{
    uint64_t state = 1;
    for (int i = 0; i < 200000; i++) {
        const uint64_t value = next_random(&state) >> (next_random(&state) % 64);
        char expected[32];
        char text[TARN_NUMBER_TEXT];
        size_t size = tarn__uint64_print(value, text);
        always(snprintf(expected, sizeof(expected), "%llu", (unsigned long long)value) == ((int)size), "%s", text);
        always(memcmp(text, expected, size) == (0), "%s", text);
        size = tarn__int64_print((int64_t)value, text);
        always(snprintf(expected, sizeof(expected), "%lld", (long long)value) == ((int)size), "%s", text);
        always(memcmp(text, expected, size) == (0), "%s", text);
        int64_t back;
        always(tarn__int64_parse((struct tarn_text){text, size}, &back) == (TARN_PARSED), "%s", text);
        always(back == ((int64_t)value), "%s", text);
    }
}
END_TEST

START_TEST(number__takes_eight_digits_only_when_all_are)
{
    uint32_t value;
    ck_assert(tarn__digits8("12345678", &value));
    ck_assert_uint_eq(value, 12345678);
    ck_assert(tarn__digits8("00000000", &value));
    ck_assert(tarn__digits8("99999999", &value));
    ck_assert_uint_eq(value, 99999999);
    for (size_t place = 0; place < 8; place++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[8] = {'5', '5', '5', '5', '5', '5', '5', '5'};
            text[place] = (char)byte;
            ck_assert_int_eq(tarn__digits8(text, &value), byte >= '0' && byte <= '9');
        }
    }
}
END_TEST

static const struct {
    const char *text;
    enum tarn_parsed parsed;
    double value;
} double_cases[] = {
    {"0", TARN_PARSED, 0.0},
    {"-0", TARN_PARSED, -0.0},
    {"1", TARN_PARSED, 1.0},
    {".5", TARN_PARSED, 0.5},
    {"5.", TARN_PARSED, 5.0},
    {"+1e3", TARN_PARSED, 1000.0},
    {"1E-2", TARN_PARSED, 0.01},
    {"9007199254740993", TARN_PARSED, 9007199254740992.0},
    {"9007199254740993.00000000000000000000000000000000000001", TARN_PARSED, 9007199254740994.0},
    {"9007199254740995", TARN_PARSED, 9007199254740996.0},
    {"1.7976931348623157e308", TARN_PARSED, 1.7976931348623157e308},
    {"1.7976931348623158e308", TARN_PARSED, 1.7976931348623157e308},
    {"1.7976931348623159e308", TARN_PARSED_RANGE, INFINITY},
    {"-1e309", TARN_PARSED_RANGE, -INFINITY},
    {"1e999999999999999999999", TARN_PARSED_RANGE, INFINITY},
    {"0e999999999999999999999", TARN_PARSED, 0.0},
    {"1e-999999999999999999999", TARN_PARSED, 0.0},
    {"5e-324", TARN_PARSED, 5e-324},
    {"2.4703282292062327e-324", TARN_PARSED, 0.0},
    {"2.4703282292062328e-324", TARN_PARSED, 5e-324},
    {"2.2250738585072011e-308", TARN_PARSED, 2.2250738585072011e-308},
    {"2.2250738585072014e-308", TARN_PARSED, 2.2250738585072014e-308},
    {"0.000000000000000000000000000000000000000000000000000000000000000001e66", TARN_PARSED, 1.0},
    {"100000000000000000000000000000000000000000000000000000000000000000e-65", TARN_PARSED, 1.0},
    {"", TARN_PARSED_SYNTAX, 0},
    {".", TARN_PARSED_SYNTAX, 0},
    {"-", TARN_PARSED_SYNTAX, 0},
    {"e5", TARN_PARSED_SYNTAX, 0},
    {"1e", TARN_PARSED_SYNTAX, 0},
    {"1e+", TARN_PARSED_SYNTAX, 0},
    {"1..2", TARN_PARSED_SYNTAX, 0},
    {"1,5", TARN_PARSED_SYNTAX, 0},
    {"0x1p3", TARN_PARSED_SYNTAX, 0},
    {"1 ", TARN_PARSED_SYNTAX, 0},
    {"nan", TARN_PARSED_SYNTAX, 0},
    {"inf", TARN_PARSED_SYNTAX, 0},
};

START_TEST(number__parses_doubles)
{
    double value = 1;
    ck_assert_int_eq(tarn__double_parse(tarn__text_of(double_cases[_i].text), 0, &value), double_cases[_i].parsed);
    ck_assert_msg(bits_of(value) == bits_of(double_cases[_i].value), "%s gave %.17g", double_cases[_i].text, value);
}
END_TEST

START_TEST(number__parses_specials_and_commas_when_asked)
{
    double value;
    ck_assert_int_eq(tarn__double_parse(TARN_TEXT("-Infinity"), TARN_NUMBER_SPECIALS, &value), TARN_PARSED);
    ck_assert(value < 0 && isinf(value));
    ck_assert_int_eq(tarn__double_parse(TARN_TEXT("INF"), TARN_NUMBER_SPECIALS, &value), TARN_PARSED);
    ck_assert(value > 0 && isinf(value));
    ck_assert_int_eq(tarn__double_parse(TARN_TEXT("NaN"), TARN_NUMBER_SPECIALS, &value), TARN_PARSED);
    ck_assert(isnan(value));
    float narrow;
    ck_assert_int_eq(tarn__float_parse(TARN_TEXT("nan"), TARN_NUMBER_SPECIALS, &narrow), TARN_PARSED);
    ck_assert(isnan(narrow));
    ck_assert_int_eq(tarn__double_parse(TARN_TEXT("infinit"), TARN_NUMBER_SPECIALS, &value), TARN_PARSED_SYNTAX);
    ck_assert_int_eq(tarn__double_parse(TARN_TEXT("-"), TARN_NUMBER_SPECIALS, &value), TARN_PARSED_SYNTAX);
    ck_assert_int_eq(tarn__double_parse(TARN_TEXT("-1,25"), TARN_NUMBER_COMMA, &value), TARN_PARSED);
    ck_assert_double_eq(value, -1.25);
    ck_assert_int_eq(tarn__double_parse(TARN_TEXT("1.25"), TARN_NUMBER_COMMA, &value), TARN_PARSED_SYNTAX);
}
END_TEST

static const struct {
    double value;
    const char *text;
} printed[] = {
    {0.0, "0.0"},
    {-0.0, "-0.0"},
    {1.0, "1.0"},
    {0.1, "0.1"},
    {-2.5, "-2.5"},
    {100000.0, "100000.0"},
    {0.0001, "0.0001"},
    {0.00001, "1e-05"},
    {1234567.125, "1234567.125"},
    {9999999999999998.0, "9999999999999998.0"},
    {1e16, "1e+16"},
    {1.5e16, "1.5e+16"},
    {1e22, "1e+22"},
    {1e23, "1e+23"},
    {9007199254740993.0, "9007199254740992.0"},
    {5e-324, "5e-324"},
    {2.2250738585072014e-308, "2.2250738585072014e-308"},
    {1.7976931348623157e308, "1.7976931348623157e+308"},
    {4.35, "4.35"},
    {2e-3, "0.002"},
    {INFINITY, "inf"},
    {-INFINITY, "-inf"},
    {NAN, "nan"},
};

START_TEST(number__prints_doubles_as_python_does) /* B-NUM-2 */
{
    char text[TARN_NUMBER_TEXT];
    const size_t size = tarn__double_print(printed[_i].value, NULL, text);
    ck_assert_msg(tarn__text_equal((struct tarn_text){text, size}, tarn__text_of(printed[_i].text)), "%.*s, expected %s", (int)size, text,
                  printed[_i].text);
}
END_TEST

START_TEST(number__spells_specials_as_the_caller_says)
{
    char text[TARN_NUMBER_TEXT];
    size_t size = tarn__double_print(-INFINITY, &tarn__float_words_json, text);
    ck_assert(tarn__text_equal((struct tarn_text){text, size}, TARN_TEXT("\"-Infinity\"")));
    size = tarn__float_print(NAN, &tarn__float_words_json, text);
    ck_assert(tarn__text_equal((struct tarn_text){text, size}, TARN_TEXT("\"NaN\"")));
    size = tarn__float_print(0.1f, NULL, text);
    ck_assert(tarn__text_equal((struct tarn_text){text, size}, TARN_TEXT("0.1")));
    size = tarn__float_print(16777216.0f, NULL, text);
    ck_assert(tarn__text_equal((struct tarn_text){text, size}, TARN_TEXT("16777216.0")));
}
END_TEST

/* Digits of `value` at a precision, by the C library, without zeros behind. */
static struct tarn_float_digits judge(double value, int digits)
{
    char text[64];
    snprintf(text, sizeof(text), "%.*e", digits - 1, value);
    struct tarn_float_digits out = {0, (int32_t)strtol(strchr(text, 'e') + 1, NULL, 10) - digits + 1, text[0] == '-'};
    for (const char *at = text; *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9') {
            out.digits = out.digits * 10 + (uint64_t)(*at - '0');
        }
    }
    while (out.digits != 0 && out.digits % 10 == 0) {
        out.digits /= 10;
        out.exponent++;
    }
    return out;
}

static int count_digits(uint64_t digits)
{
    int count = 1;
    for (; digits >= 10; digits /= 10) {
        count++;
    }
    return count;
}

/* Prints, reads back with both parsers, and sees that no shorter text and no nearer one of that length would do. */
static void check_double(double value)
{
    char text[TARN_NUMBER_TEXT + 1];
    const size_t size = tarn__double_print(value, NULL, text);
    text[size] = '\0';
    always(bits_of(strtod(text, NULL)) == bits_of(value), "%.17g printed as %s", value, text);
    double back;
    always(tarn__double_parse((struct tarn_text){text, size}, 0, &back) == (TARN_PARSED), "%s", text);
    always(bits_of(back) == bits_of(value), "%s read as %.17g", text, back);
    if (value == 0) {
        return;
    }
    const struct tarn_float_digits shortest = tarn__double_shortest(value);
    const int count = count_digits(shortest.digits);
    if (count > 1) {
        snprintf(text, sizeof(text), "%.*e", count - 2, value);
        always(strtod(text, NULL) != value, "%s is shorter for %.17g", text, value);
    }
    snprintf(text, sizeof(text), "%.*e", count - 1, value);
    if (strtod(text, NULL) == value) { /* else the nearest of this length is another double's: an even end of the interval */
        const struct tarn_float_digits nearest = judge(value, count);
        always(nearest.digits == shortest.digits && nearest.exponent == shortest.exponent, "%s is nearer for %.17g", text, value);
    }
}

static void check_float(float value)
{
    char text[TARN_NUMBER_TEXT + 1];
    const size_t size = tarn__float_print(value, NULL, text);
    text[size] = '\0';
    always(float_bits_of(strtof(text, NULL)) == float_bits_of(value), "%.9g printed as %s", (double)value, text);
    float back;
    always(tarn__float_parse((struct tarn_text){text, size}, 0, &back) == (TARN_PARSED), "%s", text);
    always(float_bits_of(back) == (float_bits_of(value)), "%s", text);
    const int count = count_digits(tarn__float_shortest(value).digits);
    if (count > 1) {
        snprintf(text, sizeof(text), "%.*e", count - 2, (double)value);
        always(strtof(text, NULL) != value, "%s is shorter for %.9g", text, (double)value);
    }
}

START_TEST(number__prints_random_doubles_shortest)
{
    uint64_t state = 2;
    for (int i = 0; i < 200000; i++) {
        const double value = double_of(next_random(&state));
        if (isfinite(value)) {
            check_double(value);
        }
        check_double((double)(int64_t)(next_random(&state) >> (next_random(&state) % 60)) / 1000.0);
    }
}
END_TEST

START_TEST(number__prints_doubles_at_the_edges_shortest)
{
    for (int exponent = -1074; exponent <= 1023; exponent++) {
        const double value = ldexp(1.0, exponent);
        check_double(value);
        check_double(nextafter(value, INFINITY));
        check_double(nextafter(value, 0));
    }
    for (int exponent = -323; exponent <= 308; exponent++) {
        char text[32];
        snprintf(text, sizeof(text), "1e%d", exponent);
        const double value = strtod(text, NULL);
        check_double(value);
        check_double(nextafter(value, INFINITY));
        check_double(nextafter(value, 0));
    }
}
END_TEST

START_TEST(number__prints_random_floats_shortest)
{
    uint64_t state = 3;
    for (int i = 0; i < 200000; i++) {
        const float value = float_of((uint32_t)next_random(&state));
        if (isfinite(value)) {
            check_float(value);
        }
    }
}
END_TEST

/* A random text with up to 40 digits, mostly in the range of doubles. */
static size_t random_text(uint64_t *state, char *text)
{
    const int before = (int)(next_random(state) % 20);
    const int behind = (int)(next_random(state) % 20) + (before == 0);
    char *at = text;
    if (next_random(state) % 2 == 0) {
        *at++ = '-';
    }
    for (int i = 0; i < before; i++) {
        *at++ = (char)('0' + next_random(state) % 10);
    }
    if (behind != 0) {
        *at++ = '.';
    }
    for (int i = 0; i < behind; i++) {
        *at++ = (char)('0' + next_random(state) % 10);
    }
    if (before + behind == 0) {
        *at++ = '7';
    }
    if (next_random(state) % 2 == 0) {
        at += sprintf(at, "e%d", (int)(next_random(state) % 700) - 350);
    }
    *at = '\0';
    return (size_t)(at - text);
}

START_TEST(number__parses_random_texts_as_the_c_library_does) /* B-NUM-1 */
{
    uint64_t state = 4;
    for (int i = 0; i < 300000; i++) {
        char text[64];
        const size_t size = random_text(&state, text);
        double value;
        const enum tarn_parsed parsed = tarn__double_parse((struct tarn_text){text, size}, 0, &value);
        always(bits_of(value) == bits_of(strtod(text, NULL)), "%s", text);
        always(parsed == (isinf(value) ? TARN_PARSED_RANGE : TARN_PARSED), "%s", text);
        float narrow;
        (void)tarn__float_parse((struct tarn_text){text, size}, 0, &narrow);
        always(float_bits_of(narrow) == float_bits_of(strtof(text, NULL)), "%s", text);
    }
}
END_TEST

/* The exact decimal half way between two neighbours, which has up to 767 digits; and one unit below and above its last digit. */
START_TEST(number__decides_ties_to_even_and_sees_the_last_digit)
{
    uint64_t state = 5;
    for (int i = 0; i < 4000; i++) {
        uint64_t bits = next_random(&state) >> 1;
        bits = i % 4 == 0 ? bits % 5000 : bits; /* subnormal */
        const double below = double_of(bits);
        const double above = double_of(bits + 1);
        if (!isfinite(above)) {
            continue;
        }
        static char text[2048];
        const long double half = ((long double)below + (long double)above) / 2; /* 64 bits: exact, also below the least double */
        int size = snprintf(text, sizeof(text), "%.1100Le", half);
        ck_assert_int_gt(size, 0);
        const double even = bits % 2 == 0 ? below : above;
        double value;
        ck_assert_int_eq(tarn__double_parse((struct tarn_text){text, (size_t)size}, 0, &value), TARN_PARSED);
        ck_assert_msg(bits_of(value) == bits_of(even), "tie %.40s", text);
        char *last = strchr(text, 'e') - 1;
        *last = '1'; /* digit 1101: far behind the digits of the tie */
        ck_assert_int_eq(tarn__double_parse((struct tarn_text){text, (size_t)size}, 0, &value), TARN_PARSED);
        ck_assert_msg(bits_of(value) == bits_of(above), "above %.40s", text);
    }
}
END_TEST

TARN_SUITE("format/number", TARN_LOOP_TEST(number__parses_int64, int64_cases), TARN_LOOP_TEST(number__parses_uint64, uint64_cases),
           TARN_TEST(number__prints_integers_as_the_c_library_does), TARN_TEST(number__takes_eight_digits_only_when_all_are),
           TARN_LOOP_TEST(number__parses_doubles, double_cases), TARN_TEST(number__parses_specials_and_commas_when_asked),
           TARN_LOOP_TEST(number__prints_doubles_as_python_does, printed), TARN_TEST(number__spells_specials_as_the_caller_says),
           TARN_TEST(number__prints_random_doubles_shortest), TARN_TEST(number__prints_doubles_at_the_edges_shortest),
           TARN_TEST(number__prints_random_floats_shortest), TARN_TEST(number__parses_random_texts_as_the_c_library_does),
           TARN_TEST(number__decides_ties_to_even_and_sees_the_last_digit))
