/* SPDX-License-Identifier: Apache-2.0
 *
 * A table's sink for rows of another schema: columns by name, types widened to the table's.
 *
 * Invariants
 *  1. Every column of the rows is one of the table's: nothing is left out. A column that the rows have not is made by the table's own
 * rules, or is null where the transaction merged the rows' schema into the table's; else the rows are refused.
 *  2. A type becomes another one only where no value can change, or where the caller asked for narrowing and only digits behind the
 *     microsecond are lost. Whether that holds is decided when the sink is opened, by types alone.
 */
#include "format/base/bytes.h"
#include "format/batch/vector.h"
#include "tarn/expr.h"
#include "txlog/core/rule_sink.h"
#include "txlog/core/transaction.h"
#include "txlog/core/vector_adapt.h"

struct adapted_column {
    uint32_t source; /* among the rows' columns */
    struct tarn__adapt plan;
};

struct adapt_sink {
    struct tarn_sink base;
    struct tarn_sink *inner;
    struct tarn_arena arena;
    struct adapted_column *columns; /* one of each of the inner sink's */
};

static bool is_nested(const struct tarn_type *type)
{
    return type->field_count != 0;
}

static bool may_become(const struct tarn_type *from, const struct tarn_type *to, bool narrow);

static bool members_may_become(const struct tarn_type *from, const struct tarn_type *to, bool narrow)
{
    bool may = from->id == to->id && from->field_count == to->field_count;
    for (uint32_t i = 0; may && i < to->field_count; i++) {
        int32_t at = (int32_t)i;
        if (to->id == TARN_TYPE_STRUCT) {
            at = tarn_fields_find(from->field_count, from->fields, to->fields[i].name);
        }
        may = at >= 0 && may_become(from->fields[at].type, to->fields[i].type, narrow);
    }
    return may;
}

static bool may_become(const struct tarn_type *from, const struct tarn_type *to, bool narrow)
{
    if (is_nested(from) || is_nested(to)) {
        return members_may_become(from, to, narrow);
    }
    const bool is_text = from->id == TARN_TYPE_JSON || from->id == TARN_TYPE_ENUM;
    const bool is_bytes = from->id == TARN_TYPE_BSON || from->id == TARN_TYPE_FIXED;
    const bool is_time = from->id == TARN_TYPE_TIMESTAMP && to->id == TARN_TYPE_TIMESTAMP && from->utc == to->utc;
    return tarn_expr_cast_is_lossless(from, to) || (is_text && to->id == TARN_TYPE_STRING) || (is_bytes && to->id == TARN_TYPE_BINARY) ||
           (narrow && is_time);
}

/* A sink for those of the table's columns that the rows have. */
static enum tarn_status open_inner(struct tarn_transaction *transaction, const struct tarn_schema *from, struct tarn_sink **out,
                                   struct tarn_error *err)
{
    const struct tarn_schema *to = transaction->shape->schema;
    struct tarn_rows_options rows = TARN_ROWS_OPTIONS_INIT;
    uint32_t *columns = tarn__calloc(transaction->env, (size_t)to->field_count + 1, sizeof(*columns));
    if (columns == NULL) {
        return tarn__nomem(transaction->env, err, to->field_count * sizeof(*columns));
    }
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < to->field_count; i++) {
        if (tarn_fields_find(from->field_count, from->fields, to->fields[i].name) >= 0) {
            columns[rows.column_count++] = i;
        } else if (!transaction->fills_missing && tarn__snapshot_rule(transaction->shape, i) == NULL) {
            status = tarn__invalid(err, "column", "the rows have no column \"%.*s\" for the table", TARN_TEXT_ARG(to->fields[i].name));
        }
    }
    for (uint32_t i = 0; status == TARN_OK && i < from->field_count; i++) {
        if (tarn_fields_find(to->field_count, to->fields, from->fields[i].name) < 0) {
            status = tarn__invalid(err, "column", "the table has no column \"%.*s\"", TARN_TEXT_ARG(from->fields[i].name));
        }
    }
    rows.columns = columns;
    status = status == TARN_OK ? tarn__transaction_rows(transaction, &rows, out, err) : status;
    tarn__free(transaction->env, columns);
    return status;
}

