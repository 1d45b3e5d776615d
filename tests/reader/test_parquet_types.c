/* SPDX-License-Identifier: Apache-2.0
 * Columns of every odd type, in files that are written out byte by byte: timestamps of 96 bits in each form, text on fixed length, decimals
 * without end, annotations that are wrong, names twice, groups without columns.
 */
#include "tarn/reader.h"
#include "tests/support/canonical.h"
#include "tests/support/parquet_bytes.h"
#include "tests/support/suite.h"

#define SPAN(...)                                                                                                                          \
    {                                                                                                                                      \
        (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})                                                             \
    }
#define COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))
#define ROOT(children)                                                                                                                     \
    {                                                                                                                                      \
        .name = {"schema", 6}, .has_num_children = true, .num_children = (children)                                                        \
    }
#define LEAF(its_name, its_type, its_repetition, ...)                                                                                      \
    {                                                                                                                                      \
        .name = {its_name, sizeof(its_name) - 1}, .has_type = true, .type = PARQUET_##its_type, .has_repetition_type = true,               \
        .repetition_type = PARQUET_##its_repetition, __VA_ARGS__                                                                           \
    }
#define NOTHING .has_field_id = false
#define FIXED_OF(bytes) .has_type_length = true, .type_length = (bytes)
#define UTF8 .has_converted_type = true, .converted_type = PARQUET_CONVERTED_UTF8
#define PAGE(count, levels, bytes)                                                                                                         \
    {                                                                                                                                      \
        .type = PARQUET_DATA_PAGE, .encoding = PARQUET_ENCODING_PLAIN, .values = (count), .definition = levels, .body = bytes,             \
        .crc = TARN_TEST_CRC                                                                                                               \
    }
#define NO_LEVELS                                                                                                                          \
    {                                                                                                                                      \
        NULL, 0                                                                                                                            \
    }

static struct tarn_error err;
static struct tarn_env *env;
static struct tarn_store *store;

static void put(uint32_t element_count, const struct parquet_schema_element *elements, int64_t rows, const struct tarn_test_chunk *chunks)
{
    const struct tarn_test_row_group group = {rows, chunks};
    const struct tarn_test_parquet file = {
        .element_count = element_count, .elements = elements, .row_group_count = 1, .row_groups = &group};
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    tarn_test_parquet_put(store, "f.parquet", &file);
}

static void close_store(void)
{
    tarn_store_close(store);
    tarn_test_env_close(env);
}

/* The rows, compared when they can be read. */
static enum tarn_status check(enum tarn_wide_timestamps how, const char *expected)
{
    struct tarn_parquet_read_options options = TARN_PARQUET_READ_OPTIONS_INIT;
    struct tarn_source *source;
    struct tarn_text_builder text;
    options.wide_timestamps = how;
    tarn__builder_init(&text, env);
    ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("f.parquet"), &options, &source, &err), &err);
    const enum tarn_status status = tarn_canonical_rows(source, 2, &text, &err);
    if (status == TARN_OK) {
        ck_assert_msg(tarn__text_equal(tarn__builder_text(&text), tarn__text_of(expected)), "%.*s instead of %s", (int)text.size, text.data,
                      expected);
    }
    tarn__builder_free(&text);
    tarn_source_close(source);
    return status;
}

/* 1970-01-02, and the last day that a Julian day can say. */
static const struct tarn_test_page moments[] = {
    PAGE(2, NO_LEVELS, SPAN(5, 0, 0, 0, 0, 0, 0, 0, 0x8d, 0x3d, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f))};

START_TEST(parquet_types__int96_in_each_form) /* P-TYPE-4 P-VAL-4 */
{
    static const struct parquet_schema_element elements[] = {ROOT(1), LEAF("t", INT96, REQUIRED, NOTHING)};
    const struct tarn_test_chunk chunk = {.page_count = 1, .pages = moments};
    put(2, elements, 2, &chunk);
    ck_assert_ok(check(TARN_WIDE_EXACT, "{\"t\":\"1970-01-02T00:00:00.000000005Z\"}\n{\"t\":\"+5874898-06-03T00:00:00.000000000Z\"}\n"),
                 &err);
    ck_assert_ok(check(TARN_WIDE_BYTES, "{\"t\":\"0x05000000000000008d3d2500\"}\n{\"t\":\"0x0000000000000000ffffff7f\"}\n"), &err);
    ck_assert_status(check(TARN_WIDE_MICROS, ""), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "timestamp.range");
    ck_assert_int_eq(err.row, 1);
    close_store();
}
END_TEST

START_TEST(parquet_types__text_on_fixed_length) /* P-TYPE-8 */
{
    static const struct parquet_schema_element elements[] = {ROOT(1), LEAF("t", FIXED_LEN_BYTE_ARRAY, OPTIONAL, FIXED_OF(2), UTF8)};
    const struct tarn_test_page good[] = {PAGE(3, SPAN(0x03, 0x05), SPAN('a', 'b', 'c', 'd'))};
    const struct tarn_test_page bad[] = {PAGE(3, SPAN(0x03, 0x05), SPAN('a', 'b', 0xff, 'd'))};
    const struct tarn_test_chunk chunks[] = {{.page_count = 1, .pages = good}, {.page_count = 1, .pages = bad}};
    put(2, elements, 3, &chunks[0]);
    ck_assert_ok(check(TARN_WIDE_EXACT, "{\"t\":\"ab\"}\n{\"t\":null}\n{\"t\":\"cd\"}\n"), &err);
    close_store();
    put(2, elements, 3, &chunks[1]);
    ck_assert_status(check(TARN_WIDE_EXACT, ""), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "utf8");
    close_store();
}
END_TEST

