/* SPDX-License-Identifier: Apache-2.0
 * Every allocation and every store operation of making, appending to, overwriting, shrinking, restoring and loading a table fails in turn:
 * the table is then what the status says, nothing leaks, and no staged file is removed while its commit is in doubt.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "tests/support/fault.h"
#include "tests/support/table_rows.h"

static const struct tarn_text uri = {"memory:t", 8};

/* What kind of table. */
struct kind {
    const char *format;
    bool partitioned;
};

/* Rows of the newest version, read without faults; -1: no table. */
static int64_t rows_now(struct tarn_env *env)
{
    struct tarn_error err = TARN_ERROR_INIT;
    uint64_t rows;
    int64_t sum;
    const enum tarn_status status = tarn_test_table_sum(env, uri, -1, &rows, &sum, &err);
    ck_assert_msg(status == TARN_OK || status == TARN_NOT_FOUND, "the table does not read any more: %s %s", tarn_status_name(status),
                  err.message);
    return status == TARN_OK ? (int64_t)rows : -1;
}

/* The table is what the status says: OK after, COMMIT_UNKNOWN either, everything else before. */
static void check(struct tarn_env *env, struct tarn_fault *fault, enum tarn_status status, int64_t before, int64_t after)
{
    tarn_fault_suspend(fault);
    const int64_t rows = rows_now(env);
    if (status == TARN_OK) {
        ck_assert_int_eq(rows, after);
    } else if (status == TARN_COMMIT_UNKNOWN) {
        ck_assert(rows == before || rows == after);
    } else {
        ck_assert_msg(rows == before, "%s, but the table has %lld rows", tarn_status_name(status), (long long)rows);
    }
}

static void prepare(struct tarn_env *env, struct tarn_fault *fault, const struct kind *kind)
{
    struct tarn_error err = TARN_ERROR_INIT;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_test_table_create_as(env, uri, kind->format, kind->partitioned, 0, 10, &err), &err);
    tarn_fault_resume(fault);
}

static enum tarn_status create(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    const struct kind *kind = ctx;
    const enum tarn_status status = tarn_test_table_create_as(env, uri, kind->format, kind->partitioned, 0, 10, err);
    check(env, fault, status, -1, 10);
    return status;
}

static enum tarn_status append(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    prepare(env, fault, ctx);
    const enum tarn_status status = tarn_test_table_append(env, uri, 10, 5, NULL, err);
    check(env, fault, status, 10, 15);
    return status;
}

static enum tarn_status overwrite(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    prepare(env, fault, ctx);
    const enum tarn_status status = tarn_test_table_overwrite(env, uri, 100, 3, err);
    check(env, fault, status, 10, 3);
    return status;
}

static enum tarn_status delete_row(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    prepare(env, fault, ctx);
    const enum tarn_status status = tarn_test_table_delete(env, uri, 4, err);
    check(env, fault, status, 10, 9);
    return status;
}

static enum tarn_status take_version(void *arg, const struct tarn_commit_info *commit, struct tarn_error *err)
{
    (void)err;
    *(int64_t *)arg = commit->version; /* the last that is told is the first of the table */
    return TARN_OK;
}

static enum tarn_status restore(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    prepare(env, fault, ctx);
    int64_t first = -1;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_test_table_overwrite(env, uri, 100, 3, err), err);
    ck_assert_ok(tarn_table_history(env, uri, 0, take_version, &first, err), err);
    tarn_fault_resume(fault);
    const enum tarn_status status = tarn_table_restore(env, uri, first, NULL, err);
    check(env, fault, status, 3, 10);
    return status;
}

static enum tarn_status read_rows(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    prepare(env, fault, ctx);
    uint64_t rows = 0;
    int64_t sum;
    const enum tarn_status status = tarn_test_table_sum(env, uri, -1, &rows, &sum, err);
    ck_assert(status != TARN_OK || rows == 10);
    return status;
}

static enum tarn_status ignore_commit(void *arg, const struct tarn_commit_info *commit, struct tarn_error *err)
{
    (void)commit;
    (void)err;
    (*(int *)arg)++;
    return TARN_OK;
}

static void ignore_finding(void *arg, const struct tarn_finding *finding)
{
    *(bool *)arg = *(bool *)arg || finding->kind == TARN_FINDING_ERROR;
}

