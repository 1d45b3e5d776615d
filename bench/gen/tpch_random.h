/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_BENCH_GEN_TPCH_RANDOM_H
#define TARN_BENCH_GEN_TPCH_RANDOM_H

#include <stdint.h>

/*
 * A random stream of TPC-H: Lehmer's generator, multiplier 16807 modulo 2^31 - 1.
 *
 * Every column has a stream of its own, and every row (of `orders`, for the columns of `lineitem`) owns the same number of draws,
 * used or not; so rows can be made in any order, and what one column draws never moves another.
 */
#define TPCH_MODULUS INT64_C(2147483647)
#define TPCH_MULTIPLIER INT64_C(16807)

struct tpch_stream {
    int64_t seed;
    int32_t per_row; /**< draws that a row owns */
    int32_t used;    /**< of them, by this row */
};

/** The next draw, low..high. The specification's arithmetic is in doubles, and so are its roundings. */
static inline int32_t tpch_draw(struct tpch_stream *stream, int32_t low, int32_t high)
{
    stream->seed = stream->seed * TPCH_MULTIPLIER % TPCH_MODULUS;
    stream->used++;
    const double range = (double)((int64_t)high - low + 1);
    return low + (int32_t)((double)stream->seed / (double)TPCH_MODULUS * range);
}

/** To the first draw of the next row. */
void tpch_next_row(struct tpch_stream *stream);

#endif
