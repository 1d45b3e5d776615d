/* SPDX-License-Identifier: Apache-2.0
 *
 * Walking a CSV file: a window of text, the records in it, columns converted when they are asked for.
 *
 * Invariants
 *  1. The current rows are records[rows[0]], records[rows[1]] ... of the window, which does not move before the next `next`.
 *  2. Without a reject function a column is converted when it is first asked for, or all at once when there are threads. With one, all
 *     columns of the request are converted by `next`, since a row that one of them refuses must be in none.
 *  3. A value that does not fit an inferred type is never rejected: the type is too narrow, not the value wrong.
 *  4. Every record is handed out, handed to the reject function, or ends the scan with an error.
 */
#include <stdio.h>

#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/base/text.h"
#include "format/batch/gather.h"
#include "reader/csv/csv_source.h"

#define MOST_RECORD ((size_t)128 << 20)

enum { ROW_INDEX = UINT32_MAX };

static const struct tarn_type row_index_type = {.id = TARN_TYPE_I64};

struct csv_scan {
    struct tarn_scan base; /* first: the addresses are one */
    struct tarn_csv_source *source;
    uint32_t batch_rows;
    uint32_t *columns; /* of each path; ROW_INDEX */
    const struct tarn_type **types;
    atomic_ullong rows;
    atomic_ullong bytes;
    atomic_ullong requests;
};

struct csv_cursor {
    struct tarn_cursor base; /* first: the addresses are one */
    struct csv_scan *scan;
    struct tarn_csv_source *source;
    struct tarn_text_window window;
    struct tarn_csv_records records;
    size_t to_skip; /* bytes before the first record */
    bool header_due;
    bool failed;
    size_t end;      /* of the current records in the window */
    uint64_t line;   /* of window.begin */
    uint64_t before; /* records before the current ones, rejected ones counted */
    size_t first;    /* current record that is not the header */
    uint32_t *rows;
    uint32_t *culprits;
    size_t row_capacity;
    uint32_t row_count;
    struct tarn_csv_conversion conversion;
    struct tarn_vector **vectors; /* of each path; NULL: not made yet */
    uint32_t *bad;                /* of each path: the row that ended its conversion */
    struct tarn_vector **handed;  /* selections that were given out */
    size_t handed_count;
    size_t handed_capacity;
};

static struct csv_cursor *cursor_of(struct tarn_cursor *cursor)
{
    return (struct csv_cursor *)(void *)cursor;
}

static struct csv_scan *scan_of(struct tarn_scan *scan)
{
    return (struct csv_scan *)(void *)scan;
}

/* ---- errors ---- */

static uint64_t line_of(const struct csv_cursor *self, size_t record)
{
    const size_t begin = self->records.records[record].begin;
    return self->line +
           tarn__csv_count_lines(&self->source->sniffed.syntax, self->window.data + self->window.begin, begin - self->window.begin);
}

static struct tarn_text raw_record(const struct csv_cursor *self, size_t record)
{
    const struct tarn_csv_record *at = &self->records.records[record];
    return (struct tarn_text){(const char *)self->window.data + at->begin, at->end - at->begin};
}

static uint32_t field_count(const struct csv_cursor *self, size_t record)
{
    return self->records.records[record + 1].first - self->records.records[record].first;
}

static bool is_whole(const struct csv_cursor *self, size_t record)
{
    const uint32_t columns = self->source->sniffed.column_count;
    const uint32_t fields = field_count(self, record);
    if (self->records.records[record].fault != TARN_CSV_SOUND) {
        return false;
    }
    return fields == columns || (fields == columns + 1 && self->source->sniffed.trailing &&
                                 self->records.fields[self->records.records[record + 1].first - 1].size == 0);
}

/* Why a record is not whole. */
static size_t tell_record(const struct csv_cursor *self, size_t record, char *out, size_t size)
{
    int length;
    switch (self->records.records[record].fault) {
    case TARN_CSV_BEHIND_QUOTE:
        length = snprintf(out, size, "there is text behind a closing quote");
        break;
    case TARN_CSV_OPEN_QUOTE:
        length = snprintf(out, size, "a quote is never closed");
        break;
    default:
        length = snprintf(out, size, "it has %u fields, %u are expected", field_count(self, record), self->source->sniffed.column_count);
    }
    return (size_t)length < size ? (size_t)length : size - 1;
}

