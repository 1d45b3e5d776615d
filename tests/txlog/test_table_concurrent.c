/* SPDX-License-Identifier: Apache-2.0
 * Writers at once: processes that append to one table, each commit its own version, none lost, none twice; and what goes together with
 * what when two transactions start from one version.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "format/base/bytes.h"
#include "tests/support/table_rows.h"

static struct tarn_error err = TARN_ERROR_INIT;

/* Loop tests run for each of these. */
static const char *const formats[] = {"delta", "iceberg"};
enum { FORMATS = 2 };

static struct tarn_text new_table(void)
{
    static char path[512];
    static int number;
    snprintf(path, sizeof(path), "%s/t%d", tarn_test_folder(), number++);
    return tarn__text_of(path);
}

static void check_sum(struct tarn_env *env, struct tarn_text uri, uint64_t rows, int64_t sum)
{
    uint64_t found_rows;
    int64_t found_sum;
    ck_assert_ok(tarn_test_table_sum(env, uri, -1, &found_rows, &found_sum, &err), &err);
    ck_assert_uint_eq(found_rows, rows);
    ck_assert_int_eq(found_sum, sum);
}

static int64_t sum_of(int64_t first, int64_t count)
{
    return count * first + count * (count - 1) / 2;
}

/* In a child: appends `times` times ten rows. Says how by its exit code, since its own checks nobody sees. */
static void append_and_exit(struct tarn_text uri, int64_t first, int times)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    options.durability = TARN_DURABILITY_OFF;
    struct tarn_env *env;
    if (tarn_env_open(&options, &env, &err) != TARN_OK) {
        _exit(100);
    }
    for (int i = 0; i < times; i++) {
        struct tarn_commit_result result;
        const enum tarn_status status = tarn_test_table_append(env, uri, first + (int64_t)i * 10, 10, &result, &err);
        if (status != TARN_OK) {
            fprintf(stderr, "append %d: %s: %s\n", i, tarn_status_name(status), err.message);
            _exit((int)status);
        }
    }
    tarn_env_close(env);
    _exit(0);
}

static void run_appenders(struct tarn_text uri, int processes, int times)
{
    fflush(NULL);
    pid_t children[64];
    for (int p = 0; p < processes; p++) {
        children[p] = fork();
        ck_assert_int_ge(children[p], 0);
        if (children[p] == 0) {
            append_and_exit(uri, 1000000 + (int64_t)p * 100000, times);
        }
    }
    for (int p = 0; p < processes; p++) {
        int status;
        ck_assert_int_eq(waitpid(children[p], &status, 0), children[p]);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "process %d ended with %d", p, status);
    }
}

struct versions {
    bool counted; /* versions are numbers without a gap; else names that tell their parent */
    int64_t next; /* expected */
    uint64_t commits;
    char ids[512][37];
};

static enum tarn_status see_commit(void *arg, const struct tarn_commit_info *commit, struct tarn_error *error)
{
    (void)error;
    struct versions *versions = arg;
    ck_assert(versions->next == -1 || commit->version == versions->next);
    for (uint64_t i = 0; i < versions->commits; i++) {
        ck_assert_msg(memcmp(versions->ids[i], commit->commit_id.data, 36) != 0, "a commit id stands twice");
    }
    memcpy(versions->ids[versions->commits], commit->commit_id.data, 36);
    versions->next = versions->counted ? commit->version - 1 : commit->read_version;
    versions->commits++;
    return TARN_OK;
}

static void appenders_lose_nothing(const char *format, int processes, int times)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    ck_assert_ok(tarn_test_table_create_as(env, uri, format, false, 0, 1, &err), &err);
    run_appenders(uri, processes, times);
    int64_t sum = 0;
    for (int p = 0; p < processes; p++) {
        sum += sum_of(1000000 + (int64_t)p * 100000, (int64_t)times * 10);
    }
    check_sum(env, uri, (uint64_t)(1 + processes * times * 10), sum);
    static struct versions versions;
    memset(&versions, 0, sizeof(versions));
    versions.counted = strcmp(format, "delta") == 0;
    versions.next = versions.counted ? (int64_t)processes * times : -1;
    ck_assert_ok(tarn_table_history(env, uri, 0, see_commit, &versions, &err), &err);
    ck_assert_uint_eq(versions.commits, (uint64_t)(processes * times + 1));
    tarn_test_env_close(env);
}

START_TEST(table_concurrent__two_processes_both_land) /* T-DELTA-COMMIT-1 T-ICEBERG-COMMIT-1 */
{
    appenders_lose_nothing(formats[_i], 2, 10);
}
END_TEST

START_TEST(table_concurrent__four_hundred_commits_of_four_processes) /* T-DELTA-COMMIT-1 T-ICEBERG-COMMIT-1 */
{
    appenders_lose_nothing(formats[_i], 4, getenv("TARN_TEST_LONG") != NULL ? 100 : 25);
}
END_TEST

/* ---- two transactions from one version ---- */

enum move { APPEND, OVERWRITE, DELETE_5, DELETE_105, READ_5 };

static struct tarn_transaction *begin(struct tarn_snapshot *snapshot)
{
    struct tarn_transaction *transaction;
    ck_assert_ok(tarn_transaction_open(snapshot, NULL, &transaction, &err), &err);
    return transaction;
}

static void add_rows(struct tarn_transaction *transaction, int64_t first, uint32_t count)
{
    struct tarn_sink *sink;
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err);
    ck_assert_ok(tarn_test_rows_write(sink, first, count, &err), &err);
}

