/* SPDX-License-Identifier: Apache-2.0
 * What every source promises (tarn/cursor.h), one test for all of them: Parquet, CSV, JSON, Arrow IPC, batches. Paths that lead nowhere,
 * columns that are not there, columns before the first row, every kind of selection, the row index, cancelling, a cursor that has failed.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "tarn/reader.h"
#include "tarn/writer.h"
#include "tests/support/fault.h"
#include "tests/support/source_text.h"
#include "tests/support/suite.h"

/* The same rows in all: a counts from 0, b is null in every third row, s is a struct of the two (not in CSV). */
enum { ROWS = 10 };
enum kind { PARQUET, CSV, JSON, ARROW_FILE, ARROW_STREAM, BATCHES, KINDS };
static const char *const kind_names[] = {"parquet", "csv", "json", "arrow file", "arrow stream", "batches"};

static struct tarn_error err;
static struct tarn_env *env;
static struct tarn_store *store;
static bool cancelled;

static bool is_cancelled(void *ctx)
{
    (void)ctx;
    return cancelled;
}

static void put_text(const char *key, const char *text)
{
    ck_assert_ok(
        tarn_store_put(store, tarn__text_of(key), tarn__span_of_text(tarn__text_of(text)), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
}

static struct tarn_source *open_key(const char *key)
{
    struct tarn_source *source;
    ck_assert_ok(tarn_file_open(store, tarn__text_of(key), TARN_FILE_AUTO, &source, &err), &err);
    return source;
}

/* What f.json holds, through a sink. */
static void put_as(enum kind kind)
{
    struct tarn_arrow_ipc_write_options options = TARN_ARROW_IPC_WRITE_OPTIONS_INIT;
    struct tarn_source *source = open_key("f.json");
    struct tarn_batches *batches;
    struct tarn_sink *sink;
    uint64_t rows;
    ck_assert_ok(tarn_source_batches(source, NULL, &batches, &err), &err);
    options.format = kind == ARROW_FILE ? TARN_ARROW_IPC_FILE : TARN_ARROW_IPC_STREAM;
    options.batch_rows = 6;
    const enum tarn_status status = kind == PARQUET
                                        ? tarn_parquet_create(store, TARN_TEXT("f.parquet"), batches->schema, NULL, &sink, &err)
                                        : tarn_arrow_ipc_create(store, TARN_TEXT("f.arrow"), batches->schema, &options, &sink, &err);
    ck_assert_ok(status, &err);
    ck_assert_ok(tarn_batches_copy(batches, sink, &rows, &err), &err);
    ck_assert_uint_eq(rows, ROWS);
    batches->close(batches);
    tarn_source_close(source);
}

static struct tarn_source *inner; /* below a source of batches */

static struct tarn_source *open_kind(enum kind kind)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    char text[1024];
    size_t size = 0;
    cancelled = false;
    options.is_cancelled = is_cancelled;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    for (int i = 0; i < ROWS; i++) {
        char b[16] = "null";
        if (i % 3 != 0) {
            snprintf(b, sizeof(b), "\"t%d\"", i);
        }
        char member[16] = "null"; /* the struct is null */
        if (i != 4) {
            snprintf(member, sizeof(member), "{\"x\":%d}", i);
        }
        size += (size_t)snprintf(text + size, sizeof(text) - size, "{\"a\":%d,\"b\":%s,\"s\":%s}\n", i, b, member);
    }
    put_text("f.json", text);
    inner = NULL;
    switch (kind) {
    case PARQUET:
        put_as(PARQUET);
        return open_key("f.parquet");
    case CSV:
        put_text("f.csv", "a,b\n0,\n1,t1\n2,t2\n3,\n4,t4\n5,t5\n6,\n7,t7\n8,t8\n9,\n");
        return open_key("f.csv");
    case JSON:
        return open_key("f.json");
    case ARROW_FILE:
    case ARROW_STREAM:
        put_as(kind);
        return open_key("f.arrow");
    default: {
        struct tarn_batches *batches;
        struct tarn_source *source;
        inner = open_key("f.json");
        ck_assert_ok(tarn_source_batches(inner, NULL, &batches, &err), &err);
        ck_assert_ok(tarn_batches_source(batches, &source, &err), &err);
        return source;
    }
    }
}

static void close_kind(struct tarn_source *source)
{
    tarn_source_close(source);
    tarn_source_close(inner);
    tarn_store_close(store);
    tarn_test_env_close(env);
}

#define FIELD(its_name)                                                                                                                    \
    {                                                                                                                                      \
        TARN_PATH_FIELD, TARN_TEXT(its_name), -1                                                                                           \
    }

static struct tarn_scan *scan_of(struct tarn_source *source, uint32_t count, const struct tarn_path *paths)
{
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_scan *scan;
    request.path_count = count;
    request.paths = paths;
    ck_assert_ok(tarn_source_scan(source, &request, &scan, &err), &err);
    ck_assert_uint_ge(tarn_scan_task_count(scan), 1);
    return scan;
}

/* ---- paths ---- */

START_TEST(cursor_contract__paths_that_lead_nowhere)
{
    static const struct tarn_path_step unknown[] = {FIELD("nothing")};
    static const struct tarn_path_step below[] = {FIELD("a"), FIELD("x")};
    static const struct tarn_path_step element[] = {FIELD("a"), {TARN_PATH_ELEMENT, {NULL, 0}, -1}};
    static const struct tarn_path_step first[] = {{TARN_PATH_KEY, {NULL, 0}, -1}};
    static const struct tarn_path_step position[] = {{TARN_PATH_POSITION, {NULL, 0}, 99}};
    static const struct tarn_path_step typed[] = {FIELD("a"), {TARN_PATH_TYPED, {NULL, 0}, -1}};
    struct tarn_path_step deep[TARN_MAX_DEPTH + 2];
    for (size_t i = 0; i < sizeof(deep) / sizeof(deep[0]); i++) {
        deep[i] = (struct tarn_path_step)FIELD("a");
    }
    const struct tarn_path paths[] = {{1, unknown},  {2, below}, {2, element}, {1, first},
                                      {1, position}, {2, typed}, {0, unknown}, {sizeof(deep) / sizeof(deep[0]), deep}};
    struct tarn_source *source = open_kind((enum kind)_i);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
        struct tarn_scan *scan;
        static const struct tarn_path_step good[] = {FIELD("a")};
        const struct tarn_path both[] = {{1, good}, paths[i]};
        request.path_count = 2;
        request.paths = both;
        const enum tarn_status status = tarn_source_scan(source, &request, &scan, &err);
        ck_assert_msg(status == TARN_NOT_FOUND || status == TARN_INVALID, "%s, path %zu: %s", kind_names[_i], i, tarn_status_name(status));
        ck_assert_int_eq(err.code, status);
        ck_assert_ptr_null(scan);
    }
    close_kind(source);
}
END_TEST

