/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_STORE_CONFORMANCE_H
#define TARN_TESTS_SUPPORT_STORE_CONFORMANCE_H

#include "tarn/store.h"
#include "tests/support/suite.h"

/*
 * The contract of tarn/store.h as checks that any store runs:
 *
 *     static const struct tarn_store_subject subject = {"bucket", true, open_bucket};
 *     START_TEST(bucket__conforms) { tarn_store_conform(&subject, _i); } END_TEST
 *     TARN_SUITE("bucket", {bucket__conforms, TARN_STORE_CHECK_COUNT})
 *
 * Each check opens stores of its own at a fresh place and fails through Check. Those of TARN_STORE_RACES use threads and processes:
 * their executable has the label `concurrent`.
 */
struct tarn_store_subject {
    const char *name;
    bool shared; /* what one process puts, another that opens the same place sees */
    /** `place` is a new folder's path; a store that needs none ignores it. */
    enum tarn_status (*open)(struct tarn_env *env, const char *place, struct tarn_store **out, struct tarn_error *err);
};

#define TARN_STORE_CHECKS(X)                                                                                                               \
    X(put_and_read_back)                                                                                                                   \
    X(put_replaces)                                                                                                                        \
    X(put_if_absent_keeps_the_first)                                                                                                       \
    X(empty_objects)                                                                                                                       \
    X(large_objects)                                                                                                                       \
    X(odd_keys)                                                                                                                            \
    X(refused_keys)                                                                                                                        \
    X(absent_objects)                                                                                                                      \
    X(info_follows_content)                                                                                                                \
    X(opened_objects_are_pinned)                                                                                                           \
    X(ranges)                                                                                                                              \
    X(ranges_beyond_the_end)                                                                                                               \
    X(submitted_reads)                                                                                                                     \
    X(writers_are_invisible_until_commit)                                                                                                  \
    X(writers_abort_without_trace)                                                                                                         \
    X(writers_if_absent)                                                                                                                   \
    X(listing_order_prefix_and_start)                                                                                                      \
    X(listing_stops_when_told)                                                                                                             \
    X(listing_while_changing)                                                                                                              \
    X(remove_is_idempotent)                                                                                                                \
    X(handles_keep_the_store)                                                                                                              \
    X(stats_count)

#define TARN_STORE_RACES(X)                                                                                                                \
    X(one_winner_of_threads)                                                                                                               \
    X(readers_see_all_or_nothing)                                                                                                          \
    X(tickets_on_any_thread)                                                                                                               \
    X(one_winner_of_processes)

enum {
#define TARN_STORE_COUNT_CHECK(name) TARN_STORE_CHECK_##name,
    TARN_STORE_CHECKS(TARN_STORE_COUNT_CHECK) TARN_STORE_CHECK_COUNT,
#undef TARN_STORE_COUNT_CHECK
};
enum {
#define TARN_STORE_COUNT_RACE(name) TARN_STORE_RACE_##name,
    TARN_STORE_RACES(TARN_STORE_COUNT_RACE) TARN_STORE_RACE_COUNT,
#undef TARN_STORE_COUNT_RACE
};

void tarn_store_conform(const struct tarn_store_subject *subject, int check);
void tarn_store_race(const struct tarn_store_subject *subject, int race);

#endif
