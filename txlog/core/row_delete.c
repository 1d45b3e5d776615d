/* SPDX-License-Identifier: Apache-2.0
 *
 * Row-level deletes.
 *
 * Invariants
 *  1. A file of the base is taken out whole, or has one deletion, or neither.
 *  2. `rows` of a deletion are what this transaction deletes and the base still has; `deleted` is them and all that is deleted besides.
 *  3. A deletion leaves a row: a file of which nothing is left is taken out whole. When only others' deletions and ours together leave
 *     none, the deletion is `gone`.
 */
#include "txlog/core/row_delete.h"

#include "txlog/core/commit.h"
#include "txlog/core/deleted_rows.h"
#include "txlog/core/table_scan.h"

struct tarn__row_deletion *tarn__row_deletion_of(const struct tarn_transaction *transaction, uint32_t file)
{
    for (size_t i = transaction->deletion_count; i-- > 0;) { /* the last one is asked for most */
        if (transaction->deletions[i].file == file) {
            return &transaction->deletions[i];
        }
    }
    return NULL;
}

static void release(struct tarn__row_deletion *deletion)
{
    tarn__roaring_release(deletion->rows);
    tarn__roaring_release(deletion->deleted);
}

void tarn__row_deletion_drop(struct tarn_transaction *transaction, uint32_t file)
{
    struct tarn__row_deletion *deletion = tarn__row_deletion_of(transaction, file);
    if (deletion != NULL) {
        release(deletion);
        *deletion = transaction->deletions[--transaction->deletion_count];
    }
}

void tarn__row_deletions_free(struct tarn_transaction *transaction)
{
    for (size_t i = 0; i < transaction->deletion_count; i++) {
        release(&transaction->deletions[i]);
    }
    tarn__free(transaction->env, transaction->deletions);
    transaction->deletions = NULL;
    transaction->deletion_count = 0;
}

enum tarn_status tarn__row_deletion_rebase(struct tarn_transaction *transaction, struct tarn__row_deletion *deletion,
                                           const struct tarn__deletion_vector *before, const struct tarn__roaring *theirs,
                                           struct tarn_error *err)
{
    struct tarn__roaring *all;
    TARN_RETURN_IF_ERROR(tarn__roaring_union(transaction->env, theirs, deletion->rows, &all, err));
    tarn__roaring_release(deletion->deleted);
    deletion->deleted = all;
    deletion->before = before;
    deletion->after = (struct tarn__deletion_vector){0};
    deletion->gone = all->cardinality == deletion->physical_rows;
    return TARN_OK;
}

/* How many rows the file holds: by the table, else by the file itself. */
static enum tarn_status physical_rows(const struct tarn_transaction *transaction, const struct tarn__tracked_file *file, uint64_t *rows,
                                      struct tarn_error *err)
{
    struct tarn_source *source;
    if (file->rows >= 0) {
        *rows = (uint64_t)file->rows;
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__open_data_file(transaction->snapshot, file, &source, err));
    const bool known = tarn_source_row_count(source, rows);
    tarn_source_close(source);
    return known ? TARN_OK : tarn__internal(err, "a data file does not say how many rows it has");
}

static enum tarn_status check_positions(const struct tarn__roaring *rows, uint64_t physical, struct tarn_error *err)
{
    uint64_t last;
    if (tarn__roaring_last(rows, &last) && last >= physical) {
        return tarn__invalid(err, "position", "the file has %llu rows; there is no row %llu in it", (unsigned long long)physical,
                             (unsigned long long)last);
    }
    return TARN_OK;
}

/* The first deletion in a file: what was deleted in the base is its begin. */
static enum tarn_status begin_deletion(const struct tarn_transaction *transaction, uint32_t file, struct tarn__row_deletion *out,
                                       struct tarn_error *err)
{
    const struct tarn__tracked_file *tracked = tarn__file_set_at(&transaction->snapshot->files, file);
    *out = (struct tarn__row_deletion){.file = file, .before = tarn__file_deletion_vector(tracked)};
    TARN_RETURN_IF_ERROR(physical_rows(transaction, tracked, &out->physical_rows, err));
    TARN_RETURN_IF_ERROR(tarn__deleted_rows(transaction->snapshot, tracked, &out->deleted, err));
    if (out->deleted == NULL) {
        TARN_RETURN_IF_ERROR(tarn__roaring_of_positions(transaction->env, NULL, 0, &out->deleted, err));
    }
    const enum tarn_status status = tarn__roaring_of_positions(transaction->env, NULL, 0, &out->rows, err);
    if (status != TARN_OK) {
        release(out);
    }
    return status;
}

