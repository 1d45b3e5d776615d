/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_PLAN_PLAN_H
#define TARN_QUERY_PLAN_PLAN_H

#include "query/bind/bound.h"
#include "tarn/query.h"

/*
 * What a SELECT comes to: a chain of operators, from the result down to the scan. Each delivers columns by position.
 *
 * Everything lies in the arena of the query; expressions are released with tarn__plan_release. A plan is immutable while it runs.
 */
enum tarn__plan_kind {
    TARN__PLAN_SCAN = 0,
    TARN__PLAN_VALUES,
    TARN__PLAN_FILTER,
    TARN__PLAN_PROJECT,
    TARN__PLAN_AGGREGATE,
    TARN__PLAN_SORT,
    TARN__PLAN_LIMIT,
};

struct tarn__plan_aggregate {
    enum tarn__aggregate_kind kind;
    bool distinct;
    int32_t arg;    /**< column of the input; -1: none */
    int32_t filter; /**< BOOLEAN column of the input; -1: none */
    const struct tarn_type *arg_type;
    const struct tarn_type *type;
};

struct tarn__sort_key {
    uint32_t column;
    bool descending;
    bool nulls_first;
};

struct tarn__plan {
    enum tarn__plan_kind kind;
    struct tarn__plan *input;
    uint32_t column_count;
    const struct tarn__scope_column *columns; /**< what it delivers */

    struct tarn_source *source; /**< SCAN */
    struct tarn_text source_name;
    const struct tarn__scope *scope; /**< SCAN: the channels are the columns */
    struct tarn__bound *predicate_tree;
    struct tarn__expression predicate; /**< SCAN, FILTER; expr NULL: none */
    bool no_prune;
    uint64_t row_limit; /**< SCAN: a hint; 0: none */

    struct tarn__expression *exprs; /**< PROJECT: column_count; VALUES: row_count * column_count */
    struct tarn__bound **trees;     /**< of exprs, for EXPLAIN */
    uint32_t row_count;

    uint32_t key_count; /**< AGGREGATE: the first columns of the input */
    bool scalar;        /**< AGGREGATE without GROUP BY: one row, whatever comes */
    uint32_t aggregate_count;
    const struct tarn__plan_aggregate *aggregates;

    uint32_t sort_count;
    const struct tarn__sort_key *sorts;
    uint64_t limit; /**< SORT: top so many; LIMIT. UINT64_MAX: all */
    uint64_t offset;
};

/** Where the planner finds what FROM names. The source is borrowed: it lives as long as the query. */
struct tarn__relations {
    void *ctx;
    enum tarn_status (*open)(void *ctx, const struct tarn__table_name *name, struct tarn_text sql, struct tarn_source **out,
                             struct tarn_error *err);
};

struct tarn__planner {
    struct tarn__binder binder; /**< arena, env, sql, parameters, now */
    const struct tarn__relations *relations;
    bool no_prune;
};

TARN_WARN_UNUSED enum tarn_status tarn__plan_select(struct tarn__planner *planner, const struct tarn__select *select,
                                                    struct tarn__plan **out, struct tarn_error *err);
/** A plan that casts and renames the columns of another: INSERT, CREATE TABLE AS. */
TARN_WARN_UNUSED enum tarn_status tarn__plan_cast(struct tarn__planner *planner, struct tarn__plan *input, uint32_t count,
                                                  const struct tarn__scope_column *columns, const int32_t *from, uint32_t place,
                                                  struct tarn__plan **out, struct tarn_error *err);
/** A new node in the planner's arena. NULL: no memory. */
struct tarn__plan *tarn__plan_new(struct tarn__planner *planner, enum tarn__plan_kind kind, struct tarn__plan *input);
/** Releases the expressions of a chain. */
void tarn__plan_release(struct tarn__plan *plan);
/** A scope over an operator's columns. NULL: no memory. */
struct tarn__scope *tarn__plan_scope(struct tarn__planner *planner, const struct tarn__plan *plan, struct tarn_text alias);
/** A scope over a schema: channels as they are used. NULL: no memory. */
struct tarn__scope *tarn__schema_scope(struct tarn_arena *arena, const struct tarn_schema *schema, struct tarn_text alias);
/** The same of a source, with its hidden columns. */
struct tarn__scope *tarn__source_scope(struct tarn_arena *arena, struct tarn_source *source, struct tarn_text alias);
/** The plan as text, a line an operator. */
void tarn__plan_explain(struct tarn_text_builder *out, const struct tarn__plan *plan);

#endif
