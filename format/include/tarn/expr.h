/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_EXPR_H
#define TARN_EXPR_H

#include "tarn/cursor.h"
#include "tarn/value.h"

/*
 * The one expression tree of tarn: typed, immutable, made by a builder, used to prune (files, row groups, pages), to evaluate over
 * vectors, and, as bytes, to travel in scan tasks.
 *
 * The tree itself knows columns, literals, comparison, IN, tests for null and NaN, prefixes, AND, OR, NOT, lossless casts. All else
 * (arithmetic, CASE, lossy casts, text functions) is a CALL, whose meaning comes from a `struct tarn_expr_host` that the query layer, or
 * another host, lends downward.
 *
 * Logic is three-valued: a comparison with null is null. NaN equals NaN and is above all other numbers; -0.0 equals 0.0.
 * Ownership: nodes live in the builder's arena and then in the expression. Threads: a finished expression is shareable.
 */

enum tarn_expr_op {
    TARN_EXPR_COLUMN = 0,
    TARN_EXPR_LITERAL,
    TARN_EXPR_EQ,
    TARN_EXPR_NE,
    TARN_EXPR_LT,
    TARN_EXPR_LE,
    TARN_EXPR_GT,
    TARN_EXPR_GE,
    TARN_EXPR_IN, /**< args[0] among the literals args[1..] */
    TARN_EXPR_IS_NULL,
    TARN_EXPR_IS_NAN,
    TARN_EXPR_STARTS_WITH, /**< args[1] is a literal */
    TARN_EXPR_AND,
    TARN_EXPR_OR,
    TARN_EXPR_NOT,
    TARN_EXPR_CAST, /**< widening only: no value is lost or refused */
    TARN_EXPR_CALL,
};

/** A node. `args` are as many as the op has; all of one comparison have one type. */
struct tarn_expr_node {
    enum tarn_expr_op op;
    const struct tarn_type *type;
    uint32_t arg_count;
    const struct tarn_expr_node *const *args;
    uint32_t slot;           /**< COLUMN: index into the expression's columns */
    struct tarn_value value; /**< LITERAL */
    uint32_t function;       /**< CALL: id in the host's table; the ids are stable, they are stored */
    uint32_t place;          /**< byte in the SQL text it came from, for messages; UINT32_MAX: none */
};

struct tarn_expr_column {
    struct tarn_path path;
    const struct tarn_type *type;
    bool nullable;
};

/** A finished expression. Counted by reference. */
struct tarn_expr {
    const struct tarn_expr_node *root;
    uint32_t column_count;
    const struct tarn_expr_column *columns; /**< each path once */
};

/** Rows that an expression is evaluated over: a cursor, or the vectors of a batch. */
struct tarn_expr_input {
    void *ctx;
    uint32_t rows;
    /** The selected rows of the column with this slot, dense; borrowed until the rows change. */
    enum tarn_status (*column)(void *ctx, uint32_t slot, const struct tarn_selection *selection, struct tarn_vector **out,
                               struct tarn_error *err);
};

struct tarn_expr_eval;

/**
 * Functions by id. `call` gives a new reference to a vector of `node->type` with selection->count rows; it evaluates its arguments with
 * tarn_expr_eval_node over the rows it wants (CASE evaluates each branch for its own rows only). `name` is for messages and EXPLAIN.
 */
struct tarn_expr_host {
    uint32_t size;
    void *ctx;
    const char *(*name)(void *ctx, uint32_t function);
    enum tarn_status (*call)(void *ctx, struct tarn_expr_eval *eval, const struct tarn_expr_node *node,
                             const struct tarn_selection *selection, struct tarn_vector **out, struct tarn_error *err);
    /**
     * Text that a table carries (constraints, generated columns, defaults), by the rules of the engine that defined such text, Spark, as an
     * expression over whole columns of `schema`, whose value is converted to `type` as an assignment converts (NULL: as it comes). NULL:
     * the host compiles nothing. Errors: INVALID, NOT_FOUND (a column), UNSUPPORTED (expr.spark: what the host has not).
     */
    enum tarn_status (*compile)(void *ctx, struct tarn_env *env, const struct tarn_schema *schema, struct tarn_text text,
                                const struct tarn_type *type, struct tarn_expr **out, struct tarn_error *err);
};

/** Three answers about a set of rows. ALWAYS: true for every row; NEVER: true for none (each is false or null). */
enum tarn_truth { TARN_NEVER = 0, TARN_MAYBE = 1, TARN_ALWAYS = 2 };

/** What is known of columns over some set of rows. */
struct tarn_bounds_lookup {
    void *ctx;
    /** False: nothing is known. */
    bool (*bounds)(void *ctx, const struct tarn_expr_column *column, struct tarn_bounds *out);
    /**
     * Membership (hash buckets, bloom filters): false when no row of the column equals `value`, which is not null but may be of another
     * type than the column's, by a cast that loses nothing. NULL: not known of any.
     */
    bool (*may_hold)(void *ctx, const struct tarn_expr_column *column, const struct tarn_value *value);
};

