/* SPDX-License-Identifier: Apache-2.0
 *
 * Spark's expressions to bound trees. SPEC: Q-SPARK-1 to Q-SPARK-4.
 *
 * Names, comparisons and the logic of nulls are those of SQL, and are bound by the functions that bind tarn's own SQL; what differs is here
 * and in the files of casts and calls. Invariant: every kind of node that is not listed is refused.
 */
#include <stdarg.h>
#include <stdio.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "query/bind/spark.h"
#include "query/bind/sql_type.h"
#include "query/sql/caret.h"
#include "query/sql/parser.h"

enum tarn_status tarn__spark_refuse(const struct tarn__binder *b, uint32_t place, struct tarn_error *err, const char *format, ...)
{
    char message[300];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    (void)tarn__unsupported(err, "expr.spark", "%s", message);
    tarn__sql_error_at(err, b->sql, place);
    return TARN_UNSUPPORTED;
}

static enum tarn_status bind_args(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound ***out, struct tarn_error *err)
{
    struct tarn__bound **args = tarn__arena_calloc(b->arena, ast->count + 2u, sizeof(*args));
    *out = args;
    if (args == NULL) {
        return tarn__bind_nomem(b, err);
    }
    for (uint32_t i = 0; i < ast->count; i++) {
        TARN_RETURN_IF_ERROR(tarn__spark_bind(b, ast->args[i], &args[i], err));
    }
    return TARN_OK;
}

static enum tarn_status op(struct tarn__binder *b, enum tarn_expr_op kind, uint32_t count, struct tarn__bound **args, uint32_t place,
                           struct tarn__bound **out, struct tarn_error *err)
{
    *out = tarn__bound_op(b, kind, count, args, place);
    return *out != NULL ? tarn__fold(b, out, err) : tarn__bind_nomem(b, err);
}

static enum tarn_status negate_if(struct tarn__binder *b, bool negated, uint32_t place, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound *value = *out;
    return negated ? op(b, TARN_EXPR_NOT, 1, &value, place, out, err) : TARN_OK;
}

/* ---- comparisons ---- */

/* Text beside something else is converted by rules that depend on Spark's settings: only a text that is written there is. */
static enum tarn_status check_sides(struct tarn__binder *b, const struct tarn__bound *left, const struct tarn__bound *right, uint32_t place,
                                    struct tarn_error *err)
{
    const struct tarn__bound *text = tarn__sql_is_text(left->type) ? left : tarn__sql_is_text(right->type) ? right : NULL;
    const struct tarn__bound *other = text == left ? right : left;
    if (text == NULL || tarn__sql_is_text(other->type) || tarn__sql_is_null(other->type) || text->adapts) {
        return TARN_OK;
    }
    return tarn__spark_refuse(b, place, err, "a comparison of a text with another type; cast one side");
}

static enum tarn_status comparison(struct tarn__binder *b, enum tarn_expr_op kind, struct tarn__bound *left, struct tarn__bound *right,
                                   uint32_t place, struct tarn__bound **out, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(check_sides(b, left, right, place, err));
    if (tarn_type_kind(left->type) == TARN_KIND_NESTED || tarn_type_kind(right->type) == TARN_KIND_NESTED) {
        return tarn__spark_refuse(b, place, err, "a comparison of structs, lists or maps");
    }
    return tarn__bind_comparison(b, kind, left, right, place, out, err);
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
        i++; /* the parser makes no others */
    }
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    return comparison(b, symbols[i].op, args[0], args[1], ast->place, out, err);
}

static enum tarn_status distinct(struct tarn__binder *b, struct tarn__bound *left, struct tarn__bound *right, bool negated, uint32_t place,
                                 struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound *args[2] = {left, right};
    const struct tarn_type *type;
    TARN_RETURN_IF_ERROR(check_sides(b, left, right, place, err));
    TARN_RETURN_IF_ERROR(tarn__bind_common(b, 2, args, place, &type, err));
    *out = tarn__bound_call(b, TARN__F_DISTINCT_FROM, &tarn__sql_boolean, 2, args, place);
    if (*out == NULL) {
        return tarn__bind_nomem(b, err);
    }
    TARN_RETURN_IF_ERROR(tarn__fold(b, out, err));
    return negate_if(b, negated, place, out, err);
}

