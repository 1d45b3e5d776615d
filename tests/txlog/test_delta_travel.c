/* SPDX-License-Identifier: Apache-2.0
 * Which version was the newest at a time: by the times of files, by in-commit timestamps, and by both where a table began with the one and
 * went over to the other; and what is said when there is none.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "tests/support/delta_fixture.h"

#define SECOND 1000000
#define ICT(milliseconds) "{\"commitInfo\":{\"inCommitTimestamp\":" milliseconds ",\"operation\":\"WRITE\"}}\n"
#define ENABLED "\"delta.enableInCommitTimestamps\":\"true\""
#define ENABLED_SINCE(version, time)                                                                                                       \
    ENABLED ",\"delta.inCommitTimestampEnablementVersion\":\"" version "\",\"delta.inCommitTimestampEnablementTimestamp\":\"" time "\""
#define SINGLE(version) "0000000000000000000" version ".checkpoint.parquet"
#define COMMIT(version) "0000000000000000000" version ".json"

static struct delta_fixture f;

static void commit_at(int version, int64_t seconds, const char *text)
{
    const int64_t now = f.now;
    f.now = seconds * SECOND;
    delta_commit(&f, version, text);
    f.now = now;
}

/* The version; -1: refused, with what must be said. */
static void check_at(int64_t microseconds, int64_t expected, const char *says)
{
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    options.as_of = microseconds;
    struct tarn_snapshot *snapshot;
    const enum tarn_status status = tarn_snapshot_load(f.env, TARN_TEXT("/t"), &options, &snapshot, &f.err);
    if (expected < 0) {
        ck_assert_int_eq(status, TARN_NOT_FOUND);
        ck_assert_str_eq(f.err.detail, "version");
        ck_assert_msg(strstr(f.err.message, says) != NULL, "\"%s\" is not in \"%s\"", says, f.err.message);
        return;
    }
    ck_assert_msg(status == TARN_OK, "%s", f.err.message);
    ck_assert_int_eq(tarn_snapshot_info(snapshot).version, expected);
    tarn_snapshot_close(snapshot);
}

static int64_t time_of(int64_t version)
{
    struct tarn_snapshot *snapshot;
    ck_assert_ok(delta_load(&f, version, &snapshot), &f.err);
    const int64_t time = tarn_snapshot_info(snapshot).timestamp;
    tarn_snapshot_close(snapshot);
    return time;
}

START_TEST(delta_travel__by_times_of_files_made_to_rise) /* T-DELTA-TIME-1 */
{
    delta_open(&f);
    f.now = 10000 * (int64_t)SECOND;
    commit_at(0, 1000, DELTA_PROTOCOL DELTA_METADATA);
    commit_at(1, 3000, DELTA_ADD("a"));
    commit_at(2, 2000, DELTA_ADD("b"));               /* a clock that stepped back: counts as 3000.001 */
    commit_at(3, 2000, ICT("999000") DELTA_ADD("c")); /* the table has no in-commit timestamps: what the commit says does not count */
    check_at(999999999, -1, "the oldest version that can be read is 0 of 1970-01-01 00:16:40+00");
    check_at(1000 * (int64_t)SECOND, 0, NULL);
    check_at(2999999999, 0, NULL);
    check_at(3000 * (int64_t)SECOND, 1, NULL);
    check_at(3000001000, 2, NULL);
    check_at(3000002000, 3, NULL);
    check_at(9999 * (int64_t)SECOND, 3, NULL);
    check_at(10001 * (int64_t)SECOND, -1, "the newest version is 3 of 1970-01-01 00:50:00.002+00");
    ck_assert_int_eq(time_of(2), 3000001000);
    delta_close(&f);
}
END_TEST

START_TEST(delta_travel__by_in_commit_timestamps_from_the_beginning) /* T-DELTA-TIME-2 */
{
    delta_open(&f);
    f.now = 10000 * (int64_t)SECOND;
    commit_at(0, 9000, ICT("4000") DELTA_PROTOCOL DELTA_METADATA_WITH(ENABLED));
    commit_at(1, 1, ICT("5000") DELTA_ADD("a"));
    commit_at(2, 1, ICT("7000") DELTA_ADD("b"));
    check_at(3999999, -1, "version that can be read is 0 of 1970-01-01 00:00:04+00");
    check_at(4 * SECOND, 0, NULL);
    check_at(4999999, 0, NULL);
    check_at(5 * SECOND, 1, NULL);
    check_at(7 * SECOND, 2, NULL);
    check_at(9 * SECOND, 2, NULL);
    ck_assert_int_eq(time_of(1), 5 * SECOND);
    delta_put_checkpoint(&f, SINGLE("2"), DELTA_PROTOCOL DELTA_METADATA_WITH(ENABLED) DELTA_ADD("a") DELTA_ADD("b"));
    ck_assert_int_eq(time_of(2), 7 * SECOND); /* the commit says it, also when a checkpoint stands for it */
    check_at(5 * SECOND, 1, NULL);
    delta_close(&f);
}
END_TEST