struct tarn_expr_builder;

TARN_BEGIN_DECLS

/*
 * Building. Each maker returns NULL when it fails or is given NULL; the builder keeps the first error and finish reports it, so calls
 * nest without checks. Types and values are copied.
 */
TARN_CALL tarn_expr_builder_open(struct tarn_env *env, struct tarn_expr_builder **out, struct tarn_error *err);
TARN_API const struct tarn_expr_node *tarn_expr_make_column(struct tarn_expr_builder *b, const struct tarn_path *path,
                                                            const struct tarn_type *type, bool nullable);
TARN_API const struct tarn_expr_node *tarn_expr_make_literal(struct tarn_expr_builder *b, const struct tarn_value *value);
/** EQ..GE, IN, IS_NULL, IS_NAN, STARTS_WITH, AND, OR, NOT. INVALID unless the argument types fit. */
TARN_API const struct tarn_expr_node *tarn_expr_make(struct tarn_expr_builder *b, enum tarn_expr_op op, uint32_t arg_count,
                                                     const struct tarn_expr_node *const *args);
TARN_API const struct tarn_expr_node *tarn_expr_make_cast(struct tarn_expr_builder *b, const struct tarn_expr_node *arg,
                                                          const struct tarn_type *type);
TARN_API const struct tarn_expr_node *tarn_expr_make_call(struct tarn_expr_builder *b, uint32_t function, const struct tarn_type *type,
                                                          uint32_t arg_count, const struct tarn_expr_node *const *args, uint32_t place);
/** Ends the builder whatever the answer. The root may be any node made by the builder. */
TARN_CALL tarn_expr_builder_finish(struct tarn_expr_builder *b, const struct tarn_expr_node *root, struct tarn_expr **out,
                                   struct tarn_error *err);
TARN_API void tarn_expr_builder_abort(struct tarn_expr_builder *b);
TARN_API struct tarn_expr *tarn_expr_retain(const struct tarn_expr *expr);
TARN_API void tarn_expr_release(const struct tarn_expr *expr);

/** Is casting from one type to another always lossless (so that CAST may say it)? */
TARN_API bool tarn_expr_cast_is_lossless(const struct tarn_type *from, const struct tarn_type *to);

/** What the predicate comes to over a set of rows of which bounds are known. Cost: the nodes. Never fails: what is unclear is MAYBE. */
TARN_API enum tarn_truth tarn_expr_prune(const struct tarn_expr *predicate, const struct tarn_bounds_lookup *lookup);

/**
 * Evaluation. An eval is bound to one expression and one thread; it keeps scratch memory, and what it learned of a dictionary's entries.
 * `host` NULL: the env's; without one a CALL is UNSUPPORTED.
 */
TARN_CALL tarn_expr_eval_open(struct tarn_env *env, const struct tarn_expr *expr, const struct tarn_expr_host *host,
                              struct tarn_expr_eval **out, struct tarn_error *err);
/** The expression's value for the selected rows (NULL: all): a new reference in *out. */
TARN_CALL tarn_expr_eval_run(struct tarn_expr_eval *eval, const struct tarn_expr_input *input, const struct tarn_selection *selection,
                             struct tarn_vector **out, struct tarn_error *err);
/**
 * The rows among the selected for which the (BOOL) expression is true. Conjuncts are evaluated one after the other, each for the rows that
 * are left only. *out is borrowed until the next run. Comparisons with dictionary vectors are decided once an entry.
 */
TARN_CALL tarn_expr_eval_filter(struct tarn_expr_eval *eval, const struct tarn_expr_input *input, const struct tarn_selection *selection,
                                struct tarn_selection *out, struct tarn_error *err);
/** For hosts: one node of the expression, within a call. */
TARN_CALL tarn_expr_eval_node(struct tarn_expr_eval *eval, const struct tarn_expr_node *node, const struct tarn_selection *selection,
                              struct tarn_vector **out, struct tarn_error *err);
TARN_API struct tarn_env *tarn_expr_eval_env(struct tarn_expr_eval *eval);
/** Vectors that evaluation had to spread out so far. */
TARN_API uint64_t tarn_expr_eval_flattened(const struct tarn_expr_eval *eval);
TARN_API void tarn_expr_eval_close(struct tarn_expr_eval *eval);

/** Versioned bytes, the same on every machine; *bytes is freed with tarn_expr_bytes_free. Errors: NOMEM. */
TARN_CALL tarn_expr_encode(struct tarn_env *env, const struct tarn_expr *expr, struct tarn_span *bytes, struct tarn_error *err);
TARN_API void tarn_expr_bytes_free(struct tarn_env *env, struct tarn_span bytes);
/** Errors: CORRUPT, UNSUPPORTED (`expr.version`), LIMIT, NOMEM. */
TARN_CALL tarn_expr_decode(struct tarn_env *env, struct tarn_span bytes, struct tarn_expr **out, struct tarn_error *err);

TARN_END_DECLS

#endif
