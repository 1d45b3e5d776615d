/* SPDX-License-Identifier: Apache-2.0
 *
 * Key-value metadata: the schema's keys and those of the options, of which some are refused.
 */
#include <stdlib.h>

#include "format/base/text.h"
#include "tests/support/parquet_file.h"

static struct tarn_error err = TARN_ERROR_INIT;
static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_field field = TARN_TEST_FIELD("a", &i64, false);
static const struct tarn_property schemas[] = {{TARN_TEXT("both"), TARN_TEXT("schema's")}, {TARN_TEXT("first"), TARN_TEXT("1")}};

static enum tarn_status write_with(struct tarn_store *store, uint32_t count, const struct tarn_property *properties)
{
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    struct tarn_property *passing = calloc(count + 1, sizeof(*passing));
    struct tarn_schema *schema;
    struct tarn_sink *sink;
    ck_assert_ok(tarn_schema_make(store->env, 1, &field, 2, schemas, &schema, &err), &err);
    for (uint32_t i = 0; i < count; i++) {
        passing[i] = properties[i];
    }
    options.property_count = count;
    options.properties = passing;
    const enum tarn_status status = tarn_parquet_create(store, TARN_TEXT("f"), schema, &options, &sink, &err);
    free(passing); /* the sink has copies */
    tarn_schema_release(schema);
    return status == TARN_OK ? tarn_sink_finish(sink, &err) : status;
}

START_TEST(parquet_keys__of_equal_ones_the_last_of_the_options_counts) /* P-KEY-1 */
{
    static const struct tarn_property given[] = {
        {TARN_TEXT("both"), TARN_TEXT("x")}, {TARN_TEXT("empty"), TARN_TEXT("")}, {TARN_TEXT("both"), TARN_TEXT("mine")}};
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_parquet_file file;
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_ok(write_with(store, 3, given), &err);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f"));
    const struct parquet_file_metadata *metadata = &file.footer->metadata;
    ck_assert_uint_eq(metadata->key_value_metadata.count, 4); /* and the checksum */
    ck_assert(tarn__text_equal(metadata->key_value_metadata.items[0].key, TARN_TEXT("first")));
    ck_assert(tarn__text_equal(tarn__footer_key(metadata, TARN_TEXT("both")), TARN_TEXT("mine")));
    ck_assert_uint_eq(tarn__footer_key(metadata, TARN_TEXT("empty")).size, 0);
    tarn_parquet_file_close(&file);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(parquet_keys__some_are_refused) /* P-KEY-2 */
{
    static const struct tarn_property bad[] = {{TARN_TEXT(""), TARN_TEXT("x")},
                                               {TARN_TEXT("\xff"), TARN_TEXT("x")},
                                               {TARN_TEXT("k"), TARN_TEXT("\xc0\x80")},
                                               {TARN_TEXT("tarn.footer.checksum"), TARN_TEXT("x")},
                                               {TARN_TEXT("ARROW:schema"), TARN_TEXT("x")}};
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_status(write_with(store, 1, &bad[i]), TARN_INVALID);
        ck_assert_str_eq(err.detail, "key");
        ck_assert(tarn_test_store_is_empty(store));
    }
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("writer/parquet_keys", TARN_TEST(parquet_keys__of_equal_ones_the_last_of_the_options_counts),
           TARN_TEST(parquet_keys__some_are_refused))
