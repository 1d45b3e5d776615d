/* SPDX-License-Identifier: Apache-2.0
 *
 * Transactions against commits that came first.
 *
 * Specification: Delta PROTOCOL.md, "Application Transaction Identifiers"; Spark's ConflictChecker under WriteSerializable.
 *
 * What conflicts, in this order: a new protocol; a new schema or property; the same application's transaction; files added by someone who
 * had read the table (not a blind append) that our reads would have seen; files removed that we read or remove too.
 */
#include "format/base/bytes.h"
#include "txlog/delta/delta_partition.h"
#include "txlog/delta/delta_state.h"
#include "txlog/delta/delta_write.h"

/* What one commit did that matters to us. */
struct winner {
    bool ours;
    bool protocol;
    bool metadata;
    bool blind;
    bool adds_what_we_read;
    bool removes_what_we_read;
    bool removes_what_we_remove;
    bool same_app;
    int64_t app_version;
    int64_t time; /* microseconds; 0: not said */
};

static enum tarn_status conflict(struct tarn_error *err, int64_t version, const char *detail, const char *what)
{
    tarn__error_set(err, TARN_CONFLICT, detail, "version %lld came first and %s; start again from the new version", (long long)version,
                    what);
    tarn__error_at_version(err, version);
    return TARN_CONFLICT;
}

/* The winner's partition values under our spec: all texts, null or typed; what does not parse decides nothing. */
static bool reads_added(const struct tarn_transaction *transaction, const struct tarn__delta_file *file, struct tarn_arena *arena)
{
    const struct tarn__partition_spec *spec = transaction->snapshot->spec;
    struct tarn_value *values = tarn__arena_calloc(arena, (size_t)spec->field_count + 1, sizeof(*values));
    if (values == NULL) {
        return true;
    }
    struct tarn_text rest = file->partition;
    struct tarn_text key;
    struct tarn_text text;
    bool is_null = false;
    for (uint32_t i = 0; i < spec->field_count; i++) {
        values[i] = (struct tarn_value){.type = spec->fields[i].type, .is_null = true};
    }
    while (tarn__delta_partition_next(&rest, &key, &text, &is_null)) {
        for (uint32_t i = 0; i < spec->field_count; i++) {
            if (!is_null && tarn__text_equal(spec->fields[i].name, key) &&
                tarn__delta_value_parse(spec->fields[i].type, text, arena, &values[i], NULL) != TARN_OK) {
                return true;
            }
        }
    }
    const struct tarn__partition partition = {.raw = file->partition, .spec = spec, .count = spec->field_count, .values = values};
    return tarn__transaction_reads_file(transaction, &partition, file->rows, file->statistics);
}

static void see_action(const struct tarn_transaction *transaction, const struct tarn__delta_action *action, struct tarn_arena *arena,
                       struct winner *winner)
{
    bool removed = false;
    switch (action->kind) {
    case TARN_DELTA_COMMIT_INFO:
        winner->ours = tarn__text_equal(action->u.commit_info.commit_id, tarn__text_of(transaction->commit_id));
        winner->blind = action->u.commit_info.blind_append;
        if (action->u.commit_info.has_in_commit_timestamp) {
            winner->time = action->u.commit_info.in_commit_timestamp * 1000;
        }
        break;
    case TARN_DELTA_PROTOCOL:
        winner->protocol = true;
        break;
    case TARN_DELTA_METADATA:
        winner->metadata = true;
        break;
    case TARN_DELTA_TXN:
        if (transaction->app_id.size != 0 && tarn__text_equal(action->u.txn.app_id, transaction->app_id)) {
            winner->same_app = true;
            winner->app_version = action->u.txn.version;
        }
        break;
    case TARN_DELTA_ADD:
        winner->adds_what_we_read = winner->adds_what_we_read || reads_added(transaction, &action->u.file, arena);
        break;
    case TARN_DELTA_REMOVE:
        if (tarn__transaction_read_path(transaction, action->u.file.path, &removed)) {
            winner->removes_what_we_read = true;
            winner->removes_what_we_remove = winner->removes_what_we_remove || removed;
        }
        break;
    default:
        break;
    }
}

