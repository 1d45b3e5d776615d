/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/commit_world.h"

#include <stdio.h>
#include <string.h>

#include "format/base/text.h"
#include "format/batch/row_text.h"
#include "tarn/maintain.h"
#include "tarn/query.h"
#include "txlog/core/transaction.h"
#include "txlog/delta/delta_state.h"

static const struct tarn_text uri = {"memory:t", 8};

/* %d: 1 for the one operation, 2 for the other. */
const struct tarn_test_operation tarn_test_operations[] = {
    {"append", TARN_TEST_SQL, "INSERT INTO 'memory:t' VALUES (100%d)"},
    {"append of what was read", TARN_TEST_SQL, "INSERT INTO 'memory:t' SELECT %d * 10000 + count(*) FROM 'memory:t'"},
    {"overwrite", TARN_TEST_SQL, "INSERT OVERWRITE 'memory:t' VALUES (200%d)"},
    {"overwrite by what was read", TARN_TEST_SQL, "INSERT OVERWRITE 'memory:t' SELECT a + %d * 10 FROM 'memory:t' WHERE a > 2"},
    {"delete", TARN_TEST_SQL, "DELETE FROM 'memory:t' WHERE a < 3 AND %d > 0"},
    {"delete of one row", TARN_TEST_SQL, "DELETE FROM 'memory:t' WHERE a = %d + 3"},
    {"update", TARN_TEST_SQL, "UPDATE 'memory:t' SET a = a + 10 * %d WHERE a BETWEEN 2 AND 11"},
    {"update of one row", TARN_TEST_SQL, "UPDATE 'memory:t' SET a = a + 5 WHERE a = %d"},
    {"replace where", TARN_TEST_SQL, "INSERT INTO 'memory:t' REPLACE WHERE a >= 5 AND a < 12 SELECT a FROM 'memory:t' WHERE a = 6 + %d"},
    {"optimize", TARN_TEST_OPTIMIZE, NULL},
    {"restore", TARN_TEST_RESTORE, NULL},
    {"set property", TARN_TEST_SET_PROPERTY, NULL},
    {"append once only", TARN_TEST_ONCE, NULL},
};

_Static_assert(sizeof(tarn_test_operations) / sizeof(tarn_test_operations[0]) == TARN_TEST_OPERATIONS, "the header says how many");

/* ---- running things ---- */

static enum tarn_status run_sql(struct tarn_env *env, const char *sql, int64_t *version, struct tarn_text_builder *rows,
                                struct tarn_error *err)
{
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query;
    struct tarn_batch *batch = NULL;
    TARN_RETURN_IF_ERROR(tarn_query_open(env, tarn__text_of(sql), &options, &query, err));
    enum tarn_status status;
    while ((status = tarn_query_next(query, &batch, err)) == TARN_OK && batch != NULL) {
        for (uint32_t i = 0; rows != NULL && i < batch->length; i++) {
            tarn__row_text(rows, batch->columns[0], i, TARN_STYLE_SQL);
            tarn__builder_add_char(rows, ' ');
        }
    }
    if (version != NULL) {
        *version = tarn_query_info(query).version;
    }
    tarn_query_close(query);
    return status;
}

static enum tarn_status begin(struct tarn_env *env, const struct tarn_transaction_options *options, struct tarn_transaction **out,
                              struct tarn_error *err)
{
    struct tarn_snapshot *snapshot;
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(env, uri, NULL, &snapshot, err));
    const enum tarn_status status = tarn_transaction_open(snapshot, options, out, err);
    tarn_snapshot_close(snapshot);
    return status;
}

static enum tarn_status set_property(struct tarn_env *env, int who, int64_t *version, struct tarn_error *err)
{
    struct tarn_transaction *transaction;
    struct tarn_commit_result result;
    TARN_RETURN_IF_ERROR(begin(env, NULL, &transaction, err));
    struct tarn__delta_metadata *metadata = tarn__arena_alloc(&transaction->arena, sizeof(*metadata));
    ck_assert_ok(tarn__delta_metadata_copy(&transaction->arena, &tarn__delta_state_of(transaction->snapshot)->metadata, metadata, err),
                 err);
    for (uint32_t i = 0; i < metadata->property_count; i++) {
        if (tarn__text_equal(metadata->properties[i].key, TARN_TEXT("who"))) {
            metadata->properties[i].value = who == 1 ? TARN_TEXT("1") : TARN_TEXT("2");
        }
    }
    transaction->change.metadata = metadata;
    const enum tarn_status status = tarn_transaction_commit(transaction, &result, err);
    *version = status == TARN_OK ? result.version : -1;
    return status;
}

