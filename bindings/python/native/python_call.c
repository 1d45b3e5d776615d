/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls from Python into tarn: the env with its threads, the GIL, and Ctrl-C. SPEC: B-PY-2, B-PY-3.
 *
 * How Ctrl-C gets through: CPython's handler of the operating system's signal only leaves a note; Python's own handlers run on the main
 * thread when it holds the GIL. So the env's cancel hook, asked once a page or batch, takes the GIL on that thread every now and then and
 * lets them run. One of them raises: the call ends with CANCELLED, on all of its threads, and the exception is raised in its place.
 */
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "bindings/python/native/python_module.h"

enum { LOOK_EVERY = 50 * 1000 * 1000 }; /* nanoseconds: long enough to cost nothing, short enough to be felt as at once */

PyTypeObject *world_type;

/* The call that this thread works for, its own or that of who asked the pool. */
static _Thread_local struct call *current;

/* ---- signals ---- */

static int64_t ticks(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Only here do Python's signal handlers run. */
static bool on_main_thread(void)
{
#if defined(__linux__)
    return syscall(SYS_gettid) == getpid();
#elif defined(__APPLE__)
    return pthread_main_np() != 0;
#else
    return false;
#endif
}

/* A call within a call (a stream of tarn's that tarn reads) ends with it. */
static bool any_cancelled(const struct call *call)
{
    while (call != NULL && !atomic_load(&call->cancelled)) {
        call = call->outer;
    }
    return call != NULL;
}

bool call_is_cancelled(void *ctx)
{
    struct call *call = current;
    (void)ctx;
    if (any_cancelled(call)) {
        return true;
    }
    if (call == NULL || !call->watches || !pthread_equal(call->thread, pthread_self())) {
        return false;
    }
    const int64_t now = ticks();
    if (now < call->next_look || !Py_IsInitialized()) {
        return false;
    }
    call->next_look = now + LOOK_EVERY;
    const PyGILState_STATE gil = PyGILState_Ensure();
    if (PyErr_CheckSignals() != 0) {
        PyErr_Fetch(&call->type, &call->value, &call->traceback);
        atomic_store(&call->cancelled, true);
    }
    PyGILState_Release(gil);
    return atomic_load(&call->cancelled);
}

/* ---- calls ---- */

static void enter(struct call *call)
{
    *call = (struct call){.outer = current, .thread = pthread_self(), .watches = on_main_thread(), .next_look = ticks() + LOOK_EVERY};
    current = call;
}

void call_begin(struct call *call)
{
    PyThreadState *state = PyEval_SaveThread();
    enter(call);
    call->state = state;
}

bool call_end(struct call *call, enum tarn_status status, const struct tarn_error *err)
{
    current = call->outer;
    PyEval_RestoreThread(call->state);
    if (call->type != NULL) {
        PyErr_Restore(call->type, call->value, call->traceback);
        return false;
    }
    if (PyErr_Occurred() != NULL) { /* of a function of ours that tarn called, and that took the GIL */
        return false;
    }
    if (status != TARN_OK) {
        struct tarn_error own = *err;
        own.code = status;
        errors_raise(&own);
        return false;
    }
    return true;
}

/* Runs on the main thread as soon as it is back in the interpreter. */
static int raise_kept(void *arg)
{
    struct call *kept = arg;
    PyErr_Restore(kept->type, kept->value, kept->traceback);
    free(kept);
    return -1;
}

void call_enter(struct call *call)
{
    enter(call);
}

void call_leave(struct call *call)
{
    current = call->outer;
    if (call->type == NULL) {
        return;
    }
    if (call->outer != NULL && call->outer->type == NULL && pthread_equal(call->outer->thread, call->thread)) {
        call->outer->type = call->type;
        call->outer->value = call->value;
        call->outer->traceback = call->traceback;
        atomic_store(&call->outer->cancelled, true);
        return;
    }
    struct call *kept = malloc(sizeof(*kept));
    if (kept != NULL) {
        *kept = *call;
        if (Py_AddPendingCall(raise_kept, kept) == 0) {
            return;
        }
        free(kept);
    }
    const PyGILState_STATE gil = PyGILState_Ensure(); /* no room: the signal is given anew */
    Py_XDECREF(call->type);
    Py_XDECREF(call->value);
    Py_XDECREF(call->traceback);
    PyErr_SetInterrupt();
    PyGILState_Release(gil);
}

/* ---- the pool: who works on an item works for the call that it is of ---- */

struct errand {
    int (*fn)(void *arg, uint64_t i, uint32_t worker);
    void *arg;
    struct call *call;
};

static int run_errand(void *arg, uint64_t i, uint32_t worker)
{
    const struct errand *errand = arg;
    struct call *before = current;
    current = errand->call;
    const int number = errand->fn(errand->arg, i, worker);
    current = before;
    return number;
}

static int pooled_for(void *ctx, uint64_t n, int (*fn)(void *arg, uint64_t i, uint32_t worker), void *arg)
{
    const struct world *world = ctx;
    struct errand errand = {fn, arg, current};
    return world->pooled.parallel_for(world->pooled.ctx, n, run_errand, &errand);
}

static uint32_t pooled_concurrency(void *ctx)
{
    const struct world *world = ctx;
    return world->pooled.concurrency(world->pooled.ctx);
}

struct tarn_executor call_executor(struct world *world)
{
    world->pooled = tarn_pool_executor(world->pool);
    return (struct tarn_executor){sizeof(struct tarn_executor), world, pooled_concurrency, pooled_for, NULL, NULL};
}

/* ---- Env ---- */

struct world_object {
    PyObject_HEAD struct world *world;
};

struct world *world_retain(struct world *world)
{
    atomic_fetch_add_explicit(&world->references, 1, memory_order_relaxed);
    return world;
}

void world_release(struct world *world)
{
    if (world != NULL && atomic_fetch_sub_explicit(&world->references, 1, memory_order_acq_rel) == 1) {
        tarn_env_close(world->env);
        tarn_pool_close(world->pool);
        free(world);
    }
}

struct world *world_of(PyObject *env)
{
    if (PyObject_IsInstance(env, (PyObject *)world_type) != 1) {
        PyErr_SetString(PyExc_TypeError, "an Env is expected");
        return NULL;
    }
    return world_retain(((struct world_object *)env)->world);
}

static enum tarn_status open_world(struct world *world, uint32_t threads, uint64_t memory_limit, struct tarn_error *err)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_executor executor;
    if (threads != 1) {
        const enum tarn_status status = tarn_pool_open(threads, &world->pool, err);
        if (status != TARN_OK) {
            return status;
        }
        executor = call_executor(world);
        options.executor = &executor;
    }
    options.memory_limit = memory_limit;
    options.is_cancelled = call_is_cancelled;
    options.expr_host = tarn_query_expr_host();
    return tarn_env_open(&options, &world->env, err);
}

