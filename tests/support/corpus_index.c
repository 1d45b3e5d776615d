/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/corpus_index.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/expected_rows.h"
#include "tests/support/suite.h"

static struct tarn_error err;

void tarn_corpus_index_open(struct tarn_corpus_index *index, struct tarn_env *env, const char *corpus)
{
    char path[1024];
    size_t size;
    snprintf(path, sizeof(path), "%s/parquet/expected/index.jsonl", corpus);
    index->env = env;
    index->text = tarn_test_read_whole(path, &size);
    ck_assert_ptr_nonnull(index->text);
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_CORRUPT, .many = true};
    tarn__json_open(&index->json, &options, (struct tarn_text){index->text, size});
}

void tarn_corpus_index_close(struct tarn_corpus_index *index)
{
    tarn__json_close(&index->json);
    free(index->text);
}

static void read_entry(struct tarn_json *json, struct tarn_corpus_entry *entry)
{
    bool more = true;
    *entry = (struct tarn_corpus_entry){.rows = -1};
    for (;;) {
        struct tarn_text text;
        bool is_null;
        ck_assert_ok(tarn__json_key(json, &more, &err), &err);
        if (!more) {
            return;
        }
        if (tarn__json_is(json, "path")) {
            ck_assert_ok(tarn__json_string(json, &text, NULL, &err), &err);
            const struct tarn_text up = TARN_TEXT("../");
            const size_t skip = tarn__text_starts(text, up) ? up.size : 0;
            snprintf(entry->path, sizeof(entry->path), "%.*s", (int)(text.size - skip), text.data + skip);
        } else if (tarn__json_is(json, "must")) {
            ck_assert_ok(tarn__json_string(json, &text, NULL, &err), &err);
            entry->must = tarn__text_equal(text, TARN_TEXT("read"))   ? TARN_CORPUS_READ
                          : tarn__text_equal(text, TARN_TEXT("fail")) ? TARN_CORPUS_FAIL
                                                                      : TARN_CORPUS_EITHER;
        } else if (tarn__json_is(json, "rows")) {
            ck_assert_ok(tarn__json_int64(json, &entry->rows, &is_null, &err), &err);
            entry->rows = is_null ? -1 : entry->rows;
        } else {
            ck_assert_ok(tarn__json_skip(json, &err), &err);
        }
    }
}

bool tarn_corpus_index_next(struct tarn_corpus_index *index, struct tarn_corpus_entry *out)
{
    enum tarn_json_event event;
    ck_assert_ok(tarn__json_next(&index->json, &event, &err), &err);
    if (event == TARN_JSON_END) {
        return false;
    }
    read_entry(&index->json, out);
    return true;
}

struct tarn_store *tarn_corpus_store(struct tarn_env *env, const char *corpus, const char *path)
{
    char folder[1024];
    struct tarn_store *store;
    const bool beside = strncmp(path, "clickbench/", 11) == 0; /* the folder of Parquet files */
    snprintf(folder, sizeof(folder), "%s%s", corpus, beside ? "" : "/parquet");
    ck_assert_ok(tarn_store_open(env, tarn__text_of(folder), false, &store, &err), &err);
    return store;
}
