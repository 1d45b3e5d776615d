/* SPDX-License-Identifier: Apache-2.0
 * The filtered scan and the reading below it: the same rows however they are read (windows of any size, memory, a store that answers late,
 * threads), only the bytes that are needed, and what is told about it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/batch/vector_builder.h"
#include "format/column/footer.h"
#include "reader/parquet/parquet_source.h"
#include "tarn/filtered_scan.h"
#include "tarn/reader.h"
#include "tarn/writer.h"
#include "tests/support/fault.h"
#include "tests/support/parquet_file.h"
#include "tests/support/suite.h"

enum { ROWS = 12000, GROUP_ROWS = 4000, PAGE_ROWS = 250, COLUMNS = 4 };

static struct tarn_error err;
static struct tarn_env *env;
static struct tarn_store *store;
static uint32_t file_rows = ROWS;

static const struct tarn_type integer = {.id = TARN_TYPE_I64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
/* k ascends, e is even and has few values, t is long text, all different, w is text of few values. */
static const struct tarn_field fields[COLUMNS] = {TARN_TEST_FIELD("k", &integer, true), TARN_TEST_FIELD("e", &integer, true),
                                                  TARN_TEST_FIELD("t", &text, true), TARN_TEST_FIELD("w", &text, false)};

static const struct tarn_text name = {"f.parquet", 9};

static void write_file(struct tarn_env *into, struct tarn_store *to, bool no_page_index)
{
    struct tarn_schema *schema;
    struct tarn_vector_builder *builders[COLUMNS];
    struct tarn_vector *columns[COLUMNS];
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    char words[128];
    options.page_rows = PAGE_ROWS;
    options.row_group_rows = GROUP_ROWS;
    options.profile = TARN_PROFILE_COMPAT; /* PLAIN, which batches can point into */
    options.codec = TARN_CODEC_UNCOMPRESSED;
    options.no_page_index = no_page_index;
    ck_assert_ok(tarn_schema_make(into, COLUMNS, fields, 0, NULL, &schema, &err), &err);
    for (uint32_t i = 0; i < COLUMNS; i++) {
        ck_assert_ok(tarn__vector_builder_open(into, schema->fields[i].type, &builders[i], &err), &err);
    }
    for (uint32_t row = 0; row < file_rows; row++) {
        tarn__vector_builder_i64(builders[0], (int64_t)row / 3);
        tarn__vector_builder_i64(builders[1], (int64_t)((row * 7919) % 100) * 2);
        int size = snprintf(words, sizeof(words), "row number %u, of which the text has some length %u", row, row * 2654435761u);
        if (row % 7 == 0) {
            tarn__vector_builder_null(builders[2]);
        } else {
            tarn__vector_builder_text(builders[2], (struct tarn_text){words, (size_t)size});
        }
        size = snprintf(words, sizeof(words), "w%u", row % 17);
        tarn__vector_builder_text(builders[3], (struct tarn_text){words, (size_t)size});
    }
    for (uint32_t i = 0; i < COLUMNS; i++) {
        ck_assert_ok(tarn__vector_builder_finish(builders[i], &columns[i], &err), &err);
        tarn__vector_builder_close_all(builders[i]);
    }
    tarn_parquet_file_write(to, name, schema, &options, file_rows, columns);
    tarn_schema_release(schema);
}

static void open_store(uint64_t seed)
{
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, seed, &store, &err), &err);
    write_file(env, store, false);
}

static void close_store(void)
{
    tarn_store_close(store);
    tarn_test_env_close(env);
}

/* column OP value, of the integers. */
static struct tarn_expr *compare(struct tarn_env *of, uint32_t column, enum tarn_expr_op op, int64_t value)
{
    struct tarn_expr_builder *b;
    struct tarn_expr *out;
    const struct tarn_path_step step = {TARN_PATH_FIELD, fields[column].name, -1};
    const struct tarn_path path = {1, &step};
    const struct tarn_value literal = {.type = &integer, .u.i64 = value};
    ck_assert_ok(tarn_expr_builder_open(of, &b, &err), &err);
    const struct tarn_expr_node *args[] = {tarn_expr_make_column(b, &path, &integer, true), tarn_expr_make_literal(b, &literal)};
    ck_assert_ok(tarn_expr_builder_finish(b, tarn_expr_make(b, op, 2, args), &out, &err), &err);
    return out;
}

