/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes to a table's schema and properties: what holds for every format.
 *
 * Invariants
 *  1. A change is made before rows go into the transaction: no file is written under a schema that is not the commit's.
 *  2. What is said about every row (no nulls, a constraint) is proven of the rows that are there, and a commit that came first and added
 *     rows is a conflict, also when it had read nothing.
 */
#include "tarn/alter.h"

#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "format/expr/filter_scan.h"
#include "format/json/json_print.h"
#include "txlog/core/commit.h"
#include "txlog/core/row_rule.h"
#include "txlog/core/table_format.h"
#include "txlog/core/table_scan.h"
#include "txlog/core/transaction.h"

/* ---- rows that are there ---- */

static enum tarn_status scan_table(struct tarn_transaction *transaction, uint32_t path_count, const struct tarn_path *paths,
                                   struct tarn_source **source, struct tarn_scan **scan, struct tarn_error *err)
{
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    request.path_count = path_count;
    request.paths = paths;
    *scan = NULL;
    TARN_RETURN_IF_ERROR(tarn_snapshot_source(transaction->snapshot, source, err));
    const enum tarn_status status = tarn_source_scan(*source, &request, scan, err);
    if (status != TARN_OK) {
        tarn_source_close(*source);
    }
    return status;
}

static enum tarn_status refuse_null(struct tarn_text column, struct tarn_error *err)
{
    tarn__invalid(err, "not_null", "the column has nulls in rows that are there; take them out first");
    tarn__error_at_column(err, column);
    return TARN_INVALID;
}

static enum tarn_status prove_task(struct tarn_scan *scan, uint32_t task, struct tarn_text column, struct tarn_error *err)
{
    struct tarn_cursor *cursor;
    TARN_RETURN_IF_ERROR(tarn_scan_open(scan, task, &cursor, err));
    enum tarn_status status = TARN_OK;
    for (uint32_t rows = 1; status == TARN_OK && rows != 0;) {
        struct tarn_vector *vector;
        status = tarn_cursor_next(cursor, 0, &rows, err);
        if (status == TARN_OK && rows != 0) {
            status = tarn_cursor_column(cursor, 0, NULL, &vector, err);
        }
        if (status == TARN_OK && rows != 0 && tarn_vector_null_count(vector) != 0) {
            status = refuse_null(column, err);
        }
    }
    tarn_cursor_close(cursor);
    return status;
}

static enum tarn_status prove_not_null(struct tarn_transaction *transaction, struct tarn_column_name path, struct tarn_error *err)
{
    const struct tarn_schema *schema = transaction->snapshot->schema;
    if (path.count != 1) {
        return tarn__unsupported(err, "table.nested_not_null", "a member of a struct, list or map cannot be made NOT NULL later");
    }
    const int32_t column = tarn_fields_find(schema->field_count, schema->fields, path.names[0]);
    if (column < 0) {
        return transaction->snapshot->files.count == 0 ? TARN_OK : refuse_null(path.names[0], err); /* added just now: null in all rows */
    }
    const struct tarn_path_step step = {.kind = TARN_PATH_FIELD, .name = schema->fields[column].name, .id = -1};
    const struct tarn_path wanted = {1, &step};
    struct tarn_source *source;
    struct tarn_scan *scan;
    TARN_RETURN_IF_ERROR(scan_table(transaction, 1, &wanted, &source, &scan, err));
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < tarn_scan_task_count(scan); i++) {
        status = prove_task(scan, i, step.name, err);
    }
    tarn_scan_close(scan);
    tarn_source_close(source);
    return status;
}

static enum tarn_status count_task(struct tarn_transaction *transaction, struct tarn_scan *scan, uint32_t task,
                                   const struct tarn_expr *expr, const uint32_t *handles, uint64_t *broken, struct tarn_error *err)
{
    struct tarn_cursor *cursor;
    struct tarn__filter_scan *filter;
    uint64_t held = 0;
    TARN_RETURN_IF_ERROR(tarn_scan_open(scan, task, &cursor, err));
    enum tarn_status status = tarn__filter_scan_open(transaction->env, cursor, expr, handles, transaction->host, &filter, err);
    if (status == TARN_OK) {
        struct tarn_selection selection = tarn_selection_all(1);
        while (status == TARN_OK && selection.count != 0) {
            status = tarn__filter_scan_next(filter, 0, &selection, err);
            held += status == TARN_OK ? selection.count : 0;
        }
        *broken += tarn__filter_scan_rows(filter) - held;
        tarn__filter_scan_close(filter);
    }
    tarn_cursor_close(cursor);
    return status;
}

