/* SPDX-License-Identifier: Apache-2.0
 * Roaring bitmaps: bytes by hand from the specification, damage, and, over sets of every shape, all operations against a plain model and
 * bytes against another implementation.
 */
#include "txlog/core/roaring.h"

#include <stdlib.h>
#include <string.h>

#if TARN_TEST_ROARING
#include <roaring/roaring.h>
#endif

#include "format/base/bytes.h"
#include "tests/support/fault.h"

static struct tarn_error err;

static struct tarn__roaring *set_of(struct tarn_env *env, const uint64_t *positions, size_t count)
{
    struct tarn__roaring *set;
    ck_assert_ok(tarn__roaring_of_positions(env, positions, count, &set, &err), &err);
    return set;
}

static void ck_has(const struct tarn__roaring *set, const uint64_t *positions, size_t count)
{
    struct tarn__roaring_walk walk = {.set = set};
    uint64_t got[97];
    size_t at = 0;
    for (size_t n; (n = tarn__roaring_next(&walk, got, 97)) != 0; at += n) {
        ck_assert_uint_le(at + n, count);
        ck_assert_mem_eq(got, positions + at, n * sizeof(*got));
    }
    ck_assert_uint_eq(at, count);
    ck_assert_uint_eq(set->cardinality, count);
}

/* ---- bytes ---- */

