/* SPDX-License-Identifier: Apache-2.0
 *
 * Bound nodes: made, compared.
 */
#include "query/bind/bound.h"

#include <stdarg.h>
#include <stdio.h>

#include "query/bind/sql_type.h"
#include "query/sql/caret.h"

enum tarn_status tarn__bind_nomem(const struct tarn__binder *b, struct tarn_error *err)
{
    return tarn__nomem(b->env, err, 0);
}

enum tarn_status tarn__bind_error(const struct tarn__binder *b, uint32_t place, const char *detail, struct tarn_error *err,
                                  const char *format, ...)
{
    char message[400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    (void)tarn__invalid(err, detail, "%s", message);
    tarn__sql_error_at(err, b->sql, place);
    return TARN_INVALID;
}

struct tarn__bound *tarn__bound_new(struct tarn__binder *b, enum tarn__bound_kind kind, const struct tarn_type *type, uint32_t place)
{
    struct tarn__bound *bound = tarn__arena_alloc(b->arena, sizeof(*bound));
    if (bound != NULL) {
        bound->kind = kind;
        bound->type = type;
        bound->nullable = true;
        bound->place = place;
    }
    return bound;
}

struct tarn__bound *tarn__bound_literal(struct tarn__binder *b, const struct tarn_value *value, uint32_t place)
{
    struct tarn__bound *bound = tarn__bound_new(b, TARN__BOUND_LITERAL, value->type, place);
    if (bound == NULL) {
        return NULL;
    }
    bound->value = *value;
    bound->nullable = value->is_null;
    const enum tarn_kind kind = tarn_type_kind(value->type);
    if (!value->is_null && (kind == TARN_KIND_BYTES || kind == TARN_KIND_FIXED)) {
        bound->value.u.bytes = tarn__arena_text(b->arena, value->u.bytes);
        return bound->value.u.bytes.data != NULL ? bound : NULL;
    }
    return bound;
}

static bool with_args(struct tarn__binder *b, struct tarn__bound *bound, uint32_t count, struct tarn__bound *const *args)
{
    if (bound == NULL) {
        return false;
    }
    bound->count = count;
    bound->args = tarn__arena_calloc(b->arena, count + 1u, sizeof(struct tarn__bound *));
    for (uint32_t i = 0; bound->args != NULL && i < count; i++) {
        if (args[i] == NULL) {
            return false;
        }
        bound->args[i] = args[i];
    }
    return bound->args != NULL;
}

struct tarn__bound *tarn__bound_op(struct tarn__binder *b, enum tarn_expr_op op, uint32_t count, struct tarn__bound *const *args,
                                   uint32_t place)
{
    struct tarn__bound *bound = tarn__bound_new(b, TARN__BOUND_OP, &tarn__sql_boolean, place);
    if (!with_args(b, bound, count, args)) {
        return NULL;
    }
    bound->op = op;
    return bound;
}

struct tarn__bound *tarn__bound_call(struct tarn__binder *b, uint32_t function, const struct tarn_type *type, uint32_t count,
                                     struct tarn__bound *const *args, uint32_t place)
{
    struct tarn__bound *bound = type != NULL ? tarn__bound_new(b, TARN__BOUND_CALL, type, place) : NULL;
    if (!with_args(b, bound, count, args)) {
        return NULL;
    }
    bound->function = function;
    return bound;
}

static bool value_equal(const struct tarn_value *a, const struct tarn_value *b)
{
    if (!tarn_type_equal(a->type, b->type) || a->is_null != b->is_null) {
        return false;
    }
    return a->is_null || tarn_value_compare(a, b) == 0;
}

bool tarn__bound_equal(const struct tarn__bound *a, const struct tarn__bound *b)
{
    if (a == b) {
        return true;
    }
    if (a == NULL || b == NULL || a->kind != b->kind || a->count != b->count || a->op != b->op || a->function != b->function ||
        a->channel != b->channel || !tarn_type_equal(a->type, b->type)) {
        return false;
    }
    if (a->kind == TARN__BOUND_LITERAL && !value_equal(&a->value, &b->value)) {
        return false;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        if (!tarn__bound_equal(a->args[i], b->args[i])) {
            return false;
        }
    }
    return true;
}

bool tarn__bound_is_null(const struct tarn__bound *bound)
{
    return bound->kind == TARN__BOUND_LITERAL && bound->value.is_null;
}
