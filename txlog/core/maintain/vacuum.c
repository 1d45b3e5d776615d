/* SPDX-License-Identifier: Apache-2.0
 *
 * Vacuum: objects that no version in its time needs are removed.
 *
 * Invariants
 *  1. An object goes only when the store says that it is older than the horizon, and neither the newest version nor one that was the
 *     newest after the horizon names it. So files that writers at work have staged stay, as long as they take less than the retention.
 *  2. What stays is asked again of the version that is the newest when removing begins: what came back meanwhile is not removed. A restore
 *     that lands behind that look can still name what then goes: nothing in the log could hold it back.
 *  3. Keys are of the table's store, which cannot name anything outside its folder; what a log calls by an absolute path stays.
 *  4. What cannot be read cannot be cleaned: any doubt about what the log says ends the call before anything is removed.
 */
#include <stdio.h>

#include "format/base/bytes.h"
#include "format/batch/vector.h"
#include "tarn/arrow.h"
#include "tarn/maintain.h"
#include "txlog/core/transaction.h"

enum { REMOVED_TOGETHER = 512 };

struct candidate {
    struct tarn_text key;
    uint64_t size;
    bool is_temporary;
};

struct vacuum {
    struct tarn_env *env;
    struct tarn_text uri;
    struct tarn_vacuum_options options;
    struct tarn_vacuum_result *result;
    struct tarn_snapshot *snapshot;
    int64_t horizon;
    int64_t retention;
    struct tarn__file_set kept; /* keys that stay */
    struct tarn_arena arena;
    struct candidate *candidates;
    size_t count;
    size_t capacity;
};

/* ---- what stays ---- */

static bool is_kept(const struct vacuum *vacuum, struct tarn_text key)
{
    return tarn__file_set_find(&vacuum->kept, key, NULL) != TARN_FILE_NONE;
}

static enum tarn_status keep(void *arg, struct tarn_text key, struct tarn_error *err)
{
    struct vacuum *vacuum = arg;
    if (is_kept(vacuum, key)) {
        return TARN_OK;
    }
    return tarn__file_set_add(&vacuum->kept, &(struct tarn__tracked_file){.path = key, .rows = -1}, err);
}

static enum tarn_status add_candidate(struct vacuum *vacuum, struct tarn_text key, uint64_t size, bool is_temporary, struct tarn_error *err)
{
    if (!tarn__grow(vacuum->env, &vacuum->candidates, &vacuum->capacity, vacuum->count + 1, sizeof(*vacuum->candidates))) {
        return tarn__nomem(vacuum->env, err, sizeof(*vacuum->candidates));
    }
    const struct tarn_text copy = tarn__arena_text(&vacuum->arena, key);
    if (copy.data == NULL) {
        return tarn__nomem(vacuum->env, err, key.size);
    }
    vacuum->candidates[vacuum->count++] = (struct candidate){copy, size, is_temporary};
    return TARN_OK;
}

/* ---- what there is ---- */

/* Does any part of the key say that it is not the table's data? */
static bool is_hidden(const struct vacuum *vacuum, struct tarn_text key)
{
    while (key.size != 0) {
        const char *slash = memchr(key.data, '/', key.size);
        const size_t size = slash != NULL ? (size_t)(slash - key.data) : key.size;
        if (vacuum->snapshot->format->is_hidden(vacuum->snapshot, (struct tarn_text){key.data, size})) {
            return true;
        }
        const size_t past = slash != NULL ? size + 1 : size;
        key.data += past;
        key.size -= past;
    }
    return false;
}

static enum tarn_status look_at(struct vacuum *vacuum, struct tarn_text key, uint64_t size, int64_t modified, struct tarn_error *err)
{
    if (is_hidden(vacuum, key)) {
        return TARN_OK;
    }
    vacuum->result->files_looked++;
    if (modified >= vacuum->horizon || is_kept(vacuum, key)) {
        vacuum->result->files_kept++;
        return TARN_OK;
    }
    return add_candidate(vacuum, key, size, false, err);
}

static enum tarn_status see_listed(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    struct vacuum *vacuum = arg;
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(vacuum->env, err));
    return look_at(vacuum, key, info->size, info->modified, err);
}

