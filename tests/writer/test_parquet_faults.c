/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing a Parquet file, by all families of options, while each allocation and each store operation fails in turn, or while the host
 * cancels at each moment that it is asked: a clean error, no leak, no object.
 */
#include <stdio.h>

#include "tarn/reader.h"
#include "tests/support/fault.h"
#include "tests/support/parquet_file.h"

static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type f64 = {.id = TARN_TYPE_F64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_type variant = {.id = TARN_TYPE_VARIANT};
static const struct tarn_field element = TARN_TEST_FIELD("element", &text, true);
static const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
static const struct tarn_field fields[] = {TARN_TEST_FIELD("id", &i64, false), TARN_TEST_FIELD("tags", &list, true),
                                           TARN_TEST_FIELD("x", &f64, true), TARN_TEST_FIELD("v", &variant, true)};

enum { ROWS = 200, COLUMNS = 4 };

/* ---- families ---- */

static const uint8_t footer_key[] = "0123456789012345";
static const uint8_t column_key[] = "01234567890123456789012345678901";
static struct tarn_path_step id_steps[] = {{TARN_PATH_FIELD, TARN_TEXT("id"), -1}};
static struct tarn_path_step tags_steps[] = {{TARN_PATH_FIELD, TARN_TEXT("tags"), -1}};
static struct tarn_path_step v_steps[] = {{TARN_PATH_FIELD, TARN_TEXT("v"), -1}};
#ifndef TARN_MINIMAL
static const struct tarn_parquet_column_key column_keys[] = {
    {.path = {1, tags_steps}, .key = {column_key, 32}, .metadata = {column_key, 3}}, {.path = {1, id_steps}}};
static const struct tarn_parquet_encryption uniform = {.size = sizeof(uniform), .footer_key = {footer_key, 16}};
static const struct tarn_parquet_encryption by_columns = {.size = sizeof(by_columns),
                                                          .cipher = TARN_CIPHER_AES_GCM_CTR,
                                                          .plaintext_footer = true,
                                                          .footer_key = {footer_key, 16},
                                                          .footer_key_metadata = {footer_key, 2},
                                                          .column_count = 2,
                                                          .columns = column_keys,
                                                          .aad_prefix = {footer_key, 4}};
#endif

static const struct tarn_parquet_sorting by_id = {{1, id_steps}, false, false};
#define COLUMN .size = sizeof(struct tarn_parquet_column_options)
static const struct tarn_parquet_column_options deltas[] = {
    {COLUMN, .path = {1, id_steps}, .encoding = TARN_ENCODING_DELTA_BINARY_PACKED, .codec = TARN_CODEC_ZSTD, .codec_level = 9},
    {COLUMN, .path = {1, tags_steps}, .encoding = TARN_ENCODING_DELTA_BYTE_ARRAY, .bloom_filter = TARN_CHOICE_YES}};
static const struct tarn_parquet_column_options shredded[] = {{COLUMN, .path = {1, v_steps}, .shredding = TARN_CHOICE_YES}};
static const struct tarn_parquet_column_options shredded_as_told[] = {
    {COLUMN, .path = {1, v_steps}, .shredding = TARN_CHOICE_YES, .shredding_type = &i64}};
static const struct tarn_property properties[] = {{TARN_TEXT("key"), TARN_TEXT("value")}};

#define BASE .size = sizeof(struct tarn_parquet_write_options), .page_rows = 60, .row_group_rows = 150, .mode = TARN_PUT_IF_ABSENT

static const struct family {
    const char *name;
    struct tarn_parquet_write_options options;
} families[] = {
    {"plain", {BASE, .codec = TARN_CODEC_SNAPPY, .no_dictionary = true, .page_version = 1}},
    {"defaults", {BASE}},
    {"dictionaries", {BASE, .dictionary_bytes = 256, .codec = TARN_CODEC_ZSTD}},
    {"archive, compared", {BASE, .profile = TARN_PROFILE_ARCHIVE, .check = TARN_CHECK_FULL}},
    {"version 2", {BASE, .page_version = 2, .codec = TARN_CODEC_LZ4_RAW, .property_count = 1, .properties = properties}},
    {"bloom filters", {BASE, .bloom_filters = TARN_CHOICE_YES, .float_order = TARN_FLOAT_ORDER_IEEE754, .statistics_bytes = 4}},
    {"sorted", {BASE, .sorting_count = 1, .sorting = &by_id}},
    {"columns", {BASE, .column_count = 2, .columns = deltas}},
    {"shredded", {BASE, .column_count = 1, .columns = shredded}},
    {"shredded as told", {BASE, .column_count = 1, .columns = shredded_as_told}},
#ifndef TARN_MINIMAL
    {"encrypted", {BASE, .encryption = &uniform, .bloom_filters = TARN_CHOICE_YES, .column_count = 1, .columns = shredded}},
    {"columns encrypted", {BASE, .encryption = &by_columns, .check = TARN_CHECK_FULL, .page_version = 2}},
#endif
};

/* ---- a file ---- */

/* {"a":[true]}, null, 5, a short text. */
static void add_variant(struct tarn_vector_builder *builder, uint32_t row)
{
    static const struct tarn_text none = {"\x01\x00\x00", 3};
    static const struct tarn_text metadata[] = {{"\x01\x01\x00\x01\x61", 5}, {"\x01\x00\x00", 3}, {"\x01\x00\x00", 3}};
    static const struct tarn_text value[] = {{"\x02\x01\x00\x00\x05\x03\x01\x00\x01\x04", 10}, {"\x0c\x05", 2}, {"\x0dsome", 4}};
    if (row % 5 == 4) {
        tarn__vector_builder_null(builder);
        return;
    }
    tarn__vector_builder_text(tarn__vector_builder_child(builder, 0), row % 5 == 3 ? none : metadata[row % 5]);
    tarn__vector_builder_text(tarn__vector_builder_child(builder, 1), row % 5 == 3 ? value[1] : value[row % 5]);
    tarn__vector_builder_close(builder);
}

static struct tarn_batch *make_batch(struct tarn_env *env, const struct tarn_schema *schema)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_vector_builder *builders[COLUMNS];
    struct tarn_vector *columns[COLUMNS];
    struct tarn_batch *batch;
    for (uint32_t i = 0; i < COLUMNS; i++) {
        ck_assert_ok(tarn__vector_builder_open(env, schema->fields[i].type, &builders[i], &err), &err);
    }
    for (uint32_t row = 0; row < ROWS; row++) {
        tarn__vector_builder_i64(builders[0], row / 4);
        for (uint32_t i = 0; i < row % 3; i++) {
            tarn__vector_builder_text(tarn__vector_builder_child(builders[1], 0), row % 7 == 0 ? TARN_TEXT("x") : TARN_TEXT("longer"));
        }
        tarn__vector_builder_close(builders[1]);
        if (row % 9 == 0) {
            tarn__vector_builder_null(builders[2]);
        } else {
            tarn__vector_builder_f64(builders[2], row / 8.0);
        }
        add_variant(builders[3], row);
    }
    for (uint32_t i = 0; i < COLUMNS; i++) {
        ck_assert_ok(tarn__vector_builder_finish(builders[i], &columns[i], &err), &err);
        tarn__vector_builder_close_all(builders[i]);
    }
    ck_assert_ok(tarn__batch_adopt(env, schema, ROWS, columns, &batch, &err), &err);
    return batch;
}

