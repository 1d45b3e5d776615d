/* SPDX-License-Identifier: Apache-2.0
 *
 * Values to Python objects and back: rows for those who have no Arrow library, parameters of statements. SPEC: B-PY-4.
 *
 * No conversion loses anything: a moment that Python's types cannot hold (nanoseconds, years beyond 9999) is a ValueError, not another
 * moment. The limited API has neither datetime's C interface nor decimal's, so their classes are called.
 */
#include "bindings/python/native/python_module.h"

static struct {
    PyObject *decimal;
    PyObject *date;
    PyObject *datetime;
    PyObject *time;
    PyObject *timedelta;
    PyObject *utc;
    PyObject *epoch;     /* datetime without a zone */
    PyObject *epoch_utc; /* aware */
    PyObject *uuid;
} classes;

enum { DAYS_TO_EPOCH = 719163, MOST_DIGITS = 38 };

static const int64_t per_second[] = {1, 1000, 1000000, 1000000000};

int values_init(void)
{
    PyObject *datetime = PyImport_ImportModule("datetime");
    PyObject *decimal = PyImport_ImportModule("decimal");
    PyObject *uuid = PyImport_ImportModule("uuid");
    if (datetime != NULL && decimal != NULL && uuid != NULL) {
        PyObject *zone = PyObject_GetAttrString(datetime, "timezone");
        classes.decimal = PyObject_GetAttrString(decimal, "Decimal");
        classes.date = PyObject_GetAttrString(datetime, "date");
        classes.datetime = PyObject_GetAttrString(datetime, "datetime");
        classes.time = PyObject_GetAttrString(datetime, "time");
        classes.timedelta = PyObject_GetAttrString(datetime, "timedelta");
        classes.uuid = PyObject_GetAttrString(uuid, "UUID");
        classes.utc = zone != NULL ? PyObject_GetAttrString(zone, "utc") : NULL;
        classes.epoch = classes.datetime != NULL ? PyObject_CallFunction(classes.datetime, "iii", 1970, 1, 1) : NULL;
        classes.epoch_utc =
            classes.utc != NULL ? PyObject_CallFunction(classes.datetime, "iiiiiiiO", 1970, 1, 1, 0, 0, 0, 0, classes.utc) : NULL;
        Py_XDECREF(zone);
    }
    Py_XDECREF(datetime);
    Py_XDECREF(decimal);
    Py_XDECREF(uuid);
    return PyErr_Occurred() != NULL ? -1 : 0;
}

char *text_copy(PyObject *text)
{
    PyObject *utf8 = PyUnicode_AsUTF8String(text); /* TypeError when it is no str */
    char *bytes;
    Py_ssize_t size;
    if (utf8 == NULL || PyBytes_AsStringAndSize(utf8, &bytes, &size) != 0) {
        Py_XDECREF(utf8);
        return NULL;
    }
    char *copy = strlen(bytes) == (size_t)size ? malloc((size_t)size + 1) : NULL;
    if (copy != NULL) {
        memcpy(copy, bytes, (size_t)size + 1);
    } else if (strlen(bytes) != (size_t)size) {
        PyErr_SetString(PyExc_ValueError, "a NUL character cannot be in here");
    } else {
        PyErr_NoMemory();
    }
    Py_DECREF(utf8);
    return copy;
}

struct tarn_text text_span(const char *text)
{
    return text != NULL ? (struct tarn_text){text, strlen(text)} : (struct tarn_text){NULL, 0};
}

PyObject *value_text(struct tarn_text text)
{
    return PyUnicode_DecodeUTF8(text.data, (Py_ssize_t)text.size, "strict");
}

/* ---- one value ---- */

static PyObject *delta(int64_t seconds, int64_t microseconds)
{
    return PyObject_CallFunction(classes.timedelta, "iLL", 0, (long long)seconds, (long long)microseconds);
}

