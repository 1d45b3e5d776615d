/* SPDX-License-Identifier: Apache-2.0
 * Lexer, parser and the caret: expressions are shown in prefix form, so that precedence and shape are visible.
 */
#include "format/base/bytes.h"
#include "format/base/text.h"
#include "query/sql/caret.h"
#include "query/sql/parser.h"
#include "tarn/query.h"
#include "tests/support/suite.h"

#include <string.h>

static void show(struct tarn_text_builder *out, const struct tarn__ast *node)
{
    static const char *const names[] = {"null",    "bool", "int",  "decimal", "double",   "string", "typed", "interval", "parameter",
                                        "column",  "*",    "call", "compare", "distinct", "and",    "or",    "not",      "is",
                                        "between", "in",   "like", "case",    "cast",     "member", "index", "list",     "struct"};
    tarn__builder_add_char(out, '(');
    if (node->negated) {
        tarn__builder_add_char(out, '!');
    }
    if (node->kind == TARN__AST_CALL || node->kind == TARN__AST_COMPARE) {
        tarn__builder_add(out, node->text);
    } else {
        tarn__builder_add_str(out, names[node->kind]);
        if (node->text.size != 0) {
            tarn__builder_add_char(out, ' ');
            tarn__builder_add(out, node->text);
        }
    }
    if (node->kind == TARN__AST_BOOL || node->number != 0) {
        tarn__builder_add_char(out, '#');
        tarn__builder_add_int64(out, node->number);
    }
    if (node->type_text.size != 0) {
        tarn__builder_add_char(out, ':');
        tarn__builder_add(out, node->type_text);
    }
    for (uint32_t i = 0; i < node->name_count; i++) {
        tarn__builder_add_char(out, i == 0 ? ' ' : '.');
        tarn__builder_add(out, node->names[i]);
    }
    tarn__builder_add_str(out, node->star ? " *" : node->distinct ? " distinct" : "");
    if (node->operand != NULL) {
        tarn__builder_add_str(out, " of");
        show(out, node->operand);
    }
    for (uint32_t i = 0; i < node->count; i++) {
        tarn__builder_add_char(out, ' ');
        show(out, node->args[i]);
    }
    if (node->filter != NULL) {
        tarn__builder_add_str(out, " filter");
        show(out, node->filter);
    }
    tarn__builder_add_char(out, ')');
}

static const struct {
    const char *sql;
    const char *shape;
} shapes[] = {
    {"1 + 2 * 3", "(+ (int 1) (* (int 2) (int 3)))"},
    {"1 - 2 - 3", "(- (- (int 1) (int 2)) (int 3))"},
    {"-2 ** 2", "(** (- (int 2)) (int 2))"},
    {"2 ** 3 ** 2", "(** (** (int 2) (int 3)) (int 2))"},
    {"a OR b AND NOT c", "(or (column a) (and (column b) (not (column c))))"},
    {"a OR b OR c", "(or (column a) (column b) (column c))"},
    {"NOT a = 1", "(not (= (column a) (int 1)))"},
    {"NOT a AND b", "(and (not (column a)) (column b))"},
    {"a == 1 AND b != 2", "(and (= (column a) (int 1)) (<> (column b) (int 2)))"},
    {"a BETWEEN 1 AND 2 AND b", "(and (between (column a) (int 1) (int 2)) (column b))"},
    {"a NOT BETWEEN 1 AND 2 + 3", "(!between (column a) (int 1) (+ (int 2) (int 3)))"},
    {"a NOT IN (1, 'x''y')", "(!in (column a) (int 1) (string x'y))"},
    {"a LIKE 'x%' ESCAPE '$'", "(like (column a) (string x%) (string $))"},
    {"a NOT ILIKE b", "(!like#1 (column a) (column b))"},
    {"a IS NOT NULL = TRUE", "(= (!is NULL (column a)) (bool#1))"},
    {"a IS NOT DISTINCT FROM b + 1", "(!distinct (column a) (+ (column b) (int 1)))"},
    {"CASE WHEN a THEN 1 ELSE 2 END", "(case (column a) (int 1) (int 2))"},
    {"CASE a WHEN 1 THEN 2 END", "(case of(column a) (int 1) (int 2))"},
    {"CAST(a AS DECIMAL(10, 2))", "(cast:DECIMAL(10, 2) (column a))"},
    {"TRY_CAST(a AS INT[])", "(cast#1:INT[] (column a))"},
    {"-1::VARCHAR", "(- (cast:VARCHAR (int 1)))"},
    {"a::TIMESTAMP WITH TIME ZONE", "(cast:TIMESTAMP WITH TIME ZONE (column a))"},
    {"DATE '2020-01-01'", "(typed 2020-01-01:DATE)"},
    {"INTERVAL 3 DAY + INTERVAL '1 year'", "(+ (interval DAY (int 3)) (interval (string 1 year)))"},
    {"EXTRACT(year FROM d)", "(date_part (string year) (column d))"},
    {"count(*) FILTER (WHERE a)", "(count * filter(column a))"},
    {"count(DISTINCT a)", "(count distinct (column a))"},
    {"left(s, 2) || right(s, 1)", "(|| (left (column s) (int 2)) (right (column s) (int 1)))"},
    {"t.a.b[1].c", "(member c (index (column t.a.b) (int 1)))"},
    {"[1, 2][1]", "(index (list (int 1) (int 2)) (int 1))"},
    {"? + ?", "(+ (parameter 1) (parameter 2))"},
    {":x = $2", "(= (parameter x) (parameter 2))"},
    {"\"a b\".\"q\"\"q\"", "(column a b.q\"q)"},
    {"1_000.5", "(decimal 1000.5)"},
    {".5e3", "(double .5e3)"},
    {"a -- comment\n + /* a /* nested */ one */ b", "(+ (column a) (column b))"},
    {"date", "(column date)"},
    {"7 // 2 % 3", "(% (// (int 7) (int 2)) (int 3))"},
};

