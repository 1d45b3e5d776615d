/* SPDX-License-Identifier: Apache-2.0
 * The parts of a Delta log that are texts: paths, partition values, schemas, statistics.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/batch/value_decimal.h"
#include "format/batch/vector.h"
#include "tests/support/suite.h"
#include "txlog/delta/delta_partition.h"
#include "txlog/delta/delta_path.h"
#include "txlog/delta/delta_schema.h"
#include "txlog/delta/delta_state.h"
#include "txlog/delta/delta_statistics.h"

static struct tarn_error err = TARN_ERROR_INIT;

static const struct tarn_type t_bool = {.id = TARN_TYPE_BOOL};
static const struct tarn_type t_i8 = {.id = TARN_TYPE_I8};
static const struct tarn_type t_i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type t_f32 = {.id = TARN_TYPE_F32};
static const struct tarn_type t_f64 = {.id = TARN_TYPE_F64};
static const struct tarn_type t_dec = {.id = TARN_TYPE_DECIMAL, .precision = 9, .scale = 2};
static const struct tarn_type t_dec38 = {.id = TARN_TYPE_DECIMAL, .precision = 38, .scale = 2};
static const struct tarn_type t_string = {.id = TARN_TYPE_STRING};
static const struct tarn_type t_binary = {.id = TARN_TYPE_BINARY};
static const struct tarn_type t_date = {.id = TARN_TYPE_DATE};
static const struct tarn_type t_ts = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true};
static const struct tarn_type t_ntz = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO};

/* ---- paths ---- */

static const struct {
    const char *uri;
    const char *key; /* NULL: refused */
} paths[] = {
    {"a.parquet", "a.parquet"},
    {"p=a%20b/f.parquet", "p=a b/f.parquet"},
    {"p=%2522q%2522/f", "p=%22q%22/f"},
    {"./a//b/./c", "a/b/c"},
    {"../up", "../up"},
    {"p=a:b/f", "p=a:b/f"},
    {"100%", "100%"},
    {"%zz%4", "%zz%4"},
    {"/abs/x%20y", "/abs/x y"},
    {"file:/abs/x", "/abs/x"},
    {"file:///abs/x", "/abs/x"},
    {"FILE:///abs/x", "/abs/x"},
    {"s3://bucket/a%20b", "/s3://bucket/a b"},
    {"a%00b", NULL},
};

START_TEST(delta_values__paths_are_decoded) /* T-DELTA-PATH-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_text_builder key;
    tarn__builder_init(&key, env);
    const bool legal = tarn__delta_path_decode(tarn__text_of(paths[_i].uri), &key);
    ck_assert_int_eq(legal, paths[_i].key != NULL);
    if (legal) {
        ck_assert_msg(tarn__text_equal(tarn__builder_text(&key), tarn__text_of(paths[_i].key)), "%s: %.*s", paths[_i].uri, (int)key.size,
                      key.data);
    }
    tarn__builder_free(&key);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_values__paths_are_encoded_so_that_they_come_back)
{
    static const struct tarn_text key = {"p=a b:c%20/\xc3\xbc+#?.parquet", 24};
    struct tarn_env *env = tarn_test_env();
    struct tarn_text_builder uri;
    struct tarn_text_builder back;
    tarn__builder_init(&uri, env);
    tarn__builder_init(&back, env);
    tarn__delta_path_encode(key, &uri);
    ck_assert(tarn__text_equal(tarn__builder_text(&uri), TARN_TEXT("p=a%20b%3Ac%2520/%C3%BC%2B%23%3F.parquet")));
    ck_assert(tarn__delta_path_decode(tarn__builder_text(&uri), &back));
    ck_assert(tarn__text_equal(tarn__builder_text(&back), key));
    tarn__builder_free(&uri);
    tarn__builder_free(&back);
    tarn_test_env_close(env);
}
END_TEST

/* ---- partition values ---- */

