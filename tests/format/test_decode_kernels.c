/* SPDX-License-Identifier: Apache-2.0
 * The kernels of decoding: every table that the processor can run against plain loops, over all widths, lengths around the block sizes, and
 * memory at every alignment that ends where nothing more may be read.
 */
#include "format/base/bytes.h"
#include "format/kernels/decode_kernels.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST = 130, GUARD = 0xa5 };

static const size_t lengths[] = {0, 1, 7, 8, 9, 15, 16, 17, 33, 63, 64, 65, MOST};
enum { LENGTHS = sizeof(lengths) / sizeof(lengths[0]) };

static uint32_t seed = 1;

static uint8_t random_byte(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint8_t)(seed >> 24);
}

static const struct tarn__decode_kernels *table_of(int number)
{
    const struct tarn__decode_kernels *table = tarn__decode_kernels_at((unsigned)number);
    if (table == NULL) {
        ck_assert_msg(number != 0, "the least table is always there");
        fprintf(stderr, "table %d: not run, this processor does not have it\n", number);
    }
    return table;
}

static uint32_t bits_at(const uint8_t *in, size_t size, unsigned width, size_t index)
{
    uint32_t value = 0;
    for (unsigned bit = 0; bit < width; bit++) {
        const size_t at = index * width + bit;
        if (at / 8 < size && tarn__bit_get(in, at)) {
            value |= UINT32_C(1) << bit;
        }
    }
    return value;
}

/* `size` bytes of its own memory, so that a sanitizer sees each read behind them. */
static uint8_t *exact(size_t size, size_t shift)
{
    uint8_t *memory = malloc(size + shift + (size + shift == 0));
    for (size_t i = 0; i < size; i++) {
        memory[shift + i] = random_byte();
    }
    return memory;
}

static void unpack_both(const struct tarn__decode_kernels *table, unsigned width, size_t n, size_t size, size_t shift)
{
    uint32_t out32[MOST + 1];
    uint8_t out8[MOST + 1];
    uint8_t *memory = exact(size, shift);
    const uint8_t *in = memory + shift;
    memset(out32, GUARD, sizeof(out32));
    memset(out8, GUARD, sizeof(out8));
    table->unpack32(in, size, width, n, out32);
    if (width <= 8) {
        table->unpack8(in, size, width, n, out8);
    }
    for (size_t i = 0; i < n; i++) {
        const uint32_t expected = bits_at(in, size, width, i);
        if (out32[i] != expected || (width <= 8 && out8[i] != expected)) { /* an assertion for each value would take seconds */
            ck_abort_msg("%s: value %zu of %zu, width %u, %zu bytes", table->name, i, n, width, size);
        }
    }
    ck_assert_msg(out32[n] == 0xa5a5a5a5 && out8[n] == GUARD, "%s: wrote behind %zu values of width %u", table->name, n, width);
    free(memory);
}

START_TEST(decode_kernels__unpack_every_width)
{
    const struct tarn__decode_kernels *table = table_of(_i);
    for (unsigned width = 0; table != NULL && width <= 32; width++) {
        for (int l = 0; l < LENGTHS; l++) {
            const size_t whole = (lengths[l] * width + 7) / 8;
            const size_t shift = (width + (size_t)l) % 8;
            unpack_both(table, width, lengths[l], whole, shift);
            unpack_both(table, width, lengths[l], whole + 3, shift);
            unpack_both(table, width, lengths[l], whole + 70, shift);
            unpack_both(table, width, lengths[l], whole / 2, shift); /* what is missing is zero */
        }
    }
}
END_TEST

START_TEST(decode_kernels__find_the_largest)
{
    const struct tarn__decode_kernels *table = table_of(_i);
    uint32_t values[MOST];
    uint8_t bytes[MOST];
    for (int l = 0; table != NULL && l < LENGTHS; l++) {
        const size_t n = lengths[l];
        ck_assert_uint_eq(table->largest32(values, 0), 0);
        ck_assert_uint_eq(table->largest8(bytes, 0), 0);
        for (size_t where = 0; where < n; where++) {
            memset(values, 0, sizeof(values));
            memset(bytes, 0, sizeof(bytes));
            values[where] = UINT32_MAX - 1;
            bytes[where] = 0xfe;
            ck_assert_uint_eq(table->largest32(values, n), UINT32_MAX - 1);
            ck_assert_uint_eq(table->largest8(bytes, n), 0xfe);
        }
    }
}
END_TEST