static enum tarn_status see_temporary(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    struct vacuum *vacuum = arg;
    vacuum->result->files_looked++;
    if (info->modified >= vacuum->horizon) {
        vacuum->result->files_kept++;
        return TARN_OK;
    }
    return add_candidate(vacuum, key, info->size, true, err);
}

static enum tarn_status list_objects(struct vacuum *vacuum, struct tarn_error *err)
{
    const struct tarn_text all = {"", 0};
    TARN_RETURN_IF_ERROR(tarn_store_list(vacuum->snapshot->store, all, all, see_listed, vacuum, err));
    return tarn_store_list_temporaries(vacuum->snapshot->store, all, see_temporary, vacuum, err);
}

/* ---- an inventory instead of a listing ---- */

enum { INVENTORY_PATH, INVENTORY_LENGTH, INVENTORY_IS_DIR, INVENTORY_MODIFIED, INVENTORY_COLUMNS };

static bool is_integer(const struct tarn_type *type)
{
    return type->id >= TARN_TYPE_I8 && type->id <= TARN_TYPE_U64;
}

static enum tarn_status check_inventory(const struct tarn_schema *schema, struct tarn_path_step *steps, struct tarn_error *err)
{
    static const struct tarn_text names[INVENTORY_COLUMNS] = {{"path", 4}, {"length", 6}, {"isDir", 5}, {"modificationTime", 16}};
    for (uint32_t i = 0; i < INVENTORY_COLUMNS; i++) {
        const int32_t at = tarn_fields_find(schema->field_count, schema->fields, names[i]);
        const struct tarn_type *type = at >= 0 ? schema->fields[at].type : NULL;
        const bool right = type != NULL && (i == INVENTORY_PATH     ? type->id == TARN_TYPE_STRING
                                            : i == INVENTORY_IS_DIR ? type->id == TARN_TYPE_BOOL
                                                                    : is_integer(type));
        if (!right) {
            return tarn__invalid(err, "inventory",
                                 "an inventory has the columns path (text), length and modificationTime (whole numbers, milliseconds since "
                                 "1970) and isDir (true or false); \"%.*s\" is missing or of another type",
                                 TARN_TEXT_ARG(names[i]));
        }
        steps[i] = (struct tarn_path_step){.kind = TARN_PATH_POSITION, .id = at};
    }
    return TARN_OK;
}

/* The key of a path that may be absolute, or empty: it is not below the table. */
static struct tarn_text key_of_path(const struct vacuum *vacuum, struct tarn_text path)
{
    const struct tarn_text root = tarn_store_location(vacuum->snapshot->store);
    if (tarn__text_starts(path, TARN_TEXT("file://"))) {
        path = (struct tarn_text){path.data + 7, path.size - 7};
    } else if (tarn__text_starts(path, TARN_TEXT("file:"))) {
        path = (struct tarn_text){path.data + 5, path.size - 5};
    }
    if (root.size != 0 && tarn__text_starts(path, root) && path.size > root.size && path.data[root.size] == '/') {
        return (struct tarn_text){path.data + root.size + 1, path.size - root.size - 1};
    }
    return tarn__place_leads_out(path) ? (struct tarn_text){NULL, 0} : path;
}

static enum tarn_status see_inventory(struct vacuum *vacuum, struct tarn_vector *const *columns, uint32_t row, struct tarn_error *err)
{
    for (uint32_t c = 0; c < INVENTORY_COLUMNS; c++) {
        if (tarn_vector_is_null(columns[c], row)) {
            return c == INVENTORY_IS_DIR ? TARN_OK : tarn__invalid(err, "inventory", "an inventory may not have nulls");
        }
    }
    const struct tarn_value dir = tarn__vector_value(columns[INVENTORY_IS_DIR], row);
    const struct tarn_text key = key_of_path(vacuum, tarn_vector_text(columns[INVENTORY_PATH], row));
    if (dir.u.boolean || key.size == 0) {
        return TARN_OK;
    }
    const int64_t millis = tarn__vector_value(columns[INVENTORY_MODIFIED], row).u.i64;
    const int64_t modified = millis > INT64_MAX / 1000 ? INT64_MAX : millis < INT64_MIN / 1000 ? INT64_MIN : millis * 1000;
    return look_at(vacuum, key, tarn__vector_value(columns[INVENTORY_LENGTH], row).u.u64, modified, err);
}

