/* SPDX-License-Identifier: Apache-2.0
 * Partition specs and sort orders: words, JSON both ways, what the user writes, and what they are over a schema.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "tests/support/fault.h"
#include "txlog/iceberg/iceberg_schema.h"
#include "txlog/iceberg/iceberg_spec.h"

static struct tarn_error err;

/* ---- words ---- */

static const struct {
    const char *word;
    int transform; /* -1: CORRUPT */
    int32_t parameter;
} words[] = {
    {"identity", TARN_TRANSFORM_IDENTITY, 0},
    {"bucket[16]", TARN_TRANSFORM_BUCKET, 16},
    {"truncate[2147483647]", TARN_TRANSFORM_TRUNCATE, INT32_MAX},
    {"year", TARN_TRANSFORM_YEAR, 0},
    {"month", TARN_TRANSFORM_MONTH, 0},
    {"day", TARN_TRANSFORM_DAY, 0},
    {"hour", TARN_TRANSFORM_HOUR, 0},
    {"void", TARN_TRANSFORM_VOID, 0},
    {"Bucket[3]", TARN_TRANSFORM_BUCKET, 3},
    {"zorder", TARN_TRANSFORM_UNKNOWN, 0},
    {"bucket", TARN_TRANSFORM_UNKNOWN, 0},
    {"bucket[]", TARN_TRANSFORM_UNKNOWN, 0},
    {"bucket[x]", TARN_TRANSFORM_UNKNOWN, 0},
    {"bucket[4", TARN_TRANSFORM_UNKNOWN, 0},
    {"day[2]", TARN_TRANSFORM_UNKNOWN, 0},
    {"", TARN_TRANSFORM_UNKNOWN, 0},
    {"bucket[0]", -1, 0},
    {"truncate[2147483648]", -1, 0},
    {"bucket[99999999999999999999]", -1, 0},
};

START_TEST(iceberg_spec__words_of_transforms) /* T-ICEBERG-SPEC-1 */
{
    enum tarn__transform transform;
    int32_t parameter;
    const enum tarn_status status = tarn__iceberg_transform_parse(tarn__text_of(words[_i].word), &transform, &parameter, &err);
    if (words[_i].transform < 0) {
        ck_assert_int_eq(status, TARN_CORRUPT);
        ck_assert_str_eq(err.detail, "transform");
        return;
    }
    ck_assert_ok(status, &err);
    ck_assert_int_eq(transform, words[_i].transform);
    ck_assert_int_eq(parameter, words[_i].parameter);
    if (transform != TARN_TRANSFORM_UNKNOWN && words[_i].word[0] != 'B') {
        struct tarn_env *env = tarn_test_env();
        struct tarn_text_builder out;
        tarn__builder_init(&out, env);
        tarn__iceberg_transform_print(transform, parameter, &out);
        ck_assert(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(words[_i].word)));
        tarn__builder_free(&out);
        tarn_test_env_close(env);
    }
}
END_TEST

/* ---- JSON ---- */

static void print_spec(struct tarn_env *env, const struct tarn__iceberg_spec *spec, struct tarn_text_builder *out)
{
    struct tarn_json_printer json;
    tarn__builder_init(out, env);
    tarn__json_printer_init(&json, out);
    tarn__iceberg_spec_print(spec, &json);
}

