/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of the store contract that need threads or processes.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/store_fixture.h"

enum { THREADS = 6, ROUNDS = 40, PROCESSES = 4 };

struct racer {
    struct fixture *f;
    struct tarn_store *store;
    int number;
    int wins;
    int other; /* statuses that are neither OK nor EXISTS, bytes that are torn */
    atomic_int *arrived;
};

/* All threads meet before each round: without it the first would be done before the last begins. */
static void meet(atomic_int *arrived, int round, int all)
{
    atomic_fetch_add(arrived, 1);
    while (atomic_load(arrived) < all * (round + 1)) {
        usleep(10);
    }
}

static void *race_for_versions(void *arg)
{
    struct racer *racer = arg;
    for (int round = 0; round < ROUNDS; round++) {
        char key[64];
        char bytes[32];
        snprintf(key, sizeof(key), "log/%020d.json", round);
        snprintf(bytes, sizeof(bytes), "racer %d", racer->number);
        meet(racer->arrived, round, THREADS);
        const enum tarn_status status = tarn_store_put(racer->store, text(key), span(bytes), TARN_PUT_IF_ABSENT, TARN_ROLE_COMMIT, NULL);
        racer->wins += status == TARN_OK;
        racer->other += status != TARN_OK && status != TARN_EXISTS;
    }
    return NULL;
}

static void race_one_winner_of_threads(struct fixture *f)
{
    pthread_t threads[THREADS];
    struct racer racers[THREADS];
    atomic_int arrived = 0;
    int wins = 0;
    for (int i = 0; i < THREADS; i++) {
        racers[i] = (struct racer){.f = f, .store = tarn_store_retain(f->store), .number = i, .arrived = &arrived};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, race_for_versions, &racers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        tarn_store_close(racers[i].store);
        ck_assert_int_eq(racers[i].other, 0);
        wins += racers[i].wins;
    }
    ck_assert_int_eq(wins, ROUNDS);
    int found[THREADS] = {0};
    for (int round = 0; round < ROUNDS; round++) { /* the winner's bytes are there, nobody else's */
        char key[64];
        char bytes[32];
        snprintf(key, sizeof(key), "log/%020d.json", round);
        int winner = -1;
        for (int i = 0; i < THREADS; i++) {
            snprintf(bytes, sizeof(bytes), "racer %d", i);
            winner = holds(f, key, bytes) ? i : winner;
        }
        ck_assert_int_ge(winner, 0);
        found[winner]++;
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(found[i], racers[i].wins);
    }
}

enum { TORN_SIZE = 20000 };

static void *overwrite(void *arg)
{
    struct racer *racer = arg;
    uint8_t bytes[TORN_SIZE];
    for (int round = 0; round < ROUNDS * 2; round++) {
        const size_t size = (size_t)(round % 2 == 0 ? TORN_SIZE : TORN_SIZE / 3);
        memset(bytes, 'a' + racer->number, size);
        racer->other +=
            tarn_store_put(racer->store, text("k"), (struct tarn_span){bytes, size}, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, NULL) != TARN_OK;
    }
    return NULL;
}

static void *read_whole(void *arg)
{
    struct racer *racer = arg;
    uint8_t bytes[TORN_SIZE];
    for (int round = 0; round < ROUNDS * 4; round++) {
        struct tarn_object *object;
        struct tarn_error err = TARN_ERROR_INIT;
        if (tarn_object_open(racer->store, text("k"), &object, &err) != TARN_OK) {
            racer->other++;
            continue;
        }
        const size_t size = (size_t)tarn_object_info(object).size;
        const struct tarn_read_range whole = {0, size, bytes};
        bool torn = size != TORN_SIZE && size != TORN_SIZE / 3;
        torn = torn || tarn_object_read(object, 1, &whole, &err) != TARN_OK;
        for (size_t i = 1; i < size && !torn; i++) {
            torn = bytes[i] != bytes[0];
        }
        racer->other += torn;
        tarn_object_close(object);
    }
    return NULL;
}