/* ---- columns ---- */

static void check_a(const struct tarn_vector *vector, uint32_t count, const uint32_t *rows)
{
    ck_assert_uint_eq(vector->length, count);
    for (uint32_t i = 0; i < count; i++) {
        char text[32];
        char expected[32];
        tarn_vector_format(env, vector, i, text, sizeof(text));
        snprintf(expected, sizeof(expected), "%u", rows[i]);
        ck_assert_str_eq(text, expected);
    }
}

START_TEST(cursor_contract__selections)
{
    static const struct tarn_path_step a[] = {FIELD("a")};
    static const struct tarn_path_step b[] = {FIELD("b")};
    const struct tarn_path paths[] = {{1, a}, {1, b}};
    struct tarn_source *source = open_kind((enum kind)_i);
    struct tarn_scan *scan = scan_of(source, 2, paths);
    struct tarn_cursor *cursor;
    struct tarn_vector *vector;
    uint32_t rows;
    uint32_t positions[] = {1, 3};
    ck_assert_ok(tarn_scan_open(scan, 0, &cursor, &err), &err);
    /* before the first row there is nothing */
    const enum tarn_status early = tarn_cursor_column(cursor, 0, NULL, &vector, &err);
    ck_assert_msg(early == TARN_INVALID || (early == TARN_OK && vector->length == 0), "%s: %s", kind_names[_i], tarn_status_name(early));
    ck_assert_ok(tarn_cursor_next(cursor, 4, &rows, &err), &err);
    ck_assert_uint_eq(rows, 4);
    ck_assert_status(tarn_cursor_column(cursor, 2, NULL, &vector, &err), TARN_INVALID);
    ck_assert_ptr_null(vector);
    const struct tarn_selection all = {.kind = TARN_SELECT_ALL, .rows = 4, .count = 4};
    const struct tarn_selection some = {.kind = TARN_SELECT_POSITIONS, .rows = 4, .count = 2, .u.positions = positions};
    const struct tarn_selection none = {.kind = TARN_SELECT_POSITIONS, .rows = 4, .count = 0, .u.positions = positions};
    ck_assert_ok(tarn_cursor_column(cursor, 0, &all, &vector, &err), &err);
    check_a(vector, 4, (const uint32_t[]){0, 1, 2, 3});
    ck_assert_ok(tarn_cursor_column(cursor, 0, &some, &vector, &err), &err);
    check_a(vector, 2, (const uint32_t[]){1, 3});
    ck_assert_ok(tarn_cursor_column(cursor, 1, &some, &vector, &err), &err);
    ck_assert_uint_eq(vector->length, 2);
    ck_assert(!tarn_vector_is_null(vector, 0));
    ck_assert(tarn_vector_is_null(vector, 1));
    ck_assert_ok(tarn_cursor_column(cursor, 0, &none, &vector, &err), &err);
    ck_assert_uint_eq(vector->length, 0);
    ck_assert_ok(tarn_cursor_next(cursor, 1, &rows, &err), &err);
    ck_assert_uint_eq(rows, 1);
    ck_assert_ok(tarn_cursor_column(cursor, 0, NULL, &vector, &err), &err);
    check_a(vector, 1, (const uint32_t[]){4});
    tarn_cursor_close(cursor);
    tarn_scan_close(scan);
    close_kind(source);
}
END_TEST

