/* SPDX-License-Identifier: Apache-2.0
 * What goes together: a transaction over a table written by hand, and the commit of another engine that came first. Each row of the table
 * is one meeting: the named cases of Spark's and delta-rs' suites, and those that they leave out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/base/bytes.h"
#include "tests/support/table_rows.h"
#include "txlog/core/transaction.h"
#include "txlog/delta/delta_state.h"

static struct tarn_error err = TARN_ERROR_INIT;

/* ---- the table: three files, two of part=1, one of part=2 ---- */

#define PROTOCOL "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[],\"writerFeatures\":[\"appendOnly\""
#define SCHEMA                                                                                                                             \
    "{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,"               \
    "\\\"metadata\\\":{}},{\\\"name\\\":\\\"part\\\",\\\"type\\\":\\\"integer\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}]}"
#define SCHEMA_MAPPED                                                                                                                      \
    "{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,"               \
    "\\\"metadata\\\":{\\\"delta.columnMapping.id\\\":1,\\\"delta.columnMapping.physicalName\\\":\\\"id\\\"}},"                            \
    "{\\\"name\\\":\\\"part\\\",\\\"type\\\":\\\"integer\\\",\\\"nullable\\\":true,"                                                       \
    "\\\"metadata\\\":{\\\"delta.columnMapping.id\\\":2,\\\"delta.columnMapping.physicalName\\\":\\\"part\\\"}}]}"
#define SCHEMA_WIDER                                                                                                                       \
    "{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,"               \
    "\\\"metadata\\\":{}},{\\\"name\\\":\\\"part\\\",\\\"type\\\":\\\"integer\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}},"             \
    "{\\\"name\\\":\\\"more\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}]}"
#define METADATA(schema, properties)                                                                                                       \
    "{\"metaData\":{\"id\":\"t\",\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":\"" schema                          \
    "\",\"partitionColumns\":[\"part\"],\"configuration\":{\"tarn.test\":\"1\",\"delta.isolationLevel\":\"@\"" properties "}}}\n"
#define FILE_FIELDS(path, part) "\"path\":\"" path ".parquet\",\"partitionValues\":{\"part\":\"" part "\"},\"size\":10"
#define ADD_AS(path, part, from, to, change)                                                                                               \
    "{\"add\":{" FILE_FIELDS(path, part) ",\"modificationTime\":1,\"dataChange\":" change                                                  \
                                         ",\"stats\":\"{\\\"numRecords\\\":10,\\\"minValues\\\":{\\\"id\\\":" from                         \
                                         "},\\\"maxValues\\\":{\\\"id\\\":" to "},\\\"nullCount\\\":{\\\"id\\\":0}}\"}}\n"
#define ADD(path, part, from, to) ADD_AS(path, part, from, to, "true")
#define REMOVE_AS(path, part, change)                                                                                                      \
    "{\"remove\":{" FILE_FIELDS(path, part) ",\"deletionTimestamp\":2,\"dataChange\":" change ",\"extendedFileMetadata\":true}}\n"
#define REMOVE(path, part) REMOVE_AS(path, part, "true")
#define INFO_AS(operation, rest)                                                                                                           \
    "{\"commitInfo\":{\"timestamp\":1700000000000,\"operation\":\"" operation                                                              \
    "\",\"engineInfo\":\"Apache-Spark/3.5.3 Delta-Lake/3.2.1\",\"txnId\":\"other\"" rest "}}\n"
#define INFO(operation) INFO_AS(operation, "")
#define BLIND INFO_AS("WRITE", ",\"isBlindAppend\":true")
#define DOMAIN(name, text) "{\"domainMetadata\":{\"domain\":\"" name "\",\"configuration\":\"" text "\",\"removed\":false}}\n"
#define TXN(app, version) "{\"txn\":{\"appId\":\"" app "\",\"version\":" version "}}\n"
#define FEATURES(more) PROTOCOL more "]}}\n"

#define BASE                                                                                                                               \
    INFO("CREATE TABLE")                                                                                                                   \
    FEATURES("") METADATA(SCHEMA, "") ADD("a", "1", "0", "9") ADD("b", "1", "10", "19") ADD("c", "2", "20", "29") TXN("known", "3")
/* ---- what we do ---- */

