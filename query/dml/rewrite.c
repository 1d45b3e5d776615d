/* SPDX-License-Identifier: Apache-2.0
 *
 * DELETE and UPDATE. SPEC: Q-DML-1 to Q-DML-5, T-DELTA-DV-5.
 *
 * For every file that may hold a matching row: find the matches; without one the file stays; with nothing but matches a DELETE only takes
 * it out. Else, by the table: rows that match are deleted where they are, and an UPDATE writes what they become; or all rows are written
 * anew, without those deleted or with the new values, and the file is taken out.
 *
 * Invariants
 *  1. A row matches when the predicate is true: false and null leave it alone. `keep` is the exact opposite: predicate IS DISTINCT FROM
 * TRUE.
 *  2. All new files belong to one transaction; a failure at any point aborts it and leaves the table as it was.
 *  3. Where a table asks for its changes to be recorded, a statement records all of them or, when only whole files go, none.
 */
#include "format/base/alloc.h"
#include "format/base/utf8.h"
#include "format/batch/vector.h"
#include "format/expr/filter_scan.h"
#include "query/bind/sql_type.h"
#include "query/dml/change_record.h"
#include "query/dml/dml.h"
#include "query/sql/caret.h"

enum { MOST_TRIES = 12, FIRST_PAUSE = 2000 }; /* microseconds, doubled each time: at most eight seconds in all */

struct rewrite {
    struct tarn_query *query;
    struct tarn__binder binder;
    struct tarn_snapshot *snapshot;
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;   /* opened with the first row that is written */
    struct tarn_schema *rows; /* the table's columns, and what rows carry behind them */
    uint32_t column_count;    /* the table's */
    struct tarn__scope *scope;
    struct tarn__bound *predicate; /* NULL: all rows */
    struct tarn__expression match;
    struct tarn__plan *scan; /* of one file at a time */
    struct tarn__plan *plan; /* what is written in its place */
    bool is_update;
    bool in_place;       /* rows are deleted where they are */
    uint64_t *positions; /* with in_place: of the rows of one file that match */
    size_t position_count;
    size_t position_capacity;
    uint64_t matched;
    uint64_t copied;
    struct tarn__change_record *record; /* NULL: the table does not ask for it */
    uint32_t *gone;                     /* files that are taken out whole */
    size_t gone_count;
    size_t gone_capacity;
};

static struct tarn__bound *true_literal(struct tarn__binder *b)
{
    const struct tarn_value value = {.type = &tarn__sql_boolean, .u.boolean = true};
    return tarn__bound_literal(b, &value, TARN_NO_PLACE);
}

/* ---- plans ---- */

static enum tarn_status check_assignments(struct rewrite *r, struct tarn_error *err)
{
    const struct tarn__statement *s = r->query->statement;
    for (uint32_t i = 0; i < s->assignment_count; i++) {
        const struct tarn__ast name = {
            .kind = TARN__AST_COLUMN, .place = s->assignments[i].place, .name_count = 1, .names = &s->assignments[i].name};
        struct tarn__bound *ignored;
        TARN_RETURN_IF_ERROR(tarn__bind_column(&r->binder, &name, &ignored, err));
        for (uint32_t k = r->column_count; k < r->scope->column_count; k++) {
            if (tarn__text_equal_caseless(r->scope->columns[k].name, s->assignments[i].name)) {
                return tarn__bind_error(&r->binder, name.place, "read_only", err, "a row's id and its version are given, not set");
            }
        }
    }
    return TARN_OK;
}

/* What rows carry stays theirs, but for the version that changed them: that is the commit's, which a null stands for. */
static enum tarn_status new_carried(struct rewrite *r, uint32_t column, struct tarn__bound **out, struct tarn_error *err)
{
    const struct tarn__scope_column *carried = &r->scope->columns[column];
    *out = NULL;
    if (r->is_update && tarn__text_equal(carried->name, TARN_TEXT(TARN_ROW_VERSION))) {
        const struct tarn_value null = {.type = carried->type, .is_null = true};
        *out = tarn__bound_literal(&r->binder, &null, TARN_NO_PLACE);
        return *out != NULL ? TARN_OK : tarn__bind_nomem(&r->binder, err);
    }
    return TARN_OK;
}