START_TEST(iceberg_spec__json_both_ways) /* T-ICEBERG-SPEC-1 */
{
    static const char json[] =
        "{\"spec-id\":7,\"fields\":[{\"name\":\"id_bucket\",\"transform\":\"bucket[16]\",\"source-id\":1,\"field-id\":1001},"
        "{\"name\":\"z\",\"transform\":\"zorder[a]\",\"source-id\":2,\"field-id\":1000}]}";
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_spec spec;
    ck_assert_ok(tarn__iceberg_spec_parse(tarn__text_of(json), &arena, &spec, &err), &err);
    ck_assert_int_eq(spec.id, 7);
    ck_assert_uint_eq(spec.field_count, 2);
    ck_assert_int_eq(spec.fields[0].transform, TARN_TRANSFORM_BUCKET);
    ck_assert_int_eq(spec.fields[0].parameter, 16);
    ck_assert_int_eq(spec.fields[0].source_id, 1);
    ck_assert_int_eq(spec.fields[0].id, 1001);
    ck_assert_int_eq(spec.fields[1].transform, TARN_TRANSFORM_UNKNOWN);
    spec.json = (struct tarn_text){NULL, 0}; /* printed anew */
    struct tarn_text_builder out;
    print_spec(env, &spec, &out);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(json)), "%.*s", (int)out.size, out.data);
    tarn__builder_free(&out);

    /* version 1: the array alone, numbered by place */
    ck_assert_ok(tarn__iceberg_spec_parse_fields(TARN_TEXT("[{\"name\":\"a\",\"transform\":\"identity\",\"source-id\":1},"
                                                           "{\"name\":\"b\",\"transform\":\"void\",\"source-id\":2}]"),
                                                 0, &arena, &spec, &err),
                 &err);
    ck_assert_int_eq(spec.fields[0].id, 1000);
    ck_assert_int_eq(spec.fields[1].id, 1001);

    /* several sources */
    static const char several[] =
        "{\"spec-id\":0,\"fields\":[{\"name\":\"a\",\"transform\":\"bucket[4]\",\"source-ids\":[1,2],\"field-id\":1000},"
        "{\"name\":\"b\",\"transform\":\"bucket[4]\",\"source-ids\":[3],\"field-id\":1001}]}";
    ck_assert_ok(tarn__iceberg_spec_parse(tarn__text_of(several), &arena, &spec, &err), &err);
    ck_assert_int_eq(spec.fields[0].transform, TARN_TRANSFORM_UNKNOWN);
    ck_assert_int_eq(spec.fields[0].source_id, -1);
    ck_assert_int_eq(spec.fields[1].transform, TARN_TRANSFORM_BUCKET);
    ck_assert_int_eq(spec.fields[1].source_id, 3);
    print_spec(env, &spec, &out);
    ck_assert(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(several))); /* as it was */
    tarn__builder_free(&out);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_spec__order_both_ways) /* T-ICEBERG-SPEC-2 */
{
    static const char json[] =
        "{\"order-id\":3,\"fields\":[{\"transform\":\"identity\",\"source-id\":2,\"direction\":\"asc\",\"null-order\":"
        "\"nulls-first\"},{\"transform\":\"bucket[4]\",\"source-id\":3,\"direction\":\"desc\",\"null-order\":\"nulls-last\"}]}";
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_order order;
    ck_assert_ok(tarn__iceberg_order_parse(tarn__text_of(json), &arena, &order, &err), &err);
    ck_assert(order.id == 3 && order.field_count == 2 && !order.fields[0].descending && !order.fields[0].nulls_last);
    ck_assert(order.fields[1].descending && order.fields[1].nulls_last && order.fields[1].parameter == 4);
    order.json = (struct tarn_text){NULL, 0};
    struct tarn_text_builder out;
    struct tarn_json_printer printer;
    tarn__builder_init(&out, env);
    tarn__json_printer_init(&printer, &out);
    tarn__iceberg_order_print(&order, &printer);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(json)), "%.*s", (int)out.size, out.data);
    tarn__builder_free(&out);
    static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
    const struct tarn_field fields[] = {{.name = TARN_TEXT("x"), .type = &i32, .id = 1}, {.name = TARN_TEXT("y"), .type = &i32, .id = 3}};
    struct tarn_schema *schema;
    struct tarn__sort_order bound;
    ck_assert_ok(tarn_schema_make(env, 2, fields, 0, NULL, &schema, &err), &err);
    ck_assert_ok(tarn__iceberg_order_bind(&arena, &order, schema, &bound, &err), &err);
    ck_assert_uint_eq(bound.fields[0].column, TARN_NO_COLUMN);
    ck_assert_uint_eq(bound.fields[1].column, 1);
    ck_assert(bound.id == 3 && bound.fields[1].descending && bound.fields[1].nulls_last);
    tarn_schema_release(schema);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

