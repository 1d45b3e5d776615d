/* SPDX-License-Identifier: Apache-2.0
 *
 * Claims about a chunk, compared.
 *
 * Specification: parquet.thrift, ColumnMetaData, Statistics, SizeStatistics, ColumnIndex, OffsetIndex. SPEC: P-VERIFY-4 to P-VERIFY-9.
 *
 * Invariants
 *  1. Bounds are judged as readers of this library would use them (statistics.h): what nobody may trust is not checked.
 *  2. A claim that is absent is never wrong.
 */
#include "reader/verify/claims.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "format/base/error.h"
#include "format/column/statistics.h"

static void tell(struct tarn__finder *finder, enum tarn_finding_kind kind, struct tarn_error *error)
{
    tarn__error_at_object(error, finder->object);
    if (finder->row_group >= 0) {
        tarn__error_at_row_group(error, finder->row_group);
    }
    if (finder->column.data != NULL) {
        tarn__error_at_column(error, finder->column);
    }
    const struct tarn_finding finding = {kind, error};
    finder->fn(finder->arg, &finding);
}

void tarn__find_error(struct tarn__finder *finder, struct tarn_error *error)
{
    finder->errors++;
    tell(finder, TARN_FINDING_ERROR, error);
}

/* Is this one of the first warnings of its kind? */
static bool is_told(struct tarn__finder *finder, const char *detail)
{
    for (unsigned i = 0; i < TARN_FINDER_DETAILS; i++) {
        if (finder->details[i].detail == NULL) {
            finder->details[i].detail = detail;
        }
        if (strcmp(finder->details[i].detail, detail) == 0) {
            return ++finder->details[i].warnings <= TARN_FINDER_REPEATS;
        }
    }
    return true;
}

void tarn__find(struct tarn__finder *finder, enum tarn_finding_kind kind, const char *detail, const char *format, ...)
{
    struct tarn_error error = TARN_ERROR_INIT;
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    tarn__error_set(&error, kind == TARN_FINDING_OK ? TARN_OK : TARN_CORRUPT, detail, "%s", message);
    finder->errors += kind == TARN_FINDING_ERROR;
    finder->warnings += kind == TARN_FINDING_WARNING;
    if (kind != TARN_FINDING_WARNING || is_told(finder, detail)) {
        tell(finder, kind, &error);
    }
}

void tarn__find_rest(struct tarn__finder *finder)
{
    for (unsigned i = 0; i < TARN_FINDER_DETAILS && finder->details[i].detail != NULL; i++) {
        struct tarn_error error = TARN_ERROR_INIT;
        if (finder->details[i].warnings > TARN_FINDER_REPEATS) {
            tarn__error_set(&error, TARN_CORRUPT, finder->details[i].detail, "%llu more like this",
                            (unsigned long long)(finder->details[i].warnings - TARN_FINDER_REPEATS));
            tell(finder, TARN_FINDING_WARNING, &error);
        }
    }
}

/* A count that is claimed, against what was counted. */
static void expect_count(const struct tarn__chunk_proof *proof, enum tarn_finding_kind kind, const char *detail, const char *what,
                         int64_t claimed, uint64_t found)
{
    if (claimed < 0 || (uint64_t)claimed != found) {
        tarn__find(proof->finder, kind, detail, "%s: %lld is claimed, %llu are there", what, (long long)claimed, (unsigned long long)found);
    }
}

/* ---- the chunk ---- */

static bool lists_encoding(const parquet_i32_list *encodings, int32_t encoding)
{
    for (uint32_t i = 0; i < encodings->count; i++) {
        /* PLAIN_DICTIONARY is the old name of RLE_DICTIONARY; writers mix them. */
        const bool both_coded =
            (encodings->items[i] == PARQUET_ENCODING_PLAIN_DICTIONARY || encodings->items[i] == PARQUET_ENCODING_RLE_DICTIONARY) &&
            (encoding == PARQUET_ENCODING_PLAIN_DICTIONARY || encoding == PARQUET_ENCODING_RLE_DICTIONARY);
        if (encodings->items[i] == encoding || both_coded) {
            return true;
        }
    }
    return false;
}

