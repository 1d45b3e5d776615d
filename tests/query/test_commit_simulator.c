/* SPDX-License-Identifier: Apache-2.0
 * Random histories: one operation after another on one table, each with a store that fails somewhere or another process that comes in
 * between, or both. All follows from a seed. What the statuses say must explain the table: it is what those that were done leave one after
 * the other, each OK among them, no CONFLICT and no error, COMMIT_UNKNOWN either way.
 *
 * TARN_TEST_SEED: the first seed; TARN_TEST_SEEDS: how many (40; with TARN_TEST_LONG 400).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/commit_world.h"

enum { STEPS = 5, MOST_DONE = STEPS * 2 + 1, MOST_CANDIDATES = 10 };

struct done {
    int operation;
    int who;
};

struct history {
    struct done done[MOST_DONE];
    int count;
};

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

/* What a history leaves, without anything that fails. */
static void replay(const struct tarn_test_setting *setting, const struct history *history, char out[TARN_TEST_STATE])
{
    struct tarn_test_world world;
    tarn_test_world_open(&world, setting);
    for (int i = 0; i < history->count; i++) {
        struct tarn_error err = TARN_ERROR_INIT;
        const struct tarn_test_operation *operation = &tarn_test_operations[history->done[i].operation];
        int64_t version;
        const enum tarn_status status = tarn_test_operate(world.env, operation, history->done[i].who, &version, &err);
        ck_assert_msg(status == TARN_OK || (status == TARN_EXISTS && operation->kind == TARN_TEST_ONCE), "%s: %s", operation->name,
                      err.message);
    }
    tarn_test_world_state(world.env, out);
    tarn_test_world_close(&world);
}

struct inner {
    struct tarn_test_world *world;
    int operation;
    uint64_t at;
    bool ran;
    enum tarn_status status;
};

static void run_inner(void *arg, uint64_t number)
{
    struct inner *inner = arg;
    if (number == inner->at) {
        struct tarn_error err = TARN_ERROR_INIT;
        int64_t version;
        inner->ran = true;
        inner->status = tarn_test_operate(inner->world->other, &tarn_test_operations[inner->operation], 2, &version, &err);
    }
}

static struct tarn_fault_rule random_rule(uint64_t *random)
{
    static const struct {
        enum tarn_status status;
        enum tarn_fault_effect effect;
    } kinds[] = {
        {TARN_COMMIT_UNKNOWN, TARN_FAULT_LOST},
        {TARN_COMMIT_UNKNOWN, TARN_FAULT_APPLIED},
        {TARN_EXISTS, TARN_FAULT_APPLIED},
        {TARN_THROTTLED, TARN_FAULT_LOST},
        {TARN_IO, TARN_FAULT_LOST},
    };
    const size_t kind = next_random(random) % (sizeof(kinds) / sizeof(kinds[0]));
    if (kind < 2 && next_random(random) % 2 == 0) { /* and then nothing can be read any more */
        return (struct tarn_fault_rule){
            .store = true,
            .at = 1 + next_random(random) % 30,
            .forever = true,
            .status = kinds[kind].status,
            .effect = kinds[kind].effect,
            .ops = TARN_FAULT_OP_PUT | TARN_FAULT_OP_OPEN | TARN_FAULT_OP_READ,
        };
    }
    const bool commit = kind < 3 || next_random(random) % 2 == 0; /* a commit, or any operation */
    return (struct tarn_fault_rule){
        .store = true,
        .at = 1 + next_random(random) % (commit ? 2 : 40),
        .status = kinds[kind].status,
        .effect = kinds[kind].effect,
        .ops = commit ? TARN_FAULT_OP_PUT : 0,
        .absent_only = commit,
    };
}

static bool may_be_done(enum tarn_status status)
{
    return status == TARN_OK || status == TARN_COMMIT_UNKNOWN;
}

static bool may_be_undone(enum tarn_status status)
{
    return status != TARN_OK;
}

/* All ways in which the two may have been done. */
static int candidates(const struct history *before, const struct done *outer, enum tarn_status status, const struct inner *inner,
                      struct history out[MOST_CANDIDATES])
{
    const struct done second = {inner->operation, 2};
    int count = 0;
    for (int way = 0; way < 5; way++) { /* neither, outer, inner, outer then inner, inner then outer */
        const bool has_outer = way == 1 || way >= 3;
        const bool has_inner = way == 2 || way >= 3;
        if ((has_outer ? !may_be_done(status) : !may_be_undone(status)) ||
            (has_inner ? !inner->ran || !may_be_done(inner->status) : inner->ran && !may_be_undone(inner->status))) {
            continue;
        }
        struct history *history = &out[count++];
        *history = *before;
        if (way == 4) {
            history->done[history->count++] = second;
        }
        if (has_outer) {
            history->done[history->count++] = *outer;
        }
        if (has_inner && way != 4) {
            history->done[history->count++] = second;
        }
    }
    return count;
}

