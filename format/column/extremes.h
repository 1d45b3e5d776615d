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

/** TYPE_ORDER of parquet.thrift, by physical and logical type. */
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
    TARN_STORED_SIGNED_BE, /**< decimals in bytes: two's complement, most significant byte first, equal widths */
    TARN_STORED_BYTES,     /**< unsigned, byte by byte; of fixed or any width */
    TARN_STORED_TEXT,      /**< the same; cut at characters */
};

enum { TARN_BOUND_BYTES = 64 /**< longer bounds are cut */ };

struct tarn__extremes {
    enum tarn__stored_order order;
    bool any;           /**< min and max are set */
    uint64_t nan_count; /**< floats: NaN is counted and never a bound */
    struct tarn_span min;
    struct tarn_span max;
    uint8_t number[2][8];
};

static inline bool tarn__stored_is_float(enum tarn__stored_order order)
{
    return order == TARN_STORED_F32 || order == TARN_STORED_F64 || order == TARN_STORED_F16;
}

/** Negative, 0, positive. Not for NaN. Spans of numbers have the width of their kind. */
int tarn__stored_compare(enum tarn__stored_order order, struct tarn_span a, struct tarn_span b);

void tarn__extremes_init(struct tarn__extremes *extremes, enum tarn__stored_order order);
/** `count` values of `width` bytes, one behind the other; BOOL: bits. */
void tarn__extremes_add_fixed(struct tarn__extremes *extremes, const uint8_t *values, size_t width, size_t count);
/** One value of any length: BYTES, TEXT. */
void tarn__extremes_add_bytes(struct tarn__extremes *extremes, struct tarn_span value);
/** After the last value: -0 and +0 are spread so that both lie inside the bounds. */
void tarn__extremes_finish(struct tarn__extremes *extremes);

/** Bytes to keep of a minimum: at most TARN_BOUND_BYTES, whole characters for TEXT. Less than value.size: the bound is not exact. */
size_t tarn__bound_cut_min(enum tarn__stored_order order, struct tarn_span value);
/**
 * A bound that is at least `value`, of at most TARN_BOUND_BYTES, into `out`: the value itself, or its head with the last character or
 * byte that can be raised raised. Returns its size; 0: there is none that short (all characters are the greatest).
 */
size_t tarn__bound_cut_max(enum tarn__stored_order order, struct tarn_span value, uint8_t out[TARN_BOUND_BYTES], bool *exact);

#endif
