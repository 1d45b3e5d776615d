/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_MAINTAIN_H
#define TARN_MAINTAIN_H

#include "tarn/table.h"

/*
 * Keeping tables in shape: files laid out anew, files that nothing needs removed, tables copied, folders of files made into tables.
 *
 * Every call that changes the table is one commit or none; what a table's readers have open goes on being read. Calls that remove or write
 * have `dry_run`, which says in the result what would be done and does nothing.
 *
 * Threads: each call single; work inside goes to the env's executor. Errors of all: those of tarn_snapshot_load and
 * tarn_transaction_commit, INVALID (options), CANCELLED, LIMIT, NOMEM, and what stands there.
 */

/* ---- optimize ---- */

enum tarn_layout {
    TARN_LAYOUT_TABLE = 0, /**< by the columns that the table says it is clustered by; where it says none, as PACK */
    TARN_LAYOUT_PACK,      /**< small files become larger ones; rows keep their order */
    TARN_LAYOUT_ZORDER,    /**< rows near each other in several columns come together, by the bits of their ranks */
    TARN_LAYOUT_HILBERT,   /**< the same along a Hilbert curve, which makes no jumps */
};

struct tarn_optimize_options {
    uint32_t size;
    const struct tarn_expr *where;   /**< only files that can hold such rows, by partition values and statistics; NULL: all */
    struct tarn_text predicate_text; /**< what `where` was made of, for history; empty: not said */
    uint64_t target_size;            /**< bytes of a file, about; 0: what the table's properties say, else 256 MiB */
    enum tarn_layout layout;
    uint32_t column_count;
    const struct tarn_text *columns; /**< ZORDER, HILBERT: columns, members of structs behind dots; most significant first */
    bool full;                       /**< also files that are laid out like this already */
    bool purge;                      /**< instead: the files with deleted rows, and only those, are written without them */
    bool dry_run;
    uint64_t memory;          /**< bytes that sorting may take; 0: 256 MiB */
    struct tarn_store *spill; /**< where rows wait that sorting has no room for; NULL: then it is LIMIT, detail "sort_memory" */
    int64_t deadline;         /**< of the commit, as in struct tarn_transaction_options */
};

#define TARN_OPTIMIZE_OPTIONS_INIT                                                                                                         \
    {                                                                                                                                      \
        sizeof(struct tarn_optimize_options), NULL, {NULL, 0}, 0, TARN_LAYOUT_TABLE, 0, NULL, false, false, false, 0, NULL, 0              \
    }

struct tarn_optimize_result {
    uint32_t size;
    int64_t version;           /**< made, or the newest where there was nothing to do */
    uint64_t files_considered; /**< live files that `where` leaves */
    uint64_t files_removed;
    uint64_t bytes_removed;
    uint64_t files_added; /**< of a dry run: about */
    uint64_t bytes_added; /**< of a dry run: as much as is removed */
    uint64_t rows;        /**< that were written; of a dry run: of the files that say how many they have */
    uint64_t rows_purged; /**< deleted rows that are in no file any more */
    uint32_t partitions;  /**< in which files were written */
    uint32_t attempts;    /**< how often it was begun: a conflict starts it over */
};

#define TARN_OPTIMIZE_RESULT_INIT                                                                                                          \
    {                                                                                                                                      \
        sizeof(struct tarn_optimize_result), -1, 0, 0, 0, 0, 0, 0, 0, 0, 0                                                                 \
    }

/* ---- vacuum ---- */

enum tarn_vacuum_mode {
    TARN_VACUUM_FULL = 0, /**< everything in the table's folder that no version in its time needs, found by listing it */
    TARN_VACUUM_LITE,     /**< what the log says it has let go of: no listing, but nothing that the log never knew */
};

/** A file that goes, or would. Borrowed during the call. */
typedef void (*tarn_vacuum_fn)(void *arg, struct tarn_text key, uint64_t size);

struct tarn_vacuum_options {
    uint32_t size;
    int64_t retention; /**< microseconds that a file is kept after the table let go of it; -1: what the table says (7 days) */
    bool force;        /**< also a shorter time than the table says, which readers and writers at work may not survive */
    enum tarn_vacuum_mode mode;
    struct tarn_source *inventory; /**< FULL: what there is, instead of listing: columns path, length, isDir, modificationTime (ms) */
    bool log;                      /**< begin and end are entries of the table's history */
    bool dry_run;
    tarn_vacuum_fn fn; /**< told of each file; may be NULL */
    void *arg;
};

#define TARN_VACUUM_OPTIONS_INIT                                                                                                           \
    {                                                                                                                                      \
        sizeof(struct tarn_vacuum_options), -1, false, TARN_VACUUM_FULL, NULL, false, false, NULL, NULL                                    \
    }

struct tarn_vacuum_result {
    uint32_t size;
    int64_t version; /**< that decided what stays */
    uint64_t files;  /**< that went, or would */
    uint64_t bytes;
    uint64_t temporaries;  /**< of these files: what writers that died had begun */
    uint64_t files_looked; /**< at: listed, in the inventory, or let go of by the log */
    uint64_t files_kept;   /**< of these: needed, or too young */
    int64_t horizon;       /**< microseconds since 1970 UTC: what was let go of before went */
};

#define TARN_VACUUM_RESULT_INIT                                                                                                            \
    {                                                                                                                                      \
        sizeof(struct tarn_vacuum_result), -1, 0, 0, 0, 0, 0, 0                                                                            \
    }

