/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarn-bench-decode: a Parquet file (or a CSV file, by its name) read from open to the last value.
 *   tarn-bench-decode MODE FILE THREADS REPEAT [--columns a,b] [--strings utf8|large|view] [--no-crc] [--where COLUMN INTEGER] [--cpu
 * base|v3|v4] MODE: stream  tarn's own batches, every value of every vector folded as it comes; THREADS cursors at a time arrow   the same
 * rows through the Arrow C stream into the consumer that all engines share table   every Arrow batch kept until the end, as a table in
 * memory; folded after the clock has stopped lookup  the rows for which COLUMN is INTEGER, every column of them The work is done once
 * without counting, then REPEAT times; the median is told, with the answer, as one JSON object.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fold_stream.h"
#include "format/base/buffer.h"
#include "format/expr/filter_scan.h"
#include "tarn/env.h"
#include "tarn/reader.h"

enum { MANY = 64, TEXT = 4096 };

struct options {
    const char *mode;
    const char *path;
    uint32_t threads;
    uint32_t repeat;
    char *columns[MANY];
    uint32_t column_count;
    enum tarn_arrow_strings strings;
    bool no_crc;
    const char *where;
    int64_t wanted;
    enum tarn_cpu cpu;
    const char *key;
};

/* Sums of a dictionary's entries, kept while its codes come. */
struct entry_sums {
    uint64_t id;
    uint64_t *sums;
};

/* What one worker has folded. */
struct worker {
    uint64_t rows;
    struct fold_total *totals;
    struct entry_sums *entries; /* of each top-level column */
};

struct work {
    const struct options *options;
    struct tarn_env *env;
    struct tarn_scan *scan;
    const struct tarn_expr *predicate;
    struct tarn_executor executor;
    uint32_t column_count;
    struct worker *workers;
    struct tarn_error error;
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

static enum tarn_status complain(struct tarn_error *err, enum tarn_status status, const char *message)
{
    err->code = status;
    snprintf(err->message, sizeof(err->message), "%s", message);
    return status;
}

static void *need(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "tarn-bench-decode: no memory\n");
        exit(1);
    }
    return memory;
}

/* ---- tarn's vectors ---- */

static bool has_value(const struct tarn_vector *vector, uint64_t row)
{
    return vector->validity == NULL || (vector->validity[row >> 3] >> (row & 7) & 1) != 0;
}

static uint64_t offset_at(const struct tarn_vector *vector, uint64_t at)
{
    return vector->wide_offsets ? ((const uint64_t *)vector->u.offsets)[at] : ((const uint32_t *)vector->u.offsets)[at];
}

static void fold_view_vector(const struct tarn_vector *vector, uint64_t first, uint64_t count, struct fold_total *total)
{
    const void *few[MANY] = {NULL};
    const void **buffers = vector->view_buffer_count <= MANY ? few : need(calloc(vector->view_buffer_count, sizeof(*buffers)));
    for (uint32_t i = 0; i < vector->view_buffer_count; i++) {
        buffers[i] = vector->view_buffers[i]->data;
    }
    fold_views(total, vector->u.views, buffers, vector->validity, first, count);
    if (buffers != few) {
        free(buffers);
    }
}

static void fold_flat(const struct tarn_vector *vector, uint64_t first, uint64_t count, struct fold_total *total)
{
    const enum tarn_kind kind = tarn_type_kind(vector->type);
    const uint32_t width = tarn_type_width(vector->type);
    const uint8_t *values = (const uint8_t *)vector->u.values + first * width;
    const bool negative = (kind >= TARN_KIND_I8 && kind <= TARN_KIND_I64) || kind == TARN_KIND_I128 || kind == TARN_KIND_I256;
    if (kind == TARN_KIND_BOOL) {
        fold_bits(total, vector->u.values, vector->validity, first, count);
        return;
    }
    const enum fold_kind how = vector->type->id == TARN_TYPE_DECIMAL && kind != TARN_KIND_FIXED ? FOLD_DECIMAL
                               : kind == TARN_KIND_FIXED                                        ? FOLD_BYTES
                               : negative                                                       ? FOLD_SIGNED
                                                                                                : FOLD_UNSIGNED;
    fold_fixed(total, how, width, values, vector->validity, first, count);
}

