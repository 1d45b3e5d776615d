/* SPDX-License-Identifier: Apache-2.0
 *
 * Syntax trees to bound trees. SPEC: Q-EXPR-3 to Q-EXPR-6, Q-TYPE-1.
 */
#include <string.h>

#include "format/base/decimal.h"
#include "format/base/utf8.h"
#include "query/bind/bound.h"
#include "query/bind/sql_type.h"
#include "query/functions/like.h"
#include "query/sql/caret.h"
#include "tarn/query.h"

static enum tarn_status literal(struct tarn__binder *b, const struct tarn_value *value, uint32_t place, bool adapts,
                                struct tarn__bound **out, struct tarn_error *err)
{
    *out = tarn__bound_literal(b, value, place);
    if (*out == NULL) {
        return tarn__bind_nomem(b, err);
    }
    (*out)->adapts = adapts;
    return TARN_OK;
}

static void put_i128(struct tarn_value *value, tarn_i128 number)
{
    value->u.words[0] = (uint64_t)number;
    if (tarn_type_kind(value->type) == TARN_KIND_I128) {
        value->u.words[1] = (uint64_t)((tarn_u128)number >> 64);
        value->u.words[2] = number < 0 ? UINT64_MAX : 0;
        value->u.words[3] = value->u.words[2];
    }
}

/* INTEGER, BIGINT, HUGEINT by size; DOUBLE beyond. */
static enum tarn_status integer_literal(struct tarn__binder *b, const struct tarn__ast *ast, bool negative, struct tarn__bound **out,
                                        struct tarn_error *err)
{
    struct tarn_value value = {.type = &tarn__sql_hugeint};
    tarn_i128 number;
    if (tarn__decimal128_parse(ast->text, 38, 0, 0, &number) != TARN_PARSED) {
        value.type = &tarn__sql_double;
        (void)tarn__double_parse(ast->text, 0, &value.u.f64);
        value.u.f64 = negative ? -value.u.f64 : value.u.f64;
        return literal(b, &value, ast->place, true, out, err);
    }
    number = negative ? -number : number;
    value.type = number >= INT32_MIN && number <= INT32_MAX   ? &tarn__sql_integer
                 : number >= INT64_MIN && number <= INT64_MAX ? &tarn__sql_bigint
                                                              : &tarn__sql_hugeint;
    put_i128(&value, number);
    return literal(b, &value, ast->place, true, out, err);
}

/* Digits before and behind the point make the type: 1.10 is DECIMAL(3,2). */
static enum tarn_status decimal_literal(struct tarn__binder *b, const struct tarn__ast *ast, bool negative, struct tarn__bound **out,
                                        struct tarn_error *err)
{
    const char *point = memchr(ast->text.data, '.', ast->text.size);
    const size_t scale = ast->text.size - (size_t)(point - ast->text.data) - 1;
    size_t whole = (size_t)(point - ast->text.data);
    struct tarn_value value = {.type = &tarn__sql_double};
    tarn_i128 number;
    for (const char *p = ast->text.data; whole > 0 && *p == '0' && p < point; p++) {
        whole--;
    }
    if (whole + scale <= 38 && whole + scale > 0) {
        value.type = tarn__sql_decimal(b->arena, (int32_t)(whole + scale), (int32_t)scale);
        if (value.type == NULL) {
            return tarn__bind_nomem(b, err);
        }
    } else if (whole + scale == 0) {
        value.type = &tarn__sql_integer;
    }
    if (value.type->id == TARN_TYPE_F64 || tarn__decimal128_parse(ast->text, 38, (unsigned)scale, 0, &number) != TARN_PARSED) {
        value.type = &tarn__sql_double;
        (void)tarn__double_parse(ast->text, 0, &value.u.f64);
        value.u.f64 = negative ? -value.u.f64 : value.u.f64;
    } else {
        put_i128(&value, negative ? -number : number);
    }
    return literal(b, &value, ast->place, true, out, err);
}

static enum tarn_status double_literal(struct tarn__binder *b, const struct tarn__ast *ast, bool negative, struct tarn__bound **out,
                                       struct tarn_error *err)
{
    struct tarn_value value = {.type = &tarn__sql_double};
    if (tarn__double_parse(ast->text, 0, &value.u.f64) == TARN_PARSED_RANGE) {
        return tarn__bind_error(b, ast->place, "literal", err, "the number is too large for DOUBLE");
    }
    value.u.f64 = negative ? -value.u.f64 : value.u.f64;
    return literal(b, &value, ast->place, true, out, err);
}

