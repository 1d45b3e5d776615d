/* SPDX-License-Identifier: Apache-2.0
 * ALP: the specification's worked example byte by byte, every exponent and factor, every width of integers, exceptions wherever they
 * stand, in pieces, cut and damaged. Numbers are compared by their bits.
 */
#include <math.h>
#include <stdlib.h>

#include "format/base/cpu.h"
#include "format/encoding/alp.h"
#include "tests/support/encodings.h"
#include "tests/support/kernel_levels.h"

enum { MOST = 5000 };

static struct tarn_error err;

/* 1500, NaN, 2500, 333.5: exponent 4, factor 3, frame 3335, 15 bits: 11665, 11665, 21665, 0. The vector has 31 bytes. */
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
enum { EXAMPLE_HEAD = 11, EXAMPLE_VECTOR = 31 };

static struct tarn__alp_reader reader_of(struct tarn_span bytes, unsigned width, uint32_t most)
{
    struct tarn__alp_reader reader;
    ck_assert_ok(tarn__alp_reader_init(&reader, tarn__kernels_at(TARN_CPU_BASE), bytes, width, most, &err), &err);
    return reader;
}

START_TEST(alp__reads_the_worked_example) /* P-ENC-ALP-1 P-ENC-ALP-2 P-ENC-ALP-3 */
{
    double out[4];
    uint64_t bits;
    ck_assert_uint_eq(sizeof(example), EXAMPLE_HEAD + EXAMPLE_VECTOR);
    struct tarn__alp_reader reader = reader_of((struct tarn_span){example, sizeof(example)}, 8, 4);
    ck_assert_ok(tarn__alp_reader_take(&reader, 4, out, &err), &err);
    ck_assert_uint_eq(reader.frame, 3335);
    ck_assert_uint_eq(reader.bits, 15);
    ck_assert_double_eq(out[0], 1500.0);
    memcpy(&bits, &out[1], sizeof(bits));
    ck_assert_uint_eq(bits, UINT64_C(0x7ff8000000000001)); /* its payload too */
    ck_assert_double_eq(out[2], 2500.0);
    ck_assert_double_eq(out[3], 333.5);
}
END_TEST

static void check_doubles(struct tarn_span bytes, uint32_t n, const double *values)
{
    static double out[MOST];
    uint8_t *exact = tarn_test_exact(bytes);
    for (size_t level = 0; level < TARN_TEST_LEVELS; level++) {
        const struct tarn__kernels *table = tarn__kernels_at(tarn_test_levels[level]);
        if (!tarn_test_level_runs(tarn_test_levels[level])) {
            continue;
        }
        struct tarn__alp_reader reader;
        ck_assert_ok(tarn__alp_reader_init(&reader, table, (struct tarn_span){exact, bytes.size}, 8, n, &err), &err);
        ck_assert_ok(tarn__alp_reader_take(&reader, n, out, &err), &err);
        for (uint32_t i = 0; i < n; i++) {
            ck_assert_msg(memcmp(&out[i], &values[i], sizeof(out[i])) == 0, "%s: number %u of %u is %.17g, not %.17g", table->name, i, n,
                          out[i], values[i]);
        }
    }
    free(exact);
}

static void check_floats(struct tarn_span bytes, uint32_t n, const float *values)
{
    static float out[MOST];
    uint8_t *exact = tarn_test_exact(bytes);
    for (size_t level = 0; level < TARN_TEST_LEVELS; level++) {
        const struct tarn__kernels *table = tarn__kernels_at(tarn_test_levels[level]);
        if (!tarn_test_level_runs(tarn_test_levels[level])) {
            continue;
        }
        struct tarn__alp_reader reader;
        ck_assert_ok(tarn__alp_reader_init(&reader, table, (struct tarn_span){exact, bytes.size}, 4, n, &err), &err);
        ck_assert_ok(tarn__alp_reader_take(&reader, n, out, &err), &err);
        ck_assert_msg(n == 0 || memcmp(out, values, n * sizeof(*out)) == 0, "%s: %u numbers", table->name, n);
    }
    free(exact);
}

