/* SPDX-License-Identifier: Apache-2.0
 *
 * What a table is, in SQL: the columns of CREATE TABLE with all they have, and ALTER TABLE. docs/sql.md has the grammar. SPEC: Q-STMT-4,
 * Q-STMT-5.
 *
 * Expressions of tables are kept as text: they are Spark's, and mean something under its rules only (query/bind/spark.h).
 */
#include "format/base/bytes.h"
#include "format/base/number.h"
#include "query/sql/parser.h"

#define LIST(of, type) ((struct tarn__parser_list){.parser = (of), .element = sizeof(type)})

/* ---- parts ---- */

/* a, a.b, a.element.c */
static enum tarn_status column_path(struct tarn__parser *p, struct tarn_column_name *out, struct tarn_error *err)
{
    struct tarn__parser_list names = LIST(p, struct tarn_text);
    bool more;
    do {
        struct tarn_text *slot = tarn__parser_push(&names);
        if (slot == NULL) {
            return tarn__parser_nomem(p, err);
        }
        TARN_RETURN_IF_ERROR(tarn__parser_name(p, "the name of a column", slot, err));
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ".", &more, err));
    } while (more);
    *out = (struct tarn_column_name){names.count, names.items};
    return TARN_OK;
}

static enum tarn_status string(struct tarn__parser *p, const char *what, struct tarn_text *out, struct tarn_error *err)
{
    if (p->token.kind != TARN__TOKEN_STRING) {
        return tarn__parser_refuse(p, what, err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_unquote(p, &p->token, out, err));
    return tarn__parser_advance(p, err);
}

/* The text between parentheses, whatever is in it. */
static enum tarn_status parenthesised(struct tarn__parser *p, struct tarn_text *out, struct tarn_error *err)
{
    unsigned depth = 1;
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "(", err));
    const uint32_t begin = p->token.place;
    uint32_t end = begin;
    while (depth != 0) {
        if (p->token.kind == TARN__TOKEN_END) {
            return tarn__parser_refuse(p, ")", err);
        }
        depth += tarn__parser_at(p, "(") ? 1u : 0u;
        depth -= tarn__parser_at(p, ")") ? 1u : 0u;
        end = depth != 0 ? p->token.end : end;
        TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    }
    *out = (struct tarn_text){p->lexer.sql.data + begin, end - begin};
    return end != begin ? TARN_OK : tarn__parser_refuse(p, "an expression", err);
}

/* An expression as text, to where it ends as one. */
static enum tarn_status expression_text(struct tarn__parser *p, struct tarn_text *out, struct tarn_error *err)
{
    struct tarn__ast *ignored;
    const uint32_t begin = p->token.place;
    TARN_RETURN_IF_ERROR(tarn__parser_expression(p, &ignored, err));
    *out = (struct tarn_text){p->lexer.sql.data + begin, p->last_end - begin};
    return TARN_OK;
}

static enum tarn_status whole_number(struct tarn__parser *p, int64_t *out, struct tarn_error *err)
{
    char text[24] = "-";
    bool negative;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "-", &negative, err));
    if (p->token.kind != TARN__TOKEN_INTEGER || p->token.text.size > 20) {
        return tarn__parser_refuse(p, "a whole number", err);
    }
    for (size_t i = 0; i < p->token.text.size; i++) {
        text[i + 1] = p->token.text.data[i];
    }
    const struct tarn_text digits = {text + !negative, p->token.text.size + negative};
    return tarn__int64_parse(digits, out) == TARN_PARSED ? tarn__parser_advance(p, err)
                                                         : tarn__parser_refuse(p, "a number of 64 bits", err);
}

/* ---- columns ---- */

/* [GENERATED ...] AS IDENTITY [(START WITH n INCREMENT BY m)], in either order */
static enum tarn_status identity(struct tarn__parser *p, struct tarn__column_definition *column, struct tarn_error *err)
{
    bool open;
    bool taken = true;
    column->is_identity = true;
    column->start = 1;
    column->step = 1;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "(", &open, err));
    while (open && taken) {
        bool start;
        bool step;
        TARN_RETURN_IF_ERROR(tarn__parser_words(p, "START", "WITH", &start, err));
        if (start) {
            TARN_RETURN_IF_ERROR(whole_number(p, &column->start, err));
        }
        TARN_RETURN_IF_ERROR(tarn__parser_words(p, "INCREMENT", "BY", &step, err));
        if (step) {
            TARN_RETURN_IF_ERROR(whole_number(p, &column->step, err));
        }
        taken = start || step;
    }
    return open ? tarn__parser_expect(p, ")", err) : TARN_OK;
}