/* Whole microseconds; -1 with ValueError when there is something below them. */
static int to_micros(int64_t ticks, enum tarn_time_unit unit, int64_t *seconds, int64_t *micros)
{
    const int64_t scale = per_second[unit];
    int64_t rest = ticks % scale;
    *seconds = ticks / scale;
    if (rest < 0) {
        rest += scale;
        --*seconds;
    }
    if (unit == TARN_NANO && rest % 1000 != 0) {
        PyErr_SetString(PyExc_ValueError,
                        "Python's times have microseconds, and this value has nanoseconds: take it through Arrow, or CAST it");
        return -1;
    }
    *micros = unit == TARN_NANO ? rest / 1000 : rest * (1000000 / scale);
    return 0;
}

static PyObject *moment(PyObject *epoch, int64_t seconds, int64_t micros)
{
    PyObject *since = delta(seconds, micros);
    PyObject *result = since != NULL ? PyNumber_Add(epoch, since) : NULL;
    Py_XDECREF(since);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_OverflowError)) {
        PyErr_SetString(PyExc_ValueError, "the date is out of the range of Python's datetime: take it through Arrow");
    }
    return result;
}

PyObject *value_moment(int64_t microseconds)
{
    int64_t seconds;
    int64_t micros;
    return to_micros(microseconds, TARN_MICRO, &seconds, &micros) == 0 ? moment(classes.epoch_utc, seconds, micros) : NULL;
}

static PyObject *moment_of(const struct tarn_type *type, int64_t ticks)
{
    int64_t seconds;
    int64_t micros;
    if (to_micros(ticks, type->wide ? TARN_MICRO : type->unit, &seconds, &micros) != 0) {
        return NULL;
    }
    return moment(type->utc ? classes.epoch_utc : classes.epoch, seconds, micros);
}

static PyObject *time_of(const struct tarn_type *type, int64_t ticks)
{
    int64_t seconds;
    int64_t micros;
    if (to_micros(ticks, type->unit, &seconds, &micros) != 0) {
        return NULL;
    }
    return PyObject_CallFunction(classes.time, "iiii", (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60), (int)micros);
}

static PyObject *duration_of(const struct tarn_type *type, int64_t ticks)
{
    int64_t seconds;
    int64_t micros;
    return to_micros(ticks, type->unit, &seconds, &micros) == 0 ? delta(seconds, micros) : NULL;
}

static PyObject *date_of(int64_t days)
{
    if (days <= -DAYS_TO_EPOCH || days > 2932896) {
        PyErr_SetString(PyExc_ValueError, "the date is out of the range of Python's date: take it through Arrow");
        return NULL;
    }
    return PyObject_CallMethod(classes.date, "fromordinal", "i", (int)days + DAYS_TO_EPOCH);
}

static PyObject *integer_of_bytes(const void *bytes, size_t size)
{
    PyObject *method = PyObject_GetAttrString((PyObject *)&PyLong_Type, "from_bytes");
    PyObject *args = Py_BuildValue("(y#s)", (const char *)bytes, (Py_ssize_t)size, "little");
    PyObject *kwargs = Py_BuildValue("{s:O}", "signed", Py_True);
    PyObject *result = method != NULL && args != NULL && kwargs != NULL ? PyObject_Call(method, args, kwargs) : NULL;
    Py_XDECREF(method);
    Py_XDECREF(args);
    Py_XDECREF(kwargs);
    return result;
}

/* Through text, since arithmetic of Decimal rounds to its context. */
static PyObject *decimal_of(const struct tarn_type *type, const void *words, size_t size)
{
    PyObject *unscaled = integer_of_bytes(words, size);
    PyObject *text = unscaled != NULL ? PyUnicode_FromFormat("%SE%d", unscaled, -(int)type->scale) : NULL;
    PyObject *result = text != NULL ? PyObject_CallFunctionObjArgs(classes.decimal, text, NULL) : NULL;
    Py_XDECREF(unscaled);
    Py_XDECREF(text);
    return result;
}