START_TEST(roaring__reads_an_array) /* T-ROARING-1 */
{
    static const uint8_t bytes[] = {1,    0,    0, 0, 0,    0,    0, 0, /* one bitmap */
                                    0,    0,    0, 0,                   /* of the positions below 2^32 */
                                    0x3a, 0x30, 0, 0, 2,    0,    0, 0, /* cookie, two containers */
                                    0,    0,    2, 0, 1,    0,    0, 0, /* keys 0 and 1, 3 values and 1 */
                                    24,   0,    0, 0, 30,   0,    0, 0, /* offsets */
                                    3,    0,    4, 0, 0xff, 0xff, 7, 0};
    static const uint64_t expected[] = {3, 4, 65535, 65543};
    struct tarn_env *env = tarn_test_env();
    struct tarn__roaring *set;
    struct tarn_text_builder out;
    ck_assert_ok(tarn__roaring_parse(env, (struct tarn_span){bytes, sizeof(bytes)}, &set, &err), &err);
    ck_has(set, expected, 4);
    tarn__builder_init(&out, env);
    ck_assert_ok(tarn__roaring_write(set, &out, &err), &err);
    ck_assert_uint_eq(out.size, sizeof(bytes));
    ck_assert_mem_eq(out.data, bytes, sizeof(bytes));
    tarn__builder_free(&out);
    tarn__roaring_release(set);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(roaring__reads_and_writes_runs) /* T-ROARING-1 T-ROARING-3 */
{
    static const uint8_t bytes[] = {1,    0,    0,  0, 0, 0, 0,   0, 5, 0, 0, 0, /* positions from 5 * 2^32 on */
                                    0x3b, 0x30, 0,  0,                           /* cookie of runs, one container */
                                    1,                                           /* which has runs */
                                    2,    0,    6,  0,                           /* key 2, 7 values; no offsets below four containers */
                                    2,    0,    10, 0, 4, 0, 100, 0, 1, 0};      /* two runs: 10 to 14, 100 and 101 */
    const uint64_t base = (UINT64_C(5) << 32) + (2 << 16);
    const uint64_t expected[] = {base + 10, base + 11, base + 12, base + 13, base + 14, base + 100, base + 101};
    struct tarn_env *env = tarn_test_env();
    struct tarn__roaring *set;
    struct tarn__roaring *made = set_of(env, expected, 7);
    struct tarn_text_builder out;
    ck_assert_ok(tarn__roaring_parse(env, (struct tarn_span){bytes, sizeof(bytes)}, &set, &err), &err);
    ck_has(set, expected, 7);
    ck_has(made, expected, 7);
    ck_assert(tarn__roaring_contains(set, base + 14) && tarn__roaring_contains(set, base + 100));
    ck_assert(!tarn__roaring_contains(set, base + 15) && !tarn__roaring_contains(set, 10));
    tarn__builder_init(&out, env);
    ck_assert_ok(tarn__roaring_write(made, &out, &err), &err); /* 10 bytes as runs, 14 as an array */
    ck_assert_uint_eq(out.size, sizeof(bytes));
    ck_assert_mem_eq(out.data, bytes, sizeof(bytes));
    tarn__builder_free(&out);
    tarn__roaring_release(set);
    tarn__roaring_release(made);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(roaring__reads_the_native_form) /* T-ROARING-2 */
{
    static const uint8_t bytes[] = {2,  0, 0, 0,                               /* two bitmaps */
                                    8,  0, 0, 0, 0x3a, 0x30, 0, 0, 0, 0, 0, 0, /* of which the first is empty */
                                    18, 0, 0, 0, 0x3a, 0x30, 0, 0, 1, 0, 0, 0, /* and the second of positions from 2^32 on */
                                    0,  0, 0, 0, 16,   0,    0, 0, 9, 0};
    static const uint64_t expected[] = {(UINT64_C(1) << 32) + 9};
    struct tarn_env *env = tarn_test_env();
    struct tarn__roaring *set;
    ck_assert_ok(tarn__roaring_parse_native(env, (struct tarn_span){bytes, sizeof(bytes)}, &set, &err), &err);
    ck_has(set, expected, 1);
    tarn__roaring_release(set);
    for (size_t cut = 0; cut < sizeof(bytes); cut++) {
        ck_assert_status(tarn__roaring_parse_native(env, (struct tarn_span){bytes, cut}, &set, &err), TARN_CORRUPT);
        ck_assert_ptr_null(set);
    }
    uint8_t wrong[sizeof(bytes)];
    memcpy(wrong, bytes, sizeof(bytes));
    wrong[4] = 9; /* the size of the first is another */
    ck_assert_status(tarn__roaring_parse_native(env, (struct tarn_span){wrong, sizeof(wrong)}, &set, &err), TARN_CORRUPT);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(roaring__reads_nothing) /* T-ROARING-1 */
{
    static const uint8_t none[8] = {0};
    static const uint8_t empty[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x30, 0, 0, 0, 0, 0, 0};
    struct tarn_env *env = tarn_test_env();
    struct tarn__roaring *set;
    uint64_t last;
    uint8_t bits[2] = {255, 255};
    ck_assert_ok(tarn__roaring_parse(env, (struct tarn_span){none, 8}, &set, &err), &err);
    ck_has(set, NULL, 0);
    ck_assert(!tarn__roaring_last(set, &last) && !tarn__roaring_contains(set, 0));
    ck_assert_uint_eq(tarn__roaring_mark(set, 7, 9, bits), 0);
    ck_assert_uint_eq(bits[0] | bits[1], 0);
    tarn__roaring_release(set);
    ck_assert_ok(tarn__roaring_parse(env, (struct tarn_span){empty, sizeof(empty)}, &set, &err), &err);
    ck_has(set, NULL, 0);
    tarn__roaring_release(set);
    tarn__roaring_release(NULL);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *name;
    size_t size;
    uint8_t bytes[48];
} damage[] = {
    {"no count", 7, {1}},
    {"more bitmaps than bytes", 8, {1}},
    {"a count that overflows", 20, {255, 255, 255, 255, 255, 255, 255, 255}},
    {"a key above 2^31", 20, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 0x3a, 0x30}},
    {"no cookie", 20, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x39, 0x30}},
    {"a cookie with something behind", 20, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x30, 1, 0}},
    {"too many containers", 20, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x30, 0, 0, 1, 0, 1, 0}},
    {"headers cut off", 24, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x30, 0, 0, 2}},
    {"values cut off", 29, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 16}},
    {"a wrong offset", 30, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 17}},
    {"bytes behind the end", 31, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 16}},
    {"equal values", 32, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 16, 0, 0, 0, 7, 0, 7, 0}},
    {"descending values", 32, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 16, 0, 0, 0, 7, 0, 6, 0}},
    {"equal keys", 40, {1, 0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0x3a, 0x30, 0, 0, 2, 0, 0, 0,
                        4, 0, 0, 0, 4, 0, 0, 0, 24, 0, 0, 0, 26,   0,    0, 0, 1, 0, 2, 0}},
    {"equal keys of bitmaps", 32, {2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0x3a, 0x30, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0x3a, 0x30}},
    {"no runs", 23, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3b, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 0}},
    {"runs cut off", 25, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3b, 0x30, 0, 0, 1, 0, 0, 0, 0, 1, 0}},
    {"a run beyond the end", 27, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3b, 0x30, 0, 0, 1, 0, 0, 1, 0, 1, 0, 255, 255, 1, 0}},
    {"a run of another length", 27, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3b, 0x30, 0, 0, 1, 0, 0, 1, 0, 1, 0, 9, 0, 2, 0}},
    {"runs that overlap", 31, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3b, 0x30, 0, 0, 1, 0, 0, 5, 0, 2, 0, 9, 0, 2, 0, 11, 0, 2, 0}},
    {"a bitmap that is cut off", 40, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 0, 16, 16}},
};

