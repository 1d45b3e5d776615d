/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_TEXT_TEXT_INPUT_H
#define TARN_READER_TEXT_TEXT_INPUT_H

#include "format/base/utf8.h"
#include "tarn/reader.h"

/*
 * The text of a file or stream as UTF-8 bytes from front to back: read ahead, unpacked (gzip, zstd; by their magic, whatever the name),
 * without byte order mark, and transcoded when it is not UTF-8.
 *
 * UTF-8 itself is passed on unchecked: whoever parses it knows the lines and says where it is wrong.
 * Ownership: keeps its own reference on the object. Threads: single. Memory: two chunks, and what the decoder takes.
 */
struct tarn_text_input;

/** Where bytes come from: an object, or else a stream. Borrowed by tarn__text_input_open. */
struct tarn_text_origin {
    struct tarn_env *env;
    struct tarn_store *store; /**< NULL: the stream */
    struct tarn_text key;
    struct tarn_byte_stream stream;
    size_t chunk; /**< bytes of one read; 0: 1 MiB */
};

/**
 * `encoding`: a name of tarn_csv_options, or empty to find it out by byte order mark or the zeros of UTF-16.
 * Errors: INVALID encoding (the name); those of tarn__text_input_read.
 */
TARN_WARN_UNUSED enum tarn_status tarn__text_input_open(const struct tarn_text_origin *origin, struct tarn_text encoding,
                                                        struct tarn_text_input **out, struct tarn_error *err);
/** NULL is legal. */
void tarn__text_input_close(struct tarn_text_input *input);

/**
 * Fills `into` as far as the text goes; *got < size only at the end.
 * Errors: CORRUPT (gzip.*, zstd), INVALID encoding (with the offset in the unpacked bytes), LIMIT, NOMEM, and the store's or stream's.
 */
TARN_WARN_UNUSED enum tarn_status tarn__text_input_read(struct tarn_text_input *input, uint8_t *into, size_t size, size_t *got,
                                                        struct tarn_error *err);

/** What was found or given. Static texts. */
struct tarn_text tarn__text_input_encoding(const struct tarn_text_input *input);
struct tarn_text tarn__text_input_compression(const struct tarn_text_input *input);
/** Bytes read from the origin, and in how many requests. */
uint64_t tarn__text_input_bytes(const struct tarn_text_input *input, uint64_t *requests);

#endif
