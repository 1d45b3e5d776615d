/* SPDX-License-Identifier: Apache-2.0
 * The pool: every item once, seats never shared, nesting, failures, tasks, several callers, and a child after fork.
 */
#include "format/base/alloc.h"
#include "format/base/cpu.h"
#include "tests/support/suite.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, ITEMS = 2000 };

static struct tarn_pool *open_pool(uint32_t threads)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_pool *pool;
    ck_assert_ok(tarn_pool_open(threads, &pool, &err), &err);
    return pool;
}

struct counted {
    struct tarn_executor executor;
    atomic_int ran[ITEMS];
    atomic_int in_seat[THREADS]; /* threads that run in each seat now */
    atomic_int shared;           /* times that a seat had two */
    atomic_int wrong;            /* workers out of range */
};

static int count_item(void *arg, uint64_t i, uint32_t worker)
{
    struct counted *counted = arg;
    if (worker >= THREADS) {
        atomic_fetch_add(&counted->wrong, 1);
        return 0;
    }
    if (atomic_fetch_add(&counted->in_seat[worker], 1) != 0) {
        atomic_fetch_add(&counted->shared, 1);
    }
    atomic_fetch_add(&counted->ran[i], 1);
    atomic_fetch_sub(&counted->in_seat[worker], 1);
    return 0;
}

static void check_counts(struct counted *counted, int times)
{
    for (int i = 0; i < ITEMS; i++) {
        if (atomic_load(&counted->ran[i]) != times) {
            ck_abort_msg("item %d ran %d times", i, atomic_load(&counted->ran[i]));
        }
    }
    ck_assert_int_eq(atomic_load(&counted->shared), 0);
    ck_assert_int_eq(atomic_load(&counted->wrong), 0);
}

static const uint32_t thread_counts[] = {1, 2, THREADS};

START_TEST(pool__runs_every_item_once)
{
    struct tarn_pool *pool = open_pool(thread_counts[_i]);
    static struct counted counted;
    memset(&counted, 0, sizeof(counted));
    counted.executor = tarn_pool_executor(pool);
    ck_assert_uint_eq(counted.executor.concurrency(counted.executor.ctx), thread_counts[_i]);
    ck_assert_int_eq(counted.executor.parallel_for(counted.executor.ctx, ITEMS, count_item, &counted), 0);
    ck_assert_int_eq(counted.executor.parallel_for(counted.executor.ctx, 0, count_item, &counted), 0);
    check_counts(&counted, 1);
    tarn_pool_close(pool);
}
END_TEST

static void *call_parallel_for(void *arg)
{
    struct counted *counted = arg;
    counted->executor.parallel_for(counted->executor.ctx, ITEMS, count_item, counted);
    return NULL;
}

