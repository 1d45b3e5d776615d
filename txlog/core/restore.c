/* SPDX-License-Identifier: Apache-2.0
 *
 * A new version whose content is that of an older one: files that are gone come back, files that came since go, and so do schema and
 * properties. History keeps both.
 *
 * Invariant: a file comes back only when it is still in the store with its size; otherwise nothing is changed.
 */
#include <stdio.h>

#include "format/base/bytes.h"
#include "txlog/core/commit.h"

/* Only for this call: loaded sets are sealed, so a set with its index is made anew. */
static enum tarn_status index_files(const struct tarn_snapshot *snapshot, struct tarn__file_set *index, struct tarn_error *err)
{
    tarn__file_set_init(index, snapshot->env);
    for (uint32_t i = 0; i < snapshot->files.count; i++) {
        struct tarn__tracked_file key = *tarn__file_set_at(&snapshot->files, i);
        key.statistics = (struct tarn__pool_ref){0};
        TARN_RETURN_IF_ERROR(tarn__file_set_add(index, &key, err));
    }
    return TARN_OK;
}

static enum tarn_status vacuumed(const struct tarn_snapshot *snapshot, struct tarn_text key, struct tarn_error *err)
{
    tarn__error_set(err, TARN_NOT_FOUND, "data_file", "version %lld cannot be restored: one of its files was removed by a clean-up",
                    (long long)snapshot->info.version);
    tarn__error_at_object(err, key);
    return TARN_NOT_FOUND;
}

/* The object that the file's deletion vector lies in. */
static enum tarn_status check_vector(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file, struct tarn_error *err)
{
    const struct tarn__deletion_vector *vector = tarn__file_deletion_vector(file);
    struct tarn_object_info info;
    if (vector == NULL || snapshot->format->vector_key == NULL) {
        return TARN_OK;
    }
    struct tarn_text_builder key;
    tarn__builder_init(&key, snapshot->env);
    enum tarn_status status = snapshot->format->vector_key(snapshot, vector, &key, err);
    status = status == TARN_OK ? tarn__builder_status(&key, err) : status;
    const struct tarn_text text = tarn__builder_text(&key);
    if (status == TARN_OK && text.size != 0 && !tarn__place_leads_out(text)) {
        status = tarn_store_head(snapshot->store, text, &info, err);
        status = status == TARN_NOT_FOUND ? vacuumed(snapshot, text, err) : status;
    }
    tarn__builder_free(&key);
    return status;
}

static enum tarn_status check_still_there(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file,
                                          struct tarn_error *err)
{
    if (file->path.size != 0 && file->path.data[0] == '/') {
        return TARN_OK; /* outside the table: not ours to look at */
    }
    struct tarn_object_info info;
    const enum tarn_status status = tarn_store_head(snapshot->store, file->path, &info, err);
    if (status == TARN_NOT_FOUND) {
        return vacuumed(snapshot, file->path, err);
    }
    if (status == TARN_OK && info.size != file->size) {
        tarn__corrupt(err, "file_size", "a file of version %lld has %llu bytes; its table says %llu", (long long)snapshot->info.version,
                      (unsigned long long)info.size, (unsigned long long)file->size);
        tarn__error_at_object(err, file->path);
        return TARN_CORRUPT;
    }
    return status == TARN_OK ? check_vector(snapshot, file, err) : status;
}

/* Files of `from` that are not in `other`. */
static enum tarn_status compare(struct tarn_transaction *transaction, const struct tarn_snapshot *from, const struct tarn__file_set *other,
                                bool revive, struct tarn_error *err)
{
    for (uint32_t i = 0; i < from->files.count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&from->files, i);
        if (tarn__file_set_find(other, file->path, tarn__file_deletion_vector(file)) != TARN_FILE_NONE) {
            continue;
        }
        if (!revive) {
            TARN_RETURN_IF_ERROR(tarn__transaction_remove_index(transaction, i, err));
            continue;
        }
        TARN_RETURN_IF_ERROR(check_still_there(from, file, err));
        tarn__bit_set(transaction->revived_bits, i);
        transaction->revived_count++;
    }
    return TARN_OK;
}

static enum tarn_status fill(struct tarn_transaction *transaction, struct tarn_snapshot *target, struct tarn_error *err)
{
    transaction->reads_all = true; /* any change since would be undone without having been seen */
    transaction->revived_from = tarn_snapshot_retain(target);
    transaction->revived_bits = tarn__calloc(transaction->env, tarn__bits_bytes(target->files.count) + 1, 1);
    if (transaction->revived_bits == NULL) {
        return tarn__nomem(transaction->env, err, target->files.count / 8);
    }
    struct tarn__file_set now;
    struct tarn__file_set then;
    enum tarn_status status = index_files(transaction->snapshot, &now, err);
    if (status == TARN_OK) {
        status = compare(transaction, target, &now, true, err);
    }
    tarn__file_set_free(&now);
    if (status == TARN_OK) {
        status = index_files(target, &then, err);
        if (status == TARN_OK) {
            status = compare(transaction, transaction->snapshot, &then, false, err);
        }
        tarn__file_set_free(&then);
    }
    return status == TARN_OK ? transaction->format->restore(transaction, target, err) : status;
}

enum tarn_status tarn_table_restore(struct tarn_env *env, struct tarn_text uri, int64_t version, struct tarn_commit_result *result,
                                    struct tarn_error *err)
{
    if (result != NULL) {
        *result = (struct tarn_commit_result){.version = -1};
    }
    if (version == -1) {
        return tarn__invalid(err, "version", "-1 is no version that could be restored");
    }
    struct tarn_snapshot *now;
    struct tarn_snapshot *target = NULL;
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(env, uri, NULL, &now, err));
    struct tarn_snapshot_options wanted = TARN_SNAPSHOT_OPTIONS_INIT;
    wanted.version = version;
    enum tarn_status status = tarn_snapshot_load(env, uri, &wanted, &target, err);
    char parameters[64];
    const int size = snprintf(parameters, sizeof(parameters), "{\"version\":\"%lld\",\"timestamp\":null}", (long long)version);
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    options.operation = "RESTORE";
    options.parameters = (struct tarn_text){parameters, (size_t)size};
    struct tarn_transaction *transaction = NULL;
    if (status == TARN_OK) {
        status = tarn_transaction_open(now, &options, &transaction, err);
    }
    if (status == TARN_OK) {
        status = fill(transaction, target, err);
        if (status == TARN_OK) {
            status = tarn_transaction_commit(transaction, result, err);
        } else {
            tarn_transaction_abort(transaction);
        }
    }
    tarn_snapshot_close(target);
    tarn_snapshot_close(now);
    return status;
}
