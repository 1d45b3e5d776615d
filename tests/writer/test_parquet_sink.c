/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole files: what the footer says, that equal rows make equal bytes, what is refused, and that failures leave nothing behind.
 */
#include <stdlib.h>

#include "format/base/hash.h"
#include "format/batch/selection.h"
#include "tests/support/parquet_file.h"

static struct tarn_env *env;
static struct tarn_store *store;
static struct tarn_schema *schema;
static struct tarn_error err;

static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type f64 = {.id = TARN_TYPE_F64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_type nothing = {.id = TARN_TYPE_NULL};

static void open_env(struct tarn_env *with)
{
    err = (struct tarn_error)TARN_ERROR_INIT;
    env = with;
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
}

static void make_schema(uint32_t count, const struct tarn_field *fields)
{
    ck_assert_ok(tarn_schema_make(env, count, fields, 0, NULL, &schema, &err), &err);
}

static void close_all(void)
{
    tarn_schema_release(schema);
    tarn_store_close(store);
    tarn_test_env_close(env);
}

/* ---- equal rows, equal bytes ---- */

static const struct tarn_field element = TARN_TEST_FIELD("element", &text, true);
static const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
static const struct tarn_field mixed_fields[] = {TARN_TEST_FIELD("id", &i64, false), TARN_TEST_FIELD("city", &text, true),
                                                 TARN_TEST_FIELD("score", &f64, true), TARN_TEST_FIELD("tags", &list, true)};

static struct tarn_text city(uint32_t row)
{
    static const char *const names[] = {"Oslo", "Bern", "Rome", "", "Z\xc3\xbcrich"};
    const char *name = names[row * 7 % 13 % 5];
    return (struct tarn_text){name, strlen(name)};
}

static void mixed_row(struct tarn_vector_builder **builders, uint32_t row)
{
    tarn__vector_builder_i64(builders[0], (int64_t)row * 3);
    row % 11 == 0 ? tarn__vector_builder_null(builders[1]) : tarn__vector_builder_text(builders[1], city(row));
    row % 5 == 0 ? tarn__vector_builder_null(builders[2]) : tarn__vector_builder_f64(builders[2], (row % 100) / 8.0);
    if (row % 17 == 3) {
        tarn__vector_builder_null(builders[3]);
        return;
    }
    for (uint32_t i = 0; i < row % 4; i++) {
        struct tarn_vector_builder *child = tarn__vector_builder_child(builders[3], 0);
        i == 2 ? tarn__vector_builder_null(child) : tarn__vector_builder_text(child, city(row + i));
    }
    tarn__vector_builder_close(builders[3]);
}

/* The same column through a dictionary whose entries have another order, and some of which nobody uses. */
static struct tarn_vector *as_dictionary(const struct tarn_vector *vector)
{
    struct tarn_vector_builder *builder;
    struct tarn_vector *values;
    static const char *const entries[] = {"unused", "Z\xc3\xbcrich", "", "Rome", "Rome", "Oslo", "Bern"};
    ck_assert_ok(tarn__vector_builder_open(env, vector->type, &builder, &err), &err);
    for (size_t i = 0; i < 7; i++) {
        tarn__vector_builder_text(builder, (struct tarn_text){entries[i], strlen(entries[i])});
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &values, &err), &err);
    tarn__vector_builder_close_all(builder);
    struct tarn_buffer *codes = tarn__buffer_new_zeroed(env, vector->length * sizeof(uint32_t));
    struct tarn_buffer *validity = tarn__buffer_new_zeroed(env, tarn__bits_bytes(vector->length));
    for (uint32_t row = 0; row < vector->length; row++) {
        if (tarn_vector_is_null(vector, row)) {
            continue;
        }
        const struct tarn_text value = tarn_vector_text(vector, row);
        uint32_t code = 0;
        while (strlen(entries[code]) != value.size || memcmp(entries[code], value.data, value.size) != 0) {
            code++;
        }
        ((uint32_t *)(void *)codes->data)[row] = code == 3 && row % 2 == 0 ? 4 : code; /* entries may repeat */
        tarn__bit_set(validity->data, row);
    }
    return tarn__vector_dictionary(env, vector->type, vector->length, codes, tarn__dictionary_make(env, values), validity);
}