/* Every column: as it is, or CASE WHEN predicate THEN new ELSE old END. */
static enum tarn_status new_values(struct rewrite *r, struct tarn__bound **trees, struct tarn_error *err)
{
    for (uint32_t i = 0; i < r->scope->column_count; i++) {
        struct tarn__bound *value;
        struct tarn__bound *old;
        TARN_RETURN_IF_ERROR(tarn__scope_channel(&r->binder, i, TARN_NO_PLACE, &old, err));
        if (i < r->column_count) {
            TARN_RETURN_IF_ERROR(tarn__dml_assignment(&r->binder, r->query->statement, i, &value, err));
        } else {
            TARN_RETURN_IF_ERROR(new_carried(r, i, &value, err));
        }
        trees[i] = value != NULL ? value : old;
        if (value != NULL && r->predicate != NULL) {
            struct tarn__bound *parts[3] = {r->predicate, value, old};
            trees[i] = tarn__bound_call(&r->binder, TARN__F_CASE, old->type, 3, parts, value->place);
        }
        if (trees[i] == NULL) {
            return tarn__bind_nomem(&r->binder, err);
        }
    }
    return TARN_OK;
}

/* Which rows of a file are written: those that stay, those that change, or all. */
static enum tarn_status choose_filter(struct rewrite *r, struct tarn_error *err)
{
    r->in_place = tarn_transaction_deletes_rows(r->transaction);
    if (r->predicate == NULL || (r->is_update && !r->in_place)) {
        return TARN_OK;
    }
    if (r->is_update) {
        return tarn__lower(&r->binder, r->scope, r->predicate, true, &r->scan->predicate, err);
    }
    struct tarn__bound *sides[2] = {r->predicate, true_literal(&r->binder)};
    struct tarn__bound *keep = tarn__bound_call(&r->binder, TARN__F_DISTINCT_FROM, &tarn__sql_boolean, 2, sides, TARN_NO_PLACE);
    if (keep == NULL) {
        return tarn__bind_nomem(&r->binder, err);
    }
    return tarn__lower(&r->binder, r->scope, keep, true, &r->scan->predicate, err);
}

static enum tarn_status make_plans(struct rewrite *r, struct tarn_error *err)
{
    const uint32_t count = r->scope->column_count;
    struct tarn__bound **trees = tarn__arena_calloc(r->binder.arena, count + 1u, sizeof(*trees));
    if (trees == NULL) {
        return tarn__bind_nomem(&r->binder, err);
    }
    TARN_RETURN_IF_ERROR(new_values(r, trees, err));
    return tarn__dml_plan(r->query, &r->binder, count, trees, r->scope->columns, &r->scan, &r->plan, err);
}

/* ---- files ---- */

/* Positions in the file of the rows that passed; the handle behind those of the predicate gives them. */
static enum tarn_status note_positions(struct rewrite *r, struct tarn__filter_scan *filter, struct tarn_error *err)
{
    struct tarn_vector *vector;
    TARN_RETURN_IF_ERROR(tarn__filter_scan_column(filter, r->match.expr->column_count, &vector, err));
    if (!tarn__grow(r->query->env, &r->positions, &r->position_capacity, r->position_count + vector->length, sizeof(*r->positions))) {
        return tarn__nomem(r->query->env, err, vector->length * sizeof(*r->positions));
    }
    for (uint32_t i = 0; i < vector->length; i++) {
        r->positions[r->position_count++] = (uint64_t)tarn__vector_value(vector, i).u.i64;
    }
    return TARN_OK;
}

