/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_LEVEL_HISTOGRAMS_H
#define TARN_FORMAT_COLUMN_LEVEL_HISTOGRAMS_H

#include "format/base/arena.h"

/*
 * How often each level occurs in each page of a chunk (parquet.thrift "SizeStatistics", "ColumnIndex").
 *
 * Threads: single.
 */
struct tarn__level_histograms {
    struct tarn_env *env;
    size_t levels; /**< of a page: the greatest + 1; 0: none are kept */
    int64_t *counts;
    size_t capacity;
};

void tarn__level_histograms_free(struct tarn__level_histograms *histograms);
/** Counts the levels of page number `page`, the one behind those that were counted. False: no memory. */
TARN_WARN_UNUSED bool tarn__level_histograms_add(struct tarn__level_histograms *histograms, uint32_t page, const uint16_t *levels,
                                                 size_t n);
/** The counts of `pages` pages together, in the arena. NULL: no memory. */
const int64_t *tarn__level_histograms_sum(const struct tarn__level_histograms *histograms, uint32_t pages, struct tarn_arena *arena);

#endif