/* ---- clone ---- */

struct tarn_clone_options {
    uint32_t size;
    int64_t version; /**< of the source; -1: the newest */
    int64_t as_of;   /**< or by time; INT64_MIN: not by time */
    bool shallow;    /**< over the source's own files, which must stay where they are */
    bool force;      /**< what was changed in the clone since it was made goes */
    bool dry_run;
};

#define TARN_CLONE_OPTIONS_INIT                                                                                                            \
    {                                                                                                                                      \
        sizeof(struct tarn_clone_options), -1, INT64_MIN, false, false, false                                                              \
    }

struct tarn_clone_result {
    uint32_t size;
    int64_t version;        /**< of the clone */
    int64_t source_version; /**< that it is equal to */
    uint64_t files_added;   /**< to the clone */
    uint64_t bytes_added;
    uint64_t files_removed; /**< from the clone, which the source has no more */
    uint64_t files_kept;    /**< that the clone had already */
    uint64_t files_copied;  /**< objects that were not there yet, deletion vectors too */
    uint64_t bytes_copied;
};

#define TARN_CLONE_RESULT_INIT                                                                                                             \
    {                                                                                                                                      \
        sizeof(struct tarn_clone_result), -1, -1, 0, 0, 0, 0, 0, 0                                                                         \
    }

/* ---- adopt ---- */

struct tarn_adopt_options {
    uint32_t size;
    const char *format;                   /**< of the table; NULL: delta */
    const struct tarn_schema *partitions; /**< names and types of the partitions, as folders have them; NULL: inferred */
    uint32_t property_count;
    const struct tarn_property *properties; /**< of the table */
    bool dry_run;
};

#define TARN_ADOPT_OPTIONS_INIT                                                                                                            \
    {                                                                                                                                      \
        sizeof(struct tarn_adopt_options), NULL, NULL, 0, NULL, false                                                                      \
    }

struct tarn_adopt_result {
    uint32_t size;
    int64_t version; /**< of the table; -1: it was not made */
    uint64_t files;
    uint64_t bytes;
    uint64_t rows;
    uint64_t files_left; /**< that are no Parquet, and no part of the table */
};

#define TARN_ADOPT_RESULT_INIT                                                                                                             \
    {                                                                                                                                      \
        sizeof(struct tarn_adopt_result), -1, 0, 0, 0, 0                                                                                   \
    }

TARN_BEGIN_DECLS

/**
 * Lays out the files of a table anew; no row is added, changed or lost, and no commit that only adds rows conflicts with it. `options` and
 * `result` may be NULL. Errors also: CONFLICT (others took out the same files again and again), NOT_FOUND "column", INVALID "layout" (a
 * column that has no order, is nested, or partitions the table), LIMIT "sort_memory".
 */
TARN_CALL tarn_table_optimize(struct tarn_env *env, struct tarn_text uri, const struct tarn_optimize_options *options,
                              struct tarn_optimize_result *result, struct tarn_error *err);

/**
 * Removes files of the table's folder that neither the newest version needs nor an older one that was newest less than `retention` ago, and
 * that are themselves older than that. Nothing outside the folder is touched, nothing of the log, no file or folder whose name begins with
 * '_' or '.' (but for change data and partitions). A file that vanishes meanwhile is no error. `options` and `result` may be NULL.
 * Errors also: INVALID "retention" (shorter than the table's, without `force`), "log_pruned" (LITE), "inventory" (its columns);
 * UNSUPPORTED (a table that other clean-ups than this one know, a format that has none).
 */
TARN_CALL tarn_table_vacuum(struct tarn_env *env, struct tarn_text uri, const struct tarn_vacuum_options *options,
                            struct tarn_vacuum_result *result, struct tarn_error *err);

/**
 * Makes a table equal to a version of another one, in one commit. Deep: its files are copied; where the destination is a clone of the same
 * source already, only what changed since, and what an attempt that failed has copied is not copied again. Shallow: it names the source's
 * files, which readers must be allowed to open, and which a clean-up of the source removes. Tables of one format. `options` and `result`
 * may be NULL. Errors also: EXISTS (another table is there), INVALID "diverged" (the clone was changed since), NOT_FOUND "data_file",
 * UNSUPPORTED "table.clone", "clone.outside" (a deep clone of a shallow one), "clone.location".
 */
TARN_CALL tarn_table_clone(struct tarn_env *env, struct tarn_text source, struct tarn_text destination,
                           const struct tarn_clone_options *options, struct tarn_clone_result *result, struct tarn_error *err);

/**
 * Makes a folder of Parquet files into a table, where they lie: folders "name=value" are its partitions, the schema is that of all files,
 * statistics come from their footers, and nothing but the log is written. `options` and `result` may be NULL. Errors also: EXISTS (it is a
 * table), NOT_FOUND "files", INVALID "partition_layout" (files under other folders), "type" (files whose columns differ), a partition value
 * that is not of its type; UNSUPPORTED "adopt.column" (a name or a type that the format would store otherwise), "table.adopt".
 */
TARN_CALL tarn_table_adopt(struct tarn_env *env, struct tarn_text uri, const struct tarn_adopt_options *options,
                           struct tarn_adopt_result *result, struct tarn_error *err);

TARN_END_DECLS

#endif
