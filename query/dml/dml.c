/* SPDX-License-Identifier: Apache-2.0
 *
 * What DELETE, UPDATE, INSERT and CREATE TABLE have in common: the table, the rows to its sink, history, the commit.
 */
#include "query/dml/dml.h"

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
