/* SPDX-License-Identifier: Apache-2.0
 * Files by format, and several sources as one.
 */
#include "tarn/reader.h"
#include "tests/support/canonical.h"
#include "tests/support/parquet_bytes.h"
#include "tests/support/suite.h"

static struct tarn_error err;
static struct tarn_env *env;
static struct tarn_store *store;

static void open_store(void)
{
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
}

static void close_store(void)
{
    tarn_store_close(store);
    tarn_test_env_close(env);
}

/* One required INT32 column called `name` with one value. */
static void put_parquet(const char *key, const char *name, uint8_t value)
{
    const struct parquet_schema_element elements[] = {{.name = {"schema", 6}, .has_num_children = true, .num_children = 1},
                                                      {.name = tarn__text_of(name),
                                                       .has_type = true,
                                                       .type = PARQUET_INT32,
                                                       .has_repetition_type = true,
                                                       .repetition_type = PARQUET_REQUIRED}};
    const uint8_t body[] = {value, 0, 0, 0};
    const struct tarn_test_page page = {.type = PARQUET_DATA_PAGE, .values = 1, .body = {body, sizeof(body)}};
    const struct tarn_test_chunk chunk = {.page_count = 1, .pages = &page};
    const struct tarn_test_row_group row_group = {1, &chunk};
    const struct tarn_test_parquet file = {.element_count = 2, .elements = elements, .row_group_count = 1, .row_groups = &row_group};
    tarn_test_parquet_put(store, key, &file);
}

static const struct {
    const char *key;
    const char *bytes;
    enum tarn_file_format format;
} files[] = {
    {"a.parquet", "PAR1....", TARN_FILE_PARQUET},
    {"misnamed.csv", "PAR1....", TARN_FILE_PARQUET},
    {"encrypted", "PARE....", TARN_FILE_PARQUET},
    {"broken.parquet", "", TARN_FILE_PARQUET},
    {"a.arrow", "x", TARN_FILE_ARROW},
    {"a.arrows", "", TARN_FILE_ARROW},
    {"a.ipc", "PK", TARN_FILE_ARROW},
    {"a.feather", "FEA1", TARN_FILE_ARROW},
    {"stream.csv", "\xff\xff\xff\xff\x78", TARN_FILE_ARROW},
    {"no feather", "FEA1,b\n1,2\n", TARN_FILE_CSV},
    {"a.arrow.csv", "ARROW1,b\n1,2\n", TARN_FILE_CSV},
    {"a.csv", "[1]", TARN_FILE_CSV},
    {"a.tsv", "x", TARN_FILE_CSV},
    {"a.CSV.gz", "\x1f\x8b", TARN_FILE_CSV},
    {"a.jsonl", "x", TARN_FILE_JSON},
    {"a.json.zst", "\x28\xb5\x2f\xfd", TARN_FILE_JSON},
    {"none", " \n {\"a\":1}", TARN_FILE_JSON},
    {"array", "\xef\xbb\xbf[{}]", TARN_FILE_JSON},
    {"text", "a,b\n1,2\n", TARN_FILE_CSV},
    {"empty", "", TARN_FILE_CSV},
};

START_TEST(file__is_known_by_its_bytes_and_then_by_its_name)
{
    enum tarn_file_format format;
    open_store();
    const struct tarn_text bytes = tarn__text_of(files[_i].bytes);
    ck_assert_ok(tarn_store_put(store, tarn__text_of(files[_i].key), tarn__span_of_text(bytes), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err),
                 &err);
    ck_assert_ok(tarn_file_format_detect(store, tarn__text_of(files[_i].key), &format, &err), &err);
    ck_assert_msg(format == files[_i].format, "%s: %d", files[_i].key, (int)format);
    close_store();
}
END_TEST

