/* SPDX-License-Identifier: Apache-2.0
 * A swap while the disk fails: below SQLite lies a file system that fails its n-th operation, done or not done, once or from then on. What
 * the swap answers is then compared with the row that is there.
 */
#include "tests/sqlcatalog/catalog_database.h"

#include <errno.h>

#include "tests/support/fault.h"

/* ---- the file system ---- */

struct failing {
    uint64_t at; /* the operation that fails, from 1; 0: none */
    uint64_t count;
    bool forever;
    bool applied; /* it is done all the same */
    int code;
};

static struct failing failing;

struct failing_file {
    sqlite3_file base;
    sqlite3_file *below;
};

static sqlite3_vfs *below;
static sqlite3_vfs above;

static bool strikes(void)
{
    failing.count++;
    return failing.at != 0 && (failing.forever ? failing.count >= failing.at : failing.count == failing.at);
}

static sqlite3_file *below_of(sqlite3_file *file)
{
    return ((struct failing_file *)file)->below;
}

static int file_close(sqlite3_file *file)
{
    sqlite3_file *real = below_of(file);
    return real->pMethods != NULL ? real->pMethods->xClose(real) : SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *into, int size, sqlite3_int64 offset)
{
    return strikes() ? SQLITE_IOERR_READ : below_of(file)->pMethods->xRead(below_of(file), into, size, offset);
}

#define OR_FAIL(call)                                                                                                                      \
    do {                                                                                                                                   \
        const bool strike = strikes();                                                                                                     \
        const int answer = !strike || failing.applied ? (call) : SQLITE_OK;                                                                \
        return strike ? failing.code : answer;                                                                                             \
    } while (0)

static int file_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    OR_FAIL(below_of(file)->pMethods->xWrite(below_of(file), bytes, size, offset));
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    OR_FAIL(below_of(file)->pMethods->xTruncate(below_of(file), size));
}

static int file_sync(sqlite3_file *file, int flags)
{
    OR_FAIL(below_of(file)->pMethods->xSync(below_of(file), flags));
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return below_of(file)->pMethods->xFileSize(below_of(file), size);
}

static int file_lock(sqlite3_file *file, int lock)
{
    return below_of(file)->pMethods->xLock(below_of(file), lock);
}

static int file_unlock(sqlite3_file *file, int lock)
{
    return below_of(file)->pMethods->xUnlock(below_of(file), lock);
}

static int file_check(sqlite3_file *file, int *reserved)
{
    return below_of(file)->pMethods->xCheckReservedLock(below_of(file), reserved);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
    return below_of(file)->pMethods->xFileControl(below_of(file), op, arg);
}

static int file_sector(sqlite3_file *file)
{
    return below_of(file)->pMethods->xSectorSize(below_of(file));
}

static int file_traits(sqlite3_file *file)
{
    return below_of(file)->pMethods->xDeviceCharacteristics(below_of(file));
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
};

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    struct failing_file *own = (struct failing_file *)file;
    (void)vfs;
    own->base.pMethods = NULL;
    own->below = (sqlite3_file *)(own + 1);
    if (strikes()) {
        errno = EIO;
        return SQLITE_CANTOPEN;
    }
    const int code = below->xOpen(below, name, own->below, flags, out_flags);
    own->base.pMethods = code == SQLITE_OK ? &methods : NULL;
    return code;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    OR_FAIL(below->xDelete(below, name, sync));
}

static void install(void)
{
    below = sqlite3_vfs_find(NULL);
    above = *below;
    above.zName = "failing";
    above.szOsFile = (int)sizeof(struct failing_file) + below->szOsFile;
    above.xOpen = open_file;
    above.xDelete = delete_file;
    ck_assert_int_eq(sqlite3_vfs_register(&above, 1), SQLITE_OK);
}

/* ---- what is tried ---- */

static const struct {
    const char *what;
    bool forever;
    bool applied;
    int code;
    const char *expected; /* "": a new entry in a new database */
} kinds[] = {
    {"an error of the disk, once", false, false, SQLITE_IOERR_WRITE, "m1"},
    {"an error of the disk, from then on", true, false, SQLITE_IOERR_WRITE, "m1"},
    {"an error, though it was done, once", false, true, SQLITE_IOERR_WRITE, "m1"},
    {"an error, though it was done, from then on", true, true, SQLITE_IOERR_WRITE, "m1"},
    {"a full disk", true, false, SQLITE_FULL, "m1"},
    {"a new database, an error of the disk, once", false, false, SQLITE_IOERR_FSYNC, ""},
    {"a new database, an error, though it was done, from then on", true, true, SQLITE_IOERR_FSYNC, ""},
};

static enum tarn_status one_swap(int kind, const struct catalog_database *database, uint64_t at, struct tarn_error *err)
{
    struct tarn_env *env = tarn_test_env();
    failing = (struct failing){.at = at, .forever = kinds[kind].forever, .applied = kinds[kind].applied, .code = kinds[kind].code};
    struct tarn_catalog *catalog = catalog_open(env, database->uri);
    const enum tarn_status status = swap(catalog, "ns.t", kinds[kind].expected, "m2", err);
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
    return status;
}