static enum tarn_status generated(struct tarn__parser *p, struct tarn__column_definition *column, struct tarn_error *err)
{
    bool is_identity;
    TARN_RETURN_IF_ERROR(tarn__parser_words(p, "BY", "DEFAULT", &column->takes_given, err));
    if (!column->takes_given) {
        TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "ALWAYS", err));
    }
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "AS", err));
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "IDENTITY", &is_identity, err));
    if (is_identity || column->takes_given) {
        return is_identity ? identity(p, column, err) : tarn__parser_refuse(p, "IDENTITY", err);
    }
    return parenthesised(p, &column->generated, err);
}

/* TYPE [NOT NULL] [DEFAULT x] [GENERATED ...] [COMMENT 'x'], in any order */
static enum tarn_status column_parts(struct tarn__parser *p, struct tarn__column_definition *column, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__parser_type(p, &column->type_text, &column->type_place, err));
    for (;;) {
        bool taken;
        TARN_RETURN_IF_ERROR(tarn__parser_words(p, "NOT", "NULL", &taken, err));
        column->not_null = column->not_null || taken;
        if (taken) {
            continue;
        }
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "NULL", &taken, err));
        if (taken) {
            continue;
        }
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "DEFAULT", &taken, err));
        if (taken) {
            TARN_RETURN_IF_ERROR(expression_text(p, &column->otherwise, err));
            continue;
        }
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "GENERATED", &taken, err));
        if (taken) {
            TARN_RETURN_IF_ERROR(generated(p, column, err));
            continue;
        }
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "COMMENT", &taken, err));
        if (!taken) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(string(p, "a comment in single quotes", &column->comment, err));
    }
}

/* FIRST | AFTER x */
static enum tarn_status position(struct tarn__parser *p, struct tarn_table_change *change, bool *taken, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "FIRST", taken, err));
    if (*taken) {
        change->place = TARN_PLACE_FIRST;
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "AFTER", taken, err));
    if (*taken) {
        change->place = TARN_PLACE_AFTER;
        return tarn__parser_name(p, "the name of a column", &change->after, err);
    }
    return TARN_OK;
}

/* ---- the list of changes ---- */

static enum tarn_status push(struct tarn__parser *p, struct tarn__parser_list *list, enum tarn_change_kind kind,
                             struct tarn__table_alteration **out, struct tarn_error *err)
{
    *out = tarn__parser_push(list);
    if (*out == NULL) {
        return tarn__parser_nomem(p, err);
    }
    const struct tarn_table_change empty = TARN_TABLE_CHANGE_INIT;
    (*out)->place = p->token.place;
    (*out)->change = empty;
    (*out)->change.kind = kind;
    return TARN_OK;
}

/* CHECK ( expression ) */
static enum tarn_status constraint(struct tarn__parser *p, struct tarn__parser_list *list, struct tarn_error *err)
{
    struct tarn__table_alteration *one;
    TARN_RETURN_IF_ERROR(push(p, list, TARN_CHANGE_ADD_CONSTRAINT, &one, err));
    TARN_RETURN_IF_ERROR(tarn__parser_name(p, "the name of the constraint", &one->change.name, err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "CHECK", err));
    return parenthesised(p, &one->change.text, err);
}

static enum tarn_status added_column(struct tarn__parser *p, struct tarn__parser_list *list, struct tarn_error *err)
{
    struct tarn__table_alteration *one;
    struct tarn_column_name path;
    bool taken;
    TARN_RETURN_IF_ERROR(push(p, list, TARN_CHANGE_ADD_COLUMN, &one, err));
    TARN_RETURN_IF_ERROR(column_path(p, &path, err));
    one->change.path = (struct tarn_column_name){path.count - 1, path.names};
    one->column.name = path.names[path.count - 1];
    one->column.place = one->place;
    TARN_RETURN_IF_ERROR(column_parts(p, &one->column, err));
    TARN_RETURN_IF_ERROR(position(p, &one->change, &taken, err));
    return TARN_OK;
}

typedef enum tarn_status (*one_fn)(struct tarn__parser *p, struct tarn__parser_list *list, struct tarn_error *err);

