/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_STATISTICS_H
#define TARN_FORMAT_COLUMN_STATISTICS_H

#include "format/column/parquet_schema.h"
#include "tarn/value.h"

/*
 * What statistics and column indexes say, as bounds that can be believed: everything that the specification or the writers of the world
 * make doubtful is left out. Threads: any. Allocates nothing: bytes of bounds point into the footer or index.
 */

/**
 * Statistics of a column chunk. `order_id`: the file's enum parquet_column_order_id for the leaf, 0 when it has none. `slots`: level
 * pairs of the chunk. Never fails: what is not usable is not set.
 */
void tarn__statistics_bounds(const struct tarn_leaf *leaf, int32_t order_id, const struct parquet_statistics *statistics, uint64_t slots,
                             struct tarn_bounds *out);

/**
 * The same for one page of a column index: `min` and `max` as stored, without data when the page has none. `null_count` and `nan_count`
 * below 0: not known.
 */
void tarn__page_bounds(const struct tarn_leaf *leaf, int32_t order_id, struct tarn_span min, struct tarn_span max, int64_t null_count,
                       int64_t nan_count, uint64_t slots, struct tarn_bounds *out);

/** A stored bound as a value of the leaf's type, believed or not; false when it is none, or NaN. */
bool tarn__stored_value(const struct tarn_leaf *leaf, struct tarn_span bytes, struct tarn_value *out);

/** Order of a leaf's column in the file: of column_orders, 0 when the footer has none. */
int32_t tarn__column_order(const struct parquet_file_metadata *metadata, uint32_t leaf);

#endif
