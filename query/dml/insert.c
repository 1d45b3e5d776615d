/* SPDX-License-Identifier: Apache-2.0
 *
 * INSERT and CREATE TABLE [AS SELECT]. SPEC: Q-DML-6 to Q-DML-8.
 *
 * Invariant: the rows go through one sink of one transaction, in the order in which the query gives them, converted to the table's types
 * first: a value that does not fit is an error, and nothing is committed.
 */
#include <string.h>

#include "format/base/utf8.h"
#include "query/bind/sql_type.h"
#include "query/dml/dml.h"
#include "query/sql/caret.h"

/* The plan's columns as the table's, in its order: from[i] is the plan's column for column i, -1: NULL. */
enum tarn_status tarn__plan_cast(struct tarn__planner *planner, struct tarn__plan *input, uint32_t count,
                                 const struct tarn__scope_column *columns, const int32_t *from, uint32_t place, struct tarn__plan **out,
                                 struct tarn_error *err)
{
    struct tarn__binder binder = planner->binder;
    struct tarn__plan *plan = tarn__plan_new(planner, TARN__PLAN_PROJECT, input);
    *out = input;
    binder.scope = tarn__plan_scope(planner, input, (struct tarn_text){NULL, 0});
    if (plan == NULL || binder.scope == NULL) {
        return tarn__bind_nomem(&binder, err);
    }
    plan->columns = columns;
    plan->column_count = 0;
    plan->trees = tarn__arena_calloc(binder.arena, count + 1u, sizeof(*plan->trees));
    plan->exprs = tarn__arena_calloc(binder.arena, count + 1u, sizeof(*plan->exprs));
    if (plan->trees == NULL || plan->exprs == NULL) {
        return tarn__bind_nomem(&binder, err);
    }
    *out = plan;
    for (uint32_t i = 0; i < count; i++) {
        if (from[i] >= 0) {
            TARN_RETURN_IF_ERROR(tarn__scope_channel(&binder, (uint32_t)from[i], place, &plan->trees[i], err));
        } else {
            const struct tarn_value null = {.type = columns[i].type, .is_null = true};
            plan->trees[i] = tarn__bound_literal(&binder, &null, place);
        }
        if (plan->trees[i] == NULL) {
            return tarn__bind_nomem(&binder, err);
        }
        TARN_RETURN_IF_ERROR(tarn__bind_cast(&binder, &plan->trees[i], columns[i].type, false, err));
        TARN_RETURN_IF_ERROR(tarn__lower(&binder, binder.scope, plan->trees[i], false, &plan->exprs[i], err));
        plan->column_count = i + 1;
    }
    return TARN_OK;
}

static enum tarn_status schema_columns(struct tarn_query *query, const struct tarn_schema *schema, const struct tarn__scope_column **out,
                                       struct tarn_error *err)
{
    const struct tarn__scope *scope = tarn__schema_scope(&query->arena, schema, (struct tarn_text){NULL, 0});
    *out = scope != NULL ? scope->columns : NULL;
    return scope != NULL ? TARN_OK : tarn__nomem(query->env, err, 0);
}

/* BY NAME: the query's names are those of the table's columns. */
static enum tarn_status match_names(struct tarn_query *query, const struct tarn_schema *schema, int32_t *from, struct tarn_error *err)
{
    const struct tarn__plan *plan = query->plan;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        from[i] = -1;
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        const struct tarn_text name = plan->columns[i].name;
        const int32_t at = tarn_fields_find(schema->field_count, schema->fields, name);
        if (at < 0 || from[at] >= 0) {
            return tarn__bind_error(&query->planner.binder, query->statement->select->place, "columns", err, "\"%.*s\" %s",
                                    (int)(name.size > 60 ? 60 : name.size), name.data,
                                    at < 0 ? "is no column of the table" : "is given twice");
        }
        from[at] = (int32_t)i;
    }
    return TARN_OK;
}

