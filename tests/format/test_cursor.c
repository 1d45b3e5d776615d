/* SPDX-License-Identifier: Apache-2.0
 * Sources, cursors, sinks and what stands on them: paths found in schemas, rows pulled as batches over all tasks, batches copied to a sink
 * that is finished or aborted, never both.
 */
#include "format/base/bytes.h"
#include "format/batch/selection.h"
#include "format/batch/vector.h"
#include "format/batch/vector_builder.h"
#include "tarn/arrow.h"
#include "tests/support/fault.h"

static struct tarn_error err;

static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_field f_list = {.name = {"element", 7}, .type = &i64, .nullable = true, .id = 11};
static const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &f_list};
static const struct tarn_field f_map[] = {{.name = {"key", 3}, .type = &text, .nullable = false, .id = 12},
                                          {.name = {"value", 5}, .type = &i64, .nullable = true, .id = 13}};
static const struct tarn_type map = {.id = TARN_TYPE_MAP, .field_count = 2, .fields = f_map};
static const struct tarn_field f_struct[] = {{.name = {"deep", 4}, .type = &list, .nullable = false, .id = 14},
                                             {.name = {"Other", 5}, .type = &text, .nullable = true, .id = 15}};
static const struct tarn_type group = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = f_struct};
static const struct tarn_field fields[] = {{.name = {"n", 1}, .type = &i64, .nullable = false, .id = 1},
                                           {.name = {"g", 1}, .type = &group, .nullable = true, .id = 2},
                                           {.name = {"m", 1}, .type = &map, .nullable = false, .id = 3}};

/* ---- paths ---- */

#define FIELD(name, id)                                                                                                                    \
    {                                                                                                                                      \
        TARN_PATH_FIELD, {name, sizeof(name) - 1}, id                                                                                      \
    }
#define STEP(kind)                                                                                                                         \
    {                                                                                                                                      \
        kind, {NULL, 0}, -1                                                                                                                \
    }

static const struct {
    const char *name;
    uint32_t depth;
    struct tarn_path_step steps[3];
    enum tarn_status status;
    const struct tarn_type *type;
    bool nullable;
    uint32_t last; /* index of the last step */
} paths[] = {
    {"by name", 1, {FIELD("n", -1)}, TARN_OK, &i64, false, 0},
    {"caseless", 1, {FIELD("N", -1)}, TARN_OK, &i64, false, 0},
    {"by id, under an old name", 1, {FIELD("old", 3)}, TARN_OK, &map, false, 2},
    {"by an id that is not there, though the name is", 1, {FIELD("n", 99)}, TARN_NOT_FOUND, NULL, true, 0},
    {"below a struct that may be null", 3, {FIELD("g", -1), FIELD("deep", -1), STEP(TARN_PATH_ELEMENT)}, TARN_OK, &i64, true, 0},
    {"a member caselessly", 2, {FIELD("g", -1), FIELD("other", -1)}, TARN_OK, &text, true, 1},
    {"keys", 2, {FIELD("m", -1), STEP(TARN_PATH_KEY)}, TARN_OK, &text, false, 0},
    {"values", 2, {FIELD("m", -1), STEP(TARN_PATH_VALUE)}, TARN_OK, &i64, true, 1},
    {"the row index", 1, {FIELD(TARN_ROW_INDEX, -1)}, TARN_OK, &i64, false, UINT32_MAX},
    {"no such column", 1, {FIELD("zip", -1)}, TARN_NOT_FOUND, NULL, true, 0},
    {"no such member", 2, {FIELD("g", -1), FIELD("zip", -1)}, TARN_NOT_FOUND, NULL, true, 0},
    {"elements of no list", 2, {FIELD("n", -1), STEP(TARN_PATH_ELEMENT)}, TARN_NOT_FOUND, NULL, true, 0},
    {"keys of no map", 2, {FIELD("g", -1), STEP(TARN_PATH_KEY)}, TARN_NOT_FOUND, NULL, true, 0},
    {"a path that begins below", 1, {STEP(TARN_PATH_ELEMENT)}, TARN_INVALID, NULL, true, 0},
    {"a path of no steps", 0, {FIELD("n", -1)}, TARN_INVALID, NULL, true, 0},
};