static void check_encodings(const struct tarn__chunk_proof *proof)
{
    const struct parquet_column_metadata *claim = &proof->chunk->meta_data;
    for (size_t i = 0; i < proof->pages->count; i++) {
        const int32_t encoding = proof->pages->pages[i].encoding;
        if (!lists_encoding(&claim->encodings, encoding)) {
            tarn__find(proof->finder, TARN_FINDING_WARNING, "encodings", "a page is encoded %s, which the chunk's encodings do not name",
                       tarn__parquet_encoding_name(encoding));
            return;
        }
    }
    for (uint32_t s = 0; s < claim->encoding_stats.count; s++) {
        const struct parquet_page_encoding_stats *stat = &claim->encoding_stats.items[s];
        if (stat->page_type == PARQUET_DICTIONARY_PAGE) {
            expect_count(proof, TARN_FINDING_WARNING, "encoding_stats", "dictionary pages", stat->count, proof->pages->has_dictionary);
            continue;
        }
        uint64_t found = 0;
        for (size_t i = 0; i < proof->pages->count; i++) {
            found += proof->pages->pages[i].encoding == stat->encoding && proof->pages->pages[i].type == stat->page_type;
        }
        if (stat->count < 0 || (uint64_t)stat->count != found) {
            tarn__find(proof->finder, TARN_FINDING_WARNING, "encoding_stats", "pages %s of encoding %s: %ld are claimed, %llu are there",
                       tarn__parquet_page_type_name(stat->page_type), tarn__parquet_encoding_name(stat->encoding), (long)stat->count,
                       (unsigned long long)found);
        }
    }
}

static void check_sizes(const struct tarn__chunk_proof *proof)
{
    const struct tarn__page_survey *pages = proof->pages;
    const struct parquet_column_metadata *claim = &proof->chunk->meta_data;
    uint64_t stored = pages->has_dictionary ? pages->dictionary.stored : 0;
    uint64_t uncompressed = pages->has_dictionary ? pages->dictionary.uncompressed : 0;
    for (size_t i = 0; i < pages->count; i++) {
        stored += pages->pages[i].stored;
        uncompressed += pages->pages[i].uncompressed;
    }
    expect_count(proof, TARN_FINDING_WARNING, "chunk_size", "bytes of the chunk's pages", claim->total_compressed_size, stored);
    expect_count(proof, TARN_FINDING_WARNING, "chunk_size", "bytes of the chunk's pages before compression", claim->total_uncompressed_size,
                 uncompressed);
    if (pages->count != 0 && claim->data_page_offset >= 0 && (uint64_t)claim->data_page_offset != pages->pages[0].offset) {
        tarn__find(proof->finder, TARN_FINDING_WARNING, "page_offset", "the first data page is at byte %llu, not %lld",
                   (unsigned long long)pages->pages[0].offset, (long long)claim->data_page_offset);
    }
    const bool names_dictionary = claim->has_dictionary_page_offset && claim->dictionary_page_offset > 0;
    if (pages->has_dictionary && (!names_dictionary || (uint64_t)claim->dictionary_page_offset != pages->dictionary.offset)) {
        tarn__find(proof->finder, TARN_FINDING_WARNING, "page_offset", "the dictionary page at byte %llu is not named by the chunk",
                   (unsigned long long)pages->dictionary.offset);
    }
}

/* Level histograms of `count` pages from `counts`, claimed one after the other in `claimed`. */
static void check_histogram(const struct tarn__chunk_proof *proof, const char *detail, const char *what, const parquet_i64_list *claimed,
                            const uint64_t *counts, uint32_t levels, size_t count, bool summed)
{
    if (claimed->count == 0) {
        return;
    }
    const size_t expected = summed ? levels : count * levels;
    if (claimed->count != expected) {
        tarn__find(proof->finder, TARN_FINDING_ERROR, detail, "the %s have %u numbers, not %zu", what, claimed->count, expected);
        return;
    }
    for (size_t i = 0; i < expected; i++) {
        uint64_t found = 0;
        for (size_t page = 0; page < (summed ? count : 1); page++) {
            found += counts[page * levels + i];
        }
        if (claimed->items[i] < 0 || (uint64_t)claimed->items[i] != found) {
            tarn__find(proof->finder, TARN_FINDING_ERROR, detail, "the %s say %lld at place %zu, the pages have %llu", what,
                       (long long)claimed->items[i], i, (unsigned long long)found);
            return;
        }
    }
}

