/* SPDX-License-Identifier: Apache-2.0
 *
 * A snapshot as a source of rows.
 *
 * Invariants
 *  1. Tasks are in the order of files, and of row groups within a file: the rows of a source do not depend on how they were cut.
 *  2. With few files and several threads a file is cut into its row groups; else a file is one task and is opened when the task is.
 *  3. Nothing outside the table's folder and the folders that the host allowed is opened.
 *  4. Rows that a deletion vector names are in no window: the cursor of the file is asked for the others only.
 */
#include "txlog/core/table_scan.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/batch/selection.h"
#include "format/batch/vector.h"
#include "format/kernels/kernels.h"
#include "txlog/core/deleted_rows.h"
#include "txlog/core/file_plan.h"
#include "txlog/core/metadata_columns.h"
#include "txlog/core/prune_files.h"

enum { FILES_PER_THREAD = 4 };
#define WHOLE_FILE UINT32_MAX

struct table_source {
    struct tarn_source base;
    struct tarn_snapshot *snapshot;
    uint32_t *files; /* NULL: all */
    uint32_t file_count;
};

enum fate { FATE_READ = 0, FATE_PRUNED_PARTITION, FATE_PRUNED_STATISTICS };

struct table_task {
    uint32_t file; /* index among `kept` */
    uint32_t inner;
};

/* All members of struct tarn_scan_stats behind its size are counters. */
enum { COUNTERS = (sizeof(struct tarn_scan_stats) - offsetof(struct tarn_scan_stats, requests)) / sizeof(uint64_t) };

struct table_scan {
    struct tarn_scan base;
    struct tarn_snapshot *snapshot;
    struct tarn_arena arena;
    struct tarn_scan_request request; /* a copy; lives in arena */
    struct tarn_expr *predicate;
    const struct tarn_type **types;
    const uint32_t *files; /* the source's, which outlives the scan */
    uint32_t *kept;        /* files that are left */
    uint32_t kept_count;
    uint32_t files_pruned_partition;
    uint32_t files_pruned_statistics;
    uint32_t file_count;           /* of the source */
    uint8_t *fates;                /* enum fate, one a file of the source; NULL: all are read */
    struct tarn__file_plan *plans; /* when files are cut: one each, opened */
    struct table_task *tasks;
    uint32_t task_count;
    atomic_uint_fast64_t masked;         /* rows of windows that were gone */
    atomic_uint_fast64_t done[COUNTERS]; /* counters of closed plans, in the order of struct tarn_scan_stats */
};

struct table_cursor {
    struct tarn_cursor base;
    struct table_scan *scan;
    struct tarn__file_plan own; /* when the file is opened for this task */
    struct tarn__file_plan *plan;
    struct tarn_text path;
    uint32_t next_task; /* of the plan's scan */
    uint32_t end_task;
    struct tarn_cursor *inner;
    uint32_t rows;
    struct tarn_selection live; /* rows of the file's window that are left; of kind ALL: it is given as it is */
    uint8_t *mask;
    uint32_t *positions;
    size_t room; /* rows that mask and positions have room for */
    uint32_t *composed;
    size_t composed_room;
    struct tarn_vector **held; /* converted columns of the current rows */
    uint32_t held_count;
    uint32_t held_capacity;
};

static const struct tarn_type row_index_type = {.id = TARN_TYPE_I64};

/* ---- opening files ---- */

enum tarn_status tarn__open_data_file(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file, struct tarn_source **out,
                                      struct tarn_error *err)
{
    struct tarn_parquet_read_options options = TARN_PARQUET_READ_OPTIONS_INIT;
    options.wide_timestamps = TARN_WIDE_MICROS; /* tables have no wider ones */
    options.arrow_schema = TARN_ARROW_SCHEMA_IGNORED;
    options.variant_count = snapshot->variant_count;
    options.variants = snapshot->variants;
    *out = NULL;
    struct tarn_store *store;
    struct tarn_text key;
    TARN_RETURN_IF_ERROR(tarn__place_locate(&snapshot->place, file->path, &store, &key, err));
    const enum tarn_status status = tarn_parquet_open(store, key, &options, out, err);
    if (status == TARN_NOT_FOUND) {
        return tarn__error_set(err, TARN_NOT_FOUND, "data_file",
                               "a file of this version is gone: it was removed by a clean-up, or by hand; newer versions may not need it");
    }
    return status;
}

