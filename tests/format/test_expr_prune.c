/* SPDX-License-Identifier: Apache-2.0
 * Pruning: what is decided by hand-written bounds, and, over many small random sets of rows, that no answer is ever contradicted by the
 * rows: evaluation is the judge.
 */
#include "format/batch/selection.h"
#include "format/batch/vector_builder.h"
#include "format/expr/batch_input.h"
#include "tests/support/suite.h"

#include <math.h>

static struct tarn_error err;

static const struct tarn_type boolean = {.id = TARN_TYPE_BOOL};
static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type f64 = {.id = TARN_TYPE_F64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};

enum { COLUMNS = 4 };
static const struct tarn_type *const column_types[COLUMNS] = {&i32, &f64, &text, &boolean};
static const char *const column_names[COLUMNS] = {"i", "f", "s", "b"};

/* Bounds of each column by name. */
struct table_bounds {
    bool known[COLUMNS];
    struct tarn_bounds bounds[COLUMNS];
};

static bool give_bounds(void *ctx, const struct tarn_expr_column *column, struct tarn_bounds *out)
{
    const struct table_bounds *table = ctx;
    for (int i = 0; i < COLUMNS; i++) {
        if (column->path.steps[0].name.data[0] == column_names[i][0]) {
            *out = table->bounds[i];
            return table->known[i];
        }
    }
    return false;
}

static const struct tarn_expr_node *column(struct tarn_expr_builder *b, int i)
{
    const struct tarn_path_step step = {TARN_PATH_FIELD, tarn__text_of(column_names[i]), -1};
    return tarn_expr_make_column(b, &(struct tarn_path){1, &step}, column_types[i], true);
}

static const struct tarn_expr_node *make2(struct tarn_expr_builder *b, enum tarn_expr_op op, const struct tarn_expr_node *left,
                                          const struct tarn_expr_node *right)
{
    return tarn_expr_make(b, op, 2, (const struct tarn_expr_node *const[]){left, right});
}

/* ---- by hand ---- */

static const struct tarn_bounds ten_to_twenty = {.rows = 100,
                                                 .has_null_count = true,
                                                 .has_min = true,
                                                 .has_max = true,
                                                 .min_exact = true,
                                                 .max_exact = true,
                                                 .min = {.type = &i32, .u.i64 = 10},
                                                 .max = {.type = &i32, .u.i64 = 20}};

static enum tarn_truth prune_i32(const struct tarn_bounds *bounds, enum tarn_expr_op op, int64_t literal, bool negated)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_expr_builder *b;
    struct tarn_expr *expr;
    ck_assert_ok(tarn_expr_builder_open(env, &b, &err), &err);
    const struct tarn_expr_node *root =
        make2(b, op, column(b, 0), tarn_expr_make_literal(b, &(struct tarn_value){.type = &i32, .u.i64 = literal}));
    root = negated ? tarn_expr_make(b, TARN_EXPR_NOT, 1, &root) : root;
    ck_assert_ok(tarn_expr_builder_finish(b, root, &expr, &err), &err);
    struct table_bounds table = {.known = {bounds != NULL}};
    if (bounds != NULL) {
        table.bounds[0] = *bounds;
    }
    const struct tarn_bounds_lookup lookup = {&table, give_bounds, NULL};
    const enum tarn_truth truth = tarn_expr_prune(expr, &lookup);
    tarn_expr_release(expr);
    tarn_test_env_close(env);
    return truth;
}

static const struct {
    enum tarn_expr_op op;
    int64_t literal;
    enum tarn_truth truth;
} decided[] = {
    {TARN_EXPR_EQ, 9, TARN_NEVER},   {TARN_EXPR_EQ, 10, TARN_MAYBE}, {TARN_EXPR_EQ, 21, TARN_NEVER},  {TARN_EXPR_NE, 9, TARN_ALWAYS},
    {TARN_EXPR_NE, 15, TARN_MAYBE},  {TARN_EXPR_LT, 10, TARN_NEVER}, {TARN_EXPR_LT, 11, TARN_MAYBE},  {TARN_EXPR_LT, 20, TARN_MAYBE},
    {TARN_EXPR_LT, 21, TARN_ALWAYS}, {TARN_EXPR_LE, 9, TARN_NEVER},  {TARN_EXPR_LE, 20, TARN_ALWAYS}, {TARN_EXPR_GT, 20, TARN_NEVER},
    {TARN_EXPR_GT, 9, TARN_ALWAYS},  {TARN_EXPR_GT, 10, TARN_MAYBE}, {TARN_EXPR_GE, 21, TARN_NEVER},  {TARN_EXPR_GE, 10, TARN_ALWAYS},
};

