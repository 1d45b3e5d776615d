/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows: what a statement gives. A SELECT is checked when it is made, and runs for every reader of its rows anew; a statement that changes a
 * table runs once, when it is made. SPEC: B-PY-6, B-PY-7.
 *
 * Invariants
 *  1. `first` is the query that was opened to check the statement; the first reader takes it, so that reading once costs one opening.
 *  2. A running query holds its statement, and the statement the world: no order of release is wrong.
 */
#include "bindings/python/native/python_module.h"

struct statement {
    atomic_uint references;
    struct world *world;
    char *sql;
    char *lake;
    bool read_only;
    struct parameters parameters;
    bool has_file;
    struct file_request file;
};

struct running {
    struct tarn_batches batches; /* first: the two addresses are one */
    struct statement *statement;
    struct tarn_query *query;
    uint32_t lent_count;
    struct tarn_named_source *lent;
    char **names;
};

struct rows_object {
    PyObject_HEAD struct statement *statement;
    PyObject *frames; /* dict of names to objects with a stream; NULL: none */
    struct running *first;
    struct tarn_schema *schema;
    struct tarn_query_info info;
};

/* ---- statements and running queries; no GIL needed ---- */

static void statement_release(struct statement *statement)
{
    if (statement == NULL || atomic_fetch_sub_explicit(&statement->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    free(statement->sql);
    free(statement->lake);
    parameters_free(&statement->parameters);
    if (statement->has_file) {
        file_request_free(&statement->file);
    }
    world_release(statement->world);
    free(statement);
}

static void running_close(struct running *running)
{
    if (running == NULL) {
        return;
    }
    tarn_query_close(running->query);
    for (uint32_t i = 0; i < running->lent_count; i++) {
        tarn_source_close(running->lent[i].source);
        free(running->names[i]);
    }
    free(running->lent);
    free(running->names);
    statement_release(running->statement);
    free(running);
}

static enum tarn_status batches_next(struct tarn_batches *batches, struct tarn_batch **out, struct tarn_error *err)
{
    struct call call;
    call_enter(&call);
    const enum tarn_status status = tarn_query_next(((struct running *)(void *)batches)->query, out, err);
    call_leave(&call);
    return status;
}

static void batches_close(struct tarn_batches *batches)
{
    running_close((struct running *)(void *)batches);
}

static enum tarn_status open_query(struct running *running, struct ArrowArrayStream *streams, struct tarn_error *err)
{
    struct statement *statement = running->statement;
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    for (uint32_t i = 0; i < running->lent_count; i++) {
        struct tarn_named_source *lent = &running->lent[i];
        struct tarn_batches *batches;
        enum tarn_status status = TARN_OK;
        lent->name = text_span(running->names[i]);
        if (streams[i].release == NULL) { /* the file comes behind the frames */
            status = file_request_open(&statement->file, statement->world, &lent->source, err);
        } else {
            status = tarn_arrow_import_stream(statement->world->env, &streams[i], &batches, err);
            status = status == TARN_OK ? tarn_batches_source(batches, &lent->source, err) : status;
        }
        if (status != TARN_OK) {
            return status;
        }
    }
    options.lake = text_span(statement->lake);
    options.read_only = statement->read_only;
    options.single = true;
    options.parameter_count = statement->parameters.count;
    options.parameters = statement->parameters.items;
    options.source_count = running->lent_count;
    options.sources = running->lent;
    return tarn_query_open(statement->world->env, text_span(statement->sql), &options, &running->query, err);
}

/* ---- opening, with the GIL ---- */

/* The streams of the frames, and a name each. */
static int take_frames(const struct rows_object *self, struct running *running, struct ArrowArrayStream *streams)
{
    PyObject *name;
    PyObject *frame;
    Py_ssize_t at = 0;
    while (self->frames != NULL && PyDict_Next(self->frames, &at, &name, &frame)) {
        const uint32_t i = running->lent_count;
        running->names[i] = text_copy(name);
        running->lent_count++;
        if (running->names[i] == NULL || stream_of_object(frame, &streams[i]) != 0) {
            return -1;
        }
    }
    if (self->statement->has_file) {
        running->names[running->lent_count] = strdup("input");
        running->lent_count++;
    }
    return 0;
}

static struct running *open_running(const struct rows_object *self)
{
    const size_t room = (self->frames != NULL ? (size_t)PyDict_Size(self->frames) : 0) + 1;
    struct running *running = calloc(1, sizeof(*running));
    struct ArrowArrayStream *streams = calloc(room, sizeof(*streams));
    struct tarn_error err = TARN_ERROR_INIT;
    struct call call;
    bool fine = false;
    if (running != NULL && streams != NULL) {
        atomic_fetch_add_explicit(&self->statement->references, 1, memory_order_relaxed);
        running->statement = self->statement;
        running->lent = calloc(room, sizeof(*running->lent));
        running->names = calloc(room, sizeof(*running->names));
    }
    if (running == NULL || streams == NULL || running->lent == NULL || running->names == NULL) {
        PyErr_NoMemory();
    } else if (take_frames(self, running, streams) == 0) {
        call_begin(&call);
        const enum tarn_status status = open_query(running, streams, &err);
        fine = call_end(&call, status, &err);
    }
    for (size_t i = 0; streams != NULL && i < room; i++) {
        if (streams[i].release != NULL) {
            streams[i].release(&streams[i]);
        }
    }
    free(streams);
    if (!fine) {
        running_close(running);
        return NULL;
    }
    running->batches = (struct tarn_batches){self->statement->world->env, tarn_query_schema(running->query), batches_next, batches_close};
    return running;
}

static bool changes(const struct rows_object *self)
{
    const enum tarn_statement_kind kind = self->info.kind;
    return kind == TARN_STATEMENT_DELETE || kind == TARN_STATEMENT_UPDATE || kind == TARN_STATEMENT_INSERT ||
           kind == TARN_STATEMENT_CREATE || kind == TARN_STATEMENT_ALTER;
}

/* For a reader: the first one gets the query that is open, the others one of their own. */
static struct running *take_running(struct rows_object *self)
{
    struct running *running = self->first;
    self->first = NULL;
    return running != NULL ? running : open_running(self);
}

/* ---- Rows ---- */

static struct statement *read_statement(PyObject *env, PyObject *sql, PyObject *parameters, PyObject *file, PyObject *lake, int read_only)
{
    struct statement *statement = calloc(1, sizeof(*statement));
    if (statement == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    atomic_init(&statement->references, 1);
    statement->read_only = read_only != 0;
    statement->world = world_of(env);
    statement->sql = statement->world != NULL ? text_copy(sql) : NULL;
    bool fine = statement->sql != NULL;
    if (fine && lake != Py_None) {
        statement->lake = text_copy(lake);
        fine = statement->lake != NULL;
    }
    if (fine && parameters != Py_None) {
        fine = parameters_read(parameters, &statement->parameters) == 0;
    }
    if (fine && file != Py_None) {
        fine = file_request_read(file, &statement->file) == 0;
        statement->has_file = fine;
    }
    if (!fine) {
        statement_release(statement);
        return NULL;
    }
    return statement;
}

/* A reference of its own; a statement without rows has a schema that nobody counts. */
static bool keep_schema(struct rows_object *self)
{
    const struct tarn_schema *schema = tarn_query_schema(self->first->query);
    struct tarn_error err = TARN_ERROR_INIT;
    if (schema->field_count != 0) {
        self->schema = tarn_schema_retain(schema);
    } else if (tarn_schema_make(self->statement->world->env, 0, NULL, 0, NULL, &self->schema, &err) != TARN_OK) {
        errors_raise(&err);
        return false;
    }
    return true;
}

static PyObject *rows_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"env", "sql", "parameters", "frames", "file", "lake", "read_only", NULL};
    PyObject *env;
    PyObject *sql;
    PyObject *parameters = Py_None;
    PyObject *frames = Py_None;
    PyObject *file = Py_None;
    PyObject *lake = Py_None;
    int read_only = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OU|OOOOp:Rows", names, &env, &sql, &parameters, &frames, &file, &lake, &read_only)) {
        return NULL;
    }
    if ((parameters != Py_None && !PyDict_Check(parameters)) || (frames != Py_None && !PyDict_Check(frames)) ||
        (file != Py_None && !PyDict_Check(file))) {
        PyErr_SetString(PyExc_TypeError, "parameters, frames and file are dicts");
        return NULL;
    }
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    struct rows_object *self = (struct rows_object *)alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->statement = read_statement(env, sql, parameters, file, lake, read_only);
    if (frames != Py_None && PyDict_Size(frames) > 0) {
        self->frames = PyDict_Copy(frames);
    }
    self->first = self->statement != NULL && PyErr_Occurred() == NULL ? open_running(self) : NULL;
    if (self->first == NULL) {
        Py_DECREF(self);
        return NULL;
    }
    self->info = tarn_query_info(self->first->query);
    if (!keep_schema(self)) {
        Py_DECREF(self);
        return NULL;
    }
    if (changes(self)) {
        running_close(self->first);
        self->first = NULL;
    }
    return (PyObject *)self;
}

