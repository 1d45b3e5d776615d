/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CODEC_LZ4_FRAME_H
#define TARN_FORMAT_CODEC_LZ4_FRAME_H

#include "format/base/alloc.h"

/*
 * LZ4 frames whose unpacked size somebody has written down. A decoder keeps what liblz4 reuses. Threads: single.
 */
struct tarn__lz4_frames;

TARN_WARN_UNUSED enum tarn_status tarn__lz4_frames_open(struct tarn_env *env, struct tarn__lz4_frames **out, struct tarn_error *err);
/** NULL is legal. */
void tarn__lz4_frames_close(struct tarn__lz4_frames *frames);

/** Does `in` begin as a frame does? */
bool tarn__lz4_is_frame(struct tarn_span in);

/** Fills exactly `size` bytes of `out` from the one frame in `in`; false when it is damaged or holds another number of bytes. */
bool tarn__lz4_frame_decode(struct tarn__lz4_frames *frames, struct tarn_span in, uint8_t *out, size_t size);

#endif
