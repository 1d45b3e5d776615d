/* SPDX-License-Identifier: Apache-2.0
 * Writing DELTA_BINARY_PACKED and BYTE_STREAM_SPLIT and the kernels below them: bytes by hand, the plain encoders of the tests, and tarn's
 * decoders.
 */
#include <stdlib.h>

#include "format/base/cpu.h"
#include "format/encoding/byte_stream_split.h"
#include "format/encoding/byte_stream_split_encode.h"
#include "format/encoding/delta_binary_packed.h"
#include "format/encoding/delta_binary_packed_encode.h"
#include "tests/support/encodings.h"
#include "tests/support/kernel_levels.h"

enum { MOST = 1200 };

static struct tarn_error err;
/* `n` numbers of `width` bytes as PLAIN has them, behind `shift` bytes, in memory of exactly their size. free() *block. */
static const uint8_t *plain_of(unsigned width, uint32_t n, const int64_t *values, size_t shift, uint8_t **block)
{
    *block = malloc(shift + (size_t)n * width + 1);
    ck_assert_ptr_nonnull(*block);
    uint8_t *to = realloc(*block, shift + (size_t)n * width + (n == 0 && shift == 0));
    *block = to;
    for (uint32_t i = 0; i < n; i++) {
        for (unsigned b = 0; b < width; b++) {
            to[shift + (size_t)i * width + b] = (uint8_t)((uint64_t)values[i] >> (8 * b));
        }
    }
    return to + shift;
}

/* ---- bits ---- */

