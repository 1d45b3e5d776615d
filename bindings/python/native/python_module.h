/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_BINDINGS_PYTHON_MODULE_H
#define TARN_BINDINGS_PYTHON_MODULE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdatomic.h>

#include "tarn/tarn.h"

/*
 * tarn._tarn, the part of the Python package that is C, over CPython's limited API of 3.9: one binary for every version from there on.
 *
 * What holds everywhere
 *  1. The GIL is given back around every call of tarn that may read, write or compute; what runs then touches no Python object.
 *  2. What an Arrow stream holds is C alone (struct world, struct statement): it may outlive the objects that made it, and be released on
 * any thread, with or without the GIL. Only frames that were lent by Python come with release functions of their own, which take the GIL.
 *  3. An exception that a signal handler raises ends the running call, and is raised where Python sees it next.
 */

/* ---- errors ---- */

/** Makes the exceptions, one a status, and adds them to the module. -1 with an exception set. */
int errors_init(PyObject *module);
/** Sets the exception of `err->code`. Always NULL. */
PyObject *errors_raise(const struct tarn_error *err);
/** An error of the binding's own. Returns err->code. */
enum tarn_status errors_set(struct tarn_error *err, enum tarn_status code, const char *detail, const char *format, ...) TARN_PRINTF(4, 5);

/* ---- the world that tarn runs in ---- */

/** An env with its pool. Counted, since streams outlive the Env that they came from. */
struct world {
    atomic_uint references;
    struct tarn_env *env;
    struct tarn_pool *pool;
    struct tarn_executor pooled; /**< of the pool */
};

extern PyTypeObject *world_type; /**< Env */
int world_init(PyObject *module);
/** Of an Env object; a new reference. NULL with TypeError. */
struct world *world_of(PyObject *env);
struct world *world_retain(struct world *world);
/** Needs no GIL. NULL is legal. */
void world_release(struct world *world);

/* ---- calls ---- */

/**
 * A call into tarn. While it runs, the thread that began it looks for signals now and then; what a handler raised is kept here.
 */
struct call {
    struct call *outer; /**< of this thread */
    pthread_t thread;
    bool watches; /**< on the thread whose signal handlers run */
    int64_t next_look;
    atomic_bool cancelled;
    PyObject *type; /**< the exception that a handler raised */
    PyObject *value;
    PyObject *traceback;
    PyThreadState *state; /**< given back by call_end */
};

/** Gives the GIL back. Between begin and end no Python object may be touched. */
void call_begin(struct call *call);
/** Takes the GIL again. `status` and `err` are the call's: true when all is well, false with an exception set. */
bool call_end(struct call *call, enum tarn_status status, const struct tarn_error *err);
/** The same for code that a consumer of a stream calls, who may hold the GIL or not: what a handler raised is raised by the interpreter. */
void call_enter(struct call *call);
void call_leave(struct call *call);
/** Hooks of the env. */
bool call_is_cancelled(void *ctx);
struct tarn_executor call_executor(struct world *world);

/* ---- values ---- */

int values_init(void);
/** One row of an exported column as a Python object. `type` is the column's. */
PyObject *value_of_array(const struct tarn_type *type, const struct ArrowArray *array, int64_t row);
PyObject *value_of_scalar(const struct tarn_value *value);
PyObject *value_moment(int64_t microseconds); /**< aware, UTC */
PyObject *value_text(struct tarn_text text);

/** Parameters of a statement with the memory that they refer to. */
struct parameters {
    uint32_t count;
    struct tarn_parameter *items;
    char **blocks; /**< two an item: name, bytes */
};
/** From a dict of names to values. -1 with an exception set. */
int parameters_read(PyObject *dict, struct parameters *out);
void parameters_free(struct parameters *parameters);

/* ---- schemas ---- */

extern PyTypeObject *schema_type;
int schema_init(PyObject *module);
PyObject *schema_new(struct world *world, const struct tarn_schema *schema);
/** The stream behind `object`, by __arrow_c_stream__ or __arrow_c_array__. -1 with an exception set. */
int stream_of_object(PyObject *object, struct ArrowArrayStream *out);
PyObject *stream_capsule(struct ArrowArrayStream *stream);
/** What a consumer's requested_schema asks of texts; anything else of it is not honoured. -1 with an exception set. */
int stream_wishes(PyObject *requested, const struct tarn_schema *schema, struct tarn_arrow_options *out);

/* ---- statements ---- */

int rows_init(PyObject *module);
int table_init(PyObject *module);
int write_init(PyObject *module);

/** A file with the options to read it by, which FROM calls "input". */
struct file_request {
    enum tarn_file_format format;
    char *path;
    char *texts[8]; /**< what the options refer to */
    struct tarn_csv_options csv;
    struct tarn_json_options json;
    char *types; /**< "a BIGINT, b VARCHAR": columns by order; NULL: inferred */
    struct tarn_text *nulls;
};
int file_request_read(PyObject *dict, struct file_request *out);
void file_request_free(struct file_request *file);
enum tarn_status file_request_open(const struct file_request *file, struct world *world, struct tarn_source **out, struct tarn_error *err);

/** Copies with malloc. NULL with MemoryError set. */
char *text_copy(PyObject *text);
struct tarn_text text_span(const char *text);

#endif