START_TEST(sql_parser__reads_expressions) /* Q-EXPR-1 Q-LEX-1 Q-LEX-2 Q-LEX-3 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    struct tarn_text_builder out;
    struct tarn__ast *node;
    tarn__arena_init(&arena, env);
    tarn__builder_init(&out, env);
    ck_assert_ok(tarn__sql_parse_expression(&arena, tarn__text_of(shapes[_i].sql), &node, &err), &err);
    show(&out, node);
    tarn__builder_add_char(&out, '\0');
    ck_assert_str_eq(out.data, shapes[_i].shape);
    tarn__builder_free(&out);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *sql;
    enum tarn_status status;
    const char *message; /* its whole text */
} refused[] = {
    {"SELECT a b c FROM t", TARN_INVALID,
     "syntax error at \"c\": expected the end of the statement\nLINE 1: SELECT a b c FROM t\n                   ^"},
    {"SELECT a\nFROM\n\tt WHERE", TARN_INVALID, "syntax error at the end: expected an expression\nLINE 3:  t WHERE\n                ^"},
    {"SELECT '\xc3\xa4\xe6\xbc\xa2' +", TARN_INVALID,
     "syntax error at the end: expected an expression\nLINE 1: SELECT '\xc3\xa4\xe6\xbc\xa2' +\n                      ^"},
    {"SELECT 'abc", TARN_INVALID, "this text has no end: close it with '\nLINE 1: SELECT 'abc\n               ^"},
    {"SELECT 1abc", TARN_INVALID,
     "a number goes on with a letter: put a space between them, or quote the name\nLINE 1: SELECT 1abc\n                ^"},
    {"SELECT a FROM t JOIN u", TARN_UNSUPPORTED,
     "joins are not available yet: FROM takes one table\nLINE 1: SELECT a FROM t JOIN u\n                        ^"},
    {"SELECT /* x", TARN_INVALID, "this comment has no end: close it with */\nLINE 1: SELECT /* x\n               ^"},
};

START_TEST(sql_parser__points_at_the_place) /* Q-ERR-1 Q-ERR-2 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    struct tarn__statement *statement;
    tarn__arena_init(&arena, env);
    ck_assert_status(tarn__sql_parse(&arena, tarn__text_of(refused[_i].sql), &statement, &err), refused[_i].status);
    ck_assert_ptr_null(statement);
    ck_assert_str_eq(err.message, refused[_i].message);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(caret__cuts_long_lines_around_the_place) /* Q-ERR-3 */
{
    char sql[600];
    struct tarn_error err = TARN_ERROR_INIT;
    memset(sql, 'x', sizeof(sql));
    sql[300] = '!';
    err.code = TARN_INVALID;
    memset(err.message, 'm', sizeof(err.message) - 1); /* too long itself: the caret stays */
    tarn__sql_error_at(&err, (struct tarn_text){sql, sizeof(sql)}, 300);
    const char *line = strchr(err.message, '\n') + 1;
    const char *caret = strchr(line, '\n') + 1;
    ck_assert_int_eq(err.offset, 300);
    ck_assert_str_eq(caret + strlen(caret) - 1, "^");
    ck_assert_int_eq(line[strlen(caret) - 1], '!');
    ck_assert_int_eq(strncmp(line, "LINE 1: ...xxx", 14), 0);
}
END_TEST

