/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_STORE_H
#define TARN_STORE_H

#include "tarn/env.h"

/*
 * Where objects live: a folder of the local file system, memory, later a bucket. A store is a flat map from keys to bytes.
 *
 * Keys are relative to the store's root, separated by '/', without "." or ".." segments, empty segments, NUL or a leading '/'.
 * No key leads outside the root, whatever links lie in the way (AUTH). Names that begin with '.' and end with ".tmp" belong to the
 * store's temporaries: they can be read and removed, but not written, and listings pass over them.
 *
 * Contract, proven by one conformance suite (tests/support/store_conformance.h) that any implementation can run:
 *  1. put IF_ABSENT is atomic: of any number of racing writers exactly one gets OK, the others EXISTS, and readers see all or nothing.
 *  2. An opened object is pinned: its bytes are those it had when opened, or reads fail with IO and detail "object_changed".
 *  3. list gives keys in ascending byte order, and everything whose put returned before list was called.
 *  4. What put or a writer's commit acknowledged is as durable as the mode of the env says.
 *  5. An answer that leaves the outcome open is COMMIT_UNKNOWN, never IO: the caller then reads back.
 *  6. remove of what is not there is OK.
 *
 * Threads: a store and an object are shareable; a writer is single-threaded.
 * Ownership: handles are closed by their close; closing a store with open objects or writers is legal, they keep it alive.
 */

struct tarn_store;
struct tarn_object;
struct tarn_object_writer;

struct tarn_object_info {
    uint64_t size;    /**< bytes */
    int64_t modified; /**< microseconds since 1970-01-01 UTC, by the store's clock */
    char etag[64];    /**< changes with the content; terminated */
};

/** One range to read into memory of the caller. */
struct tarn_read_range {
    uint64_t offset;
    size_t size;
    uint8_t *into;
};

enum tarn_put_mode {
    TARN_PUT_OVERWRITE = 0, /**< replaces what is there, atomically */
    TARN_PUT_IF_ABSENT = 1, /**< EXISTS when something is there */
};

/** Is this the log that decides what a table is, or data that the log will name? Decides what COMMIT_ONLY durability waits for. */
enum tarn_object_role {
    TARN_ROLE_DATA = 0,
    TARN_ROLE_COMMIT = 1,
    TARN_ROLE_HINT = 2, /**< can be made again at any time, and nobody relies on it: not waited for in any mode */
};

enum { TARN_STORE_CAN_PUT_IF_ABSENT = 1, TARN_STORE_CAN_WRITE = 2 };

/** Called for each listed object; a status other than OK ends the listing and is returned. `key` is valid during the call. */
typedef enum tarn_status (*tarn_list_fn)(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err);

/**
 * What an implementation provides. An implementation embeds `struct tarn_store` (and the object and writer structs) as its first
 * member, calls tarn_store_init when it opens and tarn_store_deinit in `close`. `open` fills object->info; object->store,
 * writer->store and writer->written are kept by tarn.
 *
 * Functions are called with what is already checked: keys are legal, ranges lie inside the object, `out` is NULL. `close` is
 * called when the last reference of handle, objects and writers is gone. `read_submit` and `read_wait` come together or not at all:
 * submit returns at once with a ticket, wait ends it; tickets may be waited for in any order and on any thread, each exactly once;
 * buffers belong to the store until then. Without capability CAN_WRITE the functions that write may be NULL.
 * `list_temporaries` is optional: a store whose aborted writes leave nothing behind has none. So is `location`: where the root of the store
 * is, for formats that record absolute places: an absolute path, or scheme://..., without a '/' at its end; it lives as long as the store.
 */
struct tarn_store_ops {
    uint32_t size;
    const char *name;
    uint32_t (*capabilities)(struct tarn_store *store);
    enum tarn_status (*head)(struct tarn_store *store, struct tarn_text key, struct tarn_object_info *info, struct tarn_error *err);
    enum tarn_status (*open)(struct tarn_store *store, struct tarn_text key, struct tarn_object **out, struct tarn_error *err);
    enum tarn_status (*read)(struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, struct tarn_error *err);
    enum tarn_status (*read_submit)(struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, uint64_t *ticket,
                                    struct tarn_error *err);
    enum tarn_status (*read_wait)(struct tarn_object *object, uint64_t ticket, struct tarn_error *err);
    void (*object_close)(struct tarn_object *object);
    enum tarn_status (*put)(struct tarn_store *store, struct tarn_text key, struct tarn_span bytes, enum tarn_put_mode mode,
                            enum tarn_object_role role, struct tarn_error *err);
    enum tarn_status (*writer_open)(struct tarn_store *store, struct tarn_text key, enum tarn_object_role role,
                                    struct tarn_object_writer **out, struct tarn_error *err);
    enum tarn_status (*writer_append)(struct tarn_object_writer *writer, struct tarn_span bytes, struct tarn_error *err);
    /** Ends the writer whatever the answer. */
    enum tarn_status (*writer_commit)(struct tarn_object_writer *writer, enum tarn_put_mode mode, struct tarn_error *err);
    void (*writer_abort)(struct tarn_object_writer *writer);
    enum tarn_status (*list)(struct tarn_store *store, struct tarn_text prefix, struct tarn_text start_after, tarn_list_fn fn, void *arg,
                             struct tarn_error *err);
    enum tarn_status (*remove)(struct tarn_store *store, struct tarn_text key, struct tarn_error *err);
    void (*close)(struct tarn_store *store);
    enum tarn_status (*list_temporaries)(struct tarn_store *store, struct tarn_text prefix, tarn_list_fn fn, void *arg,
                                         struct tarn_error *err);
    const char *(*location)(struct tarn_store *store);
};

