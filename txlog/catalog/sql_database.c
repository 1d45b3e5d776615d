/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite under the SQL catalog.
 *
 * Invariants
 *  1. A connection is used by the process that opened it. What a child inherits is neither used nor closed: its locks are the parent's.
 *  2. The database is foreign: its schema is not trusted, its functions are not called, and no statement runs for ever.
 *  3. Waiting for others ends after `timeout`, or when the host cancels.
 */
#include "txlog/catalog/sql_database.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    STEPS = 1000,            /* virtual-machine instructions between two looks at the host's cancel hook */
    MOST_STEPS = 500000,     /* of these, in one operation: a catalog's take a handful */
    LONGEST_TEXT = 16 << 20, /* bytes in a row or statement */
    WAIT = 2,                /* milliseconds; each wait is a little longer, so that many who wait do not wait in step */
    LONGEST_WAIT = 25,
};

static int look_around(void *arg)
{
    struct tarn__sql_database *database = arg;
    return ++database->steps > MOST_STEPS || tarn_env_check_cancelled(database->env, NULL) != TARN_OK;
}

static int wait_for_others(void *arg, int count)
{
    struct tarn__sql_database *database = arg;
    if (database->waited >= database->timeout || tarn_env_check_cancelled(database->env, NULL) != TARN_OK) {
        return 0;
    }
    int wait = WAIT + count + (int)(getpid() & 3);
    wait = wait < LONGEST_WAIT ? wait : LONGEST_WAIT;
    database->waited += wait;
    sqlite3_sleep(wait);
    return 1;
}

/* ---- errors ---- */

static enum tarn_status at_path(const struct tarn__sql_database *database, enum tarn_status status, struct tarn_error *err)
{
    if (err != NULL) {
        const size_t size = strlen(database->path);
        const size_t room = sizeof(err->object) - 1;
        snprintf(err->object, sizeof(err->object), "%s", database->path + (size > room ? size - room : 0));
    }
    return status;
}

/* CANTOPEN says nothing of why. The system's last error does, but need not be of this file. */
static enum tarn_status status_of_open(const struct tarn__sql_database *database, int cause)
{
    if (cause == ENOENT && access(database->path, F_OK) == 0) {
        return TARN_IO;
    }
    return cause == EACCES || cause == EPERM || cause == EROFS ? TARN_AUTH : cause == ENOENT || cause == ENOTDIR ? TARN_NOT_FOUND : TARN_IO;
}

static enum tarn_status interrupted(struct tarn__sql_database *database, struct tarn_error *err)
{
    const enum tarn_status cancelled = tarn_env_check_cancelled(database->env, err);
    return cancelled != TARN_OK ? cancelled
                                : tarn_error_set(err, TARN_LIMIT, "catalog_steps",
                                                 "the catalog's database keeps a simple statement busy for "
                                                 "too long: it is damaged, or made to do so");
}

