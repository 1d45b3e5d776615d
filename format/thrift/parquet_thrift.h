/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_THRIFT_PARQUET_THRIFT_H
#define TARN_FORMAT_THRIFT_PARQUET_THRIFT_H

#include "format/thrift/compact.h"

/*
 * The structs of parquet.thrift (parquet-format 2.14) in C, and their descriptor tables.
 *
 * Names are the IDL's. An optional scalar, binary, list or inline struct has a `has_...` member, an optional struct behind a pointer is
 * absent when NULL, a required one is always there after decoding. Enum fields are int32_t, so that a value of tomorrow stays a number;
 * each has a function that names it. Unions begin with `id`, the field id of the member that is set.
 */

enum parquet_type {
    PARQUET_BOOLEAN = 0,
    PARQUET_INT32 = 1,
    PARQUET_INT64 = 2,
    PARQUET_INT96 = 3,
    PARQUET_FLOAT = 4,
    PARQUET_DOUBLE = 5,
    PARQUET_BYTE_ARRAY = 6,
    PARQUET_FIXED_LEN_BYTE_ARRAY = 7,
};

enum parquet_converted_type {
    PARQUET_CONVERTED_UTF8 = 0,
    PARQUET_CONVERTED_MAP = 1,
    PARQUET_CONVERTED_MAP_KEY_VALUE = 2,
    PARQUET_CONVERTED_LIST = 3,
    PARQUET_CONVERTED_ENUM = 4,
    PARQUET_CONVERTED_DECIMAL = 5,
    PARQUET_CONVERTED_DATE = 6,
    PARQUET_CONVERTED_TIME_MILLIS = 7,
    PARQUET_CONVERTED_TIME_MICROS = 8,
    PARQUET_CONVERTED_TIMESTAMP_MILLIS = 9,
    PARQUET_CONVERTED_TIMESTAMP_MICROS = 10,
    PARQUET_CONVERTED_UINT_8 = 11,
    PARQUET_CONVERTED_UINT_16 = 12,
    PARQUET_CONVERTED_UINT_32 = 13,
    PARQUET_CONVERTED_UINT_64 = 14,
    PARQUET_CONVERTED_INT_8 = 15,
    PARQUET_CONVERTED_INT_16 = 16,
    PARQUET_CONVERTED_INT_32 = 17,
    PARQUET_CONVERTED_INT_64 = 18,
    PARQUET_CONVERTED_JSON = 19,
    PARQUET_CONVERTED_BSON = 20,
    PARQUET_CONVERTED_INTERVAL = 21,
};

enum parquet_repetition { PARQUET_REQUIRED = 0, PARQUET_OPTIONAL = 1, PARQUET_REPEATED = 2 };

enum parquet_encoding {
    PARQUET_ENCODING_PLAIN = 0,
    PARQUET_ENCODING_PLAIN_DICTIONARY = 2,
    PARQUET_ENCODING_RLE = 3,
    PARQUET_ENCODING_BIT_PACKED = 4,
    PARQUET_ENCODING_DELTA_BINARY_PACKED = 5,
    PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY = 6,
    PARQUET_ENCODING_DELTA_BYTE_ARRAY = 7,
    PARQUET_ENCODING_RLE_DICTIONARY = 8,
    PARQUET_ENCODING_BYTE_STREAM_SPLIT = 9,
    PARQUET_ENCODING_ALP = 10,
};

enum parquet_codec {
    PARQUET_CODEC_UNCOMPRESSED = 0,
    PARQUET_CODEC_SNAPPY = 1,
    PARQUET_CODEC_GZIP = 2,
    PARQUET_CODEC_LZO = 3,
    PARQUET_CODEC_BROTLI = 4,
    PARQUET_CODEC_LZ4 = 5,
    PARQUET_CODEC_ZSTD = 6,
    PARQUET_CODEC_LZ4_RAW = 7,
};

enum parquet_page_type { PARQUET_DATA_PAGE = 0, PARQUET_INDEX_PAGE = 1, PARQUET_DICTIONARY_PAGE = 2, PARQUET_DATA_PAGE_V2 = 3 };

enum parquet_boundary_order { PARQUET_UNORDERED = 0, PARQUET_ASCENDING = 1, PARQUET_DESCENDING = 2 };

enum parquet_edge_algorithm {
    PARQUET_EDGE_SPHERICAL = 0,
    PARQUET_EDGE_VINCENTY = 1,
    PARQUET_EDGE_THOMAS = 2,
    PARQUET_EDGE_ANDOYER = 3,
    PARQUET_EDGE_KARNEY = 4,
};

/* ---- schema ---- */

