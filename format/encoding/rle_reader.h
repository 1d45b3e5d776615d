/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_RLE_READER_H
#define TARN_FORMAT_ENCODING_RLE_READER_H

#include "format/base/bytes.h"
#include "format/base/error.h"

/*
 * The RLE / bit-packed hybrid of Parquet (encoding RLE = 3), one run at a time.
 *
 * Used for definition and repetition levels, dictionary indices and booleans. It hands out runs, not values, so that a
 * caller can treat "all of these 8,000 rows are present" as one fact; rle_values.h hands out values.
 *
 * Ownership: borrows the page; runs point into it. Threads: single. Allocates nothing. Cost: O(1) a run.
 */

/** A run of equal or of bit-packed values, `length` > 0. */
struct tarn__rle_run {
    uint32_t length;       /**< values in the run */
    bool packed;           /**< true: `bits`; false: `value`, repeated */
    uint32_t value;        /**< the repeated value, below 2^width */
    struct tarn_span bits; /**< packed values, LSB first, whole bytes: at least those of `length` values */
};

struct tarn__rle_reader {
    struct tarn_span rest; /**< bytes not yet consumed */
    const uint8_t *begin;  /**< for the offset in errors */
    uint32_t remaining;    /**< values not yet handed out */
    uint8_t width;         /**< bits a value, 0..32 */
};

/**
 * Starts at `bytes`, which hold `count` values of `width` bits (no length prefix: v1 levels strip theirs before).
 * Errors: CORRUPT detail "rle" when width > 32 (the byte comes from the file).
 */
TARN_WARN_UNUSED enum tarn_status tarn__rle_reader_init(struct tarn__rle_reader *reader, struct tarn_span bytes, unsigned width,
                                                        uint32_t count, struct tarn_error *err);

/**
 * The next run; `run->length == 0` when all `count` values have been handed out.
 * Errors: CORRUPT detail "rle" when the bytes end too early, a run is empty, a header is no varint of 32 bits, or a
 * repeated value does not fit `width`. The message says at which byte of `bytes`.
 */
TARN_WARN_UNUSED enum tarn_status tarn__rle_reader_next(struct tarn__rle_reader *reader, struct tarn__rle_run *run, struct tarn_error *err);

#endif
