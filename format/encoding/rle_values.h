/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_RLE_VALUES_H
#define TARN_FORMAT_ENCODING_RLE_VALUES_H

#include "format/encoding/rle_reader.h"
#include "format/kernels/decode_kernels.h"

/*
 * The values of an RLE hybrid, n at a time: levels and dictionary indices as plain arrays. Threads: single. Allocates nothing.
 */
struct tarn__rle_values {
    struct tarn__rle_reader reader;
    struct tarn__rle_run run;                   /**< the current one */
    uint32_t taken;                             /**< values of `run` already handed out */
    const struct tarn__decode_kernels *kernels; /**< those that run anywhere, unless the owner puts an env's here after init */
};

/** As tarn__rle_reader_init. */
TARN_WARN_UNUSED enum tarn_status tarn__rle_values_init(struct tarn__rle_values *values, struct tarn_span bytes, unsigned width,
                                                        uint32_t count, struct tarn_error *err);

/** A dictionary-encoded value region: one byte of bit width, then the hybrid. An empty region is legal when count is 0. */
TARN_WARN_UNUSED enum tarn_status tarn__rle_values_init_dictionary(struct tarn__rle_values *values, struct tarn_span bytes, uint32_t count,
                                                                   struct tarn_error *err);

/** The next `n` values. Errors: CORRUPT as tarn__rle_reader_next, also when fewer than `n` are left. */
TARN_WARN_UNUSED enum tarn_status tarn__rle_values_next(struct tarn__rle_values *values, uint32_t n, uint32_t *out, struct tarn_error *err);
/** The same as bits for values of width 1 (booleans, levels of flat optional columns): written from bit `at` on, the rest kept. */
TARN_WARN_UNUSED enum tarn_status tarn__rle_values_next_bits(struct tarn__rle_values *values, uint32_t n, uint8_t *bits, uint64_t at,
                                                             struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__rle_values_skip(struct tarn__rle_values *values, uint32_t n, struct tarn_error *err);

/** The next `n` codes, each checked to be below `dictionary_size`. Errors: as above, and CORRUPT detail "dictionary_index". */
TARN_WARN_UNUSED enum tarn_status tarn__rle_values_next_codes(struct tarn__rle_values *values, uint32_t n, uint32_t dictionary_size,
                                                              uint32_t *out, struct tarn_error *err);

/** Values that have not been handed out yet. */
static inline uint32_t tarn__rle_values_left(const struct tarn__rle_values *values)
{
    return values->reader.remaining + (values->run.length - values->taken);
}

#endif