static enum tarn_status read_inventory(struct vacuum *vacuum, struct tarn_error *err)
{
    struct tarn_path_step steps[INVENTORY_COLUMNS];
    struct tarn_path paths[INVENTORY_COLUMNS];
    TARN_RETURN_IF_ERROR(check_inventory(tarn_source_schema(vacuum->options.inventory), steps, err));
    for (uint32_t i = 0; i < INVENTORY_COLUMNS; i++) {
        paths[i] = (struct tarn_path){1, &steps[i]};
    }
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    request.path_count = INVENTORY_COLUMNS;
    request.paths = paths;
    struct tarn_batches *batches;
    TARN_RETURN_IF_ERROR(tarn_source_batches(vacuum->options.inventory, &request, &batches, err));
    enum tarn_status status;
    for (;;) {
        struct tarn_batch *batch = NULL;
        status = batches->next(batches, &batch, err);
        if (status != TARN_OK || batch == NULL) {
            break;
        }
        for (uint32_t row = 0; status == TARN_OK && row < batch->length; row++) {
            status = see_inventory(vacuum, batch->columns, row, err);
        }
        if (status != TARN_OK) {
            break;
        }
    }
    batches->close(batches);
    return status;
}

/* ---- what the log has let go of ---- */

static enum tarn_status see_gone(void *arg, struct tarn_text key, struct tarn_error *err)
{
    struct vacuum *vacuum = arg;
    return add_candidate(vacuum, key, 0, false, err); /* looked at once all that stays is known */
}

static enum tarn_status check_gone(struct vacuum *vacuum, struct tarn_error *err)
{
    struct tarn__file_set seen;
    tarn__file_set_init(&seen, vacuum->env);
    size_t left = 0;
    enum tarn_status status = TARN_OK;
    for (size_t i = 0; status == TARN_OK && i < vacuum->count; i++) {
        struct candidate *candidate = &vacuum->candidates[i];
        struct tarn_object_info info;
        struct tarn_error local = TARN_ERROR_INIT;
        if (is_hidden(vacuum, candidate->key) || tarn__file_set_find(&seen, candidate->key, NULL) != TARN_FILE_NONE) {
            continue;
        }
        status = tarn__file_set_add(&seen, &(struct tarn__tracked_file){.path = candidate->key, .rows = -1}, err);
        if (status != TARN_OK) {
            break;
        }
        if (is_kept(vacuum, candidate->key)) {
            vacuum->result->files_looked++;
            vacuum->result->files_kept++;
            continue;
        }
        status = tarn_store_head(vacuum->snapshot->store, candidate->key, &info, &local);
        if (status == TARN_NOT_FOUND) {
            status = TARN_OK; /* gone already */
            continue;
        }
        if (status != TARN_OK && err != NULL) {
            *err = local;
        }
        vacuum->result->files_looked++;
        if (status == TARN_OK && info.modified < vacuum->horizon) {
            vacuum->candidates[left++] = (struct candidate){candidate->key, info.size, false};
        } else {
            vacuum->result->files_kept++;
        }
    }
    vacuum->count = left;
    tarn__file_set_free(&seen);
    return status;
}

/* ---- removing ---- */

/* Asks the newest version once more: what it needs is not removed. */
static enum tarn_status look_again(struct vacuum *vacuum, struct tarn_error *err)
{
    struct tarn_snapshot *newest;
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(vacuum->env, vacuum->uri, NULL, &newest, err));
    enum tarn_status status = TARN_OK;
    if (newest->position != vacuum->snapshot->position || newest->info.version != vacuum->snapshot->info.version) {
        const struct tarn__clean_visitor visitor = {vacuum, keep, NULL};
        status = newest->format->clean(newest, vacuum->horizon, &visitor, err);
        size_t left = 0;
        for (size_t i = 0; status == TARN_OK && i < vacuum->count; i++) {
            if (vacuum->candidates[i].is_temporary || !is_kept(vacuum, vacuum->candidates[i].key)) {
                vacuum->candidates[left++] = vacuum->candidates[i];
            } else {
                vacuum->result->files_kept++;
            }
        }
        vacuum->count = status == TARN_OK ? left : 0;
    }
    tarn_snapshot_close(newest);
    return status;
}

