/* SPDX-License-Identifier: Apache-2.0
 * What CSV and JSON make of a value whose type is given: every type that can be read from a text, with its least and its most, what is
 * just outside, what is spelled otherwise, and what is none. A value that does not fit is refused, never bent.
 */
#include <stdio.h>
#include <string.h>

#include "tarn/reader.h"
#include "tests/support/source_text.h"
#include "tests/support/suite.h"

static struct tarn_error err;

#define REFUSED "!"
#define NO_TYPE "no type" /* not to be read from such a text */
#define NINES_38 "99999999999999999999999999999999999999"

static struct tarn_schema *schema_of(struct tarn_env *env, const char *type)
{
    char whole[512];
    struct tarn_schema *holder;
    struct tarn_schema *schema;
    const struct tarn_type *row;
    const int size = snprintf(whole, sizeof(whole), "STRUCT(k BIGINT, v %s)", type);
    ck_assert_ok(tarn_type_parse(env, (struct tarn_text){whole, (size_t)size}, &holder, &row, &err), &err);
    ck_assert_ok(tarn_schema_make(env, row->field_count, row->fields, 0, NULL, &schema, &err), &err);
    tarn_schema_release(holder);
    return schema;
}

/* The second line of the source's text behind "1|", REFUSED for an error. Static storage. */
static const char *value_of(struct tarn_source *source)
{
    static char value[512];
    const char *text = strchr(tarn_test_source_text(source), '\n') + 1;
    if (text[0] == '!') {
        ck_assert_str_eq(text, "!INVALID.row");
        return REFUSED;
    }
    ck_assert_msg(strncmp(text, "1|", 2) == 0, "%s", text);
    snprintf(value, sizeof(value), "%.*s", (int)strcspn(text + 2, "\n"), text + 2);
    return value;
}

static const char *read_csv(struct tarn_env *env, const struct tarn_schema *schema, const char *text, char point)
{
    char file[512];
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    struct tarn_source *source;
    const int size = snprintf(file, sizeof(file), "k;v\n1;%s\n", text);
    struct tarn_store *store = tarn_test_store_of(env, file, (size_t)size);
    options.schema = schema;
    options.header = TARN_CHOICE_YES;
    options.delimiter = ';';
    options.quote = '"';
    options.decimal_separator = point;
    const enum tarn_status status = tarn_csv_open(store, TARN_TEXT("f"), &options, &source, &err);
    const char *value = status == TARN_OK ? value_of(source) : NO_TYPE;
    ck_assert(status == TARN_OK || (status == TARN_INVALID && strcmp(err.column, "v") == 0));
    tarn_source_close(source);
    tarn_store_close(store);
    return value;
}

static const char *read_json(struct tarn_env *env, const struct tarn_schema *schema, const char *text)
{
    char file[512];
    struct tarn_json_options options = TARN_JSON_OPTIONS_INIT;
    struct tarn_source *source;
    const int size = snprintf(file, sizeof(file), "{\"k\":1,\"v\":%s}\n", text);
    struct tarn_store *store = tarn_test_store_of(env, file, (size_t)size);
    options.schema = schema;
    const enum tarn_status status = tarn_json_open(store, TARN_TEXT("f"), &options, &source, &err);
    const char *value = status == TARN_OK ? value_of(source) : NO_TYPE;
    ck_assert(status == TARN_OK || (status == TARN_INVALID && strcmp(err.column, "v") == 0));
    tarn_source_close(source);
    tarn_store_close(store);
    return value;
}

struct case_of {
    const char *type;
    const char *text;
    const char *value;
};

