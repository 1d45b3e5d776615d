/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of a table: its newest or a former version, its files, its history. SPEC: B-PY-8.
 */
#include "bindings/python/native/python_module.h"

/* Steals `value`. */
static int put(PyObject *dict, const char *name, PyObject *value)
{
    const int failed = value == NULL ? -1 : PyDict_SetItemString(dict, name, value);
    Py_XDECREF(value);
    return failed;
}

static PyObject *none(void)
{
    Py_RETURN_NONE;
}

static PyObject *text_or_none(struct tarn_text text)
{
    return text.size != 0 ? value_text(text) : none();
}

static PyObject *number(uint64_t value)
{
    return PyLong_FromUnsignedLongLong(value);
}

static PyObject *texts(uint32_t count, const struct tarn_text *items)
{
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (uint32_t i = 0; list != NULL && i < count; i++) {
        PyObject *text = value_text(items[i]);
        if (text == NULL || PyList_SetItem(list, (Py_ssize_t)i, text) != 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

/* ---- a version ---- */

/* (env, path, version or None, microseconds or None, ref or None) */
static struct world *load_snapshot(PyObject *args, struct tarn_snapshot **out)
{
    PyObject *env;
    PyObject *path;
    PyObject *version;
    PyObject *as_of;
    PyObject *ref;
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct call call;
    *out = NULL;
    if (!PyArg_ParseTuple(args, "OUOOO", &env, &path, &version, &as_of, &ref)) {
        return NULL;
    }
    if (version != Py_None) {
        options.version = PyLong_AsLongLong(version);
    }
    if (as_of != Py_None) {
        options.as_of = PyLong_AsLongLong(as_of);
    }
    if (PyErr_Occurred() == NULL && version != Py_None && options.version == -1) { /* would be the newest */
        PyErr_SetString(PyExc_ValueError, "there is no version -1");
    }
    char *uri = PyErr_Occurred() == NULL ? text_copy(path) : NULL;
    char *name = uri != NULL && ref != Py_None ? text_copy(ref) : NULL;
    struct world *world = uri != NULL && PyErr_Occurred() == NULL ? world_of(env) : NULL;
    if (world != NULL) {
        options.ref = text_span(name);
        call_begin(&call);
        const enum tarn_status status = tarn_snapshot_load(world->env, text_span(uri), &options, out, &err);
        if (!call_end(&call, status, &err)) {
            world_release(world);
            world = NULL;
        }
    }
    free(uri);
    free(name);
    return world;
}

static void close_snapshot(struct world *world, struct tarn_snapshot *snapshot)
{
    PyThreadState *state = PyEval_SaveThread();
    tarn_snapshot_close(snapshot);
    world_release(world);
    PyEval_RestoreThread(state);
}

static PyObject *properties_of(const struct tarn_snapshot_info *info)
{
    PyObject *dict = PyDict_New();
    for (uint32_t i = 0; dict != NULL && i < info->property_count; i++) {
        PyObject *key = value_text(info->properties[i].key);
        PyObject *value = value_text(info->properties[i].value);
        if (key == NULL || value == NULL || PyDict_SetItem(dict, key, value) != 0) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(key);
        Py_XDECREF(value);
    }
    return dict;
}

static PyObject *describe(PyObject *module, PyObject *args)
{
    struct tarn_snapshot *snapshot;
    struct world *world = load_snapshot(args, &snapshot);
    (void)module;
    if (world == NULL) {
        return NULL;
    }
    const struct tarn_snapshot_info info = tarn_snapshot_info(snapshot);
    PyObject *dict = PyDict_New();
    if (dict == NULL || put(dict, "format", PyUnicode_FromString(info.format)) != 0 || put(dict, "id", text_or_none(info.table_id)) != 0 ||
        put(dict, "name", text_or_none(info.name)) != 0 || put(dict, "comment", text_or_none(info.comment)) != 0 ||
        put(dict, "version", PyLong_FromLongLong(info.version)) != 0 || put(dict, "timestamp", value_moment(info.timestamp)) != 0 ||
        put(dict, "files", number(info.file_count)) != 0 || put(dict, "bytes", number(info.total_bytes)) != 0 ||
        put(dict, "rows", info.has_row_count ? number(info.row_count) : none()) != 0 ||
        put(dict, "partition_by", texts(info.partition_column_count, info.partition_columns)) != 0 ||
        put(dict, "properties", properties_of(&info)) != 0 || put(dict, "features", texts(info.feature_count, info.features)) != 0 ||
        put(dict, "schema", schema_new(world, tarn_snapshot_schema(snapshot))) != 0) {
        Py_CLEAR(dict);
    }
    close_snapshot(world, snapshot);
    return dict;
}

/* ---- files ---- */

struct file_list {
    PyObject *list;
    struct tarn_snapshot_info info;
};

static PyObject *partition_of(const struct file_list *files, const struct tarn_file_info *file)
{
    PyObject *dict = PyDict_New();
    for (uint32_t i = 0; dict != NULL && i < file->partition_count && i < files->info.partition_column_count; i++) {
        PyObject *key = value_text(files->info.partition_columns[i]);
        PyObject *value = key != NULL ? value_of_scalar(&file->partition_values[i]) : NULL;
        if (value == NULL || PyDict_SetItem(dict, key, value) != 0) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(key);
        Py_XDECREF(value);
    }
    return dict;
}

/* With the GIL: an exception ends the listing and stays set. */
static enum tarn_status add_file(void *arg, const struct tarn_file_info *file, struct tarn_error *err)
{
    struct file_list *files = arg;
    const PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *dict = PyDict_New();
    const bool fine = dict != NULL && put(dict, "path", value_text(file->path)) == 0 && put(dict, "size", number(file->size)) == 0 &&
                      put(dict, "modified", value_moment(file->modified)) == 0 &&
                      put(dict, "rows", file->has_row_count ? number(file->row_count) : none()) == 0 &&
                      put(dict, "partition", partition_of(files, file)) == 0 &&
                      put(dict, "statistics", text_or_none(file->statistics)) == 0 && PyList_Append(files->list, dict) == 0;
    Py_XDECREF(dict);
    PyGILState_Release(gil);
    return fine ? TARN_OK : errors_set(err, TARN_CANCELLED, "python", "an exception in Python");
}

static PyObject *list_files(PyObject *module, PyObject *args)
{
    struct tarn_snapshot *snapshot;
    struct tarn_error err = TARN_ERROR_INIT;
    struct call call;
    struct world *world = load_snapshot(args, &snapshot);
    (void)module;
    if (world == NULL) {
        return NULL;
    }
    struct file_list files = {PyList_New(0), tarn_snapshot_info(snapshot)};
    if (files.list != NULL) {
        call_begin(&call);
        const enum tarn_status status = tarn_snapshot_files(snapshot, add_file, &files, &err);
        if (!call_end(&call, status, &err)) {
            Py_CLEAR(files.list);
        }
    }
    close_snapshot(world, snapshot);
    return files.list;
}

/* ---- history ---- */

static PyObject *counts(const struct tarn_commit_info *commit)
{
    PyObject *dict = PyDict_New();
    if (dict == NULL || put(dict, "files_added", number(commit->files_added)) != 0 ||
        put(dict, "files_removed", number(commit->files_removed)) != 0 || put(dict, "bytes_added", number(commit->bytes_added)) != 0 ||
        put(dict, "rows_added", commit->has_rows_added ? number(commit->rows_added) : none()) != 0 ||
        put(dict, "rows_removed", commit->has_rows_removed ? number(commit->rows_removed) : none()) != 0) {
        Py_CLEAR(dict);
    }
    return dict;
}

static enum tarn_status add_commit(void *arg, const struct tarn_commit_info *commit, struct tarn_error *err)
{
    const PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *dict = counts(commit);
    const bool fine =
        dict != NULL && put(dict, "version", PyLong_FromLongLong(commit->version)) == 0 &&
        put(dict, "timestamp", value_moment(commit->timestamp)) == 0 && put(dict, "operation", text_or_none(commit->operation)) == 0 &&
        put(dict, "parameters", text_or_none(commit->parameters)) == 0 && put(dict, "metrics", text_or_none(commit->metrics)) == 0 &&
        put(dict, "engine", text_or_none(commit->engine)) == 0 && put(dict, "commit_id", text_or_none(commit->commit_id)) == 0 &&
        put(dict, "user_metadata", text_or_none(commit->user_metadata)) == 0 && PyList_Append(arg, dict) == 0;
    Py_XDECREF(dict);
    PyGILState_Release(gil);
    return fine ? TARN_OK : errors_set(err, TARN_CANCELLED, "python", "an exception in Python");
}

static PyObject *history(PyObject *module, PyObject *args)
{
    PyObject *env;
    PyObject *path;
    unsigned long long limit;
    struct tarn_error err = TARN_ERROR_INIT;
    struct call call;
    (void)module;
    if (!PyArg_ParseTuple(args, "OUK:history", &env, &path, &limit)) {
        return NULL;
    }
    char *uri = text_copy(path);
    struct world *world = uri != NULL ? world_of(env) : NULL;
    PyObject *list = world != NULL ? PyList_New(0) : NULL;
    if (list != NULL) {
        call_begin(&call);
        const enum tarn_status status = tarn_table_history(world->env, text_span(uri), limit, add_commit, list, &err);
        if (!call_end(&call, status, &err)) {
            Py_CLEAR(list);
        }
    }
    world_release(world);
    free(uri);
    return list;
}

static PyObject *restore(PyObject *module, PyObject *args)
{
    PyObject *env;
    PyObject *path;
    long long version;
    struct tarn_commit_result result = {0};
    struct tarn_error err = TARN_ERROR_INIT;
    struct call call;
    bool fine = false;
    (void)module;
    if (!PyArg_ParseTuple(args, "OUL:restore", &env, &path, &version)) {
        return NULL;
    }
    char *uri = text_copy(path);
    struct world *world = uri != NULL ? world_of(env) : NULL;
    if (world != NULL) {
        call_begin(&call);
        const enum tarn_status status = tarn_table_restore(world->env, text_span(uri), version, &result, &err);
        fine = call_end(&call, status, &err);
    }
    world_release(world);
    free(uri);
    return fine ? PyLong_FromLongLong(result.version) : NULL;
}

static PyObject *check_expression(PyObject *module, PyObject *args)
{
    PyObject *env;
    const char *text;
    Py_ssize_t size;
    struct tarn_error err = TARN_ERROR_INIT;
    (void)module;
    if (!PyArg_ParseTuple(args, "Os#:check_expression", &env, &text, &size)) {
        return NULL;
    }
    struct world *world = world_of(env);
    if (world == NULL) {
        return NULL;
    }
    const enum tarn_status status = tarn_expression_check(world->env, (struct tarn_text){text, (size_t)size}, &err);
    world_release(world);
    return status == TARN_OK ? none() : errors_raise(&err);
}

int table_init(PyObject *module)
{
    static PyMethodDef functions[] = {
        {"describe", describe, METH_VARARGS, "describe(env, path, version, as_of, ref): facts of a version of a table."},
        {"files", list_files, METH_VARARGS, "files(env, path, version, as_of, ref): its files."},
        {"history", history, METH_VARARGS, "history(env, path, limit): commits from the newest on."},
        {"restore", restore, METH_VARARGS, "restore(env, path, version): a new version that is equal to a former one."},
        {"check_expression", check_expression, METH_VARARGS, "check_expression(env, text): is it one SQL expression and nothing else?"},
        {NULL, NULL, 0, NULL},
    };
    return PyModule_AddFunctions(module, functions);
}
