/* SPDX-License-Identifier: Apache-2.0
 *
 * Adaptive lossless floating point.
 *
 * Specification: Parquet AlpEncoding.md. SPEC: P-ENC-ALP-1 to P-ENC-ALP-5.
 *
 * Invariants
 *  1. The vector at hand was measured: its packed integers, positions and exceptions lie inside of the body.
 *  2. Every position of an exception is below the number of values of its vector.
 *  3. Vectors lie one behind the other without gaps.
 *  4. Powers of ten are constants that the compiler rounds; a number is multiplied twice and rounded twice, as the specification demands.
 */
#include "format/encoding/alp.h"

enum {
    HEADER_SIZE = 7,
    MIN_VECTOR_LOG2 = 3,
    MAX_VECTOR_LOG2 = 15,
    AT_ONCE = 512,
};

const float tarn__alp_up32[TARN_ALP_FLOAT_EXPONENTS] = {1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F, 1e6F, 1e7F, 1e8F, 1e9F, 1e10F};
const float tarn__alp_down32[TARN_ALP_FLOAT_EXPONENTS] = {1e0F, 1e-1F, 1e-2F, 1e-3F, 1e-4F, 1e-5F, 1e-6F, 1e-7F, 1e-8F, 1e-9F, 1e-10F};
const double tarn__alp_up64[TARN_ALP_DOUBLE_EXPONENTS] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                                          1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
const double tarn__alp_down64[TARN_ALP_DOUBLE_EXPONENTS] = {1e0,   1e-1,  1e-2,  1e-3,  1e-4,  1e-5,  1e-6,  1e-7,  1e-8, 1e-9,
                                                            1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-17, 1e-18};

enum tarn_status tarn__alp_reader_init(struct tarn__alp_reader *reader, const struct tarn__kernels *kernels, struct tarn_span bytes,
                                       unsigned width, uint32_t most, struct tarn_error *err)
{
    *reader = (struct tarn__alp_reader){.kernels = kernels, .vector = UINT32_MAX, .width = (uint8_t)width};
    if (bytes.size == 0) {
        return TARN_OK;
    }
    if (bytes.size < HEADER_SIZE) {
        return tarn__corrupt(err, "alp", "an ALP page of %zu bytes is shorter than its header", bytes.size);
    }
    const struct tarn_span header = tarn__span_take(&bytes, HEADER_SIZE);
    if (header.data[0] != 0 || header.data[1] != 0) {
        return tarn__unsupported(err, "encoding.unknown", "an ALP page of compression mode %u and integer encoding %u", header.data[0],
                                 header.data[1]);
    }
    const unsigned vector_log2 = header.data[2];
    const uint32_t count = tarn__load32(header.data + 3);
    if (vector_log2 < MIN_VECTOR_LOG2 || vector_log2 > MAX_VECTOR_LOG2) {
        return tarn__corrupt(err, "alp", "ALP vectors of 2^%u values; the specification has 2^3 to 2^15", vector_log2);
    }
    if (count > most) {
        return tarn__corrupt(err, "alp", "%u ALP values in a page of %u", count, most);
    }
    const uint64_t vectors = ((uint64_t)count + (1u << vector_log2) - 1) >> vector_log2;
    if (vectors * 4 > bytes.size) {
        return tarn__corrupt(err, "alp", "an ALP page ends inside of its %llu offsets", (unsigned long long)vectors);
    }
    reader->body = bytes;
    reader->count = count;
    reader->vector_log2 = (uint8_t)vector_log2;
    return TARN_OK;
}

/* Invariant 2, and whether they ascend. */
static bool check_positions(struct tarn__alp_reader *reader, uint32_t values)
{
    uint32_t highest = 0;
    uint32_t before = 0;
    reader->ascending = true;
    for (uint32_t i = 0; i < reader->exceptions; i++) {
        const uint32_t position = tarn__load16(reader->positions + (size_t)i * 2);
        reader->ascending = reader->ascending && position >= before;
        before = position;
        highest = position > highest ? position : highest;
    }
    return reader->exceptions == 0 || highest < values;
}

/* Vectors lie one behind the other, the first behind the offsets. */
static bool is_between(const struct tarn__alp_reader *reader, uint32_t number, size_t begin, size_t end)
{
    const uint32_t vectors = (uint32_t)(((uint64_t)reader->count + (1u << reader->vector_log2) - 1) >> reader->vector_log2);
    return (number != 0 || begin == (size_t)vectors * 4) &&
           (number + 1 == vectors || end == tarn__load32(reader->body.data + (size_t)(number + 1) * 4));
}

static enum tarn_status enter_vector(struct tarn__alp_reader *reader, uint32_t number, struct tarn_error *err)
{
    const uint32_t begin = number << reader->vector_log2;
    const uint32_t size = 1u << reader->vector_log2;
    const uint32_t values = reader->count - begin < size ? reader->count - begin : size;
    const uint32_t offset = tarn__load32(reader->body.data + (size_t)number * 4);
    const size_t fixed = 5u + reader->width; /* exponent, factor, number of exceptions, frame, bits */
    struct tarn_span rest = reader->body;

