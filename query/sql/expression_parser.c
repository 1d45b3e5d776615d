/* SPDX-License-Identifier: Apache-2.0
 *
 * Expressions by precedence climbing. SPEC: Q-EXPR-1 (precedence), Q-EXPR-2 (depth).
 *
 * Invariants
 *  1. Each recursion raises `depth`, and each node knows the depth of its tree: neither exceeds TARN__SQL_DEPTH, so that no later
 *     recursion over the tree needs a check. Chains of AND and of OR are one node with many arguments, and so are flat.
 *  2. A node's [begin, end) is the text it came from: the name of an unnamed column.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/number.h"
#include "format/base/utf8.h"
#include "query/sql/caret.h"
#include "query/sql/parser.h"

/* How tightly operators bind, as in PostgreSQL. */
enum {
    BIND_OR = 1,
    BIND_AND,
    BIND_NOT,
    BIND_IS,
    BIND_COMPARE,
    BIND_RANGE, /* BETWEEN, IN, LIKE */
    BIND_OTHER, /* || */
    BIND_ADD,
    BIND_MULTIPLY,
    BIND_POWER,
    BIND_SIGN,
    BIND_POSTFIX, /* :: [] . */
};

static enum tarn_status climb(struct tarn__parser *p, int minimum, struct tarn__ast **out, struct tarn_error *err);

static enum tarn_status too_deep(const struct tarn__parser *p, struct tarn_error *err)
{
    (void)tarn__error_set(err, TARN_LIMIT, "sql.depth", "the expression is nested more than %d deep; split the statement", TARN__SQL_DEPTH);
    tarn__sql_error_at(err, p->lexer.sql, p->token.place);
    return TARN_LIMIT;
}

static enum tarn_status make(struct tarn__parser *p, enum tarn__ast_kind kind, uint32_t place, uint32_t count,
                             struct tarn__ast *const *args, struct tarn__ast **out, struct tarn_error *err)
{
    struct tarn__ast *node = tarn__arena_alloc(p->arena, sizeof(*node));
    struct tarn__ast **copy = count != 0 ? tarn__arena_calloc(p->arena, count, sizeof(struct tarn__ast *)) : NULL;
    *out = NULL;
    if (node == NULL || (copy == NULL && count != 0)) {
        return tarn__parser_nomem(p, err);
    }
    *node = (struct tarn__ast){.kind = kind, .place = place, .begin = place, .end = p->last_end, .depth = 1, .count = count, .args = copy};
    for (uint32_t i = 0; i < count; i++) {
        copy[i] = args[i];
        node->depth = args[i]->depth >= node->depth ? args[i]->depth + 1 : node->depth;
        node->begin = args[i]->begin < node->begin ? args[i]->begin : node->begin;
    }
    if (node->depth > TARN__SQL_DEPTH) {
        return too_deep(p, err);
    }
    *out = node;
    return TARN_OK;
}

static enum tarn_status expression_list(struct tarn__parser *p, struct tarn__parser_list *list, struct tarn_error *err)
{
    bool more;
    do {
        struct tarn__ast *one;
        TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &one, err));
        struct tarn__ast **slot = tarn__parser_push(list);
        if (slot == NULL) {
            return tarn__parser_nomem(p, err);
        }
        *slot = one;
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &more, err));
    } while (more);
    return TARN_OK;
}

static enum tarn_status number_text(struct tarn__parser *p, struct tarn_text *out, struct tarn_error *err)
{
    *out = p->token.text;
    if (memchr(out->data, '_', out->size) == NULL) {
        return TARN_OK;
    }
    char *copy = tarn__arena_alloc(p->arena, out->size);
    size_t size = 0;
    if (copy == NULL) {
        return tarn__parser_nomem(p, err);
    }
    for (size_t i = 0; i < out->size; i++) {
        if (out->data[i] != '_') {
            copy[size++] = out->data[i];
        }
    }
    *out = (struct tarn_text){copy, size};
    return TARN_OK;
}

static enum tarn_status literal(struct tarn__parser *p, enum tarn__ast_kind kind, struct tarn__ast **out, struct tarn_error *err)
{
    const uint32_t place = p->token.place;
    struct tarn_text text;
    if (kind == TARN__AST_STRING) {
        TARN_RETURN_IF_ERROR(tarn__parser_unquote(p, &p->token, &text, err));
    } else {
        TARN_RETURN_IF_ERROR(number_text(p, &text, err));
    }
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(make(p, kind, place, 0, NULL, out, err));
    (*out)->text = text;
    return TARN_OK;
}