/* Which column of the query goes to which of the table. */
static enum tarn_status match_columns(struct tarn_query *query, const struct tarn_schema *schema, uint32_t given, int32_t *from,
                                      struct tarn_error *err)
{
    const struct tarn__statement *s = query->statement;
    if (s->by_name) {
        return match_names(query, schema, from, err);
    }
    const uint32_t wanted = s->column_count != 0 ? s->column_count : schema->field_count;
    if (given != wanted) {
        return tarn__bind_error(&query->planner.binder, s->select->place, "columns", err, "the query gives %u columns, %u are wanted",
                                given, wanted);
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        from[i] = s->column_count == 0 ? (int32_t)i : -1;
    }
    for (uint32_t i = 0; i < s->column_count; i++) {
        const int32_t at = tarn_fields_find(schema->field_count, schema->fields, s->columns[i]);
        if (at < 0 || from[at] >= 0) {
            return tarn__bind_error(&query->planner.binder, s->column_places[i], "columns", err, "\"%.*s\" %s",
                                    (int)(s->columns[i].size > 60 ? 60 : s->columns[i].size), s->columns[i].data,
                                    at < 0 ? "is no column of the table" : "is named twice");
        }
        from[at] = (int32_t)i;
    }
    return TARN_OK;
}

static enum tarn_status write_all(struct tarn_query *query, struct tarn_transaction *transaction, const struct tarn_rows_options *columns,
                                  struct tarn__plan *plan, uint64_t *rows, struct tarn_error *err)
{
    struct tarn_sink *sink;
    TARN_RETURN_IF_ERROR(tarn_transaction_rows(transaction, columns, &sink, err));
    const enum tarn_status status = tarn__dml_write(query, plan, sink, rows, err);
    if (status != TARN_OK) {
        tarn_sink_abort(sink);
        return status;
    }
    return tarn_sink_finish(sink, err);
}

/* ---- what goes ---- */

static enum tarn_status replace_where(struct tarn_query *query, struct tarn_transaction *transaction, struct tarn_error *err)
{
    const struct tarn__statement *s = query->statement;
    struct tarn__binder binder = query->planner.binder;
    struct tarn__bound *bound;
    struct tarn__expression predicate;
    binder.scope = tarn__schema_scope(&query->arena, tarn_transaction_schema(transaction), (struct tarn_text){NULL, 0});
    binder.clause = "REPLACE WHERE";
    if (binder.scope == NULL) {
        return tarn__bind_nomem(&binder, err);
    }
    TARN_RETURN_IF_ERROR(tarn__bind_predicate(&binder, s->where, &bound, err));
    TARN_RETURN_IF_ERROR(tarn__lower(&binder, binder.scope, bound, true, &predicate, err));
    const enum tarn_status status = tarn_transaction_replace_where(transaction, predicate.expr, tarn_query_expr_host(), err);
    tarn_expr_release(predicate.expr);
    return status;
}

static enum tarn_status take_out(struct tarn_query *query, struct tarn_transaction *transaction, struct tarn_error *err)
{
    if (query->statement->overwrite) {
        return tarn_transaction_remove_all(transaction, err);
    }
    return query->statement->where != NULL ? replace_where(query, transaction, err) : TARN_OK;
}

/* Overwriting by no rows is a change; adding none is not. */
static bool replaces(const struct tarn_query *query)
{
    return query->statement->overwrite || query->statement->where != NULL;
}

