/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_INGEST_H
#define TARN_TXLOG_CORE_INGEST_H

#include "tarn/writer.h"
#include "txlog/core/snapshot.h"

/*
 * Batches to staged data files: nulls refused where the schema has none, rows fanned out by partition over a bounded number of open
 * writers, each file under a name that no other writer has, its statistics in the words of the table's format.
 *
 * Threads: single. A file is handed to `staged` when its bytes are complete and as durable as the env's mode says.
 */

/** What a finished file tells of one leaf. `index`: the way through the table's schema. */
struct tarn__leaf_statistics {
    uint32_t depth;
    const uint32_t *index;
    bool repeated; /* below a list or map: counts are of elements, not of rows */
    const struct tarn_type *type;
    struct tarn_bounds bounds;
    uint64_t stored; /* bytes in the file */
};

struct tarn__statistics_input {
    uint64_t rows;
    uint32_t leaf_count;
    const struct tarn__leaf_statistics *leaves;
    uint32_t row_group_count;
    const uint64_t *row_group_offsets;
};

/** A file that is written and not yet part of any version. */
struct tarn__staged_file {
    struct tarn_text path;
    uint64_t size;
    uint64_t rows;
    int64_t modified;
    struct tarn_text partition;  /* raw form */
    struct tarn_text statistics; /* empty: none */
    struct tarn_text tags;       /* JSON object that goes with the file unread; empty: none */
};

typedef enum tarn_status (*tarn__staged_fn)(void *arg, const struct tarn__staged_file *file, struct tarn_error *err);

/** Called with a key before its file comes into being, so that it can be removed whatever happens. */
typedef enum tarn_status (*tarn__staging_fn)(void *arg, struct tarn_text key, struct tarn_error *err);

/** A column of files that is none of the table's: rows bring it behind the table's columns, under `field`. */
struct tarn__extra_column {
    struct tarn_field field;
    struct tarn_text in_file; /* what files call it */
    int32_t id;               /* -1: none */
};

struct tarn__ingest_options {
    struct tarn_snapshot *snapshot;
    const char *folder; /* what keys begin with; NULL: the format's folder for data */
    uint32_t extra_count;
    const struct tarn__extra_column *extra; /* outlives the sink */
    bool no_statistics;
    tarn__staging_fn staging;
    tarn__staged_fn staged;
    void *arg;
    void (*ended)(void *arg, bool finished); /* the sink is gone */
    uint64_t file_bytes;                     /* bytes of batches that a file takes at most, about; 0: 1 GiB */
};

TARN_WARN_UNUSED enum tarn_status tarn__ingest_open(const struct tarn__ingest_options *options, struct tarn_sink **out,
                                                    struct tarn_error *err);

/** The selected rows as a batch that selects all: its columns are references or picked rows. `schema` has the batch's columns. */
TARN_WARN_UNUSED enum tarn_status tarn__batch_dense(struct tarn_env *env, const struct tarn_schema *schema, const struct tarn_batch *batch,
                                                    struct tarn_batch **out, struct tarn_error *err);

#endif
