/* SPDX-License-Identifier: Apache-2.0
 * Ids of rows: given once, kept by rows that are copied, and by rows that change; the version that last changed a row.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/base/text.h"
#include "tests/support/fault.h"
#include "tests/support/statement.h"
#include "tests/support/table_rows.h"

static struct tarn_error err = TARN_ERROR_INIT;

#define FIELD(name, type) "{\\\"name\\\":\\\"" name "\\\",\\\"type\\\":\\\"" type "\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}"
#define TABLE(partition, properties)                                                                                                       \
    "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":7,\"writerFeatures\":[\"rowTracking\",\"domainMetadata\"]}}\n"             \
    "{\"metaData\":{\"id\":\"m\",\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":\"{\\\"type\\\":\\\"struct\\\","    \
    "\\\"fields\\\":[" FIELD("a", "integer") "," FIELD("b", "integer") "]}\",\"partitionColumns\":[" partition                             \
                                                                       "],\"configuration\":{" properties "}}}\n"
#define KEPT                                                                                                                               \
    "\"delta.enableRowTracking\":\"true\",\"delta.rowTracking.materializedRowIdColumnName\":\"_row-id-col\","                              \
    "\"delta.rowTracking.materializedRowCommitVersionColumnName\":\"_row-version-col\""

static void put(const char *lake, int version, const char *text)
{
    char name[64];
    snprintf(name, sizeof(name), "t/_delta_log/%020d.json", version);
    tarn_test_put_file(lake, name, text);
}

static void run(struct tarn_env *env, const char *lake, const char *sql)
{
    ck_assert_msg(tarn_test_statement(env, lake, sql, NULL, NULL, &err) == TARN_OK, "%s: %s", sql, err.message);
}

static void check(struct tarn_env *env, const char *lake, const char *sql, const char *expected)
{
    char *text;
    ck_assert_msg(tarn_test_statement(env, lake, sql, NULL, &text, &err) == TARN_OK, "%s: %s", sql, err.message);
    ck_assert_msg(strcmp(text, expected) == 0, "%s gave\n%s", sql, text);
    tarn__free(env, text);
}

/* Is the text in the commit of a version? */
static bool says(const char *lake, int version, const char *text)
{
    char path[600];
    static char commit[100000];
    snprintf(path, sizeof(path), "%s/t/_delta_log/%020d.json", lake, version);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    commit[fread(commit, 1, sizeof(commit) - 1, file)] = '\0';
    fclose(file);
    return strstr(commit, text) != NULL;
}

#define ROWS "SELECT a, b, _metadata.row_id, _metadata.row_commit_version FROM t ORDER BY a"

static const struct {
    const char *sql;
    const char *rows;
    const char *mark;
    const char *tag; /* NULL: none */
} statements[] = {
    {"INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)", "1|1|0|1\n2|2|1|1\n3|3|2|1\n", "{\\\"rowIdHighWaterMark\\\":2}", NULL},
    {"INSERT INTO t VALUES (4, 4), (5, 5)", "1|1|0|1\n2|2|1|1\n3|3|2|1\n4|4|3|2\n5|5|4|2\n", "{\\\"rowIdHighWaterMark\\\":4}", NULL},
    {"UPDATE t SET b = 20 WHERE a = 2", "1|1|0|1\n2|20|1|3\n3|3|2|1\n4|4|3|2\n5|5|4|2\n", "{\\\"rowIdHighWaterMark\\\":7}", "true"},
    {"DELETE FROM t WHERE a = 1", "2|20|1|3\n3|3|2|1\n4|4|3|2\n5|5|4|2\n", "{\\\"rowIdHighWaterMark\\\":9}", "true"},
    {"UPDATE t SET b = b + 1", "2|21|1|5\n3|4|2|5\n4|5|3|5\n5|6|4|5\n", "{\\\"rowIdHighWaterMark\\\":13}", "true"},
    {"DELETE FROM t WHERE a IN (2, 3)", "4|5|3|5\n5|6|4|5\n", "{\\\"rowIdHighWaterMark\\\":15}", "true"},
};

