/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernels: this file is compiled once for each level, with TARN_KERNELS naming the table and TARN_KERNELS_LEVEL the level.
 *
 * Loops are written so that the compiler turns them into vectors: no calls, no early exits, comparisons into bytes of a block of 64
 * rows first, which are then packed into bits, eight at a time by a multiplication.
 */
#include "format/base/bytes.h"
#include "format/kernels/kernels.h"
#include "format/kernels/pack_loops.h"
#include "format/kernels/split_loops.h"
#include "format/kernels/unpack_loops.h"

enum { BLOCK = 64 };

/* Eight bytes of 0 or 1 as eight bits, the first lowest. */
static inline uint8_t pack8(const uint8_t *bytes)
{
    return (uint8_t)(tarn__load64(bytes) * UINT64_C(0x0102040810204080) >> 56);
}

static inline void pack_block(const uint8_t *bytes, uint8_t *bits)
{
    for (unsigned i = 0; i < BLOCK / 8; i++) {
        bits[i] = pack8(bytes + (size_t)i * 8);
    }
}

/* The last rows: fewer than a block, the bytes behind them zero. */
static inline void pack_tail(uint8_t *bytes, uint32_t rows, uint8_t *bits)
{
    for (uint32_t i = rows; i < BLOCK; i++) {
        bytes[i] = 0;
    }
    for (uint32_t i = 0; i < (rows + 7) / 8; i++) {
        bits[i] = pack8(bytes + (size_t)i * 8);
    }
}

#define EACH_BLOCK(test)                                                                                                                   \
    uint8_t bytes[BLOCK];                                                                                                                  \
    uint32_t base = 0;                                                                                                                     \
    for (; count - base >= BLOCK; base += BLOCK, bits += BLOCK / 8) {                                                                      \
        for (uint32_t i = 0; i < BLOCK; i++) {                                                                                             \
            bytes[i] = (uint8_t)(test);                                                                                                    \
        }                                                                                                                                  \
        pack_block(bytes, bits);                                                                                                           \
    }                                                                                                                                      \
    for (uint32_t i = 0; i < count - base; i++) {                                                                                          \
        bytes[i] = (uint8_t)(test);                                                                                                        \
    }                                                                                                                                      \
    pack_tail(bytes, count - base, bits)

static void between8(const uint8_t *restrict values, uint32_t count, uint8_t low, uint8_t high, uint8_t *restrict bits)
{
    const uint8_t span = (uint8_t)(high - low);
    EACH_BLOCK((uint8_t)(values[base + i] - low) <= span);
}

static void between16(const uint16_t *restrict values, uint32_t count, uint16_t low, uint16_t high, uint8_t *restrict bits)
{
    const uint16_t span = (uint16_t)(high - low);
    EACH_BLOCK((uint16_t)(values[base + i] - low) <= span);
}

static void between32(const uint32_t *restrict values, uint32_t count, uint32_t low, uint32_t high, uint8_t *restrict bits)
{
    const uint32_t span = high - low;
    EACH_BLOCK(values[base + i] - low <= span);
}

static void between64(const uint64_t *restrict values, uint32_t count, uint64_t low, uint64_t high, uint8_t *restrict bits)
{
    const uint64_t span = high - low;
    EACH_BLOCK(values[base + i] - low <= span);
}

static void less_f32(const float *restrict values, uint32_t count, float literal, uint8_t *restrict bits)
{
    EACH_BLOCK(values[base + i] < literal);
}

static void at_most_f32(const float *restrict values, uint32_t count, float literal, uint8_t *restrict bits)
{
    EACH_BLOCK(values[base + i] <= literal);
}

static void equal_f32(const float *restrict values, uint32_t count, float literal, uint8_t *restrict bits)
{
    EACH_BLOCK(values[base + i] == literal);
}

static void nan_f32(const float *restrict values, uint32_t count, uint8_t *restrict bits)
{
    EACH_BLOCK(values[base + i] != values[base + i]);
}

static void less_f64(const double *restrict values, uint32_t count, double literal, uint8_t *restrict bits)
{
    EACH_BLOCK(values[base + i] < literal);
}

static void at_most_f64(const double *restrict values, uint32_t count, double literal, uint8_t *restrict bits)
{
    EACH_BLOCK(values[base + i] <= literal);
}

static void equal_f64(const double *restrict values, uint32_t count, double literal, uint8_t *restrict bits)
{
    EACH_BLOCK(values[base + i] == literal);
}

static void nan_f64(const double *restrict values, uint32_t count, uint8_t *restrict bits)
{
    EACH_BLOCK(values[base + i] != values[base + i]);
}

static void test_f32(const float *values, uint32_t count, float literal, enum tarn__float_test test, uint8_t *bits)
{
    switch (test) {
    case TARN__FLOAT_LT:
        less_f32(values, count, literal, bits);
        break;
    case TARN__FLOAT_LE:
        at_most_f32(values, count, literal, bits);
        break;
    case TARN__FLOAT_EQ:
        equal_f32(values, count, literal, bits);
        break;
    case TARN__FLOAT_NAN:
        nan_f32(values, count, bits);
        break;
    }
}

static void test_f64(const double *values, uint32_t count, double literal, enum tarn__float_test test, uint8_t *bits)
{
    switch (test) {
    case TARN__FLOAT_LT:
        less_f64(values, count, literal, bits);
        break;
    case TARN__FLOAT_LE:
        at_most_f64(values, count, literal, bits);
        break;
    case TARN__FLOAT_EQ:
        equal_f64(values, count, literal, bits);
        break;
    case TARN__FLOAT_NAN:
        nan_f64(values, count, bits);
        break;
    }
}

