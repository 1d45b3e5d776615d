/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files of a table are worth writing anew.
 *
 * Packing: in each partition small files, in the order in which they came, are put together until they reach the target size. Clustering:
 * in each partition all files that are not laid out like that yet become one job, with those that are but stayed small. Purging: the files
 * with deleted rows.
 *
 * Invariants
 *  1. A job has files of one partition, each file is in one job at most.
 *  2. Packing again what was packed finds nothing to do: a job without deleted rows has two files at least, and files of three quarters of
 *     the target are left alone.
 */
#include <stdlib.h>

#include "format/base/bytes.h"
#include "txlog/core/maintain/layout.h"
#include "txlog/core/prune_files.h"

static const uint64_t default_target = UINT64_C(256) << 20;

enum { MOST_DELETED_PERCENT = 5, LEAST_TARGET = 1024 };

/* ---- the layout that is asked for ---- */

static enum tarn_status resolve_column(const struct tarn_snapshot *snapshot, const struct tarn_path *path, struct tarn_error *err)
{
    const struct tarn_type *type;
    bool nullable;
    uint32_t index[TARN_MAX_DEPTH + 1];
    uint32_t place;
    const struct tarn_text name = path->steps[path->depth - 1].name;
    TARN_RETURN_IF_ERROR(tarn_path_resolve(snapshot->schema, path, &type, &nullable, index, err));
    if (!tarn__type_is_clusterable(type)) {
        return tarn__invalid(err, "layout", "rows cannot be clustered by \"%.*s\": its type has no order", TARN_TEXT_ARG(name));
    }
    if (path->depth == 1 && tarn__spec_identity_of(snapshot->spec, index[0], &place) != NULL) {
        return tarn__invalid(err, "layout", "rows cannot be clustered by \"%.*s\": the table is partitioned by it", TARN_TEXT_ARG(name));
    }
    return TARN_OK;
}

/* "a.b.c": the column of that name, else the member. */
static enum tarn_status path_of(struct tarn_arena *arena, const struct tarn_schema *schema, struct tarn_text text, struct tarn_path *out,
                                struct tarn_error *err)
{
    size_t depth = 1;
    const bool whole = tarn_fields_find(schema->field_count, schema->fields, text) >= 0;
    for (size_t i = 0; !whole && i < text.size; i++) {
        depth += text.data[i] == '.';
    }
    if (depth > TARN_MAX_DEPTH) {
        return tarn__invalid(err, "layout", "\"%.*s\" is deeper than any schema", TARN_TEXT_ARG(text));
    }
    struct tarn_path_step *steps = tarn__arena_calloc(arena, depth, sizeof(*steps));
    const struct tarn_text copy = tarn__arena_text(arena, text);
    if (steps == NULL || copy.data == NULL) {
        return tarn__nomem(arena->env, err, text.size + depth * sizeof(*steps));
    }
    size_t begin = 0;
    for (size_t d = 0; d < depth; d++) {
        size_t end = copy.size;
        if (!whole) {
            const char *dot = memchr(copy.data + begin, '.', copy.size - begin);
            end = dot != NULL ? (size_t)(dot - copy.data) : copy.size;
        }
        steps[d] = (struct tarn_path_step){.kind = TARN_PATH_FIELD, .name = {copy.data + begin, end - begin}, .id = -1};
        begin = end + 1;
    }
    *out = (struct tarn_path){(uint32_t)depth, steps};
    return TARN_OK;
}

static enum tarn_status choose_layout(const struct tarn_snapshot *snapshot, const struct tarn_optimize_options *options,
                                      struct tarn__layout_plan *plan, struct tarn_error *err)
{
    struct tarn__layout *layout = &plan->layout;
    const bool curved = options->layout == TARN_LAYOUT_ZORDER || options->layout == TARN_LAYOUT_HILBERT;
    if (curved != (options->column_count != 0)) {
        return tarn__invalid(err, "layout", curved ? "clustering needs the columns to cluster by" : "columns are given and no curve");
    }
    if (options->purge) {
        return curved ? tarn__invalid(err, "layout", "purging keeps the order of rows: it cannot cluster them too") : TARN_OK;
    }
    if (options->layout == TARN_LAYOUT_TABLE && snapshot->format->layout != NULL) {
        TARN_RETURN_IF_ERROR(snapshot->format->layout(snapshot, &plan->arena, layout, err));
    }
    if (options->column_count > TARN_CLUSTER_MOST_COLUMNS) {
        return tarn__invalid(err, "layout", "rows can be clustered by %d columns at most", TARN_CLUSTER_MOST_COLUMNS);
    }
    if (curved) {
        layout->curve = options->layout == TARN_LAYOUT_ZORDER ? TARN_CURVE_ZORDER : TARN_CURVE_HILBERT;
        layout->column_count = options->column_count;
        for (uint32_t c = 0; c < options->column_count; c++) {
            TARN_RETURN_IF_ERROR(path_of(&plan->arena, snapshot->schema, options->columns[c], &layout->columns[c], err));
        }
    }
    for (uint32_t c = 0; c < layout->column_count; c++) {
        TARN_RETURN_IF_ERROR(resolve_column(snapshot, &layout->columns[c], err));
    }
    return TARN_OK;
}

