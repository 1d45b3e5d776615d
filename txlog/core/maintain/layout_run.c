/* SPDX-License-Identifier: Apache-2.0
 *
 * Files laid out anew.
 *
 * Invariants
 *  1. Every row that is read is written, once: the counts are compared for each job, with the table's own where it says them.
 *  2. Packing keeps the rows of each file together and in order, and the files in the order of the job.
 *  3. Clustering reads a job's files twice: the columns of the curve for their ranks, then everything, through the sort. Its memory is that
 * of the sort and of one batch, whatever the size of the job.
 */
#include "txlog/core/maintain/layout_run.h"

#include "format/base/bytes.h"
#include "txlog/core/commit.h"
#include "txlog/core/maintain/row_sort.h"
#include "txlog/core/table_scan.h"

/* A job at work. */
struct work {
    struct tarn__layout_run *run;
    const struct tarn__layout_job *job;
    struct tarn__layout_output *output;
    struct tarn_text tags; /* of its files; empty: none */
    struct tarn_sink *sink;
    uint64_t rows;         /* read */
    uint64_t written;      /* to the sink at hand */
    uint64_t rows_of_file; /* clustering: after so many the next file begins; 0: never */
};

/* ---- new files ---- */

static enum tarn_status note_staging(void *arg, struct tarn_text key, struct tarn_error *err)
{
    struct work *work = arg;
    pthread_mutex_lock(&work->run->lock);
    const enum tarn_status status = tarn__transaction_stage(work->run->transaction, key, err);
    pthread_mutex_unlock(&work->run->lock);
    return status;
}

static enum tarn_status keep_text(struct tarn_arena *arena, struct tarn_text *text, struct tarn_error *err)
{
    *text = tarn__arena_text(arena, *text);
    return text->data == NULL ? tarn__nomem(arena->env, err, text->size) : TARN_OK;
}

static enum tarn_status note_staged(void *arg, const struct tarn__staged_file *file, struct tarn_error *err)
{
    struct work *work = arg;
    struct tarn__layout_output *output = work->output;
    struct tarn_env *env = output->arena.env;
    if (!tarn__grow(env, &output->files, &output->capacity, output->count + 1, sizeof(*output->files))) {
        return tarn__nomem(env, err, sizeof(*output->files));
    }
    struct tarn__staged_file *copy = &output->files[output->count];
    *copy = *file;
    copy->tags = work->tags;
    TARN_RETURN_IF_ERROR(keep_text(&output->arena, &copy->path, err));
    TARN_RETURN_IF_ERROR(keep_text(&output->arena, &copy->partition, err));
    TARN_RETURN_IF_ERROR(keep_text(&output->arena, &copy->statistics, err));
    output->rows += file->rows;
    output->count++;
    return TARN_OK;
}

static enum tarn_status finish_sink(struct work *work, struct tarn_error *err)
{
    struct tarn_sink *sink = work->sink;
    work->sink = NULL;
    work->written = 0;
    return sink != NULL ? tarn_sink_finish(sink, err) : TARN_OK;
}

static enum tarn_status need_sink(struct work *work, struct tarn_error *err)
{
    if (work->sink != NULL) {
        return TARN_OK;
    }
    const struct tarn__ingest_options options = {
        .snapshot = work->run->transaction->snapshot,
        .extra_count = work->run->carried_count,
        .extra = work->run->carried,
        .staging = note_staging,
        .staged = note_staged,
        .arg = work,
        .file_bytes = UINT64_MAX, /* the job says where a file ends */
    };
    return tarn__ingest_open(&options, &work->sink, err);
}

