/* SPDX-License-Identifier: Apache-2.0
 *
 * Dates, times and timestamps as text, both ways: ISO 8601 and the forms of SQL.
 *
 * Invariants
 *  1. A text is SYNTAX when its shape is wrong, RANGE when the shape is right and the day, hour or year does not exist or fit.
 *  2. Nothing is guessed: no two-digit years, no month before day, no leap second, no 24:00.
 */
#include <string.h>

#include "format/base/datetime.h"
#include "format/base/timezone.h"
#include "format/base/utf8.h"

enum { MOST_YEAR_DIGITS = 12 };

struct cursor {
    const char *at;
    const char *end;
};

static struct cursor cursor_of(struct tarn_text text)
{
    return (struct cursor){text.data, text.size != 0 ? text.data + text.size : text.data};
}

static bool take_char(struct cursor *cursor, char c)
{
    const bool there = cursor->at < cursor->end && *cursor->at == c;
    cursor->at += there;
    return there;
}

static bool take_two(struct cursor *cursor, unsigned *out)
{
    if (cursor->end - cursor->at < 2 || !tarn__is_digit(cursor->at[0]) || !tarn__is_digit(cursor->at[1])) {
        return false;
    }
    *out = (unsigned)(cursor->at[0] - '0') * 10 + (unsigned)(cursor->at[1] - '0');
    cursor->at += 2;
    return true;
}

/* Four digits, or a sign and four to twelve. */
static bool take_year(struct cursor *cursor, int64_t *year)
{
    const bool negative = cursor->at < cursor->end && *cursor->at == '-';
    const bool is_signed = take_char(cursor, '-') || take_char(cursor, '+');
    const char *begin = cursor->at;
    int64_t value = 0;
    while (cursor->at < cursor->end && tarn__is_digit(*cursor->at) && cursor->at - begin < (is_signed ? MOST_YEAR_DIGITS : 4)) {
        value = value * 10 + (*cursor->at++ - '0');
    }
    *year = negative ? -value : value;
    return cursor->at - begin >= 4;
}

/* The usual ten bytes, dddd-dd-dd, eight of them checked at once. False: look closer. */
static bool take_plain_date(struct cursor *cursor, struct tarn_civil *out)
{
    if (cursor->end - cursor->at < 10) {
        return false;
    }
    /* what differs from "0000-00-": a digit's value, or nothing where '-' stands */
    const uint64_t bytes = tarn__load64(cursor->at) ^ UINT64_C(0x2d30302d30303030);
    const uint64_t beyond = bytes + UINT64_C(0x7f76767f76767676); /* sets the top bit of 10 and above, and of any difference from '-' */
    if (((bytes | beyond) & UINT64_C(0x8080808080808080)) != 0 || !tarn__is_digit(cursor->at[8]) || !tarn__is_digit(cursor->at[9])) {
        return false;
    }
    const uint64_t pairs = bytes * 10 + (bytes >> 8); /* in bytes 0, 2 and 5: two digits as one number */
    out->year = (int64_t)((pairs & 0xff) * 100 + (pairs >> 16 & 0xff));
    out->month = (uint8_t)(pairs >> 40);
    out->day = (uint8_t)((cursor->at[8] - '0') * 10 + (cursor->at[9] - '0'));
    cursor->at += 10;
    return true;
}

static enum tarn_parsed take_date(struct cursor *cursor, struct tarn_civil *out)
{
    unsigned month;
    unsigned day;
    if (take_plain_date(cursor, out)) {
        return tarn__civil_is_valid(out->year, out->month, out->day) ? TARN_PARSED : TARN_PARSED_RANGE;
    }
    if (!take_year(cursor, &out->year) || !take_char(cursor, '-') || !take_two(cursor, &month) || !take_char(cursor, '-') ||
        !take_two(cursor, &day)) {
        return TARN_PARSED_SYNTAX;
    }
    out->month = (uint8_t)month;
    out->day = (uint8_t)day;
    return tarn__civil_is_valid(out->year, month, day) ? TARN_PARSED : TARN_PARSED_RANGE;
}

static bool take_fraction(struct cursor *cursor, struct tarn_timestamp_text *out)
{
    const char *begin = cursor->at;
    uint32_t nanos = 0;
    for (; cursor->at < cursor->end && tarn__is_digit(*cursor->at); cursor->at++) {
        if (out->fraction < 9) {
            nanos = nanos * 10 + (uint32_t)(*cursor->at - '0');
            out->fraction++;
        } else {
            out->fraction_is_cut |= *cursor->at != '0';
        }
    }
    out->local.nanosecond = nanos * (uint32_t)tarn__ticks_per_second(9u - out->fraction);
    return cursor->at > begin;
}

