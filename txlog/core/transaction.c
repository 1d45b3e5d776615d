/* SPDX-License-Identifier: Apache-2.0
 *
 * Transactions up to their commit: what is staged, what goes, what was read.
 *
 * Invariants
 *  1. The base snapshot is one object for reading, for choosing files and for judging conflicts.
 *  2. Every key that may exist in the store because of us is in `staging`, and is removed by abort and by a commit that is known to have
 *     failed, by nothing else.
 */
#include "txlog/core/transaction.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/json/json_pull.h"
#include "txlog/core/commit.h"
#include "txlog/core/prune_files.h"
#include "txlog/core/row_delete.h"
#include "txlog/core/rule_sink.h"
#include "txlog/core/table_scan.h"

static const int64_t default_deadline = 60 * INT64_C(1000000);

static enum tarn_status copy_text(struct tarn_transaction *transaction, struct tarn_text from, struct tarn_text *to, struct tarn_error *err)
{
    *to = tarn__arena_text(&transaction->arena, from);
    return to->data == NULL ? tarn__nomem(transaction->env, err, from.size) : TARN_OK;
}

void tarn__transaction_free(struct tarn_transaction *transaction)
{
    struct tarn_env *env = transaction->env;
    if (transaction->format->end != NULL) {
        transaction->format->end(transaction);
    }
    for (size_t i = 0; i < transaction->predicate_count; i++) {
        tarn_expr_release(transaction->predicates[i]);
    }
    tarn__row_deletions_free(transaction);
    tarn__free(env, transaction->predicates);
    tarn_expr_release(transaction->replaces);
    tarn__free(env, transaction->added);
    tarn__free(env, transaction->recorded);
    tarn__free(env, transaction->staging);
    tarn__free(env, transaction->selected);
    tarn__free(env, transaction->selected_bits);
    tarn__free(env, transaction->removed_bits);
    tarn__free(env, transaction->revived_bits);
    tarn__free(env, transaction->metrics);
    tarn__free(env, transaction->apps_read);
    tarn__free(env, transaction->touched_slots);
    tarn__free(env, transaction->change.domains);
    tarn__arena_free(&transaction->arena);
    tarn_snapshot_close((struct tarn_snapshot *)(uintptr_t)transaction->revived_from);
    tarn_snapshot_close(transaction->shape);
    tarn_snapshot_close(transaction->snapshot);
    tarn__free(env, transaction);
    tarn_env_close(env);
}

void tarn__transaction_drop_staged(struct tarn_transaction *transaction)
{
    for (size_t i = 0; i < transaction->staging_count; i++) {
        /* A file that cannot be removed is found by a later clean-up. */
        if (tarn_store_remove(transaction->snapshot->store, transaction->staging[i], NULL) != TARN_OK) {
            tarn__log(transaction->env, TARN_LOG_WARN, "a staged file could not be removed: %.*s", TARN_TEXT_ARG(transaction->staging[i]));
        }
    }
    transaction->staging_count = 0;
}

void tarn_transaction_abort(struct tarn_transaction *transaction)
{
    if (transaction != NULL) {
        tarn__transaction_drop_staged(transaction);
        tarn__transaction_free(transaction);
    }
}

/* History shows the parameters as they are: what is no JSON object would break the log for every reader. */
static enum tarn_status check_parameters(struct tarn_env *env, struct tarn_text parameters, struct tarn_error *err)
{
    struct tarn_json json;
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = env, .failure = TARN_INVALID}, parameters);
    enum tarn_json_event event;
    enum tarn_status status = tarn__json_object(&json, NULL, err);
    if (status == TARN_OK) {
        status = tarn__json_skip(&json, err);
    }
    if (status == TARN_OK) {
        status = tarn__json_next(&json, &event, err);
    }
    tarn__json_close(&json);
    if (status == TARN_OK && memchr(parameters.data, '\n', parameters.size) != NULL) {
        status = tarn__invalid(err, "parameters", "the operation's parameters must be one line of JSON");
    }
    return status;
}

