/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of a source as a sequence of batches, and batches poured into a sink.
 */
#include "format/base/arena.h"
#include "format/batch/scan_schema.h"
#include "format/batch/vector.h"
#include "tarn/arrow.h"

/*
 * Invariants
 *  1. At most one cursor is open, that of task `next_task` - 1.
 *  2. The batch that was handed out is released before the cursor moves, so that the cursor may use its memory again.
 */
struct source_batches {
    struct tarn_batches batches; /* first: the two addresses are one */
    struct tarn_scan *scan;
    struct tarn_cursor *cursor;
    uint32_t next_task;
    uint32_t batch_rows;
    struct tarn_schema *schema;
    struct tarn_batch *batch;
    struct tarn_vector **columns;
};

static struct source_batches *self_of(struct tarn_batches *batches)
{
    return (struct source_batches *)(void *)batches;
}

static void close_batches(struct tarn_batches *batches)
{
    struct source_batches *self = self_of(batches);
    struct tarn_env *env = batches->env;
    tarn_batch_release(self->batch);
    tarn_cursor_close(self->cursor);
    tarn_scan_close(self->scan);
    tarn_schema_release(self->schema);
    tarn__free(env, self->columns);
    tarn__free(env, self);
    tarn_env_close(env);
}

/* The next rows of any task; 0 when all tasks are done. */
static enum tarn_status move(struct source_batches *self, uint32_t *rows, struct tarn_error *err)
{
    *rows = 0;
    for (;;) {
        if (self->cursor != NULL) {
            TARN_RETURN_IF_ERROR(tarn_cursor_next(self->cursor, self->batch_rows, rows, err));
            if (*rows != 0) {
                return TARN_OK;
            }
            tarn_cursor_close(self->cursor);
            self->cursor = NULL;
        }
        if (self->next_task == tarn_scan_task_count(self->scan)) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(tarn_scan_open(self->scan, self->next_task, &self->cursor, err));
        self->next_task++;
    }
}

static enum tarn_status next_batch(struct tarn_batches *batches, struct tarn_batch **out, struct tarn_error *err)
{
    struct source_batches *self = self_of(batches);
    uint32_t rows;
    *out = NULL;
    tarn_batch_release(self->batch);
    self->batch = NULL;
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(batches->env, err));
    TARN_RETURN_IF_ERROR(move(self, &rows, err));
    if (rows == 0) {
        return TARN_OK;
    }
    for (uint32_t i = 0; i < self->schema->field_count; i++) {
        TARN_RETURN_IF_ERROR(tarn_cursor_column(self->cursor, i, NULL, &self->columns[i], err));
    }
    TARN_RETURN_IF_ERROR(tarn_batch_make(batches->env, self->schema, rows, self->columns, &self->batch, err));
    *out = self->batch;
    return TARN_OK;
}

static enum tarn_status open_batches(struct source_batches *self, struct tarn_source *source, const struct tarn_scan_request *given,
                                     struct tarn_arena *arena, struct tarn_error *err)
{
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    const struct tarn_schema *schema = tarn_source_schema(source);
    if (given != NULL) {
        if (given->size < sizeof(uint32_t) || given->size > sizeof(request)) {
            return tarn__invalid(err, "options_size", "tarn_scan_request.size is %u: set it with TARN_SCAN_REQUEST_INIT", given->size);
        }
        memcpy(&request, given, given->size);
        request.size = sizeof(request);
    }
    if (request.path_count == 0) {
        TARN_RETURN_IF_ERROR(tarn__whole_rows(schema, arena, &request.path_count, &request.paths, err));
    }
    self->batch_rows = request.batch_rows != 0 ? request.batch_rows : TARN_BATCH_ROWS;
    TARN_RETURN_IF_ERROR(tarn_source_scan(source, &request, &self->scan, err));
    TARN_RETURN_IF_ERROR(tarn__scan_schema(schema, request.path_count, request.paths, self->scan->types, arena, &self->schema, err));
    self->batches.schema = self->schema;
    self->columns = tarn__calloc(self->batches.env, (size_t)request.path_count + 1, sizeof(struct tarn_vector *));
    return self->columns != NULL ? TARN_OK : tarn__nomem(self->batches.env, err, 0);
}

enum tarn_status tarn_source_batches(struct tarn_source *source, const struct tarn_scan_request *request, struct tarn_batches **out,
                                     struct tarn_error *err)
{
    struct tarn_env *env = source->env;
    struct tarn_arena arena;
    *out = NULL;
    struct source_batches *self = tarn__calloc(env, 1, sizeof(*self));
    if (self == NULL) {
        return tarn__nomem(env, err, sizeof(*self));
    }
    self->batches = (struct tarn_batches){.env = tarn__env_retain(env), .next = next_batch, .close = close_batches};
    tarn__arena_init(&arena, env);
    const enum tarn_status status = open_batches(self, source, request, &arena, err);
    tarn__arena_free(&arena);
    if (status != TARN_OK) {
        close_batches(&self->batches);
        return status;
    }
    *out = &self->batches;
    return TARN_OK;
}

enum tarn_status tarn_batches_copy(struct tarn_batches *batches, struct tarn_sink *sink, uint64_t *rows, struct tarn_error *err)
{
    struct tarn_batch *batch;
    uint64_t copied = 0;
    enum tarn_status status;
    do {
        status = batches->next(batches, &batch, err);
        if (status == TARN_OK && batch != NULL) {
            status = tarn_sink_write(sink, batch, err);
            copied += batch->selection.count;
        }
    } while (status == TARN_OK && batch != NULL);
    if (status != TARN_OK) {
        tarn_sink_abort(sink);
    } else {
        status = tarn_sink_finish(sink, err);
    }
    if (rows != NULL) {
        *rows = status == TARN_OK ? copied : 0;
    }
    return status;
}
