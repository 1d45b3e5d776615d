/* SPDX-License-Identifier: Apache-2.0
 * The core's model: sets of tracked files, pools of statistics, and vectors under a table's types.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/batch/vector_builder.h"
#include "tests/support/suite.h"
#include "txlog/core/file_set.h"
#include "txlog/core/vector_adapt.h"

static struct tarn_error err = TARN_ERROR_INIT;

START_TEST(table_model__finds_files_by_path_and_vector) /* T-MODEL-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn__file_set set;
    tarn__file_set_init(&set, env);
    char path[64];
    for (int i = 0; i < 10000; i++) {
        const int size = snprintf(path, sizeof(path), "part-%d.parquet", i);
        const struct tarn__tracked_file file = {.path = {path, (size_t)size}, .size = 10, .rows = i};
        ck_assert_int_eq(tarn__file_set_find(&set, file.path, NULL), TARN_FILE_NONE);
        ck_assert_ok(tarn__file_set_add(&set, &file, &err), &err);
    }
    const struct tarn__deletion_vector vector = {.storage = {"u", 1}, .place = {"x", 1}, .has_offset = true, .offset = 1};
    const struct tarn__file_extra extra = {.deletion_vector = &vector};
    struct tarn__tracked_file file = {.path = TARN_TEXT("part-7.parquet"), .extra = tarn__file_extra_copy(&set.arena, &extra)};
    ck_assert_int_eq(tarn__file_set_find(&set, file.path, &vector), TARN_FILE_NONE);
    ck_assert_ok(tarn__file_set_add(&set, &file, &err), &err);
    for (int i = 0; i < 10000; i += 77) {
        const int size = snprintf(path, sizeof(path), "part-%d.parquet", i);
        ck_assert_int_eq(tarn__file_set_find(&set, (struct tarn_text){path, (size_t)size}, NULL), i);
        ck_assert_int_eq(tarn__file_set_at(&set, (uint32_t)i)->rows, i);
    }
    ck_assert_int_eq(tarn__file_set_find(&set, TARN_TEXT("part-7.parquet"), NULL), 7);
    ck_assert_int_eq(tarn__file_set_find(&set, TARN_TEXT("part-7.parquet"), &vector), 10000);
    struct tarn__deletion_vector other = vector;
    other.offset = 2;
    ck_assert_int_eq(tarn__file_set_find(&set, TARN_TEXT("part-7.parquet"), &other), TARN_FILE_NONE);
    ck_assert_uint_eq(set.bytes, 100000);
    tarn__file_set_free(&set);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(table_model__keeps_each_partition_once) /* T-MODEL-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn__file_set set;
    tarn__file_set_init(&set, env);
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 500; i++) {
            char raw[16];
            const int size = snprintf(raw, sizeof(raw), "p=%u", i);
            uint32_t partition;
            ck_assert_ok(tarn__file_set_partition(&set, (struct tarn_text){raw, (size_t)size}, &partition, &err), &err);
            ck_assert_uint_eq(partition, i);
        }
    }
    ck_assert_uint_eq(set.partition_count, 500);
    tarn__file_set_free(&set);
    tarn_test_env_close(env);
}
END_TEST

/* `count` files from number `first` on, each in one of three partitions and with a statistics text. */
static void fill_part(struct tarn__file_set *set, int first, int count)
{
    set->unindexed = true;
    for (int i = first; i < first + count; i++) {
        char path[64];
        char raw[16];
        char text[128];
        struct tarn__tracked_file file = {
            .path = {path, (size_t)snprintf(path, sizeof(path), "part-%d.parquet", i)}, .size = 10, .rows = i};
        const struct tarn_text partition = {raw, (size_t)snprintf(raw, sizeof(raw), "p=%d", i % 3)};
        const struct tarn_text statistics = {text, (size_t)snprintf(text, sizeof(text), "%0*d", i % 100, i)};
        ck_assert_ok(tarn__file_set_partition(set, partition, &file.partition, &err), &err);
        ck_assert_ok(tarn__text_pool_add(&set->statistics, i % 7 == 0 ? (struct tarn_text){"", 0} : statistics, &file.statistics, &err),
                     &err);
        ck_assert_ok(tarn__file_set_add(set, &file, &err), &err);
    }
}

