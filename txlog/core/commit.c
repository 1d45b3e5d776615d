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
 *     Pauses follow what an attempt takes, and who has waited for long pauses least: newcomers do not overtake for ever.
 *  5. Transactions of one env on one table do not race: they take turns in the order in which they came, and who comes next judges what
 *     the ones before have committed before it tries. Each still makes a version of its own.
 */
#include "txlog/core/commit.h"

#include "format/base/bytes.h"
#include "format/base/turns.h"

/* In microseconds. A pause is at most as long as PATIENCE attempts take; behind a quarter of the deadline none is longer than the first. */
enum {
    FIRST_WAIT = 1000,
    MOST_WAIT = 200000,
    TURN_WAIT = 50,
    MOST_TURN_WAIT = 1000,

    READ_BACK_ROUNDS = 5,
    PATIENCE = 8
};

struct attempt {
    struct tarn_transaction *transaction;
    uint64_t judged; /* commits that came first, and were found compatible */
    int64_t spent;   /* paused, and in attempts: added up, since a clock may be set forth or back meanwhile */
    int64_t wait;
    int64_t taken; /* by the last attempt */
    uint32_t count;
    bool throttled; /* the last attempt was, rather than overtaken */
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

/* May the transaction go on trying? */
static enum tarn_status check_time(const struct attempt *attempt, struct tarn_error *err)
{
    struct tarn_env *env = attempt->transaction->env;
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(env, err));
    if (attempt->spent <= attempt->transaction->deadline) {
        return TARN_OK;
    }
    return attempt->count == 0
               ? tarn__error_set(err, TARN_TIMEOUT, "commit",
                                 "other writers of this process had their turn until the deadline; nothing was changed")
               : tarn__error_set(err, TARN_TIMEOUT, "commit", "other writers came first %u times until the deadline; nothing was changed",
                                 attempt->count);
}

static void pause_for(struct attempt *attempt, int64_t microseconds)
{
    tarn__sleep(attempt->transaction->env, microseconds);
    attempt->spent += microseconds;
}

static enum tarn_status back_off(struct attempt *attempt, struct tarn_error *err)
{
    struct tarn_env *env = attempt->transaction->env;
    TARN_RETURN_IF_ERROR(check_time(attempt, err));
    int64_t most =
        !attempt->throttled && attempt->taken > 0 && attempt->taken < MOST_WAIT / PATIENCE ? attempt->taken * PATIENCE : MOST_WAIT;
    const bool old = !attempt->throttled && attempt->spent > attempt->transaction->deadline / 4; /* a store that asks for less gets less */
    most = most < FIRST_WAIT || old ? FIRST_WAIT : most;
    attempt->wait = attempt->wait < most ? attempt->wait : most;
    uint64_t random;
    tarn__random(env, &random, sizeof(random));
    pause_for(attempt, (int64_t)(random % (uint64_t)attempt->wait) + 1);
    attempt->wait = attempt->wait * 2 < MOST_WAIT ? attempt->wait * 2 : MOST_WAIT;
    return TARN_OK;
}

/* A host's clock may be set meanwhile: it is believed no more than what a long pause takes. */
static void note_taken(struct attempt *attempt, int64_t taken)
{
    const bool steady = tarn__env_options(attempt->transaction->env)->now == NULL;
    attempt->taken = taken < 0 ? 0 : steady || taken < MOST_WAIT ? taken : MOST_WAIT;
    attempt->spent += attempt->taken;
}

/* Until those of this process that came before have ended. */
static enum tarn_status wait_for_turn(struct attempt *attempt, const struct tarn__turn *turn, struct tarn_error *err)
{
    struct tarn_env *env = attempt->transaction->env;
    for (int64_t pause = TURN_WAIT; !tarn__turns_come(tarn__env_turns(env), turn);) {
        TARN_RETURN_IF_ERROR(check_time(attempt, err));
        pause_for(attempt, pause);
        pause = pause * 2 < MOST_TURN_WAIT ? pause * 2 : MOST_TURN_WAIT;
    }
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
        pause_for(attempt, attempt->wait);
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
        const int64_t begun = tarn__steady(attempt->transaction->env);
        const enum tarn_status status = attempt->transaction->format->publish(attempt->transaction, &local);
        note_taken(attempt, tarn__steady(attempt->transaction->env) - begun);
        bool ours = false;
        attempt->throttled = status == TARN_THROTTLED;
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

/* What others of this process have committed meanwhile is there for sure: judging it costs less than an attempt that must fail. */
static enum tarn_status commit_in_turn(struct attempt *attempt, struct tarn_error *err)
{
    struct tarn__turns *turns = tarn__env_turns(attempt->transaction->env);
    struct tarn__turn turn;
    tarn__turns_join(turns, &turn, attempt->transaction->snapshot->info.location);
    enum tarn_status status = wait_for_turn(attempt, &turn, err);
    if (status == TARN_OK && turn.changed) {
        bool ours;
        const enum tarn_status judged = judge_winners(attempt, &ours, err);
        status = judged == TARN_CONFLICT || judged == TARN_EXISTS ? judged : TARN_OK; /* what cannot be read now is tried again */
    }
    if (status == TARN_OK) {
        status = commit_loop(attempt, err);
    }
    tarn__turns_leave(turns, &turn, status == TARN_OK);
    return status;
}

static enum tarn_status run(struct attempt *attempt, struct tarn_error *err)
{
    struct tarn_error local = TARN_ERROR_INIT;
    const enum tarn_status status = commit_in_turn(attempt, &local);
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
    if (status == TARN_OK && transaction->identity_count != 0 && transaction->added_count != 0) {
        status = transaction->format->number(transaction, err);
    }
    if (status == TARN_OK && !changes_nothing(transaction)) {
        struct attempt attempt = {
            .transaction = transaction,
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
