/* SPDX-License-Identifier: Apache-2.0
 * Every kind of file that a Delta log can hold, written by hand: the state is the same whichever of them it is read from, damage is passed
 * over where something stands in for it and told, and is an error where nothing does.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "tests/support/delta_fixture.h"

#define UUID "11111111-2222-3333-4444-555555555555"
#define SINGLE(version) "0000000000000000000" version ".checkpoint.parquet"
#define JSON_V2(version) "0000000000000000000" version ".checkpoint." UUID ".json"
#define PARQUET_V2(version) "0000000000000000000" version ".checkpoint." UUID ".parquet"
#define PART(version, part, parts) "0000000000000000000" version ".checkpoint.000000000" part ".000000000" parts ".parquet"
#define COMPACTION(first, last) "0000000000000000000" first ".0000000000000000000" last ".compacted.json"
#define COMMIT(version) "0000000000000000000" version ".json"
#define CRC(version) "0000000000000000000" version ".crc"
#define TABLE DELTA_PROTOCOL DELTA_METADATA

static struct delta_fixture f;

/* Versions 0 to 5: a to f come, a and c go, and a comes back. */
static void put_commits(void)
{
    delta_commit(&f, 0, TABLE DELTA_ADD("a"));
    delta_commit(&f, 1, DELTA_ADD("b") DELTA_ADD("c"));
    delta_commit(&f, 2, DELTA_REMOVE("a") DELTA_ADD("d"));
    delta_commit(&f, 3, DELTA_REMOVE("c") DELTA_ADD("e"));
    delta_commit(&f, 4, DELTA_ADD("a"));
    delta_commit(&f, 5, DELTA_ADD("f"));
}

static const char *const live_at[] = {"a;", "a;b;c;", "b;c;d;", "b;d;e;", "a;b;d;e;", "a;b;d;e;f;"};

static void check_versions(int from, int to)
{
    for (int v = from; v <= to; v++) {
        ck_assert_str_eq(delta_live(&f, v), live_at[v]);
        ck_assert_uint_eq(delta_notes(&f, v, NULL), 0);
    }
}

static void check_fails(int64_t version, enum tarn_status status, const char *detail, const char *says)
{
    struct tarn_snapshot *snapshot;
    const enum tarn_status got = delta_load(&f, version, &snapshot);
    ck_assert_msg(got == status, "%s instead of %s: %s", tarn_status_name(got), tarn_status_name(status), f.err.message);
    ck_assert_ptr_null(snapshot);
    ck_assert_str_eq(f.err.detail, detail);
    ck_assert_msg(says == NULL || strstr(f.err.message, says) != NULL, "\"%s\" is not in \"%s\"", says, f.err.message);
}

/* ---- compactions ---- */

START_TEST(delta_log_files__compactions_stand_for_their_commits) /* T-DELTA-COMPACTION-1 */
{
    delta_open(&f);
    put_commits();
    check_versions(0, 5);
    delta_put(&f, COMPACTION("1", "3"), DELTA_REMOVE("a") DELTA_REMOVE("c") DELTA_ADD("b") DELTA_ADD("d") DELTA_ADD("e"));
    delta_put(&f, COMPACTION("2", "3"), DELTA_REMOVE("a") DELTA_REMOVE("c") DELTA_ADD("d") DELTA_ADD("e"));
    delta_put(&f, COMPACTION("4", "5"), DELTA_ADD("a") DELTA_ADD("f"));
    check_versions(0, 5);
    f.opens = 0;
    delta_live(&f, 5);
    ck_assert_uint_eq(f.opens, 4); /* the hint, two compactions, commit 0 */
    delta_remove(&f, COMMIT("2")); /* what a compaction holds need not be there */
    check_versions(3, 5);
    check_fails(2, TARN_CORRUPT, "log_gap", "version 2 ");
    delta_close(&f);
}
END_TEST

START_TEST(delta_log_files__a_compaction_below_the_checkpoint_is_not_used)
{
    delta_open(&f);
    put_commits();
    delta_put(&f, COMPACTION("1", "4"), DELTA_ADD("wrong")); /* begins below what the checkpoint holds */
    delta_put_checkpoint(&f, SINGLE("2"), TABLE DELTA_ADD("b") DELTA_ADD("c") DELTA_ADD("d"));
    check_versions(2, 5);
    delta_close(&f);
}
END_TEST