START_TEST(delta_travel__by_the_one_and_then_the_other) /* T-DELTA-TIME-2 */
{
    delta_open(&f);
    f.now = 10000 * (int64_t)SECOND;
    commit_at(0, 1000, DELTA_PROTOCOL DELTA_METADATA);
    commit_at(1, 2000, ICT("1") DELTA_ADD("a")); /* before the enablement: the file's time counts */
    commit_at(2, 100, ICT("2500000") DELTA_METADATA_WITH(ENABLED_SINCE("2", "2500000")));
    commit_at(3, 100, ICT("2600000") DELTA_ADD("b"));
    check_at(999 * (int64_t)SECOND, -1, "is 0 of 1970-01-01 00:16:40+00");
    check_at(1500 * (int64_t)SECOND, 0, NULL);
    check_at(2499 * (int64_t)SECOND, 1, NULL);
    check_at(2500 * (int64_t)SECOND, 2, NULL);
    check_at(2600 * (int64_t)SECOND, 3, NULL);
    commit_at(4, 5000, DELTA_METADATA_WITH("")); /* switched off again: files' times count for all */
    check_at(1999 * (int64_t)SECOND, 0, NULL);
    check_at(2000 * (int64_t)SECOND + 1000, 2, NULL);
    check_at(4999 * (int64_t)SECOND, 3, NULL);
    check_at(5000 * (int64_t)SECOND, 4, NULL);
    delta_close(&f);
}
END_TEST

START_TEST(delta_travel__a_commit_without_its_timestamp_is_damage) /* T-DELTA-TIME-2 */
{
    delta_open(&f);
    f.now = 10000 * (int64_t)SECOND;
    commit_at(0, 1, ICT("4000") DELTA_PROTOCOL DELTA_METADATA_WITH(ENABLED));
    commit_at(1, 1, DELTA_ADD("a") ICT("5000")); /* not the first action */
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    options.as_of = 5 * SECOND;
    struct tarn_snapshot *snapshot;
    ck_assert_status(tarn_snapshot_load(f.env, TARN_TEXT("/t"), &options, &snapshot, &f.err), TARN_CORRUPT);
    ck_assert_str_eq(f.err.detail, "in_commit_timestamp");
    delta_close(&f);
}
END_TEST

START_TEST(delta_travel__not_behind_what_was_cleaned) /* T-DELTA-TIME-3 */
{
    delta_open(&f);
    f.now = 10000 * (int64_t)SECOND;
    commit_at(0, 1000, DELTA_PROTOCOL DELTA_METADATA DELTA_ADD("a"));
    commit_at(1, 2000, DELTA_ADD("b"));
    commit_at(2, 3000, DELTA_ADD("c"));
    commit_at(3, 4000, DELTA_ADD("d"));
    delta_put_checkpoint(&f, SINGLE("2"), DELTA_PROTOCOL DELTA_METADATA DELTA_ADD("a") DELTA_ADD("b") DELTA_ADD("c"));
    check_at(2500 * (int64_t)SECOND, 1, NULL);
    delta_remove(&f, COMMIT("0"));
    check_at(2500 * (int64_t)SECOND, -1, "the oldest version that can be read is 2 of 1970-01-01 00:50:00+00");
    check_at(3500 * (int64_t)SECOND, 2, NULL);
    check_at(4000 * (int64_t)SECOND, 3, NULL);
    struct tarn_snapshot *snapshot;
    ck_assert_status(delta_load(&f, 1, &snapshot), TARN_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(f.err.message, "versions 2 to 3 can be read"));
    delta_close(&f);
}
END_TEST

TARN_SUITE("txlog/delta_travel", TARN_TEST(delta_travel__by_times_of_files_made_to_rise),
           TARN_TEST(delta_travel__by_in_commit_timestamps_from_the_beginning), TARN_TEST(delta_travel__by_the_one_and_then_the_other),
           TARN_TEST(delta_travel__a_commit_without_its_timestamp_is_damage), TARN_TEST(delta_travel__not_behind_what_was_cleaned))
