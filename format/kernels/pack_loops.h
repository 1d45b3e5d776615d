/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_KERNELS_PACK_LOOPS_H
#define TARN_FORMAT_KERNELS_PACK_LOOPS_H

/*
 * Numbers into bits, least significant bit first; differences of numbers and their bounds; ALP's integers. Included by compiled.c alone,
 * once for each level of instructions.
 *
 * Eight values take `width` whole bytes; for each width the shifts of the eight are constants, so that a group is put together in words
 * of eight bytes without a branch.
 *
 * Invariants
 *  1. Exactly ceil(n * width / 8) bytes are written.
 *  2. Values are below 2^width: nothing is masked.
 */
#include "format/base/bytes.h"

/* Word `word` of the bits of eight values: what each value that reaches into it has there. Constants but for the values. */
#define PACKED_WORD(name, type)                                                                                                            \
    static inline __attribute__((always_inline)) uint64_t name(const type *values, unsigned width, unsigned word)                          \
    {                                                                                                                                      \
        uint64_t bits = 0;                                                                                                                 \
        _Pragma("GCC unroll 8") for (unsigned i = 0; i < 8; i++)                                                                           \
        {                                                                                                                                  \
            const unsigned begin = i * width;                                                                                              \
            if (begin >= word * 64 && begin < word * 64 + 64) {                                                                            \
                bits |= (uint64_t)values[i] << (begin % 64);                                                                               \
            } else if (begin < word * 64 && begin + width > word * 64) {                                                                   \
                bits |= (uint64_t)values[i] >> ((word * 64 - begin) % 64);                                                                 \
            }                                                                                                                              \
        }                                                                                                                                  \
        return bits;                                                                                                                       \
    }
PACKED_WORD(packed_word32, uint32_t)
PACKED_WORD(packed_word64, uint64_t)

/* The low `size` (1 to 8) bytes of a word, without a byte behind them. */
static inline __attribute__((always_inline)) void store_low(uint64_t word, unsigned size, uint8_t *out)
{
    if (size == 8) {
        tarn__store64(out, word);
        return;
    }
    if ((size & 4) != 0) {
        tarn__store32(out, (uint32_t)word);
        word >>= 32;
        out += 4;
    }
    if ((size & 2) != 0) {
        tarn__store16(out, (uint16_t)word);
        word >>= 16;
        out += 2;
    }
    if ((size & 1) != 0) {
        *out = (uint8_t)word;
    }
}

#define PACK_EIGHT(packed_word, width)                                                                                                     \
    for (; groups != 0; groups--, values += 8, out += (width)) {                                                                           \
        _Pragma("GCC unroll 8") for (unsigned word = 0; word < ((width) + 7) / 8; word++)                                                  \
        {                                                                                                                                  \
            const unsigned left = (width)-word * 8;                                                                                        \
            store_low(packed_word(values, width, word), left < 8 ? left : 8, out + (size_t)word * 8);                                      \
        }                                                                                                                                  \
    }                                                                                                                                      \
    break;

#define TO_16(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)
#define TO_32(X) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31) X(32)
#define TO_48(X) X(33) X(34) X(35) X(36) X(37) X(38) X(39) X(40) X(41) X(42) X(43) X(44) X(45) X(46) X(47) X(48)
#define TO_64(X) X(49) X(50) X(51) X(52) X(53) X(54) X(55) X(56) X(57) X(58) X(59) X(60) X(61) X(62) X(63) X(64)

static void pack_groups32(const uint32_t *restrict values, unsigned width, size_t groups, uint8_t *restrict out)
{
    switch (width) {
#define CASE(constant)                                                                                                                     \
    case constant:                                                                                                                         \
        PACK_EIGHT(packed_word32, constant)
        TO_16(CASE)
        TO_32(CASE)
#undef CASE
    default:
        break;
    }
}

static void pack_groups64(const uint64_t *restrict values, unsigned width, size_t groups, uint8_t *restrict out)
{
    switch (width) {
#define CASE(constant)                                                                                                                     \
    case constant:                                                                                                                         \
        PACK_EIGHT(packed_word64, constant)
        TO_16(CASE)
        TO_32(CASE)
        TO_48(CASE)
        TO_64(CASE)
#undef CASE
    default:
        break;
    }
}

/* Whole groups, and the rest as a group of which only the bytes that it needs are copied. */
#define PACK(name, type, groups_of)                                                                                                        \
    static void name(const type *values, uint32_t n, unsigned width, uint8_t *out)                                                         \
    {                                                                                                                                      \
        const size_t groups = n / 8;                                                                                                       \
        const uint32_t rest = n % 8;                                                                                                       \
        groups_of(values, width, groups, out);                                                                                             \
        if (rest != 0) {                                                                                                                   \
            type last[8] = {0};                                                                                                            \
            uint8_t bytes[64];                                                                                                             \
            memcpy(last, values + groups * 8, rest * sizeof(type));                                                                        \
            groups_of(last, width, 1, bytes);                                                                                              \
            memcpy(out + groups * width, bytes, tarn__bits_bytes((uint64_t)rest * width));                                                 \
        }                                                                                                                                  \
    }
PACK(pack32, uint32_t, pack_groups32)
PACK(pack64, uint64_t, pack_groups64)

/* ---- differences ---- */

enum { BOUNDS_OF = 32 };