START_TEST(delta_log_files__commits_stand_in_for_a_damaged_compaction) /* T-DELTA-COMPACTION-2 */
{
    static const char *const damage[] = {"", "{\"add\":{\"pa", DELTA_ADD("d") DELTA_ADD("d"), TABLE DELTA_METADATA};
    delta_open(&f);
    put_commits();
    delta_put(&f, COMPACTION("2", "4"), damage[_i]);
    ck_assert_str_eq(delta_live(&f, 5), live_at[5]);
    ck_assert_uint_eq(delta_notes(&f, 5, "the commits stand in for it"), 1);
    delta_remove(&f, COMMIT("3"));
    struct tarn_snapshot *snapshot;
    ck_assert_status(delta_load(&f, 5, &snapshot), TARN_CORRUPT);
    delta_close(&f);
}
END_TEST

/* ---- checkpoints ---- */

#define FILES_3 DELTA_ADD("b") DELTA_ADD("d") DELTA_ADD("e") DELTA_REMOVE("c")

static void put_kind(int kind)
{
    switch (kind) {
    case 0:
        delta_put_checkpoint(&f, SINGLE("3"), TABLE FILES_3);
        break;
    case 1: /* hash-partitioned: any row in any part */
        delta_put_checkpoint(&f, PART("3", "1", "2"), DELTA_PROTOCOL DELTA_ADD("b") DELTA_ADD("e"));
        delta_put_checkpoint(&f, PART("3", "2", "2"), DELTA_METADATA DELTA_ADD("d"));
        break;
    case 2: /* version 2 without sidecars */
        delta_put(&f, JSON_V2("3"), DELTA_CHECKPOINT_METADATA("3") TABLE FILES_3);
        break;
    case 3:
        delta_put(&f, JSON_V2("3"), DELTA_CHECKPOINT_METADATA("3") DELTA_SIDECAR("one.parquet") DELTA_SIDECAR("two.parquet") TABLE);
        delta_put_checkpoint(&f, "_sidecars/one.parquet", DELTA_ADD("b"));
        delta_put_checkpoint(&f, "_sidecars/two.parquet", DELTA_ADD("d") DELTA_ADD("e") DELTA_REMOVE("c"));
        break;
    case 4:
        delta_put_checkpoint(&f, PARQUET_V2("3"), DELTA_CHECKPOINT_METADATA("3") DELTA_SIDECAR("one.parquet") TABLE);
        delta_put_checkpoint(&f, "_sidecars/one.parquet", FILES_3);
        delta_put_checkpoint(&f, "_sidecars/stale.parquet", DELTA_ADD("nobody names me"));
        break;
    case 5: /* version 2 under a classic name */
        delta_put_checkpoint(&f, SINGLE("3"), DELTA_CHECKPOINT_METADATA("3") DELTA_SIDECAR("one.parquet") TABLE);
        delta_put_checkpoint(&f, "_sidecars/one.parquet", FILES_3);
        break;
    default: /* metadata in a sidecar is not read */
        delta_put_checkpoint(&f, PARQUET_V2("3"), DELTA_CHECKPOINT_METADATA("3") DELTA_SIDECAR("one.parquet") TABLE);
        delta_put_checkpoint(&f, "_sidecars/one.parquet", FILES_3 "{\"protocol\":{\"minReaderVersion\":9,\"minWriterVersion\":9}}\n");
        break;
    }
}

enum { KINDS = 7 };

START_TEST(delta_log_files__any_checkpoint_gives_the_same_state) /* T-DELTA-CHECKPOINT-3 */
{
    delta_open(&f);
    put_commits();
    put_kind(_i);
    check_versions(0, 5);
    for (int v = 0; v < 3; v++) {
        char name[64];
        snprintf(name, sizeof(name), "%020d.json", v);
        delta_remove(&f, name);
    }
    check_versions(3, 5);
    delta_remove(&f, COMMIT("3"));
    check_versions(3, 5);
    check_fails(2, TARN_NOT_FOUND, "version", "versions 3 to 5 can be read");
    delta_close(&f);
}
END_TEST

