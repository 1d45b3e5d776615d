/* SPDX-License-Identifier: Apache-2.0
 * Who comes next: transactions of one process that wait for each other, and one that others always overtake, by a clock that is ours.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "format/base/turns.h"
#include "tests/support/table_rows.h"

static struct tarn_error err = TARN_ERROR_INIT;

static const char *const formats[] = {"delta", "iceberg"};

static struct tarn_text new_place(void)
{
    static char path[512];
    static int number;
    snprintf(path, sizeof(path), "%s/q%d", tarn_test_folder(), number++);
    return tarn__text_of(path);
}

START_TEST(turns__first_come_first_served) /* T-TXN-2 */
{
    struct tarn__turns turns;
    struct tarn__turn a;
    struct tarn__turn b;
    struct tarn__turn c;
    tarn__turns_open(&turns);
    tarn__turns_join(&turns, &a, TARN_TEXT("t"));
    tarn__turns_join(&turns, &b, TARN_TEXT("t"));
    tarn__turns_join(&turns, &c, TARN_TEXT("u"));
    ck_assert(tarn__turns_come(&turns, &a));
    ck_assert(!tarn__turns_come(&turns, &b));
    ck_assert(tarn__turns_come(&turns, &c));
    tarn__turns_leave(&turns, &a, true);
    ck_assert(tarn__turns_come(&turns, &b));
    ck_assert(b.changed);
    ck_assert(!c.changed);
    tarn__turns_join(&turns, &a, TARN_TEXT("t"));
    tarn__turns_leave(&turns, &b, false);
    ck_assert(tarn__turns_come(&turns, &a));
    ck_assert(!a.changed);
    tarn__turns_leave(&turns, &a, false);
    tarn__turns_leave(&turns, &c, false);
    tarn__turns_close(&turns);
}
END_TEST

/* ---- threads of one env ---- */

enum { THREADS = 6, COMMITS = 8 };

struct writer {
    struct tarn_env *env;
    struct tarn_text uri;
    int64_t first;
    uint32_t attempts;
    enum tarn_status status;
};

static void *append_rows(void *arg)
{
    struct writer *writer = arg;
    struct tarn_error local = TARN_ERROR_INIT;
    for (int i = 0; i < COMMITS && writer->status == TARN_OK; i++) {
        struct tarn_commit_result result;
        writer->status = tarn_test_table_append(writer->env, writer->uri, writer->first + i, 1, &result, &local);
        writer->attempts += writer->status == TARN_OK ? result.attempts : 0;
    }
    return NULL;
}

START_TEST(turns__transactions_of_one_process_do_not_race) /* T-TXN-2 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_place();
    struct writer writers[THREADS];
    pthread_t threads[THREADS];
    ck_assert_ok(tarn_test_table_create_as(env, uri, formats[_i], false, 0, 1, &err), &err);
    for (int t = 0; t < THREADS; t++) {
        writers[t] = (struct writer){.env = env, .uri = uri, .first = 1000 * (t + 1)};
        ck_assert_int_eq(pthread_create(&threads[t], NULL, append_rows, &writers[t]), 0);
    }
    uint32_t attempts = 0;
    for (int t = 0; t < THREADS; t++) {
        ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
        ck_assert_int_eq(writers[t].status, TARN_OK);
        attempts += writers[t].attempts;
    }
    uint64_t rows;
    int64_t sum;
    ck_assert_ok(tarn_test_table_sum(env, uri, -1, &rows, &sum, &err), &err);
    ck_assert_uint_eq(rows, 1 + THREADS * COMMITS);
    /* Who loads its snapshot before another has committed, and asks for its turn after, finds out by an attempt that fails; who was in the
     * queue meanwhile does not. */
    ck_assert_uint_le(attempts, 2 * THREADS * COMMITS);
    tarn_test_env_close(env);
}
END_TEST

/* ---- one that is always overtaken ---- */

struct rival {
    struct tarn_env *env; /* another process, as it were */
    struct tarn_text uri;
    int64_t clock;
    int64_t slept;
    int64_t longest_late; /* pause behind a quarter of the deadline */
    int64_t deadline;
    int64_t jump; /* how far the clock is off after each pause */
    int commits;
    int most;
};

static int64_t rival_now(void *ctx)
{
    return ((struct rival *)ctx)->clock;
}

