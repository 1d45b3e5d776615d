/* SPDX-License-Identifier: Apache-2.0
 * The kernels: every table that the processor can run against plain loops, over lengths around the block size and unaligned memory.
 */
#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "format/base/cpu.h"
#include "format/kernels/kernels.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdio.h>

enum { MOST = 300, GUARD = 0xa5 };

static const uint32_t lengths[] = {0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 200, MOST};
enum { LENGTHS = sizeof(lengths) / sizeof(lengths[0]) };

static uint32_t seed = 1;

static uint64_t next_random(void)
{
    uint64_t value = 0;
    for (int i = 0; i < 4; i++) {
        seed = seed * 1664525u + 1013904223u;
        value = value << 16 | seed >> 16;
    }
    return value;
}

static uint8_t memory[MOST * 8 + 64];
static uint8_t bits[MOST / 8 + 16];

/* Values of `width` bytes at an odd multiple of their width, small ones often, so that bounds are hit. */
static const void *random_values(unsigned width, unsigned shift)
{
    uint8_t *at = memory + (size_t)shift * width;
    for (size_t i = 0; i < MOST; i++) {
        uint64_t value = next_random();
        if (value % 3 == 0) {
            value = value >> 32 & 7;
        } else if (value % 3 == 1) {
            value = 0 - (value >> 32 & 7);
        }
        for (unsigned k = 0; k < width; k++) {
            at[i * width + k] = (uint8_t)(value >> 8 * (TARN_BIG_ENDIAN ? width - 1 - k : k));
        }
    }
    return at;
}

static uint64_t value_at(const void *values, unsigned width, uint32_t i)
{
    switch (width) {
    case 1:
        return ((const uint8_t *)values)[i];
    case 2:
        return ((const uint16_t *)values)[i];
    case 4:
        return ((const uint32_t *)values)[i];
    default:
        return ((const uint64_t *)values)[i];
    }
}

static void guard(void)
{
    memset(bits, GUARD, sizeof(bits));
}

static void assert_bits(uint32_t count, const bool *expected, const char *what)
{
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_msg(tarn__bit_get(bits, i) == expected[i], "%s: row %u of %u", what, i, count);
    }
    for (uint32_t i = count; i < (count + 7) / 8 * 8; i++) {
        ck_assert_msg(!tarn__bit_get(bits, i), "%s: bit %u behind %u rows", what, i, count);
    }
    ck_assert_msg(bits[(count + 7) / 8] == GUARD, "%s: wrote behind %u rows", what, count);
}

static const enum tarn_cpu levels[] = {TARN_CPU_BASE, TARN_CPU_V3, TARN_CPU_V4};

/* The table of a loop's level, NULL when it cannot run here. */
static const struct tarn__kernels *table_of(int level)
{
    const enum tarn_cpu cpu = levels[level];
    const struct tarn__kernels *table = tarn__kernels_at(cpu);
    if (table == NULL || tarn__cpu_detect() < cpu) {
        ck_assert_msg(level != 0, "the least table is always there");
        fprintf(stderr, "level %d: not run, this processor does not have it\n", level);
        return NULL;
    }
    return table;
}

static void between(const struct tarn__kernels *table, unsigned width, const void *values, uint32_t count, uint64_t low, uint64_t high)
{
    guard();
    switch (width) {
    case 1:
        table->between8(values, count, (uint8_t)low, (uint8_t)high, bits);
        break;
    case 2:
        table->between16(values, count, (uint16_t)low, (uint16_t)high, bits);
        break;
    case 4:
        table->between32(values, count, (uint32_t)low, (uint32_t)high, bits);
        break;
    default:
        table->between64(values, count, low, high, bits);
        break;
    }
}