static enum tarn_status parameter(struct tarn__parser *p, struct tarn__ast **out, struct tarn_error *err)
{
    struct tarn_text name = p->token.text;
    const uint32_t place = p->token.place;
    if (name.size == 0) {
        char *digits = tarn__arena_alloc(p->arena, TARN_NUMBER_TEXT);
        if (digits == NULL) {
            return tarn__parser_nomem(p, err);
        }
        name = (struct tarn_text){digits, tarn__uint64_print(++p->parameter_count, digits)};
    }
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(make(p, TARN__AST_PARAMETER, place, 0, NULL, out, err));
    (*out)->text = name;
    return TARN_OK;
}

static enum tarn_status case_expression(struct tarn__parser *p, struct tarn__ast **out, struct tarn_error *err)
{
    struct tarn__parser_list list = {.parser = p, .element = sizeof(struct tarn__ast *)};
    const uint32_t place = p->token.place;
    struct tarn__ast *operand = NULL;
    struct tarn__ast **slot;
    bool more;

    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    if (!tarn__parser_at(p, "WHEN")) {
        TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &operand, err));
    }
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "WHEN", err));
    do {
        for (int i = 0; i < 2; i++) {
            struct tarn__ast *one;
            TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &one, err));
            slot = tarn__parser_push(&list);
            if (slot == NULL) {
                return tarn__parser_nomem(p, err);
            }
            *slot = one;
            if (i == 0) {
                TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "THEN", err));
            }
        }
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "WHEN", &more, err));
    } while (more);
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "ELSE", &more, err));
    if (more) {
        struct tarn__ast *otherwise;
        TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &otherwise, err));
        slot = tarn__parser_push(&list);
        if (slot == NULL) {
            return tarn__parser_nomem(p, err);
        }
        *slot = otherwise;
    }
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "END", err));
    TARN_RETURN_IF_ERROR(make(p, TARN__AST_CASE, place, list.count, list.items, out, err));
    (*out)->operand = operand;
    if (operand != NULL && operand->depth >= (*out)->depth) {
        (*out)->depth = operand->depth + 1;
    }
    return (*out)->depth > TARN__SQL_DEPTH ? too_deep(p, err) : TARN_OK;
}

/* CAST(x AS type), TRY_CAST(x AS type) */
static enum tarn_status cast_expression(struct tarn__parser *p, struct tarn__ast **out, struct tarn_error *err)
{
    const uint32_t place = p->token.place;
    const bool lenient = tarn__parser_at(p, "TRY_CAST");
    struct tarn__ast *value;
    struct tarn_text type;
    uint32_t type_place;

    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "(", err));
    TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &value, err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "AS", err));
    TARN_RETURN_IF_ERROR(tarn__parser_type(p, &type, &type_place, err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, ")", err));
    TARN_RETURN_IF_ERROR(make(p, TARN__AST_CAST, place, 1, &value, out, err));
    (*out)->type_text = type;
    (*out)->type_place = type_place;
    (*out)->number = lenient;
    return TARN_OK;
}

/* INTERVAL 3 DAY, INTERVAL '3 days', INTERVAL '3' DAY, INTERVAL (x) DAY */
static enum tarn_status interval_expression(struct tarn__parser *p, struct tarn__ast **out, struct tarn_error *err)
{
    const uint32_t place = p->token.place;
    struct tarn__ast *amount;
    struct tarn_text unit = {NULL, 0};

    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(climb(p, BIND_SIGN, &amount, err));
    if (p->token.kind == TARN__TOKEN_NAME && !tarn__word_is_reserved(p->token.text)) {
        unit = p->token.text;
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    } else if (amount->kind != TARN__AST_STRING) {
        return tarn__parser_refuse(p, "a unit such as DAY", err);
    }
    TARN_RETURN_IF_ERROR(make(p, TARN__AST_INTERVAL, place, 1, &amount, out, err));
    (*out)->text = unit;
    return TARN_OK;
}

