/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_BIND_BOUND_H
#define TARN_QUERY_BIND_BOUND_H

#include "format/base/arena.h"
#include "query/functions/function.h"
#include "query/sql/ast.h"
#include "tarn/query.h"

/*
 * Bound expressions: every name looked up, every node typed, conversions written out; and the scope that names are looked up in.
 *
 * Between the syntax tree and struct tarn_expr there is this tree, because it is still taken apart: aggregates are pulled out, groups are
 * recognised, conjuncts are split. tarn__lower makes the tarn_expr of it. Everything lies in the arena of the plan.
 */
enum tarn__bound_kind {
    TARN__BOUND_COLUMN = 0, /**< `channel` of the input */
    TARN__BOUND_LITERAL,    /**< `value` */
    TARN__BOUND_OP,         /**< `op` of tarn_expr: comparisons, IN, IS_NULL, STARTS_WITH, AND, OR, NOT */
    TARN__BOUND_CALL,       /**< `function` */
    TARN__BOUND_AGGREGATE,  /**< number `channel` of the query's aggregates */
};

struct tarn__bound {
    enum tarn__bound_kind kind;
    const struct tarn_type *type;
    bool nullable;
    bool adapts; /**< a number or text written in the query: takes the type of what it meets */
    uint32_t place;
    enum tarn_expr_op op;
    uint32_t function;
    uint32_t channel;
    uint32_t count;
    struct tarn__bound **args;
    struct tarn_value value;
};

/** A column that names can mean. */
struct tarn__scope_column {
    struct tarn_text name;
    const struct tarn_type *type;
    bool nullable;
};

/** What the input of an expression delivers: whole columns, or members of them. */
struct tarn__channel {
    struct tarn_path path;
    const struct tarn_type *type;
    bool nullable;
};

struct tarn__scope {
    struct tarn_text alias; /**< what may stand before the dot; empty: none */
    uint32_t column_count;
    const struct tarn__scope_column *columns;
    uint32_t hidden_count; /**< more of them behind, which only their names mean, never a star */
    uint32_t channel_count;
    uint32_t channel_capacity;
    struct tarn__channel *channels; /**< made as they are used, unless `fixed` */
    bool fixed;                     /**< channel i is column i: the input is an operator, not a file */
};

enum tarn__aggregate_kind {
    TARN__AGG_COUNT_STAR = 0,
    TARN__AGG_COUNT,
    TARN__AGG_SUM,
    TARN__AGG_AVG,
    TARN__AGG_MIN,
    TARN__AGG_MAX,
    TARN__AGG_FIRST,
    TARN__AGG_ANY_VALUE,
    TARN__AGG_BOOL_AND,
    TARN__AGG_BOOL_OR,
    TARN__AGG_VAR_SAMP,
    TARN__AGG_VAR_POP,
    TARN__AGG_STDDEV_SAMP,
    TARN__AGG_STDDEV_POP,
};

struct tarn__aggregate {
    enum tarn__aggregate_kind kind;
    struct tarn__bound *arg; /**< NULL: count(*) */
    struct tarn__bound *filter;
    bool distinct;
    const struct tarn_type *type; /**< of the result */
};

struct tarn__binder {
    struct tarn_arena *arena;
    struct tarn_env *env;
    struct tarn_text sql;
    struct tarn__scope *scope;
    const struct tarn_parameter *parameters;
    uint32_t parameter_count;
    bool aggregates_allowed;
    bool in_aggregate;
    const char *clause; /**< for messages: "WHERE" */
    uint32_t aggregate_count;
    uint32_t aggregate_capacity;
    struct tarn__aggregate *aggregates;
    int64_t now;          /**< one moment for the whole statement */
    uint32_t alias_count; /**< the SELECT list, whose aliases stand for their expressions where no column has the name */
    const struct tarn__select_item *alias_items;
};

/* Makers: NULL is for want of memory only, and may be passed on as an argument. */
struct tarn__bound *tarn__bound_new(struct tarn__binder *b, enum tarn__bound_kind kind, const struct tarn_type *type, uint32_t place);
struct tarn__bound *tarn__bound_literal(struct tarn__binder *b, const struct tarn_value *value, uint32_t place);
struct tarn__bound *tarn__bound_op(struct tarn__binder *b, enum tarn_expr_op op, uint32_t count, struct tarn__bound *const *args,
                                   uint32_t place);
