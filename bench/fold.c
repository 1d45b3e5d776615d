/* SPDX-License-Identifier: Apache-2.0
 *
 * The sums of the decode suite: plain loops that the compiler makes wide.
 */
#include "fold.h"

#include <stdio.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { COLUMNS_TOLD = 24 };

static uint64_t bit(const uint8_t *bits, uint64_t at)
{
    return bits[at >> 3] >> (at & 7) & 1;
}

static uint64_t word(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof(value));
    return value;
}

uint64_t fold_count(const uint8_t *validity, uint64_t offset, uint64_t count)
{
    uint64_t set = 0;
    uint64_t i = 0;
    if (validity == NULL) {
        return count;
    }
    for (; i < count && (offset + i) % 8 != 0; i++) {
        set += bit(validity, offset + i);
    }
    for (; count - i >= 64; i += 64) {
        set += (uint64_t)__builtin_popcountll(word(validity + (offset + i) / 8));
    }
    for (; i < count; i++) {
        set += bit(validity, offset + i);
    }
    return set;
}

/* The bytes of a word as four sums of 16 bits, which hold 128 words. */
static uint64_t lanes(uint64_t value)
{
    const uint64_t even = UINT64_C(0x00ff00ff00ff00ff);
    return (value & even) + (value >> 8 & even);
}

static uint64_t lane_sum(uint64_t sums)
{
    return (sums & 0xffff) + (sums >> 16 & 0xffff) + (sums >> 32 & 0xffff) + (sums >> 48);
}

static uint64_t byte_sum(const uint8_t *bytes, uint64_t size)
{
    enum { BLOCK = 1024 };
    uint64_t sum = 0;
    for (; size >= BLOCK; size -= BLOCK, bytes += BLOCK) {
        uint64_t four[4] = {0};
        for (int i = 0; i < BLOCK; i += 32) {
            for (int j = 0; j < 4; j++) {
                four[j] += lanes(word(bytes + i + 8 * j));
            }
        }
        sum += lane_sum(four[0]) + lane_sum(four[1]) + lane_sum(four[2]) + lane_sum(four[3]);
    }
    uint64_t sums = 0;
    for (; size >= 8; size -= 8, bytes += 8) {
        sums += lanes(word(bytes));
    }
    if (size != 0) {
        uint64_t last = 0;
        for (uint64_t i = 0; i < size; i++) {
            last |= (uint64_t)bytes[i] << (8 * i);
        }
        sums += lanes(last);
    }
    return sum + lane_sum(sums);
}

static uint64_t text_sum(const uint8_t *bytes, uint64_t size)
{
    return size * FOLD_LENGTH_WEIGHT + byte_sum(bytes, size);
}

struct view {
    uint32_t size;
    uint8_t prefix[4];
    uint32_t buffer;
    uint32_t offset;
};

static const uint8_t *view_bytes(const struct view *view, const void *const *buffers)
{
    return view->size <= 12 ? view->prefix : (const uint8_t *)buffers[view->buffer] + view->offset;
}

static uint64_t views_sum(const struct view *views, const void *const *buffers, const uint8_t *validity, uint64_t offset, uint64_t count)
{
    uint64_t sum = 0;
    for (uint64_t i = offset; i < offset + count; i++) {
        sum += validity == NULL || bit(validity, i) != 0 ? text_sum(view_bytes(&views[i], buffers), views[i].size) : 0;
    }
    return sum;
}

