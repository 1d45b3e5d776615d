/* SPDX-License-Identifier: Apache-2.0
 *
 * Optimize: a plan, its files written, one commit.
 *
 * Invariants
 *  1. The commit changes no row: it holds after any that only adds, and in conflict with one that took out a file of its own it starts
 * over.
 *  2. A run that fails leaves nothing behind but what a clean-up finds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/json/json_print.h"
#include "txlog/core/commit.h"
#include "txlog/core/maintain/layout_run.h"

enum { MOST_ATTEMPTS = 4 };

static const uint64_t default_memory = UINT64_C(256) << 20;

/* ---- history ---- */

/* A JSON array of the columns, inside a string. */
static void print_columns(struct tarn_json_printer *json, struct tarn_text key, const struct tarn__layout *layout, bool wanted,
                          struct tarn_env *env)
{
    struct tarn_text_builder list;
    struct tarn_text_builder name;
    tarn__builder_init(&list, env);
    tarn__builder_init(&name, env);
    struct tarn_json_printer inner;
    tarn__json_printer_init(&inner, &list);
    tarn__json_print_begin_array(&inner);
    for (uint32_t c = 0; wanted && c < layout->column_count; c++) {
        tarn__builder_clear(&name);
        for (uint32_t d = 0; d < layout->columns[c].depth; d++) {
            tarn__builder_add_str(&name, d != 0 ? "." : "");
            tarn__builder_add(&name, layout->columns[c].steps[d].name);
        }
        tarn__json_print_string(&inner, tarn__builder_text(&name));
    }
    tarn__json_print_end_array(&inner);
    tarn__json_print_key(json, key);
    tarn__json_print_string(json, tarn__builder_text(&list));
    json->out->failed = json->out->failed || list.failed || name.failed;
    tarn__builder_free(&name);
    tarn__builder_free(&list);
}

static void print_predicate(struct tarn_json_printer *json, struct tarn_text text, struct tarn_env *env)
{
    struct tarn_text_builder list;
    tarn__builder_init(&list, env);
    struct tarn_json_printer inner;
    tarn__json_printer_init(&inner, &list);
    tarn__json_print_begin_array(&inner);
    if (text.size != 0) {
        tarn__json_print_string(&inner, text);
    }
    tarn__json_print_end_array(&inner);
    tarn__json_print_key(json, TARN_TEXT("predicate"));
    tarn__json_print_string(json, tarn__builder_text(&list));
    json->out->failed = json->out->failed || list.failed;
    tarn__builder_free(&list);
}

static void print_parameters(const struct tarn_optimize_options *options, const struct tarn__layout *layout, struct tarn_env *env,
                             struct tarn_text_builder *out)
{
    const bool asked = options->layout == TARN_LAYOUT_ZORDER || options->layout == TARN_LAYOUT_HILBERT;
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, out);
    tarn__json_print_begin_object(&json);
    print_predicate(&json, options->predicate_text, env);
    if (options->purge) {
        tarn__json_print_key(&json, TARN_TEXT("applyPurge"));
        tarn__json_print_string(&json, TARN_TEXT("true"));
    } else {
        tarn__json_print_key(&json, TARN_TEXT("auto"));
        tarn__json_print_string(&json, TARN_TEXT("false"));
        print_columns(&json, TARN_TEXT("clusterBy"), layout, !asked, env);
        print_columns(&json, TARN_TEXT("zOrderBy"), layout, asked, env);
    }
    tarn__json_print_end_object(&json);
}

static int compare_sizes(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* What history shows of the sizes of new files: the least, the largest, and the quarters between. */
static enum tarn_status tell_sizes(struct tarn_transaction *transaction, struct tarn_error *err)
{
    static const char *const names[] = {"minFileSize", "p25FileSize", "p50FileSize", "p75FileSize", "maxFileSize"};
    const size_t count = transaction->added_count;
    uint64_t *sizes = tarn__calloc(transaction->env, count + 1, sizeof(*sizes));
    if (sizes == NULL) {
        return tarn__nomem(transaction->env, err, count * sizeof(*sizes));
    }
    for (size_t i = 0; i < count; i++) {
        sizes[i] = transaction->added[i].size;
    }
    qsort(sizes, count, sizeof(*sizes), compare_sizes);
    enum tarn_status status = TARN_OK;
    for (size_t i = 0; status == TARN_OK && i < 5; i++) {
        status = tarn_transaction_metric(transaction, names[i], count != 0 ? sizes[(count - 1) * i / 4] : 0, err);
    }
    tarn__free(transaction->env, sizes);
    return status;
}

static enum tarn_status tell_metrics(struct tarn_transaction *transaction, const struct tarn_optimize_result *result,
                                     uint64_t vectors_removed, struct tarn_error *err)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < transaction->added_count; i++) {
        bytes += transaction->added[i].size;
    }
    TARN_RETURN_IF_ERROR(tarn_transaction_metric(transaction, "numAddedFiles", transaction->added_count, err));
    TARN_RETURN_IF_ERROR(tarn_transaction_metric(transaction, "numAddedBytes", bytes, err));
    TARN_RETURN_IF_ERROR(tarn_transaction_metric(transaction, "numRemovedFiles", result->files_removed, err));
    TARN_RETURN_IF_ERROR(tarn_transaction_metric(transaction, "numRemovedBytes", result->bytes_removed, err));
    TARN_RETURN_IF_ERROR(tarn_transaction_metric(transaction, "numDeletionVectorsRemoved", vectors_removed, err));
    return tell_sizes(transaction, err);
}

