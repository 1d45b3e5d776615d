/* SPDX-License-Identifier: Apache-2.0
 * CSV files as sources: options, errors with their places, rejects, widening, encodings, compression, streams, windows, failures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "reader/csv/csv_source.h"
#include "tests/support/fault.h"
#include "tests/support/source_text.h"
#include "tests/support/suite.h"

/* What a file of these bytes reads as; "!STATUS.detail" when it cannot be opened. */
static const char *read_with(struct tarn_env *env, const void *bytes, size_t size, const struct tarn_csv_options *options, size_t window)
{
    static char failure[128];
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_source *source;
    struct tarn_store *store = tarn_test_store_of(env, bytes, size);
    const struct tarn_text_origin origin = {.env = env, .store = store, .key = {"f", 1}, .chunk = window};
    const char *text = failure;
    if (tarn__csv_open(&origin, options, window, &source, &err) == TARN_OK) {
        text = tarn_test_source_text(source);
        tarn_source_close(source);
    } else {
        ck_assert_str_eq(err.object, "f");
        snprintf(failure, sizeof(failure), "!%s.%s", tarn_status_name(err.code), err.detail);
    }
    tarn_store_close(store);
    return text;
}

static const char *read_text(struct tarn_env *env, const char *file, const struct tarn_csv_options *options)
{
    return read_with(env, file, strlen(file), options, 0);
}

static struct tarn_schema *schema_of(struct tarn_env *env, const char *text)
{
    struct tarn_error err = TARN_ERROR_INIT;
    char whole[512];
    struct tarn_schema *holder;
    struct tarn_schema *schema;
    const struct tarn_type *type;
    const int size = snprintf(whole, sizeof(whole), "STRUCT(%s)", text);
    ck_assert_ok(tarn_type_parse(env, (struct tarn_text){whole, (size_t)size}, &holder, &type, &err), &err);
    ck_assert_ok(tarn_schema_make(env, type->field_count, type->fields, 0, NULL, &schema, &err), &err);
    tarn_schema_release(holder);
    return schema;
}