/* Writes rows, and begins new files where the job says. */
static enum tarn_status write_rows(void *arg, const struct tarn_batch *batch, struct tarn_error *err)
{
    struct work *work = arg;
    for (uint32_t at = 0; at < batch->length;) {
        const uint64_t room = work->rows_of_file != 0 ? work->rows_of_file - work->written : UINT64_MAX;
        const uint32_t count = batch->length - at < room ? batch->length - at : (uint32_t)room;
        TARN_RETURN_IF_ERROR(need_sink(work, err));
        if (count == batch->length) {
            TARN_RETURN_IF_ERROR(tarn_sink_write(work->sink, batch, err));
        } else {
            struct tarn_env *env = work->output->arena.env;
            struct tarn_vector **columns = tarn__calloc(env, (size_t)batch->column_count + 1, sizeof(struct tarn_vector *));
            enum tarn_status status = columns == NULL ? tarn__nomem(env, err, batch->column_count * sizeof(void *)) : TARN_OK;
            for (uint32_t c = 0; status == TARN_OK && c < batch->column_count; c++) {
                status = tarn__vector_slice(batch->columns[c], at, count, &columns[c], err);
            }
            struct tarn_batch *part = NULL;
            status = status == TARN_OK ? tarn_batch_make(env, batch->schema, count, columns, &part, err) : status;
            status = status == TARN_OK ? tarn_sink_write(work->sink, part, err) : status;
            tarn_batch_release(part);
            for (uint32_t c = 0; columns != NULL && c < batch->column_count; c++) {
                tarn_vector_release(columns[c]);
            }
            tarn__free(env, columns);
            TARN_RETURN_IF_ERROR(status);
        }
        work->written += count;
        at += count;
        if (work->rows_of_file != 0 && work->written == work->rows_of_file) {
            TARN_RETURN_IF_ERROR(finish_sink(work, err));
        }
    }
    return TARN_OK;
}

/* ---- reading a file of the job ---- */

typedef enum tarn_status (*rows_fn)(struct work *work, void *arg, struct tarn_vector *const *columns, uint32_t length,
                                    struct tarn_error *err);

static enum tarn_status read_cursor(struct work *work, struct tarn_cursor *cursor, uint32_t count, rows_fn fn, void *arg,
                                    struct tarn_error *err)
{
    struct tarn_vector *columns[TARN_CLUSTER_MOST_COLUMNS];
    struct tarn_vector **all = count <= TARN_CLUSTER_MOST_COLUMNS ? columns : tarn__calloc(cursor->env, count, sizeof(*all));
    enum tarn_status status = all == NULL ? tarn__nomem(cursor->env, err, count * sizeof(*all)) : TARN_OK;
    while (status == TARN_OK) {
        uint32_t rows = 0;
        status = tarn__check_cancelled(cursor->env, err);
        status = status == TARN_OK ? tarn_cursor_next(cursor, TARN_BATCH_ROWS, &rows, err) : status;
        if (status != TARN_OK || rows == 0) {
            break;
        }
        for (uint32_t c = 0; status == TARN_OK && c < count; c++) {
            status = tarn_cursor_column(cursor, c, NULL, &all[c], err);
        }
        status = status == TARN_OK ? fn(work, arg, all, rows, err) : status;
    }
    if (all != columns) {
        tarn__free(cursor->env, all);
    }
    return status;
}

static enum tarn_status read_source(struct work *work, struct tarn_source *source, uint32_t count, const struct tarn_path *paths,
                                    rows_fn fn, void *arg, struct tarn_error *err)
{
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    request.path_count = count;
    request.paths = paths;
    struct tarn_scan *scan;
    TARN_RETURN_IF_ERROR(tarn_source_scan(source, &request, &scan, err));
    enum tarn_status status = TARN_OK;
    const uint32_t tasks = tarn_scan_task_count(scan);
    for (uint32_t t = 0; status == TARN_OK && t < tasks; t++) {
        struct tarn_cursor *cursor;
        status = tarn_scan_open(scan, t, &cursor, err);
        if (status == TARN_OK) {
            status = read_cursor(work, cursor, count, fn, arg, err);
            tarn_cursor_close(cursor);
        }
    }
    tarn_scan_close(scan);
    return status;
}

