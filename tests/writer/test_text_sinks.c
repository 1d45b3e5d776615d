/* SPDX-License-Identifier: Apache-2.0
 * CSV and JSON as bytes: quoting, nulls, exact values, selections; and that a failed sink leaves no object.
 */
#include <string.h>

#include "format/batch/vector_builder.h"
#include "tarn/store.h"
#include "tarn/writer.h"
#include "tests/support/suite.h"

static const struct tarn_type string_type = {.id = TARN_TYPE_STRING};
static const struct tarn_type double_type = {.id = TARN_TYPE_F64};
static const struct tarn_type long_type = {.id = TARN_TYPE_I64};
static const struct tarn_field element = {.name = {"element", 7}, .type = &long_type, .nullable = true, .id = -1};
static const struct tarn_type list_type = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};

static char written[4096];
static size_t written_size;

static enum tarn_status keep(void *ctx, struct tarn_span bytes, struct tarn_error *err)
{
    (void)ctx;
    (void)err;
    memcpy(written + written_size, bytes.data, bytes.size);
    written_size += bytes.size;
    written[written_size] = '\0';
    return TARN_OK;
}

/* Three rows: ("a", 1.5, [1, null]), (null, NaN, []), ("x,\"y\"\n", null, null). */
static struct tarn_batch *sample(struct tarn_env *env, struct tarn_schema **schema)
{
    struct tarn_error err = TARN_ERROR_INIT;
    const struct tarn_field fields[] = {{.name = {"a,b", 3}, .type = &string_type, .nullable = true, .id = -1},
                                        {.name = {"d", 1}, .type = &double_type, .nullable = true, .id = -1},
                                        {.name = {"l", 1}, .type = &list_type, .nullable = true, .id = -1}};
    struct tarn_vector_builder *builders[3];
    struct tarn_vector *columns[3];
    struct tarn_batch *batch;
    ck_assert_ok(tarn_schema_make(env, 3, fields, 0, NULL, schema, &err), &err);
    for (int i = 0; i < 3; i++) {
        ck_assert_ok(tarn__vector_builder_open(env, (*schema)->fields[i].type, &builders[i], &err), &err);
    }
    tarn__vector_builder_text(builders[0], TARN_TEXT("a"));
    tarn__vector_builder_null(builders[0]);
    tarn__vector_builder_text(builders[0], TARN_TEXT("x,\"y\"\n"));
    tarn__vector_builder_f64(builders[1], 1.5);
    tarn__vector_builder_f64(builders[1], __builtin_nan(""));
    tarn__vector_builder_null(builders[1]);
    struct tarn_vector_builder *items = tarn__vector_builder_child(builders[2], 0);
    tarn__vector_builder_i64(items, 1);
    tarn__vector_builder_null(items);
    tarn__vector_builder_close(builders[2]);
    tarn__vector_builder_close(builders[2]);
    tarn__vector_builder_null(builders[2]);
    for (int i = 0; i < 3; i++) {
        ck_assert_ok(tarn__vector_builder_finish(builders[i], &columns[i], &err), &err);
        tarn__vector_builder_close_all(builders[i]);
    }
    ck_assert_ok(tarn_batch_make(env, *schema, 3, columns, &batch, &err), &err);
    for (int i = 0; i < 3; i++) {
        tarn_vector_release(columns[i]);
    }
    return batch;
}

static void write_all(struct tarn_sink *sink, const struct tarn_batch *batch)
{
    struct tarn_error err = TARN_ERROR_INIT;
    ck_assert_ok(tarn_sink_write(sink, batch, &err), &err);
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
}

START_TEST(text_sinks__csv_quotes_what_would_be_read_otherwise)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_schema *schema;
    struct tarn_sink *sink;
    struct tarn_batch *batch = sample(env, &schema);
    written_size = 0;
    ck_assert_ok(tarn_csv_create_stream(env, (struct tarn_byte_sink){NULL, keep}, schema, NULL, &sink, &err), &err);
    write_all(sink, batch);
    ck_assert_str_eq(written, "\"a,b\",d,l\na,1.5,\"[1, NULL]\"\n,nan,[]\n\"x,\"\"y\"\"\n\",,\n");
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(text_sinks__json_is_canonical)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_schema *schema;
    struct tarn_sink *sink;
    struct tarn_batch *batch = sample(env, &schema);
    written_size = 0;
    ck_assert_ok(tarn_json_create_stream(env, (struct tarn_byte_sink){NULL, keep}, schema, NULL, &sink, &err), &err);
    write_all(sink, batch);
    ck_assert_str_eq(written, "{\"a,b\":\"a\",\"d\":1.5,\"l\":[1,null]}\n{\"a,b\":null,\"d\":\"NaN\",\"l\":[]}\n"
                              "{\"a,b\":\"x,\\\"y\\\"\\n\",\"d\":null,\"l\":null}\n");
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(text_sinks__write_the_selected_rows_only)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    const struct tarn_json_write_options options = {sizeof(options), true, false};
    const uint8_t mask[8] = {5};
    struct tarn_schema *schema;
    struct tarn_sink *sink;
    struct tarn_batch *batch = sample(env, &schema);
    struct tarn_batch part = *batch;
    part.selection = (struct tarn_selection){.kind = TARN_SELECT_MASK, .rows = 3, .count = 2, .u.mask = mask};
    written_size = 0;
    ck_assert_ok(tarn_json_create_stream(env, (struct tarn_byte_sink){NULL, keep}, schema, &options, &sink, &err), &err);
    write_all(sink, &part);
    ck_assert_str_eq(written, "[{\"a,b\":\"a\",\"d\":1.5,\"l\":[1,null]},\n{\"a,b\":\"x,\\\"y\\\"\\n\",\"d\":null,\"l\":null}]");
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