/* ---- the cursor ---- */

static void release_held(struct table_cursor *cursor)
{
    for (uint32_t i = 0; i < cursor->held_count; i++) {
        tarn_vector_release(cursor->held[i]);
    }
    cursor->held_count = 0;
}

static enum tarn_status hold(struct table_cursor *cursor, struct tarn_vector *vector, struct tarn_error *err)
{
    size_t capacity = cursor->held_capacity;
    if (!tarn__grow(cursor->base.env, &cursor->held, &capacity, (size_t)cursor->held_count + 1, sizeof(struct tarn_vector *))) {
        tarn_vector_release(vector);
        return tarn__nomem(cursor->base.env, err, sizeof(struct tarn_vector *));
    }
    cursor->held_capacity = (uint32_t)capacity;
    cursor->held[cursor->held_count++] = vector;
    return TARN_OK;
}

static enum tarn_status placed(const struct table_cursor *cursor, enum tarn_status status, struct tarn_error *err)
{
    if (status != TARN_OK) {
        tarn__error_at_object(err, cursor->path);
    }
    return status;
}

/* Where the window of the file's cursor begins in the file. Its rows are neighbours: what is skipped lies between windows. */
static enum tarn_status window_begin(struct table_cursor *cursor, uint32_t rows, uint64_t *begin, struct tarn_error *err)
{
    const uint32_t ends[2] = {0, rows - 1};
    const struct tarn_selection both = tarn__selection_of_positions(rows, rows == 1 ? 1 : 2, ends);
    struct tarn_vector *vector;
    TARN_RETURN_IF_ERROR(tarn_cursor_column(cursor->inner, cursor->plan->row_index, &both, &vector, err));
    const int64_t first = tarn__vector_value(vector, 0).u.i64;
    const int64_t last = tarn__vector_value(vector, vector->length - 1).u.i64;
    *begin = (uint64_t)first;
    return first >= 0 && last - first == (int64_t)rows - 1 ? TARN_OK : tarn__internal(err, "the rows of a window are no neighbours");
}

/* Sets `live` for a window of the file's cursor; *rows becomes how many are left. */
static enum tarn_status mask_window(struct table_cursor *cursor, uint32_t *rows, struct tarn_error *err)
{
    struct tarn_env *env = cursor->base.env;
    const uint32_t all = *rows;
    uint64_t begin;
    cursor->live = tarn_selection_all(all);
    TARN_RETURN_IF_ERROR(window_begin(cursor, all, &begin, err));
    if (all > cursor->room) {
        tarn__free(env, cursor->mask);
        tarn__free(env, cursor->positions);
        cursor->mask = tarn__alloc(env, tarn__bits_bytes(all));
        cursor->positions = tarn__alloc(env, tarn__selection_bytes(all));
        cursor->room = cursor->mask != NULL && cursor->positions != NULL ? all : 0;
        if (cursor->room == 0) {
            return tarn__nomem(env, err, tarn__selection_bytes(all));
        }
    }
    const struct tarn__roaring *only = cursor->plan->only;
    const uint32_t marked = tarn__roaring_mark(only != NULL ? only : cursor->plan->deleted, begin, all, cursor->mask);
    const uint32_t gone = only != NULL ? all - marked : marked;
    if (gone != 0) {
        const size_t bytes = tarn__bits_bytes(all);
        if (only == NULL) {
            tarn__kernels_of(env)->bits_not(cursor->mask, bytes, cursor->mask);
        }
        if (all % 8 != 0) {
            cursor->mask[bytes - 1] &= (uint8_t)(0xffu >> (8 - all % 8));
        }
        *rows = tarn__mask_positions(cursor->mask, all, cursor->positions);
        cursor->live = tarn__selection_of_positions(all, *rows, cursor->positions);
        atomic_fetch_add_explicit(&cursor->scan->masked, gone, memory_order_relaxed);
    }
    return TARN_OK;
}

