/* SPDX-License-Identifier: Apache-2.0
 *
 * DEFLATE and gzip in whole pieces.
 *
 * Specification: RFC 1951, RFC 1952. SPEC: A-CODEC-2.
 *
 * Invariants
 *  1. Room for the unpacked bytes at least doubles with each try and never passes the limit, so that a bomb costs no more than that.
 *  2. What libdeflate holds is charged to the env as long as it holds it.
 */
#include "format/codec/deflate.h"

#include "format/base/checked.h"
#include "format/codec/inflate.h"

#ifndef TARN_MINIMAL
#include <libdeflate.h>
#endif

enum {
    LEVEL_DEFAULT = 6,
    LEVEL_MOST = 12,
    DECOMPRESSOR_BYTES = 1 << 16, /* what libdeflate allocates, rounded up */
    COMPRESSOR_BYTES = 1 << 20,   /* levels 1 to 9 */
    COMPRESSOR_BYTES_MOST = 1 << 24,
    FIRST_FACTOR = 4, /* of the room for the first try: metadata packs about that well */
    FIRST_LEAST = 1 << 12,
};

struct tarn__deflate {
    struct tarn_env *env;
#ifndef TARN_MINIMAL
    struct libdeflate_decompressor *decompressor;
    struct libdeflate_compressor *compressor;
    uint64_t compressor_bytes;
    int32_t level; /* of the compressor */
#endif
};

enum tarn_status tarn__deflate_open(struct tarn_env *env, struct tarn__deflate **out, struct tarn_error *err)
{
    *out = tarn__calloc(env, 1, sizeof(**out));
    if (*out == NULL) {
        return tarn__nomem(env, err, sizeof(**out));
    }
    (*out)->env = env;
    return TARN_OK;
}

static enum tarn_status too_large(uint64_t limit, struct tarn_error *err)
{
    return tarn__error_set(err, TARN_LIMIT, "codec_size", "the packed bytes hold more than %llu bytes", (unsigned long long)limit);
}

/* ---- our own reader ---- */

static enum tarn_status one_piece(void *ctx, struct tarn_span *out, struct tarn_error *err)
{
    struct tarn_span *rest = ctx;
    (void)err;
    *out = *rest;
    *rest = (struct tarn_span){NULL, 0};
    return TARN_OK;
}

static enum tarn_status unpack_slowly(struct tarn_env *env, enum tarn__deflate_form form, struct tarn_span in, uint64_t limit,
                                      struct tarn_text_builder *out, struct tarn_error *err)
{
    struct tarn_inflate *inflate;
    struct tarn_span piece = {NULL, 0};
    enum tarn_status status = form == TARN_DEFLATE_RAW ? tarn__inflate_open_raw(env, one_piece, &in, &inflate, err)
                                                       : tarn__inflate_open(env, one_piece, &in, &inflate, err);
    while (status == TARN_OK) {
        status = tarn__inflate_next(inflate, &piece, err);
        if (status != TARN_OK || piece.size == 0) {
            break;
        }
        tarn__builder_add_bytes(out, piece.data, piece.size);
        status = out->size > limit ? too_large(limit, err) : tarn__builder_status(out, err);
    }
    tarn__inflate_close(inflate);
    return status;
}

#ifndef TARN_MINIMAL

void tarn__deflate_close(struct tarn__deflate *deflate)
{
    if (deflate == NULL) {
        return;
    }
    if (deflate->decompressor != NULL) {
        libdeflate_free_decompressor(deflate->decompressor);
        tarn__uncharge(deflate->env, DECOMPRESSOR_BYTES);
    }
    libdeflate_free_compressor(deflate->compressor);
    tarn__uncharge(deflate->env, deflate->compressor_bytes);
    tarn__free(deflate->env, deflate);
}

static enum tarn_status need_decompressor(struct tarn__deflate *deflate, struct tarn_error *err)
{
    if (deflate->decompressor != NULL) {
        return TARN_OK;
    }
    if (!tarn__charge(deflate->env, DECOMPRESSOR_BYTES)) {
        return tarn__nomem(deflate->env, err, DECOMPRESSOR_BYTES);
    }
    deflate->decompressor = libdeflate_alloc_decompressor();
    if (deflate->decompressor == NULL) {
        tarn__uncharge(deflate->env, DECOMPRESSOR_BYTES);
        return tarn__nomem(deflate->env, err, DECOMPRESSOR_BYTES);
    }
    return TARN_OK;
}

