/* SPDX-License-Identifier: Apache-2.0
 * Writing ALP: the specification's worked example byte by byte, the plain encoder of the tests, numbers that no integer can stand for.
 * Numbers are compared by their bits.
 */
#include <math.h>
#include <stdlib.h>

#include "format/base/cpu.h"
#include "format/encoding/alp.h"
#include "format/encoding/alp_encode.h"
#include "tests/support/encodings.h"
#include "tests/support/kernel_levels.h"

enum { MOST = 12000 };

static struct tarn_error err;
/* Numbers as PLAIN stores them, behind one byte, in memory of exactly their size. free() it. */
static uint8_t *plain_of(unsigned width, uint32_t n, const void *values)
{
    uint8_t *plain = malloc(1 + (size_t)n * width);
    ck_assert_ptr_nonnull(plain);
    for (uint32_t i = 0; i < n; i++) {
        if (width == 4) {
            uint32_t bits;
            memcpy(&bits, (const float *)values + i, sizeof(bits));
            tarn__store32(plain + 1 + (size_t)i * 4, bits);
        } else {
            uint64_t bits;
            memcpy(&bits, (const double *)values + i, sizeof(bits));
            tarn__store64(plain + 1 + (size_t)i * 8, bits);
        }
    }
    return plain;
}

START_TEST(alp_encode__writes_the_worked_example) /* P-ENC-ALP-6 P-ENC-ALP-7 */
{
    static const uint8_t example[] = {
        /* clang-format off */
        0, 0, 10, 4, 0, 0, 0,
        4, 0, 0, 0,
        4, 3, 1, 0,
        0x07, 0x0d, 0, 0, 0, 0, 0, 0, 15,
        0x91, 0xad, 0xc8, 0x56, 0x28, 0x15, 0x00, 0x00,
        1, 0,
        0x01, 0, 0, 0, 0, 0, 0xf8, 0x7f,
        /* clang-format on */
    };
    const struct tarn__alp_choice choice = {1, {4}, {3}};
    const uint64_t nan_bits = UINT64_C(0x7ff8000000000001);
    double values[4] = {1500, 0, 2500, 333.5};
    memcpy(&values[1], &nan_bits, sizeof(nan_bits));
    for (unsigned level = 0; level < TARN_TEST_LEVELS; level++) {
        if (!tarn_test_level_runs(tarn_test_levels[level])) {
            continue;
        }
        struct tarn_env *env = tarn_test_env_at(tarn_test_levels[level]);
        struct tarn_buffer *out = tarn__buffer_new(env, 0);
        uint8_t *plain = plain_of(8, 4, values);
        ck_assert(tarn__buffer_append(out, "?", 1));
        ck_assert_ok(tarn__alp_encode(out, plain + 1, 8, 4, &choice, &err), &err);
        ck_assert_uint_eq(out->size, 1 + sizeof(example));
        ck_assert_mem_eq(out->data + 1, example, sizeof(example));
        free(plain);
        tarn__buffer_release(out);
        tarn_test_env_close(env);
    }
}
END_TEST

START_TEST(alp_encode__writes_floats_by_hand) /* P-ENC-ALP-6 P-ENC-ALP-7 */
{
    /* 0.5, inf, 1.5, -0.0: 5, 15 with exponent 1; frame 5, four bits: 0, 0, 10, 0. No number at all is a header. */
    static const uint8_t page[] = {
        /* clang-format off */
        0, 0, 10, 4, 0, 0, 0,
        4, 0, 0, 0,
        1, 0, 2, 0,
        5, 0, 0, 0, 4,
        0x00, 0x0a,
        1, 0, 3, 0,
        0, 0, 0x80, 0x7f, 0, 0, 0, 0x80,
        0, 0, 10, 0, 0, 0, 0,
        /* clang-format on */
    };
    static const float values[4] = {0.5F, INFINITY, 1.5F, -0.0F};
    const struct tarn__alp_choice choice = {1, {1}, {0}};
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    uint8_t *plain = plain_of(4, 4, values);
    ck_assert_ok(tarn__alp_encode(out, plain + 1, 4, 4, &choice, &err), &err);
    ck_assert_ok(tarn__alp_encode(out, plain + 1, 4, 0, &choice, &err), &err);
    ck_assert_uint_eq(out->size, sizeof(page));
    ck_assert_mem_eq(out->data, page, sizeof(page));
    free(plain);
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}
END_TEST

