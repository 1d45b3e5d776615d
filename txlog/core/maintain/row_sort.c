/* SPDX-License-Identifier: Apache-2.0
 *
 * External merge sort of rows by 128-bit keys.
 *
 * Rows are held as the batches they came in; what is sorted is (key, batch, row). When the batches take too much memory they are written to
 * a run in the order of keys: a Parquet file in the spill store, with the keys in its last two columns. In the end the runs are merged: of
 * each one batch is in memory, and all rows up to the smallest of the batches' last keys can go out.
 *
 * Invariants
 *  1. What is held is at most `memory` and one batch; while merging, a batch of each of at most MOST_RUNS runs.
 *  2. More runs than that are merged into one first. A run is removed as soon as it is merged.
 *  3. Every object that was begun is removed by close.
 */
#include "txlog/core/maintain/row_sort.h"

#include <stdio.h>

#include "format/base/bytes.h"
#include "format/batch/flatten.h"
#include "format/batch/gather.h"
#include "tarn/reader.h"
#include "tarn/writer.h"
#include "txlog/core/vector_adapt.h"

enum { MOST_RUNS = 32, OUT_ROWS = 4 * TARN_BATCH_ROWS, LEAST_OUT_ROWS = 256, SPILL_ROWS = 2 * TARN_BATCH_ROWS };

static const uint64_t out_bytes = 8u << 20; /* of a batch that goes out, about */

struct entry {
    struct tarn__cluster_key key;
    uint32_t batch;
    uint32_t row;
};

struct held_batch {
    struct tarn_vector **columns; /* references */
    uint32_t length;
};

/* Rows and their order. */
struct pile {
    struct held_batch *batches;
    size_t batch_count;
    size_t batch_capacity;
    struct entry *entries;
    size_t count;
    size_t capacity;
    uint64_t bytes;
};

struct run {
    char name[64];
    bool begun; /* its object may be there */
    struct tarn_source *source;
    struct tarn_scan *scan;
    struct tarn_cursor *cursor;
    uint32_t next_task;
    struct tarn_vector **columns; /* of the rows at hand: references; the table's, then both keys */
    uint32_t length;
    uint32_t at;
};

struct tarn__row_sort {
    struct tarn_env *env;
    struct tarn_schema *schema;
    struct tarn_store *spill;
    uint64_t memory;
    struct tarn_arena arena;
    struct tarn_schema *run_schema;
    struct tarn__adapt *adapts; /* of each column: from what a run's file has; made with the first */
    uint64_t *last_dictionary;  /* of each column: the one that was counted last */
    struct pile pile;
    struct run *runs;
    size_t run_count;
    size_t run_capacity;
    uint32_t made; /* runs that ever were */
};

/* ---- piles ---- */

static void release_columns(struct tarn_env *env, struct tarn_vector **columns, uint32_t count)
{
    for (uint32_t c = 0; columns != NULL && c < count; c++) {
        tarn_vector_release(columns[c]);
    }
    tarn__free(env, columns);
}

static void clear_pile(struct tarn__row_sort *sort, struct pile *pile)
{
    for (size_t b = 0; b < pile->batch_count; b++) {
        release_columns(sort->env, pile->batches[b].columns, sort->schema->field_count);
    }
    pile->batch_count = 0;
    pile->count = 0;
    pile->bytes = 0;
}

static void free_pile(struct tarn__row_sort *sort, struct pile *pile)
{
    clear_pile(sort, pile);
    tarn__free(sort->env, pile->batches);
    tarn__free(sort->env, pile->entries);
}

static void merge_entries(const struct entry *from, struct entry *to, size_t begin, size_t middle, size_t end)
{
    size_t a = begin;
    size_t b = middle;
    for (size_t i = begin; i < end; i++) {
        const bool first = a < middle && (b == end || tarn__cluster_key_compare(from[a].key, from[b].key) <= 0);
        to[i] = first ? from[a++] : from[b++];
    }
}

