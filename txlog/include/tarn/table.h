/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TABLE_H
#define TARN_TABLE_H

#include "tarn/cursor.h"
#include "tarn/expr.h"
#include "tarn/finding.h"
#include "tarn/sink.h"
#include "tarn/store.h"

/*
 * Tables: snapshots to read, transactions to change. Delta or Iceberg is not the caller's business.
 *
 * A snapshot is one version of a table: immutable, shareable, counted by reference. Its scan is a source (tarn/cursor.h).
 * A transaction starts from one snapshot, stages new files, names the files it takes out, and commits all of it or nothing: optimistic,
 * retried against whoever came first as long as the two do not conflict.
 *
 * Outcomes of commit: OK (durable as the env's mode says); CONFLICT (nothing changed; start over from a new snapshot); COMMIT_UNKNOWN (the
 * store did not say and could not be read; nothing staged was removed; tarn_transaction_commit_id tells whether it landed later).
 */

struct tarn_snapshot;
struct tarn_transaction;

struct tarn_snapshot_options {
    uint32_t size;
    int64_t version;      /**< -1: not by version. Delta counts from 0; Iceberg: snapshot id, any number */
    int64_t as_of;        /**< the newest version not younger than this, microseconds since 1970 UTC; INT64_MIN: not by time */
    struct tarn_text ref; /**< branch or tag; empty: main */
};

#define TARN_SNAPSHOT_OPTIONS_INIT                                                                                                         \
    {                                                                                                                                      \
        sizeof(struct tarn_snapshot_options), -1, INT64_MIN,                                                                               \
        {                                                                                                                                  \
            NULL, 0                                                                                                                        \
        }                                                                                                                                  \
    }

struct tarn_snapshot_info {
    const char *format;        /**< "delta", "iceberg" */
    struct tarn_text location; /**< as it was opened */
    struct tarn_text table_id;
    struct tarn_text name;
    struct tarn_text comment;
    int64_t version;   /**< -1: an Iceberg table without a snapshot */
    int64_t timestamp; /**< of the commit, microseconds since 1970 UTC */
    uint64_t file_count;
    uint64_t total_bytes;
    bool has_row_count; /**< every file says how many rows it has */
    uint64_t row_count;
    uint32_t partition_column_count;
    const struct tarn_text *partition_columns;
    uint32_t property_count;
    const struct tarn_property *properties;
    int32_t reader_version; /**< protocol of the format */
    int32_t writer_version;
    uint32_t feature_count;
    const struct tarn_text *features;
    uint32_t
        note_count; /**< what was wrong with the table's metadata and had a way round it: a damaged checkpoint, a checksum that differs */
    const struct tarn_text *notes;
};

/** A file of a snapshot. Borrowed during the call that hands it out. */
struct tarn_file_info {
    struct tarn_text path; /**< key in the table's store, decoded */
    uint64_t size;
    int64_t modified; /**< microseconds since 1970 UTC */
    bool has_row_count;
    uint64_t row_count; /**< without those that are deleted */
    uint32_t partition_count;
    const struct tarn_value *partition_values; /**< in the order of partition_columns; none of a file under another spec */
    struct tarn_text statistics;               /**< as the table's format stores them; empty: none */
    uint64_t deleted_rows;                     /**< rows that the file still holds and a deletion vector takes away */
    uint64_t deletion_id;                      /**< tells deletion vectors of a file apart; 0: it has none */
};

typedef enum tarn_status (*tarn_file_fn)(void *arg, const struct tarn_file_info *file, struct tarn_error *err);

/** One commit of the history. Borrowed during the call. */
struct tarn_commit_info {
    int64_t version;
    int64_t timestamp;
    struct tarn_text operation;  /**< "WRITE", "DELETE", ...; empty: not recorded */
    struct tarn_text parameters; /**< JSON object; empty: none */
    struct tarn_text metrics;    /**< JSON object; empty: none */
    struct tarn_text engine;
    struct tarn_text commit_id;
    struct tarn_text user_metadata;
    int64_t read_version; /**< -1: not recorded */
    bool blind_append;
    uint64_t files_added;
    uint64_t files_removed;
    uint64_t bytes_added;
    uint64_t rows_added;   /**< of added files that say so */
    uint64_t rows_removed; /**< of removed files that say so */
    bool has_rows_added;   /**< every added file says so: `rows_added` is all of them */
    bool has_rows_removed;
};

typedef enum tarn_status (*tarn_commit_fn)(void *arg, const struct tarn_commit_info *commit, struct tarn_error *err);

