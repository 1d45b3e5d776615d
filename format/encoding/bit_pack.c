/* SPDX-License-Identifier: Apache-2.0
 *
 * Values into bits, through a 64-bit accumulator that is emptied four bytes at a time.
 *
 * Specification: Parquet Encodings.md, "Run Length Encoding / Bit-Packing Hybrid".
 */
#include "format/encoding/bit_pack.h"

size_t tarn__bit_pack(const uint32_t *values, size_t n, unsigned width, uint8_t *out)
{
    uint64_t kept = 0; /* fewer than 32 bits between values, so that 32 more fit */
    unsigned bits = 0;
    uint8_t *to = out;
    for (size_t i = 0; i < n; i++) {
        kept |= (uint64_t)values[i] << bits;
        bits += width;
        if (bits >= 32) {
            tarn__store32(to, (uint32_t)kept);
            to += 4;
            kept >>= 32;
            bits -= 32;
        }
    }
    for (; bits != 0; bits -= bits < 8 ? bits : 8) {
        *to++ = (uint8_t)kept;
        kept >>= 8;
    }
    return (size_t)(to - out);
}