/* Stable. */
static enum tarn_status sort_entries(struct tarn_env *env, struct pile *pile, struct tarn_error *err)
{
    struct entry *to = tarn__calloc(env, pile->capacity, sizeof(*to));
    if (to == NULL) {
        return tarn__nomem(env, err, pile->count * sizeof(*to));
    }
    for (size_t width = 1; width < pile->count; width *= 2) {
        for (size_t begin = 0; begin < pile->count; begin += 2 * width) {
            const size_t middle = pile->count - begin > width ? begin + width : pile->count;
            const size_t end = pile->count - begin > 2 * width ? begin + 2 * width : pile->count;
            merge_entries(pile->entries, to, begin, middle, end);
        }
        struct entry *swap = pile->entries;
        pile->entries = to;
        to = swap;
    }
    tarn__free(env, to);
    return TARN_OK;
}

/* ---- rows in order, out of the batches of a pile ---- */

/* Where rows go in order: to the caller, or to a run, which keeps their keys. */
struct output {
    tarn__sorted_fn fn;
    void *arg;
    struct tarn_sink *run; /* instead of `fn` */
};

/* Where the rows of one batch that goes out lie: `parts` batches, of each its rows, and for each row its place in the joined parts. */
struct pick {
    uint32_t rows;
    uint32_t part_count;
    uint32_t *parts;     /* batch of each */
    uint32_t *begins;    /* of each, in `positions`; one more at the end */
    uint32_t *positions; /* rows of the batches, part by part */
    uint32_t *places;
    uint32_t *counts; /* of each batch of the pile; zero between two picks */
};

static void free_pick(struct tarn_env *env, struct pick *pick)
{
    tarn__free(env, pick->parts);
    tarn__free(env, pick->begins);
    tarn__free(env, pick->positions);
    tarn__free(env, pick->places);
    tarn__free(env, pick->counts);
}

static enum tarn_status make_pick(struct tarn_env *env, size_t batch_count, uint32_t rows, struct pick *pick, struct tarn_error *err)
{
    *pick = (struct pick){0};
    pick->parts = tarn__calloc(env, (size_t)rows + 1, sizeof(uint32_t));
    pick->begins = tarn__calloc(env, (size_t)rows + 2, sizeof(uint32_t));
    pick->positions = tarn__calloc(env, (size_t)rows + 1, sizeof(uint32_t));
    pick->places = tarn__calloc(env, (size_t)rows + 1, sizeof(uint32_t));
    pick->counts = tarn__calloc(env, batch_count + 1, sizeof(uint32_t));
    if (pick->parts == NULL || pick->begins == NULL || pick->positions == NULL || pick->places == NULL || pick->counts == NULL) {
        free_pick(env, pick);
        return tarn__nomem(env, err, (uint64_t)rows * 16 + batch_count * 4);
    }
    return TARN_OK;
}

static void pick_rows(const struct entry *entries, uint32_t rows, struct pick *pick)
{
    pick->rows = rows;
    pick->part_count = 0;
    for (uint32_t i = 0; i < rows; i++) {
        if (pick->counts[entries[i].batch]++ == 0) {
            pick->parts[pick->part_count++] = entries[i].batch;
        }
    }
    uint32_t at = 0;
    for (uint32_t p = 0; p < pick->part_count; p++) {
        uint32_t *count = &pick->counts[pick->parts[p]];
        const uint32_t size = *count;
        pick->begins[p] = at;
        *count = at; /* from here on: where its next row goes */
        at += size;
    }
    pick->begins[pick->part_count] = at;
    for (uint32_t i = 0; i < rows; i++) {
        const uint32_t place = pick->counts[entries[i].batch]++;
        pick->positions[place] = entries[i].row;
        pick->places[i] = place;
    }
    for (uint32_t p = 0; p < pick->part_count; p++) {
        pick->counts[pick->parts[p]] = 0;
    }
}

static enum tarn_status pick_column(const struct tarn__row_sort *sort, const struct pile *pile, const struct pick *pick, uint32_t column,
                                    struct tarn_vector **parts, struct tarn_vector **out, struct tarn_error *err)
{
    enum tarn_status status = TARN_OK;
    uint32_t made = 0;
    for (; status == TARN_OK && made < pick->part_count; made++) {
        const uint32_t begin = pick->begins[made];
        status = tarn__vector_gather(pile->batches[pick->parts[made]].columns[column], pick->positions + begin,
                                     pick->begins[made + 1] - begin, &parts[made], err);
        if (status != TARN_OK) {
            break;
        }
    }
    struct tarn_vector *joined = NULL;
    if (status == TARN_OK) {
        status = tarn__vector_concat(sort->env, sort->schema->fields[column].type, pick->part_count, parts, NULL, &joined, err);
    }
    if (status == TARN_OK) {
        status = tarn__vector_gather(joined, pick->places, pick->rows, out, err);
    }
    tarn_vector_release(joined);
    for (uint32_t p = 0; p < made; p++) {
        tarn_vector_release(parts[p]);
    }
    return status;
}

