/* SPDX-License-Identifier: Apache-2.0
 * A Delta table from its making on: append, overwrite, copy-on-write removal, time travel, history, restore, verify.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "format/batch/vector.h"
#include "tests/support/table_rows.h"

static struct tarn_error err = TARN_ERROR_INIT;

static void check_sum(struct tarn_env *env, struct tarn_text uri, int64_t version, uint64_t rows, int64_t sum)
{
    uint64_t found_rows;
    int64_t found_sum;
    ck_assert_ok(tarn_test_table_sum(env, uri, version, &found_rows, &found_sum, &err), &err);
    ck_assert_uint_eq(found_rows, rows);
    ck_assert_int_eq(found_sum, sum);
}

static int64_t sum_of(int64_t first, int64_t count)
{
    return count * first + count * (count - 1) / 2;
}

/* Fresh folder for a table below the test's own. */
static struct tarn_text new_table(void)
{
    static char path[512];
    static int number;
    snprintf(path, sizeof(path), "%s/t%d", tarn_test_folder(), number++);
    return tarn__text_of(path);
}

START_TEST(delta_table__is_made_and_appended_to) /* T-DELTA-WRITE-1 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    ck_assert_ok(tarn_test_table_create(env, uri, _i != 0, 0, 100, &err), &err);
    check_sum(env, uri, -1, 100, sum_of(0, 100));
    struct tarn_commit_result result;
    ck_assert_ok(tarn_test_table_append(env, uri, 100, 50, &result, &err), &err);
    ck_assert_int_eq(result.version, 1);
    ck_assert_uint_eq(result.rows_added, 50);
    ck_assert_uint_eq(result.files_added, _i != 0 ? 4 : 1); /* parts 0, 1, 2 and null */
    check_sum(env, uri, -1, 150, sum_of(0, 150));
    check_sum(env, uri, 0, 100, sum_of(0, 100));
    ck_assert_status(tarn_test_table_create(env, uri, false, 0, 1, &err), TARN_EXISTS);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_table__is_overwritten_in_one_version)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    ck_assert_ok(tarn_test_table_create(env, uri, _i != 0, 0, 100, &err), &err);
    ck_assert_ok(tarn_test_table_overwrite(env, uri, 1000, 10, &err), &err);
    check_sum(env, uri, 1, 10, sum_of(1000, 10));
    check_sum(env, uri, 0, 100, sum_of(0, 100));
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_table__loses_a_row_by_copy_on_write)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    ck_assert_ok(tarn_test_table_create(env, uri, _i != 0, 0, 100, &err), &err);
    ck_assert_ok(tarn_test_table_append(env, uri, 100, 100, NULL, &err), &err);
    ck_assert_ok(tarn_test_table_delete(env, uri, 142, &err), &err);
    check_sum(env, uri, 2, 199, sum_of(0, 200) - 142);
    ck_assert_ok(tarn_test_table_delete(env, uri, 4711, &err), &err); /* is in no file: no version */
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    ck_assert_int_eq(tarn_snapshot_info(snapshot).version, 2);
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_table__is_restored_as_a_new_version)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    ck_assert_ok(tarn_test_table_create(env, uri, false, 0, 100, &err), &err);
    ck_assert_ok(tarn_test_table_overwrite(env, uri, 1000, 10, &err), &err);
    struct tarn_commit_result result;
    ck_assert_ok(tarn_table_restore(env, uri, 0, &result, &err), &err);
    ck_assert_int_eq(result.version, 2);
    check_sum(env, uri, 2, 100, sum_of(0, 100));
    check_sum(env, uri, 1, 10, sum_of(1000, 10));
    ck_assert_ok(tarn_table_restore(env, uri, 1, &result, &err), &err);
    check_sum(env, uri, -1, 10, sum_of(1000, 10));
    ck_assert_status(tarn_table_restore(env, uri, 9, &result, &err), TARN_NOT_FOUND);
    tarn_test_env_close(env);
}
END_TEST

struct seen {
    int count;
    char operations[256];
    int64_t versions;
};

static enum tarn_status see_commit(void *arg, const struct tarn_commit_info *commit, struct tarn_error *error)
{
    (void)error;
    struct seen *seen = arg;
    seen->count++;
    seen->versions = seen->versions * 10 + commit->version;
    strncat(seen->operations, commit->operation.data, commit->operation.size);
    strcat(seen->operations, ",");
    ck_assert_uint_eq(commit->commit_id.size, 36);
    ck_assert(tarn__text_equal(commit->engine, TARN_TEXT("tarn/" TARN_VERSION)));
    return TARN_OK;
}

