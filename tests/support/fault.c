/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults by rule, and the sweep over them.
 *
 * Invariants
 *  1. The fault's own memory comes from libc, its memory stores live in an env of their own: no rule can hit the instrument.
 *  2. A run counts as the last of its kind only when no fault struck in it, and then it must be OK: a sweep cannot end early.
 */
#include "tests/support/fault.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY_STORES = 8, MOST_RUNS = 200000, TRACE_SHOWN = 4000 };

struct named_store {
    char name[64];
    struct tarn_store *store;
};

struct tarn_fault {
    pthread_mutex_t lock;
    struct tarn_fault_rule rule;
    bool suspended;
    uint64_t allocations;
    uint64_t operations;
    uint64_t fired;
    int64_t live_bytes;
    int64_t live_handles;
    unsigned run;
    struct tarn_fault_event *trace;
    size_t trace_count;
    size_t trace_capacity;
    struct tarn_env *side; /* of the memory stores */
    struct named_store stores[MEMORY_STORES];
    size_t store_count;
    char text[TRACE_SHOWN];
    void (*watch)(void *arg, uint64_t number);
    void *watch_arg;
    uint64_t watched;
};

static unsigned runs;

/* ---- the allocator ---- */

static bool refuse_allocation(struct tarn_fault *fault)
{
    pthread_mutex_lock(&fault->lock);
    bool refuse = false;
    if (!fault->suspended) {
        const uint64_t number = ++fault->allocations;
        refuse =
            !fault->rule.store && fault->rule.at != 0 && (number == fault->rule.at || (fault->rule.forever && number > fault->rule.at));
        fault->fired += refuse;
    }
    pthread_mutex_unlock(&fault->lock);
    return refuse;
}

static void count_bytes(struct tarn_fault *fault, int64_t change)
{
    pthread_mutex_lock(&fault->lock);
    fault->live_bytes += change;
    pthread_mutex_unlock(&fault->lock);
}

static void *fault_alloc(void *ctx, size_t bytes, size_t align)
{
    void *block = NULL;
    if (!refuse_allocation(ctx) && posix_memalign(&block, align < sizeof(void *) ? sizeof(void *) : align, bytes) == 0) {
        count_bytes(ctx, (int64_t)bytes);
        return block;
    }
    return NULL;
}

static void fault_free(void *ctx, void *block, size_t bytes)
{
    count_bytes(ctx, -(int64_t)bytes);
    free(block);
}

/* Moves always: a pointer that somebody kept into the old block is then seen by the sanitizer. */
static void *fault_realloc(void *ctx, void *block, size_t old_bytes, size_t new_bytes, size_t align)
{
    void *moved = fault_alloc(ctx, new_bytes, align);
    if (moved != NULL) {
        memcpy(moved, block, old_bytes < new_bytes ? old_bytes : new_bytes);
        fault_free(ctx, block, old_bytes);
    }
    return moved;
}

/* ---- rules and trace ---- */

void tarn_fault_watch(struct tarn_fault *fault, void (*fn)(void *arg, uint64_t number), void *arg)
{
    fault->watch = fn;
    fault->watch_arg = arg;
    fault->watched = 0;
}

/* Only single-threaded tests watch. */
static void tell_watcher(struct tarn_fault *fault)
{
    if (fault->watch != NULL && !fault->suspended) {
        fault->suspended = true;
        fault->watch(fault->watch_arg, ++fault->watched);
        fault->suspended = false;
    }
}

struct tarn_fault_strike tarn_fault_next(struct tarn_fault *fault, enum tarn_fault_op op, bool absent, struct tarn_error *err)
{
    struct tarn_fault_strike strike = {.strikes = false};
    tell_watcher(fault);
    pthread_mutex_lock(&fault->lock);
    const struct tarn_fault_rule *rule = &fault->rule;
    const bool counts =
        !fault->suspended && rule->store && rule->at != 0 && (rule->ops == 0 || (rule->ops & op) != 0) && (!rule->absent_only || absent);
    if (counts) {
        const uint64_t number = ++fault->operations;
        strike = (struct tarn_fault_strike){number == rule->at || (rule->forever && number > rule->at), rule->status, rule->effect};
        fault->fired += strike.strikes;
    }
    pthread_mutex_unlock(&fault->lock);
    if (strike.strikes && err != NULL) {
        *err = (struct tarn_error)TARN_ERROR_INIT;
        err->code = strike.status;
        snprintf(err->detail, sizeof(err->detail), "%s", strike.effect == TARN_FAULT_HALF ? "object_changed" : "injected");
        snprintf(err->message, sizeof(err->message), "this failure was injected by the test");
    }
    return strike;
}

