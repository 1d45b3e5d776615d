/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_BYTE_STREAM_SPLIT_ENCODE_H
#define TARN_FORMAT_ENCODING_BYTE_STREAM_SPLIT_ENCODE_H

#include "format/base/buffer.h"
#include "format/base/error.h"

/**
 * Writes BYTE_STREAM_SPLIT: `n` values of `width` bytes (at least 1), as PLAIN stores them, which take as many bytes as they had. Appends
 * to `out`, an unshared buffer. Threads: single. Errors: NOMEM, LIMIT; `out` is then as it was.
 */
TARN_WARN_UNUSED enum tarn_status tarn__split_encode(struct tarn_buffer *out, const uint8_t *plain, uint32_t width, uint32_t n,
                                                     struct tarn_error *err);

#endif
