/* SPDX-License-Identifier: Apache-2.0
 * JSON event by event: texts written by hand, damage with its place, and failing memory.
 */
#include "format/json/json_pull.h"
#include "tests/support/fault.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

static const char event_letters[] = ".{}[]ks0tfn";

/* The events as letters, with the texts of keys, strings and numbers between them. */
static enum tarn_status trace(struct tarn_json *json, struct tarn_text_builder *out, struct tarn_error *err)
{
    for (;;) {
        enum tarn_json_event event;
        TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
        tarn__builder_add_char(out, event_letters[event]);
        if (event == TARN_JSON_KEY || event == TARN_JSON_STRING || event == TARN_JSON_NUMBER) {
            tarn__builder_add(out, json->text);
            tarn__builder_add_char(out, '|');
        }
        if (event == TARN_JSON_END) {
            return tarn__builder_status(out, err);
        }
    }
}

static const struct {
    const char *text;
    const char *events;
} documents[] = {
    {"null", "n."},
    {" [ ] ", "[]."},
    {"{}", "{}."},
    {"[1,-0.5e+3,\"a\",true,false,null]", "[01|0-0.5e+3|sa|tfn]."},
    {"{\"a\":{\"b\":[{},[]]},\"c\":\"d\"}", "{ka|{kb|[{}[]]}kc|sd|}."},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "s\"\\/\b\f\n\r\t|."},
    {"\"\\u0041\\u00e4\\u20ac\\ud83d\\ude00z\"", "sA\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z|."},
    {"\"a long text without any escape in it \xc3\xa4 and more\"", "sa long text without any escape in it \xc3\xa4 and more|."},
    {"{\"a long key with \\\"quotes\\\" in it\":\"and a long value with a \\ttab\"}",
     "{ka long key with \"quotes\" in it|sand a long value with a \ttab|}."},
    {"\r\n\t [\r\n\t 0 , 10 ]\n", "[00|010|]."},
};

START_TEST(json_pull__gives_the_events_in_order)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_text_builder out;
    struct tarn_json json;
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_CORRUPT};
    tarn__builder_init(&out, env);
    tarn__json_open(&json, &options, tarn__text_of(documents[_i].text));
    ck_assert_ok(trace(&json, &out, &err), &err);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(documents[_i].events)), "%s gave %.*s", documents[_i].text,
                  TARN_TEXT_ARG(tarn__builder_text(&out)));
    tarn__json_close(&json);
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *text;
    const char *detail;
    int offset;
} damaged[] = {
    {"", "json.truncated", 0},
    {"  ", "json.truncated", 2},
    {"[", "json.truncated", 1},
    {"[1", "json.truncated", 2},
    {"[1,", "json.truncated", 3},
    {"{\"a\"", "json.truncated", 4},
    {"{\"a\":", "json.truncated", 5},
    {"\"abc", "json.truncated", 4},
    {"\"abc\\", "json.truncated", 5},
    {"\"abc\\\"", "json.truncated", 6},
    {"-", "json.truncated", 1},
    {"1.", "json.truncated", 2},
    {"1e", "json.truncated", 2},
    {"01", "json.number", 0},
    {"[-a]", "json.number", 1},
    {"[1.e5]", "json.number", 1},
    {"+1", "json.syntax", 0},
    {".5", "json.syntax", 0},
    {"nul", "json.syntax", 0},
    {"trve", "json.syntax", 0},
    {"NaN", "json.syntax", 0},
    {"[1 2]", "json.syntax", 3},
    {"[1,]", "json.syntax", 3},
    {"{\"a\":1,}", "json.syntax", 7},
    {"{a:1}", "json.syntax", 1},
    {"{\"a\" 1}", "json.syntax", 5},
    {"{\"a\":1]", "json.syntax", 6},
    {"[1}", "json.syntax", 2},
    {"]", "json.syntax", 0},
    {"1 2", "json.syntax", 2},
    {"{} x", "json.syntax", 3},
    {"\"a\nb\"", "json.string", 2},
    {"\"0123456789012345\x01\"", "json.string", 17},
    {"\"\\x\"", "json.escape", 1},
    {"\"ab\\u12\"", "json.escape", 3},
    {"\"\\ud83d\"", "json.escape", 1},
    {"\"\\ud83d\\u0041\"", "json.escape", 1},
    {"\"\\ude00\"", "json.escape", 1},
    {"\"a\xff\"", "json.utf8", 2},
    {"\"\\\xc3\xa4\"", "json.escape", 1},
    {"\"\\n\xed\xa0\x80\"", "json.utf8", 3},
    {"{\"\xc3\":1}", "json.utf8", 2},
};

