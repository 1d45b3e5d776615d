/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_PARQUET_PAGE_PLAN_H
#define TARN_READER_PARQUET_PAGE_PLAN_H

#include "reader/parquet/parquet_source.h"

/*
 * Which bytes of a row group's chunks are read, and when: those that decide first, and of the others only what the rows that are left lie
 * in.
 */

/** Begins to read what is wanted whatever the predicate says: the columns that it looks at, or all when there is none. */
TARN_WARN_UNUSED enum tarn_status tarn__parquet_plan_first(struct parquet_group *group, struct tarn_error *err);

/**
 * Before the selected ones of the rows from `first_row` on (of the row group) are read of the slots [slot, slot + count): begins to read
 * the pages that they lie in, and, in the same request, those of the other columns that were not read yet. `positions` is room for the
 * selection's.
 */
TARN_WARN_UNUSED enum tarn_status tarn__parquet_plan_selected(struct parquet_group *group, uint32_t slot, uint32_t count,
                                                              uint64_t first_row, const struct tarn_selection *selection,
                                                              uint32_t *positions, struct tarn_error *err);

/** Opens the reads of a task: those that were begun ahead, or new ones. */
TARN_WARN_UNUSED enum tarn_status tarn__parquet_reads_of_task(struct parquet_group *group, uint32_t task, struct tarn_error *err);
/** Begins to read a task that was not opened yet, where that can pay. */
void tarn__parquet_plan_ahead(struct parquet_scan *scan, uint32_t task);
/** Ends reads that were begun and never asked for. */
void tarn__parquet_ahead_close(struct parquet_scan *scan);

#endif
