/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL text to tokens. SPEC: Q-LEX-1 to Q-LEX-5.
 *
 * Invariants
 *  1. The text is checked once, at init, to be UTF-8 without NUL; behind it bytes above 127 belong to names and texts and need no decoding.
 *  2. Each call moves `at` forward or answers END: no input keeps the lexer busy for ever.
 */
#include "query/sql/lexer.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "query/sql/caret.h"
#include "tarn/query.h"

static enum tarn_status refuse(const struct tarn__lexer *lexer, size_t place, struct tarn_error *err)
{
    tarn__sql_error_at(err, lexer->sql, (uint32_t)place);
    return TARN_INVALID;
}

enum tarn_status tarn__lexer_init(struct tarn__lexer *lexer, struct tarn_text sql, struct tarn_error *err)
{
    *lexer = (struct tarn__lexer){.sql = sql};
    if (sql.size > INT32_MAX) {
        return tarn__invalid(err, "sql.size", "the SQL text has more than 2^31 bytes");
    }
    const size_t bad = tarn__utf8_check(sql);
    if (bad != sql.size) {
        (void)tarn__invalid(err, "sql.utf8", "the SQL text is not UTF-8 at byte %zu", bad);
        return refuse(lexer, bad, err);
    }
    const char *nul = sql.size != 0 ? memchr(sql.data, 0, sql.size) : NULL;
    if (nul != NULL) {
        (void)tarn__invalid(err, "sql.nul", "the SQL text has a NUL byte");
        return refuse(lexer, (size_t)(nul - sql.data), err);
    }
    return TARN_OK;
}

static char peek(const struct tarn__lexer *lexer, size_t ahead)
{
    return lexer->sql.size - lexer->at > ahead ? lexer->sql.data[lexer->at + ahead] : '\0';
}

static bool begins_name(char c)
{
    return tarn__is_letter(c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool continues_name(char c)
{
    return begins_name(c) || tarn__is_digit(c) || c == '$';
}

static enum tarn_status skip_comment(struct tarn__lexer *lexer, struct tarn_error *err)
{
    const size_t begin = lexer->at;
    unsigned depth = 0;
    do {
        if (lexer->at >= lexer->sql.size) {
            (void)tarn__invalid(err, "sql.syntax", "this comment has no end: close it with */");
            return refuse(lexer, begin, err);
        }
        if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
            depth++;
            lexer->at += 2;
        } else if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
            depth--;
            lexer->at += 2;
        } else {
            lexer->at++;
        }
    } while (depth != 0);
    return TARN_OK;
}

static enum tarn_status skip_space(struct tarn__lexer *lexer, struct tarn_error *err)
{
    for (;;) {
        const char c = peek(lexer, 0);
        if (lexer->at < lexer->sql.size && tarn__is_space(c)) {
            lexer->at++;
        } else if (c == '-' && peek(lexer, 1) == '-') {
            while (lexer->at < lexer->sql.size && peek(lexer, 0) != '\n') {
                lexer->at++;
            }
        } else if (c == '/' && peek(lexer, 1) == '*') {
            TARN_RETURN_IF_ERROR(skip_comment(lexer, err));
        } else if (c == '\xc2' && peek(lexer, 1) == '\xa0') {
            lexer->at += 2; /* a no-break space: pasted from a web page */
        } else {
            return TARN_OK;
        }
    }
}

/* Does an odd number of backslashes stand before the byte, counted from `from`? */
static bool is_escaped(const struct tarn__lexer *lexer, size_t from, size_t at)
{
    size_t count = 0;
    while (at - count > from && lexer->sql.data[at - count - 1] == '\\') {
        count++;
    }
    return count % 2 != 0;
}

