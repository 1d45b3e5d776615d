/* SPDX-License-Identifier: Apache-2.0
 * Arrow IPC written: the layout of the bytes, batches joined and cut, dictionaries in streams and files, what aborts and failures leave;
 * and scans of what was written: columns, members, row numbers, windows, and how much of the file they read.
 */
#include <stdio.h>

#include "format/arrow_ipc/ipc_message.h"
#include "format/batch/vector_builder.h"
#include "tarn/reader.h"
#include "tarn/writer.h"
#include "tests/support/fault.h"
#include "tests/support/source_text.h"

static struct tarn_error err;

static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_field item = {.name = {"item", 4}, .type = &i64, .nullable = true, .id = -1};
static const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &item};
static const struct tarn_field members[] = {{.name = {"x", 1}, .type = &i32, .nullable = true, .id = -1},
                                            {.name = {"y", 1}, .type = &text, .nullable = true, .id = -1}};
static const struct tarn_type pair = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = members};
static const struct tarn_property described = {{"comment", 7}, {"of a row", 8}};
static const struct tarn_field fields[] = {
    {.name = {"n", 1}, .type = &i64, .nullable = false, .id = 3, .property_count = 1, .properties = &described},
    {.name = {"s", 1}, .type = &text, .nullable = true, .id = -1},
    {.name = {"p", 1}, .type = &pair, .nullable = true, .id = -1},
    {.name = {"l", 1}, .type = &list, .nullable = true, .id = -1}};
enum { COLUMNS = 4 };

static struct tarn_schema *sample_schema(struct tarn_env *env)
{
    struct tarn_schema *schema;
    const struct tarn_property origin = {{"origin", 6}, {"test", 4}};
    ck_assert_ok(tarn_schema_make(env, COLUMNS, fields, 1, &origin, &schema, &err), &err);
    return schema;
}

static void add_row(struct tarn_vector_builder *const *columns, uint32_t row)
{
    char word[32];
    const int size = snprintf(word, sizeof(word), "word %u of many", row % 5);
    tarn__vector_builder_i64(columns[0], (int64_t)row * 10);
    if (row % 4 == 1) {
        tarn__vector_builder_null(columns[1]);
    } else {
        tarn__vector_builder_text(columns[1], (struct tarn_text){word, (size_t)size});
    }
    if (row % 3 == 2) {
        tarn__vector_builder_null(columns[2]);
    } else {
        tarn__vector_builder_i64(tarn__vector_builder_child(columns[2], 0), row);
        tarn__vector_builder_text(tarn__vector_builder_child(columns[2], 1), (struct tarn_text){word, row % 7});
        tarn__vector_builder_close(columns[2]);
    }
    for (uint32_t i = 0; i < row % 4; i++) {
        tarn__vector_builder_i64(tarn__vector_builder_child(columns[3], 0), row + i);
    }
    tarn__vector_builder_close(columns[3]);
}

static struct tarn_batch *sample(struct tarn_env *env, const struct tarn_schema *schema, uint32_t first, uint32_t rows)
{
    struct tarn_vector_builder *builders[COLUMNS];
    struct tarn_vector *columns[COLUMNS];
    struct tarn_batch *batch;
    for (uint32_t i = 0; i < COLUMNS; i++) {
        ck_assert_ok(tarn__vector_builder_open(env, schema->fields[i].type, &builders[i], &err), &err);
    }
    for (uint32_t row = 0; row < rows; row++) {
        add_row(builders, first + row);
    }
    for (uint32_t i = 0; i < COLUMNS; i++) {
        ck_assert_ok(tarn__vector_builder_finish(builders[i], &columns[i], &err), &err);
        tarn__vector_builder_close_all(builders[i]);
    }
    ck_assert_ok(tarn__batch_adopt(env, schema, rows, columns, &batch, &err), &err);
    return batch;
}

/* "f" with rows 0 .. rows-1, in batches of `step`. */
static void write_rows(struct tarn_store *store, uint32_t rows, uint32_t step, const struct tarn_arrow_ipc_write_options *options)
{
    struct tarn_schema *schema = sample_schema(store->env);
    struct tarn_sink *sink;
    ck_assert_ok(tarn_arrow_ipc_create(store, TARN_TEXT("f"), schema, options, &sink, &err), &err);
    for (uint32_t at = 0; at < rows; at += step) {
        struct tarn_batch *batch = sample(store->env, schema, at, rows - at < step ? rows - at : step);
        ck_assert_ok(tarn_sink_write(sink, batch, &err), &err);
        tarn_batch_release(batch);
    }
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    tarn_schema_release(schema);
}

