/* SPDX-License-Identifier: Apache-2.0
 *
 * SELECT to a plan. SPEC: Q-SEL-1 to Q-SEL-8.
 *
 *     scan -> filter -> [project -> aggregate -> filter (HAVING)] -> project -> [distinct] -> [sort] -> [limit] -> [project]
 *
 * Invariants
 *  1. Below an aggregate stands a project whose columns are the keys, then the arguments, then the filters.
 *  2. An expression above an aggregate holds only columns of its result: `above_aggregate` replaced keys and aggregates, and refused the
 * rest.
 *  3. Columns that only ORDER BY needs stand behind those of the result and are dropped at the end.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/utf8.h"
#include "query/bind/sql_type.h"
#include "query/plan/plan.h"
#include "query/sql/caret.h"

/* One output column, or one key of ORDER BY that is none. */
struct item {
    struct tarn__bound *bound;
    struct tarn_text name;
    const struct tarn__ast *ast;
};

struct query {
    struct tarn__planner *planner;
    struct tarn__binder *binder;
    const struct tarn__select *select;
    struct tarn__plan *plan; /* so far */
    struct item *items;
    uint32_t item_count; /* of the result */
    uint32_t all_count;  /* with hidden ones */
    uint32_t item_capacity;
    struct tarn__bound *where;
    struct tarn__bound *having;
    uint32_t group_count;
    struct tarn__bound **groups;
    struct tarn__sort_key *sorts;
    uint32_t sort_count;
};

static enum tarn_status push_item(struct query *q, struct tarn__bound *bound, struct tarn_text name, const struct tarn__ast *ast,
                                  struct tarn_error *err)
{
    if (q->all_count == q->item_capacity) {
        const uint32_t capacity = q->item_capacity == 0 ? 16 : q->item_capacity * 2;
        struct item *grown = tarn__arena_calloc(q->binder->arena, capacity, sizeof(*grown));
        if (grown == NULL) {
            return tarn__bind_nomem(q->binder, err);
        }
        if (q->all_count != 0) {
            memcpy(grown, q->items, q->all_count * sizeof(*grown));
        }
        q->items = grown;
        q->item_capacity = capacity;
    }
    q->items[q->all_count++] = (struct item){bound, name, ast};
    return TARN_OK;
}

/* ---- FROM ---- */

static struct tarn_text alias_of(const struct tarn__table_name *name)
{
    return name->alias.size != 0 || name->name_count == 0 || name->is_path ? name->alias : name->names[name->name_count - 1];
}

static enum tarn_status rename_columns(struct query *q, struct tarn__scope *scope, const struct tarn__table_name *name,
                                       struct tarn_error *err)
{
    if (name->column_alias_count == 0) {
        return TARN_OK;
    }
    if (name->column_alias_count > scope->column_count || !scope->fixed) {
        return tarn__bind_error(q->binder, name->place, "alias", err, "%s",
                                scope->fixed ? "there are more names than columns"
                                             : "columns can be renamed this way for subqueries only; use AS in SELECT");
    }
    struct tarn__scope_column *columns = tarn__arena_calloc(q->binder->arena, scope->column_count + 1u, sizeof(*columns));
    if (columns == NULL) {
        return tarn__bind_nomem(q->binder, err);
    }
    memcpy(columns, scope->columns, scope->column_count * sizeof(*columns));
    for (uint32_t i = 0; i < name->column_alias_count; i++) {
        columns[i].name = name->column_aliases[i];
    }
    scope->columns = columns;
    return TARN_OK;
}

static enum tarn_status plan_from(struct query *q, struct tarn_error *err)
{
    const struct tarn__table_name *name = q->select->from;
    struct tarn__scope *scope;
    if (name == NULL) {
        q->plan = tarn__plan_new(q->planner, TARN__PLAN_VALUES, NULL);
        if (q->plan == NULL) {
            return tarn__bind_nomem(q->binder, err);
        }
        q->plan->row_count = 1;
        scope = tarn__plan_scope(q->planner, q->plan, (struct tarn_text){NULL, 0});
    } else if (name->subquery != NULL) {
        TARN_RETURN_IF_ERROR(tarn__plan_select(q->planner, name->subquery, &q->plan, err));
        scope = tarn__plan_scope(q->planner, q->plan, name->alias);
    } else {
        struct tarn_source *source;
        TARN_RETURN_IF_ERROR(q->planner->relations->open(q->planner->relations->ctx, name, q->binder->sql, &source, err));
        q->plan = tarn__plan_new(q->planner, TARN__PLAN_SCAN, NULL);
        if (q->plan == NULL) {
            return tarn__bind_nomem(q->binder, err);
        }
        q->plan->source = source;
        q->plan->source_name = name->names[name->name_count - 1];
        q->plan->no_prune = q->planner->no_prune;
        scope = tarn__source_scope(q->binder->arena, source, alias_of(name));
        q->plan->scope = scope;
    }
    if (scope == NULL) {
        return tarn__bind_nomem(q->binder, err);
    }
    q->binder->scope = scope;
    return name != NULL ? rename_columns(q, scope, name, err) : TARN_OK;
}

