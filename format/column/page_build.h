/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_PAGE_BUILD_H
#define TARN_FORMAT_COLUMN_PAGE_BUILD_H

#include "format/codec/codec.h"
#include "format/page/page_header.h"

/*
 * Pages in bytes: levels and values encoded, compressed, checksummed, behind their header.
 *
 * Ownership: the builder keeps scratch memory. Threads: single.
 */
struct tarn__page_builder {
    struct tarn_env *env;
    int32_t codec; /**< enum parquet_codec */
    int32_t codec_level;
    uint32_t version; /**< of data pages: 1 or 2 */
    bool no_crc;
    uint16_t max_definition;
    uint16_t max_repetition;
    struct tarn_buffer *body;       /* scratch: uncompressed */
    struct tarn_buffer *compressed; /* scratch */
};

/** What a data page holds. */
struct tarn__page_content {
    uint32_t rows;
    uint32_t slots;
    uint32_t values;            /**< slots that hold one */
    const uint16_t *definition; /**< `slots` each; may be NULL where the greatest level is 0 */
    const uint16_t *repetition;
    const uint32_t *codes; /**< dictionary-encoded: `values` of them, all at most `max_code` */
    uint32_t max_code;
    int32_t encoding;         /**< `codes` NULL: of the values */
    struct tarn_span encoded; /**< `codes` NULL: the values */
};

/** Sizes of a page that was appended. */
struct tarn__page_size {
    uint32_t stored;       /**< header and body in the file */
    uint32_t uncompressed; /**< header and body if it were not compressed: what chunk totals count */
    uint32_t values;       /**< the values as they would be stored without levels, compressed or not */
    bool packed;           /**< the codec made it smaller by enough, and is needed to read it */
};

/** INVALID detail "page_size": pages have at most 2^31 - 1 bytes and slots, and a row lies in one. */
enum tarn_status tarn__page_too_large(uint64_t size, struct tarn_error *err);

/** Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__page_builder_init(struct tarn__page_builder *builder, struct tarn_env *env, struct tarn_error *err);
void tarn__page_builder_free(struct tarn__page_builder *builder);

/**
 * Appends a data page to `out`, compressed if `compress` says so and it gains: a page of version 2 that does not says that it is not, one
 * of version 1 is stored in the codec's own form for bytes as they are, where it has one. Errors: INVALID detail "page_size" (over 2 GiB:
 * one row too large), UNSUPPORTED (codec), NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__page_build_data(struct tarn__page_builder *builder, struct tarn_codec_context *context,
                                                        const struct tarn__page_content *content, bool compress, struct tarn_buffer *out,
                                                        struct tarn__page_size *size, struct tarn_error *err);

/** Appends a DICTIONARY_PAGE of `count` entries. Errors: as above. */
TARN_WARN_UNUSED enum tarn_status tarn__page_build_dictionary(struct tarn__page_builder *builder, struct tarn_codec_context *context,
                                                              struct tarn_span plain, uint32_t count, bool compress,
                                                              struct tarn_buffer *out, struct tarn__page_size *size,
                                                              struct tarn_error *err);

/**
 * Appends the page of version 1, or dictionary page, that was appended as `page` once more, with its codec (`from`: whether it has it now)
 * or without. Errors: as above.
 */
TARN_WARN_UNUSED enum tarn_status tarn__page_recode(struct tarn__page_builder *builder, struct tarn_codec_context *context,
                                                    struct tarn_span page, bool from, bool to, struct tarn_buffer *out,
                                                    struct tarn__page_size *size, struct tarn_error *err);

#endif
