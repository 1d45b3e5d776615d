/* SPDX-License-Identifier: Apache-2.0
 * Expressions and functions by tables of text: what is written on the left comes to what stands on the right. The answers are DuckDB's
 * unless docs/sql.md says otherwise.
 */
#include <stdio.h>
#include <string.h>

#include "tests/support/query_check.h"

struct expectation {
    const char *expression;
    const char *text;
};

static void check(const struct expectation *one)
{
    char sql[1024];
    char expected[512];
    snprintf(sql, sizeof(sql), "SELECT %s", one->expression);
    snprintf(expected, sizeof(expected), "%s\n", one->text);
    tarn_query_check(NULL, sql, expected);
}

static const struct expectation types[] = {
    {"typeof(1), typeof(2147483648), typeof(99999999999999999999), typeof(1.10), typeof(1e3), typeof('a')",
     "INTEGER|BIGINT|DECIMAL(38,0)|DECIMAL(3,2)|DOUBLE|VARCHAR"},
    {"typeof(1::TINYINT + 1), typeof(1::TINYINT + 1000), typeof(1::BIGINT + 1)", "TINYINT|INTEGER|BIGINT"},
    {"typeof(1.5::DECIMAL(4,2) + 1), typeof(1.5 + 1), typeof(1.5 * 2.25), typeof(7.5 % 2)",
     "DECIMAL(13,2)|DECIMAL(12,1)|DECIMAL(5,3)|DECIMAL(11,1)"},
    {"typeof(1::DECIMAL(18,2) + 1::DECIMAL(18,2)), typeof(1::DECIMAL(18,2) * 1::DECIMAL(18,2))", "DECIMAL(19,2)|DECIMAL(18,4)"},
    {"typeof(2 / 3), typeof(7 // 2), typeof(1.5::FLOAT * 1.5), typeof(1::FLOAT + 1::DOUBLE)", "DOUBLE|INTEGER|FLOAT|DOUBLE"},
    {"typeof(coalesce(1, 2.5)), typeof(CASE WHEN TRUE THEN 1 ELSE 2.5 END), typeof(if(TRUE, 1, '2'))",
     "DECIMAL(11,1)|DECIMAL(11,1)|INTEGER"},
    {"typeof(DATE '2020-01-01' + INTERVAL 1 DAY), typeof(DATE '2020-01-01' + 1)", "TIMESTAMP|DATE"},
    {"typeof(sum(1)), typeof(avg(1)), typeof(sum(1.5)), typeof(sum(1e0)), typeof(count(*))",
     "DECIMAL(38,0)|DOUBLE|DECIMAL(38,1)|DOUBLE|BIGINT"},
    {"typeof(round(2.567, 2)), typeof(round(1)), typeof(floor(2.5)), typeof(sign(1.5))", "DECIMAL(4,2)|INTEGER|DECIMAL(2,0)|TINYINT"},
};

START_TEST(functions__have_the_types_of_duckdb) /* Q-TYPE-1 Q-TYPE-2 Q-TYPE-3 */
{
    check(&types[_i]);
}
END_TEST