START_TEST(csv_source__does_what_it_is_told) /* T-CSV-1 T-CSV-10 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    options.skip = 2;
    options.comment = '#';
    ck_assert_str_eq(read_text(env, "title\nmade by x\na,b\n# no\n1,x\n#\n2,y\n", &options), "a BIGINT, b VARCHAR\n1|x\n2|y\n");

    options = (struct tarn_csv_options)TARN_CSV_OPTIONS_INIT;
    options.header = TARN_CHOICE_NO;
    ck_assert_str_eq(read_text(env, "name,city\nann,rome\n", &options), "column0 VARCHAR, column1 VARCHAR\nname|city\nann|rome\n");
    options.header = TARN_CHOICE_YES;
    ck_assert_str_eq(read_text(env, "2019,2020\n1,2\n", &options), "2019 BIGINT, 2020 BIGINT\n1|2\n");

    options = (struct tarn_csv_options)TARN_CSV_OPTIONS_INIT;
    options.delimiter = ':';
    options.no_quote = true;
    ck_assert_str_eq(read_text(env, "a:b\n\"1:2\n", &options), "a VARCHAR, b BIGINT\n\"1|2\n");

    const struct tarn_text dash = {"-", 1};
    options = (struct tarn_csv_options)TARN_CSV_OPTIONS_INIT;
    options.null_count = 1;
    options.nulls = &dash;
    ck_assert_str_eq(read_text(env, "a,b\n1,-\n-,NA\n,\"-\"\n", &options), "a BIGINT, b VARCHAR\n1|~\n~|NA\n~|-\n");

    options = (struct tarn_csv_options)TARN_CSV_OPTIONS_INIT;
    options.all_varchar = true;
    ck_assert_str_eq(read_text(env, "a,b\n1,2024-01-01\n", &options), "a VARCHAR, b VARCHAR\n1|2024-01-01\n");
    options.all_varchar = false;
    options.date_format = TARN_TEXT("%d/%m/%Y");
    ck_assert_str_eq(read_text(env, "a\n1/2/2024\n3/4/2024\n", &options), "a DATE\n2024-02-01\n2024-04-03\n");
    options.date_format = TARN_TEXT("%Q");
    ck_assert_str_eq(read_text(env, "a\n1\n", &options), "!INVALID.date_format");

    options = (struct tarn_csv_options)TARN_CSV_OPTIONS_INIT;
    options.prefer_decimal = true;
    ck_assert_str_eq(read_text(env, "a,b\n1.50,1e3\n-22.5,2\n", &options), "a DECIMAL(18,2), b DOUBLE\n1.50|1000.0\n-22.50|2.0\n");
    ck_assert_str_eq(read_text(env, "", NULL), "!INVALID.empty");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(csv_source__takes_given_types)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    struct tarn_schema *schema = schema_of(
        env, "a TINYINT, b DECIMAL(6,2), c BOOLEAN, d REAL, e TIME, f TIMESTAMP WITH TIME ZONE, g VARCHAR, h UBIGINT, i DECIMAL(50,1)");
    options.schema = schema;
    ck_assert_str_eq(
        read_text(env, "a,b,c,d,e,f,g,h,i\n-7,1.25,yes,0.5,01:02:03,2024-01-01,0501,18446744073709551615,1e20\n", &options),
        "a TINYINT, b DECIMAL(6,2), c BOOLEAN, d FLOAT, e TIME, f TIMESTAMP WITH TIME ZONE, g VARCHAR, h UBIGINT, i DECIMAL(50,1)\n"
        "-7|1.25|true|0.5|01:02:03|2024-01-01 00:00:00+00|0501|18446744073709551615|100000000000000000000.0\n");
    ck_assert_str_eq(read_text(env, "a,b\n1,2\n", &options), "!INVALID.schema");
    tarn_schema_release(schema);
    schema = schema_of(env, "a BIGINT[]");
    options.schema = schema;
    struct tarn_store *store = tarn_test_store_of(env, "a\n1\n", 4);
    struct tarn_source *source;
    struct tarn_error err = TARN_ERROR_INIT;
    ck_assert_status(tarn_csv_open(store, TARN_TEXT("f"), &options, &source, &err), TARN_INVALID);
    ck_assert_str_eq(err.column, "a");
    tarn_store_close(store);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

/* ---- rows that fit nothing ---- */

static const struct {
    const char *name;
    const char *row;
    const char *reject; /* line:column_name=text;reason */
} bad_rows[] = {
    {"text for a number", "x,2024-01-01,p", "3:a=x;not a BIGINT"},
    {"fraction for a whole number", "1.5,2024-01-01,p", "3:a=1.5;not a BIGINT"},
    {"too large", "9223372036854775808,2024-01-01,p", "3:a=9223372036854775808;not a BIGINT"},
    {"no such day", "1,2024-02-30,p", "3:d=2024-02-30;not a DATE"},
    {"time in a date", "1,2024-02-01T10:00:00,p", "3:d=2024-02-01T10:00:00;not a DATE"},
    {"too few", "1,2024-01-01", "3:=1,2024-01-01;it has 2 fields, 3 are expected"},
    {"too many", "1,2024-01-01,p,q", "3:=1,2024-01-01,p,q;it has 4 fields, 3 are expected"},
    {"behind a quote", "1,2024-01-01,\"p\"q", "3:=1,2024-01-01,\"p\"q;there is text behind a closing quote"},
    {"null where none may be", "NA,2024-01-01,p", "3:a=NA;not a BIGINT"},
};

static char rejected[512];

static void keep_reject(void *arg, const struct tarn_reject *reject)
{
    (void)arg;
    const size_t used = strlen(rejected);
    snprintf(rejected + used, sizeof(rejected) - used, "%d:%.*s=%.*s;%.*s", (int)reject->line, (int)reject->column_name.size,
             reject->column_name.data != NULL ? reject->column_name.data : "", (int)reject->text.size, reject->text.data,
             (int)reject->reason.size, reject->reason.data);
}