static enum tarn_status fail_record(struct csv_cursor *self, size_t record, struct tarn_error *err)
{
    char reason[128];
    tell_record(self, record, reason, sizeof(reason));
    struct tarn_text raw = raw_record(self, record);
    raw.size = raw.size < 120 ? raw.size : 120;
    self->failed = true;
    tarn__invalid(err, "row", "line %llu: %s: %.*s; --rejects FILE collects such rows", (unsigned long long)line_of(self, record), reason,
                  TARN_TEXT_ARG(raw));
    tarn__error_at_object(err, self->source->text.origin.key);
    tarn__error_at_offset(err, self->window.base + self->records.records[record].begin);
    tarn__error_at_row(err, self->before + (record - self->first));
    return TARN_INVALID;
}

/* ---- widening ---- */

/* Takes the values of the current records into the guesses. */
static bool guess_records(struct csv_cursor *self, const struct tarn_csv_guessing *how, struct tarn_csv_guess *guesses)
{
    struct tarn_buffer *scratch = NULL;
    bool no_memory = false;
    for (size_t i = self->first; i < self->records.count && !no_memory; i++) {
        for (uint32_t c = 0; is_whole(self, i) && c < self->source->sniffed.column_count; c++) {
            if ((guesses[c].kinds[0] | guesses[c].kinds[1]) == 0) {
                continue;
            }
            const struct tarn_csv_field field = self->records.fields[self->records.records[i].first + c];
            const struct tarn_text text = tarn__csv_content(&self->conversion, field, &scratch, &no_memory);
            if (!tarn__csv_is_null(self->conversion.null_count, self->conversion.nulls, text, (field.size & TARN_CSV_QUOTED) != 0, false)) {
                tarn__csv_guess_value(&guesses[c], how, text);
            }
        }
    }
    tarn__buffer_release(scratch);
    return !no_memory;
}

static enum tarn_status next_records(struct csv_cursor *self, size_t most, struct tarn_error *err);

/*
 * The types that all values from the current records on fit. A file is read to its end for that, so that it need be begun anew only once;
 * of a stream there is only what is in memory.
 */
static enum tarn_status widen(struct csv_cursor *self, struct tarn_arena *arena, struct tarn_schema **out)
{
    const struct tarn_csv_source *source = self->source;
    const uint32_t columns = source->sniffed.column_count;
    const struct tarn_csv_guessing how = {source->options.date_format, source->sniffed.point, source->options.prefer_decimal, false};
    struct tarn_csv_guess *guesses = tarn__arena_calloc(arena, columns, sizeof(*guesses));
    struct tarn_csv_column_form *forms = tarn__arena_calloc(arena, columns, sizeof(*forms));
    struct tarn_field *fields = tarn__arena_calloc(arena, columns, sizeof(*fields));
    if (guesses == NULL || forms == NULL || fields == NULL) {
        return TARN_NOMEM;
    }
    for (uint32_t c = 0; c < columns; c++) {
        tarn__csv_guess_of_form(&guesses[c], &source->sniffed.columns[c], source->sniffed.point);
    }
    while (guess_records(self, &how, guesses)) {
        if (source->text.origin.store == NULL || next_records(self, TARN_BATCH_ROWS, NULL) != TARN_OK || self->records.count == 0) {
            break;
        }
    }
    tarn__csv_guess_resolve(&how, source->sniffed.point, columns, guesses, forms);
    for (uint32_t c = 0; c < columns; c++) {
        fields[c] = source->schema->fields[c];
        fields[c].type = &forms[c].type;
    }
    return tarn_schema_make(arena->env, columns, fields, 0, NULL, out, NULL);
}