static enum tarn_status plan_columns(struct adapt_sink *sink, const struct tarn_schema *from, bool narrow, struct tarn_error *err)
{
    const struct tarn_schema *to = sink->inner->schema;
    sink->columns = tarn__arena_calloc(&sink->arena, (size_t)to->field_count + 1, sizeof(*sink->columns));
    if (sink->columns == NULL) {
        return tarn__nomem(sink->base.env, err, to->field_count * sizeof(*sink->columns));
    }
    for (uint32_t i = 0; i < to->field_count; i++) {
        const struct tarn_text name = to->fields[i].name;
        const int32_t at = tarn_fields_find(from->field_count, from->fields, name);
        struct adapted_column *column = &sink->columns[i];
        column->source = (uint32_t)at;
        if (!may_become(from->fields[at].type, to->fields[i].type, narrow) ||
            tarn__adapt_plan(&sink->arena, from->fields[at].type, to->fields[i].type, NULL, &column->plan, NULL) != TARN_OK) {
            char have[128];
            char want[128];
            tarn_type_format(from->fields[at].type, have, sizeof(have));
            tarn_type_format(to->fields[i].type, want, sizeof(want));
            return tarn__invalid(err, "type", "column \"%.*s\" is %s, the table has %s", TARN_TEXT_ARG(name), have, want);
        }
    }
    return TARN_OK;
}

static enum tarn_status adapt_columns(const struct adapt_sink *sink, const struct tarn_batch *batch, struct tarn_vector **columns,
                                      struct tarn_error *err)
{
    for (uint32_t i = 0; i < sink->inner->schema->field_count; i++) {
        const struct adapted_column *column = &sink->columns[i];
        const enum tarn_status status = tarn__adapt_apply(&column->plan, batch->columns[column->source], &columns[i], err);
        if (status != TARN_OK) {
            tarn__error_at_column(err, sink->inner->schema->fields[i].name);
            return status == TARN_CORRUPT ? tarn__error_recode(err, TARN_INVALID) : status; /* the rows are the caller's, not a file's */
        }
    }
    return TARN_OK;
}

static enum tarn_status adapt_write(struct tarn_sink *base, const struct tarn_batch *batch, struct tarn_error *err)
{
    struct adapt_sink *sink = (struct adapt_sink *)base;
    struct tarn_env *env = base->env;
    const uint32_t count = sink->inner->schema->field_count;
    if (batch->column_count != base->schema->field_count) {
        return tarn__invalid(err, "columns", "the sink takes %u columns, the rows have %u", base->schema->field_count, batch->column_count);
    }
    struct tarn_vector **columns = tarn__calloc(env, (size_t)count + 1, sizeof(struct tarn_vector *));
    if (columns == NULL) {
        return tarn__nomem(env, err, count * sizeof(struct tarn_vector *));
    }
    struct tarn_batch *adapted;
    enum tarn_status status = adapt_columns(sink, batch, columns, err);
    if (status == TARN_OK) {
        status = tarn__batch_adopt(env, sink->inner->schema, batch->length, columns, &adapted, err);
        if (status == TARN_OK) {
            adapted->selection = batch->selection;
            status = tarn_sink_write(sink->inner, adapted, err);
            tarn_batch_release(adapted);
        }
    } else {
        for (uint32_t i = 0; i < count; i++) {
            tarn_vector_release(columns[i]);
        }
    }
    tarn__free(env, columns);
    return status;
}

static void end(struct adapt_sink *sink)
{
    struct tarn_env *env = sink->base.env;
    tarn_schema_release(sink->base.schema);
    tarn__arena_free(&sink->arena);
    tarn__free(env, sink);
    tarn_env_close(env);
}

static enum tarn_status adapt_finish(struct tarn_sink *base, struct tarn_error *err)
{
    struct adapt_sink *sink = (struct adapt_sink *)base;
    const enum tarn_status status = tarn_sink_finish(sink->inner, err);
    end(sink);
    return status;
}

static void adapt_abort(struct tarn_sink *base)
{
    struct adapt_sink *sink = (struct adapt_sink *)base;
    tarn_sink_abort(sink->inner);
    end(sink);
}

static const struct tarn_sink_ops adapt_ops = {sizeof(struct tarn_sink_ops), "table, adapted", adapt_write, adapt_finish, adapt_abort};

enum tarn_status tarn_transaction_sink_from(struct tarn_transaction *transaction, const struct tarn_schema *schema, bool narrow,
                                            struct tarn_sink **out, struct tarn_error *err)
{
    *out = NULL;
    struct tarn_env *env = transaction->env;
    struct adapt_sink *sink = tarn__calloc(env, 1, sizeof(*sink));
    if (sink == NULL) {
        return tarn__nomem(env, err, sizeof(*sink));
    }
    enum tarn_status status = open_inner(transaction, schema, &sink->inner, err);
    if (status != TARN_OK) {
        tarn__free(env, sink);
        return status;
    }
    sink->base = (struct tarn_sink){&adapt_ops, tarn__env_retain(env), tarn_schema_retain(schema)};
    tarn__arena_init(&sink->arena, env);
    status = plan_columns(sink, schema, narrow, err);
    if (status != TARN_OK) {
        adapt_abort(&sink->base);
        return status;
    }
    *out = &sink->base;
    return TARN_OK;
}
