/* SPDX-License-Identifier: Apache-2.0
 * Expressions of tables by Spark's rules: each with the value that Spark 4 gives (ANSI on, zone UTC), and those that are refused.
 */
#include <string.h>

#include "format/base/text.h"
#include "format/batch/row_text.h"
#include "format/batch/vector.h"
#include "format/expr/batch_input.h"
#include "tarn/query.h"
#include "tests/support/suite.h"

/* Compiles over the columns below and evaluates for one row of nulls, which literals do not mind. */
static enum tarn_status evaluate(struct tarn_env *env, const char *text, const struct tarn_type *type, char out[200],
                                 struct tarn_error *err)
{
    static const struct tarn_type integer = {.id = TARN_TYPE_I32};
    static const struct tarn_type string = {.id = TARN_TYPE_STRING};
    static const struct tarn_type floating = {.id = TARN_TYPE_F32};
    const struct tarn_field fields[] = {{.name = {"i", 1}, .type = &integer, .nullable = true, .id = -1},
                                        {.name = {"s", 1}, .type = &string, .nullable = true, .id = -1},
                                        {.name = {"f", 1}, .type = &floating, .nullable = true, .id = -1},
                                        {.name = {"odd name", 8}, .type = &integer, .nullable = true, .id = -1}};
    const struct tarn_expr_host *host = tarn_query_expr_host();
    struct tarn_schema *schema;
    struct tarn_expr *expr;
    struct tarn_expr_eval *eval;
    struct tarn__batch_input input;
    struct tarn_vector *columns[4];
    struct tarn_vector *value;
    ck_assert_ok(tarn_schema_make(env, 4, fields, 0, NULL, &schema, err), err);
    const enum tarn_status status = host->compile(host->ctx, env, schema, tarn__text_of(text), type, &expr, err);
    if (status != TARN_OK) {
        ck_assert_ptr_null(expr);
        tarn_schema_release(schema);
        return status;
    }
    uint32_t slots[4] = {0};
    for (uint32_t i = 0; i < 4; i++) {
        columns[i] = tarn__vector_nulls(env, fields[i].type, 1);
    }
    for (uint32_t i = 0; i < expr->column_count; i++) {
        slots[i] = (uint32_t)tarn_fields_find(4, fields, expr->columns[i].path.steps[0].name);
    }
    ck_assert_ok(tarn_expr_eval_open(env, expr, host, &eval, err), err);
    tarn__batch_input_open(&input, env, slots);
    tarn__batch_input_set(&input, 1, columns);
    const enum tarn_status ran = tarn_expr_eval_run(eval, &input.input, NULL, &value, err);
    if (ran == TARN_OK) {
        struct tarn_text_builder shown;
        tarn__builder_init(&shown, env);
        if (tarn_vector_is_null(value, 0)) {
            tarn__builder_add_str(&shown, "NULL");
        } else {
            tarn__row_text(&shown, value, 0, TARN_STYLE_SQL);
        }
        tarn__text_copy(out, 200, tarn__builder_text(&shown), false);
        tarn__builder_free(&shown);
        tarn_vector_release(value);
    }
    tarn__batch_input_close(&input);
    tarn_expr_eval_close(eval);
    for (uint32_t i = 0; i < 4; i++) {
        tarn_vector_release(columns[i]);
    }
    tarn_expr_release(expr);
    tarn_schema_release(schema);
    return ran;
}