void tarn__check_chunk(const struct tarn__chunk_proof *proof)
{
    const struct tarn__page_survey *pages = proof->pages;
    const struct parquet_column_metadata *claim = &proof->chunk->meta_data;
    if (pages->rows != proof->row_count) {
        tarn__find(proof->finder, TARN_FINDING_ERROR, "row_count", "the pages have %llu rows, the row group %llu",
                   (unsigned long long)pages->rows, (unsigned long long)proof->row_count);
    }
    expect_count(proof, TARN_FINDING_ERROR, "value_count", "values of the chunk, nulls included", claim->num_values, pages->slots);
    if (pages->slots != 0) { /* without values there need be no pages, and those that are there are not walked */
        check_sizes(proof);
        check_encodings(proof);
    }
    if (claim->size_statistics != NULL) {
        check_histogram(proof, "size_statistics", "definition level histogram of the chunk",
                        &claim->size_statistics->definition_level_histogram, pages->definition_counts, pages->definition_levels,
                        pages->count, true);
        check_histogram(proof, "size_statistics", "repetition level histogram of the chunk",
                        &claim->size_statistics->repetition_level_histogram, pages->repetition_counts, pages->repetition_levels,
                        pages->count, true);
    }
}

/* ---- values ---- */

/* Bounds that can be believed, against values; `where`: "the chunk", "page 3". */
static void check_bounds(const struct tarn__chunk_proof *proof, const char *detail, const char *where, const struct tarn_bounds *bounds,
                         const struct tarn__value_survey *values)
{
    if (!values->has) {
        return;
    }
    const int low = bounds->has_min ? tarn_value_compare(&values->min, &bounds->min) : 0;
    const int high = bounds->has_max ? tarn_value_compare(&values->max, &bounds->max) : 0;
    if (low < 0) {
        tarn__find(proof->finder, TARN_FINDING_ERROR, detail, "a value of %s lies below its minimum", where);
    }
    if (high > 0) {
        tarn__find(proof->finder, TARN_FINDING_ERROR, detail, "a value of %s lies above its maximum", where);
    }
    if (low > 0 && bounds->min_exact) {
        tarn__find(proof->finder, TARN_FINDING_ERROR, detail, "the minimum of %s is said to be exact, and no value is so small", where);
    }
    if (high < 0 && bounds->max_exact) {
        tarn__find(proof->finder, TARN_FINDING_ERROR, detail, "the maximum of %s is said to be exact, and no value is so great", where);
    }
}

void tarn__check_chunk_values(const struct tarn__chunk_proof *proof, const struct tarn__value_survey *values)
{
    const struct parquet_column_metadata *claim = &proof->chunk->meta_data;
    const struct parquet_size_statistics *sizes = claim->size_statistics;
    if (sizes != NULL && sizes->has_unencoded_byte_array_data_bytes && proof->leaf->physical == PARQUET_BYTE_ARRAY &&
        tarn_type_kind(proof->leaf->type) == TARN_KIND_BYTES) {
        expect_count(proof, TARN_FINDING_WARNING, "size_statistics", "bytes of the values", sizes->unencoded_byte_array_data_bytes,
                     values->bytes);
    }
    if (!claim->has_statistics) {
        return;
    }
    if (claim->statistics.has_null_count) {
        expect_count(proof, TARN_FINDING_ERROR, "statistics", "nulls of the chunk", claim->statistics.null_count, values->nulls);
    }
    if (claim->statistics.has_nan_count) {
        expect_count(proof, TARN_FINDING_ERROR, "statistics", "NaN of the chunk", claim->statistics.nan_count, values->nans);
    }
    struct tarn_bounds bounds;
    tarn__statistics_bounds(proof->leaf, proof->order, &claim->statistics, values->slots, &bounds);
    check_bounds(proof, "statistics", "the chunk", &bounds, values);
}

/* ---- indexes ---- */

void tarn__check_offset_index(const struct tarn__chunk_proof *proof, const struct parquet_offset_index *index)
{
    const struct tarn__page_survey *pages = proof->pages;
    if (index->page_locations.count != pages->count) {
        tarn__find(proof->finder, TARN_FINDING_ERROR, "offset_index", "the offset index names %u pages, %zu are there",
                   index->page_locations.count, pages->count);
        return;
    }
    for (size_t i = 0; i < pages->count; i++) {
        const struct parquet_page_location *claim = &index->page_locations.items[i];
        const struct tarn__surveyed_page *page = &pages->pages[i];
        if (claim->offset < 0 || (uint64_t)claim->offset != page->offset || claim->compressed_page_size < 0 ||
            (uint64_t)claim->compressed_page_size != page->stored) {
            tarn__find(proof->finder, TARN_FINDING_ERROR, "offset_index",
                       "page %zu has %llu bytes at byte %llu; the offset index says %ld at %lld", i, (unsigned long long)page->stored,
                       (unsigned long long)page->offset, (long)claim->compressed_page_size, (long long)claim->offset);
        }
        if (claim->first_row_index < 0 || (uint64_t)claim->first_row_index != page->first_row || !page->begins_row) {
            tarn__find(proof->finder, TARN_FINDING_ERROR, "offset_index",
                       "page %zu %s row %llu of the row group; the offset index says that it begins row %lld", i,
                       page->begins_row ? "begins" : "goes on before", (unsigned long long)page->first_row,
                       (long long)claim->first_row_index);
        }
    }
}

