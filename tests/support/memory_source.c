/* SPDX-License-Identifier: Apache-2.0
 * Vectors as a source.
 */
#include "tests/support/memory_source.h"

#include <string.h>

#include "format/base/alloc.h"
#include "format/batch/compare.h"
#include "format/batch/flatten.h"
#include "format/batch/gather.h"
#include "format/batch/vector.h"
#include "tarn/expr.h"

struct memory_source {
    struct tarn_source source;
    struct tarn_schema *schema;
    struct tarn_memory_source_options options;
    uint32_t rows;
    struct tarn_vector **columns;
};

struct memory_scan {
    struct tarn_scan scan;
    struct memory_source *source;
    uint32_t *paths; /* column of each */
    const struct tarn_type **types;
    uint32_t *tasks; /* first row of each that is left */
    uint32_t task_count;
    uint64_t pruned;
};

struct memory_cursor {
    struct tarn_cursor cursor;
    struct memory_scan *scan;
    uint32_t first; /* of the current rows */
    uint32_t count;
    uint32_t end;
    struct tarn_vector **given;
    size_t given_count;
    size_t given_capacity;
    struct tarn_dictionary **dictionaries; /* one a column of the source */
    uint32_t task_first;
};

static void forget(struct memory_cursor *cursor)
{
    while (cursor->given_count != 0) {
        tarn_vector_release(cursor->given[--cursor->given_count]);
    }
}

static enum tarn_status cursor_next(struct tarn_cursor *base, uint32_t max_rows, uint32_t *rows, struct tarn_error *err)
{
    struct memory_cursor *cursor = (struct memory_cursor *)base;
    const uint32_t most = cursor->scan->source->options.batch_rows;
    (void)err;
    forget(cursor);
    cursor->first += cursor->count;
    cursor->count = cursor->end - cursor->first;
    max_rows = most != 0 && (max_rows == 0 || max_rows > most) ? most : max_rows;
    cursor->count = max_rows != 0 && cursor->count > max_rows ? max_rows : cursor->count;
    *rows = cursor->count;
    return TARN_OK;
}

/* The task's rows of a column as codes into a dictionary of all distinct... of all its rows: entries may repeat. */
static enum tarn_status as_dictionary(struct memory_cursor *cursor, uint32_t column, struct tarn_vector *rows, struct tarn_vector **out,
                                      struct tarn_error *err)
{
    struct tarn_env *env = cursor->cursor.env;
    const struct tarn_vector *whole = cursor->scan->source->columns[column];
    if (cursor->dictionaries[column] == NULL) {
        struct tarn_vector *values;
        uint32_t *positions = tarn__alloc(env, (whole->length + 1u) * sizeof(uint32_t));
        uint32_t count = 0;
        if (positions == NULL) {
            return tarn__nomem(env, err, 0);
        }
        for (uint32_t i = cursor->task_first; i < cursor->end; i++) {
            bool seen = tarn_vector_is_null(whole, i);
            for (uint32_t k = 0; !seen && k < count; k++) {
                seen = tarn__vector_rows_equal(whole, positions[k], whole, i);
            }
            if (!seen) {
                positions[count++] = i;
            }
        }
        enum tarn_status status = tarn__vector_gather(whole, positions, count, &values, err);
        tarn__free(env, positions);
        if (status != TARN_OK) {
            return status;
        }
        cursor->dictionaries[column] = tarn__dictionary_make(env, values);
        if (cursor->dictionaries[column] == NULL) {
            return tarn__nomem(env, err, 0);
        }
    }
    const struct tarn_dictionary *dictionary = cursor->dictionaries[column];
    struct tarn_buffer *codes = tarn__buffer_new_zeroed(env, rows->length * sizeof(uint32_t));
    struct tarn_buffer *validity = tarn__buffer_new_zeroed(env, tarn__bits_bytes(rows->length));
    for (uint32_t i = 0; codes != NULL && validity != NULL && i < rows->length; i++) {
        for (uint32_t k = 0; !tarn_vector_is_null(rows, i) && k < dictionary->values->length; k++) {
            if (tarn__vector_rows_equal(rows, i, dictionary->values, k)) {
                ((uint32_t *)(void *)codes->data)[i] = k;
                tarn__bit_set(validity->data, i);
                break;
            }
        }
    }
    if (codes == NULL || validity == NULL) {
        tarn__buffer_release(codes);
        tarn__buffer_release(validity);
        return tarn__nomem(env, err, 0);
    }
    *out = tarn__vector_dictionary(env, rows->type, rows->length, codes, tarn__dictionary_retain(dictionary), validity);
    return *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
}

