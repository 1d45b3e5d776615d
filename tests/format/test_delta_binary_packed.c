/* SPDX-License-Identifier: Apache-2.0
 * DELTA_BINARY_PACKED: pages written out by hand, every width, every shape, in pieces, passed over, cut and damaged.
 */
#include <stdlib.h>

#include "format/base/cpu.h"
#include "format/encoding/delta_binary_packed.h"
#include "tests/support/encodings.h"
#include "tests/support/kernel_levels.h"

enum { MOST = 1200 };

static struct tarn_error err;

static const struct tarn__kernels *kernels(void)
{
    return tarn__kernels_at(TARN_CPU_BASE);
}

static struct tarn__delta_reader reader_of(struct tarn_span bytes, uint32_t most)
{
    struct tarn__delta_reader reader;
    ck_assert_ok(tarn__delta_reader_init(&reader, kernels(), bytes, most, &err), &err);
    return reader;
}

/* ---- by hand ---- */

static const struct {
    const char *name;
    uint32_t count;
    int64_t values[8];
    size_t size;
    uint8_t bytes[64];
} by_hand[] = {
    /* clang-format off */
    {"the specification's first: one apart", 5, {1, 2, 3, 4, 5}, 10, {0x80, 0x01, 4, 5, 2, 2, 0, 0, 0, 0}},
    {"its second: width 2, junk in the widths behind", 8, {7, 5, 3, 1, 2, 3, 4, 5}, 18,
     {0x80, 0x01, 4, 8, 14, 3, 2, 0xff, 0x41, 0x77, 0xc0, 0x3f}},
    {"one value is a header", 1, {-3}, 5, {0x80, 0x01, 4, 1, 5}},
    {"no value is a header too", 0, {0}, 5, {0x80, 0x01, 4, 0, 0}},
    {"no value, no bytes", 0, {0}, 0, {0}},
    {"the ends of 64 bits", 3, {INT64_MIN, INT64_MAX, INT64_MIN}, 28,
     {0x80, 0x01, 4, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 1 /* least: -1 */, 2, 0, 0, 0, 0x08}},
    {"one miniblock of 128, width 1", 4, {0, 1, 1, 2}, 23, {0x80, 0x01, 1, 4, 0, 0, 1, 0x05}},
    {"a header of padded varints", 2, {1, 1}, 15, {0x80, 0x81, 0x00, 0x84, 0x00, 0x82, 0x00, 0x82, 0x00, 0x80, 0x00, 0, 0, 0, 0}},
    /* clang-format on */
};

START_TEST(delta_binary_packed__reads_pages_by_hand) /* P-ENC-DELTA-1 P-ENC-DELTA-2 P-ENC-DELTA-4 */
{
    const struct tarn_span bytes = {by_hand[_i].bytes, by_hand[_i].size};
    struct tarn__delta_reader reader = reader_of(bytes, 8);
    uint64_t wide[8] = {0};
    uint32_t narrow[8] = {0};
    ck_assert_uint_eq(reader.left, by_hand[_i].count);
    ck_assert_ok(tarn__delta_reader_take64(&reader, by_hand[_i].count, wide, &err), &err);
    for (uint32_t i = 0; i < by_hand[_i].count; i++) {
        ck_assert_msg((int64_t)wide[i] == by_hand[_i].values[i], "%s: value %u is %lld", by_hand[_i].name, i, (long long)wide[i]);
    }
    reader = reader_of(bytes, 8);
    ck_assert_ok(tarn__delta_reader_take32(&reader, by_hand[_i].count, narrow, &err), &err);
    for (uint32_t i = 0; i < by_hand[_i].count; i++) {
        ck_assert_uint_eq(narrow[i], (uint32_t)by_hand[_i].values[i]);
    }
}
END_TEST

/* ---- every width ---- */

/* Numbers whose differences need `width` bits: up and down by a pattern, or all the same step. */
static void numbers_of_width(unsigned width, uint32_t n, int64_t *values)
{
    const uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
    uint64_t value = 12345;
    uint64_t pattern = 0x9e3779b97f4a7c15;
    for (uint32_t i = 0; i < n; i++) {
        values[i] = (int64_t)value;
        pattern = pattern * 6364136223846793005u + 1442695040888963407u;
        const uint64_t step = i == 2 ? mask : i == 3 ? 0 : (pattern >> 7 | pattern << 57) & mask;
        value += step - 5;
    }
}

