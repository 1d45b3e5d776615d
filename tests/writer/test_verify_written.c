/* SPDX-License-Identifier: Apache-2.0
 *
 * What is read back of a written chunk: that it passes, and that no difference does.
 */
#include "writer/parquet/verify_written.h"

#include "tests/support/parquet_file.h"

static struct tarn_env *env;
static struct tarn_schema *schema;
static struct tarn_arena arena;
static struct tarn__leaf_path *paths;
static struct tarn_file_schema *stored;
static struct tarn__column_writer *writer;
static struct tarn_codec_context *context;
static struct tarn__column_chunk chunk;
static struct tarn_error err;

static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};

enum { ROWS = 1000, PAGE_ROWS = 300 };

static void write_chunk(const struct tarn_type *type)
{
    const struct tarn_field field = TARN_TEST_FIELD("a", type, true);
    const struct tarn__column_options options = {.codec = PARQUET_CODEC_ZSTD,
                                                 .page_version = 1,
                                                 .encodings = TARN_ENCODING_BIT(PARQUET_ENCODING_PLAIN),
                                                 .page_rows = PAGE_ROWS,
                                                 .page_bytes = 1 << 20,
                                                 .digest = true};
    struct parquet_schema_element *elements;
    struct tarn_vector_builder *builder;
    struct tarn_vector *column;
    uint32_t count;
    env = tarn_test_env();
    err = (struct tarn_error)TARN_ERROR_INIT;
    tarn__arena_init(&arena, env);
    ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &schema, &err), &err);
    ck_assert_ok(tarn__leaf_paths_make(schema, &arena, &paths, &count, &err), &err);
    ck_assert_ok(tarn__file_schema_write(&arena, schema, &count, &elements, &err), &err);
    ck_assert_ok(tarn__file_schema_read(&arena, count, elements, 0, NULL, &stored, &err), &err);
    ck_assert_ok(tarn__codec_context_open(env, &context, &err), &err);
    ck_assert_ok(tarn__column_writer_open(env, &paths[0], &options, &writer, &err), &err);
    ck_assert_ok(tarn__vector_builder_open(env, schema->fields[0].type, &builder, &err), &err);
    for (int i = 0; i < ROWS; i++) {
        if (i % 7 == 0) {
            tarn__vector_builder_null(builder);
        } else if (type == &i64) {
            tarn__vector_builder_i64(builder, i / 10);
        } else {
            tarn__vector_builder_text(builder, i % 2 == 0 ? TARN_TEXT("even") : TARN_TEXT("odd"));
        }
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &column, &err), &err);
    tarn__vector_builder_close_all(builder);
    ck_assert_ok(tarn__column_writer_write(writer, context, column, NULL, 0, ROWS, &err), &err);
    ck_assert_ok(tarn__column_writer_finish(writer, context, &chunk, &err), &err);
    tarn_vector_release(column);
}

static void close_all(void)
{
    tarn__column_writer_close(writer);
    tarn__codec_context_close(context);
    tarn__file_schema_free(stored);
    tarn__arena_free(&arena);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}

static enum tarn_status verify(void)
{
    return tarn__verify_chunk(env, &stored->leaves[0], &chunk, ROWS, context, &err);
}

static const struct tarn_type *const types[] = {&i64, &text};

START_TEST(verify_written__rows_are_those_given) /* P-VERIFY-WRITE-3 */
{
    write_chunk(types[_i]);
    ck_assert_ok(verify(), &err);
    ck_assert_uint_eq(chunk.sums.slots, ROWS);
    ck_assert_uint_eq(chunk.sums.values, ROWS - (ROWS + 6) / 7);
    uint32_t *const sums[] = {&chunk.sums.bytes, &chunk.sums.definition, &chunk.sums.repetition};
    for (size_t i = 0; i < 3; i++) {
        *sums[i] ^= 1;
        ck_assert_status(verify(), TARN_CORRUPT);
        ck_assert_str_eq(err.detail, "written");
        *sums[i] ^= 1;
    }
    chunk.sums.values++;
    ck_assert_status(verify(), TARN_CORRUPT);
    chunk.sums.values--;
    ck_assert_ok(verify(), &err);
    close_all();
}
END_TEST

START_TEST(verify_written__damage_is_found) /* P-VERIFY-WRITE-3 */
{
    write_chunk(types[_i]);
    uint8_t *bytes = (uint8_t *)(uintptr_t)chunk.data_pages.data;
    for (uint32_t page = 0; page < chunk.pages.count; page++) {
        const size_t begin = chunk.pages.pages[page].offset;
        const size_t end = begin + chunk.pages.pages[page].stored;
        struct tarn_page_header header;
        bool truncated;
        ck_assert_ok(tarn__page_header_decode((struct tarn_span){bytes + begin, end - begin}, 0, &header, &truncated, &err), &err);
        for (size_t at = begin + header.header_size; at < end; at++) {
            bytes[at] ^= 0x10;
            const enum tarn_status status = verify();
            ck_assert_msg(status != TARN_OK, "byte %zu", at);
            bytes[at] ^= 0x10;
        }
    }
    ck_assert_ok(verify(), &err);
    close_all();
}
END_TEST

