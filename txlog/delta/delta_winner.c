/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a commit that came first.
 *
 * Specification: Delta PROTOCOL.md, "Actions", "Commit Provenance Information".
 *
 * Invariants
 *  1. Decisions that depend on the whole commit (blind, rearranging) are taken at its end: commitInfo may stand anywhere in it.
 *  2. A file of our base is judged by what the commit leaves of it, once both its actions are known: taken out and added with another
 *     deletion vector, it has lost rows.
 *  3. isBlindAppend that is not there is false, and is not believed of a commit that takes files out.
 */
#include "txlog/delta/delta_winner.h"

#include <stdlib.h>

#include "format/base/bytes.h"
#include "txlog/core/deleted_rows.h"
#include "txlog/core/row_delete.h"
#include "txlog/delta/delta_state.h"

struct reading {
    struct tarn__delta_winner *winner;
    struct tarn_transaction *transaction;
    bool has_files;
    bool changes_rows;
};

static enum tarn_status keep(struct tarn__delta_winner *winner, struct tarn_text from, struct tarn_text *to, struct tarn_error *err)
{
    *to = tarn__arena_text(&winner->arena, from);
    return to->data == NULL ? tarn__nomem(winner->arena.env, err, from.size) : TARN_OK;
}

/* What does not parse decides nothing. */
static bool reads_added(const struct tarn_transaction *transaction, const struct tarn__delta_file *file, struct tarn_arena *arena)
{
    struct tarn__partition partition = {.raw = file->partition};
    return tarn__delta_partition_values(transaction->snapshot, arena, &partition, NULL) != TARN_OK ||
           tarn__transaction_reads_file(transaction, &partition, file->rows, file->statistics);
}

/* A file of our base: what became of it is known when the whole commit is. */
static enum tarn_status meet(struct tarn__delta_winner *winner, const struct tarn__delta_file *file, uint32_t index, enum tarn__touch touch,
                             bool adds, struct tarn_error *err)
{
    if (!tarn__grow(winner->arena.env, &winner->meetings, &winner->meeting_capacity, winner->meeting_count + 1,
                    sizeof(*winner->meetings))) {
        return tarn__nomem(winner->arena.env, err, sizeof(*winner->meetings));
    }
    const struct tarn__file_extra *extra = NULL;
    if (file->extra.deletion_vector != NULL) {
        extra = tarn__file_extra_copy(&winner->arena, &file->extra);
        if (extra == NULL) {
            return tarn__nomem(winner->arena.env, err, sizeof(*extra));
        }
    }
    winner->meetings[winner->meeting_count++] =
        (struct tarn__delta_meeting){index, touch, adds, extra != NULL ? extra->deletion_vector : NULL};
    return TARN_OK;
}

static enum tarn_status see_add(struct reading *reading, const struct tarn__delta_file *file, struct tarn_arena *arena,
                                struct tarn_error *err)
{
    struct tarn__delta_winner *winner = reading->winner;
    const struct tarn_text path = tarn__delta_relative_path(reading->transaction->snapshot, file->path);
    enum tarn__touch touch;
    int64_t index;
    TARN_RETURN_IF_ERROR(tarn__transaction_touch(reading->transaction, path, &touch, &index, err));
    if (index != TARN_FILE_NONE) {
        return meet(winner, file, (uint32_t)index, touch, true, err);
    }
    if (winner->added_read.data == NULL && reads_added(reading->transaction, file, arena)) {
        return keep(winner, file->path, &winner->added_read, err);
    }
    return TARN_OK;
}

static enum tarn_status see_remove(struct reading *reading, const struct tarn__delta_file *file, struct tarn_error *err)
{
    struct tarn__delta_winner *winner = reading->winner;
    const struct tarn_text path = tarn__delta_relative_path(reading->transaction->snapshot, file->path);
    enum tarn__touch touch;
    int64_t index;
    winner->removes = true;
    TARN_RETURN_IF_ERROR(tarn__transaction_touch(reading->transaction, path, &touch, &index, err));
    if (index != TARN_FILE_NONE) {
        return meet(winner, file, (uint32_t)index, touch, false, err);
    }
    return touch == TARN_TOUCH_NONE || winner->removed_read.data != NULL ? TARN_OK : keep(winner, path, &winner->removed_read, err);
}

