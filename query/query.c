/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements from their text: what FROM names are relations; SELECT runs as its rows are taken, all else is done when open returns.
 */
#include <string.h>

#include "format/base/datetime.h"
#include "format/base/utf8.h"
#include "query/bind/sql_type.h"
#include "query/dml/dml.h"
#include "query/query_state.h"
#include "query/relation/lake.h"
#include "query/sql/caret.h"
#include "tarn/changes.h"

/* Relations that a query opened. */
struct opened {
    struct tarn_env *env;
    struct tarn_query *query;
    struct tarn_relation *items;
    size_t count;
    size_t capacity;
};

static void close_opened(void *ctx)
{
    struct opened *opened = ctx;
    for (size_t i = 0; i < opened->count; i++) {
        tarn_relation_close(&opened->items[i]);
    }
    tarn__free(opened->env, opened->items);
    tarn__free(opened->env, opened);
}

/* A constant of a clause that says which version, or a null. */
static enum tarn_status constant_of(struct tarn_query *query, const struct tarn__ast *ast, const char *clause, const struct tarn_type *type,
                                    struct tarn_value *out, struct tarn_error *err)
{
    struct tarn__scope none = {.fixed = true};
    struct tarn__binder binder = query->planner.binder;
    struct tarn__bound *bound;
    binder.scope = &none;
    binder.clause = clause;
    TARN_RETURN_IF_ERROR(tarn__bind_expression(&binder, ast, &bound, err));
    if (type == NULL) { /* a number is a version, what else there is a time */
        type = tarn__sql_is_null(bound->type) || tarn__sql_is_integer(bound->type) ? &tarn__sql_bigint : &tarn__sql_timestamptz;
    }
    TARN_RETURN_IF_ERROR(tarn__bind_cast(&binder, &bound, type, false, err));
    if (bound->kind != TARN__BOUND_LITERAL) {
        return tarn__bind_error(&binder, ast->place, "as_of", err, "%s takes a constant", clause);
    }
    *out = bound->value;
    return TARN_OK;
}

/* The value of VERSION AS OF or TIMESTAMP AS OF. */
static enum tarn_status travel_value(struct tarn_query *query, const struct tarn__ast *ast, const struct tarn_type *type, int64_t *out,
                                     struct tarn_error *err)
{
    struct tarn_value value;
    TARN_RETURN_IF_ERROR(constant_of(query, ast, "AS OF", type, &value, err));
    if (value.is_null) {
        return tarn__bind_error(&query->planner.binder, ast->place, "as_of", err, "AS OF takes a constant");
    }
    *out = value.u.i64;
    return TARN_OK;
}

static enum tarn_status travel_options(struct tarn_query *query, const struct tarn__table_name *name, struct tarn_snapshot_options *options,
                                       struct tarn_error *err)
{
    if (name->version != NULL) {
        TARN_RETURN_IF_ERROR(travel_value(query, name->version, &tarn__sql_bigint, &options->version, err));
        return options->version != -1
                   ? TARN_OK
                   : tarn__bind_error(&query->planner.binder, name->version->place, "as_of", err, "-1 is not the name of a version");
    }
    return name->timestamp == NULL ? TARN_OK : travel_value(query, name->timestamp, &tarn__sql_timestamptz, &options->as_of, err);
}

static enum tarn_status open_version(struct tarn_query *query, struct tarn_text path, const struct tarn__table_name *name,
                                     struct tarn_relation *out, struct tarn_error *err)
{
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    TARN_RETURN_IF_ERROR(travel_options(query, name, &options, err));
    out->kind = TARN_RELATION_TABLE;
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(query->env, path, &options, &out->snapshot, err));
    return tarn_snapshot_source(out->snapshot, &out->source, err);
}