START_TEST(roaring__refuses_damage) /* T-ROARING-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn__roaring *set;
    const enum tarn_status status = tarn__roaring_parse(env, (struct tarn_span){damage[_i].bytes, damage[_i].size}, &set, &err);
    ck_assert_msg(status == TARN_CORRUPT, "%s: %s", damage[_i].name, tarn_status_name(status));
    ck_assert_str_eq(err.detail, "roaring");
    ck_assert(err.offset >= 0 && (size_t)err.offset <= damage[_i].size);
    ck_assert_ptr_null(set);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(roaring__counts_the_bits_of_bitmaps) /* T-ROARING-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn__roaring *set;
    uint8_t bytes[28 + 8192] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x10, 16};
    memset(bytes + 28, 255, 512);
    bytes[28 + 8191] = 128; /* 4,097 values, the fewest that are a bitmap */
    ck_assert_ok(tarn__roaring_parse(env, (struct tarn_span){bytes, sizeof(bytes)}, &set, &err), &err);
    ck_assert_uint_eq(set->cardinality, 4097);
    tarn__roaring_release(set);
    bytes[28 + 8191] = 192;
    ck_assert_status(tarn__roaring_parse(env, (struct tarn_span){bytes, sizeof(bytes)}, &set, &err), TARN_CORRUPT);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(roaring__takes_positions_in_any_order) /* T-ROARING-4 */
{
    static const uint64_t given[] = {70000, 3, UINT64_C(1) << 62, 3, 0, 70000, (UINT64_C(1) << 63) - 1, 65536};
    static const uint64_t expected[] = {0, 3, 65536, 70000, UINT64_C(1) << 62, (UINT64_C(1) << 63) - 1};
    static const uint64_t above[] = {5, UINT64_C(1) << 63};
    struct tarn_env *env = tarn_test_env();
    struct tarn__roaring *set = set_of(env, given, 8);
    uint64_t last;
    ck_has(set, expected, 6);
    ck_assert(tarn__roaring_last(set, &last));
    ck_assert_uint_eq(last, (UINT64_C(1) << 63) - 1);
    tarn__roaring_release(set);
    ck_assert_status(tarn__roaring_of_positions(env, above, 2, &set, &err), TARN_INVALID);
    ck_assert_ptr_null(set);
    tarn_test_env_close(env);
}
END_TEST

/* ---- every shape against a model ---- */

enum { ROWS = 140000, STRETCH = 20000 };

struct model {
    uint8_t *has; /* a byte a row */
    uint64_t *positions;
    size_t count;
};

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Sets with holes, long runs, few and many values: each stretch is of another kind. */
static struct model model_of(unsigned kind)
{
    struct model model = {calloc(ROWS, 1), calloc(ROWS, sizeof(uint64_t)), 0};
    for (uint64_t row = 0; row < ROWS; row++) {
        const unsigned shape = (unsigned)(row / STRETCH + kind) % 7;
        const uint64_t random = next_random();
        model.has[row] = shape == 0   ? random % 1000 == 0
                         : shape == 1 ? random % 2 == 0
                         : shape == 2 ? row % 5000 < 4000
                         : shape == 3 ? 0
                         : shape == 4 ? 1
                         : shape == 5 ? random % 10 == 0
                                      : row % 100 == kind;
        if (model.has[row]) {
            model.positions[model.count++] = row;
        }
    }
    return model;
}

static void free_model(struct model *model)
{
    free(model->has);
    free(model->positions);
}

static struct tarn__roaring *again(struct tarn_env *env, const struct tarn__roaring *set)
{
    struct tarn_text_builder out;
    struct tarn__roaring *back;
    tarn__builder_init(&out, env);
    ck_assert_ok(tarn__roaring_write(set, &out, &err), &err);
    ck_assert_ok(tarn__roaring_parse(env, tarn__span_of_text(tarn__builder_text(&out)), &back, &err), &err);
    tarn__builder_free(&out);
    return back;
}