/* ---- files that both have named ---- */

static int by_file(const void *a, const void *b)
{
    const struct tarn__delta_meeting *x = a;
    const struct tarn__delta_meeting *y = b;
    return x->file != y->file ? (x->file > y->file) - (x->file < y->file) : (int)x->adds - (int)y->adds;
}

static bool same_vector(const struct tarn__deletion_vector *a, const struct tarn__deletion_vector *b)
{
    return a == b || (a != NULL && b != NULL && tarn__text_equal(a->storage, b->storage) && tarn__text_equal(a->place, b->place) &&
                      a->has_offset == b->has_offset && a->offset == b->offset);
}

/* The rows of the file that are deleted now, and whether all that were deleted in the base still are. */
static enum tarn_status deleted_now(const struct tarn_transaction *transaction, const struct tarn__delta_meeting *meeting,
                                    struct tarn__roaring **now, bool *keeps, struct tarn_error *err)
{
    const struct tarn__tracked_file *base = tarn__file_set_at(&transaction->snapshot->files, meeting->file);
    const struct tarn__file_extra extra = {.deletion_vector = meeting->vector};
    struct tarn__tracked_file file = *base;
    struct tarn__roaring *before = NULL;
    struct tarn__roaring *back = NULL;
    file.extra = meeting->vector != NULL ? &extra : NULL;
    *keeps = false;
    TARN_RETURN_IF_ERROR(tarn__deleted_rows(transaction->snapshot, &file, now, err));
    enum tarn_status status = TARN_OK;
    if (*now == NULL) {
        status = tarn__roaring_of_positions(transaction->env, NULL, 0, now, err);
    }
    status = status == TARN_OK ? tarn__deleted_rows(transaction->snapshot, base, &before, err) : status;
    if (status == TARN_OK && before != NULL) {
        status = tarn__roaring_minus(transaction->env, before, *now, &back, err);
        *keeps = status == TARN_OK && back->cardinality == 0;
    } else {
        *keeps = status == TARN_OK;
    }
    tarn__roaring_release(before);
    tarn__roaring_release(back);
    return status;
}

/*
 * The file stays, with other deletion vector. A transaction that decides each row by itself does not mind that rows are gone which it
 * leaves alone; rows that are back, and rows that both have deleted, it does mind.
 */
static enum tarn_status judge_rows(struct reading *reading, const struct tarn__delta_meeting *meeting, struct tarn_text path,
                                   struct tarn_error *err)
{
    struct tarn__delta_winner *winner = reading->winner;
    struct tarn_transaction *transaction = reading->transaction;
    struct tarn__roaring *now = NULL;
    bool keeps = false;
    bool fits = false;
    if (transaction->row_by_row && meeting->touch != TARN_TOUCH_REMOVED) {
        const struct tarn__row_deletion *ours = tarn__row_deletion_of(transaction, meeting->file);
        const enum tarn_status status = deleted_now(transaction, meeting, &now, &keeps, err);
        if (status != TARN_OK) {
            tarn__roaring_release(now);
            return status;
        }
        fits = keeps && (ours == NULL || tarn__roaring_disjoint(now, ours->rows));
    }
    if (fits && meeting->touch == TARN_TOUCH_ROWS) {
        if (!tarn__grow(winner->arena.env, &winner->left, &winner->left_capacity, winner->left_count + 1, sizeof(*winner->left))) {
            tarn__roaring_release(now);
            return tarn__nomem(winner->arena.env, err, sizeof(*winner->left));
        }
        winner->left[winner->left_count++] = (struct tarn__delta_left){meeting->file, meeting->vector, now};
        return TARN_OK;
    }
    tarn__roaring_release(now);
    if (fits) {
        return TARN_OK;
    }
    return keep(winner, path, meeting->touch == TARN_TOUCH_READ ? &winner->removed_read : &winner->removed_both, err);
}

