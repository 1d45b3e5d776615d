/* SPDX-License-Identifier: Apache-2.0
 *
 * The RLE / bit-packed hybrid, written.
 *
 * Specification: Parquet Encodings.md, "Run Length Encoding / Bit-Packing Hybrid". SPEC: P-ENC-RLE-7.
 *
 * Invariants
 *  1. Only the last bit-packed run may hold a number of values that is no multiple of eight; it is padded with zeros.
 *  2. A repeated run costs at most what the group it replaces would: it is used from eight values on.
 */
#include "format/encoding/rle_writer.h"

#include "format/encoding/bit_pack.h"
#include "format/encoding/bit_unpack.h"
#include "format/encoding/varint.h"
#include "format/kernels/kernels.h"

enum { GROUP_VALUES = 8, PIECE = 512 };

/* Where values come from: three kinds of array, seen through three functions that the compiler inlines. */
struct source {
    const void *values;
    uint64_t at; /* of bits: where the first one is */
    uint32_t n;
    unsigned width;
};

typedef uint32_t (*run_fn)(const struct source *source, uint32_t i);   /* how many values from i on are equal */
typedef uint32_t (*value_fn)(const struct source *source, uint32_t i); /* value i */
/* The first i from `from` on that GROUP_VALUES equal values begin at, `n` when there is none. `from` begins a run. */
typedef uint32_t (*skip_fn)(const struct source *source, uint32_t from);

bool tarn__rle_write_repeated(struct tarn_buffer *out, unsigned width, uint32_t n, uint32_t value)
{
    uint8_t bytes[TARN_VARINT_MAX + 4];
    if (n == 0) {
        return true;
    }
    const size_t header = tarn__varint_put(bytes, (uint64_t)n << 1);
    tarn__store32(bytes + header, value);
    return tarn__buffer_append(out, bytes, header + (width + 7) / 8);
}

static inline uint32_t value32(const struct source *source, uint32_t i)
{
    return ((const uint32_t *)source->values)[i];
}

static inline __attribute__((always_inline)) bool write_packed(struct tarn_buffer *out, const struct source *source, uint32_t begin,
                                                               uint32_t end, value_fn value)
{
    uint8_t header[TARN_VARINT_MAX];
    if (begin == end) {
        return true;
    }
    const uint32_t groups = (end - begin) / GROUP_VALUES + ((end - begin) % GROUP_VALUES != 0);
    if (!tarn__buffer_append(out, header, tarn__varint_put(header, (uint64_t)groups << 1 | 1))) {
        return false;
    }
    if (value == value32) { /* as they lie there; what is left is padded below */
        const uint32_t whole = (end - begin) / GROUP_VALUES * GROUP_VALUES;
        const size_t before = out->size;
        if (!tarn__buffer_resize(out, before + (size_t)whole / GROUP_VALUES * source->width)) {
            return false;
        }
        tarn__kernels_of(tarn__buffer_env(out))->pack32((const uint32_t *)source->values + begin, whole, source->width, out->data + before);
        begin += whole;
    }
    for (uint32_t at = begin; at < end; at += PIECE) {
        uint32_t values[PIECE];
        uint8_t packed[PIECE * 4];
        const uint32_t n = end - at < PIECE ? end - at : PIECE;
        for (uint32_t i = 0; i < n; i++) {
            values[i] = value(source, at + i);
        }
        const uint32_t padded = (n + GROUP_VALUES - 1) / GROUP_VALUES * GROUP_VALUES;
        memset(values + n, 0, (padded - n) * sizeof(*values));
        if (!tarn__buffer_append(out, packed, tarn__bit_pack(values, padded, source->width, packed))) {
            return false;
        }
    }
    return true;
}

static inline __attribute__((always_inline)) bool write_runs(struct tarn_buffer *out, const struct source *source, run_fn run_at,
                                                             skip_fn skip, value_fn value)
{
    uint32_t begin = 0; /* of the values not yet written */
    for (uint32_t i = skip(source, 0); i < source->n; i = skip(source, i)) {
        const uint32_t run = run_at(source, i);
        const uint32_t fill = (GROUP_VALUES - (i - begin) % GROUP_VALUES) % GROUP_VALUES; /* completes the group before */
        if (run < fill + GROUP_VALUES) {
            i += run;
            continue;
        }
        if (!write_packed(out, source, begin, i + fill, value) ||
            !tarn__rle_write_repeated(out, source->width, run - fill, value(source, i))) {
            return false;
        }
        i += run;
        begin = i;
    }
    return write_packed(out, source, begin, source->n, value);
}