enum ours {
    BLIND_APPEND = 0,     /* of ids 100 to 109, part 1 */
    APPEND_FROM_ALL,      /* having read the whole table */
    APPEND_FROM_PART_1,   /* having read part = 1 */
    APPEND_FROM_BOTH,     /* having read part = 1, and part = 2 */
    APPEND_FROM_PART_2,   /* having read part = 2 */
    APPEND_FROM_ID_5,     /* having read id = 5 */
    DELETE_A,             /* id = 5: the file a goes */
    DELETE_B,             /* id = 15 */
    DELETE_C,             /* id = 25 */
    DELETE_PART_1,        /* part = 1: a and b go */
    UPDATE_A,             /* id = 5: a goes, another comes */
    OVERWRITE,            /* all go, one comes */
    COMPACT_PART_1,       /* part = 1: a and b become one */
    COMPACT_ALL,          /* a, b, c are looked at; a and b become one */
    SET_PROPERTY,         /* a property of the table */
    SET_PROPERTY_AND_ADD, /* and rows, having read part = 1 */
    UPGRADE,              /* a feature more */
    SET_DOMAIN,           /* domain "d" */
    FOR_APP,              /* a blind append as transaction 5 of "app" */
    AFTER_LOOKING_AT_APP  /* a blind append, having looked at "app" */
};

static void stage(struct tarn_transaction *transaction)
{
    static const struct tarn__staged_file file = {
        .path = {"n.parquet", 9},
        .size = 10,
        .rows = 10,
        .modified = 1,
        .partition = {"\4\0\0\0part\1\0\0\0"
                      "1",
                      13},
        .statistics = {"{\"numRecords\":10,\"minValues\":{\"id\":100},\"maxValues\":{\"id\":109}}", 64},
    };
    ck_assert(tarn__grow(transaction->env, &transaction->added, &transaction->added_capacity, 1, sizeof(file)));
    transaction->added[transaction->added_count++] = file;
}

static struct tarn_expr *equals(struct tarn_env *env, const char *column, enum tarn_type_id id, int64_t value)
{
    struct tarn_expr_builder *builder;
    const struct tarn_type type = {.id = id};
    const struct tarn_path_step step = {.kind = TARN_PATH_FIELD, .name = tarn__text_of(column), .id = -1};
    const struct tarn_path path = {1, &step};
    const struct tarn_value literal = {.type = &type, .u.i64 = value};
    struct tarn_expr *expr;
    ck_assert_ok(tarn_expr_builder_open(env, &builder, &err), &err);
    const struct tarn_expr_node *args[] = {tarn_expr_make_column(builder, &path, &type, true), tarn_expr_make_literal(builder, &literal)};
    ck_assert_ok(tarn_expr_builder_finish(builder, tarn_expr_make(builder, TARN_EXPR_EQ, 2, args), &expr, &err), &err);
    return expr;
}

/* Reads where column = value, and takes the first `gone` of the files out. */
static void pick(struct tarn_transaction *transaction, const char *column, int64_t value, uint32_t files, uint32_t gone)
{
    const bool is_id = strcmp(column, "id") == 0;
    struct tarn_expr *predicate = equals(transaction->env, column, is_id ? TARN_TYPE_I64 : TARN_TYPE_I32, value);
    uint32_t count;
    ck_assert_ok(tarn_transaction_select(transaction, predicate, &count, &err), &err);
    ck_assert_uint_eq(count, files);
    for (uint32_t i = 0; i < gone; i++) {
        ck_assert_ok(tarn_transaction_remove(transaction, i, &err), &err);
    }
    tarn_expr_release(predicate);
}

static void set_property(struct tarn_transaction *transaction)
{
    struct tarn__delta_metadata *metadata = tarn__arena_alloc(&transaction->arena, sizeof(*metadata));
    ck_assert_ok(tarn__delta_metadata_copy(&transaction->arena, &tarn__delta_state_of(transaction->snapshot)->metadata, metadata, &err),
                 &err);
    metadata->properties[0].value = TARN_TEXT("2");
    transaction->change.metadata = metadata;
}

static void upgrade(struct tarn_transaction *transaction)
{
    struct tarn__delta_protocol *protocol = tarn__arena_alloc(&transaction->arena, sizeof(*protocol));
    struct tarn_text *features = tarn__arena_calloc(&transaction->arena, 2, sizeof(*features));
    *protocol = tarn__delta_state_of(transaction->snapshot)->protocol;
    features[0] = protocol->writer_features[0];
    features[1] = TARN_TEXT("domainMetadata");
    protocol->writer_features = features;
    protocol->writer_feature_count = 2;
    transaction->change.protocol = protocol;
}

