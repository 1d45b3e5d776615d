/* SPDX-License-Identifier: Apache-2.0
 * Changes of tables: what statements record, what is derived where nothing was recorded, ranges of versions and times, and that the
 * changes from one version to another, applied to the one, give the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utime.h>

#include "format/base/text.h"
#include "tests/support/fault.h"
#include "tests/support/statement.h"
#include "tests/support/table_rows.h"

static struct tarn_error err = TARN_ERROR_INIT;

#define PROTOCOL "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":4}}\n"
#define FIELD(name, type) "{\\\"name\\\":\\\"" name "\\\",\\\"type\\\":\\\"" type "\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}"
#define METADATA(fields, partition, properties)                                                                                            \
    "{\"metaData\":{\"id\":\"m\",\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":\"{\\\"type\\\":\\\"struct\\\","    \
    "\\\"fields\\\":[" fields "]}\",\"partitionColumns\":[" partition "],\"configuration\":{" properties "}}}\n"
#define RECORDED "\"delta.enableChangeDataFeed\":\"true\""
#define COLUMNS FIELD("a", "integer") "," FIELD("b", "integer")

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

static void check_fails(struct tarn_env *env, const char *lake, const char *sql, enum tarn_status status, const char *detail)
{
    ck_assert_status(tarn_test_statement(env, lake, sql, NULL, NULL, &err), status);
    ck_assert_msg(detail == NULL || strcmp(err.detail, detail) == 0, "%s: %s", sql, err.detail);
}

/* a, b, what, version, in this order. */
#define ROWS(range, order) "SELECT a, b, _change_type, _commit_version FROM table_changes(t, " range ") ORDER BY " order

static const struct {
    const char *sql;
    const char *changes; /* of this version */
} statements[] = {
    {"INSERT INTO t VALUES (1, 10), (2, 20), (3, 30), (4, NULL)", "1|10|insert|1\n2|20|insert|1\n3|30|insert|1\n4||insert|1\n"},
    {"UPDATE t SET b = b + 1 WHERE a > 2",
     "3|31|update_postimage|2\n3|30|update_preimage|2\n4||update_postimage|2\n4||update_preimage|2\n"},
    {"DELETE FROM t WHERE a = 1", "1|10|delete|3\n"},
    {"INSERT INTO t VALUES (9, 9)", "9|9|insert|4\n"},
    {"DELETE FROM t WHERE a = 9", "9|9|delete|5\n"},                      /* a file goes whole: nothing is recorded */
    {"INSERT INTO t VALUES (8, 8)", "8|8|insert|6\n"},                    /* and */
    {"DELETE FROM t WHERE a IN (2, 8)", "2|20|delete|7\n8|8|delete|7\n"}, /* one of two does: both are recorded */
    {"UPDATE t SET a = 0", "0|31|update_postimage|8\n0||update_postimage|8\n3|31|update_preimage|8\n4||update_preimage|8\n"},
};

