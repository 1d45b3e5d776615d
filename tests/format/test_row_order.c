/* SPDX-License-Identifier: Apache-2.0
 * The order of rows, against a comparison that is written down here a second time.
 */
#include "format/batch/row_order.h"

#include <stdlib.h>

#include "format/batch/vector.h"
#include "format/batch/vector_builder.h"
#include "tests/support/suite.h"

enum { ROWS = 300, KEYS = 3 };

static struct tarn_error err;
static struct tarn_env *env;
static uint64_t state;

static uint64_t draw(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static const struct tarn_type i64_type = {.id = TARN_TYPE_I64};
static const struct tarn_type f64_type = {.id = TARN_TYPE_F64};
static const struct tarn_type string_type = {.id = TARN_TYPE_STRING};
static const struct tarn_field member = {.name = TARN_TEXT("m"), .type = &string_type, .nullable = true, .id = -1};
static const struct tarn_type struct_type = {.id = TARN_TYPE_STRUCT, .field_count = 1, .fields = &member};

/* A row of the keys: an integer, a float, the text member of a struct. */
struct row {
    bool null[KEYS];
    bool null_struct;
    int64_t i;
    double f;
    char s[4];
};

static struct row rows[ROWS];
static const bool *descending;
static const bool *nulls_first;

static int by_key(const struct row *a, const struct row *b, unsigned key)
{
    int order;
    if (key == 0) {
        order = (a->i > b->i) - (a->i < b->i);
    } else if (key == 1) {
        const bool a_nan = a->f != a->f;
        const bool b_nan = b->f != b->f;
        order = a_nan || b_nan ? (int)a_nan - (int)b_nan : (a->f > b->f) - (a->f < b->f);
    } else {
        order = strcmp(a->s, b->s);
    }
    return descending[key] ? -order : order;
}

static int compare(const void *left, const void *right)
{
    const struct row *a = left;
    const struct row *b = right;
    for (unsigned key = 0; key < KEYS; key++) {
        const bool a_null = a->null[key] || (key == 2 && a->null_struct);
        const bool b_null = b->null[key] || (key == 2 && b->null_struct);
        int order;
        if (a_null || b_null) {
            order = nulls_first[key] ? (int)b_null - (int)a_null : (int)a_null - (int)b_null;
        } else {
            order = by_key(a, b, key);
        }
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static void draw_rows(void)
{
    static const double floats[] = {-1, -0.0, 0.0, 1, __builtin_inf()};
    for (unsigned i = 0; i < ROWS; i++) {
        struct row *row = &rows[i];
        *row = (struct row){.i = (int64_t)(draw() % 5) - 2, .null_struct = draw() % 9 == 0};
        row->f = draw() % 6 == 0 ? __builtin_nan("") : floats[draw() % 5];
        row->s[0] = (char)('a' + draw() % 3);
        row->s[1] = draw() % 2 == 0 ? '\xc3' : '\0';
        for (unsigned key = 0; key < KEYS; key++) {
            row->null[key] = draw() % 7 == 0;
        }
    }
}

/* Rows begin .. end - 1 as vectors. */
static void make_columns(unsigned begin, unsigned end, struct tarn_vector *out[KEYS])
{
    struct tarn_vector_builder *builders[KEYS];
    const struct tarn_type *types[KEYS] = {&i64_type, &f64_type, &struct_type};
    for (unsigned key = 0; key < KEYS; key++) {
        ck_assert_ok(tarn__vector_builder_open(env, types[key], &builders[key], &err), &err);
    }
    for (unsigned i = begin; i < end; i++) {
        const struct row *row = &rows[i];
        if (row->null[0]) {
            tarn__vector_builder_null(builders[0]);
        } else {
            tarn__vector_builder_i64(builders[0], row->i);
        }
        if (row->null[1]) {
            tarn__vector_builder_null(builders[1]);
        } else {
            tarn__vector_builder_f64(builders[1], row->f);
        }
        if (row->null_struct) {
            tarn__vector_builder_null(builders[2]);
            continue;
        }
        struct tarn_vector_builder *child = tarn__vector_builder_child(builders[2], 0);
        if (row->null[2]) {
            tarn__vector_builder_null(child);
        } else {
            tarn__vector_builder_text(child, (struct tarn_text){row->s, strlen(row->s)});
        }
        tarn__vector_builder_close(builders[2]);
    }
    for (unsigned key = 0; key < KEYS; key++) {
        ck_assert_ok(tarn__vector_builder_finish(builders[key], &out[key], &err), &err);
        tarn__vector_builder_close_all(builders[key]);
    }
}

/* The first row that is out of order, found in batches of `step` rows; ROWS: none. With `positions` every row is named twice over. */
static uint32_t first_wrong(struct tarn__row_order *order, unsigned step, bool with_positions)
{
    uint32_t found = ROWS;
    for (unsigned begin = 0; begin < ROWS && found == ROWS; begin += step) {
        struct tarn_vector *columns[KEYS];
        uint32_t positions[ROWS];
        uint32_t wrong;
        const unsigned count = begin + step < ROWS ? step : ROWS - begin;
        for (unsigned i = 0; i < count; i++) {
            positions[i] = i;
        }
        make_columns(begin, begin + count, columns);
        ck_assert_ok(tarn__row_order_check(order, columns, with_positions ? positions : NULL, 0, count, &wrong, &err), &err);
        found = wrong != count ? begin + wrong : found;
        for (unsigned key = 0; key < KEYS; key++) {
            tarn_vector_release(columns[key]);
        }
    }
    return found;
}

START_TEST(row_order__finds_the_first_row_that_breaks_it) /* P-SORT-1 P-SORT-2 */
{
    static const bool flags[8][KEYS] = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}, {1, 0, 1}, {0, 1, 1}, {1, 1, 1}};
    static const uint32_t index[KEYS][2] = {{0}, {1}, {2, 0}};
    static const struct tarn_type *const types[KEYS] = {&i64_type, &f64_type, &string_type};
    static const unsigned steps[] = {1, 7, ROWS};
    struct tarn__order_key keys[KEYS];
    descending = flags[_i % 8];
    nulls_first = flags[_i / 8];
    state = (uint64_t)_i;
    env = tarn_test_env();
    for (unsigned key = 0; key < KEYS; key++) {
        keys[key] = (struct tarn__order_key){key == 2 ? 2 : 1, index[key], descending[key], nulls_first[key], types[key]};
    }
    struct tarn__row_order order;
    ck_assert_ok(tarn__row_order_init(&order, env, KEYS, keys, &err), &err);
    draw_rows();
    qsort(rows, ROWS, sizeof(rows[0]), compare);
    for (unsigned s = 0; s < 3; s++) {
        tarn__row_order_reset(&order);
        ck_assert_uint_eq(first_wrong(&order, steps[s], s == 1), ROWS);
    }
    for (unsigned trial = 0; trial < 10; trial++) { /* two rows change places */
        const unsigned a = (unsigned)(draw() % ROWS);
        const unsigned b = (unsigned)(draw() % ROWS);
        const struct row kept = rows[a];
        rows[a] = rows[b];
        rows[b] = kept;
        uint32_t expected = ROWS;
        for (unsigned i = ROWS - 1; i > 0; i--) {
            expected = compare(&rows[i - 1], &rows[i]) > 0 ? i : expected;
        }
        tarn__row_order_reset(&order);
        ck_assert_uint_eq(first_wrong(&order, steps[trial % 3], trial % 2 != 0), expected);
        rows[b] = rows[a];
        rows[a] = kept;
    }
    tarn__row_order_free(&order);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("row_order", TARN_LOOP_TIMES(row_order__finds_the_first_row_that_breaks_it, 64))