/* `last` is the add of the file, if there is one: adds are sorted behind. */
static enum tarn_status settle_file(struct reading *reading, bool removed, const struct tarn__delta_meeting *last, struct tarn_error *err)
{
    struct tarn__delta_winner *winner = reading->winner;
    const struct tarn__tracked_file *base = tarn__file_set_at(&reading->transaction->snapshot->files, last->file);
    if (last->adds && same_vector(last->vector, tarn__file_deletion_vector(base))) {
        return TARN_OK; /* the same rows, told again */
    }
    if (last->adds) {
        return judge_rows(reading, last, base->path, err);
    }
    if (!removed || (last->touch == TARN_TOUCH_READ && reading->transaction->row_by_row)) {
        return TARN_OK;
    }
    return keep(winner, base->path, last->touch == TARN_TOUCH_READ ? &winner->removed_read : &winner->removed_both, err);
}

static enum tarn_status settle_meetings(struct reading *reading, struct tarn_error *err)
{
    struct tarn__delta_winner *winner = reading->winner;
    if (winner->meeting_count != 0) {
        qsort(winner->meetings, winner->meeting_count, sizeof(*winner->meetings), by_file);
    }
    for (size_t i = 0; i < winner->meeting_count;) {
        size_t end = i;
        while (end < winner->meeting_count && winner->meetings[end].file == winner->meetings[i].file) {
            end++;
        }
        TARN_RETURN_IF_ERROR(settle_file(reading, !winner->meetings[i].adds, &winner->meetings[end - 1], err));
        i = end;
    }
    return TARN_OK;
}

static enum tarn_status see_info(struct tarn__delta_winner *winner, const struct tarn__delta_commit_info *info, struct tarn_text commit_id,
                                 struct tarn_error *err)
{
    winner->ours = winner->ours || tarn__text_equal(info->commit_id, commit_id);
    winner->blind = info->blind_append;
    if (info->has_in_commit_timestamp && info->in_commit_timestamp < INT64_MAX / 1000 && info->in_commit_timestamp > 0) {
        winner->has_in_commit_timestamp = true;
        winner->time = info->in_commit_timestamp * 1000;
    }
    TARN_RETURN_IF_ERROR(keep(winner, info->operation, &winner->operation, err));
    return keep(winner, info->engine, &winner->engine, err);
}

static enum tarn_status see_protocol(struct tarn__delta_winner *winner, const struct tarn__delta_protocol *protocol, struct tarn_error *err)
{
    struct tarn__delta_protocol *copy = tarn__arena_alloc(&winner->arena, sizeof(*copy));
    if (copy == NULL) {
        return tarn__nomem(winner->arena.env, err, sizeof(*copy));
    }
    winner->protocol = copy;
    return tarn__delta_protocol_copy(&winner->arena, protocol, copy, err);
}

static enum tarn_status see_metadata(struct tarn__delta_winner *winner, const struct tarn__delta_metadata *metadata, struct tarn_error *err)
{
    struct tarn__delta_metadata *copy = tarn__arena_alloc(&winner->arena, sizeof(*copy));
    if (copy == NULL) {
        return tarn__nomem(winner->arena.env, err, sizeof(*copy));
    }
    winner->metadata = copy;
    return tarn__delta_metadata_copy(&winner->arena, metadata, copy, err);
}

