/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_PARQUET_INDEX_READ_H
#define TARN_READER_PARQUET_INDEX_READ_H

#include "reader/parquet/parquet_source.h"

/*
 * The bytes of page indexes: the one place where they are fetched.
 */
struct tarn__index_want {
    uint32_t leaf;
    const struct parquet_column_chunk *chunk;
    bool offsets;                  /**< the offset index is wanted */
    bool bounds;                   /**< the column index is wanted */
    struct tarn_span offset_index; /**< out: without data when it was not wanted or is not there */
    struct tarn_span column_index;
};

bool tarn__parquet_has_offset_index(const struct parquet_column_chunk *chunk);
bool tarn__parquet_has_column_index(const struct parquet_column_chunk *chunk);

/** Reads what is wanted of one row group's indexes in one request, into `arena`. Errors: IO and the like, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__parquet_read_indexes(struct parquet_scan *scan, uint32_t row_group, uint32_t count,
                                                             struct tarn__index_want *wants, struct tarn_arena *arena,
                                                             struct tarn_error *err);

/** An offset index, decoded and held against its chunk; NULL when it is damaged, for it can only save work. */
const struct tarn_offset_index *tarn__parquet_decode_offsets(const struct tarn__index_want *want, uint64_t row_count,
                                                             struct tarn_arena *arena);

#endif
