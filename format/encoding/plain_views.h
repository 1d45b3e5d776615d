/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_PLAIN_VIEWS_H
#define TARN_FORMAT_ENCODING_PLAIN_VIEWS_H

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "tarn/batch.h"

/*
 * PLAIN byte arrays as views of 16 bytes into the page. Threads: any. Allocates nothing.
 */

/**
 * The next `n` byte arrays of `rest`, which is moved behind them and begins in a buffer of number `buffer` and address `begin`, at most
 * 4 GiB from it. Errors: CORRUPT detail "plain" when a length leads outside.
 */
TARN_WARN_UNUSED enum tarn_status tarn__plain_take_views(struct tarn_span *rest, uint32_t buffer, const uint8_t *begin, uint32_t n,
                                                         struct tarn_string_view *views, struct tarn_error *err);

#endif
