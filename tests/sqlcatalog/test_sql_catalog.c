/* SPDX-License-Identifier: Apache-2.0
 * The SQL catalog over databases made by hand, as Java and PyIceberg make them.
 */
#include "tests/sqlcatalog/catalog_database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS_V0                                                                                                                            \
    "INSERT INTO iceberg_tables VALUES ('prod', 'ns', 't', '/wh/ns/t/metadata/2.metadata.json', '/wh/ns/t/metadata/1.metadata.json');"     \
    "INSERT INTO iceberg_tables VALUES ('prod', 'a.b', 'u', 'file:///u/metadata/1.metadata.json', NULL);"                                  \
    "INSERT INTO iceberg_namespace_properties VALUES ('prod', 'ns', 'exists', 'true');"

#define ROWS_V1                                                                                                                            \
    "INSERT INTO iceberg_tables VALUES ('prod', 'ns', 't', '/wh/ns/t/metadata/2.metadata.json', NULL, 'TABLE');"                           \
    "INSERT INTO iceberg_tables VALUES ('prod', 'ns', 'old', '/wh/ns/old/metadata/1.metadata.json', NULL, NULL);"                          \
    "INSERT INTO iceberg_tables VALUES ('prod', 'ns', 'v', '/wh/ns/v/metadata/1.metadata.json', NULL, 'VIEW');"                            \
    "INSERT INTO iceberg_tables VALUES ('prod', '', 'bare', '/wh/bare/metadata/1.metadata.json', NULL, 'TABLE');"                          \
    "INSERT INTO iceberg_namespace_properties VALUES ('prod', 'ns', 'exists', 'true');"

static struct tarn_error err;

static const char *listed(struct tarn_catalog *catalog)
{
    static char text[1024];
    text[0] = '\0';
    ck_assert_ok(tarn_catalog_list(catalog, print_entry, text, &err), &err);
    return text;
}

static const char *placed(struct tarn_catalog *catalog, const char *table)
{
    static char text[1024];
    ck_assert_ok(tarn_catalog_place(catalog, tarn__text_of(table), print_place, text, &err), &err);
    return text;
}

START_TEST(sql_catalog__reads_version_0) /* C-SQL-1 */
{
    const struct catalog_database database = database_new(JAVA_V0 ROWS_V0);
    struct tarn_env *env = tarn_test_env();
    struct tarn_catalog *catalog = catalog_open(env, database.uri);
    ck_assert_str_eq(listed(catalog), "a.b.u=file:///u/metadata/1.metadata.json ns.t=/wh/ns/t/metadata/2.metadata.json ");
    ck_assert_str_eq(pointer_of(catalog, "ns.t"), "/wh/ns/t/metadata/2.metadata.json");
    ck_assert_str_eq(pointer_of(catalog, "a.b.u"), "file:///u/metadata/1.metadata.json");
    ck_assert_str_eq(pointer_of(catalog, "ns.T"), "");
    ck_assert_str_eq(pointer_of(catalog, "t"), "");
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
}
END_TEST

static const char *const version_1[] = {JAVA_V1 ROWS_V1, PYICEBERG_V1 ROWS_V1};

START_TEST(sql_catalog__reads_version_1_and_tells_views) /* C-SQL-2 */
{
    const struct catalog_database database = database_new(version_1[_i]);
    struct tarn_env *env = tarn_test_env();
    struct tarn_catalog *catalog = catalog_open(env, database.uri);
    ck_assert_str_eq(listed(catalog), "bare=/wh/bare/metadata/1.metadata.json ns.old=/wh/ns/old/metadata/1.metadata.json "
                                      "ns.t=/wh/ns/t/metadata/2.metadata.json ns.v=/wh/ns/v/metadata/1.metadata.json(view) ");
    ck_assert_str_eq(pointer_of(catalog, "bare"), "/wh/bare/metadata/1.metadata.json");
    ck_assert_status(swap(catalog, "ns.v", "/wh/ns/v/metadata/1.metadata.json", "x", &err), TARN_EXISTS); /* never moved as if a table */
    ck_assert_status(swap(catalog, "ns.v", "", "x", &err), TARN_EXISTS);
    ck_assert_status(tarn_catalog_drop(catalog, TARN_TEXT("ns.v"), &err), TARN_NOT_FOUND);
    ck_assert_ok(swap(catalog, "ns.old", "/wh/ns/old/metadata/1.metadata.json", "/wh/ns/old/metadata/2.metadata.json", &err), &err);
    ck_assert_str_eq(pointer_of(catalog, "ns.old"), "/wh/ns/old/metadata/2.metadata.json");
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *sql;
    const char *form; /* afterwards */
} forms[] = {{JAVA_V0 ROWS_V0, "0"}, {JAVA_V1 ROWS_V1, "1"}, {PYICEBERG_V1 ROWS_V1, "1"}};

