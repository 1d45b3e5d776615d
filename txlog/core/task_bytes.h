/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_TASK_BYTES_H
#define TARN_TXLOG_CORE_TASK_BYTES_H

#include "txlog/core/snapshot.h"

/*
 * A scan task as bytes: what of a snapshot one file of it needs to be read, and what is wanted of its rows.
 */
struct tarn__task {
    uint32_t path_count;
    const struct tarn_path *paths;
    struct tarn_expr *predicate; /* NULL: none */
    bool no_prune;
    struct tarn_row_range range; /* of the file's rows */
};

/** Appends the bytes. Errors: UNSUPPORTED scan.task_location, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__task_encode(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file,
                                                    const struct tarn__task *task, struct tarn_text_builder *out, struct tarn_error *err);

/**
 * The other way: a snapshot that consists of the one file, whose arena holds the paths of *task. The predicate is the caller's to release.
 * Errors: CORRUPT scan_task, UNSUPPORTED scan.task_version, table.format; those of stores; NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__task_decode(struct tarn_env *env, struct tarn_span bytes, struct tarn_snapshot **out,
                                                    struct tarn__task *task, struct tarn_error *err);

#endif