static enum tarn_status adopt_options(struct tarn_transaction *transaction, const struct tarn_transaction_options *given,
                                      const char *operation, struct tarn_error *err)
{
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    if (given != NULL) {
        if (given->size < sizeof(uint32_t) || given->size > sizeof(options)) {
            return tarn__invalid(err, "options", "transaction options of %u bytes are not of this version of the library", given->size);
        }
        memcpy(&options, given, given->size);
    }
    if (options.parameters.size != 0) {
        TARN_RETURN_IF_ERROR(check_parameters(transaction->env, options.parameters, err));
    }
    TARN_RETURN_IF_ERROR(
        copy_text(transaction, tarn__text_of(options.operation != NULL ? options.operation : operation), &transaction->operation, err));
    TARN_RETURN_IF_ERROR(copy_text(transaction, options.parameters, &transaction->parameters, err));
    TARN_RETURN_IF_ERROR(copy_text(transaction, options.user_metadata, &transaction->user_metadata, err));
    TARN_RETURN_IF_ERROR(copy_text(transaction, options.app_id, &transaction->app_id, err));
    transaction->app_version = options.app_version;
    transaction->rearranges = options.rearranges;
    transaction->row_by_row = options.row_by_row;
    transaction->host = options.expr_host;
    transaction->deadline = options.deadline > 0 ? options.deadline : default_deadline;
    return TARN_OK;
}

/* Takes over the reference on the snapshot. */
enum tarn_status tarn__transaction_new(struct tarn_snapshot *snapshot, const struct tarn_transaction_options *options,
                                       const char *operation, struct tarn_transaction **out, struct tarn_error *err)
{
    *out = NULL;
    struct tarn_env *env = snapshot->env;
    struct tarn_transaction *transaction = tarn__calloc(env, 1, sizeof(*transaction));
    if (transaction == NULL) {
        tarn_snapshot_close(snapshot);
        return tarn__nomem(env, err, sizeof(*transaction));
    }
    transaction->env = tarn__env_retain(env);
    transaction->snapshot = snapshot;
    transaction->shape = tarn_snapshot_retain(snapshot);
    transaction->format = snapshot->format;
    transaction->position = snapshot->position;
    transaction->made = snapshot->info.version;
    transaction->row_id_mark = -1;
    tarn__arena_init(&transaction->arena, env);
    tarn__uuid(env, transaction->commit_id);
    enum tarn_status status = adopt_options(transaction, options, operation, err);
    if (status == TARN_OK) {
        status = snapshot->format->begin(transaction, err);
    }
    if (status != TARN_OK) {
        tarn__transaction_free(transaction);
        return status;
    }
    *out = transaction;
    return TARN_OK;
}

enum tarn_status tarn_transaction_open(struct tarn_snapshot *snapshot, const struct tarn_transaction_options *options,
                                       struct tarn_transaction **out, struct tarn_error *err)
{
    *out = NULL;
    return tarn__transaction_new(tarn_snapshot_retain(snapshot), options, "WRITE", out, err);
}

static const struct tarn__table_format *format_by_name(const char *name)
{
    for (size_t i = 0; tarn__table_formats[i] != NULL; i++) {
        if (name == NULL || strcmp(tarn__table_formats[i]->name, name) == 0) {
            return tarn__table_formats[i];
        }
    }
    return NULL;
}

static const struct tarn__table_format *format_for_catalogs(const struct tarn__table_format *otherwise)
{
    for (size_t i = 0; tarn__table_formats[i] != NULL; i++) {
        if (tarn__table_formats[i]->has_metadata_files) {
            return tarn__table_formats[i];
        }
    }
    return otherwise;
}

/* The folder must not hold a table already, of any format. */
enum tarn_status tarn__check_no_table(struct tarn_store *store, struct tarn_error *err)
{
    for (size_t i = 0; tarn__table_formats[i] != NULL; i++) {
        bool is = false;
        TARN_RETURN_IF_ERROR(tarn__table_formats[i]->detect(store, &is, err));
        if (is) {
            return tarn__error_set(err, TARN_EXISTS, "table", "there is a table in this folder already");
        }
    }
    return TARN_OK;
}