bool tarn__check_column_index(const struct tarn__chunk_proof *proof, const struct parquet_column_index *index)
{
    const struct tarn__page_survey *pages = proof->pages;
    if (index->null_pages.count != pages->count || index->min_values.count != pages->count || index->max_values.count != pages->count ||
        (index->null_counts.count != 0 && index->null_counts.count != pages->count) ||
        (index->nan_counts.count != 0 && index->nan_counts.count != pages->count)) {
        tarn__find(proof->finder, TARN_FINDING_ERROR, "column_index",
                   "the lists of the column index do not have one entry for each of %zu pages", pages->count);
        return false;
    }
    check_histogram(proof, "column_index", "definition level histograms of the column index", &index->definition_level_histograms,
                    pages->definition_counts, pages->definition_levels, pages->count, false);
    check_histogram(proof, "column_index", "repetition level histograms of the column index", &index->repetition_level_histograms,
                    pages->repetition_counts, pages->repetition_levels, pages->count, false);
    return true;
}

void tarn__check_page_values(const struct tarn__chunk_proof *proof, const struct parquet_column_index *index, size_t page,
                             const struct tarn__value_survey *values)
{
    const int64_t null_count = index->null_counts.count != 0 ? index->null_counts.items[page] : -1;
    const int64_t nan_count = index->nan_counts.count != 0 ? index->nan_counts.items[page] : -1;
    const bool only_nulls = values->nulls == values->slots;
    char where[40];
    snprintf(where, sizeof(where), "page %zu", page);
    if (index->null_pages.items[page] != only_nulls) {
        tarn__find(proof->finder, TARN_FINDING_ERROR, "column_index", "%s %s, and the column index says %s", where,
                   only_nulls ? "holds only nulls" : "holds values", only_nulls ? "that it holds values" : "that it holds only nulls");
    }
    if (null_count >= 0) {
        expect_count(proof, TARN_FINDING_ERROR, "column_index", "nulls of a page", null_count, values->nulls);
    }
    if (nan_count >= 0) {
        expect_count(proof, TARN_FINDING_ERROR, "column_index", "NaN of a page", nan_count, values->nans);
    }
    if (index->null_pages.items[page]) {
        return;
    }
    struct tarn_bounds bounds;
    tarn__page_bounds(proof->leaf, proof->order, index->min_values.items[page], index->max_values.items[page], null_count, nan_count,
                      values->slots, &bounds);
    check_bounds(proof, "column_index", where, &bounds, values);
}

void tarn__check_page_bytes(const struct tarn__chunk_proof *proof, const struct parquet_offset_index *index, size_t page,
                            const struct tarn__value_survey *values)
{
    const parquet_i64_list *claimed = &index->unencoded_byte_array_data_bytes;
    if (page < claimed->count && proof->leaf->physical == PARQUET_BYTE_ARRAY && tarn_type_kind(proof->leaf->type) == TARN_KIND_BYTES) {
        expect_count(proof, TARN_FINDING_WARNING, "offset_index", "bytes of the values of a page", claimed->items[page], values->bytes);
    }
}

void tarn__check_boundary_order(const struct tarn__chunk_proof *proof, const struct parquet_column_index *index)
{
    const bool ascending = index->boundary_order == PARQUET_ASCENDING;
    struct tarn_bounds before = {0};
    if (!ascending && index->boundary_order != PARQUET_DESCENDING) {
        return;
    }
    for (uint32_t i = 0; i < index->null_pages.count; i++) {
        struct tarn_bounds bounds;
        if (index->null_pages.items[i]) {
            continue;
        }
        tarn__page_bounds(proof->leaf, proof->order, index->min_values.items[i], index->max_values.items[i], -1, -1,
                          proof->pages->pages[i].slots, &bounds);
        if (!bounds.has_min || !bounds.has_max) {
            return;
        }
        if (before.has_min) {
            const int min = tarn_value_compare(&before.min, &bounds.min);
            const int max = tarn_value_compare(&before.max, &bounds.max);
            if (ascending ? min > 0 || max > 0 : min < 0 || max < 0) {
                tarn__find(proof->finder, TARN_FINDING_ERROR, "column_index", "the pages are said to be %s, and page %u is not",
                           ascending ? "ascending" : "descending", i);
                return;
            }
        }
        before = bounds;
    }
}
