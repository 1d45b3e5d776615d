/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_PARQUET_H
#define TARN_PARQUET_H

#include "tarn/store.h"
#include "tarn/value.h"

/*
 * What a Parquet file says of itself, as data: for `tarn inspect`, for tools, for tests. Decoded from the footer and, where asked for, from
 * page headers and indexes.
 *
 * Specification: apache/parquet-format, parquet.thrift. Names are its own.
 * Ownership: all below belongs to the metadata handle. Threads: immutable and shareable once opened.
 */

struct tarn_parquet_metadata;

struct tarn_parquet_file_info {
    int32_t version;
    uint64_t file_size;
    uint64_t footer_size;
    uint64_t row_count;
    uint32_t row_group_count;
    uint32_t leaf_count; /**< leaf columns */
    struct tarn_text created_by;
    bool footer_checksum_present; /**< key of the tarn table profile; verified when the footer was read */
};

struct tarn_parquet_row_group_info {
    uint64_t row_count;
    uint64_t total_byte_size; /**< uncompressed */
    uint64_t total_compressed_size;
    uint64_t file_offset;
};

struct tarn_parquet_chunk_info {
    struct tarn_text path;         /**< dotted */
    const char *physical_type;     /**< "INT64" ... */
    struct tarn_text logical_type; /**< as the specification spells it, "" when none */
    const char *codec;
    struct tarn_text encodings; /**< separated by ", " */
    uint64_t value_count;
    uint64_t compressed_size;
    uint64_t uncompressed_size;
    uint64_t data_page_offset;
    uint64_t dictionary_page_offset; /**< 0: none */
    bool has_column_index;
    bool has_offset_index;
    bool has_bloom_filter;
    struct tarn_bounds bounds;
};

struct tarn_parquet_page_info {
    const char *type; /**< "DICTIONARY_PAGE", "DATA_PAGE", "DATA_PAGE_V2" */
    const char *encoding;
    uint64_t offset; /**< of the header */
    uint32_t header_size;
    uint32_t compressed_size;
    uint32_t uncompressed_size;
    uint32_t value_count;
    bool has_crc;
    bool crc_ok; /**< recomputed */
};

TARN_BEGIN_DECLS

/** Reads the footer. Errors: NOT_FOUND, IO, CORRUPT (magic, lengths, thrift, checksum), UNSUPPORTED, LIMIT, NOMEM. */
TARN_CALL tarn_parquet_metadata_open(struct tarn_store *store, struct tarn_text key, struct tarn_parquet_metadata **out,
                                     struct tarn_error *err);
TARN_API void tarn_parquet_metadata_close(struct tarn_parquet_metadata *metadata);
TARN_API struct tarn_parquet_file_info tarn_parquet_file_info(const struct tarn_parquet_metadata *metadata);
/** The logical schema; lives as long as the handle. */
TARN_API const struct tarn_schema *tarn_parquet_schema(const struct tarn_parquet_metadata *metadata);
/** Key-value metadata as the schema's properties; row groups, chunks: index below the counts. */
TARN_CALL tarn_parquet_row_group_info(const struct tarn_parquet_metadata *metadata, uint32_t row_group,
                                      struct tarn_parquet_row_group_info *out, struct tarn_error *err);
TARN_CALL tarn_parquet_chunk_info(const struct tarn_parquet_metadata *metadata, uint32_t row_group, uint32_t leaf,
                                  struct tarn_parquet_chunk_info *out, struct tarn_error *err);
/** The serialised FileMetaData as it was read (decrypted). */
TARN_API struct tarn_span tarn_parquet_footer_bytes(const struct tarn_parquet_metadata *metadata);
/**
 * The Thrift tree of a serialised FileMetaData as text, given in pieces that are valid during the call: one line a value, "2: list 3 [",
 * "1: i32 5", "4: binary 2 6869", indented by depth. The words are those of the program tarn-footer-witness, so that the two can be compared.
 * Errors: CORRUPT, LIMIT.
 */
TARN_CALL tarn_parquet_footer_tree(struct tarn_span footer, void (*write)(void *arg, struct tarn_text piece), void *arg,
                                   struct tarn_error *err);
/** Walks the page headers of one chunk. Called once a page; a status other than OK ends the walk. */
TARN_CALL tarn_parquet_pages(const struct tarn_parquet_metadata *metadata, uint32_t row_group, uint32_t leaf,
                             enum tarn_status (*fn)(void *arg, const struct tarn_parquet_page_info *page, struct tarn_error *err),
                             void *arg, struct tarn_error *err);

TARN_END_DECLS

#endif
