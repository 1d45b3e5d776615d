/* SPDX-License-Identifier: Apache-2.0
 *
 * The pages of a chunk as they are.
 *
 * Specification: parquet-format README.md, "Data Pages", "Nested Encoding". SPEC: P-VERIFY-1, P-VERIFY-2.
 *
 * Invariants
 *  1. A page is opened once, its levels read to their end; its values are not looked at.
 *  2. Rows are counted by repetition level 0 alone: what a header of version 2 says is held against that.
 */
#include "reader/verify/page_survey.h"

#include "format/base/alloc.h"
#include "format/column/level_decode.h"

enum { BLOCK = 4096 };

/* The levels of one kind as a page has them. */
struct stored_levels {
    struct tarn_span bytes;
    uint16_t max;
    bool packed;    /* BIT_PACKED */
    bool low_first; /* and from the least significant bit on */
};

static enum tarn_status open_levels(struct tarn__level_decoder *levels, struct stored_levels stored, uint32_t slots, struct tarn_error *err)
{
    if (stored.max > UINT8_MAX) {
        return tarn__error_set(err, TARN_LIMIT, "levels", "levels up to %u are more than the 255 that can be read", (unsigned)stored.max);
    }
    return stored.packed ? tarn__level_decoder_init_packed(levels, stored.bytes, (uint8_t)stored.max, slots, stored.low_first, err)
                         : tarn__level_decoder_init(levels, stored.bytes, (uint8_t)stored.max, slots, err);
}

/* Adds the counts of the page's levels. */
static enum tarn_status count_levels(struct stored_levels stored, uint32_t slots, uint64_t *counts, struct tarn_error *err)
{
    struct tarn__level_decoder levels;
    uint8_t block[BLOCK];
    TARN_RETURN_IF_ERROR(open_levels(&levels, stored, slots, err));
    while (slots != 0) {
        const uint32_t count = slots < BLOCK ? slots : (uint32_t)BLOCK;
        TARN_RETURN_IF_ERROR(tarn__level_decoder_take(&levels, count, block, err));
        for (uint32_t i = 0; i < count; i++) {
            counts[block[i]]++;
        }
        slots -= count;
    }
    return TARN_OK;
}

static enum tarn_status first_level(struct stored_levels stored, uint32_t slots, uint8_t *out, struct tarn_error *err)
{
    struct tarn__level_decoder levels;
    *out = 0;
    if (slots == 0) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(open_levels(&levels, stored, slots, err));
    return tarn__level_decoder_take(&levels, 1, out, err);
}

static bool make_room(struct tarn__page_survey *survey)
{
    const size_t count = survey->count + 1;
    return tarn__grow(survey->env, &survey->pages, &survey->capacity, count, sizeof(*survey->pages)) &&
           tarn__grow(survey->env, &survey->definition_counts, &survey->definition_capacity, count * survey->definition_levels,
                      sizeof(uint64_t)) &&
           tarn__grow(survey->env, &survey->repetition_counts, &survey->repetition_capacity, count * survey->repetition_levels,
                      sizeof(uint64_t));
}

static struct tarn__surveyed_page describe(const struct tarn_page *page)
{
    const struct tarn_page_header *header = &page->header;
    return (struct tarn__surveyed_page){.offset = page->offset,
                                        .stored = (uint64_t)header->header_size + header->compressed_size,
                                        .uncompressed = (uint64_t)header->header_size + header->uncompressed_size,
                                        .slots = header->value_count,
                                        .type = header->type,
                                        .encoding = header->encoding};
}

static enum tarn_status check_version_2(const struct tarn_page *page, const struct tarn__surveyed_page *found, uint64_t values,
                                        struct tarn_error *err)
{
    const struct parquet_data_page_header_v2 *header = &page->header.thrift.data_page_header_v2;
    if (header->num_rows < 0 || (uint64_t)header->num_rows != found->rows) {
        return tarn__corrupt(err, "page_rows", "the page's header says %ld rows, its levels say %llu", (long)header->num_rows,
                             (unsigned long long)found->rows);
    }
    if (header->num_nulls < 0 || (uint64_t)header->num_nulls != found->slots - values) {
        return tarn__corrupt(err, "page_nulls", "the page's header says %ld nulls, its levels say %llu", (long)header->num_nulls,
                             (unsigned long long)(found->slots - values));
    }
    return TARN_OK;
}

