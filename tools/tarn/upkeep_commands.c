/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeping a table's log: checkpoint.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "tools/tarn/command.h"

static enum tarn_status make_checkpoint(struct session *session, struct tarn_checkpoint_result *result, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot;
    struct tarn_checkpoint_options options = TARN_CHECKPOINT_OPTIONS_INIT;
    options.kind = has(session, OPTION_V2) ? TARN_CHECKPOINT_V2 : TARN_CHECKPOINT_BY_TABLE;
    options.parquet_top = has(session, OPTION_PARQUET_TOP);
    enum tarn_status status = load_version(session, session->args.positionals[0], -1, &snapshot, err);
    if (status == TARN_OK) {
        status = tarn_snapshot_checkpoint(snapshot, &options, result, err);
        tarn_snapshot_close(snapshot);
    }
    return status;
}

int command_checkpoint(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_checkpoint_result result;
    if (make_checkpoint(session, &result, &err) != TARN_OK) {
        return answer_error(session, &err);
    }
    answer_begin(session);
    if (session->json) {
        printf("{\"version\":%" PRId64 ",\"existed\":%s,\"files\":%" PRIu64 ",\"removed\":%" PRIu64 ",\"bytes\":%" PRIu64 "}",
               result.version, result.existed ? "true" : "false", result.files, result.removed, result.bytes);
    } else if (result.existed) {
        printf("version %" PRId64 " has a checkpoint already\n", result.version);
    } else {
        printf("checkpoint of version %" PRId64 ": %" PRIu64 " files, %" PRIu64 " removed files, %" PRIu64 " bytes\n", result.version,
               result.files, result.removed, result.bytes);
    }
    answer_end(session);
    return 0;
}
