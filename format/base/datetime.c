/* SPDX-License-Identifier: Apache-2.0
 *
 * The proleptic Gregorian calendar: days and dates, ticks and clock times, parts, beginnings of parts.
 *
 * Invariants
 *  1. Inside, a year begins in March, so that the leap day is the last of its year, and 400 years are one era of 146097 days.
 *  2. Ticks are split by floor division: the clock part is never negative, whatever the sign of the ticks.
 *  3. Every int64 of ticks has days, and years, far inside what the day arithmetic can hold.
 */
#include "format/base/datetime.h"

#include "format/base/utf8.h"

enum { ERA_YEARS = 400, ERA_DAYS = 146097, EPOCH_DAYS = 719468 }; /* days from 0000-03-01 to 1970-01-01 */

int64_t tarn__floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t floor_mod(int64_t a, int64_t b)
{
    const int64_t rest = a % b;
    return rest < 0 ? rest + b : rest;
}

bool tarn__year_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

unsigned tarn__month_days(int64_t year, unsigned month)
{
    static const uint8_t days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && tarn__year_is_leap(year) ? 29 : days[month];
}

bool tarn__civil_is_valid(int64_t year, unsigned month, unsigned day)
{
    return month >= 1 && month <= 12 && day >= 1 && day <= tarn__month_days(year, month);
}

int64_t tarn__days_of_civil(int64_t year, unsigned month, unsigned day)
{
    const int64_t y = month <= 2 ? year - 1 : year;
    const int64_t era = tarn__floor_div(y, ERA_YEARS);
    const int64_t year_of_era = y - era * ERA_YEARS;
    const int64_t month_of_year = month > 2 ? (int64_t)month - 3 : (int64_t)month + 9; /* March is 0 */
    const int64_t day_of_year = (153 * month_of_year + 2) / 5 + (int64_t)day - 1;
    const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_DAYS;
}

struct tarn_civil tarn__civil_of_days(int64_t days)
{
    const int64_t era = tarn__floor_div(days, ERA_DAYS) + tarn__floor_div(floor_mod(days, ERA_DAYS) + EPOCH_DAYS, ERA_DAYS);
    const int64_t day_of_era = floor_mod(floor_mod(days, ERA_DAYS) + EPOCH_DAYS, ERA_DAYS);
    const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (ERA_DAYS - 1)) / 365;
    const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month_of_year = (5 * day_of_year + 2) / 153;
    const int64_t day = day_of_year - (153 * month_of_year + 2) / 5 + 1;
    const int64_t month = month_of_year < 10 ? month_of_year + 3 : month_of_year - 9;
    return (struct tarn_civil){era * ERA_YEARS + year_of_era + (month <= 2), (uint8_t)month, (uint8_t)day};
}

int64_t tarn__ticks_per_second(unsigned digits)
{
    static const int64_t ticks[10] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
    return ticks[digits < 9 ? digits : 9];
}

/* The day, and the ticks in it. */
static int64_t split_day(int64_t ticks, unsigned digits, int64_t *in_day)
{
    const int64_t day_ticks = TARN_DAY_SECONDS * tarn__ticks_per_second(digits);
    *in_day = floor_mod(ticks, day_ticks);
    return tarn__floor_div(ticks, day_ticks);
}

struct tarn_datetime tarn__datetime_of_ticks(int64_t ticks, unsigned digits)
{
    int64_t in_day;
    const int64_t days = split_day(ticks, digits, &in_day);
    const int64_t per_second = tarn__ticks_per_second(digits);
    const int64_t second = in_day / per_second;
    return (struct tarn_datetime){
        .date = tarn__civil_of_days(days),
        .hour = (uint8_t)(second / 3600),
        .minute = (uint8_t)(second / 60 % 60),
        .second = (uint8_t)(second % 60),
        .nanosecond = (uint32_t)(in_day % per_second * tarn__ticks_per_second(9 - digits)),
    };
}

/* days * ticks a day + in_day, where the day's begin may lie before the first tick although the sum does not. */
static bool join_day(int64_t days, unsigned digits, int64_t in_day, int64_t *out)
{
    const int64_t day_ticks = TARN_DAY_SECONDS * tarn__ticks_per_second(digits);
    if (days < 0) {
        days++;
        in_day -= day_ticks;
    }
    return !__builtin_mul_overflow(days, day_ticks, out) && !__builtin_add_overflow(*out, in_day, out);
}