START_TEST(decode_kernels__look_entries_up)
{
    static const size_t counts[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100};
    const struct tarn__decode_kernels *table = table_of(_i);
    for (size_t c = 0; table != NULL && c < sizeof(counts) / sizeof(counts[0]); c++) {
        const size_t count = counts[c];
        uint8_t *memory = exact(count * 8, 0);
        uint32_t codes[MOST];
        for (int l = 0; l < LENGTHS; l++) {
            const size_t n = lengths[l];
            uint32_t out32[MOST + 1];
            uint64_t out64[MOST + 1];
            for (size_t i = 0; i < n; i++) {
                codes[i] = random_byte() % (uint32_t)count;
            }
            out32[n] = GUARD;
            out64[n] = GUARD;
            table->gather32((const uint32_t *)(const void *)memory, count, codes, n, out32);
            table->gather64((const uint64_t *)(const void *)memory, count, codes, n, out64);
            for (size_t i = 0; i < n; i++) {
                if (memcmp(&out32[i], memory + 4 * (size_t)codes[i], 4) != 0 || memcmp(&out64[i], memory + 8 * (size_t)codes[i], 8) != 0) {
                    ck_abort_msg("%s: row %zu of %zu, %zu entries", table->name, i, n, count);
                }
            }
            ck_assert_uint_eq(out32[n], GUARD);
            ck_assert_uint_eq(out64[n], GUARD);
        }
        free(memory);
    }
}
END_TEST

START_TEST(decode_kernels__spread_values_over_nulls)
{
    const struct tarn__decode_kernels *table = table_of(_i);
    for (int round = 0; table != NULL && round < 40; round++) {
        for (int l = 0; l < LENGTHS; l++) {
            const uint32_t n = (uint32_t)lengths[l];
            const uint64_t at = (uint64_t)round % 11;
            uint8_t *validity = exact((n + at + 7) / 8, 0);
            uint32_t *slots32 = malloc((n + 1) * sizeof(*slots32));
            uint64_t *slots64 = malloc((n + 1) * sizeof(*slots64));
            uint32_t present = 0;
            for (uint32_t i = 0; i < n; i++) {
                if (round % 4 == 0 && i % 32 != 0) { /* long runs of both */
                    tarn__bit_put(validity, at + i, tarn__bit_get(validity, at + i - 1));
                }
                present += tarn__bit_get(validity, at + i);
            }
            for (uint32_t i = 0; i <= n; i++) {
                slots32[i] = i < present ? i + 1 : i == n ? GUARD : UINT32_MAX;
                slots64[i] = slots32[i];
            }
            table->spread32(slots32, validity, at, n, present);
            table->spread64(slots64, validity, at, n, present);
            uint32_t next = 1;
            for (uint32_t i = 0; i < n; i++) {
                const uint32_t expected = tarn__bit_get(validity, at + i) ? next++ : 0;
                if (slots32[i] != expected || slots64[i] != expected) {
                    ck_abort_msg("%s: slot %u of %u", table->name, i, n);
                }
            }
            ck_assert(slots32[n] == GUARD && slots64[n] == GUARD);
            free(validity);
            free(slots32);
            free(slots64);
        }
    }
}
END_TEST

/* Levels of `n` pairs, low ones, each array of its own size. */
static uint8_t *random_levels(size_t n, unsigned most)
{
    uint8_t *levels = exact(n, 0);
    for (size_t i = 0; i < n; i++) {
        levels[i] = (uint8_t)(levels[i] % (most + 1));
    }
    return levels;
}

