/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_CHANGES_H
#define TARN_CHANGES_H

#include "tarn/cursor.h"

/*
 * Changes: the rows that came into a table, left it, or took on other values, version by version.
 *
 * A row of changes has the table's columns as the last version has them, and behind them
 *   _change_type       "insert", "delete", "update_preimage", "update_postimage"
 *   _commit_version    the version that changed it
 *   _commit_timestamp  the time of that version
 *
 * Versions come in order; within a version there is none. What a writer recorded about its own commit is taken as it is. Of a commit that
 * recorded nothing the changes are derived: the rows of files that came are inserts, those of files that went are deletes, those that a
 * deletion vector took out of a file that stays are deletes too. So a commit that copied rows from file to file without recording has
 * them as delete and insert. Applied in order to the version before the first, the changes give the last version, whoever wrote them.
 */

struct tarn_changes_options {
    uint32_t size;
    int64_t first_version; /**< included; -1: by time */
    int64_t last_version;  /**< included; -1: by time, and without one to the newest */
    int64_t first_time;    /**< from the first commit that is not older, microseconds since 1970 UTC; INT64_MIN: by version */
    int64_t last_time;     /**< to the last commit that is not younger; INT64_MIN: by version */
    bool recorded_only;    /**< refuse versions at which the table did not ask its writers to record changes */
};

#define TARN_CHANGES_OPTIONS_INIT                                                                                                          \
    {                                                                                                                                      \
        sizeof(struct tarn_changes_options), -1, -1, INT64_MIN, INT64_MIN, false                                                           \
    }

/** What a range turned out to be. */
struct tarn_changes_info {
    int64_t first_version;
    int64_t last_version;
    uint64_t file_count; /**< that hold the changes */
};

TARN_BEGIN_DECLS

/**
 * The changes of a range of versions. The log of the range is read at once, files as the rows are taken: memory does not grow with the
 * rows. `info` may be NULL. Errors: INVALID (no begin, detail "range": the end lies before the begin; "changes_not_recorded" when only
 * recorded ones are asked for), NOT_FOUND (a version that is not or no longer there, a file that a clean-up removed), UNSUPPORTED
 * (changes.schema: a column was dropped, or changed its type or its place in the partitioning within the range; table.changes: the
 * table's format), CORRUPT, IO, NOMEM.
 */
TARN_CALL tarn_changes_source(struct tarn_env *env, struct tarn_text uri, const struct tarn_changes_options *options,
                              struct tarn_changes_info *info, struct tarn_source **out, struct tarn_error *err);

TARN_END_DECLS

#endif
