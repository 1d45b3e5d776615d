/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_ALTER_H
#define TARN_ALTER_H

#include "tarn/table.h"

/*
 * Changes to what a table is: its columns, properties, constraints, clustering. They belong to a transaction, one after another, before
 * rows go into it, and land with it: all or none. Data files are not touched.
 *
 * A column is named by the way to it: the column, then members of structs; the element of a list is "element", a map has "key" and
 * "value". Names are found as SQL finds them: the exact one, else the only one that is equal without case.
 *
 * Expressions (constraints, generated columns, defaults) are text in Spark's SQL, which the env's expression host compiles
 * (tarn/expr.h); without a host they are UNSUPPORTED `expr.host`. Tables of a format that cannot be changed so are UNSUPPORTED.
 */
enum tarn_change_kind {
    TARN_CHANGE_ADD_COLUMN = 0,  /**< `field` into the struct at `path` (none: the table), at `place`; its property "comment" is kept */
    TARN_CHANGE_DROP_COLUMN,     /**< `path` */
    TARN_CHANGE_RENAME_COLUMN,   /**< `path`, `name` */
    TARN_CHANGE_MOVE_COLUMN,     /**< `path`, `place` among its siblings */
    TARN_CHANGE_TYPE,            /**< `path`, `type`: only to one that holds every value of the old one */
    TARN_CHANGE_NULLABLE,        /**< `path`, `flag`: may be null. False proves first that no row has a null */
    TARN_CHANGE_COMMENT,         /**< `path` (none: of the table), `text` (empty: none) */
    TARN_CHANGE_DEFAULT,         /**< `path`, `text` (empty: none): for rows that come later */
    TARN_CHANGE_GENERATED,       /**< `path`, `text`; of a table that is being made */
    TARN_CHANGE_IDENTITY,        /**< `path`, `start`, `step`, `flag`: rows may bring their own numbers; of a table that is being made */
    TARN_CHANGE_SET_PROPERTY,    /**< `name`, `text` */
    TARN_CHANGE_UNSET_PROPERTY,  /**< `name`; `flag`: it need not be there */
    TARN_CHANGE_ADD_CONSTRAINT,  /**< `name`, `text`: true for every row; rows that are there are proven first */
    TARN_CHANGE_DROP_CONSTRAINT, /**< `name`; `flag`: it need not be there */
    TARN_CHANGE_CLUSTER,         /**< `columns` (none: no clustering), for maintenance to go by */
    TARN_CHANGE_MERGE_SCHEMA,    /**< `schema`: what the table has not is added, at every level; types are widened where the table may */
    TARN_CHANGE_REPLACE_SCHEMA,  /**< `schema`, `columns` to partition by; all files must be taken out by the same transaction */
};

enum tarn_column_place { TARN_PLACE_LAST = 0, TARN_PLACE_FIRST, TARN_PLACE_AFTER };

struct tarn_column_name {
    uint32_t count;
    const struct tarn_text *names;
};

struct tarn_table_change {
    uint32_t size;
    enum tarn_change_kind kind;
    struct tarn_column_name path;
    const struct tarn_field *field;
    enum tarn_column_place place;
    struct tarn_text after; /**< the sibling, for TARN_PLACE_AFTER */
    struct tarn_text name;
    struct tarn_text text;
    const struct tarn_type *type;
    bool flag;
    int64_t start;
    int64_t step;
    uint32_t column_count;
    const struct tarn_column_name *columns;
    const struct tarn_schema *schema;
};

#define TARN_TABLE_CHANGE_INIT                                                                                                             \
    {                                                                                                                                      \
        sizeof(struct tarn_table_change), TARN_CHANGE_ADD_COLUMN, {0, NULL}, NULL, TARN_PLACE_LAST, {NULL, 0}, {NULL, 0}, {NULL, 0}, NULL, \
            false, 0, 0, 0, NULL, NULL                                                                                                     \
    }

/** Rows that have only some of the table's columns. */
struct tarn_rows_options {
    uint32_t size;
    uint32_t column_count;
    const uint32_t *columns; /**< what the rows have: places in tarn_transaction_schema, each once, in the order of the rows' columns */
};

#define TARN_ROWS_OPTIONS_INIT                                                                                                             \
    {                                                                                                                                      \
        sizeof(struct tarn_rows_options), 0, NULL                                                                                          \
    }

TARN_BEGIN_DECLS

/**
 * Makes one change part of the transaction; tarn_transaction_schema gives the schema after it. A transaction whose change failed holds
 * those before it. Errors: NOT_FOUND (column, property, constraint), INVALID (what cannot be: names equal without case, a type that would
 * lose values, detail "not_null" or "constraint" when rows are in the way, a property's value), UNSUPPORTED (by name).
 */
TARN_CALL tarn_transaction_alter(struct tarn_transaction *transaction, const struct tarn_table_change *change, struct tarn_error *err);

/** A transaction of nothing but changes. `options` NULL: history's words follow from the changes. */
TARN_CALL tarn_table_alter(struct tarn_env *env, struct tarn_text uri, uint32_t count, const struct tarn_table_change *changes,
                           const struct tarn_transaction_options *options, struct tarn_commit_result *result, struct tarn_error *err);

/**
 * Where rows go that have not all columns: the others are generated, numbered, given their default, else null. Values that are given for a
 * generated column must be what its expression gives; for an identity column they are INVALID unless it allows them. Otherwise as
 * tarn_transaction_sink. Errors also: INVALID (places).
 */
TARN_CALL tarn_transaction_rows(struct tarn_transaction *transaction, const struct tarn_rows_options *options, struct tarn_sink **out,
                                struct tarn_error *err);

/**
 * tarn_transaction_copy_sink for rows of which some have changed: they are checked as new rows are, and those of the columns `made` that
 * the table generates are made anew, whatever the rows hold. Errors also: UNSUPPORTED table.generated_changes.
 */
TARN_CALL tarn_transaction_copy_rows(struct tarn_transaction *transaction, uint32_t made_count, const uint32_t *made,
                                     struct tarn_sink **out, struct tarn_error *err);

TARN_END_DECLS

#endif