static enum tarn_status cursor_next(struct tarn_cursor *base, uint32_t max_rows, uint32_t *rows, struct tarn_error *err)
{
    struct table_cursor *cursor = (struct table_cursor *)base;
    release_held(cursor);
    *rows = 0;
    for (;;) {
        if (cursor->inner == NULL) {
            if (cursor->next_task == cursor->end_task) {
                return TARN_OK;
            }
            TARN_RETURN_IF_ERROR(placed(cursor, tarn_scan_open(cursor->plan->scan, cursor->next_task, &cursor->inner, err), err));
            cursor->next_task++;
        }
        TARN_RETURN_IF_ERROR(placed(cursor, tarn_cursor_next(cursor->inner, max_rows, rows, err), err));
        if (*rows == 0) {
            tarn_cursor_close(cursor->inner);
            cursor->inner = NULL;
            continue;
        }
        cursor->live = tarn_selection_all(*rows);
        if (cursor->plan->deleted != NULL || cursor->plan->only != NULL) {
            TARN_RETURN_IF_ERROR(placed(cursor, mask_window(cursor, rows, err), err));
        }
        cursor->rows = *rows;
        if (*rows != 0) {
            return TARN_OK;
        }
    }
}

/* A selection of the rows that are left as one of the file's window. */
static enum tarn_status select_live(struct table_cursor *cursor, const struct tarn_selection *selection, struct tarn_selection *out,
                                    struct tarn_error *err)
{
    *out = cursor->live;
    if (selection == NULL || selection->count == cursor->rows) {
        return TARN_OK;
    }
    if (cursor->live.kind == TARN_SELECT_ALL) {
        *out = *selection;
        return TARN_OK;
    }
    if (!tarn__grow(cursor->base.env, &cursor->composed, &cursor->composed_room,
                    tarn__selection_bytes(cursor->live.rows) / sizeof(uint32_t), sizeof(uint32_t))) {
        return tarn__nomem(cursor->base.env, err, tarn__selection_bytes(cursor->live.rows));
    }
    *out = tarn__selection_compose(&cursor->live, selection, cursor->composed);
    return TARN_OK;
}

static enum tarn_status numbers_of(struct table_cursor *cursor, const struct tarn__column_plan *column,
                                   const struct tarn_selection *selection, uint32_t length, struct tarn_vector **out,
                                   struct tarn_error *err)
{
    struct tarn_vector *stored = NULL;
    struct tarn_vector *positions = NULL;
    struct tarn_selection of_file;
    TARN_RETURN_IF_ERROR(select_live(cursor, selection, &of_file, err));
    if (column->handle != TARN_NO_HANDLE) {
        TARN_RETURN_IF_ERROR(tarn_cursor_column(cursor->inner, column->handle, &of_file, &stored, err));
    }
    if (column->positions != TARN_NO_HANDLE) {
        TARN_RETURN_IF_ERROR(tarn_cursor_column(cursor->inner, column->positions, &of_file, &positions, err));
    }
    return tarn__metadata_numbers(cursor->base.env, column->type, length, stored, positions, column->base, out, err);
}

static enum tarn_status cursor_column(struct tarn_cursor *base, uint32_t handle, const struct tarn_selection *selection,
                                      struct tarn_vector **out, struct tarn_error *err)
{
    struct table_cursor *cursor = (struct table_cursor *)base;
    *out = NULL;
    const struct tarn__column_plan *column = &cursor->plan->columns[handle];
    const uint32_t length = selection != NULL ? selection->count : cursor->rows;
    struct tarn_vector *made;
    if (column->from == TARN_COLUMN_FILE) {
        struct tarn_vector *vector;
        struct tarn_selection of_file;
        TARN_RETURN_IF_ERROR(select_live(cursor, selection, &of_file, err));
        TARN_RETURN_IF_ERROR(placed(cursor, tarn_cursor_column(cursor->inner, column->handle, &of_file, &vector, err), err));
        if (column->adapt.kind == TARN_ADAPT_SAME && vector->type == column->type) {
            *out = vector;
            return TARN_OK;
        }
        const enum tarn_status status = tarn__adapt_apply(&column->adapt, vector, &made, err);
        if (status != TARN_OK) {
            tarn__error_at_column(err, cursor->scan->request.paths[handle].steps[0].name);
            return placed(cursor, status, err);
        }
    } else if (column->from == TARN_COLUMN_NUMBERS) {
        TARN_RETURN_IF_ERROR(placed(cursor, numbers_of(cursor, column, selection, length, &made, err), err));
    } else if (column->from == TARN_COLUMN_VALUE) {
        made = tarn__vector_of_value(base->env, column->type, length, column->value);
    } else {
        made = tarn__vector_nulls(base->env, column->type, length);
    }
    if (made == NULL) {
        return tarn__nomem(base->env, err, 0);
    }
    TARN_RETURN_IF_ERROR(hold(cursor, made, err));
    *out = made;
    return TARN_OK;
}

