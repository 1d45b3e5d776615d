/* SPDX-License-Identifier: Apache-2.0
 *
 * A table proved: the log by its format, then every data file from its first page to its last, its rows counted and every bound of its
 * statistics held against the values.
 *
 * Invariants
 *  1. Damage is a finding, not a failure: the walk goes on behind it. Only what keeps it from going on (memory, cancel) ends it.
 *  2. Bounds are checked as readers use them: a value outside of them would be skipped by someone.
 */
#include <inttypes.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/batch/vector.h"
#include "tarn/reader.h"
#include "txlog/core/deleted_rows.h"
#include "txlog/core/prune_files.h"
#include "txlog/core/table_scan.h"

struct report {
    void (*fn)(void *arg, const struct tarn_finding *finding);
    void *arg;
};

static void tell(const struct report *report, enum tarn_finding_kind kind, const struct tarn_error *error)
{
    const struct tarn_finding finding = {kind, error};
    report->fn(report->arg, &finding);
}

static bool goes_on(enum tarn_status status)
{
    return status == TARN_CORRUPT || status == TARN_NOT_FOUND || status == TARN_UNSUPPORTED || status == TARN_IO || status == TARN_AUTH ||
           status == TARN_LIMIT;
}

/* ---- bounds against values ---- */

struct column_check {
    struct tarn_path_step step;
    const struct tarn_type *type;
    bool known;
    struct tarn_bounds bounds;
    uint64_t nulls;
};

static enum tarn_status check_vector(struct column_check *column, const struct tarn_vector *vector, struct tarn_error *err)
{
    column->nulls += tarn_vector_null_count(vector);
    if (!column->known || (!column->bounds.has_min && !column->bounds.has_max)) {
        return TARN_OK;
    }
    for (uint32_t row = 0; row < vector->length; row++) {
        if (tarn_vector_is_null(vector, row)) {
            continue;
        }
        const struct tarn_value value = tarn__vector_value(vector, row);
        const bool is_float = value.type->id == TARN_TYPE_F32 || value.type->id == TARN_TYPE_F64;
        if (is_float && value.u.f64 != value.u.f64) {
            continue;
        }
        if (column->bounds.has_min && tarn_value_compare(&value, &column->bounds.min) < 0) {
            return tarn__corrupt(err, "statistics", "a value lies below the minimum that the table's statistics give");
        }
        if (column->bounds.has_max && tarn_value_compare(&value, &column->bounds.max) > 0) {
            return tarn__corrupt(err, "statistics", "a value lies above the maximum that the table's statistics give");
        }
    }
    return TARN_OK;
}

static enum tarn_status check_cursor(struct tarn_cursor *cursor, struct column_check *columns, uint32_t count, uint64_t *rows,
                                     struct tarn_error *err)
{
    for (;;) {
        TARN_RETURN_IF_ERROR(tarn__check_cancelled(cursor->env, err));
        uint32_t got;
        TARN_RETURN_IF_ERROR(tarn_cursor_next(cursor, TARN_BATCH_ROWS, &got, err));
        if (got == 0) {
            return TARN_OK;
        }
        *rows += got;
        for (uint32_t c = 0; c < count; c++) {
            struct tarn_vector *vector;
            enum tarn_status status = tarn_cursor_column(cursor, c, NULL, &vector, err);
            if (status == TARN_OK) {
                status = check_vector(&columns[c], vector, err);
            }
            if (status != TARN_OK) {
                tarn__error_at_column(err, columns[c].step.name);
                return status;
            }
        }
    }
}

static enum tarn_status check_rows(struct tarn_source *source, struct column_check *columns, uint32_t count, uint64_t *rows,
                                   struct tarn_error *err)
{
    struct tarn_env *env = source->env;
    struct tarn_path *paths = tarn__calloc(env, (size_t)count + 1, sizeof(*paths));
    if (paths == NULL) {
        return tarn__nomem(env, err, count * sizeof(*paths));
    }
    for (uint32_t c = 0; c < count; c++) {
        paths[c] = (struct tarn_path){1, &columns[c].step};
    }
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    request.path_count = count;
    request.paths = paths;
    struct tarn_scan *scan = NULL;
    enum tarn_status status = tarn_source_scan(source, &request, &scan, err);
    const uint32_t tasks = status == TARN_OK ? tarn_scan_task_count(scan) : 0;
    for (uint32_t t = 0; status == TARN_OK && t < tasks; t++) {
        struct tarn_cursor *cursor;
        status = tarn_scan_open(scan, t, &cursor, err);
        if (status == TARN_OK) {
            status = check_cursor(cursor, columns, count, rows, err);
            tarn_cursor_close(cursor);
        }
    }
    tarn__free(env, paths);
    tarn_scan_close(scan);
    return status;
}

