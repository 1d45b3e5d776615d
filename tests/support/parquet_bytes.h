/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_PARQUET_BYTES_H
#define TARN_TESTS_SUPPORT_PARQUET_BYTES_H

#include "format/thrift/parquet_thrift.h"
#include "tarn/store.h"

/*
 * Parquet files put together from pages whose levels and values a test writes out byte by byte: what no writer of tarn would write, and
 * every lie that a header can tell. Nothing is compressed.
 */
struct tarn_test_page {
    int32_t type; /**< enum parquet_page_type */
    int32_t encoding;
    int32_t values;              /**< slots, entries */
    int32_t rows;                /**< DATA_PAGE_V2 */
    bool packed_levels;          /**< DATA_PAGE: the levels are BIT_PACKED */
    struct tarn_span repetition; /**< RLE hybrid, without length */
    struct tarn_span definition;
    struct tarn_span body; /**< values */
    enum { TARN_TEST_NO_CRC = 0, TARN_TEST_CRC, TARN_TEST_WRONG_CRC } crc;
};

struct tarn_test_chunk {
    uint32_t page_count;
    const struct tarn_test_page *pages;
    int64_t values; /**< num_values; 0: the sum of the data pages, below 0: none */
    bool no_dictionary_offset;
    int32_t codec;
    const struct parquet_statistics *statistics;
};

struct tarn_test_row_group {
    int64_t rows;
    const struct tarn_test_chunk *chunks; /**< one a leaf */
};

struct tarn_test_parquet {
    uint32_t element_count;
    const struct parquet_schema_element *elements; /**< root first */
    uint32_t row_group_count;
    const struct tarn_test_row_group *row_groups;
    const char *created_by; /**< NULL: nobody */
};

/** Puts the file into the store under `key`; ends the program when it cannot. */
void tarn_test_parquet_put(struct tarn_store *store, const char *key, const struct tarn_test_parquet *file);

#endif
