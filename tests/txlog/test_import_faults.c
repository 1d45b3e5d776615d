/* SPDX-License-Identifier: Apache-2.0
 * An import, from the bytes of a text file to the commit: every allocation and every store operation fails in turn. The table is then there
 * with all its rows, or not there at all.
 */
#include "format/base/bytes.h"
#include "tarn/reader.h"
#include "tarn/table.h"
#include "tests/support/fault.h"

static const struct tarn_text lake = {"memory:import", 13};

static const struct {
    const char *key;
    const char *text;
    bool json;
} inputs[] = {
    {"rows.csv", "id,name,day\n1,one,2024-02-29\n2,\"two, too\",\n3,,2024-03-01\n", false},
    {"rows.ndjson", "{\"id\":1,\"p\":{\"x\":1.5},\"l\":[1,2]}\n{\"id\":2,\"p\":null,\"l\":[]}\n{\"id\":3}\n", true},
};

enum { ROWS = 3 };

static void put_input(struct tarn_env *env, int input)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_store *store;
    ck_assert_ok(tarn_store_open(env, lake, true, &store, &err), &err);
    ck_assert_ok(tarn_store_put(store, tarn__text_of(inputs[input].key), tarn__span_of_text(tarn__text_of(inputs[input].text)),
                                TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err),
                 &err);
    tarn_store_close(store);
}

/* All rows of the source into a new table, in one commit. */
static enum tarn_status make_table(struct tarn_env *env, struct tarn_source *source, struct tarn_error *err)
{
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    struct tarn_transaction *transaction;
    struct tarn_batches *batches = NULL;
    struct tarn_sink *sink = NULL;
    uint64_t rows;
    create.schema = tarn_source_schema(source);
    enum tarn_status status = tarn_transaction_create(env, TARN_TEXT("memory:import/t"), &create, NULL, &transaction, err);
    if (status != TARN_OK) {
        return status;
    }
    status = tarn_source_batches(source, NULL, &batches, err);
    status = status == TARN_OK ? tarn_transaction_sink(transaction, &sink, err) : status;
    status = status == TARN_OK ? tarn_batches_copy(batches, sink, &rows, err) : status;
    if (batches != NULL) {
        batches->close(batches);
    }
    if (status != TARN_OK) {
        tarn_transaction_abort(transaction);
        return status;
    }
    return tarn_transaction_commit(transaction, NULL, err);
}

static enum tarn_status run_import(struct tarn_env *env, int input, struct tarn_error *err)
{
    struct tarn_store *store;
    struct tarn_source *source = NULL;
    const struct tarn_text key = tarn__text_of(inputs[input].key);
    enum tarn_status status = tarn_store_open(env, lake, false, &store, err);
    if (status != TARN_OK) {
        return status;
    }
    status = inputs[input].json ? tarn_json_open(store, key, NULL, &source, err) : tarn_csv_open(store, key, NULL, &source, err);
    status = status == TARN_OK ? make_table(env, source, err) : status;
    tarn_source_close(source);
    tarn_store_close(store);
    return status;
}

/* Rows of the table; -1: there is none. */
static int64_t rows_now(struct tarn_env *env)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_snapshot *snapshot;
    const enum tarn_status status = tarn_snapshot_load(env, TARN_TEXT("memory:import/t"), NULL, &snapshot, &err);
    ck_assert_msg(status == TARN_OK || status == TARN_NOT_FOUND, "the table does not open: %s %s", tarn_status_name(status), err.message);
    if (status != TARN_OK) {
        return -1;
    }
    const struct tarn_snapshot_info info = tarn_snapshot_info(snapshot);
    ck_assert(info.has_row_count);
    tarn_snapshot_close(snapshot);
    return (int64_t)info.row_count;
}

static enum tarn_status import_body(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    const int input = *(const int *)ctx;
    tarn_fault_suspend(fault);
    put_input(env, input);
    tarn_fault_resume(fault);
    const enum tarn_status status = run_import(env, input, err);
    tarn_fault_suspend(fault);
    const int64_t rows = rows_now(env);
    if (status == TARN_COMMIT_UNKNOWN) {
        ck_assert(rows == -1 || rows == ROWS);
    } else {
        ck_assert_int_eq(rows, status == TARN_OK ? ROWS : -1);
    }
    return status;
}

START_TEST(import_faults__every_allocation_may_fail)
{
    int input = _i;
    ck_assert_uint_gt(tarn_fault_sweep(import_body, &input, TARN_FAULT_ALL_ALLOC), 100);
}
END_TEST

START_TEST(import_faults__every_store_operation_may_fail)
{
    int input = _i;
    const struct tarn_fault_sweep_options options = {.also = 1u << TARN_COMMIT_UNKNOWN | 1u << TARN_TIMEOUT | 1u << TARN_CORRUPT};
    tarn_fault_sweep_with(import_body, &input, TARN_FAULT_ALL_STORE, &options);
}
END_TEST

TARN_SUITE("txlog/import_faults", TARN_LOOP_TEST(import_faults__every_allocation_may_fail, inputs),
           TARN_LOOP_TEST(import_faults__every_store_operation_may_fail, inputs))
