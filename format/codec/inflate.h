/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CODEC_INFLATE_H
#define TARN_FORMAT_CODEC_INFLATE_H

#include "format/base/alloc.h"
#include "tarn/base.h"

/*
 * gzip (RFC 1952) unpacked as a stream: any number of members one after another, checksums and lengths verified, zeros behind the last
 * member tolerated.
 *
 * Ownership: spans handed out are borrowed until the next call. Threads: single. Cost: one allocation of about 330 KiB; a megabyte
 * of output in about three milliseconds.
 */
struct tarn_inflate;

/** Gives the next compressed bytes, borrowed until its next call; an empty span is the end. */
typedef enum tarn_status (*tarn_inflate_source)(void *ctx, struct tarn_span *out, struct tarn_error *err);

/** Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__inflate_open(struct tarn_env *env, tarn_inflate_source source, void *ctx, struct tarn_inflate **out,
                                                     struct tarn_error *err);
/** The same for one stream of DEFLATE (RFC 1951) without gzip around it; bytes behind its end are passed over. */
TARN_WARN_UNUSED enum tarn_status tarn__inflate_open_raw(struct tarn_env *env, tarn_inflate_source source, void *ctx,
                                                         struct tarn_inflate **out, struct tarn_error *err);
/** NULL is legal. */
void tarn__inflate_close(struct tarn_inflate *inflate);

/**
 * The next unpacked bytes; an empty span is the end. What is handed out has been checked as far as that is possible before its member ends.
 * Errors: CORRUPT with the offset in the compressed bytes and detail gzip.header, gzip.block, gzip.code, gzip.distance, gzip.crc,
 * gzip.size, gzip.truncated; those of the source. They come again if asked again.
 */
TARN_WARN_UNUSED enum tarn_status tarn__inflate_next(struct tarn_inflate *inflate, struct tarn_span *out, struct tarn_error *err);

#endif