START_TEST(parquet_types__decimals_of_many_digits) /* P-TYPE-3 */
{
    static const struct parquet_schema_element elements[] = {
        ROOT(1),
        LEAF("d", BYTE_ARRAY, REQUIRED, .has_logical_type = true, .logical_type = {.id = PARQUET_LOGICAL_DECIMAL, .u.decimal = {3, 100}})};
    const struct tarn_test_page pages[] = {PAGE(3, NO_LEVELS, SPAN(1, 0, 0, 0, 0xff, 0, 0, 0, 0, 2, 0, 0, 0, 0x7f, 0xff))};
    const struct tarn_test_chunk chunk = {.page_count = 1, .pages = pages};
    put(2, elements, 3, &chunk);
    ck_assert_ok(check(TARN_WIDE_EXACT, "{\"d\":\"-0.001\"}\n{\"d\":\"0.000\"}\n{\"d\":\"32.767\"}\n"), &err);
    close_store();
}
END_TEST

static const struct tarn_test_page numbers[] = {PAGE(2, NO_LEVELS, SPAN(1, 0, 0, 0, 2, 0, 0, 0))};
static const struct tarn_test_chunk two_chunks[] = {{.page_count = 1, .pages = numbers}, {.page_count = 1, .pages = numbers}};

START_TEST(parquet_types__a_wrong_annotation_costs_its_column_alone) /* P-TYPE-8 */
{
    static const struct parquet_schema_element elements[] = {
        ROOT(2), LEAF("bad", INT32, REQUIRED, .has_logical_type = true, .logical_type = {.id = PARQUET_LOGICAL_UUID}),
        LEAF("good", INT32, REQUIRED, NOTHING)};
    static const struct tarn_path_step step = {TARN_PATH_FIELD, {"good", 4}, -1};
    static const struct tarn_path path = {1, &step};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_source *source;
    struct tarn_scan *scan;
    struct tarn_cursor *cursor;
    struct tarn_vector *vector;
    uint32_t rows;
    put(3, elements, 2, two_chunks);
    ck_assert_status(check(TARN_WIDE_EXACT, ""), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "annotation");
    ck_assert_str_eq(err.column, "bad");
    request.path_count = 1;
    request.paths = &path;
    ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("f.parquet"), NULL, &source, &err), &err);
    ck_assert_ok(tarn_source_scan(source, &request, &scan, &err), &err);
    ck_assert_ok(tarn_scan_open(scan, 0, &cursor, &err), &err);
    ck_assert_ok(tarn_cursor_next(cursor, 2, &rows, &err), &err);
    ck_assert_ok(tarn_cursor_column(cursor, 0, NULL, &vector, &err), &err);
    ck_assert_int_eq(((const int32_t *)vector->u.values)[1], 2);
    tarn_cursor_close(cursor);
    tarn_scan_close(scan);
    tarn_source_close(source);
    close_store();
}
END_TEST

START_TEST(parquet_types__names_twice_and_groups_without_columns) /* P-SCHEMA-9 P-SCHEMA-10 */
{
    static const struct parquet_schema_element elements[] = {
        ROOT(4),
        LEAF("x", INT32, REQUIRED, NOTHING),
        {.name = {"hollow", 6}, .has_num_children = true, .has_repetition_type = true, .repetition_type = PARQUET_REQUIRED},
        {.name = {"none", 4}, .has_num_children = true, .has_repetition_type = true, .repetition_type = PARQUET_OPTIONAL},
        LEAF("x", INT32, REQUIRED, NOTHING)};
    const struct tarn_test_page others[] = {PAGE(2, NO_LEVELS, SPAN(7, 0, 0, 0, 8, 0, 0, 0))};
    const struct tarn_test_chunk chunks[] = {{.page_count = 1, .pages = numbers}, {.page_count = 1, .pages = others}};
    put(COUNT(elements), elements, 2, chunks);
    ck_assert_ok(check(TARN_WIDE_EXACT, "{\"x\":1,\"hollow\":{},\"none\":null,\"x\":7}\n{\"x\":2,\"hollow\":{},\"none\":null,\"x\":8}\n"),
                 &err);
    close_store();
}
END_TEST

TARN_SUITE("reader/parquet_types", TARN_TEST(parquet_types__int96_in_each_form), TARN_TEST(parquet_types__text_on_fixed_length),
           TARN_TEST(parquet_types__decimals_of_many_digits), TARN_TEST(parquet_types__a_wrong_annotation_costs_its_column_alone),
           TARN_TEST(parquet_types__names_twice_and_groups_without_columns))
