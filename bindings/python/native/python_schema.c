/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas, and the capsules in which Arrow's structs cross: "The Arrow PyCapsule Interface". SPEC: B-PY-5.
 *
 * A capsule owns its struct until a consumer moves it out, which shows by `release` being NULL; its destructor frees what is left.
 */
#include "bindings/python/native/python_module.h"

PyTypeObject *schema_type;

/* ---- capsules ---- */

static void free_schema_capsule(PyObject *capsule)
{
    struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, "arrow_schema");
    if (schema->release != NULL) {
        schema->release(schema);
    }
    free(schema);
}

static void free_stream_capsule(PyObject *capsule)
{
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");
    if (stream->release != NULL) {
        PyThreadState *state = PyEval_SaveThread();
        stream->release(stream);
        PyEval_RestoreThread(state);
    }
    free(stream);
}

PyObject *stream_capsule(struct ArrowArrayStream *stream)
{
    struct ArrowArrayStream *moved = malloc(sizeof(*moved));
    PyObject *capsule = NULL;
    if (moved == NULL) {
        PyErr_NoMemory();
    } else {
        *moved = *stream;
        capsule = PyCapsule_New(moved, "arrow_array_stream", free_stream_capsule);
    }
    if (capsule == NULL) {
        stream->release(stream);
        free(moved);
    }
    return capsule;
}

/* ---- streams of other libraries ---- */

/* One array as a stream of one. */
struct single {
    struct ArrowSchema schema;
    struct ArrowArray array;
};

static int single_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct single *single = stream->private_data; /* asked once: by tarn_arrow_import_stream */
    *out = single->schema;
    single->schema.release = NULL;
    return 0;
}

static int single_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct single *single = stream->private_data;
    *out = single->array; /* released from the second time on: the end */
    single->array.release = NULL;
    return 0;
}

static const char *single_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return NULL;
}

static void single_release(struct ArrowArrayStream *stream)
{
    struct single *single = stream->private_data;
    if (single->schema.release != NULL) {
        single->schema.release(&single->schema);
    }
    if (single->array.release != NULL) {
        single->array.release(&single->array);
    }
    free(single);
    stream->release = NULL;
}

static int stream_of_array(PyObject *pair, struct ArrowArrayStream *out)
{
    PyObject *schema = PyTuple_Check(pair) && PyTuple_Size(pair) == 2 ? PyTuple_GetItem(pair, 0) : NULL;
    PyObject *array = schema != NULL ? PyTuple_GetItem(pair, 1) : NULL;
    struct ArrowSchema *from_schema = schema != NULL ? PyCapsule_GetPointer(schema, "arrow_schema") : NULL;
    struct ArrowArray *from_array = from_schema != NULL ? PyCapsule_GetPointer(array, "arrow_array") : NULL;
    struct single *single = from_array != NULL ? calloc(1, sizeof(*single)) : NULL;
    if (single == NULL) {
        if (PyErr_Occurred() == NULL) {
            PyErr_SetString(PyExc_TypeError, "__arrow_c_array__ must give a pair of capsules, arrow_schema and arrow_array");
        }
        return -1;
    }
    single->schema = *from_schema;
    single->array = *from_array;
    from_schema->release = NULL;
    from_array->release = NULL;
    *out = (struct ArrowArrayStream){single_schema, single_next, single_error, single_release, single};
    return 0;
}

static int take_stream(PyObject *capsule, struct ArrowArrayStream *out)
{
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");
    if (stream == NULL) {
        return -1;
    }
    if (stream->release == NULL) {
        PyErr_SetString(PyExc_ValueError, "the Arrow stream was read before: it can be read only once");
        return -1;
    }
    *out = *stream;
    stream->release = NULL;
    return 0;
}

/* Calls a method of the protocol; NULL without an exception when the object has none. */
static PyObject *ask(PyObject *object, const char *name)
{
    if (PyType_Check(object) || PyObject_HasAttrString(object, name) == 0) {
        return NULL;
    }
    return PyObject_CallMethod(object, name, NULL);
}

