/* SPDX-License-Identifier: Apache-2.0
 *
 * The commit: optimistic, retried, honest about what it does not know.
 *
 * The loop: publish after the newest version that is known -> OK, or someone was first: read every commit between, and each is ours (a lost
 * answer), in conflict, or compatible; then again with back-off, until the deadline. An ambiguous answer is resolved by reading back, never
 * by guessing. How a version is made and found is the format's (txlog/core/table_format.h).
 *
 * Invariants
 *  1. OK means that the version's object is ours and durable as the env's mode says; CONFLICT, EXISTS and errors mean that it is not there
 *     and never will be; COMMIT_UNKNOWN means that the store could not be read.
 *  2. Staged files are removed only when it is known that the commit did not land: never while in doubt.
 *  3. The commit id is the same for all attempts: wherever it is found in the log, this transaction has landed.
 *  4. Back-off is jittered and bounded by a deadline, not by a number of attempts: any number of writers make progress, one each round.
 */
#include "txlog/core/commit.h"

#include "format/base/bytes.h"

enum { FIRST_WAIT = 1000, MOST_WAIT = 200000, READ_BACK_ROUNDS = 5 }; /* waits in microseconds */

struct attempt {
    struct tarn_transaction *transaction;
    uint64_t judged; /* commits that came first, and were found compatible */
    int64_t begun;
    int64_t wait;
    uint32_t count;
    bool in_doubt;  /* an attempt may have landed and the log has not decided yet */
    bool ambiguous; /* and the store itself did not know, rather than said that something is there */
};

/* Judges what is there and was not judged yet. *ours: one of them is ours. */
static enum tarn_status judge_winners(struct attempt *attempt, bool *ours, struct tarn_error *err)
{
    *ours = false;
    for (;;) {
        enum tarn__verdict verdict;
        TARN_RETURN_IF_ERROR(attempt->transaction->format->judge(attempt->transaction, &verdict, err));
        if (verdict != TARN_VERDICT_COMPATIBLE) {
            *ours = verdict == TARN_VERDICT_OURS;
            return TARN_OK;
        }
        attempt->judged++;
    }
}

static enum tarn_status back_off(struct attempt *attempt, struct tarn_error *err)
{
    struct tarn_env *env = attempt->transaction->env;
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(env, err));
    if (tarn__now(env) - attempt->begun > attempt->transaction->deadline) {
        return tarn__error_set(err, TARN_TIMEOUT, "commit", "other writers came first %u times until the deadline; nothing was changed",
                               attempt->count);
    }
    uint64_t random;
    tarn__random(env, &random, sizeof(random));
    tarn__sleep(env, (int64_t)(random % (uint64_t)attempt->wait) + 1);
    attempt->wait = attempt->wait * 2 < MOST_WAIT ? attempt->wait * 2 : MOST_WAIT;
    return TARN_OK;
}

/*
 * A put whose answer leaves the outcome open. The log decides: it holds our id, or another's commit in the version's place, or nothing yet:
 * then the same put is safe to repeat, since at most one of the two can succeed. When the log cannot be read either, the doubt stays.
 */
static enum tarn_status resolve_unknown(struct attempt *attempt, bool *ours, struct tarn_error *err)
{
    const uint64_t before = attempt->judged;
    attempt->in_doubt = true;
    enum tarn_status status = TARN_OK;
    for (int round = 0; round < READ_BACK_ROUNDS; round++) {
        status = judge_winners(attempt, ours, err);
        if (status == TARN_OK || status == TARN_CONFLICT || status == TARN_EXISTS) {
            attempt->in_doubt = status == TARN_OK && !*ours && attempt->judged == before;
            return status;
        }
        tarn__sleep(attempt->transaction->env, attempt->wait);
        attempt->wait = attempt->wait * 2 < MOST_WAIT ? attempt->wait * 2 : MOST_WAIT;
    }
    return status;
}