static enum tarn_status to_boolean(struct tarn__binder *b, struct tarn__bound **value, struct tarn_error *err)
{
    if ((*value)->type->id != TARN_TYPE_BOOL && !tarn__sql_is_null((*value)->type)) {
        return tarn__bind_error(b, (*value)->place, "types", err, "a BOOLEAN is wanted here");
    }
    return tarn__bind_cast(b, value, &tarn__sql_boolean, false, err);
}

static enum tarn_status is_test(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound *value;
    TARN_RETURN_IF_ERROR(tarn__spark_bind(b, ast->args[0], &value, err));
    if (tarn__text_equal_caseless(ast->text, TARN_TEXT("NULL"))) {
        TARN_RETURN_IF_ERROR(op(b, TARN_EXPR_IS_NULL, 1, &value, ast->place, out, err));
        return negate_if(b, ast->negated, ast->place, out, err);
    }
    const struct tarn_value wanted = {.type = &tarn__sql_boolean, .u.boolean = tarn__text_equal_caseless(ast->text, TARN_TEXT("TRUE"))};
    struct tarn__bound *truth = tarn__bound_literal(b, &wanted, ast->place);
    if (truth == NULL) {
        return tarn__bind_nomem(b, err);
    }
    TARN_RETURN_IF_ERROR(to_boolean(b, &value, err));
    return distinct(b, value, truth, !ast->negated, ast->place, out, err);
}

static enum tarn_status logic(struct tarn__binder *b, const struct tarn__ast *ast, enum tarn_expr_op kind, struct tarn__bound **out,
                              struct tarn_error *err)
{
    struct tarn__bound **args;
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    for (uint32_t i = 0; i < ast->count; i++) {
        TARN_RETURN_IF_ERROR(to_boolean(b, &args[i], err));
    }
    return op(b, kind, ast->count, args, ast->place, out, err);
}

static enum tarn_status between(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound **args;
    struct tarn__bound *sides[2];
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    TARN_RETURN_IF_ERROR(comparison(b, TARN_EXPR_GE, args[0], args[1], ast->place, &sides[0], err));
    TARN_RETURN_IF_ERROR(comparison(b, TARN_EXPR_LE, args[0], args[2], ast->place, &sides[1], err));
    TARN_RETURN_IF_ERROR(op(b, TARN_EXPR_AND, 2, sides, ast->place, out, err));
    return negate_if(b, ast->negated, ast->place, out, err);
}

/* x IN (a, b) is x = a OR x = b */
static enum tarn_status in_list(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound **args;
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    for (uint32_t i = 1; i < ast->count; i++) {
        TARN_RETURN_IF_ERROR(comparison(b, TARN_EXPR_EQ, args[0], args[i], ast->place, &args[i], err));
    }
    *out = args[1];
    if (ast->count > 2) {
        TARN_RETURN_IF_ERROR(op(b, TARN_EXPR_OR, ast->count - 1, args + 1, ast->place, out, err));
    }
    return negate_if(b, ast->negated, ast->place, out, err);
}

