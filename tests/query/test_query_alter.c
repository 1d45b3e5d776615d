/* SPDX-License-Identifier: Apache-2.0
 * What a table is, changed by SQL: columns, properties, constraints, generated, numbered and default columns. Each story is one lake.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/alloc.h"
#include "tarn/alter.h"
#include "tests/support/fault.h"
#include "tests/support/sql_run.h"
#include "tests/support/suite.h"

#define STORY(env, steps) tarn_test_sql_story(env, steps, sizeof(steps) / sizeof((steps)[0]))

/* The text of a commit; static storage. */
static const char *commit_text(const char *lake, const char *table, int version)
{
    static char text[16384];
    char path[600];
    snprintf(path, sizeof(path), "%s/%s/_delta_log/%020d.json", lake, table, version);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void check_has(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no %s in\n%s", part, text);
}

static const struct tarn_sql_step columns[] = {
    {"CREATE TABLE t (id BIGINT NOT NULL, a VARCHAR COMMENT 'the a')", NULL, TARN_OK, NULL},
    {"INSERT INTO t VALUES (1, 'one')", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ADD COLUMN b INTEGER AFTER id", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ADD COLUMNS (first DATE FIRST, st STRUCT(x INTEGER))", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ADD COLUMN st.y VARCHAR FIRST", NULL, TARN_OK, NULL},
    {"SELECT * FROM t", "|1||one|\n", TARN_OK, NULL},
    {"DESCRIBE t", "first|DATE|YES\nid|BIGINT|NO\nb|INTEGER|YES\na|VARCHAR|YES\nst|STRUCT(y VARCHAR, x INTEGER)|YES\n", TARN_OK, NULL},
    {"ALTER TABLE t ADD COLUMN A INTEGER", NULL, TARN_INVALID, "column_name"},
    {"ALTER TABLE t ADD COLUMN st.X INTEGER", NULL, TARN_INVALID, "column_name"},
    {"ALTER TABLE t ADD COLUMN z INTEGER NOT NULL", NULL, TARN_INVALID, "not_null"},
    {"ALTER TABLE t ADD COLUMN z INTEGER DEFAULT 3", NULL, TARN_INVALID, "default"},
    {"ALTER TABLE t ADD COLUMN z INTEGER AFTER nowhere", NULL, TARN_NOT_FOUND, "column"},
    {"ALTER TABLE t ADD COLUMN a.z INTEGER", NULL, TARN_INVALID, "column"},
    {"ALTER TABLE t ADD COLUMN z TIME", NULL, TARN_UNSUPPORTED, "delta.type.none"},
    {"ALTER TABLE t ALTER COLUMN b FIRST", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN id COMMENT 'number'", NULL, TARN_OK, NULL},
    {"ALTER TABLE t RENAME COLUMN a TO name", NULL, TARN_OK, NULL},
    {"ALTER TABLE t RENAME COLUMN name TO B", NULL, TARN_INVALID, "column_name"},
    {"ALTER TABLE t RENAME COLUMN nothing TO x", NULL, TARN_NOT_FOUND, "column"},
    {"INSERT INTO t (id, name, b) VALUES (2, 'two', 20)", NULL, TARN_OK, NULL},
    {"ALTER TABLE t DROP COLUMN name", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ADD COLUMN name INTEGER", NULL, TARN_OK, NULL},
    {"SELECT id, b, name FROM t ORDER BY id", "1||\n2|20|\n", TARN_OK, NULL},
    {"ALTER TABLE t RENAME COLUMN st.y TO z", NULL, TARN_OK, NULL},
    {"ALTER TABLE t DROP COLUMNS (st.z, first)", NULL, TARN_OK, NULL},
    {"ALTER TABLE t DROP COLUMN st.x", NULL, TARN_INVALID, "column"},
    {"DESCRIBE t", "b|INTEGER|YES\nid|BIGINT|NO\nst|STRUCT(x INTEGER)|YES\nname|INTEGER|YES\n", TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN id DROP NOT NULL", NULL, TARN_OK, NULL},
    {"INSERT INTO t (name) VALUES (3)", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN id SET NOT NULL", NULL, TARN_INVALID, "not_null"},
    {"DELETE FROM t WHERE id IS NULL", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN id SET NOT NULL", NULL, TARN_OK, NULL},
    {"INSERT INTO t (name) VALUES (4)", NULL, TARN_INVALID, "not_null"},
};

START_TEST(alter__columns_come_go_and_change_their_names) /* T-DELTA-ALTER-1 T-DELTA-ALTER-2 T-DELTA-ALTER-3 T-DELTA-ALTER-5 Q-ALTER-1 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = STORY(env, columns);
    check_has(commit_text(lake, "t", 2), "\"operation\":\"ADD COLUMNS\"");
    const char *rename = commit_text(lake, "t", 7);
    check_has(rename, "{\"protocol\":{\"minReaderVersion\":2,\"minWriterVersion\":7,\"writerFeatures\":[\"appendOnly\",\"invariants\","
                      "\"columnMapping\"]}}");
    check_has(rename, "\\\"delta.columnMapping.physicalName\\\":\\\"a\\\"");
    check_has(rename, "\"delta.columnMapping.maxColumnId\":\"7\"");
    check_has(commit_text(lake, "t", 10), "\"delta.columnMapping.maxColumnId\":\"8\""); /* the id of what was dropped is not used again */
    tarn_test_env_close(env);
}
END_TEST

static const struct tarn_sql_step types[] = {
    {"CREATE TABLE t (b TINYINT, i INTEGER, f FLOAT, d DECIMAL(5,2), day DATE, l INTEGER[], k INTEGER) PARTITIONED BY (k)", NULL, TARN_OK,
     NULL},
    {"INSERT INTO t VALUES (1, 2, 1.5, 1.25, '2020-02-03', [1, NULL], 7)", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN b TYPE SMALLINT", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN b SET DATA TYPE BIGINT", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN i TYPE DOUBLE", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN f TYPE DOUBLE", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN d TYPE DECIMAL(8,3)", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN day TYPE TIMESTAMP", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN l.element TYPE BIGINT", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN k TYPE BIGINT", NULL, TARN_OK, NULL},
    {"INSERT INTO t VALUES (9000000000, 0.5, 2.5, 99999.999, '2021-01-01 10:00:00', [9000000000], 9000000000)", NULL, TARN_OK, NULL},
    {"SELECT * FROM t ORDER BY b",
     "1|2.0|1.5|1.250|2020-02-03 00:00:00|[1, NULL]|7\n9000000000|0.5|2.5|99999.999|2021-01-01 10:00:00|[9000000000]|9000000000\n", TARN_OK,
     NULL},
    {"ALTER TABLE t ALTER COLUMN b TYPE INTEGER", NULL, TARN_INVALID, "type"},
    {"ALTER TABLE t ALTER COLUMN b TYPE DOUBLE", NULL, TARN_INVALID, "type"},
    {"ALTER TABLE t ALTER COLUMN d TYPE DECIMAL(9,5)", NULL, TARN_INVALID, "type"},
    {"ALTER TABLE t ALTER COLUMN day TYPE VARCHAR", NULL, TARN_INVALID, "type"},
    {"ALTER TABLE t ALTER COLUMN l TYPE BIGINT", NULL, TARN_INVALID, "type"},
};

START_TEST(alter__types_become_wider_ones) /* T-DELTA-ALTER-4 T-DELTA-ALTER-6 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = STORY(env, types);
    check_has(commit_text(lake, "t", 2), "\"readerFeatures\":[\"typeWidening\"],\"writerFeatures\":[\"appendOnly\",\"invariants\","
                                         "\"typeWidening\"]");
    check_has(commit_text(lake, "t", 3), "\\\"delta.typeChanges\\\":[{\\\"toType\\\":\\\"short\\\",\\\"fromType\\\":\\\"byte\\\"},"
                                         "{\\\"toType\\\":\\\"long\\\",\\\"fromType\\\":\\\"short\\\"}]");
    check_has(commit_text(lake, "t", 7), "\"timestampNtz\"");
    check_has(commit_text(lake, "t", 8), "\\\"fieldPath\\\":\\\"element\\\"");
    tarn_test_env_close(env);
}
END_TEST

static const struct tarn_sql_step constraints[] = {
    {"CREATE TABLE t (id INTEGER, name VARCHAR, CONSTRAINT short CHECK (length(name) < 5))", NULL, TARN_OK, NULL},
    {"INSERT INTO t VALUES (1, 'abcd'), (2, 'b')", NULL, TARN_OK, NULL},
    {"INSERT INTO t VALUES (3, 'abcde')", NULL, TARN_INVALID, "constraint"},
    {"INSERT INTO t VALUES (3, NULL)", NULL, TARN_INVALID, "constraint"},
    {"ALTER TABLE t ADD CONSTRAINT Positive CHECK (id > 1)", NULL, TARN_INVALID, "constraint"},
    {"ALTER TABLE t ADD CONSTRAINT Positive CHECK (id > 0)", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ADD CONSTRAINT positive CHECK (id > 3)", NULL, TARN_INVALID, "constraint"},
    {"ALTER TABLE t ADD CONSTRAINT number CHECK (id + 1)", NULL, TARN_INVALID, "constraint"},
    {"ALTER TABLE t ADD CONSTRAINT odd CHECK (soundex(name) = 'x')", NULL, TARN_UNSUPPORTED, "expr.spark"},
    {"UPDATE t SET id = -id WHERE id = 2", NULL, TARN_INVALID, "constraint"},
    {"ALTER TABLE t RENAME COLUMN id TO number", NULL, TARN_INVALID, "expression"},
    {"ALTER TABLE t DROP COLUMN name", NULL, TARN_INVALID, "expression"},
    {"ALTER TABLE t ALTER COLUMN id TYPE BIGINT", NULL, TARN_INVALID, "expression"},
    {"ALTER TABLE t DROP CONSTRAINT nothing", NULL, TARN_NOT_FOUND, "constraint"},
    {"ALTER TABLE t DROP CONSTRAINT IF EXISTS nothing", NULL, TARN_OK, NULL},
    {"ALTER TABLE t DROP CONSTRAINT positive", NULL, TARN_OK, NULL},
    {"INSERT INTO t VALUES (-1, 'n')", NULL, TARN_OK, NULL},
    {"SELECT * FROM t ORDER BY id", "-1|n\n1|abcd\n2|b\n", TARN_OK, NULL},
};

START_TEST(alter__constraints_hold_for_every_row) /* T-DELTA-ALTER-5 T-DELTA-ALTER-6 T-DELTA-RULE-1 T-DELTA-RULE-6 Q-ALTER-2 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = STORY(env, constraints);
    check_has(commit_text(lake, "t", 0), "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":3}}");
    check_has(commit_text(lake, "t", 2), "\"delta.constraints.positive\":\"id > 0\"");
    tarn_test_env_close(env);
}
END_TEST

static const struct tarn_sql_step generated[] = {
    {"CREATE TABLE t (id BIGINT, ts TIMESTAMP WITH TIME ZONE, d DATE GENERATED ALWAYS AS (CAST(ts AS DATE)), "
     "twice BIGINT GENERATED ALWAYS AS (id * 2)) PARTITIONED BY (d)",
     NULL, TARN_OK, NULL},
    {"INSERT INTO t (id, ts) VALUES (1, '2020-01-02 03:04:05Z'), (2, NULL)", NULL, TARN_OK, NULL},
    {"INSERT INTO t VALUES (3, '2020-01-02 23:59:59Z', '2020-01-02', 6)", NULL, TARN_OK, NULL},
    {"INSERT INTO t VALUES (4, '2020-01-02 23:59:59Z', '2020-01-03', 8)", NULL, TARN_INVALID, "generated"},
    {"INSERT INTO t VALUES (4, NULL, '2020-01-03', 8)", NULL, TARN_INVALID, "generated"},
    {"INSERT INTO t VALUES (4, NULL, NULL, 7)", NULL, TARN_INVALID, "generated"},
    {"UPDATE t SET id = id + 10 WHERE id = 1", NULL, TARN_OK, NULL},
    {"UPDATE t SET twice = 1 WHERE id = 2", NULL, TARN_INVALID, "generated"},
    {"DELETE FROM t WHERE id = 2", NULL, TARN_OK, NULL},
    {"SELECT id, d, twice FROM t ORDER BY id", "3|2020-01-02|6\n11|2020-01-02|22\n", TARN_OK, NULL},
    {"ALTER TABLE t DROP COLUMN id", NULL, TARN_INVALID, "expression"},
    {"ALTER TABLE t ADD COLUMN g BIGINT GENERATED ALWAYS AS (id)", NULL, TARN_INVALID, "column"},
    {"CREATE TABLE u (a BIGINT, b BIGINT GENERATED ALWAYS AS (c))", NULL, TARN_INVALID, "expression"},
    {"CREATE TABLE u (a BIGINT, b BIGINT GENERATED ALWAYS AS (a) DEFAULT 1)", NULL, TARN_INVALID, "column"},
};

START_TEST(alter__generated_columns_follow_their_row) /* T-DELTA-RULE-2 Q-ALTER-3 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = STORY(env, generated);
    check_has(commit_text(lake, "t", 0), "\"writerFeatures\":[\"appendOnly\",\"invariants\",\"generatedColumns\"]");
    check_has(commit_text(lake, "t", 0), "\\\"delta.generationExpression\\\":\\\"CAST(ts AS DATE)\\\"");
    tarn_test_env_close(env);
}
END_TEST

static const struct tarn_sql_step numbered[] = {
    {"CREATE TABLE t (id BIGINT GENERATED ALWAYS AS IDENTITY, k BIGINT GENERATED BY DEFAULT AS IDENTITY (START WITH 100 INCREMENT BY -7), "
     "s VARCHAR)",
     NULL, TARN_OK, NULL},
    {"INSERT INTO t (s) VALUES ('a'), ('b')", NULL, TARN_OK, NULL},
    {"INSERT INTO t (k, s) VALUES (1000, 'c')", NULL, TARN_OK, NULL},
    {"INSERT INTO t (id, s) VALUES (9, 'd')", NULL, TARN_INVALID, "identity"},
    {"INSERT INTO t VALUES (9, 9, 'd')", NULL, TARN_INVALID, "identity"},
    {"INSERT INTO t (s) VALUES ('e')", NULL, TARN_OK, NULL},
    {"UPDATE t SET s = 'B' WHERE s = 'b'", NULL, TARN_OK, NULL},
    {"SELECT * FROM t ORDER BY id", "1|100|a\n2|93|B\n3|1000|c\n4|86|e\n", TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN id TYPE DOUBLE", NULL, TARN_INVALID, "type"},
    {"CREATE TABLE u (id BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 9223372036854775807 INCREMENT BY 1), s VARCHAR)", NULL, TARN_OK,
     NULL},
    {"INSERT INTO u (s) VALUES ('a'), ('b')", NULL, TARN_LIMIT, "identity"},
    {"INSERT INTO u (s) VALUES ('a')", NULL, TARN_OK, NULL},
    {"INSERT INTO u (s) VALUES ('b')", NULL, TARN_LIMIT, "identity"},
    {"CREATE TABLE v (id INTEGER GENERATED ALWAYS AS IDENTITY, s VARCHAR)", NULL, TARN_INVALID, "identity"},
    {"CREATE TABLE v (id BIGINT GENERATED ALWAYS AS IDENTITY (INCREMENT BY 0), s VARCHAR)", NULL, TARN_INVALID, "identity"},
};

START_TEST(alter__identity_columns_are_numbered) /* T-DELTA-RULE-3 Q-ALTER-3 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = STORY(env, numbered);
    check_has(commit_text(lake, "t", 1), "\\\"delta.identity.highWaterMark\\\":2");
    check_has(commit_text(lake, "t", 1), "\\\"delta.identity.highWaterMark\\\":93");
    check_has(commit_text(lake, "t", 2), "\\\"delta.identity.highWaterMark\\\":3"); /* and k's own number moves nothing */
    check_has(commit_text(lake, "t", 2), "\\\"delta.identity.highWaterMark\\\":93");
    tarn_test_env_close(env);
}
END_TEST

static const struct tarn_sql_step defaults[] = {
    {"CREATE TABLE t (id INTEGER, s VARCHAR DEFAULT 'dflt', d DATE DEFAULT date'2020-02-02', n INTEGER DEFAULT 40 + 2)", NULL, TARN_OK,
     NULL},
    {"INSERT INTO t (id) VALUES (1)", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN s SET DEFAULT 'new'", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN n DROP DEFAULT", NULL, TARN_OK, NULL},
    {"INSERT INTO t BY NAME SELECT 2 AS id, NULL AS d", NULL, TARN_OK, NULL},
    {"INSERT INTO t BY NAME SELECT 2 AS id, 1 AS x", NULL, TARN_INVALID, "columns"},
    {"SELECT * FROM t ORDER BY id", "1|dflt|2020-02-02|42\n2|new||\n", TARN_OK, NULL},
    {"ALTER TABLE t ADD COLUMN late INTEGER", NULL, TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN late SET DEFAULT 5", NULL, TARN_OK, NULL},
    {"SELECT late FROM t ORDER BY id", "\n\n", TARN_OK, NULL},
    {"ALTER TABLE t ALTER COLUMN late SET DEFAULT id", NULL, TARN_INVALID, "expression"},
};

START_TEST(alter__defaults_are_for_rows_to_come) /* T-DELTA-RULE-4 Q-ALTER-4 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = STORY(env, defaults);
    check_has(commit_text(lake, "t", 0), "\"allowColumnDefaults\"");
    check_has(commit_text(lake, "t", 0), "\\\"CURRENT_DEFAULT\\\":\\\"40 + 2\\\"");
    tarn_test_env_close(env);
}
END_TEST

static const struct tarn_sql_step properties[] = {
    {"CREATE TABLE t (a INTEGER, b VARCHAR) COMMENT 'about' TBLPROPERTIES ('delta.appendOnly' = 'TRUE', mine.x = 3)", NULL, TARN_OK, NULL},
    {"INSERT INTO t VALUES (1, 'x')", NULL, TARN_OK, NULL},
    {"DELETE FROM t", NULL, TARN_INVALID, "append_only"},
    {"ALTER TABLE t SET TBLPROPERTIES (delta.appendOnly = false, 'mine.y' = 'z')", NULL, TARN_OK, NULL},
    {"ALTER TABLE t UNSET TBLPROPERTIES ('mine.x')", NULL, TARN_OK, NULL},
    {"ALTER TABLE t UNSET TBLPROPERTIES ('mine.x')", NULL, TARN_NOT_FOUND, "property"},
    {"ALTER TABLE t UNSET TBLPROPERTIES IF EXISTS ('mine.x')", NULL, TARN_OK, NULL},
    {"ALTER TABLE t SET TBLPROPERTIES ('delta.appendOnly' = 'perhaps')", NULL, TARN_INVALID, "property"},
    {"ALTER TABLE t SET TBLPROPERTIES ('delta.checkpointInterval' = '0')", NULL, TARN_INVALID, "property"},
    {"ALTER TABLE t SET TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 2 months')", NULL, TARN_INVALID, "property"},
    {"ALTER TABLE t SET TBLPROPERTIES ('delta.logRetentionDuration' = 'interval 3 days 2 hours')", NULL, TARN_OK, NULL},
    {"ALTER TABLE t SET TBLPROPERTIES ('delta.isolationLevel' = 'none')", NULL, TARN_INVALID, "property"},
    {"ALTER TABLE t SET TBLPROPERTIES ('delta.columnMapping.maxColumnId' = '9')", NULL, TARN_INVALID, "property"},
    {"ALTER TABLE t SET TBLPROPERTIES ('delta.constraints.c' = 'a > 0')", NULL, TARN_INVALID, "property"},
    {"ALTER TABLE t SET TBLPROPERTIES ('delta.nosuch' = '1')", NULL, TARN_UNSUPPORTED, "delta.property"},
    {"ALTER TABLE t SET TBLPROPERTIES ('delta.enableIcebergCompatV2' = 'true')", NULL, TARN_UNSUPPORTED, "delta.property"},
    {"ALTER TABLE t SET TBLPROPERTIES ('delta.feature.nosuch' = 'supported')", NULL, TARN_UNSUPPORTED, "delta.feature"},
    {"ALTER TABLE t SET TBLPROPERTIES ('delta.columnMapping.mode' = 'id')", NULL, TARN_INVALID, "property"},
    {"ALTER TABLE t SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name')", NULL, TARN_OK, NULL},
    {"ALTER TABLE t SET TBLPROPERTIES ('delta.columnMapping.mode' = 'none')", NULL, TARN_INVALID, "property"},
    {"ALTER TABLE t SET TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')", NULL, TARN_OK, NULL},
    {"SELECT * FROM t", "1|x\n", TARN_OK, NULL},
};

START_TEST(alter__properties_are_checked_and_switch_features_on) /* T-DELTA-ALTER-6 T-DELTA-ALTER-7 Q-ALTER-5 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = STORY(env, properties);
    check_has(commit_text(lake, "t", 0), "\"delta.appendOnly\":\"true\",\"mine.x\":\"3\"");
    check_has(commit_text(lake, "t", 0), "\"description\":\"about\"");
    check_has(commit_text(lake, "t", 5), "\"writerFeatures\":[\"appendOnly\",\"invariants\",\"columnMapping\"]");
    check_has(commit_text(lake, "t", 6), "\"changeDataFeed\"");
    tarn_test_env_close(env);
}
END_TEST

static const struct tarn_sql_step clustered[] = {
    {"CREATE TABLE t (a INTEGER, b VARCHAR, st STRUCT(x INTEGER)) CLUSTER BY (a, st.x)", NULL, TARN_OK, NULL},
    {"INSERT INTO t (a) VALUES (1)", NULL, TARN_OK, NULL},
    {"ALTER TABLE t DROP COLUMN a", NULL, TARN_INVALID, "clustering"},
    {"ALTER TABLE t CLUSTER BY (b)", NULL, TARN_OK, NULL},
    {"ALTER TABLE t RENAME COLUMN b TO c", NULL, TARN_OK, NULL},
    {"ALTER TABLE t DROP COLUMN c", NULL, TARN_INVALID, "clustering"},
    {"ALTER TABLE t CLUSTER BY (st)", NULL, TARN_INVALID, "clustering"},
    {"ALTER TABLE t CLUSTER BY (nothing)", NULL, TARN_NOT_FOUND, "column"},
    {"ALTER TABLE t CLUSTER BY NONE", NULL, TARN_OK, NULL},
    {"CREATE TABLE u (a INTEGER, b VARCHAR) PARTITIONED BY (a) CLUSTER BY (b)", NULL, TARN_INVALID, "clustering"},
    {"SELECT a FROM t", "1\n", TARN_OK, NULL},
};

START_TEST(alter__clustering_is_a_domain_of_physical_names) /* T-DELTA-ALTER-8 Q-ALTER-5 */
{
    struct tarn_env *env = tarn_test_env();
    const char *lake = STORY(env, clustered);
    check_has(commit_text(lake, "t", 0),
              "{\"domainMetadata\":{\"domain\":\"delta.clustering\",\"configuration\":\"{\\\"clusteringColumns\\\":"
              "[[\\\"a\\\"],[\\\"st\\\",\\\"x\\\"]],\\\"domainName\\\":\\\"delta.clustering\\\"}\",\"removed\":false}}");
    check_has(commit_text(lake, "t", 0), "\"clustering\",\"domainMetadata\"");
    check_has(commit_text(lake, "t", 2), "[[\\\"b\\\"]]");
    check_has(commit_text(lake, "t", 4), "\\\"clusteringColumns\\\":[]");
    ck_assert(strstr(commit_text(lake, "t", 2), "metaData") == NULL);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *sql;
    const char *error;
} syntax[] = {
    {"ALTER TABLE t", "expected ADD, DROP, RENAME COLUMN"},
    {"ALTER TABLE t ADD CONSTRAINT c CHECK", "expected ("},
    {"ALTER TABLE t ADD CONSTRAINT c CHECK ()", "expected an expression"},
    {"ALTER TABLE t ADD CONSTRAINT c CHECK (a > (1)", "expected )"},
    {"ALTER TABLE t ADD COLUMN a", "expected a type"},
    {"ALTER TABLE t ALTER COLUMN a SET", "expected NOT NULL, DEFAULT or DATA TYPE"},
    {"ALTER TABLE t ALTER COLUMN a", "expected TYPE, SET, DROP, COMMENT, FIRST or AFTER"},
    {"ALTER TABLE t SET TBLPROPERTIES (a = b)", "expected a value in single quotes"},
    {"CREATE TABLE t (a BIGINT GENERATED BY DEFAULT AS (1))", "expected IDENTITY"},
    {"CREATE TABLE t (a BIGINT GENERATED AS (1))", "expected ALWAYS"},
    {"CREATE TABLE t (a BIGINT GENERATED ALWAYS AS IDENTITY (START WITH x))", "expected a whole number"},
    {"ALTER TABLE t CLUSTER BY a", "expected ("},
};

START_TEST(alter__tells_what_it_expected) /* Q-ALTER-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    ck_assert_status(tarn_test_statement(env, tarn_test_folder(), syntax[_i].sql, NULL, NULL, &err), TARN_INVALID);
    ck_assert_msg(strstr(err.message, syntax[_i].error) != NULL, "%s: %s", syntax[_i].sql, err.message);
    tarn_test_env_close(env);
}
END_TEST

/* ---- without SQL ---- */

static struct tarn_snapshot *newest(struct tarn_env *env, const char *lake, struct tarn_error *err)
{
    static char path[600];
    struct tarn_snapshot *snapshot;
    snprintf(path, sizeof(path), "%s/t", lake);
    ck_assert_ok(tarn_snapshot_load(env, (struct tarn_text){path, strlen(path)}, NULL, &snapshot, err), err);
    return snapshot;
}

START_TEST(alter__rows_are_refused_without_a_host) /* T-DELTA-RULE-5 */
{
    static const char *const tables[] = {
        "CREATE TABLE t (a INTEGER, CONSTRAINT c CHECK (a > 0))",
        "CREATE TABLE t (a INTEGER, b INTEGER GENERATED ALWAYS AS (a))",
    };
    for (size_t i = 0; i < 2; i++) {
        struct tarn_env *env = tarn_test_env(); /* whose options have no expression host */
        struct tarn_error err = TARN_ERROR_INIT;
        const char *lake = tarn_test_folder();
        struct tarn_transaction *transaction;
        struct tarn_sink *sink;
        ck_assert_ok(tarn_test_statement(env, lake, tables[i], NULL, NULL, &err), &err);
        struct tarn_snapshot *snapshot = newest(env, lake, &err);
        ck_assert_ok(tarn_transaction_open(snapshot, NULL, &transaction, &err), &err);
        ck_assert_status(tarn_transaction_sink(transaction, &sink, &err), TARN_UNSUPPORTED);
        ck_assert_str_eq(err.detail, "expr.host");
        ck_assert_ptr_null(sink);
        tarn_transaction_abort(transaction);
        tarn_snapshot_close(snapshot);
        tarn_test_env_close(env);
    }
}
END_TEST

static const struct tarn_type long_type = {.id = TARN_TYPE_I64};
static const struct tarn_type text_type = {.id = TARN_TYPE_STRING};

/* One transaction: the change, then no rows. */
static enum tarn_status change(struct tarn_env *env, const char *lake, const struct tarn_table_change *change, bool overwrites,
                               struct tarn_error *err)
{
    struct tarn_transaction *transaction;
    struct tarn_snapshot *snapshot = newest(env, lake, err);
    ck_assert_ok(tarn_transaction_open(snapshot, NULL, &transaction, err), err);
    tarn_snapshot_close(snapshot);
    if (overwrites) {
        ck_assert_ok(tarn_transaction_remove_all(transaction, err), err);
    }
    const enum tarn_status status = tarn_transaction_alter(transaction, change, err);
    if (status != TARN_OK) {
        tarn_transaction_abort(transaction);
        return status;
    }
    return tarn_transaction_commit(transaction, NULL, err);
}

START_TEST(alter__schemas_are_merged_and_replaced) /* T-DELTA-ALTER-9 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    const char *lake = tarn_test_folder();
    char *text;
    ck_assert_ok(tarn_test_statement(env, lake, "CREATE TABLE t (id INTEGER, st STRUCT(x INTEGER))", NULL, NULL, &err), &err);
    ck_assert_ok(tarn_test_statement(env, lake, "INSERT INTO t (id) VALUES (1)", NULL, NULL, &err), &err);
    const struct tarn_field members[] = {{.name = {"X", 1}, .type = &long_type, .nullable = true, .id = -1},
                                         {.name = {"y", 1}, .type = &text_type, .nullable = false, .id = -1}};
    const struct tarn_type inner = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = members};
    const struct tarn_field fields[] = {{.name = {"ID", 2}, .type = &long_type, .nullable = true, .id = -1},
                                        {.name = {"st", 2}, .type = &inner, .nullable = true, .id = -1},
                                        {.name = {"late", 4}, .type = &text_type, .nullable = false, .id = -1}};
    struct tarn_schema *schema;
    ck_assert_ok(tarn_schema_make(env, 3, fields, 0, NULL, &schema, &err), &err);
    struct tarn_table_change merge = TARN_TABLE_CHANGE_INIT;
    merge.kind = TARN_CHANGE_MERGE_SCHEMA;
    merge.schema = schema;
    ck_assert_ok(change(env, lake, &merge, false, &err), &err);
    ck_assert_ok(tarn_test_statement(env, lake, "DESCRIBE t", NULL, &text, &err), &err);
    ck_assert_str_eq(text, "id|INTEGER|YES\nst|STRUCT(x INTEGER, y VARCHAR)|YES\nlate|VARCHAR|YES\n");
    tarn__free(env, text);
    ck_assert_ok(tarn_test_statement(env, lake, "ALTER TABLE t SET TBLPROPERTIES ('delta.enableTypeWidening' = 'true')", NULL, NULL, &err),
                 &err);
    ck_assert_ok(change(env, lake, &merge, false, &err), &err);
    ck_assert_ok(tarn_test_statement(env, lake, "DESCRIBE t", NULL, &text, &err), &err);
    ck_assert_str_eq(text, "id|BIGINT|YES\nst|STRUCT(x BIGINT, y VARCHAR)|YES\nlate|VARCHAR|YES\n");
    tarn__free(env, text);
    struct tarn_table_change replace = merge;
    const struct tarn_text name = {"late", 4};
    const struct tarn_column_name by = {1, &name};
    replace.kind = TARN_CHANGE_REPLACE_SCHEMA;
    replace.columns = &by;
    replace.column_count = 1;
    ck_assert_status(change(env, lake, &replace, false, &err), TARN_INVALID);
    ck_assert_ok(change(env, lake, &replace, true, &err), &err);
    ck_assert_ok(tarn_test_statement(env, lake, "INSERT INTO t (ID, late) VALUES (5, 'p')", NULL, NULL, &err), &err);
    ck_assert_ok(tarn_test_statement(env, lake, "SELECT \"ID\", late FROM t", NULL, &text, &err), &err);
    ck_assert_str_eq(text, "5|p\n");
    tarn__free(env, text);
    check_has(commit_text(lake, "t", 6), "\"partitionValues\":{\"late\":\"p\"}");
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(alter__a_failed_change_leaves_those_before_it) /* T-DELTA-ALTER-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    const char *lake = tarn_test_folder();
    struct tarn_transaction *transaction;
    char *text;
    ck_assert_ok(tarn_test_statement(env, lake, "CREATE TABLE t (a INTEGER, b VARCHAR)", NULL, NULL, &err), &err);
    struct tarn_snapshot *snapshot = newest(env, lake, &err);
    ck_assert_ok(tarn_transaction_open(snapshot, NULL, &transaction, &err), &err);
    tarn_snapshot_close(snapshot);
    const struct tarn_text b = {"b", 1};
    struct tarn_table_change one = TARN_TABLE_CHANGE_INIT;
    one.kind = TARN_CHANGE_RENAME_COLUMN;
    one.path = (struct tarn_column_name){1, &b};
    one.name = (struct tarn_text){"c", 1};
    ck_assert_ok(tarn_transaction_alter(transaction, &one, &err), &err);
    ck_assert_status(tarn_transaction_alter(transaction, &one, &err), TARN_NOT_FOUND); /* b is c by now */
    one.kind = (enum tarn_change_kind)99;
    ck_assert_status(tarn_transaction_alter(transaction, &one, &err), TARN_INVALID);
    ck_assert(tarn_fields_find(2, tarn_transaction_schema(transaction)->fields, (struct tarn_text){"c", 1}) == 1);
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err);
    ck_assert_ok(tarn_test_statement(env, lake, "DESCRIBE t", NULL, &text, &err), &err);
    ck_assert_str_eq(text, "a|INTEGER|YES\nc|VARCHAR|YES\n");
    tarn__free(env, text);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(alter__iceberg_is_refused_by_name)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    const char *lake = tarn_test_folder();
    ck_assert_ok(tarn_test_statement(env, lake, "CREATE TABLE t (a INTEGER) USING iceberg", NULL, NULL, &err), &err);
    ck_assert_status(tarn_test_statement(env, lake, "ALTER TABLE t ADD COLUMN b INTEGER", NULL, NULL, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "iceberg.alter");
    tarn_test_env_close(env);
}
END_TEST

/* ---- faults ---- */

static const char *const swept[] = {
    "ALTER TABLE 'memory:t' RENAME COLUMN b TO c",
    "ALTER TABLE 'memory:t' ADD CONSTRAINT pos CHECK (a > 0)",
    "ALTER TABLE 'memory:t' CLUSTER BY (a)",
    "INSERT INTO 'memory:t' (b) VALUES ('z')",
};

static enum tarn_status sweep(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    struct tarn_error other = TARN_ERROR_INIT;
    char *text;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_test_statement(env, "memory:lake",
                                     "CREATE TABLE 'memory:t' (a INTEGER DEFAULT 7, b VARCHAR, g INTEGER GENERATED ALWAYS AS (a), "
                                     "i BIGINT GENERATED ALWAYS AS IDENTITY)",
                                     NULL, NULL, &other),
                 &other);
    ck_assert_ok(tarn_test_statement(env, "memory:lake", "INSERT INTO 'memory:t' (a, b) VALUES (1, 'x'), (2, 'y')", NULL, NULL, &other),
                 &other);
    tarn_fault_resume(fault);
    const enum tarn_status status = tarn_test_statement(env, "memory:lake", swept[*(const size_t *)ctx], NULL, NULL, err);
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_test_statement(env, "memory:lake", "SELECT a, g, i FROM 'memory:t' ORDER BY i", NULL, &text, &other), &other);
    ck_assert_msg(strncmp(text, "1|1|1\n2|2|2\n", 12) == 0, "%s", text);
    if (status == TARN_OK && *(const size_t *)ctx == 3) {
        ck_assert_str_eq(text, "1|1|1\n2|2|2\n7|7|3\n");
    } else if (status != TARN_COMMIT_UNKNOWN) {
        ck_assert_uint_eq(strlen(text), 12);
    }
    tarn__free(env, text);
    return status;
}

START_TEST(alter__survives_every_fault) /* T-DELTA-ALTER-1 */
{
    const size_t which = (size_t)_i;
    tarn_fault_sweep(sweep, (void *)(uintptr_t)&which, TARN_FAULT_ALLOC_ONCE | TARN_FAULT_IO_ONCE);
}
END_TEST

TARN_SUITE("query/alter", TARN_TEST(alter__columns_come_go_and_change_their_names), TARN_TEST(alter__types_become_wider_ones),
           TARN_TEST(alter__constraints_hold_for_every_row), TARN_TEST(alter__generated_columns_follow_their_row),
           TARN_TEST(alter__identity_columns_are_numbered), TARN_TEST(alter__defaults_are_for_rows_to_come),
           TARN_TEST(alter__properties_are_checked_and_switch_features_on), TARN_TEST(alter__clustering_is_a_domain_of_physical_names),
           TARN_TEST(alter__rows_are_refused_without_a_host), TARN_TEST(alter__schemas_are_merged_and_replaced),
           TARN_TEST(alter__a_failed_change_leaves_those_before_it), TARN_TEST(alter__iceberg_is_refused_by_name),
           TARN_LOOP_TEST(alter__tells_what_it_expected, syntax), TARN_LOOP_TEST(alter__survives_every_fault, swept))