static const struct {
    const char *text;
    const char *value;
} values[] = {
    /* texts and names */
    {"'it\\'s'", "it's"},
    {"\"a\" || 'b'", "ab"},
    {"'a''b'", "a'b"},
    {"length('\\n')", "1"},
    {"`odd name` is null", "true"},
    {"i <=> null", "true"},
    {"1 <=> null", "false"},
    {"1 == 1", "true"},
    {"10L + 1", "11"},
    /* arithmetic */
    {"7 DIV 2", "3"},
    {"-7 div 2", "-3"},
    {"7 / 2", "3.5"},
    {"-7 % 3", "-1"},
    {"mod(7, 3)", "1"},
    {"1.5 * 2", "3.0"},
    {"2147483647 + 1L", "2147483648"},
    {"abs(-3)", "3"},
    {"floor(-1.5D)", NULL},
    {"floor(cast(-1.5 as double))", "-2"},
    {"ceil(1.2)", "2"},
    /* casts */
    {"cast(1.9 as int)", "1"},
    {"cast(-1.9 as int)", "-1"},
    {"cast(cast(2.5 as double) as bigint)", "2"},
    {"cast('12.7' as int)", "12"},
    {"cast(' 12 ' as int)", "12"},
    {"cast(12 as string)", "12"},
    {"cast(true as string)", "true"},
    {"cast(1.10 as decimal(5,1))", "1.1"},
    {"cast(1.25 as decimal(5,1))", "1.3"},
    {"cast(1.5 as decimal)", "2"},
    {"cast(timestamp'2020-01-02 23:59:59.5' as date)", "2020-01-02"},
    {"cast(timestamp'2020-01-02 03:04:05' as string)", "2020-01-02 03:04:05"},
    {"cast(timestamp'2020-01-02 03:04:05.250' as string)", "2020-01-02 03:04:05.25"},
    {"cast(date'2020-01-02' as string)", "2020-01-02"},
    {"cast(date'2020-01-02' as timestamp)", "2020-01-02 00:00:00+00"},
    {"date('2020-01-02')", "2020-01-02"},
    {"to_date('2020-01-02')", "2020-01-02"},
    {"int('3')", "3"},
    /* functions */
    {"concat('a', null)", "NULL"},
    {"concat('k', cast(7 as string))", "k7"},
    {"concat('k', 7)", "k7"},
    {"concat_ws('-', 'a', null, 'b')", "a-b"},
    {"substring('abcdef', 2, 3)", "bcd"},
    {"substr('abcdef', 3)", "cdef"},
    {"upper('aB')", "AB"},
    {"lower('aB')", "ab"},
    {"trim('  a ')", "a"},
    {"lpad('7', 3, '0')", "007"},
    {"instr('abc', 'c')", "3"},
    {"year(date'2020-03-04')", "2020"},
    {"month(timestamp'2020-03-04 05:06:07')", "3"},
    {"day(date'2020-03-04')", "4"},
    {"hour(timestamp'2020-03-04 05:06:07')", "5"},
    {"dayofweek(date'2020-03-01')", "1"},
    {"weekday(date'2020-03-01')", "6"},
    {"weekofyear(date'2020-12-31')", "53"},
    {"date_format(timestamp'2020-03-04 05:06:07', 'yyyy-MM-dd HH:mm:ss')", "2020-03-04 05:06:07"},
    {"date_format(date'2020-03-04', 'yyyyMM')", "202003"},
    {"date_trunc('MONTH', timestamp'2020-03-04 05:06:07')", "2020-03-01 00:00:00+00"},
    {"trunc(date'2020-03-04', 'year')", "2020-01-01"},
    {"coalesce(null, i, 4)", "4"},
    {"nvl(i, 5)", "5"},
    {"if(1 > 2, 'a', 'b')", "b"},
    {"greatest(1, null, 3)", "3"},
    {"nullif(1, 1)", "NULL"},
    {"isnull(i) and not isnotnull(i)", "true"},
    /* conditions */
    {"i > 0", "NULL"},
    {"i > 0 or true", "true"},
    {"5 between 1 and 5", "true"},
    {"3 in (1, 2, 3)", "true"},
    {"3 in (1, null)", "NULL"},
    {"3 not in (1, 2)", "true"},
    {"'abc' like 'a%'", "true"},
    {"'a%c' like 'a\\%c'", "true"},
    {"'abc' like 'a\\%c'", "false"},
    {"'a_c' like 'a#_c' escape '#'", "true"},
    {"case when i is null then 'none' else 'some' end", "none"},
    {"case 2 when 1 then 'a' when 2 then 'b' end", "b"},
    {"date'2020-01-01' < timestamp'2020-01-01 00:00:01'", "true"},
    {"'2020-01-01' = date'2020-01-01'", "true"},
};

