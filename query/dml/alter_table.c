/* SPDX-License-Identifier: Apache-2.0
 *
 * ALTER TABLE, and what CREATE TABLE says of columns beside their types. SPEC: Q-DML-9 to Q-DML-11.
 *
 * Invariant: all that one statement says is one commit.
 */
#include "format/base/bytes.h"
#include "query/bind/sql_type.h"
#include "query/dml/dml.h"
#include "query/sql/caret.h"

/* The field of a column as it is written: name, type, nullability, comment. */
enum tarn_status tarn__dml_field(struct tarn_query *query, const struct tarn__column_definition *definition, struct tarn_field *out,
                                 struct tarn_error *err)
{
    *out = (struct tarn_field){.name = definition->name, .nullable = !definition->not_null, .id = -1};
    TARN_RETURN_IF_ERROR(tarn__bind_type(&query->planner.binder, definition->type_text, definition->type_place, &out->type, err));
    if (definition->comment.size != 0) {
        struct tarn_property *comment = tarn__arena_alloc(&query->arena, sizeof(*comment));
        if (comment == NULL) {
            return tarn__nomem(query->env, err, sizeof(*comment));
        }
        *comment = (struct tarn_property){TARN_TEXT("comment"), definition->comment};
        out->properties = comment;
        out->property_count = 1;
    }
    return TARN_OK;
}

static enum tarn_status refuse_parts(const struct tarn_query *query, const struct tarn__column_definition *column, struct tarn_error *err)
{
    if (column->is_identity || column->generated.size != 0) {
        return tarn__bind_error(&query->planner.binder, column->place, "column", err,
                                "generated and identity columns are made with their table");
    }
    if (column->otherwise.size != 0) {
        return tarn__bind_error(&query->planner.binder, column->place, "default", err,
                                "rows that are there have no value of a new column; add it, then ALTER COLUMN ... SET DEFAULT");
    }
    return TARN_OK;
}

/* The changes with their types bound. */
static enum tarn_status bind(struct tarn_query *query, struct tarn_table_change **out, struct tarn_error *err)
{
    const struct tarn__statement *s = query->statement;
    struct tarn_table_change *changes = tarn__arena_calloc(&query->arena, s->alteration_count + 1u, sizeof(*changes));
    *out = changes;
    if (changes == NULL) {
        return tarn__nomem(query->env, err, s->alteration_count * sizeof(*changes));
    }
    for (uint32_t i = 0; i < s->alteration_count; i++) {
        const struct tarn__table_alteration *one = &s->alterations[i];
        changes[i] = one->change;
        if (one->change.kind == TARN_CHANGE_ADD_COLUMN) {
            struct tarn_field *field = tarn__arena_alloc(&query->arena, sizeof(*field));
            if (field == NULL) {
                return tarn__nomem(query->env, err, sizeof(*field));
            }
            TARN_RETURN_IF_ERROR(refuse_parts(query, &one->column, err));
            TARN_RETURN_IF_ERROR(tarn__dml_field(query, &one->column, field, err));
            changes[i].field = field;
        } else if (one->change.kind == TARN_CHANGE_TYPE) {
            TARN_RETURN_IF_ERROR(tarn__bind_type(&query->planner.binder, one->type_text, one->type_place, &changes[i].type, err));
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__dml_alter(struct tarn_query *query, struct tarn_error *err)
{
    const struct tarn__statement *s = query->statement;
    struct tarn_table_change *changes;
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    struct tarn_commit_result result;
    struct tarn_snapshot *snapshot;
    query->info.kind = TARN_STATEMENT_ALTER;
    options.expr_host = tarn_query_expr_host();
    TARN_RETURN_IF_ERROR(bind(query, &changes, err));
    TARN_RETURN_IF_ERROR(tarn__dml_snapshot(query, &snapshot, err));
    const enum tarn_status status =
        tarn_table_alter(query->env, tarn_snapshot_info(snapshot).location, s->alteration_count, changes, &options, &result, err);
    tarn_snapshot_close(snapshot);
    if (status == TARN_OK) {
        query->info.version = result.version;
    } else {
        tarn__sql_error_at(err, query->sql, s->alterations[0].place);
    }
    return status;
}

static enum tarn_status change(struct tarn_transaction *transaction, const struct tarn__column_definition *column,
                               enum tarn_change_kind kind, struct tarn_text text, struct tarn_error *err)
{
    struct tarn_table_change one = TARN_TABLE_CHANGE_INIT;
    one.kind = kind;
    one.path = (struct tarn_column_name){1, &column->name};
    one.text = text;
    one.start = column->start;
    one.step = column->step;
    one.flag = column->takes_given;
    return tarn_transaction_alter(transaction, &one, err);
}

static enum tarn_status define_column(struct tarn_transaction *transaction, const struct tarn__column_definition *column,
                                      struct tarn_error *err)
{
    if (column->is_identity) {
        TARN_RETURN_IF_ERROR(change(transaction, column, TARN_CHANGE_IDENTITY, column->otherwise, err));
    }
    if (column->generated.size != 0) {
        TARN_RETURN_IF_ERROR(change(transaction, column, TARN_CHANGE_GENERATED, column->generated, err));
    }
    return column->otherwise.size != 0 ? change(transaction, column, TARN_CHANGE_DEFAULT, column->otherwise, err) : TARN_OK;
}

enum tarn_status tarn__dml_define(struct tarn_query *query, struct tarn_transaction *transaction, struct tarn_error *err)
{
    const struct tarn__statement *s = query->statement;
    for (uint32_t i = 0; i < s->definition_count; i++) {
        const enum tarn_status status = define_column(transaction, &s->definitions[i], err);
        if (status != TARN_OK) {
            tarn__sql_error_at(err, query->sql, s->definitions[i].place);
            return status;
        }
    }
    for (uint32_t i = 0; i < s->alteration_count; i++) {
        const enum tarn_status status = tarn_transaction_alter(transaction, &s->alterations[i].change, err);
        if (status != TARN_OK) {
            tarn__sql_error_at(err, query->sql, s->alterations[i].place);
            return status;
        }
    }
    return TARN_OK;
}