static PyObject *bytes_of(const struct tarn_type *type, const void *data, size_t size)
{
    const char *bytes = data;
    switch (type->id) {
    case TARN_TYPE_STRING:
    case TARN_TYPE_JSON:
    case TARN_TYPE_ENUM:
        return PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)size, "strict");
    case TARN_TYPE_UUID: {
        PyObject *raw = PyBytes_FromStringAndSize(bytes, (Py_ssize_t)size);
        PyObject *result = raw != NULL ? PyObject_CallFunction(classes.uuid, "OO", Py_None, raw) : NULL; /* UUID(hex, bytes) */
        Py_XDECREF(raw);
        return result;
    }
    case TARN_TYPE_INTERVAL: {
        int32_t months;
        int32_t days;
        int64_t nanos;
        memcpy(&months, bytes, 4);
        memcpy(&days, bytes + 4, 4);
        memcpy(&nanos, bytes + 8, 8);
        return Py_BuildValue("iiL", (int)months, (int)days, (long long)nanos);
    }
    default:
        return PyBytes_FromStringAndSize(bytes, (Py_ssize_t)size);
    }
}

static PyObject *integer_of(const struct tarn_type *type, int64_t value)
{
    switch (type->id) {
    case TARN_TYPE_DATE:
        return date_of(value);
    case TARN_TYPE_TIME:
        return time_of(type, value);
    case TARN_TYPE_TIMESTAMP:
        return moment_of(type, value);
    case TARN_TYPE_DURATION:
        return duration_of(type, value);
    case TARN_TYPE_DECIMAL:
        return decimal_of(type, &value, sizeof(value));
    default:
        return PyLong_FromLongLong(value);
    }
}

PyObject *value_of_scalar(const struct tarn_value *value)
{
    if (value->is_null) {
        Py_RETURN_NONE;
    }
    switch (tarn_type_kind(value->type)) {
    case TARN_KIND_BOOL:
        return PyBool_FromLong(value->u.boolean);
    case TARN_KIND_I8:
    case TARN_KIND_I16:
    case TARN_KIND_I32:
    case TARN_KIND_I64:
        return integer_of(value->type, value->u.i64);
    case TARN_KIND_U8:
    case TARN_KIND_U16:
    case TARN_KIND_U32:
    case TARN_KIND_U64:
        return PyLong_FromUnsignedLongLong(value->u.u64);
    case TARN_KIND_F16:
    case TARN_KIND_F32:
    case TARN_KIND_F64:
        return PyFloat_FromDouble(value->u.f64);
    case TARN_KIND_I128:
    case TARN_KIND_I256:
        if (value->type->id == TARN_TYPE_DECIMAL) {
            return decimal_of(value->type, value->u.words, sizeof(value->u.words));
        }
        break;
    case TARN_KIND_BYTES:
    case TARN_KIND_FIXED:
        return bytes_of(value->type, value->u.bytes.data, value->u.bytes.size);
    default:
        break;
    }
    PyErr_SetString(PyExc_TypeError, "a value of this type has no Python object");
    return NULL;
}

/* ---- a row of an Arrow array, laid out as tarn exports ---- */

static bool is_null(const struct ArrowArray *array, int64_t at)
{
    const uint8_t *validity = array->n_buffers > 0 ? array->buffers[0] : NULL;
    return validity != NULL && (validity[at / 8] >> (at % 8) & 1) == 0;
}

