/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_PARQUET_PRUNING_H
#define TARN_READER_PARQUET_PRUNING_H

#include "reader/parquet/parquet_source.h"

/*
 * Row groups that hold no row for which the predicate is true, as their statistics, bloom filters and dictionaries tell, and why.
 */

/** What is known of column number `column` of the predicate in a row group; it may point into `arena`. False: nothing. */
bool tarn__parquet_chunk_bounds(const struct parquet_scan *scan, uint32_t row_group, uint32_t column, struct tarn_arena *arena,
                                struct tarn_bounds *out);

/** Do the statistics rule the row group out? Notes it in the scan's outcomes. */
bool tarn__parquet_prune_by_statistics(struct parquet_scan *scan, uint32_t row_group);

/**
 * Do bloom filters, or dictionaries that all values of a chunk are of? Notes it likewise, and leaves the group no rows. What is damaged or
 * not understood is passed over. Errors: IO and the like, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__parquet_prune_by_content(struct parquet_group *group, struct tarn_codec_context *codec_context,
                                                                 struct tarn_error *err);

/** What became of a row group, in words; writes at most `size` bytes with the terminator, returns the length of the whole. */
size_t tarn__parquet_explain(struct parquet_scan *scan, uint32_t row_group, char *buffer, size_t size);

#endif