static enum tarn_status look(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    prepare(env, fault, ctx);
    int commits = 0;
    TARN_RETURN_IF_ERROR(tarn_table_history(env, uri, 0, ignore_commit, &commits, err));
    ck_assert_int_eq(commits, 1);
    struct tarn_snapshot *snapshot;
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(env, uri, NULL, &snapshot, err));
    bool damage = false;
    enum tarn_status status = tarn_table_verify(snapshot, ignore_finding, &damage, err);
    tarn_snapshot_close(snapshot);
    if (status == TARN_OK && damage) {
        status = tarn__error_set(err, TARN_IO, "found", "a failed read is a finding");
    }
    return status;
}

/* Loop tests run each row for each of these. */
static const char *const formats[] = {"delta", "iceberg"};
enum { FORMATS = 2 };

/* A transaction with five staged rows over ten. */
static struct tarn_transaction *staged(struct tarn_env *env, const char *format, int64_t deadline)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_snapshot *snapshot;
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    options.deadline = deadline;
    ck_assert_ok(tarn_test_table_create_as(env, uri, format, false, 0, 10, &err), &err);
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    ck_assert_ok(tarn_transaction_open(snapshot, &options, &transaction, &err), &err);
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err);
    ck_assert_ok(tarn_test_rows_write(sink, 10, 5, &err), &err);
    tarn_snapshot_close(snapshot);
    return transaction;
}

static const struct {
    const char *name;
    struct tarn_fault_rule rule;
    enum tarn_status status;
    int64_t rows;
} answers[] = {
    {"answer lost, commit there", {true, 1, false, TARN_COMMIT_UNKNOWN, TARN_FAULT_APPLIED, TARN_FAULT_OP_PUT, true}, TARN_OK, 15},
    {"commit lost, then repeated", {true, 1, false, TARN_COMMIT_UNKNOWN, TARN_FAULT_LOST, TARN_FAULT_OP_PUT, true}, TARN_OK, 15},
    {"its own first try in the way", {true, 1, false, TARN_EXISTS, TARN_FAULT_APPLIED, TARN_FAULT_OP_PUT, true}, TARN_OK, 15},
    {"answer lost, nothing can be read back",
     {true, 1, true, TARN_COMMIT_UNKNOWN, TARN_FAULT_APPLIED, TARN_FAULT_OP_PUT | TARN_FAULT_OP_OPEN | TARN_FAULT_OP_READ, false},
     TARN_COMMIT_UNKNOWN,
     15},
    {"commit lost, nothing can be read back",
     {true, 1, true, TARN_COMMIT_UNKNOWN, TARN_FAULT_LOST, TARN_FAULT_OP_PUT | TARN_FAULT_OP_OPEN | TARN_FAULT_OP_READ, false},
     TARN_COMMIT_UNKNOWN,
     10},
    {"never an answer, never a commit",
     {true, 1, true, TARN_COMMIT_UNKNOWN, TARN_FAULT_LOST, TARN_FAULT_OP_PUT, true},
     TARN_COMMIT_UNKNOWN,
     10},
    {"the store fails honestly", {true, 1, true, TARN_IO, TARN_FAULT_LOST, TARN_FAULT_OP_PUT, true}, TARN_IO, 10},
};

static enum tarn_status count_object(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    (void)info;
    (void)err;
    *(int *)arg += tarn__text_ends(key, TARN_TEXT(".parquet"));
    return TARN_OK;
}

START_TEST(table_faults__an_ambiguous_answer_is_read_back) /* T-DELTA-COMMIT-2 T-ICEBERG-COMMIT-2 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_fault *fault = tarn_fault_open();
    struct tarn_env *env = tarn_fault_env(fault, NULL);
    const char *format = formats[_i % FORMATS];
    const int row = _i / FORMATS;
    struct tarn_transaction *transaction = staged(env, format, 50000);
    struct tarn_fault_rule rule = answers[row].rule;
    if (strcmp(format, "iceberg") == 0 && !rule.absent_only) {
        rule.at += 2; /* behind the manifest and the list, which come before the object that decides */
    }
    tarn_fault_arm(fault, &rule);
    struct tarn_commit_result result;
    const enum tarn_status status = tarn_transaction_commit(transaction, &result, &err);
    tarn_fault_suspend(fault);
    ck_assert_msg(status == answers[row].status, "%s: %s %s", answers[row].name, tarn_status_name(status), err.message);
    ck_assert_int_eq(rows_now(env), answers[row].rows);
    ck_assert(status != TARN_OK || _i % FORMATS != 0 || result.version == 1);
    /* In doubt, the staged file stays: the log may name it. Known to have failed, it goes. */
    struct tarn_store *store;
    int files = 0;
    ck_assert_ok(tarn_store_open(env, uri, false, &store, &err), &err);
    ck_assert_ok(tarn_store_list(store, TARN_TEXT(""), TARN_TEXT(""), count_object, &files, &err), &err);
    tarn_store_close(store);
    ck_assert_int_eq(files, status == TARN_IO ? 1 : 2);
    tarn_env_close(env);
    tarn_fault_close(fault);
}
END_TEST