static void rival_sleep(void *ctx, int64_t microseconds)
{
    struct rival *rival = ctx;
    struct tarn_error local = TARN_ERROR_INIT;
    if (rival->slept > rival->deadline / 4 && microseconds > rival->longest_late) {
        rival->longest_late = microseconds;
    }
    rival->slept += microseconds;
    rival->clock += microseconds + rival->jump;
    if (rival->commits < rival->most) {
        rival->commits++;
        ck_assert_ok(tarn_test_table_append(rival->env, rival->uri, 5000 + rival->commits, 1, NULL, &local), &local);
    }
}

static enum tarn_status overtaken(struct rival *rival, struct tarn_commit_result *result)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_snapshot *snapshot;
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;
    struct tarn_transaction_options open = TARN_TRANSACTION_OPTIONS_INIT;
    options.now = rival_now;
    options.sleep = rival_sleep;
    options.clock_ctx = rival;
    options.durability = TARN_DURABILITY_OFF;
    open.deadline = rival->deadline;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ok(tarn_snapshot_load(env, rival->uri, NULL, &snapshot, &err), &err);
    ck_assert_ok(tarn_transaction_open(snapshot, &open, &transaction, &err), &err);
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err);
    ck_assert_ok(tarn_test_rows_write(sink, 100, 1, &err), &err);
    ck_assert_ok(tarn_test_table_append(rival->env, rival->uri, 5000, 1, NULL, &err), &err);
    const enum tarn_status status = tarn_transaction_commit(transaction, result, &err);
    tarn_snapshot_close(snapshot);
    tarn_env_close(env);
    return status;
}

START_TEST(turns__tries_until_it_succeeds_however_often) /* T-TXN-1 */
{
    struct tarn_commit_result result;
    struct rival rival = {.env = tarn_test_env(), .uri = new_place(), .clock = 1700000000000000, .deadline = 60000000, .most = 30};
    ck_assert_ok(tarn_test_table_create_as(rival.env, rival.uri, formats[_i], false, 0, 1, &err), &err);
    ck_assert_ok(overtaken(&rival, &result), &err);
    ck_assert_uint_eq(result.attempts, 32);
    tarn_test_env_close(rival.env);
}
END_TEST

START_TEST(turns__gives_up_at_the_deadline_and_leaves_nothing) /* T-TXN-1 */
{
    struct tarn_commit_result result;
    struct rival rival = {.env = tarn_test_env(), .uri = new_place(), .clock = 1700000000000000, .deadline = 30000, .most = 1000000};
    uint64_t rows;
    int64_t sum;
    ck_assert_ok(tarn_test_table_create_as(rival.env, rival.uri, formats[_i], false, 0, 1, &err), &err);
    ck_assert_status(overtaken(&rival, &result), TARN_TIMEOUT);
    ck_assert_int_ge(rival.slept, rival.deadline);
    ck_assert_int_le(rival.slept, rival.deadline + 200000);
    ck_assert_int_le(rival.longest_late, 1000); /* who has waited for long does not sleep while others take the next version */
    ck_assert_ok(tarn_test_table_sum(rival.env, rival.uri, -1, &rows, &sum, &err), &err);
    ck_assert_uint_eq(rows, 2u + (unsigned)rival.commits);
    tarn_test_env_close(rival.env);
}
END_TEST

/* The clock goes back a day, or forth, after each pause: neither makes the deadline come sooner, or never. */
static const int64_t jumps[] = {INT64_C(-86400000000), INT64_C(86400000000)};

START_TEST(turns__a_wild_clock_changes_nothing) /* T-TXN-1 */
{
    struct tarn_commit_result result;
    struct rival rival = {
        .env = tarn_test_env(), .uri = new_place(), .clock = 1700000000000000, .deadline = 60000000, .most = 20, .jump = jumps[_i]};
    ck_assert_ok(tarn_test_table_create_as(rival.env, rival.uri, "delta", false, 0, 1, &err), &err);
    ck_assert_ok(overtaken(&rival, &result), &err);
    ck_assert_uint_eq(result.attempts, 22);
    rival.deadline = 30000;
    rival.slept = 0;
    rival.most = 1000000;
    ck_assert_status(overtaken(&rival, &result), TARN_TIMEOUT);
    tarn_test_env_close(rival.env);
}
END_TEST

TARN_SUITE("txlog/commit_turns", TARN_TEST(turns__first_come_first_served),
           TARN_LOOP_TEST(turns__transactions_of_one_process_do_not_race, formats),
           TARN_LOOP_TEST(turns__tries_until_it_succeeds_however_often, formats),
           TARN_LOOP_TEST(turns__gives_up_at_the_deadline_and_leaves_nothing, formats),
           TARN_LOOP_TEST(turns__a_wild_clock_changes_nothing, jumps))