static enum tarn_status write_run_rows(const struct tarn__row_sort *sort, struct tarn_sink *sink, const struct tarn_batch *batch,
                                       const struct entry *entries, struct tarn_error *err);

static enum tarn_status send_rows(const struct tarn__row_sort *sort, const struct pile *pile, const struct pick *pick,
                                  const struct entry *entries, const struct output *output, struct tarn_error *err)
{
    const uint32_t count = sort->schema->field_count;
    struct tarn_vector **columns = tarn__calloc(sort->env, (size_t)count + 1, sizeof(struct tarn_vector *));
    struct tarn_vector **parts = tarn__calloc(sort->env, (size_t)pick->part_count + 1, sizeof(struct tarn_vector *));
    enum tarn_status status = columns == NULL || parts == NULL ? tarn__nomem(sort->env, err, count * sizeof(void *)) : TARN_OK;
    for (uint32_t c = 0; status == TARN_OK && c < count; c++) {
        status = pick_column(sort, pile, pick, c, parts, &columns[c], err);
    }
    struct tarn_batch *batch = NULL;
    if (status == TARN_OK) {
        status = tarn_batch_make(sort->env, sort->schema, pick->rows, columns, &batch, err);
    }
    if (status == TARN_OK) {
        status = output->run != NULL ? write_run_rows(sort, output->run, batch, entries, err) : output->fn(output->arg, batch, err);
    }
    tarn_batch_release(batch);
    tarn__free(sort->env, parts);
    release_columns(sort->env, columns, count);
    return status;
}

static enum tarn_status emit_pile(const struct tarn__row_sort *sort, struct pile *pile, const struct output *output, struct tarn_error *err)
{
    if (pile->count == 0) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(sort_entries(sort->env, pile, err));
    const uint64_t row_bytes = pile->bytes / pile->count + 1;
    uint64_t rows = out_bytes / row_bytes;
    rows = rows < LEAST_OUT_ROWS ? LEAST_OUT_ROWS : rows > OUT_ROWS ? OUT_ROWS : rows;
    struct pick pick;
    TARN_RETURN_IF_ERROR(make_pick(sort->env, pile->batch_count, (uint32_t)rows, &pick, err));
    enum tarn_status status = TARN_OK;
    for (size_t at = 0; status == TARN_OK && at < pile->count; at += rows) {
        const uint64_t left = pile->count - at;
        pick_rows(pile->entries + at, (uint32_t)(left < rows ? left : rows), &pick);
        status = tarn__check_cancelled(sort->env, err);
        status = status == TARN_OK ? send_rows(sort, pile, &pick, pile->entries + at, output, err) : status;
    }
    free_pick(sort->env, &pick);
    return status;
}

/* ---- runs: written ---- */

static const struct tarn_type key_type = {.id = TARN_TYPE_I64};

/* Columns by number: the table's names may be any. */
static enum tarn_status make_run_schema(struct tarn__row_sort *sort, struct tarn_error *err)
{
    const uint32_t count = sort->schema->field_count;
    struct tarn_field *fields = tarn__arena_calloc(&sort->arena, (size_t)count + 2, sizeof(*fields));
    if (fields == NULL) {
        return tarn__nomem(sort->env, err, count * sizeof(*fields));
    }
    for (uint32_t c = 0; c < count + 2; c++) {
        char name[16];
        const int size = snprintf(name, sizeof(name), "%u", c);
        const struct tarn_text copy = tarn__arena_text(&sort->arena, (struct tarn_text){name, (size_t)size});
        if (copy.data == NULL) {
            return tarn__nomem(sort->env, err, sizeof(name));
        }
        fields[c] = c < count ? (struct tarn_field){.name = copy, .type = sort->schema->fields[c].type, .nullable = true, .id = -1}
                              : (struct tarn_field){.name = copy, .type = &key_type, .nullable = false, .id = -1};
    }
    return tarn_schema_make(sort->env, count + 2, fields, 0, NULL, &sort->run_schema, err);
}

