/* SPDX-License-Identifier: Apache-2.0
 * Optimize: small files become large ones, rows stay what they are, others go on working meanwhile.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "format/base/text.h"
#include "tarn/arrow.h"
#include "tarn/maintain.h"
#include "tests/support/fault.h"
#include "tests/support/table_rows.h"

static struct tarn_error err = TARN_ERROR_INIT;
static const struct tarn_text uri = {"memory:t", 8};
static const char *const formats[] = {"delta", "iceberg"};
enum { FORMATS = 2, APPENDS = 12, EACH = 10 };

/* A table made by many small commits. */
static void make_small_files(struct tarn_env *env, const char *format, bool partitioned)
{
    ck_assert_ok(tarn_test_table_create_as(env, uri, format, partitioned, 0, EACH, &err), &err);
    for (int64_t i = 1; i < APPENDS; i++) {
        ck_assert_ok(tarn_test_table_append(env, uri, i * EACH, EACH, NULL, &err), &err);
    }
}

static struct tarn_snapshot_info info_of(struct tarn_env *env, struct tarn_snapshot **out)
{
    ck_assert_ok(tarn_snapshot_load(env, uri, NULL, out, &err), &err);
    return tarn_snapshot_info(*out);
}

static uint64_t file_count(struct tarn_env *env)
{
    struct tarn_snapshot *snapshot;
    const uint64_t count = info_of(env, &snapshot).file_count;
    tarn_snapshot_close(snapshot);
    return count;
}

struct optimized {
    struct tarn_fault *fault;
    struct tarn_env *env;
};

/* No two looks at the clock give the same millisecond: files tell when they came no finer. */
static int64_t rising(void *ctx)
{
    static int64_t now = INT64_C(1700000000) * 1000000;
    (void)ctx;
    return now += 2000;
}

static struct optimized begin(const char *format, bool partitioned)
{
    struct optimized made;
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    options.now = rising;
    made.fault = tarn_fault_open();
    made.env = tarn_fault_env(made.fault, &options);
    make_small_files(made.env, format, partitioned);
    return made;
}

static void end(struct optimized made)
{
    tarn_env_close(made.env);
    tarn_fault_close(made.fault);
}

START_TEST(optimize__packs_small_files_and_keeps_rows) /* T-MAINTAIN-PACK-1 */
{
    const bool partitioned = _i / FORMATS != 0;
    struct optimized t = begin(formats[_i % FORMATS], partitioned);
    char *before = tarn_test_table_rows(t.env, uri, -1);
    const uint64_t files = file_count(t.env);
    struct tarn_optimize_result result = TARN_OPTIMIZE_RESULT_INIT;
    struct tarn_optimize_options options = TARN_OPTIMIZE_OPTIONS_INIT;
    options.dry_run = true;
    ck_assert_ok(tarn_table_optimize(t.env, uri, &options, &result, &err), &err);
    ck_assert_uint_eq(result.files_removed, files);
    ck_assert_uint_eq(result.files_added, partitioned ? 4 : 1);
    ck_assert_uint_eq(file_count(t.env), files);
    ck_assert_ok(tarn_table_optimize(t.env, uri, NULL, &result, &err), &err);
    ck_assert_uint_eq(result.files_considered, files);
    ck_assert_uint_eq(result.files_removed, files);
    ck_assert_uint_eq(result.files_added, partitioned ? 4 : 1);
    ck_assert_uint_eq(result.partitions, partitioned ? 4 : 1);
    ck_assert_uint_eq(result.rows, APPENDS * EACH);
    ck_assert_uint_eq(file_count(t.env), result.files_added);
    char *after = tarn_test_table_rows(t.env, uri, -1);
    ck_assert_str_eq(before, after);
    /* Once more: nothing to do, no version. */
    const int64_t version = result.version;
    ck_assert_ok(tarn_table_optimize(t.env, uri, NULL, &result, &err), &err);
    ck_assert_int_eq(result.version, version);
    ck_assert_uint_eq(result.files_removed, 0);
    tarn__free(t.env, before);
    tarn__free(t.env, after);
    end(t);
}
END_TEST

