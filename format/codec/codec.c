/* SPDX-License-Identifier: Apache-2.0
 *
 * Codecs by number: what each needs around its library, and the same answers from all.
 *
 * Specification: Parquet Compression.md. SPEC: P-CODEC-1 to P-CODEC-5.
 *
 * Invariants
 *  1. Decompression fills exactly the size that the page header states: less is as corrupt as more.
 *  2. Memory that zstd holds is charged to the env after each call that may have grown it.
 */
#include "format/codec/codec.h"

#include <lz4.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/codec/brotli.h"
#include "format/codec/deflate.h"
#include "format/codec/hadoop_frames.h"
#include "format/codec/lz4_frame.h"
#include "format/codec/lzo.h"
#include "format/codec/snappy.h"
#include "format/thrift/parquet_thrift.h"

#ifdef TARN_MINIMAL
enum { HAS_BROTLI = 0, HAS_DEFLATE = 0 };
#else
enum { HAS_BROTLI = 1, HAS_DEFLATE = 1 };
#endif

struct tarn_codec_context {
    struct tarn_env *env;
    ZSTD_DCtx *zstd_read;
    ZSTD_CCtx *zstd_write;
    uint64_t charged; /* for the two */
    uint16_t *snappy_table;
    struct tarn__deflate *deflate;       /* for GZIP */
    struct tarn__lz4_frames *lz4_frames; /* for the codec LZ4 */
};

enum tarn_status tarn__codec_context_open(struct tarn_env *env, struct tarn_codec_context **out, struct tarn_error *err)
{
    *out = tarn__calloc(env, 1, sizeof(**out));
    if (*out == NULL) {
        return tarn__nomem(env, err, sizeof(**out));
    }
    (*out)->env = tarn__env_retain(env);
    return TARN_OK;
}

void tarn__codec_context_close(struct tarn_codec_context *context)
{
    if (context == NULL) {
        return;
    }
    struct tarn_env *env = context->env;
    ZSTD_freeDCtx(context->zstd_read);
    ZSTD_freeCCtx(context->zstd_write);
    tarn__uncharge(env, context->charged);
    tarn__free(env, context->snappy_table);
    tarn__deflate_close(context->deflate);
    tarn__lz4_frames_close(context->lz4_frames);
    tarn__free(env, context);
    tarn_env_close(env);
}

enum tarn_status tarn__codec_check(int32_t codec, struct tarn_error *err)
{
    switch (codec) {
    case PARQUET_CODEC_UNCOMPRESSED:
    case PARQUET_CODEC_SNAPPY:
    case PARQUET_CODEC_ZSTD:
    case PARQUET_CODEC_LZ4_RAW:
    case PARQUET_CODEC_GZIP:
    case PARQUET_CODEC_LZ4:
    case PARQUET_CODEC_LZO:
        return TARN_OK;
    case PARQUET_CODEC_BROTLI:
        return HAS_BROTLI ? TARN_OK
                          : tarn__unsupported(err, "codec.brotli", "this build of tarn was made without brotli; take one that has it");
    default:
        return tarn__unsupported(err, "codec.unknown", "codec number %d is not known to this build", (int)codec);
    }
}

static enum tarn_status damaged(int32_t codec, struct tarn_span in, size_t size, struct tarn_error *err)
{
    return tarn__corrupt(err, "codec", "%zu bytes of %s do not decompress to %zu bytes", in.size, tarn__parquet_codec_name(codec), size);
}

/* Brings the charge up to what zstd holds now; false when the env's limit refuses. */
static bool charge_zstd(struct tarn_codec_context *context)
{
    const uint64_t now = ZSTD_sizeof_DCtx(context->zstd_read) + ZSTD_sizeof_CCtx(context->zstd_write);
    if (now > context->charged && !tarn__charge(context->env, now - context->charged)) {
        return false;
    }
    if (now < context->charged) {
        tarn__uncharge(context->env, context->charged - now);
    }
    context->charged = now;
    return true;
}

static enum tarn_status need_zstd_read(struct tarn_codec_context *context, struct tarn_error *err)
{
    if (context->zstd_read == NULL) {
        context->zstd_read = ZSTD_createDCtx();
        if (context->zstd_read == NULL || !charge_zstd(context)) {
            ZSTD_freeDCtx(context->zstd_read);
            context->zstd_read = NULL;
            return tarn__nomem(context->env, err, 1 << 17);
        }
    }
    return TARN_OK;
}

