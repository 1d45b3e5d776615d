/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_EXPR_FILTER_SCAN_H
#define TARN_FORMAT_EXPR_FILTER_SCAN_H

#include "format/base/alloc.h"
#include "tarn/expr.h"

/*
 * The filtered scan: the one loop of late materialisation. The columns of a filter are fetched first, conjunct by conjunct for the rows
 * that are left; all other columns only for the rows that pass.
 *
 * Ownership: borrows the cursor and the expression. Threads: single.
 */
struct tarn__filter_scan;

/**
 * `handles[slot]` is the cursor's handle for column `slot` of the expression. `predicate` NULL: all rows pass. `host` as for
 * tarn_expr_eval_open. Errors: those of it.
 */
TARN_WARN_UNUSED enum tarn_status tarn__filter_scan_open(struct tarn_env *env, struct tarn_cursor *cursor,
                                                         const struct tarn_expr *predicate, const uint32_t *handles,
                                                         const struct tarn_expr_host *host, struct tarn__filter_scan **out,
                                                         struct tarn_error *err);

/**
 * Moves on to the next rows of which at least one passes, looking at `max_rows` at a time (0: TARN_BATCH_ROWS). *selection, valid until the
 * next call, says which ones of the cursor's rows pass; its count 0 is the end. Errors: those of the cursor and of the filter, CANCELLED.
 */
TARN_WARN_UNUSED enum tarn_status tarn__filter_scan_next(struct tarn__filter_scan *scan, uint32_t max_rows,
                                                         struct tarn_selection *selection, struct tarn_error *err);

/** The rows that pass, of one handle of the cursor, dense. Borrowed until the next call of next or the cursor's close. */
TARN_WARN_UNUSED enum tarn_status tarn__filter_scan_column(struct tarn__filter_scan *scan, uint32_t handle, struct tarn_vector **out,
                                                           struct tarn_error *err);

/** Rows that were looked at so far; vectors that the filter had to spread out. */
uint64_t tarn__filter_scan_rows(const struct tarn__filter_scan *scan);
uint64_t tarn__filter_scan_flattened(const struct tarn__filter_scan *scan);

/** Goes on with another cursor with the same handles (the next task), keeping what was learned of dictionaries. */
void tarn__filter_scan_rebind(struct tarn__filter_scan *scan, struct tarn_cursor *cursor);

/** NULL is legal. */
void tarn__filter_scan_close(struct tarn__filter_scan *scan);

#endif
