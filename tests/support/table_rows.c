/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/table_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "format/base/text.h"
#include "format/batch/vector_builder.h"
#include "tests/support/canonical.h"

static const struct tarn_type id_type = {.id = TARN_TYPE_I64};
static const struct tarn_type name_type = {.id = TARN_TYPE_STRING};
static const struct tarn_type part_type = {.id = TARN_TYPE_I32};

const struct tarn_schema *tarn_test_rows_schema(struct tarn_env *env)
{
    (void)env;
    static const struct tarn_field fields[] = {
        {.name = {"id", 2}, .type = &id_type, .nullable = false, .id = -1},
        {.name = {"name", 4}, .type = &name_type, .nullable = true, .id = -1},
        {.name = {"part", 4}, .type = &part_type, .nullable = true, .id = -1},
    };
    static const struct tarn_schema schema = {.field_count = 3, .fields = fields};
    return &schema;
}

static bool part_is_null(int64_t id)
{
    return id % 7 == 0;
}

static enum tarn_status fill(struct tarn_vector_builder **builders, int64_t id)
{
    char name[32];
    const int size = snprintf(name, sizeof(name), "row %lld", (long long)id);
    tarn__vector_builder_i64(builders[0], id);
    tarn__vector_builder_text(builders[1], (struct tarn_text){name, (size_t)size});
    if (part_is_null(id)) {
        tarn__vector_builder_null(builders[2]);
    } else {
        tarn__vector_builder_i64(builders[2], id % 3);
    }
    return TARN_OK;
}

/* The given ids, or `count` of them from `first` on. */
static enum tarn_status write_ids(struct tarn_sink *sink, const int64_t *ids, int64_t first, uint32_t count, struct tarn_error *err)
{
    struct tarn_vector_builder *builders[3] = {NULL, NULL, NULL};
    struct tarn_vector *columns[3] = {NULL, NULL, NULL};
    enum tarn_status status = TARN_OK;
    for (int c = 0; status == TARN_OK && c < 3; c++) {
        status = tarn__vector_builder_open(sink->env, sink->schema->fields[c].type, &builders[c], err);
    }
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        status = fill(builders, ids != NULL ? ids[i] : first + i);
    }
    for (int c = 0; status == TARN_OK && c < 3; c++) {
        status = tarn__vector_builder_finish(builders[c], &columns[c], err);
    }
    if (status == TARN_OK) {
        const struct tarn_batch batch = {sink->schema, count, 3, columns, tarn_selection_all(count)};
        status = tarn_sink_write(sink, &batch, err);
    }
    for (int c = 0; c < 3; c++) {
        tarn__vector_builder_close_all(builders[c]);
        tarn_vector_release(columns[c]);
    }
    return status;
}

enum tarn_status tarn_test_rows_put(struct tarn_sink *sink, int64_t first, uint32_t count, struct tarn_error *err)
{
    return write_ids(sink, NULL, first, count, err);
}

enum tarn_status tarn_test_rows_write(struct tarn_sink *sink, int64_t first, uint32_t count, struct tarn_error *err)
{
    const enum tarn_status status = write_ids(sink, NULL, first, count, err);
    if (status != TARN_OK) {
        tarn_sink_abort(sink);
        return status;
    }
    return tarn_sink_finish(sink, err);
}

static enum tarn_status add_rows(struct tarn_transaction *transaction, int64_t first, uint32_t count, struct tarn_error *err)
{
    struct tarn_sink *sink;
    TARN_RETURN_IF_ERROR(tarn_transaction_sink(transaction, &sink, err));
    return tarn_test_rows_write(sink, first, count, err);
}

static enum tarn_status end(struct tarn_transaction *transaction, enum tarn_status status, struct tarn_commit_result *result,
                            struct tarn_error *err)
{
    if (status != TARN_OK) {
        tarn_transaction_abort(transaction);
        return status;
    }
    return tarn_transaction_commit(transaction, result, err);
}

enum tarn_status tarn_test_table_create(struct tarn_env *env, struct tarn_text uri, bool partitioned, int64_t first, uint32_t count,
                                        struct tarn_error *err)
{
    return tarn_test_table_create_as(env, uri, NULL, partitioned, first, count, err);
}

enum tarn_status tarn_test_table_create_as(struct tarn_env *env, struct tarn_text uri, const char *format, bool partitioned, int64_t first,
                                           uint32_t count, struct tarn_error *err)
{
    static const struct tarn_text by_part = {"part", 4};
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    create.format = format;
    create.schema = tarn_test_rows_schema(env);
    create.partition_column_count = partitioned ? 1 : 0;
    create.partition_columns = &by_part;
    struct tarn_transaction *transaction;
    TARN_RETURN_IF_ERROR(tarn_transaction_create(env, uri, &create, NULL, &transaction, err));
    return end(transaction, count != 0 ? add_rows(transaction, first, count, err) : TARN_OK, NULL, err);
}