static struct tarn_vector *key_column(const struct tarn__row_sort *sort, const struct entry *entries, uint32_t length, bool low)
{
    struct tarn_buffer *values = tarn__buffer_new(sort->env, (size_t)length * sizeof(int64_t));
    for (uint32_t i = 0; values != NULL && i < length; i++) {
        const int64_t half = (int64_t)(low ? entries[i].key.low : entries[i].key.high);
        memcpy(values->data + i * sizeof(half), &half, sizeof(half));
    }
    return tarn__vector_flat(sort->env, sort->run_schema->fields[sort->schema->field_count].type, length, values, NULL);
}

static enum tarn_status write_run_rows(const struct tarn__row_sort *sort, struct tarn_sink *sink, const struct tarn_batch *batch,
                                       const struct entry *entries, struct tarn_error *err)
{
    const uint32_t count = batch->column_count;
    struct tarn_vector **columns = tarn__calloc(sort->env, (size_t)count + 2, sizeof(struct tarn_vector *));
    if (columns == NULL) {
        return tarn__nomem(sort->env, err, count * sizeof(void *));
    }
    for (uint32_t c = 0; c < count; c++) {
        columns[c] = tarn__vector_retype(batch->columns[c], sort->run_schema->fields[c].type);
    }
    columns[count] = key_column(sort, entries, batch->length, false);
    columns[count + 1] = key_column(sort, entries, batch->length, true);
    struct tarn_batch *stored;
    enum tarn_status status = tarn__batch_adopt(sort->env, sort->run_schema, batch->length, columns, &stored, err);
    tarn__free(sort->env, columns);
    if (status == TARN_OK) {
        status = tarn_sink_write(sink, stored, err);
        tarn_batch_release(stored);
    }
    return status;
}

static enum tarn_status new_run(struct tarn__row_sort *sort, struct tarn_sink **sink, struct tarn_error *err)
{
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    options.profile = TARN_PROFILE_FAST;
    options.codec = TARN_CODEC_LZ4_RAW;
    options.no_statistics = true;
    options.no_page_index = true;
    options.row_group_rows = SPILL_ROWS;
    options.check = TARN_CHECK_OFF;
    options.mode = TARN_PUT_IF_ABSENT;
    if (sort->run_schema == NULL) {
        TARN_RETURN_IF_ERROR(make_run_schema(sort, err));
    }
    if (!tarn__grow(sort->env, &sort->runs, &sort->run_capacity, sort->run_count + 1, sizeof(*sort->runs))) {
        return tarn__nomem(sort->env, err, sizeof(*sort->runs));
    }
    struct run *run = &sort->runs[sort->run_count];
    char uuid[37];
    tarn__uuid(sort->env, uuid);
    *run = (struct run){.begun = true};
    snprintf(run->name, sizeof(run->name), "_run-%s.parquet", uuid);
    sort->run_count++;
    sort->made++;
    return tarn_parquet_create(sort->spill, tarn__text_of(run->name), sort->run_schema, &options, sink, err);
}

static enum tarn_status spill(struct tarn__row_sort *sort, struct tarn_error *err)
{
    if (sort->spill == NULL) {
        return tarn__error_set(err, TARN_LIMIT, "sort_memory",
                               "the rows of one partition do not fit into the %llu bytes that sorting may take, and there is no store for "
                               "what does not",
                               (unsigned long long)sort->memory);
    }
    struct output output = {0};
    TARN_RETURN_IF_ERROR(new_run(sort, &output.run, err));
    const enum tarn_status status = emit_pile(sort, &sort->pile, &output, err);
    if (status != TARN_OK) {
        tarn_sink_abort(output.run);
        return status;
    }
    clear_pile(sort, &sort->pile);
    return tarn_sink_finish(output.run, err);
}

/* ---- runs: read ---- */

static void close_run(struct tarn__row_sort *sort, struct run *run)
{
    release_columns(sort->env, run->columns, sort->schema->field_count + 2);
    run->columns = NULL;
    tarn_cursor_close(run->cursor);
    tarn_scan_close(run->scan);
    tarn_source_close(run->source);
    run->cursor = NULL;
    run->scan = NULL;
    run->source = NULL;
    if (run->begun && tarn_store_remove(sort->spill, tarn__text_of(run->name), NULL) != TARN_OK) {
        tarn__log(sort->env, TARN_LOG_WARN, "a spilled run could not be removed: %s", run->name);
    }
    run->begun = false;
}

