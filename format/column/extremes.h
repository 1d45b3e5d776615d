/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_EXTREMES_H
#define TARN_FORMAT_COLUMN_EXTREMES_H

#include "tarn/type.h"

/*
 * Smallest and largest of stored values, by the order that Parquet defines for their type: the raw material of statistics and of the
 * column index.
 *
 * Values come as PLAIN stores them. Found bounds point into what was added, or into the struct itself (numbers): use or copy them
 * before either goes. Threads: single. Allocates nothing.
 */

/** The column orders of parquet.thrift: TYPE_ORDER by physical and logical type, and IEEE_754_TOTAL_ORDER. */
enum tarn__stored_order {
    TARN_STORED_NONE = 0, /**< no order is defined: no bounds are kept */
    TARN_STORED_BOOL,
    TARN_STORED_I32,
    TARN_STORED_U32,
    TARN_STORED_I64,
    TARN_STORED_U64,
    TARN_STORED_F32,
    TARN_STORED_F64,
    TARN_STORED_F16,
    TARN_STORED_F32_TOTAL, /**< IEEE_754_TOTAL_ORDER: -NaN, -inf, ..., -0, +0, ..., +inf, NaN */
    TARN_STORED_F64_TOTAL,
    TARN_STORED_F16_TOTAL,
    TARN_STORED_SIGNED_BE, /**< decimals in bytes: two's complement, most significant byte first, of fixed or any width */
    TARN_STORED_SIGNED_LE, /**< two's complement, least significant byte first, of equal widths */
    TARN_STORED_BYTES,     /**< unsigned, byte by byte; of fixed or any width */
    TARN_STORED_TEXT,      /**< the same; cut at characters */
};

enum { TARN_BOUND_BYTES = 64 /**< longer bounds are cut when nothing else is asked for */ };

struct tarn__extremes {
    enum tarn__stored_order order;
    bool any;           /**< min and max are set */
    bool only_nan;      /**< after finish, total order: min and max are NaN, since there is nothing else */
    uint64_t nan_count; /**< floats: NaN is counted, and a bound at most where there is nothing else */
    struct tarn_span min;
    struct tarn_span max;
    uint8_t number[2][8];
    uint64_t nan_keys[2]; /* total order: least and greatest NaN */
    uint64_t heads[2];    /* BYTES, TEXT: the first eight bytes of min and max, as a number */
};

static inline bool tarn__stored_is_total(enum tarn__stored_order order)
{
    return order == TARN_STORED_F32_TOTAL || order == TARN_STORED_F64_TOTAL || order == TARN_STORED_F16_TOTAL;
}

static inline bool tarn__stored_is_float(enum tarn__stored_order order)
{
    return order == TARN_STORED_F32 || order == TARN_STORED_F64 || order == TARN_STORED_F16 || tarn__stored_is_total(order);
}

/** The total order of the same floats; any other order as it is. */
enum tarn__stored_order tarn__stored_total(enum tarn__stored_order order);

/** Negative, 0, positive. NaN only in total orders. Spans of numbers have the width of their kind. */
int tarn__stored_compare(enum tarn__stored_order order, struct tarn_span a, struct tarn_span b);

void tarn__extremes_init(struct tarn__extremes *extremes, enum tarn__stored_order order);
/** `count` values of `width` bytes, one behind the other; BOOL: bits. */
void tarn__extremes_add_fixed(struct tarn__extremes *extremes, const uint8_t *values, size_t width, size_t count);
/** One value of any length: BYTES, TEXT, SIGNED_BE. */
void tarn__extremes_add_bytes(struct tarn__extremes *extremes, struct tarn_span value);
/**
 * After the last value. TYPE_ORDER: -0 and +0 are spread so that both lie inside the bounds. Total order: where all are NaN the bounds are
 * the least and the greatest of them.
 */
void tarn__extremes_finish(struct tarn__extremes *extremes);

/** Bytes to keep of a minimum: at most `most`, whole characters for TEXT. Less than value.size: the bound is not exact. */
size_t tarn__bound_cut_min(enum tarn__stored_order order, struct tarn_span value, size_t most);
/**
 * A bound that is at least `value`, of at most `most` bytes, into `out`, which has room for them: the value itself, or its head with the
 * last character or byte that can be raised raised. Returns its size; 0: there is none that short (all characters are the greatest).
 */
size_t tarn__bound_cut_max(enum tarn__stored_order order, struct tarn_span value, size_t most, uint8_t *out, bool *exact);

#endif
