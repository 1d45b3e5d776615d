/* SPDX-License-Identifier: Apache-2.0
 *
 * The rule of a time zone's footer: POSIX.1-2017 chapter 8.3 (TZ) with the wider hours of RFC 8536 section 3.3.1.
 *
 * Invariant: a rule that was parsed has days, months and hours in range, so that computing with it needs no further check.
 */
#include "format/base/timezone_rule.h"

#include "format/base/datetime.h"
#include "format/base/utf8.h"

struct cursor {
    const char *at;
    const char *end;
};

static bool take_char(struct cursor *cursor, char c)
{
    const bool there = cursor->at < cursor->end && *cursor->at == c;
    cursor->at += there;
    return there;
}

/* Three letters or more, or anything in <>. */
static bool skip_name(struct cursor *cursor)
{
    const char *begin = cursor->at;
    if (take_char(cursor, '<')) {
        while (cursor->at < cursor->end && *cursor->at != '>') {
            cursor->at++;
        }
        return take_char(cursor, '>');
    }
    while (cursor->at < cursor->end && tarn__is_letter(*cursor->at)) {
        cursor->at++;
    }
    return cursor->at - begin >= 3;
}

static bool take_number(struct cursor *cursor, int32_t most, int32_t *out)
{
    const char *begin = cursor->at;
    int32_t value = 0;
    while (cursor->at < cursor->end && tarn__is_digit(*cursor->at) && value <= most) {
        value = value * 10 + (*cursor->at++ - '0');
    }
    *out = value;
    return cursor->at > begin && value <= most;
}

/* [+-]hh[:mm[:ss]] */
static bool take_clock(struct cursor *cursor, int32_t most_hours, int32_t *out)
{
    int32_t hours;
    int32_t minutes = 0;
    int32_t seconds = 0;
    const bool negative = take_char(cursor, '-');
    if (!negative) {
        (void)take_char(cursor, '+');
    }
    if (!take_number(cursor, most_hours, &hours)) {
        return false;
    }
    if (take_char(cursor, ':')) {
        if (!take_number(cursor, 59, &minutes) || (take_char(cursor, ':') && !take_number(cursor, 59, &seconds))) {
            return false;
        }
    }
    const int32_t magnitude = hours * 3600 + minutes * 60 + seconds;
    *out = negative ? -magnitude : magnitude;
    return true;
}

static bool take_change(struct cursor *cursor, struct tarn_timezone_change *out)
{
    enum { USUAL_SECOND = 7200 };
    int32_t first;
    int32_t week;
    int32_t dow;
    *out = (struct tarn_timezone_change){.kind = '0', .second = USUAL_SECOND};
    if (take_char(cursor, 'M')) {
        if (!take_number(cursor, 12, &first) || first < 1 || !take_char(cursor, '.') || !take_number(cursor, 5, &week) || week < 1 ||
            !take_char(cursor, '.') || !take_number(cursor, 6, &dow)) {
            return false;
        }
        out->kind = 'M';
        out->month = (uint8_t)first;
        out->week = (uint8_t)week;
        out->dow = (uint8_t)dow;
    } else {
        out->kind = take_char(cursor, 'J') ? 'J' : '0';
        if (!take_number(cursor, 365, &first) || (out->kind == 'J' && first < 1)) {
            return false;
        }
        out->day = (uint16_t)first;
    }
    return !take_char(cursor, '/') || take_clock(cursor, 167, &out->second);
}

bool tarn__timezone_rule_parse(struct tarn_text text, struct tarn_timezone_rule *out)
{
    struct cursor cursor = {text.data, text.data + text.size};
    int32_t west;
    *out = (struct tarn_timezone_rule){0};
    if (!skip_name(&cursor) || !take_clock(&cursor, 24, &west)) {
        return false;
    }
    out->standard = -west;
    if (cursor.at == cursor.end) {
        return true;
    }
    out->has_summer = true;
    out->summer = out->standard + 3600;
    if (!skip_name(&cursor)) {
        return false;
    }
    if (cursor.at < cursor.end && *cursor.at != ',') {
        if (!take_clock(&cursor, 24, &west)) {
            return false;
        }
        out->summer = -west;
    }
    if (cursor.at == cursor.end) { /* POSIX leaves it open; everybody takes the rule of the United States */
        static const char usual[] = ",M3.2.0,M11.1.0";
        cursor = (struct cursor){usual, usual + sizeof(usual) - 1};
    }
    return take_char(&cursor, ',') && take_change(&cursor, &out->begin) && take_char(&cursor, ',') && take_change(&cursor, &out->end) &&
           cursor.at == cursor.end;
}

/* The local second of the change in that year, since 1970. */
static int64_t change_second(const struct tarn_timezone_change *change, int64_t year)
{
    int64_t days;
    if (change->kind == 'M') {
        const int64_t first = tarn__days_of_civil(year, change->month, 1);
        const int64_t length = tarn__month_days(year, change->month);
        const int64_t ahead = (change->dow - tarn__date_extract(first, TARN_PART_DOW) + 7) % 7;
        days = first + ahead + (int64_t)(change->week - 1) * 7;
        days -= days >= first + length ? 7 : 0; /* the fifth is the last */
    } else {
        days = tarn__days_of_civil(year, 1, 1) + change->day;
        if (change->kind == 'J') {
            days -= !(tarn__year_is_leap(year) && change->day >= 60);
        }
    }
    return days * TARN_DAY_SECONDS + change->second;
}

int32_t tarn__timezone_rule_offset(const struct tarn_timezone_rule *rule, int64_t utc_seconds)
{
    if (!rule->has_summer) {
        return rule->standard;
    }
    /* a year of 400 repeats weekdays and leap days: instants far away are moved near, where nothing overflows */
    const int64_t era_seconds = INT64_C(146097) * TARN_DAY_SECONDS;
    const int64_t rest = utc_seconds % era_seconds;
    const int64_t near = rest < 0 ? rest + era_seconds : rest;
    const int64_t year = tarn__civil_of_days(tarn__floor_div(near + rule->standard, TARN_DAY_SECONDS)).year;
    const int64_t begin = change_second(&rule->begin, year) - rule->standard;
    const int64_t end = change_second(&rule->end, year) - rule->summer;
    const bool summer = begin < end ? near >= begin && near < end : !(near >= end && near < begin);
    return summer ? rule->summer : rule->standard;
}
