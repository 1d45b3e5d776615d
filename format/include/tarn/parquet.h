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
    bool footer_encrypted;
    bool footer_signed; /**< it is plain, and its signature, for which there was a key, is right */
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
    struct tarn_bounds bounds; /**< of a column with metadata encrypted apart, without texts: tarn_parquet_chunk_open has them */
    bool encrypted;            /**< the column is; without its key only what the footer shows is known, which may be nothing: zeros, "" */
    bool has_key;              /**< true where none is needed */
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

/* ---- everything that the metadata has ---- */

/** The parameters of a logical type; those that the type does not have are 0, NULL or empty. */
struct tarn_parquet_logical_type {
    const char *name; /**< "STRING", "TIMESTAMP" ...; "" when there is none */
    int32_t id;       /**< of the union's member: tells members that tarn has no name for ("UNKNOWN") */
    bool is_adjusted_to_utc;
    const char *unit; /**< "MILLIS", "MICROS", "NANOS" */
    int32_t precision;
    int32_t scale;
    int32_t bit_width;
    bool is_signed;
    int32_t specification_version; /**< VARIANT */
    bool has_crs;
    struct tarn_text crs;
    bool has_algorithm;
    const char *algorithm; /**< GEOGRAPHY: "SPHERICAL" ... */
};

/** A SchemaElement; parents stand before their children. */
struct tarn_parquet_element {
    struct tarn_text name;
    const char *repetition;     /**< "REQUIRED", "OPTIONAL", "REPEATED"; "" when not given */
    const char *physical_type;  /**< "" for a group */
    const char *converted_type; /**< "" when there is none */
    struct tarn_parquet_logical_type logical_type;
    uint32_t parent; /**< index of the group it is in; of the root: its own */
    uint32_t child_count;
    uint32_t leaf; /**< number of the leaf column; UINT32_MAX: a group */
    uint16_t max_definition;
    uint16_t max_repetition;
    const char *column_order; /**< of a leaf: "TYPE_ORDER", "IEEE_754_TOTAL_ORDER", "INT96_TIMESTAMP_ORDER", "UNKNOWN"; "" when not given */
    bool has_type_length;
    bool has_precision;
    bool has_scale;
    bool has_field_id;
    int32_t type_length;
    int32_t precision;
    int32_t scale;
    int32_t field_id;
};

struct tarn_parquet_key_value {
    struct tarn_text key;
    bool has_value;
    struct tarn_text value;
};

/** Of the file as a whole, beside tarn_parquet_file_info. */
struct tarn_parquet_file_detail {
    uint32_t element_count;
    uint32_t key_value_count;
    const struct tarn_parquet_key_value *key_values;
    uint32_t column_order_count;                  /**< 0: not given */
    const char *encryption_algorithm;             /**< "AES_GCM_V1", "AES_GCM_CTR_V1"; "" when no column is encrypted */
    struct tarn_span aad_prefix;                  /**< `data` NULL: none stored */
    struct tarn_span aad_file_unique;             /**< `data` NULL: none */
    bool supply_aad_prefix;                       /**< the reader has to bring the prefix */
    struct tarn_span footer_signing_key_metadata; /**< `data` NULL: none */
};

struct tarn_parquet_sorting_column {
    int32_t column; /**< number of the leaf column */
    bool descending;
    bool nulls_first;
};

/** Of a row group, beside tarn_parquet_row_group_info: as stored. */
struct tarn_parquet_row_group_detail {
    int64_t total_byte_size;
    bool has_file_offset;
    bool has_total_compressed_size;
    bool has_ordinal;
    int64_t file_offset;
    int64_t total_compressed_size;
    int16_t ordinal;
    bool has_sorting_columns;
    uint32_t sorting_column_count;
    const struct tarn_parquet_sorting_column *sorting_columns;
};

/** Statistics as stored, believed or not: what may be believed is in tarn_parquet_chunk_info.bounds. Bounds: `data` NULL: absent. */
struct tarn_parquet_statistics {
    struct tarn_span max; /**< the deprecated pair */
    struct tarn_span min;
    struct tarn_span max_value;
    struct tarn_span min_value;
    bool has_null_count;
    bool has_distinct_count;
    bool has_nan_count;
    bool has_is_max_value_exact;
    bool has_is_min_value_exact;
    bool is_max_value_exact;
    bool is_min_value_exact;
    int64_t null_count;
    int64_t distinct_count;
    int64_t nan_count;
};

/** A histogram: values of each level from 0. `counts` NULL: absent. */
struct tarn_parquet_histogram {
    uint32_t count;
    const int64_t *counts;
};

struct tarn_parquet_size_statistics {
    bool has_unencoded_byte_array_data_bytes;
    int64_t unencoded_byte_array_data_bytes;
    struct tarn_parquet_histogram repetition_levels;
    struct tarn_parquet_histogram definition_levels;
};

struct tarn_parquet_geospatial_statistics {
    bool has_bbox;
    bool has_z;
    bool has_m;
    double xmin, xmax, ymin, ymax, zmin, zmax, mmin, mmax;
    bool has_types;
    uint32_t type_count;
    const int32_t *types; /**< ISO WKB */
};

struct tarn_parquet_page_encoding {
    const char *page_type;
    const char *encoding;
    int32_t count;
};

/** A place in the file. */
struct tarn_parquet_place {
    bool is_there;
    bool has_length;
    int64_t offset;
    int32_t length;
};

