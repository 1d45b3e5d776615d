/* SPDX-License-Identifier: Apache-2.0
 *
 * What a transaction writes of rows that were there before: copies that carry what is theirs, and records of what changed.
 *
 * Invariant: files of recorded changes are staged as data files are: told before they come to be, dropped with the commit that is lost.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "txlog/core/changes.h"
#include "txlog/core/transaction.h"

/* ---- copies ---- */

static void carry(struct tarn__extra_column *column, const char *name, const struct tarn__physical *in_file)
{
    static const struct tarn_type number = {.id = TARN_TYPE_I64};
    *column = (struct tarn__extra_column){
        .field = {.name = tarn__text_of(name), .type = &number, .nullable = true, .id = -1},
        .in_file = in_file->name,
        .id = in_file->id,
    };
}

enum tarn_status tarn__transaction_carried(const struct tarn_transaction *transaction, struct tarn_arena *arena, uint32_t *count,
                                           const struct tarn__extra_column **columns, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = transaction->snapshot;
    *count = 0;
    *columns = NULL;
    if (!snapshot->has_row_ids) {
        return TARN_OK;
    }
    if (snapshot->row_id_column.name.size == 0 || snapshot->row_version_column.name.size == 0) {
        return tarn__corrupt(err, "row_ids", "the table keeps the ids of its rows and does not say in which columns files store them");
    }
    struct tarn__extra_column *both = tarn__arena_calloc(arena, 2, sizeof(*both));
    if (both == NULL) {
        return tarn__nomem(arena->env, err, 2 * sizeof(*both));
    }
    carry(&both[0], TARN_ROW_ID, &snapshot->row_id_column);
    carry(&both[1], TARN_ROW_VERSION, &snapshot->row_version_column);
    *count = 2;
    *columns = both;
    return TARN_OK;
}

enum tarn_status tarn_transaction_copy_schema(const struct tarn_transaction *transaction, struct tarn_schema **out, struct tarn_error *err)
{
    const struct tarn_schema *table = transaction->snapshot->schema;
    const struct tarn__extra_column *columns;
    uint32_t count;
    struct tarn_arena arena;
    *out = NULL;
    tarn__arena_init(&arena, transaction->env);
    enum tarn_status status = tarn__transaction_carried(transaction, &arena, &count, &columns, err);
    if (status == TARN_OK && count == 0) {
        *out = tarn_schema_retain(table);
    } else if (status == TARN_OK) {
        struct tarn_field *fields = tarn__arena_calloc(&arena, (size_t)table->field_count + count, sizeof(*fields));
        if (fields == NULL) {
            status = tarn__nomem(transaction->env, err, table->field_count * sizeof(*fields));
        } else {
            memcpy(fields, table->fields, table->field_count * sizeof(*fields));
            for (uint32_t i = 0; i < count; i++) {
                fields[table->field_count + i] = columns[i].field;
            }
            status = tarn_schema_make(transaction->env, table->field_count + count, fields, 0, NULL, out, err);
        }
    }
    tarn__arena_free(&arena);
    return status;
}

enum tarn_status tarn_transaction_copy_sink(struct tarn_transaction *transaction, struct tarn_sink **out, struct tarn_error *err)
{
    const struct tarn__extra_column *columns;
    uint32_t count;
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__transaction_carried(transaction, &transaction->arena, &count, &columns, err));
    transaction->rows_copied = true;
    return tarn__transaction_open_sink(transaction, count, columns, out, err);
}

/* ---- recorded changes ---- */

static const struct tarn_type type_of_change = {.id = TARN_TYPE_STRING};

static const struct tarn__extra_column change_column = {
    .field = {.name = {TARN_CHANGES_TYPE, sizeof(TARN_CHANGES_TYPE) - 1}, .type = &type_of_change, .nullable = true, .id = -1},
    .in_file = {TARN_CHANGES_TYPE, sizeof(TARN_CHANGES_TYPE) - 1},
    .id = -1,
};

bool tarn_transaction_records_changes(const struct tarn_transaction *transaction)
{
    const struct tarn__table_format *format = transaction->format;
    return format->records_changes != NULL && format->records_changes(transaction->snapshot);
}

static enum tarn_status note_staging(void *arg, struct tarn_text key, struct tarn_error *err)
{
    return tarn__transaction_stage(arg, key, err);
}

static enum tarn_status note_recorded(void *arg, const struct tarn__staged_file *file, struct tarn_error *err)
{
    struct tarn_transaction *transaction = arg;
    return tarn__transaction_keep_staged(transaction, file, &transaction->recorded, &transaction->recorded_count,
                                         &transaction->recorded_capacity, err);
}

static void sink_ended(void *arg, bool finished)
{
    struct tarn_transaction *transaction = arg;
    transaction->change_sink_open = false;
    if (!finished) {
        transaction->recorded_count = transaction->recorded_before_sink;
    }
}

enum tarn_status tarn_transaction_change_sink(struct tarn_transaction *transaction, struct tarn_sink **out, struct tarn_error *err)
{
    *out = NULL;
    if (transaction->format->change_folder == NULL) {
        return tarn__unsupported(err, "table.changes", "tables of the format \"%s\" do not record their changes",
                                 transaction->format->name);
    }
    if (transaction->change_sink_open) {
        return tarn__invalid(err, "sink", "the transaction has a sink for changes already; finish or abort it first");
    }
    const struct tarn__ingest_options options = {
        .snapshot = transaction->snapshot,
        .folder = transaction->format->change_folder,
        .extra_count = 1,
        .extra = &change_column,
        .no_statistics = true,
        .staging = note_staging,
        .staged = note_recorded,
        .arg = transaction,
        .ended = sink_ended,
    };
    TARN_RETURN_IF_ERROR(tarn__ingest_open(&options, out, err));
    transaction->change_sink_open = true;
    transaction->recorded_before_sink = transaction->recorded_count;
    return TARN_OK;
}