/* EXTRACT(part FROM x) */
static enum tarn_status extract_expression(struct tarn__parser *p, struct tarn__ast **out, struct tarn_error *err)
{
    const uint32_t place = p->token.place;
    struct tarn__ast *args[2];

    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    if (p->token.kind != TARN__TOKEN_NAME && p->token.kind != TARN__TOKEN_STRING) {
        return tarn__parser_refuse(p, "a part such as YEAR", err);
    }
    TARN_RETURN_IF_ERROR(make(p, TARN__AST_STRING, p->token.place, 0, NULL, &args[0], err));
    args[0]->text = p->token.text;
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "FROM", err));
    TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &args[1], err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, ")", err));
    TARN_RETURN_IF_ERROR(make(p, TARN__AST_CALL, place, 2, args, out, err));
    (*out)->text = TARN_TEXT("date_part");
    return TARN_OK;
}

static enum tarn_status call_tail(struct tarn__parser *p, struct tarn__ast *call, struct tarn_error *err)
{
    bool filter;
    if (tarn__token_is_word(&p->token, "OVER") && tarn__token_is_symbol(&p->after, "(")) {
        return tarn__parser_unsupported(p, p->token.place, "sql.window", "window functions (OVER) are not available yet", err);
    }
    filter = tarn__token_is_word(&p->token, "FILTER") && tarn__token_is_symbol(&p->after, "(");
    if (filter) {
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
        TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "WHERE", err));
        TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &call->filter, err));
        TARN_RETURN_IF_ERROR(tarn__parser_expect(p, ")", err));
        call->depth = call->filter->depth >= call->depth ? call->filter->depth + 1 : call->depth;
    }
    call->end = p->last_end;
    return call->depth > TARN__SQL_DEPTH ? too_deep(p, err) : TARN_OK;
}

/* name ( [DISTINCT | *] args ) [FILTER (WHERE ...)] */
static enum tarn_status call_expression(struct tarn__parser *p, struct tarn_text name, uint32_t place, struct tarn__ast **out,
                                        struct tarn_error *err)
{
    struct tarn__parser_list list = {.parser = p, .element = sizeof(struct tarn__ast *)};
    bool star = false;
    bool distinct = false;

    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "(", err));
    if (tarn__parser_at(p, "*") && tarn__token_is_symbol(&p->after, ")")) {
        star = true;
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    } else if (!tarn__parser_at(p, ")")) {
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "DISTINCT", &distinct, err));
        TARN_RETURN_IF_ERROR(expression_list(p, &list, err));
    }
    if (tarn__parser_at(p, "ORDER")) {
        return tarn__parser_unsupported(p, p->token.place, "sql.aggregate_order", "ORDER BY inside a function call is not available yet",
                                        err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, ")", err));
    TARN_RETURN_IF_ERROR(make(p, TARN__AST_CALL, place, list.count, list.items, out, err));
    (*out)->text = name;
    (*out)->star = star;
    (*out)->distinct = distinct;
    return call_tail(p, *out, err);
}

/* a, t.a, ns.t.a, f(x), t.* */
static enum tarn_status name_expression(struct tarn__parser *p, struct tarn__ast **out, struct tarn_error *err)
{
    struct tarn__parser_list names = {.parser = p, .element = sizeof(struct tarn_text)};
    const uint32_t place = p->token.place;
    const bool quoted = p->token.kind == TARN__TOKEN_QUOTED;
    struct tarn_text name;
    bool more = true;

    while (more) {
        TARN_RETURN_IF_ERROR(tarn__parser_name(p, "an expression", &name, err));
        struct tarn_text *slot = tarn__parser_push(&names);
        if (slot == NULL) {
            return tarn__parser_nomem(p, err);
        }
        *slot = name;
        if (names.count == 1 && !quoted && tarn__parser_at(p, "(")) {
            return call_expression(p, name, place, out, err);
        }
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ".", &more, err));
        if (more && tarn__parser_at(p, "*")) {
            TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
            TARN_RETURN_IF_ERROR(make(p, TARN__AST_STAR, place, 0, NULL, out, err));
            break;
        }
    }
    if (*out == NULL) {
        TARN_RETURN_IF_ERROR(make(p, TARN__AST_COLUMN, place, 0, NULL, out, err));
    }
    (*out)->names = names.items;
    (*out)->name_count = names.count;
    return TARN_OK;
}