/* ---- files ---- */

struct candidate {
    const struct tarn__partition *partition;
    const struct tarn__tracked_file *file;
    uint32_t index;
};

static int compare_partitions(const struct tarn__partition *a, const struct tarn__partition *b)
{
    return a == b ? 0 : tarn__text_compare(a->raw, b->raw);
}

/* By partition, then as the files came. */
static int compare_candidates(const void *left, const void *right)
{
    const struct candidate *a = left;
    const struct candidate *b = right;
    const int order = compare_partitions(a->partition, b->partition);
    if (order != 0) {
        return order;
    }
    if (a->file->sequence != b->file->sequence) {
        return a->file->sequence < b->file->sequence ? -1 : 1;
    }
    if (a->file->modified != b->file->modified) {
        return a->file->modified < b->file->modified ? -1 : 1;
    }
    return tarn__text_compare(a->file->path, b->file->path);
}

static enum tarn_status list_candidates(struct tarn_snapshot *snapshot, const struct tarn_expr *where, struct candidate **out,
                                        size_t *count, struct tarn_error *err)
{
    *count = 0;
    *out = tarn__calloc(snapshot->env, (size_t)snapshot->files.count + 1, sizeof(**out));
    if (*out == NULL) {
        return tarn__nomem(snapshot->env, err, snapshot->files.count * sizeof(**out));
    }
    struct tarn__file_pruner pruner;
    enum tarn_status status = where != NULL ? tarn__file_pruner_open(&pruner, snapshot, where, err) : TARN_OK;
    if (status != TARN_OK) {
        return status;
    }
    for (uint32_t i = 0; status == TARN_OK && i < snapshot->files.count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&snapshot->files, i);
        enum tarn_truth truth = TARN_MAYBE;
        if (where != NULL) {
            status = tarn__file_pruner_ask(&pruner, file, &truth, err);
        }
        const bool data = file->extra == NULL || file->extra->kind == TARN_FILE_DATA;
        if (truth != TARN_NEVER && data) {
            (*out)[(*count)++] = (struct candidate){&snapshot->files.partitions[file->partition], file, i};
        }
    }
    if (where != NULL) {
        tarn__file_pruner_close(&pruner);
    }
    qsort(*out, *count, sizeof(**out), compare_candidates);
    return status;
}

static uint64_t deleted_rows(const struct tarn__tracked_file *file)
{
    const struct tarn__deletion_vector *vector = tarn__file_deletion_vector(file);
    return vector != NULL ? vector->cardinality : 0;
}

/* Do so many rows of the file no longer count that reading past them costs more than writing it anew? */
static bool is_worn(const struct tarn__tracked_file *file)
{
    const uint64_t deleted = deleted_rows(file);
    return deleted != 0 && (file->rows < 0 || deleted * 100 > (uint64_t)file->rows * MOST_DELETED_PERCENT);
}

/* ---- jobs ---- */

static enum tarn_status add_job(struct tarn__layout_plan *plan, const struct candidate *files, size_t count, struct tarn_error *err)
{
    struct tarn_env *env = plan->arena.env;
    if (!tarn__grow(env, &plan->jobs, &plan->job_capacity, plan->job_count + 1, sizeof(*plan->jobs))) {
        return tarn__nomem(env, err, sizeof(*plan->jobs));
    }
    struct tarn__layout_job *job = &plan->jobs[plan->job_count];
    *job = (struct tarn__layout_job){.file_count = (uint32_t)count, .has_rows = true};
    job->files = tarn__arena_calloc(&plan->arena, count, sizeof(*job->files));
    if (job->files == NULL) {
        return tarn__nomem(env, err, count * sizeof(*job->files));
    }
    for (size_t i = 0; i < count; i++) {
        const struct tarn__tracked_file *file = files[i].file;
        const uint64_t deleted = deleted_rows(file);
        job->files[i] = files[i].index;
        job->bytes += file->size;
        job->rows_purged += deleted;
        if (file->rows < 0 || (uint64_t)file->rows < deleted) {
            job->has_rows = false;
        } else {
            job->rows += (uint64_t)file->rows - deleted;
        }
    }
    plan->job_count++;
    return TARN_OK;
}