START_TEST(verify_written__indexes_are_those_meant) /* P-VERIFY-WRITE-2 */
{
    write_chunk(&i64);
    struct tarn_buffer *columns = tarn__buffer_new(env, 0);
    struct tarn_buffer *offsets = tarn__buffer_new(env, 0);
    bool written;
    ck_assert_ok(tarn__chunk_column_index(&chunk.pages, env, columns, &written, &err), &err);
    ck_assert(written);
    ck_assert_ok(tarn__chunk_offset_index(&chunk.pages, 4, env, offsets, &err), &err);
    const struct tarn_span column = tarn__buffer_span(columns);
    const struct tarn_span offset = tarn__buffer_span(offsets);
    ck_assert_ok(tarn__verify_indexes(env, &chunk, 4, ROWS, column, offset, &err), &err);
    ck_assert_status(tarn__verify_indexes(env, &chunk, 5, ROWS, column, offset, &err), TARN_CORRUPT);
    struct tarn__page_facts *facts = (struct tarn__page_facts *)(uintptr_t)chunk.pages.pages;
    facts[1].first_row++;
    ck_assert_status(tarn__verify_indexes(env, &chunk, 4, ROWS, column, offset, &err), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "written");
    facts[1].first_row--;
    facts[2].stored++;
    ck_assert_status(tarn__verify_indexes(env, &chunk, 4, ROWS, column, offset, &err), TARN_CORRUPT);
    facts[2].stored--;
    facts[0].values.values--;
    ck_assert_status(tarn__verify_indexes(env, &chunk, 4, ROWS, column, offset, &err), TARN_CORRUPT);
    facts[0].values.values++;
    ck_assert_ok(tarn__verify_indexes(env, &chunk, 4, ROWS, column, offset, &err), &err);
    tarn__buffer_release(columns);
    tarn__buffer_release(offsets);
    close_all();
}
END_TEST

/* The footer of a file that was written, against what another file would have. */
START_TEST(verify_written__footer_is_that_meant) /* P-VERIFY-WRITE-1 */
{
    const struct tarn_field field = TARN_TEST_FIELD("a", &i64, true);
    struct tarn_store *store;
    struct tarn_parquet_file file;
    struct tarn_vector_builder *builder;
    struct tarn_vector *column;
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &schema, &err), &err);
    ck_assert_ok(tarn__vector_builder_open(env, schema->fields[0].type, &builder, &err), &err);
    tarn__vector_builder_i64(builder, 42);
    ck_assert_ok(tarn__vector_builder_finish(builder, &column, &err), &err);
    tarn__vector_builder_close_all(builder);
    const struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    tarn_parquet_file_write(store, TARN_TEXT("f"), schema, &options, 1, &column);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f"));

    struct parquet_file_metadata meant = file.footer->metadata;
    const struct tarn_span bytes = file.footer->bytes;
    struct parquet_row_group group = *tarn__footer_row_group(file.footer, 0);
    const struct parquet_column_chunk *chunk_read;
    ck_assert_ok(tarn__footer_chunk(file.footer, 0, 0, &file.arena, &chunk_read, &err), &err);
    struct parquet_column_chunk meant_chunk = *chunk_read;
    group.columns.count = 1;
    group.columns.items = &meant_chunk;
    meant.row_groups.count = 1;
    meant.row_groups.items = &group;
    meant.key_value_metadata.count--; /* the checksum's is added when it is written */
#define VERIFY() tarn__verify_footer(env, &meant, bytes, file.footer->offset, file.footer->file_size, &err)
    ck_assert_ok(VERIFY(), &err);
    meant_chunk.meta_data.num_values++;
    ck_assert_status(VERIFY(), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "written");
    meant_chunk.meta_data.num_values--;
    meant_chunk.meta_data.statistics.null_count++;
    ck_assert_status(VERIFY(), TARN_CORRUPT);
    meant_chunk.meta_data.statistics.null_count--;
    group.num_rows++;
    ck_assert_status(VERIFY(), TARN_CORRUPT);
    group.num_rows--;
    meant.num_rows++;
    ck_assert_status(VERIFY(), TARN_CORRUPT);
    meant.num_rows--;
    ck_assert_ok(VERIFY(), &err);
    tarn_parquet_file_close(&file);
    tarn_schema_release(schema);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("writer/verify_written", TARN_LOOP_TEST(verify_written__rows_are_those_given, types),
           TARN_LOOP_TEST(verify_written__damage_is_found, types), TARN_TEST(verify_written__indexes_are_those_meant),
           TARN_TEST(verify_written__footer_is_that_meant))
