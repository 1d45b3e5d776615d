/* SPDX-License-Identifier: Apache-2.0
 * Overwriting a part of a table: what a predicate describes, and the partitions that new rows fall into.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "tests/support/fault.h"
#include "tests/support/table_rows.h"

static struct tarn_error err = TARN_ERROR_INIT;

static const char *const formats[] = {"delta", "iceberg"};
enum { FORMATS = 2 };

static const struct tarn_type bigint = {.id = TARN_TYPE_I64};
static const struct tarn_type integer = {.id = TARN_TYPE_I32};

static struct tarn_text new_table(struct tarn_env *env, const char *format, bool partitioned, uint32_t count)
{
    static char path[512];
    static int number;
    snprintf(path, sizeof(path), "%s/r%d", tarn_test_folder(), number++);
    const struct tarn_text uri = tarn__text_of(path);
    ck_assert_ok(tarn_test_table_create_as(env, uri, format, partitioned, 0, count, &err), &err);
    return uri;
}

static struct tarn_transaction *begin(struct tarn_env *env, struct tarn_text uri)
{
    struct tarn_snapshot *snapshot;
    struct tarn_transaction *transaction;
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    ck_assert_ok(tarn_transaction_open(snapshot, NULL, &transaction, &err), &err);
    tarn_snapshot_close(snapshot);
    return transaction;
}

static enum tarn_status add(struct tarn_transaction *transaction, int64_t first, uint32_t count)
{
    struct tarn_sink *sink;
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err);
    return tarn_test_rows_write(sink, first, count, &err);
}

static struct tarn_expr *compare(struct tarn_env *env, enum tarn_expr_op op, const char *column, const struct tarn_type *type,
                                 int64_t value)
{
    struct tarn_expr_builder *builder;
    const struct tarn_path_step step = {.kind = TARN_PATH_FIELD, .name = tarn__text_of(column), .id = -1};
    const struct tarn_path path = {1, &step};
    const struct tarn_value literal = {.type = type, .u.i64 = value};
    struct tarn_expr *expr;
    ck_assert_ok(tarn_expr_builder_open(env, &builder, &err), &err);
    const struct tarn_expr_node *args[] = {tarn_expr_make_column(builder, &path, type, true), tarn_expr_make_literal(builder, &literal)};
    ck_assert_ok(tarn_expr_builder_finish(builder, tarn_expr_make(builder, op, 2, args), &expr, &err), &err);
    return expr;
}

static void replace(struct tarn_transaction *transaction, struct tarn_env *env, enum tarn_expr_op op, const char *column,
                    const struct tarn_type *type, int64_t value)
{
    struct tarn_expr *predicate = compare(env, op, column, type, value);
    ck_assert_ok(tarn_transaction_replace_where(transaction, predicate, NULL, &err), &err);
    tarn_expr_release(predicate);
}

static void check(struct tarn_env *env, struct tarn_text uri, uint64_t rows, int64_t sum)
{
    uint64_t found_rows;
    int64_t found_sum;
    ck_assert_ok(tarn_test_table_sum(env, uri, -1, &found_rows, &found_sum, &err), &err);
    ck_assert_uint_eq(found_rows, rows);
    ck_assert_int_eq(found_sum, sum);
}

/* Rows 0 to 19 in one file: id >= 15 goes, two come, and the other fifteen are written again. */
START_TEST(table_replace__keeps_other_rows_of_a_file) /* T-REPLACE-1 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table(env, formats[_i], false, 20);
    struct tarn_transaction *transaction = begin(env, uri);
    struct tarn_commit_result result;
    replace(transaction, env, TARN_EXPR_GE, "id", &bigint, 15);
    ck_assert_ok(add(transaction, 100, 2), &err);
    ck_assert_ok(tarn_transaction_commit(transaction, &result, &err), &err);
    ck_assert_uint_eq(result.files_removed, 1);
    ck_assert_uint_eq(result.files_added, 2);
    check(env, uri, 17, 105 + 201);
    tarn_test_env_close(env);
}
END_TEST

/* Files without such rows stay, though their statistics cannot tell: the name of no row sorts where ids do. */
START_TEST(table_replace__leaves_files_without_such_rows) /* T-REPLACE-1 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table(env, formats[_i], false, 20);
    struct tarn_transaction *transaction = begin(env, uri);
    struct tarn_commit_result result;
    replace(transaction, env, TARN_EXPR_EQ, "part", &integer, 1);
    ck_assert_ok(tarn_transaction_commit(transaction, &result, &err), &err);
    ck_assert_uint_eq(result.files_removed, 1);
    /* gone: 1, 4, 10, 13, 16, 19; not those whose part is null: 7 */
    check(env, uri, 14, 190 - 63);
    transaction = begin(env, uri);
    replace(transaction, env, TARN_EXPR_EQ, "part", &integer, 1);
    ck_assert_ok(tarn_transaction_commit(transaction, &result, &err), &err);
    ck_assert_uint_eq(result.files_removed, 0);
    check(env, uri, 14, 190 - 63);
    tarn_test_env_close(env);
}
END_TEST

