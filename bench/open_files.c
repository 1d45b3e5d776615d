/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarn-bench-footer: what it takes to open a Parquet file.
 *   tarn-bench-footer open TIMES FILE      opens: footer read, validated whole, schema made
 *   tarn-bench-footer column TIMES FILE    opens and reads the column in the middle
 * Prints one JSON object: the median time of TIMES, and the file's columns and rows (and the rows that were read), so that engines can be
 * compared on equal answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tarn/env.h"
#include "tarn/reader.h"

struct answer {
    uint32_t columns;
    uint64_t rows;
    uint64_t read;
};

static int64_t now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static struct tarn_text text_of(const char *text)
{
    return (struct tarn_text){text, strlen(text)};
}

static enum tarn_status read_task(struct tarn_scan *scan, uint32_t task, uint64_t *rows, struct tarn_error *err)
{
    struct tarn_cursor *cursor;
    struct tarn_vector *vector;
    uint32_t count;
    enum tarn_status status = tarn_scan_open(scan, task, &cursor, err);
    if (status != TARN_OK) {
        return status;
    }
    while ((status = tarn_cursor_next(cursor, 0, &count, err)) == TARN_OK && count != 0) {
        status = tarn_cursor_column(cursor, 0, NULL, &vector, err);
        if (status != TARN_OK) {
            break;
        }
        *rows += count;
    }
    tarn_cursor_close(cursor);
    return status;
}

static enum tarn_status read_column(struct tarn_source *source, uint64_t *rows, struct tarn_error *err)
{
    const struct tarn_schema *schema = tarn_source_schema(source);
    const struct tarn_path_step step = {.kind = TARN_PATH_FIELD, .name = schema->fields[schema->field_count / 2].name, .id = -1};
    const struct tarn_path path = {1, &step};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_scan *scan;
    request.path_count = 1;
    request.paths = &path;
    enum tarn_status status = tarn_source_scan(source, &request, &scan, err);
    if (status != TARN_OK) {
        return status;
    }
    for (uint32_t task = 0; status == TARN_OK && task < tarn_scan_task_count(scan); task++) {
        status = read_task(scan, task, rows, err);
    }
    tarn_scan_close(scan);
    return status;
}

static enum tarn_status open_once(struct tarn_store *store, const char *name, int column, struct answer *answer, struct tarn_error *err)
{
    struct tarn_source *source;
    enum tarn_status status = tarn_parquet_open(store, text_of(name), NULL, &source, err);
    if (status == TARN_OK) {
        *answer = (struct answer){.columns = tarn_source_schema(source)->field_count};
        if (!tarn_source_row_count(source, &answer->rows)) {
            answer->rows = 0;
        }
        status = column ? read_column(source, &answer->read, err) : TARN_OK;
        tarn_source_close(source);
    }
    return status;
}

static int by_size(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a;
    const int64_t two = *(const int64_t *)b;
    return (one > two) - (one < two);
}

static enum tarn_status measure(struct tarn_env *env, char *path, int column, int times, int64_t *spent, struct answer *answer,
                                struct tarn_error *err)
{
    struct tarn_store *store;
    char *slash = strrchr(path, '/');
    const char *folder = slash == NULL ? "." : path;
    const char *name = slash == NULL ? path : slash + 1;
    if (slash != NULL) {
        *slash = '\0';
    }
    enum tarn_status status = tarn_store_open(env, text_of(folder), false, &store, err);
    if (status != TARN_OK) {
        return status;
    }
    for (int i = 0; status == TARN_OK && i < times; i++) {
        const int64_t begun = now(CLOCK_MONOTONIC);
        status = open_once(store, name, column, answer, err);
        spent[i] = now(CLOCK_MONOTONIC) - begun;
    }
    tarn_store_close(store);
    return status;
}

int main(int argc, char **argv)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = NULL;
    struct answer answer = {0};
    const int times = argc == 4 ? (int)strtol(argv[2], NULL, 10) : 0;
    if (times < 1 || (strcmp(argv[1], "open") != 0 && strcmp(argv[1], "column") != 0)) {
        fprintf(stderr, "usage: tarn-bench-footer open|column TIMES FILE\n");
        return 2;
    }
    int64_t *spent = calloc((size_t)times, sizeof(*spent));
    enum tarn_status status = tarn_env_open(NULL, &env, &err);
    if (status == TARN_OK && spent != NULL) {
        const int column = strcmp(argv[1], "column") == 0;
        status = measure(env, argv[3], column, times, spent, &answer, &err);
    }
    if (status != TARN_OK || spent == NULL) {
        fprintf(stderr, "tarn-bench-footer: %s\n", err.message);
        return 1;
    }
    qsort(spent, (size_t)times, sizeof(*spent), by_size);
    printf("{\"work_ns\": %lld, \"answer\": \"%u columns, %llu rows", (long long)spent[times / 2], answer.columns,
           (unsigned long long)answer.rows);
    if (answer.read != 0) {
        printf(", %llu read", (unsigned long long)answer.read);
    }
    printf("\"}\n");
    free(spent);
    tarn_env_close(env);
    return 0;
}