/* one | ( one, ... ) */
static enum tarn_status one_or_more(struct tarn__parser *p, one_fn one, struct tarn__parser_list *list, struct tarn_error *err)
{
    bool open;
    bool more;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "(", &open, err));
    do {
        TARN_RETURN_IF_ERROR(one(p, list, err));
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &more, err));
    } while (more);
    return open ? tarn__parser_expect(p, ")", err) : TARN_OK;
}

static enum tarn_status dropped_column(struct tarn__parser *p, struct tarn__parser_list *list, struct tarn_error *err)
{
    struct tarn__table_alteration *one;
    TARN_RETURN_IF_ERROR(push(p, list, TARN_CHANGE_DROP_COLUMN, &one, err));
    return column_path(p, &one->change.path, err);
}

static enum tarn_status column_word(struct tarn__parser *p, struct tarn_error *err)
{
    bool taken;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "COLUMNS", &taken, err));
    return taken ? TARN_OK : tarn__parser_accept(p, "COLUMN", &taken, err);
}

static enum tarn_status add(struct tarn__parser *p, struct tarn__parser_list *list, struct tarn_error *err)
{
    bool taken;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "CONSTRAINT", &taken, err));
    if (taken) {
        return constraint(p, list, err);
    }
    TARN_RETURN_IF_ERROR(column_word(p, err));
    return one_or_more(p, added_column, list, err);
}

static enum tarn_status drop(struct tarn__parser *p, struct tarn__parser_list *list, struct tarn_error *err)
{
    struct tarn__table_alteration *one;
    bool taken;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "CONSTRAINT", &taken, err));
    if (taken) {
        TARN_RETURN_IF_ERROR(push(p, list, TARN_CHANGE_DROP_CONSTRAINT, &one, err));
        TARN_RETURN_IF_ERROR(tarn__parser_words(p, "IF", "EXISTS", &one->change.flag, err));
        return tarn__parser_name(p, "the name of the constraint", &one->change.name, err);
    }
    TARN_RETURN_IF_ERROR(column_word(p, err));
    return one_or_more(p, dropped_column, list, err);
}

static enum tarn_status rename_column(struct tarn__parser *p, struct tarn__parser_list *list, struct tarn_error *err)
{
    struct tarn__table_alteration *one;
    TARN_RETURN_IF_ERROR(push(p, list, TARN_CHANGE_RENAME_COLUMN, &one, err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "COLUMN", err));
    TARN_RETURN_IF_ERROR(column_path(p, &one->change.path, err));
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "TO", err));
    return tarn__parser_name(p, "the new name", &one->change.name, err);
}

/* SET NOT NULL | SET DEFAULT x | SET DATA TYPE t */
static enum tarn_status set_of_column(struct tarn__parser *p, struct tarn__table_alteration *one, struct tarn_error *err)
{
    bool taken;
    TARN_RETURN_IF_ERROR(tarn__parser_words(p, "NOT", "NULL", &taken, err));
    if (taken) {
        one->change.kind = TARN_CHANGE_NULLABLE;
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "DEFAULT", &taken, err));
    if (taken) {
        one->change.kind = TARN_CHANGE_DEFAULT;
        return expression_text(p, &one->change.text, err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_words(p, "DATA", "TYPE", &taken, err));
    return taken ? tarn__parser_type(p, &one->type_text, &one->type_place, err)
                 : tarn__parser_refuse(p, "NOT NULL, DEFAULT or DATA TYPE", err);
}

static enum tarn_status alter_column(struct tarn__parser *p, struct tarn__parser_list *list, struct tarn_error *err)
{
    struct tarn__table_alteration *one;
    bool taken;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "COLUMN", &taken, err));
    TARN_RETURN_IF_ERROR(push(p, list, TARN_CHANGE_TYPE, &one, err));
    TARN_RETURN_IF_ERROR(column_path(p, &one->change.path, err));
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "TYPE", &taken, err));
    if (taken) {
        return tarn__parser_type(p, &one->type_text, &one->type_place, err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "SET", &taken, err));
    if (taken) {
        return set_of_column(p, one, err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "DROP", &taken, err));
    if (taken) {
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "DEFAULT", &taken, err));
        one->change.kind = taken ? TARN_CHANGE_DEFAULT : TARN_CHANGE_NULLABLE;
        one->change.flag = !taken;
        if (taken) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(tarn__parser_words(p, "NOT", "NULL", &taken, err));
        return taken ? TARN_OK : tarn__parser_refuse(p, "NOT NULL or DEFAULT", err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "COMMENT", &taken, err));
    if (taken) {
        one->change.kind = TARN_CHANGE_COMMENT;
        return string(p, "a comment in single quotes", &one->change.text, err);
    }
    one->change.kind = TARN_CHANGE_MOVE_COLUMN;
    TARN_RETURN_IF_ERROR(position(p, &one->change, &taken, err));
    return taken ? TARN_OK : tarn__parser_refuse(p, "TYPE, SET, DROP, COMMENT, FIRST or AFTER", err);
}