START_TEST(path__leads_to_a_type)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *schema;
    const struct tarn_type *type;
    bool nullable;
    uint32_t index[3] = {77, 77, 77};
    ck_assert_ok(tarn_schema_make(env, 3, fields, 0, NULL, &schema, &err), &err);
    const struct tarn_path path = {paths[_i].depth, paths[_i].steps};
    const enum tarn_status status = tarn_path_resolve(schema, &path, &type, &nullable, index, &err);
    ck_assert_msg(status == paths[_i].status, "%s: %s", paths[_i].name, tarn_status_name(status));
    if (status == TARN_OK) {
        ck_assert(tarn_type_equal(type, paths[_i].type));
        ck_assert_int_eq(nullable, paths[_i].nullable);
        ck_assert_uint_eq(index[path.depth - 1], paths[_i].last);
    } else {
        ck_assert_ptr_null(type);
    }
    if (strcmp(paths[_i].name, "no such column") == 0) {
        ck_assert_ptr_nonnull(strstr(err.message, "n, g, m")); /* what there is instead */
    }
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

/* ---- a source of three tasks of 5, 0 and 3 rows; column `n` counts ---- */

struct counting_source {
    struct tarn_source source;
    struct tarn_schema *schema;
    int open; /* scans and cursors */
};

struct counting_scan {
    struct tarn_scan scan;
    struct counting_source *owner;
    const struct tarn_type *types[2];
};

struct counting_cursor {
    struct tarn_cursor cursor;
    struct counting_scan *scan;
    uint32_t next;
    uint32_t end;
    uint32_t first;
    uint32_t rows;
    struct tarn_vector *given;
};

static const uint32_t task_rows[] = {5, 0, 3};

static enum tarn_status cursor_next(struct tarn_cursor *cursor, uint32_t max_rows, uint32_t *rows, struct tarn_error *error)
{
    struct counting_cursor *self = (struct counting_cursor *)(void *)cursor;
    (void)error;
    tarn_vector_release(self->given);
    self->given = NULL;
    self->first = self->next;
    self->rows = self->end - self->next < max_rows ? self->end - self->next : max_rows;
    self->next += self->rows;
    *rows = self->rows;
    return TARN_OK;
}

static enum tarn_status cursor_column(struct tarn_cursor *cursor, uint32_t handle, const struct tarn_selection *selection,
                                      struct tarn_vector **out, struct tarn_error *error)
{
    struct counting_cursor *self = (struct counting_cursor *)(void *)cursor;
    struct tarn_vector_builder *builder;
    ck_assert_uint_eq(handle, 0);
    ck_assert_ptr_null(selection);
    TARN_RETURN_IF_ERROR(tarn__vector_builder_open(cursor->env, self->scan->types[0], &builder, error));
    for (uint32_t i = 0; i < self->rows; i++) {
        tarn__vector_builder_i64(builder, self->first + i);
    }
    const enum tarn_status status = tarn__vector_builder_finish(builder, &self->given, error);
    tarn__vector_builder_close_all(builder);
    *out = self->given;
    return status;
}

static void cursor_close(struct tarn_cursor *cursor)
{
    struct counting_cursor *self = (struct counting_cursor *)(void *)cursor;
    self->scan->owner->open--;
    tarn_vector_release(self->given);
    tarn__free(cursor->env, self);
}

static uint32_t scan_tasks(struct tarn_scan *scan)
{
    (void)scan;
    return 3;
}

static enum tarn_status scan_open(struct tarn_scan *scan, uint32_t task, struct tarn_cursor **out, struct tarn_error *error)
{
    static const struct tarn_cursor_ops ops = {sizeof(ops), cursor_next, cursor_column, cursor_close};
    struct counting_cursor *cursor = tarn__calloc(scan->env, 1, sizeof(*cursor));
    if (cursor == NULL) {
        return tarn__nomem(scan->env, error, sizeof(*cursor));
    }
    cursor->cursor = (struct tarn_cursor){&ops, scan->env};
    cursor->scan = (struct counting_scan *)(void *)scan;
    for (uint32_t i = 0; i < task; i++) {
        cursor->next += task_rows[i];
    }
    cursor->end = cursor->next + task_rows[task];
    cursor->scan->owner->open++;
    *out = &cursor->cursor;
    return TARN_OK;
}

static void scan_close(struct tarn_scan *scan)
{
    ((struct counting_scan *)(void *)scan)->owner->open--;
    tarn__free(scan->env, scan);
}

static const struct tarn_schema *source_schema(struct tarn_source *source)
{
    return ((struct counting_source *)(void *)source)->schema;
}

