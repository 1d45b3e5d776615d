/* SPDX-License-Identifier: Apache-2.0
 *
 * The choice of encodings on values made by hand, of which it is plain what is best.
 */
#include "format/column/encoding_choice.h"

#include <stdlib.h>

#include "format/base/hash.h"
#include "tests/support/suite.h"

static struct tarn_error err;

enum { VALUES = 4096, ENTRIES = 100 };

static const struct tarn__leaf_form i64 = {.kind = TARN_KIND_I64, .physical = PARQUET_INT64, .width = 8, .order = TARN_STORED_I64};
static const struct tarn__leaf_form f64 = {.kind = TARN_KIND_F64, .physical = PARQUET_DOUBLE, .width = 8, .order = TARN_STORED_F64};
static const struct tarn__leaf_form text = {.kind = TARN_KIND_BYTES, .physical = PARQUET_BYTE_ARRAY, .width = 0, .order = TARN_STORED_TEXT};
static const struct tarn__leaf_form boolean = {.kind = TARN_KIND_BOOL, .physical = PARQUET_BOOLEAN, .width = 0, .order = TARN_STORED_BOOL};

static size_t put64(uint8_t *to, uint64_t value)
{
    tarn__store64(to, value);
    return 8;
}

static size_t sorted(uint8_t *to, uint32_t i)
{
    return put64(to, 1000000007u * (uint64_t)1000 + i * 3);
}
static size_t random64(uint8_t *to, uint32_t i)
{
    return put64(to, tarn__hash_u64(i));
}
static size_t small_range(uint8_t *to, uint32_t i)
{
    return put64(to, UINT64_C(5000000000) + tarn__hash_u64(i) % 50000);
}
static size_t few_wide(uint8_t *to, uint32_t i)
{
    return put64(to, tarn__hash_u64(tarn__hash_u64(i) % ENTRIES));
}
static size_t one_decade(uint8_t *to, uint32_t i)
{
    const double value = 1.0 + (double)(tarn__hash_u64(i) >> 12) / 4503599627370496.0;
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return put64(to, bits);
}
static size_t prefixed(uint8_t *to, uint32_t i)
{
    static const char prefix[] = "https://example.org/a/long/path/that/all/have/";
    enum { PREFIX = sizeof(prefix) - 1, LETTERS = 6 };
    const uint64_t number = tarn__hash_u64(i);
    tarn__store32(to, PREFIX + LETTERS);
    memcpy(to + 4, prefix, PREFIX);
    for (unsigned k = 0; k < LETTERS; k++) {
        to[4 + PREFIX + k] = (uint8_t)(UINT64_C(97) + (number >> (5 * k)) % 26);
    }
    return 4 + PREFIX + LETTERS;
}
static size_t noise_text(uint8_t *to, uint32_t i)
{
    const size_t length = 8 + tarn__hash_u64(i) % 9;
    tarn__store32(to, (uint32_t)length);
    for (size_t k = 0; k < length; k++) {
        to[4 + k] = (uint8_t)tarn__hash_u64(i * 100 + k);
    }
    return 4 + length;
}

#define ALL UINT32_C(0xffffffff)

/* `entries`: of a dictionary, whose codes are those of few_wide; 0: there is none. */
static const struct {
    const char *name;
    const struct tarn__leaf_form *form;
    size_t (*put)(uint8_t *to, uint32_t i);
    uint32_t allowed;
    uint32_t entries;
    uint32_t weight;
    int32_t encoding;
    bool compress;
} samples[] = {
    {"sorted", &i64, sorted, ALL, 0, 64, PARQUET_ENCODING_DELTA_BINARY_PACKED, true},
    {"sorted, of PLAIN alone", &i64, sorted, TARN_ENCODING_BIT(PARQUET_ENCODING_PLAIN), 0, 64, PARQUET_ENCODING_PLAIN, true},
    {"noise", &i64, random64, ALL, 0, 64, PARQUET_ENCODING_PLAIN, false},
    {"a small range", &i64, small_range, ALL, 0, 64, PARQUET_ENCODING_DELTA_BINARY_PACKED, false},
    {"few wide values", &i64, few_wide, ALL, ENTRIES, 64, PARQUET_ENCODING_RLE_DICTIONARY, false},
    {"few wide values, no dictionary", &i64, few_wide, ALL, 0, 64, PARQUET_ENCODING_PLAIN, true},
    {"floats of one exponent", &f64, one_decade, ALL, 0, 4, PARQUET_ENCODING_BYTE_STREAM_SPLIT, true},
    {"prefixes, whatever decoding takes", &text, prefixed, ALL, 0, 4, PARQUET_ENCODING_DELTA_BYTE_ARRAY, true},
    {"noise in texts", &text, noise_text, ALL, 0, 64, PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY, false},
};