/* What can be wrong with a checkpoint that has commits, or an older checkpoint, behind it. */
static void damage_checkpoint(int kind)
{
    put_kind(kind < 9 ? 4 : 0);
    switch (kind) {
    case 0:
        delta_remove(&f, "_sidecars/one.parquet");
        break;
    case 1:
        delta_put(&f, "_sidecars/one.parquet", "PAR1 cut");
        break;
    case 2: /* no checkpointMetadata */
        delta_put_checkpoint(&f, PARQUET_V2("3"), DELTA_SIDECAR("one.parquet") TABLE);
        break;
    case 3: /* two */
        delta_put_checkpoint(&f, PARQUET_V2("3"), DELTA_CHECKPOINT_METADATA("3") DELTA_CHECKPOINT_METADATA("3") TABLE);
        break;
    case 4: /* of another version */
        delta_put_checkpoint(&f, PARQUET_V2("3"), DELTA_CHECKPOINT_METADATA("2") DELTA_SIDECAR("one.parquet") TABLE);
        break;
    case 5: /* cut between two lines: a sidecar is missing */
        delta_remove(&f, PARQUET_V2("3"));
        delta_put(&f, JSON_V2("3"),
                  "{\"checkpointMetadata\":{\"version\":3,\"tags\":{\"numOfAddFiles\":\"5\"}}}\n" TABLE DELTA_SIDECAR("one.parquet"));
        break;
    case 6: /* cut in a line */
        delta_remove(&f, PARQUET_V2("3"));
        delta_put(&f, JSON_V2("3"), DELTA_CHECKPOINT_METADATA("3") TABLE "{\"sidecar\":{\"pa");
        break;
    case 7:
        delta_remove(&f, PARQUET_V2("3"));
        delta_put(&f, JSON_V2("3"), "");
        break;
    case 8: /* leads out of the log */
        delta_remove(&f, PARQUET_V2("3"));
        delta_put(&f, JSON_V2("3"), DELTA_CHECKPOINT_METADATA("3") TABLE DELTA_SIDECAR("../../other/one.parquet"));
        break;
    case 9:
        delta_put_checkpoint(&f, SINGLE("3"), DELTA_PROTOCOL FILES_3); /* no metaData */
        break;
    case 10:
        delta_put_checkpoint(&f, SINGLE("3"), TABLE DELTA_PROTOCOL FILES_3);
        break;
    default:
        delta_put(&f, SINGLE("3"), "PAR1 not really PAR1");
        break;
    }
}

enum { DAMAGES = 12 };

START_TEST(delta_log_files__a_damaged_checkpoint_is_passed_over) /* T-DELTA-CHECKPOINT-1 */
{
    delta_open(&f);
    put_commits();
    damage_checkpoint(_i);
    delta_put(&f, "_last_checkpoint", "{\"version\":3,\"size\":6}");
    ck_assert_str_eq(delta_live(&f, -1), live_at[5]);
    ck_assert_uint_eq(delta_notes(&f, -1, "the checkpoint of version 3 cannot be read"), 1);
    delta_put_checkpoint(&f, SINGLE("1"), TABLE DELTA_ADD("a") DELTA_ADD("b") DELTA_ADD("c"));
    delta_remove(&f, COMMIT("0"));
    delta_remove(&f, COMMIT("1"));
    ck_assert_str_eq(delta_live(&f, -1), live_at[5]); /* an older one stands in, though the hint leaves it out */
    delta_remove(&f, SINGLE("1"));
    struct tarn_snapshot *snapshot;
    const enum tarn_status status = delta_load(&f, -1, &snapshot);
    ck_assert(status == TARN_CORRUPT || status == TARN_NOT_FOUND);
    delta_close(&f);
}
END_TEST

START_TEST(delta_log_files__a_checkpoint_lacking_parts_is_none) /* T-DELTA-CHECKPOINT-1 */
{
    delta_open(&f);
    put_commits();
    put_kind(1);
    delta_remove(&f, PART("3", "2", "2"));
    delta_put_checkpoint(&f, PART("3", "2", "3"), DELTA_METADATA DELTA_ADD("wrong")); /* of another one, not complete either */
    check_versions(0, 5);
    delta_remove(&f, COMMIT("0"));
    check_fails(-1, TARN_NOT_FOUND, "version", "no version can be made");
    delta_close(&f);
}
END_TEST

/* Whatever the hint says: a checkpoint that is there, none, another version, nonsense. */
static const char *const hints[] = {
    "{\"version\":3,\"size\":6,\"checksum\":\"00000000000000000000000000000000\"}",
    "{\"version\":3,\"size\":1000000,\"numOfAddFiles\":77,\"parts\":9}",
    "{\"version\":1,\"size\":6}",
    "{\"version\":5,\"size\":6}",
    "{\"version\":99,\"size\":6}",
    "{\"version\":3",
    "{\"version\":\"three\"}",
    "{\"version\":3,\"v2Checkpoint\":{\"path\":\"nowhere.json\",\"sidecarFiles\":[{\"path\":\"gone.parquet\"}]}}",
    "",
};

