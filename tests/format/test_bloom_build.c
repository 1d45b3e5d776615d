/* SPDX-License-Identifier: Apache-2.0
 * Bloom filters as they are made: the specification's own, folded ones, and how often they really are wrong.
 */
#include "format/index/bloom_build.h"

#include "tests/support/suite.h"

static struct tarn_error err;
static struct tarn_env *env;
static struct tarn__bloom_builder builder;
static struct tarn_bloom_filter filter;

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static void add_text(const char *text)
{
    ck_assert(tarn__bloom_builder_add_bytes(&builder, (struct tarn_span){(const uint8_t *)text, strlen(text)}));
}

/* The words of the filter that parquet-testing keeps of these four texts, in 32 blocks. */
START_TEST(bloom_build__sets_the_bits_of_the_specification) /* P-BLOOM-WRITE-1 */
{
    static const struct {
        uint16_t offset;
        uint8_t bytes[16];
    } golden[] = {
        {0x90, {0, 0, 0x10, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0x80, 0, 0, 0}},
        {0xa0, {0, 2, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0x10, 0, 0, 0, 8}},
        {0xb0, {0, 0, 0x80, 0, 0, 0, 0, 0x10, 1, 0, 0, 0, 0, 0, 0, 0x10}},
        {0xc0, {0x20, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0x40, 0, 0, 8, 0}},
        {0xf0, {4, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0x40, 0, 0, 0, 8, 0}},
        {0x100, {0, 0, 0, 4, 0, 0x20, 0, 0, 0x10, 0, 0, 0, 2, 0, 0, 0}},
        {0x150, {0, 0, 0x20, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x20}},
        {0x160, {0, 0, 0x80, 0, 0, 0, 0, 8, 0, 1, 0, 0, 0, 0x10, 0, 0}},
    };
    static const uint8_t header[] = {0x15, 0x80, 0x10, 0x1c, 0x1c, 0, 0, 0x1c, 0x1c, 0, 0, 0x1c, 0x1c, 0, 0, 0};
    uint8_t expected[16 + 1024] = {0};
    memcpy(expected, header, sizeof(header));
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        memcpy(expected + golden[i].offset, golden[i].bytes, sizeof(golden[i].bytes));
    }
    env = tarn_test_env();
    tarn__bloom_builder_init(&builder, env, 1, 0.01);
    builder.first_count = 32;
    builder.false_positives = 0; /* no folding */
    add_text("hello");
    add_text("parquet");
    static const uint8_t plain[] = {5, 0, 0, 0, 'b', 'l', 'o', 'o', 'm', 6, 0, 0, 0, 'f', 'i', 'l', 't', 'e', 'r'};
    ck_assert(tarn__bloom_builder_add_plain(&builder, plain, 2));
    tarn__bloom_builder_finish(&builder, &filter);
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    ck_assert_ok(tarn__bloom_header_encode(&filter, out, &err), &err);
    ck_assert_uint_eq(out->size, sizeof(header));
    ck_assert_mem_eq(out->data, expected, sizeof(header));
    ck_assert_uint_eq(filter.block_count, 32);
    ck_assert_mem_eq(filter.blocks, expected + sizeof(header), 1024);
    tarn__buffer_release(out);
    tarn__bloom_builder_free(&builder);
    tarn_test_env_close(env);
}
END_TEST

/* A filter that was folded is, bit by bit, the one that would have been made at that size. */
START_TEST(bloom_build__folded_is_made_at_that_size) /* P-BLOOM-WRITE-2 */
{
    env = tarn_test_env();
    for (uint64_t count = 1; count <= 20000; count *= 7) {
        tarn__bloom_builder_init(&builder, env, 1 << 20, 0.01);
        for (uint64_t i = 0; i < count; i++) {
            const uint64_t value = mix(i);
            ck_assert(tarn__bloom_builder_add_fixed(&builder, (const uint8_t *)&value, 8, 1));
        }
        tarn__bloom_builder_finish(&builder, &filter);
        ck_assert_uint_lt(filter.block_count, builder.first_count);
        const double folded = tarn__bloom_filter_false_positives(&filter);
        ck_assert(folded <= 0.01);
        struct tarn__bloom_builder direct;
        struct tarn_bloom_filter small;
        tarn__bloom_builder_init(&direct, env, 1, 0.01);
        direct.first_count = filter.block_count;
        direct.false_positives = 0;
        for (uint64_t i = count; i-- != 0;) { /* in another order, some twice */
            const uint64_t value = mix(i);
            ck_assert(tarn__bloom_builder_add_fixed(&direct, (const uint8_t *)&value, 8, 1));
            ck_assert(i % 3 != 0 || tarn__bloom_builder_add_fixed(&direct, (const uint8_t *)&value, 8, 1));
        }
        tarn__bloom_builder_finish(&direct, &small);
        ck_assert_uint_eq(small.block_count, filter.block_count);
        ck_assert_mem_eq(small.blocks, filter.blocks, (size_t)filter.block_count * 32);
        tarn__bloom_builder_free(&direct);
        tarn__bloom_builder_free(&builder);
    }
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    uint64_t distinct;
    uint64_t expected; /* said beforehand */
    double aim;
} rates[] = {{1, 1, 0.01},       {100, 100, 0.01},      {5000, 5000, 0.01},     {5000, 1 << 20, 0.01}, {60000, 60000, 0.01},
             {3000, 3000, 0.25}, {3000, 3000, 0.1},     {3000, 3000, 0.05},     {3000, 3000, 0.001},   {3000, 3000, 0.0001},
             {700, 700, 1e-6},   {90000, 1 << 20, 0.1}, {50000, 1 << 20, 0.001}};