static enum tarn_status string_literal(struct tarn__binder *b, struct tarn_text text, uint32_t place, struct tarn__bound **out,
                                       struct tarn_error *err)
{
    const struct tarn_value value = {.type = &tarn__sql_varchar, .u.bytes = text};
    return literal(b, &value, place, true, out, err);
}

static enum tarn_status parameter(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    for (uint32_t i = 0; i < b->parameter_count; i++) {
        if (tarn__text_equal(b->parameters[i].name, ast->text)) {
            struct tarn_value value = b->parameters[i].value;
            TARN_RETURN_IF_ERROR(literal(b, &value, ast->place, true, out, err));
            return TARN_OK;
        }
    }
    return tarn__bind_error(b, ast->place, "parameter", err, "no value was given for parameter \"%.*s\"",
                            (int)(ast->text.size > 60 ? 60 : ast->text.size), ast->text.data);
}

static enum tarn_status bind_args(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound ***out, struct tarn_error *err)
{
    struct tarn__bound **args = tarn__arena_calloc(b->arena, ast->count + 2u, sizeof(*args));
    *out = args;
    if (args == NULL) {
        return tarn__bind_nomem(b, err);
    }
    for (uint32_t i = 0; i < ast->count; i++) {
        TARN_RETURN_IF_ERROR(tarn__bind_expression(b, ast->args[i], &args[i], err));
    }
    return TARN_OK;
}

/* INTERVAL n UNIT is to_units(n); INTERVAL 'text' [UNIT] is a cast. */
static enum tarn_status interval(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    static const char *const functions[] = {"to_years",   "to_months",  "to_weeks",        "to_days",         "to_hours",
                                            "to_minutes", "to_seconds", "to_milliseconds", "to_microseconds", "to_quarters"};
    TARN_RETURN_IF_ERROR(tarn__bind_expression(b, ast->args[0], out, err));
    if (ast->text.size == 0) {
        return tarn__bind_cast(b, out, &tarn__sql_interval, false, err);
    }
    if (tarn__sql_is_text((*out)->type)) {
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, out, &tarn__sql_double, false, err));
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, out, &tarn__sql_bigint, false, err));
    }
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        const struct tarn_text plural = tarn__text_of(functions[i] + 3);
        const struct tarn_text singular = {plural.data, plural.size - 1};
        if (tarn__text_equal_caseless(ast->text, plural) || tarn__text_equal_caseless(ast->text, singular)) {
            return tarn__bind_call(b, tarn__text_of(functions[i]), 1, out, ast->place, out, err);
        }
    }
    return tarn__bind_error(b, ast->place, "interval", err,
                            "\"%.*s\" is no unit of time; there are YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND",
                            (int)(ast->text.size > 40 ? 40 : ast->text.size), ast->text.data);
}

static bool is_number_ast(const struct tarn__ast *ast)
{
    return ast->kind == TARN__AST_INTEGER || ast->kind == TARN__AST_DECIMAL || ast->kind == TARN__AST_DOUBLE;
}

static enum tarn_status number(struct tarn__binder *b, const struct tarn__ast *ast, bool negative, struct tarn__bound **out,
                               struct tarn_error *err)
{
    return ast->kind == TARN__AST_INTEGER   ? integer_literal(b, ast, negative, out, err)
           : ast->kind == TARN__AST_DECIMAL ? decimal_literal(b, ast, negative, out, err)
                                            : double_literal(b, ast, negative, out, err);
}

/* Functions without arguments that mean one moment for the whole statement. */
static enum tarn_status moment(struct tarn__binder *b, struct tarn_text name, uint32_t place, bool *taken, struct tarn__bound **out,
                               struct tarn_error *err)
{
    const bool date = tarn__text_equal_caseless(name, TARN_TEXT("current_date")) || tarn__text_equal_caseless(name, TARN_TEXT("today"));
    const bool now = tarn__text_equal_caseless(name, TARN_TEXT("now")) || tarn__text_equal_caseless(name, TARN_TEXT("current_timestamp")) ||
                     tarn__text_equal_caseless(name, TARN_TEXT("get_current_timestamp"));
    *taken = date || now;
    if (!*taken) {
        return TARN_OK;
    }
    struct tarn_value value = {.type = date ? &tarn__sql_date : &tarn__sql_timestamptz, .u.i64 = b->now};
    if (date) {
        value.u.i64 = b->now / INT64_C(86400000000) - (b->now % INT64_C(86400000000) < 0);
    }
    return literal(b, &value, place, false, out, err);
}