/* `deletion` and these rows; it stays as it is when that fails. */
static enum tarn_status widen(const struct tarn_transaction *transaction, struct tarn__row_deletion *deletion,
                              const struct tarn__roaring *given, struct tarn_error *err)
{
    struct tarn_env *env = transaction->env;
    struct tarn__roaring *fresh = NULL;
    struct tarn__roaring *rows = NULL;
    struct tarn__roaring *deleted = NULL;
    enum tarn_status status = check_positions(given, deletion->physical_rows, err);
    status = status == TARN_OK ? tarn__roaring_minus(env, given, deletion->deleted, &fresh, err) : status;
    status = status == TARN_OK ? tarn__roaring_union(env, deletion->rows, fresh, &rows, err) : status;
    status = status == TARN_OK ? tarn__roaring_union(env, deletion->deleted, fresh, &deleted, err) : status;
    tarn__roaring_release(fresh);
    if (status != TARN_OK) {
        tarn__roaring_release(rows);
        return status;
    }
    release(deletion);
    deletion->rows = rows;
    deletion->deleted = deleted;
    return TARN_OK;
}

static enum tarn_status keep_deletion(struct tarn_transaction *transaction, struct tarn__row_deletion *deletion, struct tarn_error *err)
{
    if (deletion->deleted->cardinality == deletion->physical_rows) {
        const uint32_t file = deletion->file;
        release(deletion);
        return tarn__transaction_remove_index(transaction, file, err);
    }
    if (deletion->rows->cardinality == 0) {
        release(deletion);
        return TARN_OK;
    }
    if (!tarn__grow(transaction->env, &transaction->deletions, &transaction->deletion_capacity, transaction->deletion_count + 1,
                    sizeof(*transaction->deletions))) {
        release(deletion);
        return tarn__nomem(transaction->env, err, sizeof(*transaction->deletions));
    }
    transaction->deletions[transaction->deletion_count++] = *deletion;
    return TARN_OK;
}

static enum tarn_status delete_rows(struct tarn_transaction *transaction, uint32_t file, const struct tarn__roaring *given,
                                    struct tarn_error *err)
{
    struct tarn__row_deletion *known = tarn__row_deletion_of(transaction, file);
    if (known != NULL) {
        TARN_RETURN_IF_ERROR(widen(transaction, known, given, err));
        return known->deleted->cardinality == known->physical_rows ? tarn__transaction_remove_index(transaction, file, err) : TARN_OK;
    }
    struct tarn__row_deletion deletion;
    enum tarn_status status = begin_deletion(transaction, file, &deletion, err);
    if (status != TARN_OK) {
        return status;
    }
    status = widen(transaction, &deletion, given, err);
    if (status != TARN_OK) {
        release(&deletion);
        return status;
    }
    return keep_deletion(transaction, &deletion, err);
}

bool tarn_transaction_deletes_rows(const struct tarn_transaction *transaction)
{
    return transaction->format->may_delete_rows != NULL && transaction->format->may_delete_rows(transaction->snapshot);
}

enum tarn_status tarn_transaction_delete_rows(struct tarn_transaction *transaction, uint32_t file, size_t count, const uint64_t *positions,
                                              struct tarn_error *err)
{
    struct tarn__roaring *given;
    uint32_t index;
    TARN_RETURN_IF_ERROR(tarn__transaction_selected(transaction, file, &index, err));
    if (!tarn_transaction_deletes_rows(transaction)) {
        return tarn__invalid(err, "deletion_vectors",
                             "the table does not keep rows that are deleted in its files; write what stays of the file and take it out");
    }
    if (transaction->removed_bits != NULL && tarn__bit_get(transaction->removed_bits, index)) {
        return tarn__invalid(err, "file", "the file was taken out by this transaction; no row of it is left to delete");
    }
    TARN_RETURN_IF_ERROR(transaction->format->admit(transaction->snapshot, true, err));
    TARN_RETURN_IF_ERROR(tarn__roaring_of_positions(transaction->env, positions, count, &given, err));
    const enum tarn_status status = delete_rows(transaction, index, given, err);
    tarn__roaring_release(given);
    return status;
}
