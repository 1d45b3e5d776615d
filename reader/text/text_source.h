/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_TEXT_TEXT_SOURCE_H
#define TARN_READER_TEXT_TEXT_SOURCE_H

#include <stdatomic.h>

#include "reader/text/text_input.h"

/*
 * What CSV and JSON sources share: where their text comes from, whether it can be read again, the schema to widen to.
 *
 * Threads: the source is shareable; of a stream only one cursor can ever be opened.
 */
struct tarn_text_source {
    struct tarn_source base; /**< first: the addresses are one */
    struct tarn_text_origin origin;
    char *key; /**< what origin.key points at */
    struct tarn_text encoding;
    struct tarn_text found_encoding; /**< what the input said */
    struct tarn_text found_compression;
    bool inferred; /**< the schema was: a value that breaks it widens it */
    _Atomic(struct tarn_schema *) wider;

    /* Streams: the input, and what the sniffer has read of it; the cursor takes both over. */
    struct tarn_text_input *input;
    uint8_t *sample;
    size_t sample_size;
    size_t sample_capacity;
    atomic_bool taken;
};

/** Fills in base.env and the origin; store and key are retained. tarn__text_source_deinit is due also when it fails. */
TARN_WARN_UNUSED enum tarn_status tarn__text_source_init(struct tarn_text_source *source, const struct tarn_source_ops *ops,
                                                         const struct tarn_text_origin *origin, struct tarn_error *err);
void tarn__text_source_deinit(struct tarn_text_source *source);

/** Reads on into `sample` until it has `size` bytes or the text ends (*ended). TARN_TEXT_PADDING bytes behind them are zero. */
TARN_WARN_UNUSED enum tarn_status tarn__text_source_sample(struct tarn_text_source *source, size_t size, bool *ended,
                                                           struct tarn_error *err);
/** The sample has been seen: forgets it, and the input, unless the text comes from a stream. */
void tarn__text_source_sampled(struct tarn_text_source *source);

/** The first one stays: takes the reference over. */
void tarn__text_source_widen(struct tarn_text_source *source, struct tarn_schema *wider);

/** INVALID encoding, naming the line of the first bad byte, unless `text` (which begins at line `line`) is UTF-8 throughout. */
TARN_WARN_UNUSED enum tarn_status tarn__text_check_utf8(struct tarn_span text, uint64_t line, struct tarn_error *err);

/** A piece of text that a cursor works on: whole records of it, then the rest is moved to the front and more read behind it. */
struct tarn_text_window {
    struct tarn_env *env;
    struct tarn_text_input *input;
    uint8_t *data; /**< with TARN_TEXT_PADDING bytes behind */
    size_t capacity;
    size_t begin; /**< what is before has been used */
    size_t size;
    bool ended;    /**< nothing comes behind `size` */
    uint64_t base; /**< offset of data[0] in the text */
};

enum { TARN_TEXT_PADDING = 64 };

/** Begins at the front of the text; of a stream once only (else INVALID stream). `capacity` 0: 4 MiB. */
TARN_WARN_UNUSED enum tarn_status tarn__text_window_open(struct tarn_text_source *source, size_t capacity, struct tarn_text_window *window,
                                                         struct tarn_error *err);
void tarn__text_window_close(struct tarn_text_window *window);
/** More text behind what is not used yet; grows when that fills it. Errors: LIMIT text.record (over `limit` bytes); the input's. */
TARN_WARN_UNUSED enum tarn_status tarn__text_window_fill(struct tarn_text_window *window, size_t limit, struct tarn_error *err);

#endif
