/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_LEAF_FORM_H
#define TARN_FORMAT_COLUMN_LEAF_FORM_H

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "format/batch/vector.h"
#include "format/column/extremes.h"

/*
 * How the values of a leaf are stored: the physical type, the bytes of a PLAIN value, the order of its bounds; and the copying of
 * values from vectors into that form.
 *
 * Threads: immutable. Allocates nothing.
 */
enum tarn__leaf_storing {
    TARN_STORE_AS_IS = 0,
    TARN_STORE_SECONDS,  /**< TIME, TIMESTAMP in seconds: as milliseconds */
    TARN_STORE_INTERVAL, /**< months, days, milliseconds of 32 bits each */
    TARN_STORE_TICKS,    /**< nanoseconds of 128 bits as 96-bit little-endian counts of `ticks` nanoseconds */
};

struct tarn__leaf_form {
    enum tarn_kind kind; /**< in vectors */
    int32_t physical;    /**< enum parquet_type */
    uint32_t width;      /**< bytes of a PLAIN value; 0 for BOOLEAN and BYTE_ARRAY */
    enum tarn__stored_order order;
    enum tarn__leaf_storing storing;
    uint32_t ticks;
};

/** False for a type that tarn__file_schema_write refuses. */
TARN_WARN_UNUSED bool tarn__leaf_form_of(const struct tarn_type *type, struct tarn__leaf_form *out);

/** Some values of a vector that is FLAT, STRINGS or VIEWS; none is null. */
struct tarn__leaf_values {
    const struct tarn_vector *vector;
    const uint32_t *rows; /**< NULL: first, first + 1, ... */
    uint32_t first;
};

static inline uint32_t tarn__leaf_row(const struct tarn__leaf_values *values, size_t i)
{
    return values->rows != NULL ? values->rows[i] : values->first + (uint32_t)i;
}

/** Those from number `i` on. */
static inline struct tarn__leaf_values tarn__leaf_values_from(struct tarn__leaf_values values, size_t i)
{
    if (values.rows != NULL) {
        values.rows += i;
    } else {
        values.first += (uint32_t)i;
    }
    return values;
}

/**
 * `n` values of fixed width as PLAIN stores them. Errors: INVALID detail "decimal_range" (more digits
 * than the type has room for), "time_range" (seconds that are too many milliseconds, a timestamp finer than its unit or over 96 bits),
 * "interval_range" (negative, or finer than milliseconds).
 */
TARN_WARN_UNUSED enum tarn_status tarn__leaf_store(const struct tarn__leaf_form *form, struct tarn__leaf_values values, size_t n,
                                                   uint8_t *out, struct tarn_error *err);

/** The values where they lie, when the vector holds them one behind the other as PLAIN stores them; else NULL. */
const uint8_t *tarn__leaf_stored(const struct tarn__leaf_form *form, struct tarn__leaf_values values);

/** `n` booleans into `bits` from bit `at` on, where bits are zero. */
void tarn__leaf_store_bits(struct tarn__leaf_values values, size_t n, uint8_t *bits, uint64_t at);

/** The sum of the lengths of `n` values of kind BYTES. */
uint64_t tarn__leaf_bytes_sum(struct tarn__leaf_values values, size_t n);

#endif