static const struct expectation numbers[] = {
    {"1 + 2 * 3, 7 - 10, -7 // 2, 7 // -2, -7 % 3, 7 % 3, 7 / 2", "7|-3|-3|-3|-1|1|3.5"},
    {"0.1 + 0.2, 1.50 * 2.25, 7.5 % 2, 5.5 // 2", "0.3|3.3750|1.5|2.75"},
    {"0.1::DOUBLE + 0.2::DOUBLE, 1e308 * 10, -1e308 * 10", "0.30000000000000004|inf|-inf"},
    {"2 ** 3 ** 2, 2 ^ 10, -2 ** 2, pow(2, 0.5)", "64.0|1024.0|4.0|1.4142135623730951"},
    {"9223372036854775806 + 1, 99999999999999999999 + 1", "9223372036854775807|100000000000000000000"},
    {"abs(-5), abs(-2.5), -(-3), +4, sign(-2.5), sign(0), sign(1e0)", "5|2.5|3|4|-1|0|1"},
    {"round(2.5), round(-2.5), round(2.567, 2), round(1234, -2), round(2.5e0), round(2.345e0, 2)", "3|-3|2.57|1200|3.0|2.35"},
    {"floor(-1.5), ceil(-1.5), trunc(-1.7), floor(2.5e0), ceil(2.1e0), trunc(2.9e0)", "-2|-1|-1|2.0|3.0|2.0"},
    {"sqrt(2), cbrt(1), ln(1), log(100), log2(8), exp(0), pi()", "1.4142135623730951|1.0|0.0|2.0|3.0|1.0|3.141592653589793"},
    {"mod(7, 3), greatest(1, 2.5, 3), least('b', 'a'), isnan('nan'::DOUBLE), isinf(1e0), isfinite(1e0)", "1|3.0|a|true|false|true"},
    {"'nan'::DOUBLE = 'nan'::DOUBLE, 'nan'::DOUBLE > 1e308, -0.0::DOUBLE = 0.0::DOUBLE", "true|true|true"},
    {"NULL + 1, 1 // NULL, abs(NULL::INTEGER)", "NULL|NULL|NULL"},
    {"7 + '99999999999999.9999'::DECIMAL(18,4), typeof(1::DECIMAL(18,4) + 1), typeof(1::DECIMAL(18,4) * 1)",
     "100000000000006.9999|DECIMAL(19,4)|DECIMAL(18,4)"},
    {"typeof(-2147483648), typeof(2147483648), typeof(-2147483649)", "INTEGER|BIGINT|BIGINT"},
    {"1::FLOAT < 1e308, 1::FLOAT IN (1e308, 1e0), nullif(1::FLOAT, 1e308), 0.1::FLOAT = 0.1e0, 0.5::FLOAT = 0.5e0, 0.1::FLOAT = 0.1",
     "true|true|1.0|false|true|true"},
    {"CAST(1 AS DECIMAL(38,0)) * 99999999999999999999", "99999999999999999999"},
};

START_TEST(functions__compute_numbers) /* Q-NUM-1 Q-NUM-3 Q-NUM-4 Q-NUM-5 Q-NUM-6 */
{
    check(&numbers[_i]);
}
END_TEST

static const struct expectation texts[] = {
    {"upper('abc\xc3\xa4'), lower('ABC\xc3\x84'), length('\xc3\xa4"
     "b'), strlen('\xc3\xa4"
     "b'), reverse('\xc3\xa4"
     "b')",
     "ABC\xc3\x84|abc\xc3\xa4|2|3|b\xc3\xa4"},
    {"substr('hello', 2, 3), substr('hello', 0, 3), substr('hello', -3, 2), substr('hello', 2), substring('hello', 10)", "ell|he|ll|ello|"},
    {"substr('abc', -5, 3), substr('A', -3, 2), substr('abc', -5), substr('abc', -9223372036854775808, 9223372036854775807)", "a||abc|ab"},
    {"left('hello', 2), left('hello', -2), right('hello', 2), right('hello', -2), left('a', 5)", "he|hel|lo|llo|a"},
    {"trim('  a '), ltrim('xxa', 'x'), rtrim('axx', 'x'), trim('xyaxy', 'yx')", "a|a|a|a"},
    {"replace('aXbX', 'X', '--'), replace('a', '', 'b'), repeat('ab', 3), repeat('a', -1)", "a--b--|a|ababab|"},
    {"concat('a', NULL, 1), concat_ws('-', 'a', NULL, 'b'), 'a' || 1, 'a' || NULL", "a1|a-b|a1|NULL"},
    {"strpos('hello', 'l'), strpos('hello', 'z'), strpos('\xc3\xa4"
     "bc', 'c'), contains('abc', 'b')",
     "3|0|3|true"},
    {"starts_with('abc', 'ab'), ends_with('abc', 'bc'), prefix('abc', 'b'), suffix('abc', 'c')", "true|true|false|true"},
    {"split_part('a,b,c', ',', 2), split_part('a,b,c', ',', -1), split_part('a,b', ',', 5)", "b|c|"},
    {"lpad('a', 3, 'xy'), rpad('abc', 2, 'x'), rpad('a', 4, 'xy'), lpad('abc', 2, 'x')", "xya|ab|axyx|ab"},
    {"chr(228), ascii('A')", "\xc3\xa4|65"},
    {"'it''s'", "it's"},
};

START_TEST(functions__compute_texts) /* Q-TEXT-1 Q-TEXT-2 Q-TEXT-3 */
{
    check(&texts[_i]);
}
END_TEST

