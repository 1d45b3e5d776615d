/* SPDX-License-Identifier: Apache-2.0
 *
 * Overwriting what a predicate describes. SPEC: T-REPLACE-1, T-REPLACE-2.
 *
 * Files of which every row meets the predicate, by partition values or statistics, are taken out unread; those that may hold such rows are
 * read, and when they do their other rows are written again. From then on new rows must meet the predicate.
 *
 * Invariants
 *  1. What is replaced was read: others that add rows which meet the predicate, or touch the files, are in conflict.
 *  2. A row for which the predicate is null does not meet it: it stays, and may not come.
 */
#include "format/base/bytes.h"
#include "format/batch/selection.h"
#include "format/expr/batch_input.h"
#include "tarn/arrow.h"
#include "txlog/core/commit.h"
#include "txlog/core/prune_files.h"
#include "txlog/core/table_scan.h"

/* ---- the predicate over batches with the table's columns ---- */

struct row_test {
    struct tarn_env *env;
    struct tarn_expr_eval *eval;
    struct tarn__batch_input input;
    uint32_t *columns; /* of the table, by slot */
};

static void test_close(struct row_test *test)
{
    tarn__batch_input_close(&test->input);
    tarn_expr_eval_close(test->eval);
    tarn__free(test->env, test->columns);
}

static enum tarn_status find_columns(struct row_test *test, const struct tarn_schema *schema, const struct tarn_expr *predicate,
                                     struct tarn_error *err)
{
    for (uint32_t i = 0; i < predicate->column_count; i++) {
        const struct tarn_path *path = &predicate->columns[i].path;
        const int32_t at = path->depth == 1 && path->steps[0].kind == TARN_PATH_FIELD
                               ? tarn_fields_find(schema->field_count, schema->fields, path->steps[0].name)
                               : -1;
        if (at < 0) {
            return tarn__invalid(err, "column", "rows can be replaced by whole columns of the table; the condition has something else");
        }
        test->columns[i] = (uint32_t)at;
    }
    return TARN_OK;
}

static enum tarn_status test_open(struct row_test *test, struct tarn_env *env, const struct tarn_schema *schema,
                                  const struct tarn_expr *predicate, const struct tarn_expr_host *host, struct tarn_error *err)
{
    *test = (struct row_test){.env = env};
    test->columns = tarn__calloc(env, (size_t)predicate->column_count + 1, sizeof(*test->columns));
    if (test->columns == NULL) {
        return tarn__nomem(env, err, predicate->column_count * sizeof(*test->columns));
    }
    tarn__batch_input_open(&test->input, env, test->columns);
    enum tarn_status status = find_columns(test, schema, predicate, err);
    if (status == TARN_OK) {
        status = tarn_expr_eval_open(env, predicate, host, &test->eval, err);
    }
    if (status != TARN_OK) {
        test_close(test);
    }
    return status;
}

/* The batch's rows that meet the predicate; borrowed until the next call. */
static enum tarn_status test_run(struct row_test *test, const struct tarn_batch *batch, struct tarn_selection *out, struct tarn_error *err)
{
    tarn__batch_input_set(&test->input, batch->length, batch->columns);
    return tarn_expr_eval_filter(test->eval, &test->input.input, &batch->selection, out, err);
}

/* ---- files that hold other rows too ---- */

struct replacing {
    struct tarn_transaction *transaction;
    struct row_test test;
    struct tarn_sink *sink; /* opened with the first row that stays */
    uint32_t *stays;        /* rows of the batch at hand */
    size_t capacity;
    uint64_t met;
    uint64_t kept;
};