/* ---- SELECT list, GROUP BY, ORDER BY ---- */

static bool is_excluded(const struct tarn__ast *star, struct tarn_text name)
{
    for (uint32_t i = 0; i < star->excluded_count; i++) {
        if (tarn__text_equal_caseless(star->excluded[i], name)) {
            return true;
        }
    }
    return false;
}

static enum tarn_status expand_star(struct query *q, const struct tarn__ast *star, struct tarn_error *err)
{
    const struct tarn__scope *scope = q->binder->scope;
    const uint32_t before = q->all_count;
    if (q->select->from == NULL) {
        return tarn__bind_error(q->binder, star->place, "star", err, "* needs a FROM");
    }
    if (star->name_count > 1 || (star->name_count == 1 && !tarn__text_equal_caseless(star->names[0], scope->alias))) {
        return tarn__bind_error(q->binder, star->place, "star", err, "\"%.*s\" is not what FROM names",
                                (int)(star->names[0].size > 60 ? 60 : star->names[0].size), star->names[0].data);
    }
    for (uint32_t i = 0; i < scope->column_count; i++) {
        struct tarn__bound *bound;
        if (is_excluded(star, scope->columns[i].name)) {
            continue;
        }
        TARN_RETURN_IF_ERROR(tarn__scope_channel(q->binder, i, star->place, &bound, err));
        TARN_RETURN_IF_ERROR(push_item(q, bound, scope->columns[i].name, NULL, err));
    }
    if (scope->column_count - (q->all_count - before) < star->excluded_count) {
        return tarn__bind_error(q->binder, star->place, "star", err, "EXCLUDE names a column that is not there");
    }
    return TARN_OK;
}

static struct tarn_text name_of(const struct query *q, const struct tarn__select_item *item)
{
    if (item->alias.size != 0) {
        return item->alias;
    }
    if (item->expr->kind == TARN__AST_COLUMN) {
        return item->expr->names[item->expr->name_count - 1];
    }
    if (item->expr->kind == TARN__AST_MEMBER) {
        return item->expr->text;
    }
    return (struct tarn_text){q->binder->sql.data + item->expr->begin, item->expr->end - item->expr->begin};
}

static enum tarn_status bind_items(struct query *q, struct tarn_error *err)
{
    q->binder->aggregates_allowed = true;
    q->binder->clause = "SELECT";
    if (q->select->item_count == 0) { /* FROM t alone */
        const struct tarn__ast star = {.kind = TARN__AST_STAR, .place = q->select->place};
        TARN_RETURN_IF_ERROR(expand_star(q, &star, err));
    }
    for (uint32_t i = 0; i < q->select->item_count; i++) {
        const struct tarn__select_item *item = &q->select->items[i];
        struct tarn__bound *bound;
        if (item->expr->kind == TARN__AST_STAR) {
            TARN_RETURN_IF_ERROR(expand_star(q, item->expr, err));
            continue;
        }
        TARN_RETURN_IF_ERROR(tarn__bind_expression(q->binder, item->expr, &bound, err));
        TARN_RETURN_IF_ERROR(push_item(q, bound, name_of(q, item), item->expr, err));
    }
    q->item_count = q->all_count;
    if (q->item_count == 0) {
        return tarn__bind_error(q->binder, q->select->place, "star", err, "SELECT has no column left");
    }
    return TARN_OK;
}

/* A whole number from 1 is the number of an output column. */
static enum tarn_status ordinal(struct query *q, const struct tarn__ast *ast, uint32_t *index, bool *taken, struct tarn_error *err)
{
    int64_t n = 0;
    *taken = ast->kind == TARN__AST_INTEGER;
    if (!*taken) {
        return TARN_OK;
    }
    if (tarn__int64_parse(ast->text, &n) != TARN_PARSED || n < 1 || n > q->item_count) {
        return tarn__bind_error(q->binder, ast->place, "ordinal", err, "%.*s is no number of an output column: there are %u",
                                (int)(ast->text.size > 20 ? 20 : ast->text.size), ast->text.data, q->item_count);
    }
    *index = (uint32_t)(n - 1);
    return TARN_OK;
}

