/* SPDX-License-Identifier: Apache-2.0
 * Single values of CSV files: numbers with money, groups and foreign points, words of truth, dates and times by a format, each with what
 * is nearly one.
 */
#include <stdio.h>
#include <string.h>

#include "reader/csv/csv_value.h"
#include "tests/support/suite.h"

/* ---- numbers ---- */

#define EURO "\xe2\x82\xac"
#define POUND "\xc2\xa3"
#define DIGITS_90 "123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"

static const struct {
    const char *text;
    char point;
    const char *plain; /* "": it is no number */
} numbers[] = {
    {"0", '.', "0"},
    {" -12 ", '.', "-12"},
    {"+12.50", '.', "+12.50"},
    {".5", '.', ".5"},
    {"5.", '.', "5."},
    {"-.5", '.', "-.5"},
    {".", '.', ""},
    {"-", '.', ""},
    {"-.", '.', ""},
    {"", '.', ""},
    {"   ", '.', ""},
    {"1e3", '.', "1e3"},
    {"1.5E-3", '.', "1.5E-3"},
    {"e3", '.', ""},
    {".e3", '.', ""},
    {"1x", '.', ""},
    {"x1", '.', ""},
    /* groups */
    {"1,234", '.', "1234"},
    {"1,234,567.89", '.', "1234567.89"},
    {"-123,456", '.', "-123456"},
    {"1234,567", '.', ""},
    {"1,23", '.', ""},
    {"1,2345", '.', ""},
    {"1,234,56", '.', ""},
    {"1,,234", '.', ""},
    {"1,234,", '.', ""},
    {",234", '.', ""},
    {"1,abc", '.', ""},
    {"1,234x", '.', ""},
    {"1.234,5", ',', "1234.5"},
    {"0,5", ',', "0.5"},
    {"1,5", '.', ""},
    {"1.5", ',', ""},
    {"1.234.567", ',', "1234567"},
    /* money */
    {"$5", '.', "5"},
    {"$ 5", '.', "5"},
    {"-$5", '.', "-5"},
    {"$-5", '.', "-5"},
    {"+$-5", '.', ""},
    {"$- 5", '.', "-5"},
    {EURO "1.000,50", ',', "1000.50"},
    {EURO, '.', ""},
    {"$", '.', ""},
    {"$ ", '.', ""},
    {"-$", '.', ""},
    {POUND "7", '.', "7"},
    {"\xc2", '.', ""},
    {"\xe2\x82", '.', ""},
    {"5" EURO, '.', ""},
    {"$$5", '.', ""},
    /* longer than there is room for */
    {DIGITS_90 "12345", '.', DIGITS_90 "12345"},
    {DIGITS_90 "123456", '.', ""},
};

START_TEST(csv_value__numbers_become_plain)
{
    char out[TARN_CSV_PLAIN + 1];
    const size_t size = tarn__csv_plain_number(tarn__text_of(numbers[_i].text), numbers[_i].point, out);
    ck_assert_uint_lt(size, TARN_CSV_PLAIN);
    out[size] = '\0';
    ck_assert_msg(strcmp(out, numbers[_i].plain) == 0, "'%s' is '%s', not '%s'", numbers[_i].text, out, numbers[_i].plain);
}
END_TEST

/* ---- truth ---- */

static const struct {
    const char *text;
    int strict; /* -1: no word of truth */
    int loose;
} truths[] = {
    {"true", 1, 1}, {"FALSE", 0, 0},   {" True  ", 1, 1}, {"t", -1, 1},      {"F", -1, 0},          {"yes", -1, 1},
    {"No", -1, 0},  {"Y", -1, 1},      {"n", -1, 0},      {"1", -1, 1},      {"0", -1, 0},          {"2", -1, -1},
    {"", -1, -1},   {"truE!", -1, -1}, {"tru", -1, -1},   {"wrong", -1, -1}, {"falsehood", -1, -1},
};

