/* SPDX-License-Identifier: Apache-2.0
 *
 * The actions of a log, for those who need more than the state that they come to: checkpoints being written or proven, files that are
 * still protected from VACUUM.
 *
 * Specification: Delta PROTOCOL.md, "Action Reconciliation", "Add File and Remove File".
 *
 * Invariants
 *  1. Actions come newest first, so that the first of a key counts.
 *  2. A file that is live in the snapshot has no tombstone, whatever a commit said before or beside its add.
 */
#include "txlog/delta/delta_visit.h"

#include "format/base/bytes.h"
#include "txlog/delta/delta_checkpoint.h"
#include "txlog/delta/delta_interval.h"

/* The replay's own snapshot is not touched: a visitor takes every action. */
static enum tarn_status begin(struct tarn__delta_replay *replay, const struct tarn_snapshot *snapshot, struct tarn_store *store,
                              const struct tarn__delta_visitor *visitor, struct tarn_snapshot **scratch, struct tarn_error *err)
{
    struct tarn__place place = snapshot->place;
    place.store = store;
    TARN_RETURN_IF_ERROR(tarn__snapshot_new(&place, snapshot->format, scratch, err));
    (*scratch)->info.version = snapshot->info.version;
    const enum tarn_status status = tarn__delta_replay_begin(replay, *scratch, err);
    replay->visitor = visitor;
    if (status != TARN_OK) {
        tarn__delta_replay_end(replay);
        tarn_snapshot_close(*scratch);
    }
    return status;
}

static void end(struct tarn__delta_replay *replay, struct tarn_snapshot *scratch)
{
    tarn__delta_replay_end(replay);
    tarn_snapshot_close(scratch);
}

enum tarn_status tarn__delta_visit_checkpoint(const struct tarn_snapshot *snapshot, struct tarn_store *store,
                                              const struct tarn__delta_checkpoint *checkpoint, const struct tarn__delta_visitor *visitor,
                                              struct tarn_error *err)
{
    struct tarn__delta_replay replay;
    struct tarn_snapshot *scratch;
    TARN_RETURN_IF_ERROR(begin(&replay, snapshot, store, visitor, &scratch, err));
    const enum tarn_status status = tarn__delta_replay_checkpoint(&replay, checkpoint, err);
    end(&replay, scratch);
    return status;
}

static enum tarn_status visit_commits(const struct tarn_snapshot *snapshot, int64_t first, const struct tarn__delta_visitor *visitor,
                                      struct tarn_error *err)
{
    struct tarn__delta_replay replay;
    struct tarn_snapshot *scratch;
    TARN_RETURN_IF_ERROR(begin(&replay, snapshot, snapshot->store, visitor, &scratch, err));
    enum tarn_status status = TARN_OK;
    for (int64_t version = snapshot->info.version; status == TARN_OK && version >= first; version--) {
        status = tarn__delta_replay_commit(&replay, version, err);
    }
    end(&replay, scratch);
    return status;
}

static enum tarn_status visit_from(const struct tarn_snapshot *snapshot, const struct tarn__delta_checkpoint *checkpoint,
                                   const struct tarn__delta_visitor *visitor, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(visit_commits(snapshot, checkpoint != NULL ? checkpoint->version + 1 : 0, visitor, err));
    return checkpoint != NULL ? tarn__delta_visit_checkpoint(snapshot, snapshot->store, checkpoint, visitor, err) : TARN_OK;
}

/* Tries the checkpoints of the log from version `from` on, the newest first; `without`: then without any. */
static enum tarn_status visit_listed(const struct tarn_snapshot *snapshot, int64_t from, bool without,
                                     const struct tarn__delta_visitor *visitor, void (*again)(void *arg), struct tarn_error *err)
{
    struct tarn__delta_listing listing;
    TARN_RETURN_IF_ERROR(tarn__delta_list(snapshot->store, from, &listing, err));
    enum tarn_status status = tarn__error_set(err, TARN_NOT_FOUND, "checkpoint", "there is no checkpoint to begin with");
    for (size_t i = listing.checkpoint_count + 1; i > 0 && (status == TARN_NOT_FOUND || status == TARN_CORRUPT); i--) {
        const struct tarn__delta_checkpoint *checkpoint = i > 1 ? &listing.checkpoints[i - 2] : NULL;
        if (checkpoint != NULL ? checkpoint->version > snapshot->info.version || !tarn__delta_checkpoint_is_complete(checkpoint)
                               : !without) {
            continue;
        }
        again(visitor->arg);
        status = visit_from(snapshot, checkpoint, visitor, err);
    }
    tarn__delta_listing_free(&listing);
    return status;
}

