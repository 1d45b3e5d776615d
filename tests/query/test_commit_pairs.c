/* SPDX-License-Identifier: Apache-2.0
 * Every pair of operations at every interleaving: one runs, and before one of its store operations the other runs from begin to end. The
 * table must then be what the two leave one after the other, in the order of the log where the table asks for Serializable.
 *
 * Two transactions interleave in no other way that matters: what happens before the one that commits first has committed changes nothing
 * for the other, so that the first may as well run whole inside of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/commit_world.h"

enum { OPERATIONS = TARN_TEST_OPERATIONS, STATE_SIZE = TARN_TEST_STATE };

/* `second` negative: only the first. */
static void run_serially(const struct tarn_test_setting *setting, int first, int first_who, int second, char out[STATE_SIZE])
{
    struct tarn_test_world world;
    struct tarn_error err = TARN_ERROR_INIT;
    int64_t version;
    tarn_test_world_open(&world, setting);
    enum tarn_status status = tarn_test_operate(world.env, &tarn_test_operations[first], first_who, &version, &err);
    ck_assert_msg(status == TARN_OK, "%s alone: %s", tarn_test_operations[first].name, err.message);
    if (second >= 0) {
        status = tarn_test_operate(world.env, &tarn_test_operations[second], 3 - first_who, &version, &err);
        ck_assert_msg(status == TARN_OK || (status == TARN_EXISTS && tarn_test_operations[second].kind == TARN_TEST_ONCE),
                      "%s, then %s: %s", tarn_test_operations[first].name, tarn_test_operations[second].name, err.message);
    }
    tarn_test_world_state(world.env, out);
    tarn_test_world_close(&world);
}

/* ---- the interleavings ---- */

struct inner {
    struct tarn_test_world *world;
    const struct tarn_test_operation *operation;
    uint64_t at;
    bool ran;
    enum tarn_status status;
    int64_t version;
};

static void run_inner(void *arg, uint64_t number)
{
    struct inner *inner = arg;
    if (number == inner->at) {
        struct tarn_error err = TARN_ERROR_INIT;
        inner->ran = true;
        inner->status = tarn_test_operate(inner->world->other, inner->operation, 2, &inner->version, &err);
        ck_assert_msg(inner->status == TARN_OK || inner->status == TARN_CONFLICT || inner->status == TARN_EXISTS, "%s inside: %s",
                      inner->operation->name, err.message);
    }
}

struct serial {
    char only[2][STATE_SIZE]; /* the outer, the inner */
    char both[2][STATE_SIZE]; /* outer first, inner first */
};

/* False: the outer operation ended before its `at`-th store operation. */
static bool interleave(const struct tarn_test_setting *setting, int outer, int inner_operation, uint64_t at, const struct serial *serial,
                       uint64_t *conflicts)
{
    struct tarn_test_world world;
    struct tarn_error err = TARN_ERROR_INIT;
    char found[STATE_SIZE];
    int64_t version;
    tarn_test_world_open(&world, setting);
    struct inner inner = {.world = &world, .operation = &tarn_test_operations[inner_operation], .at = at};
    tarn_fault_watch(world.fault, run_inner, &inner);
    tarn_fault_resume(world.fault);
    const enum tarn_status status = tarn_test_operate(world.env, &tarn_test_operations[outer], 1, &version, &err);
    tarn_fault_suspend(world.fault);
    tarn_fault_watch(world.fault, NULL, NULL);
    ck_assert_msg(status == TARN_OK || status == TARN_CONFLICT ||
                      (status == TARN_EXISTS && tarn_test_operations[outer].kind == TARN_TEST_ONCE),
                  "%s: %s", tarn_test_operations[outer].name, err.message);
    bool holds = true;
    if (inner.ran) {
        tarn_test_world_state(world.env, found);
        const bool a = status != TARN_CONFLICT;
        const bool b = inner.status != TARN_CONFLICT;
        if (a && b) {
            const bool outer_first = strcmp(found, serial->both[0]) == 0;
            const bool inner_first = strcmp(found, serial->both[1]) == 0;
            /* Equal versions: one found nothing left to change behind the other. */
            const bool by_log = version >= 0 && inner.version >= 0 && version != inner.version && setting->serializable;
            holds = by_log ? (version < inner.version ? outer_first : inner_first) : outer_first || inner_first;
        } else {
            ck_assert(a || b); /* the one that came first has no reason to fail */
            holds = strcmp(found, serial->only[a ? 0 : 1]) == 0;
        }
        *conflicts += !a || !b;
        ck_assert_msg(holds, "%s (%s, version %lld), with %s (%s, version %lld) before operation %llu: %s; one after the other: %s or %s",
                      tarn_test_operations[outer].name, tarn_status_name(status), (long long)version,
                      tarn_test_operations[inner_operation].name, tarn_status_name(inner.status), (long long)inner.version,
                      (unsigned long long)at, found, serial->both[0], serial->both[1]);
    }
    tarn_test_world_close(&world);
    return inner.ran;
}

/* A test is one outer operation under one setting. TARN_TEST_LONG: before each store operation; else before each third. */
START_TEST(commit_pairs__are_serial_at_every_interleaving) /* T-DELTA-CONFLICT-9 */
{
    const struct tarn_test_setting setting = {.serializable = (_i & 1) != 0, .vectors = (_i & 2) != 0};
    const int outer = _i / 4;
    const uint64_t step = getenv("TARN_TEST_LONG") != NULL ? 1 : 3;
    uint64_t runs = 0;
    uint64_t conflicts = 0;
    for (int inner = 0; inner < OPERATIONS; inner++) {
        struct serial serial;
        run_serially(&setting, outer, 1, -1, serial.only[0]);
        run_serially(&setting, inner, 2, -1, serial.only[1]);
        run_serially(&setting, outer, 1, inner, serial.both[0]);
        run_serially(&setting, inner, 2, outer, serial.both[1]);
        uint64_t at = 1 + (uint64_t)(outer + inner) % step;
        while (interleave(&setting, outer, inner, at, &serial, &conflicts)) {
            at += step;
            runs++;
        }
    }
    ck_assert_uint_gt(runs, OPERATIONS);
    printf("%-28s %s%s: %llu interleavings, %llu with a conflict\n", tarn_test_operations[outer].name,
           setting.serializable ? "Serializable" : "WriteSerializable", setting.vectors ? ", deletion vectors" : "",
           (unsigned long long)runs, (unsigned long long)conflicts);
}
END_TEST

TARN_SUITE("query/commit_pairs", TARN_LOOP_TIMES(commit_pairs__are_serial_at_every_interleaving, OPERATIONS * 4))
