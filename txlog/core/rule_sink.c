/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows on their way into a table that says more about them than their types: defaults, numbers, generated columns, constraints.
 *
 * Invariants
 *  1. What a row brings is never replaced, but proven; what it does not bring is made: numbers and defaults first, then generated columns,
 *     then constraints are asked of the whole row.
 *  2. A number is given out once a transaction: those of a sink that failed are lost, never used again.
 *  3. No row reaches the files before every rule has held for its batch.
 */
#include "txlog/core/rule_sink.h"

#include "format/base/bytes.h"
#include "format/base/int128.h"
#include "format/batch/row_text.h"
#include "format/batch/vector.h"
#include "txlog/core/table_format.h"

enum source { GIVEN = 0, NULLS, DEFAULTS, NUMBERS, COMPUTED };

struct column {
    enum source source;
    uint32_t given; /* GIVEN: among the rows' columns */
    struct tarn__rule_eval rule;
    struct tarn__identity *identity;
};

struct check {
    const struct tarn__row_rule *rule;
    struct tarn__rule_eval eval;
};

struct rule_sink {
    struct tarn_sink base;
    struct tarn_sink *inner;
    struct tarn_transaction *transaction;
    struct tarn_schema *table;
    uint32_t extra_count;   /* columns of the inner sink behind the table's */
    struct column *columns; /* of the table */
    uint32_t check_count;
    struct check *checks;
};

const struct tarn__row_rule *tarn__snapshot_rule(const struct tarn_snapshot *snapshot, uint32_t column)
{
    for (uint32_t i = 0; i < snapshot->rule_count; i++) {
        if (snapshot->rules[i].kind != TARN_RULE_CHECK && snapshot->rules[i].column == column) {
            return &snapshot->rules[i];
        }
    }
    return NULL;
}

/* ---- opening ---- */

static struct tarn__identity *identity_of(struct tarn_transaction *transaction, const struct tarn__row_rule *rule)
{
    for (uint32_t i = 0; i < transaction->identity_count; i++) {
        if (transaction->identities[i].column == rule->column) {
            return &transaction->identities[i];
        }
    }
    if (transaction->identities == NULL) { /* sinks point at them: they never move */
        transaction->identities =
            tarn__arena_calloc(&transaction->arena, transaction->shape->schema->field_count, sizeof(*transaction->identities));
    }
    if (transaction->identities == NULL) {
        return NULL;
    }
    struct tarn__identity *identity = &transaction->identities[transaction->identity_count++];
    *identity = (struct tarn__identity){.column = rule->column, .step = rule->step, .next = rule->start};
    if (rule->has_mark) {
        /* The first number of the sequence behind the mark, which may lie between two of them or before the first. */
        const tarn_i128 distance = (tarn_i128)rule->mark - rule->start;
        const tarn_i128 steps = (rule->step > 0) == (distance >= 0) || distance == 0 ? distance / rule->step + 1 : 0;
        const tarn_i128 next = rule->start + steps * rule->step;
        identity->exhausted = next > INT64_MAX || next < INT64_MIN;
        identity->next = identity->exhausted ? 0 : (int64_t)next;
    }
    return identity;
}

static enum tarn_status open_column(struct rule_sink *sink, uint32_t index, struct tarn_error *err)
{
    struct tarn_transaction *transaction = sink->transaction;
    struct column *column = &sink->columns[index];
    const struct tarn__row_rule *rule = tarn__snapshot_rule(transaction->shape, index);
    const struct tarn_type *type = sink->table->fields[index].type;
    column->source = NULLS;
    if (rule == NULL) {
        return TARN_OK;
    }
    if (rule->kind == TARN_RULE_IDENTITY) {
        column->source = NUMBERS;
        column->identity = identity_of(transaction, rule);
        return column->identity != NULL ? TARN_OK : tarn__nomem(sink->base.env, err, sizeof(*column->identity));
    }
    column->source = rule->kind == TARN_RULE_DEFAULT ? DEFAULTS : COMPUTED;
    const struct tarn_schema none = {0};
    const struct tarn_schema *scope = rule->kind == TARN_RULE_DEFAULT ? &none : sink->table;
    return tarn__rule_open(sink->base.env, transaction->host, scope, rule->text, type, &column->rule, err);
}

