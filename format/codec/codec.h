/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CODEC_CODEC_H
#define TARN_FORMAT_CODEC_CODEC_H

#include "format/base/buffer.h"
#include "format/base/text.h"

/*
 * Block compression by Parquet's codec numbers (enum parquet_codec): UNCOMPRESSED, SNAPPY, ZSTD, LZ4_RAW; for reading GZIP, BROTLI (not in
 * a minimal build), LZO and the deprecated LZ4 too. The others are UNSUPPORTED by name.
 *
 * A context keeps what a codec library wants to reuse; one per worker, made lazily inside. Threads: a context is single-threaded.
 * Safe on hostile input: writes at most `size` bytes, reads only `in`.
 */
struct tarn_codec_context;

TARN_WARN_UNUSED enum tarn_status tarn__codec_context_open(struct tarn_env *env, struct tarn_codec_context **out, struct tarn_error *err);
/** NULL is legal. */
void tarn__codec_context_close(struct tarn_codec_context *context);

/** OK when this build reads the codec, else UNSUPPORTED with its name. */
TARN_WARN_UNUSED enum tarn_status tarn__codec_check(int32_t codec, struct tarn_error *err);
/** The same for writing. */
TARN_WARN_UNUSED enum tarn_status tarn__codec_check_write(int32_t codec, struct tarn_error *err);
/** INVALID detail "codec_level" unless the codec has the level; 0, its default, every one has. */
TARN_WARN_UNUSED enum tarn_status tarn__codec_check_level(int32_t codec, int32_t level, struct tarn_error *err);

/**
 * Fills exactly `size` bytes of `out` from the whole of `in`. Errors: CORRUPT detail "codec" (damaged, or another size than `size`),
 * UNSUPPORTED, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__codec_decompress(struct tarn_codec_context *context, int32_t codec, struct tarn_span in,
                                                         uint8_t *out, size_t size, struct tarn_error *err);

/**
 * Replaces what is in `out` by what the frames of zstd in `in` hold, however much that is. Errors: CORRUPT detail "codec", LIMIT detail
 * "codec_size" (more than `limit` bytes), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__codec_unpack_zstd(struct tarn_codec_context *context, struct tarn_span in, uint64_t limit,
                                                          struct tarn_text_builder *out, struct tarn_error *err);

/** Has the codec a form for bytes as they are, that costs a reader no more than copying them? */
bool tarn__codec_can_store(int32_t codec);
/** Appends that form of `in`, of at most 2^32 - 1 bytes. False: no memory. */
TARN_WARN_UNUSED bool tarn__codec_store(int32_t codec, struct tarn_span in, struct tarn_buffer *out);

/** The most bytes that compressing `size` bytes can take; SIZE_MAX when no codec takes so many at once. */
size_t tarn__codec_bound(int32_t codec, size_t size);

/**
 * Compresses `in` into `out`, which has room for tarn__codec_bound bytes. `level`: 0 is the codec's default; of those that have levels.
 * Errors: UNSUPPORTED, INVALID (too large for the codec), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__codec_compress(struct tarn_codec_context *context, int32_t codec, int32_t level,
                                                       struct tarn_span in, uint8_t *out, size_t *written, struct tarn_error *err);

#endif
