/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_PAGE_PAGE_H
#define TARN_FORMAT_PAGE_PAGE_H

#include "format/codec/codec.h"
#include "format/page/page_header.h"

/*
 * The pages of one column chunk whose bytes are in memory: header, checksum, decompression, split into levels and values.
 *
 * Ownership: a page's spans point into the chunk's bytes or into `body`, a reference of the page's that its owner releases with
 * tarn__page_release. Threads: single.
 */

/** What the pages of a chunk have in common, and where the walk is. */
struct tarn_page_walk {
    struct tarn_env *env;
    struct tarn_codec_context *codec_context;
    struct tarn_span rest; /**< from the next page header to the chunk's end */
    uint64_t offset;       /**< of `rest` in the file: for errors */
    uint64_t values_left;  /**< slots that data pages must still bring: num_values of the chunk at first */
    uint64_t page_limit;   /**< 0: TARN_PAGE_LIMIT */
    int32_t codec;         /**< enum parquet_codec */
    uint16_t max_definition;
    uint16_t max_repetition;
    bool no_crc; /**< do not verify checksums */
};

struct tarn_page {
    struct tarn_page_header header;
    uint64_t offset;             /**< of the header in the file */
    struct tarn_span stored;     /**< body as stored, inside the chunk */
    struct tarn_span repetition; /**< RLE hybrid without length prefix; empty when the maximum is 0 or the levels are BIT_PACKED */
    struct tarn_span definition;
    struct tarn_span values;  /**< encoded values; a dictionary's entries */
    struct tarn_buffer *body; /**< uncompressed body; NULL when the spans point into the chunk */
};

/**
 * The next page's header; the body is not touched (`repetition`, `definition`, `values` are empty), so that a page can be passed over.
 * Index pages and pages of unknown type are passed over by itself. *end is set, and nothing returned, when all values have been met; bytes
 * behind are legal. Errors: CORRUPT detail "page_header" (also: the page leads out of the chunk, more values than the chunk has, the chunk
 * ends before all values are met), LIMIT; all with the offset of the page.
 */
TARN_WARN_UNUSED enum tarn_status tarn__page_next(struct tarn_page_walk *walk, struct tarn_page *page, bool *end, struct tarn_error *err);

/**
 * Verifies the checksum, decompresses, splits: fills `repetition`, `definition`, `values`. `recycle` NULL, or the address of a buffer to
 * decompress into when it is unshared and large enough (taken: the pointer becomes NULL; released when it does not fit).
 * Errors: CORRUPT details "page_crc", "codec", "page" (levels lead out of the body), UNSUPPORTED (codec; levels "encoding.bit_packed"),
 * LIMIT, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__page_open(struct tarn_page_walk *walk, struct tarn_page *page, struct tarn_buffer **recycle,
                                                  struct tarn_error *err);

/** Gives `body` back; the page may be released twice. */
void tarn__page_release(struct tarn_page *page);

/** CRC-32 of the stored body is what the header says; true when it says nothing. */
bool tarn__page_crc_ok(const struct tarn_page *page);

#endif
