/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/encodings.h"

#include <math.h>
#include <stdlib.h>

#include "tests/support/suite.h"

static void put(struct tarn_buffer *out, const void *bytes, size_t size)
{
    if (!tarn__buffer_append(out, bytes, size)) { /* a check of its own for each byte is a system call for each */
        ck_abort_msg("no memory for %zu bytes", size);
    }
}

static void put_byte(struct tarn_buffer *out, unsigned byte)
{
    const uint8_t one = (uint8_t)byte;
    put(out, &one, 1);
}

static void put_little(struct tarn_buffer *out, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++) {
        put_byte(out, (unsigned)(value >> 8 * i & 0xff));
    }
}

static void put_bit(struct tarn_buffer *out, size_t begin, uint64_t at, unsigned shift)
{
    while (begin + at / 8 >= out->size) {
        put_byte(out, 0);
    }
    out->data[begin + at / 8] = (uint8_t)(out->data[begin + at / 8] | 1u << shift);
}

void tarn_test_put_bits(struct tarn_buffer *out, size_t begin, uint64_t at, unsigned width, uint64_t value)
{
    for (unsigned i = 0; i < width; i++) {
        if ((value >> i & 1) != 0) {
            put_bit(out, begin, at + i, (at + i) % 8);
        }
    }
}

void tarn_test_put_bits_high_first(struct tarn_buffer *out, size_t begin, uint64_t at, unsigned width, uint64_t value)
{
    for (unsigned i = 0; i < width; i++) {
        if ((value >> (width - 1 - i) & 1) != 0) {
            put_bit(out, begin, at + i, 7 - (at + i) % 8);
        }
    }
}

/* Zeros up to `bytes` behind `begin`. */
static void fill(struct tarn_buffer *out, size_t begin, size_t bytes)
{
    while (out->size < begin + bytes) {
        put_byte(out, 0);
    }
}

void tarn_test_put_varint(struct tarn_buffer *out, uint64_t value)
{
    while (value > 127) {
        put_byte(out, (unsigned)(value & 127) | 128);
        value >>= 7;
    }
    put_byte(out, (unsigned)value);
}

static void put_zigzag(struct tarn_buffer *out, int64_t value)
{
    tarn_test_put_varint(out, value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1);
}

static unsigned width_of(uint64_t value)
{
    unsigned width = 0;
    while (width < 64 && value >> width != 0) {
        width++;
    }
    return width;
}

/* The difference of two values as a writer has it. */
static int64_t difference(const struct tarn_test_delta *how, int64_t after, int64_t before)
{
    const uint64_t wide = (uint64_t)after - (uint64_t)before;
    return how->narrow ? (int64_t)(int32_t)(uint32_t)wide : (int64_t)wide;
}

static void put_miniblock(struct tarn_buffer *out, unsigned width, uint32_t size, uint32_t n, const uint64_t *values)
{
    const size_t begin = out->size;
    for (uint32_t i = 0; i < n; i++) {
        tarn_test_put_bits(out, begin, (uint64_t)i * width, width, values[i]);
    }
    fill(out, begin, (size_t)size / 8 * width);
}

static void put_block(struct tarn_buffer *out, const struct tarn_test_delta *how, uint32_t n, const int64_t *deltas)
{
    const uint32_t size = how->block / how->miniblocks;
    int64_t least = deltas[0];
    for (uint32_t i = 1; i < n; i++) {
        least = deltas[i] < least ? deltas[i] : least;
    }
    put_zigzag(out, least);
    uint64_t *relative = calloc(how->block, sizeof(*relative));
    uint8_t *widths = calloc(how->miniblocks, 1);
    for (uint32_t i = 0; i < n; i++) {
        relative[i] = (uint64_t)deltas[i] - (uint64_t)least;
        relative[i] = how->narrow ? (uint32_t)relative[i] : relative[i];
        const unsigned width = width_of(relative[i]);
        widths[i / size] = width > widths[i / size] ? (uint8_t)width : widths[i / size];
    }
    for (uint32_t i = 0; i < how->miniblocks; i++) {
        put_byte(out, i * size < n ? widths[i] : how->junk_widths ? 0xff : 0);
    }
    for (uint32_t i = 0; i * size < n; i++) {
        put_miniblock(out, widths[i], size, n - i * size < size ? n - i * size : size, relative + (size_t)i * size);
    }
    free(relative);
    free(widths);
}