/* HH:MM[:SS[.fraction]] */
static enum tarn_parsed take_time(struct cursor *cursor, struct tarn_timestamp_text *out)
{
    unsigned hour;
    unsigned minute;
    unsigned second = 0;
    if (!take_two(cursor, &hour) || !take_char(cursor, ':') || !take_two(cursor, &minute)) {
        return TARN_PARSED_SYNTAX;
    }
    if (take_char(cursor, ':')) {
        if (!take_two(cursor, &second) || (take_char(cursor, '.') && !take_fraction(cursor, out))) {
            return TARN_PARSED_SYNTAX;
        }
    }
    out->has_time = true;
    out->local.hour = (uint8_t)hour;
    out->local.minute = (uint8_t)minute;
    out->local.second = (uint8_t)second;
    return hour < 24 && minute < 60 && second < 60 ? TARN_PARSED : TARN_PARSED_RANGE;
}

/* Nothing, Z, an offset, or " UTC"; up to the end of the text. */
static bool take_zone(struct cursor *cursor, struct tarn_timestamp_text *out)
{
    const struct tarn_text rest = {cursor->at, (size_t)(cursor->end - cursor->at)};
    if (rest.size == 0) {
        return true;
    }
    out->has_zone = true;
    const size_t space = rest.data[0] == ' ';
    const struct tarn_text word = {rest.data + space, rest.size - space};
    return tarn__text_equal_caseless(rest, TARN_TEXT("Z")) || tarn__text_equal_caseless(word, TARN_TEXT("UTC")) ||
           tarn__offset_parse(word, &out->zone);
}

enum tarn_parsed tarn__timestamp_scan(struct tarn_text text, struct tarn_timestamp_text *out)
{
    struct cursor cursor = cursor_of(text);
    *out = (struct tarn_timestamp_text){.local.date = {1970, 1, 1}};
    const enum tarn_parsed date = take_date(&cursor, &out->local.date);
    enum tarn_parsed time = TARN_PARSED;
    if (date != TARN_PARSED_SYNTAX && cursor.at < cursor.end) {
        const bool separated = take_char(&cursor, 'T') || take_char(&cursor, ' ') || take_char(&cursor, 't');
        time = separated ? take_time(&cursor, out) : TARN_PARSED_SYNTAX;
        time = time == TARN_PARSED_SYNTAX || take_zone(&cursor, out) ? time : TARN_PARSED_SYNTAX;
    }
    if (date == TARN_PARSED_SYNTAX || time == TARN_PARSED_SYNTAX) {
        *out = (struct tarn_timestamp_text){.local.date = {1970, 1, 1}};
        return TARN_PARSED_SYNTAX;
    }
    return date != TARN_PARSED ? date : time;
}

enum tarn_parsed tarn__timestamp_ticks(const struct tarn_timestamp_text *text, unsigned digits, int64_t *ticks)
{
    enum tarn_parsed parsed = tarn__ticks_of_datetime(&text->local, digits, ticks);
    if (parsed == TARN_PARSED && text->has_zone && __builtin_sub_overflow(*ticks, text->zone * tarn__ticks_per_second(digits), ticks)) {
        *ticks = text->local.date.year < 1970 ? INT64_MIN : INT64_MAX;
        parsed = TARN_PARSED_RANGE;
    }
    const bool lost = text->fraction_is_cut || text->local.nanosecond % (uint32_t)tarn__ticks_per_second(9 - digits) != 0;
    return parsed == TARN_PARSED && lost ? TARN_PARSED_INEXACT : parsed;
}

enum tarn_parsed tarn__timestamp_parse(struct tarn_text text, unsigned digits, int64_t *ticks, bool *zoned)
{
    struct tarn_timestamp_text scanned;
    const enum tarn_parsed parsed = tarn__timestamp_scan(text, &scanned);
    if (zoned != NULL) {
        *zoned = scanned.has_zone;
    }
    *ticks = 0;
    return parsed == TARN_PARSED ? tarn__timestamp_ticks(&scanned, digits, ticks) : parsed;
}

enum tarn_parsed tarn__date_parse(struct tarn_text text, int32_t *days)
{
    struct cursor cursor = cursor_of(text);
    struct tarn_civil civil;
    *days = 0;
    const enum tarn_parsed parsed = take_date(&cursor, &civil);
    if (parsed == TARN_PARSED_SYNTAX || cursor.at != cursor.end) {
        return TARN_PARSED_SYNTAX;
    }
    if (parsed != TARN_PARSED) {
        return parsed;
    }
    const int64_t wide = tarn__days_of_civil(civil.year, civil.month, civil.day);
    if (wide < INT32_MIN || wide > INT32_MAX) {
        *days = wide < 0 ? INT32_MIN : INT32_MAX;
        return TARN_PARSED_RANGE;
    }
    *days = (int32_t)wide;
    return TARN_PARSED;
}