static void check_numbers(struct tarn_span bytes, uint32_t n, const int64_t *values)
{
    static uint64_t wide[MOST];
    static uint32_t narrow[MOST];
    uint8_t *exact = tarn_test_exact(bytes);
    for (size_t level = 0; level < TARN_TEST_LEVELS; level++) {
        const struct tarn__kernels *table = tarn__kernels_at(tarn_test_levels[level]);
        if (!tarn_test_level_runs(tarn_test_levels[level])) {
            continue;
        }
        struct tarn__delta_reader reader;
        ck_assert_ok(tarn__delta_reader_init(&reader, table, (struct tarn_span){exact, bytes.size}, n, &err), &err);
        struct tarn__delta_reader again = reader;
        ck_assert_ok(tarn__delta_reader_take64(&reader, n, wide, &err), &err);
        ck_assert_ok(tarn__delta_reader_take32(&again, n, narrow, &err), &err);
        for (uint32_t i = 0; i < n; i++) {
            ck_assert_msg(wide[i] == (uint64_t)values[i], "%s: number %u of %u", table->name, i, n);
            ck_assert_msg(narrow[i] == (uint32_t)values[i], "%s: number %u of %u in 32 bits", table->name, i, n);
        }
        ck_assert_uint_eq(reader.left, 0);
        ck_assert_status(tarn__delta_reader_take64(&reader, 1, wide, &err), TARN_CORRUPT);
    }
    free(exact);
}

START_TEST(delta_binary_packed__reads_every_width) /* P-ENC-DELTA-2 P-ENC-DELTA-3; the width is _i */
{
    static const uint32_t counts[] = {1, 2, 3, 8, 9, 32, 33, 34, 64, 65, 128, 129, 130, 257, 700};
    struct tarn_env *env = tarn_test_env();
    int64_t values[MOST];
    numbers_of_width((unsigned)_i, MOST, values);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct tarn_buffer *bytes = tarn__buffer_new(env, 0);
        tarn_test_put_delta(bytes, NULL, counts[i], values);
        if (counts[i] >= 33) {
            struct tarn__delta_reader reader = reader_of(tarn__buffer_span(bytes), counts[i]);
            ck_assert_ok(tarn__delta_reader_skip(&reader, 2, &err), &err);
            ck_assert_uint_eq(reader.width, (unsigned)_i);
        }
        check_numbers(tarn__buffer_span(bytes), counts[i], values);
        tarn__buffer_release(bytes);
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_binary_packed__wraps_in_32_bits) /* P-ENC-DELTA-3 */
{
    /* Both ways of writing the same INT32 numbers: differences that wrap, and differences of 33 bits. */
    static const int64_t values[] = {INT32_MIN, INT32_MAX, INT32_MIN, 0, INT32_MAX, -1, INT32_MAX, INT32_MIN, 7};
    enum { COUNT = sizeof(values) / sizeof(values[0]) };
    struct tarn_env *env = tarn_test_env();
    for (int narrow = 0; narrow < 2; narrow++) {
        struct tarn_buffer *bytes = tarn__buffer_new(env, 0);
        const struct tarn_test_delta how = {.narrow = narrow == 1};
        uint32_t out[COUNT];
        tarn_test_put_delta(bytes, &how, COUNT, values);
        struct tarn__delta_reader reader = reader_of(tarn__buffer_span(bytes), COUNT);
        ck_assert_ok(tarn__delta_reader_take32(&reader, 3, out, &err), &err);
        ck_assert_uint_eq(reader.width, narrow == 1 ? 32 : 33);
        ck_assert_ok(tarn__delta_reader_skip(&reader, 2, &err), &err);
        ck_assert_ok(tarn__delta_reader_take32(&reader, COUNT - 5, out + 5, &err), &err);
        for (uint32_t i = 0; i < COUNT; i++) {
            ck_assert_msg(i == 3 || i == 4 || out[i] == (uint32_t)values[i], "number %u", i);
        }
        tarn__buffer_release(bytes);
    }
    tarn_test_env_close(env);
}
END_TEST