START_TEST(csv_source__bad_rows_stop_or_are_rejected) /* T-CSV-12 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    struct tarn_schema *schema = schema_of(env, "a BIGINT NOT NULL, d DATE, t VARCHAR");
    char file[256];
    options.schema = schema;
    options.header = TARN_CHOICE_YES;
    options.quote = '"';
    snprintf(file, sizeof(file), "a,d,t\n1,2024-01-01,x\n%s\n3,2024-01-03,z\n", bad_rows[_i].row);
    const char *text = read_text(env, file, &options);
    ck_assert_msg(strstr(text, "\n!INVALID.row") != NULL, "%s: %s", bad_rows[_i].name, text);
    options.reject = keep_reject;
    rejected[0] = '\0';
    text = read_text(env, file, &options);
    ck_assert_msg(strstr(text, "VARCHAR\n1|2024-01-01|x\n3|2024-01-03|z\n") != NULL, "%s: %s", bad_rows[_i].name, text);
    ck_assert_str_eq(rejected, bad_rows[_i].reject);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(csv_source__an_error_names_its_place) /* T-CSV-12 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    struct tarn_schema *schema = schema_of(env, "a BIGINT, b BIGINT");
    struct tarn_source *source;
    struct tarn_batches *batches;
    struct tarn_batch *batch;
    static const char file[] = "a,b\n1,\"2\"\n\n3,x\n";
    struct tarn_store *store = tarn_test_store_of(env, file, sizeof(file) - 1);
    options.schema = schema;
    ck_assert_ok(tarn_csv_open(store, TARN_TEXT("f"), &options, &source, &err), &err);
    ck_assert_ok(tarn_source_batches(source, NULL, &batches, &err), &err);
    ck_assert_status(batches->next(batches, &batch, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "row");
    ck_assert_str_eq(err.object, "f");
    ck_assert_str_eq(err.column, "b");
    ck_assert_int_eq(err.row, 1);
    ck_assert_int_eq(err.offset, 11);
    ck_assert_ptr_nonnull(strstr(err.message, "line 4, column 2: \"x\" is not a BIGINT"));
    batches->close(batches);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

/* ---- inferred types that a later row breaks ---- */

static const struct {
    const char *name;
    const char *first;
    const char *later;
    const char *wider;
} breaks[] = {
    {"fraction", "1", "2.5", "a DOUBLE, b BIGINT"},
    {"beyond 64 bits", "1", "99999999999999999999", "a DECIMAL(38,0), b BIGINT"},
    {"text", "1", "x", "a VARCHAR, b BIGINT"},
    {"text for a truth value", "true", "maybe", "a VARCHAR, b BIGINT"},
    {"time", "2024-01-01", "2024-01-01T10:00:00", "a TIMESTAMP, b BIGINT"},
    {"zone", "2024-01-01T10:00:00", "2024-01-01T10:00:00Z", "a VARCHAR, b BIGINT"},
    {"other date", "31.12.2024", "2024-01-01", "a VARCHAR, b BIGINT"},
    {"number, then text further down", "1", "2.5,7\nx", "a VARCHAR, b BIGINT"},
};

START_TEST(csv_source__a_broken_inferred_type_is_widened) /* T-CSV-11 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    struct tarn_source *source;
    struct tarn_schema *wider;
    char file[256];
    const int size = snprintf(file, sizeof(file), "a,b\n%s,1\nNA,2\n%s,3\n", breaks[_i].first, breaks[_i].later);
    struct tarn_store *store = tarn_test_store_of(env, file, (size_t)size);
    options.sample_rows = 1;
    options.reject = keep_reject; /* a type that is too narrow is no reason to reject a row */
    rejected[0] = '\0';
    ck_assert_ok(tarn_csv_open(store, TARN_TEXT("f"), &options, &source, &err), &err);
    ck_assert(!tarn_source_wider_schema(source, &wider));
    const char *text = tarn_test_source_text(source);
    ck_assert_msg(strstr(text, "\n!INVALID.inferred_type") != NULL, "%s: %s", breaks[_i].name, text);
    ck_assert(tarn_source_wider_schema(source, &wider));
    tarn_source_close(source);
    ck_assert_str_eq(tarn_test_schema_text(wider), breaks[_i].wider);
    options.schema = wider;
    ck_assert_ok(tarn_csv_open(store, TARN_TEXT("f"), &options, &source, &err), &err);
    text = tarn_test_source_text(source);
    ck_assert_msg(strchr(text, '!') == NULL, "%s: %s", breaks[_i].name, text);
    ck_assert_str_eq(rejected, "");
    tarn_source_close(source);
    tarn_schema_release(wider);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