void tarn_fault_note(struct tarn_fault *fault, enum tarn_fault_op op, struct tarn_text key, uint64_t bytes, enum tarn_status status,
                     bool applied)
{
    pthread_mutex_lock(&fault->lock);
    if (!fault->suspended) {
        if (fault->trace_count == fault->trace_capacity) {
            fault->trace_capacity = fault->trace_capacity * 2 + 64;
            fault->trace = realloc(fault->trace, fault->trace_capacity * sizeof(*fault->trace));
        }
        struct tarn_fault_event *event = &fault->trace[fault->trace_count++];
        *event = (struct tarn_fault_event){.op = op, .status = status, .applied = applied, .bytes = bytes};
        snprintf(event->key, sizeof(event->key), "%.*s", (int)key.size, key.size != 0 ? key.data : "");
    }
    pthread_mutex_unlock(&fault->lock);
}

void tarn_fault_live(struct tarn_fault *fault, int change)
{
    pthread_mutex_lock(&fault->lock);
    fault->live_handles += change;
    pthread_mutex_unlock(&fault->lock);
}

size_t tarn_fault_trace_count(const struct tarn_fault *fault)
{
    return fault->trace_count;
}

const struct tarn_fault_event *tarn_fault_trace(const struct tarn_fault *fault, size_t i)
{
    return &fault->trace[i];
}

const char *tarn_fault_trace_text(const struct tarn_fault *fault)
{
    static const char *const names[] = {"store", "head",   "open",   "read",   "submit", "wait",
                                        "put",   "writer", "append", "commit", "list",   "remove"};
    char *text = ((struct tarn_fault *)(uintptr_t)fault)->text;
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < fault->trace_count && at < TRACE_SHOWN - 256; i++) {
        const struct tarn_fault_event *event = &fault->trace[i];
        const bool failed = event->status != TARN_OK;
        const int length =
            snprintf(text + at, TRACE_SHOWN - at, "%s%s:%s%s%s%s", i != 0 ? " " : "", names[__builtin_ctz((unsigned)event->op)], event->key,
                     failed ? "!" : "", failed ? tarn_status_name(event->status) : "", failed && event->applied ? "+" : "");
        at += (size_t)length;
    }
    return text;
}

/* ---- a fault and its env ---- */

struct tarn_fault *tarn_fault_open(void)
{
    struct tarn_fault *fault = calloc(1, sizeof(*fault));
    ck_assert_ptr_nonnull(fault);
    pthread_mutex_init(&fault->lock, NULL);
    fault->suspended = true;
    fault->side = tarn_test_env();
    fault->run = ++runs;
    return fault;
}

void tarn_fault_close(struct tarn_fault *fault)
{
    for (size_t i = 0; i < fault->store_count; i++) {
        tarn_store_close(fault->stores[i].store);
    }
    tarn_test_env_close(fault->side);
    const long long handles = fault->live_handles;
    const long long bytes = fault->live_bytes;
    pthread_mutex_destroy(&fault->lock);
    free(fault->trace);
    free(fault);
    ck_assert_msg(handles == 0, "%lld stores, objects or writers were not closed", handles);
    ck_assert_msg(bytes == 0, "%lld bytes of the allocator were not given back", bytes);
}