static void fold_vector(const struct tarn_vector *vector, uint64_t first, uint64_t count, struct fold_total *total,
                        struct entry_sums *entries);

static void sum_entries(const struct tarn_dictionary *dictionary, struct entry_sums *entries)
{
    const uint32_t count = dictionary->values->length;
    free(entries->sums);
    entries->sums = need(calloc((size_t)count + 1, sizeof(uint64_t)));
    for (uint32_t i = 0; i < count; i++) {
        struct fold_total one = {0, 0};
        fold_vector(dictionary->values, i, 1, &one, NULL);
        entries->sums[i] = one.sum;
    }
    entries->id = dictionary->id;
}

static void fold_codes(const struct tarn_vector *vector, uint64_t first, uint64_t count, struct fold_total *total,
                       struct entry_sums *entries)
{
    struct entry_sums own = {0, NULL};
    struct entry_sums *known = entries != NULL ? entries : &own;
    if (known->sums == NULL || known->id != vector->dictionary->id) {
        sum_entries(vector->dictionary, known);
    }
    const uint32_t *codes = vector->u.codes + first;
    uint64_t sum = 0;
    if (vector->validity == NULL) {
        for (uint64_t i = 0; i < count; i++) {
            sum += known->sums[codes[i]];
        }
    } else {
        for (uint64_t i = 0; i < count; i++) {
            sum += known->sums[codes[i]] & -(uint64_t)has_value(vector, first + i);
        }
    }
    total->sum += sum;
    total->values += fold_count(vector->validity, first, count);
    free(own.sums);
}

static void fold_list(const struct tarn_vector *vector, uint64_t first, uint64_t count, struct fold_total *total)
{
    const uint64_t begin = offset_at(vector, first);
    const uint64_t end = offset_at(vector, first + count);
    total->values += fold_count(vector->validity, first, count);
    total->sum += (end - begin) * FOLD_LENGTH_WEIGHT;
    for (uint32_t i = 0; i < vector->child_count; i++) {
        fold_vector(vector->children[i], begin, end - begin, total, NULL);
    }
}

static void fold_vector(const struct tarn_vector *vector, uint64_t first, uint64_t count, struct fold_total *total,
                        struct entry_sums *entries)
{
    switch (vector->shape) {
    case TARN_SHAPE_FLAT:
        fold_flat(vector, first, count, total);
        return;
    case TARN_SHAPE_STRINGS:
        fold_texts(total, vector->bytes + offset_at(vector, first), offset_at(vector, first + count) - offset_at(vector, first),
                   vector->validity, first, count);
        return;
    case TARN_SHAPE_VIEWS:
        fold_view_vector(vector, first, count, total);
        return;
    case TARN_SHAPE_DICTIONARY:
        fold_codes(vector, first, count, total, entries);
        return;
    case TARN_SHAPE_CONSTANT:
    case TARN_SHAPE_RUNS:
        for (uint64_t i = first; i < first + count; i++) {
            uint64_t run = 0;
            while (vector->shape == TARN_SHAPE_RUNS && vector->u.ends[run] <= i) {
                run++;
            }
            fold_vector(vector->children[0], run, 1, total, NULL);
        }
        return;
    case TARN_SHAPE_LIST:
        fold_list(vector, first, count, total);
        return;
    case TARN_SHAPE_STRUCT:
        for (uint32_t i = 0; i < vector->child_count; i++) {
            fold_vector(vector->children[i], first, count, total, NULL);
        }
        return;
    case TARN_SHAPE_NULLS:
        return;
    }
}

/* ---- scans ---- */

