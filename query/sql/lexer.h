/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_SQL_LEXER_H
#define TARN_QUERY_SQL_LEXER_H

#include "format/base/error.h"

/*
 * SQL text to tokens, one at a time. Comments (-- to the end of the line; nested slash-star) and space separate.
 *
 * Ownership: borrows the text; tokens point into it. Threads: single. Allocates nothing.
 */
enum tarn__token_kind {
    TARN__TOKEN_END = 0,
    TARN__TOKEN_NAME,      /**< a word without quotes: a keyword or a name */
    TARN__TOKEN_QUOTED,    /**< "name", `name`: `text` without the outer quotes, inner ones still doubled */
    TARN__TOKEN_STRING,    /**< 'text', likewise */
    TARN__TOKEN_INTEGER,   /**< digits, perhaps with single _ between them */
    TARN__TOKEN_DECIMAL,   /**< digits with a point */
    TARN__TOKEN_DOUBLE,    /**< digits with an exponent */
    TARN__TOKEN_PARAMETER, /**< ? $1 $name :name; `text` is what follows the sign, empty for ? */
    TARN__TOKEN_SYMBOL,    /**< an operator or a mark */
};

struct tarn__token {
    enum tarn__token_kind kind;
    struct tarn_text text;
    uint32_t place; /**< first byte */
    uint32_t end;   /**< behind the last byte */
};

struct tarn__lexer {
    struct tarn_text sql;
    size_t at;
    bool spark; /**< Spark's text: "a" is a text too, \ escapes in texts, <=>, 10L; set behind init, before the first token */
};

/** Errors: INVALID (no UTF-8, a NUL, over 2^31 bytes), with the place. */
TARN_WARN_UNUSED enum tarn_status tarn__lexer_init(struct tarn__lexer *lexer, struct tarn_text sql, struct tarn_error *err);
/** The next token; END at the end, any number of times. Errors: INVALID (unfinished text or comment, bad number, unknown character). */
TARN_WARN_UNUSED enum tarn_status tarn__lexer_next(struct tarn__lexer *lexer, struct tarn__token *token, struct tarn_error *err);

bool tarn__token_is_symbol(const struct tarn__token *token, const char *symbol);
/** An unquoted word, whatever its case. */
bool tarn__token_is_word(const struct tarn__token *token, const char *word);
/** Is an unquoted word one that may not be a name? */
bool tarn__word_is_reserved(struct tarn_text word);

#endif