static enum tarn_status find_in_task(struct rewrite *r, struct tarn_scan *scan, uint32_t task, const uint32_t *handles, uint64_t *matched,
                                     uint64_t *rows, struct tarn_error *err)
{
    const bool note = r->in_place && r->match.expr != NULL;
    struct tarn_cursor *cursor;
    struct tarn__filter_scan *filter;
    struct tarn_selection selection = tarn_selection_all(1);
    TARN_RETURN_IF_ERROR(tarn_scan_open(scan, task, &cursor, err));
    enum tarn_status status = tarn__filter_scan_open(r->query->env, cursor, r->match.expr, handles, tarn_query_expr_host(), &filter, err);
    if (status == TARN_OK) {
        while ((status = tarn__filter_scan_next(filter, 0, &selection, err)) == TARN_OK && selection.count != 0) {
            *matched += selection.count;
            if (note && (status = note_positions(r, filter, err)) != TARN_OK) {
                break;
            }
        }
        *rows += tarn__filter_scan_rows(filter);
        tarn__filter_scan_close(filter);
    }
    tarn_cursor_close(cursor);
    return status;
}

/* How many rows of a file match, and how many it has. Only the predicate's columns are read, and, where rows are deleted, positions. */
static enum tarn_status find_matches(struct rewrite *r, struct tarn_source *source, uint64_t *matched, uint64_t *rows,
                                     struct tarn_error *err)
{
    static const struct tarn_path_step position = {.kind = TARN_PATH_FIELD, .name = {TARN_ROW_INDEX, sizeof(TARN_ROW_INDEX) - 1}, .id = -1};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_scan *scan;
    const uint32_t count = r->match.expr != NULL ? r->match.expr->column_count : 0;
    struct tarn_path *paths = tarn__calloc(r->query->env, count + 1u, sizeof(*paths));
    uint32_t *handles = tarn__calloc(r->query->env, count + 1u, sizeof(*handles));
    enum tarn_status status = paths == NULL || handles == NULL ? tarn__nomem(r->query->env, err, 0) : TARN_OK;
    *matched = 0;
    *rows = 0;
    r->position_count = 0;
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        paths[i] = r->match.expr->columns[i].path;
        handles[i] = i;
    }
    if (status == TARN_OK && r->in_place) {
        paths[count] = (struct tarn_path){1, &position};
    }
    request.path_count = count + r->in_place;
    request.paths = paths;
    request.no_prune = true;
    status = status == TARN_OK ? tarn_source_scan(source, &request, &scan, err) : status;
    if (status == TARN_OK) {
        for (uint32_t i = 0; status == TARN_OK && i < tarn_scan_task_count(scan); i++) {
            status = find_in_task(r, scan, i, handles, matched, rows, err);
        }
        tarn_scan_close(scan);
    }
    tarn__free(r->query->env, paths);
    tarn__free(r->query->env, handles);
    return status;
}

/* What an UPDATE does not set is as it was, but what the table generates: that follows from the new row. */
static enum tarn_status open_sink(struct rewrite *r, struct tarn_error *err)
{
    const struct tarn__statement *s = r->query->statement;
    const uint32_t count = r->scope->column_count;
    uint32_t made_count = 0;
    if (!r->is_update) {
        return tarn_transaction_copy_sink(r->transaction, &r->sink, err);
    }
    uint32_t *made = tarn__arena_calloc(r->binder.arena, (size_t)count + 1, sizeof(*made));
    if (made == NULL) {
        return tarn__bind_nomem(&r->binder, err);
    }
    for (uint32_t i = 0; i < count; i++) {
        bool is_set = false;
        for (uint32_t a = 0; a < s->assignment_count; a++) {
            is_set = is_set || tarn__text_equal_caseless(r->scope->columns[i].name, s->assignments[a].name);
        }
        if (!is_set) {
            made[made_count++] = i;
        }
    }
    return tarn_transaction_copy_rows(r->transaction, made_count, made, &r->sink, err);
}