enum parquet_time_unit_id { PARQUET_UNIT_MILLIS = 1, PARQUET_UNIT_MICROS = 2, PARQUET_UNIT_NANOS = 3 };
struct parquet_time_unit {
    int32_t id;
};

struct parquet_decimal_type {
    int32_t scale;
    int32_t precision;
};

/** TimeType and TimestampType. */
struct parquet_time_type {
    struct parquet_time_unit unit;
    bool is_adjusted_to_utc;
};

struct parquet_int_type {
    int8_t bit_width;
    bool is_signed;
};

struct parquet_variant_type {
    bool has_specification_version;
    int8_t specification_version;
};

struct parquet_geometry_type {
    bool has_crs;
    struct tarn_text crs;
};

struct parquet_geography_type {
    bool has_crs;
    bool has_algorithm;
    int32_t algorithm; /**< enum parquet_edge_algorithm */
    struct tarn_text crs;
};

enum parquet_logical_type_id {
    PARQUET_LOGICAL_STRING = 1,
    PARQUET_LOGICAL_MAP = 2,
    PARQUET_LOGICAL_LIST = 3,
    PARQUET_LOGICAL_ENUM = 4,
    PARQUET_LOGICAL_DECIMAL = 5,
    PARQUET_LOGICAL_DATE = 6,
    PARQUET_LOGICAL_TIME = 7,
    PARQUET_LOGICAL_TIMESTAMP = 8,
    PARQUET_LOGICAL_INTEGER = 10,
    PARQUET_LOGICAL_UNKNOWN = 11,
    PARQUET_LOGICAL_JSON = 12,
    PARQUET_LOGICAL_BSON = 13,
    PARQUET_LOGICAL_UUID = 14,
    PARQUET_LOGICAL_FLOAT16 = 15,
    PARQUET_LOGICAL_VARIANT = 16,
    PARQUET_LOGICAL_GEOMETRY = 17,
    PARQUET_LOGICAL_GEOGRAPHY = 18,
    PARQUET_LOGICAL_FILE = 19,
};

struct parquet_logical_type {
    int32_t id; /**< enum parquet_logical_type_id */
    union {
        struct parquet_decimal_type decimal;
        struct parquet_time_type time; /**< TIME, TIMESTAMP */
        struct parquet_int_type integer;
        struct parquet_variant_type variant;
        struct parquet_geometry_type geometry;
        struct parquet_geography_type geography;
    } u;
};

struct parquet_schema_element {
    bool has_type;
    bool has_type_length;
    bool has_repetition_type;
    bool has_num_children;
    bool has_converted_type;
    bool has_scale;
    bool has_precision;
    bool has_field_id;
    bool has_logical_type;
    int32_t type; /**< enum parquet_type */
    int32_t type_length;
    int32_t repetition_type; /**< enum parquet_repetition */
    int32_t num_children;
    int32_t converted_type; /**< enum parquet_converted_type */
    int32_t scale;
    int32_t precision;
    int32_t field_id;
    struct tarn_text name;
    struct parquet_logical_type logical_type;
};

/* ---- statistics ---- */

struct parquet_statistics {
    bool has_max; /**< of the deprecated pair */
    bool has_min;
    bool has_null_count;
    bool has_distinct_count;
    bool has_max_value;
    bool has_min_value;
    bool has_is_max_value_exact;
    bool has_is_min_value_exact;
    bool has_nan_count;
    bool is_max_value_exact;
    bool is_min_value_exact;
    struct tarn_span max;
    struct tarn_span min;
    int64_t null_count;
    int64_t distinct_count;
    struct tarn_span max_value;
    struct tarn_span min_value;
    int64_t nan_count;
};

typedef TARN_THRIFT_LIST_OF(int32_t) parquet_i32_list;
typedef TARN_THRIFT_LIST_OF(int64_t) parquet_i64_list;
typedef TARN_THRIFT_LIST_OF(bool) parquet_bool_list;
typedef TARN_THRIFT_LIST_OF(struct tarn_span) parquet_binary_list;
typedef TARN_THRIFT_LIST_OF(struct tarn_text) parquet_text_list;

struct parquet_size_statistics {
    bool has_unencoded_byte_array_data_bytes;
    bool has_repetition_level_histogram;
    bool has_definition_level_histogram;
    int64_t unencoded_byte_array_data_bytes;
    parquet_i64_list repetition_level_histogram;
    parquet_i64_list definition_level_histogram;
};

struct parquet_bounding_box {
    bool has_zmin;
    bool has_zmax;
    bool has_mmin;
    bool has_mmax;
    double xmin, xmax, ymin, ymax, zmin, zmax, mmin, mmax;
};

