/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_DML_DML_H
#define TARN_QUERY_DML_DML_H

#include "query/query_state.h"

/*
 * Statements that change tables: each one atomic commit, done when the call returns. What fails leaves the table as it was.
 */
TARN_WARN_UNUSED enum tarn_status tarn__dml_delete(struct tarn_query *query, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__dml_update(struct tarn_query *query, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__dml_insert(struct tarn_query *query, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__dml_create(struct tarn_query *query, struct tarn_error *err);

TARN_WARN_UNUSED enum tarn_status tarn__dml_alter(struct tarn_query *query, struct tarn_error *err);

/* ---- shared by them ---- */

/** A column as it is written. Lives in the query's arena. */
TARN_WARN_UNUSED enum tarn_status tarn__dml_field(struct tarn_query *query, const struct tarn__column_definition *definition,
                                                  struct tarn_field *out, struct tarn_error *err);
/** What CREATE TABLE says beside names and types: expressions, numbers, constraints, clustering. */
TARN_WARN_UNUSED enum tarn_status tarn__dml_define(struct tarn_query *query, struct tarn_transaction *transaction, struct tarn_error *err);

/** The path of the table that a statement names. */
TARN_WARN_UNUSED enum tarn_status tarn__query_table_path(struct tarn_query *query, const struct tarn__table_name *name,
                                                         struct tarn_text *out, struct tarn_error *err);
/** What a name in FROM, or of a statement, means. */
TARN_WARN_UNUSED enum tarn_status tarn__query_relation(struct tarn_query *query, const struct tarn__table_name *name,
                                                       struct tarn_relation *out, struct tarn_error *err);
/** Its newest snapshot. NOT_FOUND points at the name. */
TARN_WARN_UNUSED enum tarn_status tarn__dml_snapshot(struct tarn_query *query, struct tarn_snapshot **out, struct tarn_error *err);
/** All rows of a plan to a sink, whose schema has the plan's columns. */
TARN_WARN_UNUSED enum tarn_status tarn__dml_write(struct tarn_query *query, struct tarn__plan *plan, struct tarn_sink *sink, uint64_t *rows,
                                                  struct tarn_error *err);
/** The new value of a column of the binder's scope, converted to its type; NULL when the statement does not set it. */
TARN_WARN_UNUSED enum tarn_status tarn__dml_assignment(struct tarn__binder *b, const struct tarn__statement *s, uint32_t column,
                                                       struct tarn__bound **out, struct tarn_error *err);
/** What qualifies the columns of the statement's table. */
struct tarn_text tarn__dml_alias(const struct tarn__statement *s);
/** A scan of one source at a time (scan->source, set before it runs) below a projection of `count` trees named `columns`. */
TARN_WARN_UNUSED enum tarn_status tarn__dml_plan(struct tarn_query *query, struct tarn__binder *b, uint32_t count,
                                                 struct tarn__bound **trees, const struct tarn__scope_column *columns,
                                                 struct tarn__plan **scan, struct tarn__plan **out, struct tarn_error *err);
/** {"predicate":"[\"...\"]"} as history wants it; empty without one. */
TARN_WARN_UNUSED enum tarn_status tarn__dml_parameters(struct tarn_query *query, const char *key, struct tarn_text value,
                                                       struct tarn_text *out, struct tarn_error *err);
/** Commits and notes the version. Ends the transaction. */
TARN_WARN_UNUSED enum tarn_status tarn__dml_commit(struct tarn_query *query, struct tarn_transaction *transaction, uint64_t rows,
                                                   struct tarn_error *err);

#endif