static struct tarn_source *open_source(struct tarn_store *store)
{
    struct tarn_source *source;
    ck_assert_ok(tarn_arrow_ipc_open(store, TARN_TEXT("f"), NULL, &source, &err), &err);
    return source;
}

/* ---- round trips ---- */

static const struct tarn_arrow_ipc_write_options ways[] = {
    {.size = sizeof(struct tarn_arrow_ipc_write_options)},
    {.size = sizeof(struct tarn_arrow_ipc_write_options), .format = TARN_ARROW_IPC_FILE},
    {.size = sizeof(struct tarn_arrow_ipc_write_options), .codec = TARN_CODEC_ZSTD, .batch_rows = 7},
    {.size = sizeof(struct tarn_arrow_ipc_write_options), .format = TARN_ARROW_IPC_FILE, .codec = TARN_CODEC_LZ4_RAW, .batch_rows = 7},
    {.size = sizeof(struct tarn_arrow_ipc_write_options), .strings = TARN_ARROW_LARGE_UTF8, .batch_rows = 3},
    {.size = sizeof(struct tarn_arrow_ipc_write_options), .strings = TARN_ARROW_UTF8_VIEW, .batch_rows = 3},
    {.size = sizeof(struct tarn_arrow_ipc_write_options), .keep_dictionaries = true, .batch_rows = 3},
    {.size = sizeof(struct tarn_arrow_ipc_write_options), .format = TARN_ARROW_IPC_FILE, .keep_dictionaries = true, .batch_rows = 3},
};

START_TEST(ipc_sink__what_was_written_is_read_back) /* X-IPC-9, X-IPC-10, X-IPC-11, X-IPC-12 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = tarn_test_store_of(env, "", 0);
    write_rows(store, 10, 4, &ways[_i]);
    struct tarn_source *source = open_source(store);
    ck_assert_str_eq(tarn_test_source_text(source), "n BIGINT, s VARCHAR, p STRUCT(x INTEGER, y VARCHAR), l BIGINT[]\n"
                                                    "0|word 0 of many|{'x': 0, 'y': }|[]\n"
                                                    "10|~|{'x': 1, 'y': w}|[1]\n"
                                                    "20|word 2 of many|~|[2, 3]\n"
                                                    "30|word 3 of many|{'x': 3, 'y': wor}|[3, 4, 5]\n"
                                                    "40|word 4 of many|{'x': 4, 'y': word}|[]\n"
                                                    "50|~|~|[5]\n"
                                                    "60|word 1 of many|{'x': 6, 'y': word 1}|[6, 7]\n"
                                                    "70|word 2 of many|{'x': 7, 'y': }|[7, 8, 9]\n"
                                                    "80|word 3 of many|~|[]\n"
                                                    "90|~|{'x': 9, 'y': wo}|[9]\n");
    const struct tarn_schema *schema = tarn_source_schema(source);
    ck_assert(!schema->fields[0].nullable && schema->fields[1].nullable);
    ck_assert_int_eq(schema->fields[0].id, 3);
    ck_assert_uint_eq(schema->fields[0].property_count, 1);
    ck_assert(tarn__text_equal(schema->fields[0].properties[0].value, TARN_TEXT("of a row")));
    ck_assert_uint_eq(schema->property_count, 1);
    ck_assert(tarn__text_equal(schema->properties[0].value, TARN_TEXT("test")));
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(ipc_sink__no_rows_are_a_schema_alone) /* X-IPC-11; a stream, then a file */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = tarn_test_store_of(env, "", 0);
    for (int i = 0; i < 2; i++) {
        write_rows(store, 0, 1, &ways[i]);
        struct tarn_source *source = open_source(store);
        ck_assert_str_eq(tarn_test_source_text(source), "n BIGINT, s VARCHAR, p STRUCT(x INTEGER, y VARCHAR), l BIGINT[]\n");
        tarn_source_close(source);
    }
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(ipc_sink__rows_without_columns_are_counted) /* X-IPC-11 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = tarn_test_store_of(env, "", 0);
    struct tarn_schema *schema;
    struct tarn_batch *batch;
    struct tarn_sink *sink;
    ck_assert_ok(tarn_schema_make(env, 0, NULL, 0, NULL, &schema, &err), &err);
    ck_assert_ok(tarn_batch_make(env, schema, 5, NULL, &batch, &err), &err);
    ck_assert_ok(tarn_arrow_ipc_create(store, TARN_TEXT("f"), schema, &ways[_i], &sink, &err), &err);
    ck_assert_ok(tarn_sink_write(sink, batch, &err), &err);
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    struct tarn_source *source = open_source(store);
    ck_assert_str_eq(tarn_test_source_text(source), "\n\n\n\n\n\n");
    tarn_source_close(source);
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

/* ---- bytes ---- */

