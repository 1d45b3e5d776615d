/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of parquet.thrift: for each struct, which C member is which field id of which wire type; and the names of its enums.
 *
 * Specification: apache/parquet-format 2.14, src/main/thrift/parquet.thrift. SPEC: P-THRIFT-8.
 *
 * Invariants
 *  1. The index of an entry is the field id; ids that the IDL does not use have no name.
 *  2. No id is above 63 (the decoder keeps what it has seen in 64 bits).
 */
#include "format/thrift/parquet_thrift.h"

#define REQUIRED(of_struct, member, wire)                                                                                                  \
    {                                                                                                                                      \
        .name = #member, .type = TARN_THRIFT_##wire, .required = true, .offset = offsetof(struct of_struct, member),                       \
        .presence = TARN_THRIFT_ALWAYS                                                                                                     \
    }
#define OPTIONAL(of_struct, member, wire)                                                                                                  \
    {                                                                                                                                      \
        .name = #member, .type = TARN_THRIFT_##wire, .offset = offsetof(struct of_struct, member),                                         \
        .presence = offsetof(struct of_struct, has_##member)                                                                               \
    }
#define REQUIRED_STRUCT(of_struct, member, table)                                                                                          \
    {                                                                                                                                      \
        .name = #member, .type = TARN_THRIFT_STRUCT, .required = true, .offset = offsetof(struct of_struct, member),                       \
        .presence = TARN_THRIFT_ALWAYS, .of = &(table)                                                                                     \
    }
#define OPTIONAL_STRUCT(of_struct, member, table)                                                                                          \
    {                                                                                                                                      \
        .name = #member, .type = TARN_THRIFT_STRUCT, .offset = offsetof(struct of_struct, member),                                         \
        .presence = offsetof(struct of_struct, has_##member), .of = &(table)                                                               \
    }
#define POINTER_STRUCT(of_struct, member, table)                                                                                           \
    {                                                                                                                                      \
        .name = #member, .type = TARN_THRIFT_STRUCT, .storage = TARN_THRIFT_POINTER, .offset = offsetof(struct of_struct, member),         \
        .presence = TARN_THRIFT_ALWAYS, .of = &(table)                                                                                     \
    }
#define REQUIRED_LIST(of_struct, member, wire)                                                                                             \
    {                                                                                                                                      \
        .name = #member, .type = TARN_THRIFT_LIST, .element = TARN_THRIFT_##wire, .required = true,                                        \
        .offset = offsetof(struct of_struct, member), .presence = TARN_THRIFT_ALWAYS                                                       \
    }
#define OPTIONAL_LIST(of_struct, member, wire)                                                                                             \
    {                                                                                                                                      \
        .name = #member, .type = TARN_THRIFT_LIST, .element = TARN_THRIFT_##wire, .offset = offsetof(struct of_struct, member),            \
        .presence = offsetof(struct of_struct, has_##member)                                                                               \
    }
#define REQUIRED_STRUCTS(of_struct, member, table)                                                                                         \
    {                                                                                                                                      \
        .name = #member, .type = TARN_THRIFT_LIST, .element = TARN_THRIFT_STRUCT, .required = true,                                        \
        .offset = offsetof(struct of_struct, member), .presence = TARN_THRIFT_ALWAYS, .of = &(table)                                       \
    }
#define OPTIONAL_STRUCTS(of_struct, member, table)                                                                                         \
    {                                                                                                                                      \
        .name = #member, .type = TARN_THRIFT_LIST, .element = TARN_THRIFT_STRUCT, .offset = offsetof(struct of_struct, member),            \
        .presence = offsetof(struct of_struct, has_##member), .of = &(table)                                                               \
    }
/* Members of unions. */
#define MEMBER(idl_name, of_struct, member, table)                                                                                         \
    {                                                                                                                                      \
        .name = idl_name, .type = TARN_THRIFT_STRUCT, .offset = offsetof(struct of_struct, member), .presence = TARN_THRIFT_ALWAYS,        \
        .of = &(table)                                                                                                                     \
    }
#define EMPTY_MEMBER(idl_name)                                                                                                             \
    {                                                                                                                                      \
        .name = idl_name, .type = TARN_THRIFT_STRUCT, .storage = TARN_THRIFT_EMPTY, .presence = TARN_THRIFT_ALWAYS                         \
    }

#define TABLE(idl_name, of_struct, union_or_not, fields_of)                                                                                \
    {                                                                                                                                      \
        .name = idl_name, .size = sizeof(struct of_struct), .field_count = sizeof(fields_of) / sizeof((fields_of)[0]),                     \
        .is_union = union_or_not, .fields = fields_of                                                                                      \
    }

/* ---- schema ---- */

static const struct tarn_thrift_field time_unit_fields[] = {
    [PARQUET_UNIT_MILLIS] = EMPTY_MEMBER("MILLIS"),
    [PARQUET_UNIT_MICROS] = EMPTY_MEMBER("MICROS"),
    [PARQUET_UNIT_NANOS] = EMPTY_MEMBER("NANOS"),
};
static const struct tarn_thrift_struct time_unit = TABLE("TimeUnit", parquet_time_unit, true, time_unit_fields);

static const struct tarn_thrift_field decimal_fields[] = {
    [1] = REQUIRED(parquet_decimal_type, scale, I32),
    [2] = REQUIRED(parquet_decimal_type, precision, I32),
};
static const struct tarn_thrift_struct decimal_type = TABLE("DecimalType", parquet_decimal_type, false, decimal_fields);

static const struct tarn_thrift_field time_fields[] = {
    [1] = REQUIRED(parquet_time_type, is_adjusted_to_utc, TRUE),
    [2] = REQUIRED_STRUCT(parquet_time_type, unit, time_unit),
};
static const struct tarn_thrift_struct time_type = TABLE("TimeType", parquet_time_type, false, time_fields);

static const struct tarn_thrift_field int_fields[] = {
    [1] = REQUIRED(parquet_int_type, bit_width, I8),
    [2] = REQUIRED(parquet_int_type, is_signed, TRUE),
};
static const struct tarn_thrift_struct int_type = TABLE("IntType", parquet_int_type, false, int_fields);

static const struct tarn_thrift_field variant_fields[] = {[1] = OPTIONAL(parquet_variant_type, specification_version, I8)};
static const struct tarn_thrift_struct variant_type = TABLE("VariantType", parquet_variant_type, false, variant_fields);

static const struct tarn_thrift_field geometry_fields[] = {[1] = OPTIONAL(parquet_geometry_type, crs, BINARY)};
static const struct tarn_thrift_struct geometry_type = TABLE("GeometryType", parquet_geometry_type, false, geometry_fields);

static const struct tarn_thrift_field geography_fields[] = {
    [1] = OPTIONAL(parquet_geography_type, crs, BINARY),
    [2] = OPTIONAL(parquet_geography_type, algorithm, I32),
};
static const struct tarn_thrift_struct geography_type = TABLE("GeographyType", parquet_geography_type, false, geography_fields);

static const struct tarn_thrift_field logical_fields[] = {
    [PARQUET_LOGICAL_STRING] = EMPTY_MEMBER("STRING"),
    [PARQUET_LOGICAL_MAP] = EMPTY_MEMBER("MAP"),
    [PARQUET_LOGICAL_LIST] = EMPTY_MEMBER("LIST"),
    [PARQUET_LOGICAL_ENUM] = EMPTY_MEMBER("ENUM"),
    [PARQUET_LOGICAL_DECIMAL] = MEMBER("DECIMAL", parquet_logical_type, u.decimal, decimal_type),
    [PARQUET_LOGICAL_DATE] = EMPTY_MEMBER("DATE"),
    [PARQUET_LOGICAL_TIME] = MEMBER("TIME", parquet_logical_type, u.time, time_type),
    [PARQUET_LOGICAL_TIMESTAMP] = MEMBER("TIMESTAMP", parquet_logical_type, u.time, time_type),
    [PARQUET_LOGICAL_INTEGER] = MEMBER("INTEGER", parquet_logical_type, u.integer, int_type),
    [PARQUET_LOGICAL_UNKNOWN] = EMPTY_MEMBER("UNKNOWN"),
    [PARQUET_LOGICAL_JSON] = EMPTY_MEMBER("JSON"),
    [PARQUET_LOGICAL_BSON] = EMPTY_MEMBER("BSON"),
    [PARQUET_LOGICAL_UUID] = EMPTY_MEMBER("UUID"),
    [PARQUET_LOGICAL_FLOAT16] = EMPTY_MEMBER("FLOAT16"),
    [PARQUET_LOGICAL_VARIANT] = MEMBER("VARIANT", parquet_logical_type, u.variant, variant_type),
    [PARQUET_LOGICAL_GEOMETRY] = MEMBER("GEOMETRY", parquet_logical_type, u.geometry, geometry_type),
    [PARQUET_LOGICAL_GEOGRAPHY] = MEMBER("GEOGRAPHY", parquet_logical_type, u.geography, geography_type),
    [PARQUET_LOGICAL_FILE] = EMPTY_MEMBER("FILE"),
};
const struct tarn_thrift_struct tarn__parquet_logical_type = TABLE("LogicalType", parquet_logical_type, true, logical_fields);

static const struct tarn_thrift_field schema_element_fields[] = {
    [1] = OPTIONAL(parquet_schema_element, type, I32),
    [2] = OPTIONAL(parquet_schema_element, type_length, I32),
    [3] = OPTIONAL(parquet_schema_element, repetition_type, I32),
    [4] = REQUIRED(parquet_schema_element, name, BINARY),
    [5] = OPTIONAL(parquet_schema_element, num_children, I32),
    [6] = OPTIONAL(parquet_schema_element, converted_type, I32),
    [7] = OPTIONAL(parquet_schema_element, scale, I32),
    [8] = OPTIONAL(parquet_schema_element, precision, I32),
    [9] = OPTIONAL(parquet_schema_element, field_id, I32),
    [10] = OPTIONAL_STRUCT(parquet_schema_element, logical_type, tarn__parquet_logical_type),
};
const struct tarn_thrift_struct tarn__parquet_schema_element = TABLE("SchemaElement", parquet_schema_element, false, schema_element_fields);

/* ---- statistics ---- */

static const struct tarn_thrift_field statistics_fields[] = {
    [1] = OPTIONAL(parquet_statistics, max, BINARY),
    [2] = OPTIONAL(parquet_statistics, min, BINARY),
    [3] = OPTIONAL(parquet_statistics, null_count, I64),
    [4] = OPTIONAL(parquet_statistics, distinct_count, I64),
    [5] = OPTIONAL(parquet_statistics, max_value, BINARY),
    [6] = OPTIONAL(parquet_statistics, min_value, BINARY),
    [7] = OPTIONAL(parquet_statistics, is_max_value_exact, TRUE),
    [8] = OPTIONAL(parquet_statistics, is_min_value_exact, TRUE),
    [9] = OPTIONAL(parquet_statistics, nan_count, I64),
};
const struct tarn_thrift_struct tarn__parquet_statistics = TABLE("Statistics", parquet_statistics, false, statistics_fields);

static const struct tarn_thrift_field size_statistics_fields[] = {
    [1] = OPTIONAL(parquet_size_statistics, unencoded_byte_array_data_bytes, I64),
    [2] = OPTIONAL_LIST(parquet_size_statistics, repetition_level_histogram, I64),
    [3] = OPTIONAL_LIST(parquet_size_statistics, definition_level_histogram, I64),
};
static const struct tarn_thrift_struct size_statistics = TABLE("SizeStatistics", parquet_size_statistics, false, size_statistics_fields);

static const struct tarn_thrift_field bounding_box_fields[] = {
    [1] = REQUIRED(parquet_bounding_box, xmin, DOUBLE), [2] = REQUIRED(parquet_bounding_box, xmax, DOUBLE),
    [3] = REQUIRED(parquet_bounding_box, ymin, DOUBLE), [4] = REQUIRED(parquet_bounding_box, ymax, DOUBLE),
    [5] = OPTIONAL(parquet_bounding_box, zmin, DOUBLE), [6] = OPTIONAL(parquet_bounding_box, zmax, DOUBLE),
    [7] = OPTIONAL(parquet_bounding_box, mmin, DOUBLE), [8] = OPTIONAL(parquet_bounding_box, mmax, DOUBLE),
};
static const struct tarn_thrift_struct bounding_box = TABLE("BoundingBox", parquet_bounding_box, false, bounding_box_fields);

static const struct tarn_thrift_field geospatial_fields[] = {
    [1] = OPTIONAL_STRUCT(parquet_geospatial_statistics, bbox, bounding_box),
    [2] = OPTIONAL_LIST(parquet_geospatial_statistics, geospatial_types, I32),
};
static const struct tarn_thrift_struct geospatial_statistics =
    TABLE("GeospatialStatistics", parquet_geospatial_statistics, false, geospatial_fields);

/* ---- pages ---- */

static const struct tarn_thrift_field data_page_fields[] = {
    [1] = REQUIRED(parquet_data_page_header, num_values, I32),
    [2] = REQUIRED(parquet_data_page_header, encoding, I32),
    [3] = REQUIRED(parquet_data_page_header, definition_level_encoding, I32),
    [4] = REQUIRED(parquet_data_page_header, repetition_level_encoding, I32),
    [5] = OPTIONAL_STRUCT(parquet_data_page_header, statistics, tarn__parquet_statistics),
};
static const struct tarn_thrift_struct data_page_header = TABLE("DataPageHeader", parquet_data_page_header, false, data_page_fields);

static const struct tarn_thrift_field dictionary_page_fields[] = {
    [1] = REQUIRED(parquet_dictionary_page_header, num_values, I32),
    [2] = REQUIRED(parquet_dictionary_page_header, encoding, I32),
    [3] = OPTIONAL(parquet_dictionary_page_header, is_sorted, TRUE),
};
static const struct tarn_thrift_struct dictionary_page_header =
    TABLE("DictionaryPageHeader", parquet_dictionary_page_header, false, dictionary_page_fields);

static const struct tarn_thrift_field data_page_v2_fields[] = {
    [1] = REQUIRED(parquet_data_page_header_v2, num_values, I32),
    [2] = REQUIRED(parquet_data_page_header_v2, num_nulls, I32),
    [3] = REQUIRED(parquet_data_page_header_v2, num_rows, I32),
    [4] = REQUIRED(parquet_data_page_header_v2, encoding, I32),
    [5] = REQUIRED(parquet_data_page_header_v2, definition_levels_byte_length, I32),
    [6] = REQUIRED(parquet_data_page_header_v2, repetition_levels_byte_length, I32),
    [7] = OPTIONAL(parquet_data_page_header_v2, is_compressed, TRUE),
    [8] = OPTIONAL_STRUCT(parquet_data_page_header_v2, statistics, tarn__parquet_statistics),
};
static const struct tarn_thrift_struct data_page_header_v2 =
    TABLE("DataPageHeaderV2", parquet_data_page_header_v2, false, data_page_v2_fields);

static const struct tarn_thrift_field page_header_fields[] = {
    [1] = REQUIRED(parquet_page_header, type, I32),
    [2] = REQUIRED(parquet_page_header, uncompressed_page_size, I32),
    [3] = REQUIRED(parquet_page_header, compressed_page_size, I32),
    [4] = OPTIONAL(parquet_page_header, crc, I32),
    [5] = OPTIONAL_STRUCT(parquet_page_header, data_page_header, data_page_header),
    [6] = {.name = "index_page_header",
           .type = TARN_THRIFT_STRUCT,
           .storage = TARN_THRIFT_EMPTY,
           .presence = offsetof(struct parquet_page_header, has_index_page_header)},
    [7] = OPTIONAL_STRUCT(parquet_page_header, dictionary_page_header, dictionary_page_header),
    [8] = OPTIONAL_STRUCT(parquet_page_header, data_page_header_v2, data_page_header_v2),
};
const struct tarn_thrift_struct tarn__parquet_page_header = TABLE("PageHeader", parquet_page_header, false, page_header_fields);

/* ---- encryption ---- */

static const struct tarn_thrift_field aes_fields[] = {
    [1] = OPTIONAL(parquet_aes, aad_prefix, BINARY),
    [2] = OPTIONAL(parquet_aes, aad_file_unique, BINARY),
    [3] = OPTIONAL(parquet_aes, supply_aad_prefix, TRUE),
};
static const struct tarn_thrift_struct aes = TABLE("AesGcmV1", parquet_aes, false, aes_fields);

static const struct tarn_thrift_field encryption_algorithm_fields[] = {
    [PARQUET_AES_GCM_V1] = MEMBER("AES_GCM_V1", parquet_encryption_algorithm, aes, aes),
    [PARQUET_AES_GCM_CTR_V1] = MEMBER("AES_GCM_CTR_V1", parquet_encryption_algorithm, aes, aes),
};
static const struct tarn_thrift_struct encryption_algorithm =
    TABLE("EncryptionAlgorithm", parquet_encryption_algorithm, true, encryption_algorithm_fields);

static const struct tarn_thrift_field column_key_fields[] = {
    [1] = REQUIRED_LIST(parquet_encryption_with_column_key, path_in_schema, BINARY),
    [2] = OPTIONAL(parquet_encryption_with_column_key, key_metadata, BINARY),
};
static const struct tarn_thrift_struct column_key =
    TABLE("EncryptionWithColumnKey", parquet_encryption_with_column_key, false, column_key_fields);

static const struct tarn_thrift_field column_crypto_fields[] = {
    [PARQUET_ENCRYPTION_WITH_FOOTER_KEY] = EMPTY_MEMBER("ENCRYPTION_WITH_FOOTER_KEY"),
    [PARQUET_ENCRYPTION_WITH_COLUMN_KEY] = MEMBER("ENCRYPTION_WITH_COLUMN_KEY", parquet_column_crypto_metadata, column_key, column_key),
};
static const struct tarn_thrift_struct column_crypto_metadata =
    TABLE("ColumnCryptoMetaData", parquet_column_crypto_metadata, true, column_crypto_fields);

static const struct tarn_thrift_field file_crypto_fields[] = {
    [1] = REQUIRED_STRUCT(parquet_file_crypto_metadata, encryption_algorithm, encryption_algorithm),
    [2] = OPTIONAL(parquet_file_crypto_metadata, key_metadata, BINARY),
};
const struct tarn_thrift_struct tarn__parquet_file_crypto_metadata =
    TABLE("FileCryptoMetaData", parquet_file_crypto_metadata, false, file_crypto_fields);

/* ---- row groups ---- */

static const struct tarn_thrift_field key_value_fields[] = {
    [1] = REQUIRED(parquet_key_value, key, BINARY),
    [2] = OPTIONAL(parquet_key_value, value, BINARY),
};
static const struct tarn_thrift_struct key_value = TABLE("KeyValue", parquet_key_value, false, key_value_fields);

static const struct tarn_thrift_field sorting_column_fields[] = {
    [1] = REQUIRED(parquet_sorting_column, column_idx, I32),
    [2] = REQUIRED(parquet_sorting_column, descending, TRUE),
    [3] = REQUIRED(parquet_sorting_column, nulls_first, TRUE),
};
static const struct tarn_thrift_struct sorting_column = TABLE("SortingColumn", parquet_sorting_column, false, sorting_column_fields);

static const struct tarn_thrift_field page_encoding_fields[] = {
    [1] = REQUIRED(parquet_page_encoding_stats, page_type, I32),
    [2] = REQUIRED(parquet_page_encoding_stats, encoding, I32),
    [3] = REQUIRED(parquet_page_encoding_stats, count, I32),
};
static const struct tarn_thrift_struct page_encoding_stats =
    TABLE("PageEncodingStats", parquet_page_encoding_stats, false, page_encoding_fields);

static const struct tarn_thrift_field column_metadata_fields[] = {
    [1] = REQUIRED(parquet_column_metadata, type, I32),
    [2] = REQUIRED_LIST(parquet_column_metadata, encodings, I32),
    [3] = REQUIRED_LIST(parquet_column_metadata, path_in_schema, BINARY),
    [4] = REQUIRED(parquet_column_metadata, codec, I32),
    [5] = REQUIRED(parquet_column_metadata, num_values, I64),
    [6] = REQUIRED(parquet_column_metadata, total_uncompressed_size, I64),
    [7] = REQUIRED(parquet_column_metadata, total_compressed_size, I64),
    [8] = OPTIONAL_STRUCTS(parquet_column_metadata, key_value_metadata, key_value),
    [9] = REQUIRED(parquet_column_metadata, data_page_offset, I64),
    [10] = OPTIONAL(parquet_column_metadata, index_page_offset, I64),
    [11] = OPTIONAL(parquet_column_metadata, dictionary_page_offset, I64),
    [12] = OPTIONAL_STRUCT(parquet_column_metadata, statistics, tarn__parquet_statistics),
    [13] = OPTIONAL_STRUCTS(parquet_column_metadata, encoding_stats, page_encoding_stats),
    [14] = OPTIONAL(parquet_column_metadata, bloom_filter_offset, I64),
    [15] = OPTIONAL(parquet_column_metadata, bloom_filter_length, I32),
    [16] = POINTER_STRUCT(parquet_column_metadata, size_statistics, size_statistics),
    [17] = POINTER_STRUCT(parquet_column_metadata, geospatial_statistics, geospatial_statistics),
};
const struct tarn_thrift_struct tarn__parquet_column_metadata =
    TABLE("ColumnMetaData", parquet_column_metadata, false, column_metadata_fields);

static const struct tarn_thrift_field column_chunk_fields[] = {
    [1] = OPTIONAL(parquet_column_chunk, file_path, BINARY),
    [2] = REQUIRED(parquet_column_chunk, file_offset, I64),
    [3] = OPTIONAL_STRUCT(parquet_column_chunk, meta_data, tarn__parquet_column_metadata),
    [4] = OPTIONAL(parquet_column_chunk, offset_index_offset, I64),
    [5] = OPTIONAL(parquet_column_chunk, offset_index_length, I32),
    [6] = OPTIONAL(parquet_column_chunk, column_index_offset, I64),
    [7] = OPTIONAL(parquet_column_chunk, column_index_length, I32),
    [8] = POINTER_STRUCT(parquet_column_chunk, crypto_metadata, column_crypto_metadata),
    [9] = OPTIONAL(parquet_column_chunk, encrypted_column_metadata, BINARY),
};
const struct tarn_thrift_struct tarn__parquet_column_chunk = TABLE("ColumnChunk", parquet_column_chunk, false, column_chunk_fields);

static const struct tarn_thrift_field row_group_fields[] = {
    [1] = REQUIRED_STRUCTS(parquet_row_group, columns, tarn__parquet_column_chunk),
    [2] = REQUIRED(parquet_row_group, total_byte_size, I64),
    [3] = REQUIRED(parquet_row_group, num_rows, I64),
    [4] = OPTIONAL_STRUCTS(parquet_row_group, sorting_columns, sorting_column),
    [5] = OPTIONAL(parquet_row_group, file_offset, I64),
    [6] = OPTIONAL(parquet_row_group, total_compressed_size, I64),
    [7] = OPTIONAL(parquet_row_group, ordinal, I16),
};
const struct tarn_thrift_struct tarn__parquet_thrift_row_group = TABLE("RowGroup", parquet_row_group, false, row_group_fields);

static const struct tarn_thrift_field column_order_fields[] = {
    [PARQUET_ORDER_TYPE] = EMPTY_MEMBER("TYPE_ORDER"),
    [PARQUET_ORDER_IEEE_754_TOTAL] = EMPTY_MEMBER("IEEE_754_TOTAL_ORDER"),
    [PARQUET_ORDER_INT96_TIMESTAMP] = EMPTY_MEMBER("INT96_TIMESTAMP_ORDER"),
};
static const struct tarn_thrift_struct column_order = TABLE("ColumnOrder", parquet_column_order, true, column_order_fields);

static const struct tarn_thrift_field file_metadata_fields[] = {
    [1] = REQUIRED(parquet_file_metadata, version, I32),
    [2] = REQUIRED_STRUCTS(parquet_file_metadata, schema, tarn__parquet_schema_element),
    [3] = REQUIRED(parquet_file_metadata, num_rows, I64),
    [4] = REQUIRED_STRUCTS(parquet_file_metadata, row_groups, tarn__parquet_thrift_row_group),
    [5] = OPTIONAL_STRUCTS(parquet_file_metadata, key_value_metadata, key_value),
    [6] = OPTIONAL(parquet_file_metadata, created_by, BINARY),
    [7] = OPTIONAL_STRUCTS(parquet_file_metadata, column_orders, column_order),
    [8] = OPTIONAL_STRUCT(parquet_file_metadata, encryption_algorithm, encryption_algorithm),
    [9] = OPTIONAL(parquet_file_metadata, footer_signing_key_metadata, BINARY),
};
const struct tarn_thrift_struct tarn__parquet_file_metadata = TABLE("FileMetaData", parquet_file_metadata, false, file_metadata_fields);

/* ---- indexes ---- */

static const struct tarn_thrift_field page_location_fields[] = {
    [1] = REQUIRED(parquet_page_location, offset, I64),
    [2] = REQUIRED(parquet_page_location, compressed_page_size, I32),
    [3] = REQUIRED(parquet_page_location, first_row_index, I64),
};
static const struct tarn_thrift_struct page_location = TABLE("PageLocation", parquet_page_location, false, page_location_fields);

static const struct tarn_thrift_field offset_index_fields[] = {
    [1] = REQUIRED_STRUCTS(parquet_offset_index, page_locations, page_location),
    [2] = OPTIONAL_LIST(parquet_offset_index, unencoded_byte_array_data_bytes, I64),
};
const struct tarn_thrift_struct tarn__parquet_offset_index = TABLE("OffsetIndex", parquet_offset_index, false, offset_index_fields);

static const struct tarn_thrift_field column_index_fields[] = {
    [1] = REQUIRED_LIST(parquet_column_index, null_pages, TRUE),
    [2] = REQUIRED_LIST(parquet_column_index, min_values, BINARY),
    [3] = REQUIRED_LIST(parquet_column_index, max_values, BINARY),
    [4] = REQUIRED(parquet_column_index, boundary_order, I32),
    [5] = OPTIONAL_LIST(parquet_column_index, null_counts, I64),
    [6] = OPTIONAL_LIST(parquet_column_index, repetition_level_histograms, I64),
    [7] = OPTIONAL_LIST(parquet_column_index, definition_level_histograms, I64),
    [8] = OPTIONAL_LIST(parquet_column_index, nan_counts, I64),
};
const struct tarn_thrift_struct tarn__parquet_column_index = TABLE("ColumnIndex", parquet_column_index, false, column_index_fields);

static const struct tarn_thrift_field bloom_algorithm_fields[] = {[1] = EMPTY_MEMBER("BLOCK")};
static const struct tarn_thrift_struct bloom_algorithm = TABLE("BloomFilterAlgorithm", parquet_bloom_choice, true, bloom_algorithm_fields);
static const struct tarn_thrift_field bloom_hash_fields[] = {[1] = EMPTY_MEMBER("XXHASH")};
static const struct tarn_thrift_struct bloom_hash = TABLE("BloomFilterHash", parquet_bloom_choice, true, bloom_hash_fields);
static const struct tarn_thrift_field bloom_compression_fields[] = {[1] = EMPTY_MEMBER("UNCOMPRESSED")};
static const struct tarn_thrift_struct bloom_compression =
    TABLE("BloomFilterCompression", parquet_bloom_choice, true, bloom_compression_fields);

static const struct tarn_thrift_field bloom_header_fields[] = {
    [1] = REQUIRED(parquet_bloom_filter_header, num_bytes, I32),
    [2] = REQUIRED_STRUCT(parquet_bloom_filter_header, algorithm, bloom_algorithm),
    [3] = REQUIRED_STRUCT(parquet_bloom_filter_header, hash, bloom_hash),
    [4] = REQUIRED_STRUCT(parquet_bloom_filter_header, compression, bloom_compression),
};
const struct tarn_thrift_struct tarn__parquet_bloom_filter_header =
    TABLE("BloomFilterHeader", parquet_bloom_filter_header, false, bloom_header_fields);

/* ---- names ---- */

static const char *name_in(const char *const *names, size_t count, int32_t number)
{
    return number >= 0 && (size_t)number < count && names[number] != NULL ? names[number] : "UNKNOWN";
}
#define NAME_IN(names, number) name_in(names, sizeof(names) / sizeof((names)[0]), number)

const char *tarn__parquet_type_name(int32_t type)
{
    static const char *const names[] = {"BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"};
    return NAME_IN(names, type);
}

const char *tarn__parquet_encoding_name(int32_t encoding)
{
    static const char *const names[] = {
        [PARQUET_ENCODING_PLAIN] = "PLAIN",
        [PARQUET_ENCODING_PLAIN_DICTIONARY] = "PLAIN_DICTIONARY",
        [PARQUET_ENCODING_RLE] = "RLE",
        [PARQUET_ENCODING_BIT_PACKED] = "BIT_PACKED",
        [PARQUET_ENCODING_DELTA_BINARY_PACKED] = "DELTA_BINARY_PACKED",
        [PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY] = "DELTA_LENGTH_BYTE_ARRAY",
        [PARQUET_ENCODING_DELTA_BYTE_ARRAY] = "DELTA_BYTE_ARRAY",
        [PARQUET_ENCODING_RLE_DICTIONARY] = "RLE_DICTIONARY",
        [PARQUET_ENCODING_BYTE_STREAM_SPLIT] = "BYTE_STREAM_SPLIT",
        [PARQUET_ENCODING_ALP] = "ALP",
    };
    return NAME_IN(names, encoding);
}

const char *tarn__parquet_codec_name(int32_t codec)
{
    static const char *const names[] = {"UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"};
    return NAME_IN(names, codec);
}

const char *tarn__parquet_page_type_name(int32_t type)
{
    static const char *const names[] = {"DATA_PAGE", "INDEX_PAGE", "DICTIONARY_PAGE", "DATA_PAGE_V2"};
    return NAME_IN(names, type);
}

const char *tarn__parquet_converted_type_name(int32_t type)
{
    static const char *const names[] = {"UTF8",
                                        "MAP",
                                        "MAP_KEY_VALUE",
                                        "LIST",
                                        "ENUM",
                                        "DECIMAL",
                                        "DATE",
                                        "TIME_MILLIS",
                                        "TIME_MICROS",
                                        "TIMESTAMP_MILLIS",
                                        "TIMESTAMP_MICROS",
                                        "UINT_8",
                                        "UINT_16",
                                        "UINT_32",
                                        "UINT_64",
                                        "INT_8",
                                        "INT_16",
                                        "INT_32",
                                        "INT_64",
                                        "JSON",
                                        "BSON",
                                        "INTERVAL"};
    return NAME_IN(names, type);
}

const char *tarn__parquet_logical_type_name(int32_t id)
{
    const bool known = id > 0 && id < tarn__parquet_logical_type.field_count && logical_fields[id].name != NULL;
    return known ? logical_fields[id].name : "UNKNOWN";
}
