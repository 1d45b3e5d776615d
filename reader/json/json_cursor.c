/* SPDX-License-Identifier: Apache-2.0
 *
 * Walking a JSON file: record by record into builders, of the columns that the request asks for.
 *
 * Invariants
 *  1. Builders of all asked columns have the same length between records.
 *  2. Every record is handed out, handed to the reject function, or ends the scan with an error.
 *  3. A file's wider schema comes from all of its records, so that it need be begun anew only once.
 */
#include <stdio.h>

#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/batch/gather.h"
#include "reader/json/json_source.h"

enum { ROW_INDEX = UINT32_MAX };

static const struct tarn_type row_index_type = {.id = TARN_TYPE_I64};

struct place {
    uint32_t depth; /* members below the column */
    uint32_t index[TARN_MAX_DEPTH];
};

struct json_scan {
    struct tarn_scan base; /* first: the addresses are one */
    struct tarn_json_source *source;
    uint32_t batch_rows;
    struct place *places; /* of each path; index[0] is the column, or ROW_INDEX */
    const struct tarn_type **types;
    atomic_ullong rows;
    atomic_ullong bytes;
    atomic_ullong requests;
};

/* Records one after another. */
struct walk {
    struct tarn_json_source *source;
    struct tarn_text_window window;
    size_t to_skip;
    bool first;
    bool done;
    size_t record; /* the current one in the window */
    size_t record_end;
    uint64_t line; /* of data[line_at] */
    size_t line_at;
};

struct json_cursor {
    struct tarn_cursor base; /* first: the addresses are one */
    struct json_scan *scan;
    struct walk walk;
    struct tarn_json json;
    bool failed;
    uint64_t before;                       /* records before the next one, rejected ones counted */
    struct tarn_vector_builder **builders; /* of each column; NULL: not asked for */
    struct tarn_vector_builder *row_index;
    uint32_t *kept; /* positions of the rows that stay */
    size_t kept_capacity;
    uint32_t kept_count;
    struct tarn_vector **columns;
    struct tarn_vector *numbers;
    struct tarn_vector **handed;
    size_t handed_count;
    size_t handed_capacity;
};

static struct json_cursor *cursor_of(struct tarn_cursor *cursor)
{
    return (struct json_cursor *)(void *)cursor;
}

static struct json_scan *scan_of(struct tarn_scan *scan)
{
    return (struct json_scan *)(void *)scan;
}

/* ---- records ---- */

static uint64_t count_lines(const uint8_t *data, size_t begin, size_t end)
{
    uint64_t lines = 0;
    for (size_t i = begin; i < end; i++) {
        lines += data[i] == '\n';
    }
    return lines;
}

static uint64_t line_of(struct walk *walk, size_t at)
{
    walk->line += count_lines(walk->window.data, walk->line_at, at);
    walk->line_at = at;
    return walk->line;
}

static enum tarn_status fill(struct walk *walk, struct tarn_error *err)
{
    line_of(walk, walk->window.begin);
    walk->line_at = 0;
    const size_t gone = walk->window.begin;
    const enum tarn_status status = tarn__text_window_fill(&walk->window, TARN_JSON_MOST_RECORD, err);
    walk->line_at = walk->window.begin == gone ? gone : 0; /* nothing moves at the end of the text */
    return status;
}

static enum tarn_status skip_begin(struct walk *walk, struct tarn_error *err)
{
    while (walk->to_skip != 0) {
        if (walk->window.begin == walk->window.size) {
            TARN_RETURN_IF_ERROR(fill(walk, err));
        }
        const size_t part = tarn__min_size(walk->to_skip, walk->window.size - walk->window.begin);
        if (part == 0) {
            break;
        }
        walk->window.begin += part;
        walk->to_skip -= part;
    }
    return TARN_OK;
}

static enum tarn_status broken(struct walk *walk, const char *what, struct tarn_error *err)
{
    const uint64_t line = line_of(walk, walk->window.begin);
    tarn__invalid(err, "json.syntax", "line %llu: %s", (unsigned long long)line, what);
    tarn__error_at_offset(err, walk->window.base + walk->window.begin);
    return TARN_INVALID;
}

