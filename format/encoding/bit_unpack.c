/* SPDX-License-Identifier: Apache-2.0
 *
 * Bit-packed values into arrays. Eight values take `width` whole bytes; for each width the eight shifts and masks are constants.
 *
 * Specification: Parquet Encodings.md, "Run Length Encoding / Bit-Packing Hybrid" (packed from the least significant bit on).
 *
 * Invariants
 *  1. A value is at most 7 + 32 bits from the begin of its first byte, so that one load of 8 bytes holds it.
 *  2. The fast loop loads only where 8 bytes lie behind the begin of each value; what is left goes byte by byte.
 */
#include "format/encoding/bit_unpack.h"

static uint32_t one_value(struct tarn_span bits, unsigned width, uint64_t index)
{
    const uint64_t position = index * width;
    const uint64_t at = position / 8;
    uint64_t word = 0;
    for (uint64_t i = 0; i < 5 && at + i < bits.size; i++) {
        word |= (uint64_t)bits.data[at + i] << (8 * i);
    }
    return (uint32_t)(word >> (position % 8) & ((UINT64_C(1) << width) - 1));
}

#define VALUE(width, i) (tarn__load64(in + (width) * (i) / 8) >> ((width) * (i) % 8) & ((UINT64_C(1) << (width)) - 1))

/* Groups of eight values of one width, from `in` on. */
#define GROUPS(name, type, width)                                                                                                          \
    static void name##_##width(const uint8_t *in, size_t groups, type *out)                                                                \
    {                                                                                                                                      \
        for (size_t g = 0; g < groups; g++, in += (width), out += 8) {                                                                     \
            out[0] = (type)VALUE(width, 0);                                                                                                \
            out[1] = (type)VALUE(width, 1);                                                                                                \
            out[2] = (type)VALUE(width, 2);                                                                                                \
            out[3] = (type)VALUE(width, 3);                                                                                                \
            out[4] = (type)VALUE(width, 4);                                                                                                \
            out[5] = (type)VALUE(width, 5);                                                                                                \
            out[6] = (type)VALUE(width, 6);                                                                                                \
            out[7] = (type)VALUE(width, 7);                                                                                                \
        }                                                                                                                                  \
    }

#define UP_TO_16(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)

#define GROUPS16(width) GROUPS(groups16, uint16_t, width)
UP_TO_16(GROUPS16)

#define CASE16(width) [width] = groups16_##width,
static void (*const groups16[17])(const uint8_t *in, size_t groups, uint16_t *out) = {UP_TO_16(CASE16)};

/* How many of `n` values the fast loop may take when it begins at byte `at`. */
static size_t fast_groups(struct tarn_span bits, unsigned width, uint64_t at, size_t n)
{
    if (at >= bits.size || bits.size - at < width + 8u) {
        return 0;
    }
    const size_t safe = (size_t)(bits.size - at - 8) / width;
    return safe < n / 8 ? safe : n / 8;
}

void tarn__bit_unpack(const struct tarn__decode_kernels *kernels, struct tarn_span bits, unsigned width, uint64_t first, size_t n,
                      uint32_t *out)
{
    size_t done = 0;
    for (; done < n && (first + done) % 8 != 0; done++) {
        out[done] = one_value(bits, width, first + done);
    }
    if (done < n) {
        const uint64_t at = (first + done) / 8 * width;
        const size_t begin = at < bits.size ? (size_t)at : bits.size;
        kernels->unpack32(bits.data + begin, bits.size - begin, width, n - done, out + done);
    }
}

void tarn__bit_unpack16(struct tarn_span bits, unsigned width, uint64_t first, size_t n, uint16_t *out)
{
    if (width == 0) {
        memset(out, 0, n * sizeof(*out));
        return;
    }
    size_t done = 0;
    for (; done < n && (first + done) % 8 != 0; done++) {
        out[done] = (uint16_t)one_value(bits, width, first + done);
    }
    const uint64_t at = (first + done) / 8 * width;
    const size_t groups = fast_groups(bits, width, at, n - done);
    if (groups != 0) {
        groups16[width](bits.data + at, groups, out + done);
        done += groups * 8;
    }
    for (; done < n; done++) {
        out[done] = (uint16_t)one_value(bits, width, first + done);
    }
}

void tarn__bits_copy(uint8_t *out, uint64_t to, const uint8_t *in, uint64_t from, uint64_t n)
{
    for (; n != 0 && to % 8 != 0; n--) {
        tarn__bit_put(out, to++, tarn__bit_get(in, from++));
    }
    uint8_t *target = out + to / 8;
    const unsigned shift = from % 8;
    const size_t whole = (size_t)(n / 8);
    if (whole != 0 && shift == 0) {
        memcpy(target, in + from / 8, whole);
    } else if (whole != 0) {
        const uint8_t *source = in + from / 8; /* each byte takes bits of two, both of which are asked for */
        for (size_t i = 0; i < whole; i++) {
            target[i] = (uint8_t)(source[i] >> shift | source[i + 1] << (8 - shift));
        }
    }
    for (uint64_t i = 8 * (uint64_t)whole; i < n; i++) {
        tarn__bit_put(out, to + i, tarn__bit_get(in, from + i));
    }
}

void tarn__bits_fill(uint8_t *out, uint64_t to, uint64_t n, bool value)
{
    for (; n != 0 && to % 8 != 0; n--) {
        tarn__bit_put(out, to++, value);
    }
    if (n >= 8) {
        memset(out + to / 8, value ? 0xff : 0, (size_t)(n / 8));
    }
    for (uint64_t i = n / 8 * 8; i < n; i++) {
        tarn__bit_put(out, to + i, value);
    }
}
