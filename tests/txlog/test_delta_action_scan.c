/* SPDX-License-Identifier: Apache-2.0
 * The fast way through a line of the log and the general one: whatever the line, what the fast one takes the general one takes too, and
 * both make the same of it; and it takes what writers print.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "tests/support/suite.h"
#include "txlog/delta/delta_action_scan.h"
#include "txlog/delta/delta_path.h"

static struct tarn_error err = TARN_ERROR_INIT;

struct parsers {
    struct tarn_env *env;
    struct tarn_arena arena;
    struct tarn_json json;
};

static void open_parsers(struct parsers *p)
{
    p->env = tarn_test_env();
    tarn__arena_init(&p->arena, p->env);
    tarn__json_open(&p->json, &(struct tarn_json_pull_options){.env = p->env, .arena = &p->arena, .failure = TARN_CORRUPT},
                    (struct tarn_text){"", 0});
}

static void close_parsers(struct parsers *p)
{
    tarn__json_close(&p->json);
    tarn__arena_free(&p->arena);
    tarn_test_env_close(p->env);
}

static void check_text(struct tarn_text a, struct tarn_text b, const char *line)
{
    ck_assert_msg(tarn__text_equal(a, b), "%.*s instead of %.*s: %s", (int)a.size, a.data, (int)b.size, b.data, line);
}

/* Was it taken? Then the general parser must agree. */
static bool check_line(struct parsers *p, const char *line, size_t size)
{
    struct tarn__delta_action fast;
    struct tarn__delta_action slow;
    const struct tarn_text text = {line, size};
    if (!tarn__delta_action_scan(&p->json, text, &fast)) {
        return false;
    }
    ck_assert_msg(tarn__delta_action_parse(&p->json, text, 0, &slow, &err) == TARN_OK, "%s: %s", err.message, line);
    ck_assert_int_eq(fast.kind, slow.kind);
    const struct tarn__delta_file *a = &fast.u.file;
    const struct tarn__delta_file *b = &slow.u.file;
    check_text(a->path, b->path, line);
    check_text(a->partition, b->partition, line);
    check_text(a->statistics, b->statistics, line);
    ck_assert_int_eq(a->has_size, b->has_size);
    ck_assert_uint_eq(a->size, b->size);
    ck_assert_int_eq(a->modified, b->modified);
    ck_assert_int_eq(a->data_change, b->data_change);
    ck_assert_int_eq(a->rows, b->rows);
    ck_assert_int_eq(a->extra.first_row_id, b->extra.first_row_id);
    ck_assert_ptr_null(b->extra.deletion_vector);
    ck_assert_uint_eq(b->extra.tags.size, 0);
    return true;
}

/* As Spark, delta-rs and tarn print them. */
static const char *const usual[] = {
    "{\"add\":{\"path\":\"part-00000-0b5a3f0e.c000.snappy.parquet\",\"partitionValues\":{},\"size\":996,\"modificationTime\":1700000000000,"
    "\"dataChange\":true,\"stats\":\"{\\\"numRecords\\\":3,\\\"minValues\\\":{\\\"s\\\":\\\"k\xc3\xa4se\\\"}}\"}}",
    "{\"add\":{\"path\":\"p=1/q=x/part-1.parquet\",\"partitionValues\":{\"p\":\"1\",\"q\":null},\"size\":0,\"modificationTime\":1,"
    "\"dataChange\":false,\"stats\":\"\"}}",
    "{\"remove\":{\"path\":\"part-1.parquet\",\"deletionTimestamp\":1700000000000,\"dataChange\":true,\"extendedFileMetadata\":true,"
    "\"partitionValues\":{\"p\":\"a long value of a partition, longer than a register\"},\"size\":123456789012345678}}",
    "{\"remove\":{\"path\":\"x\"}}",
    "{\"add\":{\"size\":5,\"path\":\"x\"}}\r",
};

START_TEST(delta_action_scan__takes_what_writers_print) /* T-DELTA-REPLAY-6 */
{
    struct parsers p;
    open_parsers(&p);
    ck_assert_msg(check_line(&p, usual[_i], strlen(usual[_i])), "%s", usual[_i]);
    close_parsers(&p);
}
END_TEST