START_TEST(spark__gives_what_spark_gives) /* Q-SPARK-1 Q-SPARK-2 Q-SPARK-3 Q-SPARK-4 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    char shown[200];
    const enum tarn_status status = evaluate(env, values[_i].text, NULL, shown, &err);
    if (values[_i].value == NULL) {
        ck_assert_msg(status == TARN_INVALID || status == TARN_UNSUPPORTED, "%s", values[_i].text);
    } else {
        ck_assert_msg(status == TARN_OK, "%s: %s", values[_i].text, err.message);
        ck_assert_msg(strcmp(shown, values[_i].value) == 0, "%s gave %s instead of %s", values[_i].text, shown, values[_i].value);
    }
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *text;
    enum tarn_status status;
} refused[] = {
    {"sha2(s, 256) = 'x'", TARN_UNSUPPORTED},
    {"f + 1 > 2", TARN_UNSUPPORTED},
    {"1.5 / 2.5", TARN_UNSUPPORTED},
    {"s = i", TARN_UNSUPPORTED},
    {"2 ^ 3", TARN_UNSUPPORTED},
    {"substring(s, -2)", TARN_UNSUPPORTED},
    {"substring(s, 0, 2)", TARN_UNSUPPORTED},
    {"date_format(date'2020-03-04', 'EEE')", TARN_UNSUPPORTED},
    {"cast(f as string)", TARN_UNSUPPORTED},
    {"cast(s as array<int>)", TARN_INVALID},
    {"cast(timestamp'2020-01-02 03:04:05' as bigint)", TARN_UNSUPPORTED},
    {"s rlike 'a'", TARN_INVALID},
    {"count(*) > 0", TARN_UNSUPPORTED},
    {"s ilike 'a'", TARN_UNSUPPORTED},
    {"try_cast(s as int) = 1", TARN_UNSUPPORTED},
    {"nothing > 0", TARN_NOT_FOUND},
    {"i >", TARN_INVALID},
    {"i and true", TARN_INVALID},
    {"cast('x' as int)", TARN_INVALID},
    {"1 / 0", TARN_INVALID},
    {"2147483647 + 1", TARN_INVALID},
};

START_TEST(spark__refuses_what_it_cannot_do_alike) /* Q-SPARK-2 Q-SPARK-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    char shown[200] = "";
    const enum tarn_status status = evaluate(env, refused[_i].text, NULL, shown, &err);
    ck_assert_msg(status == refused[_i].status, "%s: %s %s (%s)", refused[_i].text, tarn_status_name(status), shown, err.message);
    ck_assert_msg(status != TARN_UNSUPPORTED || strcmp(err.detail, "expr.spark") == 0, "%s: %s", refused[_i].text, err.detail);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(spark__assigns_to_the_columns_type) /* Q-SPARK-2 */
{
    static const struct tarn_type small = {.id = TARN_TYPE_I16};
    static const struct tarn_type text = {.id = TARN_TYPE_STRING};
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    char shown[200];
    ck_assert_ok(evaluate(env, "40 + 2", &small, shown, &err), &err);
    ck_assert_str_eq(shown, "42");
    ck_assert_ok(evaluate(env, "42", &text, shown, &err), &err);
    ck_assert_str_eq(shown, "42");
    ck_assert_status(evaluate(env, "40000", &small, shown, &err), TARN_INVALID);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("query/spark", TARN_LOOP_TEST(spark__gives_what_spark_gives, values),
           TARN_LOOP_TEST(spark__refuses_what_it_cannot_do_alike, refused), TARN_TEST(spark__assigns_to_the_columns_type))
