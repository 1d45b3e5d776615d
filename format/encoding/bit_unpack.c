/* SPDX-License-Identifier: Apache-2.0
 *
 * Bit-packed values into arrays, from any value on: the kernels begin at a group of eight, which takes `width` whole bytes.
 *
 * Specification: Parquet Encodings.md, "Run Length Encoding / Bit-Packing Hybrid" (packed from the least significant bit on).
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