static const struct expectation patterns[] = {
    {"'abc' LIKE 'a%', 'abc' LIKE '_b_', 'abc' LIKE 'b%', 'abc' LIKE '%c', 'abc' LIKE 'abc', 'abc' LIKE ''",
     "true|true|false|true|true|false"},
    {"'a%c' LIKE 'a$%c' ESCAPE '$', 'abc' LIKE 'a$%c' ESCAPE '$', 'ABC' ILIKE 'abc', 'ABC' LIKE 'abc'", "true|false|true|false"},
    {"'abc' NOT LIKE 'a%', NULL LIKE 'a', 'a' LIKE NULL, '' LIKE '%'", "false|NULL|NULL|true"},
    {"'\xc3\xa4"
     "b' LIKE '_b', 'aaaaaaaaab' LIKE '%a%a%a%b', 'mississippi' LIKE '%iss%ip%'",
     "true|true|true"},
};

START_TEST(functions__match_patterns) /* Q-LIKE-1 Q-LIKE-2 Q-LIKE-3 */
{
    check(&patterns[_i]);
}
END_TEST

static const struct expectation dates[] = {
    {"year(DATE '2020-05-17'), month(DATE '2020-05-17'), day(DATE '2020-05-17'), quarter(DATE '2020-05-17')", "2020|5|17|2"},
    {"dayofweek(DATE '2020-05-17'), dayofyear(DATE '2020-12-31'), week(DATE '2021-01-03'), isodow(DATE '2020-05-17')", "0|366|53|7"},
    {"strftime(DATE '0020-01-01', '%Y %G %y'), strftime(DATE '0020-01-01' - 10000, '%Y')", "0020 0020 20|-8"},
    {"hour(TIMESTAMP '2020-01-01 10:20:30'), minute(TIMESTAMP '2020-01-01 10:20:30'), second(TIMESTAMP '2020-01-01 10:20:30.5')",
     "10|20|30"},
    {"date_part('year', DATE '2020-05-17'), EXTRACT(dow FROM DATE '2020-05-17'), epoch(TIMESTAMP '1970-01-01 00:00:01.5')", "2020|0|1.5"},
    {"date_trunc('month', DATE '2020-05-17'), date_trunc('hour', TIMESTAMP '2020-01-01 10:20:30')",
     "2020-05-01 00:00:00|2020-01-01 10:00:00"},
    {"date_diff('day', DATE '2020-01-01', DATE '2020-02-01'), date_diff('month', DATE '2020-01-31', DATE '2020-02-01')", "31|1"},
    {"DATE '2020-01-31' + INTERVAL 1 MONTH, DATE '2020-01-01' + 30, DATE '2020-03-01' - DATE '2020-01-01', DATE '2020-01-31' - 31",
     "2020-02-29 00:00:00|2020-01-31|60|2019-12-31"},
    {"TIMESTAMP '2020-01-01 10:00:00' - INTERVAL 90 MINUTE, TIMESTAMP '2020-01-02' - TIMESTAMP '2020-01-01 12:00:00'",
     "2020-01-01 08:30:00|12:00:00"},
    {"INTERVAL '1 year 2 days', INTERVAL 3 MONTH + INTERVAL 1 DAY, INTERVAL 2 HOUR * 3, -INTERVAL 2 DAY",
     "1 year 2 days|3 months 1 day|06:00:00|-2 days"},
    {"strftime(DATE '2020-05-07', '%d.%m.%Y %H:%M:%S %j %a %A %b %B %y %-d %%')", "07.05.2020 00:00:00 128 Thu Thursday May May 20 7 %"},
    {"make_date(2020, 2, 29), last_day(DATE '2020-02-10'), dayname(DATE '2020-05-17'), monthname(DATE '2020-05-17')",
     "2020-02-29|2020-02-29|Sunday|May"},
    {"TIMESTAMPTZ '2020-01-01 10:00:00+02', '2020-01-01' = DATE '2020-01-01', DATE '2020-01-01' < '2020-01-02'",
     "2020-01-01 08:00:00+00|true|true"},
    {"now() > TIMESTAMP '2000-01-01', current_date > DATE '2000-01-01', now() = current_timestamp", "true|true|true"},
};

START_TEST(functions__compute_dates) /* Q-DATE-1 Q-DATE-2 Q-DATE-3 Q-DATE-4 */
{
    check(&dates[_i]);
}
END_TEST