int stream_of_object(PyObject *object, struct ArrowArrayStream *out)
{
    out->release = NULL;
    PyObject *capsule = ask(object, "__arrow_c_stream__");
    if (capsule != NULL) {
        const int failed = take_stream(capsule, out);
        Py_DECREF(capsule);
        return failed;
    }
    if (PyErr_Occurred() != NULL) {
        return -1;
    }
    PyObject *pair = ask(object, "__arrow_c_array__");
    if (pair != NULL) {
        const int failed = stream_of_array(pair, out);
        Py_DECREF(pair);
        return failed;
    }
    if (PyErr_Occurred() == NULL) {
        PyErr_Format(
            PyExc_TypeError,
            "data must have __arrow_c_stream__ or __arrow_c_array__, as frames of pyarrow, Polars, pandas and DuckDB do; %R has none",
            Py_TYPE(object));
    }
    return -1;
}

/* ---- what a consumer asks for ---- */

static enum tarn_arrow_strings strings_of(const char *format)
{
    if (strcmp(format, "U") == 0 || strcmp(format, "Z") == 0) {
        return TARN_ARROW_LARGE_UTF8;
    }
    return strcmp(format, "vu") == 0 || strcmp(format, "vz") == 0 ? TARN_ARROW_UTF8_VIEW : TARN_ARROW_UTF8;
}

int stream_wishes(PyObject *requested, const struct tarn_schema *schema, struct tarn_arrow_options *out)
{
    static const struct tarn_arrow_options init = TARN_ARROW_OPTIONS_INIT;
    *out = init;
    if (requested == NULL || requested == Py_None) {
        return 0;
    }
    const struct ArrowSchema *wanted = PyCapsule_GetPointer(requested, "arrow_schema");
    if (wanted == NULL) {
        return -1;
    }
    if (wanted->release == NULL || wanted->n_children != (int64_t)schema->field_count) {
        PyErr_Format(PyExc_ValueError, "the requested schema has not the %u columns that there are", (unsigned)schema->field_count);
        return -1;
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (tarn_type_kind(schema->fields[i].type) == TARN_KIND_BYTES) {
            out->strings = strings_of(wanted->children[i]->format); /* the first text decides for all of them */
            break;
        }
    }
    return 0;
}

/* ---- Schema ---- */

struct schema_object {
    PyObject_HEAD struct world *world;
    struct tarn_schema *schema;
};

PyObject *schema_new(struct world *world, const struct tarn_schema *schema)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(schema_type, Py_tp_alloc);
    struct schema_object *self = (struct schema_object *)alloc(schema_type, 0);
    if (self != NULL) {
        self->world = world_retain(world);
        self->schema = tarn_schema_retain(schema);
    }
    return (PyObject *)self;
}

static PyObject *schema_refuse_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)args;
    (void)kwargs;
    PyErr_Format(PyExc_TypeError, "%R is not made by calling it: a table and a result have one", type);
    return NULL;
}

static void schema_dealloc(PyObject *object)
{
    struct schema_object *self = (struct schema_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    tarn_schema_release(self->schema);
    world_release(self->world);
    release(object);
    Py_DECREF(type);
}

static PyObject *schema_capsule(PyObject *object, PyObject *unused)
{
    const struct schema_object *self = (const struct schema_object *)object;
    struct tarn_error err = TARN_ERROR_INIT;
    struct ArrowSchema *schema = malloc(sizeof(*schema));
    (void)unused;
    if (schema == NULL) {
        return PyErr_NoMemory();
    }
    if (tarn_arrow_export_schema(self->world->env, self->schema, NULL, schema, &err) != TARN_OK) {
        free(schema);
        return errors_raise(&err);
    }
    PyObject *capsule = PyCapsule_New(schema, "arrow_schema", free_schema_capsule);
    if (capsule == NULL) {
        schema->release(schema);
        free(schema);
    }
    return capsule;
}

static PyObject *type_text(const struct tarn_type *type)
{
    const size_t size = tarn_type_format(type, NULL, 0);
    char *text = malloc(size + 1);
    if (text == NULL) {
        return PyErr_NoMemory();
    }
    tarn_type_format(type, text, size + 1);
    PyObject *result = PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, "strict");
    free(text);
    return result;
}