START_TEST(table_model__parts_are_joined_in_order) /* T-MODEL-4 */
{
    enum { PARTS = 4 };
    static const int counts[PARTS] = {9000, 0, 1, 12000}; /* more than a block of statistics, and less */
    struct tarn_env *env = tarn_test_env();
    struct tarn__file_set set;
    tarn__file_set_init(&set, env);
    fill_part(&set, 0, 10);
    int first = 10;
    for (int p = 0; p < PARTS; p++) {
        struct tarn__file_set part;
        tarn__file_set_init(&part, env);
        fill_part(&part, first, counts[p]);
        ck_assert_ok(tarn__file_set_absorb(&set, &part, &err), &err);
        first += counts[p];
    }
    ck_assert_uint_eq(set.count, (uint32_t)first);
    ck_assert_uint_eq(set.partition_count, 3);
    ck_assert_uint_eq(set.bytes, 10u * (unsigned)first);
    struct tarn__pool_reader reader;
    tarn__pool_reader_init(&reader, &set.statistics);
    for (int i = 0; i < first; i++) {
        char path[64];
        char text[128];
        const struct tarn__tracked_file *file = tarn__file_set_at(&set, (uint32_t)i);
        const int path_size = snprintf(path, sizeof(path), "part-%d.parquet", i);
        ck_assert(tarn__text_equal(file->path, (struct tarn_text){path, (size_t)path_size}));
        ck_assert_int_eq(set.partitions[file->partition].raw.data[2] - '0', i % 3);
        struct tarn_text got;
        ck_assert_ok(tarn__pool_reader_get(&reader, file->statistics, &got, &err), &err);
        const int size = snprintf(text, sizeof(text), "%0*d", i % 100, i);
        ck_assert(tarn__text_equal(got, (struct tarn_text){text, i % 7 == 0 ? 0 : (size_t)size}));
    }
    tarn__pool_reader_free(&reader);
    tarn__file_set_free(&set);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(table_model__uuids_are_sixteen_bytes) /* T-MODEL-3 */
{
    static const struct tarn_type uuid = {.id = TARN_TYPE_UUID};
    static const struct tarn_type sixteen = {.id = TARN_TYPE_FIXED, .width = 16};
    static const struct tarn_type eight = {.id = TARN_TYPE_FIXED, .width = 8};
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__adapt plan;
    ck_assert_ok(tarn__adapt_plan(&arena, &sixteen, &uuid, NULL, &plan, &err), &err);
    ck_assert_int_eq(plan.kind, TARN_ADAPT_SAME);
    ck_assert_ok(tarn__adapt_plan(&arena, &uuid, &sixteen, NULL, &plan, &err), &err);
    ck_assert_status(tarn__adapt_plan(&arena, &eight, &uuid, NULL, &plan, &err), TARN_UNSUPPORTED);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(table_model__statistics_come_back_in_any_order) /* T-MODEL-2 */
{
    enum { TEXTS = 5000 };
    struct tarn_env *env = tarn_test_env();
    struct tarn__text_pool pool;
    tarn__text_pool_init(&pool, env);
    static struct tarn__pool_ref refs[TEXTS];
    char text[400];
    for (int i = 0; i < TEXTS; i++) {
        const int size =
            snprintf(text, sizeof(text), "{\"numRecords\":%d,\"minValues\":{\"id\":%d},\"pad\":\"%0*d\"}", i, i * 7, i % 300, 0);
        ck_assert_ok(tarn__text_pool_add(&pool, (struct tarn_text){text, i % 50 == 0 ? 0 : (size_t)size}, &refs[i], &err), &err);
    }
    struct tarn__pool_ref large;
    char *big = tarn__calloc(env, 1, 1 << 20);
    ck_assert_ok(tarn__text_pool_add(&pool, (struct tarn_text){big, 1 << 20}, &large, &err), &err);
    struct tarn__pool_reader reader;
    tarn__pool_reader_init(&reader, &pool);
    for (int k = 0; k < TEXTS; k++) {
        const int i = k * 3571 % TEXTS;
        const int size =
            snprintf(text, sizeof(text), "{\"numRecords\":%d,\"minValues\":{\"id\":%d},\"pad\":\"%0*d\"}", i, i * 7, i % 300, 0);
        struct tarn_text got;
        ck_assert_ok(tarn__pool_reader_get(&reader, refs[i], &got, &err), &err);
        ck_assert(tarn__text_equal(got, (struct tarn_text){text, i % 50 == 0 ? 0 : (size_t)size}));
    }
    struct tarn_text got;
    ck_assert_ok(tarn__pool_reader_get(&reader, large, &got, &err), &err);
    ck_assert_uint_eq(got.size, 1 << 20);
    ck_assert_int_eq(memcmp(got.data, big, got.size), 0);
    tarn__free(env, big);
    tarn__pool_reader_free(&reader);
    tarn__text_pool_free(&pool);
    tarn_test_env_close(env);
}
END_TEST

/* ---- types ---- */

static const struct tarn_type t_i8 = {.id = TARN_TYPE_I8};
static const struct tarn_type t_i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type t_i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type t_u64 = {.id = TARN_TYPE_U64};
static const struct tarn_type t_f32 = {.id = TARN_TYPE_F32};
static const struct tarn_type t_f64 = {.id = TARN_TYPE_F64};
static const struct tarn_type t_dec5 = {.id = TARN_TYPE_DECIMAL, .precision = 5, .scale = 2};
static const struct tarn_type t_dec12 = {.id = TARN_TYPE_DECIMAL, .precision = 12, .scale = 4};
static const struct tarn_type t_dec38 = {.id = TARN_TYPE_DECIMAL, .precision = 38, .scale = 4};
static const struct tarn_type t_date = {.id = TARN_TYPE_DATE};
static const struct tarn_type t_micro = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO};
static const struct tarn_type t_milli = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MILLI};
static const struct tarn_type t_nano = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO};
static const struct tarn_type t_wide = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO, .wide = true};
static const struct tarn_type t_string = {.id = TARN_TYPE_STRING};

