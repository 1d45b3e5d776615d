/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_AVRO_AVRO_READER_H
#define TARN_FORMAT_AVRO_AVRO_READER_H

#include "format/avro/avro_schema.h"
#include "format/base/bytes.h"

/*
 * Avro object container files, pulled value by value.
 *
 * tarn__avro_next moves to the next datum of the file's root type; then the caller reads its values in the schema's order, each with the
 * call that fits its type, or skips them. The reader knows the bytes and not the place in the schema: a caller that reads another type than
 * stands there gets other values or CORRUPT, never a wrong access.
 * Codecs null, deflate, zstandard, snappy. Every read is checked against the block; what a block holds behind its last datum is CORRUPT.
 *
 * Ownership: borrows the file's bytes. Spans and texts handed out are borrowed until the next tarn__avro_next. Threads: single.
 * Cost: one pass; a value a few nanoseconds.
 */
struct tarn__avro_reader {
    const uint8_t *at;  /**< the next byte of the block; private, as all that follows */
    const uint8_t *end; /**< of the block */
    struct tarn__avro_file *file;
};

/**
 * Reads the header and the schema. *reader is zeroed on failure.
 * Errors: CORRUPT avro.header, avro.schema, avro.truncated; UNSUPPORTED avro.codec, avro.recursion; LIMIT; NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__avro_open(struct tarn_env *env, struct tarn_span file, struct tarn__avro_reader *reader,
                                                  struct tarn_error *err);
/** Legal on a zeroed reader. */
void tarn__avro_close(struct tarn__avro_reader *reader);

/** A value of the file's key-value map; false when it has no such key. Borrowed from the file. */
bool tarn__avro_metadata(const struct tarn__avro_reader *reader, struct tarn_text key, struct tarn_text *value);
/** The i-th pair of the map, in the file's order; false behind the last. */
bool tarn__avro_metadata_at(const struct tarn__avro_reader *reader, size_t i, struct tarn_text *key, struct tarn_text *value);

/** The file's type; lives as long as the reader. */
const struct tarn__avro_type *tarn__avro_root(const struct tarn__avro_reader *reader);

/**
 * Moves to the next datum; *more is false at the end of the file. The datum before must have been read or skipped whole.
 * Errors: CORRUPT avro.block, avro.sync, avro.truncated, avro.codec, avro.crc (with the byte offset in the file; of a compressed block that
 * of the block), LIMIT avro.block (a block of more than TARN_AVRO_MOST_BLOCK bytes), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__avro_next(struct tarn__avro_reader *reader, bool *more, struct tarn_error *err);

#define TARN_AVRO_MOST_BLOCK ((uint64_t)1 << 30)

/* ---- values. Errors of all: CORRUPT avro.value; *out is then zero ---- */

/** Of a union: reads which branch follows; *actual is its type, or NULL for null (which has no bytes). Of another type: itself. */
TARN_WARN_UNUSED enum tarn_status tarn__avro_branch(struct tarn__avro_reader *reader, const struct tarn__avro_type *type,
                                                    const struct tarn__avro_type **actual, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__avro_bool(struct tarn__avro_reader *reader, bool *out, struct tarn_error *err);
/** Of int and enum. */
TARN_WARN_UNUSED enum tarn_status tarn__avro_int(struct tarn__avro_reader *reader, int32_t *out, struct tarn_error *err);
/** Of int and long. */
TARN_WARN_UNUSED enum tarn_status tarn__avro_long(struct tarn__avro_reader *reader, int64_t *out, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__avro_float(struct tarn__avro_reader *reader, float *out, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__avro_double(struct tarn__avro_reader *reader, double *out, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__avro_bytes(struct tarn__avro_reader *reader, struct tarn_span *out, struct tarn_error *err);
/** Valid UTF-8, else CORRUPT. */
TARN_WARN_UNUSED enum tarn_status tarn__avro_string(struct tarn__avro_reader *reader, struct tarn_text *out, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__avro_fixed(struct tarn__avro_reader *reader, uint32_t size, struct tarn_span *out,
                                                   struct tarn_error *err);

/**
 * Of an array or map: how many items follow, to be read before the next call; 0 at its end. Called until it says 0. The item of a map is
 * a string and then its `element`. A count that the bytes left cannot hold is CORRUPT; items that take no bytes are LIMIT beyond a million.
 */
TARN_WARN_UNUSED enum tarn_status tarn__avro_items(struct tarn__avro_reader *reader, const struct tarn__avro_type *type, uint64_t *count,
                                                   struct tarn_error *err);
/** Passes over a value. */
TARN_WARN_UNUSED enum tarn_status tarn__avro_skip(struct tarn__avro_reader *reader, const struct tarn__avro_type *type,
                                                  struct tarn_error *err);

/** CORRUPT at the reader's place, for callers that find a value of the right type wrong. Returns CORRUPT. */
enum tarn_status tarn__avro_fail(const struct tarn__avro_reader *reader, struct tarn_error *err, const char *detail, const char *format,
                                 ...) TARN_PRINTF(4, 5);

#endif