static enum tarn_status read_winner(const struct tarn_transaction *transaction, int64_t version, struct winner *winner,
                                    struct tarn_error *err)
{
    *winner = (struct winner){0};
    char key[TARN_DELTA_KEY];
    tarn__delta_commit_key(version, key);
    struct tarn__delta_stream stream;
    TARN_RETURN_IF_ERROR(tarn__delta_stream_open(&stream, transaction->snapshot->store, tarn__text_of(key), err));
    enum tarn_status status;
    for (;;) {
        struct tarn__delta_action action;
        bool more;
        status = tarn__delta_stream_next(&stream, &action, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        see_action(transaction, &action, &stream.arena, winner);
    }
    tarn__delta_stream_close(&stream);
    return status;
}

enum tarn_status tarn__delta_judge(struct tarn_transaction *transaction, enum tarn__verdict *verdict, struct tarn_error *err)
{
    const int64_t version = transaction->position + 1;
    *verdict = TARN_VERDICT_NOT_THERE;
    struct winner winner;
    struct tarn_error local = TARN_ERROR_INIT;
    const enum tarn_status status = read_winner(transaction, version, &winner, &local);
    if (status == TARN_NOT_FOUND) {
        return TARN_OK;
    }
    if (status != TARN_OK) {
        if (err != NULL) {
            *err = local;
        }
        return status;
    }
    if (winner.ours) {
        *verdict = TARN_VERDICT_OURS;
        transaction->made = version;
        return TARN_OK;
    }
    if (transaction->snapshot->is_new) {
        return tarn__error_set(err, TARN_EXISTS, "table", "someone else made the table first");
    }
    if (winner.protocol) {
        return conflict(err, version, "protocol_changed", "changed the table's protocol");
    }
    if (winner.metadata) {
        return conflict(err, version, "metadata_changed", "changed the table's schema or properties");
    }
    if (winner.same_app && winner.app_version >= transaction->app_version) {
        return tarn__error_set(err, TARN_EXISTS, "app_transaction",
                               "the application has committed this transaction already, as version %lld", (long long)version);
    }
    if (winner.same_app) {
        return conflict(err, version, "concurrent_transaction", "is of the same application");
    }
    if (winner.adds_what_we_read && !winner.blind) {
        return conflict(err, version, "concurrent_append", "added rows that this transaction would have read");
    }
    if (winner.removes_what_we_remove) {
        return conflict(err, version, "concurrent_delete_delete", "took out a file that this transaction takes out too");
    }
    if (winner.removes_what_we_read) {
        return conflict(err, version, "concurrent_delete_read", "took out rows that this transaction has read");
    }
    transaction->parent_time = winner.time > transaction->parent_time ? winner.time : transaction->parent_time;
    transaction->position = version;
    *verdict = TARN_VERDICT_COMPATIBLE;
    return TARN_OK;
}

enum tarn_status tarn__delta_begin(struct tarn_transaction *transaction, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = transaction->snapshot;
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    if (snapshot->is_new) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__delta_protocol_admit_write(snapshot, false, err));
    if (state->has_in_commit_timestamp) {
        transaction->parent_time = state->in_commit_timestamp * 1000;
    }
    for (size_t i = 0; transaction->app_id.size != 0 && i < state->txn_count; i++) {
        if (tarn__text_equal(state->txns[i].app_id, transaction->app_id) && state->txns[i].version >= transaction->app_version) {
            return tarn__error_set(err, TARN_EXISTS, "app_transaction",
                                   "the application has committed transaction %lld already (its newest is %lld)",
                                   (long long)transaction->app_version, (long long)state->txns[i].version);
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__delta_partition(const struct tarn_snapshot *snapshot, const struct tarn_value *values, struct tarn_text_builder *raw,
                                       struct tarn_error *err)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, snapshot->env);
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < snapshot->spec->field_count; i++) {
        const struct tarn_text name = snapshot->spec->fields[i].name;
        if (values[i].is_null) {
            tarn__delta_partition_add(raw, name, NULL);
            continue;
        }
        tarn__builder_clear(&text);
        status = tarn__delta_value_print(&values[i], &text, err);
        if (status == TARN_OK) {
            status = tarn__builder_status(&text, err);
        }
        if (status == TARN_OK) {
            const struct tarn_text value = tarn__builder_text(&text);
            tarn__delta_partition_add(raw, name, &value);
        }
    }
    tarn__builder_free(&text);
    return status != TARN_OK ? status : tarn__builder_status(raw, err);
}