static void check_levels(const struct tarn__decode_kernels *table, const uint8_t *definition, const uint8_t *repetition, size_t n,
                         uint64_t at)
{
    const struct tarn__level_rule lists = {1, 1, 2};
    const struct tarn__level_rule elements = {3, 2, 3};
    uint8_t bits[MOST / 8 + 16] = {0};
    uint32_t offsets[MOST + 1];
    size_t present;
    uint64_t element_count;
    size_t slots = 0;
    size_t set = 0;
    uint32_t count = 0;
    const size_t most = n / 2;
    memset(offsets, GUARD, sizeof(offsets));
    const size_t found = table->level_slots(definition, repetition, n, lists, bits, at, &present);
    const size_t listed = table->list_offsets(definition, repetition, n, lists, elements, offsets, most, &element_count);
    for (size_t i = 0; i < n; i++) {
        if (repetition[i] <= 1 && definition[i] >= 1) {
            const bool expected = definition[i] >= 2;
            if (tarn__bit_get(bits, at + slots) != expected || (slots < most && offsets[slots] != count)) {
                ck_abort_msg("%s: pair %zu of %zu", table->name, i, n);
            }
            set += expected;
            slots++;
        }
        count += repetition[i] <= 2 && definition[i] >= 3;
    }
    ck_assert_uint_eq(found, slots);
    ck_assert_uint_eq(listed, slots);
    ck_assert_uint_eq(present, set);
    ck_assert_uint_eq(element_count, count);
    ck_assert(slots >= most || offsets[slots] == 0xa5a5a5a5);
    for (size_t i = at + slots; i < sizeof(bits) * 8; i++) {
        if (tarn__bit_get(bits, i) || (i < at && tarn__bit_get(bits, i))) {
            ck_abort_msg("%s: bit %zu behind %zu slots", table->name, i, slots);
        }
    }
    const struct tarn__level_rule all = {0, 0, 2}; /* without repetition levels, and only counted */
    ck_assert_uint_eq(table->level_slots(definition, NULL, n, all, NULL, 0, &present), n);
    set = 0;
    for (size_t i = 0; i < n; i++) {
        set += definition[i] >= 2;
    }
    ck_assert_uint_eq(present, set);
}

/* What one changed level makes of levels that are right. */
static void check_order(const struct tarn__decode_kernels *table, uint8_t *definition, uint8_t *repetition, size_t n)
{
    const struct tarn__level_rule inside = {3, 1, 3};
    uint8_t *other = exact(n, 0);
    for (size_t i = 0; i < n; i++) {
        repetition[i] = (uint8_t)(i != 0 && i % 3 != 0);
        definition[i] = i % 3 == 1 || i % 3 == 2 || i + 1 < n ? 3 : 1;
        other[i] = definition[i] < 2 ? definition[i] : 2;
    }
    ck_assert_msg(table->lists_continue(definition, repetition, n, inside), "%s: %zu pairs", table->name, n);
    ck_assert(table->levels_agree(definition, repetition, other, repetition, n, 2));
    for (size_t i = 0; i < n; i++) {
        const uint8_t was = definition[i];
        const bool follows = repetition[i] == 1;
        const bool is_followed = i + 1 < n && repetition[i + 1] == 1;
        definition[i] = 2;
        ck_assert_msg(table->lists_continue(definition, repetition, n, inside) == !(follows || is_followed), "%s: pair %zu of %zu",
                      table->name, i, n);
        definition[i] = 0;
        ck_assert_msg(!table->levels_agree(definition, repetition, other, repetition, n, 2), "%s: pair %zu of %zu", table->name, i, n);
        definition[i] = was;
        const uint8_t level = other[i];
        other[i] = 7;
        ck_assert_msg(table->levels_agree(definition, repetition, other, repetition, n, 2) == (was >= 2), "%s: pair %zu of %zu",
                      table->name, i, n);
        other[i] = level;
    }
    free(other);
}

START_TEST(decode_kernels__turn_levels_into_slots)
{
    const struct tarn__decode_kernels *table = table_of(_i);
    for (uint64_t round = 0; table != NULL && round < 24; round++) {
        for (int l = 0; l < LENGTHS; l++) {
            uint8_t *definition = random_levels(lengths[l], 3);
            uint8_t *repetition = random_levels(lengths[l], 2 + (unsigned)round % 2);
            check_levels(table, definition, repetition, lengths[l], round);
            if (round == 0) {
                check_order(table, definition, repetition, lengths[l]);
            }
            free(definition);
            free(repetition);
        }
    }
}
END_TEST

