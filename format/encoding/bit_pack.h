/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_BIT_PACK_H
#define TARN_FORMAT_ENCODING_BIT_PACK_H

#include "format/base/bytes.h"

/*
 * Packs values of 0..32 bits least significant bit first. Allocates nothing. Threads: any.
 */

/** Writes ceil(n * width / 8) bytes and returns how many; bits behind the last value are zero. Values are below 2^width. */
size_t tarn__bit_pack(const uint32_t *values, size_t n, unsigned width, uint8_t *out);

#endif
