/* SPDX-License-Identifier: Apache-2.0
 *
 * The key ARROW:schema of written files. That foreign readers take it the interop suite proves (interop/test_parquet_input.py).
 */
#include "format/base/text.h"
#include "tarn/reader.h"
#include "tests/support/parquet_file.h"

static struct tarn_env *env;
static struct tarn_store *store;
static struct tarn_error err;

/* Writes a file of one column without rows; what stands in its key, empty: it has none. The text is of the file. */
static struct tarn_text written_key(struct tarn_parquet_file *file, const struct tarn_type *type, enum tarn_choice choice)
{
    static const struct tarn_property foreign = {TARN_TEXT("ARROW:schema"), TARN_TEXT("of another file")};
    const struct tarn_parquet_write_options options = {.size = sizeof(options), .arrow_schema = choice};
    const struct tarn_field field = TARN_TEST_FIELD("a", type, true);
    struct tarn_text value = {NULL, 0};
    struct tarn_schema *schema;
    struct tarn_sink *sink;
    ck_assert_ok(tarn_schema_make(env, 1, &field, 1, &foreign, &schema, &err), &err);
    ck_assert_ok(tarn_parquet_create(store, TARN_TEXT("f"), schema, &options, &sink, &err), &err);
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    tarn_schema_release(schema);
    tarn_parquet_file_open(file, store, TARN_TEXT("f"));
    for (uint32_t i = 0; i < file->footer->metadata.key_value_metadata.count; i++) {
        const struct parquet_key_value *pair = &file->footer->metadata.key_value_metadata.items[i];
        if (tarn__text_equal(pair->key, TARN_TEXT("ARROW:schema"))) {
            value = pair->value;
        }
    }
    return value;
}

static const struct {
    struct tarn_type type;
    bool lost;
} kinds[] = {
    {{.id = TARN_TYPE_I64}, false},
    {{.id = TARN_TYPE_DURATION, .unit = TARN_MILLI}, true},
    {{.id = TARN_TYPE_TIME, .unit = TARN_SECOND}, true},
    {{.id = TARN_TYPE_TIMESTAMP, .unit = TARN_SECOND}, true},
    {{.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true}, false},
    {{.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true, .zone = TARN_TEXT("UTC")}, false},
    {{.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true, .zone = TARN_TEXT("Europe/Zurich")}, true},
    {{.id = TARN_TYPE_UUID}, false},
};

START_TEST(arrow_schema__stands_where_something_would_be_lost) /* P-ARROW-3, P-ARROW-4 */
{
    struct tarn_parquet_file file;
    struct tarn_source *source;
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_int_eq(written_key(&file, &kinds[_i].type, TARN_CHOICE_AUTO).size != 0, kinds[_i].lost);
    tarn_parquet_file_close(&file);
    if (kinds[_i].type.unit != TARN_SECOND) { /* those come back as milliseconds */
        ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("f"), NULL, &source, &err), &err);
        ck_assert(tarn_type_equal(tarn_source_schema(source)->fields[0].type, &kinds[_i].type));
        tarn_source_close(source);
    }
    const struct tarn_text key = written_key(&file, &kinds[_i].type, TARN_CHOICE_YES);
    ck_assert_uint_gt(key.size, 100);
    ck_assert_int_eq(memcmp(key.data, "/////", 5), 0); /* the mark of a message in base64 */
    tarn_parquet_file_close(&file);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(arrow_schema__stands_nowhere_when_unwanted)
{
    struct tarn_parquet_file file;
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_uint_eq(written_key(&file, &kinds[6].type, TARN_CHOICE_NO).size, 0);
    tarn_parquet_file_close(&file);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("parquet_arrow_schema", TARN_LOOP_TEST(arrow_schema__stands_where_something_would_be_lost, kinds),
           TARN_TEST(arrow_schema__stands_nowhere_when_unwanted))