static enum tarn_status zstd_decompress(struct tarn_codec_context *context, struct tarn_span in, uint8_t *out, size_t size,
                                        struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(need_zstd_read(context, err));
    const size_t got = ZSTD_decompressDCtx(context->zstd_read, out, size, in.data, in.size);
    return got == size ? TARN_OK : damaged(PARQUET_CODEC_ZSTD, in, size, err);
}

enum tarn_status tarn__codec_check_write(int32_t codec, struct tarn_error *err)
{
    switch (codec) {
    case PARQUET_CODEC_GZIP:
        return HAS_DEFLATE ? TARN_OK
                           : tarn__unsupported(err, "codec.gzip",
                                               "this build of tarn was made without libdeflate; take one that has it, or another codec");
    case PARQUET_CODEC_LZO:
        return tarn__unsupported(err, "codec.lzo", "pages compressed with LZO are not written");
    case PARQUET_CODEC_LZ4:
        return tarn__unsupported(err, "codec.lz4_hadoop", "pages compressed with the deprecated codec LZ4 are not written; LZ4_RAW is");
    default:
        return tarn__codec_check(codec, err);
    }
}

static enum tarn_status gzip_decompress(struct tarn_codec_context *context, struct tarn_span in, uint8_t *out, size_t size,
                                        struct tarn_error *err)
{
    if (context->deflate == NULL) {
        TARN_RETURN_IF_ERROR(tarn__deflate_open(context->env, &context->deflate, err));
    }
    return tarn__deflate_fill_gzip(context->deflate, in, out, size, err);
}

static bool lz4_block(struct tarn_span in, uint8_t *out, size_t room, size_t *written)
{
    *written = 0;
    if (in.size == 0 || in.size > INT32_MAX) {
        return false;
    }
    const int got = LZ4_decompress_safe((const char *)in.data, (char *)out, (int)in.size, (int)tarn__min_size(room, INT32_MAX));
    *written = got >= 0 ? (size_t)got : 0;
    return got >= 0;
}

/* What the writers of the deprecated codec LZ4 have put into pages: Hadoop's frames, frames of LZ4, or a bare block. */
static enum tarn_status lz4_decompress(struct tarn_codec_context *context, struct tarn_span in, uint8_t *out, size_t size,
                                       struct tarn_error *err)
{
    size_t written;
    if (tarn__hadoop_decode(in, out, size, lz4_block)) {
        return TARN_OK;
    }
    if (tarn__lz4_is_frame(in)) {
        if (context->lz4_frames == NULL) {
            TARN_RETURN_IF_ERROR(tarn__lz4_frames_open(context->env, &context->lz4_frames, err));
        }
        if (tarn__lz4_frame_decode(context->lz4_frames, in, out, size)) {
            return TARN_OK;
        }
    }
    return lz4_block(in, out, size, &written) && written == size ? TARN_OK : damaged(PARQUET_CODEC_LZ4, in, size, err);
}

enum tarn_status tarn__codec_decompress(struct tarn_codec_context *context, int32_t codec, struct tarn_span in, uint8_t *out, size_t size,
                                        struct tarn_error *err)
{
    uint8_t nothing[8]; /* what no bytes are written to: libraries want a place */
    size_t written;
    bool ok = false;
    out = size != 0 ? out : nothing;
    TARN_RETURN_IF_ERROR(tarn__codec_check(codec, err));
    switch (codec) {
    case PARQUET_CODEC_UNCOMPRESSED:
        ok = in.size == size;
        if (ok && size != 0) {
            memcpy(out, in.data, size);
        }
        break;
    case PARQUET_CODEC_SNAPPY:
        ok = tarn__snappy_decode(in, out, size);
        break;
    case PARQUET_CODEC_LZ4_RAW:
        ok = lz4_block(in, out, size, &written) && written == size;
        break;
    case PARQUET_CODEC_LZO: /* a bare block is as good as one in Hadoop's frames */
        ok = tarn__hadoop_decode(in, out, size, tarn__lzo_decode) || (tarn__lzo_decode(in, out, size, &written) && written == size);
        break;
    case PARQUET_CODEC_LZ4:
        return lz4_decompress(context, in, out, size, err);
    case PARQUET_CODEC_GZIP:
        return gzip_decompress(context, in, out, size, err);
    case PARQUET_CODEC_BROTLI:
        return tarn__brotli_decode(context->env, in, out, size, err);
    default:
        return in.size == 0 ? damaged(codec, in, size, err) : zstd_decompress(context, in, out, size, err);
    }
    return ok ? TARN_OK : damaged(codec, in, size, err);
}

