/* SPDX-License-Identifier: Apache-2.0
 * The calendar: written-out dates, a walk over 3,200 years beside the C library, and both ends of every unit.
 */
#include "format/base/datetime.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define always(condition, ...)                                                                                                             \
    do {                                                                                                                                   \
        if (!(condition)) {                                                                                                                \
            ck_abort_msg(__VA_ARGS__);                                                                                                     \
        }                                                                                                                                  \
    } while (0)

START_TEST(datetime__walks_the_calendar_as_the_c_library_does)
{
    for (int64_t days = -600000; days < 600000; days += 1) {
        const time_t seconds = (time_t)(days * 86400 + 3661);
        struct tm tm;
        gmtime_r(&seconds, &tm);
        const struct tarn_civil civil = tarn__civil_of_days(days);
        always(civil.year == tm.tm_year + 1900 && civil.month == tm.tm_mon + 1 && civil.day == tm.tm_mday, "day %lld", (long long)days);
        always(tarn__days_of_civil(civil.year, civil.month, civil.day) == days, "day %lld", (long long)days);
        if (days % 7 == 0 || days % 365 == 0) {
            char text[16];
            strftime(text, sizeof(text), "%G %V", &tm);
            char expected[48];
            snprintf(expected, sizeof(expected), "%lld %02lld", (long long)tarn__date_extract(days, TARN_PART_ISOYEAR),
                     (long long)tarn__date_extract(days, TARN_PART_WEEK));
            always(strcmp(text, expected) == 0, "%s, expected %s", expected, text);
            always(tarn__date_extract(days, TARN_PART_DOW) == tm.tm_wday, "day %lld", (long long)days);
            always(tarn__date_extract(days, TARN_PART_DOY) == tm.tm_yday + 1, "day %lld", (long long)days);
        }
    }
}
END_TEST

static const struct {
    int64_t ticks;
    unsigned digits;
    enum tarn_timestamp_style style;
    const char *text;
} printed[] = {
    {0, 6, TARN_TIMESTAMP_JSON, "1970-01-01T00:00:00.000000"},
    {-1, 6, TARN_TIMESTAMP_JSON_UTC, "1969-12-31T23:59:59.999999Z"},
    {-1, 0, TARN_TIMESTAMP_JSON, "1969-12-31T23:59:59"},
    {1709208000500, 3, TARN_TIMESTAMP_JSON, "2024-02-29T12:00:00.500"},
    {1709208000500000000, 9, TARN_TIMESTAMP_JSON_UTC, "2024-02-29T12:00:00.500000000Z"},
    {1709208000500000, 6, TARN_TIMESTAMP_SQL, "2024-02-29 12:00:00.5"},
    {1709208000000001, 6, TARN_TIMESTAMP_SQL, "2024-02-29 12:00:00.000001"},
    {1709208000000000, 6, TARN_TIMESTAMP_SQL_UTC, "2024-02-29 12:00:00+00"},
    {INT64_MAX, 6, TARN_TIMESTAMP_JSON, "+294247-01-10T04:00:54.775807"},
    {INT64_MIN, 6, TARN_TIMESTAMP_JSON, "-290308-12-21T19:59:05.224192"},
    {INT64_MAX, 3, TARN_TIMESTAMP_JSON, "+292278994-08-17T07:12:55.807"},
    {INT64_MIN, 3, TARN_TIMESTAMP_JSON_UTC, "-292275055-05-16T16:47:04.192Z"},
    {INT64_MAX, 9, TARN_TIMESTAMP_JSON, "2262-04-11T23:47:16.854775807"},
    {INT64_MIN, 9, TARN_TIMESTAMP_JSON, "1677-09-21T00:12:43.145224192"},
    {INT64_MAX, 0, TARN_TIMESTAMP_JSON, "+292277026596-12-04T15:30:07"},
    {INT64_MIN, 0, TARN_TIMESTAMP_JSON, "-292277022657-01-27T08:29:52"},
    {253402300800, 0, TARN_TIMESTAMP_JSON, "+10000-01-01T00:00:00"},
    {-62135596801, 0, TARN_TIMESTAMP_JSON, "-0000-12-31T23:59:59"},
    {-62135596800, 0, TARN_TIMESTAMP_JSON, "0001-01-01T00:00:00"},
    {-62167219201, 0, TARN_TIMESTAMP_SQL, "-0001-12-31 23:59:59"},
};