/* Writes `rows` rows in batches of `batch_rows`; `odd` batches hold twice the rows, of which a selection takes those wanted. */
static struct tarn_buffer *write_mixed(const struct tarn_parquet_write_options *options, uint32_t rows, uint32_t batch_rows, bool odd)
{
    struct tarn_vector_builder *builders[4];
    struct tarn_sink *sink;
    ck_assert_ok(tarn_parquet_create(store, TARN_TEXT("f"), schema, options, &sink, &err), &err);
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_ok(tarn__vector_builder_open(env, schema->fields[i].type, &builders[i], &err), &err);
    }
    for (uint32_t done = 0; done < rows;) {
        const uint32_t count = rows - done < batch_rows ? rows - done : batch_rows;
        uint32_t *positions = tarn__calloc(env, count, sizeof(*positions));
        for (uint32_t row = 0; row < count; row++) {
            if (odd) {
                mixed_row(builders, 123456 + row);
            }
            mixed_row(builders, done + row);
            positions[row] = 2 * row + 1;
        }
        struct tarn_vector *columns[4];
        struct tarn_batch *batch;
        for (uint32_t i = 0; i < 4; i++) {
            ck_assert_ok(tarn__vector_builder_finish(builders[i], &columns[i], &err), &err);
        }
        if (odd) {
            struct tarn_vector *coded = as_dictionary(columns[1]);
            tarn_vector_release(columns[1]);
            columns[1] = coded;
        }
        ck_assert_ok(tarn__batch_adopt(env, schema, columns[0]->length, columns, &batch, &err), &err);
        if (odd) {
            batch->selection = tarn__selection_of_positions(2 * count, count, positions);
        }
        ck_assert_ok(tarn_sink_write(sink, batch, &err), &err);
        tarn_batch_release(batch);
        tarn__free(env, positions);
        done += count;
    }
    for (uint32_t i = 0; i < 4; i++) {
        tarn__vector_builder_close_all(builders[i]);
    }
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    return tarn_test_read(store, TARN_TEXT("f"));
}

static void expect_same(struct tarn_buffer *a, struct tarn_buffer *b)
{
    ck_assert_uint_eq(a->size, b->size);
    ck_assert_mem_eq(a->data, b->data, a->size);
    tarn__buffer_release(b);
}

static const struct tarn_parquet_write_options layouts[] = {
    {.size = sizeof(struct tarn_parquet_write_options)},
    {.size = sizeof(struct tarn_parquet_write_options), .page_rows = 100, .row_group_rows = 700},
    {.size = sizeof(struct tarn_parquet_write_options), .page_bytes = 300, .row_group_bytes = 9000, .codec = TARN_CODEC_UNCOMPRESSED},
    {.size = sizeof(struct tarn_parquet_write_options), .page_bytes = 300, .dictionary_bytes = 25, .codec = TARN_CODEC_SNAPPY},
    {.size = sizeof(struct tarn_parquet_write_options), .no_dictionary = true, .page_bytes = 1000, .codec = TARN_CODEC_LZ4_RAW},
};

START_TEST(parquet_sink__batches_shapes_and_selections_leave_no_trace) /* P-FILE-WRITE-1 P-CHUNK-WRITE-2 */
{
    open_env(tarn_test_env());
    make_schema(4, mixed_fields);
    const struct tarn_parquet_write_options *options = &layouts[_i];
    struct tarn_buffer *once = write_mixed(options, 3000, 3000, false);
    expect_same(once, write_mixed(options, 3000, 1, false));
    expect_same(once, write_mixed(options, 3000, 333, false));
    expect_same(once, write_mixed(options, 3000, 1000, true));
    tarn__buffer_release(once);
    close_all();
}
END_TEST

