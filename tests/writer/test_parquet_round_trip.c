/* SPDX-License-Identifier: Apache-2.0
 *
 * Random rows of random schemas, nested up to five levels: what the writer writes is what the reader reads. Foreign readers see to it that
 * the two are not wrong in the same way (interop/parquet_written).
 */
#include "format/base/text.h"
#include "tarn/reader.h"
#include "tests/support/canonical.h"
#include "tests/support/parquet_file.h"

enum { SEEDS = 60, MOST_FIELDS = 256 };

static struct tarn_env *env;
static struct tarn_store *store;
static struct tarn_error err;

static uint64_t state;

static uint64_t draw(uint64_t below)
{
    uint64_t z = state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return (z ^ z >> 31) % below;
}

/* ---- schemas ---- */

static const struct tarn_type leaves[] = {
    {.id = TARN_TYPE_BOOL},
    {.id = TARN_TYPE_I8},
    {.id = TARN_TYPE_I32},
    {.id = TARN_TYPE_I64},
    {.id = TARN_TYPE_U16},
    {.id = TARN_TYPE_U64},
    {.id = TARN_TYPE_F32},
    {.id = TARN_TYPE_F64},
    {.id = TARN_TYPE_F16},
    {.id = TARN_TYPE_DECIMAL, .precision = 9, .scale = 3},
    {.id = TARN_TYPE_DECIMAL, .precision = 30, .scale = 3},
    {.id = TARN_TYPE_DATE},
    {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true},
    {.id = TARN_TYPE_STRING},
    {.id = TARN_TYPE_BINARY},
    {.id = TARN_TYPE_FIXED, .width = 5},
    {.id = TARN_TYPE_UUID},
};

static struct tarn_field fields[MOST_FIELDS];
static struct tarn_type types[MOST_FIELDS];
static uint32_t used_fields;
static uint32_t used_types;

static const struct tarn_type *random_type(unsigned depth);

static const struct tarn_field *random_fields(uint32_t count, const char *const *names, unsigned depth)
{
    static const char *const members[] = {"a", "b", "c"};
    struct tarn_field *made = &fields[used_fields];
    used_fields += count;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = names != NULL ? names[i] : members[i];
        made[i] = (struct tarn_field){.name = {name, strlen(name)}, .nullable = draw(3) != 0, .id = -1};
        made[i].type = random_type(depth);
    }
    return made;
}

static const struct tarn_type *random_type(unsigned depth)
{
    static const char *const list_names[] = {"element"};
    static const char *const map_names[] = {"key", "value"};
    const uint64_t pick = depth >= 5 || used_fields > MOST_FIELDS - 20 ? 9 : draw(8);
    struct tarn_type *made = &types[used_types];

    if (pick > 2) {
        return &leaves[draw(sizeof(leaves) / sizeof(leaves[0]))];
    }
    used_types++;
    made->id = pick == 0 ? TARN_TYPE_LIST : pick == 1 ? TARN_TYPE_MAP : TARN_TYPE_STRUCT;
    made->field_count = pick == 0 ? 1 : pick == 1 ? 2 : 1 + (uint32_t)draw(3);
    struct tarn_field *members = (struct tarn_field *)(uintptr_t)random_fields(made->field_count,
                                                                               pick == 0   ? list_names
                                                                               : pick == 1 ? map_names
                                                                                           : NULL,
                                                                               depth + 1);
    if (pick == 1) {
        members[0].nullable = false;
        members[0].type = &leaves[draw(4) + 1];
    }
    made->fields = members;
    return made;
}

/* ---- rows ---- */

static void put(struct tarn_vector_builder *builder, const struct tarn_field *field);

static void put_leaf(struct tarn_vector_builder *builder, const struct tarn_type *type)
{
    char bytes[40];
    const uint64_t distinct = draw(3) == 0 ? draw(1000000) : draw(6);
    switch (tarn_type_kind(type)) {
    case TARN_KIND_BOOL:
        tarn__vector_builder_bool(builder, distinct % 2 == 0);
        return;
    case TARN_KIND_F16:
    case TARN_KIND_F32:
    case TARN_KIND_F64:
        tarn__vector_builder_f64(builder, distinct == 5 ? __builtin_nan("") : (double)(distinct % 2000) / 4 - 2);
        return;
    case TARN_KIND_BYTES:
    case TARN_KIND_FIXED: {
        const size_t size = tarn_type_kind(type) == TARN_KIND_FIXED ? tarn_type_width(type) : distinct % sizeof(bytes);
        memset(bytes, 'a' + (int)(distinct % 26), sizeof(bytes));
        tarn__vector_builder_text(builder, (struct tarn_text){bytes, size});
        return;
    }
    default:
        tarn__vector_builder_i64(builder, (int64_t)(distinct % 100) - (type->id >= TARN_TYPE_U8 && type->id <= TARN_TYPE_U64 ? 0 : 50));
    }
}