static const struct case_of csv[] = {
    {"TINYINT", "-128", "-128"},
    {"TINYINT", "127", "127"},
    {"TINYINT", "128", REFUSED},
    {"TINYINT", "-129", REFUSED},
    {"TINYINT", "1e2", "100"},
    {"TINYINT", "1e3", REFUSED},
    {"TINYINT", "x", REFUSED},
    {"SMALLINT", "-32768", "-32768"},
    {"SMALLINT", "32768", REFUSED},
    {"INTEGER", "2147483647", "2147483647"},
    {"INTEGER", "-2147483649", REFUSED},
    {"BIGINT", "9223372036854775807", "9223372036854775807"},
    {"BIGINT", "9223372036854775808", REFUSED},
    {"BIGINT", "-9223372036854775809.0", REFUSED},
    {"BIGINT", "12.0", "12"},
    {"BIGINT", "12.5", REFUSED},
    {"BIGINT", "1,234,567", "1234567"},
    {"UTINYINT", "255", "255"},
    {"UTINYINT", "256", REFUSED},
    {"UTINYINT", "-1", REFUSED},
    {"USMALLINT", "65535", "65535"},
    {"USMALLINT", "65536", REFUSED},
    {"UINTEGER", "4294967295", "4294967295"},
    {"UINTEGER", "4294967296", REFUSED},
    {"UBIGINT", "18446744073709551615", "18446744073709551615"},
    {"UBIGINT", "18446744073709551616", REFUSED},
    {"UBIGINT", "$1,000", "1000"},
    {"UBIGINT", "12.0", "12"},
    {"UBIGINT", "1e3", "1000"},
    {"UBIGINT", "-1", REFUSED},
    {"UBIGINT", "12.5", REFUSED},
    {"UBIGINT", "1e20", REFUSED},
    {"UBIGINT", "x", REFUSED},
    {"FLOAT", "0.5", "0.5"},
    {"FLOAT", "1e39", "inf"},
    {"FLOAT", "NaN", "nan"},
    {"FLOAT", "x", REFUSED},
    {"DOUBLE", ".5", "0.5"},
    {"DOUBLE", "-inf", "-inf"},
    {"DOUBLE", "1e400", "inf"},
    {"DOUBLE", "$1,000.25", "1000.25"},
    {"DOUBLE", "1.2.3", REFUSED},
    {"DECIMAL(4,2)", "12.34", "12.34"},
    {"DECIMAL(4,2)", "-99.99", "-99.99"},
    {"DECIMAL(4,2)", "100", REFUSED},
    {"DECIMAL(4,2)", "1.234", REFUSED},
    {"DECIMAL(4,2)", "x", REFUSED},
    {"DECIMAL(38,0)", "-" NINES_38, "-" NINES_38},
    {"DECIMAL(38,0)", NINES_38 "9", REFUSED},
    {"DECIMAL(39,0)", NINES_38 "9", NINES_38 "9"},
    {"DECIMAL(39,0)", NINES_38 "99", REFUSED},
    {"DATE", "2024-02-29", "2024-02-29"},
    {"DATE", "2024-02-30", REFUSED},
    {"DATE", "2024-02-29 12:00", REFUSED},
    {"DATE", "2024-02-29Z", REFUSED},
    {"TIME", " 23:59:59.999999 ", "23:59:59.999999"},
    {"TIME", "24:00:01", REFUSED},
    {"TIME", "12:00:00.1234567", REFUSED},
    {"TIMESTAMP", "2024-02-29 12:34:56.789", "2024-02-29 12:34:56.789"},
    {"TIMESTAMP", "2024-02-29 12:34:56.1234567", REFUSED},
    {"TIMESTAMP", "2024-02-29 12:34:56.1234560", "2024-02-29 12:34:56.123456"},
    {"TIMESTAMP", "2024-02-29T12:34:56Z", REFUSED},
    {"TIMESTAMP", "yesterday", REFUSED},
    {"TIMESTAMP(0)", "2024-02-29 12:34:56", "2024-02-29 12:34:56"},
    {"TIMESTAMP(0)", "2024-02-29 12:34:56.5", REFUSED},
    {"TIMESTAMP(3)", "2024-02-29 12:34:56.789", "2024-02-29 12:34:56.789"},
    {"TIMESTAMP(9)", "2024-02-29 12:34:56.123456789", "2024-02-29 12:34:56.123456789"},
    {"TIMESTAMP(9)", "9999-12-31 00:00:00", REFUSED},
    {"TIMESTAMP WITH TIME ZONE", "2024-02-29T12:34:56+02:00", "2024-02-29 10:34:56+00"},
    {"BOOLEAN", "Yes", "true"},
    {"BOOLEAN", "0", "false"},
    {"BOOLEAN", "maybe", REFUSED},
    {"VARCHAR", "\"a \"\"b\"\"\"", "a \"b\""},
    {"VARCHAR", "\"\"", ""},
    {"VARCHAR", "NA", "NA"},
    {"VARCHAR", "", "~"},
    {"BIGINT", "", "~"},
    {"BIGINT", " NA ", "~"},
    {"BIGINT", "\\N", "~"},
    {"BIGINT", "\"7\"", "7"},
    {"BIGINT", "\"\"\"7\"", REFUSED},
    {"BOOLEAN", "NULL", "~"},
    {"DATE", "N/A", "~"},
    {"TIME", "NA", "~"},
    {"UBIGINT[]", "1", NO_TYPE},
    {"STRUCT(a BIGINT)", "1", NO_TYPE},
    {"FLOAT16", "1", NO_TYPE},
    {"UUID", "1", NO_TYPE},
};