static PyObject *schema_fields(PyObject *object, void *unused)
{
    const struct tarn_schema *schema = ((const struct schema_object *)object)->schema;
    PyObject *list = PyList_New((Py_ssize_t)schema->field_count);
    (void)unused;
    for (uint32_t i = 0; list != NULL && i < schema->field_count; i++) {
        PyObject *name = value_text(schema->fields[i].name);
        PyObject *type = type_text(schema->fields[i].type);
        PyObject *field =
            name != NULL && type != NULL ? PyTuple_Pack(3, name, type, schema->fields[i].nullable ? Py_True : Py_False) : NULL;
        Py_XDECREF(name);
        Py_XDECREF(type);
        if (field == NULL || PyList_SetItem(list, (Py_ssize_t)i, field) != 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

static PyObject *schema_names(PyObject *object, void *unused)
{
    const struct tarn_schema *schema = ((const struct schema_object *)object)->schema;
    PyObject *list = PyList_New((Py_ssize_t)schema->field_count);
    (void)unused;
    for (uint32_t i = 0; list != NULL && i < schema->field_count; i++) {
        PyObject *name = value_text(schema->fields[i].name);
        if (name == NULL || PyList_SetItem(list, (Py_ssize_t)i, name) != 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

static PyObject *schema_repr(PyObject *object)
{
    const struct tarn_schema *schema = ((const struct schema_object *)object)->schema;
    PyObject *lines = PyList_New(0);
    for (uint32_t i = 0; lines != NULL && i < schema->field_count; i++) {
        PyObject *name = value_text(schema->fields[i].name);
        PyObject *type = type_text(schema->fields[i].type);
        PyObject *line = name != NULL && type != NULL
                             ? PyUnicode_FromFormat("%U %U%s", name, type, schema->fields[i].nullable ? "" : " NOT NULL")
                             : NULL;
        if (line == NULL || PyList_Append(lines, line) != 0) {
            Py_CLEAR(lines);
        }
        Py_XDECREF(name);
        Py_XDECREF(type);
        Py_XDECREF(line);
    }
    PyObject *comma = lines != NULL ? PyUnicode_FromString(", ") : NULL;
    PyObject *inside = comma != NULL ? PyUnicode_Join(comma, lines) : NULL;
    PyObject *result = inside != NULL ? PyUnicode_FromFormat("Schema(%U)", inside) : NULL;
    Py_XDECREF(lines);
    Py_XDECREF(comma);
    Py_XDECREF(inside);
    return result;
}

static Py_ssize_t schema_length(PyObject *object)
{
    return (Py_ssize_t)((const struct schema_object *)object)->schema->field_count;
}

int schema_init(PyObject *module)
{
    static PyMethodDef methods[] = {
        {"__arrow_c_schema__", schema_capsule, METH_NOARGS, "The schema as a capsule of Arrow's C data interface."},
        {NULL, NULL, 0, NULL},
    };
    static PyGetSetDef getters[] = {
        {"fields", schema_fields, NULL, "(name, type in SQL's words, nullable) of each column.", NULL},
        {"names", schema_names, NULL, "Names of the columns.", NULL},
        {NULL, NULL, NULL, NULL, NULL},
    };
    static PyType_Slot slots[] = {{Py_tp_new, (void *)schema_refuse_new},
                                  {Py_tp_dealloc, (void *)schema_dealloc},
                                  {Py_tp_repr, (void *)schema_repr},
                                  {Py_tp_methods, methods},
                                  {Py_tp_getset, getters},
                                  {Py_sq_length, (void *)schema_length},
                                  {Py_tp_doc, "Columns of a table or a result."},
                                  {0, NULL}};
    static PyType_Spec spec = {"tarn.Schema", sizeof(struct schema_object), 0, Py_TPFLAGS_DEFAULT, slots};
    schema_type = (PyTypeObject *)PyType_FromSpec(&spec);
    if (schema_type == NULL) {
        return -1;
    }
    Py_INCREF(schema_type);
    return PyModule_AddObject(module, "Schema", (PyObject *)schema_type);
}