/* The name as it is written, its parts joined by dots. */
static enum tarn_status join_names(struct tarn_query *query, const struct tarn__table_name *name, struct tarn_text *out,
                                   struct tarn_error *err)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, query->env);
    for (uint32_t i = 0; i < name->name_count; i++) {
        if (i != 0) {
            tarn__builder_add_char(&text, '.');
        }
        tarn__builder_add(&text, name->names[i]);
    }
    enum tarn_status status = tarn__builder_status(&text, err);
    if (status == TARN_OK) {
        *out = tarn__arena_text(&query->arena, tarn__builder_text(&text));
        status = out->data != NULL ? TARN_OK : tarn__nomem(query->env, err, text.size);
    }
    tarn__builder_free(&text);
    return status;
}

struct kept_text {
    struct tarn_query *query;
    struct tarn_text text;
};

static enum tarn_status keep_text(void *arg, struct tarn_text text, struct tarn_error *err)
{
    struct kept_text *kept = arg;
    kept->text = tarn__arena_text(&kept->query->arena, text);
    return kept->text.data != NULL ? TARN_OK : tarn__nomem(kept->query->env, err, text.size);
}

static enum tarn_status uri_in_lake(struct tarn_query *query, const struct tarn__table_name *name, struct tarn_text *out,
                                    struct tarn_error *err)
{
    struct kept_text kept = {.query = query};
    struct tarn_text text;
    TARN_RETURN_IF_ERROR(join_names(query, name, &text, err));
    const enum tarn_status status = tarn_lake_table_uri(query->env, query->options.lake, text, keep_text, &kept, err);
    if (status == TARN_INVALID) {
        tarn__sql_error_at(err, query->sql, name->place);
    }
    *out = kept.text;
    return status;
}

/* ---- confined: only tables of the lake, only by their names ---- */

static enum tarn_status outside(struct tarn_query *query, const struct tarn__table_name *name, const char *why, struct tarn_error *err)
{
    tarn__error_set(err, TARN_AUTH, "confined", "%s", why);
    tarn__sql_error_at(err, query->sql, name->place);
    return TARN_AUTH;
}

/* What the name of a folder could do beside naming one: lead out of the lake, or hide among the files that tables are made of. */
static bool is_plain_name(struct tarn_text name)
{
    bool plain = name.size != 0 && name.data[0] != '.' && name.data[0] != '_';
    for (size_t i = 0; plain && i < name.size; i++) {
        const unsigned char c = (unsigned char)name.data[i];
        plain = c >= 0x20 && c != 0x7f && c != '/' && c != '\\';
    }
    return plain;
}

static enum tarn_status check_confined(struct tarn_query *query, const struct tarn__table_name *name, struct tarn_error *err)
{
    if (name->is_path) {
        return outside(query, name, "only tables of the lake may be read and written here: say FROM name, not FROM 'path'", err);
    }
    for (uint32_t i = 0; i < name->name_count; i++) {
        if (!is_plain_name(name->names[i])) {
            return outside(query, name, "a table's name may not begin with '.' or '_', nor hold '/', '\\' or control characters", err);
        }
    }
    /* A metadata file by its path stands for the table two folders up, which may be anyone's. */
    struct tarn_text text;
    TARN_RETURN_IF_ERROR(join_names(query, name, &text, err));
    return tarn__text_ends(text, TARN_TEXT(".metadata.json")) || tarn__text_ends(text, TARN_TEXT(".metadata.json.gz"))
               ? outside(query, name, "a table is named by its name, not by a metadata file", err)
               : TARN_OK;
}

static enum tarn_status is_table(struct tarn_query *query, struct tarn_text uri, bool *yes, struct tarn_error *err)
{
    const char *format = NULL;
    const enum tarn_status status = tarn_table_detect(query->env, uri, &format, err);
    *yes = status == TARN_OK && format != NULL;
    return status == TARN_NOT_FOUND ? TARN_OK : status;
}

