/* SPDX-License-Identifier: Apache-2.0
 *
 * A commit as JSON lines.
 *
 * Specification: Delta PROTOCOL.md, "Actions", "Commit Provenance Information", "In-Commit Timestamps".
 *
 * Invariants
 *  1. commitInfo is the first action: tables with in-commit timestamps ask for it, and no table minds.
 *  2. Its txnId is unique to the transaction, not to the attempt: whoever finds it in the log knows that the transaction landed.
 *  3. A remove repeats what the add said (size, partition values, deletion vector), as readers of the change feed need it.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "txlog/core/place.h"
#include "txlog/delta/delta_action_print.h"
#include "txlog/delta/delta_deletion_vector.h"
#include "txlog/delta/delta_layout.h"
#include "txlog/delta/delta_metadata_change.h"
#include "txlog/delta/delta_row_tracking.h"
#include "txlog/delta/delta_seal.h"
#include "txlog/delta/delta_state.h"
#include "txlog/delta/delta_statistics.h"
#include "txlog/delta/delta_write.h"

/* Files of the base that had deletion vectors, and those that get new ones in their place. */
static void count_vectors(const struct tarn_transaction *transaction, uint64_t *removed, uint64_t *updated)
{
    const struct tarn_snapshot *snapshot = transaction->snapshot;
    *updated = 0;
    for (size_t i = 0; i < transaction->deletion_count; i++) {
        *updated += transaction->deletions[i].before != NULL;
    }
    *removed = *updated;
    for (uint32_t i = 0; transaction->removed_bits != NULL && i < snapshot->files.count; i++) {
        *removed +=
            tarn__bit_get(transaction->removed_bits, i) && tarn__file_deletion_vector(tarn__file_set_at(&snapshot->files, i)) != NULL;
    }
}

static void print_metrics(const struct tarn_transaction *transaction, struct tarn_json_printer *json)
{
    uint64_t rows = 0;
    uint64_t bytes = 0;
    uint64_t vectors_removed;
    uint64_t vectors_updated;
    count_vectors(transaction, &vectors_removed, &vectors_updated);
    const bool vectors = transaction->deletion_count + vectors_removed != 0;
    const bool removes = transaction->removed_count + transaction->deletion_count != 0;
    for (size_t i = 0; i < transaction->added_count; i++) {
        rows += transaction->added[i].rows;
        bytes += transaction->added[i].size;
    }
    struct {
        struct tarn_text name;
        uint64_t value;
        bool wanted;
    } own[] = {
        {{"numFiles", 8}, transaction->added_count, true},
        {{"numOutputRows", 13}, rows, true},
        {{"numOutputBytes", 14}, bytes, true},
        {{"numAddedFiles", 13}, transaction->added_count, removes},
        {{"numRemovedFiles", 15}, transaction->removed_count, removes},
        {{"numDeletionVectorsAdded", 23}, transaction->deletion_count, vectors},
        {{"numDeletionVectorsRemoved", 25}, vectors_removed, vectors},
        {{"numDeletionVectorsUpdated", 25}, vectors_updated, vectors},
        {{"numAddedChangeFiles", 19}, transaction->recorded_count, transaction->recorded_count != 0},
        {{"numRestoredFiles", 16}, transaction->revived_count, transaction->revived_from != NULL},
    };
    tarn__json_print_key(json, TARN_TEXT("operationMetrics"));
    tarn__json_print_begin_object(json);
    char number[TARN_NUMBER_TEXT];
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        bool given = false;
        for (size_t m = 0; m < transaction->metric_count; m++) {
            given = given || tarn__text_equal(transaction->metrics[m].name, own[i].name);
        }
        if (own[i].wanted && !given) {
            key_text(json, own[i].name, (struct tarn_text){number, tarn__uint64_print(own[i].value, number)});
        }
    }
    for (size_t m = 0; m < transaction->metric_count; m++) {
        key_text(json, transaction->metrics[m].name, (struct tarn_text){number, tarn__uint64_print(transaction->metrics[m].value, number)});
    }
    tarn__json_print_end_object(json);
}