START_TEST(text_types__of_csv)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *schema = schema_of(env, csv[_i].type);
    const char *value = read_csv(env, schema, csv[_i].text, 0);
    ck_assert_msg(strcmp(value, csv[_i].value) == 0, "%s of '%s' is '%s', not '%s'", csv[_i].type, csv[_i].text, value, csv[_i].value);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

static const struct case_of csv_comma[] = {
    {"DOUBLE", "1.000,25", "1000.25"}, {"DOUBLE", "1,5", "1.5"},  {"DOUBLE", "1.5", REFUSED},
    {"FLOAT", "1.5", REFUSED},         {"FLOAT", "-0,5", "-0.5"}, {"DECIMAL(6,2)", "1.234,5", "1234.50"},
    {"DOUBLE", "NaN", "nan"},
};

START_TEST(text_types__of_csv_with_a_comma)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *schema = schema_of(env, csv_comma[_i].type);
    const char *value = read_csv(env, schema, csv_comma[_i].text, ',');
    ck_assert_msg(strcmp(value, csv_comma[_i].value) == 0, "%s of '%s' is '%s'", csv_comma[_i].type, csv_comma[_i].text, value);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

static const struct case_of json[] = {
    {"TINYINT", "-128", "-128"},
    {"TINYINT", "128", REFUSED},
    {"TINYINT", "-129", REFUSED},
    {"SMALLINT", "32767", "32767"},
    {"SMALLINT", "-32769", REFUSED},
    {"SMALLINT", "32768", REFUSED},
    {"INTEGER", "-2147483648", "-2147483648"},
    {"INTEGER", "2147483648", REFUSED},
    {"INTEGER", "-2147483649", REFUSED},
    {"UTINYINT", "255", "255"},
    {"UTINYINT", "256", REFUSED},
    {"UTINYINT", "-1", REFUSED},
    {"USMALLINT", "65535", "65535"},
    {"USMALLINT", "65536", REFUSED},
    {"USMALLINT", "-1", REFUSED},
    {"UINTEGER", "4294967295", "4294967295"},
    {"UINTEGER", "4294967296", REFUSED},
    {"UINTEGER", "-1", REFUSED},
    {"BIGINT", "12.0", "12"},
    {"BIGINT", "1e3", "1000"},
    {"BIGINT", "12.5", REFUSED},
    {"BIGINT", "9223372036854775808", REFUSED},
    {"BIGINT", "12345678901234567890123", REFUSED},
    {"BIGINT", "\"12\"", "12"},
    {"BIGINT", "\"x\"", REFUSED},
    {"BIGINT", "true", REFUSED},
    {"BIGINT", "[1]", REFUSED},
    {"BIGINT", "{\"a\":1}", REFUSED},
    {"BIGINT", "null", "~"},
    {"BOOLEAN", "false", "false"},
    {"BOOLEAN", "1", REFUSED},
    {"BOOLEAN", "\"true\"", REFUSED},
    {"FLOAT", "0.5", "0.5"},
    {"FLOAT", "\"NaN\"", "nan"},
    {"DOUBLE", "1e400", "inf"},
    {"DOUBLE", "\"x\"", REFUSED},
    {"DOUBLE", "\"-Infinity\"", "-inf"},
    {"DECIMAL(4,2)", "12.34", "12.34"},
    {"DECIMAL(4,2)", "123.4", REFUSED},
    {"DECIMAL(4,2)", "\"12.34\"", "12.34"},
    {"DECIMAL(38,0)", "-" NINES_38, "-" NINES_38},
    {"DECIMAL(38,0)", NINES_38, NINES_38},
    {"DECIMAL(39,0)", "1", NO_TYPE},
    {"DATE", "\"2024-02-29\"", "2024-02-29"},
    {"DATE", "\"2024-02-30\"", REFUSED},
    {"DATE", "19782", REFUSED},
    {"TIME", "\"12:34:56.5\"", "12:34:56.5"},
    {"TIME", "\"25:00:00\"", REFUSED},
    {"TIMESTAMP", "\"2024-02-29T12:00:00\"", "2024-02-29 12:00:00"},
    {"TIMESTAMP", "\"2024-02-29T12:00:00Z\"", REFUSED},
    {"TIMESTAMP", "\"soon\"", REFUSED},
    {"TIMESTAMP WITH TIME ZONE", "\"2024-02-29T12:00:00+01:00\"", "2024-02-29 11:00:00+00"},
    {"VARCHAR", "\"a\\u00e4\"", "a\xc3\xa4"},
    {"VARCHAR", "17", "17"},
    {"VARCHAR", "{ \"a\" : [1] }", "{ \"a\" : [1] }"},
    {"VARCHAR", "true", "true"},
    {"JSON", "\"x\"", "\"x\""},
    {"JSON", "[1, 2]", "[1, 2]"},
    {"BIGINT[]", "[1,null]", "[1, NULL]"},
    {"BIGINT[]", "[]", "[]"},
    {"BIGINT[]", "[1,\"x\"]", REFUSED},
    {"BIGINT[]", "{\"a\":1}", REFUSED},
    {"(BIGINT NOT NULL)[]", "[1,null]", REFUSED},
    {"MAP(VARCHAR, BIGINT)", "{\"a\":1,\"b\":null}", "{a=1, b=NULL}"},
    {"MAP(VARCHAR, BIGINT)", "{}", "{}"},
    {"MAP(VARCHAR, BIGINT)", "{\"a\":\"x\"}", REFUSED},
    {"MAP(VARCHAR, BIGINT)", "[1]", REFUSED},
    {"MAP(BIGINT, BIGINT)", "{}", NO_TYPE},
    {"STRUCT(a BIGINT, b VARCHAR)", "{\"b\":\"x\"}", "{'a': NULL, 'b': x}"},
    {"STRUCT(a BIGINT, b VARCHAR)", "{\"c\":[{}],\"a\":1}", "{'a': 1, 'b': NULL}"},
    {"STRUCT(a BIGINT, b VARCHAR)", "[1]", REFUSED},
    {"STRUCT(a BIGINT, b VARCHAR)", "{\"a\":[]}", REFUSED},
    {"UBIGINT", "1", NO_TYPE},
    {"FLOAT16", "1", NO_TYPE},
    {"UUID", "\"x\"", NO_TYPE},
    {"BLOB", "\"x\"", NO_TYPE},
    {"UUID[]", "[]", NO_TYPE},
};