/* What the general parser reads otherwise, or refuses; and what it alone knows. */
static const char *const left[] = {
    "",
    "{\"add\":null}",
    "{\"add\":{}}",
    "{\"add\":{\"path\":\"x\"}}",
    "{\"add\":{\"path\":\"\",\"size\":1}}",
    "{\"add\":{\"path\":\"a%20b\",\"size\":1}}",
    "{\"add\":{\"path\":\"./a\",\"size\":1}}",
    "{\"add\":{\"path\":\"a//b\",\"size\":1}}",
    "{\"add\":{\"path\":\"a/./b\",\"size\":1}}",
    "{\"add\":{\"path\":\"a/../b\",\"size\":1}}",
    "{\"add\":{\"path\":\"a/\",\"size\":1}}",
    "{\"add\":{\"path\":\"/abs\",\"size\":1}}",
    "{\"add\":{\"path\":\"s3://b/k\",\"size\":1}}",
    "{\"add\":{\"path\":\"a\\u0041\",\"size\":1}}",
    "{\"add\":{\"path\":\"a\tb\",\"size\":1}}",
    "{\"add\":{\"path\":\"k\xc3\xa4se\",\"size\":1}}",
    "{\"add\":{\"path\":\"x\xff\",\"size\":1}}",
    "{\"add\":{\"path\":\"x\",\"size\":01}}",
    "{\"add\":{\"path\":\"x\",\"size\":-1}}",
    "{\"add\":{\"path\":\"x\",\"size\":1.5}}",
    "{\"add\":{\"path\":\"x\",\"size\":1e3}}",
    "{\"add\":{\"path\":\"x\",\"size\":9223372036854775808}}",
    "{\"add\":{\"path\":\"x\",\"size\":}}",
    "{\"add\":{\"path\":\"x\",\"size\":1,}}",
    "{\"add\":{\"path\":\"x\",\"size\":1}",
    "{\"add\":{\"path\":\"x\",\"size\":1}} {}",
    "{\"add\":{\"path\":\"x\",\"size\":1},\"txn\":null}",
    "{\"add\":{\"path\":\"x\" ,\"size\":1}}",
    "{\"add\":{\"path\":\"x\",\"size\":1,\"stats\":null}}",
    "{\"add\":{\"path\":\"x\",\"size\":1,\"stats\":\"cut}}",
    "{\"add\":{\"path\":\"x\",\"size\":1,\"stats\":\"\\q\"}}",
    "{\"add\":{\"path\":\"x\",\"size\":1,\"baseRowId\":4}}",
    "{\"add\":{\"path\":\"x\",\"size\":1,\"tags\":{\"a\":\"b\"}}}",
    "{\"add\":{\"path\":\"x\",\"size\":1,\"dataChange\":truee}}",
    "{\"add\":{\"path\":\"x\",\"size\":1,\"dataChange\":null}}",
    "{\"add\":{\"path\":\"x\",\"size\":1,\"partitionValues\":{\"a\":1}}}",
    "{\"add\":{\"path\":\"x\",\"size\":1,\"partitionValues\":{\"a\":\"1\",}}}",
    "{\"add\":{\"path\":\"x\",\"size\":1,\"partitionValues\":{,\"a\":\"1\"}}}",
    "{\"txn\":{\"appId\":\"a\",\"version\":1}}",
};

START_TEST(delta_action_scan__leaves_the_rest_to_the_general_parser) /* T-DELTA-REPLAY-6 */
{
    struct parsers p;
    open_parsers(&p);
    ck_assert_msg(!check_line(&p, left[_i], strlen(left[_i])), "%s", left[_i]);
    close_parsers(&p);
}
END_TEST

START_TEST(delta_action_scan__agrees_about_every_changed_byte) /* T-DELTA-REPLAY-6 */
{
    static const char others[] = {'"', '\\', '{', '}', ':', ',',  ' ',  '0',        '9',
                                  '-', 'x',  '/', '.', '%', '\t', '\0', (char)0x80, (char)0xff};
    struct parsers p;
    char line[1000];
    open_parsers(&p);
    unsigned taken = 0;
    for (size_t u = 0; u < sizeof(usual) / sizeof(usual[0]); u++) {
        const size_t size = strlen(usual[u]);
        for (size_t at = 0; at < size; at++) {
            for (size_t o = 0; o < sizeof(others); o++) {
                memcpy(line, usual[u], size + 1);
                line[at] = others[o];
                taken += check_line(&p, line, size);
            }
            taken += check_line(&p, usual[u], at); /* cut */
            memcpy(line, usual[u], at);
            memcpy(line + at, usual[u] + at + 1, size - at);
            taken += check_line(&p, line, size - 1);
            if (p.arena.total > 1 << 20) {
                tarn__arena_free(&p.arena);
            }
        }
    }
    ck_assert_uint_gt(taken, 500); /* changed digits, letters of paths and values */
    close_parsers(&p);
}
END_TEST

START_TEST(delta_action_scan__plain_paths_are_those_that_decode_to_themselves) /* T-DELTA-PATH-1 */
{
    static const char alphabet[] = "ab./%:=0";
    struct tarn_env *env = tarn_test_env();
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    char path[40];
    uint32_t random = 7;
    unsigned plain = 0;
    for (int i = 0; i < 200000; i++) {
        const size_t size = 1 + (size_t)i % (sizeof(path) - 1);
        for (size_t at = 0; at < size; at++) {
            random = random * 1664525 + 1013904223;
            const uint32_t pick = random >> 24;
            path[at] = pick < 200 ? (char)('a' + pick % 26) : alphabet[pick % (sizeof(alphabet) - 1)];
        }
        const struct tarn_text text = {path, size};
        if (tarn__delta_path_is_plain(text)) {
            plain++;
            tarn__builder_clear(&out);
            ck_assert(tarn__delta_path_decode(text, &out));
            ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), text), "%.*s becomes %.*s", (int)size, path, (int)out.size, out.data);
        }
    }
    ck_assert_uint_gt(plain, 1000);
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/delta_action_scan", TARN_LOOP_TEST(delta_action_scan__takes_what_writers_print, usual),
           TARN_LOOP_TEST(delta_action_scan__leaves_the_rest_to_the_general_parser, left),
           TARN_TEST(delta_action_scan__agrees_about_every_changed_byte),
           TARN_TEST(delta_action_scan__plain_paths_are_those_that_decode_to_themselves))