/* The escape is a backslash unless it is said. */
static enum tarn_status like(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound **args;
    if (ast->number != 0) {
        return tarn__spark_refuse(b, ast->place, err, "ILIKE");
    }
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    for (uint32_t i = 0; i < ast->count; i++) {
        if (!tarn__sql_is_text(args[i]->type) && !tarn__sql_is_null(args[i]->type)) {
            return tarn__spark_refuse(b, ast->place, err, "LIKE of what is no text");
        }
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &args[i], &tarn__sql_varchar, false, err));
    }
    uint32_t count = ast->count;
    if (count == 2) {
        const struct tarn_value escape = {.type = &tarn__sql_varchar, .u.bytes = TARN_TEXT("\\")};
        args[count++] = tarn__bound_literal(b, &escape, ast->place);
    }
    *out = tarn__bound_call(b, TARN__F_LIKE, &tarn__sql_boolean, count, args, ast->place);
    if (*out == NULL) {
        return tarn__bind_nomem(b, err);
    }
    TARN_RETURN_IF_ERROR(tarn__fold(b, out, err));
    return negate_if(b, ast->negated, ast->place, out, err);
}

/* ---- CASE ---- */

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
        TARN_RETURN_IF_ERROR(tarn__spark_bind(b, ast->operand, &operand, err));
    }
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    for (uint32_t i = 0; i < ast->count; i++) {
        const bool otherwise = ast->count % 2 != 0 && i + 1 == ast->count;
        if (i % 2 != 0 || otherwise) {
            values[value_count++] = args[i];
        } else if (operand != NULL) {
            TARN_RETURN_IF_ERROR(comparison(b, TARN_EXPR_EQ, operand, args[i], ast->args[i]->place, &args[i], err));
        } else {
            TARN_RETURN_IF_ERROR(to_boolean(b, &args[i], err));
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

/* ---- arithmetic ---- */

/* A whole number that is written has the type INT, or BIGINT, and keeps it; beside a decimal it counts as one. */
static void keep_type(struct tarn__bound *arg)
{
    arg->adapts = arg->adapts && !tarn__sql_is_integer(arg->type);
}

static enum tarn_status arithmetic(struct tarn__binder *b, struct tarn_text symbol, struct tarn__bound **args, uint32_t place,
                                   struct tarn__bound **out, struct tarn_error *err)
{
    const bool divides = tarn__text_equal(symbol, TARN_TEXT("/"));
    const bool whole = tarn__text_equal_caseless(symbol, TARN_TEXT("div"));
    bool floats = false;
    bool doubles = false;
    bool decimals = false;
    for (int i = 0; i < 2; i++) {
        if (!tarn__sql_is_number(args[i]->type) && !tarn__sql_is_null(args[i]->type)) {
            return tarn__spark_refuse(b, place, err, "the operator %.*s of what are no numbers", TARN_TEXT_ARG(symbol));
        }
        floats = floats || args[i]->type->id == TARN_TYPE_F32;
        doubles = doubles || args[i]->type->id == TARN_TYPE_F64;
        decimals = decimals || args[i]->type->id == TARN_TYPE_DECIMAL;
        keep_type(args[i]);
    }
    if (floats && !doubles) {
        return tarn__spark_refuse(b, place, err, "arithmetic of FLOAT; cast to DOUBLE");
    }
    if (divides && decimals && !doubles) {
        return tarn__spark_refuse(b, place, err, "the division of decimals; cast one side to DOUBLE");
    }
    if (!whole) {
        return tarn__bind_call(b, symbol, 2, args, place, out, err);
    }
    if (decimals || doubles) {
        return tarn__spark_refuse(b, place, err, "DIV of what are no whole numbers");
    }
    TARN_RETURN_IF_ERROR(tarn__bind_call(b, TARN_TEXT("//"), 2, args, place, out, err));
    return tarn__bind_cast(b, out, &tarn__sql_bigint, false, err);
}

static bool is_number_ast(const struct tarn__ast *ast)
{
    return ast->kind == TARN__AST_INTEGER || ast->kind == TARN__AST_DECIMAL || ast->kind == TARN__AST_DOUBLE;
}

static enum tarn_status call(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    static const char *const operators[] = {"+", "-", "*", "/", "%", "div"};
    struct tarn__bound **args;
    if (ast->distinct || ast->star || ast->filter != NULL) {
        return tarn__spark_refuse(b, ast->place, err, "aggregates");
    }
    if (ast->count == 1 && tarn__text_equal(ast->text, TARN_TEXT("-")) && is_number_ast(ast->args[0])) {
        return tarn__bind_expression(b, ast, out, err); /* a negative number, in which -2147483648 is an INT */
    }
    TARN_RETURN_IF_ERROR(bind_args(b, ast, &args, err));
    for (size_t i = 0; ast->count == 2 && i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (tarn__text_equal_caseless(ast->text, tarn__text_of(operators[i]))) {
            return arithmetic(b, ast->text, args, ast->place, out, err);
        }
    }
    if (ast->count == 1 && (tarn__text_equal(ast->text, TARN_TEXT("-")) || tarn__text_equal(ast->text, TARN_TEXT("+")))) {
        return tarn__bind_call(b, ast->text, 1, args, ast->place, out, err);
    }
    return tarn__spark_call(b, ast->text, ast->count, args, ast->place, out, err);
}

/* ---- literals, names, casts ---- */

/* 10L is a BIGINT. */
static enum tarn_status whole_number(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__bind_expression(b, ast, out, err));
    const char last = ast->end != 0 ? b->sql.data[ast->end - 1] : '0';
    if ((last == 'L' || last == 'l') && (*out)->type->id == TARN_TYPE_I32) {
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, out, &tarn__sql_bigint, false, err));
        (*out)->adapts = true; /* beside a narrower column it still is a number that is written */
    }
    return TARN_OK;
}

