/* SPDX-License-Identifier: Apache-2.0
 *
 * write: a host's rows into a table, as one commit. SPEC: B-PY-9.
 *
 * The rows come through a SELECT over the stream that names the table's columns in the table's order and casts what has another type: what
 * a value may become is SQL's business, and a value that does not fit is an error before anything is committed.
 */
#include "bindings/python/native/python_module.h"

struct write {
    struct world *world;
    char *path;
    char *format; /* NULL: the default */
    bool append;
    bool overwrite;
    char *app_id;
    long long app_version;
    char *user_metadata;
    struct tarn_text *partition_by;
    uint32_t partition_count;
    struct ArrowArrayStream stream;

    struct tarn_source *source;
    struct tarn_snapshot *snapshot; /* of a table that is there */
    struct tarn_transaction *transaction;
    uint64_t rows;
    struct tarn_commit_result result;
};

/* ---- the SELECT ---- */

struct words {
    char *text;
    size_t size;
    size_t capacity;
    bool failed;
};

static void add(struct words *words, const char *text, size_t size)
{
    if (words->size + size + 1 > words->capacity) {
        const size_t capacity = (words->size + size + 1) * 2;
        char *larger = realloc(words->text, capacity);
        if (larger == NULL) {
            words->failed = true;
            return;
        }
        words->text = larger;
        words->capacity = capacity;
    }
    memcpy(words->text + words->size, text, size);
    words->size += size;
    words->text[words->size] = '\0';
}

static void add_word(struct words *words, const char *text)
{
    add(words, text, strlen(text));
}

static void add_name(struct words *words, struct tarn_text name)
{
    add_word(words, "\"");
    for (size_t i = 0; i < name.size; i++) {
        add(words, "\"\"", name.data[i] == '"' ? 2 : 0);
        add(words, &name.data[i], name.data[i] == '"' ? 0 : 1);
    }
    add_word(words, "\"");
}

static void add_type(struct words *words, const struct tarn_type *type)
{
    const size_t size = tarn_type_format(type, NULL, 0);
    char *text = malloc(size + 1);
    if (text == NULL) {
        words->failed = true;
        return;
    }
    tarn_type_format(type, text, size + 1);
    add(words, text, size);
    free(text);
}

static void add_column(struct words *words, const struct tarn_field *wanted, const struct tarn_field *given)
{
    const bool same = given != NULL && tarn_type_equal(given->type, wanted->type);
    add_word(words, same ? "" : "CAST(");
    if (given != NULL) {
        add_name(words, given->name);
    } else {
        add_word(words, "NULL");
    }
    if (!same) {
        add_word(words, " AS ");
        add_type(words, wanted->type);
        add_word(words, ")");
    }
    add_word(words, " AS ");
    add_name(words, wanted->name);
}

/* Every column of the data is one of the table's; what the table has besides may be null. */
static enum tarn_status check_columns(const struct tarn_schema *table, const struct tarn_schema *data, struct tarn_error *err)
{
    for (uint32_t i = 0; i < data->field_count; i++) {
        const struct tarn_text name = data->fields[i].name;
        if (tarn_fields_find(table->field_count, table->fields, name) < 0) {
            return errors_set(err, TARN_INVALID, "column", "the table has no column \"%.*s\"", (int)name.size, name.data);
        }
    }
    for (uint32_t i = 0; i < table->field_count; i++) {
        const struct tarn_text name = table->fields[i].name;
        if (!table->fields[i].nullable && tarn_fields_find(data->field_count, data->fields, name) < 0) {
            return errors_set(err, TARN_INVALID, "column", "the data has no column \"%.*s\", which is never null in the table",
                              (int)name.size, name.data);
        }
    }
    return TARN_OK;
}

static enum tarn_status select_text(const struct tarn_schema *table, const struct tarn_schema *data, struct words *words,
                                    struct tarn_error *err)
{
    const enum tarn_status status = check_columns(table, data, err);
    if (status != TARN_OK) {
        return status;
    }
    add_word(words, "SELECT ");
    for (uint32_t i = 0; i < table->field_count; i++) {
        const int32_t at = tarn_fields_find(data->field_count, data->fields, table->fields[i].name);
        add_word(words, i != 0 ? ", " : "");
        add_column(words, &table->fields[i], at >= 0 ? &data->fields[at] : NULL);
    }
    add_word(words, " FROM data");
    return words->failed ? errors_set(err, TARN_NOMEM, "", "there is no memory") : TARN_OK;
}