static uint8_t written[1 << 16];
static size_t written_size;

static enum tarn_status keep(void *ctx, struct tarn_span bytes, struct tarn_error *error)
{
    (void)ctx;
    (void)error;
    ck_assert_uint_le(written_size + bytes.size, sizeof(written));
    memcpy(written + written_size, bytes.data, bytes.size);
    written_size += bytes.size;
    return TARN_OK;
}

/* Rows 0 .. rows-1 into `written`. */
static void write_stream(uint32_t rows, uint32_t step, const struct tarn_arrow_ipc_write_options *options)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *schema = sample_schema(env);
    struct tarn_sink *sink;
    written_size = 0;
    ck_assert_ok(tarn_arrow_ipc_create_stream(env, (struct tarn_byte_sink){NULL, keep}, schema, options, &sink, &err), &err);
    for (uint32_t at = 0; at < rows; at += step) {
        struct tarn_batch *batch = sample(env, schema, at, step);
        ck_assert_ok(tarn_sink_write(sink, batch, &err), &err);
        tarn_batch_release(batch);
    }
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}

/* Walks the messages of `written`: kinds as letters, and each record batch's rows. */
static const char *messages(size_t at)
{
    static char said[256];
    said[0] = '\0';
    while (at + 8 <= written_size) {
        ck_assert_uint_eq(tarn__load32(written + at), UINT32_MAX);
        const uint32_t size = tarn__load32(written + at + 4);
        struct tarn__ipc_message message;
        if (size == 0) {
            strcat(said, "end");
            break;
        }
        ck_assert_ok(tarn__ipc_message_read((struct tarn_span){written + at + 8, size}, at + 8, at + 8 + size, &message, &err), &err);
        ck_assert_uint_eq(message.body_at % 64, 0);
        ck_assert_uint_eq(message.body_size % 64, 0);
        struct tarn__ipc_records records;
        uint64_t last = 0;
        if (message.header_type == TARN__IPC_RECORDS) {
            ck_assert_ok(tarn__ipc_records_read(&message, &message.header, &records, &err), &err);
            snprintf(said + strlen(said), 16, "%u ", records.length);
            for (uint32_t i = 0; i < records.buffers.count; i++) {
                const uint64_t offset = (uint64_t)tarn__flat_int64(&records.buffers, TARN__IPC_BUFFER, i, 0);
                ck_assert_uint_eq(offset % 64, 0);
                for (; last < offset; last++) {
                    ck_assert_uint_eq(written[message.body_at + last], 0);
                }
                last = offset + (uint64_t)tarn__flat_int64(&records.buffers, TARN__IPC_BUFFER, i, 8);
            }
        } else {
            strcat(said, message.header_type == TARN__IPC_SCHEMA ? "schema " : "dictionary ");
        }
        at = message.body_at + message.body_size;
    }
    return said;
}

START_TEST(ipc_sink__bodies_are_aligned_and_padded_with_zeros) /* X-IPC-10 */
{
    write_stream(10, 5, NULL);
    ck_assert_str_eq(messages(0), "schema 10 end");
    write_stream(10, 5, &ways[1]);
    ck_assert_int_eq(memcmp(written, "ARROW1\0\0", 8), 0);
    ck_assert_int_eq(memcmp(written + written_size - 6, "ARROW1", 6), 0);
    ck_assert_str_eq(messages(8), "schema 10 end");
}
END_TEST

START_TEST(ipc_sink__small_batches_are_joined_and_large_ones_cut) /* X-IPC-11 */
{
    struct tarn_arrow_ipc_write_options options = TARN_ARROW_IPC_WRITE_OPTIONS_INIT;
    options.batch_rows = 8;
    write_stream(12, 3, &options);
    ck_assert_str_eq(messages(0), "schema 8 1 3 end"); /* 9 rows are pending when they are enough */
    write_stream(20, 20, &options);
    ck_assert_str_eq(messages(0), "schema 8 8 4 end");
}
END_TEST