/* A transaction on the newest version. */
static enum tarn_status begin(struct tarn_env *env, struct tarn_text uri, const char *operation, struct tarn_transaction **out,
                              struct tarn_error *err)
{
    struct tarn_snapshot *snapshot;
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(env, uri, NULL, &snapshot, err));
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    options.operation = operation;
    const enum tarn_status status = tarn_transaction_open(snapshot, &options, out, err);
    tarn_snapshot_close(snapshot);
    return status;
}

enum tarn_status tarn_test_table_append(struct tarn_env *env, struct tarn_text uri, int64_t first, uint32_t count,
                                        struct tarn_commit_result *result, struct tarn_error *err)
{
    struct tarn_transaction *transaction;
    TARN_RETURN_IF_ERROR(begin(env, uri, "WRITE", &transaction, err));
    return end(transaction, add_rows(transaction, first, count, err), result, err);
}

enum tarn_status tarn_test_table_overwrite(struct tarn_env *env, struct tarn_text uri, int64_t first, uint32_t count,
                                           struct tarn_error *err)
{
    struct tarn_transaction *transaction;
    TARN_RETURN_IF_ERROR(begin(env, uri, "WRITE", &transaction, err));
    enum tarn_status status = tarn_transaction_remove_all(transaction, err);
    if (status == TARN_OK) {
        status = add_rows(transaction, first, count, err);
    }
    return end(transaction, status, NULL, err);
}

struct tarn_expr *tarn_test_id_equals(struct tarn_env *env, int64_t value)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_expr_builder *builder;
    ck_assert_ok(tarn_expr_builder_open(env, &builder, &err), &err);
    static const struct tarn_path_step step = {.kind = TARN_PATH_FIELD, .name = {"id", 2}, .id = -1};
    const struct tarn_path path = {1, &step};
    const struct tarn_value literal = {.type = &id_type, .u.i64 = value};
    const struct tarn_expr_node *args[] = {tarn_expr_make_column(builder, &path, &id_type, false),
                                           tarn_expr_make_literal(builder, &literal)};
    struct tarn_expr *expr;
    ck_assert_ok(tarn_expr_builder_finish(builder, tarn_expr_make(builder, TARN_EXPR_EQ, 2, args), &expr, &err), &err);
    return expr;
}

struct ids {
    int64_t *values;
    size_t count;
    size_t capacity;
};

/* All ids of a source; checks what hangs on them. */
static enum tarn_status read_ids(struct tarn_source *source, struct ids *ids, struct tarn_error *err)
{
    static const struct tarn_path_step steps[] = {
        {.kind = TARN_PATH_FIELD, .name = {"id", 2}, .id = -1},
        {.kind = TARN_PATH_FIELD, .name = {"name", 4}, .id = -1},
        {.kind = TARN_PATH_FIELD, .name = {"part", 4}, .id = -1},
    };
    const struct tarn_path paths[] = {{1, &steps[0]}, {1, &steps[1]}, {1, &steps[2]}};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    request.path_count = 3;
    request.paths = paths;
    struct tarn_scan *scan;
    TARN_RETURN_IF_ERROR(tarn_source_scan(source, &request, &scan, err));
    enum tarn_status status = TARN_OK;
    for (uint32_t t = 0; status == TARN_OK && t < tarn_scan_task_count(scan); t++) {
        struct tarn_cursor *cursor;
        status = tarn_scan_open(scan, t, &cursor, err);
        uint32_t rows = 1;
        while (status == TARN_OK && rows != 0) {
            struct tarn_vector *columns[3];
            status = tarn_cursor_next(cursor, 0 + TARN_BATCH_ROWS, &rows, err);
            for (uint32_t c = 0; status == TARN_OK && rows != 0 && c < 3; c++) {
                status = tarn_cursor_column(cursor, c, NULL, &columns[c], err);
            }
            for (uint32_t i = 0; status == TARN_OK && i < rows; i++) {
                const int64_t id = tarn__vector_value(columns[0], i).u.i64;
                char name[32];
                snprintf(name, sizeof(name), "row %lld", (long long)id);
                ck_assert(tarn__text_equal(tarn_vector_text(columns[1], i), tarn__text_of(name)));
                ck_assert_int_eq(tarn_vector_is_null(columns[2], i), part_is_null(id));
                ck_assert(part_is_null(id) || tarn__vector_value(columns[2], i).u.i64 == id % 3);
                if (ids->count == ids->capacity) {
                    ids->capacity = ids->capacity * 2 + 64;
                    ids->values = realloc(ids->values, ids->capacity * sizeof(*ids->values));
                    ck_assert_ptr_nonnull(ids->values);
                }
                ids->values[ids->count++] = id;
            }
        }
        if (cursor != NULL) {
            tarn_cursor_close(cursor);
        }
    }
    tarn_scan_close(scan);
    return status;
}