/* The files of the job, one after the other. */
static enum tarn_status read_job(struct work *work, uint32_t count, const struct tarn_path *paths, rows_fn fn, void *arg,
                                 struct tarn_error *err)
{
    struct tarn_snapshot *snapshot = work->run->transaction->snapshot;
    for (uint32_t i = 0; i < work->job->file_count; i++) {
        struct tarn_source *source;
        TARN_RETURN_IF_ERROR(tarn__table_source(snapshot, &work->job->files[i], 1, &source, err));
        const enum tarn_status status = read_source(work, source, count, paths, fn, arg, err);
        tarn_source_close(source);
        if (status != TARN_OK) {
            tarn__error_at_object(err, tarn__file_set_at(&snapshot->files, work->job->files[i])->path);
            return status;
        }
    }
    return TARN_OK;
}

/* Paths to all columns of the table and what rows carry, then to those of the layout that are members of structs. */
static enum tarn_status make_paths(struct work *work, const struct tarn_path **out, uint32_t *count, uint32_t *handles,
                                   struct tarn_error *err)
{
    const struct tarn_schema *schema = work->run->transaction->snapshot->schema;
    const struct tarn_schema *rows = work->run->rows;
    const struct tarn__layout *layout = &work->run->plan->layout;
    struct tarn_arena *arena = &work->output->arena;
    const size_t most = (size_t)rows->field_count + layout->column_count;
    struct tarn_path *paths = tarn__arena_calloc(arena, most + 1, sizeof(*paths));
    struct tarn_path_step *steps = tarn__arena_calloc(arena, (size_t)rows->field_count + 1, sizeof(*steps));
    if (paths == NULL || steps == NULL) {
        return tarn__nomem(arena->env, err, most * sizeof(*paths));
    }
    for (uint32_t c = 0; c < schema->field_count; c++) {
        steps[c] = (struct tarn_path_step){.kind = TARN_PATH_POSITION, .id = (int32_t)c};
        paths[c] = (struct tarn_path){1, &steps[c]};
    }
    for (uint32_t c = schema->field_count; c < rows->field_count; c++) {
        steps[c] = (struct tarn_path_step){.kind = TARN_PATH_FIELD, .name = rows->fields[c].name, .id = -1};
        paths[c] = (struct tarn_path){1, &steps[c]};
    }
    *count = rows->field_count;
    for (uint32_t c = 0; c < layout->column_count; c++) {
        const struct tarn_path *path = &layout->columns[c];
        const int32_t top = tarn_fields_find(schema->field_count, schema->fields, path->steps[0].name);
        if (path->depth == 1 && top >= 0) {
            handles[c] = (uint32_t)top;
        } else {
            handles[c] = *count;
            paths[(*count)++] = *path;
        }
    }
    *out = paths;
    return TARN_OK;
}

/* ---- packing ---- */

static enum tarn_status copy_rows(struct work *work, void *arg, struct tarn_vector *const *columns, uint32_t length, struct tarn_error *err)
{
    (void)arg;
    struct tarn_env *env = work->output->arena.env;
    struct tarn_batch *batch;
    TARN_RETURN_IF_ERROR(tarn_batch_make(env, work->run->rows, length, columns, &batch, err));
    const enum tarn_status status = write_rows(work, batch, err);
    tarn_batch_release(batch);
    work->rows += length;
    return status;
}

static enum tarn_status pack_job(struct work *work, struct tarn_error *err)
{
    const struct tarn_path *paths;
    uint32_t count;
    TARN_RETURN_IF_ERROR(make_paths(work, &paths, &count, NULL, err));
    return read_job(work, count, paths, copy_rows, NULL, err);
}

/* ---- clustering ---- */

struct clustering {
    struct tarn__cluster_ranks ranks;
    struct tarn__row_sort *sort;
    uint32_t handles[TARN_CLUSTER_MOST_COLUMNS];
    struct tarn__cluster_key *keys;
};

