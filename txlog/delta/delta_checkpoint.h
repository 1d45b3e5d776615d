/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_CHECKPOINT_H
#define TARN_TXLOG_DELTA_DELTA_CHECKPOINT_H

#include "txlog/delta/delta_state.h"

/** Are all its parts there? */
bool tarn__delta_checkpoint_is_complete(const struct tarn__delta_checkpoint *checkpoint);

/**
 * Replays a checkpoint (all its parts and sidecars) behind the commits that are newer than it.
 * Errors: CORRUPT checkpoint, NOT_FOUND (a part or sidecar), IO, NOMEM: the caller may try an older one, with a fresh replay.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_replay_checkpoint(struct tarn__delta_replay *replay,
                                                                const struct tarn__delta_checkpoint *checkpoint, struct tarn_error *err);

#endif
