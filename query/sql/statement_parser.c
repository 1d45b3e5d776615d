/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements: SELECT and VALUES, and those that change tables. docs/sql.md has the grammar. SPEC: Q-STMT-1 to Q-STMT-3.
 */
#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "query/sql/caret.h"
#include "query/sql/parser.h"

#define LIST(of, type) ((struct tarn__parser_list){.parser = (of), .element = sizeof(type)})

enum tarn_status tarn__parser_words(struct tarn__parser *p, const char *first, const char *second, bool *taken, struct tarn_error *err)
{
    *taken = tarn__token_is_word(&p->token, first) && tarn__token_is_word(&p->after, second);
    if (*taken) {
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    }
    return TARN_OK;
}

/* ( a, b, ... ) */
static enum tarn_status name_list(struct tarn__parser *p, uint32_t *count, const struct tarn_text **names, const uint32_t **places,
                                  struct tarn_error *err)
{
    struct tarn__parser_list list = LIST(p, struct tarn_text);
    struct tarn__parser_list at = LIST(p, uint32_t);
    bool more;

    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "(", err));
    do {
        struct tarn_text *slot = tarn__parser_push(&list);
        uint32_t *place = tarn__parser_push(&at);
        if (slot == NULL || place == NULL) {
            return tarn__parser_nomem(p, err);
        }
        *place = p->token.place;
        TARN_RETURN_IF_ERROR(tarn__parser_name(p, "the name of a column", slot, err));
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &more, err));
    } while (more);
    *count = list.count;
    *names = list.items;
    if (places != NULL) {
        *places = at.items;
    }
    return tarn__parser_expect(p, ")", err);
}

/* ---- FROM ---- */

static enum tarn_status table_name(struct tarn__parser *p, struct tarn__table_name *table, struct tarn_error *err)
{
    struct tarn__parser_list names = LIST(p, struct tarn_text);
    bool more = false;

    table->place = p->token.place;
    table->is_path = p->token.kind == TARN__TOKEN_STRING;
    do {
        struct tarn_text *slot = tarn__parser_push(&names);
        if (slot == NULL) {
            return tarn__parser_nomem(p, err);
        }
        if (table->is_path) {
            TARN_RETURN_IF_ERROR(tarn__parser_unquote(p, &p->token, slot, err));
            TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
            break;
        }
        TARN_RETURN_IF_ERROR(tarn__parser_name(p, "a table: a name or a path in single quotes", slot, err));
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ".", &more, err));
    } while (more);
    table->names = names.items;
    table->name_count = names.count;
    return TARN_OK;
}

/* [FOR] VERSION AS OF n | TIMESTAMP AS OF '...' */
static enum tarn_status time_travel(struct tarn__parser *p, struct tarn__table_name *table, struct tarn_error *err)
{
    bool by_version;
    bool by_time;
    TARN_RETURN_IF_ERROR(tarn__parser_words(p, "VERSION", "AS", &by_version, err));
    TARN_RETURN_IF_ERROR(tarn__parser_words(p, "TIMESTAMP", "AS", &by_time, err));
    if (!by_version && !by_time) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "OF", err));
    return tarn__parser_expression(p, by_version ? &table->version : &table->timestamp, err);
}

static enum tarn_status table_alias(struct tarn__parser *p, struct tarn__table_name *table, struct tarn_error *err)
{
    bool as;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "AS", &as, err));
    const bool name = p->token.kind == TARN__TOKEN_QUOTED ||
                      (p->token.kind == TARN__TOKEN_NAME && !tarn__word_is_reserved(p->token.text) && !tarn__parser_at(p, "SET"));
    if (as || name) {
        TARN_RETURN_IF_ERROR(tarn__parser_name(p, "an alias", &table->alias, err));
        if (tarn__parser_at(p, "(")) {
            return name_list(p, &table->column_alias_count, &table->column_aliases, NULL, err);
        }
    }
    return TARN_OK;
}

