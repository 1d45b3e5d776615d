/* SPDX-License-Identifier: Apache-2.0
 * Folders of Parquet files as tables: the same rows, typed partitions, statistics out of footers, and refusals by name.
 */
#include <string.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "tarn/maintain.h"
#include "tarn/writer.h"
#include "tests/support/fault.h"
#include "tests/support/table_rows.h"

static struct tarn_error err = TARN_ERROR_INIT;
static const struct tarn_text uri = {"memory:t", 8};
enum { EACH = 12 };

struct made {
    struct tarn_fault *fault;
    struct tarn_env *env;
    struct tarn_store *store;
};

static enum tarn_status remove_log(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *error)
{
    (void)info;
    return tarn_store_remove(arg, key, error);
}

/* Files in folders part=0, part=1, part=2 and part=__HIVE_DEFAULT_PARTITION__, and no log. `rows`: what they hold. */
static struct made begin(bool partitioned, char **rows)
{
    struct made made = {.fault = tarn_fault_open()};
    made.env = tarn_fault_env(made.fault, NULL);
    ck_assert_ok(tarn_test_table_create_as(made.env, uri, "delta", partitioned, 0, EACH, &err), &err);
    ck_assert_ok(tarn_test_table_append(made.env, uri, 100, EACH, NULL, &err), &err);
    *rows = tarn_test_table_rows(made.env, uri, -1);
    ck_assert_ok(tarn_store_open(made.env, uri, false, &made.store, &err), &err);
    ck_assert_ok(tarn_store_list(made.store, TARN_TEXT("_delta_log/"), TARN_TEXT(""), remove_log, made.store, &err), &err);
    return made;
}

static void end(struct made made, char *rows)
{
    tarn__free(made.env, rows);
    tarn_store_close(made.store);
    tarn_env_close(made.env);
    tarn_fault_close(made.fault);
}

static enum tarn_status count_hit(void *arg, const struct tarn_file_info *file, struct tarn_error *error)
{
    (void)file;
    (void)error;
    ++*(int *)arg;
    return TARN_OK;
}

START_TEST(adopt__files_become_a_table_where_they_lie) /* T-MAINTAIN-ADOPT-1 */
{
    char *rows;
    const bool partitioned = _i != 0;
    struct made t = begin(partitioned, &rows);
    struct tarn_adopt_options options = TARN_ADOPT_OPTIONS_INIT;
    struct tarn_adopt_result result = TARN_ADOPT_RESULT_INIT;
    static const struct tarn_type integer = {.id = TARN_TYPE_I32};
    static const struct tarn_field part = {.name = {"part", 4}, .type = &integer, .nullable = true, .id = -1};
    static const struct tarn_schema given = {.field_count = 1, .fields = &part};
    options.partitions = _i == 2 ? &given : NULL;
    options.dry_run = true;
    ck_assert_ok(tarn_table_adopt(t.env, uri, &options, &result, &err), &err);
    ck_assert_uint_eq(result.rows, 2 * EACH);
    ck_assert_int_eq(result.version, -1);
    const char *format;
    ck_assert_ok(tarn_table_detect(t.env, uri, &format, &err), &err);
    ck_assert_ptr_null(format);
    options.dry_run = false;
    ck_assert_ok(tarn_table_adopt(t.env, uri, &options, &result, &err), &err);
    ck_assert_uint_eq(result.files, partitioned ? 8 : 2);
    ck_assert_int_eq(result.version, 0);
    char *found = tarn_test_table_rows(t.env, uri, -1);
    ck_assert_str_eq(found, rows);
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(t.env, uri, NULL, &snapshot, &err), &err);
    const struct tarn_schema *schema = tarn_snapshot_schema(snapshot);
    ck_assert_int_eq(schema->fields[2].type->id, _i == 1 ? TARN_TYPE_I64 : TARN_TYPE_I32);
    /* By the statistics of the footers one of the files at most can hold the id. */
    struct tarn_expr *where = tarn_test_id_equals(t.env, 105);
    int hits = 0;
    ck_assert_ok(tarn_snapshot_plan_files(snapshot, where, count_hit, &hits, &err), &err);
    ck_assert_int_le(hits, partitioned ? 4 : 1);
    tarn_expr_release(where);
    tarn_snapshot_close(snapshot);
    ck_assert_status(tarn_table_adopt(t.env, uri, &options, &result, &err), TARN_EXISTS);
    ck_assert_ok(tarn_test_table_append(t.env, uri, 500, 0, NULL, &err), &err);
    tarn__free(t.env, found);
    end(t, rows);
}
END_TEST