START_TEST(caret__survives_any_place_in_any_text)
{
    const char sql[] = "a\xff\xfe\x80\t\n\r\n\xf0\x9f\x98\x80 z\x01";
    for (uint32_t place = 0; place < 30; place++) {
        struct tarn_error err = TARN_ERROR_INIT;
        err.code = TARN_INVALID;
        tarn__sql_error_at(&err, (struct tarn_text){sql, sizeof(sql) - 1}, place);
        ck_assert_ptr_nonnull(strchr(err.message, '^'));
    }
}
END_TEST

static const struct {
    const char *sql;
    enum tarn__statement_kind kind;
    size_t rest; /* bytes that belong to the next statement */
} statements[] = {
    {"", TARN__STATEMENT_NONE, 0},
    {" -- nothing\n;; ", TARN__STATEMENT_NONE, 0},
    {"SELECT 1; SELECT 2", TARN__STATEMENT_SELECT, 9},
    {"FROM t", TARN__STATEMENT_SELECT, 0},
    {"VALUES (1, 2), (3, 4)", TARN__STATEMENT_SELECT, 0},
    {"SELECT a AS from, b x, * EXCLUDE (c), t.* FROM ns.t VERSION AS OF 3 AS t(a, b) WHERE a GROUP BY 1, b HAVING c ORDER BY ALL DESC "
     "LIMIT 1 OFFSET 2",
     TARN__STATEMENT_SELECT, 0},
    {"SELECT DISTINCT a FROM 'x.parquet' TIMESTAMP AS OF '2020-01-01' GROUP BY ALL ORDER BY a NULLS FIRST, b DESC NULLS LAST;",
     TARN__STATEMENT_SELECT, 0},
    {"SELECT a FROM (SELECT a FROM t) u", TARN__STATEMENT_SELECT, 0},
    {"DELETE FROM t WHERE a = 1", TARN__STATEMENT_DELETE, 0},
    {"UPDATE 't' SET a = 1, b = b + 1 WHERE c", TARN__STATEMENT_UPDATE, 0},
    {"INSERT INTO t (a, b) VALUES (1, 2)", TARN__STATEMENT_INSERT, 0},
    {"CREATE TABLE IF NOT EXISTS t (a INT NOT NULL, b STRUCT(x INT)[]) PARTITIONED BY (a)", TARN__STATEMENT_CREATE, 0},
    {"CREATE TABLE t (a INT) USING Iceberg PARTITIONED BY (bucket(16, a), day(\"at\"), b)", TARN__STATEMENT_CREATE, 0},
    {"CREATE TABLE t USING delta AS SELECT 1 a", TARN__STATEMENT_CREATE, 0},
    {"CREATE TABLE t AS SELECT 1 a", TARN__STATEMENT_CREATE, 0},
    {"DESCRIBE t", TARN__STATEMENT_DESCRIBE, 0},
    {"SHOW TABLES", TARN__STATEMENT_SHOW_TABLES, 0},
    {"EXPLAIN SELECT 1", TARN__STATEMENT_EXPLAIN, 0},
};