static const struct expectation casts[] = {
    {"CAST('12' AS INTEGER), CAST(' 12 ' AS INTEGER), CAST('1.5' AS INTEGER), CAST(2.5 AS INTEGER), CAST(-2.5 AS INTEGER)", "12|12|2|3|-3"},
    {"CAST(2.5e0 AS INTEGER), CAST(3.5e0 AS INTEGER), CAST(TRUE AS INTEGER), CAST(0 AS BOOLEAN), CAST('yes' AS BOOLEAN)",
     "2|4|1|false|true"},
    {"1.5e0::VARCHAR, 1e20::VARCHAR, 0.1::FLOAT::VARCHAR, 'nan'::DOUBLE::VARCHAR, '-inf'::DOUBLE::VARCHAR, TRUE::VARCHAR",
     "1.5|1e+20|0.1|nan|-inf|true"},
    {"'2020-02-29'::DATE, '2020-02-29 12:00:00.5'::TIMESTAMP, '2020-02-29'::DATE::TIMESTAMP, TIMESTAMP '2020-02-29 23:59:59'::DATE",
     "2020-02-29|2020-02-29 12:00:00.5|2020-02-29 00:00:00|2020-02-29"},
    {"1.005::DECIMAL(3,2), '1.005'::DECIMAL(3,2), 0.1e0::DECIMAL(3,2), 5::DECIMAL(5,2)", "1.01|1.01|0.10|5.00"},
    {"TRY_CAST('abc' AS INTEGER), TRY_CAST(300 AS TINYINT), TRY_CAST('2020-02-30' AS DATE), TRY_CAST('5' AS INTEGER)", "NULL|NULL|NULL|5"},
    {"NULL::INTEGER, CAST(NULL AS VARCHAR), 'x'::BLOB, '\\xAB'::BLOB, '12:30'::TIME", "NULL|NULL|x|\\xAB|12:30:00"},
    {"[1, 2]::VARCHAR, 1::UBIGINT, '00000000-0000-0000-0000-0000000000ff'::UUID", "[1, 2]|1|00000000-0000-0000-0000-0000000000ff"},
};

START_TEST(functions__cast_values) /* Q-CAST-1 Q-CAST-2 Q-CAST-3 Q-CAST-5 */
{
    check(&casts[_i]);
}
END_TEST

static const struct expectation logic[] = {
    {"NULL AND FALSE, NULL AND TRUE, NULL OR TRUE, NULL OR FALSE, NOT NULL", "false|NULL|true|NULL|NULL"},
    {"NULL = NULL, NULL IS NULL, 1 IS NOT NULL, NULL IS DISTINCT FROM 1, NULL IS NOT DISTINCT FROM NULL", "NULL|true|true|true|true"},
    {"(NULL > 1) IS TRUE, (NULL > 1) IS NOT TRUE, (1 > 2) IS FALSE, (2 > 1) IS NOT FALSE", "false|true|true|true"},
    {"1 IN (1, NULL), 2 IN (1, NULL), NULL IN (1), 1 NOT IN (2, NULL), 'a' IN ('b', 'a')", "true|NULL|NULL|NULL|true"},
    {"5 BETWEEN 1 AND 10, 5 NOT BETWEEN 1 AND 10, NULL BETWEEN 1 AND 2, 0 BETWEEN 1 AND NULL", "true|false|NULL|false"},
    {"CASE WHEN 1 > 2 THEN 'x' END, CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END, CASE NULL WHEN NULL THEN 1 ELSE 0 END",
     "NULL|b|0"},
    {"coalesce(NULL, NULL, 3), ifnull(NULL, 'x'), nullif(1, 1), nullif(1, 2), if(NULL, 1, 2), greatest(NULL, 1)", "3|x|NULL|1|2|1"},
    {"1 = 1.0, 1 < 1.5, '10' > 9, 1e0 = 1, TRUE = 1, 'b' > 'a', 'B' < 'a'", "true|true|true|true|true|true|true"},
    {"[1, 2] = [1, 2], [1] < [1, 2], INTERVAL 1 DAY = INTERVAL 1 DAY", "true|true|true"},
};

START_TEST(functions__have_three_truths) /* Q-EXPR-3 Q-EXPR-4 Q-EXPR-5 Q-COND-2 Q-TYPE-4 */
{
    check(&logic[_i]);
}
END_TEST

