/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_CORPUS_INDEX_H
#define TARN_TESTS_SUPPORT_CORPUS_INDEX_H

#include "format/json/json_pull.h"
#include "tarn/store.h"

/* The list of the conformance corpus's Parquet files (expected/index.jsonl), line by line. For tests. */

enum tarn_corpus_must { TARN_CORPUS_READ, TARN_CORPUS_FAIL, TARN_CORPUS_EITHER };

struct tarn_corpus_entry {
    char path[512];
    enum tarn_corpus_must must;
    int64_t rows; /**< -1: not known */
};

struct tarn_corpus_index {
    struct tarn_env *env;
    char *text;
    struct tarn_json json;
};

void tarn_corpus_index_open(struct tarn_corpus_index *index, struct tarn_env *env, const char *corpus);
/** False at the end. */
bool tarn_corpus_index_next(struct tarn_corpus_index *index, struct tarn_corpus_entry *out);
void tarn_corpus_index_close(struct tarn_corpus_index *index);

/** The store that a file of the corpus lies in. */
struct tarn_store *tarn_corpus_store(struct tarn_env *env, const char *corpus, const char *path);

#endif