START_TEST(datetime__prints_timestamps_and_reads_them_back) /* B-TIME-1 */
{
    char text[TARN_DATETIME_TEXT];
    const size_t size = tarn__timestamp_print(printed[_i].ticks, printed[_i].digits, printed[_i].style, text);
    ck_assert_msg(tarn__text_equal((struct tarn_text){text, size}, tarn__text_of(printed[_i].text)), "%.*s, expected %s", (int)size, text,
                  printed[_i].text);
    int64_t ticks;
    bool zoned;
    ck_assert_int_eq(tarn__timestamp_parse((struct tarn_text){text, size}, printed[_i].digits, &ticks, &zoned), TARN_PARSED);
    ck_assert_int_eq(ticks, printed[_i].ticks);
    ck_assert_int_eq(zoned, printed[_i].style == TARN_TIMESTAMP_JSON_UTC || printed[_i].style == TARN_TIMESTAMP_SQL_UTC);
}
END_TEST

static const struct {
    const char *text;
    unsigned digits;
    enum tarn_parsed parsed;
    int64_t ticks;
    bool zoned;
} parsed[] = {
    {"2024-02-29", 0, TARN_PARSED, 1709164800, false},
    {"2024-02-29 12:00", 0, TARN_PARSED, 1709208000, false},
    {"2024-02-29T12:00:00Z", 0, TARN_PARSED, 1709208000, true},
    {"2024-02-29t12:00:00z", 0, TARN_PARSED, 1709208000, true},
    {"2024-02-29 12:00:00+02", 0, TARN_PARSED, 1709200800, true},
    {"2024-02-29 12:00:00-0330", 0, TARN_PARSED, 1709220600, true},
    {"2024-02-29 12:00:00 +05:30", 0, TARN_PARSED, 1709188200, true},
    {"2024-02-29 12:00:00 UTC", 0, TARN_PARSED, 1709208000, true},
    {"2024-02-29 12:00:00.5", 6, TARN_PARSED, 1709208000500000, false},
    {"2024-02-29 12:00:00.123456000", 6, TARN_PARSED, 1709208000123456, false},
    {"2024-02-29 12:00:00.1234567", 6, TARN_PARSED_INEXACT, 1709208000123456, false},
    {"1969-12-31 23:59:59.9999999", 6, TARN_PARSED_INEXACT, -1, false},
    {"2024-02-29 12:00:00.0000000000", 9, TARN_PARSED, 1709208000000000000, false},
    {"2024-02-29 12:00:00.0000000001", 9, TARN_PARSED_INEXACT, 1709208000000000000, false},
    {"+12024-02-29", 0, TARN_PARSED, 317278684800, false},
    {"2262-04-11T23:47:16.854775808", 9, TARN_PARSED_RANGE, INT64_MAX, false},
    {"1600-01-01", 9, TARN_PARSED_RANGE, INT64_MIN, false},
    {"2023-02-29", 0, TARN_PARSED_RANGE, 0, false},
    {"2023-13-01", 0, TARN_PARSED_RANGE, 0, false},
    {"2023-00-01", 0, TARN_PARSED_RANGE, 0, false},
    {"2023-01-32 00:00:00", 0, TARN_PARSED_RANGE, 0, false},
    {"2023-01-01 24:00:00", 0, TARN_PARSED_RANGE, 0, false},
    {"2023-01-01 23:60:00", 0, TARN_PARSED_RANGE, 0, false},
    {"2023-01-01 23:59:60", 0, TARN_PARSED_RANGE, 0, false},
    {"", 0, TARN_PARSED_SYNTAX, 0, false},
    {"23-01-01", 0, TARN_PARSED_SYNTAX, 0, false},
    {"2023-1-01", 0, TARN_PARSED_SYNTAX, 0, false},
    {"2023/01/01", 0, TARN_PARSED_SYNTAX, 0, false},
    {"12023-01-01", 0, TARN_PARSED_SYNTAX, 0, false},
    {"2023-01-01x", 0, TARN_PARSED_SYNTAX, 0, false},
    {"2023-01-01 ", 0, TARN_PARSED_SYNTAX, 0, false},
    {"2023-01-01T", 0, TARN_PARSED_SYNTAX, 0, false},
    {"2023-01-01 1:00", 0, TARN_PARSED_SYNTAX, 0, false},
    {"2023-01-01 12", 0, TARN_PARSED_SYNTAX, 0, false},
    {"2023-01-01 12:00:00.", 0, TARN_PARSED_SYNTAX, 0, false},
    {"2023-01-01 12:00:00 ", 0, TARN_PARSED_SYNTAX, 0, false},
    {"2023-01-01 12:00:00+02 ", 0, TARN_PARSED_SYNTAX, 0, false},
    {"2023-01-01 12:00:00+2", 0, TARN_PARSED_SYNTAX, 0, false},
    {"2023-01-01 12:00:00+24:00", 0, TARN_PARSED_SYNTAX, 0, false},
    {"2023-01-01 12:00:00 Europe/Berlin", 0, TARN_PARSED_SYNTAX, 0, false},
};