/** A ColumnChunk with its ColumnMetaData, whole, as stored. */
struct tarn_parquet_chunk {
    uint32_t row_group;
    uint32_t leaf;
    struct tarn_text path; /**< dotted, as in the schema */
    const char *physical_type;
    const char *codec;
    int32_t codec_id;
    uint32_t encoding_count;
    const char *const *encodings;
    uint32_t step_count;
    const struct tarn_text *path_in_schema;
    int64_t num_values;
    int64_t total_uncompressed_size;
    int64_t total_compressed_size;
    int64_t file_offset;
    bool has_file_path;
    struct tarn_text file_path;
    int64_t data_page_offset;
    bool has_index_page_offset;
    bool has_dictionary_page_offset;
    int64_t index_page_offset;
    int64_t dictionary_page_offset;
    struct tarn_parquet_place bloom_filter;
    struct tarn_parquet_place offset_index;
    struct tarn_parquet_place column_index;
    bool has_key_values;
    uint32_t key_value_count;
    const struct tarn_parquet_key_value *key_values;
    const struct tarn_parquet_statistics *statistics; /**< NULL: none; so the following */
    const struct tarn_parquet_size_statistics *size_statistics;
    const struct tarn_parquet_geospatial_statistics *geospatial_statistics;
    bool has_encoding_stats;
    uint32_t page_encoding_count;
    const struct tarn_parquet_page_encoding *page_encodings;
    const char *encryption;        /**< "" , "ENCRYPTION_WITH_FOOTER_KEY", "ENCRYPTION_WITH_COLUMN_KEY" */
    struct tarn_span key_metadata; /**< of the column's key; `data` NULL: none */
};

/** The pages of a chunk by its OffsetIndex. */
struct tarn_parquet_page_place {
    int64_t offset;
    int32_t compressed_size; /**< with the header */
    int64_t first_row;
};

struct tarn_parquet_offset_index {
    uint32_t page_count;
    const struct tarn_parquet_page_place *pages;
    const int64_t *unencoded_byte_array_data_bytes; /**< one a page; NULL: absent */
};

/** The ColumnIndex: one entry a page. Arrays that are absent are NULL. */
struct tarn_parquet_column_index {
    uint32_t page_count;
    const char *boundary_order; /**< "UNORDERED", "ASCENDING", "DESCENDING", "UNKNOWN" */
    const bool *null_pages;
    const struct tarn_span *min_values;
    const struct tarn_span *max_values;
    const int64_t *null_counts;
    const int64_t *nan_counts;
    struct tarn_parquet_histogram repetition_levels; /**< of all pages, one behind the other */
    struct tarn_parquet_histogram definition_levels;
};

TARN_BEGIN_DECLS

/** Reads the footer, with keys from the env's hooks. Errors: NOT_FOUND, IO, CORRUPT (magic, lengths, thrift, checksum), AUTH (keys),
 * UNSUPPORTED, LIMIT, NOMEM. */
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
 * "1: i32 5", "4: binary 2 6869", indented by depth. The words are those of the program tarn-footer-witness, so that the two can be
 * compared. Errors: CORRUPT, LIMIT.
 */
TARN_CALL tarn_parquet_footer_tree(struct tarn_span footer, void (*write)(void *arg, struct tarn_text piece), void *arg,
                                   struct tarn_error *err);
/** Walks the page headers of one chunk. Called once a page; a status other than OK ends the walk. */
TARN_CALL tarn_parquet_pages(const struct tarn_parquet_metadata *metadata, uint32_t row_group, uint32_t leaf,
                             enum tarn_status (*fn)(void *arg, const struct tarn_parquet_page_info *page, struct tarn_error *err),
                             void *arg, struct tarn_error *err);

/* What follows is as stored; texts, bytes and arrays live as long as the handle they were asked of. */

TARN_API struct tarn_parquet_file_detail tarn_parquet_file_detail(const struct tarn_parquet_metadata *metadata);
/** `element` below element_count; 0 is the root. Errors: INVALID. */
TARN_CALL tarn_parquet_element_info(const struct tarn_parquet_metadata *metadata, uint32_t element, struct tarn_parquet_element *out,
                                    struct tarn_error *err);
TARN_CALL tarn_parquet_row_group_detail(const struct tarn_parquet_metadata *metadata, uint32_t row_group,
                                        struct tarn_parquet_row_group_detail *out, struct tarn_error *err);
/**
 * A column chunk, decoded now and kept until it is closed; the metadata must stay open as long. Errors: INVALID (no such chunk),
 * UNSUPPORTED, AUTH (an encrypted column), NOMEM.
 */
TARN_CALL tarn_parquet_chunk_open(const struct tarn_parquet_metadata *metadata, uint32_t row_group, uint32_t leaf,
                                  struct tarn_parquet_chunk **out, struct tarn_error *err);
/** NULL is legal. */
TARN_API void tarn_parquet_chunk_close(struct tarn_parquet_chunk *chunk);
/** Reads the chunk's index; *out is NULL when it has none, else lives as long as the chunk. Single-threaded for one chunk. Errors: IO,
 * CORRUPT, UNSUPPORTED, NOMEM. */
TARN_CALL tarn_parquet_chunk_offset_index(struct tarn_parquet_chunk *chunk, const struct tarn_parquet_offset_index **out,
                                          struct tarn_error *err);
TARN_CALL tarn_parquet_chunk_column_index(struct tarn_parquet_chunk *chunk, const struct tarn_parquet_column_index **out,
                                          struct tarn_error *err);
/**
 * A stored bound (of statistics or an index) of the chunk's column as a value of its type, whether or not it may be believed. False: the
 * bytes are no value of it, or the type has none that can be shown.
 */
TARN_API bool tarn_parquet_chunk_bound(const struct tarn_parquet_chunk *chunk, struct tarn_span stored, struct tarn_value *out);

TARN_END_DECLS

#endif