static enum tarn_status type_named(struct tarn__binder *b, struct tarn_text text, uint32_t place, const struct tarn_type **out,
                                   struct tarn_error *err)
{
    *out = tarn__spark_type(b->arena, text);
    return *out != NULL ? TARN_OK : tarn__spark_refuse(b, place, err, "the type %.*s", (int)(text.size > 60 ? 60 : text.size), text.data);
}

static enum tarn_status typed_literal(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    const struct tarn_type *type;
    const struct tarn_value value = {.type = &tarn__sql_varchar, .u.bytes = ast->text};
    TARN_RETURN_IF_ERROR(type_named(b, ast->type_text, ast->type_place, &type, err));
    if (!tarn__sql_is_moment(type)) {
        return tarn__spark_refuse(b, ast->place, err, "a literal of the type %.*s", TARN_TEXT_ARG(ast->type_text));
    }
    *out = tarn__bound_literal(b, &value, ast->place);
    return *out != NULL ? tarn__bind_cast(b, out, type, false, err) : tarn__bind_nomem(b, err);
}

/* current_date and current_timestamp need no parentheses. */
static enum tarn_status column(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn_error local = TARN_ERROR_INIT;
    const enum tarn_status status = tarn__bind_column(b, ast, out, &local);
    if (status == TARN_NOT_FOUND && ast->name_count == 1 &&
        (tarn__text_equal_caseless(ast->names[0], TARN_TEXT("current_date")) ||
         tarn__text_equal_caseless(ast->names[0], TARN_TEXT("current_timestamp")))) {
        return tarn__bind_expression(b, ast, out, err);
    }
    if (status != TARN_OK && err != NULL) {
        *err = local;
    }
    return status;
}

