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

/* What the builder must give, found by looking at every entry. */
struct model {
    uint64_t entries[6000];
    uint32_t count;
};

static uint32_t model_code(struct model *model, uint64_t value)
{
    for (uint32_t i = 0; i < model->count; i++) {
        if (model->entries[i] == value) {
            return i;
        }
    }
    ck_assert_uint_lt(model->count, 6000);
    model->entries[model->count] = value;
    return model->count++;
}

static const uint32_t number_widths[] = {4, 8};

/* Calls of all lengths: single values first, then enough for a window; values below it, in it, above it, and at the ends of the type. */
START_TEST(dictionary_builder__a_window_changes_no_code)
{
    enum { CALLS = 60, MOST = 1000 };
    static const int64_t bases[] = {0, -40, 1000000, INT32_MIN, INT32_MAX - 500};
    const uint32_t width = number_widths[_i];
    static struct model model;
    static uint8_t values[MOST * 8];
    uint32_t codes[MOST];
    size_t done;
    begin(width, 1 << 20);
    for (size_t b = 0; b < sizeof(bases) / sizeof(bases[0]); b++) {
        uint64_t state = 12345 + b;
        model.count = 0;
        tarn__dictionary_builder_reset(&builder);
        for (size_t call = 0; call < CALLS; call++) {
            const size_t n = call < 10 ? 1 + call % 3 : 1 + call * 16;
            for (size_t i = 0; i < n; i++) {
                state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
                const int64_t spread = call < 30 ? 100 : 3000;
                const int64_t value = i % 97 == 96 ? INT32_MIN + (int64_t)(state >> 60) : bases[b] + (int64_t)(state >> 33) % spread;
                memcpy(values + i * width, &(int64_t){width == 4 ? (int32_t)value : value}, width);
            }
            ck_assert_ok(tarn__dictionary_add_fixed(&builder, values, n, codes, &done, &err), &err);
            ck_assert_uint_eq(done, n);
            for (size_t i = 0; i < n; i++) {
                uint64_t value = 0;
                memcpy(&value, values + i * width, width);
                ck_assert_uint_eq(codes[i], model_code(&model, value));
            }
        }
        ck_assert_uint_eq(builder.count, model.count);
        for (uint32_t i = 0; i < model.count; i++) {
            ck_assert_mem_eq(tarn__dictionary_entry(&builder, i).data, &model.entries[i], width);
        }
    }
    end();
}
END_TEST

START_TEST(dictionary_builder__a_full_one_with_a_window_stops_there)
{
    uint32_t values[400];
    uint32_t codes[400];
    size_t done;
    begin(4, 300 * 4);
    for (uint32_t i = 0; i < 400; i++) {
        values[i] = 7 + i;
    }
    ck_assert_ok(tarn__dictionary_add_fixed(&builder, (const uint8_t *)values, 400, codes, &done, &err), &err);
    ck_assert_uint_eq(done, 300);
    ck_assert_uint_eq(builder.plain->size, 1200);
    ck_assert_uint_eq(codes[299], 299);
    end();
}
END_TEST

/* Texts of 0 to 40 bytes that differ in one byte, at any place. */
START_TEST(dictionary_builder__texts_are_told_apart_by_every_byte)
{
    enum { LONGEST = 40 };
    static uint8_t bytes[LONGEST * LONGEST * LONGEST];
    static uint32_t offsets[LONGEST * LONGEST + 2];
    static uint32_t rows[LONGEST * LONGEST + 2];
    static uint32_t codes[LONGEST * LONGEST + 2];
    uint32_t n = 0;
    uint32_t code;
    size_t done;
    bool fits;
    for (uint32_t size = 0; size <= LONGEST; size++) {
        for (uint32_t at = 0; at < size || (size == 0 && at == 0); at++) {
            memset(bytes + offsets[n], 'x', size);
            if (size != 0) {
                bytes[offsets[n] + at] = 'y';
            }
            offsets[n + 1] = offsets[n] + size;
            rows[n] = n;
            n++;
            if (n == LONGEST * LONGEST) {
                break;
            }
        }
    }
    begin(0, 1 << 20);
    for (int round = 0; round < 3; round++) {
        const struct tarn__text_rows texts = {bytes, offsets, round == 1 ? rows : NULL, 0};
        ck_assert_ok(tarn__dictionary_add_texts(&builder, texts, n, codes, &done, &err), &err);
        ck_assert_uint_eq(done, n);
        for (uint32_t i = 0; i < n; i++) {
            ck_assert_uint_eq(codes[i], i);
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct tarn_span text = {bytes + offsets[i], offsets[i + 1] - offsets[i]};
        ck_assert_ok(tarn__dictionary_add_bytes(&builder, text, &code, &fits, &err), &err);
        ck_assert(fits);
        ck_assert_uint_eq(code, i);
    }
    /* A new chunk knows none of them. */
    tarn__dictionary_builder_reset(&builder);
    ck_assert_ok(tarn__dictionary_add_texts(&builder, (struct tarn__text_rows){bytes, offsets, NULL, 5}, 3, codes, &done, &err), &err);
    ck_assert_uint_eq(codes[2], 2);
    ck_assert_uint_eq(builder.count, 3);
    end();
    /* One that is full stops before the text that has no room. */
    begin(0, 4 + 4 + 1);
    ck_assert_ok(tarn__dictionary_add_texts(&builder, (struct tarn__text_rows){bytes, offsets, NULL, 0}, 5, codes, &done, &err), &err);
    ck_assert_uint_eq(done, 2);
    end();
}
END_TEST

TARN_SUITE("dictionary_builder", TARN_TEST(dictionary_builder__codes_follow_appearance),
           TARN_TEST(dictionary_builder__full_one_says_where_it_stopped), TARN_TEST(dictionary_builder__byte_arrays_have_lengths),
           TARN_LOOP_TEST(dictionary_builder__many_values_keep_their_codes, widths),
           TARN_TEST(dictionary_builder__zeros_of_two_signs_are_two),
           TARN_LOOP_TEST(dictionary_builder__a_window_changes_no_code, number_widths),
           TARN_TEST(dictionary_builder__a_full_one_with_a_window_stops_there),
           TARN_TEST(dictionary_builder__texts_are_told_apart_by_every_byte))
