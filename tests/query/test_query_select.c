/* SPDX-License-Identifier: Apache-2.0
 * SELECT over a small table: clauses, aggregates, order, limits, errors. Every query runs with pruning on and off, on one thread and four,
 * with every kernel level, from tasks of several sizes and from dictionary columns, and must give one answer.
 */
#include <stdio.h>
#include <string.h>

#include "tests/support/fault.h"
#include "tests/support/query_check.h"

#define ROWS                                                                                                                               \
    "(1, 'x', 10, 1.5e0), (2, 'y', NULL, 2.5e0), (3, NULL, 30, NULL), (4, 'x', 40, 'nan'::DOUBLE), (5, 'y', 50, -1e0), (6, 'x', NULL, "    \
    "0e0), (7, 'z', 70, 7e0)"
static const char *const table = "SELECT * FROM (VALUES " ROWS ") t(id, k, v, d)";
static const char *const empty = "SELECT * FROM (VALUES " ROWS ") t(id, k, v, d) WHERE id < 0 OR id = 1";

static const struct {
    const char *sql;
    const char *rows;
} queries[] = {
    {"SELECT id FROM t WHERE v > 30", "4\n5\n7\n"},
    {"SELECT id, k FROM t WHERE k = 'x' AND v IS NOT NULL", "1|x\n4|x\n"},
    {"SELECT id FROM t WHERE k <> 'x' OR v > 35", "2\n4\n5\n7\n"},
    {"SELECT id FROM t WHERE k IS NULL OR k LIKE 'z%'", "3\n7\n"},
    {"SELECT id FROM t WHERE id IN (1, 3, 99) OR id BETWEEN 6 AND 8", "1\n3\n6\n7\n"},
    {"SELECT id FROM t WHERE id + 1 > 5 AND length(k) = 1", "5\n6\n7\n"},
    {"SELECT id FROM t WHERE v = 10 OR NULL", "1\n"},
    {"SELECT id FROM t WHERE d > 100", "4\n"},
    {"SELECT * FROM t WHERE id = 5", "5|y|50|-1.0\n"},
    {"SELECT * EXCLUDE (v, d) FROM t LIMIT 2", "1|x\n2|y\n"},
    {"FROM t WHERE id = 1", "1|x|10|1.5\n"},
    {"SELECT t.id AS \"the id\", id i2 FROM t t LIMIT 1", "1|1\n"},
    {"SELECT count(*), count(v), count(k), count(DISTINCT k), sum(v), avg(v), min(v), max(v) FROM t", "7|5|6|3|200|40.0|10|70\n"},
    {"SELECT count(*) FROM t", "7\n"},
    {"SELECT min(k), max(k), any_value(k), min(d), max(d), sum(id) FROM t", "x|z|x|-1.0|nan|28\n"},
    {"SELECT count(*), sum(v), max(k), avg(id) FROM t WHERE id > 100", "0|NULL|NULL|NULL\n"},
    {"SELECT k, count(*) FROM t WHERE id > 100 GROUP BY k", ""},
    {"SELECT k, count(*), sum(v) FROM t GROUP BY k", "x|3|50\ny|2|50\nNULL|1|30\nz|1|70\n"},
    {"SELECT k AS q, v > 20 AS big, count(*) FROM t GROUP BY q, big ORDER BY q, big",
     "x|false|1\nx|true|1\nx|NULL|1\ny|true|1\ny|NULL|1\nz|true|1\nNULL|true|1\n"},
    {"SELECT k, count(*) AS n FROM t GROUP BY ALL HAVING n > 1 ORDER BY n DESC", "x|3\ny|2\n"},
    {"SELECT upper(k), sum(v) + 1 FROM t GROUP BY 1 ORDER BY 2 DESC NULLS LAST", "Z|71\nX|51\nY|51\nNULL|31\n"},
    {"SELECT sum(v) FILTER (WHERE k = 'x'), count(*) FILTER (WHERE v > 35), count(DISTINCT k) FILTER (WHERE id > 3) FROM t", "50|3|3\n"},
    {"SELECT k, count(DISTINCT v), sum(DISTINCT v % 20) FROM t GROUP BY k ORDER BY k", "x|2|10\ny|1|10\nz|1|10\nNULL|1|10\n"},
    {"SELECT d, count(*) FROM t GROUP BY d ORDER BY d", "-1.0|1\n0.0|1\n1.5|1\n2.5|1\n7.0|1\nnan|1\nNULL|1\n"},
    {"SELECT DISTINCT k FROM t", "x\ny\nNULL\nz\n"},
    {"SELECT DISTINCT k, v IS NULL FROM t ORDER BY ALL", "x|false\nx|true\ny|false\ny|true\nz|false\nNULL|false\n"},
    {"SELECT id FROM t ORDER BY k, v DESC", "4\n1\n6\n5\n2\n7\n3\n"},
    {"SELECT id FROM t ORDER BY k NULLS FIRST, v DESC NULLS FIRST, id", "3\n6\n4\n1\n2\n5\n7\n"},
    {"SELECT id FROM t ORDER BY d DESC", "4\n7\n2\n1\n6\n5\n3\n"},
    {"SELECT id, v FROM t ORDER BY id % 2, 1 DESC", "6|NULL\n4|40\n2|NULL\n7|70\n5|50\n3|30\n1|10\n"},
    {"SELECT id FROM t ORDER BY v LIMIT 3", "1\n3\n4\n"},
    {"SELECT id FROM t ORDER BY v DESC LIMIT 2 OFFSET 2", "4\n3\n"},
    {"SELECT id FROM t LIMIT 2 OFFSET 3", "4\n5\n"},
    {"SELECT id FROM t WHERE id > 2 LIMIT 2", "3\n4\n"},
    {"SELECT id FROM t LIMIT 0", ""},
    {"SELECT id FROM t OFFSET 6", "7\n"},
    {"SELECT a + 1, b FROM (SELECT id * 2 AS a, k AS b FROM t WHERE v > 10) u WHERE a > 7 ORDER BY a DESC", "15|z\n11|y\n9|x\n"},
    {"SELECT max(n) FROM (SELECT k, count(*) AS n FROM t GROUP BY k) q", "3\n"},
    {"SELECT id AS x, x + 1 AS y FROM t WHERE y = 3", "2|3\n"},
    {"SELECT stddev(v), var_pop(v), bool_and(v > 5), bool_or(v > 60) FROM t WHERE k = 'x'", "21.213203435596427|225.0|true|false\n"},
    {"SELECT 'a' AS c, 1 AS c, 2 c", "a|1|2\n"},
    {"SELECT 1 WHERE 1 = 0", ""},
    {"VALUES (1, 'a'), (2, NULL) ORDER BY 1 DESC", "2|NULL\n1|a\n"},
    {"SELECT count(*), sum(1) FROM t HAVING count(*) > 100", ""},
};

