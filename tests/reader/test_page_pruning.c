/* SPDX-License-Identifier: Apache-2.0
 * Pruning loses no row: the rows that a filter finds with row groups and pages left out are those that it finds in all of them, over
 * sorted and unsorted columns with nulls, NaN, signed zeros and long texts, whatever the predicate.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/batch/vector.h"
#include "format/batch/vector_builder.h"
#include "format/expr/filter_scan.h"
#include "tarn/reader.h"
#include "tarn/writer.h"
#include "tests/support/encrypt.h"
#include "tests/support/suite.h"

enum { ROWS = 5000, PAGE_ROWS = 100, GROUP_ROWS = 2000, COLUMNS = 3 };

static struct tarn_error err;
static struct tarn_env *env;
static struct tarn_store *store;

static const struct tarn_type integer = {.id = TARN_TYPE_I64};
static const struct tarn_type real = {.id = TARN_TYPE_F64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_field fields[COLUMNS] = {{.name = {"k", 1}, .type = &integer, .nullable = true, .id = -1},
                                                  {.name = {"x", 1}, .type = &real, .nullable = true, .id = -1},
                                                  {.name = {"t", 1}, .type = &text, .nullable = true, .id = -1}};

/* k ascends with a stretch of nulls; x comes in blocks, one of NaN, one of zeros of both signs; t has a long common prefix. */
static void append_row(struct tarn_vector_builder *const *builders, uint32_t row)
{
    char words[128];
    if (row >= 1000 && row < 1300) {
        tarn__vector_builder_null(builders[0]);
    } else {
        tarn__vector_builder_i64(builders[0], (int64_t)row / 3);
    }
    const uint32_t block = row / 250;
    tarn__vector_builder_f64(builders[1], block == 4   ? __builtin_nan("")
                                          : block == 5 ? (row % 2 != 0 ? -0.0 : 0.0)
                                                       : (double)(block * 7 % 20) + (double)(row % 10) / 10);
    const int size =
        snprintf(words, sizeof(words), "a prefix that is longer than what statistics keep of a text, all of it %05u", row * 37 % ROWS);
    if (row % 11 == 0) {
        tarn__vector_builder_null(builders[2]);
    } else {
        tarn__vector_builder_text(builders[2], (struct tarn_text){words, (size_t)size});
    }
}

static void write_file(void)
{
    struct tarn_schema *schema;
    struct tarn_sink *sink;
    struct tarn_batch *batch;
    struct tarn_vector_builder *builders[COLUMNS];
    struct tarn_vector *columns[COLUMNS];
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    options.page_rows = PAGE_ROWS;
    options.row_group_rows = GROUP_ROWS;
    ck_assert_ok(tarn_schema_make(env, COLUMNS, fields, 0, NULL, &schema, &err), &err);
    for (uint32_t i = 0; i < COLUMNS; i++) {
        ck_assert_ok(tarn__vector_builder_open(env, schema->fields[i].type, &builders[i], &err), &err);
    }
    for (uint32_t row = 0; row < ROWS; row++) {
        append_row(builders, row);
    }
    for (uint32_t i = 0; i < COLUMNS; i++) {
        ck_assert_ok(tarn__vector_builder_finish(builders[i], &columns[i], &err), &err);
        tarn__vector_builder_close_all(builders[i]);
    }
    ck_assert_ok(tarn_batch_make(env, schema, ROWS, columns, &batch, &err), &err);
    ck_assert_ok(tarn_parquet_create(store, TARN_TEXT("f.parquet"), schema, &options, &sink, &err), &err);
    ck_assert_ok(tarn_sink_write(sink, batch, &err), &err);
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    tarn_batch_release(batch);
    for (uint32_t i = 0; i < COLUMNS; i++) {
        tarn_vector_release(columns[i]);
    }
    tarn_schema_release(schema);
}

/* ---- predicates ---- */

