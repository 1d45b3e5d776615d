/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_CHUNK_FACTS_H
#define TARN_FORMAT_COLUMN_CHUNK_FACTS_H

#include "format/base/arena.h"
#include "format/base/buffer.h"
#include "format/column/extremes.h"
#include "format/thrift/parquet_thrift.h"

/*
 * What is known of the values of a page, of a chunk and of a whole file's column: bounds and counts, merged upwards, and turned into
 * Parquet's Statistics, ColumnIndex and OffsetIndex.
 *
 * Ownership: bounds are copied into the arena that is given. Threads: single.
 */
struct tarn__value_facts {
    uint64_t slots;
    uint64_t values; /**< slots that are not null */
    uint64_t nan_count;
    bool has_min; /**< without: there was no value, only NaN under TYPE_ORDER, no order, or no bound that is short enough */
    bool has_max;
    bool min_exact;
    bool max_exact;
    struct tarn_span min;
    struct tarn_span max;
};

struct tarn__page_facts {
    struct tarn__value_facts values;
    uint64_t offset; /**< of the header, from the begin of the chunk's first data page */
    uint32_t stored; /**< bytes with the header */
    uint64_t first_row;
    uint64_t unencoded_bytes; /**< byte arrays: what the values hold, without lengths */
    bool packed;              /**< stored in the chunk's codec */
};

/** How bounds are kept. */
struct tarn__bound_rule {
    uint32_t most;  /**< longest bound of texts and binaries; 0: TARN_BOUND_BYTES */
    uint32_t width; /**< of the type's values, which a bound must have too; 0: any */
};

/** Is there a value that is no NaN? */
static inline bool tarn__value_facts_has_numbers(const struct tarn__value_facts *facts)
{
    return facts->values != facts->nan_count;
}

/** Sets the bounds, cut where they are long. False: no memory. */
TARN_WARN_UNUSED bool tarn__value_facts_bound(struct tarn__value_facts *facts, const struct tarn__extremes *extremes,
                                              struct tarn__bound_rule rule, struct tarn_arena *arena);

/** Adds what is known of more values. Bounds are copied where `arena` is given, else shared. False: no memory. */
TARN_WARN_UNUSED bool tarn__value_facts_merge(struct tarn__value_facts *into, const struct tarn__value_facts *more,
                                              enum tarn__stored_order order, struct tarn_arena *arena);

/** `nan_counts`: for floats, which alone have them. The deprecated pair and a distinct count are never set. */
struct parquet_statistics tarn__value_facts_statistics(const struct tarn__value_facts *facts, enum tarn__stored_order order,
                                                       bool nan_counts);

/** The pages of a chunk, as the column index and the offset index have them. Level histograms: one row of max + 1 counts a page, or NULL.
 */
struct tarn__chunk_pages {
    uint32_t count;
    const struct tarn__page_facts *pages;
    enum tarn__stored_order order;
    uint16_t max_definition;
    uint16_t max_repetition;
    const int64_t *definition_histograms;
    const int64_t *repetition_histograms;
    bool is_byte_array;
    bool no_nan_counts;
};

/** Appends the ColumnIndex; *written false (and nothing appended) when a page has values but no bounds. Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__chunk_column_index(const struct tarn__chunk_pages *chunk, struct tarn_env *env,
                                                           struct tarn_buffer *out, bool *written, struct tarn_error *err);

/** Appends the OffsetIndex for data pages that begin at `offset` of the file. Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__chunk_offset_index(const struct tarn__chunk_pages *chunk, uint64_t offset, struct tarn_env *env,
                                                           struct tarn_buffer *out, struct tarn_error *err);

#endif