static const struct expectation lists[] = {
    {"[1, 2, 3], [1, 2, 3][2], [1, 2, 3][-1], [1][5], len([1, 2]), list_contains([1, 2], 2), list_contains(['a'], 'b')",
     "[1, 2, 3]|2|3|NULL|2|true|false"},
    {"[1, NULL], ['a', 'b c'], [[1], [2, 3]][2]", "[1, NULL]|[a, b c]|[2, 3]"},
};

START_TEST(functions__reach_into_lists) /* Q-NEST-1 */
{
    check(&lists[_i]);
}
END_TEST

static const struct {
    const char *sql;
    enum tarn_status status;
    const char *message;
} refused[] = {
    {"SELECT 2147483647 + 1", TARN_INVALID,
     "2147483647 + 1 does not fit INTEGER; cast to a wider type first\nLINE 1: SELECT 2147483647 + 1\n                          ^"},
    {"SELECT 9223372036854775807 + 1", TARN_INVALID, "9223372036854775807 + 1 does not fit BIGINT"},
    {"SELECT 9999999999999999999999999999999999.9999::DECIMAL(38,4) * 10::DECIMAL(10,0)", TARN_INVALID,
     "9999999999999999999999999999999999.9999 * 10 does not fit DECIMAL(38,4)"},
    {"SELECT -(-9223372036854775808)", TARN_INVALID, "the least value of its type"},
    {"SELECT 1 // 0", TARN_INVALID, "division by zero"},
    {"SELECT 1 / 0", TARN_INVALID, "division by zero"},
    {"SELECT 1 % 0", TARN_INVALID, "division by zero"},
    {"SELECT sqrt(-1)", TARN_INVALID, "the square root of a negative number"},
    {"SELECT ln(0)", TARN_INVALID, "the logarithm of zero"},
    {"SELECT CAST('abc' AS INTEGER)", TARN_INVALID,
     "'abc' is no INTEGER; TRY_CAST gives NULL instead\nLINE 1: SELECT CAST('abc' AS INTEGER)\n               ^"},
    {"SELECT 300::TINYINT", TARN_INVALID, "300 (INTEGER) does not fit TINYINT"},
    {"SELECT DATE '2020-02-30'", TARN_INVALID, "2020-02-30 (VARCHAR) does not fit DATE"},
    {"SELECT make_date(2020, 13, 1)", TARN_INVALID, "there is no day 2020-13-1"},
    {"SELECT 1::INTERVAL", TARN_UNSUPPORTED, "INTEGER cannot be cast to INTERVAL"},
    {"SELECT lenght('a')", TARN_NOT_FOUND, "there is no function \"lenght\"; did you mean \"length\""},
    {"SELECT upper(1)", TARN_INVALID, "upper(INTEGER) is not defined"},
    {"SELECT upper('a', 'b')", TARN_INVALID, "upper(VARCHAR, VARCHAR) is not defined"},
    {"SELECT sum('a')", TARN_INVALID, "sum(VARCHAR) is not defined"},
    {"SELECT 1 + [1]", TARN_INVALID, "+(INTEGER, INTEGER[]) is not defined"},
    {"SELECT CASE WHEN TRUE THEN 1 ELSE DATE '2020-01-01' END", TARN_INVALID, "DATE and INTEGER have no common type"},
    {"SELECT 'a' LIKE 'a$' ESCAPE '$'", TARN_INVALID, "the LIKE pattern ends with its escape character"},
    {"SELECT repeat('abc', 1000000000)", TARN_INVALID, "the text would be longer"},
    {"SELECT date_trunc('fortnight', DATE '2020-01-01')", TARN_INVALID, "\"fortnight\" is no part of a date"},
    {"SELECT CAST(1 AS NONSENSE)", TARN_INVALID, ""},
    {"SELECT :x", TARN_INVALID, "no value was given for parameter \"x\""},
};

START_TEST(functions__refuse_what_has_no_value) /* Q-NUM-2 Q-CAST-4 Q-CAST-6 Q-FUNC-1 Q-FUNC-2 Q-ERR-4 */
{
    tarn_query_check_fails(NULL, refused[_i].sql, refused[_i].status, refused[_i].message);
}
END_TEST

