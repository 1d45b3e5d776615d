/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_VISIT_H
#define TARN_TXLOG_DELTA_DELTA_VISIT_H

#include "txlog/delta/delta_state.h"

/*
 * What a version's log holds beside its state: the actions themselves.
 */

/**
 * Hands the visitor every action that makes the snapshot's version: of its commits from the newest to the oldest, then of the newest
 * complete checkpoint below them. When that cannot be read, `again` is called and an older one is tried. Errors: those of reading a log,
 * and of the visitor.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_visit_log(const struct tarn_snapshot *snapshot, const struct tarn__delta_visitor *visitor,
                                                        void (*again)(void *arg), struct tarn_error *err);

/** The actions of one checkpoint, which may lie under any key, in any store. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_visit_checkpoint(const struct tarn_snapshot *snapshot, struct tarn_store *store,
                                                               const struct tarn__delta_checkpoint *checkpoint,
                                                               const struct tarn__delta_visitor *visitor, struct tarn_error *err);

/**
 * Files that the table has let go of not longer ago than its properties ask to keep them: the newest remove of each that is not live.
 * Of these files `modified` is when they were removed, and `rows` -1 where the remove does not say size and partition values.
 * Ends with tarn__file_set_free, also after a failure. `now`: microseconds since 1970.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_tombstones(const struct tarn_snapshot *snapshot, int64_t now, struct tarn__file_set *out,
                                                         struct tarn_error *err);

/** A tombstone of a file that lives after all: to be passed over. */
static inline bool tarn__delta_is_risen(const struct tarn__tracked_file *tombstone)
{
    return tombstone->sequence < 0;
}

#endif
