/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that hammer one table, and the proof that nothing was lost, doubled or dropped.
 *   hammer WORK FOLDER [--processes N] [--commits N] [--kills N] [--seconds N] [--seed N] [--wild-clock] [--format delta|iceberg]
 *     WORK   rows: each process adds rows with ids of its own and deletes some again
 *            lists: each process reads a list and writes what follows from what it read (list-append)
 *   Kills: processes are stopped with SIGKILL at random moments and started again.
 *
 * Each process writes into a journal of its own what it is about to do and what was acknowledged, by write(2), which outlives it. In the
 * end every acknowledged change must be in the table, nothing may be there that nobody tried, and nothing twice; what was tried and not
 * acknowledged may be there or not. Prints one line of JSON; the exit code is 1 when something is wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tarn/query.h"
#include "tarn/table.h"

enum { MOST_PROCESSES = 64, MOST_COMMITS = 200000, LISTS = 4, STRIDE = 1000000, TEXT = 512 };

struct settings {
    bool lists;
    const char *folder;
    const char *format;
    int processes;
    int commits; /* each */
    int kills;
    int seconds;
    uint64_t seed;
    bool wild_clock;
};

/* What is known of a row. */
enum { TRIED = 1, ADDED = 2, TRIED_DELETE = 4, DELETED = 8, SEEN = 16 };

static int64_t real_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static int64_t steady_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Ten years off, either way, another each time. */
static int64_t wild_now(void *ctx)
{
    const int64_t off = (int64_t)(next_random(ctx) % 631152000) - 315576000;
    return real_now() + off * 1000000;
}

static struct tarn_text text_of(const char *terminated)
{
    return (struct tarn_text){terminated, strlen(terminated)};
}

static struct tarn_env *open_env(const struct settings *settings, uint64_t *clock)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    options.expr_host = tarn_query_expr_host();
    if (settings->wild_clock && clock != NULL) {
        options.now = wild_now;
        options.clock_ctx = clock;
    }
    return tarn_env_open(&options, &env, NULL) == TARN_OK ? env : NULL;
}

/* Runs a statement; *count is the first value of its first row, when it has one. */
static enum tarn_status run(struct tarn_env *env, const char *sql, int64_t *version, char *first, size_t size, struct tarn_error *err)
{
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query;
    struct tarn_batch *batch = NULL;
    enum tarn_status status = tarn_query_open(env, text_of(sql), &options, &query, err);
    if (status != TARN_OK) {
        return status;
    }
    bool have = false;
    while ((status = tarn_query_next(query, &batch, err)) == TARN_OK && batch != NULL) {
        if (first != NULL && !have && batch->length != 0) {
            have = true;
            tarn_vector_format(env, batch->columns[0], 0, first, size);
        }
    }
    if (version != NULL) {
        *version = tarn_query_info(query).version;
    }
    tarn_query_close(query);
    return status;
}

/* ---- the journal of a process ---- */

static void journal_path(const struct settings *settings, int process, char path[TEXT])
{
    snprintf(path, TEXT, "%s/journal-%d", settings->folder, process);
}

static void note(int journal, char what, int64_t id, int64_t value)
{
    char line[80];
    const int size = snprintf(line, sizeof(line), "%c %" PRId64 " %" PRId64 "\n", what, id, value);
    if (write(journal, line, (size_t)size) != size) {
        _exit(90);
    }
}

/* ---- one process ---- */

static void hammer_rows(const struct settings *settings, struct tarn_env *env, int process, int journal, int done, uint64_t *random)
{
    for (int i = done; i < settings->commits; i++) {
        struct tarn_error err = TARN_ERROR_INIT;
        char sql[TEXT];
        int64_t version;
        const int64_t id = (int64_t)process * STRIDE + i;
        const bool deletes = i > 0 && next_random(random) % 8 == 0;
        const int64_t victim = deletes ? (int64_t)process * STRIDE + (int64_t)(next_random(random) % (uint64_t)i) : 0;
        const int64_t begun = steady_now();
        if (deletes) {
            note(journal, 'd', victim, i);
            snprintf(sql, sizeof(sql), "DELETE FROM '%s/t' WHERE id = %" PRId64, settings->folder, victim);
        } else {
            note(journal, 't', id, i);
            snprintf(sql, sizeof(sql), "INSERT INTO '%s/t' VALUES (%" PRId64 ", %d, 0)", settings->folder, id, process);
        }
        const enum tarn_status status = run(env, sql, &version, NULL, 0, &err);
        if (status == TARN_OK) {
            note(journal, deletes ? 'e' : 'a', deletes ? victim : id, steady_now() - begun);
        } else {
            fprintf(stderr, "process %d: %s: %s\n", process, tarn_status_name(status), err.message);
            note(journal, status == TARN_COMMIT_UNKNOWN ? 'u' : 'x', id, (int64_t)status);
        }
    }
}