START_TEST(sql_catalog__writes_without_changing_the_form) /* C-SQL-3 C-SQL-5 */
{
    static const char in_row[] = "SELECT metadata_location || ' ' || coalesce(previous_metadata_location, 'NULL') FROM iceberg_tables "
                                 "WHERE catalog_name = 'prod' AND table_namespace = 'ns' AND table_name = ";
    const struct catalog_database database = database_new(forms[_i].sql);
    struct tarn_env *env = tarn_test_env();
    struct tarn_catalog *catalog = catalog_open(env, database.uri);
    char sql[512];
    ck_assert_ok(swap(catalog, "ns.t", "/wh/ns/t/metadata/2.metadata.json", "m3", &err), &err);
    snprintf(sql, sizeof(sql), "%s't'", in_row);
    ck_assert_str_eq(database_ask(database.path, sql), "m3 /wh/ns/t/metadata/2.metadata.json");
    ck_assert_ok(swap(catalog, "ns.fresh", "", "m1", &err), &err);
    snprintf(sql, sizeof(sql), "%s'fresh'", in_row);
    ck_assert_str_eq(database_ask(database.path, sql), "m1 NULL");
    ck_assert_str_eq(database_ask(database.path, "SELECT count(*) FROM pragma_table_info('iceberg_tables') WHERE name = 'iceberg_type'"),
                     forms[_i].form);
    ck_assert_str_eq(database_ask(database.path, "SELECT count(*) FROM iceberg_namespace_properties"), "1"); /* ns was there */
    ck_assert_ok(tarn_catalog_drop(catalog, TARN_TEXT("ns.t"), &err), &err);
    ck_assert_status(tarn_catalog_drop(catalog, TARN_TEXT("ns.t"), &err), TARN_NOT_FOUND);
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(sql_catalog__is_made_by_the_first_entry) /* C-SQL-4 */
{
    const struct catalog_database database = database_new(NULL);
    struct tarn_env *env = tarn_test_env();
    struct tarn_catalog *catalog = catalog_open(env, database.uri);
    char text[1024] = "";
    ck_assert_status(tarn_catalog_find(catalog, TARN_TEXT("ns.t"), print_entry, text, &err), TARN_NOT_FOUND);
    ck_assert_str_eq(err.detail, "table");
    ck_assert_str_eq(listed(catalog), "");
    ck_assert_status(tarn_catalog_drop(catalog, TARN_TEXT("ns.t"), &err), TARN_NOT_FOUND);
    ck_assert_status(swap(catalog, "ns.t", "m1", "m2", &err), TARN_NOT_FOUND);
    ck_assert_str_eq(placed(catalog, "ns.t"), "/wh/ns/t");
    ck_assert_int_ne(access(database.path, F_OK), 0);
    ck_assert_ok(swap(catalog, "ns.t", "", "m1", &err), &err);
    ck_assert_str_eq(database_ask(database.path, "SELECT group_concat(name || ' ' || type || ' ' || \"notnull\" || pk, ', ') FROM "
                                                 "pragma_table_info('iceberg_tables')"),
                     "catalog_name VARCHAR(255) 11, table_namespace VARCHAR(255) 12, table_name VARCHAR(255) 13, "
                     "metadata_location VARCHAR(1000) 00, previous_metadata_location VARCHAR(1000) 00, iceberg_type VARCHAR(5) 00");
    ck_assert_str_eq(
        database_ask(database.path, "SELECT group_concat(name || ' ' || type || ' ' || \"notnull\" || pk, ', ') FROM "
                                    "pragma_table_info('iceberg_namespace_properties')"),
        "catalog_name VARCHAR(255) 11, namespace VARCHAR(255) 12, property_key VARCHAR(255) 13, property_value VARCHAR(1000) 10");
    ck_assert_str_eq(database_ask(database.path, "SELECT catalog_name || table_namespace || table_name || metadata_location || "
                                                 "coalesce(previous_metadata_location, '-') || iceberg_type FROM iceberg_tables"),
                     "defaultnstm1-TABLE");
    ck_assert_str_eq(
        database_ask(database.path, "SELECT catalog_name || namespace || property_key || property_value FROM iceberg_namespace_properties"),
        "defaultnsexiststrue");
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(sql_catalog__adds_its_tables_to_a_database_of_others) /* C-SQL-4 */
{
    const struct catalog_database database = database_new("CREATE TABLE mine (a); INSERT INTO mine VALUES (1)");
    struct tarn_env *env = tarn_test_env();
    struct tarn_catalog *catalog = catalog_open(env, database.uri);
    ck_assert_str_eq(listed(catalog), "");
    ck_assert_str_eq(pointer_of(catalog, "ns.t"), "");
    ck_assert_ok(swap(catalog, "ns.t", "", "m1", &err), &err);
    ck_assert_str_eq(listed(catalog), "ns.t=m1 ");
    ck_assert_str_eq(database_ask(database.path, "SELECT a FROM mine"), "1");
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(sql_catalog__moves_a_pointer_only_from_where_it_is) /* C-SQL-5 */
{
    const struct catalog_database database = database_new(NULL);
    struct tarn_env *env = tarn_test_env();
    struct tarn_catalog *catalog = catalog_open(env, database.uri);
    ck_assert_ok(swap(catalog, "ns.t", "", "m1", &err), &err);
    ck_assert_status(swap(catalog, "ns.t", "", "mine", &err), TARN_EXISTS);
    ck_assert_status(swap(catalog, "ns.t", "m0", "mine", &err), TARN_EXISTS);
    ck_assert_str_eq(err.detail, "table");
    ck_assert_status(swap(catalog, "ns.u", "m0", "mine", &err), TARN_NOT_FOUND);
    ck_assert_status(swap(catalog, "other.t", "m1", "mine", &err), TARN_NOT_FOUND);
    ck_assert_str_eq(pointer_of(catalog, "ns.t"), "m1");
    ck_assert_ok(swap(catalog, "ns.t", "m1", "m2", &err), &err);
    ck_assert_status(swap(catalog, "ns.t", "m1", "m2", &err), TARN_EXISTS);
    ck_assert_str_eq(pointer_of(catalog, "ns.t"), "m2");
    ck_assert_status(swap(catalog, "bare", "", "m1", &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "namespace");
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(sql_catalog__places_tables_as_pyiceberg_does) /* C-SQL-6 */
{
    const struct catalog_database database =
        database_new(PYICEBERG_V1 "INSERT INTO iceberg_namespace_properties VALUES ('prod', 'own', 'location', 's3://b/own//');"
                                  "INSERT INTO iceberg_namespace_properties VALUES ('prod', 'empty', 'location', '');"
                                  "INSERT INTO iceberg_namespace_properties VALUES ('prod', 'own.sub', 'exists', 'true');");
    struct tarn_env *env = tarn_test_env();
    struct tarn_catalog *catalog = catalog_open(env, database.uri);
    char text[1024];
    char uri[600];
    ck_assert_str_eq(placed(catalog, "own.t"), "s3://b/own/t");
    ck_assert_str_eq(placed(catalog, "empty.t"), "/wh/empty/t");
    ck_assert_str_eq(placed(catalog, "own.sub.t"), "/wh/own.sub/t");
    ck_assert_str_eq(placed(catalog, "new.t"), "/wh/new/t");
    ck_assert_status(tarn_catalog_place(catalog, TARN_TEXT("bare"), print_place, text, &err), TARN_INVALID);
    tarn_catalog_close(catalog);
    snprintf(uri, sizeof(uri), "jdbc:sqlite:%s", database.path);
    catalog = catalog_open(env, uri);
    ck_assert_str_eq(placed(catalog, "own.t"), "s3://b/own/t");
    ck_assert_status(tarn_catalog_place(catalog, TARN_TEXT("new.t"), print_place, text, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "warehouse");
    tarn_catalog_close(catalog);
    snprintf(uri, sizeof(uri), "sqlite:///%s?warehouse=/", database.path);
    catalog = catalog_open(env, uri);
    ck_assert_str_eq(placed(catalog, "new.t"), "/new/t");
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(sql_catalog__goes_by_the_name_in_the_database) /* C-SQL-7 */
{
    const struct catalog_database database = database_new(PYICEBERG_V1 ROWS_V1);
    struct tarn_env *env = tarn_test_env();
    char uri[700];
    char text[1024] = "";
    struct tarn_catalog *catalog = catalog_open(env, database.uri);
    ck_assert_ok(swap(catalog, "ns.fresh", "", "m1", &err), &err);
    ck_assert_str_eq(database_ask(database.path, "SELECT catalog_name FROM iceberg_tables WHERE table_name = 'fresh'"), "prod");
    snprintf(uri, sizeof(uri), "%s&name=other", database.uri);
    struct tarn_catalog *other = catalog_open(env, uri);
    ck_assert_str_eq(listed(other), "");
    ck_assert_ok(swap(other, "ns.t", "", "theirs", &err), &err);
    ck_assert_str_eq(listed(other), "ns.t=theirs ");
    tarn_catalog_close(other);
    ck_assert_status(tarn_catalog_find(catalog, TARN_TEXT("ns.t"), print_entry, text, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "catalog_name");
    ck_assert_msg(strstr(err.message, "\"other\"") != NULL && strstr(err.message, "\"prod\"") != NULL, "%s", err.message);
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *what;
    const char *sql;
    enum tarn_status status;
} foreign[] = {
    {"another table of that name", "CREATE TABLE iceberg_tables (a, b)", TARN_CORRUPT},
    {"a location that is a blob", PYICEBERG_V1 "INSERT INTO iceberg_tables VALUES ('p', 'ns', 't', x'0102', NULL, NULL)", TARN_CORRUPT},
    {"a location that is a number",
     PYICEBERG_V1 "INSERT INTO iceberg_tables VALUES ('p', 'ns', 't', x'', NULL, NULL);"
                  "UPDATE iceberg_tables SET metadata_location = x'31'",
     TARN_CORRUPT},
    {"a NUL in a location", PYICEBERG_V1 "INSERT INTO iceberg_tables VALUES ('p', 'ns', 't', cast(x'610062' AS TEXT), NULL, NULL)",
     TARN_CORRUPT},
    {"a null location", PYICEBERG_V1 "INSERT INTO iceberg_tables VALUES ('p', 'ns', 't', NULL, NULL, NULL)", TARN_CORRUPT},
    {"a view that never ends",
     "CREATE VIEW iceberg_tables AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT 'p' AS catalog_name, "
     "'ns' AS table_namespace, 'x' || n AS table_name, 'm' AS metadata_location, 'm' AS previous_metadata_location FROM r",
     TARN_LIMIT},
};

START_TEST(sql_catalog__refuses_foreign_tables) /* C-SQL-8 */
{
    const struct catalog_database database = database_new(foreign[_i].sql);
    struct tarn_env *env = tarn_test_env();
    struct tarn_catalog *catalog = catalog_open(env, database.uri);
    char text[1024] = "";
    const enum tarn_status status = tarn_catalog_find(catalog, TARN_TEXT("ns.t"), print_entry, text, &err);
    ck_assert_msg(status == foreign[_i].status, "%s: %s: %s", foreign[_i].what, tarn_status_name(status), err.message);
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
}
END_TEST

/* Every byte of the file's head, and bytes all through it, turned over: an answer, never a crash, and no other table's pointer. */
START_TEST(sql_catalog__survives_a_damaged_file) /* C-SQL-8 */
{
    const struct catalog_database database = database_new(PYICEBERG_V1 ROWS_V1);
    struct tarn_env *env = tarn_test_env();
    struct stat info;
    ck_assert_int_eq(stat(database.path, &info), 0);
    const int file = open(database.path, O_RDWR | O_CLOEXEC);
    uint64_t refused = 0;
    for (off_t at = 0; at < info.st_size; at += at < 200 ? 1 : 37) {
        uint8_t byte;
        char text[1024] = "";
        ck_assert_int_eq(pread(file, &byte, 1, at), 1);
        const uint8_t other = (uint8_t)(byte ^ 0xff);
        ck_assert_int_eq(pwrite(file, &other, 1, at), 1);
        struct tarn_catalog *catalog = catalog_open(env, database.uri);
        refused += tarn_catalog_find(catalog, TARN_TEXT("ns.t"), print_entry, text, &err) != TARN_OK;
        refused += tarn_catalog_list(catalog, print_entry, text, &err) != TARN_OK;
        tarn_catalog_close(catalog);
        ck_assert_int_eq(pwrite(file, &byte, 1, at), 1);
    }
    ck_assert_uint_gt(refused, 20);
    ck_assert_int_eq(ftruncate(file, 5000), 0);
    struct tarn_catalog *catalog = catalog_open(env, database.uri);
    char text[1024] = "";
    ck_assert_status(tarn_catalog_find(catalog, TARN_TEXT("ns.t"), print_entry, text, &err), TARN_CORRUPT);
    tarn_catalog_close(catalog);
    ck_assert_int_eq(ftruncate(file, 0), 0);
    ck_assert_int_eq(pwrite(file, "this is no database, but it is long enough", 42, 0), 42);
    catalog = catalog_open(env, database.uri);
    ck_assert_status(tarn_catalog_find(catalog, TARN_TEXT("ns.t"), print_entry, text, &err), TARN_CORRUPT);
    ck_assert_status(swap(catalog, "ns.t", "", "m1", &err), TARN_CORRUPT);
    tarn_catalog_close(catalog);
    close(file);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(sql_catalog__says_that_others_hold_it) /* C-SQL-9 */
{
    const struct catalog_database database = database_new(PYICEBERG_V1 ROWS_V1);
    struct tarn_env *env = tarn_test_env();
    char uri[700];
    sqlite3 *other;
    sqlite3_stmt *reading;
    snprintf(uri, sizeof(uri), "%s&timeout=0", database.uri);
    struct tarn_catalog *catalog = catalog_open(env, uri);
    ck_assert_int_eq(sqlite3_open(database.path, &other), SQLITE_OK);

    ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK); /* a writer at work */
    ck_assert_status(swap(catalog, "ns.t", "/wh/ns/t/metadata/2.metadata.json", "m3", &err), TARN_THROTTLED);
    ck_assert_str_eq(err.detail, "catalog_busy");
    ck_assert_str_eq(pointer_of(catalog, "ns.t"), "/wh/ns/t/metadata/2.metadata.json");
    ck_assert_int_eq(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);

    /* A reader at work: the row changes, and COMMIT cannot go through. */
    ck_assert_int_eq(sqlite3_prepare_v2(other, "SELECT * FROM iceberg_tables", -1, &reading, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(reading), SQLITE_ROW);
    ck_assert_status(swap(catalog, "ns.t", "/wh/ns/t/metadata/2.metadata.json", "m3", &err), TARN_THROTTLED);
    ck_assert_str_eq(pointer_of(catalog, "ns.t"), "/wh/ns/t/metadata/2.metadata.json");
    sqlite3_finalize(reading);
    ck_assert_ok(swap(catalog, "ns.t", "/wh/ns/t/metadata/2.metadata.json", "m3", &err), &err);

    ck_assert_int_eq(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    char text[1024] = "";
    ck_assert_status(tarn_catalog_find(catalog, TARN_TEXT("ns.t"), print_entry, text, &err), TARN_THROTTLED);
    sqlite3_close(other);
    ck_assert_str_eq(pointer_of(catalog, "ns.t"), "m3");
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(sql_catalog__says_what_the_system_refused)
{
    struct catalog_database database = database_new(NULL);
    struct tarn_env *env = tarn_test_env();
    char folder[600];
    snprintf(folder, sizeof(folder), "sqlite:///%s/missing/x.db?warehouse=/wh", database.path);
    struct tarn_catalog *catalog = catalog_open(env, folder);
    ck_assert_status(swap(catalog, "ns.t", "", "m1", &err), TARN_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.object, "missing/x.db"));
    tarn_catalog_close(catalog);
    ck_assert_int_eq(mkdir(database.path, 0777), 0);
    catalog = catalog_open(env, database.uri);
    ck_assert_status(swap(catalog, "ns.t", "", "m1", &err), TARN_IO);
    tarn_catalog_close(catalog);
    if (geteuid() != 0) {
        ck_assert_int_eq(rmdir(database.path), 0);
        database_run(database.path, PYICEBERG_V1 ROWS_V1);
        ck_assert_int_eq(chmod(database.path, 0444), 0);
        catalog = catalog_open(env, database.uri);
        ck_assert_str_eq(pointer_of(catalog, "ns.t"), "/wh/ns/t/metadata/2.metadata.json");
        ck_assert_status(swap(catalog, "ns.t", "/wh/ns/t/metadata/2.metadata.json", "m3", &err), TARN_AUTH);
        tarn_catalog_close(catalog);
    }
    tarn_test_env_close(env);
}
END_TEST

/* A callback may use the catalog that called it. */
static enum tarn_status use_again(void *arg, const struct tarn_catalog_entry *entry, struct tarn_error *error)
{
    char text[1024] = "";
    return tarn_catalog_find(arg, entry->name, print_entry, text, error);
}

static enum tarn_status stop(void *arg, const struct tarn_catalog_entry *entry, struct tarn_error *error)
{
    (void)entry;
    ++*(int *)arg;
    return tarn_error_set(error, TARN_CANCELLED, "test", "enough");
}

START_TEST(sql_catalog__calls_back_unlocked)
{
    const struct catalog_database database = database_new(JAVA_V0 ROWS_V0);
    struct tarn_env *env = tarn_test_env();
    struct tarn_catalog *catalog = catalog_open(env, database.uri);
    int calls = 0;
    ck_assert_ok(tarn_catalog_list(catalog, use_again, catalog, &err), &err);
    ck_assert_status(tarn_catalog_list(catalog, stop, &calls, &err), TARN_CANCELLED);
    ck_assert_int_eq(calls, 1);
    ck_assert_status(tarn_catalog_find(catalog, TARN_TEXT("ns.t"), stop, &calls, &err), TARN_CANCELLED);
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("sqlcatalog/sql_catalog", TARN_TEST(sql_catalog__reads_version_0),
           TARN_LOOP_TEST(sql_catalog__reads_version_1_and_tells_views, version_1),
           TARN_LOOP_TEST(sql_catalog__writes_without_changing_the_form, forms), TARN_TEST(sql_catalog__is_made_by_the_first_entry),
           TARN_TEST(sql_catalog__adds_its_tables_to_a_database_of_others), TARN_TEST(sql_catalog__moves_a_pointer_only_from_where_it_is),
           TARN_TEST(sql_catalog__places_tables_as_pyiceberg_does), TARN_TEST(sql_catalog__goes_by_the_name_in_the_database),
           TARN_LOOP_TEST(sql_catalog__refuses_foreign_tables, foreign), TARN_TEST(sql_catalog__survives_a_damaged_file),
           TARN_TEST(sql_catalog__says_that_others_hold_it), TARN_TEST(sql_catalog__says_what_the_system_refused),
           TARN_TEST(sql_catalog__calls_back_unlocked))
