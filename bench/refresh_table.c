/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarn-bench-refresh: from one version of a Delta table to the next.
 *   tarn-bench-refresh THREADS COMMIT_FILE ROUNDS
 * COMMIT_FILE is the table's newest commit. Each round puts one commit with one add behind it and refreshes the snapshot of the version
 * before; the commits are removed at the end. Prints one JSON object: the median time of a refresh, and the files at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tarn/env.h"
#include "tarn/table.h"

enum { MOST_ROUNDS = 1000 };

static int64_t now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static void commit_path(char *path, size_t size, const char *folder, long long version)
{
    snprintf(path, size, "%s/_delta_log/%020lld.json", folder, version);
}

static int put_commit(const char *folder, long long version)
{
    char path[4200];
    commit_path(path, sizeof(path), folder, version);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    fprintf(file,
            "{\"add\":{\"path\":\"refreshed-%lld.parquet\",\"partitionValues\":{},\"size\":1,\"modificationTime\":1700000000000,"
            "\"dataChange\":true,\"stats\":\"{\\\"numRecords\\\":10}\"}}\n",
            version);
    return fclose(file);
}

/* The table's folder and the newest version, out of the path of its commit. */
static int split(const char *commit, char *folder, size_t size, long long *version)
{
    const char *log = strstr(commit, "/_delta_log/");
    if (log == NULL || (size_t)(log - commit) >= size) {
        return 1;
    }
    memcpy(folder, commit, (size_t)(log - commit));
    folder[log - commit] = '\0';
    *version = strtoll(log + strlen("/_delta_log/"), NULL, 10);
    return 0;
}

static enum tarn_status run(struct tarn_env *env, const char *folder, long long newest, int rounds, int64_t *times, uint64_t *files,
                            struct tarn_error *err)
{
    struct tarn_snapshot *snapshot;
    enum tarn_status status = tarn_snapshot_load(env, (struct tarn_text){folder, strlen(folder)}, NULL, &snapshot, err);
    for (int i = 0; status == TARN_OK && i < rounds; i++) {
        struct tarn_snapshot *newer;
        if (put_commit(folder, newest + i + 1) != 0) {
            status = TARN_IO;
            break;
        }
        const int64_t begun = now(CLOCK_MONOTONIC);
        status = tarn_snapshot_refresh(snapshot, &newer, err);
        times[i] = now(CLOCK_MONOTONIC) - begun;
        if (status == TARN_OK) {
            tarn_snapshot_close(snapshot);
            snapshot = newer;
        }
    }
    if (status == TARN_OK) {
        *files = tarn_snapshot_info(snapshot).file_count;
    }
    tarn_snapshot_close(snapshot);
    return status;
}

int main(int argc, char **argv)
{
    static int64_t times[MOST_ROUNDS];
    char folder[4096];
    long long newest;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = NULL;
    uint64_t files = 0;
    const int rounds = argc == 4 ? atoi(argv[3]) : 0;
    if (rounds < 1 || rounds > MOST_ROUNDS || split(argv[2], folder, sizeof(folder), &newest) != 0) {
        fprintf(stderr, "usage: tarn-bench-refresh THREADS COMMIT_FILE ROUNDS\n");
        return 2;
    }
    enum tarn_status status = tarn_env_open(NULL, &env, &err);
    if (status == TARN_OK) {
        status = run(env, folder, newest, rounds, times, &files, &err);
    }
    tarn_env_close(env);
    for (int i = 0; i < rounds; i++) {
        char path[4200];
        commit_path(path, sizeof(path), folder, newest + i + 1);
        unlink(path);
    }
    if (status != TARN_OK) {
        fprintf(stderr, "tarn-bench-refresh: %s\n", err.message);
        return 1;
    }
    const int64_t first = times[0];
    qsort(times, (size_t)rounds, sizeof(times[0]), ascending);
    fprintf(stderr, "first %.3f ms, median %.3f ms, most %.3f ms\n", (double)first / 1e6, (double)times[rounds / 2] / 1e6,
            (double)times[rounds - 1] / 1e6);
    printf("{\"work_ns\": %lld, \"answer\": \"%llu files\"}\n", (long long)times[rounds / 2], (unsigned long long)files);
    return 0;
}
