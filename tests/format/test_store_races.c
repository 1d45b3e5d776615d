/* SPDX-License-Identifier: Apache-2.0
 * The stores under threads and processes: one winner, nothing torn.
 */
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

TARN_SUITE("format/store_races", {store_races__memory_has_one_winner, TARN_STORE_RACE_COUNT},
           {store_races__local_has_one_winner, TARN_STORE_RACE_COUNT})
