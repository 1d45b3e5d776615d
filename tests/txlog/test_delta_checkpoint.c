/* SPDX-License-Identifier: Apache-2.0
 * Checkpoints that tarn writes: a table without its commits reads as before, with all that the log knew.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "tarn/upkeep.h"
#include "tests/support/fault.h"
#include "tests/support/table_rows.h"
#include "txlog/delta/delta_checkpoint.h"
#include "txlog/delta/delta_checkpoint_write.h"
#include "txlog/delta/delta_visit.h"

static struct tarn_error err = TARN_ERROR_INIT;
static char folder[512];

static void new_table(void)
{
    static int number;
    snprintf(folder, sizeof(folder), "%s/c%d", tarn_test_folder(), number++);
}

static void put(int version, const char *text)
{
    char name[64];
    snprintf(name, sizeof(name), "_delta_log/%020d.json", version);
    tarn_test_put_file(folder, name, text);
}

static struct tarn_snapshot *load(struct tarn_env *env)
{
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, tarn__text_of(folder), NULL, &snapshot, &err), &err);
    return snapshot;
}

/* Removes files of the log whose names end so; how many. */
static int remove_log(const char *suffix)
{
    char path[1400];
    snprintf(path, sizeof(path), "%s/_delta_log", folder);
    DIR *log = opendir(path);
    ck_assert_ptr_nonnull(log);
    int count = 0;
    for (struct dirent *entry = readdir(log); entry != NULL; entry = readdir(log)) {
        const size_t size = strlen(entry->d_name);
        const size_t end = strlen(suffix);
        if (size > end && strcmp(entry->d_name + size - end, suffix) == 0 && strstr(entry->d_name, "checkpoint") == NULL) {
            snprintf(path, sizeof(path), "%s/_delta_log/%s", folder, entry->d_name);
            ck_assert_int_eq(unlink(path), 0);
            count++;
        }
    }
    closedir(log);
    return count;
}

static struct tarn_checkpoint_result checkpoint(struct tarn_env *env, enum tarn_checkpoint_kind kind, bool parquet_top)
{
    struct tarn_checkpoint_options options = TARN_CHECKPOINT_OPTIONS_INIT;
    struct tarn_checkpoint_result result;
    options.kind = kind;
    options.parquet_top = parquet_top;
    struct tarn_snapshot *snapshot = load(env);
    ck_assert_ok(tarn_snapshot_checkpoint(snapshot, &options, &result, &err), &err);
    tarn_snapshot_close(snapshot);
    return result;
}

/* ---- tables of rows ---- */

static const bool partitioned[] = {false, true};