static enum tarn_status list_expression(struct tarn__parser *p, struct tarn__ast **out, struct tarn_error *err)
{
    struct tarn__parser_list list = {.parser = p, .element = sizeof(struct tarn__ast *)};
    const uint32_t place = p->token.place;
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    if (!tarn__parser_at(p, "]")) {
        TARN_RETURN_IF_ERROR(expression_list(p, &list, err));
    }
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "]", err));
    return make(p, TARN__AST_LIST, place, list.count, list.items, out, err);
}

static enum tarn_status parenthesis(struct tarn__parser *p, struct tarn__ast **out, struct tarn_error *err)
{
    const uint32_t place = p->token.place;
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    if (tarn__parser_at(p, "SELECT") || tarn__parser_at(p, "WITH")) {
        return tarn__parser_unsupported(p, place, "sql.subquery_expression",
                                        "a subquery inside an expression is not available yet; put it in FROM", err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_expression(p, out, err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, ")", err));
    (*out)->begin = place;
    (*out)->end = p->last_end;
    return TARN_OK;
}

static enum tarn_status word_literal(struct tarn__parser *p, enum tarn__ast_kind kind, int number, struct tarn__ast **out,
                                     struct tarn_error *err)
{
    const uint32_t place = p->token.place;
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(make(p, kind, place, 0, NULL, out, err));
    (*out)->number = number;
    return TARN_OK;
}

/* DATE '...', TIMESTAMP '...', or any type's name before a text */
static enum tarn_status typed_literal(struct tarn__parser *p, struct tarn__ast **out, struct tarn_error *err)
{
    const struct tarn__token type = p->token;
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(literal(p, TARN__AST_STRING, out, err));
    (*out)->kind = TARN__AST_TYPED;
    (*out)->type_text = type.text;
    (*out)->type_place = type.place;
    (*out)->begin = type.place;
    return TARN_OK;
}

static enum tarn_status word_expression(struct tarn__parser *p, struct tarn__ast **out, struct tarn_error *err)
{
    if (tarn__parser_at(p, "NULL")) {
        return word_literal(p, TARN__AST_NULL, 0, out, err);
    }
    if (tarn__parser_at(p, "TRUE") || tarn__parser_at(p, "FALSE")) {
        return word_literal(p, TARN__AST_BOOL, tarn__parser_at(p, "TRUE"), out, err);
    }
    if (tarn__parser_at(p, "CASE")) {
        return case_expression(p, out, err);
    }
    if (tarn__parser_at(p, "CAST") || tarn__parser_at(p, "TRY_CAST")) {
        return cast_expression(p, out, err);
    }
    if (tarn__parser_at(p, "EXISTS") && tarn__token_is_symbol(&p->after, "(")) {
        return tarn__parser_unsupported(p, p->token.place, "sql.subquery_expression", "EXISTS is not available yet", err);
    }
    if (tarn__parser_at(p, "EXTRACT") && tarn__token_is_symbol(&p->after, "(")) {
        return extract_expression(p, out, err);
    }
    if (tarn__parser_at(p, "INTERVAL") && (p->after.kind == TARN__TOKEN_INTEGER || p->after.kind == TARN__TOKEN_STRING ||
                                           tarn__token_is_symbol(&p->after, "(") || tarn__token_is_symbol(&p->after, "-"))) {
        return interval_expression(p, out, err);
    }
    if (p->after.kind == TARN__TOKEN_STRING && !tarn__word_is_reserved(p->token.text)) {
        return typed_literal(p, out, err);
    }
    if ((tarn__parser_at(p, "LEFT") || tarn__parser_at(p, "RIGHT")) && tarn__token_is_symbol(&p->after, "(")) {
        const struct tarn__token name = p->token; /* reserved for JOIN, but functions too */
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
        return call_expression(p, name.text, name.place, out, err);
    }
    return name_expression(p, out, err);
}

static enum tarn_status star_expression(struct tarn__parser *p, struct tarn__ast **out, struct tarn_error *err)
{
    const uint32_t place = p->token.place;
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    return make(p, TARN__AST_STAR, place, 0, NULL, out, err);
}

static enum tarn_status sign(struct tarn__parser *p, struct tarn__ast **out, struct tarn_error *err)
{
    const struct tarn__token op = p->token;
    struct tarn__ast *value;
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(climb(p, BIND_SIGN, &value, err));
    TARN_RETURN_IF_ERROR(make(p, TARN__AST_CALL, op.place, 1, &value, out, err));
    (*out)->text = op.text;
    return TARN_OK;
}

static enum tarn_status primary(struct tarn__parser *p, struct tarn__ast **out, struct tarn_error *err)
{
    switch (p->token.kind) {
    case TARN__TOKEN_INTEGER:
        return literal(p, TARN__AST_INTEGER, out, err);
    case TARN__TOKEN_DECIMAL:
        return literal(p, TARN__AST_DECIMAL, out, err);
    case TARN__TOKEN_DOUBLE:
        return literal(p, TARN__AST_DOUBLE, out, err);
    case TARN__TOKEN_STRING:
        return literal(p, TARN__AST_STRING, out, err);
    case TARN__TOKEN_PARAMETER:
        return parameter(p, out, err);
    case TARN__TOKEN_QUOTED:
        return name_expression(p, out, err);
    case TARN__TOKEN_NAME:
        return word_expression(p, out, err);
    case TARN__TOKEN_SYMBOL:
    case TARN__TOKEN_END:
        break;
    }
    if (tarn__parser_at(p, "(")) {
        return parenthesis(p, out, err);
    }
    if (tarn__parser_at(p, "[")) {
        return list_expression(p, out, err);
    }
    if (tarn__parser_at(p, "*")) {
        return star_expression(p, out, err);
    }
    if (tarn__parser_at(p, "-") || tarn__parser_at(p, "+")) {
        return sign(p, out, err);
    }
    return tarn__parser_refuse(p, "an expression", err);
}

/* expr::type, expr[i], expr.member */
static enum tarn_status postfix(struct tarn__parser *p, struct tarn__ast **left, bool *taken, struct tarn_error *err)
{
    const uint32_t place = p->token.place;
    struct tarn__ast *args[2] = {*left, NULL};

