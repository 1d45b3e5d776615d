/* SPDX-License-Identifier: Apache-2.0
 * Thrift's compact protocol, by bytes written out by hand from its specification.
 */
#include "format/thrift/parquet_thrift.h"
#include "tests/support/suite.h"

#define BYTES(...) ((struct tarn_span){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})

static struct tarn_error err;

static enum tarn_status decode_statistics(struct tarn_span bytes, struct parquet_statistics *out)
{
    struct tarn_thrift_progress progress;
    return tarn__thrift_decode(&tarn__parquet_statistics, bytes, NULL, out, &progress, &err);
}

static void expect_encoding(const struct tarn_thrift_struct *of, const void *value, struct tarn_span expected)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    ck_assert_ok(tarn__thrift_encode(of, value, out, &err), &err);
    ck_assert_uint_eq(out->size, expected.size);
    ck_assert_mem_eq(out->data, expected.data, expected.size);
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}

/* type DATA_PAGE, sizes 10 and 8, crc -1; 6 values, PLAIN, levels RLE */
static const uint8_t page_header[] = {0x15, 0x00, 0x15, 0x14, 0x15, 0x10, 0x15, 0x01, 0x1c, 0x15,
                                      0x0c, 0x15, 0x00, 0x15, 0x06, 0x15, 0x06, 0x00, 0x00, 0xee};

START_TEST(thrift__decodes_nested_structs_and_says_where_they_end)
{
    struct parquet_page_header header;
    struct tarn_thrift_progress progress;
    const struct tarn_span bytes = {page_header, sizeof(page_header)};
    ck_assert_ok(tarn__thrift_decode(&tarn__parquet_page_header, bytes, NULL, &header, &progress, &err), &err);
    ck_assert_uint_eq(progress.used, sizeof(page_header) - 1);
    ck_assert_int_eq(header.uncompressed_page_size, 10);
    ck_assert_int_eq(header.compressed_page_size, 8);
    ck_assert(header.has_crc);
    ck_assert_int_eq(header.crc, -1);
    ck_assert(header.has_data_page_header && !header.has_dictionary_page_header && !header.has_data_page_header_v2);
    ck_assert_int_eq(header.data_page_header.num_values, 6);
    ck_assert_int_eq(header.data_page_header.definition_level_encoding, PARQUET_ENCODING_RLE);
    ck_assert(!header.data_page_header.has_statistics);
}
END_TEST

START_TEST(thrift__writes_fields_in_ascending_short_form) /* P-THRIFT-7 */
{
    struct parquet_page_header header = {
        .uncompressed_page_size = 10, .compressed_page_size = 8, .has_crc = true, .crc = -1, .has_data_page_header = true};
    header.data_page_header = (struct parquet_data_page_header){6, 0, 3, 3, false, {.has_max = false}};
    expect_encoding(&tarn__parquet_page_header, &header, (struct tarn_span){page_header, sizeof(page_header) - 1});
}
END_TEST

START_TEST(thrift__reports_an_end_inside_a_value) /* P-THRIFT-6 */
{
    struct parquet_page_header header;
    for (size_t size = 0; size + 1 < sizeof(page_header); size++) {
        struct tarn_thrift_progress progress;
        ck_assert_status(
            tarn__thrift_decode(&tarn__parquet_page_header, (struct tarn_span){page_header, size}, NULL, &header, &progress, &err),
            TARN_CORRUPT);
        ck_assert_msg(progress.truncated, "%zu bytes", size);
    }
}
END_TEST

