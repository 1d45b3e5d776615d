/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_DELTA_BINARY_PACKED_ENCODE_H
#define TARN_FORMAT_ENCODING_DELTA_BINARY_PACKED_ENCODE_H

#include "format/base/buffer.h"
#include "format/base/error.h"
#include "format/kernels/kernels.h"

/*
 * Writes DELTA_BINARY_PACKED: numbers as differences in blocks.
 *
 * `plain` are `n` numbers of 4 or 8 bytes as PLAIN stores them, at any address: what a page of values holds already. Of the blocks of 128
 * and 256 differences and the miniblocks of 32 and 64 those are taken that give the fewest bytes for these numbers. Threads: single.
 */

/** The bytes that encoding takes, exactly, without writing: one pass over the numbers. */
uint64_t tarn__delta_size32(const struct tarn__kernels *kernels, const uint8_t *plain, uint32_t n);
uint64_t tarn__delta_size64(const struct tarn__kernels *kernels, const uint8_t *plain, uint32_t n);

/** Appends to `out`, an unshared buffer. Errors: NOMEM, LIMIT; `out` is then as it was. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_encode32(struct tarn_buffer *out, const uint8_t *plain, uint32_t n, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_encode64(struct tarn_buffer *out, const uint8_t *plain, uint32_t n, struct tarn_error *err);

#endif
