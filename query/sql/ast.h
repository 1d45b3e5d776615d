/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_SQL_AST_H
#define TARN_QUERY_SQL_AST_H

#include "query/sql/lexer.h"

/*
 * What the parser makes of a statement: plain structs in an arena, each with its place in the text. Names are as written, without their
 * quotes; nothing is looked up yet.
 */

enum tarn__ast_kind {
    TARN__AST_NULL = 0,
    TARN__AST_BOOL,      /**< `number` 0 or 1 */
    TARN__AST_INTEGER,   /**< `text`: digits */
    TARN__AST_DECIMAL,   /**< `text` */
    TARN__AST_DOUBLE,    /**< `text` */
    TARN__AST_STRING,    /**< `text` */
    TARN__AST_TYPED,     /**< DATE '...': `type_text`, `text` */
    TARN__AST_INTERVAL,  /**< args[0]: the amount, or the text when `text` (the unit) is empty */
    TARN__AST_PARAMETER, /**< `text`: name or number */
    TARN__AST_COLUMN,    /**< `names`: a, t.a, ns.t.a, a.b of a struct */
    TARN__AST_STAR,      /**< `names`: qualifier or none; `excluded` */
    TARN__AST_CALL,      /**< `text`: name, or the operator's symbol; `distinct`, `filter`, `star` for count(*) */
    TARN__AST_COMPARE,   /**< `text`: = <> < <= > >= */
    TARN__AST_DISTINCT,  /**< IS [NOT] DISTINCT FROM */
    TARN__AST_AND,       /**< args: two or more */
    TARN__AST_OR,
    TARN__AST_NOT,
    TARN__AST_IS,      /**< `text`: NULL, TRUE, FALSE; `negated` */
    TARN__AST_BETWEEN, /**< args: value, low, high; `negated` */
    TARN__AST_IN,      /**< args: value, then the list; `negated` */
    TARN__AST_LIKE,    /**< args: value, pattern[, escape]; `negated`; `number` 1: ILIKE */
    TARN__AST_CASE,    /**< `operand` or NULL; args: when, then, when, then ...[, else] */
    TARN__AST_CAST,    /**< args[0]; `type_text`; `number` 1: TRY_CAST */
    TARN__AST_MEMBER,  /**< args[0].`text` */
    TARN__AST_INDEX,   /**< args[0][args[1]] */
    TARN__AST_LIST,    /**< [a, b] */
};

struct tarn__ast {
    enum tarn__ast_kind kind;
    uint32_t place; /**< what an error about it points at */
    uint32_t begin; /**< first byte of its text */
    uint32_t end;   /**< behind the last byte of its text */
    uint32_t depth; /**< 1 for a leaf */
    struct tarn_text text;
    struct tarn_text type_text;
    uint32_t type_place;
    uint32_t count;
    struct tarn__ast *const *args;
    uint32_t name_count;
    const struct tarn_text *names;
    uint32_t excluded_count; /**< STAR */
    const struct tarn_text *excluded;
    struct tarn__ast *operand;
    struct tarn__ast *filter;
    int number;
    bool negated;
    bool distinct;
    bool star;
};

struct tarn__select;

/** A name of FROM, or of the table that a statement changes. */
struct tarn__table_name {
    uint32_t place;
    bool is_path; /**< 'path' */
    uint32_t name_count;
    const struct tarn_text *names; /**< is_path: one */
    struct tarn__ast *version;     /**< VERSION AS OF; NULL: none */
    struct tarn__ast *timestamp;   /**< TIMESTAMP AS OF; NULL: none */
    struct tarn_text alias;        /**< empty: none */
    uint32_t column_alias_count;   /**< t(a, b) */
    const struct tarn_text *column_aliases;
    struct tarn__select *subquery; /**< instead of a name */
    uint32_t change_count;         /**< table_changes(t, first[, last[, recorded]]): what stands behind the name; 0: the table itself */
    struct tarn__ast *changes[3];
};

struct tarn__select_item {
    struct tarn__ast *expr;
    struct tarn_text alias; /**< empty: none */
};

enum tarn__nulls { TARN__NULLS_DEFAULT = 0, TARN__NULLS_FIRST, TARN__NULLS_LAST };

struct tarn__order_item {
    struct tarn__ast *expr; /**< NULL: ALL */
    bool descending;
    enum tarn__nulls nulls;
};

struct tarn__select {
    uint32_t place;
    bool distinct;
    uint32_t item_count;
    const struct tarn__select_item *items;
    struct tarn__table_name *from; /**< NULL: none */
    struct tarn__ast *where;
    bool group_all;
    uint32_t group_count;
    struct tarn__ast *const *groups;
    struct tarn__ast *having;
    uint32_t order_count;
    const struct tarn__order_item *orders;
    struct tarn__ast *limit;
    struct tarn__ast *offset;
    uint32_t row_count; /**< VALUES: rows of item_count expressions each; no items then */
    uint32_t row_width;
    struct tarn__ast *const *values; /**< row after row */
};

enum tarn__statement_kind {
    TARN__STATEMENT_NONE = 0,
    TARN__STATEMENT_SELECT,
    TARN__STATEMENT_DELETE,
    TARN__STATEMENT_UPDATE,
    TARN__STATEMENT_INSERT,
    TARN__STATEMENT_CREATE,
    TARN__STATEMENT_EXPLAIN,
    TARN__STATEMENT_DESCRIBE,
    TARN__STATEMENT_SHOW_TABLES,
};

struct tarn__assignment {
    struct tarn_text name;
    uint32_t place;
    struct tarn__ast *value;
};

struct tarn__column_definition {
    struct tarn_text name;
    uint32_t place;
    struct tarn_text type_text;
    uint32_t type_place;
    bool not_null;
};

struct tarn__statement {
    enum tarn__statement_kind kind;
    uint32_t place;
    size_t consumed;
    struct tarn__select *select;    /**< SELECT, EXPLAIN, INSERT, CREATE AS, DESCRIBE SELECT */
    struct tarn__table_name *table; /**< what is changed, made or described */
    struct tarn__ast *where;        /**< also INSERT ... REPLACE WHERE */
    bool overwrite;                 /**< INSERT OVERWRITE */
    uint32_t assignment_count;
    const struct tarn__assignment *assignments;
    uint32_t column_count; /**< INSERT INTO t (a, b) */
    const struct tarn_text *columns;
    const uint32_t *column_places;
    uint32_t definition_count;
    const struct tarn__column_definition *definitions;
    const char *format; /**< CREATE ... USING; NULL: the lake's own */
    uint32_t partition_count;
    const struct tarn_text *partitions; /**< names, or transforms as written: bucket(16, id) */
    bool if_not_exists;
    uint32_t parameter_count; /**< how many ? there are */
};

#endif
