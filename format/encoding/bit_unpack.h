/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_BIT_UNPACK_H
#define TARN_FORMAT_ENCODING_BIT_UNPACK_H

#include "format/base/bytes.h"
#include "format/kernels/decode_kernels.h"

/*
 * Values of 0..32 bits packed least significant bit first, without gaps. Allocates nothing. Threads: any.
 */

/**
 * Values number `first` .. `first` + n - 1 of `bits`. Bits that `bits` does not have are zero (a cut last group): nothing is read
 * outside the span. width 0..32.
 */
void tarn__bit_unpack(const struct tarn__decode_kernels *kernels, struct tarn_span bits, unsigned width, uint64_t first, size_t n,
                      uint32_t *out);

/** Copies `n` bits from bit `from` of `in` to bit `to` of `out`; other bits of `out` stay. The bits must all be inside. */
void tarn__bits_copy(uint8_t *out, uint64_t to, const uint8_t *in, uint64_t from, uint64_t n);
/** Sets `n` bits from bit `to` on to `value`. */
void tarn__bits_fill(uint8_t *out, uint64_t to, uint64_t n, bool value);

#endif
