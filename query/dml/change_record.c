/* SPDX-License-Identifier: Apache-2.0
 *
 * Recorded changes of DELETE and UPDATE. SPEC: Q-DML-12.
 *
 * Invariants
 *  1. What is recorded comes from the same expressions as what is written, over the same rows: those for which the predicate is true.
 *  2. The sink is opened with the first row that is recorded: a statement that records nothing leaves no file.
 */
#include "query/dml/change_record.h"

#include "format/base/bytes.h"
#include "query/bind/sql_type.h"
#include "query/dml/dml.h"
#include "query/sql/caret.h"

enum { MOST_IMAGES = 2 };

/* One kind of row that is recorded. */
struct image {
    struct tarn__plan *scan;
    struct tarn__plan *plan;
};

struct tarn__change_record {
    struct tarn_query *query;
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;
    struct image images[MOST_IMAGES];
    uint32_t image_count;
};

/* The columns of a row, and what became of it. */
static enum tarn_status make_columns(struct tarn__binder *b, const struct tarn__scope_column **out, struct tarn_error *err)
{
    const uint32_t count = b->scope->column_count;
    struct tarn__scope_column *columns = tarn__arena_calloc(b->arena, count + 1u, sizeof(*columns));
    *out = columns;
    if (columns == NULL) {
        return tarn__bind_nomem(b, err);
    }
    for (uint32_t i = 0; i < count; i++) {
        columns[i] = b->scope->columns[i];
    }
    columns[count] = (struct tarn__scope_column){TARN_TEXT("_change_type"), &tarn__sql_varchar, false};
    return TARN_OK;
}

static enum tarn_status make_image(struct tarn__change_record *record, const char *type, bool after, struct tarn_error *err)
{
    struct tarn_query *query = record->query;
    const struct tarn__statement *s = query->statement;
    struct tarn__binder b = query->planner.binder;
    struct image *image = &record->images[record->image_count++];
    const struct tarn__scope_column *columns;
    struct tarn__bound *predicate = NULL;
    b.scope = tarn__schema_scope(b.arena, tarn_transaction_schema(record->transaction), tarn__dml_alias(s));
    const uint32_t count = b.scope != NULL ? b.scope->column_count : 0;
    struct tarn__bound **trees = tarn__arena_calloc(b.arena, count + 1u, sizeof(*trees));
    if (b.scope == NULL || trees == NULL) {
        return tarn__bind_nomem(&b, err);
    }
    b.clause = "WHERE";
    if (s->where != NULL) {
        TARN_RETURN_IF_ERROR(tarn__bind_predicate(&b, s->where, &predicate, err));
    }
    for (uint32_t i = 0; i < count; i++) {
        if (after) {
            TARN_RETURN_IF_ERROR(tarn__dml_assignment(&b, s, i, &trees[i], err));
        }
        if (trees[i] == NULL) {
            TARN_RETURN_IF_ERROR(tarn__scope_channel(&b, i, TARN_NO_PLACE, &trees[i], err));
        }
    }
    const struct tarn_value word = {.type = &tarn__sql_varchar, .u.bytes = tarn__text_of(type)};
    trees[count] = tarn__bound_literal(&b, &word, TARN_NO_PLACE);
    if (trees[count] == NULL) {
        return tarn__bind_nomem(&b, err);
    }
    TARN_RETURN_IF_ERROR(make_columns(&b, &columns, err));
    TARN_RETURN_IF_ERROR(tarn__dml_plan(query, &b, count + 1, trees, columns, &image->scan, &image->plan, err));
    image->scan->no_prune = false; /* what is skipped holds no matching row */
    return predicate != NULL ? tarn__lower(&b, b.scope, predicate, true, &image->scan->predicate, err) : TARN_OK;
}

enum tarn_status tarn__change_record_open(struct tarn_query *query, struct tarn_transaction *transaction, bool is_update,
                                          struct tarn__change_record **out, struct tarn_error *err)
{
    struct tarn__change_record *record = tarn__calloc(query->env, 1, sizeof(*record));
    *out = record;
    if (record == NULL) {
        return tarn__nomem(query->env, err, sizeof(*record));
    }
    record->query = query;
    record->transaction = transaction;
    if (!is_update) {
        return make_image(record, "delete", false, err);
    }
    TARN_RETURN_IF_ERROR(make_image(record, "update_preimage", false, err));
    return make_image(record, "update_postimage", true, err);
}

enum tarn_status tarn__change_record_rows(struct tarn__change_record *record, struct tarn_source *source, uint64_t matched,
                                          struct tarn_error *err)
{
    if (record->sink == NULL) {
        TARN_RETURN_IF_ERROR(tarn_transaction_change_sink(record->transaction, &record->sink, err));
    }
    for (uint32_t i = 0; i < record->image_count; i++) {
        uint64_t written;
        record->images[i].scan->source = source;
        TARN_RETURN_IF_ERROR(tarn__dml_write(record->query, record->images[i].plan, record->sink, &written, err));
        if (matched != UINT64_MAX && written != matched) {
            return tarn__internal(err, "%llu changes were recorded instead of %llu", (unsigned long long)written,
                                  (unsigned long long)matched);
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__change_record_finish(struct tarn__change_record *record, struct tarn_error *err)
{
    struct tarn_sink *sink = record->sink;
    record->sink = NULL;
    return sink != NULL ? tarn_sink_finish(sink, err) : TARN_OK;
}

void tarn__change_record_close(struct tarn__change_record *record)
{
    if (record == NULL) {
        return;
    }
    if (record->sink != NULL) {
        tarn_sink_abort(record->sink);
    }
    for (uint32_t i = 0; i < record->image_count; i++) {
        tarn__plan_release(record->images[i].plan);
    }
    tarn__free(record->query->env, record);
}