static enum tarn_status make_column(struct memory_cursor *cursor, uint32_t column, const struct tarn_selection *selection,
                                    struct tarn_vector **out, struct tarn_error *err)
{
    struct memory_source *source = cursor->scan->source;
    struct tarn_vector *rows;
    struct tarn_vector *selected;
    TARN_RETURN_IF_ERROR(tarn__vector_slice(source->columns[column], cursor->first, cursor->count, &rows, err));
    enum tarn_status status = tarn__vector_select(rows, selection, &selected, err);
    tarn_vector_release(rows);
    if (status != TARN_OK || !source->options.dictionaries || tarn_type_kind(selected->type) != TARN_KIND_BYTES) {
        *out = status == TARN_OK ? selected : NULL;
        return status;
    }
    status = as_dictionary(cursor, column, selected, out, err);
    tarn_vector_release(selected);
    return status;
}

static enum tarn_status cursor_column(struct tarn_cursor *base, uint32_t handle, const struct tarn_selection *selection,
                                      struct tarn_vector **out, struct tarn_error *err)
{
    struct memory_cursor *cursor = (struct memory_cursor *)base;
    *out = NULL;
    if (!tarn__grow(base->env, &cursor->given, &cursor->given_capacity, cursor->given_count + 1, sizeof(struct tarn_vector *))) {
        return tarn__nomem(base->env, err, 0);
    }
    TARN_RETURN_IF_ERROR(make_column(cursor, cursor->scan->paths[handle], selection, out, err));
    cursor->given[cursor->given_count++] = *out;
    return TARN_OK;
}

static void cursor_close(struct tarn_cursor *base)
{
    struct memory_cursor *cursor = (struct memory_cursor *)base;
    struct tarn_env *env = base->env;
    forget(cursor);
    for (uint32_t i = 0; cursor->dictionaries != NULL && i < cursor->scan->source->schema->field_count; i++) {
        tarn__dictionary_release(cursor->dictionaries[i]);
    }
    tarn__free(env, cursor->dictionaries);
    tarn__free(env, cursor->given);
    tarn__free(env, cursor);
}

static uint32_t scan_task_count(struct tarn_scan *base)
{
    return ((struct memory_scan *)base)->task_count;
}

static uint32_t task_rows(const struct memory_source *source)
{
    return source->options.task_rows != 0 ? source->options.task_rows : source->rows + 1;
}

static enum tarn_status scan_open(struct tarn_scan *base, uint32_t task, struct tarn_cursor **out, struct tarn_error *err)
{
    static const struct tarn_cursor_ops ops = {sizeof(ops), cursor_next, cursor_column, cursor_close};
    struct memory_scan *scan = (struct memory_scan *)base;
    struct memory_cursor *cursor = tarn__calloc(base->env, 1, sizeof(*cursor));
    *out = NULL;
    if (cursor == NULL) {
        return tarn__nomem(base->env, err, 0);
    }
    cursor->cursor = (struct tarn_cursor){&ops, base->env};
    cursor->scan = scan;
    cursor->first = scan->tasks[task];
    cursor->task_first = cursor->first;
    cursor->end =
        scan->source->rows - cursor->first < task_rows(scan->source) ? scan->source->rows : cursor->first + task_rows(scan->source);
    cursor->dictionaries = tarn__calloc(base->env, scan->source->schema->field_count + 1u, sizeof(void *));
    if (cursor->dictionaries == NULL) {
        cursor_close(&cursor->cursor);
        return tarn__nomem(base->env, err, 0);
    }
    *out = &cursor->cursor;
    return TARN_OK;
}

static void scan_stats(struct tarn_scan *base, struct tarn_scan_stats *stats)
{
    const uint32_t size = stats->size;
    memset(stats, 0, size);
    stats->size = size;
    stats->row_groups_pruned = ((struct memory_scan *)base)->pruned;
}

static void scan_close(struct tarn_scan *base)
{
    struct memory_scan *scan = (struct memory_scan *)base;
    tarn__free(base->env, scan->paths);
    tarn__free(base->env, scan->types);
    tarn__free(base->env, scan->tasks);
    tarn__free(base->env, scan);
}

/* Bounds of the rows of one task, by looking at them. */
struct bounds_of_task {
    const struct memory_source *source;
    uint32_t first;
    uint32_t end;
};

static bool task_bounds(void *ctx, const struct tarn_expr_column *column, struct tarn_bounds *out)
{
    const struct bounds_of_task *task = ctx;
    const int32_t index = tarn_fields_find(task->source->schema->field_count, task->source->schema->fields, column->path.steps[0].name);
    const struct tarn_vector *rows = task->source->columns[index];
    uint32_t least = UINT32_MAX;
    uint32_t most = UINT32_MAX;
    if (column->path.depth != 1 || tarn_type_kind(column->type) == TARN_KIND_NESTED || column->type->id == TARN_TYPE_INTERVAL) {
        return false;
    }
    *out = (struct tarn_bounds){.rows = task->end - task->first, .has_null_count = true};
    for (uint32_t i = task->first; i < task->end; i++) {
        if (tarn_vector_is_null(rows, i)) {
            out->null_count++;
            continue;
        }
        const struct tarn_value value = tarn__vector_value(rows, i);
        if (tarn_type_kind(value.type) >= TARN_KIND_F16 && tarn_type_kind(value.type) <= TARN_KIND_F64 && value.u.f64 != value.u.f64) {
            continue; /* NaN is no bound; how many there are is not told */
        }
        least = least == UINT32_MAX || tarn__vector_compare(rows, i, rows, least) < 0 ? i : least;
        most = most == UINT32_MAX || tarn__vector_compare(rows, i, rows, most) > 0 ? i : most;
    }
    if (least != UINT32_MAX) {
        out->has_min = out->has_max = out->min_exact = out->max_exact = true;
        out->min = tarn__vector_value(rows, least);
        out->max = tarn__vector_value(rows, most);
    }
    return true;
}

