/* SPDX-License-Identifier: Apache-2.0
 * A table's log kept: checksums, compactions, clean-up, and a look at all that can be wrong.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "tarn/upkeep.h"
#include "tests/support/fault.h"
#include "tests/support/table_rows.h"
#include "txlog/delta/delta_checksum_read.h"
#include "txlog/delta/delta_log.h"

static struct tarn_error err = TARN_ERROR_INIT;
static char folder[512];

static void path_of(char path[1400], const char *name)
{
    snprintf(path, 1400, "%s/%s", folder, name);
}

static bool exists(const char *name)
{
    char path[1400];
    path_of(path, name);
    return access(path, F_OK) == 0;
}

static void take_away(const char *name)
{
    char path[1400];
    path_of(path, name);
    ck_assert_int_eq(unlink(path), 0);
}

static void set_age(const char *name, time_t seconds)
{
    char path[1400];
    path_of(path, name);
    const time_t then = time(NULL) - seconds;
    const struct utimbuf times = {then, then};
    ck_assert_int_eq(utime(path, &times), 0);
}

static void commit_name(char name[64], int version, const char *extension)
{
    snprintf(name, 64, "_delta_log/%020d.%s", version, extension);
}

/* A table of `versions` versions, one row each. */
static struct tarn_text table_of(struct tarn_env *env, int versions)
{
    static int number;
    snprintf(folder, sizeof(folder), "%s/u%d", tarn_test_folder(), number++);
    const struct tarn_text uri = tarn__text_of(folder);
    ck_assert_ok(tarn_test_table_create(env, uri, false, 0, 1, &err), &err);
    for (int i = 1; i < versions; i++) {
        ck_assert_ok(tarn_test_table_append(env, uri, i, 1, NULL, &err), &err);
    }
    return uri;
}

static uint64_t rows_of(struct tarn_env *env, struct tarn_text uri, int64_t version)
{
    uint64_t rows = 0;
    int64_t sum;
    ck_assert_ok(tarn_test_table_sum(env, uri, version, &rows, &sum, &err), &err);
    return rows;
}

/* ---- version checksums ---- */

START_TEST(delta_upkeep__every_commit_leaves_its_checksum) /* T-DELTA-UPKEEP-1 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = table_of(env, 4);
    ck_assert_ok(tarn_test_table_delete(env, uri, 2, &err), &err);
    for (int version = 0; version <= 4; version++) {
        char name[64];
        commit_name(name, version, "crc");
        ck_assert_msg(exists(name), "%s", name);
        struct tarn_snapshot *snapshot;
        struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
        options.version = version;
        ck_assert_ok(tarn_snapshot_load(env, uri, &options, &snapshot, &err), &err);
        ck_assert_ok(tarn__delta_checksum_verify(snapshot, &err), &err);
        tarn_snapshot_close(snapshot);
    }
    struct tarn_store *store;
    char *text;
    size_t size;
    ck_assert_ok(tarn_store_open(env, uri, false, &store, &err), &err);
    ck_assert_ok(tarn__delta_read_object(store, TARN_TEXT("_delta_log/00000000000000000003.crc"), 100000, &text, &size, NULL, &err), &err);
    text[size] = '\0';
    static const char *const members[] = {"\"numFiles\":4,",
                                          "\"numMetadata\":1,",
                                          "\"numProtocol\":1,",
                                          "\"setTransactions\":[]",
                                          "\"domainMetadata\":[]",
                                          "\"metadata\":{\"id\":",
                                          "\"protocol\":{\"minReaderVersion\":",
                                          "\"sortedBinBoundaries\":[0,8192,16384,",
                                          "\"fileCounts\":[4,0,",
                                          "\"txnId\":\""};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        ck_assert_msg(strstr(text, members[i]) != NULL, "%s without %s", text, members[i]);
    }
    tarn__free(env, text);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

/* ---- compaction ---- */

START_TEST(delta_upkeep__a_compaction_stands_for_its_commits) /* T-DELTA-UPKEEP-2 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = table_of(env, 5);
    ck_assert_ok(tarn_test_table_overwrite(env, uri, 100, 2, &err), &err);
    ck_assert_ok(tarn_test_table_append(env, uri, 102, 1, NULL, &err), &err);
    ck_assert_ok(tarn_table_compact_log(env, uri, 1, 6, &err), &err);
    ck_assert(exists("_delta_log/00000000000000000001.00000000000000000006.compacted.json"));
    /* A commit in the middle can be read no more: the compaction stands in for it. */
    tarn_test_put_file(folder, "_delta_log/00000000000000000003.json", "garbage");
    ck_assert_uint_eq(rows_of(env, uri, -1), 3);
    ck_assert_status(tarn_table_compact_log(env, uri, 1, 6, &err), TARN_CORRUPT);
    ck_assert_status(tarn_table_compact_log(env, uri, 5, 5, &err), TARN_INVALID);
    ck_assert_status(tarn_table_compact_log(env, uri, 5, 99, &err), TARN_NOT_FOUND);
    tarn_test_env_close(env);
}
END_TEST

