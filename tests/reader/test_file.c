/* SPDX-License-Identifier: Apache-2.0
 * Files by format, and several sources as one.
 */
#include "tarn/reader.h"
#include "tests/support/canonical.h"
#include "tests/support/fault.h"
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

/* One INT32 column called `name` with one value, or a null when it is optional. */
static void put_column(const char *key, const char *name, bool optional, uint8_t value)
{
    const struct parquet_schema_element elements[] = {{.name = {"schema", 6}, .has_num_children = true, .num_children = 1},
                                                      {.name = tarn__text_of(name),
                                                       .has_type = true,
                                                       .type = PARQUET_INT32,
                                                       .has_repetition_type = true,
                                                       .repetition_type = optional ? PARQUET_OPTIONAL : PARQUET_REQUIRED}};
    const uint8_t body[] = {value, 0, 0, 0};
    static const uint8_t null[] = {2, 0};
    const struct tarn_test_page page = {.type = PARQUET_DATA_PAGE,
                                        .values = 1,
                                        .definition = {null, optional ? sizeof(null) : 0},
                                        .body = {body, optional ? 0 : sizeof(body)}};
    const struct tarn_test_chunk chunk = {.page_count = 1, .pages = &page};
    const struct tarn_test_row_group row_group = {1, &chunk};
    const struct tarn_test_parquet file = {.element_count = 2, .elements = elements, .row_group_count = 1, .row_groups = &row_group};
    tarn_test_parquet_put(store, key, &file);
}

static void put_parquet(const char *key, const char *name, uint8_t value)
{
    put_column(key, name, false, value);
}

