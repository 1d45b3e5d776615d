/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_CHANGES_H
#define TARN_TXLOG_CORE_CHANGES_H

#include "tarn/changes.h"
#include "txlog/core/snapshot.h"

/*
 * Changes as a set of files: those that hold the rows which came, went or are recorded as changed, in the order of versions.
 *
 * The set is a snapshot of its own: the schema of the last version with three columns more, which are partition values of each file (and
 * `_change_type` a column of the file where its rows say themselves what they are). Scanning, pruning and tasks are those of any table.
 * Threads: single while it is filled.
 */
#define TARN_CHANGES_TYPE "_change_type"
#define TARN_CHANGES_VERSION "_commit_version"
#define TARN_CHANGES_TIMESTAMP "_commit_timestamp"

enum tarn__change {
    TARN_CHANGE_INSERT = 0,
    TARN_CHANGE_DELETE,
    TARN_CHANGE_RECORDED, /* the rows say it */
};

struct tarn__change_set {
    struct tarn_snapshot *snapshot; /* loaded by the format at the last version; then its files are those of the changes */
    int64_t first_version;
    int64_t version; /* of the commit whose files are added */
    int64_t time;
    const struct tarn__partition_spec *specs; /* of files that tell what their rows are, and of those whose rows do */
    struct tarn_text_builder raw;
};

/**
 * After the format has loaded the last version: its files go, the columns come.
 * Errors: UNSUPPORTED changes.schema (the table has a column of a name that changes need), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__change_set_begin(struct tarn__change_set *set, struct tarn_error *err);
/** Changes of `version`, of this time, follow. Versions ascend. */
void tarn__change_set_version(struct tarn__change_set *set, int64_t version, int64_t time);
/**
 * A file whose rows changed. Its `extra` is copied; its `partition` and `statistics` are given apart.
 * Errors: CORRUPT (a partition value), NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__change_set_add(struct tarn__change_set *set, enum tarn__change change,
                                                       const struct tarn__tracked_file *file, struct tarn_text partition,
                                                       struct tarn_text statistics, struct tarn_error *err);
/**
 * Can rows written under `then` be read as those of the set's table? Columns may have come and names changed, types been widened; nothing
 * may have gone. Errors: UNSUPPORTED changes.schema.
 */
TARN_WARN_UNUSED enum tarn_status tarn__change_set_admit(const struct tarn__change_set *set, const struct tarn_snapshot *then,
                                                         struct tarn_error *err);

#endif
