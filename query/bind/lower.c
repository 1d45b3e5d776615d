/* SPDX-License-Identifier: Apache-2.0
 *
 * Bound trees to tarn_expr, and the folding of constants, which is an evaluation over one row without columns.
 *
 * Invariant: a column of the finished expression has the path of a channel, by which its slot is matched to the channel again.
 */
#include "format/expr/batch_input.h"
#include "query/bind/bound.h"
#include "query/bind/sql_type.h"
#include "query/sql/caret.h"
#include "tarn/query.h"

struct lowering {
    struct tarn_expr_builder *builder;
    const struct tarn__scope *scope;
    struct tarn_arena *arena;
    bool nomem;
};

static const struct tarn_expr_node *lower(struct lowering *l, const struct tarn__bound *bound)
{
    const struct tarn_expr_node **args = NULL;
    if (bound->count != 0) {
        args = tarn__arena_calloc(l->arena, bound->count, sizeof(*args));
        l->nomem = l->nomem || args == NULL;
    }
    for (uint32_t i = 0; args != NULL && i < bound->count; i++) {
        args[i] = lower(l, bound->args[i]);
    }
    if (l->nomem) {
        return NULL;
    }
    switch (bound->kind) {
    case TARN__BOUND_COLUMN: {
        const struct tarn__channel *channel = &l->scope->channels[bound->channel];
        return tarn_expr_make_column(l->builder, &channel->path, channel->type, channel->nullable);
    }
    case TARN__BOUND_LITERAL:
        return tarn_expr_make_literal(l->builder, &bound->value);
    case TARN__BOUND_OP:
        return tarn_expr_make(l->builder, bound->op, bound->count, args);
    case TARN__BOUND_CALL:
        if (bound->function == TARN__F_CAST && bound->type->id != TARN_TYPE_BINARY && /* in SQL \x escapes count there */
            tarn_expr_cast_is_lossless(bound->args[0]->type, bound->type)) {
            return tarn_expr_make_cast(l->builder, args[0], bound->type);
        }
        return tarn_expr_make_call(l->builder, bound->function, bound->type, bound->count, args, bound->place);
    case TARN__BOUND_AGGREGATE:
        break;
    }
    return NULL;
}

static bool path_equal(const struct tarn_path *a, const struct tarn_path *b)
{
    if (a->depth != b->depth) {
        return false;
    }
    for (uint32_t i = 0; i < a->depth; i++) {
        if (a->steps[i].kind != b->steps[i].kind || !tarn__text_equal(a->steps[i].name, b->steps[i].name)) {
            return false;
        }
    }
    return true;
}

static uint32_t channel_of(const struct tarn__scope *scope, const struct tarn_path *path)
{
    uint32_t i = 0;
    while (i + 1 < scope->channel_count && !path_equal(&scope->channels[i].path, path)) {
        i++;
    }
    return i;
}

enum tarn_status tarn__lower(struct tarn__binder *b, const struct tarn__scope *scope, const struct tarn__bound *bound, bool always,
                             struct tarn__expression *out, struct tarn_error *err)
{
    struct lowering l = {.scope = scope, .arena = b->arena};
    *out = (struct tarn__expression){NULL, 0, NULL};
    if (bound->kind == TARN__BOUND_COLUMN && !always) {
        out->channel = bound->channel;
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn_expr_builder_open(b->env, &l.builder, err));
    const struct tarn_expr_node *root = lower(&l, bound);
    if (l.nomem) {
        tarn_expr_builder_abort(l.builder);
        return tarn__bind_nomem(b, err);
    }
    const enum tarn_status status = tarn_expr_builder_finish(l.builder, root, &out->expr, err);
    if (status != TARN_OK) {
        tarn__sql_error_at(err, b->sql, bound->place);
        return status;
    }
    out->channels = tarn__arena_calloc(b->arena, out->expr->column_count + 1u, sizeof(uint32_t));
    if (out->channels == NULL) {
        tarn_expr_release(out->expr);
        out->expr = NULL;
        return tarn__bind_nomem(b, err);
    }
    for (uint32_t i = 0; i < out->expr->column_count; i++) {
        out->channels[i] = channel_of(scope, &out->expr->columns[i].path);
    }
    return TARN_OK;
}

static bool is_constant(const struct tarn__bound *bound)
{
    if (bound->kind == TARN__BOUND_COLUMN || bound->kind == TARN__BOUND_AGGREGATE) {
        return false;
    }
    for (uint32_t i = 0; i < bound->count; i++) {
        if (!is_constant(bound->args[i])) {
            return false;
        }
    }
    return true;
}

static enum tarn_status evaluate(struct tarn__binder *b, const struct tarn_expr *expr, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_expr_eval *eval;
    struct tarn__batch_input input;
    TARN_RETURN_IF_ERROR(tarn_expr_eval_open(b->env, expr, tarn_query_expr_host(), &eval, err));
    tarn__batch_input_open(&input, b->env, NULL);
    tarn__batch_input_set(&input, 1, NULL);
    const enum tarn_status status = tarn_expr_eval_run(eval, &input.input, NULL, out, err);
    tarn__batch_input_close(&input);
    tarn_expr_eval_close(eval);
    return status;
}

enum tarn_status tarn__fold(struct tarn__binder *b, struct tarn__bound **bound, struct tarn_error *err)
{
    struct tarn__scope none = {.fixed = true};
    struct tarn__expression expression;
    struct tarn_error ignored = TARN_ERROR_INIT;
    struct tarn_vector *vector;
    const struct tarn__bound *tree = *bound;
    if (tree->kind == TARN__BOUND_LITERAL || tarn_type_kind(tree->type) == TARN_KIND_NESTED || !is_constant(tree)) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__lower(b, &none, tree, true, &expression, err));
    const enum tarn_status status = evaluate(b, expression.expr, &vector, &ignored);
    if (status != TARN_OK) {
        tarn_expr_release(expression.expr);
        /* An error of the values is left to the run, which may never come here (CASE). */
        return status == TARN_INVALID || status == TARN_UNSUPPORTED ? TARN_OK
                                                                    : tarn__error_set(err, status, ignored.detail, "%s", ignored.message);
    }
    struct tarn_value value = tarn__vector_value(vector, 0);
    value.type = tree->type;
    struct tarn__bound *literal = tarn__bound_literal(b, &value, tree->place);
    tarn_vector_release(vector);
    tarn_expr_release(expression.expr); /* the vector's type was its */
    if (literal == NULL) {
        return tarn__bind_nomem(b, err);
    }
    *bound = literal;
    return TARN_OK;
}