static void run_case(int number, struct tarn__encoding_choice *choice)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_codec_context *context;
    struct tarn__choice_scratch scratch = {tarn__buffer_new(env, 0), tarn__buffer_new(env, 0)};
    uint8_t *plain = malloc((size_t)VALUES * 64);
    uint32_t *codes = malloc(VALUES * sizeof(*codes));
    size_t size = 0;

    ck_assert_ok(tarn__codec_context_open(env, &context, &err), &err);
    for (uint32_t i = 0; i < VALUES; i++) {
        size += samples[number].put(plain + size, i);
        codes[i] = (uint32_t)(tarn__hash_u64(i) % ENTRIES);
    }
    const uint32_t entries = samples[number].entries;
    const struct tarn__choice_sample sample = {
        .form = samples[number].form,
        .run_count = 1,
        .runs = {{{plain, size}, entries != 0 ? codes : NULL, VALUES}},
        .chunk_values = 1000000,
        .entries = entries,
        .dictionary_bytes = (uint64_t)entries * 8,
        .dictionary = {plain, (size_t)entries * 8},
    };
    const uint32_t streams = samples[number].form == &f64 ? TARN_ENCODING_BIT(PARQUET_ENCODING_BYTE_STREAM_SPLIT) : 0;
    const struct tarn__choice_options options = {samples[number].allowed & (tarn__encodings_modern(samples[number].form) | streams),
                                                 PARQUET_CODEC_ZSTD, 3, samples[number].weight};
    ck_assert_ok(tarn__encoding_choose(&sample, &options, context, &scratch, choice, &err), &err);
    free(plain);
    free(codes);
    tarn__buffer_release(scratch.encoded);
    tarn__buffer_release(scratch.compressed);
    tarn__codec_context_close(context);
    tarn_test_env_close(env);
}

START_TEST(encoding_choice__takes_what_costs_least) /* P-CHOICE-1 P-CHOICE-2 */
{
    struct tarn__encoding_choice choice;
    struct tarn__encoding_choice again;
    run_case(_i, &choice);
    ck_assert_msg(choice.encoding == samples[_i].encoding, "%s: %s", samples[_i].name, tarn__parquet_encoding_name(choice.encoding));
    ck_assert_msg(choice.compress == samples[_i].compress, "%s: codec %d", samples[_i].name, choice.compress);
    ck_assert_uint_eq(choice.values, VALUES);
    run_case(_i, &again);
    ck_assert_int_eq(choice.encoding, again.encoding);
    ck_assert_uint_eq(choice.bytes, again.bytes);
}
END_TEST

START_TEST(encoding_choice__booleans_are_runs_or_bits) /* P-CHOICE-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_codec_context *context;
    struct tarn__choice_scratch scratch = {tarn__buffer_new(env, 0), tarn__buffer_new(env, 0)};
    struct tarn__encoding_choice choice;
    uint8_t bits[VALUES / 8];
    ck_assert_ok(tarn__codec_context_open(env, &context, &err), &err);
    for (int noise = 0; noise < 2; noise++) {
        for (uint32_t i = 0; i < sizeof(bits); i++) {
            bits[i] = noise != 0 ? (uint8_t)tarn__hash_u64(i) : (i < sizeof(bits) / 2 ? 0xff : 0);
        }
        const struct tarn__choice_sample sample = {
            .form = &boolean, .run_count = 1, .runs = {{{bits, sizeof(bits)}, NULL, VALUES}}, .chunk_values = VALUES};
        const struct tarn__choice_options options = {tarn__encodings_modern(&boolean), PARQUET_CODEC_ZSTD, 3, 64};
        ck_assert_ok(tarn__encoding_choose(&sample, &options, context, &scratch, &choice, &err), &err);
        ck_assert_int_eq(choice.encoding, noise != 0 ? PARQUET_ENCODING_PLAIN : PARQUET_ENCODING_RLE);
        ck_assert(!choice.compress);
    }
    tarn__buffer_release(scratch.encoded);
    tarn__buffer_release(scratch.compressed);
    tarn__codec_context_close(context);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(encoding_choice__no_values_are_plain)
{
    const struct tarn__choice_sample sample = {.form = &i64};
    const struct tarn__choice_options options = {tarn__encodings_modern(&i64), PARQUET_CODEC_ZSTD, 3, 64};
    struct tarn__choice_scratch scratch = {NULL, NULL};
    struct tarn__encoding_choice choice;
    ck_assert_ok(tarn__encoding_choose(&sample, &options, NULL, &scratch, &choice, &err), &err);
    ck_assert_int_eq(choice.encoding, PARQUET_ENCODING_PLAIN);
    ck_assert_uint_eq(choice.values, 0);
}
END_TEST

/* Even draws from `all` values: 80,000 seen of a million. What is foreseen is between the truth and half as much again. */
static const uint64_t draws[] = {10, 2526, 10000, 100000, 200000, 1000000};

START_TEST(encoding_choice__foresees_distinct_values) /* P-CHOICE-3 */
{
    enum { SEEN = 80000, CHUNK = 1000000 };
    const uint64_t all = draws[_i];
    uint8_t *met = calloc(all, 1);
    uint64_t distinct = 0;
    uint64_t half = 0;
    uint64_t seen = 0;
    for (uint64_t i = 0; i < CHUNK; i++) {
        uint8_t *value = &met[tarn__hash_u64(i) % all];
        distinct += *value == 0;
        *value = 1;
        half = i + 1 == SEEN / 2 ? distinct : half;
        seen = i + 1 == SEEN ? distinct : seen;
    }
    free(met);
    const uint64_t foreseen = tarn__distinct_forecast(half, seen, SEEN, CHUNK);
    ck_assert_uint_ge(foreseen + foreseen / 50, distinct);
    ck_assert_uint_le(foreseen, distinct + distinct / 2);
    ck_assert_uint_eq(tarn__distinct_forecast(40, 80, 80, 1000), 1000); /* all are new */
    ck_assert_uint_eq(tarn__distinct_forecast(5, 5, 80, 1000), 5);
    ck_assert_uint_eq(tarn__distinct_forecast(5, 9, 80, 80), 9); /* all were seen */
}
END_TEST

TARN_SUITE("format/encoding_choice", TARN_LOOP_TEST(encoding_choice__takes_what_costs_least, samples),
           TARN_TEST(encoding_choice__booleans_are_runs_or_bits), TARN_TEST(encoding_choice__no_values_are_plain),
           TARN_LOOP_TEST(encoding_choice__foresees_distinct_values, draws))
