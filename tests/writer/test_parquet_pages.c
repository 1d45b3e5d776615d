/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of written pages, against bytes worked out by hand from Encodings.md.
 */
#include "tests/support/parquet_file.h"

static struct tarn_env *env;
static struct tarn_store *store;
static struct tarn_schema *schema;
static struct tarn_error err;
static struct tarn_parquet_file file;
static struct tarn_vector_builder *builder;

static const struct tarn_type boolean = {.id = TARN_TYPE_BOOL};
static const struct tarn_type i8 = {.id = TARN_TYPE_I8};
static const struct tarn_type u16 = {.id = TARN_TYPE_U16};
static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type f64 = {.id = TARN_TYPE_F64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_type decimal20 = {.id = TARN_TYPE_DECIMAL, .precision = 20, .scale = 2};

static void open_field(struct tarn_field field)
{
    err = (struct tarn_error)TARN_ERROR_INIT;
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &schema, &err), &err);
    ck_assert_ok(tarn__vector_builder_open(env, schema->fields[0].type, &builder, &err), &err);
}

static void open_one(const struct tarn_type *type, bool nullable)
{
    open_field((struct tarn_field)TARN_TEST_FIELD("a", type, nullable));
}

static void write_all(struct tarn_parquet_write_options options)
{
    struct tarn_vector *column;
    options.size = sizeof(options);
    options.codec = TARN_CODEC_UNCOMPRESSED;
    options.profile = TARN_PROFILE_COMPAT; /* PLAIN and dictionaries: what pages hold, not how it was chosen */
    ck_assert_ok(tarn__vector_builder_finish(builder, &column, &err), &err);
    tarn__vector_builder_close_all(builder);
    tarn_parquet_file_write(store, TARN_TEXT("f.parquet"), schema, &options, column->length, &column);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f.parquet"));
}

static void close_all(void)
{
    tarn_parquet_file_close(&file);
    tarn_schema_release(schema);
    tarn_store_close(store);
    tarn_test_env_close(env);
}

/* The body of page `number`, as it stands in the file. */
static void expect_body(uint32_t number, int32_t type, int32_t encoding, uint32_t values, const void *body, size_t size)
{
    struct tarn_page page = tarn_parquet_file_page(&file, 0, 0, number);
    ck_assert_int_eq(page.header.type, type);
    ck_assert_int_eq(page.header.encoding, encoding);
    ck_assert_uint_eq(page.header.value_count, values);
    ck_assert(page.header.thrift.has_crc);
    ck_assert(tarn__page_crc_ok(&page));
    ck_assert_uint_eq(page.stored.size, size);
    ck_assert_mem_eq(page.stored.data, body, size);
    tarn__page_release(&page);
}

#define PLAIN_OPTIONS                                                                                                                      \
    (struct tarn_parquet_write_options)                                                                                                    \
    {                                                                                                                                      \
        .no_dictionary = true                                                                                                              \
    }
#define NO_OPTIONS                                                                                                                         \
    (struct tarn_parquet_write_options)                                                                                                    \
    {                                                                                                                                      \
        .page_rows = 0                                                                                                                     \
    }

START_TEST(parquet_pages__required_ints_are_their_bytes) /* P-PAGE-WRITE-1 P-PAGE-WRITE-2 */
{
    static const uint8_t body[] = {1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0, 1, 0, 0};
    open_one(&i32, false);
    tarn__vector_builder_i64(builder, 1);
    tarn__vector_builder_i64(builder, -2);
    tarn__vector_builder_i64(builder, 256);
    write_all(PLAIN_OPTIONS);
    expect_body(0, PARQUET_DATA_PAGE, PARQUET_ENCODING_PLAIN, 3, body, sizeof(body));
    ck_assert_uint_eq(tarn_parquet_file_page_count(&file, 0, 0), 1);
    close_all();
}
END_TEST

START_TEST(parquet_pages__small_ints_are_extended) /* P-PAGE-WRITE-2 */
{
    static const uint8_t sign_extended[] = {0x80, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0};
    open_one(&i8, false);
    tarn__vector_builder_i64(builder, -128);
    tarn__vector_builder_i64(builder, 127);
    write_all(PLAIN_OPTIONS);
    expect_body(0, PARQUET_DATA_PAGE, PARQUET_ENCODING_PLAIN, 2, sign_extended, sizeof(sign_extended));
    close_all();

    static const uint8_t zero_extended[] = {0xff, 0xff, 0, 0};
    open_one(&u16, false);
    tarn__vector_builder_i64(builder, 65535);
    write_all(PLAIN_OPTIONS);
    expect_body(0, PARQUET_DATA_PAGE, PARQUET_ENCODING_PLAIN, 1, zero_extended, sizeof(zero_extended));
    close_all();
}
END_TEST