/* More callers than seats. */
START_TEST(pool__serves_several_callers_at_once)
{
    enum { CALLERS = 7 };
    struct tarn_pool *pool = open_pool(thread_counts[_i]);
    static struct counted counted;
    pthread_t callers[CALLERS];
    memset(&counted, 0, sizeof(counted));
    counted.executor = tarn_pool_executor(pool);
    for (int i = 0; i < CALLERS; i++) {
        ck_assert_int_eq(pthread_create(&callers[i], NULL, call_parallel_for, &counted), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(callers[i], NULL);
    }
    check_counts(&counted, CALLERS);
    tarn_pool_close(pool);
}
END_TEST

struct nested {
    struct tarn_executor executor;
    atomic_int leaves;
};

static int leaf(void *arg, uint64_t i, uint32_t worker)
{
    struct nested *nested = arg;
    (void)i;
    (void)worker;
    atomic_fetch_add(&nested->leaves, 1);
    return 0;
}

static int nest_once_more(void *arg, uint64_t i, uint32_t worker)
{
    struct nested *nested = arg;
    (void)i;
    (void)worker;
    return nested->executor.parallel_for(nested->executor.ctx, 10, leaf, nested);
}

static int nest(void *arg, uint64_t i, uint32_t worker)
{
    struct nested *nested = arg;
    (void)i;
    (void)worker;
    return nested->executor.parallel_for(nested->executor.ctx, 10, nest_once_more, nested);
}

START_TEST(pool__nests_without_deadlock)
{
    struct tarn_pool *pool = open_pool(thread_counts[_i]);
    struct nested nested = {.executor = tarn_pool_executor(pool)};
    for (int round = 0; round < 20; round++) {
        atomic_store(&nested.leaves, 0);
        ck_assert_int_eq(nested.executor.parallel_for(nested.executor.ctx, 10, nest, &nested), 0);
        ck_assert_int_eq(atomic_load(&nested.leaves), 1000);
    }
    tarn_pool_close(pool);
}
END_TEST

static int fail_late(void *arg, uint64_t i, uint32_t worker)
{
    atomic_int *ran = arg;
    (void)worker;
    atomic_fetch_add(ran, 1);
    return i >= 100 ? (int)i : 0;
}

START_TEST(pool__gives_the_lowest_failure_and_stops)
{
    struct tarn_pool *pool = open_pool(thread_counts[_i]);
    const struct tarn_executor executor = tarn_pool_executor(pool);
    for (int round = 0; round < 50; round++) {
        atomic_int ran = 0;
        ck_assert_int_eq(executor.parallel_for(executor.ctx, UINT64_C(1) << 40, fail_late, &ran), 100);
        ck_assert_int_lt(atomic_load(&ran), 101 + 1000);
    }
    tarn_pool_close(pool);
}
END_TEST

static enum tarn_status refuse(void *arg, uint64_t i, uint32_t worker, struct tarn_error *err)
{
    (void)arg;
    (void)worker;
    return i % 3 == 2 ? tarn__error_set(err, TARN_CORRUPT, "item", "item %d", (int)i) : TARN_OK;
}

START_TEST(pool__brings_the_lowest_error_through_the_env)
{
    struct tarn_pool *pool = open_pool(THREADS);
    const struct tarn_executor executor = tarn_pool_executor(pool);
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    options.executor = &executor;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_uint_eq(tarn__concurrency(env), THREADS);
    for (int round = 0; round < 50; round++) {
        ck_assert_status(tarn__parallel_for(env, 1000, refuse, NULL, &err), TARN_CORRUPT);
        ck_assert_str_eq(err.message, "item 2");
    }
    tarn_test_env_close(env);
    tarn_pool_close(pool);
}
END_TEST

static void add_one(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

START_TEST(pool__runs_tasks)
{
    enum { TASKS = 100 };
    struct tarn_pool *pool = open_pool(thread_counts[_i]);
    const struct tarn_executor executor = tarn_pool_executor(pool);
    atomic_int sum = 0;
    void *tasks[TASKS];
    for (int i = 0; i < TASKS; i++) {
        tasks[i] = executor.submit(executor.ctx, add_one, &sum);
    }
    for (int i = TASKS - 1; i >= 0; i--) {
        executor.wait(executor.ctx, tasks[i]);
    }
    ck_assert_int_eq(atomic_load(&sum), TASKS);
    tarn_pool_close(pool);
}
END_TEST

START_TEST(pool__runs_serial_in_a_child)
{
    struct tarn_pool *pool = open_pool(THREADS);
    static struct counted counted;
    memset(&counted, 0, sizeof(counted));
    counted.executor = tarn_pool_executor(pool);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        atomic_int sum = 0;
        counted.executor.parallel_for(counted.executor.ctx, ITEMS, count_item, &counted);
        counted.executor.wait(counted.executor.ctx, counted.executor.submit(counted.executor.ctx, add_one, &sum));
        int bad = atomic_load(&sum) != 1;
        for (int i = 0; i < ITEMS; i++) {
            bad |= atomic_load(&counted.ran[i]) != 1;
        }
        tarn_pool_close(pool);
        _exit(bad);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_int_eq(counted.executor.parallel_for(counted.executor.ctx, ITEMS, count_item, &counted), 0);
    check_counts(&counted, 1);
    tarn_pool_close(pool);
}
END_TEST

START_TEST(pool__refuses_absurd_sizes)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_pool *pool;
    ck_assert_status(tarn_pool_open(100000, &pool, &err), TARN_INVALID);
    ck_assert_ptr_null(pool);
    tarn_pool_close(NULL);
}
END_TEST

START_TEST(cpu__resolves_to_what_the_machine_has)
{
    struct tarn_error err = TARN_ERROR_INIT;
    enum tarn_cpu cpu;
    ck_assert_ok(tarn__cpu_resolve(TARN_CPU_AUTO, &cpu, &err), &err);
    ck_assert_int_eq(cpu, tarn__cpu_detect());
    ck_assert_int_ne(cpu, TARN_CPU_AUTO);
    ck_assert_ok(tarn__cpu_resolve(TARN_CPU_BASE, &cpu, &err), &err);
    ck_assert_int_eq(cpu, TARN_CPU_BASE);
    ck_assert_status(tarn__cpu_resolve((enum tarn_cpu)9, &cpu, &err), TARN_INVALID);
    for (int level = TARN_CPU_BASE; level <= TARN_CPU_V4; level++) {
        ck_assert_int_eq(tarn__cpu_resolve((enum tarn_cpu)level, &cpu, &err) == TARN_OK, level <= (int)tarn__cpu_detect());
    }
    struct tarn_env *env = tarn_test_env();
    ck_assert_int_eq(tarn__env_options(env)->cpu, tarn__cpu_detect());
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/pool", TARN_LOOP_TEST(pool__runs_every_item_once, thread_counts),
           TARN_LOOP_TEST(pool__serves_several_callers_at_once, thread_counts), TARN_LOOP_TEST(pool__nests_without_deadlock, thread_counts),
           TARN_LOOP_TEST(pool__gives_the_lowest_failure_and_stops, thread_counts), TARN_LOOP_TEST(pool__runs_tasks, thread_counts),
           TARN_TEST(pool__brings_the_lowest_error_through_the_env), TARN_TEST(pool__runs_serial_in_a_child),
           TARN_TEST(pool__refuses_absurd_sizes), TARN_TEST(cpu__resolves_to_what_the_machine_has))
