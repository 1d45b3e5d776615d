/* SPDX-License-Identifier: Apache-2.0
 *
 * The RLE / bit-packed hybrid, written.
 *
 * Specification: Parquet Encodings.md, "Run Length Encoding / Bit-Packing Hybrid". SPEC: P-ENC-RLE-7, P-ENC-RLE-8.
 *
 * Values are looked at in groups of eight, so that most cost one comparison of the group; a repeated run begins at a group.
 *
 * Invariants
 *  1. Only the last bit-packed run may hold a number of values that is no multiple of eight; it is padded with zeros.
 *  2. A repeated run costs at most what its groups would as bits, headers counted.
 */
#include "format/encoding/rle_writer.h"

#include "format/base/checked.h"
#include "format/encoding/bit_unpack.h"
#include "format/encoding/varint.h"
#include "format/kernels/kernels.h"

enum { GROUP = 8, PIECE = 512 };

/* Where values come from: three kinds of array, seen through three functions that the compiler inlines. */
struct source {
    const void *values;
    uint64_t at; /* of bits: where the first one is */
    uint32_t n;
    unsigned width;
    const struct tarn__kernels *kernels;
};

struct access {
    bool (*same)(const struct source *source, uint32_t i);    /* are the eight values from i on equal? */
    uint32_t (*run)(const struct source *source, uint32_t i); /* how many values from i on are */
    uint32_t (*value)(const struct source *source, uint32_t i);
    /* `n` values from i on into ceil(n * width / 8) bytes */
    void (*pack)(const struct source *source, uint32_t i, uint32_t n, uint8_t *out);
};

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

static inline __attribute__((always_inline)) bool write_packed(struct tarn_buffer *out, const struct source *source, uint32_t begin,
                                                               uint32_t end, const struct access *access)
{
    uint8_t header[TARN_VARINT_MAX];
    const uint32_t n = end - begin;
    const uint32_t groups = n / GROUP + (n % GROUP != 0);
    uint8_t *to;
    if (n == 0) {
        return true;
    }
    const size_t header_size = tarn__varint_put(header, (uint64_t)groups << 1 | 1);
    const uint64_t size = (uint64_t)groups * source->width;
    if (tarn__buffer_extend(out, header_size + size, &to, NULL) != TARN_OK) {
        return false;
    }
    memcpy(to, header, header_size);
    access->pack(source, begin, n, to + header_size);
    const size_t written = tarn__bits_bytes((uint64_t)n * source->width);
    memset(to + header_size + written, 0, (size_t)size - written);
    return true;
}

/*
 * Is it worth it to write `run` values that begin a group as a repeated run? Else they are bits, which need a header of their own unless
 * bit-packed values stand right `before`; so do the values behind a repeated run, unless a run `follows` or the end.
 */
static inline bool pays(const struct source *source, uint32_t run, uint64_t groups, bool before, bool follows)
{
    const unsigned header = run < 64 ? 1 : run < 8192 ? 2 : 5;
    const unsigned repeated = header + (source->width + 7) / 8 + !follows;
    return source->width == 0 || repeated <= groups * source->width + !before;
}

static inline __attribute__((always_inline)) bool write_runs(struct tarn_buffer *out, const struct source *source,
                                                             const struct access *access)
{
    uint32_t begin = 0; /* of the values not yet written */
    uint32_t i = 0;
    while (source->n - i >= GROUP) {
        if (!access->same(source, i)) {
            i += GROUP;
            continue;
        }
        const uint32_t run = access->run(source, i);
        const uint32_t left = source->n - i - run;
        const uint32_t groups = run / GROUP + (left == 0 && run % GROUP != 0);
        const bool follows = left == 0 || (left >= GROUP && access->same(source, i + run));
        if (!pays(source, run, groups, begin != i, follows)) {
            i += run / GROUP * GROUP;
            continue;
        }
        if (!write_packed(out, source, begin, i, access) || !tarn__rle_write_repeated(out, source->width, run, access->value(source, i))) {
            return false;
        }
        i += run;
        begin = i;
    }
    if (begin == i && i != source->n && (source->width + 7) / 8 < source->width && access->run(source, i) == source->n - i) {
        return tarn__rle_write_repeated(out, source->width, source->n - i, access->value(source, i));
    }
    return write_packed(out, source, begin, source->n, access);
}

/* ---- 32 bits ---- */

