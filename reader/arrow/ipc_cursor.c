/* SPDX-License-Identifier: Apache-2.0
 *
 * Walking Arrow IPC: a record batch of a file, or a stream from its first message to its last. SPEC: X-IPC-9.
 *
 * Invariants
 *  1. `columns` holds the columns of the current record batch that were asked for so far, whole; windows are slices of them.
 *  2. A column is read and checked when it is first asked for, and once.
 */
#include "reader/arrow/ipc_scan.h"

#include "format/base/bytes.h"
#include "format/batch/flatten.h"
#include "format/batch/gather.h"

static const struct tarn_type row_index_type = {.id = TARN_TYPE_I64};

struct ipc_cursor {
    struct tarn_cursor base; /* first: the addresses are one */
    struct tarn__ipc_scan *scan;
    struct tarn__ipc_input input;
    struct tarn__ipc_packer *packer;
    struct tarn__arrow_values *values; /* of a stream; of a file they are the scan's */
    uint32_t task;
    bool failed;
    bool ended; /* there are no more batches behind the current one */
    struct tarn__ipc_records records;
    struct tarn__ipc_place *places; /* of each column, in the current batch */
    struct tarn_vector **columns;
    uint64_t first_row; /* of the current batch */
    uint32_t window;    /* first row of the window */
    uint32_t window_rows;
    struct tarn_vector **handed;
    size_t handed_count;
    size_t handed_capacity;
};

static struct ipc_cursor *cursor_of(struct tarn_cursor *cursor)
{
    return (struct ipc_cursor *)(void *)cursor;
}

static uint32_t column_count(const struct ipc_cursor *self)
{
    return self->scan->source->schema.schema->field_count;
}

static struct tarn__ipc_array_reader array_reader(struct ipc_cursor *self)
{
    return (struct tarn__ipc_array_reader){self->base.env, self->packer, tarn__ipc_input_body(&self->input),
                                           self->values != NULL ? self->values : self->scan->values};
}

static void forget_window(struct ipc_cursor *self)
{
    for (size_t i = 0; i < self->handed_count; i++) {
        tarn_vector_release(self->handed[i]);
    }
    self->handed_count = 0;
}

static void forget_batch(struct ipc_cursor *self)
{
    for (uint32_t i = 0; self->columns != NULL && i < column_count(self); i++) {
        tarn_vector_release(self->columns[i]);
        self->columns[i] = NULL;
    }
}

/* ---- batches ---- */

static enum tarn_status open_batch(struct ipc_cursor *self, struct tarn_error *err)
{
    const struct ArrowSchema *root = &self->scan->source->schema.root->schema;
    self->first_row += self->records.length;
    forget_batch(self);
    TARN_RETURN_IF_ERROR(tarn__ipc_records_read(&self->input.message, &self->input.message.header, &self->records, err));
    TARN_RETURN_IF_ERROR(tarn__ipc_places(&self->records, column_count(self), root->children, self->places, err));
    atomic_fetch_add_explicit(&self->scan->counters.batches, 1, memory_order_relaxed);
    self->window = 0;
    self->window_rows = 0;
    return TARN_OK;
}

static enum tarn_status next_of_file(struct ipc_cursor *self, struct tarn_error *err)
{
    const struct tarn__ipc_source *source = self->scan->source;
    self->ended = true;
    self->first_row = self->scan->first_rows != NULL ? self->scan->first_rows[self->task] : 0;
    TARN_RETURN_IF_ERROR(tarn__ipc_input_block(&self->input, &source->batches[self->task], TARN__IPC_RECORDS, err));
    return open_batch(self, err);
}

static enum tarn_status next_of_stream(struct ipc_cursor *self, struct tarn_error *err)
{
    const struct tarn__ipc_array_reader reader = array_reader(self);
    for (;;) {
        bool found;
        forget_batch(self); /* before memory is taken for more */
        TARN_RETURN_IF_ERROR(tarn__ipc_input_next(&self->input, &found, err));
        if (!found) {
            self->ended = true;
            return TARN_OK;
        }
        const struct tarn__ipc_message *message = &self->input.message;
        if (message->header_type == TARN__IPC_RECORDS) {
            return open_batch(self, err);
        }
        if (message->header_type != TARN__IPC_DICTIONARY) {
            return tarn__ipc_damaged(err, message->at, "an Arrow stream has a second schema");
        }
        TARN_RETURN_IF_ERROR(tarn__ipc_dictionary_read(&reader, &self->scan->source->schema, message, self->scan->wanted, false, err));
    }
}