START_TEST(roaring__agrees_with_a_model) /* T-ROARING-4 */
{
    struct tarn_env *env = tarn_test_env();
    struct model model = model_of((unsigned)_i);
    struct tarn__roaring *made = set_of(env, model.positions, model.count);
    struct tarn__roaring *read = again(env, made); /* with runs */
    const struct tarn__roaring *const sets[] = {made, read};
    uint8_t bits[1250];
    for (int s = 0; s < 2; s++) {
        ck_has(sets[s], model.positions, model.count);
        for (int i = 0; i < 500; i++) {
            const uint64_t row = next_random() % ROWS;
            ck_assert_int_eq(tarn__roaring_contains(sets[s], row), model.has[row]);
        }
        for (int i = 0; i < 150; i++) {
            const uint64_t begin = next_random() % ROWS;
            const uint32_t rows = (uint32_t)(next_random() % (i % 3 == 0 ? 10000 : 70));
            const uint64_t end = begin + rows < ROWS ? begin + rows : ROWS;
            uint32_t expected = 0;
            memset(bits, 0xaa, sizeof(bits));
            const uint32_t marked = tarn__roaring_mark(sets[s], begin, (uint32_t)(end - begin), bits);
            bool same = true;
            for (uint64_t row = begin; row < end; row++) {
                same = same && tarn__bit_get(bits, row - begin) == model.has[row];
                expected += model.has[row];
            }
            ck_assert(same);
            ck_assert_uint_eq(marked, expected);
            ck_assert_uint_eq(tarn__roaring_count(sets[s], begin, end), expected);
            if ((end - begin) % 8 != 0) {
                ck_assert_int_eq(bits[(end - begin) / 8] >> ((end - begin) % 8), 0);
            }
        }
        ck_assert_uint_eq(tarn__roaring_count(sets[s], 0, UINT64_MAX), model.count);
    }
    tarn__roaring_release(made);
    tarn__roaring_release(read);
    free_model(&model);
    tarn_test_env_close(env);
}
END_TEST

static void ck_combined(struct tarn_env *env, const struct tarn__roaring *a, const struct tarn__roaring *b, const struct model *of_a,
                        const struct model *of_b)
{
    struct tarn__roaring *both;
    struct tarn__roaring *less;
    uint64_t *expected = calloc(ROWS, sizeof(*expected));
    size_t count = 0;
    size_t left = 0;
    bool meet = false;
    for (uint64_t row = 0; row < ROWS; row++) {
        if (of_a->has[row] || of_b->has[row]) {
            expected[count++] = row;
        }
        meet = meet || (of_a->has[row] && of_b->has[row]);
    }
    ck_assert_ok(tarn__roaring_union(env, a, b, &both, &err), &err);
    ck_has(both, expected, count);
    for (uint64_t row = 0; row < ROWS; row++) {
        if (of_a->has[row] && !of_b->has[row]) {
            expected[left++] = row;
        }
    }
    ck_assert_ok(tarn__roaring_minus(env, a, b, &less, &err), &err);
    ck_has(less, expected, left);
    ck_assert_int_eq(tarn__roaring_disjoint(a, b), !meet);
    ck_assert_int_eq(tarn__roaring_disjoint(b, a), !meet);
    ck_assert(tarn__roaring_disjoint(less, b) && tarn__roaring_disjoint(b, less));
    tarn__roaring_release(both);
    tarn__roaring_release(less);
    free(expected);
}

