/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CODEC_HADOOP_FRAMES_H
#define TARN_FORMAT_CODEC_HADOOP_FRAMES_H

#include "format/base/bytes.h"

/*
 * What Hadoop puts around the blocks of codecs that have no frames: the size that a piece has unpacked, then one or more blocks that hold
 * it, each with its packed size in front. All sizes are big-endian, of four bytes. Allocates nothing. Threads: any.
 */

/** Unpacks one block into at most `room` bytes; false when it is damaged or holds more. */
typedef bool (*tarn_block_decode)(struct tarn_span in, uint8_t *out, size_t room, size_t *written);

/** Fills exactly `size` bytes of `out`; false when `in` is no row of such pieces, is damaged, or holds another number of bytes. */
bool tarn__hadoop_decode(struct tarn_span in, uint8_t *out, size_t size, tarn_block_decode decode);

#endif
