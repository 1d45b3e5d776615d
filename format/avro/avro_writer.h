/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_AVRO_AVRO_WRITER_H
#define TARN_FORMAT_AVRO_AVRO_WRITER_H

#include "format/base/bytes.h"
#include "format/base/text.h"

/*
 * Avro object container files, put value by value.
 *
 * The caller puts the values of each datum in the schema's order and ends it; nothing is checked against the schema, which is written
 * as given. Out of memory while putting is sticky and comes out of tarn__avro_writer_end_datum.
 *
 *     tarn__avro_writer_open(&writer, env, &options, &bytes, err);
 *     tarn__avro_put_branch(&writer, 1); tarn__avro_put_long(&writer, 34); ... tarn__avro_writer_end_datum(&writer, err);
 *     tarn__avro_writer_finish(&writer, err);    // the builder `bytes` holds the file
 *     tarn__avro_writer_close(&writer);
 *
 * Ownership: the builder is the caller's and must outlive the writer. Threads: single.
 */
enum tarn__avro_codec { TARN_AVRO_CODEC_NULL = 0, TARN_AVRO_CODEC_DEFLATE = 1 };

struct tarn__avro_pair {
    struct tarn_text key;
    struct tarn_text value;
};

struct tarn__avro_writer_options {
    struct tarn_text schema; /**< JSON, written verbatim as avro.schema */
    enum tarn__avro_codec codec;
    int32_t level;                       /**< of deflate, 1 to 12; 0: 6 */
    size_t block_size;                   /**< bytes that a block holds before it is compressed; 0: 64 KiB */
    const struct tarn__avro_pair *pairs; /**< the file's own key-values, without avro.schema and avro.codec */
    size_t pair_count;
};

struct tarn__avro_writer {
    struct tarn_env *env;           /* private, as all that follows */
    struct tarn_text_builder *out;  /* the file */
    struct tarn_text_builder block; /* data not yet written */
    struct tarn__deflate *deflate;  /* NULL: codec null */
    uint64_t data;                  /* in the block */
    size_t block_size;
    int32_t level;
    uint8_t sync[16];
};

/** Appends the header to `out`. On failure there is nothing to close. Errors: INVALID (level), NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__avro_writer_open(struct tarn__avro_writer *writer, struct tarn_env *env,
                                                         const struct tarn__avro_writer_options *options, struct tarn_text_builder *out,
                                                         struct tarn_error *err);
/** Frees what the writer holds; legal at any time after open, and twice. */
void tarn__avro_writer_close(struct tarn__avro_writer *writer);

/** The datum is whole; writes the block when it is full. Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__avro_writer_end_datum(struct tarn__avro_writer *writer, struct tarn_error *err);
/** Writes what is left; nothing may be put behind it. Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__avro_writer_finish(struct tarn__avro_writer *writer, struct tarn_error *err);

/** Of int, long, enum. */
void tarn__avro_put_long(struct tarn__avro_writer *writer, int64_t value);
/** Of a union: the index of the branch whose value comes next (null has none). */
void tarn__avro_put_branch(struct tarn__avro_writer *writer, uint32_t branch);
/** Of an array or map: `count` items come next; 0 ends it. An empty one is a single 0. */
void tarn__avro_put_items(struct tarn__avro_writer *writer, uint64_t count);
void tarn__avro_put_bool(struct tarn__avro_writer *writer, bool value);
void tarn__avro_put_float(struct tarn__avro_writer *writer, float value);
void tarn__avro_put_double(struct tarn__avro_writer *writer, double value);
void tarn__avro_put_bytes(struct tarn__avro_writer *writer, struct tarn_span value);
void tarn__avro_put_string(struct tarn__avro_writer *writer, struct tarn_text value);
/** Exactly the bytes. */
void tarn__avro_put_fixed(struct tarn__avro_writer *writer, struct tarn_span value);

#endif
