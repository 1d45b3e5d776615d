/* SPDX-License-Identifier: Apache-2.0
 *
 * After a commit: what makes the next reader's work short.
 *
 * Specification: Delta PROTOCOL.md, "Checkpoints", "Version Checksum File", "Table Properties" (delta.checkpointInterval).
 *
 * Invariants
 *  1. Nothing here changes what the commit was answered with; what fails is tried again after a later commit.
 *  2. A version with a number that the interval divides gets a checkpoint from whoever commits it, so that of many writers one does it.
 *     Of several versions that land at the same time the newest gets its checksum, and its checkpoint when it is its turn.
 *  3. Old versions go at every tenth checkpoint: looking for them takes a listing of the whole log.
 */
#include "format/base/bytes.h"
#include "txlog/delta/delta_checkpoint_write.h"
#include "txlog/delta/delta_interval.h"
#include "txlog/delta/delta_upkeep.h"

enum { DEFAULT_INTERVAL = 10, CHECKPOINTS_A_CLEANING = 10 };

static enum tarn_status keep_log(const struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    const int64_t interval = tarn__delta_property_int(state, TARN_TEXT("delta.checkpointInterval"), DEFAULT_INTERVAL);
    if (interval <= 0 || snapshot->info.version == 0 || snapshot->info.version % interval != 0) {
        return TARN_OK;
    }
    struct tarn_checkpoint_result result;
    const struct tarn_checkpoint_options options = TARN_CHECKPOINT_OPTIONS_INIT;
    TARN_RETURN_IF_ERROR(tarn__delta_checkpoint_write(snapshot, &options, &result, err));
    const struct tarn_text clean = tarn__delta_property(state, TARN_TEXT("delta.enableExpiredLogCleanup"));
    if (tarn__text_equal(clean, TARN_TEXT("false")) || snapshot->info.version / interval % CHECKPOINTS_A_CLEANING != 0) {
        return TARN_OK;
    }
    struct tarn_log_clean_result cleaned;
    const struct tarn_log_clean_options asked = TARN_LOG_CLEAN_OPTIONS_INIT;
    return tarn__delta_clean_log(snapshot, &asked, NULL, NULL, &cleaned, err);
}

/* The version that was made, from the one that the transaction began with: nothing but the commits between is read. */
static enum tarn_status load_made(const struct tarn_transaction *transaction, struct tarn_snapshot **out, struct tarn_error *err)
{
    struct tarn_snapshot *base = transaction->snapshot;
    if (!base->is_new) {
        TARN_RETURN_IF_ERROR(tarn_snapshot_refresh(base, out, err));
        if ((*out)->info.version == transaction->made) {
            return TARN_OK;
        }
        tarn_snapshot_close(*out); /* somebody is ahead of us already, and keeps the log in our stead */
        *out = NULL;
        return TARN_OK;
    }
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    options.version = transaction->made;
    return tarn_snapshot_load(transaction->env, base->info.location, &options, out, err);
}

void tarn__delta_settle(struct tarn_transaction *transaction)
{
    struct tarn_snapshot *made = NULL;
    struct tarn_error err = TARN_ERROR_INIT;
    enum tarn_status status = load_made(transaction, &made, &err);
    if (status == TARN_OK && made != NULL) {
        status = tarn__delta_checksum_write(made, tarn__text_of(transaction->commit_id), &err);
        const enum tarn_status kept = keep_log(made, status == TARN_OK ? &err : NULL);
        status = status != TARN_OK ? status : kept;
    }
    tarn_snapshot_close(made);
    if (status != TARN_OK) {
        tarn__log(transaction->env, TARN_LOG_WARN, "version %lld is committed; what makes opening it quick was not written: %s",
                  (long long)transaction->made, err.message);
    }
}