#define PART(fields) "{\"spec-id\":0,\"fields\":[" fields "]}"
#define SORT(fields) "{\"order-id\":1,\"fields\":[" fields "]}"

static const struct {
    const char *json;
    bool order;
    const char *detail;
} damaged[] = {
    {"{\"fields\":[]}", false, "partition_spec"},
    {"{\"spec-id\":0}", false, "partition_spec"},
    {"{\"spec-id\":-1,\"fields\":[]}", false, "partition_spec"},
    {"{\"spec-id\":4294967296,\"fields\":[]}", false, "partition_spec"},
    {"{\"spec-id\":0,\"fields\":{}}", false, "json.type"},
    {"{\"spec-id\":0,\"fields\":[]}]", false, "json.syntax"},
    {PART("{\"transform\":\"day\",\"source-id\":1,\"field-id\":1000}"), false, "partition_spec"},
    {PART("{\"name\":\"a\",\"source-id\":1,\"field-id\":1000}"), false, "partition_spec"},
    {PART("{\"name\":\"a\",\"transform\":\"day\",\"field-id\":1000}"), false, "partition_spec"},
    {PART("{\"name\":\"a\",\"transform\":\"day\",\"source-ids\":[],\"field-id\":1000}"), false, "partition_spec"},
    {PART("{\"name\":\"a\",\"transform\":\"day\",\"source-id\":9999999999,\"field-id\":1000}"), false, "partition_spec"},
    {PART("{\"name\":\"a\",\"transform\":\"day\",\"source-id\":1,\"field-id\":-7}"), false, "partition_spec"},
    {PART("{\"name\":\"a\",\"transform\":\"bucket[0]\",\"source-id\":1,\"field-id\":1000}"), false, "transform"},
    {PART("{\"name\":\"a\",\"transform\":\"day\",\"source-id\":1,\"field-id\":1000},{\"name\":\"b\",\"transform\":\"day\",\"source-id\":2,"
          "\"field-id\":1000}"),
     false, "partition_spec"},
    {PART(
         "{\"name\":\"a\",\"transform\":\"day\",\"source-id\":1,\"field-id\":1000},{\"name\":\"b\",\"transform\":\"day\",\"source-id\":2}"),
     false, "partition_spec"},
    {"{\"fields\":[]}", true, "sort_order"},
    {"{\"order-id\":0}", true, "sort_order"},
    {SORT("{\"source-id\":1,\"direction\":\"asc\",\"null-order\":\"nulls-first\"}"), true, "sort_order"},
    {SORT("{\"transform\":\"day\",\"direction\":\"asc\",\"null-order\":\"nulls-first\"}"), true, "sort_order"},
    {SORT("{\"transform\":\"day\",\"source-id\":1,\"null-order\":\"nulls-first\"}"), true, "sort_order"},
    {SORT("{\"transform\":\"day\",\"source-id\":1,\"direction\":\"asc\"}"), true, "sort_order"},
    {SORT("{\"transform\":\"day\",\"source-id\":1,\"direction\":\"up\",\"null-order\":\"nulls-first\"}"), true, "sort_order"},
    {SORT("{\"transform\":\"day\",\"source-id\":1,\"direction\":\"asc\",\"null-order\":\"first\"}"), true, "sort_order"},
};

START_TEST(iceberg_spec__damage) /* T-ICEBERG-SPEC-1, T-ICEBERG-SPEC-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_spec spec;
    struct tarn__iceberg_order order;
    const struct tarn_text json = tarn__text_of(damaged[_i].json);
    const enum tarn_status status =
        damaged[_i].order ? tarn__iceberg_order_parse(json, &arena, &order, &err) : tarn__iceberg_spec_parse(json, &arena, &spec, &err);
    ck_assert_msg(status == TARN_CORRUPT, "%s", damaged[_i].json);
    ck_assert_msg(strcmp(err.detail, damaged[_i].detail) == 0, "%s: %s", damaged[_i].json, err.detail);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

/* ---- the user's words ---- */