/* partitionBy of history: a JSON array inside a string. */
static void print_partition_by(const struct tarn_transaction *transaction, struct tarn_json_printer *json)
{
    const struct tarn_snapshot_info *info = &transaction->snapshot->info;
    struct tarn_text_builder list;
    tarn__builder_init(&list, transaction->env);
    struct tarn_json_printer inner;
    tarn__json_printer_init(&inner, &list);
    tarn__json_print_begin_array(&inner);
    for (uint32_t i = 0; i < info->partition_column_count; i++) {
        tarn__json_print_string(&inner, info->partition_columns[i]);
    }
    tarn__json_print_end_array(&inner);
    json->out->failed = json->out->failed || list.failed;
    key_text(json, TARN_TEXT("partitionBy"), tarn__builder_text(&list));
    tarn__builder_free(&list);
}

static void print_parameters(const struct tarn_transaction *transaction, struct tarn_json_printer *json)
{
    const bool overwrites = transaction->removes_all || transaction->replaces != NULL || transaction->replaces_partitions;
    tarn__json_print_key(json, TARN_TEXT("operationParameters"));
    if (transaction->parameters.size != 0) {
        tarn__json_print_raw(json, transaction->parameters);
        return;
    }
    tarn__json_print_begin_object(json);
    if (transaction->snapshot->is_new) {
        key_text(json, TARN_TEXT("isManaged"), TARN_TEXT("false"));
        key_text(json, TARN_TEXT("properties"), TARN_TEXT("{}"));
        print_partition_by(transaction, json);
    } else if (tarn__text_equal(transaction->operation, TARN_TEXT("WRITE"))) {
        key_text(json, TARN_TEXT("mode"), overwrites ? TARN_TEXT("Overwrite") : TARN_TEXT("Append"));
        print_partition_by(transaction, json);
    }
    tarn__json_print_end_object(json);
}

/* ---- the table as it will be: what the newest version says, or what we change of it ---- */

static const struct tarn__delta_metadata *metadata_after(const struct tarn_transaction *transaction)
{
    return transaction->change.metadata != NULL ? transaction->change.metadata : &tarn__delta_base_of(transaction)->metadata;
}

static const struct tarn__delta_protocol *protocol_after(const struct tarn_transaction *transaction)
{
    return transaction->change.protocol != NULL ? transaction->change.protocol : &tarn__delta_base_of(transaction)->protocol;
}

static bool asks_for_time(const struct tarn__delta_metadata *metadata, const struct tarn__delta_protocol *protocol)
{
    const struct tarn_text enabled = tarn__delta_metadata_property(metadata, TARN_TEXT("delta.enableInCommitTimestamps"));
    return tarn__text_equal(enabled, TARN_TEXT("true")) && tarn__delta_protocol_has_writer(protocol, TARN_TEXT("inCommitTimestamp"));
}

static bool has_in_commit_timestamps(const struct tarn_transaction *transaction)
{
    return asks_for_time(metadata_after(transaction), protocol_after(transaction));
}

/* Turned on by this commit, on a table that had versions without: it says from where on they are to be found. */
static bool begins_in_commit_timestamps(const struct tarn_transaction *transaction)
{
    const struct tarn__delta_base *base = tarn__delta_base_of(transaction);
    return !transaction->snapshot->is_new && has_in_commit_timestamps(transaction) && !asks_for_time(&base->metadata, &base->protocol);
}

/* Milliseconds. Later than every commit below by at least one, whatever the clock says. */
static int64_t in_commit_timestamp(const struct tarn_transaction *transaction)
{
    const int64_t now = transaction->time / 1000;
    const int64_t before = transaction->parent_time / 1000;
    return now > before ? now : before + 1;
}

static const char *isolation_name(const struct tarn_transaction *transaction)
{
    switch (tarn__transaction_isolation(transaction)) {
    case TARN_ISOLATION_SERIALIZABLE:
        return "Serializable";
    case TARN_ISOLATION_SNAPSHOT:
        return "SnapshotIsolation";
    default:
        return "WriteSerializable";
    }
}

