/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarn-bench-deleted-rows: a scan of a table of which rows are deleted in place, beside one of the same file of which none are, in turns.
 *   tarn-bench-deleted-rows FOLDER [--rows N] [--per-mille N] [--rounds N]
 * Makes both tables in FOLDER if they are not there: one file of keys, prices, dates, codes and texts. A round reads every column of every
 * row of both, on one thread; which comes first changes from round to round. Prints the median of each by the processor time of the
 * thread, and the median of the ratios of the rounds.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/gen/tpch_random.h"
#include "format/base/bytes.h"
#include "format/batch/vector_builder.h"
#include "tarn/table.h"

enum { MOST_ROUNDS = 1001, DEFAULT_ROUNDS = 41, DEFAULT_ROWS = 4000000, DEFAULT_PER_MILLE = 10, COLUMNS = 5, BATCH = 65536 };

static struct tpch_stream stream;
static struct tarn_error err = TARN_ERROR_INIT;

#define TRY(call)                                                                                                                          \
    do {                                                                                                                                   \
        if ((call) != TARN_OK) {                                                                                                           \
            fprintf(stderr, "%s: %s\n", #call, err.message);                                                                               \
            exit(1);                                                                                                                       \
        }                                                                                                                                  \
    } while (0)

static const struct tarn_type t_i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type t_i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type t_price = {.id = TARN_TYPE_DECIMAL, .precision = 12, .scale = 2};
static const struct tarn_type t_date = {.id = TARN_TYPE_DATE};
static const struct tarn_type t_text = {.id = TARN_TYPE_STRING};
static const struct tarn_field fields[COLUMNS] = {
    {.name = {"key", 3}, .type = &t_i64, .nullable = true, .id = -1},
    {.name = {"price", 5}, .type = &t_price, .nullable = true, .id = -1},
    {.name = {"date", 4}, .type = &t_date, .nullable = true, .id = -1},
    {.name = {"code", 4}, .type = &t_i32, .nullable = true, .id = -1},
    {.name = {"text", 4}, .type = &t_text, .nullable = true, .id = -1},
};
static const struct tarn_schema schema = {.field_count = COLUMNS, .fields = fields};

/* ---- the tables ---- */

static void add_row(struct tarn_vector_builder **columns, int64_t row)
{
    char text[48];
    const int size = snprintf(text, sizeof(text), "order %d of customer %d", tpch_draw(&stream, 1, 9999), tpch_draw(&stream, 1, 99999));
    tarn__vector_builder_i64(columns[0], row * 4 + tpch_draw(&stream, 0, 3));
    tarn__vector_builder_i64(columns[1], tpch_draw(&stream, 90000, 9999999));
    tarn__vector_builder_i64(columns[2], 8000 + tpch_draw(&stream, 0, 2500));
    tarn__vector_builder_i64(columns[3], tpch_draw(&stream, 1, 50));
    tarn__vector_builder_text(columns[4], (struct tarn_text){text, (size_t)size});
}

static void write_rows(struct tarn_sink *sink, int64_t rows)
{
    for (int64_t first = 0; first < rows; first += BATCH) {
        const uint32_t count = rows - first < BATCH ? (uint32_t)(rows - first) : BATCH;
        struct tarn_vector_builder *builders[COLUMNS];
        struct tarn_vector *columns[COLUMNS];
        for (int c = 0; c < COLUMNS; c++) {
            TRY(tarn__vector_builder_open(sink->env, sink->schema->fields[c].type, &builders[c], &err));
        }
        for (uint32_t i = 0; i < count; i++) {
            add_row(builders, first + i);
        }
        for (int c = 0; c < COLUMNS; c++) {
            TRY(tarn__vector_builder_finish(builders[c], &columns[c], &err));
            tarn__vector_builder_close_all(builders[c]);
        }
        const struct tarn_batch batch = {sink->schema, count, COLUMNS, columns, tarn_selection_all(count)};
        TRY(tarn_sink_write(sink, &batch, &err));
        for (int c = 0; c < COLUMNS; c++) {
            tarn_vector_release(columns[c]);
        }
    }
}

static void delete_rows(struct tarn_env *env, struct tarn_text uri, int64_t rows, int per_mille)
{
    struct tarn_snapshot *snapshot;
    struct tarn_transaction *transaction;
    uint32_t files;
    size_t count = 0;
    uint64_t *positions = malloc((size_t)rows * sizeof(*positions));
    for (int64_t row = 0; positions != NULL && row < rows; row++) {
        if (tpch_draw(&stream, 0, 999) < per_mille) {
            positions[count++] = (uint64_t)row;
        }
    }
    TRY(tarn_snapshot_load(env, uri, NULL, &snapshot, &err));
    TRY(tarn_transaction_open(snapshot, NULL, &transaction, &err));
    TRY(tarn_transaction_select(transaction, NULL, &files, &err));
    for (uint32_t f = 0; f < files; f++) {
        struct tarn_file_info file;
        size_t below = 0;
        TRY(tarn_transaction_file_info(transaction, f, &file, &err));
        while (below < count && positions[below] < file.row_count) {
            below++;
        }
        TRY(tarn_transaction_delete_rows(transaction, f, below, positions, &err));
    }
    TRY(tarn_transaction_commit(transaction, NULL, &err));
    tarn_snapshot_close(snapshot);
    free(positions);
}

static void make_table(struct tarn_env *env, const char *path, int64_t rows, int per_mille)
{
    static const struct tarn_property property = {{"delta.enableDeletionVectors", 27}, {"true", 4}};
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;
    const struct tarn_text uri = tarn__text_of(path);
    create.schema = &schema;
    create.properties = &property;
    create.property_count = 1;
    stream.seed = 20261122;
    const enum tarn_status status = tarn_transaction_create(env, uri, &create, NULL, &transaction, &err);
    if (status == TARN_EXISTS) {
        return;
    }
    TRY(status);
    TRY(tarn_transaction_sink(transaction, &sink, &err));
    write_rows(sink, rows);
    TRY(tarn_sink_finish(sink, &err));
    TRY(tarn_transaction_commit(transaction, NULL, &err));
    if (per_mille != 0) {
        delete_rows(env, uri, rows, per_mille);
    }
}

/* ---- measuring ---- */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e3 + 1e-6 * (double)time.tv_nsec;
}