START_TEST(delta_log_files__hints_change_nothing) /* T-DELTA-CHECKPOINT-2 */
{
    for (int kind = 0; kind < KINDS; kind++) {
        delta_open(&f);
        put_commits();
        put_kind(kind);
        delta_put(&f, "_last_checkpoint", hints[_i]);
        ck_assert_str_eq(delta_live(&f, -1), live_at[5]);
        check_versions(0, 5);
        delta_close(&f);
    }
}
END_TEST

/* ---- checksums ---- */

#define CRC_OF(files, bytes, more)                                                                                                         \
    "{\"txnId\":\"x\",\"tableSizeBytes\":" bytes ",\"numFiles\":" files                                                                    \
    ",\"numMetadata\":1,\"numProtocol\":1,\"metadata\":{\"id\":\"m\"," DELTA_SCHEMA                                                        \
    "},\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}" more "}"

static const struct {
    const char *text;
    const char *says; /* NULL: nothing */
} checksums[] = {
    {CRC_OF("5", "50", ""), NULL},
    {CRC_OF("5", "50", ",\"fileSizeHistogram\":{\"a\":[1,2]},\"allFiles\":[{\"path\":\"x\",\"minReaderVersion\":7}]"), NULL},
    {CRC_OF("5", "50", ",\"inCommitTimestampOpt\":null,\"numDeletionVectorsOpt\":0"), NULL},
    {CRC_OF("6", "50", ""), "the version's checksum says 6"},
    {CRC_OF("5", "51", ""), "the version's checksum says 51"},
    {CRC_OF("5", "50", ",\"numDeletionVectorsOpt\":2"), "deletion vectors"},
    {"{\"numFiles\":5,\"tableSizeBytes\":50,\"metadata\":{\"schemaString\":\"{}\"}}", "another schema"},
    {"{\"numFiles\":5,\"protocol\":{\"minReaderVersion\":3}}", "minReaderVersion"},
    {"{\"numFiles\":5,", "cannot be read"},
    {"", "cannot be read"},
    {"[]", "cannot be read"},
};

START_TEST(delta_log_files__checksums_tell_and_change_nothing) /* T-DELTA-CHECKSUM-1 */
{
    delta_open(&f);
    put_commits();
    delta_put(&f, CRC("5"), checksums[_i].text);
    delta_put(&f,
              ".0000000000000000000"
              "5.json.crc",
              "crc of Hadoop, no checksum of a version");
    ck_assert_str_eq(delta_live(&f, 5), live_at[5]);
    ck_assert_uint_eq(delta_notes(&f, 5, checksums[_i].says), checksums[_i].says != NULL);
    ck_assert_uint_eq(delta_notes(&f, 4, NULL), 0); /* it is of version 5 */
    delta_close(&f);
}
END_TEST

struct findings {
    int errors;
    int warnings;
    char message[480];
};

static void count_finding(void *arg, const struct tarn_finding *finding)
{
    struct findings *findings = arg;
    if (strcmp(finding->error->detail, "version_checksum") == 0 || strcmp(finding->error->detail, "version_checksum_unread") == 0) {
        findings->errors += finding->kind == TARN_FINDING_ERROR;
        findings->warnings += finding->kind == TARN_FINDING_WARNING;
        memcpy(findings->message, finding->error->message, sizeof(findings->message));
    }
}

START_TEST(delta_log_files__verify_finds_what_a_checksum_contradicts) /* T-DELTA-CHECKSUM-1 */
{
    delta_open(&f);
    put_commits();
    delta_put(&f, CRC("5"), CRC_OF("6", "50", ""));
    struct tarn_snapshot *snapshot;
    struct findings findings = {0};
    ck_assert_ok(delta_load(&f, 5, &snapshot), &f.err);
    ck_assert_ok(tarn_table_verify(snapshot, count_finding, &findings, &f.err), &f.err);
    ck_assert_int_eq(findings.errors, 1);
    ck_assert_ptr_nonnull(strstr(findings.message, "5 files"));
    delta_put(&f, CRC("5"), "{");
    findings = (struct findings){0};
    ck_assert_ok(tarn_table_verify(snapshot, count_finding, &findings, &f.err), &f.err);
    ck_assert_int_eq(findings.errors, 0);
    ck_assert_int_eq(findings.warnings, 1);
    tarn_snapshot_close(snapshot);
    delta_close(&f);
}
END_TEST