enum tarn_status tarn_test_table_delete(struct tarn_env *env, struct tarn_text uri, int64_t id, struct tarn_error *err)
{
    struct tarn_transaction *transaction;
    TARN_RETURN_IF_ERROR(begin(env, uri, "DELETE", &transaction, err));
    struct tarn_expr_builder *builder;
    enum tarn_status status = tarn_expr_builder_open(env, &builder, err);
    struct tarn_expr *predicate = NULL;
    uint32_t count = 0;
    if (status == TARN_OK) {
        static const struct tarn_path_step step = {.kind = TARN_PATH_FIELD, .name = {"id", 2}, .id = -1};
        const struct tarn_path path = {1, &step};
        const struct tarn_value literal = {.type = &id_type, .u.i64 = id};
        const struct tarn_expr_node *args[] = {tarn_expr_make_column(builder, &path, &id_type, false),
                                               tarn_expr_make_literal(builder, &literal)};
        status = tarn_expr_builder_finish(builder, tarn_expr_make(builder, TARN_EXPR_EQ, 2, args), &predicate, err);
    }
    if (status == TARN_OK) {
        status = tarn_transaction_select(transaction, predicate, &count, err);
    }
    struct ids left = {0};
    for (uint32_t f = 0; status == TARN_OK && f < count; f++) {
        struct tarn_source *source;
        struct ids ids = {0};
        status = tarn_transaction_file_source(transaction, f, &source, err);
        if (status == TARN_OK) {
            status = read_ids(source, &ids, err);
            tarn_source_close(source);
        }
        size_t kept = 0;
        for (size_t i = 0; i < ids.count; i++) {
            kept += ids.values[i] != id;
        }
        if (status == TARN_OK && kept != ids.count) {
            status = tarn_transaction_remove(transaction, f, err);
            for (size_t i = 0; i < ids.count; i++) {
                if (ids.values[i] != id) {
                    left.values = realloc(left.values, (left.count + 1) * sizeof(*left.values));
                    left.values[left.count++] = ids.values[i];
                }
            }
        }
        free(ids.values);
    }
    if (status == TARN_OK && left.count != 0) {
        struct tarn_sink *sink;
        status = tarn_transaction_sink(transaction, &sink, err);
        if (status == TARN_OK) {
            status = write_ids(sink, left.values, 0, (uint32_t)left.count, err);
            if (status == TARN_OK) {
                status = tarn_sink_finish(sink, err);
            } else {
                tarn_sink_abort(sink);
            }
        }
    }
    free(left.values);
    tarn_expr_release(predicate);
    return end(transaction, status, NULL, err);
}

enum tarn_status tarn_test_table_sum(struct tarn_env *env, struct tarn_text uri, int64_t version, uint64_t *rows, int64_t *sum,
                                     struct tarn_error *err)
{
    *rows = 0;
    *sum = 0;
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    options.version = version;
    struct tarn_snapshot *snapshot;
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(env, uri, &options, &snapshot, err));
    struct tarn_source *source;
    enum tarn_status status = tarn_snapshot_source(snapshot, &source, err);
    if (status == TARN_OK) {
        struct ids ids = {0};
        status = read_ids(source, &ids, err);
        for (size_t i = 0; i < ids.count; i++) {
            *sum += ids.values[i];
        }
        *rows = ids.count;
        free(ids.values);
        tarn_source_close(source);
    }
    tarn_snapshot_close(snapshot);
    return status;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *tarn_test_table_rows(struct tarn_env *env, struct tarn_text uri, int64_t version)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    options.version = version;
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, uri, &options, &snapshot, &err), &err);
    struct tarn_source *source;
    ck_assert_ok(tarn_snapshot_source(snapshot, &source, &err), &err);
    struct tarn_text_builder text;
    tarn__builder_init(&text, env);
    ck_assert_ok(tarn_canonical_rows(source, TARN_BATCH_ROWS, &text, &err), &err);
    tarn_source_close(source);
    tarn_snapshot_close(snapshot);
    size_t size;
    char *all = tarn__builder_take(&text, &size);
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        count += all[i] == '\n';
    }
    char **lines = malloc((count + 1) * sizeof(*lines));
    count = 0;
    for (char *line = all; *line != '\0';) {
        char *newline = strchr(line, '\n');
        *newline = '\0';
        lines[count++] = line;
        line = newline + 1;
    }
    qsort(lines, count, sizeof(*lines), compare_lines);
    char *sorted = tarn__alloc(env, size + 1);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        at += (size_t)sprintf(sorted + at, "%s\n", lines[i]);
    }
    sorted[at] = '\0';
    free(lines);
    tarn__free(env, all);
    return sorted;
}

void tarn_test_put_file(const char *folder, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0777);
        *slash = '/';
    }
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "cannot make %s", path);
    ck_assert_uint_eq(fwrite(text, 1, strlen(text), file), strlen(text));
    ck_assert_int_eq(fclose(file), 0);
}