enum tarn_parsed tarn__ticks_of_datetime(const struct tarn_datetime *datetime, unsigned digits, int64_t *out)
{
    const int64_t days = tarn__days_of_civil(datetime->date.year, datetime->date.month, datetime->date.day);
    const int64_t second = datetime->hour * INT64_C(3600) + datetime->minute * INT64_C(60) + datetime->second;
    const int64_t fraction = (int64_t)datetime->nanosecond / tarn__ticks_per_second(9 - digits);
    if (!join_day(days, digits, second * tarn__ticks_per_second(digits) + fraction, out)) {
        *out = days < 0 ? INT64_MIN : INT64_MAX;
        return TARN_PARSED_RANGE;
    }
    return TARN_PARSED;
}

enum tarn_parsed tarn__ticks_rescale(int64_t ticks, unsigned from, unsigned to, int64_t *out)
{
    if (to >= from) {
        if (__builtin_mul_overflow(ticks, tarn__ticks_per_second(to - from), out)) {
            *out = ticks < 0 ? INT64_MIN : INT64_MAX;
            return TARN_PARSED_RANGE;
        }
        return TARN_PARSED;
    }
    const int64_t divisor = tarn__ticks_per_second(from - to);
    *out = tarn__floor_div(ticks, divisor);
    return floor_mod(ticks, divisor) == 0 ? TARN_PARSED : TARN_PARSED_INEXACT;
}

tarn_i128 tarn__nanos_of_int96(int32_t julian_day, int64_t nanos_of_day)
{
    enum { JULIAN_EPOCH = 2440588 }; /* the Julian day of 1970-01-01 */
    return ((tarn_i128)julian_day - JULIAN_EPOCH) * TARN_DAY_SECONDS * 1000000000 + nanos_of_day;
}

/* ---- parts ---- */

static const struct {
    const char *name;
    enum tarn_datetime_part part;
} part_names[] = {
    {"millennium", TARN_PART_MILLENNIUM},
    {"millennia", TARN_PART_MILLENNIUM},
    {"mil", TARN_PART_MILLENNIUM},
    {"century", TARN_PART_CENTURY},
    {"centuries", TARN_PART_CENTURY},
    {"cent", TARN_PART_CENTURY},
    {"c", TARN_PART_CENTURY},
    {"decade", TARN_PART_DECADE},
    {"decades", TARN_PART_DECADE},
    {"dec", TARN_PART_DECADE},
    {"year", TARN_PART_YEAR},
    {"years", TARN_PART_YEAR},
    {"yr", TARN_PART_YEAR},
    {"yrs", TARN_PART_YEAR},
    {"y", TARN_PART_YEAR},
    {"isoyear", TARN_PART_ISOYEAR},
    {"quarter", TARN_PART_QUARTER},
    {"quarters", TARN_PART_QUARTER},
    {"month", TARN_PART_MONTH},
    {"months", TARN_PART_MONTH},
    {"mon", TARN_PART_MONTH},
    {"mons", TARN_PART_MONTH},
    {"week", TARN_PART_WEEK},
    {"weeks", TARN_PART_WEEK},
    {"weekofyear", TARN_PART_WEEK},
    {"w", TARN_PART_WEEK},
    {"day", TARN_PART_DAY},
    {"days", TARN_PART_DAY},
    {"dayofmonth", TARN_PART_DAY},
    {"d", TARN_PART_DAY},
    {"dow", TARN_PART_DOW},
    {"dayofweek", TARN_PART_DOW},
    {"weekday", TARN_PART_DOW},
    {"isodow", TARN_PART_ISODOW},
    {"doy", TARN_PART_DOY},
    {"dayofyear", TARN_PART_DOY},
    {"hour", TARN_PART_HOUR},
    {"hours", TARN_PART_HOUR},
    {"hr", TARN_PART_HOUR},
    {"hrs", TARN_PART_HOUR},
    {"h", TARN_PART_HOUR},
    {"minute", TARN_PART_MINUTE},
    {"minutes", TARN_PART_MINUTE},
    {"min", TARN_PART_MINUTE},
    {"mins", TARN_PART_MINUTE},
    {"m", TARN_PART_MINUTE},
    {"second", TARN_PART_SECOND},
    {"seconds", TARN_PART_SECOND},
    {"sec", TARN_PART_SECOND},
    {"secs", TARN_PART_SECOND},
    {"s", TARN_PART_SECOND},
    {"millisecond", TARN_PART_MILLISECOND},
    {"milliseconds", TARN_PART_MILLISECOND},
    {"msec", TARN_PART_MILLISECOND},
    {"ms", TARN_PART_MILLISECOND},
    {"microsecond", TARN_PART_MICROSECOND},
    {"microseconds", TARN_PART_MICROSECOND},
    {"usec", TARN_PART_MICROSECOND},
    {"us", TARN_PART_MICROSECOND},
    {"nanosecond", TARN_PART_NANOSECOND},
    {"nanoseconds", TARN_PART_NANOSECOND},
    {"ns", TARN_PART_NANOSECOND},
    {"epoch", TARN_PART_EPOCH},
};