/* The same rows in an env that does its work in another way. */
static void expect_same_in(const struct tarn_env_options *options, const struct tarn_parquet_write_options *layout,
                           struct tarn_span expected)
{
    struct tarn_env *other;
    ck_assert_ok(tarn_env_open(options, &other, &err), &err);
    open_env(other);
    make_schema(4, mixed_fields);
    struct tarn_buffer *written = write_mixed(layout, 20000, 8192, false);
    ck_assert_uint_eq(written->size, expected.size);
    ck_assert_mem_eq(written->data, expected.data, expected.size);
    tarn__buffer_release(written);
    close_all();
}

START_TEST(parquet_sink__threads_and_kernels_leave_no_trace) /* P-FILE-WRITE-1 */
{
    static const enum tarn_cpu levels[] = {TARN_CPU_BASE, TARN_CPU_V3, TARN_CPU_V4};
    open_env(tarn_test_env());
    make_schema(4, mixed_fields);
    struct tarn_buffer *serial = write_mixed(&layouts[_i], 20000, 8192, false);
    uint8_t *bytes = malloc(serial->size);
    const struct tarn_span expected = {bytes, serial->size};
    memcpy(bytes, serial->data, serial->size);
    tarn__buffer_release(serial);
    close_all();

    struct tarn_pool *pool;
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    ck_assert_ok(tarn_pool_open(4, &pool, &err), &err);
    const struct tarn_executor executor = tarn_pool_executor(pool);
    options.executor = &executor;
    expect_same_in(&options, &layouts[_i], expected);
    options.executor = NULL;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        struct tarn_env *there;
        options.cpu = levels[i];
        if (tarn_env_open(&options, &there, NULL) == TARN_OK) { /* else this machine has less */
            tarn_env_close(there);
            expect_same_in(&options, &layouts[_i], expected);
        }
    }
    tarn_pool_close(pool);
    free(bytes);
}
END_TEST

/* ---- the footer ---- */