static void add_counters(struct table_scan *scan, struct tarn_scan *inner)
{
    struct tarn_scan_stats stats = {.size = sizeof(stats)};
    tarn_scan_stats(inner, &stats);
    stats.files = stats.files_pruned = 0; /* counted by the table */
    const uint64_t *const values = &stats.requests;
    for (size_t i = 0; i < COUNTERS; i++) {
        atomic_fetch_add_explicit(&scan->done[i], values[i], memory_order_relaxed);
    }
}

static void cursor_close(struct tarn_cursor *base)
{
    struct table_cursor *cursor = (struct table_cursor *)base;
    struct tarn_env *env = base->env;
    release_held(cursor);
    tarn__free(env, cursor->held);
    tarn__free(env, cursor->mask);
    tarn__free(env, cursor->positions);
    tarn__free(env, cursor->composed);
    tarn_cursor_close(cursor->inner);
    if (cursor->own.scan != NULL) {
        add_counters(cursor->scan, cursor->own.scan);
        tarn__file_plan_close(&cursor->own);
    }
    tarn__free(env, cursor);
    tarn_env_close(env);
}

static const struct tarn_cursor_ops cursor_ops = {sizeof(struct tarn_cursor_ops), cursor_next, cursor_column, cursor_close};

/* ---- the scan ---- */

static const struct tarn__tracked_file *kept_file(const struct table_scan *scan, uint32_t i)
{
    return tarn__file_set_at(&scan->snapshot->files, scan->kept[i]);
}

static uint32_t scan_task_count(struct tarn_scan *base)
{
    return ((struct table_scan *)base)->task_count;
}

static enum tarn_status scan_open(struct tarn_scan *base, uint32_t task, struct tarn_cursor **out, struct tarn_error *err)
{
    struct table_scan *scan = (struct table_scan *)base;
    *out = NULL;
    const struct table_task *wanted = &scan->tasks[task];
    struct table_cursor *cursor = tarn__calloc(base->env, 1, sizeof(*cursor));
    if (cursor == NULL) {
        return tarn__nomem(base->env, err, sizeof(*cursor));
    }
    cursor->base = (struct tarn_cursor){&cursor_ops, tarn__env_retain(base->env)};
    cursor->scan = scan;
    cursor->path = kept_file(scan, wanted->file)->path;
    if (wanted->inner != WHOLE_FILE) {
        cursor->plan = &scan->plans[wanted->file];
        cursor->next_task = wanted->inner;
        cursor->end_task = wanted->inner + 1;
    } else {
        const enum tarn_status status =
            tarn__file_plan_open(&cursor->own, scan->snapshot, kept_file(scan, wanted->file), &scan->request, scan->types, err);
        if (status != TARN_OK) {
            cursor_close(&cursor->base);
            return status;
        }
        cursor->plan = &cursor->own;
        cursor->end_task = tarn_scan_task_count(cursor->own.scan);
    }
    *out = &cursor->base;
    return TARN_OK;
}

static void scan_stats(struct tarn_scan *base, struct tarn_scan_stats *stats)
{
    struct table_scan *scan = (struct table_scan *)base;
    struct tarn_scan_stats sum = {.size = sizeof(sum)};
    uint64_t *const values = &sum.requests;
    for (size_t i = 0; i < COUNTERS; i++) {
        values[i] = atomic_load_explicit(&scan->done[i], memory_order_relaxed);
    }
    for (uint32_t i = 0; scan->plans != NULL && i < scan->kept_count; i++) {
        struct tarn_scan_stats inner = {.size = sizeof(inner)};
        tarn_scan_stats(scan->plans[i].scan, &inner);
        tarn_scan_stats_add(&sum, &inner);
    }
    const uint64_t masked = atomic_load_explicit(&scan->masked, memory_order_relaxed);
    sum.rows -= masked < sum.rows ? masked : sum.rows; /* the two are not counted at one moment */
    sum.files = scan->kept_count;
    sum.files_pruned = (uint64_t)scan->files_pruned_partition + scan->files_pruned_statistics;
    sum.files_pruned_partition = scan->files_pruned_partition;
    sum.files_pruned_statistics = scan->files_pruned_statistics;
    const uint32_t size = stats->size < sizeof(sum) ? stats->size : (uint32_t)sizeof(sum);
    memcpy(stats, &sum, size);
    stats->size = size;
}

