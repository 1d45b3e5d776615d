/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_PAGE_PAGE_H
#define TARN_FORMAT_PAGE_PAGE_H

#include "format/codec/codec.h"
#include "format/crypt/file_cipher.h"
#include "format/page/page_header.h"

/*
 * The pages of one column chunk: header, checksum, decompression, split into levels and values. The chunk's bytes are in memory, or are
 * brought by a source as the walk comes to them; the body of a page that is passed over is then never asked for.
 *
 * Ownership: a page's spans point into the chunk's bytes or into `body`, a reference of the page's that its owner releases with
 * tarn__page_release; a walk with a source is released with tarn__page_walk_release. Threads: single.
 */

/** Where the bytes of a chunk come from, piece by piece. */
struct tarn_page_source {
    void *ctx;
    /**
     * At least `least` bytes of the file from `offset` on, which the chunk has; more where they are at hand. *holder, a new reference,
     * keeps them.
     */
    enum tarn_status (*bring)(void *ctx, uint64_t offset, size_t least, struct tarn_span *bytes, struct tarn_buffer **holder,
                              struct tarn_error *err);
};

/** What the pages of a chunk have in common, and where the walk is. */
struct tarn_page_walk {
    struct tarn_env *env;
    struct tarn_codec_context *codec_context;
    struct tarn_span rest;              /**< bytes at hand from the next page header on: without a source, to the chunk's end */
    uint64_t offset;                    /**< of `rest` in the file */
    uint64_t end;                       /**< with a source: of the chunk in the file */
    struct tarn_page_source source;     /**< `bring` NULL: `rest` is all */
    struct tarn_buffer *holder;         /**< a reference on what `rest` lies in; may be NULL without a source */
    uint64_t values_left;               /**< slots that data pages must still bring: num_values of the chunk at first */
    uint64_t page_limit;                /**< 0: TARN_PAGE_LIMIT */
    struct tarn__column_cipher *cipher; /**< borrowed; NULL: the column is not encrypted */
    uint32_t page_ordinal;              /**< of the next data page in its chunk; whoever seeks sets it */
    int32_t codec;                      /**< enum parquet_codec */
    uint16_t max_definition;
    uint16_t max_repetition;
    bool no_crc; /**< do not verify checksums */
};

struct tarn_page {
    struct tarn_page_header header; /**< of an encrypted page: statistics in it are valid until the walk's next page */
    uint32_t ordinal;               /**< of a data page in its chunk */
    uint64_t offset;                /**< of the header in the file */
    struct tarn_span stored;        /**< body as stored; no data yet when it was not at hand: tarn__page_open brings it */
    struct tarn_buffer *holder;     /**< a reference on what `stored` lies in; NULL when the walk has none */
    struct tarn_span repetition;    /**< RLE hybrid without length prefix, or BIT_PACKED; empty when the maximum is 0 */
    struct tarn_span definition;
    bool repetition_packed; /**< BIT_PACKED */
    bool definition_packed;
    struct tarn_span values;  /**< encoded values; a dictionary's entries */
    struct tarn_buffer *body; /**< uncompressed body; NULL when the spans point into the chunk */
};

/**
 * The next page's header; the body is not touched (`repetition`, `definition`, `values` are empty), so that a page can be passed over.
 * Index pages and pages of unknown type are passed over by itself. *end is set, and nothing returned, when all values have been met; bytes
 * behind are legal. Errors: CORRUPT detail "page_header" (also: the page leads out of the chunk, more values than the chunk has, the chunk
 * ends before all values are met), LIMIT; of encrypted pages those of tarn__column_cipher_page_header; all with the offset of the page.
 */
TARN_WARN_UNUSED enum tarn_status tarn__page_next(struct tarn_page_walk *walk, struct tarn_page *page, bool *end, struct tarn_error *err);

/**
 * Verifies the checksum, decompresses, splits: fills `repetition`, `definition`, `values`. `recycle` NULL, or the address of a buffer to
 * decompress into when it is unshared and large enough (taken: the pointer becomes NULL; released when it does not fit).
 * Errors: CORRUPT details "page_crc", "codec", "page" (levels lead out of the body), UNSUPPORTED (codec; levels "encoding.unknown"),
 * LIMIT, NOMEM; of encrypted pages those of tarn__column_cipher_body and _decrypt_body.
 */
TARN_WARN_UNUSED enum tarn_status tarn__page_open(struct tarn_page_walk *walk, struct tarn_page *page, struct tarn_buffer **recycle,
                                                  struct tarn_error *err);

/** Goes to a place in the file, where a page header is, and at most to `end`. Only with a source. */
void tarn__page_walk_seek(struct tarn_page_walk *walk, uint64_t offset, uint64_t end);
/** Gives the reference on the bytes at hand back. */
void tarn__page_walk_release(struct tarn_page_walk *walk);

/** Gives `body` and `holder` back; the page may be released twice. */
void tarn__page_release(struct tarn_page *page);

/** CRC-32 of the stored body is what the header says; true when it says nothing. */
bool tarn__page_crc_ok(const struct tarn_page *page);

#endif
