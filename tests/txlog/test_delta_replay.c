/* SPDX-License-Identifier: Apache-2.0
 * Logs written by hand: what their actions come to, and what each kind of damage is called.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "tests/support/table_rows.h"

static struct tarn_error err = TARN_ERROR_INIT;

#define PROTOCOL "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n"
#define SCHEMA(fields) "\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[" fields "]}\""
#define ID "{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}"
#define PART ",{\\\"name\\\":\\\"p\\\",\\\"type\\\":\\\"string\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}"
#define METADATA_OF(schema, partition)                                                                                                     \
    "{\"metaData\":{\"id\":\"m\",\"format\":{\"provider\":\"parquet\",\"options\":{}}," schema ",\"partitionColumns\":[" partition         \
    "],\"configuration\":{}}}\n"
#define METADATA METADATA_OF(SCHEMA(ID), "")
#define ADD(path) "{\"add\":{\"path\":\"" path "\",\"partitionValues\":{},\"size\":10,\"modificationTime\":1,\"dataChange\":true}}\n"
#define REMOVE(path) "{\"remove\":{\"path\":\"" path "\",\"deletionTimestamp\":1,\"dataChange\":true}}\n"

static char folder[512];

static void new_table(void)
{
    static int number;
    snprintf(folder, sizeof(folder), "%s/r%d", tarn_test_folder(), number++);
}

static void put(int version, const char *text)
{
    char name[64];
    snprintf(name, sizeof(name), "_delta_log/%020d.json", version);
    tarn_test_put_file(folder, name, text);
}

static enum tarn_status load(struct tarn_env *env, int64_t version, struct tarn_snapshot **out)
{
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    options.version = version;
    return tarn_snapshot_load(env, tarn__text_of(folder), &options, out, &err);
}

static enum tarn_status add_path(void *arg, const struct tarn_file_info *file, struct tarn_error *error)
{
    (void)error;
    char *paths = arg;
    snprintf(paths + strlen(paths), 1000 - strlen(paths), "%.*s;", (int)file->path.size, file->path.data);
    return TARN_OK;
}

/* The paths of the live files, in the order in which they are kept. */
static const char *live(int64_t version)
{
    static char paths[1000];
    paths[0] = '\0';
    struct tarn_env *env = tarn_test_env();
    struct tarn_snapshot *snapshot;
    ck_assert_ok(load(env, version, &snapshot), &err);
    ck_assert_ok(tarn_snapshot_files(snapshot, add_path, paths, &err), &err);
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
    return paths;
}

START_TEST(delta_replay__newest_action_of_a_key_counts) /* T-DELTA-REPLAY-1 */
{
    new_table();
    put(0, PROTOCOL METADATA ADD("a") ADD("b"));
    put(1, REMOVE("a") ADD("c"));
    put(2, ADD("a") REMOVE("b"));
    ck_assert_str_eq(live(0), "a;b;");
    ck_assert_str_eq(live(1), "c;b;");
    ck_assert_str_eq(live(2), "a;c;");
}
END_TEST

START_TEST(delta_replay__add_wins_over_remove_in_one_commit) /* T-DELTA-REPLAY-2 */
{
    new_table();
    put(0, PROTOCOL METADATA ADD("a") ADD("b"));
    put(1, ADD("a") REMOVE("a") REMOVE("b") ADD("b"));
    ck_assert_str_eq(live(1), "a;b;");
}
END_TEST

#define ADD_DV(path, place)                                                                                                                \
    "{\"add\":{\"path\":\"" path "\",\"partitionValues\":{},\"size\":10,\"modificationTime\":1,\"dataChange\":true,"                       \
    "\"deletionVector\":{\"storageType\":\"u\",\"pathOrInlineDv\":\"" place "\",\"offset\":1,\"sizeInBytes\":36,\"cardinality\":2}}}\n"

#define REMOVE_DV(path, place)                                                                                                             \
    "{\"remove\":{\"path\":\"" path "\",\"deletionTimestamp\":1,\"dataChange\":true,"                                                      \
    "\"deletionVector\":{\"storageType\":\"u\",\"pathOrInlineDv\":\"" place "\",\"offset\":1,\"sizeInBytes\":36,\"cardinality\":2}}}\n"