static enum tarn_status keep_others(struct replacing *replacing, const struct tarn_batch *batch, const struct tarn_selection *met,
                                    struct tarn_error *err)
{
    uint32_t count = 0;
    uint32_t next = 0;
    if (!tarn__grow(replacing->test.env, &replacing->stays, &replacing->capacity, (size_t)batch->length + 1, sizeof(uint32_t))) {
        return tarn__nomem(replacing->test.env, err, batch->length * sizeof(uint32_t));
    }
    for (uint32_t i = 0; i < batch->selection.count; i++) {
        const uint32_t row = tarn__selection_at(&batch->selection, i);
        if (next < met->count && tarn__selection_at(met, next) == row) {
            next++;
        } else {
            replacing->stays[count++] = row;
        }
    }
    replacing->kept += count;
    if (count == 0) {
        return TARN_OK;
    }
    if (replacing->sink == NULL) {
        TARN_RETURN_IF_ERROR(tarn__transaction_open_sink(replacing->transaction, 0, NULL, &replacing->sink, err));
    }
    struct tarn_batch others = *batch;
    others.selection = tarn__selection_of_positions(batch->length, count, replacing->stays);
    return tarn_sink_write(replacing->sink, &others, err);
}

static enum tarn_status over_rows(struct replacing *replacing, struct tarn_source *source, bool keeps, struct tarn_error *err)
{
    struct tarn_batches *batches;
    TARN_RETURN_IF_ERROR(tarn_source_batches(source, NULL, &batches, err));
    enum tarn_status status = TARN_OK;
    for (struct tarn_batch *batch = NULL; status == TARN_OK;) {
        struct tarn_selection met;
        status = batches->next(batches, &batch, err);
        if (status != TARN_OK || batch == NULL) {
            break;
        }
        status = test_run(&replacing->test, batch, &met, err);
        replacing->met += status == TARN_OK ? met.count : 0;
        if (status == TARN_OK && keeps) {
            status = keep_others(replacing, batch, &met, err);
        }
    }
    batches->close(batches);
    return status;
}

/* A file without such rows stays as it is: it is read once to know, and a second time only to be written again. */
static enum tarn_status replace_in_file(struct replacing *replacing, uint32_t file, struct tarn_error *err)
{
    struct tarn_source *source;
    TARN_RETURN_IF_ERROR(tarn_transaction_file_source(replacing->transaction, file, &source, err));
    const uint64_t before = replacing->met;
    enum tarn_status status = over_rows(replacing, source, false, err);
    if (status == TARN_OK && replacing->met != before) {
        replacing->met = before;
        status = over_rows(replacing, source, true, err);
        if (status == TARN_OK) {
            status = tarn_transaction_remove(replacing->transaction, file, err);
        }
    }
    tarn_source_close(source);
    return status;
}

static enum tarn_status replace_in_files(struct replacing *replacing, const struct tarn_expr *predicate, struct tarn_error *err)
{
    struct tarn_transaction *transaction = replacing->transaction;
    struct tarn_snapshot *snapshot = transaction->snapshot;
    struct tarn__file_pruner pruner;
    uint32_t count;
    TARN_RETURN_IF_ERROR(tarn_transaction_select(transaction, predicate, &count, err));
    TARN_RETURN_IF_ERROR(tarn__file_pruner_open(&pruner, snapshot, predicate, err));
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        enum tarn_truth truth;
        status = tarn__check_cancelled(transaction->env, err);
        if (status == TARN_OK) {
            status = tarn__file_pruner_ask(&pruner, tarn__file_set_at(&snapshot->files, transaction->selected[i]), &truth, err);
        }
        if (status == TARN_OK) {
            status = truth == TARN_ALWAYS ? tarn_transaction_remove(transaction, i, err) : replace_in_file(replacing, i, err);
        }
    }
    tarn__file_pruner_close(&pruner);
    return status;
}

