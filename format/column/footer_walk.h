/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_FOOTER_WALK_H
#define TARN_FORMAT_COLUMN_FOOTER_WALK_H

#include "format/thrift/parquet_thrift.h"

/*
 * The structs that a footer has by the ten thousand, read by hand: as much of them as is needed to check them, in one pass and without
 * memory.
 *
 * The walk knows the shape that writers write: fields of the right type, in ascending order, nothing unknown. It takes nothing that the
 * table would refuse; of everything else it says that it is unusual, and the table (format/thrift) decides.
 */

/** Bytes behind the end of what is walked that can be read, whatever they hold: more than all scalars of a chunk take. */
enum { TARN_WALK_SLACK = 512 };

/** What is held against the file, and what a plan needs, of one column chunk. */
struct tarn_chunk_facts {
    bool has_meta_data; /**< else `crypto`, or damage */
    bool crypto;        /**< has encryption facts of its own */
    bool has_dictionary_page_offset;
    bool has_offset_index_offset;
    bool has_offset_index_length;
    bool has_column_index_offset;
    bool has_column_index_length;
    int32_t type;
    int32_t codec;
    int32_t offset_index_length;
    int32_t column_index_length;
    int64_t num_values;
    int64_t total_uncompressed_size;
    int64_t total_compressed_size;
    int64_t data_page_offset;
    int64_t dictionary_page_offset;
    int64_t offset_index_offset;
    int64_t column_index_offset;
    struct tarn_text file_path;
};

/** A ColumnChunk at `at`: behind its last byte, or NULL: unusual, and `facts` are worthless. TARN_WALK_SLACK bytes follow `end`. */
const uint8_t *tarn__chunk_walk(const uint8_t *at, const uint8_t *end, struct tarn_chunk_facts *facts);

/** A SchemaElement at `at`, whole, into `out`, which is zeros. The same; after NULL `out` is anything. `depth`: that of the element. */
const uint8_t *tarn__schema_element_walk(const uint8_t *at, const uint8_t *end, uint32_t depth, struct parquet_schema_element *out);

/** The facts of a decoded chunk. */
void tarn__chunk_facts_of(const struct parquet_column_chunk *chunk, struct tarn_chunk_facts *out);

#endif
