/* SPDX-License-Identifier: Apache-2.0
 *
 * Python objects as values of parameters. What a parameter refers to is copied: the statement may run after the object is gone.
 */
#include "bindings/python/native/python_module.h"

enum { MOST_DIGITS = 38 };

static const struct tarn_type type_null = {.id = TARN_TYPE_NULL};
static const struct tarn_type type_bool = {.id = TARN_TYPE_BOOL};
static const struct tarn_type type_i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type type_f64 = {.id = TARN_TYPE_F64};
static const struct tarn_type type_text = {.id = TARN_TYPE_STRING};
static const struct tarn_type type_binary = {.id = TARN_TYPE_BINARY};
static const struct tarn_type type_date = {.id = TARN_TYPE_DATE};
static const struct tarn_type type_time = {.id = TARN_TYPE_TIME, .unit = TARN_MICRO};
static const struct tarn_type type_moment = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO};
static const struct tarn_type type_instant = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true};
static const struct tarn_type type_interval = {.id = TARN_TYPE_INTERVAL};
static const struct tarn_type type_uuid = {.id = TARN_TYPE_UUID};

/* Decimals of scale 0 to 38: their precision is 38, which holds whatever fits. */
static const struct tarn_type *decimal_type(int32_t scale)
{
#define D(s)                                                                                                                               \
    {                                                                                                                                      \
        .id = TARN_TYPE_DECIMAL, .precision = MOST_DIGITS, .scale = s                                                                      \
    }
    static const struct tarn_type types[] = {D(0),  D(1),  D(2),  D(3),  D(4),  D(5),  D(6),  D(7),  D(8),  D(9),  D(10), D(11), D(12),
                                             D(13), D(14), D(15), D(16), D(17), D(18), D(19), D(20), D(21), D(22), D(23), D(24), D(25),
                                             D(26), D(27), D(28), D(29), D(30), D(31), D(32), D(33), D(34), D(35), D(36), D(37), D(38)};
#undef D
    return &types[scale];
}

static int keep_bytes(const char *bytes, size_t size, char **block, struct tarn_text *out)
{
    *block = malloc(size + 1);
    if (*block == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(*block, bytes, size);
    *out = (struct tarn_text){*block, size};
    return 0;
}

static int read_bytes(PyObject *object, char **block, struct tarn_value *out)
{
    char *bytes;
    Py_ssize_t size;
    return PyBytes_AsStringAndSize(object, &bytes, &size) != 0 ? -1 : keep_bytes(bytes, (size_t)size, block, &out->u.bytes);
}

static int too_large(void)
{
    PyErr_SetString(PyExc_OverflowError, "a number of a parameter has at most 38 digits");
    return -1;
}

/* An int of up to 38 digits into the two words of 128 bits. */
static int read_words(PyObject *integer, struct tarn_value *out)
{
    PyObject *digits = PyObject_Str(integer);
    const Py_ssize_t length = digits != NULL ? PyUnicode_GetLength(digits) : -1;
    const Py_ssize_t sign = length > 0 && PyUnicode_ReadChar(digits, 0) == '-';
    Py_XDECREF(digits);
    if (length < 0 || length - sign > MOST_DIGITS) {
        return length < 0 ? -1 : too_large();
    }
    PyObject *method = PyObject_GetAttrString(integer, "to_bytes");
    PyObject *args = Py_BuildValue("(is)", 32, "little");
    PyObject *kwargs = Py_BuildValue("{s:O}", "signed", Py_True);
    PyObject *bytes = method != NULL && args != NULL && kwargs != NULL ? PyObject_Call(method, args, kwargs) : NULL;
    Py_XDECREF(method);
    Py_XDECREF(args);
    Py_XDECREF(kwargs);
    if (bytes == NULL) {
        return -1;
    }
    memcpy(out->u.words, PyBytes_AsString(bytes), sizeof(out->u.words));
    Py_DECREF(bytes);
    return 0;
}

static int read_int(PyObject *object, struct tarn_value *out)
{
    int overflow;
    const long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow == 0) {
        out->type = &type_i64;
        out->u.i64 = value;
        return value == -1 && PyErr_Occurred() != NULL ? -1 : 0;
    }
    out->type = decimal_type(0);
    return read_words(object, out);
}

