/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_VERIFY_PAGE_SURVEY_H
#define TARN_READER_VERIFY_PAGE_SURVEY_H

#include "format/page/page.h"

/*
 * What the pages of one column chunk really are, found by walking them: each is decompressed, its checksum compared, its levels counted.
 * Nothing here comes out of an index or of statistics, so that these can be held against it.
 *
 * Ownership: the survey owns its arrays. Threads: single.
 */
struct tarn__surveyed_page {
    uint64_t offset;       /**< of the header in the file */
    uint64_t stored;       /**< bytes of header and body */
    uint64_t uncompressed; /**< the same before the codec */
    uint64_t first_row;    /**< rows of the row group that begin before it */
    uint64_t rows;         /**< rows that begin in it */
    uint32_t slots;
    int32_t type; /**< enum parquet_page_type */
    int32_t encoding;
    bool begins_row; /**< its first slot begins a row */
};

struct tarn__page_survey {
    struct tarn_env *env;
    uint32_t definition_levels; /**< counters a page: max + 1 */
    uint32_t repetition_levels;
    bool has_dictionary;
    struct tarn__surveyed_page dictionary;
    struct tarn__surveyed_page *pages; /**< data pages */
    size_t count;
    uint64_t rows;
    uint64_t slots;
    bool whole_rows;             /**< every page begins with a row */
    bool packed_low_first;       /**< as of tarn__column_reader_options */
    uint64_t *definition_counts; /**< count * definition_levels */
    uint64_t *repetition_counts;
    size_t capacity;
    size_t definition_capacity;
    size_t repetition_capacity;
};

/**
 * Walks all pages from `walk` (a copy of what a reader would begin with) on. Errors: CORRUPT (a damaged page, its place in the error),
 * UNSUPPORTED, LIMIT, NOMEM, CANCELLED. `out` is to be freed whatever the answer.
 */
TARN_WARN_UNUSED enum tarn_status tarn__page_survey_make(struct tarn_page_walk walk, bool packed_low_first, struct tarn__page_survey *out,
                                                         struct tarn_error *err);
void tarn__page_survey_free(struct tarn__page_survey *survey);

#endif
