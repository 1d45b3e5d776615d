/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CODEC_BROTLI_H
#define TARN_FORMAT_CODEC_BROTLI_H

#include "format/base/alloc.h"

/*
 * Brotli streams (RFC 7932), by libbrotlidec and libbrotlienc with the env's memory. Threads: any.
 */

/**
 * Fills exactly `size` bytes of `out` from the whole of `in`. Errors: CORRUPT detail "codec", NOMEM, LIMIT; UNSUPPORTED "codec.brotli" in a
 * minimal build.
 */
TARN_WARN_UNUSED enum tarn_status tarn__brotli_decode(struct tarn_env *env, struct tarn_span in, uint8_t *out, size_t size,
                                                      struct tarn_error *err);

enum { TARN_BROTLI_LEVEL_MOST = 11 };

/** The most bytes that tarn__brotli_encode writes; 0: no such size can be compressed at once. */
size_t tarn__brotli_bound(size_t size);

/**
 * One stream into `out`, which has room for the bound. `level`: 1 to TARN_BROTLI_LEVEL_MOST, 0 is 5. Errors: NOMEM, LIMIT; UNSUPPORTED
 * "codec.brotli" in a minimal build.
 */
TARN_WARN_UNUSED enum tarn_status tarn__brotli_encode(struct tarn_env *env, int32_t level, struct tarn_span in, uint8_t *out,
                                                      size_t *written, struct tarn_error *err);

#endif