struct parquet_geospatial_statistics {
    bool has_bbox;
    bool has_geospatial_types;
    struct parquet_bounding_box bbox;
    parquet_i32_list geospatial_types;
};

/* ---- pages ---- */

struct parquet_data_page_header {
    int32_t num_values;
    int32_t encoding; /**< enum parquet_encoding */
    int32_t definition_level_encoding;
    int32_t repetition_level_encoding;
    bool has_statistics;
    struct parquet_statistics statistics;
};

struct parquet_dictionary_page_header {
    int32_t num_values;
    int32_t encoding;
    bool has_is_sorted;
    bool is_sorted;
};

struct parquet_data_page_header_v2 {
    int32_t num_values;
    int32_t num_nulls;
    int32_t num_rows;
    int32_t encoding;
    int32_t definition_levels_byte_length;
    int32_t repetition_levels_byte_length;
    bool has_is_compressed; /**< absent: true */
    bool is_compressed;
    bool has_statistics;
    struct parquet_statistics statistics;
};

/** Holds no pointers: decodes without an arena. */
struct parquet_page_header {
    int32_t type; /**< enum parquet_page_type */
    int32_t uncompressed_page_size;
    int32_t compressed_page_size;
    int32_t crc;
    bool has_crc;
    bool has_data_page_header;
    bool has_index_page_header;
    bool has_dictionary_page_header;
    bool has_data_page_header_v2;
    struct parquet_data_page_header data_page_header;
    struct parquet_dictionary_page_header dictionary_page_header;
    struct parquet_data_page_header_v2 data_page_header_v2;
};

/* ---- encryption ---- */

/** AesGcmV1 and AesGcmCtrV1. */
struct parquet_aes {
    bool has_aad_prefix;
    bool has_aad_file_unique;
    bool has_supply_aad_prefix;
    bool supply_aad_prefix;
    struct tarn_span aad_prefix;
    struct tarn_span aad_file_unique;
};

enum parquet_encryption_algorithm_id { PARQUET_AES_GCM_V1 = 1, PARQUET_AES_GCM_CTR_V1 = 2 };
struct parquet_encryption_algorithm {
    int32_t id;
    struct parquet_aes aes;
};

struct parquet_encryption_with_column_key {
    parquet_text_list path_in_schema;
    bool has_key_metadata;
    struct tarn_span key_metadata;
};

enum parquet_column_crypto_id { PARQUET_ENCRYPTION_WITH_FOOTER_KEY = 1, PARQUET_ENCRYPTION_WITH_COLUMN_KEY = 2 };
struct parquet_column_crypto_metadata {
    int32_t id;
    struct parquet_encryption_with_column_key column_key;
};

struct parquet_file_crypto_metadata {
    struct parquet_encryption_algorithm encryption_algorithm;
    bool has_key_metadata;
    struct tarn_span key_metadata;
};

/* ---- row groups ---- */

struct parquet_key_value {
    struct tarn_text key;
    bool has_value;
    struct tarn_text value;
};

struct parquet_sorting_column {
    int32_t column_idx;
    bool descending;
    bool nulls_first;
};

struct parquet_page_encoding_stats {
    int32_t page_type;
    int32_t encoding;
    int32_t count;
};

struct parquet_column_metadata {
    int32_t type;  /**< enum parquet_type */
    int32_t codec; /**< enum parquet_codec */
    bool has_key_value_metadata;
    bool has_index_page_offset;
    bool has_dictionary_page_offset;
    bool has_statistics;
    bool has_encoding_stats;
    bool has_bloom_filter_offset;
    bool has_bloom_filter_length;
    int32_t bloom_filter_length;
    parquet_i32_list encodings;
    parquet_text_list path_in_schema;
    int64_t num_values;
    int64_t total_uncompressed_size;
    int64_t total_compressed_size;
    TARN_THRIFT_LIST_OF(struct parquet_key_value) key_value_metadata;
    int64_t data_page_offset;
    int64_t index_page_offset;
    int64_t dictionary_page_offset;
    struct parquet_statistics statistics;
    TARN_THRIFT_LIST_OF(struct parquet_page_encoding_stats) encoding_stats;
    int64_t bloom_filter_offset;
    struct parquet_size_statistics *size_statistics;
    struct parquet_geospatial_statistics *geospatial_statistics;
};