/* ---- properties and clustering ---- */

/* 'key', or words with dots between */
static enum tarn_status property_key(struct tarn__parser *p, struct tarn_text *out, struct tarn_error *err)
{
    if (p->token.kind == TARN__TOKEN_STRING) {
        return string(p, "the name of a property", out, err);
    }
    const uint32_t begin = p->token.place;
    bool more;
    do {
        struct tarn_text ignored;
        TARN_RETURN_IF_ERROR(tarn__parser_name(p, "the name of a property", &ignored, err));
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ".", &more, err));
    } while (more);
    *out = (struct tarn_text){p->lexer.sql.data + begin, p->last_end - begin};
    return TARN_OK;
}

static enum tarn_status property_value(struct tarn__parser *p, struct tarn_text *out, struct tarn_error *err)
{
    if (p->token.kind == TARN__TOKEN_STRING) {
        return string(p, "a value", out, err);
    }
    const uint32_t begin = p->token.place;
    bool negative;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "-", &negative, err));
    if (p->token.kind != TARN__TOKEN_INTEGER && !tarn__parser_at(p, "TRUE") && !tarn__parser_at(p, "FALSE")) {
        return tarn__parser_refuse(p, "a value in single quotes", err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
    *out = (struct tarn_text){p->lexer.sql.data + begin, p->last_end - begin};
    return TARN_OK;
}

/* ( key = value, ... ), or only keys */
static enum tarn_status properties(struct tarn__parser *p, bool values, struct tarn__parser_list *list, struct tarn_error *err)
{
    bool more;
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "(", err));
    do {
        struct tarn_property *one = tarn__parser_push(list);
        bool equals;
        if (one == NULL) {
            return tarn__parser_nomem(p, err);
        }
        TARN_RETURN_IF_ERROR(property_key(p, &one->key, err));
        if (values) {
            TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "=", &equals, err));
            TARN_RETURN_IF_ERROR(property_value(p, &one->value, err));
        }
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &more, err));
    } while (more);
    return tarn__parser_expect(p, ")", err);
}

static enum tarn_status change_properties(struct tarn__parser *p, bool set, struct tarn__parser_list *list, struct tarn_error *err)
{
    struct tarn__parser_list given = LIST(p, struct tarn_property);
    bool if_exists = false;
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "TBLPROPERTIES", err));
    if (!set) {
        TARN_RETURN_IF_ERROR(tarn__parser_words(p, "IF", "EXISTS", &if_exists, err));
    }
    TARN_RETURN_IF_ERROR(properties(p, set, &given, err));
    for (uint32_t i = 0; i < given.count; i++) {
        const struct tarn_property *property = (const struct tarn_property *)given.items + i;
        struct tarn__table_alteration *one;
        TARN_RETURN_IF_ERROR(push(p, list, set ? TARN_CHANGE_SET_PROPERTY : TARN_CHANGE_UNSET_PROPERTY, &one, err));
        one->change.name = property->key;
        one->change.text = property->value;
        one->change.flag = if_exists;
    }
    return TARN_OK;
}

/* CLUSTER BY was taken: ( a, b.c ), or NONE */
static enum tarn_status clustering(struct tarn__parser *p, struct tarn__parser_list *list, struct tarn_error *err)
{
    struct tarn__parser_list columns = LIST(p, struct tarn_column_name);
    struct tarn__table_alteration *one;
    bool taken;
    TARN_RETURN_IF_ERROR(push(p, list, TARN_CHANGE_CLUSTER, &one, err));
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "NONE", &taken, err));
    if (taken) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "(", err));
    do {
        struct tarn_column_name *slot = tarn__parser_push(&columns);
        if (slot == NULL) {
            return tarn__parser_nomem(p, err);
        }
        TARN_RETURN_IF_ERROR(column_path(p, slot, err));
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &taken, err));
    } while (taken);
    one->change.columns = columns.items;
    one->change.column_count = columns.count;
    return tarn__parser_expect(p, ")", err);
}

/* ---- statements ---- */

