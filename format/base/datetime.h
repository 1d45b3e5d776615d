/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_DATETIME_H
#define TARN_FORMAT_BASE_DATETIME_H

#include "format/base/int128.h"
#include "format/base/number.h"

/*
 * Dates, times and timestamps in the proleptic Gregorian calendar, without zones and locales (zones: timezone.h).
 *
 * A date is a count of days since 1970-01-01. A time or timestamp is a count of ticks since midnight or since 1970-01-01T00:00:00,
 * a tick being 10^-digits seconds: `digits` is 0 (seconds), 3, 6 or 9 everywhere below. Years are astronomical: 0 is 1 BC.
 * Every int64 is a legal timestamp and prints; nothing overflows silently.
 * Threads: any. Allocates nothing.
 */
struct tarn_civil {
    int64_t year;
    uint8_t month; /**< 1..12 */
    uint8_t day;   /**< 1..31 */
};

struct tarn_datetime {
    struct tarn_civil date;
    uint8_t hour;
    uint8_t minute;
    uint8_t second;
    uint32_t nanosecond;
};

#define TARN_DAY_SECONDS 86400

bool tarn__year_is_leap(int64_t year);
/** month 1..12 */
unsigned tarn__month_days(int64_t year, unsigned month);
bool tarn__civil_is_valid(int64_t year, unsigned month, unsigned day);
/** Years within +-10^15. */
int64_t tarn__days_of_civil(int64_t year, unsigned month, unsigned day);
struct tarn_civil tarn__civil_of_days(int64_t days);

/** Ticks a second: 1, 1000, 1000000, 1000000000. */
int64_t tarn__ticks_per_second(unsigned digits);
struct tarn_datetime tarn__datetime_of_ticks(int64_t ticks, unsigned digits);
/** PARSED or RANGE; digits of the nanosecond behind `digits` are cut. */
enum tarn_parsed tarn__ticks_of_datetime(const struct tarn_datetime *datetime, unsigned digits, int64_t *out);
/** From one unit to another. PARSED; RANGE; INEXACT: *out is rounded towards minus infinity. */
enum tarn_parsed tarn__ticks_rescale(int64_t ticks, unsigned from, unsigned to, int64_t *out);
/** floor(a / b) for b > 0. */
int64_t tarn__floor_div(int64_t a, int64_t b);

/* ---- text to value; the whole text, no spaces around ---- */

/** What a text says about an instant, before it is one number. */
struct tarn_timestamp_text {
    struct tarn_datetime local;
    bool has_time;
    bool has_zone;        /**< Z or an offset was there */
    int32_t zone;         /**< seconds east of UTC */
    uint8_t fraction;     /**< digits of the fraction that were there, 0..9 */
    bool fraction_is_cut; /**< more than nine digits, of which a later one is not zero */
};

/** YYYY-MM-DD; a year has four digits, or a sign and four to twelve. */
enum tarn_parsed tarn__date_parse(struct tarn_text text, int32_t *days);
/** HH:MM[:SS[.fraction]], below 24:00:00. INEXACT when the fraction has more digits than the unit. */
enum tarn_parsed tarn__time_parse(struct tarn_text text, unsigned digits, int64_t *ticks);
/** date, or date, 'T' 't' or ' ', time, and optionally Z, z, +hh, +hhmm, +hh:mm, " UTC" behind. SYNTAX or RANGE (a 30th of February). */
enum tarn_parsed tarn__timestamp_scan(struct tarn_text text, struct tarn_timestamp_text *out);
/** The same as ticks: UTC when a zone was given (*zoned), else local time as it stands. `zoned` may be NULL. */
enum tarn_parsed tarn__timestamp_parse(struct tarn_text text, unsigned digits, int64_t *ticks, bool *zoned);
/** The ticks of a scanned text. */
enum tarn_parsed tarn__timestamp_ticks(const struct tarn_timestamp_text *text, unsigned digits, int64_t *ticks);

/* ---- value to text; no terminator, the length is returned ---- */

enum { TARN_DATETIME_TEXT = 64 }; /**< room for any of the following */

enum tarn_timestamp_style {
    TARN_TIMESTAMP_JSON = 0,     /**< 2024-02-29T12:00:00.500000: all digits of the unit */
    TARN_TIMESTAMP_JSON_UTC = 1, /**< the same with Z */
    TARN_TIMESTAMP_SQL = 2,      /**< 2024-02-29 12:00:00.5: no fraction when it is zero, no zeros behind it */
    TARN_TIMESTAMP_SQL_UTC = 3,  /**< the same with +00 */
};

/** Years beyond 9999 or before 1 have a sign and at least four digits: +10000-01-01, -0044-03-15, -0000-12-31. */
size_t tarn__date_print(int64_t days, char *out);
/** `sql`: no fraction when it is zero, no zeros behind it; else exactly `digits`. */
size_t tarn__time_print(int64_t ticks, unsigned digits, bool sql, char *out);
size_t tarn__timestamp_print(int64_t ticks, unsigned digits, enum tarn_timestamp_style style, char *out);
/** Nanoseconds beyond 64 bits whose seconds fit them, shown with `digits` of fraction. */
size_t tarn__timestamp_print_wide(tarn_i128 nanos, unsigned digits, enum tarn_timestamp_style style, char *out);

/** INT96 of Parquet: Julian day and nanoseconds in it (any value of both is read), as nanoseconds since 1970. */
tarn_i128 tarn__nanos_of_int96(int32_t julian_day, int64_t nanos_of_day);

/* ---- parts ---- */

enum tarn_datetime_part {
    TARN_PART_MILLENNIUM,
    TARN_PART_CENTURY,
    TARN_PART_DECADE,
    TARN_PART_YEAR,
    TARN_PART_ISOYEAR,
    TARN_PART_QUARTER,
    TARN_PART_MONTH,
    TARN_PART_WEEK, /**< ISO: 1..53, begins on Monday */
    TARN_PART_DAY,
    TARN_PART_DOW,    /**< 0 Sunday .. 6 Saturday */
    TARN_PART_ISODOW, /**< 1 Monday .. 7 Sunday */
    TARN_PART_DOY,    /**< 1..366 */
    TARN_PART_HOUR,
    TARN_PART_MINUTE,
    TARN_PART_SECOND,
    TARN_PART_MILLISECOND, /**< of the minute: seconds * 1000 + milliseconds */
    TARN_PART_MICROSECOND, /**< of the minute */
    TARN_PART_NANOSECOND,  /**< of the minute */
    TARN_PART_EPOCH,       /**< whole seconds since 1970 */
};

/** Caseless, singular or plural, and the usual short forms; false when there is no such part. */
bool tarn__datetime_part_of_name(struct tarn_text name, enum tarn_datetime_part *out);
int64_t tarn__date_extract(int64_t days, enum tarn_datetime_part part);
int64_t tarn__timestamp_extract(int64_t ticks, unsigned digits, enum tarn_datetime_part part);
/** The begin of the part: false for DOW, ISODOW, DOY, EPOCH and where it would lie before the first timestamp. */
bool tarn__timestamp_truncate(int64_t ticks, unsigned digits, enum tarn_datetime_part part, int64_t *out);
bool tarn__date_truncate(int64_t days, enum tarn_datetime_part part, int64_t *out);
/** The same day `months` later, or the last of that month when it is shorter. */
int64_t tarn__date_add_months(int64_t days, int64_t months);
bool tarn__timestamp_add_months(int64_t ticks, unsigned digits, int64_t months, int64_t *out);

#endif
