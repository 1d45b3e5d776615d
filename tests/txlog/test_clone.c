/* SPDX-License-Identifier: Apache-2.0
 * Clones: equal to their source, made again at the cost of what changed, never over what is not theirs.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "tarn/maintain.h"
#include "tests/support/fault.h"
#include "tests/support/table_rows.h"

static struct tarn_error err = TARN_ERROR_INIT;
static const struct tarn_text source = {"memory:s", 8};
static const struct tarn_text copy = {"memory:c", 8};
enum { EACH = 10 };

struct made {
    struct tarn_fault *fault;
    struct tarn_env *env;
};

static struct made begin(bool partitioned)
{
    struct made made = {.fault = tarn_fault_open()};
    made.env = tarn_fault_env(made.fault, NULL);
    ck_assert_ok(tarn_test_table_create_as(made.env, source, "delta", partitioned, 0, EACH, &err), &err);
    ck_assert_ok(tarn_test_table_append(made.env, source, EACH, EACH, NULL, &err), &err);
    return made;
}

static void end(struct made made)
{
    tarn_env_close(made.env);
    tarn_fault_close(made.fault);
}

static void check_equal(struct tarn_env *env, int64_t version)
{
    char *wanted = tarn_test_table_rows(env, source, version);
    char *found = tarn_test_table_rows(env, copy, -1);
    ck_assert_str_eq(wanted, found);
    tarn__free(env, wanted);
    tarn__free(env, found);
}

START_TEST(clone__deep_is_equal_and_its_own) /* T-MAINTAIN-CLONE-1 */
{
    struct made t = begin(_i == 1);
    struct tarn_clone_result result = TARN_CLONE_RESULT_INIT;
    ck_assert_ok(tarn_table_clone(t.env, source, copy, NULL, &result, &err), &err);
    ck_assert_int_eq(result.version, 0);
    ck_assert_int_eq(result.source_version, 1);
    ck_assert_uint_eq(result.files_added, _i == 1 ? 8 : 2);
    ck_assert_uint_eq(result.files_copied, result.files_added);
    ck_assert_uint_eq(result.bytes_copied, result.bytes_added);
    check_equal(t.env, -1);
    struct tarn_snapshot *a;
    struct tarn_snapshot *b;
    ck_assert_ok(tarn_snapshot_load(t.env, source, NULL, &a, &err), &err);
    ck_assert_ok(tarn_snapshot_load(t.env, copy, NULL, &b, &err), &err);
    ck_assert(!tarn__text_equal(tarn_snapshot_info(a).table_id, tarn_snapshot_info(b).table_id));
    ck_assert_uint_eq(tarn_snapshot_info(a).total_bytes, tarn_snapshot_info(b).total_bytes);
    tarn_snapshot_close(a);
    tarn_snapshot_close(b);
    /* Written to by itself, the source stays. */
    ck_assert_ok(tarn_test_table_append(t.env, copy, 500, EACH, NULL, &err), &err);
    uint64_t rows;
    int64_t sum;
    ck_assert_ok(tarn_test_table_sum(t.env, source, -1, &rows, &sum, &err), &err);
    ck_assert_uint_eq(rows, 2 * EACH);
    end(t);
}
END_TEST

START_TEST(clone__again_copies_what_changed) /* T-MAINTAIN-CLONE-2 */
{
    struct made t = begin(false);
    struct tarn_clone_result result = TARN_CLONE_RESULT_INIT;
    struct tarn_clone_options options = TARN_CLONE_OPTIONS_INIT;
    options.version = 0;
    ck_assert_ok(tarn_table_clone(t.env, source, copy, &options, &result, &err), &err);
    ck_assert_uint_eq(result.files_copied, 1);
    check_equal(t.env, 0);
    options.version = -1;
    options.dry_run = true;
    ck_assert_ok(tarn_table_clone(t.env, source, copy, &options, &result, &err), &err);
    ck_assert_uint_eq(result.files_added, 1);
    ck_assert_uint_eq(result.files_copied, 0);
    ck_assert_int_eq(result.version, 0);
    check_equal(t.env, 0);
    options.dry_run = false;
    ck_assert_ok(tarn_table_clone(t.env, source, copy, &options, &result, &err), &err);
    ck_assert_uint_eq(result.files_copied, 1);
    ck_assert_uint_eq(result.files_kept, 1);
    ck_assert_int_eq(result.version, 1);
    check_equal(t.env, -1);
    ck_assert_ok(tarn_test_table_delete(t.env, source, 3, &err), &err);
    ck_assert_ok(tarn_table_clone(t.env, source, copy, NULL, &result, &err), &err);
    ck_assert_uint_eq(result.files_removed, 1);
    ck_assert_uint_eq(result.files_copied, 1);
    check_equal(t.env, -1);
    ck_assert_ok(tarn_table_clone(t.env, source, copy, NULL, &result, &err), &err);
    ck_assert_int_eq(result.version, 2); /* nothing changed: no version */
    ck_assert_uint_eq(result.files_added + result.files_removed + result.files_copied, 0);
    end(t);
}
END_TEST