static enum tarn_status unpack_raw(struct tarn__deflate *deflate, struct tarn_span in, uint64_t limit, struct tarn_text_builder *out,
                                   struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(need_decompressor(deflate, err));
    size_t first = FIRST_LEAST;
    if (!tarn__mul(in.size, (size_t)FIRST_FACTOR, &first)) {
        return too_large(limit, err);
    }
    uint64_t room = tarn__max_size(tarn__max_size(first, FIRST_LEAST), out->capacity);
    for (;; room *= 2) {
        const bool last = room >= limit;
        room = last ? limit : room;
        char *at = tarn__builder_reserve(out, (size_t)room);
        if (at == NULL) {
            return tarn__builder_status(out, err);
        }
        size_t got = 0;
        switch (libdeflate_deflate_decompress(deflate->decompressor, in.data, in.size, at, (size_t)room, &got)) {
        case LIBDEFLATE_SUCCESS:
            out->size = got;
            return TARN_OK;
        case LIBDEFLATE_INSUFFICIENT_SPACE:
            if (last) {
                return too_large(limit, err);
            }
            break;
        default:
            return tarn__corrupt(err, "codec", "%zu bytes of DEFLATE do not unpack: they are damaged or cut", in.size);
        }
    }
}

/* No member is shorter than its header and trailer. */
static bool is_padding(struct tarn_span in)
{
    size_t zeros = 0;
    while (zeros < in.size && in.data[zeros] == 0) {
        zeros++;
    }
    return zeros == in.size;
}

static enum tarn_status fill_gzip(struct tarn__deflate *deflate, struct tarn_span in, uint8_t *out, size_t size, bool *filled,
                                  struct tarn_error *err)
{
    size_t done = 0;
    TARN_RETURN_IF_ERROR(need_decompressor(deflate, err));
    do {
        size_t taken;
        size_t made;
        if (libdeflate_gzip_decompress_ex(deflate->decompressor, in.data, in.size, out + done, size - done, &taken, &made) !=
            LIBDEFLATE_SUCCESS) {
            *filled = false;
            return TARN_OK;
        }
        tarn__span_take(&in, taken);
        done += made;
    } while (!is_padding(in));
    *filled = done == size;
    return TARN_OK;
}

static enum tarn_status need_compressor(struct tarn__deflate *deflate, int32_t level, struct tarn_error *err)
{
    if (deflate->compressor != NULL && deflate->level == level) {
        return TARN_OK;
    }
    const uint64_t bytes = level > 9 ? COMPRESSOR_BYTES_MOST : COMPRESSOR_BYTES;
    libdeflate_free_compressor(deflate->compressor);
    deflate->compressor = NULL;
    tarn__uncharge(deflate->env, deflate->compressor_bytes);
    deflate->compressor_bytes = 0;
    if (!tarn__charge(deflate->env, bytes)) {
        return tarn__nomem(deflate->env, err, bytes);
    }
    deflate->compressor_bytes = bytes;
    deflate->compressor = libdeflate_alloc_compressor(level);
    deflate->level = level;
    return deflate->compressor != NULL ? TARN_OK : tarn__nomem(deflate->env, err, bytes);
}

static enum tarn_status pack_raw(struct tarn__deflate *deflate, int32_t level, struct tarn_span in, struct tarn_text_builder *out,
                                 struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(need_compressor(deflate, level, err));
    const size_t bound = libdeflate_deflate_compress_bound(deflate->compressor, in.size);
    char *at = tarn__builder_reserve(out, bound);
    if (at == NULL) {
        return tarn__builder_status(out, err);
    }
    const size_t got = libdeflate_deflate_compress(deflate->compressor, in.data, in.size, at, bound);
    out->size += got;
    return got != 0 ? TARN_OK : tarn__internal(err, "libdeflate does not pack %zu bytes", in.size);
}

size_t tarn__deflate_gzip_bound(size_t size)
{
    return libdeflate_gzip_compress_bound(NULL, size);
}

static enum tarn_status pack_gzip(struct tarn__deflate *deflate, int32_t level, struct tarn_span in, uint8_t *out, size_t *written,
                                  struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(need_compressor(deflate, level, err));
    *written = libdeflate_gzip_compress(deflate->compressor, in.data, in.size, out, tarn__deflate_gzip_bound(in.size));
    return *written != 0 ? TARN_OK : tarn__internal(err, "libdeflate does not pack %zu bytes", in.size);
}

#else

void tarn__deflate_close(struct tarn__deflate *deflate)
{
    if (deflate != NULL) {
        tarn__free(deflate->env, deflate);
    }
}