static void act(struct tarn_transaction *transaction, enum ours ours)
{
    uint32_t count;
    int64_t version;
    switch (ours) {
    case BLIND_APPEND:
    case FOR_APP:
        stage(transaction);
        break;
    case AFTER_LOOKING_AT_APP:
        ck_assert_ok(tarn_transaction_app_version(transaction, TARN_TEXT("app"), &version, &err), &err);
        ck_assert_int_eq(version, -1);
        stage(transaction);
        break;
    case APPEND_FROM_ALL:
        ck_assert_ok(tarn_transaction_read(transaction, NULL, &err), &err);
        stage(transaction);
        break;
    case APPEND_FROM_PART_1:
        pick(transaction, "part", 1, 2, 0);
        stage(transaction);
        break;
    case APPEND_FROM_PART_2:
        pick(transaction, "part", 2, 1, 0);
        stage(transaction);
        break;
    case APPEND_FROM_BOTH:
        pick(transaction, "part", 1, 2, 0);
        pick(transaction, "part", 2, 1, 0);
        stage(transaction);
        break;
    case APPEND_FROM_ID_5:
        pick(transaction, "id", 5, 1, 0);
        stage(transaction);
        break;
    case DELETE_A:
        pick(transaction, "id", 5, 1, 1);
        break;
    case DELETE_B:
        pick(transaction, "id", 15, 1, 1);
        break;
    case DELETE_C:
        pick(transaction, "id", 25, 1, 1);
        break;
    case DELETE_PART_1:
        pick(transaction, "part", 1, 2, 2);
        break;
    case UPDATE_A:
        pick(transaction, "id", 5, 1, 1);
        stage(transaction);
        break;
    case OVERWRITE:
        ck_assert_ok(tarn_transaction_remove_all(transaction, &err), &err);
        stage(transaction);
        break;
    case COMPACT_PART_1:
        pick(transaction, "part", 1, 2, 2);
        stage(transaction);
        break;
    case COMPACT_ALL:
        ck_assert_ok(tarn_transaction_select(transaction, NULL, &count, &err), &err);
        ck_assert_uint_eq(count, 3);
        for (uint32_t i = 0; i < count; i++) {
            struct tarn_file_info info;
            ck_assert_ok(tarn_transaction_file_info(transaction, i, &info, &err), &err);
            if (info.path.data[0] != 'c') {
                ck_assert_ok(tarn_transaction_remove(transaction, i, &err), &err);
            }
        }
        stage(transaction);
        break;
    case SET_PROPERTY:
        set_property(transaction);
        break;
    case SET_PROPERTY_AND_ADD:
        set_property(transaction);
        pick(transaction, "part", 1, 2, 0);
        stage(transaction);
        break;
    case UPGRADE:
        upgrade(transaction);
        break;
    case SET_DOMAIN:
        ck_assert_ok(tarn__transaction_set_domain(transaction, TARN_TEXT("d"), TARN_TEXT("{}"), false, &err), &err);
        break;
    default:
        ck_abort_msg("no such thing to do");
    }
}

/* ---- the meetings ---- */

