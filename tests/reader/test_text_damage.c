/* SPDX-License-Identifier: Apache-2.0
 * JSON and CSV with one byte changed, at every place; where the records of a JSON document are; CSV converted on several threads.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "tarn/reader.h"
#include "tests/support/source_text.h"
#include "tests/support/suite.h"

static struct tarn_error err;

static struct tarn_schema *schema_of(struct tarn_env *env, const char *fields)
{
    char whole[512];
    struct tarn_schema *holder;
    struct tarn_schema *schema;
    const struct tarn_type *row;
    const int size = snprintf(whole, sizeof(whole), "STRUCT(%s)", fields);
    ck_assert_ok(tarn_type_parse(env, (struct tarn_text){whole, (size_t)size}, &holder, &row, &err), &err);
    ck_assert_ok(tarn_schema_make(env, row->field_count, row->fields, 0, NULL, &schema, &err), &err);
    tarn_schema_release(holder);
    return schema;
}

/* ---- every byte ---- */

#define RECORD                                                                                                                             \
    "{\"i\":1,\"s\":{\"a\":2,\"x\":{},\"l\":[3,null]},\"m\":{\"k\":\"v\"},\"t\":\"text\",\"j\":[{\"q\":\"\\u00e4\"}],\"d\":\"2024-02-"     \
    "29\",\"o\":[1,{}]}"
#define ROW_OF_RECORD "1|{'a': 2, 'l': [3, NULL]}|{k=v}|text|[{\"q\":\"\\u00e4\"}]|2024-02-29\n"
#define LINE "7,\"a \"\"b\"\",\",2024-02-29,1.5"
#define ROW_OF_LINE "7|a \"b\",|2024-02-29|1.5\n"

static const char changes[] = {'}', '{', ']', '[', '"', ',', ':', '0', 'x', '\\', '\x01', ' ', '\n', '\r', '\xff', '\''};
static unsigned rejects;

static void count_reject(void *arg, const struct tarn_reject *reject)
{
    (void)arg;
    ck_assert_uint_ge(reject->line, 1);
    rejects++;
}

/* 0: types are seen in the first record; 1: they are given; 2: given, and what does not fit is left out. */
static struct tarn_source *open_changed(struct tarn_store *store, bool json, const struct tarn_schema *schema, int mode)
{
    struct tarn_json_options json_options = TARN_JSON_OPTIONS_INIT;
    struct tarn_csv_options csv_options = TARN_CSV_OPTIONS_INIT;
    struct tarn_source *source;
    json_options.schema = csv_options.schema = mode != 0 ? schema : NULL;
    json_options.sample_rows = csv_options.sample_rows = 1;
    json_options.reject = csv_options.reject = mode == 2 ? count_reject : NULL;
    csv_options.header = TARN_CHOICE_NO;
    csv_options.delimiter = ',';
    const enum tarn_status status = json ? tarn_json_open(store, TARN_TEXT("f"), &json_options, &source, &err)
                                         : tarn_csv_open(store, TARN_TEXT("f"), &csv_options, &source, &err);
    if (status != TARN_OK) {
        ck_assert_ptr_null(source);
        ck_assert_msg(status == TARN_INVALID, "%s: %s", tarn_status_name(status), err.message);
    }
    return source;
}