/* ---- streams ---- */

struct drip {
    const char *text;
    size_t at;
    size_t size;
    size_t step;
};

static enum tarn_status drip_read(void *ctx, uint8_t *into, size_t size, size_t *got, struct tarn_error *err)
{
    struct drip *drip = ctx;
    (void)err;
    *got = drip->size - drip->at;
    *got = *got < drip->step ? *got : drip->step;
    *got = *got < size ? *got : size;
    memcpy(into, drip->text + drip->at, *got);
    drip->at += *got;
    return TARN_OK;
}

START_TEST(csv_source__a_stream_is_read_once_and_tells_the_schema) /* T-CSV-11 T-CSV-14 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    struct tarn_source *source;
    struct tarn_batches *batches;
    struct tarn_batch *batch;
    static const char file[] = "a,b c\n1,x\n2,y\n";
    struct drip drip = {file, 0, sizeof(file) - 1, 1};
    const struct tarn_byte_stream stream = {&drip, drip_read};
    ck_assert_ok(tarn_csv_open_stream(env, stream, NULL, &source, &err), &err);
    ck_assert_str_eq(tarn_test_source_text(source), "a BIGINT, b c VARCHAR\n1|x\n2|y\n");
    ck_assert_str_eq(tarn_test_source_text(source), "a BIGINT, b c VARCHAR\n!INVALID.stream");
    tarn_source_close(source);

    static const char broken[] = "a,b c\n1,x\nz,y\n";
    drip = (struct drip){broken, 0, sizeof(broken) - 1, 3};
    options.sample_rows = 1;
    ck_assert_ok(tarn_csv_open_stream(env, stream, &options, &source, &err), &err);
    ck_assert_ok(tarn_source_batches(source, NULL, &batches, &err), &err);
    ck_assert_status(batches->next(batches, &batch, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "inferred_type");
    ck_assert_ptr_nonnull(strstr(err.message, "--schema \"a VARCHAR, \\\"b c\\\" VARCHAR\""));
    batches->close(batches);
    tarn_source_close(source);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(csv_source__windows_of_any_size_give_the_same_rows) /* T-CSV-14 */
{
    struct tarn_env *env = tarn_test_env();
    static const char *const samples[] = {
        "a,b\r\n1,\"x\"\"y\"\r\n\r\n2,\"p\nq,r\"\r\n3,\r\n4,\xc3\xa4\xe2\x82\xac\r\n",
        "a;b\n1;\"x \\\" ; y\"\n2;z\n# c\n3;\"\n\n\"",
        "a\tb\r1\tx\r2\ty\r",
        "# c\n# d\na,b,\n1,x,\n2,y,\n",
    };
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    options.comment = '#';
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char expected[512];
        snprintf(expected, sizeof(expected), "%s", read_text(env, samples[i], &options));
        ck_assert_ptr_null(strchr(expected, '!'));
        for (size_t window = 1; window <= 64; window++) {
            const char *text = read_with(env, samples[i], strlen(samples[i]), &options, window);
            ck_assert_msg(strcmp(text, expected) == 0, "sample %zu, window %zu: %s", i, window, text);
        }
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- encodings and compression ---- */

START_TEST(csv_source__encodings) /* T-CSV-5 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    static const char latin[] = "a,b\n1,caf\xe9\n";
    static const char le[] = "\xff\xfe"
                             "a\0,\0b\0\n\0"
                             "1\0,\0\xe4\0\n\0";
    static const char be[] = "\0a\0,\0b\0\n\0"
                             "1\0,\0\xe4\0\n";
    ck_assert_str_eq(read_text(env, latin, NULL), "!INVALID.encoding");
    options.encoding = TARN_TEXT("windows-1252");
    ck_assert_str_eq(read_text(env, latin, &options), "a BIGINT, b VARCHAR\n1|caf\xc3\xa9\n");
    options.encoding = TARN_TEXT("Latin1");
    ck_assert_str_eq(read_text(env, latin, &options), "a BIGINT, b VARCHAR\n1|caf\xc3\xa9\n");
    options.encoding = TARN_TEXT("koi8-r");
    ck_assert_str_eq(read_text(env, latin, &options), "!INVALID.encoding");
    ck_assert_str_eq(read_with(env, le, sizeof(le) - 1, NULL, 0), "a BIGINT, b VARCHAR\n1|\xc3\xa4\n");
    ck_assert_str_eq(read_with(env, be, sizeof(be) - 1, NULL, 0), "a BIGINT, b VARCHAR\n1|\xc3\xa4\n");
    ck_assert_str_eq(read_with(env, le, sizeof(le) - 2, NULL, 0), "!INVALID.encoding");
    tarn_test_env_close(env);
}
END_TEST

/* Behind the sample it is the scan that sees it. */
START_TEST(csv_source__bad_bytes_far_down_are_told_with_their_line) /* T-CSV-5 */
{
    enum { LINES = 700000, WIDTH = 8 };
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_source *source;
    struct tarn_batches *batches;
    struct tarn_batch *batch;
    enum tarn_status status;
    char *file = malloc(LINES * WIDTH);
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < LINES; i++) {
        memcpy(file + i * WIDTH, i == 0 ? "name,no\n" : i == 690000 ? "caf\xe9,12\n" : "abcd,12\n", WIDTH);
    }
    struct tarn_store *store = tarn_test_store_of(env, file, LINES * WIDTH);
    free(file);
    ck_assert_ok(tarn_csv_open(store, TARN_TEXT("f"), NULL, &source, &err), &err);
    ck_assert_ok(tarn_source_batches(source, NULL, &batches, &err), &err);
    do {
        status = batches->next(batches, &batch, &err);
    } while (status == TARN_OK && batch != NULL);
    ck_assert_status(status, TARN_INVALID);
    ck_assert_str_eq(err.detail, "encoding");
    ck_assert_ptr_nonnull(strstr(err.message, "line 690001 "));
    ck_assert_ptr_nonnull(strstr(err.message, "--encoding windows-1252"));
    batches->close(batches);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(csv_source__compressed_files) /* T-CSV-13 */
{
    struct tarn_env *env = tarn_test_env();
    /* printf 'a,b\n1,x\n' | gzip -n */
    static const uint8_t packed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x4b, 0xd4, 0x49, 0xe2,
                                     0x32, 0xd4, 0xa9, 0xe0, 0x02, 0x00, 0xf4, 0xa0, 0x01, 0x00, 0x08, 0x00, 0x00, 0x00};
    char room[256];
    ck_assert_str_eq(read_with(env, packed, sizeof(packed), NULL, 0), "a BIGINT, b VARCHAR\n1|x\n");
    ck_assert_str_eq(read_with(env, packed, sizeof(packed) - 1, NULL, 0), "!CORRUPT.gzip.truncated");
    const size_t size = ZSTD_compress(room, sizeof(room), "a,b\n1,x\n", 8, 3);
    ck_assert_str_eq(read_with(env, room, size, NULL, 0), "a BIGINT, b VARCHAR\n1|x\n");
    ck_assert_str_eq(read_with(env, room, size - 1, NULL, 0), "!CORRUPT.zstd.truncated");
    room[6] = (char)(room[6] ^ 0x40);
    ck_assert_int_eq(strncmp(read_with(env, room, size, NULL, 0), "!", 1), 0);
    tarn_test_env_close(env);
}
END_TEST