START_TEST(delta_replay__a_deletion_vector_is_part_of_the_key) /* T-DELTA-REPLAY-3 */
{
    new_table();
    put(0, PROTOCOL METADATA ADD("a"));
    put(1, REMOVE("a") ADD_DV("a", "ab^-aqEH.-t@S}K{vb[*k^")); /* the same path lives on with a vector */
    put(2, REMOVE("a"));                                       /* that is the file without one, which is gone already */
    put(3, REMOVE_DV("a", "ab^-aqEH.-t@S}K{vb[*k^"));
    ck_assert_str_eq(live(1), "a;");
    ck_assert_str_eq(live(2), "a;");
    ck_assert_str_eq(live(3), "");
}
END_TEST

START_TEST(delta_replay__paths_are_decoded_and_made_one) /* T-DELTA-PATH-1 */
{
    new_table();
    put(0, PROTOCOL METADATA ADD("p=a%20b/x%2523.parquet") ADD("/abs/one") ADD("file:/abs/two") ADD("s3://bucket/k%20ey"));
    put(1, REMOVE("file:///abs/one") REMOVE("/abs//two") ADD("./q//r.parquet"));
    ck_assert_str_eq(live(0), "p=a b/x%23.parquet;/abs/one;/abs/two;/s3://bucket/k ey;");
    ck_assert_str_eq(live(1), "q/r.parquet;p=a b/x%23.parquet;/s3://bucket/k ey;");
}
END_TEST

START_TEST(delta_replay__a_path_below_the_table_is_its_own)
{
    new_table();
    char text[2000];
    snprintf(text, sizeof(text), PROTOCOL METADATA ADD("file://%s/part.parquet"), folder);
    put(0, text);
    ck_assert_str_eq(live(0), "part.parquet;");
}
END_TEST

START_TEST(delta_replay__unknown_actions_and_fields_are_passed_over) /* T-DELTA-REPLAY-4 */
{
    new_table();
    put(0, "{\"futureAction\":{\"x\":[1,{\"y\":null}]}}\n" PROTOCOL "\n  \n" METADATA
           "{\"add\":{\"path\":\"a\",\"new\":{\"z\":1},\"partitionValues\":null,\"size\":1,\"modificationTime\":1,\"stats\":null,\"tags\":"
           "null}}\n"
           "{\"add\":null,\"remove\":null,\"txn\":{\"appId\":\"j\",\"version\":3}}");
    ck_assert_str_eq(live(0), "a;");
}
END_TEST

/* ---- damage ---- */