/* Takes the file of an id out, as a DELETE that empties it would. */
static void take_out(struct tarn_env *env, struct tarn_transaction *transaction, int64_t id)
{
    struct tarn_expr *predicate = tarn_test_id_equals(env, id);
    uint32_t count;
    ck_assert_ok(tarn_transaction_select(transaction, predicate, &count, &err), &err);
    ck_assert_uint_eq(count, 1); /* the statistics tell the files apart */
    ck_assert_ok(tarn_transaction_remove(transaction, 0, &err), &err);
    tarn_expr_release(predicate);
}

static struct tarn_transaction *prepare(struct tarn_env *env, struct tarn_snapshot *snapshot, enum move move)
{
    struct tarn_transaction *transaction = begin(snapshot);
    switch (move) {
    case APPEND:
        add_rows(transaction, 1000, 10);
        break;
    case OVERWRITE:
        ck_assert_ok(tarn_transaction_remove_all(transaction, &err), &err);
        add_rows(transaction, 2000, 10);
        break;
    case DELETE_5:
        take_out(env, transaction, 5);
        break;
    case READ_5: { /* what is written follows from what was read */
        struct tarn_expr *predicate = tarn_test_id_equals(env, 5);
        uint32_t count;
        ck_assert_ok(tarn_transaction_select(transaction, predicate, &count, &err), &err);
        tarn_expr_release(predicate);
        add_rows(transaction, 3000, 1);
        break;
    }
    default:
        take_out(env, transaction, 105);
        break;
    }
    return transaction;
}

static const struct {
    const char *name;
    enum move first;
    enum move second;
    const char *conflict[FORMATS]; /* NULL: both land */
} pairs[] = {
    {"append, append", APPEND, APPEND, {NULL, NULL}},
    /* In Delta (WriteSerializable) a blind append has read nothing and counts as behind the overwrite; Iceberg's isolation is serializable.
     */
    {"append, overwrite", APPEND, OVERWRITE, {NULL, "concurrent_append"}},
    {"append, delete", APPEND, DELETE_5, {NULL, NULL}},
    {"delete, append", DELETE_5, APPEND, {NULL, NULL}},
    {"overwrite, append", OVERWRITE, APPEND, {NULL, NULL}},
    {"delete, delete of another file", DELETE_5, DELETE_105, {NULL, NULL}},
    {"delete, delete of the same file", DELETE_5, DELETE_5, {"concurrent_delete_delete", "concurrent_delete_delete"}},
    {"delete, overwrite", DELETE_5, OVERWRITE, {"concurrent_delete_delete", "concurrent_delete_delete"}},
    {"overwrite, overwrite", OVERWRITE, OVERWRITE, {"concurrent_append", "concurrent_append"}},
    {"delete, insert from what was read", DELETE_5, READ_5, {"concurrent_delete_read", "concurrent_delete_read"}},
    {"delete of another file, insert from what was read", DELETE_105, READ_5, {NULL, NULL}},
    {"append, insert from what was read", APPEND, READ_5, {NULL, NULL}},
    {"overwrite, delete", OVERWRITE, DELETE_5, {"concurrent_delete_delete", "concurrent_delete_delete"}},
};

START_TEST(table_concurrent__judges_what_came_first) /* T-DELTA-CONFLICT-1 T-ICEBERG-CONFLICT-1 */
{
    const int row = _i / FORMATS;
    const char *wanted = pairs[row].conflict[_i % FORMATS];
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    ck_assert_ok(tarn_test_table_create_as(env, uri, formats[_i % FORMATS], false, 0, 10, &err), &err);
    ck_assert_ok(tarn_test_table_append(env, uri, 100, 10, NULL, &err), &err);
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, &snapshot, &err), &err);
    struct tarn_transaction *first = prepare(env, snapshot, pairs[row].first);
    struct tarn_transaction *second = prepare(env, snapshot, pairs[row].second);
    struct tarn_commit_result winner;
    struct tarn_commit_result result;
    ck_assert_ok(tarn_transaction_commit(first, &winner, &err), &err);
    const enum tarn_status status = tarn_transaction_commit(second, &result, &err);
    if (wanted == NULL) {
        ck_assert_msg(status == TARN_OK, "%s: %s", pairs[row].name, err.message);
        ck_assert(_i % FORMATS != 0 || result.version == 3);
        ck_assert_uint_eq(result.attempts, 2);
    } else {
        ck_assert_msg(status == TARN_CONFLICT, "%s: %s", pairs[row].name, tarn_status_name(status));
        ck_assert_str_eq(err.detail, wanted);
        ck_assert_int_eq(err.table_version, winner.version);
    }
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(table_concurrent__one_of_two_makes_the_table)
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text uri = new_table();
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    create.format = formats[_i];
    create.schema = tarn_test_rows_schema(env);
    struct tarn_transaction *first;
    struct tarn_transaction *second;
    ck_assert_ok(tarn_transaction_create(env, uri, &create, NULL, &first, &err), &err);
    ck_assert_ok(tarn_transaction_create(env, uri, &create, NULL, &second, &err), &err);
    add_rows(first, 0, 5);
    add_rows(second, 100, 5);
    ck_assert_ok(tarn_transaction_commit(first, NULL, &err), &err);
    ck_assert_status(tarn_transaction_commit(second, NULL, &err), TARN_EXISTS);
    check_sum(env, uri, 5, 10);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/table_concurrent", TARN_LOOP_TEST(table_concurrent__two_processes_both_land, formats),
           TARN_LOOP_TEST(table_concurrent__four_hundred_commits_of_four_processes, formats),
           TARN_LOOP_TIMES(table_concurrent__judges_what_came_first, FORMATS *(int)(sizeof(pairs) / sizeof(pairs[0]))),
           TARN_LOOP_TEST(table_concurrent__one_of_two_makes_the_table, formats))
