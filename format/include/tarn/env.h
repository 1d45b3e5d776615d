/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_ENV_H
#define TARN_ENV_H

#include "tarn/error.h"

/*
 * The world that tarn runs in, given by the host: memory, threads, storage, time, randomness, cancellation.
 *
 * The library itself never prints, exits, reads the environment, sets locale, zone or signal handlers, or starts a thread that
 * the host did not ask for. Everything of the kind goes through one `struct tarn_env`.
 *
 * Ownership: tarn_env_open makes one, tarn_env_close gives the caller's reference back. Objects made from an env hold references
 * of their own, so that what was handed out (an Arrow array, say) may be released on any thread, also after tarn_env_close.
 * The hook structs are copied; what their `ctx` points at belongs to the host and must live until the last such object is gone.
 * Threads: an env is shareable; hooks may be called from several threads at once.
 */

struct tarn_env;
struct tarn_store;
struct tarn_catalog;
struct tarn_expr_host;
struct tarn_key_hooks;
struct tarn_signing_key;

/** Memory. `alloc` and `realloc` return NULL when there is none; sizes handed back to `realloc` and `free` are those asked for. */
struct tarn_allocator {
    uint32_t size;
    void *ctx;
    void *(*alloc)(void *ctx, size_t bytes, size_t align);
    void *(*realloc)(void *ctx, void *block, size_t old_bytes, size_t new_bytes, size_t align);
    void (*free)(void *ctx, void *block, size_t bytes);
};

/**
 * Threads. parallel_for runs fn(arg, i, worker) once for each i in [0, n) and returns when all are done. `worker` is below
 * concurrency() and no two calls with one worker number overlap: it indexes arenas and codec contexts. The calling thread takes
 * items itself, so nested calls cannot deadlock. fn returns 0, or a number that stops the handing out of further items;
 * parallel_for returns the number of the lowest failing index that ran.
 * submit and wait are optional (both or none): a task that runs some time, for read-ahead.
 */
struct tarn_executor {
    uint32_t size;
    void *ctx;
    uint32_t (*concurrency)(void *ctx);
    int (*parallel_for)(void *ctx, uint64_t n, int (*fn)(void *arg, uint64_t i, uint32_t worker), void *arg);
    void *(*submit)(void *ctx, void (*fn)(void *arg), void *arg);
    void (*wait)(void *ctx, void *task);
};

enum tarn_log_level { TARN_LOG_DEBUG = 0, TARN_LOG_INFO = 1, TARN_LOG_WARN = 2 };

/** How durable an acknowledged write is on a store that can choose. */
enum tarn_durability {
    TARN_DURABILITY_FULL = 0,        /**< data, commit and directory entries are on disk before a commit returns: loses nothing */
    TARN_DURABILITY_COMMIT_ONLY = 1, /**< the log is on disk, data files are not awaited: a power cut can lose rows of the last seconds */
    TARN_DURABILITY_OFF = 2,         /**< nothing is awaited: a power cut can lose the last commits and leave their files torn */
};

/** Instruction sets for the multi-compiled kernels. */
enum tarn_cpu { TARN_CPU_AUTO = 0, TARN_CPU_BASE = 1, TARN_CPU_V3 = 2, TARN_CPU_V4 = 3 };

struct tarn_env_options {
    uint32_t size;
    const struct tarn_allocator *allocator; /**< NULL: libc */
    uint64_t memory_limit;                  /**< bytes that may be allocated at one time; 0: no limit */
    const struct tarn_executor *executor;   /**< NULL: serial */

    /** True stops the running call with CANCELLED; asked once a page, batch or list page. NULL: never. */
    bool (*is_cancelled)(void *ctx);
    void *cancel_ctx;

    /** One event for the host's log; `text` is valid during the call. NULL: none. */
    void (*log)(void *ctx, enum tarn_log_level level, const char *text);
    void *log_ctx;

    /** Microseconds since 1970-01-01 UTC. NULL: the system's. */
    int64_t (*now)(void *ctx);
    /** Waits so many microseconds (back-off). NULL: the system's. */
    void (*sleep)(void *ctx, int64_t microseconds);
    void *clock_ctx;