/* Encodes, decodes, compares; the bytes stay in `out`. */
static void check(struct tarn_env *env, struct tarn_buffer *out, unsigned width, uint32_t n, const void *values,
                  const struct tarn__alp_choice *choice)
{
    static uint8_t back[MOST * 8];
    struct tarn__alp_reader reader;
    uint8_t *plain = plain_of(width, n, values);
    out->size = 0;
    ck_assert_ok(tarn__alp_encode(out, plain + 1, width, n, choice, &err), &err);
    uint8_t *exact = tarn_test_exact(tarn__buffer_span(out));
    const struct tarn__kernels *kernels = tarn__kernels_of(env);
    ck_assert_ok(tarn__alp_reader_init(&reader, kernels, (struct tarn_span){exact, out->size}, width, n, &err), &err);
    ck_assert_ok(tarn__alp_reader_take(&reader, n, back, &err), &err);
    ck_assert_msg(n == 0 || memcmp(back, values, (size_t)n * width) == 0, "%s: %u numbers of %u bytes", kernels->name, n, width);
    free(exact);
    free(plain);
}

/* The plain encoder keeps few integers among many exceptions, which this one does not. */
static unsigned same_or_smaller(const struct tarn_buffer *out, const struct tarn_buffer *expected)
{
    ck_assert_uint_le(out->size, expected->size);
    if (out->size != expected->size) {
        return 0;
    }
    ck_assert_mem_eq(out->data, expected->data, out->size);
    return 1;
}

START_TEST(alp_encode__writes_every_exponent_and_factor) /* P-ENC-ALP-6 P-ENC-ALP-7; the exponent is _i */
{
    enum { COUNT = 2100 };
    static double doubles[COUNT];
    static float floats[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        doubles[i] = ((double)i * 97 - 11111) / 10000;
        floats[i] = (float)((double)i * 3 - 400) / 1000;
    }
    doubles[7] = -0.0;
    doubles[8] = INFINITY;
    doubles[9] = 5e-324;
    doubles[1024] = -1.7976931348623157e308; /* an exception first */
    floats[0] = -0.0F;
    floats[8] = -INFINITY;
    floats[9] = NAN;
    for (unsigned level = 0; level < TARN_TEST_LEVELS; level++) {
        if (!tarn_test_level_runs(tarn_test_levels[level])) {
            continue;
        }
        struct tarn_env *env = tarn_test_env_at(tarn_test_levels[level]);
        unsigned same = 0;
        for (unsigned factor = 0; factor <= (unsigned)_i; factor++) {
            const struct tarn__alp_choice choice = {1, {(uint8_t)_i}, {(uint8_t)factor}};
            struct tarn_buffer *expected = tarn__buffer_new(env, 0);
            struct tarn_buffer *out = tarn__buffer_new(env, 0);
            if (_i - (int)factor < 12) { /* beyond, integers that this encoder leaves as exceptions */
                tarn_test_put_alp64(expected, 10, (unsigned)_i, factor, COUNT, doubles);
                check(env, out, 8, COUNT, doubles, &choice);
                same += same_or_smaller(out, expected);
            } else {
                check(env, out, 8, COUNT, doubles, &choice);
            }
            if (_i <= 10) {
                check(env, out, 4, COUNT, floats, &choice);
            }
            if (_i <= 10 && _i - (int)factor < 9) { /* beyond, integers around 2^31, of which the plain encoder leaves some */
                expected->size = 0;
                tarn_test_put_alp32(expected, 10, (unsigned)_i, factor, COUNT, floats);
                same += same_or_smaller(out, expected);
            }
            tarn__buffer_release(expected);
            tarn__buffer_release(out);
        }
        ck_assert_uint_ge(same, _i >= 3 ? 1 : 0); /* the numbers have up to four digits behind the point */
        tarn_test_env_close(env);
    }
}
END_TEST

/* Columns by kind, and the most bits for a number that they may take. */
static const struct {
    const char *name;
    double most_bits_64;
    double most_bits_32;
} kinds[] = {
    {"prices of two digits", 15, 17}, {"whole numbers", 15, 15},         {"one number again and again", 1, 1},
    {"any bits at all", 81, 49},      {"half prices, half any", 50, 34}, {"prices of two digits, then of four", 22, 34},
    {"large whole numbers", 32, 33},
};

