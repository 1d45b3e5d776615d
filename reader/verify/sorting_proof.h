/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_VERIFY_SORTING_PROOF_H
#define TARN_READER_VERIFY_SORTING_PROOF_H

#include "reader/parquet/parquet_source.h"
#include "reader/verify/claims.h"

/**
 * Reads the columns by which row group number `row_group` is said to be sorted, and tells of the first row that is out of order, or of a
 * claim that names no column. What lies in lists, maps and variants, and what has no order, is not looked at.
 * Errors: those of a scan: damage to a column among them, which its own proof tells of too.
 */
TARN_WARN_UNUSED enum tarn_status tarn__prove_sorting(struct parquet_source *source, uint32_t row_group, struct tarn__finder *finder,
                                                      struct tarn_error *err);

#endif