static void print_commit_info(const struct tarn_transaction *transaction, struct tarn_text_builder *out)
{
    const int64_t now = transaction->time / 1000;
    struct tarn_json_printer json;
    begin_action(&json, out, TARN_TEXT("commitInfo"));
    if (has_in_commit_timestamps(transaction)) {
        key_int(&json, TARN_TEXT("inCommitTimestamp"), in_commit_timestamp(transaction));
    }
    key_int(&json, TARN_TEXT("timestamp"), now);
    key_text(&json, TARN_TEXT("operation"), transaction->operation);
    print_parameters(transaction, &json);
    if (!transaction->snapshot->is_new) {
        key_int(&json, TARN_TEXT("readVersion"), transaction->snapshot->info.version);
    }
    key_text(&json, TARN_TEXT("isolationLevel"), tarn__text_of(isolation_name(transaction)));
    key_bool(&json, TARN_TEXT("isBlindAppend"), tarn__transaction_is_blind(transaction));
    print_metrics(transaction, &json);
    if (transaction->user_metadata.size != 0) {
        key_text(&json, TARN_TEXT("userMetadata"), transaction->user_metadata);
    }
    const char *preserved = tarn__delta_rows_preserved(transaction, protocol_after(transaction), metadata_after(transaction));
    if (preserved != NULL) {
        tarn__json_print_key(&json, TARN_TEXT("tags"));
        tarn__json_print_begin_object(&json);
        key_text(&json, TARN_TEXT("delta.rowTracking.preserved"), tarn__text_of(preserved));
        tarn__json_print_end_object(&json);
    }
    key_text(&json, TARN_TEXT("engineInfo"), TARN_TEXT("tarn/" TARN_VERSION));
    key_text(&json, TARN_TEXT("txnId"), tarn__text_of(transaction->commit_id));
    end_action(&json);
}

static void print_metadata(const struct tarn_transaction *transaction, const struct tarn__delta_metadata *metadata,
                           struct tarn_text_builder *out)
{
    char version[TARN_NUMBER_TEXT];
    char time[TARN_NUMBER_TEXT];
    const struct tarn_property begins[] = {
        {TARN_TEXT("delta.inCommitTimestampEnablementVersion"), {version, tarn__int64_print(transaction->made, version)}},
        {TARN_TEXT("delta.inCommitTimestampEnablementTimestamp"), {time, tarn__int64_print(in_commit_timestamp(transaction), time)}},
    };
    tarn__delta_print_metadata(metadata, begins_in_commit_timestamps(transaction) ? 2 : 0, begins, out);
}

static void print_domain(const struct tarn__domain_change *change, struct tarn_text_builder *out)
{
    struct tarn_json_printer json;
    begin_action(&json, out, TARN_TEXT("domainMetadata"));
    key_text(&json, TARN_TEXT("domain"), change->domain);
    key_text(&json, TARN_TEXT("configuration"), change->configuration);
    key_bool(&json, TARN_TEXT("removed"), change->removed);
    end_action(&json);
}

/* `extra`: the file's, but for a deletion vector that came after the base. */
static void print_remove(const struct tarn_transaction *transaction, const struct tarn__tracked_file *file,
                         const struct tarn__file_extra *extra, struct tarn_text_builder *out, struct tarn_text_builder *scratch)
{
    struct tarn_json_printer json;
    begin_action(&json, out, TARN_TEXT("remove"));
    tarn__delta_print_path(&json, file->path, scratch);
    key_int(&json, TARN_TEXT("deletionTimestamp"), transaction->time / 1000);
    key_bool(&json, TARN_TEXT("dataChange"), !transaction->rearranges);
    key_bool(&json, TARN_TEXT("extendedFileMetadata"), true);
    tarn__delta_print_partition(&json, transaction->snapshot->files.partitions[file->partition].raw);
    key_int(&json, TARN_TEXT("size"), (int64_t)file->size);
    tarn__delta_print_extra(&json, extra, true);
    end_action(&json);
}

/* A file of which rows are deleted: taken out with the old deletion vector, and back with the new one if a row is left. All else of it
 * stays. */