static enum tarn_status memory_store(struct tarn_fault *fault, struct tarn_text uri, bool create, struct tarn_store **out,
                                     struct tarn_error *err)
{
    for (size_t i = 0; i < fault->store_count; i++) {
        if (strlen(fault->stores[i].name) == uri.size && memcmp(fault->stores[i].name, uri.data, uri.size) == 0) {
            *out = tarn_store_retain(fault->stores[i].store);
            return TARN_OK;
        }
    }
    if (!create) {
        *err = (struct tarn_error)TARN_ERROR_INIT;
        err->code = TARN_NOT_FOUND;
        snprintf(err->message, sizeof(err->message), "there is no store of that name");
        return TARN_NOT_FOUND;
    }
    ck_assert_uint_lt(fault->store_count, MEMORY_STORES);
    struct named_store *fresh = &fault->stores[fault->store_count];
    ck_assert_uint_lt(uri.size, sizeof(fresh->name));
    memcpy(fresh->name, uri.data, uri.size);
    ck_assert_ok(tarn_store_open_memory(fault->side, 0, &fresh->store, err), err);
    fault->store_count++;
    *out = tarn_store_retain(fresh->store);
    return TARN_OK;
}

static enum tarn_status open_store(void *ctx, struct tarn_env *env, struct tarn_text uri, bool create, struct tarn_store **out,
                                   struct tarn_error *err)
{
    struct tarn_fault *fault = ctx;
    struct tarn_error own = TARN_ERROR_INIT;
    struct tarn_store *inner = NULL;
    const struct tarn_fault_strike strike = tarn_fault_next(fault, TARN_FAULT_OP_STORE, false, &own);
    enum tarn_status status = strike.status;
    const bool in_memory = uri.size > 7 && memcmp(uri.data, "memory:", 7) == 0;
    if (!strike.strikes) {
        status = in_memory ? memory_store(fault, uri, create, &inner, &own) : tarn_store_open_local(env, uri, create, &inner, &own);
    }
    tarn_fault_note(fault, TARN_FAULT_OP_STORE, uri, 0, status, !strike.strikes);
    if (status != TARN_OK && err != NULL) {
        *err = own;
    }
    status = status == TARN_OK ? tarn_fault_wrap(fault, env, inner, out, err) : status;
    if (status == TARN_OK && in_memory) {
        tarn_fault_locate(*out, uri); /* tables record where they are, and are opened again by that */
    }
    return status;
}

struct tarn_env *tarn_fault_env(struct tarn_fault *fault, const struct tarn_env_options *given)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    const struct tarn_allocator allocator = {sizeof(allocator), fault, fault_alloc, fault_realloc, fault_free};
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    if (given != NULL) {
        options = *given;
    } else {
        options.durability = TARN_DURABILITY_OFF;
    }
    options.allocator = &allocator;
    options.open_store = open_store;
    options.store_ctx = fault;
    const bool suspended = fault->suspended;
    fault->suspended = true;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    fault->suspended = suspended;
    return env;
}

void tarn_fault_arm(struct tarn_fault *fault, const struct tarn_fault_rule *rule)
{
    pthread_mutex_lock(&fault->lock);
    fault->rule = *rule;
    fault->allocations = 0;
    fault->operations = 0;
    fault->fired = 0;
    fault->trace_count = 0;
    fault->suspended = false;
    pthread_mutex_unlock(&fault->lock);
}

static void set_suspended(struct tarn_fault *fault, bool suspended)
{
    pthread_mutex_lock(&fault->lock);
    fault->suspended = suspended;
    pthread_mutex_unlock(&fault->lock);
}

void tarn_fault_suspend(struct tarn_fault *fault)
{
    set_suspended(fault, true);
}

void tarn_fault_resume(struct tarn_fault *fault)
{
    set_suspended(fault, false);
}

uint64_t tarn_fault_fired(const struct tarn_fault *fault)
{
    return fault->fired;
}

unsigned tarn_fault_run(const struct tarn_fault *fault)
{
    return fault->run;
}

/* ---- the sweep ---- */

#define BIT(status) (1u << (status))
enum {
    PUTS = TARN_FAULT_OP_PUT | TARN_FAULT_OP_COMMIT,
    MOVES = TARN_FAULT_OP_READ | TARN_FAULT_OP_WAIT | TARN_FAULT_OP_PUT | TARN_FAULT_OP_APPEND
};