#if defined(__x86_64__)
/* Loads under a mask: no byte behind a text is read, and texts of up to 64 bytes take no branch. */
__attribute__((target("avx512f,avx512bw,bmi2"))) static uint64_t views_sum_wide(const struct view *views, const void *const *buffers,
                                                                                const uint8_t *validity, uint64_t offset, uint64_t count)
{
    __m512i sums = _mm512_setzero_si512();
    uint64_t lengths = 0;
    for (uint64_t i = offset; i < offset + count; i++) {
        const uint32_t size = validity == NULL || bit(validity, i) != 0 ? views[i].size : 0;
        const uint8_t *bytes = view_bytes(&views[i], buffers);
        uint32_t at = 0;
        lengths += size;
        for (; size - at > 64; at += 64) {
            sums = _mm512_add_epi64(sums, _mm512_sad_epu8(_mm512_loadu_si512(bytes + at), _mm512_setzero_si512()));
        }
        const __m512i last = _mm512_maskz_loadu_epi8(_bzhi_u64(UINT64_MAX, size - at), bytes + at);
        sums = _mm512_add_epi64(sums, _mm512_sad_epu8(last, _mm512_setzero_si512()));
    }
    return lengths * FOLD_LENGTH_WEIGHT + (uint64_t)_mm512_reduce_add_epi64(sums);
}
#endif

void fold_views(struct fold_total *total, const void *views, const void *const *buffers, const uint8_t *validity, uint64_t offset,
                uint64_t count)
{
    total->values += fold_count(validity, offset, count);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw")) {
        total->sum += views_sum_wide(views, buffers, validity, offset, count);
        return;
    }
#endif
    total->sum += views_sum(views, buffers, validity, offset, count);
}

void fold_texts(struct fold_total *total, const uint8_t *bytes, uint64_t size, const uint8_t *validity, uint64_t offset, uint64_t count)
{
    total->values += fold_count(validity, offset, count);
    total->sum += text_sum(bytes, size);
}

void fold_bits(struct fold_total *total, const uint8_t *bits, const uint8_t *validity, uint64_t offset, uint64_t count)
{
    total->values += fold_count(validity, offset, count);
    if (validity == NULL) {
        total->sum += fold_count(bits, offset, count);
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        total->sum += bit(bits, offset + i) & bit(validity, offset + i);
    }
}

/* Sums of one type of number; where there are nulls, in groups of eight whose bits are one byte. */
#define SUM(name, type, signed_type)                                                                                                       \
    static uint64_t name(const type *values, const uint8_t *validity, uint64_t offset, uint64_t count)                                     \
    {                                                                                                                                      \
        uint64_t sum = 0;                                                                                                                  \
        uint64_t i = 0;                                                                                                                    \
        if (validity == NULL) {                                                                                                            \
            for (; i < count; i++) {                                                                                                       \
                sum += (uint64_t)(signed_type)values[i];                                                                                   \
            }                                                                                                                              \
            return sum;                                                                                                                    \
        }                                                                                                                                  \
        for (; i < count && (offset + i) % 8 != 0; i++) {                                                                                  \
            sum += (uint64_t)(signed_type)values[i] & -bit(validity, offset + i);                                                          \
        }                                                                                                                                  \
        for (; count - i >= 8; i += 8) {                                                                                                   \
            const uint64_t eight = validity[(offset + i) / 8];                                                                             \
            for (unsigned j = 0; j < 8; j++) {                                                                                             \
                sum += (uint64_t)(signed_type)values[i + j] & -(eight >> j & 1);                                                           \
            }                                                                                                                              \
        }                                                                                                                                  \
        for (; i < count; i++) {                                                                                                           \
            sum += (uint64_t)(signed_type)values[i] & -bit(validity, offset + i);                                                          \
        }                                                                                                                                  \
        return sum;                                                                                                                        \
    }

SUM(sum_i8, int8_t, int64_t)
SUM(sum_i16, int16_t, int64_t)
SUM(sum_i32, int32_t, int64_t)
SUM(sum_u8, uint8_t, uint64_t)
SUM(sum_u16, uint16_t, uint64_t)
SUM(sum_u32, uint32_t, uint64_t)
SUM(sum_u64, uint64_t, uint64_t)