static void scan_close(struct tarn_scan *base)
{
    struct table_scan *scan = (struct table_scan *)base;
    struct tarn_env *env = base->env;
    for (uint32_t i = 0; scan->plans != NULL && i < scan->kept_count; i++) {
        tarn__file_plan_close(&scan->plans[i]);
    }
    tarn__free(env, scan->plans);
    tarn__free(env, scan->kept);
    tarn__free(env, scan->fates);
    tarn__free(env, scan->tasks);
    tarn_expr_release(scan->predicate);
    tarn__arena_free(&scan->arena);
    tarn_snapshot_close(scan->snapshot);
    tarn__free(env, scan);
    tarn_env_close(env);
}

/* The files that were looked at, one a part; without a predicate there is nothing to tell. */
static size_t scan_explain(struct tarn_scan *base, uint32_t part, char *buffer, size_t size)
{
    static const char *const words[] = {"read", "left out by its partition values", "left out by its statistics"};
    const struct table_scan *scan = (struct table_scan *)base;
    if (scan->fates == NULL || part >= scan->file_count) {
        return 0;
    }
    const uint32_t index = scan->files != NULL ? scan->files[part] : part;
    const struct tarn_text path = tarn__file_set_at(&scan->snapshot->files, index)->path;
    const int length = snprintf(buffer, size, "file %.*s: %s", TARN_TEXT_ARG(path), words[scan->fates[part]]);
    return length > 0 ? (size_t)length : 0;
}

static const struct tarn_scan_ops scan_ops = {
    sizeof(struct tarn_scan_ops), scan_task_count, scan_open, scan_stats, scan_close, scan_explain,
};

static enum tarn_status copy_request(struct table_scan *scan, const struct tarn_scan_request *request, struct tarn_error *err)
{
    memcpy(&scan->request, request, request->size < sizeof(scan->request) ? request->size : sizeof(scan->request));
    struct tarn_path *paths = tarn__arena_calloc(&scan->arena, (size_t)request->path_count + 1, sizeof(*paths));
    scan->types = tarn__arena_calloc(&scan->arena, (size_t)request->path_count + 1, sizeof(*scan->types));
    if (paths == NULL || scan->types == NULL) {
        return tarn__nomem(scan->base.env, err, request->path_count * sizeof(*paths));
    }
    for (uint32_t i = 0; i < request->path_count; i++) {
        const struct tarn_path *from = &request->paths[i];
        if (from->depth == 0) {
            return tarn__invalid(err, "path", "a path without steps asks for no column");
        }
        struct tarn_path_step *steps = tarn__arena_calloc(&scan->arena, from->depth, sizeof(*steps));
        if (steps == NULL) {
            return tarn__nomem(scan->base.env, err, from->depth * sizeof(*steps));
        }
        for (uint32_t d = 0; d < from->depth; d++) {
            steps[d] = from->steps[d];
            steps[d].name = tarn__arena_text(&scan->arena, from->steps[d].name);
            if (steps[d].name.data == NULL) {
                return tarn__nomem(scan->base.env, err, from->steps[d].name.size);
            }
        }
        paths[i] = (struct tarn_path){from->depth, steps};
        if (from->depth == 1 && tarn__text_equal(from->steps[0].name, TARN_TEXT(TARN_ROW_INDEX))) {
            scan->types[i] = &row_index_type;
            continue;
        }
        enum tarn__metadata_column which;
        TARN_RETURN_IF_ERROR(tarn__metadata_column_find(scan->snapshot, from, &which, &scan->types[i], err));
        if (which != TARN_METADATA_NONE) {
            continue;
        }
        bool nullable;
        TARN_RETURN_IF_ERROR(tarn_path_resolve(scan->snapshot->schema, from, &scan->types[i], &nullable, NULL, err));
    }
    scan->request.paths = paths;
    scan->predicate = request->predicate != NULL ? tarn_expr_retain(request->predicate) : NULL;
    scan->request.predicate = scan->predicate;
    scan->base.path_count = request->path_count;
    scan->base.types = scan->types;
    return TARN_OK;
}