START_TEST(datetime__parses_timestamps) /* B-TIME-2 */
{
    int64_t ticks = 7;
    bool zoned;
    const enum tarn_parsed answer = tarn__timestamp_parse(tarn__text_of(parsed[_i].text), parsed[_i].digits, &ticks, &zoned);
    ck_assert_msg(answer == parsed[_i].parsed, "%s gave %d", parsed[_i].text, (int)answer);
    ck_assert_msg(ticks == parsed[_i].ticks, "%s gave %lld", parsed[_i].text, (long long)ticks);
    if (answer != TARN_PARSED_SYNTAX) {
        ck_assert_int_eq(zoned, parsed[_i].zoned);
    }
}
END_TEST

/* Every byte in every place of a plain date: read as a date exactly when it should be. */
START_TEST(datetime__takes_plain_dates_exactly)
{
    for (size_t place = 0; place < 10; place++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[10] = {'2', '0', '1', '1', '-', '1', '1', '-', '1', '1'};
            int32_t days;
            text[place] = (char)byte;
            const bool is_dash = place == 4 || place == 7;
            const bool shape = is_dash ? byte == '-' : byte >= '0' && byte <= '9';
            const enum tarn_parsed answer = tarn__date_parse((struct tarn_text){text, sizeof(text)}, &days);
            always((answer != TARN_PARSED_SYNTAX) == shape, "byte %d at %zu gave %d", byte, place, (int)answer);
            char printed_back[TARN_DATETIME_TEXT];
            always(answer != TARN_PARSED || (tarn__date_print(days, printed_back) == 10 && memcmp(printed_back, text, 10) == 0),
                   "byte %d at %zu", byte, place);
        }
    }
}
END_TEST

START_TEST(datetime__parses_dates_and_times)
{
    int32_t days;
    int64_t ticks;
    char text[TARN_DATETIME_TEXT];
    ck_assert_int_eq(tarn__date_parse(TARN_TEXT("1970-01-02"), &days), TARN_PARSED);
    ck_assert_int_eq(days, 1);
    ck_assert_int_eq(tarn__date_parse(TARN_TEXT("-0000-12-31"), &days), TARN_PARSED);
    ck_assert_int_eq(days, -719163);
    ck_assert_int_eq(tarn__date_parse(TARN_TEXT("+5881580-07-11"), &days), TARN_PARSED);
    ck_assert_int_eq(days, INT32_MAX);
    ck_assert_int_eq(tarn__date_parse(TARN_TEXT("+5881580-07-12"), &days), TARN_PARSED_RANGE);
    ck_assert_int_eq(tarn__date_parse(TARN_TEXT("1970-01-02 "), &days), TARN_PARSED_SYNTAX);
    size_t size = tarn__date_print(INT32_MIN, text);
    ck_assert(tarn__text_equal((struct tarn_text){text, size}, TARN_TEXT("-5877641-06-23")));
    ck_assert_int_eq(tarn__time_parse(TARN_TEXT("23:59:59.999999"), 6, &ticks), TARN_PARSED);
    ck_assert_int_eq(ticks, INT64_C(86399999999));
    size = tarn__time_print(ticks, 6, false, text);
    ck_assert(tarn__text_equal((struct tarn_text){text, size}, TARN_TEXT("23:59:59.999999")));
    size = tarn__time_print(INT64_C(3600500), 3, true, text);
    ck_assert(tarn__text_equal((struct tarn_text){text, size}, TARN_TEXT("01:00:00.5")));
    size = tarn__time_print(INT64_C(3600500), 3, false, text);
    ck_assert(tarn__text_equal((struct tarn_text){text, size}, TARN_TEXT("01:00:00.500")));
    ck_assert_int_eq(tarn__time_parse(TARN_TEXT("12:30"), 3, &ticks), TARN_PARSED);
    ck_assert_int_eq(tarn__time_parse(TARN_TEXT("12:30:00.0001"), 3, &ticks), TARN_PARSED_INEXACT);
    ck_assert_int_eq(tarn__time_parse(TARN_TEXT("24:00:00"), 3, &ticks), TARN_PARSED_RANGE);
    ck_assert_int_eq(tarn__time_parse(TARN_TEXT("12:30:00Z"), 3, &ticks), TARN_PARSED_SYNTAX);
}
END_TEST