static const struct {
    const struct tarn_type *type;
    const char *text;
    int64_t number;
    const char *again; /* as it is written; NULL: the same */
} values[] = {
    {&t_bool, "true", 1, NULL},
    {&t_bool, "FALSE", 0, "false"},
    {&t_i8, "-128", -128, NULL},
    {&t_i64, "-9223372036854775808", INT64_MIN, NULL},
    {&t_date, "0001-01-01", -719162, NULL},
    {&t_date, "2024-02-29", 19782, NULL},
    {&t_ts, "1970-01-01T00:00:01.5Z", 1500000, "1970-01-01T00:00:01.500000Z"},
    {&t_ts, "1970-01-01 00:00:01", 1000000, "1970-01-01T00:00:01.000000Z"},
    {&t_ts, "1970-01-01T01:00:00+01:00", 0, "1970-01-01T00:00:00.000000Z"},
    {&t_ntz, "1969-12-31 23:59:59.5", -500000, "1969-12-31 23:59:59.500000"},
    {&t_dec, "-1.50", -150, NULL},
    {&t_dec, "1e3", 100000, "1000.00"},
};

START_TEST(delta_values__partition_values_have_their_types) /* T-DELTA-VALUE-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_value value;
    ck_assert_ok(tarn__delta_value_parse(values[_i].type, tarn__text_of(values[_i].text), &arena, &value, &err), &err);
    ck_assert(!value.is_null);
    if (values[_i].type == &t_bool) {
        ck_assert_int_eq(value.u.boolean, values[_i].number);
    } else {
        ck_assert_int_eq(value.u.i64, values[_i].number);
    }
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    ck_assert_ok(tarn__delta_value_print(&value, &out, &err), &err);
    const char *wanted = values[_i].again != NULL ? values[_i].again : values[_i].text;
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(wanted)), "%s: %.*s", wanted, (int)out.size, out.data);
    tarn__builder_free(&out);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_values__an_empty_text_is_null_but_for_texts) /* T-DELTA-VALUE-1 */
{
    static const struct tarn_type *const types[] = {&t_bool, &t_i64, &t_f64, &t_dec, &t_date, &t_ts, &t_ntz};
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_value value;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        ck_assert_ok(tarn__delta_value_parse(types[i], TARN_TEXT(""), &arena, &value, &err), &err);
        ck_assert(value.is_null);
    }
    ck_assert_ok(tarn__delta_value_parse(&t_string, TARN_TEXT(""), &arena, &value, &err), &err);
    ck_assert(!value.is_null);
    ck_assert_ok(tarn__delta_value_parse(&t_binary, TARN_TEXT(""), &arena, &value, &err), &err);
    ck_assert(!value.is_null);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const struct tarn_type *type;
    const char *text;
} wrong_values[] = {
    {&t_bool, "yes"},        {&t_i8, "128"},          {&t_i64, "1.5"}, {&t_i64, "9223372036854775808"}, {&t_f64, "x"}, {&t_dec, "1.234"},
    {&t_dec, "12345678.00"}, {&t_date, "2023-02-29"}, {&t_ts, "noon"}, {&t_date, "2024-2-9x"},
};

START_TEST(delta_values__refuses_texts_of_another_type) /* T-DELTA-VALUE-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_value value;
    ck_assert_msg(tarn__delta_value_parse(wrong_values[_i].type, tarn__text_of(wrong_values[_i].text), &arena, &value, &err) ==
                      TARN_CORRUPT,
                  "%s", wrong_values[_i].text);
    ck_assert_str_eq(err.detail, "partition_value");
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

/* ---- schemas ---- */