static enum tarn_status commit_loop(struct attempt *attempt, struct tarn_error *err)
{
    for (;;) {
        struct tarn_error local = TARN_ERROR_INIT;
        attempt->transaction->time = tarn__now(attempt->transaction->env);
        attempt->count++;
        const enum tarn_status status = attempt->transaction->format->publish(attempt->transaction, &local);
        bool ours = false;
        if (status == TARN_OK) {
            attempt->in_doubt = false;
            return TARN_OK;
        }
        if (status == TARN_COMMIT_UNKNOWN || status == TARN_TIMEOUT || status == TARN_EXISTS) {
            /* EXISTS too can be our own put, repeated by someone between us and the store. */
            attempt->ambiguous = (attempt->in_doubt && attempt->ambiguous) || status != TARN_EXISTS;
            TARN_RETURN_IF_ERROR(resolve_unknown(attempt, &ours, err));
        } else if (status != TARN_THROTTLED) {
            if (err != NULL) {
                *err = local;
            }
            return status;
        }
        if (ours) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(back_off(attempt, err));
    }
}

static enum tarn_status run(struct attempt *attempt, struct tarn_error *err)
{
    struct tarn_error local = TARN_ERROR_INIT;
    const enum tarn_status status = commit_loop(attempt, &local);
    /* A damaged log where something is known to stand is told as what it is; nothing staged is removed then either. */
    if (status != TARN_OK && attempt->in_doubt && (status != TARN_CORRUPT || attempt->ambiguous)) {
        tarn__error_set(err, TARN_COMMIT_UNKNOWN, "commit",
                        "the store did not say whether the commit was written and could not be read back (%.200s); the commit id is %s. "
                        "Nothing staged was removed: look for the id in the table's history before trying again",
                        local.message, attempt->transaction->commit_id);
        tarn__error_at_version(err, attempt->transaction->made);
        return TARN_COMMIT_UNKNOWN;
    }
    if (status != TARN_OK && err != NULL) {
        *err = local;
    }
    return status;
}

static bool changes_nothing(const struct tarn_transaction *transaction)
{
    return !transaction->records && !transaction->snapshot->is_new && transaction->added_count == 0 && transaction->removed_count == 0 &&
           transaction->deletion_count == 0 && transaction->revived_count == 0 && transaction->change.metadata == NULL &&
           transaction->change.protocol == NULL && transaction->change.domain_count == 0 && transaction->app_id.size == 0;
}

static void fill_result(const struct attempt *attempt, struct tarn_commit_result *result)
{
    const struct tarn_transaction *transaction = attempt->transaction;
    *result = (struct tarn_commit_result){
        .version = transaction->made,
        .files_added = transaction->added_count + transaction->revived_count,
        .files_removed = transaction->removed_count,
        .attempts = attempt->count,
    };
    for (size_t i = 0; i < transaction->added_count; i++) {
        result->rows_added += transaction->added[i].rows;
        result->bytes_added += transaction->added[i].size;
    }
}

enum tarn_status tarn_transaction_commit(struct tarn_transaction *transaction, struct tarn_commit_result *result, struct tarn_error *err)
{
    struct tarn_commit_result unused;
    result = result != NULL ? result : &unused;
    *result = (struct tarn_commit_result){.version = transaction->snapshot->info.version};
    enum tarn_status status = TARN_OK;
    bool in_doubt = false;
    if (transaction->sink_open || transaction->change_sink_open) {
        status = tarn__invalid(err, "sink", "the transaction's sink is still open; finish or abort it before the commit");
    } else if (transaction->replaces_partitions) {
        status = tarn__transaction_settle_partitions(transaction, err);
    }
    if (status == TARN_OK && !changes_nothing(transaction)) {
        struct attempt attempt = {
            .transaction = transaction,
            .begun = tarn__now(transaction->env),
            .wait = FIRST_WAIT,
        };
        status = run(&attempt, err);
        in_doubt = attempt.in_doubt;
        if (status == TARN_OK) {
            fill_result(&attempt, result);
            if (transaction->format->settle != NULL) {
                transaction->format->settle(transaction);
            }
        }
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, transaction->snapshot->info.location);
        if (!in_doubt) {
            tarn__transaction_drop_staged(transaction);
        }
    }
    tarn__transaction_free(transaction);
    return status;
}