/*
 * Somebody's damaged commit stands in the way, and the store does not say what became of ours: reading back ends at the damage, so the
 * doubt stays, and what was staged must stay too. When the store said that something is there, the damage itself is told.
 */
static const struct {
    const char *name;
    struct tarn_fault_rule rule;
    enum tarn_status status;
} damaged[] = {
    {"no answer", {true, 1, true, TARN_COMMIT_UNKNOWN, TARN_FAULT_LOST, TARN_FAULT_OP_PUT, true}, TARN_COMMIT_UNKNOWN},
    {"taken", {true, 1, true, TARN_EXISTS, TARN_FAULT_LOST, TARN_FAULT_OP_PUT, true}, TARN_CORRUPT},
};

static const char *const in_the_way[] = {"_delta_log/00000000000000000001.json", "metadata/v2.metadata.json"};

START_TEST(table_faults__damage_in_the_way_does_not_end_a_doubt) /* T-DELTA-COMMIT-2 T-ICEBERG-COMMIT-2 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_fault *fault = tarn_fault_open();
    struct tarn_env *env = tarn_fault_env(fault, NULL);
    struct tarn_transaction *transaction = staged(env, formats[_i % FORMATS], 50000);
    struct tarn_store *store;
    const struct tarn_text garbage = TARN_TEXT("garbage");
    int files = 0;
    ck_assert_ok(tarn_store_open(env, uri, false, &store, &err), &err);
    ck_assert_ok(tarn_store_put(store, tarn__text_of(in_the_way[_i % FORMATS]), tarn__span_of_text(garbage), TARN_PUT_IF_ABSENT,
                                TARN_ROLE_COMMIT, &err),
                 &err);
    tarn_fault_arm(fault, &damaged[_i / FORMATS].rule);
    const enum tarn_status status = tarn_transaction_commit(transaction, NULL, &err);
    tarn_fault_suspend(fault);
    ck_assert_msg(status == damaged[_i / FORMATS].status, "%s: %s %s", damaged[_i / FORMATS].name, tarn_status_name(status), err.message);
    ck_assert_ok(tarn_store_list(store, TARN_TEXT(""), TARN_TEXT(""), count_object, &files, &err), &err);
    ck_assert_int_eq(files, 2);
    tarn_store_close(store);
    tarn_env_close(env);
    tarn_fault_close(fault);
}
END_TEST

static const struct {
    const char *name;
    tarn_fault_body body;
    bool partitioned;
} bodies[] = {
    {"create", create, false},       {"create partitioned", create, true},
    {"append", append, false},       {"append partitioned", append, true},
    {"overwrite", overwrite, false}, {"delete", delete_row, true},
    {"restore", restore, false},     {"read", read_rows, true},
    {"look", look, false},
};

START_TEST(table_faults__every_allocation_may_fail) /* T-DELTA-FAULT-1 T-ICEBERG-FAULT-1 */
{
    struct kind kind = {formats[_i % FORMATS], bodies[_i / FORMATS].partitioned};
    ck_assert_uint_gt(tarn_fault_sweep(bodies[_i / FORMATS].body, &kind, TARN_FAULT_ALL_ALLOC), 50);
}
END_TEST

START_TEST(table_faults__every_store_operation_may_fail) /* T-DELTA-FAULT-1 T-ICEBERG-FAULT-1 */
{
    struct kind kind = {formats[_i % FORMATS], bodies[_i / FORMATS].partitioned};
    const struct tarn_fault_sweep_options options = {.also = 1u << TARN_COMMIT_UNKNOWN | 1u << TARN_TIMEOUT | 1u << TARN_CORRUPT};
    tarn_fault_sweep_with(bodies[_i / FORMATS].body, &kind, TARN_FAULT_ALL_STORE, &options);
}
END_TEST

#define ROWS(table) (FORMATS * (int)(sizeof(table) / sizeof((table)[0])))

TARN_SUITE("txlog/table_faults", TARN_LOOP_TIMES(table_faults__every_allocation_may_fail, ROWS(bodies)),
           TARN_LOOP_TIMES(table_faults__every_store_operation_may_fail, ROWS(bodies)),
           TARN_LOOP_TIMES(table_faults__an_ambiguous_answer_is_read_back, ROWS(answers)),
           TARN_LOOP_TIMES(table_faults__damage_in_the_way_does_not_end_a_doubt, ROWS(damaged)))