static enum tarn_status check_order(void *arg, const struct tarn_file_info *file, struct tarn_error *error)
{
    (void)error;
    ++*(int *)arg;
    ck_assert(file->has_row_count);
    return TARN_OK;
}

/* Rows of a packed file come in the order in which they were appended. */
START_TEST(optimize__packing_keeps_the_order_of_rows) /* T-MAINTAIN-PACK-2 */
{
    struct optimized t = begin("delta", false);
    ck_assert_ok(tarn_table_optimize(t.env, uri, NULL, NULL, &err), &err);
    struct tarn_snapshot *snapshot;
    struct tarn_source *source;
    struct tarn_batches *batches;
    struct tarn_batch *batch;
    int files = 0;
    (void)info_of(t.env, &snapshot);
    ck_assert_ok(tarn_snapshot_files(snapshot, check_order, &files, &err), &err);
    ck_assert_int_eq(files, 1);
    ck_assert_ok(tarn_snapshot_source(snapshot, &source, &err), &err);
    ck_assert_ok(tarn_source_batches(source, NULL, &batches, &err), &err);
    int64_t next = 0;
    while (batches->next(batches, &batch, &err) == TARN_OK && batch != NULL) {
        for (uint32_t i = 0; i < batch->length; i++) {
            char text[32];
            char number[32];
            snprintf(number, sizeof(number), "%lld", (long long)next++);
            tarn_vector_format(t.env, batch->columns[0], i, text, sizeof(text));
            ck_assert_str_eq(text, number);
        }
    }
    ck_assert_int_eq(next, APPENDS * EACH);
    batches->close(batches);
    tarn_source_close(source);
    tarn_snapshot_close(snapshot);
    end(t);
}
END_TEST

