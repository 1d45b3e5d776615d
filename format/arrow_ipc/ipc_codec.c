/* SPDX-License-Identifier: Apache-2.0
 *
 * Compressed buffers of Arrow IPC bodies: LZ4 frames and ZSTD. Specification: Arrow format/Message.fbs, BodyCompression. SPEC: X-IPC-6.
 *
 * Invariants
 *  1. A buffer that is unpacked has exactly the size that stands before it: less is as corrupt as more.
 */
#include "format/arrow_ipc/ipc_codec.h"

#include <lz4frame.h>

#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/codec/codec.h"
#include "format/codec/lz4_frame.h"
#include "format/thrift/parquet_thrift.h"

enum { SIZE_HEAD = 8 };

struct tarn__ipc_packer {
    struct tarn_env *env;
    struct tarn_codec_context *zstd;
    struct tarn__lz4_frames *lz4; /* NULL until a frame comes */
};

enum tarn_status tarn__ipc_packer_open(struct tarn_env *env, struct tarn__ipc_packer **out, struct tarn_error *err)
{
    *out = tarn__calloc(env, 1, sizeof(**out));
    if (*out == NULL) {
        return tarn__nomem(env, err, sizeof(**out));
    }
    (*out)->env = tarn__env_retain(env);
    const enum tarn_status status = tarn__codec_context_open(env, &(*out)->zstd, err);
    if (status != TARN_OK) {
        tarn__ipc_packer_close(*out);
        *out = NULL;
    }
    return status;
}

void tarn__ipc_packer_close(struct tarn__ipc_packer *packer)
{
    if (packer == NULL) {
        return;
    }
    struct tarn_env *env = packer->env;
    tarn__codec_context_close(packer->zstd);
    tarn__lz4_frames_close(packer->lz4);
    tarn__free(env, packer);
    tarn_env_close(env);
}

/* ---- unpacking ---- */

static enum tarn_status unpack_lz4(struct tarn__ipc_packer *packer, struct tarn_span in, uint8_t *out, size_t size, struct tarn_error *err)
{
    if (packer->lz4 == NULL) {
        TARN_RETURN_IF_ERROR(tarn__lz4_frames_open(packer->env, &packer->lz4, err));
    }
    return tarn__lz4_frame_decode(packer->lz4, in, out, size)
               ? TARN_OK
               : tarn__corrupt(err, "codec", "%zu bytes of LZ4 do not decompress to %zu bytes", in.size, size);
}

enum tarn_status tarn__ipc_unpack(struct tarn__ipc_packer *packer, enum tarn__ipc_codec codec, struct tarn_buffer *packed,
                                  struct tarn_buffer **out, struct tarn_error *err)
{
    *out = NULL;
    if (packed->size == 0 || codec == TARN__IPC_PLAIN) { /* empty buffers have no size before them */
        *out = tarn__buffer_retain(packed);
        return TARN_OK;
    }
    if (packed->size < SIZE_HEAD) {
        return tarn__corrupt(err, "codec", "a compressed Arrow buffer of %zu bytes has no room for its size", packed->size);
    }
    const int64_t size = (int64_t)tarn__load64(packed->data);
    const struct tarn_span rest = {packed->data + SIZE_HEAD, packed->size - SIZE_HEAD};
    if (size == -1) {
        *out = tarn__buffer_slice(packed, SIZE_HEAD, rest.size);
        return *out != NULL ? TARN_OK : tarn__nomem(packer->env, err, 0);
    }
    if (size < 0) {
        return tarn__corrupt(err, "codec", "a compressed Arrow buffer of %lld bytes", (long long)size);
    }
    struct tarn_buffer *bytes = tarn__buffer_new(packer->env, (size_t)size);
    if (bytes == NULL) {
        return tarn__nomem(packer->env, err, (uint64_t)size);
    }
    const enum tarn_status status = codec == TARN__IPC_ZSTD
                                        ? tarn__codec_decompress(packer->zstd, PARQUET_CODEC_ZSTD, rest, bytes->data, bytes->size, err)
                                        : unpack_lz4(packer, rest, bytes->data, bytes->size, err);
    if (status != TARN_OK) {
        tarn__buffer_release(bytes);
        return status;
    }
    *out = bytes;
    return TARN_OK;
}

/* ---- packing ---- */

static enum tarn_status pack_lz4(struct tarn_span bytes, uint8_t *out, size_t room, size_t *written, struct tarn_error *err)
{
    *written = LZ4F_compressFrame(out, room, bytes.data, bytes.size, NULL);
    return !LZ4F_isError(*written) ? TARN_OK : tarn__internal(err, "lz4 does not compress: %s", LZ4F_getErrorName(*written));
}

enum tarn_status tarn__ipc_pack(struct tarn__ipc_packer *packer, enum tarn__ipc_codec codec, int32_t level, struct tarn_span bytes,
                                struct tarn_text_builder *out, struct tarn_error *err)
{
    const bool zstd = codec == TARN__IPC_ZSTD;
    const size_t bound = zstd ? tarn__codec_bound(PARQUET_CODEC_ZSTD, bytes.size) : LZ4F_compressFrameBound(bytes.size, NULL);
    uint8_t *room = (uint8_t *)tarn__builder_reserve(out, SIZE_HEAD + tarn__max_size(bound, bytes.size));
    size_t written;
    if (room == NULL) {
        return tarn__builder_status(out, err);
    }
    TARN_RETURN_IF_ERROR(zstd ? tarn__codec_compress(packer->zstd, PARQUET_CODEC_ZSTD, level, bytes, room + SIZE_HEAD, &written, err)
                              : pack_lz4(bytes, room + SIZE_HEAD, bound, &written, err));
    const bool pays = written < bytes.size;
    if (!pays) {
        memcpy(room + SIZE_HEAD, bytes.data, bytes.size);
        written = bytes.size;
    }
    tarn__store64(room, pays ? (uint64_t)bytes.size : UINT64_MAX);
    out->size += SIZE_HEAD + written;
    return TARN_OK;
}