START_TEST(delta_checkpoint__stands_for_all_commits_below_it) /* T-DELTA-KEEP-1 */
{
    struct tarn_env *env = tarn_test_env();
    new_table();
    const struct tarn_text uri = tarn__text_of(folder);
    ck_assert_ok(tarn_test_table_create(env, uri, partitioned[_i], 0, 30, &err), &err);
    ck_assert_ok(tarn_test_table_append(env, uri, 30, 20, NULL, &err), &err);
    ck_assert_ok(tarn_test_table_delete(env, uri, 7, &err), &err);
    char *before = tarn_test_table_rows(env, uri, -1);
    const struct tarn_checkpoint_result result = checkpoint(env, TARN_CHECKPOINT_BY_TABLE, false);
    ck_assert_int_eq(result.version, 2);
    ck_assert(!result.existed);
    ck_assert_uint_gt(result.removed, 0);
    ck_assert_int_eq(remove_log(".json"), 3);
    char *after = tarn_test_table_rows(env, uri, -1);
    ck_assert_str_eq(after, before);
    /* The table goes on from there. */
    ck_assert_ok(tarn_test_table_append(env, uri, 50, 1, NULL, &err), &err);
    uint64_t rows;
    int64_t sum;
    ck_assert_ok(tarn_test_table_sum(env, uri, -1, &rows, &sum, &err), &err);
    ck_assert_uint_eq(rows, 50);
    tarn__free(env, before);
    tarn__free(env, after);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_checkpoint__comes_by_itself_at_the_interval) /* T-DELTA-KEEP-2 */
{
    struct tarn_env *env = tarn_test_env();
    new_table();
    const struct tarn_text uri = tarn__text_of(folder);
    ck_assert_ok(tarn_test_table_create(env, uri, false, 0, 1, &err), &err);
    for (int i = 1; i <= 21; i++) {
        ck_assert_ok(tarn_test_table_append(env, uri, i, 1, NULL, &err), &err);
    }
    char path[700];
    for (int version = 0; version <= 21; version++) {
        snprintf(path, sizeof(path), "%s/_delta_log/%020d.checkpoint.parquet", folder, version);
        ck_assert_msg((access(path, F_OK) == 0) == (version == 10 || version == 20), "version %d", version);
    }
    /* Commits below the newest one are not needed any more. */
    for (int version = 0; version <= 20; version++) {
        snprintf(path, sizeof(path), "%s/_delta_log/%020d.json", folder, version);
        ck_assert_int_eq(unlink(path), 0);
    }
    uint64_t rows;
    int64_t sum;
    ck_assert_ok(tarn_test_table_sum(env, uri, -1, &rows, &sum, &err), &err);
    ck_assert_uint_eq(rows, 22);
    ck_assert_int_eq(sum, 231);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_checkpoint__that_is_there_stays) /* T-DELTA-KEEP-3 */
{
    struct tarn_env *env = tarn_test_env();
    new_table();
    ck_assert_ok(tarn_test_table_create(env, tarn__text_of(folder), false, 0, 3, &err), &err);
    ck_assert(!checkpoint(env, TARN_CHECKPOINT_BY_TABLE, false).existed);
    ck_assert(checkpoint(env, TARN_CHECKPOINT_BY_TABLE, false).existed);
    struct tarn_snapshot *snapshot = load(env);
    struct tarn_checkpoint_options options = TARN_CHECKPOINT_OPTIONS_INIT;
    options.kind = TARN_CHECKPOINT_V2;
    ck_assert_status(tarn_snapshot_checkpoint(snapshot, &options, NULL, &err), TARN_INVALID); /* the protocol does not have it */
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

/* ---- logs written by hand ---- */

#define PROTOCOL_V2                                                                                                                        \
    "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"v2Checkpoint\"],"                                  \
    "\"writerFeatures\":[\"v2Checkpoint\",\"domainMetadata\"]}}\n"
#define METADATA(configuration)                                                                                                            \
    "{\"metaData\":{\"id\":\"m\",\"name\":\"n\",\"description\":\"d\",\"format\":{\"provider\":\"parquet\",\"options\":{}},"               \
    "\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":["                                                                     \
    "{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}},"                                       \
    "{\\\"name\\\":\\\"at\\\",\\\"type\\\":\\\"timestamp\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}},"                                  \
    "{\\\"name\\\":\\\"p\\\",\\\"type\\\":\\\"string\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}]}\","                                  \
    "\"partitionColumns\":[\"p\"],\"configuration\":{" configuration "},\"createdTime\":1700000000000}}\n"
#define STATS                                                                                                                              \
    "{\\\"numRecords\\\":3,\\\"minValues\\\":{\\\"id\\\":1,\\\"at\\\":\\\"2024-01-02T03:04:05.678Z\\\"},\\\"maxValues\\\":{"               \
    "\\\"id\\\":9},\\\"nullCount\\\":{\\\"id\\\":0,\\\"at\\\":1}}"
#define ADD(path, value)                                                                                                                   \
    "{\"add\":{\"path\":\"" path "\",\"partitionValues\":{\"p\":" value "},\"size\":10,\"modificationTime\":1700000000123,"                \
    "\"dataChange\":true,\"stats\":\"" STATS "\",\"tags\":{\"a\":\"b\"},\"clusteringProvider\":\"liquid\",\"baseRowId\":7,"                \
    "\"defaultRowCommitVersion\":2}}\n"
#define REMOVE(path, time)                                                                                                                 \
    "{\"remove\":{\"path\":\"" path "\",\"deletionTimestamp\":" time ",\"dataChange\":true,\"extendedFileMetadata\":true,"                 \
    "\"partitionValues\":{\"p\":\"x\"},\"size\":10}}\n"
#define LONG_AGO "1000"
#define FAR_AHEAD "99999999999999"
#define OTHERS                                                                                                                             \
    "{\"txn\":{\"appId\":\"app\",\"version\":4,\"lastUpdated\":1700000000000}}\n"                                                          \
    "{\"domainMetadata\":{\"domain\":\"my.domain\",\"configuration\":\"{\\\"x\\\":1}\",\"removed\":false}}\n"                              \
    "{\"domainMetadata\":{\"domain\":\"gone\",\"configuration\":\"\",\"removed\":true}}\n"

static void put_log(const char *configuration)
{
    char text[8000];
    snprintf(text, sizeof(text), PROTOCOL_V2 METADATA("%s"), configuration);
    put(0, text);
    put(1, ADD("p=x/one%20file.parquet", "\"x\"") ADD("old", "\"x\"") ADD("newly", "null") ADD("again", "\"\"") OTHERS);
    put(2, REMOVE("old", LONG_AGO) REMOVE("newly", FAR_AHEAD) REMOVE("again", FAR_AHEAD) REMOVE("/abs/gone", FAR_AHEAD));
    put(3, ADD("again", "\"\""));
}

/* What a visitor sees of the checkpoint, as one text. */
static enum tarn_status see(void *arg, int64_t version, const struct tarn__delta_action *action, struct tarn_error *error)
{
    char *text = arg;
    char line[800] = "";
    const struct tarn__delta_file *file = &action->u.file;
    (void)error;
    ck_assert_int_eq(version, 3);
    switch (action->kind) {
    case TARN_DELTA_ADD:
        snprintf(line, sizeof(line), "add %.*s %llu %lld rows %lld tags %.*s by %.*s row %lld of %lld\n", TARN_TEXT_ARG(file->path),
                 (unsigned long long)file->size, (long long)file->modified, (long long)file->rows, TARN_TEXT_ARG(file->extra.tags),
                 TARN_TEXT_ARG(file->extra.laid_out_by), (long long)file->extra.first_row_id, (long long)file->extra.row_version);
        break;
    case TARN_DELTA_REMOVE:
        snprintf(line, sizeof(line), "remove %.*s %lld %d\n", TARN_TEXT_ARG(file->path), (long long)file->modified, file->has_size);
        break;
    case TARN_DELTA_TXN:
        snprintf(line, sizeof(line), "txn %.*s %lld %lld\n", TARN_TEXT_ARG(action->u.txn.app_id), (long long)action->u.txn.version,
                 (long long)action->u.txn.last_updated);
        break;
    case TARN_DELTA_DOMAIN:
        snprintf(line, sizeof(line), "domain %.*s %.*s\n", TARN_TEXT_ARG(action->u.domain.domain),
                 TARN_TEXT_ARG(action->u.domain.configuration));
        break;
    case TARN_DELTA_METADATA:
        snprintf(line, sizeof(line), "metadata %.*s %.*s %.*s %lld %u\n", TARN_TEXT_ARG(action->u.metadata.id),
                 TARN_TEXT_ARG(action->u.metadata.name), TARN_TEXT_ARG(action->u.metadata.description),
                 (long long)action->u.metadata.created, action->u.metadata.property_count);
        break;
    case TARN_DELTA_PROTOCOL:
        snprintf(line, sizeof(line), "protocol %d %d %u %u\n", action->u.protocol.reader, action->u.protocol.writer,
                 action->u.protocol.reader_feature_count, action->u.protocol.writer_feature_count);
        break;
    default:
        break;
    }
    strncat(text, line, 7999 - strlen(text));
    return TARN_OK;
}

static void nothing(void *arg)
{
    *(char *)arg = '\0';
}

static const struct {
    const char *name;
    enum tarn_checkpoint_kind kind;
    bool parquet_top;
    const char *configuration;
} forms[] = {
    {"classic", TARN_CHECKPOINT_CLASSIC, false, ""},
    {"classic, statistics as structs too", TARN_CHECKPOINT_CLASSIC, false, "\"delta.checkpoint.writeStatsAsStruct\":\"true\""},
    {"version 2, JSON", TARN_CHECKPOINT_V2, false, ""},
    {"version 2, Parquet", TARN_CHECKPOINT_V2, true, ""},
    {"version 2 by the table", TARN_CHECKPOINT_BY_TABLE, false, "\"delta.checkpointPolicy\":\"v2\""},
};

static const char *const wanted[] = {
    "add p=x/one file.parquet 10 1700000000123 rows 3 tags {\"a\":\"b\"} by liquid row 7 of 2\n",
    "add again 10 1700000000123 rows 3 tags {\"a\":\"b\"} by liquid row 7 of 2\n",
    "remove newly 99999999999999 1\n",
    "remove /abs/gone 99999999999999 1\n",
    "txn app 4 1700000000000\n",
    "domain my.domain {\"x\":1}\n",
    "protocol 3 7 1 2\n",
};

START_TEST(delta_checkpoint__holds_all_that_the_log_knew) /* T-DELTA-KEEP-1 T-DELTA-KEEP-4 */
{
    struct tarn_env *env = tarn_test_env();
    char seen[8000] = "";
    new_table();
    put_log(forms[_i].configuration);
    const struct tarn_checkpoint_result result = checkpoint(env, forms[_i].kind, forms[_i].parquet_top);
    ck_assert_uint_eq(result.files, 2);
    ck_assert_uint_eq(result.removed, 2);
    ck_assert_int_eq(remove_log(".json"), 4);
    struct tarn_snapshot *snapshot = load(env);
    ck_assert_int_eq(tarn_snapshot_info(snapshot).version, 3);
    const struct tarn__delta_visitor visitor = {.action = see, .arg = seen};
    ck_assert_ok(tarn__delta_visit_log(snapshot, &visitor, nothing, &err), &err);
    size_t lines = 0;
    for (const char *c = seen; *c != '\0'; c++) {
        lines += *c == '\n';
    }
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        ck_assert_msg(strstr(seen, wanted[i]) != NULL, "%s: %swithout %s", forms[_i].name, seen, wanted[i]);
    }
    ck_assert_uint_eq(lines, sizeof(wanted) / sizeof(wanted[0]) + 1);
    ck_assert_ptr_nonnull(
        strstr(seen, forms[_i].configuration[0] == '\0' ? "metadata m n d 1700000000000 0" : "metadata m n d 1700000000000 1"));
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_checkpoint__forgets_transactions_that_the_table_lets_go) /* T-DELTA-KEEP-4 */
{
    struct tarn_env *env = tarn_test_env();
    char seen[8000] = "";
    new_table();
    put_log("\"delta.setTransactionRetentionDuration\":\"interval 1 day\"");
    checkpoint(env, TARN_CHECKPOINT_CLASSIC, false);
    ck_assert_int_eq(remove_log(".json"), 4);
    struct tarn_snapshot *snapshot = load(env);
    const struct tarn__delta_visitor visitor = {.action = see, .arg = seen};
    ck_assert_ok(tarn__delta_visit_log(snapshot, &visitor, nothing, &err), &err);
    ck_assert_ptr_null(strstr(seen, "txn"));
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_checkpoint__hint_is_written_and_never_goes_back) /* T-DELTA-KEEP-5 */
{
    struct tarn_env *env = tarn_test_env();
    new_table();
    const struct tarn_text uri = tarn__text_of(folder);
    ck_assert_ok(tarn_test_table_create(env, uri, false, 0, 3, &err), &err);
    ck_assert_ok(tarn_test_table_append(env, uri, 3, 3, NULL, &err), &err);
    struct tarn_snapshot *older;
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    options.version = 0;
    ck_assert_ok(tarn_snapshot_load(env, uri, &options, &older, &err), &err);
    checkpoint(env, TARN_CHECKPOINT_BY_TABLE, false);
    struct tarn_store *store;
    ck_assert_ok(tarn_store_open(env, uri, false, &store, &err), &err);
    ck_assert_int_eq(tarn__delta_checkpoint_hint(store), 1);
    ck_assert_ok(tarn_snapshot_checkpoint(older, NULL, NULL, &err), &err);
    ck_assert_int_eq(tarn__delta_checkpoint_hint(store), 1);
    char *text;
    size_t size;
    ck_assert_ok(tarn__delta_read_object(store, TARN_TEXT("_delta_log/_last_checkpoint"), 10000, &text, &size, NULL, &err), &err);
    text[size] = '\0';
    char hex[33];
    char member[60];
    bool has;
    ck_assert_ok(tarn__delta_json_checksum(env, (struct tarn_text){text, size}, hex, &has, &err), &err);
    snprintf(member, sizeof(member), "\"checksum\":\"%s\"", hex);
    ck_assert(!has || strstr(text, member) != NULL);
    ck_assert_ptr_nonnull(strstr(text, "\"version\":1,\"size\":4,"));
    ck_assert_ptr_nonnull(strstr(text, "\"numOfAddFiles\":2"));
    tarn__free(env, text);
    tarn_store_close(store);
    tarn_snapshot_close(older);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *json;
    const char *md5;
} documents[] = {
    /* the example of the protocol's text */
    {"{\"k0\":\"'v 0'\", \"checksum\": \"adsaskfljadfkjadfkj\", \"k1\":{\"k2\": 2, \"k3\": [\"v3\", [1, 2], {\"k4\": \"v4\", \"k5\": "
     "[\"v5\", \"v6\", \"v7\"]}]}}",
     "6a92d155a59bf2eecbd4b4ec7fd1f875"},
    /* the same in another order of members */
    {"{\"k1\":{\"k3\": [\"v3\", [1, 2], {\"k5\": [\"v5\", \"v6\", \"v7\"], \"k4\": \"v4\"}], \"k2\": 2}, \"k0\":\"'v 0'\"}",
     "6a92d155a59bf2eecbd4b4ec7fd1f875"},
    /* places count as numbers: "a"+0=0,"a"+1=1, ... "a"+9=true,"a"+10=null */
    {"{\"a\":[0,1,2,3,4,5,6,7,8,true,null]}", "05396dd2fbbbe0016c9bbdacd673b3f1"},
};

START_TEST(delta_checkpoint__json_has_a_canonical_checksum) /* T-DELTA-KEEP-5 */
{
    struct tarn_env *env = tarn_test_env();
    char hex[33];
    bool has;
    ck_assert_ok(tarn__delta_json_checksum(env, tarn__text_of(documents[_i].json), hex, &has, &err), &err);
    ck_assert(!has || strcmp(hex, documents[_i].md5) == 0);
    ck_assert_status(tarn__delta_json_checksum(env, TARN_TEXT("[1]"), hex, &has, &err), TARN_CORRUPT);
    ck_assert_status(tarn__delta_json_checksum(env, TARN_TEXT("{\"a\":"), hex, &has, &err), TARN_CORRUPT);
    tarn_test_env_close(env);
}
END_TEST

/* ---- faults ---- */

static enum tarn_status write_one(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    const struct tarn_text uri = {"memory:t", 8};
    (void)ctx;
    tarn_fault_suspend(fault);
    struct tarn_snapshot *snapshot;
    uint64_t rows;
    int64_t sum;
    ck_assert_ok(tarn_test_table_create(env, uri, true, 0, 20, error), error);
    ck_assert_ok(tarn_test_table_delete(env, uri, 3, error), error);
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, error), error);
    tarn_fault_resume(fault);
    const enum tarn_status status = tarn_snapshot_checkpoint(snapshot, NULL, NULL, error);
    tarn_fault_suspend(fault);
    tarn_snapshot_close(snapshot);
    struct tarn_error local = TARN_ERROR_INIT;
    ck_assert_ok(tarn_test_table_sum(env, uri, -1, &rows, &sum, &local), &local);
    ck_assert_uint_eq(rows, 19);
    return status;
}

