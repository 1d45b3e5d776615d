/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_PARQUET_ROW_RANGES_H
#define TARN_READER_PARQUET_ROW_RANGES_H

#include "reader/parquet/parquet_source.h"

/*
 * Which rows of a task are to be looked at: those that were asked for, without those for which the predicate is ruled out by the statistics
 * of pages (ColumnIndex, OffsetIndex).
 */

/**
 * Fills group->ranges, of the row group, for the rows of `task`; none is a legal answer. Where rows may be passed over, the offset indexes
 * of the wanted chunks are read too (in the same request) and kept in the chunks. An index that is damaged is passed over: it can only save
 * work. Errors: IO and the like, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__parquet_row_ranges(struct parquet_group *group, const struct parquet_rows *task,
                                                           struct tarn_error *err);

#endif
