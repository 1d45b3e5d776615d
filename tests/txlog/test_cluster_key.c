/* SPDX-License-Identifier: Apache-2.0
 * Keys on curves: Z-order by hand, Hilbert by what makes a curve one, and ranks of values of every kind.
 */
#include <stdlib.h>

#include "format/base/bytes.h"
#include "format/batch/vector_builder.h"
#include "tests/support/suite.h"
#include "txlog/core/maintain/cluster_key.h"

static struct tarn_error err = TARN_ERROR_INIT;

static struct tarn__cluster_key key_of(enum tarn__curve curve, uint32_t count, unsigned bits, const uint32_t *point)
{
    uint32_t ranks[TARN_CLUSTER_MOST_COLUMNS];
    memcpy(ranks, point, count * sizeof(*ranks));
    return tarn__curve_key(curve, count, bits, ranks);
}

static const struct {
    uint32_t count;
    unsigned bits;
    uint32_t point[3];
    uint64_t key;
} zorder[] = {
    {1, 4, {9}, 9},     {2, 2, {0, 0}, 0},    {2, 2, {1, 2}, 6},     {2, 2, {2, 1}, 9},
    {2, 2, {3, 3}, 15}, {3, 1, {1, 0, 1}, 5}, {3, 2, {1, 2, 3}, 29}, {2, 4, {15, 0}, 0xaa},
};

START_TEST(cluster_key__zorder_interleaves_bits) /* T-MAINTAIN-CLUSTER-1 */
{
    const struct tarn__cluster_key key = key_of(TARN_CURVE_ZORDER, zorder[_i].count, zorder[_i].bits, zorder[_i].point);
    ck_assert_uint_eq(key.high, 0);
    ck_assert_uint_eq(key.low, zorder[_i].key);
}
END_TEST

START_TEST(cluster_key__keys_use_all_128_bits)
{
    uint32_t ranks[8];
    for (int i = 0; i < 8; i++) {
        ranks[i] = 0x8000;
    }
    struct tarn__cluster_key key = tarn__curve_key(TARN_CURVE_ZORDER, 8, 16, ranks);
    ck_assert_uint_eq(key.high, UINT64_C(0xff) << 56);
    ck_assert_uint_eq(key.low, 0);
    for (int i = 0; i < 8; i++) {
        ranks[i] = 1;
    }
    key = tarn__curve_key(TARN_CURVE_ZORDER, 8, 16, ranks);
    ck_assert_uint_eq(key.high, 0);
    ck_assert_uint_eq(key.low, 0xff);
}
END_TEST

/* Along the curve every cell of the cube comes once, and each is a neighbour of the one before. */
START_TEST(cluster_key__hilbert_walks_from_neighbour_to_neighbour) /* T-MAINTAIN-CLUSTER-1 */
{
    static const struct {
        uint32_t count;
        unsigned bits;
    } cubes[] = {{2, 1}, {2, 4}, {3, 3}, {4, 2}, {5, 1}};
    const uint32_t count = cubes[_i].count;
    const unsigned bits = cubes[_i].bits;
    const uint32_t cells = 1u << (count * bits);
    uint32_t *cell_at = calloc(cells, sizeof(*cell_at));
    bool *seen = calloc(cells, sizeof(*seen));
    ck_assert(cell_at != NULL && seen != NULL);
    for (uint32_t cell = 0; cell < cells; cell++) {
        uint32_t point[5];
        for (uint32_t c = 0; c < count; c++) {
            point[c] = cell >> (c * bits) & ((1u << bits) - 1);
        }
        const struct tarn__cluster_key key = key_of(TARN_CURVE_HILBERT, count, bits, point);
        ck_assert(key.high == 0 && key.low < cells && !seen[key.low]);
        seen[key.low] = true;
        cell_at[key.low] = cell;
    }
    for (uint32_t i = 1; i < cells; i++) {
        uint32_t distance = 0;
        for (uint32_t c = 0; c < count; c++) {
            const int32_t a = (int32_t)(cell_at[i] >> (c * bits) & ((1u << bits) - 1));
            const int32_t b = (int32_t)(cell_at[i - 1] >> (c * bits) & ((1u << bits) - 1));
            distance += (uint32_t)abs(a - b);
        }
        ck_assert_uint_eq(distance, 1);
    }
    free(cell_at);
    free(seen);
}
END_TEST

/* ---- ranks ---- */

enum { MOST = 8 };

/* Texts of values in ascending order, null first, each different from the one before. */
static const struct {
    struct tarn_type type;
    const char *kind;
    uint32_t count;
    const char *texts[MOST];
} kinds[] = {
    {{.id = TARN_TYPE_I32}, "number", 5, {NULL, "-2147483648", "-1", "0", "7"}},
    {{.id = TARN_TYPE_I64}, "number", 5, {NULL, "-9223372036854775807", "-1", "0", "9223372036854775807"}},
    {{.id = TARN_TYPE_U8}, "number", 3, {NULL, "0", "255"}},
    {{.id = TARN_TYPE_DATE}, "number", 4, {NULL, "-5", "0", "20000"}},
    {{.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true}, "number", 4, {NULL, "-5", "0", "20000"}},
    {{.id = TARN_TYPE_BOOL}, "bool", 3, {NULL, "0", "1"}},
    {{.id = TARN_TYPE_F64}, "float", 8, {NULL, "-inf", "-1.5", "-1e-300", "0", "1e-300", "2", "nan"}},
    {{.id = TARN_TYPE_F32}, "float", 6, {NULL, "-inf", "-1.5", "0", "2", "nan"}},
    {{.id = TARN_TYPE_DECIMAL, .precision = 30, .scale = 2}, "number", 5, {NULL, "-9223372036854775807", "-1", "0", "5"}},
    {{.id = TARN_TYPE_STRING}, "text", 7, {NULL, "", "a", "aa", "ab", "b", "\xc3\xa9"}},
    {{.id = TARN_TYPE_BINARY}, "text", 3, {NULL, "a", "b"}},
};