/* A table inside the folder of another one would mix with its files. Entries of a catalog cannot lie in each other. */
static enum tarn_status check_new_confined(struct tarn_query *query, const struct tarn__table_name *name, struct tarn_error *err)
{
    struct tarn__lake lake;
    bool inside = false;
    TARN_RETURN_IF_ERROR(tarn__lake_open(query->env, query->options.lake, &lake, err));
    const bool folder = lake.catalog == NULL;
    tarn__lake_close(&lake);
    for (uint32_t names = 1; folder && !inside && names < name->name_count; names++) {
        struct tarn__table_name above = *name;
        struct tarn_text uri;
        above.name_count = names;
        TARN_RETURN_IF_ERROR(uri_in_lake(query, &above, &uri, err));
        TARN_RETURN_IF_ERROR(is_table(query, uri, &inside, err));
    }
    return inside ? outside(query, name, "the name leads into the folder of another table", err) : TARN_OK;
}

static enum tarn_status open_confined(struct tarn_query *query, const struct tarn__table_name *name, struct tarn_relation *out,
                                      struct tarn_error *err)
{
    struct tarn_text uri;
    struct tarn_text text;
    bool found;
    TARN_RETURN_IF_ERROR(check_confined(query, name, err));
    TARN_RETURN_IF_ERROR(uri_in_lake(query, name, &uri, err));
    TARN_RETURN_IF_ERROR(is_table(query, uri, &found, err));
    if (found) {
        return open_version(query, uri, name, out, err);
    }
    TARN_RETURN_IF_ERROR(join_names(query, name, &text, err));
    tarn__error_set(err, TARN_NOT_FOUND, "relation", "there is no table \"%.*s\"", TARN_TEXT_ARG(text));
    tarn__sql_error_at(err, query->sql, name->place);
    return TARN_NOT_FOUND;
}

enum tarn_status tarn__query_table_path(struct tarn_query *query, const struct tarn__table_name *name, struct tarn_text *out,
                                        struct tarn_error *err)
{
    *out = name->names[0];
    if (query->options.confined) {
        TARN_RETURN_IF_ERROR(check_confined(query, name, err));
        TARN_RETURN_IF_ERROR(check_new_confined(query, name, err));
    }
    return name->is_path ? TARN_OK : uri_in_lake(query, name, out, err);
}

/* ---- table_changes ---- */

/* One end of the range. Null, and an end that is not given: open. */
static enum tarn_status change_end(struct tarn_query *query, const struct tarn__ast *ast, int64_t *version, int64_t *time,
                                   struct tarn_error *err)
{
    struct tarn_value value;
    TARN_RETURN_IF_ERROR(constant_of(query, ast, "table_changes", NULL, &value, err));
    if (value.is_null) {
        return TARN_OK;
    }
    if (value.type->id == TARN_TYPE_TIMESTAMP) {
        *time = value.u.i64;
        return TARN_OK;
    }
    *version = value.u.i64;
    return *version >= 0 ? TARN_OK : tarn__bind_error(&query->planner.binder, ast->place, "as_of", err, "versions are counted from 0");
}

/* The table of a path, or of a name in the lake that is written like a path. */
static enum tarn_status changes_uri(struct tarn_query *query, const struct tarn__table_name *name, struct tarn_text *uri,
                                    struct tarn_error *err)
{
    bool found = false;
    if (query->options.confined) {
        TARN_RETURN_IF_ERROR(check_confined(query, name, err));
    }
    *uri = name->names[0];
    if (name->is_path) {
        TARN_RETURN_IF_ERROR(is_table(query, *uri, &found, err));
        found = found || memchr(uri->data, '/', uri->size) != NULL || memchr(uri->data, '#', uri->size) != NULL;
    }
    return found ? TARN_OK : uri_in_lake(query, name, uri, err);
}