static const struct {
    const char *name;
    struct tarn_span bytes;
} unknown[] = {
    /* each is passed over; then null_count (id 3) = 4: written in long form where the id before it was larger */
    {"nothing", {(const uint8_t[]){0x36, 0x08, 0x00}, 3}},
    {"extension field", {(const uint8_t[]){0x08, 0xfe, 0xff, 0x03, 0x02, 0xaa, 0xbb, 0x06, 0x06, 0x08, 0x00}, 11}},
    {"extension field as its document spells it", {(const uint8_t[]){0x08, 0xff, 0xff, 0x01, 0x01, 0xaa, 0x06, 0x06, 0x08, 0x00}, 10}},
    {"negative id", {(const uint8_t[]){0x05, 0x01, 0x02, 0x06, 0x06, 0x08, 0x00}, 7}},
    {"bool", {(const uint8_t[]){0xa1, 0x06, 0x06, 0x08, 0x00}, 5}},
    {"byte", {(const uint8_t[]){0xa3, 0x55, 0x06, 0x06, 0x08, 0x00}, 6}},
    {"i16", {(const uint8_t[]){0xa4, 0xfe, 0xff, 0x03, 0x06, 0x06, 0x08, 0x00}, 8}},
    {"double", {(const uint8_t[]){0xa7, 1, 2, 3, 4, 5, 6, 7, 8, 0x06, 0x06, 0x08, 0x00}, 13}},
    {"uuid", {(const uint8_t[]){0xad, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0x06, 0x06, 0x08, 0x00}, 21}},
    {"list of bools", {(const uint8_t[]){0xa9, 0x31, 0x01, 0x02, 0x00, 0x06, 0x06, 0x08, 0x00}, 9}},
    {"set of binaries", {(const uint8_t[]){0xaa, 0x28, 0x00, 0x01, 0x61, 0x06, 0x06, 0x08, 0x00}, 9}},
    {"empty map", {(const uint8_t[]){0xab, 0x00, 0x06, 0x06, 0x08, 0x00}, 6}},
    {"map of i32 to structs", {(const uint8_t[]){0xab, 0x01, 0x5c, 0x02, 0x15, 0x02, 0x00, 0x06, 0x06, 0x08, 0x00}, 11}},
    {"list of lists", {(const uint8_t[]){0xa9, 0x19, 0x25, 0x02, 0x04, 0x06, 0x06, 0x08, 0x00}, 9}},
    {"known id of another type", {(const uint8_t[]){0x15, 0x02, 0x26, 0x08, 0x00}, 5}},
};

START_TEST(thrift__passes_over_what_it_does_not_know) /* P-THRIFT-1 */
{
    struct parquet_statistics statistics;
    ck_assert_msg(decode_statistics(unknown[_i].bytes, &statistics) == TARN_OK, "%s: %s", unknown[_i].name, err.message);
    ck_assert(statistics.has_null_count);
    ck_assert_int_eq(statistics.null_count, 4);
    ck_assert(!statistics.has_max);
}
END_TEST

static const struct {
    const char *name;
    struct tarn_span bytes;
} damaged[] = {
#define DAMAGED(name, ...)                                                                                                                 \
    {                                                                                                                                      \
        name,                                                                                                                              \
        {                                                                                                                                  \
            (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})                                                         \
        }                                                                                                                                  \
    }
    DAMAGED("no type", 0x1e, 0x00, 0x00),
    DAMAGED("type 15", 0x1f, 0x00),
    DAMAGED("varint of eleven bytes", 0x36, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00),
    DAMAGED("varint of 65 bits", 0x36, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00),
    DAMAGED("binary longer than the input", 0x18, 0x05, 0x61, 0x62, 0x00),
    DAMAGED("binary of 2^62 bytes", 0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 0x00),
    DAMAGED("field twice", 0x36, 0x08, 0x06, 0x06, 0x08, 0x00),
    DAMAGED("unknown list longer than the input", 0xa9, 0xf5, 0xff, 0xff, 0xff, 0x07, 0x00),
    DAMAGED("unknown list of doubles longer than the input", 0xa9, 0x27, 1, 2, 3, 4, 5, 6, 7, 8, 0x00),
    DAMAGED("unknown map longer than the input", 0xab, 0xff, 0xff, 0xff, 0x07, 0x55, 0x00),
    DAMAGED("unknown list of type 0", 0xa9, 0x10, 0x00, 0x00),
    DAMAGED("bool of a list is 3", 0xa9, 0x11, 0x03, 0x00),
    DAMAGED("i16 of 17 bits", 0xa4, 0x80, 0x80, 0x04, 0x00),
    DAMAGED("id over 32767", 0x06, 0xfe, 0xff, 0x03, 0x00, 0x16, 0x00, 0x00),
};