static enum tarn_status fold_rows(struct work *work, struct worker *worker, struct tarn_cursor *cursor, struct tarn_error *err)
{
    uint32_t rows;
    enum tarn_status status;
    while ((status = tarn_cursor_next(cursor, 0, &rows, err)) == TARN_OK && rows != 0) {
        for (uint32_t i = 0; i < work->column_count && status == TARN_OK; i++) {
            struct tarn_vector *vector;
            status = tarn_cursor_column(cursor, i, NULL, &vector, err);
            if (status == TARN_OK) {
                fold_vector(vector, 0, vector->length, &worker->totals[i], &worker->entries[i]);
            }
        }
        if (status != TARN_OK) {
            return status;
        }
        worker->rows += rows;
    }
    return status;
}

static enum tarn_status fold_passing(struct work *work, struct worker *worker, struct tarn_cursor *cursor, struct tarn_error *err)
{
    struct tarn__filter_scan *filter;
    struct tarn_selection selection;
    const uint32_t handle = 0; /* the column looked at is the first path */
    enum tarn_status status = tarn__filter_scan_open(work->env, cursor, work->predicate, &handle, NULL, &filter, err);
    if (status != TARN_OK) {
        return status;
    }
    while ((status = tarn__filter_scan_next(filter, 0, &selection, err)) == TARN_OK && selection.count != 0) {
        for (uint32_t i = 0; i < work->column_count && status == TARN_OK; i++) {
            struct tarn_vector *vector;
            status = tarn__filter_scan_column(filter, i, &vector, err);
            if (status == TARN_OK) {
                fold_vector(vector, 0, vector->length, &worker->totals[i], &worker->entries[i]);
            }
        }
        worker->rows += selection.count;
    }
    tarn__filter_scan_close(filter);
    return status;
}

static int fold_task(void *arg, uint64_t task, uint32_t number)
{
    struct work *work = arg;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_cursor *cursor;
    struct worker *worker = &work->workers[number];
    enum tarn_status status = tarn_scan_open(work->scan, (uint32_t)task, &cursor, &err);
    if (status == TARN_OK) {
        status = work->predicate != NULL ? fold_passing(work, worker, cursor, &err) : fold_rows(work, worker, cursor, &err);
        tarn_cursor_close(cursor);
    }
    if (status != TARN_OK) {
        work->error = err; /* of two, either */
    }
    return status != TARN_OK;
}

static void answer_of(struct work *work, char *text)
{
    struct worker *first = &work->workers[0];
    for (uint32_t w = 1; w < work->options->threads; w++) {
        first->rows += work->workers[w].rows;
        for (uint32_t i = 0; i < work->column_count; i++) {
            first->totals[i].values += work->workers[w].totals[i].values;
            first->totals[i].sum += work->workers[w].totals[i].sum;
        }
    }
    fold_answer(text, TEXT, first->rows, work->column_count, first->totals);
}

static enum tarn_status run_tasks(struct work *work, char *text, struct tarn_error *err)
{
    const uint32_t threads = work->options->threads;
    const uint32_t tasks = tarn_scan_task_count(work->scan);
    int failed = 0;
    work->workers = need(calloc(threads, sizeof(*work->workers)));
    for (uint32_t w = 0; w < threads; w++) {
        work->workers[w].totals = need(calloc((size_t)work->column_count + 1, sizeof(struct fold_total)));
        work->workers[w].entries = need(calloc((size_t)work->column_count + 1, sizeof(struct entry_sums)));
    }
    if (threads > 1) {
        failed = work->executor.parallel_for(work->executor.ctx, tasks, fold_task, work);
    } else {
        for (uint32_t task = 0; task < tasks && failed == 0; task++) {
            failed = fold_task(work, task, 0);
        }
    }
    if (failed == 0) {
        answer_of(work, text);
    }
    for (uint32_t w = 0; w < threads; w++) {
        for (uint32_t i = 0; i < work->column_count; i++) {
            free(work->workers[w].entries[i].sums);
        }
        free(work->workers[w].totals);
        free(work->workers[w].entries);
    }
    free(work->workers);
    if (failed != 0) {
        *err = work->error;
        return err->code;
    }
    return TARN_OK;
}