START_TEST(delta_table__tells_its_history_newest_first)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    ck_assert_ok(tarn_test_table_create(env, uri, false, 0, 10, &err), &err);
    ck_assert_ok(tarn_test_table_append(env, uri, 10, 10, NULL, &err), &err);
    ck_assert_ok(tarn_test_table_delete(env, uri, 3, &err), &err);
    struct seen seen = {0};
    ck_assert_ok(tarn_table_history(env, uri, 0, see_commit, &seen, &err), &err);
    ck_assert_str_eq(seen.operations, "DELETE,WRITE,CREATE TABLE AS SELECT,");
    ck_assert_int_eq(seen.versions, 210);
    struct seen two = {0};
    ck_assert_ok(tarn_table_history(env, uri, 2, see_commit, &two, &err), &err);
    ck_assert_int_eq(two.count, 2);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_table__refuses_a_null_where_none_may_be)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    ck_assert_ok(tarn_test_table_create(env, uri, false, 0, 10, &err), &err);
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    struct tarn_transaction *transaction;
    ck_assert_ok(tarn_transaction_open(snapshot, NULL, &transaction, &err), &err);
    struct tarn_sink *sink;
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err);
    struct tarn_vector *columns[3];
    for (uint32_t c = 0; c < 3; c++) {
        columns[c] = tarn__vector_nulls(env, sink->schema->fields[c].type, 5);
    }
    const struct tarn_batch batch = {sink->schema, 5, 3, columns, tarn_selection_all(5)};
    ck_assert_status(tarn_sink_write(sink, &batch, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "not_null");
    ck_assert_str_eq(err.column, "id");
    ck_assert_int_eq(err.row, 0);
    for (uint32_t c = 0; c < 3; c++) {
        tarn_vector_release(columns[c]);
    }
    tarn_sink_abort(sink);
    tarn_transaction_abort(transaction);
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_table__commits_an_application_transaction_once)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    ck_assert_ok(tarn_test_table_create(env, uri, false, 0, 10, &err), &err);
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    options.app_id = TARN_TEXT("job");
    options.app_version = 7;
    struct tarn_transaction *first;
    struct tarn_transaction *second;
    ck_assert_ok(tarn_transaction_open(snapshot, &options, &first, &err), &err);
    ck_assert_ok(tarn_transaction_open(snapshot, &options, &second, &err), &err); /* from the same version: told at commit */
    ck_assert_ok(tarn_transaction_commit(first, NULL, &err), &err);
    ck_assert_status(tarn_transaction_commit(second, NULL, &err), TARN_EXISTS);
    ck_assert_str_eq(err.detail, "app_transaction");
    tarn_snapshot_close(snapshot);
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    ck_assert_status(tarn_transaction_open(snapshot, &options, &first, &err), TARN_EXISTS);
    options.app_version = 8;
    ck_assert_ok(tarn_transaction_open(snapshot, &options, &first, &err), &err);
    tarn_transaction_abort(first);
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_table__has_more_partitions_than_open_files)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    static const struct tarn_text by_name = {"name", 4};
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    create.schema = tarn_test_rows_schema(env);
    create.partition_column_count = 1;
    create.partition_columns = &by_name;
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;
    ck_assert_ok(tarn_transaction_create(env, uri, &create, NULL, &transaction, &err), &err);
    /* A sink that is given up when some of its files are complete already: none of them is committed. */
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err);
    ck_assert_ok(tarn_test_rows_write(sink, 0, 250, &err), &err);
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err);
    ck_assert_ok(tarn_test_rows_put(sink, 5000, 250, &err), &err);
    tarn_sink_abort(sink);
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err);
    ck_assert_ok(tarn_test_rows_write(sink, 1000, 10, &err), &err);
    struct tarn_commit_result result;
    ck_assert_ok(tarn_transaction_commit(transaction, &result, &err), &err);
    ck_assert_uint_eq(result.files_added, 260);
    check_sum(env, uri, 0, 260, sum_of(0, 250) + sum_of(1000, 10));
    tarn_test_env_close(env);
}
END_TEST

struct findings {
    int errors;
    int warnings;
    char last[64];
};