static enum tarn_status print_deletion(const struct tarn_transaction *transaction, const struct tarn__row_deletion *deletion,
                                       struct tarn__pool_reader *reader, struct tarn__delta_row_numbers *numbers,
                                       struct tarn_text_builder *out, struct tarn_text_builder *scratch, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = transaction->snapshot;
    const struct tarn__tracked_file *file = tarn__file_set_at(&snapshot->files, deletion->file);
    struct tarn__file_extra extra =
        file->extra != NULL ? *file->extra : (struct tarn__file_extra){.first_row_id = -1, .row_version = -1, .file_sequence = -1};
    struct tarn_text statistics;
    TARN_RETURN_IF_ERROR(tarn__pool_reader_get(reader, file->statistics, &statistics, err));
    extra.deletion_vector = deletion->before;
    print_remove(transaction, file, &extra, out, scratch);
    if (deletion->gone) {
        return TARN_OK;
    }
    struct tarn_json_printer json;
    begin_action(&json, out, TARN_TEXT("add"));
    tarn__delta_print_path(&json, file->path, scratch);
    tarn__delta_print_partition(&json, snapshot->files.partitions[file->partition].raw);
    key_int(&json, TARN_TEXT("size"), (int64_t)file->size);
    key_int(&json, TARN_TEXT("modificationTime"), file->modified / 1000);
    key_bool(&json, TARN_TEXT("dataChange"), !transaction->rearranges);
    tarn__builder_clear(scratch);
    TARN_RETURN_IF_ERROR(tarn__delta_statistics_widen(transaction->env, statistics, deletion->physical_rows, scratch, err));
    key_text(&json, TARN_TEXT("stats"), tarn__builder_text(scratch));
    extra.deletion_vector = &deletion->after;
    TARN_RETURN_IF_ERROR(tarn__delta_assign_row_ids(numbers, (int64_t)deletion->physical_rows, &extra, err));
    tarn__delta_print_extra(&json, &extra, true);
    end_action(&json);
    return TARN_OK;
}

static enum tarn_status print_deletions(const struct tarn_transaction *transaction, struct tarn__delta_row_numbers *numbers,
                                        struct tarn_text_builder *out, struct tarn_text_builder *scratch, struct tarn_error *err)
{
    struct tarn__pool_reader reader;
    tarn__pool_reader_init(&reader, &transaction->snapshot->files.statistics);
    enum tarn_status status = TARN_OK;
    for (size_t i = 0; status == TARN_OK && i < transaction->deletion_count; i++) {
        status = print_deletion(transaction, &transaction->deletions[i], &reader, numbers, out, scratch, err);
    }
    tarn__pool_reader_free(&reader);
    return status;
}

/* A row of a change data feed is in a file of its own. */
static void print_recorded(const struct tarn__staged_file *file, struct tarn_text_builder *out, struct tarn_text_builder *scratch)
{
    struct tarn_json_printer json;
    begin_action(&json, out, TARN_TEXT("cdc"));
    tarn__delta_print_path(&json, file->path, scratch);
    tarn__delta_print_partition(&json, file->partition);
    key_int(&json, TARN_TEXT("size"), (int64_t)file->size);
    key_bool(&json, TARN_TEXT("dataChange"), false);
    end_action(&json);
}

static enum tarn_status print_staged(const struct tarn_transaction *transaction, const struct tarn__staged_file *file,
                                     struct tarn__delta_row_numbers *numbers, struct tarn_text_builder *out,
                                     struct tarn_text_builder *scratch, struct tarn_error *err)
{
    struct tarn__file_extra extra = {.first_row_id = -1, .row_version = -1, .file_sequence = -1};
    TARN_RETURN_IF_ERROR(tarn__delta_assign_row_ids(numbers, (int64_t)file->rows, &extra, err));
    struct tarn_json_printer json;
    begin_action(&json, out, TARN_TEXT("add"));
    tarn__delta_print_path(&json, file->path, scratch);
    tarn__delta_print_partition(&json, file->partition);
    key_int(&json, TARN_TEXT("size"), (int64_t)file->size);
    key_int(&json, TARN_TEXT("modificationTime"), file->modified / 1000);
    key_bool(&json, TARN_TEXT("dataChange"), !transaction->rearranges);
    if (file->statistics.size != 0) {
        key_text(&json, TARN_TEXT("stats"), file->statistics);
    }
    tarn__delta_print_extra(&json, &extra, false);
    if (file->tags.size != 0) {
        tarn__json_print_key(&json, TARN_TEXT("tags"));
        tarn__json_print_raw(&json, file->tags);
        if (tarn__delta_is_clustered(transaction->snapshot)) {
            key_text(&json, TARN_TEXT("clusteringProvider"), TARN_TEXT("liquid"));
        }
    }
    end_action(&json);
    return TARN_OK;
}