START_TEST(changes__are_recorded_by_statements) /* T-CHANGES-1 Q-DML-12 Q-REL-4 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    put(lake, 0, PROTOCOL METADATA(COLUMNS, "", RECORDED));
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        char sql[200];
        run(env, lake, statements[i].sql);
        snprintf(sql, sizeof(sql), ROWS("%zu, %zu, true", "a, _change_type, b"), i + 1, i + 1);
        check(env, lake, sql, statements[i].changes);
    }
    check(env, lake, "SELECT count(*) FROM table_changes('t', 0)", "18\n");
    check(env, lake, "SELECT DISTINCT _commit_version FROM table_changes(t, 3, 6)", "3\n4\n5\n6\n");
    check(env, lake, "SELECT count(*) FROM table_changes(t, 0) WHERE _commit_version = 7 AND _change_type = 'delete'", "2\n");
    check(env, lake, "SELECT count(*) FROM table_changes(t, 1) WHERE _change_type = 'insert' AND a > 7", "2\n");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(changes__of_partitioned_tables_have_their_partition_values) /* T-CHANGES-1 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    put(lake, 0, PROTOCOL METADATA(COLUMNS, "\"b\"", RECORDED));
    run(env, lake, "INSERT INTO t VALUES (1, 1), (2, 1), (3, 2), (4, NULL)");
    run(env, lake, "UPDATE t SET b = 5 WHERE a IN (2, 4)");
    check(env, lake, ROWS("2, 2", "a, _change_type"),
          "2|5|update_postimage|2\n2|1|update_preimage|2\n4|5|update_postimage|2\n4||update_preimage|2\n");
    check(env, lake, "SELECT a FROM table_changes(t, 1) WHERE b = 5 ORDER BY a", "2\n4\n");
    check(env, lake, "SELECT count(*) FROM table_changes(t, 1) WHERE b IS NULL", "2\n");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(changes__are_derived_where_nothing_was_recorded) /* T-CHANGES-2 T-CHANGES-3 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    put(lake, 0, PROTOCOL METADATA(COLUMNS, "", ""));
    run(env, lake, "INSERT INTO t VALUES (1, 10), (2, 20)");
    run(env, lake, "UPDATE t SET b = 21 WHERE a = 2"); /* the row beside it is copied */
    check(env, lake, ROWS("2, 2", "a, _change_type"), "1|10|delete|2\n1|10|insert|2\n2|20|delete|2\n2|21|insert|2\n");
    check_fails(env, lake, "SELECT * FROM table_changes(t, 2, 2, true)", TARN_INVALID, "changes_not_recorded");
    put(lake, 3, METADATA(COLUMNS, "", RECORDED));
    run(env, lake, "UPDATE t SET b = 22 WHERE a = 2");
    check(env, lake, ROWS("3, NULL, true", "a, _change_type"), "2|22|update_postimage|4\n2|21|update_preimage|4\n");
    check_fails(env, lake, "SELECT * FROM table_changes(t, 2, 4, true)", TARN_INVALID, "changes_not_recorded");
    check(env, lake, "SELECT count(*) FROM table_changes(t, 0)", "8\n");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(changes__leave_out_what_only_moves_rows) /* T-CHANGES-2 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    char commit[2000];
    char *path;
    put(lake, 0, PROTOCOL METADATA(COLUMNS, "", ""));
    run(env, lake, "INSERT INTO t VALUES (1, 10)");
    ck_assert_ok(tarn_test_statement(env, lake, "SELECT 1", NULL, &path, &err), &err);
    tarn__free(env, path);
    snprintf(commit, sizeof(commit),
             "{\"commitInfo\":{\"operation\":\"OPTIMIZE\"}}\n"
             "{\"remove\":{\"path\":\"x.parquet\",\"deletionTimestamp\":1,\"dataChange\":false,\"partitionValues\":{},\"size\":1}}\n");
    put(lake, 2, commit);
    check(env, lake, "SELECT count(*) FROM table_changes(t, 2)", "0\n");
    check(env, lake, "SELECT count(*) FROM table_changes(t, 1)", "1\n");
    tarn_test_env_close(env);
}
END_TEST

/* Version 0 with columns a and b, version 1 with a row, version 2 with other metadata. */
static const struct {
    const char *metadata;
    const char *expected; /* NULL: refused */
} schemas[] = {
    {METADATA(COLUMNS "," FIELD("c", "string"), "", ""), "1|10||insert|1\n"},
    {METADATA(FIELD("b", "integer") "," FIELD("a", "integer"), "", ""), "10|1|insert|1\n"},
    {METADATA(FIELD("a", "long") "," FIELD("b", "double"), "", ""), "1|10.0|insert|1\n"},
    {METADATA(FIELD("a", "integer"), "", ""), NULL},
    {METADATA(FIELD("a", "integer") "," FIELD("c", "integer"), "", ""), NULL},
    {METADATA(FIELD("a", "string") "," FIELD("b", "integer"), "", ""), NULL},
    {METADATA(FIELD("a", "short") "," FIELD("b", "integer"), "", ""), NULL},
    {METADATA(COLUMNS, "\"b\"", ""), NULL},
    {METADATA(COLUMNS "," FIELD("_change_type", "string"), "", ""), NULL},
};