static void rows_dealloc(PyObject *object)
{
    struct rows_object *self = (struct rows_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    struct running *first = self->first;
    if (first != NULL) {
        PyThreadState *state = PyEval_SaveThread();
        running_close(first);
        PyEval_RestoreThread(state);
    }
    tarn_schema_release(self->schema);
    statement_release(self->statement);
    Py_XDECREF(self->frames);
    release(object);
    Py_DECREF(type);
}

static PyObject *no_rows(void)
{
    struct tarn_error err = TARN_ERROR_INIT;
    errors_set(&err, TARN_INVALID, "no_rows", "a statement that changes a table has run when it was given, and has no rows");
    return errors_raise(&err);
}

static PyObject *rows_stream(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"requested_schema", NULL};
    struct rows_object *self = (struct rows_object *)object;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_arrow_options options;
    struct ArrowArrayStream stream;
    PyObject *requested = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:__arrow_c_stream__", names, &requested)) {
        return NULL;
    }
    if (changes(self)) {
        return no_rows();
    }
    if (stream_wishes(requested, self->schema, &options) != 0) {
        return NULL;
    }
    struct running *running = take_running(self);
    if (running == NULL) {
        return NULL;
    }
    if (tarn_arrow_export_stream(&running->batches, &options, &stream, &err) != TARN_OK) {
        return errors_raise(&err);
    }
    return stream_capsule(&stream);
}

