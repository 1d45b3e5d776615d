/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics and the page index, from facts of pages.
 *
 * Specification: parquet.thrift "Statistics", "ColumnIndex", "OffsetIndex", "SizeStatistics"; PageIndex.md. SPEC: P-BOUND-5 to P-BOUND-10,
 * P-INDEX-WRITE-1 to P-INDEX-WRITE-6.
 *
 * Invariants
 *  1. A merged bound is exact when one of its equals was; a bound of one part only (another part has values but no bound) is none. NaN is
 *     a bound (total order) only while there are no numbers.
 *  2. A column index has bounds for every page that holds values, or is not written.
 */
#include "format/column/chunk_facts.h"

bool tarn__value_facts_bound(struct tarn__value_facts *facts, const struct tarn__extremes *extremes, struct tarn__bound_rule rule,
                             struct tarn_arena *arena)
{
    const bool cuttable = rule.width == 0 && (extremes->order == TARN_STORED_TEXT || extremes->order == TARN_STORED_BYTES);
    const size_t most = rule.most != 0 ? rule.most : TARN_BOUND_BYTES;

    facts->nan_count = extremes->nan_count;
    if (!extremes->any || (rule.width > most && rule.width > TARN_BOUND_BYTES)) {
        return true;
    }
    facts->has_min = true;
    facts->has_max = true;
    facts->min_exact = true;
    facts->max_exact = true;
    struct tarn_span min = extremes->min;
    if (cuttable) {
        min.size = tarn__bound_cut_min(extremes->order, min, most);
        facts->min_exact = min.size == extremes->min.size;
    }
    facts->min = tarn__arena_span(arena, min);
    if (!cuttable || extremes->max.size <= most) {
        facts->max = tarn__arena_span(arena, extremes->max);
        return facts->min.data != NULL && facts->max.data != NULL;
    }
    uint8_t *cut = tarn__arena_alloc(arena, most);
    if (cut == NULL) {
        return false;
    }
    facts->max = (struct tarn_span){cut, tarn__bound_cut_max(extremes->order, extremes->max, most, cut, &facts->max_exact)};
    facts->has_max = facts->max.size != 0;
    return facts->min.data != NULL;
}

/* One side; `sign` 1 for the minimum, -1 for the maximum. */
static bool merge_bound(struct tarn_span *bound, bool *exact, struct tarn_span more, bool more_exact, enum tarn__stored_order order,
                        int sign, struct tarn_arena *arena)
{
    const int compared = sign * tarn__stored_compare(order, more, *bound);

    if (compared == 0) {
        *exact |= more_exact;
    }
    if (compared >= 0) {
        return true;
    }
    *exact = more_exact;
    *bound = arena != NULL ? tarn__arena_span(arena, more) : more;
    return bound->data != NULL;
}

/* What decides bounds: numbers before NaN, NaN before nothing. */
enum content { NO_VALUES, ONLY_NAN, NUMBERS };

static enum content content_of(const struct tarn__value_facts *facts)
{
    return facts->values == 0 ? NO_VALUES : tarn__value_facts_has_numbers(facts) ? NUMBERS : ONLY_NAN;
}

bool tarn__value_facts_merge(struct tarn__value_facts *into, const struct tarn__value_facts *more, enum tarn__stored_order order,
                             struct tarn_arena *arena)
{
    const enum content had = content_of(into);
    const enum content adds = content_of(more);
    bool ok = true;

    into->slots += more->slots;
    into->values += more->values;
    into->nan_count += more->nan_count;
    if (adds == NO_VALUES || adds < had) {
        return true;
    }
    if (adds > had) {
        into->has_min = more->has_min;
        into->has_max = more->has_max;
        into->min_exact = more->min_exact;
        into->max_exact = more->max_exact;
        into->min = arena != NULL && more->has_min ? tarn__arena_span(arena, more->min) : more->min;
        into->max = arena != NULL && more->has_max ? tarn__arena_span(arena, more->max) : more->max;
        return (!into->has_min || into->min.data != NULL) && (!into->has_max || into->max.data != NULL);
    }
    into->has_min = into->has_min && more->has_min;
    into->has_max = into->has_max && more->has_max;
    if (into->has_min) {
        ok = merge_bound(&into->min, &into->min_exact, more->min, more->min_exact, order, 1, arena);
    }
    if (into->has_max) {
        ok = merge_bound(&into->max, &into->max_exact, more->max, more->max_exact, order, -1, arena) && ok;
    }
    return ok;
}

struct parquet_statistics tarn__value_facts_statistics(const struct tarn__value_facts *facts, enum tarn__stored_order order,
                                                       bool nan_counts)
{
    return (struct parquet_statistics){
        .has_null_count = true,
        .null_count = (int64_t)(facts->slots - facts->values),
        .has_min_value = facts->has_min,
        .has_max_value = facts->has_max,
        .has_is_min_value_exact = facts->has_min,
        .has_is_max_value_exact = facts->has_max,
        .is_min_value_exact = facts->min_exact,
        .is_max_value_exact = facts->max_exact,
        .min_value = facts->min,
        .max_value = facts->max,
        .has_nan_count = nan_counts && tarn__stored_is_float(order),
        .nan_count = (int64_t)facts->nan_count,
    };
}