/* A member of a struct is null where the struct is; the row index counts through all tasks. */
START_TEST(cursor_contract__members_and_the_row_index)
{
    static const struct tarn_path_step x[] = {FIELD("s"), FIELD("x")};
    static const struct tarn_path_step row[] = {FIELD(TARN_ROW_INDEX)};
    static const struct tarn_path_step a[] = {FIELD("a")};
    const struct tarn_path paths[] = {{1, row}, _i == CSV ? (struct tarn_path){1, a} : (struct tarn_path){2, x}};
    struct tarn_source *source = open_kind((enum kind)_i);
    const bool has_index = _i != BATCHES;
    struct tarn_scan *scan = scan_of(source, has_index ? 2 : 1, has_index ? paths : paths + 1);
    uint32_t seen = 0;
    for (uint32_t task = 0; task < tarn_scan_task_count(scan); task++) {
        struct tarn_cursor *cursor;
        uint32_t rows;
        ck_assert_ok(tarn_scan_open(scan, task, &cursor, &err), &err);
        for (;;) {
            struct tarn_vector *vector;
            ck_assert_ok(tarn_cursor_next(cursor, 3, &rows, &err), &err);
            if (rows == 0) {
                break;
            }
            ck_assert_ok(tarn_cursor_column(cursor, has_index ? 1 : 0, NULL, &vector, &err), &err);
            for (uint32_t i = 0; i < rows; i++) {
                const bool is_null = _i != CSV && seen + i == 4;
                ck_assert_msg(tarn_vector_is_null(vector, i) == is_null, "%s: row %u", kind_names[_i], seen + i);
            }
            if (has_index) {
                ck_assert_ok(tarn_cursor_column(cursor, 0, NULL, &vector, &err), &err);
                ck_assert_int_eq(((const int64_t *)vector->u.values)[0], seen);
                ck_assert_int_eq(((const int64_t *)vector->u.values)[rows - 1], seen + rows - 1);
            }
            seen += rows;
        }
        tarn_cursor_close(cursor);
    }
    ck_assert_uint_eq(seen, ROWS);
    tarn_scan_close(scan);
    close_kind(source);
}
END_TEST

