/* SPDX-License-Identifier: Apache-2.0
 * Every Parquet file of the conformance corpus: rows that are equal to the expected ones, or UNSUPPORTED by name; a clean error for what
 * nobody should read. Never CORRUPT for a file that is right, never other rows, never a crash.
 */
#include <stdio.h>
#include <stdlib.h>

#ifndef TARN_MINIMAL
#include <libdeflate.h>
#endif

#include "format/base/number.h"
#include "format/json/json_pull.h"
#include "tarn/reader.h"
#include "tests/support/canonical.h"
#include "tests/support/suite.h"

/* Files that are read in another way than the corpus says, each with the reason. */
static const struct {
    const char *path;
    const char *why;
} exceptions[] = {
    {"duckdb/bigdecimal.parquet", "decimals of more than 76 digits are given as stored"},
    {"duckdb/broken/broken_bigint.parquet", "an annotation that its type cannot have is passed over"},
    {"duckdb/broken/broken_timestamp.parquet", "an annotation that its type cannot have is passed over"},
    {"duckdb/broken/broken_timestamp_ms.parquet", "an annotation that its type cannot have is passed over"},
    {"duckdb/broken/broken_ubigint.parquet", "an annotation that its type cannot have is passed over"},
    {"duckdb/broken/broken_uinteger.parquet", "an annotation that its type cannot have is passed over"},
    {"duckdb/broken/broken_usmallint.parquet", "an annotation that its type cannot have is passed over"},
    {"duckdb/broken/broken_utinyint.parquet", "an annotation that its type cannot have is passed over"},
    {"engines/fastparquet/fixed_text.parquet", "text of fixed length, which the specification does not have, is given as stored"},
    {"impala/data/bad_parquet_data.parquet", "what is wrong with it no reader can see"},
};

enum must { MUST_READ, MUST_FAIL, MUST_EITHER };

struct tally {
    unsigned equal;
    unsigned counted; /* equal in the number of rows, which is all that there is to compare */
    unsigned refused;
    unsigned unsupported;
    unsigned excepted;
    unsigned wrong;
};

static struct tarn_error err;

static bool is_exception(const char *path)
{
    for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++) {
        if (strcmp(exceptions[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* The whole file, terminated, or NULL when there is none. */
static char *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    char *bytes = NULL;
    size_t capacity = 0;
    *size = 0;
    for (size_t got = 1; got != 0; *size += got) {
        if (*size + 65537 > capacity) {
            capacity = capacity * 2 + 65537;
            bytes = realloc(bytes, capacity);
            ck_assert_ptr_nonnull(bytes);
        }
        got = fread(bytes + *size, 1, 65536, file);
    }
    fclose(file);
    bytes[*size] = '\0';
    return bytes;
}

/* Expected rows, unpacked. NULL: there are none, or they cannot be unpacked in this build. */
static char *expected_rows(const char *base, const char *form, size_t *size)
{
    char path[1100];
    snprintf(path, sizeof(path), "%s.%srows.jsonl", base, form);
    char *rows = read_whole(path, size);
    if (rows != NULL) {
        return rows;
    }
#ifndef TARN_MINIMAL
    size_t packed_size;
    snprintf(path, sizeof(path), "%s.%srows.jsonl.gz", base, form);
    char *packed = read_whole(path, &packed_size);
    if (packed == NULL) {
        return NULL;
    }
    *size = tarn__load32((const uint8_t *)packed + packed_size - 4);
    rows = malloc(*size + 1);
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    ck_assert(libdeflate_gzip_decompress(decompressor, packed, packed_size, rows, *size, NULL) == LIBDEFLATE_SUCCESS);
    libdeflate_free_decompressor(decompressor);
    free(packed);
#endif
    return rows;
}

/* INT96 has nine digits in the corpus and is read as microseconds. */
static bool same_string(struct tarn_text expected, struct tarn_text got)
{
    if (tarn__text_equal(expected, got)) {
        return true;
    }
    return expected.size == got.size + 3 && got.size > 20 && got.data[got.size - 1] == 'Z' && expected.data[expected.size - 1] == 'Z' &&
           memcmp(expected.data, got.data, got.size - 1) == 0;
}

static bool same_number(struct tarn_text expected, struct tarn_text got)
{
    double one;
    double two;
    int64_t integer;
    if (tarn__text_equal(expected, got)) {
        return true;
    }
    if (tarn__int64_parse(expected, &integer) == TARN_PARSED && tarn__int64_parse(got, &integer) == TARN_PARSED) {
        return false;
    }
    return tarn__double_parse(expected, 0, &one) == TARN_PARSED && tarn__double_parse(got, 0, &two) == TARN_PARSED &&
           memcmp(&one, &two, sizeof(one)) == 0;
}

/* Compares two JSON texts event by event; the byte of `got` where they differ, or its size. */
static size_t compare_rows(struct tarn_env *env, struct tarn_text expected, struct tarn_text got)
{
    struct tarn_json one;
    struct tarn_json two;
    enum tarn_json_event expected_event;
    enum tarn_json_event got_event;
    size_t differs = got.size;
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_INVALID, .many = true};
    tarn__json_open(&one, &options, expected);
    tarn__json_open(&two, &options, got);
    do {
        ck_assert_ok(tarn__json_next(&one, &expected_event, &err), &err);
        ck_assert_ok(tarn__json_next(&two, &got_event, &err), &err);
        const bool same =
            expected_event == got_event && (got_event == TARN_JSON_NUMBER                                 ? same_number(one.text, two.text)
                                            : got_event == TARN_JSON_STRING || got_event == TARN_JSON_KEY ? same_string(one.text, two.text)
                                                                                                          : true);
        if (!same) {
            differs = two.offset < got.size ? two.offset : got.size - 1;
            break;
        }
    } while (expected_event != TARN_JSON_END);
    tarn__json_close(&one);
    tarn__json_close(&two);
    return differs;
}

static uint64_t count_lines(struct tarn_text text)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < text.size; i++) {
        lines += text.data[i] == '\n';
    }
    return lines;
}