void tarn_test_put_delta(struct tarn_buffer *out, const struct tarn_test_delta *how, uint32_t n, const int64_t *values)
{
    struct tarn_test_delta usual = how != NULL ? *how : (struct tarn_test_delta){.block = 0};
    usual.block = usual.block != 0 ? usual.block : 128;
    usual.miniblocks = usual.miniblocks != 0 ? usual.miniblocks : 4;
    tarn_test_put_varint(out, usual.block);
    tarn_test_put_varint(out, usual.miniblocks);
    tarn_test_put_varint(out, n);
    put_zigzag(out, n != 0 ? values[0] : 0);
    int64_t *deltas = calloc((size_t)n + 1, sizeof(*deltas));
    for (uint32_t i = 1; i < n; i++) {
        deltas[i - 1] = difference(&usual, values[i], values[i - 1]);
    }
    for (uint32_t i = 0; i + 1 < n; i += usual.block) {
        put_block(out, &usual, n - 1 - i < usual.block ? n - 1 - i : usual.block, deltas + i);
    }
    free(deltas);
}

void tarn_test_put_delta_lengths(struct tarn_buffer *out, uint32_t n, const struct tarn_text *values)
{
    int64_t *lengths = calloc((size_t)n + 1, sizeof(*lengths));
    for (uint32_t i = 0; i < n; i++) {
        lengths[i] = (int64_t)values[i].size;
    }
    tarn_test_put_delta(out, NULL, n, lengths);
    for (uint32_t i = 0; i < n; i++) {
        put(out, values[i].data, values[i].size);
    }
    free(lengths);
}

void tarn_test_put_delta_strings(struct tarn_buffer *out, uint32_t n, const struct tarn_text *values)
{
    int64_t *prefixes = calloc((size_t)n + 1, sizeof(*prefixes));
    struct tarn_text *suffixes = calloc((size_t)n + 1, sizeof(*suffixes));
    for (uint32_t i = 0; i < n; i++) {
        size_t same = 0;
        while (i != 0 && same < values[i].size && same < values[i - 1].size && values[i].data[same] == values[i - 1].data[same]) {
            same++;
        }
        prefixes[i] = (int64_t)same;
        suffixes[i] = (struct tarn_text){values[i].data + same, values[i].size - same};
    }
    tarn_test_put_delta(out, NULL, n, prefixes);
    tarn_test_put_delta_lengths(out, n, suffixes);
    free(prefixes);
    free(suffixes);
}

void tarn_test_put_split(struct tarn_buffer *out, uint32_t width, uint32_t n, const uint8_t *values)
{
    for (uint32_t k = 0; k < width; k++) {
        for (uint32_t i = 0; i < n; i++) {
            put_byte(out, values[(size_t)i * width + k]);
        }
    }
}