static enum tarn_status keep_files(struct table_scan *scan, const struct table_source *source, struct tarn_error *err)
{
    const uint32_t count = source->files != NULL ? source->file_count : source->snapshot->files.count;
    scan->kept = tarn__calloc(scan->base.env, (size_t)count + 1, sizeof(*scan->kept));
    if (scan->kept == NULL) {
        return tarn__nomem(scan->base.env, err, count * sizeof(*scan->kept));
    }
    scan->file_count = count;
    scan->files = source->files;
    const bool prune = scan->predicate != NULL && !scan->request.no_prune;
    struct tarn__file_pruner pruner = {0};
    if (prune) {
        scan->fates = tarn__calloc(scan->base.env, (size_t)count + 1, 1);
        if (scan->fates == NULL) {
            return tarn__nomem(scan->base.env, err, count);
        }
        TARN_RETURN_IF_ERROR(tarn__file_pruner_open(&pruner, scan->snapshot, scan->predicate, err));
    }
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        const uint32_t index = source->files != NULL ? source->files[i] : i;
        enum tarn_truth truth = TARN_MAYBE;
        if (prune) {
            status = tarn__file_pruner_ask(&pruner, tarn__file_set_at(&scan->snapshot->files, index), &truth, err);
        }
        if (truth == TARN_NEVER) {
            scan->fates[i] = pruner.statistics_read ? FATE_PRUNED_STATISTICS : FATE_PRUNED_PARTITION;
            scan->files_pruned_statistics += pruner.statistics_read;
            scan->files_pruned_partition += !pruner.statistics_read;
        } else {
            scan->kept[scan->kept_count++] = index;
        }
    }
    if (prune) {
        tarn__file_pruner_close(&pruner);
    }
    return status;
}

static enum tarn_status open_plan(void *arg, uint64_t i, uint32_t worker, struct tarn_error *err)
{
    (void)worker;
    struct table_scan *scan = arg;
    return tarn__file_plan_open(&scan->plans[i], scan->snapshot, kept_file(scan, (uint32_t)i), &scan->request, scan->types, err);
}

static enum tarn_status cut_tasks(struct table_scan *scan, struct tarn_error *err)
{
    struct tarn_env *env = scan->base.env;
    const uint32_t threads = tarn__concurrency(env);
    uint64_t count = scan->kept_count;
    if (threads > 1 && scan->kept_count != 0 && scan->kept_count < threads * FILES_PER_THREAD) {
        scan->plans = tarn__calloc(env, scan->kept_count, sizeof(*scan->plans));
        if (scan->plans == NULL) {
            return tarn__nomem(env, err, scan->kept_count * sizeof(*scan->plans));
        }
        TARN_RETURN_IF_ERROR(tarn__parallel_for(env, scan->kept_count, open_plan, scan, err));
        count = 0;
        for (uint32_t i = 0; i < scan->kept_count; i++) {
            count += tarn_scan_task_count(scan->plans[i].scan);
        }
    }
    if (count > UINT32_MAX - 1) {
        return tarn__error_set(err, TARN_LIMIT, "tasks", "the scan has more than 2^32 tasks");
    }
    scan->tasks = tarn__calloc(env, (size_t)count + 1, sizeof(*scan->tasks));
    if (scan->tasks == NULL) {
        return tarn__nomem(env, err, count * sizeof(*scan->tasks));
    }
    for (uint32_t i = 0; i < scan->kept_count; i++) {
        const uint32_t inner = scan->plans != NULL ? tarn_scan_task_count(scan->plans[i].scan) : 1;
        for (uint32_t t = 0; t < inner; t++) {
            scan->tasks[scan->task_count++] = (struct table_task){i, scan->plans != NULL ? t : WHOLE_FILE};
        }
    }
    return TARN_OK;
}