static enum tarn_status new_table(struct tarn__parser *p, struct tarn__table_name **out, struct tarn_error *err)
{
    *out = tarn__arena_alloc(p->arena, sizeof(**out));
    return *out != NULL ? TARN_OK : tarn__parser_nomem(p, err);
}

static enum tarn_status refuse_join(const struct tarn__parser *p, struct tarn_error *err)
{
    static const char *const words[] = {"JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", ","};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (tarn__parser_at(p, words[i])) {
            return tarn__parser_unsupported(p, p->token.place, "sql.join", "joins are not available yet: FROM takes one table", err);
        }
    }
    return TARN_OK;
}

/* table_changes( table , first [, last [, recorded only]] ), behind the function's name. */
static enum tarn_status table_changes(struct tarn__parser *p, struct tarn__table_name *table, struct tarn_error *err)
{
    bool more;
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "(", err));
    TARN_RETURN_IF_ERROR(table_name(p, table, err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, ",", err));
    do {
        TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &table->changes[table->change_count++], err));
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &more, err));
    } while (more && table->change_count < sizeof(table->changes) / sizeof(table->changes[0]));
    return tarn__parser_expect(p, ")", err);
}

static enum tarn_status from_clause(struct tarn__parser *p, struct tarn__table_name **out, struct tarn_error *err)
{
    struct tarn__table_name *table;
    TARN_RETURN_IF_ERROR(new_table(p, &table, err));
    *out = table;
    if (tarn__parser_at(p, "(")) {
        table->place = p->token.place;
        if (p->depth >= TARN__SQL_DEPTH / 8) {
            (void)tarn__error_set(err, TARN_LIMIT, "sql.depth", "subqueries are nested more than %d deep", TARN__SQL_DEPTH / 8);
            tarn__sql_error_at(err, p->lexer.sql, p->token.place);
            return TARN_LIMIT;
        }
        p->depth++;
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
        TARN_RETURN_IF_ERROR(tarn__parser_select(p, &table->subquery, err));
        p->depth--;
        TARN_RETURN_IF_ERROR(tarn__parser_expect(p, ")", err));
    } else {
        TARN_RETURN_IF_ERROR(table_name(p, table, err));
        if (tarn__parser_at(p, "(")) {
            if (table->is_path || table->name_count != 1 || !tarn__text_equal_caseless(table->names[0], TARN_TEXT("table_changes"))) {
                return tarn__parser_unsupported(p, table->place, "sql.table_function",
                                                "of functions FROM takes table_changes; write FROM 'path' for a file or a table", err);
            }
            TARN_RETURN_IF_ERROR(table_changes(p, table, err));
        } else {
            TARN_RETURN_IF_ERROR(time_travel(p, table, err));
        }
    }
    TARN_RETURN_IF_ERROR(table_alias(p, table, err));
    return refuse_join(p, err);
}

/* ---- SELECT ---- */

static enum tarn_status item_alias(struct tarn__parser *p, struct tarn__select_item *item, struct tarn_error *err)
{
    bool as;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "AS", &as, err));
    if (as && p->token.kind == TARN__TOKEN_STRING) {
        TARN_RETURN_IF_ERROR(tarn__parser_unquote(p, &p->token, &item->alias, err));
        return tarn__parser_advance(p, err);
    }
    if (as && p->token.kind == TARN__TOKEN_NAME) {
        item->alias = p->token.text; /* any word is a name behind AS */
        return tarn__parser_advance(p, err);
    }
    if (as || p->token.kind == TARN__TOKEN_QUOTED || (p->token.kind == TARN__TOKEN_NAME && !tarn__word_is_reserved(p->token.text))) {
        return tarn__parser_name(p, "an alias", &item->alias, err);
    }
    return TARN_OK;
}