/* The path of a file, or of a vector's file, that lies in the folder of another table. */
static void add_prefixed(struct tarn_text_builder *out, struct tarn_text prefix, struct tarn_text path)
{
    tarn__builder_clear(out);
    if (!tarn__place_leads_out(path)) {
        tarn__builder_add(out, prefix);
    }
    tarn__builder_add(out, path);
}

/* What goes with a file of another table; where its vector lies was told relative to that. `path` and `scratch` are overwritten. */
static enum tarn_status print_prefixed_extra(struct tarn_json_printer *json, struct tarn_text prefix, struct tarn__file_extra *extra,
                                             struct tarn_text_builder *path, struct tarn_text_builder *scratch, struct tarn_error *err)
{
    const struct tarn__deletion_vector *stored = extra->deletion_vector;
    if (prefix.size == 0 || stored == NULL || !tarn__text_equal(stored->storage, TARN_TEXT("u"))) {
        tarn__delta_print_extra(json, extra, true);
        return TARN_OK;
    }
    struct tarn__deletion_vector vector = *stored;
    tarn__builder_clear(scratch);
    TARN_RETURN_IF_ERROR(tarn__delta_vector_path(stored, scratch, err));
    add_prefixed(path, prefix, tarn__builder_text(scratch));
    tarn__builder_clear(scratch);
    tarn__delta_path_print(tarn__builder_text(path), scratch);
    vector.storage = TARN_TEXT("p");
    vector.place = tarn__builder_text(scratch);
    extra->deletion_vector = &vector;
    tarn__delta_print_extra(json, extra, true);
    extra->deletion_vector = stored;
    return TARN_OK;
}

static enum tarn_status print_revived(const struct tarn_transaction *transaction, const struct tarn__tracked_file *file,
                                      struct tarn__pool_reader *reader, struct tarn__delta_row_numbers *numbers,
                                      struct tarn_text_builder *out, struct tarn_text_builder *scratch, struct tarn_error *err)
{
    const struct tarn_text prefix = transaction->revived_prefix;
    struct tarn__file_extra extra = {.first_row_id = -1, .row_version = -1, .file_sequence = -1};
    extra = file->extra != NULL ? *file->extra : extra;
    TARN_RETURN_IF_ERROR(tarn__delta_assign_row_ids(numbers, file->rows, &extra, err));
    struct tarn_text statistics;
    struct tarn_text_builder path;
    TARN_RETURN_IF_ERROR(tarn__pool_reader_get(reader, file->statistics, &statistics, err));
    tarn__builder_init(&path, transaction->env);
    add_prefixed(&path, prefix, file->path);
    struct tarn_json_printer json;
    begin_action(&json, out, TARN_TEXT("add"));
    tarn__delta_print_path(&json, tarn__builder_text(&path), scratch);
    tarn__delta_print_partition(&json, transaction->revived_from->files.partitions[file->partition].raw);
    key_int(&json, TARN_TEXT("size"), (int64_t)file->size);
    key_int(&json, TARN_TEXT("modificationTime"), file->modified / 1000);
    key_bool(&json, TARN_TEXT("dataChange"), true);
    if (statistics.size != 0) {
        key_text(&json, TARN_TEXT("stats"), statistics);
    }
    const enum tarn_status status = print_prefixed_extra(&json, prefix, &extra, &path, scratch, err);
    if (file->extra != NULL && file->extra->laid_out_by.size != 0) {
        key_text(&json, TARN_TEXT("clusteringProvider"), file->extra->laid_out_by);
    }
    end_action(&json);
    out->failed = out->failed || path.failed || scratch->failed;
    tarn__builder_free(&path);
    return status;
}

static void print_row_id_mark(int64_t mark, struct tarn_text_builder *out)
{
    char configuration[64];
    snprintf(configuration, sizeof(configuration), "{\"rowIdHighWaterMark\":%lld}", (long long)mark);
    const struct tarn__domain_change change = {TARN_TEXT(TARN_DELTA_ROW_TRACKING), tarn__text_of(configuration), false};
    print_domain(&change, out);
}