/* ---- rows into the transaction ---- */

struct query_batches {
    struct tarn_batches batches; /* first: the two addresses are one */
    struct tarn_query *query;
};

static enum tarn_status next_of_query(struct tarn_batches *batches, struct tarn_batch **out, struct tarn_error *err)
{
    return tarn_query_next(((struct query_batches *)(void *)batches)->query, out, err);
}

static enum tarn_status copy_rows(struct write *write, struct tarn_text sql, struct tarn_error *err)
{
    const struct tarn_named_source lent = {TARN_TEXT("data"), write->source};
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct query_batches from = {{write->world->env, NULL, next_of_query, NULL}, NULL};
    struct tarn_sink *sink;
    options.source_count = 1;
    options.sources = &lent;
    enum tarn_status status = tarn_query_open(write->world->env, sql, &options, &from.query, err);
    status = status == TARN_OK ? tarn_transaction_sink(write->transaction, &sink, err) : status;
    if (status == TARN_OK) {
        from.batches.schema = tarn_query_schema(from.query);
        status = tarn_batches_copy(&from.batches, sink, &write->rows, err);
    }
    tarn_query_close(from.query);
    return status;
}

static enum tarn_status begin(struct write *write, struct tarn_error *err)
{
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    options.operation = write->snapshot != NULL ? "WRITE" : "CREATE TABLE AS SELECT";
    options.parameters = write->snapshot == NULL ? TARN_TEXT("{\"mode\":\"ErrorIfExists\"}")
                         : write->overwrite      ? TARN_TEXT("{\"mode\":\"Overwrite\"}")
                                                 : TARN_TEXT("{\"mode\":\"Append\"}");
    options.app_id = text_span(write->app_id);
    options.app_version = write->app_version;
    options.user_metadata = text_span(write->user_metadata);
    if (write->snapshot != NULL) {
        const enum tarn_status status = tarn_transaction_open(write->snapshot, &options, &write->transaction, err);
        return status == TARN_OK && write->overwrite ? tarn_transaction_remove_all(write->transaction, err) : status;
    }
    create.format = write->format;
    create.schema = tarn_source_schema(write->source);
    create.partition_columns = write->partition_by;
    create.partition_column_count = write->partition_count;
    create.narrow = true;
    return tarn_transaction_create(write->world->env, text_span(write->path), &create, &options, &write->transaction, err);
}

/* Is the table there, and may it be? */
static enum tarn_status look(struct write *write, struct tarn_error *err)
{
    const char *format = NULL;
    enum tarn_status status = tarn_table_detect(write->world->env, text_span(write->path), &format, err);
    if (status == TARN_NOT_FOUND || (status == TARN_OK && format == NULL)) {
        return TARN_OK;
    }
    if (status != TARN_OK) {
        return status;
    }
    if (!write->append && !write->overwrite) {
        errors_set(err, TARN_EXISTS, "table", "the table is already there: say mode=\"append\" or mode=\"overwrite\"");
        snprintf(err->object, sizeof(err->object), "%s", write->path);
        return TARN_EXISTS;
    }
    if (write->format != NULL && strcmp(write->format, format) != 0) {
        return errors_set(err, TARN_INVALID, "table_format", "the table is there and its format is %s, not %s", format, write->format);
    }
    return tarn_snapshot_load(write->world->env, text_span(write->path), NULL, &write->snapshot, err);
}