static enum tarn_status call(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound **args;
    bool taken;
    if (ast->count == 1 && tarn__text_equal(ast->text, TARN_TEXT("-")) && is_number_ast(ast->args[0])) {
        TARN_RETURN_IF_ERROR(number(b, ast->args[0], true, out, err));
        (*out)->place = ast->place;
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__bind_aggregate(b, ast, &taken, out, err));
    if (taken) {
        return TARN_OK;
    }
    if (ast->count == 0 && !ast->star) {
        TARN_RETURN_IF_ERROR(moment(b, ast->text, ast->place, &taken, out, err));
        if (taken) {
            return TARN_OK;
        }
    }
    if (ast->distinct || ast->star || ast->filter != NULL) {
        return tarn__bind_error(b, ast->place, "aggregate", err, "DISTINCT, * and FILTER are for aggregates; \"%.*s\" is none",
                                (int)(ast->text.size > 60 ? 60 : ast->text.size), ast->text.data);
    }
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    return tarn__bind_call(b, ast->text, ast->count, args, ast->place, out, err);
}

static enum tarn_status op(struct tarn__binder *b, enum tarn_expr_op kind, uint32_t count, struct tarn__bound **args, uint32_t place,
                           struct tarn__bound **out, struct tarn_error *err)
{
    *out = tarn__bound_op(b, kind, count, args, place);
    return *out != NULL ? tarn__fold(b, out, err) : tarn__bind_nomem(b, err);
}

static enum tarn_status negate_if(struct tarn__binder *b, bool negated, uint32_t place, struct tarn__bound **out, struct tarn_error *err)
{
    return negated ? op(b, TARN_EXPR_NOT, 1, out, place, out, err) : TARN_OK;
}

static enum tarn_status compare(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    static const struct {
        const char *symbol;
        enum tarn_expr_op op;
    } symbols[] = {{"=", TARN_EXPR_EQ},  {"<>", TARN_EXPR_NE}, {"<", TARN_EXPR_LT},
                   {"<=", TARN_EXPR_LE}, {">", TARN_EXPR_GT},  {">=", TARN_EXPR_GE}};
    struct tarn__bound **args;
    size_t i = 0;
    while (!tarn__text_equal(ast->text, tarn__text_of(symbols[i].symbol))) {
        i++;
    }
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    return tarn__bind_comparison(b, symbols[i].op, args[0], args[1], ast->place, out, err);
}

static enum tarn_status logic(struct tarn__binder *b, const struct tarn__ast *ast, enum tarn_expr_op kind, struct tarn__bound **out,
                              struct tarn_error *err)
{
    struct tarn__bound **args;
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    for (uint32_t i = 0; i < ast->count; i++) {
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &args[i], &tarn__sql_boolean, false, err));
    }
    return op(b, kind, ast->count, args, ast->place, out, err);
}

/* x IS TRUE is x IS NOT DISTINCT FROM TRUE. */
static enum tarn_status distinct(struct tarn__binder *b, struct tarn__bound *left, struct tarn__bound *right, bool negated, uint32_t place,
                                 struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound *args[2] = {left, right};
    const struct tarn_type *type;
    TARN_RETURN_IF_ERROR(tarn__bind_common(b, 2, args, place, &type, err));
    *out = tarn__bound_call(b, TARN__F_DISTINCT_FROM, &tarn__sql_boolean, 2, args, place);
    if (*out == NULL) {
        return tarn__bind_nomem(b, err);
    }
    TARN_RETURN_IF_ERROR(tarn__fold(b, out, err));
    return negate_if(b, negated, place, out, err);
}

