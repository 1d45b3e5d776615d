/* SPDX-License-Identifier: Apache-2.0
 *
 * Exceptions from statuses: one class a status, made from the table in tarn/status.h, each below tarn.Error and below what Python itself
 * has for the case. SPEC: B-PY-1.
 */
#include <stdarg.h>

#include "bindings/python/native/python_module.h"

enum { NAME_ROOM = 64, STATUS_COUNT = 16, LINE_ROOM = 1400 };

static PyObject *base;
static PyObject *classes[STATUS_COUNT];

/* What else an exception of the status is; NULL: nothing. */
static PyObject *builtin_of(enum tarn_status status)
{
    switch (status) {
    case TARN_INVALID:
        return PyExc_ValueError;
    case TARN_UNSUPPORTED:
        return PyExc_NotImplementedError;
    case TARN_IO:
        return PyExc_OSError;
    case TARN_NOT_FOUND:
        return PyExc_FileNotFoundError;
    case TARN_EXISTS:
        return PyExc_FileExistsError;
    case TARN_NOMEM:
        return PyExc_MemoryError;
    case TARN_AUTH:
        return PyExc_PermissionError;
    case TARN_TIMEOUT:
        return PyExc_TimeoutError;
    default:
        return NULL;
    }
}

/* COMMIT_UNKNOWN -> tarn.CommitUnknownError */
static void class_name(const char *status, char out[NAME_ROOM])
{
    size_t size = 0;
    bool first = true;
    memcpy(out, "tarn.", 5);
    for (size = 5; *status != '\0' && size < NAME_ROOM - 6; status++) {
        if (*status == '_') {
            first = true;
            continue;
        }
        out[size++] = first ? *status : (char)(*status - 'A' + 'a');
        first = false;
    }
    memcpy(out + size, "Error", 6);
}

static int set_defaults(PyObject *class, const char *code)
{
    static const char *const none[] = {"detail", "path", "offset", "row_group", "row", "column", "version", "http_status"};
    PyObject *text = code != NULL ? PyUnicode_FromString(code) : (Py_INCREF(Py_None), Py_None);
    int failed = text == NULL ? -1 : PyObject_SetAttrString(class, "code", text);
    Py_XDECREF(text);
    for (size_t i = 0; failed == 0 && code == NULL && i < sizeof(none) / sizeof(none[0]); i++) {
        failed = PyObject_SetAttrString(class, none[i], Py_None);
    }
    return failed;
}

static int make_class(PyObject *module, enum tarn_status status, const char *word, const char *meaning)
{
    char name[NAME_ROOM];
    class_name(word, name);
    PyObject *builtin = builtin_of(status);
    PyObject *bases = builtin != NULL ? PyTuple_Pack(2, base, builtin) : PyTuple_Pack(1, base);
    classes[status] = bases != NULL ? PyErr_NewExceptionWithDoc(name, meaning, bases, NULL) : NULL;
    Py_XDECREF(bases);
    if (classes[status] == NULL || set_defaults(classes[status], word) != 0) {
        return -1;
    }
    Py_INCREF(classes[status]); /* AddObject takes one, `classes` keeps one */
    return PyModule_AddObject(module, name + sizeof("tarn.") - 1, classes[status]);
}

int errors_init(PyObject *module)
{
    base =
        PyErr_NewExceptionWithDoc("tarn.Error",
                                  "What tarn could not do. `code` is the status, `detail` the exact kind; `path`, `offset`, `row_group`, "
                                  "`row`, `column` and `version` say where, and are None where that has no meaning.",
                                  NULL, NULL);
    if (base == NULL || set_defaults(base, NULL) != 0) {
        return -1;
    }
    Py_INCREF(base);
    if (PyModule_AddObject(module, "Error", base) != 0) {
        return -1;
    }
#define MAKE(word, number, sys_errno, exit_code, meaning)                                                                                  \
    if (number != 0 && make_class(module, (enum tarn_status)(number), #word, meaning) != 0) {                                              \
        return -1;                                                                                                                         \
    }
    TARN_STATUS_TABLE(MAKE)
#undef MAKE
    return 0;
}

/* Steals `value`; None stays the class's. */
static int set(PyObject *exception, const char *name, PyObject *value)
{
    const int failed = value == NULL ? -1 : PyObject_SetAttrString(exception, name, value);
    Py_XDECREF(value);
    return failed;
}

static PyObject *text_of(const char *text)
{
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace"); /* texts are cut, perhaps inside a character */
}

static int set_places(PyObject *e, const struct tarn_error *err)
{
    const struct {
        const char *name;
        const char *text;
    } texts[] = {{"detail", err->detail}, {"path", err->object}, {"column", err->column}};
    const struct {
        const char *name;
        int64_t number;
        int64_t none;
    } numbers[] = {{"offset", err->offset, -1},
                   {"row_group", err->row_group, -1},
                   {"row", err->row, -1},
                   {"version", err->table_version, -1},
                   {"http_status", err->http_status, 0}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].text[0] != '\0' && set(e, texts[i].name, text_of(texts[i].text)) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (numbers[i].number != numbers[i].none && set(e, numbers[i].name, PyLong_FromLongLong(numbers[i].number)) != 0) {
            return -1;
        }
    }
    if (err->sys_errno != 0 && PyObject_IsInstance(e, PyExc_OSError) == 1) {
        return set(e, "errno", PyLong_FromLong(err->sys_errno));
    }
    return 0;
}

PyObject *errors_raise(const struct tarn_error *err)
{
    char line[LINE_ROOM];
    const bool known = (unsigned)err->code < STATUS_COUNT && classes[err->code] != NULL;
    PyObject *class = known ? classes[err->code] : classes[TARN_INTERNAL];
    tarn_error_format(err, line, sizeof(line));
    PyObject *text = text_of(line);
    PyObject *exception = text != NULL ? PyObject_CallFunctionObjArgs(class, text, NULL) : NULL;
    Py_XDECREF(text);
    if (exception != NULL && set_places(exception, err) == 0) {
        PyErr_SetObject(class, exception);
    }
    Py_XDECREF(exception);
    return NULL;
}

enum tarn_status errors_set(struct tarn_error *err, enum tarn_status code, const char *detail, const char *format, ...)
{
    va_list args;
    *err = (struct tarn_error)TARN_ERROR_INIT;
    err->code = code;
    snprintf(err->detail, sizeof(err->detail), "%s", detail);
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    return code;
}