static const struct {
    const char *name;
    enum ours ours;
    const char *winner;
    const char *conflict;              /* the detail; NULL: both land */
    const char *conflict_serializable; /* under Serializable */
} meetings[] = {
    /* Spark: OptimisticTransactionLegacyTests */
    {"append / append", BLIND_APPEND, BLIND ADD("x", "1", "5", "5"), NULL, NULL},
    {"disjoint transactions", FOR_APP, INFO("WRITE") TXN("another", "5") ADD("x", "1", "5", "5"), NULL, NULL},
    {"disjoint delete / read", APPEND_FROM_PART_1, INFO("DELETE") REMOVE("c", "2"), NULL, NULL},
    {"disjoint add / read", APPEND_FROM_PART_1, INFO("WRITE") ADD("x", "2", "5", "5"), NULL, NULL},
    {"delete / delete", DELETE_A, INFO("DELETE") REMOVE("a", "1"), "concurrent_delete_delete", "concurrent_delete_delete"},
    {"add / read and write", APPEND_FROM_PART_1, INFO("WRITE") ADD("x", "1", "5", "5"), "concurrent_append", "concurrent_append"},
    {"add / read and no write", SET_DOMAIN, INFO("WRITE") ADD("x", "1", "5", "5"), NULL, NULL},
    {"add in part 2 / read of parts 1 and 2, write to part 1", APPEND_FROM_BOTH, INFO("WRITE") ADD("x", "2", "5", "5"), "concurrent_append",
     "concurrent_append"},
    {"add in part 2 / read of part 1, write to part 1", DELETE_PART_1, INFO("WRITE") ADD("x", "2", "5", "5"), NULL, NULL},
    {"delete / read", APPEND_FROM_PART_1, INFO("DELETE") REMOVE("a", "1"), "concurrent_delete_read", "concurrent_delete_read"},
    {"schema change", BLIND_APPEND, INFO("ADD COLUMNS") METADATA(SCHEMA_WIDER, ""), "metadata_changed", "metadata_changed"},
    {"conflicting transactions", AFTER_LOOKING_AT_APP, INFO("WRITE") TXN("app", "1") ADD("x", "1", "5", "5"), "concurrent_transaction",
     "concurrent_transaction"},
    {"upgrade / upgrade", UPGRADE, INFO("UPGRADE PROTOCOL") FEATURES(",\"deletionVectors\""), "protocol_changed", "protocol_changed"},
    {"the whole table tainted", APPEND_FROM_ALL, INFO("WRITE") ADD("x", "2", "5", "5"), "concurrent_append", "concurrent_append"},
    {"the whole table tainted, a concurrent remove", APPEND_FROM_ALL, INFO("DELETE") REMOVE("c", "2"), "concurrent_delete_read",
     "concurrent_delete_read"},
    /* delta-rs: conflict_checker.rs, and what its description of isolation says */
    {"append / append by someone who read", BLIND_APPEND, INFO("MERGE") ADD("x", "1", "5", "5"), NULL, NULL},
    {"append / delete", BLIND_APPEND, INFO("DELETE") REMOVE("a", "1"), NULL, NULL},
    {"append / overwrite", BLIND_APPEND, INFO("WRITE") REMOVE("a", "1") REMOVE("b", "1") REMOVE("c", "2") ADD("x", "1", "5", "5"), NULL,
     NULL},
    {"delete / blind append that matches", DELETE_A, BLIND ADD("x", "1", "5", "5"), NULL, "concurrent_append"},
    {"delete / blind append elsewhere", DELETE_A, BLIND ADD("x", "1", "50", "60"), NULL, NULL},
    {"delete / append by someone who read, that matches", DELETE_A, INFO("MERGE") ADD("x", "1", "5", "5"), "concurrent_append",
     "concurrent_append"},
    {"delete / append by someone who read, elsewhere", DELETE_A, INFO("MERGE") ADD("x", "1", "50", "60"), NULL, NULL},
    {"delete / delete of another file", DELETE_A, INFO("DELETE") REMOVE("b", "1"), NULL, NULL},
    {"delete of a partition / delete in it", DELETE_PART_1, INFO("DELETE") REMOVE("b", "1"), "concurrent_delete_delete",
     "concurrent_delete_delete"},
    {"delete of a partition / delete in another", DELETE_PART_1, INFO("DELETE") REMOVE("c", "2"), NULL, NULL},
    {"update / update of the same file", UPDATE_A, INFO("UPDATE") REMOVE("a", "1") ADD("x", "1", "0", "9"), "concurrent_append",
     "concurrent_append"},
    {"update / update of another file", UPDATE_A, INFO("UPDATE") REMOVE("b", "1") ADD("x", "1", "10", "19"), NULL, NULL},
    {"overwrite / append by someone who read", OVERWRITE, INFO("MERGE") ADD("x", "1", "5", "5"), "concurrent_append", "concurrent_append"},
    {"overwrite / blind append", OVERWRITE, BLIND ADD("x", "1", "5", "5"), NULL, "concurrent_append"},
    {"overwrite / delete", OVERWRITE, INFO("DELETE") REMOVE("c", "2"), "concurrent_delete_delete", "concurrent_delete_delete"},
    {"overwrite / overwrite", OVERWRITE, INFO("WRITE") REMOVE("a", "1") REMOVE("b", "1") REMOVE("c", "2"), "concurrent_delete_delete",
     "concurrent_delete_delete"},
    {"read of one file / remove and add elsewhere", APPEND_FROM_ID_5, INFO("UPDATE") REMOVE("b", "1") ADD("x", "1", "10", "19"), NULL,
     NULL},
    {"read of part 2 / change of part 1", APPEND_FROM_PART_2, INFO("UPDATE") REMOVE("b", "1") ADD("x", "1", "10", "19"), NULL, NULL},
    {"the same application", FOR_APP, INFO("WRITE") TXN("app", "4") ADD("x", "1", "5", "5"), "concurrent_transaction",
     "concurrent_transaction"},
    {"an application that was not looked at", AFTER_LOOKING_AT_APP, INFO("WRITE") TXN("another", "4"), NULL, NULL},
    {"append / upgrade to what we have not", BLIND_APPEND, INFO("UPGRADE PROTOCOL") FEATURES(",\"nobodyKnows\""), "protocol_changed",
     "protocol_changed"},
    {"append / feature that asks nothing", BLIND_APPEND, INFO("UPGRADE PROTOCOL") FEATURES(",\"domainMetadata\""), NULL, NULL},
    {"append / feature dropped", BLIND_APPEND,
     INFO("DROP FEATURE") "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":7,\"writerFeatures\":[]}}\n", "protocol_changed",
     "protocol_changed"},
    {"property / append", SET_PROPERTY, BLIND ADD("x", "1", "5", "5"), NULL, NULL},
    {"property / property", SET_PROPERTY, INFO("SET TBLPROPERTIES") METADATA(SCHEMA, ",\"a\":\"b\""), "metadata_changed",
     "metadata_changed"},
    {"property / the same metadata again", SET_PROPERTY, INFO("WRITE") METADATA(SCHEMA, ""), NULL, NULL},
    {"property and rows from what was read / blind append", SET_PROPERTY_AND_ADD, BLIND ADD("x", "1", "5", "5"), "concurrent_append",
     "concurrent_append"},
    /* metadata that may change below us */
    {"append / deletion vectors turned on", BLIND_APPEND,
     INFO("SET TBLPROPERTIES") FEATURES(",\"deletionVectors\"") METADATA(SCHEMA, ",\"delta.enableDeletionVectors\":\"true\""), NULL, NULL},
    {"append / deletion vectors turned off", BLIND_APPEND,
     INFO("SET TBLPROPERTIES") METADATA(SCHEMA, ",\"delta.enableDeletionVectors\":\"false\""), "metadata_changed", "metadata_changed"},
    {"append / column mapping turned on", BLIND_APPEND,
     INFO("SET TBLPROPERTIES") FEATURES(",\"columnMapping\"")
         METADATA(SCHEMA_MAPPED, ",\"delta.columnMapping.mode\":\"name\",\"delta.columnMapping.maxColumnId\":\"2\""),
     NULL, NULL},
    {"append / v2 checkpoints turned on", BLIND_APPEND,
     INFO("SET TBLPROPERTIES") FEATURES(",\"v2Checkpoint\"") METADATA(SCHEMA, ",\"delta.checkpointPolicy\":\"v2\""), NULL, NULL},
    {"append / a property of someone's own", BLIND_APPEND, INFO("SET TBLPROPERTIES") METADATA(SCHEMA, ",\"a\":\"b\""), "metadata_changed",
     "metadata_changed"},
    {"append / change feed turned on", BLIND_APPEND, INFO("SET TBLPROPERTIES") METADATA(SCHEMA, ",\"delta.enableChangeDataFeed\":\"true\""),
     "metadata_changed", "metadata_changed"},
    {"property / deletion vectors turned on", SET_PROPERTY,
     INFO("SET TBLPROPERTIES") FEATURES(",\"deletionVectors\"") METADATA(SCHEMA, ",\"delta.enableDeletionVectors\":\"true\""),
     "metadata_changed", "metadata_changed"},
    {"update / row ids turned on", UPDATE_A, INFO("SET TBLPROPERTIES") METADATA(SCHEMA, ",\"delta.enableRowTracking\":\"true\""),
     "metadata_changed", "metadata_changed"},
    /* domains */
    {"domain / the same domain", SET_DOMAIN, INFO("CLUSTER BY") DOMAIN("d", "{}"), "concurrent_domain", "concurrent_domain"},
    {"domain / another domain", SET_DOMAIN, INFO("CLUSTER BY") DOMAIN("e", "{}"), NULL, NULL},
    {"append / row ids given", BLIND_APPEND,
     INFO("WRITE") DOMAIN("delta.rowTracking", "{\\\"rowIdHighWaterMark\\\":41}") ADD("x", "1", "5", "5"), NULL, NULL},
    /* files that are only laid out anew */
    {"compaction / blind append", COMPACT_PART_1, BLIND ADD("x", "1", "5", "5"), NULL, NULL},
    {"compaction / append by someone who read", COMPACT_PART_1, INFO("MERGE") ADD("x", "1", "5", "5"), NULL, NULL},
    {"compaction / delete in it", COMPACT_PART_1, INFO("DELETE") REMOVE("a", "1"), "concurrent_delete_delete", "concurrent_delete_delete"},
    {"compaction / delete of what was looked at", COMPACT_ALL, INFO("DELETE") REMOVE("c", "2"), NULL, NULL},
    {"compaction / compaction", COMPACT_PART_1,
     INFO("OPTIMIZE") REMOVE_AS("a", "1", "false") REMOVE_AS("b", "1", "false") ADD_AS("x", "1", "0", "19", "false"),
     "concurrent_delete_delete", "concurrent_delete_delete"},
    {"append / compaction", BLIND_APPEND, INFO("OPTIMIZE") REMOVE_AS("a", "1", "false") ADD_AS("x", "1", "0", "9", "false"), NULL, NULL},
    {"append from what was read / compaction of it", APPEND_FROM_PART_1,
     INFO("OPTIMIZE") REMOVE_AS("a", "1", "false") REMOVE_AS("b", "1", "false") ADD_AS("x", "1", "0", "19", "false"), NULL, NULL},
    {"delete / compaction of the file", DELETE_A, INFO("OPTIMIZE") REMOVE_AS("a", "1", "false") ADD_AS("x", "1", "0", "9", "false"),
     "concurrent_delete_delete", "concurrent_delete_delete"},
    {"delete / compaction of others into a file that may match", DELETE_A,
     INFO("OPTIMIZE") REMOVE_AS("b", "1", "false") REMOVE_AS("c", "2", "false") ADD_AS("x", "1", "0", "29", "false"), NULL, NULL},
    {"read / a commit that only claims to be blind", APPEND_FROM_PART_1,
     INFO_AS("WRITE", ",\"isBlindAppend\":true") REMOVE("c", "2") ADD("x", "1", "5", "5"), "concurrent_append", "concurrent_append"},
    {"delete of part 1 / move of rows into it", DELETE_PART_1, INFO("UPDATE") REMOVE("c", "2") ADD("x", "1", "20", "29"),
     "concurrent_append", "concurrent_append"},
    {"delete of another file / compaction and delete", DELETE_C, INFO("DELETE") REMOVE("a", "1") ADD("x", "1", "0", "8"), NULL, NULL},
    {"delete of b / update of c into part 1", DELETE_B, INFO("UPDATE") REMOVE("c", "2") ADD("x", "1", "20", "29"), NULL, NULL},
};