static bool find_alias(const struct query *q, const struct tarn__ast *ast, uint32_t *index)
{
    if (ast->kind != TARN__AST_COLUMN || ast->name_count != 1) {
        return false;
    }
    for (uint32_t i = 0; i < q->item_count; i++) {
        if (tarn__text_equal_caseless(q->items[i].name, ast->names[0])) {
            *index = i;
            return true;
        }
    }
    return false;
}

static bool holds_aggregate(const struct tarn__bound *bound)
{
    bool found = bound->kind == TARN__BOUND_AGGREGATE;
    for (uint32_t i = 0; i < bound->count && !found; i++) {
        found = holds_aggregate(bound->args[i]);
    }
    return found;
}

/* A column first, then an alias of the SELECT list. */
static enum tarn_status bind_group(struct query *q, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    uint32_t index;
    bool taken;
    TARN_RETURN_IF_ERROR(ordinal(q, ast, &index, &taken, err));
    if (!taken) {
        struct tarn_error first = TARN_ERROR_INIT;
        const enum tarn_status status = tarn__bind_expression(q->binder, ast, out, &first);
        if (status == TARN_OK) {
            return TARN_OK;
        }
        if (status != TARN_NOT_FOUND || !find_alias(q, ast, &index)) {
            if (err != NULL) {
                *err = first;
            }
            return status;
        }
    }
    *out = q->items[index].bound;
    if (holds_aggregate(*out)) {
        return tarn__bind_error(q->binder, ast->place, "aggregate", err, "GROUP BY cannot hold an aggregate");
    }
    return TARN_OK;
}

static enum tarn_status bind_groups(struct query *q, struct tarn_error *err)
{
    const uint32_t capacity = q->select->group_all ? q->item_count : q->select->group_count;
    q->binder->aggregates_allowed = false;
    q->binder->clause = "GROUP BY";
    q->groups = tarn__arena_calloc(q->binder->arena, capacity + 1u, sizeof(*q->groups));
    if (q->groups == NULL) {
        return tarn__bind_nomem(q->binder, err);
    }
    for (uint32_t i = 0; i < capacity; i++) {
        if (!q->select->group_all) {
            TARN_RETURN_IF_ERROR(bind_group(q, q->select->groups[i], &q->groups[q->group_count], err));
            q->group_count++;
        } else if (!holds_aggregate(q->items[i].bound)) {
            q->groups[q->group_count++] = q->items[i].bound;
        }
    }
    return TARN_OK;
}

static enum tarn_status bind_having(struct query *q, struct tarn_error *err)
{
    if (q->select->having == NULL) {
        return TARN_OK;
    }
    q->binder->aggregates_allowed = true;
    q->binder->clause = "HAVING";
    return tarn__bind_predicate(q->binder, q->select->having, &q->having, err);
}

static enum tarn_status add_sort(struct query *q, uint32_t column, const struct tarn__order_item *order)
{
    q->sorts[q->sort_count++] = (struct tarn__sort_key){column, order->descending, order->nulls == TARN__NULLS_FIRST};
    return TARN_OK;
}

static enum tarn_status bind_order(struct query *q, const struct tarn__order_item *order, struct tarn_error *err)
{
    uint32_t index = 0;
    bool taken;
    struct tarn__bound *bound;
    TARN_RETURN_IF_ERROR(ordinal(q, order->expr, &index, &taken, err));
    if (taken || find_alias(q, order->expr, &index)) {
        return add_sort(q, index, order);
    }
    TARN_RETURN_IF_ERROR(tarn__bind_expression(q->binder, order->expr, &bound, err));
    for (index = 0; index < q->all_count; index++) {
        if (tarn__bound_equal(q->items[index].bound, bound)) {
            return add_sort(q, index, order);
        }
    }
    if (q->select->distinct) {
        return tarn__bind_error(q->binder, order->expr->place, "order", err, "with DISTINCT, ORDER BY can only use columns of the result");
    }
    TARN_RETURN_IF_ERROR(push_item(
        q, bound, (struct tarn_text){q->binder->sql.data + order->expr->begin, order->expr->end - order->expr->begin}, order->expr, err));
    return add_sort(q, index, order);
}