/* Whole partitions go without a look into their files: one of them is no Parquet file any more. */
START_TEST(table_replace__takes_whole_files_unread) /* T-REPLACE-1 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table(env, formats[_i], true, 20);
    struct tarn_transaction *transaction = begin(env, uri);
    struct tarn_commit_result result;
    replace(transaction, env, TARN_EXPR_EQ, "part", &integer, 1);
    ck_assert_ok(add(transaction, 100, 1), &err);
    ck_assert_ok(tarn_transaction_commit(transaction, &result, &err), &err);
    ck_assert_uint_eq(result.files_removed, 1);
    ck_assert_uint_eq(result.files_added, 1);
    check(env, uri, 15, 190 - 63 + 100);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(table_replace__new_rows_must_meet_it) /* T-REPLACE-2 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table(env, formats[_i], false, 20);
    struct tarn_transaction *transaction = begin(env, uri);
    struct tarn_sink *sink;
    replace(transaction, env, TARN_EXPR_GE, "id", &bigint, 15);
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err);
    ck_assert_ok(tarn_test_rows_put(sink, 50, 7, &err), &err);
    ck_assert_status(tarn_test_rows_put(sink, 13, 5, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "replace_where");
    ck_assert_int_eq(err.row, 7);
    tarn_sink_abort(sink);
    tarn_transaction_abort(transaction);
    /* A null does not meet it either: part of id 7 is null. */
    transaction = begin(env, uri);
    replace(transaction, env, TARN_EXPR_NE, "part", &integer, 2);
    ck_assert_status(add(transaction, 6, 2), TARN_INVALID);
    ck_assert_int_eq(err.row, 1);
    tarn_transaction_abort(transaction);
    check(env, uri, 20, 190);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(table_replace__is_said_first) /* T-REPLACE-2 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table(env, formats[_i], true, 20);
    struct tarn_transaction *transaction = begin(env, uri);
    struct tarn_expr *predicate = compare(env, TARN_EXPR_GE, "id", &bigint, 15);
    ck_assert_ok(add(transaction, 100, 1), &err);
    ck_assert_status(tarn_transaction_replace_where(transaction, predicate, NULL, &err), TARN_INVALID);
    ck_assert_status(tarn_transaction_replace_partitions(transaction, &err), TARN_INVALID);
    tarn_transaction_abort(transaction);
    tarn_expr_release(predicate);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(table_replace__partitions_that_rows_fall_into) /* T-REPLACE-3 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table(env, formats[_i], true, 20);
    struct tarn_transaction *transaction = begin(env, uri);
    ck_assert_ok(tarn_transaction_replace_partitions(transaction, &err), &err);
    ck_assert_ok(add(transaction, 7, 1), &err);   /* null */
    ck_assert_ok(add(transaction, 100, 1), &err); /* 1 */
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err);
    /* gone: 0, 7, 14 (null) and 1, 4, 10, 13, 16, 19 */
    check(env, uri, 20 - 3 - 6 + 2, 190 - 21 - 63 + 107);
    transaction = begin(env, uri);
    ck_assert_ok(tarn_transaction_replace_partitions(transaction, &err), &err);
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err); /* no rows, no partitions */
    check(env, uri, 13, 190 - 21 - 63 + 107);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(table_replace__everything_without_partitions) /* T-REPLACE-3 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table(env, formats[_i], false, 20);
    struct tarn_transaction *transaction = begin(env, uri);
    ck_assert_ok(tarn_transaction_replace_partitions(transaction, &err), &err);
    ck_assert_ok(add(transaction, 100, 1), &err);
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err);
    check(env, uri, 1, 100);
    tarn_test_env_close(env);
}
END_TEST

/* Someone who had read the table comes first, and puts a row into one partition or another. */
static const struct {
    int64_t row;
    bool conflict;
} others[] = {{100, true}, {98, true}, {101, false}};