static inline bool same32(const struct source *source, uint32_t i)
{
    const uint32_t *values = (const uint32_t *)source->values + i;
    uint32_t differ = 0;
    for (unsigned k = 1; k < GROUP; k++) {
        differ |= values[k] ^ values[0];
    }
    return differ == 0;
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

static inline uint32_t value32(const struct source *source, uint32_t i)
{
    return ((const uint32_t *)source->values)[i];
}

static inline void pack32(const struct source *source, uint32_t i, uint32_t n, uint8_t *out)
{
    source->kernels->pack32((const uint32_t *)source->values + i, n, source->width, out);
}

/* ---- 16 bits ---- */

static inline bool same16(const struct source *source, uint32_t i)
{
    const uint16_t *values = (const uint16_t *)source->values + i;
    unsigned differ = 0;
    for (unsigned k = 1; k < GROUP; k++) {
        differ |= (unsigned)values[k] ^ values[0];
    }
    return differ == 0;
}

static inline uint32_t run16(const struct source *source, uint32_t i)
{
    const uint16_t *values = source->values;
    const uint64_t four = values[i] * UINT64_C(0x0001000100010001);
    uint32_t end = i + 1;
    while (source->n - end >= 4) {
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

static inline uint32_t value16(const struct source *source, uint32_t i)
{
    return ((const uint16_t *)source->values)[i];
}

static inline void pack16(const struct source *source, uint32_t i, uint32_t n, uint8_t *out)
{
    const uint16_t *values = (const uint16_t *)source->values + i;
    uint32_t wide[PIECE];
    for (uint32_t at = 0; at < n; at += PIECE) {
        const uint32_t part = n - at < PIECE ? n - at : (uint32_t)PIECE;
        for (uint32_t k = 0; k < part; k++) {
            wide[k] = values[at + k];
        }
        source->kernels->pack32(wide, part, source->width, out + (size_t)at / GROUP * source->width);
    }
}

/* ---- bits ---- */

static inline bool same_bits(const struct source *source, uint32_t i)
{
    const uint64_t position = source->at + i;
    const uint8_t *bits = (const uint8_t *)source->values + position / 8;
    const unsigned shift = position % 8;
    const unsigned eight = shift == 0 ? bits[0] : ((unsigned)bits[0] >> shift | (unsigned)bits[1] << (8 - shift)) & 0xff;
    return eight == 0 || eight == 0xff;
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

static inline uint32_t value_bit(const struct source *source, uint32_t i)
{
    return tarn__bit_get(source->values, source->at + i);
}

static inline void pack_bits(const struct source *source, uint32_t i, uint32_t n, uint8_t *out)
{
    memset(out, 0, tarn__bits_bytes(n));
    tarn__bits_copy(out, 0, source->values, source->at + i, n);
}

bool tarn__rle_write(struct tarn_buffer *out, unsigned width, uint32_t n, const uint32_t *values)
{
    const struct source source = {values, 0, n, width, tarn__kernels_of(tarn__buffer_env(out))};
    return write_runs(out, &source, &(const struct access){same32, run32, value32, pack32});
}

bool tarn__rle_write16(struct tarn_buffer *out, unsigned width, uint32_t n, const uint16_t *values)
{
    const struct source source = {values, 0, n, width, tarn__kernels_of(tarn__buffer_env(out))};
    return write_runs(out, &source, &(const struct access){same16, run16, value16, pack16});
}

bool tarn__rle_write_bits(struct tarn_buffer *out, uint32_t n, const uint8_t *bits, uint64_t at)
{
    const struct source source = {bits, at, n, 1, tarn__kernels_of(tarn__buffer_env(out))};
    return write_runs(out, &source, &(const struct access){same_bits, run_bits, value_bit, pack_bits});
}

bool tarn__rle_write_booleans(struct tarn_buffer *out, uint32_t n, const uint8_t *bits)
{
    static const uint8_t length[4];
    const size_t begin = out->size;
    if (!tarn__buffer_append(out, length, sizeof(length)) || !tarn__rle_write_bits(out, n, bits, 0)) {
        out->size = begin;
        return false;
    }
    tarn__store32(out->data + begin, (uint32_t)(out->size - begin - sizeof(length))); /* a bit a value, and fewer than 16 bytes */
    return true;
}

size_t tarn__rle_bound(unsigned width, uint32_t n)
{
    /* A repeated run stands for a group at least and takes no more than a header and four bytes; a packed one a header for each group. */
    const size_t groups = (size_t)n / GROUP + 1;
    return groups * (5 + (width > 4 ? width : 4)) + 5;
}