static enum tarn_status open_changes(struct tarn_query *query, const struct tarn__table_name *name, struct tarn_relation *out,
                                     struct tarn_error *err)
{
    struct tarn_changes_options options = TARN_CHANGES_OPTIONS_INIT;
    struct tarn_value recorded = {.is_null = true};
    struct tarn_text uri;
    TARN_RETURN_IF_ERROR(change_end(query, name->changes[0], &options.first_version, &options.first_time, err));
    if (name->change_count > 1) {
        TARN_RETURN_IF_ERROR(change_end(query, name->changes[1], &options.last_version, &options.last_time, err));
    }
    if (name->change_count > 2) {
        TARN_RETURN_IF_ERROR(constant_of(query, name->changes[2], "table_changes", &tarn__sql_boolean, &recorded, err));
    }
    options.recorded_only = !recorded.is_null && recorded.u.boolean;
    TARN_RETURN_IF_ERROR(changes_uri(query, name, &uri, err));
    const enum tarn_status status = tarn_changes_source(query->env, uri, &options, NULL, &out->source, err);
    if (status == TARN_INVALID || status == TARN_NOT_FOUND) {
        tarn__sql_error_at(err, query->sql, name->place);
    }
    return status;
}

enum tarn_status tarn__query_relation(struct tarn_query *query, const struct tarn__table_name *name, struct tarn_relation *out,
                                      struct tarn_error *err)
{
    struct tarn_text text = name->names[0];
    enum tarn_status status;
    if (name->change_count != 0) {
        return open_changes(query, name, out, err);
    }
    if (query->options.confined) {
        return open_confined(query, name, out, err);
    }
    if (name->version != NULL || name->timestamp != NULL) {
        TARN_RETURN_IF_ERROR(tarn__query_table_path(query, name, &text, err));
        return open_version(query, text, name, out, err);
    }
    if (name->is_path) {
        status = tarn_relation_open(query->env, query->options.lake, text, out, err);
    } else {
        TARN_RETURN_IF_ERROR(join_names(query, name, &text, err));
        status = tarn__relation_by_name(query->env, query->options.lake, text, out, err);
    }
    if (status == TARN_NOT_FOUND) {
        tarn__sql_error_at(err, query->sql, name->place);
    }
    return status;
}

/* A source that the host lends under this name. */
static struct tarn_source *lent_source(const struct tarn_query_options *options, const struct tarn__table_name *name)
{
    const bool bare =
        !name->is_path && name->name_count == 1 && name->version == NULL && name->timestamp == NULL && name->change_count == 0;
    for (uint32_t i = 0; bare && i < options->source_count; i++) {
        if (tarn__text_equal_caseless(options->sources[i].name, name->names[0])) {
            return options->sources[i].source;
        }
    }
    return NULL;
}

/*
 * The table that is written to, read by the same statement: the rows come from the very snapshot that the transaction begins with, and it
 * knows that they were read. A version or a copy of the table counts as the table: then too much is in conflict, never too little.
 */
static enum tarn_status share_changes(struct tarn_query *query, const struct tarn__table_name *name, struct tarn_relation *relation,
                                      struct tarn_error *err)
{
    if (query->changes == NULL || relation->snapshot == NULL) {
        return TARN_OK;
    }
    const struct tarn_snapshot_info read = tarn_snapshot_info(relation->snapshot);
    const struct tarn_snapshot_info changed = tarn_snapshot_info(query->changes);
    const bool same_place = tarn__text_equal(read.location, changed.location);
    query->reads_changes = query->reads_changes || same_place || tarn__text_equal(read.table_id, changed.table_id);
    if (!same_place || name->version != NULL || name->timestamp != NULL) {
        return TARN_OK;
    }
    struct tarn_source *source;
    TARN_RETURN_IF_ERROR(tarn_snapshot_source(query->changes, &source, err));
    tarn_source_close(relation->source);
    tarn_snapshot_close(relation->snapshot);
    relation->source = source;
    relation->snapshot = tarn_snapshot_retain(query->changes);
    return TARN_OK;
}

static enum tarn_status relation_of(void *ctx, const struct tarn__table_name *name, struct tarn_text sql, struct tarn_source **out,
                                    struct tarn_error *err)
{
    struct opened *opened = ctx;
    struct tarn_relation relation = {TARN_RELATION_FILE, NULL, NULL};
    (void)sql;
    *out = lent_source(&opened->query->options, name);
    if (*out != NULL) {
        return TARN_OK;
    }
    if (!tarn__grow(opened->env, &opened->items, &opened->capacity, opened->count + 1, sizeof(*opened->items))) {
        return tarn__nomem(opened->env, err, 0);
    }
    enum tarn_status status = tarn__query_relation(opened->query, name, &relation, err);
    status = status == TARN_OK ? share_changes(opened->query, name, &relation, err) : status;
    if (status != TARN_OK) {
        tarn_relation_close(&relation);
        return status;
    }
    opened->items[opened->count++] = relation;
    *out = relation.source;
    return TARN_OK;
}

