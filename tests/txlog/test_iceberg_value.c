/* SPDX-License-Identifier: Apache-2.0
 * Single values of Iceberg tables as bytes, as JSON and as names of folders: written by hand from the specification's Appendix D.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/decimal.h"
#include "format/batch/value_decimal.h"
#include "tests/support/suite.h"
#include "txlog/iceberg/iceberg_value.h"

static struct tarn_error err;

static const struct tarn_type boolean = {.id = TARN_TYPE_BOOL};
static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type f32 = {.id = TARN_TYPE_F32};
static const struct tarn_type f64 = {.id = TARN_TYPE_F64};
static const struct tarn_type date = {.id = TARN_TYPE_DATE};
static const struct tarn_type micro_time = {.id = TARN_TYPE_TIME, .unit = TARN_MICRO};
static const struct tarn_type instant = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO};
static const struct tarn_type zoned = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_type uuid = {.id = TARN_TYPE_UUID};
static const struct tarn_type fixed3 = {.id = TARN_TYPE_FIXED, .width = 3};
static const struct tarn_type binary = {.id = TARN_TYPE_BINARY};
static const struct tarn_type decimal9 = {.id = TARN_TYPE_DECIMAL, .precision = 9, .scale = 2};
static const struct tarn_type decimal38 = {.id = TARN_TYPE_DECIMAL, .precision = 38, .scale = 2};

static const char uuid_bytes[] = "\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7";

#define BYTES(literal) literal, sizeof(literal) - 1

/* Each: the value, its bytes, its JSON. */
static const struct {
    struct tarn_value value;
    const char *bytes;
    size_t size;
    const char *json;
} values[] = {
    {{.type = &boolean, .u.boolean = true}, BYTES("\1"), "true"},
    {{.type = &boolean}, BYTES("\0"), "false"},
    {{.type = &i32, .u.i64 = 34}, BYTES("\x22\0\0\0"), "34"},
    {{.type = &i32, .u.i64 = -2}, BYTES("\xfe\xff\xff\xff"), "-2"},
    {{.type = &i64, .u.i64 = -2}, BYTES("\xfe\xff\xff\xff\xff\xff\xff\xff"), "-2"},
    {{.type = &i64, .u.i64 = INT64_MIN}, BYTES("\0\0\0\0\0\0\0\x80"), "-9223372036854775808"},
    {{.type = &f32, .u.f64 = 1.5}, BYTES("\0\0\xc0\x3f"), "1.5"},
    {{.type = &f64, .u.f64 = -0.1}, BYTES("\x9a\x99\x99\x99\x99\x99\xb9\xbf"), "-0.1"},
    {{.type = &date, .u.i64 = 17486}, BYTES("\x4e\x44\0\0"), "\"2017-11-16\""},
    {{.type = &micro_time, .u.i64 = 81068123456}, BYTES("@e\x09\xe0\x12\0\0\0"), "\"22:31:08.123456\""},
    {{.type = &instant, .u.i64 = 1510871468123456}, BYTES("@\xa5(-!^\x05\0"), "\"2017-11-16T22:31:08.123456\""},
    {{.type = &zoned, .u.i64 = -1}, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff"), "\"1969-12-31T23:59:59.999999+00:00\""},
    {{.type = &text, .u.bytes = TARN_TEXT("a\"\xc3\xbc")}, BYTES("a\"\xc3\xbc"), "\"a\\\"\xc3\xbc\""},
    {{.type = &text, .u.bytes = TARN_TEXT("")}, BYTES(""), "\"\""},
    {{.type = &uuid, .u.bytes = {uuid_bytes, 16}}, uuid_bytes, 16, "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\""},
    {{.type = &fixed3, .u.bytes = {"\0\1\xff", 3}}, BYTES("\0\1\xff"), "\"0001ff\""},
    {{.type = &binary, .u.bytes = {"\0\1\xff\xfe", 4}}, BYTES("\0\1\xff\xfe"), "\"0001fffe\""},
    {{.type = &decimal9, .u.i64 = 1420}, BYTES("\x05\x8c"), "\"14.20\""},
    {{.type = &decimal9, .u.i64 = -1}, BYTES("\xff"), "\"-0.01\""},
    {{.type = &decimal9, .u.i64 = 128}, BYTES("\0\x80"), "\"1.28\""},
    {{.type = &decimal9, .u.i64 = -128}, BYTES("\x80"), "\"-1.28\""},
    {{.type = &decimal9, .u.i64 = 0}, BYTES("\0"), "\"0.00\""},
    {{.type = &decimal38, .u.words = {1420}}, BYTES("\x05\x8c"), "\"14.20\""},
    {{.type = &decimal38, .u.words = {0, 1}}, BYTES("\1\0\0\0\0\0\0\0\0"), "\"184467440737095516.16\""},
};

static bool same(const struct tarn_value *a, const struct tarn_value *b)
{
    return a->type == b->type && !a->is_null && tarn_value_compare(a, b) == 0;
}