static enum tarn_status select_items(struct tarn__parser *p, struct tarn__select *select, struct tarn_error *err)
{
    struct tarn__parser_list list = LIST(p, struct tarn__select_item);
    bool more;
    do {
        struct tarn__select_item *item = tarn__parser_push(&list);
        if (item == NULL) {
            return tarn__parser_nomem(p, err);
        }
        if (list.count > 1 && (tarn__parser_at(p, "FROM") || p->token.kind == TARN__TOKEN_END)) {
            list.count--; /* a comma behind the last item, as DuckDB allows */
            break;
        }
        TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &item->expr, err));
        if (item->expr->kind == TARN__AST_STAR) {
            bool excluded;
            TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "EXCLUDE", &excluded, err));
            if (excluded) {
                TARN_RETURN_IF_ERROR(name_list(p, &item->expr->excluded_count, &item->expr->excluded, NULL, err));
            }
        } else {
            TARN_RETURN_IF_ERROR(item_alias(p, item, err));
        }
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &more, err));
    } while (more);
    select->items = list.items;
    select->item_count = list.count;
    return TARN_OK;
}

static enum tarn_status group_clause(struct tarn__parser *p, struct tarn__select *select, struct tarn_error *err)
{
    struct tarn__parser_list list = LIST(p, struct tarn__ast *);
    bool more;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "ALL", &select->group_all, err));
    if (select->group_all) {
        return TARN_OK;
    }
    do {
        struct tarn__ast **slot = tarn__parser_push(&list);
        if (slot == NULL) {
            return tarn__parser_nomem(p, err);
        }
        TARN_RETURN_IF_ERROR(tarn__parser_expression(p, slot, err));
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &more, err));
    } while (more);
    select->groups = list.items;
    select->group_count = list.count;
    return TARN_OK;
}

static enum tarn_status order_item(struct tarn__parser *p, struct tarn__order_item *item, struct tarn_error *err)
{
    bool taken;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "ALL", &taken, err));
    if (!taken) {
        TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &item->expr, err));
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "ASC", &taken, err));
    if (!taken) {
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "DESC", &item->descending, err));
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "NULLS", &taken, err));
    if (taken) {
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "FIRST", &taken, err));
        item->nulls = taken ? TARN__NULLS_FIRST : TARN__NULLS_LAST;
        if (!taken) {
            return tarn__parser_expect(p, "LAST", err);
        }
    }
    return TARN_OK;
}

static enum tarn_status order_clause(struct tarn__parser *p, struct tarn__select *select, struct tarn_error *err)
{
    struct tarn__parser_list list = LIST(p, struct tarn__order_item);
    bool more;
    do {
        struct tarn__order_item *item = tarn__parser_push(&list);
        if (item == NULL) {
            return tarn__parser_nomem(p, err);
        }
        TARN_RETURN_IF_ERROR(order_item(p, item, err));
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &more, err));
    } while (more);
    select->orders = list.items;
    select->order_count = list.count;
    return TARN_OK;
}

/* LIMIT n [OFFSET m], in either order */
static enum tarn_status limit_clause(struct tarn__parser *p, struct tarn__select *select, struct tarn_error *err)
{
    for (;;) {
        const bool limit = tarn__parser_at(p, "LIMIT");
        struct tarn__ast **slot = limit ? &select->limit : &select->offset;
        bool rows;
        if ((!limit && !tarn__parser_at(p, "OFFSET")) || *slot != NULL) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
        if (limit && tarn__parser_at(p, "ALL")) {
            TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
            continue;
        }
        TARN_RETURN_IF_ERROR(tarn__parser_expression(p, slot, err));
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "ROWS", &rows, err));
    }
}

static enum tarn_status values_clause(struct tarn__parser *p, struct tarn__select *select, struct tarn_error *err)
{
    struct tarn__parser_list list = LIST(p, struct tarn__ast *);
    bool more_rows;
    do {
        const uint32_t row_place = p->token.place;
        uint32_t width = 0;
        bool more;
        TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "(", err));
        do {
            struct tarn__ast **slot = tarn__parser_push(&list);
            if (slot == NULL) {
                return tarn__parser_nomem(p, err);
            }
            struct tarn__ast *one;
            TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &one, err));
            *slot = one;
            width++;
            TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &more, err));
        } while (more);
        TARN_RETURN_IF_ERROR(tarn__parser_expect(p, ")", err));
        if (select->row_count != 0 && width != select->row_width) {
            (void)tarn__invalid(err, "sql.values", "this row of VALUES has %u values, the rows before have %u", width, select->row_width);
            tarn__sql_error_at(err, p->lexer.sql, row_place);
            return TARN_INVALID;
        }
        select->row_width = width;
        select->row_count++;
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &more_rows, err));
    } while (more_rows);
    select->values = list.items;
    return TARN_OK;
}