/* What stands behind the array of records: brackets that are open, whether a text is, the objects around it that have not ended. */
struct tail {
    uint64_t arrays;
    uint64_t objects;
    bool in_text;
    bool escaped;
};

/* False: it is no rest of a document. Commas, colons and words are not looked at: no record is in them. */
static bool pass_tail(struct tail *tail, uint8_t c)
{
    if (tail->in_text) {
        tail->in_text = c != '"' || tail->escaped;
        tail->escaped = c == '\\' && !tail->escaped;
        return true;
    }
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        return true;
    }
    if (tail->objects == 0) {
        return false;
    }
    switch (c) {
    case '"':
        tail->in_text = true;
        break;
    case '{':
        tail->objects++;
        break;
    case '[':
        tail->arrays++;
        break;
    case '}':
        tail->objects--;
        break;
    case ']':
        return tail->arrays-- != 0;
    default:
        break;
    }
    return true;
}

/* What follows the array of records: the rest of the objects around it, or nothing. */
static enum tarn_status check_end(struct walk *walk, struct tarn_error *err)
{
    struct tail tail = {.objects = walk->source->layout.objects};
    if (walk->source->layout.mode != TARN_JSON_ARRAY) {
        return TARN_OK;
    }
    for (;;) {
        for (size_t i = walk->window.begin; i < walk->window.size; i++) {
            if (!pass_tail(&tail, walk->window.data[i])) {
                walk->window.begin = i;
                return broken(walk, "something follows the array of records", err);
            }
        }
        walk->window.begin = walk->window.size;
        if (walk->window.ended) {
            break;
        }
        TARN_RETURN_IF_ERROR(fill(walk, err));
    }
    return tail.objects != 0 || tail.arrays != 0 || tail.in_text
               ? broken(walk, "the document ends in the middle: it was not written whole", err)
               : TARN_OK;
}

/* *found is false at the end. */
static enum tarn_status next_record(struct walk *walk, bool *found, struct tarn_error *err)
{
    *found = false;
    TARN_RETURN_IF_ERROR(skip_begin(walk, err));
    while (!walk->done) {
        struct tarn_text_window *window = &walk->window;
        size_t next;
        switch (tarn__json_next_record(&walk->source->layout, window->data, window->begin, window->size, window->ended, walk->first,
                                       &walk->record, &walk->record_end, &next)) {
        case TARN_JSON_RECORD:
            window->begin = next;
            walk->first = false;
            *found = true;
            return TARN_OK;
        case TARN_JSON_MORE:
            window->begin = next;
            TARN_RETURN_IF_ERROR(fill(walk, err));
            break;
        case TARN_JSON_DONE:
            window->begin = next;
            walk->done = true;
            return check_end(walk, err);
        default:
            window->begin = next;
            return broken(walk,
                          next >= window->size ? "the document ends in the middle: it was not written whole"
                                               : "a comma or the end of the array is expected between records",
                          err);
        }
    }
    return TARN_OK;
}

static struct tarn_text record_text(const struct walk *walk)
{
    return (struct tarn_text){(const char *)walk->window.data + walk->record, walk->record_end - walk->record};
}

static enum tarn_status open_walk(struct tarn_json_source *source, struct walk *walk, struct tarn_error *err)
{
    memset(walk, 0, sizeof(*walk));
    walk->source = source;
    walk->to_skip = source->layout.begin;
    walk->first = true;
    walk->line = 1;
    walk->window.env = source->text.base.env;
    return tarn__text_window_open(&source->text, source->window, &walk->window, err);
}

/* ---- widening ---- */

static enum tarn_status observe_file(struct tarn_json_source *source, struct tarn_json_shape *shape, struct tarn_arena *arena)
{
    const struct tarn_json_pull_options options = {.env = arena->env, .failure = TARN_INVALID, .max_depth = TARN_JSON_ROW_DEPTH};
    struct tarn_json json;
    struct walk walk;
    bool found = true;
    TARN_RETURN_IF_ERROR(open_walk(source, &walk, NULL));
    tarn__json_open(&json, &options, (struct tarn_text){NULL, 0});
    enum tarn_status status = next_record(&walk, &found, NULL);
    while (status == TARN_OK && found) {
        tarn__json_reopen(&json, record_text(&walk), 0);
        if (tarn__json_observe(shape, &json, arena, NULL) == TARN_NOMEM) {
            status = TARN_NOMEM;
            break;
        }
        status = next_record(&walk, &found, NULL);
    }
    tarn__json_close(&json);
    tarn__text_window_close(&walk.window);
    return status;
}