/* column = wanted */
static enum tarn_status make_predicate(struct work *work, const struct tarn_schema *schema, struct tarn_expr **out, struct tarn_error *err)
{
    const struct tarn_path_step step = {.kind = TARN_PATH_FIELD, .name = text_of(work->options->where), .id = -1};
    const struct tarn_path path = {1, &step};
    const struct tarn_type *type;
    bool nullable;
    uint32_t index;
    struct tarn_expr_builder *builder = NULL;
    enum tarn_status status = tarn_path_resolve(schema, &path, &type, &nullable, &index, err);
    if (status == TARN_OK) {
        status = tarn_expr_builder_open(work->env, &builder, err);
    }
    if (status != TARN_OK) {
        return status;
    }
    const struct tarn_value value = {.type = type, .u.i64 = work->options->wanted};
    const struct tarn_expr_node *column = tarn_expr_make_column(builder, &path, type, nullable);
    const struct tarn_expr_node *sides[] = {column, tarn_expr_make_literal(builder, &value)};
    return tarn_expr_builder_finish(builder, tarn_expr_make(builder, TARN_EXPR_EQ, 2, sides), out, err);
}

/* Paths of what is to be read; the one of the predicate first, when there is one. */
static uint32_t fill_paths(const struct options *options, const struct tarn_schema *schema, struct tarn_path *paths,
                           struct tarn_path_step *steps)
{
    uint32_t count = 0;
    const uint32_t named = options->column_count != 0 ? options->column_count : schema->field_count;
    for (uint32_t i = 0; i < named; i++) {
        const struct tarn_text name = options->column_count != 0 ? text_of(options->columns[i]) : schema->fields[i].name;
        steps[count] = (struct tarn_path_step){.kind = TARN_PATH_FIELD, .name = name, .id = -1};
        paths[count] = (struct tarn_path){1, &steps[count]};
        count++;
    }
    for (uint32_t i = 1; i < count && options->where != NULL; i++) {
        if (steps[i].name.size == strlen(options->where) && memcmp(steps[i].name.data, options->where, steps[i].name.size) == 0) {
            const struct tarn_path_step first = steps[0];
            steps[0] = steps[i];
            steps[i] = first;
        }
    }
    return count;
}

static enum tarn_status scan_source(struct work *work, struct tarn_source *source, const struct tarn_scan_request *request, char *text,
                                    struct tarn_error *err)
{
    work->column_count = request->path_count;
    enum tarn_status status = tarn_source_scan(source, request, &work->scan, err);
    if (status == TARN_OK) {
        status = run_tasks(work, text, err);
        tarn_scan_close(work->scan);
    }
    return status;
}

static enum tarn_status through_arrow(const struct options *options, struct tarn_source *source, const struct tarn_scan_request *request,
                                      char *text, struct tarn_bench_kept **kept, struct tarn_error *err)
{
    struct tarn_arrow_options arrow = TARN_ARROW_OPTIONS_INIT;
    struct tarn_batches *batches;
    struct ArrowArrayStream stream;
    arrow.strings = options->strings;
    enum tarn_status status = tarn_source_batches(source, request, &batches, err);
    if (status == TARN_OK) {
        status = tarn_arrow_export_stream(batches, &arrow, &stream, err);
    }
    if (status != TARN_OK) {
        return status;
    }
    if (strcmp(options->mode, "table") == 0) {
        *kept = tarn_bench_keep_stream(&stream, text, TEXT);
        return *kept != NULL ? TARN_OK : complain(err, TARN_INTERNAL, text);
    }
    return tarn_bench_fold_stream(&stream, text, TEXT) == 0 ? TARN_OK : complain(err, TARN_INTERNAL, text);
}

