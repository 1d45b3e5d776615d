/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_CURSOR_H
#define TARN_CURSOR_H

#include "tarn/batch.h"

/*
 * Where rows come from: a source (a Parquet, CSV, JSON or Arrow file, a table snapshot, a host's own) has a schema; a scan of it is a plan
 * of independent tasks; a cursor walks one task.
 *
 *     source -> scan(request) -> tasks 0..n-1 -> open(task) -> cursor: next, column, column, next, ...
 *
 * Late materialisation, deletion masks and dynamic filters are then an order of calls: fetch the columns of a filter, decide, fetch the
 * other columns for the surviving rows only. What is not asked for is not decoded.
 *
 * Threads: a source and a scan are shareable (tasks may be opened on several threads at once); a cursor is single-threaded.
 * The rows of a source are those of task 0, then task 1, and so on; nothing else depends on how many tasks there are.
 */

struct tarn_source;
struct tarn_scan;
struct tarn_cursor;
struct tarn_expr;

enum tarn_path_kind {
    /**
     * A member by name (exact, else caseless if unique), or by id when `id` >= 0 and the source has ids. Behind a VARIANT: the field of
     * exactly that name of the objects that it holds, a VARIANT again, null where there is none or no object.
     */
    TARN_PATH_FIELD = 0,
    TARN_PATH_ELEMENT, /**< the elements of a list */
    TARN_PATH_KEY,
    TARN_PATH_VALUE,
    TARN_PATH_POSITION, /**< the member number `id` of a struct, or column number `id`, whatever its name */
    TARN_PATH_TYPED,    /**< last, behind a VARIANT: what it holds in the type that the file has a column of its own for, else null */
};

struct tarn_path_step {
    enum tarn_path_kind kind;
    struct tarn_text name; /**< FIELD */
    int32_t id;            /**< FIELD: field id, -1 none; POSITION: from 0 */
};

/** The way to a column: FIELD or POSITION first, then down. A path that ends at a nested type gives the whole of it. */
struct tarn_path {
    uint32_t depth;
    const struct tarn_path_step *steps;
};

static inline bool tarn_path_step_is_member(const struct tarn_path_step *step)
{
    return step->kind == TARN_PATH_FIELD || step->kind == TARN_PATH_POSITION;
}

/** Name that a path of one step may have to ask for the row's position in its file, an I64 from 0 that is never null. */
#define TARN_ROW_INDEX "_tarn_row_index"

/** Rows [begin, end), by their position in their file: what TARN_ROW_INDEX counts. */
struct tarn_row_range {
    uint64_t begin;
    uint64_t end;
};

struct tarn_scan_request {
    uint32_t size;
    uint32_t path_count;
    const struct tarn_path *paths;     /**< what cursors may be asked for; a cursor's handle is the index here */
    const struct tarn_expr *predicate; /**< rows for which it is not true need not be given; NULL: all. Used to skip, never to filter */
    bool no_prune;                     /**< ignore `predicate` */
    uint64_t row_limit;                /**< no more rows will be taken; 0: no limit. A hint */
    uint32_t batch_rows;               /**< most rows of one `next`; 0: TARN_BATCH_ROWS */
    uint32_t range_count;
    const struct tarn_row_range
        *ranges;          /**< ascending and apart: rows outside need not be given; NULL: all. Used to skip, never to filter */
    uint32_t least_tasks; /**< so many tasks at least are wished for: a source may cut its own into smaller ones; 0: as they are */
};

#define TARN_SCAN_REQUEST_INIT                                                                                                             \
    {                                                                                                                                      \
        sizeof(struct tarn_scan_request), 0, NULL, NULL, false, 0, 0, 0, NULL, 0                                                           \
    }

/** Counters of a scan so far, for --stats and tests. They only grow. */
struct tarn_scan_stats {
    uint32_t size;
    uint64_t requests;
    uint64_t bytes_read;
    uint64_t files;
    uint64_t files_pruned;
    uint64_t row_groups;
    uint64_t row_groups_pruned;
    uint64_t pages;
    uint64_t pages_skipped;
    uint64_t rows;                         /**< handed out by `next` */
    uint64_t vectors_flattened;            /**< dictionary or run vectors that had to be spread out */
    uint64_t row_groups_pruned_statistics; /**< of those that were pruned */
    uint64_t row_groups_pruned_pages;      /**< of which page indexes left no row */
    uint64_t row_groups_pruned_bloom;
    uint64_t row_groups_pruned_dictionary;
    uint64_t pages_pruned;            /**< of the predicate's columns, that page indexes ruled out */
    uint64_t rows_skipped;            /**< that were ruled out unread */
    uint64_t bytes_saved;             /**< of the wanted columns, that were not read */
    uint64_t files_pruned_partition;  /**< of those that were pruned: by the partition values of their table */
    uint64_t files_pruned_statistics; /**< by the statistics that their table has of them */
};