START_TEST(ipc_sink__writes_the_selected_rows_alone) /* X-IPC-10 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *schema = sample_schema(env);
    struct tarn_store *store = tarn_test_store_of(env, "", 0);
    struct tarn_batch *batch = sample(env, schema, 0, 10);
    struct tarn_batch part = *batch;
    const uint32_t positions[] = {3, 5};
    struct tarn_sink *sink;
    part.selection = (struct tarn_selection){.kind = TARN_SELECT_POSITIONS, .rows = 10, .count = 2, .u.positions = positions};
    ck_assert_ok(tarn_arrow_ipc_create(store, TARN_TEXT("f"), schema, NULL, &sink, &err), &err);
    ck_assert_ok(tarn_sink_write(sink, &part, &err), &err);
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    struct tarn_source *source = open_source(store);
    ck_assert_str_eq(tarn_test_source_text(source), "n BIGINT, s VARCHAR, p STRUCT(x INTEGER, y VARCHAR), l BIGINT[]\n"
                                                    "30|word 3 of many|{'x': 3, 'y': wor}|[3, 4, 5]\n50|~|~|[5]\n");
    tarn_source_close(source);
    tarn_batch_release(batch);
    tarn_store_close(store);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

/* A slice writes what its rows use: no bytes and elements of the rows around it. */
START_TEST(ipc_sink__a_slice_takes_its_own_bytes_only) /* X-IPC-10 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *schema = sample_schema(env);
    struct tarn_batch *batch = sample(env, schema, 0, 200);
    struct tarn_vector *columns[COLUMNS];
    struct tarn_batch *slice;
    struct tarn_sink *sink;
    for (uint32_t i = 0; i < COLUMNS; i++) {
        ck_assert_ok(tarn__vector_slice(batch->columns[i], 101, 3, &columns[i], &err), &err);
    }
    ck_assert_ok(tarn__batch_adopt(env, schema, 3, columns, &slice, &err), &err);
    written_size = 0;
    ck_assert_ok(tarn_arrow_ipc_create_stream(env, (struct tarn_byte_sink){NULL, keep}, schema, NULL, &sink, &err), &err);
    ck_assert_ok(tarn_sink_write(sink, slice, &err), &err);
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    const size_t of_slice = written_size;
    ck_assert_ptr_null(memmem(written, written_size, "word 0", 6)); /* rows 101, 102, 103 have words 1 (null), 2, 3 */
    ck_assert_ptr_nonnull(memmem(written, written_size, "word 2", 6));
    write_stream(3, 3, NULL);
    ck_assert_uint_le(of_slice, written_size + 64);
    tarn_batch_release(slice);
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(ipc_sink__bytes_of_other_codecs_are_fewer) /* X-IPC-6, X-IPC-10 */
{
    struct tarn_arrow_ipc_write_options options = TARN_ARROW_IPC_WRITE_OPTIONS_INIT;
    write_stream(500, 500, &options);
    const size_t plain = written_size;
    options.codec = _i == 0 ? TARN_CODEC_ZSTD : TARN_CODEC_LZ4_RAW;
    write_stream(500, 500, &options);
    ck_assert_uint_lt(written_size, plain / 2);
    ck_assert_str_eq(messages(0), "schema 500 end");
}
END_TEST

/* ---- dictionaries ---- */

/* A batch of one column "s" over the entries a, b, c: the codes given. */
static struct tarn_batch *coded(struct tarn_env *env, const struct tarn_schema *schema, const struct tarn_dictionary *dictionary,
                                const uint32_t *codes, uint32_t count)
{
    struct tarn_buffer *buffer = tarn__buffer_new(env, count * sizeof(*codes));
    struct tarn_batch *batch;
    memcpy(buffer->data, codes, count * sizeof(*codes));
    struct tarn_vector *column = tarn__vector_dictionary(env, &text, count, buffer, tarn__dictionary_retain(dictionary), NULL);
    ck_assert_ok(tarn__batch_adopt(env, schema, count, &column, &batch, &err), &err);
    return batch;
}

