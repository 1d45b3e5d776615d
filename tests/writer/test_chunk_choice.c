/* SPDX-License-Identifier: Apache-2.0
 *
 * What chunks make of their rows: versions of pages, codecs where they help, encodings that change with the values.
 */
#include "format/base/hash.h"
#include "tests/support/parquet_file.h"

static struct tarn_env *env;
static struct tarn_store *store;
static struct tarn_schema *schema;
static struct tarn_error err;
static struct tarn_parquet_file file;

static const struct tarn_type i64 = {.id = TARN_TYPE_I64};

typedef int64_t (*value_fn)(uint32_t row);

static void write_rows(uint32_t rows, value_fn value, uint32_t nulls_every, struct tarn_parquet_write_options options)
{
    const struct tarn_field field = TARN_TEST_FIELD("a", &i64, nulls_every != 0);
    struct tarn_vector_builder *builder;
    struct tarn_vector *column;
    err = (struct tarn_error)TARN_ERROR_INIT;
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &schema, &err), &err);
    ck_assert_ok(tarn__vector_builder_open(env, schema->fields[0].type, &builder, &err), &err);
    for (uint32_t i = 0; i < rows; i++) {
        if (nulls_every != 0 && i % nulls_every == 0) {
            tarn__vector_builder_null(builder);
        } else {
            tarn__vector_builder_i64(builder, value(i));
        }
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &column, &err), &err);
    tarn__vector_builder_close_all(builder);
    options.size = sizeof(options);
    options.check = TARN_CHECK_FULL;
    tarn_parquet_file_write(store, TARN_TEXT("f"), schema, &options, rows, &column);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f"));
}

static void close_all(void)
{
    tarn_parquet_file_close(&file);
    tarn_schema_release(schema);
    tarn_store_close(store);
    tarn_test_env_close(env);
}

static int64_t by_place(uint32_t row)
{
    return row;
}
static int64_t noise(uint32_t row)
{
    return (int64_t)tarn__hash_u64(row);
}
/* Noise, but for 300 rows in the middle. */
static int64_t noise_around(uint32_t row)
{
    return row / 300 == 1 ? 7 : noise(row);
}
static int64_t sorted_then_noise(uint32_t row)
{
    return row < 6000 ? (int64_t)row : noise(row);
}
static int64_t few_then_many(uint32_t row)
{
    return noise(row < 6000 ? row % 50 : row);
}

/* Drawn from so many that a full row group would repeat each ten times. */
static int64_t drawn(uint32_t row)
{
    return noise((uint32_t)(noise(row) & 0x1ffff));
}

START_TEST(chunk_choice__pages_of_version_2_have_their_levels_apart) /* P-PAGE-WRITE-3 */
{
    /* Two rows of three have a value: definition levels 0 1 1, of a group of eight bits: 0 1 1 0 1 1 0 0. */
    static const uint8_t body[] = {3, 0x36, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0};
    write_rows(6, by_place, 3,
               (struct tarn_parquet_write_options){
                   .profile = TARN_PROFILE_COMPAT, .page_version = 2, .no_dictionary = true, .codec = TARN_CODEC_ZSTD});
    struct tarn_page page = tarn_parquet_file_page(&file, 0, 0, 0);
    const struct parquet_data_page_header_v2 *v2 = &page.header.thrift.data_page_header_v2;
    ck_assert_int_eq(page.header.type, PARQUET_DATA_PAGE_V2);
    ck_assert_int_eq(v2->num_rows, 6);
    ck_assert_int_eq(v2->num_values, 6);
    ck_assert_int_eq(v2->num_nulls, 2);
    ck_assert_int_eq(v2->repetition_levels_byte_length, 0);
    ck_assert_int_eq(v2->definition_levels_byte_length, 2);
    ck_assert(v2->has_is_compressed);
    ck_assert(tarn__page_crc_ok(&page));
    if (!v2->is_compressed) {
        ck_assert_uint_eq(page.stored.size, 2 + 4 * 8);
        ck_assert_mem_eq(page.stored.data, body, 2);
        ck_assert_mem_eq(page.stored.data + 2 + 8, body + 10, 24);
    }
    const struct parquet_column_metadata *chunk = tarn_parquet_file_chunk(&file, 0, 0);
    ck_assert_int_eq(chunk->encoding_stats.items[0].page_type, PARQUET_DATA_PAGE_V2);
    tarn__page_release(&page);
    close_all();
}
END_TEST

START_TEST(chunk_choice__pages_of_version_2_say_whether_they_are_compressed) /* P-PAGE-WRITE-3 */
{
    write_rows(900, noise_around, 0,
               (struct tarn_parquet_write_options){
                   .profile = TARN_PROFILE_COMPAT, .page_version = 2, .page_rows = 300, .no_dictionary = true, .codec = TARN_CODEC_ZSTD});
    ck_assert_int_eq(tarn_parquet_file_chunk(&file, 0, 0)->codec, PARQUET_CODEC_ZSTD);
    for (uint32_t i = 0; i < 3; i++) {
        struct tarn_page page = tarn_parquet_file_page(&file, 0, 0, i);
        ck_assert(page.header.thrift.data_page_header_v2.is_compressed == (i == 1));
        ck_assert(i == 1 ? page.stored.size < 100 : page.stored.size == 2400);
        tarn__page_release(&page);
    }
    close_all();
}
END_TEST

