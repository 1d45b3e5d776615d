/* SPDX-License-Identifier: Apache-2.0
 * Scans that are planned in one place and read in another: tasks as bytes, read by another process, rows equal to those of the scan itself.
 */
#include "tarn/scan_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "format/base/hash.h"
#include "tests/support/canonical.h"
#include "tests/support/table_rows.h"

static struct tarn_error err = TARN_ERROR_INIT;

static const char *const formats[] = {"delta", "iceberg"};

/* A table of four files, or of as many as there are partitions in each commit. */
static const char *new_table(struct tarn_env *env, const char *format, bool partitioned)
{
    static char path[512];
    static int number;
    snprintf(path, sizeof(path), "%s/p %d", tarn_test_folder(), number++);
    const struct tarn_text uri = tarn__text_of(path);
    ck_assert_ok(tarn_test_table_create_as(env, uri, format, partitioned, 0, 500, &err), &err);
    for (int64_t first = 500; first < 2000; first += 500) {
        ck_assert_ok(tarn_test_table_append(env, uri, first, 500, NULL, &err), &err);
    }
    return path;
}

static struct tarn_snapshot *load(struct tarn_env *env, const char *path)
{
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, tarn__text_of(path), NULL, &snapshot, &err), &err);
    return snapshot;
}

/* id >= 700 and part = 1 */
static struct tarn_expr *some_rows(struct tarn_env *env)
{
    static const struct tarn_type big = {.id = TARN_TYPE_I64};
    static const struct tarn_type small = {.id = TARN_TYPE_I32};
    const struct tarn_path_step steps[] = {{TARN_PATH_FIELD, TARN_TEXT("id"), -1}, {TARN_PATH_FIELD, TARN_TEXT("part"), -1}};
    const struct tarn_path paths[] = {{1, &steps[0]}, {1, &steps[1]}};
    const struct tarn_value values[] = {{.type = &big, .u.i64 = 700}, {.type = &small, .u.i64 = 1}};
    struct tarn_expr_builder *builder;
    ck_assert_ok(tarn_expr_builder_open(env, &builder, &err), &err);
    const struct tarn_expr_node *first[] = {tarn_expr_make_column(builder, &paths[0], &big, false),
                                            tarn_expr_make_literal(builder, &values[0])};
    const struct tarn_expr_node *second[] = {tarn_expr_make_column(builder, &paths[1], &small, true),
                                             tarn_expr_make_literal(builder, &values[1])};
    const struct tarn_expr_node *both[] = {tarn_expr_make(builder, TARN_EXPR_GE, 2, first),
                                           tarn_expr_make(builder, TARN_EXPR_EQ, 2, second)};
    struct tarn_expr *expr;
    ck_assert_ok(tarn_expr_builder_finish(builder, tarn_expr_make(builder, TARN_EXPR_AND, 2, both), &expr, &err), &err);
    return expr;
}

static enum tarn_status add_rows(struct tarn_filtered_scan *scan, struct tarn_text_builder *out)
{
    for (;;) {
        struct tarn_batch *batch;
        TARN_RETURN_IF_ERROR(tarn_filtered_scan_next(scan, &batch, &err));
        if (batch == NULL) {
            return TARN_OK;
        }
        for (uint32_t row = 0; row < batch->length; row++) {
            for (uint32_t c = 0; c < batch->column_count; c++) {
                struct tarn_json_printer json;
                tarn__json_printer_init(&json, out);
                tarn_canonical_value(&json, batch->columns[c], row);
                tarn__builder_add_char(out, c + 1 < batch->column_count ? ',' : '\n');
            }
        }
    }
}

static enum tarn_status add_task(struct tarn_env *env, struct tarn_span bytes, struct tarn_text_builder *out)
{
    struct tarn_scan_task *task;
    struct tarn_filtered_scan *scan;
    TARN_RETURN_IF_ERROR(tarn_scan_task_open(env, bytes, &task, &err));
    enum tarn_status status = tarn_scan_task_read(task, &scan, &err);
    if (status == TARN_OK) {
        status = add_rows(scan, out);
        tarn_filtered_scan_close(scan);
    }
    tarn_scan_task_close(task);
    return status;
}