static enum tarn_status open_run(struct tarn__row_sort *sort, struct run *run, struct tarn_error *err)
{
    const uint32_t count = sort->schema->field_count + 2;
    struct tarn_parquet_read_options options = TARN_PARQUET_READ_OPTIONS_INIT;
    options.arrow_schema = TARN_ARROW_SCHEMA_IGNORED;
    TARN_RETURN_IF_ERROR(tarn_parquet_open(sort->spill, tarn__text_of(run->name), &options, &run->source, err));
    struct tarn_path_step *steps = tarn__arena_calloc(&sort->arena, count, sizeof(*steps));
    struct tarn_path *paths = tarn__arena_calloc(&sort->arena, count, sizeof(*paths));
    if (steps == NULL || paths == NULL) {
        return tarn__nomem(sort->env, err, count * sizeof(*steps));
    }
    for (uint32_t c = 0; c < count; c++) {
        steps[c] = (struct tarn_path_step){.kind = TARN_PATH_POSITION, .id = (int32_t)c};
        paths[c] = (struct tarn_path){1, &steps[c]};
    }
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    request.path_count = count;
    request.paths = paths;
    TARN_RETURN_IF_ERROR(tarn_source_scan(run->source, &request, &run->scan, err));
    if (sort->adapts == NULL) {
        sort->adapts = tarn__arena_calloc(&sort->arena, count, sizeof(*sort->adapts));
        if (sort->adapts == NULL) {
            return tarn__nomem(sort->env, err, count * sizeof(*sort->adapts));
        }
        for (uint32_t c = 0; c + 2 < count; c++) {
            TARN_RETURN_IF_ERROR(
                tarn__adapt_plan(&sort->arena, run->scan->types[c], sort->schema->fields[c].type, NULL, &sort->adapts[c], err));
        }
    }
    return TARN_OK;
}

static enum tarn_status take_columns(struct tarn__row_sort *sort, struct run *run, uint32_t rows, struct tarn_error *err)
{
    const uint32_t count = sort->schema->field_count;
    release_columns(sort->env, run->columns, count + 2);
    run->columns = tarn__calloc(sort->env, (size_t)count + 2, sizeof(struct tarn_vector *));
    if (run->columns == NULL) {
        return tarn__nomem(sort->env, err, count * sizeof(void *));
    }
    run->length = rows;
    run->at = 0;
    for (uint32_t c = 0; c < count + 2; c++) {
        struct tarn_vector *vector;
        TARN_RETURN_IF_ERROR(tarn_cursor_column(run->cursor, c, NULL, &vector, err));
        if (c < count) {
            TARN_RETURN_IF_ERROR(tarn__adapt_apply(&sort->adapts[c], vector, &run->columns[c], err));
        } else {
            TARN_RETURN_IF_ERROR(tarn__vector_flatten(vector, NULL, &run->columns[c], err));
        }
    }
    return TARN_OK;
}

/* Makes sure that the run has rows at hand; *has is false at its end. */
static enum tarn_status refill(struct tarn__row_sort *sort, struct run *run, bool *has, struct tarn_error *err)
{
    *has = run->at < run->length;
    while (!*has) {
        if (run->cursor == NULL) {
            if (run->next_task == tarn_scan_task_count(run->scan)) {
                return TARN_OK;
            }
            TARN_RETURN_IF_ERROR(tarn_scan_open(run->scan, run->next_task++, &run->cursor, err));
        }
        uint32_t rows;
        TARN_RETURN_IF_ERROR(tarn_cursor_next(run->cursor, TARN_BATCH_ROWS, &rows, err));
        if (rows != 0) {
            TARN_RETURN_IF_ERROR(take_columns(sort, run, rows, err));
            *has = true;
        } else {
            tarn_cursor_close(run->cursor);
            run->cursor = NULL;
        }
    }
    return TARN_OK;
}

static struct tarn__cluster_key key_at(const struct tarn__row_sort *sort, const struct run *run, uint32_t row)
{
    const uint32_t count = sort->schema->field_count;
    return (struct tarn__cluster_key){((const uint64_t *)run->columns[count]->u.values)[row],
                                      ((const uint64_t *)run->columns[count + 1]->u.values)[row]};
}

