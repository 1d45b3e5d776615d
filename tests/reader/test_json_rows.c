/* SPDX-License-Identifier: Apache-2.0
 * JSON documents as rows: layouts, inferred types, what breaks them, what is rejected.
 */
#include <stdio.h>
#include <string.h>

#include "reader/json/json_source.h"
#include "tests/support/fault.h"
#include "tests/support/source_text.h"
#include "tests/support/suite.h"

static const struct {
    const char *name;
    const char *file;
    const char *rows;
} files[] = {
    {"lines", "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
    {"empty lines and CR LF", "\n{\"a\":1}\r\n\r\n{\"a\":2}\r\n", "a BIGINT\n1\n2\n"},
    {"values over several lines", "{\n \"a\": 1\n}\n{\n \"a\": 2\n}", "a BIGINT\n1\n2\n"},
    {"array", "[{\"a\":1}, {\"a\":2}\n]\n", "a BIGINT\n1\n2\n"},
    {"empty array", "[]", "\n"},
    {"one object", "{\"a\":1,\"b\":[1,2]}", "a BIGINT, b BIGINT[]\n1|[1, 2]\n"},
    {"array in a document", "{\"type\":\"C\",\"n\":[1],\"features\":[{\"a\":1},{\"a\":2}],\"bbox\":[0,1]}", "a BIGINT\n1\n2\n"},
    {"brackets in strings", "[{\"a\":\"}],{\\\"\"},{\"a\":\"\\\\\"}]", "a VARCHAR\n}],{\"\n\\\n"},
    {"missing members are null", "{\"a\":1}\n{\"b\":true}\n{}\n", "a BIGINT, b BOOLEAN\n1|~\n~|true\n~|~\n"},
    {"null", "{\"a\":null,\"b\":1}\n{\"a\":2,\"b\":null}\n", "a BIGINT, b BIGINT\n~|1\n2|~\n"},
    {"nothing but null", "{\"a\":null}\n", "a VARCHAR\n~\n"},
    {"numbers", "{\"a\":1,\"b\":1}\n{\"a\":2.5,\"b\":12345678901234567890}\n",
     "a DOUBLE, b DECIMAL(38,0)\n1.0|1\n2.5|12345678901234567890\n"},
    {"dates and times", "{\"d\":\"2024-02-29\",\"t\":\"2024-02-29T12:00:00\",\"z\":\"2024-02-29T12:00:00Z\"}",
     "d DATE, t TIMESTAMP, z TIMESTAMP WITH TIME ZONE\n2024-02-29|2024-02-29 12:00:00|2024-02-29 12:00:00+00\n"},
    {"dates among texts", "{\"d\":\"2024-02-29\"}\n{\"d\":\"x\"}\n", "d VARCHAR\n2024-02-29\nx\n"},
    {"mixed values stay JSON", "{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":[true, null]}\n", "a JSON\n1\n\"x\"\n[true, null]\n"},
    {"nested", "{\"p\":{\"x\":1,\"y\":[{\"z\":\"q\"}]}}\n{\"p\":null}\n{\"p\":{\"y\":[]}}\n",
     "p STRUCT(x BIGINT, y STRUCT(z VARCHAR)[])\n{'x': 1, 'y': [{'z': q}]}\n~\n{'x': NULL, 'y': []}\n"},
    {"escapes", "{\"\\u0061\":\"\\u00e4\\n\"}", "a VARCHAR\n\xc3\xa4\n\n"},
    /* damage: INVALID, never rows that are not there */
    {"truncated array", "[{\"a\":1},{\"a\":2}", "a BIGINT\n!INVALID.json.syntax"},
    {"truncated document", "{\"f\":[{\"a\":1}]", "a BIGINT\n!INVALID.json.syntax"},
    {"no comma", "[{\"a\":1}{\"a\":2}]", "a BIGINT\n!INVALID.json.syntax"},
    {"something behind the array", "[{\"a\":1}] x", "a BIGINT\n!INVALID.json.syntax"},
    {"no end of the document", "{\"f\":[{\"a\":1}]\t\r\n", "a BIGINT\n!INVALID.json.syntax"},
    {"two values on a line", "{\"a\":1}\n{\"a\":2} {\"a\":3}\n", "a BIGINT\n!INVALID.json.syntax"},
    {"a record that is no object", "{\"a\":1}\n17\n", "a BIGINT\n!INVALID.json.type"},
    {"a member twice", "{\"a\":1}\n{\"a\":1,\"a\":2}\n", "a BIGINT\n!INVALID.json.duplicate"},
    {"bytes that are not UTF-8", "{\"a\":\"x\"}\n{\"a\":\"\xff\"}\n", "a VARCHAR\n!INVALID.json.utf8"},
};

static struct tarn_source *open_text(struct tarn_store *store, const struct tarn_json_options *options, size_t chunk, size_t window)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_source *source;
    const struct tarn_text_origin origin = {.env = store->env, .store = store, .key = {"f", 1}, .chunk = chunk};
    ck_assert_ok(tarn__json_open_source(&origin, options, window, &source, &err), &err);
    return source;
}