/*
 * Two unequal neighbours are in no group of equal values: where the last two of the group at hand differ, it and the six behind it are
 * ruled out by one look.
 */
#define SKIP(type, values, from, n)                                                                                                        \
    do {                                                                                                                                   \
        const type *values_ = (values);                                                                                                    \
        uint32_t i_ = (from);                                                                                                              \
        while ((n)-i_ >= GROUP_VALUES && i_ < (n)) {                                                                                       \
            uint32_t last_ = i_ + GROUP_VALUES - 1;                                                                                        \
            while (last_ != i_ && values_[last_] == values_[last_ - 1]) {                                                                  \
                last_--;                                                                                                                   \
            }                                                                                                                              \
            if (last_ == i_) {                                                                                                             \
                return i_;                                                                                                                 \
            }                                                                                                                              \
            i_ = last_;                                                                                                                    \
        }                                                                                                                                  \
        return (n);                                                                                                                        \
    } while (0)

static inline uint32_t skip32(const struct source *source, uint32_t from)
{
    SKIP(uint32_t, source->values, from, source->n);
}

static inline uint32_t skip16(const struct source *source, uint32_t from)
{
    SKIP(uint16_t, source->values, from, source->n);
}

static inline uint32_t skip_no_bits(const struct source *source, uint32_t from)
{
    (void)source;
    return from; /* their runs are found eight at a time */
}

static inline uint32_t run32(const struct source *source, uint32_t i)
{
    const uint32_t *values = source->values;
    uint32_t end = i + 1;
    while (end < source->n && values[end] == values[i]) {
        end++;
    }
    return end - i;
}

static inline uint32_t value16(const struct source *source, uint32_t i)
{
    return ((const uint16_t *)source->values)[i];
}

static inline uint32_t run16(const struct source *source, uint32_t i)
{
    const uint16_t *values = source->values;
    const uint64_t four = values[i] * UINT64_C(0x0001000100010001);
    uint32_t end = i + 1;
    while (source->n - end >= 4 && end < source->n) {
        uint64_t word;
        memcpy(&word, values + end, sizeof(word));
        if (word != four) {
            break;
        }
        end += 4;
    }
    while (end < source->n && values[end] == values[i]) {
        end++;
    }
    return end - i;
}

static inline uint32_t value_bit(const struct source *source, uint32_t i)
{
    return tarn__bit_get(source->values, source->at + i);
}

static inline uint32_t run_bits(const struct source *source, uint32_t i)
{
    const uint8_t *bits = source->values;
    const bool value = tarn__bit_get(bits, source->at + i);
    const uint8_t whole = value ? 0xff : 0;
    uint32_t end = i + 1;
    while (end < source->n) {
        const uint64_t position = source->at + end;
        if (position % 8 == 0 && source->n - end >= 8 && bits[position / 8] == whole) {
            end += 8;
        } else if (tarn__bit_get(bits, position) == value) {
            end++;
        } else {
            break;
        }
    }
    return end - i;
}

bool tarn__rle_write(struct tarn_buffer *out, unsigned width, uint32_t n, const uint32_t *values)
{
    return write_runs(out, &(struct source){values, 0, n, width}, run32, skip32, value32);
}

bool tarn__rle_write16(struct tarn_buffer *out, unsigned width, uint32_t n, const uint16_t *values)
{
    return write_runs(out, &(struct source){values, 0, n, width}, run16, skip16, value16);
}

bool tarn__rle_write_bits(struct tarn_buffer *out, uint32_t n, const uint8_t *bits, uint64_t at)
{
    return write_runs(out, &(struct source){bits, at, n, 1}, run_bits, skip_no_bits, value_bit);
}

bool tarn__rle_write_booleans(struct tarn_buffer *out, uint32_t n, const uint8_t *bits)
{
    static const uint8_t length[4];
    const size_t begin = out->size;
    if (!tarn__buffer_append(out, length, sizeof(length)) || !tarn__rle_write_bits(out, n, bits, 0)) {
        out->size = begin;
        return false;
    }
    tarn__store32(out->data + begin, (uint32_t)(out->size - begin - sizeof(length))); /* fewer than n + 16 bytes, of which n is 2^32 */
    return true;
}

size_t tarn__rle_bound(unsigned width, uint32_t n)
{
    /* A repeated run stands for a group at least and takes no more than a header and four bytes; a packed one a header for each group. */
    const size_t groups = (size_t)n / GROUP_VALUES + 1;
    return groups * (5 + (width > 4 ? width : 4)) + 5;
}