static enum tarn_status unpack_raw(struct tarn__deflate *deflate, struct tarn_span in, uint64_t limit, struct tarn_text_builder *out,
                                   struct tarn_error *err)
{
    return unpack_slowly(deflate->env, TARN_DEFLATE_RAW, in, limit, out, err);
}

static enum tarn_status fill_gzip(struct tarn__deflate *deflate, struct tarn_span in, uint8_t *out, size_t size, bool *filled,
                                  struct tarn_error *err)
{
    struct tarn_inflate *inflate;
    struct tarn_span piece;
    size_t done = 0;
    enum tarn_status status;
    TARN_RETURN_IF_ERROR(tarn__inflate_open(deflate->env, one_piece, &in, &inflate, err));
    do {
        status = tarn__inflate_next(inflate, &piece, NULL);
        if (status == TARN_OK && piece.size > size - done) {
            status = TARN_CORRUPT;
        }
        if (status == TARN_OK && piece.size != 0) {
            memcpy(out + done, piece.data, piece.size);
            done += piece.size;
        }
    } while (status == TARN_OK && piece.size != 0);
    tarn__inflate_close(inflate);
    *filled = status == TARN_OK && done == size;
    return TARN_OK;
}

/* Blocks of stored bytes, the last of them marked. */
static enum tarn_status pack_raw(struct tarn__deflate *deflate, int32_t level, struct tarn_span in, struct tarn_text_builder *out,
                                 struct tarn_error *err)
{
    (void)deflate;
    (void)level;
    do {
        const size_t size = tarn__min_size(in.size, UINT16_MAX);
        const struct tarn_span piece = tarn__span_take(&in, size);
        uint8_t head[5] = {in.size == 0};
        tarn__store16(head + 1, (uint16_t)size);
        tarn__store16(head + 3, (uint16_t)~size);
        tarn__builder_add_bytes(out, head, sizeof(head));
        tarn__builder_add_bytes(out, piece.data, piece.size);
    } while (in.size != 0);
    return tarn__builder_status(out, err);
}

size_t tarn__deflate_gzip_bound(size_t size)
{
    return size;
}

static enum tarn_status pack_gzip(struct tarn__deflate *deflate, int32_t level, struct tarn_span in, uint8_t *out, size_t *written,
                                  struct tarn_error *err)
{
    (void)deflate;
    (void)level;
    (void)in;
    (void)out;
    *written = 0;
    return tarn__unsupported(err, "codec.gzip", "this build of tarn was made without libdeflate; take one that has it, or another codec");
}

#endif

enum tarn_status tarn__deflate_unpack(struct tarn__deflate *deflate, enum tarn__deflate_form form, struct tarn_span in, uint64_t limit,
                                      struct tarn_text_builder *out, struct tarn_error *err)
{
    tarn__builder_clear(out);
    return form == TARN_DEFLATE_RAW ? unpack_raw(deflate, in, limit, out, err) : unpack_slowly(deflate->env, form, in, limit, out, err);
}

enum tarn_status tarn__deflate_fill_gzip(struct tarn__deflate *deflate, struct tarn_span in, uint8_t *out, size_t size,
                                         struct tarn_error *err)
{
    bool filled;
    TARN_RETURN_IF_ERROR(fill_gzip(deflate, in, out, size, &filled, err));
    return filled ? TARN_OK : tarn__corrupt(err, "codec", "%zu bytes of GZIP do not decompress to %zu bytes", in.size, size);
}

enum tarn_status tarn__deflate_check_level(int32_t level, struct tarn_error *err)
{
    if (level < 0 || level > LEVEL_MOST) {
        return tarn__invalid(err, "codec_level", "DEFLATE has no level %d; use 1 to %d", (int)level, LEVEL_MOST);
    }
    return TARN_OK;
}

enum tarn_status tarn__deflate_pack(struct tarn__deflate *deflate, int32_t level, struct tarn_span in, struct tarn_text_builder *out,
                                    struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__deflate_check_level(level, err));
    return pack_raw(deflate, level != 0 ? level : LEVEL_DEFAULT, in, out, err);
}

enum tarn_status tarn__deflate_pack_gzip(struct tarn__deflate *deflate, int32_t level, struct tarn_span in, uint8_t *out, size_t *written,
                                         struct tarn_error *err)
{
    *written = 0;
    TARN_RETURN_IF_ERROR(tarn__deflate_check_level(level, err));
    return pack_gzip(deflate, level != 0 ? level : LEVEL_DEFAULT, in, out, written, err);
}