static enum tarn_status read_source(struct work *work, struct tarn_source *source, char *text, struct tarn_bench_kept **kept,
                                    struct tarn_error *err)
{
    const struct options *options = work->options;
    const struct tarn_schema *schema = tarn_source_schema(source);
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_path *paths = need(calloc((size_t)schema->field_count + MANY, sizeof(*paths)));
    struct tarn_path_step *steps = need(calloc((size_t)schema->field_count + MANY, sizeof(*steps)));
    struct tarn_expr *predicate = NULL;
    enum tarn_status status = options->where != NULL ? make_predicate(work, schema, &predicate, err) : TARN_OK;
    request.path_count = fill_paths(options, schema, paths, steps);
    request.paths = paths;
    request.predicate = predicate;
    work->predicate = predicate;
    if (status == TARN_OK) {
        const bool own = strcmp(options->mode, "stream") == 0 || strcmp(options->mode, "lookup") == 0;
        status = own ? scan_source(work, source, &request, text, err) : through_arrow(options, source, &request, text, kept, err);
    }
    tarn_expr_release(predicate);
    free(paths);
    free(steps);
    return status;
}

/* The whole of it: from opening the folder to the last value. */
static enum tarn_status read_file(struct work *work, char *text, struct tarn_bench_kept **kept, struct tarn_error *err)
{
    const char *path = work->options->path;
    const char *slash = strrchr(path, '/');
    const struct tarn_text folder = slash == NULL ? text_of(".") : (struct tarn_text){path, (size_t)(slash - path)};
    struct tarn_parquet_read_options options = TARN_PARQUET_READ_OPTIONS_INIT;
    struct tarn_store *store;
    struct tarn_source *source;
    options.no_crc = work->options->no_crc;
    const struct tarn_text secret = text_of(work->options->key != NULL ? work->options->key : "");
    const struct tarn_parquet_key key = {TARN_KEY_FOOTER, {NULL, 0}, {(const uint8_t *)secret.data, secret.size}};
    options.key_count = work->options->key != NULL ? 1 : 0;
    options.keys = &key;
    enum tarn_status status = tarn_store_open(work->env, folder, false, &store, err);
    if (status != TARN_OK) {
        return status;
    }
    const struct tarn_text name = text_of(slash == NULL ? path : slash + 1);
    const bool is_csv = name.size > 4 && memcmp(name.data + name.size - 4, ".csv", 4) == 0;
    status = is_csv ? tarn_csv_open(store, name, NULL, &source, err) : tarn_parquet_open(store, name, &options, &source, err);
    tarn_store_close(store);
    if (status == TARN_OK) {
        status = read_source(work, source, text, kept, err);
        tarn_source_close(source);
    }
    return status;
}

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Once for the answer and warm caches, then `repeat` times. */
static enum tarn_status measure(struct work *work, struct tarn_error *err)
{
    const uint32_t repeat = work->options->repeat;
    int64_t *spent = need(calloc((size_t)repeat + 1, sizeof(*spent)));
    char text[TEXT] = "";
    int64_t cpu = 0;
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; i <= repeat && status == TARN_OK; i++) {
        struct tarn_bench_kept *kept = NULL;
        const int64_t begun = now(CLOCK_MONOTONIC);
        const int64_t cpu_begun = now(CLOCK_PROCESS_CPUTIME_ID);
        status = read_file(work, text, &kept, err);
        spent[i] = now(CLOCK_MONOTONIC) - begun;
        cpu += i != 0 ? now(CLOCK_PROCESS_CPUTIME_ID) - cpu_begun : 0;
        if (kept != NULL && tarn_bench_fold_kept(kept, text, sizeof(text)) != 0) {
            status = complain(err, TARN_INTERNAL, text);
        }
    }
    if (status == TARN_OK) {
        qsort(spent + (repeat != 0), repeat != 0 ? repeat : 1, sizeof(*spent), by_value);
        printf("{\"work_ns\": %lld, \"work_cpu_ns\": %lld, \"answer\": \"%s\", \"version\": \"tarn\"}\n",
               (long long)spent[(repeat != 0) + (repeat == 0 ? 0 : (repeat - 1) / 2)], (long long)(repeat != 0 ? cpu / repeat : 0), text);
    }
    free(spent);
    return status;
}

