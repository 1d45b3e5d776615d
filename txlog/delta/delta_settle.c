/* SPDX-License-Identifier: Apache-2.0
 *
 * After a commit: what makes the next reader's work short.
 *
 * Specification: Delta PROTOCOL.md, "Checkpoints", "Version Checksum File", "Table Properties" (delta.checkpointInterval).
 *
 * Invariants
 *  1. Nothing here changes what the commit was answered with; what fails is tried again after a later commit.
 *  2. A version with a number that the interval divides gets a checkpoint from whoever commits it, so that of many writers one does it.
 */
#include "format/base/bytes.h"
#include "txlog/delta/delta_checkpoint_write.h"
#include "txlog/delta/delta_interval.h"
#include "txlog/delta/delta_upkeep.h"

enum { DEFAULT_INTERVAL = 10 };

static enum tarn_status keep_log(const struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    const int64_t interval = tarn__delta_property_int(state, TARN_TEXT("delta.checkpointInterval"), DEFAULT_INTERVAL);
    if (interval <= 0 || snapshot->info.version == 0 || snapshot->info.version % interval != 0) {
        return TARN_OK;
    }
    struct tarn_checkpoint_result result;
    const struct tarn_checkpoint_options options = TARN_CHECKPOINT_OPTIONS_INIT;
    return tarn__delta_checkpoint_write(snapshot, &options, &result, err);
}

/* Is a checkpoint due? Known without loading what was made: the interval hardly ever changes, and then one is missed. */
static bool may_be_due(const struct tarn_transaction *transaction)
{
    const int64_t interval =
        tarn__delta_property_int(tarn__delta_state_of(transaction->snapshot), TARN_TEXT("delta.checkpointInterval"), DEFAULT_INTERVAL);
    return interval > 0 && transaction->made > 0 && transaction->made % interval == 0;
}

void tarn__delta_settle(struct tarn_transaction *transaction)
{
    if (!may_be_due(transaction)) {
        return;
    }
    struct tarn_snapshot *made;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    options.version = transaction->made;
    enum tarn_status status = tarn_snapshot_load(transaction->env, transaction->snapshot->info.location, &options, &made, &err);
    if (status == TARN_OK) {
        status = keep_log(made, &err);
        tarn_snapshot_close(made);
    }
    if (status != TARN_OK) {
        tarn__log(transaction->env, TARN_LOG_WARN, "version %lld is committed; its checkpoint was not written: %s",
                  (long long)transaction->made, err.message);
    }
}