static struct column_check *make_checks(struct tarn_env *env, const struct tarn_schema *schema, struct tarn_error *err)
{
    struct column_check *columns = tarn__calloc(env, (size_t)schema->field_count + 1, sizeof(*columns));
    for (uint32_t c = 0; columns != NULL && c < schema->field_count; c++) {
        columns[c].step = (struct tarn_path_step){.kind = TARN_PATH_FIELD, .name = schema->fields[c].name, .id = -1};
        columns[c].type = schema->fields[c].type;
    }
    if (columns == NULL) {
        (void)tarn__nomem(env, err, schema->field_count * sizeof(*columns));
    }
    return columns;
}

/* What the statistics of a file say of the top-level columns. */
static enum tarn_status read_bounds(const struct tarn_snapshot *snapshot, struct tarn_text statistics, struct tarn_arena *arena,
                                    struct column_check *columns, struct tarn_error *err)
{
    const uint32_t count = snapshot->schema->field_count;
    struct tarn__bounds_wanted *wanted = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*wanted));
    uint32_t *index = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*index));
    if (wanted == NULL || index == NULL) {
        return tarn__nomem(snapshot->env, err, count * sizeof(*wanted));
    }
    for (uint32_t c = 0; c < count; c++) {
        index[c] = c;
        wanted[c] =
            (struct tarn__bounds_wanted){.depth = columns[c].type->field_count == 0 ? 1 : 0, .index = &index[c], .type = columns[c].type};
    }
    TARN_RETURN_IF_ERROR(snapshot->format->bounds(snapshot, statistics, arena, count, wanted, err));
    for (uint32_t c = 0; c < count; c++) {
        columns[c].known = wanted[c].known && wanted[c].depth == 1;
        columns[c].bounds = wanted[c].bounds;
    }
    return TARN_OK;
}

static enum tarn_status check_size(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file, struct tarn_error *err)
{
    struct tarn_object_info info;
    struct tarn_store *store;
    struct tarn_text key;
    enum tarn_status status = tarn__place_locate(&snapshot->place, file->path, &store, &key, err);
    if (status == TARN_OK) {
        status = tarn_store_head(store, key, &info, err);
    }
    if (status == TARN_NOT_FOUND) {
        return tarn__error_set(err, TARN_NOT_FOUND, "data_file", "a file of this version is gone");
    }
    if (status == TARN_OK && info.size != file->size) {
        return tarn__corrupt(err, "file_size", "the file has %llu bytes; the log says %llu", (unsigned long long)info.size,
                             (unsigned long long)file->size);
    }
    return status;
}

/* With rows gone since, statistics still say whether there are nulls at all, and whether there is nothing else. */
static bool nulls_fit(const struct tarn__tracked_file *file, const struct tarn_bounds *bounds, uint64_t nulls, uint64_t rows)
{
    if (tarn__file_deleted(file) == 0) {
        return bounds->null_count == nulls;
    }
    return nulls <= bounds->null_count && (bounds->null_count != bounds->rows || nulls == rows);
}

static enum tarn_status check_counts(const struct tarn__tracked_file *file, const struct column_check *columns, uint32_t count,
                                     uint64_t rows, struct tarn_error *err)
{
    const uint64_t gone = tarn__file_deleted(file);
    if (file->rows >= 0 && (uint64_t)file->rows != rows + gone) {
        return tarn__corrupt(err, "row_count", "the file has %" PRIu64 " rows; the log says %" PRId64, rows + gone, file->rows);
    }
    for (uint32_t c = 0; c < count; c++) {
        if (columns[c].known && columns[c].bounds.has_null_count && !nulls_fit(file, &columns[c].bounds, columns[c].nulls, rows)) {
            tarn__corrupt(err, "statistics", "the column has %llu nulls; the table's statistics say %llu",
                          (unsigned long long)columns[c].nulls, (unsigned long long)columns[c].bounds.null_count);
            tarn__error_at_column(err, columns[c].step.name);
            return TARN_CORRUPT;
        }
    }
    return TARN_OK;
}