/* One file with the column `name` of a type, under a key. */
static void write_file(struct made t, const char *key, const char *name, enum tarn_type_id id)
{
    const struct tarn_type type = {.id = id};
    const struct tarn_field field = {.name = tarn__text_of(name), .type = &type, .nullable = true, .id = -1};
    const struct tarn_field fields[] = {field};
    struct tarn_schema *schema;
    struct tarn_sink *sink;
    ck_assert_ok(tarn_schema_make(t.env, 1, fields, 0, NULL, &schema, &err), &err);
    ck_assert_ok(tarn_parquet_create(t.store, tarn__text_of(key), schema, NULL, &sink, &err), &err);
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    tarn_schema_release(schema);
}

static const struct {
    const char *key;
    const char *column;
    enum tarn_type_id type;
    const char *given; /* type of the partition; NULL: inferred */
    enum tarn_status status;
    const char *detail;
} others[] = {
    {"part=1/z.parquet", "more", TARN_TYPE_I64, NULL, TARN_OK, ""}, /* a column that the others lack is null there */
    {"part=1/z.parquet", "id", TARN_TYPE_I32, NULL, TARN_INVALID, "type"},
    {"z.parquet", "id", TARN_TYPE_I64, NULL, TARN_INVALID, "partition_layout"},
    {"other=1/z.parquet", "id", TARN_TYPE_I64, NULL, TARN_INVALID, "partition_layout"},
    {"part=x%2Fy/z.parquet", "id", TARN_TYPE_I64, NULL, TARN_OK, ""}, /* then it is text */
    {"part=x/z.parquet", "id", TARN_TYPE_I64, "INTEGER", TARN_INVALID, NULL},
    {"part=1/z.parquet", "u", TARN_TYPE_U32, NULL, TARN_UNSUPPORTED, "adopt.column"},
    {"part=1/_z.parquet", "id", TARN_TYPE_I32, NULL, TARN_OK, ""}, /* hidden */
    {"part=1/z.csv", "id", TARN_TYPE_I32, NULL, TARN_OK, ""},      /* no Parquet, by its name */
};

START_TEST(adopt__what_does_not_fit_is_refused_by_name) /* T-MAINTAIN-ADOPT-2 */
{
    char *rows;
    struct made t = begin(true, &rows);
    struct tarn_adopt_options options = TARN_ADOPT_OPTIONS_INIT;
    static const struct tarn_type integer = {.id = TARN_TYPE_I32};
    static const struct tarn_field part = {.name = {"part", 4}, .type = &integer, .nullable = true, .id = -1};
    static const struct tarn_schema given = {.field_count = 1, .fields = &part};
    options.partitions = others[_i].given != NULL ? &given : NULL;
    write_file(t, others[_i].key, others[_i].column, others[_i].type);
    const enum tarn_status status = tarn_table_adopt(t.env, uri, &options, NULL, &err);
    ck_assert_msg(status == others[_i].status, "%s: %s", tarn_status_name(status), err.message);
    if (status != TARN_OK) {
        const char *format;
        ck_assert_msg(others[_i].detail == NULL || strcmp(err.detail, others[_i].detail) == 0, "%s", err.detail);
        ck_assert_ok(tarn_table_detect(t.env, uri, &format, &err), &err);
        ck_assert_ptr_null(format);
    } else {
        char *found = tarn_test_table_rows(t.env, uri, -1);
        ck_assert_uint_ge(strlen(found), strlen(rows)); /* the file has no rows */
        tarn__free(t.env, found);
    }
    end(t, rows);
}
END_TEST

START_TEST(adopt__an_empty_folder_is_no_table) /* T-MAINTAIN-ADOPT-2 */
{
    struct tarn_env *env = tarn_test_env();
    ck_assert_status(tarn_table_adopt(env, tarn__text_of(tarn_test_folder()), NULL, NULL, &err), TARN_NOT_FOUND);
    ck_assert_str_eq(err.detail, "files");
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/adopt", TARN_LOOP_TIMES(adopt__files_become_a_table_where_they_lie, 3),
           TARN_LOOP_TEST(adopt__what_does_not_fit_is_refused_by_name, others), TARN_TEST(adopt__an_empty_folder_is_no_table))