START_TEST(iceberg_value__bytes) /* T-ICEBERG-VALUE-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    tarn__iceberg_value_encode(&values[_i].value, &out);
    ck_assert(tarn__text_equal(tarn__builder_text(&out), (struct tarn_text){values[_i].bytes, values[_i].size}));
    struct tarn_value back;
    ck_assert_ok(tarn__iceberg_value_decode(values[_i].value.type, (struct tarn_span){(const uint8_t *)values[_i].bytes, values[_i].size},
                                            &back, &err),
                 &err);
    ck_assert(same(&back, &values[_i].value));
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status parse(struct tarn_env *env, struct tarn_arena *arena, const struct tarn_type *type, const char *words,
                              struct tarn_value *out)
{
    struct tarn_json json;
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = env, .arena = arena, .failure = TARN_CORRUPT}, tarn__text_of(words));
    const enum tarn_status status = tarn__iceberg_value_parse(type, &json, out, &err);
    tarn__json_close(&json);
    return status;
}

START_TEST(iceberg_value__json) /* T-ICEBERG-VALUE-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_text_builder out;
    struct tarn_json_printer json;
    tarn__builder_init(&out, env);
    tarn__json_printer_init(&json, &out);
    tarn__iceberg_value_print(&values[_i].value, &json);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(values[_i].json)), "%.*s", (int)out.size, out.data);
    struct tarn_value back;
    ck_assert_ok(parse(env, &arena, values[_i].value.type, values[_i].json, &back), &err);
    ck_assert(same(&back, &values[_i].value));
    ck_assert_ok(parse(env, &arena, values[_i].value.type, "null", &back), &err);
    ck_assert(back.is_null);
    tarn__builder_free(&out);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_value__widths_from_before_a_promotion) /* T-ICEBERG-VALUE-1 */
{
    struct tarn_value value;
    ck_assert_ok(tarn__iceberg_value_decode(&i64, (struct tarn_span){(const uint8_t *)"\xfe\xff\xff\xff", 4}, &value, &err), &err);
    ck_assert_int_eq(value.u.i64, -2);
    ck_assert_ptr_eq(value.type, &i64);
    ck_assert_ok(tarn__iceberg_value_decode(&f64, (struct tarn_span){(const uint8_t *)"\0\0\xc0\x3f", 4}, &value, &err), &err);
    ck_assert(value.u.f64 == 1.5);
    ck_assert_ok(tarn__iceberg_value_decode(&decimal38, (struct tarn_span){(const uint8_t *)"\0\0\0\x05\x8c", 5}, &value, &err), &err);
    ck_assert(tarn__value_unscaled(&value) == 1420); /* sign bytes in front */
}
END_TEST

static const struct {
    const struct tarn_type *type;
    const char *bytes;
    size_t size;
} bad_bytes[] = {
    {&boolean, BYTES("")},
    {&boolean, BYTES("\1\0")},
    {&i32, BYTES("\1\0\0")},
    {&i32, BYTES("\1\0\0\0\0\0\0\0")},
    {&i64, BYTES("\1\0\0\0\0")},
    {&f32, BYTES("12345678")},
    {&f64, BYTES("123456789")},
    {&date, BYTES("12345678")},
    {&micro_time, BYTES("1234")},
    {&instant, BYTES("1234")},
    {&uuid, BYTES("123456789012345")},
    {&fixed3, BYTES("12")},
    {&text, BYTES("a\xff")},
    {&decimal9, BYTES("")},
    {&decimal9, BYTES("\1\0\0\0\0\0\0\0\0")},
    {&decimal38, BYTES("12345678901234567")},
};

START_TEST(iceberg_value__bytes_of_no_value_are_corrupt) /* T-ICEBERG-VALUE-1 */
{
    struct tarn_value value;
    ck_assert_status(tarn__iceberg_value_decode(bad_bytes[_i].type,
                                                (struct tarn_span){(const uint8_t *)bad_bytes[_i].bytes, bad_bytes[_i].size}, &value, &err),
                     TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "bound_value");
}
END_TEST

static const struct {
    const struct tarn_type *type;
    const char *json;
} bad_json[] = {
    {&boolean, "1"},
    {&boolean, "\"true\""},
    {&i32, "2147483648"},
    {&i32, "1.5"},
    {&i32, "\"1\""},
    {&i64, "9223372036854775808"},
    {&f64, "\"1.5\""},
    {&date, "\"2017-02-30\""},
    {&date, "17486"},
    {&micro_time, "\"24:00:00\""},
    {&micro_time, "\"22:31:08.1234567\""},
    {&instant, "\"2017-11-16T22:31:08+00:00\""},
    {&zoned, "\"2017-11-16T22:31:08\""},
    {&zoned, "\"2017-11-16T22:31:08+01:00\""},
    {&text, "7"},
    {&uuid, "\"f79c3e09-677c-4bbd-a479-3f349cb785e\""},
    {&uuid, "\"f79c3e090677c-4bbd-a479-3f349cb785e7\""},
    {&fixed3, "\"0001\""},
    {&binary, "\"001\""},
    {&binary, "\"0x01\""},
    {&decimal9, "14.20"},
    {&decimal9, "\"14.201\""},
    {&decimal9, "\"12345678.00\""},
    {&decimal9, "\"\""},
    {&text, "{}"},
    {&text, "[]"},
};

