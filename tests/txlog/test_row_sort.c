/* SPDX-License-Identifier: Apache-2.0
 * Rows sorted in bounded memory: with room for all, for some and for next to none, every row comes out once, in order.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/base/bytes.h"
#include "format/batch/vector_builder.h"
#include "tests/support/fault.h"
#include "txlog/core/maintain/row_sort.h"

static const struct tarn_type number_type = {.id = TARN_TYPE_I64};
static const struct tarn_type text_type = {.id = TARN_TYPE_STRING};
static const struct tarn_field member = {.name = {"element", 7}, .type = &number_type, .nullable = true, .id = -1};
static const struct tarn_type list_type = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &member};
static const struct tarn_field fields[] = {
    {.name = {"id", 2}, .type = &number_type, .nullable = false, .id = -1},
    {.name = {"0", 1}, .type = &text_type, .nullable = true, .id = -1},
    {.name = {"list", 4}, .type = &list_type, .nullable = true, .id = -1},
};

/* Row `id`: its number, a text that tells it (null of every fifth), a list of id % 4 numbers. Its key is a mix of it. */
static uint64_t key_of(uint64_t id)
{
    return (id * UINT64_C(0x9e3779b97f4a7c15) >> 40) % 1000;
}

static enum tarn_status add(struct tarn_env *env, struct tarn__row_sort *sort, uint64_t first, uint32_t count, struct tarn_error *err)
{
    struct tarn_vector_builder *builders[3] = {NULL, NULL, NULL};
    struct tarn_vector *columns[3] = {NULL, NULL, NULL};
    struct tarn__cluster_key keys[256];
    enum tarn_status status = TARN_OK;
    for (int c = 0; status == TARN_OK && c < 3; c++) {
        status = tarn__vector_builder_open(env, fields[c].type, &builders[c], err);
    }
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        const uint64_t id = first + i;
        char text[32];
        const int size = snprintf(text, sizeof(text), "row %llu", (unsigned long long)id);
        tarn__vector_builder_i64(builders[0], (int64_t)id);
        if (id % 5 == 0) {
            tarn__vector_builder_null(builders[1]);
        } else {
            tarn__vector_builder_text(builders[1], (struct tarn_text){text, (size_t)size});
        }
        for (uint64_t e = 0; e < id % 4; e++) {
            tarn__vector_builder_i64(tarn__vector_builder_child(builders[2], 0), (int64_t)(id + e));
        }
        tarn__vector_builder_close(builders[2]);
        keys[i] = (struct tarn__cluster_key){key_of(id) / 100, key_of(id)};
    }
    for (int c = 0; status == TARN_OK && c < 3; c++) {
        status = tarn__vector_builder_finish(builders[c], &columns[c], err);
    }
    status = status == TARN_OK ? tarn__row_sort_add(sort, columns, count, keys, err) : status;
    for (int c = 0; c < 3; c++) {
        tarn__vector_builder_close_all(builders[c]);
        tarn_vector_release(columns[c]);
    }
    return status;
}

struct seen {
    uint64_t count;
    uint64_t sum;
    uint64_t last_key;
    uint64_t last_id;
    bool stable;
};

static enum tarn_status look(void *arg, const struct tarn_batch *batch, struct tarn_error *err)
{
    struct seen *seen = arg;
    (void)err;
    ck_assert_uint_eq(batch->column_count, 3);
    for (uint32_t row = 0; row < batch->length; row++) {
        const uint64_t id = (uint64_t)tarn__vector_value(batch->columns[0], row).u.i64;
        const uint64_t key = key_of(id);
        ck_assert_msg(key >= seen->last_key, "a row with key %llu comes after one with %llu", (unsigned long long)key,
                      (unsigned long long)seen->last_key);
        seen->stable = seen->stable && (key != seen->last_key || id > seen->last_id || seen->count == 0);
        seen->last_key = key;
        seen->last_id = id;
        seen->count++;
        seen->sum += id;
        ck_assert(tarn_vector_is_null(batch->columns[1], row) == (id % 5 == 0));
        if (id % 5 != 0) {
            char text[32];
            const int size = snprintf(text, sizeof(text), "row %llu", (unsigned long long)id);
            ck_assert(tarn__text_equal(tarn_vector_text(batch->columns[1], row), (struct tarn_text){text, (size_t)size}));
        }
        const struct tarn__vector_place place = tarn__vector_locate(batch->columns[2], row);
        ck_assert_uint_eq(tarn__vector_offset(place.vector, place.row + 1) - tarn__vector_offset(place.vector, place.row), id % 4);
    }
    return TARN_OK;
}

static enum tarn_status count_objects(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    (void)key;
    (void)info;
    (void)err;
    ++*(int *)arg;
    return TARN_OK;
}