    reader->vector = UINT32_MAX;
    if (offset > rest.size || rest.size - offset < fixed) {
        return tarn__corrupt(err, "alp", "ALP vector %u begins at byte %u, outside of the page", number, offset);
    }
    tarn__span_take(&rest, offset);
    const uint8_t *info = tarn__span_take(&rest, fixed).data;
    reader->exponent = info[0];
    reader->factor = info[1];
    reader->exceptions = tarn__load16(info + 2);
    reader->frame = reader->width == 4 ? tarn__load32(info + 4) : tarn__load64(info + 4);
    reader->bits = info[fixed - 1];
    if (reader->exponent >= (reader->width == 4 ? TARN_ALP_FLOAT_EXPONENTS : TARN_ALP_DOUBLE_EXPONENTS) ||
        reader->factor > reader->exponent || reader->bits > reader->width * 8) {
        return tarn__corrupt(err, "alp", "an ALP vector with exponent %u, factor %u and %u bits", reader->exponent, reader->factor,
                             reader->bits);
    }
    const size_t packed = (size_t)(((uint64_t)values * reader->bits + 7) / 8);
    const size_t size_in_all = packed + (size_t)reader->exceptions * (2u + reader->width);
    if (size_in_all > rest.size) {
        return tarn__corrupt(err, "alp", "ALP vector %u leads out of the page", number);
    }
    if (!is_between(reader, number, offset, offset + fixed + size_in_all)) {
        return tarn__corrupt(err, "alp", "ALP vector %u does not lie between its neighbours", number);
    }
    reader->packed = rest; /* which goes on behind the packed integers */
    reader->positions = rest.data + packed;
    reader->values = reader->positions + (size_t)reader->exceptions * 2;
    if (!check_positions(reader, values)) {
        return tarn__corrupt(err, "alp", "an exception of an ALP vector of %u values stands behind its end", values);
    }
    reader->vector = number;
    return TARN_OK;
}

/* The first exception at or behind `position`. */
static uint32_t exception_from(const struct tarn__alp_reader *reader, uint32_t position)
{
    uint32_t low = 0;
    uint32_t high = reader->exceptions;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (tarn__load16(reader->positions + (size_t)middle * 2) < position) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Exceptions among the `n` numbers from `at` of the vector on. */
static void patch(const struct tarn__alp_reader *reader, uint32_t at, uint32_t n, uint8_t *out)
{
    uint32_t i = reader->ascending ? exception_from(reader, at) : 0;
    for (; i < reader->exceptions; i++) {
        const uint32_t position = tarn__load16(reader->positions + (size_t)i * 2);
        if (position >= at && position - at < n) {
            uint8_t *to = out + (size_t)(position - at) * reader->width;
            const uint8_t *from = reader->values + (size_t)i * reader->width;
            if (reader->width == 4) {
                const uint32_t bits = tarn__load32(from);
                memcpy(to, &bits, sizeof(bits));
            } else {
                const uint64_t bits = tarn__load64(from);
                memcpy(to, &bits, sizeof(bits));
            }
        } else if (reader->ascending && position >= at) {
            break;
        }
    }
}

static void take_floats(const struct tarn__alp_reader *reader, uint32_t at, uint32_t n, float *out)
{
    uint32_t integers[AT_ONCE];
    for (uint32_t done = 0; done < n;) {
        const uint32_t part = n - done < AT_ONCE ? n - done : (uint32_t)AT_ONCE;
        reader->kernels->unpack32(reader->packed, reader->bits, at + done, part, (uint32_t)reader->frame, integers);
        reader->kernels->scale_f32(integers, part, tarn__alp_up32[reader->factor], tarn__alp_down32[reader->exponent], out + done);
        done += part;
    }
}

static void take_doubles(const struct tarn__alp_reader *reader, uint32_t at, uint32_t n, double *out)
{
    uint64_t integers[AT_ONCE];
    for (uint32_t done = 0; done < n;) {
        const uint32_t part = n - done < AT_ONCE ? n - done : (uint32_t)AT_ONCE;
        reader->kernels->unpack64(reader->packed, reader->bits, at + done, part, reader->frame, integers);
        reader->kernels->scale_f64(integers, part, tarn__alp_up64[reader->factor], tarn__alp_down64[reader->exponent], out + done);
        done += part;
    }
}

enum tarn_status tarn__alp_reader_skip(struct tarn__alp_reader *reader, uint32_t n, struct tarn_error *err)
{
    if (n > reader->count - reader->at) {
        return tarn__corrupt(err, "alp", "%u values are due where %u are left in the page", n, reader->count - reader->at);
    }
    reader->at += n;
    return TARN_OK;
}

enum tarn_status tarn__alp_reader_take(struct tarn__alp_reader *reader, uint32_t n, void *out, struct tarn_error *err)
{
    uint32_t at = reader->at;
    uint8_t *to = out;
    TARN_RETURN_IF_ERROR(tarn__alp_reader_skip(reader, n, err));
    while (n != 0) {
        const uint32_t number = at >> reader->vector_log2;
        const uint32_t size = 1u << reader->vector_log2;
        const uint32_t in_vector = at & (size - 1);
        const uint32_t part = size - in_vector < n ? size - in_vector : n;
        if (reader->vector != number) {
            TARN_RETURN_IF_ERROR(enter_vector(reader, number, err));
        }
        if (reader->width == 4) {
            take_floats(reader, in_vector, part, (float *)(void *)to);
        } else {
            take_doubles(reader, in_vector, part, (double *)(void *)to);
        }
        patch(reader, in_vector, part, to);
        to += (size_t)part * reader->width;
        at += part;
        n -= part;
    }
    return TARN_OK;
}
