/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarn-bench-commit: durable commits a second, and what the disk itself allows.
 *   tarn-bench-commit tarn|floor FOLDER PROCESSES COMMITS
 *     tarn   each of so many processes appends one row so many times to one table, each time a version, durable when the call returns
 *     floor  the same files, of the same sizes, by system calls alone, with the same syncs: a data file under another name, synced and
 *            given its name, its folder synced; the commit written as a temporary, synced, linked to the first free version, its folder
 * synced Prints one JSON object: the time from the first process' begin to the last one's end, commits a second, and the 99th percentile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tarn/query.h"
#include "tarn/table.h"

enum { MOST_PROCESSES = 256, PATH_SIZE = 512, DATA_BYTES = 900, COMMIT_BYTES = 900 };

struct run {
    const char *folder;
    int processes;
    int commits;
    int64_t *latencies; /* shared: of each process its own part */
};

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* ---- by system calls ---- */

static bool write_synced(const char *path, size_t bytes)
{
    static char block[4096];
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    const bool good = file >= 0 && write(file, block, bytes) == (ssize_t)bytes && fdatasync(file) == 0;
    return (file < 0 || close(file) == 0) && good;
}

static bool sync_folder(const char *path)
{
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool good = folder >= 0 && fsync(folder) == 0;
    return (folder < 0 || close(folder) == 0) && good;
}

static bool commit_by_calls(const struct run *run, int process, int number, long *version)
{
    char log[PATH_SIZE + 16];
    char temporary[PATH_SIZE + 64];
    char name[PATH_SIZE + 64];
    snprintf(temporary, sizeof(temporary), "%s/.part-%d-%d.tmp", run->folder, process, number);
    snprintf(name, sizeof(name), "%s/part-%d-%d.parquet", run->folder, process, number);
    if (!write_synced(temporary, DATA_BYTES) || rename(temporary, name) != 0 || !sync_folder(run->folder)) {
        return false;
    }
    snprintf(log, sizeof(log), "%s/_delta_log", run->folder);
    snprintf(temporary, sizeof(temporary), "%s/.commit-%d-%d.tmp", log, process, number);
    if (!write_synced(temporary, COMMIT_BYTES)) {
        return false;
    }
    for (;; ++*version) {
        snprintf(name, sizeof(name), "%s/%020ld.json", log, *version);
        if (link(temporary, name) == 0) {
            break;
        }
        if (errno != EEXIST) {
            return false;
        }
    }
    return unlink(temporary) == 0 && sync_folder(log);
}

static bool floor_process(const struct run *run, int process)
{
    bool good = true;
    long version = 1;
    for (int i = 0; good && i < run->commits; i++) {
        const int64_t begun = now();
        good = commit_by_calls(run, process, i, &version);
        run->latencies[process * run->commits + i] = now() - begun;
    }
    return good;
}

/* ---- by tarn ---- */

static struct tarn_text text_of(const char *terminated)
{
    return (struct tarn_text){terminated, strlen(terminated)};
}

static enum tarn_status one_row(struct tarn_env *env, const char *sql, struct tarn_batch **out, struct tarn_error *err)
{
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query;
    struct tarn_batch *batch = NULL;
    enum tarn_status status = tarn_query_open(env, text_of(sql), &options, &query, err);
    if (status == TARN_OK) {
        status = tarn_query_next(query, &batch, err);
        if (out != NULL) {
            *out = batch != NULL ? tarn_batch_retain(batch) : NULL;
        }
        tarn_query_close(query);
    }
    return status;
}

static enum tarn_status append(struct tarn_snapshot *snapshot, const struct tarn_batch *row, struct tarn_error *err)
{
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;
    enum tarn_status status = tarn_transaction_open(snapshot, NULL, &transaction, err);
    if (status != TARN_OK) {
        return status;
    }
    status = tarn_transaction_sink(transaction, &sink, err);
    if (status == TARN_OK) {
        status = tarn_sink_write(sink, row, err);
        if (status == TARN_OK) {
            status = tarn_sink_finish(sink, err);
        } else {
            tarn_sink_abort(sink);
        }
    }
    if (status != TARN_OK) {
        tarn_transaction_abort(transaction);
        return status;
    }
    return tarn_transaction_commit(transaction, NULL, err);
}