START_TEST(json_rows__finds_out) /* T-JSON-1 T-JSON-2 T-JSON-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = tarn_test_store_of(env, files[_i].file, strlen(files[_i].file));
    /* the window is at times smaller than a record, and never cut where a record is */
    for (size_t window = 0; window <= 256; window += window < 8 ? 1 : 31) {
        struct tarn_source *source = open_text(store, NULL, window, window);
        ck_assert_msg(strcmp(tarn_test_source_text(source), files[_i].rows) == 0, "%s, window %zu: %s", files[_i].name, window,
                      tarn_test_source_text(source));
        tarn_source_close(source);
    }
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *name;
    const char *later;
    const char *wider;
} breaks[] = {
    {"fraction", "{\"a\":2.5,\"b\":{\"c\":\"x\"}}", "a DOUBLE, b STRUCT(c VARCHAR)"},
    {"text for a number", "{\"a\":\"x\",\"b\":{\"c\":\"x\"}}", "a JSON, b STRUCT(c VARCHAR)"},
    {"new member", "{\"a\":1,\"n\":true}", "a BIGINT, b STRUCT(c VARCHAR), n BOOLEAN"},
    {"new member below", "{\"a\":1,\"b\":{\"d\":1}}", "a BIGINT, b STRUCT(c VARCHAR, d BIGINT)"},
    {"number for an object", "{\"b\":1}", "a BIGINT, b JSON"},
};