enum tarn_status tarn__spark_bind(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound *sides[2];
    const struct tarn_type *type;
    *out = NULL;
    switch (ast->kind) {
    case TARN__AST_INTEGER:
        return whole_number(b, ast, out, err);
    case TARN__AST_NULL:
    case TARN__AST_BOOL:
    case TARN__AST_DECIMAL:
    case TARN__AST_DOUBLE:
    case TARN__AST_STRING:
        return tarn__bind_expression(b, ast, out, err);
    case TARN__AST_TYPED:
        return typed_literal(b, ast, out, err);
    case TARN__AST_COLUMN:
        return column(b, ast, out, err);
    case TARN__AST_CALL:
        return call(b, ast, out, err);
    case TARN__AST_COMPARE:
        return compare(b, ast, out, err);
    case TARN__AST_DISTINCT:
        TARN_RETURN_IF_ERROR(tarn__spark_bind(b, ast->args[0], &sides[0], err));
        TARN_RETURN_IF_ERROR(tarn__spark_bind(b, ast->args[1], &sides[1], err));
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
        TARN_RETURN_IF_ERROR(tarn__spark_bind(b, ast->args[0], out, err));
        TARN_RETURN_IF_ERROR(type_named(b, ast->type_text, ast->type_place, &type, err));
        if (ast->number != 0) {
            return tarn__spark_refuse(b, ast->place, err, "TRY_CAST");
        }
        (*out)->place = ast->place;
        return tarn__spark_cast(b, out, type, err);
    case TARN__AST_MEMBER:
        TARN_RETURN_IF_ERROR(tarn__spark_bind(b, ast->args[0], &sides[0], err));
        return tarn__bind_member(b, sides[0], ast->text, ast->place, out, err);
    default:
        return tarn__spark_refuse(b, ast->place, err, "this part of the expression");
    }
}

/* ---- the host's hook ---- */

static struct tarn__scope *whole_columns(struct tarn_arena *arena, const struct tarn_schema *schema)
{
    struct tarn__scope *scope = tarn__arena_alloc(arena, sizeof(*scope));
    struct tarn__scope_column *columns = tarn__arena_calloc(arena, schema->field_count + 1u, sizeof(*columns));
    struct tarn__channel *channels = tarn__arena_calloc(arena, schema->field_count + 1u, sizeof(*channels));
    struct tarn_path_step *steps = tarn__arena_calloc(arena, schema->field_count + 1u, sizeof(*steps));
    if (scope == NULL || columns == NULL || channels == NULL || steps == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct tarn_field *field = &schema->fields[i];
        columns[i] = (struct tarn__scope_column){field->name, field->type, true};
        steps[i] = (struct tarn_path_step){.kind = TARN_PATH_FIELD, .name = field->name, .id = -1};
        channels[i] = (struct tarn__channel){{1, &steps[i]}, field->type, true};
    }
    *scope = (struct tarn__scope){
        .column_count = schema->field_count, .columns = columns, .channel_count = schema->field_count, .channels = channels, .fixed = true};
    return scope;
}

static enum tarn_status compile(struct tarn__binder *b, const struct tarn_schema *schema, struct tarn_text text,
                                const struct tarn_type *type, struct tarn_expr **out, struct tarn_error *err)
{
    struct tarn__ast *ast;
    struct tarn__bound *bound;
    struct tarn__expression expression;
    b->scope = whole_columns(b->arena, schema);
    if (b->scope == NULL) {
        return tarn__bind_nomem(b, err);
    }
    TARN_RETURN_IF_ERROR(tarn__sql_parse_spark(b->arena, text, &ast, err));
    TARN_RETURN_IF_ERROR(tarn__spark_bind(b, ast, &bound, err));
    if (type != NULL) {
        TARN_RETURN_IF_ERROR(tarn__spark_cast(b, &bound, type, err));
    }
    const enum tarn_status status = tarn__lower(b, b->scope, bound, true, &expression, err);
    *out = expression.expr;
    return status;
}

enum tarn_status tarn__spark_compile(void *ctx, struct tarn_env *env, const struct tarn_schema *schema, struct tarn_text text,
                                     const struct tarn_type *type, struct tarn_expr **out, struct tarn_error *err)
{
    struct tarn_arena arena;
    (void)ctx;
    *out = NULL;
    tarn__arena_init(&arena, env);
    struct tarn__binder binder = {.arena = &arena, .env = env, .sql = text, .clause = "the expression", .now = tarn__now(env)};
    const enum tarn_status status = compile(&binder, schema, text, type, out, err);
    tarn__arena_free(&arena);
    return status;
}