START_TEST(decode_kernels__find_where_a_row_begins)
{
    const struct tarn__decode_kernels *table = table_of(_i);
    for (int l = 0; table != NULL && l < LENGTHS; l++) {
        uint8_t *repetition = random_levels(lengths[l], 1 + (unsigned)l % 3);
        uint64_t rows = 0;
        uint64_t begun;
        for (size_t i = 0; i < lengths[l]; i++) {
            if (repetition[i] == 0) {
                if (table->row_begin(repetition, lengths[l], rows, &begun) != i || begun != rows) {
                    ck_abort_msg("%s: row %llu of %zu pairs", table->name, (unsigned long long)rows, lengths[l]);
                }
                rows++;
            }
        }
        ck_assert_uint_eq(table->row_begin(repetition, lengths[l], rows, &begun), lengths[l]);
        ck_assert_uint_eq(begun, rows);
        free(repetition);
    }
}
END_TEST

START_TEST(decode_kernels__widen_with_their_sign)
{
    const struct tarn__decode_kernels *table = table_of(_i);
    for (int l = 0; table != NULL && l < LENGTHS; l++) {
        const size_t n = lengths[l];
        uint8_t *memory = exact(8 * n, 0);
        const int32_t *narrow = (const int32_t *)(const void *)memory;
        const int64_t *values = (const int64_t *)(const void *)memory;
        int64_t out[2 * MOST + 1];
        out[2 * n] = GUARD;
        table->widen32(narrow, n, out);
        for (size_t i = 0; i < n; i++) {
            if (out[2 * i] != narrow[i] || out[2 * i + 1] != (narrow[i] < 0 ? -1 : 0)) {
                ck_abort_msg("%s: number %zu of %zu", table->name, i, n);
            }
        }
        table->widen64(values, n, out);
        for (size_t i = 0; i < n; i++) {
            if (out[2 * i] != values[i] || out[2 * i + 1] != (values[i] < 0 ? -1 : 0)) {
                ck_abort_msg("%s: wide number %zu of %zu", table->name, i, n);
            }
        }
        ck_assert_int_eq(out[2 * n], GUARD);
        free(memory);
    }
}
END_TEST

START_TEST(decode_kernels__tell_ascii)
{
    const struct tarn__decode_kernels *table = table_of(_i);
    for (size_t size = 0; table != NULL && size < 600; size += 1 + size / 16) {
        uint8_t *memory = exact(size, size % 7);
        uint8_t *bytes = memory + size % 7;
        for (size_t i = 0; i < size; i++) {
            bytes[i] &= 0x7f;
        }
        ck_assert(table->is_ascii(bytes, size));
        for (size_t i = 0; i < size; i++) {
            bytes[i] |= 0x80;
            ck_assert_msg(!table->is_ascii(bytes, size), "%s: byte %zu of %zu", table->name, i, size);
            bytes[i] &= 0x7f;
        }
        free(memory);
    }
}
END_TEST

START_TEST(decode_kernels__of_an_env_are_those_of_its_level)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    options.cpu = TARN_CPU_BASE;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ptr_eq(tarn__decode_kernels_of(env), tarn__decode_kernels_at(0));
    tarn_env_close(env);
    env = tarn_test_env();
    unsigned best = 0;
    for (unsigned i = 0; i < TARN__DECODE_LEVELS; i++) {
        best = tarn__decode_kernels_at(i) != NULL ? i : best;
    }
    ck_assert_ptr_eq(tarn__decode_kernels_of(env), tarn__decode_kernels_at(best));
    ck_assert_ptr_null(tarn__decode_kernels_at(TARN__DECODE_LEVELS));
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/decode_kernels", TARN_LOOP_TIMES(decode_kernels__unpack_every_width, TARN__DECODE_LEVELS),
           TARN_LOOP_TIMES(decode_kernels__find_the_largest, TARN__DECODE_LEVELS),
           TARN_LOOP_TIMES(decode_kernels__look_entries_up, TARN__DECODE_LEVELS),
           TARN_LOOP_TIMES(decode_kernels__spread_values_over_nulls, TARN__DECODE_LEVELS),
           TARN_LOOP_TIMES(decode_kernels__turn_levels_into_slots, TARN__DECODE_LEVELS),
           TARN_LOOP_TIMES(decode_kernels__find_where_a_row_begins, TARN__DECODE_LEVELS),
           TARN_LOOP_TIMES(decode_kernels__widen_with_their_sign, TARN__DECODE_LEVELS),
           TARN_LOOP_TIMES(decode_kernels__tell_ascii, TARN__DECODE_LEVELS), TARN_TEST(decode_kernels__of_an_env_are_those_of_its_level))