static void complain(struct tally *tally, const char *path, const char *what, const char *detail)
{
    if (is_exception(path)) {
        tally->excepted++;
        return;
    }
    tally->wrong++;
    fprintf(stderr, "%s: %s%s\n", path, what, detail);
}

/* Files with variants have rows in a form of their own ("variant."), and some of them in the bytes that are stored too. */
static bool has_rows(const char *corpus, const char *path, const char *form)
{
    char base[1024];
    size_t size;
    snprintf(base, sizeof(base), "%s/parquet/expected/%s", corpus, path);
    char *rows = expected_rows(base, form, &size);
    free(rows);
    return rows != NULL;
}

static void judge_rows(struct tarn_env *env, struct tally *tally, const char *corpus, const char *path, const char *form, int64_t rows,
                       struct tarn_text got)
{
    char base[1024];
    size_t size = 0;
    snprintf(base, sizeof(base), "%s/parquet/expected/%s", corpus, path);
    char *expected = expected_rows(base, form, &size);
    if (expected != NULL) {
        const size_t differs = compare_rows(env, (struct tarn_text){expected, size}, got);
        char near[100];
        snprintf(near, sizeof(near), "%.*s", (int)(got.size - differs < 80 ? got.size - differs : 80),
                 got.size != 0 ? got.data + differs : "");
        if (differs != got.size) {
            complain(tally, path, "other rows near ", near);
        } else {
            tally->equal++;
        }
        free(expected);
    } else if (rows >= 0 && count_lines(got) != (uint64_t)rows) {
        complain(tally, path, "another number of rows", "");
    } else {
        tally->counted++;
    }
}

static void judge_stored_variants(struct tally *tally, const char *corpus, const char *path, struct tarn_source *source)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, source->env);
    ck_assert_ok(tarn_canonical_rows_stored(source, 1000, &text, &err), &err);
    judge_rows(source->env, tally, corpus, path, "", -1, tarn__builder_text(&text));
    tarn__builder_free(&text);
}

