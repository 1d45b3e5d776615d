/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_LOAD_H
#define TARN_TXLOG_DELTA_DELTA_LOAD_H

#include "txlog/core/table_format.h"
#include "txlog/delta/delta_log.h"

TARN_WARN_UNUSED enum tarn_status tarn__delta_load(struct tarn_snapshot *snapshot, const struct tarn_snapshot_options *options,
                                                   struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_history(struct tarn_env *env, const struct tarn__place *place, uint64_t limit,
                                                      tarn_commit_fn fn, void *arg, struct tarn_error *err);

/** Tells with an error of the newest commit that it is torn, if it is, and what mends the table. */
void tarn__delta_advise_repair(struct tarn_error *err);

/** inCommitTimestamp of a commit in milliseconds, out of its first action; *has is false when it has none. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_in_commit_timestamp(struct tarn_store *store, int64_t version, bool *has,
                                                                  int64_t *milliseconds, struct tarn_error *err);

#endif
