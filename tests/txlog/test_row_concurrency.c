/* SPDX-License-Identifier: Apache-2.0
 * Two writers in one file: each deletes rows of its own, and both land; and what they must not do.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "tests/support/table_rows.h"

static struct tarn_error err = TARN_ERROR_INIT;

static const struct tarn_type bigint = {.id = TARN_TYPE_I64};

/* Ids 0 to 19 in one file of a table that keeps deletion vectors; a second file has 100 to 109. */
static struct tarn_text new_table(struct tarn_env *env)
{
    static char path[512];
    static int number;
    static const struct tarn_property vectors = {{"delta.enableDeletionVectors", 27}, {"true", 4}};
    snprintf(path, sizeof(path), "%s/v%d", tarn_test_folder(), number++);
    const struct tarn_text uri = tarn__text_of(path);
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;
    create.schema = tarn_test_rows_schema(env);
    create.properties = &vectors;
    create.property_count = 1;
    ck_assert_ok(tarn_transaction_create(env, uri, &create, NULL, &transaction, &err), &err);
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err);
    ck_assert_ok(tarn_test_rows_write(sink, 0, 20, &err), &err);
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err);
    ck_assert_ok(tarn_test_table_append(env, uri, 100, 10, NULL, &err), &err);
    return uri;
}

static struct tarn_expr *below(struct tarn_env *env, int64_t value)
{
    struct tarn_expr_builder *builder;
    static const struct tarn_path_step step = {.kind = TARN_PATH_FIELD, .name = {"id", 2}, .id = -1};
    const struct tarn_path path = {1, &step};
    const struct tarn_value literal = {.type = &bigint, .u.i64 = value};
    struct tarn_expr *expr;
    ck_assert_ok(tarn_expr_builder_open(env, &builder, &err), &err);
    const struct tarn_expr_node *args[] = {tarn_expr_make_column(builder, &path, &bigint, false),
                                           tarn_expr_make_literal(builder, &literal)};
    ck_assert_ok(tarn_expr_builder_finish(builder, tarn_expr_make(builder, TARN_EXPR_LT, 2, args), &expr, &err), &err);
    return expr;
}

/* Rows [from, to) of the first file; `moved`: they come back under ids from there on. */
struct change {
    int64_t from;
    int64_t to;
    int64_t reads_below;
    int64_t moved;
    bool whole; /* the file goes, whatever else */
    bool other; /* rows of the second file, not of the first */
};

static struct tarn_transaction *prepare(struct tarn_snapshot *snapshot, const struct change *change, bool row_by_row)
{
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    struct tarn_transaction *transaction;
    struct tarn_env *env = NULL;
    uint64_t positions[20];
    uint32_t count;
    size_t rows = 0;
    const uint64_t in = change->other ? 10 : 20; /* rows of the file */
    options.row_by_row = row_by_row;
    options.operation = change->moved != 0 ? "UPDATE" : "DELETE";
    ck_assert_ok(tarn_env_open(NULL, &env, &err), &err);
    struct tarn_expr *predicate = below(env, change->reads_below);
    ck_assert_ok(tarn_transaction_open(snapshot, &options, &transaction, &err), &err);
    ck_assert_ok(tarn_transaction_select(transaction, predicate, &count, &err), &err);
    ck_assert_uint_ge(count, 1);
    for (int64_t row = change->from; row < change->to; row++) {
        positions[rows++] = (uint64_t)row;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct tarn_file_info info;
        ck_assert_ok(tarn_transaction_file_info(transaction, i, &info, &err), &err);
        if (info.row_count + info.deleted_rows == in && change->whole) {
            ck_assert_ok(tarn_transaction_remove(transaction, i, &err), &err);
        } else if (info.row_count + info.deleted_rows == in && rows != 0) {
            ck_assert_ok(tarn_transaction_delete_rows(transaction, i, rows, positions, &err), &err);
        }
    }
    if (change->moved != 0) {
        struct tarn_sink *sink;
        ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err);
        ck_assert_ok(tarn_test_rows_write(sink, change->moved, (uint32_t)rows, &err), &err);
    }
    tarn_expr_release(predicate);
    tarn_env_close(env);
    return transaction;
}

