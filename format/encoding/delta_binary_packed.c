/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers as differences in blocks of miniblocks.
 *
 * Specification: Parquet Encodings.md, "Delta Encoding". SPEC: P-ENC-DELTA-1 to P-ENC-DELTA-6.
 *
 * Invariants
 *  1. The miniblock at hand lies whole in `rest`, which begins with it: it was measured before anything of it is unpacked.
 *  2. A miniblock is only entered when a number of it is due; the widths of those behind the last number are never looked at.
 *  3. `at` <= in_miniblock; differences below `at` are in `last`.
 */
#include "format/encoding/delta_binary_packed.h"

#include "format/encoding/varint.h"

enum { BLOCK_MULTIPLE = 128, MINIBLOCK_MULTIPLE = 32, SKIP_AT_ONCE = 256 };

static enum tarn_status ends_early(struct tarn_error *err)
{
    return tarn__corrupt(err, "delta", "delta-encoded numbers end before all of them have been met");
}

enum tarn_status tarn__delta_reader_init(struct tarn__delta_reader *reader, const struct tarn__kernels *kernels, struct tarn_span bytes,
                                         uint32_t most, struct tarn_error *err)
{
    uint32_t block;
    uint32_t miniblocks;
    uint64_t first;

    *reader = (struct tarn__delta_reader){.kernels = kernels, .rest = bytes};
    if (bytes.size == 0) {
        return TARN_OK;
    }
    if (!tarn__varint32_take(&reader->rest, &block) || !tarn__varint32_take(&reader->rest, &miniblocks) ||
        !tarn__varint32_take(&reader->rest, &reader->left) || !tarn__varint64_take(&reader->rest, &first)) {
        reader->left = 0;
        return tarn__corrupt(err, "delta", "the header of delta-encoded numbers is cut off or holds a number that is too large");
    }
    if (block == 0 || block % BLOCK_MULTIPLE != 0 || miniblocks == 0 || block % miniblocks != 0 ||
        block / miniblocks % MINIBLOCK_MULTIPLE != 0) {
        reader->left = 0;
        return tarn__corrupt(err, "delta",
                             "delta-encoded numbers in blocks of %u with %u miniblocks; a block is a multiple of 128, a miniblock of 32",
                             block, miniblocks);
    }
    if (reader->left > most) {
        const uint32_t stated = reader->left;
        reader->left = 0;
        return tarn__corrupt(err, "delta", "%u delta-encoded numbers in a page of %u values", stated, most);
    }
    reader->last = (uint64_t)tarn__unzigzag(first);
    reader->in_block = reader->miniblock = miniblocks;
    reader->in_miniblock = block / miniblocks;
    return TARN_OK;
}

static size_t miniblock_bytes(const struct tarn__delta_reader *reader)
{
    return (size_t)reader->in_miniblock / 8 * reader->width;
}

/* Leaves the miniblock at hand, if there is one, and enters the next. */
static enum tarn_status next_miniblock(struct tarn__delta_reader *reader, struct tarn_error *err)
{
    if (reader->miniblock < reader->in_block) {
        tarn__span_take(&reader->rest, miniblock_bytes(reader));
        reader->miniblock++;
    }
    if (reader->miniblock == reader->in_block) {
        uint64_t min_delta;
        if (!tarn__varint64_take(&reader->rest, &min_delta) || reader->in_block > reader->rest.size) {
            return ends_early(err);
        }
        reader->min_delta = (uint64_t)tarn__unzigzag(min_delta);
        reader->widths = tarn__span_take(&reader->rest, reader->in_block).data;
        reader->miniblock = 0;
    }
    reader->at = 0;
    reader->width = reader->widths[reader->miniblock];
    if (reader->width > 64) {
        const unsigned width = reader->width;
        reader->width = 0;
        return tarn__corrupt(err, "delta", "differences of %u bits", width);
    }
    if (miniblock_bytes(reader) > reader->rest.size) {
        reader->width = 0;
        return ends_early(err);
    }
    return TARN_OK;
}

