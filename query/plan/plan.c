/* SPDX-License-Identifier: Apache-2.0
 *
 * Nodes of plans, scopes over them, and EXPLAIN.
 */
#include "query/plan/plan.h"

#include <stdio.h>

#include "format/base/number.h"
#include "format/batch/row_text.h"
#include "query/bind/sql_type.h"
#include "query/sql/caret.h"

struct tarn__plan *tarn__plan_new(struct tarn__planner *planner, enum tarn__plan_kind kind, struct tarn__plan *input)
{
    struct tarn__plan *plan = tarn__arena_alloc(planner->binder.arena, sizeof(*plan));
    if (plan != NULL) {
        plan->kind = kind;
        plan->input = input;
        plan->limit = UINT64_MAX;
        if (input != NULL) {
            plan->column_count = input->column_count;
            plan->columns = input->columns;
        }
    }
    return plan;
}

void tarn__plan_release(struct tarn__plan *plan)
{
    for (; plan != NULL; plan = plan->input) {
        const size_t count = plan->kind == TARN__PLAN_VALUES ? (size_t)plan->row_count * plan->column_count : plan->column_count;
        for (size_t i = 0; plan->exprs != NULL && i < count; i++) {
            tarn_expr_release(plan->exprs[i].expr);
        }
        tarn_expr_release(plan->predicate.expr);
        plan->exprs = NULL;
        plan->predicate.expr = NULL;
    }
}

struct tarn__scope *tarn__plan_scope(struct tarn__planner *planner, const struct tarn__plan *plan, struct tarn_text alias)
{
    struct tarn_arena *arena = planner->binder.arena;
    struct tarn__scope *scope = tarn__arena_alloc(arena, sizeof(*scope));
    if (scope == NULL) {
        return NULL;
    }
    *scope = (struct tarn__scope){
        .alias = alias, .column_count = plan->column_count, .columns = plan->columns, .channel_count = plan->column_count, .fixed = true};
    scope->channels = tarn__arena_calloc(arena, plan->column_count + 1u, sizeof(struct tarn__channel));
    for (uint32_t i = 0; scope->channels != NULL && i < plan->column_count; i++) {
        struct tarn_path_step *step = tarn__arena_alloc(arena, sizeof(*step));
        char *name = tarn__arena_alloc(arena, TARN_NUMBER_TEXT + 1);
        if (step == NULL || name == NULL) {
            return NULL;
        }
        name[0] = '#';
        *step = (struct tarn_path_step){.kind = TARN_PATH_FIELD, .name = {name, 1 + tarn__uint64_print(i, name + 1)}, .id = -1};
        scope->channels[i] = (struct tarn__channel){{1, step}, plan->columns[i].type, plan->columns[i].nullable};
    }
    return scope->channels != NULL ? scope : NULL;
}

static struct tarn__scope *scope_of(struct tarn_arena *arena, const struct tarn_schema *schema, uint32_t hidden_count,
                                    const struct tarn_field *hidden, struct tarn_text alias)
{
    struct tarn__scope *scope = tarn__arena_alloc(arena, sizeof(*scope));
    struct tarn__scope_column *columns = tarn__arena_calloc(arena, (size_t)schema->field_count + hidden_count + 1u, sizeof(*columns));
    if (scope == NULL || columns == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        columns[i] = (struct tarn__scope_column){schema->fields[i].name, schema->fields[i].type, schema->fields[i].nullable};
    }
    for (uint32_t i = 0; i < hidden_count; i++) {
        columns[schema->field_count + i] = (struct tarn__scope_column){hidden[i].name, hidden[i].type, hidden[i].nullable};
    }
    *scope = (struct tarn__scope){.alias = alias, .column_count = schema->field_count, .columns = columns, .hidden_count = hidden_count};
    return scope;
}

struct tarn__scope *tarn__schema_scope(struct tarn_arena *arena, const struct tarn_schema *schema, struct tarn_text alias)
{
    return scope_of(arena, schema, 0, NULL, alias);
}

struct tarn__scope *tarn__source_scope(struct tarn_arena *arena, struct tarn_source *source, struct tarn_text alias)
{
    uint32_t count;
    const struct tarn_field *hidden = tarn_source_hidden(source, &count);
    return scope_of(arena, tarn_source_schema(source), count, hidden, alias);
}