struct removing {
    struct vacuum *vacuum;
    size_t begin;
};

static enum tarn_status remove_one(void *arg, uint64_t i, uint32_t worker, struct tarn_error *err)
{
    (void)worker;
    const struct removing *removing = arg;
    const struct candidate *candidate = &removing->vacuum->candidates[removing->begin + i];
    const enum tarn_status status = tarn_store_remove(removing->vacuum->snapshot->store, candidate->key, err);
    if (status != TARN_OK) {
        tarn__error_at_object(err, candidate->key);
    }
    return status;
}

static void tell(struct vacuum *vacuum, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
        const struct candidate *candidate = &vacuum->candidates[i];
        vacuum->result->files++;
        vacuum->result->bytes += candidate->size;
        vacuum->result->temporaries += candidate->is_temporary;
        if (vacuum->options.fn != NULL) {
            vacuum->options.fn(vacuum->options.arg, candidate->key, candidate->size);
        }
    }
}

static enum tarn_status remove_all(struct vacuum *vacuum, struct tarn_error *err)
{
    for (size_t begin = 0; begin < vacuum->count; begin += REMOVED_TOGETHER) {
        const size_t left = vacuum->count - begin;
        const size_t count = left < REMOVED_TOGETHER ? left : REMOVED_TOGETHER;
        struct removing removing = {vacuum, begin};
        TARN_RETURN_IF_ERROR(tarn__check_cancelled(vacuum->env, err));
        TARN_RETURN_IF_ERROR(tarn__parallel_for(vacuum->env, count, remove_one, &removing, err));
        tell(vacuum, begin, begin + count);
    }
    return TARN_OK;
}

/* ---- history ---- */

static enum tarn_status record(struct vacuum *vacuum, const char *operation, struct tarn_text parameters, const char *files_name,
                               uint64_t files, const char *bytes_name, uint64_t bytes, struct tarn_error *err)
{
    struct tarn_snapshot *newest;
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    struct tarn_transaction *transaction;
    options.operation = operation;
    options.parameters = parameters;
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(vacuum->env, vacuum->uri, NULL, &newest, err));
    enum tarn_status status = tarn_transaction_open(newest, &options, &transaction, err);
    tarn_snapshot_close(newest);
    TARN_RETURN_IF_ERROR(status);
    transaction->records = true;
    status = tarn_transaction_metric(transaction, files_name, files, err);
    status = status == TARN_OK ? tarn_transaction_metric(transaction, bytes_name, bytes, err) : status;
    if (status != TARN_OK) {
        tarn_transaction_abort(transaction);
        return status;
    }
    return tarn_transaction_commit(transaction, NULL, err);
}

static enum tarn_status record_begin(struct vacuum *vacuum, struct tarn_error *err)
{
    char text[192];
    uint64_t bytes = 0;
    for (size_t i = 0; i < vacuum->count; i++) {
        bytes += vacuum->candidates[i].size;
    }
    const int size = snprintf(
        text, sizeof(text), "{\"retentionCheckEnabled\":\"%s\",\"defaultRetentionMillis\":\"%lld\",\"specifiedRetentionMillis\":\"%lld\"}",
        vacuum->options.force ? "false" : "true", (long long)(vacuum->snapshot->format->file_retention(vacuum->snapshot) / 1000),
        (long long)(vacuum->retention / 1000));
    return record(vacuum, "VACUUM START", (struct tarn_text){text, (size_t)size}, "numFilesToDelete", vacuum->count, "sizeOfDataToDelete",
                  bytes, err);
}

static enum tarn_status record_end(struct vacuum *vacuum, bool good, struct tarn_error *err)
{
    return record(vacuum, "VACUUM END", good ? TARN_TEXT("{\"status\":\"COMPLETED\"}") : TARN_TEXT("{\"status\":\"FAILED\"}"),
                  "numDeletedFiles", vacuum->result->files, "numVacuumedDirectories", 0, err);
}

/* ---- the call ---- */

