/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_EXPR_PREDICATE_H
#define TARN_FORMAT_EXPR_PREDICATE_H

#include "format/base/alloc.h"
#include "format/kernels/kernels.h"
#include "tarn/expr.h"

/*
 * One test of one value against literals: a comparison, IN, STARTS_WITH, IS NAN. Decided for many values of a FLAT, STRINGS or VIEWS vector
 * at once, or for one.
 *
 * Borrows the node. Threads: single.
 */
struct tarn__predicate {
    enum tarn_expr_op op; /**< EQ..GE with the subject on the left, IN, STARTS_WITH, IS_NAN */
    const struct tarn_expr_node *subject;
    const struct tarn_value *literal; /**< EQ..GE, STARTS_WITH */
    bool never_known;                 /**< a literal is null, so that the outcome always is */
    bool miss_is_null;                /**< IN with a null among its literals: what is not found is null, not false */
    uint32_t *table;                  /**< IN: open hash table of literals, number + 1; 0: free */
    uint32_t table_mask;
    const struct tarn_expr_node *node;
    struct tarn_env *env;
};

/** Is the node a test of one value against literals? */
bool tarn__predicate_fits(const struct tarn_expr_node *node);

/** Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__predicate_open(struct tarn_env *env, const struct tarn_expr_node *node,
                                                       struct tarn__predicate *predicate, struct tarn_error *err);
void tarn__predicate_close(struct tarn__predicate *predicate);

/**
 * Writes a bit a row of `leaf`, whole bytes, zeros behind the last. What it says of null rows means nothing. The predicate's
 * `never_known` is not set.
 */
void tarn__predicate_test(const struct tarn__predicate *predicate, const struct tarn__kernels *kernels, const struct tarn_vector *leaf,
                          uint8_t *bits);

/** Does a value that is not null pass? The same answer, for one. */
bool tarn__predicate_test_value(const struct tarn__predicate *predicate, const struct tarn_value *value);

#endif