/* Every column of every row; its rows. */
static uint64_t scan(struct tarn_source *source)
{
    struct tarn_path_step steps[COLUMNS];
    struct tarn_path paths[COLUMNS];
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_scan *scanned;
    uint64_t sum = 0;
    for (int c = 0; c < COLUMNS; c++) {
        steps[c] = (struct tarn_path_step){.kind = TARN_PATH_FIELD, .name = fields[c].name, .id = -1};
        paths[c] = (struct tarn_path){1, &steps[c]};
    }
    request.path_count = COLUMNS;
    request.paths = paths;
    TRY(tarn_source_scan(source, &request, &scanned, &err));
    for (uint32_t t = 0; t < tarn_scan_task_count(scanned); t++) {
        struct tarn_cursor *cursor;
        uint32_t rows;
        TRY(tarn_scan_open(scanned, t, &cursor, &err));
        for (;;) {
            TRY(tarn_cursor_next(cursor, 0, &rows, &err));
            if (rows == 0) {
                break;
            }
            for (uint32_t c = 0; c < COLUMNS; c++) {
                struct tarn_vector *vector;
                TRY(tarn_cursor_column(cursor, c, NULL, &vector, &err));
                sum += c == 0 ? vector->length : 0;
            }
        }
        tarn_cursor_close(cursor);
    }
    tarn_scan_close(scanned);
    return sum;
}

static int by_value(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
    long rows = DEFAULT_ROWS;
    long per_mille = DEFAULT_PER_MILLE;
    long rounds = DEFAULT_ROUNDS;
    bool good = argc >= 2 && argc % 2 == 0;
    for (int i = 2; good && i < argc; i += 2) {
        long *to = strcmp(argv[i], "--rows") == 0        ? &rows
                   : strcmp(argv[i], "--per-mille") == 0 ? &per_mille
                   : strcmp(argv[i], "--rounds") == 0    ? &rounds
                                                         : NULL;
        good = to != NULL;
        if (good) {
            *to = atol(argv[i + 1]);
        }
    }
    if (!good || rows < 1 || per_mille < 1 || per_mille > 999 || rounds < 1 || rounds > MOST_ROUNDS) {
        fprintf(stderr, "usage: tarn-bench-deleted-rows FOLDER [--rows N] [--per-mille N] [--rounds N]\n");
        return 2;
    }
    struct tarn_env *env;
    struct tarn_snapshot *snapshots[2];
    struct tarn_source *sources[2];
    TRY(tarn_env_open(NULL, &env, &err));
    for (int k = 0; k < 2; k++) {
        char path[1000];
        snprintf(path, sizeof(path), "%s/%ld-rows-%ld-per-mille", argv[1], rows, k == 0 ? 0 : per_mille);
        make_table(env, path, rows, k == 0 ? 0 : (int)per_mille);
        TRY(tarn_snapshot_load(env, tarn__text_of(path), NULL, &snapshots[k], &err));
        TRY(tarn_snapshot_source(snapshots[k], &sources[k], &err));
    }
    static double times[2][MOST_ROUNDS];
    static double ratios[MOST_ROUNDS];
    uint64_t read[2] = {0, 0};
    for (long round = -1; round < rounds; round++) { /* the first is not counted */
        for (int turn = 0; turn < 2; turn++) {
            const int k = (int)((round + turn) & 1);
            const double begun = now();
            read[k] = scan(sources[k]);
            if (round >= 0) {
                times[k][round] = now() - begun;
            }
        }
        if (round >= 0) {
            ratios[round] = times[1][round] / times[0][round];
        }
    }
    qsort(times[0], (size_t)rounds, sizeof(double), by_value);
    qsort(times[1], (size_t)rounds, sizeof(double), by_value);
    qsort(ratios, (size_t)rounds, sizeof(double), by_value);
    printf("whole    %10" PRIu64 " rows  %8.2f ms\n", read[0], times[0][rounds / 2]);
    printf("deleted  %10" PRIu64 " rows  %8.2f ms  %.3f of the whole (a quarter of the rounds below %.3f, a quarter above %.3f)\n", read[1],
           times[1][rounds / 2], ratios[rounds / 2], ratios[rounds / 4], ratios[rounds * 3 / 4]);
    for (int k = 0; k < 2; k++) {
        tarn_source_close(sources[k]);
        tarn_snapshot_close(snapshots[k]);
    }
    tarn_env_close(env);
    return 0;
}