/* ---- rows as Python objects ---- */

static PyObject *row_of(const struct rows_object *self, const struct ArrowArray *array, int64_t row, PyObject *names)
{
    const Py_ssize_t count = (Py_ssize_t)self->schema->field_count;
    PyObject *result = names != NULL ? PyDict_New() : PyTuple_New(count);
    for (Py_ssize_t i = 0; result != NULL && i < count; i++) {
        PyObject *value = value_of_array(self->schema->fields[i].type, array->children[i], array->offset + row);
        int failed = -1;
        if (value != NULL && names != NULL) {
            failed = PyDict_SetItem(result, PyList_GetItem(names, i), value);
            Py_DECREF(value);
        } else if (value != NULL) {
            failed = PyTuple_SetItem(result, i, value); /* takes it */
        }
        if (failed != 0) {
            Py_CLEAR(result);
        }
    }
    return result;
}

static int add_rows(const struct rows_object *self, const struct ArrowArray *array, PyObject *names, PyObject *list)
{
    for (int64_t row = 0; row < array->length; row++) {
        PyObject *one = row_of(self, array, row, names);
        const int failed = one != NULL ? PyList_Append(list, one) : -1;
        Py_XDECREF(one);
        if (failed != 0) {
            return -1;
        }
    }
    return 0;
}