/* The first number, when it is due: it has no difference. */
static bool take_first(struct tarn__delta_reader *reader, uint32_t *n)
{
    if (reader->begun || *n == 0) {
        return false;
    }
    reader->begun = true;
    reader->left--;
    (*n)--;
    return true;
}

/* How many of `n` differences the miniblock at hand gives, at least one. */
static enum tarn_status next_part(struct tarn__delta_reader *reader, uint32_t n, uint32_t *part, struct tarn_error *err)
{
    *part = 0;
    if (reader->miniblock == reader->in_block || reader->at == reader->in_miniblock) {
        TARN_RETURN_IF_ERROR(next_miniblock(reader, err));
    }
    const uint32_t here = reader->in_miniblock - reader->at;
    *part = here < n ? here : n;
    return TARN_OK;
}

static void pass(struct tarn__delta_reader *reader, uint32_t part)
{
    reader->at += part;
    reader->left -= part;
}

#define TAKE(name, type, unpack, sum)                                                                                                      \
    enum tarn_status name(struct tarn__delta_reader *reader, uint32_t n, type *out, struct tarn_error *err)                                \
    {                                                                                                                                      \
        if (n > reader->left) {                                                                                                            \
            return ends_early(err);                                                                                                        \
        }                                                                                                                                  \
        if (take_first(reader, &n)) {                                                                                                      \
            *out++ = (type)reader->last;                                                                                                   \
        }                                                                                                                                  \
        while (n != 0) {                                                                                                                   \
            uint32_t part;                                                                                                                 \
            TARN_RETURN_IF_ERROR(next_part(reader, n, &part, err));                                                                        \
            if (reader->width != 0) {                                                                                                      \
                reader->kernels->unpack(reader->rest, reader->width, reader->at, part, (type)reader->min_delta, out);                      \
                reader->last = reader->kernels->sum(out, part, (type)reader->last);                                                        \
            } else {                                                                                                                       \
                for (uint32_t i = 0; i < part; i++) {                                                                                      \
                    out[i] = (type)(reader->last + reader->min_delta * (i + UINT64_C(1)));                                                 \
                }                                                                                                                          \
                reader->last += reader->min_delta * part;                                                                                  \
            }                                                                                                                              \
            pass(reader, part);                                                                                                            \
            out += part;                                                                                                                   \
            n -= part;                                                                                                                     \
        }                                                                                                                                  \
        return TARN_OK;                                                                                                                    \
    }
TAKE(tarn__delta_reader_take32, uint32_t, unpack32, running_sum32)
TAKE(tarn__delta_reader_take64, uint64_t, unpack64, running_sum64)

enum tarn_status tarn__delta_reader_skip(struct tarn__delta_reader *reader, uint32_t n, struct tarn_error *err)
{
    uint64_t deltas[SKIP_AT_ONCE];
    if (n > reader->left) {
        return ends_early(err);
    }
    take_first(reader, &n);
    while (n != 0) {
        uint32_t part;
        TARN_RETURN_IF_ERROR(next_part(reader, n < SKIP_AT_ONCE ? n : (uint32_t)SKIP_AT_ONCE, &part, err));
        if (reader->width != 0) {
            reader->kernels->unpack64(reader->rest, reader->width, reader->at, part, 0, deltas);
            for (uint32_t i = 0; i < part; i++) {
                reader->last += deltas[i];
            }
        }
        reader->last += reader->min_delta * part;
        pass(reader, part);
        n -= part;
    }
    return TARN_OK;
}

enum tarn_status tarn__delta_reader_behind(const struct tarn__delta_reader *reader, struct tarn_span *behind, struct tarn_error *err)
{
    struct tarn__delta_reader ahead = *reader;
    uint32_t left = ahead.left;
    take_first(&ahead, &left);
    while (left != 0) {
        uint32_t part;
        TARN_RETURN_IF_ERROR(next_part(&ahead, left, &part, err));
        pass(&ahead, part);
        left -= part;
    }
    if (ahead.miniblock < ahead.in_block) {
        tarn__span_take(&ahead.rest, miniblock_bytes(&ahead));
    }
    *behind = ahead.rest;
    return TARN_OK;
}