static enum tarn_status rewrite_file(struct rewrite *r, struct tarn_source *source, uint64_t matched, uint64_t rows, struct tarn_error *err)
{
    uint64_t written = 0;
    const bool partly = r->in_place && matched != rows;
    if (!r->is_update && (partly || matched == rows)) {
        return TARN_OK; /* there is nothing to write */
    }
    if (r->sink == NULL) {
        TARN_RETURN_IF_ERROR(open_sink(r, err));
    }
    if (r->record != NULL && matched != 0) {
        TARN_RETURN_IF_ERROR(tarn__change_record_rows(r->record, source, matched, err));
    }
    r->scan->source = source;
    TARN_RETURN_IF_ERROR(tarn__dml_write(r->query, r->plan, r->sink, &written, err));
    r->copied += partly ? 0 : rows - matched;
    const uint64_t expected = partly ? matched : r->is_update ? rows : rows - matched;
    return written == expected
               ? TARN_OK
               : tarn__internal(err, "a rewrite gave %llu rows instead of %llu", (unsigned long long)written, (unsigned long long)expected);
}

static enum tarn_status note_gone(struct rewrite *r, uint32_t file, struct tarn_error *err)
{
    if (r->record == NULL) {
        return TARN_OK;
    }
    if (!tarn__grow(r->query->env, &r->gone, &r->gone_capacity, r->gone_count + 1, sizeof(*r->gone))) {
        return tarn__nomem(r->query->env, err, sizeof(*r->gone));
    }
    r->gone[r->gone_count++] = file;
    return TARN_OK;
}

static enum tarn_status visit_file(struct rewrite *r, uint32_t file, struct tarn_error *err)
{
    struct tarn_source *source;
    uint64_t matched;
    uint64_t rows;
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(r->query->env, err));
    TARN_RETURN_IF_ERROR(tarn_transaction_file_source(r->transaction, file, &source, err));
    enum tarn_status status = find_matches(r, source, &matched, &rows, err);
    r->matched += matched;
    if (status == TARN_OK && (matched != 0 || rows == 0)) {
        status = rewrite_file(r, source, matched, rows, err);
    }
    if (status == TARN_OK && matched != 0) {
        status = r->in_place && matched != rows ? tarn_transaction_delete_rows(r->transaction, file, r->position_count, r->positions, err)
                                                : tarn_transaction_remove(r->transaction, file, err);
    }
    tarn_source_close(source);
    return status == TARN_OK && !r->is_update && matched != 0 && matched == rows ? note_gone(r, file, err) : status;
}

/*
 * A file that goes whole tells its deletes by itself, unless the commit records others: then those that are recorded are all there are.
 */
static enum tarn_status record_gone(struct rewrite *r, struct tarn_error *err)
{
    enum tarn_status status = TARN_OK;
    for (size_t i = 0; status == TARN_OK && r->sink != NULL && i < r->gone_count; i++) {
        struct tarn_source *source;
        TARN_RETURN_IF_ERROR(tarn_transaction_file_source(r->transaction, r->gone[i], &source, err));
        status = tarn__change_record_rows(r->record, source, UINT64_MAX, err);
        tarn_source_close(source);
    }
    return status == TARN_OK ? tarn__change_record_finish(r->record, err) : status;
}

