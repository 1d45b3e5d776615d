/* SPDX-License-Identifier: Apache-2.0
 *
 * Files with options, for read_parquet, read_csv and read_json: opened anew for every reading of their rows.
 */
#include "bindings/python/native/python_module.h"

/* Texts of a request, by their place in `texts`. */
enum { TEXT_DELIMITER, TEXT_QUOTE, TEXT_ESCAPE, TEXT_ENCODING, TEXT_COMMENT, TEXT_DATE_FORMAT, TEXT_DECIMAL, TEXT_RECORDS };

static const char *const text_names[] = {"delimiter",         "quote",  "escape", "encoding", "comment", "date_format",
                                         "decimal_separator", "records"};

void file_request_free(struct file_request *file)
{
    for (size_t i = 0; i < sizeof(file->texts) / sizeof(file->texts[0]); i++) {
        free(file->texts[i]);
    }
    for (uint32_t i = 0; file->nulls != NULL && i < file->csv.null_count; i++) {
        free((char *)(uintptr_t)file->nulls[i].data);
    }
    free(file->nulls);
    free(file->types);
    free(file->path);
    memset(file, 0, sizeof(*file));
}

/* A text of the dict; absent and None: NULL. -1 with an exception set. */
static int get_text(PyObject *dict, const char *name, char **out)
{
    PyObject *value = PyDict_GetItemString(dict, name);
    *out = NULL;
    if (value == NULL || value == Py_None) {
        return 0;
    }
    if (!PyUnicode_Check(value)) {
        PyErr_Format(PyExc_TypeError, "%s is a str", name);
        return -1;
    }
    *out = text_copy(value);
    return *out != NULL ? 0 : -1;
}

static int get_char(const struct file_request *file, int which, char *out)
{
    const char *text = file->texts[which];
    if (text != NULL && strlen(text) != 1) {
        PyErr_Format(PyExc_ValueError, "%s is one ASCII character", text_names[which]);
        return -1;
    }
    *out = text != NULL ? text[0] : 0;
    return 0;
}

static int get_truth(PyObject *dict, const char *name, int *out)
{
    PyObject *value = PyDict_GetItemString(dict, name);
    *out = value == NULL || value == Py_None ? -1 : PyObject_IsTrue(value);
    return PyErr_Occurred() != NULL ? -1 : 0;
}

static int get_number(PyObject *dict, const char *name, unsigned long *out)
{
    PyObject *value = PyDict_GetItemString(dict, name);
    *out = value == NULL || value == Py_None ? 0 : PyLong_AsUnsignedLong(value);
    return PyErr_Occurred() != NULL ? -1 : 0;
}

static int get_nulls(PyObject *dict, struct file_request *file)
{
    PyObject *value = PyDict_GetItemString(dict, "nulls");
    if (value == NULL || value == Py_None) {
        return 0;
    }
    const Py_ssize_t count = PySequence_Size(value);
    file->nulls = count >= 0 ? calloc((size_t)count + 1, sizeof(*file->nulls)) : NULL;
    if (file->nulls == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(value, i);
        char *text = item != NULL ? text_copy(item) : NULL;
        Py_XDECREF(item);
        if (text == NULL) {
            return -1;
        }
        file->nulls[file->csv.null_count++] = text_span(text);
    }
    file->csv.nulls = file->nulls;
    return 0;
}

static int read_csv_options(PyObject *dict, struct file_request *file)
{
    struct tarn_csv_options *csv = &file->csv;
    unsigned long skip;
    unsigned long sample;
    int header;
    int quoted;
    int all_varchar;
    int prefer_decimal;
    if (get_char(file, TEXT_DELIMITER, &csv->delimiter) != 0 || get_char(file, TEXT_QUOTE, &csv->quote) != 0 ||
        get_char(file, TEXT_ESCAPE, &csv->escape) != 0 || get_char(file, TEXT_COMMENT, &csv->comment) != 0 ||
        get_char(file, TEXT_DECIMAL, &csv->decimal_separator) != 0 || get_truth(dict, "header", &header) != 0 ||
        get_truth(dict, "quoted", &quoted) != 0 || get_truth(dict, "all_varchar", &all_varchar) != 0 ||
        get_truth(dict, "prefer_decimal", &prefer_decimal) != 0 || get_number(dict, "skip", &skip) != 0 ||
        get_number(dict, "sample_rows", &sample) != 0 || get_nulls(dict, file) != 0) {
        return -1;
    }
    csv->header = header < 0 ? TARN_CHOICE_AUTO : header == 0 ? TARN_CHOICE_NO : TARN_CHOICE_YES;
    csv->no_quote = quoted == 0;
    csv->all_varchar = all_varchar == 1;
    csv->prefer_decimal = prefer_decimal == 1;
    csv->skip = (uint32_t)(skip > UINT32_MAX ? UINT32_MAX : skip);
    csv->sample_rows = sample;
    csv->encoding = text_span(file->texts[TEXT_ENCODING]);
    csv->date_format = text_span(file->texts[TEXT_DATE_FORMAT]);
    file->json.sample_rows = sample;
    file->json.records = text_span(file->texts[TEXT_RECORDS]);
    return 0;
}