static enum tarn_status source_scan(struct tarn_source *base, const struct tarn_scan_request *request, struct tarn_scan **out,
                                    struct tarn_error *err)
{
    struct table_source *source = (struct table_source *)base;
    *out = NULL;
    struct table_scan *scan = tarn__calloc(base->env, 1, sizeof(*scan));
    if (scan == NULL) {
        return tarn__nomem(base->env, err, sizeof(*scan));
    }
    scan->base = (struct tarn_scan){.ops = &scan_ops, .env = tarn__env_retain(base->env)};
    scan->snapshot = tarn_snapshot_retain(source->snapshot);
    tarn__arena_init(&scan->arena, base->env);
    atomic_init(&scan->masked, 0);
    for (size_t i = 0; i < COUNTERS; i++) {
        atomic_init(&scan->done[i], 0);
    }
    enum tarn_status status = copy_request(scan, request, err);
    if (status == TARN_OK) {
        status = keep_files(scan, source, err);
    }
    if (status == TARN_OK) {
        status = cut_tasks(scan, err);
    }
    if (status != TARN_OK) {
        scan_close(&scan->base);
        return status;
    }
    *out = &scan->base;
    return TARN_OK;
}

/* ---- the source ---- */

static const struct tarn_schema *source_schema(struct tarn_source *base)
{
    return ((struct table_source *)base)->snapshot->schema;
}

static bool source_row_count(struct tarn_source *base, uint64_t *rows)
{
    const struct table_source *source = (struct table_source *)base;
    if (source->files == NULL) {
        *rows = source->snapshot->info.row_count;
        return source->snapshot->info.has_row_count;
    }
    *rows = 0;
    for (uint32_t i = 0; i < source->file_count; i++) {
        const int64_t count = tarn__file_live_rows(tarn__file_set_at(&source->snapshot->files, source->files[i]));
        if (count < 0) {
            return false;
        }
        *rows += (uint64_t)count;
    }
    return true;
}

static void source_close(struct tarn_source *base)
{
    struct table_source *source = (struct table_source *)base;
    struct tarn_env *env = base->env;
    tarn_snapshot_close(source->snapshot);
    tarn__free(env, source->files);
    tarn__free(env, source);
    tarn_env_close(env);
}

static const struct tarn_field *source_hidden(struct tarn_source *base, uint32_t *count)
{
    *count = 1;
    return tarn__metadata_field(((struct table_source *)base)->snapshot);
}

static const struct tarn_source_ops source_ops = {
    sizeof(struct tarn_source_ops), "table", source_schema, source_row_count, source_scan, source_close, source_hidden,
};

enum tarn_status tarn__table_source(struct tarn_snapshot *snapshot, const uint32_t *files, uint32_t file_count, struct tarn_source **out,
                                    struct tarn_error *err)
{
    *out = NULL;
    struct table_source *source = tarn__calloc(snapshot->env, 1, sizeof(*source));
    if (source == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(*source));
    }
    if (files != NULL) {
        source->files = tarn__calloc(snapshot->env, (size_t)file_count + 1, sizeof(*files));
        if (source->files == NULL) {
            tarn__free(snapshot->env, source);
            return tarn__nomem(snapshot->env, err, file_count * sizeof(*files));
        }
        memcpy(source->files, files, file_count * sizeof(*files));
        source->file_count = file_count;
    }
    source->base = (struct tarn_source){&source_ops, tarn__env_retain(snapshot->env)};
    source->snapshot = tarn_snapshot_retain(snapshot);
    *out = &source->base;
    return TARN_OK;
}

enum tarn_status tarn_snapshot_source(struct tarn_snapshot *snapshot, struct tarn_source **out, struct tarn_error *err)
{
    return tarn__table_source(snapshot, NULL, 0, out, err);
}

enum tarn_status tarn_snapshot_files_source(struct tarn_snapshot *snapshot, uint32_t count, const uint32_t *places,
                                            struct tarn_source **out, struct tarn_error *err)
{
    static const uint32_t none;
    *out = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (places[i] >= snapshot->files.count || (i != 0 && places[i] <= places[i - 1])) {
            return tarn__invalid(err, "file", "the places of files must ascend and be below %u; number %u is %u", snapshot->files.count, i,
                                 places[i]);
        }
    }
    return tarn__table_source(snapshot, count != 0 ? places : &none, count, out, err);
}
