/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FILTERED_SCAN_H
#define TARN_FILTERED_SCAN_H

#include "tarn/arrow.h"
#include "tarn/expr.h"

/*
 * The rows of a source that a caller wants, and only those: a projection, a predicate that filters, ranges and a mask of rows, a limit.
 * What the predicate looks at is read and decoded first, the other columns for the rows that pass.
 *
 * Rows come in the order of the source. With an executor that has `submit`, tasks are decoded at the same time, within a bounded memory;
 * without one, on the caller's thread, in memory that is used again for every batch.
 * Ownership: a scan borrows the source, which is closed after it; it copies the request, but for the mask. Threads: single.
 */
struct tarn_filtered_scan;

struct tarn_filter_request {
    uint32_t size;
    uint32_t path_count;
    const struct tarn_path *paths;     /**< the columns of the batches; none: every top-level column */
    const struct tarn_expr *predicate; /**< rows for which it is true; NULL: all */
    const struct tarn_expr_host *host; /**< for calls in the predicate; NULL: the env's */
    bool no_prune;                     /**< read what statistics and indexes rule out, too */
    uint32_t range_count;
    const struct tarn_row_range *ranges; /**< only rows in these, ascending and apart; NULL: all */
    const uint8_t *row_mask;             /**< a bit a row of the file, least significant first: only rows with theirs set; NULL: all */
    uint64_t row_mask_rows;              /**< bits of the mask; rows behind are not wanted */
    uint64_t row_limit;                  /**< no more rows than this; 0: no limit */
    uint32_t batch_rows;                 /**< most rows of one batch; 0: TARN_BATCH_ROWS */
    uint64_t memory_limit;               /**< bytes, about, of batches that wait to be taken; 0: 128 MiB */
};

#define TARN_FILTER_REQUEST_INIT                                                                                                           \
    {                                                                                                                                      \
        sizeof(struct tarn_filter_request), 0, NULL, NULL, NULL, false, 0, NULL, NULL, 0, 0, 0, 0                                          \
    }

TARN_BEGIN_DECLS

/**
 * Ranges and masks count rows as TARN_ROW_INDEX does, which the source must have for them. Errors: those of tarn_source_scan and of
 * tarn_expr_eval_open; INVALID (ranges that do not ascend).
 */
TARN_CALL tarn_filtered_scan_open(struct tarn_source *source, const struct tarn_filter_request *request, struct tarn_filtered_scan **out,
                                  struct tarn_error *err);
/** The schema of the batches; lives as long as the scan. */
TARN_API const struct tarn_schema *tarn_filtered_scan_schema(const struct tarn_filtered_scan *scan);
/** The next rows that pass, at least one, all of the batch's selected; borrowed until the next call. NULL: there are no more. */
TARN_CALL tarn_filtered_scan_next(struct tarn_filtered_scan *scan, struct tarn_batch **out, struct tarn_error *err);
/** As tarn_scan_stats and tarn_scan_explain. */
TARN_API void tarn_filtered_scan_stats(struct tarn_filtered_scan *scan, struct tarn_scan_stats *stats);
TARN_API size_t tarn_filtered_scan_explain(struct tarn_filtered_scan *scan, uint32_t part, char *buffer, size_t size);
/** NULL is legal. */
TARN_API void tarn_filtered_scan_close(struct tarn_filtered_scan *scan);

/** The scan as batches, which take it over: for sinks, and for tarn_arrow_export_stream with the layout that its options ask for. */
TARN_API struct tarn_batches *tarn_filtered_scan_batches(struct tarn_filtered_scan *scan);

TARN_END_DECLS

#endif