START_TEST(select__gives_one_answer_however_it_runs) /* Q-SEL-1 Q-SEL-2 Q-SEL-3 Q-SEL-4 Q-SEL-5 Q-SEL-6 Q-AGG-2 Q-AGG-3 Q-AGG-5 */
{
    tarn_query_check(table, queries[_i].sql, queries[_i].rows);
}
END_TEST

START_TEST(select__aggregates_no_rows) /* Q-AGG-7 */
{
    tarn_query_check(empty, "SELECT count(*), sum(v) FROM t WHERE id <> 1", "0|NULL\n");
    tarn_query_check(empty, "SELECT k, sum(v) FROM t WHERE id <> 1 GROUP BY k", "");
    tarn_query_check(empty, "SELECT id FROM t WHERE id <> 1 ORDER BY id LIMIT 3", "");
}
END_TEST

START_TEST(select__sorts_and_reuses_aliases) /* Q-SORT-1 Q-SORT-2 Q-EXPR-6 */
{
    tarn_query_check(table, "SELECT id FROM t ORDER BY v DESC", "7\n5\n4\n3\n1\n2\n6\n");
    tarn_query_check(table, "SELECT id FROM t ORDER BY id > 0", "1\n2\n3\n4\n5\n6\n7\n");
    tarn_query_check(table, "SELECT id * 2 AS x, x + 1 AS y FROM t WHERE y > 12 ORDER BY y DESC", "14|15\n12|13\n");
}
END_TEST

