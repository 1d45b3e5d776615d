/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_CHECKPOINT_WRITE_H
#define TARN_TXLOG_DELTA_DELTA_CHECKPOINT_WRITE_H

#include "tarn/upkeep.h"
#include "txlog/delta/delta_state.h"

/** tarn_snapshot_checkpoint for Delta; options and result are there. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_checkpoint_write(const struct tarn_snapshot *snapshot,
                                                               const struct tarn_checkpoint_options *options,
                                                               struct tarn_checkpoint_result *result, struct tarn_error *err);

/** Points `_last_checkpoint` at a checkpoint, unless it points at a newer one that is there. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_hint_write(struct tarn_store *store, const struct tarn_checkpoint_result *checkpoint,
                                                         struct tarn_error *err);

/** The text of `_last_checkpoint`, without its checksum when `checksum` is empty. */
void tarn__delta_hint_print(const struct tarn_checkpoint_result *checkpoint, struct tarn_text checksum, struct tarn_text_builder *out);

/**
 * MD5 of a JSON document in its canonical form ("JSON checksum" of the protocol), without its own member `checksum`, in hex.
 * *has is false in a build without MD5. Errors: CORRUPT (no JSON), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_json_checksum(struct tarn_env *env, struct tarn_text json, char hex[33], bool *has,
                                                            struct tarn_error *err);

#endif