/* ---- clean-up ---- */

static enum tarn_status count_object(void *arg, const struct tarn_log_object *object, struct tarn_error *error)
{
    (void)error;
    ((int *)arg)[object->kind]++;
    return TARN_OK;
}

START_TEST(delta_upkeep__old_versions_go_and_younger_ones_stay) /* T-DELTA-UPKEEP-3 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = table_of(env, 26); /* checkpoints of 10 and 20 */
    struct tarn_log_clean_options options = TARN_LOG_CLEAN_OPTIONS_INIT;
    struct tarn_log_clean_result result;
    int counts[6] = {0};
    char name[64];
    /* Nothing is old: nothing goes. */
    ck_assert_ok(tarn_table_clean_log(env, uri, NULL, count_object, counts, &result, &err), &err);
    ck_assert_uint_eq(result.objects, 0);
    ck_assert_int_eq(result.first_version, 0);
    for (int version = 0; version <= 17; version++) {
        commit_name(name, version, "json");
        set_age(name, 40 * 86400);
    }
    options.dry_run = true;
    ck_assert_ok(tarn_table_clean_log(env, uri, &options, count_object, counts, &result, &err), &err);
    ck_assert_int_eq(counts[TARN_LOG_COMMIT], 10); /* 0 .. 9: the checkpoint of 10 is the newest old one */
    ck_assert(exists("_delta_log/00000000000000000000.json"));
    options.dry_run = false;
    ck_assert_ok(tarn_table_clean_log(env, uri, &options, NULL, NULL, &result, &err), &err);
    ck_assert_uint_eq(result.objects, 20); /* with their checksums */
    ck_assert_int_eq(result.first_version, 10);
    ck_assert(!exists("_delta_log/00000000000000000009.json"));
    ck_assert(exists("_delta_log/00000000000000000010.json"));
    for (int version = 10; version <= 25; version++) {
        ck_assert_uint_eq(rows_of(env, uri, version), (uint64_t)version + 1);
    }
    struct tarn_snapshot *snapshot;
    struct tarn_snapshot_options travel = TARN_SNAPSHOT_OPTIONS_INIT;
    travel.version = 9;
    ck_assert_status(tarn_snapshot_load(env, uri, &travel, &snapshot, &err), TARN_NOT_FOUND);
    /* A checkpoint that cannot be read stands for nothing. */
    options.retention = 0;
    tarn_test_put_file(folder, "_delta_log/00000000000000000020.checkpoint.parquet", "PAR1 torn");
    ck_assert_ok(tarn_table_clean_log(env, uri, &options, NULL, NULL, &result, &err), &err);
    ck_assert_int_eq(result.first_version, 10);
    ck_assert_uint_eq(rows_of(env, uri, -1), 26);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_upkeep__leftovers_go_when_they_are_a_day_old) /* T-DELTA-UPKEEP-3 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = table_of(env, 2);
    struct tarn_log_clean_result result;
    tarn_test_put_file(folder, "_delta_log/" TARN_DELTA_UNPROVEN "old.parquet", "x");
    tarn_test_put_file(folder, "_delta_log/" TARN_DELTA_UNPROVEN "new.parquet", "x");
    tarn_test_put_file(folder, "_delta_log/_sidecars/old.parquet", "x");
    tarn_test_put_file(folder, "_delta_log/_sidecars/new.parquet", "x");
    tarn_test_put_file(folder, "_delta_log/something_else", "x");
    set_age("_delta_log/" TARN_DELTA_UNPROVEN "old.parquet", 2 * 86400);
    set_age("_delta_log/_sidecars/old.parquet", 2 * 86400);
    set_age("_delta_log/something_else", 2 * 86400);
    ck_assert_ok(tarn_table_clean_log(env, uri, NULL, NULL, NULL, &result, &err), &err);
    ck_assert_uint_eq(result.objects, 2);
    ck_assert(!exists("_delta_log/_sidecars/old.parquet"));
    ck_assert(exists("_delta_log/_sidecars/new.parquet") && exists("_delta_log/something_else"));
    tarn_test_env_close(env);
}
END_TEST

/* ---- fsck ---- */

struct told {
    char text[6000];
};

