/* SPDX-License-Identifier: Apache-2.0
 *
 * A query from its text to its rows. SPEC: Q-RES-1 (names of columns), Q-ERR-4.
 *
 * Invariants
 *  1. What reads a source is closed before the source: stream, stage, plan, then relations.
 *  2. The batch that was handed out lives until the next call, and its vectors' types are those of the result's schema, which it keeps.
 */
#include "query/query_state.h"

#include <stdio.h>
#include <string.h>

#include "format/base/utf8.h"
#include "format/batch/vector_builder.h"
#include "query/bind/sql_type.h"
#include "query/sql/caret.h"

enum tarn_status tarn__query_point(const struct tarn_query *query, enum tarn_status status, struct tarn_error *err)
{
    if (status == TARN_INVALID && err != NULL && err->offset >= 0 && err->object[0] == '\0' && strstr(err->message, "\nLINE ") == NULL) {
        tarn__sql_error_at(err, query->sql, (uint32_t)err->offset);
    }
    return status;
}

static void copy_options(struct tarn_query *query, const struct tarn_query_options *options)
{
    query->options = (struct tarn_query_options)TARN_QUERY_OPTIONS_INIT;
    if (options != NULL) {
        const size_t size = options->size < sizeof(query->options) ? options->size : sizeof(query->options);
        memcpy(&query->options, options, size);
    }
}

/* Is there nothing behind the statement? */
static enum tarn_status check_single(struct tarn_query *query, struct tarn_error *err)
{
    const size_t consumed = query->statement->consumed;
    const struct tarn_text rest = {query->sql.data + consumed, query->sql.size - consumed};
    struct tarn__statement *behind;
    const enum tarn_status status = tarn__sql_parse(&query->arena, rest, &behind, NULL);
    if (status == TARN_NOMEM || (status == TARN_OK && behind->kind == TARN__STATEMENT_NONE && behind->consumed == rest.size)) {
        return status;
    }
    (void)tarn__invalid(err, "sql.single", "one statement is taken here, and something follows it");
    tarn__sql_error_at(err, query->sql, (uint32_t)consumed);
    return TARN_INVALID;
}

static enum tarn_status begin(struct tarn_query *query, struct tarn_text sql, struct tarn_error *err)
{
    struct tarn__binder *binder = &query->planner.binder;
    query->sql = tarn__arena_text(&query->arena, sql);
    if (query->sql.data == NULL) {
        return tarn__nomem(query->env, err, sql.size);
    }
    query->sql.size = sql.size;
    *binder = (struct tarn__binder){.arena = &query->arena, .env = query->env, .sql = query->sql, .now = tarn__now(query->env)};
    binder->parameters = query->options.parameters;
    binder->parameter_count = query->options.parameter_count;
    query->planner.relations = &query->relations;
    query->planner.no_prune = query->options.no_prune;
    TARN_RETURN_IF_ERROR(tarn__sql_parse(&query->arena, query->sql, &query->statement, err));
    query->info.consumed = query->statement->consumed;
    return query->options.single ? check_single(query, err) : TARN_OK;
}

enum tarn_status tarn__query_begin(struct tarn_env *env, struct tarn_text sql, const struct tarn_query_options *options,
                                   struct tarn_query **out, struct tarn_error *err)
{
    struct tarn_query *query = tarn__calloc(env, 1, sizeof(*query));
    *out = NULL;
    if (query == NULL) {
        return tarn__nomem(env, err, sizeof(*query));
    }
    query->env = tarn__env_retain(env);
    query->info.version = -1;
    query->run.env = env;
    query->stats.size = sizeof(query->stats);
    tarn__arena_init(&query->arena, env);
    copy_options(query, options);
    const enum tarn_status status = begin(query, sql, err);
    if (status != TARN_OK) {
        tarn_query_close(query);
        return status;
    }
    *out = query;
    return TARN_OK;
}

/* ---- the result's schema ---- */