/* Bytes that the file has left, about. */
static uint64_t live_bytes(const struct tarn__tracked_file *file)
{
    const uint64_t deleted = deleted_rows(file);
    const uint64_t rows = file->rows > 0 ? (uint64_t)file->rows : 1;
    return deleted >= rows ? (deleted != 0 ? 0 : file->size) : (uint64_t)((double)file->size * (double)(rows - deleted) / (double)rows);
}

/* The files of a partition, those wanted first of all moved to its begin: put together as they come. */
static enum tarn_status pack(struct tarn__layout_plan *plan, bool purge, struct candidate *files, size_t count, struct tarn_error *err)
{
    const uint64_t small = plan->target_size / 4 * 3;
    size_t wanted = 0;
    for (size_t i = 0; i < count; i++) {
        const struct tarn__tracked_file *file = files[i].file;
        const bool take = purge ? deleted_rows(file) != 0 : file->size < small || is_worn(file);
        if (take) {
            files[wanted++] = files[i];
        }
    }
    size_t begin = 0;
    uint64_t bytes = 0;
    bool worn = false;
    for (size_t i = 0; i <= wanted; i++) {
        const uint64_t more = i < wanted ? live_bytes(files[i].file) : 0;
        if (i == wanted || (i != begin && bytes + more > plan->target_size)) {
            if (i - begin > 1 || (worn && i != begin)) {
                TARN_RETURN_IF_ERROR(add_job(plan, files + begin, i - begin, err));
            }
            begin = i;
            bytes = 0;
            worn = false;
        }
        bytes += more;
        worn = worn || (i < wanted && (purge || is_worn(files[i].file)));
    }
    return TARN_OK;
}

static enum tarn_status cluster(const struct tarn_snapshot *snapshot, struct tarn__layout_plan *plan, bool full, struct candidate *files,
                                size_t count, struct tarn_error *err)
{
    const struct tarn__table_format *format = snapshot->format;
    const uint64_t small = plan->target_size / 4 * 3;
    size_t wanted = 0;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        const bool done =
            !full && format->has_layout != NULL && !is_worn(files[i].file) && format->has_layout(snapshot, files[i].file, &plan->layout);
        any = any || !done;
        if (!done || files[i].file->size < small) {
            files[wanted++] = files[i];
        }
    }
    return any ? add_job(plan, files, wanted, err) : TARN_OK;
}

static enum tarn_status plan_partitions(const struct tarn_snapshot *snapshot, const struct tarn_optimize_options *options,
                                        struct tarn__layout_plan *plan, struct candidate *files, size_t count, struct tarn_error *err)
{
    for (size_t begin = 0; begin < count;) {
        size_t end = begin + 1;
        while (end < count && compare_partitions(files[begin].partition, files[end].partition) == 0) {
            end++;
        }
        const size_t before = plan->job_count;
        if (plan->layout.column_count != 0) {
            TARN_RETURN_IF_ERROR(cluster(snapshot, plan, options->full, files + begin, end - begin, err));
        } else {
            TARN_RETURN_IF_ERROR(pack(plan, options->purge, files + begin, end - begin, err));
        }
        plan->partitions += plan->job_count != before;
        begin = end;
    }
    return TARN_OK;
}

enum tarn_status tarn__layout_plan_make(struct tarn_snapshot *snapshot, const struct tarn_optimize_options *options,
                                        struct tarn__layout_plan *plan, struct tarn_error *err)
{
    *plan = (struct tarn__layout_plan){.target_size = options->target_size};
    tarn__arena_init(&plan->arena, snapshot->env);
    if (plan->target_size == 0 && snapshot->format->target_size != NULL) {
        plan->target_size = snapshot->format->target_size(snapshot);
    }
    if (plan->target_size == 0) {
        plan->target_size = default_target;
    }
    if (plan->target_size < LEAST_TARGET) {
        return tarn__invalid(err, "target_size", "files of %llu bytes would hold nothing", (unsigned long long)plan->target_size);
    }
    TARN_RETURN_IF_ERROR(choose_layout(snapshot, options, plan, err));
    struct candidate *files;
    size_t count;
    enum tarn_status status = list_candidates(snapshot, options->where, &files, &count, err);
    if (status == TARN_OK) {
        plan->considered = count;
        status = plan_partitions(snapshot, options, plan, files, count, err);
    }
    tarn__free(snapshot->env, files);
    return status;
}

void tarn__layout_plan_free(struct tarn__layout_plan *plan, struct tarn_env *env)
{
    tarn__free(env, plan->jobs);
    tarn__arena_free(&plan->arena);
}

uint64_t tarn__layout_job_outputs(const struct tarn__layout_plan *plan, const struct tarn__layout_job *job)
{
    if (job->has_rows && job->rows == 0) {
        return 0;
    }
    const uint64_t files = (job->bytes + plan->target_size / 2) / plan->target_size;
    return plan->layout.column_count == 0 || files == 0 ? 1 : files;
}