/* id 1, name 2, ts 3, "odd, (name)" 4, d 5, st 6 {m 7}, x_day 8 */
static struct tarn_schema *make_schema(struct tarn_env *env)
{
    static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
    static const struct tarn_type text = {.id = TARN_TYPE_STRING};
    static const struct tarn_type f64 = {.id = TARN_TYPE_F64};
    static const struct tarn_type instant = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO};
    static const struct tarn_field member = {.name = TARN_TEXT("m"), .type = &i64, .id = 7};
    static const struct tarn_type record = {.id = TARN_TYPE_STRUCT, .field_count = 1, .fields = &member};
    const struct tarn_field fields[] = {
        {.name = TARN_TEXT("id"), .type = &i64, .id = 1},
        {.name = TARN_TEXT("name"), .type = &text, .id = 2},
        {.name = TARN_TEXT("ts"), .type = &instant, .id = 3},
        {.name = TARN_TEXT("odd, (\"name)"), .type = &i64, .id = 4},
        {.name = TARN_TEXT("d"), .type = &f64, .id = 5},
        {.name = TARN_TEXT("st"), .type = &record, .id = 6},
        {.name = TARN_TEXT("ts_month"), .type = &instant, .id = 8},
    };
    struct tarn_schema *schema;
    ck_assert_ok(tarn_schema_make(env, 7, fields, 0, NULL, &schema, &err), &err);
    return schema;
}

static const struct {
    const char *given;
    const char *name; /* NULL: INVALID with `word` as detail */
    const char *word;
    int32_t source;
} wanted[] = {
    {"id", "id", "identity", 1},
    {" ID ", "id", "identity", 1},
    {"\"id\"", "id", "identity", 1},
    {"identity(name)", "name", "identity", 2},
    {"bucket(16, id)", "id_bucket", "bucket[16]", 1},
    {"BUCKET( id ,16)", "id_bucket", "bucket[16]", 1},
    {"truncate(4, name)", "name_trunc", "truncate[4]", 2},
    {"truncate(4,\"name\")", "name_trunc", "truncate[4]", 2},
    {"year(ts)", "ts_year", "year", 3},
    {"years(ts)", "ts_year", "year", 3},
    {"day(ts)", "ts_day", "day", 3},
    {"days (ts)", "ts_day", "day", 3},
    {"hours(ts)", "ts_hour", "hour", 3},
    {"void(d)", "d_null", "void", 5},
    {"odd, (\"name)", "odd, (\"name)", "identity", 4},
    {"\"odd, (\"\"name)\"", "odd, (\"name)", "identity", 4},
    {"bucket(2, \"odd, (\"\"name)\")", "odd, (\"name)_bucket", "bucket[2]", 4},
    {"nothing", NULL, "partition_column", 0},
    {"", NULL, "partition_transform", 0},
    {"day()", NULL, "partition_transform", 0},
    {"day(3, ts)", NULL, "partition_transform", 0},
    {"bucket(id)", NULL, "partition_transform", 0},
    {"bucket(0, id)", NULL, "partition_transform", 0},
    {"bucket(x, id)", NULL, "partition_transform", 0},
    {"bucket(99999999999, id)", NULL, "partition_transform", 0},
    {"bucket(4, d)", NULL, "partition_transform", 0},
    {"day(name)", NULL, "partition_transform", 0},
    {"st", NULL, "partition_transform", 0},
    {"zorder(id)", NULL, "partition_transform", 0},
    {"\"id", NULL, "partition_transform", 0},
    {"\"id\"x", NULL, "partition_transform", 0},
    {"month(ts)", NULL, "partition_column", 0}, /* a column has the name that the field would have */
};

