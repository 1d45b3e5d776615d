/* SPDX-License-Identifier: Apache-2.0
 * Expressions as bytes: hand-written ones, back and forth, damaged at every byte, without memory.
 */
#include "format/base/bytes.h"
#include "tarn/expr.h"
#include "tests/support/suite.h"

#include <string.h>

static struct tarn_error err;

static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type f64 = {.id = TARN_TYPE_F64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_type boolean = {.id = TARN_TYPE_BOOL};
static const struct tarn_type decimal = {.id = TARN_TYPE_DECIMAL, .precision = 30, .scale = 2};
static const struct tarn_type wide = {.id = TARN_TYPE_DECIMAL, .precision = 60};
static const struct tarn_type stamp = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true, .zone = {"Europe/Rome", 11}};
static const struct tarn_type fixed = {.id = TARN_TYPE_FIXED, .width = 3};
static const struct tarn_field members[] = {{.name = {"a", 1}, .type = &i32, .nullable = true, .id = 5},
                                            {.name = {"b", 1}, .type = &text, .nullable = false, .id = -1}};
static const struct tarn_type pair = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = members};

static const struct tarn_expr_node *column(struct tarn_expr_builder *b, const char *name, const struct tarn_type *type)
{
    const struct tarn_path_step steps[] = {{TARN_PATH_FIELD, tarn__text_of(name), 4}, {TARN_PATH_ELEMENT, {NULL, 0}, -1}};
    return tarn_expr_make_column(b, &(struct tarn_path){2, steps}, type, true);
}

static const struct tarn_expr_node *make2(struct tarn_expr_builder *b, enum tarn_expr_op op, const struct tarn_expr_node *left,
                                          const struct tarn_expr_node *right)
{
    return tarn_expr_make(b, op, 2, (const struct tarn_expr_node *const[]){left, right});
}

/* Every op and every kind of literal. */
static const struct tarn_expr_node *everything(struct tarn_expr_builder *b)
{
    const struct tarn_value values[] = {
        {.type = &i32, .u.i64 = -5},
        {.type = &f64, .u.f64 = -0.0},
        {.type = &text, .u.bytes = {"t\xc3\xa4rn", 5}},
        {.type = &decimal, .u.words = {1, UINT64_MAX, UINT64_MAX, UINT64_MAX}},
        {.type = &wide, .u.words = {1, 2, 3, 4}},
        {.type = &stamp, .u.i64 = 1700000000000000},
        {.type = &fixed, .u.bytes = {"\0ab", 3}},
        {.type = &boolean, .u.boolean = true},
        {.type = &text, .is_null = true},
    };
    const struct tarn_expr_node *args[16];
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char name[] = {(char)('a' + i), '\0'};
        args[count++] =
            make2(b, (enum tarn_expr_op)(TARN_EXPR_EQ + i % 6), column(b, name, values[i].type), tarn_expr_make_literal(b, &values[i]));
    }
    const struct tarn_expr_node *number = column(b, "a", &i32);
    const struct tarn_expr_node *list[] = {number, tarn_expr_make_literal(b, &values[0]), tarn_expr_make_literal(b, &values[0])};
    const struct tarn_expr_node *nested = column(b, "z", &pair);
    const struct tarn_expr_node *real = column(b, "b", &f64);
    args[count++] = tarn_expr_make(b, TARN_EXPR_IN, 3, list);
    args[count++] = tarn_expr_make(b, TARN_EXPR_IS_NULL, 1, &nested);
    args[count++] = tarn_expr_make(b, TARN_EXPR_IS_NAN, 1, &real);
    args[count++] = make2(b, TARN_EXPR_STARTS_WITH, column(b, "c", &text), tarn_expr_make_literal(b, &values[2]));
    args[count++] = make2(b, TARN_EXPR_LT, tarn_expr_make_cast(b, number, &f64), real);
    args[count++] = tarn_expr_make_call(b, 4711, &boolean, 1, &number, 99);
    const struct tarn_expr_node *either = tarn_expr_make(b, TARN_EXPR_OR, count, args);
    const struct tarn_expr_node *neither = tarn_expr_make(b, TARN_EXPR_NOT, 1, &either);
    return make2(b, TARN_EXPR_AND, neither, either);
}

static struct tarn_expr *build_everything(struct tarn_env *env)
{
    struct tarn_expr_builder *b;
    struct tarn_expr *expr;
    ck_assert_ok(tarn_expr_builder_open(env, &b, &err), &err);
    ck_assert_ok(tarn_expr_builder_finish(b, everything(b), &expr, &err), &err);
    return expr;
}