struct parquet_column_chunk {
    bool has_file_path;
    bool has_meta_data;
    bool has_offset_index_offset;
    bool has_offset_index_length;
    bool has_column_index_offset;
    bool has_column_index_length;
    bool has_encrypted_column_metadata;
    int32_t offset_index_length;
    int32_t column_index_length;
    struct tarn_text file_path;
    int64_t file_offset;
    struct parquet_column_metadata meta_data;
    int64_t offset_index_offset;
    int64_t column_index_offset;
    struct parquet_column_crypto_metadata *crypto_metadata;
    struct tarn_span encrypted_column_metadata;
};

struct parquet_row_group {
    bool has_sorting_columns;
    bool has_file_offset;
    bool has_total_compressed_size;
    bool has_ordinal;
    int16_t ordinal;
    TARN_THRIFT_LIST_OF(struct parquet_column_chunk) columns;
    int64_t total_byte_size;
    int64_t num_rows;
    TARN_THRIFT_LIST_OF(struct parquet_sorting_column) sorting_columns;
    int64_t file_offset;
    int64_t total_compressed_size;
};

enum parquet_column_order_id {
    PARQUET_ORDER_TYPE = 1,
    PARQUET_ORDER_IEEE_754_TOTAL = 2,
    PARQUET_ORDER_INT96_TIMESTAMP = 3,
};
struct parquet_column_order {
    int32_t id;
};

struct parquet_file_metadata {
    int32_t version;
    bool has_key_value_metadata;
    bool has_created_by;
    bool has_column_orders;
    bool has_encryption_algorithm;
    bool has_footer_signing_key_metadata;
    TARN_THRIFT_LIST_OF(struct parquet_schema_element) schema;
    int64_t num_rows;
    TARN_THRIFT_LIST_OF(struct parquet_row_group) row_groups;
    TARN_THRIFT_LIST_OF(struct parquet_key_value) key_value_metadata;
    struct tarn_text created_by;
    TARN_THRIFT_LIST_OF(struct parquet_column_order) column_orders;
    struct parquet_encryption_algorithm encryption_algorithm;
    struct tarn_span footer_signing_key_metadata;
};

/* ---- indexes ---- */

struct parquet_page_location {
    int64_t offset;
    int32_t compressed_page_size; /**< with the header */
    int64_t first_row_index;
};

struct parquet_offset_index {
    TARN_THRIFT_LIST_OF(struct parquet_page_location) page_locations;
    bool has_unencoded_byte_array_data_bytes;
    parquet_i64_list unencoded_byte_array_data_bytes;
};

struct parquet_column_index {
    parquet_bool_list null_pages;
    parquet_binary_list min_values;
    parquet_binary_list max_values;
    int32_t boundary_order;
    bool has_null_counts;
    bool has_repetition_level_histograms;
    bool has_definition_level_histograms;
    bool has_nan_counts;
    parquet_i64_list null_counts;
    parquet_i64_list repetition_level_histograms;
    parquet_i64_list definition_level_histograms;
    parquet_i64_list nan_counts;
};

/** The three unions of the header have one member each, id 1: SPLIT BLOCK, XXHASH, UNCOMPRESSED. */
struct parquet_bloom_choice {
    int32_t id;
};
struct parquet_bloom_filter_header {
    int32_t num_bytes;
    struct parquet_bloom_choice algorithm;
    struct parquet_bloom_choice hash;
    struct parquet_bloom_choice compression;
};

/* ---- tables: `of` of tarn__thrift_decode and _encode ---- */

extern const struct tarn_thrift_struct tarn__parquet_file_metadata;
extern const struct tarn_thrift_struct tarn__parquet_page_header;
extern const struct tarn_thrift_struct tarn__parquet_schema_element;
extern const struct tarn_thrift_struct tarn__parquet_thrift_row_group;
extern const struct tarn_thrift_struct tarn__parquet_column_chunk;
extern const struct tarn_thrift_struct tarn__parquet_column_metadata;
extern const struct tarn_thrift_struct tarn__parquet_column_index;
extern const struct tarn_thrift_struct tarn__parquet_offset_index;
extern const struct tarn_thrift_struct tarn__parquet_bloom_filter_header;
extern const struct tarn_thrift_struct tarn__parquet_file_crypto_metadata;
extern const struct tarn_thrift_struct tarn__parquet_statistics;
extern const struct tarn_thrift_struct tarn__parquet_logical_type;

/* ---- names as the IDL spells them; "UNKNOWN" for a number it does not have. Static. ---- */

const char *tarn__parquet_type_name(int32_t type);
const char *tarn__parquet_encoding_name(int32_t encoding);
const char *tarn__parquet_codec_name(int32_t codec);
const char *tarn__parquet_page_type_name(int32_t type);
const char *tarn__parquet_converted_type_name(int32_t type);
const char *tarn__parquet_logical_type_name(int32_t id);

#endif