static struct tarn_dictionary *words(struct tarn_env *env, const char *const *entries, uint32_t count)
{
    struct tarn_vector_builder *builder;
    struct tarn_vector *values;
    ck_assert_ok(tarn__vector_builder_open(env, &text, &builder, &err), &err);
    for (uint32_t i = 0; i < count; i++) {
        tarn__vector_builder_text(builder, (struct tarn_text){entries[i], strlen(entries[i])});
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &values, &err), &err);
    tarn__vector_builder_close_all(builder);
    return tarn__dictionary_make(env, values);
}

START_TEST(ipc_sink__dictionaries_are_kept_when_asked) /* X-IPC-12; replaced in a stream, grown in a file */
{
    static const char *const first_words[] = {"a", "b", "c"};
    static const char *const other_words[] = {"x", "a"};
    static const uint32_t codes[] = {2, 0, 1, 1};
    static const uint32_t other_codes[] = {1, 0, 0, 1};
    const struct tarn_field field = {.name = {"s", 1}, .type = &text, .nullable = true, .id = -1};
    struct tarn_arrow_ipc_write_options options = TARN_ARROW_IPC_WRITE_OPTIONS_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = tarn_test_store_of(env, "", 0);
    struct tarn_dictionary *first = words(env, first_words, 3);
    struct tarn_dictionary *other = words(env, other_words, 2);
    struct tarn_schema *schema;
    struct tarn_sink *sink;
    ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &schema, &err), &err);
    struct tarn_batch *const batches[] = {coded(env, schema, first, codes, 4), coded(env, schema, first, codes, 2),
                                          coded(env, schema, other, other_codes, 4), coded(env, schema, first, codes, 1)};
    options.format = _i == 0 ? TARN_ARROW_IPC_STREAM : TARN_ARROW_IPC_FILE;
    options.keep_dictionaries = true;
    options.batch_rows = 1;
    written_size = 0;
    ck_assert_ok(tarn_arrow_ipc_create_stream(env, (struct tarn_byte_sink){NULL, keep}, schema, &options, &sink, &err), &err);
    for (int i = 0; i < 4; i++) {
        ck_assert_ok(tarn_sink_write(sink, batches[i], &err), &err);
        tarn_batch_release(batches[i]);
    }
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    ck_assert_str_eq(messages(_i == 0 ? 0 : 8), "schema dictionary 1 1 1 1 1 1 dictionary 1 1 1 1 dictionary 1 end");
    ck_assert_ok(tarn_store_put(store, TARN_TEXT("f"), (struct tarn_span){written, written_size}, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err),
                 &err);
    struct tarn_source *source = open_source(store);
    ck_assert_str_eq(tarn_test_source_text(source), "s VARCHAR\nc\na\nb\nb\nc\na\na\nx\nx\na\nc\n");
    tarn_source_close(source);
    tarn_store_close(store);
    tarn__dictionary_release(first);
    tarn__dictionary_release(other);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

/* ---- what is refused, and what failures leave ---- */