/* Changes behind those that the statement has already. */
static enum tarn_status keep(struct tarn__parser *p, struct tarn__statement *s, const struct tarn__parser_list *list,
                             struct tarn_error *err)
{
    const uint32_t count = s->alteration_count + list->count;
    struct tarn__table_alteration *all = tarn__arena_calloc(p->arena, count + 1u, sizeof(*all));
    if (all == NULL) {
        return tarn__parser_nomem(p, err);
    }
    for (uint32_t i = 0; i < count; i++) {
        all[i] =
            i < s->alteration_count ? s->alterations[i] : ((const struct tarn__table_alteration *)list->items)[i - s->alteration_count];
    }
    s->alterations = all;
    s->alteration_count = count;
    return TARN_OK;
}

static enum tarn_status changes(struct tarn__parser *p, struct tarn__parser_list *list, struct tarn_error *err)
{
    bool taken;
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "ADD", &taken, err));
    if (taken) {
        return add(p, list, err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "DROP", &taken, err));
    if (taken) {
        return drop(p, list, err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "RENAME", &taken, err));
    if (taken) {
        return rename_column(p, list, err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "ALTER", &taken, err));
    if (taken) {
        return alter_column(p, list, err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "SET", &taken, err));
    if (taken) {
        return change_properties(p, true, list, err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "UNSET", &taken, err));
    if (taken) {
        return change_properties(p, false, list, err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_words(p, "CLUSTER", "BY", &taken, err));
    return taken ? clustering(p, list, err)
                 : tarn__parser_refuse(p, "ADD, DROP, RENAME COLUMN, ALTER COLUMN, SET or UNSET TBLPROPERTIES, or CLUSTER BY", err);
}

enum tarn_status tarn__parser_alter(struct tarn__parser *p, struct tarn__statement *s, struct tarn_error *err)
{
    struct tarn__parser_list list = LIST(p, struct tarn__table_alteration);
    TARN_RETURN_IF_ERROR(changes(p, &list, err));
    return keep(p, s, &list, err);
}

/* ( a TYPE ..., CONSTRAINT c CHECK (...), ... ) */
enum tarn_status tarn__parser_definitions(struct tarn__parser *p, struct tarn__statement *s, struct tarn_error *err)
{
    struct tarn__parser_list columns = LIST(p, struct tarn__column_definition);
    struct tarn__parser_list constraints = LIST(p, struct tarn__table_alteration);
    bool more;
    TARN_RETURN_IF_ERROR(tarn__parser_expect(p, "(", err));
    do {
        if (tarn__parser_at(p, "CONSTRAINT") && p->after.kind != TARN__TOKEN_SYMBOL) {
            TARN_RETURN_IF_ERROR(tarn__parser_advance(p, err));
            TARN_RETURN_IF_ERROR(constraint(p, &constraints, err));
        } else {
            struct tarn__column_definition *one = tarn__parser_push(&columns);
            if (one == NULL) {
                return tarn__parser_nomem(p, err);
            }
            one->place = p->token.place;
            TARN_RETURN_IF_ERROR(tarn__parser_name(p, "the name of a column", &one->name, err));
            TARN_RETURN_IF_ERROR(column_parts(p, one, err));
        }
        TARN_RETURN_IF_ERROR(tarn__parser_accept(p, ",", &more, err));
    } while (more);
    s->definitions = columns.items;
    s->definition_count = columns.count;
    TARN_RETURN_IF_ERROR(keep(p, s, &constraints, err));
    return tarn__parser_expect(p, ")", err);
}

enum tarn_status tarn__parser_table_clause(struct tarn__parser *p, struct tarn__statement *s, bool *taken, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__parser_words(p, "CLUSTER", "BY", taken, err));
    if (*taken) {
        struct tarn__parser_list list = LIST(p, struct tarn__table_alteration);
        TARN_RETURN_IF_ERROR(clustering(p, &list, err));
        return keep(p, s, &list, err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "COMMENT", taken, err));
    if (*taken) {
        return string(p, "a comment in single quotes", &s->comment, err);
    }
    TARN_RETURN_IF_ERROR(tarn__parser_accept(p, "TBLPROPERTIES", taken, err));
    if (*taken) {
        struct tarn__parser_list list = LIST(p, struct tarn_property);
        TARN_RETURN_IF_ERROR(properties(p, true, &list, err));
        s->properties = list.items;
        s->property_count = list.count;
    }
    return TARN_OK;
}