static enum tarn_status bind_orders(struct query *q, struct tarn_error *err)
{
    q->binder->aggregates_allowed = true;
    q->binder->clause = "ORDER BY";
    q->sorts = tarn__arena_calloc(q->binder->arena, (size_t)q->select->order_count + q->item_count + 1, sizeof(*q->sorts));
    if (q->sorts == NULL) {
        return tarn__bind_nomem(q->binder, err);
    }
    for (uint32_t i = 0; i < q->select->order_count; i++) {
        const struct tarn__order_item *order = &q->select->orders[i];
        if (order->expr != NULL) {
            TARN_RETURN_IF_ERROR(bind_order(q, order, err));
            continue;
        }
        for (uint32_t k = 0; k < q->item_count && q->select->order_count == 1; k++) {
            TARN_RETURN_IF_ERROR(add_sort(q, k, order));
        }
    }
    return TARN_OK;
}

/* ---- operators ---- */

/* A project of these trees over the current plan. */
static enum tarn_status project(struct query *q, uint32_t count, struct tarn__bound *const *trees, const struct tarn_text *names,
                                struct tarn_error *err)
{
    struct tarn_arena *arena = q->binder->arena;
    struct tarn__plan *plan = tarn__plan_new(q->planner, TARN__PLAN_PROJECT, q->plan);
    struct tarn__scope_column *columns = tarn__arena_calloc(arena, count + 1u, sizeof(*columns));
    if (plan == NULL || columns == NULL) {
        return tarn__bind_nomem(q->binder, err);
    }
    plan->column_count = 0; /* grows with what has been lowered, so that a release finds just that */
    plan->columns = columns;
    plan->trees = tarn__arena_calloc(arena, count + 1u, sizeof(*plan->trees));
    plan->exprs = tarn__arena_calloc(arena, count + 1u, sizeof(*plan->exprs));
    if (plan->trees == NULL || plan->exprs == NULL) {
        plan->exprs = NULL;
        return tarn__bind_nomem(q->binder, err);
    }
    q->plan = plan;
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(tarn__lower(q->binder, q->binder->scope, trees[i], false, &plan->exprs[i], err));
        plan->trees[i] = trees[i];
        columns[i] = (struct tarn__scope_column){names[i], trees[i]->type, trees[i]->nullable};
        plan->column_count = i + 1;
    }
    return TARN_OK;
}

static enum tarn_status filter(struct query *q, struct tarn__bound *predicate, struct tarn_error *err)
{
    if (predicate == NULL) {
        return TARN_OK;
    }
    struct tarn__plan *plan = q->plan;
    if (plan->kind != TARN__PLAN_SCAN) {
        plan = tarn__plan_new(q->planner, TARN__PLAN_FILTER, q->plan);
        if (plan == NULL) {
            return tarn__bind_nomem(q->binder, err);
        }
        q->plan = plan;
    }
    plan->predicate_tree = predicate;
    return tarn__lower(q->binder, q->binder->scope, predicate, true, &plan->predicate, err);
}

/* All channels of the scan are known now: they are its columns. */
static enum tarn_status close_scan(struct query *q, struct tarn_error *err)
{
    struct tarn__plan *plan = q->plan;
    const struct tarn__scope *scope = q->binder->scope;
    while (plan->kind == TARN__PLAN_FILTER) {
        plan = plan->input;
    }
    if (plan->kind != TARN__PLAN_SCAN) {
        return TARN_OK;
    }
    struct tarn__scope_column *columns = tarn__arena_calloc(q->binder->arena, scope->channel_count + 1u, sizeof(*columns));
    if (columns == NULL) {
        return tarn__bind_nomem(q->binder, err);
    }
    for (uint32_t i = 0; i < scope->channel_count; i++) {
        const struct tarn__channel *channel = &scope->channels[i];
        columns[i] = (struct tarn__scope_column){channel->path.steps[channel->path.depth - 1].name, channel->type, channel->nullable};
    }
    plan->columns = columns;
    plan->column_count = scope->channel_count;
    return TARN_OK;
}

