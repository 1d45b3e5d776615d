/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a commit that came first.
 *
 * Specification: Delta PROTOCOL.md, "Actions", "Commit Provenance Information".
 *
 * Invariants
 *  1. Decisions that depend on the whole commit (blind, rearranging) are taken at its end: commitInfo may stand anywhere in it.
 *  2. isBlindAppend that is not there is false, and is not believed of a commit that takes files out.
 */
#include "txlog/delta/delta_winner.h"

#include "format/base/bytes.h"
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

static enum tarn_status see_add(struct reading *reading, const struct tarn__delta_file *file, struct tarn_arena *arena,
                                struct tarn_error *err)
{
    struct tarn__delta_winner *winner = reading->winner;
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
    struct tarn_text *place = touch == TARN_TOUCH_REMOVED ? &winner->removed_both : &winner->removed_read;
    return touch == TARN_TOUCH_NONE || place->data != NULL ? TARN_OK : keep(winner, path, place, err);
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
    return status;
}

void tarn__delta_winner_close(struct tarn__delta_winner *winner)
{
    tarn__free(winner->arena.env, winner->domains);
    tarn__arena_free(&winner->arena);
}
