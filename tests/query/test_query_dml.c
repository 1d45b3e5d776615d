/* SPDX-License-Identifier: Apache-2.0
 * Statements that change tables, over tables in memory: what they leave, what they report, what they refuse, and that a failure at any
 * allocation or store operation leaves the table at one version or the next.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/text.h"
#include "format/batch/vector.h"
#include "tarn/query.h"
#include "tests/support/fault.h"
#include "tests/support/statement.h"

struct step {
    const char *sql;
    const char *rows; /* what it gives; NULL: not looked at */
    int64_t version;  /* committed; -1: none */
    uint64_t rows_changed;
};

static const struct step steps[] = {
    {"CREATE TABLE t (a INTEGER NOT NULL, b VARCHAR, c DECIMAL(6,2), d DATE)", NULL, 0, 0},
    {"INSERT INTO t VALUES (1, 'x', 1.5, '2020-01-01'), (2, 'y', NULL, NULL), (3, NULL, 2.5, '2021-05-05')", NULL, 1, 3},
    {"INSERT INTO t (b, a) SELECT b || '!', a + 10 FROM t WHERE b IS NOT NULL", NULL, 2, 2},
    {"SELECT * FROM t ORDER BY a", "1|x|1.50|2020-01-01\n2|y||\n3||2.50|2021-05-05\n11|x!||\n12|y!||\n", -1, 0},
    {"DELETE FROM t WHERE a = 2", NULL, 3, 1},
    {"DELETE FROM t WHERE a = 2", NULL, -1, 0},
    {"DELETE FROM t WHERE c > 100", NULL, -1, 0},
    {"DELETE FROM t WHERE a > 10 AND b = 'y!'", NULL, 4, 1},
    {"UPDATE t SET c = c * 2, b = 'u' WHERE a > 1", NULL, 5, 2},
    {"SELECT * FROM t ORDER BY a", "1|x|1.50|2020-01-01\n3|u|5.00|2021-05-05\n11|u||\n", -1, 0},
    {"UPDATE t SET a = a + 1, b = concat(a, b)", NULL, 6, 3},
    {"SELECT a, b FROM t ORDER BY a", "2|1x\n4|3u\n12|11u\n", -1, 0},
    {"SELECT a FROM t VERSION AS OF 1 ORDER BY a", "1\n2\n3\n", -1, 0},
    {"SELECT count(*) FROM 't@v2'", "5\n", -1, 0},
    {"CREATE TABLE u AS SELECT a, count(*) AS n, NULL AS z FROM t GROUP BY a ORDER BY a DESC", NULL, 0, 3},
    {"SELECT * FROM u", "12|1|\n4|1|\n2|1|\n", -1, 0},
    {"CREATE TABLE IF NOT EXISTS u (x INTEGER)", NULL, -1, 0},
    {"DESCRIBE u", "a|INTEGER|YES\nn|BIGINT|YES\nz|INTEGER|YES\n", -1, 0},
    {"SHOW TABLES", "t\nu\n", -1, 0},
    {"CREATE TABLE p (a INTEGER, k VARCHAR) PARTITIONED BY (k)", NULL, 0, 0},
    {"INSERT INTO p VALUES (1, 'x'), (2, 'y'), (3, 'x')", NULL, 1, 3},
    {"UPDATE p SET k = 'z' WHERE a = 2", NULL, 2, 1},
    {"DELETE FROM p WHERE k = 'x' AND a = 1", NULL, 3, 1},
    {"SELECT k, a FROM p ORDER BY a", "z|2\nx|3\n", -1, 0},
    {"DELETE FROM t", NULL, 7, 3},
    {"SELECT count(*), sum(a) FROM t", "0|\n", -1, 0},
    {"INSERT INTO t SELECT * FROM t", NULL, -1, 0},
    /* overwriting */
    {"CREATE TABLE w (a INTEGER, k VARCHAR) PARTITIONED BY (k)", NULL, 0, 0},
    {"INSERT INTO w VALUES (1, 'x'), (2, 'y'), (3, ''), (4, NULL)", NULL, 1, 4},
    {"SELECT a, k IS NULL, k FROM w ORDER BY a", "1|false|x\n2|false|y\n3|false|\n4|true|\n", -1, 0},
    {"INSERT INTO w REPLACE WHERE k = '' VALUES (5, '')", NULL, 2, 1},
    {"INSERT INTO TABLE w REPLACE WHERE a < 2 OR k IS NULL SELECT a - 10, k FROM w WHERE a < 2", NULL, 3, 1},
    {"SELECT a, k FROM w ORDER BY a", "-9|x\n2|y\n5|\n", -1, 0},
    {"INSERT INTO w REPLACE WHERE a = 2 SELECT a, k FROM w WHERE false", NULL, 4, 0},
    {"INSERT OVERWRITE w SELECT a + 1, k FROM w", NULL, 5, 2},
    {"SELECT a, k FROM w ORDER BY a", "-8|x\n6|\n", -1, 0},
    {"INSERT OVERWRITE TABLE w (a) VALUES (1)", NULL, 6, 1},
    {"SELECT * FROM w", "1|\n", -1, 0},
};