static void widen(struct tarn_json_source *source)
{
    struct tarn_json_shape shape = {0};
    struct tarn_schema *wider;
    struct tarn_arena arena;
    tarn__arena_init(&arena, source->text.base.env);
    if (observe_file(source, &shape, &arena) == TARN_OK && tarn__json_schema_of(&shape, &arena, &wider, NULL) == TARN_OK) {
        tarn__text_source_widen(&source->text, wider);
    }
    tarn__arena_free(&arena);
}

/* ---- errors ---- */

static void tell_misfit(const struct tarn_json_row *row, char *out, size_t size)
{
    char type[128];
    if (row->field == NULL) {
        snprintf(out, size, "the member \"%s\" is in no record before", row->text);
        return;
    }
    tarn_type_format(row->field->type, type, sizeof(type));
    snprintf(out, size, "%s is not a %s", row->text, type);
}

static enum tarn_status fail_row(struct json_cursor *self, const struct tarn_json_row *row, struct tarn_error *err)
{
    struct tarn_json_source *source = self->scan->source;
    const uint64_t line = line_of(&self->walk, self->walk.record);
    const uint64_t offset = self->walk.window.base + self->walk.record;
    char what[256];
    const char *way_out = "--rejects FILE collects such records";
    tell_misfit(row, what, sizeof(what));
    if (source->text.inferred) {
        way_out = "the types were inferred from the first records: give all of them with --schema";
        if (source->text.origin.store != NULL) {
            widen(source);
            way_out = "the types were inferred from the first records; open it with wider ones";
        }
    }
    tarn__invalid(err, source->text.inferred ? "inferred_type" : "row", "line %llu: %s; %s", (unsigned long long)line, what, way_out);
    if (row->field != NULL) {
        tarn__error_at_column(err, source->schema->fields[row->column].name);
    }
    tarn__error_at_row(err, self->before);
    tarn__error_at_offset(err, offset);
    return TARN_INVALID;
}

static enum tarn_status fail_syntax(struct json_cursor *self, struct tarn_error *own, enum tarn_status status, struct tarn_error *err)
{
    if (status != TARN_INVALID) {
        if (err != NULL) {
            *err = *own;
        }
        return status;
    }
    const uint64_t line = line_of(&self->walk, self->walk.record);
    tarn__invalid(err, own->detail, "line %llu: %s; --rejects FILE collects such records", (unsigned long long)line, own->message);
    tarn__error_at_row(err, self->before);
    tarn__error_at_offset(err, own->offset >= 0 ? (uint64_t)own->offset : self->walk.window.base + self->walk.record);
    return TARN_INVALID;
}

static void reject(struct json_cursor *self, const struct tarn_json_row *row, const char *reason)
{
    const struct tarn_json_options *options = &self->scan->source->options;
    struct tarn_reject told = {.line = line_of(&self->walk, self->walk.record), .raw = record_text(&self->walk)};
    told.text = told.raw;
    told.reason = (struct tarn_text){reason, strlen(reason)};
    if (row != NULL && row->field != NULL) {
        told.column = row->column + 1;
        told.column_name = self->scan->source->schema->fields[row->column].name;
        told.text = (struct tarn_text){row->text, strlen(row->text)};
    }
    options->reject(options->reject_arg, &told);
}

/* ---- rows ---- */