static enum tarn_status prove_expression(struct tarn_transaction *transaction, const struct tarn_expr *expr,
                                         const struct tarn_table_change *change, struct tarn_error *err)
{
    struct tarn_path *paths = tarn__calloc(transaction->env, (size_t)expr->column_count + 1, sizeof(*paths));
    uint32_t *handles = tarn__calloc(transaction->env, (size_t)expr->column_count + 1, sizeof(*handles));
    struct tarn_source *source;
    struct tarn_scan *scan = NULL;
    uint64_t broken = 0;
    enum tarn_status status = paths == NULL || handles == NULL ? tarn__nomem(transaction->env, err, sizeof(*paths)) : TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < expr->column_count; i++) {
        paths[i] = expr->columns[i].path;
        handles[i] = i;
    }
    status = status == TARN_OK ? scan_table(transaction, expr->column_count, paths, &source, &scan, err) : status;
    if (status == TARN_OK) {
        for (uint32_t i = 0; status == TARN_OK && i < tarn_scan_task_count(scan); i++) {
            status = count_task(transaction, scan, i, expr, handles, &broken, err);
        }
        tarn_scan_close(scan);
        tarn_source_close(source);
    }
    tarn__free(transaction->env, paths);
    tarn__free(transaction->env, handles);
    if (status == TARN_OK && broken != 0) {
        return tarn__invalid(err, "constraint", "%llu rows of the table break the constraint \"%.*s\" (%.*s); change them first",
                             (unsigned long long)broken, TARN_TEXT_ARG(change->name), TARN_TEXT_ARG(change->text));
    }
    return status;
}

static enum tarn_status prove_constraint(struct tarn_transaction *transaction, const struct tarn_table_change *change,
                                         struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = transaction->snapshot;
    struct tarn_expr *expr;
    /* Under the new schema for what it says, under the old one for the rows that are there. */
    TARN_RETURN_IF_ERROR(
        tarn__rule_compile(transaction->env, transaction->host, transaction->shape->schema, change->text, NULL, &expr, err));
    const bool truth = expr->root->type->id == TARN_TYPE_BOOL;
    tarn_expr_release(expr);
    if (!truth) {
        return tarn__invalid(err, "constraint", "a constraint is true or false; \"%.*s\" is neither", TARN_TEXT_ARG(change->text));
    }
    if (snapshot->is_new || snapshot->files.count == 0) {
        return TARN_OK;
    }
    enum tarn_status status = tarn__rule_compile(transaction->env, transaction->host, snapshot->schema, change->text, NULL, &expr, err);
    if (status == TARN_NOT_FOUND) {
        return tarn__invalid(err, "constraint",
                             "the constraint \"%.*s\" is about a column that this transaction adds: commit the column first",
                             TARN_TEXT_ARG(change->name));
    }
    if (status == TARN_OK) {
        status = prove_expression(transaction, expr, change, err);
        tarn_expr_release(expr);
    }
    return status;
}

static enum tarn_status prove(struct tarn_transaction *transaction, const struct tarn_table_change *change, struct tarn_error *err)
{
    const bool not_null = change->kind == TARN_CHANGE_NULLABLE && !change->flag;
    if (!not_null && change->kind != TARN_CHANGE_ADD_CONSTRAINT) {
        return TARN_OK;
    }
    if (!transaction->snapshot->is_new) {
        transaction->reads_all = true;
        transaction->isolation = TARN_ISOLATION_SERIALIZABLE;
    }
    if (!not_null) {
        return prove_constraint(transaction, change, err);
    }
    return transaction->snapshot->is_new ? TARN_OK : prove_not_null(transaction, change->path, err);
}