static enum tarn_status answer(struct tarn__sql_database *database, int code, struct tarn_error *err)
{
    sqlite3 *connection = database->connection;
    const char *text = connection != NULL ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
    const int cause = connection != NULL ? sqlite3_system_errno(connection) : 0;
    enum tarn_status status = TARN_IO;
    const char *detail = "catalog";
    if (code == SQLITE_IOERR_NOMEM) {
        code = SQLITE_NOMEM;
    }
    switch (code & 0xff) {
    case SQLITE_INTERRUPT:
        return at_path(database, interrupted(database, err), err);
    case SQLITE_NOMEM:
        return at_path(database, tarn_error_set(err, TARN_NOMEM, "memory", "no memory for the catalog's database"), err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        if (tarn_env_check_cancelled(database->env, err) != TARN_OK) {
            return TARN_CANCELLED;
        }
        return at_path(database,
                       tarn_error_set(err, TARN_THROTTLED, "catalog_busy",
                                      "others hold the catalog's database for more than %d ms: try again, or raise timeout= in its URI",
                                      database->timeout),
                       err);
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        status = TARN_AUTH;
        break;
    case SQLITE_CANTOPEN:
        status = status_of_open(database, cause);
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* our statements are right, so the tables are not what they are to be */
    case SQLITE_SCHEMA:
    case SQLITE_MISMATCH:
        status = TARN_CORRUPT;
        break;
    case SQLITE_FULL:
        detail = "disk_full";
        break;
    case SQLITE_CONSTRAINT:
        status = TARN_EXISTS;
        detail = "row";
        break;
    case SQLITE_TOOBIG:
        status = TARN_LIMIT;
        break;
    default:
        break;
    }
    tarn_error_set(err, status, detail, "the catalog's database: %s", text);
    if (err != NULL) {
        err->sys_errno = cause;
    }
    return at_path(database, status, err);
}

/* ---- the connection ---- */

enum tarn_status tarn__sql_database_init(struct tarn__sql_database *database, struct tarn_env *env, const char *path, int timeout,
                                         struct tarn_error *err)
{
    *database = (struct tarn__sql_database){.env = env, .path = path, .timeout = timeout};
    atomic_init(&database->owner, (long)getpid());
    const int failed = pthread_mutex_init(&database->lock, NULL);
    return failed == 0 ? TARN_OK : tarn_error_set(err, TARN_IO, "catalog", "no lock could be made: %s", strerror(failed));
}

/* In the child of a fork: the lock may be held by a thread that is not there, and the connection is the parent's. */
static void adopt(struct tarn__sql_database *database)
{
    const long own = (long)getpid();
    long owner = atomic_load(&database->owner);
    while (owner != own) {
        if (owner != 0 && atomic_compare_exchange_strong(&database->owner, &owner, 0)) {
            database->connection = NULL;
            pthread_mutex_init(&database->lock, NULL);
            atomic_store(&database->owner, own);
        } else {
            sched_yield();
        }
        owner = atomic_load(&database->owner);
    }
}

static void disconnect(struct tarn__sql_database *database)
{
    sqlite3_close_v2(database->connection);
    database->connection = NULL;
}

void tarn__sql_database_end(struct tarn__sql_database *database)
{
    adopt(database);
    disconnect(database);
    pthread_mutex_destroy(&database->lock);
}

static enum tarn_status configure(struct tarn__sql_database *database, struct tarn_error *err)
{
    sqlite3 *connection = database->connection;
    sqlite3_extended_result_codes(connection, 1);
    sqlite3_busy_handler(connection, wait_for_others, database);
    sqlite3_progress_handler(connection, STEPS, look_around, database);
    sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, LONGEST_TEXT);
    sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    /* EXTRA: the folder too is synced when the journal goes, without which a power cut could bring the old pointer back. */
    return tarn__sql_run(database,
                         tarn_env_durability(database->env) == TARN_DURABILITY_OFF ? "PRAGMA cell_size_check=ON; PRAGMA synchronous=OFF"
                                                                                   : "PRAGMA cell_size_check=ON; PRAGMA synchronous=EXTRA",
                         err);
}

static enum tarn_status connect(struct tarn__sql_database *database, bool create, bool *there, struct tarn_error *err)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
    const int code = sqlite3_open_v2(database->path, &database->connection, flags, NULL);
    if (code == SQLITE_OK) {
        *there = true;
        const enum tarn_status status = configure(database, err);
        if (status != TARN_OK) {
            disconnect(database);
        }
        return status;
    }
    struct tarn_error local = TARN_ERROR_INIT;
    const enum tarn_status status = answer(database, code, &local);
    disconnect(database);
    *there = false;
    if (status == TARN_NOT_FOUND && !create) {
        return TARN_OK;
    }
    if (err != NULL) {
        *err = local;
    }
    return status;
}

enum tarn_status tarn__sql_begin(struct tarn__sql_database *database, bool create, bool *there, struct tarn_error *err)
{
    adopt(database);
    pthread_mutex_lock(&database->lock);
    database->steps = 0;
    database->waited = 0;
    *there = database->connection != NULL;
    const enum tarn_status status = *there ? TARN_OK : connect(database, create, there, err);
    if (status != TARN_OK) {
        pthread_mutex_unlock(&database->lock);
    }
    return status;
}

