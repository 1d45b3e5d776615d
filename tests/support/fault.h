/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_FAULT_H
#define TARN_TESTS_SUPPORT_FAULT_H

#include "tarn/store.h"
#include "tests/support/suite.h"

/*
 * Fault injection: an allocator and a store that fail when told, and the sweep that fails each call of an operation in turn.
 *
 * The usual way, proving that an operation survives every single failure:
 *
 *     static enum tarn_status append(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
 *     {
 *         tarn_fault_suspend(fault);                 // what comes before must not fail and is not counted
 *         make_table(env, "memory:t");               // memory:NAME keeps its objects until the fault is closed
 *         tarn_fault_resume(fault);
 *         const enum tarn_status status = append_rows(env, "memory:t", err);
 *         tarn_fault_suspend(fault);                 // what comes behind: is the table what the status says?
 *         ck_assert_int_eq(count_rows(env, "memory:t"), status == TARN_OK ? 20 : 10);
 *         return status;
 *     }
 *     tarn_fault_sweep(append, NULL, TARN_FAULT_ALL);
 *
 * The sweep runs the body with the 1st, 2nd, 3rd ... allocation or store operation failing, each time in a new env, until a run in
 * which nothing failed any more, which must be OK. It asserts each time: the status is OK or one that fits the fault, the error says
 * the same status, the env's memory is back at zero, every object, writer and store was closed, no descriptor was left open.
 * A body gives everything back whatever fails. Other URIs than memory:NAME are folders of the local file system, wrapped the same
 * way; a body that needs a new one each run makes it below tarn_test_folder() by tarn_fault_run(). Durability is OFF in a sweep.
 */
struct tarn_fault;

enum tarn_fault_op {
    TARN_FAULT_OP_STORE = 1 << 0, /* tarn_store_open */
    TARN_FAULT_OP_HEAD = 1 << 1,
    TARN_FAULT_OP_OPEN = 1 << 2,
    TARN_FAULT_OP_READ = 1 << 3,
    TARN_FAULT_OP_SUBMIT = 1 << 4,
    TARN_FAULT_OP_WAIT = 1 << 5,
    TARN_FAULT_OP_PUT = 1 << 6,
    TARN_FAULT_OP_WRITER = 1 << 7, /* tarn_object_writer_open */
    TARN_FAULT_OP_APPEND = 1 << 8,
    TARN_FAULT_OP_COMMIT = 1 << 9,
    TARN_FAULT_OP_LIST = 1 << 10,
    TARN_FAULT_OP_REMOVE = 1 << 11,
};

enum tarn_fault_effect {
    TARN_FAULT_LOST = 0,    /* the operation is not done */
    TARN_FAULT_APPLIED = 1, /* it is done, only the answer is wrong */
    TARN_FAULT_HALF = 2,    /* half of the bytes of a read or append; else not done */
};

/** What fails: the `at`-th (from 1) allocation, or the `at`-th store operation that is in `ops` (0: all). */
struct tarn_fault_rule {
    bool store; /* else allocations */
    uint64_t at;
    bool forever; /* and all behind it */
    enum tarn_status status;
    enum tarn_fault_effect effect;
    unsigned ops;
    bool absent_only; /* of puts and commits only those IF_ABSENT */
};

/** Kinds for the sweep. */
enum {
    TARN_FAULT_ALLOC_ONCE = 1 << 0,
    TARN_FAULT_ALLOC_FOREVER = 1 << 1,
    TARN_FAULT_IO_ONCE = 1 << 2,
    TARN_FAULT_IO_FOREVER = 1 << 3,
    TARN_FAULT_SHORT = 1 << 4,           /* IO with half the bytes done: object_changed, a full disk */
    TARN_FAULT_UNKNOWN_LOST = 1 << 5,    /* a put or commit answers COMMIT_UNKNOWN and did nothing */
    TARN_FAULT_UNKNOWN_APPLIED = 1 << 6, /* ... and did its work */
    TARN_FAULT_EXISTS_APPLIED = 1 << 7,  /* a put or commit IF_ABSENT meets what its own lost first try has put */
    TARN_FAULT_THROTTLED = 1 << 8,
    TARN_FAULT_KINDS = 9,
    TARN_FAULT_ALL_ALLOC = TARN_FAULT_ALLOC_ONCE | TARN_FAULT_ALLOC_FOREVER,
    TARN_FAULT_ALL_STORE = (1 << 9) - 1 - TARN_FAULT_ALL_ALLOC,
    TARN_FAULT_ALL = (1 << 9) - 1,
};

