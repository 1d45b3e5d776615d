/* SPDX-License-Identifier: Apache-2.0
 *
 * Aggregates: recognised, their argument bound and converted, kept once however often they are written. SPEC: Q-AGG-1.
 */
#include <string.h>

#include "format/base/utf8.h"
#include "query/bind/bound.h"
#include "query/bind/sql_type.h"
#include "query/sql/caret.h"

static const struct {
    const char *name;
    enum tarn__aggregate_kind kind;
} names[] = {{"count", TARN__AGG_COUNT},
             {"sum", TARN__AGG_SUM},
             {"avg", TARN__AGG_AVG},
             {"mean", TARN__AGG_AVG},
             {"min", TARN__AGG_MIN},
             {"max", TARN__AGG_MAX},
             {"first", TARN__AGG_FIRST},
             {"any_value", TARN__AGG_ANY_VALUE},
             {"arbitrary", TARN__AGG_FIRST},
             {"bool_and", TARN__AGG_BOOL_AND},
             {"bool_or", TARN__AGG_BOOL_OR},
             {"var_samp", TARN__AGG_VAR_SAMP},
             {"variance", TARN__AGG_VAR_SAMP},
             {"var_pop", TARN__AGG_VAR_POP},
             {"stddev", TARN__AGG_STDDEV_SAMP},
             {"stddev_samp", TARN__AGG_STDDEV_SAMP},
             {"stddev_pop", TARN__AGG_STDDEV_POP},
             {"count_star", TARN__AGG_COUNT_STAR}};

static bool find(struct tarn_text name, enum tarn__aggregate_kind *kind)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (tarn__text_equal_caseless(name, tarn__text_of(names[i].name))) {
            *kind = names[i].kind;
            return true;
        }
    }
    return false;
}

/* Converts the argument and says the result's type. False: not for this type. */
static enum tarn_status settle(struct tarn__binder *b, struct tarn__aggregate *aggregate, bool *fits, struct tarn_error *err)
{
    const struct tarn_type *type = aggregate->arg->type;
    *fits = true;
    switch (aggregate->kind) {
    case TARN__AGG_COUNT_STAR:
    case TARN__AGG_COUNT:
        aggregate->type = &tarn__sql_bigint;
        return TARN_OK;
    case TARN__AGG_SUM:
        if (type->id == TARN_TYPE_BOOL) {
            TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &aggregate->arg, &tarn__sql_integer, false, err));
        } else if (tarn__sql_is_null(type)) {
            TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &aggregate->arg, &tarn__sql_integer, false, err));
        } else if (!tarn__sql_is_number(type) || type->precision > 38) {
            *fits = false;
        }
        if (tarn__sql_is_float(type)) {
            aggregate->type = &tarn__sql_double;
            return tarn__bind_cast(b, &aggregate->arg, &tarn__sql_double, false, err);
        }
        aggregate->type = tarn__sql_decimal(b->arena, 38, type->id == TARN_TYPE_DECIMAL ? type->scale : 0);
        return aggregate->type != NULL ? TARN_OK : tarn__bind_nomem(b, err);
    case TARN__AGG_AVG:
        aggregate->type = &tarn__sql_double;
        *fits = (tarn__sql_is_number(type) && type->precision <= 38) || type->id == TARN_TYPE_BOOL || tarn__sql_is_null(type);
        if (*fits && !tarn__sql_is_integer(type) && type->id != TARN_TYPE_DECIMAL) {
            return tarn__bind_cast(b, &aggregate->arg, &tarn__sql_double, false, err);
        }
        return TARN_OK;
    case TARN__AGG_VAR_SAMP:
    case TARN__AGG_VAR_POP:
    case TARN__AGG_STDDEV_SAMP:
    case TARN__AGG_STDDEV_POP:
        aggregate->type = &tarn__sql_double;
        *fits = tarn__sql_is_number(type) || tarn__sql_is_null(type);
        return *fits ? tarn__bind_cast(b, &aggregate->arg, &tarn__sql_double, false, err) : TARN_OK;
    case TARN__AGG_BOOL_AND:
    case TARN__AGG_BOOL_OR:
        aggregate->type = &tarn__sql_boolean;
        *fits = type->id == TARN_TYPE_BOOL || tarn__sql_is_null(type);
        return *fits ? tarn__bind_cast(b, &aggregate->arg, &tarn__sql_boolean, false, err) : TARN_OK;
    case TARN__AGG_MIN:
    case TARN__AGG_MAX:
    case TARN__AGG_FIRST:
    case TARN__AGG_ANY_VALUE:
        aggregate->type = type;
        return TARN_OK;
    }
    return TARN_OK;
}