/* ---- commits ---- */

START_TEST(delta_log_files__a_torn_newest_commit_names_its_repair) /* T-DELTA-DAMAGE-2 */
{
    static const char *const torn[] = {"", "{\"add\":{\"path\":\"x\",\"si", "\x00", "  \n"};
    delta_open(&f);
    put_commits();
    delta_commit(&f, 6, torn[_i]);
    struct tarn_snapshot *snapshot;
    ck_assert_status(delta_load(&f, -1, &snapshot), TARN_CORRUPT);
    ck_assert_msg(strstr(f.err.message, "`tarn fsck --repair`") != NULL, "%s", f.err.message);
    ck_assert_int_eq(f.err.table_version, 6);
    delta_commit(&f, 7, DELTA_ADD("g")); /* no longer the newest: nobody can have read past it */
    ck_assert_status(delta_load(&f, -1, &snapshot), TARN_CORRUPT);
    ck_assert_msg(strstr(f.err.message, "fsck") == NULL, "%s", f.err.message);
    check_versions(0, 5);
    delta_close(&f);
}
END_TEST

#define ADD_WITH_VECTOR(path, place)                                                                                                       \
    "{\"add\":{\"path\":\"" path "\",\"partitionValues\":{},\"size\":10,\"modificationTime\":1,\"dataChange\":true,\"deletionVector\":{"   \
    "\"storageType\":\"u\",\"pathOrInlineDv\":\"" place "\",\"offset\":1,\"sizeInBytes\":36,\"cardinality\":2}}}\n"
#define TXN(app, version) "{\"txn\":{\"appId\":\"" app "\",\"version\":" version "}}\n"
#define DOMAIN(name) "{\"domainMetadata\":{\"domain\":\"" name "\",\"configuration\":\"{}\",\"removed\":false}}\n"

/* Two that say two things at once. */
static const struct {
    const char *commit;
    const char *detail;
} doubles[] = {
    {DELTA_PROTOCOL DELTA_PROTOCOL, "duplicate_action"},
    {DELTA_METADATA DELTA_METADATA, "duplicate_action"},
    {DELTA_ADD("x") DELTA_ADD("y") DELTA_ADD("x"), "duplicate_add"},
    {DELTA_ADD("x") ADD_WITH_VECTOR("x", "ab^-aqEH.-t@S}K{vb[*k^"), "duplicate_add"},
    {ADD_WITH_VECTOR("x", "ab^-aqEH.-t@S}K{vb[*k^") DELTA_ADD("%78"), "duplicate_add"},
    {TXN("a", "1") TXN("b", "1") TXN("a", "2"), "duplicate_action"},
    {DOMAIN("d") DOMAIN("d"), "duplicate_action"},
};

START_TEST(delta_log_files__one_commit_says_a_thing_once) /* T-DELTA-REPLAY-2 */
{
    delta_open(&f);
    put_commits();
    struct tarn_snapshot *before;
    struct tarn_snapshot *after;
    ck_assert_ok(delta_load(&f, -1, &before), &f.err);
    delta_commit(&f, 6, doubles[_i].commit);
    check_fails(-1, TARN_CORRUPT, doubles[_i].detail, NULL);
    ck_assert_status(tarn_snapshot_refresh(before, &after, &f.err), TARN_CORRUPT);
    ck_assert_str_eq(f.err.detail, doubles[_i].detail);
    ck_assert_ptr_null(after);
    tarn_snapshot_close(before);
    delta_commit(&f, 6, "{}\n");
    delta_commit(&f, 7, TXN("a", "1") DOMAIN("d"));
    delta_commit(&f, 8, TXN("a", "2") DOMAIN("d")); /* one each in two commits */
    ck_assert_str_eq(delta_live(&f, -1), live_at[5]);
    delta_close(&f);
}
END_TEST

