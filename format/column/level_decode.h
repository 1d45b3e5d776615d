/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_LEVEL_DECODE_H
#define TARN_FORMAT_COLUMN_LEVEL_DECODE_H

#include "format/encoding/rle_reader.h"
#include "format/kernels/decode_kernels.h"

/*
 * The definition or repetition levels of one page, taken a few at a time: as validity bits where only presence matters (a column
 * outside of lists), as bytes where nesting is to be put together.
 *
 * Ownership: borrows the page. Threads: single. Allocates nothing. Cost: a run of equal levels is one step.
 */

struct tarn__level_decoder {
    uint8_t max;        /**< no level is above; 0: there is nothing stored and every level is 0 */
    uint8_t width;      /**< bits of a level */
    bool high_first;    /**< levels are packed from the most significant bit on */
    uint32_t remaining; /**< levels not yet taken */
    uint32_t run_at;    /**< levels taken of `run` */
    struct tarn__rle_run run;
    struct tarn__rle_reader runs;
    const struct tarn__decode_kernels *kernels; /**< those that run anywhere, unless the owner puts an env's here after init */
};

/** `bytes` hold the levels without a length in front. Errors: CORRUPT. */
TARN_WARN_UNUSED enum tarn_status tarn__level_decoder_init(struct tarn__level_decoder *decoder, struct tarn_span bytes, uint8_t max,
                                                           uint32_t count, struct tarn_error *err);

/**
 * The same for BIT_PACKED levels, `count` of which are in `bytes`. `low_first`: packed from the least significant bit on, as Impala did;
 * the specification begins with the most significant. Errors: CORRUPT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__level_decoder_init_packed(struct tarn__level_decoder *decoder, struct tarn_span bytes, uint8_t max,
                                                                  uint32_t count, bool low_first, struct tarn_error *err);

/** The next `count` <= remaining levels. Errors: CORRUPT (bytes end early, a level above max). */
TARN_WARN_UNUSED enum tarn_status tarn__level_decoder_take(struct tarn__level_decoder *decoder, uint32_t count, uint8_t *levels,
                                                           struct tarn_error *err);

/**
 * The next `count` <= remaining levels as bits, set where a level is `max`, from bit `at` on; the bits there must be zero. `bits` NULL:
 * only *present, how many are set, is wanted. Errors: CORRUPT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__level_decoder_presence(struct tarn__level_decoder *decoder, uint32_t count, uint8_t *bits,
                                                               uint64_t at, uint32_t *present, struct tarn_error *err);

#endif