/* What is given for a generated column: (expression) <=> column. */
static enum tarn_status open_comparison(struct rule_sink *sink, const struct tarn__row_rule *rule, struct tarn__rule_eval *out,
                                        struct tarn_error *err)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, sink->base.env);
    tarn__builder_add_char(&text, '(');
    tarn__builder_add(&text, rule->text);
    tarn__builder_add_str(&text, ") <=> `");
    for (size_t i = 0; i < rule->name.size; i++) {
        tarn__builder_add_char(&text, rule->name.data[i]);
        if (rule->name.data[i] == '`') {
            tarn__builder_add_char(&text, '`');
        }
    }
    tarn__builder_add_char(&text, '`');
    enum tarn_status status = tarn__builder_status(&text, err);
    if (status == TARN_OK) {
        status = tarn__rule_open(sink->base.env, sink->transaction->host, sink->table, tarn__builder_text(&text), NULL, out, err);
    }
    tarn__builder_free(&text);
    return status;
}

static enum tarn_status open_checks(struct rule_sink *sink, struct tarn_error *err)
{
    const struct tarn_snapshot *shape = sink->transaction->shape;
    sink->checks = tarn__calloc(sink->base.env, (size_t)shape->rule_count + 1, sizeof(*sink->checks));
    if (sink->checks == NULL) {
        return tarn__nomem(sink->base.env, err, shape->rule_count * sizeof(*sink->checks));
    }
    for (uint32_t i = 0; i < shape->rule_count; i++) {
        const struct tarn__row_rule *rule = &shape->rules[i];
        struct check *check = &sink->checks[sink->check_count];
        enum tarn_status status = TARN_OK;
        if (rule->kind == TARN_RULE_CHECK) {
            status = tarn__rule_open(sink->base.env, sink->transaction->host, sink->table, rule->text, NULL, &check->eval, err);
        } else if (rule->kind == TARN_RULE_GENERATED && sink->columns[rule->column].source == GIVEN) {
            status = open_comparison(sink, rule, &check->eval, err);
        } else {
            continue;
        }
        TARN_RETURN_IF_ERROR(status);
        check->rule = rule;
        sink->check_count++;
    }
    return TARN_OK;
}

/* A generated column is made of columns that rows bring, not of another one that is still to be made. */
static enum tarn_status check_order(const struct rule_sink *sink, struct tarn_error *err)
{
    for (uint32_t i = 0; i < sink->table->field_count; i++) {
        for (uint32_t j = 0; sink->columns[i].source == COMPUTED && j < sink->table->field_count; j++) {
            if (sink->columns[j].source == COMPUTED && tarn__rule_uses(&sink->columns[i].rule, j)) {
                return tarn__invalid(err, "generated", "the generated column \"%.*s\" is made of the generated column \"%.*s\"",
                                     TARN_TEXT_ARG(sink->table->fields[i].name), TARN_TEXT_ARG(sink->table->fields[j].name));
            }
        }
    }
    return TARN_OK;
}

static bool is_among(uint32_t value, uint32_t count, const uint32_t *values)
{
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] == value) {
            return true;
        }
    }
    return false;
}

static enum tarn_status take_columns(struct rule_sink *sink, const struct tarn_rows_options *rows,
                                     const struct tarn__copied_columns *copied, struct tarn_error *err)
{
    const uint32_t count = sink->table->field_count;
    sink->columns = tarn__calloc(sink->base.env, (size_t)count + 1, sizeof(*sink->columns));
    struct tarn_field *fields = tarn__calloc(sink->base.env, (size_t)rows->column_count + sink->extra_count + 1, sizeof(*fields));
    enum tarn_status status = sink->columns == NULL || fields == NULL ? tarn__nomem(sink->base.env, err, sizeof(*fields)) : TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        sink->columns[i].given = UINT32_MAX;
    }
    for (uint32_t i = 0; status == TARN_OK && i < rows->column_count; i++) {
        const uint32_t column = rows->columns[i];
        if (column >= count || sink->columns[column].given != UINT32_MAX) {
            status = tarn__invalid(err, "columns", "the table has %u columns, and the rows have each of them once at most", count);
            break;
        }
        fields[i] = sink->table->fields[column];
        fields[i].nullable = true; /* what may not be null is told by the table */
        sink->columns[column].given = i;
    }
    for (uint32_t i = 0; status == TARN_OK && i < sink->extra_count; i++) {
        fields[rows->column_count + i] = sink->inner->schema->fields[count + i];
    }
    if (status == TARN_OK) {
        struct tarn_schema *schema;
        status = tarn_schema_make(sink->base.env, rows->column_count + sink->extra_count, fields, 0, NULL, &schema, err);
        sink->base.schema = schema;
    }
    tarn__free(sink->base.env, fields);
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        const struct tarn__row_rule *rule = tarn__snapshot_rule(sink->transaction->shape, i);
        const bool anew =
            rule != NULL && rule->kind == TARN_RULE_GENERATED && copied != NULL && is_among(i, copied->made_count, copied->made);
        if (sink->columns[i].given == UINT32_MAX || anew) {
            status = open_column(sink, i, err);
        } else if (rule != NULL && rule->kind == TARN_RULE_IDENTITY && !rule->takes_given && copied == NULL) {
            status = tarn__invalid(err, "identity", "the table numbers the column itself: leave it out of the rows");
        }
        if (status != TARN_OK) {
            tarn__error_at_column(err, sink->table->fields[i].name);
        }
    }
    return status;
}

