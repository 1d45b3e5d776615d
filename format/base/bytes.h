/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_BYTES_H
#define TARN_FORMAT_BASE_BYTES_H

#include <string.h>

#include "tarn/base.h"

/*
 * Loads and stores of little- and big-endian numbers at any alignment, and the taking of bytes from a span. The only way that tarn
 * turns stored bytes into numbers, so that big-endian machines read the same files.
 */

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define TARN_BIG_ENDIAN 1
#else
#define TARN_BIG_ENDIAN 0
#endif

static inline uint16_t tarn__load16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof(v));
    return TARN_BIG_ENDIAN ? __builtin_bswap16(v) : v;
}

static inline uint32_t tarn__load32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return TARN_BIG_ENDIAN ? __builtin_bswap32(v) : v;
}

static inline uint64_t tarn__load64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return TARN_BIG_ENDIAN ? __builtin_bswap64(v) : v;
}

static inline uint32_t tarn__load32_be(const void *p)
{
    return __builtin_bswap32(tarn__load32(p));
}

static inline uint64_t tarn__load64_be(const void *p)
{
    return __builtin_bswap64(tarn__load64(p));
}

static inline void tarn__store16(void *p, uint16_t v)
{
    v = TARN_BIG_ENDIAN ? __builtin_bswap16(v) : v;
    memcpy(p, &v, sizeof(v));
}

static inline void tarn__store32(void *p, uint32_t v)
{
    v = TARN_BIG_ENDIAN ? __builtin_bswap32(v) : v;
    memcpy(p, &v, sizeof(v));
}

static inline void tarn__store64(void *p, uint64_t v)
{
    v = TARN_BIG_ENDIAN ? __builtin_bswap64(v) : v;
    memcpy(p, &v, sizeof(v));
}

static inline void tarn__store32_be(void *p, uint32_t v)
{
    tarn__store32(p, __builtin_bswap32(v));
}

static inline void tarn__store64_be(void *p, uint64_t v)
{
    tarn__store64(p, __builtin_bswap64(v));
}

/* The low `bytes` (0..4) little-endian bytes as a number. */
static inline uint32_t tarn__load_partial(const uint8_t *p, size_t bytes)
{
    uint32_t v = 0;
    for (size_t i = 0; i < bytes; i++) {
        v |= (uint32_t)p[i] << (8 * i);
    }
    return v;
}

/* The first `size` bytes of `span`, which must hold as many; the span goes on behind them. */
static inline struct tarn_span tarn__span_take(struct tarn_span *span, size_t size)
{
    const struct tarn_span head = {span->data, size};
    span->data = size != 0 ? span->data + size : span->data;
    span->size -= size;
    return head;
}

static inline struct tarn_span tarn__span_of_text(struct tarn_text text)
{
    return (struct tarn_span){(const uint8_t *)text.data, text.size};
}

static inline struct tarn_text tarn__text_of(const char *terminated)
{
    return (struct tarn_text){terminated, strlen(terminated)};
}

static inline bool tarn__text_equal(struct tarn_text a, struct tarn_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Order of bytes, unsigned; a prefix comes first. Negative, 0, positive. */
static inline int tarn__text_compare(struct tarn_text a, struct tarn_text b)
{
    const size_t common = a.size < b.size ? a.size : b.size;
    const int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static inline bool tarn__text_starts(struct tarn_text text, struct tarn_text prefix)
{
    return text.size >= prefix.size && (prefix.size == 0 || memcmp(text.data, prefix.data, prefix.size) == 0);
}

static inline bool tarn__text_ends(struct tarn_text text, struct tarn_text suffix)
{
    return text.size >= suffix.size && (suffix.size == 0 || memcmp(text.data + text.size - suffix.size, suffix.data, suffix.size) == 0);
}

/* Bits, least significant first, as Arrow and Parquet keep them. */
static inline bool tarn__bit_get(const uint8_t *bits, uint64_t i)
{
    return (bits[i >> 3] >> (i & 7) & 1) != 0;
}

static inline void tarn__bit_set(uint8_t *bits, uint64_t i)
{
    bits[i >> 3] = (uint8_t)(bits[i >> 3] | 1u << (i & 7));
}

static inline void tarn__bit_clear(uint8_t *bits, uint64_t i)
{
    bits[i >> 3] = (uint8_t)(bits[i >> 3] & ~(1u << (i & 7)));
}

static inline void tarn__bit_put(uint8_t *bits, uint64_t i, bool value)
{
    const unsigned mask = 1u << (i & 7);
    bits[i >> 3] = (uint8_t)((bits[i >> 3] & ~mask) | (value ? mask : 0u));
}

static inline size_t tarn__bits_bytes(uint64_t bits)
{
    return (size_t)(bits / 8 + (bits % 8 != 0));
}

#endif