/* ---- cancelling ---- */

START_TEST(cursor_contract__cancelling_stops_it)
{
    static const struct tarn_path_step a[] = {FIELD("a")};
    const struct tarn_path path = {1, a};
    struct tarn_source *source = open_kind((enum kind)_i);
    struct tarn_scan *scan = scan_of(source, 1, &path);
    struct tarn_cursor *cursor;
    struct tarn_vector *vector;
    uint32_t rows = 0;
    ck_assert_ok(tarn_scan_open(scan, 0, &cursor, &err), &err);
    cancelled = true;
    enum tarn_status status = tarn_cursor_next(cursor, 3, &rows, &err);
    if (status == TARN_OK) { /* what lies there already may be given */
        status = tarn_cursor_column(cursor, 0, NULL, &vector, &err);
    }
    ck_assert_msg(status == TARN_CANCELLED, "%s: %s", kind_names[_i], tarn_status_name(status));
    ck_assert_int_eq(err.code, TARN_CANCELLED);
    cancelled = false;
    tarn_cursor_close(cursor);
    tarn_scan_close(scan);
    close_kind(source);
}
END_TEST

/* ---- after a failure ---- */

/* The allocation that `next` or `column` needs fails for ever; then there is memory again. No row may come that skips others. */
static enum tarn_status fail_within(void *ctx, struct tarn_fault *fault, struct tarn_env *faulty, struct tarn_error *error)
{
    const char *text = ctx;
    static const struct tarn_path_step a[] = {FIELD("a")};
    const struct tarn_path path = {1, a};
    struct tarn_source *source;
    struct tarn_cursor *cursor;
    uint32_t rows;
    int64_t expected = 0;
    tarn_fault_suspend(fault);
    env = faulty;
    struct tarn_store *memory = tarn_test_store_of(faulty, text, strlen(text));
    ck_assert_ok(tarn_file_open(memory, TARN_TEXT("f"), TARN_FILE_AUTO, &source, error), error);
    struct tarn_scan *scan = scan_of(source, 1, &path);
    ck_assert_ok(tarn_scan_open(scan, 0, &cursor, error), error);
    tarn_fault_resume(fault);
    enum tarn_status status = TARN_OK;
    do {
        struct tarn_vector *vector;
        status = tarn_cursor_next(cursor, 4, &rows, error);
        if (status == TARN_OK && rows != 0) {
            status = tarn_cursor_column(cursor, 0, NULL, &vector, error);
        }
        if (status == TARN_OK && rows != 0) {
            ck_assert_int_eq(((const int64_t *)vector->u.values)[0], expected);
            expected += rows;
        }
    } while (status == TARN_OK && rows != 0);
    tarn_fault_suspend(fault);
    if (status != TARN_OK) {
        struct tarn_vector *vector;
        const enum tarn_status again = tarn_cursor_next(cursor, 4, &rows, &err);
        ck_assert(again == TARN_INVALID || again == TARN_OK);
        if (again == TARN_OK && rows != 0 && tarn_cursor_column(cursor, 0, NULL, &vector, &err) == TARN_OK) {
            ck_assert_int_eq(((const int64_t *)vector->u.values)[0] % 4, 0); /* windows stay where they are */
        }
    }
    tarn_cursor_close(cursor);
    tarn_scan_close(scan);
    tarn_source_close(source);
    tarn_store_close(memory);
    return status;
}

START_TEST(cursor_contract__a_cursor_that_failed_gives_no_wrong_rows)
{
    static char csv[] = "a,b\n0,\n1,t1\n2,t2\n3,\n4,t4\n5,t5\n6,\n7,t7\n8,t8\n9,\n";
    static char json[] = "{\"a\":0}\n{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n{\"a\":5}\n";
    tarn_fault_sweep(fail_within, csv, TARN_FAULT_ALL_ALLOC);
    tarn_fault_sweep(fail_within, json, TARN_FAULT_ALL_ALLOC);
}
END_TEST

/* ---- streams ---- */

