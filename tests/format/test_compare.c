/* SPDX-License-Identifier: Apache-2.0
 * The order, equality and hash of rows: NaN, signed zeros, nulls, wide decimals, bytes, nested rows, and dictionaries hashed once.
 */
#include "format/batch/compare.h"
#include "format/batch/vector_builder.h"
#include "tarn/value.h"
#include "tests/support/suite.h"

#include <math.h>

static struct tarn_error err;

static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type u64 = {.id = TARN_TYPE_U64};
static const struct tarn_type f64 = {.id = TARN_TYPE_F64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_type wide = {.id = TARN_TYPE_DECIMAL, .precision = 60};
static const struct tarn_field element = {.name = {"element", 7}, .type = &f64, .nullable = true, .id = -1};
static const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};

static struct tarn_vector_builder *open(struct tarn_env *env, const struct tarn_type *type)
{
    struct tarn_vector_builder *builder;
    ck_assert_ok(tarn__vector_builder_open(env, type, &builder, &err), &err);
    return builder;
}

static struct tarn_vector *finish(struct tarn_vector_builder *builder)
{
    struct tarn_vector *vector;
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    tarn__vector_builder_close_all(builder);
    return vector;
}

/* Every row of `vector` is below the next one, `equal` steps excepted, and hashes agree with equality. */
static void assert_ascending(const struct tarn_vector *vector, uint32_t equal_step)
{
    uint64_t hashes[16];
    ck_assert_ok(tarn__vector_hash(vector, hashes, false, NULL, &err), &err);
    for (uint32_t i = 0; i < vector->length; i++) {
        for (uint32_t k = 0; k < vector->length; k++) {
            const int order = tarn__vector_compare(vector, i, vector, k);
            const bool equal = i == k || (i == equal_step && k == i + 1) || (k == equal_step && i == k + 1);
            ck_assert_msg(equal ? order == 0 : (order < 0) == (i < k) && order != 0, "rows %u and %u: %d", i, k, order);
            ck_assert_int_eq(tarn__vector_rows_equal(vector, i, vector, k), equal);
            ck_assert_msg((hashes[i] == hashes[k]) == equal, "hashes of rows %u and %u", i, k);
        }
    }
}

START_TEST(compare__floats_have_one_zero_and_a_largest_nan)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector_builder *builder = open(env, &f64);
    const double values[] = {-INFINITY, -1.5, -0.0, 0.0, 1e-300, INFINITY, NAN};
    for (size_t i = 0; i < 7; i++) {
        tarn__vector_builder_f64(builder, values[i]);
    }
    tarn__vector_builder_null(builder);
    struct tarn_vector *vector = finish(builder);
    assert_ascending(vector, 2);
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(compare__nan_equals_any_other_nan)
{
    const uint64_t bits = UINT64_C(0xfff8000000000123);
    struct tarn_value a = {.type = &f64, .u.f64 = NAN};
    struct tarn_value b = {.type = &f64};
    memcpy(&b.u.f64, &bits, sizeof(bits));
    ck_assert_int_eq(tarn_value_compare(&a, &b), 0);
    b.u.f64 = INFINITY;
    ck_assert_int_gt(tarn_value_compare(&a, &b), 0);
}
END_TEST