/* The row says how many the list had when it was written: only one of all writers may have seen it so long. */
static void hammer_lists(const struct settings *settings, struct tarn_env *env, int process, int journal, int done, uint64_t *random)
{
    int64_t longest[LISTS] = {0};
    for (int i = done; i < settings->commits;) {
        struct tarn_error err = TARN_ERROR_INIT;
        char sql[TEXT];
        char found[64] = "0";
        const int list = (int)(next_random(random) % LISTS);
        const int64_t id = (int64_t)process * STRIDE + i;
        if (next_random(random) % 4 == 0) {
            snprintf(sql, sizeof(sql), "SELECT count(*) FROM '%s/t' WHERE list = %d AND place < 1000000000", settings->folder, list);
            if (run(env, sql, NULL, found, sizeof(found), &err) != TARN_OK || strtoll(found, NULL, 10) < longest[list]) {
                note(journal, 'x', id, -1); /* a read that went back behind what was read before */
            }
            longest[list] = strtoll(found, NULL, 10);
        }
        note(journal, 't', id, list);
        snprintf(sql, sizeof(sql),
                 "INSERT INTO '%s/t' SELECT CAST(%" PRId64 " AS BIGINT), %d, CAST(count(*) AS INTEGER) FROM '%s/t' WHERE list = %d",
                 settings->folder, id, list, settings->folder, list);
        const int64_t begun = steady_now();
        enum tarn_status status = run(env, sql, NULL, NULL, 0, &err);
        while (status == TARN_CONFLICT) { /* read again, write again */
            const struct timespec pause = {0, (long)(next_random(random) % 3000000)};
            nanosleep(&pause, NULL);
            status = run(env, sql, NULL, NULL, 0, &err);
        }
        if (status == TARN_OK) {
            note(journal, 'a', id, steady_now() - begun);
            i++;
        } else {
            fprintf(stderr, "process %d: %s: %s\n", process, tarn_status_name(status), err.message);
            note(journal, status == TARN_COMMIT_UNKNOWN ? 'u' : 'x', id, (int64_t)status);
            i++;
        }
    }
}

static int work(const struct settings *settings, int process, int done)
{
    char path[TEXT];
    uint64_t random = settings->seed * 7919 + (uint64_t)process * 104729 + (uint64_t)done * 31 + 1;
    uint64_t clock = random * 3 + 1;
    journal_path(settings, process, path);
    const int journal = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    struct tarn_env *env = open_env(settings, &clock);
    if (journal < 0 || env == NULL) {
        return 91;
    }
    (settings->lists ? hammer_lists : hammer_rows)(settings, env, process, journal, done, &random);
    tarn_env_close(env);
    return close(journal) == 0 ? 0 : 92;
}

/* ---- the table ---- */

static bool write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    return file != NULL && fputs(text, file) >= 0 && fclose(file) == 0;
}

/* By hand, since its commits are to carry their own times. */
static bool make_delta(const struct settings *settings)
{
    static const char begin[] =
        "{\"commitInfo\":{\"inCommitTimestamp\":1700000000000,\"timestamp\":1700000000000,\"operation\":\"CREATE "
        "TABLE\",\"txnId\":\"0\"}}\n"
        "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":7,\"writerFeatures\":[\"inCommitTimestamp\"]}}\n"
        "{\"metaData\":{\"id\":\"hammer\",\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":\"{\\\"type\\\":"
        "\\\"struct\\\","
        "\\\"fields\\\":[{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}},"
        "{\\\"name\\\":\\\"list\\\",\\\"type\\\":\\\"integer\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}},"
        "{\\\"name\\\":\\\"place\\\",\\\"type\\\":\\\"integer\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}]}\","
        "\"partitionColumns\":[],\"configuration\":{\"delta.enableInCommitTimestamps\":\"true\"}}}\n";
    char path[TEXT];
    snprintf(path, sizeof(path), "%s/t", settings->folder);
    bool made = mkdir(path, 0777) == 0;
    snprintf(path, sizeof(path), "%s/t/_delta_log", settings->folder);
    made = made && mkdir(path, 0777) == 0;
    snprintf(path, sizeof(path), "%s/t/_delta_log/%020d.json", settings->folder, 0);
    return made && write_file(path, begin);
}