enum tarn_status tarn__codec_unpack_zstd(struct tarn_codec_context *context, struct tarn_span in, uint64_t limit,
                                         struct tarn_text_builder *out, struct tarn_error *err)
{
    enum { FIRST_LEAST = 1 << 16 };
    tarn__builder_clear(out);
    TARN_RETURN_IF_ERROR(need_zstd_read(context, err));
    const unsigned long long stated = ZSTD_getFrameContentSize(in.data, in.size); /* of the first frame; a hint here */
    uint64_t room = stated < limit ? stated : tarn__min_size(in.size, SIZE_MAX / 4) * 4;
    room = room > FIRST_LEAST ? room : FIRST_LEAST;
    for (;; room *= 2) {
        const bool last = room >= limit;
        room = last ? limit : room;
        char *at = tarn__builder_reserve(out, (size_t)room);
        if (at == NULL) {
            return tarn__builder_status(out, err);
        }
        const size_t got = ZSTD_decompressDCtx(context->zstd_read, at, (size_t)room, in.data, in.size);
        if (!ZSTD_isError(got)) {
            out->size = got;
            return TARN_OK;
        }
        if (ZSTD_getErrorCode(got) != ZSTD_error_dstSize_tooSmall) {
            return tarn__corrupt(err, "codec", "%zu bytes of zstd do not unpack: %s", in.size, ZSTD_getErrorName(got));
        }
        if (last) {
            return tarn__error_set(err, TARN_LIMIT, "codec_size", "the packed bytes hold more than %llu bytes", (unsigned long long)limit);
        }
    }
}

size_t tarn__codec_bound(int32_t codec, size_t size)
{
    switch (codec) {
    case PARQUET_CODEC_SNAPPY:
        return tarn__snappy_bound(size);
    case PARQUET_CODEC_LZ4_RAW:
        return size > LZ4_MAX_INPUT_SIZE ? SIZE_MAX : (size_t)LZ4_compressBound((int)size);
    case PARQUET_CODEC_ZSTD:
        return size > SIZE_MAX / 2 ? SIZE_MAX : ZSTD_compressBound(size);
    case PARQUET_CODEC_GZIP:
        return size > SIZE_MAX / 2 ? SIZE_MAX : tarn__deflate_gzip_bound(size);
    case PARQUET_CODEC_BROTLI:
        return size > INT32_MAX || tarn__brotli_bound(size) == 0 ? SIZE_MAX : tarn__brotli_bound(size);
    default:
        return size;
    }
}

enum tarn_status tarn__codec_check_level(int32_t codec, int32_t level, struct tarn_error *err)
{
    int32_t least = 0;
    int32_t most = 0;

    switch (codec) {
    case PARQUET_CODEC_ZSTD:
        least = ZSTD_minCLevel();
        most = ZSTD_maxCLevel();
        break;
    case PARQUET_CODEC_GZIP:
        return tarn__deflate_check_level(level, err);
    case PARQUET_CODEC_BROTLI:
        most = TARN_BROTLI_LEVEL_MOST;
        break;
    default:
        return level == 0 ? TARN_OK
                          : tarn__invalid(err, "codec_level", "%s has no levels; leave the level at 0", tarn__parquet_codec_name(codec));
    }
    return level >= least && level <= most ? TARN_OK
                                           : tarn__invalid(err, "codec_level", "%s has no level %d; use 1 to %d",
                                                           tarn__parquet_codec_name(codec), (int)level, (int)most);
}

static enum tarn_status zstd_compress(struct tarn_codec_context *context, int32_t level, struct tarn_span in, uint8_t *out, size_t *written,
                                      struct tarn_error *err)
{
    if (context->zstd_write == NULL) {
        context->zstd_write = ZSTD_createCCtx();
        if (context->zstd_write == NULL) {
            return tarn__nomem(context->env, err, 1 << 17);
        }
    }
    size_t got = ZSTD_CCtx_setParameter(context->zstd_write, ZSTD_c_compressionLevel, level);
    if (!ZSTD_isError(got)) {
        got = ZSTD_compress2(context->zstd_write, out, tarn__codec_bound(PARQUET_CODEC_ZSTD, in.size), in.data, in.size);
    }
    const bool refused = !charge_zstd(context);
    if (refused || (ZSTD_isError(got) && ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation)) {
        const uint64_t held = ZSTD_sizeof_CCtx(context->zstd_write);
        ZSTD_freeCCtx(context->zstd_write);
        context->zstd_write = NULL;
        charge_zstd(context);
        return tarn__nomem(context->env, err, held);
    }
    if (ZSTD_isError(got)) {
        return tarn__internal(err, "zstd does not compress: %s", ZSTD_getErrorName(got));
    }
    *written = got;
    return TARN_OK;
}

