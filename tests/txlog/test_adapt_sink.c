/* SPDX-License-Identifier: Apache-2.0
 * Rows of one schema into tables of another: columns by name, types that widen, and what is refused.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/batch/vector.h"
#include "format/batch/vector_builder.h"
#include "tests/support/fault.h"
#include "tests/support/table_rows.h"

static const char *const formats[] = {"delta", "iceberg"};

static const struct tarn_type u8 = {.id = TARN_TYPE_U8};
static const struct tarn_type u64 = {.id = TARN_TYPE_U64};
static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type nanos = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO};
static const struct tarn_type string = {.id = TARN_TYPE_STRING};
static const struct tarn_type json = {.id = TARN_TYPE_JSON};

#define COLUMN(text, of)                                                                                                                   \
    {                                                                                                                                      \
        .name = {text, sizeof(text) - 1}, .type = &(of), .nullable = true, .id = -1                                                        \
    }

static const struct tarn_field given[] = {COLUMN("a", u8), COLUMN("b", u64), COLUMN("t", nanos), COLUMN("j", json)};
static const struct tarn_schema rows_schema = {.field_count = 4, .fields = given};

/* The same columns in another order. */
static const struct tarn_field turned[] = {COLUMN("j", json), COLUMN("t", nanos), COLUMN("b", u64), COLUMN("a", u8)};

static enum tarn_status begin(struct tarn_env *env, struct tarn_text uri, const char *format, struct tarn_transaction **out,
                              struct tarn_error *err)
{
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    create.format = format;
    create.schema = &rows_schema;
    create.narrow = true;
    return tarn_transaction_create(env, uri, &create, NULL, out, err);
}

/* A schema that may be held: those above are only a description. */
static struct tarn_schema *made(struct tarn_env *env, uint32_t count, const struct tarn_field *fields, struct tarn_error *err)
{
    struct tarn_schema *schema;
    return tarn_schema_make(env, count, fields, 0, NULL, &schema, err) == TARN_OK ? schema : NULL;
}

/* Two rows under `schema`, which has the columns in any order: the largest values, then nulls. */
static enum tarn_status write_rows(struct tarn_env *env, struct tarn_sink *sink, const struct tarn_schema *schema, struct tarn_error *err)
{
    struct tarn_vector *columns[4] = {NULL, NULL, NULL, NULL};
    struct tarn_batch *batch;
    enum tarn_status status = TARN_OK;
    for (uint32_t c = 0; status == TARN_OK && c < schema->field_count; c++) {
        struct tarn_vector_builder *builder = NULL;
        status = tarn__vector_builder_open(env, schema->fields[c].type, &builder, err);
        if (status != TARN_OK) {
            break;
        }
        if (schema->fields[c].name.data[0] == 'j') {
            tarn__vector_builder_text(builder, TARN_TEXT("[1]"));
        } else {
            tarn__vector_builder_i64(builder, schema->fields[c].name.data[0] == 'a'   ? 255
                                              : schema->fields[c].name.data[0] == 'b' ? -1
                                                                                      : 1999);
        }
        tarn__vector_builder_null(builder);
        status = tarn__vector_builder_finish(builder, &columns[c], err);
        tarn__vector_builder_close_all(builder);
    }
    if (status != TARN_OK) {
        for (uint32_t c = 0; c < 4; c++) {
            tarn_vector_release(columns[c]);
        }
        return status;
    }
    TARN_RETURN_IF_ERROR(tarn__batch_adopt(env, schema, 2, columns, &batch, err));
    status = tarn_sink_write(sink, batch, err);
    tarn_batch_release(batch);
    return status;
}