/* FNV-1a over the texts of all rows, in order; *rows: how many. */
static uint64_t digest(struct tarn_filtered_scan *scan, uint64_t *rows)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    struct tarn_batch *batch;
    char cell[200];
    *rows = 0;
    for (;;) {
        ck_assert_ok(tarn_filtered_scan_next(scan, &batch, &err), &err);
        if (batch == NULL) {
            return hash;
        }
        ck_assert_uint_gt(batch->length, 0);
        ck_assert_uint_eq(batch->selection.count, batch->length);
        for (uint32_t row = 0; row < batch->length; row++) {
            for (uint32_t i = 0; i < batch->column_count; i++) {
                size_t size = tarn_vector_format(scan != NULL ? env : NULL, batch->columns[i], row, cell, sizeof(cell));
                cell[size++] = tarn_vector_is_null(batch->columns[i], row) ? 0 : 1;
                for (size_t k = 0; k < size; k++) {
                    hash = (hash ^ (uint8_t)cell[k]) * UINT64_C(1099511628211);
                }
            }
        }
        *rows += batch->length;
    }
}

static uint64_t digest_of(struct tarn_source *source, const struct tarn_filter_request *request, uint64_t *rows,
                          struct tarn_scan_stats *stats)
{
    struct tarn_filtered_scan *scan;
    ck_assert_ok(tarn_filtered_scan_open(source, request, &scan, &err), &err);
    const uint64_t hash = digest(scan, rows);
    if (stats != NULL) {
        *stats = (struct tarn_scan_stats){.size = sizeof(*stats)};
        tarn_filtered_scan_stats(scan, stats);
    }
    tarn_filtered_scan_close(scan);
    return hash;
}

static struct tarn_source *open_file(void)
{
    struct tarn_source *source;
    ck_assert_ok(tarn_parquet_open(store, name, NULL, &source, &err), &err);
    return source;
}

/* ---- which rows ---- */

static const struct tarn_row_range some_ranges[] = {{0, 1}, {249, 251}, {3990, 4010}, {11999, 20000}};

START_TEST(filtered_scan__gives_the_rows_that_were_asked_for) /* X-SCAN-1 X-SCAN-2 X-SCAN-3 */
{
    struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
    static uint8_t mask[ROWS / 8];
    const struct tarn_path_step steps[] = {{TARN_PATH_FIELD, TARN_TEXT(TARN_ROW_INDEX), -1}, {TARN_PATH_FIELD, TARN_TEXT("k"), -1}};
    const struct tarn_path paths[] = {{1, &steps[0]}, {1, &steps[1]}};
    struct tarn_filtered_scan *scan;
    uint32_t at = 0;
    open_store(0);
    struct tarn_source *source = open_file();
    struct tarn_expr *predicate = compare(env, 0, TARN_EXPR_GE, 83); /* rows from 249 on */
    memset(mask, 0xff, sizeof(mask));
    mask[4000 / 8] = 0xfe; /* not row 4000 */
    request.path_count = 2;
    request.paths = paths;
    request.predicate = predicate;
    request.range_count = 4;
    request.ranges = some_ranges;
    request.row_mask = mask;
    request.row_mask_rows = ROWS;
    request.row_limit = 15;
    static const int64_t expected[] = {249, 250, 3990, 3991, 3992, 3993, 3994, 3995, 3996, 3997, 3998, 3999, 4001, 4002, 4003};
    ck_assert_ok(tarn_filtered_scan_open(source, &request, &scan, &err), &err);
    ck_assert_uint_eq(tarn_filtered_scan_schema(scan)->field_count, 2);
    for (struct tarn_batch *batch;;) {
        ck_assert_ok(tarn_filtered_scan_next(scan, &batch, &err), &err);
        if (batch == NULL) {
            break;
        }
        for (uint32_t i = 0; i < batch->length; i++, at++) {
            ck_assert_uint_lt(at, 15);
            ck_assert_int_eq(((const int64_t *)batch->columns[0]->u.values)[i], expected[at]);
            ck_assert_int_eq(((const int64_t *)batch->columns[1]->u.values)[i], expected[at] / 3);
        }
    }
    ck_assert_uint_eq(at, 15);
    tarn_filtered_scan_close(scan);
    tarn_expr_release(predicate);
    tarn_source_close(source);
    close_store();
}
END_TEST

