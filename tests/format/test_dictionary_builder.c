/* SPDX-License-Identifier: Apache-2.0
 *
 * Building a dictionary: codes in order of appearance, a limit in bytes, entries as PLAIN stores them.
 */
#include "format/base/bytes.h"
#include "format/column/dictionary_builder.h"
#include "tests/support/suite.h"

static struct tarn_env *env;
static struct tarn_error err;
static struct tarn__dictionary_builder builder;

static void begin(uint32_t width, uint64_t limit)
{
    err = (struct tarn_error)TARN_ERROR_INIT;
    env = tarn_test_env();
    ck_assert_ok(tarn__dictionary_builder_init(&builder, env, width, limit, &err), &err);
}

static void end(void)
{
    tarn__dictionary_builder_free(&builder);
    tarn_test_env_close(env);
}

START_TEST(dictionary_builder__codes_follow_appearance)
{
    static const uint8_t values[] = {9, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0};
    static const uint8_t plain[] = {9, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0};
    static const uint32_t expected[] = {0, 1, 0, 2};
    uint32_t codes[4];
    size_t done;
    begin(4, 100);
    ck_assert_ok(tarn__dictionary_add_fixed(&builder, values, 4, codes, &done, &err), &err);
    ck_assert_uint_eq(done, 4);
    ck_assert_mem_eq(codes, expected, sizeof(expected));
    ck_assert_uint_eq(builder.plain->size, sizeof(plain));
    ck_assert_mem_eq(builder.plain->data, plain, sizeof(plain));
    tarn__dictionary_builder_reset(&builder);
    ck_assert_ok(tarn__dictionary_add_fixed(&builder, values + 4, 1, codes, &done, &err), &err);
    ck_assert_uint_eq(codes[0], 0);
    ck_assert_uint_eq(builder.count, 1);
    end();
}
END_TEST

START_TEST(dictionary_builder__full_one_says_where_it_stopped)
{
    const uint64_t values[] = {1, 2, 1, 3, 1};
    uint32_t codes[5];
    size_t done;
    begin(8, 16);
    ck_assert_ok(tarn__dictionary_add_fixed(&builder, (const uint8_t *)values, 5, codes, &done, &err), &err);
    ck_assert_uint_eq(done, 3);
    ck_assert_uint_eq(builder.count, 2);
    /* What is there is still found. */
    ck_assert_ok(tarn__dictionary_add_fixed(&builder, (const uint8_t *)values, 2, codes, &done, &err), &err);
    ck_assert_uint_eq(done, 2);
    end();
}
END_TEST

START_TEST(dictionary_builder__byte_arrays_have_lengths)
{
    static const uint8_t plain[] = {2, 0, 0, 0, 'a', 'b', 0, 0, 0, 0, 1, 0, 0, 0, 'a'};
    uint32_t code;
    bool fits;
    begin(0, sizeof(plain));
    static const char *const texts[] = {"ab", "", "a", "ab", ""};
    static const uint32_t expected[] = {0, 1, 2, 0, 1};
    for (size_t i = 0; i < 5; i++) {
        ck_assert_ok(
            tarn__dictionary_add_bytes(&builder, (struct tarn_span){(const uint8_t *)texts[i], strlen(texts[i])}, &code, &fits, &err),
            &err);
        ck_assert(fits);
        ck_assert_uint_eq(code, expected[i]);
    }
    ck_assert_ok(tarn__dictionary_add_bytes(&builder, (struct tarn_span){(const uint8_t *)"b", 1}, &code, &fits, &err), &err);
    ck_assert(!fits);
    ck_assert_uint_eq(builder.plain->size, sizeof(plain));
    ck_assert_mem_eq(builder.plain->data, plain, sizeof(plain));
    ck_assert_uint_eq(tarn__dictionary_entry(&builder, 0).size, 2);
    ck_assert_mem_eq(tarn__dictionary_entry(&builder, 2).data, "a", 1);
    end();
}
END_TEST

static const uint32_t widths[] = {3, 4, 8, 16, 0};

START_TEST(dictionary_builder__many_values_keep_their_codes)
{
    enum { VALUES = 20000 };
    const uint32_t width = widths[_i];
    uint32_t code = 0;
    bool fits = true;
    size_t done;
    begin(width, 1 << 20);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < VALUES; i++) {
            uint8_t value[16] = {0};
            tarn__store32(value, i * 640); /* the low bits of all are equal */
            if (width == 0) {
                ck_assert_ok(tarn__dictionary_add_bytes(&builder, (struct tarn_span){value, 4}, &code, &fits, &err), &err);
                ck_assert(fits);
            } else {
                ck_assert_ok(tarn__dictionary_add_fixed(&builder, value, 1, &code, &done, &err), &err);
                ck_assert_uint_eq(done, 1);
            }
            ck_assert_uint_eq(code, i);
        }
    }
    ck_assert_uint_eq(builder.count, VALUES);
    end();
}
END_TEST

START_TEST(dictionary_builder__zeros_of_two_signs_are_two)
{
    const double zeros[] = {0.0, -0.0};
    uint32_t codes[2];
    size_t done;
    begin(8, 100);
    ck_assert_ok(tarn__dictionary_add_fixed(&builder, (const uint8_t *)zeros, 2, codes, &done, &err), &err);
    ck_assert_uint_eq(codes[1], 1);
    end();
}
END_TEST

TARN_SUITE("dictionary_builder", TARN_TEST(dictionary_builder__codes_follow_appearance),
           TARN_TEST(dictionary_builder__full_one_says_where_it_stopped), TARN_TEST(dictionary_builder__byte_arrays_have_lengths),
           TARN_LOOP_TEST(dictionary_builder__many_values_keep_their_codes, widths),
           TARN_TEST(dictionary_builder__zeros_of_two_signs_are_two))