/* ---- DESCRIBE, SHOW TABLES ---- */

static enum tarn_status describe_fields(struct tarn_query *query, uint32_t count, const struct tarn_field *fields, struct tarn_error *err)
{
    static const char *const names[] = {"column_name", "column_type", "null"};
    struct tarn_text *cells = tarn__arena_calloc(&query->arena, (size_t)count * 3 + 1, sizeof(*cells));
    if (cells == NULL) {
        return tarn__nomem(query->env, err, 0);
    }
    for (uint32_t i = 0; i < count; i++) {
        const size_t size = tarn_type_format(fields[i].type, NULL, 0);
        char *type = tarn__arena_alloc(&query->arena, size + 1);
        if (type == NULL) {
            return tarn__nomem(query->env, err, size);
        }
        tarn_type_format(fields[i].type, type, size + 1);
        cells[3 * (size_t)i] = fields[i].name;
        cells[3 * (size_t)i + 1] = (struct tarn_text){type, size};
        cells[3 * (size_t)i + 2] = fields[i].nullable ? TARN_TEXT("YES") : TARN_TEXT("NO");
    }
    return tarn__query_text_rows(query, 3, names, count, cells, err);
}

static enum tarn_status describe(struct tarn_query *query, struct tarn_error *err)
{
    struct tarn_source *source;
    query->info.kind = TARN_STATEMENT_OTHER;
    if (query->statement->select != NULL) {
        TARN_RETURN_IF_ERROR(tarn__plan_select(&query->planner, query->statement->select, &query->plan, err));
        struct tarn_field *fields = tarn__arena_calloc(&query->arena, query->plan->column_count + 1u, sizeof(*fields));
        if (fields == NULL) {
            return tarn__nomem(query->env, err, 0);
        }
        for (uint32_t i = 0; i < query->plan->column_count; i++) {
            fields[i] =
                (struct tarn_field){.name = query->plan->columns[i].name, .type = query->plan->columns[i].type, .nullable = true, .id = -1};
        }
        return describe_fields(query, query->plan->column_count, fields, err);
    }
    TARN_RETURN_IF_ERROR(relation_of(query->relations.ctx, query->statement->table, query->sql, &source, err));
    const struct tarn_schema *schema = tarn_source_schema(source);
    return describe_fields(query, schema->field_count, schema->fields, err);
}

struct table_list {
    struct tarn_query *query;
    struct tarn_text *names;
    size_t count;
    size_t capacity;
};

static enum tarn_status take_table(void *arg, const struct tarn_lake_table *table, struct tarn_error *err)
{
    struct table_list *list = arg;
    if (table->is_view) {
        return TARN_OK;
    }
    if (!tarn__grow(list->query->env, &list->names, &list->capacity, list->count + 1, sizeof(*list->names))) {
        return tarn__nomem(list->query->env, err, 0);
    }
    const struct tarn_text name = tarn__arena_text(&list->query->arena, table->name);
    if (name.data == NULL) {
        return tarn__nomem(list->query->env, err, table->name.size);
    }
    list->names[list->count++] = name;
    return TARN_OK;
}

static enum tarn_status show_tables(struct tarn_query *query, struct tarn_error *err)
{
    static const char *const names[] = {"name"};
    struct table_list list = {.query = query};
    query->info.kind = TARN_STATEMENT_OTHER;
    enum tarn_status status = tarn_lake_tables(query->env, query->options.lake, take_table, &list, err);
    status = status == TARN_OK ? tarn__query_text_rows(query, 1, names, (uint32_t)list.count, list.names, err) : status;
    tarn__free(query->env, list.names);
    return status;
}