/* The rows of a run up to the key go to the pile. */
static enum tarn_status take_rows(struct tarn__row_sort *sort, struct run *run, struct tarn__cluster_key safe, struct pile *pile,
                                  struct tarn_error *err)
{
    const uint32_t count = sort->schema->field_count;
    if (!tarn__grow(sort->env, &pile->batches, &pile->batch_capacity, pile->batch_count + 1, sizeof(*pile->batches)) ||
        !tarn__grow(sort->env, &pile->entries, &pile->capacity, pile->count + run->length - run->at, sizeof(*pile->entries))) {
        return tarn__nomem(sort->env, err, run->length * sizeof(*pile->entries));
    }
    struct tarn_vector **columns = tarn__calloc(sort->env, (size_t)count + 1, sizeof(struct tarn_vector *));
    if (columns == NULL) {
        return tarn__nomem(sort->env, err, count * sizeof(void *));
    }
    for (uint32_t c = 0; c < count; c++) {
        columns[c] = tarn_vector_retain(run->columns[c]);
        pile->bytes += tarn__vector_memory(columns[c]);
    }
    pile->batches[pile->batch_count] = (struct held_batch){columns, run->length};
    for (; run->at < run->length; run->at++) {
        const struct tarn__cluster_key key = key_at(sort, run, run->at);
        if (tarn__cluster_key_compare(key, safe) > 0) {
            break;
        }
        pile->entries[pile->count++] = (struct entry){key, (uint32_t)pile->batch_count, run->at};
    }
    pile->batch_count++;
    return TARN_OK;
}

/* Rows of the first `count` runs in order; `pile` is empty before and between. */
static enum tarn_status merge_runs(struct tarn__row_sort *sort, size_t count, struct pile *pile, const struct output *output,
                                   struct tarn_error *err)
{
    for (size_t r = 0; r < count; r++) {
        TARN_RETURN_IF_ERROR(open_run(sort, &sort->runs[r], err));
    }
    for (;;) {
        struct tarn__cluster_key safe = {UINT64_MAX, UINT64_MAX};
        bool any = false;
        for (size_t r = 0; r < count; r++) {
            struct run *run = &sort->runs[r];
            bool has;
            TARN_RETURN_IF_ERROR(refill(sort, run, &has, err));
            if (has) {
                const struct tarn__cluster_key last = key_at(sort, run, run->length - 1);
                safe = tarn__cluster_key_compare(last, safe) < 0 ? last : safe;
                any = true;
            }
        }
        if (!any) {
            return TARN_OK;
        }
        for (size_t r = 0; r < count; r++) {
            if (sort->runs[r].at < sort->runs[r].length) {
                TARN_RETURN_IF_ERROR(take_rows(sort, &sort->runs[r], safe, pile, err));
            }
        }
        TARN_RETURN_IF_ERROR(emit_pile(sort, pile, output, err));
        clear_pile(sort, pile);
    }
}

static void drop_runs(struct tarn__row_sort *sort, size_t count)
{
    for (size_t r = 0; r < count; r++) {
        close_run(sort, &sort->runs[r]);
    }
    sort->run_count -= count;
    if (sort->run_count != 0) {
        memmove(sort->runs, sort->runs + count, sort->run_count * sizeof(*sort->runs));
    }
}

/* The first runs become one, at the end. */
static enum tarn_status merge_some(struct tarn__row_sort *sort, struct tarn_error *err)
{
    struct pile pile = {0};
    struct output output = {0};
    TARN_RETURN_IF_ERROR(new_run(sort, &output.run, err));
    const enum tarn_status status = merge_runs(sort, MOST_RUNS, &pile, &output, err);
    free_pile(sort, &pile);
    if (status != TARN_OK) {
        tarn_sink_abort(output.run);
        return status;
    }
    TARN_RETURN_IF_ERROR(tarn_sink_finish(output.run, err));
    drop_runs(sort, MOST_RUNS);
    return TARN_OK;
}

/* ---- the sort ---- */

