/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables by location: which format is there, its versions, its history. Each call goes to the format that says the table is its own.
 */
#include "tarn/table.h"

#include "format/base/bytes.h"
#include "txlog/core/table_format.h"

/* The format of what is in the store, or NULL. */
static enum tarn_status find_format(struct tarn_store *store, const struct tarn__table_format **out, struct tarn_error *err)
{
    *out = NULL;
    for (size_t i = 0; tarn__table_formats[i] != NULL; i++) {
        bool is = false;
        TARN_RETURN_IF_ERROR(tarn__table_formats[i]->detect(store, &is, err));
        if (is) {
            *out = tarn__table_formats[i];
            return TARN_OK;
        }
    }
    return TARN_OK;
}

enum tarn_status tarn_table_detect(struct tarn_env *env, struct tarn_text uri, const char **format, struct tarn_error *err)
{
    *format = NULL;
    struct tarn_store *store;
    struct tarn_error local = TARN_ERROR_INIT;
    enum tarn_status status = tarn_store_open(env, uri, false, &store, &local);
    if (status == TARN_NOT_FOUND) {
        return TARN_OK;
    }
    if (status != TARN_OK) {
        if (err != NULL) {
            *err = local;
        }
        return status;
    }
    const struct tarn__table_format *found;
    status = find_format(store, &found, err);
    tarn_store_close(store);
    *format = status == TARN_OK && found != NULL ? found->name : NULL;
    return status;
}

/* Opens the folder and finds its format; NOT_FOUND when there is no table. The store is the caller's to close. */
static enum tarn_status open_table(struct tarn_env *env, struct tarn_text uri, struct tarn_store **store,
                                   const struct tarn__table_format **format, struct tarn_error *err)
{
    *store = NULL;
    *format = NULL;
    struct tarn_store *opened;
    TARN_RETURN_IF_ERROR(tarn_store_open(env, uri, false, &opened, err));
    enum tarn_status status = find_format(opened, format, err);
    if (status == TARN_OK && *format == NULL) {
        status =
            tarn__error_set(err, TARN_NOT_FOUND, "table", "there is no table in this folder; give the folder that holds the table's log");
        tarn__error_at_object(err, uri);
    }
    if (status != TARN_OK) {
        tarn_store_close(opened);
        return status;
    }
    *store = opened;
    return TARN_OK;
}

enum tarn_status tarn_snapshot_load(struct tarn_env *env, struct tarn_text uri, const struct tarn_snapshot_options *options,
                                    struct tarn_snapshot **out, struct tarn_error *err)
{
    *out = NULL;
    struct tarn_snapshot_options wanted = TARN_SNAPSHOT_OPTIONS_INIT;
    if (options != NULL) {
        if (options->size < sizeof(uint32_t) || options->size > sizeof(wanted)) {
            return tarn__invalid(err, "options", "snapshot options of %u bytes are not of this version of the library", options->size);
        }
        memcpy(&wanted, options, options->size);
    }
    if (wanted.version >= 0 && wanted.as_of != INT64_MIN) {
        return tarn__invalid(err, "options", "a snapshot is chosen by version or by time, not by both");
    }
    struct tarn_store *store;
    const struct tarn__table_format *format;
    TARN_RETURN_IF_ERROR(open_table(env, uri, &store, &format, err));
    struct tarn_snapshot *snapshot;
    enum tarn_status status = tarn__snapshot_new(env, store, format, uri, &snapshot, err);
    tarn_store_close(store);
    if (status != TARN_OK) {
        return status;
    }
    status = format->load(snapshot, &wanted, err);
    if (status != TARN_OK) {
        tarn_snapshot_close(snapshot);
        return status;
    }
    tarn__file_set_seal(&snapshot->files);
    tarn__snapshot_summarise(snapshot);
    *out = snapshot;
    return TARN_OK;
}

enum tarn_status tarn_table_history(struct tarn_env *env, struct tarn_text uri, uint64_t limit, tarn_commit_fn fn, void *arg,
                                    struct tarn_error *err)
{
    struct tarn_store *store;
    const struct tarn__table_format *format;
    TARN_RETURN_IF_ERROR(open_table(env, uri, &store, &format, err));
    const enum tarn_status status = format->history(store, limit, fn, arg, err);
    tarn_store_close(store);
    return status;
}