static const struct {
    const struct tarn_type *from;
    const struct tarn_type *to;
    int64_t value;
    int64_t wanted;
    enum tarn_status status;
} conversions[] = {
    {&t_i8, &t_i64, -128, -128, TARN_OK},
    {&t_i32, &t_i8, 127, 127, TARN_OK},
    {&t_i32, &t_i8, 128, 0, TARN_CORRUPT},
    {&t_u64, &t_i64, INT64_MAX, INT64_MAX, TARN_OK},
    {&t_u64, &t_i64, -1, 0, TARN_CORRUPT},
    {&t_i32, &t_dec12, 7, 70000, TARN_OK},
    {&t_dec5, &t_dec12, -150, -15000, TARN_OK},
    {&t_dec12, &t_dec5, 15000, 150, TARN_OK},
    {&t_dec12, &t_dec5, 15001, 0, TARN_CORRUPT},
    {&t_i64, &t_dec38, -3, -30000, TARN_OK},
    {&t_date, &t_micro, -1, -86400000000, TARN_OK},
    {&t_milli, &t_micro, 5, 5000, TARN_OK},
    {&t_milli, &t_micro, INT64_MAX, 0, TARN_CORRUPT},
    {&t_nano, &t_micro, -1, -1, TARN_OK}, /* towards minus infinity */
    {&t_nano, &t_micro, 1999, 1, TARN_OK},
    {&t_wide, &t_micro, -1001, -2, TARN_OK},
};

static struct tarn_vector *vector_of(struct tarn_env *env, const struct tarn_type *type, int64_t value)
{
    struct tarn_vector_builder *builder;
    ck_assert_ok(tarn__vector_builder_open(env, type, &builder, &err), &err);
    tarn__vector_builder_null(builder);
    tarn__vector_builder_i64(builder, value);
    struct tarn_vector *vector;
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    tarn__vector_builder_close_all(builder);
    return vector;
}

