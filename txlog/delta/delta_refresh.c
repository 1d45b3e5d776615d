/* SPDX-License-Identifier: Apache-2.0
 *
 * From one version to the newest: the commits between, and nothing else.
 *
 * Specification: Delta PROTOCOL.md, "Action Reconciliation".
 *
 * Invariants
 *  1. The next version is asked for by name: its cost is that of the new commits, not of the log, and nothing is listed.
 *  2. The result is what loading anew gives, but for the order of files and for which commits say that they added them.
 *  3. Where the log is no longer the one that was read (the version's own commit is gone or another), and after so many refreshes that much
 *     may be kept for nothing, the table is loaded anew.
 */
#include "txlog/delta/delta_refresh.h"

#include <string.h>

#include "format/base/bytes.h"
#include "txlog/delta/delta_load.h"
#include "txlog/delta/delta_log.h"
#include "txlog/delta/delta_state.h"

enum { MOST_DEPTH = 1000, MOST_COMMITS = 1000 };

static enum tarn_status head_commit(const struct tarn_snapshot *snapshot, int64_t version, bool *there, struct tarn_object_info *info,
                                    struct tarn_error *err)
{
    char key[TARN_DELTA_KEY];
    tarn__delta_commit_key(version, key);
    struct tarn_error now = TARN_ERROR_INIT;
    const enum tarn_status status = tarn_store_head(snapshot->store, tarn__text_of(key), info, &now);
    *there = status == TARN_OK;
    if (status != TARN_OK && status != TARN_NOT_FOUND) {
        if (err != NULL) {
            *err = now;
        }
        return status;
    }
    return TARN_OK;
}

enum tarn_status tarn__delta_look(const struct tarn_snapshot *snapshot, enum tarn__later *later, struct tarn_error *err)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    struct tarn_object_info info;
    bool there;
    *later = TARN_LATER_UNKNOWN;
    TARN_RETURN_IF_ERROR(head_commit(snapshot, snapshot->info.version, &there, &info, err));
    if (!there || state->commit_size != info.size || state->commit_modified != info.modified ||
        tarn__file_set_depth(&snapshot->files) >= MOST_DEPTH) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(head_commit(snapshot, snapshot->info.version + 1, &there, &info, err));
    *later = there ? TARN_LATER_VERSIONS : TARN_LATER_NOTHING;
    return TARN_OK;
}

/* The commits that are there, oldest first. */
static enum tarn_status replay_new(struct tarn__delta_replay *replay, struct tarn_object_info *newest, bool *too_many,
                                   struct tarn_error *err)
{
    struct tarn_snapshot *snapshot = replay->snapshot;
    int64_t *time = &snapshot->info.timestamp;
    *too_many = false;
    for (uint32_t count = 0;; count++) {
        const int64_t version = snapshot->info.version + 1;
        struct tarn_object_info info;
        bool there;
        TARN_RETURN_IF_ERROR(head_commit(snapshot, version, &there, &info, err));
        if (!there) {
            return TARN_OK;
        }
        if (count == MOST_COMMITS) {
            *too_many = true;
            return TARN_OK;
        }
        const enum tarn_status status = tarn__delta_replay_commit(replay, version, err);
        if (status == TARN_CORRUPT) {
            tarn__delta_advise_repair(err);
        }
        TARN_RETURN_IF_ERROR(status);
        snapshot->info.version = version;
        *time = info.modified > *time ? info.modified : *time / 1000 * 1000 + 1000; /* times of files are made to rise */
        *newest = info;
    }
}

/* What follows from the state: all of it when protocol or metadata changed, else that of the new files. */
static enum tarn_status finish(struct tarn_snapshot *snapshot, bool changed, uint32_t partitions_before, struct tarn_error *err)
{
    if (!changed) {
        TARN_RETURN_IF_ERROR(tarn__delta_protocol_admit_read(snapshot, err));
        return tarn__delta_state_type_partitions(snapshot, partitions_before, err);
    }
    TARN_RETURN_IF_ERROR(tarn__file_set_own_partitions(&snapshot->files, err)); /* their values are made anew, of the new types */
    tarn__snapshot_drop_schemas(snapshot);
    return tarn__delta_state_finish(snapshot, err);
}

static void date(struct tarn_snapshot *snapshot, const struct tarn_object_info *newest)
{
    struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    if (state->has_in_commit_timestamp && tarn__delta_property_is_true(state, TARN_TEXT("delta.enableInCommitTimestamps"))) {
        snapshot->info.timestamp = state->in_commit_timestamp * 1000;
    }
    state->commit_size = newest->size;
    state->commit_modified = newest->modified;
}

enum tarn_status tarn__delta_advance(struct tarn_snapshot *snapshot, bool *advanced, struct tarn_error *err)
{
    *advanced = false;
    const uint32_t partitions_before = snapshot->files.partition_count;
    struct tarn__delta_replay replay;
    struct tarn_object_info newest = {0};
    bool too_many = false;
    enum tarn_status status = tarn__delta_replay_begin_forward(&replay, snapshot, err);
    if (status == TARN_OK) {
        status = replay_new(&replay, &newest, &too_many, err);
    }
    const bool changed = replay.changed_description;
    tarn__delta_replay_end(&replay);
    if (status != TARN_OK || too_many || newest.size == 0) {
        return status;
    }
    snapshot->position = snapshot->info.version;
    snapshot->sequence = snapshot->info.version;
    snapshot->parent_id = snapshot->info.version - 1;
    TARN_RETURN_IF_ERROR(finish(snapshot, changed, partitions_before, err));
    date(snapshot, &newest);
    *advanced = true;
    return TARN_OK;
}