/* The same functions over columns: plain, with nulls, as dictionaries, in many batches. */
static const char *const table = "VALUES (1, 'abc', 1.5, DATE '2020-01-31'), (2, NULL, 2.25, NULL), (NULL, 'xyz', NULL, DATE "
                                 "'2021-12-01'), (4, 'abc', -4.0, DATE '2020-02-29'), (5, '', 0.0, DATE '1969-12-31')";

static const struct expectation columns[] = {
    {"col0 + 1, col0 * 2, -col0, col0 % 2", "2|2|-1|1\n3|4|-2|0\nNULL|NULL|NULL|NULL\n5|8|-4|0\n6|10|-5|1"},
    {"upper(col1), length(col1), col1 || '!', col1 LIKE 'a%'",
     "ABC|3|abc!|true\nNULL|NULL|NULL|NULL\nXYZ|3|xyz!|false\nABC|3|abc!|true\n|0|!|false"},
    {"col2 * 2, round(col2), abs(col2), col2::DOUBLE",
     "3.00|2|1.50|1.5\n4.50|2|2.25|2.25\nNULL|NULL|NULL|NULL\n-8.00|-4|4.00|-4.0\n0.00|0|0.00|0.0"},
    {"year(col3), col3 + 1, strftime(col3, '%m/%y')",
     "2020|2020-02-01|01/20\nNULL|NULL|NULL\n2021|2021-12-02|12/21\n2020|2020-03-01|02/20\n1969|1970-01-01|12/69"},
    {"CASE WHEN col0 > 1 THEN 10 // (col0 - 1) ELSE 0 END, coalesce(col1, 'none'), nullif(col0, 4)",
     "0|abc|1\n10|none|2\n0|xyz|NULL\n3|abc|NULL\n2||5"},
    {"greatest(col0, 3), least(col1, 'm'), col0 IS NULL, col1 IS DISTINCT FROM 'abc'",
     "3|abc|false|false\n3|m|false|true\n3|m|true|true\n4|abc|false|false\n5||false|true"},
    {"col0::VARCHAR, TRY_CAST(col1 AS INTEGER), col3::VARCHAR",
     "1|NULL|2020-01-31\n2|NULL|NULL\nNULL|NULL|2021-12-01\n4|NULL|2020-02-29\n5|NULL|1969-12-31"},
    {"col0 IN (1, 5), col1 IN ('abc', 'q'), col0 BETWEEN 2 AND 4",
     "true|true|false\nfalse|NULL|true\nNULL|false|NULL\nfalse|true|true\ntrue|false|false"},
    {"concat(col0, '-', col1), substr(col1, 2), [col0, 7][1]", "1-abc|bc|1\n2-|NULL|2\n-xyz|yz|NULL\n4-abc|bc|4\n5-||5"},
};

START_TEST(functions__give_one_answer_over_columns_of_any_shape) /* Q-COND-1 Q-COND-3 Q-FUNC-3 */
{
    char sql[1024];
    char expected[1024];
    snprintf(sql, sizeof(sql), "SELECT %s FROM t", columns[_i].expression);
    snprintf(expected, sizeof(expected), "%s\n", columns[_i].text);
    tarn_query_check(table, sql, expected);
}
END_TEST

START_TEST(functions__list_their_names)
{
    bool found = false;
    for (uint32_t i = 0; tarn_sql_function(i) != NULL; i++) {
        found = found || strcmp(tarn_sql_function(i), "date_trunc") == 0;
        ck_assert_str_ne(tarn_sql_function(i), "+");
    }
    ck_assert(found);
}
END_TEST

TARN_SUITE("query/functions", TARN_LOOP_TEST(functions__have_the_types_of_duckdb, types),
           TARN_LOOP_TEST(functions__compute_numbers, numbers), TARN_LOOP_TEST(functions__compute_texts, texts),
           TARN_LOOP_TEST(functions__match_patterns, patterns), TARN_LOOP_TEST(functions__compute_dates, dates),
           TARN_LOOP_TEST(functions__cast_values, casts), TARN_LOOP_TEST(functions__have_three_truths, logic),
           TARN_LOOP_TEST(functions__reach_into_lists, lists), TARN_LOOP_TEST(functions__refuse_what_has_no_value, refused),
           TARN_LOOP_TEST(functions__give_one_answer_over_columns_of_any_shape, columns), TARN_TEST(functions__list_their_names))