static enum tarn_status source_scan(struct tarn_source *source, const struct tarn_scan_request *request, struct tarn_scan **out,
                                    struct tarn_error *error)
{
    static const struct tarn_scan_ops ops = {sizeof(ops), scan_tasks, scan_open, NULL, scan_close, NULL};
    struct counting_scan *scan = tarn__calloc(source->env, 1, sizeof(*scan));
    if (scan == NULL) {
        return tarn__nomem(source->env, error, sizeof(*scan));
    }
    ck_assert_uint_eq(request->path_count, 1);
    scan->owner = (struct counting_source *)(void *)source;
    scan->types[0] = scan->owner->schema->fields[0].type;
    scan->scan = (struct tarn_scan){&ops, source->env, 1, scan->types};
    scan->owner->open++;
    *out = &scan->scan;
    return TARN_OK;
}

static const struct tarn_source_ops source_ops = {sizeof(source_ops), "counting", source_schema, NULL, source_scan, NULL, NULL};

/* ---- a sink that adds up what it is given, and may refuse ---- */

struct adding_sink {
    struct tarn_sink sink;
    int64_t sum;
    int finished;
    int aborted;
    bool refuses;
};

static enum tarn_status sink_write(struct tarn_sink *sink, const struct tarn_batch *batch, struct tarn_error *error)
{
    struct adding_sink *self = (struct adding_sink *)(void *)sink;
    for (uint32_t i = 0; i < batch->length; i++) {
        self->sum += tarn__vector_value(batch->columns[0], i).u.i64;
    }
    return self->refuses ? tarn__error_set(error, TARN_IO, "system", "the disk is full") : TARN_OK;
}

static enum tarn_status sink_finish(struct tarn_sink *sink, struct tarn_error *error)
{
    (void)error;
    ((struct adding_sink *)(void *)sink)->finished++;
    return TARN_OK;
}

static void sink_abort(struct tarn_sink *sink)
{
    ((struct adding_sink *)(void *)sink)->aborted++;
}

static const struct tarn_sink_ops sink_ops = {sizeof(sink_ops), "adding", sink_write, sink_finish, sink_abort};

static struct counting_source make_source(struct tarn_env *env)
{
    struct counting_source source = {.source = {&source_ops, env}};
    ck_assert_ok(tarn_schema_make(env, 1, fields, 0, NULL, &source.schema, &err), &err);
    return source;
}