/* The columns that the query gives; the table makes the others (numbers, defaults, generated ones) or leaves them null. */
static enum tarn_status write_given(struct tarn_query *query, struct tarn_transaction *transaction, const int32_t *from, uint64_t *rows,
                                    struct tarn_error *err)
{
    const struct tarn_schema *schema = tarn_transaction_schema(transaction);
    const struct tarn__scope_column *all;
    struct tarn_rows_options given = TARN_ROWS_OPTIONS_INIT;
    struct tarn__scope_column *columns = tarn__arena_calloc(&query->arena, schema->field_count + 1u, sizeof(*columns));
    uint32_t *places = tarn__arena_calloc(&query->arena, schema->field_count + 1u, sizeof(*places));
    int32_t *sources = tarn__arena_calloc(&query->arena, schema->field_count + 1u, sizeof(*sources));
    if (columns == NULL || places == NULL || sources == NULL) {
        return tarn__nomem(query->env, err, 0);
    }
    TARN_RETURN_IF_ERROR(schema_columns(query, schema, &all, err));
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (from[i] >= 0) {
            columns[given.column_count] = all[i];
            sources[given.column_count] = from[i];
            places[given.column_count++] = i;
        }
    }
    given.columns = places;
    TARN_RETURN_IF_ERROR(tarn__plan_cast(&query->planner, query->plan, given.column_count, columns, sources,
                                         query->statement->select->place, &query->plan, err));
    return write_all(query, transaction, &given, query->plan, rows, err);
}

static enum tarn_status insert_rows(struct tarn_query *query, struct tarn_transaction *transaction, struct tarn_error *err)
{
    const struct tarn_schema *schema = tarn_transaction_schema(transaction);
    int32_t *from = tarn__arena_calloc(&query->arena, schema->field_count + 1u, sizeof(*from));
    uint64_t rows = 0;
    if (from == NULL) {
        return tarn__nomem(query->env, err, 0);
    }
    TARN_RETURN_IF_ERROR(tarn__plan_select(&query->planner, query->statement->select, &query->plan, err));
    TARN_RETURN_IF_ERROR(match_columns(query, schema, query->plan->column_count, from, err));
    if (query->reads_changes) {
        TARN_RETURN_IF_ERROR(tarn_transaction_read(transaction, NULL, err));
    }
    TARN_RETURN_IF_ERROR(take_out(query, transaction, err));
    TARN_RETURN_IF_ERROR(write_given(query, transaction, from, &rows, err));
    query->info.rows_changed = rows;
    return tarn_transaction_metric(transaction, "numOutputRows", rows, err);
}

enum tarn_status tarn__dml_insert(struct tarn_query *query, struct tarn_error *err)
{
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    struct tarn_snapshot *snapshot;
    struct tarn_transaction *transaction = NULL;
    query->info.kind = TARN_STATEMENT_INSERT;
    TARN_RETURN_IF_ERROR(tarn__dml_snapshot(query, &snapshot, err));
    options.operation = "WRITE";
    options.expr_host = tarn_query_expr_host();
    const struct tarn__ast *where = query->statement->where;
    enum tarn_status status = TARN_OK;
    if (where != NULL) {
        const struct tarn_text text = {query->sql.data + where->begin, where->end - where->begin};
        status = tarn__dml_parameters(query, "predicate", text, &options.parameters, err);
    } else {
        status = tarn__dml_parameters(query, "mode", query->statement->overwrite ? TARN_TEXT("Overwrite") : TARN_TEXT("Append"),
                                      &options.parameters, err);
    }
    status = status == TARN_OK ? tarn_transaction_open(snapshot, &options, &transaction, err) : status;
    query->changes = snapshot;
    status = status == TARN_OK ? insert_rows(query, transaction, err) : status;
    query->changes = NULL;
    if (status == TARN_OK && (query->info.rows_changed != 0 || replaces(query))) {
        status = tarn__dml_commit(query, transaction, query->info.rows_changed, err);
    } else {
        tarn_transaction_abort(transaction);
    }
    tarn_snapshot_close(snapshot);
    return status;
}

/* ---- CREATE TABLE ---- */

static enum tarn_status defined_schema(struct tarn_query *query, struct tarn_schema **out, struct tarn_error *err)
{
    const struct tarn__statement *s = query->statement;
    struct tarn_field *fields = tarn__arena_calloc(&query->arena, s->definition_count + 1u, sizeof(*fields));
    if (fields == NULL) {
        return tarn__nomem(query->env, err, 0);
    }
    for (uint32_t i = 0; i < s->definition_count; i++) {
        TARN_RETURN_IF_ERROR(tarn__dml_field(query, &s->definitions[i], &fields[i], err));
    }
    const enum tarn_status status = tarn_schema_make(query->env, s->definition_count, fields, 0, NULL, out, err);
    if (status == TARN_INVALID) {
        tarn__sql_error_at(err, query->sql, s->definitions[0].place);
    }
    return status;
}