/* ---- EXPLAIN ---- */

static void add_value(struct tarn_text_builder *out, const struct tarn_value *value)
{
    struct tarn_vector *vector = value->is_null ? NULL : tarn__vector_of_value(out->env, value->type, 1, value);
    const bool quoted = !value->is_null && !tarn__sql_is_number(value->type) && value->type->id != TARN_TYPE_BOOL;
    if (vector == NULL) {
        tarn__builder_add_str(out, "NULL");
        return;
    }
    tarn__builder_add_str(out, quoted ? "'" : "");
    tarn__row_text(out, vector, 0, TARN_STYLE_SQL);
    tarn__builder_add_str(out, quoted ? "'" : "");
    tarn_vector_release(vector);
}

static void add_expression(struct tarn_text_builder *out, const struct tarn__bound *bound, const struct tarn__plan *input);

static void add_args(struct tarn_text_builder *out, const struct tarn__bound *bound, const char *between, const struct tarn__plan *input)
{
    for (uint32_t i = 0; i < bound->count; i++) {
        tarn__builder_add_str(out, i == 0 ? "" : between);
        add_expression(out, bound->args[i], input);
    }
}

static void add_op(struct tarn_text_builder *out, const struct tarn__bound *bound, const struct tarn__plan *input)
{
    static const char *const infix[] = {
        [TARN_EXPR_EQ] = " = ",  [TARN_EXPR_NE] = " <> ",   [TARN_EXPR_LT] = " < ",  [TARN_EXPR_LE] = " <= ", [TARN_EXPR_GT] = " > ",
        [TARN_EXPR_GE] = " >= ", [TARN_EXPR_AND] = " AND ", [TARN_EXPR_OR] = " OR ", [TARN_EXPR_CALL] = NULL};
    static const char *const prefix[] = {[TARN_EXPR_NOT] = "NOT",
                                         [TARN_EXPR_IN] = "in",
                                         [TARN_EXPR_IS_NULL] = "is_null",
                                         [TARN_EXPR_IS_NAN] = "is_nan",
                                         [TARN_EXPR_STARTS_WITH] = "starts_with",
                                         [TARN_EXPR_CALL] = NULL};
    tarn__builder_add_str(out, infix[bound->op] != NULL ? "" : prefix[bound->op]);
    tarn__builder_add_char(out, '(');
    add_args(out, bound, infix[bound->op] != NULL ? infix[bound->op] : ", ", input);
    tarn__builder_add_char(out, ')');
}

static void add_expression(struct tarn_text_builder *out, const struct tarn__bound *bound, const struct tarn__plan *input)
{
    char type[80];
    const struct tarn__function *function;
    switch (bound->kind) {
    case TARN__BOUND_COLUMN:
        if (input != NULL && bound->channel < input->column_count) {
            tarn__builder_add(out, input->columns[bound->channel].name);
        } else {
            tarn__builder_add_char(out, '#');
            tarn__builder_add_uint64(out, bound->channel);
        }
        return;
    case TARN__BOUND_LITERAL:
        add_value(out, &bound->value);
        return;
    case TARN__BOUND_OP:
        add_op(out, bound, input);
        return;
    case TARN__BOUND_CALL:
        function = tarn__function_find(bound->function);
        tarn__builder_add_str(out, function != NULL ? function->name : "?");
        tarn__builder_add_char(out, '(');
        add_args(out, bound, ", ", input);
        if (bound->function == TARN__F_CAST || bound->function == TARN__F_TRY_CAST) {
            tarn_type_format(bound->type, type, sizeof(type));
            tarn__builder_add_str(out, " as ");
            tarn__builder_add_str(out, type);
        }
        tarn__builder_add_char(out, ')');
        return;
    case TARN__BOUND_AGGREGATE:
        tarn__builder_add_str(out, "aggregate");
        return;
    }
}

static void add_scan(struct tarn_text_builder *out, const struct tarn__plan *plan)
{
    tarn__builder_add_str(out, "SCAN ");
    tarn__builder_add(out, plan->source_name);
    tarn__builder_add_str(out, " (");
    for (uint32_t i = 0; i < plan->column_count; i++) {
        tarn__builder_add_str(out, i == 0 ? "" : ", ");
        tarn__builder_add(out, plan->columns[i].name);
    }
    tarn__builder_add_char(out, ')');
    if (plan->predicate_tree != NULL) {
        tarn__builder_add_str(out, " where ");
        add_expression(out, plan->predicate_tree, plan);
    }
}

