/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SQLCATALOG_CATALOG_DATABASE_H
#define TARN_TESTS_SQLCATALOG_CATALOG_DATABASE_H

#include <sqlite3.h>
#include <stdio.h>

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "tarn/sqlcatalog.h"
#include "tests/support/suite.h"

/*
 * Databases of catalogs made by hand, with the statements by which Java and PyIceberg make them, for the tests of the SQL catalog.
 */

/* iceberg-java, JdbcUtil: version 0. */
#define JAVA_V0                                                                                                                            \
    "CREATE TABLE iceberg_tables(catalog_name VARCHAR(255) NOT NULL,table_namespace VARCHAR(255) NOT NULL,table_name VARCHAR(255) NOT "    \
    "NULL,metadata_location VARCHAR(1000),previous_metadata_location VARCHAR(1000),PRIMARY KEY (catalog_name, table_namespace, "           \
    "table_name));"                                                                                                                        \
    "CREATE TABLE iceberg_namespace_properties(catalog_name VARCHAR(255) NOT NULL,namespace VARCHAR(255) NOT NULL,property_key "           \
    "VARCHAR(255),property_value VARCHAR(1000),PRIMARY KEY (catalog_name, namespace, property_key));"

/* iceberg-java, jdbc.schema-version=V1: version 0 and this. */
#define JAVA_V1 JAVA_V0 "ALTER TABLE iceberg_tables ADD COLUMN iceberg_type VARCHAR(5);"

/* PyIceberg 0.12. */
#define PYICEBERG_V1                                                                                                                       \
    "CREATE TABLE iceberg_tables (\n\tcatalog_name VARCHAR(255) NOT NULL, \n\ttable_namespace VARCHAR(255) NOT NULL, \n\ttable_name "      \
    "VARCHAR(255) NOT NULL, \n\tmetadata_location VARCHAR(1000), \n\tprevious_metadata_location VARCHAR(1000), \n\ticeberg_type "          \
    "VARCHAR(5), \n\tPRIMARY KEY (catalog_name, table_namespace, table_name)\n);"                                                          \
    "CREATE TABLE iceberg_namespace_properties (\n\tcatalog_name VARCHAR(255) NOT NULL, \n\tnamespace VARCHAR(255) NOT NULL, "             \
    "\n\tproperty_key VARCHAR(255) NOT NULL, \n\tproperty_value VARCHAR(1000) NOT NULL, \n\tPRIMARY KEY (catalog_name, namespace, "        \
    "property_key)\n);"

struct catalog_database {
    char path[512];
    char uri[600]; /* with the warehouse /wh */
};

static inline void database_run(const char *path, const char *sql)
{
    sqlite3 *connection;
    ck_assert_int_eq(sqlite3_open(path, &connection), SQLITE_OK);
    char *message = NULL;
    const int code = sqlite3_exec(connection, sql, NULL, NULL, &message);
    ck_assert_msg(code == SQLITE_OK, "%s: %s", sql, message != NULL ? message : "");
    sqlite3_close(connection);
}

/* The first column of the first row; "" without one. Static storage. */
static inline const char *database_ask(const char *path, const char *sql)
{
    static char answer[1024];
    sqlite3 *connection;
    sqlite3_stmt *statement;
    ck_assert_int_eq(sqlite3_open(path, &connection), SQLITE_OK);
    ck_assert_msg(sqlite3_prepare_v2(connection, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(connection));
    answer[0] = '\0';
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0) != NULL) {
        snprintf(answer, sizeof(answer), "%s", (const char *)sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    sqlite3_close(connection);
    return answer;
}

/* A new one below a new folder. `sql` NULL: it is not there yet. */
static inline struct catalog_database database_new(const char *sql)
{
    struct catalog_database database;
    snprintf(database.path, sizeof(database.path), "%s/catalog.db", tarn_test_folder());
    snprintf(database.uri, sizeof(database.uri), "sqlite:///%s?warehouse=/wh/", database.path);
    if (sql != NULL) {
        database_run(database.path, sql);
    }
    return database;
}

static inline struct tarn_catalog *catalog_open(struct tarn_env *env, const char *uri)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_catalog *catalog;
    ck_assert_ok(tarn_sql_catalog_open(NULL, env, tarn__text_of(uri), &catalog, &err), &err);
    ck_assert_ptr_nonnull(catalog);
    return catalog;
}

static inline enum tarn_status print_entry(void *arg, const struct tarn_catalog_entry *entry, struct tarn_error *err)
{
    char *text = arg;
    const size_t size = strlen(text);
    (void)err;
    snprintf(text + size, 1024 - size, "%.*s=%.*s%s ", TARN_TEXT_ARG(entry->name), TARN_TEXT_ARG(entry->metadata_location),
             entry->is_view ? "(view)" : "");
    return TARN_OK;
}

static inline enum tarn_status print_place(void *arg, struct tarn_text text, struct tarn_error *err)
{
    (void)err;
    snprintf(arg, 1024, "%.*s", TARN_TEXT_ARG(text));
    return TARN_OK;
}

static inline enum tarn_status swap(struct tarn_catalog *catalog, const char *table, const char *expected, const char *next,
                                    struct tarn_error *err)
{
    return tarn_catalog_swap(catalog, tarn__text_of(table), tarn__text_of(expected), tarn__text_of(next), err);
}

/* The pointer of a table; "" when there is none. Static storage. */
static inline const char *pointer_of(struct tarn_catalog *catalog, const char *table)
{
    static char text[1024];
    struct tarn_error err = TARN_ERROR_INIT;
    text[0] = '\0';
    const enum tarn_status status = tarn_catalog_find(catalog, tarn__text_of(table), print_entry, text, &err);
    ck_assert_msg(status == TARN_OK || status == TARN_NOT_FOUND, "%s: %s", tarn_status_name(status), err.message);
    if (status == TARN_OK) {
        text[strlen(text) - 1] = '\0';
        return text + strlen(table) + 1;
    }
    return "";
}

#endif