START_TEST(iceberg_value__json_of_no_value_is_corrupt) /* T-ICEBERG-VALUE-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_value value;
    ck_assert_msg(parse(env, &arena, bad_json[_i].type, bad_json[_i].json, &value) == TARN_CORRUPT, "%s", bad_json[_i].json);
    ck_assert_str_eq(err.detail, "single_value");
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    enum tarn__transform transform;
    struct tarn_value value;
    const char *text;
} folders[] = {
    {TARN_TRANSFORM_YEAR, {.type = &i32, .u.i64 = 47}, "2017"},
    {TARN_TRANSFORM_YEAR, {.type = &i32, .u.i64 = -1}, "1969"},
    {TARN_TRANSFORM_MONTH, {.type = &i32, .u.i64 = 574}, "2017-11"},
    {TARN_TRANSFORM_MONTH, {.type = &i32, .u.i64 = -1}, "1969-12"},
    {TARN_TRANSFORM_DAY, {.type = &date, .u.i64 = 17486}, "2017-11-16"},
    {TARN_TRANSFORM_HOUR, {.type = &i32, .u.i64 = 419686}, "2017-11-16-22"},
    {TARN_TRANSFORM_HOUR, {.type = &i32, .u.i64 = -1}, "1969-12-31-23"},
    {TARN_TRANSFORM_BUCKET, {.type = &i32, .u.i64 = 3}, "3"},
    {TARN_TRANSFORM_TRUNCATE, {.type = &decimal9, .u.i64 = 1050}, "10.50"},
    {TARN_TRANSFORM_TRUNCATE, {.type = &binary, .u.bytes = {"\0\1\xff\xfe", 4}}, "AAH//g=="},
    {TARN_TRANSFORM_IDENTITY, {.type = &binary, .u.bytes = {"\0\1", 2}}, "AAE="},
    {TARN_TRANSFORM_IDENTITY, {.type = &fixed3, .u.bytes = {"abc", 3}}, "YWJj"},
    {TARN_TRANSFORM_IDENTITY, {.type = &boolean, .u.boolean = true}, "true"},
    {TARN_TRANSFORM_IDENTITY, {.type = &f64, .u.f64 = 1.5}, "1.5"},
    {TARN_TRANSFORM_IDENTITY, {.type = &date, .u.i64 = 17486}, "2017-11-16"},
    {TARN_TRANSFORM_IDENTITY, {.type = &instant, .u.i64 = 1510871468123000}, "2017-11-16T22:31:08.123"},
    {TARN_TRANSFORM_IDENTITY, {.type = &zoned, .u.i64 = 1510871468000000}, "2017-11-16T22:31:08+00:00"},
    {TARN_TRANSFORM_IDENTITY, {.type = &uuid, .u.bytes = {uuid_bytes, 16}}, "f79c3e09-677c-4bbd-a479-3f349cb785e7"},
    {TARN_TRANSFORM_IDENTITY, {.type = &text, .is_null = true}, "null"},
    {TARN_TRANSFORM_VOID, {.type = &text, .u.bytes = TARN_TEXT("x")}, "null"},
};

START_TEST(iceberg_value__names_of_folders) /* T-ICEBERG-VALUE-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    tarn__iceberg_transform_text(folders[_i].transform, &folders[_i].value, &out);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(folders[_i].text)), "%.*s", (int)out.size, out.data);
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_value__folders_are_escaped_as_in_java) /* T-ICEBERG-VALUE-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    tarn__iceberg_folder_escape(TARN_TEXT("a-Z_0.9* b/c=%\xc3\xbc:~"), &out);
    ck_assert(tarn__text_equal(tarn__builder_text(&out), TARN_TEXT("a-Z_0.9*+b%2Fc%3D%25%C3%BC%3A%7E")));
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/iceberg_value", TARN_LOOP_TEST(iceberg_value__bytes, values), TARN_LOOP_TEST(iceberg_value__json, values),
           TARN_TEST(iceberg_value__widths_from_before_a_promotion),
           TARN_LOOP_TEST(iceberg_value__bytes_of_no_value_are_corrupt, bad_bytes),
           TARN_LOOP_TEST(iceberg_value__json_of_no_value_is_corrupt, bad_json), TARN_LOOP_TEST(iceberg_value__names_of_folders, folders),
           TARN_TEST(iceberg_value__folders_are_escaped_as_in_java))