static const struct tarn_test_delta shapes[] = {
    {.block = 128, .miniblocks = 1},   {.block = 128, .miniblocks = 2},  {.block = 128, .miniblocks = 4, .junk_widths = true},
    {.block = 256, .miniblocks = 1},   {.block = 256, .miniblocks = 8},  {.block = 256, .miniblocks = 8, .junk_widths = true},
    {.block = 1024, .miniblocks = 32}, {.block = 1024, .miniblocks = 4}, {.block = 4096, .miniblocks = 128, .junk_widths = true},
    {.block = 384, .miniblocks = 3},
};

START_TEST(delta_binary_packed__reads_every_shape) /* P-ENC-DELTA-1 P-ENC-DELTA-4 */
{
    struct tarn_env *env = tarn_test_env();
    int64_t values[MOST];
    numbers_of_width(19, MOST, values);
    for (uint32_t n = 0; n <= MOST; n += n < 300 ? 1 : 151) {
        struct tarn_buffer *bytes = tarn__buffer_new(env, 0);
        tarn_test_put_delta(bytes, &shapes[_i], n, values);
        check_numbers(tarn__buffer_span(bytes), n, values);

        /* The end is found without unpacking. */
        const uint8_t mark[3] = {0xaa, 0xbb, 0xcc};
        struct tarn_span behind;
        ck_assert(tarn__buffer_append(bytes, mark, 3));
        const struct tarn__delta_reader reader = reader_of(tarn__buffer_span(bytes), MOST);
        ck_assert_ok(tarn__delta_reader_behind(&reader, &behind, &err), &err);
        ck_assert_uint_eq(behind.size, 3);
        ck_assert_mem_eq(behind.data, mark, 3);
        tarn__buffer_release(bytes);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- in pieces, and passed over ---- */

START_TEST(delta_binary_packed__takes_and_skips_alike) /* P-ENC-DELTA-5 */
{
    enum { COUNT = 300 };
    static const unsigned widths[] = {0, 1, 7, 31, 33, 57, 61, 64};
    struct tarn_env *env = tarn_test_env();
    int64_t values[COUNT];
    for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
        struct tarn_buffer *bytes = tarn__buffer_new(env, 0);
        numbers_of_width(widths[w], COUNT, values);
        tarn_test_put_delta(bytes, NULL, COUNT, values);
        for (uint32_t begin = 0; begin <= COUNT; begin++) { /* skipped, taken, skipped, taken */
            const uint32_t pieces[] = {begin, begin % 7 + 1, begin % 41, COUNT};
            struct tarn__delta_reader reader = reader_of(tarn__buffer_span(bytes), COUNT);
            uint32_t at = 0;
            for (unsigned i = 0; i < 4; i++) {
                const uint32_t n = pieces[i] < COUNT - at ? pieces[i] : COUNT - at;
                uint64_t out[COUNT];
                if (i % 2 == 0) {
                    ck_assert_ok(tarn__delta_reader_skip(&reader, n, &err), &err);
                } else {
                    ck_assert_ok(tarn__delta_reader_take64(&reader, n, out, &err), &err);
                    ck_assert(n == 0 || memcmp(out, values + at, n * sizeof(*out)) == 0);
                }
                at += n;
            }
            ck_assert_uint_eq(at, COUNT);
            ck_assert_status(tarn__delta_reader_skip(&reader, 1, &err), TARN_CORRUPT);
        }
        for (uint32_t size = 1; size < 70; size++) {
            struct tarn__delta_reader reader = reader_of(tarn__buffer_span(bytes), COUNT);
            uint32_t out[COUNT];
            for (uint32_t at = 0; at < COUNT; at += size) {
                ck_assert_ok(tarn__delta_reader_take32(&reader, COUNT - at < size ? COUNT - at : size, out + at, &err), &err);
            }
            for (uint32_t i = 0; i < COUNT; i++) {
                ck_assert_uint_eq(out[i], (uint32_t)values[i]);
            }
        }
        tarn__buffer_release(bytes);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- damage ---- */

START_TEST(delta_binary_packed__sees_every_cut) /* P-ENC-DELTA-6 */
{
    static const uint32_t counts[] = {2, 33, 130, 300};
    struct tarn_env *env = tarn_test_env();
    int64_t values[300];
    numbers_of_width(13, 300, values);
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        struct tarn_buffer *bytes = tarn__buffer_new(env, 0);
        tarn_test_put_delta(bytes, NULL, counts[c], values);
        for (size_t cut = 1; cut < bytes->size; cut++) {
            uint8_t *exact = tarn_test_exact((struct tarn_span){bytes->data, cut});
            struct tarn__delta_reader reader;
            struct tarn_span behind;
            uint64_t out[300];
            enum tarn_status status = tarn__delta_reader_init(&reader, kernels(), (struct tarn_span){exact, cut}, 300, &err);
            if (status == TARN_OK) {
                ck_assert_status(tarn__delta_reader_behind(&reader, &behind, &err), TARN_CORRUPT);
                struct tarn__delta_reader skipping = reader;
                ck_assert_status(tarn__delta_reader_skip(&skipping, counts[c], &err), TARN_CORRUPT);
                status = tarn__delta_reader_take64(&reader, counts[c], out, &err);
            }
            ck_assert_msg(status == TARN_CORRUPT, "%zu of %zu bytes", cut, bytes->size);
            ck_assert_str_eq(err.detail, "delta");
            free(exact);
        }
        tarn__buffer_release(bytes);
    }
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *name;
    size_t size;
    uint8_t bytes[24];
} damaged[] = {
    /* clang-format off */
    {"a block of 0", 5, {0, 4, 1, 0, 0}},
    {"a block of 64", 5, {64, 1, 1, 0, 0}},
    {"a block of 130", 5, {0x82, 0x01, 1, 1, 0}},
    {"no miniblocks", 5, {0x80, 0x01, 0, 1, 0}},
    {"miniblocks that do not divide the block", 5, {0x80, 0x01, 3, 1, 0}},
    {"miniblocks of 16", 5, {0x80, 0x01, 8, 1, 0}},
    {"more miniblocks than values", 6, {0x80, 0x01, 0x80, 0x02, 1, 0}},
    {"a block of 2^32", 9, {0x80, 0x80, 0x80, 0x80, 0x10, 4, 1, 0, 0}},
    {"more numbers than the page", 5, {0x80, 0x01, 4, 9, 0}},
    {"a count of 2^32 - 1", 9, {0x80, 0x01, 4, 0xff, 0xff, 0xff, 0xff, 0x0f, 0}},
    {"a first number of 11 bytes", 16, {0x80, 0x01, 4, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0}},
    {"a header cut off", 4, {0x80, 0x01, 4, 1}},
    {"a width of 65", 10, {0x80, 0x01, 4, 2, 0, 0, 65, 0, 0, 0}},
    {"a width of 255", 10, {0x80, 0x01, 4, 2, 0, 0, 255, 0, 0, 0}},
    {"a least difference of 11 bytes", 20, {0x80, 0x01, 4, 2, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}},
    {"widths cut off", 8, {0x80, 0x01, 4, 2, 0, 0, 0, 0}},
    /* clang-format on */
};

START_TEST(delta_binary_packed__refuses_damage) /* P-ENC-DELTA-6 */
{
    struct tarn__delta_reader reader;
    uint8_t *exact = tarn_test_exact((struct tarn_span){damaged[_i].bytes, damaged[_i].size});
    uint64_t out[8];
    enum tarn_status status = tarn__delta_reader_init(&reader, kernels(), (struct tarn_span){exact, damaged[_i].size}, 8, &err);
    if (status == TARN_OK) {
        status = tarn__delta_reader_take64(&reader, 2, out, &err);
    }
    ck_assert_msg(status == TARN_CORRUPT, "%s: %s", damaged[_i].name, tarn_status_name(status));
    ck_assert_str_eq(err.detail, "delta");
    free(exact);
}
END_TEST

TARN_SUITE("format/delta_binary_packed", TARN_LOOP_TEST(delta_binary_packed__reads_pages_by_hand, by_hand),
           TARN_LOOP_TIMES(delta_binary_packed__reads_every_width, 65), TARN_TEST(delta_binary_packed__wraps_in_32_bits),
           TARN_LOOP_TEST(delta_binary_packed__reads_every_shape, shapes), TARN_TEST(delta_binary_packed__takes_and_skips_alike),
           TARN_TEST(delta_binary_packed__sees_every_cut), TARN_LOOP_TEST(delta_binary_packed__refuses_damage, damaged))