START_TEST(table_replace__partitions_count_as_read) /* T-REPLACE-3 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table(env, formats[_i % FORMATS], true, 20);
    struct tarn_transaction *ours = begin(env, uri);
    struct tarn_transaction *theirs = begin(env, uri);
    const bool conflict = others[_i / FORMATS].conflict;
    ck_assert_ok(tarn_transaction_replace_partitions(ours, &err), &err);
    ck_assert_ok(add(ours, 7, 1), &err); /* null, as 98 */
    ck_assert_ok(add(ours, 4, 1), &err); /* 1, as 100 */
    ck_assert_ok(tarn_transaction_read(theirs, NULL, &err), &err);
    ck_assert_ok(add(theirs, others[_i / FORMATS].row, 1), &err);
    ck_assert_ok(tarn_transaction_commit(theirs, NULL, &err), &err);
    const enum tarn_status status = tarn_transaction_commit(ours, NULL, &err);
    ck_assert_msg(status == (conflict ? TARN_CONFLICT : TARN_OK), "%s %s", tarn_status_name(status), err.message);
    ck_assert(!conflict || strcmp(err.detail, "concurrent_append") == 0);
    tarn_test_env_close(env);
}
END_TEST

/* ---- every failure ---- */

struct kind {
    const char *format;
    bool partitions;
};

static enum tarn_status replace_once(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    const struct kind *kind = ctx;
    const struct tarn_text uri = {"memory:t", 8};
    struct tarn_snapshot *snapshot;
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_test_table_create_as(env, uri, kind->format, kind->partitions, 0, 20, error), error);
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, error), error);
    struct tarn_expr *predicate = compare(env, TARN_EXPR_GE, "id", &bigint, 15);
    tarn_fault_resume(fault);
    enum tarn_status status = tarn_transaction_open(snapshot, NULL, &transaction, error);
    if (status == TARN_OK) {
        status = kind->partitions ? tarn_transaction_replace_partitions(transaction, error)
                                  : tarn_transaction_replace_where(transaction, predicate, NULL, error);
        status = status == TARN_OK ? tarn_transaction_sink(transaction, &sink, error) : status;
        status = status == TARN_OK ? tarn_test_rows_write(sink, 100, 1, error) : status;
        if (status == TARN_OK) {
            status = tarn_transaction_commit(transaction, NULL, error);
        } else {
            tarn_transaction_abort(transaction);
        }
    }
    tarn_fault_suspend(fault);
    tarn_expr_release(predicate);
    tarn_snapshot_close(snapshot);
    uint64_t rows;
    int64_t sum;
    struct tarn_error local = TARN_ERROR_INIT;
    ck_assert_ok(tarn_test_table_sum(env, uri, -1, &rows, &sum, &local), &local);
    const uint64_t after = kind->partitions ? 15 : 16;
    ck_assert_msg(rows == (status == TARN_OK ? after : 20) || (status == TARN_COMMIT_UNKNOWN && rows == after), "%s: %llu rows",
                  tarn_status_name(status), (unsigned long long)rows);
    return status;
}

START_TEST(table_replace__every_allocation_may_fail) /* T-REPLACE-1 */
{
    struct kind kind = {formats[_i % FORMATS], _i / FORMATS != 0};
    ck_assert_uint_gt(tarn_fault_sweep(replace_once, &kind, TARN_FAULT_ALL_ALLOC), 50);
}
END_TEST

START_TEST(table_replace__every_store_operation_may_fail) /* T-REPLACE-1 */
{
    struct kind kind = {formats[_i % FORMATS], _i / FORMATS != 0};
    const struct tarn_fault_sweep_options options = {.also = 1u << TARN_COMMIT_UNKNOWN | 1u << TARN_TIMEOUT | 1u << TARN_CORRUPT};
    tarn_fault_sweep_with(replace_once, &kind, TARN_FAULT_ALL_STORE, &options);
}
END_TEST

TARN_SUITE("txlog/table_replace", TARN_LOOP_TEST(table_replace__keeps_other_rows_of_a_file, formats),
           TARN_LOOP_TEST(table_replace__leaves_files_without_such_rows, formats),
           TARN_LOOP_TEST(table_replace__takes_whole_files_unread, formats), TARN_LOOP_TEST(table_replace__new_rows_must_meet_it, formats),
           TARN_LOOP_TEST(table_replace__is_said_first, formats), TARN_LOOP_TEST(table_replace__partitions_that_rows_fall_into, formats),
           TARN_LOOP_TEST(table_replace__everything_without_partitions, formats),
           TARN_LOOP_TIMES(table_replace__partitions_count_as_read, FORMATS * 3),
           TARN_LOOP_TIMES(table_replace__every_allocation_may_fail, FORMATS * 2),
           TARN_LOOP_TIMES(table_replace__every_store_operation_may_fail, FORMATS * 2))