START_TEST(ipc_sink__refuses_nulls_where_none_may_be)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *schema = sample_schema(env);
    struct tarn_store *store = tarn_test_store_of(env, "", 0);
    struct tarn_batch *batch = sample(env, schema, 0, 4);
    struct tarn_vector *columns[COLUMNS];
    struct tarn_batch *wrong;
    struct tarn_sink *sink;
    memcpy(columns, batch->columns, sizeof(columns));
    columns[0] = tarn__vector_nulls(env, &i64, 4);
    ck_assert_ok(tarn_batch_make(env, schema, 4, columns, &wrong, &err), &err);
    ck_assert_ok(tarn_arrow_ipc_create(store, TARN_TEXT("g"), schema, NULL, &sink, &err), &err);
    ck_assert_status(tarn_sink_write(sink, wrong, &err), TARN_INVALID);
    ck_assert_str_eq(err.column, "n");
    tarn_sink_abort(sink);
    struct tarn_object_info info;
    ck_assert_status(tarn_store_head(store, TARN_TEXT("g"), &info, &err), TARN_NOT_FOUND);
    tarn_vector_release(columns[0]);
    tarn_batch_release(wrong);
    tarn_batch_release(batch);
    tarn_store_close(store);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(ipc_sink__refuses_options_that_mean_nothing)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *schema = sample_schema(env);
    struct tarn_store *store = tarn_test_store_of(env, "", 0);
    struct tarn_arrow_ipc_write_options options = TARN_ARROW_IPC_WRITE_OPTIONS_INIT;
    struct tarn_sink *sink;
    options.codec = TARN_CODEC_SNAPPY;
    ck_assert_status(tarn_arrow_ipc_create(store, TARN_TEXT("g"), schema, &options, &sink, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "codec");
    options.codec = TARN_CODEC_DEFAULT;
    options.mode = TARN_PUT_IF_ABSENT;
    ck_assert_ok(tarn_arrow_ipc_create(store, TARN_TEXT("f"), schema, &options, &sink, &err), &err);
    ck_assert_status(tarn_sink_finish(sink, &err), TARN_EXISTS);
    tarn_store_close(store);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status write_and_read(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    struct tarn_error quiet = TARN_ERROR_INIT;
    struct tarn_store *store;
    struct tarn_sink *sink = NULL;
    struct tarn_source *source = NULL;
    struct tarn_batches *batches = NULL;
    uint64_t rows = 0;
    tarn_fault_suspend(fault);
    struct tarn_schema *schema = sample_schema(env);
    struct tarn_batch *batch = sample(env, schema, 0, 20);
    ck_assert_ok(tarn_store_open(env, TARN_TEXT("memory:ipc"), true, &store, &quiet), &quiet);
    tarn_fault_resume(fault);
    enum tarn_status status = tarn_arrow_ipc_create(store, TARN_TEXT("f"), schema, ctx, &sink, error);
    for (int i = 0; i < 2 && status == TARN_OK; i++) {
        status = tarn_sink_write(sink, batch, error);
    }
    if (status == TARN_OK) {
        status = tarn_sink_finish(sink, error);
    } else if (sink != NULL) {
        tarn_sink_abort(sink);
    }
    status = status == TARN_OK ? tarn_arrow_ipc_open(store, TARN_TEXT("f"), NULL, &source, error) : status;
    status = status == TARN_OK ? tarn_source_batches(source, NULL, &batches, error) : status;
    for (struct tarn_batch *next = NULL; status == TARN_OK;) {
        status = batches->next(batches, &next, error);
        if (status != TARN_OK || next == NULL) {
            break;
        }
        rows += next->length;
    }
    tarn_fault_suspend(fault);
    ck_assert(status != TARN_OK || rows == 40);
    if (batches != NULL) {
        batches->close(batches);
    }
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    return status;
}

START_TEST(ipc_sink__every_failure_is_clean)
{
    static const int swept[] = {1, 3, 6, 7};
    struct tarn_arrow_ipc_write_options options = ways[swept[_i]];
    ck_assert_uint_gt(tarn_fault_sweep(write_and_read, &options, TARN_FAULT_ALL), 100);
}
END_TEST

/* ---- scans ---- */

enum { ROWS = 3000 };

/* A file of three record batches. */
static struct tarn_store *three_batches(struct tarn_env *env, enum tarn_arrow_ipc_format format)
{
    struct tarn_store *store = tarn_test_store_of(env, "", 0);
    struct tarn_arrow_ipc_write_options options = TARN_ARROW_IPC_WRITE_OPTIONS_INIT;
    options.format = format;
    options.batch_rows = 1000;
    write_rows(store, ROWS, 1000, &options);
    return store;
}

START_TEST(ipc_scan__hands_out_members_row_numbers_and_selections) /* X-IPC-9; a stream, then a file */
{
    static const struct tarn_path_step member[] = {{TARN_PATH_FIELD, {"p", 1}, -1}, {TARN_PATH_FIELD, {"x", 1}, -1}};
    static const struct tarn_path_step number = {TARN_PATH_FIELD, {TARN_ROW_INDEX, sizeof(TARN_ROW_INDEX) - 1}, -1};
    const struct tarn_path paths[] = {{2, member}, {1, &number}};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = three_batches(env, _i == 0 ? TARN_ARROW_IPC_STREAM : TARN_ARROW_IPC_FILE);
    struct tarn_source *source = open_source(store);
    struct tarn_scan *scan;
    uint64_t seen = 0;
    request.path_count = 2;
    request.paths = paths;
    ck_assert_ok(tarn_source_scan(source, &request, &scan, &err), &err);
    ck_assert_uint_eq(tarn_scan_task_count(scan), _i == 0 ? 1 : 3);
    for (uint32_t task = 0; task < tarn_scan_task_count(scan); task++) {
        struct tarn_cursor *cursor;
        uint32_t rows;
        ck_assert_ok(tarn_scan_open(scan, task, &cursor, &err), &err);
        for (;;) {
            static const uint32_t positions[] = {1, 2};
            const struct tarn_selection some = {.kind = TARN_SELECT_POSITIONS, .rows = 300, .count = 2, .u.positions = positions};
            struct tarn_vector *vector;
            struct tarn_vector *numbers;
            ck_assert_ok(tarn_cursor_next(cursor, 300, &rows, &err), &err);
            if (rows == 0) {
                break;
            }
            ck_assert_ok(tarn_cursor_column(cursor, 0, NULL, &vector, &err), &err);
            ck_assert_ok(tarn_cursor_column(cursor, 1, NULL, &numbers, &err), &err);
            ck_assert_uint_eq(vector->length, rows);
            for (uint32_t i = 0; i < rows; i++, seen++) {
                ck_assert_int_eq(((const int64_t *)numbers->u.values)[i], (int64_t)seen);
                ck_assert_int_eq(tarn_vector_is_null(vector, i), seen % 3 == 2);
                ck_assert(seen % 3 == 2 || ((const int32_t *)vector->u.values)[i] == (int32_t)seen);
            }
            if (rows == 300) {
                ck_assert_ok(tarn_cursor_column(cursor, 1, &some, &numbers, &err), &err);
                ck_assert_uint_eq(numbers->length, 2);
                ck_assert_int_eq(((const int64_t *)numbers->u.values)[1], (int64_t)seen - 298);
            }
        }
        tarn_cursor_close(cursor);
    }
    ck_assert_uint_eq(seen, ROWS);
    tarn_scan_close(scan);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(ipc_scan__reads_no_column_that_is_not_asked_for) /* X-IPC-7; a stream, then a file */
{
    static const struct tarn_path_step n = {TARN_PATH_FIELD, {"n", 1}, -1};
    const struct tarn_path path = {1, &n};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = three_batches(env, _i == 0 ? TARN_ARROW_IPC_STREAM : TARN_ARROW_IPC_FILE);
    struct tarn_source *source = open_source(store);
    struct tarn_scan_stats stats = {.size = sizeof(stats)};
    struct tarn_scan *scan;
    request.path_count = 1;
    request.paths = &path;
    ck_assert_ok(tarn_source_scan(source, &request, &scan, &err), &err);
    for (uint32_t task = 0; task < tarn_scan_task_count(scan); task++) {
        struct tarn_cursor *cursor;
        struct tarn_vector *vector;
        uint32_t rows;
        ck_assert_ok(tarn_scan_open(scan, task, &cursor, &err), &err);
        while (tarn_cursor_next(cursor, 5000, &rows, &err) == TARN_OK && rows != 0) {
            ck_assert_ok(tarn_cursor_column(cursor, 0, NULL, &vector, &err), &err);
        }
        tarn_cursor_close(cursor);
    }
    tarn_scan_stats(scan, &stats);
    ck_assert_uint_eq(stats.rows, ROWS);
    ck_assert_uint_eq(stats.row_groups, 3);
    ck_assert_uint_ge(stats.bytes_read, ROWS * sizeof(int64_t));
    ck_assert_uint_lt(stats.bytes_read, ROWS * sizeof(int64_t) + 4096); /* metadata */
    tarn_scan_close(scan);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("arrow_ipc_sink", TARN_LOOP_TEST(ipc_sink__what_was_written_is_read_back, ways), TARN_TEST(ipc_sink__no_rows_are_a_schema_alone),
           TARN_LOOP_TIMES(ipc_sink__rows_without_columns_are_counted, 2), TARN_TEST(ipc_sink__bodies_are_aligned_and_padded_with_zeros),
           TARN_TEST(ipc_sink__small_batches_are_joined_and_large_ones_cut), TARN_TEST(ipc_sink__writes_the_selected_rows_alone),
           TARN_TEST(ipc_sink__a_slice_takes_its_own_bytes_only), TARN_LOOP_TIMES(ipc_sink__bytes_of_other_codecs_are_fewer, 2),
           TARN_LOOP_TIMES(ipc_sink__dictionaries_are_kept_when_asked, 2), TARN_TEST(ipc_sink__refuses_nulls_where_none_may_be),
           TARN_TEST(ipc_sink__refuses_options_that_mean_nothing), TARN_LOOP_TIMES(ipc_sink__every_failure_is_clean, 4),
           TARN_LOOP_TIMES(ipc_scan__hands_out_members_row_numbers_and_selections, 2),
           TARN_LOOP_TIMES(ipc_scan__reads_no_column_that_is_not_asked_for, 2))
