/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_PAGE_PAGE_HEADER_H
#define TARN_FORMAT_PAGE_PAGE_HEADER_H

#include "format/base/buffer.h"
#include "format/thrift/parquet_thrift.h"

/*
 * The header that stands before each page, decoded and checked. Threads: any.
 */
struct tarn_page_header {
    struct parquet_page_header thrift; /**< statistics point into the bytes it was decoded from */
    uint32_t header_size;
    uint32_t compressed_size;   /**< of the body as stored */
    uint32_t uncompressed_size; /**< of the body with levels */
    uint32_t value_count;       /**< slots, nulls included; entries of a dictionary */
    uint32_t repetition_size;   /**< DATA_PAGE_V2: bytes of the levels at the begin of the body, never compressed */
    uint32_t definition_size;
    int32_t type;     /**< enum parquet_page_type */
    int32_t encoding; /**< of the values */
    bool compressed;  /**< the codec applies (DATA_PAGE_V2 may say no) */
};

/** Bytes of a page (uncompressed) that are accepted when no limit is given. */
#define TARN_PAGE_LIMIT (UINT64_C(1) << 31)

/**
 * Decodes and validates the header at the begin of `bytes`, which reach at most to the chunk's end; `limit` bounds the uncompressed size
 * (0: TARN_PAGE_LIMIT). When `*truncated` is set the failure was only that `bytes` end inside the header: call again with more of them, if
 * the chunk has more (headers have no size limit).
 * Errors: CORRUPT detail "page_header" (negative sizes, sub-header missing, levels larger than the body, ...), LIMIT. A page type or
 * encoding that is unknown is no error here.
 */
TARN_WARN_UNUSED enum tarn_status tarn__page_header_decode(struct tarn_span bytes, uint64_t limit, struct tarn_page_header *out,
                                                           bool *truncated, struct tarn_error *err);

/** Appends a header. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__page_header_encode(const struct parquet_page_header *header, struct tarn_buffer *out,
                                                           struct tarn_error *err);

#endif
