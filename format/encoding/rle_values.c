/* SPDX-License-Identifier: Apache-2.0
 *
 * Values out of the runs of an RLE hybrid.
 *
 * Specification: Parquet Encodings.md, "Run Length Encoding / Bit-Packing Hybrid" and "Dictionary Encoding". SPEC: P-ENC-RLE-6,
 * P-ENC-DICT-1 to P-ENC-DICT-3.
 *
 * Invariants
 *  1. `taken` <= run.length; the run is refilled when they are equal.
 *  2. A code leaves only after it was compared with the size of the dictionary.
 */
#include "format/encoding/rle_values.h"

#include "format/encoding/bit_unpack.h"

/* How the next `n` values, all of one run, are written behind what is there already. */
typedef void (*put_fn)(void *out, uint64_t at, const struct tarn__rle_values *values, uint32_t n);

static void put32(void *out, uint64_t at, const struct tarn__rle_values *values, uint32_t n)
{
    uint32_t *to = (uint32_t *)out + at;
    if (values->run.packed) {
        tarn__bit_unpack(values->kernels, values->run.bits, values->reader.width, values->taken, n, to);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        to[i] = values->run.value;
    }
}

static void put_bits(void *out, uint64_t at, const struct tarn__rle_values *values, uint32_t n)
{
    if (values->run.packed) {
        tarn__bits_copy(out, at, values->run.bits.data, values->taken, n);
    } else {
        tarn__bits_fill(out, at, n, values->run.value != 0);
    }
}

static void put_nothing(void *out, uint64_t at, const struct tarn__rle_values *values, uint32_t n)
{
    (void)out, (void)at, (void)values, (void)n;
}

static enum tarn_status take(struct tarn__rle_values *values, uint32_t n, put_fn put, void *out, uint64_t at, struct tarn_error *err)
{
    if (n > tarn__rle_values_left(values)) {
        return tarn__corrupt(err, "rle", "RLE values: %u are due where %u are left", n, tarn__rle_values_left(values));
    }
    while (n != 0) {
        if (values->taken == values->run.length) {
            values->taken = 0;
            TARN_RETURN_IF_ERROR(tarn__rle_reader_next(&values->reader, &values->run, err));
        }
        const uint32_t in_run = values->run.length - values->taken;
        const uint32_t piece = in_run < n ? in_run : n;
        put(out, at, values, piece);
        values->taken += piece;
        at += piece;
        n -= piece;
    }
    return TARN_OK;
}

enum tarn_status tarn__rle_values_init(struct tarn__rle_values *values, struct tarn_span bytes, unsigned width, uint32_t count,
                                       struct tarn_error *err)
{
    *values = (struct tarn__rle_values){.kernels = &tarn__decode_kernels_base};
    return tarn__rle_reader_init(&values->reader, bytes, width, count, err);
}

enum tarn_status tarn__rle_values_init_dictionary(struct tarn__rle_values *values, struct tarn_span bytes, uint32_t count,
                                                  struct tarn_error *err)
{
    unsigned width = 0;
    if (bytes.size != 0) {
        width = *tarn__span_take(&bytes, 1).data;
    } else if (count != 0) {
        *values = (struct tarn__rle_values){.kernels = &tarn__decode_kernels_base};
        return tarn__corrupt(err, "rle", "dictionary codes: the bit width is missing");
    }
    return tarn__rle_values_init(values, bytes, width, count, err);
}

enum tarn_status tarn__rle_values_next(struct tarn__rle_values *values, uint32_t n, uint32_t *out, struct tarn_error *err)
{
    return take(values, n, put32, out, 0, err);
}

enum tarn_status tarn__rle_values_next_bits(struct tarn__rle_values *values, uint32_t n, uint8_t *bits, uint64_t at, struct tarn_error *err)
{
    if (values->reader.width != 1) {
        return tarn__corrupt(err, "rle", "booleans of %u bits", (unsigned)values->reader.width);
    }
    return take(values, n, put_bits, bits, at, err);
}

enum tarn_status tarn__rle_values_skip(struct tarn__rle_values *values, uint32_t n, struct tarn_error *err)
{
    return take(values, n, put_nothing, NULL, 0, err);
}

enum tarn_status tarn__rle_values_next_codes(struct tarn__rle_values *values, uint32_t n, uint32_t dictionary_size, uint32_t *out,
                                             struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(take(values, n, put32, out, 0, err));
    const uint32_t largest = values->kernels->largest32(out, n);
    if (n != 0 && largest >= dictionary_size) {
        return tarn__corrupt(err, "dictionary_index", "code %u where the dictionary has %u entries", largest, dictionary_size);
    }
    return TARN_OK;
}
