/* SPDX-License-Identifier: Apache-2.0
 *
 * From a request in the table's words to one in a file's.
 *
 * Invariants
 *  1. A partition column is its partition value: always, also when the file has a column of that name, or, where files keep such columns,
 *     in files that do not have it.
 *  2. Columns are found by name or by id, as the snapshot says; a file without any ids serves a table that goes by ids only by the aliases
 *     that the table gives its columns.
 *  3. What a file does not have is null; where the table's column is never null, the file is damaged.
 *  4. The file's reader is given those conjuncts of the predicate only whose columns it has under the same types: skipping less is right,
 *     skipping by another meaning is not.
 *  5. Where rows are gone, the file's reader is asked for the positions of rows too, and not told of a limit that counts what is left.
 */
#include "txlog/core/file_plan.h"

#include <string.h>

#include "format/base/bytes.h"
#include "txlog/core/deleted_rows.h"
#include "txlog/core/metadata_columns.h"
#include "txlog/core/table_format.h"
#include "txlog/core/table_scan.h"

struct resolved {
    enum tarn__column_from from;
    const struct tarn_value *value;
    struct tarn_path path; /* in the file */
    struct tarn__adapt adapt;
};

static bool has_any_id(uint32_t count, const struct tarn_field *fields)
{
    for (uint32_t i = 0; i < count; i++) {
        if (fields[i].id >= 0 || has_any_id(fields[i].type->field_count, fields[i].type->fields)) {
            return true;
        }
    }
    return false;
}

static bool is_partition_value(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file, uint32_t column,
                               struct resolved *out)
{
    const struct tarn__partition *partition = tarn__snapshot_partition(snapshot, file);
    uint32_t place;
    if (partition == NULL || tarn__spec_identity_of(partition->spec, column, &place) == NULL) {
        return false;
    }
    out->from = TARN_COLUMN_VALUE;
    out->value = &partition->values[place];
    return true;
}

/* Follows one path through the table's schema and the file's side by side. `type`: what the path has in the table. */
static enum tarn_status resolve(struct tarn_arena *arena, const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file,
                                const struct tarn_schema *in_file, const struct tarn_path *path, const struct tarn_type *type,
                                struct resolved *out, struct tarn_error *err)
{
    *out = (struct resolved){0};
    struct tarn_path_step *steps = tarn__arena_calloc(arena, (size_t)path->depth + 1, sizeof(*steps));
    if (steps == NULL) {
        return tarn__nomem(arena->env, err, path->depth * sizeof(*steps));
    }
    out->path = (struct tarn_path){path->depth, steps};
    uint32_t count = snapshot->schema->field_count;
    const struct tarn_field *fields = snapshot->schema->fields;
    const struct tarn__physical *physical = snapshot->physical;
    uint32_t file_count = in_file->field_count;
    const struct tarn_field *file_fields = in_file->fields;
    const struct tarn_type *file_type = NULL;
    const bool by_alias = snapshot->match_by_id && !has_any_id(file_count, file_fields);
    for (uint32_t d = 0; d < path->depth; d++) {
        const struct tarn_path_step *step = &path->steps[d];
        steps[d] = (struct tarn_path_step){.kind = step->kind, .id = -1};
        int32_t at = step->kind == TARN_PATH_VALUE ? 1 : 0;
        int32_t found = at;
        if (step->kind == TARN_PATH_POSITION) {
            at = step->id;
            steps[d].kind = TARN_PATH_FIELD; /* of the table: in the file it may stand elsewhere */
        } else if (step->kind == TARN_PATH_FIELD) {
            at = tarn_fields_find(count, fields, step->name);
        }
        if (at < 0 || (uint32_t)at >= count) {
            return tarn__error_set(err, TARN_NOT_FOUND, "column", "the table has no column \"%.*s\"", TARN_TEXT_ARG(step->name));
        }
        if (d == 0 && !snapshot->format->keeps_partition_columns && is_partition_value(snapshot, file, (uint32_t)at, out)) {
            return TARN_OK;
        }
        if (tarn_path_step_is_member(step)) {
            const struct tarn__adapt_names names = {&physical[at], snapshot->match_by_id, by_alias};
            found = tarn__adapt_find(file_count, file_fields, &names);
            if (found >= 0) {
                steps[d].name = file_fields[found].name;
            }
        }
        if (found < 0 || (uint32_t)found >= file_count) {
            if (d == 0 && is_partition_value(snapshot, file, (uint32_t)at, out)) {
                return TARN_OK;
            }
            out->from = TARN_COLUMN_NULLS;
            return fields[at].nullable ? TARN_OK : tarn__corrupt(err, "required_column", "a column that is never null is not in the file");
        }
        file_type = file_fields[found].type;
        file_count = file_type->field_count;
        file_fields = file_type->fields;
        count = fields[at].type->field_count;
        physical = d + 1 < path->depth ? physical[at].children : &physical[at];
        fields = fields[at].type->fields;
    }
    const struct tarn__adapt_names names = {physical, snapshot->match_by_id, by_alias};
    return tarn__adapt_plan(arena, file_type, type, &names, &out->adapt, err);
}