struct counts {
    uint64_t steps;
    uint64_t failures; /* injected */
    uint64_t meetings;
    uint64_t unknown;
    uint64_t done;
};

static void step(const struct tarn_test_setting *setting, struct tarn_test_world *world, struct history *history, uint64_t *random,
                 uint64_t seed, struct counts *counts)
{
    struct tarn_error err = TARN_ERROR_INIT;
    const struct done outer = {(int)(next_random(random) % TARN_TEST_OPERATIONS), 1};
    const bool fails = next_random(random) % 3 != 0;
    struct inner inner = {.world = world, .operation = (int)(next_random(random) % TARN_TEST_OPERATIONS)};
    const struct tarn_fault_rule rule = fails ? random_rule(random) : (struct tarn_fault_rule){0};
    int64_t version;
    inner.at = next_random(random) % 2 == 0 ? 1 + next_random(random) % 30 : 0;
    tarn_fault_watch(world->fault, run_inner, &inner);
    tarn_fault_arm(world->fault, &rule);
    const enum tarn_status status = tarn_test_operate(world->env, &tarn_test_operations[outer.operation], outer.who, &version, &err);
    tarn_fault_suspend(world->fault);
    tarn_fault_watch(world->fault, NULL, NULL);
    counts->steps++;
    counts->failures += tarn_fault_fired(world->fault);
    counts->meetings += inner.ran;
    counts->unknown += status == TARN_COMMIT_UNKNOWN;
    counts->done += status == TARN_OK;

    char found[TARN_TEST_STATE];
    struct history ways[MOST_CANDIDATES];
    tarn_test_world_state(world->env, found);
    const int count = candidates(history, &outer, status, &inner, ways);
    for (int i = 0; i < count; i++) {
        char expected[TARN_TEST_STATE];
        replay(setting, &ways[i], expected);
        if (strcmp(found, expected) == 0) {
            *history = ways[i];
            return;
        }
    }
    ck_abort_msg("seed %llu: %s (%s)%s%s%s%s is explained by nothing: %s", (unsigned long long)seed,
                 tarn_test_operations[outer.operation].name, tarn_status_name(status), inner.ran ? ", with " : "",
                 inner.ran ? tarn_test_operations[inner.operation].name : "", inner.ran ? " " : "",
                 inner.ran ? tarn_status_name(inner.status) : "", found);
}

START_TEST(commit_simulator__every_history_is_explained) /* T-DELTA-CONFLICT-10 */
{
    const char *first_text = getenv("TARN_TEST_SEED");
    const char *count_text = getenv("TARN_TEST_SEEDS");
    const uint64_t all = count_text != NULL ? strtoull(count_text, NULL, 10) : getenv("TARN_TEST_LONG") != NULL ? 400 : 40;
    const uint64_t first = first_text != NULL ? strtoull(first_text, NULL, 10) : 1;
    const struct tarn_test_setting setting = {.serializable = (_i & 1) != 0, .vectors = (_i & 2) != 0};
    struct counts counts = {0};
    for (uint64_t seed = first; seed < first + all / 4; seed++) {
        uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)_i + 1;
        struct tarn_test_world world;
        struct history history = {.count = 0};
        tarn_test_world_open(&world, &setting);
        for (int i = 0; i < STEPS; i++) {
            step(&setting, &world, &history, &random, seed, &counts);
        }
        tarn_test_world_close(&world);
    }
    printf("%llu operations, %llu done; %llu failures of the store, %llu met by another, %llu unknown\n", (unsigned long long)counts.steps,
           (unsigned long long)counts.done, (unsigned long long)counts.failures, (unsigned long long)counts.meetings,
           (unsigned long long)counts.unknown);
    ck_assert_uint_gt(counts.failures, counts.steps / 4);
    ck_assert_uint_gt(counts.meetings, counts.steps / 8);
}
END_TEST

TARN_SUITE("query/commit_simulator", TARN_LOOP_TIMES(commit_simulator__every_history_is_explained, 4))