static const struct {
    const char *name;
    const char *commits[4];
    int64_t version; /* asked for */
    enum tarn_status status;
    const char *detail;
    const char *object; /* ends the error's object; NULL: any */
} damaged[] = {
    {"zero-length commit", {PROTOCOL METADATA, ""}, -1, TARN_CORRUPT, "commit_empty", "00000000000000000001.json"},
    {"blank commit", {PROTOCOL METADATA, "\n \n"}, -1, TARN_CORRUPT, "commit_empty", "00000000000000000001.json"},
    {"garbage", {PROTOCOL METADATA, "\x01\x02garbage"}, -1, TARN_CORRUPT, "json.syntax", "00000000000000000001.json"},
    {"truncated", {PROTOCOL METADATA, "{\"add\":{\"path\":\"a\",\"part"}, -1, TARN_CORRUPT, "json.truncated", "00000000000000000001.json"},
    {"not an object", {PROTOCOL METADATA, "[1]\n"}, -1, TARN_CORRUPT, "json.type", NULL},
    {"two values on a line", {PROTOCOL METADATA, "{} {}\n"}, -1, TARN_CORRUPT, "json.syntax", NULL},
    {"no UTF-8", {PROTOCOL METADATA, "{\"add\":{\"path\":\"\xff\xfe\"}}\n"}, -1, TARN_CORRUPT, "json.utf8", NULL},
    {"path of a number", {PROTOCOL METADATA, "{\"add\":{\"path\":7}}\n"}, -1, TARN_CORRUPT, "json.type", NULL},
    {"add without path", {PROTOCOL METADATA, "{\"add\":{\"size\":7}}\n"}, -1, TARN_CORRUPT, "action", NULL},
    {"add without size", {PROTOCOL METADATA, "{\"add\":{\"path\":\"x\"}}\n"}, -1, TARN_CORRUPT, "action", NULL},
    {"path with NUL", {PROTOCOL METADATA, "{\"add\":{\"path\":\"a%00b\",\"size\":1}}\n"}, -1, TARN_CORRUPT, "path", NULL},
    {"size over 64 bits",
     {PROTOCOL METADATA, "{\"add\":{\"path\":\"x\",\"size\":99999999999999999999}}\n"},
     -1,
     TARN_CORRUPT,
     "json.range",
     NULL},
    {"missing version", {PROTOCOL METADATA, NULL, ADD("a")}, -1, TARN_CORRUPT, "log_gap", NULL},
    {"first version missing", {NULL, PROTOCOL METADATA}, -1, TARN_NOT_FOUND, "version", NULL},
    {"no protocol", {METADATA}, -1, TARN_CORRUPT, "protocol_missing", NULL},
    {"no metadata", {PROTOCOL}, -1, TARN_CORRUPT, "metadata_missing", NULL},
    {"two protocols", {PROTOCOL METADATA PROTOCOL}, -1, TARN_CORRUPT, "duplicate_action", NULL},
    {"two metadata", {PROTOCOL METADATA METADATA}, -1, TARN_CORRUPT, "duplicate_action", NULL},
    {"two adds of a file", {PROTOCOL METADATA ADD("a") ADD("b") ADD("a")}, -1, TARN_CORRUPT, "duplicate_add", NULL},
    {"schema is no JSON", {PROTOCOL METADATA_OF("\"schemaString\":\"{\"", "")}, -1, TARN_CORRUPT, "json.truncated", NULL},
    {"schema with equal names", {PROTOCOL METADATA_OF(SCHEMA(ID "," ID), "")}, -1, TARN_CORRUPT, "schema", NULL},
    {"unknown type",
     {PROTOCOL METADATA_OF(
         "\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{\\\"name\\\":\\\"x\\\",\\\"type\\\":\\\"float128\\\"}]}\"", "")},
     -1,
     TARN_CORRUPT,
     "schema",
     NULL},
    {"partition column that is none", {PROTOCOL METADATA_OF(SCHEMA(ID), "\"nope\"")}, -1, TARN_CORRUPT, "partition_columns", NULL},
    {"partition value of another type",
     {PROTOCOL METADATA_OF(SCHEMA(ID PART), "\"id\"") "{\"add\":{\"path\":\"a\",\"partitionValues\":{\"id\":\"x\"},\"size\":1}}\n"},
     -1,
     TARN_CORRUPT,
     "partition_value",
     NULL},
    {"version that is not there yet", {PROTOCOL METADATA}, 7, TARN_NOT_FOUND, "version", NULL},
    {"reader version 4",
     {"{\"protocol\":{\"minReaderVersion\":4,\"minWriterVersion\":7}}\n" METADATA},
     -1,
     TARN_UNSUPPORTED,
     "delta.reader_version",
     NULL},
    {"unknown reader feature",
     {"{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"timeTravelToMars\"],\"writerFeatures\":["
      "\"timeTravelToMars\"]}}\n" METADATA},
     -1,
     TARN_UNSUPPORTED,
     "delta.reader_feature.timeTravelToMars",
     NULL},
    {"reader version 3 without features",
     {"{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7}}\n" METADATA},
     -1,
     TARN_CORRUPT,
     "protocol",
     NULL},
    {"files that are not Parquet",
     {PROTOCOL "{\"metaData\":{\"id\":\"m\",\"format\":{\"provider\":\"orc\"}," SCHEMA(ID) ",\"partitionColumns\":[]}}\n"},
     -1,
     TARN_UNSUPPORTED,
     "delta.format_provider",
     NULL},
};

