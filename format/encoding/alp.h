/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_ALP_H
#define TARN_FORMAT_ENCODING_ALP_H

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "format/kernels/kernels.h"

/*
 * ALP: floating-point numbers as integers times powers of ten, with exceptions.
 *
 * Every number can be found without those before it, so that skipping costs nothing. Ownership: borrows the bytes; may be copied, to come
 * back. Threads: single. Allocates nothing.
 */
enum { TARN_ALP_FLOAT_EXPONENTS = 11, TARN_ALP_DOUBLE_EXPONENTS = 19 };

/** 10^i and 10^-i, as the compiler rounds them. */
extern const float tarn__alp_up32[TARN_ALP_FLOAT_EXPONENTS];
extern const float tarn__alp_down32[TARN_ALP_FLOAT_EXPONENTS];
extern const double tarn__alp_up64[TARN_ALP_DOUBLE_EXPONENTS];
extern const double tarn__alp_down64[TARN_ALP_DOUBLE_EXPONENTS];

struct tarn__alp_reader {
    const struct tarn__kernels *kernels;
    struct tarn_span body; /**< from the array of offsets on */
    uint32_t count;
    uint32_t at;         /**< numbers taken */
    uint32_t vector;     /**< the one whose fields are below; UINT32_MAX: none */
    uint8_t vector_log2; /**< numbers of a vector */
    uint8_t width;       /**< bytes of a number: 4 or 8 */

    uint8_t bits;
    uint8_t exponent;
    uint8_t factor;
    bool ascending; /**< the exceptions' positions */
    uint16_t exceptions;
    uint64_t frame;
    struct tarn_span packed;
    const uint8_t *positions;
    const uint8_t *values;
};

/**
 * `width` 4: FLOAT, 8: DOUBLE. No bytes at all are no numbers. Errors: CORRUPT detail "alp" (also: more than `most` numbers), UNSUPPORTED
 * "encoding.unknown" (a compression mode or integer encoding that the specification does not have).
 */
TARN_WARN_UNUSED enum tarn_status tarn__alp_reader_init(struct tarn__alp_reader *reader, const struct tarn__kernels *kernels,
                                                        struct tarn_span bytes, unsigned width, uint32_t most, struct tarn_error *err);
/** The next `n` numbers, in host order. Errors: CORRUPT detail "alp". */
TARN_WARN_UNUSED enum tarn_status tarn__alp_reader_take(struct tarn__alp_reader *reader, uint32_t n, void *out, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__alp_reader_skip(struct tarn__alp_reader *reader, uint32_t n, struct tarn_error *err);

#endif
