/* SPDX-License-Identifier: Apache-2.0
 * Every pair of operations at every interleaving: one runs, and before one of its store operations the other runs from begin to end. The
 * table must then be what the two leave one after the other, in the order of the log where the table asks for Serializable.
 *
 * Two transactions interleave in no other way that matters: what happens before the one that commits first has committed changes nothing
 * for the other, so that the first may as well run whole inside of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/base/text.h"
#include "format/batch/row_text.h"
#include "tarn/maintain.h"
#include "tarn/query.h"
#include "tests/support/fault.h"
#include "txlog/core/transaction.h"
#include "txlog/delta/delta_state.h"

static const struct tarn_text uri = {"memory:t", 8};

enum { STATE_SIZE = 1024 };

enum kind { SQL, OPTIMIZE, RESTORE, SET_PROPERTY, ONCE };

/* %d: 1 for the one operation, 2 for the other. */
static const struct operation {
    const char *name;
    enum kind kind;
    const char *sql;
} operations[] = {
    {"append", SQL, "INSERT INTO 'memory:t' VALUES (100%d)"},
    {"append of what was read", SQL, "INSERT INTO 'memory:t' SELECT %d * 10000 + count(*) FROM 'memory:t'"},
    {"overwrite", SQL, "INSERT OVERWRITE 'memory:t' VALUES (200%d)"},
    {"overwrite by what was read", SQL, "INSERT OVERWRITE 'memory:t' SELECT a + %d * 10 FROM 'memory:t' WHERE a > 2"},
    {"delete", SQL, "DELETE FROM 'memory:t' WHERE a < 3 AND %d > 0"},
    {"delete of one row", SQL, "DELETE FROM 'memory:t' WHERE a = %d + 3"},
    {"update", SQL, "UPDATE 'memory:t' SET a = a + 10 * %d WHERE a BETWEEN 2 AND 11"},
    {"update of one row", SQL, "UPDATE 'memory:t' SET a = a + 5 WHERE a = %d"},
    {"replace where", SQL, "INSERT INTO 'memory:t' REPLACE WHERE a >= 5 AND a < 12 SELECT a FROM 'memory:t' WHERE a = 6 + %d"},
    {"optimize", OPTIMIZE, NULL},
    {"restore", RESTORE, NULL},
    {"set property", SET_PROPERTY, NULL},
    {"append once only", ONCE, NULL},
};

enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

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

/* Both are of one application, and the same transaction of it: only one of them may ever be. */
static enum tarn_status append_once(struct tarn_env *env, int64_t *version, struct tarn_error *err)
{
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    struct tarn_transaction *transaction;
    struct tarn_commit_result result;
    struct tarn_sink *sink;
    struct tarn_batch *batch = NULL;
    struct tarn_query_options query_options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query;
    options.app_id = TARN_TEXT("app");
    options.app_version = 7;
    TARN_RETURN_IF_ERROR(begin(env, &options, &transaction, err));
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, err), err);
    ck_assert_ok(tarn_query_open(env, TARN_TEXT("SELECT CAST(777 AS INTEGER) AS a"), &query_options, &query, err), err);
    ck_assert_ok(tarn_query_next(query, &batch, err), err);
    ck_assert_ok(tarn_sink_write(sink, batch, err), err);
    tarn_query_close(query);
    ck_assert_ok(tarn_sink_finish(sink, err), err);
    const enum tarn_status status = tarn_transaction_commit(transaction, &result, err);
    *version = status == TARN_OK ? result.version : -1;
    return status;
}

static enum tarn_status run(struct tarn_env *env, const struct operation *operation, int who, int64_t *version, struct tarn_error *err)
{
    char sql[256];
    struct tarn_commit_result result = {.version = -1};
    enum tarn_status status;
    *version = -1;
    switch (operation->kind) {
    case SQL:
        snprintf(sql, sizeof(sql), operation->sql, who);
        return run_sql(env, sql, version, NULL, err);
    case OPTIMIZE:
        status = tarn_table_optimize(env, uri, NULL, NULL, err);
        return status;
    case RESTORE:
        status = tarn_table_restore(env, uri, 1, &result, err);
        *version = status == TARN_OK ? result.version : -1;
        return status;
    case SET_PROPERTY:
        return set_property(env, who, version, err);
    default:
        return append_once(env, version, err);
    }
}

/* ---- the table and its state ---- */

struct setting {
    bool serializable;
    bool vectors;
};

static void make_table(struct tarn_env *env, const struct setting *setting)
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

static void state(struct tarn_env *env, char out[STATE_SIZE])
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_text_builder text;
    struct tarn_snapshot *snapshot;
    tarn__builder_init(&text, env);
    ck_assert_ok(run_sql(env, "SELECT a FROM 'memory:t' ORDER BY a", NULL, &text, &err), &err);
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    const struct tarn_text who = tarn__delta_property(tarn__delta_state_of(snapshot), TARN_TEXT("who"));
    ck_assert_uint_lt(text.size + 8, STATE_SIZE);
    snprintf(out, STATE_SIZE, "%.*s/ %.*s", (int)text.size, text.data, TARN_TEXT_ARG(who));
    tarn_snapshot_close(snapshot);
    tarn__builder_free(&text);
}

/* A fresh world with the table in it. */
struct world {
    struct tarn_fault *fault;
    struct tarn_env *env;
    struct tarn_env *other; /* another process, as it were */
};

static void open_world(struct world *world, const struct setting *setting)
{
    world->fault = tarn_fault_open();
    world->env = tarn_fault_env(world->fault, NULL);
    world->other = tarn_fault_env(world->fault, NULL);
    make_table(world->env, setting);
}

