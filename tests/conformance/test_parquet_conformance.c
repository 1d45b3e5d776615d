/* SPDX-License-Identifier: Apache-2.0
 * Every Parquet file of the conformance corpus: rows and digests that are equal to the expected ones, a clean error of the right kind for
 * what nobody should read. Never CORRUPT for a file that is right, never other rows, never a crash. What came of each file goes to
 * conformance.tsv in the build folder, of which conformance_table.py makes docs/conformance.md.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tarn/reader.h"
#include "tests/support/canonical.h"
#include "tests/support/corpus_index.h"
#include "tests/support/corpus_keys.h"
#include "tests/support/expected_rows.h"
#include "tests/support/suite.h"

/* Files that are read in another way than the corpus says, each with the reason. */
static const struct {
    const char *path;
    const char *why;
} exceptions[] = {
    {"impala/data/bad_parquet_data.parquet", "nothing is wrong with it but its name: three rows, which every reader gives"},
};

/* What is said of files that were tampered with, or read with a wrong key. */
static const struct {
    const char *path;
    const char *said;
} tampered[] = {
    {"duckdb/encryption/arrow_uniform_encryption_gist.parquet", "AUTH.key"},
    {"duckdb/encryption/arrow_uniform_encryption_ten_row_groups.parquet", "AUTH.key"},
    {"engines/duckdb/encrypt_128_v2.parquet", "AUTH.key"},
    {"engines/hostile/encrypted_aad_missing.parquet", "AUTH.aad_prefix_missing"},
    {"engines/hostile/encrypted_aad_wrong.parquet", "AUTH.key"},
    {"engines/hostile/encrypted_footer_bit.parquet", "AUTH.key"},
    {"engines/hostile/encrypted_page_bit.parquet", "CORRUPT.page_crc"},
    {"engines/hostile/encrypted_wrong_key.parquet", "AUTH.key"},
    {"engines/hostile/encrypted_wrong_key_length.parquet", "INVALID.key_length"},
    {"engines/hostile/plaintext_footer_signature_bit.parquet", "AUTH.footer_signature"},
};

enum outcome {
    EQUAL,       /* rows or digests */
    COUNTED,     /* the number of rows, where nothing else is there to compare */
    REFUSED,     /* as it is to be */
    UNSUPPORTED, /* by name: to be read one day */
    EXCEPTED,
    WRONG,
    OUTCOMES
};

static const char *const outcome_names[] = {"equal", "equal in number of rows", "refused", "unsupported", "exception", "wrong"};

struct judgement {
    enum outcome outcome;
    char detail[1200];
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

static void judge(struct judgement *judgement, enum outcome outcome, const char *detail)
{
    judgement->outcome = outcome;
    snprintf(judgement->detail, sizeof(judgement->detail), "%s", detail);
}

static uint64_t count_lines(struct tarn_text text)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < text.size; i++) {
        lines += text.data[i] == '\n';
    }
    return lines;
}

static void compare_rows(struct tarn_source *source, char *expected, size_t size, struct tarn_text got, struct judgement *judgement)
{
    char why[400] = "";
    const size_t differs = tarn_test_compare_json(source->env, (struct tarn_text){expected, size}, got);
    if (differs != got.size) {
        snprintf(why, sizeof(why), "other rows near %.*s", (int)(got.size - differs < 80 ? got.size - differs : 80),
                 got.size != 0 ? got.data + differs : "");
    }
    judge(judgement, why[0] == '\0' ? EQUAL : WRONG, why);
}

/* Files with variants have their rows as plain JSON, and some of them in the bytes that are stored too. */
static void judge_stored_variants(struct tarn_source *source, char *expected, size_t size, struct judgement *judgement)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, source->env);
    ck_assert_ok(tarn_canonical_rows_stored(source, 1000, &text, &err), &err);
    compare_rows(source, expected, size, tarn__builder_text(&text), judgement);
    tarn__builder_free(&text);
}

static void judge_rows(const struct tarn_corpus_entry *entry, const char *base, struct tarn_source *source, struct tarn_text got,
                       struct judgement *judgement)
{
    char why[400] = "";
    size_t plain_size = 0;
    size_t size = 0;
    char *digest = NULL;
    char *plain = tarn_test_read_expected(base, ".variant.rows.jsonl", &plain_size);
    char *rows = tarn_test_read_expected(base, ".rows.jsonl", &size);
    if (plain != NULL) {
        compare_rows(source, plain, plain_size, got, judgement);
        if (judgement->outcome == EQUAL && rows != NULL) {
            judge_stored_variants(source, rows, size, judgement);
        }
    } else if (rows != NULL) {
        compare_rows(source, rows, size, got, judgement);
    } else if ((digest = tarn_test_read_expected(base, ".digest.json", &size)) != NULL) {
        ck_assert_ok(tarn_test_compare_digest(source, (struct tarn_text){digest, size}, why, sizeof(why), &err), &err);
        judge(judgement, why[0] == '\0' ? EQUAL : WRONG, why);
    } else if (entry->rows >= 0 && count_lines(got) != (uint64_t)entry->rows) {
        judge(judgement, WRONG, "another number of rows");
    } else {
        judge(judgement, COUNTED, "");
    }
    free(plain);
    free(rows);
    free(digest);
}