/* ---- expressions after a change ---- */

static bool uses_column(const struct tarn_expr *expr, struct tarn_text name)
{
    for (uint32_t i = 0; i < expr->column_count; i++) {
        if (tarn__text_equal_caseless(expr->columns[i].path.steps[0].name, name)) {
            return true;
        }
    }
    return false;
}

/* Every expression of the table must still mean something: a column that one uses cannot go, or be called otherwise. */
static enum tarn_status check_rules(struct tarn_transaction *transaction, const struct tarn_table_change *change, struct tarn_error *err)
{
    const struct tarn_snapshot *shape = transaction->shape;
    const bool touches = change->kind == TARN_CHANGE_DROP_COLUMN || change->kind == TARN_CHANGE_RENAME_COLUMN ||
                         change->kind == TARN_CHANGE_TYPE || change->kind == TARN_CHANGE_MERGE_SCHEMA ||
                         change->kind == TARN_CHANGE_REPLACE_SCHEMA || change->kind == TARN_CHANGE_DEFAULT ||
                         change->kind == TARN_CHANGE_GENERATED;
    for (uint32_t i = 0; touches && i < shape->rule_count; i++) {
        const struct tarn__row_rule *rule = &shape->rules[i];
        const struct tarn_schema none = {0};
        struct tarn_error local = TARN_ERROR_INIT;
        struct tarn_expr *expr;
        if (rule->kind == TARN_RULE_IDENTITY) {
            continue;
        }
        const struct tarn_type *type = rule->kind == TARN_RULE_CHECK ? NULL : shape->schema->fields[rule->column].type;
        const enum tarn_status status = tarn__rule_compile(
            transaction->env, transaction->host, rule->kind == TARN_RULE_DEFAULT ? &none : shape->schema, rule->text, type, &expr, &local);
        const bool uses = status == TARN_OK && change->kind == TARN_CHANGE_TYPE && uses_column(expr, change->path.names[0]) &&
                          (rule->kind == TARN_RULE_CHECK || rule->kind == TARN_RULE_GENERATED);
        tarn_expr_release(expr);
        if (uses) {
            return tarn__invalid(err, "expression",
                                 "the expression of \"%.*s\" (%.*s) uses the column; it may mean something else after it",
                                 TARN_TEXT_ARG(rule->name), TARN_TEXT_ARG(rule->text));
        }
        if (status == TARN_NOT_FOUND || status == TARN_INVALID) {
            return tarn__invalid(err, "expression", "the expression of \"%.*s\" (%.*s) would not hold after the change: %.300s",
                                 TARN_TEXT_ARG(rule->name), TARN_TEXT_ARG(rule->text), local.message);
        }
        if (status != TARN_OK) {
            if (err != NULL) {
                *err = local;
            }
            return status;
        }
    }
    return TARN_OK;
}

static enum tarn_status check_change(const struct tarn_transaction *transaction, const struct tarn_table_change *change,
                                     struct tarn_error *err)
{
    if (transaction->format->alter == NULL) {
        char feature[64];
        snprintf(feature, sizeof(feature), "%s.alter", transaction->format->name);
        return tarn__unsupported(err, feature, "schema and properties of %s tables cannot be changed in this version",
                                 transaction->format->name);
    }
    if (transaction->sink_open || transaction->added_count != 0) {
        return tarn__invalid(err, "alter", "change the table before rows go into the transaction");
    }
    if (change->kind == TARN_CHANGE_REPLACE_SCHEMA && !transaction->removes_all && !transaction->snapshot->is_new &&
        transaction->snapshot->files.count != 0) {
        return tarn__invalid(err, "alter", "a schema takes another's place only where all files are taken out by the same transaction");
    }
    return TARN_OK;
}