static enum tarn_status print_files(const struct tarn_transaction *transaction, struct tarn__delta_row_numbers *numbers,
                                    struct tarn_text_builder *out, struct tarn_text_builder *scratch, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = transaction->snapshot;
    for (uint32_t i = 0; transaction->removed_bits != NULL && i < snapshot->files.count; i++) {
        if (tarn__bit_get(transaction->removed_bits, i)) {
            const struct tarn__tracked_file *file = tarn__file_set_at(&snapshot->files, i);
            print_remove(transaction, file, file->extra, out, scratch);
        }
    }
    TARN_RETURN_IF_ERROR(print_deletions(transaction, numbers, out, scratch, err));
    for (size_t i = 0; i < transaction->added_count; i++) {
        TARN_RETURN_IF_ERROR(print_staged(transaction, &transaction->added[i], numbers, out, scratch, err));
    }
    for (size_t i = 0; i < transaction->recorded_count; i++) {
        print_recorded(&transaction->recorded[i], out, scratch);
    }
    const struct tarn_snapshot *from = transaction->revived_from;
    if (from == NULL) {
        return TARN_OK;
    }
    struct tarn__pool_reader reader;
    tarn__pool_reader_init(&reader, &from->files.statistics);
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < from->files.count; i++) {
        if (tarn__bit_get(transaction->revived_bits, i)) {
            status = print_revived(transaction, tarn__file_set_at(&from->files, i), &reader, numbers, out, scratch, err);
        }
    }
    tarn__pool_reader_free(&reader);
    return status;
}

static enum tarn_status encode(const struct tarn_transaction *transaction, struct tarn_text_builder *out, struct tarn_error *err)
{
    const struct tarn__table_change *change = &transaction->change;
    const bool is_new = transaction->snapshot->is_new;
    print_commit_info(transaction, out);
    if (is_new || change->protocol != NULL) {
        tarn__delta_print_protocol(protocol_after(transaction), out);
    }
    if (is_new || change->metadata != NULL) {
        print_metadata(transaction, metadata_after(transaction), out);
    }
    for (size_t i = 0; i < change->domain_count; i++) {
        print_domain(&change->domains[i], out);
    }
    if (transaction->app_id.size != 0) {
        struct tarn_json_printer json;
        begin_action(&json, out, TARN_TEXT("txn"));
        key_text(&json, TARN_TEXT("appId"), transaction->app_id);
        key_int(&json, TARN_TEXT("version"), transaction->app_version);
        key_int(&json, TARN_TEXT("lastUpdated"), transaction->time / 1000);
        end_action(&json);
    }
    struct tarn__delta_row_numbers numbers;
    struct tarn_text_builder scratch;
    tarn__delta_row_numbers_begin(&numbers, transaction, protocol_after(transaction), metadata_after(transaction));
    tarn__builder_init(&scratch, transaction->env);
    const enum tarn_status status = print_files(transaction, &numbers, out, &scratch, err);
    tarn__builder_free(&scratch);
    if (status == TARN_OK && numbers.mark != numbers.before) {
        print_row_id_mark(numbers.mark, out);
    }
    return status != TARN_OK ? status : tarn__builder_status(out, err);
}

enum tarn_status tarn__delta_publish(struct tarn_transaction *transaction, struct tarn_error *err)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, transaction->env);
    transaction->made = transaction->position + 1;
    enum tarn_status status = tarn__delta_stage_vectors(transaction, err);
    if (status == TARN_OK) {
        status = encode(transaction, &text, err);
    }
    if (status == TARN_OK) {
        status = tarn__delta_seal(transaction, &text, err);
    }
    if (status == TARN_OK) {
        char key[TARN_DELTA_KEY];
        tarn__delta_commit_key(transaction->made, key);
        status = tarn_store_put(transaction->snapshot->store, tarn__text_of(key), tarn__span_of_text(tarn__builder_text(&text)),
                                TARN_PUT_IF_ABSENT, TARN_ROLE_COMMIT, err);
    }
    tarn__builder_free(&text);
    return status;
}