static void add_node(struct tarn_text_builder *out, const struct tarn__plan *plan)
{
    static const char *const kinds[] = {"COUNT",     "count",    "sum",     "avg",      "min",     "max",         "first",
                                        "any_value", "bool_and", "bool_or", "var_samp", "var_pop", "stddev_samp", "stddev_pop"};
    switch (plan->kind) {
    case TARN__PLAN_SCAN:
        add_scan(out, plan);
        return;
    case TARN__PLAN_VALUES:
        tarn__builder_add_str(out, "VALUES ");
        tarn__builder_add_uint64(out, plan->row_count);
        tarn__builder_add_str(out, plan->row_count == 1 ? " row" : " rows");
        return;
    case TARN__PLAN_FILTER:
        tarn__builder_add_str(out, "FILTER ");
        add_expression(out, plan->predicate_tree, plan->input);
        return;
    case TARN__PLAN_PROJECT:
        tarn__builder_add_str(out, "PROJECT ");
        for (uint32_t i = 0; i < plan->column_count; i++) {
            tarn__builder_add_str(out, i == 0 ? "" : ", ");
            add_expression(out, plan->trees[i], plan->input);
        }
        return;
    case TARN__PLAN_AGGREGATE:
        tarn__builder_add_str(out, plan->scalar ? "AGGREGATE" : plan->aggregate_count == 0 ? "DISTINCT" : "GROUP BY ");
        for (uint32_t i = 0; i < plan->key_count && plan->aggregate_count != 0; i++) {
            tarn__builder_add_str(out, i == 0 ? "" : ", ");
            tarn__builder_add(out, plan->input->columns[i].name);
        }
        for (uint32_t i = 0; i < plan->aggregate_count; i++) {
            const struct tarn__plan_aggregate *aggregate = &plan->aggregates[i];
            tarn__builder_add_str(out, i == 0 ? ": " : ", ");
            tarn__builder_add_str(out, kinds[aggregate->kind == TARN__AGG_COUNT_STAR ? 1 : aggregate->kind]);
            tarn__builder_add_str(out, aggregate->distinct ? "(DISTINCT " : "(");
            tarn__builder_add(out, aggregate->arg >= 0 ? plan->input->columns[aggregate->arg].name : TARN_TEXT("*"));
            tarn__builder_add_str(out, aggregate->filter >= 0 ? ") FILTER" : ")");
        }
        return;
    case TARN__PLAN_SORT:
        tarn__builder_add_str(out, plan->limit != UINT64_MAX ? "TOP " : "SORT ");
        if (plan->limit != UINT64_MAX) {
            tarn__builder_add_uint64(out, plan->limit);
            tarn__builder_add_str(out, " BY ");
        }
        for (uint32_t i = 0; i < plan->sort_count; i++) {
            tarn__builder_add_str(out, i == 0 ? "" : ", ");
            tarn__builder_add(out, plan->columns[plan->sorts[i].column].name);
            tarn__builder_add_str(out, plan->sorts[i].descending ? " DESC" : "");
            tarn__builder_add_str(out, plan->sorts[i].nulls_first ? " NULLS FIRST" : "");
        }
        return;
    case TARN__PLAN_LIMIT:
        tarn__builder_add_str(out, "LIMIT ");
        if (plan->limit != UINT64_MAX) {
            tarn__builder_add_uint64(out, plan->limit);
        } else {
            tarn__builder_add_str(out, "ALL");
        }
        if (plan->offset != 0) {
            tarn__builder_add_str(out, " OFFSET ");
            tarn__builder_add_uint64(out, plan->offset);
        }
        return;
    }
}

void tarn__plan_explain(struct tarn_text_builder *out, const struct tarn__plan *plan)
{
    for (size_t depth = 0; plan != NULL; plan = plan->input, depth++) {
        tarn__builder_add_repeat(out, ' ', depth * 2);
        add_node(out, plan);
        tarn__builder_add_char(out, '\n');
    }
}