    *taken = true;
    if (tarn__parser_at(p, "::")) {
        struct tarn_text type;
        uint32_t type_place;
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
        TARN_RETURN_IF_ERROR(tarn__parser_type(p, &type, &type_place, err));
        TARN_RETURN_IF_ERROR(make(p, TARN__AST_CAST, place, 1, args, left, err));
        (*left)->type_text = type;
        (*left)->type_place = type_place;
        return TARN_OK;
    }
    if (tarn__parser_at(p, "[")) {
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
        TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &args[1], err));
        TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "]", err));
        return make(p, TARN__AST_INDEX, place, 2, args, left, err);
    }
    if (tarn__parser_at(p, ".")) {
        struct tarn_text name;
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
        TARN_RETURN_IF_ERROR(tarn__parser_name(p, "the name of a member", &name, err));
        TARN_RETURN_IF_ERROR(make(p, TARN__AST_MEMBER, place, 1, args, left, err));
        (*left)->text = name;
        return TARN_OK;
    }
    *taken = false;
    return TARN_OK;
}

/* IS [NOT] NULL | TRUE | FALSE | DISTINCT FROM */
static enum tarn_status is_test(struct tarn__parser *p, struct tarn__ast **left, struct tarn_error *err)
{
    const uint32_t place = p->token.place;
    struct tarn__ast *args[2] = {*left, NULL};
    struct tarn_text what;
    bool negated;
    bool distinct;

    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "NOT", &negated, err));
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "DISTINCT", &distinct, err));
    if (distinct) {
        TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "FROM", err));
        TARN_RETURN_IF_ERROR(climb(p, BIND_COMPARE + 1, &args[1], err));
        TARN_RETURN_IF_ERROR(make(p, TARN__AST_DISTINCT, place, 2, args, left, err));
        (*left)->negated = negated;
        return TARN_OK;
    }
    what = p->token.text;
    if (!tarn__parser_at(p, "NULL") && !tarn__parser_at(p, "TRUE") && !tarn__parser_at(p, "FALSE")) {
        return tarn__parser_refuse(p, "NULL, TRUE, FALSE or DISTINCT FROM", err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(make(p, TARN__AST_IS, place, 1, args, left, err));
    (*left)->text = what;
    (*left)->negated = negated;
    return TARN_OK;
}

static enum tarn_status between_test(struct tarn__parser *p, bool negated, uint32_t place, struct tarn__ast **left, struct tarn_error *err)
{
    struct tarn__ast *args[3] = {*left, NULL, NULL};
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(climb(p, BIND_RANGE + 1, &args[1], err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "AND", err));
    TARN_RETURN_IF_ERROR(climb(p, BIND_RANGE + 1, &args[2], err));
    TARN_RETURN_IF_ERROR(make(p, TARN__AST_BETWEEN, place, 3, args, left, err));
    (*left)->negated = negated;
    return TARN_OK;
}

static enum tarn_status in_test(struct tarn__parser *p, bool negated, uint32_t place, struct tarn__ast **left, struct tarn_error *err)
{
    struct tarn__parser_list list = {.parser = p, .element = sizeof(struct tarn__ast *)};
    struct tarn__ast **slot = tarn__parser_push(&list);
    if (slot == NULL) {
        return tarn__parser_nomem(p, err);
    }
    *slot = *left;
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "(", err));
    if (tarn__parser_at(p, "SELECT")) {
        return tarn__parser_unsupported(p, p->token.place, "sql.subquery_expression", "IN (SELECT ...) is not available yet", err);
    }
    TARN_RETURN_IF_ERROR(expression_list(p, &list, err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, ")", err));
    TARN_RETURN_IF_ERROR(make(p, TARN__AST_IN, place, list.count, list.items, left, err));
    (*left)->negated = negated;
    return TARN_OK;
}