/* With a reject function: is the record JSON and an object at all? What it is not never reaches the builders. */
static enum tarn_status check_record(struct json_cursor *self, bool *good, struct tarn_error *err)
{
    struct tarn_error own = TARN_ERROR_INIT;
    enum tarn_json_event event;
    tarn__json_reopen(&self->json, record_text(&self->walk), self->walk.window.base + self->walk.record);
    enum tarn_status status = tarn__json_next(&self->json, &event, &own);
    if (status == TARN_OK && event != TARN_JSON_OBJECT_BEGIN) {
        status = tarn__invalid(&own, "json.type", "a record must be an object");
    }
    status = status == TARN_OK ? tarn__json_skip(&self->json, &own) : status;
    status = status == TARN_OK ? tarn__json_next(&self->json, &event, &own) : status;
    *good = status == TARN_OK;
    if (status == TARN_INVALID) {
        reject(self, NULL, own.message);
        return TARN_OK;
    }
    if (status != TARN_OK && err != NULL) {
        *err = own;
    }
    return status;
}

static enum tarn_status append_record(struct json_cursor *self, uint32_t *length, struct tarn_error *err)
{
    struct tarn_json_source *source = self->scan->source;
    struct tarn_json_row row = {.inferred = source->text.inferred};
    struct tarn_error own = TARN_ERROR_INIT;
    bool good = true;
    if (source->options.reject != NULL) {
        TARN_RETURN_IF_ERROR(check_record(self, &good, err));
    }
    if (good) {
        tarn__json_reopen(&self->json, record_text(&self->walk), self->walk.window.base + self->walk.record);
        const enum tarn_status status = tarn__json_append(&self->json, source->schema, self->builders, &row, &own);
        if (status != TARN_OK) {
            return fail_syntax(self, &own, status, err);
        }
        if (self->row_index != NULL) {
            tarn__vector_builder_i64(self->row_index, (int64_t)self->before);
        }
        if (row.unfit && (source->text.inferred || source->options.reject == NULL)) {
            return fail_row(self, &row, err);
        }
        if (row.unfit) {
            char reason[256];
            tell_misfit(&row, reason, sizeof(reason));
            reject(self, &row, reason);
        } else {
            self->kept[self->kept_count++] = *length;
        }
        ++*length;
    }
    self->before++;
    return TARN_OK;
}

static enum tarn_status finish_one(struct json_cursor *self, struct tarn_vector_builder *builder, uint32_t length, struct tarn_vector **out,
                                   struct tarn_error *err)
{
    struct tarn_vector *kept;
    if (builder == NULL) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__vector_builder_finish(builder, out, err));
    if (self->kept_count < length) {
        TARN_RETURN_IF_ERROR(tarn__vector_gather(*out, self->kept, self->kept_count, &kept, err));
        tarn_vector_release(*out);
        *out = kept;
    }
    return TARN_OK;
}

static void forget_vectors(struct json_cursor *self)
{
    for (uint32_t i = 0; i < self->scan->source->schema->field_count; i++) {
        tarn_vector_release(self->columns[i]);
        self->columns[i] = NULL;
    }
    tarn_vector_release(self->numbers);
    self->numbers = NULL;
    for (size_t i = 0; i < self->handed_count; i++) {
        tarn_vector_release(self->handed[i]);
    }
    self->handed_count = 0;
}

static enum tarn_status next_rows(struct json_cursor *self, uint32_t most, struct tarn_error *err)
{
    const uint32_t columns = self->scan->source->schema->field_count;
    uint32_t length = 0;
    bool found = true;
    forget_vectors(self);
    self->kept_count = 0;
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(self->base.env, err));
    if (!tarn__grow(self->base.env, &self->kept, &self->kept_capacity, most, sizeof(*self->kept))) {
        return tarn__nomem(self->base.env, err, most);
    }
    while (self->kept_count < most) {
        TARN_RETURN_IF_ERROR(next_record(&self->walk, &found, err));
        if (!found) {
            break;
        }
        TARN_RETURN_IF_ERROR(append_record(self, &length, err));
    }
    for (uint32_t i = 0; i < columns; i++) {
        TARN_RETURN_IF_ERROR(finish_one(self, self->builders[i], length, &self->columns[i], err));
    }
    return finish_one(self, self->row_index, length, &self->numbers, err);
}

