/* SPDX-License-Identifier: Apache-2.0
 *
 * LZ4 frames, by liblz4. Specification: lz4_Frame_format.md. SPEC: P-CODEC-4, X-IPC-6.
 *
 * Invariants
 *  1. While there is a decoder, what liblz4 may allocate for it at most is charged to the env.
 */
#include "format/codec/lz4_frame.h"

#include <lz4frame.h>

#include "format/base/bytes.h"

#define FRAME_MAGIC UINT32_C(0x184d2204)

enum { MOST_HELD = (2 * 4 + 1) << 20 /* two blocks of the largest size, and the window */ };

struct tarn__lz4_frames {
    struct tarn_env *env;
    LZ4F_dctx *lz4;
};

enum tarn_status tarn__lz4_frames_open(struct tarn_env *env, struct tarn__lz4_frames **out, struct tarn_error *err)
{
    *out = NULL;
    struct tarn__lz4_frames *frames = tarn__calloc(env, 1, sizeof(*frames));
    if (frames == NULL) {
        return tarn__nomem(env, err, sizeof(*frames));
    }
    frames->env = env;
    if (!tarn__charge(env, MOST_HELD)) {
        tarn__free(env, frames);
        return tarn__nomem(env, err, MOST_HELD);
    }
    if (LZ4F_isError(LZ4F_createDecompressionContext(&frames->lz4, LZ4F_VERSION))) {
        tarn__uncharge(env, MOST_HELD);
        tarn__free(env, frames);
        return tarn__nomem(env, err, MOST_HELD);
    }
    *out = frames;
    return TARN_OK;
}

void tarn__lz4_frames_close(struct tarn__lz4_frames *frames)
{
    if (frames != NULL) {
        LZ4F_freeDecompressionContext(frames->lz4);
        tarn__uncharge(frames->env, MOST_HELD);
        tarn__free(frames->env, frames);
    }
}

bool tarn__lz4_is_frame(struct tarn_span in)
{
    return in.size >= 4 && tarn__load32(in.data) == FRAME_MAGIC;
}

bool tarn__lz4_frame_decode(struct tarn__lz4_frames *frames, struct tarn_span in, uint8_t *out, size_t size)
{
    size_t taken = 0;
    size_t made = 0;
    size_t wanted = 1;
    LZ4F_resetDecompressionContext(frames->lz4);
    while (wanted != 0) {
        size_t source = in.size - taken;
        size_t target = size - made;
        wanted = LZ4F_decompress(frames->lz4, out + made, &target, in.data + taken, &source, NULL);
        if (LZ4F_isError(wanted) || (wanted != 0 && source == 0 && target == 0)) {
            return false;
        }
        taken += source;
        made += target;
    }
    return made == size;
}