START_TEST(optimize__target_size_and_where_bound_the_work) /* T-MAINTAIN-PACK-1 */
{
    struct optimized t = begin("delta", false);
    struct tarn_snapshot *snapshot;
    const struct tarn_snapshot_info info = info_of(t.env, &snapshot);
    const uint64_t one = info.total_bytes / info.file_count;
    tarn_snapshot_close(snapshot);
    struct tarn_optimize_result result = TARN_OPTIMIZE_RESULT_INIT;
    struct tarn_optimize_options options = TARN_OPTIMIZE_OPTIONS_INIT;
    struct tarn_expr *where = tarn_test_id_equals(t.env, 15); /* only the second file can have it */
    options.where = where;
    ck_assert_ok(tarn_table_optimize(t.env, uri, &options, &result, &err), &err);
    ck_assert_uint_eq(result.files_considered, 1);
    ck_assert_uint_eq(result.files_removed, 0);
    tarn_expr_release(where);
    options.where = NULL;
    options.target_size = one * 4 + one / 2; /* four files each */
    ck_assert_ok(tarn_table_optimize(t.env, uri, &options, &result, &err), &err);
    ck_assert_uint_eq(result.files_removed, APPENDS);
    ck_assert_uint_eq(result.files_added, APPENDS / 4);
    options.target_size = 10;
    ck_assert_status(tarn_table_optimize(t.env, uri, &options, &result, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "target_size");
    end(t);
}
END_TEST

static const struct {
    const char *columns[2];
    uint32_t count;
    enum tarn_layout layout;
    bool partitioned;
    bool purge;
    enum tarn_status status;
    const char *detail;
} wrong[] = {
    {{"id"}, 1, TARN_LAYOUT_PACK, false, false, TARN_INVALID, "layout"},
    {{NULL}, 0, TARN_LAYOUT_ZORDER, false, false, TARN_INVALID, "layout"},
    {{"none"}, 1, TARN_LAYOUT_ZORDER, false, false, TARN_NOT_FOUND, "column"},
    {{"part"}, 1, TARN_LAYOUT_HILBERT, true, false, TARN_INVALID, "layout"},
    {{"id"}, 1, TARN_LAYOUT_HILBERT, false, true, TARN_INVALID, "layout"},
};

START_TEST(optimize__layouts_that_make_no_sense_are_refused) /* T-MAINTAIN-CLUSTER-3 */
{
    struct optimized t = begin("delta", wrong[_i].partitioned);
    struct tarn_text columns[2];
    for (uint32_t i = 0; i < wrong[_i].count; i++) {
        columns[i] = tarn__text_of(wrong[_i].columns[i]);
    }
    struct tarn_optimize_options options = TARN_OPTIMIZE_OPTIONS_INIT;
    options.layout = wrong[_i].layout;
    options.column_count = wrong[_i].count;
    options.columns = columns;
    options.purge = wrong[_i].purge;
    const enum tarn_status status = tarn_table_optimize(t.env, uri, &options, NULL, &err);
    ck_assert_msg(status == wrong[_i].status, "%s: %s", tarn_status_name(status), err.message);
    ck_assert_msg(wrong[_i].status == TARN_NOT_FOUND || strcmp(err.detail, wrong[_i].detail) == 0, "%s", err.detail);
    ck_assert_uint_ge(file_count(t.env), APPENDS);
    end(t);
}
END_TEST

struct spread {
    uint64_t files;
    uint64_t hits; /* files that can hold the id */
};

static enum tarn_status count_hit(void *arg, const struct tarn_file_info *file, struct tarn_error *error)
{
    (void)file;
    (void)error;
    ((struct spread *)arg)->hits++;
    return TARN_OK;
}

/* Many files, each with ids from everywhere; clustered by id few of them can hold one. */
START_TEST(optimize__clustering_lets_readers_skip) /* T-MAINTAIN-CLUSTER-3 */
{
    static const struct tarn_text by[] = {{"id", 2}, {"name", 4}};
    struct optimized t = begin("delta", false);
    char *before = tarn_test_table_rows(t.env, uri, -1);
    struct tarn_snapshot *snapshot;
    const struct tarn_snapshot_info info = info_of(t.env, &snapshot);
    struct tarn_optimize_options options = TARN_OPTIMIZE_OPTIONS_INIT;
    struct tarn_optimize_result result = TARN_OPTIMIZE_RESULT_INIT;
    struct tarn_store *spill;
    ck_assert_ok(tarn_store_open_memory(t.env, 0, &spill, &err), &err);
    options.layout = _i == 0 ? TARN_LAYOUT_ZORDER : TARN_LAYOUT_HILBERT;
    options.columns = by;
    options.column_count = _i == 2 ? 2 : 1;
    options.target_size = info.total_bytes / 6;
    options.memory = _i == 1 ? 1 : 1 << 20;
    options.spill = spill;
    tarn_snapshot_close(snapshot);
    ck_assert_ok(tarn_table_optimize(t.env, uri, &options, &result, &err), &err);
    ck_assert_uint_eq(result.files_removed, APPENDS);
    ck_assert_uint_eq(result.files_added, 6);
    char *after = tarn_test_table_rows(t.env, uri, -1);
    ck_assert_str_eq(before, after);
    struct tarn_expr *where = tarn_test_id_equals(t.env, 77);
    struct spread spread = {0};
    (void)info_of(t.env, &snapshot);
    ck_assert_ok(tarn_snapshot_plan_files(snapshot, where, count_hit, &spread, &err), &err);
    ck_assert_uint_le(spread.hits, options.column_count == 1 ? 2 : 4);
    tarn_snapshot_close(snapshot);
    tarn_expr_release(where);
    /* What is clustered stays, unless all is asked for; so do files that came since and are the only ones. */
    options.target_size = 2048;
    ck_assert_ok(tarn_table_optimize(t.env, uri, &options, &result, &err), &err);
    ck_assert_uint_eq(result.files_removed, 0);
    options.full = true;
    ck_assert_ok(tarn_table_optimize(t.env, uri, &options, &result, &err), &err);
    ck_assert_uint_eq(result.files_removed, 6);
    tarn_store_close(spill);
    tarn__free(t.env, before);
    tarn__free(t.env, after);
    end(t);
}
END_TEST

/* ---- while others write ---- */

/* Called by the library between batches: does something else once, in the midst. */
struct meanwhile {
    struct tarn_env *env;
    int64_t delete_id; /* -1: appends instead */
    bool armed;
    int done;
    int most;
};

static bool interfere(void *ctx)
{
    struct meanwhile *meanwhile = ctx;
    if (meanwhile->armed && meanwhile->done < meanwhile->most) {
        struct tarn_error local = TARN_ERROR_INIT;
        meanwhile->armed = false;
        meanwhile->done++;
        if (meanwhile->delete_id >= 0) {
            ck_assert_ok(tarn_test_table_delete(meanwhile->env, uri, meanwhile->delete_id++, &local), &local);
        } else {
            ck_assert_ok(tarn_test_table_append(meanwhile->env, uri, 1000, EACH, NULL, &local), &local);
        }
        meanwhile->armed = true;
    }
    return false;
}

static const struct {
    const char *name;
    int64_t delete_id;
    int most;
    enum tarn_status status;
    uint32_t attempts;
    uint64_t files;
    int64_t rows;
} races[] = {
    {"an append is no conflict", -1, 1, TARN_OK, 1, 2, (APPENDS + 1) * EACH},
    {"a delete starts it over", 5, 1, TARN_OK, 2, 1, APPENDS *EACH - 1},
    {"a delete each time is a conflict", 5, 9, TARN_CONFLICT, 4, APPENDS, APPENDS *EACH - 4},
};

START_TEST(optimize__others_write_meanwhile) /* T-MAINTAIN-CONFLICT-1 */
{
    const int row = _i / FORMATS;
    struct tarn_fault *fault = tarn_fault_open();
    struct meanwhile meanwhile = {.delete_id = races[row].delete_id, .most = races[row].most};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    options.is_cancelled = interfere;
    options.cancel_ctx = &meanwhile;
    struct tarn_env *env = tarn_fault_env(fault, &options);
    meanwhile.env = env;
    make_small_files(env, formats[_i % FORMATS], false);
    struct tarn_snapshot *old;
    (void)info_of(env, &old);
    struct tarn_optimize_result result = TARN_OPTIMIZE_RESULT_INIT;
    meanwhile.armed = true;
    if (races[row].most > 1) {
        /* One more before each attempt's commit, however often it looks. */
        meanwhile.most = 4;
    }
    const enum tarn_status status = tarn_table_optimize(env, uri, NULL, &result, &err);
    meanwhile.armed = false;
    ck_assert_msg(races[row].most > 1 || status == races[row].status, "%s: %s: %s", races[row].name, tarn_status_name(status), err.message);
    uint64_t rows;
    int64_t sum;
    ck_assert_ok(tarn_test_table_sum(env, uri, -1, &rows, &sum, &err), &err);
    ck_assert_int_eq((int64_t)rows, races[row].rows);
    if (races[row].most == 1) {
        ck_assert_uint_eq(result.attempts, races[row].attempts);
        ck_assert_uint_eq(file_count(env), races[row].files);
    }
    /* Who had the table open before goes on reading what it was. */
    struct tarn_source *source;
    ck_assert_ok(tarn_snapshot_source(old, &source, &err), &err);
    uint64_t known;
    ck_assert(tarn_source_row_count(source, &known) && known == APPENDS * EACH);
    tarn_source_close(source);
    tarn_snapshot_close(old);
    tarn_env_close(env);
    tarn_fault_close(fault);
}
END_TEST

/* ---- what the log says ---- */

struct last_commit {
    int64_t version;
    char operation[32];
    char metrics[1024];
    char parameters[512];
    bool blind;
};

static enum tarn_status keep_last(void *arg, const struct tarn_commit_info *commit, struct tarn_error *error)
{
    struct last_commit *last = arg;
    (void)error;
    last->version = commit->version;
    snprintf(last->operation, sizeof(last->operation), "%.*s", TARN_TEXT_ARG(commit->operation));
    snprintf(last->metrics, sizeof(last->metrics), "%.*s", TARN_TEXT_ARG(commit->metrics));
    snprintf(last->parameters, sizeof(last->parameters), "%.*s", TARN_TEXT_ARG(commit->parameters));
    last->blind = commit->blind_append;
    return TARN_OK;
}

static char *read_object(struct tarn_env *env, const char *key)
{
    struct tarn_store *store;
    struct tarn_object *object;
    ck_assert_ok(tarn_store_open(env, uri, false, &store, &err), &err);
    ck_assert_ok(tarn_object_open(store, tarn__text_of(key), &object, &err), &err);
    const size_t size = (size_t)tarn_object_info(object).size;
    char *text = tarn__calloc(env, size + 1, 1);
    const struct tarn_read_range range = {0, size, (uint8_t *)text};
    ck_assert_ok(tarn_object_read(object, 1, &range, &err), &err);
    tarn_object_close(object);
    tarn_store_close(store);
    return text;
}

START_TEST(optimize__the_log_says_that_no_row_changed) /* T-MAINTAIN-PACK-3 */
{
    struct optimized t = begin("delta", false);
    static const struct tarn_text by = {"id", 2};
    struct tarn_optimize_options options = TARN_OPTIMIZE_OPTIONS_INIT;
    struct tarn_optimize_result result = TARN_OPTIMIZE_RESULT_INIT;
    options.layout = TARN_LAYOUT_ZORDER;
    options.column_count = 1;
    options.columns = &by;
    ck_assert_ok(tarn_table_optimize(t.env, uri, &options, &result, &err), &err);
    struct last_commit last = {0};
    ck_assert_ok(tarn_table_history(t.env, uri, 1, keep_last, &last, &err), &err);
    ck_assert_str_eq(last.operation, "OPTIMIZE");
    ck_assert(!last.blind);
    ck_assert_ptr_nonnull(strstr(last.metrics, "\"numRemovedFiles\":\"12\""));
    ck_assert_ptr_nonnull(strstr(last.metrics, "\"numAddedFiles\":\"1\""));
    ck_assert_ptr_nonnull(strstr(last.metrics, "\"p50FileSize\":"));
    ck_assert_ptr_nonnull(strstr(last.metrics, "\"numDeletionVectorsRemoved\":\"0\""));
    ck_assert_ptr_nonnull(strstr(last.parameters, "\"zOrderBy\":\"[\\\"id\\\"]\""));
    char *text = read_object(t.env, "_delta_log/00000000000000000012.json");
    ck_assert_ptr_null(strstr(text, "\"dataChange\":true"));
    ck_assert_ptr_nonnull(strstr(text, "\"ZCUBE_ZORDER_BY\":\"[\\\"id\\\"]\""));
    ck_assert_ptr_nonnull(strstr(text, "\"ZCUBE_ZORDER_CURVE\":\"zorder\""));
    tarn__free(t.env, text);
    end(t);
}
END_TEST

TARN_SUITE("txlog/optimize", TARN_LOOP_TIMES(optimize__packs_small_files_and_keeps_rows, 2 * FORMATS),
           TARN_TEST(optimize__packing_keeps_the_order_of_rows), TARN_TEST(optimize__target_size_and_where_bound_the_work),
           TARN_LOOP_TEST(optimize__layouts_that_make_no_sense_are_refused, wrong),
           TARN_LOOP_TIMES(optimize__clustering_lets_readers_skip, 3), TARN_LOOP_TIMES(optimize__others_write_meanwhile, 3 * FORMATS),
           TARN_TEST(optimize__the_log_says_that_no_row_changed))