static const struct {
    unsigned width;
    uint32_t n;
    uint64_t values[10];
    size_t size;
    uint8_t bytes[24];
} packed_by_hand[] = {
    /* clang-format off */
    {3, 8, {0, 1, 2, 3, 4, 5, 6, 7}, 3, {0x88, 0xc6, 0xfa}},
    {1, 10, {1, 0, 0, 0, 0, 0, 0, 1, 1, 1}, 2, {0x81, 0x03}},
    {2, 3, {1, 2, 3}, 1, {0x39}},
    {7, 2, {0x7f, 0x01}, 2, {0xff, 0x00}},
    {8, 3, {1, 2, 0xff}, 3, {1, 2, 0xff}},
    {12, 2, {0xabc, 0x123}, 3, {0xbc, 0x3a, 0x12}},
    {16, 2, {0x1234, 0xabcd}, 4, {0x34, 0x12, 0xcd, 0xab}},
    {31, 2, {0x7fffffff, 1}, 8, {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}},
    {32, 1, {0x01020304}, 4, {4, 3, 2, 1}},
    {33, 2, {UINT64_C(0x1ffffffff), 1}, 9, {0xff, 0xff, 0xff, 0xff, 0x03, 0, 0, 0, 0}},
    {63, 2, {UINT64_C(0x4000000000000001), 1}, 16, {1, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0}},
    {64, 2, {UINT64_C(0x0102030405060708), UINT64_MAX}, 16,
     {8, 7, 6, 5, 4, 3, 2, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
    /* clang-format on */
};

START_TEST(pack__writes_bits_by_hand) /* P-ENC-DELTA-2 */
{
    const unsigned width = packed_by_hand[_i].width;
    for (unsigned level = 0; level < TARN_TEST_LEVELS; level++) {
        const struct tarn__kernels *table = tarn__kernels_at(tarn_test_levels[level]);
        if (!tarn_test_level_runs(tarn_test_levels[level])) {
            continue;
        }
        uint8_t out[24];
        memset(out, 0xee, sizeof(out));
        table->pack64(packed_by_hand[_i].values, packed_by_hand[_i].n, width, out);
        ck_assert_mem_eq(out, packed_by_hand[_i].bytes, packed_by_hand[_i].size);
        ck_assert_uint_eq(out[packed_by_hand[_i].size], 0xee);
        if (width <= 32) {
            uint32_t narrow[10];
            for (uint32_t i = 0; i < 10; i++) {
                narrow[i] = (uint32_t)packed_by_hand[_i].values[i];
            }
            memset(out, 0xee, sizeof(out));
            table->pack32(narrow, packed_by_hand[_i].n, width, out);
            ck_assert_mem_eq(out, packed_by_hand[_i].bytes, packed_by_hand[_i].size);
            ck_assert_uint_eq(out[packed_by_hand[_i].size], 0xee);
        }
    }
}
END_TEST

START_TEST(pack__is_the_same_on_every_level) /* the width is _i; every length and alignment */
{
    enum { N = 150 };
    const unsigned width = (unsigned)_i;
    struct tarn_env *env = tarn_test_env();
    static uint64_t wide[N];
    static uint32_t narrow[N];
    for (uint32_t i = 0; i < N; i++) {
        const uint64_t bits = i % 5 == 0 ? UINT64_MAX : i * UINT64_C(0x9e3779b97f4a7c15);
        wide[i] = width == 0 ? 0 : bits >> (64 - width);
        narrow[i] = (uint32_t)wide[i];
    }
    for (uint32_t n = 0; n <= N; n += n < 70 ? 1 : 7) {
        const size_t size = ((size_t)n * width + 7) / 8;
        struct tarn_buffer *expected = tarn__buffer_new_zeroed(env, size);
        for (uint32_t i = 0; i < n; i++) {
            tarn_test_put_bits(expected, 0, (uint64_t)i * width, width, wide[i]);
        }
        for (unsigned level = 0; level < TARN_TEST_LEVELS; level++) {
            const struct tarn__kernels *table = tarn__kernels_at(tarn_test_levels[level]);
            for (size_t shift = 0; tarn_test_level_runs(tarn_test_levels[level]) && shift < 4; shift++) {
                uint8_t *exact = malloc(size + shift + 1);
                exact = realloc(exact, size + shift + (size + shift == 0));
                table->pack64(wide, n, width, exact + shift);
                ck_assert_msg(size == 0 || memcmp(exact + shift, expected->data, size) == 0, "%s: %u of %u", table->name, n, width);
                if (width <= 32) {
                    memset(exact, 0xee, size + shift);
                    table->pack32(narrow, n, width, exact + shift);
                    ck_assert_msg(size == 0 || memcmp(exact + shift, expected->data, size) == 0, "%s: %u of %u", table->name, n, width);
                }
                free(exact);
            }
        }
        tarn__buffer_release(expected);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- differences ---- */

static const struct {
    const char *name;
    unsigned width;
    uint32_t count;
    int64_t values[8];
    size_t size;
    uint8_t bytes[64];
} by_hand[] = {
    /* clang-format off */
    {"the specification's first: one apart", 8, 5, {1, 2, 3, 4, 5}, 10, {0x80, 0x01, 4, 5, 2, 2, 0, 0, 0, 0}},
    {"the same as INT32", 4, 5, {1, 2, 3, 4, 5}, 10, {0x80, 0x01, 4, 5, 2, 2, 0, 0, 0, 0}},
    {"its second: negative and positive differences", 8, 8, {7, 5, 3, 1, 2, 3, 4, 5}, 18,
     {0x80, 0x01, 4, 8, 14, 3, 2, 0, 0, 0, 0xc0, 0x3f}},
    {"one value is a header", 8, 1, {-3}, 5, {0x80, 0x01, 4, 1, 5}},
    {"no value is a header too", 4, 0, {0}, 5, {0x80, 0x01, 4, 0, 0}},
    {"the ends of 64 bits, which wrap", 8, 3, {INT64_MIN, INT64_MAX, INT64_MIN}, 27,
     {0x80, 0x01, 4, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 1 /* least: -1 */, 2, 0, 0, 0, 0x08}},
    {"the ends of 32 bits, which wrap", 4, 3, {INT32_MIN, INT32_MAX, INT32_MIN}, 22,
     {0x80, 0x01, 4, 3, 0xff, 0xff, 0xff, 0xff, 0x0f, 1 /* least: -1 */, 2, 0, 0, 0, 0x08}},
    {"a difference of all 64 bits over the least", 8, 3, {0, INT64_MIN, -1}, 4 + 1 + 10 + 4 + 256,
     {0x80, 0x01, 4, 3, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
    {"a difference of all 32 bits over the least", 4, 3, {0, INT32_MIN, -1}, 4 + 1 + 5 + 4 + 128,
     {0x80, 0x01, 4, 3, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 32, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}},
    /* clang-format on */
};

static enum tarn_status encode(struct tarn_buffer *out, unsigned width, const uint8_t *plain, uint32_t n)
{
    return width == 4 ? tarn__delta_encode32(out, plain, n, &err) : tarn__delta_encode64(out, plain, n, &err);
}

START_TEST(delta_encode__writes_pages_by_hand) /* P-ENC-DELTA-7 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    uint8_t *block;
    const uint8_t *plain = plain_of(by_hand[_i].width, by_hand[_i].count, by_hand[_i].values, 1, &block);
    ck_assert(tarn__buffer_append(out, "?", 1));
    ck_assert_ok(encode(out, by_hand[_i].width, plain, by_hand[_i].count), &err);
    ck_assert_msg(out->size == 1 + by_hand[_i].size, "%s: %zu bytes", by_hand[_i].name, out->size - 1);
    const size_t shown = by_hand[_i].size < sizeof(by_hand[_i].bytes) ? by_hand[_i].size : sizeof(by_hand[_i].bytes);
    ck_assert_msg(memcmp(out->data + 1, by_hand[_i].bytes, shown) == 0, "%s", by_hand[_i].name);
    for (size_t i = shown; i < by_hand[_i].size; i++) {
        ck_assert_uint_eq(out->data[1 + i], 0);
    }
    free(block);
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_encode__takes_the_smallest_blocks) /* P-ENC-DELTA-8 */
{
    /* 130 numbers one apart: a block of 256 in place of two of 128; one more byte of width for each 32 is worse. */
    static const uint8_t even[] = {0x80, 0x02, 4, 0x82, 0x01, 0, 2, 0, 0, 0, 0};
    /* A jump in the second hundred: the first block of 128 has no bits at all, and no width of its own for each 64. */
    static const uint8_t jump[] = {0x80, 0x01, 4, 0x82, 0x01, 0, 2, 0, 0, 0, 0, 0xd0, 0x0f, 0, 0, 0, 0};
    struct tarn_env *env = tarn_test_env();
    int64_t values[130];
    for (int64_t i = 0; i < 130; i++) {
        values[i] = i;
    }
    for (unsigned width = 4; width <= 8; width += 4) {
        struct tarn_buffer *out = tarn__buffer_new(env, 0);
        uint8_t *block;
        values[129] = 129;
        const uint8_t *plain = plain_of(width, 130, values, 0, &block);
        ck_assert_ok(encode(out, width, plain, 130), &err);
        ck_assert_uint_eq(out->size, sizeof(even));
        ck_assert_mem_eq(out->data, even, sizeof(even));
        free(block);
        out->size = 0;
        values[129] = 128 + 1000;
        plain = plain_of(width, 130, values, 3, &block);
        ck_assert_ok(encode(out, width, plain, 130), &err);
        ck_assert_uint_eq(out->size, sizeof(jump));
        ck_assert_mem_eq(out->data, jump, sizeof(jump));
        free(block);
        tarn__buffer_release(out);
    }
    tarn_test_env_close(env);
}
END_TEST

/* Numbers whose differences need up to `bits` bits, by kind: all of them, a few, or none but one. */
static void numbers(unsigned bits, unsigned kind, uint32_t n, int64_t *values)
{
    const uint64_t mask = bits == 0 ? 0 : UINT64_MAX >> (64 - bits);
    uint64_t value = kind * UINT64_C(0x7fffffffffffff00);
    uint64_t pattern = 0x9e3779b97f4a7c15 + kind;
    for (uint32_t i = 0; i < n; i++) {
        values[i] = (int64_t)value;
        pattern = pattern * 6364136223846793005u + 1442695040888963407u;
        const uint64_t step = (pattern >> 7 ^ pattern << 40) & mask;
        const bool here = kind == 0 || (kind == 1 && i / 32 % 3 == 0) || (kind == 2 && i % 97 == 31);
        value += (here ? step : 0) - (kind == 0 ? mask / 2 : 3);
    }
}

static void check_numbers(struct tarn_env *env, unsigned width, uint32_t n, const int64_t *values, size_t shift)
{
    static const struct tarn_test_delta shapes[] = {{128, 4, false, false}, {256, 4, false, false}, {256, 8, false, false}};
    const struct tarn__kernels *kernels = tarn__kernels_of(env);
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    size_t smallest = SIZE_MAX;
    uint8_t *block;
    int64_t narrow[MOST];
    const uint8_t *plain = plain_of(width, n, values, shift, &block);
    for (uint32_t i = 0; i < n; i++) {
        narrow[i] = width == 4 ? (int32_t)(uint32_t)(uint64_t)values[i] : values[i];
    }
    ck_assert_ok(encode(out, width, plain, n), &err);
    ck_assert_uint_eq(out->size, width == 4 ? tarn__delta_size32(kernels, plain, n) : tarn__delta_size64(kernels, plain, n));
    bool same = false;
    for (unsigned s = 0; s < 3; s++) {
        struct tarn_test_delta shape = shapes[s];
        struct tarn_buffer *expected = tarn__buffer_new(env, 0);
        shape.narrow = width == 4;
        tarn_test_put_delta(expected, &shape, n, narrow);
        smallest = expected->size < smallest ? expected->size : smallest;
        same = same || (expected->size == out->size && memcmp(expected->data, out->data, out->size) == 0);
        tarn__buffer_release(expected);
    }
    ck_assert_msg(same, "%s: %u numbers of %u bytes: other bytes than by the plain encoder", kernels->name, n, width);
    ck_assert_uint_eq(out->size, smallest);
    struct tarn__delta_reader reader;
    uint8_t *exact = tarn_test_exact(tarn__buffer_span(out));
    ck_assert_ok(tarn__delta_reader_init(&reader, kernels, (struct tarn_span){exact, out->size}, n, &err), &err);
    if (width == 4) {
        uint32_t back[MOST];
        ck_assert_ok(tarn__delta_reader_take32(&reader, n, back, &err), &err);
        for (uint32_t i = 0; i < n; i++) {
            same = same && back[i] == (uint32_t)narrow[i];
        }
        ck_assert(same);
    } else {
        uint64_t back[MOST];
        ck_assert_ok(tarn__delta_reader_take64(&reader, n, back, &err), &err);
        ck_assert(n == 0 || memcmp(back, values, n * sizeof(*back)) == 0);
    }
    free(exact);
    free(block);
    tarn__buffer_release(out);
}

static const uint32_t counts[] = {0, 1, 2, 31, 32, 33, 34, 64, 65, 66, 127, 128, 129, 130, 256, 257, 258, 513, 1100};

START_TEST(delta_encode__writes_every_width) /* P-ENC-DELTA-7 P-ENC-DELTA-8 P-ENC-DELTA-9; differences of up to _i bits */
{
    static int64_t values[MOST];
    for (unsigned level = 0; level < TARN_TEST_LEVELS; level++) {
        if (!tarn_test_level_runs(tarn_test_levels[level])) {
            continue;
        }
        struct tarn_env *env = tarn_test_env_at(tarn_test_levels[level]);
        for (unsigned kind = 0; kind < 3; kind++) {
            numbers((unsigned)_i, kind, MOST, values);
            for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
                check_numbers(env, 8, counts[c], values, c % 3);
                check_numbers(env, 4, counts[c], values, c % 2);
            }
        }
        tarn_test_env_close(env);
    }
}
END_TEST

START_TEST(delta_encode__leaves_nothing_without_memory)
{
    static int64_t values[MOST];
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    uint8_t *block;
    numbers(50, 0, MOST, values);
    const uint8_t *plain = plain_of(8, MOST, values, 0, &block);
    options.memory_limit = 4096;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    ck_assert_ptr_nonnull(out);
    ck_assert(tarn__buffer_append(out, "kept", 4));
    ck_assert_status(tarn__delta_encode64(out, plain, MOST, &err), TARN_LIMIT);
    ck_assert_uint_eq(out->size, 4);
    ck_assert_status(tarn__split_encode(out, plain, 8, MOST, &err), TARN_LIMIT);
    ck_assert_uint_eq(out->size, 4);
    ck_assert_ok(tarn__delta_encode64(out, plain, 20, &err), &err);
    ck_assert_mem_eq(out->data, "kept", 4);
    free(block);
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}
END_TEST

/* ---- streams ---- */

START_TEST(split_encode__writes_the_specifications_example) /* P-ENC-BSS-3 */
{
    static const uint8_t values[] = {0xaa, 0xbb, 0xcc, 0xdd, 0x00, 0x11, 0x22, 0x33, 0xa3, 0xb4, 0xc5, 0xd6};
    static const uint8_t page[] = {0xaa, 0x00, 0xa3, 0xbb, 0x11, 0xb4, 0xcc, 0x22, 0xc5, 0xdd, 0x33, 0xd6};
    static const uint8_t of_six[] = {0xaa, 0x22, 0xbb, 0x33, 0xcc, 0xa3, 0xdd, 0xb4, 0x00, 0xc5, 0x11, 0xd6};
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    ck_assert_ok(tarn__split_encode(out, values, 4, 3, &err), &err);
    ck_assert_uint_eq(out->size, sizeof(page));
    ck_assert_mem_eq(out->data, page, sizeof(page));
    ck_assert_ok(tarn__split_encode(out, values, 6, 2, &err), &err); /* appends */
    ck_assert_uint_eq(out->size, sizeof(page) + sizeof(of_six));
    ck_assert_mem_eq(out->data + sizeof(page), of_six, sizeof(of_six));
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(split_encode__writes_every_width) /* P-ENC-BSS-3; the width is _i + 1, and 300 at last */
{
    static const uint32_t rows[] = {0, 1, 2, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256, 257, 600};
    const uint32_t width = _i < 40 ? (uint32_t)_i + 1 : 300;
    for (unsigned level = 0; level < TARN_TEST_LEVELS; level++) {
        if (!tarn_test_level_runs(tarn_test_levels[level])) {
            continue;
        }
        struct tarn_env *env = tarn_test_env_at(tarn_test_levels[level]);
        for (size_t c = 0; c < sizeof(rows) / sizeof(rows[0]); c++) {
            const uint32_t n = rows[c];
            const size_t size = (size_t)n * width;
            struct tarn_buffer *expected = tarn__buffer_new(env, 0);
            struct tarn_buffer *out = tarn__buffer_new(env, 0);
            uint8_t *values = malloc(size + 1);
            for (size_t i = 0; i < size; i++) {
                values[i] = (uint8_t)(i * 37 + (i >> 8) * 11);
            }
            tarn_test_put_split(expected, width, n, values);
            uint8_t *exact = tarn_test_exact((struct tarn_span){values, size});
            ck_assert_ok(tarn__split_encode(out, exact, width, n, &err), &err);
            ck_assert_uint_eq(out->size, size);
            ck_assert_msg(size == 0 || memcmp(out->data, expected->data, size) == 0, "level %u: %u of %u bytes", level, n, width);
            struct tarn__split_reader reader;
            const struct tarn__kernels *kernels = tarn__kernels_of(env);
            ck_assert_ok(tarn__split_reader_init(&reader, kernels, tarn__buffer_span(out), width, n, &err), &err);
            ck_assert_ok(tarn__split_reader_take(&reader, n, values, &err), &err);
            ck_assert(size == 0 || memcmp(values, exact, size) == 0);
            free(exact);
            free(values);
            tarn__buffer_release(expected);
            tarn__buffer_release(out);
        }
        tarn_test_env_close(env);
    }
}
END_TEST

TARN_SUITE("format/delta_encode", TARN_LOOP_TEST(pack__writes_bits_by_hand, packed_by_hand),
           TARN_LOOP_TIMES(pack__is_the_same_on_every_level, 65), TARN_LOOP_TEST(delta_encode__writes_pages_by_hand, by_hand),
           TARN_TEST(delta_encode__takes_the_smallest_blocks), TARN_LOOP_TIMES(delta_encode__writes_every_width, 65),
           TARN_TEST(delta_encode__leaves_nothing_without_memory), TARN_TEST(split_encode__writes_the_specifications_example),
           TARN_LOOP_TIMES(split_encode__writes_every_width, 41))
