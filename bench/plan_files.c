/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarn-bench-plan: which data files a scan of a table reads.
 *   tarn-bench-plan THREADS PATH [COLUMN FROM TO]
 * FROM <= COLUMN < TO, for columns of whole numbers and timestamps (microseconds); COLUMN empty: all files.
 * Prints one JSON object: the time from opening the table to the last file, and the files' number, bytes and rows, so that engines can be
 * compared on equal answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tarn/env.h"
#include "tarn/expr.h"
#include "tarn/table.h"

struct answer {
    uint64_t files;
    uint64_t bytes;
    uint64_t rows;
};

static int64_t now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static enum tarn_status count_file(void *arg, const struct tarn_file_info *file, struct tarn_error *err)
{
    (void)err;
    struct answer *answer = arg;
    answer->files++;
    answer->bytes += file->size;
    answer->rows += file->row_count;
    return TARN_OK;
}

static struct tarn_text text_of(const char *text)
{
    return (struct tarn_text){text, strlen(text)};
}

/* from <= column and column < to */
static enum tarn_status make_predicate(struct tarn_env *env, const struct tarn_schema *schema, char **words, struct tarn_expr **out,
                                       struct tarn_error *err)
{
    const struct tarn_path_step step = {.kind = TARN_PATH_FIELD, .name = text_of(words[0]), .id = -1};
    const struct tarn_path path = {1, &step};
    const struct tarn_type *type;
    bool nullable;
    uint32_t index;
    enum tarn_status status = tarn_path_resolve(schema, &path, &type, &nullable, &index, err);
    struct tarn_expr_builder *builder = NULL;
    if (status == TARN_OK) {
        status = tarn_expr_builder_open(env, &builder, err);
    }
    if (status != TARN_OK) {
        return status;
    }
    const struct tarn_value from = {.type = type, .u.i64 = strtoll(words[1], NULL, 10)};
    const struct tarn_value to = {.type = type, .u.i64 = strtoll(words[2], NULL, 10)};
    const struct tarn_expr_node *column = tarn_expr_make_column(builder, &path, type, nullable);
    const struct tarn_expr_node *sides[] = {
        tarn_expr_make(builder, TARN_EXPR_GE, 2, (const struct tarn_expr_node *[]){column, tarn_expr_make_literal(builder, &from)}),
        tarn_expr_make(builder, TARN_EXPR_LT, 2, (const struct tarn_expr_node *[]){column, tarn_expr_make_literal(builder, &to)}),
    };
    return tarn_expr_builder_finish(builder, tarn_expr_make(builder, TARN_EXPR_AND, 2, sides), out, err);
}

static enum tarn_status measure(struct tarn_env *env, char **words, int count_of_words, struct answer *answer, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot;
    struct tarn_expr *predicate = NULL;
    const char *log = strstr(words[0], "/_delta_log/"); /* a commit stands for its table */
    const struct tarn_text table = {words[0], log != NULL ? (size_t)(log - words[0]) : strlen(words[0])};
    enum tarn_status status = tarn_snapshot_load(env, table, NULL, &snapshot, err);
    if (status == TARN_OK && count_of_words > 1 && words[1][0] != '\0') {
        status = make_predicate(env, tarn_snapshot_schema(snapshot), words + 1, &predicate, err);
    }
    if (status == TARN_OK) {
        status = tarn_snapshot_plan_files(snapshot, predicate, count_file, answer, err);
    }
    tarn_expr_release(predicate);
    tarn_snapshot_close(snapshot);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 6) {
        fprintf(stderr, "usage: tarn-bench-plan THREADS PATH [COLUMN FROM TO]\n");
        return 2;
    }
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_pool *pool = NULL;
    struct tarn_env *env = NULL;
    struct answer answer = {0};
    const int64_t begun = now(CLOCK_MONOTONIC);
    const int64_t cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    enum tarn_status status = tarn_pool_open((uint32_t)strtoul(argv[1], NULL, 10), &pool, &err);
    if (status == TARN_OK) {
        const struct tarn_executor executor = tarn_pool_executor(pool);
        struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
        options.executor = &executor;
        status = tarn_env_open(&options, &env, &err);
        if (status == TARN_OK) {
            status = measure(env, argv + 2, argc - 2, &answer, &err);
        }
        tarn_env_close(env);
    }
    tarn_pool_close(pool);
    if (status != TARN_OK) {
        char text[1200];
        tarn_error_format(&err, text, sizeof(text));
        fprintf(stderr, "tarn-bench-plan: %s\n", text);
        return 1;
    }
    printf("{\"work_ns\": %lld, \"work_cpu_ns\": %lld, \"answer\": \"%llu files, %llu bytes, %llu rows\"}\n",
           (long long)(now(CLOCK_MONOTONIC) - begun), (long long)(now(CLOCK_PROCESS_CPUTIME_ID) - cpu), (unsigned long long)answer.files,
           (unsigned long long)answer.bytes, (unsigned long long)answer.rows);
    return 0;
}