START_TEST(filtered_scan__refuses_ranges_that_do_not_ascend)
{
    static const struct tarn_row_range crossed[] = {{5, 9}, {8, 12}};
    struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
    struct tarn_filtered_scan *scan;
    open_store(0);
    struct tarn_source *source = open_file();
    request.range_count = 2;
    request.ranges = crossed;
    ck_assert_status(tarn_filtered_scan_open(source, &request, &scan, &err), TARN_INVALID);
    ck_assert_ptr_null(scan);
    tarn_source_close(source);
    close_store();
}
END_TEST

START_TEST(filtered_scan__gives_the_same_rows_on_many_threads) /* X-SCAN-4 */
{
    static const uint64_t memory[] = {0, 1, 100000};
    struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_pool *pool;
    uint64_t rows;
    uint64_t rows_threaded;
    open_store(0);
    struct tarn_source *source = open_file();
    struct tarn_expr *predicate = compare(env, 1, TARN_EXPR_LT, 100);
    request.predicate = predicate;
    const uint64_t expected = digest_of(source, &request, &rows, NULL);
    ck_assert_uint_gt(rows, 1000);
    tarn_expr_release(predicate);
    tarn_source_close(source);
    close_store();

    ck_assert_ok(tarn_pool_open(4, &pool, &err), &err);
    const struct tarn_executor executor = tarn_pool_executor(pool);
    options.executor = &executor;
    for (unsigned i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
        ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
        ck_assert_ok(tarn_store_open_memory(env, 7, &store, &err), &err);
        write_file(env, store, false);
        source = open_file();
        request.predicate = predicate = compare(env, 1, TARN_EXPR_LT, 100);
        request.memory_limit = memory[i];
        request.batch_rows = i == 1 ? 100 : 0;
        ck_assert_uint_eq(digest_of(source, &request, &rows_threaded, NULL), expected);
        ck_assert_uint_eq(rows_threaded, rows);
        struct tarn_filtered_scan *scan; /* and one that is closed while lanes are at work */
        struct tarn_batch *batch;
        ck_assert_ok(tarn_filtered_scan_open(source, &request, &scan, &err), &err);
        ck_assert_ok(tarn_filtered_scan_next(scan, &batch, &err), &err);
        tarn_filtered_scan_close(scan);
        tarn_expr_release(predicate);
        tarn_source_close(source);
        close_store();
    }
    tarn_pool_close(pool);
}
END_TEST

START_TEST(filtered_scan__leaves_as_an_arrow_stream) /* X-SCAN-5 */
{
    static const enum tarn_arrow_strings layouts[] = {TARN_ARROW_UTF8, TARN_ARROW_LARGE_UTF8, TARN_ARROW_UTF8_VIEW};
    static const char *const formats[] = {"u", "U", "vu"};
    open_store(0);
    struct tarn_source *source = open_file();
    for (unsigned i = 0; i < 6; i++) {
        struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
        struct tarn_arrow_options layout = TARN_ARROW_OPTIONS_INIT;
        struct tarn_filtered_scan *scan;
        struct ArrowArrayStream stream;
        struct ArrowSchema schema;
        struct ArrowArray array;
        int64_t rows = 0;
        layout.strings = layouts[i % 3];
        layout.keep_dictionaries = i >= 3;
        ck_assert_ok(tarn_filtered_scan_open(source, &request, &scan, &err), &err);
        ck_assert_ok(tarn_arrow_export_stream(tarn_filtered_scan_batches(scan), &layout, &stream, &err), &err);
        ck_assert_int_eq(stream.get_schema(&stream, &schema), 0);
        ck_assert_str_eq(schema.children[2]->dictionary == NULL ? schema.children[2]->format : schema.children[2]->dictionary->format,
                         formats[i % 3]);
        schema.release(&schema);
        for (;;) {
            ck_assert_int_eq(stream.get_next(&stream, &array), 0);
            if (array.release == NULL) {
                break;
            }
            rows += array.length;
            array.release(&array);
        }
        ck_assert_int_eq(rows, ROWS);
        stream.release(&stream);
    }
    tarn_source_close(source);
    close_store();
}
END_TEST

/* ---- which bytes ---- */

