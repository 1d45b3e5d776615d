/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_CSV_CSV_TYPES_H
#define TARN_READER_CSV_CSV_TYPES_H

#include "reader/csv/csv_value.h"
#include "tarn/type.h"

/*
 * What type a column of text has: guesses that values narrow down until they are resolved for all columns together.
 *
 * Threads: single. Allocates nothing.
 */

/** Date forms that are tried, in this order; the first is ISO 8601. */
enum { TARN_CSV_DATE_FORMS = 14 };
struct tarn_text tarn__csv_date_form(uint32_t i);

enum {
    TARN_GUESS_BOOL = 1,
    TARN_GUESS_INT = 2,     /**< in 64 bits */
    TARN_GUESS_HUGE = 4,    /**< whole, up to 38 digits */
    TARN_GUESS_DECIMAL = 8, /**< no exponent, up to 38 digits */
    TARN_GUESS_NUMBER = 16,
    TARN_GUESS_DATE = 32,
    TARN_GUESS_TIMESTAMP = 64, /**< or date, without zone */
    TARN_GUESS_INSTANT = 128,  /**< timestamp with zone */
    TARN_GUESS_ALL = 255,
    TARN_GUESS_NUMBERS = 2 | 4 | 8 | 16,
    TARN_GUESS_TIMES = 32 | 64 | 128,
};

struct tarn_csv_guess {
    uint32_t kinds[2]; /**< what every value may be: [0] with '.', [1] with ',' as the point */
    uint32_t forms;    /**< date forms that fit every value */
    bool any;          /**< there was a value that says something */
    bool fraction;     /**< one of the values has a fraction */
    uint8_t digits;    /**< most digits before the point */
    uint8_t scale;     /**< most digits behind it */
};

struct tarn_csv_guessing {
    struct tarn_text date_format; /**< the only form, unless empty */
    char point;                   /**< 0: open */
    bool prefer_decimal;
    bool all_varchar;
};

void tarn__csv_guess_begin(struct tarn_csv_guess *guess);
/** Takes a value in that is not null. */
void tarn__csv_guess_value(struct tarn_csv_guess *guess, const struct tarn_csv_guessing *how, struct tarn_text text);

/** What a column became. */
struct tarn_csv_column_form {
    struct tarn_type type;   /**< without members: BOOL, I64, F64, DECIMAL, DATE, TIMESTAMP or STRING */
    struct tarn_text format; /**< of dates and timestamps; empty: ISO */
};

/** The point that all columns agree on: '.' unless some column makes sense only with ','. */
char tarn__csv_guess_point(const struct tarn_csv_guessing *how, uint32_t count, const struct tarn_csv_guess *guesses);
/**
 * Forms for all columns. A date that could be read as day-month or month-day takes the order that other columns prove, and stays text
 * when none does.
 */
void tarn__csv_guess_resolve(const struct tarn_csv_guessing *how, char point, uint32_t count, const struct tarn_csv_guess *guesses,
                             struct tarn_csv_column_form *out);

/** What a column of this form may still become when more values are taken in. */
void tarn__csv_guess_of_form(struct tarn_csv_guess *guess, const struct tarn_csv_column_form *form, char point);

#endif