static const char whole_schema[] =
    "{\"type\":\"struct\",\"fields\":["
    "{\"name\":\"a\",\"type\":\"long\",\"nullable\":false,\"metadata\":{\"comment\":\"the \\\"key\\\"\"}},"
    "{\"name\":\"b\",\"type\":{\"type\":\"array\",\"elementType\":{\"type\":\"struct\",\"fields\":["
    "{\"name\":\"x\",\"type\":\"decimal(38,18)\",\"nullable\":true,\"metadata\":{}}]},\"containsNull\":false},\"nullable\":true,"
    "\"metadata\":{}},"
    "{\"name\":\"c\",\"type\":{\"type\":\"map\",\"keyType\":\"string\",\"valueType\":{\"type\":\"array\",\"elementType\":\"timestamp_ntz\","
    "\"containsNull\":true},\"valueContainsNull\":true},\"nullable\":true,\"metadata\":{}},"
    "{\"name\":\"d\",\"type\":\"timestamp\",\"nullable\":true,\"metadata\":{}}]}";

START_TEST(delta_values__a_schema_comes_back) /* T-DELTA-SCHEMA-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__delta_schema schema;
    ck_assert_ok(tarn__delta_schema_parse(env, tarn__text_of(whole_schema), false, &arena, &schema, &err), &err);
    ck_assert_uint_eq(schema.schema->field_count, 4);
    ck_assert(!schema.schema->fields[0].nullable);
    ck_assert(!schema.schema->fields[1].type->fields[0].nullable);
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    tarn__delta_schema_print(schema.schema, schema.physical, false, &out);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(whole_schema)), "%.*s", (int)out.size, out.data);
    tarn__builder_free(&out);
    tarn_schema_release(schema.schema);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_values__column_mapping_gives_names_and_ids) /* T-DELTA-SCHEMA-1 */
{
    static const char text[] =
        "{\"type\":\"struct\",\"fields\":[{\"name\":\"a b\",\"type\":{\"type\":\"struct\",\"fields\":["
        "{\"name\":\"in\",\"type\":\"integer\",\"nullable\":true,\"metadata\":{\"delta.columnMapping.id\":2,"
        "\"delta.columnMapping.physicalName\":\"col-2\"}}]},\"nullable\":true,\"metadata\":{\"delta.columnMapping.id\":1,"
        "\"delta.columnMapping.physicalName\":\"col-1\"}}]}";
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__delta_schema schema;
    ck_assert_ok(tarn__delta_schema_parse(env, tarn__text_of(text), true, &arena, &schema, &err), &err);
    ck_assert(schema.mapped);
    ck_assert(tarn__text_equal(schema.physical[0].name, TARN_TEXT("col-1")));
    ck_assert_int_eq(schema.physical[0].id, 1);
    ck_assert(tarn__text_equal(schema.physical[0].children[0].name, TARN_TEXT("col-2")));
    ck_assert_int_eq(schema.schema->fields[0].type->fields[0].id, 2);
    tarn_schema_release(schema.schema);
    ck_assert_ok(tarn__delta_schema_parse(env, tarn__text_of(text), false, &arena, &schema, &err), &err);
    ck_assert(!schema.mapped);
    ck_assert(tarn__text_equal(schema.physical[0].name, TARN_TEXT("a b")));
    tarn_schema_release(schema.schema);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    struct tarn_type from;
    enum tarn_type_id to;
    const char *refused; /* without narrowing */
} mapped_types[] = {
    {{.id = TARN_TYPE_U8}, TARN_TYPE_I16, NULL},
    {{.id = TARN_TYPE_U16}, TARN_TYPE_I32, NULL},
    {{.id = TARN_TYPE_U32}, TARN_TYPE_I64, NULL},
    {{.id = TARN_TYPE_U64}, TARN_TYPE_DECIMAL, NULL},
    {{.id = TARN_TYPE_F16}, TARN_TYPE_F32, NULL},
    {{.id = TARN_TYPE_JSON}, TARN_TYPE_STRING, NULL},
    {{.id = TARN_TYPE_FIXED, .width = 4}, TARN_TYPE_BINARY, NULL},
    {{.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MILLI, .utc = true}, TARN_TYPE_TIMESTAMP, NULL},
    {{.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO}, TARN_TYPE_TIMESTAMP, "delta.type.timestamp_nanos"},
    {{.id = TARN_TYPE_DECIMAL, .precision = 40}, TARN_TYPE_NULL, "delta.type.decimal256"},
    {{.id = TARN_TYPE_UUID}, TARN_TYPE_NULL, "delta.type.none"},
    {{.id = TARN_TYPE_TIME, .unit = TARN_MICRO}, TARN_TYPE_NULL, "delta.type.none"},
};