static struct tarn_vector *ints(const struct tarn_type *type, uint32_t count)
{
    struct tarn_vector_builder *builder;
    struct tarn_vector *vector;
    ck_assert_ok(tarn__vector_builder_open(env, type, &builder, &err), &err);
    for (uint32_t i = 0; i < count; i++) {
        tarn__vector_builder_i64(builder, i);
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    tarn__vector_builder_close_all(builder);
    return vector;
}

START_TEST(parquet_sink__footer_says_what_was_written) /* P-FILE-WRITE-2 P-FILE-WRITE-3 P-FILE-WRITE-4 */
{
    const struct tarn_property properties[] = {{TARN_TEXT("k"), TARN_TEXT("v")},
                                               {TARN_TEXT("ARROW:schema"), TARN_TEXT("stale")},
                                               {TARN_TEXT(TARN_FOOTER_CHECKSUM_KEY), TARN_TEXT("stale")}};
    struct tarn_field field = TARN_TEST_FIELD("a", &i64, false);
    struct tarn_parquet_file file;
    field.id = 7;
    open_env(tarn_test_env());
    ck_assert_ok(tarn_schema_make(env, 1, &field, 3, properties, &schema, &err), &err);
    struct tarn_vector *column = ints(schema->fields[0].type, 2500);
    const struct tarn_parquet_write_options options = {
        .size = sizeof(options), .profile = TARN_PROFILE_COMPAT, .codec = TARN_CODEC_ZSTD, .row_group_rows = 1000, .page_rows = 300};
    tarn_parquet_file_write(store, TARN_TEXT("f"), schema, &options, 2500, &column);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f"));

    const struct parquet_file_metadata *meta = &file.footer->metadata;
    ck_assert_mem_eq(file.bytes->data, "PAR1", 4);
    ck_assert_mem_eq(file.bytes->data + file.bytes->size - 4, "PAR1", 4);
    ck_assert_int_eq(meta->version, 1);
    ck_assert_int_eq(meta->num_rows, 2500);
    ck_assert(tarn__text_equal(meta->created_by, TARN_TEXT("tarn version 0.1.0")));
    ck_assert(file.footer->has_checksum);
    ck_assert(tarn__text_equal(tarn__footer_key(meta, TARN_TEXT("k")), TARN_TEXT("v")));
    ck_assert_ptr_null(tarn__footer_key(meta, TARN_TEXT("ARROW:schema")).data);
    ck_assert_uint_eq(meta->column_orders.count, 1);
    ck_assert_int_eq(meta->column_orders.items[0].id, PARQUET_ORDER_TYPE);
    ck_assert_int_eq(meta->schema.items[1].field_id, 7);

    static const int64_t rows[] = {1000, 1000, 500};
    int64_t at = 4;
    ck_assert_uint_eq(meta->row_groups.count, 3);
    for (uint32_t g = 0; g < 3; g++) {
        const struct parquet_row_group *group = &meta->row_groups.items[g];
        const struct parquet_column_metadata *chunk = tarn_parquet_file_chunk(&file, g, 0);
        ck_assert_int_eq(group->num_rows, rows[g]);
        ck_assert_int_eq(group->ordinal, (int16_t)g);
        ck_assert_int_eq(group->file_offset, at);
        ck_assert_int_eq(chunk->data_page_offset, at); /* nothing lies between chunks */
        ck_assert_int_eq(chunk->num_values, rows[g]);
        ck_assert_int_eq(chunk->codec, PARQUET_CODEC_ZSTD);
        ck_assert_int_eq(group->total_byte_size, chunk->total_uncompressed_size);
        ck_assert_int_eq(group->total_compressed_size, chunk->total_compressed_size);
        ck_assert_uint_eq(tarn_parquet_file_page_count(&file, g, 0), rows[g] == 1000 ? 4 : 2);
        at += chunk->total_compressed_size;
    }
    tarn_parquet_file_close(&file);
    close_all();
}
END_TEST

START_TEST(parquet_sink__no_rows_make_a_file_without_groups) /* P-FILE-WRITE-5 */
{
    const struct tarn_field field = TARN_TEST_FIELD("a", &i64, false);
    struct tarn_parquet_file file;
    struct tarn_sink *sink;
    open_env(tarn_test_env());
    make_schema(1, &field);
    ck_assert_ok(tarn_parquet_create(store, TARN_TEXT("f"), schema, NULL, &sink, &err), &err);
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f"));
    ck_assert_int_eq(file.footer->metadata.num_rows, 0);
    ck_assert_uint_eq(file.footer->metadata.row_groups.count, 0);
    tarn_parquet_file_close(&file);
    close_all();
}
END_TEST

START_TEST(parquet_sink__groups_end_by_bytes) /* P-FILE-WRITE-6 */
{
    const struct tarn_field field = TARN_TEST_FIELD("a", &i64, false);
    struct tarn_parquet_file file;
    open_env(tarn_test_env());
    make_schema(1, &field);
    struct tarn_vector *column = ints(schema->fields[0].type, 10000);
    const struct tarn_parquet_write_options options = {.size = sizeof(options),
                                                       .profile = TARN_PROFILE_COMPAT,
                                                       .row_group_bytes = 8000,
                                                       .no_dictionary = true,
                                                       .codec = TARN_CODEC_UNCOMPRESSED};
    tarn_parquet_file_write(store, TARN_TEXT("f"), schema, &options, 10000, &column);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f"));
    ck_assert_uint_ge(file.footer->metadata.row_groups.count, 9);
    ck_assert_uint_le(file.footer->metadata.row_groups.count, 10);
    for (uint32_t g = 0; g + 1 < file.footer->metadata.row_groups.count; g++) {
        ck_assert_int_ge(file.footer->metadata.row_groups.items[g].total_byte_size, 8000);
        ck_assert_int_le(file.footer->metadata.row_groups.items[g].total_byte_size, 8800);
    }
    tarn_parquet_file_close(&file);
    close_all();
}
END_TEST

static const enum tarn_codec codecs[] = {TARN_CODEC_ZSTD, TARN_CODEC_SNAPPY, TARN_CODEC_LZ4_RAW};
static const int32_t codec_numbers[] = {PARQUET_CODEC_ZSTD, PARQUET_CODEC_SNAPPY, PARQUET_CODEC_LZ4_RAW};

START_TEST(parquet_sink__codec_that_saves_nothing_is_dropped) /* P-CHUNK-WRITE-6 */
{
    const struct tarn_field fields[] = {TARN_TEST_FIELD("noise", &i64, true), TARN_TEST_FIELD("same", &i64, true)};
    struct tarn_parquet_file file;
    struct tarn_vector_builder *builders[2];
    struct tarn_vector *columns[2];
    uint64_t noise = 1;
    open_env(tarn_test_env());
    make_schema(2, fields);
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_ok(tarn__vector_builder_open(env, schema->fields[i].type, &builders[i], &err), &err);
    }
    for (uint32_t row = 0; row < 1000; row++) {
        noise = tarn__hash_u64(noise + row);
        tarn__vector_builder_i64(builders[0], (int64_t)noise);
        tarn__vector_builder_i64(builders[1], row / 250);
    }
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_ok(tarn__vector_builder_finish(builders[i], &columns[i], &err), &err);
        tarn__vector_builder_close_all(builders[i]);
    }
    const struct tarn_parquet_write_options options = {
        .size = sizeof(options), .profile = TARN_PROFILE_COMPAT, .codec = codecs[_i], .page_rows = 300, .no_dictionary = true};
    struct tarn_vector *written = tarn_vector_retain(columns[0]);
    tarn_parquet_file_write(store, TARN_TEXT("f"), schema, &options, 1000, columns);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f"));
    const struct parquet_column_metadata *chunk = tarn_parquet_file_chunk(&file, 0, 0);
    ck_assert_int_eq(chunk->codec, PARQUET_CODEC_UNCOMPRESSED);
    ck_assert_int_eq(chunk->total_compressed_size, chunk->total_uncompressed_size);
    ck_assert_int_eq(tarn_parquet_file_chunk(&file, 0, 1)->codec, codec_numbers[_i]);
    ck_assert_uint_eq(tarn_parquet_file_page_count(&file, 0, 0), 4);
    const struct tarn_offset_index index = tarn_parquet_file_offset_index(&file, 0, 0);
    for (uint32_t p = 0; p < 4; p++) {
        struct tarn_page page = tarn_parquet_file_page(&file, 0, 0, p);
        ck_assert_int_eq(index.pages[p].offset, (int64_t)page.offset);
        ck_assert_uint_eq(page.values.size, page.header.value_count * 8);
        ck_assert_mem_eq(page.values.data, (const uint8_t *)written->u.values + p * 2400, page.values.size);
        tarn__page_release(&page);
    }
    tarn_vector_release(written);
    tarn_parquet_file_close(&file);
    close_all();
}
END_TEST