static PyObject *collect(struct rows_object *self, PyObject *names)
{
    PyObject *list = PyList_New(0);
    if (changes(self) || list == NULL) {
        return list;
    }
    struct running *running = take_running(self);
    bool more = running != NULL;
    while (more) {
        struct tarn_error err = TARN_ERROR_INIT;
        struct ArrowArray array = {.release = NULL};
        struct tarn_batch *batch;
        struct call call;
        call_begin(&call);
        enum tarn_status status = tarn_query_next(running->query, &batch, &err);
        if (status == TARN_OK && batch != NULL) {
            status = tarn_arrow_export_batch(self->statement->world->env, batch, NULL, &array, &err);
        }
        if (!call_end(&call, status, &err) || (array.release != NULL && add_rows(self, &array, names, list) != 0)) {
            Py_CLEAR(list);
        }
        more = list != NULL && array.release != NULL;
        if (array.release != NULL) {
            array.release(&array);
        }
    }
    if (running == NULL) {
        Py_CLEAR(list);
    }
    PyThreadState *state = PyEval_SaveThread();
    running_close(running);
    PyEval_RestoreThread(state);
    return list;
}

static PyObject *rows_tuples(PyObject *object, PyObject *unused)
{
    (void)unused;
    return collect((struct rows_object *)object, NULL);
}

static PyObject *names_of(const struct rows_object *self)
{
    PyObject *names = PyList_New((Py_ssize_t)self->schema->field_count);
    for (uint32_t i = 0; names != NULL && i < self->schema->field_count; i++) {
        PyObject *name = value_text(self->schema->fields[i].name);
        if (name == NULL || PyList_SetItem(names, (Py_ssize_t)i, name) != 0) {
            Py_CLEAR(names);
        }
    }
    return names;
}

static PyObject *rows_dicts(PyObject *object, PyObject *unused)
{
    struct rows_object *self = (struct rows_object *)object;
    (void)unused;
    PyObject *names = names_of(self);
    PyObject *result = names != NULL ? collect(self, names) : NULL;
    Py_XDECREF(names);
    return result;
}

/* ---- rows as texts, for a look at them ---- */

static uint32_t selected(const struct tarn_selection *selection, uint32_t i, uint32_t *at)
{
    switch (selection->kind) {
    case TARN_SELECT_POSITIONS:
        return selection->u.positions[i];
    case TARN_SELECT_MASK:
        while ((selection->u.mask[*at / 8] >> (*at % 8) & 1) == 0) {
            ++*at;
        }
        return (*at)++;
    default:
        return i;
    }
}

static PyObject *cell(struct tarn_env *env, const struct tarn_vector *vector, uint32_t row)
{
    char text[256];
    if (tarn_vector_is_null(vector, row)) {
        Py_RETURN_NONE;
    }
    const size_t size = tarn_vector_format(env, vector, row, text, sizeof(text));
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)(size < sizeof(text) ? size : sizeof(text) - 1), "replace");
}

static int add_cells(const struct rows_object *self, const struct tarn_batch *batch, Py_ssize_t most, PyObject *list)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < batch->selection.count && PyList_Size(list) < most; i++) {
        const uint32_t row = selected(&batch->selection, i, &at);
        PyObject *cells = PyList_New((Py_ssize_t)batch->column_count);
        for (uint32_t k = 0; cells != NULL && k < batch->column_count; k++) {
            PyObject *text = cell(self->statement->world->env, batch->columns[k], row);
            if (text == NULL || PyList_SetItem(cells, (Py_ssize_t)k, text) != 0) {
                Py_CLEAR(cells);
            }
        }
        const int failed = cells != NULL ? PyList_Append(list, cells) : -1;
        Py_XDECREF(cells);
        if (failed != 0) {
            return -1;
        }
    }
    return 0;
}

/* Can the frame give its rows again? Streams cannot, and have no length; a table and rows of tarn's say so themselves. */
static bool gives_again(PyObject *frame)
{
    PyObject *says = PyObject_GetAttrString(frame, "_again");
    if (says == NULL) {
        PyErr_Clear();
        return PyObject_HasAttrString(frame, "__len__") == 1;
    }
    const bool again = PyObject_IsTrue(says) == 1;
    Py_DECREF(says);
    return again;
}

static PyObject *rows_again(PyObject *object, void *unused)
{
    const struct rows_object *self = (const struct rows_object *)object;
    PyObject *name;
    PyObject *frame;
    Py_ssize_t at = 0;
    (void)unused;
    while (self->frames != NULL && PyDict_Next(self->frames, &at, &name, &frame)) {
        if (!gives_again(frame)) {
            Py_RETURN_FALSE;
        }
    }
    Py_RETURN_TRUE;
}