static enum tarn_status is_test(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound *value;
    TARN_RETURN_IF_ERROR(tarn__bind_expression(b, ast->args[0], &value, err));
    if (tarn__text_equal_caseless(ast->text, TARN_TEXT("NULL"))) {
        TARN_RETURN_IF_ERROR(op(b, TARN_EXPR_IS_NULL, 1, &value, ast->place, out, err));
        return negate_if(b, ast->negated, ast->place, out, err);
    }
    const struct tarn_value wanted = {.type = &tarn__sql_boolean, .u.boolean = tarn__text_equal_caseless(ast->text, TARN_TEXT("TRUE"))};
    struct tarn__bound *truth = tarn__bound_literal(b, &wanted, ast->place);
    if (truth == NULL) {
        return tarn__bind_nomem(b, err);
    }
    TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &value, &tarn__sql_boolean, false, err));
    return distinct(b, value, truth, !ast->negated, ast->place, out, err);
}

static enum tarn_status between(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound **args;
    struct tarn__bound *sides[2];
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    TARN_RETURN_IF_ERROR(tarn__bind_comparison(b, TARN_EXPR_GE, args[0], args[1], ast->place, &sides[0], err));
    TARN_RETURN_IF_ERROR(tarn__bind_comparison(b, TARN_EXPR_LE, args[0], args[2], ast->place, &sides[1], err));
    TARN_RETURN_IF_ERROR(op(b, TARN_EXPR_AND, 2, sides, ast->place, out, err));
    return negate_if(b, ast->negated, ast->place, out, err);
}

static enum tarn_status in_list(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound **args;
    const struct tarn_type *type;
    bool literals = true;
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    if (tarn__sql_is_text(args[0]->type) || ast->count == 2) {
        literals = ast->count > 2;
    }
    if (literals) {
        TARN_RETURN_IF_ERROR(tarn__bind_common(b, ast->count, args, ast->place, &type, err));
        literals = tarn_type_kind(type) != TARN_KIND_NESTED && type->id != TARN_TYPE_INTERVAL && type->id != TARN_TYPE_NULL;
    }
    for (uint32_t i = 1; i < ast->count; i++) {
        literals = literals && args[i]->kind == TARN__BOUND_LITERAL;
    }
    if (literals) {
        TARN_RETURN_IF_ERROR(op(b, TARN_EXPR_IN, ast->count, args, ast->place, out, err));
        return negate_if(b, ast->negated, ast->place, out, err);
    }
    for (uint32_t i = 1; i < ast->count; i++) { /* x IN (a, b) is x = a OR x = b */
        TARN_RETURN_IF_ERROR(tarn__bind_comparison(b, TARN_EXPR_EQ, args[0], args[i], ast->place, &args[i], err));
    }
    if (ast->count == 2) {
        *out = args[1];
    } else {
        TARN_RETURN_IF_ERROR(op(b, TARN_EXPR_OR, ast->count - 1, args + 1, ast->place, out, err));
    }
    return negate_if(b, ast->negated, ast->place, out, err);
}

/* A constant pattern 'abc%' is a prefix test, one without wildcards an equality: both can be decided by statistics. */
static enum tarn_status like(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound **args;
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    for (uint32_t i = 0; i < ast->count; i++) {
        if (!tarn__sql_is_text(args[i]->type) && !tarn__sql_is_null(args[i]->type)) {
            return tarn__bind_error(b, ast->place, "types", err, "LIKE compares texts; cast to VARCHAR first");
        }
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &args[i], &tarn__sql_varchar, false, err));
    }
    const bool constant = args[1]->kind == TARN__BOUND_LITERAL && !args[1]->value.is_null && ast->number == 0 && ast->count == 2;
    bool exact = false;
    bool prefix = false;
    const struct tarn_text head =
        constant ? tarn__like_prefix(args[1]->value.u.bytes, (struct tarn_text){NULL, 0}, &exact, &prefix) : (struct tarn_text){NULL, 0};
    if (exact || (prefix && head.size != 0)) {
        const struct tarn_value value = {.type = &tarn__sql_varchar, .u.bytes = head};
        args[1] = tarn__bound_literal(b, &value, args[1]->place);
        if (args[1] == NULL) {
            return tarn__bind_nomem(b, err);
        }
        TARN_RETURN_IF_ERROR(op(b, exact ? TARN_EXPR_EQ : TARN_EXPR_STARTS_WITH, 2, args, ast->place, out, err));
    } else {
        *out = tarn__bound_call(b, ast->number != 0 ? TARN__F_ILIKE : TARN__F_LIKE, &tarn__sql_boolean, ast->count, args, ast->place);
        if (*out == NULL) {
            return tarn__bind_nomem(b, err);
        }
        TARN_RETURN_IF_ERROR(tarn__fold(b, out, err));
    }
    return negate_if(b, ast->negated, ast->place, out, err);
}