static void race_readers_see_all_or_nothing(struct fixture *f)
{
    pthread_t threads[THREADS];
    struct racer racers[THREADS];
    uint8_t first[TORN_SIZE];
    memset(first, 'z', sizeof(first));
    ck_assert_ok(tarn_store_put(f->store, text("k"), (struct tarn_span){first, sizeof(first)}, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &f->err),
                 &f->err);
    for (int i = 0; i < THREADS; i++) {
        racers[i] = (struct racer){.f = f, .store = f->store, .number = i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, i % 2 == 0 ? overwrite : read_whole, &racers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(racers[i].other, 0);
    }
}

struct waiter {
    struct tarn_object *object;
    uint64_t tickets[ROUNDS];
    uint8_t bytes[ROUNDS][8];
    int wrong;
};

static void *wait_for_all(void *arg)
{
    struct waiter *waiter = arg;
    for (int i = ROUNDS - 1; i >= 0; i--) {
        char expected[16];
        snprintf(expected, sizeof(expected), "%08d", i);
        waiter->wrong += tarn_object_read_wait(waiter->object, waiter->tickets[i], NULL) != TARN_OK;
        waiter->wrong += memcmp(waiter->bytes[i], expected, 8) != 0;
    }
    return NULL;
}

static void race_tickets_on_any_thread(struct fixture *f)
{
    char bytes[ROUNDS * 8 + 16];
    struct waiter *waiters = calloc(THREADS, sizeof(*waiters));
    pthread_t threads[THREADS];
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(bytes + (size_t)i * 8, 16, "%08d", i);
    }
    put(f, "k", bytes);
    struct tarn_object *object;
    ck_assert_ok(tarn_object_open(f->store, text("k"), &object, &f->err), &f->err);
    for (int t = 0; t < THREADS; t++) {
        waiters[t].object = object;
        for (int i = 0; i < ROUNDS; i++) {
            const struct tarn_read_range range = {(uint64_t)i * 8, 8, waiters[t].bytes[i]};
            ck_assert_ok(tarn_object_read_submit(object, 1, &range, &waiters[t].tickets[i], &f->err), &f->err);
        }
    }
    for (int t = 0; t < THREADS; t++) {
        ck_assert_int_eq(pthread_create(&threads[t], NULL, wait_for_all, &waiters[t]), 0);
    }
    for (int t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
        ck_assert_int_eq(waiters[t].wrong, 0);
    }
    tarn_object_close(object);
    free(waiters);
}

/* In a process of its own: the number of versions won, or 255. */
static int race_in_process(const struct tarn_store_subject *subject, const char *place, int number)
{
    struct tarn_env *env;
    struct tarn_store *store;
    int wins = 0;
    if (tarn_env_open(NULL, &env, NULL) != TARN_OK || subject->open(env, place, &store, NULL) != TARN_OK) {
        return 255;
    }
    char bytes[32];
    snprintf(bytes, sizeof(bytes), "process %d", number);
    for (int round = 0; round < ROUNDS; round++) {
        char key[64];
        snprintf(key, sizeof(key), "log/%020d.json", round);
        const enum tarn_status status = tarn_store_put(store, text(key), span(bytes), TARN_PUT_IF_ABSENT, TARN_ROLE_COMMIT, NULL);
        if (status != TARN_OK && status != TARN_EXISTS) {
            return 255;
        }
        wins += status == TARN_OK;
    }
    tarn_store_close(store);
    tarn_env_close(env);
    return wins;
}

static void race_one_winner_of_processes(struct fixture *f)
{
    pid_t children[PROCESSES];
    int wins = 0;
    if (!f->subject->shared) {
        return;
    }
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            _exit(race_in_process(f->subject, f->place, i));
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) != 255, "process %d failed", i);
        wins += WEXITSTATUS(status);
    }
    ck_assert_int_eq(wins, ROUNDS);
}

void tarn_store_race(const struct tarn_store_subject *subject, int race)
{
    static void (*const races[])(struct fixture *) = {
#define TARN_STORE_RACE_ROW(name) race_##name,
        TARN_STORE_RACES(TARN_STORE_RACE_ROW)
#undef TARN_STORE_RACE_ROW
    };
    struct fixture f;
    fixture_open(&f, subject);
    races[race](&f);
    fixture_close(&f);
}