/* ---- rows ---- */

static enum tarn_status number_rows(struct column *column, const struct tarn_type *type, uint32_t rows, struct tarn_env *env,
                                    struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn__identity *identity = column->identity;
    struct tarn_buffer *buffer = tarn__buffer_new(env, (uint64_t)rows * sizeof(int64_t));
    if (buffer == NULL) {
        return tarn__nomem(env, err, (uint64_t)rows * sizeof(int64_t));
    }
    int64_t *values = (int64_t *)(void *)buffer->data;
    for (uint32_t i = 0; i < rows; i++) {
        if (identity->exhausted) {
            tarn__buffer_release(buffer);
            return tarn__error_set(err, TARN_LIMIT, "identity", "the numbers of the column have come to the end of 64 bits");
        }
        values[i] = identity->next;
        identity->mark = identity->next;
        identity->used = true;
        identity->exhausted = __builtin_add_overflow(identity->next, identity->step, &identity->next);
    }
    *out = tarn__vector_flat(env, type, rows, buffer, NULL);
    return *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
}

static enum tarn_status make_columns(struct rule_sink *sink, const struct tarn_batch *batch, bool computed, struct tarn_vector **made,
                                     struct tarn_error *err)
{
    for (uint32_t i = 0; i < sink->table->field_count; i++) {
        struct column *column = &sink->columns[i];
        const struct tarn_type *type = sink->table->fields[i].type;
        enum tarn_status status = TARN_OK;
        if ((column->source == COMPUTED) != computed) {
            continue;
        }
        if (column->source == GIVEN) {
            made[i] = tarn__vector_retype(batch->columns[column->given], type);
        } else if (column->source == NULLS) {
            made[i] = tarn__vector_nulls(sink->base.env, type, batch->length);
        } else if (column->source == NUMBERS) {
            status = number_rows(column, type, batch->length, sink->base.env, &made[i], err);
        } else {
            struct tarn_vector *values;
            status = tarn__rule_values(&column->rule, batch->length, made, &values, err);
            if (status == TARN_OK) {
                made[i] = tarn__vector_retype(values, type);
                tarn_vector_release(values);
            }
        }
        if (status == TARN_OK && made[i] == NULL) {
            status = tarn__nomem(sink->base.env, err, 0);
        }
        if (status != TARN_OK) {
            tarn__error_at_column(err, sink->table->fields[i].name);
            return status;
        }
    }
    return TARN_OK;
}

/* The values that a rule has seen, for its message: "a = 1, b = NULL". */
static void print_row(const struct rule_sink *sink, const struct check *check, struct tarn_vector *const *columns, uint32_t row,
                      struct tarn_text_builder *out)
{
    for (uint32_t i = 0; i < check->eval.expr->column_count && out->size < 160; i++) {
        const uint32_t column = check->eval.columns[i];
        tarn__builder_add_str(out, i == 0 ? "" : ", ");
        tarn__builder_add(out, sink->table->fields[column].name);
        tarn__builder_add_str(out, " = ");
        if (tarn_vector_is_null(columns[column], row)) {
            tarn__builder_add_str(out, "NULL");
        } else {
            tarn__row_text(out, columns[column], row, TARN_STYLE_SQL);
        }
    }
}

static enum tarn_status check_rows(struct rule_sink *sink, uint32_t rows, struct tarn_vector *const *columns, struct tarn_error *err)
{
    for (uint32_t i = 0; i < sink->check_count; i++) {
        struct check *check = &sink->checks[i];
        uint32_t row;
        TARN_RETURN_IF_ERROR(tarn__rule_first_failure(&check->eval, rows, columns, &row, err));
        if (row == UINT32_MAX) {
            continue;
        }
        struct tarn_text_builder shown;
        tarn__builder_init(&shown, sink->base.env);
        print_row(sink, check, columns, row, &shown);
        const bool generated = check->rule->kind == TARN_RULE_GENERATED;
        tarn__invalid(err, generated ? "generated" : "constraint",
                      generated ? "a row (%.*s) has not what the column \"%.*s\" is generated as: %.*s"
                                : "a row (%.*s) breaks the constraint \"%.*s\": %.*s",
                      TARN_TEXT_ARG(tarn__builder_text(&shown)), TARN_TEXT_ARG(check->rule->name), TARN_TEXT_ARG(check->rule->text));
        tarn__builder_free(&shown);
        tarn__error_at_row(err, row);
        return TARN_INVALID;
    }
    return TARN_OK;
}