static void append(struct tarn_vector_builder *builder, const char *kind, const char *text)
{
    if (text == NULL) {
        tarn__vector_builder_null(builder);
    } else if (strcmp(kind, "number") == 0) {
        tarn__vector_builder_i64(builder, strtoll(text, NULL, 10));
    } else if (strcmp(kind, "bool") == 0) {
        tarn__vector_builder_bool(builder, text[0] == '1');
    } else if (strcmp(kind, "float") == 0) {
        tarn__vector_builder_f64(builder, strtod(text, NULL));
    } else {
        tarn__vector_builder_text(builder, tarn__text_of(text));
    }
}

START_TEST(cluster_key__ranks_follow_the_order_of_values) /* T-MAINTAIN-CLUSTER-2 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_type *type = &kinds[_i].type;
    struct tarn_vector_builder *builder;
    struct tarn_vector *vector;
    ck_assert_ok(tarn__vector_builder_open(env, type, &builder, &err), &err);
    for (uint32_t i = 0; i < kinds[_i].count; i++) {
        append(builder, kinds[_i].kind, kinds[_i].texts[i]);
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    struct tarn__cluster_ranks ranks;
    struct tarn__cluster_key keys[MOST];
    ck_assert(tarn__type_is_clusterable(type));
    ck_assert_ok(tarn__cluster_ranks_init(&ranks, env, TARN_CURVE_ZORDER, 1, &type, &err), &err);
    ck_assert_ok(tarn__cluster_sample(&ranks, 0, vector, &err), &err);
    ck_assert_ok(tarn__cluster_seal(&ranks, &err), &err);
    ck_assert_ok(tarn__cluster_keys(&ranks, &vector, vector->length, keys, &err), &err);
    ck_assert_uint_eq(keys[0].low, 0);
    for (uint32_t i = 1; i < kinds[_i].count; i++) {
        ck_assert_msg(tarn__cluster_key_compare(keys[i - 1], keys[i]) < 0, "value %u does not come after the one before", i);
    }
    tarn__cluster_ranks_free(&ranks);
    tarn_vector_release(vector);
    tarn__vector_builder_close_all(builder);
    tarn_test_env_close(env);
}
END_TEST

/* Of many more values than samples: ranks are spread evenly, and a value that was no sample lies between its neighbours. */
START_TEST(cluster_key__ranks_are_shares_of_the_rows) /* T-MAINTAIN-CLUSTER-2 */
{
    enum { ROWS = 300000, BATCH = 10000 };
    struct tarn_env *env = tarn_test_env();
    const struct tarn_type type = {.id = TARN_TYPE_I64};
    const struct tarn_type *types[] = {&type};
    struct tarn__cluster_ranks ranks;
    struct tarn__cluster_key *keys = calloc(BATCH, sizeof(*keys));
    struct tarn_vector_builder *builder;
    struct tarn_vector *vector = NULL;
    ck_assert_ok(tarn__cluster_ranks_init(&ranks, env, TARN_CURVE_HILBERT, 1, types, &err), &err);
    ck_assert_ok(tarn__vector_builder_open(env, &type, &builder, &err), &err);
    for (int64_t row = 0; row < ROWS; row++) {
        tarn__vector_builder_i64(builder, row * row); /* far apart above, near each other below */
        if (tarn__vector_builder_length(builder) == BATCH) {
            tarn_vector_release(vector);
            ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
            ck_assert_ok(tarn__cluster_sample(&ranks, 0, vector, &err), &err);
        }
    }
    ck_assert_ok(tarn__cluster_seal(&ranks, &err), &err);
    ck_assert_uint_le(ranks.columns[0].count, 2 * TARN_CLUSTER_SAMPLES);
    ck_assert_uint_ge(ranks.columns[0].count, TARN_CLUSTER_SAMPLES / 2);
    ck_assert_ok(tarn__cluster_keys(&ranks, &vector, BATCH, keys, &err), &err);
    for (int i = 1; i < BATCH; i++) { /* the last 10,000 of 300,000 rows: the last thirtieth of the ranks */
        ck_assert(tarn__cluster_key_compare(keys[i - 1], keys[i]) <= 0);
        ck_assert_uint_ge(keys[i].low, 65535 / 30 * 28);
    }
    free(keys);
    tarn__cluster_ranks_free(&ranks);
    tarn_vector_release(vector);
    tarn__vector_builder_close_all(builder);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(cluster_key__nested_types_have_no_order)
{
    const struct tarn_type element = {.id = TARN_TYPE_I64};
    const struct tarn_field field = {.name = {"element", 7}, .type = &element, .id = -1};
    const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &field};
    const struct tarn_type variant = {.id = TARN_TYPE_VARIANT};
    const struct tarn_type nothing = {.id = TARN_TYPE_NULL};
    ck_assert(!tarn__type_is_clusterable(&list));
    ck_assert(!tarn__type_is_clusterable(&variant));
    ck_assert(!tarn__type_is_clusterable(&nothing));
}
END_TEST

TARN_SUITE("txlog/cluster_key", TARN_LOOP_TEST(cluster_key__zorder_interleaves_bits, zorder), TARN_TEST(cluster_key__keys_use_all_128_bits),
           TARN_LOOP_TIMES(cluster_key__hilbert_walks_from_neighbour_to_neighbour, 5),
           TARN_LOOP_TEST(cluster_key__ranks_follow_the_order_of_values, kinds), TARN_TEST(cluster_key__ranks_are_shares_of_the_rows),
           TARN_TEST(cluster_key__nested_types_have_no_order))