enum { CASES = sizeof(meetings) / sizeof(meetings[0]) };

static struct tarn_transaction *open_on(struct tarn_env *env, const char *folder, enum ours ours)
{
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    struct tarn_snapshot *snapshot;
    struct tarn_transaction *transaction;
    if (ours == FOR_APP) {
        options.app_id = TARN_TEXT("app");
        options.app_version = 5;
    }
    options.rearranges = ours == COMPACT_PART_1 || ours == COMPACT_ALL;
    options.operation = options.rearranges ? "OPTIMIZE" : "WRITE";
    ck_assert_ok(tarn_snapshot_load(env, tarn__text_of(folder), NULL, &snapshot, &err), &err);
    ck_assert_ok(tarn_transaction_open(snapshot, &options, &transaction, &err), &err);
    tarn_snapshot_close(snapshot);
    return transaction;
}

/* Metadata says the level of isolation where the text has a @. */
static void put_commit(const char *folder, int version, const char *commit, const char *level)
{
    char text[8192];
    char name[64];
    size_t size = 0;
    for (; *commit != '\0'; commit++) {
        ck_assert_uint_lt(size + 32, sizeof(text));
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%.*s", *commit == '@' ? 32 : 1, *commit == '@' ? level : commit);
    }
    snprintf(name, sizeof(name), "_delta_log/%020d.json", version);
    tarn_test_put_file(folder, name, text);
}