static const struct {
    const char *name;
    struct tarn_fault_rule rule;
    uint32_t right; /* answers that fit */
} kinds_table[TARN_FAULT_KINDS] = {
    {"an allocation fails once", {false, 0, false, TARN_NOMEM, TARN_FAULT_LOST, 0, false}, BIT(TARN_NOMEM)},
    {"allocations fail for ever", {false, 0, true, TARN_NOMEM, TARN_FAULT_LOST, 0, false}, BIT(TARN_NOMEM)},
    {"an operation fails once", {true, 0, false, TARN_IO, TARN_FAULT_LOST, 0, false}, BIT(TARN_IO)},
    {"operations fail for ever", {true, 0, true, TARN_IO, TARN_FAULT_LOST, 0, false}, BIT(TARN_IO)},
    {"half an operation", {true, 0, false, TARN_IO, TARN_FAULT_HALF, MOVES, false}, BIT(TARN_IO)},
    {"unknown, lost", {true, 0, false, TARN_COMMIT_UNKNOWN, TARN_FAULT_LOST, PUTS, false}, BIT(TARN_COMMIT_UNKNOWN)},
    {"unknown, applied", {true, 0, false, TARN_COMMIT_UNKNOWN, TARN_FAULT_APPLIED, PUTS, false}, BIT(TARN_COMMIT_UNKNOWN)},
    {"exists, applied", {true, 0, false, TARN_EXISTS, TARN_FAULT_APPLIED, PUTS, true}, BIT(TARN_EXISTS) | BIT(TARN_CONFLICT)},
    {"throttled", {true, 0, false, TARN_THROTTLED, TARN_FAULT_LOST, 0, false}, BIT(TARN_THROTTLED)},
};

static int count_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

/* One run; returns whether the fault struck. */
static bool run_one(tarn_fault_body body, void *ctx, unsigned kind, uint64_t at, const struct tarn_fault_sweep_options *options)
{
    const int descriptors = count_descriptors();
    struct tarn_fault *fault = tarn_fault_open();
    struct tarn_env *env = tarn_fault_env(fault, options->env);
    struct tarn_fault_rule rule = kinds_table[kind].rule;
    struct tarn_error err = TARN_ERROR_INIT;
    const char *what = kinds_table[kind].name;
    const unsigned long long n = at;
    rule.at = at;
    tarn_fault_arm(fault, &rule);
    const enum tarn_status status = body(ctx, fault, env, &err);
    tarn_fault_suspend(fault);
    const bool struck = fault->fired != 0;
    const uint32_t right = BIT(TARN_OK) | (struck ? kinds_table[kind].right | options->also : 0);
    ck_assert_msg((right & BIT(status)) != 0, "%s, %llu: the answer is %s (%s): %s\n  trace: %s", what, n, tarn_status_name(status),
                  err.detail, err.message, tarn_fault_trace_text(fault));
    ck_assert_msg(status == TARN_OK || err.code == status, "%s, %llu: the answer is %s, the error says %s\n  trace: %s", what, n,
                  tarn_status_name(status), tarn_status_name(err.code), tarn_fault_trace_text(fault));
    const uint64_t left = tarn_env_memory(env, NULL);
    ck_assert_msg(left == 0, "%s, %llu: %llu bytes of the env were not given back\n  trace: %s", what, n, (unsigned long long)left,
                  tarn_fault_trace_text(fault));
    tarn_env_close(env);
    tarn_fault_close(fault);
    const int open = count_descriptors() - descriptors;
    ck_assert_msg(open == 0, "%s, %llu: %d descriptors were left open", what, n, open);
    return struck;
}

uint64_t tarn_fault_sweep_with(tarn_fault_body body, void *ctx, unsigned kinds, const struct tarn_fault_sweep_options *options)
{
    uint64_t total = 0;
    for (unsigned kind = 0; kind < TARN_FAULT_KINDS; kind++) {
        if ((kinds & 1u << kind) != 0) {
            uint64_t at = 1;
            while (run_one(body, ctx, kind, at, options)) {
                ck_assert_msg(at < MOST_RUNS, "%s: the fault still strikes in run %llu", kinds_table[kind].name, (unsigned long long)at);
                at++;
            }
            total += at - 1;
        }
    }
    return total;
}

uint64_t tarn_fault_sweep(tarn_fault_body body, void *ctx, unsigned kinds)
{
    const struct tarn_fault_sweep_options options = {NULL, 0};
    return tarn_fault_sweep_with(body, ctx, kinds, &options);
}