START_TEST(file__says_when_there_is_none)
{
    enum tarn_file_format format;
    struct tarn_source *source;
    open_store();
    ck_assert_status(tarn_file_format_detect(store, TARN_TEXT("nothing"), &format, &err), TARN_NOT_FOUND);
    ck_assert_status(tarn_file_open(store, TARN_TEXT("nothing"), TARN_FILE_PARQUET, &source, &err), TARN_NOT_FOUND);
    ck_assert_ptr_null(source);
    ck_assert_str_eq(err.object, "nothing");
    close_store();
}
END_TEST

START_TEST(file__puts_sources_together_in_order)
{
    struct tarn_source *parts[3];
    struct tarn_source *whole;
    struct tarn_text_builder text;
    uint64_t rows;
    open_store();
    for (uint8_t i = 0; i < 3; i++) {
        const char key[2] = {(char)('a' + i), '\0'};
        put_parquet(key, "n", (uint8_t)(i + 1));
        ck_assert_ok(tarn_file_open(store, tarn__text_of(key), TARN_FILE_AUTO, &parts[i], &err), &err);
    }
    ck_assert_ok(tarn_source_concat(env, 3, parts, &whole, &err), &err);
    ck_assert(tarn_source_row_count(whole, &rows));
    ck_assert_uint_eq(rows, 3);
    tarn__builder_init(&text, env);
    ck_assert_ok(tarn_canonical_rows(whole, 0, &text, &err), &err);
    ck_assert(tarn__text_equal(tarn__builder_text(&text), TARN_TEXT("{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n")));
    tarn__builder_free(&text);
    tarn_source_close(whole);
    close_store();
}
END_TEST

START_TEST(file__refuses_to_put_other_columns_together)
{
    struct tarn_source *parts[2];
    struct tarn_source *whole;
    open_store();
    put_parquet("a", "n", 1);
    put_parquet("b", "m", 2);
    ck_assert_ok(tarn_file_open(store, TARN_TEXT("a"), TARN_FILE_AUTO, &parts[0], &err), &err);
    ck_assert_ok(tarn_file_open(store, TARN_TEXT("b"), TARN_FILE_AUTO, &parts[1], &err), &err);
    ck_assert_status(tarn_source_concat(env, 2, parts, &whole, &err), TARN_INVALID); /* and closes them */
    ck_assert_ptr_null(whole);
    close_store();
}
END_TEST

static const struct {
    const char *name;
    const char *bytes;
    size_t size;
    const char *detail;
} damaged[] = {
    {"empty", "", 0, "magic"},
    {"cut", "PAR1\x15\x02", 6, "magic"},
    {"no footer", "PAR1xxxxxxxxxxxx", 16, "magic"},
    {"footer longer than the file", "PAR1\xff\xff\xff\x00PAR1", 12, "footer_length"},
    {"footer of nonsense", "PAR1\xff\xff\xff\xff\x04\x00\x00\x00PAR1", 16, "thrift"},
};

START_TEST(file__refuses_what_is_no_parquet_file)
{
    struct tarn_source *source;
    open_store();
    const struct tarn_span bytes = {(const uint8_t *)damaged[_i].bytes, damaged[_i].size};
    ck_assert_ok(tarn_store_put(store, TARN_TEXT("f.parquet"), bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    ck_assert_status(tarn_file_open(store, TARN_TEXT("f.parquet"), TARN_FILE_AUTO, &source, &err), TARN_CORRUPT);
    ck_assert_ptr_null(source);
    ck_assert_msg(strcmp(err.detail, damaged[_i].detail) == 0, "%s: %s", damaged[_i].name, err.detail);
    ck_assert_str_eq(err.object, "f.parquet");
    close_store();
}
END_TEST

TARN_SUITE("reader/file", TARN_LOOP_TEST(file__is_known_by_its_bytes_and_then_by_its_name, files), TARN_TEST(file__says_when_there_is_none),
           TARN_TEST(file__puts_sources_together_in_order), TARN_TEST(file__refuses_to_put_other_columns_together),
           TARN_LOOP_TEST(file__refuses_what_is_no_parquet_file, damaged))
