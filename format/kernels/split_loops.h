/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_KERNELS_SPLIT_LOOPS_H
#define TARN_FORMAT_KERNELS_SPLIT_LOOPS_H

/*
 * Values of `width` bytes put together from `width` streams, of which the first has the first byte of each value, and taken apart into
 * them. Included by compiled.c alone, once for each level of instructions.
 *
 * Eight, four, two streams become words of a value by zipping vectors of 16 bytes, and come of them by parting even and odd bytes; other
 * widths are made of such words.
 */
#include "format/base/bytes.h"

enum { ZIP = 16, SPLIT_BLOCK = 256 };

typedef uint8_t zip_vector __attribute__((vector_size(ZIP)));

#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

#define EVEN(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define ODD(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)

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

/* ---- and taken apart ---- */

/* `size` bytes of each of 16 / size values. */
static inline __attribute__((always_inline)) zip_vector unzip_load(const uint8_t *in, unsigned size, size_t width)
{
    if (width == size) {
        return zip_load(in);
    }
    uint8_t bytes[ZIP];
    for (unsigned i = 0; i < ZIP / size; i++) {
        memcpy(bytes + (size_t)i * size, in + i * width, size);
    }
    return zip_load(bytes);
}

static inline void unzip_store(zip_vector vector, uint8_t *out)
{
    memcpy(out, &vector, sizeof(vector));
}

static inline __attribute__((always_inline)) void unzip2(const uint8_t *in, size_t width, size_t stride, uint8_t *out)
{
    const zip_vector a = unzip_load(in, 2, width);
    const zip_vector b = unzip_load(in + 8 * width, 2, width);
    unzip_store(EVEN(a, b), out);
    unzip_store(ODD(a, b), out + stride);
}

static inline __attribute__((always_inline)) void unzip4(const uint8_t *in, size_t width, size_t stride, uint8_t *out)
{
    const zip_vector a = unzip_load(in, 4, width);
    const zip_vector b = unzip_load(in + 4 * width, 4, width);
    const zip_vector c = unzip_load(in + 8 * width, 4, width);
    const zip_vector d = unzip_load(in + 12 * width, 4, width);
    const zip_vector even_low = EVEN(a, b);
    const zip_vector even_high = EVEN(c, d);
    const zip_vector odd_low = ODD(a, b);
    const zip_vector odd_high = ODD(c, d);
    unzip_store(EVEN(even_low, even_high), out);
    unzip_store(EVEN(odd_low, odd_high), out + stride);
    unzip_store(ODD(even_low, even_high), out + 2 * stride);
    unzip_store(ODD(odd_low, odd_high), out + 3 * stride);
}

static inline __attribute__((always_inline)) void unzip8(const uint8_t *in, size_t width, size_t stride, uint8_t *out)
{
    zip_vector even[4]; /* bytes 0, 2, 4, 6 of four values */
    zip_vector odd[4];
    for (size_t i = 0; i < 4; i++) {
        const zip_vector low = unzip_load(in + i * 4 * width, 8, width);
        const zip_vector high = unzip_load(in + (i * 4 + 2) * width, 8, width);
        even[i] = EVEN(low, high);
        odd[i] = ODD(low, high);
    }
    for (size_t k = 0; k < 2; k++) {
        const zip_vector *from = k == 0 ? even : odd;
        const zip_vector a = EVEN(from[0], from[1]); /* bytes k and k + 4 */
        const zip_vector b = EVEN(from[2], from[3]);
        const zip_vector c = ODD(from[0], from[1]); /* bytes k + 2 and k + 6 */
        const zip_vector d = ODD(from[2], from[3]);
        unzip_store(EVEN(a, b), out + k * stride);
        unzip_store(EVEN(c, d), out + (k + 2) * stride);
        unzip_store(ODD(a, b), out + (k + 4) * stride);
        unzip_store(ODD(c, d), out + (k + 6) * stride);
    }
}

#define UNZIP_ALL(streams, unzip)                                                                                                          \
    for (; i + ZIP <= n; i += ZIP) {                                                                                                       \
        unzip(in + (size_t)i * width, width, stride, out + i);                                                                             \
    }                                                                                                                                      \
    for (; i < n; i++) {                                                                                                                   \
        for (unsigned k = 0; k < (streams); k++) {                                                                                         \
            out[k * stride + i] = in[(size_t)i * width + k];                                                                               \
        }                                                                                                                                  \
    }

static inline __attribute__((always_inline)) void unzip_streams(const uint8_t *in, unsigned streams, size_t width, uint32_t n,
                                                                size_t stride, uint8_t *out)
{
    uint32_t i = 0;
    switch (streams) {
    case 8:
        UNZIP_ALL(8, unzip8)
        break;
    case 4:
        UNZIP_ALL(4, unzip4)
        break;
    case 2:
        UNZIP_ALL(2, unzip2)
        break;
    default:
        for (; i < n; i++) {
            out[i] = in[(size_t)i * width];
        }
        break;
    }
}

/* As zip_any, the other way. */
static void unzip_any(const uint8_t *in, uint32_t width, uint32_t n, size_t stride, uint8_t *out)
{
    for (uint32_t at = 0; at < n; at += SPLIT_BLOCK) {
        const uint32_t rows = n - at < SPLIT_BLOCK ? n - at : (uint32_t)SPLIT_BLOCK;
        const uint8_t *from = in + (size_t)at * width;
        for (uint32_t k = 0; k < width;) {
            const uint32_t left = width - k;
            const unsigned word = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
            unzip_streams(from + k, word, width, rows, stride, out + k * stride + at);
            k += word;
        }
    }
}

static void split_streams(const uint8_t *restrict in, uint32_t width, uint32_t n, size_t stride, uint8_t *restrict out)
{
    switch (width) {
    case 2:
        unzip_streams(in, 2, 2, n, stride, out);
        break;
    case 4:
        unzip_streams(in, 4, 4, n, stride, out);
        break;
    case 8:
        unzip_streams(in, 8, 8, n, stride, out);
        break;
    default:
        unzip_any(in, width, n, stride, out);
        break;
    }
}

#undef ZIP_LOW
#undef ZIP_HIGH
#undef ZIP_ALL
#undef UNZIP_ALL
#undef EVEN
#undef ODD

#endif