struct tarn__bound *tarn__bound_call(struct tarn__binder *b, uint32_t function, const struct tarn_type *type, uint32_t count,
                                     struct tarn__bound *const *args, uint32_t place);
bool tarn__bound_equal(const struct tarn__bound *a, const struct tarn__bound *b);
bool tarn__bound_is_null(const struct tarn__bound *bound);

/** Sets the error to NOMEM. */
enum tarn_status tarn__bind_nomem(const struct tarn__binder *b, struct tarn_error *err);
/** INVALID with caret. */
enum tarn_status tarn__bind_error(const struct tarn__binder *b, uint32_t place, const char *detail, struct tarn_error *err,
                                  const char *format, ...) TARN_PRINTF(5, 6);

/** A syntax tree to a bound tree. Errors: INVALID (types, names, arguments), NOT_FOUND (column, function), UNSUPPORTED. */
TARN_WARN_UNUSED enum tarn_status tarn__bind_expression(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out,
                                                        struct tarn_error *err);
/** The same, to BOOLEAN: WHERE, HAVING, FILTER. */
TARN_WARN_UNUSED enum tarn_status tarn__bind_predicate(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out,
                                                       struct tarn_error *err);
/** Makes `bound` of type `type`, asked or unasked; literals take the type at once where they can. */
TARN_WARN_UNUSED enum tarn_status tarn__bind_cast(struct tarn__binder *b, struct tarn__bound **bound, const struct tarn_type *type,
                                                  bool lenient, struct tarn_error *err);
/** A type's text to a type. */
TARN_WARN_UNUSED enum tarn_status tarn__bind_type(struct tarn__binder *b, struct tarn_text text, uint32_t place,
                                                  const struct tarn_type **out, struct tarn_error *err);
/** A call by name: overload, conversions, folding. `ast` may be NULL (operators made by the binder). */
TARN_WARN_UNUSED enum tarn_status tarn__bind_call(struct tarn__binder *b, struct tarn_text name, uint32_t count, struct tarn__bound **args,
                                                  uint32_t place, struct tarn__bound **out, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__bind_comparison(struct tarn__binder *b, enum tarn_expr_op op, struct tarn__bound *left,
                                                        struct tarn__bound *right, uint32_t place, struct tarn__bound **out,
                                                        struct tarn_error *err);
/** Brings all to one type: CASE, IN, COALESCE, VALUES. */
TARN_WARN_UNUSED enum tarn_status tarn__bind_common(struct tarn__binder *b, uint32_t count, struct tarn__bound **args, uint32_t place,
                                                    const struct tarn_type **type, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__bind_aggregate(struct tarn__binder *b, const struct tarn__ast *ast, bool *is_aggregate,
                                                       struct tarn__bound **out, struct tarn_error *err);
/** Names -> channel. */
TARN_WARN_UNUSED enum tarn_status tarn__bind_column(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out,
                                                    struct tarn_error *err);
/** value.name */
TARN_WARN_UNUSED enum tarn_status tarn__bind_member(struct tarn__binder *b, struct tarn__bound *value, struct tarn_text name,
                                                    uint32_t place, struct tarn__bound **out, struct tarn_error *err);
/** The channel of whole column `index`. */
TARN_WARN_UNUSED enum tarn_status tarn__scope_channel(struct tarn__binder *b, uint32_t index, uint32_t place, struct tarn__bound **out,
                                                      struct tarn_error *err);

/** Evaluates what holds no column: a literal in place of the tree, when it can be computed without an error. */
TARN_WARN_UNUSED enum tarn_status tarn__fold(struct tarn__binder *b, struct tarn__bound **bound, struct tarn_error *err);

/** Columns of the expressions' input, by slot: what tarn__lower found out. */
struct tarn__expression {
    struct tarn_expr *expr; /**< NULL: the channel as it is */
    uint32_t channel;       /**< without expr */
    uint32_t *channels;     /**< of each slot; in the arena */
};

/** A bound tree to a tarn_expr over the scope's channels. The expr is released with tarn_expr_release. */
TARN_WARN_UNUSED enum tarn_status tarn__lower(struct tarn__binder *b, const struct tarn__scope *scope, const struct tarn__bound *bound,
                                              bool always, struct tarn__expression *out, struct tarn_error *err);

#endif
