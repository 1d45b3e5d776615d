/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_PARQUET_PARQUET_SOURCE_H
#define TARN_READER_PARQUET_PARQUET_SOURCE_H

#include <stdatomic.h>

#include "format/column/column_reader.h"
#include "reader/parquet/io_plan.h"
#include "tarn/reader.h"

/*
 * A Parquet file as a source: its footer, its scans (which row groups, which columns), its cursors (a row group each, or a part of one).
 *
 * Threads: a source and a scan are shareable, a cursor is single-threaded.
 */
struct parquet_source {
    struct tarn_source source;
    struct tarn_object *object;
    struct tarn_footer *footer;
    struct tarn_parquet_read_options options;
    char *key;                 /**< for errors */
    struct tarn_buffer *whole; /**< the file, when it lies in memory; else NULL */
    uint64_t read_limit;       /**< bytes of one task that are read together; 0: TARN_PARQUET_READ_LIMIT */
    uint64_t *first_rows;      /**< of each row group, in the file */
};

/** What a handle leads to. */
struct parquet_path {
    const struct tarn_node *node; /**< NULL: the row's position in the file */
};

/** Rows [begin, end). */
struct parquet_rows {
    uint64_t begin;
    uint64_t end;
};

struct parquet_row_ranges {
    uint32_t count;
    struct parquet_rows *rows; /**< ascending, with gaps between */
};

struct parquet_task {
    uint32_t row_group;
    struct parquet_rows rows; /**< of the row group */
};

/** What became of a row group. */
enum parquet_verdict {
    PARQUET_NOT_LOOKED_AT = 0,
    PARQUET_READ,
    PARQUET_PRUNED_STATISTICS,
    PARQUET_PRUNED_PAGES, /**< the page indexes leave no row */
    PARQUET_PRUNED_BLOOM,
    PARQUET_PRUNED_DICTIONARY,
    PARQUET_NOT_ASKED_FOR, /**< no row of it is in the ranges that were asked for, or the limit was met before */
};

struct parquet_outcome {
    atomic_int verdict;            /**< enum parquet_verdict */
    atomic_uint conjunct;          /**< of the predicate: the one that ruled it out */
    atomic_uint_fast64_t rows_cut; /**< left out by page indexes */
};

/** The task whose bytes were begun to be read before it was opened. */
struct parquet_ahead {
    pthread_mutex_t lock;
    struct tarn__reads *reads; /**< NULL: none */
    uint32_t task;
    uint32_t opened; /**< all tasks before it were opened */
};

struct parquet_scan {
    struct tarn_scan scan;
    struct parquet_source *source;
    struct tarn_arena arena; /**< while the scan is opened */
    struct parquet_path *paths;
    const struct tarn_type **types;
    uint32_t wanted_count; /**< leaves that the paths lead to: each is a slot */
    uint32_t *wanted;      /**< leaf of each slot, ascending */
    uint32_t *slots;       /**< slot of each leaf; UINT32_MAX: not wanted */
    bool *early;           /**< of each slot: the predicate looks at it, so it is read before the others; NULL: all are read at once */
    struct parquet_task *tasks;
    uint32_t task_count;
    bool whole_groups; /**< each task is a row group */
    uint32_t batch_rows;
    const struct tarn_expr *predicate;         /**< by which rows may be left out; NULL: none are */
    const struct tarn_leaf **predicate_leaves; /**< of each column of the predicate: tarn__parquet_find_leaf */
    struct parquet_row_ranges ranges;          /**< of the file, that were asked for; no rows: all */
    struct parquet_outcome *outcomes;          /**< of each row group */
    struct tarn__read_pool pool;
    struct parquet_ahead ahead;
    atomic_uint_fast64_t pages;
    atomic_uint_fast64_t pages_skipped;
    atomic_uint_fast64_t pages_pruned;
    atomic_uint_fast64_t rows;
    atomic_uint_fast64_t flattened;
};

/** A chunk that a task reads. */
struct parquet_chunk {
    const struct parquet_column_metadata *metadata;
    const struct parquet_column_chunk *thrift;
    struct tarn_chunk_range range;
    const struct tarn_offset_index *offsets; /**< NULL: not looked at, or there is none */
    bool planned;                            /**< all that is wanted of it was begun to be read */
    bool dictionary_planned;
};

/** The row group of a task, as far as the task needs it. */
struct parquet_group {
    struct parquet_scan *scan;
    uint32_t row_group;
    uint64_t row_count;
    uint64_t first_row;           /**< of the row group in the file */
    struct tarn_arena arena;      /**< of the chunks */
    struct parquet_chunk *chunks; /**< one a slot */
    struct parquet_row_ranges ranges;
    struct tarn__reads *reads;
};

TARN_WARN_UNUSED enum tarn_status tarn__parquet_scan_open(struct parquet_source *source, const struct tarn_scan_request *request,
                                                          struct tarn_scan **out, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__parquet_cursor_open(struct parquet_scan *scan, uint32_t task, struct tarn_cursor **out,
                                                            struct tarn_error *err);

/**
 * The bytes to read of a chunk; none when it has no values. Old writers left page headers out of a chunk's size: where no other chunk
 * follows at once, a little more is read. Walking the pages ends at the value count, so that what lies behind does no harm. Errors: those
 * of tarn__footer_chunk.
 */
TARN_WARN_UNUSED enum tarn_status tarn__parquet_chunk_range(const struct parquet_source *source, uint32_t row_group, uint32_t leaf,
                                                            struct tarn_chunk_range *out, struct tarn_error *err);

static inline const struct parquet_row_group *tarn__parquet_row_group(const struct parquet_source *source, uint32_t row_group)
{
    return tarn__footer_row_group(source->footer, row_group);
}

/** Impala packed BIT_PACKED levels from the least significant bit on, against the specification. */
static inline bool tarn__parquet_packs_low_first(const struct parquet_source *source)
{
    return tarn__text_starts(source->footer->metadata.created_by, (struct tarn_text)TARN_TEXT("impala"));
}

#endif