static enum tarn_status quoted(struct tarn__lexer *lexer, struct tarn__token *token, struct tarn_error *err)
{
    const char quote = peek(lexer, 0);
    const size_t begin = ++lexer->at;
    for (;;) {
        const size_t from = lexer->at;
        const char *next = memchr(lexer->sql.data + lexer->at, quote, lexer->sql.size - lexer->at);
        if (lexer->spark && quote != '`') { /* \' does not end a text */
            while (from < lexer->sql.size && next != NULL && is_escaped(lexer, from, (size_t)(next - lexer->sql.data))) {
                const size_t behind = (size_t)(next - lexer->sql.data) + 1;
                next = memchr(lexer->sql.data + behind, quote, lexer->sql.size - behind);
            }
        }
        if (next == NULL) {
            (void)tarn__invalid(err, "sql.syntax",
                                quote == '\'' ? "this text has no end: close it with '" : "this name has no end: close it with its quote");
            return refuse(lexer, token->place, err);
        }
        lexer->at = (size_t)(next - lexer->sql.data) + 1;
        if (peek(lexer, 0) != quote) {
            break;
        }
        lexer->at++;
    }
    token->kind = quote == '\'' || (quote == '"' && lexer->spark) ? TARN__TOKEN_STRING : TARN__TOKEN_QUOTED;
    token->text = (struct tarn_text){lexer->sql.data + begin, lexer->at - 1 - begin};
    if (token->kind == TARN__TOKEN_QUOTED && token->text.size == 0) {
        (void)tarn__invalid(err, "sql.syntax", "a name between quotes cannot be empty");
        return refuse(lexer, token->place, err);
    }
    return TARN_OK;
}

static void skip_digits(struct tarn__lexer *lexer)
{
    while (tarn__is_digit(peek(lexer, 0)) || (peek(lexer, 0) == '_' && tarn__is_digit(peek(lexer, 1)))) {
        lexer->at++;
    }
}

static enum tarn_status number(struct tarn__lexer *lexer, struct tarn__token *token, struct tarn_error *err)
{
    token->kind = TARN__TOKEN_INTEGER;
    skip_digits(lexer);
    if (peek(lexer, 0) == '.') {
        token->kind = TARN__TOKEN_DECIMAL;
        lexer->at++;
        if (tarn__is_digit(peek(lexer, 0))) {
            skip_digits(lexer);
        }
    }
    const char e = peek(lexer, 0);
    const size_t sign = peek(lexer, 1) == '+' || peek(lexer, 1) == '-' ? 1 : 0;
    if ((e == 'e' || e == 'E') && tarn__is_digit(peek(lexer, 1 + sign))) {
        token->kind = TARN__TOKEN_DOUBLE;
        lexer->at += 1 + sign;
        skip_digits(lexer);
    }
    const char suffix = tarn__ascii_upper(peek(lexer, 0));
    token->text = (struct tarn_text){lexer->sql.data + token->place, lexer->at - token->place};
    if (lexer->spark && token->kind == TARN__TOKEN_INTEGER && (suffix == 'L' || suffix == 'S' || suffix == 'Y')) {
        lexer->at++; /* of which type it is matters where it meets another */
    }
    if (continues_name(peek(lexer, 0))) {
        (void)tarn__invalid(err, "sql.syntax", "a number goes on with a letter: put a space between them, or quote the name");
        return refuse(lexer, lexer->at, err);
    }
    return TARN_OK;
}

static bool symbol(struct tarn__lexer *lexer)
{
    if (lexer->spark && lexer->sql.size - lexer->at >= 3 && memcmp(lexer->sql.data + lexer->at, "<=>", 3) == 0) {
        lexer->at += 3;
        return true;
    }
    /* Longer ones first. */
    static const char *const symbols[] = {"<=", ">=", "<>", "!=", "==", "||", "::", "//", "**", "->", "(", ")", "[", "]", "{", "}", ",",
                                          ";",  ".",  "+",  "-",  "*",  "/",  "%",  "^",  "=",  "<",  ">", ":", "&", "|", "~", "@", "#"};
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        const size_t size = strlen(symbols[i]);
        if (lexer->sql.size - lexer->at >= size && memcmp(lexer->sql.data + lexer->at, symbols[i], size) == 0) {
            lexer->at += size;
            return true;
        }
    }
    return false;
}