void tarn__sql_end(struct tarn__sql_database *database)
{
    if (database->connection != NULL && sqlite3_get_autocommit(database->connection) == 0) {
        sqlite3_progress_handler(database->connection, 0, NULL, NULL); /* taking back is not to be cancelled */
        if (sqlite3_exec(database->connection, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK) {
            disconnect(database);
        } else {
            sqlite3_progress_handler(database->connection, STEPS, look_around, database);
        }
    }
    pthread_mutex_unlock(&database->lock);
}

/* ---- statements ---- */

enum tarn_status tarn__sql_run(struct tarn__sql_database *database, const char *sql, struct tarn_error *err)
{
    const int code = sqlite3_exec(database->connection, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? TARN_OK : answer(database, code, err);
}

enum tarn_status tarn__sql_prepare(struct tarn__sql_database *database, const char *sql, unsigned count, const struct tarn_text *texts,
                                   sqlite3_stmt **out, struct tarn_error *err)
{
    *out = NULL;
    int code = sqlite3_prepare_v2(database->connection, sql, -1, out, NULL);
    for (unsigned i = 0; i < count && code == SQLITE_OK; i++) {
        code = sqlite3_bind_text64(*out, (int)i + 1, texts[i].size != 0 ? texts[i].data : "", texts[i].size, SQLITE_STATIC, SQLITE_UTF8);
    }
    if (code == SQLITE_OK) {
        return TARN_OK;
    }
    const enum tarn_status status = answer(database, code, err);
    sqlite3_finalize(*out);
    *out = NULL;
    return status;
}

enum tarn_status tarn__sql_step(struct tarn__sql_database *database, sqlite3_stmt *statement, bool *row, struct tarn_error *err)
{
    const int code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ? TARN_OK : answer(database, code, err);
}

enum tarn_status tarn__sql_change(struct tarn__sql_database *database, const char *sql, unsigned count, const struct tarn_text *texts,
                                  int *changed, struct tarn_error *err)
{
    sqlite3_stmt *statement;
    bool row = true;
    *changed = 0;
    enum tarn_status status = tarn__sql_prepare(database, sql, count, texts, &statement, err);
    while (status == TARN_OK && row) {
        status = tarn__sql_step(database, statement, &row, err);
    }
    if (status == TARN_OK) {
        *changed = sqlite3_changes(database->connection);
    }
    sqlite3_finalize(statement);
    return status;
}

enum tarn_status tarn__sql_commit(struct tarn__sql_database *database, bool *open, struct tarn_error *err)
{
    sqlite3_progress_handler(database->connection, 0, NULL, NULL); /* the point of no return is not to be cancelled */
    const int code = sqlite3_exec(database->connection, "COMMIT", NULL, NULL, NULL);
    *open = false;
    if (code == SQLITE_OK) {
        sqlite3_progress_handler(database->connection, STEPS, look_around, database);
        return TARN_OK;
    }
    const enum tarn_status status = answer(database, code, err);
    if (code == SQLITE_BUSY && sqlite3_get_autocommit(database->connection) == 0) {
        sqlite3_progress_handler(database->connection, STEPS, look_around, database);
        return status; /* readers hold it: the transaction stands as it was, and will be rolled back */
    }
    *open = true;
    disconnect(database);
    return status;
}

enum tarn_status tarn__sql_text(struct tarn__sql_database *database, sqlite3_stmt *statement, int column, struct tarn_text *out,
                                struct tarn_error *err)
{
    *out = (struct tarn_text){NULL, 0};
    const int type = sqlite3_column_type(statement, column);
    if (type == SQLITE_NULL) {
        return TARN_OK;
    }
    const char *text = (const char *)sqlite3_column_text(statement, column);
    const size_t size = (size_t)sqlite3_column_bytes(statement, column);
    if (text == NULL) {
        return answer(database, SQLITE_NOMEM, err);
    }
    if (type != SQLITE_TEXT || memchr(text, '\0', size) != NULL) {
        return at_path(database,
                       tarn_error_set(err, TARN_CORRUPT, "catalog_text", "the column %s of the catalog holds what is no text",
                                      sqlite3_column_name(statement, column)),
                       err);
    }
    *out = (struct tarn_text){text, size};
    return TARN_OK;
}