/* ---- projection, selections, failures ---- */

START_TEST(csv_source__columns_not_asked_for_are_not_converted)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    const struct tarn_path_step steps[] = {{TARN_PATH_FIELD, {"b", 1}, -1},
                                           {TARN_PATH_FIELD, {TARN_ROW_INDEX, sizeof(TARN_ROW_INDEX) - 1}, -1}};
    const struct tarn_path paths[] = {{1, &steps[0]}, {1, &steps[1]}};
    struct tarn_source *source;
    struct tarn_scan *scan;
    struct tarn_cursor *cursor;
    struct tarn_vector *vector;
    uint32_t rows;
    static const char file[] = "a,b\n1,10\nx,20\n3,30\n"; /* a breaks its type, but nobody asks for it */
    static const uint32_t picked[] = {0, 2};
    const struct tarn_selection some = {TARN_SELECT_POSITIONS, 3, 2, {picked}};
    struct tarn_store *store = tarn_test_store_of(env, file, sizeof(file) - 1);
    options.sample_rows = 1;
    request.path_count = 2;
    request.paths = paths;
    ck_assert_ok(tarn_csv_open(store, TARN_TEXT("f"), &options, &source, &err), &err);
    ck_assert_ok(tarn_source_scan(source, &request, &scan, &err), &err);
    ck_assert_uint_eq(tarn_scan_task_count(scan), 1);
    ck_assert_ok(tarn_scan_open(scan, 0, &cursor, &err), &err);
    ck_assert_ok(tarn_cursor_next(cursor, 0, &rows, &err), &err);
    ck_assert_uint_eq(rows, 3);
    ck_assert_ok(tarn_cursor_column(cursor, 0, &some, &vector, &err), &err);
    ck_assert_uint_eq(vector->length, 2);
    ck_assert_int_eq(((const int64_t *)vector->u.values)[1], 30);
    ck_assert_ok(tarn_cursor_column(cursor, 1, NULL, &vector, &err), &err);
    ck_assert_int_eq(((const int64_t *)vector->u.values)[2], 2);
    ck_assert_ok(tarn_cursor_next(cursor, 0, &rows, &err), &err);
    ck_assert_uint_eq(rows, 0);
    tarn_cursor_close(cursor);
    tarn_scan_close(scan);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status read_all(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    static const char file[] = "a,b,c\n1,\"x\"\"y\",2024-01-01\n2,,\nNA,z,2024-01-02\n";
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    struct tarn_store *store = NULL;
    struct tarn_source *source = NULL;
    struct tarn_batches *batches = NULL;
    tarn_fault_suspend(fault);
    struct tarn_store *memory = tarn_test_store_of(env, file, sizeof(file) - 1);
    tarn_fault_resume(fault);
    options.reject = ctx != NULL ? keep_reject : NULL;
    enum tarn_status status = tarn_fault_wrap(fault, env, memory, &store, err);
    status = status == TARN_OK ? tarn_csv_open(store, TARN_TEXT("f"), &options, &source, err) : status;
    status = status == TARN_OK ? tarn_source_batches(source, NULL, &batches, err) : status;
    for (struct tarn_batch *batch = NULL; status == TARN_OK;) {
        status = batches->next(batches, &batch, err);
        if (status != TARN_OK || batch == NULL) {
            break;
        }
        ck_assert_uint_eq(batch->length, 3);
    }
    if (batches != NULL) {
        batches->close(batches);
    }
    tarn_source_close(source);
    tarn_store_close(store);
    return status;
}