START_TEST(roaring__combines_sets) /* T-ROARING-4 */
{
    struct tarn_env *env = tarn_test_env();
    struct model of_a = model_of((unsigned)_i % 7);
    struct model of_b = model_of((unsigned)(_i / 7) * 3 % 7);
    struct tarn__roaring *a = set_of(env, of_a.positions, of_a.count);
    struct tarn__roaring *b = set_of(env, of_b.positions, of_b.count);
    struct tarn__roaring *a_read = again(env, a);
    struct tarn__roaring *b_read = again(env, b);
    ck_combined(env, a, b, &of_a, &of_b);
    ck_combined(env, a_read, b, &of_a, &of_b);
    ck_combined(env, a, b_read, &of_a, &of_b);
    ck_combined(env, a_read, b_read, &of_a, &of_b);
    tarn__roaring_release(a);
    tarn__roaring_release(b);
    tarn__roaring_release(a_read);
    tarn__roaring_release(b_read);
    free_model(&of_a);
    free_model(&of_b);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(roaring__meets_in_one_row) /* T-ROARING-4 */
{
    struct tarn_env *env = tarn_test_env();
    static const uint64_t even[] = {0, 2, 4, 65536 * 3, 65536 * 9};
    static const uint64_t odd[] = {1, 3, 5, 65536 * 4};
    static const uint64_t last[] = {65536 * 9};
    struct tarn__roaring *a = set_of(env, even, 5);
    struct tarn__roaring *b = set_of(env, odd, 4);
    struct tarn__roaring *c = set_of(env, last, 1);
    ck_assert(tarn__roaring_disjoint(a, b) && !tarn__roaring_disjoint(a, c) && tarn__roaring_disjoint(c, b));
    ck_assert_ptr_eq(tarn__roaring_retain(a), a);
    tarn__roaring_release(a);
    tarn__roaring_release(a);
    tarn__roaring_release(b);
    tarn__roaring_release(c);
    tarn_test_env_close(env);
}
END_TEST

#if TARN_TEST_ROARING
START_TEST(roaring__is_that_of_another_library) /* T-ROARING-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct model model = model_of((unsigned)_i);
    struct tarn__roaring *made = set_of(env, model.positions, model.count);
    struct tarn_text_builder out;
    roaring_bitmap_t *theirs = roaring_bitmap_create();
    for (size_t i = 0; i < model.count; i++) {
        roaring_bitmap_add(theirs, (uint32_t)model.positions[i]);
    }
    tarn__builder_init(&out, env);
    ck_assert_ok(tarn__roaring_write(made, &out, &err), &err);
    roaring_bitmap_t *read = roaring_bitmap_portable_deserialize_safe(out.data + 12, out.size - 12);
    ck_assert_ptr_nonnull(read);
    ck_assert(roaring_bitmap_equals(read, theirs));
    for (int runs = 0; runs < 2; runs++) { /* theirs without and with runs */
        const size_t size = roaring_bitmap_portable_size_in_bytes(theirs);
        char *bytes = calloc(1, size + 12);
        struct tarn__roaring *back;
        bytes[0] = 1;
        ck_assert_uint_eq(roaring_bitmap_portable_serialize(theirs, bytes + 12), size);
        ck_assert_ok(tarn__roaring_parse(env, (struct tarn_span){(uint8_t *)bytes, size + 12}, &back, &err), &err);
        ck_has(back, model.positions, model.count);
        if (runs == 1) { /* the smallest of the three kinds, as we choose it */
            ck_assert_uint_eq(out.size, size + 12);
            ck_assert_mem_eq(out.data, bytes, out.size);
        }
        tarn__roaring_release(back);
        free(bytes);
        roaring_bitmap_run_optimize(theirs);
    }
    roaring_bitmap_free(read);
    roaring_bitmap_free(theirs);
    tarn__builder_free(&out);
    tarn__roaring_release(made);
    free_model(&model);
    tarn_test_env_close(env);
}
END_TEST
#endif

static enum tarn_status make_and_combine(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    (void)ctx;
    (void)fault;
    uint64_t positions[6000];
    struct tarn__roaring *a = NULL;
    struct tarn__roaring *b = NULL;
    struct tarn__roaring *both = NULL;
    struct tarn__roaring *back = NULL;
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    for (size_t i = 0; i < 6000; i++) {
        positions[i] = (i * 7919) % 6007 * 40;
    }
    enum tarn_status status = tarn__roaring_of_positions(env, positions, 6000, &a, error);
    status = status == TARN_OK ? tarn__roaring_of_positions(env, positions, 100, &b, error) : status;
    status = status == TARN_OK ? tarn__roaring_union(env, a, b, &both, error) : status;
    status = status == TARN_OK ? tarn__roaring_write(both, &out, error) : status;
    status = status == TARN_OK ? tarn__roaring_parse(env, tarn__span_of_text(tarn__builder_text(&out)), &back, error) : status;
    tarn__builder_free(&out);
    tarn__roaring_release(a);
    tarn__roaring_release(b);
    tarn__roaring_release(both);
    tarn__roaring_release(back);
    return status;
}

START_TEST(roaring__survives_failed_allocations) /* T-ROARING-4 */
{
    ck_assert_uint_gt(tarn_fault_sweep(make_and_combine, NULL, TARN_FAULT_ALL_ALLOC), 10);
}
END_TEST

#if TARN_TEST_ROARING
#define WITH_THE_LIBRARY TARN_LOOP_TIMES(roaring__is_that_of_another_library, 7),
#else
#define WITH_THE_LIBRARY
#endif

TARN_SUITE("roaring", TARN_TEST(roaring__reads_an_array), TARN_TEST(roaring__reads_and_writes_runs),
           TARN_TEST(roaring__reads_the_native_form), TARN_TEST(roaring__reads_nothing), TARN_LOOP_TEST(roaring__refuses_damage, damage),
           TARN_TEST(roaring__counts_the_bits_of_bitmaps), TARN_TEST(roaring__takes_positions_in_any_order),
           TARN_LOOP_TIMES(roaring__agrees_with_a_model, 7), TARN_LOOP_TIMES(roaring__combines_sets, 21),
           TARN_TEST(roaring__meets_in_one_row), WITH_THE_LIBRARY TARN_TEST(roaring__survives_failed_allocations))