static int read_request(PyObject *dict, struct file_request *file)
{
    char *format;
    if (get_text(dict, "path", &file->path) != 0 || get_text(dict, "types", &file->types) != 0 || get_text(dict, "format", &format) != 0) {
        return -1;
    }
    if (file->path == NULL) {
        free(format);
        PyErr_SetString(PyExc_TypeError, "a path is wanted");
        return -1;
    }
    file->format = format == NULL                   ? TARN_FILE_AUTO
                   : strcmp(format, "parquet") == 0 ? TARN_FILE_PARQUET
                   : strcmp(format, "csv") == 0     ? TARN_FILE_CSV
                                                    : TARN_FILE_JSON;
    free(format);
    for (size_t i = 0; i < sizeof(text_names) / sizeof(text_names[0]); i++) {
        if (get_text(dict, text_names[i], &file->texts[i]) != 0) {
            return -1;
        }
    }
    return read_csv_options(dict, file);
}

int file_request_read(PyObject *dict, struct file_request *out)
{
    static const struct file_request init = {.csv = TARN_CSV_OPTIONS_INIT, .json = TARN_JSON_OPTIONS_INIT};
    *out = init;
    if (read_request(dict, out) != 0) {
        file_request_free(out);
        return -1;
    }
    return 0;
}

/* "a BIGINT, b VARCHAR" is the inside of a STRUCT. */
static enum tarn_status parse_types(struct tarn_env *env, const char *types, struct tarn_schema **out, struct tarn_error *err)
{
    const size_t room = strlen(types) + sizeof("STRUCT()");
    struct tarn_schema *holder;
    const struct tarn_type *type;
    char *whole = malloc(room);
    *out = NULL;
    if (whole == NULL) {
        return errors_set(err, TARN_NOMEM, "", "there is no memory");
    }
    snprintf(whole, room, "STRUCT(%s)", types);
    enum tarn_status status = tarn_type_parse(env, text_span(whole), &holder, &type, err);
    if (status == TARN_OK) {
        status = tarn_schema_make(env, type->field_count, type->fields, 0, NULL, out, err);
        tarn_schema_release(holder);
    }
    free(whole);
    return status;
}

static enum tarn_status open_in(const struct file_request *file, struct tarn_store *store, struct tarn_text key,
                                const struct tarn_schema *schema, struct tarn_source **out, struct tarn_error *err)
{
    if (file->format == TARN_FILE_CSV) {
        struct tarn_csv_options options = file->csv;
        options.schema = schema;
        return tarn_csv_open(store, key, &options, out, err);
    }
    if (file->format == TARN_FILE_JSON) {
        struct tarn_json_options options = file->json;
        options.schema = schema;
        return tarn_json_open(store, key, &options, out, err);
    }
    struct tarn_parquet_read_options options = TARN_PARQUET_READ_OPTIONS_INIT;
    options.wide_timestamps = TARN_WIDE_MICROS;
    return tarn_parquet_open(store, key, &options, out, err);
}

enum tarn_status file_request_open(const struct file_request *file, struct world *world, struct tarn_source **out, struct tarn_error *err)
{
    const char *slash = strrchr(file->path, '/');
    const struct tarn_text key = text_span(slash != NULL ? slash + 1 : file->path);
    const struct tarn_text folder = slash == NULL         ? TARN_TEXT(".")
                                    : slash == file->path ? TARN_TEXT("/")
                                                          : (struct tarn_text){file->path, (size_t)(slash - file->path)};
    struct tarn_schema *schema = NULL;
    struct tarn_store *store = NULL;
    *out = NULL;
    enum tarn_status status = file->types != NULL ? parse_types(world->env, file->types, &schema, err) : TARN_OK;
    status = status == TARN_OK ? tarn_store_open(world->env, folder, false, &store, err) : status;
    status = status == TARN_OK ? open_in(file, store, key, schema, out, err) : status;
    tarn_store_close(store);
    tarn_schema_release(schema);
    return status;
}