START_TEST(reads__are_one_request_a_row_group) /* P-IO-1 */
{
    struct tarn_scan_stats stats;
    uint64_t rows;
    open_store(0);
    struct tarn_source *source = open_file();
    digest_of(source, NULL, &rows, &stats);
    ck_assert_uint_eq(rows, ROWS);
    ck_assert_uint_eq(stats.requests, ROWS / GROUP_ROWS);
    ck_assert_uint_eq(stats.row_groups, ROWS / GROUP_ROWS);
    ck_assert_uint_eq(stats.rows, ROWS);
    tarn_source_close(source);
    close_store();
}
END_TEST

START_TEST(reads__fetch_only_pages_with_rows_that_are_left) /* P-IO-5 P-COL-10 */
{
    struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
    struct tarn_scan_stats all;
    struct tarn_scan_stats few;
    uint64_t rows;
    open_store(0);
    struct tarn_source *source = open_file();
    digest_of(source, NULL, &rows, &all);
    struct tarn_expr *predicate = compare(env, 0, TARN_EXPR_EQ, 1500); /* rows 4500 to 4502, in the second row group */
    request.predicate = predicate;
    const uint64_t pruned = digest_of(source, &request, &rows, &few);
    ck_assert_uint_eq(rows, 3);
    ck_assert_uint_eq(few.row_groups_pruned, 2);
    ck_assert_uint_eq(few.row_groups_pruned_statistics, 2);
    ck_assert_uint_eq(few.pages_pruned, GROUP_ROWS / PAGE_ROWS - 1);
    ck_assert_uint_eq(few.rows_skipped, ROWS - PAGE_ROWS);
    ck_assert_uint_lt(few.bytes_read, all.bytes_read / 16);
    ck_assert_uint_gt(few.bytes_saved, all.bytes_read / 2);
    ck_assert_uint_eq(few.requests, 3); /* indexes; the page of k; the pages of the others */
    request.no_prune = true;
    ck_assert_uint_eq(digest_of(source, &request, &rows, &few), pruned);
    ck_assert_uint_eq(few.row_groups_pruned, 0);
    tarn_expr_release(predicate);
    tarn_source_close(source);
    close_store();
}
END_TEST

START_TEST(reads__give_the_same_rows_in_windows_of_any_size) /* P-IO-2 P-IO-3 */
{
    static const uint64_t limits[] = {1, 100000, 300000, 700000};
    static const struct tarn_row_range ranges[] = {{3, 700}, {5000, 5001}, {7999, 8002}};
    uint64_t rows;
    uint64_t seen;
    open_store((uint64_t)_i); /* an even seed answers at once, another late and in another order */
    for (unsigned without_index = 0; without_index < 2; without_index++) {
        write_file(env, store, without_index != 0);
        struct tarn_source *source = open_file();
        struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
        const uint64_t whole = digest_of(source, &request, &rows, NULL);
        request.range_count = 3;
        request.ranges = ranges;
        const uint64_t part = digest_of(source, &request, &rows, NULL);
        ck_assert_uint_eq(rows, 697 + 1 + 3);
        for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
            for (unsigned which = 0; which < 2; which++) {
                struct tarn_filtered_scan *scan;
                struct parquet_source *inner = (struct parquet_source *)(void *)source;
                request.ranges = which != 0 ? ranges : NULL;
                inner->read_limit = limits[i];
                ck_assert_ok(tarn_filtered_scan_open(source, &request, &scan, &err), &err);
                ck_assert_msg(digest(scan, &seen) == (which != 0 ? part : whole), "limit %u, part %u", i, which);
                tarn_filtered_scan_close(scan);
                inner->read_limit = 0;
            }
        }
        tarn_source_close(source);
    }
    close_store();
}
END_TEST

static unsigned released;

static void count_release(void *arg)
{
    ck_assert_ptr_eq(arg, &released);
    released++;
}

