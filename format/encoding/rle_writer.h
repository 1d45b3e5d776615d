/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_RLE_WRITER_H
#define TARN_FORMAT_ENCODING_RLE_WRITER_H

#include "format/base/buffer.h"

/*
 * Writes the RLE / bit-packed hybrid: a run that fills groups of eight is repeated where that takes no more bytes, what lies between is
 * bit-packed in groups of eight, the last group padded with zeros. Threads: single. Appends to an unshared buffer of the caller's.
 */

/** The fewest bits for values up to `max`: 0 for 0. */
static inline unsigned tarn__bit_width(uint32_t max)
{
    return max == 0 ? 0 : 32u - (unsigned)__builtin_clz(max);
}

/** Appends `n` values, each below 2^width (width 0..32). No prefix. False: no memory. */
TARN_WARN_UNUSED bool tarn__rle_write(struct tarn_buffer *out, unsigned width, uint32_t n, const uint32_t *values);
/** The same for levels (width 0..16). */
TARN_WARN_UNUSED bool tarn__rle_write16(struct tarn_buffer *out, unsigned width, uint32_t n, const uint16_t *values);
/** Width 1 from bits: value i is bit `at` + i. */
TARN_WARN_UNUSED bool tarn__rle_write_bits(struct tarn_buffer *out, uint32_t n, const uint8_t *bits, uint64_t at);
/** RLE of a page of BOOLEAN values: four bytes of length, then the hybrid of width 1 over the first `n` of `bits`, as PLAIN stores them. */
TARN_WARN_UNUSED bool tarn__rle_write_booleans(struct tarn_buffer *out, uint32_t n, const uint8_t *bits);
/** One run of `n` times `value`. */
TARN_WARN_UNUSED bool tarn__rle_write_repeated(struct tarn_buffer *out, unsigned width, uint32_t n, uint32_t value);

/** The most bytes that `n` values of `width` bits can take. */
size_t tarn__rle_bound(unsigned width, uint32_t n);

#endif