START_TEST(row_ids__stay_with_their_rows) /* T-DELTA-ROWS-1 T-DELTA-ROWS-2 T-DELTA-ROWS-3 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    put(lake, 0, TABLE("", KEPT));
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        run(env, lake, statements[i].sql);
        check(env, lake, ROWS, statements[i].rows);
        const int version = (int)i + 1;
        ck_assert_msg(statements[i].mark == NULL ? !says(lake, version, "rowIdHighWaterMark") : says(lake, version, statements[i].mark),
                      "%s", statements[i].sql);
        ck_assert_int_eq(says(lake, version, "\"tags\":{\"delta.rowTracking.preserved\":\"true\"}"), statements[i].tag != NULL);
    }
    run(env, lake, "INSERT INTO t SELECT a + 10, b FROM t"); /* copies by hand are new rows */
    check(env, lake, ROWS, "4|5|3|5\n5|6|4|5\n14|5|16|7\n15|6|17|7\n");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(row_ids__are_given_where_they_are_not_kept) /* T-DELTA-ROWS-1 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    put(lake, 0, _i == 0 ? TABLE("\"b\"", "") : TABLE("\"b\"", "\"delta.rowTrackingSuspended\":\"true\""));
    run(env, lake, "INSERT INTO t VALUES (1, 1), (2, 1)");
    run(env, lake, "UPDATE t SET a = 3 WHERE a = 2");
    ck_assert_int_eq(says(lake, 1, "\"baseRowId\":0,\"defaultRowCommitVersion\":1"), _i == 0);
    ck_assert_int_eq(says(lake, 2, "\"baseRowId\":2,\"defaultRowCommitVersion\":2"), _i == 0);
    ck_assert_int_eq(says(lake, 2, "{\\\"rowIdHighWaterMark\\\":3}"), _i == 0);
    ck_assert(!says(lake, 2, "tags"));
    check(env, lake, "SELECT * FROM t ORDER BY a", "1|1\n3|1\n");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(row_ids__cannot_be_set)
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    put(lake, 0, TABLE("", KEPT));
    run(env, lake, "INSERT INTO t VALUES (1, 1), (2, 2)");
    ck_assert_status(tarn_test_statement(env, lake, "UPDATE t SET \"_metadata.row_id\" = 7", NULL, NULL, &err), TARN_INVALID);
    check(env, lake, ROWS, "1|1|0|1\n2|2|1|1\n");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(row_ids__come_back_with_their_rows) /* T-DELTA-ROWS-4 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    char path[600];
    struct tarn_commit_result result;
    put(lake, 0, TABLE("", KEPT));
    run(env, lake, "INSERT INTO t VALUES (1, 1), (2, 2)");
    run(env, lake, "UPDATE t SET b = 9 WHERE a = 1");
    snprintf(path, sizeof(path), "%s/t", lake);
    ck_assert_ok(tarn_table_restore(env, tarn__text_of(path), 1, &result, &err), &err);
    check(env, lake, ROWS, "1|1|0|1\n2|2|1|1\n");
    run(env, lake, "INSERT INTO t VALUES (3, 3)");
    check(env, lake, ROWS, "1|1|0|1\n2|2|1|1\n3|3|4|4\n");
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status append(struct tarn_transaction *transaction, int64_t first)
{
    struct tarn_sink *sink;
    TARN_RETURN_IF_ERROR(tarn_transaction_sink(transaction, &sink, &err));
    return tarn_test_rows_write(sink, first, 3, &err);
}

/* The columns of tests/support/table_rows.h. */
#define OTHER_TABLE                                                                                                                        \
    "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":7,\"writerFeatures\":[\"rowTracking\",\"domainMetadata\"]}}\n"             \
    "{\"metaData\":{\"id\":\"m\",\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":\"{\\\"type\\\":\\\"struct\\\","    \
    "\\\"fields\\\":[{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":false,\\\"metadata\\\":{}}," FIELD(               \
        "name", "string") "," FIELD("part", "integer") "]}\",\"partitionColumns\":[],\"configuration\":{" KEPT "}}}\n"

START_TEST(row_ids__of_writers_side_by_side_differ) /* T-DELTA-ROWS-5 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    char path[600];
    struct tarn_snapshot *snapshot;
    struct tarn_transaction *transactions[3];
    put(lake, 0, OTHER_TABLE);
    snprintf(path, sizeof(path), "%s/t", lake);
    ck_assert_ok(tarn_snapshot_load(env, tarn__text_of(path), NULL, &snapshot, &err), &err);
    for (int i = 0; i < 3; i++) {
        ck_assert_ok(tarn_transaction_open(snapshot, NULL, &transactions[i], &err), &err);
        ck_assert_ok(append(transactions[i], 10 * (int64_t)i), &err);
    }
    for (int i = 2; i >= 0; i--) {
        struct tarn_commit_result result;
        ck_assert_ok(tarn_transaction_commit(transactions[i], &result, &err), &err);
        ck_assert_int_eq(result.version, 3 - i);
    }
    tarn_snapshot_close(snapshot);
    check(env, lake, "SELECT id, _metadata.row_id, _metadata.row_commit_version FROM t ORDER BY id",
          "0|6|3\n1|7|3\n2|8|3\n10|3|2\n11|4|2\n12|5|2\n20|0|1\n21|1|1\n22|2|1\n");
    ck_assert(says(lake, 3, "{\\\"rowIdHighWaterMark\\\":8}"));
    tarn_test_env_close(env);
}
END_TEST

START_TEST(row_ids__are_kept_from_creation) /* T-DELTA-ROWS-2 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    run(env, lake,
        "CREATE TABLE t USING delta TBLPROPERTIES ('delta.enableRowTracking' = 'true', 'delta.enableChangeDataFeed' = 'true') AS "
        "SELECT * FROM (VALUES (1, 1), (2, 2)) v(a, b)");
    ck_assert(says(lake, 0, "\"rowTracking\"") && says(lake, 0, "\"domainMetadata\"") && says(lake, 0, "_row-id-col-"));
    run(env, lake, "UPDATE t SET b = 9 WHERE a = 1");
    check(env, lake, ROWS, "1|9|0|1\n2|2|1|0\n");
    check(env, lake, "SELECT a, b, _change_type FROM table_changes(t, 0) ORDER BY ALL",
          "1|1|insert\n1|1|update_preimage\n1|9|update_postimage\n2|2|insert\n");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(row_ids__are_not_known_of_tables_that_do_not_keep_them)
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    put(lake, 0, TABLE("", "\"delta.enableRowTracking\":\"true\"")); /* it does not say in which columns files store them */
    run(env, lake, "INSERT INTO t VALUES (1, 1), (2, 2)");
    ck_assert_status(tarn_test_statement(env, lake, "DELETE FROM t WHERE a = 1", NULL, NULL, &err), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "row_ids");
    check(env, lake, "SELECT a FROM t ORDER BY a", "1\n2\n");
    tarn_test_env_close(env);
}
END_TEST