START_TEST(reads__take_a_file_in_memory_as_it_is) /* P-IO-4 */
{
    struct tarn_source *source;
    struct tarn_filtered_scan *scan;
    struct tarn_batch *batch;
    uint64_t rows;
    open_store(0);
    source = open_file();
    const uint64_t expected = digest_of(source, NULL, &rows, NULL);
    tarn_source_close(source);
    struct tarn_buffer *bytes = tarn_test_read(store, name);
    ck_assert_ok(tarn_parquet_open_memory(env, tarn__buffer_span(bytes), count_release, &released, NULL, &source, &err), &err);
    ck_assert_uint_eq(digest_of(source, NULL, &rows, NULL), expected);
    ck_assert_ok(tarn_filtered_scan_open(source, NULL, &scan, &err), &err);
    ck_assert_ok(tarn_filtered_scan_next(scan, &batch, &err), &err);
    tarn_batch_retain(batch);
    tarn_filtered_scan_close(scan);
    tarn_source_close(source);
    ck_assert_uint_eq(released, 0); /* the texts of the batch lie there */
    tarn_batch_release(batch);
    ck_assert_uint_eq(released, 1);

    const struct tarn_span cut = {bytes->data, bytes->size - 1};
    ck_assert_status(tarn_parquet_open_memory(env, cut, count_release, &released, NULL, &source, &err), TARN_CORRUPT);
    ck_assert_ptr_null(source);
    ck_assert_uint_eq(released, 2);
    tarn__buffer_release(bytes);
    close_store();
}
END_TEST

START_TEST(reads__notice_a_file_that_changes) /* P-IO-6 */
{
    struct tarn_source *source;
    struct tarn_filtered_scan *scan;
    struct tarn_batch *batch;
    char path[1100];
    env = tarn_test_env();
    const char *folder = tarn_test_folder();
    ck_assert_ok(tarn_store_open(env, tarn__text_of(folder), false, &store, &err), &err);
    write_file(env, store, false);
    source = open_file();
    ck_assert_ok(tarn_filtered_scan_open(source, NULL, &scan, &err), &err);
    ck_assert_ok(tarn_filtered_scan_next(scan, &batch, &err), &err);
    snprintf(path, sizeof(path), "%s/f.parquet", folder);
    FILE *file = fopen(path, "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fputc('X', file), 'X');
    fclose(file);
    enum tarn_status status;
    do {
        status = tarn_filtered_scan_next(scan, &batch, &err);
    } while (status == TARN_OK && batch != NULL);
    ck_assert_int_eq(status, TARN_IO);
    ck_assert_str_eq(err.detail, "object_changed");
    tarn_filtered_scan_close(scan);
    tarn_source_close(source);
    close_store();
}
END_TEST

/* ---- what is told ---- */

START_TEST(pruning__tells_why) /* P-SCAN-6 P-SCAN-7 */
{
    struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
    struct tarn_filtered_scan *scan;
    struct tarn_scan_stats stats;
    char words[200];
    uint64_t rows;
    open_store(0);
    struct tarn_source *source = open_file();

    struct tarn_expr *predicate = compare(env, 1, TARN_EXPR_EQ, 101); /* odd: between the bounds, and in no dictionary */
    request.predicate = predicate;
    ck_assert_ok(tarn_filtered_scan_open(source, &request, &scan, &err), &err);
    tarn_filtered_scan_explain(scan, 0, words, sizeof(words));
    ck_assert_str_eq(words, "row group 0, 4000 rows: not reached");
    digest(scan, &rows);
    ck_assert_uint_eq(rows, 0);
    tarn_filtered_scan_explain(scan, 2, words, sizeof(words));
    ck_assert_str_eq(words, "row group 2, 4000 rows: left out by the dictionary of e");
    stats = (struct tarn_scan_stats){.size = sizeof(stats)};
    tarn_filtered_scan_stats(scan, &stats);
    ck_assert_uint_eq(stats.row_groups_pruned_dictionary, 3);
    ck_assert_uint_eq(stats.rows, 0);
    tarn_filtered_scan_close(scan);
    tarn_expr_release(predicate);

    request.predicate = predicate = compare(env, 0, TARN_EXPR_GT, 3900);
    ck_assert_ok(tarn_filtered_scan_open(source, &request, &scan, &err), &err);
    digest(scan, &rows);
    tarn_filtered_scan_explain(scan, 0, words, sizeof(words));
    ck_assert_str_eq(words, "row group 0, 4000 rows: left out by the statistics of k from 0 to 1333");
    const size_t whole = tarn_filtered_scan_explain(scan, 2, words, sizeof(words));
    ck_assert_str_eq(words, "row group 2, 4000 rows: read, but for 3500 rows that the page indexes rule out");
    ck_assert_uint_eq(whole, strlen(words));
    ck_assert_uint_eq(tarn_filtered_scan_explain(scan, 2, words, 6), whole);
    ck_assert_str_eq(words, "row g");
    ck_assert_uint_eq(tarn_filtered_scan_explain(scan, 3, words, sizeof(words)), 0);
    tarn_filtered_scan_close(scan);
    tarn_expr_release(predicate);
    tarn_source_close(source);
    close_store();
}
END_TEST

START_TEST(pruning__asks_bloom_filters) /* P-SCAN-5 */
{
    static const char *const values[] = {"Hellp", "Hello"};
    const char *corpus = tarn_test_corpus();
    char path[1100];
    if (corpus == NULL) {
        fprintf(stderr, "not run: TARN_CORPUS is not set\n");
        return;
    }
    env = tarn_test_env();
    snprintf(path, sizeof(path), "%s/parquet/parquet-testing/data", corpus);
    ck_assert_ok(tarn_store_open(env, tarn__text_of(path), false, &store, &err), &err);
    for (unsigned i = 0; i < 2; i++) {
        const struct tarn_path_step step = {TARN_PATH_FIELD, TARN_TEXT("String"), -1};
        const struct tarn_path column = {1, &step};
        const struct tarn_value literal = {.type = &text, .u.bytes = tarn__text_of(values[i])};
        struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
        struct tarn_scan_stats stats;
        struct tarn_source *source;
        struct tarn_expr_builder *b;
        struct tarn_expr *predicate;
        uint64_t rows;
        ck_assert_ok(tarn_expr_builder_open(env, &b, &err), &err);
        const struct tarn_expr_node *args[] = {tarn_expr_make_column(b, &column, &text, true), tarn_expr_make_literal(b, &literal)};
        ck_assert_ok(tarn_expr_builder_finish(b, tarn_expr_make(b, TARN_EXPR_EQ, 2, args), &predicate, &err), &err);
        ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("data_index_bloom_encoding_stats.parquet"), NULL, &source, &err), &err);
        request.predicate = predicate;
        digest_of(source, &request, &rows, &stats);
        ck_assert_uint_eq(stats.row_groups_pruned_bloom, i == 0 ? 1 : 0);
        ck_assert_uint_eq(rows, i == 0 ? 0 : 1);
        tarn_expr_release(predicate);
        tarn_source_close(source);
    }
    close_store();
}
END_TEST