START_TEST(alp__reads_every_exponent_and_factor) /* P-ENC-ALP-2; the exponent is _i */
{
    enum { COUNT = 300 };
    struct tarn_env *env = tarn_test_env();
    static double doubles[COUNT];
    static float floats[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        doubles[i] = ((double)i * 97 - 11111) / 100;
        floats[i] = (float)((double)i * 3 - 400) / 10;
    }
    doubles[7] = -0.0;
    doubles[8] = INFINITY;
    doubles[9] = 5e-324;
    doubles[200] = -1.7976931348623157e308;
    floats[7] = -0.0F;
    floats[8] = -INFINITY;
    floats[9] = NAN;
    for (unsigned factor = 0; factor <= (unsigned)_i; factor++) {
        struct tarn_buffer *bytes = tarn__buffer_new(env, 0);
        tarn_test_put_alp64(bytes, 6, (unsigned)_i, factor, COUNT, doubles);
        check_doubles(tarn__buffer_span(bytes), COUNT, doubles);
        tarn__buffer_release(bytes);
        if (_i <= 10) {
            bytes = tarn__buffer_new(env, 0);
            tarn_test_put_alp32(bytes, 6, (unsigned)_i, factor, COUNT, floats);
            check_floats(tarn__buffer_span(bytes), COUNT, floats);
            tarn__buffer_release(bytes);
        }
    }
    tarn_test_env_close(env);
}
END_TEST

/* One vector of `n` integers of `bits` bits over `frame`, exponent and factor 0. */
static void put_integers(struct tarn_buffer *out, unsigned width, unsigned bits, uint64_t frame, uint32_t n, const uint64_t *integers)
{
    const uint8_t head[11] = {0, 0, 10, (uint8_t)n, (uint8_t)(n >> 8), 0, 0, 4};
    uint8_t info[13] = {0};
    tarn__store64(info + 4, frame);
    info[4 + width] = (uint8_t)bits;
    ck_assert(tarn__buffer_append(out, head, sizeof(head)));
    ck_assert(tarn__buffer_append(out, info, 5 + width));
    const size_t begin = out->size;
    for (uint32_t i = 0; i < n; i++) {
        tarn_test_put_bits(out, begin, (uint64_t)i * bits, bits, integers[i]);
    }
    while (out->size < begin + ((size_t)n * bits + 7) / 8) {
        ck_assert(tarn__buffer_append(out, "", 1));
    }
}