static enum tarn_status see_domain(struct tarn__delta_winner *winner, const struct tarn__delta_domain *domain, struct tarn_error *err)
{
    if (!tarn__grow(winner->arena.env, &winner->domains, &winner->domain_capacity, winner->domain_count + 1, sizeof(*domain))) {
        return tarn__nomem(winner->arena.env, err, sizeof(*domain));
    }
    struct tarn__delta_domain copy = {.removed = domain->removed};
    TARN_RETURN_IF_ERROR(keep(winner, domain->domain, &copy.domain, err));
    TARN_RETURN_IF_ERROR(keep(winner, domain->configuration, &copy.configuration, err));
    winner->domains[winner->domain_count++] = copy;
    return TARN_OK;
}

static enum tarn_status see_txn(struct reading *reading, const struct tarn__delta_txn *txn, struct tarn_error *err)
{
    struct tarn__delta_winner *winner = reading->winner;
    const struct tarn_transaction *transaction = reading->transaction;
    if (transaction->app_id.size != 0 && tarn__text_equal(txn->app_id, transaction->app_id)) {
        winner->same_app = true;
        winner->app_version = txn->version;
    }
    if (winner->app_read.data == NULL && tarn__transaction_reads_app(transaction, txn->app_id)) {
        return keep(winner, txn->app_id, &winner->app_read, err);
    }
    return TARN_OK;
}

static enum tarn_status see(struct reading *reading, const struct tarn__delta_action *action, struct tarn_arena *arena,
                            struct tarn_error *err)
{
    struct tarn__delta_winner *winner = reading->winner;
    switch (action->kind) {
    case TARN_DELTA_COMMIT_INFO:
        return see_info(winner, &action->u.commit_info, tarn__text_of(reading->transaction->commit_id), err);
    case TARN_DELTA_PROTOCOL:
        return see_protocol(winner, &action->u.protocol, err);
    case TARN_DELTA_METADATA:
        return see_metadata(winner, &action->u.metadata, err);
    case TARN_DELTA_DOMAIN:
        return see_domain(winner, &action->u.domain, err);
    case TARN_DELTA_TXN:
        return see_txn(reading, &action->u.txn, err);
    case TARN_DELTA_ADD:
    case TARN_DELTA_REMOVE:
        reading->has_files = true;
        reading->changes_rows = reading->changes_rows || action->u.file.data_change;
        return action->kind == TARN_DELTA_ADD ? see_add(reading, &action->u.file, arena, err) : see_remove(reading, &action->u.file, err);
    default:
        return TARN_OK;
    }
}

enum tarn_status tarn__delta_winner_read(struct tarn__delta_winner *winner, struct tarn_transaction *transaction, int64_t version,
                                         struct tarn_error *err)
{
    struct reading reading = {.winner = winner, .transaction = transaction};
    struct tarn__delta_stream stream;
    char key[TARN_DELTA_KEY];
    *winner = (struct tarn__delta_winner){.version = version};
    tarn__arena_init(&winner->arena, transaction->env);
    tarn__delta_commit_key(version, key);
    TARN_RETURN_IF_ERROR(tarn__delta_stream_open(&stream, transaction->snapshot->store, tarn__text_of(key), err));
    enum tarn_status status;
    for (;;) {
        struct tarn__delta_action action;
        bool more;
        status = tarn__delta_stream_next(&stream, &action, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        status = see(&reading, &action, &stream.arena, err);
        if (status != TARN_OK) {
            break;
        }
    }
    if (!winner->has_in_commit_timestamp) {
        winner->time = tarn_object_info(stream.object).modified;
    }
    tarn__delta_stream_close(&stream);
    winner->rearranges = reading.has_files && !reading.changes_rows;
    winner->blind = winner->blind && !winner->removes;
    return status == TARN_OK && !winner->ours ? settle_meetings(&reading, err) : status;
}

void tarn__delta_winner_close(struct tarn__delta_winner *winner)
{
    for (size_t i = 0; i < winner->left_count; i++) {
        tarn__roaring_release(winner->left[i].deleted);
    }
    tarn__free(winner->arena.env, winner->left);
    tarn__free(winner->arena.env, winner->meetings);
    tarn__free(winner->arena.env, winner->domains);
    tarn__arena_free(&winner->arena);
}