START_TEST(datetime__prints_int96_beyond_64_bits)
{
    char text[TARN_DATETIME_TEXT];
    size_t size = tarn__timestamp_print_wide(tarn__nanos_of_int96(2440588, 1), 9, TARN_TIMESTAMP_JSON_UTC, text);
    ck_assert(tarn__text_equal((struct tarn_text){text, size}, TARN_TEXT("1970-01-01T00:00:00.000000001Z")));
    size = tarn__timestamp_print_wide(tarn__nanos_of_int96(2440587, 0), 9, TARN_TIMESTAMP_SQL, text);
    ck_assert(tarn__text_equal((struct tarn_text){text, size}, TARN_TEXT("1969-12-31 00:00:00")));
    size = tarn__timestamp_print_wide(tarn__nanos_of_int96(5373485, 0), 9, TARN_TIMESTAMP_JSON_UTC, text);
    ck_assert_msg(tarn__text_equal((struct tarn_text){text, size}, TARN_TEXT("+10000-01-01T00:00:00.000000000Z")), "%.*s", (int)size, text);
    size = tarn__timestamp_print_wide(-1, 9, TARN_TIMESTAMP_JSON, text);
    ck_assert(tarn__text_equal((struct tarn_text){text, size}, TARN_TEXT("1969-12-31T23:59:59.999999999")));
    size = tarn__timestamp_print_wide(tarn__nanos_of_int96(INT32_MIN, INT64_MIN), 9, TARN_TIMESTAMP_JSON, text);
    ck_assert_uint_gt(size, 0);
}
END_TEST

static const struct {
    enum tarn_datetime_part part;
    int64_t value;     /* of 2024-02-29T13:14:15.123456 */
    const char *begin; /* of the part, NULL: none */
} parts[] = {
    {TARN_PART_MILLENNIUM, 3, "2000-01-01"},
    {TARN_PART_CENTURY, 21, "2000-01-01"},
    {TARN_PART_DECADE, 202, "2020-01-01"},
    {TARN_PART_YEAR, 2024, "2024-01-01"},
    {TARN_PART_ISOYEAR, 2024, "2024-01-01"},
    {TARN_PART_QUARTER, 1, "2024-01-01"},
    {TARN_PART_MONTH, 2, "2024-02-01"},
    {TARN_PART_WEEK, 9, "2024-02-26"},
    {TARN_PART_DAY, 29, "2024-02-29"},
    {TARN_PART_DOW, 4, NULL},
    {TARN_PART_ISODOW, 4, NULL},
    {TARN_PART_DOY, 60, NULL},
    {TARN_PART_HOUR, 13, "2024-02-29 13:00:00"},
    {TARN_PART_MINUTE, 14, "2024-02-29 13:14:00"},
    {TARN_PART_SECOND, 15, "2024-02-29 13:14:15"},
    {TARN_PART_MILLISECOND, 15123, "2024-02-29 13:14:15.123"},
    {TARN_PART_MICROSECOND, 15123456, "2024-02-29 13:14:15.123456"},
    {TARN_PART_NANOSECOND, 15123456000, "2024-02-29 13:14:15.123456"},
    {TARN_PART_EPOCH, 1709212455, NULL},
};