START_TEST(iceberg_spec__of_the_users_words) /* T-ICEBERG-SPEC-4 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_schema *schema = make_schema(env);
    const struct tarn_text given = tarn__text_of(wanted[_i].given);
    struct tarn__iceberg_spec spec;
    const enum tarn_status status = tarn__iceberg_spec_make(&arena, schema, 1, &given, 0, 1000, &spec, &err);
    if (wanted[_i].name == NULL) {
        ck_assert_msg(status == TARN_INVALID, "%s", wanted[_i].given);
        ck_assert_msg(strcmp(err.detail, wanted[_i].word) == 0, "%s: %s", wanted[_i].given, err.detail);
        ck_assert_uint_eq(spec.field_count, 0);
    } else {
        ck_assert_ok(status, &err);
        ck_assert(tarn__text_equal(spec.fields[0].name, tarn__text_of(wanted[_i].name)));
        ck_assert(tarn__text_equal(spec.fields[0].word, tarn__text_of(wanted[_i].word)));
        ck_assert_int_eq(spec.fields[0].source_id, wanted[_i].source);
        ck_assert_int_eq(spec.fields[0].id, 1000);
    }
    tarn_schema_release(schema);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_spec__fields_that_say_the_same) /* T-ICEBERG-SPEC-4 */
{
    static const struct {
        struct tarn_text first;
        struct tarn_text second;
        bool legal;
    } pairs[] = {
        {TARN_TEXT("id"), TARN_TEXT("id"), false},
        {TARN_TEXT("year(ts)"), TARN_TEXT("day(ts)"), false},
        {TARN_TEXT("bucket(2, id)"), TARN_TEXT("bucket(4, id)"), false},
        {TARN_TEXT("bucket(2, id)"), TARN_TEXT("truncate(2, id)"), true},
        {TARN_TEXT("day(ts)"), TARN_TEXT("ts"), true},
        {TARN_TEXT("day(ts)"), TARN_TEXT("day(ts_month)"), true},
    };
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_schema *schema = make_schema(env);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const struct tarn_text both[] = {pairs[i].first, pairs[i].second};
        struct tarn__iceberg_spec spec;
        const enum tarn_status status = tarn__iceberg_spec_make(&arena, schema, 2, both, 1, 1005, &spec, &err);
        ck_assert_msg(status == (pairs[i].legal ? TARN_OK : TARN_INVALID), "pair %zu", i);
        ck_assert(!pairs[i].legal || (spec.id == 1 && spec.fields[1].id == 1006));
    }
    tarn_schema_release(schema);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

/* ---- over a schema ---- */

static const struct tarn_type *old_type(void *arg, int32_t id)
{
    static const struct tarn_type date = {.id = TARN_TYPE_DATE};
    ck_assert_ptr_null(arg);
    return id == 90 ? &date : NULL;
}