START_TEST(sql_catalog_faults__an_answer_is_true) /* C-SQL-10 */
{
    uint64_t unknown = 0;
    uint64_t refused = 0;
    enum tarn_status status = TARN_IO;
    install();
    for (uint64_t at = 1; at < 500; at++) {
        failing = (struct failing){0};
        const bool is_new = kinds[_i].expected[0] == '\0';
        const struct catalog_database database =
            database_new(is_new ? NULL : PYICEBERG_V1 "INSERT INTO iceberg_tables VALUES ('p', 'ns', 't', 'm1', NULL, 'TABLE')");
        struct tarn_error err = TARN_ERROR_INIT;
        status = one_swap(_i, &database, at, &err);
        const bool fired = failing.count >= at;
        failing = (struct failing){0};

        struct tarn_env *env = tarn_test_env();
        struct tarn_catalog *catalog = catalog_open(env, database.uri);
        const char *now = pointer_of(catalog, "ns.t");
        if (status == TARN_COMMIT_UNKNOWN) {
            unknown++;
            ck_assert_msg(strcmp(now, "m2") == 0 || strcmp(now, kinds[_i].expected) == 0, "%s at %d: %s", kinds[_i].what, (int)at, now);
        } else {
            refused += status != TARN_OK;
            ck_assert_msg(strcmp(now, status == TARN_OK ? "m2" : kinds[_i].expected) == 0, "%s at %d: %s (%s), and the pointer is %s",
                          kinds[_i].what, (int)at, tarn_status_name(status), err.message, now);
            ck_assert_msg(status == TARN_OK || status == TARN_IO || status == TARN_CORRUPT, "%s at %d: %s %s", kinds[_i].what, (int)at,
                          tarn_status_name(status), err.message);
        }
        tarn_catalog_close(catalog);
        tarn_test_env_close(env);
        ck_assert_str_eq(database_ask(database.path, "PRAGMA integrity_check"), "ok");
        if (!fired) {
            break;
        }
    }
    ck_assert_int_eq(status, TARN_OK); /* the last one met no failure */
    ck_assert_uint_gt(refused, 3);
    ck_assert_msg(!kinds[_i].forever || !kinds[_i].applied || unknown > 0, "%s: no outcome was ever open", kinds[_i].what);
    sqlite3_vfs_register(below, 1);
}
END_TEST

/* ---- memory of the env ---- */

static enum tarn_status all_calls(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    struct tarn_catalog *catalog;
    char text[1024] = "";
    (void)ctx;
    tarn_fault_suspend(fault);
    const struct catalog_database database =
        database_new(PYICEBERG_V1 "INSERT INTO iceberg_tables VALUES ('p', 'ns', 't', 'm1', NULL, NULL)");
    tarn_fault_resume(fault);
    enum tarn_status status = tarn_sql_catalog_open(NULL, env, tarn__text_of(database.uri), &catalog, err);
    if (status != TARN_OK) {
        return status;
    }
    status = tarn_catalog_find(catalog, TARN_TEXT("ns.t"), print_entry, text, err);
    status = status == TARN_OK ? tarn_catalog_list(catalog, print_entry, text, err) : status;
    status = status == TARN_OK ? tarn_catalog_place(catalog, TARN_TEXT("ns.u"), print_place, text, err) : status;
    status = status == TARN_OK ? swap(catalog, "ns.t", "m1", "m2", err) : status;
    status = status == TARN_OK ? swap(catalog, "new.t", "", "m1", err) : status;
    status = status == TARN_OK ? tarn_catalog_drop(catalog, TARN_TEXT("ns.t"), err) : status;
    tarn_catalog_close(catalog);
    return status;
}

START_TEST(sql_catalog_faults__survives_every_refused_allocation)
{
    ck_assert_uint_gt(tarn_fault_sweep(all_calls, NULL, TARN_FAULT_ALL_ALLOC), 10);
}
END_TEST

static bool always(void *ctx)
{
    (void)ctx;
    return true;
}

START_TEST(sql_catalog_faults__stops_waiting_when_cancelled)
{
    const struct catalog_database database = database_new(PYICEBERG_V1);
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    sqlite3 *other;
    options.is_cancelled = always;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    struct tarn_catalog *catalog = catalog_open(env, database.uri);
    ck_assert_int_eq(sqlite3_open(database.path, &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_status(swap(catalog, "ns.t", "", "m1", &err), TARN_CANCELLED);
    sqlite3_close(other);
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("sqlcatalog/sql_catalog_faults", TARN_LOOP_TEST(sql_catalog_faults__an_answer_is_true, kinds),
           TARN_TEST(sql_catalog_faults__survives_every_refused_allocation), TARN_TEST(sql_catalog_faults__stops_waiting_when_cancelled))
