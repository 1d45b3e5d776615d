/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_CHECK_H
#define TARN_TXLOG_DELTA_DELTA_CHECK_H

#include "txlog/core/upkeep.h"
#include "txlog/delta/delta_state.h"

/** Data files and deletion vectors of the newest version that are gone or of another size; files in the folder that nothing names. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_check_files(struct tarn__check *check, struct tarn_snapshot *newest, struct tarn_error *err);

/** A file in the table's folder, or one that should be there. Borrowed during the call. */
struct tarn__delta_holding {
    enum tarn_usage_kind kind; /* LIVE, RETAINED, ORPHANED */
    struct tarn_text key;
    const struct tarn_object_info *info; /* NULL: it is not there */
    bool has_size;
    uint64_t size;              /* that the log says */
    int64_t live;               /* number of the live data file; -1: none */
    struct tarn_text partition; /* as in paths */
};

typedef enum tarn_status (*tarn__delta_holding_fn)(void *arg, const struct tarn__delta_holding *holding, struct tarn_error *err);

/**
 * Everything in the folder but the log, and all that the newest version and the removes that are still protected name below it, whether it
 * is there or not. What is hidden (a name that begins with '_' or '.') is passed over, as VACUUM does, but for change files.
 * Errors: those of the store, of the log and of `fn`.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_walk_folder(const struct tarn_snapshot *newest, tarn__delta_holding_fn fn, void *arg,
                                                          struct tarn_error *err);

#endif
