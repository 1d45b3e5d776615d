/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_NUMBER_H
#define TARN_FORMAT_BASE_NUMBER_H

#include "format/base/bytes.h"

/*
 * Numbers as text, both ways, the same in every locale: '.' is the point, digits are '0' to '9'.
 *
 * Parsing takes the whole text: no spaces around, nothing behind. Doubles and floats are rounded correctly (to nearest, ties to
 * even) for any number of digits. Printing gives the shortest digits that parse back to the same value, the nearest of them when
 * there are several.
 *
 * Threads: any. Allocates nothing.
 */

/** What a text turned out to be. Shared by numbers, decimals, dates and times. */
enum tarn_parsed {
    TARN_PARSED = 0,         /**< the value is in *out */
    TARN_PARSED_SYNTAX = 1,  /**< the text is not of the kind; *out is zero */
    TARN_PARSED_RANGE = 2,   /**< of the kind, but the value does not fit; *out is the nearest limit (doubles: infinity) */
    TARN_PARSED_INEXACT = 3, /**< fits only with loss, and rounding was not asked for; *out is rounded towards minus infinity */
};

enum {
    TARN_NUMBER_SPECIALS = 1, /**< accept nan, inf, infinity in any case, with a sign */
    TARN_NUMBER_COMMA = 2,    /**< the point is ',' */
};

/** [+-]digits */
enum tarn_parsed tarn__int64_parse(struct tarn_text text, int64_t *out);
/** [+]digits; a minus sign is RANGE unless the value is zero. */
enum tarn_parsed tarn__uint64_parse(struct tarn_text text, uint64_t *out);
/** [+-]digits[.digits][e[+-]digits], at least one digit before or behind the point. A value too small becomes zero: no error. */
enum tarn_parsed tarn__double_parse(struct tarn_text text, unsigned flags, double *out);
/** The nearest float to the text itself (not to the nearest double). */
enum tarn_parsed tarn__float_parse(struct tarn_text text, unsigned flags, float *out);

/** Room for any number that the functions below print. */
enum { TARN_NUMBER_TEXT = 32 };

/** Each writes no terminator and returns the length. */
size_t tarn__int64_print(int64_t value, char *out);
size_t tarn__uint64_print(uint64_t value, char *out);

/** How the values without digits are spelled, at most 16 characters each. */
struct tarn_float_words {
    const char *nan;
    const char *infinity;
    const char *minus_infinity;
    const char *minus_zero;
};

extern const struct tarn_float_words tarn__float_words_plain; /**< nan inf -inf -0.0 */
extern const struct tarn_float_words tarn__float_words_json;  /**< "NaN" "Infinity" "-Infinity", quoted, and -0.0 */

/**
 * As Python's repr: 0.1, 1.0, 100000.0, 1e+16, 1e-05. A finite value always has a point or an exponent. `words` NULL: plain.
 * Longest: 24 characters.
 */
size_t tarn__double_print(double value, const struct tarn_float_words *words, char *out);
size_t tarn__float_print(float value, const struct tarn_float_words *words, char *out);

/** A finite value is (negative ? -1 : 1) * digits * 10^exponent; `digits` does not end in a zero unless it is 0. */
struct tarn_float_digits {
    uint64_t digits;
    int32_t exponent;
    bool negative;
};

/** The shortest digits of a finite value. */
struct tarn_float_digits tarn__double_shortest(double value);
struct tarn_float_digits tarn__float_shortest(float value);

/**
 * True when the 8 bytes at `p` are all digits; *out is then their value. Eight at a time is what makes columns of numbers fast.
 */
static inline bool tarn__digits8(const char *p, uint32_t *out)
{
    const uint64_t v = tarn__load64(p);
    /* high nibbles are all 3, and stay so when 6 is added to each byte */
    if (((v & 0xf0f0f0f0f0f0f0f0u) | ((v + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4) != 0x3333333333333333u) {
        return false;
    }
    const uint64_t pairs = (v & 0x0f0f0f0f0f0f0f0fu) * 2561 >> 8;
    const uint64_t fours = (pairs & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
    *out = (uint32_t)((fours & 0x0000ffff0000ffffu) * 42949672960001u >> 32);
    return true;
}

#endif
