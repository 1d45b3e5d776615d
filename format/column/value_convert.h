/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_VALUE_CONVERT_H
#define TARN_FORMAT_COLUMN_VALUE_CONVERT_H

#include "format/base/bytes.h"
#include "tarn/type.h"

/*
 * From the fixed-width values that Parquet stores to the kinds that vectors hold: narrowed integers, decimals of big-endian bytes,
 * INT96 timestamps, intervals. Done a run of values at a time; for dictionaries once an entry.
 *
 * Threads: any. Allocates nothing.
 */

/** How stored values become values of a vector. */
enum tarn__conversion {
    TARN_CONVERT_NONE = 0,    /**< the column cannot be converted: not known here */
    TARN_CONVERT_BITS,        /**< BOOLEAN */
    TARN_CONVERT_BYTES,       /**< FIXED_LEN_BYTE_ARRAY as it is */
    TARN_CONVERT_NUMBERS,     /**< little-endian numbers of the kind's own width */
    TARN_CONVERT_INT32_TO_I8, /**< checked, as all that narrow */
    TARN_CONVERT_INT32_TO_I16,
    TARN_CONVERT_INT32_TO_U8,
    TARN_CONVERT_INT32_TO_U16,
    TARN_CONVERT_INT32_TO_I64,    /**< a decimal whose precision asks for more than it has */
    TARN_CONVERT_INT64_TO_I32,    /**< a decimal of few digits */
    TARN_CONVERT_INT_TO_WIDE,     /**< INT32 or INT64 to I128 or I256 */
    TARN_CONVERT_DECIMAL,         /**< big-endian two's complement of any length to I32..I256 */
    TARN_CONVERT_DECIMAL_FIXED,   /**< the same to FIXED, sign-extended: decimals of more than 76 digits */
    TARN_CONVERT_INT96_TO_MICROS, /**< Impala's timestamps to I64 microseconds, rounded down */
    TARN_CONVERT_INT96_TO_NANOS,  /**< to I128 nanoseconds */
    TARN_CONVERT_TICKS_TO_MICROS, /**< 96-bit little-endian counts of `digits` to I64 microseconds, rounded down */
    TARN_CONVERT_TICKS_TO_NANOS,  /**< to I128 nanoseconds, which lie inside of 64-bit seconds */
    TARN_CONVERT_INTERVAL,        /**< months, days, milliseconds of 32 bits to FIXED(16) */
    TARN_CONVERT_VIEWS,           /**< BYTE_ARRAY as it is */
};

/** A conversion with its widths. `stored` is 0 for BYTE_ARRAY and for BOOLEAN, `width` 0 for BOOLEAN. */
struct tarn__converter {
    enum tarn__conversion conversion;
    uint32_t stored; /**< bytes of a stored value */
    uint32_t width;  /**< bytes of a value of the vector */
    uint32_t digits; /**< TICKS: of the fraction of a second: 3, 6, 9 */
};

/** Converts `count` values of `stored` bytes. Returns the index of the first that does not fit, `count` when all do. */
size_t tarn__convert_values(const struct tarn__converter *converter, const uint8_t *in, size_t count, uint8_t *out);

/** One value of BYTE_ARRAY by DECIMAL or DECIMAL_FIXED. False: it does not fit the width. */
bool tarn__convert_decimal(const struct tarn__converter *converter, struct tarn_span bytes, uint8_t *out);

#endif
