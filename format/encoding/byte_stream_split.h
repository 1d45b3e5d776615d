/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_BYTE_STREAM_SPLIT_H
#define TARN_FORMAT_ENCODING_BYTE_STREAM_SPLIT_H

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "format/kernels/kernels.h"

/*
 * BYTE_STREAM_SPLIT: the first bytes of all values, then the second bytes, and so on. Values come out as PLAIN stores them.
 *
 * Ownership: borrows the bytes; may be copied, to come back. Threads: single. Allocates nothing.
 */
struct tarn__split_reader {
    const struct tarn__kernels *kernels;
    const uint8_t *streams;
    uint32_t width; /**< bytes of a value, and streams */
    uint32_t count; /**< values, and bytes of a stream */
    uint32_t at;    /**< values taken */
};

/** Errors: CORRUPT detail "byte_stream_split": the bytes are no multiple of `width`, or hold more than `most` values. */
TARN_WARN_UNUSED enum tarn_status tarn__split_reader_init(struct tarn__split_reader *reader, const struct tarn__kernels *kernels,
                                                          struct tarn_span bytes, uint32_t width, uint32_t most, struct tarn_error *err);
/** The next `n` values. Errors: CORRUPT when fewer are left. */
TARN_WARN_UNUSED enum tarn_status tarn__split_reader_take(struct tarn__split_reader *reader, uint32_t n, uint8_t *out,
                                                          struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__split_reader_skip(struct tarn__split_reader *reader, uint32_t n, struct tarn_error *err);

#endif
