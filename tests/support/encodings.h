/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_ENCODINGS_H
#define TARN_TESTS_SUPPORT_ENCODINGS_H

#include "format/base/buffer.h"

/*
 * Encoders of the plainest kind, written from the specification and sharing nothing with the library: one bit, one value, one byte at a
 * time. Each appends to `out`; a failed allocation fails the test.
 */

/** `width` bits of `value` at bit `at` of what begins at byte `begin`; grows `out` as needed. Least significant bit first. */
void tarn_test_put_bits(struct tarn_buffer *out, size_t begin, uint64_t at, unsigned width, uint64_t value);
/** The same, most significant bit first, as BIT_PACKED has it. */
void tarn_test_put_bits_high_first(struct tarn_buffer *out, size_t begin, uint64_t at, unsigned width, uint64_t value);
void tarn_test_put_varint(struct tarn_buffer *out, uint64_t value);

struct tarn_test_delta {
    uint32_t block;      /**< 0: 128 */
    uint32_t miniblocks; /**< 0: 4 */
    bool junk_widths;    /**< miniblocks that hold nothing get the width 0xff */
    bool narrow;         /**< differences are of 32 bits and wrap, as writers of INT32 store them */
};

/** DELTA_BINARY_PACKED. `how` NULL: as most writers do it. */
void tarn_test_put_delta(struct tarn_buffer *out, const struct tarn_test_delta *how, uint32_t n, const int64_t *values);
/** DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY. */
void tarn_test_put_delta_lengths(struct tarn_buffer *out, uint32_t n, const struct tarn_text *values);
void tarn_test_put_delta_strings(struct tarn_buffer *out, uint32_t n, const struct tarn_text *values);
/** BYTE_STREAM_SPLIT of values of `width` bytes. */
void tarn_test_put_split(struct tarn_buffer *out, uint32_t width, uint32_t n, const uint8_t *values);
/** ALP, all vectors with the same exponent and factor; what does not come back to the bit is an exception. */
void tarn_test_put_alp32(struct tarn_buffer *out, unsigned vector_log2, unsigned exponent, unsigned factor, uint32_t n,
                         const float *values);
void tarn_test_put_alp64(struct tarn_buffer *out, unsigned vector_log2, unsigned exponent, unsigned factor, uint32_t n,
                         const double *values);

/** The bytes in memory of exactly their size, so that a sanitizer sees a read past the end. free() it. */
uint8_t *tarn_test_exact(struct tarn_span bytes);

#endif
