/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_CSV_CSV_VALUE_H
#define TARN_READER_CSV_CSV_VALUE_H

#include "format/base/datetime.h"
#include "format/base/number.h"

/*
 * How people write numbers, dates and truth in text files, brought into the forms that format/base parses.
 *
 * Threads: any. Allocates nothing.
 */

/** Room for a number in plain form; longer ones are not brought into it. */
enum { TARN_CSV_PLAIN = 96 };

/**
 * [+-] [$ € £] [+-] digits, or groups of three with `point`'s counterpart between them (1,200.50; with point ',' 1.200,50), [point digits]
 * [e exponent]: as [+-]digits[.digits][e...]. Returns the length, 0 when the text is no such number. Spaces at both ends are ignored.
 */
size_t tarn__csv_plain_number(struct tarn_text text, char point, char out[TARN_CSV_PLAIN]);

/** true, false in any case; `loose` also t f yes no y n 1 0. False when it is neither. */
bool tarn__csv_bool(struct tarn_text text, bool loose, bool *out);

/**
 * A date by a format of strftime's kind (%Y %y %m %d %b %B %H %I %M %S %f %p %z %%, others literally), and, when the format has no hours,
 * optionally ' ' or 'T' and a time (HH:MM[:SS[.fraction]] [AM|PM] [zone]) behind. An empty format is ISO 8601.
 */
enum tarn_parsed tarn__csv_timestamp(struct tarn_text text, struct tarn_text format, struct tarn_timestamp_text *out);

/** Are all letters behind '%' of `format` known? */
bool tarn__csv_format_is_valid(struct tarn_text format);

#endif
