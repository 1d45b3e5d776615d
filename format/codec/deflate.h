/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CODEC_DEFLATE_H
#define TARN_FORMAT_CODEC_DEFLATE_H

#include "format/base/bytes.h"
#include "format/base/text.h"

/*
 * Whole pieces of DEFLATE (RFC 1951) and gzip (RFC 1952), whether or not somebody has written down their unpacked size.
 *
 * libdeflate does it; in a minimal build our own reader unpacks, and packing stores the bytes as they are, which every reader takes.
 * Ownership: a context keeps what can be used again. Threads: single.
 */
struct tarn__deflate;

enum tarn__deflate_form { TARN_DEFLATE_RAW = 0, TARN_DEFLATE_GZIP };

TARN_WARN_UNUSED enum tarn_status tarn__deflate_open(struct tarn_env *env, struct tarn__deflate **out, struct tarn_error *err);
/** NULL is legal. */
void tarn__deflate_close(struct tarn__deflate *deflate);

/**
 * Replaces what is in `out` by the unpacked bytes. Behind the end of raw DEFLATE bytes may follow: some writers leave a part of zlib's
 * trailer there. Errors: CORRUPT detail "codec" or gzip.*, LIMIT detail "codec_size" (more than `limit` bytes), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__deflate_unpack(struct tarn__deflate *deflate, enum tarn__deflate_form form, struct tarn_span in,
                                                       uint64_t limit, struct tarn_text_builder *out, struct tarn_error *err);

/**
 * Fills exactly `size` bytes of `out` from gzip members one behind the other, whose checksums are verified; zeros behind the last are
 * passed over. Errors: CORRUPT detail "codec", NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__deflate_fill_gzip(struct tarn__deflate *deflate, struct tarn_span in, uint8_t *out, size_t size,
                                                          struct tarn_error *err);

/** INVALID detail "codec_level" unless 0 to 12. */
TARN_WARN_UNUSED enum tarn_status tarn__deflate_check_level(int32_t level, struct tarn_error *err);

/** Appends raw DEFLATE to `out`; `level` 1 to 12, 0 is 6. Errors: as above, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__deflate_pack(struct tarn__deflate *deflate, int32_t level, struct tarn_span in,
                                                     struct tarn_text_builder *out, struct tarn_error *err);

/** The most bytes that tarn__deflate_pack_gzip writes. */
size_t tarn__deflate_gzip_bound(size_t size);
/** One gzip member into `out`, which has room for the bound. Errors: as above; UNSUPPORTED "codec.gzip" in a minimal build. */
TARN_WARN_UNUSED enum tarn_status tarn__deflate_pack_gzip(struct tarn__deflate *deflate, int32_t level, struct tarn_span in, uint8_t *out,
                                                          size_t *written, struct tarn_error *err);

#endif