/* "a BIGINT, b VARCHAR" as --schema takes it. */
static void tell_schema(const struct tarn_schema *schema, struct tarn_text_builder *out)
{
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct tarn_text name = schema->fields[i].name;
        char type[96];
        bool plain = name.size != 0 && !tarn__is_digit(name.data[0]);
        for (size_t c = 0; c < name.size; c++) {
            plain = plain && (tarn__is_letter(name.data[c]) || tarn__is_digit(name.data[c]) || name.data[c] == '_');
        }
        tarn_type_format(schema->fields[i].type, type, sizeof(type));
        tarn__builder_add_str(out, i != 0 ? ", " : "");
        tarn__builder_add_str(out, plain ? "" : "\\\"");
        tarn__builder_add(out, name);
        tarn__builder_add_str(out, plain ? " " : "\\\" ");
        tarn__builder_add_str(out, type);
    }
}

static void tell_way_out(struct csv_cursor *self, const struct tarn_schema *wider, char *out, size_t size)
{
    struct tarn_text_builder text;
    if (wider == NULL) {
        snprintf(out, size, "give the types with --schema");
        return;
    }
    if (self->source->text.origin.store != NULL) {
        snprintf(out, size, "the type was inferred from the first rows; open it with a wider one");
        return;
    }
    tarn__builder_init(&text, self->base.env);
    tell_schema(wider, &text);
    if (!text.failed && text.size + 16 < size) {
        snprintf(out, size, "use --schema \"%.*s\"", (int)text.size, text.data);
    } else {
        snprintf(out, size, "the type was inferred from the first rows: give all columns' types with --schema, or --all-varchar");
    }
    tarn__builder_free(&text);
}

/* The content of a field for a message, without escapes. */
static struct tarn_text told_field(const struct csv_cursor *self, uint32_t row, uint32_t column, struct tarn_buffer **scratch)
{
    bool no_memory = false;
    const struct tarn_csv_field field = self->records.fields[self->records.records[self->rows[row]].first + column];
    return tarn__csv_content(&self->conversion, field, scratch, &no_memory);
}

/* A value that is not of its column's type, and no one to take the row. */
static enum tarn_status fail_value(struct csv_cursor *self, uint32_t column, uint32_t row, struct tarn_error *err)
{
    const struct tarn_csv_source *source = self->source;
    const size_t record = self->rows[row];
    const uint64_t line = line_of(self, record);
    const uint64_t number = self->before + (record - self->first);
    const uint64_t offset = self->window.base + self->records.records[record].begin;
    const struct tarn_field *field = &source->schema->fields[column];
    struct tarn_buffer *scratch = NULL;
    struct tarn_schema *wider = NULL;
    struct tarn_arena arena;
    char type[96];
    char value[96];
    char way_out[420];
    self->failed = true;
    tarn__text_copy(value, sizeof(value), told_field(self, row, column, &scratch), false);
    tarn__buffer_release(scratch);
    tarn_type_format(field->type, type, sizeof(type));
    snprintf(way_out, sizeof(way_out), "--rejects FILE collects such rows");
    if (source->text.inferred) {
        tarn__arena_init(&arena, self->base.env);
        if (widen(self, &arena, &wider) == TARN_OK) {
            tarn__text_source_widen(&self->source->text, tarn_schema_retain(wider));
        }
        tell_way_out(self, wider, way_out, sizeof(way_out));
        tarn_schema_release(wider);
        tarn__arena_free(&arena);
    }
    tarn__invalid(err, source->text.inferred ? "inferred_type" : "row", "line %llu, column %u: \"%s\" is not %s %s; %s",
                  (unsigned long long)line, column + 1, value, source->text.inferred ? "of the inferred type" : "a", type, way_out);
    tarn__error_at_object(err, source->text.origin.key);
    tarn__error_at_column(err, field->name);
    tarn__error_at_row(err, number);
    tarn__error_at_offset(err, offset);
    return TARN_INVALID;
}

/* ---- rejects ---- */

