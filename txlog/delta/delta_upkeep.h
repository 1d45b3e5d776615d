/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_UPKEEP_H
#define TARN_TXLOG_DELTA_DELTA_UPKEEP_H

#include "txlog/core/transaction.h"
#include "txlog/core/upkeep.h"

/* Delta's log kept: tarn__table_format.upkeep, and what comes after each commit. */
extern const struct tarn__table_upkeep tarn__delta_upkeep;

/**
 * After a commit that has landed: its version checksum and, at the table's interval, a checkpoint, old log files removed where the table
 * asks for it. Best effort: what fails here is told to the host's log, and the next commit tries again.
 */
void tarn__delta_settle(struct tarn_transaction *transaction);

TARN_WARN_UNUSED enum tarn_status tarn__delta_compact_log(const struct tarn__place *place, int64_t first, int64_t last,
                                                          struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_clean_log(const struct tarn_snapshot *newest, const struct tarn_log_clean_options *options,
                                                        tarn_log_object_fn fn, void *arg, struct tarn_log_clean_result *result,
                                                        struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_check(struct tarn__check *check, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_usage(const struct tarn_snapshot *newest, struct tarn__usage_sums *sums,
                                                    struct tarn_error *err);

/** Writes the version checksum of a snapshot, unless there is one. Errors: those of the store, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_checksum_write(const struct tarn_snapshot *snapshot, struct tarn_text commit_id,
                                                             struct tarn_error *err);

#endif
