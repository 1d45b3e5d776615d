/* SPDX-License-Identifier: Apache-2.0
 * tarn_parquet_verify over every right file of the corpus: its writers' statistics, indexes and bloom filters hold for the values, but for
 * those that are known to lie. Whoever breaks the reader, or the rules of statistics, hears of it from a thousand foreign files.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/base/text.h"
#include "tarn/reader.h"
#include "tests/support/suite.h"

/* Files with an error that is really there. */
static const struct {
    const char *path;
    const char *detail;
} liars[] = {
    {"duckdb/apkwan.parquet", "statistics"},                    /* Arrow C++ before 6: no nulls counted in dictionaries */
    {"duckdb/arrow/list_columns.parquet", "statistics"},        /* nulls of lists counted as of their elements */
    {"duckdb/bug2267.parquet", "statistics"},                   /* the same */
    {"duckdb/compression/generated/data_page=2_", "page_rows"}, /* values stated where rows belong */
    {"duckdb/h2oai/h2oai_group_small.parquet", "statistics"},
    {"duckdb/invalid", "utf8"},
    {"impala/data/alltypes_invalid_pages.parquet", "offset_index"},
    {"parquet-testing/data/datapage_v1-snappy-compressed-checksum.parquet", "column_index"}, /* a null page with values */
    {"parquet-testing/data/datapage_v1-uncompressed-checksum.parquet", "column_index"},
    {"parquet-testing/data/list_columns.parquet", "statistics"},
    {"engines/datafusion/nested_list_", "column_index"}, /* a null page with values */
};

static struct tarn_error err;

struct heard {
    unsigned errors;
    struct tarn_error first;
};

static void hear(void *arg, const struct tarn_finding *finding)
{
    struct heard *heard = arg;
    if (finding->kind == TARN_FINDING_ERROR && heard->errors++ == 0) {
        heard->first = *finding->error;
    }
}

static const char *known_lie(const char *path)
{
    for (size_t i = 0; i < sizeof(liars) / sizeof(liars[0]); i++) {
        if (strncmp(path, liars[i].path, strlen(liars[i].path)) == 0) {
            return liars[i].detail;
        }
    }
    return NULL;
}

static char *read_index(const char *corpus)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/parquet/expected/index.jsonl", corpus);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    rewind(file);
    char *text = malloc((size_t)size + 1);
    ck_assert_uint_eq(fread(text, 1, (size_t)size, file), (size_t)size);
    text[size] = '\0';
    fclose(file);
    return text;
}

/* "path" of a line, when the file is to be read, needs no keys and is no test of gigabytes; else NULL. */
static char *wanted_path(char *line)
{
    char *path = strstr(line, "\"path\": \"");
    if (path == NULL || strstr(line, "\"must\": \"read\"") == NULL || strstr(line, "\"keys\": true") != NULL) {
        return NULL;
    }
    path += strlen("\"path\": \"");
    *strchr(path, '"') = '\0';
    const bool left_out = strncmp(path, "..", 2) == 0 || strstr(path, "encrypt") != NULL || strstr(path, "large_string_map") != NULL;
    return left_out ? NULL : path;
}

START_TEST(verify_corpus__foreign_claims_hold) /* P-VERIFY-5 P-VERIFY-7 P-VERIFY-8 P-VERIFY-11 P-VERIFY-12 */
{
    const char *corpus = tarn_test_corpus();
    if (corpus == NULL) {
        printf("not run: TARN_CORPUS is not set\n");
        return;
    }
    char folder[1024];
    struct tarn_store *store;
    unsigned files = 0;
    unsigned lies = 0;
    char *index = read_index(corpus);
    struct tarn_env *env = tarn_test_env();
    snprintf(folder, sizeof(folder), "%s/parquet", corpus);
    ck_assert_ok(tarn_store_open(env, (struct tarn_text){folder, strlen(folder)}, false, &store, &err), &err);
    for (char *line = index; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        const char *path = wanted_path(line);
        if (path != NULL) {
            struct heard heard = {0};
            const char *lie = known_lie(path);
            ck_assert_ok(tarn_parquet_verify(store, (struct tarn_text){path, strlen(path)}, NULL, hear, &heard, &err), &err);
            ck_assert_msg(heard.errors == 0 || lie != NULL, "%s: %s: %s", path, heard.first.detail, heard.first.message);
            ck_assert_msg(heard.errors == 0 || strcmp(lie, heard.first.detail) == 0, "%s: %s, not %s", path, heard.first.detail, lie);
            lies += heard.errors != 0;
            files++;
        }
        line = end != NULL ? end + 1 : NULL;
    }
    printf("%u files verified, %u of them with a writer's error\n", files, lies);
    ck_assert_uint_ge(files, 900);
    ck_assert_uint_ge(lies, 15);
    tarn_store_close(store);
    tarn_test_env_close(env);
    free(index);
}
END_TEST

static const char *const encrypted[] = {"encrypt_columns_and_footer_bloom_filter.parquet.encrypted",
                                        "encrypt_columns_and_footer.parquet.encrypted", "uniform_encryption.parquet.encrypted",
                                        "encrypt_columns_plaintext_footer.parquet.encrypted"};

START_TEST(verify_corpus__encrypted_claims_hold)
{
    /* The keys are the ASCII digits 0123456789012345, 1234567890123450 and 1234567890123451. */
    static const char keys[] = "{\"keys\":{\"footer\":\"30313233343536373839303132333435\",\"kf\":\"30313233343536373839303132333435\","
                               "\"kc1\":\"31323334353637383930313233343530\",\"kc2\":\"31323334353637383930313233343531\"}}";
    const char *corpus = tarn_test_corpus();
    if (corpus == NULL) {
        printf("not run: TARN_CORPUS is not set\n");
        return;
    }
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_key_file *key_file;
    struct tarn_store *store;
    struct tarn_env *env;
    struct heard heard = {0};
    char folder[1024];
    struct tarn_env *base = tarn_test_env();
    ck_assert_ok(tarn_key_file_open(base, (struct tarn_text){keys, sizeof(keys) - 1}, &key_file, &err), &err);
    const struct tarn_key_hooks hooks = tarn_key_file_hooks(key_file);
    options.keys = &hooks;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    snprintf(folder, sizeof(folder), "%s/parquet/parquet-testing/data", corpus);
    ck_assert_ok(tarn_store_open(env, (struct tarn_text){folder, strlen(folder)}, false, &store, &err), &err);
    ck_assert_ok(tarn_parquet_verify(store, (struct tarn_text){encrypted[_i], strlen(encrypted[_i])}, NULL, hear, &heard, &err), &err);
    ck_assert_msg(heard.errors == 0, "%s: %s: %s", encrypted[_i], heard.first.detail, heard.first.message);
    tarn_store_close(store);
    tarn_test_env_close(env);
    tarn_key_file_close(key_file);
    tarn_test_env_close(base);
}
END_TEST

TARN_SUITE("verify corpus", TARN_TEST(verify_corpus__foreign_claims_hold), TARN_LOOP_TEST(verify_corpus__encrypted_claims_hold, encrypted))
