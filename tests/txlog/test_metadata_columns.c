/* SPDX-License-Identifier: Apache-2.0
 * Columns that say where a row comes from: of every table, and ids of rows where the table keeps them.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "format/json/json_print.h"
#include "tests/support/canonical.h"
#include "tests/support/parquet_file.h"
#include "tests/support/table_rows.h"

static struct tarn_error err = TARN_ERROR_INIT;
static const struct tarn_type number = {.id = TARN_TYPE_I64};

/* The rows of some paths, in lines, values apart by '|'; or the status. */
static const char *read_paths(struct tarn_env *env, const char *table, uint32_t count, const struct tarn_path *paths)
{
    static char out[4000];
    struct tarn_snapshot *snapshot;
    struct tarn_source *source;
    struct tarn_scan *scan;
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    request.path_count = count;
    request.paths = paths;
    ck_assert_ok(tarn_snapshot_load(env, tarn__text_of(table), NULL, &snapshot, &err), &err);
    ck_assert_ok(tarn_snapshot_source(snapshot, &source, &err), &err);
    struct tarn_text_builder text;
    tarn__builder_init(&text, env);
    const enum tarn_status status = tarn_source_scan(source, &request, &scan, &err);
    for (uint32_t t = 0; status == TARN_OK && t < tarn_scan_task_count(scan); t++) {
        struct tarn_cursor *cursor;
        uint32_t rows;
        ck_assert_ok(tarn_scan_open(scan, t, &cursor, &err), &err);
        ck_assert_ok(tarn_cursor_next(cursor, 3, &rows, &err), &err);
        while (rows != 0) {
            for (uint32_t row = 0; row < rows; row++) {
                for (uint32_t c = 0; c < count; c++) {
                    struct tarn_vector *column;
                    struct tarn_json_printer json;
                    ck_assert_ok(tarn_cursor_column(cursor, c, NULL, &column, &err), &err);
                    tarn__json_printer_init(&json, &text);
                    tarn_canonical_value(&json, column, row);
                    tarn__builder_add_char(&text, c + 1 < count ? '|' : '\n');
                }
            }
            ck_assert_ok(tarn_cursor_next(cursor, 3, &rows, &err), &err);
        }
        tarn_cursor_close(cursor);
    }
    snprintf(out, sizeof(out), "%s%.*s", status != TARN_OK ? tarn_status_name(status) : "", (int)text.size,
             text.size != 0 ? text.data : "");
    tarn__builder_free(&text);
    tarn_scan_close(status == TARN_OK ? scan : NULL);
    tarn_source_close(source);
    tarn_snapshot_close(snapshot);
    return out;
}

#define STEP(name)                                                                                                                         \
    {                                                                                                                                      \
        TARN_PATH_FIELD, {name, sizeof(name) - 1}, -1                                                                                      \
    }
#define MEMBER(name)                                                                                                                       \
    {                                                                                                                                      \
        STEP("_metadata"), STEP(name)                                                                                                      \
    }

/* A file of columns x, ids and versions; -1 is null. */
static void put_file(const char *folder, const char *name, uint32_t columns, const char *const *names, int rows, const int64_t (*values)[3])
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_field fields[3];
    struct tarn_vector *made[3];
    struct tarn_schema *schema;
    ck_assert_ok(tarn_store_open_local(env, tarn__text_of(folder), true, &store, &err), &err);
    for (uint32_t c = 0; c < columns; c++) {
        struct tarn_vector_builder *builder;
        fields[c] = (struct tarn_field){.name = tarn__text_of(names[c]), .type = &number, .nullable = true, .id = -1};
        ck_assert_ok(tarn__vector_builder_open(env, &number, &builder, &err), &err);
        for (int i = 0; i < rows; i++) {
            if (values[i][c] < 0) {
                tarn__vector_builder_null(builder);
            } else {
                tarn__vector_builder_i64(builder, values[i][c]);
            }
        }
        ck_assert_ok(tarn__vector_builder_finish(builder, &made[c], &err), &err);
        tarn__vector_builder_close_all(builder);
    }
    ck_assert_ok(tarn_schema_make(env, columns, fields, 0, NULL, &schema, &err), &err);
    tarn_parquet_file_write(store, tarn__text_of(name), schema, NULL, (uint32_t)rows, made);
    tarn_schema_release(schema);
    tarn_store_close(store);
    tarn_test_env_close(env);
}

#define LOG(features, properties, field)                                                                                                   \
    "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":7,\"writerFeatures\":[" features "]}}\n"                                   \
    "{\"metaData\":{\"id\":\"m\",\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":\"{\\\"type\\\":\\\"struct\\\","    \
    "\\\"fields\\\":[{\\\"name\\\":\\\"" field "\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}]}\","            \
    "\"partitionColumns\":[],\"configuration\":{" properties "}}}\n"
#define TRACKED                                                                                                                            \
    "\"delta.enableRowTracking\":\"true\",\"delta.rowTracking.materializedRowIdColumnName\":\"_ids\","                                     \
    "\"delta.rowTracking.materializedRowCommitVersionColumnName\":\"_versions\""
#define ADD(path, ids)                                                                                                                     \
    "{\"add\":{\"path\":\"" path "\",\"partitionValues\":{},\"size\":77,\"modificationTime\":5,\"dataChange\":true" ids "}}\n"

static const char *new_folder(void)
{
    static char folder[512];
    static int count;
    snprintf(folder, sizeof(folder), "%s/m%d", tarn_test_folder(), count++);
    return folder;
}

