/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_VARINT_H
#define TARN_FORMAT_ENCODING_VARINT_H

#include "format/base/bytes.h"

/*
 * ULEB128 numbers, as Thrift, the RLE hybrid, the delta encodings and Snappy have them, and zigzag. Bits beyond the width are refused;
 * padding with zeros (0x80 0x00) is legal within the longest form.
 */

/** Takes one number; false (the span as it was) when the bytes end or it does not fit. */
static inline bool tarn__varint64_take(struct tarn_span *span, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 10 && i < span->size; i++) {
        const uint8_t byte = span->data[i];
        if (i == 9 && byte > 1) {
            return false;
        }
        value |= (uint64_t)(byte & 0x7fu) << (7 * i);
        if (byte < 0x80) {
            tarn__span_take(span, i + 1u);
            *out = value;
            return true;
        }
    }
    return false;
}

static inline bool tarn__varint32_take(struct tarn_span *span, uint32_t *out)
{
    struct tarn_span rest = *span;
    uint64_t value;
    if (!tarn__varint64_take(&rest, &value) || value > UINT32_MAX || rest.data - span->data > 5) {
        return false;
    }
    *span = rest;
    *out = (uint32_t)value;
    return true;
}

enum { TARN_VARINT_MAX = 10 };

/** Writes 1..10 bytes; returns how many. */
static inline size_t tarn__varint_put(uint8_t *out, uint64_t value)
{
    size_t n = 0;
    while (value >= 0x80) {
        out[n++] = (uint8_t)(value | 0x80u);
        value >>= 7;
    }
    out[n++] = (uint8_t)value;
    return n;
}

static inline uint64_t tarn__zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t tarn__unzigzag(uint64_t value)
{
    return (int64_t)((value >> 1) ^ (0 - (value & 1)));
}

#endif