START_TEST(delta_values__types_become_those_that_delta_has)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_field field = {.name = {"c", 1}, .type = &mapped_types[_i].from, .nullable = true, .id = -1};
    const struct tarn_schema from = {.field_count = 1, .fields = &field};
    struct tarn_schema *to;
    bool ntz;
    const enum tarn_status status = tarn__delta_schema_map(env, &from, false, &to, &ntz, &err);
    if (mapped_types[_i].refused != NULL) {
        ck_assert_int_eq(status, TARN_UNSUPPORTED);
        ck_assert_str_eq(err.detail, mapped_types[_i].refused);
        ck_assert_str_eq(err.column, "c");
    } else {
        ck_assert_int_eq(status, TARN_OK);
        ck_assert_int_eq(to->fields[0].type->id, mapped_types[_i].to);
        tarn_schema_release(to);
    }
    if (mapped_types[_i].to != TARN_TYPE_NULL) {
        ck_assert_ok(tarn__delta_schema_map(env, &from, true, &to, &ntz, &err), &err);
        ck_assert_int_eq(to->fields[0].type->id, mapped_types[_i].to);
        tarn_schema_release(to);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- statistics ---- */

static const struct tarn__physical one_name = {.name = {"c", 1}, .id = -1};
static const uint32_t first_column[] = {0};

/* Bounds of the one column "c". */
static struct tarn__bounds_wanted bounds_of(struct tarn_env *env, struct tarn_arena *arena, const struct tarn_type *type, const char *json)
{
    const struct tarn_field field = {.name = {"c", 1}, .type = type, .nullable = true, .id = -1};
    struct tarn_schema schema = {.field_count = 1, .fields = &field};
    struct tarn_snapshot snapshot = {.env = env, .physical = &one_name, .schema = &schema};
    struct tarn__bounds_wanted wanted = {.depth = 1, .index = first_column, .type = type};
    ck_assert_ok(tarn__delta_statistics_bounds(&snapshot, tarn__text_of(json), arena, 1, &wanted, &err), &err);
    return wanted;
}

#define MINMAX(min, max)                                                                                                                   \
    "{\"numRecords\":3,\"minValues\":{\"x\":{\"c\":0},\"c\":" min "},\"maxValues\":{\"c\":" max "},\"nullCount\":{\"c\":1}}"

static const struct {
    const char *name;
    const struct tarn_type *type;
    const char *json;
    bool has_min;
    bool has_max;
    bool exact;
    int64_t min;
    int64_t max;
} bounds[] = {
    {"integers", &t_i64, MINMAX("-5", "7"), true, true, true, -5, 7},
    {"integer that is none", &t_i64, MINMAX("\"x\"", "7"), false, true, true, 0, 7},
    {"dates", &t_date, MINMAX("\"1970-01-02\"", "\"1970-01-03\""), true, true, true, 1, 2},
    {"milliseconds", &t_ts, MINMAX("\"1970-01-01T00:00:00.001Z\"", "\"1970-01-01T00:00:00.002Z\""), true, true, false, 1000, 2999},
    {"microseconds", &t_ts, MINMAX("\"1970-01-01T00:00:00.000001Z\"", "\"1970-01-01T00:00:00.000002Z\""), true, true, false, 1, 3},
    {"zone offset cut to minutes", &t_ts, MINMAX("\"1970-01-01T01:00:00.000+01:00\"", "\"1970-01-01T01:00:00.000+01:00\""), true, true,
     false, -59000000, 59000999},
    {"instant without zone", &t_ts, MINMAX("\"1970-01-01T00:00:00.000\"", "\"1970-01-01T00:00:00.000\""), false, false, false, 0, 0},
    {"local time", &t_ntz, MINMAX("\"1970-01-01T00:00:00.001\"", "\"1970-01-01T00:00:00.001\""), true, true, false, 1000, 1999},
    {"short decimal", &t_dec, MINMAX("-1.5", "\"2.25\""), true, true, true, -150, 225},
    {"decimal with too many digits", &t_dec, MINMAX("1.005", "1.005"), true, true, false, 100, 101},
};

START_TEST(delta_values__bounds_hold_whoever_wrote_them) /* T-DELTA-STATS-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    const struct tarn__bounds_wanted got = bounds_of(env, &arena, bounds[_i].type, bounds[_i].json);
    ck_assert(got.known);
    ck_assert_uint_eq(got.bounds.rows, 3);
    ck_assert(got.bounds.has_null_count);
    ck_assert_uint_eq(got.bounds.null_count, 1);
    ck_assert_int_eq(got.bounds.has_min, bounds[_i].has_min);
    ck_assert_int_eq(got.bounds.has_max, bounds[_i].has_max);
    if (bounds[_i].has_min) {
        ck_assert_int_eq(got.bounds.min.u.i64, bounds[_i].min);
        ck_assert_int_eq(got.bounds.min_exact, bounds[_i].exact);
    }
    if (bounds[_i].has_max) {
        ck_assert_int_eq(got.bounds.max.u.i64, bounds[_i].max);
        ck_assert_int_eq(got.bounds.max_exact, bounds[_i].exact);
    }
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_values__a_long_decimal_is_taken_with_the_error_of_a_double) /* T-DELTA-STATS-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    const struct tarn__bounds_wanted got = bounds_of(env, &arena, &t_dec38, MINMAX("12345678901234567000.00", "12345678901234567000.00"));
    /* What was stored may have been 12345678901234567890.12: a double ends before. */
    const tarn_i128 stored = (tarn_i128)12345678901234567890u * 100 + 12;
    ck_assert(got.bounds.has_min && got.bounds.has_max && !got.bounds.max_exact);
    ck_assert(tarn__value_unscaled(&got.bounds.max) >= stored);
    ck_assert(tarn__value_unscaled(&got.bounds.min) <= (tarn_i128)12345678901234566999u * 100);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_values__bounds_of_floats_hold_for_doubles) /* T-DELTA-STATS-3 */
{
    static const struct tarn_type real = {.id = TARN_TYPE_F64};
    static const struct tarn_property change = {{"delta.typeChanges", 17},
                                                TARN_TEXT("[{\"fromType\":\"float\",\"toType\":\"double\",\"tableVersion\":3}]")};
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    const struct tarn_field field = {
        .name = {"c", 1}, .type = &real, .nullable = true, .id = -1, .property_count = (uint32_t)_i, .properties = &change};
    struct tarn_schema schema = {.field_count = 1, .fields = &field};
    struct tarn_snapshot snapshot = {.env = env, .physical = &one_name, .schema = &schema};
    struct tarn__bounds_wanted got = {.depth = 1, .index = first_column, .type = &real};
    ck_assert_ok(tarn__delta_statistics_bounds(&snapshot, TARN_TEXT(MINMAX("-0.1", "0.1")), &arena, 1, &got, &err), &err);
    ck_assert_double_eq(got.bounds.max.u.f64, _i != 0 ? (double)0.1f : 0.1); /* the float is the larger one */
    ck_assert_double_eq(got.bounds.min.u.f64, _i != 0 ? (double)-0.1f : -0.1);
    ck_assert_int_eq(got.bounds.max_exact, _i == 0);
    ck_assert_ok(tarn__delta_statistics_bounds(&snapshot, TARN_TEXT(MINMAX("0.5", "0.5")), &arena, 1, &got, &err), &err);
    ck_assert(got.bounds.min_exact && got.bounds.max_exact); /* the same number either way */
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_values__nan_bounds_nothing) /* T-DELTA-STATS-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__bounds_wanted got = bounds_of(env, &arena, &t_f64, MINMAX("1.5", "\"NaN\""));
    ck_assert(got.bounds.has_min && !got.bounds.has_max && !got.bounds.has_nan_count);
    got = bounds_of(env, &arena, &t_f32, MINMAX("\"-Infinity\"", "0.1"));
    ck_assert(got.bounds.has_min && got.bounds.min.u.f64 < -1e308);
    ck_assert(got.bounds.max.u.f64 == (double)0.1f);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_values__loose_bounds_and_damage) /* T-DELTA-STATS-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__bounds_wanted got =
        bounds_of(env, &arena, &t_i64,
                  "{\"numRecords\":3,\"tightBounds\":false,\"minValues\":{\"c\":1},\"maxValues\":{\"c\":2},\"nullCount\":{\"c\":1}}");
    ck_assert(got.known && !got.bounds.min_exact && !got.bounds.max_exact && !got.bounds.has_null_count);
    got = bounds_of(env, &arena, &t_string, MINMAX("\"abc\"", "\"abcdefghijklmnopqrstuvwxyzabcdef\xf4\x8f\xbf\xbf\""));
    ck_assert(got.bounds.min_exact && !got.bounds.max_exact);
    got = bounds_of(env, &arena, &t_i64, "{\"numRecords\":3,\"nullCount\":{\"c\":4}}"); /* more nulls than rows */
    ck_assert(!got.known);
    got = bounds_of(env, &arena, &t_i64, "{\"numRecords\":3,\"minValues\":{\"c\":1}"); /* cut */
    ck_assert(!got.known);
    got = bounds_of(env, &arena, &t_i64, "no json");
    ck_assert(!got.known);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