static enum tarn_status survey_data_page(struct tarn__page_survey *survey, const struct tarn_page_walk *walk, const struct tarn_page *page,
                                         struct tarn_error *err)
{
    if (!make_room(survey)) {
        return tarn__nomem(survey->env, err, sizeof(*survey->pages));
    }
    struct tarn__surveyed_page found = describe(page);
    uint64_t *definition = survey->definition_counts + survey->count * survey->definition_levels;
    uint64_t *repetition = survey->repetition_counts + survey->count * survey->repetition_levels;
    uint8_t first;
    memset(definition, 0, survey->definition_levels * sizeof(uint64_t));
    memset(repetition, 0, survey->repetition_levels * sizeof(uint64_t));
    const struct stored_levels definitions = {page->definition, walk->max_definition, page->definition_packed, survey->packed_low_first};
    const struct stored_levels repetitions = {page->repetition, walk->max_repetition, page->repetition_packed, survey->packed_low_first};
    TARN_RETURN_IF_ERROR(count_levels(definitions, found.slots, definition, err));
    TARN_RETURN_IF_ERROR(count_levels(repetitions, found.slots, repetition, err));
    TARN_RETURN_IF_ERROR(first_level(repetitions, found.slots, &first, err));
    found.rows = repetition[0];
    found.first_row = survey->rows;
    found.begins_row = first == 0;
    if (found.type == PARQUET_DATA_PAGE_V2) {
        TARN_RETURN_IF_ERROR(check_version_2(page, &found, definition[walk->max_definition], err));
    }
    if (!found.begins_row && (survey->rows == 0 || found.type == PARQUET_DATA_PAGE_V2)) {
        return tarn__corrupt(err, "level", "a page begins with repetition level %u, not 0", first);
    }
    survey->whole_rows = survey->whole_rows && found.begins_row;
    survey->rows += found.rows;
    survey->slots += found.slots;
    survey->pages[survey->count++] = found;
    return TARN_OK;
}

enum tarn_status tarn__page_survey_make(struct tarn_page_walk walk, bool packed_low_first, struct tarn__page_survey *out,
                                        struct tarn_error *err)
{
    *out = (struct tarn__page_survey){.env = walk.env,
                                      .definition_levels = (uint32_t)walk.max_definition + 1,
                                      .repetition_levels = (uint32_t)walk.max_repetition + 1,
                                      .whole_rows = true,
                                      .packed_low_first = packed_low_first};
    struct tarn_buffer *spare = NULL;
    enum tarn_status status = TARN_OK;
    for (bool end = false; status == TARN_OK;) {
        struct tarn_page page = {0};
        status = tarn__check_cancelled(walk.env, err);
        if (status == TARN_OK) {
            status = tarn__page_next(&walk, &page, &end, err);
        }
        if (status != TARN_OK || end) {
            break;
        }
        status = tarn__page_open(&walk, &page, &spare, err);
        if (status == TARN_OK && page.header.type == PARQUET_DICTIONARY_PAGE) {
            out->dictionary = describe(&page);
            out->has_dictionary = true;
        } else if (status == TARN_OK) {
            status = survey_data_page(out, &walk, &page, err);
        }
        if (status != TARN_OK) {
            tarn__error_at_offset(err, page.offset);
        }
        if (spare == NULL) {
            spare = page.body; /* its memory for the next page */
            page.body = NULL;
        }
        tarn__page_release(&page);
    }
    tarn__buffer_release(spare);
    return status;
}

void tarn__page_survey_free(struct tarn__page_survey *survey)
{
    tarn__free(survey->env, survey->pages);
    tarn__free(survey->env, survey->definition_counts);
    tarn__free(survey->env, survey->repetition_counts);
}