static const struct tarn_expr_node *compare(struct tarn_expr_builder *b, uint32_t column, enum tarn_expr_op op, uint32_t literal)
{
    static const int64_t integers[] = {-1, 0, 7, 332, 333, 434, 1000, 1666, 1667};
    static const double reals[] = {-1.0, -0.0, 0.0, 3.5, 7.0, 19.9, 1e300, __builtin_inf(), __builtin_nan("")};
    static const char *const texts[] = {"",
                                        "a",
                                        "a prefix that is longer than what statistics keep of a text, all of it 00000",
                                        "a prefix that is longer than what statistics keep of a text, all of it 02500",
                                        "a prefix that is longer than what statistics keep of a text, all of it 04999",
                                        "a prefix that is longer than what statistics keep of a text, all of it 1",
                                        "a prefix",
                                        "b",
                                        "\xff"};
    const struct tarn_path_step step = {TARN_PATH_FIELD, fields[column].name, -1};
    const struct tarn_path path = {1, &step};
    struct tarn_value value = {.type = fields[column].type};
    if (column == 0) {
        value.u.i64 = integers[literal];
    } else if (column == 1) {
        value.u.f64 = reals[literal];
    } else {
        value.u.bytes = tarn__text_of(texts[literal]);
    }
    const struct tarn_expr_node *args[] = {tarn_expr_make_column(b, &path, fields[column].type, true), tarn_expr_make_literal(b, &value)};
    return tarn_expr_make(b, op, op == TARN_EXPR_IS_NULL || op == TARN_EXPR_IS_NAN ? 1 : 2, args);
}

enum { LITERALS = 9 };

static const struct tarn_expr_node *random_node(struct tarn_expr_builder *b, unsigned depth)
{
    static const enum tarn_expr_op ops[] = {TARN_EXPR_EQ, TARN_EXPR_NE, TARN_EXPR_LT,     TARN_EXPR_LE,
                                            TARN_EXPR_GT, TARN_EXPR_GE, TARN_EXPR_IS_NULL};
    const int choice = rand() % 6;
    if (depth == 0 || choice < 3) {
        return compare(b, (uint32_t)rand() % COLUMNS, ops[(unsigned)rand() % 7], (uint32_t)rand() % LITERALS);
    }
    const struct tarn_expr_node *args[] = {random_node(b, depth - 1), choice == 5 ? NULL : random_node(b, depth - 1)};
    return tarn_expr_make(b, choice == 3 ? TARN_EXPR_AND : choice == 4 ? TARN_EXPR_OR : TARN_EXPR_NOT, choice == 5 ? 1 : 2, args);
}

struct found {
    uint32_t count;
    int64_t rows[ROWS];
    struct tarn_scan_stats stats;
};

static void find(struct tarn_source *source, const struct tarn_expr *predicate, bool no_prune, struct found *found)
{
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    const struct tarn_path_step row_step = {TARN_PATH_FIELD, TARN_TEXT(TARN_ROW_INDEX), -1};
    struct tarn_path paths[COLUMNS + 1];
    uint32_t handles[COLUMNS];
    struct tarn_scan *scan;
    for (uint32_t i = 0; i < predicate->column_count; i++) {
        paths[i] = predicate->columns[i].path;
        handles[i] = i;
    }
    paths[predicate->column_count] = (struct tarn_path){1, &row_step};
    request.path_count = predicate->column_count + 1;
    request.paths = paths;
    request.predicate = predicate;
    request.no_prune = no_prune;
    request.batch_rows = 256;
    found->count = 0;
    found->stats = (struct tarn_scan_stats){.size = sizeof(found->stats)};
    ck_assert_ok(tarn_source_scan(source, &request, &scan, &err), &err);
    for (uint32_t task = 0; task < tarn_scan_task_count(scan); task++) {
        struct tarn_cursor *cursor;
        struct tarn__filter_scan *filter;
        struct tarn_selection selection;
        ck_assert_ok(tarn_scan_open(scan, task, &cursor, &err), &err);
        ck_assert_ok(tarn__filter_scan_open(env, cursor, predicate, handles, NULL, &filter, &err), &err);
        for (;;) {
            struct tarn_vector *rows;
            ck_assert_ok(tarn__filter_scan_next(filter, 0, &selection, &err), &err);
            if (selection.count == 0) {
                break;
            }
            ck_assert_ok(tarn__filter_scan_column(filter, predicate->column_count, &rows, &err), &err);
            memcpy(found->rows + found->count, rows->u.values, rows->length * sizeof(int64_t));
            found->count += rows->length;
        }
        tarn__filter_scan_close(filter);
        tarn_cursor_close(cursor);
    }
    tarn_scan_stats(scan, &found->stats);
    tarn_scan_close(scan);
}