enum tarn_status tarn_transaction_create(struct tarn_env *env, struct tarn_text uri, const struct tarn_table_create_options *create,
                                         const struct tarn_transaction_options *options, struct tarn_transaction **out,
                                         struct tarn_error *err)
{
    *out = NULL;
    struct tarn_table_create_options wanted = TARN_TABLE_CREATE_OPTIONS_INIT;
    if (create == NULL || create->size < sizeof(uint32_t) || create->size > sizeof(wanted)) {
        return tarn__invalid(err, "options", "a table cannot be made without its options, of this version of the library");
    }
    memcpy(&wanted, create, create->size);
    const struct tarn__table_format *format = format_by_name(wanted.format);
    if (format == NULL) {
        return tarn__unsupported(err, "table.format", "there is no table format \"%s\" in this version", wanted.format);
    }
    struct tarn__place place;
    TARN_RETURN_IF_ERROR(tarn__place_make(env, uri, &place, err));
    if (place.catalog != NULL && wanted.format == NULL) {
        format = format_for_catalogs(format);
    }
    struct tarn_snapshot *snapshot = NULL;
    enum tarn_status status = tarn__check_no_table(place.store, err);
    if (status == TARN_OK && place.catalog != NULL && !format->has_metadata_files) {
        status = tarn__unsupported(err, "catalog.table_format", "a catalog cannot hold a table of the format \"%s\"", format->name);
    }
    if (status == TARN_OK) {
        status = tarn__snapshot_new(&place, format, &snapshot, err);
    }
    tarn__place_close(&place);
    if (status == TARN_OK) {
        status = format->create(snapshot, &wanted, err);
    }
    if (status == TARN_OK) {
        status = format->admit(snapshot, false, err);
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, uri);
        tarn_snapshot_close(snapshot);
        return status;
    }
    tarn__snapshot_summarise(snapshot);
    return tarn__transaction_new(snapshot, options, "CREATE TABLE AS SELECT", out, err);
}

const struct tarn_schema *tarn_transaction_schema(const struct tarn_transaction *transaction)
{
    return transaction->shape->schema;
}

struct tarn_text tarn_transaction_commit_id(const struct tarn_transaction *transaction)
{
    return tarn__text_of(transaction->commit_id);
}

/* ---- new rows ---- */

enum tarn_status tarn__transaction_stage(struct tarn_transaction *transaction, struct tarn_text key, struct tarn_error *err)
{
    if (!tarn__grow(transaction->env, &transaction->staging, &transaction->staging_capacity, transaction->staging_count + 1,
                    sizeof(*transaction->staging))) {
        return tarn__nomem(transaction->env, err, sizeof(*transaction->staging));
    }
    TARN_RETURN_IF_ERROR(copy_text(transaction, key, &transaction->staging[transaction->staging_count], err));
    transaction->staging_count++;
    return TARN_OK;
}

static enum tarn_status note_staging(void *arg, struct tarn_text key, struct tarn_error *err)
{
    return tarn__transaction_stage(arg, key, err);
}

enum tarn_status tarn__transaction_keep_staged(struct tarn_transaction *transaction, const struct tarn__staged_file *file,
                                               struct tarn__staged_file **list, size_t *count, size_t *capacity, struct tarn_error *err)
{
    if (!tarn__grow(transaction->env, list, capacity, *count + 1, sizeof(**list))) {
        return tarn__nomem(transaction->env, err, sizeof(**list));
    }
    struct tarn__staged_file *copy = &(*list)[*count];
    *copy = *file;
    TARN_RETURN_IF_ERROR(copy_text(transaction, file->path, &copy->path, err));
    TARN_RETURN_IF_ERROR(copy_text(transaction, file->partition, &copy->partition, err));
    TARN_RETURN_IF_ERROR(copy_text(transaction, file->statistics, &copy->statistics, err));
    TARN_RETURN_IF_ERROR(copy_text(transaction, file->tags, &copy->tags, err));
    (*count)++;
    return TARN_OK;
}

enum tarn_status tarn__transaction_add_file(struct tarn_transaction *transaction, const struct tarn__staged_file *file,
                                            struct tarn_error *err)
{
    return tarn__transaction_keep_staged(transaction, file, &transaction->added, &transaction->added_count, &transaction->added_capacity,
                                         err);
}

static enum tarn_status note_staged(void *arg, const struct tarn__staged_file *file, struct tarn_error *err)
{
    return tarn__transaction_add_file(arg, file, err);
}

/* A sink that did not finish has handed over some of its files at most: none of them may be committed. */
static void sink_ended(void *arg, bool finished)
{
    struct tarn_transaction *transaction = arg;
    transaction->sink_open = false;
    if (!finished) {
        transaction->added_count = transaction->added_before_sink;
    }
}

