/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_SCAN_PLAN_H
#define TARN_SCAN_PLAN_H

#include "tarn/filtered_scan.h"
#include "tarn/table.h"

/*
 * Reading a table in many places: a plan cuts a scan of a snapshot into tasks, a task becomes bytes, and the bytes are opened by another
 * thread, process or machine, which needs an env and nothing else: no log is read there again.
 *
 *     plan -> tasks 0..n-1 -> bytes ~~~> open -> read: batches of exactly the rows that the task stands for
 *
 * The rows of all tasks, in order, are those of the scan: the projection of the rows for which the predicate is true. A task holds one file
 * or some row groups of it, with its deletion vector, its partition values, the table's schema and what is left of the predicate.
 * Bytes have a version and a checksum; damaged or hostile ones are CORRUPT, never more. Files outside of the table's folder are read
 * where the env of the reader allows it (tarn_env_options.allowed_folders).
 * Threads: a plan is immutable and shareable; a task is single-threaded.
 */
struct tarn_scan_plan;
struct tarn_scan_task;

struct tarn_scan_plan_options {
    uint32_t size;
    uint32_t path_count;
    const struct tarn_path *paths;     /**< the columns; none: every column of the table */
    const struct tarn_expr *predicate; /**< the rows for which it is true; NULL: all */
    bool no_prune;                     /**< leave no file out by its partition values and statistics */
    uint32_t least_tasks;              /**< so many tasks are wished for: with fewer files these are cut at row groups; 0: a task a file */
};

#define TARN_SCAN_PLAN_OPTIONS_INIT                                                                                                        \
    {                                                                                                                                      \
        sizeof(struct tarn_scan_plan_options), 0, NULL, NULL, false, 0                                                                     \
    }

/** What planning came to. The caller sets `size`. */
struct tarn_scan_plan_info {
    uint32_t size;
    uint32_t task_count;
    uint64_t files;                   /**< of the snapshot */
    uint64_t files_pruned_partition;  /**< left out by their partition values */
    uint64_t files_pruned_statistics; /**< left out by their statistics */
    uint64_t bytes;                   /**< of the files that are left */
};

/** One task. Texts live as long as the plan. */
struct tarn_scan_task_info {
    struct tarn_text path;
    uint64_t file_size;
    uint64_t row_begin; /**< rows [begin, end) of the file, deleted ones counted; 0 and UINT64_MAX: all of it */
    uint64_t row_end;
    bool has_deletion_vector;
};

TARN_BEGIN_DECLS

/** `options` NULL: everything. Keeps the snapshot. Errors: NOT_FOUND, INVALID (paths, predicate), UNSUPPORTED, CORRUPT, IO, NOMEM. */
TARN_CALL tarn_scan_plan_make(struct tarn_snapshot *snapshot, const struct tarn_scan_plan_options *options, struct tarn_scan_plan **out,
                              struct tarn_error *err);
TARN_API void tarn_scan_plan_info(const struct tarn_scan_plan *plan, struct tarn_scan_plan_info *info);
/** `task` is below the plan's task_count. Errors: INVALID. */
TARN_CALL tarn_scan_plan_task(const struct tarn_scan_plan *plan, uint32_t task, struct tarn_scan_task_info *info, struct tarn_error *err);
/** What became of file number `file` of the snapshot (in the order of tarn_snapshot_files), in words; as tarn_scan_explain. */
TARN_API size_t tarn_scan_plan_explain(const struct tarn_scan_plan *plan, uint32_t file, char *buffer, size_t size);
/**
 * The task as bytes, the same on every machine; freed with tarn_scan_task_bytes_free and the env of the snapshot. Errors: INVALID,
 * UNSUPPORTED (scan.task_location), NOMEM.
 */
TARN_CALL tarn_scan_task_to_bytes(const struct tarn_scan_plan *plan, uint32_t task, struct tarn_span *bytes, struct tarn_error *err);
TARN_API void tarn_scan_task_bytes_free(struct tarn_env *env, struct tarn_span bytes);
/** NULL is legal. */
TARN_API void tarn_scan_plan_close(struct tarn_scan_plan *plan);

/** Reads nothing but the bytes, which are not needed afterwards. Errors: CORRUPT, UNSUPPORTED (a later version), NOT_FOUND (the folder). */
TARN_CALL tarn_scan_task_open(struct tarn_env *env, struct tarn_span bytes, struct tarn_scan_task **out, struct tarn_error *err);
/** The rows of the task. The scan borrows the task. May be called again. Errors: those of reading files. */
TARN_CALL tarn_scan_task_read(struct tarn_scan_task *task, struct tarn_filtered_scan **out, struct tarn_error *err);
/** NULL is legal. */
TARN_API void tarn_scan_task_close(struct tarn_scan_task *task);

TARN_END_DECLS

#endif