START_TEST(alp__reads_every_width_of_integers) /* P-ENC-ALP-2; the width is _i */
{
    static const uint32_t counts[] = {1, 7, 8, 9, 64, 1000, 1024};
    const unsigned bits = (unsigned)_i;
    const uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    struct tarn_env *env = tarn_test_env();
    uint64_t integers[1024];
    double doubles[1024];
    float floats[1024];
    for (uint32_t i = 0; i < 1024; i++) {
        integers[i] = (i * UINT64_C(0x9e3779b97f4a7c15) >> 3 | (uint64_t)i << 61) & mask;
        doubles[i] = (double)(int64_t)(integers[i] + UINT64_C(0x8000000000000123)); /* wraps */
        floats[i] = (float)(int32_t)((uint32_t)integers[i] + UINT32_C(0x80000123));
    }
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        struct tarn_buffer *bytes = tarn__buffer_new(env, 0);
        put_integers(bytes, 8, bits, UINT64_C(0x8000000000000123), counts[c], integers);
        check_doubles(tarn__buffer_span(bytes), counts[c], doubles);
        tarn__buffer_release(bytes);
        if (bits <= 32) {
            bytes = tarn__buffer_new(env, 0);
            put_integers(bytes, 4, bits, 0x80000123, counts[c], integers);
            check_floats(tarn__buffer_span(bytes), counts[c], floats);
            tarn__buffer_release(bytes);
        }
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(alp__takes_and_skips_alike) /* P-ENC-ALP-4; vectors of 2^(3 + _i) */
{
    enum { COUNT = 2500 };
    struct tarn_env *env = tarn_test_env();
    static double values[COUNT];
    struct tarn_buffer *bytes = tarn__buffer_new(env, 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        values[i] = i % 9 == 0 || i / 64 % 5 == 0 ? 1.0 / (i + 3) : (double)i / 4;
    }
    tarn_test_put_alp64(bytes, 3 + (unsigned)_i, 3, 1, COUNT, values);
    check_doubles(tarn__buffer_span(bytes), COUNT, values);
    for (uint32_t begin = 0; begin <= COUNT; begin += begin < 200 ? 1 : 61) {
        const uint32_t pieces[] = {begin, begin % 7 + 1, begin % 1100, COUNT};
        struct tarn__alp_reader reader = reader_of(tarn__buffer_span(bytes), 8, COUNT);
        uint32_t at = 0;
        for (unsigned i = 0; i < 4; i++) {
            const uint32_t n = pieces[i] < COUNT - at ? pieces[i] : COUNT - at;
            double out[COUNT];
            if (i % 2 == 0) {
                ck_assert_ok(tarn__alp_reader_skip(&reader, n, &err), &err);
            } else {
                ck_assert_ok(tarn__alp_reader_take(&reader, n, out, &err), &err);
                ck_assert(n == 0 || memcmp(out, values + at, n * sizeof(*out)) == 0);
            }
            at += n;
        }
        ck_assert_status(tarn__alp_reader_skip(&reader, 1, &err), TARN_CORRUPT);
    }
    tarn__buffer_release(bytes);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(alp__finds_exceptions_in_any_order) /* P-ENC-ALP-3 */
{
    /* Eight floats of integer 5; exceptions at 6, 1 and 1 again: the last one counts. */
    static const uint8_t page[] = {
        /* clang-format off */
        0, 0, 3, 8, 0, 0, 0,
        4, 0, 0, 0,
        0, 0, 3, 0, 5, 0, 0, 0, 0,
        6, 0, 1, 0, 1, 0,
        0, 0, 0x80, 0x3f,
        0, 0, 0x00, 0x40,
        0, 0, 0x40, 0x40,
        /* clang-format on */
    };
    static const float expected[] = {5, 3, 5, 5, 5, 5, 1, 5};
    float out[8];
    struct tarn__alp_reader reader = reader_of((struct tarn_span){page, sizeof(page)}, 4, 8);
    ck_assert_ok(tarn__alp_reader_take(&reader, 1, out, &err), &err);
    ck_assert_ok(tarn__alp_reader_take(&reader, 1, out + 1, &err), &err);
    ck_assert_ok(tarn__alp_reader_take(&reader, 6, out + 2, &err), &err);
    ck_assert_mem_eq(out, expected, sizeof(expected));
}
END_TEST

START_TEST(alp__has_no_numbers_where_there_are_none) /* P-ENC-ALP-1 */
{
    static const uint8_t none[] = {0, 0, 10, 0, 0, 0, 0};
    double out[1];
    struct tarn__alp_reader reader = reader_of((struct tarn_span){NULL, 0}, 8, 0);
    ck_assert_status(tarn__alp_reader_take(&reader, 1, out, &err), TARN_CORRUPT);
    reader = reader_of((struct tarn_span){none, sizeof(none)}, 8, 5);
    ck_assert_ok(tarn__alp_reader_take(&reader, 0, out, &err), &err);
    ck_assert_status(tarn__alp_reader_take(&reader, 1, out, &err), TARN_CORRUPT);
}
END_TEST

/* ---- damage ---- */

static enum tarn_status read_all(struct tarn_span bytes, unsigned width, uint32_t most, uint32_t n)
{
    struct tarn__alp_reader reader;
    static double out[MOST];
    const enum tarn_status status = tarn__alp_reader_init(&reader, tarn__kernels_at(TARN_CPU_BASE), bytes, width, most, &err);
    return status == TARN_OK ? tarn__alp_reader_take(&reader, n, out, &err) : status;
}

START_TEST(alp__sees_every_cut) /* P-ENC-ALP-5 */
{
    struct tarn_env *env = tarn_test_env();
    static double values[30];
    struct tarn_buffer *bytes = tarn__buffer_new(env, 0);
    for (uint32_t i = 0; i < 30; i++) {
        values[i] = i % 4 == 3 ? 1.0 / 3 : (double)i;
    }
    tarn_test_put_alp64(bytes, 3, 1, 0, 30, values);
    for (size_t cut = 0; cut < bytes->size; cut++) {
        uint8_t *exact = tarn_test_exact((struct tarn_span){bytes->data, cut});
        ck_assert_msg(read_all((struct tarn_span){exact, cut}, 8, 30, 30) == TARN_CORRUPT, "%zu bytes", cut);
        ck_assert_str_eq(err.detail, "alp");
        free(exact);
    }
    tarn__buffer_release(bytes);
    tarn_test_env_close(env);
}
END_TEST

/* One byte of the worked example changed. */
static const struct {
    const char *name;
    size_t at;
    uint8_t byte;
    enum tarn_status status;
    const char *detail;
} damaged[] = {
    {"compression mode", 0, 1, TARN_UNSUPPORTED, "encoding.unknown"},
    {"integer encoding", 1, 1, TARN_UNSUPPORTED, "encoding.unknown"},
    {"vectors of 4", 2, 2, TARN_CORRUPT, "alp"},
    {"vectors of 2^16", 2, 16, TARN_CORRUPT, "alp"},
    {"more numbers than the page", 3, 5, TARN_CORRUPT, "alp"},
    {"fewer numbers", 3, 3, TARN_CORRUPT, "alp"},
    {"negative count", 6, 0x80, TARN_CORRUPT, "alp"},
    {"an offset before the vector", 7, 3, TARN_CORRUPT, "alp"},
    {"an offset behind", 7, 5, TARN_CORRUPT, "alp"},
    {"an offset outside", 10, 0x7f, TARN_CORRUPT, "alp"},
    {"exponent 19", 11, 19, TARN_CORRUPT, "alp"},
    {"factor above the exponent", 12, 5, TARN_CORRUPT, "alp"},
    {"an exception more", 13, 2, TARN_CORRUPT, "alp"},
    {"65,281 exceptions", 14, 0xff, TARN_CORRUPT, "alp"},
    {"65 bits", 23, 65, TARN_CORRUPT, "alp"},
    {"16 bits", 23, 18, TARN_CORRUPT, "alp"},
    {"an exception behind the end", 32, 4, TARN_CORRUPT, "alp"},
    {"an exception far behind", 33, 1, TARN_CORRUPT, "alp"},
};

START_TEST(alp__refuses_damage) /* P-ENC-ALP-5 */
{
    uint8_t *page = tarn_test_exact((struct tarn_span){example, sizeof(example)});
    page[damaged[_i].at] = damaged[_i].byte;
    const enum tarn_status status = read_all((struct tarn_span){page, sizeof(example)}, 8, 4, 4);
    ck_assert_msg(status == damaged[_i].status, "%s: %s", damaged[_i].name, tarn_status_name(status));
    ck_assert_msg(strcmp(err.detail, damaged[_i].detail) == 0, "%s: %s", damaged[_i].name, err.detail);
    free(page);
}
END_TEST

START_TEST(alp__refuses_what_only_doubles_have) /* P-ENC-ALP-5 */
{
    uint8_t page[] = {0, 0, 3, 1, 0, 0, 0, 4, 0, 0, 0, 10, 10, 0, 0, 7, 0, 0, 0, 32, 1, 0, 0, 0};
    const struct tarn_span bytes = {page, sizeof(page)};
    ck_assert_ok(read_all(bytes, 4, 1, 1), &err);
    page[11] = 11;
    ck_assert_status(read_all(bytes, 4, 1, 1), TARN_CORRUPT);
    page[11] = 10;
    page[19] = 33;
    ck_assert_status(read_all(bytes, 4, 1, 1), TARN_CORRUPT);
}
END_TEST

TARN_SUITE("format/alp", TARN_TEST(alp__reads_the_worked_example), TARN_LOOP_TIMES(alp__reads_every_exponent_and_factor, 19),
           TARN_LOOP_TIMES(alp__reads_every_width_of_integers, 65), TARN_LOOP_TIMES(alp__takes_and_skips_alike, 13),
           TARN_TEST(alp__finds_exceptions_in_any_order), TARN_TEST(alp__has_no_numbers_where_there_are_none),
           TARN_TEST(alp__sees_every_cut), TARN_LOOP_TEST(alp__refuses_damage, damaged), TARN_TEST(alp__refuses_what_only_doubles_have))
