/* SPDX-License-Identifier: Apache-2.0
 *
 * What a predicate comes to over rows of which only bounds are known. SPEC: X-EXPR-7, X-EXPR-8.
 *
 * Every node is given the set of outcomes that some row might have; sets only ever err on the large side. A comparison is decided by the
 * orders (below, equal, above) that values of the two sides might have.
 *
 * Invariants
 *  1. An outcome that a row has is in the set of its node: NEVER and ALWAYS are said only of sets in which there is no doubt.
 *  2. A bound is used for what it promises and no more: every value that is a number is at least min and at most max. Whether it is exact
 *     does not matter, nor does it that NaN is not covered by it.
 *  3. That no row equals a value is believed beside all bounds; it decides equality and IN only.
 *  4. Bounds that contradict themselves (min above max, NaN, another type, more nulls than rows) are as good as none.
 */
#include "format/base/bytes.h"
#include "format/expr/cast.h"
#include "format/expr/types.h"

enum outcomes { NONE = 0, MAY_BE_TRUE = 1, MAY_BE_FALSE = 2, MAY_BE_NULL = 4, ANYTHING = 7 };

enum orders { BELOW = 1, EQUAL = 2, ABOVE = 4 };

/* What the values of one side might be. */
struct range {
    bool may_be_null;
    bool may_be_nan;
    bool may_be_value; /* neither */
    bool has_min;
    bool has_max;
    struct tarn_value min;
    struct tarn_value max;
};

struct pruning {
    const struct tarn_expr *expr;
    const struct tarn_bounds_lookup *lookup;
};

static bool is_float(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_F16 || type->id == TARN_TYPE_F32 || type->id == TARN_TYPE_F64;
}

static bool is_nan(const struct tarn_value *value)
{
    return is_float(value->type) && value->u.f64 != value->u.f64;
}

static struct range unknown_range(const struct tarn_type *type)
{
    return (struct range){.may_be_null = true, .may_be_nan = is_float(type), .may_be_value = true};
}

/* ---- ranges ---- */

static bool is_bound(const struct tarn_value *bound, const struct tarn_type *type)
{
    return bound->type != NULL && !bound->is_null && tarn__expr_comparable(bound->type, type) && !is_nan(bound) &&
           tarn_type_kind(type) != TARN_KIND_NESTED && type->id != TARN_TYPE_INTERVAL;
}

static struct range range_of_bounds(const struct tarn_bounds *bounds, const struct tarn_expr_column *column)
{
    struct range range = unknown_range(column->type);
    const bool counted = bounds->has_null_count && bounds->null_count <= bounds->rows;
    uint64_t others = bounds->rows; /* rows that may hold something that is not null */
    range.may_be_null = column->nullable && bounds->rows != 0;
    if (counted) {
        range.may_be_null = bounds->null_count != 0;
        others -= bounds->null_count;
    }
    range.may_be_nan = range.may_be_nan && others != 0;
    range.may_be_value = others != 0;
    if (bounds->has_nan_count && is_float(column->type) && bounds->nan_count <= others) {
        range.may_be_nan = bounds->nan_count != 0;
        range.may_be_value = !counted || bounds->nan_count < others;
    }
    range.has_min = bounds->has_min && is_bound(&bounds->min, column->type);
    range.has_max = bounds->has_max && is_bound(&bounds->max, column->type);
    range.min = bounds->min;
    range.max = bounds->max;
    if (range.has_min && range.has_max && tarn_value_compare(&range.min, &range.max) > 0) {
        range.has_min = false;
        range.has_max = false;
    }
    return range;
}

static struct range range_of_column(const struct pruning *pruning, const struct tarn_expr_node *node)
{
    const struct tarn_expr_column *column = &pruning->expr->columns[node->slot];
    struct tarn_bounds bounds;
    memset(&bounds, 0, sizeof(bounds));
    if (!pruning->lookup->bounds(pruning->lookup->ctx, column, &bounds)) {
        struct range range = unknown_range(column->type);
        range.may_be_null = column->nullable;
        return range;
    }
    return range_of_bounds(&bounds, column);
}

static struct range range_of_value(const struct tarn_value *value)
{
    if (value->is_null) {
        return (struct range){.may_be_null = true};
    }
    if (is_nan(value)) {
        return (struct range){.may_be_nan = true};
    }
    return (struct range){.may_be_value = true, .has_min = true, .has_max = true, .min = *value, .max = *value};
}

static struct range range_of_node(const struct pruning *pruning, const struct tarn_expr_node *node);

/* Lossless casts keep the order, so that bounds may be cast. */
static struct range range_of_cast(const struct pruning *pruning, const struct tarn_expr_node *node)
{
    struct range range = range_of_node(pruning, node->args[0]);
    range.has_min = range.has_min && tarn__value_cast(&range.min, node->type, &range.min);
    range.has_max = range.has_max && tarn__value_cast(&range.max, node->type, &range.max);
    return range;
}

