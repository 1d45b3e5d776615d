/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CODEC_BROTLI_H
#define TARN_FORMAT_CODEC_BROTLI_H

#include "format/base/alloc.h"

/*
 * Brotli streams (RFC 7932), decoded by libbrotlidec with the env's memory. Nothing of tarn writes them. Threads: any.
 */

/**
 * Fills exactly `size` bytes of `out` from the whole of `in`. Errors: CORRUPT detail "codec", NOMEM, LIMIT; UNSUPPORTED "codec.brotli" in a
 * minimal build.
 */
TARN_WARN_UNUSED enum tarn_status tarn__brotli_decode(struct tarn_env *env, struct tarn_span in, uint8_t *out, size_t size,
                                                      struct tarn_error *err);

#endif