START_TEST(thrift__refuses_damage) /* P-THRIFT-2, P-THRIFT-4 */
{
    struct parquet_statistics statistics;
    ck_assert_msg(decode_statistics(damaged[_i].bytes, &statistics) == TARN_CORRUPT, "%s", damaged[_i].name);
    ck_assert_str_eq(err.detail, "thrift");
    ck_assert_int_ge(err.offset, 0);
}
END_TEST

START_TEST(thrift__limits_depth) /* P-THRIFT-3 */
{
    uint8_t bytes[200];
    struct parquet_statistics statistics;
    memset(bytes, 0xac, sizeof(bytes)); /* unknown struct in unknown struct ... */
    ck_assert_status(decode_statistics((struct tarn_span){bytes, sizeof(bytes)}, &statistics), TARN_LIMIT);
    memset(bytes, 0x19, sizeof(bytes)); /* list of one list of one list ... */
    bytes[0] = 0xa9;
    ck_assert_status(decode_statistics((struct tarn_span){bytes, sizeof(bytes)}, &statistics), TARN_LIMIT);
}
END_TEST

START_TEST(thrift__asks_no_memory_for_elements_that_cannot_be_there) /* P-THRIFT-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    struct parquet_offset_index index;
    struct tarn_thrift_progress progress;
    uint8_t bytes[64] = {0x19, 0xfc, 0x3f}; /* 63 page locations in 61 bytes */
    uint64_t peak;
    tarn__arena_init(&arena, env);
    const uint64_t before = tarn_env_memory(env, &peak);
    ck_assert_status(
        tarn__thrift_decode(&tarn__parquet_offset_index, (struct tarn_span){bytes, sizeof(bytes)}, &arena, &index, &progress, &err),
        TARN_CORRUPT);
    ck_assert_uint_eq(tarn_env_memory(env, &peak), before);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(thrift__wants_required_fields) /* P-THRIFT-5 */
{
    struct parquet_page_header header;
    struct tarn_thrift_progress progress;
    ck_assert_status(tarn__thrift_decode(&tarn__parquet_page_header, BYTES(0x15, 0x00, 0x15, 0x14, 0x00), NULL, &header, &progress, &err),
                     TARN_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.message, "PageHeader has no field compressed_page_size"));
    ck_assert(!progress.truncated);
}
END_TEST

START_TEST(thrift__keeps_unknown_members_and_numbers) /* P-THRIFT-8 */
{
    struct parquet_logical_type type;
    struct tarn_thrift_progress progress;
    ck_assert_ok(
        tarn__thrift_decode(&tarn__parquet_logical_type, BYTES(0x0c, 0xf6, 0x27, 0x15, 0x02, 0x00, 0x00), NULL, &type, &progress, &err),
        &err);
    ck_assert_int_eq(type.id, 2555);
    struct parquet_page_header header;
    ck_assert_ok(tarn__thrift_decode(&tarn__parquet_page_header, BYTES(0x15, 0xc8, 0x01, 0x15, 0x00, 0x15, 0x00, 0x00), NULL, &header,
                                     &progress, &err),
                 &err);
    ck_assert_int_eq(header.type, 100);
    ck_assert_status(tarn__thrift_decode(&tarn__parquet_logical_type, BYTES(0x1c, 0x00, 0x1c, 0x00, 0x00), NULL, &type, &progress, &err),
                     TARN_CORRUPT); /* two members */
}
END_TEST

