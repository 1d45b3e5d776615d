/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_VERIFY_CLAIMS_H
#define TARN_READER_VERIFY_CLAIMS_H

#include "format/column/footer.h"
#include "format/index/page_index.h"
#include "reader/verify/page_survey.h"
#include "reader/verify/value_survey.h"
#include "tarn/finding.h"

/*
 * What a footer and its indexes claim of a column chunk, held against what its pages and values are. What could cost a reader a row (bounds
 * that values lie outside of, wrong counts, wrong places of pages) is an error; what only misleads planners (sizes, encodings) a warning.
 *
 * Threads: single. Allocates nothing.
 */

/** Warnings of one kind that are told one by one; the rest are counted. */
enum { TARN_FINDER_REPEATS = 3, TARN_FINDER_DETAILS = 16 };

/** Who is told, and of what place. */
struct tarn__finder {
    void (*fn)(void *arg, const struct tarn_finding *finding);
    void *arg;
    struct tarn_text object;
    int32_t row_group;
    struct tarn_text column;
    uint64_t errors;
    uint64_t warnings;
    struct {
        const char *detail; /**< static */
        uint64_t warnings;
    } details[TARN_FINDER_DETAILS];
};

void tarn__find(struct tarn__finder *finder, enum tarn_finding_kind kind, const char *detail, const char *format, ...) TARN_PRINTF(4, 5);
/** Tells of the warnings that were only counted. */
void tarn__find_rest(struct tarn__finder *finder);
/** Tells an error as it is, with the finder's places added. */
void tarn__find_error(struct tarn__finder *finder, struct tarn_error *error);

/** A chunk under proof. */
struct tarn__chunk_proof {
    struct tarn__finder *finder;
    const struct tarn_leaf *leaf;
    int32_t order; /**< of the file's column orders */
    const struct parquet_column_chunk *chunk;
    uint64_t row_count; /**< of the row group */
    const struct tarn__page_survey *pages;
};

/** Rows, values, sizes, encodings, places of pages; level histograms of the chunk. */
void tarn__check_chunk(const struct tarn__chunk_proof *proof);
/** Statistics of the chunk against all its values. */
void tarn__check_chunk_values(const struct tarn__chunk_proof *proof, const struct tarn__value_survey *values);

void tarn__check_offset_index(const struct tarn__chunk_proof *proof, const struct parquet_offset_index *index);
/** Lists of the column index, without bounds. False: its lists do not fit the pages, nothing more can be said of it. */
bool tarn__check_column_index(const struct tarn__chunk_proof *proof, const struct parquet_column_index *index);
/** The order that the pages' bounds are said to have. */
void tarn__check_boundary_order(const struct tarn__chunk_proof *proof, const struct parquet_column_index *index);
/** Bounds and counts of page number `page` against its values. */
void tarn__check_page_values(const struct tarn__chunk_proof *proof, const struct parquet_column_index *index, size_t page,
                             const struct tarn__value_survey *values);
void tarn__check_page_bytes(const struct tarn__chunk_proof *proof, const struct parquet_offset_index *index, size_t page,
                            const struct tarn__value_survey *values);

#endif