static double number_of(int kind, uint32_t i)
{
    const uint64_t pattern = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    double any;
    memcpy(&any, &pattern, sizeof(any));
    switch (kind) {
    case 0:
        return (double)(pattern >> 50) / 100;
    case 1:
        return (double)(pattern >> 50) - 8000;
    case 2:
        return 0.1;
    case 3:
        return any;
    case 4:
        return i / 1024 % 2 == 0 ? any : (double)(pattern >> 50) / 100;
    case 5:
        return i < MOST / 2 ? (double)(pattern >> 50) / 100 : (double)(pattern >> 43) / 10000;
    default:
        return (double)(int64_t)(pattern >> 34) - 1e8;
    }
}

START_TEST(alp_encode__chooses_well) /* P-ENC-ALP-8 P-ENC-ALP-7; kinds of columns by _i */
{
    static const uint32_t counts[] = {0, 1, 2, 7, 31, 33, 1023, 1024, 1025, MOST};
    static double doubles[MOST];
    static float floats[MOST];
    for (uint32_t i = 0; i < MOST; i++) {
        const uint32_t pattern = (i + 1) * 0x9e3779b9u;
        doubles[i] = number_of(_i, i);
        floats[i] = (float)doubles[i];
        if (_i == 3) {
            memcpy(&floats[i], &pattern, sizeof(pattern));
        }
    }
    struct tarn_buffer *before[2] = {NULL, NULL};
    for (unsigned level = 0; level < TARN_TEST_LEVELS; level++) {
        if (!tarn_test_level_runs(tarn_test_levels[level])) {
            continue;
        }
        struct tarn_env *env = tarn_test_env_at(tarn_test_levels[level]);
        const struct tarn__kernels *kernels = tarn__kernels_of(env);
        for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
            for (unsigned wide = 0; wide < 2; wide++) {
                const unsigned width = wide == 0 ? 4 : 8;
                const void *values = wide == 0 ? (const void *)floats : (const void *)doubles;
                struct tarn_buffer *out = tarn__buffer_new(env, 0);
                struct tarn__alp_choice choice;
                uint8_t *plain = plain_of(width, counts[c], values);
                tarn__alp_choose(kernels, plain + 1, width, counts[c], &choice);
                check(env, out, width, counts[c], values, &choice);
                if (counts[c] == MOST) {
                    const double bits = (double)out->size * 8 / MOST;
                    const double most = wide == 0 ? kinds[_i].most_bits_32 : kinds[_i].most_bits_64;
                    ck_assert_msg(bits <= most, "%s of %u bytes: %.2f bits a number", kinds[_i].name, width, bits);
                    if (before[wide] != NULL) { /* every level writes the same */
                        ck_assert_uint_eq(out->size, before[wide]->size);
                        ck_assert_mem_eq(out->data, before[wide]->data, out->size);
                    }
                    tarn__buffer_release(before[wide]);
                    before[wide] = tarn__buffer_retain(out);
                }
                free(plain);
                tarn__buffer_release(out);
            }
        }
        tarn_env_close(env);
    }
    tarn__buffer_release(before[0]);
    tarn__buffer_release(before[1]);
}
END_TEST

START_TEST(alp_encode__leaves_nothing_without_memory)
{
    static double values[MOST];
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn__alp_choice choice = {1, {0}, {0}};
    struct tarn_env *env;
    for (uint32_t i = 0; i < MOST; i++) {
        values[i] = number_of(3, i);
    }
    uint8_t *plain = plain_of(8, MOST, values);
    options.memory_limit = 60000;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    ck_assert(tarn__buffer_append(out, "kept", 4));
    ck_assert_status(tarn__alp_encode(out, plain + 1, 8, MOST, &choice, &err), TARN_LIMIT);
    ck_assert_uint_eq(out->size, 4);
    ck_assert_mem_eq(out->data, "kept", 4);
    ck_assert_status(tarn__alp_encode(out, plain + 1, 8, UINT32_C(1) << 31, &choice, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "page_size");
    free(plain);
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/alp_encode", TARN_TEST(alp_encode__writes_the_worked_example), TARN_TEST(alp_encode__writes_floats_by_hand),
           TARN_LOOP_TIMES(alp_encode__writes_every_exponent_and_factor, 19), TARN_LOOP_TEST(alp_encode__chooses_well, kinds),
           TARN_TEST(alp_encode__leaves_nothing_without_memory))