START_TEST(delta_replay__names_the_damage) /* T-DELTA-DAMAGE-1 */
{
    struct tarn_env *env = tarn_test_env();
    new_table();
    for (int v = 0; v < 4; v++) {
        if (damaged[_i].commits[v] != NULL) {
            put(v, damaged[_i].commits[v]);
        }
    }
    struct tarn_snapshot *snapshot;
    const enum tarn_status status = load(env, damaged[_i].version, &snapshot);
    ck_assert_msg(status == damaged[_i].status, "%s: %s %s", damaged[_i].name, tarn_status_name(status), err.message);
    ck_assert_msg(strcmp(err.detail, damaged[_i].detail) == 0, "%s: %s: %s", damaged[_i].name, err.detail, err.message);
    if (damaged[_i].object != NULL) {
        ck_assert_msg(strstr(err.object, damaged[_i].object) != NULL, "%s: %s", damaged[_i].name, err.object);
        ck_assert_int_ge(err.table_version, 0);
    }
    ck_assert_ptr_null(snapshot);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_replay__an_older_version_lives_beside_a_damaged_newer_one)
{
    new_table();
    put(0, PROTOCOL METADATA ADD("a"));
    put(1, "");
    ck_assert_str_eq(live(0), "a;");
}
END_TEST

START_TEST(delta_replay__features_that_are_only_listed_do_no_harm)
{
    new_table();
    put(0, "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"deletionVectors\",\"columnMapping\"],"
           "\"writerFeatures\":[\"deletionVectors\",\"columnMapping\",\"someWriterThing\"]}}\n" METADATA ADD("a"));
    ck_assert_str_eq(live(0), "a;");
    struct tarn_env *env = tarn_test_env();
    struct tarn_snapshot *snapshot;
    struct tarn_transaction *transaction;
    ck_assert_ok(load(env, -1, &snapshot), &err);
    ck_assert_status(tarn_transaction_open(snapshot, NULL, &transaction, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "delta.writer_feature.someWriterThing");
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

/* ---- checkpoints and hints ---- */

START_TEST(delta_replay__a_hint_that_lies_is_no_harm) /* T-DELTA-CHECKPOINT-2 */
{
    static const char *const hints[] = {"", "{", "{\"version\":3}", "{\"version\":-1}", "[]", "{\"version\":99999999999999999999}"};
    new_table();
    put(0, PROTOCOL METADATA ADD("a"));
    put(1, ADD("b"));
    tarn_test_put_file(folder, "_delta_log/_last_checkpoint", hints[_i]);
    ck_assert_str_eq(live(-1), "b;a;");
}
END_TEST

START_TEST(delta_replay__a_damaged_checkpoint_is_passed_over) /* T-DELTA-CHECKPOINT-1 */
{
    new_table();
    put(0, PROTOCOL METADATA ADD("a"));
    put(1, ADD("b"));
    tarn_test_put_file(folder, "_delta_log/00000000000000000001.checkpoint.parquet", "PAR1 torn");
    tarn_test_put_file(folder, "_delta_log/00000000000000000001.checkpoint.0000000001.0000000002.parquet", "one part of two");
    tarn_test_put_file(folder, "_delta_log/_last_checkpoint", "{\"version\":1,\"size\":5}");
    put(2, ADD("c"));
    ck_assert_str_eq(live(-1), "c;b;a;");
}
END_TEST

START_TEST(delta_replay__a_damaged_checkpoint_is_told_when_nothing_stands_in)
{
    struct tarn_env *env = tarn_test_env();
    new_table();
    tarn_test_put_file(folder, "_delta_log/00000000000000000001.checkpoint.parquet", "PAR1 torn");
    put(2, ADD("c"));
    struct tarn_snapshot *snapshot;
    ck_assert_status(load(env, -1, &snapshot), TARN_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.object, "checkpoint.parquet"));
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/delta_replay", TARN_TEST(delta_replay__newest_action_of_a_key_counts),
           TARN_TEST(delta_replay__add_wins_over_remove_in_one_commit), TARN_TEST(delta_replay__a_deletion_vector_is_part_of_the_key),
           TARN_TEST(delta_replay__paths_are_decoded_and_made_one), TARN_TEST(delta_replay__a_path_below_the_table_is_its_own),
           TARN_TEST(delta_replay__unknown_actions_and_fields_are_passed_over), TARN_LOOP_TEST(delta_replay__names_the_damage, damaged),
           TARN_TEST(delta_replay__an_older_version_lives_beside_a_damaged_newer_one),
           TARN_TEST(delta_replay__features_that_are_only_listed_do_no_harm), TARN_LOOP_TIMES(delta_replay__a_hint_that_lies_is_no_harm, 6),
           TARN_TEST(delta_replay__a_damaged_checkpoint_is_passed_over),
           TARN_TEST(delta_replay__a_damaged_checkpoint_is_told_when_nothing_stands_in))