START_TEST(batches__give_all_rows_task_after_task)
{
    struct tarn_env *env = tarn_test_env();
    struct counting_source source = make_source(env);
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    static const uint32_t lengths[] = {3, 2, 3};
    struct tarn_batches *batches;
    struct tarn_batch *batch;
    request.batch_rows = 3;
    ck_assert_ok(tarn_source_batches(&source.source, &request, &batches, &err), &err);
    ck_assert(tarn__text_equal(batches->schema->fields[0].name, TARN_TEXT("n")));
    ck_assert_int_eq(batches->schema->fields[0].id, 1);
    int64_t expected = 0;
    for (int i = 0; i < 3; i++) {
        ck_assert_ok(batches->next(batches, &batch, &err), &err);
        ck_assert_uint_eq(batch->length, lengths[i]);
        for (uint32_t row = 0; row < batch->length; row++) {
            ck_assert_int_eq(tarn__vector_value(batch->columns[0], row).u.i64, expected++);
        }
    }
    ck_assert_ok(batches->next(batches, &batch, &err), &err);
    ck_assert_ptr_null(batch);
    batches->close(batches);
    ck_assert_int_eq(source.open, 0);
    tarn_schema_release(source.schema);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(copy__finishes_the_sink_or_aborts_it)
{
    struct tarn_env *env = tarn_test_env();
    for (int refuses = 0; refuses < 2; refuses++) {
        struct counting_source source = make_source(env);
        struct adding_sink sink = {.sink = {&sink_ops, env, source.schema}, .refuses = refuses != 0};
        struct tarn_batches *batches;
        uint64_t rows;
        ck_assert_ok(tarn_source_batches(&source.source, NULL, &batches, &err), &err);
        ck_assert_status(tarn_batches_copy(batches, &sink.sink, &rows, &err), refuses ? TARN_IO : TARN_OK);
        ck_assert_uint_eq(rows, refuses ? 0 : 8);
        ck_assert_int_eq(sink.finished, !refuses);
        ck_assert_int_eq(sink.aborted, refuses);
        ck_assert_int_eq(sink.sum, refuses ? 10 : 28);
        batches->close(batches);
        tarn_schema_release(source.schema);
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(sink__refuses_columns_of_another_type)
{
    struct tarn_env *env = tarn_test_env();
    struct counting_source source = make_source(env);
    struct tarn_schema *other;
    struct tarn_batch *batch;
    ck_assert_ok(tarn_schema_make(env, 1, &f_struct[1], 0, NULL, &other, &err), &err);
    struct tarn_vector *vector = tarn__vector_nulls(env, other->fields[0].type, 2);
    ck_assert_ok(tarn_batch_make(env, other, 2, &vector, &batch, &err), &err);
    struct adding_sink sink = {.sink = {&sink_ops, env, source.schema}};
    ck_assert_status(tarn_sink_write(&sink.sink, batch, &err), TARN_INVALID);
    ck_assert_str_eq(err.column, "n");
    ck_assert_ptr_nonnull(strstr(err.message, "VARCHAR"));
    struct tarn_batch *uneven;
    ck_assert_status(tarn_batch_make(env, other, 3, &vector, &uneven, &err), TARN_INVALID);
    ck_assert_ptr_null(uneven);
    tarn_vector_release(vector);
    tarn_batch_release(batch);
    tarn_schema_release(other);
    tarn_schema_release(source.schema);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(scan__refuses_a_task_that_is_not_there)
{
    struct tarn_env *env = tarn_test_env();
    struct counting_source source = make_source(env);
    const struct tarn_path path = {1, &paths[0].steps[0]};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_scan *scan;
    struct tarn_cursor *cursor;
    struct tarn_scan_stats stats;
    uint64_t rows;
    request.path_count = 1;
    request.paths = &path;
    ck_assert(!tarn_source_row_count(&source.source, &rows));
    ck_assert_ok(tarn_source_scan(&source.source, &request, &scan, &err), &err);
    ck_assert_status(tarn_scan_open(scan, 3, &cursor, &err), TARN_INVALID);
    ck_assert_ptr_null(cursor);
    tarn_scan_stats(scan, &stats);
    ck_assert_uint_eq(stats.size, sizeof(stats));
    ck_assert_uint_eq(stats.rows, 0);
    tarn_scan_close(scan);
    request.size = 0;
    ck_assert_status(tarn_source_scan(&source.source, &request, &scan, &err), TARN_INVALID);
    tarn_schema_release(source.schema);
    tarn_test_env_close(env);
}
END_TEST

/* Rows over the Arrow border and into the sink. */
static enum tarn_status carry(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    struct tarn_batches *batches;
    struct ArrowArrayStream stream;
    (void)ctx;
    tarn_fault_suspend(fault);
    struct counting_source source = make_source(env);
    struct adding_sink sink = {.sink = {&sink_ops, env, source.schema}};
    tarn_fault_resume(fault);
    enum tarn_status status = tarn_source_batches(&source.source, NULL, &batches, error);
    if (status == TARN_OK) {
        status = tarn_arrow_export_stream(batches, NULL, &stream, error);
    }
    if (status == TARN_OK) {
        status = tarn_arrow_import_stream(env, &stream, &batches, error);
    }
    if (status == TARN_OK) {
        uint64_t rows;
        status = tarn_batches_copy(batches, &sink.sink, &rows, error);
        ck_assert_int_eq(sink.finished, status == TARN_OK);
        ck_assert_int_eq(sink.aborted, status != TARN_OK);
        batches->close(batches);
    }
    ck_assert_int_eq(source.open, 0);
    tarn_schema_release(source.schema);
    return status;
}

START_TEST(batches__survive_the_failure_of_every_allocation)
{
    ck_assert_uint_gt(tarn_fault_sweep(carry, NULL, TARN_FAULT_ALL_ALLOC), 50);
}
END_TEST

TARN_SUITE("format/cursor", TARN_LOOP_TEST(path__leads_to_a_type, paths), TARN_TEST(batches__give_all_rows_task_after_task),
           TARN_TEST(copy__finishes_the_sink_or_aborts_it), TARN_TEST(sink__refuses_columns_of_another_type),
           TARN_TEST(scan__refuses_a_task_that_is_not_there), TARN_TEST(batches__survive_the_failure_of_every_allocation))
