/* SPDX-License-Identifier: Apache-2.0
 * Statements of strangers: whatever they say, they reach tables of the lake and nothing beside them.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/text.h"
#include "tarn/query.h"
#include "tests/support/suite.h"

static enum tarn_status run(struct tarn_env *env, const char *lake, const char *sql, bool confined, uint64_t *rows, struct tarn_error *err)
{
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query;
    struct tarn_batch *batch = NULL;
    options.lake = tarn__text_of(lake);
    options.confined = confined;
    *rows = 0;
    TARN_RETURN_IF_ERROR(tarn_query_open(env, tarn__text_of(sql), &options, &query, err));
    enum tarn_status status;
    while ((status = tarn_query_next(query, &batch, err)) == TARN_OK && batch != NULL) {
        *rows += batch->length;
    }
    tarn_query_close(query);
    return status;
}

/* A folder with a lake that has tables t and ns/u and "a.b", a CSV file, and beside the lake a table and a file that are nobody's business.
 */
struct place {
    struct tarn_env *env;
    char lake[512];
};

static void build(struct place *place)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_store *store;
    uint64_t rows;
    const char *folder = tarn_test_folder();
    place->env = tarn_test_env();
    snprintf(place->lake, sizeof(place->lake), "%s/lake", folder);
    ck_assert_ok(run(place->env, folder, "CREATE TABLE beside AS SELECT 1 AS a", false, &rows, &err), &err);
    ck_assert_ok(run(place->env, place->lake, "CREATE TABLE t AS SELECT 1 AS a", false, &rows, &err), &err);
    ck_assert_ok(run(place->env, place->lake, "CREATE TABLE ns.u AS SELECT 2 AS a", false, &rows, &err), &err);
    ck_assert_ok(run(place->env, place->lake, "CREATE TABLE \"a.b\" AS SELECT 3 AS a", false, &rows, &err), &err);
    ck_assert_ok(run(place->env, place->lake, "CREATE TABLE _own AS SELECT 4 AS a", false, &rows, &err), &err);
    ck_assert_ok(tarn_store_open(place->env, tarn__text_of(place->lake), false, &store, &err), &err);
    const struct tarn_span csv = {(const uint8_t *)"a\n1\n", 4};
    ck_assert_ok(tarn_store_put(store, TARN_TEXT("file.csv"), csv, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    ck_assert_ok(tarn_store_put(store, TARN_TEXT("ns/file.csv"), csv, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    tarn_store_close(store);
}

static const struct {
    const char *sql;
    enum tarn_status status;
} statements[] = {
    {"SELECT * FROM t", TARN_OK},
    {"SELECT * FROM ns.u", TARN_OK},
    {"SELECT * FROM \"a.b\"", TARN_OK},
    {"SELECT * FROM a.b", TARN_OK},
    {"SELECT * FROM t VERSION AS OF 0", TARN_OK},
    {"SELECT * FROM t VERSION AS OF 9", TARN_NOT_FOUND},
    {"DESCRIBE t", TARN_OK},
    {"EXPLAIN SELECT * FROM t", TARN_OK},
    {"SELECT * FROM 'file.csv'", TARN_AUTH},
    {"SELECT * FROM 't'", TARN_AUTH},
    {"SELECT * FROM '/etc/passwd'", TARN_AUTH},
    {"SELECT * FROM '*.csv'", TARN_AUTH},
    {"SELECT * FROM 'file:///etc/passwd'", TARN_AUTH},
    {"SELECT * FROM '../beside'", TARN_AUTH},
    {"SELECT * FROM \"../beside\"", TARN_AUTH},
    {"SELECT * FROM \"..\".beside", TARN_AUTH},
    {"SELECT * FROM ns.\"..\".\"..\".beside", TARN_AUTH},
    {"SELECT * FROM \"/etc/passwd\"", TARN_AUTH},
    {"SELECT * FROM \"ns/u\"", TARN_AUTH},
    {"SELECT * FROM \"ns\\u\"", TARN_AUTH},
    {"SELECT * FROM \".hidden\"", TARN_AUTH},
    {"SELECT * FROM _own", TARN_AUTH},
    {"SELECT * FROM t._delta_log.\"00000000000000000000\".json", TARN_AUTH},
    {"SELECT * FROM \"file.csv\"", TARN_NOT_FOUND},
    {"SELECT * FROM file.csv", TARN_NOT_FOUND},
    {"SELECT * FROM ns.\"file.csv\"", TARN_NOT_FOUND},
    {"SELECT * FROM \"*\"", TARN_NOT_FOUND},
    {"SELECT * FROM \"t@v0\"", TARN_NOT_FOUND},
    {"SELECT * FROM beside", TARN_NOT_FOUND},
    {"SELECT * FROM \"v1.metadata.json\"", TARN_AUTH},
    {"SELECT * FROM v1.metadata.json", TARN_AUTH},
    {"SELECT * FROM ns.metadata.\"v1.metadata.json.gz\"", TARN_AUTH},
    {"SELECT * FROM (SELECT * FROM 'file.csv')", TARN_AUTH},
    {"DESCRIBE 'file.csv'", TARN_AUTH},
    {"DESCRIBE SELECT * FROM 'file.csv'", TARN_AUTH},
    {"EXPLAIN SELECT * FROM 'file.csv'", TARN_AUTH},
    {"INSERT INTO t SELECT 7", TARN_OK},
    {"INSERT INTO 't' SELECT 1", TARN_AUTH},
    {"INSERT INTO t SELECT a FROM 'file.csv'", TARN_AUTH},
    {"DELETE FROM '../beside'", TARN_AUTH},
    {"UPDATE \"../beside\" SET a = 2", TARN_AUTH},
    {"CREATE TABLE x.y AS SELECT 1 AS a", TARN_OK},
    {"CREATE TABLE 'x' AS SELECT 1 AS a", TARN_AUTH},
    {"CREATE TABLE \"../x\" AS SELECT 1 AS a", TARN_AUTH},
    {"CREATE TABLE IF NOT EXISTS \"../beside\" (a INTEGER)", TARN_AUTH},
    {"CREATE TABLE _delta_log AS SELECT 1 AS a", TARN_AUTH},
    {"CREATE TABLE t.\"inner\" AS SELECT 1 AS a", TARN_AUTH},
    {"CREATE TABLE ns.u.below.deep AS SELECT 1 AS a", TARN_AUTH},
    {"CREATE TABLE z AS SELECT * FROM 'file.csv'", TARN_AUTH},
};

START_TEST(confined__reaches_tables_of_the_lake_only) /* Q-REL-2 Q-REL-3 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct place place;
    uint64_t rows;
    build(&place);
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        err = (struct tarn_error)TARN_ERROR_INIT;
        const enum tarn_status status = run(place.env, place.lake, statements[i].sql, true, &rows, &err);
        ck_assert_msg(status == statements[i].status, "%s: %s %s", statements[i].sql, tarn_status_name(status), err.message);
        ck_assert_msg(status != TARN_AUTH || strcmp(err.detail, "confined") == 0, "%s: %s", statements[i].sql, err.detail);
    }
    tarn_test_env_close(place.env);
}
END_TEST

START_TEST(confined__lists_tables_of_the_lake)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct place place;
    uint64_t rows;
    build(&place);
    ck_assert_ok(run(place.env, place.lake, "SHOW TABLES", true, &rows, &err), &err);
    ck_assert_uint_eq(rows, 4);
    tarn_test_env_close(place.env);
}
END_TEST

TARN_SUITE("query/confined", TARN_TEST(confined__reaches_tables_of_the_lake_only), TARN_TEST(confined__lists_tables_of_the_lake))