static void reject(struct csv_cursor *self, size_t record, uint32_t culprit, uint32_t row)
{
    const struct tarn_csv_source *source = self->source;
    struct tarn_buffer *scratch = NULL;
    char reason[160];
    struct tarn_reject told = {.line = line_of(self, record), .raw = raw_record(self, record)};
    told.text = told.raw;
    if (culprit == 0) {
        told.reason = (struct tarn_text){reason, tell_record(self, record, reason, sizeof(reason))};
    } else {
        char type[96];
        const struct tarn_field *field = &source->schema->fields[culprit - 1];
        tarn_type_format(field->type, type, sizeof(type));
        const int length = snprintf(reason, sizeof(reason), "not a %s", type);
        told.reason = (struct tarn_text){reason, tarn__min_size((size_t)length, sizeof(reason) - 1)};
        told.column = culprit;
        told.column_name = field->name;
        told.text = told_field(self, row, culprit - 1, &scratch);
    }
    source->options.reject(source->options.reject_arg, &told);
    tarn__buffer_release(scratch);
}

/* ---- converting ---- */

static enum tarn_status make_row_index(struct csv_cursor *self, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_buffer *values = tarn__buffer_new(self->base.env, (size_t)self->row_count * sizeof(int64_t));
    for (uint32_t i = 0; values != NULL && i < self->row_count; i++) {
        ((int64_t *)(void *)values->data)[i] = (int64_t)(self->before + (self->rows[i] - self->first));
    }
    *out = tarn__vector_flat(self->base.env, &row_index_type, self->row_count, values, NULL);
    return *out != NULL ? TARN_OK : tarn__nomem(self->base.env, err, 0);
}

static enum tarn_status make_column(struct csv_cursor *self, uint32_t path, uint32_t *culprits, struct tarn_error *err)
{
    const uint32_t column = self->scan->columns[path];
    self->bad[path] = UINT32_MAX;
    if (self->vectors[path] != NULL) {
        return TARN_OK;
    }
    if (column == ROW_INDEX) {
        return make_row_index(self, &self->vectors[path], err);
    }
    const struct tarn_field *field = &self->source->schema->fields[column];
    return tarn__csv_convert(&self->conversion, column, field->type, field->nullable, self->source->sniffed.columns[column].format,
                             culprits, &self->bad[path], &self->vectors[path], err);
}

static enum tarn_status make_one(void *arg, uint64_t i, uint32_t worker, struct tarn_error *err)
{
    (void)worker;
    return make_column(arg, (uint32_t)i, NULL, err);
}

/* All columns at once; of values that do not fit the first row's is told. */
static enum tarn_status make_in_parallel(struct csv_cursor *self, struct tarn_error *err)
{
    const uint32_t paths = self->scan->base.path_count;
    uint32_t worst = UINT32_MAX;
    TARN_RETURN_IF_ERROR(tarn__parallel_for(self->base.env, paths, make_one, self, err));
    for (uint32_t i = 0; i < paths; i++) {
        if (self->bad[i] != UINT32_MAX && (worst == UINT32_MAX || self->bad[i] < self->bad[worst])) {
            worst = i;
        }
    }
    return worst == UINT32_MAX ? TARN_OK : fail_value(self, self->scan->columns[worst], self->bad[worst], err);
}

/* All columns, then the rows that one of them refused are taken out of all. */
static enum tarn_status make_with_rejects(struct csv_cursor *self, struct tarn_error *err)
{
    const uint32_t paths = self->scan->base.path_count;
    uint32_t good = 0;
    uint32_t row = 0;
    memset(self->culprits, 0, (size_t)self->row_count * sizeof(*self->culprits));
    for (uint32_t i = 0; i < paths; i++) {
        TARN_RETURN_IF_ERROR(make_column(self, i, self->source->text.inferred ? NULL : self->culprits, err));
        if (self->bad[i] != UINT32_MAX) {
            return fail_value(self, self->scan->columns[i], self->bad[i], err);
        }
    }
    for (size_t record = self->first; record < self->records.count; record++) {
        if (row == self->row_count || self->rows[row] != record) {
            reject(self, record, 0, 0);
            continue;
        }
        if (self->culprits[row] != 0) {
            reject(self, record, self->culprits[row], row);
        }
        row++;
    }
    for (row = 0; row < self->row_count; row++) {
        if (self->culprits[row] == 0) {
            self->culprits[good++] = row; /* never ahead of `row`: the positions that stay */
        }
    }
    for (uint32_t i = 0; i < paths && good < self->row_count; i++) {
        struct tarn_vector *kept;
        TARN_RETURN_IF_ERROR(tarn__vector_gather(self->vectors[i], self->culprits, good, &kept, err));
        tarn_vector_release(self->vectors[i]);
        self->vectors[i] = kept;
    }
    self->row_count = good;
    return TARN_OK;
}