/* The statistics of one leaf "c". */
static void check_print(const struct tarn_type *type, struct tarn_bounds known, const char *wanted)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn__delta_state state = {0};
    struct tarn_snapshot snapshot = {.env = env, .physical = &one_name, .state = &state};
    known.min.type = type;
    known.max.type = type;
    const struct tarn__leaf_statistics leaf = {.depth = 1, .index = first_column, .type = type, .bounds = known};
    const struct tarn__statistics_input input = {.rows = known.rows, .leaf_count = 1, .leaves = &leaf};
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    ck_assert_ok(tarn__delta_statistics_print(&snapshot, &input, &out, &err), &err);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(wanted)), "%.*s", (int)out.size, out.data);
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}

static struct tarn_bounds numbers(int64_t min, int64_t max)
{
    struct tarn_bounds known = {.rows = 2, .has_null_count = true, .has_min = true, .has_max = true, .min_exact = true, .max_exact = true};
    known.min.u.i64 = min;
    known.max.u.i64 = max;
    return known;
}

static struct tarn_bounds two_texts(const char *min, const char *max, bool exact)
{
    struct tarn_bounds known = numbers(0, 0);
    known.max_exact = exact;
    known.min.u.bytes = tarn__text_of(min);
    known.max.u.bytes = tarn__text_of(max);
    return known;
}

