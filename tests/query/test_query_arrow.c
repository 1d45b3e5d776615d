/* SPDX-License-Identifier: Apache-2.0
 * A query as an Arrow stream: rows out, the full error behind an errno; and a host's stream that a query reads.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "format/base/alloc.h"
#include "tarn/query.h"
#include "tests/support/fault.h"

START_TEST(query_arrow__gives_its_rows)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;
    ck_assert_ok(tarn_query_run(env, TARN_TEXT("SELECT * FROM (VALUES (1, 'x'), (2, NULL)) t(a, b) ORDER BY a"), NULL, &stream, &err),
                 &err);
    ck_assert_int_eq(stream.get_schema(&stream, &schema), 0);
    ck_assert_int_eq(schema.n_children, 2);
    ck_assert_str_eq(schema.children[0]->name, "a");
    ck_assert_str_eq(schema.children[0]->format, "i");
    ck_assert_int_eq(stream.get_next(&stream, &array), 0);
    ck_assert_int_eq(array.length, 2);
    ck_assert_int_eq(((const int32_t *)array.children[0]->buffers[1])[1], 2);
    array.release(&array);
    ck_assert_int_eq(stream.get_next(&stream, &array), 0);
    ck_assert_ptr_null(array.release);
    schema.release(&schema);
    stream.release(&stream);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(query_arrow__keeps_the_error)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    ck_assert_ok(tarn_query_run(env, TARN_TEXT("SELECT 1 // a FROM (VALUES (0)) t(a)"), NULL, &stream, &err), &err);
    ck_assert_int_ne(stream.get_next(&stream, &array), 0);
    ck_assert(tarn_stream_error(&stream, &err));
    ck_assert_int_eq(err.code, TARN_INVALID);
    ck_assert_str_eq(err.detail, "division_by_zero");
    stream.release(&stream);
    ck_assert_status(tarn_query_run(env, TARN_TEXT("SELECT"), NULL, &stream, &err), TARN_INVALID);
    ck_assert_ptr_null(stream.release);
    tarn_test_env_close(env);
}
END_TEST

/* ---- a host's stream as a source that FROM names: SPEC X-SOURCE-1, Q-NAME-4 ---- */

/* Rows (1, {x: 10}), (2, null struct with 77 below it), (3, {x: null}) as one array, and a released one as the end. */
static int32_t ids[] = {1, 2, 3};
static int32_t below[] = {10, 77, 0};
static const uint8_t struct_valid[] = {0x5};
static const uint8_t below_valid[] = {0x3};
static const void *id_buffers[] = {NULL, ids};
static const void *below_buffers[] = {below_valid, below};
static const void *struct_buffers[] = {struct_valid};
static const void *row_buffers[] = {NULL};

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static struct ArrowSchema member_schema = {.format = "i", .name = "x", .flags = ARROW_FLAG_NULLABLE, .release = release_schema};
static struct ArrowSchema *struct_schemas[] = {&member_schema};
static struct ArrowSchema column_schemas[] = {
    {.format = "i", .name = "id", .release = release_schema},
    {.format = "+s", .name = "s", .flags = ARROW_FLAG_NULLABLE, .n_children = 1, .children = struct_schemas, .release = release_schema}};
static struct ArrowSchema *row_schemas[] = {&column_schemas[0], &column_schemas[1]};
static struct ArrowArray member_array = {.length = 3, .null_count = 1, .n_buffers = 2, .buffers = below_buffers, .release = release_array};
static struct ArrowArray *struct_arrays[] = {&member_array};
static struct ArrowArray column_arrays[] = {{.length = 3, .n_buffers = 2, .buffers = id_buffers, .release = release_array},
                                            {.length = 3,
                                             .null_count = 1,
                                             .n_buffers = 1,
                                             .n_children = 1,
                                             .buffers = struct_buffers,
                                             .children = struct_arrays,
                                             .release = release_array}};
static struct ArrowArray *row_arrays[] = {&column_arrays[0], &column_arrays[1]};

static int given; /* arrays handed out by the stream */

static int host_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    (void)stream;
    *out = (struct ArrowSchema){.format = "+s", .name = "", .n_children = 2, .children = row_schemas, .release = release_schema};
    return 0;
}

static int host_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    (void)stream;
    memset(out, 0, sizeof(*out));
    if (given++ == 0) {
        *out = (struct ArrowArray){
            .length = 3, .n_buffers = 1, .n_children = 2, .buffers = row_buffers, .children = row_arrays, .release = release_array};
    }
    return 0;
}

static const char *host_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return NULL;
}

static void host_release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

static enum tarn_status open_host(struct tarn_env *env, struct tarn_source **out, struct tarn_error *err)
{
    struct ArrowArrayStream stream = {host_schema, host_next, host_error, host_release, NULL};
    struct tarn_batches *batches;
    *out = NULL;
    given = 0;
    TARN_RETURN_IF_ERROR(tarn_arrow_import_stream(env, &stream, &batches, err));
    return tarn_batches_source(batches, out, err);
}