/* Has the file its own words for what is wrong with it? */
static bool is_told(const char *path, enum tarn_status status, const char *line, struct judgement *judgement)
{
    char said[128];
    snprintf(said, sizeof(said), "%s.%s", tarn_status_name(status), err.detail);
    for (size_t i = 0; i < sizeof(tampered) / sizeof(tampered[0]); i++) {
        if (strcmp(tampered[i].path, path) == 0) {
            const bool right = status == TARN_UNSUPPORTED /* a minimal build */ || strcmp(said, tampered[i].said) == 0;
            judge(judgement, status != TARN_OK && right ? REFUSED : WRONG, line);
            return true;
        }
    }
    return false;
}

static void check_file(const char *corpus, const struct tarn_corpus_entry *entry, struct judgement *judgement)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_parquet_read_options read_options = TARN_PARQUET_READ_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_store *store;
    struct tarn_source *source = NULL;
    struct tarn_text_builder text;
    char base[1536];
    char line[1200] = "";
    struct tarn_env *key_env = tarn_test_env();
    struct tarn_key_file *keys = NULL;
    struct tarn_key_hooks hooks;
    char *json = tarn_test_corpus_keys(corpus, entry->path);

    enum tarn_status status = json != NULL ? tarn_key_file_open(key_env, tarn__text_of(json), &keys, &err) : TARN_OK;
    free(json);
    if (keys != NULL) {
        hooks = tarn_key_file_hooks(keys);
        options.keys = &hooks;
    }
    options.memory_limit = UINT64_C(2) << 30;
    read_options.invalid_utf8_as_is = true;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    store = tarn_corpus_store(env, corpus, entry->path);
    snprintf(base, sizeof(base), "%s/parquet/expected/%s", corpus, entry->path);
    tarn__builder_init(&text, env);
    if (status == TARN_OK) {
        status = tarn_parquet_open(store, tarn__text_of(entry->path), &read_options, &source, &err);
    }
    if (status == TARN_OK) {
        status = tarn_canonical_rows(source, 1000, &text, &err);
    }
    if (status != TARN_OK) {
        tarn_error_format(&err, line, sizeof(line));
    }
    if (is_told(entry->path, status, line, judgement)) {
        /* judged */
    } else if (status == TARN_INTERNAL || status == TARN_INVALID || status == TARN_IO) {
        judge(judgement, WRONG, line);
    } else if (entry->must == TARN_CORPUS_FAIL && status == TARN_OK) {
        judge(judgement, WRONG, "was read and is to be refused");
    } else if (status == TARN_OK) {
        judge_rows(entry, base, source, tarn__builder_text(&text), judgement);
    } else if (entry->must != TARN_CORPUS_READ) {
        judge(judgement, REFUSED, line);
    } else {
        judge(judgement, status == TARN_UNSUPPORTED ? UNSUPPORTED : WRONG, line);
    }
    tarn__builder_free(&text);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
    tarn_key_file_close(keys);
    tarn_test_env_close(key_env);
}

/* The outcome without the message, which may change from day to day: "equal", "refused: CORRUPT.page_crc". */
static void note(FILE *results, const struct tarn_corpus_entry *entry, const struct judgement *judgement)
{
    const bool error = judgement->outcome == REFUSED || judgement->outcome == UNSUPPORTED;
    const int code = error ? (int)strcspn(judgement->detail, ":") : 0;
    fprintf(results, "%s\t%s%s%.*s\n", entry->path, outcome_names[judgement->outcome], error ? ": " : "", code, judgement->detail);
}

START_TEST(parquet_conformance__every_file_is_read_or_refused_as_it_must_be)
{
    const char *corpus = tarn_test_corpus();
    unsigned tally[OUTCOMES] = {0};

    if (corpus == NULL) {
        fprintf(stderr, "not run: TARN_CORPUS is not set\n");
        return;
    }
    struct tarn_env *env = tarn_test_env();
    FILE *results = fopen(TARN_BINARY_DIR "/conformance.tsv", "w");
    ck_assert_ptr_nonnull(results);
    const char *only = getenv("TARN_CONFORMANCE_ONLY"); /* a part of the paths that are wanted, for whoever looks for one fault */
    const bool verbose = getenv("TARN_CONFORMANCE_VERBOSE") != NULL;
    struct tarn_corpus_index index;
    struct tarn_corpus_entry entry;
    tarn_corpus_index_open(&index, env, corpus);
    while (tarn_corpus_index_next(&index, &entry)) {
        struct judgement judgement;
        if (only != NULL && strstr(entry.path, only) == NULL) {
            continue;
        }
        check_file(corpus, &entry, &judgement);
        if (judgement.outcome == WRONG && is_exception(entry.path)) {
            judgement.outcome = EXCEPTED;
        } else if (judgement.outcome == WRONG || verbose) {
            fprintf(stderr, "%s: %s: %s\n", outcome_names[judgement.outcome], entry.path, judgement.detail);
        }
        tally[judgement.outcome]++;
        note(results, &entry, &judgement);
    }
    tarn_corpus_index_close(&index);
    ck_assert_int_eq(fclose(results), 0);
    tarn_test_env_close(env);
    for (unsigned i = 0; i < OUTCOMES; i++) {
        fprintf(stderr, "%s%u %s", i == 0 ? "conformance: " : ", ", tally[i], outcome_names[i]);
    }
    fprintf(stderr, "\n");
    ck_assert_uint_eq(tally[WRONG], 0);
    if (only == NULL) {
        ck_assert_uint_eq(tally[EXCEPTED], sizeof(exceptions) / sizeof(exceptions[0])); /* one that is right now leaves the list */
        ck_assert_uint_gt(tally[EQUAL], 500);
    }
}
END_TEST

TARN_SUITE("conformance/parquet", TARN_TEST(parquet_conformance__every_file_is_read_or_refused_as_it_must_be))