/* ---- moving ---- */

static void forget_vectors(struct csv_cursor *self)
{
    for (uint32_t i = 0; i < self->scan->base.path_count; i++) {
        tarn_vector_release(self->vectors[i]);
        self->vectors[i] = NULL;
    }
    for (size_t i = 0; i < self->handed_count; i++) {
        tarn_vector_release(self->handed[i]);
    }
    self->handed_count = 0;
}

/* The current records have been used. */
static void pass_records(struct csv_cursor *self)
{
    self->before += self->records.count - self->first;
    self->line +=
        tarn__csv_count_lines(&self->source->sniffed.syntax, self->window.data + self->window.begin, self->end - self->window.begin);
    self->window.begin = self->end;
    self->records.count = 0;
    self->first = 0;
}

/* The lines before the first record. */
static enum tarn_status skip_begin(struct csv_cursor *self, struct tarn_error *err)
{
    while (self->to_skip != 0) {
        if (self->window.begin == self->window.size) {
            TARN_RETURN_IF_ERROR(tarn__text_window_fill(&self->window, MOST_RECORD, err));
        }
        const size_t part = tarn__min_size(self->to_skip, self->window.size - self->window.begin);
        if (part == 0) {
            break;
        }
        self->end = self->window.begin + part;
        pass_records(self);
        self->to_skip -= part;
    }
    return TARN_OK;
}

/* The next records, at most `most`, without the header; none is the end. */
static enum tarn_status next_records(struct csv_cursor *self, size_t most, struct tarn_error *err)
{
    const struct tarn_csv_syntax *syntax = &self->source->sniffed.syntax;
    pass_records(self);
    TARN_RETURN_IF_ERROR(skip_begin(self, err));
    for (;;) {
        TARN_RETURN_IF_ERROR(tarn__csv_parse(syntax, self->window.data, self->window.begin, self->window.size, self->window.ended,
                                             most + self->header_due, &self->records, &self->end, err));
        if (self->records.count > (self->header_due ? 1u : 0u)) {
            break;
        }
        if (self->records.count != 0) {
            self->header_due = false;
        }
        self->first = self->records.count;
        if (self->window.ended) {
            return TARN_OK;
        }
        pass_records(self);
        TARN_RETURN_IF_ERROR(tarn__text_window_fill(&self->window, MOST_RECORD, err));
    }
    self->first = self->header_due;
    self->header_due = false;
    self->conversion.data = self->window.data;
    if (tarn__text_equal(self->source->text.found_encoding, TARN_TEXT("utf-8"))) {
        const struct tarn_span text = {self->window.data + self->window.begin, self->end - self->window.begin};
        const enum tarn_status status = tarn__text_check_utf8(text, self->line, err);
        tarn__error_at_object(err, self->source->text.origin.key);
        return status;
    }
    return TARN_OK;
}

static enum tarn_status list_rows(struct csv_cursor *self, struct tarn_error *err)
{
    struct tarn_env *env = self->base.env;
    size_t capacity = self->row_capacity;
    if (self->records.count > self->row_capacity) {
        size_t same = self->row_capacity;
        if (!tarn__grow(env, &self->rows, &capacity, self->records.count, sizeof(*self->rows)) ||
            !tarn__grow(env, &self->culprits, &same, self->records.count, sizeof(*self->culprits))) {
            return tarn__nomem(env, err, 0);
        }
        self->row_capacity = capacity;
    }
    self->row_count = 0;
    for (size_t i = self->first; i < self->records.count; i++) {
        if (is_whole(self, i)) {
            self->rows[self->row_count++] = (uint32_t)i;
        } else if (self->source->options.reject == NULL) {
            return fail_record(self, i, err);
        }
    }
    self->conversion.rows = self->rows;
    self->conversion.row_count = self->row_count;
    return TARN_OK;
}

