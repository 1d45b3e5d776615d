/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_PARQUET_ROW_RANGES_H
#define TARN_READER_PARQUET_ROW_RANGES_H

#include "reader/parquet/parquet_source.h"

/*
 * Which rows of a row group a predicate may be true for, by the statistics of pages (ColumnIndex, OffsetIndex).
 */
struct parquet_rows {
    uint64_t begin;
    uint64_t end;
};

struct parquet_row_ranges {
    uint32_t count;
    struct parquet_rows *rows; /**< ascending, with gaps between */
};

/**
 * All rows when there is no predicate or no index of a column that it looks at; none is a legal answer. An index that is damaged is passed
 * over: it can only save work. `out` is freed by its owner with tarn__free(env, out->rows). Errors: IO and the like, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__parquet_row_ranges(struct parquet_scan *scan, uint32_t row_group, struct parquet_row_ranges *out,
                                                           struct tarn_error *err);

#endif