enum tarn_status tarn_transaction_alter(struct tarn_transaction *transaction, const struct tarn_table_change *given, struct tarn_error *err)
{
    struct tarn_table_change change = TARN_TABLE_CHANGE_INIT;
    if (given == NULL || given->size < 2 * sizeof(uint32_t) || given->size > sizeof(change)) {
        return tarn__invalid(err, "options", "a change needs its description, of this version of the library");
    }
    memcpy(&change, given, given->size);
    TARN_RETURN_IF_ERROR(check_change(transaction, &change, err));
    struct tarn_snapshot *before = tarn_snapshot_retain(transaction->shape);
    void *const metadata = transaction->change.metadata;
    void *const protocol = transaction->change.protocol;
    enum tarn_status status = transaction->format->alter(transaction, &change, err);
    status = status == TARN_OK ? check_rules(transaction, &change, err) : status;
    status = status == TARN_OK ? prove(transaction, &change, err) : status;
    if (status != TARN_OK) { /* as it was before the change */
        tarn_snapshot_close(transaction->shape);
        transaction->shape = before;
        transaction->change.metadata = metadata;
        transaction->change.protocol = protocol;
        return status;
    }
    tarn_snapshot_close(before);
    transaction->fills_missing = transaction->fills_missing || change.kind == TARN_CHANGE_MERGE_SCHEMA;
    return TARN_OK;
}

/* ---- a transaction of changes ---- */

static const char *word_of(enum tarn_change_kind kind)
{
    switch (kind) {
    case TARN_CHANGE_ADD_COLUMN:
        return "ADD COLUMNS";
    case TARN_CHANGE_DROP_COLUMN:
        return "DROP COLUMNS";
    case TARN_CHANGE_RENAME_COLUMN:
        return "RENAME COLUMN";
    case TARN_CHANGE_SET_PROPERTY:
        return "SET TBLPROPERTIES";
    case TARN_CHANGE_UNSET_PROPERTY:
        return "UNSET TBLPROPERTIES";
    case TARN_CHANGE_ADD_CONSTRAINT:
        return "ADD CONSTRAINT";
    case TARN_CHANGE_DROP_CONSTRAINT:
        return "DROP CONSTRAINT";
    case TARN_CHANGE_CLUSTER:
        return "CLUSTER BY";
    case TARN_CHANGE_MERGE_SCHEMA:
    case TARN_CHANGE_REPLACE_SCHEMA:
        return "UPDATE SCHEMA";
    default:
        return "CHANGE COLUMN";
    }
}

static void add_path(struct tarn_text_builder *out, struct tarn_column_name path)
{
    for (uint32_t i = 0; i < path.count; i++) {
        if (i != 0) {
            tarn__builder_add_char(out, '.');
        }
        tarn__builder_add(out, path.names[i]);
    }
}

static void print_pair(struct tarn_json_printer *json, const char *key, struct tarn_text_builder *value)
{
    tarn__json_print_key(json, tarn__text_of(key));
    tarn__json_print_string(json, tarn__builder_text(value));
    json->out->failed = json->out->failed || value->failed;
    tarn__builder_clear(value);
}