/* ---- the predicate, conjunct by conjunct ---- */

struct rewriter {
    struct tarn_expr_builder *builder;
    const struct tarn_expr *expr;
    const struct resolved *columns;
};

static bool can_ask_file(const struct rewriter *rewriter, const struct tarn_expr_node *node)
{
    if (node->op == TARN_EXPR_CALL) {
        return false;
    }
    if (node->op == TARN_EXPR_COLUMN) {
        const struct resolved *column = &rewriter->columns[node->slot];
        return column->from == TARN_COLUMN_FILE && column->adapt.kind == TARN_ADAPT_SAME && column->adapt.to != NULL &&
               tarn_type_equal(column->adapt.from, column->adapt.to);
    }
    for (uint32_t i = 0; i < node->arg_count; i++) {
        if (!can_ask_file(rewriter, node->args[i])) {
            return false;
        }
    }
    return true;
}

static const struct tarn_expr_node *rewrite(const struct rewriter *rewriter, const struct tarn_expr_node *node, struct tarn_arena *arena)
{
    if (node->op == TARN_EXPR_LITERAL) {
        return tarn_expr_make_literal(rewriter->builder, &node->value);
    }
    if (node->op == TARN_EXPR_COLUMN) {
        return tarn_expr_make_column(rewriter->builder, &rewriter->columns[node->slot].path, node->type,
                                     rewriter->expr->columns[node->slot].nullable);
    }
    const struct tarn_expr_node **args = tarn__arena_calloc(arena, (size_t)node->arg_count + 1, sizeof(*args));
    if (args == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < node->arg_count; i++) {
        args[i] = rewrite(rewriter, node->args[i], arena);
    }
    return node->op == TARN_EXPR_CAST ? tarn_expr_make_cast(rewriter->builder, args[0], node->type)
                                      : tarn_expr_make(rewriter->builder, node->op, node->arg_count, args);
}

/* The conjuncts that the file can be asked, joined by AND; NULL when there are none. */
static const struct tarn_expr_node *rewrite_conjuncts(const struct rewriter *rewriter, const struct tarn_expr_node *node,
                                                      struct tarn_arena *arena)
{
    if (node->op != TARN_EXPR_AND) {
        return can_ask_file(rewriter, node) ? rewrite(rewriter, node, arena) : NULL;
    }
    const struct tarn_expr_node *all = NULL;
    for (uint32_t i = 0; i < node->arg_count; i++) {
        const struct tarn_expr_node *one = rewrite_conjuncts(rewriter, node->args[i], arena);
        if (one != NULL && all != NULL) {
            const struct tarn_expr_node *const both[] = {all, one};
            all = tarn_expr_make(rewriter->builder, TARN_EXPR_AND, 2, both);
        } else if (one != NULL) {
            all = one;
        }
    }
    return all;
}

static enum tarn_status translate_predicate(struct tarn__file_plan *plan, const struct tarn_snapshot *snapshot,
                                            const struct tarn__tracked_file *file, const struct tarn_expr *predicate,
                                            struct tarn_error *err)
{
    struct resolved *columns = tarn__arena_calloc(&plan->arena, (size_t)predicate->column_count + 1, sizeof(*columns));
    if (columns == NULL) {
        return tarn__nomem(snapshot->env, err, predicate->column_count * sizeof(*columns));
    }
    for (uint32_t i = 0; i < predicate->column_count; i++) {
        const struct tarn_type *type;
        bool nullable;
        if (tarn_path_resolve(snapshot->schema, &predicate->columns[i].path, &type, &nullable, NULL, NULL) != TARN_OK ||
            resolve(&plan->arena, snapshot, file, tarn_source_schema(plan->source), &predicate->columns[i].path, type, &columns[i], NULL) !=
                TARN_OK) {
            columns[i].from = TARN_COLUMN_NULLS;
        }
    }
    struct rewriter rewriter = {.expr = predicate, .columns = columns};
    TARN_RETURN_IF_ERROR(tarn_expr_builder_open(snapshot->env, &rewriter.builder, err));
    const struct tarn_expr_node *root = rewrite_conjuncts(&rewriter, predicate->root, &plan->arena);
    if (root == NULL) {
        tarn_expr_builder_abort(rewriter.builder);
        return TARN_OK;
    }
    return tarn_expr_builder_finish(rewriter.builder, root, &plan->predicate, err);
}

