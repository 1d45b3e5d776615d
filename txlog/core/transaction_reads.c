/* SPDX-License-Identifier: Apache-2.0
 *
 * What a transaction has read, and what that means for others' changes.
 *
 * Invariants
 *  1. What is not known to be unread counts as read: a predicate that cannot be decided for a file has read it.
 *  2. Files are found by path alone: a file whose deleted rows others have changed is still the file that was read.
 */
#include "format/base/bytes.h"
#include "format/base/hash.h"
#include "txlog/core/prune_files.h"
#include "txlog/core/row_delete.h"
#include "txlog/core/transaction.h"

enum { FIRST_SLOTS = 64 };

enum tarn_status tarn_transaction_read(struct tarn_transaction *transaction, const struct tarn_expr *predicate, struct tarn_error *err)
{
    if (predicate == NULL) {
        transaction->reads_all = true;
        return TARN_OK;
    }
    if (!tarn__grow(transaction->env, &transaction->predicates, &transaction->predicate_capacity, transaction->predicate_count + 1,
                    sizeof(*transaction->predicates))) {
        return tarn__nomem(transaction->env, err, sizeof(*transaction->predicates));
    }
    transaction->predicates[transaction->predicate_count++] = tarn_expr_retain(predicate);
    return TARN_OK;
}

bool tarn__transaction_reads_app(const struct tarn_transaction *transaction, struct tarn_text app_id)
{
    bool reads = false;
    for (size_t i = 0; !reads && i < transaction->app_read_count; i++) {
        reads = tarn__text_equal(transaction->apps_read[i], app_id);
    }
    return reads;
}

enum tarn_status tarn_transaction_app_version(struct tarn_transaction *transaction, struct tarn_text app_id, int64_t *version,
                                              struct tarn_error *err)
{
    *version = -1;
    if (app_id.size == 0) {
        return tarn__invalid(err, "app_id", "an application is known by an id; this one is empty");
    }
    if (!tarn__transaction_reads_app(transaction, app_id)) {
        if (!tarn__grow(transaction->env, &transaction->apps_read, &transaction->app_read_capacity, transaction->app_read_count + 1,
                        sizeof(*transaction->apps_read))) {
            return tarn__nomem(transaction->env, err, sizeof(*transaction->apps_read));
        }
        const struct tarn_text copy = tarn__arena_text(&transaction->arena, app_id);
        if (copy.data == NULL) {
            return tarn__nomem(transaction->env, err, app_id.size);
        }
        transaction->apps_read[transaction->app_read_count++] = copy;
    }
    return transaction->format->app_version(transaction, app_id, version, err);
}

static bool changes_table(const struct tarn_transaction *transaction)
{
    return transaction->change.metadata != NULL || transaction->change.protocol != NULL;
}

bool tarn__transaction_is_blind(const struct tarn_transaction *transaction)
{
    return !transaction->reads_all && transaction->predicate_count == 0 && transaction->removed_count == 0 &&
           transaction->deletion_count == 0 && transaction->revived_count == 0 && !transaction->rearranges && !changes_table(transaction);
}

enum tarn__isolation tarn__transaction_isolation(const struct tarn_transaction *transaction)
{
    const bool only_files = !changes_table(transaction) && transaction->change.domain_count == 0 && transaction->app_id.size == 0;
    return transaction->rearranges && only_files ? TARN_ISOLATION_SNAPSHOT : transaction->isolation;
}

bool tarn__transaction_reads_file(const struct tarn_transaction *transaction, const struct tarn__partition *partition, int64_t rows,
                                  struct tarn_text statistics)
{
    if (transaction->reads_all) {
        return true;
    }
    bool reads = false;
    for (size_t i = 0; !reads && i < transaction->predicate_count; i++) {
        struct tarn__file_pruner pruner;
        enum tarn_truth truth = TARN_MAYBE;
        if (tarn__file_pruner_open(&pruner, transaction->snapshot, transaction->predicates[i], NULL) != TARN_OK) {
            return true;
        }
        reads = tarn__file_pruner_ask_about(&pruner, partition, rows, statistics, &truth, NULL) != TARN_OK || truth != TARN_NEVER;
        tarn__file_pruner_close(&pruner);
    }
    return reads;
}

/* ---- files by path ---- */

static uint32_t *slot_of(const struct tarn_transaction *transaction, struct tarn_text path)
{
    const uint32_t mask = transaction->touched_slot_count - 1;
    uint32_t at = (uint32_t)tarn__hash_text(path) & mask;
    while (transaction->touched_slots[at] != 0) {
        const uint32_t index = transaction->touched_slots[at] - 1;
        if (tarn__text_equal(tarn__file_set_at(&transaction->snapshot->files, index)->path, path)) {
            break;
        }
        at = (at + 1) & mask;
    }
    return &transaction->touched_slots[at];
}

static bool is_set(const uint8_t *bits, uint32_t index)
{
    return bits != NULL && tarn__bit_get(bits, index);
}

static bool is_touched(const struct tarn_transaction *transaction, uint32_t index)
{
    return transaction->reads_all || is_set(transaction->selected_bits, index) || is_set(transaction->removed_bits, index);
}

/* Once: what a transaction reads and takes out is settled when others' commits are judged. */
static enum tarn_status index_touched(struct tarn_transaction *transaction, struct tarn_error *err)
{
    const struct tarn__file_set *files = &transaction->snapshot->files;
    uint64_t count = 0;
    for (uint32_t i = 0; i < files->count; i++) {
        count += is_touched(transaction, i);
    }
    uint32_t slots = FIRST_SLOTS;
    while ((size_t)(slots / 4) * 3 < count) { /* a set has at most 2^31 files */
        slots *= 2;
    }
    transaction->touched_slots = tarn__calloc(transaction->env, slots, sizeof(*transaction->touched_slots));
    if (transaction->touched_slots == NULL) {
        return tarn__nomem(transaction->env, err, slots * sizeof(*transaction->touched_slots));
    }
    transaction->touched_slot_count = slots;
    for (uint32_t i = 0; i < files->count; i++) {
        if (is_touched(transaction, i)) {
            *slot_of(transaction, tarn__file_set_at(files, i)->path) = i + 1;
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__transaction_touch(struct tarn_transaction *transaction, struct tarn_text path, enum tarn__touch *touch,
                                         int64_t *index, struct tarn_error *err)
{
    *touch = TARN_TOUCH_NONE;
    *index = TARN_FILE_NONE;
    if (transaction->touched_slots == NULL) {
        TARN_RETURN_IF_ERROR(index_touched(transaction, err));
    }
    const uint32_t found = *slot_of(transaction, path);
    if (found != 0) {
        *index = found - 1;
        *touch = is_set(transaction->removed_bits, found - 1)            ? TARN_TOUCH_REMOVED
                 : tarn__row_deletion_of(transaction, found - 1) != NULL ? TARN_TOUCH_ROWS
                                                                         : TARN_TOUCH_READ;
    } else if (transaction->reads_all) {
        *touch = TARN_TOUCH_READ; /* a file that came after the base and went again */
    }
    return TARN_OK;
}