START_TEST(adapt_sink__widens_by_name) /* T-SINK-1 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;
    char path[600];
    struct tarn_schema *schema = made(env, 4, _i % 2 != 0 ? turned : given, &err);
    ck_assert_ptr_nonnull(schema);
    snprintf(path, sizeof(path), "%s/t", tarn_test_folder());
    ck_assert_ok(begin(env, tarn__text_of(path), formats[_i / 2], &transaction, &err), &err);
    ck_assert_ok(tarn_transaction_sink_from(transaction, schema, true, &sink, &err), &err);
    ck_assert_ok(write_rows(env, sink, schema, &err), &err);
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err);
    char *rows = tarn_test_table_rows(env, tarn__text_of(path), -1);
    ck_assert_str_eq(rows, "{\"a\":255,\"b\":\"18446744073709551615\",\"t\":\"1970-01-01T00:00:00.000001\",\"j\":\"[1]\"}\n"
                           "{\"a\":null,\"b\":null,\"t\":null,\"j\":null}\n");
    tarn__free(env, rows);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

static const struct tarn_field wider[] = {COLUMN("a", i64), COLUMN("b", u64), COLUMN("t", nanos), COLUMN("j", json)};
static const struct tarn_field other[] = {COLUMN("a", string), COLUMN("b", u64), COLUMN("t", nanos), COLUMN("j", json)};
static const struct tarn_field number[] = {COLUMN("a", u8), COLUMN("b", u64), COLUMN("t", nanos), COLUMN("j", i32)};
static const struct tarn_field more[] = {COLUMN("a", u8), COLUMN("b", u64), COLUMN("t", nanos), COLUMN("j", json), COLUMN("k", i32)};

static const struct {
    const struct tarn_field *fields;
    uint32_t count;
    bool narrow;
    const char *detail;
} refused[] = {
    {wider, 4, true, "type"},   {other, 4, true, "type"},
    {number, 4, true, "type"},  {given, 4, false, "type"}, /* nanoseconds, and nobody asked for narrowing */
    {given, 3, true, "column"}, {more, 5, true, "column"},
};

START_TEST(adapt_sink__refuses_what_would_change) /* T-SINK-1 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;
    char path[600];
    struct tarn_schema *schema = made(env, refused[_i].count, refused[_i].fields, &err);
    ck_assert_ptr_nonnull(schema);
    snprintf(path, sizeof(path), "%s/t", tarn_test_folder());
    ck_assert_ok(begin(env, tarn__text_of(path), "iceberg", &transaction, &err), &err);
    ck_assert_status(tarn_transaction_sink_from(transaction, schema, refused[_i].narrow, &sink, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, refused[_i].detail);
    ck_assert_ptr_null(sink);
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err); /* the place of the sink is free again */
    tarn_sink_abort(sink);
    tarn_transaction_abort(transaction);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status write_once(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;
    (void)ctx;
    (void)fault;
    struct tarn_schema *schema = made(env, 4, given, err);
    if (schema == NULL) {
        return TARN_NOMEM;
    }
    enum tarn_status status = begin(env, TARN_TEXT("memory:t"), "iceberg", &transaction, err);
    if (status != TARN_OK) {
        tarn_schema_release(schema);
        return status;
    }
    status = tarn_transaction_sink_from(transaction, schema, true, &sink, err);
    if (status == TARN_OK) {
        status = write_rows(env, sink, schema, err);
        if (status == TARN_OK) {
            status = tarn_sink_finish(sink, err);
        } else {
            tarn_sink_abort(sink);
        }
    }
    tarn_transaction_abort(transaction);
    tarn_schema_release(schema);
    return status;
}

START_TEST(adapt_sink__gives_everything_back_whatever_fails)
{
    ck_assert_uint_gt(tarn_fault_sweep(write_once, NULL, TARN_FAULT_ALL_ALLOC | TARN_FAULT_IO_ONCE), 50);
}
END_TEST

TARN_SUITE("txlog/adapt_sink", TARN_LOOP_TIMES(adapt_sink__widens_by_name, 4),
           TARN_LOOP_TEST(adapt_sink__refuses_what_would_change, refused), TARN_TEST(adapt_sink__gives_everything_back_whatever_fails))
