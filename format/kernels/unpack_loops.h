/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_KERNELS_UNPACK_LOOPS_H
#define TARN_FORMAT_KERNELS_UNPACK_LOOPS_H

/*
 * Bit-packed numbers of up to 64 bits, least significant bit first, each with `base` added; sums that run on; ALP's two
 * multiplications. Included by compiled.c alone, once for each level of instructions.
 *
 * Eight values take `width` whole bytes; for each width the shifts and masks of the eight are constants. One load of eight bytes holds a
 * value of up to 57 bits wherever it begins, and the low 32 bits of any.
 *
 * Invariants
 *  1. The fast loops load only where eight bytes lie behind the begin of each value (a ninth is read by values that reach into it); what
 *     is left goes byte by byte.
 */
#include "format/base/bytes.h"

/* Value number `index`, from bytes that may end right behind it. */
static inline uint64_t careful_value(struct tarn_span packed, unsigned width, uint64_t index)
{
    const uint64_t bit = index * width;
    const size_t at = (size_t)(bit / 8);
    const unsigned shift = (unsigned)(bit % 8);
    uint64_t value = 0;
    for (unsigned i = 0; i < 8 && at + i < packed.size; i++) {
        value |= (uint64_t)packed.data[at + i] << (8 * i);
    }
    value >>= shift;
    if (shift + width > 64) {
        value |= (uint64_t)packed.data[at + 8] << (64 - shift);
    }
    return width == 64 ? value : value & ((UINT64_C(1) << width) - 1);
}

/* `width` and `i` are constants once this stands where it is used. */
static inline __attribute__((always_inline)) uint64_t packed_value64(const uint8_t *in, unsigned width, unsigned i)
{
    const unsigned bit = width * i;
    uint64_t value = tarn__load64(in + bit / 8) >> (bit % 8);
    if (bit % 8 + width > 64) {
        value |= (uint64_t)in[bit / 8 + 8] << (64 - bit % 8);
    }
    return width == 64 ? value : value & ((UINT64_C(1) << width) - 1);
}

static inline __attribute__((always_inline)) uint32_t packed_value32(const uint8_t *in, unsigned width, unsigned i)
{
    const unsigned bit = width * i;
    const uint32_t value = (uint32_t)(tarn__load64(in + bit / 8) >> (bit % 8));
    return width >= 32 ? value : value & ((UINT32_C(1) << width) - 1);
}

#define EIGHT(value, type, width)                                                                                                          \
    for (; groups != 0; groups--, in += (width), out += 8) {                                                                               \
        out[0] = (type)(base + value(in, width, 0));                                                                                       \
        out[1] = (type)(base + value(in, width, 1));                                                                                       \
        out[2] = (type)(base + value(in, width, 2));                                                                                       \
        out[3] = (type)(base + value(in, width, 3));                                                                                       \
        out[4] = (type)(base + value(in, width, 4));                                                                                       \
        out[5] = (type)(base + value(in, width, 5));                                                                                       \
        out[6] = (type)(base + value(in, width, 6));                                                                                       \
        out[7] = (type)(base + value(in, width, 7));                                                                                       \
    }                                                                                                                                      \
    break;

#define TO_16(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)
#define TO_32(X) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31) X(32)
#define TO_48(X) X(33) X(34) X(35) X(36) X(37) X(38) X(39) X(40) X(41) X(42) X(43) X(44) X(45) X(46) X(47) X(48)
#define TO_64(X) X(49) X(50) X(51) X(52) X(53) X(54) X(55) X(56) X(57) X(58) X(59) X(60) X(61) X(62) X(63) X(64)

static void groups_of_32(const uint8_t *restrict in, unsigned width, size_t groups, uint32_t base, uint32_t *restrict out)
{
    switch (width) {
#define CASE(constant)                                                                                                                     \
    case constant:                                                                                                                         \
        EIGHT(packed_value32, uint32_t, constant)
        TO_16(CASE)
        TO_32(CASE)
#undef CASE
    default: /* wider differences, of which the low half counts */
        EIGHT(packed_value32, uint32_t, width)
    }
}

static void groups_of_64(const uint8_t *restrict in, unsigned width, size_t groups, uint64_t base, uint64_t *restrict out)
{
    switch (width) {
#define CASE(constant)                                                                                                                     \
    case constant:                                                                                                                         \
        EIGHT(packed_value64, uint64_t, constant)
        TO_16(CASE)
        TO_32(CASE)
        TO_48(CASE)
        TO_64(CASE)
#undef CASE
    default:
        break;
    }
}

/* How many whole groups of the `n` values from byte `at` on the fast loop may take. */
static inline size_t fast_groups(struct tarn_span packed, unsigned width, size_t at, uint32_t n)
{
    if (at >= packed.size || packed.size - at < width + 8u) {
        return 0;
    }
    const size_t safe = (packed.size - at - 8) / width;
    return safe < n / 8 ? safe : n / 8;
}

#define UNPACK(name, type, groups_of)                                                                                                      \
    static void name(struct tarn_span packed, unsigned width, uint32_t first, uint32_t n, type base, type *out)                            \
    {                                                                                                                                      \
        uint32_t done = 0;                                                                                                                 \
        if (width == 0) {                                                                                                                  \
            for (; done < n; done++) {                                                                                                     \
                out[done] = base;                                                                                                          \
            }                                                                                                                              \
            return;                                                                                                                        \
        }                                                                                                                                  \
        for (; done < n && (first + done) % 8 != 0; done++) {                                                                              \
            out[done] = (type)(base + careful_value(packed, width, (uint64_t)first + done));                                               \
        }                                                                                                                                  \
        const size_t at = ((size_t)first + done) / 8 * width;                                                                              \
        const size_t groups = fast_groups(packed, width, at, n - done);                                                                    \
        if (groups != 0) {                                                                                                                 \
            groups_of(packed.data + at, width, groups, base, out + done);                                                                  \
            done += (uint32_t)groups * 8;                                                                                                  \
        }                                                                                                                                  \
        for (; done < n; done++) {                                                                                                         \
            out[done] = (type)(base + careful_value(packed, width, (uint64_t)first + done));                                               \
        }                                                                                                                                  \
    }
UNPACK(unpack32, uint32_t, groups_of_32)
UNPACK(unpack64, uint64_t, groups_of_64)

static uint32_t running_sum32(uint32_t *values, uint32_t n, uint32_t sum)
{
    for (uint32_t i = 0; i < n; i++) {
        sum += values[i];
        values[i] = sum;
    }
    return sum;
}

static uint64_t running_sum64(uint64_t *values, uint32_t n, uint64_t sum)
{
    for (uint32_t i = 0; i < n; i++) {
        sum += values[i];
        values[i] = sum;
    }
    return sum;
}

static void scale_f32(const uint32_t *restrict integers, uint32_t n, float up, float down, float *restrict out)
{
    for (uint32_t i = 0; i < n; i++) {
        const float integer = (float)(int32_t)integers[i];
        out[i] = integer * up * down;
    }
}

static void scale_f64(const uint64_t *restrict integers, uint32_t n, double up, double down, double *restrict out)
{
    for (uint32_t i = 0; i < n; i++) {
        const double integer = (double)(int64_t)integers[i];
        out[i] = integer * up * down;
    }
}

#undef EIGHT
#undef UNPACK
#undef TO_16
#undef TO_32
#undef TO_48
#undef TO_64

#endif