START_TEST(csv_source__every_failure_is_clean)
{
    static const unsigned kinds = TARN_FAULT_ALL_ALLOC | TARN_FAULT_IO_ONCE | TARN_FAULT_IO_FOREVER | TARN_FAULT_SHORT;
    ck_assert_uint_gt(tarn_fault_sweep(read_all, NULL, kinds), 10);
    ck_assert_uint_gt(tarn_fault_sweep(read_all, &(int){1}, kinds), 10);
}
END_TEST

TARN_SUITE("csv_source", TARN_TEST(csv_source__does_what_it_is_told), TARN_TEST(csv_source__takes_given_types),
           TARN_LOOP_TEST(csv_source__bad_rows_stop_or_are_rejected, bad_rows), TARN_TEST(csv_source__an_error_names_its_place),
           TARN_LOOP_TEST(csv_source__a_broken_inferred_type_is_widened, breaks),
           TARN_TEST(csv_source__a_stream_is_read_once_and_tells_the_schema), TARN_TEST(csv_source__windows_of_any_size_give_the_same_rows),
           TARN_TEST(csv_source__encodings), TARN_TEST(csv_source__bad_bytes_far_down_are_told_with_their_line),
           TARN_TEST(csv_source__compressed_files), TARN_TEST(csv_source__columns_not_asked_for_are_not_converted),
           TARN_TEST(csv_source__every_failure_is_clean))
