/* SPDX-License-Identifier: Apache-2.0
 *
 * The ground of the parser: two tokens of look-ahead, names, types, lists, and the errors.
 *
 * Invariants
 *  1. Every loop of the parser takes a token in each round.
 *  2. `token` and `after` are the next two tokens; an error of the lexer about `after` comes as soon as it is seen.
 */
#include "query/sql/parser.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/base/utf8.h"
#include "query/sql/caret.h"

enum tarn_status tarn__parser_nomem(const struct tarn__parser *parser, struct tarn_error *err)
{
    return tarn__nomem(parser->arena->env, err, 0);
}

enum tarn_status tarn__parser_init(struct tarn__parser *parser, struct tarn_arena *arena, struct tarn_text sql, bool spark,
                                   struct tarn_error *err)
{
    *parser = (struct tarn__parser){.arena = arena};
    TARN_RETURN_IF_ERROR(tarn__lexer_init(&parser->lexer, sql, err));
    parser->lexer.spark = spark;
    TARN_RETURN_IF_ERROR(tarn__lexer_next(&parser->lexer, &parser->token, err));
    return tarn__lexer_next(&parser->lexer, &parser->after, err);
}

enum tarn_status tarn__parser_advance(struct tarn__parser *parser, struct tarn_error *err)
{
    parser->last_end = parser->token.end;
    parser->token = parser->after;
    return tarn__lexer_next(&parser->lexer, &parser->after, err);
}

bool tarn__parser_at(const struct tarn__parser *parser, const char *what)
{
    return tarn__token_is_word(&parser->token, what) || tarn__token_is_symbol(&parser->token, what);
}

enum tarn_status tarn__parser_accept(struct tarn__parser *parser, const char *what, bool *taken, struct tarn_error *err)
{
    *taken = tarn__parser_at(parser, what);
    return *taken ? tarn__parser_advance(parser, err) : TARN_OK;
}

enum tarn_status tarn__parser_expect(struct tarn__parser *parser, const char *what, struct tarn_error *err)
{
    return tarn__parser_at(parser, what) ? tarn__parser_advance(parser, err) : tarn__parser_refuse(parser, what, err);
}

enum tarn_status tarn__parser_refuse(const struct tarn__parser *parser, const char *expected, struct tarn_error *err)
{
    const struct tarn__token *token = &parser->token;
    if (token->kind == TARN__TOKEN_END) {
        (void)tarn__invalid(err, "sql.syntax", "syntax error at the end: expected %s", expected);
    } else {
        const struct tarn_text near = {parser->lexer.sql.data + token->place, token->end - token->place};
        (void)tarn__invalid(err, "sql.syntax", "syntax error at \"%.*s\": expected %s", (int)tarn__min_size(near.size, 60), near.data,
                            expected);
    }
    tarn__sql_error_at(err, parser->lexer.sql, token->place);
    return TARN_INVALID;
}

enum tarn_status tarn__parser_unsupported(const struct tarn__parser *parser, uint32_t place, const char *feature, const char *message,
                                          struct tarn_error *err)
{
    (void)tarn__unsupported(err, feature, "%s", message);
    tarn__sql_error_at(err, parser->lexer.sql, place);
    return TARN_UNSUPPORTED;
}

/* A text of Spark: \n and its like, \' and ''; \% and \_ stay as they are, for LIKE. */
static enum tarn_status unescape(struct tarn__parser *parser, struct tarn_text text, char quote, struct tarn_text *out,
                                 struct tarn_error *err)
{
    static const char letters[] = "0bnrtZ";
    static const char bytes[] = {0, '\b', '\n', '\r', '\t', 26};
    char *copy = tarn__arena_alloc(parser->arena, text.size + 1);
    size_t size = 0;
    if (copy == NULL) {
        return tarn__parser_nomem(parser, err);
    }
    for (size_t i = 0; i < text.size; i++) {
        const char c = text.data[i];
        if (c == quote) {
            i++; /* doubled: the lexer saw that they come in pairs */
        } else if (c == '\\' && i + 1 < text.size) {
            const char next = text.data[++i];
            const char *letter = next != 0 ? strchr(letters, next) : NULL;
            if (tarn__is_digit(next) || next == 'u' || next == 'U') {
                return tarn__parser_unsupported(parser, parser->token.place, "expr.spark", "texts with \\0 and \\u escapes", err);
            }
            if (next == '%' || next == '_') {
                copy[size++] = c;
            }
            copy[size++] = letter != NULL ? bytes[letter - letters] : next;
            continue;
        }
        copy[size++] = c;
    }
    *out = (struct tarn_text){copy, size};
    return TARN_OK;
}