static enum tarn_status sample_rows(struct work *work, void *arg, struct tarn_vector *const *columns, uint32_t length,
                                    struct tarn_error *err)
{
    (void)length;
    struct clustering *clustering = arg;
    for (uint32_t c = 0; c < work->run->plan->layout.column_count; c++) {
        TARN_RETURN_IF_ERROR(tarn__cluster_sample(&clustering->ranks, c, columns[c], err));
    }
    return TARN_OK;
}

static enum tarn_status sort_rows(struct work *work, void *arg, struct tarn_vector *const *columns, uint32_t length, struct tarn_error *err)
{
    struct clustering *clustering = arg;
    struct tarn_vector *curve[TARN_CLUSTER_MOST_COLUMNS];
    for (uint32_t c = 0; c < work->run->plan->layout.column_count; c++) {
        curve[c] = columns[clustering->handles[c]];
    }
    TARN_RETURN_IF_ERROR(tarn__cluster_keys(&clustering->ranks, curve, length, clustering->keys, err));
    work->rows += length;
    return tarn__row_sort_add(clustering->sort, columns, length, clustering->keys, err);
}

static enum tarn_status read_ranks(struct work *work, struct clustering *clustering, struct tarn_error *err)
{
    const struct tarn__layout *layout = &work->run->plan->layout;
    const struct tarn_snapshot *snapshot = work->run->transaction->snapshot;
    const struct tarn_type *types[TARN_CLUSTER_MOST_COLUMNS];
    for (uint32_t c = 0; c < layout->column_count; c++) {
        bool nullable;
        TARN_RETURN_IF_ERROR(tarn_path_resolve(snapshot->schema, &layout->columns[c], &types[c], &nullable, NULL, err));
    }
    TARN_RETURN_IF_ERROR(tarn__cluster_ranks_init(&clustering->ranks, snapshot->env, layout->curve, layout->column_count, types, err));
    TARN_RETURN_IF_ERROR(read_job(work, layout->column_count, layout->columns, sample_rows, clustering, err));
    return tarn__cluster_seal(&clustering->ranks, err);
}

static enum tarn_status sort_job(struct work *work, struct clustering *clustering, struct tarn_error *err)
{
    struct tarn__layout_run *run = work->run;
    struct tarn_env *env = work->output->arena.env;
    const struct tarn_path *paths;
    uint32_t count;
    TARN_RETURN_IF_ERROR(read_ranks(work, clustering, err));
    TARN_RETURN_IF_ERROR(make_paths(work, &paths, &count, clustering->handles, err));
    clustering->keys = tarn__calloc(env, TARN_BATCH_ROWS, sizeof(*clustering->keys));
    if (clustering->keys == NULL) {
        return tarn__nomem(env, err, TARN_BATCH_ROWS * sizeof(*clustering->keys));
    }
    const uint32_t threads = tarn__concurrency(env);
    const size_t together = run->plan->job_count < threads ? run->plan->job_count : threads;
    const struct tarn__row_sort_options options = {
        .env = env,
        .schema = run->rows,
        .spill = run->spill,
        .memory = run->memory / (together != 0 ? together : 1),
    };
    TARN_RETURN_IF_ERROR(tarn__row_sort_open(&options, &clustering->sort, err));
    TARN_RETURN_IF_ERROR(read_job(work, count, paths, sort_rows, clustering, err));
    const uint64_t outputs = tarn__layout_job_outputs(run->plan, work->job);
    work->rows_of_file = outputs > 1 ? work->rows / outputs + (work->rows % outputs != 0) : 0;
    return tarn__row_sort_emit(clustering->sort, write_rows, work, err);
}

static enum tarn_status cluster_job(struct work *work, struct tarn_error *err)
{
    struct clustering clustering = {0};
    const enum tarn_status status = sort_job(work, &clustering, err);
    tarn__row_sort_close(clustering.sort);
    tarn__cluster_ranks_free(&clustering.ranks);
    tarn__free(work->output->arena.env, clustering.keys);
    return status;
}

/* ---- jobs ---- */

