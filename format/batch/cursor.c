/* SPDX-License-Identifier: Apache-2.0
 *
 * Sources, scans, cursors and sinks: dispatch to whoever implements them, and what holds for all of them.
 */
#include "tarn/cursor.h"

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "tarn/sink.h"

const struct tarn_schema *tarn_source_schema(struct tarn_source *source)
{
    return source->ops->schema(source);
}

bool tarn_source_row_count(struct tarn_source *source, uint64_t *rows)
{
    *rows = 0;
    return source->ops->row_count != NULL && source->ops->row_count(source, rows);
}

const struct tarn_field *tarn_source_hidden(struct tarn_source *source, uint32_t *count)
{
    *count = 0;
    return source->ops->size > offsetof(struct tarn_source_ops, hidden) && source->ops->hidden != NULL ? source->ops->hidden(source, count)
                                                                                                       : NULL;
}

enum tarn_status tarn_source_scan(struct tarn_source *source, const struct tarn_scan_request *request, struct tarn_scan **out,
                                  struct tarn_error *err)
{
    struct tarn_scan_request whole = TARN_SCAN_REQUEST_INIT;
    *out = NULL;
    if (request->size < sizeof(uint32_t) || request->size > sizeof(whole)) {
        return tarn__invalid(err, "options_size", "tarn_scan_request.size is %u: set it with TARN_SCAN_REQUEST_INIT", request->size);
    }
    memcpy(&whole, request, request->size);
    whole.size = sizeof(whole);
    if (whole.batch_rows == 0) {
        whole.batch_rows = TARN_BATCH_ROWS;
    }
    return source->ops->scan(source, &whole, out, err);
}

void tarn_source_close(struct tarn_source *source)
{
    if (source != NULL) {
        source->ops->close(source);
    }
}

uint32_t tarn_scan_task_count(struct tarn_scan *scan)
{
    return scan->ops->task_count(scan);
}

enum tarn_status tarn_scan_open(struct tarn_scan *scan, uint32_t task, struct tarn_cursor **out, struct tarn_error *err)
{
    *out = NULL;
    if (task >= tarn_scan_task_count(scan)) {
        return tarn__invalid(err, "task", "there is no task %u, only %u of them", task, tarn_scan_task_count(scan));
    }
    return scan->ops->open(scan, task, out, err);
}

void tarn_scan_stats(struct tarn_scan *scan, struct tarn_scan_stats *stats)
{
    memset(stats, 0, sizeof(*stats));
    stats->size = sizeof(*stats);
    if (scan->ops->stats != NULL) {
        scan->ops->stats(scan, stats);
    }
}

void tarn_scan_stats_add(struct tarn_scan_stats *sum, const struct tarn_scan_stats *more)
{
    sum->requests += more->requests;
    sum->bytes_read += more->bytes_read;
    sum->files += more->files;
    sum->files_pruned += more->files_pruned;
    sum->row_groups += more->row_groups;
    sum->row_groups_pruned += more->row_groups_pruned;
    sum->pages += more->pages;
    sum->pages_skipped += more->pages_skipped;
    sum->rows += more->rows;
    sum->vectors_flattened += more->vectors_flattened;
    sum->row_groups_pruned_statistics += more->row_groups_pruned_statistics;
    sum->row_groups_pruned_pages += more->row_groups_pruned_pages;
    sum->row_groups_pruned_bloom += more->row_groups_pruned_bloom;
    sum->row_groups_pruned_dictionary += more->row_groups_pruned_dictionary;
    sum->pages_pruned += more->pages_pruned;
    sum->rows_skipped += more->rows_skipped;
    sum->bytes_saved += more->bytes_saved;
    sum->files_pruned_partition += more->files_pruned_partition;
    sum->files_pruned_statistics += more->files_pruned_statistics;
}

size_t tarn_scan_explain(struct tarn_scan *scan, uint32_t part, char *buffer, size_t size)
{
    if (size != 0) {
        buffer[0] = '\0';
    }
    const bool has = scan->ops->size > offsetof(struct tarn_scan_ops, explain) && scan->ops->explain != NULL;
    return has ? scan->ops->explain(scan, part, buffer, size) : 0;
}

void tarn_scan_close(struct tarn_scan *scan)
{
    if (scan != NULL) {
        scan->ops->close(scan);
    }
}

enum tarn_status tarn_cursor_next(struct tarn_cursor *cursor, uint32_t max_rows, uint32_t *rows, struct tarn_error *err)
{
    *rows = 0;
    return cursor->ops->next(cursor, max_rows != 0 ? max_rows : TARN_BATCH_ROWS, rows, err);
}

enum tarn_status tarn_cursor_column(struct tarn_cursor *cursor, uint32_t handle, const struct tarn_selection *selection,
                                    struct tarn_vector **out, struct tarn_error *err)
{
    *out = NULL;
    return cursor->ops->column(cursor, handle, selection, out, err);
}

void tarn_cursor_close(struct tarn_cursor *cursor)
{
    if (cursor != NULL) {
        cursor->ops->close(cursor);
    }
}

/* ---- sinks ---- */

static enum tarn_status check_columns(const struct tarn_schema *schema, const struct tarn_batch *batch, struct tarn_error *err)
{
    if (batch->column_count != schema->field_count) {
        return tarn__invalid(err, "columns", "a batch of %u columns does not fit a sink of %u", batch->column_count, schema->field_count);
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct tarn_type *type = schema->fields[i].type;
        if (batch->columns[i]->type != type && !tarn_type_equal(batch->columns[i]->type, type)) {
            char given[96];
            char wanted[96];
            tarn_type_format(batch->columns[i]->type, given, sizeof(given));
            tarn_type_format(type, wanted, sizeof(wanted));
            tarn__invalid(err, "column_type", "a column of type %s is written where %s belongs: cast it", given, wanted);
            tarn__error_at_column(err, schema->fields[i].name);
            return TARN_INVALID;
        }
    }
    return TARN_OK;
}

enum tarn_status tarn_sink_write(struct tarn_sink *sink, const struct tarn_batch *batch, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(check_columns(sink->schema, batch, err));
    return batch->selection.count != 0 ? sink->ops->write(sink, batch, err) : TARN_OK;
}

enum tarn_status tarn_sink_finish(struct tarn_sink *sink, struct tarn_error *err)
{
    return sink->ops->finish(sink, err);
}

void tarn_sink_abort(struct tarn_sink *sink)
{
    if (sink != NULL) {
        sink->ops->abort(sink);
    }
}