/* Rows of one byte, then suddenly of 10,000: the group ends soon all the same. */
START_TEST(parquet_sink__growing_rows_are_noticed) /* P-FILE-WRITE-6 */
{
    const struct tarn_field field = TARN_TEST_FIELD("t", &text, false);
    struct tarn_parquet_file file;
    struct tarn_vector_builder *builder;
    struct tarn_vector *column;
    char large[10000];
    open_env(tarn_test_env());
    make_schema(1, &field);
    ck_assert_ok(tarn__vector_builder_open(env, schema->fields[0].type, &builder, &err), &err);
    for (int row = 0; row < 100; row++) {
        memset(large, 'a' + row % 26, sizeof(large));
        tarn__vector_builder_text(builder, (struct tarn_text){large, row < 10 ? 1 : sizeof(large)});
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &column, &err), &err);
    tarn__vector_builder_close_all(builder);
    const struct tarn_parquet_write_options options = {.size = sizeof(options), .row_group_bytes = 20000, .no_dictionary = true};
    tarn_parquet_file_write(store, TARN_TEXT("f"), schema, &options, 100, &column);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f"));
    for (uint32_t g = 0; g < file.footer->metadata.row_groups.count; g++) {
        ck_assert_int_le(file.footer->metadata.row_groups.items[g].total_byte_size, 120000);
    }
    tarn_parquet_file_close(&file);
    close_all();
}
END_TEST

/* ---- the result ---- */

static unsigned told;

