/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_TRAVEL_H
#define TARN_TXLOG_DELTA_DELTA_TRAVEL_H

#include "txlog/core/snapshot.h"
#include "txlog/delta/delta_log.h"

/** The newest version that a commit or a complete checkpoint makes; -1: none. */
int64_t tarn__delta_newest_version(const struct tarn__delta_listing *listing);

/** Refuses a version that the log does not reach back to, and says which it does. Returns NOT_FOUND. */
enum tarn_status tarn__delta_refuse_version(const struct tarn__delta_listing *listing, int64_t version, struct tarn_error *err);

/**
 * The newest version that is not younger than `as_of` (microseconds). Commits have the times of their files, made to rise; where the
 * newest version has in-commit timestamps, those from the version on that began with them. Errors: NOT_FOUND version (before the oldest
 * version that can be read, or in the future), CORRUPT, IO, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_version_at(const struct tarn_snapshot *snapshot, const struct tarn__delta_listing *listing,
                                                         int64_t as_of, int64_t *version, struct tarn_error *err);

#endif