START_TEST(delta_log_files__gaps_and_missing_beginnings_are_refused) /* T-DELTA-DAMAGE-1 */
{
    delta_open(&f);
    put_commits();
    delta_remove(&f, COMMIT("3"));
    check_fails(-1, TARN_CORRUPT, "log_gap", "version 3 ");
    check_fails(3, TARN_CORRUPT, "log_gap", "version 3 ");
    check_versions(0, 2);
    delta_remove(&f, COMMIT("0"));
    check_fails(2, TARN_NOT_FOUND, "version", "no version can be made");
    delta_put_checkpoint(&f, SINGLE("4"), TABLE DELTA_ADD("a") DELTA_ADD("b") DELTA_ADD("d") DELTA_ADD("e"));
    check_versions(4, 5);
    check_fails(2, TARN_NOT_FOUND, "version", "versions 4 to 5 can be read");
    check_fails(6, TARN_NOT_FOUND, "version", "the newest is 5");
    delta_close(&f);
}
END_TEST

/* The newest action decides before anything is left out: an old add that the predicate would keep does not come back. */
START_TEST(delta_log_files__files_are_reconciled_before_they_are_skipped) /* T-DELTA-REPLAY-5 */
{
#define STATS(from, to)                                                                                                                    \
    "\"stats\":\"{\\\"numRecords\\\":1,\\\"minValues\\\":{\\\"id\\\":" from "},\\\"maxValues\\\":{\\\"id\\\":" to                          \
    "},\\\"nullCount\\\":{\\\"id\\\":0}}\""
#define ADD_OF(path, from, to)                                                                                                             \
    "{\"add\":{\"path\":\"" path "\",\"partitionValues\":{},\"size\":10,\"modificationTime\":1,\"dataChange\":true," STATS(from, to) "}}"  \
                                                                                                                                     "\n"
    delta_open(&f);
    delta_commit(&f, 0, TABLE ADD_OF("a", "1", "5") ADD_OF("b", "1", "5"));
    delta_commit(&f, 1, ADD_OF("a", "100", "200") DELTA_REMOVE("b"));
    struct tarn_snapshot *snapshot;
    ck_assert_ok(delta_load(&f, -1, &snapshot), &f.err);
    struct tarn_expr_builder *builder;
    struct tarn_expr *predicate;
    const struct tarn_type *type = tarn_snapshot_schema(snapshot)->fields[0].type;
    const struct tarn_path_step step = {.kind = TARN_PATH_FIELD, .name = TARN_TEXT("id"), .id = -1};
    const struct tarn_path path = {1, &step};
    const struct tarn_value three = {.type = type, .u.i64 = 3};
    ck_assert_ok(tarn_expr_builder_open(f.env, &builder, &f.err), &f.err);
    const struct tarn_expr_node *sides[] = {tarn_expr_make_column(builder, &path, type, true), tarn_expr_make_literal(builder, &three)};
    ck_assert_ok(tarn_expr_builder_finish(builder, tarn_expr_make(builder, TARN_EXPR_EQ, 2, sides), &predicate, &f.err), &f.err);
    struct tarn_transaction *transaction;
    uint32_t count;
    ck_assert_ok(tarn_transaction_open(snapshot, NULL, &transaction, &f.err), &f.err);
    ck_assert_ok(tarn_transaction_select(transaction, predicate, &count, &f.err), &f.err);
    ck_assert_uint_eq(count, 0);
    tarn_transaction_abort(transaction);
    tarn_expr_release(predicate);
    tarn_snapshot_close(snapshot);
    delta_close(&f);
}
END_TEST

TARN_SUITE("txlog/delta_log_files", TARN_TEST(delta_log_files__compactions_stand_for_their_commits),
           TARN_TEST(delta_log_files__a_compaction_below_the_checkpoint_is_not_used),
           TARN_LOOP_TIMES(delta_log_files__commits_stand_in_for_a_damaged_compaction, 4),
           TARN_LOOP_TIMES(delta_log_files__any_checkpoint_gives_the_same_state, KINDS),
           TARN_LOOP_TIMES(delta_log_files__a_damaged_checkpoint_is_passed_over, DAMAGES),
           TARN_TEST(delta_log_files__a_checkpoint_lacking_parts_is_none), TARN_LOOP_TEST(delta_log_files__hints_change_nothing, hints),
           TARN_LOOP_TEST(delta_log_files__checksums_tell_and_change_nothing, checksums),
           TARN_TEST(delta_log_files__verify_finds_what_a_checksum_contradicts),
           TARN_LOOP_TIMES(delta_log_files__a_torn_newest_commit_names_its_repair, 4),
           TARN_LOOP_TEST(delta_log_files__one_commit_says_a_thing_once, doubles),
           TARN_TEST(delta_log_files__gaps_and_missing_beginnings_are_refused),
           TARN_TEST(delta_log_files__files_are_reconciled_before_they_are_skipped))