static struct range range_of_node(const struct pruning *pruning, const struct tarn_expr_node *node)
{
    switch (node->op) {
    case TARN_EXPR_COLUMN:
        return range_of_column(pruning, node);
    case TARN_EXPR_LITERAL:
        return range_of_value(&node->value);
    case TARN_EXPR_CAST:
        return range_of_cast(pruning, node);
    default:
        return unknown_range(node->type);
    }
}

/* ---- outcomes ---- */

static unsigned orders_of(const struct range *a, const struct range *b)
{
    unsigned orders = 0;
    if (a->may_be_value && b->may_be_value) {
        const int low = a->has_min && b->has_max ? tarn_value_compare(&a->min, &b->max) : -1; /* a's least to b's greatest */
        const int high = a->has_max && b->has_min ? tarn_value_compare(&a->max, &b->min) : 1; /* a's greatest to b's least */
        orders |= low < 0 ? BELOW : 0;
        orders |= high > 0 ? ABOVE : 0;
        orders |= low <= 0 && high >= 0 ? EQUAL : 0;
    }
    orders |= a->may_be_value && b->may_be_nan ? BELOW : 0;
    orders |= a->may_be_nan && b->may_be_value ? ABOVE : 0;
    orders |= a->may_be_nan && b->may_be_nan ? EQUAL : 0;
    return orders;
}

static unsigned orders_that_hold(enum tarn_expr_op op)
{
    switch (op) {
    case TARN_EXPR_EQ:
        return EQUAL;
    case TARN_EXPR_NE:
        return BELOW | ABOVE;
    case TARN_EXPR_LT:
        return BELOW;
    case TARN_EXPR_LE:
        return BELOW | EQUAL;
    case TARN_EXPR_GT:
        return ABOVE;
    default:
        return ABOVE | EQUAL;
    }
}

static bool has_something(const struct range *range)
{
    return range->may_be_null || range->may_be_nan || range->may_be_value;
}

/* Does the other kind of knowledge say that the column, cast or not, never equals the literal? */
static bool is_excluded(const struct pruning *pruning, const struct tarn_expr_node *subject, const struct tarn_expr_node *literal)
{
    while (subject->op == TARN_EXPR_CAST) {
        subject = subject->args[0];
    }
    return pruning->lookup->may_hold != NULL && subject->op == TARN_EXPR_COLUMN && literal->op == TARN_EXPR_LITERAL &&
           !literal->value.is_null &&
           !pruning->lookup->may_hold(pruning->lookup->ctx, &pruning->expr->columns[subject->slot], &literal->value);
}

static unsigned outcomes_of_comparison(const struct pruning *pruning, const struct tarn_expr_node *node)
{
    const enum tarn_expr_op op = node->op;
    const struct range left = range_of_node(pruning, node->args[0]);
    const struct range right = range_of_node(pruning, node->args[1]);
    const struct range *a = &left;
    const struct range *b = &right;
    unsigned orders = orders_of(a, b);
    if ((orders & EQUAL) != 0 &&
        (is_excluded(pruning, node->args[0], node->args[1]) || is_excluded(pruning, node->args[1], node->args[0]))) {
        orders &= ~(unsigned)EQUAL;
    }
    unsigned outcomes = NONE;
    outcomes |= (orders & orders_that_hold(op)) != 0 ? MAY_BE_TRUE : NONE;
    outcomes |= (orders & ~orders_that_hold(op)) != 0 ? MAY_BE_FALSE : NONE;
    outcomes |= (a->may_be_null && has_something(b)) || (b->may_be_null && has_something(a)) ? MAY_BE_NULL : NONE;
    return outcomes;
}

static unsigned outcomes_of_in(const struct pruning *pruning, const struct tarn_expr_node *node)
{
    const struct range subject = range_of_node(pruning, node->args[0]);
    bool may_match = false;
    bool may_miss = subject.may_be_value || subject.may_be_nan;
    bool has_null = false;
    for (uint32_t i = 1; i < node->arg_count; i++) {
        const struct range literal = range_of_value(&node->args[i]->value);
        unsigned orders = orders_of(&subject, &literal);
        if ((orders & EQUAL) != 0 && is_excluded(pruning, node->args[0], node->args[i])) {
            orders &= ~(unsigned)EQUAL;
        }
        has_null = has_null || literal.may_be_null;
        may_match = may_match || (orders & EQUAL) != 0;
        may_miss = may_miss && orders != EQUAL;
    }
    return (may_match ? MAY_BE_TRUE : NONE) | (may_miss ? (has_null ? MAY_BE_NULL : MAY_BE_FALSE) : NONE) |
           (subject.may_be_null ? MAY_BE_NULL : NONE);
}