/* The tree with keys and aggregates replaced by columns of the aggregate's result. */
static enum tarn_status above_aggregate(struct query *q, struct tarn__bound **tree, struct tarn_error *err)
{
    struct tarn__bound *bound = *tree;
    uint32_t column = UINT32_MAX;
    for (uint32_t i = 0; i < q->group_count && column == UINT32_MAX; i++) {
        column = tarn__bound_equal(bound, q->groups[i]) ? i : UINT32_MAX;
    }
    if (bound->kind == TARN__BOUND_AGGREGATE) {
        column = q->group_count + bound->channel;
    }
    if (column != UINT32_MAX) {
        *tree = tarn__bound_new(q->binder, TARN__BOUND_COLUMN, bound->type, bound->place);
        if (*tree == NULL) {
            return tarn__bind_nomem(q->binder, err);
        }
        (*tree)->channel = column;
        (*tree)->nullable = bound->nullable;
        return TARN_OK;
    }
    if (bound->kind == TARN__BOUND_COLUMN) {
        const struct tarn_path *path = &q->binder->scope->channels[bound->channel].path;
        const struct tarn_text name =
            q->binder->scope->fixed ? q->binder->scope->columns[bound->channel].name : path->steps[path->depth - 1].name;
        return tarn__bind_error(
            q->binder, bound->place, "group", err,
            "column \"%.*s\" must appear in GROUP BY or inside an aggregate; any_value(\"%.*s\") takes one of its values",
            (int)(name.size > 60 ? 60 : name.size), name.data, (int)(name.size > 60 ? 60 : name.size), name.data);
    }
    if (bound->count == 0) {
        return TARN_OK;
    }
    struct tarn__bound *copy = tarn__arena_alloc(q->binder->arena, sizeof(*copy));
    struct tarn__bound **args = tarn__arena_calloc(q->binder->arena, bound->count, sizeof(*args));
    if (copy == NULL || args == NULL) {
        return tarn__bind_nomem(q->binder, err);
    }
    *copy = *bound;
    copy->args = args;
    for (uint32_t i = 0; i < bound->count; i++) {
        args[i] = bound->args[i];
        TARN_RETURN_IF_ERROR(above_aggregate(q, &args[i], err));
    }
    *tree = copy;
    return TARN_OK;
}

/* Keys, arguments and filters as columns, then the aggregate over them. */
static enum tarn_status aggregate(struct query *q, struct tarn_error *err)
{
    struct tarn__binder *b = q->binder;
    const uint32_t most = q->group_count + 2 * b->aggregate_count;
    struct tarn__bound **trees = tarn__arena_calloc(b->arena, most + 1u, sizeof(*trees));
    struct tarn_text *names = tarn__arena_calloc(b->arena, most + 1u, sizeof(*names));
    struct tarn__plan_aggregate *aggregates = tarn__arena_calloc(b->arena, b->aggregate_count + 1u, sizeof(*aggregates));
    struct tarn__scope_column *columns = tarn__arena_calloc(b->arena, (size_t)q->group_count + b->aggregate_count + 1u, sizeof(*columns));
    uint32_t count = q->group_count;
    if (trees == NULL || names == NULL || aggregates == NULL || columns == NULL) {
        return tarn__bind_nomem(b, err);
    }
    for (uint32_t i = 0; i < q->group_count; i++) {
        trees[i] = q->groups[i];
        names[i] = TARN_TEXT("key");
        if (trees[i]->kind == TARN__BOUND_COLUMN) {
            const struct tarn_path *path = &b->scope->channels[trees[i]->channel].path;
            names[i] = b->scope->fixed ? b->scope->columns[trees[i]->channel].name : path->steps[path->depth - 1].name;
        }
        columns[i] = (struct tarn__scope_column){names[i], trees[i]->type, trees[i]->nullable};
    }
    for (uint32_t i = 0; i < b->aggregate_count; i++) {
        const struct tarn__aggregate *from = &b->aggregates[i];
        struct tarn__plan_aggregate *to = &aggregates[i];
        *to = (struct tarn__plan_aggregate){from->kind, from->distinct, -1, -1, from->arg != NULL ? from->arg->type : NULL, from->type};
        if (from->arg != NULL) {
            names[count] = TARN_TEXT("arg");
            to->arg = (int32_t)count;
            trees[count++] = from->arg;
        }
        if (from->filter != NULL) {
            names[count] = TARN_TEXT("filter");
            to->filter = (int32_t)count;
            trees[count++] = from->filter;
        }
        columns[q->group_count + i] = (struct tarn__scope_column){TARN_TEXT("aggregate"), from->type, true};
    }
    TARN_RETURN_IF_ERROR(project(q, count, trees, names, err));
    struct tarn__plan *plan = tarn__plan_new(q->planner, TARN__PLAN_AGGREGATE, q->plan);
    if (plan == NULL) {
        return tarn__bind_nomem(b, err);
    }
    plan->key_count = q->group_count;
    plan->scalar = q->group_count == 0;
    plan->aggregate_count = b->aggregate_count;
    plan->aggregates = aggregates;
    plan->columns = columns;
    plan->column_count = q->group_count + b->aggregate_count;
    q->plan = plan;
    for (uint32_t i = 0; i < q->all_count; i++) {
        TARN_RETURN_IF_ERROR(above_aggregate(q, &q->items[i].bound, err));
    }
    if (q->having != NULL) {
        TARN_RETURN_IF_ERROR(above_aggregate(q, &q->having, err));
    }
    b->scope = tarn__plan_scope(q->planner, plan, (struct tarn_text){NULL, 0});
    return b->scope != NULL ? TARN_OK : tarn__bind_nomem(b, err);
}