START_TEST(changes__have_the_columns_of_the_last_version) /* T-CHANGES-4 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    put(lake, 0, PROTOCOL METADATA(COLUMNS, "", ""));
    run(env, lake, "INSERT INTO t VALUES (1, 10)");
    put(lake, 2, schemas[_i].metadata);
    if (schemas[_i].expected != NULL) {
        check(env, lake, "SELECT * EXCLUDE (_commit_timestamp) FROM table_changes(t, 0)", schemas[_i].expected);
    } else {
        check_fails(env, lake, "SELECT * FROM table_changes(t, 0)", TARN_UNSUPPORTED, "changes.schema");
    }
    check(env, lake, "SELECT * EXCLUDE (_commit_timestamp) FROM table_changes(t, 0, 1)", "1|10|insert|1\n");
    tarn_test_env_close(env);
}
END_TEST

static void set_time(const char *lake, int version, long seconds)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/t/_delta_log/%020d.json", lake, version);
    const struct utimbuf times = {.actime = seconds, .modtime = seconds};
    ck_assert_int_eq(utime(path, &times), 0);
}

static const struct {
    const char *range;
    const char *versions; /* NULL: fails */
    enum tarn_status status;
    const char *detail;
} ranges[] = {
    {"1", "1\n2\n3\n", TARN_OK, ""},
    {"2, 2", "2\n", TARN_OK, ""},
    {"0, 1", "1\n", TARN_OK, ""},
    {"1, NULL", "1\n2\n3\n", TARN_OK, ""},
    {"'2020-01-01T00:00:10Z'", "1\n2\n3\n", TARN_OK, ""},
    {"'2020-01-01T00:00:10.001Z'", "2\n3\n", TARN_OK, ""},
    {"'2020-01-01T00:00:11Z', '2020-01-01T00:00:29Z'", "2\n", TARN_OK, ""},
    {"'2020-01-01T00:00:00Z', '2020-01-01T00:00:30Z'", "1\n2\n3\n", TARN_OK, ""},
    {"TIMESTAMP '1970-01-01', TIMESTAMP '2999-01-01'", "1\n2\n3\n", TARN_OK, ""},
    {"1, TIMESTAMP '2020-01-01 00:00:20'", "1\n2\n", TARN_OK, ""},
    {"'2020-01-01T00:00:31Z'", NULL, TARN_NOT_FOUND, "version"},
    {"0, '2019-01-01'", NULL, TARN_NOT_FOUND, "version"},
    {"'2020-01-01T00:00:21Z', '2020-01-01T00:00:29Z'", NULL, TARN_INVALID, "range"},
    {"2, 1", NULL, TARN_INVALID, "range"},
    {"1, 4", NULL, TARN_NOT_FOUND, "version"},
    {"4", NULL, TARN_INVALID, "range"},
    {"NULL", NULL, TARN_INVALID, "range"},
    {"-1", NULL, TARN_INVALID, "as_of"},
};

START_TEST(changes__are_of_a_range) /* T-CHANGES-5 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    char sql[300];
    put(lake, 0, PROTOCOL METADATA(COLUMNS, "", ""));
    run(env, lake, "INSERT INTO t VALUES (1, 10)");
    run(env, lake, "INSERT INTO t VALUES (2, 10)");
    run(env, lake, "INSERT INTO t VALUES (3, 10)");
    for (int version = 0; version < 4; version++) {
        set_time(lake, version, 1577836800 + 10 * version);
    }
    snprintf(sql, sizeof(sql), "SELECT DISTINCT _commit_version FROM table_changes(t, %s)", ranges[_i].range);
    if (ranges[_i].versions != NULL) {
        check(env, lake, sql, ranges[_i].versions);
    } else {
        check_fails(env, lake, sql, ranges[_i].status, ranges[_i].detail);
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(changes__tell_when_they_were_made) /* T-CHANGES-5 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    put(lake, 0, PROTOCOL METADATA(COLUMNS, "", ""));
    run(env, lake, "INSERT INTO t VALUES (1, 10)");
    set_time(lake, 0, 1577836800);
    set_time(lake, 1, 1577836805);
    check(env, lake, "SELECT typeof(_commit_timestamp), epoch(_commit_timestamp) FROM table_changes(t, 1)",
          "TIMESTAMP WITH TIME ZONE|1577836805.0\n");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(changes__of_other_things_are_refused)
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    run(env, lake, "CREATE TABLE i (a INTEGER) USING iceberg");
    check_fails(env, lake, "SELECT * FROM table_changes(i, 0)", TARN_UNSUPPORTED, "table.changes");
    check_fails(env, lake, "SELECT * FROM table_changes(nope, 0)", TARN_NOT_FOUND, NULL);
    check_fails(env, lake, "SELECT * FROM table_changes('no/pe', 0)", TARN_NOT_FOUND, NULL);
    check_fails(env, lake, "SELECT * FROM table_changes(i)", TARN_INVALID, "sql.syntax");
    check_fails(env, lake, "SELECT * FROM table_changes(i, 1, 2, true, 4)", TARN_INVALID, "sql.syntax");
    tarn_test_env_close(env);
}
END_TEST

/* ---- changes applied ---- */

