/* SPDX-License-Identifier: Apache-2.0
 * The stores under threads and processes: one winner, nothing torn.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/support/store_fixture.h"

static enum tarn_status open_memory(struct tarn_env *env, const char *place, struct tarn_store **out, struct tarn_error *err)
{
    (void)place;
    return tarn_store_open_memory(env, 99, out, err);
}

static enum tarn_status open_local(struct tarn_env *env, const char *place, struct tarn_store **out, struct tarn_error *err)
{
    return tarn_store_open_local(env, text(place), true, out, err);
}

/* An executor that starts a thread a task, and refuses every fourth: the store must then read by itself. */
struct task {
    pthread_t thread;
    void (*fn)(void *arg);
    void *arg;
};

static uint32_t two(void *ctx)
{
    (void)ctx;
    return 2;
}

static int one_after_the_other(void *ctx, uint64_t n, int (*fn)(void *arg, uint64_t i, uint32_t worker), void *arg)
{
    (void)ctx;
    for (uint64_t i = 0; i < n; i++) {
        const int answer = fn(arg, i, 0);
        if (answer != 0) {
            return answer;
        }
    }
    return 0;
}

static void *run_task(void *arg)
{
    const struct task *task = arg;
    task->fn(task->arg);
    return NULL;
}

static void *submit(void *ctx, void (*fn)(void *arg), void *arg)
{
    static unsigned calls;
    struct task *task = calls++ % 4 != 3 ? malloc(sizeof(*task)) : NULL;
    (void)ctx;
    if (task != NULL) {
        *task = (struct task){.fn = fn, .arg = arg};
        if (pthread_create(&task->thread, NULL, run_task, task) != 0) {
            free(task);
            return NULL;
        }
    }
    return task;
}

static void wait_for(void *ctx, void *arg)
{
    struct task *task = arg;
    (void)ctx;
    pthread_join(task->thread, NULL);
    free(task);
}

/* The store keeps its env alive, so the reference may go at once. */
static enum tarn_status open_threaded(struct tarn_env *plain, const char *place, struct tarn_store **out, struct tarn_error *err)
{
    const struct tarn_executor executor = {sizeof(executor), NULL, two, one_after_the_other, submit, wait_for};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    (void)plain;
    options.executor = &executor;
    options.durability = TARN_DURABILITY_OFF;
    ck_assert_ok(tarn_env_open(&options, &env, err), err);
    const enum tarn_status status = tarn_store_open_local(env, text(place), true, out, err);
    tarn_env_close(env);
    return status;
}

static const struct tarn_store_subject threaded = {"local, reading on threads", true, open_threaded};
static const struct tarn_store_subject memory = {"memory", false, open_memory};
static const struct tarn_store_subject local = {"local", true, open_local};

START_TEST(store_races__memory_has_one_winner) /* S-STORE-1 S-STORE-2 S-STORE-14 */
{
    tarn_store_race(&memory, _i);
}
END_TEST

START_TEST(store_races__local_has_one_winner) /* S-STORE-1 S-STORE-2 S-STORE-14 */
{
    tarn_store_race(&local, _i);
}
END_TEST

START_TEST(store_races__local_conforms_when_it_reads_on_threads) /* S-STORE-14 */
{
    tarn_store_conform(&threaded, _i);
}
END_TEST

START_TEST(store_races__local_has_one_winner_when_it_reads_on_threads) /* S-STORE-14 */
{
    tarn_store_race(&threaded, _i);
}
END_TEST

START_TEST(store_races__a_read_on_a_thread_says_what_went_wrong) /* S-STORE-2 */
{
    struct fixture f;
    char path[512];
    uint64_t tickets[4];
    uint8_t into[4];
    struct tarn_object *object;
    fixture_open(&f, &threaded);
    put(&f, "k", "0123");
    ck_assert_ok(tarn_object_open(f.store, text("k"), &object, &f.err), &f.err);
    snprintf(path, sizeof(path), "%s/k", f.place);
    ck_assert_int_eq(truncate(path, 2), 0);
    for (size_t i = 0; i < 4; i++) {
        const struct tarn_read_range range = {i, 1, &into[i]};
        ck_assert_ok(tarn_object_read_submit(object, 1, &range, &tickets[i], &f.err), &f.err);
    }
    for (size_t i = 0; i < 4; i++) {
        struct tarn_error err = TARN_ERROR_INIT;
        ck_assert_status(tarn_object_read_wait(object, tickets[i], &err), TARN_IO);
        ck_assert_str_eq(err.detail, "object_changed");
        ck_assert_str_eq(err.object, "k");
    }
    tarn_object_close(object);
    fixture_close(&f);
}
END_TEST

TARN_SUITE("format/store_races", {store_races__memory_has_one_winner, TARN_STORE_RACE_COUNT},
           {store_races__local_has_one_winner, TARN_STORE_RACE_COUNT},
           {store_races__local_conforms_when_it_reads_on_threads, TARN_STORE_CHECK_COUNT},
           {store_races__local_has_one_winner_when_it_reads_on_threads, TARN_STORE_RACE_COUNT},
           TARN_TEST(store_races__a_read_on_a_thread_says_what_went_wrong))