START_TEST(datetime__extracts_and_truncates)
{
    const int64_t ticks = INT64_C(1709212455123456);
    int64_t begin;
    ck_assert_int_eq(tarn__timestamp_extract(ticks, 6, parts[_i].part), parts[_i].value);
    ck_assert_int_eq(tarn__timestamp_truncate(ticks, 6, parts[_i].part, &begin), parts[_i].begin != NULL);
    if (parts[_i].begin != NULL) {
        int64_t expected;
        ck_assert_int_eq(tarn__timestamp_parse(tarn__text_of(parts[_i].begin), 6, &expected, NULL), TARN_PARSED);
        ck_assert_int_eq(begin, expected);
    }
}
END_TEST

START_TEST(datetime__counts_backwards_from_1_bc)
{
    int32_t days;
    ck_assert_int_eq(tarn__date_parse(TARN_TEXT("-0000-06-01"), &days), TARN_PARSED);
    ck_assert_int_eq(tarn__date_extract(days, TARN_PART_CENTURY), -1);
    ck_assert_int_eq(tarn__date_extract(days, TARN_PART_MILLENNIUM), -1);
    ck_assert_int_eq(tarn__date_parse(TARN_TEXT("2000-06-01"), &days), TARN_PARSED);
    ck_assert_int_eq(tarn__date_extract(days, TARN_PART_CENTURY), 20);
    ck_assert_int_eq(tarn__date_parse(TARN_TEXT("2001-06-01"), &days), TARN_PARSED);
    ck_assert_int_eq(tarn__date_extract(days, TARN_PART_CENTURY), 21);
}
END_TEST

START_TEST(datetime__refuses_what_leaves_the_range)
{
    int64_t out;
    ck_assert(!tarn__timestamp_truncate(INT64_MIN, 6, TARN_PART_YEAR, &out));
    ck_assert(!tarn__timestamp_truncate(INT64_MIN, 6, TARN_PART_HOUR, &out));
    ck_assert(!tarn__timestamp_add_months(INT64_MAX, 6, 1, &out));
    ck_assert(!tarn__timestamp_add_months(0, 6, INT64_MAX, &out));
    ck_assert(tarn__timestamp_add_months(0, 6, -1, &out));
    ck_assert_int_eq(out, INT64_C(-2678400000000));
    ck_assert_int_eq(tarn__ticks_rescale(INT64_MAX, 3, 6, &out), TARN_PARSED_RANGE);
    ck_assert_int_eq(out, INT64_MAX);
    ck_assert_int_eq(tarn__ticks_rescale(-1001, 6, 3, &out), TARN_PARSED_INEXACT);
    ck_assert_int_eq(out, -2);
    ck_assert_int_eq(tarn__ticks_rescale(-2000, 6, 3, &out), TARN_PARSED);
    ck_assert_int_eq(out, -2);
    ck_assert_int_eq(tarn__date_add_months(tarn__days_of_civil(2024, 1, 31), 1), tarn__days_of_civil(2024, 2, 29));
    ck_assert_int_eq(tarn__date_add_months(tarn__days_of_civil(2024, 2, 29), -12), tarn__days_of_civil(2023, 2, 28));
}
END_TEST

START_TEST(datetime__knows_part_names)
{
    enum tarn_datetime_part part;
    ck_assert(tarn__datetime_part_of_name(TARN_TEXT("Years"), &part));
    ck_assert_int_eq(part, TARN_PART_YEAR);
    ck_assert(tarn__datetime_part_of_name(TARN_TEXT("DOW"), &part));
    ck_assert_int_eq(part, TARN_PART_DOW);
    ck_assert(!tarn__datetime_part_of_name(TARN_TEXT("fortnight"), &part));
    ck_assert(!tarn__datetime_part_of_name(TARN_TEXT(""), &part));
}
END_TEST

TARN_SUITE("format/datetime", TARN_TEST(datetime__walks_the_calendar_as_the_c_library_does),
           TARN_LOOP_TEST(datetime__prints_timestamps_and_reads_them_back, printed), TARN_LOOP_TEST(datetime__parses_timestamps, parsed),
           TARN_TEST(datetime__takes_plain_dates_exactly), TARN_TEST(datetime__parses_dates_and_times),
           TARN_TEST(datetime__prints_int96_beyond_64_bits), TARN_LOOP_TEST(datetime__extracts_and_truncates, parts),
           TARN_TEST(datetime__counts_backwards_from_1_bc), TARN_TEST(datetime__refuses_what_leaves_the_range),
           TARN_TEST(datetime__knows_part_names))