START_TEST(prune__decides_by_bounds) /* X-EXPR-7 */
{
    struct tarn_bounds bounds = ten_to_twenty;
    const enum tarn_truth truth = decided[_i].truth;
    ck_assert_int_eq(prune_i32(&bounds, decided[_i].op, decided[_i].literal, false), truth);
    ck_assert_int_eq(prune_i32(&bounds, decided[_i].op, decided[_i].literal, true), TARN_ALWAYS - truth); /* NOT turns it round */
    bounds.null_count = 1; /* a null makes ALWAYS a MAYBE; NEVER stays */
    ck_assert_int_eq(prune_i32(&bounds, decided[_i].op, decided[_i].literal, false), truth == TARN_ALWAYS ? TARN_MAYBE : truth);
    bounds.has_null_count = false; /* nothing is known of nulls */
    ck_assert_int_eq(prune_i32(&bounds, decided[_i].op, decided[_i].literal, false), truth == TARN_ALWAYS ? TARN_MAYBE : truth);
    bounds.min_exact = false; /* a truncated bound is a bound */
    bounds.max_exact = false;
    ck_assert_int_eq(prune_i32(&bounds, decided[_i].op, decided[_i].literal, false), truth == TARN_ALWAYS ? TARN_MAYBE : truth);
    ck_assert_int_eq(prune_i32(NULL, decided[_i].op, decided[_i].literal, false), TARN_MAYBE);
}
END_TEST

START_TEST(prune__of_nothing_but_nulls_is_never) /* X-EXPR-7 */
{
    struct tarn_bounds bounds = {.rows = 5, .has_null_count = true, .null_count = 5};
    ck_assert_int_eq(prune_i32(&bounds, TARN_EXPR_EQ, 1, false), TARN_NEVER);
    ck_assert_int_eq(prune_i32(&bounds, TARN_EXPR_EQ, 1, true), TARN_NEVER);
    bounds.null_count = 6; /* more nulls than rows: as good as unknown */
    ck_assert_int_eq(prune_i32(&bounds, TARN_EXPR_EQ, 1, false), TARN_MAYBE);
}
END_TEST

/* Holds even numbers only. */
static bool hold_even(void *ctx, const struct tarn_expr_column *column, const struct tarn_value *value)
{
    ck_assert_ptr_nonnull(ctx);
    ck_assert_int_eq(column->type->id, TARN_TYPE_I32);
    ck_assert(!value->is_null);
    return value->u.i64 % 2 == 0;
}

