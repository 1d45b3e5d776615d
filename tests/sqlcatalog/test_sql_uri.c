/* SPDX-License-Identifier: Apache-2.0
 * URIs of SQL catalogs, as SQLAlchemy and JDBC write them.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "tests/support/suite.h"
#include "txlog/catalog/sql_uri.h"

static const struct {
    const char *uri;
    const char *path;
    const char *warehouse;
    const char *name;
    int timeout;
} good[] = {
    {"sqlite:///rel.db", "rel.db", "", "", 5000},
    {"sqlite:////abs/x.db", "/abs/x.db", "", "", 5000},
    {"sqlite+pysqlite:////abs/x.db", "/abs/x.db", "", "", 5000},
    {"sqlite:///a%20b%2Fc.db", "a b/c.db", "", "", 5000},
    {"sqlite:///a+b.db", "a+b.db", "", "", 5000},
    {"sqlite:///100%.db", "100%.db", "", "", 5000},
    {"sqlite:///100%zz.db", "100%zz.db", "", "", 5000},
    {"sqlite:///x.db?warehouse=/data/lake&name=prod&timeout=30", "x.db", "/data/lake", "prod", 30000},
    {"sqlite:///x.db?warehouse=s3%3A%2F%2Fb%2F+w", "x.db", "s3://b/ w", "", 5000},
    {"sqlite:///x.db?&warehouse=&timeout=0&", "x.db", "", "", 0},
    {"sqlite:///file:x.db", "./file:x.db", "", "", 5000},
    {"jdbc:sqlite:rel.db", "rel.db", "", "", 5000},
    {"jdbc:sqlite:/abs/x%20.db?warehouse=w", "/abs/x%20.db", "w", "", 5000},
    {"jdbc:sqlite:file:x.db", "./file:x.db", "", "", 5000},
};

START_TEST(sql_uri__takes_both_forms) /* C-SQL-URI-1 C-SQL-URI-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn__sql_uri uri;
    bool is;
    ck_assert_ok(tarn__sql_uri_parse(env, tarn__text_of(good[_i].uri), &uri, &is, &err), &err);
    ck_assert(is);
    ck_assert_str_eq(uri.path, good[_i].path);
    ck_assert_str_eq(uri.warehouse, good[_i].warehouse);
    ck_assert_str_eq(uri.name, good[_i].name);
    ck_assert_int_eq(uri.timeout, good[_i].timeout);
    tarn__sql_uri_end(env, &uri);
    tarn_test_env_close(env);
}
END_TEST

static const char *const bad[] = {
    "sqlite:",
    "sqlite:x.db",
    "sqlite://",
    "sqlite:///",
    "sqlite://host/x.db",
    "sqlite:/x.db",
    "sqlite+pysqlite",
    "sqlite:///:memory:",
    "sqlite:///?warehouse=w",
    "sqlite:///x%00.db",
    "sqlite:///x.db?warehouse=a%00",
    "sqlite:///x.db?warehous=w",
    "sqlite:///x.db?mode=ro",
    "sqlite:///x.db?timeout=",
    "sqlite:///x.db?timeout=5s",
    "sqlite:///x.db?timeout=3601",
    "sqlite:///x.db?timeout=99999999999999999999",
    "jdbc:sqlite:",
    "jdbc:sqlite::memory:",
};

START_TEST(sql_uri__refuses_what_names_no_file) /* C-SQL-URI-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn__sql_uri uri;
    bool is;
    const enum tarn_status status = tarn__sql_uri_parse(env, tarn__text_of(bad[_i]), &uri, &is, &err);
    ck_assert_msg(status == TARN_INVALID, "%s: %s", bad[_i], tarn_status_name(status));
    ck_assert_str_eq(err.detail, "catalog_uri");
    tarn_test_env_close(env);
}
END_TEST

static const char *const foreign[] = {"",          ".",          "lake",  "/data/lake", "postgresql://u@h/db", "jdbc:postgresql://h/db",
                                      "file:///x", "sqlit:///x", "s3://b"};

START_TEST(sql_uri__leaves_other_schemes_alone) /* C-SQL-URI-4 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn__sql_uri uri;
    bool is = true;
    ck_assert_status(tarn__sql_uri_parse(env, tarn__text_of(foreign[_i]), &uri, &is, NULL), TARN_OK);
    ck_assert(!is);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("sqlcatalog/sql_uri", TARN_LOOP_TEST(sql_uri__takes_both_forms, good), TARN_LOOP_TEST(sql_uri__refuses_what_names_no_file, bad),
           TARN_LOOP_TEST(sql_uri__leaves_other_schemes_alone, foreign))
