/* SPDX-License-Identifier: Apache-2.0
 *
 * The quick ways to numbers and dates give what the parsers of format/base give, or nothing.
 */
#include <stdio.h>

#include "format/base/number.h"
#include "reader/csv/csv_quick.h"
#include "tests/support/suite.h"

/* The text at the end of a field of rubbish, as it stands in a file: before it may be anything. */
static const uint8_t *end_of(const char *text, char before)
{
    static char room[64];
    memset(room, before, sizeof(room));
    memcpy(room + 32, text, strlen(text));
    return (const uint8_t *)room + 32 + strlen(text);
}

static const char *const integers[] = {"0", "7", "10", "007", "12345678", "123456789", "999999999999999", "-1", "-0", "-99999999"};

START_TEST(csv_quick__integers)
{
    const char *text = integers[_i];
    int64_t expected;
    ck_assert_int_eq(tarn__int64_parse((struct tarn_text){text, strlen(text)}, &expected), TARN_PARSED);
    for (const char *before = ",9-. "; *before != '\0'; before++) {
        int64_t quick = -7;
        ck_assert(tarn__csv_quick_integer(end_of(text, *before), strlen(text), &quick));
        ck_assert_int_eq(quick, expected);
    }
}
END_TEST

static const char *const no_integers[] = {
    "", "-", "1000000000000000", "+1", "1.0", "1e3", " 1", "1 ", "12a", "a2", "1,000", "1/", ":1", "--1", "1-", "12345678x", "x12345678"};

START_TEST(csv_quick__leaves_what_is_no_plain_integer)
{
    int64_t quick;
    ck_assert(!tarn__csv_quick_integer(end_of(no_integers[_i], '1'), strlen(no_integers[_i]), &quick));
}
END_TEST

/* The bytes right above and below the digits, and with the top bit set, at every place of the eight. */
START_TEST(csv_quick__every_byte_that_is_no_digit_is_seen)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < 8; at++) {
            char text[9] = "12345678";
            uint64_t quick;
            text[at] = (char)byte;
            const bool digit = byte >= '0' && byte <= '9';
            ck_assert_int_eq(tarn__csv_quick_unsigned((const uint8_t *)text + 8, 8, &quick), digit);
        }
    }
}
END_TEST

static const char *const decimals[] = {"0.04",      "17.00", "104949.50",  "-3.5", "-0.0", "0", "123456789012345", "12345678.1234567",
                                       "1.0000001", "-12",   "99999999.99"};

START_TEST(csv_quick__decimals_as_doubles)
{
    const char *text = decimals[_i];
    for (unsigned guess = 0; guess <= 7; guess++) {
        bool negative;
        uint64_t digits;
        unsigned fraction = guess;
        double expected;
        ck_assert_int_eq(tarn__double_parse((struct tarn_text){text, strlen(text)}, 0, &expected), TARN_PARSED);
        ck_assert(tarn__csv_quick_decimal(end_of(text, '.'), strlen(text), '.', &negative, &digits, &fraction));
        double quick = (double)digits / (double)tarn__csv_power_of_ten(fraction);
        quick = negative ? -quick : quick;
        ck_assert_mem_eq(&quick, &expected, sizeof(quick));
    }
}
END_TEST

static const char *const no_decimals[] = {"",      "-",   ".",   "1.",   ".5",   "-.5",        "1.2.3",       "1e5",
                                          "1.5e5", "1,5", "nan", "+1.5", " 1.5", "1.12345678", "123456789.5", "1.-5"};

START_TEST(csv_quick__leaves_what_is_no_plain_decimal)
{
    for (unsigned guess = 0; guess <= 7; guess++) {
        bool negative;
        uint64_t digits;
        unsigned fraction = guess;
        const char *text = no_decimals[_i];
        ck_assert(!tarn__csv_quick_decimal(end_of(text, '1'), strlen(text), '.', &negative, &digits, &fraction));
    }
}
END_TEST

START_TEST(csv_quick__dates)
{
    for (unsigned year = 1; year <= 9999; year += 37) {
        for (unsigned month = 0; month <= 13; month++) {
            for (unsigned day = 0; day <= 32; day++) {
                char text[32];
                int32_t expected = 0;
                int64_t quick = 0;
                snprintf(text, sizeof(text), "%04u-%02u-%02u", year, month, day);
                const bool whole = tarn__date_parse((struct tarn_text){text, 10}, &expected) == TARN_PARSED;
                const bool found = tarn__csv_quick_date(end_of(text, '0'), 10, &quick);
                ck_assert_int_eq(found, whole && day <= 28);
                ck_assert(!found || quick == expected);
            }
        }
    }
    int64_t quick;
    static const char *const others[] = {"0000-01-01", "2024/01/01", "2024-1-001", "20240101  ", "2024-01-0a", "202a-01-01", "2024-01-011"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ck_assert(!tarn__csv_quick_date(end_of(others[i], '0'), strlen(others[i]), &quick));
    }
}
END_TEST

TARN_SUITE("csv_quick", TARN_LOOP_TEST(csv_quick__integers, integers),
           TARN_LOOP_TEST(csv_quick__leaves_what_is_no_plain_integer, no_integers),
           TARN_TEST(csv_quick__every_byte_that_is_no_digit_is_seen), TARN_LOOP_TEST(csv_quick__decimals_as_doubles, decimals),
           TARN_LOOP_TEST(csv_quick__leaves_what_is_no_plain_decimal, no_decimals), TARN_TEST(csv_quick__dates))
