/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_QUERY_STATE_H
#define TARN_QUERY_QUERY_STATE_H

#include "query/exec/stage.h"
#include "query/sql/parser.h"

/*
 * A query from its text to its rows. SELECT is here; statements that change tables, and what names mean in FROM, come in through
 * `struct tarn__relations`, so that this part needs no tables.
 */
struct tarn_query {
    struct tarn_env *env;
    struct tarn_arena arena;
    struct tarn_text sql; /**< a copy */
    struct tarn_query_options options;
    struct tarn_query_info info;
    struct tarn__statement *statement;
    struct tarn__relations relations;
    struct tarn__planner planner;
    struct tarn__plan *plan;
    struct tarn_schema *schema;
    struct tarn__run run;
    struct tarn__stage *stage;
    struct tarn__stream *stream;
    struct tarn__chunk ready;      /**< rows of a statement that makes them itself (EXPLAIN, DESCRIBE) */
    struct tarn_batch *batch;      /**< the last one handed out */
    struct tarn_snapshot *changes; /**< of the table that the statement writes to, while its rows are planned; borrowed */
    bool reads_changes;            /**< and that it reads, too */
    struct tarn_scan_stats stats;
    uint64_t rows_given;
    void (*close_relations)(void *ctx); /**< after everything that reads them; may be NULL */
};

/** Copies the text, parses its first statement, readies the planner. `relations` NULL: FROM is refused. */
TARN_WARN_UNUSED enum tarn_status tarn__query_begin(struct tarn_env *env, struct tarn_text sql, const struct tarn_query_options *options,
                                                    struct tarn_query **out, struct tarn_error *err);
/** Plans and starts the statement's SELECT. */
TARN_WARN_UNUSED enum tarn_status tarn__query_select(struct tarn_query *query, struct tarn_error *err);
/** Opens the stages of a plan and its stream; the schema of the result too. */
TARN_WARN_UNUSED enum tarn_status tarn__query_start(struct tarn_query *query, struct tarn__plan *plan, struct tarn_error *err);
/** EXPLAIN: the plan as rows. */
TARN_WARN_UNUSED enum tarn_status tarn__query_explain(struct tarn_query *query, struct tarn_error *err);
/** Rows of text columns: `cells` row after row. */
TARN_WARN_UNUSED enum tarn_status tarn__query_text_rows(struct tarn_query *query, uint32_t column_count, const char *const *names,
                                                        uint32_t row_count, const struct tarn_text *cells, struct tarn_error *err);
/** Ends what runs and keeps its counters. */
void tarn__query_stop(struct tarn_query *query);
/** An error about values gets the line it came from. Returns `status`. */
enum tarn_status tarn__query_point(const struct tarn_query *query, enum tarn_status status, struct tarn_error *err);
/** A chunk as a batch of `schema`: takes the chunk over. */
TARN_WARN_UNUSED enum tarn_status tarn__chunk_to_batch(struct tarn_env *env, const struct tarn_schema *schema, struct tarn__chunk *chunk,
                                                       struct tarn_batch **out, struct tarn_error *err);

#endif
