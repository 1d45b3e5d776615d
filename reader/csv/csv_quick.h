/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_CSV_QUICK_H
#define TARN_READER_CSV_QUICK_H

#include "format/base/bytes.h"
#include "format/base/datetime.h"

/*
 * The usual spellings of numbers and dates, eight digits a step: what is not one of them is left to the parsers of format/base, which give
 * the same value for those that are.
 *
 * A text is told by its end and its size; TARN_CSV_QUICK_ROOM bytes before the end may be loaded, whatever they are.
 */
enum { TARN_CSV_QUICK_ROOM = 16, TARN_CSV_QUICK_DIGITS = 15 };

/* Are all eight bytes digits? */
static inline bool tarn__csv_all_digits(uint64_t word)
{
    const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0);
    return ((word & high) | ((word + UINT64_C(0x0606060606060606)) & high) >> 4) == UINT64_C(0x3333333333333333);
}

/* The number that eight digits spell, the first in the lowest byte. */
static inline uint32_t tarn__csv_eight_digits(uint64_t word)
{
    word = (word & UINT64_C(0x0f0f0f0f0f0f0f0f)) * 2561 >> 8;
    word = (word & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
    return (uint32_t)((word & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32);
}

/* One to eight digits before `end`. */
static inline bool tarn__csv_quick_few(const uint8_t *end, size_t size, uint64_t *out)
{
    const uint64_t zeros = UINT64_C(0x3030303030303030);
    const uint64_t keep = UINT64_MAX << (64 - 8 * size);
    const uint64_t word = (tarn__load64(end - 8) & keep) | (zeros & ~keep);
    *out = tarn__csv_eight_digits(word);
    return tarn__csv_all_digits(word);
}

/** Digits alone, at most TARN_CSV_QUICK_DIGITS. */
static inline bool tarn__csv_quick_unsigned(const uint8_t *end, size_t size, uint64_t *out)
{
    uint64_t high;
    if (size - 1 < 8) {
        return tarn__csv_quick_few(end, size, out);
    }
    if (size - 1 >= TARN_CSV_QUICK_DIGITS || !tarn__csv_quick_few(end - 8, size - 8, &high) || !tarn__csv_quick_few(end, 8, out)) {
        return false;
    }
    *out += high * 100000000;
    return true;
}

/** Digits with a minus before them, or without. */
static inline bool tarn__csv_quick_integer(const uint8_t *end, size_t size, int64_t *out)
{
    uint64_t number;
    const bool negative = size != 0 && end[-(ptrdiff_t)size] == '-';
    if (!tarn__csv_quick_unsigned(end, size - negative, &number)) {
        return false;
    }
    *out = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

static inline uint64_t tarn__csv_power_of_ten(unsigned exponent)
{
    static const uint64_t powers[] = {1,
                                      10,
                                      100,
                                      1000,
                                      10000,
                                      100000,
                                      1000000,
                                      10000000,
                                      100000000,
                                      UINT64_C(1000000000),
                                      UINT64_C(10000000000),
                                      UINT64_C(100000000000),
                                      UINT64_C(1000000000000),
                                      UINT64_C(10000000000000),
                                      UINT64_C(100000000000000),
                                      UINT64_C(1000000000000000),
                                      UINT64_C(10000000000000000),
                                      UINT64_C(100000000000000000),
                                      UINT64_C(1000000000000000000)};
    return powers[exponent];
}

/**
 * Digits with a point among them, one at least on each side, or without: `digits` is the number that they spell without it, `*fraction`
 * how many of them (at most 7, so that a load of those before it stays inside the room) stand behind it. What *fraction holds before is
 * tried first: columns have as many in all rows.
 */
static inline bool tarn__csv_quick_decimal(const uint8_t *end, size_t size, char point, bool *negative, uint64_t *digits,
                                           unsigned *fraction)
{
    uint64_t behind = 0;
    *negative = size != 0 && end[-(ptrdiff_t)size] == '-';
    size -= *negative;
    if (size - 1 > TARN_CSV_QUICK_DIGITS) { /* and when there is none */
        return false;
    }
    if (*fraction == 0 || size <= *fraction + (size_t)1 || end[-1 - (ptrdiff_t)*fraction] != (uint8_t)point) {
        *fraction = 0;
        for (unsigned n = 1; n <= 7 && n + 1 < size && *fraction == 0; n++) {
            *fraction = end[-1 - (ptrdiff_t)n] == (uint8_t)point ? n : 0;
        }
        if (*fraction == 0) {
            return tarn__csv_quick_unsigned(end, size, digits);
        }
    }
    if (!tarn__csv_quick_few(end, *fraction, &behind)) {
        return false;
    }
    const size_t before = size - 1 - *fraction;
    uint64_t whole;
    if (before > 8 || !tarn__csv_quick_few(end - 1 - *fraction, before, &whole)) {
        return false;
    }
    *digits = whole * tarn__csv_power_of_ten(*fraction) + behind;
    return true;
}

/** yyyy-mm-dd of the years 1 to 9999 and of days that every month has. */
static inline bool tarn__csv_quick_date(const uint8_t *end, size_t size, int64_t *days)
{
    if (size != 10 || end[-6] != '-' || end[-3] != '-') {
        return false;
    }
    const uint64_t head = tarn__load64(end - 10);
    const uint64_t word = (head & UINT32_MAX) | (head >> 40 & 0xffff) << 32 | (uint64_t)tarn__load16(end - 2) << 48;
    if (!tarn__csv_all_digits(word)) {
        return false;
    }
    const uint32_t number = tarn__csv_eight_digits(word);
    const uint32_t year = number / 10000;
    const uint32_t month = number / 100 % 100;
    const uint32_t day = number % 100;
    if (year == 0 || month - 1 >= 12 || day - 1 >= 28) {
        return false;
    }
    *days = tarn__days_of_civil(year, month, day);
    return true;
}

#endif
