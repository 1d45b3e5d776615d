/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_KERNELS_SPLIT_LOOPS_H
#define TARN_FORMAT_KERNELS_SPLIT_LOOPS_H

/*
 * Values of `width` bytes put together from `width` streams, of which the first has the first byte of each value. Included by compiled.c
 * alone, once for each level of instructions.
 *
 * Eight, four, two streams become words of a value by zipping vectors of 16 bytes; other widths are made of such words.
 */
#include "format/base/bytes.h"

enum { ZIP = 16, SPLIT_BLOCK = 256 };

typedef uint8_t zip_vector __attribute__((vector_size(ZIP)));

#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

static inline zip_vector zip_load(const uint8_t *in)
{
    zip_vector vector;
    memcpy(&vector, in, sizeof(vector));
    return vector;
}

/* `size` bytes of each value, 16 / size values to a vector. */
static inline __attribute__((always_inline)) void zip_store(zip_vector vector, unsigned size, size_t width, uint8_t *out)
{
    if (width == size) {
        memcpy(out, &vector, sizeof(vector));
        return;
    }
    uint8_t bytes[ZIP];
    memcpy(bytes, &vector, sizeof(bytes));
    for (unsigned i = 0; i < ZIP / size; i++) {
        memcpy(out + i * width, bytes + (size_t)i * size, size);
    }
}

static inline __attribute__((always_inline)) void zip2(const uint8_t *in, size_t stride, size_t width, uint8_t *out)
{
    const zip_vector a = zip_load(in);
    const zip_vector b = zip_load(in + stride);
    zip_store(ZIP_LOW(a, b), 2, width, out);
    zip_store(ZIP_HIGH(a, b), 2, width, out + 8 * width);
}

static inline __attribute__((always_inline)) void zip4(const uint8_t *in, size_t stride, size_t width, uint8_t *out)
{
    const zip_vector a = zip_load(in);
    const zip_vector b = zip_load(in + stride);
    const zip_vector c = zip_load(in + 2 * stride);
    const zip_vector d = zip_load(in + 3 * stride);
    const zip_vector ac = ZIP_LOW(a, c);
    const zip_vector bd = ZIP_LOW(b, d);
    const zip_vector ac_high = ZIP_HIGH(a, c);
    const zip_vector bd_high = ZIP_HIGH(b, d);
    zip_store(ZIP_LOW(ac, bd), 4, width, out);
    zip_store(ZIP_HIGH(ac, bd), 4, width, out + 4 * width);
    zip_store(ZIP_LOW(ac_high, bd_high), 4, width, out + 8 * width);
    zip_store(ZIP_HIGH(ac_high, bd_high), 4, width, out + 12 * width);
}

static inline __attribute__((always_inline)) void zip8(const uint8_t *in, size_t stride, size_t width, uint8_t *out)
{
    zip_vector pairs[8];
    zip_vector fours[8];
    for (unsigned i = 0; i < 4; i++) {
        const zip_vector low = zip_load(in + i * stride);
        const zip_vector high = zip_load(in + (i + 4) * stride);
        pairs[i] = ZIP_LOW(low, high);
        pairs[i + 4] = ZIP_HIGH(low, high);
    }
    for (unsigned half = 0; half < 8; half += 4) {
        for (unsigned i = 0; i < 2; i++) {
            fours[half + i] = ZIP_LOW(pairs[half + i], pairs[half + i + 2]);
            fours[half + i + 2] = ZIP_HIGH(pairs[half + i], pairs[half + i + 2]);
        }
    }
    for (size_t i = 0; i < 4; i++) {
        zip_store(ZIP_LOW(fours[2 * i], fours[2 * i + 1]), 8, width, out + i * 4 * width);
        zip_store(ZIP_HIGH(fours[2 * i], fours[2 * i + 1]), 8, width, out + (i * 4 + 2) * width);
    }
}

/* `streams` bytes of each of `n` values, which are `width` bytes. */
#define ZIP_ALL(streams, zip)                                                                                                              \
    for (; i + ZIP <= n; i += ZIP) {                                                                                                       \
        zip(in + i, stride, width, out + (size_t)i * width);                                                                               \
    }                                                                                                                                      \
    for (; i < n; i++) {                                                                                                                   \
        for (unsigned k = 0; k < (streams); k++) {                                                                                         \
            out[(size_t)i * width + k] = in[k * stride + i];                                                                               \
        }                                                                                                                                  \
    }

static inline __attribute__((always_inline)) void zip_streams(const uint8_t *in, size_t stride, unsigned streams, size_t width, uint32_t n,
                                                              uint8_t *out)
{
    uint32_t i = 0;
    switch (streams) {
    case 8:
        ZIP_ALL(8, zip8)
        break;
    case 4:
        ZIP_ALL(4, zip4)
        break;
    case 2:
        ZIP_ALL(2, zip2)
        break;
    default:
        for (; i < n; i++) {
            out[(size_t)i * width] = in[i];
        }
        break;
    }
}

/* Words of eight bytes as long as there are, then of four, two, one; in blocks, so that the values stay near. */
static void zip_any(const uint8_t *in, size_t stride, uint32_t width, uint32_t n, uint8_t *out)
{
    for (uint32_t at = 0; at < n; at += SPLIT_BLOCK) {
        const uint32_t rows = n - at < SPLIT_BLOCK ? n - at : (uint32_t)SPLIT_BLOCK;
        uint8_t *to = out + (size_t)at * width;
        for (uint32_t k = 0; k < width;) {
            const uint32_t left = width - k;
            const unsigned word = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
            zip_streams(in + k * stride + at, stride, word, width, rows, to + k);
            k += word;
        }
    }
}

static void join_streams(const uint8_t *restrict in, size_t stride, uint32_t width, uint32_t n, uint8_t *restrict out)
{
    switch (width) {
    case 2:
        zip_streams(in, stride, 2, 2, n, out);
        break;
    case 4:
        zip_streams(in, stride, 4, 4, n, out);
        break;
    case 8:
        zip_streams(in, stride, 8, 8, n, out);
        break;
    default:
        zip_any(in, stride, width, n, out);
        break;
    }
}

#undef ZIP_LOW
#undef ZIP_HIGH
#undef ZIP_ALL

#endif