START_TEST(kernels__between_knows_signed_and_unsigned_ranges)
{
    const struct tarn__kernels *table = table_of(_i);
    for (unsigned width = 1; width <= 8 && table != NULL; width *= 2) {
        const uint64_t mask = width == 8 ? UINT64_MAX : (UINT64_C(1) << width * 8) - 1;
        const uint64_t least = UINT64_C(1) << (width * 8 - 1); /* the smallest signed number */
        const uint64_t ranges[][2] = {{0, 3}, {2, 2}, {0, mask}, {least, 2}, {(0 - UINT64_C(3)) & mask, 5}, {least, least - 1}, {5, mask}};
        for (size_t r = 0; r < sizeof(ranges) / sizeof(ranges[0]); r++) {
            for (int l = 0; l < LENGTHS; l++) {
                bool expected[MOST];
                const void *values = random_values(width, (unsigned)l % 3);
                for (uint32_t i = 0; i < lengths[l]; i++) {
                    expected[i] = ((value_at(values, width, i) - ranges[r][0]) & mask) <= ((ranges[r][1] - ranges[r][0]) & mask);
                }
                between(table, width, values, lengths[l], ranges[r][0], ranges[r][1]);
                assert_bits(lengths[l], expected, "between");
            }
        }
    }
}
END_TEST

START_TEST(kernels__floats_compare_as_c_does)
{
    static const double pool[] = {-INFINITY, -1.5, -0.0, 0.0, 1e-40, 1.5, 3.0, INFINITY, NAN};
    const struct tarn__kernels *table = table_of(_i);
    for (int test = TARN__FLOAT_LT; test <= TARN__FLOAT_NAN && table != NULL; test++) {
        for (int p = 0; p < 8; p++) {
            for (int l = 0; l < LENGTHS; l++) {
                double doubles[MOST];
                float floats[MOST];
                bool expected[2][MOST];
                for (uint32_t i = 0; i < lengths[l]; i++) {
                    doubles[i] = pool[next_random() % 9];
                    floats[i] = (float)pool[next_random() % 9];
                    const double both[] = {doubles[i], (double)floats[i]};
                    const double literals[] = {pool[p], (double)(float)pool[p]};
                    for (int k = 0; k < 2; k++) {
                        expected[k][i] = test == TARN__FLOAT_LT   ? both[k] < literals[k]
                                         : test == TARN__FLOAT_LE ? both[k] <= literals[k]
                                         : test == TARN__FLOAT_EQ ? both[k] == literals[k]
                                                                  : isnan(both[k]) != 0;
                    }
                }
                guard();
                table->test_f64(doubles, lengths[l], pool[p], (enum tarn__float_test)test, bits);
                assert_bits(lengths[l], expected[0], "doubles");
                guard();
                table->test_f32(floats, lengths[l], (float)pool[p], (enum tarn__float_test)test, bits);
                assert_bits(lengths[l], expected[1], "floats");
            }
        }
    }
}
END_TEST

START_TEST(kernels__look_up_codes_and_join_bits)
{
    const struct tarn__kernels *table = table_of(_i);
    static const uint8_t chosen[] = {1, 0, 0, 1, 1, 0};
    for (int l = 0; l < LENGTHS && table != NULL; l++) {
        uint32_t codes[MOST];
        bool expected[MOST];
        uint8_t other[MOST / 8 + 1];
        uint8_t out[MOST / 8 + 1];
        for (uint32_t i = 0; i < lengths[l]; i++) {
            codes[i] = (uint32_t)(next_random() % 6);
            expected[i] = chosen[codes[i]] != 0;
        }
        guard();
        table->lookup(codes, lengths[l], chosen, bits);
        assert_bits(lengths[l], expected, "lookup");
        const size_t bytes = tarn__bits_bytes(lengths[l]);
        for (size_t i = 0; i < bytes; i++) {
            other[i] = (uint8_t)next_random();
        }
        table->bits_and(bits, other, bytes, out);
        for (size_t i = 0; i < bytes; i++) {
            ck_assert_uint_eq(out[i], bits[i] & other[i]);
        }
        table->bits_and_not(bits, other, bytes, out);
        for (size_t i = 0; i < bytes; i++) {
            ck_assert_uint_eq(out[i], bits[i] & (uint8_t)~other[i]);
        }
        table->bits_not(other, bytes, out);
        for (size_t i = 0; i < bytes; i++) {
            ck_assert_uint_eq(out[i], (uint8_t)~other[i]);
        }
    }
}
END_TEST