struct tarn_table_create_options {
    uint32_t size;
    const char *format; /**< "delta", "iceberg"; NULL: delta, and iceberg in a catalog */
    const struct tarn_schema *schema;
    uint32_t partition_column_count;
    const struct tarn_text *partition_columns; /**< names; Iceberg also transforms: bucket(16, id), truncate(4, name), day(at) */
    uint32_t property_count;
    const struct tarn_property *properties;
    struct tarn_text name;
    struct tarn_text comment;
    bool
        narrow; /**< types the format has no word for are narrowed (nanoseconds to microseconds, u64 to decimal(20,0)) instead of refused */
};

#define TARN_TABLE_CREATE_OPTIONS_INIT                                                                                                     \
    {                                                                                                                                      \
        sizeof(struct tarn_table_create_options), NULL, NULL, 0, NULL, 0, NULL, {NULL, 0}, {NULL, 0}, false                                \
    }

struct tarn_transaction_options {
    uint32_t size;
    const char *operation;       /**< history's word: "WRITE", "DELETE", "UPDATE", "RESTORE", "CREATE TABLE AS SELECT" ...; NULL: WRITE */
    struct tarn_text parameters; /**< JSON object of strings for history; empty: none */
    struct tarn_text user_metadata;
    struct tarn_text app_id; /**< with `app_version`: commit once only. A repeated one is EXISTS with detail "app_transaction" */
    int64_t app_version;
    int64_t deadline; /**< microseconds that retries may take; 0: 60 s */
    bool rearranges;  /**< the table holds the same rows afterwards: files are only laid out anew */
    bool row_by_row;  /**< rows are taken out or changed each by itself, by a predicate over it that gives the same answer every time */
    const struct tarn_expr_host *expr_host; /**< for the table's expressions; must outlive the transaction. NULL: the env's */
};

#define TARN_TRANSACTION_OPTIONS_INIT                                                                                                      \
    {                                                                                                                                      \
        sizeof(struct tarn_transaction_options), NULL, {NULL, 0}, {NULL, 0}, {NULL, 0}, 0, 0, false, false, NULL                           \
    }

/** What commit did. */
struct tarn_commit_result {
    int64_t version;
    uint64_t files_added;
    uint64_t files_removed;
    uint64_t rows_added;
    uint64_t bytes_added;
    uint32_t attempts;
};

/**
 * Paths (one step) by which scans of a table whose rows have ids give these, and the version that last changed the row: BIGINT, null where
 * the table's rows have none. A column of the table that has such a name goes before.
 */
#define TARN_ROW_ID "_metadata.row_id"
#define TARN_ROW_VERSION "_metadata.row_commit_version"

TARN_BEGIN_DECLS

/** Is there a table at `uri`? *format: "delta", "iceberg" or NULL. Errors: AUTH, IO. */
TARN_CALL tarn_table_detect(struct tarn_env *env, struct tarn_text uri, const char **format, struct tarn_error *err);

/** `options` NULL: the newest version. Errors: NOT_FOUND (table, version), CORRUPT, UNSUPPORTED (a feature by name), IO, LIMIT, NOMEM. */
TARN_CALL tarn_snapshot_load(struct tarn_env *env, struct tarn_text uri, const struct tarn_snapshot_options *options,
                             struct tarn_snapshot **out, struct tarn_error *err);
/**
 * The newest version of the snapshot's table: the same snapshot, with one more reference, when there is nothing new, else a new one that
 * shares with it what did not change. Cost with Delta: the new commits, whatever the number of files and commits below; nothing is listed.
 * Other formats load anew. Close both. Errors: as of tarn_snapshot_load; `snapshot` stays as it is.
 */
TARN_CALL tarn_snapshot_refresh(struct tarn_snapshot *snapshot, struct tarn_snapshot **newer, struct tarn_error *err);
TARN_API struct tarn_snapshot *tarn_snapshot_retain(struct tarn_snapshot *snapshot);
TARN_API void tarn_snapshot_close(struct tarn_snapshot *snapshot);
/** Borrowed from the snapshot. */
TARN_API struct tarn_snapshot_info tarn_snapshot_info(const struct tarn_snapshot *snapshot);
TARN_API const struct tarn_schema *tarn_snapshot_schema(const struct tarn_snapshot *snapshot);
/** The rows of the snapshot: files pruned by partition values and statistics, then as their reader prunes. It keeps the snapshot. */
TARN_CALL tarn_snapshot_source(struct tarn_snapshot *snapshot, struct tarn_source **out, struct tarn_error *err);
/**
 * The rows of some of its files, each named by its place in the order of tarn_snapshot_files; places ascend. For comparing versions: files
 * that both have need not be read. Errors: INVALID (places), NOMEM.
 */