    /** Fills with random bytes (UUIDs, jitter, nonces of encrypted files, which no key may meet twice). NULL: the system's. */
    void (*random)(void *ctx, void *bytes, size_t size);
    void *random_ctx;

    /**
     * Opens the store for `uri`, a folder: a path, or scheme://... Called for every folder that tarn is asked to open; NOT_FOUND
     * with `create` unset when it is not there. NULL: the local file system.
     */
    enum tarn_status (*open_store)(void *ctx, struct tarn_env *env, struct tarn_text uri, bool create, struct tarn_store **out,
                                   struct tarn_error *err);
    void *store_ctx;

    const struct tarn_expr_host *expr_host; /**< functions for expressions that tables carry; NULL: those are refused */
    enum tarn_durability durability;
    enum tarn_cpu cpu;                /**< kernels to use; more than the machine has: INVALID */
    struct tarn_text timezone_folder; /**< TZif files of named zones; empty: /usr/share/zoneinfo */

    /**
     * Opens the catalog (tarn/catalog.h) that `uri` names; *out NULL with OK: it names none. Called for what stands before the '#' of a
     * table's URI. NULL: there are no catalogs.
     */
    enum tarn_status (*open_catalog)(void *ctx, struct tarn_env *env, struct tarn_text uri, struct tarn_catalog **out,
                                     struct tarn_error *err);
    void *catalog_ctx;

    const struct tarn_key_hooks *keys; /**< keys of encrypted files (tarn/keys.h); NULL: none but those given when a file is opened */

    /**
     * Folders (paths, or scheme://...) that tables may read files in beside their own: a table whose log names files elsewhere, as a
     * shallow clone does, is refused (AUTH outside_table) unless they lie in one of these. Copied.
     */
    uint32_t allowed_folder_count;
    const struct tarn_text *allowed_folders;

    /** Signs every commit to a table (tarn/signing.h), where its format has signatures. NULL: none is signed. It must outlive the env. */
    const struct tarn_signing_key *signing_key;
};

#define TARN_ENV_OPTIONS_INIT                                                                                                              \
    {                                                                                                                                      \
        sizeof(struct tarn_env_options), NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,            \
            TARN_DURABILITY_FULL, TARN_CPU_AUTO, {NULL, 0}, NULL, NULL, NULL, 0, NULL, NULL                                                \
    }

TARN_BEGIN_DECLS

/** `options` NULL: sensible defaults, no threads. Errors: INVALID, NOMEM. */
TARN_CALL tarn_env_open(const struct tarn_env_options *options, struct tarn_env **out, struct tarn_error *err);

/** Gives the caller's reference back; NULL is legal. */
TARN_API void tarn_env_close(struct tarn_env *env);

/** Bytes allocated through the env now, and the most there ever were. */
TARN_API uint64_t tarn_env_memory(const struct tarn_env *env, uint64_t *peak);

/* ---- for those who implement stores and catalogs: what the library itself goes by ---- */

/** One more reference, given back by tarn_env_close. */
TARN_API struct tarn_env *tarn_env_retain(struct tarn_env *env);
/** Memory of the env, zeroed, aligned to 16 bytes; NULL: none, for which tarn_env_nomem has the words. Threads: any. */
TARN_API void *tarn_env_alloc(struct tarn_env *env, size_t bytes);
/** NULL is legal. */
TARN_API void tarn_env_free(struct tarn_env *env, void *block);
/** LIMIT or NOMEM, whichever refused `bytes`. */
TARN_API enum tarn_status tarn_env_nomem(struct tarn_env *env, uint64_t bytes, struct tarn_error *err);
/** CANCELLED when the host says so, else OK. */
TARN_CALL tarn_env_check_cancelled(struct tarn_env *env, struct tarn_error *err);
TARN_API enum tarn_durability tarn_env_durability(const struct tarn_env *env);

/** A thread pool, for hosts that have none. After fork the child runs serial. */
struct tarn_pool;

/** `threads` 0: one per processor. The calling thread counts as one of them. Errors: NOMEM, IO. */
TARN_CALL tarn_pool_open(uint32_t threads, struct tarn_pool **out, struct tarn_error *err);
TARN_API struct tarn_executor tarn_pool_executor(struct tarn_pool *pool);
TARN_API void tarn_pool_close(struct tarn_pool *pool);

TARN_END_DECLS

#endif