enum tarn_parsed tarn__time_parse(struct tarn_text text, unsigned digits, int64_t *ticks)
{
    struct cursor cursor = cursor_of(text);
    struct tarn_timestamp_text scanned = {.local.date = {1970, 1, 1}};
    *ticks = 0;
    const enum tarn_parsed parsed = take_time(&cursor, &scanned);
    if (parsed == TARN_PARSED_SYNTAX || cursor.at != cursor.end) {
        return TARN_PARSED_SYNTAX;
    }
    return parsed == TARN_PARSED ? tarn__timestamp_ticks(&scanned, digits, ticks) : parsed;
}

/* ---- printing ---- */

static char *put_padded(char *at, uint64_t value, unsigned width)
{
    char digits[TARN_NUMBER_TEXT];
    const size_t size = tarn__uint64_print(value, digits);
    for (size_t i = size; i < width; i++) {
        *at++ = '0';
    }
    memcpy(at, digits, size);
    return at + size;
}

/* value < 100 */
static char *put_two(char *at, unsigned value)
{
    at[0] = (char)('0' + value / 10);
    at[1] = (char)('0' + value % 10);
    return at + 2;
}

static char *put_year(char *at, int64_t year)
{
    if (year >= 1 && year <= 9999) {
        return put_two(put_two(at, (unsigned)year / 100), (unsigned)year % 100);
    }
    *at++ = year > 0 ? '+' : '-';
    return put_padded(at, year < 0 ? 0 - (uint64_t)year : (uint64_t)year, 4);
}

static char *put_date(char *at, struct tarn_civil civil)
{
    at = put_year(at, civil.year);
    *at++ = '-';
    at = put_two(at, civil.month);
    *at++ = '-';
    return put_two(at, civil.day);
}

static char *put_time(char *at, const struct tarn_datetime *datetime, unsigned digits, bool sql)
{
    at = put_two(at, datetime->hour);
    *at++ = ':';
    at = put_two(at, datetime->minute);
    *at++ = ':';
    at = put_two(at, datetime->second);
    if (digits == 0 || (sql && datetime->nanosecond == 0)) {
        return at;
    }
    *at++ = '.';
    at = put_padded(at, datetime->nanosecond / (uint32_t)tarn__ticks_per_second(9 - digits), digits);
    while (sql && at[-1] == '0') {
        at--;
    }
    return at;
}

static size_t put_timestamp(char *out, const struct tarn_datetime *datetime, unsigned digits, enum tarn_timestamp_style style)
{
    const bool sql = style == TARN_TIMESTAMP_SQL || style == TARN_TIMESTAMP_SQL_UTC;
    char *at = put_date(out, datetime->date);
    *at++ = sql ? ' ' : 'T';
    at = put_time(at, datetime, digits, sql);
    if (style == TARN_TIMESTAMP_JSON_UTC) {
        *at++ = 'Z';
    } else if (style == TARN_TIMESTAMP_SQL_UTC) {
        memcpy(at, "+00", 3);
        at += 3;
    }
    return (size_t)(at - out);
}

size_t tarn__date_print(int64_t days, char *out)
{
    return (size_t)(put_date(out, tarn__civil_of_days(days)) - out);
}

size_t tarn__time_print(int64_t ticks, unsigned digits, bool sql, char *out)
{
    const struct tarn_datetime datetime = tarn__datetime_of_ticks(ticks, digits);
    return (size_t)(put_time(out, &datetime, digits, sql) - out);
}

size_t tarn__timestamp_print(int64_t ticks, unsigned digits, enum tarn_timestamp_style style, char *out)
{
    const struct tarn_datetime datetime = tarn__datetime_of_ticks(ticks, digits);
    return put_timestamp(out, &datetime, digits, style);
}

size_t tarn__timestamp_print_wide(tarn_i128 nanos, unsigned digits, enum tarn_timestamp_style style, char *out)
{
    const tarn_i128 billion = 1000000000;
    const tarn_i128 rest = nanos % billion;
    const int64_t seconds = (int64_t)(nanos / billion - (rest < 0));
    struct tarn_datetime datetime = tarn__datetime_of_ticks(seconds, 0);
    datetime.nanosecond = (uint32_t)(rest < 0 ? rest + billion : rest);
    return put_timestamp(out, &datetime, digits, style);
}