enum tarn_status tarn__row_sort_open(const struct tarn__row_sort_options *options, struct tarn__row_sort **out, struct tarn_error *err)
{
    *out = NULL;
    struct tarn__row_sort *sort = tarn__calloc(options->env, 1, sizeof(*sort));
    if (sort == NULL) {
        return tarn__nomem(options->env, err, sizeof(*sort));
    }
    sort->env = tarn__env_retain(options->env);
    sort->schema = tarn_schema_retain(options->schema);
    sort->spill = options->spill != NULL ? tarn_store_retain(options->spill) : NULL;
    sort->memory = options->memory;
    tarn__arena_init(&sort->arena, sort->env);
    sort->last_dictionary = tarn__calloc(sort->env, (size_t)sort->schema->field_count + 1, sizeof(uint64_t));
    if (sort->last_dictionary == NULL) {
        tarn__row_sort_close(sort);
        return tarn__nomem(options->env, err, options->schema->field_count * sizeof(uint64_t));
    }
    *out = sort;
    return TARN_OK;
}

void tarn__row_sort_close(struct tarn__row_sort *sort)
{
    if (sort == NULL) {
        return;
    }
    struct tarn_env *env = sort->env;
    drop_runs(sort, sort->run_count);
    free_pile(sort, &sort->pile);
    tarn__free(env, sort->runs);
    tarn__free(env, sort->last_dictionary);
    tarn_schema_release(sort->run_schema);
    tarn_schema_release(sort->schema);
    tarn_store_close(sort->spill);
    tarn__arena_free(&sort->arena);
    tarn__free(env, sort);
    tarn_env_close(env);
}

uint32_t tarn__row_sort_runs(const struct tarn__row_sort *sort)
{
    return sort->made;
}

/* A dictionary that many batches share is counted once. */
static uint64_t memory_of(struct tarn__row_sort *sort, uint32_t column, const struct tarn_vector *vector)
{
    if (vector->shape != TARN_SHAPE_DICTIONARY) {
        return tarn__vector_memory(vector);
    }
    const bool counted = sort->last_dictionary[column] == vector->dictionary->id;
    sort->last_dictionary[column] = vector->dictionary->id;
    return (uint64_t)vector->length * sizeof(uint32_t) + (counted ? 0 : tarn__vector_memory(vector->dictionary->values));
}

enum tarn_status tarn__row_sort_add(struct tarn__row_sort *sort, struct tarn_vector *const *columns, uint32_t length,
                                    const struct tarn__cluster_key *keys, struct tarn_error *err)
{
    const uint32_t count = sort->schema->field_count;
    struct pile *pile = &sort->pile;
    if (!tarn__grow(sort->env, &pile->batches, &pile->batch_capacity, pile->batch_count + 1, sizeof(*pile->batches)) ||
        !tarn__grow(sort->env, &pile->entries, &pile->capacity, pile->count + length, sizeof(*pile->entries))) {
        return tarn__nomem(sort->env, err, length * sizeof(*pile->entries));
    }
    struct tarn_vector **copy = tarn__calloc(sort->env, (size_t)count + 1, sizeof(struct tarn_vector *));
    if (copy == NULL) {
        return tarn__nomem(sort->env, err, count * sizeof(void *));
    }
    for (uint32_t c = 0; c < count; c++) {
        copy[c] = tarn_vector_retain(columns[c]);
        pile->bytes += memory_of(sort, c, copy[c]);
    }
    pile->batches[pile->batch_count] = (struct held_batch){copy, length};
    for (uint32_t row = 0; row < length; row++) {
        pile->entries[pile->count++] = (struct entry){keys[row], (uint32_t)pile->batch_count, row};
    }
    pile->batch_count++;
    pile->bytes += 2 * (uint64_t)length * sizeof(struct entry); /* sorting takes the entries twice */
    return pile->bytes > sort->memory ? spill(sort, err) : TARN_OK;
}

enum tarn_status tarn__row_sort_emit(struct tarn__row_sort *sort, tarn__sorted_fn fn, void *arg, struct tarn_error *err)
{
    const struct output output = {.fn = fn, .arg = arg};
    if (sort->run_count == 0) {
        const enum tarn_status status = emit_pile(sort, &sort->pile, &output, err);
        clear_pile(sort, &sort->pile);
        return status;
    }
    if (sort->pile.count != 0) {
        TARN_RETURN_IF_ERROR(spill(sort, err));
    }
    while (sort->run_count > MOST_RUNS) {
        TARN_RETURN_IF_ERROR(merge_some(sort, err));
    }
    struct pile pile = {0};
    const enum tarn_status status = merge_runs(sort, sort->run_count, &pile, &output, err);
    free_pile(sort, &pile);
    drop_runs(sort, sort->run_count);
    return status;
}
