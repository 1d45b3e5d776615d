/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_CHECKPOINT_ROWS_H
#define TARN_TXLOG_DELTA_DELTA_CHECKPOINT_ROWS_H

#include "format/batch/vector_builder.h"
#include "tarn/sink.h"
#include "txlog/delta/delta_state.h"

/*
 * Actions as rows of a checkpoint's Parquet file.
 *
 * A row has one action; rows of a kind go in batches, so that all other columns of a batch are nulls without memory. Threads: single.
 */
enum tarn__checkpoint_column {
    TARN_CHECKPOINT_TXN = 0,
    TARN_CHECKPOINT_ADD,
    TARN_CHECKPOINT_REMOVE,
    TARN_CHECKPOINT_METADATA,
    TARN_CHECKPOINT_PROTOCOL,
    TARN_CHECKPOINT_DOMAIN,
    TARN_CHECKPOINT_METADATA_V2, /* checkpointMetadata and sidecar: version 2 only */
    TARN_CHECKPOINT_SIDECAR,
    TARN_CHECKPOINT_COLUMNS
};

/** Which columns a checkpoint of this table has. */
struct tarn__checkpoint_shape {
    bool v2;
    bool files_only;       /* a sidecar */
    bool stats_json;       /* add.stats */
    bool stats_struct;     /* add.stats_parsed */
    bool partition_struct; /* add.partitionValues_parsed */
};

struct tarn__checkpoint_sidecar {
    struct tarn_text path; /* file name */
    uint64_t size;
    int64_t modified; /* milliseconds */
};

struct tarn__checkpoint_rows {
    const struct tarn_snapshot *snapshot;
    struct tarn__checkpoint_shape shape;
    struct tarn_schema *schema;
    struct tarn_sink *sink; /* the caller's */
    struct tarn_vector_builder *builders[TARN_CHECKPOINT_COLUMNS];
    uint32_t column_count;
    enum tarn__checkpoint_column columns[TARN_CHECKPOINT_COLUMNS];
    enum tarn__checkpoint_column kind; /* of the rows that wait */
    uint32_t waiting;
    uint64_t written; /* rows */
    struct tarn_arena arena;
    struct tarn_text_builder text;
};

/** The schema is there afterwards; `sink` is set by the caller before the first row. Ends with tarn__checkpoint_rows_close, also on
 * failure.
 */
TARN_WARN_UNUSED enum tarn_status tarn__checkpoint_rows_open(struct tarn__checkpoint_rows *rows, const struct tarn_snapshot *snapshot,
                                                             struct tarn__checkpoint_shape shape, struct tarn_error *err);
void tarn__checkpoint_rows_close(struct tarn__checkpoint_rows *rows);

/** `statistics`: the file's, as JSON; empty: none. */
TARN_WARN_UNUSED enum tarn_status tarn__checkpoint_put_add(struct tarn__checkpoint_rows *rows, const struct tarn__tracked_file *file,
                                                           struct tarn_text statistics, struct tarn_error *err);
/** Does a tombstone say size and partition values (extendedFileMetadata)? */
bool tarn__checkpoint_is_extended(const struct tarn_snapshot *snapshot, const struct tarn__file_set *set,
                                  const struct tarn__tracked_file *file);
/** A tombstone of `set`. */
TARN_WARN_UNUSED enum tarn_status tarn__checkpoint_put_remove(struct tarn__checkpoint_rows *rows, const struct tarn__file_set *set,
                                                              const struct tarn__tracked_file *file, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__checkpoint_put_protocol(struct tarn__checkpoint_rows *rows,
                                                                const struct tarn__delta_protocol *protocol, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__checkpoint_put_metadata(struct tarn__checkpoint_rows *rows,
                                                                const struct tarn__delta_metadata *metadata, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__checkpoint_put_txn(struct tarn__checkpoint_rows *rows, const struct tarn__delta_txn *txn,
                                                           struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__checkpoint_put_domain(struct tarn__checkpoint_rows *rows, const struct tarn__delta_domain *domain,
                                                              struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__checkpoint_put_version(struct tarn__checkpoint_rows *rows, int64_t version, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__checkpoint_put_sidecar(struct tarn__checkpoint_rows *rows,
                                                               const struct tarn__checkpoint_sidecar *sidecar, struct tarn_error *err);
/** What still waits goes to the sink. */
TARN_WARN_UNUSED enum tarn_status tarn__checkpoint_flush(struct tarn__checkpoint_rows *rows, struct tarn_error *err);

/* ---- statistics and partition values with their types (delta_checkpoint_parsed.c) ---- */

/** The type of stats_parsed, in the arena; NULL with OK: the table has no column for it. */
TARN_WARN_UNUSED enum tarn_status tarn__checkpoint_stats_type(const struct tarn_snapshot *snapshot, struct tarn_arena *arena,
                                                              const struct tarn_type **out, struct tarn_error *err);
/** The type of partitionValues_parsed; NULL with OK: the table is not partitioned. */
TARN_WARN_UNUSED enum tarn_status tarn__checkpoint_partition_type(const struct tarn_snapshot *snapshot, struct tarn_arena *arena,
                                                                  const struct tarn_type **out, struct tarn_error *err);
/** One row each. Statistics that do not parse are null: they were of no use either. */
void tarn__checkpoint_put_stats(struct tarn_env *env, struct tarn_arena *arena, const struct tarn_type *type, struct tarn_text statistics,
                                struct tarn_vector_builder *builder);
void tarn__checkpoint_put_partition(const struct tarn__partition *partition, const struct tarn_type *type,
                                    struct tarn_vector_builder *builder);

#endif