static enum tarn_status next_window(struct ipc_cursor *self, uint32_t most, struct tarn_error *err)
{
    self->window += self->window_rows;
    self->window_rows = 0;
    while (self->window == self->records.length) {
        if (self->ended) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(self->scan->source->file ? next_of_file(self, err) : next_of_stream(self, err));
        if (self->ended && !self->scan->source->file) { /* the last batch is over */
            self->window = self->records.length;
            return TARN_OK;
        }
    }
    const uint32_t left = self->records.length - self->window;
    self->window_rows = left < most ? left : most;
    return TARN_OK;
}

static enum tarn_status ipc_next(struct tarn_cursor *cursor, uint32_t max_rows, uint32_t *rows, struct tarn_error *err)
{
    struct ipc_cursor *self = cursor_of(cursor);
    *rows = 0;
    if (self->failed) {
        return tarn__invalid(err, "cursor", "the cursor has failed before and cannot go on");
    }
    forget_window(self);
    const enum tarn_status status = next_window(self, max_rows < self->scan->batch_rows ? max_rows : self->scan->batch_rows, err);
    if (status != TARN_OK) {
        self->failed = true;
        return tarn__ipc_source_failed(self->scan->source, status, err);
    }
    atomic_fetch_add_explicit(&self->scan->counters.rows, self->window_rows, memory_order_relaxed);
    *rows = self->window_rows;
    return TARN_OK;
}

/* ---- columns ---- */

static enum tarn_status hand_out(struct ipc_cursor *self, struct tarn_vector *vector, struct tarn_vector **out, struct tarn_error *err)
{
    if (!tarn__grow(self->base.env, &self->handed, &self->handed_capacity, self->handed_count + 1, sizeof(struct tarn_vector *))) {
        tarn_vector_release(vector);
        return tarn__nomem(self->base.env, err, 0);
    }
    self->handed[self->handed_count++] = vector;
    *out = vector;
    return TARN_OK;
}

static enum tarn_status row_numbers(struct ipc_cursor *self, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_buffer *numbers = tarn__buffer_new(self->base.env, self->window_rows * sizeof(int64_t));
    for (uint32_t i = 0; numbers != NULL && i < self->window_rows; i++) {
        ((int64_t *)(void *)numbers->data)[i] = (int64_t)(self->first_row + self->window + i);
    }
    *out = tarn__vector_flat(self->base.env, &row_index_type, self->window_rows, numbers, NULL);
    return *out != NULL ? TARN_OK : tarn__nomem(self->base.env, err, 0);
}

static enum tarn_status load_column(struct ipc_cursor *self, uint32_t column, struct tarn_error *err)
{
    const struct tarn__ipc_schema *schema = &self->scan->source->schema;
    const struct tarn__ipc_array_reader reader = array_reader(self);
    if (self->columns[column] != NULL) {
        return TARN_OK;
    }
    return tarn__ipc_column_read(&reader, &self->records, schema->root->schema.children[column], &schema->schema->fields[column],
                                 &self->places[column], &self->columns[column], err);
}

/* Nulls where the struct around a member is null. Takes `member` over. */
static enum tarn_status mask_member(const struct tarn_vector *around, struct tarn_vector *member, struct tarn_vector **out,
                                    struct tarn_error *err)
{
    struct tarn_env *env = tarn__vector_env(member);
    *out = member;
    if (around->validity == NULL) {
        return TARN_OK;
    }
    uint32_t *positions = tarn__calloc(env, (size_t)around->length + 1, sizeof(*positions));
    enum tarn_status status = positions != NULL ? TARN_OK : tarn__nomem(env, err, 0);
    for (uint32_t i = 0; positions != NULL && i < around->length; i++) {
        positions[i] = tarn__bit_get(around->validity, i) ? i : TARN_GATHER_NULL;
    }
    status = status == TARN_OK ? tarn__vector_gather(member, positions, around->length, out, err) : status;
    tarn__free(env, positions);
    tarn_vector_release(member);
    return status;
}

/* A member of a vector of structs, whatever its shape. Takes `vector` over. */
static enum tarn_status member_of(struct tarn_vector *vector, uint32_t index, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_vector *flat = vector;
    enum tarn_status status = TARN_OK;
    *out = NULL;
    if (vector->shape != TARN_SHAPE_STRUCT) {
        status = tarn__vector_flatten(vector, NULL, &flat, err);
        tarn_vector_release(vector);
    }
    if (status == TARN_OK) {
        status = mask_member(flat, tarn_vector_retain(flat->children[index]), out, err);
        tarn_vector_release(flat);
    }
    return status;
}