static void assert_same_node(const struct tarn_expr_node *a, const struct tarn_expr_node *b)
{
    ck_assert_int_eq(a->op, b->op);
    ck_assert(tarn_type_equal(a->type, b->type));
    ck_assert_uint_eq(a->arg_count, b->arg_count);
    ck_assert_uint_eq(a->slot, b->slot);
    ck_assert_uint_eq(a->function, b->function);
    ck_assert_uint_eq(a->place, b->place);
    if (a->op == TARN_EXPR_LITERAL) {
        ck_assert_int_eq(a->value.is_null, b->value.is_null);
        ck_assert(a->value.is_null || tarn_value_compare(&a->value, &b->value) == 0);
    }
    for (uint32_t i = 0; i < a->arg_count; i++) {
        assert_same_node(a->args[i], b->args[i]);
    }
}

START_TEST(encode__goes_there_and_back) /* X-EXPR-9 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_expr *expr = build_everything(env);
    struct tarn_expr *back;
    struct tarn_span bytes;
    struct tarn_span again;
    ck_assert_ok(tarn_expr_encode(env, expr, &bytes, &err), &err);
    ck_assert_ok(tarn_expr_decode(env, bytes, &back, &err), &err);
    assert_same_node(expr->root, back->root);
    ck_assert_uint_eq(expr->column_count, back->column_count);
    for (uint32_t i = 0; i < expr->column_count; i++) {
        ck_assert(tarn_type_equal(expr->columns[i].type, back->columns[i].type));
        ck_assert_int_eq(back->columns[i].path.steps[0].id, 4);
        ck_assert_int_eq(back->columns[i].path.steps[1].kind, TARN_PATH_ELEMENT);
    }
    ck_assert_int_eq(back->columns[expr->column_count - 1].type->fields[0].id, 5);
    ck_assert_ok(tarn_expr_encode(env, back, &again, &err), &err);
    ck_assert_uint_eq(bytes.size, again.size);
    ck_assert_mem_eq(bytes.data, again.data, bytes.size);
    tarn_expr_bytes_free(env, bytes);
    tarn_expr_bytes_free(env, again);
    tarn_expr_release(expr);
    tarn_expr_release(back);
    tarn_test_env_close(env);
}
END_TEST

/* c < 7: version 1; one column: nullable, I32, one step FIELD "c" id none; LT of COLUMN 0 and LITERAL I32 7. */
static const uint8_t less_than_seven[] = {1, 1, 1, 4, 1, 0, 1, 'c', 0, 4, 2, 0, 0, 1, 4, 0, 7, 0, 0, 0, 0, 0, 0, 0};