static const char default_level[] = "WriteSerializable";

static const char *new_table(const char *base, const char *level)
{
    static char folder[512];
    static int number;
    snprintf(folder, sizeof(folder), "%s/c%d", tarn_test_folder(), number++);
    put_commit(folder, 0, base, level);
    return folder;
}

START_TEST(delta_conflict__of_two_that_meet) /* T-DELTA-CONFLICT-1 T-DELTA-CONFLICT-2 T-DELTA-CONFLICT-3 */
{
    const int row = _i / 2;
    const bool serializable = _i % 2 != 0;
    const char *level = serializable ? "serializable" : default_level; /* Spark does not mind capitals */
    const char *wanted = serializable ? meetings[row].conflict_serializable : meetings[row].conflict;
    struct tarn_env *env = tarn_test_env();
    const char *folder = new_table(BASE, level);
    struct tarn_transaction *transaction = open_on(env, folder, meetings[row].ours);
    struct tarn_commit_result result;
    act(transaction, meetings[row].ours);
    put_commit(folder, 1, meetings[row].winner, level);
    const enum tarn_status status = tarn_transaction_commit(transaction, &result, &err);
    if (wanted == NULL) {
        ck_assert_msg(status == TARN_OK, "%s: %s %s", meetings[row].name, tarn_status_name(status), err.message);
        ck_assert_int_eq(result.version, 2);
    } else {
        ck_assert_msg(status == TARN_CONFLICT, "%s: %s %s", meetings[row].name, tarn_status_name(status), err.message);
        ck_assert_msg(strcmp(err.detail, wanted) == 0, "%s: %s instead of %s", meetings[row].name, err.detail, wanted);
        ck_assert_int_eq(err.table_version, 1);
        ck_assert_ptr_nonnull(strstr(err.message, "version 1 ("));
        ck_assert_ptr_nonnull(strstr(err.message, "by Apache-Spark/3.5.3 Delta-Lake/3.2.1"));
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_conflict__an_application_commits_once) /* T-DELTA-CONFLICT-4 */
{
    struct tarn_env *env = tarn_test_env();
    const char *folder = new_table(BASE, default_level);
    struct tarn_transaction *transaction = open_on(env, folder, FOR_APP);
    int64_t version;
    ck_assert_ok(tarn_transaction_app_version(transaction, TARN_TEXT("known"), &version, &err), &err);
    ck_assert_int_eq(version, 3);
    act(transaction, FOR_APP);
    put_commit(folder, 1, INFO("WRITE") TXN("app", "5"), default_level);
    ck_assert_status(tarn_transaction_commit(transaction, NULL, &err), TARN_EXISTS);
    ck_assert_str_eq(err.detail, "app_transaction");
    tarn_test_env_close(env);
}
END_TEST

/* ---- what is written after others came first ---- */

static char *commit_text(const char *folder, int version)
{
    static char text[16384];
    char path[600];
    snprintf(path, sizeof(path), "%s/_delta_log/%020d.json", folder, version);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static const struct {
    const char *name;
    enum ours ours;
    const char *says; /* isBlindAppend and isolationLevel */
    const char *also;
} written[] = {
    {"append", BLIND_APPEND, "\"isolationLevel\":\"WriteSerializable\",\"isBlindAppend\":true", "\"dataChange\":true"},
    {"append from what was read", APPEND_FROM_PART_1, "\"isolationLevel\":\"WriteSerializable\",\"isBlindAppend\":false",
     "\"dataChange\":true"},
    {"append from the whole table", APPEND_FROM_ALL, "\"isBlindAppend\":false", "\"dataChange\":true"},
    {"delete", DELETE_A, "\"isBlindAppend\":false", "\"dataChange\":true"},
    {"overwrite", OVERWRITE, "\"isBlindAppend\":false", "\"dataChange\":true"},
    {"compaction", COMPACT_PART_1, "\"isolationLevel\":\"SnapshotIsolation\",\"isBlindAppend\":false", "\"dataChange\":false"},
    {"domain", SET_DOMAIN, "\"isBlindAppend\":", "{\"domainMetadata\":{\"domain\":\"d\",\"configuration\":\"{}\",\"removed\":false}}"},
    {"upgrade", UPGRADE, "\"isBlindAppend\":false", "\"writerFeatures\":[\"appendOnly\",\"domainMetadata\"]"},
    {"property", SET_PROPERTY, "\"isBlindAppend\":false", "\"tarn.test\":\"2\""},
};

START_TEST(delta_conflict__says_what_it_has_read) /* T-DELTA-CONFLICT-5 */
{
    struct tarn_env *env = tarn_test_env();
    const char *folder = new_table(BASE, default_level);
    struct tarn_transaction *transaction = open_on(env, folder, written[_i].ours);
    act(transaction, written[_i].ours);
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err);
    const char *text = commit_text(folder, 1);
    ck_assert_msg(strncmp(text, "{\"commitInfo\":", 14) == 0, "%s: commitInfo is not first", written[_i].name);
    ck_assert_msg(strstr(text, written[_i].says) != NULL, "%s: %s", written[_i].name, text);
    ck_assert_msg(strstr(text, written[_i].also) != NULL, "%s: %s", written[_i].name, text);
    tarn_test_env_close(env);
}
END_TEST

#define ICT_ON ",\"delta.enableInCommitTimestamps\":\"true\""
#define BASE_TIMES(properties)                                                                                                             \
    INFO_AS("CREATE TABLE", ",\"inCommitTimestamp\":33000000000000")                                                                       \
    FEATURES(",\"inCommitTimestamp\"") METADATA(SCHEMA, properties) ADD("a", "1", "0", "9")

/* The clock of the table runs ahead of ours by centuries. */
START_TEST(delta_conflict__time_goes_on_from_the_winner) /* T-DELTA-CONFLICT-6 */
{
    struct tarn_env *env = tarn_test_env();
    const char *folder = new_table(BASE_TIMES(ICT_ON), default_level);
    struct tarn_transaction *transaction = open_on(env, folder, BLIND_APPEND);
    act(transaction, BLIND_APPEND);
    put_commit(folder, 1, INFO_AS("WRITE", ",\"inCommitTimestamp\":33000000000077,\"isBlindAppend\":true") ADD("x", "1", "5", "5"),
               default_level);
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err);
    ck_assert_ptr_nonnull(strstr(commit_text(folder, 2), "{\"commitInfo\":{\"inCommitTimestamp\":33000000000078,"));
    tarn_test_env_close(env);
}
END_TEST