/* ---- the command line ---- */

static void split_columns(char *list, struct options *options)
{
    for (char *word = strtok(list, ","); word != NULL && options->column_count < MANY; word = strtok(NULL, ",")) {
        options->columns[options->column_count++] = word;
    }
}

static bool read_options(int argc, char **argv, struct options *options)
{
    if (argc < 5) {
        return false;
    }
    *options = (struct options){.mode = argv[1], .path = argv[2], .strings = TARN_ARROW_UTF8_VIEW};
    options->threads = (uint32_t)strtoul(argv[3], NULL, 10);
    options->repeat = (uint32_t)strtoul(argv[4], NULL, 10);
    for (int i = 5; i < argc; i++) {
        const int left = argc - 1 - i;
        if (strcmp(argv[i], "--columns") == 0 && left >= 1) {
            split_columns(argv[++i], options);
        } else if (strcmp(argv[i], "--strings") == 0 && left >= 1) {
            i++;
            options->strings = argv[i][0] == 'u' ? TARN_ARROW_UTF8 : argv[i][0] == 'l' ? TARN_ARROW_LARGE_UTF8 : TARN_ARROW_UTF8_VIEW;
        } else if (strcmp(argv[i], "--cpu") == 0 && left >= 1) {
            i++;
            options->cpu = strcmp(argv[i], "base") == 0 ? TARN_CPU_BASE : strcmp(argv[i], "v3") == 0 ? TARN_CPU_V3 : TARN_CPU_V4;
        } else if (strcmp(argv[i], "--key") == 0 && left >= 1) {
            options->key = argv[++i];
        } else if (strcmp(argv[i], "--no-crc") == 0) {
            options->no_crc = true;
        } else if (strcmp(argv[i], "--where") == 0 && left >= 2) {
            options->where = argv[i + 1][0] != '\0' ? argv[i + 1] : NULL;
            options->wanted = strtoll(argv[i + 2], NULL, 10);
            i += 2;
        } else if (argv[i][0] != '\0') {
            return false;
        }
    }
    return options->threads != 0;
}

int main(int argc, char **argv)
{
    struct options options;
    if (!read_options(argc, argv, &options)) {
        fprintf(stderr, "usage: tarn-bench-decode stream|arrow|table|lookup FILE THREADS REPEAT [--columns a,b] [--strings utf8|large|view]"
                        " [--no-crc] [--where COLUMN INTEGER] [--cpu base|v3|v4] [--key TEXT]\n");
        return 2;
    }
    struct tarn_error err = TARN_ERROR_INIT;
    struct work work = {.options = &options, .error = TARN_ERROR_INIT};
    struct tarn_pool *pool = NULL;
    enum tarn_status status = tarn_pool_open(options.threads, &pool, &err);
    if (status == TARN_OK) {
        struct tarn_env_options env_options = TARN_ENV_OPTIONS_INIT;
        work.executor = tarn_pool_executor(pool);
        env_options.executor = options.threads > 1 ? &work.executor : NULL;
        env_options.cpu = options.cpu;
        status = tarn_env_open(&env_options, &work.env, &err);
        if (status == TARN_OK) {
            status = measure(&work, &err);
        }
        tarn_env_close(work.env);
    }
    tarn_pool_close(pool);
    if (status != TARN_OK) {
        char text[TEXT];
        tarn_error_format(&err, text, sizeof(text));
        fprintf(stderr, "tarn-bench-decode: %s\n", text);
        return 1;
    }
    return 0;
}