START_TEST(dml__changes_tables_step_by_step) /* Q-DML-1 Q-DML-2 Q-DML-3 Q-DML-5 Q-DML-6 Q-DML-7 Q-DML-8 Q-DML-10 Q-DML-11 Q-REL-1 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct tarn_query_info info;
        char *text;
        ck_assert_msg(tarn_test_statement(env, lake, steps[i].sql, &info, &text, &err) == TARN_OK, "%s: %s", steps[i].sql, err.message);
        ck_assert_msg(steps[i].rows == NULL || strcmp(text, steps[i].rows) == 0, "%s gave\n%s", steps[i].sql, text);
        ck_assert_msg(info.version == steps[i].version, "%s: version %lld", steps[i].sql, (long long)info.version);
        ck_assert_msg(info.rows_changed == steps[i].rows_changed, "%s: %llu rows", steps[i].sql, (unsigned long long)info.rows_changed);
        tarn__free(env, text);
    }
    tarn_test_env_close(env);
}
END_TEST

/* On a table that lets rows be deleted where they are; `data` and `vectors`: how many files of each kind the table's folder then has. */
static const struct {
    struct step step;
    int data;
    int vectors;
} in_place[] = {
    {{"DELETE FROM v WHERE a % 10 = 3", NULL, 2, 10}, 1, 1},
    {{"SELECT count(*), sum(a), count(b) FROM v", "90|4470|90\n", -1, 0}, 1, 1},
    {{"SELECT a FROM v WHERE a BETWEEN 12 AND 15", "12\n14\n15\n", -1, 0}, 1, 1},
    {{"DELETE FROM v WHERE a = 13", NULL, -1, 0}, 1, 1},
    {{"UPDATE v SET b = 'u', a = -a WHERE a > 90", NULL, 3, 8}, 2, 2},
    {{"SELECT count(*), sum(a), sum(CASE WHEN b = 'u' THEN 1 ELSE 0 END) FROM v", "90|2946|8\n", -1, 0}, 2, 2},
    {{"DELETE FROM v WHERE a < 0", NULL, 4, 8}, 2, 2}, /* all rows of one file */
    {{"SELECT count(*), min(a), max(a) FROM v", "82|0|90\n", -1, 0}, 2, 2},
    {{"SELECT count(*) FROM v VERSION AS OF 2", "90\n", -1, 0}, 2, 2},
    {{"UPDATE v SET a = a + 1", NULL, 5, 82}, 3, 2},
    {{"SELECT count(*), min(a), max(a) FROM v", "82|1|91\n", -1, 0}, 3, 2},
    {{"DELETE FROM v", NULL, 6, 82}, 3, 2},
    {{"SELECT count(*) FROM v", "0\n", -1, 0}, 3, 2},
};

static enum tarn_status count_files(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    int *counts = arg;
    (void)info;
    (void)err;
    counts[1] += tarn__text_starts(key, TARN_TEXT("deletion_vector_"));
    counts[0] += tarn__text_ends(key, TARN_TEXT(".parquet"));
    return TARN_OK;
}