TARN_CALL tarn_snapshot_files_source(struct tarn_snapshot *snapshot, uint32_t count, const uint32_t *places, struct tarn_source **out,
                                     struct tarn_error *err);
/** Each live file once. */
TARN_CALL tarn_snapshot_files(struct tarn_snapshot *snapshot, tarn_file_fn fn, void *arg, struct tarn_error *err);
/**
 * The live files that can hold a row for which `predicate` is true, by partition values and statistics; NULL: all. Without `statistics`,
 * which some formats would have to print. Errors: INVALID (a column of the predicate), CORRUPT, NOMEM, those of `fn`.
 */
TARN_CALL tarn_snapshot_plan_files(struct tarn_snapshot *snapshot, const struct tarn_expr *predicate, tarn_file_fn fn, void *arg,
                                   struct tarn_error *err);

/** Commits from the newest to the oldest that is still there; `limit` 0: all. */
TARN_CALL tarn_table_history(struct tarn_env *env, struct tarn_text uri, uint64_t limit, tarn_commit_fn fn, void *arg,
                             struct tarn_error *err);

/** A transaction on an existing table. Errors: UNSUPPORTED (the writer features by name). */
TARN_CALL tarn_transaction_open(struct tarn_snapshot *snapshot, const struct tarn_transaction_options *options,
                                struct tarn_transaction **out, struct tarn_error *err);
/** A transaction that makes the table, with all the rows that go to its sink, as its first version. Errors: EXISTS, INVALID, UNSUPPORTED.
 */
TARN_CALL tarn_transaction_create(struct tarn_env *env, struct tarn_text uri, const struct tarn_table_create_options *create,
                                  const struct tarn_transaction_options *options, struct tarn_transaction **out, struct tarn_error *err);

/** Schema that batches for the sink must have: the table's, by position. */
TARN_API const struct tarn_schema *tarn_transaction_schema(const struct tarn_transaction *transaction);

/**
 * Where new rows go: constraints, partition fan-out, data files with statistics. One at a time; finish stages its files (not yet a commit),
 * abort drops them. Errors: INVALID (a null in a non-null column, with its row), UNSUPPORTED (constraints without an expression host).
 */
TARN_CALL tarn_transaction_sink(struct tarn_transaction *transaction, struct tarn_sink **out, struct tarn_error *err);

/**
 * The same for rows of another schema, which is retained: columns are found by name, and a type is widened to the table's where that loses
 * nothing (small and unsigned integers, floats, decimals, texts of all kinds). `narrow`: also timestamps to the table's unit, by leaving
 * digits out. Errors also: INVALID, detail "column" (the two have not the same columns) or "type".
 */
TARN_CALL tarn_transaction_sink_from(struct tarn_transaction *transaction, const struct tarn_schema *schema, bool narrow,
                                     struct tarn_sink **out, struct tarn_error *err);

/**
 * Notes rows as read that the caller came to know otherwise (NULL: the whole table): a commit that came first and changed them is then a
 * conflict.
 */
TARN_CALL tarn_transaction_read(struct tarn_transaction *transaction, const struct tarn_expr *predicate, struct tarn_error *err);
/** The newest transaction of an application in the base; -1: none. It is noted as read: another that comes first is a conflict. */
TARN_CALL tarn_transaction_app_version(struct tarn_transaction *transaction, struct tarn_text app_id, int64_t *version,
                                       struct tarn_error *err);

/**
 * Rows that are copied from files of the table to new ones may carry more than their columns: ids that stay theirs, the version that last
 * changed them. The schema is the table's, and behind its columns those that rows carry (in most tables none), each named as a path by
 * which a scan of the table's files gives it; a null makes the row a new one, or one that this commit changed. The schema is a reference
 * for the caller. One sink for new or copied rows at a time; rows that go to the plain sink lose what they carried.
 */
TARN_CALL tarn_transaction_copy_schema(const struct tarn_transaction *transaction, struct tarn_schema **out, struct tarn_error *err);
TARN_CALL tarn_transaction_copy_sink(struct tarn_transaction *transaction, struct tarn_sink **out, struct tarn_error *err);

/** Does the table ask for its changes to be recorded (tarn/changes.h)? */
TARN_API bool tarn_transaction_records_changes(const struct tarn_transaction *transaction);
/**
 * Where changes are recorded that the files which come and go do not tell by themselves: rows of the table's columns and a last one,
 * `_change_type`. A commit with recorded changes must record all of its changes, those of new files and of files taken out whole too.
 * Beside the sink for rows; one at a time. Errors: UNSUPPORTED table.changes (the format records none).
 */
