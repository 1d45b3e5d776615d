/* SPDX-License-Identifier: Apache-2.0
 * JSON text and the builder it is written into.
 */
#include "format/json/json_print.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

START_TEST(json_print__places_commas)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_text_builder out;
    struct tarn_json_printer printer;
    tarn__builder_init(&out, env);
    tarn__json_printer_init(&printer, &out);
    tarn__json_print_begin_object(&printer);
    tarn__json_print_key(&printer, TARN_TEXT("a"));
    tarn__json_print_begin_array(&printer);
    tarn__json_print_int64(&printer, INT64_MIN);
    tarn__json_print_uint64(&printer, UINT64_MAX);
    tarn__json_print_double(&printer, 0.1);
    tarn__json_print_double(&printer, NAN);
    tarn__json_print_float(&printer, -INFINITY);
    tarn__json_print_begin_object(&printer);
    tarn__json_print_end_object(&printer);
    tarn__json_print_begin_array(&printer);
    tarn__json_print_end_array(&printer);
    tarn__json_print_end_array(&printer);
    tarn__json_print_key(&printer, TARN_TEXT("b"));
    tarn__json_print_bool(&printer, true);
    tarn__json_print_key(&printer, TARN_TEXT("c"));
    tarn__json_print_null(&printer);
    tarn__json_print_key(&printer, TARN_TEXT("d"));
    tarn__json_print_raw(&printer, TARN_TEXT("{\"x\":1}"));
    tarn__json_print_key(&printer, TARN_TEXT("e"));
    tarn__json_print_hex(&printer, (struct tarn_span){(const uint8_t *)"\x00\xff", 2});
    tarn__json_print_key(&printer, TARN_TEXT("f"));
    tarn__json_print_str(&printer, "g");
    tarn__json_print_end_object(&printer);
    const struct tarn_text expected = TARN_TEXT("{\"a\":[-9223372036854775808,18446744073709551615,0.1,\"NaN\",\"-Infinity\",{},[]],"
                                                "\"b\":true,\"c\":null,\"d\":{\"x\":1},\"e\":\"0x00ff\",\"f\":\"g\"}");
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), expected), "%.*s", TARN_TEXT_ARG(tarn__builder_text(&out)));
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    struct tarn_text text;
    const char *printed;
} strings[] = {
    {{"", 0}, "\"\""},
    {{"plain", 5}, "\"plain\""},
    {{"a\"b\\c/", 6}, "\"a\\\"b\\\\c/\""},
    {{"\b\f\n\r\t\x1f\0", 7}, "\"\\b\\f\\n\\r\\t\\u001f\\u0000\""},
    {{"\x7f\xc3\xa4\xf0\x9f\x98\x80", 7}, "\"\x7f\xc3\xa4\xf0\x9f\x98\x80\""},
    {{"a\xff\xc3z\xed\xa0\x80", 7}, "\"a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
};

START_TEST(json_print__escapes_strings)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    tarn__json_put_string(&out, strings[_i].text);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(strings[_i].printed)), "%.*s",
                  TARN_TEXT_ARG(tarn__builder_text(&out)));
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(text__grows_and_is_handed_over)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_text_builder out;
    size_t size;
    tarn__builder_init(&out, env);
    tarn__builder_add_repeat(&out, 'x', 100);
    tarn__builder_clear(&out);
    tarn__builder_add_str(&out, "n=");
    tarn__builder_add_uint_padded(&out, 42, 5);
    tarn__builder_add_char(&out, ' ');
    tarn__builder_add_uint_padded(&out, 123456, 3);
    tarn__builder_add_char(&out, ' ');
    tarn__builder_add_double(&out, 1.5, NULL);
    tarn__builder_add_char(&out, ' ');
    tarn__builder_add_point(&out, 0x20ac);
    tarn__builder_add_point(&out, 0xd800);
    tarn__builder_add(&out, (struct tarn_text){NULL, 0});
    ck_assert_ok(tarn__builder_status(&out, &err), &err);
    char *text = tarn__builder_take(&out, &size);
    ck_assert_str_eq(text, "n=00042 123456 1.5 \xe2\x82\xac\xef\xbf\xbd");
    ck_assert_uint_eq(size, strlen(text));
    ck_assert_uint_eq(out.size, 0);
    tarn__free(env, text);
    text = tarn__builder_take(&out, &size);
    ck_assert_str_eq(text, "");
    tarn__free(env, text);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(text__keeps_the_begin_when_memory_is_out)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    struct tarn_text_builder out;
    size_t size;
    options.memory_limit = 200;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    tarn__builder_init(&out, env);
    tarn__builder_add_str(&out, "first");
    tarn__builder_add_repeat(&out, 'x', 1000);
    tarn__builder_add_str(&out, "lost");
    ck_assert(out.failed);
    ck_assert(tarn__text_equal(tarn__builder_text(&out), TARN_TEXT("first")));
    ck_assert_status(tarn__builder_status(&out, &err), TARN_LIMIT);
    ck_assert_ptr_null(tarn__builder_take(&out, &size));
    tarn__builder_clear(&out);
    tarn__builder_add_str(&out, "again");
    ck_assert_ok(tarn__builder_status(&out, &err), &err);
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/json_print", TARN_TEST(json_print__places_commas), TARN_LOOP_TEST(json_print__escapes_strings, strings),
           TARN_TEST(text__grows_and_is_handed_over), TARN_TEST(text__keeps_the_begin_when_memory_is_out))
