/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers as differences, written.
 *
 * Specification: Parquet Encodings.md, "Delta Encoding". SPEC: P-ENC-DELTA-7 to P-ENC-DELTA-9.
 *
 * All sizes follow from the bounds of each 32 differences: those of a block give its least difference, and the largest of a miniblock less
 * that its width. So one pass measures every shape of blocks at once.
 *
 * Invariants
 *  1. What is written has exactly the size that was measured; the buffer is resized once.
 *  2. Differences wrap in the width of the type, so that those of INT32 have at most 32 bits.
 *  3. A miniblock that no difference lies in has the width 0 and no bytes; the last one that has any is filled with zeros.
 */
#include "format/encoding/delta_binary_packed_encode.h"

#include "format/encoding/varint.h"

enum { UNIT = 32, MOST_BLOCK = 256, MOST_UNITS = MOST_BLOCK / UNIT, MOST_MINIBLOCK = 64, MOST_MINIBLOCKS = 8, SHAPES = 3 };

/* The first of those that are equally small: the shape that most writers use, then the one with fewer miniblocks, which are read faster. */
static const struct shape {
    uint16_t block;
    uint8_t miniblocks;
    uint8_t units; /* of UNIT differences in a miniblock */
} shapes[SHAPES] = {{128, 4, 1}, {256, 4, 2}, {256, 8, 1}};

/* The bounds of up to MOST_UNITS times 32 differences, 64 bits wide whatever the type is. */
struct bounds {
    uint32_t units;
    int64_t least[MOST_UNITS];
    int64_t most[MOST_UNITS];
};

static unsigned width_of(uint64_t value)
{
    return value == 0 ? 0 : 64u - (unsigned)__builtin_clzll(value);
}

static size_t varint_size(uint64_t value)
{
    return value == 0 ? 1 : (width_of(value) + 6) / 7;
}

static void bounds32(const struct tarn__kernels *kernels, const uint8_t *plain, uint32_t n, struct bounds *bounds)
{
    int32_t least[MOST_UNITS];
    int32_t most[MOST_UNITS];
    kernels->delta_bounds32(plain, n, least, most);
    bounds->units = (n + UNIT - 1) / UNIT;
    for (uint32_t i = 0; i < bounds->units; i++) {
        bounds->least[i] = least[i];
        bounds->most[i] = most[i];
    }
}

static void bounds64(const struct tarn__kernels *kernels, const uint8_t *plain, uint32_t n, struct bounds *bounds)
{
    kernels->delta_bounds64(plain, n, bounds->least, bounds->most);
    bounds->units = (n + UNIT - 1) / UNIT;
}

/* The least difference of a block that begins at unit `from`; the widths of its miniblocks; the bytes of them. */
static size_t block_widths(const struct bounds *bounds, const struct shape *shape, uint32_t from, int64_t *least, uint8_t *widths)
{
    const uint32_t in_block = shape->block / UNIT;
    const uint32_t end = bounds->units - from < in_block ? bounds->units : from + in_block;
    size_t bytes = 0;
    int64_t low = bounds->least[from];

    for (uint32_t i = from + 1; i < end; i++) {
        low = bounds->least[i] < low ? bounds->least[i] : low;
    }
    for (uint32_t m = 0; m < shape->miniblocks; m++) {
        const uint32_t begin = from + m * shape->units;
        uint64_t most = 0;
        for (uint32_t i = begin; i < end && i < begin + shape->units; i++) {
            const uint64_t above = (uint64_t)bounds->most[i] - (uint64_t)low;
            most = above > most ? above : most;
        }
        widths[m] = (uint8_t)width_of(most);
        bytes += (size_t)widths[m] * shape->units * (UNIT / 8);
    }
    *least = low;
    return bytes;
}

static uint64_t blocks_size(const struct bounds *bounds, const struct shape *shape)
{
    uint64_t size = 0;
    for (uint32_t from = 0; from < bounds->units; from += shape->block / UNIT) {
        uint8_t widths[MOST_MINIBLOCKS];
        int64_t least;
        size += block_widths(bounds, shape, from, &least, widths);
        size += varint_size(tarn__zigzag(least)) + shape->miniblocks;
    }
    return size;
}

struct measure {
    uint64_t sizes[SHAPES]; /* of the blocks */
};

static void add_bounds(struct measure *measure, const struct bounds *bounds)
{
    for (unsigned s = 0; s < SHAPES; s++) {
        measure->sizes[s] += blocks_size(bounds, &shapes[s]);
    }
}

static const struct shape *best_shape(const struct measure *measure, uint64_t *blocks)
{
    unsigned best = 0;
    for (unsigned s = 1; s < SHAPES; s++) {
        best = measure->sizes[s] < measure->sizes[best] ? s : best;
    }
    *blocks = measure->sizes[best];
    return &shapes[best];
}