static bool parameter(struct tarn__lexer *lexer, struct tarn__token *token)
{
    const char c = peek(lexer, 0);
    const char next = peek(lexer, 1);
    if (c != '?' && !(c == '$' && continues_name(next)) && !(c == ':' && begins_name(next))) {
        return false;
    }
    token->kind = TARN__TOKEN_PARAMETER;
    lexer->at++;
    const size_t begin = lexer->at;
    while (c == '?' ? tarn__is_digit(peek(lexer, 0)) : continues_name(peek(lexer, 0))) {
        lexer->at++;
    }
    token->text = (struct tarn_text){lexer->sql.data + begin, lexer->at - begin};
    return true;
}

enum tarn_status tarn__lexer_next(struct tarn__lexer *lexer, struct tarn__token *token, struct tarn_error *err)
{
    *token = (struct tarn__token){.kind = TARN__TOKEN_END};
    TARN_RETURN_IF_ERROR(skip_space(lexer, err));
    token->place = (uint32_t)lexer->at;
    token->end = token->place;
    if (lexer->at >= lexer->sql.size) {
        return TARN_OK;
    }

    const char c = peek(lexer, 0);
    const size_t begin = lexer->at;
    if (begins_name(c)) {
        token->kind = TARN__TOKEN_NAME;
        while (continues_name(peek(lexer, 0))) {
            lexer->at++;
        }
    } else if (c == '\'' || c == '"' || c == '`') {
        TARN_RETURN_IF_ERROR(quoted(lexer, token, err));
    } else if (tarn__is_digit(c) || (c == '.' && tarn__is_digit(peek(lexer, 1)))) {
        TARN_RETURN_IF_ERROR(number(lexer, token, err));
    } else if (parameter(lexer, token)) {
        /* its text is set */
    } else if (symbol(lexer)) {
        token->kind = TARN__TOKEN_SYMBOL;
    } else {
        (void)tarn__invalid(err, "sql.syntax", "this character has no meaning in SQL");
        return refuse(lexer, begin, err);
    }
    if (token->text.data == NULL) {
        token->text = (struct tarn_text){lexer->sql.data + begin, lexer->at - begin};
    }
    token->end = (uint32_t)lexer->at;
    return TARN_OK;
}

bool tarn__token_is_symbol(const struct tarn__token *token, const char *symbol_text)
{
    return token->kind == TARN__TOKEN_SYMBOL && tarn__text_equal(token->text, tarn__text_of(symbol_text));
}

static bool word_equal(struct tarn_text text, const char *word)
{
    for (size_t i = 0; i < text.size; i++) {
        if (tarn__ascii_upper(text.data[i]) != word[i]) {
            return false; /* also at the end of `word` */
        }
    }
    return word[text.size] == '\0';
}

bool tarn__token_is_word(const struct tarn__token *token, const char *word)
{
    return token->kind == TARN__TOKEN_NAME && word_equal(token->text, word);
}

static const struct {
    const char *name;
    bool reserved;
} keywords[] = {
#define KEYWORD(name, reserved) {name, reserved},
#include "query/sql/keywords.def"
#undef KEYWORD
};

enum { KEYWORD_COUNT = sizeof(keywords) / sizeof(keywords[0]) };

bool tarn__word_is_reserved(struct tarn_text word)
{
    for (size_t i = 0; i < KEYWORD_COUNT; i++) {
        if (keywords[i].reserved && word_equal(word, keywords[i].name)) {
            return true;
        }
    }
    return false;
}

const char *tarn_sql_keyword(uint32_t index)
{
    return index < KEYWORD_COUNT ? keywords[index].name : NULL;
}
