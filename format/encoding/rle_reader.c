/* SPDX-License-Identifier: Apache-2.0
 *
 * The RLE / bit-packed hybrid: a sequence of runs, each with a varint header whose lowest bit says which kind it is.
 *
 * Specification: Parquet Encodings.md, "Run Length Encoding / Bit-Packing Hybrid". SPEC: P-ENC-RLE-1 to P-ENC-RLE-5.
 *
 * Invariants
 *  1. Between calls `rest` begins at a run header or is empty: no run is ever half consumed.
 *  2. Nothing is read before it is known to lie inside `rest`.
 *  3. `remaining` only falls, and the lengths handed out sum to `count`: the page's value count is the truth, not the
 *     headers, because writers pad the last bit-packed group up to eight values, and some cut its bytes short.
 */
#include "format/encoding/rle_reader.h"

#include "format/encoding/varint.h"

/* One packed group holds eight values, hence exactly `width` bytes. */
enum { GROUP_VALUES = 8 };

static enum tarn_status corrupt(const struct tarn__rle_reader *reader, const char *what, struct tarn_error *err)
{
    const size_t at = reader->begin != NULL ? (size_t)(reader->rest.data - reader->begin) : 0;
    return tarn__corrupt(err, "rle", "RLE run at byte %zu of the values: %s", at, what);
}

enum tarn_status tarn__rle_reader_init(struct tarn__rle_reader *reader, struct tarn_span bytes, unsigned width, uint32_t count,
                                       struct tarn_error *err)
{
    *reader = (struct tarn__rle_reader){.rest = bytes, .begin = bytes.data, .remaining = count};
    if (width > 32) {
        return corrupt(reader, "bit width over 32", err);
    }
    reader->width = (uint8_t)width;
    return TARN_OK;
}

static enum tarn_status next_packed(struct tarn__rle_reader *reader, uint32_t groups, struct tarn__rle_run *run, struct tarn_error *err)
{
    /* groups < 2^31 and width <= 32, so neither product overflows 64 bits. */
    const uint64_t values = (uint64_t)groups * GROUP_VALUES;
    const uint32_t length = values < reader->remaining ? (uint32_t)values : reader->remaining;
    const uint64_t needed = ((uint64_t)length * reader->width + 7) / 8;
    const uint64_t stored = (uint64_t)groups * reader->width;

    if (needed > reader->rest.size) {
        return corrupt(reader, "bit-packed values end early", err);
    }
    const size_t taken = stored < reader->rest.size ? (size_t)stored : reader->rest.size; /* a cut last group is legal */
    *run = (struct tarn__rle_run){.length = length, .packed = true, .bits = tarn__span_take(&reader->rest, taken)};
    return TARN_OK;
}

static enum tarn_status next_repeated(struct tarn__rle_reader *reader, uint32_t length, struct tarn__rle_run *run, struct tarn_error *err)
{
    const size_t bytes = (reader->width + 7u) / 8u;
    if (bytes > reader->rest.size) {
        return corrupt(reader, "repeated value ends early", err);
    }
    const uint32_t value = tarn__load_partial(reader->rest.data, bytes);
    if (reader->width < 32 && value >> reader->width != 0) {
        return corrupt(reader, "repeated value is wider than the bit width", err);
    }
    tarn__span_take(&reader->rest, bytes);
    *run = (struct tarn__rle_run){.length = length < reader->remaining ? length : reader->remaining, .value = value};
    return TARN_OK;
}

enum tarn_status tarn__rle_reader_next(struct tarn__rle_reader *reader, struct tarn__rle_run *run, struct tarn_error *err)
{
    *run = (struct tarn__rle_run){0};
    if (reader->remaining == 0) {
        return TARN_OK;
    }

    uint32_t header;
    if (!tarn__varint32_take(&reader->rest, &header)) {
        return corrupt(reader, "no run header where values are due", err);
    }
    if (header >> 1 == 0) {
        return corrupt(reader, "empty run", err); /* would make no progress: a reader that skips it can be kept busy for ever */
    }

    const enum tarn_status status =
        (header & 1) != 0 ? next_packed(reader, header >> 1, run, err) : next_repeated(reader, header >> 1, run, err);
    reader->remaining -= run->length;
    return status;
}