static void lookup(const uint32_t *restrict codes, uint32_t count, const uint8_t *restrict chosen, uint8_t *restrict bits)
{
    EACH_BLOCK(chosen[codes[base + i]]);
}

static void bits_and(const uint8_t *a, const uint8_t *b, size_t bytes, uint8_t *out)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = a[i] & b[i];
    }
}

static void bits_and_not(const uint8_t *a, const uint8_t *b, size_t bytes, uint8_t *out)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(a[i] & ~b[i]);
    }
}

static void bits_not(const uint8_t *a, size_t bytes, uint8_t *out)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)~a[i];
    }
}

/* ---- sums ---- */

static int64_t sum_i32(const int32_t *restrict values, uint32_t count)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum;
}

/*
 * The sum of 64-bit numbers from the sums of their halves: value = high * 2^32 + low with low unsigned. Neither half's sum can overflow,
 * since count < 2^32.
 */
static void sum_i64(const int64_t *restrict values, uint32_t count, uint64_t sum[2])
{
    int64_t high = 0;
    uint64_t low = 0;
    for (uint32_t i = 0; i < count; i++) {
        high += values[i] >> 32;
        low += (uint64_t)values[i] & UINT32_MAX;
    }
    const uint64_t shifted = (uint64_t)high << 32;
    sum[0] = shifted + low;
    sum[1] = (uint64_t)(high >> 32) + (sum[0] < low);
}

enum { LANES = 8, SUM_BLOCK = 1024 };

static double add_lanes(const double *lanes)
{
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

/* Sums of blocks, joined as a binary counter counts: pairs of equal size, whatever the number of blocks. */
struct tree {
    double sums[32];
    uint32_t blocks;
};

static void tree_add(struct tree *tree, double sum)
{
    unsigned level = 0;
    for (uint32_t full = tree->blocks; (full & 1) != 0; full >>= 1, level++) {
        sum = tree->sums[level] + sum;
    }
    tree->sums[level] = sum;
    tree->blocks++;
}

static double tree_sum(const struct tree *tree)
{
    double sum = 0;
    for (unsigned level = 0; level < 32; level++) {
        sum = (tree->blocks >> level & 1) != 0 ? tree->sums[level] + sum : sum;
    }
    return sum;
}

static double block_f64(const double *restrict values, uint32_t count)
{
    double lanes[LANES] = {0};
    uint32_t i = 0;
    for (; count - i >= LANES; i += LANES) {
        for (unsigned lane = 0; lane < LANES; lane++) {
            lanes[lane] += values[i + lane];
        }
    }
    for (unsigned lane = 0; i < count; i++, lane++) {
        lanes[lane] += values[i];
    }
    return add_lanes(lanes);
}

static double block_f32(const float *restrict values, uint32_t count)
{
    double lanes[LANES] = {0};
    uint32_t i = 0;
    for (; count - i >= LANES; i += LANES) {
        for (unsigned lane = 0; lane < LANES; lane++) {
            lanes[lane] += (double)values[i + lane];
        }
    }
    for (unsigned lane = 0; i < count; i++, lane++) {
        lanes[lane] += (double)values[i];
    }
    return add_lanes(lanes);
}

static double sum_f64(const double *values, uint32_t count)
{
    struct tree tree = {.blocks = 0};
    for (uint32_t base = 0; base < count;) {
        const uint32_t rows = count - base < SUM_BLOCK ? count - base : SUM_BLOCK;
        tree_add(&tree, block_f64(values + base, rows));
        base += rows;
    }
    return tree_sum(&tree);
}

static double sum_f32(const float *values, uint32_t count)
{
    struct tree tree = {.blocks = 0};
    for (uint32_t base = 0; base < count;) {
        const uint32_t rows = count - base < SUM_BLOCK ? count - base : SUM_BLOCK;
        tree_add(&tree, block_f32(values + base, rows));
        base += rows;
    }
    return tree_sum(&tree);
}

extern const struct tarn__kernels TARN_KERNELS;

const struct tarn__kernels TARN_KERNELS = {
    .name = TARN_KERNELS_LEVEL,
    .between8 = between8,
    .between16 = between16,
    .between32 = between32,
    .between64 = between64,
    .test_f32 = test_f32,
    .test_f64 = test_f64,
    .lookup = lookup,
    .bits_and = bits_and,
    .bits_and_not = bits_and_not,
    .bits_not = bits_not,
    .sum_i32 = sum_i32,
    .sum_i64 = sum_i64,
    .sum_f64 = sum_f64,
    .sum_f32 = sum_f32,
    .unpack32 = unpack32,
    .unpack64 = unpack64,
    .running_sum32 = running_sum32,
    .running_sum64 = running_sum64,
    .scale_f32 = scale_f32,
    .scale_f64 = scale_f64,
    .join_streams = join_streams,
    .pack32 = pack32,
    .pack64 = pack64,
    .delta_bounds32 = delta_bounds32,
    .delta_bounds64 = delta_bounds64,
    .deltas32 = deltas32,
    .deltas64 = deltas64,
    .unscale_f32 = unscale_f32,
    .unscale_f64 = unscale_f64,
    .split_streams = split_streams,
};