TARN_CALL tarn_transaction_change_sink(struct tarn_transaction *transaction, struct tarn_sink **out, struct tarn_error *err);

/**
 * Copy-on-write. `select` notes `predicate` as read (NULL: the whole table) and finds the files that can hold matching rows; then for each
 * of *count files: read it (file_source gives its rows as the table has them), write what stays to the sink, and take it out.
 */
TARN_CALL tarn_transaction_select(struct tarn_transaction *transaction, const struct tarn_expr *predicate, uint32_t *count,
                                  struct tarn_error *err);
TARN_CALL tarn_transaction_file_source(struct tarn_transaction *transaction, uint32_t file, struct tarn_source **out,
                                       struct tarn_error *err);
TARN_CALL tarn_transaction_file_info(struct tarn_transaction *transaction, uint32_t file, struct tarn_file_info *out,
                                     struct tarn_error *err);
TARN_CALL tarn_transaction_remove(struct tarn_transaction *transaction, uint32_t file, struct tarn_error *err);

/**
 * Merge-on-read: deletes rows of a selected file that stays. Positions are those of the rows in the file, as a scan of its source gives
 * them for the path TARN_ROW_INDEX, in any order; rows that are gone already do not matter, calls for one file add up, and a file of which
 * no row is left goes whole. Errors: INVALID (deletion_vectors: the table does not let it, see tarn_transaction_deletes_rows; position: the
 * file has no such row), those of reading the file's deletion vector.
 */
TARN_CALL tarn_transaction_delete_rows(struct tarn_transaction *transaction, uint32_t file, size_t count, const uint64_t *positions,
                                       struct tarn_error *err);
/** Does the table let rows be deleted that way? Else files are written anew. */
TARN_API bool tarn_transaction_deletes_rows(const struct tarn_transaction *transaction);

/** Takes every file out: overwrite. */
TARN_CALL tarn_transaction_remove_all(struct tarn_transaction *transaction, struct tarn_error *err);
/**
 * Takes out the rows that meet `predicate` (NULL: all), over whole columns of the table: files of which all rows do go unread, others are
 * written again without them. New rows must meet it from then on: a sink's write is INVALID (detail replace_where) with the first row that
 * does not. The first thing of a transaction. `host` is for calls in the predicate and outlives the transaction; NULL: the env's.
 */
TARN_CALL tarn_transaction_replace_where(struct tarn_transaction *transaction, const struct tarn_expr *predicate,
                                         const struct tarn_expr_host *host, struct tarn_error *err);
/** New rows take the place of the partitions that they fall into; the commit finds out which. Without partitions: of everything. */
TARN_CALL tarn_transaction_replace_partitions(struct tarn_transaction *transaction, struct tarn_error *err);

/** Adds a number to the operation metrics of history ("numUpdatedRows"). */
TARN_CALL tarn_transaction_metric(struct tarn_transaction *transaction, const char *name, uint64_t value, struct tarn_error *err);

/** The unique id that the commit will carry. Valid as long as the transaction. */
TARN_API struct tarn_text tarn_transaction_commit_id(const struct tarn_transaction *transaction);

/** Commits; ends the transaction whatever the answer. A transaction without changes commits nothing and gives the snapshot's version. */
TARN_CALL tarn_transaction_commit(struct tarn_transaction *transaction, struct tarn_commit_result *result, struct tarn_error *err);
/** Removes what was staged. Ends the transaction. NULL is legal. */
TARN_API void tarn_transaction_abort(struct tarn_transaction *transaction);

/** A new version whose content (files, schema, properties) is that of `version`. */
TARN_CALL tarn_table_restore(struct tarn_env *env, struct tarn_text uri, int64_t version, struct tarn_commit_result *result,
                             struct tarn_error *err);

/**
 * Reads everything of a snapshot and proves it: log, files present with their sizes, checksums, rows and statistics recomputed.
 * `fn` is told each finding; the call itself fails only when it could not go on.
 */
TARN_CALL tarn_table_verify(struct tarn_snapshot *snapshot, void (*fn)(void *arg, const struct tarn_finding *finding), void *arg,
                            struct tarn_error *err);
/** The same for one file of any format that can be verified. */
TARN_CALL tarn_file_verify(struct tarn_store *store, struct tarn_text key, void (*fn)(void *arg, const struct tarn_finding *finding),
                           void *arg, struct tarn_error *err);

TARN_END_DECLS

#endif