/* count(*) of a whole source that knows it: nothing is read. */
static enum tarn_status count_from_metadata(struct query *q, bool *done, struct tarn_error *err)
{
    struct tarn__plan *aggregate_plan = q->plan;
    struct tarn__plan *scan = aggregate_plan->input->input;
    uint64_t rows;
    *done = aggregate_plan->scalar && aggregate_plan->aggregate_count != 0 && scan->kind == TARN__PLAN_SCAN && scan->predicate.expr == NULL;
    for (uint32_t i = 0; i < aggregate_plan->aggregate_count; i++) {
        *done = *done && aggregate_plan->aggregates[i].kind == TARN__AGG_COUNT_STAR && aggregate_plan->aggregates[i].filter < 0;
    }
    *done = *done && !q->planner->no_prune && tarn_source_row_count(scan->source, &rows) && rows <= INT64_MAX;
    if (!*done) {
        return TARN_OK;
    }
    struct tarn__plan *values = tarn__plan_new(q->planner, TARN__PLAN_VALUES, NULL);
    if (values == NULL) {
        return tarn__bind_nomem(q->binder, err);
    }
    values->columns = aggregate_plan->columns;
    values->exprs = tarn__arena_calloc(q->binder->arena, aggregate_plan->column_count, sizeof(*values->exprs));
    if (values->exprs == NULL) {
        return tarn__bind_nomem(q->binder, err);
    }
    const struct tarn_value value = {.type = &tarn__sql_bigint, .u.i64 = (int64_t)rows};
    struct tarn__plan *old = q->plan;
    struct tarn__bound *count = tarn__bound_literal(q->binder, &value, TARN_NO_PLACE);
    values->row_count = 1;
    q->plan = values;
    tarn__plan_release(old);
    for (uint32_t i = 0; i < aggregate_plan->column_count; i++) {
        if (count == NULL) {
            return tarn__bind_nomem(q->binder, err);
        }
        TARN_RETURN_IF_ERROR(tarn__lower(q->binder, q->binder->scope, count, true, &values->exprs[i], err));
        values->column_count = i + 1;
    }
    return TARN_OK;
}

static enum tarn_status project_items(struct query *q, struct tarn_error *err)
{
    struct tarn__bound **trees = tarn__arena_calloc(q->binder->arena, q->all_count + 1u, sizeof(*trees));
    struct tarn_text *names = tarn__arena_calloc(q->binder->arena, q->all_count + 1u, sizeof(*names));
    if (trees == NULL || names == NULL) {
        return tarn__bind_nomem(q->binder, err);
    }
    for (uint32_t i = 0; i < q->all_count; i++) {
        trees[i] = q->items[i].bound;
        names[i] = q->items[i].name;
    }
    return project(q, q->all_count, trees, names, err);
}

static enum tarn_status count_of(struct query *q, const struct tarn__ast *ast, const char *clause, uint64_t *out, struct tarn_error *err)
{
    struct tarn__scope none = {.fixed = true};
    struct tarn__scope *scope = q->binder->scope;
    struct tarn__bound *bound;
    if (ast == NULL) {
        return TARN_OK;
    }
    q->binder->scope = &none;
    q->binder->aggregates_allowed = false;
    q->binder->clause = clause;
    TARN_RETURN_IF_ERROR(tarn__bind_expression(q->binder, ast, &bound, err));
    TARN_RETURN_IF_ERROR(tarn__bind_cast(q->binder, &bound, &tarn__sql_bigint, false, err));
    q->binder->scope = scope;
    if (bound->kind != TARN__BOUND_LITERAL || (!bound->value.is_null && bound->value.u.i64 < 0)) {
        return tarn__bind_error(q->binder, ast->place, "limit", err, "%s takes a whole number that is not negative", clause);
    }
    *out = bound->value.is_null ? *out : (uint64_t)bound->value.u.i64;
    return TARN_OK;
}

