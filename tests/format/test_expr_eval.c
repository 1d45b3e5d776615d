/* SPDX-License-Identifier: Apache-2.0
 * Expressions over vectors: every comparison over every kind and shape against the order of hand-written values, three-valued logic by
 * its tables, IN, casts, narrowing, and filters on dictionaries that must not be spread out.
 */
#include "format/batch/flatten.h"
#include "format/batch/gather.h"
#include "format/batch/selection.h"
#include "format/batch/vector_builder.h"
#include "format/expr/batch_input.h"
#include "format/expr/filter_scan.h"
#include "tests/support/fault.h"

#include <math.h>

static struct tarn_error err;

static const struct tarn_type boolean = {.id = TARN_TYPE_BOOL};
static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type f64 = {.id = TARN_TYPE_F64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};

static const struct tarn_expr_node *column(struct tarn_expr_builder *b, const char *name, const struct tarn_type *type)
{
    const struct tarn_path_step step = {TARN_PATH_FIELD, tarn__text_of(name), -1};
    return tarn_expr_make_column(b, &(struct tarn_path){1, &step}, type, true);
}

static const struct tarn_expr_node *number(struct tarn_expr_builder *b, const struct tarn_type *type, int64_t value)
{
    return tarn_expr_make_literal(b, &(struct tarn_value){.type = type, .u.i64 = value});
}

static const struct tarn_expr_node *make2(struct tarn_expr_builder *b, enum tarn_expr_op op, const struct tarn_expr_node *left,
                                          const struct tarn_expr_node *right)
{
    return tarn_expr_make(b, op, 2, (const struct tarn_expr_node *const[]){left, right});
}

static struct tarn_expr_builder *builder_of(struct tarn_env *env)
{
    struct tarn_expr_builder *b;
    ck_assert_ok(tarn_expr_builder_open(env, &b, &err), &err);
    return b;
}

static struct tarn_expr *finish(struct tarn_expr_builder *b, const struct tarn_expr_node *root)
{
    struct tarn_expr *expr;
    ck_assert_ok(tarn_expr_builder_finish(b, root, &expr, &err), &err);
    return expr;
}

/* Runs an expression over columns, as a vector and as a filter, which must agree; then forgets the eval. */
static struct tarn_vector *run(struct tarn_env *env, const struct tarn_expr *expr, struct tarn_vector *const *columns)
{
    struct tarn_expr_eval *eval;
    struct tarn__batch_input input;
    struct tarn_vector *out;
    ck_assert_ok(tarn_expr_eval_open(env, expr, NULL, &eval, &err), &err);
    tarn__batch_input_open(&input, env, NULL);
    tarn__batch_input_set(&input, columns[0]->length, columns);
    ck_assert_ok(tarn_expr_eval_run(eval, &input.input, NULL, &out, &err), &err);
    if (expr->root->type->id == TARN_TYPE_BOOL) {
        struct tarn_selection selection;
        ck_assert_ok(tarn_expr_eval_filter(eval, &input.input, NULL, &selection, &err), &err);
        uint32_t passed = 0;
        for (uint32_t i = 0; i < out->length; i++) {
            const struct tarn_value value = tarn__vector_value(out, i);
            const bool passes = !value.is_null && value.u.boolean;
            ck_assert_int_eq(tarn__selection_has(&selection, i), passes);
            passed += passes;
        }
        ck_assert_uint_eq(selection.count, passed);
    }
    ck_assert_uint_eq(tarn_expr_eval_flattened(eval), 0);
    tarn__batch_input_close(&input);
    tarn_expr_eval_close(eval);
    return out;
}

/* ---- comparisons over every kind: values in their order; rows are them all and a null ---- */

enum { MOST_VALUES = 8 };

static const struct kind_case {
    struct tarn_type type;
    uint32_t count;
    struct tarn_value values[MOST_VALUES]; /* ascending and distinct; `type` is filled in */
} kinds[] = {
    {{.id = TARN_TYPE_BOOL}, 2, {{.u.boolean = false}, {.u.boolean = true}}},
    {{.id = TARN_TYPE_I8}, 5, {{.u.i64 = INT8_MIN}, {.u.i64 = -1}, {.u.i64 = 0}, {.u.i64 = 5}, {.u.i64 = INT8_MAX}}},
    {{.id = TARN_TYPE_I16}, 5, {{.u.i64 = INT16_MIN}, {.u.i64 = -1}, {.u.i64 = 0}, {.u.i64 = 5}, {.u.i64 = INT16_MAX}}},
    {{.id = TARN_TYPE_I32}, 5, {{.u.i64 = INT32_MIN}, {.u.i64 = -1}, {.u.i64 = 0}, {.u.i64 = 5}, {.u.i64 = INT32_MAX}}},
    {{.id = TARN_TYPE_I64}, 5, {{.u.i64 = INT64_MIN}, {.u.i64 = -1}, {.u.i64 = 0}, {.u.i64 = 5}, {.u.i64 = INT64_MAX}}},
    {{.id = TARN_TYPE_U8}, 3, {{.u.u64 = 0}, {.u.u64 = 127}, {.u.u64 = UINT8_MAX}}},
    {{.id = TARN_TYPE_U16}, 3, {{.u.u64 = 0}, {.u.u64 = INT16_MAX}, {.u.u64 = UINT16_MAX}}},
    {{.id = TARN_TYPE_U32}, 3, {{.u.u64 = 0}, {.u.u64 = INT32_MAX}, {.u.u64 = UINT32_MAX}}},
    {{.id = TARN_TYPE_U64}, 3, {{.u.u64 = 0}, {.u.u64 = INT64_MAX}, {.u.u64 = UINT64_MAX}}},
    {{.id = TARN_TYPE_F16}, 6, {{.u.f64 = -INFINITY}, {.u.f64 = -1.5}, {.u.f64 = 0}, {.u.f64 = 2}, {.u.f64 = INFINITY}, {.u.f64 = NAN}}},
    {{.id = TARN_TYPE_F32}, 6, {{.u.f64 = -INFINITY}, {.u.f64 = -1.5}, {.u.f64 = 0}, {.u.f64 = 2}, {.u.f64 = INFINITY}, {.u.f64 = NAN}}},
    {{.id = TARN_TYPE_F64}, 6, {{.u.f64 = -INFINITY}, {.u.f64 = -1.5}, {.u.f64 = 0}, {.u.f64 = 2}, {.u.f64 = INFINITY}, {.u.f64 = NAN}}},
    {{.id = TARN_TYPE_DECIMAL, .precision = 9, .scale = 2}, 3, {{.u.i64 = -100}, {.u.i64 = 0}, {.u.i64 = 7}}},
    {{.id = TARN_TYPE_DECIMAL, .precision = 18, .scale = 2}, 3, {{.u.i64 = -100}, {.u.i64 = 0}, {.u.i64 = 7}}},
    {{.id = TARN_TYPE_DECIMAL, .precision = 38},
     4,
     {{.u.words = {0, UINT64_MAX, UINT64_MAX, UINT64_MAX}},
      {.u.words = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}},
      {.u.words = {9}},
      {.u.words = {0, 1}}}},
    {{.id = TARN_TYPE_DECIMAL, .precision = 76},
     4,
     {{.u.words = {0, 0, 0, UINT64_MAX}},
      {.u.words = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}},
      {.u.words = {9}},
      {.u.words = {0, 0, 1}}}},
    {{.id = TARN_TYPE_DATE}, 3, {{.u.i64 = -719162}, {.u.i64 = 0}, {.u.i64 = 20000}}},
    {{.id = TARN_TYPE_TIME, .unit = TARN_MILLI}, 2, {{.u.i64 = 0}, {.u.i64 = 86399999}}},
    {{.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true}, 3, {{.u.i64 = -1}, {.u.i64 = 0}, {.u.i64 = 1}}},
    {{.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO, .wide = true}, 2, {{.u.words = {0}}, {.u.words = {0, 1}}}},
    {{.id = TARN_TYPE_STRING},
     4,
     {{.u.bytes = {"", 0}}, {.u.bytes = {"a", 1}}, {.u.bytes = {"a long text of many bytes", 25}}, {.u.bytes = {"\xff", 1}}}},
    {{.id = TARN_TYPE_BINARY}, 3, {{.u.bytes = {"\0", 1}}, {.u.bytes = {"\0\0", 2}}, {.u.bytes = {"\x80", 1}}}},
    {{.id = TARN_TYPE_FIXED, .width = 2}, 3, {{.u.bytes = {"aa", 2}}, {.u.bytes = {"ab", 2}}, {.u.bytes = {"\xff\0", 2}}}},
    {{.id = TARN_TYPE_UUID}, 2, {{.u.bytes = {"0123456789abcdef", 16}}, {.u.bytes = {"0123456789abcdeg", 16}}}},
};