static void on_finished(void *arg, const struct tarn_parquet_result *result)
{
    told++;
    ck_assert_ptr_eq(arg, &told);
    ck_assert_uint_eq(result->rows, 3000);
    ck_assert_uint_eq(result->row_groups, 3);
    ck_assert_uint_eq(result->leaf_count, 4);
    ck_assert_uint_eq(result->row_group_offsets[0], 4); /* behind the magic */
    ck_assert_uint_gt(result->row_group_offsets[1], result->row_group_offsets[0]);
    ck_assert_uint_gt(result->row_group_offsets[2], result->row_group_offsets[1]);
    ck_assert_uint_lt(result->row_group_offsets[2], result->bytes);
    const struct tarn_leaf_result *id = &result->leaves[0];
    ck_assert_uint_eq(id->depth, 1);
    ck_assert(id->bounds.has_min && id->bounds.min_exact && id->bounds.has_max && id->bounds.max_exact);
    ck_assert_int_eq(id->bounds.min.u.i64, 0);
    ck_assert_int_eq(id->bounds.max.u.i64, 2999 * 3);
    ck_assert_uint_eq(id->bounds.null_count, 0);
    ck_assert_uint_gt(id->compressed_size, 0);
    const struct tarn_leaf_result *name = &result->leaves[1];
    ck_assert_uint_eq(name->bounds.null_count, (3000 + 10) / 11);
    ck_assert_uint_eq(name->bounds.min.u.bytes.size, 0);
    ck_assert(tarn__text_equal(name->bounds.max.u.bytes, TARN_TEXT("Z\xc3\xbcrich")));
    const struct tarn_leaf_result *score = &result->leaves[2];
    ck_assert(score->bounds.has_nan_count && score->bounds.nan_count == 0);
    ck_assert_double_eq(score->bounds.min.u.f64, 1 / 8.0);
    ck_assert_double_eq(score->bounds.max.u.f64, 99 / 8.0);
    const struct tarn_leaf_result *tag = &result->leaves[3];
    ck_assert_uint_eq(tag->depth, 2);
    ck_assert_uint_eq(tag->index[0], 3);
    ck_assert_uint_eq(tag->index[1], 0);
    ck_assert_uint_gt(tag->bounds.rows, 3000);
}

START_TEST(parquet_sink__result_merges_the_groups) /* P-FILE-WRITE-7 */
{
    open_env(tarn_test_env());
    make_schema(4, mixed_fields);
    told = 0;
    const struct tarn_parquet_write_options options = {
        .size = sizeof(options), .row_group_rows = 1000, .finished = on_finished, .finished_arg = &told};
    tarn__buffer_release(write_mixed(&options, 3000, 900, false));
    ck_assert_uint_eq(told, 1);
    close_all();
}
END_TEST

/* ---- refused ---- */