/* ---- statements ---- */

static enum tarn_status run(struct tarn_query *query, struct tarn_error *err)
{
    const enum tarn__statement_kind kind = query->statement->kind;
    const bool changes = kind >= TARN__STATEMENT_DELETE && kind <= TARN__STATEMENT_ALTER;
    if (changes && query->options.read_only) {
        return tarn__bind_error(&query->planner.binder, query->statement->place, "read_only", err,
                                "only statements that change nothing are allowed here");
    }
    switch (kind) {
    case TARN__STATEMENT_NONE:
        query->info.kind = TARN_STATEMENT_NONE;
        return TARN_OK;
    case TARN__STATEMENT_SELECT:
        return tarn__query_select(query, err);
    case TARN__STATEMENT_EXPLAIN:
        return tarn__query_explain(query, err);
    case TARN__STATEMENT_DESCRIBE:
        return describe(query, err);
    case TARN__STATEMENT_SHOW_TABLES:
        return show_tables(query, err);
    case TARN__STATEMENT_DELETE:
        return tarn__dml_delete(query, err);
    case TARN__STATEMENT_UPDATE:
        return tarn__dml_update(query, err);
    case TARN__STATEMENT_INSERT:
        return tarn__dml_insert(query, err);
    case TARN__STATEMENT_CREATE:
        return tarn__dml_create(query, err);
    case TARN__STATEMENT_ALTER:
        return tarn__dml_alter(query, err);
    }
    return tarn__internal(err, "a statement of kind %d", (int)kind);
}

enum tarn_status tarn_query_open(struct tarn_env *env, struct tarn_text sql, const struct tarn_query_options *options,
                                 struct tarn_query **out, struct tarn_error *err)
{
    struct tarn_query *query;
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__query_begin(env, sql, options, &query, err));
    struct opened *opened = tarn__calloc(env, 1, sizeof(*opened));
    if (opened == NULL) {
        tarn_query_close(query);
        return tarn__nomem(env, err, sizeof(*opened));
    }
    *opened = (struct opened){.env = env, .query = query};
    query->relations = (struct tarn__relations){opened, relation_of};
    query->close_relations = close_opened;
    const enum tarn_status status = tarn__query_point(query, run(query, err), err);
    if (status != TARN_OK) {
        tarn_query_close(query);
        return status;
    }
    *out = query;
    return TARN_OK;
}

/* ---- a predicate alone ---- */

enum tarn_status tarn_predicate_parse(struct tarn_env *env, const struct tarn_schema *schema, struct tarn_text sql, struct tarn_expr **out,
                                      struct tarn_error *err)
{
    struct tarn_arena arena;
    struct tarn__ast *ast;
    struct tarn__bound *bound = NULL;
    struct tarn__expression expression = {NULL, 0, NULL};
    *out = NULL;
    tarn__arena_init(&arena, env);
    struct tarn__binder binder = {.arena = &arena, .env = env, .sql = sql, .clause = "a predicate", .now = tarn__now(env)};
    enum tarn_status status = tarn__sql_parse_expression(&arena, sql, &ast, err);
    if (status == TARN_OK) {
        binder.scope = tarn__schema_scope(&arena, schema, (struct tarn_text){NULL, 0});
        status = binder.scope != NULL ? tarn__bind_predicate(&binder, ast, &bound, err) : tarn__nomem(env, err, 0);
    }
    status = status == TARN_OK ? tarn__lower(&binder, binder.scope, bound, true, &expression, err) : status;
    *out = expression.expr;
    tarn__arena_free(&arena);
    return status;
}

enum tarn_status tarn_expression_check(struct tarn_env *env, struct tarn_text sql, struct tarn_error *err)
{
    struct tarn_arena arena;
    struct tarn__ast *ast;
    tarn__arena_init(&arena, env);
    const enum tarn_status status = tarn__sql_parse_expression(&arena, sql, &ast, err);
    tarn__arena_free(&arena);
    return status;
}