static enum tarn_status selected_schema(struct tarn_query *query, struct tarn_schema **out, struct tarn_error *err)
{
    const struct tarn__plan *plan = query->plan;
    struct tarn_field *fields = tarn__arena_calloc(&query->arena, plan->column_count + 1u, sizeof(*fields));
    if (fields == NULL) {
        return tarn__nomem(query->env, err, 0);
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        fields[i] = (struct tarn_field){.name = plan->columns[i].name, .type = plan->columns[i].type, .nullable = true, .id = -1};
        if (tarn__sql_is_null(fields[i].type)) {
            fields[i].type = &tarn__sql_integer; /* as DuckDB does with a column of bare NULLs */
        }
    }
    return tarn_schema_make(query->env, plan->column_count, fields, 0, NULL, out, err);
}

static enum tarn_status fill(struct tarn_query *query, struct tarn_transaction *transaction, uint64_t *rows, struct tarn_error *err)
{
    const struct tarn_schema *schema = tarn_transaction_schema(transaction);
    int32_t *from = tarn__arena_calloc(&query->arena, schema->field_count + 1u, sizeof(*from));
    if (from == NULL) {
        return tarn__nomem(query->env, err, 0);
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        from[i] = (int32_t)i;
    }
    return write_given(query, transaction, from, rows, err);
}

static enum tarn_status create_table(struct tarn_query *query, const struct tarn_schema *schema, struct tarn_text path,
                                     struct tarn_error *err)
{
    const struct tarn__statement *s = query->statement;
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    struct tarn_transaction *transaction;
    uint64_t rows = 0;
    create.schema = schema;
    create.format = s->format;
    create.partition_columns = s->partitions;
    create.partition_column_count = s->partition_count;
    create.properties = s->properties;
    create.property_count = s->property_count;
    create.comment = s->comment;
    options.expr_host = tarn_query_expr_host();
    options.operation = s->select != NULL ? "CREATE TABLE AS SELECT" : "CREATE TABLE";
    TARN_RETURN_IF_ERROR(tarn_transaction_create(query->env, path, &create, &options, &transaction, err));
    enum tarn_status status = tarn__dml_define(query, transaction, err);
    status = status == TARN_OK && s->select != NULL ? fill(query, transaction, &rows, err) : status;
    if (status != TARN_OK) {
        tarn_transaction_abort(transaction);
        return status;
    }
    return tarn__dml_commit(query, transaction, rows, err);
}

enum tarn_status tarn__dml_create(struct tarn_query *query, struct tarn_error *err)
{
    const struct tarn__statement *s = query->statement;
    struct tarn_schema *schema = NULL;
    struct tarn_text path;
    const char *format = NULL;
    query->info.kind = TARN_STATEMENT_CREATE;
    TARN_RETURN_IF_ERROR(tarn__query_table_path(query, s->table, &path, err));
    if (s->if_not_exists) {
        struct tarn_error ignored = TARN_ERROR_INIT;
        if (tarn_table_detect(query->env, path, &format, &ignored) == TARN_OK && format != NULL) {
            return TARN_OK;
        }
    }
    if (s->select != NULL && s->definition_count != 0) {
        return tarn__bind_error(&query->planner.binder, s->definitions[0].place, "columns", err,
                                "CREATE TABLE takes columns or AS SELECT, not both");
    }
    if (s->select != NULL) {
        TARN_RETURN_IF_ERROR(tarn__plan_select(&query->planner, s->select, &query->plan, err));
        TARN_RETURN_IF_ERROR(selected_schema(query, &schema, err));
    } else {
        TARN_RETURN_IF_ERROR(defined_schema(query, &schema, err));
    }
    const enum tarn_status status = create_table(query, schema, path, err);
    tarn_schema_release(schema);
    return status;
}