static enum tarn_status write_file(struct tarn_store *store, const struct tarn_schema *schema, const struct tarn_batch *batch,
                                   const struct family *family, struct tarn_error *err)
{
    struct tarn_sink *sink;
    TARN_RETURN_IF_ERROR(tarn_parquet_create(store, TARN_TEXT("f"), schema, &family->options, &sink, err));
    const enum tarn_status status = tarn_sink_write(sink, batch, err);
    if (status != TARN_OK) {
        tarn_sink_abort(sink);
        return status;
    }
    return tarn_sink_finish(sink, err);
}

static void note(void *arg, const struct tarn_finding *finding)
{
    ck_assert_msg(finding->kind == TARN_FINDING_OK, "%s: %s", (const char *)arg, finding->error->message);
}

static void check_file(struct tarn_store *store, const struct family *family)
{
    const struct tarn_parquet_key keys[] = {{TARN_KEY_FOOTER, {NULL, 0}, {footer_key, 16}}, {TARN_KEY_ID, {"012", 3}, {column_key, 32}}};
    struct tarn_parquet_read_options options = TARN_PARQUET_READ_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    options.keys = keys;
    options.key_count = family->options.encryption != NULL ? 2 : 0;
    ck_assert_ok(tarn_parquet_verify(store, TARN_TEXT("f"), &options, note, (void *)(uintptr_t)family->name, &err), &err);
}

static enum tarn_status body(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    const struct family *family = ctx;
    struct tarn_error quiet = TARN_ERROR_INIT;
    struct tarn_store *store;
    struct tarn_schema *schema;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_open(env, TARN_TEXT("memory:w"), true, &store, &quiet), &quiet);
    ck_assert_ok(tarn_schema_make(env, COLUMNS, fields, 0, NULL, &schema, &quiet), &quiet);
    struct tarn_batch *batch = make_batch(env, schema);
    tarn_fault_resume(fault);

    const enum tarn_status status = write_file(store, schema, batch, family, err);

    tarn_fault_suspend(fault);
    if (status == TARN_OK) {
        check_file(store, family);
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
    ck_assert_uint_gt(tarn_fault_sweep(body, (void *)(uintptr_t)&families[_i], TARN_FAULT_ALL), 100);
}
END_TEST

/* ---- cancelled ---- */

struct patience {
    uint64_t asked;
    uint64_t last; /* the question that is answered with yes, and all behind it */
};

static bool is_over(void *ctx)
{
    struct patience *patience = ctx;
    return ++patience->asked >= patience->last;
}

