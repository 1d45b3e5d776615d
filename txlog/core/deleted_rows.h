/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_DELETED_ROWS_H
#define TARN_TXLOG_CORE_DELETED_ROWS_H

#include "txlog/core/roaring.h"
#include "txlog/core/snapshot.h"

/**
 * Positions of the rows of a file that are gone; *out is a reference, NULL when there is no deletion vector. Errors: CORRUPT, detail
 * deletion_vector_rows (a row that the file does not have), and those of the format.
 */
TARN_WARN_UNUSED enum tarn_status tarn__deleted_rows(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file,
                                                     struct tarn__roaring **out, struct tarn_error *err);

/**
 * Positions of the rows of a file that alone count (tarn__file_extra.only_rows), without those that are gone; a reference, NULL: all count.
 * As tarn__deleted_rows.
 */
TARN_WARN_UNUSED enum tarn_status tarn__only_rows(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file,
                                                  const struct tarn__roaring *deleted, struct tarn__roaring **out, struct tarn_error *err);

/** Does every position lie below `rows`? Errors: CORRUPT deletion_vector_rows. */
TARN_WARN_UNUSED enum tarn_status tarn__deleted_rows_check(const struct tarn__roaring *deleted, uint64_t rows, struct tarn_error *err);

/** How many rows of a file are gone. */
static inline uint64_t tarn__file_deleted(const struct tarn__tracked_file *file)
{
    const struct tarn__deletion_vector *vector = tarn__file_deletion_vector(file);
    return vector != NULL ? vector->cardinality : 0;
}

/** How many rows a file has that are not gone; -1: not known. */
static inline int64_t tarn__file_live_rows(const struct tarn__tracked_file *file)
{
    const uint64_t gone = tarn__file_deleted(file);
    return file->rows >= 0 && gone <= (uint64_t)file->rows ? file->rows - (int64_t)gone : -1;
}

#endif