/* 0.1 added 1000 times is not 100: the sum depends on the order, and must not depend on threads. The exact types are exact. */
START_TEST(select__sums_in_one_order) /* Q-AGG-4 Q-AGG-6 */
{
    char sql[64 * 1024];
    size_t size = (size_t)snprintf(sql, sizeof(sql), "SELECT * FROM (VALUES ");
    for (int i = 0; i < 1000; i++) {
        size += (size_t)snprintf(sql + size, sizeof(sql) - size, "%s(%d.1e0, %d.1, 9223372036854775807)", i == 0 ? "" : ", ", i % 7, i % 7);
    }
    snprintf(sql + size, sizeof(sql) - size, ") t(d, e, b)");
    struct tarn_env *env = tarn_test_env();
    char *first = NULL;
    for (uint32_t batch = 0; batch < 3; batch++) {
        struct tarn_error err = TARN_ERROR_INIT;
        char *text;
        struct tarn_source *source = tarn_query_table(env, sql, 100, 7 + batch * 20, false);
        ck_assert_ok(tarn_query_text(env, "SELECT sum(d), avg(d), sum(e), sum(b) FROM t", source, false, &text, &err), &err);
        ck_assert_ptr_nonnull(strstr(text, "|3097.0|9223372036854775807000\n"));
        ck_assert(first == NULL || strcmp(first, text) == 0);
        tarn__free(env, first);
        first = text;
        tarn_source_close(source);
    }
    tarn__free(env, first);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(select__keeps_the_best_rows_of_many)
{
    char sql[256 * 1024];
    size_t size = (size_t)snprintf(sql, sizeof(sql), "SELECT * FROM (VALUES ");
    for (int i = 0; i < 9000; i++) {
        size += (size_t)snprintf(sql + size, sizeof(sql) - size, "%s(%d)", i == 0 ? "" : ",", (i * 7919) % 9001);
    }
    snprintf(sql + size, sizeof(sql) - size, ") t(a)");
    struct tarn_env *env = tarn_test_env();
    struct tarn_source *source = tarn_query_table(env, sql, 1000, 100, false);
    struct tarn_error err = TARN_ERROR_INIT;
    char *text;
    ck_assert_ok(tarn_query_text(env, "SELECT a FROM t ORDER BY a DESC LIMIT 3", source, false, &text, &err), &err);
    ck_assert_str_eq(text, "9000\n8999\n8998\n");
    tarn__free(env, text);
    ck_assert_ok(tarn_query_text(env, "SELECT count(*), count(DISTINCT a) FROM (SELECT a % 100 AS a FROM t) q", source, false, &text, &err),
                 &err);
    ck_assert_str_eq(text, "9000|100\n");
    tarn__free(env, text);
    tarn_source_close(source);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *sql;
    enum tarn_status status;
    const char *message;
} refused[] = {
    {"SELECT vv FROM t", TARN_NOT_FOUND, "there is no column \"vv\"; did you mean \"v\"?\nLINE 1: SELECT vv FROM t\n               ^"},
    {"SELECT id, count(*) FROM t", TARN_INVALID,
     "column \"id\" must appear in GROUP BY or inside an aggregate; any_value(\"id\") takes one of its values\nLINE 1: SELECT id,"},
    {"SELECT k FROM t WHERE sum(v) > 1", TARN_INVALID, "WHERE cannot hold an aggregate; HAVING can"},
    {"SELECT sum(count(*)) FROM t", TARN_INVALID, "an aggregate cannot stand inside another one"},
    {"SELECT k FROM t GROUP BY 3", TARN_INVALID, "3 is no number of an output column"},
    {"SELECT k FROM t ORDER BY 0", TARN_INVALID, "0 is no number of an output column"},
    {"SELECT k FROM t GROUP BY sum(v)", TARN_INVALID, "GROUP BY cannot hold an aggregate"},
    {"SELECT k FROM t WHERE k", TARN_INVALID, "WHERE takes a BOOLEAN, this is VARCHAR"},
    {"SELECT DISTINCT k FROM t ORDER BY v", TARN_INVALID, "with DISTINCT, ORDER BY can only use columns of the result"},
    {"SELECT k FROM t LIMIT -1", TARN_INVALID, "LIMIT takes a whole number"},
    {"SELECT k FROM t LIMIT k", TARN_NOT_FOUND, "there is no column"},
    {"SELECT upper(DISTINCT k) FROM t", TARN_INVALID, "DISTINCT, * and FILTER are for aggregates"},
    {"SELECT x.* FROM t", TARN_INVALID, "\"x\" is not what FROM names"},
    {"SELECT * EXCLUDE (nope) FROM t", TARN_INVALID, "EXCLUDE names a column that is not there"},
    {"SELECT *", TARN_INVALID, "* needs a FROM"},
    {"SELECT k.a FROM t", TARN_INVALID, "\"a\" is no member of VARCHAR"},
    {"SELECT id FROM t WHERE 10 // (id - 3) > 0", TARN_INVALID,
     "division by zero; NULLIF(divisor, 0) gives NULL instead\nLINE 1: SELECT id FROM t WHERE 10 // (id - 3) > 0\n"},
    {"VALUES (1), (1, 2)", TARN_INVALID, "this row of VALUES has 2 values"},
};

START_TEST(select__refuses_by_place) /* Q-AGG-1 Q-NAME-1 Q-NAME-2 Q-NAME-3 Q-SEL-7 */
{
    tarn_query_check_fails(table, refused[_i].sql, refused[_i].status, refused[_i].message);
}
END_TEST

START_TEST(select__explains_its_plan) /* Q-SEL-8 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_source *source = tarn_query_table(env, table, 0, 0, false);
    char *text;
    ck_assert_ok(tarn_query_text(env, "EXPLAIN SELECT k, sum(v) s FROM t WHERE id > 1 GROUP BY k HAVING s > 1 ORDER BY s LIMIT 3", source,
                                 false, &text, &err),
                 &err);
    ck_assert_str_eq(text, "LIMIT 3\n  TOP 3 BY s\n    PROJECT k, aggregate\n      FILTER (aggregate > 1)\n        GROUP BY k: sum(arg)\n  "
                           "        PROJECT k, v\n"
                           "            SCAN t (id, k, v) where (id > 1)\n");
    tarn__free(env, text);
    tarn_source_close(source);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(select__names_columns_apart) /* Q-RES-1 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_query *query;
    ck_assert_ok(tarn__query_begin(env, TARN_TEXT("SELECT 1 AS a, 2 AS a, 1 + 1, sum( 1 )"), NULL, &query, &err), &err);
    ck_assert_ok(tarn__query_select(query, &err), &err);
    const struct tarn_schema *schema = tarn_query_schema(query);
    static const char *const names[] = {"a", "a_1", "1 + 1", "sum( 1 )"};
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert(tarn__text_equal(schema->fields[i].name, tarn__text_of(names[i])));
    }
    tarn_query_close(query);
    tarn_test_env_close(env);
}
END_TEST

static const char *const swept[] = {
    "SELECT a, upper(b) || '!' FROM (VALUES (1, 'x'), (2, NULL), (3, 'y')) t(a, b) WHERE a > 1 ORDER BY b LIMIT 2",
    ("SELECT b, count(*), sum(a), count(DISTINCT a), min(b) FROM (VALUES (1, 'x'), (2, NULL), (3, 'x')) t(a, b) GROUP BY b HAVING count(*) "
     "> 0"),
    "SELECT CASE WHEN a > 1 THEN [a] ELSE NULL END, a::VARCHAR, DATE '2020-01-01' + a, round(1.5 * a) FROM (VALUES (1), (2)) t(a)",
    "SELECT nope FROM (VALUES (1)) t(a)",
};

static enum tarn_status sweep(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    char *text = NULL;
    const enum tarn_status status = tarn_query_text(env, ctx, NULL, false, &text, err);
    (void)fault;
    tarn__free(env, text);
    return status == TARN_NOT_FOUND ? TARN_OK : status;
}

START_TEST(select__survives_every_failed_allocation)
{
    tarn_fault_sweep(sweep, (void *)(uintptr_t)swept[_i], TARN_FAULT_ALL_ALLOC);
}
END_TEST

START_TEST(select__stops_at_the_limit_of_memory)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    char *text;
    options.memory_limit = 1 << 20;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_status(tarn_query_text(env, "SELECT repeat('abcdefgh', 1000000)", NULL, false, &text, &err), TARN_LIMIT);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("query/select", TARN_LOOP_TEST(select__gives_one_answer_however_it_runs, queries), TARN_TEST(select__aggregates_no_rows),
           TARN_TEST(select__sorts_and_reuses_aliases), TARN_TEST(select__sums_in_one_order),
           TARN_TEST(select__keeps_the_best_rows_of_many), TARN_LOOP_TEST(select__refuses_by_place, refused),
           TARN_TEST(select__explains_its_plan), TARN_TEST(select__names_columns_apart),
           TARN_LOOP_TEST(select__survives_every_failed_allocation, swept), TARN_TEST(select__stops_at_the_limit_of_memory))