START_TEST(clone__does_not_write_over_what_is_not_its_own) /* T-MAINTAIN-CLONE-3 */
{
    struct made t = begin(false);
    struct tarn_clone_options options = TARN_CLONE_OPTIONS_INIT;
    ck_assert_ok(tarn_test_table_create_as(t.env, copy, "delta", false, 0, 1, &err), &err);
    ck_assert_status(tarn_table_clone(t.env, source, copy, NULL, NULL, &err), TARN_EXISTS);
    const struct tarn_text other = TARN_TEXT("memory:o");
    ck_assert_ok(tarn_table_clone(t.env, source, other, NULL, NULL, &err), &err);
    ck_assert_ok(tarn_test_table_append(t.env, other, 500, EACH, NULL, &err), &err);
    ck_assert_status(tarn_table_clone(t.env, source, other, NULL, NULL, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "diverged");
    options.force = true;
    ck_assert_ok(tarn_table_clone(t.env, source, other, &options, NULL, &err), &err);
    uint64_t rows;
    int64_t sum;
    ck_assert_ok(tarn_test_table_sum(t.env, other, -1, &rows, &sum, &err), &err);
    ck_assert_uint_eq(rows, 2 * EACH);
    end(t);
}
END_TEST

/* A clone that failed half way is finished by the next: what was copied is not copied again. */
START_TEST(clone__what_was_copied_is_used) /* T-MAINTAIN-CLONE-2 */
{
    struct made t = begin(true);
    const struct tarn_fault_rule rule = {true, 4, true, TARN_IO, TARN_FAULT_LOST, TARN_FAULT_OP_COMMIT, false};
    struct tarn_clone_result result = TARN_CLONE_RESULT_INIT;
    tarn_fault_arm(t.fault, &rule);
    ck_assert_status(tarn_table_clone(t.env, source, copy, NULL, &result, &err), TARN_IO);
    tarn_fault_suspend(t.fault);
    const char *format;
    ck_assert_ok(tarn_table_detect(t.env, copy, &format, &err), &err);
    ck_assert_ptr_null(format);
    ck_assert_ok(tarn_table_clone(t.env, source, copy, NULL, &result, &err), &err);
    ck_assert_uint_eq(result.files_added, 8);
    ck_assert_uint_eq(result.files_copied, 5);
    check_equal(t.env, -1);
    end(t);
}
END_TEST

START_TEST(clone__missing_files_and_other_formats_are_refused) /* T-MAINTAIN-CLONE-3 */
{
    struct made t = begin(false);
    const struct tarn_text ice = TARN_TEXT("memory:i");
    struct tarn_clone_options options = TARN_CLONE_OPTIONS_INIT;
    ck_assert_ok(tarn_test_table_create_as(t.env, ice, "iceberg", false, 0, EACH, &err), &err);
    ck_assert_status(tarn_table_clone(t.env, ice, copy, NULL, NULL, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "table.clone");
    options.version = 9;
    ck_assert_status(tarn_table_clone(t.env, source, copy, &options, NULL, &err), TARN_NOT_FOUND);
    end(t);
}
END_TEST

/* The log of a shallow clone names the source's files by where they are. */
START_TEST(clone__shallow_names_the_files_of_its_source) /* T-MAINTAIN-CLONE-4 */
{
    struct tarn_env *env = tarn_test_env();
    char from[512];
    char to[512];
    char log[600];
    char text[8192] = "";
    snprintf(from, sizeof(from), "%s/source table", tarn_test_folder());
    snprintf(to, sizeof(to), "%s/clone", tarn_test_folder());
    ck_assert_ok(tarn_test_table_create(env, tarn__text_of(from), true, 0, EACH, &err), &err);
    struct tarn_clone_options options = TARN_CLONE_OPTIONS_INIT;
    struct tarn_clone_result result = TARN_CLONE_RESULT_INIT;
    options.shallow = true;
    ck_assert_ok(tarn_table_clone(env, tarn__text_of(from), tarn__text_of(to), &options, &result, &err), &err);
    ck_assert_uint_eq(result.files_added, 4);
    ck_assert_uint_eq(result.files_copied, 0);
    snprintf(log, sizeof(log), "%s/_delta_log/00000000000000000000.json", to);
    FILE *file = fopen(log, "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, file), 0);
    fclose(file);
    ck_assert_ptr_nonnull(strstr(text, "\"path\":\"file:/"));
    ck_assert_ptr_nonnull(strstr(text, "/source%20table/part="));
    ck_assert_ptr_nonnull(strstr(text, "\"isShallow\":\"true\""));
    /* Again, after the source got more. */
    ck_assert_ok(tarn_test_table_append(env, tarn__text_of(from), 100, EACH, NULL, &err), &err);
    ck_assert_ok(tarn_table_clone(env, tarn__text_of(from), tarn__text_of(to), &options, &result, &err), &err);
    ck_assert_uint_eq(result.files_added, 4);
    ck_assert_uint_eq(result.files_kept, 4);
    ck_assert_uint_eq(result.files_removed, 0);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/clone", TARN_LOOP_TIMES(clone__deep_is_equal_and_its_own, 2), TARN_TEST(clone__again_copies_what_changed),
           TARN_TEST(clone__does_not_write_over_what_is_not_its_own), TARN_TEST(clone__what_was_copied_is_used),
           TARN_TEST(clone__missing_files_and_other_formats_are_refused), TARN_TEST(clone__shallow_names_the_files_of_its_source))