/* By its digits, since arithmetic of Decimal rounds to its context. */
static int read_decimal(PyObject *object, struct tarn_value *out)
{
    PyObject *plain = PyObject_CallMethod(object, "__format__", "s", "f");
    PyObject *pieces = plain != NULL ? PyObject_CallMethod(plain, "partition", "s", ".") : NULL;
    PyObject *whole = pieces != NULL ? PyTuple_GetItem(pieces, 0) : NULL;
    PyObject *fraction = pieces != NULL ? PyTuple_GetItem(pieces, 2) : NULL;
    PyObject *digits = fraction != NULL ? PyUnicode_Concat(whole, fraction) : NULL;
    const Py_ssize_t scale = fraction != NULL ? PyUnicode_GetLength(fraction) : 0;
    PyObject *unscaled = digits != NULL ? PyObject_CallFunctionObjArgs((PyObject *)&PyLong_Type, digits, NULL) : NULL;
    int failed = unscaled == NULL ? -1 : scale > MOST_DIGITS ? too_large() : 0;
    if (failed == 0) {
        out->type = decimal_type((int32_t)scale);
        failed = read_words(unscaled, out);
    }
    Py_XDECREF(plain);
    Py_XDECREF(pieces);
    Py_XDECREF(digits);
    Py_XDECREF(unscaled);
    return failed;
}

static int attribute(PyObject *object, const char *name, long long *out)
{
    PyObject *value = PyObject_GetAttrString(object, name);
    *out = value != NULL ? PyLong_AsLongLong(value) : -1;
    Py_XDECREF(value);
    return *out == -1 && PyErr_Occurred() != NULL ? -1 : 0;
}