/* What is asked of the file's own scan. */
struct asked {
    struct tarn_path *paths;
    uint32_t count;
};

static const struct tarn_path_step row_index_step = {TARN_PATH_FIELD, {TARN_ROW_INDEX, sizeof(TARN_ROW_INDEX) - 1}, -1};

static uint32_t ask_positions(struct asked *asked)
{
    asked->paths[asked->count] = (struct tarn_path){1, &row_index_step};
    return asked->count++;
}

/* The column that a file stores numbers of rows in, when it has one. */
static enum tarn_status ask_stored(struct asked *asked, struct tarn_arena *arena, const struct tarn_schema *in_file,
                                   const struct tarn__physical *column, uint32_t *handle, struct tarn_error *err)
{
    const struct tarn__adapt_names names = {column, column->id >= 0, false};
    const int32_t found = column->name.size != 0 || column->id >= 0 ? tarn__adapt_find(in_file->field_count, in_file->fields, &names) : -1;
    *handle = TARN_NO_HANDLE;
    if (found < 0) {
        return TARN_OK;
    }
    if (in_file->fields[found].type->id != TARN_TYPE_I64) {
        return tarn__corrupt(err, "row_id", "the file's column of row ids is no column of BIGINTs");
    }
    struct tarn_path_step *step = tarn__arena_alloc(arena, sizeof(*step));
    if (step == NULL) {
        return tarn__nomem(arena->env, err, sizeof(*step));
    }
    *step = (struct tarn_path_step){TARN_PATH_FIELD, in_file->fields[found].name, -1};
    asked->paths[asked->count] = (struct tarn_path){1, step};
    *handle = asked->count++;
    return TARN_OK;
}

static enum tarn_status plan_metadata(struct tarn__file_plan *plan, const struct tarn_snapshot *snapshot,
                                      const struct tarn__tracked_file *file, enum tarn__metadata_column which, struct asked *asked,
                                      struct tarn__column_plan *column, struct tarn_error *err)
{
    const struct tarn_schema *in_file = tarn_source_schema(plan->source);
    const bool is_id = which == TARN_METADATA_ROW_ID;
    if (which == TARN_METADATA_ROW_INDEX) {
        column->adapt = (struct tarn__adapt){.kind = TARN_ADAPT_SAME, .from = column->type, .to = column->type};
        column->handle = ask_positions(asked);
        return TARN_OK;
    }
    if (is_id || which == TARN_METADATA_ROW_VERSION) {
        const int64_t none = -1;
        column->from = TARN_COLUMN_NUMBERS;
        column->base = file->extra == NULL ? none : is_id ? file->extra->first_row_id : file->extra->row_version;
        column->positions = is_id && column->base >= 0 ? ask_positions(asked) : TARN_NO_HANDLE;
        return ask_stored(asked, &plan->arena, in_file, is_id ? &snapshot->row_id_column : &snapshot->row_version_column, &column->handle,
                          err);
    }
    struct tarn_value *value = tarn__arena_alloc(&plan->arena, sizeof(*value));
    if (value == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(*value));
    }
    column->from = TARN_COLUMN_VALUE;
    column->value = value;
    return tarn__metadata_value(snapshot, file, which, &plan->arena, value, err);
}