START_TEST(sql_parser__keeps_partition_transforms_as_text)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    struct tarn__statement *s;
    tarn__arena_init(&arena, env);
    ck_assert_ok(
        tarn__sql_parse(&arena, TARN_TEXT("CREATE TABLE t (a INT) USING Iceberg PARTITIONED BY (bucket( 16, a ), \"b c\", d)"), &s, &err),
        &err);
    ck_assert_str_eq(s->format, "iceberg");
    ck_assert_uint_eq(s->partition_count, 3);
    static const char *const wanted[] = {"bucket( 16, a )", "b c", "d"};
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert(tarn__text_equal(s->partitions[i], tarn__text_of(wanted[i])));
    }
    ck_assert_int_eq(tarn__sql_parse(&arena, TARN_TEXT("CREATE TABLE t (a INT) PARTITIONED BY (bucket(16, a"), &s, &err), TARN_INVALID);
    ck_assert_int_eq(tarn__sql_parse(&arena, TARN_TEXT("CREATE TABLE t (a INT) PARTITIONED BY (bucket())"), &s, &err), TARN_INVALID);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(sql_parser__reads_statements) /* Q-STMT-1 Q-STMT-2 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    struct tarn__statement *statement;
    tarn__arena_init(&arena, env);
    ck_assert_ok(tarn__sql_parse(&arena, tarn__text_of(statements[_i].sql), &statement, &err), &err);
    ck_assert_int_eq(statement->kind, statements[_i].kind);
    ck_assert_uint_eq(strlen(statements[_i].sql) - statement->consumed, statements[_i].rest);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *sql;
    const char *feature;
} missing[] = {
    {"SELECT a FROM t, u", "sql.join"},
    {"SELECT sum(a) OVER () FROM t", "sql.window"},
    {"SELECT 1 UNION SELECT 2", "sql.set_operation"},
    {"WITH t AS (SELECT 1) SELECT 1", "sql.with"},
    {"SELECT (SELECT 1)", "sql.subquery_expression"},
    {"SELECT 1 IN (SELECT 1)", "sql.subquery_expression"},
    {"SELECT * FROM read_csv('x')", "sql.table_function"},
    {"SELECT * FROM 'table_changes'('x', 1)", "sql.table_function"},
    {"SELECT DISTINCT ON (a) b FROM t", "sql.distinct_on"},
    {"SELECT string_agg(a ORDER BY b) FROM t", "sql.aggregate_order"},
    {"MERGE INTO t", "sql.statement"},
};

START_TEST(sql_parser__names_what_is_missing) /* Q-STMT-3 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    struct tarn__statement *statement;
    tarn__arena_init(&arena, env);
    ck_assert_status(tarn__sql_parse(&arena, tarn__text_of(missing[_i].sql), &statement, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, missing[_i].feature);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *head;
    const char *repeat;
    enum tarn_status status;
} long_forms[] = {{"", "(", TARN_LIMIT},    {"", "NOT ", TARN_LIMIT},
                  {"1", "+1", TARN_LIMIT},  {"", "- ", TARN_LIMIT},
                  {"a", " OR a", TARN_OK},  {"a", " AND a", TARN_OK},
                  {"", "[", TARN_LIMIT},    {"", "CASE ", TARN_LIMIT},
                  {"a", "[1]", TARN_LIMIT}, {"CASE", " WHEN a THEN b", TARN_INVALID}};

START_TEST(sql_parser__refuses_deep_nesting_and_takes_long_chains) /* Q-EXPR-2 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    struct tarn_text_builder sql;
    struct tarn__ast *node;
    tarn__arena_init(&arena, env);
    tarn__builder_init(&sql, env);
    tarn__builder_add_str(&sql, long_forms[_i].head);
    for (int n = 0; n < 20000; n++) {
        tarn__builder_add_str(&sql, long_forms[_i].repeat);
    }
    ck_assert_status(tarn__sql_parse_expression(&arena, tarn__builder_text(&sql), &node, &err), long_forms[_i].status);
    tarn__builder_free(&sql);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(sql_lexer__refuses_what_is_no_text) /* Q-LEX-4 Q-LEX-5 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn__lexer lexer;
    ck_assert_status(tarn__lexer_init(&lexer, (struct tarn_text){"SELECT \xff", 8}, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "sql.utf8");
    ck_assert_int_eq(err.offset, 7);
    ck_assert_status(tarn__lexer_init(&lexer, (struct tarn_text){"SELECT\0 1", 9}, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "sql.nul");
}
END_TEST

START_TEST(sql_lexer__lists_its_keywords_in_order)
{
    uint32_t count = 0;
    ck_assert_str_eq(tarn_sql_keyword(0), "ALL");
    while (tarn_sql_keyword(count + 1) != NULL) {
        ck_assert_int_lt(strcmp(tarn_sql_keyword(count), tarn_sql_keyword(count + 1)), 0);
        count++;
    }
    ck_assert_uint_gt(count, 60);
}
END_TEST

TARN_SUITE("query/sql_parser", TARN_LOOP_TEST(sql_parser__reads_expressions, shapes),
           TARN_LOOP_TEST(sql_parser__points_at_the_place, refused), TARN_TEST(caret__cuts_long_lines_around_the_place),
           TARN_TEST(caret__survives_any_place_in_any_text), TARN_LOOP_TEST(sql_parser__reads_statements, statements),
           TARN_TEST(sql_parser__keeps_partition_transforms_as_text), TARN_LOOP_TEST(sql_parser__names_what_is_missing, missing),
           TARN_LOOP_TEST(sql_parser__refuses_deep_nesting_and_takes_long_chains, long_forms),
           TARN_TEST(sql_lexer__refuses_what_is_no_text), TARN_TEST(sql_lexer__lists_its_keywords_in_order))