static enum tarn_status next_rows(struct csv_cursor *self, uint32_t most, struct tarn_error *err)
{
    do {
        forget_vectors(self);
        TARN_RETURN_IF_ERROR(tarn__check_cancelled(self->base.env, err));
        TARN_RETURN_IF_ERROR(next_records(self, most, err));
        TARN_RETURN_IF_ERROR(list_rows(self, err));
        if (self->source->options.reject != NULL) {
            TARN_RETURN_IF_ERROR(make_with_rejects(self, err));
        } else if (tarn__concurrency(self->base.env) > 1 && self->scan->base.path_count > 1) {
            TARN_RETURN_IF_ERROR(make_in_parallel(self, err));
        }
    } while (self->row_count == 0 && self->records.count > self->first);
    return TARN_OK;
}

static enum tarn_status csv_next(struct tarn_cursor *cursor, uint32_t max_rows, uint32_t *rows, struct tarn_error *err)
{
    struct csv_cursor *self = cursor_of(cursor);
    const uint32_t most = max_rows < self->scan->batch_rows ? max_rows : self->scan->batch_rows;
    *rows = 0;
    if (self->failed) {
        return tarn__invalid(err, "cursor", "the cursor has failed before and cannot go on");
    }
    const enum tarn_status status = next_rows(self, most, err);
    uint64_t requests;
    atomic_store(&self->scan->bytes, tarn__text_input_bytes(self->window.input, &requests));
    atomic_store(&self->scan->requests, requests);
    if (status != TARN_OK) {
        self->failed = true;
        tarn__error_at_object(err, self->source->text.origin.key);
        return status;
    }
    atomic_fetch_add(&self->scan->rows, self->row_count);
    *rows = self->row_count;
    return TARN_OK;
}

static enum tarn_status csv_column(struct tarn_cursor *cursor, uint32_t handle, const struct tarn_selection *selection,
                                   struct tarn_vector **out, struct tarn_error *err)
{
    struct csv_cursor *self = cursor_of(cursor);
    struct tarn_env *env = cursor->env;
    *out = NULL;
    if (handle >= self->scan->base.path_count || self->failed) {
        return tarn__invalid(err, "cursor", self->failed ? "the cursor has failed before and cannot go on" : "there is no such column");
    }
    TARN_RETURN_IF_ERROR(make_column(self, handle, NULL, err));
    if (self->bad[handle] != UINT32_MAX) {
        return fail_value(self, self->scan->columns[handle], self->bad[handle], err);
    }
    if (selection == NULL || selection->kind == TARN_SELECT_ALL) {
        *out = self->vectors[handle];
        return TARN_OK;
    }
    if (!tarn__grow(env, &self->handed, &self->handed_capacity, self->handed_count + 1, sizeof(struct tarn_vector *))) {
        return tarn__nomem(env, err, 0);
    }
    TARN_RETURN_IF_ERROR(tarn__vector_select(self->vectors[handle], selection, out, err));
    self->handed[self->handed_count++] = *out;
    return TARN_OK;
}

static void csv_cursor_close(struct tarn_cursor *cursor)
{
    struct csv_cursor *self = cursor_of(cursor);
    struct tarn_env *env = cursor->env;
    if (self->vectors != NULL) {
        forget_vectors(self);
    }
    tarn__text_window_close(&self->window);
    tarn__csv_records_free(&self->records);
    tarn__free(env, self->rows);
    tarn__free(env, self->culprits);
    tarn__free(env, self->vectors);
    tarn__free(env, self->bad);
    tarn__free(env, self->handed);
    tarn__free(env, self);
    tarn_env_close(env);
}

static const struct tarn_cursor_ops cursor_ops = {sizeof(cursor_ops), csv_next, csv_column, csv_cursor_close};

/* ---- scans ---- */

static uint32_t csv_task_count(struct tarn_scan *scan)
{
    (void)scan;
    return 1;
}