static enum tarn_status case_when(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound **args;
    struct tarn__bound *operand = NULL;
    struct tarn__bound **values = tarn__arena_calloc(b->arena, ast->count + 1u, sizeof(*values));
    const struct tarn_type *type;
    uint32_t value_count = 0;
    if (values == NULL) {
        return tarn__bind_nomem(b, err);
    }
    if (ast->operand != NULL) {
        TARN_RETURN_IF_ERROR(tarn__bind_expression(b, ast->operand, &operand, err));
    }
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    for (uint32_t i = 0; i < ast->count; i++) {
        const bool otherwise = ast->count % 2 != 0 && i + 1 == ast->count;
        if (i % 2 != 0 || otherwise) {
            values[value_count++] = args[i];
        } else if (operand != NULL) {
            TARN_RETURN_IF_ERROR(tarn__bind_comparison(b, TARN_EXPR_EQ, operand, args[i], ast->args[i]->place, &args[i], err));
        } else {
            TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &args[i], &tarn__sql_boolean, false, err));
        }
    }
    TARN_RETURN_IF_ERROR(tarn__bind_common(b, value_count, values, ast->place, &type, err));
    value_count = 0;
    for (uint32_t i = 0; i < ast->count; i++) {
        if (i % 2 != 0 || (ast->count % 2 != 0 && i + 1 == ast->count)) {
            args[i] = values[value_count++];
        }
    }
    *out = tarn__bound_call(b, TARN__F_CASE, type, ast->count, args, ast->place);
    return *out != NULL ? tarn__fold(b, out, err) : tarn__bind_nomem(b, err);
}

static enum tarn_status cast(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    const struct tarn_type *type;
    TARN_RETURN_IF_ERROR(tarn__bind_expression(b, ast->args[0], out, err));
    TARN_RETURN_IF_ERROR(tarn__bind_type(b, ast->type_text, ast->type_place, &type, err));
    if (tarn_type_equal((*out)->type, type) && (*out)->adapts) { /* '1'::VARCHAR no longer takes another type */
        *out = tarn__bound_literal(b, &(*out)->value, (*out)->place);
        return *out != NULL ? TARN_OK : tarn__bind_nomem(b, err);
    }
    (*out)->place = ast->place;
    return tarn__bind_cast(b, out, type, ast->number != 0, err);
}

static enum tarn_status typed_literal(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    const struct tarn_type *type;
    TARN_RETURN_IF_ERROR(tarn__bind_type(b, ast->type_text, ast->type_place, &type, err));
    TARN_RETURN_IF_ERROR(string_literal(b, ast->text, ast->place, out, err));
    return tarn__bind_cast(b, out, type, false, err);
}

static enum tarn_status list_index(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound **args;
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    if (args[0]->type->id != TARN_TYPE_LIST) {
        return tarn__bind_error(b, ast->place, "types", err, "only lists have elements in [ ]");
    }
    TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &args[1], &tarn__sql_bigint, false, err));
    *out = tarn__bound_call(b, TARN__F_LIST_EXTRACT, args[0]->type->fields[0].type, 2, args, ast->place);
    return *out != NULL ? tarn__fold(b, out, err) : tarn__bind_nomem(b, err);
}

static enum tarn_status list_literal(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound **args;
    const struct tarn_type *type = &tarn__sql_integer;
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    if (ast->count != 0) {
        TARN_RETURN_IF_ERROR(tarn__bind_common(b, ast->count, args, ast->place, &type, err));
    }
    *out = tarn__bound_call(b, TARN__F_LIST_VALUE, tarn__sql_list(b->arena, type), ast->count, args, ast->place);
    return *out != NULL ? TARN_OK : tarn__bind_nomem(b, err);
}

/* An alias of the SELECT list stands for its expression, in which only the aliases before it mean something. */
static enum tarn_status alias(struct tarn__binder *b, struct tarn_text name, bool *taken, struct tarn__bound **out, struct tarn_error *err)
{
    const uint32_t count = b->alias_count;
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; i < count && !*taken; i++) {
        if (tarn__text_equal_caseless(b->alias_items[i].alias, name)) {
            *taken = true;
            b->alias_count = i;
            status = tarn__bind_expression(b, b->alias_items[i].expr, out, err);
        }
    }
    b->alias_count = count;
    return status;
}