static enum tarn_status json_next(struct tarn_cursor *cursor, uint32_t max_rows, uint32_t *rows, struct tarn_error *err)
{
    struct json_cursor *self = cursor_of(cursor);
    const uint32_t most = max_rows < self->scan->batch_rows ? max_rows : self->scan->batch_rows;
    uint64_t requests;
    *rows = 0;
    if (self->failed) {
        return tarn__invalid(err, "cursor", "the cursor has failed before and cannot go on");
    }
    const enum tarn_status status = next_rows(self, most, err);
    atomic_store(&self->scan->bytes, tarn__text_input_bytes(self->walk.window.input, &requests));
    atomic_store(&self->scan->requests, requests);
    if (status != TARN_OK) {
        self->failed = true;
        tarn__error_at_object(err, self->scan->source->text.origin.key);
        return status;
    }
    atomic_fetch_add(&self->scan->rows, self->kept_count);
    *rows = self->kept_count;
    return TARN_OK;
}

static enum tarn_status json_column(struct tarn_cursor *cursor, uint32_t handle, const struct tarn_selection *selection,
                                    struct tarn_vector **out, struct tarn_error *err)
{
    struct json_cursor *self = cursor_of(cursor);
    *out = NULL;
    if (handle >= self->scan->base.path_count || self->failed) {
        return tarn__invalid(err, "cursor", self->failed ? "the cursor has failed before and cannot go on" : "there is no such column");
    }
    const struct place *place = &self->scan->places[handle];
    struct tarn_vector *vector = place->index[0] == ROW_INDEX ? self->numbers : self->columns[place->index[0]];
    if (vector == NULL) {
        return tarn__invalid(err, "cursor", "there are no rows: call next first");
    }
    for (uint32_t i = 0; i < place->depth; i++) {
        vector = vector->children[place->index[i + 1]]; /* null where the struct is: the builder says so */
    }
    if (selection == NULL || selection->kind == TARN_SELECT_ALL) {
        *out = vector;
        return TARN_OK;
    }
    if (!tarn__grow(cursor->env, &self->handed, &self->handed_capacity, self->handed_count + 1, sizeof(struct tarn_vector *))) {
        return tarn__nomem(cursor->env, err, 0);
    }
    TARN_RETURN_IF_ERROR(tarn__vector_select(vector, selection, out, err));
    self->handed[self->handed_count++] = *out;
    return TARN_OK;
}

static void json_cursor_close(struct tarn_cursor *cursor)
{
    struct json_cursor *self = cursor_of(cursor);
    struct tarn_env *env = cursor->env;
    if (self->columns != NULL) {
        forget_vectors(self);
    }
    for (uint32_t i = 0; self->builders != NULL && i < self->scan->source->schema->field_count; i++) {
        tarn__vector_builder_close_all(self->builders[i]);
    }
    tarn__vector_builder_close_all(self->row_index);
    tarn__text_window_close(&self->walk.window);
    tarn__json_close(&self->json);
    tarn__free(env, self->builders);
    tarn__free(env, self->columns);
    tarn__free(env, self->kept);
    tarn__free(env, self->handed);
    tarn__free(env, self);
    tarn_env_close(env);
}

static const struct tarn_cursor_ops cursor_ops = {sizeof(cursor_ops), json_next, json_column, json_cursor_close};

/* ---- scans ---- */

static enum tarn_status open_builders(struct json_cursor *self, struct tarn_error *err)
{
    const struct tarn_schema *schema = self->scan->source->schema;
    struct tarn_env *env = self->base.env;
    self->builders = tarn__calloc(env, (size_t)schema->field_count + 1, sizeof(struct tarn_vector_builder *));
    self->columns = tarn__calloc(env, (size_t)schema->field_count + 1, sizeof(struct tarn_vector *));
    if (self->builders == NULL || self->columns == NULL) {
        return tarn__nomem(env, err, 0);
    }
    for (uint32_t i = 0; i < self->scan->base.path_count; i++) {
        const uint32_t column = self->scan->places[i].index[0];
        struct tarn_vector_builder **builder = column == ROW_INDEX ? &self->row_index : &self->builders[column];
        if (*builder == NULL) {
            const struct tarn_type *type = column == ROW_INDEX ? &row_index_type : schema->fields[column].type;
            TARN_RETURN_IF_ERROR(tarn__vector_builder_open(env, type, builder, err));
        }
    }
    return TARN_OK;
}