/* The high halves that narrow numbers have as 128 bits: all ones for negative ones. */
#define NEGATIVES(name, type)                                                                                                              \
    static uint64_t name(const type *values, const uint8_t *validity, uint64_t offset, uint64_t count)                                     \
    {                                                                                                                                      \
        uint64_t sum = 0;                                                                                                                  \
        for (uint64_t i = 0; i < count; i++) {                                                                                             \
            sum += (uint64_t)(values[i] < 0) & (validity == NULL ? 1 : bit(validity, offset + i));                                         \
        }                                                                                                                                  \
        return -sum;                                                                                                                       \
    }

NEGATIVES(high_i32, int32_t)
NEGATIVES(high_i64, int64_t)

static uint64_t sum_i128(const uint64_t *words, uint32_t stride, const uint8_t *validity, uint64_t offset, uint64_t count)
{
    uint64_t low = 0;
    uint64_t high = 0;
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t mask = validity == NULL ? UINT64_MAX : -bit(validity, offset + i);
        low += words[i * stride] & mask;
        high += words[i * stride + 1] & mask;
    }
    return low + FOLD_HIGH_WEIGHT * high;
}

static uint64_t sum_fixed_bytes(const uint8_t *bytes, uint32_t width, const uint8_t *validity, uint64_t offset, uint64_t count)
{
    uint64_t sum = 0;
    if (validity == NULL) {
        return byte_sum(bytes, width * count);
    }
    for (uint64_t i = 0; i < count; i++) {
        sum += bit(validity, offset + i) != 0 ? byte_sum(bytes + i * width, width) : 0;
    }
    return sum;
}

static uint64_t sum_decimals(uint32_t width, const void *values, const uint8_t *validity, uint64_t offset, uint64_t count)
{
    switch (width) {
    case 4:
        return sum_i32(values, validity, offset, count) + FOLD_HIGH_WEIGHT * high_i32(values, validity, offset, count);
    case 8:
        return sum_u64(values, validity, offset, count) + FOLD_HIGH_WEIGHT * high_i64(values, validity, offset, count);
    default:
        return sum_i128(values, width / 8, validity, offset, count);
    }
}

void fold_fixed(struct fold_total *total, enum fold_kind kind, uint32_t width, const void *values, const uint8_t *validity, uint64_t offset,
                uint64_t count)
{
    const bool is_signed = kind == FOLD_SIGNED;
    total->values += fold_count(validity, offset, count);
    if (kind == FOLD_DECIMAL) {
        total->sum += sum_decimals(width, values, validity, offset, count);
    } else if (kind == FOLD_BYTES) {
        total->sum += sum_fixed_bytes(values, width, validity, offset, count);
    } else if (width == 1) {
        total->sum += is_signed ? sum_i8(values, validity, offset, count) : sum_u8(values, validity, offset, count);
    } else if (width == 2) {
        total->sum += is_signed ? sum_i16(values, validity, offset, count) : sum_u16(values, validity, offset, count);
    } else if (width == 4) {
        total->sum += is_signed ? sum_i32(values, validity, offset, count) : sum_u32(values, validity, offset, count);
    } else if (width == 8) {
        total->sum += sum_u64(values, validity, offset, count);
    } else {
        total->sum += sum_i128(values, width / 8, validity, offset, count);
    }
}

int fold_answer(char *text, size_t size, uint64_t rows, uint32_t columns, const struct fold_total *totals)
{
    int length = snprintf(text, size, "%llu rows", (unsigned long long)rows);
    if (columns > COLUMNS_TOLD) {
        struct fold_total all = {0, 0};
        for (uint32_t i = 0; i < columns; i++) {
            all.values += totals[i].values;
            all.sum += totals[i].sum * (2 * (uint64_t)i + 1); /* columns that changed places are told */
        }
        return length + snprintf(text + length, size - (size_t)length, ", %u columns: %llu %016llx", columns,
                                 (unsigned long long)all.values, (unsigned long long)all.sum);
    }
    for (uint32_t i = 0; i < columns && length >= 0 && (size_t)length < size; i++) {
        length += snprintf(text + length, size - (size_t)length, "; %llu %llx", (unsigned long long)totals[i].values,
                           (unsigned long long)totals[i].sum);
    }
    return length;
}