/* {"a":[true]}, null, and bytes that are no variant, which are shown in either form as they are. */
START_TEST(text_sinks__variants_in_both_forms) /* P-VAR-5 */
{
    static const struct tarn_type variant = {.id = TARN_TYPE_VARIANT};
    static const struct tarn_field field = {.name = {"v", 1}, .type = &variant, .nullable = true, .id = -1};
    static const char metadata[] = "\x01\x01\x00\x01\x61";
    static const char value[] = "\x02\x01\x00\x00\x05\x03\x01\x00\x01\x04";
    static const char *const expected[] = {
        "{\"v\":{\"a\":[true]}}\n{\"v\":null}\n{\"v\":{\"metadata\":\"0x02\",\"value\":\"0x04\"}}\n",
        "{\"v\":{\"metadata\":\"0x0101000161\",\"value\":\"0x02010000050301000104\"}}\n{\"v\":null}\n"
        "{\"v\":{\"metadata\":\"0x02\",\"value\":\"0x04\"}}\n",
    };
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_vector_builder *builder;
    struct tarn_vector *column;
    struct tarn_schema *schema;
    struct tarn_batch *batch;
    ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &schema, &err), &err);
    ck_assert_ok(tarn__vector_builder_open(env, schema->fields[0].type, &builder, &err), &err);
    tarn__vector_builder_text(tarn__vector_builder_child(builder, 0), (struct tarn_text){metadata, 5});
    tarn__vector_builder_text(tarn__vector_builder_child(builder, 1), (struct tarn_text){value, 10});
    tarn__vector_builder_close(builder);
    tarn__vector_builder_null(builder);
    tarn__vector_builder_text(tarn__vector_builder_child(builder, 0), TARN_TEXT("\x02"));
    tarn__vector_builder_text(tarn__vector_builder_child(builder, 1), TARN_TEXT("\x04"));
    tarn__vector_builder_close(builder);
    ck_assert_ok(tarn__vector_builder_finish(builder, &column, &err), &err);
    tarn__vector_builder_close_all(builder);
    ck_assert_ok(tarn_batch_make(env, schema, 3, &column, &batch, &err), &err);
    tarn_vector_release(column);
    for (int stored = 0; stored < 2; stored++) {
        struct tarn_json_write_options options = TARN_JSON_WRITE_OPTIONS_INIT;
        struct tarn_sink *sink;
        options.stored_variants = stored != 0;
        written_size = 0;
        ck_assert_ok(tarn_json_create_stream(env, (struct tarn_byte_sink){NULL, keep}, schema, &options, &sink, &err), &err);
        write_all(sink, batch);
        ck_assert_str_eq(written, expected[stored]);
    }
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(text_sinks__an_aborted_file_was_never_there)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_schema *schema;
    struct tarn_store *store;
    struct tarn_sink *sink;
    struct tarn_object_info info;
    struct tarn_batch *batch = sample(env, &schema);
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_ok(tarn_csv_create(store, TARN_TEXT("a.csv"), schema, NULL, &sink, &err), &err);
    ck_assert_ok(tarn_sink_write(sink, batch, &err), &err);
    tarn_sink_abort(sink);
    ck_assert_status(tarn_store_head(store, TARN_TEXT("a.csv"), &info, &err), TARN_NOT_FOUND);
    ck_assert_ok(tarn_csv_create(store, TARN_TEXT("a.csv"), schema, NULL, &sink, &err), &err);
    write_all(sink, batch);
    ck_assert_ok(tarn_store_head(store, TARN_TEXT("a.csv"), &info, &err), &err);
    ck_assert_uint_eq(info.size, 49);
    tarn_store_close(store);
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("writer/text_sinks", TARN_TEST(text_sinks__csv_quotes_what_would_be_read_otherwise), TARN_TEST(text_sinks__json_is_canonical),
           TARN_TEST(text_sinks__write_the_selected_rows_only), TARN_TEST(text_sinks__variants_in_both_forms),
           TARN_TEST(text_sinks__an_aborted_file_was_never_there))