/* ---- one attempt ---- */

static uint64_t sum_plan(const struct tarn_snapshot *snapshot, const struct tarn__layout_plan *plan, struct tarn_optimize_result *result)
{
    uint64_t vectors = 0;
    result->files_considered = plan->considered;
    result->partitions = plan->partitions;
    for (size_t j = 0; j < plan->job_count; j++) {
        const struct tarn__layout_job *job = &plan->jobs[j];
        result->files_removed += job->file_count;
        result->bytes_removed += job->bytes;
        result->rows += job->rows;
        result->rows_purged += job->rows_purged;
        result->files_added += tarn__layout_job_outputs(plan, job);
        for (uint32_t i = 0; i < job->file_count; i++) {
            vectors += tarn__file_deletion_vector(tarn__file_set_at(&snapshot->files, job->files[i])) != NULL;
        }
    }
    result->bytes_added = result->bytes_removed;
    return vectors;
}

static enum tarn_status commit_plan(struct tarn_snapshot *snapshot, const struct tarn_optimize_options *options,
                                    const struct tarn__layout_plan *plan, uint64_t vectors, struct tarn_optimize_result *result,
                                    struct tarn_error *err)
{
    struct tarn_text_builder parameters;
    tarn__builder_init(&parameters, snapshot->env);
    print_parameters(options, &plan->layout, snapshot->env, &parameters);
    struct tarn_transaction_options wanted = TARN_TRANSACTION_OPTIONS_INIT;
    wanted.operation = options->purge ? "REORG" : "OPTIMIZE";
    wanted.parameters = tarn__builder_text(&parameters);
    wanted.deadline = options->deadline;
    wanted.rearranges = true;
    struct tarn_transaction *transaction = NULL;
    enum tarn_status status = tarn__builder_status(&parameters, err);
    status = status == TARN_OK ? tarn_transaction_open(snapshot, &wanted, &transaction, err) : status;
    tarn__builder_free(&parameters);
    TARN_RETURN_IF_ERROR(status);
    struct tarn__layout_run run = {
        .transaction = transaction,
        .plan = plan,
        .memory = options->memory != 0 ? options->memory : default_memory,
        .spill = options->spill,
    };
    status = tarn__layout_run(&run, err);
    status = status == TARN_OK ? tell_metrics(transaction, result, vectors, err) : status;
    if (status != TARN_OK) {
        tarn_transaction_abort(transaction);
        return status;
    }
    struct tarn_commit_result committed;
    status = tarn_transaction_commit(transaction, &committed, err);
    result->version = committed.version;
    result->files_added = committed.files_added;
    result->bytes_added = committed.bytes_added;
    result->rows = committed.rows_added;
    return status;
}

static enum tarn_status attempt(struct tarn_env *env, struct tarn_text uri, const struct tarn_optimize_options *options,
                                struct tarn_optimize_result *result, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot;
    struct tarn__layout_plan plan;
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(env, uri, NULL, &snapshot, err));
    enum tarn_status status = tarn__layout_plan_make(snapshot, options, &plan, err);
    if (status == TARN_OK) {
        const uint32_t attempts = result->attempts + 1;
        *result = (struct tarn_optimize_result){.size = sizeof(*result), .version = snapshot->info.version, .attempts = attempts};
        const uint64_t vectors = sum_plan(snapshot, &plan, result);
        if (plan.job_count != 0 && !options->dry_run) {
            status = commit_plan(snapshot, options, &plan, vectors, result, err);
        }
    }
    tarn__layout_plan_free(&plan, env);
    tarn_snapshot_close(snapshot);
    return status;
}

enum tarn_status tarn_table_optimize(struct tarn_env *env, struct tarn_text uri, const struct tarn_optimize_options *options,
                                     struct tarn_optimize_result *result, struct tarn_error *err)
{
    struct tarn_optimize_options wanted = TARN_OPTIMIZE_OPTIONS_INIT;
    struct tarn_optimize_result made = TARN_OPTIMIZE_RESULT_INIT;
    if (options != NULL) {
        if (options->size < sizeof(uint32_t) || options->size > sizeof(wanted)) {
            return tarn__invalid(err, "options", "optimize options of %u bytes are not of this version of the library", options->size);
        }
        memcpy(&wanted, options, options->size);
    }
    enum tarn_status status;
    do {
        status = attempt(env, uri, &wanted, &made, err);
    } while (status == TARN_CONFLICT && made.attempts < MOST_ATTEMPTS);
    if (result != NULL) {
        const uint32_t size = result->size < sizeof(made) ? result->size : (uint32_t)sizeof(made);
        memcpy(result, &made, size);
        result->size = size;
    }
    return status;
}