static enum tarn_status refuse_rest(const struct tarn__parser *p, struct tarn_error *err)
{
    if (tarn__parser_at(p, "UNION") || tarn__parser_at(p, "EXCEPT") || tarn__parser_at(p, "INTERSECT")) {
        return tarn__parser_unsupported(p, p->token.place, "sql.set_operation", "UNION, EXCEPT and INTERSECT are not available yet", err);
    }
    if (tarn__parser_at(p, "WINDOW") || tarn__parser_at(p, "QUALIFY")) {
        return tarn__parser_unsupported(p, p->token.place, "sql.window", "window functions are not available yet", err);
    }
    return TARN_OK;
}

static enum tarn_status select_body(struct tarn__parser *p, struct tarn__select *select, struct tarn_error *err)
{
    bool taken;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "FROM", &taken, err)); /* FROM t [SELECT ...], as DuckDB has it */
    if (taken) {
        TARN_RETURN_IF_ERROR(from_clause(p, &select->from, err));
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "SELECT", &taken, err));
    if (taken) {
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "DISTINCT", &select->distinct, err));
        if (select->distinct && tarn__parser_at(p, "ON")) {
            return tarn__parser_unsupported(p, p->token.place, "sql.distinct_on", "DISTINCT ON is not available yet", err);
        }
        if (!select->distinct) {
            TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "ALL", &taken, err));
        }
        TARN_RETURN_IF_ERROR(select_items(p, select, err));
    } else if (select->from == NULL) {
        return tarn__parser_refuse(p, "SELECT", err);
    }
    if (select->from == NULL) {
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "FROM", &taken, err));
        if (taken) {
            TARN_RETURN_IF_ERROR(from_clause(p, &select->from, err));
        }
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "WHERE", &taken, err));
    if (taken) {
        TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &select->where, err));
    }
    TARN_RETURN_IF_ERROR(tarn__parser_words(p, "GROUP", "BY", &taken, err));
    if (taken) {
        TARN_RETURN_IF_ERROR(group_clause(p, select, err));
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "HAVING", &taken, err));
    if (taken) {
        TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &select->having, err));
    }
    return refuse_rest(p, err);
}

enum tarn_status tarn__parser_select(struct tarn__parser *p, struct tarn__select **out, struct tarn_error *err)
{
    struct tarn__select *select = tarn__arena_alloc(p->arena, sizeof(*select));
    bool taken;
    *out = NULL;
    if (select == NULL) {
        return tarn__parser_nomem(p, err);
    }
    select->place = p->token.place;
    if (tarn__parser_at(p, "WITH")) {
        return tarn__parser_unsupported(p, p->token.place, "sql.with", "WITH is not available yet; put the query in FROM (...)", err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "VALUES", &taken, err));
    if (taken) {
        TARN_RETURN_IF_ERROR(values_clause(p, select, err));
    } else {
        TARN_RETURN_IF_ERROR(select_body(p, select, err));
    }
    TARN_RETURN_IF_ERROR(refuse_rest(p, err));
    TARN_RETURN_IF_ERROR(tarn__parser_words(p, "ORDER", "BY", &taken, err));
    if (taken) {
        TARN_RETURN_IF_ERROR(order_clause(p, select, err));
    }
    TARN_RETURN_IF_ERROR(limit_clause(p, select, err));
    *out = select;
    return TARN_OK;
}

/* ---- statements that change something ---- */