enum tarn_status tarn__transaction_open_sink(struct tarn_transaction *transaction, uint32_t extra_count,
                                             const struct tarn__extra_column *extra, struct tarn_sink **out, struct tarn_error *err)
{
    *out = NULL;
    if (transaction->sink_open) {
        return tarn__invalid(err, "sink", "the transaction has a sink already; finish or abort it first");
    }
    const struct tarn__ingest_options options = {
        .snapshot = transaction->shape,
        .extra_count = extra_count,
        .extra = extra,
        .staging = note_staging,
        .staged = note_staged,
        .arg = transaction,
        .ended = sink_ended,
    };
    TARN_RETURN_IF_ERROR(tarn__ingest_open(&options, out, err));
    transaction->sink_open = true;
    transaction->rows_new = transaction->rows_new || extra_count == 0;
    transaction->added_before_sink = transaction->added_count;
    return TARN_OK;
}

static bool has_all_columns(const struct tarn_rows_options *rows, const struct tarn_schema *schema)
{
    bool all = rows->column_count == schema->field_count;
    for (uint32_t i = 0; all && i < rows->column_count; i++) {
        all = rows->columns[i] == i;
    }
    return all;
}

enum tarn_status tarn__transaction_rows(struct tarn_transaction *transaction, const struct tarn_rows_options *rows, struct tarn_sink **out,
                                        struct tarn_error *err)
{
    struct tarn_sink *files;
    TARN_RETURN_IF_ERROR(tarn__transaction_open_replacing(transaction, &files, err));
    if (transaction->shape->rule_count == 0 && has_all_columns(rows, transaction->shape->schema)) {
        *out = files;
        return TARN_OK;
    }
    /* Rows that are written while others are taken out, file by file, are those rows again. */
    static const struct tarn__copied_columns none = {0};
    const bool copies = transaction->selected_bits != NULL && transaction->replaces == NULL;
    return tarn__rule_sink_open(transaction, rows, copies ? &none : NULL, files, out, err);
}

enum tarn_status tarn_transaction_rows(struct tarn_transaction *transaction, const struct tarn_rows_options *options,
                                       struct tarn_sink **out, struct tarn_error *err)
{
    struct tarn_rows_options rows = TARN_ROWS_OPTIONS_INIT;
    *out = NULL;
    if (options == NULL || options->size < sizeof(uint32_t) || options->size > sizeof(rows)) {
        return tarn__invalid(err, "options", "rows need their options, of this version of the library");
    }
    memcpy(&rows, options, options->size);
    return tarn__transaction_rows(transaction, &rows, out, err);
}

/* All columns, in order; freed by the caller. */
static enum tarn_status whole_rows(const struct tarn_transaction *transaction, struct tarn_rows_options *rows, uint32_t **columns,
                                   struct tarn_error *err)
{
    const uint32_t count = transaction->shape->schema->field_count;
    uint32_t *all = tarn__calloc(transaction->env, (size_t)count + 1, sizeof(*all));
    *columns = all;
    if (all == NULL) {
        return tarn__nomem(transaction->env, err, count * sizeof(*all));
    }
    for (uint32_t i = 0; i < count; i++) {
        all[i] = i;
    }
    *rows = (struct tarn_rows_options){sizeof(*rows), count, all};
    return TARN_OK;
}

enum tarn_status tarn_transaction_sink(struct tarn_transaction *transaction, struct tarn_sink **out, struct tarn_error *err)
{
    struct tarn_rows_options rows;
    uint32_t *columns;
    *out = NULL;
    TARN_RETURN_IF_ERROR(whole_rows(transaction, &rows, &columns, err));
    const enum tarn_status status = tarn__transaction_rows(transaction, &rows, out, err);
    tarn__free(transaction->env, columns);
    return status;
}