START_TEST(delta_values__statistics_are_written_so_that_they_hold) /* T-DELTA-STATS-2 */
{
    check_print(&t_i64, numbers(-3, 4), "{\"numRecords\":2,\"minValues\":{\"c\":-3},\"maxValues\":{\"c\":4},\"nullCount\":{\"c\":0}}");
    check_print(&t_dec, numbers(-350, 5),
                "{\"numRecords\":2,\"minValues\":{\"c\":-3.50},\"maxValues\":{\"c\":0.05},\"nullCount\":{\"c\":0}}");
    check_print(&t_ts, numbers(1001, 2001),
                "{\"numRecords\":2,\"minValues\":{\"c\":\"1970-01-01T00:00:00.001Z\"},\"maxValues\":{\"c\":\"1970-01-01T00:00:00.003Z\"},"
                "\"nullCount\":{\"c\":0}}");
    check_print(&t_date, numbers(-800000, 0),
                "{\"numRecords\":2,\"minValues\":{},\"maxValues\":{\"c\":\"1970-01-01\"},\"nullCount\":{\"c\":0}}");
    check_print(&t_bool, numbers(0, 1), "{\"numRecords\":2,\"minValues\":{},\"maxValues\":{},\"nullCount\":{\"c\":0}}");
    /* 33 characters are cut; the tie-breaker is above the 33rd. */
    check_print(&t_string, two_texts("abcdefghijklmnopqrstuvwxyz0123456", "abcdefghijklmnopqrstuvwxyz0123456", true),
                "{\"numRecords\":2,\"minValues\":{\"c\":\"abcdefghijklmnopqrstuvwxyz012345\"},"
                "\"maxValues\":{\"c\":\"abcdefghijklmnopqrstuvwxyz012345\x7f\"},\"nullCount\":{\"c\":0}}");
    check_print(&t_string, two_texts("", "abcdefghijklmnopqrstuvwxyz012345\xc3\xbc", true),
                "{\"numRecords\":2,\"minValues\":{\"c\":\"\"},\"maxValues\":{\"c\":\"abcdefghijklmnopqrstuvwxyz012345\xf4\x8f\xbf\xbf\"},"
                "\"nullCount\":{\"c\":0}}");
    /* A bound that was cut before it came here. */
    check_print(&t_string, two_texts("a", "b\xc4", false),
                "{\"numRecords\":2,\"minValues\":{\"c\":\"a\"},\"maxValues\":{\"c\":\"b\xf4\x8f\xbf\xbf\"},\"nullCount\":{\"c\":0}}");
}
END_TEST