START_TEST(delta_checkpoint__whatever_fails_the_table_reads) /* T-DELTA-KEEP-6 */
{
    const struct tarn_fault_sweep_options options = {.also = 1u << TARN_COMMIT_UNKNOWN | 1u << TARN_TIMEOUT | 1u << TARN_CORRUPT};
    ck_assert_uint_gt(tarn_fault_sweep_with(write_one, NULL, _i == 0 ? TARN_FAULT_ALL_ALLOC : TARN_FAULT_ALL_STORE, &options), 5);
}
END_TEST

TARN_SUITE("txlog/delta_checkpoint", TARN_LOOP_TEST(delta_checkpoint__stands_for_all_commits_below_it, partitioned),
           TARN_TEST(delta_checkpoint__comes_by_itself_at_the_interval), TARN_TEST(delta_checkpoint__that_is_there_stays),
           TARN_LOOP_TEST(delta_checkpoint__holds_all_that_the_log_knew, forms),
           TARN_TEST(delta_checkpoint__forgets_transactions_that_the_table_lets_go),
           TARN_TEST(delta_checkpoint__hint_is_written_and_never_goes_back),
           TARN_LOOP_TEST(delta_checkpoint__json_has_a_canonical_checksum, documents),
           TARN_LOOP_TIMES(delta_checkpoint__whatever_fails_the_table_reads, 2))