/* Someone turns in-commit timestamps on while we write: our commit must have one. */
START_TEST(delta_conflict__time_begins_with_the_winner) /* T-DELTA-CONFLICT-6 */
{
    struct tarn_env *env = tarn_test_env();
    const char *folder = new_table(BASE_TIMES(""), default_level);
    struct tarn_transaction *transaction = open_on(env, folder, BLIND_APPEND);
    act(transaction, BLIND_APPEND);
    put_commit(folder, 1,
               INFO_AS("SET TBLPROPERTIES", ",\"inCommitTimestamp\":33000000000000")
                   METADATA(SCHEMA, ICT_ON ",\"delta.inCommitTimestampEnablementVersion\":\"1\","
                                           "\"delta.inCommitTimestampEnablementTimestamp\":\"33000000000000\""),
               default_level);
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err);
    ck_assert_ptr_nonnull(strstr(commit_text(folder, 2), "{\"commitInfo\":{\"inCommitTimestamp\":33000000000001,"));
    tarn_test_env_close(env);
}
END_TEST

/* We turn them on, and are not the first: the version that it says is the one that it becomes. */
START_TEST(delta_conflict__says_where_time_begins) /* T-DELTA-CONFLICT-6 */
{
    struct tarn_env *env = tarn_test_env();
    const char *folder = new_table(BASE_TIMES(""), default_level);
    struct tarn_transaction *transaction = open_on(env, folder, SET_PROPERTY);
    set_property(transaction);
    ((struct tarn__delta_metadata *)transaction->change.metadata)->properties[0] =
        (struct tarn_property){.key = TARN_TEXT("delta.enableInCommitTimestamps"), .value = TARN_TEXT("true")};
    put_commit(folder, 1, BLIND ADD("x", "1", "5", "5"), default_level);
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err);
    const char *text = commit_text(folder, 2);
    const char *time = strstr(text, "\"inCommitTimestamp\":");
    ck_assert_ptr_nonnull(time);
    const long long at = atoll(time + 20);
    char expected[128];
    ck_assert_ptr_nonnull(strstr(text, "\"delta.inCommitTimestampEnablementVersion\":\"2\""));
    snprintf(expected, sizeof(expected), "\"delta.inCommitTimestampEnablementTimestamp\":\"%lld\"", at);
    ck_assert_ptr_nonnull(strstr(text, expected));
    tarn_test_env_close(env);
}
END_TEST

