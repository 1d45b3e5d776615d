/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_MAINTAIN_LAYOUT_RUN_H
#define TARN_TXLOG_CORE_MAINTAIN_LAYOUT_RUN_H

#include <pthread.h>

#include "txlog/core/maintain/layout.h"
#include "txlog/core/transaction.h"

/*
 * A plan carried out: the files of each job are read, their rows written to new files, which are staged in a transaction.
 *
 * Jobs run side by side on the env's executor. Only the keys of new files are shared while they do, under a lock.
 */
struct tarn__layout_run {
    struct tarn_transaction *transaction;
    const struct tarn__layout_plan *plan;
    uint64_t memory; /* that sorting may take, in all */
    struct tarn_store *spill;
    struct tarn_schema *rows; /* the table's columns, and what rows carry behind them */
    uint32_t carried_count;
    const struct tarn__extra_column *carried;
    char group[37]; /* of what is clustered together */
    pthread_mutex_t lock;
    struct tarn__layout_output *outputs; /* of each job */
};

/** What a job wrote. */
struct tarn__layout_output {
    struct tarn_arena arena;
    struct tarn__staged_file *files;
    size_t count;
    size_t capacity;
    uint64_t rows;
};

/**
 * Carries out the plan and puts what came of it into the transaction: the files of the jobs go, the new ones come. Errors: those of reading
 * and writing, CORRUPT row_count (a file has not the rows that the table says).
 */
TARN_WARN_UNUSED enum tarn_status tarn__layout_run(struct tarn__layout_run *run, struct tarn_error *err);

#endif