static size_t put_header(const struct shape *shape, uint32_t n, int64_t first, uint8_t *out)
{
    size_t size = tarn__varint_put(out, shape->block);
    size += tarn__varint_put(out + size, shape->miniblocks);
    size += tarn__varint_put(out + size, n);
    return size + tarn__varint_put(out + size, tarn__zigzag(first));
}

#define ENCODER(bits, type, signed_type)                                                                                                   \
    static const struct shape *measure##bits(const struct tarn__kernels *kernels, const uint8_t *plain, uint32_t n, uint64_t *size)        \
    {                                                                                                                                      \
        uint8_t header[4 * TARN_VARINT_MAX];                                                                                               \
        struct measure measure = {{0}};                                                                                                    \
        for (uint32_t at = 0, left = n == 0 ? 0 : n - 1; left != 0;) {                                                                     \
            struct bounds bounds;                                                                                                          \
            const uint32_t part = left < MOST_BLOCK ? left : (uint32_t)MOST_BLOCK;                                                         \
            bounds##bits(kernels, plain + (size_t)at * sizeof(type), part, &bounds);                                                       \
            add_bounds(&measure, &bounds);                                                                                                 \
            at += part;                                                                                                                    \
            left -= part;                                                                                                                  \
        }                                                                                                                                  \
        const struct shape *shape = best_shape(&measure, size);                                                                            \
        *size += put_header(shape, n, n == 0 ? 0 : (signed_type)tarn__load##bits(plain), header);                                          \
        return shape;                                                                                                                      \
    }                                                                                                                                      \
                                                                                                                                           \
    /* The block of the `n` differences behind the number at `plain`. */                                                                   \
    static uint8_t *put_block##bits(const struct tarn__kernels *kernels, const struct shape *shape, const uint8_t *plain, uint32_t n,      \
                                    uint8_t *out)                                                                                          \
    {                                                                                                                                      \
        const uint32_t in_miniblock = (uint32_t)shape->units * UNIT;                                                                       \
        struct bounds bounds;                                                                                                              \
        int64_t least;                                                                                                                     \
        uint8_t widths[MOST_MINIBLOCKS];                                                                                                   \
        bounds##bits(kernels, plain, n, &bounds);                                                                                          \
        (void)block_widths(&bounds, shape, 0, &least, widths);                                                                             \
        out += tarn__varint_put(out, tarn__zigzag(least));                                                                                 \
        memcpy(out, widths, shape->miniblocks);                                                                                            \
        out += shape->miniblocks;                                                                                                          \
        for (uint32_t m = 0; m * in_miniblock < n; m++) {                                                                                  \
            const uint32_t begin = m * in_miniblock;                                                                                       \
            const uint32_t part = n - begin < in_miniblock ? n - begin : in_miniblock;                                                     \
            type deltas[MOST_MINIBLOCK];                                                                                                   \
            if (widths[m] == 0) {                                                                                                          \
                continue;                                                                                                                  \
            }                                                                                                                              \
            kernels->deltas##bits(plain + (size_t)begin * sizeof(type), part, (type)least, deltas);                                        \
            memset(deltas + part, 0, (in_miniblock - part) * sizeof(type));                                                                \
            kernels->pack##bits(deltas, in_miniblock, widths[m], out);                                                                     \
            out += (size_t)in_miniblock / 8 * widths[m];                                                                                   \
        }                                                                                                                                  \
        return out;                                                                                                                        \
    }                                                                                                                                      \
                                                                                                                                           \
    uint64_t tarn__delta_size##bits(const struct tarn__kernels *kernels, const uint8_t *plain, uint32_t n)                                 \
    {                                                                                                                                      \
        uint64_t size;                                                                                                                     \
        (void)measure##bits(kernels, plain, n, &size);                                                                                     \
        return size;                                                                                                                       \
    }                                                                                                                                      \
                                                                                                                                           \
    enum tarn_status tarn__delta_encode##bits(struct tarn_buffer *out, const uint8_t *plain, uint32_t n, struct tarn_error *err)           \
    {                                                                                                                                      \
        const struct tarn__kernels *kernels = tarn__kernels_of(tarn__buffer_env(out));                                                     \
        uint64_t size;                                                                                                                     \
        const struct shape *shape = measure##bits(kernels, plain, n, &size);                                                               \
        uint8_t *to;                                                                                                                       \
        TARN_RETURN_IF_ERROR(tarn__buffer_extend(out, size, &to, err));                                                                    \
        to += put_header(shape, n, n == 0 ? 0 : (signed_type)tarn__load##bits(plain), to);                                                 \
        for (uint32_t left = n == 0 ? 0 : n - 1; left != 0;) {                                                                             \
            const uint32_t part = left < shape->block ? left : shape->block;                                                               \
            to = put_block##bits(kernels, shape, plain, part, to);                                                                         \
            plain += (size_t)part * sizeof(type);                                                                                          \
            left -= part;                                                                                                                  \
        }                                                                                                                                  \
        return TARN_OK;                                                                                                                    \
    }
ENCODER(32, uint32_t, int32_t)
ENCODER(64, uint64_t, int64_t)
