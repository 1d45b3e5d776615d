/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_KERNELS_KERNELS_H
#define TARN_FORMAT_KERNELS_KERNELS_H

#include "tarn/env.h"

/*
 * The loops in which time goes: plain C, compiled once for each level of instructions, behind one const table of functions that is
 * chosen when the env is opened. Every table gives the same answers, to the bit.
 *
 * Bitmaps are written in whole bytes, bits behind `count` are zero. Pointers need no alignment beyond that of their type and do not
 * overlap. Nothing is allocated.
 */
enum tarn__float_test { TARN__FLOAT_LT, TARN__FLOAT_LE, TARN__FLOAT_EQ, TARN__FLOAT_NAN };

struct tarn__kernels {
    const char *name;

    /**
     * bit i: low <= values[i] <= high, in the order of unsigned numbers that begins at `low`: right for signed numbers too, since
     * both ends wrap alike.
     */
    void (*between8)(const uint8_t *values, uint32_t count, uint8_t low, uint8_t high, uint8_t *bits);
    void (*between16)(const uint16_t *values, uint32_t count, uint16_t low, uint16_t high, uint8_t *bits);
    void (*between32)(const uint32_t *values, uint32_t count, uint32_t low, uint32_t high, uint8_t *bits);
    void (*between64)(const uint64_t *values, uint32_t count, uint64_t low, uint64_t high, uint8_t *bits);

    /** As C compares: NaN passes none of LT, LE, EQ. */
    void (*test_f32)(const float *values, uint32_t count, float literal, enum tarn__float_test test, uint8_t *bits);
    void (*test_f64)(const double *values, uint32_t count, double literal, enum tarn__float_test test, uint8_t *bits);

    /** bit i: chosen[codes[i]], each of which is 0 or 1. */
    void (*lookup)(const uint32_t *codes, uint32_t count, const uint8_t *chosen, uint8_t *bits);

    /** Bytes of bitmaps: a & b, a & ~b, ~a (the caller clears what is behind the end). `out` may be `a`. */
    void (*bits_and)(const uint8_t *a, const uint8_t *b, size_t bytes, uint8_t *out);
    void (*bits_and_not)(const uint8_t *a, const uint8_t *b, size_t bytes, uint8_t *out);
    void (*bits_not)(const uint8_t *a, size_t bytes, uint8_t *out);

    /** Sums; slots of nulls are zero, so that they need no bitmap. 32-bit sums cannot overflow; the others are 128 bits, low word first. */
    int64_t (*sum_i32)(const int32_t *values, uint32_t count);
    void (*sum_i64)(const int64_t *values, uint32_t count, uint64_t sum[2]);
    /** By a fixed tree (eight lanes, blocks of 1,024, pairwise): one answer for every table and any number of threads. */
    double (*sum_f64)(const double *values, uint32_t count);
    double (*sum_f32)(const float *values, uint32_t count);

    /**
     * Numbers of `width` bits (0 to 64), packed from the least significant bit on: `n` from number `first` on, each with `base` added, as
     * their low 32 or all 64 bits. `packed` holds them and may go on behind them: then it is faster.
     */
    void (*unpack32)(struct tarn_span packed, unsigned width, uint32_t first, uint32_t n, uint32_t base, uint32_t *out);
    void (*unpack64)(struct tarn_span packed, unsigned width, uint32_t first, uint32_t n, uint64_t base, uint64_t *out);
    /** Each value becomes the sum of `sum`, itself and those before it; returns the last. Wraps. */
    uint32_t (*running_sum32)(uint32_t *values, uint32_t n, uint32_t sum);
    uint64_t (*running_sum64)(uint64_t *values, uint32_t n, uint64_t sum);
    /** Signed integers times `up`, rounded, times `down`, rounded. */
    void (*scale_f32)(const uint32_t *integers, uint32_t n, float up, float down, float *out);
    void (*scale_f64)(const uint64_t *integers, uint32_t n, double up, double down, double *out);
    /** out[i * width + k] = in[k * stride + i]: values of `width` bytes from as many streams of at least n bytes. */
    void (*join_streams)(const uint8_t *in, size_t stride, uint32_t width, uint32_t n, uint8_t *out);

    /* ---- the way back; `plain` are numbers as PLAIN stores them, little-endian, at any address ---- */

    /** Packs `n` values, each below 2^width (width 0 to 32; 0 to 64), into ceil(n * width / 8) bytes; bits behind the last are zero. */
    void (*pack32)(const uint32_t *values, uint32_t n, unsigned width, uint8_t *out);
    void (*pack64)(const uint64_t *values, uint32_t n, unsigned width, uint8_t *out);
    /** The least and the largest of each 32 of the `n` differences (the last: of fewer) between n + 1 numbers; they wrap. */
    void (*delta_bounds32)(const uint8_t *plain, uint32_t n, int32_t *least, int32_t *most);
    void (*delta_bounds64)(const uint8_t *plain, uint32_t n, int64_t *least, int64_t *most);
    /** The `n` differences between n + 1 numbers, less `base`. */
    void (*deltas32)(const uint8_t *plain, uint32_t n, uint32_t base, uint32_t *out);
    void (*deltas64)(const uint8_t *plain, uint32_t n, uint64_t base, uint64_t *out);
    /**
     * Numbers times scale[0], rounded, times scale[1], rounded, as the nearest signed integers; unless[i] is 1 where the integer times
     * scale[2] times scale[3] is not the number to the bit (then the integer is anything), else 0. Returns how many those are.
     */
    uint32_t (*unscale_f32)(const uint8_t *plain, uint32_t n, const float scale[4], uint32_t *integers, uint8_t *unless);
    uint32_t (*unscale_f64)(const uint8_t *plain, uint32_t n, const double scale[4], uint64_t *integers, uint8_t *unless);
    /** out[k * stride + i] = in[i * width + k]: `n` values of `width` bytes into as many streams. */
    void (*split_streams)(const uint8_t *in, uint32_t width, uint32_t n, size_t stride, uint8_t *out);
};

/** The table that env chose when it was opened. */
const struct tarn__kernels *tarn__kernels_of(const struct tarn_env *env);

/** The table of a level, NULL when it was not compiled in (another processor family). For tests. */
const struct tarn__kernels *tarn__kernels_at(enum tarn_cpu level);

#endif