static int attributes(PyObject *object, size_t count, const char *const *names, long long *out)
{
    for (size_t i = 0; i < count; i++) {
        if (attribute(object, names[i], &out[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

static int time_of_day(PyObject *object, long long *micros)
{
    static const char *const names[] = {"hour", "minute", "second", "microsecond"};
    long long parts[4];
    if (attributes(object, 4, names, parts) != 0) {
        return -1;
    }
    *micros = ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000000 + parts[3];
    return 0;
}

static int days_of(PyObject *object, long long *days)
{
    PyObject *ordinal = PyObject_CallMethod(object, "toordinal", NULL);
    *days = ordinal != NULL ? PyLong_AsLongLong(ordinal) - 719163 : 0;
    Py_XDECREF(ordinal);
    return ordinal != NULL ? 0 : -1;
}

static int read_timedelta(PyObject *object, char **block, struct tarn_value *out)
{
    static const char *const names[] = {"days", "seconds", "microseconds"};
    long long parts[3];
    char bytes[16] = {0};
    if (attributes(object, 3, names, parts) != 0) {
        return -1;
    }
    const int32_t days = (int32_t)parts[0];
    const int64_t nanos = (parts[1] * 1000000 + parts[2]) * 1000;
    memcpy(bytes + 4, &days, 4);
    memcpy(bytes + 8, &nanos, 8);
    out->type = &type_interval;
    return keep_bytes(bytes, sizeof(bytes), block, &out->u.bytes);
}

static int read_datetime(PyObject *object, struct tarn_value *out)
{
    long long days;
    long long micros;
    PyObject *zone = PyObject_GetAttrString(object, "tzinfo");
    const bool aware = zone != NULL && zone != Py_None;
    Py_XDECREF(zone);
    if (zone == NULL || days_of(object, &days) != 0 || time_of_day(object, &micros) != 0) {
        return -1;
    }
    out->type = aware ? &type_instant : &type_moment;
    out->u.i64 = days * 86400000000 + micros;
    if (aware) {
        static const char *const names[] = {"days", "seconds", "microseconds"};
        long long parts[3];
        PyObject *offset = PyObject_CallMethod(object, "utcoffset", NULL);
        const int failed = offset == NULL || offset == Py_None ? -1 : attributes(offset, 3, names, parts);
        Py_XDECREF(offset);
        if (failed != 0) {
            return -1;
        }
        out->u.i64 -= (parts[0] * 86400 + parts[1]) * 1000000 + parts[2];
    }
    return 0;
}

/* Objects of the standard library, by the name of their class: the limited API knows no other way. */
static int read_other(PyObject *object, char **block, struct tarn_value *out)
{
    static const struct {
        const char *module;
        const char *name;
    } known[] = {{"decimal", "Decimal"}, {"datetime", "datetime"},  {"datetime", "date"},
                 {"datetime", "time"},   {"datetime", "timedelta"}, {"uuid", "UUID"}};
    size_t found = 0;
    int is = 0;
    for (; is == 0 && found < sizeof(known) / sizeof(known[0]); found++) {
        PyObject *module = PyImport_ImportModule(known[found].module);
        PyObject *class = module != NULL ? PyObject_GetAttrString(module, known[found].name) : NULL;
        is = class != NULL ? PyObject_IsInstance(object, class) : -1;
        Py_XDECREF(module);
        Py_XDECREF(class);
    }
    long long number = 0;
    int failed = is < 0 ? -1 : 0;
    switch (is == 1 ? found : 0) {
    case 1:
        return read_decimal(object, out);
    case 2:
        return read_datetime(object, out);
    case 3:
        failed = days_of(object, &number);
        out->type = &type_date;
        out->u.i64 = number;
        return failed;
    case 4:
        failed = time_of_day(object, &number);
        out->type = &type_time;
        out->u.i64 = number;
        return failed;
    case 5:
        return read_timedelta(object, block, out);
    case 6: {
        PyObject *bytes = PyObject_GetAttrString(object, "bytes");
        out->type = &type_uuid;
        failed = bytes == NULL ? -1 : read_bytes(bytes, block, out);
        Py_XDECREF(bytes);
        return failed;
    }
    default:
        if (failed == 0) {
            PyErr_Format(PyExc_TypeError, "a parameter cannot be %R", Py_TYPE(object));
        }
        return -1;
    }
}

static int read_value(PyObject *object, char **block, struct tarn_value *out)
{
    *out = (struct tarn_value){.type = &type_null, .is_null = true};
    if (object == Py_None) {
        return 0;
    }
    out->is_null = false;
    if (PyBool_Check(object)) {
        out->type = &type_bool;
        out->u.boolean = object == Py_True;
        return 0;
    }
    if (PyLong_Check(object)) {
        return read_int(object, out);
    }
    if (PyFloat_Check(object)) {
        out->type = &type_f64;
        out->u.f64 = PyFloat_AsDouble(object);
        return 0;
    }
    if (PyUnicode_Check(object)) {
        PyObject *utf8 = PyUnicode_AsUTF8String(object);
        const int failed = utf8 == NULL ? -1 : read_bytes(utf8, block, out);
        out->type = &type_text;
        Py_XDECREF(utf8);
        return failed;
    }
    if (PyBytes_Check(object)) {
        out->type = &type_binary;
        return read_bytes(object, block, out);
    }
    return read_other(object, block, out);
}

void parameters_free(struct parameters *parameters)
{
    for (uint32_t i = 0; parameters->blocks != NULL && i < parameters->count * 2; i++) {
        free(parameters->blocks[i]);
    }
    free(parameters->blocks);
    free(parameters->items);
    *parameters = (struct parameters){0, NULL, NULL};
}

int parameters_read(PyObject *dict, struct parameters *out)
{
    const size_t room = (size_t)PyDict_Size(dict);
    PyObject *name;
    PyObject *value;
    Py_ssize_t at = 0;
    *out = (struct parameters){0, calloc(room + 1, sizeof(*out->items)), calloc(room * 2 + 1, sizeof(*out->blocks))};
    if (out->items == NULL || out->blocks == NULL) {
        parameters_free(out);
        PyErr_NoMemory();
        return -1;
    }
    while (out->count < room && PyDict_Next(dict, &at, &name, &value)) {
        const size_t i = out->count++;
        out->blocks[2 * i] = text_copy(name);
        out->items[i].name = text_span(out->blocks[2 * i]);
        if (out->blocks[2 * i] == NULL || read_value(value, &out->blocks[2 * i + 1], &out->items[i].value) != 0) {
            parameters_free(out);
            return -1;
        }
    }
    return 0;
}