START_TEST(csv_value__words_of_truth)
{
    const struct tarn_text text = tarn__text_of(truths[_i].text);
    for (int loose = 0; loose < 2; loose++) {
        bool value = false;
        const int expected = loose ? truths[_i].loose : truths[_i].strict;
        const bool is_one = tarn__csv_bool(text, loose, &value);
        ck_assert_msg((is_one ? (int)value : -1) == expected, "'%s', loose %d", truths[_i].text, loose);
    }
}
END_TEST

/* ---- dates and times ---- */

#define NO_DATE "syntax"
#define NO_DAY "range"

static const struct {
    const char *format;
    const char *text;
    const char *expected; /* year-month-day hour:minute:second.nanos/fraction digits, then T time, Z zone in seconds, ~ digits lost */
} times[] = {
    /* dates */
    {"%d.%m.%Y", "29.02.2024", "2024-2-29"},
    {"%d.%m.%Y", " 1.2.2024 ", "2024-2-1"},
    {"%d.%m.%Y", "30.02.2024", NO_DAY},
    {"%d.%m.%Y", "29.02.2023", NO_DAY},
    {"%d.%m.%Y", "0.1.2024", NO_DAY},
    {"%d.%m.%Y", "1.13.2024", NO_DAY},
    {"%d.%m.%Y", "29.02.24", NO_DATE},
    {"%d.%m.%Y", "29-02-2024", NO_DATE},
    {"%d.%m.%Y", "29.02.", NO_DATE},
    {"%d.%m.%Y", "29", NO_DATE},
    {"%d.%m.%Y", ".02.2024", NO_DATE},
    {"%d.%m.%Y", "", NO_DATE},
    {"%d.%m.%Y", "29.02.2024x", NO_DATE},
    {"%m/%d/%y", "02/29/24", "2024-2-29"},
    {"%m/%d/%y", "12/31/68", "2068-12-31"},
    {"%m/%d/%y", "12/31/69", "1969-12-31"},
    {"%m/%d/%y", "12/31/9", NO_DATE},
    {"%d %b %Y", "29 fEb 2024", "2024-2-29"},
    {"%d %b %Y", "29 Fe", NO_DATE},
    {"%d %b %Y", "29 Xyz 2024", NO_DATE},
    {"%B %d, %Y", "December 31, 1999", "1999-12-31"},
    {"%B %d, %Y", "MAY 1, 2024", "2024-5-1"},
    {"%B %d, %Y", "Dec 31, 1999", NO_DATE},
    {"%B %d, %Y", "Decembe", NO_DATE},
    {"100%% %Y", "100% 2024", "2024-1-1"},
    {"100%% %Y", "100 2024", NO_DATE},
    {"%Y%", "2024%", NO_DATE}, /* no format: is_valid refuses it */
    {"%Q", "2024", NO_DATE},
    /* a time by the format */
    {"%Y-%m-%d %H:%M:%S", "2024-02-29 23:59:58", "2024-2-29 23:59:58T"},
    {"%Y-%m-%d %H:%M:%S", "2024-02-29 24:00:00", NO_DAY},
    {"%Y-%m-%d %H:%M:%S", "2024-02-29 23:60:00", NO_DAY},
    {"%Y-%m-%d %H:%M:%S", "2024-02-29 23:59:60", NO_DAY},
    {"%Y-%m-%d %H:%M:%S", "2024-02-29 23:5:00", NO_DATE},
    {"%Y-%m-%d %H:%M:%S", "2024-02-29", NO_DATE},
    {"%Y-%m-%d %H:%M:%S", "2024-02-29 23:59:58 extra", NO_DATE},
    {"%d/%m/%Y %I:%M %p", "29/02/2024 12:30 AM", "2024-2-29 0:30:0T"},
    {"%d/%m/%Y %I:%M %p", "29/02/2024 12:30 pm", "2024-2-29 12:30:0T"},
    {"%d/%m/%Y %I:%M %p", "29/02/2024 1:30 Pm", "2024-2-29 13:30:0T"},
    {"%d/%m/%Y %I:%M %p", "29/02/2024 0:30 PM", NO_DATE},
    {"%d/%m/%Y %I:%M %p", "29/02/2024 13:30 PM", NO_DATE},
    {"%d/%m/%Y %I:%M %p", "29/02/2024 1:30 P", NO_DATE},
    {"%d/%m/%Y %I:%M %p", "29/02/2024 1:30 PX", NO_DATE},
    {"%d/%m/%Y %I:%M %p", "29/02/2024 1:30 XM", NO_DATE},
    {"%H:%M:%S.%f", "01:02:03.5", "1970-1-1 1:2:3.500000000/1T"},
    {"%H:%M:%S.%f", "01:02:03.123456789", "1970-1-1 1:2:3.123456789/9T"},
    {"%H:%M:%S.%f", "01:02:03.1234567890", "1970-1-1 1:2:3.123456789/9T"},
    {"%H:%M:%S.%f", "01:02:03.12345678901", "1970-1-1 1:2:3.123456789/9T~"},
    {"%H:%M:%S.%f", "01:02:03.", NO_DATE},
    {"%Y-%m-%d %H%z", "2024-02-29 12Z", "2024-2-29 12:0:0TZ0"},
    {"%Y-%m-%d %H%z", "2024-02-29 12z", "2024-2-29 12:0:0TZ0"},
    {"%Y-%m-%d %H%z", "2024-02-29 12UTC", "2024-2-29 12:0:0TZ0"},
    {"%Y-%m-%d %H%z", "2024-02-29 12+02", "2024-2-29 12:0:0TZ7200"},
    {"%Y-%m-%d %H%z", "2024-02-29 12+0230", "2024-2-29 12:0:0TZ9000"},
    {"%Y-%m-%d %H%z", "2024-02-29 12-11:30", "2024-2-29 12:0:0TZ-41400"},
    {"%Y-%m-%d %H%z", "2024-02-29 12+19", NO_DATE},
    {"%Y-%m-%d %H%z", "2024-02-29 12+02:60", NO_DATE},
    {"%Y-%m-%d %H%z", "2024-02-29 12+02:", NO_DATE},
    {"%Y-%m-%d %H%z", "2024-02-29 12+02:3", NO_DATE},
    {"%Y-%m-%d %H%z", "2024-02-29 12+2", NO_DATE},
    {"%Y-%m-%d %H%z", "2024-02-29 12+a2", NO_DATE},
    {"%Y-%m-%d %H%z", "2024-02-29 12CET", NO_DATE},
    {"%Y-%m-%d %H%z", "2024-02-29 12", NO_DATE},
    /* a time behind a date, of which the format says nothing */
    {"%d.%m.%Y", "29.02.2024 12:34", "2024-2-29 12:34:0T"},
    {"%d.%m.%Y", "29.02.2024T12:34:56", "2024-2-29 12:34:56T"},
    {"%d.%m.%Y", "29.02.2024 12:34:56.25", "2024-2-29 12:34:56.250000000/2T"},
    {"%d.%m.%Y", "29.02.2024 12:34:56.", NO_DATE},
    {"%d.%m.%Y", "29.02.2024 1:34 PM", "2024-2-29 13:34:0T"},
    {"%d.%m.%Y", "29.02.2024 12:34:56am", "2024-2-29 0:34:56T"},
    {"%d.%m.%Y", "29.02.2024 1:34 PM +01:00", "2024-2-29 13:34:0TZ3600"},
    {"%d.%m.%Y", "29.02.2024 1:34 PMZ", "2024-2-29 13:34:0TZ0"},
    {"%d.%m.%Y", "29.02.2024 1:34 P", NO_DATE},
    {"%d.%m.%Y", "29.02.2024 12:34 UTC", "2024-2-29 12:34:0TZ0"},
    {"%d.%m.%Y", "29.02.2024 12:34Z", "2024-2-29 12:34:0TZ0"},
    {"%d.%m.%Y", "29.02.2024 12:34+02", "2024-2-29 12:34:0TZ7200"},
    {"%d.%m.%Y", "29.02.2024 12:34 CET", NO_DATE},
    {"%d.%m.%Y", "29.02.2024 12:34Zx", NO_DATE},
    {"%d.%m.%Y", "29.02.2024 12", NO_DATE},
    {"%d.%m.%Y", "29.02.2024 12.34", NO_DATE},
    {"%d.%m.%Y", "29.02.2024 :34", NO_DATE},
    {"%d.%m.%Y", "29.02.2024 12:3", NO_DATE},
    {"%d.%m.%Y", "29.02.2024 12:34:5", NO_DATE},
    {"%d.%m.%Y", "29.02.2024 24:00", NO_DAY},
    {"%d.%m.%Y", "29.02.2024-12:34", NO_DATE},
    /* ISO 8601 */
    {"", "2024-02-29", "2024-2-29"},
    {"", "29.02.2024", NO_DATE},
};