enum tarn_status tarn_transaction_copy_rows(struct tarn_transaction *transaction, uint32_t made_count, const uint32_t *made,
                                            struct tarn_sink **out, struct tarn_error *err)
{
    const struct tarn__copied_columns copied = {made_count, made};
    struct tarn_rows_options rows;
    uint32_t *columns;
    struct tarn_sink *files;
    *out = NULL;
    for (uint32_t i = 0; i < made_count; i++) {
        const struct tarn__row_rule *rule = tarn__snapshot_rule(transaction->shape, made[i]);
        if (rule != NULL && rule->kind == TARN_RULE_GENERATED && tarn_transaction_records_changes(transaction)) {
            return tarn__unsupported(err, "table.generated_changes",
                                     "the table records its changes, and its generated column \"%.*s\" would change with them; set it too",
                                     TARN_TEXT_ARG(rule->name));
        }
    }
    TARN_RETURN_IF_ERROR(tarn_transaction_copy_sink(transaction, &files, err));
    if (transaction->shape->rule_count == 0) {
        *out = files;
        return TARN_OK;
    }
    enum tarn_status status = whole_rows(transaction, &rows, &columns, err);
    if (status != TARN_OK) {
        tarn_sink_abort(files);
        return status;
    }
    status = tarn__rule_sink_open(transaction, &rows, &copied, files, out, err);
    tarn__free(transaction->env, columns);
    return status;
}

/* ---- what goes ---- */

static enum tarn_status need_bits(struct tarn_transaction *transaction, uint8_t **bits, struct tarn_error *err)
{
    if (*bits == NULL) {
        const size_t bytes = tarn__bits_bytes(transaction->snapshot->files.count) + 1;
        *bits = tarn__calloc(transaction->env, bytes, 1);
        if (*bits == NULL) {
            return tarn__nomem(transaction->env, err, bytes);
        }
    }
    return TARN_OK;
}

enum tarn_status tarn_transaction_select(struct tarn_transaction *transaction, const struct tarn_expr *predicate, uint32_t *count,
                                         struct tarn_error *err)
{
    *count = 0;
    struct tarn_snapshot *snapshot = transaction->snapshot;
    TARN_RETURN_IF_ERROR(tarn_transaction_read(transaction, predicate, err));
    TARN_RETURN_IF_ERROR(need_bits(transaction, &transaction->selected_bits, err));
    uint32_t *selected = tarn__calloc(transaction->env, (size_t)snapshot->files.count + 1, sizeof(*selected));
    if (selected == NULL) {
        return tarn__nomem(transaction->env, err, snapshot->files.count * sizeof(*selected));
    }
    struct tarn__file_pruner pruner;
    enum tarn_status status = predicate != NULL ? tarn__file_pruner_open(&pruner, snapshot, predicate, err) : TARN_OK;
    if (status != TARN_OK) {
        tarn__free(transaction->env, selected);
        return status;
    }
    uint32_t found = 0;
    for (uint32_t i = 0; status == TARN_OK && i < snapshot->files.count; i++) {
        enum tarn_truth truth = TARN_MAYBE;
        if (predicate != NULL) {
            status = tarn__file_pruner_ask(&pruner, tarn__file_set_at(&snapshot->files, i), &truth, err);
        }
        if (status == TARN_OK && truth != TARN_NEVER) {
            selected[found++] = i;
        }
    }
    if (predicate != NULL) {
        tarn__file_pruner_close(&pruner);
    }
    if (status != TARN_OK) {
        tarn__free(transaction->env, selected);
        return status;
    }
    for (uint32_t i = 0; i < found; i++) {
        tarn__bit_set(transaction->selected_bits, selected[i]);
    }
    tarn__free(transaction->env, transaction->selected);
    transaction->selected = selected;
    transaction->selected_count = found;
    *count = found;
    return TARN_OK;
}

enum tarn_status tarn__transaction_selected(const struct tarn_transaction *transaction, uint32_t file, uint32_t *index,
                                            struct tarn_error *err)
{
    *index = 0;
    if (file >= transaction->selected_count) {
        return tarn__invalid(err, "file", "there are %u selected files; number %u is none of them", transaction->selected_count, file);
    }
    *index = transaction->selected[file];
    return TARN_OK;
}

enum tarn_status tarn_transaction_file_source(struct tarn_transaction *transaction, uint32_t file, struct tarn_source **out,
                                              struct tarn_error *err)
{
    uint32_t index;
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__transaction_selected(transaction, file, &index, err));
    return tarn__table_source(transaction->snapshot, &index, 1, out, err);
}