static PyObject *rows_preview(PyObject *object, PyObject *args)
{
    struct rows_object *self = (struct rows_object *)object;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "n:_preview", &most)) {
        return NULL;
    }
    PyObject *list = PyList_New(0);
    if (changes(self) || list == NULL) {
        return list;
    }
    struct running *running = open_running(self);
    bool more = running != NULL;
    while (more) {
        struct tarn_error err = TARN_ERROR_INIT;
        struct tarn_batch *batch;
        struct call call;
        call_begin(&call);
        const enum tarn_status status = tarn_query_next(running->query, &batch, &err);
        if (!call_end(&call, status, &err) || (batch != NULL && add_cells(self, batch, most, list) != 0)) {
            Py_CLEAR(list);
        }
        more = list != NULL && batch != NULL && PyList_Size(list) < most;
    }
    if (running == NULL) {
        Py_CLEAR(list);
    }
    PyThreadState *state = PyEval_SaveThread();
    running_close(running);
    PyEval_RestoreThread(state);
    return list;
}

/* ---- what is known of it ---- */

static PyObject *rows_schema(PyObject *object, void *unused)
{
    const struct rows_object *self = (const struct rows_object *)object;
    (void)unused;
    return schema_new(self->statement->world, self->schema);
}

static PyObject *rows_changed(PyObject *object, void *unused)
{
    const struct rows_object *self = (const struct rows_object *)object;
    (void)unused;
    if (!changes(self)) {
        Py_RETURN_NONE;
    }
    return PyLong_FromUnsignedLongLong(self->info.rows_changed);
}

static PyObject *rows_version(PyObject *object, void *unused)
{
    const struct rows_object *self = (const struct rows_object *)object;
    (void)unused;
    if (self->info.version < 0) {
        Py_RETURN_NONE;
    }
    return PyLong_FromLongLong(self->info.version);
}

static PyObject *rows_sql(PyObject *object, void *unused)
{
    (void)unused;
    return PyUnicode_FromString(((const struct rows_object *)object)->statement->sql);
}

int rows_init(PyObject *module)
{
    static PyMethodDef methods[] = {
        {"__arrow_c_stream__", (PyCFunction)(void (*)(void))rows_stream, METH_VARARGS | METH_KEYWORDS,
         "__arrow_c_stream__(requested_schema=None): the rows as a capsule of Arrow's C stream interface. Of `requested_schema` only the "
         "layout of texts is followed."},
        {"rows", rows_tuples, METH_NOARGS, "rows(): all rows as a list of tuples."},
        {"dicts", rows_dicts, METH_NOARGS, "dicts(): all rows as a list of dicts."},
        {"_preview", rows_preview, METH_VARARGS, "_preview(n): the first n rows as texts."},
        {NULL, NULL, 0, NULL},
    };
    static PyGetSetDef getters[] = {
        {"schema", rows_schema, NULL, "Columns of the rows.", NULL},
        {"rows_changed", rows_changed, NULL, "Rows that DELETE, UPDATE or INSERT changed; None: it only read.", NULL},
        {"version", rows_version, NULL, "Version that the statement committed; None: none.", NULL},
        {"_again", rows_again, NULL, "Can the rows be read more than once?", NULL},
        {"sql", rows_sql, NULL, "The statement.", NULL},
        {NULL, NULL, NULL, NULL, NULL},
    };
    static PyType_Slot slots[] = {{Py_tp_new, (void *)rows_new}, {Py_tp_dealloc, (void *)rows_dealloc},  {Py_tp_methods, methods},
                                  {Py_tp_getset, getters},       {Py_tp_doc, "What a statement gives."}, {0, NULL}};
    static PyType_Spec spec = {"tarn._tarn.Rows", sizeof(struct rows_object), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};
    PyObject *type = PyType_FromSpec(&spec);
    return type == NULL ? -1 : PyModule_AddObject(module, "Rows", type);
}