static enum tarn_status write_dense(struct rule_sink *sink, const struct tarn_batch *batch, struct tarn_error *err)
{
    struct tarn_env *env = sink->base.env;
    const uint32_t count = sink->table->field_count;
    struct tarn_vector **columns = tarn__calloc(env, (size_t)count + sink->extra_count + 1, sizeof(struct tarn_vector *));
    if (columns == NULL) {
        return tarn__nomem(env, err, count * sizeof(struct tarn_vector *));
    }
    for (uint32_t i = 0; i < sink->extra_count; i++) {
        columns[count + i] = tarn_vector_retain(batch->columns[batch->column_count - sink->extra_count + i]);
    }
    enum tarn_status status = make_columns(sink, batch, false, columns, err);
    status = status == TARN_OK ? make_columns(sink, batch, true, columns, err) : status;
    status = status == TARN_OK ? check_rows(sink, batch->length, columns, err) : status;
    if (status == TARN_OK) {
        struct tarn_batch *whole;
        status = tarn__batch_adopt(env, sink->inner->schema, batch->length, columns, &whole, err);
        if (status == TARN_OK) {
            status = tarn_sink_write(sink->inner, whole, err);
            tarn_batch_release(whole);
        }
    } else {
        for (uint32_t i = 0; i < count + sink->extra_count; i++) {
            tarn_vector_release(columns[i]);
        }
    }
    tarn__free(env, columns);
    return status;
}

static enum tarn_status rule_write(struct tarn_sink *base, const struct tarn_batch *batch, struct tarn_error *err)
{
    struct rule_sink *sink = (struct rule_sink *)base;
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(base->env, err));
    if (batch->column_count != base->schema->field_count) {
        return tarn__invalid(err, "columns", "the sink takes %u columns, the rows have %u", base->schema->field_count, batch->column_count);
    }
    struct tarn_batch *dense;
    TARN_RETURN_IF_ERROR(tarn__batch_dense(base->env, base->schema, batch, &dense, err));
    const enum tarn_status status = dense->length != 0 ? write_dense(sink, dense, err) : TARN_OK;
    tarn_batch_release(dense);
    return status;
}

static void end(struct rule_sink *sink)
{
    struct tarn_env *env = sink->base.env;
    for (uint32_t i = 0; sink->columns != NULL && i < sink->table->field_count; i++) {
        tarn__rule_close(&sink->columns[i].rule);
    }
    for (uint32_t i = 0; i < sink->check_count; i++) {
        tarn__rule_close(&sink->checks[i].eval);
    }
    tarn__free(env, sink->columns);
    tarn__free(env, sink->checks);
    tarn_schema_release(sink->base.schema);
    tarn_schema_release(sink->table);
    tarn__free(env, sink);
    tarn_env_close(env);
}

static enum tarn_status rule_finish(struct tarn_sink *base, struct tarn_error *err)
{
    struct rule_sink *sink = (struct rule_sink *)base;
    const enum tarn_status status = tarn_sink_finish(sink->inner, err);
    end(sink);
    return status;
}

static void rule_abort(struct tarn_sink *base)
{
    struct rule_sink *sink = (struct rule_sink *)base;
    tarn_sink_abort(sink->inner);
    end(sink);
}

static const struct tarn_sink_ops rule_ops = {sizeof(struct tarn_sink_ops), "table, with rules", rule_write, rule_finish, rule_abort};

enum tarn_status tarn__rule_sink_open(struct tarn_transaction *transaction, const struct tarn_rows_options *rows,
                                      const struct tarn__copied_columns *copied, struct tarn_sink *inner, struct tarn_sink **out,
                                      struct tarn_error *err)
{
    struct tarn_env *env = transaction->env;
    struct rule_sink *sink = tarn__calloc(env, 1, sizeof(*sink));
    *out = NULL;
    if (sink == NULL) {
        tarn_sink_abort(inner);
        return tarn__nomem(env, err, sizeof(*sink));
    }
    sink->base = (struct tarn_sink){&rule_ops, tarn__env_retain(env), NULL};
    sink->inner = inner;
    sink->transaction = transaction;
    sink->table = tarn_schema_retain(transaction->shape->schema);
    sink->extra_count = inner->schema->field_count - sink->table->field_count;
    enum tarn_status status = take_columns(sink, rows, copied, err);
    status = status == TARN_OK ? check_order(sink, err) : status;
    status = status == TARN_OK ? open_checks(sink, err) : status;
    if (status != TARN_OK) {
        rule_abort(&sink->base);
        return status;
    }
    *out = &sink->base;
    return TARN_OK;
}
