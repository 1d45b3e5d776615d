/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing a Parquet file while each allocation and each store operation fails in turn: a clean error, no leak, no object.
 */
#include "tests/support/fault.h"
#include "tests/support/parquet_file.h"

static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_field element = TARN_TEST_FIELD("element", &text, true);
static const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
static const struct tarn_field fields[] = {TARN_TEST_FIELD("id", &i64, false), TARN_TEST_FIELD("tags", &list, true)};

enum { ROWS = 200 };

static struct tarn_batch *make_batch(struct tarn_env *env, const struct tarn_schema *schema)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_vector_builder *builders[2];
    struct tarn_vector *columns[2];
    struct tarn_batch *batch;
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_ok(tarn__vector_builder_open(env, schema->fields[i].type, &builders[i], &err), &err);
    }
    for (uint32_t row = 0; row < ROWS; row++) {
        tarn__vector_builder_i64(builders[0], row % 50);
        for (uint32_t i = 0; i < row % 3; i++) {
            tarn__vector_builder_text(tarn__vector_builder_child(builders[1], 0), row % 7 == 0 ? TARN_TEXT("x") : TARN_TEXT("longer"));
        }
        tarn__vector_builder_close(builders[1]);
    }
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_ok(tarn__vector_builder_finish(builders[i], &columns[i], &err), &err);
        tarn__vector_builder_close_all(builders[i]);
    }
    ck_assert_ok(tarn__batch_adopt(env, schema, ROWS, columns, &batch, &err), &err);
    return batch;
}

static enum tarn_status write_file(struct tarn_store *store, const struct tarn_schema *schema, const struct tarn_batch *batch,
                                   struct tarn_error *err)
{
    const struct tarn_parquet_write_options options = {
        .size = sizeof(options), .page_rows = 60, .row_group_rows = 150, .codec = TARN_CODEC_SNAPPY, .mode = TARN_PUT_IF_ABSENT};
    struct tarn_sink *sink;
    TARN_RETURN_IF_ERROR(tarn_parquet_create(store, TARN_TEXT("f"), schema, &options, &sink, err));
    const enum tarn_status status = tarn_sink_write(sink, batch, err);
    if (status != TARN_OK) {
        tarn_sink_abort(sink);
        return status;
    }
    return tarn_sink_finish(sink, err);
}

static enum tarn_status body(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    struct tarn_error quiet = TARN_ERROR_INIT;
    struct tarn_store *store;
    struct tarn_schema *schema;
    (void)ctx;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_open(env, TARN_TEXT("memory:w"), true, &store, &quiet), &quiet);
    ck_assert_ok(tarn_schema_make(env, 2, fields, 0, NULL, &schema, &quiet), &quiet);
    struct tarn_batch *batch = make_batch(env, schema);
    tarn_fault_resume(fault);

    const enum tarn_status status = write_file(store, schema, batch, err);

    tarn_fault_suspend(fault);
    if (status == TARN_OK) {
        struct tarn_parquet_file file;
        tarn_parquet_file_open(&file, store, TARN_TEXT("f"));
        ck_assert_int_eq(file.footer->metadata.num_rows, ROWS);
        for (uint32_t g = 0; g < 2; g++) {
            ck_assert_uint_gt(tarn_parquet_file_page_count(&file, g, 0), 0);
            ck_assert_uint_gt(tarn_parquet_file_page_count(&file, g, 1), 0);
        }
        tarn_parquet_file_close(&file);
    } else if (status != TARN_COMMIT_UNKNOWN && status != TARN_EXISTS) {
        ck_assert(tarn_test_store_is_empty(store));
    }
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    tarn_store_close(store);
    return status;
}

START_TEST(parquet_faults__every_failure_leaves_nothing) /* P-FILE-WRITE-8 */
{
    ck_assert_uint_gt(tarn_fault_sweep(body, NULL, TARN_FAULT_ALL), 100);
}
END_TEST

TARN_SUITE("parquet_faults", TARN_TEST(parquet_faults__every_failure_leaves_nothing))