enum tarn_status tarn_transaction_replace_where(struct tarn_transaction *transaction, const struct tarn_expr *predicate,
                                                const struct tarn_expr_host *host, struct tarn_error *err)
{
    if (transaction->sink_open || transaction->added_count != 0 || transaction->removed_count != 0 || transaction->replaces != NULL) {
        return tarn__invalid(err, "replace_where", "what is replaced must be said once, before anything else is done in the transaction");
    }
    if (predicate == NULL) {
        return tarn_transaction_remove_all(transaction, err);
    }
    struct replacing replacing = {.transaction = transaction};
    TARN_RETURN_IF_ERROR(test_open(&replacing.test, transaction->env, transaction->snapshot->schema, predicate, host, err));
    enum tarn_status status = replace_in_files(&replacing, predicate, err);
    if (replacing.sink != NULL && status == TARN_OK) {
        status = tarn_sink_finish(replacing.sink, err);
    } else if (replacing.sink != NULL) {
        tarn_sink_abort(replacing.sink);
    }
    test_close(&replacing.test);
    tarn__free(transaction->env, replacing.stays);
    TARN_RETURN_IF_ERROR(status);
    transaction->replaces = tarn_expr_retain(predicate);
    transaction->replaces_host = host;
    return tarn_transaction_metric(transaction, "numCopiedRows", replacing.kept, err);
}

/* ---- new rows ---- */

struct checked_sink {
    struct tarn_sink base;
    struct tarn_sink *inner;
    struct row_test test;
    uint64_t rows; /* that came before */
};

static enum tarn_status checked_write(struct tarn_sink *base, const struct tarn_batch *batch, struct tarn_error *err)
{
    struct checked_sink *sink = (struct checked_sink *)base;
    struct tarn_selection met;
    TARN_RETURN_IF_ERROR(test_run(&sink->test, batch, &met, err));
    if (met.count != batch->selection.count) {
        uint32_t first = 0;
        while (first < met.count && tarn__selection_at(&met, first) == tarn__selection_at(&batch->selection, first)) {
            first++;
        }
        tarn__invalid(err, "replace_where",
                      "a new row does not meet the condition of the rows that are replaced; leave it out, or append it");
        tarn__error_at_row(err, sink->rows + first);
        return TARN_INVALID;
    }
    sink->rows += batch->selection.count;
    return tarn_sink_write(sink->inner, batch, err);
}

static void checked_end(struct checked_sink *sink)
{
    struct tarn_env *env = sink->base.env;
    test_close(&sink->test);
    tarn_schema_release(sink->base.schema);
    tarn__free(env, sink);
    tarn_env_close(env);
}

static enum tarn_status checked_finish(struct tarn_sink *base, struct tarn_error *err)
{
    struct checked_sink *sink = (struct checked_sink *)base;
    const enum tarn_status status = tarn_sink_finish(sink->inner, err);
    checked_end(sink);
    return status;
}

static void checked_abort(struct tarn_sink *base)
{
    struct checked_sink *sink = (struct checked_sink *)base;
    tarn_sink_abort(sink->inner);
    checked_end(sink);
}

static const struct tarn_sink_ops checked_ops = {sizeof(struct tarn_sink_ops), "table, replacing", checked_write, checked_finish,
                                                 checked_abort};

enum tarn_status tarn__transaction_open_replacing(struct tarn_transaction *transaction, struct tarn_sink **out, struct tarn_error *err)
{
    *out = NULL;
    struct tarn_sink *inner;
    TARN_RETURN_IF_ERROR(tarn__transaction_open_sink(transaction, 0, NULL, &inner, err));
    if (transaction->replaces == NULL) {
        *out = inner;
        return TARN_OK;
    }
    struct tarn_env *env = transaction->env;
    struct checked_sink *sink = tarn__calloc(env, 1, sizeof(*sink));
    enum tarn_status status = sink != NULL
                                  ? test_open(&sink->test, env, inner->schema, transaction->replaces, transaction->replaces_host, err)
                                  : tarn__nomem(env, err, sizeof(*sink));
    if (status != TARN_OK) {
        tarn__free(env, sink);
        tarn_sink_abort(inner);
        return status;
    }
    sink->base = (struct tarn_sink){&checked_ops, tarn__env_retain(env), tarn_schema_retain(inner->schema)};
    sink->inner = inner;
    *out = &sink->base;
    return TARN_OK;
}
