/* SPDX-License-Identifier: Apache-2.0
 * Two strings of 2^30 bytes in one column, in 4 KB of Brotli: read whole where there is memory, else refused by the budget.
 */
#include <stdio.h>

#include "format/base/bytes.h"
#include "tarn/reader.h"
#include "tests/support/suite.h"

static struct tarn_error err;

static enum tarn_status read_keys(struct tarn_store *store, uint64_t *bytes, bool *all_a)
{
    const struct tarn_path_step steps[] = {{TARN_PATH_FIELD, TARN_TEXT("arr"), -1}, {TARN_PATH_KEY, TARN_TEXT(""), -1}};
    const struct tarn_path path = {2, steps};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_source *source = NULL;
    struct tarn_scan *scan = NULL;
    struct tarn_cursor *cursor = NULL;
    struct tarn_vector *vector;
    uint32_t rows = 1;
    request.path_count = 1;
    request.paths = &path;
    request.batch_rows = 1;
    *bytes = 0;
    *all_a = true;
    enum tarn_status status = tarn_parquet_open(store, TARN_TEXT("large_string_map.brotli.parquet"), NULL, &source, &err);
    if (status == TARN_OK) {
        status = tarn_source_scan(source, &request, &scan, &err);
    }
    if (status == TARN_OK) {
        status = tarn_scan_open(scan, 0, &cursor, &err);
    }
    while (status == TARN_OK && rows != 0) {
        status = tarn_cursor_next(cursor, 1, &rows, &err);
        if (status == TARN_OK && rows != 0) {
            status = tarn_cursor_column(cursor, 0, NULL, &vector, &err);
        }
        for (uint32_t i = 0; status == TARN_OK && rows != 0 && i < vector->children[0]->length; i++) {
            const struct tarn_text key = tarn_vector_text(vector->children[0], i);
            *bytes += key.size;
            *all_a = *all_a && key.size != 0 && key.data[0] == 'a' && memcmp(key.data, key.data + 1, key.size - 1) == 0;
        }
    }
    tarn_cursor_close(cursor);
    tarn_scan_close(scan);
    tarn_source_close(source);
    return status;
}

static enum tarn_status read_within(const char *corpus, uint64_t limit, uint64_t *bytes, bool *all_a)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_store *store;
    char folder[1024];
    options.memory_limit = limit;
    snprintf(folder, sizeof(folder), "%s/parquet/parquet-testing/data", corpus);
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ok(tarn_store_open(env, tarn__text_of(folder), false, &store, &err), &err);
    const enum tarn_status status = read_keys(store, bytes, all_a);
    tarn_store_close(store);
    tarn_test_env_close(env);
    return status;
}

START_TEST(large_strings__two_of_a_gibibyte)
{
    const char *corpus = tarn_test_corpus();
    uint64_t bytes;
    bool all_a;
    if (corpus == NULL) {
        fprintf(stderr, "not run: TARN_CORPUS is not set\n");
        return;
    }
    ck_assert_ok(read_within(corpus, UINT64_C(6) << 30, &bytes, &all_a), &err);
    ck_assert_uint_eq(bytes, UINT64_C(2) << 30);
    ck_assert(all_a);
    ck_assert_status(read_within(corpus, UINT64_C(256) << 20, &bytes, &all_a), TARN_LIMIT);
}
END_TEST

TARN_SUITE("conformance/large_strings", TARN_TEST(large_strings__two_of_a_gibibyte))