static const struct {
    const char *name;
    uint32_t batches;
    uint64_t memory;
    uint32_t least_runs;
} rooms[] = {
    {"nothing", 0, 1 << 20, 0},
    {"all fits", 40, 64 << 20, 0},
    {"some runs", 40, 128 << 10, 2},
    {"a run a batch, merged in several rounds", 80, 1, 80},
};

START_TEST(row_sort__every_row_once_in_order) /* T-MAINTAIN-SORT-1 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    const struct tarn_schema schema = {.field_count = 3, .fields = fields};
    struct tarn_schema *owned;
    struct tarn_store *spill;
    struct tarn__row_sort *sort;
    ck_assert_ok(tarn_schema_make(env, 3, schema.fields, 0, NULL, &owned, &err), &err);
    ck_assert_ok(tarn_store_open_memory(env, 0, &spill, &err), &err);
    const struct tarn__row_sort_options options = {.env = env, .schema = owned, .spill = spill, .memory = rooms[_i].memory};
    ck_assert_ok(tarn__row_sort_open(&options, &sort, &err), &err);
    for (uint32_t b = 0; b < rooms[_i].batches; b++) {
        ck_assert_ok(add(env, sort, b * UINT64_C(250), 250, &err), &err);
    }
    struct seen seen = {.stable = true};
    ck_assert_ok(tarn__row_sort_emit(sort, look, &seen, &err), &err);
    const uint64_t rows = rooms[_i].batches * UINT64_C(250);
    ck_assert_uint_eq(seen.count, rows);
    ck_assert_uint_eq(seen.sum, rows == 0 ? 0 : rows * (rows - 1) / 2);
    ck_assert_uint_ge(tarn__row_sort_runs(sort), rooms[_i].least_runs);
    ck_assert(rooms[_i].least_runs != 0 || (tarn__row_sort_runs(sort) == 0 && seen.stable));
    tarn__row_sort_close(sort);
    int left = 0;
    ck_assert_ok(tarn_store_list(spill, TARN_TEXT(""), TARN_TEXT(""), count_objects, &left, &err), &err);
    ck_assert_int_eq(left, 0);
    tarn_store_close(spill);
    tarn_schema_release(owned);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(row_sort__without_a_store_memory_is_a_limit) /* T-MAINTAIN-SORT-1 */
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *owned;
    struct tarn__row_sort *sort;
    ck_assert_ok(tarn_schema_make(env, 3, fields, 0, NULL, &owned, &err), &err);
    const struct tarn__row_sort_options options = {.env = env, .schema = owned, .memory = 1000};
    ck_assert_ok(tarn__row_sort_open(&options, &sort, &err), &err);
    ck_assert_status(add(env, sort, 0, 250, &err), TARN_LIMIT);
    ck_assert_str_eq(err.detail, "sort_memory");
    tarn__row_sort_close(sort);
    tarn_schema_release(owned);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status sort_rows(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    (void)ctx;
    (void)fault;
    struct tarn_schema *owned = NULL;
    struct tarn_store *spill = NULL;
    struct tarn__row_sort *sort = NULL;
    struct seen seen = {0};
    enum tarn_status status = tarn_schema_make(env, 3, fields, 0, NULL, &owned, err);
    status = status == TARN_OK ? tarn_store_open(env, TARN_TEXT("memory:spill"), true, &spill, err) : status;
    if (status == TARN_OK) {
        const struct tarn__row_sort_options options = {.env = env, .schema = owned, .spill = spill, .memory = 20000};
        status = tarn__row_sort_open(&options, &sort, err);
    }
    for (uint64_t b = 0; status == TARN_OK && b < 6; b++) {
        status = add(env, sort, b * 100, 100, err);
    }
    status = status == TARN_OK ? tarn__row_sort_emit(sort, look, &seen, err) : status;
    ck_assert(status != TARN_OK || (seen.count == 600 && tarn__row_sort_runs(sort) > 1));
    tarn__row_sort_close(sort);
    tarn_store_close(spill);
    tarn_schema_release(owned);
    return status;
}

START_TEST(row_sort__every_failure_is_survived) /* T-MAINTAIN-FAULT-1 */
{
    static const unsigned kinds[] = {TARN_FAULT_ALL_ALLOC, TARN_FAULT_IO_ONCE | TARN_FAULT_IO_FOREVER | TARN_FAULT_SHORT};
    const struct tarn_fault_sweep_options options = {.also = 1u << TARN_CORRUPT};
    ck_assert_uint_gt(tarn_fault_sweep_with(sort_rows, NULL, kinds[_i], &options), 20);
}
END_TEST

TARN_SUITE("txlog/row_sort", TARN_LOOP_TEST(row_sort__every_row_once_in_order, rooms),
           TARN_TEST(row_sort__without_a_store_memory_is_a_limit), TARN_LOOP_TIMES(row_sort__every_failure_is_survived, 2))