static enum tarn_status target(struct tarn__parser *p, struct tarn__statement *s, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(new_table(p, &s->table, err));
    return table_name(p, s->table, err);
}

static enum tarn_status where_clause(struct tarn__parser *p, struct tarn__statement *s, struct tarn_error *err)
{
    bool taken;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "WHERE", &taken, err));
    return taken ? tarn__parser_expression(p, &s->where, err) : TARN_OK;
}

static enum tarn_status delete_statement(struct tarn__parser *p, struct tarn__statement *s, struct tarn_error *err)
{
    s->kind = TARN__STATEMENT_DELETE;
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "FROM", err));
    TARN_RETURN_IF_ERROR(target(p, s, err));
    TARN_RETURN_IF_ERROR(table_alias(p, s->table, err));
    if (tarn__parser_at(p, "USING")) {
        return tarn__parser_unsupported(p, p->token.place, "sql.join", "DELETE ... USING is not available yet", err);
    }
    return where_clause(p, s, err);
}

static enum tarn_status update_statement(struct tarn__parser *p, struct tarn__statement *s, struct tarn_error *err)
{
    struct tarn__parser_list list = LIST(p, struct tarn__assignment);
    bool more;
    s->kind = TARN__STATEMENT_UPDATE;
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(target(p, s, err));
    TARN_RETURN_IF_ERROR(table_alias(p, s->table, err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "SET", err));
    do {
        struct tarn__assignment *one = tarn__parser_push(&list);
        if (one == NULL) {
            return tarn__parser_nomem(p, err);
        }
        one->place = p->token.place;
        TARN_RETURN_IF_ERROR(tarn__parser_name(p, "the name of a column", &one->name, err));
        if (tarn__parser_at(p, ".")) {
            return tarn__parser_unsupported(p, p->token.place, "sql.update_member", "SET of a member of a struct is not available yet",
                                            err);
        }
        TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "=", err));
        TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &one->value, err));
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &more, err));
    } while (more);
    s->assignments = list.items;
    s->assignment_count = list.count;
    if (tarn__parser_at(p, "FROM")) {
        return tarn__parser_unsupported(p, p->token.place, "sql.join", "UPDATE ... FROM is not available yet", err);
    }
    return where_clause(p, s, err);
}

/* INSERT INTO t REPLACE WHERE condition SELECT ... */
static enum tarn_status replaced_rows(struct tarn__parser *p, struct tarn__statement *s, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &s->where, err));
    return tarn__parser_select(p, &s->select, err);
}

/* INSERT INTO | OVERWRITE [TABLE] t [REPLACE WHERE condition] [(columns)] SELECT ... | VALUES ... */
static enum tarn_status insert_statement(struct tarn__parser *p, struct tarn__statement *s, struct tarn_error *err)
{
    s->kind = TARN__STATEMENT_INSERT;
    bool taken;
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "OVERWRITE", &s->overwrite, err));
    if (!s->overwrite) {
        TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "INTO", err));
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "TABLE", &taken, err));
    TARN_RETURN_IF_ERROR(target(p, s, err));
    if (!s->overwrite) {
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "REPLACE", &taken, err));
        if (taken) {
            TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "WHERE", err));
            return replaced_rows(p, s, err);
        }
    }
    TARN_RETURN_IF_ERROR(tarn__parser_words(p, "BY", "NAME", &s->by_name, err));
    if (!s->by_name && tarn__parser_at(p, "(")) {
        TARN_RETURN_IF_ERROR(name_list(p, &s->column_count, &s->columns, &s->column_places, err));
    }
    return tarn__parser_select(p, &s->select, err);
}