/* Of `n` differences, the least and the largest, signed. `values` has one number more. */
#define DELTA_BOUNDS(name, type, signed_type, load, greatest)                                                                              \
    static inline __attribute__((always_inline)) void name##_of(const uint8_t *restrict values, uint32_t n, signed_type *restrict least,   \
                                                                signed_type *restrict most)                                                \
    {                                                                                                                                      \
        signed_type low = greatest;                                                                                                        \
        signed_type high = -greatest - 1;                                                                                                  \
        for (uint32_t i = 0; i < n; i++) {                                                                                                 \
            const uint8_t *at = values + (size_t)i * sizeof(type);                                                                         \
            const signed_type delta = (signed_type)(load(at + sizeof(type)) - load(at));                                                   \
            low = delta < low ? delta : low;                                                                                               \
            high = delta > high ? delta : high;                                                                                            \
        }                                                                                                                                  \
        *least = low;                                                                                                                      \
        *most = high;                                                                                                                      \
    }                                                                                                                                      \
    static void name(const uint8_t *values, uint32_t n, signed_type *least, signed_type *most)                                             \
    {                                                                                                                                      \
        for (; n >= BOUNDS_OF; n -= BOUNDS_OF, values += BOUNDS_OF * sizeof(type)) {                                                       \
            name##_of(values, BOUNDS_OF, least++, most++);                                                                                 \
        }                                                                                                                                  \
        if (n != 0) {                                                                                                                      \
            name##_of(values, n, least, most);                                                                                             \
        }                                                                                                                                  \
    }
DELTA_BOUNDS(delta_bounds32, uint32_t, int32_t, tarn__load32, INT32_MAX)
DELTA_BOUNDS(delta_bounds64, uint64_t, int64_t, tarn__load64, INT64_MAX)

#define DELTAS(name, type, load)                                                                                                           \
    static void name(const uint8_t *restrict values, uint32_t n, type base, type *restrict out)                                            \
    {                                                                                                                                      \
        for (uint32_t i = 0; i < n; i++) {                                                                                                 \
            const uint8_t *at = values + (size_t)i * sizeof(type);                                                                         \
            out[i] = load(at + sizeof(type)) - load(at) - base;                                                                            \
        }                                                                                                                                  \
    }
DELTAS(deltas32, uint32_t, tarn__load32)
DELTAS(deltas64, uint64_t, tarn__load64)

/* ---- ALP ---- */

/*
 * Adding 1.5 * 2^52 rounds a double of less than 2^51 to an integer, which then stands in the low bits; a float is made a double first, so
 * that all integers of 31 bits can be rounded. Larger numbers, and NaN, for which no comparison holds, are left.
 */
static const double ROUNDER = 6755399441055744.0;

static uint32_t unscale_f64(const uint8_t *restrict plain, uint32_t n, const double *restrict scale, uint64_t *restrict integers,
                            uint8_t *restrict unless)
{
    const double up = scale[0];
    const double down = scale[1];
    const double back_up = scale[2];
    const double back_down = scale[3];
    uint64_t rounder;
    uint64_t left = 0;
    memcpy(&rounder, &ROUNDER, sizeof(rounder));
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t bits = tarn__load64(plain + (size_t)i * 8);
        double value;
        memcpy(&value, &bits, sizeof(value));
        const double scaled = value * up * down;
        const double sum = scaled + ROUNDER;
        const double back = (sum - ROUNDER) * back_up * back_down;
        uint64_t sum_bits;
        uint64_t back_bits;
        memcpy(&sum_bits, &sum, sizeof(sum_bits));
        memcpy(&back_bits, &back, sizeof(back_bits));
        const uint64_t out = ((uint64_t)(scaled > -0x1p51) & (uint64_t)(scaled < 0x1p51) & (uint64_t)(back_bits == bits)) ^ 1;
        integers[i] = sum_bits - rounder;
        unless[i] = (uint8_t)out;
        left += out;
    }
    return (uint32_t)left;
}

static uint32_t unscale_f32(const uint8_t *restrict plain, uint32_t n, const float *restrict scale, uint32_t *restrict integers,
                            uint8_t *restrict unless)
{
    const float up = scale[0];
    const float down = scale[1];
    const float back_up = scale[2];
    const float back_down = scale[3];
    uint32_t left = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t bits = tarn__load32(plain + (size_t)i * 4);
        float value;
        memcpy(&value, &bits, sizeof(value));
        const float scaled = value * up * down;
        const double sum = (double)scaled + ROUNDER;
        uint64_t sum_bits;
        uint32_t back_bits;
        memcpy(&sum_bits, &sum, sizeof(sum_bits));
        const uint32_t integer = (uint32_t)sum_bits;
        const float back = (float)(int32_t)integer * back_up * back_down;
        memcpy(&back_bits, &back, sizeof(back_bits));
        const uint32_t out = ((uint32_t)(scaled > -0x1p31F) & (uint32_t)(scaled < 0x1p31F) & (uint32_t)(back_bits == bits)) ^ 1;
        integers[i] = integer;
        unless[i] = (uint8_t)out;
        left += out;
    }
    return left;
}

#undef PACKED_WORD
#undef PACK_EIGHT
#undef PACK
#undef DELTA_BOUNDS
#undef DELTAS
#undef TO_16
#undef TO_32
#undef TO_48
#undef TO_64

#endif
