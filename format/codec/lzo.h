/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CODEC_LZO_H
#define TARN_FORMAT_CODEC_LZO_H

#include "format/base/bytes.h"

/*
 * Blocks of LZO1X, decoded. Nothing of tarn writes them. Allocates nothing. Threads: any.
 */

/**
 * Decodes one whole block into `out`, which has room for `room` bytes; *written: how many it holds. False when `in` is damaged, goes on
 * behind its end marker, or holds more than `room` bytes.
 */
bool tarn__lzo_decode(struct tarn_span in, uint8_t *out, size_t room, size_t *written);

#endif