/* A column, or a transform of one, whose text is for the table's format to understand: bucket(16, id), day("at"). */
static enum tarn_status partition_field(struct tarn__parser *p, struct tarn_text *out, struct tarn_error *err)
{
    const uint32_t begin = p->token.place;
    bool more = true;
    TARN_RETURN_IF_ERROR(tarn__parser_name(p, "a column, or a transform of one as bucket(16, column)", out, err));
    if (!tarn__parser_at(p, "(")) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    while (more) {
        if (p->token.kind == TARN__TOKEN_INTEGER) {
            TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
        } else {
            struct tarn_text unused;
            TARN_RETURN_IF_ERROR(tarn__parser_name(p, "a number or a column", &unused, err));
        }
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &more, err));
    }
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, ")", err));
    *out = (struct tarn_text){p->lexer.sql.data + begin, p->last_end - begin};
    return TARN_OK;
}

static enum tarn_status partition_fields(struct tarn__parser *p, struct tarn__statement *s, struct tarn_error *err)
{
    struct tarn__parser_list list = LIST(p, struct tarn_text);
    bool more;
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "(", err));
    do {
        struct tarn_text *slot = tarn__parser_push(&list);
        if (slot == NULL) {
            return tarn__parser_nomem(p, err);
        }
        TARN_RETURN_IF_ERROR(partition_field(p, slot, err));
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &more, err));
    } while (more);
    s->partition_count = list.count;
    s->partitions = list.items;
    return tarn__parser_expect(p, ")", err);
}

/* USING FORMAT, as Spark writes it. The word goes to the table layer in lower case, which knows the formats there are. */
static enum tarn_status using_format(struct tarn__parser *p, struct tarn__statement *s, struct tarn_error *err)
{
    bool taken;
    struct tarn_text name;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "USING", &taken, err));
    if (!taken) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__parser_name(p, "a table format, as delta or iceberg", &name, err));
    char *copy = tarn__arena_alloc(p->arena, name.size + 1);
    if (copy == NULL) {
        return tarn__parser_nomem(p, err);
    }
    for (size_t i = 0; i < name.size; i++) {
        copy[i] = name.data[i] >= 'A' && name.data[i] <= 'Z' ? (char)(name.data[i] + ('a' - 'A')) : name.data[i];
    }
    s->format = copy;
    return TARN_OK;
}

static enum tarn_status create_statement(struct tarn__parser *p, struct tarn__statement *s, struct tarn_error *err)
{
    bool taken;
    s->kind = TARN__STATEMENT_CREATE;
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    if (!tarn__parser_at(p, "TABLE")) {
        return tarn__parser_unsupported(p, p->token.place, "sql.create", "only CREATE TABLE is available", err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    if (tarn__parser_at(p, "IF")) {
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
        TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "NOT", err));
        TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "EXISTS", err));
        s->if_not_exists = true;
    }
    TARN_RETURN_IF_ERROR(target(p, s, err));
    if (tarn__parser_at(p, "(")) {
        TARN_RETURN_IF_ERROR(tarn__parser_definitions(p, s, err));
    }
    TARN_RETURN_IF_ERROR(using_format(p, s, err));
    do {
        bool partitioned;
        TARN_RETURN_IF_ERROR(tarn__parser_words(p, "PARTITIONED", "BY", &partitioned, err));
        if (partitioned) {
            TARN_RETURN_IF_ERROR(partition_fields(p, s, err));
        }
        TARN_RETURN_IF_ERROR(tarn__parser_table_clause(p, s, &taken, err));
        taken = taken || partitioned;
    } while (taken);
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "AS", &taken, err));
    if (taken) {
        return tarn__parser_select(p, &s->select, err);
    }
    return s->definition_count != 0 ? TARN_OK : tarn__parser_refuse(p, "columns in parentheses, or AS SELECT", err);
}

static enum tarn_status describe_statement(struct tarn__parser *p, struct tarn__statement *s, struct tarn_error *err)
{
    s->kind = TARN__STATEMENT_DESCRIBE;
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    if (tarn__parser_at(p, "SELECT") || tarn__parser_at(p, "VALUES")) {
        return tarn__parser_select(p, &s->select, err);
    }
    TARN_RETURN_IF_ERROR(target(p, s, err));
    return time_travel(p, s->table, err);
}