static void note_finding(void *arg, const struct tarn_finding *finding)
{
    struct told *told = arg;
    char line[700];
    static const char *const kinds[] = {"ok", "warning", "error"};
    snprintf(line, sizeof(line), "%s %s %s\n", kinds[finding->kind], finding->error->detail, finding->error->object);
    strncat(told->text, line, sizeof(told->text) - strlen(told->text) - 1);
}

static struct tarn_check_result check(struct tarn_env *env, struct tarn_text uri, bool repair, bool drop_missing, struct told *told)
{
    struct tarn_check_options options = TARN_CHECK_OPTIONS_INIT;
    struct tarn_check_result result;
    options.repair = repair;
    options.drop_missing = drop_missing;
    options.orphan_age = 0;
    told->text[0] = '\0';
    ck_assert_ok(tarn_table_check(env, uri, &options, note_finding, told, &result, &err), &err);
    return result;
}

static enum tarn_status first_file(void *arg, const struct tarn_file_info *file, struct tarn_error *error)
{
    (void)error;
    snprintf(arg, 200, "%.*s", (int)file->path.size, file->path.data);
    return TARN_OK;
}

static void live_file(struct tarn_env *env, struct tarn_text uri, char name[200])
{
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    ck_assert_ok(tarn_snapshot_files(snapshot, first_file, name, &err), &err);
    tarn_snapshot_close(snapshot);
}

static void tear_newest(struct tarn_env *env, struct tarn_text uri)
{
    (void)env;
    (void)uri;
    tarn_test_put_file(folder, "_delta_log/00000000000000000012.json", "{\"add\":{\"path\":\"a");
}

static void empty_newest(struct tarn_env *env, struct tarn_text uri)
{
    (void)env;
    (void)uri;
    tarn_test_put_file(folder, "_delta_log/00000000000000000012.json", "");
}

static void damage_checkpoint(struct tarn_env *env, struct tarn_text uri)
{
    (void)env;
    (void)uri;
    tarn_test_put_file(folder, "_delta_log/00000000000000000010.checkpoint.parquet", "PAR1 torn");
}

static void lose_checkpoint(struct tarn_env *env, struct tarn_text uri)
{
    (void)env;
    (void)uri;
    take_away("_delta_log/00000000000000000010.checkpoint.parquet");
}

static void falsify_checksum(struct tarn_env *env, struct tarn_text uri)
{
    (void)env;
    (void)uri;
    tarn_test_put_file(folder, "_delta_log/00000000000000000011.crc", "{\"numFiles\":7,\"tableSizeBytes\":1}");
}

static void lose_old_commit(struct tarn_env *env, struct tarn_text uri)
{
    (void)env;
    (void)uri;
    take_away("_delta_log/00000000000000000004.json");
}

static void lose_file(struct tarn_env *env, struct tarn_text uri)
{
    char name[200];
    live_file(env, uri, name);
    take_away(name);
}

static void cut_file(struct tarn_env *env, struct tarn_text uri)
{
    char name[200];
    live_file(env, uri, name);
    tarn_test_put_file(folder, name, "cut");
}

static void add_orphan(struct tarn_env *env, struct tarn_text uri)
{
    (void)env;
    (void)uri;
    tarn_test_put_file(folder, "part-nobody.parquet", "x");
    set_age("part-nobody.parquet", 10);
}

static void leave_unfinished(struct tarn_env *env, struct tarn_text uri)
{
    (void)env;
    (void)uri;
    tarn_test_put_file(folder, "_delta_log/" TARN_DELTA_UNPROVEN "x.parquet", "x");
    set_age("_delta_log/" TARN_DELTA_UNPROVEN "x.parquet", 2 * 86400);
}

static const struct {
    const char *name;
    void (*harm)(struct tarn_env *env, struct tarn_text uri);
    const char *told;
    bool damage;       /* not only a blemish */
    bool drop_missing; /* needed for the repair */
    bool mended;       /* by a repair: then the table is clean */
    uint64_t rows;     /* afterwards */
} harms[] = {
    {"torn newest commit", tear_newest, "error json.truncated", true, false, true, 12},
    {"newest commit without bytes", empty_newest, "error commit_empty", true, false, true, 12},
    {"damaged checkpoint", damage_checkpoint, "warning ", false, false, true, 12},
    {"hint to nothing", lose_checkpoint, "warning last_checkpoint", false, false, true, 12},
    {"wrong checksum", falsify_checksum, "warning version_checksum", false, false, true, 12},
    {"gap below a checkpoint", lose_old_commit, "warning log_gap", false, false, false, 12},
    {"missing file", lose_file, "error missing_file", true, true, true, 11},
    {"file of another size", cut_file, "error file_size", true, false, false, 0},
    {"orphan", add_orphan, "warning orphan", false, false, false, 12},
    {"unfinished checkpoint", leave_unfinished, "warning unfinished", false, false, true, 12},
};