static PyObject *world_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"threads", "memory_limit", NULL};
    unsigned int threads = 0;
    unsigned long long memory_limit = 0;
    struct tarn_error err = TARN_ERROR_INIT;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|IK:Env", names, &threads, &memory_limit)) {
        return NULL;
    }
    struct world *world = calloc(1, sizeof(*world));
    if (world == NULL) {
        return PyErr_NoMemory();
    }
    atomic_init(&world->references, 1);
    const enum tarn_status status = open_world(world, threads, memory_limit, &err);
    if (status != TARN_OK) {
        world_release(world);
        return errors_raise(&err);
    }
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    struct world_object *self = (struct world_object *)alloc(type, 0);
    if (self == NULL) {
        world_release(world);
        return NULL;
    }
    self->world = world;
    return (PyObject *)self;
}

static void world_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    struct world *world = ((struct world_object *)self)->world;
    PyThreadState *state = PyEval_SaveThread();
    world_release(world); /* may wait for threads to end */
    PyEval_RestoreThread(state);
    release(self);
    Py_DECREF(type);
}

static PyObject *world_memory(PyObject *self, PyObject *unused)
{
    uint64_t peak;
    (void)unused;
    const uint64_t now = tarn_env_memory(((struct world_object *)self)->world->env, &peak);
    return Py_BuildValue("KK", (unsigned long long)now, (unsigned long long)peak);
}

static PyMethodDef world_methods[] = {
    {"memory", world_memory, METH_NOARGS, "memory() -> (now, peak): bytes that tarn has allocated, and the most there were."},
    {NULL, NULL, 0, NULL},
};

int world_init(PyObject *module)
{
    static PyType_Slot slots[] = {{Py_tp_new, (void *)world_new},
                                  {Py_tp_dealloc, (void *)world_dealloc},
                                  {Py_tp_methods, world_methods},
                                  {Py_tp_doc, "Memory and threads that tarn may use."},
                                  {0, NULL}};
    static PyType_Spec spec = {"tarn._tarn.Env", sizeof(struct world_object), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};
    world_type = (PyTypeObject *)PyType_FromSpec(&spec);
    if (world_type == NULL) {
        return -1;
    }
    Py_INCREF(world_type);
    return PyModule_AddObject(module, "Env", (PyObject *)world_type);
}