bool tarn__codec_can_store(int32_t codec)
{
    return codec == PARQUET_CODEC_ZSTD;
}

/* One frame (RFC 8878, 3.1.1) with its size in four bytes, and raw blocks of the most bytes that a block may have. */
bool tarn__codec_store(int32_t codec, struct tarn_span in, struct tarn_buffer *out)
{
    enum { BLOCK_MOST = 1 << 17, BLOCK_HEAD = 3, FRAME_HEAD = 9, SINGLE_SEGMENT_SIZE_OF_FOUR = 0xa0 };
    static const uint8_t magic[] = {0x28, 0xb5, 0x2f, 0xfd, SINGLE_SEGMENT_SIZE_OF_FOUR};
    const size_t blocks = in.size / BLOCK_MOST + 1;
    const size_t begin = out->size;

    if (codec != PARQUET_CODEC_ZSTD || in.size > UINT32_MAX ||
        !tarn__buffer_resize(out, begin + FRAME_HEAD + blocks * BLOCK_HEAD + in.size)) {
        return false;
    }
    uint8_t *to = out->data + begin;
    memcpy(to, magic, sizeof(magic));
    tarn__store32(to + sizeof(magic), (uint32_t)in.size);
    to += FRAME_HEAD;
    for (size_t i = 0; i < blocks; i++) {
        const size_t size = tarn__min_size(in.size, BLOCK_MOST);
        const struct tarn_span block = tarn__span_take(&in, size);
        const uint32_t head = (uint32_t)size << 3 | (i + 1 == blocks ? 1u : 0u); /* type 0: raw */
        to[0] = (uint8_t)head;
        to[1] = (uint8_t)(head >> 8);
        to[2] = (uint8_t)(head >> 16);
        if (size != 0) {
            memcpy(to + BLOCK_HEAD, block.data, size);
        }
        to += BLOCK_HEAD + size;
    }
    return true;
}

static enum tarn_status gzip_compress(struct tarn_codec_context *context, int32_t level, struct tarn_span in, uint8_t *out, size_t *written,
                                      struct tarn_error *err)
{
    if (context->deflate == NULL) {
        TARN_RETURN_IF_ERROR(tarn__deflate_open(context->env, &context->deflate, err));
    }
    return tarn__deflate_pack_gzip(context->deflate, level, in, out, written, err);
}

static enum tarn_status snappy_compress(struct tarn_codec_context *context, struct tarn_span in, uint8_t *out, size_t *written,
                                        struct tarn_error *err)
{
    const size_t table = TARN_SNAPPY_TABLE * sizeof(*context->snappy_table);
    if (context->snappy_table == NULL) {
        context->snappy_table = tarn__alloc(context->env, table);
    }
    if (context->snappy_table == NULL) {
        return tarn__nomem(context->env, err, table);
    }
    *written = tarn__snappy_encode(in, out, context->snappy_table);
    return TARN_OK;
}

enum tarn_status tarn__codec_compress(struct tarn_codec_context *context, int32_t codec, int32_t level, struct tarn_span in, uint8_t *out,
                                      size_t *written, struct tarn_error *err)
{
    *written = 0;
    TARN_RETURN_IF_ERROR(tarn__codec_check_write(codec, err));
    if (codec == PARQUET_CODEC_ZSTD || codec == PARQUET_CODEC_BROTLI) {
        TARN_RETURN_IF_ERROR(tarn__codec_check_level(codec, level, err));
    }
    if (tarn__codec_bound(codec, in.size) == SIZE_MAX) {
        return tarn__invalid(err, "codec_size", "%s does not take %zu bytes at once", tarn__parquet_codec_name(codec), in.size);
    }
    if (in.size == 0) {
        in.data = (const uint8_t *)""; /* libraries want a place */
    }
    switch (codec) {
    case PARQUET_CODEC_SNAPPY:
        return snappy_compress(context, in, out, written, err);
    case PARQUET_CODEC_ZSTD:
        return zstd_compress(context, level, in, out, written, err);
    case PARQUET_CODEC_GZIP:
        return gzip_compress(context, level, in, out, written, err);
    case PARQUET_CODEC_BROTLI:
        return tarn__brotli_encode(context->env, level, in, out, written, err);
    case PARQUET_CODEC_LZ4_RAW:
        *written = (size_t)LZ4_compress_default((const char *)in.data, (char *)out, (int)in.size, (int)tarn__codec_bound(codec, in.size));
        return *written != 0 ? TARN_OK : tarn__internal(err, "lz4 does not compress %zu bytes", in.size);
    default:
        memcpy(out, in.data, in.size);
        *written = in.size;
        return TARN_OK;
    }
}