enum tarn_status tarn__parser_unquote(struct tarn__parser *parser, const struct tarn__token *token, struct tarn_text *out,
                                      struct tarn_error *err)
{
    const char quote = parser->lexer.sql.data[token->place];
    *out = token->text;
    if (parser->lexer.spark && token->kind == TARN__TOKEN_STRING) {
        return unescape(parser, token->text, quote, out, err);
    }
    if (token->text.size == 0 || memchr(token->text.data, quote, token->text.size) == NULL) {
        return TARN_OK;
    }
    char *copy = tarn__arena_alloc(parser->arena, token->text.size);
    if (copy == NULL) {
        return tarn__parser_nomem(parser, err);
    }
    size_t size = 0;
    for (size_t i = 0; i < token->text.size; i++) {
        copy[size++] = token->text.data[i];
        i += token->text.data[i] == quote; /* the lexer saw that they come in pairs */
    }
    *out = (struct tarn_text){copy, size};
    return TARN_OK;
}

enum tarn_status tarn__parser_name(struct tarn__parser *parser, const char *what, struct tarn_text *name, struct tarn_error *err)
{
    *name = parser->token.text;
    if (parser->token.kind == TARN__TOKEN_QUOTED) {
        TARN_RETURN_IF_ERROR(tarn__parser_unquote(parser, &parser->token, name, err));
        return tarn__parser_advance(parser, err);
    }
    if (parser->token.kind != TARN__TOKEN_NAME || tarn__word_is_reserved(parser->token.text)) {
        return tarn__parser_refuse(parser, what, err);
    }
    return tarn__parser_advance(parser, err);
}

/* Skips "( ... )" behind a type's name, nested. */
static enum tarn_status skip_parentheses(struct tarn__parser *parser, struct tarn_error *err)
{
    unsigned depth = 0;
    do {
        if (parser->token.kind == TARN__TOKEN_END || tarn__parser_at(parser, ";")) {
            return tarn__parser_refuse(parser, ")", err);
        }
        depth += tarn__parser_at(parser, "(") ? 1u : 0u;
        depth -= tarn__parser_at(parser, ")") ? 1u : 0u;
        TARN_RETURN_IF_ERROR(tarn__parser_advance(parser, err));
    } while (depth != 0);
    return TARN_OK;
}

static enum tarn_status skip_words(struct tarn__parser *parser, const char *const *words, bool *taken, struct tarn_error *err)
{
    *taken = true;
    for (; *words != NULL && *taken; words++) {
        TARN_RETURN_IF_ERROR(tarn__parser_accept(parser, *words, taken, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__parser_type(struct tarn__parser *parser, struct tarn_text *text, uint32_t *place, struct tarn_error *err)
{
    static const char *const with_zone[] = {"TIME", "ZONE", NULL};
    struct tarn_text name;
    bool taken;

    *place = parser->token.place;
    if (tarn__token_is_word(&parser->token, "NULL")) {
        TARN_RETURN_IF_ERROR(tarn__parser_advance(parser, err));
    } else {
        TARN_RETURN_IF_ERROR(tarn__parser_name(parser, "a type", &name, err));
    }
    if (tarn__parser_at(parser, "PRECISION") || tarn__parser_at(parser, "VARYING")) {
        TARN_RETURN_IF_ERROR(tarn__parser_advance(parser, err));
    }
    if (tarn__parser_at(parser, "(")) {
        TARN_RETURN_IF_ERROR(skip_parentheses(parser, err));
    }
    if ((tarn__parser_at(parser, "WITH") || tarn__parser_at(parser, "WITHOUT")) && tarn__token_is_word(&parser->after, "TIME")) {
        TARN_RETURN_IF_ERROR(tarn__parser_advance(parser, err));
        TARN_RETURN_IF_ERROR(skip_words(parser, with_zone, &taken, err));
        if (!taken) {
            return tarn__parser_refuse(parser, "TIME ZONE", err);
        }
    }
    while (tarn__parser_at(parser, "[") && tarn__token_is_symbol(&parser->after, "]")) {
        TARN_RETURN_IF_ERROR(tarn__parser_advance(parser, err));
        TARN_RETURN_IF_ERROR(tarn__parser_advance(parser, err));
    }
    *text = (struct tarn_text){parser->lexer.sql.data + *place, parser->last_end - *place};
    return TARN_OK;
}

void *tarn__parser_push(struct tarn__parser_list *list)
{
    if (list->count == list->capacity) {
        const uint32_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        void *items = tarn__arena_calloc(list->parser->arena, capacity, list->element);
        if (items == NULL || capacity < list->capacity) {
            return NULL;
        }
        if (list->count != 0) {
            memcpy(items, list->items, list->count * list->element);
        }
        list->items = items;
        list->capacity = capacity;
    }
    return (char *)list->items + list->element * list->count++;
}