static struct tarn_source *open_file(const char *key)
{
    struct tarn_source *source;
    ck_assert_ok(tarn_file_open(store, tarn__text_of(key), TARN_FILE_AUTO, &source, &err), &err);
    return source;
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

START_TEST(file__what_may_be_null_in_one_source_may_be_null_in_all)
{
    struct tarn_source *whole;
    struct tarn_text_builder text;
    open_store();
    put_column("a", "n", false, 1);
    put_column("b", "n", true, 0);
    struct tarn_source *parts[] = {open_file("a"), open_file("b")};
    ck_assert_ok(tarn_source_concat(env, 2, parts, &whole, &err), &err);
    ck_assert(tarn_source_schema(whole)->fields[0].nullable);
    tarn__builder_init(&text, env);
    ck_assert_ok(tarn_canonical_rows(whole, 0, &text, &err), &err);
    ck_assert(tarn__text_equal(tarn__builder_text(&text), TARN_TEXT("{\"n\":1}\n{\"n\":null}\n")));
    tarn__builder_free(&text);
    tarn_source_close(whole);
    close_store();
}
END_TEST

/* Row groups are numbered through all sources, and counters are sums. */
START_TEST(file__explains_sources_together)
{
    struct tarn_source *whole;
    struct tarn_scan *scan;
    struct tarn_cursor *cursor;
    struct tarn_scan_stats stats = {.size = sizeof(stats)};
    const struct tarn_path_step step = {TARN_PATH_FIELD, TARN_TEXT("n"), -1};
    const struct tarn_path path = {1, &step};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    char line[256];
    uint32_t rows;
    open_store();
    put_parquet("a", "n", 1);
    put_parquet("b", "n", 2);
    put_parquet("c", "n", 3);
    struct tarn_source *parts[] = {open_file("a"), open_file("b"), open_file("c")};
    ck_assert_ok(tarn_source_concat(env, 3, parts, &whole, &err), &err);
    request.paths = &path;
    request.path_count = 1;
    ck_assert_ok(tarn_source_scan(whole, &request, &scan, &err), &err);
    ck_assert_uint_eq(tarn_scan_task_count(scan), 3);
    for (uint32_t task = 3; task-- > 0;) {
        struct tarn_vector *vector;
        ck_assert_ok(tarn_scan_open(scan, task, &cursor, &err), &err);
        ck_assert_ok(tarn_cursor_next(cursor, 0, &rows, &err), &err);
        ck_assert_ok(tarn_cursor_column(cursor, 0, NULL, &vector, &err), &err);
        ck_assert_int_eq(((const int32_t *)vector->u.values)[0], (int32_t)task + 1);
        tarn_cursor_close(cursor);
    }
    for (uint32_t part = 0; part < 3; part++) {
        ck_assert_uint_gt(tarn_scan_explain(scan, part, line, sizeof(line)), 0);
    }
    ck_assert_uint_eq(tarn_scan_explain(scan, 3, line, sizeof(line)), 0);
    tarn_scan_stats(scan, &stats);
    ck_assert_uint_eq(stats.row_groups, 3);
    ck_assert_uint_eq(stats.rows, 3);
    tarn_scan_close(scan);
    tarn_source_close(whole);
    close_store();
}
END_TEST

START_TEST(file__refuses_to_put_nothing_or_other_types_together)
{
    struct tarn_source *whole;
    open_store();
    static const char csv[] = "n,m\n1,2\n";
    static const char text[] = "n\nx\n";
    ck_assert_status(tarn_source_concat(env, 0, NULL, &whole, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "sources");
    put_parquet("a", "n", 1);
    ck_assert_ok(
        tarn_store_put(store, TARN_TEXT("b.csv"), tarn__span_of_text(tarn__text_of(csv)), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    ck_assert_ok(
        tarn_store_put(store, TARN_TEXT("c.csv"), tarn__span_of_text(tarn__text_of(text)), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    static const char *const others[] = {"b.csv", "c.csv"};
    static const char *const said[] = {"source 2 has 2 columns and the first has 1",
                                       "column 1 is \"n\" INTEGER in the first source and \"n\" VARCHAR in source 2"};
    for (int i = 0; i < 2; i++) {
        struct tarn_source *parts[] = {open_file("a"), open_file(others[i])};
        ck_assert_status(tarn_source_concat(env, 2, parts, &whole, &err), TARN_INVALID);
        ck_assert_ptr_null(whole);
        ck_assert_str_eq(err.message, said[i]);
    }
    /* of a text nobody knows how many rows it has */
    struct tarn_source *parts[] = {open_file("b.csv"), open_file("b.csv")};
    uint64_t rows;
    ck_assert_ok(tarn_source_concat(env, 2, parts, &whole, &err), &err);
    ck_assert(!tarn_source_row_count(whole, &rows));
    tarn_source_close(whole);
    close_store();
}
END_TEST

static enum tarn_status read_together(void *ctx, struct tarn_fault *fault, struct tarn_env *faulty, struct tarn_error *error)
{
    struct tarn_source *parts[2];
    struct tarn_source *whole;
    struct tarn_text_builder text;
    (void)ctx;
    tarn_fault_suspend(fault);
    env = faulty;
    ck_assert_ok(tarn_store_open(env, TARN_TEXT("memory:t"), true, &store, &err), &err);
    put_column("a", "n", false, 1);
    put_column("b", "n", true, 0);
    parts[0] = open_file("a");
    parts[1] = open_file("b");
    tarn__builder_init(&text, env);
    ck_assert(tarn__builder_reserve(&text, 1000));
    tarn_fault_resume(fault);
    enum tarn_status status = tarn_source_concat(env, 2, parts, &whole, error); /* and closes them when it fails */
    if (status == TARN_OK) {
        status = tarn_canonical_rows(whole, 0, &text, error);
        ck_assert(status != TARN_OK || tarn__text_equal(tarn__builder_text(&text), TARN_TEXT("{\"n\":1}\n{\"n\":null}\n")));
    }
    tarn__builder_free(&text);
    tarn_source_close(whole);
    tarn_store_close(store);
    return status;
}

START_TEST(file__puts_together_or_fails_cleanly)
{
    ck_assert_uint_gt(tarn_fault_sweep(read_together, NULL, TARN_FAULT_ALL_ALLOC | TARN_FAULT_IO_ONCE), 10);
}
END_TEST

START_TEST(file__of_no_format)
{
    struct tarn_source *source;
    open_store();
    put_parquet("a", "n", 1);
    ck_assert_status(tarn_file_open(store, TARN_TEXT("a"), (enum tarn_file_format)77, &source, &err), TARN_INVALID);
    ck_assert_ptr_null(source);
    ck_assert_str_eq(err.detail, "format");
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
           TARN_TEST(file__what_may_be_null_in_one_source_may_be_null_in_all), TARN_TEST(file__explains_sources_together),
           TARN_TEST(file__refuses_to_put_nothing_or_other_types_together), TARN_TEST(file__puts_together_or_fails_cleanly),
           TARN_TEST(file__of_no_format), TARN_LOOP_TEST(file__refuses_what_is_no_parquet_file, damaged))
