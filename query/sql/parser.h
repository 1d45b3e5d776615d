/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_SQL_PARSER_H
#define TARN_QUERY_SQL_PARSER_H

#include "format/base/arena.h"
#include "query/sql/ast.h"

/*
 * SQL text to a statement. Hand-written: recursive descent for statements, precedence climbing for expressions (docs/sql.md has both).
 *
 * Ownership: everything lies in the arena, texts partly in the SQL text, which must outlive it. Threads: single.
 */

/** Deepest nesting of an expression: evaluation recurses. */
enum { TARN__SQL_DEPTH = 256 };

struct tarn__parser {
    struct tarn__lexer lexer;
    struct tarn__token token; /**< the next one */
    struct tarn__token after; /**< and the one behind it */
    uint32_t last_end;        /**< behind the token that was taken last */
    struct tarn_arena *arena;
    unsigned depth;
    uint32_t parameter_count;
};

/**
 * The first statement of `sql`; kind NONE when there is only space. Errors: INVALID (`sql.syntax`), UNSUPPORTED (what tarn's SQL does not
 * have yet, by name), both with place and caret; NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__sql_parse(struct tarn_arena *arena, struct tarn_text sql, struct tarn__statement **out,
                                                  struct tarn_error *err);
/** The whole text as one expression. */
TARN_WARN_UNUSED enum tarn_status tarn__sql_parse_expression(struct tarn_arena *arena, struct tarn_text sql, struct tarn__ast **out,
                                                             struct tarn_error *err);

/** The same of text that Spark stored: its quotes, escapes and operators. */
TARN_WARN_UNUSED enum tarn_status tarn__sql_parse_spark(struct tarn_arena *arena, struct tarn_text sql, struct tarn__ast **out,
                                                        struct tarn_error *err);

/* ---- between the files of the parser ---- */

TARN_WARN_UNUSED enum tarn_status tarn__parser_init(struct tarn__parser *parser, struct tarn_arena *arena, struct tarn_text sql, bool spark,
                                                    struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__parser_advance(struct tarn__parser *parser, struct tarn_error *err);
/** Takes the next token when it is this word or symbol; *taken says so. */
TARN_WARN_UNUSED enum tarn_status tarn__parser_accept(struct tarn__parser *parser, const char *what, bool *taken, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__parser_expect(struct tarn__parser *parser, const char *what, struct tarn_error *err);
bool tarn__parser_at(const struct tarn__parser *parser, const char *what);
/** A name: quoted, or a word that is not reserved. `what` is for the message. */
TARN_WARN_UNUSED enum tarn_status tarn__parser_name(struct tarn__parser *parser, const char *what, struct tarn_text *name,
                                                    struct tarn_error *err);
/** The text of a quoted token with doubled quotes made single. */
TARN_WARN_UNUSED enum tarn_status tarn__parser_unquote(struct tarn__parser *parser, const struct tarn__token *token, struct tarn_text *out,
                                                       struct tarn_error *err);
/** INVALID `sql.syntax`: "MESSAGE" at the next token. */
enum tarn_status tarn__parser_refuse(const struct tarn__parser *parser, const char *expected, struct tarn_error *err);
enum tarn_status tarn__parser_unsupported(const struct tarn__parser *parser, uint32_t place, const char *feature, const char *message,
                                          struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__parser_expression(struct tarn__parser *parser, struct tarn__ast **out, struct tarn_error *err);
/** The text of a type: DECIMAL(10, 2), STRUCT(a INTEGER)[], TIMESTAMP WITH TIME ZONE. */
TARN_WARN_UNUSED enum tarn_status tarn__parser_type(struct tarn__parser *parser, struct tarn_text *text, uint32_t *place,
                                                    struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__parser_select(struct tarn__parser *parser, struct tarn__select **out, struct tarn_error *err);
enum tarn_status tarn__parser_nomem(const struct tarn__parser *parser, struct tarn_error *err);
/** Takes two words, when both are there. */
TARN_WARN_UNUSED enum tarn_status tarn__parser_words(struct tarn__parser *parser, const char *first, const char *second, bool *taken,
                                                     struct tarn_error *err);
/** What ALTER TABLE t does, and what CREATE TABLE says of constraints and layout: alter_parser.c. */
TARN_WARN_UNUSED enum tarn_status tarn__parser_alter(struct tarn__parser *parser, struct tarn__statement *statement,
                                                     struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__parser_definitions(struct tarn__parser *parser, struct tarn__statement *statement,
                                                           struct tarn_error *err);
/** CLUSTER BY, COMMENT, TBLPROPERTIES, in any order; *taken: one of them was there. */
TARN_WARN_UNUSED enum tarn_status tarn__parser_table_clause(struct tarn__parser *parser, struct tarn__statement *statement, bool *taken,
                                                            struct tarn_error *err);

/** A growing list of fixed-size things that ends in the arena. */
struct tarn__parser_list {
    struct tarn__parser *parser;
    size_t element;
    uint32_t count;
    uint32_t capacity;
    void *items;
};

/** Room for one more, zeroed; NULL: no memory. The pointer is valid until the next push. */
void *tarn__parser_push(struct tarn__parser_list *list);

#endif
