/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_EXEC_STAGE_H
#define TARN_QUERY_EXEC_STAGE_H

#include "query/plan/plan.h"

/*
 * Running plans. A stage is an operator that gives its rows as independent tasks, in order: those of task 0, then of task 1, ... A scan has
 * as many tasks as its source, a project or filter as many as its input, all others one. A stream walks one task, chunk by chunk.
 *
 * Results do not depend on how many threads run: what is computed per task is combined in the order of tasks.
 * Ownership: a stage owns its input; streams must be closed before their stage. Threads: streams of different tasks may run on different
 * threads at once.
 */

/** Some rows: columns of equal length, each a reference of the chunk's. */
struct tarn__chunk {
    uint32_t rows; /**< 0: the end */
    uint32_t column_count;
    struct tarn_vector **columns;
};

struct tarn__stream;

struct tarn__stream_ops {
    /** The next rows, which are the caller's to free; rows == 0 is the end. */
    enum tarn_status (*next)(struct tarn__stream *stream, struct tarn__chunk *out, struct tarn_error *err);
    void (*close)(struct tarn__stream *stream);
};

struct tarn__stream {
    const struct tarn__stream_ops *ops;
};

struct tarn__stage;

struct tarn__stage_ops {
    uint32_t (*task_count)(struct tarn__stage *stage);
    enum tarn_status (*open)(struct tarn__stage *stage, uint32_t task, struct tarn__stream **out, struct tarn_error *err);
    void (*close)(struct tarn__stage *stage);
};

struct tarn__stage {
    const struct tarn__stage_ops *ops;
    struct tarn_env *env;
    const struct tarn__plan *plan;
    struct tarn__stage *input;
};

/** What runs a plan: its stages, and the scan's counters. */
struct tarn__run {
    struct tarn_env *env;
    struct tarn_scan *scan; /**< of the last scan that was opened; borrowed; NULL: none */
};

TARN_WARN_UNUSED enum tarn_status tarn__stage_open(struct tarn__run *run, const struct tarn__plan *plan, struct tarn__stage **out,
                                                   struct tarn_error *err);
/** NULL is legal, as in the closes below. Closes the input too. */
void tarn__stage_close(struct tarn__stage *stage);
void tarn__stream_close(struct tarn__stream *stream);

/** All tasks as one stream, in order; several at a time on the executor, unless `lazy` (rows may not be wanted). */
TARN_WARN_UNUSED enum tarn_status tarn__stage_gather(struct tarn__stage *stage, bool lazy, struct tarn__stream **out,
                                                     struct tarn_error *err);

/** Columns zeroed. */
TARN_WARN_UNUSED enum tarn_status tarn__chunk_init(struct tarn__chunk *chunk, struct tarn_env *env, uint32_t rows, uint32_t column_count,
                                                   struct tarn_error *err);
void tarn__chunk_free(struct tarn__chunk *chunk, struct tarn_env *env);
/** Rows picked by position, in that order: a new chunk. */
TARN_WARN_UNUSED enum tarn_status tarn__chunk_gather(const struct tarn__chunk *chunk, struct tarn_env *env, const uint32_t *positions,
                                                     uint32_t count, struct tarn__chunk *out, struct tarn_error *err);

/** A growing list of chunks. Zeroed at the begin. */
struct tarn__chunks {
    struct tarn__chunk *items;
    size_t count;
    size_t capacity;
    uint64_t rows;
};
/** Takes the chunk over, also on failure. */
TARN_WARN_UNUSED enum tarn_status tarn__chunks_add(struct tarn__chunks *chunks, struct tarn_env *env, struct tarn__chunk *chunk,
                                                   struct tarn_error *err);
void tarn__chunks_free(struct tarn__chunks *chunks, struct tarn_env *env);
/** All rows as one chunk. Errors: LIMIT (2^31 rows). */
TARN_WARN_UNUSED enum tarn_status tarn__chunks_concat(const struct tarn__chunks *chunks, struct tarn_env *env, uint32_t column_count,
                                                      const struct tarn__scope_column *columns, struct tarn__chunk *out,
                                                      struct tarn_error *err);
/** Rows from..from+count of a chunk: a new chunk. */
TARN_WARN_UNUSED enum tarn_status tarn__chunk_slice(const struct tarn__chunk *chunk, struct tarn_env *env, uint32_t from, uint32_t count,
                                                    struct tarn__chunk *out, struct tarn_error *err);

/** A stage with one task, whose stream `open_one` makes. */
uint32_t tarn__stage_one_task(struct tarn__stage *stage);

/** Runs fn for every task of `stage` in waves on the executor, then `merge` for each in the order of tasks. `partial` is fn's to make. */
struct tarn__fold_ops {
    enum tarn_status (*task)(void *ctx, uint32_t task, void **partial, struct tarn_error *err);
    enum tarn_status (*merge)(void *ctx, void *partial, struct tarn_error *err);
    void (*drop)(void *ctx, void *partial);
};
TARN_WARN_UNUSED enum tarn_status tarn__fold_tasks(struct tarn_env *env, uint32_t task_count, const struct tarn__fold_ops *ops, void *ctx,
                                                   struct tarn_error *err);

/* ---- the operators ---- */
enum tarn_status tarn__scan_stage_open(struct tarn__run *run, const struct tarn__plan *plan, struct tarn__stage **out,
                                       struct tarn_error *err);
enum tarn_status tarn__map_stage_open(struct tarn_env *env, const struct tarn__plan *plan, struct tarn__stage *input,
                                      struct tarn__stage **out, struct tarn_error *err);
enum tarn_status tarn__values_stage_open(struct tarn_env *env, const struct tarn__plan *plan, struct tarn__stage **out,
                                         struct tarn_error *err);
enum tarn_status tarn__limit_stage_open(struct tarn_env *env, const struct tarn__plan *plan, struct tarn__stage *input,
                                        struct tarn__stage **out, struct tarn_error *err);
enum tarn_status tarn__sort_stage_open(struct tarn_env *env, const struct tarn__plan *plan, struct tarn__stage *input,
                                       struct tarn__stage **out, struct tarn_error *err);
enum tarn_status tarn__aggregate_stage_open(struct tarn_env *env, const struct tarn__plan *plan, struct tarn__stage *input,
                                            struct tarn__stage **out, struct tarn_error *err);

#endif