static enum tarn_status plan_tasks(struct memory_scan *scan, const struct tarn_scan_request *request, struct tarn_error *err)
{
    const struct memory_source *source = scan->source;
    const uint32_t rows = task_rows(source);
    scan->tasks = tarn__calloc(scan->scan.env, source->rows / rows + 2u, sizeof(uint32_t));
    if (scan->tasks == NULL) {
        return tarn__nomem(scan->scan.env, err, 0);
    }
    for (uint32_t first = 0; first < source->rows; first += rows) {
        struct bounds_of_task task = {source, first, source->rows - first < rows ? source->rows : first + rows};
        const struct tarn_bounds_lookup lookup = {&task, task_bounds, NULL};
        if (request->predicate != NULL && !request->no_prune && tarn_expr_prune(request->predicate, &lookup) == TARN_NEVER) {
            scan->pruned++;
            continue;
        }
        scan->tasks[scan->task_count++] = first;
    }
    return TARN_OK;
}

static enum tarn_status source_scan(struct tarn_source *base, const struct tarn_scan_request *request, struct tarn_scan **out,
                                    struct tarn_error *err)
{
    static const struct tarn_scan_ops ops = {sizeof(ops), scan_task_count, scan_open, scan_stats, scan_close, NULL};
    struct memory_source *source = (struct memory_source *)base;
    struct memory_scan *scan = tarn__calloc(base->env, 1, sizeof(*scan));
    *out = NULL;
    if (scan == NULL) {
        return tarn__nomem(base->env, err, 0);
    }
    scan->source = source;
    scan->paths = tarn__calloc(base->env, request->path_count + 1u, sizeof(*scan->paths));
    scan->types = tarn__calloc(base->env, request->path_count + 1u, sizeof(*scan->types));
    scan->scan = (struct tarn_scan){&ops, base->env, request->path_count, scan->types};
    enum tarn_status status = scan->paths == NULL || scan->types == NULL ? tarn__nomem(base->env, err, 0) : TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < request->path_count; i++) {
        bool nullable;
        status = tarn_path_resolve(source->schema, &request->paths[i], &scan->types[i], &nullable, &scan->paths[i], err);
    }
    status = status == TARN_OK ? plan_tasks(scan, request, err) : status;
    if (status != TARN_OK) {
        scan_close(&scan->scan);
        return status;
    }
    *out = &scan->scan;
    return TARN_OK;
}

static const struct tarn_schema *source_schema(struct tarn_source *base)
{
    return ((struct memory_source *)base)->schema;
}

static bool source_row_count(struct tarn_source *base, uint64_t *rows)
{
    *rows = ((struct memory_source *)base)->rows;
    return true;
}

static void source_close(struct tarn_source *base)
{
    struct memory_source *source = (struct memory_source *)base;
    for (uint32_t i = 0; source->columns != NULL && i < source->schema->field_count; i++) {
        tarn_vector_release(source->columns[i]);
    }
    tarn__free(base->env, source->columns);
    tarn_schema_release(source->schema);
    tarn__free(base->env, source);
}

enum tarn_status tarn_memory_source_open(struct tarn_env *env, const struct tarn_schema *schema, uint32_t rows,
                                         struct tarn_vector *const *columns, const struct tarn_memory_source_options *options,
                                         struct tarn_source **out, struct tarn_error *err)
{
    static const struct tarn_source_ops ops = {sizeof(ops), "memory", source_schema, source_row_count, source_scan, source_close, NULL};
    struct memory_source *source = tarn__calloc(env, 1, sizeof(*source));
    *out = NULL;
    if (source == NULL) {
        return tarn__nomem(env, err, 0);
    }
    source->source = (struct tarn_source){&ops, env};
    source->options = *options;
    source->rows = rows;
    source->schema = tarn_schema_retain(schema);
    source->columns = tarn__calloc(env, schema->field_count + 1u, sizeof(struct tarn_vector *));
    if (source->columns == NULL) {
        source_close(&source->source);
        return tarn__nomem(env, err, 0);
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        source->columns[i] = tarn_vector_retain(columns[i]);
    }
    *out = &source->source;
    return TARN_OK;
}