static PyObject *list_of(const struct tarn_type *type, const struct ArrowArray *array, int64_t at)
{
    const int32_t *offsets = array->buffers[1];
    PyObject *list = PyList_New(offsets[at + 1] - offsets[at]);
    for (int32_t i = offsets[at]; list != NULL && i < offsets[at + 1]; i++) {
        PyObject *item;
        if (type->id == TARN_TYPE_LIST) {
            item = value_of_array(type->fields[0].type, array->children[0], i);
        } else { /* a map's entries are structs of key and value */
            const struct ArrowArray *entries = array->children[0];
            PyObject *key = value_of_array(type->fields[0].type, entries->children[0], entries->offset + i);
            PyObject *value = key != NULL ? value_of_array(type->fields[1].type, entries->children[1], entries->offset + i) : NULL;
            item = value != NULL ? PyTuple_Pack(2, key, value) : NULL;
            Py_XDECREF(key);
            Py_XDECREF(value);
        }
        if (item == NULL || PyList_SetItem(list, i - offsets[at], item) != 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

static PyObject *struct_of(const struct tarn_type *type, const struct ArrowArray *array, int64_t at)
{
    static const struct tarn_type binary = {.id = TARN_TYPE_BINARY};
    static const struct tarn_field variant[] = {{.name = {"metadata", 8}, .type = &binary}, {.name = {"value", 5}, .type = &binary}};
    const struct tarn_field *fields = type->id == TARN_TYPE_VARIANT ? variant : type->fields;
    PyObject *dict = PyDict_New();
    for (int64_t i = 0; dict != NULL && i < array->n_children; i++) {
        PyObject *name = value_text(fields[i].name);
        PyObject *value = name != NULL ? value_of_array(fields[i].type, array->children[i], at) : NULL;
        if (value == NULL || PyDict_SetItem(dict, name, value) != 0) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(name);
        Py_XDECREF(value);
    }
    return dict;
}

static PyObject *half_of(uint16_t half)
{
    PyObject *module = PyImport_ImportModule("struct");
    PyObject *pair =
        module != NULL ? PyObject_CallMethod(module, "unpack", "sy#", "=e", (const char *)&half, (Py_ssize_t)sizeof(half)) : NULL;
    PyObject *value = pair != NULL ? PyTuple_GetItem(pair, 0) : NULL;
    Py_XINCREF(value);
    Py_XDECREF(module);
    Py_XDECREF(pair);
    return value;
}

#define READ(ctype, values, at) (((const ctype *)(values))[at])

static PyObject *fixed_of(const struct tarn_type *type, const void *values, int64_t at)
{
    switch (tarn_type_kind(type)) {
    case TARN_KIND_BOOL:
        return PyBool_FromLong(READ(uint8_t, values, at / 8) >> (at % 8) & 1);
    case TARN_KIND_I8:
        return integer_of(type, READ(int8_t, values, at));
    case TARN_KIND_I16:
        return integer_of(type, READ(int16_t, values, at));
    case TARN_KIND_I32:
        return integer_of(type, READ(int32_t, values, at));
    case TARN_KIND_I64:
        return integer_of(type, READ(int64_t, values, at));
    case TARN_KIND_U8:
        return PyLong_FromLong(READ(uint8_t, values, at));
    case TARN_KIND_U16:
        return PyLong_FromLong(READ(uint16_t, values, at));
    case TARN_KIND_U32:
        return PyLong_FromUnsignedLong(READ(uint32_t, values, at));
    case TARN_KIND_U64:
        return PyLong_FromUnsignedLongLong(READ(uint64_t, values, at));
    case TARN_KIND_F16:
        return half_of(READ(uint16_t, values, at));
    case TARN_KIND_F32:
        return PyFloat_FromDouble((double)READ(float, values, at));
    case TARN_KIND_F64:
        return PyFloat_FromDouble(READ(double, values, at));
    case TARN_KIND_I128: /* a wide timestamp: it left in microseconds */
        return integer_of(type, READ(int64_t, values, at));
    default:
        return bytes_of(type, (const char *)values + (size_t)at * tarn_type_width(type), tarn_type_width(type));
    }
}

PyObject *value_of_array(const struct tarn_type *type, const struct ArrowArray *array, int64_t row)
{
    const int64_t at = array->offset + row;
    if (type->id == TARN_TYPE_NULL || is_null(array, at)) {
        Py_RETURN_NONE;
    }
    switch (type->id) {
    case TARN_TYPE_LIST:
    case TARN_TYPE_MAP:
        return list_of(type, array, at);
    case TARN_TYPE_STRUCT:
    case TARN_TYPE_VARIANT:
        return struct_of(type, array, at);
    case TARN_TYPE_DECIMAL:
        if (type->precision <= 76) { /* wider ones leave as bytes */
            const size_t width = type->precision > MOST_DIGITS ? 32 : 16;
            return decimal_of(type, (const char *)array->buffers[1] + (size_t)at * width, width);
        }
        break;
    default:
        break;
    }
    if (tarn_type_kind(type) == TARN_KIND_BYTES) {
        const int32_t *offsets = array->buffers[1];
        const char *bytes = array->buffers[2];
        return bytes_of(type, bytes != NULL ? bytes + offsets[at] : "", (size_t)(offsets[at + 1] - offsets[at]));
    }
    return fixed_of(type, array->buffers[1], at);
}
