/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_MAINTAIN_ROW_SORT_H
#define TARN_TXLOG_CORE_MAINTAIN_ROW_SORT_H

#include "tarn/store.h"
#include "txlog/core/maintain/cluster_key.h"

/*
 * Any number of rows in the order of their keys, in bounded memory: what does not fit is sorted in runs, which wait in a store.
 *
 * Rows with equal keys come in the order in which they were added, as long as nothing was spilled; else in an order that depends on the
 * rows and the memory alone. Threads: single.
 */
struct tarn__row_sort;

struct tarn__row_sort_options {
    struct tarn_env *env;
    const struct tarn_schema *schema; /* of the batches; retained */
    struct tarn_store *spill;         /* where runs wait; NULL: what does not fit is LIMIT. Retained */
    uint64_t memory;                  /* bytes of rows that are held, about */
};

/** Gets the rows in order, batch after batch; the batch is the sort's. */
typedef enum tarn_status (*tarn__sorted_fn)(void *arg, const struct tarn_batch *batch, struct tarn_error *err);

TARN_WARN_UNUSED enum tarn_status tarn__row_sort_open(const struct tarn__row_sort_options *options, struct tarn__row_sort **out,
                                                      struct tarn_error *err);
/** Columns are retained, keys copied. Errors: LIMIT (sort_memory), those of the store, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__row_sort_add(struct tarn__row_sort *sort, struct tarn_vector *const *columns, uint32_t length,
                                                     const struct tarn__cluster_key *keys, struct tarn_error *err);
/** All rows; once, at the end. */
TARN_WARN_UNUSED enum tarn_status tarn__row_sort_emit(struct tarn__row_sort *sort, tarn__sorted_fn fn, void *arg, struct tarn_error *err);
/** Removes what was spilled. NULL is legal. */
void tarn__row_sort_close(struct tarn__row_sort *sort);

/** Runs that were spilled so far. */
uint32_t tarn__row_sort_runs(const struct tarn__row_sort *sort);

#endif
