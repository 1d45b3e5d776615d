/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_ALP_ENCODE_H
#define TARN_FORMAT_ENCODING_ALP_ENCODE_H

#include "format/base/buffer.h"
#include "format/base/error.h"
#include "format/kernels/kernels.h"

/*
 * Writes ALP: floating-point numbers as integers times powers of ten, to the bit.
 *
 * `plain` are `n` numbers of `width` bytes (4: FLOAT, 8: DOUBLE) as PLAIN stores them, at any address. Every number comes back to the bit,
 * whatever the choice: what is no such integer is an exception. Threads: single.
 */
enum { TARN_ALP_CHOICES = 5 };

/** Exponents and factors that vectors may take; each takes that which its own sample likes best. */
struct tarn__alp_choice {
    uint8_t count; /**< at least 1 */
    uint8_t exponent[TARN_ALP_CHOICES];
    uint8_t factor[TARN_ALP_CHOICES]; /**< at most the exponent */
};

/** What a sample of the numbers likes, of all exponents and factors. May serve for other numbers of the same column. */
void tarn__alp_choose(const struct tarn__kernels *kernels, const uint8_t *plain, unsigned width, uint32_t n,
                      struct tarn__alp_choice *choice);

/**
 * Appends to `out`, an unshared buffer, in vectors of 1,024. Errors: NOMEM, LIMIT, INVALID detail "page_size" (more than 2^31 - 1 numbers,
 * or bytes); `out` is then as it was.
 */
TARN_WARN_UNUSED enum tarn_status tarn__alp_encode(struct tarn_buffer *out, const uint8_t *plain, unsigned width, uint32_t n,
                                                   const struct tarn__alp_choice *choice, struct tarn_error *err);

#endif