static enum tarn_status run(struct write *write, struct tarn_error *err)
{
    struct tarn_batches *batches;
    struct words words = {NULL, 0, 0, false};
    enum tarn_status status = look(write, err);
    status = status == TARN_OK ? tarn_arrow_import_stream(write->world->env, &write->stream, &batches, err) : status;
    status = status == TARN_OK ? tarn_batches_source(batches, &write->source, err) : status;
    status = status == TARN_OK ? begin(write, err) : status;
    if (status == TARN_OK) {
        status = select_text(tarn_transaction_schema(write->transaction), tarn_source_schema(write->source), &words, err);
    }
    status = status == TARN_OK ? copy_rows(write, (struct tarn_text){words.text, words.size}, err) : status;
    free(words.text);
    if (status == TARN_OK) {
        status = tarn_transaction_commit(write->transaction, &write->result, err);
    } else {
        tarn_transaction_abort(write->transaction);
    }
    return status;
}

/* ---- arguments ---- */

static int read_partition_by(PyObject *columns, struct write *write)
{
    if (columns == Py_None) {
        return 0;
    }
    const Py_ssize_t count = PySequence_Size(columns);
    write->partition_by = count >= 0 ? calloc((size_t)count + 1, sizeof(*write->partition_by)) : NULL;
    if (write->partition_by == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(columns, i);
        char *name = item != NULL ? text_copy(item) : NULL;
        Py_XDECREF(item);
        if (name == NULL) {
            return -1;
        }
        write->partition_by[write->partition_count++] = text_span(name);
    }
    return 0;
}

static int read_text(PyObject *object, char **out)
{
    *out = object != Py_None ? text_copy(object) : NULL;
    return object != Py_None && *out == NULL ? -1 : 0;
}

static int read_arguments(PyObject *args, struct write *write)
{
    PyObject *env;
    PyObject *path;
    PyObject *data;
    const char *mode;
    PyObject *format;
    PyObject *columns;
    PyObject *app_id;
    PyObject *metadata;
    if (!PyArg_ParseTuple(args, "OUOsOOOLO:write", &env, &path, &data, &mode, &format, &columns, &app_id, &write->app_version, &metadata)) {
        return -1;
    }
    write->append = strcmp(mode, "append") == 0;
    write->overwrite = strcmp(mode, "overwrite") == 0;
    if (!write->append && !write->overwrite && strcmp(mode, "error") != 0) {
        PyErr_Format(PyExc_ValueError, "mode is \"error\", \"append\" or \"overwrite\", not \"%s\"", mode);
        return -1;
    }
    write->world = world_of(env);
    write->path = write->world != NULL ? text_copy(path) : NULL;
    if (write->path == NULL || read_text(format, &write->format) != 0 || read_text(app_id, &write->app_id) != 0 ||
        read_text(metadata, &write->user_metadata) != 0 || read_partition_by(columns, write) != 0) {
        return -1;
    }
    return stream_of_object(data, &write->stream);
}

static void clean_up(struct write *write)
{
    tarn_source_close(write->source);
    tarn_snapshot_close(write->snapshot);
    if (write->stream.release != NULL) {
        write->stream.release(&write->stream);
    }
    for (uint32_t i = 0; i < write->partition_count; i++) {
        free((char *)(uintptr_t)write->partition_by[i].data);
    }
    free(write->partition_by);
    free(write->user_metadata);
    free(write->app_id);
    free(write->format);
    free(write->path);
    world_release(write->world);
}

static PyObject *write_table(PyObject *module, PyObject *args)
{
    struct write write = {.stream.release = NULL};
    struct tarn_error err = TARN_ERROR_INIT;
    struct call call;
    bool fine = false;
    (void)module;
    if (read_arguments(args, &write) == 0) {
        call_begin(&call);
        const enum tarn_status status = run(&write, &err);
        fine = call_end(&call, status, &err);
    }
    PyThreadState *state = PyEval_SaveThread();
    clean_up(&write);
    PyEval_RestoreThread(state);
    if (!fine) {
        return NULL;
    }
    return Py_BuildValue("{s:L,s:K,s:K,s:K}", "version", (long long)write.result.version, "rows", (unsigned long long)write.rows, "files",
                         (unsigned long long)write.result.files_added, "bytes", (unsigned long long)write.result.bytes_added);
}

static PyMethodDef functions[] = {
    {"write", write_table, METH_VARARGS,
     "write(env, path, data, mode, table_format, partition_by, app_id, app_version, user_metadata): rows into a table, as one commit."},
    {NULL, NULL, 0, NULL},
};

int write_init(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