/* Reading and skipping find the same mistake at the same place. */
START_TEST(json_pull__refuses_damage_with_its_place) /* B-JSON-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_text_builder out;
    struct tarn_json json;
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_CORRUPT, .base = 1000};
    tarn__builder_init(&out, env);
    tarn__json_open(&json, &options, tarn__text_of(damaged[_i].text));
    for (int again = 0; again < 2; again++) {
        err = (struct tarn_error)TARN_ERROR_INIT;
        ck_assert_msg(trace(&json, &out, &err) == TARN_CORRUPT, "%s was taken", damaged[_i].text);
        ck_assert_msg(strcmp(err.detail, damaged[_i].detail) == 0, "%s gave %s", damaged[_i].text, err.detail);
        ck_assert_msg(err.offset == 1000 + damaged[_i].offset, "%s failed at %lld", damaged[_i].text, (long long)err.offset);
    }
    enum tarn_json_event event;
    tarn__json_reopen(&json, tarn__text_of(damaged[_i].text), 0);
    enum tarn_status status = tarn__json_next(&json, &event, &err);
    while (status == TARN_OK && event != TARN_JSON_END) {
        status = tarn__json_skip(&json, &err);
        status = status == TARN_OK ? tarn__json_next(&json, &event, &err) : status;
    }
    ck_assert_status(status, TARN_CORRUPT);
    ck_assert_str_eq(err.detail, damaged[_i].detail);
    tarn__json_close(&json);
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(json_pull__borrows_what_has_no_escapes)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_arena arena;
    struct tarn_json json;
    static const char text[] = "{\"plain\":\"es\\u0063aped\"}";
    enum tarn_json_event event;
    tarn__arena_init(&arena, env);
    const struct tarn_json_pull_options options = {.arena = &arena, .failure = TARN_INVALID};
    tarn__json_open(&json, &options, tarn__text_of(text));
    ck_assert_ok(tarn__json_next(&json, &event, &err), &err);
    ck_assert_ok(tarn__json_next(&json, &event, &err), &err);
    ck_assert_ptr_eq(json.text.data, text + 2);
    ck_assert_ok(tarn__json_next(&json, &event, &err), &err);
    const struct tarn_text kept = json.text;
    ck_assert(kept.data < text || kept.data >= text + sizeof(text));
    ck_assert_ok(tarn__json_next(&json, &event, &err), &err);
    ck_assert_ok(tarn__json_next(&json, &event, &err), &err);
    ck_assert_int_eq(event, TARN_JSON_END);
    ck_assert(tarn__text_equal(kept, TARN_TEXT("escaped")));
    tarn__json_close(&json);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(json_pull__limits_depth) /* B-JSON-2 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    static char text[2 * TARN_JSON_MOST_DEPTH + 2];
    struct tarn_json json;
    struct tarn_json_pull_options options = {.env = env, .failure = TARN_CORRUPT, .max_depth = 3};
    enum tarn_json_event event;
    tarn__json_open(&json, &options, TARN_TEXT("[[[[]]]]"));
    for (int i = 0; i < 3; i++) {
        ck_assert_ok(tarn__json_next(&json, &event, &err), &err);
    }
    ck_assert_status(tarn__json_next(&json, &event, &err), TARN_LIMIT);
    ck_assert_str_eq(err.detail, "json.depth");
    ck_assert_int_eq(err.offset, 3);

    memset(text, '[', TARN_JSON_MOST_DEPTH);
    memset(text + TARN_JSON_MOST_DEPTH, ']', TARN_JSON_MOST_DEPTH);
    options.max_depth = UINT32_MAX;
    tarn__json_open(&json, &options, (struct tarn_text){text, 2 * TARN_JSON_MOST_DEPTH});
    ck_assert_ok(tarn__json_next(&json, &event, &err), &err);
    ck_assert_ok(tarn__json_skip(&json, &err), &err);
    ck_assert_ok(tarn__json_next(&json, &event, &err), &err);
    ck_assert_int_eq(event, TARN_JSON_END);
    memset(text, '[', sizeof(text));
    tarn__json_open(&json, &options, (struct tarn_text){text, sizeof(text)});
    ck_assert_ok(tarn__json_next(&json, &event, &err), &err);
    ck_assert_status(tarn__json_skip(&json, &err), TARN_LIMIT);
    tarn__json_close(&json);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(json_pull__reads_many_values)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_text_builder out;
    struct tarn_json json;
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_INVALID, .many = true};
    tarn__builder_init(&out, env);
    tarn__json_open(&json, &options, TARN_TEXT("{\"a\":1}\n{\"a\":2}\n\n[3] 4\n"));
    ck_assert_ok(trace(&json, &out, &err), &err);
    ck_assert(tarn__text_equal(tarn__builder_text(&out), TARN_TEXT("{ka|01|}{ka|02|}[03|]04|.")));
    tarn__json_reopen(&json, TARN_TEXT(" \n"), 0);
    tarn__builder_clear(&out);
    ck_assert_ok(trace(&json, &out, &err), &err);
    ck_assert(tarn__text_equal(tarn__builder_text(&out), TARN_TEXT(".")));
    tarn__json_close(&json);
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(json_pull__captures_and_skips_whole_values)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_json json;
    struct tarn_text raw;
    bool more;
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_INVALID};
    tarn__json_open(&json, &options, TARN_TEXT("{\"skip\": {\"x\":[1,\"}\"]} ,\"raw\" : [ 1, {\"y\":\"\\n\"} ] ,\"last\": -1.5 }"));
    ck_assert_ok(tarn__json_object(&json, NULL, &err), &err);
    ck_assert_ok(tarn__json_key(&json, &more, &err), &err);
    ck_assert(more && tarn__json_is(&json, "skip"));
    ck_assert_ok(tarn__json_skip(&json, &err), &err);
    ck_assert_ok(tarn__json_key(&json, &more, &err), &err);
    ck_assert(more && tarn__json_is(&json, "raw"));
    ck_assert_ok(tarn__json_raw(&json, &raw, &err), &err);
    ck_assert(tarn__text_equal(raw, TARN_TEXT("[ 1, {\"y\":\"\\n\"} ]")));
    ck_assert_ok(tarn__json_key(&json, &more, &err), &err);
    ck_assert(more);
    ck_assert_ok(tarn__json_raw(&json, &raw, &err), &err);
    ck_assert(tarn__text_equal(raw, TARN_TEXT("-1.5")));
    ck_assert_ok(tarn__json_key(&json, &more, &err), &err);
    ck_assert(!more);
    tarn__json_close(&json);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(json_pull__takes_typed_values)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_json json;
    struct tarn_text text;
    int64_t number;
    bool flag;
    bool more;
    bool is_null;
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_CORRUPT};
    tarn__json_open(&json, &options, TARN_TEXT("[\"s\",-9223372036854775808,true,null,null,9223372036854775808,1.5,\"x\",[]]"));
    ck_assert_ok(tarn__json_array(&json, NULL, &err), &err);
    ck_assert_ok(tarn__json_element(&json, &more, &err), &err);
    ck_assert(more);
    ck_assert_ok(tarn__json_string(&json, &text, NULL, &err), &err);
    ck_assert(tarn__text_equal(text, TARN_TEXT("s")));
    ck_assert_ok(tarn__json_int64(&json, &number, &is_null, &err), &err);
    ck_assert_int_eq(number, INT64_MIN);
    ck_assert(!is_null);
    ck_assert_ok(tarn__json_bool(&json, &flag, NULL, &err), &err);
    ck_assert(flag);
    ck_assert_ok(tarn__json_bool(&json, &flag, &is_null, &err), &err);
    ck_assert(is_null && !flag);
    ck_assert_status(tarn__json_int64(&json, &number, NULL, &err), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "json.type");
    ck_assert_status(tarn__json_int64(&json, &number, NULL, &err), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "json.range");
    ck_assert_status(tarn__json_int64(&json, &number, NULL, &err), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "json.type");
    ck_assert_int_eq(err.offset, 61);
    ck_assert_status(tarn__json_object(&json, NULL, &err), TARN_CORRUPT);
    ck_assert_ok(tarn__json_element(&json, &more, &err), &err);
    ck_assert(more);
    ck_assert_ok(tarn__json_array(&json, &is_null, &err), &err);
    ck_assert_ok(tarn__json_element(&json, &more, &err), &err);
    ck_assert(!more);
    ck_assert_ok(tarn__json_element(&json, &more, &err), &err);
    ck_assert(!more);
    ck_assert_int_eq(json.depth, 0);
    tarn__json_close(&json);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(json_pull__says_when_memory_is_out)
{
    struct tarn_env_options env_options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    struct tarn_json json;
    enum tarn_json_event event;
    env_options.memory_limit = 40;
    ck_assert_ok(tarn_env_open(&env_options, &env, &err), &err);
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_CORRUPT};
    tarn__json_open(&json, &options, TARN_TEXT("\"a string with an escape: \\n\""));
    ck_assert_status(tarn__json_next(&json, &event, &err), TARN_LIMIT);
    tarn__json_close(&json);
    tarn_test_env_close(env);
}
END_TEST

/* Reads with an arena (ctx) or the scratch, and prints what it read. */
static enum tarn_status read_and_print(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    static const char text[] =
        "{\"a\\tb\":[\"c\\u00e4d\",1],\"long\":\"\\n----------------------------------------------------------------\"}";
    struct tarn_arena arena;
    struct tarn_text_builder out;
    struct tarn_json json;
    (void)fault;
    tarn__arena_init(&arena, env);
    tarn__builder_init(&out, env);
    const struct tarn_json_pull_options options = {.env = env, .arena = ctx != NULL ? &arena : NULL, .failure = TARN_CORRUPT};
    tarn__json_open(&json, &options, tarn__text_of(text));
    const enum tarn_status status = trace(&json, &out, err);
    tarn__json_close(&json);
    tarn__builder_free(&out);
    tarn__arena_free(&arena);
    return status;
}

START_TEST(json_pull__survives_every_failing_allocation)
{
    ck_assert_uint_ge(tarn_fault_sweep(read_and_print, NULL, TARN_FAULT_ALL_ALLOC), 4);
    static char with_arena[] = "arena";
    ck_assert_uint_ge(tarn_fault_sweep(read_and_print, with_arena, TARN_FAULT_ALL_ALLOC), 4);
}
END_TEST

TARN_SUITE("format/json_pull", TARN_LOOP_TEST(json_pull__gives_the_events_in_order, documents),
           TARN_LOOP_TEST(json_pull__refuses_damage_with_its_place, damaged), TARN_TEST(json_pull__borrows_what_has_no_escapes),
           TARN_TEST(json_pull__limits_depth), TARN_TEST(json_pull__reads_many_values),
           TARN_TEST(json_pull__captures_and_skips_whole_values), TARN_TEST(json_pull__takes_typed_values),
           TARN_TEST(json_pull__says_when_memory_is_out), TARN_TEST(json_pull__survives_every_failing_allocation))