struct tarn_source_ops {
    uint32_t size;
    const char *name; /**< "parquet", "csv", ... */
    const struct tarn_schema *(*schema)(struct tarn_source *source);
    /** Exact number of rows when it is known without reading them. */
    bool (*row_count)(struct tarn_source *source, uint64_t *rows);
    enum tarn_status (*scan)(struct tarn_source *source, const struct tarn_scan_request *request, struct tarn_scan **out,
                             struct tarn_error *err);
    void (*close)(struct tarn_source *source);
    /** See tarn_source_hidden. NULL: there are none. */
    const struct tarn_field *(*hidden)(struct tarn_source *source, uint32_t *count);
};

struct tarn_scan_ops {
    uint32_t size;
    uint32_t (*task_count)(struct tarn_scan *scan);
    enum tarn_status (*open)(struct tarn_scan *scan, uint32_t task, struct tarn_cursor **out, struct tarn_error *err);
    void (*stats)(struct tarn_scan *scan, struct tarn_scan_stats *stats);
    void (*close)(struct tarn_scan *scan);
    /** See tarn_scan_explain. NULL: there is nothing to tell. */
    size_t (*explain)(struct tarn_scan *scan, uint32_t part, char *buffer, size_t size);
};

struct tarn_cursor_ops {
    uint32_t size;
    /** Moves to the next rows, at most `max_rows`; *rows == 0 is the end. Invalidates what `column` returned. */
    enum tarn_status (*next)(struct tarn_cursor *cursor, uint32_t max_rows, uint32_t *rows, struct tarn_error *err);
    /**
     * The selected ones of the current rows of one path, dense and in order: out->length == selection->count. NULL selects all.
     * May be called again for the same rows with the same selection or a subset of it, and never decodes a page twice.
     */
    enum tarn_status (*column)(struct tarn_cursor *cursor, uint32_t handle, const struct tarn_selection *selection,
                               struct tarn_vector **out, struct tarn_error *err);
    void (*close)(struct tarn_cursor *cursor);
};

/* An implementation embeds these as its first member. */
struct tarn_source {
    const struct tarn_source_ops *ops;
    struct tarn_env *env;
};

struct tarn_scan {
    const struct tarn_scan_ops *ops;
    struct tarn_env *env;
    uint32_t path_count;
    const struct tarn_type *const *types; /**< of each path: what its vectors have; lives as long as the scan */
};

struct tarn_cursor {
    const struct tarn_cursor_ops *ops;
    struct tarn_env *env;
};

TARN_BEGIN_DECLS

TARN_API const struct tarn_schema *tarn_source_schema(struct tarn_source *source);
TARN_API bool tarn_source_row_count(struct tarn_source *source, uint64_t *rows);
/**
 * Columns that may be asked for, member by member, though the schema does not have them, so that nobody gets them unasked: "_metadata" of
 * tables, which says where a row comes from. A column of the schema hides one of the same name. Borrowed from the source.
 */
TARN_API const struct tarn_field *tarn_source_hidden(struct tarn_source *source, uint32_t *count);
/** Errors: NOT_FOUND (a path), INVALID, UNSUPPORTED, CORRUPT, IO, NOMEM, LIMIT, CANCELLED; so do the calls below. */
TARN_CALL tarn_source_scan(struct tarn_source *source, const struct tarn_scan_request *request, struct tarn_scan **out,
                           struct tarn_error *err);
/** Scans and cursors must be closed before. NULL is legal, as in the closes below. */
TARN_API void tarn_source_close(struct tarn_source *source);

TARN_API uint32_t tarn_scan_task_count(struct tarn_scan *scan);
TARN_CALL tarn_scan_open(struct tarn_scan *scan, uint32_t task, struct tarn_cursor **out, struct tarn_error *err);
TARN_API void tarn_scan_stats(struct tarn_scan *scan, struct tarn_scan_stats *stats);
/** Adds the counters of `more` to those of `sum`: for sources that are made of others. */
TARN_API void tarn_scan_stats_add(struct tarn_scan_stats *sum, const struct tarn_scan_stats *more);
/**
 * What became of part number `part` of the source (a row group, a file of a table) so far, and why, in words: writes at most `size` bytes
 * with the terminator, returns the length of the whole text; 0: there is no such part.
 */
TARN_API size_t tarn_scan_explain(struct tarn_scan *scan, uint32_t part, char *buffer, size_t size);
/** Cursors must be closed before. */
TARN_API void tarn_scan_close(struct tarn_scan *scan);

TARN_CALL tarn_cursor_next(struct tarn_cursor *cursor, uint32_t max_rows, uint32_t *rows, struct tarn_error *err);
TARN_CALL tarn_cursor_column(struct tarn_cursor *cursor, uint32_t handle, const struct tarn_selection *selection, struct tarn_vector **out,
                             struct tarn_error *err);
TARN_API void tarn_cursor_close(struct tarn_cursor *cursor);

/**
 * Finds what a path leads to in a schema. *type is borrowed from it; `index`, when given, receives for each FIELD step the position
 * among its siblings (room for path->depth), UINT32_MAX behind a VARIANT. TARN_ROW_INDEX, unless a column has that name, is an I64 with
 * index UINT32_MAX. Errors: NOT_FOUND, naming what there is instead.
 */
TARN_CALL tarn_path_resolve(const struct tarn_schema *schema, const struct tarn_path *path, const struct tarn_type **type, bool *nullable,
                            uint32_t *index, struct tarn_error *err);

TARN_END_DECLS

#endif