static bool make_table(const struct settings *settings)
{
    if (mkdir(settings->folder, 0777) != 0 && errno != EEXIST) {
        return false;
    }
    if (strcmp(settings->format, "delta") == 0) {
        return make_delta(settings);
    }
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = open_env(settings, NULL);
    char sql[TEXT];
    snprintf(sql, sizeof(sql), "CREATE TABLE '%s/t' (id BIGINT, list INTEGER, place INTEGER) USING %s", settings->folder, settings->format);
    const enum tarn_status status = run(env, sql, NULL, NULL, 0, &err);
    tarn_env_close(env);
    return status == TARN_OK;
}

/* ---- the end ---- */

struct account {
    const struct settings *settings;
    unsigned char *rows; /* by process and number */
    uint64_t acknowledged;
    uint64_t dropped; /* changes that were refused */
    uint64_t unknown;
    uint64_t lost;
    uint64_t doubled;
    uint64_t made_up;
    uint64_t undead; /* deleted, and there again */
    uint64_t gaps;   /* places of a list that are there twice, or not */
    uint64_t unordered;
    uint64_t versions;
    uint32_t *places[LISTS];
    int64_t *latencies;
    size_t latency_count;
};

static unsigned char *row_of(struct account *account, int64_t id)
{
    const int64_t process = id / STRIDE;
    const int64_t number = id % STRIDE;
    if (id < 0 || process >= account->settings->processes || number >= account->settings->commits) {
        return NULL;
    }
    return &account->rows[process * account->settings->commits + number];
}

