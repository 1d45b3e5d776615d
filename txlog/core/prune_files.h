/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_PRUNE_FILES_H
#define TARN_TXLOG_CORE_PRUNE_FILES_H

#include "tarn/expr.h"
#include "txlog/core/table_format.h"

/*
 * Can a file hold rows for which a predicate is true? Decided by partition values and statistics, never by names.
 *
 * Bound to one predicate, whose columns are resolved once. Threads: single.
 */
struct tarn__file_pruner {
    const struct tarn_snapshot *snapshot;
    const struct tarn_expr *predicate;
    struct tarn_arena arena;
    struct tarn__pool_reader reader;
    struct tarn__bounds_wanted *wanted; /* one a column of the predicate; depth 0: not found */
    const struct tarn__partition *partition;
    int64_t rows;
    bool statistics_read;
};

TARN_WARN_UNUSED enum tarn_status tarn__file_pruner_open(struct tarn__file_pruner *pruner, const struct tarn_snapshot *snapshot,
                                                         const struct tarn_expr *predicate, struct tarn_error *err);
void tarn__file_pruner_close(struct tarn__file_pruner *pruner);

/** What the predicate comes to over a file of the snapshot. */
TARN_WARN_UNUSED enum tarn_status tarn__file_pruner_ask(struct tarn__file_pruner *pruner, const struct tarn__tracked_file *file,
                                                        enum tarn_truth *truth, struct tarn_error *err);
/** The same for a file that is not the snapshot's. `partition` NULL: nothing known. */
TARN_WARN_UNUSED enum tarn_status tarn__file_pruner_ask_about(struct tarn__file_pruner *pruner, const struct tarn__partition *partition,
                                                              int64_t rows, struct tarn_text statistics, enum tarn_truth *truth,
                                                              struct tarn_error *err);

#endif