START_TEST(bloom_build__false_positives_are_those_aimed_at) /* P-BLOOM-WRITE-2 */
{
    enum { PROBES = 200000 };
    const double aim = rates[_i].aim;
    uint64_t wrong = 0;
    env = tarn_test_env();
    tarn__bloom_builder_init(&builder, env, rates[_i].expected, aim);
    for (uint64_t i = 0; i < rates[_i].distinct; i++) {
        const uint64_t value = mix(i);
        ck_assert(tarn__bloom_builder_add_fixed(&builder, (const uint8_t *)&value, 8, 1));
    }
    tarn__bloom_builder_finish(&builder, &filter);
    for (uint64_t i = 0; i < rates[_i].distinct; i++) {
        const uint64_t value = mix(i);
        ck_assert(tarn__bloom_filter_probe(&filter, tarn__bloom_hash(&value, 8)));
    }
    for (uint64_t i = 0; i < PROBES; i++) {
        const uint64_t value = mix(i + (UINT64_C(1) << 40));
        wrong += tarn__bloom_filter_probe(&filter, tarn__bloom_hash(&value, 8));
    }
    const double measured = (double)wrong / PROBES;
    const double counted = tarn__bloom_filter_false_positives(&filter);
    ck_assert_msg(counted <= aim, "%zu: counted %f", (size_t)_i, counted);
    ck_assert_msg(measured <= aim * 1.1 + 0.0005, "%zu: measured %f", (size_t)_i, measured);
    ck_assert_msg(measured >= counted * 0.9 - 0.0005 && measured <= counted * 1.1 + 0.0005, "%zu: %f and %f", (size_t)_i, measured,
                  counted);
    /* And no larger than needed: half the size would be wrong too often. */
    ck_assert(filter.block_count == 1 || (uint64_t)filter.block_count * 256 <= rates[_i].distinct * 130);
    tarn__bloom_builder_free(&builder);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(bloom_build__begins_and_ends_within_limits)
{
    env = tarn_test_env();
    tarn__bloom_builder_init(&builder, env, UINT64_MAX, 1e-9);
    ck_assert_uint_eq(builder.first_count, TARN_BLOOM_MOST_BYTES / 32);
    tarn__bloom_builder_init(&builder, env, 0, 0.5);
    ck_assert_uint_eq(builder.first_count, 1);
    tarn__bloom_builder_finish(&builder, &filter); /* of no value */
    ck_assert_uint_eq(filter.block_count, 0);
    add_text("");
    tarn__bloom_builder_finish(&builder, &filter);
    ck_assert_uint_eq(filter.block_count, 1);
    ck_assert(tarn__bloom_filter_probe(&filter, tarn__bloom_hash("", 0)));
    ck_assert(!tarn__bloom_filter_probe(&filter, tarn__bloom_hash("a", 1)));
    tarn__bloom_builder_reset(&builder);
    add_text("a"); /* of another chunk: nothing is left of the one before */
    tarn__bloom_builder_finish(&builder, &filter);
    ck_assert(!tarn__bloom_filter_probe(&filter, tarn__bloom_hash("", 0)));
    ck_assert(tarn__bloom_filter_probe(&filter, tarn__bloom_hash("a", 1)));
    tarn__bloom_builder_free(&builder);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("bloom_build", TARN_TEST(bloom_build__sets_the_bits_of_the_specification), TARN_TEST(bloom_build__folded_is_made_at_that_size),
           TARN_LOOP_TEST(bloom_build__false_positives_are_those_aimed_at, rates), TARN_TEST(bloom_build__begins_and_ends_within_limits))