static enum tarn_status check_rows(const struct work *work, struct tarn_error *err)
{
    if (work->job->has_rows && work->rows != work->job->rows) {
        return tarn__corrupt(err, "row_count", "the files have %llu rows; the table says %llu", (unsigned long long)work->rows,
                             (unsigned long long)work->job->rows);
    }
    if (work->output->rows != work->rows) {
        return tarn__internal(err, "%llu rows were read, %llu written", (unsigned long long)work->rows,
                              (unsigned long long)work->output->rows);
    }
    return TARN_OK;
}

static enum tarn_status make_tags(const struct tarn__layout_run *run, struct work *work, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = run->transaction->snapshot;
    if (run->plan->layout.column_count == 0 || snapshot->format->layout_tags == NULL) {
        return TARN_OK;
    }
    struct tarn_text_builder text;
    tarn__builder_init(&text, snapshot->env);
    enum tarn_status status = snapshot->format->layout_tags(snapshot, &run->plan->layout, run->group, &text, err);
    status = status == TARN_OK ? tarn__builder_status(&text, err) : status;
    if (status == TARN_OK) {
        work->tags = tarn__builder_text(&text);
        status = keep_text(&work->output->arena, &work->tags, err);
    }
    tarn__builder_free(&text);
    return status;
}

static enum tarn_status run_job(void *arg, uint64_t i, uint32_t worker, struct tarn_error *err)
{
    (void)worker;
    struct tarn__layout_run *run = arg;
    struct work work = {.run = run, .job = &run->plan->jobs[i], .output = &run->outputs[i]};
    enum tarn_status status = make_tags(run, &work, err);
    if (status == TARN_OK) {
        status = run->plan->layout.column_count != 0 ? cluster_job(&work, err) : pack_job(&work, err);
    }
    status = status == TARN_OK ? finish_sink(&work, err) : status;
    if (work.sink != NULL) {
        tarn_sink_abort(work.sink);
    }
    return status == TARN_OK ? check_rows(&work, err) : status;
}

static enum tarn_status hand_over(struct tarn__layout_run *run, struct tarn_error *err)
{
    for (size_t j = 0; j < run->plan->job_count; j++) {
        const struct tarn__layout_job *job = &run->plan->jobs[j];
        for (uint32_t i = 0; i < job->file_count; i++) {
            TARN_RETURN_IF_ERROR(tarn__transaction_remove_index(run->transaction, job->files[i], err));
        }
        for (size_t i = 0; i < run->outputs[j].count; i++) {
            TARN_RETURN_IF_ERROR(tarn__transaction_add_file(run->transaction, &run->outputs[j].files[i], err));
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__layout_run(struct tarn__layout_run *run, struct tarn_error *err)
{
    struct tarn_env *env = run->transaction->env;
    const size_t count = run->plan->job_count;
    run->outputs = tarn__calloc(env, count + 1, sizeof(*run->outputs));
    if (run->outputs == NULL) {
        return tarn__nomem(env, err, count * sizeof(*run->outputs));
    }
    for (size_t j = 0; j < count; j++) {
        tarn__arena_init(&run->outputs[j].arena, env);
    }
    tarn__uuid(env, run->group);
    pthread_mutex_init(&run->lock, NULL);
    enum tarn_status status =
        tarn__transaction_carried(run->transaction, &run->transaction->arena, &run->carried_count, &run->carried, err);
    status = status == TARN_OK ? tarn_transaction_copy_schema(run->transaction, &run->rows, err) : status;
    status = status == TARN_OK ? tarn__parallel_for(env, count, run_job, run, err) : status;
    pthread_mutex_destroy(&run->lock);
    status = status == TARN_OK ? hand_over(run, err) : status;
    for (size_t j = 0; j < count; j++) {
        tarn__free(env, run->outputs[j].files);
        tarn__arena_free(&run->outputs[j].arena);
    }
    tarn__free(env, run->outputs);
    run->outputs = NULL;
    tarn_schema_release(run->rows);
    run->rows = NULL;
    return status;
}