static const struct {
    const char *name;
    struct change first;
    struct change second;
    bool row_by_row; /* the second */
    const char *conflict;
    uint64_t rows;
    int64_t sum; /* of ids */
    uint64_t files;
} meetings[] = {
    /* ids of the table: 0 to 19 make 190, 100 to 109 make 1045 */
    {"delete, delete of other rows", {3, 4, 20, 0, false, false}, {7, 9, 20, 0, false, false}, true, NULL, 27, 1235 - 3 - 15, 2},
    {"delete, delete of the same row",
     {3, 4, 20, 0, false, false},
     {3, 4, 20, 0, false, false},
     true,
     "concurrent_delete_delete",
     29,
     1232,
     2},
    {"delete, delete of rows of which one is the same",
     {3, 6, 20, 0, false, false},
     {5, 9, 20, 0, false, false},
     true,
     "concurrent_delete_delete",
     27,
     1223,
     2},
    {"delete, delete that does not decide row by row",
     {3, 4, 20, 0, false, false},
     {7, 9, 20, 0, false, false},
     false,
     "concurrent_delete_delete",
     29,
     1232,
     2},
    {"delete of one half, delete of the other", {0, 10, 20, 0, false, false}, {10, 20, 20, 0, false, false}, true, NULL, 10, 1045, 1},
    {"update, update of other rows", {3, 4, 20, 200, false, false}, {7, 8, 20, 300, false, false}, true, NULL, 30, 1235 - 3 - 7 + 500, 4},
    {"update into what is deleted",
     {3, 4, 20, 15, false, false},
     {7, 8, 20, 0, false, false},
     true,
     "concurrent_append",
     30,
     1235 - 3 + 15,
     3},
    {"update elsewhere, delete", {3, 4, 20, 200, false, false}, {7, 8, 20, 0, false, false}, true, NULL, 29, 1235 - 3 + 200 - 7, 3},
    {"delete of the file, delete in it",
     {0, 0, 20, 0, true, false},
     {7, 8, 20, 0, false, false},
     true,
     "concurrent_delete_delete",
     10,
     1045,
     1},
    {"delete in the file, delete of it",
     {7, 8, 20, 0, false, false},
     {0, 0, 20, 0, true, false},
     true,
     "concurrent_delete_delete",
     29,
     1228,
     2},
    {"delete in what was only read", {7, 8, 200, 0, false, false}, {2, 4, 200, 0, false, true}, true, NULL, 27, 1228 - 102 - 103, 2},
    {"delete of what was only read", {0, 0, 200, 0, true, false}, {2, 4, 200, 0, false, true}, true, NULL, 8, 1045 - 102 - 103, 1},
    {"delete in what was read as a whole",
     {7, 8, 200, 0, false, false},
     {2, 4, 200, 0, false, true},
     false,
     "concurrent_delete_read",
     29,
     1228,
     2},
};

static void check(struct tarn_env *env, struct tarn_text uri, uint64_t rows, int64_t sum, uint64_t files)
{
    struct tarn_snapshot *snapshot;
    uint64_t found_rows;
    int64_t found_sum;
    ck_assert_ok(tarn_test_table_sum(env, uri, -1, &found_rows, &found_sum, &err), &err);
    ck_assert_uint_eq(found_rows, rows);
    ck_assert_int_eq(found_sum, sum);
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    ck_assert_uint_eq(tarn_snapshot_info(snapshot).file_count, files);
    tarn_snapshot_close(snapshot);
}

START_TEST(row_concurrency__of_two_in_one_file) /* T-DELTA-CONFLICT-8 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table(env);
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    struct tarn_transaction *first = prepare(snapshot, &meetings[_i].first, true);
    struct tarn_transaction *second = prepare(snapshot, &meetings[_i].second, meetings[_i].row_by_row);
    ck_assert_ok(tarn_transaction_commit(first, NULL, &err), &err);
    const enum tarn_status status = tarn_transaction_commit(second, NULL, &err);
    if (meetings[_i].conflict == NULL) {
        ck_assert_msg(status == TARN_OK, "%s: %s %s", meetings[_i].name, tarn_status_name(status), err.message);
    } else {
        ck_assert_msg(status == TARN_CONFLICT, "%s: %s", meetings[_i].name, tarn_status_name(status));
        ck_assert_msg(strcmp(err.detail, meetings[_i].conflict) == 0, "%s: %s", meetings[_i].name, err.detail);
    }
    check(env, uri, meetings[_i].rows, meetings[_i].sum, meetings[_i].files);
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

/* Twenty from one version, a row each: all land, whatever the order, and the file goes with the last. */
START_TEST(row_concurrency__of_twenty_in_one_file) /* T-DELTA-CONFLICT-8 */
{
    enum { WRITERS = 20 };
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table(env);
    struct tarn_transaction *transactions[WRITERS];
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    for (int i = 0; i < WRITERS; i++) {
        const struct change change = {(i * 7) % WRITERS, (i * 7) % WRITERS + 1, 20, 0, false, false};
        transactions[i] = prepare(snapshot, &change, true);
    }
    for (int i = 0; i < WRITERS; i++) {
        ck_assert_ok(tarn_transaction_commit(transactions[i], NULL, &err), &err);
    }
    tarn_snapshot_close(snapshot);
    check(env, uri, 10, 1045, 1);
    for (int64_t version = 0; version < WRITERS; version++) { /* each version is the one before without one row */
        uint64_t rows;
        int64_t sum;
        ck_assert_ok(tarn_test_table_sum(env, uri, version + 2, &rows, &sum, &err), &err);
        ck_assert_uint_eq(rows, 29 - (uint64_t)version);
    }
    tarn_test_env_close(env);
}
END_TEST

/* Rows that came back are rows that were added: they may be ones that the delete would have taken. */
START_TEST(row_concurrency__rows_that_came_back) /* T-DELTA-CONFLICT-8 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table(env);
    struct tarn_snapshot *snapshot;
    const struct change early = {1, 2, 20, 0, false, false};
    const struct change late = {3, 4, 20, 0, false, false};
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    ck_assert_ok(tarn_transaction_commit(prepare(snapshot, &early, true), NULL, &err), &err);
    tarn_snapshot_close(snapshot);
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    struct tarn_transaction *transaction = prepare(snapshot, &late, true);
    ck_assert_ok(tarn_table_restore(env, uri, 1, NULL, &err), &err);
    ck_assert_status(tarn_transaction_commit(transaction, NULL, &err), TARN_CONFLICT);
    check(env, uri, 30, 1235, 2);
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/row_concurrency", TARN_LOOP_TEST(row_concurrency__of_two_in_one_file, meetings),
           TARN_TEST(row_concurrency__of_twenty_in_one_file), TARN_TEST(row_concurrency__rows_that_came_back))