/* ---- random histories: a row is known by its `a`, which no statement changes ---- */

enum { MOST_ROWS = 400, STEPS = 25 };

static unsigned draw(uint64_t *state, unsigned below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((*state >> 33) % below);
}

static void random_statement(struct tarn_env *env, const char *lake, uint64_t *state, unsigned *next)
{
    char sql[300];
    switch (draw(state, 4)) {
    case 0:
        snprintf(sql, sizeof(sql), "DELETE FROM t WHERE a %% 7 = %u AND b < 3", draw(state, 7));
        break;
    case 1:
        snprintf(sql, sizeof(sql), "UPDATE t SET b = (b + 1) %% 5 WHERE a %% 5 = %u", draw(state, 5));
        break;
    case 2:
        snprintf(sql, sizeof(sql), "UPDATE t SET b = %u", draw(state, 5));
        break;
    default:
        snprintf(sql, sizeof(sql), "INSERT INTO t VALUES (%u, 0), (%u, 1), (%u, 2), (%u, NULL)", *next, *next + 1, *next + 2, *next + 3);
        *next += 4;
    }
    run(env, lake, sql);
}

START_TEST(row_ids__hold_through_random_histories) /* T-DELTA-ROWS-2 */
{
    struct tarn_env *env = tarn_test_env();
    uint64_t state = (uint64_t)_i + 11;
    for (int h = 0; h < 6; h++) {
        char lake[600];
        int64_t ids[MOST_ROWS];
        unsigned next = 0;
        snprintf(lake, sizeof(lake), "%s/h%d", tarn_test_folder(), h);
        put(lake, 0, _i == 0 ? TABLE("", KEPT) : TABLE("\"b\"", KEPT));
        for (int i = 0; i < MOST_ROWS; i++) {
            ids[i] = -1;
        }
        for (int s = 0; s < STEPS; s++) {
            char *text;
            random_statement(env, lake, &state, &next);
            ck_assert_ok(tarn_test_statement(env, lake, "SELECT a, _metadata.row_id FROM t", NULL, &text, &err), &err);
            for (char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
                const long a = strtol(line, NULL, 10);
                const int64_t id = strtol(strchr(line, '|') + 1, NULL, 10);
                ck_assert_int_lt(a, MOST_ROWS);
                ck_assert_msg(ids[a] == -1 || ids[a] == id, "row %ld had id %lld and has %lld", a, (long long)ids[a], (long long)id);
                ids[a] = id;
            }
            tarn__free(env, text);
        }
        for (int i = 0; i < MOST_ROWS; i++) {
            for (int k = 0; k < i; k++) {
                ck_assert_msg(ids[i] == -1 || ids[i] != ids[k], "rows %d and %d have one id", i, k);
            }
        }
    }
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("query/row_ids", TARN_TEST(row_ids__stay_with_their_rows), TARN_LOOP_TIMES(row_ids__are_given_where_they_are_not_kept, 2),
           TARN_TEST(row_ids__are_kept_from_creation), TARN_TEST(row_ids__are_not_known_of_tables_that_do_not_keep_them),
           TARN_TEST(row_ids__cannot_be_set), TARN_TEST(row_ids__come_back_with_their_rows),
           TARN_TEST(row_ids__of_writers_side_by_side_differ), TARN_LOOP_TIMES(row_ids__hold_through_random_histories, 2))