/* The rows of tasks that lie in a file, each with its size before it, as another process reads them. */
static void read_elsewhere(const char *tasks, struct tarn_text_builder *out)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    fflush(NULL);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) { /* runs this program again: nothing of this one is left in it but the file's name and the pipe */
        char end[16];
        snprintf(end, sizeof(end), "%d", ends[1]);
        close(ends[0]);
        setenv("TARN_TEST_TASKS", tasks, 1);
        setenv("TARN_TEST_PIPE", end, 1);
        execl("/proc/self/exe", "test_scan_plan", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    char buffer[4096];
    for (ssize_t got = read(ends[0], buffer, sizeof(buffer)); got > 0; got = read(ends[0], buffer, sizeof(buffer))) {
        tarn__builder_add_bytes(out, buffer, (size_t)got);
    }
    close(ends[0]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the other process ended with %d", status);
}

/* What that process does. */
static int read_tasks(const char *tasks, int to)
{
    FILE *file = fopen(tasks, "rb");
    struct tarn_env *env = NULL;
    uint64_t size;
    int code = file != NULL && tarn_env_open(NULL, &env, &err) == TARN_OK ? 0 : 1;
    while (code == 0 && fread(&size, sizeof(size), 1, file) == 1) {
        uint8_t *bytes = malloc(size);
        struct tarn_text_builder out;
        tarn__builder_init(&out, env);
        code = bytes != NULL && fread(bytes, 1, size, file) == size && add_task(env, (struct tarn_span){bytes, size}, &out) == TARN_OK &&
                       (out.size == 0 || write(to, out.data, out.size) == (ssize_t)out.size)
                   ? 0
                   : 1;
        tarn__builder_free(&out);
        free(bytes);
    }
    if (code != 0) {
        fprintf(stderr, "%s\n", err.message);
    }
    if (file != NULL) {
        fclose(file);
    }
    tarn_env_close(env);
    return code;
}

static void put_task(FILE *file, struct tarn_span bytes)
{
    const uint64_t size = bytes.size;
    ck_assert_uint_eq(fwrite(&size, sizeof(size), 1, file), 1);
    ck_assert_uint_eq(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
}

/* The scan itself. */
static void add_scan(struct tarn_snapshot *snapshot, const struct tarn_scan_plan_options *options, struct tarn_text_builder *out)
{
    struct tarn_source *source;
    struct tarn_filtered_scan *scan;
    struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
    request.path_count = options->path_count;
    request.paths = options->paths;
    request.predicate = options->predicate;
    ck_assert_ok(tarn_snapshot_source(snapshot, &source, &err), &err);
    ck_assert_ok(tarn_filtered_scan_open(source, &request, &scan, &err), &err);
    ck_assert_ok(add_rows(scan, out), &err);
    tarn_filtered_scan_close(scan);
    tarn_source_close(source);
}

static const struct tarn_path_step name_step[] = {{TARN_PATH_FIELD, {"name", 4}, -1}};
static const struct tarn_path_step file_step[] = {{TARN_PATH_FIELD, {"_metadata", 9}, -1}, {TARN_PATH_FIELD, {"file_name", 9}, -1}};
static const struct tarn_path two_paths[] = {{1, name_step}, {2, file_step}};

START_TEST(scan_plan__is_read_by_another_process) /* T-PLAN-1 */
{
    struct tarn_env *env = tarn_test_env();
    const char *path = new_table(env, formats[_i % 2], _i / 2 % 2 != 0);
    struct tarn_snapshot *snapshot = load(env, path);
    struct tarn_expr *expr = some_rows(env);
    struct tarn_scan_plan_options options = TARN_SCAN_PLAN_OPTIONS_INIT;
    options.predicate = _i / 4 != 0 ? expr : NULL;
    options.path_count = _i / 4 != 0 ? 2 : 0;
    options.paths = two_paths;
    struct tarn_scan_plan *plan;
    ck_assert_ok(tarn_scan_plan_make(snapshot, &options, &plan, &err), &err);
    struct tarn_scan_plan_info info = {.size = sizeof(info)};
    tarn_scan_plan_info(plan, &info);
    ck_assert_uint_eq(info.task_count, info.files - info.files_pruned_partition - info.files_pruned_statistics);

    char tasks[600];
    snprintf(tasks, sizeof(tasks), "%s/tasks", tarn_test_folder());
    FILE *file = fopen(tasks, "wb");
    for (uint32_t i = 0; i < info.task_count; i++) {
        struct tarn_span bytes;
        ck_assert_ok(tarn_scan_task_to_bytes(plan, i, &bytes, &err), &err);
        put_task(file, bytes);
        tarn_scan_task_bytes_free(env, bytes);
    }
    fclose(file);
    struct tarn_text_builder expected;
    struct tarn_text_builder got;
    tarn__builder_init(&expected, env);
    tarn__builder_init(&got, env);
    add_scan(snapshot, &options, &expected);
    read_elsewhere(tasks, &got);
    ck_assert_uint_gt(expected.size, 1000);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&expected), tarn__builder_text(&got)), "expected\n%.200s\ngot\n%.200s", expected.data,
                  got.size != 0 ? got.data : "");
    tarn__builder_free(&expected);
    tarn__builder_free(&got);
    tarn_scan_plan_close(plan);
    tarn_expr_release(expr);
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(scan_plan__says_why_files_are_left_out) /* T-PLAN-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_snapshot *snapshot = load(env, new_table(env, formats[_i], true));
    struct tarn_expr *expr = some_rows(env);
    struct tarn_scan_plan_options options = TARN_SCAN_PLAN_OPTIONS_INIT;
    options.predicate = expr;
    struct tarn_scan_plan *plan;
    ck_assert_ok(tarn_scan_plan_make(snapshot, &options, &plan, &err), &err);
    struct tarn_scan_plan_info info = {.size = sizeof(info)};
    tarn_scan_plan_info(plan, &info);
    ck_assert_uint_eq(info.files, 16); /* four partitions in four commits */
    ck_assert_uint_eq(info.files_pruned_partition, 12);
    ck_assert_uint_eq(info.files_pruned_statistics, 1); /* that of part 1 with the ids below 500 */
    ck_assert_uint_eq(info.task_count, 3);
    unsigned counts[3] = {0};
    char words[300];
    for (uint32_t i = 0; tarn_scan_plan_explain(plan, i, words, sizeof(words)) != 0; i++) {
        counts[0] += strstr(words, ": read") != NULL;
        counts[1] += strstr(words, "partition values") != NULL;
        counts[2] += strstr(words, "statistics") != NULL;
    }
    ck_assert_uint_eq(counts[0], 3);
    ck_assert_uint_eq(counts[1], 12);
    ck_assert_uint_eq(counts[2], 1);
    tarn_scan_plan_close(plan);

    /* The scan of the same predicate tells the same. */
    struct tarn_source *source;
    struct tarn_scan *scan;
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    request.path_count = 1;
    request.paths = two_paths;
    request.predicate = expr;
    ck_assert_ok(tarn_snapshot_source(snapshot, &source, &err), &err);
    ck_assert_ok(tarn_source_scan(source, &request, &scan, &err), &err);
    struct tarn_scan_stats stats;
    tarn_scan_stats(scan, &stats);
    ck_assert_uint_eq(stats.files, 3);
    ck_assert_uint_eq(stats.files_pruned, 13);
    ck_assert_uint_eq(stats.files_pruned_partition, 12);
    ck_assert_uint_eq(stats.files_pruned_statistics, 1);
    uint32_t parts = 0;
    while (tarn_scan_explain(scan, parts, words, sizeof(words)) != 0) {
        parts++;
    }
    ck_assert_uint_eq(parts, 16);
    tarn_scan_close(scan);
    tarn_source_close(source);
    tarn_expr_release(expr);
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(scan_plan__nothing_is_left_out_unless_that_is_wanted) /* T-PLAN-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_snapshot *snapshot = load(env, new_table(env, "delta", true));
    struct tarn_expr *expr = some_rows(env);
    struct tarn_scan_plan_options options = TARN_SCAN_PLAN_OPTIONS_INIT;
    options.predicate = expr;
    options.no_prune = true;
    struct tarn_scan_plan *plan;
    struct tarn_scan_plan_info info = {.size = sizeof(info)};
    ck_assert_ok(tarn_scan_plan_make(snapshot, &options, &plan, &err), &err);
    tarn_scan_plan_info(plan, &info);
    ck_assert_uint_eq(info.task_count, 16);
    struct tarn_scan_task_info task;
    struct tarn_span bytes;
    ck_assert_ok(tarn_scan_plan_task(plan, 0, &task, &err), &err);
    ck_assert_uint_eq(task.row_end, UINT64_MAX);
    ck_assert_uint_gt(task.file_size, 100);
    ck_assert_status(tarn_scan_plan_task(plan, 16, &task, &err), TARN_INVALID);
    ck_assert_status(tarn_scan_task_to_bytes(plan, 16, &bytes, &err), TARN_INVALID);
    tarn_scan_plan_close(plan);
    static const struct tarn_path_step none[] = {{TARN_PATH_FIELD, {"nope", 4}, -1}};
    static const struct tarn_path wrong = {1, none};
    options.path_count = 1;
    options.paths = &wrong;
    ck_assert_status(tarn_scan_plan_make(snapshot, &options, &plan, &err), TARN_NOT_FOUND);
    tarn_expr_release(expr);
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

/* ---- damage ---- */

static struct tarn_span some_task(struct tarn_env *env, const char *path)
{
    struct tarn_snapshot *snapshot = load(env, path);
    struct tarn_expr *expr = some_rows(env);
    struct tarn_scan_plan_options options = TARN_SCAN_PLAN_OPTIONS_INIT;
    options.predicate = expr;
    struct tarn_scan_plan *plan;
    struct tarn_span bytes;
    ck_assert_ok(tarn_scan_plan_make(snapshot, &options, &plan, &err), &err);
    ck_assert_ok(tarn_scan_task_to_bytes(plan, 0, &bytes, &err), &err);
    tarn_scan_plan_close(plan);
    tarn_expr_release(expr);
    tarn_snapshot_close(snapshot);
    return bytes;
}

START_TEST(scan_plan__damaged_bytes_are_told) /* T-PLAN-3 */
{
    struct tarn_env *env = tarn_test_env();
    const char *path = new_table(env, formats[_i], true);
    const struct tarn_span whole = some_task(env, path);
    uint8_t *bytes = malloc(whole.size);
    struct tarn_scan_task *task;
    for (size_t size = 0; size < whole.size; size++) {
        ck_assert_status(tarn_scan_task_open(env, (struct tarn_span){whole.data, size}, &task, &err), TARN_CORRUPT);
        ck_assert_str_eq(err.detail, "scan_task");
    }
    for (size_t at = 0; at < whole.size; at++) {
        memcpy(bytes, whole.data, whole.size);
        bytes[at] ^= 0x41;
        ck_assert_int_ne(tarn_scan_task_open(env, (struct tarn_span){bytes, whole.size}, &task, &err), TARN_OK);
        ck_assert_ptr_null(task);
    }
    bytes[8] = 2; /* the version */
    memcpy(bytes, whole.data, 8);
    ck_assert_status(tarn_scan_task_open(env, (struct tarn_span){bytes, whole.size}, &task, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "scan.task_version");
    free(bytes);
    tarn_scan_task_bytes_free(env, whole);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(scan_plan__no_bytes_do_harm) /* T-PLAN-3 */
{
    struct tarn_env *env = tarn_test_env();
    const char *path = new_table(env, formats[_i], true);
    const struct tarn_span whole = some_task(env, path);
    uint8_t *bytes = malloc(whole.size);
    unsigned opened = 0;
    for (size_t at = 9; at + 8 < whole.size; at++) { /* every byte in turn, under a checksum that is right */
        for (unsigned change = 1; change < 256; change = change * 3 + 1) {
            memcpy(bytes, whole.data, whole.size);
            bytes[at] = (uint8_t)(bytes[at] + change);
            tarn__store64(bytes + whole.size - 8, tarn__xxh64(bytes, whole.size - 8, 0));
            struct tarn_text_builder out;
            tarn__builder_init(&out, env);
            opened += add_task(env, (struct tarn_span){bytes, whole.size}, &out) == TARN_OK;
            tarn__builder_free(&out);
        }
    }
    ck_assert_uint_gt(opened, 100);
    free(bytes);
    tarn_scan_task_bytes_free(env, whole);
    tarn_test_env_close(env);
}
END_TEST

int main(void)
{
    const char *tasks = getenv("TARN_TEST_TASKS");
    if (tasks != NULL) {
        return read_tasks(tasks, atoi(getenv("TARN_TEST_PIPE")));
    }
    const struct tarn_suite_case cases[] = {
        TARN_LOOP_TIMES(scan_plan__is_read_by_another_process, 8),
        TARN_LOOP_TEST(scan_plan__says_why_files_are_left_out, formats),
        TARN_TEST(scan_plan__nothing_is_left_out_unless_that_is_wanted),
        TARN_LOOP_TEST(scan_plan__damaged_bytes_are_told, formats),
        TARN_LOOP_TEST(scan_plan__no_bytes_do_harm, formats),
    };
    return tarn_suite_run("txlog/scan_plan", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