/* 123456789012345678.90 unscaled in nine bytes, big-endian: 20 digits need 67 bits and a sign. */
START_TEST(parquet_pages__wide_decimals_are_big_endian) /* P-PAGE-WRITE-2 */
{
    static const uint8_t body[] = {0, 0xab, 0x54, 0xa9, 0x8c, 0xeb, 0x1f, 0x0a, 0xd2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    open_one(&decimal20, false);
    tarn__vector_builder_words(builder, (const uint64_t[4]){12345678901234567890u, 0, 0, 0});
    tarn__vector_builder_i64(builder, -1);
    write_all(PLAIN_OPTIONS);
    expect_body(0, PARQUET_DATA_PAGE, PARQUET_ENCODING_PLAIN, 2, body, sizeof(body));
    close_all();
}
END_TEST

START_TEST(parquet_pages__booleans_are_bits) /* P-PAGE-WRITE-2 */
{
    static const uint8_t body[] = {0x05, 0x02}; /* 1 0 1 0 0 0 0 0, 0 1 */
    open_one(&boolean, false);
    for (int i = 0; i < 10; i++) {
        tarn__vector_builder_bool(builder, i == 0 || i == 2 || i == 9);
    }
    write_all(NO_OPTIONS);
    expect_body(0, PARQUET_DATA_PAGE, PARQUET_ENCODING_PLAIN, 10, body, sizeof(body));
    close_all();
}
END_TEST

START_TEST(parquet_pages__strings_have_lengths_and_nulls_take_no_room) /* P-PAGE-WRITE-1 P-PAGE-WRITE-2 */
{
    /* Levels 1 0 1, length 2: one packed group (header 3) of 8 levels. */
    static const uint8_t body[] = {2, 0, 0, 0, 3, 0x05, 2, 0, 0, 0, 'h', 'i', 0, 0, 0, 0};
    open_one(&text, true);
    tarn__vector_builder_text(builder, TARN_TEXT("hi"));
    tarn__vector_builder_null(builder);
    tarn__vector_builder_text(builder, TARN_TEXT(""));
    write_all(PLAIN_OPTIONS);
    expect_body(0, PARQUET_DATA_PAGE, PARQUET_ENCODING_PLAIN, 3, body, sizeof(body));
    close_all();
}
END_TEST

START_TEST(parquet_pages__levels_without_nulls_are_one_run) /* P-PAGE-WRITE-1 */
{
    /* 20 times 1: header 20 << 1, value 1. */
    static const uint8_t levels[] = {2, 0, 0, 0, 40, 1};
    open_one(&i64, true);
    for (int i = 0; i < 20; i++) {
        tarn__vector_builder_i64(builder, i);
    }
    write_all(PLAIN_OPTIONS);
    struct tarn_page page = tarn_parquet_file_page(&file, 0, 0, 0);
    ck_assert_uint_eq(page.stored.size, sizeof(levels) + 20 * 8);
    ck_assert_mem_eq(page.stored.data, levels, sizeof(levels));
    tarn__page_release(&page);
    close_all();
}
END_TEST

START_TEST(parquet_pages__dictionary_stands_before_codes) /* P-CHUNK-WRITE-1 P-CHUNK-WRITE-2 */
{
    static const uint8_t dictionary[] = {2, 0, 0, 0, 'n', 'o', 3, 0, 0, 0, 'y', 'e', 's'};
    /* Width 1; two groups of eight, packed: 0 0 1 1 1 1 1 1, then 1 again and again, which a run would not make smaller. */
    static const uint8_t codes[] = {1, 5, 0xfc, 0xff};
    open_one(&text, false);
    for (int i = 0; i < 16; i++) {
        tarn__vector_builder_text(builder, i < 2 ? TARN_TEXT("no") : TARN_TEXT("yes"));
    }
    write_all(NO_OPTIONS);
    expect_body(0, PARQUET_DICTIONARY_PAGE, PARQUET_ENCODING_PLAIN, 2, dictionary, sizeof(dictionary));
    expect_body(1, PARQUET_DATA_PAGE, PARQUET_ENCODING_RLE_DICTIONARY, 16, codes, sizeof(codes));
    const struct parquet_column_metadata *chunk = tarn_parquet_file_chunk(&file, 0, 0);
    ck_assert(chunk->has_dictionary_page_offset);
    ck_assert_int_eq(chunk->dictionary_page_offset, 4);
    ck_assert_int_gt(chunk->data_page_offset, chunk->dictionary_page_offset);
    ck_assert_uint_eq(chunk->encoding_stats.count, 2);
    ck_assert_int_eq(chunk->encoding_stats.items[0].page_type, PARQUET_DICTIONARY_PAGE);
    ck_assert_int_eq(chunk->encoding_stats.items[1].encoding, PARQUET_ENCODING_RLE_DICTIONARY);
    ck_assert_int_eq(chunk->encoding_stats.items[1].count, 1);
    close_all();
}
END_TEST

/* The dictionary of values that are all different is larger than the values. */
START_TEST(parquet_pages__dictionary_that_does_not_pay_is_dropped) /* P-CHUNK-WRITE-3 */
{
    open_one(&i64, false);
    for (int i = 0; i < 1000; i++) {
        tarn__vector_builder_i64(builder, i * 7919);
    }
    write_all(NO_OPTIONS);
    const struct parquet_column_metadata *chunk = tarn_parquet_file_chunk(&file, 0, 0);
    ck_assert(!chunk->has_dictionary_page_offset);
    ck_assert_uint_eq(tarn_parquet_file_page_count(&file, 0, 0), 1);
    struct tarn_page page = tarn_parquet_file_page(&file, 0, 0, 0);
    ck_assert_int_eq(page.header.encoding, PARQUET_ENCODING_PLAIN);
    ck_assert_uint_eq(page.stored.size, 8000);
    tarn__page_release(&page);
    close_all();
}
END_TEST

/* Ten values again and again, then ones that do not fit into 200 bytes: pages before keep their codes. */
START_TEST(parquet_pages__full_dictionary_ends_at_a_row) /* P-CHUNK-WRITE-3 */
{
    open_one(&i64, false);
    for (int i = 0; i < 500; i++) {
        tarn__vector_builder_i64(builder, i < 300 ? i % 10 : i);
    }
    const struct tarn_path_step step = {TARN_PATH_FIELD, TARN_TEXT("a"), -1};
    struct tarn_parquet_column_options column = TARN_PARQUET_COLUMN_OPTIONS_INIT;
    column.path = (struct tarn_path){1, &step};
    column.encoding = TARN_ENCODING_DICTIONARY;
    write_all((struct tarn_parquet_write_options){.dictionary_bytes = 200, .page_rows = 128, .column_count = 1, .columns = &column});
    /* 128, 128, 300 - 256 + 15 more entries; then 128, 57. */
    static const uint32_t values[] = {25, 128, 128, 59, 128, 57};
    static const int32_t encodings[] = {PARQUET_ENCODING_PLAIN,          PARQUET_ENCODING_RLE_DICTIONARY, PARQUET_ENCODING_RLE_DICTIONARY,
                                        PARQUET_ENCODING_RLE_DICTIONARY, PARQUET_ENCODING_PLAIN,          PARQUET_ENCODING_PLAIN};
    ck_assert_uint_eq(tarn_parquet_file_page_count(&file, 0, 0), 6);
    for (uint32_t i = 0; i < 6; i++) {
        struct tarn_page page = tarn_parquet_file_page(&file, 0, 0, i);
        ck_assert_uint_eq(page.header.value_count, values[i]);
        ck_assert_int_eq(page.header.encoding, encodings[i]);
        tarn__page_release(&page);
    }
    const struct parquet_column_metadata *chunk = tarn_parquet_file_chunk(&file, 0, 0);
    ck_assert_uint_eq(chunk->encoding_stats.count, 3);
    ck_assert_int_eq(chunk->encoding_stats.items[1].encoding, PARQUET_ENCODING_PLAIN);
    ck_assert_int_eq(chunk->encoding_stats.items[1].count, 2);
    ck_assert_int_eq(chunk->encoding_stats.items[2].encoding, PARQUET_ENCODING_RLE_DICTIONARY);
    ck_assert_int_eq(chunk->encoding_stats.items[2].count, 3);
    close_all();
}
END_TEST

START_TEST(parquet_pages__chunk_of_nulls_has_no_dictionary) /* P-CHUNK-WRITE-4 */
{
    static const uint8_t body[] = {3, 0, 0, 0, 0xc8, 0x01, 0}; /* a run of 100: 100 << 1 as a varint */
    open_one(&text, true);
    tarn__vector_builder_nulls(builder, 100);
    write_all(NO_OPTIONS);
    ck_assert_uint_eq(tarn_parquet_file_page_count(&file, 0, 0), 1);
    expect_body(0, PARQUET_DATA_PAGE, PARQUET_ENCODING_PLAIN, 100, body, sizeof(body));
    close_all();
}
END_TEST

/* [[1], null, [], [2, 3]] as an optional list of required ints. */
START_TEST(parquet_pages__nested_levels_stand_before_values) /* P-PAGE-WRITE-1 */
{
    static const uint8_t body[] = {
        2, 0, 0, 0, 3, 0x10,       /* repetition 0 0 0 0 1 */
        3, 0, 0, 0, 3, 0x92, 0x02, /* definition 2 0 1 2 2, two bits each */
        1, 0, 0, 0, 2, 0,    0,    0, 3, 0, 0, 0,
    };
    const struct tarn_field element = TARN_TEST_FIELD("element", &i32, false);
    const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
    open_one(&list, true);
    struct tarn_vector_builder *child = tarn__vector_builder_child(builder, 0);
    tarn__vector_builder_i64(child, 1);
    tarn__vector_builder_close(builder);
    tarn__vector_builder_null(builder);
    tarn__vector_builder_close(builder);
    tarn__vector_builder_i64(child, 2);
    tarn__vector_builder_i64(child, 3);
    tarn__vector_builder_close(builder);
    write_all(PLAIN_OPTIONS);
    expect_body(0, PARQUET_DATA_PAGE, PARQUET_ENCODING_PLAIN, 5, body, sizeof(body));
    close_all();
}
END_TEST

/* Rows of 1, 2, ... elements; pages of at most 10 elements by bytes; none is cut inside a row. */
START_TEST(parquet_pages__rows_are_never_cut) /* P-CHUNK-WRITE-5 */
{
    const struct tarn_field element = TARN_TEST_FIELD("element", &f64, false);
    const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
    open_one(&list, false);
    for (int row = 0; row < 14; row++) {
        for (int i = 0; i <= row; i++) {
            tarn__vector_builder_f64(tarn__vector_builder_child(builder, 0), i);
        }
        tarn__vector_builder_close(builder);
    }
    write_all((struct tarn_parquet_write_options){.no_dictionary = true, .page_bytes = 80});
    static const uint32_t slots[] = {10, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}; /* 1 + 2 + 3 + 4, then a row each, also larger ones */
    const struct tarn_offset_index index = tarn_parquet_file_offset_index(&file, 0, 0);
    ck_assert_uint_eq(tarn_parquet_file_page_count(&file, 0, 0), 11);
    ck_assert_uint_eq(index.page_count, 11);
    for (uint32_t i = 0; i < 11; i++) {
        struct tarn_page page = tarn_parquet_file_page(&file, 0, 0, i);
        ck_assert_uint_eq(page.header.value_count, slots[i]);
        ck_assert_int_eq(index.pages[i].first_row_index, i == 0 ? 0 : (int64_t)i + 3);
        ck_assert_int_eq(index.pages[i].offset, (int64_t)page.offset);
        ck_assert_int_eq(index.pages[i].compressed_page_size, (int64_t)(page.header.header_size + page.header.compressed_size));
        tarn__page_release(&page);
    }
    close_all();
}
END_TEST

START_TEST(parquet_pages__strings_are_cut_by_bytes) /* P-CHUNK-WRITE-5 */
{
    open_one(&text, true);
    for (int i = 0; i < 20; i++) {
        if (i % 3 == 0) {
            tarn__vector_builder_null(builder);
        } else {
            tarn__vector_builder_text(builder, TARN_TEXT("0123456789012345"));
        }
    }
    write_all((struct tarn_parquet_write_options){.no_dictionary = true, .page_bytes = 100});
    /* Five values of 20 bytes a page, with the nulls around them: up to the next value. */
    static const uint32_t slots[] = {8, 8, 4};
    ck_assert_uint_eq(tarn_parquet_file_page_count(&file, 0, 0), 3);
    for (uint32_t i = 0; i < 3; i++) {
        struct tarn_page page = tarn_parquet_file_page(&file, 0, 0, i);
        ck_assert_uint_eq(page.header.value_count, slots[i]);
        tarn__page_release(&page);
    }
    close_all();
}
END_TEST

TARN_SUITE("parquet_pages", TARN_TEST(parquet_pages__required_ints_are_their_bytes), TARN_TEST(parquet_pages__small_ints_are_extended),
           TARN_TEST(parquet_pages__wide_decimals_are_big_endian), TARN_TEST(parquet_pages__booleans_are_bits),
           TARN_TEST(parquet_pages__strings_have_lengths_and_nulls_take_no_room),
           TARN_TEST(parquet_pages__levels_without_nulls_are_one_run), TARN_TEST(parquet_pages__dictionary_stands_before_codes),
           TARN_TEST(parquet_pages__dictionary_that_does_not_pay_is_dropped), TARN_TEST(parquet_pages__full_dictionary_ends_at_a_row),
           TARN_TEST(parquet_pages__chunk_of_nulls_has_no_dictionary), TARN_TEST(parquet_pages__nested_levels_stand_before_values),
           TARN_TEST(parquet_pages__rows_are_never_cut), TARN_TEST(parquet_pages__strings_are_cut_by_bytes))