static struct found with;
static struct found without;
static uint64_t rows_spared;

static void check(struct tarn_source *source, struct tarn_expr_builder *builder, const struct tarn_expr_node *root)
{
    struct tarn_expr *predicate;
    ck_assert_ok(tarn_expr_builder_finish(builder, root, &predicate, &err), &err);
    find(source, predicate, false, &with);
    find(source, predicate, true, &without);
    ck_assert_uint_eq(with.count, without.count);
    ck_assert_mem_eq(with.rows, without.rows, with.count * sizeof(int64_t));
    ck_assert_uint_eq(without.stats.rows, ROWS);
    rows_spared += ROWS - with.stats.rows;
    tarn_expr_release(predicate);
}

/* The file in clear, or encrypted, with its indexes. */
static struct tarn_source *open_file(bool encrypted)
{
    struct tarn_source *source;
    struct tarn_parquet_read_options options = TARN_PARQUET_READ_OPTIONS_INIT;
#ifndef TARN_MINIMAL
    static struct tarn_test_encrypted file;
    static const struct tarn_test_column_key column_keys[] = {
        {"k", "abcdefghijklmnop", "ka"}, {"x", NULL, NULL}, {"t", "abcdefghijklmnop", NULL}};
    const struct tarn_test_encryption how = {.algorithm = 1, .footer_key = "0123456789012345", .column_count = 3, .columns = column_keys};
    const struct tarn_parquet_key keys[] = {
        {TARN_KEY_FOOTER, {NULL, 0}, {(const uint8_t *)"0123456789012345", 16}},
        {TARN_KEY_COLUMN, {"k", 1}, {(const uint8_t *)"abcdefghijklmnop", 16}},
        {TARN_KEY_COLUMN, {"t", 1}, {(const uint8_t *)"abcdefghijklmnop", 16}},
    };
    if (encrypted) {
        tarn_test_encrypt(store, TARN_TEXT("f.parquet"), &how, &file);
        const struct tarn_span bytes = {file.bytes->data, file.bytes->size};
        ck_assert_ok(tarn_store_put(store, TARN_TEXT("f.parquet"), bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
        tarn__buffer_release(file.bytes);
    }
    options.keys = keys;
    options.key_count = 3;
#else
    (void)encrypted;
#endif
    ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("f.parquet"), &options, &source, &err), &err);
    return source;
}

START_TEST(page_pruning__loses_no_row) /* P-SCAN-1 P-SCAN-4 P-CRYPT-7 */
{
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    write_file();
    struct tarn_source *source = open_file(_i == 1);
    rows_spared = 0;
    srand(20261121);
    for (unsigned i = 0; i < 400; i++) {
        struct tarn_expr_builder *builder;
        ck_assert_ok(tarn_expr_builder_open(env, &builder, &err), &err);
        check(source, builder, random_node(builder, i % 4));
    }
    ck_assert_uint_gt(rows_spared, 400 * ROWS / 10); /* and it is worth its while */
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(page_pruning__reads_only_pages_that_may_match) /* P-SCAN-3 */
{
    struct tarn_source *source;
    struct tarn_expr_builder *builder;
    struct tarn_expr *predicate;
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    write_file();
    ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("f.parquet"), NULL, &source, &err), &err);
    ck_assert_ok(tarn_expr_builder_open(env, &builder, &err), &err);
    ck_assert_ok(tarn_expr_builder_finish(builder, compare(builder, 0, TARN_EXPR_EQ, 2), &predicate, &err),
                 &err); /* k = 7: rows 21 to 23 */
    find(source, predicate, false, &with);
    ck_assert_uint_eq(with.count, 3);
    ck_assert_int_eq(with.rows[0], 21);
    ck_assert_uint_eq(with.stats.row_groups_pruned, 2);
    ck_assert_uint_eq(with.stats.rows, PAGE_ROWS);
    ck_assert_uint_eq(with.stats.requests, 2); /* the indexes, the column */
    tarn_expr_release(predicate);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("reader/page_pruning", TARN_LOOP_TIMES(page_pruning__loses_no_row, 2), TARN_TEST(page_pruning__reads_only_pages_that_may_match))