static void make_table(struct tarn_env *env, const char *path)
{
    static const struct tarn_type integer = {.id = TARN_TYPE_I32};
    static const struct tarn_type varchar = {.id = TARN_TYPE_STRING};
    static const struct tarn_field fields[] = {{.name = {"a", 1}, .type = &integer, .nullable = true, .id = -1},
                                               {.name = {"b", 1}, .type = &varchar, .nullable = true, .id = -1}};
    static const struct tarn_schema schema = {.field_count = 2, .fields = fields};
    static const struct tarn_property property = {{"delta.enableDeletionVectors", 27}, {"true", 4}};
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    struct tarn_transaction *transaction;
    create.schema = &schema;
    create.property_count = 1;
    create.properties = &property;
    ck_assert_ok(tarn_transaction_create(env, tarn__text_of(path), &create, NULL, &transaction, &err), &err);
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err);
}

START_TEST(dml__deletes_rows_in_place) /* T-DELTA-DV-5 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    char path[512];
    snprintf(path, sizeof(path), "%s/v", lake);
    make_table(env, path);
    struct tarn_text_builder insert;
    tarn__builder_init(&insert, env);
    tarn__builder_add_str(&insert, "INSERT INTO v VALUES (0, 'r0')");
    for (int i = 1; i < 100; i++) {
        char row[32];
        snprintf(row, sizeof(row), ", (%d, 'r%d')", i, i);
        tarn__builder_add_str(&insert, row);
    }
    tarn__builder_add_char(&insert, '\0');
    ck_assert_ok(tarn_test_statement(env, lake, insert.data, NULL, NULL, &err), &err);
    tarn__builder_free(&insert);
    for (size_t i = 0; i < sizeof(in_place) / sizeof(in_place[0]); i++) {
        const struct step *step = &in_place[i].step;
        struct tarn_query_info info;
        struct tarn_store *store;
        int counts[2] = {0, 0};
        char *text;
        ck_assert_msg(tarn_test_statement(env, lake, step->sql, &info, &text, &err) == TARN_OK, "%s: %s", step->sql, err.message);
        ck_assert_msg(step->rows == NULL || strcmp(text, step->rows) == 0, "%s gave\n%s", step->sql, text);
        ck_assert_msg(info.version == step->version, "%s: version %lld", step->sql, (long long)info.version);
        ck_assert_msg(info.rows_changed == step->rows_changed, "%s: %llu rows", step->sql, (unsigned long long)info.rows_changed);
        tarn__free(env, text);
        ck_assert_ok(tarn_store_open(env, tarn__text_of(path), false, &store, &err), &err);
        ck_assert_ok(tarn_store_list(store, TARN_TEXT(""), TARN_TEXT(""), count_files, counts, &err), &err);
        tarn_store_close(store);
        ck_assert_msg(counts[0] == in_place[i].data && counts[1] == in_place[i].vectors, "%s: %d and %d files", step->sql, counts[0],
                      counts[1]);
    }
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *sql;
    enum tarn_status status;
    const char *message;
} refused[] = {
    {"UPDATE t SET a = 99999999999", TARN_INVALID, "99999999999 (BIGINT) does not fit INTEGER"},
    {"UPDATE t SET a = a * 2000000000", TARN_INVALID, "2 * 2000000000 does not fit INTEGER"},
    {"UPDATE t SET nope = 1", TARN_NOT_FOUND, "there is no column \"nope\""},
    {"UPDATE t SET a = 1, A = 2", TARN_INVALID, "the column is set twice"},
    {"UPDATE t SET a = NULL", TARN_INVALID, ""},
    {"DELETE FROM t WHERE b", TARN_INVALID, "WHERE takes a BOOLEAN"},
    {"DELETE FROM nope", TARN_NOT_FOUND, "there is no file and no table \"nope\""},
    {"INSERT INTO t VALUES (1)", TARN_INVALID, "the query gives 1 columns, 2 are wanted"},
    {"INSERT INTO t (a, a) VALUES (1, 2)", TARN_INVALID, "\"a\" is named twice"},
    {"INSERT INTO t (x) VALUES (1)", TARN_INVALID, "\"x\" is no column of the table"},
    {"INSERT INTO t VALUES ('q', 'x')", TARN_INVALID, "'q' is no INTEGER"},
    {"INSERT INTO t (b) VALUES ('x')", TARN_INVALID, ""},
    {"INSERT INTO t REPLACE WHERE a = 1 VALUES (2, 'z')", TARN_INVALID, "a new row does not meet the condition"},
    {"INSERT INTO t REPLACE WHERE b VALUES (2, 'z')", TARN_INVALID, "REPLACE WHERE takes a BOOLEAN"},
    {"INSERT INTO t REPLACE WHERE a % 2 = 0 VALUES (4, 'z'), (5, 'z')", TARN_INVALID, "a new row does not meet the condition"},
    {"INSERT OVERWRITE INTO t VALUES (2, 'z')", TARN_INVALID, ""},
    {"CREATE TABLE t (x INTEGER)", TARN_EXISTS, ""},
    {"CREATE TABLE v (x INTEGER, x INTEGER)", TARN_INVALID, ""},
    {"CREATE TABLE v (x INTEGER) USING parchment", TARN_UNSUPPORTED, "there is no table format \"parchment\""},
    {"CREATE TABLE v (x INTEGER, y INTEGER) USING delta PARTITIONED BY (bucket(4, x))", TARN_INVALID,
     "there is no column \"bucket(4, x)\""},
};

START_TEST(dml__refuses_and_leaves_the_table) /* Q-DML-4 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    char *text;
    ck_assert_ok(tarn_test_statement(env, lake, "CREATE TABLE t (a INTEGER NOT NULL, b VARCHAR)", NULL, NULL, &err), &err);
    ck_assert_ok(tarn_test_statement(env, lake, "INSERT INTO t VALUES (1, 'x'), (2, 'y')", NULL, NULL, &err), &err);
    ck_assert_status(tarn_test_statement(env, lake, refused[_i].sql, NULL, NULL, &err), refused[_i].status);
    ck_assert_msg(strncmp(err.message, refused[_i].message, strlen(refused[_i].message)) == 0, "%s", err.message);
    ck_assert_ok(tarn_test_statement(env, lake, "SELECT * FROM t ORDER BY a", NULL, &text, &err), &err);
    ck_assert_str_eq(text, "1|x\n2|y\n");
    tarn__free(env, text);
    tarn_test_env_close(env);
}
END_TEST

/* What an INSERT has read of the table that it writes to is in its commit: others that come first and change it are in conflict. */
static const struct {
    const char *sql;
    const char *blind;
} reading[] = {
    {"INSERT INTO t VALUES (1, 'x')", "\"isBlindAppend\":true"},
    {"INSERT INTO t SELECT * FROM u", "\"isBlindAppend\":true"},
    {"INSERT INTO t SELECT a + 10, b FROM t", "\"isBlindAppend\":false"},
    {"INSERT INTO t SELECT x.a, x.b FROM (SELECT * FROM t VERSION AS OF 0) x", "\"isBlindAppend\":false"},
    {"INSERT OVERWRITE t SELECT * FROM u", "\"isBlindAppend\":false"},
};

