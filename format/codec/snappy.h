/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CODEC_SNAPPY_H
#define TARN_FORMAT_CODEC_SNAPPY_H

#include "format/base/bytes.h"

/*
 * Snappy's raw block format (not the framing format). Allocates nothing. Threads: any.
 */

/** Blocks are at most 2^32 - 1 bytes. */
#define TARN_SNAPPY_MAX UINT32_MAX

/** The uncompressed size that the block says it has; false when it does not begin with one. */
bool tarn__snappy_size(struct tarn_span in, size_t *size);

/** Fills exactly `size` bytes of `out`; false when `in` is damaged or holds another number of bytes. */
bool tarn__snappy_decode(struct tarn_span in, uint8_t *out, size_t size);

/** The most bytes a block of `size` bytes can take; SIZE_MAX when it is too large for one block. */
size_t tarn__snappy_bound(size_t size);

/** Room for the encoder's hash table. */
enum { TARN_SNAPPY_TABLE = 1 << 14 };

/** Returns the bytes written; `out` has room for tarn__snappy_bound(in.size), which is not SIZE_MAX. */
size_t tarn__snappy_encode(struct tarn_span in, uint8_t *out, uint16_t table[TARN_SNAPPY_TABLE]);

#endif