static enum tarn_status check_retention(struct vacuum *vacuum, struct tarn_error *err)
{
    const int64_t table = vacuum->snapshot->format->file_retention(vacuum->snapshot);
    vacuum->retention = vacuum->options.retention >= 0 ? vacuum->options.retention : table;
    if (vacuum->retention < table && !vacuum->options.force) {
        return tarn__invalid(err, "retention",
                             "the table keeps files for %lld hours after it let go of them: with %lld "
                             "hours, readers and writers at work could lose theirs. Force it only when there are none",
                             (long long)(table / 3600000000), (long long)(vacuum->retention / 3600000000));
    }
    const int64_t now = tarn__now(vacuum->env);
    vacuum->horizon = now - vacuum->retention;
    vacuum->result->horizon = vacuum->horizon;
    vacuum->result->version = vacuum->snapshot->info.version;
    return TARN_OK;
}

static enum tarn_status find_candidates(struct vacuum *vacuum, struct tarn_error *err)
{
    const bool lite = vacuum->options.mode == TARN_VACUUM_LITE;
    const struct tarn__clean_visitor visitor = {vacuum, keep, lite ? see_gone : NULL};
    TARN_RETURN_IF_ERROR(vacuum->snapshot->format->clean(vacuum->snapshot, vacuum->horizon, &visitor, err));
    return lite ? check_gone(vacuum, err) : vacuum->options.inventory != NULL ? read_inventory(vacuum, err) : list_objects(vacuum, err);
}

static enum tarn_status run(struct vacuum *vacuum, struct tarn_error *err)
{
    const struct tarn__table_format *format = vacuum->snapshot->format;
    if (format->clean == NULL) {
        return tarn__unsupported(err, "table.vacuum", "tables of the format \"%s\" cannot be cleaned up by this version", format->name);
    }
    TARN_RETURN_IF_ERROR(format->admit(vacuum->snapshot, false, err));
    TARN_RETURN_IF_ERROR(check_retention(vacuum, err));
    TARN_RETURN_IF_ERROR(find_candidates(vacuum, err));
    if (vacuum->options.dry_run) {
        tell(vacuum, 0, vacuum->count);
        return TARN_OK;
    }
    if (vacuum->options.log) {
        TARN_RETURN_IF_ERROR(record_begin(vacuum, err));
    }
    enum tarn_status status = vacuum->count != 0 ? look_again(vacuum, err) : TARN_OK;
    status = status == TARN_OK ? remove_all(vacuum, err) : status;
    if (status == TARN_OK && vacuum->options.inventory == NULL) { /* an inventory may lack anything */
        format->cleaned(vacuum->snapshot, vacuum->horizon);
    }
    if (vacuum->options.log) {
        const enum tarn_status ended = record_end(vacuum, status == TARN_OK, status == TARN_OK ? err : NULL);
        status = status == TARN_OK ? ended : status;
    }
    return status;
}

enum tarn_status tarn_table_vacuum(struct tarn_env *env, struct tarn_text uri, const struct tarn_vacuum_options *options,
                                   struct tarn_vacuum_result *result, struct tarn_error *err)
{
    struct tarn_vacuum_result made = TARN_VACUUM_RESULT_INIT;
    struct vacuum vacuum = {.env = env, .uri = uri, .options = TARN_VACUUM_OPTIONS_INIT, .result = &made};
    if (options != NULL) {
        if (options->size < sizeof(uint32_t) || options->size > sizeof(vacuum.options)) {
            return tarn__invalid(err, "options", "vacuum options of %u bytes are not of this version of the library", options->size);
        }
        memcpy(&vacuum.options, options, options->size);
    }
    if (vacuum.options.mode == TARN_VACUUM_LITE && vacuum.options.inventory != NULL) {
        return tarn__invalid(err, "inventory", "a lite clean-up goes by the log: it has no use for an inventory");
    }
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(env, uri, NULL, &vacuum.snapshot, err));
    tarn__file_set_init(&vacuum.kept, env);
    tarn__arena_init(&vacuum.arena, env);
    const enum tarn_status status = run(&vacuum, err);
    if (result != NULL) {
        const uint32_t size = result->size < sizeof(made) ? result->size : (uint32_t)sizeof(made);
        memcpy(result, &made, size);
        result->size = size;
    }
    tarn__free(env, vacuum.candidates);
    tarn__arena_free(&vacuum.arena);
    tarn__file_set_free(&vacuum.kept);
    tarn_snapshot_close(vacuum.snapshot);
    return status;
}