START_TEST(dml__says_what_it_has_read) /* Q-DML-7 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    const char *lake = tarn_test_folder();
    char path[600];
    char text[4096];
    ck_assert_ok(tarn_test_statement(env, lake, "CREATE TABLE t AS SELECT 1 AS a, 'x' AS b", NULL, NULL, &err), &err);
    ck_assert_ok(tarn_test_statement(env, lake, "CREATE TABLE u AS SELECT 1 AS a, 'x' AS b", NULL, NULL, &err), &err);
    ck_assert_ok(tarn_test_statement(env, lake, reading[_i].sql, NULL, NULL, &err), &err);
    snprintf(path, sizeof(path), "%s/t/_delta_log/00000000000000000001.json", lake);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    ck_assert_msg(strstr(text, reading[_i].blind) != NULL, "%s: %s", reading[_i].sql, text);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(dml__keeps_away_when_read_only)
{
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_query *query;
    options.read_only = true;
    ck_assert_status(tarn_query_open(env, TARN_TEXT("DELETE FROM t"), &options, &query, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "read_only");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(dml__takes_parameters)
{
    static const struct tarn_type integer = {.id = TARN_TYPE_I64};
    const struct tarn_parameter parameters[] = {{TARN_TEXT("1"), {.type = &integer, .u.i64 = 40}},
                                                {TARN_TEXT("n"), {.type = &integer, .u.i64 = 2}}};
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_query *query;
    struct tarn_batch *batch;
    options.parameters = parameters;
    options.parameter_count = 2;
    ck_assert_ok(tarn_query_open(env, TARN_TEXT("SELECT ? + :n"), &options, &query, &err), &err);
    ck_assert_ok(tarn_query_next(query, &batch, &err), &err);
    ck_assert_int_eq(tarn__vector_value(batch->columns[0], 0).u.i64, 42);
    tarn_query_close(query);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(dml__parses_predicates_alone)
{
    static const struct tarn_type integer = {.id = TARN_TYPE_I32};
    const struct tarn_field field = {.name = TARN_TEXT("a"), .type = &integer, .nullable = true, .id = -1};
    const struct tarn_schema schema = {1, &field, 0, NULL};
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_expr *expr;
    ck_assert_ok(tarn_predicate_parse(env, &schema, TARN_TEXT("a > 3 AND a IS NOT NULL"), &expr, &err), &err);
    ck_assert_int_eq(expr->root->op, TARN_EXPR_AND);
    ck_assert_uint_eq(expr->column_count, 1);
    tarn_expr_release(expr);
    ck_assert_status(tarn_predicate_parse(env, &schema, TARN_TEXT("b > 3"), &expr, &err), TARN_NOT_FOUND);
    ck_assert_ptr_null(expr);
    tarn_test_env_close(env);
}
END_TEST

static const char *const swept[] = {"UPDATE t SET b = 'z' WHERE a = 1", "DELETE FROM t WHERE a = 1",
                                    "INSERT INTO t SELECT a + 1, b FROM t"};
static const char *const after[] = {"1|z\n2|y\n", "2|y\n", "1|x\n2|x\n2|y\n3|y\n"};

static enum tarn_status sweep(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    const size_t which = *(const size_t *)ctx;
    struct tarn_error other = TARN_ERROR_INIT;
    char *text;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_test_statement(env, "memory:lake", "CREATE TABLE 'memory:t' (a INTEGER, b VARCHAR)", NULL, NULL, &other), &other);
    ck_assert_ok(tarn_test_statement(env, "memory:lake", "INSERT INTO 'memory:t' VALUES (1, 'x'), (2, 'y')", NULL, NULL, &other), &other);
    tarn_fault_resume(fault);
    char sql[200];
    const char *at = strstr(swept[which], " t ");
    snprintf(sql, sizeof(sql), "%.*s 'memory:t' %s", (int)(at - swept[which]), swept[which], at + 3);
    char *from = strstr(sql, "FROM t");
    if (from != NULL) {
        strcpy(from, "FROM 'memory:t'");
    }
    const enum tarn_status status = tarn_test_statement(env, "memory:lake", sql, NULL, NULL, err);
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_test_statement(env, "memory:lake", "SELECT * FROM 'memory:t' ORDER BY a, b", NULL, &text, &other), &other);
    if (status == TARN_OK) {
        ck_assert_str_eq(text, after[which]);
    } else {
        ck_assert_msg(strcmp(text, "1|x\n2|y\n") == 0 || (status == TARN_COMMIT_UNKNOWN && strcmp(text, after[which]) == 0), "%s: %s",
                      tarn_status_name(status), text);
    }
    tarn__free(env, text);
    return status;
}

START_TEST(dml__survives_every_fault)
{
    const size_t which = (size_t)_i;
    tarn_fault_sweep(sweep, (void *)(uintptr_t)&which, TARN_FAULT_ALLOC_ONCE | TARN_FAULT_IO_ONCE);
}
END_TEST

TARN_SUITE("query/dml", TARN_TEST(dml__changes_tables_step_by_step), TARN_TEST(dml__deletes_rows_in_place),
           TARN_LOOP_TEST(dml__refuses_and_leaves_the_table, refused), TARN_LOOP_TEST(dml__says_what_it_has_read, reading),
           TARN_TEST(dml__keeps_away_when_read_only), TARN_TEST(dml__takes_parameters), TARN_TEST(dml__parses_predicates_alone),
           TARN_LOOP_TEST(dml__survives_every_fault, swept))
