/* SPDX-License-Identifier: Apache-2.0
 *
 * What DELETE, UPDATE, INSERT and CREATE TABLE have in common: the table, the rows to its sink, history, the commit.
 */
#include "query/dml/dml.h"

#include "format/base/utf8.h"
#include "query/sql/caret.h"

enum tarn_status tarn__dml_snapshot(struct tarn_query *query, struct tarn_snapshot **out, struct tarn_error *err)
{
    const struct tarn__table_name *name = query->statement->table;
    struct tarn_relation relation = {TARN_RELATION_FILE, NULL, NULL};
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__query_relation(query, name, &relation, err));
    if (relation.snapshot == NULL) {
        tarn_relation_close(&relation);
        return tarn__bind_error(&query->planner.binder, name->place, "not_a_table", err, "this is a file; only tables can be changed");
    }
    *out = tarn_snapshot_retain(relation.snapshot);
    tarn_relation_close(&relation);
    return TARN_OK;
}

struct tarn_text tarn__dml_alias(const struct tarn__statement *s)
{
    return s->table->alias.size != 0 || s->table->is_path ? s->table->alias : s->table->names[s->table->name_count - 1];
}

/* ---- plans over one source at a time ---- */

enum tarn_status tarn__dml_assignment(struct tarn__binder *b, const struct tarn__statement *s, uint32_t column, struct tarn__bound **out,
                                      struct tarn_error *err)
{
    const struct tarn__scope_column *scope = &b->scope->columns[column];
    *out = NULL;
    for (uint32_t i = 0; i < s->assignment_count; i++) {
        const struct tarn__assignment *assignment = &s->assignments[i];
        if (!tarn__text_equal(scope->name, assignment->name) && !tarn__text_equal_caseless(scope->name, assignment->name)) {
            continue;
        }
        if (*out != NULL) {
            return tarn__bind_error(b, assignment->place, "twice", err, "the column is set twice");
        }
        b->clause = "SET";
        TARN_RETURN_IF_ERROR(tarn__bind_expression(b, assignment->value, out, err));
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, out, scope->type, false, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__dml_plan(struct tarn_query *query, struct tarn__binder *b, uint32_t count, struct tarn__bound **trees,
                                const struct tarn__scope_column *columns, struct tarn__plan **scan, struct tarn__plan **out,
                                struct tarn_error *err)
{
    const struct tarn__scope *scope = b->scope;
    struct tarn__plan *below = tarn__plan_new(&query->planner, TARN__PLAN_SCAN, NULL);
    struct tarn__plan *project = below != NULL ? tarn__plan_new(&query->planner, TARN__PLAN_PROJECT, below) : NULL;
    struct tarn__scope_column *channels = tarn__arena_calloc(b->arena, scope->channel_count + 1u, sizeof(*channels));
    *scan = below;
    *out = project;
    if (project == NULL || channels == NULL) {
        return tarn__bind_nomem(b, err);
    }
    for (uint32_t i = 0; i < scope->channel_count; i++) {
        const struct tarn__channel *channel = &scope->channels[i];
        channels[i] = (struct tarn__scope_column){channel->path.steps[channel->path.depth - 1].name, channel->type, channel->nullable};
    }
    below->scope = scope;
    below->columns = channels;
    below->column_count = scope->channel_count;
    below->no_prune = true; /* the files were chosen already, and every row of them counts */
    project->columns = columns;
    project->column_count = 0;
    project->trees = trees;
    project->exprs = tarn__arena_calloc(b->arena, count + 1u, sizeof(*project->exprs));
    if (project->exprs == NULL) {
        return tarn__bind_nomem(b, err);
    }
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(tarn__lower(b, scope, trees[i], false, &project->exprs[i], err));
        project->column_count = i + 1;
    }
    return TARN_OK;
}

static enum tarn_status write_rows(struct tarn_query *query, struct tarn__stream *stream, struct tarn_sink *sink, uint64_t *rows,
                                   struct tarn_error *err)
{
    for (;;) {
        struct tarn__chunk chunk;
        struct tarn_batch *batch;
        TARN_RETURN_IF_ERROR(stream->ops->next(stream, &chunk, err));
        if (chunk.rows == 0) {
            return TARN_OK;
        }
        *rows += chunk.rows;
        TARN_RETURN_IF_ERROR(tarn__chunk_to_batch(query->env, sink->schema, &chunk, &batch, err));
        const enum tarn_status status = tarn_sink_write(sink, batch, err);
        tarn_batch_release(batch);
        TARN_RETURN_IF_ERROR(status);
    }
}

enum tarn_status tarn__dml_write(struct tarn_query *query, struct tarn__plan *plan, struct tarn_sink *sink, uint64_t *rows,
                                 struct tarn_error *err)
{
    struct tarn__stage *stage;
    struct tarn__stream *stream;
    *rows = 0;
    TARN_RETURN_IF_ERROR(tarn__stage_open(&query->run, plan, &stage, err));
    enum tarn_status status = tarn__stage_gather(stage, false, &stream, err);
    if (status == TARN_OK) {
        status = write_rows(query, stream, sink, rows, err);
        tarn__stream_close(stream);
    }
    query->run.scan = NULL;
    tarn__stage_close(stage);
    return status;
}

static void add_json_text(struct tarn_text_builder *out, struct tarn_text text)
{
    static const char digits[] = "0123456789abcdef";
    tarn__builder_add_char(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        const unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\') {
            tarn__builder_add_char(out, '\\');
            tarn__builder_add_char(out, (char)c);
        } else if (c < 0x20) {
            tarn__builder_add_str(out, "\\u00");
            tarn__builder_add_char(out, digits[c >> 4]);
            tarn__builder_add_char(out, digits[c & 15]);
        } else {
            tarn__builder_add_char(out, (char)c);
        }
    }
    tarn__builder_add_char(out, '"');
}

enum tarn_status tarn__dml_parameters(struct tarn_query *query, const char *key, struct tarn_text value, struct tarn_text *out,
                                      struct tarn_error *err)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, query->env);
    tarn__builder_add_char(&text, '{');
    add_json_text(&text, tarn__text_of(key));
    tarn__builder_add_char(&text, ':');
    add_json_text(&text, value);
    tarn__builder_add_char(&text, '}');
    enum tarn_status status = tarn__builder_status(&text, err);
    if (status == TARN_OK) {
        *out = tarn__arena_text(&query->arena, tarn__builder_text(&text));
        status = out->data != NULL ? TARN_OK : tarn__nomem(query->env, err, text.size);
    }
    tarn__builder_free(&text);
    return status;
}

enum tarn_status tarn__dml_commit(struct tarn_query *query, struct tarn_transaction *transaction, uint64_t rows, struct tarn_error *err)
{
    struct tarn_commit_result result;
    TARN_RETURN_IF_ERROR(tarn_transaction_commit(transaction, &result, err));
    query->info.version = result.version;
    query->info.rows_changed = rows;
    return TARN_OK;
}