static enum tarn_status order_and_limit(struct query *q, struct tarn_error *err)
{
    uint64_t limit = UINT64_MAX;
    uint64_t offset = 0;
    TARN_RETURN_IF_ERROR(count_of(q, q->select->limit, "LIMIT", &limit, err));
    TARN_RETURN_IF_ERROR(count_of(q, q->select->offset, "OFFSET", &offset, err));
    const uint64_t wanted = limit > UINT64_MAX - offset ? UINT64_MAX : limit + offset;
    if (q->sort_count != 0) {
        struct tarn__plan *sort = tarn__plan_new(q->planner, TARN__PLAN_SORT, q->plan);
        if (sort == NULL) {
            return tarn__bind_nomem(q->binder, err);
        }
        sort->sorts = q->sorts;
        sort->sort_count = q->sort_count;
        sort->limit = wanted;
        q->plan = sort;
    } else if (q->plan->kind == TARN__PLAN_PROJECT && q->plan->input->kind == TARN__PLAN_SCAN && q->plan->input->predicate.expr == NULL &&
               wanted != UINT64_MAX) {
        q->plan->input->row_limit = wanted;
    }
    if (limit != UINT64_MAX || offset != 0) {
        struct tarn__plan *cut = tarn__plan_new(q->planner, TARN__PLAN_LIMIT, q->plan);
        if (cut == NULL) {
            return tarn__bind_nomem(q->binder, err);
        }
        cut->limit = limit;
        cut->offset = offset;
        q->plan = cut;
    }
    return TARN_OK;
}

static enum tarn_status distinct(struct query *q, struct tarn_error *err)
{
    struct tarn__plan *plan = tarn__plan_new(q->planner, TARN__PLAN_AGGREGATE, q->plan);
    if (plan == NULL) {
        return tarn__bind_nomem(q->binder, err);
    }
    plan->key_count = plan->column_count;
    q->plan = plan;
    return TARN_OK;
}

/* Columns that only ORDER BY needed go. */
static enum tarn_status drop_hidden(struct query *q, struct tarn_error *err)
{
    struct tarn__bound **trees = tarn__arena_calloc(q->binder->arena, q->item_count + 1u, sizeof(*trees));
    struct tarn_text *names = tarn__arena_calloc(q->binder->arena, q->item_count + 1u, sizeof(*names));
    q->binder->scope = tarn__plan_scope(q->planner, q->plan, (struct tarn_text){NULL, 0});
    if (trees == NULL || names == NULL || q->binder->scope == NULL) {
        return tarn__bind_nomem(q->binder, err);
    }
    for (uint32_t i = 0; i < q->item_count; i++) {
        TARN_RETURN_IF_ERROR(tarn__scope_channel(q->binder, i, TARN_NO_PLACE, &trees[i], err));
        names[i] = q->plan->columns[i].name;
    }
    return project(q, q->item_count, trees, names, err);
}

