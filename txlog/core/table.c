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

/* What a place holds: a metadata file and a catalog are of the format that has such, whose folder need hold nothing else. */
static enum tarn_status format_of(const struct tarn__place *place, const struct tarn__table_format **out, struct tarn_error *err)
{
    if (place->entry == NULL) {
        return find_format(place->store, out, err);
    }
    for (size_t i = 0; tarn__table_formats[i] != NULL; i++) {
        if (tarn__table_formats[i]->has_metadata_files) {
            *out = tarn__table_formats[i];
            return TARN_OK;
        }
    }
    return tarn__unsupported(err, "table.format", "no table format of this build begins with a metadata file");
}

enum tarn_status tarn_table_detect(struct tarn_env *env, struct tarn_text uri, const char **format, struct tarn_error *err)
{
    *format = NULL;
    struct tarn__place place;
    struct tarn_error local = TARN_ERROR_INIT;
    enum tarn_status status = tarn__place_find(env, uri, &place, &local);
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
    status = format_of(&place, &found, err);
    tarn__place_close(&place);
    *format = status == TARN_OK && found != NULL ? found->name : NULL;
    return status;
}

enum tarn_status tarn__table_find(struct tarn_env *env, struct tarn_text uri, struct tarn__place *place,
                                  const struct tarn__table_format **format, struct tarn_error *err)
{
    *format = NULL;
    TARN_RETURN_IF_ERROR(tarn__place_find(env, uri, place, err));
    enum tarn_status status = format_of(place, format, err);
    if (status == TARN_OK && *format == NULL) {
        status =
            tarn__error_set(err, TARN_NOT_FOUND, "table", "there is no table in this folder; give the folder that holds the table's log");
        tarn__error_at_object(err, uri);
    }
    if (status != TARN_OK) {
        tarn__place_close(place);
    }
    return status;
}

static enum tarn_status load(const struct tarn__place *place, const struct tarn__table_format *format,
                             const struct tarn_snapshot_options *options, struct tarn_snapshot **out, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot;
    TARN_RETURN_IF_ERROR(tarn__snapshot_new(place, format, &snapshot, err));
    enum tarn_status status = format->load(snapshot, options, err);
    if (status == TARN_OK) {
        status = tarn__snapshot_seal(snapshot, err);
    }
    if (status != TARN_OK) {
        tarn_snapshot_close(snapshot);
        return status;
    }
    *out = snapshot;
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
    if (wanted.version != -1 && wanted.as_of != INT64_MIN) {
        return tarn__invalid(err, "options", "a snapshot is chosen by version or by time, not by both");
    }
    struct tarn__place place;
    const struct tarn__table_format *format;
    TARN_RETURN_IF_ERROR(tarn__table_find(env, uri, &place, &format, err));
    const enum tarn_status status = load(&place, format, &wanted, out, err);
    tarn__place_close(&place);
    return status;
}

/* What was derived from `snapshot` and taken to the newest version; *newer NULL: that is not possible. */
static enum tarn_status advance(const struct tarn_snapshot *snapshot, struct tarn_snapshot **newer, struct tarn_error *err)
{
    struct tarn_snapshot *next;
    bool advanced = false;
    *newer = NULL;
    TARN_RETURN_IF_ERROR(tarn__snapshot_derive(snapshot, &next, err));
    enum tarn_status status = snapshot->format->advance(next, &advanced, err);
    if (status == TARN_OK && advanced) {
        status = tarn__snapshot_seal(next, err);
    }
    if (status != TARN_OK || !advanced) {
        tarn_snapshot_close(next);
        return status;
    }
    *newer = next;
    return TARN_OK;
}

enum tarn_status tarn_snapshot_refresh(struct tarn_snapshot *snapshot, struct tarn_snapshot **newer, struct tarn_error *err)
{
    *newer = NULL;
    enum tarn__later later = TARN_LATER_UNKNOWN;
    if (!snapshot->is_sealed) {
        return tarn__invalid(err, "snapshot", "the snapshot of a table that is being made cannot be refreshed");
    }
    if (snapshot->format->look != NULL) {
        TARN_RETURN_IF_ERROR(snapshot->format->look(snapshot, &later, err));
    }
    if (later == TARN_LATER_NOTHING) {
        *newer = tarn_snapshot_retain(snapshot);
        return TARN_OK;
    }
    if (later == TARN_LATER_VERSIONS) {
        TARN_RETURN_IF_ERROR(advance(snapshot, newer, err));
    }
    const struct tarn_snapshot_options newest = TARN_SNAPSHOT_OPTIONS_INIT;
    return *newer != NULL ? TARN_OK : tarn_snapshot_load(snapshot->env, tarn__text_of(snapshot->place.uri), &newest, newer, err);
}

enum tarn_status tarn_table_history(struct tarn_env *env, struct tarn_text uri, uint64_t limit, tarn_commit_fn fn, void *arg,
                                    struct tarn_error *err)
{
    struct tarn__place place;
    const struct tarn__table_format *format;
    TARN_RETURN_IF_ERROR(tarn__table_find(env, uri, &place, &format, err));
    const enum tarn_status status = format->history(env, &place, limit, fn, arg, err);
    tarn__place_close(&place);
    return status;
}