START_TEST(delta_values__statistics_of_floats_know_nan) /* T-DELTA-STATS-2 */
{
    struct tarn_bounds known = numbers(0, 0);
    known.min.u.f64 = -0.5;
    known.max.u.f64 = 2;
    known.has_nan_count = true;
    check_print(&t_f64, known, "{\"numRecords\":2,\"minValues\":{\"c\":-0.5},\"maxValues\":{\"c\":2.0},\"nullCount\":{\"c\":0}}");
    known.nan_count = 1;
    check_print(&t_f64, known, "{\"numRecords\":2,\"minValues\":{\"c\":-0.5},\"maxValues\":{\"c\":\"NaN\"},\"nullCount\":{\"c\":0}}");
    known.has_nan_count = false; /* nobody counted: then nothing may be skipped by it */
    check_print(&t_f64, known, "{\"numRecords\":2,\"minValues\":{},\"maxValues\":{},\"nullCount\":{\"c\":0}}");
}
END_TEST

TARN_SUITE("txlog/delta_values", TARN_LOOP_TEST(delta_values__paths_are_decoded, paths),
           TARN_TEST(delta_values__paths_are_encoded_so_that_they_come_back),
           TARN_LOOP_TEST(delta_values__partition_values_have_their_types, values),
           TARN_TEST(delta_values__an_empty_text_is_null_but_for_texts),
           TARN_LOOP_TEST(delta_values__refuses_texts_of_another_type, wrong_values), TARN_TEST(delta_values__a_schema_comes_back),
           TARN_TEST(delta_values__column_mapping_gives_names_and_ids),
           TARN_LOOP_TEST(delta_values__types_become_those_that_delta_has, mapped_types),
           TARN_LOOP_TEST(delta_values__bounds_hold_whoever_wrote_them, bounds),
           TARN_TEST(delta_values__a_long_decimal_is_taken_with_the_error_of_a_double),
           TARN_LOOP_TIMES(delta_values__bounds_of_floats_hold_for_doubles, 2), TARN_TEST(delta_values__nan_bounds_nothing),
           TARN_TEST(delta_values__loose_bounds_and_damage), TARN_TEST(delta_values__statistics_are_written_so_that_they_hold),
           TARN_TEST(delta_values__statistics_of_floats_know_nan))