typedef enum tarn_status (*tarn_fault_body)(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err);

struct tarn_fault_sweep_options {
    const struct tarn_env_options *env; /* hooks other than allocator and open_store; NULL: none */
    uint32_t also;                      /* mask of 1u << status: answers that are right too */
};

/** Returns the number of failures that were injected. */
uint64_t tarn_fault_sweep(tarn_fault_body body, void *ctx, unsigned kinds);
uint64_t tarn_fault_sweep_with(tarn_fault_body body, void *ctx, unsigned kinds, const struct tarn_fault_sweep_options *options);

/* ---- by hand ---- */

/** Suspended, without a rule. */
struct tarn_fault *tarn_fault_open(void);
/** Fails when a store, an object, a writer or memory that came through it is still there. */
void tarn_fault_close(struct tarn_fault *fault);

/** An env whose memory and stores go through the fault. `options` as in the sweep's options, or NULL. */
struct tarn_env *tarn_fault_env(struct tarn_fault *fault, const struct tarn_env_options *options);

/** Forgets counts and trace, and resumes. */
void tarn_fault_arm(struct tarn_fault *fault, const struct tarn_fault_rule *rule);
/** Between suspend and resume nothing fails, is counted or traced. */
void tarn_fault_suspend(struct tarn_fault *fault);
void tarn_fault_resume(struct tarn_fault *fault);
/** How often the rule has struck since it was armed. */
uint64_t tarn_fault_fired(const struct tarn_fault *fault);
/** The number of this fault in the process: another for every run of a sweep. */
unsigned tarn_fault_run(const struct tarn_fault *fault);

/**
 * `fn` is called before each store operation that is not suspended, with its number since this call; what it does itself is suspended, so
 * that it may use the same stores through another env. NULL: nobody is called any more.
 */
void tarn_fault_watch(struct tarn_fault *fault, void (*fn)(void *arg, uint64_t number), void *arg);

/** A store over `inner`, whose reference it takes over (closed when this fails). What tarn_fault_env's hook does for every store. */
enum tarn_status tarn_fault_wrap(struct tarn_fault *fault, struct tarn_env *env, struct tarn_store *inner, struct tarn_store **out,
                                 struct tarn_error *err);

/** Where a wrapped store says it is. */
void tarn_fault_locate(struct tarn_store *store, struct tarn_text uri);

struct tarn_fault_event {
    enum tarn_fault_op op;
    enum tarn_status status; /* as answered */
    bool applied;            /* done by the store below */
    char key[128];
    uint64_t bytes;
};

/** The store operations since arm, in the order in which they ended. */
size_t tarn_fault_trace_count(const struct tarn_fault *fault);
const struct tarn_fault_event *tarn_fault_trace(const struct tarn_fault *fault, size_t i);
/** "put:KEY read:KEY!IO ...": an operation that failed with its status; "+" for one that was applied all the same. Static storage. */
const char *tarn_fault_trace_text(const struct tarn_fault *fault);

/* ---- between fault.c and fault_store.c ---- */

struct tarn_fault_strike {
    bool strikes;
    enum tarn_status status;
    enum tarn_fault_effect effect;
};

/** Is this operation the one? Sets `err` when so. */
struct tarn_fault_strike tarn_fault_next(struct tarn_fault *fault, enum tarn_fault_op op, bool absent, struct tarn_error *err);
void tarn_fault_note(struct tarn_fault *fault, enum tarn_fault_op op, struct tarn_text key, uint64_t bytes, enum tarn_status status,
                     bool applied);
/** Handles that are open: +1, -1. */
void tarn_fault_live(struct tarn_fault *fault, int change);

#endif