START_TEST(compare__wide_decimals_go_by_sign_then_from_the_top)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector_builder *builder = open(env, &wide);
    const uint64_t m = UINT64_MAX;
    const uint64_t values[][4] = {{0, 0, 0, m}, {m, m - 1, m, m}, {m - 1, m, m, m}, {m, m, m, m},
                                  {0, 0, 0, 0}, {m, 0, 0, 0},     {0, 1, 0, 0},     {0, 0, 0, 1}};
    for (size_t i = 0; i < 8; i++) {
        tarn__vector_builder_words(builder, values[i]);
    }
    struct tarn_vector *vector = finish(builder);
    assert_ascending(vector, UINT32_MAX - 1);
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(compare__bytes_are_unsigned_and_prefixes_first)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector_builder *builder = open(env, &text);
    const char *const values[] = {"", "A", "a", "ab", "b", "\xc3\xa4"};
    for (size_t i = 0; i < 6; i++) {
        tarn__vector_builder_text(builder, tarn__text_of(values[i]));
    }
    struct tarn_vector *vector = finish(builder);
    assert_ascending(vector, UINT32_MAX - 1);
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(compare__unsigned_numbers_go_beyond_the_signed_ones)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector_builder *builder = open(env, &u64);
    tarn__vector_builder_i64(builder, 0);
    tarn__vector_builder_i64(builder, INT64_MAX);
    tarn__vector_builder_i64(builder, -1); /* 2^64 - 1 */
    struct tarn_vector *vector = finish(builder);
    assert_ascending(vector, UINT32_MAX - 1);
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(compare__lists_go_member_by_member)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector_builder *builder = open(env, &list);
    struct tarn_vector_builder *elements = tarn__vector_builder_child(builder, 0);
    const double rows[][2] = {{0, 0}, {1, 0}, {1, 2}, {1, NAN}, {2, 1}};
    const uint32_t sizes[] = {0, 1, 2, 2, 2};
    for (size_t i = 0; i < 5; i++) {
        for (uint32_t k = 0; k < sizes[i]; k++) {
            tarn__vector_builder_f64(elements, rows[i][k]);
        }
        tarn__vector_builder_close(builder);
    }
    tarn__vector_builder_null(elements);
    tarn__vector_builder_close(builder);
    tarn__vector_builder_null(builder);
    struct tarn_vector *vector = finish(builder);
    assert_ascending(vector, UINT32_MAX - 1);
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(hash__is_of_the_value_not_of_the_shape_or_width)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector_builder *narrow = open(env, &i32);
    struct tarn_vector_builder *broad = open(env, &i64);
    tarn__vector_builder_i64(narrow, -3);
    tarn__vector_builder_i64(broad, -3);
    struct tarn_vector *a = finish(narrow);
    struct tarn_vector *b = finish(broad);
    struct tarn_vector *constant = tarn__vector_constant(env, &i64, 2, tarn_vector_retain(b));
    uint64_t hashes[4];
    ck_assert_ok(tarn__vector_hash(a, &hashes[0], false, NULL, &err), &err);
    ck_assert_ok(tarn__vector_hash(b, &hashes[1], false, NULL, &err), &err);
    ck_assert_ok(tarn__vector_hash(constant, &hashes[2], false, NULL, &err), &err);
    ck_assert_uint_eq(hashes[0], hashes[1]);
    ck_assert_uint_eq(hashes[0], hashes[2]);
    ck_assert_uint_eq(hashes[0], hashes[3]);
    const uint64_t before = hashes[2];
    ck_assert_ok(tarn__vector_hash(constant, &hashes[2], true, NULL, &err), &err);
    ck_assert_uint_ne(hashes[2], before);
    ck_assert_uint_eq(hashes[2], hashes[3]);
    tarn_vector_release(a);
    tarn_vector_release(b);
    tarn_vector_release(constant);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(hash__of_a_dictionary_is_computed_once)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector_builder *builder = open(env, &text);
    tarn__vector_builder_text(builder, TARN_TEXT("x"));
    tarn__vector_builder_text(builder, TARN_TEXT("y"));
    struct tarn_vector *values = finish(builder);
    struct tarn_buffer *codes = tarn__buffer_new_zeroed(env, 12);
    ((uint32_t *)(void *)codes->data)[1] = 1;
    struct tarn_vector *coded = tarn__vector_dictionary(env, &text, 3, codes, tarn__dictionary_make(env, tarn_vector_retain(values)), NULL);
    struct tarn__hash_memo memo = {.env = env};
    uint64_t plain[2];
    uint64_t hashes[3];
    ck_assert_ok(tarn__vector_hash(values, plain, false, NULL, &err), &err);
    ck_assert_ok(tarn__vector_hash(coded, hashes, false, &memo, &err), &err);
    ck_assert_uint_eq(memo.dictionary, coded->dictionary->id);
    ck_assert_uint_eq(hashes[0], plain[0]);
    ck_assert_uint_eq(hashes[1], plain[1]);
    ck_assert_uint_eq(hashes[2], plain[0]);
    memo.hashes[1] = 4711; /* seen again only when the memo is what is asked */
    ck_assert_ok(tarn__vector_hash(coded, hashes, false, &memo, &err), &err);
    ck_assert_uint_eq(hashes[1], 4711);
    tarn__hash_memo_free(&memo);
    tarn_vector_release(values);
    tarn_vector_release(coded);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/compare", TARN_TEST(compare__floats_have_one_zero_and_a_largest_nan), TARN_TEST(compare__nan_equals_any_other_nan),
           TARN_TEST(compare__wide_decimals_go_by_sign_then_from_the_top), TARN_TEST(compare__bytes_are_unsigned_and_prefixes_first),
           TARN_TEST(compare__unsigned_numbers_go_beyond_the_signed_ones), TARN_TEST(compare__lists_go_member_by_member),
           TARN_TEST(hash__is_of_the_value_not_of_the_shape_or_width), TARN_TEST(hash__of_a_dictionary_is_computed_once))