static enum tarn_status column(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn_error column_error = TARN_ERROR_INIT;
    const enum tarn_status status = tarn__bind_column(b, ast, out, &column_error);
    bool taken = false;
    if (status == TARN_NOT_FOUND && ast->name_count == 1) { /* current_date has no parentheses */
        TARN_RETURN_IF_ERROR(moment(b, ast->names[0], ast->place, &taken, out, err));
        if (!taken) {
            TARN_RETURN_IF_ERROR(alias(b, ast->names[0], &taken, out, err));
        }
    }
    if (status != TARN_OK && !taken && err != NULL) {
        *err = column_error;
    }
    return taken ? TARN_OK : status;
}

enum tarn_status tarn__bind_expression(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out,
                                       struct tarn_error *err)
{
    struct tarn_value value = {.type = &tarn__sql_null, .is_null = true};
    struct tarn__bound *sides[2];
    *out = NULL;
    switch (ast->kind) {
    case TARN__AST_NULL:
        return literal(b, &value, ast->place, true, out, err);
    case TARN__AST_BOOL:
        value = (struct tarn_value){.type = &tarn__sql_boolean, .u.boolean = ast->number != 0};
        return literal(b, &value, ast->place, false, out, err);
    case TARN__AST_INTEGER:
    case TARN__AST_DECIMAL:
    case TARN__AST_DOUBLE:
        return number(b, ast, false, out, err);
    case TARN__AST_STRING:
        return string_literal(b, ast->text, ast->place, out, err);
    case TARN__AST_TYPED:
        return typed_literal(b, ast, out, err);
    case TARN__AST_INTERVAL:
        return interval(b, ast, out, err);
    case TARN__AST_PARAMETER:
        return parameter(b, ast, out, err);
    case TARN__AST_COLUMN:
        return column(b, ast, out, err);
    case TARN__AST_STAR:
        return tarn__bind_error(b, ast->place, "star", err, "* stands for all columns in SELECT only");
    case TARN__AST_CALL:
        return call(b, ast, out, err);
    case TARN__AST_COMPARE:
        return compare(b, ast, out, err);
    case TARN__AST_DISTINCT:
        TARN_RETURN_IF_ERROR(tarn__bind_expression(b, ast->args[0], &sides[0], err));
        TARN_RETURN_IF_ERROR(tarn__bind_expression(b, ast->args[1], &sides[1], err));
        return distinct(b, sides[0], sides[1], ast->negated, ast->place, out, err);
    case TARN__AST_AND:
        return logic(b, ast, TARN_EXPR_AND, out, err);
    case TARN__AST_OR:
        return logic(b, ast, TARN_EXPR_OR, out, err);
    case TARN__AST_NOT:
        return logic(b, ast, TARN_EXPR_NOT, out, err);
    case TARN__AST_IS:
        return is_test(b, ast, out, err);
    case TARN__AST_BETWEEN:
        return between(b, ast, out, err);
    case TARN__AST_IN:
        return in_list(b, ast, out, err);
    case TARN__AST_LIKE:
        return like(b, ast, out, err);
    case TARN__AST_CASE:
        return case_when(b, ast, out, err);
    case TARN__AST_CAST:
        return cast(b, ast, out, err);
    case TARN__AST_MEMBER:
        TARN_RETURN_IF_ERROR(tarn__bind_expression(b, ast->args[0], &sides[0], err));
        return tarn__bind_member(b, sides[0], ast->text, ast->place, out, err);
    case TARN__AST_INDEX:
        return list_index(b, ast, out, err);
    case TARN__AST_LIST:
        return list_literal(b, ast, out, err);
    }
    return tarn__internal(err, "an expression of kind %d", (int)ast->kind);
}

enum tarn_status tarn__bind_predicate(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__bind_expression(b, ast, out, err));
    if ((*out)->type->id != TARN_TYPE_BOOL && !tarn__sql_is_null((*out)->type) && !tarn__sql_is_integer((*out)->type) &&
        !((*out)->adapts && tarn__sql_is_text((*out)->type))) {
        char shown[80];
        tarn_type_format((*out)->type, shown, sizeof(shown));
        return tarn__bind_error(b, ast->place, "types", err, "%s takes a BOOLEAN, this is %s", b->clause, shown);
    }
    return tarn__bind_cast(b, out, &tarn__sql_boolean, false, err);
}
