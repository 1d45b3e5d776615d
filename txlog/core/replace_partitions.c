/* SPDX-License-Identifier: Apache-2.0
 *
 * Overwriting the partitions that new rows fall into. SPEC: T-REPLACE-3.
 *
 * Which those are is known when the rows are there, so the files to take out are found when the transaction is committed.
 *
 * Invariants
 *  1. A partition is a tuple of values: how a writer spelled them does not matter.
 *  2. What is replaced was read: its partitions' rows are a predicate that others' additions are judged by. Where the spec has transforms,
 *     which no predicate over columns describes, the whole table counts as read.
 */
#include "format/base/bytes.h"
#include "txlog/core/commit.h"

enum tarn_status tarn_transaction_replace_partitions(struct tarn_transaction *transaction, struct tarn_error *err)
{
    if (transaction->snapshot->spec->field_count == 0) {
        return tarn_transaction_remove_all(transaction, err);
    }
    if (transaction->sink_open || transaction->added_count != 0 || transaction->removed_count != 0) {
        return tarn__invalid(err, "replace_partitions", "that partitions are replaced must be said before anything else is done");
    }
    transaction->replaces_partitions = true;
    return TARN_OK;
}

static bool same_value(const struct tarn_value *a, const struct tarn_value *b)
{
    return a->is_null || b->is_null ? a->is_null && b->is_null : tarn_value_compare(a, b) == 0;
}

static bool same_tuple(const struct tarn__partition *a, const struct tarn__partition *b)
{
    bool same = a->spec == b->spec && a->count == b->count && a->values != NULL && b->values != NULL;
    for (uint32_t i = 0; same && i < a->count; i++) {
        same = same_value(&a->values[i], &b->values[i]);
    }
    return same;
}

/* column = value, or column IS NULL, for each field; NULL: a transform is among them. */
static enum tarn_status describe(const struct tarn_snapshot *snapshot, const struct tarn__partition *partition, struct tarn_expr **out,
                                 struct tarn_error *err)
{
    struct tarn_expr_builder *builder;
    const struct tarn_expr_node *all = NULL;
    *out = NULL;
    for (uint32_t i = 0; i < partition->count; i++) {
        if (partition->spec->fields[i].transform != TARN_TRANSFORM_IDENTITY || partition->spec->fields[i].column == TARN_NO_COLUMN) {
            return TARN_OK;
        }
    }
    TARN_RETURN_IF_ERROR(tarn_expr_builder_open(snapshot->env, &builder, err));
    for (uint32_t i = 0; i < partition->count; i++) {
        const struct tarn_field *field = &snapshot->schema->fields[partition->spec->fields[i].column];
        const struct tarn_path_step step = {.kind = TARN_PATH_FIELD, .name = field->name, .id = -1};
        const struct tarn_path path = {1, &step};
        const struct tarn_expr_node *column = tarn_expr_make_column(builder, &path, field->type, true);
        const struct tarn_value *value = &partition->values[i];
        const struct tarn_expr_node *sides[2] = {column, value->is_null ? NULL : tarn_expr_make_literal(builder, value)};
        const struct tarn_expr_node *one =
            value->is_null ? tarn_expr_make(builder, TARN_EXPR_IS_NULL, 1, sides) : tarn_expr_make(builder, TARN_EXPR_EQ, 2, sides);
        const struct tarn_expr_node *both[2] = {all, one};
        all = all == NULL ? one : tarn_expr_make(builder, TARN_EXPR_AND, 2, both);
    }
    return tarn_expr_builder_finish(builder, all, out, err);
}

static enum tarn_status read_partition(struct tarn_transaction *transaction, const struct tarn__partition *partition,
                                       struct tarn_error *err)
{
    struct tarn_expr *predicate;
    TARN_RETURN_IF_ERROR(describe(transaction->snapshot, partition, &predicate, err));
    const enum tarn_status status = tarn_transaction_read(transaction, predicate, err);
    tarn_expr_release(predicate);
    return status;
}

static enum tarn_status replace_one(struct tarn_transaction *transaction, const struct tarn__partition *partition, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = transaction->snapshot;
    for (uint32_t i = 0; i < snapshot->files.count; i++) {
        const struct tarn__partition *held = tarn__snapshot_partition(snapshot, tarn__file_set_at(&snapshot->files, i));
        if (held != NULL && same_tuple(held, partition)) {
            TARN_RETURN_IF_ERROR(tarn__transaction_remove_index(transaction, i, err));
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__transaction_settle_partitions(struct tarn_transaction *transaction, struct tarn_error *err)
{
    struct tarn__file_set seen; /* each partition once */
    tarn__file_set_init(&seen, transaction->env);
    enum tarn_status status = TARN_OK;
    for (size_t i = 0; status == TARN_OK && i < transaction->added_count; i++) {
        const uint32_t before = seen.partition_count;
        uint32_t unused;
        status = tarn__file_set_partition(&seen, transaction->added[i].partition, &unused, err);
        if (status != TARN_OK || seen.partition_count == before) {
            continue;
        }
        struct tarn__partition partition = {.raw = transaction->added[i].partition, .spec = transaction->snapshot->spec};
        status = transaction->format->partition_values(transaction->snapshot, &transaction->arena, &partition, err);
        if (status == TARN_OK) {
            status = read_partition(transaction, &partition, err);
        }
        if (status == TARN_OK) {
            status = replace_one(transaction, &partition, err);
        }
    }
    tarn__file_set_free(&seen);
    return status;
}
