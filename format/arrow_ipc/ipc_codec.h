/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ARROW_IPC_IPC_CODEC_H
#define TARN_FORMAT_ARROW_IPC_IPC_CODEC_H

#include "format/arrow_ipc/ipc_types.h"
#include "format/base/buffer.h"

/*
 * Buffers of a compressed body: eight bytes of the size, then the compressed bytes; size -1 says that they are not compressed after all.
 * A context keeps what the codecs reuse. Threads: single.
 */
struct tarn__ipc_packer;

TARN_WARN_UNUSED enum tarn_status tarn__ipc_packer_open(struct tarn_env *env, struct tarn__ipc_packer **out, struct tarn_error *err);
/** NULL is legal. */
void tarn__ipc_packer_close(struct tarn__ipc_packer *packer);

/** The bytes that `packed` (which may be empty, but not NULL) stands for; a new reference. Errors: CORRUPT, NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_unpack(struct tarn__ipc_packer *packer, enum tarn__ipc_codec codec, struct tarn_buffer *packed,
                                                   struct tarn_buffer **out, struct tarn_error *err);

/** Appends `bytes` (not empty) with its size in front. `level` 0: the codec's default. */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_pack(struct tarn__ipc_packer *packer, enum tarn__ipc_codec codec, int32_t level,
                                                 struct tarn_span bytes, struct tarn_text_builder *out, struct tarn_error *err);

#endif