static enum tarn_status statement(struct tarn__parser *p, struct tarn__statement *s, struct tarn_error *err)
{
    bool taken;
    s->place = p->token.place;
    if (tarn__parser_at(p, "DELETE")) {
        return delete_statement(p, s, err);
    }
    if (tarn__parser_at(p, "UPDATE")) {
        return update_statement(p, s, err);
    }
    if (tarn__parser_at(p, "INSERT")) {
        return insert_statement(p, s, err);
    }
    if (tarn__parser_at(p, "CREATE")) {
        return create_statement(p, s, err);
    }
    if (tarn__parser_at(p, "ALTER")) {
        s->kind = TARN__STATEMENT_ALTER;
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
        TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "TABLE", err));
        TARN_RETURN_IF_ERROR(target(p, s, err));
        return tarn__parser_alter(p, s, err);
    }
    if (tarn__parser_at(p, "DESCRIBE") || tarn__parser_at(p, "DESC")) {
        return describe_statement(p, s, err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_words(p, "SHOW", "TABLES", &taken, err));
    if (taken) {
        s->kind = TARN__STATEMENT_SHOW_TABLES;
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "EXPLAIN", &taken, err));
    s->kind = taken ? TARN__STATEMENT_EXPLAIN : TARN__STATEMENT_SELECT;
    if (tarn__parser_at(p, "SELECT") || tarn__parser_at(p, "FROM") || tarn__parser_at(p, "VALUES") || tarn__parser_at(p, "WITH")) {
        return tarn__parser_select(p, &s->select, err);
    }
    if (tarn__parser_at(p, "MERGE") || tarn__parser_at(p, "DROP")) {
        return tarn__parser_unsupported(p, p->token.place, "sql.statement", "MERGE and DROP are not available yet", err);
    }
    return tarn__parser_refuse(p, "SELECT, INSERT, UPDATE, DELETE, CREATE TABLE, ALTER TABLE, DESCRIBE, SHOW TABLES or EXPLAIN", err);
}

enum tarn_status tarn__sql_parse(struct tarn_arena *arena, struct tarn_text sql, struct tarn__statement **out, struct tarn_error *err)
{
    struct tarn__parser parser;
    struct tarn__statement *s;
    bool taken;

    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__parser_init(&parser, arena, sql, false, err));
    s = tarn__arena_alloc(arena, sizeof(*s));
    if (s == NULL) {
        return tarn__parser_nomem(&parser, err);
    }
    do {
        TARN_RETURN_IF_ERROR(tarn__parser_accept(&parser, ";", &taken, err));
    } while (taken);
    if (parser.token.kind != TARN__TOKEN_END) {
        TARN_RETURN_IF_ERROR(statement(&parser, s, err));
        if (parser.token.kind != TARN__TOKEN_END && !tarn__parser_at(&parser, ";")) {
            return tarn__parser_refuse(&parser, "the end of the statement", err);
        }
    }
    s->consumed = parser.token.kind == TARN__TOKEN_END ? sql.size : parser.token.end;
    s->parameter_count = parser.parameter_count;
    *out = s;
    return TARN_OK;
}

static enum tarn_status whole_expression(struct tarn_arena *arena, struct tarn_text sql, bool spark, struct tarn__ast **out,
                                         struct tarn_error *err)
{
    struct tarn__parser parser;
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__parser_init(&parser, arena, sql, spark, err));
    TARN_RETURN_IF_ERROR(tarn__parser_expression(&parser, out, err));
    if (parser.token.kind != TARN__TOKEN_END) {
        *out = NULL;
        return tarn__parser_refuse(&parser, "the end of the expression", err);
    }
    return TARN_OK;
}

enum tarn_status tarn__sql_parse_expression(struct tarn_arena *arena, struct tarn_text sql, struct tarn__ast **out, struct tarn_error *err)
{
    return whole_expression(arena, sql, false, out, err);
}

enum tarn_status tarn__sql_parse_spark(struct tarn_arena *arena, struct tarn_text sql, struct tarn__ast **out, struct tarn_error *err)
{
    return whole_expression(arena, sql, true, out, err);
}