static uint32_t json_task_count(struct tarn_scan *scan)
{
    (void)scan;
    return 1;
}

static enum tarn_status json_open_task(struct tarn_scan *scan, uint32_t task, struct tarn_cursor **out, struct tarn_error *err)
{
    const struct tarn_json_pull_options options = {.env = scan->env, .failure = TARN_INVALID, .max_depth = TARN_JSON_ROW_DEPTH};
    struct json_cursor *cursor = tarn__calloc(scan->env, 1, sizeof(*cursor));
    (void)task;
    if (cursor == NULL) {
        return tarn__nomem(scan->env, err, sizeof(*cursor));
    }
    cursor->base = (struct tarn_cursor){&cursor_ops, tarn__env_retain(scan->env)};
    cursor->scan = scan_of(scan);
    cursor->walk.window.env = scan->env;
    tarn__json_open(&cursor->json, &options, (struct tarn_text){NULL, 0});
    enum tarn_status status = open_builders(cursor, err);
    status = status == TARN_OK ? open_walk(cursor->scan->source, &cursor->walk, err) : status;
    if (status != TARN_OK) {
        json_cursor_close(&cursor->base);
        return status;
    }
    *out = &cursor->base;
    return TARN_OK;
}

static void json_stats(struct tarn_scan *scan, struct tarn_scan_stats *stats)
{
    struct json_scan *self = scan_of(scan);
    stats->files = 1;
    stats->rows = atomic_load(&self->rows);
    stats->bytes_read = atomic_load(&self->bytes);
    stats->requests = atomic_load(&self->requests);
}

static void json_scan_close(struct tarn_scan *scan)
{
    struct json_scan *self = scan_of(scan);
    struct tarn_env *env = scan->env;
    tarn__free(env, self->places);
    tarn__free(env, self->types);
    tarn__free(env, self);
    tarn_env_close(env);
}

static const struct tarn_scan_ops scan_ops = {sizeof(scan_ops), json_task_count, json_open_task, json_stats, json_scan_close, NULL};

static enum tarn_status resolve(struct json_scan *self, const struct tarn_path *path, struct place *place, const struct tarn_type **type,
                                struct tarn_error *err)
{
    bool nullable;
    if (path->depth > TARN_MAX_DEPTH) {
        return tarn__invalid(err, "path", "a path of %u steps is deeper than any schema", path->depth);
    }
    for (uint32_t i = 0; i < path->depth; i++) {
        if (!tarn_path_step_is_member(&path->steps[i])) {
            return tarn__invalid(err, "path", "the path leads into a list or a map, of which only the whole can be read");
        }
    }
    place->depth = path->depth - 1;
    return tarn_path_resolve(self->source->schema, path, type, &nullable, place->index, err);
}

enum tarn_status tarn__json_scan(struct tarn_source *source, const struct tarn_scan_request *request, struct tarn_scan **out,
                                 struct tarn_error *err)
{
    struct json_scan *self = tarn__calloc(source->env, 1, sizeof(*self));
    *out = NULL;
    if (self == NULL) {
        return tarn__nomem(source->env, err, sizeof(*self));
    }
    self->base = (struct tarn_scan){&scan_ops, tarn__env_retain(source->env), request->path_count, NULL};
    self->source = (struct tarn_json_source *)(void *)source;
    self->batch_rows = request->batch_rows;
    self->places = tarn__calloc(source->env, (size_t)request->path_count + 1, sizeof(*self->places));
    self->types = tarn__calloc(source->env, (size_t)request->path_count + 1, sizeof(*self->types));
    enum tarn_status status = self->places != NULL && self->types != NULL ? TARN_OK : tarn__nomem(source->env, err, 0);
    for (uint32_t i = 0; status == TARN_OK && i < request->path_count; i++) {
        status = resolve(self, &request->paths[i], &self->places[i], &self->types[i], err);
    }
    self->base.types = self->types;
    if (status != TARN_OK) {
        json_scan_close(&self->base);
        return status;
    }
    *out = &self->base;
    return TARN_OK;
}