static enum tarn_status check_file(struct tarn_snapshot *snapshot, uint32_t index, struct tarn__pool_reader *reader, struct tarn_error *err)
{
    const struct tarn__tracked_file *file = tarn__file_set_at(&snapshot->files, index);
    struct tarn_text statistics;
    TARN_RETURN_IF_ERROR(check_size(snapshot, file, err));
    TARN_RETURN_IF_ERROR(tarn__pool_reader_get(reader, file->statistics, &statistics, err));
    struct column_check *columns = make_checks(snapshot->env, snapshot->schema, err);
    if (columns == NULL) {
        return TARN_NOMEM;
    }
    struct tarn_arena arena;
    tarn__arena_init(&arena, snapshot->env);
    enum tarn_status status = statistics.size != 0 ? read_bounds(snapshot, statistics, &arena, columns, err) : TARN_OK;
    struct tarn_source *source;
    if (status == TARN_OK) {
        status = tarn__table_source(snapshot, &index, 1, &source, err);
    }
    if (status == TARN_OK) {
        uint64_t rows = 0;
        status = check_rows(source, columns, snapshot->schema->field_count, &rows, err);
        if (status == TARN_OK) {
            status = check_counts(file, columns, snapshot->schema->field_count, rows, err);
        }
        tarn_source_close(source);
    }
    tarn__arena_free(&arena);
    tarn__free(snapshot->env, columns);
    return status;
}

enum tarn_status tarn_table_verify(struct tarn_snapshot *snapshot, void (*fn)(void *arg, const struct tarn_finding *finding), void *arg,
                                   struct tarn_error *err)
{
    const struct report report = {fn, arg};
    TARN_RETURN_IF_ERROR(snapshot->format->verify(snapshot, fn, arg, err));
    struct tarn__pool_reader reader;
    tarn__pool_reader_init(&reader, &snapshot->files.statistics);
    enum tarn_status status = TARN_OK;
    uint32_t good = 0;
    for (uint32_t i = 0; status == TARN_OK && i < snapshot->files.count; i++) {
        struct tarn_error found = TARN_ERROR_INIT;
        status = check_file(snapshot, i, &reader, &found);
        good += status == TARN_OK;
        if (goes_on(status)) {
            tarn__error_at_object(&found, tarn__file_set_at(&snapshot->files, i)->path);
            tell(&report, TARN_FINDING_ERROR, &found);
            status = TARN_OK;
        } else if (status != TARN_OK && err != NULL) {
            *err = found;
        }
    }
    tarn__pool_reader_free(&reader);
    if (status == TARN_OK) {
        struct tarn_error summary = TARN_ERROR_INIT;
        tarn__error_set(&summary, TARN_OK, "files", "%u of %u files read from end to end, rows counted, statistics held against the values",
                        good, snapshot->files.count);
        tell(&report, TARN_FINDING_OK, &summary);
    }
    return status;
}

enum tarn_status tarn_file_verify(struct tarn_store *store, struct tarn_text key, void (*fn)(void *arg, const struct tarn_finding *finding),
                                  void *arg, struct tarn_error *err)
{
    const struct report report = {fn, arg};
    struct tarn_error found = TARN_ERROR_INIT;
    struct tarn_source *source;
    enum tarn_file_format format;
    if (tarn_file_format_detect(store, key, &format, &found) == TARN_OK && format == TARN_FILE_PARQUET) {
        return tarn_parquet_verify(store, key, NULL, fn, arg, err);
    }
    enum tarn_status status = tarn_file_open(store, key, TARN_FILE_AUTO, &source, &found);
    uint64_t rows = 0;
    if (status == TARN_OK) {
        const struct tarn_schema *schema = tarn_source_schema(source);
        struct column_check *columns = make_checks(store->env, schema, &found);
        status = columns == NULL ? TARN_NOMEM : check_rows(source, columns, schema->field_count, &rows, &found);
        uint64_t said;
        if (status == TARN_OK && tarn_source_row_count(source, &said) && said != rows) {
            status = tarn__corrupt(&found, "row_count", "the file has %llu rows and says that it has %llu", (unsigned long long)rows,
                                   (unsigned long long)said);
        }
        tarn__free(store->env, columns);
        tarn_source_close(source);
    }
    if (status == TARN_OK) {
        tarn__error_set(&found, TARN_OK, "file", "%llu rows read from end to end", (unsigned long long)rows);
        tarn__error_at_object(&found, key);
        tell(&report, TARN_FINDING_OK, &found);
        return TARN_OK;
    }
    tarn__error_at_object(&found, key);
    if (status == TARN_CORRUPT || status == TARN_UNSUPPORTED) {
        tell(&report, TARN_FINDING_ERROR, &found);
        return TARN_OK;
    }
    if (err != NULL) {
        *err = found;
    }
    return status;
}
