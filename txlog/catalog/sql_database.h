/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CATALOG_SQL_DATABASE_H
#define TARN_TXLOG_CATALOG_SQL_DATABASE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "tarn/env.h"

/*
 * A SQLite database for the catalog: one connection behind a lock, opened when it is first needed and again in the child of a fork,
 * with SQLite's answers as tarn's errors.
 *
 * Ownership: the database borrows `path`. Threads: begin locks, end unlocks; all else is between the two.
 */
struct tarn__sql_database {
    struct tarn_env *env;
    const char *path;
    int timeout; /**< milliseconds to wait for others */
    pthread_mutex_t lock;
    sqlite3 *connection; /**< NULL: not open */
    atomic_long owner;   /**< process that opened the connection and made the lock; 0: one is about to */
    uint64_t steps;      /**< of the running operation, in thousands */
    int waited;          /**< milliseconds that the running operation has waited */
};

TARN_WARN_UNUSED enum tarn_status tarn__sql_database_init(struct tarn__sql_database *database, struct tarn_env *env, const char *path,
                                                          int timeout, struct tarn_error *err);
void tarn__sql_database_end(struct tarn__sql_database *database);

/**
 * Locks, and opens the database where that is not done yet. `create`: it is made when it is not there; else *there says whether it is,
 * and the connection is NULL when it is not. After an error nothing is locked.
 */
TARN_WARN_UNUSED enum tarn_status tarn__sql_begin(struct tarn__sql_database *database, bool create, bool *there, struct tarn_error *err);
/** Unlocks. A transaction that is still open is rolled back. */
void tarn__sql_end(struct tarn__sql_database *database);

/** Runs statements without results. */
TARN_WARN_UNUSED enum tarn_status tarn__sql_run(struct tarn__sql_database *database, const char *sql, struct tarn_error *err);
/** A statement whose parameters are these texts, ended by sqlite3_finalize. The texts live until then. */
TARN_WARN_UNUSED enum tarn_status tarn__sql_prepare(struct tarn__sql_database *database, const char *sql, unsigned count,
                                                    const struct tarn_text *texts, sqlite3_stmt **out, struct tarn_error *err);
/** The next row; *row false at the end. */
TARN_WARN_UNUSED enum tarn_status tarn__sql_step(struct tarn__sql_database *database, sqlite3_stmt *statement, bool *row,
                                                 struct tarn_error *err);
/** Prepares, runs to the end, and says how many rows were changed. EXISTS with detail "row" when a key is there already. */
TARN_WARN_UNUSED enum tarn_status tarn__sql_change(struct tarn__sql_database *database, const char *sql, unsigned count,
                                                   const struct tarn_text *texts, int *changed, struct tarn_error *err);
/** COMMIT. *open: it failed, and what it did is not known; the connection is closed then. */
TARN_WARN_UNUSED enum tarn_status tarn__sql_commit(struct tarn__sql_database *database, bool *open, struct tarn_error *err);
/** A column as text; `data` NULL: it is null. Valid until the next step. Errors: CORRUPT when it is no text, or has a NUL in it. */
TARN_WARN_UNUSED enum tarn_status tarn__sql_text(struct tarn__sql_database *database, sqlite3_stmt *statement, int column,
                                                 struct tarn_text *out, struct tarn_error *err);

#endif