START_TEST(text_types__of_json)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *schema = schema_of(env, json[_i].type);
    const char *value = read_json(env, schema, json[_i].text);
    ck_assert_msg(strcmp(value, json[_i].value) == 0, "%s of %s is '%s', not '%s'", json[_i].type, json[_i].text, value, json[_i].value);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

/* ---- columns that are never null ---- */

static const struct {
    const char *csv; /* NULL: not as CSV */
    const char *json;
} missing[] = {
    {"k;v\n1;\n", "{\"k\":1,\"v\":null}\n"},
    {"k;v\n1;NA\n", "{\"k\":1}\n"},
};

START_TEST(text_types__null_where_none_may_be)
{
    static const char *const types[] = {"BIGINT NOT NULL",    "BOOLEAN NOT NULL", "DATE NOT NULL",
                                        "TIMESTAMP NOT NULL", "DOUBLE NOT NULL",  "TIME NOT NULL"};
    struct tarn_env *env = tarn_test_env();
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
        struct tarn_json_options json_options = TARN_JSON_OPTIONS_INIT;
        struct tarn_source *source;
        struct tarn_schema *schema = schema_of(env, types[t]);
        struct tarn_store *store = tarn_test_store_of(env, missing[_i].csv, strlen(missing[_i].csv));
        options.schema = schema;
        options.header = TARN_CHOICE_YES;
        options.delimiter = ';';
        ck_assert_ok(tarn_csv_open(store, TARN_TEXT("f"), &options, &source, &err), &err);
        ck_assert_str_eq(value_of(source), REFUSED);
        tarn_source_close(source);
        tarn_store_close(store);
        store = tarn_test_store_of(env, missing[_i].json, strlen(missing[_i].json));
        json_options.schema = schema;
        ck_assert_ok(tarn_json_open(store, TARN_TEXT("f"), &json_options, &source, &err), &err);
        ck_assert_str_eq(value_of(source), REFUSED);
        tarn_source_close(source);
        tarn_store_close(store);
        tarn_schema_release(schema);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- spellings of null that are given ---- */

START_TEST(text_types__given_spellings_of_null)
{
    static const char *const types[] = {"BIGINT", "BOOLEAN", "DATE", "TIMESTAMP", "DOUBLE", "TIME", "DECIMAL(9,2)", "VARCHAR"};
    static const char file[] = "k;v\n1;-\n";
    const struct tarn_text dash = {"-", 1};
    struct tarn_env *env = tarn_test_env();
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
        struct tarn_source *source;
        struct tarn_schema *schema = schema_of(env, types[t]);
        struct tarn_store *store = tarn_test_store_of(env, file, sizeof(file) - 1);
        options.schema = schema;
        options.header = TARN_CHOICE_YES;
        options.delimiter = ';';
        options.null_count = 1;
        options.nulls = &dash;
        ck_assert_ok(tarn_csv_open(store, TARN_TEXT("f"), &options, &source, &err), &err);
        ck_assert_str_eq(value_of(source), "~");
        tarn_source_close(source);
        tarn_store_close(store);
        tarn_schema_release(schema);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- rejected rows go on ---- */

static unsigned rejects[2]; /* whole rows, values */

static void count_reject(void *arg, const struct tarn_reject *reject)
{
    (void)arg;
    rejects[reject->column != 0]++;
}

START_TEST(text_types__rejected_rows_leave_the_others)
{
    static const char csv_file[] = "k;v\n1;1\nx;x\n3;300\n4\n5;5\n;6\n";
    static const char json_file[] =
        "{\"k\":1,\"v\":1}\n{\"k\":\"x\",\"v\":\"x\"}\n{\"k\":3,\"v\":300}\n[4]\n{\"k\":5,\"v\":5}\n{\"v\":6}\n";
    struct tarn_env *env = tarn_test_env();
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    struct tarn_json_options json_options = TARN_JSON_OPTIONS_INIT;
    struct tarn_source *source;
    struct tarn_schema *schema = schema_of(env, "TINYINT");
    struct tarn_store *store = tarn_test_store_of(env, csv_file, sizeof(csv_file) - 1);
    options.schema = schema;
    options.header = TARN_CHOICE_YES;
    options.delimiter = ';';
    options.reject = count_reject;
    ck_assert_ok(tarn_csv_open(store, TARN_TEXT("f"), &options, &source, &err), &err);
    memset(rejects, 0, sizeof(rejects));
    ck_assert_str_eq(tarn_test_source_text(source), "k BIGINT, v TINYINT\n1|1\n5|5\n~|6\n");
    ck_assert_uint_eq(rejects[0], 1);
    ck_assert_uint_eq(rejects[1], 2);
    tarn_source_close(source);
    tarn_store_close(store);
    store = tarn_test_store_of(env, json_file, sizeof(json_file) - 1);
    json_options.schema = schema;
    json_options.reject = count_reject;
    ck_assert_ok(tarn_json_open(store, TARN_TEXT("f"), &json_options, &source, &err), &err);
    memset(rejects, 0, sizeof(rejects));
    ck_assert_str_eq(tarn_test_source_text(source), "k BIGINT, v TINYINT\n1|1\n5|5\n~|6\n");
    ck_assert_uint_eq(rejects[0], 1);
    ck_assert_uint_eq(rejects[1], 2);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("reader/text types", TARN_LOOP_TEST(text_types__of_csv, csv), TARN_LOOP_TEST(text_types__of_csv_with_a_comma, csv_comma),
           TARN_LOOP_TEST(text_types__of_json, json), TARN_LOOP_TEST(text_types__null_where_none_may_be, missing),
           TARN_TEST(text_types__given_spellings_of_null), TARN_TEST(text_types__rejected_rows_leave_the_others))