START_TEST(kernels__sums_of_integers_are_exact)
{
    const struct tarn__kernels *table = table_of(_i);
    for (int l = 0; l < LENGTHS && table != NULL; l++) {
        const int64_t *longs = random_values(8, 1);
        __extension__ __int128 sum = 0;
        for (uint32_t i = 0; i < lengths[l]; i++) {
            sum += longs[i];
        }
        uint64_t words[2];
        table->sum_i64(longs, lengths[l], words);
        ck_assert_uint_eq(words[0], (uint64_t)sum);
        ck_assert_uint_eq(words[1], (uint64_t)(sum >> 64));
        const int32_t *ints = random_values(4, 1);
        int64_t narrow = 0;
        for (uint32_t i = 0; i < lengths[l]; i++) {
            narrow += ints[i];
        }
        ck_assert_int_eq(table->sum_i32(ints, lengths[l]), narrow);
    }
    int64_t largest[] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN};
    uint64_t words[2];
    if (table != NULL) {
        table->sum_i64(largest, 3, words); /* 3 * (2^63 - 1) */
        ck_assert_uint_eq(words[0], UINT64_C(0x7ffffffffffffffd));
        ck_assert_uint_eq(words[1], 1);
        table->sum_i64(largest, 7, words); /* -2^63 - 3 */
        ck_assert_uint_eq(words[0], UINT64_C(0x7ffffffffffffffd));
        ck_assert_uint_eq(words[1], UINT64_MAX);
    }
}
END_TEST

START_TEST(kernels__sums_of_floats_are_one_answer_to_the_bit)
{
    const struct tarn__kernels *table = table_of(_i);
    const struct tarn__kernels *base = tarn__kernels_at(TARN_CPU_BASE);
    static double doubles[5000];
    static float floats[5000];
    static const uint32_t counts[] = {0, 1, 7, 8, 9, 1023, 1024, 1025, 2048, 3000, 5000};
    for (uint32_t i = 0; i < 5000; i++) {
        doubles[i] = (double)(int64_t)next_random() * 1e-7;
        floats[i] = (float)(doubles[i] * 1e-3);
    }
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]) && table != NULL; c++) {
        const double sums[] = {table->sum_f64(doubles, counts[c]), base->sum_f64(doubles, counts[c]), table->sum_f32(floats, counts[c]),
                               base->sum_f32(floats, counts[c])};
        ck_assert_mem_eq(&sums[0], &sums[1], sizeof(sums[0]));
        ck_assert_mem_eq(&sums[2], &sums[3], sizeof(sums[2]));
        long double plain = 0;
        for (uint32_t i = 0; i < counts[c]; i++) {
            plain += (long double)doubles[i];
        }
        ck_assert_double_le(fabs(sums[0] - (double)plain), 1.0); /* of 10^14: a few units in the last place */
    }
    const double special[] = {1, INFINITY, 2, NAN};
    if (table != NULL) {
        ck_assert(isinf(table->sum_f64(special, 3)));
        ck_assert(isnan(table->sum_f64(special, 4)));
    }
}
END_TEST

START_TEST(kernels__are_those_that_the_env_asks_for)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_error err = TARN_ERROR_INIT;
    options.cpu = TARN_CPU_BASE;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_str_eq(tarn__kernels_of(env)->name, "base");
    tarn_test_env_close(env);
    env = tarn_test_env();
    ck_assert_ptr_eq(tarn__kernels_of(env), tarn__kernels_at(tarn__cpu_detect()));
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/kernels", TARN_LOOP_TEST(kernels__between_knows_signed_and_unsigned_ranges, levels),
           TARN_LOOP_TEST(kernels__floats_compare_as_c_does, levels), TARN_LOOP_TEST(kernels__look_up_codes_and_join_bits, levels),
           TARN_LOOP_TEST(kernels__sums_of_integers_are_exact, levels),
           TARN_LOOP_TEST(kernels__sums_of_floats_are_one_answer_to_the_bit, levels), TARN_TEST(kernels__are_those_that_the_env_asks_for))
