/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_FILE_PLAN_H
#define TARN_TXLOG_CORE_FILE_PLAN_H

#include "tarn/reader.h"
#include "txlog/core/roaring.h"
#include "txlog/core/vector_adapt.h"

/*
 * How the columns of a request come out of one data file: from it, from what the table says of the whole file (partition values, facts), or
 * from nowhere (null); numbers of rows from both. And which rows of the file are gone.
 *
 * Threads: made by one, then shareable.
 */
enum tarn__column_from { TARN_COLUMN_FILE = 0, TARN_COLUMN_VALUE, TARN_COLUMN_NULLS, TARN_COLUMN_NUMBERS };

/** There is no such column in the file. */
#define TARN_NO_HANDLE UINT32_MAX

struct tarn__column_plan {
    enum tarn__column_from from;
    const struct tarn_type *type; /* the table's */
    uint32_t handle;              /* FILE: in the scan of the file; NUMBERS: of the stored ones, or TARN_NO_HANDLE */
    struct tarn__adapt adapt;     /* FILE */
    const struct tarn_value *value;
    uint32_t positions; /* NUMBERS: the handle of the rows' positions, or TARN_NO_HANDLE: they are not counted */
    int64_t base;       /* NUMBERS */
};

struct tarn__file_plan {
    struct tarn_arena arena;
    struct tarn_source *source;
    struct tarn_scan *scan;
    struct tarn_expr *predicate; /* in the file's names; NULL: none of it */
    uint32_t column_count;
    struct tarn__column_plan *columns;
    struct tarn__roaring *deleted; /* rows of the file that are gone; NULL: none */
    struct tarn__roaring *only;    /* rows that alone count, without those that are gone; NULL: all */
    uint32_t row_index;            /* with one of the two: handle of the rows' positions in the scan of the file */
};

/** `request` and `types` are of the table. Errors: those of the reader, UNSUPPORTED scan.*, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__file_plan_open(struct tarn__file_plan *plan, const struct tarn_snapshot *snapshot,
                                                       const struct tarn__tracked_file *file, const struct tarn_scan_request *request,
                                                       const struct tarn_type *const *types, struct tarn_error *err);
void tarn__file_plan_close(struct tarn__file_plan *plan);

#endif
