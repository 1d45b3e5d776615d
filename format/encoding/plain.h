/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_PLAIN_H
#define TARN_FORMAT_ENCODING_PLAIN_H

#include "format/base/buffer.h"
#include "format/base/error.h"

/*
 * PLAIN: values one behind the other, little-endian; BYTE_ARRAY with four bytes of length before each; BOOLEAN as bits.
 *
 * `width` is the bytes of one value of a fixed-width type: 4, 8 or 12 by type, type_length for FIXED_LEN_BYTE_ARRAY.
 * The decoders take `n` values from the begin of `rest` and move it behind them. Threads: any. Encoders append to an unshared buffer.
 */

/** Bytes of one value; 0 for BOOLEAN and BYTE_ARRAY (and for a type that is none). */
uint32_t tarn__plain_width(int32_t physical_type, int32_t type_length);

/**
 * The bytes of the next `n` values of `width`, not copied, as stored (little-endian). Errors: CORRUPT detail "plain" when fewer are left.
 */
TARN_WARN_UNUSED enum tarn_status tarn__plain_take(struct tarn_span *rest, uint32_t width, uint64_t n, struct tarn_span *out,
                                                   struct tarn_error *err);

/** The next `n` 4- or 8-byte values copied into host order. Errors: CORRUPT detail "plain". */
TARN_WARN_UNUSED enum tarn_status tarn__plain_decode32(struct tarn_span *rest, uint64_t n, uint32_t *out, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__plain_decode64(struct tarn_span *rest, uint64_t n, uint64_t *out, struct tarn_error *err);

/** `n` bits of a BOOLEAN page from bit `*position` on, which moves, to bit `at` of `bits`. Errors: CORRUPT detail "plain". */
TARN_WARN_UNUSED enum tarn_status tarn__plain_decode_bits(struct tarn_span page, uint64_t *position, uint64_t n, uint8_t *bits, uint64_t at,
                                                          struct tarn_error *err);

/**
 * Counts what the next `n` byte arrays hold without moving `rest`: the sum of their lengths. Errors: CORRUPT detail "plain" when a length
 * leads outside. After it the two below cannot fail for the same n.
 */
TARN_WARN_UNUSED enum tarn_status tarn__plain_measure_bytes(struct tarn_span rest, uint64_t n, uint64_t *bytes, struct tarn_error *err);

/**
 * The next `n` byte arrays: their bytes appended at `bytes` (room as measured), their ends to offsets[1..n], counting on from offsets[0].
 * Errors: CORRUPT detail "plain", LIMIT detail "offsets" when the sum does not fit 32 bits.
 */
TARN_WARN_UNUSED enum tarn_status tarn__plain_decode_bytes(struct tarn_span *rest, uint64_t n, uint32_t *offsets, uint8_t *bytes,
                                                           struct tarn_error *err);

/** The next byte array, not copied. Errors: CORRUPT detail "plain". */
TARN_WARN_UNUSED enum tarn_status tarn__plain_take_bytes(struct tarn_span *rest, struct tarn_span *out, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__plain_skip_bytes(struct tarn_span *rest, uint64_t n, struct tarn_error *err);

/* Encoders; false: no memory. */

/** Host-order numbers. */
TARN_WARN_UNUSED bool tarn__plain_encode32(struct tarn_buffer *out, uint64_t n, const uint32_t *values);
TARN_WARN_UNUSED bool tarn__plain_encode64(struct tarn_buffer *out, uint64_t n, const uint64_t *values);
/** Bits `at` .. `at` + n - 1, from a byte boundary of `out`; the last byte is filled with zeros. */
TARN_WARN_UNUSED bool tarn__plain_encode_bits(struct tarn_buffer *out, uint64_t n, const uint8_t *bits, uint64_t at);
/** One byte array of at most 2^31 - 1 bytes. */
TARN_WARN_UNUSED bool tarn__plain_encode_bytes(struct tarn_buffer *out, struct tarn_span value);

#endif