/* The rows of the window that are selected, of the place a path leads to. */
static enum tarn_status take_column(struct ipc_cursor *self, const struct tarn__ipc_path *path, const struct tarn_selection *selection,
                                    struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_vector *vector = NULL;
    enum tarn_status status;
    if (path->index[0] == TARN__IPC_ROW_INDEX) {
        status = row_numbers(self, &vector, err);
    } else {
        TARN_RETURN_IF_ERROR(load_column(self, path->index[0], err));
        status = tarn__vector_slice(self->columns[path->index[0]], self->window, self->window_rows, &vector, err);
    }
    for (uint32_t i = 0; i < path->depth && status == TARN_OK; i++) {
        status = member_of(vector, path->index[i + 1], &vector, err);
    }
    if (status == TARN_OK && selection != NULL && selection->kind != TARN_SELECT_ALL) {
        struct tarn_vector *whole = vector;
        status = tarn__vector_select(whole, selection, &vector, err);
        tarn_vector_release(whole);
    }
    return status == TARN_OK ? hand_out(self, vector, out, err) : status;
}

static enum tarn_status ipc_column(struct tarn_cursor *cursor, uint32_t handle, const struct tarn_selection *selection,
                                   struct tarn_vector **out, struct tarn_error *err)
{
    struct ipc_cursor *self = cursor_of(cursor);
    *out = NULL;
    if (handle >= self->scan->base.path_count || self->failed || self->window_rows == 0) {
        return tarn__invalid(err, "cursor",
                             self->failed             ? "the cursor has failed before and cannot go on"
                             : self->window_rows == 0 ? "there are no rows: call next first"
                                                      : "there is no such column");
    }
    const enum tarn_status status = take_column(self, &self->scan->paths[handle], selection, out, err);
    return tarn__ipc_source_failed(self->scan->source, status, err);
}

/* ---- opening ---- */

static void ipc_cursor_close(struct tarn_cursor *cursor)
{
    struct ipc_cursor *self = cursor_of(cursor);
    struct tarn_env *env = cursor->env;
    forget_window(self);
    forget_batch(self);
    if (self->values != NULL) {
        tarn__ipc_values_free(self->scan->source, self->values);
    }
    tarn__ipc_input_close(&self->input);
    tarn__ipc_packer_close(self->packer);
    tarn__free(env, self->places);
    tarn__free(env, self->columns);
    tarn__free(env, self->handed);
    tarn__free(env, self);
    tarn_env_close(env);
}

static const struct tarn_cursor_ops cursor_ops = {sizeof(cursor_ops), ipc_next, ipc_column, ipc_cursor_close};

static enum tarn_status prepare(struct ipc_cursor *self, struct tarn_error *err)
{
    struct tarn__ipc_source *source = self->scan->source;
    struct tarn_env *env = self->base.env;
    self->places = tarn__calloc(env, (size_t)column_count(self) + 1, sizeof(*self->places));
    self->columns = tarn__calloc(env, (size_t)column_count(self) + 1, sizeof(struct tarn_vector *));
    self->values = source->file ? NULL : tarn__ipc_values_new(source);
    if (self->places == NULL || self->columns == NULL || (self->values == NULL && !source->file)) {
        return tarn__nomem(env, err, 0);
    }
    TARN_RETURN_IF_ERROR(tarn__ipc_packer_open(env, &self->packer, err));
    if (source->object == NULL && atomic_exchange(&source->taken, true)) {
        return tarn__invalid(err, "stream", "a stream of bytes can be read once only");
    }
    return TARN_OK;
}

enum tarn_status tarn__ipc_cursor_open(struct tarn_scan *scan, uint32_t task, struct tarn_cursor **out, struct tarn_error *err)
{
    struct tarn__ipc_scan *of = tarn__ipc_scan_of(scan);
    struct ipc_cursor *self = tarn__calloc(scan->env, 1, sizeof(*self));
    *out = NULL;
    if (self == NULL) {
        return tarn__nomem(scan->env, err, sizeof(*self));
    }
    self->base = (struct tarn_cursor){&cursor_ops, tarn__env_retain(scan->env)};
    self->scan = of;
    self->task = task;
    self->input = tarn__ipc_source_input(of->source, &of->counters);
    const enum tarn_status status = prepare(self, err);
    if (status != TARN_OK) {
        ipc_cursor_close(&self->base);
        return status;
    }
    *out = &self->base;
    return TARN_OK;
}