enum tarn_status tarn__delta_visit_log(const struct tarn_snapshot *snapshot, const struct tarn__delta_visitor *visitor,
                                       void (*again)(void *arg), struct tarn_error *err)
{
    const int64_t hint = tarn__delta_checkpoint_hint(snapshot->store);
    if (hint > 0 && hint <= snapshot->info.version) {
        const enum tarn_status status = visit_listed(snapshot, hint, false, visitor, again, err);
        if (status != TARN_NOT_FOUND && status != TARN_CORRUPT) {
            return status;
        }
    }
    return visit_listed(snapshot, 0, true, visitor, again, err);
}

/* ---- tombstones ---- */

struct gathering {
    const struct tarn_snapshot *snapshot;
    struct tarn__file_set *removed;
    int64_t oldest; /* what was removed before need not be kept */
};

static enum tarn_status note_removed(void *arg, int64_t version, const struct tarn__delta_action *action, struct tarn_error *err)
{
    struct gathering *gathering = arg;
    if (action->kind != TARN_DELTA_REMOVE) {
        return TARN_OK;
    }
    const struct tarn__delta_file *file = &action->u.file;
    struct tarn__file_set *removed = gathering->removed;
    const bool in_range = file->modified <= INT64_MAX / 1000 && file->modified >= INT64_MIN / 1000;
    struct tarn__tracked_file tombstone = {
        .path = tarn__delta_relative_path(gathering->snapshot, file->path),
        .size = file->size,
        .modified = in_range ? file->modified * 1000 : 0,
        .rows = file->has_size ? 0 : -1,
        .sequence = version,
    };
    if (tombstone.modified < gathering->oldest ||
        tarn__file_set_find(removed, tombstone.path, file->extra.deletion_vector) != TARN_FILE_NONE) {
        return TARN_OK;
    }
    if (file->extra.deletion_vector != NULL || file->extra.first_row_id >= 0 || file->extra.row_version >= 0) {
        tombstone.extra = tarn__file_extra_copy(&removed->arena, &file->extra);
        if (tombstone.extra == NULL) {
            return tarn__nomem(removed->env, err, sizeof(file->extra));
        }
    }
    TARN_RETURN_IF_ERROR(tarn__file_set_partition(removed, file->partition, &tombstone.partition, err));
    return tarn__file_set_add(removed, &tombstone, err);
}

static void forget_removed(void *arg)
{
    struct gathering *gathering = arg;
    struct tarn_env *env = gathering->removed->env;
    tarn__file_set_free(gathering->removed);
    tarn__file_set_init(gathering->removed, env);
}

enum tarn_status tarn__delta_tombstones(const struct tarn_snapshot *snapshot, int64_t now, struct tarn__file_set *out,
                                        struct tarn_error *err)
{
    tarn__file_set_init(out, snapshot->env);
    const int64_t retention = tarn__delta_property_interval(tarn__delta_state_of(snapshot), TARN_TEXT("delta.deletedFileRetentionDuration"),
                                                            TARN_DELTA_FILE_RETENTION);
    struct gathering gathering = {snapshot, out, now - retention};
    const struct tarn__delta_visitor visitor = {.action = note_removed, .arg = &gathering, .without_added = true};
    TARN_RETURN_IF_ERROR(tarn__delta_visit_log(snapshot, &visitor, forget_removed, err));
    for (uint32_t i = 0; out->count != 0 && i < snapshot->files.count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&snapshot->files, i);
        const int64_t found = tarn__file_set_find(out, file->path, tarn__file_deletion_vector(file));
        if (found != TARN_FILE_NONE) {
            tarn__file_set_at(out, (uint32_t)found)->sequence = -1;
        }
    }
    return TARN_OK;
}