struct tarn_store {
    const struct tarn_store_ops *ops;
    struct tarn_env *env;
    struct tarn_store_shared *shared; /**< references and counters; made by tarn_store_init */
};

struct tarn_object {
    struct tarn_store *store;
    struct tarn_object_info info; /**< as it was when opened */
};

struct tarn_object_writer {
    struct tarn_store *store;
    uint64_t written; /**< bytes appended so far */
};

TARN_BEGIN_DECLS

/**
 * The store for a folder, by the env's hook, else a path or file: URI of the local file system (another scheme: UNSUPPORTED).
 * `create`: make the folder, with its parents, when it is not there; else NOT_FOUND.
 */
TARN_CALL tarn_store_open(struct tarn_env *env, struct tarn_text uri, bool create, struct tarn_store **out, struct tarn_error *err);

/** A path or file: URI of the local file system, also when the env's hook says otherwise. Errors: NOT_FOUND, AUTH, IO, INVALID. */
TARN_CALL tarn_store_open_local(struct tarn_env *env, struct tarn_text path, bool create, struct tarn_store **out, struct tarn_error *err);

/** An empty store in memory. For tests it can delay and reorder the completions of submitted reads by `seed` (0: in order). */
TARN_CALL tarn_store_open_memory(struct tarn_env *env, uint64_t seed, struct tarn_store **out, struct tarn_error *err);

/**
 * For implementations: begins a store with one reference of its own on `env` (copies `ops`, which must be complete), and ends it,
 * which is the last thing that `close` does before it frees its memory. When init fails there is nothing to end. Errors: INVALID, NOMEM.
 */
TARN_CALL tarn_store_init(struct tarn_store *store, const struct tarn_store_ops *ops, struct tarn_env *env, struct tarn_error *err);
TARN_API void tarn_store_deinit(struct tarn_store *store);

/** One more reference to a store, given back by tarn_store_close. */
TARN_API struct tarn_store *tarn_store_retain(struct tarn_store *store);
TARN_API void tarn_store_close(struct tarn_store *store);
TARN_API uint32_t tarn_store_capabilities(struct tarn_store *store);
/** Where the root is: an absolute path or a URI, borrowed from the store; empty: the store does not say. */
TARN_API struct tarn_text tarn_store_location(struct tarn_store *store);

/** Errors of all calls below: INVALID (key), NOT_FOUND, AUTH, IO, THROTTLED, TIMEOUT, CANCELLED, NOMEM. */
TARN_CALL tarn_store_head(struct tarn_store *store, struct tarn_text key, struct tarn_object_info *info, struct tarn_error *err);
TARN_CALL tarn_object_open(struct tarn_store *store, struct tarn_text key, struct tarn_object **out, struct tarn_error *err);
TARN_API struct tarn_object_info tarn_object_info(const struct tarn_object *object);

/** Reads all ranges whole; a range beyond the end is INVALID. Neighbours are coalesced by the store where that helps. */
TARN_CALL tarn_object_read(struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, struct tarn_error *err);

/**
 * Starts reads; where the store cannot, they are done before it returns. Each ticket is waited for exactly once, before the object is
 * closed; a submit that fails gives no ticket. An error of the reading itself comes from either of the two.
 */
TARN_CALL tarn_object_read_submit(struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, uint64_t *ticket,
                                  struct tarn_error *err);
TARN_CALL tarn_object_read_wait(struct tarn_object *object, uint64_t ticket, struct tarn_error *err);
TARN_API void tarn_object_close(struct tarn_object *object);

/** Also EXISTS (IF_ABSENT) and COMMIT_UNKNOWN. */
TARN_CALL tarn_store_put(struct tarn_store *store, struct tarn_text key, struct tarn_span bytes, enum tarn_put_mode mode,
                         enum tarn_object_role role, struct tarn_error *err);

/**
 * A streamed object: invisible until committed, gone without trace when aborted. commit ends the writer whatever the answer. After a
 * failed append the object cannot be committed any more: commit answers IO.
 */
TARN_CALL tarn_object_writer_open(struct tarn_store *store, struct tarn_text key, enum tarn_object_role role,
                                  struct tarn_object_writer **out, struct tarn_error *err);
TARN_CALL tarn_object_writer_append(struct tarn_object_writer *writer, struct tarn_span bytes, struct tarn_error *err);
TARN_CALL tarn_object_writer_commit(struct tarn_object_writer *writer, enum tarn_put_mode mode, struct tarn_error *err);
TARN_API void tarn_object_writer_abort(struct tarn_object_writer *writer);

/** Objects whose key begins with `prefix` and is greater than `start_after`, recursively, in ascending byte order. */
TARN_CALL tarn_store_list(struct tarn_store *store, struct tarn_text prefix, struct tarn_text start_after, tarn_list_fn fn, void *arg,
                          struct tarn_error *err);

/** What writers that died left behind, and what writers at work are writing: removed by key once it is old. May be nothing. */
TARN_CALL tarn_store_list_temporaries(struct tarn_store *store, struct tarn_text prefix, tarn_list_fn fn, void *arg,
                                      struct tarn_error *err);
TARN_CALL tarn_store_remove(struct tarn_store *store, struct tarn_text key, struct tarn_error *err);

/** Counters of a store since it was opened, for --stats. The caller sets `size`. */
struct tarn_store_stats {
    uint32_t size;
    uint64_t requests; /**< operations asked of the store, a read of several ranges counted once */
    uint64_t bytes_read;
    uint64_t bytes_written;
};
TARN_API void tarn_store_stats(const struct tarn_store *store, struct tarn_store_stats *stats);

TARN_END_DECLS

#endif