static void see_finding(void *arg, const struct tarn_finding *finding)
{
    struct findings *findings = arg;
    if (finding->kind == TARN_FINDING_ERROR) {
        findings->errors++;
        snprintf(findings->last, sizeof(findings->last), "%s", finding->error->detail);
    }
    findings->warnings += finding->kind == TARN_FINDING_WARNING;
}

static enum tarn_status first_path(void *arg, const struct tarn_file_info *file, struct tarn_error *error)
{
    (void)error;
    snprintf(arg, 512, "%.*s", (int)file->path.size, file->path.data);
    return TARN_OK;
}

START_TEST(delta_table__is_verified_and_its_damage_found)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    ck_assert_ok(tarn_test_table_create(env, uri, false, 0, 1000, &err), &err);
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    struct findings findings = {0};
    ck_assert_ok(tarn_table_verify(snapshot, see_finding, &findings, &err), &err);
    ck_assert_msg(findings.errors == 0, "%s", findings.last);
    char path[512];
    char whole[1100];
    ck_assert_ok(tarn_snapshot_files(snapshot, first_path, path, &err), &err);
    snprintf(whole, sizeof(whole), "%.*s/%s", (int)uri.size, uri.data, path);
    FILE *file = fopen(whole, "r+b");
    ck_assert_ptr_nonnull(file);
    fseek(file, 60, SEEK_SET);
    fputc(0x5a, file);
    fclose(file);
    ck_assert_ok(tarn_table_verify(snapshot, see_finding, &findings, &err), &err);
    ck_assert_int_eq(findings.errors, 1);
    ck_assert_int_eq(truncate(whole, 100), 0);
    ck_assert_ok(tarn_table_verify(snapshot, see_finding, &findings, &err), &err);
    ck_assert_int_eq(findings.errors, 2);
    ck_assert_str_eq(findings.last, "file_size");
    ck_assert_int_eq(unlink(whole), 0);
    ck_assert_ok(tarn_table_verify(snapshot, see_finding, &findings, &err), &err);
    ck_assert_int_eq(findings.errors, 3);
    ck_assert_str_eq(findings.last, "data_file");
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

static uint64_t rows_of(struct tarn_snapshot *snapshot, uint32_t count, const uint32_t *places)
{
    struct tarn_source *source;
    uint64_t rows = UINT64_MAX;
    ck_assert_ok(tarn_snapshot_files_source(snapshot, count, places, &source, &err), &err);
    ck_assert(tarn_source_row_count(source, &rows));
    tarn_source_close(source);
    return rows;
}

START_TEST(delta_table__gives_the_rows_of_some_files)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    ck_assert_ok(tarn_test_table_create(env, uri, false, 0, 100, &err), &err);
    ck_assert_ok(tarn_test_table_append(env, uri, 100, 10, NULL, &err), &err);
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    static const uint32_t places[] = {0, 1, 0, 2};
    ck_assert_uint_eq(rows_of(snapshot, 2, places), 110);
    ck_assert_uint_eq(rows_of(snapshot, 1, places) + rows_of(snapshot, 1, places + 1), 110);
    ck_assert_uint_ne(rows_of(snapshot, 1, places), rows_of(snapshot, 1, places + 1));
    ck_assert_uint_eq(rows_of(snapshot, 0, NULL), 0);
    struct tarn_source *source;
    ck_assert_status(tarn_snapshot_files_source(snapshot, 2, places + 1, &source, &err), TARN_INVALID); /* do not ascend */
    ck_assert_ptr_null(source);
    ck_assert_status(tarn_snapshot_files_source(snapshot, 2, places + 2, &source, &err), TARN_INVALID); /* are not there */
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/delta_table", TARN_LOOP_TIMES(delta_table__is_made_and_appended_to, 2),
           TARN_LOOP_TIMES(delta_table__is_overwritten_in_one_version, 2), TARN_LOOP_TIMES(delta_table__loses_a_row_by_copy_on_write, 2),
           TARN_TEST(delta_table__is_restored_as_a_new_version), TARN_TEST(delta_table__tells_its_history_newest_first),
           TARN_TEST(delta_table__refuses_a_null_where_none_may_be), TARN_TEST(delta_table__commits_an_application_transaction_once),
           TARN_TEST(delta_table__has_more_partitions_than_open_files), TARN_TEST(delta_table__is_verified_and_its_damage_found),
           TARN_TEST(delta_table__gives_the_rows_of_some_files))