START_TEST(chunk_choice__pages_of_version_1_are_raw_where_zstd_does_not_help) /* P-PAGE-WRITE-4 */
{
    static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0x60, 0x09, 0, 0, 0x01, 0x4b, 0}; /* 2400 = 0x960; 2400 << 3 | 1 */
    write_rows(900, noise_around, 0,
               (struct tarn_parquet_write_options){
                   .profile = TARN_PROFILE_COMPAT, .page_rows = 300, .no_dictionary = true, .codec = TARN_CODEC_ZSTD});
    ck_assert_int_eq(tarn_parquet_file_chunk(&file, 0, 0)->codec, PARQUET_CODEC_ZSTD);
    for (uint32_t i = 0; i < 3; i++) {
        struct tarn_page page = tarn_parquet_file_page(&file, 0, 0, i);
        if (i != 1) {
            ck_assert_uint_eq(page.stored.size, sizeof(frame) + 2400);
            ck_assert_mem_eq(page.stored.data, frame, sizeof(frame));
        } else {
            ck_assert_uint_lt(page.stored.size, 100);
        }
        ck_assert_uint_eq(page.values.size, 2400);
        tarn__page_release(&page);
    }
    close_all();
}
END_TEST

/* The first four pages are alike; the noise behind them comes out larger than promised, and the page after it is chosen anew. */
START_TEST(chunk_choice__changes_with_the_values) /* P-CHOICE-4 P-CHOICE-2 */
{
    write_rows(12000, sorted_then_noise, 0, (struct tarn_parquet_write_options){.page_rows = 1000});
    ck_assert_uint_eq(tarn_parquet_file_page_count(&file, 0, 0), 12);
    for (uint32_t i = 0; i < 12; i++) {
        struct tarn_page page = tarn_parquet_file_page(&file, 0, 0, i);
        ck_assert_int_eq(page.header.encoding, i <= 6 ? PARQUET_ENCODING_DELTA_BINARY_PACKED : PARQUET_ENCODING_PLAIN);
        tarn__page_release(&page);
    }
    close_all();
}
END_TEST

START_TEST(chunk_choice__dictionary_that_grows_too_far_ends) /* P-CHUNK-WRITE-3 */
{
    write_rows(12000, few_then_many, 0, (struct tarn_parquet_write_options){.page_rows = 1000});
    const struct parquet_column_metadata *chunk = tarn_parquet_file_chunk(&file, 0, 0);
    ck_assert(chunk->has_dictionary_page_offset);
    struct tarn_page first = tarn_parquet_file_page(&file, 0, 0, 1);
    struct tarn_page last = tarn_parquet_file_page(&file, 0, 0, 12);
    ck_assert_int_eq(first.header.encoding, PARQUET_ENCODING_RLE_DICTIONARY);
    ck_assert_int_eq(last.header.encoding, PARQUET_ENCODING_PLAIN);
    tarn__page_release(&first);
    tarn__page_release(&last);
    close_all();
}
END_TEST

/* Polars 2.1 ends over a page of another encoding that holds no values, in a nested column. */
START_TEST(chunk_choice__pages_without_values_keep_to_streams) /* P-CHUNK-WRITE-4 */
{
    static const struct tarn_path_step step = {TARN_PATH_FIELD, {"a", 1}, -1};
    static const int32_t encodings[] = {PARQUET_ENCODING_BYTE_STREAM_SPLIT, PARQUET_ENCODING_PLAIN};
    struct tarn_parquet_column_options column = TARN_PARQUET_COLUMN_OPTIONS_INIT;
    column.path = (struct tarn_path){1, &step};
    column.encoding = _i == 0 ? TARN_ENCODING_BYTE_STREAM_SPLIT : TARN_ENCODING_DELTA_BINARY_PACKED;
    write_rows(12, noise, 2, (struct tarn_parquet_write_options){.page_rows = 1, .column_count = 1, .columns = &column});
    ck_assert_uint_eq(tarn_parquet_file_page_count(&file, 0, 0), 12);
    for (uint32_t i = 0; i < 12; i += 2) {
        struct tarn_page page = tarn_parquet_file_page(&file, 0, 0, i);
        ck_assert_int_eq(page.header.encoding, encodings[_i]);
        tarn__page_release(&page);
    }
    close_all();
}
END_TEST

/* What the dictionary would be to a full row group is of no use to one that ends with the pages that wait. */
START_TEST(chunk_choice__short_chunk_is_known_as_a_whole) /* P-CHOICE-3 */
{
    write_rows(4000, drawn, 0, (struct tarn_parquet_write_options){.page_rows = 1000});
    ck_assert_uint_eq(tarn_parquet_file_page_count(&file, 0, 0), 4);
    ck_assert(!tarn_parquet_file_chunk(&file, 0, 0)->has_dictionary_page_offset);
    close_all();
}
END_TEST

TARN_SUITE("writer/chunk_choice", TARN_TEST(chunk_choice__pages_of_version_2_have_their_levels_apart),
           TARN_TEST(chunk_choice__pages_of_version_2_say_whether_they_are_compressed),
           TARN_TEST(chunk_choice__pages_of_version_1_are_raw_where_zstd_does_not_help), TARN_TEST(chunk_choice__changes_with_the_values),
           TARN_TEST(chunk_choice__dictionary_that_grows_too_far_ends), TARN_TEST(chunk_choice__short_chunk_is_known_as_a_whole),
           TARN_LOOP_TIMES(chunk_choice__pages_without_values_keep_to_streams, 2))