enum { VALUES = 6, STEPS = 14, HISTORIES = 12 };

/* How often each row (a, b) is there; the last of each is null. */
struct multiset {
    int64_t count[VALUES + 1][VALUES + 1];
};

static void add_counts(struct tarn_env *env, const char *lake, const char *sql, struct multiset *set)
{
    char *text;
    ck_assert_msg(tarn_test_statement(env, lake, sql, NULL, &text, &err) == TARN_OK, "%s: %s", sql, err.message);
    for (char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        char *end;
        const long a = *line == '|' ? VALUES : strtol(line, NULL, 10);
        char *second = strchr(line, '|') + 1;
        const long b = *second == '|' ? VALUES : strtol(second, &end, 10);
        ck_assert(a >= 0 && a <= VALUES && b >= 0 && b <= VALUES);
        set->count[a][b] += strtol(strchr(second, '|') + 1, NULL, 10);
    }
    tarn__free(env, text);
}

static unsigned draw(uint64_t *state, unsigned below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((*state >> 33) % below);
}

static void random_statement(struct tarn_env *env, const char *lake, uint64_t *state)
{
    char sql[300];
    const unsigned a = draw(state, VALUES);
    const unsigned b = draw(state, VALUES);
    switch (draw(state, 6)) {
    case 0:
        snprintf(sql, sizeof(sql), "DELETE FROM t WHERE a = %u", a);
        break;
    case 1:
        snprintf(sql, sizeof(sql), "DELETE FROM t WHERE b < %u AND a <> %u", b, a);
        break;
    case 2:
        snprintf(sql, sizeof(sql), "UPDATE t SET a = %u WHERE b = %u", a, b);
        break;
    case 3:
        snprintf(sql, sizeof(sql), "UPDATE t SET b = (b + 1) %% %d WHERE a >= %u", VALUES, a);
        break;
    default:
        snprintf(sql, sizeof(sql), "INSERT INTO t VALUES (%u, %u), (%u, NULL), (%u, %u), (%u, %u)", a, b, a, b, a, draw(state, VALUES),
                 draw(state, VALUES));
    }
    run(env, lake, sql);
}

static int64_t newest(struct tarn_env *env, const char *lake)
{
    char path[700];
    struct tarn_snapshot *snapshot;
    snprintf(path, sizeof(path), "%s/t", lake);
    ck_assert_ok(tarn_snapshot_load(env, tarn__text_of(path), NULL, &snapshot, &err), &err);
    const int64_t version = tarn_snapshot_info(snapshot).version;
    tarn_snapshot_close(snapshot);
    return version;
}

#define VECTORS                                                                                                                            \
    "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"deletionVectors\"],"                               \
    "\"writerFeatures\":[\"deletionVectors\",\"changeDataFeed\"]}}\n"
#define IN_PLACE "\"delta.enableDeletionVectors\":\"true\""

static const char *const layouts[] = {
    PROTOCOL METADATA(COLUMNS, "", ""),
    PROTOCOL METADATA(COLUMNS, "", RECORDED),
    PROTOCOL METADATA(COLUMNS, "\"b\"", RECORDED),
    VECTORS METADATA(COLUMNS, "", IN_PLACE),
    VECTORS METADATA(COLUMNS, "", IN_PLACE "," RECORDED),
    VECTORS METADATA(COLUMNS, "\"b\"", IN_PLACE "," RECORDED),
};