/* History's parameters, of the first change and those of its kind: texts, as every engine shows them. */
static void print_history(uint32_t count, const struct tarn_table_change *changes, struct tarn_text_builder *text,
                          struct tarn_text_builder *out)
{
    struct tarn_json_printer json;
    struct tarn_json_printer list;
    const struct tarn_table_change *first = &changes[0];
    tarn__json_printer_init(&json, out);
    tarn__json_print_begin_object(&json);
    if (first->kind == TARN_CHANGE_SET_PROPERTY) {
        tarn__json_printer_init(&list, text);
        tarn__json_print_begin_object(&list);
        for (uint32_t i = 0; i < count; i++) {
            if (changes[i].kind == first->kind) {
                tarn__json_print_key(&list, changes[i].name);
                tarn__json_print_string(&list, changes[i].text);
            }
        }
        tarn__json_print_end_object(&list);
        print_pair(&json, "properties", text);
    } else if (first->kind == TARN_CHANGE_UNSET_PROPERTY) {
        tarn__json_printer_init(&list, text);
        tarn__json_print_begin_array(&list);
        for (uint32_t i = 0; i < count; i++) {
            tarn__json_print_string(&list, changes[i].name);
        }
        tarn__json_print_end_array(&list);
        print_pair(&json, "properties", text);
    } else if (first->kind == TARN_CHANGE_ADD_CONSTRAINT || first->kind == TARN_CHANGE_DROP_CONSTRAINT) {
        tarn__builder_add(text, first->name);
        print_pair(&json, "name", text);
        tarn__builder_add(text, first->text);
        print_pair(&json, "expr", text);
    } else if (first->kind == TARN_CHANGE_CLUSTER) {
        for (uint32_t i = 0; i < first->column_count; i++) {
            tarn__builder_add_str(text, i == 0 ? "" : ",");
            add_path(text, first->columns[i]);
        }
        print_pair(&json, "newClusteringColumns", text);
    } else if (first->kind == TARN_CHANGE_RENAME_COLUMN) {
        add_path(text, first->path);
        print_pair(&json, "oldColumnPath", text);
        add_path(text, (struct tarn_column_name){first->path.count - 1, first->path.names});
        tarn__builder_add_str(text, first->path.count > 1 ? "." : "");
        tarn__builder_add(text, first->name);
        print_pair(&json, "newColumnPath", text);
    } else {
        const bool many = first->kind == TARN_CHANGE_ADD_COLUMN || first->kind == TARN_CHANGE_DROP_COLUMN;
        struct tarn_text_builder name;
        tarn__builder_init(&name, text->env);
        tarn__json_printer_init(&list, text);
        tarn__json_print_begin_array(&list);
        for (uint32_t i = 0; i < count && (many || i == 0); i++) {
            tarn__builder_clear(&name);
            add_path(&name, changes[i].path);
            if (changes[i].field != NULL) {
                tarn__builder_add_str(&name, name.size != 0 ? "." : "");
                tarn__builder_add(&name, changes[i].field->name);
            }
            tarn__json_print_string(&list, tarn__builder_text(&name));
            text->failed = text->failed || name.failed;
        }
        tarn__json_print_end_array(&list);
        tarn__builder_free(&name);
        print_pair(&json, many ? "columns" : "column", text);
    }
    tarn__json_print_end_object(&json);
}

static enum tarn_status open_alter(struct tarn_snapshot *snapshot, uint32_t count, const struct tarn_table_change *changes,
                                   const struct tarn_transaction_options *given, struct tarn_transaction **out, struct tarn_error *err)
{
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    struct tarn_text_builder text;
    struct tarn_text_builder parameters;
    if (given != NULL && given->size >= sizeof(uint32_t) && given->size <= sizeof(options)) {
        memcpy(&options, given, given->size);
    }
    tarn__builder_init(&text, snapshot->env);
    tarn__builder_init(&parameters, snapshot->env);
    if (options.operation == NULL) {
        options.operation = word_of(changes[0].kind);
    }
    if (options.parameters.size == 0) {
        print_history(count, changes, &text, &parameters);
        options.parameters = tarn__builder_text(&parameters);
    }
    enum tarn_status status = tarn__builder_status(&parameters, err);
    status = status == TARN_OK ? tarn_transaction_open(snapshot, &options, out, err) : status;
    tarn__builder_free(&parameters);
    tarn__builder_free(&text);
    return status;
}

enum tarn_status tarn_table_alter(struct tarn_env *env, struct tarn_text uri, uint32_t count, const struct tarn_table_change *changes,
                                  const struct tarn_transaction_options *options, struct tarn_commit_result *result, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot;
    struct tarn_transaction *transaction = NULL;
    if (result != NULL) {
        *result = (struct tarn_commit_result){.version = -1};
    }
    if (count == 0) {
        return tarn__invalid(err, "alter", "there is no change to make");
    }
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(env, uri, NULL, &snapshot, err));
    enum tarn_status status = open_alter(snapshot, count, changes, options, &transaction, err);
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        status = tarn_transaction_alter(transaction, &changes[i], err);
    }
    if (status == TARN_OK) {
        status = tarn_transaction_commit(transaction, result, err);
    } else {
        tarn_transaction_abort(transaction);
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, uri);
    }
    tarn_snapshot_close(snapshot);
    return status;
}