static void check_file(struct tally *tally, const char *corpus, const char *path, enum must must, int64_t rows)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_parquet_read_options read_options = TARN_PARQUET_READ_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_store *store;
    struct tarn_source *source;
    struct tarn_text_builder text;
    char folder[1024];
    char line[1200];

    options.memory_limit = UINT64_C(2) << 30;
    read_options.invalid_utf8_as_is = true;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    snprintf(folder, sizeof(folder), "%s%s", corpus, strncmp(path, "clickbench/", 11) == 0 ? "" : "/parquet");
    ck_assert_ok(tarn_store_open(env, tarn__text_of(folder), false, &store, &err), &err);
    tarn__builder_init(&text, env);
    enum tarn_status status = tarn_parquet_open(store, tarn__text_of(path), &read_options, &source, &err);
    if (status == TARN_OK) {
        status = tarn_canonical_rows(source, 1000, &text, &err);
    }
    if (status != TARN_OK) {
        tarn_error_format(&err, line, sizeof(line));
    }
    if (status == TARN_INTERNAL || status == TARN_INVALID || status == TARN_IO) {
        complain(tally, path, "", line);
    } else if (must == MUST_FAIL && status == TARN_OK) {
        complain(tally, path, "was read and is to be refused", "");
    } else if (status == TARN_OK && must == MUST_READ) {
        const bool variants = has_rows(corpus, path, "variant.");
        judge_rows(env, tally, corpus, path, variants ? "variant." : "", rows, tarn__builder_text(&text));
        if (variants && has_rows(corpus, path, "")) {
            judge_stored_variants(tally, corpus, path, source);
        }
    } else if (status == TARN_UNSUPPORTED) {
        tally->unsupported++;
    } else if (must == MUST_READ) {
        complain(tally, path, "", line);
    } else {
        tally->refused++;
    }
    tarn__builder_free(&text);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}

/* One line of the index. */
static void check_line(struct tally *tally, const char *corpus, struct tarn_json *json)
{
    char path[512] = "";
    enum must must = MUST_READ;
    int64_t rows = -1;
    bool more = true;
    for (;;) {
        ck_assert_ok(tarn__json_key(json, &more, &err), &err);
        if (!more) {
            break;
        }
        struct tarn_text text;
        bool is_null;
        if (tarn__json_is(json, "path")) {
            ck_assert_ok(tarn__json_string(json, &text, NULL, &err), &err);
            const struct tarn_text beside = TARN_TEXT("../"); /* clickbench lies beside the folder of Parquet files */
            const size_t skip = tarn__text_starts(text, beside) ? beside.size : 0;
            snprintf(path, sizeof(path), "%.*s", (int)(text.size - skip), text.data + skip);
        } else if (tarn__json_is(json, "must")) {
            ck_assert_ok(tarn__json_string(json, &text, NULL, &err), &err);
            must = tarn__text_equal(text, TARN_TEXT("read"))   ? MUST_READ
                   : tarn__text_equal(text, TARN_TEXT("fail")) ? MUST_FAIL
                                                               : MUST_EITHER;
        } else if (tarn__json_is(json, "rows")) {
            ck_assert_ok(tarn__json_int64(json, &rows, &is_null, &err), &err);
            rows = is_null ? -1 : rows;
        } else {
            ck_assert_ok(tarn__json_skip(json, &err), &err);
        }
    }
    check_file(tally, corpus, path, must, rows);
}

START_TEST(parquet_corpus__reads_every_file_or_says_what_is_missing)
{
    const char *corpus = tarn_test_corpus();
    struct tally tally = {0};
    char path[1024];
    size_t size;

    if (corpus == NULL) {
        fprintf(stderr, "not run: TARN_CORPUS is not set\n");
        return;
    }
    struct tarn_env *env = tarn_test_env();
    snprintf(path, sizeof(path), "%s/parquet/expected/index.jsonl", corpus);
    char *index = read_whole(path, &size);
    ck_assert_ptr_nonnull(index);
    struct tarn_json json;
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_CORRUPT, .many = true};
    tarn__json_open(&json, &options, (struct tarn_text){index, size});
    for (;;) {
        enum tarn_json_event event;
        ck_assert_ok(tarn__json_next(&json, &event, &err), &err);
        if (event == TARN_JSON_END) {
            break;
        }
        check_line(&tally, corpus, &json);
    }
    tarn__json_close(&json);
    free(index);
    tarn_test_env_close(env);
    fprintf(stderr, "corpus: %u equal, %u equal in number of rows, %u unsupported by name, %u refused, %u exceptions, %u wrong\n",
            tally.equal, tally.counted, tally.unsupported, tally.refused, tally.excepted, tally.wrong);
    ck_assert_uint_eq(tally.wrong, 0);
    ck_assert_uint_eq(tally.excepted, sizeof(exceptions) / sizeof(exceptions[0])); /* one that is right now leaves the list */
    ck_assert_uint_gt(tally.equal, 500);
}
END_TEST

TARN_SUITE("reader/parquet_corpus", TARN_TEST(parquet_corpus__reads_every_file_or_says_what_is_missing))