enum tarn_status tarn_transaction_file_info(struct tarn_transaction *transaction, uint32_t file, struct tarn_file_info *out,
                                            struct tarn_error *err)
{
    uint32_t index;
    *out = (struct tarn_file_info){0};
    TARN_RETURN_IF_ERROR(tarn__transaction_selected(transaction, file, &index, err));
    struct tarn__file_view view;
    tarn__file_view_init(&view, transaction->snapshot);
    enum tarn_status status =
        tarn__snapshot_file_info(transaction->snapshot, tarn__file_set_at(&transaction->snapshot->files, index), &view, out, err);
    if (status == TARN_OK && out->statistics.size != 0) {
        status = copy_text(transaction, out->statistics, &out->statistics, err); /* the view goes */
    }
    tarn__file_view_free(&view);
    return status;
}

static enum tarn_status admit_removal(struct tarn_transaction *transaction, struct tarn_error *err)
{
    if (transaction->removed_count == 0 && !transaction->snapshot->is_new) {
        TARN_RETURN_IF_ERROR(transaction->format->admit(transaction->snapshot, !transaction->rearranges, err));
    }
    return need_bits(transaction, &transaction->removed_bits, err);
}

enum tarn_status tarn__transaction_remove_index(struct tarn_transaction *transaction, uint32_t index, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(admit_removal(transaction, err));
    tarn__row_deletion_drop(transaction, index);
    if (!tarn__bit_get(transaction->removed_bits, index)) {
        tarn__bit_set(transaction->removed_bits, index);
        transaction->removed_count++;
    }
    return TARN_OK;
}

enum tarn_status tarn_transaction_remove(struct tarn_transaction *transaction, uint32_t file, struct tarn_error *err)
{
    uint32_t index;
    TARN_RETURN_IF_ERROR(tarn__transaction_selected(transaction, file, &index, err));
    return tarn__transaction_remove_index(transaction, index, err);
}

enum tarn_status tarn_transaction_remove_all(struct tarn_transaction *transaction, struct tarn_error *err)
{
    transaction->reads_all = true;
    transaction->removes_all = true;
    TARN_RETURN_IF_ERROR(admit_removal(transaction, err));
    tarn__row_deletions_free(transaction);
    for (uint32_t i = 0; i < transaction->snapshot->files.count; i++) {
        tarn__bit_set(transaction->removed_bits, i);
    }
    transaction->removed_count = transaction->snapshot->files.count;
    return TARN_OK;
}

enum tarn_status tarn_transaction_metric(struct tarn_transaction *transaction, const char *name, uint64_t value, struct tarn_error *err)
{
    for (size_t i = 0; i < transaction->metric_count; i++) {
        if (tarn__text_equal(transaction->metrics[i].name, tarn__text_of(name))) {
            transaction->metrics[i].value += value;
            return TARN_OK;
        }
    }
    if (!tarn__grow(transaction->env, &transaction->metrics, &transaction->metric_capacity, transaction->metric_count + 1,
                    sizeof(*transaction->metrics))) {
        return tarn__nomem(transaction->env, err, sizeof(*transaction->metrics));
    }
    struct tarn__metric *metric = &transaction->metrics[transaction->metric_count];
    TARN_RETURN_IF_ERROR(copy_text(transaction, tarn__text_of(name), &metric->name, err));
    metric->value = value;
    transaction->metric_count++;
    return TARN_OK;
}

/* ---- what is not files ---- */

enum tarn_status tarn__transaction_set_domain(struct tarn_transaction *transaction, struct tarn_text domain, struct tarn_text configuration,
                                              bool removed, struct tarn_error *err)
{
    struct tarn__table_change *change = &transaction->change;
    size_t at = 0;
    while (at < change->domain_count && !tarn__text_equal(change->domains[at].domain, domain)) {
        at++;
    }
    if (!tarn__grow(transaction->env, &change->domains, &change->domain_capacity, at + 1, sizeof(*change->domains))) {
        return tarn__nomem(transaction->env, err, sizeof(*change->domains));
    }
    struct tarn__domain_change fresh = {.removed = removed};
    TARN_RETURN_IF_ERROR(copy_text(transaction, domain, &fresh.domain, err));
    TARN_RETURN_IF_ERROR(copy_text(transaction, configuration, &fresh.configuration, err));
    change->domains[at] = fresh;
    change->domain_count += at == change->domain_count;
    return TARN_OK;
}