static enum tarn_status plan_columns(struct tarn__file_plan *plan, const struct tarn_snapshot *snapshot,
                                     const struct tarn__tracked_file *file, const struct tarn_scan_request *request,
                                     const struct tarn_type *const *types, struct tarn_error *err)
{
    const struct tarn_schema *in_file = tarn_source_schema(plan->source);
    if (snapshot->match_by_id && !snapshot->has_aliases && in_file->field_count != 0 &&
        !has_any_id(in_file->field_count, in_file->fields)) {
        return tarn__unsupported(err, "scan.file_without_ids", "the table finds columns by field id, and the file has none");
    }
    struct asked asked = {.paths = tarn__arena_calloc(&plan->arena, (size_t)request->path_count * 2 + 1, sizeof(*asked.paths))};
    plan->columns = tarn__arena_calloc(&plan->arena, (size_t)request->path_count + 1, sizeof(*plan->columns));
    if (asked.paths == NULL || plan->columns == NULL) {
        return tarn__nomem(snapshot->env, err, request->path_count * sizeof(*plan->columns));
    }
    plan->column_count = request->path_count;
    for (uint32_t i = 0; i < request->path_count; i++) {
        const struct tarn_path *path = &request->paths[i];
        struct tarn__column_plan *column = &plan->columns[i];
        column->type = types[i];
        if (path->depth == 1 && tarn__text_equal(path->steps[0].name, TARN_TEXT(TARN_ROW_INDEX))) {
            column->adapt = (struct tarn__adapt){.kind = TARN_ADAPT_SAME, .from = types[i], .to = types[i]};
            column->handle = ask_positions(&asked);
            continue;
        }
        enum tarn__metadata_column which;
        TARN_RETURN_IF_ERROR(tarn__metadata_column_find(snapshot, path, &which, &column->type, err));
        if (which != TARN_METADATA_NONE) {
            TARN_RETURN_IF_ERROR(plan_metadata(plan, snapshot, file, which, &asked, column, err));
            continue;
        }
        struct resolved resolved;
        const enum tarn_status status = resolve(&plan->arena, snapshot, file, in_file, path, types[i], &resolved, err);
        if (status != TARN_OK) {
            tarn__error_at_column(err, path->steps[0].name);
            return status;
        }
        column->from = resolved.from;
        column->value = resolved.value;
        column->adapt = resolved.adapt;
        if (resolved.from == TARN_COLUMN_FILE) {
            asked.paths[asked.count] = resolved.path;
            column->handle = asked.count++;
        }
    }
    if (request->predicate != NULL && !request->no_prune) {
        TARN_RETURN_IF_ERROR(translate_predicate(plan, snapshot, file, request->predicate, err));
    }
    struct tarn_scan_request inner = *request;
    if (plan->deleted != NULL || plan->only != NULL) {
        plan->row_index = ask_positions(&asked);
        inner.row_limit = 0;
    }
    inner.path_count = asked.count;
    inner.paths = asked.paths;
    inner.predicate = plan->predicate;
    return tarn_source_scan(plan->source, &inner, &plan->scan, err);
}

static enum tarn_status load_deleted(struct tarn__file_plan *plan, const struct tarn_snapshot *snapshot,
                                     const struct tarn__tracked_file *file, struct tarn_error *err)
{
    uint64_t rows;
    TARN_RETURN_IF_ERROR(tarn__deleted_rows(snapshot, file, &plan->deleted, err));
    TARN_RETURN_IF_ERROR(tarn__only_rows(snapshot, file, plan->deleted, &plan->only, err));
    if ((plan->deleted == NULL && plan->only == NULL) || !tarn_source_row_count(plan->source, &rows)) {
        return TARN_OK;
    }
    if (plan->only != NULL) {
        TARN_RETURN_IF_ERROR(tarn__deleted_rows_check(plan->only, rows, err));
    }
    return plan->deleted != NULL ? tarn__deleted_rows_check(plan->deleted, rows, err) : TARN_OK;
}

enum tarn_status tarn__file_plan_open(struct tarn__file_plan *plan, const struct tarn_snapshot *snapshot,
                                      const struct tarn__tracked_file *file, const struct tarn_scan_request *request,
                                      const struct tarn_type *const *types, struct tarn_error *err)
{
    *plan = (struct tarn__file_plan){0};
    tarn__arena_init(&plan->arena, snapshot->env);
    enum tarn_status status = tarn__open_data_file(snapshot, file, &plan->source, err);
    if (status == TARN_OK) {
        status = load_deleted(plan, snapshot, file, err);
    }
    if (status == TARN_OK) {
        status = plan_columns(plan, snapshot, file, request, types, err);
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, file->path);
        tarn__file_plan_close(plan);
    }
    return status;
}

void tarn__file_plan_close(struct tarn__file_plan *plan)
{
    tarn_scan_close(plan->scan);
    tarn_source_close(plan->source);
    tarn_expr_release(plan->predicate);
    tarn__roaring_release(plan->deleted);
    tarn__roaring_release(plan->only);
    tarn__arena_free(&plan->arena);
    *plan = (struct tarn__file_plan){0};
}