static bool name_taken(const struct tarn_field *fields, uint32_t count, struct tarn_text name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (tarn__text_equal(fields[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* A second column of one name is called name_1, name_2, ... */
static bool unique_name(struct tarn_arena *arena, const struct tarn_field *fields, uint32_t count, struct tarn_text *name)
{
    struct tarn_text wanted = *name;
    for (uint32_t n = 1; name_taken(fields, count, wanted); n++) {
        char *copy = tarn__arena_alloc(arena, name->size + 16);
        if (copy == NULL) {
            return false;
        }
        memcpy(copy, name->data, name->size);
        wanted = (struct tarn_text){copy, name->size + (size_t)snprintf(copy + name->size, 16, "_%u", n)};
    }
    *name = wanted;
    return true;
}

static enum tarn_status make_schema(struct tarn_query *query, const struct tarn__plan *plan, struct tarn_error *err)
{
    struct tarn_field *fields = tarn__arena_calloc(&query->arena, plan->column_count + 1u, sizeof(*fields));
    if (fields == NULL) {
        return tarn__nomem(query->env, err, 0);
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        fields[i] = (struct tarn_field){.name = plan->columns[i].name, .type = plan->columns[i].type, .nullable = true, .id = -1};
        if (!unique_name(&query->arena, fields, i, &fields[i].name)) {
            return tarn__nomem(query->env, err, 0);
        }
    }
    return tarn_schema_make(query->env, plan->column_count, fields, 0, NULL, &query->schema, err);
}

enum tarn_status tarn__query_start(struct tarn_query *query, struct tarn__plan *plan, struct tarn_error *err)
{
    query->plan = plan;
    TARN_RETURN_IF_ERROR(make_schema(query, plan, err));
    TARN_RETURN_IF_ERROR(tarn__stage_open(&query->run, plan, &query->stage, err));
    return tarn__stage_gather(query->stage, false, &query->stream, err);
}

enum tarn_status tarn__query_select(struct tarn_query *query, struct tarn_error *err)
{
    struct tarn__plan *plan;
    query->info.kind = TARN_STATEMENT_SELECT;
    TARN_RETURN_IF_ERROR(tarn__plan_select(&query->planner, query->statement->select, &plan, err));
    return tarn__query_start(query, plan, err);
}

enum tarn_status tarn__query_text_rows(struct tarn_query *query, uint32_t column_count, const char *const *names, uint32_t row_count,
                                       const struct tarn_text *cells, struct tarn_error *err)
{
    struct tarn_field fields[8];
    for (uint32_t k = 0; k < column_count; k++) {
        fields[k] = (struct tarn_field){.name = tarn__text_of(names[k]), .type = &tarn__sql_varchar, .nullable = true, .id = -1};
    }
    TARN_RETURN_IF_ERROR(tarn_schema_make(query->env, column_count, fields, 0, NULL, &query->schema, err));
    TARN_RETURN_IF_ERROR(tarn__chunk_init(&query->ready, query->env, row_count, column_count, err));
    for (uint32_t k = 0; k < column_count; k++) {
        struct tarn_vector_builder *builder;
        TARN_RETURN_IF_ERROR(tarn__vector_builder_open(query->env, query->schema->fields[k].type, &builder, err));
        for (uint32_t i = 0; i < row_count; i++) {
            tarn__vector_builder_text(builder, cells[(size_t)i * column_count + k]);
        }
        const enum tarn_status status = tarn__vector_builder_finish(builder, &query->ready.columns[k], err);
        tarn__vector_builder_close_all(builder);
        TARN_RETURN_IF_ERROR(status);
    }
    return TARN_OK;
}

enum tarn_status tarn__query_explain(struct tarn_query *query, struct tarn_error *err)
{
    static const char *const names[] = {"plan"};
    struct tarn_text_builder text;
    struct tarn_text *lines = NULL;
    size_t capacity = 0;
    uint32_t count = 0;
    query->info.kind = TARN_STATEMENT_EXPLAIN;
    TARN_RETURN_IF_ERROR(tarn__plan_select(&query->planner, query->statement->select, &query->plan, err));
    tarn__builder_init(&text, query->env);
    tarn__plan_explain(&text, query->plan);
    enum tarn_status status = tarn__builder_status(&text, err);
    for (size_t at = 0; status == TARN_OK && at < text.size;) {
        const char *end = memchr(text.data + at, '\n', text.size - at);
        if (!tarn__grow(query->env, &lines, &capacity, count + 1u, sizeof(*lines))) {
            status = tarn__nomem(query->env, err, 0);
            break;
        }
        lines[count++] = (struct tarn_text){text.data + at, (size_t)(end - text.data) - at};
        at = (size_t)(end - text.data) + 1;
    }
    status = status == TARN_OK ? tarn__query_text_rows(query, 1, names, count, lines, err) : status;
    tarn__free(query->env, lines);
    tarn__builder_free(&text);
    return status;
}

/* ---- rows ---- */

enum tarn_status tarn__chunk_to_batch(struct tarn_env *env, const struct tarn_schema *schema, struct tarn__chunk *chunk,
                                      struct tarn_batch **out, struct tarn_error *err)
{
    enum tarn_status status = TARN_OK;
    *out = NULL;
    for (uint32_t i = 0; i < chunk->column_count; i++) {
        struct tarn_vector *typed = tarn__vector_retype(chunk->columns[i], schema->fields[i].type);
        if (typed == NULL) {
            status = tarn__nomem(env, err, 0);
            break;
        }
        tarn_vector_release(chunk->columns[i]);
        chunk->columns[i] = typed;
    }
    status = status == TARN_OK ? tarn_batch_make(env, schema, chunk->rows, chunk->columns, out, err) : status;
    tarn__chunk_free(chunk, env);
    return status;
}

static void report(struct tarn_query *query)
{
    if (query->run.scan != NULL) {
        tarn_scan_stats(query->run.scan, &query->stats);
    }
    if (query->options.progress != NULL) {
        query->options.progress(query->options.progress_arg, query->stats.rows, query->stats.bytes_read, -1);
    }
}

enum tarn_status tarn_query_next(struct tarn_query *query, struct tarn_batch **out, struct tarn_error *err)
{
    struct tarn__chunk chunk = query->ready;
    *out = NULL;
    tarn_batch_release(query->batch);
    query->batch = NULL;
    query->ready = (struct tarn__chunk){0, 0, NULL};
    if (chunk.rows == 0) {
        tarn__chunk_free(&chunk, query->env);
        if (query->stream == NULL) {
            return TARN_OK;
        }
        const enum tarn_status status = query->stream->ops->next(query->stream, &chunk, err);
        if (status != TARN_OK) {
            return tarn__query_point(query, status, err);
        }
        report(query);
        if (chunk.rows == 0) {
            tarn__query_stop(query);
            return TARN_OK;
        }
    }
    query->rows_given += chunk.rows;
    TARN_RETURN_IF_ERROR(tarn__chunk_to_batch(query->env, query->schema, &chunk, &query->batch, err));
    *out = query->batch;
    return TARN_OK;
}

static void tell_parts(const struct tarn_query *query)
{
    char words[512];
    for (uint32_t part = 0; query->options.part != NULL; part++) {
        const size_t length = tarn_scan_explain(query->run.scan, part, words, sizeof(words));
        if (length == 0) {
            break;
        }
        query->options.part(query->options.part_arg, (struct tarn_text){words, length < sizeof(words) ? length : sizeof(words) - 1});
    }
}

void tarn__query_stop(struct tarn_query *query)
{
    if (query->run.scan != NULL) {
        tell_parts(query);
        tarn_scan_stats(query->run.scan, &query->stats);
        query->run.scan = NULL;
    }
    tarn__stream_close(query->stream);
    tarn__stage_close(query->stage);
    query->stream = NULL;
    query->stage = NULL;
}

struct tarn_query_info tarn_query_info(const struct tarn_query *query)
{
    return query->info;
}

const struct tarn_schema *tarn_query_schema(const struct tarn_query *query)
{
    static const struct tarn_schema none = {0, NULL, 0, NULL};
    return query->schema != NULL ? query->schema : &none;
}

void tarn_query_stats(const struct tarn_query *query, struct tarn_scan_stats *stats)
{
    struct tarn_scan_stats now = query->stats;
    if (query->run.scan != NULL) {
        tarn_scan_stats(query->run.scan, &now);
    }
    const uint32_t size = stats->size < sizeof(now) ? stats->size : (uint32_t)sizeof(now);
    now.size = stats->size;
    memcpy(stats, &now, size);
}

void tarn_query_close(struct tarn_query *query)
{
    if (query == NULL) {
        return;
    }
    struct tarn_env *env = query->env;
    tarn_batch_release(query->batch);
    tarn__chunk_free(&query->ready, env);
    tarn__query_stop(query);
    tarn__plan_release(query->plan);
    tarn_schema_release(query->schema);
    if (query->close_relations != NULL) {
        query->close_relations(query->relations.ctx);
    }
    tarn__arena_free(&query->arena);
    tarn__free(env, query);
    tarn_env_close(env);
}