/* One vector of numbers whose integers and bits are known; integers of exceptions are replaced by the first of the others. */
static void put_vector(struct tarn_buffer *out, unsigned width, unsigned exponent, unsigned factor, uint32_t n, int64_t *integers,
                       const bool *exception, const uint64_t *bits)
{
    int64_t stand_in = 0;
    uint32_t exceptions = 0;
    for (uint32_t i = n; i-- > 0;) {
        stand_in = exception[i] ? stand_in : integers[i];
        exceptions += exception[i];
    }
    int64_t least = INT64_MAX;
    int64_t most = INT64_MIN;
    for (uint32_t i = 0; i < n; i++) {
        integers[i] = exception[i] ? stand_in : integers[i];
        least = integers[i] < least ? integers[i] : least;
        most = integers[i] > most ? integers[i] : most;
    }
    const unsigned packed = width_of((uint64_t)most - (uint64_t)least);
    put_byte(out, exponent);
    put_byte(out, factor);
    put_little(out, 2, exceptions);
    put_little(out, width, (uint64_t)least);
    put_byte(out, packed);
    const size_t begin = out->size;
    for (uint32_t i = 0; i < n; i++) {
        tarn_test_put_bits(out, begin, (uint64_t)i * packed, packed, (uint64_t)integers[i] - (uint64_t)least);
    }
    fill(out, begin, ((size_t)n * packed + 7) / 8);
    for (uint32_t i = 0; i < n; i++) {
        if (exception[i]) {
            put_little(out, 2, i);
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        if (exception[i]) {
            put_little(out, width, bits[i]);
        }
    }
}

static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
static const double tenths[] = {1e0,   1e-1,  1e-2,  1e-3,  1e-4,  1e-5,  1e-6,  1e-7,  1e-8, 1e-9,
                                1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-17, 1e-18};
static const float tens32[] = {1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F, 1e6F, 1e7F, 1e8F, 1e9F, 1e10F};
static const float tenths32[] = {1e0F, 1e-1F, 1e-2F, 1e-3F, 1e-4F, 1e-5F, 1e-6F, 1e-7F, 1e-8F, 1e-9F, 1e-10F};

static bool encode64(double value, unsigned exponent, unsigned factor, int64_t *integer)
{
    const double scaled = value * tens[exponent] * tenths[factor];
    *integer = 0;
    if (!(scaled > -9e18 && scaled < 9e18)) {
        return false;
    }
    *integer = llrint(scaled);
    const double back = (double)*integer * tens[factor] * tenths[exponent];
    return memcmp(&back, &value, sizeof(back)) == 0;
}

static bool encode32(float value, unsigned exponent, unsigned factor, int64_t *integer)
{
    const float scaled = value * tens32[exponent] * tenths32[factor];
    *integer = 0;
    if (!(scaled > -2e9F && scaled < 2e9F)) {
        return false;
    }
    *integer = lrintf(scaled);
    const float back = (float)(int32_t)*integer * tens32[factor] * tenths32[exponent];
    return memcmp(&back, &value, sizeof(back)) == 0;
}

static void put_alp(struct tarn_buffer *out, unsigned width, unsigned vector_log2, unsigned exponent, unsigned factor, uint32_t n,
                    const void *values)
{
    const uint32_t size = 1u << vector_log2;
    const uint32_t vectors = (n + size - 1) / size;
    int64_t *integers = calloc(size, sizeof(*integers));
    uint64_t *bits = calloc(size, sizeof(*bits));
    bool *exception = calloc(size, sizeof(*exception));
    put_byte(out, 0);
    put_byte(out, 0);
    put_byte(out, vector_log2);
    put_little(out, 4, n);
    const size_t offsets = out->size;
    fill(out, offsets, (size_t)vectors * 4);
    for (uint32_t v = 0; v < vectors; v++) {
        const uint32_t begin = v * size;
        const uint32_t count = n - begin < size ? n - begin : size;
        for (uint32_t i = 0; i < count; i++) {
            if (width == 4) {
                uint32_t word;
                memcpy(&word, (const float *)values + begin + i, sizeof(word));
                bits[i] = word;
                exception[i] = !encode32(((const float *)values)[begin + i], exponent, factor, &integers[i]);
            } else {
                memcpy(&bits[i], (const double *)values + begin + i, sizeof(bits[i]));
                exception[i] = !encode64(((const double *)values)[begin + i], exponent, factor, &integers[i]);
            }
        }
        tarn__store32(out->data + offsets + (size_t)v * 4, (uint32_t)(out->size - offsets));
        put_vector(out, width, exponent, factor, count, integers, exception, bits);
    }
    free(integers);
    free(bits);
    free(exception);
}

void tarn_test_put_alp32(struct tarn_buffer *out, unsigned vector_log2, unsigned exponent, unsigned factor, uint32_t n, const float *values)
{
    put_alp(out, 4, vector_log2, exponent, factor, n, values);
}

void tarn_test_put_alp64(struct tarn_buffer *out, unsigned vector_log2, unsigned exponent, unsigned factor, uint32_t n,
                         const double *values)
{
    put_alp(out, 8, vector_log2, exponent, factor, n, values);
}

uint8_t *tarn_test_exact(struct tarn_span bytes)
{
    uint8_t *exact = malloc(bytes.size + (bytes.size == 0));
    ck_assert_ptr_nonnull(exact);
    if (bytes.size != 0) {
        memcpy(exact, bytes.data, bytes.size);
    }
    return exact;
}
