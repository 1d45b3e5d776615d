/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_PARQUET_FILE_H
#define TARN_TESTS_SUPPORT_PARQUET_FILE_H

#include "format/batch/vector_builder.h"
#include "format/column/footer.h"
#include "format/index/page_index.h"
#include "format/page/page.h"
#include "tarn/writer.h"
#include "tests/support/suite.h"

/*
 * A written Parquet file taken apart again: its bytes, footer, pages and indexes. Every call fails the test when something is wrong.
 */

#define TARN_TEST_FIELD(field_name, field_type, is_nullable)                                                                               \
    {                                                                                                                                      \
        .name = TARN_TEXT(field_name), .type = (field_type), .nullable = (is_nullable), .id = -1                                           \
    }

struct tarn_parquet_file {
    struct tarn_env *env;
    struct tarn_buffer *bytes;
    struct tarn_footer *footer;
    struct tarn_codec_context *codec;
    struct tarn_arena arena;
};

/** The whole object. */
struct tarn_buffer *tarn_test_read(struct tarn_store *store, struct tarn_text key);

/** Is there any object in the store? */
bool tarn_test_store_is_empty(struct tarn_store *store);

void tarn_parquet_file_open(struct tarn_parquet_file *file, struct tarn_store *store, struct tarn_text key);
void tarn_parquet_file_close(struct tarn_parquet_file *file);

const struct parquet_column_chunk *tarn_parquet_file_outer_chunk(struct tarn_parquet_file *file, uint32_t row_group, uint32_t leaf);
const struct parquet_column_metadata *tarn_parquet_file_chunk(struct tarn_parquet_file *file, uint32_t row_group, uint32_t leaf);

/** Page `number` of a chunk, the dictionary page counted; opened. Release it with tarn__page_release. */
struct tarn_page tarn_parquet_file_page(struct tarn_parquet_file *file, uint32_t row_group, uint32_t leaf, uint32_t number);
/** The pages of a chunk, the dictionary page counted; all are read and their checksums proven. */
uint32_t tarn_parquet_file_page_count(struct tarn_parquet_file *file, uint32_t row_group, uint32_t leaf);

/** False: there is none. */
bool tarn_parquet_file_column_index(struct tarn_parquet_file *file, uint32_t row_group, uint32_t leaf, struct tarn_column_index *out);
struct tarn_offset_index tarn_parquet_file_offset_index(struct tarn_parquet_file *file, uint32_t row_group, uint32_t leaf);

/** Writes columns (references are taken over) as one batch and completes the file. */
void tarn_parquet_file_write(struct tarn_store *store, struct tarn_text key, const struct tarn_schema *schema,
                             const struct tarn_parquet_write_options *options, uint32_t rows, struct tarn_vector **columns);

#endif