static enum tarn_status visit_files(struct rewrite *r, struct tarn_error *err)
{
    uint32_t count;
    TARN_RETURN_IF_ERROR(tarn_transaction_select(r->transaction, r->match.expr, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(visit_file(r, i, err));
    }
    if (r->record != NULL) {
        TARN_RETURN_IF_ERROR(record_gone(r, err));
    }
    if (r->sink != NULL) {
        struct tarn_sink *sink = r->sink;
        r->sink = NULL;
        TARN_RETURN_IF_ERROR(tarn_sink_finish(sink, err));
    }
    TARN_RETURN_IF_ERROR(tarn_transaction_metric(r->transaction, r->is_update ? "numUpdatedRows" : "numDeletedRows", r->matched, err));
    return tarn_transaction_metric(r->transaction, "numCopiedRows", r->copied, err);
}

/* ---- the statements ---- */

static enum tarn_status bind(struct rewrite *r, struct tarn_error *err)
{
    const struct tarn__statement *s = r->query->statement;
    r->binder = r->query->planner.binder;
    r->scope = tarn__schema_scope(r->binder.arena, r->rows, tarn__dml_alias(s));
    if (r->scope == NULL) {
        return tarn__bind_nomem(&r->binder, err);
    }
    r->binder.scope = r->scope;
    r->binder.clause = "WHERE";
    if (s->where != NULL) {
        TARN_RETURN_IF_ERROR(tarn__bind_predicate(&r->binder, s->where, &r->predicate, err));
        TARN_RETURN_IF_ERROR(tarn__lower(&r->binder, r->scope, r->predicate, true, &r->match, err));
    }
    TARN_RETURN_IF_ERROR(check_assignments(r, err));
    return make_plans(r, err);
}

static enum tarn_status begin(struct rewrite *r, struct tarn_error *err)
{
    const struct tarn__statement *s = r->query->statement;
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    options.operation = r->is_update ? "UPDATE" : "DELETE";
    options.row_by_row = true;
    options.expr_host = tarn_query_expr_host();
    if (s->where != NULL) {
        const struct tarn_text where = {r->query->sql.data + s->where->begin, s->where->end - s->where->begin};
        TARN_RETURN_IF_ERROR(tarn__dml_parameters(r->query, "predicate", where, &options.parameters, err));
    }
    TARN_RETURN_IF_ERROR(tarn_transaction_open(r->snapshot, &options, &r->transaction, err));
    r->column_count = tarn_transaction_schema(r->transaction)->field_count;
    return tarn_transaction_copy_schema(r->transaction, &r->rows, err);
}

static enum tarn_status rewrite_table(struct tarn_query *query, bool is_update, struct tarn_error *err)
{
    struct rewrite r = {.query = query, .is_update = is_update};
    TARN_RETURN_IF_ERROR(tarn__dml_snapshot(query, &r.snapshot, err));
    enum tarn_status status = begin(&r, err);
    status = status == TARN_OK ? bind(&r, err) : status;
    if (status == TARN_OK && tarn_transaction_records_changes(r.transaction)) {
        status = tarn__change_record_open(query, r.transaction, is_update, &r.record, err);
    }
    status = status == TARN_OK ? choose_filter(&r, err) : status;
    status = status == TARN_OK ? visit_files(&r, err) : status;
    if (status == TARN_OK && r.matched != 0) {
        status = tarn__dml_commit(query, r.transaction, r.matched, err);
        r.transaction = NULL;
    }
    if (r.sink != NULL) {
        tarn_sink_abort(r.sink);
    }
    tarn__change_record_close(r.record);
    tarn_transaction_abort(r.transaction);
    tarn__free(query->env, r.positions);
    tarn__plan_release(r.plan);
    tarn_expr_release(r.match.expr);
    tarn__free(query->env, r.gone);
    tarn_schema_release(r.rows);
    tarn_snapshot_close(r.snapshot);
    return status;
}

/*
 * A statement that loses a race has changed nothing, and means the same on what the winner left: it is run again there, bound anew, since
 * columns may have changed too. The pauses are random, so that two statements that meet do not meet again.
 */
static enum tarn_status rewrite_until_it_holds(struct tarn_query *query, bool is_update, struct tarn_error *err)
{
    int64_t most = FIRST_PAUSE;
    for (uint32_t tries = 1;; tries++) {
        struct tarn_error local = TARN_ERROR_INIT;
        const enum tarn_status status = rewrite_table(query, is_update, &local);
        if (status != TARN_CONFLICT || tries == MOST_TRIES) {
            if (status != TARN_OK && err != NULL) {
                *err = local;
            }
            return status;
        }
        uint64_t random;
        tarn__random(query->env, &random, sizeof(random));
        tarn__sleep(query->env, (int64_t)(random % (uint64_t)most) + 1);
        most *= 2;
    }
}

enum tarn_status tarn__dml_delete(struct tarn_query *query, struct tarn_error *err)
{
    query->info.kind = TARN_STATEMENT_DELETE;
    return rewrite_until_it_holds(query, false, err);
}

enum tarn_status tarn__dml_update(struct tarn_query *query, struct tarn_error *err)
{
    query->info.kind = TARN_STATEMENT_UPDATE;
    return rewrite_until_it_holds(query, true, err);
}