static enum tarn_status plan_values(struct query *q, struct tarn_error *err)
{
    const struct tarn__select *select = q->select;
    const uint32_t width = select->row_width;
    struct tarn__scope none = {.fixed = true};
    struct tarn__plan *plan = tarn__plan_new(q->planner, TARN__PLAN_VALUES, NULL);
    struct tarn__bound **trees = tarn__arena_calloc(q->binder->arena, (size_t)select->row_count * width + 1, sizeof(*trees));
    struct tarn__bound **column = tarn__arena_calloc(q->binder->arena, select->row_count + 1u, sizeof(*column));
    struct tarn__scope_column *columns = tarn__arena_calloc(q->binder->arena, width + 1u, sizeof(*columns));
    struct tarn__expression *exprs = tarn__arena_calloc(q->binder->arena, (size_t)select->row_count * width + 1, sizeof(*exprs));
    if (plan == NULL || trees == NULL || columns == NULL || exprs == NULL || column == NULL) {
        return tarn__bind_nomem(q->binder, err);
    }
    q->binder->scope = &none;
    q->binder->clause = "VALUES";
    q->binder->aggregates_allowed = false;
    for (size_t i = 0; i < (size_t)select->row_count * width; i++) {
        TARN_RETURN_IF_ERROR(tarn__bind_expression(q->binder, select->values[i], &trees[i], err));
    }
    for (uint32_t k = 0; k < width; k++) {
        const struct tarn_type *type;
        for (uint32_t i = 0; i < select->row_count; i++) {
            column[i] = trees[(size_t)i * width + k];
        }
        TARN_RETURN_IF_ERROR(tarn__bind_common(q->binder, select->row_count, column, select->place, &type, err));
        for (uint32_t i = 0; i < select->row_count; i++) {
            trees[(size_t)i * width + k] = column[i];
        }
        char *name = tarn__arena_alloc(q->binder->arena, 16);
        if (name == NULL) {
            return tarn__bind_nomem(q->binder, err);
        }
        columns[k] = (struct tarn__scope_column){{name, (size_t)snprintf(name, 16, "col%u", k)}, type, true};
    }
    plan->exprs = exprs;
    plan->columns = columns;
    plan->column_count = width;
    plan->row_count = select->row_count; /* exprs not lowered yet are NULL: a release skips them */
    q->plan = plan;
    for (size_t i = 0; i < (size_t)select->row_count * width; i++) {
        TARN_RETURN_IF_ERROR(tarn__lower(q->binder, &none, trees[i], true, &exprs[i], err));
    }
    q->item_count = width;
    for (uint32_t i = 0; i < width; i++) {
        struct tarn__bound *bound = tarn__bound_new(q->binder, TARN__BOUND_COLUMN, columns[i].type, TARN_NO_PLACE);
        if (bound == NULL) {
            return tarn__bind_nomem(q->binder, err);
        }
        bound->channel = i;
        TARN_RETURN_IF_ERROR(push_item(q, bound, columns[i].name, NULL, err));
    }
    q->binder->scope = tarn__plan_scope(q->planner, plan, (struct tarn_text){NULL, 0});
    if (q->binder->scope == NULL) {
        return tarn__bind_nomem(q->binder, err);
    }
    TARN_RETURN_IF_ERROR(bind_orders(q, err));
    return order_and_limit(q, err);
}

static enum tarn_status plan_query(struct query *q, struct tarn_error *err)
{
    struct tarn__binder *b = q->binder;
    bool counted = false;
    TARN_RETURN_IF_ERROR(plan_from(q, err));
    b->alias_items = q->select->items;
    b->alias_count = q->select->item_count;
    if (q->select->where != NULL) {
        b->clause = "WHERE";
        b->aggregates_allowed = false;
        TARN_RETURN_IF_ERROR(tarn__bind_predicate(b, q->select->where, &q->where, err));
    }
    TARN_RETURN_IF_ERROR(bind_items(q, err));
    TARN_RETURN_IF_ERROR(bind_groups(q, err));
    TARN_RETURN_IF_ERROR(bind_having(q, err));
    TARN_RETURN_IF_ERROR(bind_orders(q, err));
    TARN_RETURN_IF_ERROR(filter(q, q->where, err));
    TARN_RETURN_IF_ERROR(close_scan(q, err));
    if (q->group_count != 0 || b->aggregate_count != 0 || q->having != NULL || q->select->group_all) {
        TARN_RETURN_IF_ERROR(aggregate(q, err));
        TARN_RETURN_IF_ERROR(count_from_metadata(q, &counted, err));
        TARN_RETURN_IF_ERROR(filter(q, q->having, err));
    }
    TARN_RETURN_IF_ERROR(project_items(q, err));
    if (q->select->distinct) {
        TARN_RETURN_IF_ERROR(distinct(q, err));
    }
    TARN_RETURN_IF_ERROR(order_and_limit(q, err));
    return q->all_count > q->item_count ? drop_hidden(q, err) : TARN_OK;
}

enum tarn_status tarn__plan_select(struct tarn__planner *planner, const struct tarn__select *select, struct tarn__plan **out,
                                   struct tarn_error *err)
{
    struct tarn__binder binder = planner->binder;
    struct query q = {.planner = planner, .binder = &binder, .select = select};
    binder.alias_count = 0;
    binder.aggregates = NULL;
    binder.aggregate_count = 0;
    binder.aggregate_capacity = 0;
    *out = NULL;
    const enum tarn_status status = select->row_count != 0 ? plan_values(&q, err) : plan_query(&q, err);
    if (status != TARN_OK) {
        tarn__plan_release(q.plan);
        return status;
    }
    *out = q.plan;
    return TARN_OK;
}