static struct tarn_value value_of(const struct kind_case *kind, uint32_t i)
{
    struct tarn_value value = kind->values[i];
    value.type = &kind->type;
    return value;
}

/* Row i is value i % (count + 1), the last of which is null. 75 rows: more than a block of the kernels, and a tail. */
enum { ROWS = 75 };

static struct tarn_vector *build_rows(struct tarn_env *env, const struct kind_case *kind)
{
    struct tarn_vector_builder *builder;
    struct tarn_vector *vector;
    ck_assert_ok(tarn__vector_builder_open(env, &kind->type, &builder, &err), &err);
    for (uint32_t i = 0; i < ROWS; i++) {
        if (i % (kind->count + 1) == kind->count) {
            tarn__vector_builder_null(builder);
        } else {
            const struct tarn_value value = value_of(kind, i % (kind->count + 1));
            tarn__vector_builder_value(builder, &value);
        }
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    tarn__vector_builder_close_all(builder);
    return vector;
}

static struct tarn_vector *entries(struct tarn_env *env, const struct kind_case *kind, bool with_null)
{
    struct tarn_vector *rows = build_rows(env, kind);
    struct tarn_vector *some;
    ck_assert_ok(tarn__vector_slice(rows, 0, kind->count + with_null, &some, &err), &err);
    tarn_vector_release(rows);
    if (!with_null) { /* entries of dictionaries have no bitmap */
        struct tarn_vector_builder *builder;
        struct tarn_vector *whole;
        ck_assert_ok(tarn__vector_builder_open(env, &kind->type, &builder, &err), &err);
        for (uint32_t i = 0; i < some->length; i++) {
            tarn__vector_builder_row(builder, some, i);
        }
        ck_assert_ok(tarn__vector_builder_finish(builder, &whole, &err), &err);
        tarn__vector_builder_close_all(builder);
        tarn_vector_release(some);
        some = whole;
    }
    return some;
}

enum shape_case { AS_FLAT, AS_DICTIONARY, AS_RUNS, AS_CONSTANT, SHAPES };

/* The same rows in other shapes (CONSTANT: value 0 in all; RUNS: each row a run). */
static struct tarn_vector *build_shape(struct tarn_env *env, const struct kind_case *kind, enum shape_case shape)
{
    struct tarn_buffer *numbers = tarn__buffer_new_zeroed(env, ROWS * sizeof(uint32_t));
    uint32_t *at = (uint32_t *)(void *)numbers->data;
    struct tarn_buffer *validity;
    switch (shape) {
    case AS_DICTIONARY:
        validity = tarn__buffer_new_zeroed(env, (ROWS + 7) / 8);
        for (uint32_t i = 0; i < ROWS; i++) {
            if (i % (kind->count + 1) != kind->count) {
                at[i] = i % (kind->count + 1);
                tarn__bit_set(validity->data, i);
            }
        }
        return tarn__vector_dictionary(env, &kind->type, ROWS, numbers, tarn__dictionary_make(env, entries(env, kind, false)), validity);
    case AS_RUNS:
        for (uint32_t i = 0; i < ROWS; i++) {
            at[i] = i + 1;
        }
        return tarn__vector_runs(env, &kind->type, ROWS, ROWS, numbers, build_rows(env, kind));
    case AS_CONSTANT:
        tarn__buffer_release(numbers);
        return tarn__vector_constant(env, &kind->type, ROWS, entries(env, kind, true));
    default:
        tarn__buffer_release(numbers);
        return build_rows(env, kind);
    }
}

static bool expected(enum tarn_expr_op op, uint32_t left, uint32_t right)
{
    switch (op) {
    case TARN_EXPR_EQ:
        return left == right;
    case TARN_EXPR_NE:
        return left != right;
    case TARN_EXPR_LT:
        return left < right;
    case TARN_EXPR_LE:
        return left <= right;
    case TARN_EXPR_GT:
        return left > right;
    default:
        return left >= right;
    }
}

static void check_comparison(struct tarn_env *env, const struct kind_case *kind, enum tarn_expr_op op, uint32_t literal, bool literal_left,
                             struct tarn_vector *vector, bool constant)
{
    struct tarn_expr_builder *b = builder_of(env);
    const struct tarn_value value = value_of(kind, literal);
    const struct tarn_expr_node *subject = column(b, "c", &kind->type);
    const struct tarn_expr_node *wanted = tarn_expr_make_literal(b, &value);
    struct tarn_expr *expr = finish(b, literal_left ? make2(b, op, wanted, subject) : make2(b, op, subject, wanted));
    struct tarn_vector *out = run(env, expr, &vector);
    for (uint32_t i = 0; i < ROWS; i++) {
        const uint32_t key = constant ? 0 : i % (kind->count + 1);
        const struct tarn_value got = tarn__vector_value(out, i);
        ck_assert_int_eq(got.is_null, key == kind->count);
        const bool right = literal_left ? expected(op, literal, key) : expected(op, key, literal);
        ck_assert_msg(got.is_null || got.u.boolean == right, "type %d op %d literal %u row %u", (int)kind->type.id, (int)op, literal, i);
    }
    tarn_vector_release(out);
    tarn_expr_release(expr);
}

START_TEST(eval__compares_every_kind_in_every_shape) /* X-EXPR-1, X-EXPR-2 */
{
    struct tarn_env *env = tarn_test_env();
    const struct kind_case *kind = &kinds[_i];
    for (enum shape_case shape = AS_FLAT; shape < SHAPES; shape++) {
        struct tarn_vector *vector = build_shape(env, kind, shape);
        for (enum tarn_expr_op op = TARN_EXPR_EQ; op <= TARN_EXPR_GE; op++) {
            for (uint32_t literal = 0; literal < kind->count; literal++) {
                check_comparison(env, kind, op, literal, false, vector, shape == AS_CONSTANT);
                check_comparison(env, kind, op, literal, true, vector, shape == AS_CONSTANT);
            }
        }
        tarn_vector_release(vector);
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(eval__compares_two_columns_where_they_lie) /* X-EXPR-1 */
{
    struct tarn_env *env = tarn_test_env();
    const struct kind_case *kind = &kinds[_i];
    for (enum shape_case shape = AS_FLAT; shape < SHAPES; shape++) {
        struct tarn_vector *rows = build_rows(env, kind);
        struct tarn_vector *columns[2] = {build_shape(env, kind, shape), NULL};
        uint32_t shifted[ROWS];
        for (uint32_t i = 0; i < ROWS; i++) {
            shifted[i] = (i * 7 + 3) % ROWS;
        }
        ck_assert_ok(tarn__vector_gather(rows, shifted, ROWS, &columns[1], &err), &err);
        for (enum tarn_expr_op op = TARN_EXPR_EQ; op <= TARN_EXPR_GE; op++) {
            struct tarn_expr_builder *b = builder_of(env);
            const struct tarn_expr_node *left = column(b, "l", &kind->type);
            struct tarn_expr *expr = finish(b, make2(b, op, left, column(b, "r", &kind->type)));
            struct tarn_vector *out = run(env, expr, columns);
            for (uint32_t i = 0; i < ROWS; i++) {
                const uint32_t a = shape == AS_CONSTANT ? 0 : i % (kind->count + 1);
                const uint32_t c = shifted[i] % (kind->count + 1);
                const struct tarn_value got = tarn__vector_value(out, i);
                ck_assert_int_eq(got.is_null, a == kind->count || c == kind->count);
                ck_assert(got.is_null || got.u.boolean == expected(op, a, c));
            }
            tarn_vector_release(out);
            tarn_expr_release(expr);
        }
        tarn_vector_release(rows);
        tarn_vector_release(columns[0]);
        tarn_vector_release(columns[1]);
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(eval__knows_in_with_and_without_null) /* X-EXPR-2 */
{
    struct tarn_env *env = tarn_test_env();
    const struct kind_case *kind = &kinds[_i];
    for (enum shape_case shape = AS_FLAT; shape < SHAPES; shape++) {
        struct tarn_vector *vector = build_shape(env, kind, shape);
        for (int with_null = 0; with_null < 2; with_null++) {
            struct tarn_expr_builder *b = builder_of(env);
            const struct tarn_expr_node *args[MOST_VALUES + 2] = {column(b, "c", &kind->type)};
            uint32_t count = 1;
            for (uint32_t i = 0; i < kind->count; i += 2) { /* the even values */
                const struct tarn_value value = value_of(kind, i);
                args[count++] = tarn_expr_make_literal(b, &value);
            }
            if (with_null) {
                args[count++] = tarn_expr_make_literal(b, &(struct tarn_value){.type = &kind->type, .is_null = true});
            }
            struct tarn_expr *expr = finish(b, tarn_expr_make(b, TARN_EXPR_IN, count, args));
            struct tarn_vector *out = run(env, expr, &vector);
            for (uint32_t i = 0; i < ROWS; i++) {
                const uint32_t key = shape == AS_CONSTANT ? 0 : i % (kind->count + 1);
                const struct tarn_value got = tarn__vector_value(out, i);
                const bool found = key != kind->count && key % 2 == 0;
                ck_assert_int_eq(got.is_null, key == kind->count || (!found && with_null));
                ck_assert(got.is_null || got.u.boolean == found);
            }
            tarn_vector_release(out);
            tarn_expr_release(expr);
        }
        tarn_vector_release(vector);
    }
    tarn_test_env_close(env);
}
END_TEST

static struct tarn_vector *ascending(struct tarn_env *env, const struct tarn_type *type, uint32_t rows)
{
    struct tarn_vector_builder *builder;
    struct tarn_vector *vector;
    ck_assert_ok(tarn__vector_builder_open(env, type, &builder, &err), &err);
    for (uint32_t i = 0; i < rows; i++) {
        tarn__vector_builder_i64(builder, i);
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    tarn__vector_builder_close_all(builder);
    return vector;
}

START_TEST(eval__compares_literals_alone)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *vector = ascending(env, &i32, 4);
    for (int what = 0; what < 3; what++) {
        struct tarn_expr_builder *b = builder_of(env);
        const struct tarn_expr_node *args[] = {number(b, &i32, 5), number(b, &i32, 6), number(b, &i32, 5)};
        struct tarn_expr *expr = finish(b, what == 0   ? make2(b, TARN_EXPR_LT, args[0], args[1])
                                           : what == 1 ? make2(b, TARN_EXPR_GE, args[0], args[1])
                                                       : tarn_expr_make(b, TARN_EXPR_IN, 3, args));
        struct tarn_vector *out = run(env, expr, &vector);
        ck_assert_int_eq(tarn__vector_value(out, 3).u.boolean, what != 1);
        tarn_vector_release(out);
        tarn_expr_release(expr);
    }
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(eval__finds_among_many_literals)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_expr_builder *b = builder_of(env);
    static const struct tarn_expr_node *args[5001];
    args[0] = column(b, "c", &i64);
    for (int i = 1; i <= 5000; i++) {
        args[i] = number(b, &i64, (int64_t)i * 3);
    }
    struct tarn_expr *expr = finish(b, tarn_expr_make(b, TARN_EXPR_IN, 5001, args));
    struct tarn_vector_builder *values;
    struct tarn_vector *vector;
    ck_assert_ok(tarn__vector_builder_open(env, &i64, &values, &err), &err);
    for (int i = 0; i < 20000; i++) {
        tarn__vector_builder_i64(values, i);
    }
    ck_assert_ok(tarn__vector_builder_finish(values, &vector, &err), &err);
    tarn__vector_builder_close_all(values);
    struct tarn_vector *out = run(env, expr, &vector);
    for (uint32_t i = 0; i < 20000; i++) {
        ck_assert_int_eq(tarn__vector_value(out, i).u.boolean, i % 3 == 0 && i > 0 && i <= 15000);
    }
    tarn_vector_release(out);
    tarn_vector_release(vector);
    tarn_expr_release(expr);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(eval__tests_for_null_and_nan_and_prefix) /* X-EXPR-2 */
{
    struct tarn_env *env = tarn_test_env();
    const struct kind_case *floats = &kinds[11];
    const struct kind_case *texts = &kinds[20];
    for (enum shape_case shape = AS_FLAT; shape < SHAPES; shape++) {
        struct tarn_vector *columns[] = {build_shape(env, floats, shape), build_shape(env, texts, shape)};
        for (int what = 0; what < 3; what++) {
            struct tarn_expr_builder *b = builder_of(env);
            const struct tarn_expr_node *number_column = column(b, "f", &floats->type);
            const struct tarn_expr_node *text_column = column(b, "t", &texts->type);
            const struct tarn_expr_node *prefix = tarn_expr_make_literal(b, &(struct tarn_value){.type = &text, .u.bytes = {"a", 1}});
            const struct tarn_expr_node *root = what == 0   ? tarn_expr_make(b, TARN_EXPR_IS_NULL, 1, &number_column)
                                                : what == 1 ? tarn_expr_make(b, TARN_EXPR_IS_NAN, 1, &number_column)
                                                            : make2(b, TARN_EXPR_STARTS_WITH, text_column, prefix);
            struct tarn_expr *expr = finish(b, root);
            struct tarn_vector *out = run(env, expr, columns);
            for (uint32_t i = 0; i < ROWS; i++) {
                const uint32_t count = what == 2 ? texts->count : floats->count;
                const uint32_t key = shape == AS_CONSTANT ? 0 : i % (count + 1);
                const struct tarn_value got = tarn__vector_value(out, i);
                ck_assert_int_eq(got.is_null, what != 0 && key == count);
                const bool right = what == 0 ? key == count : what == 1 ? key == 5 : key == 1 || key == 2;
                ck_assert(got.is_null || got.u.boolean == right);
            }
            tarn_vector_release(out);
            tarn_expr_release(expr);
        }
        tarn_vector_release(columns[0]);
        tarn_vector_release(columns[1]);
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(eval__minus_zero_is_zero) /* X-EXPR-1 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_value zeros[] = {{.type = &f64, .u.f64 = -0.0}, {.type = &f64, .u.f64 = 0.0}};
    for (int i = 0; i < 4; i++) {
        struct tarn_expr_builder *b = builder_of(env);
        const struct tarn_expr_node *args[] = {column(b, "c", &f64), tarn_expr_make_literal(b, &zeros[i % 2])};
        struct tarn_expr *expr = finish(b, tarn_expr_make(b, i / 2 != 0 ? TARN_EXPR_IN : TARN_EXPR_EQ, 2, args));
        struct tarn_vector_builder *values;
        struct tarn_vector *vector;
        ck_assert_ok(tarn__vector_builder_open(env, &f64, &values, &err), &err);
        tarn__vector_builder_f64(values, -0.0);
        tarn__vector_builder_f64(values, 0.0);
        ck_assert_ok(tarn__vector_builder_finish(values, &vector, &err), &err);
        tarn__vector_builder_close_all(values);
        struct tarn_vector *out = run(env, expr, &vector);
        ck_assert(tarn__vector_value(out, 0).u.boolean && tarn__vector_value(out, 1).u.boolean);
        tarn_vector_release(out);
        tarn_vector_release(vector);
        tarn_expr_release(expr);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- logic ---- */

enum truth { F, T, U };

static struct tarn_vector *truths(struct tarn_env *env, uint32_t period)
{
    struct tarn_vector_builder *builder;
    struct tarn_vector *vector;
    ck_assert_ok(tarn__vector_builder_open(env, &boolean, &builder, &err), &err);
    for (uint32_t i = 0; i < 27; i++) {
        const uint32_t truth = i / period % 3;
        if (truth == U) {
            tarn__vector_builder_null(builder);
        } else {
            tarn__vector_builder_bool(builder, truth == T);
        }
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    tarn__vector_builder_close_all(builder);
    return vector;
}

static enum truth and_of(enum truth a, enum truth b)
{
    return a == F || b == F ? F : a == U || b == U ? U : T;
}

static enum truth not_of(enum truth a)
{
    return a == U ? U : a == T ? F : T;
}

static enum truth or_of(enum truth a, enum truth b)
{
    return not_of(and_of(not_of(a), not_of(b)));
}

START_TEST(eval__logic_has_three_values) /* X-EXPR-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *columns[] = {truths(env, 1), truths(env, 3), truths(env, 9)};
    for (int shape = 0; shape < 8; shape++) {
        struct tarn_expr_builder *b = builder_of(env);
        const struct tarn_expr_node *x = column(b, "x", &boolean);
        const struct tarn_expr_node *y = column(b, "y", &boolean);
        const struct tarn_expr_node *z = column(b, "z", &boolean);
        const enum tarn_expr_op inner = shape & 1 ? TARN_EXPR_AND : TARN_EXPR_OR;
        const enum tarn_expr_op outer = shape & 2 ? TARN_EXPR_AND : TARN_EXPR_OR;
        const struct tarn_expr_node *pair = make2(b, inner, x, y);
        const struct tarn_expr_node *turned = shape & 4 ? tarn_expr_make(b, TARN_EXPR_NOT, 1, &pair) : pair;
        struct tarn_expr *expr = finish(b, make2(b, outer, turned, z));
        struct tarn_vector *out = run(env, expr, columns);
        for (uint32_t i = 0; i < 27; i++) {
            const enum truth p = (enum truth)(i % 3);
            const enum truth q = (enum truth)(i / 3 % 3);
            const enum truth r = (enum truth)(i / 9);
            enum truth truth = inner == TARN_EXPR_AND ? and_of(p, q) : or_of(p, q);
            truth = shape & 4 ? not_of(truth) : truth;
            truth = outer == TARN_EXPR_AND ? and_of(truth, r) : or_of(truth, r);
            const struct tarn_value got = tarn__vector_value(out, i);
            ck_assert_int_eq(got.is_null ? U : got.u.boolean ? T : F, truth);
        }
        tarn_vector_release(out);
        tarn_expr_release(expr);
    }
    for (int i = 0; i < 3; i++) {
        tarn_vector_release(columns[i]);
    }
    tarn_test_env_close(env);
}
END_TEST

/* A host whose function 7 says "row is odd" and counts the rows it was asked for. */
struct counting_host {
    uint64_t rows;
};

static enum tarn_status call_odd(void *ctx, struct tarn_expr_eval *eval, const struct tarn_expr_node *node,
                                 const struct tarn_selection *selection, struct tarn_vector **out, struct tarn_error *error)
{
    ck_assert_uint_eq(node->function, 7);
    ((struct counting_host *)ctx)->rows += selection->count;
    struct tarn_vector *argument;
    struct tarn_vector_builder *builder;
    TARN_RETURN_IF_ERROR(tarn_expr_eval_node(eval, node->args[0], selection, &argument, error));
    ck_assert_ok(tarn__vector_builder_open(tarn_expr_eval_env(eval), &boolean, &builder, error), error);
    for (uint32_t i = 0; i < selection->count; i++) {
        tarn__vector_builder_bool(builder, tarn__vector_value(argument, i).u.i64 % 2 != 0);
    }
    tarn_vector_release(argument);
    const enum tarn_status status = tarn__vector_builder_finish(builder, out, error);
    tarn__vector_builder_close_all(builder);
    return status;
}

START_TEST(eval__asks_an_argument_only_for_the_rows_that_are_left) /* X-EXPR-6 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *vector = ascending(env, &i64, 100);
    const enum tarn_expr_op ops[] = {TARN_EXPR_AND, TARN_EXPR_OR};
    for (int filter = 0; filter < 2; filter++) {
        for (int o = 0; o < 2; o++) {
            struct counting_host counted = {0};
            const struct tarn_expr_host host = {.size = sizeof(host), .ctx = &counted, .call = call_odd};
            struct tarn_expr_builder *b = builder_of(env);
            const struct tarn_expr_node *c = column(b, "c", &i64);
            const struct tarn_expr_node *odd = tarn_expr_make_call(b, 7, &boolean, 1, &c, UINT32_MAX);
            struct tarn_expr *expr = finish(b, make2(b, ops[o], make2(b, TARN_EXPR_LT, c, number(b, &i64, 10)), odd));
            struct tarn_expr_eval *eval;
            struct tarn__batch_input input;
            ck_assert_ok(tarn_expr_eval_open(env, expr, &host, &eval, &err), &err);
            tarn__batch_input_open(&input, env, NULL);
            tarn__batch_input_set(&input, 100, &vector);
            if (filter) {
                struct tarn_selection selection;
                ck_assert_ok(tarn_expr_eval_filter(eval, &input.input, NULL, &selection, &err), &err);
                ck_assert_uint_eq(selection.count, o == 0 ? 5 : 55);
            } else {
                struct tarn_vector *out;
                ck_assert_ok(tarn_expr_eval_run(eval, &input.input, NULL, &out, &err), &err);
                tarn_vector_release(out);
            }
            ck_assert_uint_eq(counted.rows, o == 0 ? 10 : 90);
            tarn__batch_input_close(&input);
            tarn_expr_eval_close(eval);
            tarn_expr_release(expr);
        }
    }
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(eval__refuses_a_call_without_a_host)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *vector = ascending(env, &i64, 3);
    struct tarn_expr_builder *b = builder_of(env);
    struct tarn_expr *expr = finish(b, tarn_expr_make_call(b, 7, &boolean, 0, NULL, UINT32_MAX));
    struct tarn_expr_eval *eval;
    struct tarn__batch_input input;
    struct tarn_vector *out;
    ck_assert_ok(tarn_expr_eval_open(env, expr, NULL, &eval, &err), &err);
    tarn__batch_input_open(&input, env, NULL);
    tarn__batch_input_set(&input, 3, &vector);
    ck_assert_status(tarn_expr_eval_run(eval, &input.input, NULL, &out, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "expr.function");
    tarn__batch_input_close(&input);
    tarn_expr_eval_close(eval);
    tarn_expr_release(expr);
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(eval__filters_within_a_selection)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *vector = ascending(env, &i32, 64);
    struct tarn_expr_builder *b = builder_of(env);
    struct tarn_expr *expr = finish(b, make2(b, TARN_EXPR_GE, column(b, "c", &i32), number(b, &i32, 20)));
    const uint32_t positions[] = {3, 20, 40, 63};
    const uint8_t mask[8] = {0x08, 0, 0x10, 0, 0, 0x01, 0, 0x80};
    const struct tarn_selection selections[] = {tarn__selection_of_positions(64, 4, positions), tarn__selection_of_mask(64, mask)};
    for (int i = 0; i < 2; i++) {
        struct tarn_expr_eval *eval;
        struct tarn__batch_input input;
        struct tarn_selection out;
        ck_assert_ok(tarn_expr_eval_open(env, expr, NULL, &eval, &err), &err);
        tarn__batch_input_open(&input, env, NULL);
        tarn__batch_input_set(&input, 64, &vector);
        ck_assert_ok(tarn_expr_eval_filter(eval, &input.input, &selections[i], &out, &err), &err);
        ck_assert_uint_eq(out.count, 3);
        ck_assert(tarn__selection_has(&out, 20) && tarn__selection_has(&out, 40) && tarn__selection_has(&out, 63));
        tarn__batch_input_close(&input);
        tarn_expr_eval_close(eval);
    }
    tarn_expr_release(expr);
    tarn_vector_release(vector);
    tarn_test_env_close(env);
}
END_TEST

/* ---- dictionaries ---- */

enum { CODED_ROWS = 8192, ENTRY_BYTES = 1 << 20 };

/* Two entries of a mebibyte each: whoever spreads them over 8,192 rows needs 8 GiB, and the env has 16 MiB. */
START_TEST(eval__filters_a_dictionary_without_spreading_it) /* X-EXPR-4 */
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    options.memory_limit = 16 << 20;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    static char entry[ENTRY_BYTES];
    memset(entry, 'x', sizeof(entry));
    struct tarn_vector_builder *builder;
    struct tarn_vector *values;
    ck_assert_ok(tarn__vector_builder_open(env, &text, &builder, &err), &err);
    tarn__vector_builder_text(builder, (struct tarn_text){entry, sizeof(entry)});
    entry[0] = 'a';
    tarn__vector_builder_text(builder, (struct tarn_text){entry, sizeof(entry)});
    ck_assert_ok(tarn__vector_builder_finish(builder, &values, &err), &err);
    tarn__vector_builder_close_all(builder);
    struct tarn_buffer *codes = tarn__buffer_new_zeroed(env, CODED_ROWS * sizeof(uint32_t));
    for (uint32_t i = 0; i < CODED_ROWS; i += 3) {
        ((uint32_t *)(void *)codes->data)[i] = 1;
    }
    struct tarn_vector *coded = tarn__vector_dictionary(env, &text, CODED_ROWS, codes, tarn__dictionary_make(env, values), NULL);

    struct tarn_expr_builder *b = builder_of(env);
    const struct tarn_expr_node *c = column(b, "c", &text);
    const struct tarn_value letter = {.type = &text, .u.bytes = {"a", 1}};
    const struct tarn_value high = {.type = &text, .u.bytes = {"b", 1}};
    const struct tarn_expr_node *args[] = {
        make2(b, TARN_EXPR_STARTS_WITH, c, tarn_expr_make_literal(b, &letter)),
        make2(b, TARN_EXPR_LT, c, tarn_expr_make_literal(b, &high)),
        make2(b, TARN_EXPR_NE, c, tarn_expr_make_literal(b, &letter)),
    };
    struct tarn_expr *expr = finish(b, tarn_expr_make(b, TARN_EXPR_AND, 3, args));
    struct tarn_vector *out = run(env, expr, &coded); /* which asserts that nothing was spread out */
    ck_assert(tarn__vector_value(out, 0).u.boolean && !tarn__vector_value(out, 1).u.boolean);
    tarn_vector_release(out);
    tarn_expr_release(expr);
    tarn_vector_release(coded);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(eval__decides_an_entry_once) /* X-EXPR-4 */
{
    struct tarn_env *env = tarn_test_env();
    const struct kind_case *kind = &kinds[3];
    struct tarn_vector *coded = build_shape(env, kind, AS_DICTIONARY);
    struct tarn_expr_builder *b = builder_of(env);
    struct tarn_expr *expr = finish(b, make2(b, TARN_EXPR_EQ, column(b, "c", &i32), number(b, &i32, 5)));
    struct tarn_expr_eval *eval;
    struct tarn__batch_input input;
    struct tarn_selection selection;
    ck_assert_ok(tarn_expr_eval_open(env, expr, NULL, &eval, &err), &err);
    tarn__batch_input_open(&input, env, NULL);
    tarn__batch_input_set(&input, ROWS, &coded);
    ck_assert_ok(tarn_expr_eval_filter(eval, &input.input, NULL, &selection, &err), &err);
    const uint32_t before = selection.count;
    ck_assert_uint_gt(before, 0);
    /* What the entries are must not be looked at again: it is changed behind the eval's back. */
    int32_t *entry = (int32_t *)(uintptr_t)coded->dictionary->values->u.values;
    entry[3] = 6;
    ck_assert_ok(tarn_expr_eval_filter(eval, &input.input, NULL, &selection, &err), &err);
    ck_assert_uint_eq(selection.count, before);
    struct tarn_vector *other = build_shape(env, kind, AS_DICTIONARY); /* another identity is looked at */
    ((int32_t *)(uintptr_t)other->dictionary->values->u.values)[3] = 6;
    tarn__batch_input_set(&input, ROWS, &other);
    ck_assert_ok(tarn_expr_eval_filter(eval, &input.input, NULL, &selection, &err), &err);
    ck_assert_uint_eq(selection.count, 0);
    tarn__batch_input_close(&input);
    tarn_expr_eval_close(eval);
    tarn_expr_release(expr);
    tarn_vector_release(coded);
    tarn_vector_release(other);
    tarn_test_env_close(env);
}
END_TEST

/* ---- casts ---- */

static const struct {
    struct tarn_type from;
    struct tarn_type to;
    struct tarn_value in;
    struct tarn_value out;
} casts[] = {
    {{.id = TARN_TYPE_I8}, {.id = TARN_TYPE_I64}, {.u.i64 = -7}, {.u.i64 = -7}},
    {{.id = TARN_TYPE_U8}, {.id = TARN_TYPE_I16}, {.u.u64 = 200}, {.u.i64 = 200}},
    {{.id = TARN_TYPE_U32}, {.id = TARN_TYPE_U64}, {.u.u64 = UINT32_MAX}, {.u.u64 = UINT32_MAX}},
    {{.id = TARN_TYPE_I32}, {.id = TARN_TYPE_F64}, {.u.i64 = INT32_MIN}, {.u.f64 = INT32_MIN}},
    {{.id = TARN_TYPE_U32}, {.id = TARN_TYPE_F64}, {.u.u64 = UINT32_MAX}, {.u.f64 = UINT32_MAX}},
    {{.id = TARN_TYPE_I16}, {.id = TARN_TYPE_F32}, {.u.i64 = -5}, {.u.f64 = -5}},
    {{.id = TARN_TYPE_I8}, {.id = TARN_TYPE_F16}, {.u.i64 = -128}, {.u.f64 = -128}},
    {{.id = TARN_TYPE_F16}, {.id = TARN_TYPE_F32}, {.u.f64 = 0.5}, {.u.f64 = 0.5}},
    {{.id = TARN_TYPE_F32}, {.id = TARN_TYPE_F64}, {.u.f64 = 1.25}, {.u.f64 = 1.25}},
    {{.id = TARN_TYPE_I32}, {.id = TARN_TYPE_DECIMAL, .precision = 12, .scale = 2}, {.u.i64 = -9}, {.u.i64 = -900}},
    {{.id = TARN_TYPE_I64},
     {.id = TARN_TYPE_DECIMAL, .precision = 21, .scale = 1},
     {.u.i64 = -2},
     {.u.words = {(uint64_t)-20, UINT64_MAX, UINT64_MAX, UINT64_MAX}}},
    {{.id = TARN_TYPE_U64}, {.id = TARN_TYPE_DECIMAL, .precision = 40}, {.u.u64 = UINT64_MAX}, {.u.words = {UINT64_MAX}}},
    {{.id = TARN_TYPE_DECIMAL, .precision = 5, .scale = 1},
     {.id = TARN_TYPE_DECIMAL, .precision = 9, .scale = 3},
     {.u.i64 = -15},
     {.u.i64 = -1500}},
    {{.id = TARN_TYPE_DECIMAL, .precision = 38},
     {.id = TARN_TYPE_DECIMAL, .precision = 76, .scale = 1},
     {.u.words = {5, 1}},
     {.u.words = {50, 10}}},
    {{.id = TARN_TYPE_DATE}, {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO}, {.u.i64 = -1}, {.u.i64 = -86400000000}},
    {{.id = TARN_TYPE_DATE}, {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_SECOND}, {.u.i64 = INT32_MAX}, {.u.i64 = INT64_C(185542587100800)}},
    {{.id = TARN_TYPE_TIME, .unit = TARN_MILLI}, {.id = TARN_TYPE_TIME, .unit = TARN_NANO}, {.u.i64 = 5}, {.u.i64 = 5000000}},
    {{.id = TARN_TYPE_JSON}, {.id = TARN_TYPE_STRING}, {.u.bytes = {"{}", 2}}, {.u.bytes = {"{}", 2}}},
    {{.id = TARN_TYPE_STRING}, {.id = TARN_TYPE_BINARY}, {.u.bytes = {"x", 1}}, {.u.bytes = {"x", 1}}},
};

START_TEST(cast__widens_in_every_shape) /* X-EXPR-5 */
{
    struct tarn_env *env = tarn_test_env();
    struct kind_case kind = {.type = casts[_i].from, .count = 1};
    kind.values[0] = casts[_i].in;
    for (enum shape_case shape = AS_FLAT; shape < SHAPES; shape++) {
        struct tarn_vector *vector = build_shape(env, &kind, shape);
        struct tarn_expr_builder *b = builder_of(env);
        struct tarn_expr *expr = finish(b, tarn_expr_make_cast(b, column(b, "c", &casts[_i].from), &casts[_i].to));
        struct tarn_vector *out = run(env, expr, &vector);
        ck_assert_int_eq(out->shape, vector->shape);
        ck_assert(tarn_type_equal(out->type, &casts[_i].to));
        struct tarn_value right = casts[_i].out;
        right.type = &casts[_i].to;
        for (uint32_t i = 0; i < ROWS; i++) {
            const struct tarn_value got = tarn__vector_value(out, i);
            ck_assert_int_eq(got.is_null, shape != AS_CONSTANT && i % 2 == 1);
            ck_assert(got.is_null || tarn_value_compare(&got, &right) == 0);
        }
        tarn_vector_release(out);
        tarn_vector_release(vector);
        tarn_expr_release(expr);
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(cast__keeps_the_identity_of_a_cast_dictionary)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_vector *coded = build_shape(env, &kinds[3], AS_DICTIONARY);
    struct tarn_expr_builder *b = builder_of(env);
    struct tarn_expr *expr = finish(b, tarn_expr_make_cast(b, column(b, "c", &i32), &i64));
    struct tarn_expr_eval *eval;
    struct tarn__batch_input input;
    struct tarn_vector *first;
    struct tarn_vector *second;
    ck_assert_ok(tarn_expr_eval_open(env, expr, NULL, &eval, &err), &err);
    tarn__batch_input_open(&input, env, NULL);
    tarn__batch_input_set(&input, ROWS, &coded);
    ck_assert_ok(tarn_expr_eval_run(eval, &input.input, NULL, &first, &err), &err);
    ck_assert_ok(tarn_expr_eval_run(eval, &input.input, NULL, &second, &err), &err);
    ck_assert_uint_eq(first->dictionary->id, second->dictionary->id);
    ck_assert_uint_ne(first->dictionary->id, coded->dictionary->id);
    tarn_vector_release(first);
    tarn_vector_release(second);
    tarn__batch_input_close(&input);
    tarn_expr_eval_close(eval);
    tarn_expr_release(expr);
    tarn_vector_release(coded);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    struct tarn_type from;
    struct tarn_type to;
} lossy[] = {
    {{.id = TARN_TYPE_I64}, {.id = TARN_TYPE_I32}},
    {{.id = TARN_TYPE_I8}, {.id = TARN_TYPE_U64}},
    {{.id = TARN_TYPE_U64}, {.id = TARN_TYPE_I64}},
    {{.id = TARN_TYPE_I64}, {.id = TARN_TYPE_F64}},
    {{.id = TARN_TYPE_I32}, {.id = TARN_TYPE_F32}},
    {{.id = TARN_TYPE_F64}, {.id = TARN_TYPE_F32}},
    {{.id = TARN_TYPE_F32}, {.id = TARN_TYPE_I64}},
    {{.id = TARN_TYPE_I32}, {.id = TARN_TYPE_DECIMAL, .precision = 10, .scale = 1}},
    {{.id = TARN_TYPE_DECIMAL, .precision = 10, .scale = 2}, {.id = TARN_TYPE_DECIMAL, .precision = 10, .scale = 3}},
    {{.id = TARN_TYPE_DECIMAL, .precision = 10, .scale = 2}, {.id = TARN_TYPE_DECIMAL, .precision = 12, .scale = 1}},
    {{.id = TARN_TYPE_DATE}, {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO}},
    {{.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO}, {.id = TARN_TYPE_DATE}},
    {{.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO}, {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true}},
    {{.id = TARN_TYPE_TIME, .unit = TARN_MICRO}, {.id = TARN_TYPE_TIME, .unit = TARN_MILLI}},
    {{.id = TARN_TYPE_BINARY}, {.id = TARN_TYPE_STRING}},
    {{.id = TARN_TYPE_STRING}, {.id = TARN_TYPE_JSON}},
    {{.id = TARN_TYPE_BOOL}, {.id = TARN_TYPE_I32}},
};

START_TEST(cast__refuses_what_may_lose) /* X-EXPR-5 */
{
    struct tarn_env *env = tarn_test_env();
    ck_assert(!tarn_expr_cast_is_lossless(&lossy[_i].from, &lossy[_i].to));
    struct tarn_expr_builder *b = builder_of(env);
    struct tarn_expr *expr;
    const struct tarn_expr_node *root = tarn_expr_make_cast(b, column(b, "c", &lossy[_i].from), &lossy[_i].to);
    ck_assert_ptr_null(root);
    ck_assert_status(tarn_expr_builder_finish(b, root, &expr, &err), TARN_INVALID);
    ck_assert_ptr_null(expr);
    tarn_test_env_close(env);
}
END_TEST

/* ---- building ---- */

START_TEST(build__names_each_path_once)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_expr_builder *b = builder_of(env);
    const struct tarn_expr_node *args[] = {make2(b, TARN_EXPR_GT, column(b, "a", &i32), number(b, &i32, 1)),
                                           make2(b, TARN_EXPR_LT, column(b, "b", &i32), column(b, "a", &i32))};
    struct tarn_expr *expr = finish(b, tarn_expr_make(b, TARN_EXPR_AND, 2, args));
    ck_assert_uint_eq(expr->column_count, 2);
    ck_assert(tarn__text_equal(expr->columns[1].path.steps[0].name, TARN_TEXT("b")));
    struct tarn_expr *again = tarn_expr_retain(expr);
    tarn_expr_release(expr);
    ck_assert_uint_eq(again->root->args[1]->args[1]->slot, 0);
    tarn_expr_release(again);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(build__refuses_arguments_that_do_not_fit)
{
    struct tarn_env *env = tarn_test_env();
    for (int what = 0; what < 11; what++) {
        struct tarn_expr_builder *b = builder_of(env);
        const struct tarn_expr_node *c = column(b, "c", &i32);
        const struct tarn_expr_node *s = column(b, "s", &text);
        const struct tarn_expr_node *one = number(b, &i32, 1);
        const struct tarn_expr_node *root = NULL;
        switch (what) {
        case 0:
            root = make2(b, TARN_EXPR_EQ, c, s);
            break;
        case 1:
            root = tarn_expr_make(b, TARN_EXPR_EQ, 1, &c);
            break;
        case 2:
            root = make2(b, TARN_EXPR_IN, c, c);
            break;
        case 3:
            root = tarn_expr_make(b, TARN_EXPR_IN, 1, &c);
            break;
        case 4:
            root = tarn_expr_make(b, TARN_EXPR_IS_NAN, 1, &c);
            break;
        case 5:
            root = make2(b, TARN_EXPR_STARTS_WITH, s, s);
            break;
        case 6:
            root = make2(b, TARN_EXPR_AND, c, one);
            break;
        case 7:
            root = tarn_expr_make(b, TARN_EXPR_AND, 0, NULL);
            break;
        case 8:
            root = column(b, "c", &i64); /* under another type */
            break;
        case 9:
            root = tarn_expr_make_literal(b, &(struct tarn_value){.type = &kinds[1].type, .u.i64 = 300});
            break;
        default:
            root = make2(b, TARN_EXPR_EQ, c, NULL);
            break;
        }
        struct tarn_expr *expr;
        ck_assert_msg(root == NULL, "case %d", what);
        ck_assert_status(tarn_expr_builder_finish(b, root, &expr, &err), TARN_INVALID);
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(build__limits_depth_and_size)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_expr *expr;
    struct tarn_expr_builder *b = builder_of(env);
    const struct tarn_expr_node *root = column(b, "x", &boolean);
    for (int i = 0; i < 1000; i++) {
        root = tarn_expr_make(b, TARN_EXPR_NOT, 1, &root);
    }
    ck_assert_status(tarn_expr_builder_finish(b, root, &expr, &err), TARN_LIMIT);
    b = builder_of(env);
    root = column(b, "x", &boolean);
    for (int i = 0; i < 30; i++) { /* a tree of 2^30 nodes, by sharing */
        root = make2(b, TARN_EXPR_AND, root, root);
    }
    ck_assert_status(tarn_expr_builder_finish(b, root, &expr, &err), TARN_LIMIT);
    tarn_test_env_close(env);
}
END_TEST

/* ---- the filtered scan, over a cursor that writes down what it is asked for ---- */

struct tape_cursor {
    struct tarn_cursor cursor;
    struct tarn_vector *columns[2]; /* of 10 rows; given three times */
    uint32_t rounds;
    struct tarn_vector *given[8];
    uint32_t given_count;
    uint32_t asked[2]; /* rows of each column */
};

static void forget_given(struct tape_cursor *tape)
{
    while (tape->given_count != 0) {
        tarn_vector_release(tape->given[--tape->given_count]);
    }
}

static enum tarn_status tape_next(struct tarn_cursor *cursor, uint32_t max_rows, uint32_t *rows, struct tarn_error *error)
{
    struct tape_cursor *tape = (struct tape_cursor *)(void *)cursor;
    (void)max_rows;
    (void)error;
    forget_given(tape);
    *rows = tape->rounds++ < 3 ? 10 : 0;
    return TARN_OK;
}

static enum tarn_status tape_column(struct tarn_cursor *cursor, uint32_t handle, const struct tarn_selection *selection,
                                    struct tarn_vector **out, struct tarn_error *error)
{
    struct tape_cursor *tape = (struct tape_cursor *)(void *)cursor;
    TARN_RETURN_IF_ERROR(tarn__vector_select(tape->columns[handle], selection, out, error));
    tape->given[tape->given_count++] = *out;
    tape->asked[handle] += (*out)->length;
    return TARN_OK;
}

START_TEST(filter_scan__fetches_the_rest_for_survivors_only) /* X-EXPR-6 */
{
    struct tarn_env *env = tarn_test_env();
    static const struct tarn_cursor_ops ops = {sizeof(ops), tape_next, tape_column, NULL};
    struct tape_cursor tape = {.cursor = {&ops, env}, .columns = {ascending(env, &i32, 10), ascending(env, &i64, 10)}};
    struct tarn_expr_builder *b = builder_of(env);
    struct tarn_expr *expr = finish(b, make2(b, TARN_EXPR_GE, column(b, "c", &i32), number(b, &i32, 8)));
    const uint32_t handles[] = {0};
    struct tarn__filter_scan *scan;
    struct tarn_selection selection;
    ck_assert_ok(tarn__filter_scan_open(env, &tape.cursor, expr, handles, NULL, &scan, &err), &err);
    for (int round = 0; round < 3; round++) {
        struct tarn_vector *vector;
        ck_assert_ok(tarn__filter_scan_next(scan, 0, &selection, &err), &err);
        ck_assert_uint_eq(selection.count, 2);
        ck_assert_ok(tarn__filter_scan_column(scan, 1, &vector, &err), &err);
        ck_assert_uint_eq(vector->length, 2);
        ck_assert_int_eq(tarn__vector_value(vector, 1).u.i64, 9);
    }
    ck_assert_ok(tarn__filter_scan_next(scan, 0, &selection, &err), &err);
    ck_assert_uint_eq(selection.count, 0);
    ck_assert_uint_eq(tape.asked[0], 30);
    ck_assert_uint_eq(tape.asked[1], 6);
    ck_assert_uint_eq(tarn__filter_scan_rows(scan), 30);
    ck_assert_uint_eq(tarn__filter_scan_flattened(scan), 0);
    tarn__filter_scan_close(scan);
    forget_given(&tape);
    tarn_vector_release(tape.columns[0]);
    tarn_vector_release(tape.columns[1]);
    tarn_expr_release(expr);
    tarn_test_env_close(env);
}
END_TEST

/* ---- without memory ---- */

/* Builds, stores, reads, prunes and evaluates: an expression of most ops over a dictionary and a flat column. */
static enum tarn_status everything(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    struct tarn_expr_builder *b;
    struct tarn_expr *expr = NULL;
    struct tarn_expr_eval *eval = NULL;
    struct tarn__batch_input input;
    struct tarn_vector *out = NULL;
    struct tarn_selection selection;
    (void)ctx;
    tarn_fault_suspend(fault);
    struct tarn_vector *columns[] = {build_shape(env, &kinds[3], AS_DICTIONARY), build_shape(env, &kinds[20], AS_FLAT)};
    tarn_fault_resume(fault);
    tarn__batch_input_open(&input, env, NULL);
    tarn__batch_input_set(&input, ROWS, columns);
    enum tarn_status status = tarn_expr_builder_open(env, &b, error);
    if (status == TARN_OK) {
        const struct tarn_expr_node *number_column = column(b, "n", &i32);
        const struct tarn_expr_node *text_column = column(b, "t", &text);
        const struct tarn_expr_node *letter = tarn_expr_make_literal(b, &(struct tarn_value){.type = &text, .u.bytes = {"a", 1}});
        const struct tarn_expr_node *list[] = {number_column, number(b, &i32, 5), number(b, &i32, -1)};
        const struct tarn_expr_node *args[] = {
            tarn_expr_make(b, TARN_EXPR_IN, 3, list),
            make2(b, TARN_EXPR_STARTS_WITH, text_column, letter),
            make2(b, TARN_EXPR_GT, tarn_expr_make_cast(b, number_column, &i64), number(b, &i64, 3)),
            tarn_expr_make(b, TARN_EXPR_IS_NULL, 1, &text_column),
        };
        const struct tarn_expr_node *either = tarn_expr_make(b, TARN_EXPR_OR, 4, args);
        status = tarn_expr_builder_finish(b, make2(b, TARN_EXPR_AND, either, tarn_expr_make(b, TARN_EXPR_NOT, 1, &args[3])), &expr, error);
    }
    if (status == TARN_OK) {
        status = tarn_expr_eval_open(env, expr, NULL, &eval, error);
    }
    if (status == TARN_OK) {
        status = tarn_expr_eval_filter(eval, &input.input, NULL, &selection, error);
    }
    if (status == TARN_OK) {
        ck_assert_uint_eq(selection.count, 45); /* 30 of t = 1 or 2, 15 of n = 1, 3 or 4 beside */
        status = tarn_expr_eval_run(eval, &input.input, NULL, &out, error);
    }
    tarn_vector_release(out);
    tarn__batch_input_close(&input);
    tarn_expr_eval_close(eval);
    tarn_expr_release(expr);
    tarn_vector_release(columns[0]);
    tarn_vector_release(columns[1]);
    return status;
}

START_TEST(eval__survives_the_failure_of_every_allocation)
{
    ck_assert_uint_gt(tarn_fault_sweep(everything, NULL, TARN_FAULT_ALL_ALLOC), 50);
}
END_TEST

TARN_SUITE("format/expr_eval", TARN_LOOP_TEST(eval__compares_every_kind_in_every_shape, kinds),
           TARN_LOOP_TEST(eval__compares_two_columns_where_they_lie, kinds), TARN_LOOP_TEST(eval__knows_in_with_and_without_null, kinds),
           TARN_TEST(eval__compares_literals_alone), TARN_TEST(eval__finds_among_many_literals),
           TARN_TEST(eval__tests_for_null_and_nan_and_prefix), TARN_TEST(eval__minus_zero_is_zero), TARN_TEST(eval__logic_has_three_values),
           TARN_TEST(eval__asks_an_argument_only_for_the_rows_that_are_left), TARN_TEST(eval__refuses_a_call_without_a_host),
           TARN_TEST(eval__filters_within_a_selection), TARN_TEST(eval__filters_a_dictionary_without_spreading_it),
           TARN_TEST(eval__decides_an_entry_once), TARN_LOOP_TEST(cast__widens_in_every_shape, casts),
           TARN_TEST(cast__keeps_the_identity_of_a_cast_dictionary), TARN_LOOP_TEST(cast__refuses_what_may_lose, lossy),
           TARN_TEST(build__names_each_path_once), TARN_TEST(build__refuses_arguments_that_do_not_fit),
           TARN_TEST(build__limits_depth_and_size), TARN_TEST(filter_scan__fetches_the_rest_for_survivors_only),
           TARN_TEST(eval__survives_the_failure_of_every_allocation))