static bool tarn_process(const struct run *run, int process)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = NULL;
    struct tarn_batch *row = NULL;
    struct tarn_snapshot *snapshot = NULL;
    enum tarn_status status = tarn_env_open(NULL, &env, &err);
    status = status == TARN_OK ? one_row(env, "SELECT CAST(1 AS BIGINT) AS id", &row, &err) : status;
    status = status == TARN_OK ? tarn_snapshot_load(env, text_of(run->folder), NULL, &snapshot, &err) : status;
    for (int i = 0; status == TARN_OK && i < run->commits; i++) {
        struct tarn_snapshot *newer = NULL;
        const int64_t begun = now();
        status = append(snapshot, row, &err);
        status = status == TARN_OK ? tarn_snapshot_refresh(snapshot, &newer, &err) : status;
        run->latencies[process * run->commits + i] = now() - begun;
        if (status == TARN_OK) {
            tarn_snapshot_close(snapshot);
            snapshot = newer;
        }
    }
    if (status != TARN_OK) {
        fprintf(stderr, "tarn-bench-commit: %s\n", err.message);
    }
    tarn_snapshot_close(snapshot);
    tarn_batch_release(row);
    tarn_env_close(env);
    return status == TARN_OK;
}

static bool make_table(const char *folder)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = NULL;
    char sql[PATH_SIZE + 64];
    snprintf(sql, sizeof(sql), "CREATE TABLE '%s' (id BIGINT) USING delta", folder);
    enum tarn_status status = tarn_env_open(NULL, &env, &err);
    status = status == TARN_OK ? one_row(env, sql, NULL, &err) : status;
    tarn_env_close(env);
    return status == TARN_OK;
}

/* ---- both ---- */

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool run_processes(const struct run *run, bool (*process)(const struct run *, int))
{
    pid_t children[MOST_PROCESSES];
    bool good = true;
    fflush(NULL);
    for (int p = 0; p < run->processes; p++) {
        children[p] = fork();
        if (children[p] == 0) {
            _exit(process(run, p) ? 0 : 1);
        }
    }
    for (int p = 0; p < run->processes; p++) {
        int status = 1;
        good = children[p] > 0 && waitpid(children[p], &status, 0) == children[p] && status == 0 && good;
    }
    return good;
}

int main(int argc, char **argv)
{
    struct run run = {0};
    char log[PATH_SIZE + 16];
    if (argc == 5) {
        run = (struct run){.folder = argv[2], .processes = (int)strtol(argv[3], NULL, 10), .commits = (int)strtol(argv[4], NULL, 10)};
    }
    const bool is_floor = argc == 5 && strcmp(argv[1], "floor") == 0;
    if (run.processes < 1 || run.processes > MOST_PROCESSES || run.commits < 1 || (!is_floor && strcmp(argv[1], "tarn") != 0)) {
        fprintf(stderr, "usage: tarn-bench-commit tarn|floor FOLDER PROCESSES COMMITS\n");
        return 2;
    }
    const size_t count = (size_t)run.processes * (size_t)run.commits;
    run.latencies = mmap(NULL, count * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    snprintf(log, sizeof(log), "%s/_delta_log", run.folder);
    const bool made = is_floor ? mkdir(run.folder, 0777) == 0 && mkdir(log, 0777) == 0 : make_table(run.folder);
    if (!made || run.latencies == MAP_FAILED) {
        fprintf(stderr, "tarn-bench-commit: %s could not be made\n", run.folder);
        return 1;
    }
    const int64_t begun = now();
    if (!run_processes(&run, is_floor ? floor_process : tarn_process)) {
        fprintf(stderr, "tarn-bench-commit: a process failed\n");
        return 1;
    }
    const int64_t taken = now() - begun;
    qsort(run.latencies, count, sizeof(int64_t), by_size);
    printf("{\"work_ns\": %lld, \"commits_per_second\": %.1f, \"p99_ms\": %.2f, \"answer\": \"%zu commits\"}\n", (long long)taken,
           (double)count * 1e9 / (double)taken, (double)run.latencies[count * 99 / 100] / 1e6, count);
    return 0;
}