START_TEST(reads__notice_an_offset_index_that_lies) /* P-COL-11 */
{
    struct tarn_parquet_file file;
    struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
    struct tarn_filtered_scan *scan;
    struct tarn_batch *batch;
    const struct parquet_column_chunk *chunk;
    struct parquet_offset_index index;
    struct tarn_thrift_progress progress;
    enum tarn_status status;
    open_store(0);
    tarn_parquet_file_open(&file, store, name);
    struct tarn_buffer *bytes = tarn_test_read(store, name);
    struct tarn_buffer *changed = tarn__buffer_new(env, 0);
    ck_assert_ok(tarn__footer_chunk(file.footer, 1, 2, &file.arena, &chunk, &err), &err);
    const struct tarn_span stored = {bytes->data + chunk->offset_index_offset, (size_t)chunk->offset_index_length};
    ck_assert_ok(tarn__thrift_decode(&tarn__parquet_offset_index, stored, &file.arena, &index, &progress, &err), &err);
    index.page_locations.items[2].first_row_index--; /* the row is said to be in page 2, and is in page 1 */
    ck_assert_ok(tarn__thrift_encode(&tarn__parquet_offset_index, &index, changed, &err), &err);
    ck_assert_uint_eq(changed->size, stored.size);
    memcpy(bytes->data + chunk->offset_index_offset, changed->data, changed->size);
    ck_assert_ok(tarn_store_put(store, name, tarn__buffer_span(bytes), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    tarn__buffer_release(bytes);
    tarn__buffer_release(changed);
    tarn_parquet_file_close(&file);

    struct tarn_source *source = open_file();
    struct tarn_expr *predicate = compare(env, 0, TARN_EXPR_EQ, 1500); /* rows 500 to 502 of the row group */
    request.predicate = predicate;
    ck_assert_ok(tarn_filtered_scan_open(source, &request, &scan, &err), &err);
    do {
        status = tarn_filtered_scan_next(scan, &batch, &err);
    } while (status == TARN_OK && batch != NULL);
    ck_assert_int_eq(status, TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "offset_index");
    ck_assert_int_eq(err.row_group, 1);
    tarn_filtered_scan_close(scan);
    tarn_expr_release(predicate);
    tarn_source_close(source);
    close_store();
}
END_TEST

START_TEST(tasks__are_cut_where_pages_begin) /* P-SCAN-8 */
{
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    const struct tarn_path_step step = {TARN_PATH_FIELD, TARN_TEXT("t"), -1};
    const struct tarn_path path = {1, &step};
    struct tarn_scan *scan;
    open_store(0);
    struct tarn_source *source = open_file();
    request.path_count = 1;
    request.paths = &path;
    request.least_tasks = 7;
    ck_assert_ok(tarn_source_scan(source, &request, &scan, &err), &err);
    ck_assert_uint_eq(tarn_scan_task_count(scan), 9);
    uint64_t total = 0;
    for (uint32_t task = 0; task < 9; task++) {
        struct tarn_cursor *cursor;
        uint32_t rows;
        uint64_t sum = 0;
        ck_assert_ok(tarn_scan_open(scan, task, &cursor, &err), &err);
        do {
            ck_assert_ok(tarn_cursor_next(cursor, 0, &rows, &err), &err);
            sum += rows;
        } while (rows != 0);
        ck_assert_uint_eq(sum % PAGE_ROWS, 0);
        ck_assert_uint_gt(sum, 0);
        total += sum;
        tarn_cursor_close(cursor);
    }
    ck_assert_uint_eq(total, ROWS);
    tarn_scan_close(scan);
    tarn_source_close(source);
    close_store();
}
END_TEST

/* ---- failures ---- */

static enum tarn_status scan_under_fault(void *ctx, struct tarn_fault *fault, struct tarn_env *fault_env, struct tarn_error *error)
{
    struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
    struct tarn_store *fault_store = NULL;
    struct tarn_source *source = NULL;
    struct tarn_filtered_scan *scan = NULL;
    struct tarn_batch *batch = NULL;
    (void)ctx;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_open(fault_env, TARN_TEXT("memory:f"), true, &fault_store, &err), &err);
    struct tarn_object_info info;
    if (tarn_store_head(fault_store, name, &info, NULL) != TARN_OK) {
        write_file(fault_env, fault_store, false);
    }
    struct tarn_expr *predicate = compare(fault_env, 1, TARN_EXPR_EQ, 100);
    request.predicate = predicate;
    request.batch_rows = 500;
    tarn_fault_resume(fault);
    enum tarn_status status = tarn_parquet_open(fault_store, name, NULL, &source, error);
    if (status == TARN_OK) {
        status = tarn_filtered_scan_open(source, &request, &scan, error);
    }
    do {
        status = status == TARN_OK ? tarn_filtered_scan_next(scan, &batch, error) : status;
    } while (status == TARN_OK && batch != NULL);
    tarn_filtered_scan_close(scan);
    tarn_source_close(source);
    tarn_fault_suspend(fault);
    tarn_expr_release(predicate);
    tarn_store_close(fault_store);
    return status;
}

START_TEST(filtered_scan__survives_every_failure)
{
    file_rows = 600;
    tarn_fault_sweep(scan_under_fault, NULL,
                     TARN_FAULT_ALLOC_ONCE | TARN_FAULT_ALLOC_FOREVER | TARN_FAULT_IO_ONCE | TARN_FAULT_SHORT | TARN_FAULT_THROTTLED);
}
END_TEST

TARN_SUITE("reader/filtered_scan", TARN_TEST(filtered_scan__gives_the_rows_that_were_asked_for),
           TARN_TEST(filtered_scan__refuses_ranges_that_do_not_ascend), TARN_TEST(filtered_scan__gives_the_same_rows_on_many_threads),
           TARN_TEST(filtered_scan__leaves_as_an_arrow_stream), TARN_TEST(reads__are_one_request_a_row_group),
           TARN_TEST(reads__fetch_only_pages_with_rows_that_are_left), TARN_LOOP_TIMES(reads__give_the_same_rows_in_windows_of_any_size, 3),
           TARN_TEST(reads__take_a_file_in_memory_as_it_is), TARN_TEST(reads__notice_a_file_that_changes), TARN_TEST(pruning__tells_why),
           TARN_TEST(pruning__asks_bloom_filters), TARN_TEST(reads__notice_an_offset_index_that_lies),
           TARN_TEST(tasks__are_cut_where_pages_begin), TARN_TEST(filtered_scan__survives_every_failure))