START_TEST(text_damage__one_byte_is_told_or_harmless)
{
    struct tarn_env *env = tarn_test_env();
    const bool json = _i < 3;
    const int mode = _i % 3;
    const char *record = json ? RECORD : LINE;
    const char *row = json ? ROW_OF_RECORD : ROW_OF_LINE;
    struct tarn_schema *schema =
        schema_of(env, json ? "i BIGINT, s STRUCT(a BIGINT, l BIGINT[]), m MAP(VARCHAR, VARCHAR), t VARCHAR, j JSON, d DATE"
                            : "i BIGINT, t VARCHAR, d DATE, f DOUBLE");
    char file[1024];
    unsigned told = 0;
    const size_t size = strlen(record);
    for (size_t at = 0; at < size; at++) {
        for (size_t change = 0; change < sizeof(changes); change++) {
            const int length = snprintf(file, sizeof(file), "%s\n%s\n%s\n", record, record, record);
            file[size + 1 + at] = changes[change];
            struct tarn_store *store = tarn_test_store_of(env, file, (size_t)length);
            rejects = 0;
            struct tarn_source *source = open_changed(store, json, schema, mode);
            if (source != NULL) {
                const char *text = strchr(tarn_test_source_text(source), '\n') + 1;
                const char *bang = strstr(text, "\n!");
                ck_assert_msg(mode == 0 || strncmp(text, row, strlen(row)) == 0 || text[0] == '!', "byte %zu, '%c': %s", at,
                              changes[change], text);
                ck_assert_msg(bang == NULL || strncmp(bang, "\n!INVALID.", 10) == 0, "byte %zu, '%c': %s", at, changes[change], text);
                told += bang != NULL || text[0] == '!' || rejects != 0;
            } else {
                told++;
            }
            tarn_source_close(source);
            tarn_store_close(store);
        }
    }
    ck_assert_uint_gt(told, size); /* most changes are no JSON, or no value of their column, any more */
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

/* Cut anywhere: never more than what is there, and an error unless the cut is between records. */
START_TEST(text_damage__json_cut_anywhere)
{
    static const char *const forms[] = {RECORD "\n" RECORD, "[" RECORD "," RECORD "]",
                                        "{\"n\":[1],\"r\":[" RECORD "," RECORD "],\"z\":{}}"};
    struct tarn_env *env = tarn_test_env();
    const char *form = forms[_i];
    const size_t size = strlen(form);
    for (size_t cut = 1; cut < size; cut++) {
        struct tarn_store *store = tarn_test_store_of(env, form, cut);
        struct tarn_json_options options = TARN_JSON_OPTIONS_INIT;
        struct tarn_source *source;
        options.records = _i == 2 ? TARN_TEXT("r") : TARN_TEXT("");
        const enum tarn_status status = tarn_json_open(store, TARN_TEXT("f"), &options, &source, &err);
        if (status == TARN_OK) {
            const char *text = tarn_test_source_text(source);
            const bool between = _i == 0 && (cut == strlen(RECORD) || cut == strlen(RECORD) + 1);
            ck_assert_msg(between || strstr(text, "!INVALID.json.") != NULL, "cut at %zu: %s", cut, text);
        } else {
            ck_assert_int_eq(status, TARN_INVALID);
        }
        tarn_source_close(source);
        tarn_store_close(store);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- where the records are ---- */

static const struct {
    const char *file;
    const char *records;
    const char *rows; /* "!": refused */
} layouts[] = {
    {"{\"a\":{\"b\":[{\"x\":1}]}}", "a.b", "x BIGINT\n1\n"},
    {"{\"q\":0,\"a\":{\"c\":[],\"b\":[{\"x\":1}]}}", "a.b", "x BIGINT\n1\n"},
    {"{\"a\":{\"b\":{\"c\":[{\"x\":1}]}}}", "a.b.c", "x BIGINT\n1\n"},
    {"{\"a\":{\"b\":1}}", "a.b", "!"},
    {"{\"a\":[1]}", "a.b", "!"},
    {"{\"a\":{}}", "a.b", "!"},
    {"{\"a\":1}", "b", "!"},
    {"{\"a\":{\"b\":[{\"x\":1}]", "a.b", "!"},
    {"{\"a\":\"", "a", "!"},
    {"{\"a\":[]}", "a", "\n"},
    {"[{\"x\":1}]", "a", "!"},
    {"{\"x\":1}\n{\"x\":2}\n", "a", "!"},
    {"{\"x\":1} {\"x\":2}", "", "x BIGINT\n1\n2\n"},
    {"{\"x\":1}{\"x\":2}", "", "x BIGINT\n1\n2\n"},
    {"  \t\r\n{\"x\":1}\r\n", "", "x BIGINT\n1\n"},
    {"{\"a\":[{\"x\":1}],\"b\":[{\"y\":1}]}", "", "!"},
    {"{\"a\":[[1]],\"x\":2}", "", "a BIGINT[][], x BIGINT\n[[1]]|2\n"},
    {"", "", "!"},
    {"   \n", "", "\n"},
    {"17", "", "!"},
    {"\"text\"", "", "!"},
    {"null\n", "", "!"},
    {"{", "", "!"},
    {"{\"x\":1", "", "!"},
    {"]", "", "!"},
    {"[{\"x\":1},]", "", "!"},
    {"[1,2]", "", "!"},
    {"[", "", "!"},
};

START_TEST(text_damage__layouts_of_json)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_json_options options = TARN_JSON_OPTIONS_INIT;
    struct tarn_source *source;
    struct tarn_store *store = tarn_test_store_of(env, layouts[_i].file, strlen(layouts[_i].file));
    options.records = tarn__text_of(layouts[_i].records);
    const enum tarn_status status = tarn_json_open(store, TARN_TEXT("f"), &options, &source, &err);
    const char *text = status == TARN_OK ? tarn_test_source_text(source) : "!";
    ck_assert_msg(status == TARN_OK || status == TARN_INVALID, "%s: %s", layouts[_i].file, tarn_status_name(status));
    const bool refused = strcmp(layouts[_i].rows, "!") == 0;
    ck_assert_msg(refused ? strchr(text, '!') != NULL : strcmp(text, layouts[_i].rows) == 0, "%s by '%s': %s", layouts[_i].file,
                  layouts[_i].records, text);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

/* ---- several threads ---- */

START_TEST(text_damage__csv_on_several_threads)
{
    static const char good[] = "a,b,c,d\n1,x,2024-01-01,1.5\n2,y,2024-01-02,2.5\n";
    static const char bad[] = "a,b,c,d\n1,x,2024-01-01,1.5\n2,y,2024-01-02,z\n3,y,never,2.5\n";
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_csv_options csv = TARN_CSV_OPTIONS_INIT;
    struct tarn_pool *pool;
    struct tarn_env *env;
    struct tarn_source *source;
    ck_assert_ok(tarn_pool_open(3, &pool, &err), &err);
    const struct tarn_executor executor = tarn_pool_executor(pool);
    options.executor = &executor;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    struct tarn_schema *schema = schema_of(env, "a BIGINT, b VARCHAR, c DATE, d DOUBLE");
    csv.schema = schema;
    csv.header = TARN_CHOICE_YES;
    struct tarn_store *store = tarn_test_store_of(env, good, sizeof(good) - 1);
    ck_assert_ok(tarn_csv_open(store, TARN_TEXT("f"), &csv, &source, &err), &err);
    ck_assert_str_eq(strchr(tarn_test_source_text(source), '\n') + 1, "1|x|2024-01-01|1.5\n2|y|2024-01-02|2.5\n");
    tarn_source_close(source);
    tarn_store_close(store);
    /* of two bad values in two columns the first row's is told */
    store = tarn_test_store_of(env, bad, sizeof(bad) - 1);
    ck_assert_ok(tarn_csv_open(store, TARN_TEXT("f"), &csv, &source, &err), &err);
    struct tarn_batches *batches;
    struct tarn_batch *batch;
    ck_assert_ok(tarn_source_batches(source, NULL, &batches, &err), &err);
    ck_assert_status(batches->next(batches, &batch, &err), TARN_INVALID);
    ck_assert_str_eq(err.column, "d");
    batches->close(batches);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
    tarn_pool_close(pool);
}
END_TEST

TARN_SUITE("reader/text damage", TARN_LOOP_TIMES(text_damage__one_byte_is_told_or_harmless, 6),
           TARN_LOOP_TIMES(text_damage__json_cut_anywhere, 3), TARN_LOOP_TEST(text_damage__layouts_of_json, layouts),
           TARN_TEST(text_damage__csv_on_several_threads))
