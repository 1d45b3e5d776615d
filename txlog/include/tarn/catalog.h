/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_CATALOG_H
#define TARN_CATALOG_H

#include "tarn/env.h"

/*
 * Catalogs: who says which metadata file of a table is its newest.
 *
 * A table in a folder is its own judge: the log in the folder decides. A catalog instead keeps, for each table name, the location of the
 * newest metadata file; a commit is one compare-and-set of that pointer, and whoever finds another pointer than expected has lost the race.
 *
 * A table in a catalog is named by a URI: the catalog's own URI, '#', and the name with its namespaces, joined by '.':
 * "sqlite:///lake/catalog.db?warehouse=/lake#sales.orders". Wherever tarn takes the URI of a table, it takes such a one, and asks the env's
 * hook open_catalog for the catalog. Only Iceberg tables live in catalogs.
 *
 * Implementations embed `struct tarn_catalog` as their first member and call tarn_catalog_init and tarn_catalog_deinit. Texts that a
 * function is given are valid during the call. Ownership: tarn_catalog_close gives a reference back. Threads: a catalog is shareable.
 */

struct tarn_catalog;

/** A table as the catalog knows it. Texts are valid during the call that hands it out. */
struct tarn_catalog_entry {
    struct tarn_text name;              /**< with its namespaces, joined by '.' */
    struct tarn_text metadata_location; /**< a path or URI */
    bool is_view;
};

typedef enum tarn_status (*tarn_catalog_fn)(void *arg, const struct tarn_catalog_entry *entry, struct tarn_error *err);

/** Text of any length, handed back. Valid during the call. */
typedef enum tarn_status (*tarn_text_fn)(void *arg, struct tarn_text text, struct tarn_error *err);

struct tarn_catalog_ops {
    uint32_t size;
    const char *name; /**< "sql" */
    /** Calls fn once. Errors: NOT_FOUND (detail "table"), IO, AUTH, CORRUPT. */
    enum tarn_status (*find)(struct tarn_catalog *catalog, struct tarn_text table, tarn_catalog_fn fn, void *arg, struct tarn_error *err);
    /** Every table and view, in ascending order of their names. */
    enum tarn_status (*list)(struct tarn_catalog *catalog, tarn_catalog_fn fn, void *arg, struct tarn_error *err);
    /** The folder where a new table of this name goes, as a path or URI. Makes nothing. Errors: INVALID (no warehouse), IO. */
    enum tarn_status (*place)(struct tarn_catalog *catalog, struct tarn_text table, tarn_text_fn fn, void *arg, struct tarn_error *err);
    /**
     * Moves the pointer from `expected` to `next`, durably; `expected` empty: makes the entry, with the namespace where it is missing.
     * Errors: EXISTS (there is another pointer than expected, or an entry already), NOT_FOUND (the entry is gone), COMMIT_UNKNOWN,
     * THROTTLED (busy: the same call may be tried again), IO.
     */
    enum tarn_status (*swap)(struct tarn_catalog *catalog, struct tarn_text table, struct tarn_text expected, struct tarn_text next,
                             struct tarn_error *err);
    /** Forgets a table; its files stay. Errors: NOT_FOUND. */
    enum tarn_status (*drop)(struct tarn_catalog *catalog, struct tarn_text table, struct tarn_error *err);
    /** The last reference is gone; calls tarn_catalog_deinit and frees. */
    void (*close)(struct tarn_catalog *catalog);
};

struct tarn_catalog {
    const struct tarn_catalog_ops *ops;
    struct tarn_env *env;
    struct tarn_catalog_shared *shared; /**< references; made by tarn_catalog_init */
};

TARN_BEGIN_DECLS

/** For implementations: one reference; copies `ops`, which must be complete. Errors: INVALID, NOMEM. */
TARN_CALL tarn_catalog_init(struct tarn_catalog *catalog, const struct tarn_catalog_ops *ops, struct tarn_env *env, struct tarn_error *err);
TARN_API void tarn_catalog_deinit(struct tarn_catalog *catalog);

/** The catalog that a URI names, by the env's hook; *out NULL: the URI names none. Errors: those of the hook. */
TARN_CALL tarn_catalog_open(struct tarn_env *env, struct tarn_text uri, struct tarn_catalog **out, struct tarn_error *err);
TARN_API struct tarn_catalog *tarn_catalog_retain(struct tarn_catalog *catalog);
TARN_API void tarn_catalog_close(struct tarn_catalog *catalog);

TARN_CALL tarn_catalog_find(struct tarn_catalog *catalog, struct tarn_text table, tarn_catalog_fn fn, void *arg, struct tarn_error *err);
TARN_CALL tarn_catalog_list(struct tarn_catalog *catalog, tarn_catalog_fn fn, void *arg, struct tarn_error *err);
TARN_CALL tarn_catalog_place(struct tarn_catalog *catalog, struct tarn_text table, tarn_text_fn fn, void *arg, struct tarn_error *err);
TARN_CALL tarn_catalog_swap(struct tarn_catalog *catalog, struct tarn_text table, struct tarn_text expected, struct tarn_text next,
                            struct tarn_error *err);
TARN_CALL tarn_catalog_drop(struct tarn_catalog *catalog, struct tarn_text table, struct tarn_error *err);

TARN_END_DECLS

#endif