static enum tarn_status keep(struct tarn__binder *b, const struct tarn__aggregate *aggregate, uint32_t place, struct tarn__bound **out,
                             struct tarn_error *err)
{
    uint32_t i = 0;
    for (; i < b->aggregate_count; i++) {
        const struct tarn__aggregate *other = &b->aggregates[i];
        if (other->kind == aggregate->kind && other->distinct == aggregate->distinct && (other->arg == NULL) == (aggregate->arg == NULL) &&
            (other->arg == NULL || tarn__bound_equal(other->arg, aggregate->arg)) &&
            (other->filter == NULL) == (aggregate->filter == NULL) &&
            (other->filter == NULL || tarn__bound_equal(other->filter, aggregate->filter))) {
            break;
        }
    }
    if (i == b->aggregate_capacity) {
        const uint32_t capacity = i == 0 ? 8 : i * 2;
        struct tarn__aggregate *grown = tarn__arena_calloc(b->arena, capacity, sizeof(*grown));
        if (grown == NULL) {
            return tarn__bind_nomem(b, err);
        }
        if (i != 0) {
            memcpy(grown, b->aggregates, i * sizeof(*grown));
        }
        b->aggregates = grown;
        b->aggregate_capacity = capacity;
    }
    if (i == b->aggregate_count) {
        b->aggregates[b->aggregate_count++] = *aggregate;
    }
    *out = tarn__bound_new(b, TARN__BOUND_AGGREGATE, aggregate->type, place);
    if (*out == NULL) {
        return tarn__bind_nomem(b, err);
    }
    (*out)->channel = i;
    return TARN_OK;
}

static enum tarn_status bind_parts(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__aggregate *aggregate,
                                   struct tarn_error *err)
{
    const char *clause = b->clause;
    if (ast->count == 1) {
        TARN_RETURN_IF_ERROR(tarn__bind_expression(b, ast->args[0], &aggregate->arg, err));
    }
    if (ast->filter != NULL) {
        b->clause = "FILTER";
        TARN_RETURN_IF_ERROR(tarn__bind_predicate(b, ast->filter, &aggregate->filter, err));
    }
    b->clause = clause;
    return TARN_OK;
}

enum tarn_status tarn__bind_aggregate(struct tarn__binder *b, const struct tarn__ast *ast, bool *is_aggregate, struct tarn__bound **out,
                                      struct tarn_error *err)
{
    struct tarn__aggregate aggregate = {.distinct = ast->distinct};
    bool fits = true;
    *is_aggregate = find(ast->text, &aggregate.kind);
    if (!*is_aggregate) {
        return TARN_OK;
    }
    if (b->in_aggregate) {
        return tarn__bind_error(b, ast->place, "aggregate", err, "an aggregate cannot stand inside another one");
    }
    if (!b->aggregates_allowed) {
        return tarn__bind_error(b, ast->place, "aggregate", err, "%s cannot hold an aggregate%s", b->clause,
                                strcmp(b->clause, "WHERE") == 0 ? "; HAVING can" : "");
    }
    if (aggregate.kind == TARN__AGG_COUNT && (ast->star || ast->count == 0) && !ast->distinct) {
        aggregate.kind = TARN__AGG_COUNT_STAR;
    } else if (aggregate.kind != TARN__AGG_COUNT_STAR && (ast->star || ast->count != 1)) {
        return tarn__bind_error(b, ast->place, "types", err, "\"%.*s\" takes one argument", (int)ast->text.size, ast->text.data);
    }
    b->in_aggregate = true;
    const enum tarn_status status = bind_parts(b, ast, &aggregate, err);
    b->in_aggregate = false;
    TARN_RETURN_IF_ERROR(status);
    if (aggregate.arg == NULL) {
        aggregate.type = &tarn__sql_bigint;
    } else {
        TARN_RETURN_IF_ERROR(settle(b, &aggregate, &fits, err));
    }
    if (!fits) {
        char shown[80];
        tarn_type_format(aggregate.arg->type, shown, sizeof(shown));
        return tarn__bind_error(b, ast->place, "types", err, "%.*s(%s) is not defined; cast the argument to a number", (int)ast->text.size,
                                ast->text.data, shown);
    }
    return keep(b, &aggregate, ast->place, out, err);
}