static void show(const struct tarn_timestamp_text *got, char *out, size_t size)
{
    int used = snprintf(out, size, "%d-%u-%u", (int)got->local.date.year, (unsigned)got->local.date.month, (unsigned)got->local.date.day);
    if (got->has_time) {
        used += snprintf(out + used, size - (size_t)used, " %u:%u:%u", (unsigned)got->local.hour, (unsigned)got->local.minute,
                         (unsigned)got->local.second);
    }
    if (got->fraction != 0) {
        used += snprintf(out + used, size - (size_t)used, ".%09u/%u", (unsigned)got->local.nanosecond, (unsigned)got->fraction);
    }
    used += snprintf(out + used, size - (size_t)used, "%s", got->has_time ? "T" : "");
    if (got->has_zone) {
        used += snprintf(out + used, size - (size_t)used, "Z%d", (int)got->zone);
    }
    snprintf(out + used, size - (size_t)used, "%s", got->fraction_is_cut ? "~" : "");
}

START_TEST(csv_value__dates_and_times_by_their_format)
{
    struct tarn_timestamp_text got;
    char line[128];
    const enum tarn_parsed parsed = tarn__csv_timestamp(tarn__text_of(times[_i].text), tarn__text_of(times[_i].format), &got);
    if (parsed == TARN_PARSED) {
        show(&got, line, sizeof(line));
    } else {
        snprintf(line, sizeof(line), "%s", parsed == TARN_PARSED_RANGE ? NO_DAY : NO_DATE);
    }
    ck_assert_msg(strcmp(line, times[_i].expected) == 0, "'%s' by '%s' is %s, not %s", times[_i].text, times[_i].format, line,
                  times[_i].expected);
}
END_TEST

START_TEST(csv_value__formats_that_are_none)
{
    ck_assert(tarn__csv_format_is_valid(tarn__text_of("%Y-%m-%dT%H:%M:%S.%f%z")));
    ck_assert(tarn__csv_format_is_valid(tarn__text_of("%d %b %B %y %I %p %%")));
    ck_assert(tarn__csv_format_is_valid(tarn__text_of("no conversion")));
    ck_assert(!tarn__csv_format_is_valid(tarn__text_of("")));
    ck_assert(!tarn__csv_format_is_valid(tarn__text_of("%Y%")));
    ck_assert(!tarn__csv_format_is_valid(tarn__text_of("%Q")));
    ck_assert(!tarn__csv_format_is_valid((struct tarn_text){"%\0", 2}));
}
END_TEST

TARN_SUITE("reader/csv value", TARN_LOOP_TEST(csv_value__numbers_become_plain, numbers), TARN_LOOP_TEST(csv_value__words_of_truth, truths),
           TARN_LOOP_TEST(csv_value__dates_and_times_by_their_format, times), TARN_TEST(csv_value__formats_that_are_none))