START_TEST(thrift__decodes_unions_with_their_members)
{
    struct parquet_logical_type type;
    struct tarn_thrift_progress progress;
    /* TIMESTAMP (8) { isAdjustedToUTC true, unit { MICROS {} } } */
    const struct tarn_span bytes = BYTES(0x8c, 0x11, 0x1c, 0x2c, 0x00, 0x00, 0x00, 0x00);
    ck_assert_ok(tarn__thrift_decode(&tarn__parquet_logical_type, bytes, NULL, &type, &progress, &err), &err);
    ck_assert_int_eq(type.id, PARQUET_LOGICAL_TIMESTAMP);
    ck_assert(type.u.time.is_adjusted_to_utc);
    ck_assert_int_eq(type.u.time.unit.id, PARQUET_UNIT_MICROS);
    expect_encoding(&tarn__parquet_logical_type, &type, bytes);
    type.id = 2555;
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    ck_assert_status(tarn__thrift_encode(&tarn__parquet_logical_type, &type, out, &err), TARN_INVALID);
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(thrift__reads_and_writes_lists)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    struct parquet_column_index index;
    struct tarn_thrift_progress progress;
    /* null_pages [false, true], min [a, ""], max [b, ""], ASCENDING, null_counts [0, 300] */
    const struct tarn_span bytes = BYTES(0x19, 0x21, 0x02, 0x01, 0x19, 0x28, 0x01, 0x61, 0x00, 0x19, 0x28, 0x01, 0x62, 0x00, 0x15, 0x02,
                                         0x19, 0x26, 0x00, 0xd8, 0x04, 0x00);
    tarn__arena_init(&arena, env);
    ck_assert_ok(tarn__thrift_decode(&tarn__parquet_column_index, bytes, &arena, &index, &progress, &err), &err);
    ck_assert_uint_eq(index.null_pages.count, 2);
    ck_assert(!index.null_pages.items[0] && index.null_pages.items[1]);
    ck_assert_uint_eq(index.max_values.items[0].data[0], 'b');
    ck_assert_uint_eq(index.max_values.items[1].size, 0);
    ck_assert(index.has_null_counts && !index.has_nan_counts);
    ck_assert_int_eq(index.null_counts.items[1], 300);
    expect_encoding(&tarn__parquet_column_index, &index, bytes);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

struct tally {
    unsigned values;
    unsigned begins;
    unsigned ends;
    int64_t sum;
};

static enum tarn_status count_item(void *arg, const struct tarn_thrift_item *item, struct tarn_error *e)
{
    struct tally *tally = arg;
    (void)e;
    tally->values += item->event == TARN_THRIFT_VALUE;
    tally->begins += item->event == TARN_THRIFT_BEGIN;
    tally->ends += item->event == TARN_THRIFT_END;
    tally->sum += item->integer;
    return TARN_OK;
}

START_TEST(thrift__walks_without_a_table)
{
    struct tally tally = {0};
    struct tarn_thrift_progress progress;
    ck_assert_ok(tarn__thrift_walk((struct tarn_span){page_header, sizeof(page_header)}, count_item, &tally, &progress, &err), &err);
    ck_assert_uint_eq(tally.values, 8);
    ck_assert_uint_eq(tally.begins, 2);
    ck_assert_uint_eq(tally.ends, 2);
    ck_assert_int_eq(tally.sum, 0 + 10 + 8 - 1 + 6 + 0 + 3 + 3);
}
END_TEST

TARN_SUITE("format/thrift", TARN_TEST(thrift__decodes_nested_structs_and_says_where_they_end),
           TARN_TEST(thrift__writes_fields_in_ascending_short_form), TARN_TEST(thrift__reports_an_end_inside_a_value),
           TARN_LOOP_TEST(thrift__passes_over_what_it_does_not_know, unknown), TARN_LOOP_TEST(thrift__refuses_damage, damaged),
           TARN_TEST(thrift__limits_depth), TARN_TEST(thrift__asks_no_memory_for_elements_that_cannot_be_there),
           TARN_TEST(thrift__wants_required_fields), TARN_TEST(thrift__keeps_unknown_members_and_numbers),
           TARN_TEST(thrift__decodes_unions_with_their_members), TARN_TEST(thrift__reads_and_writes_lists),
           TARN_TEST(thrift__walks_without_a_table))