static void close_world(struct world *world)
{
    tarn_env_close(world->other);
    tarn_env_close(world->env);
    tarn_fault_close(world->fault);
}

/* `second` negative: only the first. */
static void run_serially(const struct setting *setting, int first, int first_who, int second, char out[STATE_SIZE])
{
    struct world world;
    struct tarn_error err = TARN_ERROR_INIT;
    int64_t version;
    open_world(&world, setting);
    enum tarn_status status = run(world.env, &operations[first], first_who, &version, &err);
    ck_assert_msg(status == TARN_OK, "%s alone: %s", operations[first].name, err.message);
    if (second >= 0) {
        status = run(world.env, &operations[second], 3 - first_who, &version, &err);
        ck_assert_msg(status == TARN_OK || (status == TARN_EXISTS && operations[second].kind == ONCE), "%s, then %s: %s",
                      operations[first].name, operations[second].name, err.message);
    }
    state(world.env, out);
    close_world(&world);
}

/* ---- the interleavings ---- */

struct inner {
    struct world *world;
    const struct operation *operation;
    uint64_t at;
    bool ran;
    enum tarn_status status;
    int64_t version;
};

static void run_inner(void *arg, uint64_t number)
{
    struct inner *inner = arg;
    if (number == inner->at) {
        struct tarn_error err = TARN_ERROR_INIT;
        inner->ran = true;
        inner->status = run(inner->world->other, inner->operation, 2, &inner->version, &err);
        ck_assert_msg(inner->status == TARN_OK || inner->status == TARN_CONFLICT || inner->status == TARN_EXISTS, "%s inside: %s",
                      inner->operation->name, err.message);
    }
}

struct serial {
    char only[2][STATE_SIZE]; /* the outer, the inner */
    char both[2][STATE_SIZE]; /* outer first, inner first */
};

/* False: the outer operation ended before its `at`-th store operation. */
static bool interleave(const struct setting *setting, int outer, int inner_operation, uint64_t at, const struct serial *serial,
                       uint64_t *conflicts)
{
    struct world world;
    struct tarn_error err = TARN_ERROR_INIT;
    char found[STATE_SIZE];
    int64_t version;
    open_world(&world, setting);
    struct inner inner = {.world = &world, .operation = &operations[inner_operation], .at = at};
    tarn_fault_watch(world.fault, run_inner, &inner);
    tarn_fault_resume(world.fault);
    const enum tarn_status status = run(world.env, &operations[outer], 1, &version, &err);
    tarn_fault_suspend(world.fault);
    tarn_fault_watch(world.fault, NULL, NULL);
    ck_assert_msg(status == TARN_OK || status == TARN_CONFLICT || (status == TARN_EXISTS && operations[outer].kind == ONCE), "%s: %s",
                  operations[outer].name, err.message);
    bool holds = true;
    if (inner.ran) {
        state(world.env, found);
        const bool a = status != TARN_CONFLICT;
        const bool b = inner.status != TARN_CONFLICT;
        if (a && b) {
            const bool outer_first = strcmp(found, serial->both[0]) == 0;
            const bool inner_first = strcmp(found, serial->both[1]) == 0;
            /* Equal versions: one found nothing left to change behind the other. */
            const bool by_log = version >= 0 && inner.version >= 0 && version != inner.version && setting->serializable;
            holds = by_log ? (version < inner.version ? outer_first : inner_first) : outer_first || inner_first;
        } else {
            ck_assert(a || b); /* the one that came first has no reason to fail */
            holds = strcmp(found, serial->only[a ? 0 : 1]) == 0;
        }
        *conflicts += !a || !b;
        ck_assert_msg(holds, "%s (%s, version %lld), with %s (%s, version %lld) before operation %llu: %s; one after the other: %s or %s",
                      operations[outer].name, tarn_status_name(status), (long long)version, operations[inner_operation].name,
                      tarn_status_name(inner.status), (long long)inner.version, (unsigned long long)at, found, serial->both[0],
                      serial->both[1]);
    }
    close_world(&world);
    return inner.ran;
}

/* A test is one outer operation under one setting. TARN_TEST_LONG: before each store operation; else before each third. */
START_TEST(commit_pairs__are_serial_at_every_interleaving) /* T-DELTA-CONFLICT-9 */
{
    const struct setting setting = {.serializable = (_i & 1) != 0, .vectors = (_i & 2) != 0};
    const int outer = _i / 4;
    const uint64_t step = getenv("TARN_TEST_LONG") != NULL ? 1 : 3;
    uint64_t runs = 0;
    uint64_t conflicts = 0;
    for (int inner = 0; inner < OPERATIONS; inner++) {
        struct serial serial;
        run_serially(&setting, outer, 1, -1, serial.only[0]);
        run_serially(&setting, inner, 2, -1, serial.only[1]);
        run_serially(&setting, outer, 1, inner, serial.both[0]);
        run_serially(&setting, inner, 2, outer, serial.both[1]);
        uint64_t at = 1 + (uint64_t)(outer + inner) % step;
        while (interleave(&setting, outer, inner, at, &serial, &conflicts)) {
            at += step;
            runs++;
        }
    }
    ck_assert_uint_gt(runs, OPERATIONS);
    printf("%-28s %s%s: %llu interleavings, %llu with a conflict\n", operations[outer].name,
           setting.serializable ? "Serializable" : "WriteSerializable", setting.vectors ? ", deletion vectors" : "",
           (unsigned long long)runs, (unsigned long long)conflicts);
}
END_TEST

TARN_SUITE("query/commit_pairs", TARN_LOOP_TIMES(commit_pairs__are_serial_at_every_interleaving, OPERATIONS * 4))