/* The rows of one integer column as "1,-,3". */
static enum tarn_status rows_of(struct tarn_env *env, struct tarn_source *source, const char *sql, char *out, struct tarn_error *err)
{
    const struct tarn_named_source lent = {TARN_TEXT("Frame"), source};
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query;
    struct tarn_batch *batch = NULL;
    size_t size = 0;
    options.source_count = 1;
    options.sources = &lent;
    out[0] = '\0';
    TARN_RETURN_IF_ERROR(tarn_query_open(env, (struct tarn_text){sql, strlen(sql)}, &options, &query, err));
    enum tarn_status status;
    do {
        status = tarn_query_next(query, &batch, err);
        for (uint32_t i = 0; status == TARN_OK && batch != NULL && i < batch->selection.count; i++) {
            char text[32];
            if (tarn_vector_is_null(batch->columns[0], i)) {
                snprintf(text, sizeof(text), "-");
            } else {
                tarn_vector_format(env, batch->columns[0], i, text, sizeof(text));
            }
            size += (size_t)snprintf(out + size, 64 - size, "%s%s", size != 0 ? "," : "", text);
        }
    } while (status == TARN_OK && batch != NULL);
    tarn_query_close(query);
    return status;
}

static const struct {
    const char *sql;
    const char *rows;
} over_stream[] = {
    {"SELECT id FROM frame", "1,2,3"},
    {"SELECT id FROM FRAME WHERE id <> 2", "1,3"},
    {"SELECT s.x FROM frame", "10,-,-"},
    {"SELECT id FROM frame WHERE s.x IS NULL", "2,3"},
    {"SELECT f.s.x FROM frame AS f WHERE f.id < 3", "10,-"},
    {"SELECT CAST(sum(id) AS INTEGER) FROM (SELECT id FROM frame)", "6"},
};

START_TEST(query_arrow__reads_a_hosts_stream) /* X-SOURCE-1, Q-NAME-4 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_source *source;
    char rows[64];
    ck_assert_ok(open_host(env, &source, &err), &err);
    ck_assert_ok(rows_of(env, source, over_stream[_i].sql, rows, &err), &err);
    ck_assert_str_eq(rows, over_stream[_i].rows);
    tarn_source_close(source);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(query_arrow__reads_a_stream_once)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_source *source;
    char rows[64];
    ck_assert_ok(open_host(env, &source, &err), &err);
    ck_assert_ok(rows_of(env, source, "SELECT id FROM frame", rows, &err), &err);
    ck_assert_status(rows_of(env, source, "SELECT id FROM frame", rows, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "stream");
    ck_assert_status(rows_of(env, source, "SELECT id FROM 'frame'", rows, &err), TARN_NOT_FOUND); /* a path, not the name */
    tarn_source_close(source);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status read_host(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    struct tarn_source *source;
    char rows[64];
    (void)ctx;
    (void)fault;
    TARN_RETURN_IF_ERROR(open_host(env, &source, err));
    const enum tarn_status status = rows_of(env, source, "SELECT s.x FROM frame WHERE id > 1", rows, err);
    tarn_source_close(source);
    return status;
}

START_TEST(query_arrow__survives_failed_allocations_over_a_stream)
{
    tarn_fault_sweep(read_host, NULL, TARN_FAULT_ALL);
}
END_TEST

/* ---- text of strangers that a host puts into statements ---- */

static const struct {
    const char *sql;
    enum tarn_status status;
} singles[] = {
    {"SELECT 1", TARN_OK},
    {"SELECT 1;", TARN_OK},
    {" ; SELECT 1 ; -- and that is all\n /* really */ ; ", TARN_OK},
    {"SELECT 1; SELECT 2", TARN_INVALID},
    {"SELECT 1; nonsense", TARN_INVALID},
    {"SELECT 1; 'open", TARN_INVALID},
    {"CREATE TABLE never AS SELECT 1; SELECT 2", TARN_INVALID},
};

START_TEST(query_arrow__takes_one_statement) /* Q-STMT-4 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query;
    const char *lake = tarn_test_folder();
    char path[512];
    options.single = true;
    options.lake = (struct tarn_text){lake, strlen(lake)};
    const enum tarn_status status =
        tarn_query_open(env, (struct tarn_text){singles[_i].sql, strlen(singles[_i].sql)}, &options, &query, &err);
    ck_assert_msg(status == singles[_i].status, "%s: %s", singles[_i].sql, err.message);
    if (status != TARN_OK) {
        ck_assert_int_eq(strncmp(err.detail, "sql.", 4), 0); /* sql.single, or what the text behind it breaks */
    }
    tarn_query_close(query);
    snprintf(path, sizeof(path), "%s/never", lake);
    ck_assert_int_ne(access(path, F_OK), 0); /* nothing has run */
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *sql;
    bool whole;
} expressions[] = {
    {"a = 1 AND b IN (2, 3)", true},
    {"x -- with words", true},
    {"1 = 1; DROP TABLE t", false},
    {"1 = 1) OR (1 = 1", false},
    {"1 = 1)", false},
    {"", false},
    {"a = 'x", false},
    {"a /* open", false},
    {"SELECT 1", false},
    {"a = 1 UNION b", false},
    {"a = 1, b = 2", false},
};

START_TEST(query_arrow__knows_a_whole_expression) /* Q-STMT-4 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text sql = {expressions[_i].sql, strlen(expressions[_i].sql)};
    const enum tarn_status status = tarn_expression_check(env, sql, &err);
    ck_assert_msg((status == TARN_OK) == expressions[_i].whole, "%s: %s", expressions[_i].sql, err.message);
    ck_assert(status == TARN_OK || status == TARN_INVALID);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("query/arrow", TARN_TEST(query_arrow__gives_its_rows), TARN_TEST(query_arrow__keeps_the_error),
           TARN_LOOP_TEST(query_arrow__reads_a_hosts_stream, over_stream), TARN_TEST(query_arrow__reads_a_stream_once),
           TARN_TEST(query_arrow__survives_failed_allocations_over_a_stream), TARN_LOOP_TEST(query_arrow__takes_one_statement, singles),
           TARN_LOOP_TEST(query_arrow__knows_a_whole_expression, expressions))