static void put_value(struct tarn_vector_builder *builder, const struct tarn_type *type)
{
    if (type->id == TARN_TYPE_STRUCT) {
        for (uint32_t i = 0; i < type->field_count; i++) {
            put(tarn__vector_builder_child(builder, i), &type->fields[i]);
        }
        tarn__vector_builder_close(builder);
    } else if (type->id == TARN_TYPE_LIST || type->id == TARN_TYPE_MAP) {
        for (uint64_t count = draw(4); count != 0; count--) {
            for (uint32_t i = 0; i < type->field_count; i++) {
                put(tarn__vector_builder_child(builder, i), &type->fields[i]);
            }
        }
        tarn__vector_builder_close(builder);
    } else {
        put_leaf(builder, type);
    }
}

static void put(struct tarn_vector_builder *builder, const struct tarn_field *field)
{
    if (field->nullable && draw(6) == 0) {
        tarn__vector_builder_null(builder);
    } else {
        put_value(builder, field->type);
    }
}

static struct tarn_batch *make_batch(const struct tarn_schema *schema, uint32_t rows)
{
    struct tarn_vector *columns[4];
    struct tarn_batch *batch;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        struct tarn_vector_builder *builder;
        ck_assert_ok(tarn__vector_builder_open(env, schema->fields[i].type, &builder, &err), &err);
        for (uint32_t row = 0; row < rows; row++) {
            put(builder, &schema->fields[i]);
        }
        ck_assert_ok(tarn__vector_builder_finish(builder, &columns[i], &err), &err);
        tarn__vector_builder_close_all(builder);
    }
    ck_assert_ok(tarn__batch_adopt(env, schema, rows, columns, &batch, &err), &err);
    return batch;
}

static void expect_rows(const struct tarn_text_builder *expected, uint32_t batch_rows)
{
    struct tarn_source *source;
    struct tarn_text_builder read;
    tarn__builder_init(&read, env);
    ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("f"), NULL, &source, &err), &err);
    ck_assert_ok(tarn_canonical_rows(source, batch_rows, &read, &err), &err);
    tarn_source_close(source);
    ck_assert_uint_eq(read.size, expected->size);
    ck_assert_mem_eq(read.data, expected->data, read.size);
    tarn__builder_free(&read);
}

START_TEST(parquet_round_trip__random_rows_of_random_schemas)
{
    static const char *const columns[] = {"p", "q", "r"};
    struct tarn_schema *schema;
    struct tarn_sink *sink;
    struct tarn_text_builder expected;
    err = (struct tarn_error)TARN_ERROR_INIT;
    state = (uint64_t)_i * 1000003;
    env = tarn_test_env();
    memset(types, 0, sizeof(types));
    used_fields = used_types = 0;
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_ok(tarn_schema_make(env, 3, random_fields(3, columns, 0), 0, NULL, &schema, &err), &err);
    tarn__builder_init(&expected, env);

    const struct tarn_parquet_write_options options = {.size = sizeof(options),
                                                       .check = TARN_CHECK_FULL,
                                                       .page_version = 1 + (uint32_t)_i % 2,
                                                       .profile = (enum tarn_parquet_profile)(_i / 2 % 4),
                                                       .codec = (enum tarn_codec)(draw(TARN_CODEC_LZ4_RAW) + 1),
                                                       .page_rows = (uint32_t)draw(60) + 1,
                                                       .page_bytes = draw(2) == 0 ? 300 : 0,
                                                       .row_group_rows = draw(400) + 20,
                                                       .dictionary_bytes = draw(2) == 0 ? 60 : 0,
                                                       .no_dictionary = draw(4) == 0,
                                                       .no_page_index = draw(4) == 0};
    ck_assert_ok(tarn_parquet_create(store, TARN_TEXT("f"), schema, &options, &sink, &err), &err);
    for (int i = 0; i < 3; i++) {
        struct tarn_batch *batch = make_batch(schema, (uint32_t)draw(250) + 1);
        ck_assert_ok(tarn_sink_write(sink, batch, &err), &err);
        tarn_canonical_batch(batch, &expected);
        tarn_batch_release(batch);
    }
    ck_assert_ok(tarn_sink_finish(sink, &err), &err);
    ck_assert_uint_gt(expected.size, 100);
    expect_rows(&expected, 8192);
    expect_rows(&expected, 17);

    tarn__builder_free(&expected);
    tarn_schema_release(schema);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("parquet_round_trip", TARN_LOOP_TIMES(parquet_round_trip__random_rows_of_random_schemas, SEEDS))