START_TEST(parquet_sink__null_in_required_column_names_row_and_column) /* P-SHRED-6 P-FILE-WRITE-8 */
{
    const struct tarn_field field = TARN_TEST_FIELD("a", &i64, false);
    struct tarn_sink *sink;
    struct tarn_batch *batch;
    open_env(tarn_test_env());
    make_schema(1, &field);
    ck_assert_ok(tarn_parquet_create(store, TARN_TEXT("dir/f"), schema, NULL, &sink, &err), &err);
    struct tarn_vector *good = ints(schema->fields[0].type, 10);
    ck_assert_ok(tarn__batch_adopt(env, schema, 10, &good, &batch, &err), &err);
    ck_assert_ok(tarn_sink_write(sink, batch, &err), &err);
    tarn_batch_release(batch);

    struct tarn_vector_builder *builder;
    struct tarn_vector *bad;
    ck_assert_ok(tarn__vector_builder_open(env, schema->fields[0].type, &builder, &err), &err);
    tarn__vector_builder_i64(builder, 1);
    tarn__vector_builder_i64(builder, 2);
    tarn__vector_builder_null(builder);
    ck_assert_ok(tarn__vector_builder_finish(builder, &bad, &err), &err);
    tarn__vector_builder_close_all(builder);
    ck_assert_ok(tarn__batch_adopt(env, schema, 3, &bad, &batch, &err), &err);
    ck_assert_status(tarn_sink_write(sink, batch, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "null_in_required");
    ck_assert_int_eq(err.row, 12);
    ck_assert_str_eq(err.column, "a");
    ck_assert_str_eq(err.object, "dir/f");

    err = (struct tarn_error)TARN_ERROR_INIT;
    ck_assert_status(tarn_sink_write(sink, batch, &err), TARN_INVALID); /* it stays failed */
    ck_assert_str_eq(err.detail, "null_in_required");
    err = (struct tarn_error)TARN_ERROR_INIT;
    ck_assert_status(tarn_sink_finish(sink, &err), TARN_INVALID);
    ck_assert_int_eq(err.row, 12);
    ck_assert(tarn_test_store_is_empty(store));
    tarn_batch_release(batch);
    close_all();
}
END_TEST

START_TEST(parquet_sink__aborted_leaves_nothing) /* P-FILE-WRITE-8 */
{
    const struct tarn_field field = TARN_TEST_FIELD("a", &i64, false);
    struct tarn_sink *sink;
    struct tarn_batch *batch;
    open_env(tarn_test_env());
    make_schema(1, &field);
    const struct tarn_parquet_write_options options = {.size = sizeof(options), .row_group_rows = 5};
    ck_assert_ok(tarn_parquet_create(store, TARN_TEXT("f"), schema, &options, &sink, &err), &err);
    struct tarn_vector *column = ints(schema->fields[0].type, 10);
    ck_assert_ok(tarn__batch_adopt(env, schema, 10, &column, &batch, &err), &err);
    ck_assert_ok(tarn_sink_write(sink, batch, &err), &err);
    tarn_batch_release(batch);
    tarn_sink_abort(sink);
    ck_assert(tarn_test_store_is_empty(store));
    close_all();
}
END_TEST

START_TEST(parquet_sink__existing_object_is_kept_when_asked) /* P-FILE-WRITE-8 */
{
    const struct tarn_field field = TARN_TEST_FIELD("a", &i64, false);
    struct tarn_sink *sink;
    open_env(tarn_test_env());
    make_schema(1, &field);
    ck_assert_ok(
        tarn_store_put(store, TARN_TEXT("f"), (struct tarn_span){(const uint8_t *)"x", 1}, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    const struct tarn_parquet_write_options options = {.size = sizeof(options), .mode = TARN_PUT_IF_ABSENT};
    ck_assert_ok(tarn_parquet_create(store, TARN_TEXT("f"), schema, &options, &sink, &err), &err);
    ck_assert_status(tarn_sink_finish(sink, &err), TARN_EXISTS);
    struct tarn_buffer *bytes = tarn_test_read(store, TARN_TEXT("f"));
    ck_assert_uint_eq(bytes->size, 1);
    tarn__buffer_release(bytes);
    close_all();
}
END_TEST

struct refused {
    const char *name;
    struct tarn_type type;
    const char *feature;
};

static const struct refused refusals[] = {
    {"duration", {.id = TARN_TYPE_DURATION, .unit = TARN_MICRO}, "logical_type.duration"},
};

START_TEST(parquet_sink__types_it_has_not_are_named)
{
    const struct refused *c = &refusals[_i];
    const struct tarn_field field = TARN_TEST_FIELD("a", &c->type, true);
    const struct tarn_parquet_write_options options = {.size = sizeof(options), .arrow_schema = TARN_CHOICE_NO};
    struct tarn_sink *sink;
    open_env(tarn_test_env());
    make_schema(1, &field);
    ck_assert_status(tarn_parquet_create(store, TARN_TEXT("f"), schema, &options, &sink, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, c->feature);
    ck_assert_ptr_null(sink);
    ck_assert(tarn_test_store_is_empty(store));
    close_all();
}
END_TEST

START_TEST(parquet_sink__decimal_beyond_its_precision_is_refused)
{
    const struct tarn_type decimal = {.id = TARN_TYPE_DECIMAL, .precision = 19, .scale = 0};
    const struct tarn_field field = TARN_TEST_FIELD("d", &decimal, false);
    struct tarn_sink *sink;
    struct tarn_vector_builder *builder;
    struct tarn_vector *column;
    struct tarn_batch *batch;
    open_env(tarn_test_env());
    make_schema(1, &field);
    ck_assert_ok(tarn__vector_builder_open(env, schema->fields[0].type, &builder, &err), &err);
    tarn__vector_builder_words(builder, (const uint64_t[4]){0, 1u << 20, 0, 0}); /* 2^84, in nine bytes at most 2^71 */
    ck_assert_ok(tarn__vector_builder_finish(builder, &column, &err), &err);
    tarn__vector_builder_close_all(builder);
    ck_assert_ok(tarn__batch_adopt(env, schema, 1, &column, &batch, &err), &err);
    ck_assert_ok(tarn_parquet_create(store, TARN_TEXT("f"), schema, NULL, &sink, &err), &err);
    ck_assert_status(tarn_sink_write(sink, batch, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "decimal_range");
    ck_assert_str_eq(err.column, "d");
    tarn_sink_abort(sink);
    tarn_batch_release(batch);
    close_all();
}
END_TEST

START_TEST(parquet_sink__columns_of_nulls_only)
{
    const struct tarn_field fields[] = {TARN_TEST_FIELD("n", &nothing, true), TARN_TEST_FIELD("i", &i32, true)};
    struct tarn_parquet_file file;
    open_env(tarn_test_env());
    make_schema(2, fields);
    struct tarn_vector *columns[] = {tarn__vector_nulls(env, schema->fields[0].type, 50),
                                     tarn__vector_nulls(env, schema->fields[1].type, 50)};
    tarn_parquet_file_write(store, TARN_TEXT("f"), schema, NULL, 50, columns);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f"));
    struct tarn_column_index index;
    for (uint32_t leaf = 0; leaf < 2; leaf++) {
        ck_assert_int_eq(tarn_parquet_file_chunk(&file, 0, leaf)->statistics.null_count, 50);
        ck_assert(!tarn_parquet_file_chunk(&file, 0, leaf)->statistics.has_min_value);
    }
    ck_assert(tarn_parquet_file_column_index(&file, 0, 1, &index));
    ck_assert(index.null_pages[0]);
    tarn_parquet_file_close(&file);
    close_all();
}
END_TEST

START_TEST(parquet_sink__bad_options_are_refused)
{
    const struct tarn_field field = TARN_TEST_FIELD("a", &i64, false);
    struct tarn_sink *sink;
    open_env(tarn_test_env());
    make_schema(1, &field);
    const struct tarn_parquet_write_options options = {.size = sizeof(options), .codec = (enum tarn_codec)99};
    ck_assert_status(tarn_parquet_create(store, TARN_TEXT("f"), schema, &options, &sink, &err), TARN_INVALID);
    const struct tarn_parquet_write_options without_size = {.page_rows = 10};
    ck_assert_status(tarn_parquet_create(store, TARN_TEXT("f"), schema, &without_size, &sink, &err), TARN_INVALID);
    close_all();
}
END_TEST

TARN_SUITE("parquet_sink", TARN_LOOP_TEST(parquet_sink__batches_shapes_and_selections_leave_no_trace, layouts),
           TARN_LOOP_TEST(parquet_sink__threads_and_kernels_leave_no_trace, layouts), TARN_TEST(parquet_sink__footer_says_what_was_written),
           TARN_TEST(parquet_sink__no_rows_make_a_file_without_groups), TARN_TEST(parquet_sink__groups_end_by_bytes),
           TARN_TEST(parquet_sink__growing_rows_are_noticed), TARN_LOOP_TEST(parquet_sink__codec_that_saves_nothing_is_dropped, codecs),
           TARN_TEST(parquet_sink__result_merges_the_groups), TARN_TEST(parquet_sink__null_in_required_column_names_row_and_column),
           TARN_TEST(parquet_sink__aborted_leaves_nothing), TARN_TEST(parquet_sink__existing_object_is_kept_when_asked),
           TARN_LOOP_TEST(parquet_sink__types_it_has_not_are_named, refusals),
           TARN_TEST(parquet_sink__decimal_beyond_its_precision_is_refused), TARN_TEST(parquet_sink__columns_of_nulls_only),
           TARN_TEST(parquet_sink__bad_options_are_refused))