/* Cancelled at the `last` question; gives whether it was asked so often. */
static bool cancel_at(const struct family *family, uint64_t last)
{
    struct patience patience = {0, UINT64_MAX};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    struct tarn_store *store;
    struct tarn_schema *schema;
    options.is_cancelled = is_over;
    options.cancel_ctx = &patience;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_ok(tarn_schema_make(env, COLUMNS, fields, 0, NULL, &schema, &err), &err);
    struct tarn_batch *batch = make_batch(env, schema);
    patience = (struct patience){0, last};
    const enum tarn_status status = write_file(store, schema, batch, family, &err);
    const bool cancelled = patience.asked >= last;
    patience.last = UINT64_MAX;
    if (cancelled) {
        ck_assert_msg(status == TARN_CANCELLED, "%s, question %u: %s", family->name, (unsigned)last, tarn_status_name(status));
        ck_assert_int_eq(err.code, TARN_CANCELLED);
        ck_assert(tarn_test_store_is_empty(store));
    } else {
        ck_assert_ok(status, &err);
        check_file(store, family);
    }
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    tarn_store_close(store);
    tarn_test_env_close(env);
    return cancelled;
}

START_TEST(parquet_faults__a_cancelled_write_leaves_nothing) /* P-FILE-WRITE-8 */
{
    uint64_t last = 1;
    while (cancel_at(&families[_i], last)) {
        last++;
    }
    ck_assert_uint_gt(last, 2); /* it was asked more than once */
}
END_TEST

/* ---- a full disk ---- */

enum { STEP = 64 << 10, LARGE_ROWS = 40000 };

/* One column of numbers that no codec makes smaller. */
static struct tarn_batch *make_large_batch(struct tarn_env *env, const struct tarn_schema *schema)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_vector_builder *builder;
    struct tarn_vector *column;
    struct tarn_batch *batch;
    uint64_t state = 1;
    ck_assert_ok(tarn__vector_builder_open(env, &i64, &builder, &err), &err);
    for (uint32_t row = 0; row < LARGE_ROWS; row++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        tarn__vector_builder_i64(builder, (int64_t)(state ^ state >> 29));
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &column, &err), &err);
    tarn__vector_builder_close_all(builder);
    ck_assert_ok(tarn__batch_adopt(env, schema, LARGE_ROWS, &column, &batch, &err), &err);
    return batch;
}

/* The append during which the disk gets full: how many fit before it. */
static enum tarn_status write_until_full(struct tarn_fault *fault, uint64_t at, struct tarn_error *err)
{
    const struct tarn_fault_rule rule = {.store = true,
                                         .at = at,
                                         .forever = true,
                                         .status = TARN_IO,
                                         .effect = TARN_FAULT_HALF,
                                         .ops = TARN_FAULT_OP_APPEND | TARN_FAULT_OP_COMMIT | TARN_FAULT_OP_PUT};
    static const struct family family = {"large", {BASE, .no_dictionary = true}};
    struct tarn_error quiet = TARN_ERROR_INIT;
    struct tarn_store *store;
    struct tarn_schema *schema;
    struct tarn_env *env = tarn_fault_env(fault, NULL);
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_open(env, TARN_TEXT("memory:w"), true, &store, &quiet), &quiet);
    ck_assert_ok(tarn_schema_make(env, 1, fields, 0, NULL, &schema, &quiet), &quiet);
    struct tarn_batch *batch = make_large_batch(env, schema);
    tarn_fault_arm(fault, &rule);
    struct family large = family;
    large.options.row_group_rows = STEP / 8;
    large.options.page_rows = STEP / 8;
    const enum tarn_status status = write_file(store, schema, batch, &large, err);
    tarn_fault_suspend(fault);
    if (status == TARN_OK) {
        check_file(store, &large);
    } else {
        ck_assert(tarn_test_store_is_empty(store));
    }
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    tarn_store_close(store);
    tarn_env_close(env);
    return status;
}

/* A page of 64 KiB a row group: the disk gets full in each of them, in the indexes, and in the footer. */
START_TEST(parquet_faults__a_full_disk_leaves_nothing) /* P-FILE-WRITE-8 */
{
    uint64_t at = 1;
    for (;; at++) {
        struct tarn_error err = TARN_ERROR_INIT;
        struct tarn_fault *fault = tarn_fault_open();
        const enum tarn_status status = write_until_full(fault, at, &err);
        const bool struck = tarn_fault_fired(fault) != 0;
        tarn_fault_close(fault);
        ck_assert_status(status, struck ? TARN_IO : TARN_OK);
        if (!struck) {
            break;
        }
        ck_assert_int_eq(err.code, TARN_IO);
        ck_assert_str_eq(err.object, "f");
    }
    ck_assert_uint_gt(at, LARGE_ROWS * 8 / STEP + 2);
}
END_TEST

TARN_SUITE("parquet_faults", TARN_LOOP_TEST(parquet_faults__every_failure_leaves_nothing, families),
           TARN_LOOP_TEST(parquet_faults__a_cancelled_write_leaves_nothing, families),
           TARN_TEST(parquet_faults__a_full_disk_leaves_nothing))