bool tarn__datetime_part_of_name(struct tarn_text name, enum tarn_datetime_part *out)
{
    for (size_t i = 0; i < sizeof(part_names) / sizeof(part_names[0]); i++) {
        if (tarn__text_equal_caseless(name, tarn__text_of(part_names[i].name))) {
            *out = part_names[i].part;
            return true;
        }
    }
    return false;
}

/* 0 Monday .. 6 Sunday; 1970-01-01 was a Thursday. */
static int64_t day_of_week(int64_t days)
{
    return floor_mod(floor_mod(days, 7) + 3, 7);
}

/* ISO 8601: a week belongs to the year of its Thursday. */
static int64_t iso_week(int64_t days, int64_t *year)
{
    const int64_t thursday = days - day_of_week(days) + 3;
    *year = tarn__civil_of_days(thursday).year;
    return (thursday - tarn__days_of_civil(*year, 1, 1)) / 7 + 1;
}

/* Centuries and millennia begin with year 1 and count backwards from 1 BC: there is no number 0. */
static int64_t count_of_years(int64_t year, int64_t length)
{
    return year > 0 ? (year + length - 1) / length : -((-year) / length + 1);
}

int64_t tarn__date_extract(int64_t days, enum tarn_datetime_part part)
{
    const struct tarn_civil civil = tarn__civil_of_days(days);
    int64_t iso_year;

    switch (part) {
    case TARN_PART_MILLENNIUM:
        return count_of_years(civil.year, 1000);
    case TARN_PART_CENTURY:
        return count_of_years(civil.year, 100);
    case TARN_PART_DECADE:
        return tarn__floor_div(civil.year, 10);
    case TARN_PART_YEAR:
        return civil.year;
    case TARN_PART_ISOYEAR:
        (void)iso_week(days, &iso_year);
        return iso_year;
    case TARN_PART_QUARTER:
        return (civil.month + 2) / 3;
    case TARN_PART_MONTH:
        return civil.month;
    case TARN_PART_WEEK:
        return iso_week(days, &iso_year);
    case TARN_PART_DAY:
        return civil.day;
    case TARN_PART_DOW:
        return (day_of_week(days) + 1) % 7;
    case TARN_PART_ISODOW:
        return day_of_week(days) + 1;
    case TARN_PART_DOY:
        return days - tarn__days_of_civil(civil.year, 1, 1) + 1;
    case TARN_PART_EPOCH:
        return days * TARN_DAY_SECONDS;
    default:
        return 0; /* a date has no clock */
    }
}

int64_t tarn__timestamp_extract(int64_t ticks, unsigned digits, enum tarn_datetime_part part)
{
    const int64_t per_second = tarn__ticks_per_second(digits);
    int64_t in_day;
    const int64_t days = split_day(ticks, digits, &in_day);
    const int64_t second = in_day / per_second;
    const int64_t nanos = second % 60 * 1000000000 + in_day % per_second * tarn__ticks_per_second(9 - digits);

    switch (part) {
    case TARN_PART_HOUR:
        return second / 3600;
    case TARN_PART_MINUTE:
        return second / 60 % 60;
    case TARN_PART_SECOND:
        return second % 60;
    case TARN_PART_MILLISECOND:
        return nanos / 1000000;
    case TARN_PART_MICROSECOND:
        return nanos / 1000;
    case TARN_PART_NANOSECOND:
        return nanos;
    case TARN_PART_EPOCH:
        return tarn__floor_div(ticks, per_second);
    default:
        return tarn__date_extract(days, part);
    }
}