/* What the journal of a process says; *done: where it goes on. */
static void read_journal(struct account *account, int process, int *done)
{
    char path[TEXT];
    char line[128];
    journal_path(account->settings, process, path);
    FILE *file = fopen(path, "rb");
    *done = 0;
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        int64_t id = 0;
        int64_t value = 0;
        char what = 0;
        if (sscanf(line, "%c %" SCNd64 " %" SCNd64, &what, &id, &value) != 3) {
            continue;
        }
        unsigned char *row = row_of(account, id);
        if (row == NULL) {
            account->made_up++;
            continue;
        }
        *row |= what == 't' ? TRIED : what == 'a' ? ADDED : what == 'd' ? TRIED_DELETE : what == 'e' ? DELETED : 0;
        if (what == 'a' || what == 'e') {
            account->acknowledged++;
            account->latencies[account->latency_count++] = value;
        }
        account->dropped += what == 'x';
        account->unknown += what == 'u';
        if (what == 't') {
            *done = (int)(id % STRIDE) + 1;
        } else if (what == 'd') {
            *done = (int)value + 1;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

static void see_row(struct account *account, int64_t id, int64_t list, int64_t place)
{
    unsigned char *row = row_of(account, id);
    if (row == NULL || (*row & TRIED) == 0) {
        account->made_up++;
        return;
    }
    account->doubled += (*row & SEEN) != 0;
    account->undead += (*row & DELETED) != 0;
    *row |= SEEN;
    const int64_t most = (int64_t)account->settings->processes * account->settings->commits;
    if (account->settings->lists && list >= 0 && list < LISTS && place >= 0 && place < most) {
        account->places[list][place]++;
    }
}

static enum tarn_status see_rows(struct account *account, struct tarn_env *env, struct tarn_error *err)
{
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query;
    struct tarn_batch *batch = NULL;
    char sql[TEXT];
    snprintf(sql, sizeof(sql), "SELECT id, list, place FROM '%s/t'", account->settings->folder);
    enum tarn_status status = tarn_query_open(env, text_of(sql), &options, &query, err);
    while (status == TARN_OK) {
        status = tarn_query_next(query, &batch, err);
        if (status != TARN_OK || batch == NULL) {
            break;
        }
        for (uint32_t i = 0; i < batch->length; i++) {
            char cells[3][32];
            for (uint32_t c = 0; c < 3; c++) {
                tarn_vector_format(env, batch->columns[c], i, cells[c], sizeof(cells[c]));
            }
            see_row(account, strtoll(cells[0], NULL, 10), strtoll(cells[1], NULL, 10), strtoll(cells[2], NULL, 10));
        }
    }
    tarn_query_close(query);
    return status;
}

/* Versions without a gap, and times that rise from one to the next. */
static void see_log(struct account *account)
{
    int64_t before = 0;
    for (;; account->versions++) {
        char path[TEXT];
        char head[256] = {0};
        snprintf(path, sizeof(path), "%s/t/_delta_log/%020" PRIu64 ".json", account->settings->folder, account->versions);
        const int file = open(path, O_RDONLY);
        if (file < 0) {
            return;
        }
        const ssize_t size = read(file, head, sizeof(head) - 1);
        close(file);
        const char *time = size > 0 ? strstr(head, "\"inCommitTimestamp\":") : NULL;
        const int64_t at = time != NULL ? strtoll(time + 20, NULL, 10) : 0;
        account->unordered += at <= before;
        before = at;
    }
}

static void judge_rows(struct account *account)
{
    const int64_t rows = (int64_t)account->settings->processes * account->settings->commits;
    for (int64_t i = 0; i < rows; i++) {
        const unsigned char row = account->rows[i];
        account->lost += (row & ADDED) != 0 && (row & SEEN) == 0 && (row & TRIED_DELETE) == 0;
    }
    for (int list = 0; account->settings->lists && list < LISTS; list++) {
        bool ended = false;
        for (int64_t place = 0; place < rows; place++) {
            ended = ended || account->places[list][place] == 0;
            account->gaps += account->places[list][place] > 1 || (ended && account->places[list][place] != 0);
        }
    }
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int conclude(const struct settings *settings, int kills, int64_t microseconds)
{
    const size_t rows = (size_t)settings->processes * (size_t)settings->commits;
    struct account account = {.settings = settings, .rows = calloc(rows + 1, 1), .latencies = calloc(rows * 2 + 1, sizeof(int64_t))};
    struct tarn_error err = TARN_ERROR_INIT;
    for (int list = 0; list < LISTS; list++) {
        account.places[list] = calloc(rows + 1, sizeof(uint32_t));
    }
    for (int p = 0; p < settings->processes; p++) {
        int done;
        read_journal(&account, p, &done);
    }
    struct tarn_env *env = open_env(settings, NULL);
    const enum tarn_status status = see_rows(&account, env, &err);
    if (strcmp(settings->format, "delta") == 0) {
        see_log(&account);
    }
    judge_rows(&account);
    qsort(account.latencies, account.latency_count, sizeof(int64_t), by_size);
    const int64_t p99 = account.latency_count != 0 ? account.latencies[account.latency_count * 99 / 100] : 0;
    const bool good = status == TARN_OK && account.lost == 0 && account.doubled == 0 && account.made_up == 0 && account.undead == 0 &&
                      account.gaps == 0 && account.unordered == 0 && account.dropped == 0;
    printf("{\"work\":\"%s\",\"format\":\"%s\",\"processes\":%d,\"kills\":%d,\"acknowledged\":%" PRIu64 ",\"dropped\":%" PRIu64
           ",\"unknown\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"doubled\":%" PRIu64 ",\"made_up\":%" PRIu64 ",\"undead\":%" PRIu64
           ",\"gaps\":%" PRIu64 ",\"unordered\":%" PRIu64 ",\"versions\":%" PRIu64 ",\"seconds\":%.3f,\"commits_per_second\":%.1f"
           ",\"p99_ms\":%.1f,\"good\":%s}\n",
           settings->lists ? "lists" : "rows", settings->format, settings->processes, kills, account.acknowledged, account.dropped,
           account.unknown, account.lost, account.doubled, account.made_up, account.undead, account.gaps, account.unordered,
           account.versions, (double)microseconds / 1e6, microseconds > 0 ? (double)account.acknowledged * 1e6 / (double)microseconds : 0.0,
           (double)p99 / 1000, good ? "true" : "false");
    if (status != TARN_OK) {
        fprintf(stderr, "the table does not read: %s\n", err.message);
    }
    tarn_env_close(env);
    free(account.rows);
    free(account.latencies);
    for (int list = 0; list < LISTS; list++) {
        free(account.places[list]);
    }
    return good ? 0 : 1;
}

/* ---- the processes ---- */

static pid_t start(const struct settings *settings, int process, int done)
{
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        _exit(work(settings, process, done));
    }
    return child;
}

static int where_it_was(const struct settings *settings, int process)
{
    const size_t rows = (size_t)settings->processes * (size_t)settings->commits;
    struct account account = {.settings = settings, .rows = calloc(rows + 1, 1), .latencies = calloc(rows * 2 + 1, sizeof(int64_t))};
    int done;
    read_journal(&account, process, &done);
    free(account.rows);
    free(account.latencies);
    return done;
}

/* Runs them all, with kills between; *bad: a process that ended by itself and not well. */
static int hammer(const struct settings *settings, bool *bad)
{
    pid_t children[MOST_PROCESSES];
    uint64_t random = settings->seed * 31 + 7;
    int running = settings->processes;
    int kills = 0;
    const int64_t end = settings->seconds != 0 ? steady_now() + (int64_t)settings->seconds * 1000000 : INT64_MAX;
    for (int p = 0; p < settings->processes; p++) {
        children[p] = start(settings, p, 0);
    }
    while (running > 0) {
        const struct timespec pause = {0, (long)(next_random(&random) % 20000000)};
        const int process = (int)(next_random(&random) % (uint64_t)settings->processes);
        const bool late = steady_now() > end;
        nanosleep(&pause, NULL);
        for (int p = 0; p < settings->processes; p++) {
            int status;
            if (children[p] > 0 && waitpid(children[p], &status, WNOHANG) == children[p]) {
                *bad = *bad || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
                children[p] = 0;
                running--;
            }
        }
        if (children[process] > 0 && (kills < settings->kills || late)) {
            int status;
            kill(children[process], SIGKILL);
            waitpid(children[process], &status, 0);
            kills++;
            children[process] = late ? 0 : start(settings, process, where_it_was(settings, process));
            running -= late;
        }
    }
    return kills;
}

static int usage(void)
{
    fputs("hammer rows|lists FOLDER [--processes N] [--commits N] [--kills N] [--seconds N] [--seed N] [--wild-clock] [--format NAME]\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct settings settings = {.format = "delta", .processes = 8, .commits = 100, .seed = 1};
    if (argc < 3) {
        return usage();
    }
    settings.lists = strcmp(argv[1], "lists") == 0;
    settings.folder = argv[2];
    for (int i = 3; i < argc; i++) {
        int *number = strcmp(argv[i], "--processes") == 0 ? &settings.processes
                      : strcmp(argv[i], "--commits") == 0 ? &settings.commits
                      : strcmp(argv[i], "--kills") == 0   ? &settings.kills
                      : strcmp(argv[i], "--seconds") == 0 ? &settings.seconds
                                                          : NULL;
        if (strcmp(argv[i], "--wild-clock") == 0) {
            settings.wild_clock = true;
        } else if (i + 1 == argc) {
            return usage();
        } else if (number != NULL) {
            *number = (int)strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--seed") == 0) {
            settings.seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--format") == 0) {
            settings.format = argv[++i];
        } else {
            return usage();
        }
    }
    if (settings.processes < 1 || settings.processes > MOST_PROCESSES || settings.commits < 1 || settings.commits > MOST_COMMITS) {
        return usage();
    }
    if (!make_table(&settings)) {
        fprintf(stderr, "the table could not be made in %s\n", settings.folder);
        return 2;
    }
    bool bad = false;
    const int64_t begun = steady_now();
    const int kills = hammer(&settings, &bad);
    const int code = conclude(&settings, kills, steady_now() - begun);
    if (bad) {
        fputs("a process ended badly by itself\n", stderr);
    }
    return bad ? 1 : code;
}
