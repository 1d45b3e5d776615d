/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_MAINTAIN_LAYOUT_H
#define TARN_TXLOG_CORE_MAINTAIN_LAYOUT_H

#include "tarn/maintain.h"
#include "txlog/core/maintain/cluster_key.h"
#include "txlog/core/table_format.h"

/*
 * How the rows of a table lie in its files, and which of these are to be written anew so that they lie better.
 */

/** Where rows are ordered along a curve through columns. */
struct tarn__layout {
    enum tarn__curve curve;
    uint32_t column_count; /* 0: rows keep their order */
    struct tarn_path columns[TARN_CLUSTER_MOST_COLUMNS];
};

/** Files of one partition that are written anew together. */
struct tarn__layout_job {
    uint32_t *files; /* of the snapshot, in the order that their rows keep */
    uint32_t file_count;
    uint64_t bytes;
    uint64_t rows;        /* that are left in them, where all say how many */
    uint64_t rows_purged; /* deleted */
    bool has_rows;
};

struct tarn__layout_plan {
    struct tarn_arena arena;
    uint64_t target_size;
    struct tarn__layout layout;
    uint64_t considered;
    uint32_t partitions;
    struct tarn__layout_job *jobs;
    size_t job_count;
    size_t job_capacity;
};

/**
 * Which files to write anew, and how. Freed whatever the answer. Errors: INVALID layout, NOT_FOUND column, those of pruning, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__layout_plan_make(struct tarn_snapshot *snapshot, const struct tarn_optimize_options *options,
                                                         struct tarn__layout_plan *plan, struct tarn_error *err);
void tarn__layout_plan_free(struct tarn__layout_plan *plan, struct tarn_env *env);

/** How many files a job writes, about. */
uint64_t tarn__layout_job_outputs(const struct tarn__layout_plan *plan, const struct tarn__layout_job *job);

#endif