bool tarn__date_truncate(int64_t days, enum tarn_datetime_part part, int64_t *out)
{
    const struct tarn_civil civil = tarn__civil_of_days(days);
    int64_t iso_year;

    switch (part) {
    case TARN_PART_MILLENNIUM:
        *out = tarn__days_of_civil(tarn__floor_div(civil.year, 1000) * 1000, 1, 1);
        return true;
    case TARN_PART_CENTURY:
        *out = tarn__days_of_civil(tarn__floor_div(civil.year, 100) * 100, 1, 1);
        return true;
    case TARN_PART_DECADE:
        *out = tarn__days_of_civil(tarn__floor_div(civil.year, 10) * 10, 1, 1);
        return true;
    case TARN_PART_YEAR:
        *out = tarn__days_of_civil(civil.year, 1, 1);
        return true;
    case TARN_PART_ISOYEAR:
        *out = days - day_of_week(days) - (iso_week(days, &iso_year) - 1) * 7;
        return true;
    case TARN_PART_QUARTER:
        *out = tarn__days_of_civil(civil.year, (civil.month - 1u) / 3 * 3 + 1, 1);
        return true;
    case TARN_PART_MONTH:
        *out = days - civil.day + 1;
        return true;
    case TARN_PART_WEEK:
        *out = days - day_of_week(days);
        return true;
    case TARN_PART_DOW:
    case TARN_PART_ISODOW:
    case TARN_PART_DOY:
    case TARN_PART_EPOCH:
        *out = 0;
        return false;
    default:
        *out = days;
        return true;
    }
}

/* The length of a part of the clock in ticks; 1 where the unit is no finer than the part. 0: no part of the clock. */
static int64_t clock_step(enum tarn_datetime_part part, unsigned digits)
{
    const int64_t per_second = tarn__ticks_per_second(digits);
    switch (part) {
    case TARN_PART_HOUR:
        return 3600 * per_second;
    case TARN_PART_MINUTE:
        return 60 * per_second;
    case TARN_PART_SECOND:
        return per_second;
    case TARN_PART_MILLISECOND:
        return digits > 3 ? tarn__ticks_per_second(digits - 3) : 1;
    case TARN_PART_MICROSECOND:
        return digits > 6 ? tarn__ticks_per_second(digits - 6) : 1;
    case TARN_PART_NANOSECOND:
        return 1;
    default:
        return 0;
    }
}

bool tarn__timestamp_truncate(int64_t ticks, unsigned digits, enum tarn_datetime_part part, int64_t *out)
{
    const int64_t step = clock_step(part, digits);
    if (step != 0) {
        return !__builtin_sub_overflow(ticks, floor_mod(ticks, step), out);
    }
    int64_t in_day;
    int64_t begin;
    return tarn__date_truncate(split_day(ticks, digits, &in_day), part, &begin) && join_day(begin, digits, 0, out);
}

int64_t tarn__date_add_months(int64_t days, int64_t months)
{
    const struct tarn_civil civil = tarn__civil_of_days(days);
    const int64_t month = civil.year * 12 + (civil.month - 1) + months;
    const int64_t year = tarn__floor_div(month, 12);
    const unsigned month_of_year = (unsigned)floor_mod(month, 12) + 1;
    const unsigned length = tarn__month_days(year, month_of_year);
    return tarn__days_of_civil(year, month_of_year, civil.day < length ? civil.day : length);
}

bool tarn__timestamp_add_months(int64_t ticks, unsigned digits, int64_t months, int64_t *out)
{
    const int64_t limit = INT64_C(1000000000000000); /* 10^15 months leave every range; below, no step overflows */
    int64_t in_day;
    const int64_t days = split_day(ticks, digits, &in_day);
    return months < limit && months > -limit && join_day(tarn__date_add_months(days, months), digits, in_day, out);
}