static int32_t boundary_order(const struct tarn__chunk_pages *chunk)
{
    const struct tarn__value_facts *before = NULL;
    bool ascending = true;
    bool descending = true;

    for (uint32_t i = 0; i < chunk->count; i++) {
        const struct tarn__value_facts *page = &chunk->pages[i].values;
        if (page->values == 0) {
            continue;
        }
        if (before != NULL) {
            const int min = tarn__stored_compare(chunk->order, page->min, before->min);
            const int max = tarn__stored_compare(chunk->order, page->max, before->max);
            ascending = ascending && min >= 0 && max >= 0;
            descending = descending && min <= 0 && max <= 0;
        }
        before = page;
    }
    return ascending ? PARQUET_ASCENDING : descending ? PARQUET_DESCENDING : PARQUET_UNORDERED;
}

/* Every page that holds values has both bounds. */
static bool is_bounded(const struct tarn__chunk_pages *chunk)
{
    for (uint32_t i = 0; i < chunk->count; i++) {
        const struct tarn__value_facts *page = &chunk->pages[i].values;
        if (page->values != 0 && !(page->has_min && page->has_max)) {
            return false;
        }
    }
    return chunk->order != TARN_STORED_NONE;
}

static bool fill_column_index(const struct tarn__chunk_pages *chunk, struct tarn_arena *arena, struct parquet_column_index *index)
{
    bool *null_pages = tarn__arena_calloc(arena, chunk->count, sizeof(*null_pages));
    struct tarn_span *mins = tarn__arena_calloc(arena, chunk->count, sizeof(*mins));
    struct tarn_span *maxs = tarn__arena_calloc(arena, chunk->count, sizeof(*maxs));
    int64_t *nulls = tarn__arena_calloc(arena, chunk->count, sizeof(*nulls));
    int64_t *nans = tarn__arena_calloc(arena, chunk->count, sizeof(*nans));

    if (null_pages == NULL || mins == NULL || maxs == NULL || nulls == NULL || nans == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < chunk->count; i++) {
        const struct tarn__value_facts *page = &chunk->pages[i].values;
        null_pages[i] = page->values == 0;
        mins[i] = page->values != 0 ? page->min : (struct tarn_span){NULL, 0};
        maxs[i] = page->values != 0 ? page->max : (struct tarn_span){NULL, 0};
        nulls[i] = (int64_t)(page->slots - page->values);
        nans[i] = (int64_t)page->nan_count;
    }
    const bool with_repetition = chunk->repetition_histograms != NULL;
    const bool with_definition = chunk->definition_histograms != NULL;
    *index = (struct parquet_column_index){
        .null_pages = {chunk->count, null_pages},
        .min_values = {chunk->count, mins},
        .max_values = {chunk->count, maxs},
        .boundary_order = boundary_order(chunk),
        .has_null_counts = true,
        .null_counts = {chunk->count, nulls},
        .has_repetition_level_histograms = with_repetition,
        .has_definition_level_histograms = with_definition,
        .has_nan_counts = !chunk->no_nan_counts && tarn__stored_is_float(chunk->order),
        .nan_counts = {chunk->count, nans},
    };
    if (with_repetition) {
        index->repetition_level_histograms.count = chunk->count * (chunk->max_repetition + 1u);
        index->repetition_level_histograms.items = (int64_t *)(uintptr_t)chunk->repetition_histograms;
    }
    if (with_definition) {
        index->definition_level_histograms.count = chunk->count * (chunk->max_definition + 1u);
        index->definition_level_histograms.items = (int64_t *)(uintptr_t)chunk->definition_histograms;
    }
    return true;
}

enum tarn_status tarn__chunk_column_index(const struct tarn__chunk_pages *chunk, struct tarn_env *env, struct tarn_buffer *out,
                                          bool *written, struct tarn_error *err)
{
    struct tarn_arena arena;
    struct parquet_column_index index;

    *written = is_bounded(chunk);
    if (!*written) {
        return TARN_OK;
    }
    tarn__arena_init(&arena, env);
    const enum tarn_status status = fill_column_index(chunk, &arena, &index)
                                        ? tarn__thrift_encode(&tarn__parquet_column_index, &index, out, err)
                                        : tarn__nomem(env, err, chunk->count * sizeof(struct tarn_span));
    tarn__arena_free(&arena);
    return status;
}

enum tarn_status tarn__chunk_offset_index(const struct tarn__chunk_pages *chunk, uint64_t offset, struct tarn_env *env,
                                          struct tarn_buffer *out, struct tarn_error *err)
{
    struct tarn_arena arena;
    enum tarn_status status;

    tarn__arena_init(&arena, env);
    struct parquet_page_location *locations = tarn__arena_calloc(&arena, chunk->count, sizeof(*locations));
    int64_t *unencoded = tarn__arena_calloc(&arena, chunk->count, sizeof(*unencoded));
    if (locations == NULL || unencoded == NULL) {
        status = tarn__nomem(env, err, chunk->count * sizeof(*locations));
    } else {
        for (uint32_t i = 0; i < chunk->count; i++) {
            const struct tarn__page_facts *page = &chunk->pages[i];
            locations[i] =
                (struct parquet_page_location){(int64_t)(offset + page->offset), (int32_t)page->stored, (int64_t)page->first_row};
            unencoded[i] = (int64_t)page->unencoded_bytes;
        }
        const struct parquet_offset_index index = {
            .page_locations = {chunk->count, locations},
            .has_unencoded_byte_array_data_bytes = chunk->is_byte_array,
            .unencoded_byte_array_data_bytes = {chunk->count, unencoded},
        };
        status = tarn__thrift_encode(&tarn__parquet_offset_index, &index, out, err);
    }
    tarn__arena_free(&arena);
    return status;
}