START_TEST(metadata_columns__ids_are_stored_or_counted) /* T-ROWID-1 */
{
    static const char *const names[] = {"x", "_ids", "_versions"};
    static const int64_t plain[][3] = {{10}, {11}, {12}, {13}};
    static const int64_t moved[][3] = {{20, 3, 1}, {21, -1, -1}, {22, 99, -1}, {23, -1, 2}, {24, 0, 0}};
    const char *folder = new_folder();
    put_file(folder, "plain.parquet", 1, names, 4, plain);
    put_file(folder, "moved.parquet", 3, names, 5, moved);
    put_file(folder, "none.parquet", 1, names, 4, plain);
    tarn_test_put_file(folder, "_delta_log/00000000000000000000.json",
                       LOG("\"rowTracking\",\"domainMetadata\"", TRACKED, "x")
                           ADD("plain.parquet", ",\"baseRowId\":100,\"defaultRowCommitVersion\":7")
                               ADD("moved.parquet", ",\"baseRowId\":200,\"defaultRowCommitVersion\":9") ADD("none.parquet", ""));
    static const struct tarn_path_step steps[][2] = {
        {STEP("x")}, MEMBER("row_id"), {STEP(TARN_ROW_VERSION)}, MEMBER("base_row_id"), MEMBER("default_row_commit_version")};
    static const struct tarn_path paths[] = {{1, steps[0]}, {2, steps[1]}, {1, steps[2]}, {2, steps[3]}, {2, steps[4]}};
    struct tarn_env *env = tarn_test_env();
    ck_assert_str_eq(read_paths(env, folder, 5, paths), "10|100|7|100|7\n11|101|7|100|7\n12|102|7|100|7\n13|103|7|100|7\n"
                                                        "20|3|1|200|9\n21|201|9|200|9\n22|99|9|200|9\n23|203|2|200|9\n24|0|0|200|9\n"
                                                        "10|null|null|null|null\n11|null|null|null|null\n12|null|null|null|null\n"
                                                        "13|null|null|null|null\n");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(metadata_columns__where_there_are_no_ids_none_are_made_up) /* T-ROWID-1 */
{
    static const char *const properties[] = {"", "\"delta.enableRowTracking\":\"true\",\"delta.rowTrackingSuspended\":\"true\""};
    static const char *const names[] = {"x"};
    static const int64_t plain[][3] = {{10}};
    const char *folder = new_folder();
    char text[2000];
    put_file(folder, "a.parquet", 1, names, 1, plain);
    snprintf(text, sizeof(text), LOG("\"rowTracking\",\"domainMetadata\"", "%s", "x") ADD("a.parquet", ",\"baseRowId\":1"), properties[_i]);
    tarn_test_put_file(folder, "_delta_log/00000000000000000000.json", text);
    static const struct tarn_path_step step[] = MEMBER("row_id");
    static const struct tarn_path path = {2, step};
    struct tarn_env *env = tarn_test_env();
    ck_assert_str_eq(read_paths(env, folder, 1, &path), "NOT_FOUND");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(metadata_columns__say_where_a_row_is) /* T-METADATA-1 */
{
    static const char *const names[] = {"x"};
    static const int64_t plain[][3] = {{10}, {11}, {12}, {13}};
    const char *folder = new_folder();
    char expected[1200];
    put_file(folder, "a b/c.parquet", 1, names, 4, plain);
    tarn_test_put_file(folder, "_delta_log/00000000000000000000.json", LOG("", "", "x") ADD("a%20b/c.parquet", ""));
    static const struct tarn_path_step steps[][2] = {MEMBER("file_path"), MEMBER("file_name"), MEMBER("file_size"),
                                                     MEMBER("file_modification_time"), MEMBER("row_index")};
    static const struct tarn_path paths[] = {{2, steps[0]}, {2, steps[1]}, {2, steps[2]}, {2, steps[3]}, {2, steps[4]}};
    snprintf(expected, sizeof(expected),
             "\"%s/a b/c.parquet\"|\"c.parquet\"|77|\"1970-01-01T00:00:00.005000Z\"|0\n"
             "\"%s/a b/c.parquet\"|\"c.parquet\"|77|\"1970-01-01T00:00:00.005000Z\"|1\n",
             folder, folder);
    struct tarn_env *env = tarn_test_env();
    const char *got = read_paths(env, folder, 5, paths);
    ck_assert_msg(strncmp(got, expected, strlen(expected)) == 0, "%s\n%s", got, expected);
    static const struct tarn_path_step whole[] = {STEP("_metadata")};
    static const struct tarn_path_step wrong[] = MEMBER("nope");
    ck_assert_str_eq(read_paths(env, folder, 1, &(struct tarn_path){1, whole}), "NOT_FOUND");
    ck_assert_str_eq(read_paths(env, folder, 1, &(struct tarn_path){2, wrong}), "NOT_FOUND");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(metadata_columns__a_column_of_that_name_goes_before) /* T-METADATA-1 */
{
    static const char *const names[] = {"_metadata"};
    static const int64_t plain[][3] = {{10}};
    const char *folder = new_folder();
    put_file(folder, "a.parquet", 1, names, 1, plain);
    tarn_test_put_file(folder, "_delta_log/00000000000000000000.json", LOG("", "", "_metadata") ADD("a.parquet", ""));
    static const struct tarn_path_step step[] = {STEP("_metadata")};
    static const struct tarn_path path = {1, step};
    struct tarn_env *env = tarn_test_env();
    ck_assert_str_eq(read_paths(env, folder, 1, &path), "10\n");
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/metadata_columns", TARN_TEST(metadata_columns__ids_are_stored_or_counted),
           TARN_LOOP_TIMES(metadata_columns__where_there_are_no_ids_none_are_made_up, 2), TARN_TEST(metadata_columns__say_where_a_row_is),
           TARN_TEST(metadata_columns__a_column_of_that_name_goes_before))
