/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_DECIMAL_H
#define TARN_FORMAT_BASE_DECIMAL_H

#include "format/base/int128.h"
#include "format/base/text.h"

/*
 * Decimals: an unscaled integer and a scale that the type knows; value = unscaled * 10^-scale. Up to 38 digits in 128 bits, up to
 * 76 in 256.
 *
 * precision is 1..38 (1..76), scale is 0..precision. Threads: any. Allocates nothing.
 */
enum { TARN_DECIMAL128_DIGITS = 38, TARN_DECIMAL256_DIGITS = 76 };

enum {
    TARN_DECIMAL_ROUND = 1, /**< digits behind the scale are rounded, half away from zero; else INEXACT unless they are zeros */
    TARN_DECIMAL_COMMA = 2, /**< the point is ',' */
};

/** 10^n, n in 0..38. */
tarn_i128 tarn__pow10_128(unsigned n);
/** 10^n, n in 0..76. */
struct tarn_i256 tarn__pow10_256(unsigned n);

/**
 * [+-]digits[.digits][e[+-]digits], the whole text. RANGE when it has more than `precision` digits at this scale, INEXACT when
 * it has more digits behind the point than `scale` (zeros do not count) and TARN_DECIMAL_ROUND is not given.
 */
enum tarn_parsed tarn__decimal128_parse(struct tarn_text text, unsigned precision, unsigned scale, unsigned flags, tarn_i128 *out);
enum tarn_parsed tarn__decimal256_parse(struct tarn_text text, unsigned precision, unsigned scale, unsigned flags, struct tarn_i256 *out);

/** Room for any decimal below: sign, 78 digits, point, leading zero. */
enum { TARN_DECIMAL_TEXT = 88 };

/** Exactly `scale` digits behind the point, and no point when `scale` is 0. No terminator; returns the length. scale <= 76. */
size_t tarn__decimal128_print(tarn_i128 unscaled, unsigned scale, char *out);
size_t tarn__decimal256_print(struct tarn_i256 unscaled, unsigned scale, char *out);

/** |unscaled| < 10^precision. */
bool tarn__decimal128_fits(tarn_i128 unscaled, unsigned precision);
bool tarn__decimal256_fits(struct tarn_i256 unscaled, unsigned precision);

/** From one scale to another, to fit `precision`. PARSED, RANGE, or INEXACT without TARN_DECIMAL_ROUND. */
enum tarn_parsed tarn__decimal128_rescale(tarn_i128 unscaled, unsigned from, unsigned to, unsigned precision, unsigned flags,
                                          tarn_i128 *out);
enum tarn_parsed tarn__decimal256_rescale(struct tarn_i256 unscaled, unsigned from, unsigned to, unsigned precision, unsigned flags,
                                          struct tarn_i256 *out);

/** Compares values of different scales, exactly. Negative, 0, positive. */
int tarn__decimal128_compare(tarn_i128 a, unsigned a_scale, tarn_i128 b, unsigned b_scale);

/** The nearest double, rounded once. */
double tarn__decimal128_to_double(tarn_i128 unscaled, unsigned scale);
double tarn__decimal256_to_double(struct tarn_i256 unscaled, unsigned scale);
/** By the shortest digits of the double (0.1 is 0.1), rounded half away from zero. RANGE also for NaN and infinities. */
enum tarn_parsed tarn__decimal128_of_double(double value, unsigned precision, unsigned scale, tarn_i128 *out);

/**
 * Two's complement, most significant byte first, any width: Parquet's and Iceberg's stored form. Reading is false when the value
 * does not fit (sign bytes in front are legal); no bytes are 0. Writing fills exactly `width` bytes and is false when too narrow.
 */
bool tarn__i128_load_be(struct tarn_span bytes, tarn_i128 *out);
bool tarn__i256_load_be(struct tarn_span bytes, struct tarn_i256 *out);
bool tarn__i128_store_be(tarn_i128 value, uint8_t *out, size_t width);
bool tarn__i256_store_be(struct tarn_i256 value, uint8_t *out, size_t width);
/** The fewest bytes that hold this value, 1..16: how many they are. */
size_t tarn__i128_store_be_shortest(tarn_i128 value, uint8_t out[16]);

/** Bytes of the longest decimal that is shown as a number, and the digits that they may have. */
enum { TARN_DECIMAL_BYTES = 4096, TARN_DECIMAL_BYTES_DIGITS = 9864 };

/**
 * Two's complement of any width, most significant byte first, as a number with `scale` digits behind the point. False: it is longer than
 * is shown, and nothing was added. Cost: the square of its bytes.
 */
bool tarn__decimal_bytes_add(struct tarn_text_builder *out, struct tarn_span bytes, unsigned scale);

/** The fewest bytes that hold every value of `precision` digits: Parquet's FIXED_LEN_BYTE_ARRAY width. precision 1..76. */
unsigned tarn__decimal_width(unsigned precision);

#endif