static unsigned outcomes_of_prefix(const struct pruning *pruning, const struct tarn_expr_node *node)
{
    const struct range subject = range_of_node(pruning, node->args[0]);
    const struct tarn_value *literal = &node->args[1]->value;
    if (literal->is_null) {
        return has_something(&subject) ? MAY_BE_NULL : NONE;
    }
    const struct tarn_text prefix = literal->u.bytes;
    unsigned outcomes = subject.may_be_null ? MAY_BE_NULL : NONE;
    if (subject.may_be_value) {
        const bool min_starts = subject.has_min && tarn__text_starts(subject.min.u.bytes, prefix);
        const bool max_starts = subject.has_max && tarn__text_starts(subject.max.u.bytes, prefix);
        const bool all_below = subject.has_max && tarn__text_compare(subject.max.u.bytes, prefix) < 0;
        const bool all_above = subject.has_min && !min_starts && tarn__text_compare(subject.min.u.bytes, prefix) > 0;
        outcomes |= !all_below && !all_above ? MAY_BE_TRUE : NONE;
        outcomes |= prefix.size != 0 && !(min_starts && max_starts) ? MAY_BE_FALSE : NONE;
    }
    return outcomes;
}

static unsigned outcomes_of_boolean(const struct range *range)
{
    unsigned outcomes = range->may_be_null ? MAY_BE_NULL : NONE;
    if (range->may_be_value) {
        outcomes |= !range->has_max || range->max.u.boolean ? MAY_BE_TRUE : NONE;
        outcomes |= !range->has_min || !range->min.u.boolean ? MAY_BE_FALSE : NONE;
    }
    return outcomes;
}

static unsigned negated(unsigned outcomes)
{
    return (outcomes & MAY_BE_NULL) | ((outcomes & MAY_BE_TRUE) != 0 ? MAY_BE_FALSE : NONE) |
           ((outcomes & MAY_BE_FALSE) != 0 ? MAY_BE_TRUE : NONE);
}

static unsigned conjunction(unsigned a, unsigned b)
{
    if (a == NONE || b == NONE) { /* there are no rows */
        return NONE;
    }
    unsigned outcomes = (a & b & MAY_BE_TRUE) | ((a | b) & MAY_BE_FALSE);
    if (((a & MAY_BE_NULL) != 0 && (b & (MAY_BE_TRUE | MAY_BE_NULL)) != 0) || ((b & MAY_BE_NULL) != 0 && (a & MAY_BE_TRUE) != 0)) {
        outcomes |= MAY_BE_NULL;
    }
    return outcomes;
}

static unsigned outcomes_of(const struct pruning *pruning, const struct tarn_expr_node *node)
{
    struct range range;
    unsigned outcomes;
    switch (node->op) {
    case TARN_EXPR_EQ:
    case TARN_EXPR_NE:
    case TARN_EXPR_LT:
    case TARN_EXPR_LE:
    case TARN_EXPR_GT:
    case TARN_EXPR_GE:
        return outcomes_of_comparison(pruning, node);
    case TARN_EXPR_IN:
        return outcomes_of_in(pruning, node);
    case TARN_EXPR_STARTS_WITH:
        return outcomes_of_prefix(pruning, node);
    case TARN_EXPR_IS_NULL:
        range = range_of_node(pruning, node->args[0]);
        return (range.may_be_null ? MAY_BE_TRUE : NONE) | (range.may_be_value || range.may_be_nan ? MAY_BE_FALSE : NONE);
    case TARN_EXPR_IS_NAN:
        range = range_of_node(pruning, node->args[0]);
        return (range.may_be_nan ? MAY_BE_TRUE : NONE) | (range.may_be_value ? MAY_BE_FALSE : NONE) |
               (range.may_be_null ? MAY_BE_NULL : NONE);
    case TARN_EXPR_NOT:
        return negated(outcomes_of(pruning, node->args[0]));
    case TARN_EXPR_AND:
    case TARN_EXPR_OR: /* a OR b is NOT (NOT a AND NOT b) */
        outcomes = MAY_BE_TRUE;
        for (uint32_t i = 0; i < node->arg_count; i++) {
            const unsigned argument = outcomes_of(pruning, node->args[i]);
            outcomes = conjunction(outcomes, node->op == TARN_EXPR_OR ? negated(argument) : argument);
        }
        return node->op == TARN_EXPR_OR ? negated(outcomes) : outcomes;
    case TARN_EXPR_COLUMN:
    case TARN_EXPR_LITERAL:
    case TARN_EXPR_CAST:
        range = range_of_node(pruning, node);
        return outcomes_of_boolean(&range);
    case TARN_EXPR_CALL:
        break;
    }
    return ANYTHING;
}

enum tarn_truth tarn_expr_prune(const struct tarn_expr *predicate, const struct tarn_bounds_lookup *lookup)
{
    const struct pruning pruning = {predicate, lookup};
    const unsigned outcomes = predicate->root->type->id == TARN_TYPE_BOOL ? outcomes_of(&pruning, predicate->root) : ANYTHING;
    return (outcomes & MAY_BE_TRUE) == 0 ? TARN_NEVER : outcomes == MAY_BE_TRUE ? TARN_ALWAYS : TARN_MAYBE;
}