static enum tarn_status like_test(struct tarn__parser *p, bool negated, uint32_t place, struct tarn__ast **left, struct tarn_error *err)
{
    const bool caseless = tarn__parser_at(p, "ILIKE");
    struct tarn__ast *args[3] = {*left, NULL, NULL};
    bool escape;
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(climb(p, BIND_RANGE + 1, &args[1], err));
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "ESCAPE", &escape, err));
    if (escape) {
        TARN_RETURN_IF_ERROR(climb(p, BIND_RANGE + 1, &args[2], err));
    }
    TARN_RETURN_IF_ERROR(make(p, TARN__AST_LIKE, place, escape ? 3 : 2, args, left, err));
    (*left)->negated = negated;
    (*left)->number = caseless;
    return TARN_OK;
}

/* [NOT] BETWEEN, [NOT] IN, [NOT] LIKE */
static enum tarn_status range_test(struct tarn__parser *p, struct tarn__ast **left, struct tarn_error *err)
{
    const uint32_t place = p->token.place;
    bool negated;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "NOT", &negated, err));
    if (tarn__parser_at(p, "BETWEEN")) {
        return between_test(p, negated, place, left, err);
    }
    if (tarn__parser_at(p, "IN")) {
        return in_test(p, negated, place, left, err);
    }
    if (tarn__parser_at(p, "LIKE") || tarn__parser_at(p, "ILIKE")) {
        return like_test(p, negated, place, left, err);
    }
    return tarn__parser_refuse(p, "BETWEEN, IN, LIKE or ILIKE", err);
}

static bool is_range_word(const struct tarn__token *token)
{
    return tarn__token_is_word(token, "BETWEEN") || tarn__token_is_word(token, "IN") || tarn__token_is_word(token, "LIKE") ||
           tarn__token_is_word(token, "ILIKE");
}

/* The binding of the operator that stands next; 0: none. */
static int binding(const struct tarn__parser *p)
{
    static const struct {
        const char *symbol;
        int binds;
    } symbols[] = {{"=", BIND_COMPARE},  {"==", BIND_COMPARE}, {"<>", BIND_COMPARE}, {"!=", BIND_COMPARE},  {"<", BIND_COMPARE},
                   {"<=", BIND_COMPARE}, {">", BIND_COMPARE},  {">=", BIND_COMPARE}, {"||", BIND_OTHER},    {"+", BIND_ADD},
                   {"-", BIND_ADD},      {"*", BIND_MULTIPLY}, {"/", BIND_MULTIPLY}, {"//", BIND_MULTIPLY}, {"%", BIND_MULTIPLY},
                   {"^", BIND_POWER},    {"**", BIND_POWER},   {"::", BIND_POSTFIX}, {"[", BIND_POSTFIX},   {".", BIND_POSTFIX}};
    if (p->token.kind == TARN__TOKEN_SYMBOL) {
        if (tarn__token_is_symbol(&p->token, "<=>")) {
            return BIND_COMPARE;
        }
        for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
            if (tarn__token_is_symbol(&p->token, symbols[i].symbol)) {
                return symbols[i].binds;
            }
        }
        return 0;
    }
    if (p->lexer.spark && tarn__parser_at(p, "DIV")) {
        return BIND_MULTIPLY;
    }
    if (is_range_word(&p->token) || (tarn__parser_at(p, "NOT") && is_range_word(&p->after))) {
        return BIND_RANGE;
    }
    return tarn__parser_at(p, "OR") ? BIND_OR : tarn__parser_at(p, "AND") ? BIND_AND : tarn__parser_at(p, "IS") ? BIND_IS : 0;
}