START_TEST(iceberg_spec__over_a_schema) /* T-ICEBERG-SPEC-3 */
{
    static const char json[] = PART("{\"name\":\"a\",\"transform\":\"bucket[4]\",\"source-id\":2,\"field-id\":1000}," /* name */
                                    "{\"name\":\"b\",\"transform\":\"identity\",\"source-id\":7,\"field-id\":1001},"  /* a member */
                                    "{\"name\":\"c\",\"transform\":\"month\",\"source-id\":90,\"field-id\":1002},"    /* dropped */
                                    "{\"name\":\"e\",\"transform\":\"identity\",\"source-id\":91,\"field-id\":1003}," /* never there */
                                    "{\"name\":\"f\",\"transform\":\"zorder\",\"source-id\":1,\"field-id\":1004},"    /* not known */
                                    "{\"name\":\"g\",\"transform\":\"void\",\"source-id\":91,\"field-id\":1005}," /* dropped by version 1 */
                                    "{\"name\":\"h\",\"transform\":\"day\",\"source-id\":3,\"field-id\":1006}");
    static const struct {
        uint32_t column;
        int type; /* -1: none */
        enum tarn__transform transform;
    } expected[] = {
        {1, TARN_TYPE_I32, TARN_TRANSFORM_BUCKET},
        {TARN_NO_COLUMN, TARN_TYPE_I64, TARN_TRANSFORM_IDENTITY},
        {TARN_NO_COLUMN, TARN_TYPE_I32, TARN_TRANSFORM_MONTH},
        {TARN_NO_COLUMN, -1, TARN_TRANSFORM_UNKNOWN},
        {0, -1, TARN_TRANSFORM_UNKNOWN},
        {TARN_NO_COLUMN, -1, TARN_TRANSFORM_VOID},
        {2, TARN_TYPE_DATE, TARN_TRANSFORM_DAY},
    };
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_schema *schema = make_schema(env);
    struct tarn__iceberg_spec spec;
    struct tarn__partition_spec bound;
    ck_assert_ok(tarn__iceberg_spec_parse(tarn__text_of(json), &arena, &spec, &err), &err);
    ck_assert_ok(tarn__iceberg_spec_bind(&arena, &spec, schema, old_type, NULL, &bound, &err), &err);
    ck_assert_uint_eq(bound.field_count, 7);
    for (uint32_t i = 0; i < 7; i++) {
        const struct tarn__partition_field *field = &bound.fields[i];
        ck_assert_msg(field->column == expected[i].column && field->transform == expected[i].transform, "field %u", i);
        ck_assert_msg((field->type != NULL ? (int)field->type->id : -1) == expected[i].type, "field %u", i);
        ck_assert_int_eq(field->id, 1000 + (int32_t)i);
    }
    ck_assert_int_eq(bound.fields[0].parameter, 4);
    ck_assert_status(tarn__iceberg_spec_admit(&spec, &bound, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "iceberg.partition_source");
    struct tarn__partition_spec part = {.field_count = 1, .fields = &bound.fields[0]};
    ck_assert_ok(tarn__iceberg_spec_admit(&spec, &part, &err), &err);
    part.fields = &bound.fields[4];
    ck_assert_status(tarn__iceberg_spec_admit(&spec, &part, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "iceberg.partition_transform");
    part.fields = &bound.fields[5];
    ck_assert_ok(tarn__iceberg_spec_admit(&spec, &part, &err), &err); /* void asks nothing of the column */
    tarn_schema_release(schema);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status use_spec(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    (void)ctx;
    tarn_fault_suspend(fault);
    struct tarn_schema *schema = make_schema(env);
    tarn_fault_resume(fault);
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    const struct tarn_text given[] = {TARN_TEXT("bucket(4, \"name\")"), TARN_TEXT("day(ts)")};
    struct tarn__iceberg_spec spec;
    struct tarn__partition_spec bound;
    struct tarn_text_builder out = {0};
    enum tarn_status status = tarn__iceberg_spec_make(&arena, schema, 2, given, 0, 1000, &spec, error);
    if (status == TARN_OK) {
        print_spec(env, &spec, &out);
        status = tarn__builder_status(&out, error);
    }
    if (status == TARN_OK) {
        status = tarn__iceberg_spec_parse(tarn__builder_text(&out), &arena, &spec, error);
    }
    if (status == TARN_OK) {
        status = tarn__iceberg_spec_bind(&arena, &spec, schema, NULL, NULL, &bound, error);
    }
    if (out.env != NULL) {
        tarn__builder_free(&out);
    }
    tarn__arena_free(&arena);
    tarn_schema_release(schema);
    return status;
}

START_TEST(iceberg_spec__survives_every_allocation_that_fails)
{
    ck_assert_uint_gt(tarn_fault_sweep(use_spec, NULL, TARN_FAULT_ALL_ALLOC), 4);
}
END_TEST

TARN_SUITE("txlog/iceberg_spec", TARN_LOOP_TEST(iceberg_spec__words_of_transforms, words), TARN_TEST(iceberg_spec__json_both_ways),
           TARN_TEST(iceberg_spec__order_both_ways), TARN_LOOP_TEST(iceberg_spec__damage, damaged),
           TARN_LOOP_TEST(iceberg_spec__of_the_users_words, wanted), TARN_TEST(iceberg_spec__fields_that_say_the_same),
           TARN_TEST(iceberg_spec__over_a_schema), TARN_TEST(iceberg_spec__survives_every_allocation_that_fails))