/* Bytes in pieces, of which one is not to be had. */
struct stream {
    const char *bytes;
    size_t size;
    size_t at;
    size_t piece;
    unsigned calls;
    unsigned fails; /* this call, from 1 */
    bool lies;      /* says that it gave more than there was room for */
};

static enum tarn_status read_stream(void *ctx, uint8_t *into, size_t size, size_t *got, struct tarn_error *error)
{
    struct stream *stream = ctx;
    stream->calls++;
    if (stream->calls == stream->fails) {
        *got = 0;
        return tarn_error_set(error, TARN_IO, "pipe", "the other end is gone");
    }
    const size_t rest = stream->size - stream->at;
    *got = rest < stream->piece ? rest : stream->piece;
    *got = *got < size ? *got : size;
    memcpy(into, stream->bytes + stream->at, *got);
    stream->at += *got;
    if (stream->lies) {
        *got = size + 1;
    }
    return TARN_OK;
}

static enum tarn_status open_stream(enum kind kind, struct stream *stream, struct tarn_source **out)
{
    const struct tarn_byte_stream bytes = {stream, read_stream};
    switch (kind) {
    case CSV:
        return tarn_csv_open_stream(env, bytes, NULL, out, &err);
    case JSON:
        return tarn_json_open_stream(env, bytes, NULL, out, &err);
    default:
        return tarn_arrow_ipc_open_stream(env, bytes, NULL, out, &err);
    }
}

START_TEST(cursor_contract__streams_in_pieces_that_fail)
{
    static const enum kind kinds[] = {CSV, JSON, ARROW_STREAM};
    static const char *const keys[] = {"f.csv", "f.json", "f.arrow"};
    char right[2048];
    struct tarn_object_info info;
    struct tarn_object *object;
    char bytes[8192];
    struct tarn_source *whole = open_kind(kinds[_i]);
    struct tarn_source *source;
    snprintf(right, sizeof(right), "%s", tarn_test_source_text(whole));
    ck_assert_ok(tarn_object_open(store, tarn__text_of(keys[_i]), &object, &err), &err);
    info = tarn_object_info(object);
    ck_assert_uint_le(info.size, sizeof(bytes));
    const struct tarn_read_range range = {0, (size_t)info.size, (uint8_t *)bytes};
    ck_assert_ok(tarn_object_read(object, 1, &range, &err), &err);
    tarn_object_close(object);
    static const size_t pieces[] = {1, 13, 8192};
    for (size_t p = 0; p < 3; p++) {
        for (unsigned fails = 1;; fails += p == 0 ? 7 : 1) {
            struct stream stream = {.bytes = bytes, .size = (size_t)info.size, .piece = pieces[p], .fails = fails};
            if (open_stream(kinds[_i], &stream, &source) != TARN_OK) {
                ck_assert_int_eq(err.code, TARN_IO);
                ck_assert_str_eq(err.detail, "pipe");
                ck_assert_ptr_null(source);
                continue;
            }
            const char *text = tarn_test_source_text(source);
            const bool struck = stream.calls >= fails;
            ck_assert_msg(struck ? strstr(text, "!IO.pipe") != NULL : strcmp(text, right) == 0, "%s, call %u: %s", kind_names[kinds[_i]],
                          fails, text);
            tarn_source_close(source);
            if (!struck) {
                break;
            }
        }
    }
    struct stream liar = {.bytes = bytes, .size = (size_t)info.size, .piece = 8192, .lies = true};
    ck_assert_int_ne(open_stream(kinds[_i], &liar, &source), TARN_OK);
    ck_assert_ptr_null(source);
    close_kind(whole);
}
END_TEST

TARN_SUITE("reader/cursor contract", TARN_LOOP_TIMES(cursor_contract__paths_that_lead_nowhere, KINDS),
           TARN_LOOP_TIMES(cursor_contract__selections, KINDS), TARN_LOOP_TIMES(cursor_contract__members_and_the_row_index, KINDS),
           TARN_LOOP_TIMES(cursor_contract__cancelling_stops_it, KINDS),
           TARN_TEST(cursor_contract__a_cursor_that_failed_gives_no_wrong_rows),
           TARN_LOOP_TIMES(cursor_contract__streams_in_pieces_that_fail, 3))