START_TEST(changes__applied_to_one_version_give_another) /* T-CHANGES-6 */
{
    struct tarn_env *env = tarn_test_env();
    uint64_t state = (uint64_t)_i + 1;
    for (int h = 0; h < HISTORIES; h++) {
        char lake[600];
        char sql[400];
        snprintf(lake, sizeof(lake), "%s/h%d", tarn_test_folder(), h);
        put(lake, 0, layouts[_i]);
        run(env, lake, "INSERT INTO t VALUES (0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (0, 5), (1, 4)");
        for (int s = 0; s < STEPS; s++) {
            random_statement(env, lake, &state);
        }
        const unsigned last = (unsigned)newest(env, lake);
        for (int pair = 0; pair < 8; pair++) {
            const unsigned from = draw(&state, last);
            const unsigned to = from + 1 + draw(&state, last - from);
            struct multiset have = {{{0}}};
            struct multiset want = {{{0}}};
            snprintf(sql, sizeof(sql), "SELECT a, b, count(*) FROM t VERSION AS OF %u GROUP BY a, b", from);
            add_counts(env, lake, sql, &have);
            snprintf(sql, sizeof(sql),
                     "SELECT a, b, sum(CASE WHEN _change_type IN ('insert', 'update_postimage') THEN 1 ELSE -1 END) "
                     "FROM table_changes(t, %u, %u) GROUP BY a, b",
                     from + 1, to);
            add_counts(env, lake, sql, &have);
            snprintf(sql, sizeof(sql), "SELECT a, b, count(*) FROM t VERSION AS OF %u GROUP BY a, b", to);
            add_counts(env, lake, sql, &want);
            ck_assert_msg(memcmp(&have, &want, sizeof(have)) == 0, "%s: not what version %u holds", sql, to);
        }
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- faults ---- */

static const char *const swept[] = {"UPDATE 'memory:t' SET b = 7 WHERE a = 1", "DELETE FROM 'memory:t' WHERE a <> 2",
                                    "SELECT count(*) FROM table_changes('memory:t', 1)"};
static const char *const recorded[] = {"1|1|update_preimage\n1|7|update_postimage\n", "1|1|delete\n3|3|delete\n", ""};

static enum tarn_status sweep(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    const size_t which = *(const size_t *)ctx;
    struct tarn_error other = TARN_ERROR_INIT;
    struct tarn_store *store;
    char *text;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_open(env, TARN_TEXT("memory:t"), true, &store, &other), &other);
    const char *const made = PROTOCOL METADATA(COLUMNS, "", RECORDED);
    ck_assert_ok(tarn_store_put(store, TARN_TEXT("_delta_log/00000000000000000000.json"),
                                (struct tarn_span){(const uint8_t *)made, strlen(made)}, TARN_PUT_IF_ABSENT, TARN_ROLE_COMMIT, &other),
                 &other);
    tarn_store_close(store);
    run(env, "memory:lake", "INSERT INTO 'memory:t' VALUES (1, 1), (2, 2)");
    run(env, "memory:lake", "INSERT INTO 'memory:t' VALUES (3, 3)");
    tarn_fault_resume(fault);
    const enum tarn_status status = tarn_test_statement(env, "memory:lake", swept[which], NULL, NULL, error);
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_test_statement(env, "memory:lake",
                                     "SELECT a, b, _change_type FROM table_changes('memory:t', 0) WHERE _commit_version = 3 ORDER BY ALL",
                                     NULL, &text, &other),
                 &other);
    ck_assert_msg(strcmp(text, recorded[which]) == 0 ? status == TARN_OK || status == TARN_COMMIT_UNKNOWN || which == 2
                                                     : text[0] == '\0' && status != TARN_OK,
                  "%s: %s", tarn_status_name(status), text);
    tarn__free(env, text);
    return status;
}

START_TEST(changes__survive_every_fault) /* T-CHANGES-7 */
{
    const size_t which = (size_t)_i;
    tarn_fault_sweep(sweep, (void *)(uintptr_t)&which, TARN_FAULT_ALLOC_ONCE | TARN_FAULT_IO_ONCE);
}
END_TEST

TARN_SUITE("query/changes", TARN_TEST(changes__are_recorded_by_statements),
           TARN_TEST(changes__of_partitioned_tables_have_their_partition_values),
           TARN_TEST(changes__are_derived_where_nothing_was_recorded), TARN_TEST(changes__leave_out_what_only_moves_rows),
           TARN_LOOP_TEST(changes__have_the_columns_of_the_last_version, schemas), TARN_LOOP_TEST(changes__are_of_a_range, ranges),
           TARN_TEST(changes__tell_when_they_were_made), TARN_TEST(changes__of_other_things_are_refused),
           TARN_LOOP_TEST(changes__applied_to_one_version_give_another, layouts), TARN_LOOP_TEST(changes__survive_every_fault, swept))