static enum tarn_status csv_open_task(struct tarn_scan *scan, uint32_t task, struct tarn_cursor **out, struct tarn_error *err)
{
    struct csv_scan *self = scan_of(scan);
    struct tarn_csv_source *source = self->source;
    (void)task;
    struct csv_cursor *cursor = tarn__calloc(scan->env, 1, sizeof(*cursor));
    if (cursor == NULL) {
        return tarn__nomem(scan->env, err, sizeof(*cursor));
    }
    cursor->base = (struct tarn_cursor){&cursor_ops, tarn__env_retain(scan->env)};
    cursor->scan = self;
    cursor->source = source;
    cursor->records.env = scan->env;
    cursor->window.env = scan->env;
    cursor->to_skip = source->sniffed.begin;
    cursor->header_due = source->sniffed.header;
    cursor->line = 1;
    cursor->conversion = (struct tarn_csv_conversion){.env = scan->env,
                                                      .syntax = &source->sniffed.syntax,
                                                      .records = &cursor->records,
                                                      .point = source->sniffed.point,
                                                      .null_count = source->options.null_count,
                                                      .nulls = source->options.nulls};
    cursor->vectors = tarn__calloc(scan->env, (size_t)scan->path_count + 1, sizeof(struct tarn_vector *));
    cursor->bad = tarn__calloc(scan->env, (size_t)scan->path_count + 1, sizeof(*cursor->bad));
    enum tarn_status status = cursor->vectors != NULL && cursor->bad != NULL ? TARN_OK : tarn__nomem(scan->env, err, 0);
    status = status == TARN_OK ? tarn__text_window_open(&source->text, source->window, &cursor->window, err) : status;
    if (status != TARN_OK) {
        csv_cursor_close(&cursor->base);
        return status;
    }
    *out = &cursor->base;
    return TARN_OK;
}

static void csv_stats(struct tarn_scan *scan, struct tarn_scan_stats *stats)
{
    struct csv_scan *self = scan_of(scan);
    stats->files = 1;
    stats->rows = atomic_load(&self->rows);
    stats->bytes_read = atomic_load(&self->bytes);
    stats->requests = atomic_load(&self->requests);
}

static void csv_scan_close(struct tarn_scan *scan)
{
    struct csv_scan *self = scan_of(scan);
    struct tarn_env *env = scan->env;
    tarn__free(env, self->columns);
    tarn__free(env, self->types);
    tarn__free(env, self);
    tarn_env_close(env);
}

static const struct tarn_scan_ops scan_ops = {sizeof(scan_ops), csv_task_count, csv_open_task, csv_stats, csv_scan_close, NULL};

enum tarn_status tarn__csv_scan(struct tarn_source *source, const struct tarn_scan_request *request, struct tarn_scan **out,
                                struct tarn_error *err)
{
    struct csv_scan *self = tarn__calloc(source->env, 1, sizeof(*self));
    *out = NULL;
    if (self == NULL) {
        return tarn__nomem(source->env, err, sizeof(*self));
    }
    self->base = (struct tarn_scan){&scan_ops, tarn__env_retain(source->env), request->path_count, NULL};
    self->source = (struct tarn_csv_source *)(void *)source;
    self->batch_rows = request->batch_rows;
    self->columns = tarn__calloc(source->env, (size_t)request->path_count + 1, sizeof(*self->columns));
    self->types = tarn__calloc(source->env, (size_t)request->path_count + 1, sizeof(*self->types));
    enum tarn_status status = self->columns != NULL && self->types != NULL ? TARN_OK : tarn__nomem(source->env, err, 0);
    for (uint32_t i = 0; status == TARN_OK && i < request->path_count; i++) {
        bool nullable;
        uint32_t index[TARN_MAX_DEPTH] = {0};
        if (request->paths[i].depth > TARN_MAX_DEPTH) {
            status = tarn__invalid(err, "path", "a path of %u steps is deeper than any schema", request->paths[i].depth);
            break;
        }
        status = tarn_path_resolve(self->source->schema, &request->paths[i], &self->types[i], &nullable, index, err);
        self->columns[i] = index[0];
    }
    self->base.types = self->types;
    if (status != TARN_OK) {
        csv_scan_close(&self->base);
        return status;
    }
    *out = &self->base;
    return TARN_OK;
}