START_TEST(delta_upkeep__what_is_wrong_is_found_and_mended) /* T-DELTA-UPKEEP-4 T-DELTA-UPKEEP-5 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = table_of(env, 12);
    struct told told;
    struct tarn_check_result result = check(env, uri, false, false, &told);
    ck_assert_msg(result.damages == 0 && result.blemishes == 0, "%s", told.text);
    harms[_i].harm(env, uri);
    result = check(env, uri, false, false, &told);
    ck_assert_msg(strstr(told.text, harms[_i].told) != NULL, "%s: %s", harms[_i].name, told.text);
    ck_assert_msg((result.damages != 0) == harms[_i].damage, "%s: %s", harms[_i].name, told.text);
    ck_assert_uint_gt(result.damages + result.blemishes, 0);
    ck_assert_uint_eq(result.repaired, 0);
    result = check(env, uri, true, harms[_i].drop_missing, &told);
    ck_assert_msg((result.repaired != 0) == harms[_i].mended, "%s: %s", harms[_i].name, told.text);
    if (harms[_i].mended) {
        result = check(env, uri, true, false, &told);
        ck_assert_msg(result.damages == 0 && result.blemishes == 0, "%s: %s", harms[_i].name, told.text);
    }
    if (harms[_i].rows != 0) {
        ck_assert_uint_eq(rows_of(env, uri, -1), harms[_i].rows);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- sizes ---- */

static enum tarn_status add_usage(void *arg, const struct tarn_usage *usage, struct tarn_error *error)
{
    (void)error;
    if (usage->partition.size == 0) {
        ((struct tarn_usage *)arg)[usage->kind] = *usage;
    } else {
        ((struct tarn_usage *)arg)[TARN_USAGE_KINDS + usage->kind].objects += usage->objects;
        ((struct tarn_usage *)arg)[TARN_USAGE_KINDS + usage->kind].bytes += usage->bytes;
    }
    return TARN_OK;
}

START_TEST(delta_upkeep__bytes_are_told_by_what_they_are_for) /* T-DELTA-UPKEEP-6 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_usage sums[2 * TARN_USAGE_KINDS] = {{0}};
    static int number;
    snprintf(folder, sizeof(folder), "%s/d%d", tarn_test_folder(), number++);
    const struct tarn_text uri = tarn__text_of(folder);
    ck_assert_ok(tarn_test_table_create(env, uri, true, 0, 30, &err), &err);
    ck_assert_ok(tarn_test_table_overwrite(env, uri, 0, 6, &err), &err);
    tarn_test_put_file(folder, "part=1/nobody.parquet", "12345");
    ck_assert_ok(tarn_table_usage(env, uri, add_usage, sums, &err), &err);
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    const struct tarn_snapshot_info info = tarn_snapshot_info(snapshot);
    ck_assert_uint_eq(sums[TARN_USAGE_LIVE].objects, info.file_count);
    ck_assert_uint_eq(sums[TARN_USAGE_LIVE].bytes, info.total_bytes);
    ck_assert_uint_eq(sums[TARN_USAGE_RETAINED].objects, 4);
    ck_assert_uint_eq(sums[TARN_USAGE_ORPHANED].objects, 1);
    ck_assert_uint_eq(sums[TARN_USAGE_ORPHANED].bytes, 5);
    ck_assert_uint_eq(sums[TARN_USAGE_LOG].objects, 4); /* two commits, two checksums */
    for (int kind = 0; kind <= TARN_USAGE_ORPHANED; kind++) {
        ck_assert_uint_eq(sums[TARN_USAGE_KINDS + kind].objects, sums[kind].objects);
        ck_assert_uint_eq(sums[TARN_USAGE_KINDS + kind].bytes, sums[kind].bytes);
    }
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/delta_upkeep", TARN_TEST(delta_upkeep__every_commit_leaves_its_checksum),
           TARN_TEST(delta_upkeep__a_compaction_stands_for_its_commits), TARN_TEST(delta_upkeep__old_versions_go_and_younger_ones_stay),
           TARN_TEST(delta_upkeep__leftovers_go_when_they_are_a_day_old),
           TARN_LOOP_TEST(delta_upkeep__what_is_wrong_is_found_and_mended, harms),
           TARN_TEST(delta_upkeep__bytes_are_told_by_what_they_are_for))