START_TEST(table_model__widens_without_changing_a_value) /* T-MODEL-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__adapt plan;
    ck_assert_ok(tarn__adapt_plan(&arena, conversions[_i].from, conversions[_i].to, NULL, &plan, &err), &err);
    struct tarn_vector *vector = vector_of(env, conversions[_i].from, conversions[_i].value);
    struct tarn_vector *got;
    const enum tarn_status status = tarn__adapt_apply(&plan, vector, &got, &err);
    ck_assert_int_eq(status, conversions[_i].status);
    if (status == TARN_OK) {
        ck_assert(tarn_vector_is_null(got, 0));
        ck_assert_ptr_eq(got->type, conversions[_i].to);
        const struct tarn_value value = tarn__vector_value(got, 1);
        ck_assert_int_eq(tarn_type_kind(got->type) == TARN_KIND_I128 ? (int64_t)value.u.words[0] : value.u.i64, conversions[_i].wanted);
        tarn_vector_release(got);
    }
    tarn_vector_release(vector);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

static const struct tarn_type *const impossible[][2] = {
    {&t_i64, &t_f64}, {&t_f64, &t_f32}, {&t_f64, &t_i64}, {&t_string, &t_i64}, {&t_i64, &t_string}, {&t_micro, &t_date},
};

START_TEST(table_model__refuses_what_would_lose_something) /* T-MODEL-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__adapt plan;
    ck_assert_status(tarn__adapt_plan(&arena, impossible[_i][0], impossible[_i][1], NULL, &plan, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "scan.type_change");
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

#define FIELD(text, of)                                                                                                                    \
    {                                                                                                                                      \
        .name = {text, sizeof(text) - 1}, .type = &of, .nullable = true, .id = -1                                                          \
    }

START_TEST(table_model__members_are_found_by_name_at_every_level) /* T-MODEL-3 */
{
    static const struct tarn_field file_members[] = {FIELD("phys-b", t_i32), FIELD("phys-a", t_f32)};
    static const struct tarn_type file_struct = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = file_members};
    static const struct tarn_field file_element[] = {FIELD("item", file_struct)};
    static const struct tarn_type file_list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = file_element};
    static const struct tarn_field table_members[] = {FIELD("a", t_f64), FIELD("late", t_string), FIELD("b", t_i64)};
    static const struct tarn_type table_struct = {.id = TARN_TYPE_STRUCT, .field_count = 3, .fields = table_members};
    static const struct tarn_field table_element[] = {FIELD("element", table_struct)};
    static const struct tarn_type table_list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = table_element};
    static const struct tarn__physical names[] = {
        {.name = {"phys-a", 6}, .id = -1}, {.name = {"phys-late", 9}, .id = -1}, {.name = {"phys-b", 6}, .id = -1}};
    static const struct tarn__physical element = {.name = {"element", 7}, .id = -1, .child_count = 3, .children = names};
    static const struct tarn__physical column = {.name = {"c", 1}, .id = -1, .child_count = 1, .children = &element};
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__adapt plan;
    const struct tarn__adapt_names by = {&column, false, false};
    ck_assert_ok(tarn__adapt_plan(&arena, &file_list, &table_list, &by, &plan, &err), &err);
    struct tarn_vector_builder *builder;
    ck_assert_ok(tarn__vector_builder_open(env, &file_list, &builder, &err), &err);
    struct tarn_vector_builder *members = tarn__vector_builder_child(builder, 0);
    tarn__vector_builder_i64(tarn__vector_builder_child(members, 0), 42);
    tarn__vector_builder_f64(tarn__vector_builder_child(members, 1), 0.5);
    tarn__vector_builder_close(members);
    tarn__vector_builder_null(members);
    tarn__vector_builder_close(builder);
    tarn__vector_builder_null(builder);
    struct tarn_vector *vector;
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    tarn__vector_builder_close_all(builder);
    struct tarn_vector *got;
    ck_assert_ok(tarn__adapt_apply(&plan, vector, &got, &err), &err);
    ck_assert_ptr_eq(got->type, &table_list);
    ck_assert(!tarn_vector_is_null(got, 0));
    ck_assert(tarn_vector_is_null(got, 1));
    const struct tarn_vector *structs = got->children[0];
    ck_assert_uint_eq(structs->length, 2);
    ck_assert(tarn_vector_is_null(structs, 1));
    ck_assert(tarn__vector_value(structs->children[0], 0).u.f64 == 0.5);
    ck_assert(tarn_vector_is_null(structs->children[1], 0));
    ck_assert_int_eq(tarn__vector_value(structs->children[2], 0).u.i64, 42);
    tarn_vector_release(got);
    tarn_vector_release(vector);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/table_model", TARN_TEST(table_model__finds_files_by_path_and_vector), TARN_TEST(table_model__keeps_each_partition_once),
           TARN_TEST(table_model__parts_are_joined_in_order), TARN_TEST(table_model__uuids_are_sixteen_bytes),
           TARN_TEST(table_model__statistics_come_back_in_any_order),
           TARN_LOOP_TEST(table_model__widens_without_changing_a_value, conversions),
           TARN_LOOP_TEST(table_model__refuses_what_would_lose_something, impossible),
           TARN_TEST(table_model__members_are_found_by_name_at_every_level))