static enum tarn_status write_row(struct tarn_env *env, struct tarn_transaction *transaction, struct tarn_error *err)
{
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query;
    struct tarn_batch *batch = NULL;
    struct tarn_sink *sink;
    TARN_RETURN_IF_ERROR(tarn_query_open(env, TARN_TEXT("SELECT CAST(777 AS INTEGER) AS a"), &options, &query, err));
    enum tarn_status status = tarn_query_next(query, &batch, err);
    status = status == TARN_OK ? tarn_transaction_sink(transaction, &sink, err) : status;
    if (status == TARN_OK) {
        status = tarn_sink_write(sink, batch, err);
        if (status == TARN_OK) {
            status = tarn_sink_finish(sink, err);
        } else {
            tarn_sink_abort(sink);
        }
    }
    tarn_query_close(query);
    return status;
}

/* Both are of one application, and the same transaction of it: only one of them may ever be. */
static enum tarn_status append_once(struct tarn_env *env, int64_t *version, struct tarn_error *err)
{
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    struct tarn_transaction *transaction;
    struct tarn_commit_result result;
    options.app_id = TARN_TEXT("app");
    options.app_version = 7;
    TARN_RETURN_IF_ERROR(begin(env, &options, &transaction, err));
    enum tarn_status status = write_row(env, transaction, err);
    if (status != TARN_OK) {
        tarn_transaction_abort(transaction);
        return status;
    }
    status = tarn_transaction_commit(transaction, &result, err);
    *version = status == TARN_OK ? result.version : -1;
    return status;
}

enum tarn_status tarn_test_operate(struct tarn_env *env, const struct tarn_test_operation *operation, int who, int64_t *version,
                                   struct tarn_error *err)
{
    char sql[256];
    struct tarn_commit_result result = {.version = -1};
    enum tarn_status status;
    *version = -1;
    switch (operation->kind) {
    case TARN_TEST_SQL:
        snprintf(sql, sizeof(sql), operation->sql, who);
        return run_sql(env, sql, version, NULL, err);
    case TARN_TEST_OPTIMIZE:
        status = tarn_table_optimize(env, uri, NULL, NULL, err);
        return status;
    case TARN_TEST_RESTORE:
        status = tarn_table_restore(env, uri, 1, &result, err);
        *version = status == TARN_OK ? result.version : -1;
        return status;
    case TARN_TEST_SET_PROPERTY:
        return set_property(env, who, version, err);
    default:
        return append_once(env, version, err);
    }
}

/* ---- the table and its state ---- */

static void make_table(struct tarn_env *env, const struct tarn_test_setting *setting)
{
    static const struct tarn_type integer = {.id = TARN_TYPE_I32};
    const struct tarn_field field = {.name = {"a", 1}, .type = &integer, .nullable = true, .id = -1};
    const struct tarn_schema schema = {.field_count = 1, .fields = &field};
    const struct tarn_property properties[] = {
        {{"who", 3}, {"0", 1}},
        {{"delta.isolationLevel", 20}, setting->serializable ? TARN_TEXT("Serializable") : TARN_TEXT("WriteSerializable")},
        {{"delta.enableDeletionVectors", 27}, {"true", 4}},
    };
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    struct tarn_transaction *transaction;
    struct tarn_error err = TARN_ERROR_INIT;
    create.schema = &schema;
    create.properties = properties;
    create.property_count = setting->vectors ? 3 : 2;
    ck_assert_ok(tarn_transaction_create(env, uri, &create, NULL, &transaction, &err), &err);
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err);
    ck_assert_ok(run_sql(env, "INSERT INTO 'memory:t' VALUES (1), (2), (3), (4), (5), (6)", NULL, NULL, &err), &err);
    ck_assert_ok(run_sql(env, "INSERT INTO 'memory:t' VALUES (7), (8), (10), (11), (12)", NULL, NULL, &err), &err);
}

void tarn_test_world_state(struct tarn_env *env, char out[TARN_TEST_STATE])
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_text_builder text;
    struct tarn_snapshot *snapshot;
    tarn__builder_init(&text, env);
    ck_assert_ok(run_sql(env, "SELECT a FROM 'memory:t' ORDER BY a", NULL, &text, &err), &err);
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    const struct tarn_text who = tarn__delta_property(tarn__delta_state_of(snapshot), TARN_TEXT("who"));
    ck_assert_uint_lt(text.size + 8, TARN_TEST_STATE);
    snprintf(out, TARN_TEST_STATE, "%.*s/ %.*s", (int)text.size, text.data, TARN_TEXT_ARG(who));
    tarn_snapshot_close(snapshot);
    tarn__builder_free(&text);
}

static void do_not_sleep(void *ctx, int64_t microseconds)
{
    (void)ctx;
    (void)microseconds;
}

void tarn_test_world_open(struct tarn_test_world *world, const struct tarn_test_setting *setting)
{
    world->fault = tarn_fault_open();
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    options.durability = TARN_DURABILITY_OFF;
    options.sleep = do_not_sleep; /* nothing here waits for anything but a deadline, which counts what was asked for */
    world->env = tarn_fault_env(world->fault, &options);
    world->other = tarn_fault_env(world->fault, &options);
    make_table(world->env, setting);
}

void tarn_test_world_close(struct tarn_test_world *world)
{
    tarn_env_close(world->other);
    tarn_env_close(world->env);
    tarn_fault_close(world->fault);
}