/* ---- identity columns ---- */

#define SCHEMA_MARK(mark)                                                                                                                  \
    "{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,"               \
    "\\\"metadata\\\":{\\\"delta.identity.highWaterMark\\\":" mark "}},{\\\"name\\\":\\\"part\\\",\\\"type\\\":\\\"integer\\\","           \
    "\\\"nullable\\\":true,\\\"metadata\\\":{}}]}"
#define BASE_MARK INFO("CREATE TABLE") FEATURES(",\"identityColumns\"") METADATA(SCHEMA_MARK("7"), "") ADD("a", "1", "0", "9")

START_TEST(delta_conflict__marks_of_identity_columns_are_kept) /* T-DELTA-CONFLICT-7 */
{
    struct tarn_env *env = tarn_test_env();
    const char *folder = new_table(BASE_MARK, default_level);
    struct tarn_transaction *transaction = open_on(env, folder, SET_PROPERTY);
    set_property(transaction);
    put_commit(folder, 1, INFO("WRITE") METADATA(SCHEMA_MARK("19"), "") ADD("x", "1", "8", "19"), default_level);
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err);
    const char *text = commit_text(folder, 2);
    ck_assert_ptr_nonnull(strstr(text, "\\\"delta.identity.highWaterMark\\\":19"));
    ck_assert_ptr_nonnull(strstr(text, "\"tarn.test\":\"2\""));
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_conflict__values_of_identity_columns_are_given_once) /* T-DELTA-CONFLICT-7 */
{
    struct tarn_env *env = tarn_test_env();
    const char *folder = new_table(BASE_MARK, default_level);
    struct tarn_transaction *transaction = open_on(env, folder, SET_PROPERTY);
    struct tarn__delta_metadata *metadata = tarn__arena_alloc(&transaction->arena, sizeof(*metadata));
    *metadata = tarn__delta_state_of(transaction->snapshot)->metadata;
    metadata->schema = TARN_TEXT("{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,"
                                 "\"metadata\":{\"delta.identity.highWaterMark\":12}},{\"name\":\"part\",\"type\":\"integer\","
                                 "\"nullable\":true,\"metadata\":{}}]}");
    transaction->change.metadata = metadata;
    stage(transaction);
    put_commit(folder, 1, INFO("WRITE") METADATA(SCHEMA_MARK("19"), "") ADD("x", "1", "8", "19"), default_level);
    ck_assert_status(tarn_transaction_commit(transaction, NULL, &err), TARN_CONFLICT);
    ck_assert_str_eq(err.detail, "metadata_changed");
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/delta_conflict", TARN_LOOP_TIMES(delta_conflict__of_two_that_meet, CASES * 2),
           TARN_TEST(delta_conflict__an_application_commits_once), TARN_LOOP_TEST(delta_conflict__says_what_it_has_read, written),
           TARN_TEST(delta_conflict__time_goes_on_from_the_winner), TARN_TEST(delta_conflict__time_begins_with_the_winner),
           TARN_TEST(delta_conflict__says_where_time_begins), TARN_TEST(delta_conflict__marks_of_identity_columns_are_kept),
           TARN_TEST(delta_conflict__values_of_identity_columns_are_given_once))