START_TEST(prune__by_membership) /* X-EXPR-11 */
{
    struct tarn_env *env = tarn_test_env();
    static const struct {
        enum tarn_expr_op op;
        bool cast;
        bool turned; /* the literal first */
        int64_t literals[2];
        enum tarn_truth truth;
        enum tarn_truth negated;
    } table[] = {
        {TARN_EXPR_EQ, false, false, {15, 0}, TARN_NEVER, TARN_ALWAYS}, {TARN_EXPR_EQ, true, false, {15, 0}, TARN_NEVER, TARN_ALWAYS},
        {TARN_EXPR_EQ, false, true, {15, 0}, TARN_NEVER, TARN_ALWAYS},  {TARN_EXPR_EQ, false, false, {16, 0}, TARN_MAYBE, TARN_MAYBE},
        {TARN_EXPR_NE, false, false, {15, 0}, TARN_ALWAYS, TARN_NEVER}, {TARN_EXPR_IN, false, false, {13, 15}, TARN_NEVER, TARN_ALWAYS},
        {TARN_EXPR_IN, false, false, {13, 16}, TARN_MAYBE, TARN_MAYBE}, {TARN_EXPR_IN, false, false, {8, 15}, TARN_NEVER, TARN_ALWAYS},
        {TARN_EXPR_GE, false, false, {15, 0}, TARN_MAYBE, TARN_MAYBE},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        for (int negated = 0; negated < 2; negated++) {
            struct tarn_expr_builder *b;
            struct tarn_expr *expr;
            ck_assert_ok(tarn_expr_builder_open(env, &b, &err), &err);
            const struct tarn_type *type = table[i].cast ? &i64 : &i32;
            const struct tarn_expr_node *subject = column(b, 0);
            subject = table[i].cast ? tarn_expr_make_cast(b, subject, &i64) : subject;
            const struct tarn_expr_node *args[3] = {
                subject, tarn_expr_make_literal(b, &(struct tarn_value){.type = type, .u.i64 = table[i].literals[0]}),
                tarn_expr_make_literal(b, &(struct tarn_value){.type = type, .u.i64 = table[i].literals[1]})};
            if (table[i].turned) {
                args[0] = args[1];
                args[1] = subject;
            }
            const struct tarn_expr_node *root = tarn_expr_make(b, table[i].op, table[i].op == TARN_EXPR_IN ? 3 : 2, args);
            root = negated ? tarn_expr_make(b, TARN_EXPR_NOT, 1, &root) : root;
            ck_assert_ok(tarn_expr_builder_finish(b, root, &expr, &err), &err);
            struct table_bounds bounds = {.known = {true}, .bounds = {ten_to_twenty}};
            const struct tarn_bounds_lookup lookup = {&bounds, give_bounds, hold_even};
            ck_assert_msg(tarn_expr_prune(expr, &lookup) == (negated ? table[i].negated : table[i].truth), "case %zu, %d", i, negated);
            tarn_expr_release(expr);
        }
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(prune__ignores_bounds_that_contradict_themselves) /* X-EXPR-8 */
{
    struct tarn_bounds bounds = ten_to_twenty;
    bounds.min.u.i64 = 30;
    ck_assert_int_eq(prune_i32(&bounds, TARN_EXPR_EQ, 99, false), TARN_MAYBE);
    bounds = ten_to_twenty;
    bounds.max.type = &i64; /* another type than the column's */
    ck_assert_int_eq(prune_i32(&bounds, TARN_EXPR_GT, 20, false), TARN_MAYBE);
    ck_assert_int_eq(prune_i32(&bounds, TARN_EXPR_LT, 10, false), TARN_NEVER);
}
END_TEST

/* One predicate over the float column with bounds 1.0 .. 2.0. */
static enum tarn_truth prune_f64(enum tarn_expr_op op, double literal, bool nan_counted, uint64_t nans)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_expr_builder *b;
    struct tarn_expr *expr;
    ck_assert_ok(tarn_expr_builder_open(env, &b, &err), &err);
    const struct tarn_expr_node *root =
        make2(b, op, column(b, 1), tarn_expr_make_literal(b, &(struct tarn_value){.type = &f64, .u.f64 = literal}));
    ck_assert_ok(tarn_expr_builder_finish(b, root, &expr, &err), &err);
    struct table_bounds table = {.known = {false, true}};
    table.bounds[1] = (struct tarn_bounds){.rows = 10,
                                           .has_null_count = true,
                                           .has_min = true,
                                           .has_max = true,
                                           .has_nan_count = nan_counted,
                                           .nan_count = nans,
                                           .min = {.type = &f64, .u.f64 = 1},
                                           .max = {.type = &f64, .u.f64 = 2}};
    const struct tarn_bounds_lookup lookup = {&table, give_bounds, NULL};
    const enum tarn_truth truth = tarn_expr_prune(expr, &lookup);
    tarn_expr_release(expr);
    tarn_test_env_close(env);
    return truth;
}

START_TEST(prune__knows_that_bounds_say_nothing_of_nan) /* X-EXPR-8 */
{
    ck_assert_int_eq(prune_f64(TARN_EXPR_GT, 5, false, 0), TARN_MAYBE); /* a NaN is above 5 */
    ck_assert_int_eq(prune_f64(TARN_EXPR_GT, 5, true, 0), TARN_NEVER);
    ck_assert_int_eq(prune_f64(TARN_EXPR_GT, 5, true, 3), TARN_MAYBE);
    ck_assert_int_eq(prune_f64(TARN_EXPR_GT, 5, true, 10), TARN_ALWAYS);
    ck_assert_int_eq(prune_f64(TARN_EXPR_LT, 3, false, 0), TARN_MAYBE);
    ck_assert_int_eq(prune_f64(TARN_EXPR_LT, 3, true, 0), TARN_ALWAYS);
    ck_assert_int_eq(prune_f64(TARN_EXPR_LT, 1, false, 0), TARN_NEVER);
    ck_assert_int_eq(prune_f64(TARN_EXPR_EQ, NAN, true, 0), TARN_NEVER);
    ck_assert_int_eq(prune_f64(TARN_EXPR_EQ, NAN, false, 0), TARN_MAYBE);
    ck_assert_int_eq(prune_f64(TARN_EXPR_LT, NAN, true, 0), TARN_ALWAYS);
    ck_assert_int_eq(prune_f64(TARN_EXPR_LE, NAN, false, 0), TARN_ALWAYS);
}
END_TEST

static const struct {
    const char *min;
    const char *max;
    const char *prefix;
    enum tarn_truth truth;
} prefixes[] = {
    {"abc", "abz", "ab", TARN_ALWAYS}, {"abc", "ac", "ab", TARN_MAYBE}, {"ac", "ad", "ab", TARN_NEVER}, {"a", "aa", "ab", TARN_NEVER},
    {"a", "ab", "ab", TARN_MAYBE},     {"a", "b", "", TARN_ALWAYS},     {NULL, "aa", "ab", TARN_NEVER}, {"ac", NULL, "ab", TARN_NEVER},
    {"abc", NULL, "ab", TARN_MAYBE},   {NULL, NULL, "ab", TARN_MAYBE},
};

START_TEST(prune__decides_prefixes) /* X-EXPR-7 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_expr_builder *b;
    struct tarn_expr *expr;
    ck_assert_ok(tarn_expr_builder_open(env, &b, &err), &err);
    const struct tarn_value prefix = {.type = &text, .u.bytes = tarn__text_of(prefixes[_i].prefix)};
    const struct tarn_expr_node *root = make2(b, TARN_EXPR_STARTS_WITH, column(b, 2), tarn_expr_make_literal(b, &prefix));
    ck_assert_ok(tarn_expr_builder_finish(b, root, &expr, &err), &err);
    struct table_bounds table = {.known = {false, false, true}};
    struct tarn_bounds *bounds = &table.bounds[2];
    *bounds = (struct tarn_bounds){.rows = 4, .has_null_count = true};
    if (prefixes[_i].min != NULL) {
        bounds->has_min = true;
        bounds->min = (struct tarn_value){.type = &text, .u.bytes = tarn__text_of(prefixes[_i].min)};
    }
    if (prefixes[_i].max != NULL) {
        bounds->has_max = true;
        bounds->max = (struct tarn_value){.type = &text, .u.bytes = tarn__text_of(prefixes[_i].max)};
    }
    const struct tarn_bounds_lookup lookup = {&table, give_bounds, NULL};
    ck_assert_int_eq(tarn_expr_prune(expr, &lookup), prefixes[_i].truth);
    tarn_expr_release(expr);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(prune__sees_through_casts) /* X-EXPR-7 */
{
    struct tarn_env *env = tarn_test_env();
    static const struct tarn_type decimal = {.id = TARN_TYPE_DECIMAL, .precision = 25, .scale = 2};
    static const struct {
        const struct tarn_type *type;
        struct tarn_value literal;
        enum tarn_truth truth;
    } cast_cases[] = {
        {&i64, {.u.i64 = INT64_C(5000000000)}, TARN_NEVER},
        {&f64, {.u.f64 = 20.5}, TARN_NEVER},
        {&f64, {.u.f64 = 19.5}, TARN_MAYBE},
        {&decimal, {.u.words = {2001}}, TARN_NEVER},
        {&decimal, {.u.words = {1999}}, TARN_MAYBE},
        {&decimal, {.u.words = {999}}, TARN_ALWAYS},
    };
    for (size_t i = 0; i < sizeof(cast_cases) / sizeof(cast_cases[0]); i++) {
        struct tarn_expr_builder *b;
        struct tarn_expr *expr;
        ck_assert_ok(tarn_expr_builder_open(env, &b, &err), &err);
        struct tarn_value literal = cast_cases[i].literal;
        literal.type = cast_cases[i].type;
        const struct tarn_expr_node *root =
            make2(b, TARN_EXPR_GT, tarn_expr_make_cast(b, column(b, 0), cast_cases[i].type), tarn_expr_make_literal(b, &literal));
        ck_assert_ok(tarn_expr_builder_finish(b, root, &expr, &err), &err);
        struct table_bounds table = {.known = {true}, .bounds = {ten_to_twenty}};
        const struct tarn_bounds_lookup lookup = {&table, give_bounds, NULL};
        ck_assert_int_eq(tarn_expr_prune(expr, &lookup), cast_cases[i].truth);
        tarn_expr_release(expr);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- against the rows ---- */

static uint32_t seed;

static uint32_t pick(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static struct tarn_value random_value(int c)
{
    static const double floats[] = {-INFINITY, -1.0, -0.0, 0.0, 1.0, INFINITY, NAN};
    static const char *const texts[] = {"", "a", "aa", "ab", "b", "ba"};
    struct tarn_value value = {.type = column_types[c]};
    switch (c) {
    case 0:
        value.u.i64 = (int64_t)pick(5) - 2;
        break;
    case 1:
        value.u.f64 = floats[pick(7)];
        break;
    case 2:
        value.u.bytes = tarn__text_of(texts[pick(6)]);
        break;
    default:
        value.u.boolean = pick(2) != 0;
        break;
    }
    return value;
}

enum { MOST_ROWS = 4 };

static struct tarn_vector *random_column(struct tarn_env *env, int c, uint32_t rows, struct tarn_bounds *bounds)
{
    struct tarn_vector_builder *builder;
    struct tarn_vector *vector;
    const uint32_t nulls = pick(4); /* 0: none, 3: all, else some */
    *bounds = (struct tarn_bounds){.rows = rows, .has_null_count = true, .has_nan_count = c == 1};
    ck_assert_ok(tarn__vector_builder_open(env, column_types[c], &builder, &err), &err);
    for (uint32_t i = 0; i < rows; i++) {
        if (nulls == 3 || (nulls != 0 && pick(3) == 0)) {
            tarn__vector_builder_null(builder);
            bounds->null_count++;
            continue;
        }
        const struct tarn_value value = random_value(c);
        tarn__vector_builder_value(builder, &value);
        if (c == 1 && value.u.f64 != value.u.f64) {
            bounds->nan_count++;
            continue;
        }
        if (!bounds->has_min || tarn_value_compare(&value, &bounds->min) < 0) {
            bounds->has_min = true;
            bounds->min = value;
        }
        if (!bounds->has_max || tarn_value_compare(&value, &bounds->max) > 0) {
            bounds->has_max = true;
            bounds->max = value;
        }
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    tarn__vector_builder_close_all(builder);
    return vector;
}

/* Takes away what is known, and loosens bounds: what is left still holds. */
static void loosen(struct tarn_bounds *bounds, int c)
{
    bounds->has_null_count = bounds->has_null_count && pick(3) != 0;
    bounds->has_nan_count = bounds->has_nan_count && pick(3) != 0;
    bounds->has_min = bounds->has_min && pick(4) != 0;
    bounds->has_max = bounds->has_max && pick(4) != 0;
    if (c == 0 && pick(2) != 0) {
        bounds->min.u.i64 -= pick(2);
        bounds->max.u.i64 += pick(2);
    }
    if (c == 2 && bounds->has_min && bounds->min.u.bytes.size > 1 && pick(2) != 0) {
        bounds->min.u.bytes.size--; /* as writers truncate */
    }
}

static const struct tarn_expr_node *random_predicate(struct tarn_expr_builder *b, unsigned depth)
{
    const struct tarn_expr_node *args[4];
    const uint32_t what = pick(depth == 0 ? 6 : 9);
    const int c = (int)pick(COLUMNS);
    if (what >= 6) {
        const uint32_t count = what == 8 ? 1 : 1 + pick(3);
        for (uint32_t i = 0; i < count; i++) {
            args[i] = random_predicate(b, depth - 1);
        }
        return tarn_expr_make(b, what == 6 ? TARN_EXPR_AND : what == 7 ? TARN_EXPR_OR : TARN_EXPR_NOT, count, args);
    }
    args[0] = column(b, c);
    switch (what) {
    case 0:
        return tarn_expr_make(b, TARN_EXPR_IS_NULL, 1, args);
    case 1:
        args[0] = column(b, 1);
        return tarn_expr_make(b, TARN_EXPR_IS_NAN, 1, args);
    case 2: {
        const struct tarn_value prefix = random_value(2);
        return make2(b, TARN_EXPR_STARTS_WITH, column(b, 2), tarn_expr_make_literal(b, &prefix));
    }
    case 3: {
        const uint32_t count = 2 + pick(3);
        for (uint32_t i = 1; i < count; i++) {
            struct tarn_value value = random_value(c);
            value.is_null = pick(6) == 0;
            args[i] = tarn_expr_make_literal(b, &value);
        }
        return tarn_expr_make(b, TARN_EXPR_IN, count, args);
    }
    default: {
        const enum tarn_expr_op op = (enum tarn_expr_op)(TARN_EXPR_EQ + pick(6));
        struct tarn_value value = random_value(c);
        value.is_null = pick(12) == 0;
        if (c == 0 && pick(3) == 0) { /* the integer column as a double, beside the float column */
            return make2(b, op, tarn_expr_make_cast(b, column(b, 0), &f64), column(b, 1));
        }
        if (c == 3 && pick(2) == 0) {
            return column(b, 3);
        }
        args[1] = pick(6) == 0 ? column(b, c) : tarn_expr_make_literal(b, &value);
        return pick(2) != 0 ? make2(b, op, args[0], args[1]) : make2(b, op, args[1], args[0]);
    }
    }
}

START_TEST(prune__is_never_contradicted_by_the_rows) /* X-EXPR-7, X-EXPR-8 */
{
    struct tarn_env *env = tarn_test_env();
    uint32_t said[3] = {0};
    seed = 20261121;
    for (int round = 0; round < 6000; round++) {
        struct tarn_vector *columns[COLUMNS];
        struct table_bounds table;
        const uint32_t rows = pick(MOST_ROWS + 1);
        for (int c = 0; c < COLUMNS; c++) {
            columns[c] = random_column(env, c, rows, &table.bounds[c]);
            loosen(&table.bounds[c], c);
            table.known[c] = pick(8) != 0;
        }
        struct tarn_expr_builder *b;
        struct tarn_expr *expr;
        ck_assert_ok(tarn_expr_builder_open(env, &b, &err), &err);
        for (int c = 0; c < COLUMNS; c++) { /* slot c is column c */
            column(b, c);
        }
        ck_assert_ok(tarn_expr_builder_finish(b, random_predicate(b, 3), &expr, &err), &err);
        const struct tarn_bounds_lookup lookup = {&table, give_bounds, NULL};
        const enum tarn_truth truth = tarn_expr_prune(expr, &lookup);
        struct tarn_expr_eval *eval;
        struct tarn__batch_input input;
        struct tarn_selection passed;
        ck_assert_ok(tarn_expr_eval_open(env, expr, NULL, &eval, &err), &err);
        tarn__batch_input_open(&input, env, NULL);
        tarn__batch_input_set(&input, rows, columns);
        ck_assert_ok(tarn_expr_eval_filter(eval, &input.input, NULL, &passed, &err), &err);
        ck_assert_msg(truth != TARN_NEVER || passed.count == 0, "round %d: NEVER, but %u rows pass", round, passed.count);
        ck_assert_msg(truth != TARN_ALWAYS || passed.count == rows, "round %d: ALWAYS, but %u of %u rows pass", round, passed.count, rows);
        said[truth]++;
        tarn__batch_input_close(&input);
        tarn_expr_eval_close(eval);
        tarn_expr_release(expr);
        for (int c = 0; c < COLUMNS; c++) {
            tarn_vector_release(columns[c]);
        }
    }
    ck_assert_msg(said[TARN_NEVER] > 1000 && said[TARN_ALWAYS] > 300, "never %u, always %u", said[TARN_NEVER], said[TARN_ALWAYS]);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/expr_prune", TARN_LOOP_TEST(prune__decides_by_bounds, decided), TARN_TEST(prune__of_nothing_but_nulls_is_never),
           TARN_TEST(prune__by_membership), TARN_TEST(prune__ignores_bounds_that_contradict_themselves),
           TARN_TEST(prune__knows_that_bounds_say_nothing_of_nan), TARN_LOOP_TEST(prune__decides_prefixes, prefixes),
           TARN_TEST(prune__sees_through_casts), TARN_TEST(prune__is_never_contradicted_by_the_rows))