START_TEST(encode__writes_the_bytes_of_the_specification) /* X-EXPR-9 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_expr *expr;
    struct tarn_span bytes;
    ck_assert_ok(tarn_expr_decode(env, (struct tarn_span){less_than_seven, sizeof(less_than_seven)}, &expr, &err), &err);
    ck_assert_int_eq(expr->root->op, TARN_EXPR_LT);
    ck_assert_int_eq(expr->root->args[1]->value.u.i64, 7);
    ck_assert_ok(tarn_expr_encode(env, expr, &bytes, &err), &err);
    ck_assert_uint_eq(bytes.size, sizeof(less_than_seven));
    ck_assert_mem_eq(bytes.data, less_than_seven, bytes.size);
    tarn_expr_bytes_free(env, bytes);
    tarn_expr_release(expr);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(decode__survives_every_cut_and_every_changed_byte) /* X-EXPR-10 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_expr *expr = build_everything(env);
    struct tarn_span bytes;
    ck_assert_ok(tarn_expr_encode(env, expr, &bytes, &err), &err);
    for (size_t size = 0; size < bytes.size; size++) {
        struct tarn_expr *back;
        ck_assert_status(tarn_expr_decode(env, (struct tarn_span){bytes.data, size}, &back, &err), TARN_CORRUPT);
        ck_assert_ptr_null(back);
    }
    uint8_t *damaged = (uint8_t *)(uintptr_t)bytes.data;
    for (size_t i = 0; i < bytes.size; i++) {
        for (unsigned change = 1; change < 256; change = change * 2 + 1) {
            struct tarn_expr *back;
            damaged[i] = (uint8_t)(damaged[i] ^ change);
            const enum tarn_status status = tarn_expr_decode(env, bytes, &back, &err);
            ck_assert(status == TARN_OK || status == TARN_CORRUPT || (status == TARN_UNSUPPORTED && i == 0));
            tarn_expr_release(back);
            damaged[i] = (uint8_t)(damaged[i] ^ change);
        }
    }
    tarn_expr_bytes_free(env, bytes);
    tarn_expr_release(expr);
    tarn_test_env_close(env);
}
END_TEST

#define BYTES(...)                                                                                                                         \
    {                                                                                                                                      \
        (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})                                                             \
    }

static const struct {
    const char *name;
    struct tarn_span bytes;
    enum tarn_status status;
} refused[] = {
    {"nothing", {NULL, 0}, TARN_CORRUPT},
    {"a later version", BYTES(2, 0, 0), TARN_UNSUPPORTED},
    {"a count of columns beyond the end", BYTES(1, 0xff, 0xff, 0xff, 0x7f), TARN_CORRUPT},
    {"a column that is not there", BYTES(1, 0, 0, 0), TARN_CORRUPT},
    {"an unknown op", BYTES(1, 0, 99), TARN_CORRUPT},
    {"an unknown type", BYTES(1, 0, 1, 99, 1), TARN_CORRUPT},
    {"a number of eleven bytes", BYTES(1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1), TARN_CORRUPT},
    {"AND of a number", BYTES(1, 0, 12, 1, 1, 4, 0, 7, 0, 0, 0, 0, 0, 0, 0), TARN_CORRUPT},
    {"a small integer out of its range", BYTES(1, 0, 1, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0), TARN_CORRUPT},
    {"a lossy cast", BYTES(1, 0, 15, 2, 1, 4, 0, 7, 0, 0, 0, 0, 0, 0, 0), TARN_CORRUPT},
    {"a cast to a list of nothing", BYTES(1, 0, 15, 28, 0, 1, 26, 0, 0, 0, 0), TARN_CORRUPT},
    {"a column twice", BYTES(1, 2, 1, 4, 1, 0, 1, 'c', 0, 1, 4, 1, 0, 1, 'c', 0, 0, 0), TARN_CORRUPT},
    {"bytes behind the end", BYTES(1, 0, 1, 1, 1, 0), TARN_CORRUPT},
};

START_TEST(decode__refuses_what_breaks_the_rules) /* X-EXPR-10 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_expr *expr;
    const enum tarn_status status = tarn_expr_decode(env, refused[_i].bytes, &expr, &err);
    ck_assert_msg(status == refused[_i].status, "%s: %s", refused[_i].name, tarn_status_name(status));
    tarn_test_env_close(env);
}
END_TEST

START_TEST(decode__ends_at_any_depth) /* X-EXPR-10 */
{
    struct tarn_env *env = tarn_test_env();
    static uint8_t deep[200001] = {1, 0};
    struct tarn_expr *expr;
    for (size_t i = 2; i + 1 < sizeof(deep); i += 2) { /* NOT of NOT of ... */
        deep[i] = TARN_EXPR_NOT;
        deep[i + 1] = 1;
    }
    ck_assert_status(tarn_expr_decode(env, (struct tarn_span){deep, sizeof(deep)}, &expr, &err), TARN_LIMIT);
    memset(deep + 3, TARN_TYPE_LIST, sizeof(deep) - 3); /* a literal of a list of a list of ... */
    deep[2] = TARN_EXPR_LITERAL;
    ck_assert_status(tarn_expr_decode(env, (struct tarn_span){deep, sizeof(deep)}, &expr, &err), TARN_CORRUPT);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(decode__gives_back_everything_when_memory_ends)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_expr *expr = build_everything(env);
    struct tarn_span bytes;
    ck_assert_ok(tarn_expr_encode(env, expr, &bytes, &err), &err);
    tarn_expr_release(expr);
    bool done = false;
    for (uint64_t limit = 1024; !done; limit += 256) {
        struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
        struct tarn_env *small;
        options.memory_limit = limit;
        ck_assert_ok(tarn_env_open(&options, &small, &err), &err);
        const enum tarn_status status = tarn_expr_decode(small, bytes, &expr, &err);
        ck_assert(status == TARN_OK || status == TARN_LIMIT || status == TARN_NOMEM);
        done = status == TARN_OK;
        tarn_expr_release(expr);
        tarn_test_env_close(small);
    }
    tarn_expr_bytes_free(env, bytes);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/expr_encode", TARN_TEST(encode__goes_there_and_back), TARN_TEST(encode__writes_the_bytes_of_the_specification),
           TARN_TEST(decode__survives_every_cut_and_every_changed_byte), TARN_LOOP_TEST(decode__refuses_what_breaks_the_rules, refused),
           TARN_TEST(decode__ends_at_any_depth), TARN_TEST(decode__gives_back_everything_when_memory_ends))