START_TEST(json_rows__a_broken_inferred_type_is_widened) /* T-JSON-4 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_json_options options = TARN_JSON_OPTIONS_INIT;
    struct tarn_schema *wider;
    char file[256];
    options.sample_rows = 1;
    const int size = snprintf(file, sizeof(file), "{\"a\":1,\"b\":{\"c\":\"x\"}}\n%s\n", breaks[_i].later);
    struct tarn_store *store = tarn_test_store_of(env, file, (size_t)size);
    struct tarn_source *source = open_text(store, &options, 0, 0);
    ck_assert(!tarn_source_wider_schema(source, &wider));
    const char *text = tarn_test_source_text(source);
    ck_assert_msg(strstr(text, "!INVALID.inferred_type") != NULL, "%s: %s", breaks[_i].name, text);
    ck_assert(tarn_source_wider_schema(source, &wider));
    ck_assert_str_eq(tarn_test_schema_text(wider), breaks[_i].wider);
    tarn_source_close(source);
    options.schema = wider;
    source = open_text(store, &options, 0, 0);
    text = tarn_test_source_text(source);
    ck_assert_msg(strchr(text, '!') == NULL, "%s: %s", breaks[_i].name, text);
    tarn_source_close(source);
    tarn_schema_release(wider);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

static char rejected[512];

static void keep_reject(void *arg, const struct tarn_reject *reject)
{
    (void)arg;
    const size_t used = strlen(rejected);
    snprintf(rejected + used, sizeof(rejected) - used, "%d:%.*s=%.*s;", (int)reject->line, (int)reject->column_name.size,
             reject->column_name.data != NULL ? reject->column_name.data : "", (int)reject->text.size, reject->text.data);
}

START_TEST(json_rows__rejected_records_are_left_out) /* T-JSON-5 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_json_options options = TARN_JSON_OPTIONS_INIT;
    struct tarn_schema *holder;
    const struct tarn_type *type;
    struct tarn_schema *schema;
    static const char file[] = "{\"a\":1,\"z\":0}\n{\"a\":\"x\"}\n{\"a\":3\n17\n{\"a\":5}\n";
    struct tarn_store *store = tarn_test_store_of(env, file, sizeof(file) - 1);
    ck_assert_ok(tarn_type_parse(env, TARN_TEXT("STRUCT(a BIGINT)"), &holder, &type, &err), &err);
    ck_assert_ok(tarn_schema_make(env, type->field_count, type->fields, 0, NULL, &schema, &err), &err);
    options.schema = schema;
    struct tarn_source *source = open_text(store, &options, 0, 0);
    ck_assert_str_eq(tarn_test_source_text(source), "a BIGINT\n!INVALID.row");
    tarn_source_close(source);
    options.reject = keep_reject;
    source = open_text(store, &options, 0, 0);
    rejected[0] = '\0';
    ck_assert_str_eq(tarn_test_source_text(source), "a BIGINT\n1\n5\n");
    ck_assert_str_eq(rejected, "2:a=\"x\";3:={\"a\":3;4:=17;");
    tarn_source_close(source);
    tarn_schema_release(schema);
    tarn_schema_release(holder);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(json_rows__records_name_the_array) /* T-JSON-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_json_options options = TARN_JSON_OPTIONS_INIT;
    struct tarn_source *source;
    static const char file[] = "{\"x\":[{\"a\":1}],\"y\":[{\"b\":2}],\"in\":{\"z\":[{\"c\":3}]}}";
    struct tarn_store *store = tarn_test_store_of(env, file, sizeof(file) - 1);
    ck_assert_status(tarn_json_open(store, TARN_TEXT("f"), NULL, &source, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "records");
    options.records = TARN_TEXT("y");
    source = open_text(store, &options, 0, 0);
    ck_assert_str_eq(tarn_test_source_text(source), "b BIGINT\n2\n");
    tarn_source_close(source);
    options.records = TARN_TEXT("in.z");
    source = open_text(store, &options, 0, 0);
    ck_assert_str_eq(tarn_test_source_text(source), "c BIGINT\n3\n");
    tarn_source_close(source);
    options.records = TARN_TEXT("in.q");
    ck_assert_status(tarn_json_open(store, TARN_TEXT("f"), &options, &source, &err), TARN_INVALID);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(json_rows__deep_nesting_is_refused) /* T-JSON-3 */
{
    struct tarn_env *env = tarn_test_env();
    char file[1200] = "{\"a\":1}\n{\"a\":";
    memset(file + strlen(file), '[', 500);
    memset(file + strlen(file), ']', 500);
    strcat(file, "}\n");
    struct tarn_json_options options = TARN_JSON_OPTIONS_INIT;
    options.sample_rows = 1;
    struct tarn_store *store = tarn_test_store_of(env, file, strlen(file));
    struct tarn_source *source = open_text(store, &options, 0, 0);
    ck_assert_str_eq(tarn_test_source_text(source), "a BIGINT\n!LIMIT.json.depth");
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status read_all(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    static const char file[] = "{\"n\":[{\"a\":1,\"b\":{\"c\":[\"x\",null]}},{\"a\":2,\"b\":null}]}";
    struct tarn_store *store = NULL;
    struct tarn_source *source = NULL;
    struct tarn_batches *batches = NULL;
    (void)ctx;
    tarn_fault_suspend(fault);
    struct tarn_store *memory = tarn_test_store_of(env, file, sizeof(file) - 1);
    tarn_fault_resume(fault);
    enum tarn_status status = tarn_fault_wrap(fault, env, memory, &store, err);
    status = status == TARN_OK ? tarn_json_open(store, TARN_TEXT("f"), NULL, &source, err) : status;
    status = status == TARN_OK ? tarn_source_batches(source, NULL, &batches, err) : status;
    for (struct tarn_batch *batch = NULL; status == TARN_OK;) {
        status = batches->next(batches, &batch, err);
        if (status != TARN_OK || batch == NULL) {
            break;
        }
        ck_assert_uint_eq(batch->length, 2);
    }
    if (batches != NULL) {
        batches->close(batches);
    }
    tarn_source_close(source);
    tarn_store_close(store);
    return status;
}

START_TEST(json_rows__every_failure_is_clean)
{
    ck_assert_uint_gt(tarn_fault_sweep(read_all, NULL, TARN_FAULT_ALL_ALLOC | TARN_FAULT_IO_ONCE | TARN_FAULT_IO_FOREVER), 10);
}
END_TEST

START_TEST(json_rows__earthquakes)
{
    if (tarn_test_corpus() == NULL) {
        printf("not run: no TARN_CORPUS\n");
        ck_assert(true);
        return;
    }
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_store *store;
    struct tarn_source *source;
    struct tarn_batches *batches;
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    const struct tarn_path_step steps[] = {{TARN_PATH_FIELD, {"properties", 10}, -1}, {TARN_PATH_FIELD, {"mag", 3}, -1}};
    const struct tarn_path path = {2, steps};
    double sum = 0;
    uint32_t rows = 0;
    request.path_count = 1;
    request.paths = &path;
    ck_assert_ok(tarn_store_open(env, (struct tarn_text){tarn_test_corpus(), strlen(tarn_test_corpus())}, false, &store, &err), &err);
    ck_assert_ok(tarn_json_open(store, TARN_TEXT("real/earthquakes.json"), NULL, &source, &err), &err);
    ck_assert_ok(tarn_source_batches(source, &request, &batches, &err), &err);
    for (struct tarn_batch *batch = NULL;;) {
        ck_assert_ok(batches->next(batches, &batch, &err), &err);
        if (batch == NULL) {
            break;
        }
        for (uint32_t i = 0; i < batch->length; i++) {
            sum += ((const double *)batch->columns[0]->u.values)[i];
        }
        rows += batch->length;
    }
    ck_assert_uint_eq(rows, 1707); /* the count that the document itself tells */
    ck_assert_double_eq_tol(sum, 2616.39, 1e-6);
    batches->close(batches);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("json_rows", TARN_LOOP_TEST(json_rows__finds_out, files), TARN_LOOP_TEST(json_rows__a_broken_inferred_type_is_widened, breaks),
           TARN_TEST(json_rows__rejected_records_are_left_out), TARN_TEST(json_rows__records_name_the_array),
           TARN_TEST(json_rows__deep_nesting_is_refused), TARN_TEST(json_rows__every_failure_is_clean), TARN_TEST(json_rows__earthquakes))