static enum tarn_status chain(struct tarn__parser *p, const char *word, int binds, struct tarn__ast **left, struct tarn_error *err)
{
    struct tarn__parser_list list = {.parser = p, .element = sizeof(struct tarn__ast *)};
    const uint32_t place = p->token.place;
    struct tarn__ast *one = *left;
    bool more = true;
    for (;;) {
        struct tarn__ast **slot = tarn__parser_push(&list);
        if (slot == NULL) {
            return tarn__parser_nomem(p, err);
        }
        *slot = one;
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, word, &more, err));
        if (!more) {
            break;
        }
        TARN_RETURN_IF_ERROR(climb(p, binds + 1, &one, err));
    }
    return make(p, binds == BIND_AND ? TARN__AST_AND : TARN__AST_OR, place, list.count, list.items, left, err);
}

static enum tarn_status binary(struct tarn__parser *p, int binds, struct tarn__ast **left, struct tarn_error *err)
{
    const struct tarn__token op = p->token;
    struct tarn__ast *args[2] = {*left, NULL};
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(climb(p, binds + 1, &args[1], err));
    if (tarn__token_is_symbol(&op, "<=>")) {
        TARN_RETURN_IF_ERROR(make(p, TARN__AST_DISTINCT, op.place, 2, args, left, err));
        (*left)->negated = true;
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(make(p, binds == BIND_COMPARE ? TARN__AST_COMPARE : TARN__AST_CALL, op.place, 2, args, left, err));
    (*left)->text = tarn__token_is_symbol(&op, "==") ? TARN_TEXT("=") : tarn__token_is_symbol(&op, "!=") ? TARN_TEXT("<>") : op.text;
    return TARN_OK;
}

static enum tarn_status operators(struct tarn__parser *p, int minimum, struct tarn__ast **left, struct tarn_error *err)
{
    bool taken;
    for (;;) {
        const int binds = binding(p);
        if (binds == 0 || binds < minimum) {
            return TARN_OK;
        }
        switch (binds) {
        case BIND_POSTFIX:
            TARN_RETURN_IF_ERROR(postfix(p, left, &taken, err));
            break;
        case BIND_AND:
            TARN_RETURN_IF_ERROR(chain(p, "AND", binds, left, err));
            break;
        case BIND_OR:
            TARN_RETURN_IF_ERROR(chain(p, "OR", binds, left, err));
            break;
        case BIND_IS:
            TARN_RETURN_IF_ERROR(is_test(p, left, err));
            break;
        case BIND_RANGE:
            TARN_RETURN_IF_ERROR(range_test(p, left, err));
            break;
        default:
            TARN_RETURN_IF_ERROR(binary(p, binds, left, err));
            break;
        }
    }
}

static enum tarn_status climb(struct tarn__parser *p, int minimum, struct tarn__ast **out, struct tarn_error *err)
{
    enum tarn_status status;
    *out = NULL;
    if (p->depth >= TARN__SQL_DEPTH) {
        return too_deep(p, err);
    }
    p->depth++;
    if (minimum <= BIND_NOT && tarn__parser_at(p, "NOT")) {
        const uint32_t place = p->token.place;
        struct tarn__ast *value = NULL;
        status = tarn__parser_advance(p, err);
        status = status == TARN_OK ? climb(p, BIND_NOT, &value, err) : status;
        status = status == TARN_OK ? make(p, TARN__AST_NOT, place, 1, &value, out, err) : status;
    } else {
        status = primary(p, out, err);
    }
    if (status == TARN_OK) {
        status = operators(p, minimum, out, err);
    }
    p->depth--;
    return status;
}

enum tarn_status tarn__parser_expression(struct tarn__parser *parser, struct tarn__ast **out, struct tarn_error *err)
{
    return climb(parser, BIND_OR, out, err);
}
