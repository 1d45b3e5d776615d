/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounds of stored values: by the order of the type, and cut where they are long.
 */
#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "format/column/extremes.h"
#include "tests/support/suite.h"

static struct tarn__extremes found;

static void scan(enum tarn__stored_order order, const void *values, size_t width, size_t count)
{
    tarn__extremes_init(&found, order);
    tarn__extremes_add_fixed(&found, values, width, count);
    tarn__extremes_finish(&found);
}

/* Numbers of this machine as they are stored, little-endian; in place. */
static void store(void *numbers, size_t width, size_t count)
{
    uint8_t *bytes = numbers;
    for (size_t i = 0; TARN_BIG_ENDIAN && i < count; i++, bytes += width) {
        for (size_t k = 0; k < width / 2; k++) {
            const uint8_t byte = bytes[k];
            bytes[k] = bytes[width - 1 - k];
            bytes[width - 1 - k] = byte;
        }
    }
}

static void expect(const void *min, const void *max, size_t width)
{
    ck_assert(found.any);
    ck_assert_uint_eq(found.min.size, width);
    ck_assert_uint_eq(found.max.size, width);
    ck_assert_mem_eq(found.min.data, min, width);
    ck_assert_mem_eq(found.max.data, max, width);
}

/* Little-endian bytes: 1, -1, 2 and so on. */
START_TEST(extremes__integers_by_sign) /* P-BOUND-1 */
{
    static const uint8_t values32[] = {1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0};
    scan(TARN_STORED_I32, values32, 4, 3);
    expect(values32 + 4, values32 + 8, 4);
    scan(TARN_STORED_U32, values32, 4, 3);
    expect(values32, values32 + 4, 4);

    static const uint8_t values64[] = {0, 0, 0, 0, 0, 0, 0, 0x80, 5, 0, 0, 0, 0, 0, 0, 0};
    scan(TARN_STORED_I64, values64, 8, 2);
    expect(values64, values64 + 8, 8);
    scan(TARN_STORED_U64, values64, 8, 2);
    expect(values64 + 8, values64, 8);
}
END_TEST

START_TEST(extremes__decimals_by_sign_not_by_bytes) /* P-BOUND-2 */
{
    static const uint8_t values[] = {0x00, 0x05, 0xff, 0xfe, 0x7f, 0xff, 0x80, 0x00, 0xff, 0xff};
    scan(TARN_STORED_SIGNED_BE, values, 2, 5);
    expect(values + 6, values + 4, 2);
    scan(TARN_STORED_BYTES, values, 2, 5);
    expect(values, values + 8, 2);
}
END_TEST

START_TEST(extremes__booleans)
{
    static const uint8_t mixed = 0x04;
    static const uint8_t truth = 1;
    static const uint8_t lie = 0;
    scan(TARN_STORED_BOOL, &mixed, 0, 3);
    expect(&lie, &truth, 1);
    scan(TARN_STORED_BOOL, &mixed, 0, 2);
    expect(&lie, &lie, 1);
    static const uint8_t all = 0x03;
    scan(TARN_STORED_BOOL, &all, 0, 2);
    expect(&truth, &truth, 1);
}
END_TEST

START_TEST(extremes__nan_is_counted_and_no_bound) /* P-BOUND-3 */
{
    const double nan = __builtin_nan("");
    double doubles[] = {nan, 3.0, -2.5, nan};
    store(doubles, 8, 4);
    scan(TARN_STORED_F64, doubles, 8, 4);
    expect(&doubles[2], &doubles[1], 8);
    ck_assert_uint_eq(found.nan_count, 2);
    scan(TARN_STORED_F64, doubles, 8, 1);
    ck_assert(!found.any);
    ck_assert_uint_eq(found.nan_count, 1);

    float floats[] = {-__builtin_inff(), (float)nan};
    store(floats, 4, 2);
    scan(TARN_STORED_F32, floats, 4, 2);
    expect(&floats[0], &floats[0], 4);
    ck_assert_uint_eq(found.nan_count, 1);

    uint16_t halves[] = {0x7e00, 0x3c00, 0xc000, 0xfc00}; /* NaN, 1, -2, -inf */
    store(halves, 2, 4);
    scan(TARN_STORED_F16, halves, 2, 3);
    expect(&halves[2], &halves[1], 2);
    ck_assert_uint_eq(found.nan_count, 1);
    scan(TARN_STORED_F16, halves, 2, 4);
    expect(&halves[3], &halves[1], 2);
}
END_TEST

START_TEST(extremes__zeros_are_spread) /* P-BOUND-4 */
{
    double minus = -0.0;
    double plus = 0.0;
    store(&minus, 8, 1);
    store(&plus, 8, 1);
    scan(TARN_STORED_F64, &plus, 8, 1);
    expect(&minus, &plus, 8);
    scan(TARN_STORED_F64, &minus, 8, 1);
    expect(&minus, &plus, 8);
    uint16_t half[] = {0x0000, 0x8000};
    store(half, 2, 2);
    scan(TARN_STORED_F16, &half[1], 2, 1);
    expect(&half[1], &half[0], 2);
    double mixed[] = {-0.0, 4.0};
    store(mixed, 8, 2);
    scan(TARN_STORED_F64, mixed, 8, 2);
    expect(&minus, &mixed[1], 8);
}
END_TEST

START_TEST(extremes__several_calls_are_one)
{
    int32_t values[] = {4, 2, 9};
    store(values, 4, 3);
    tarn__extremes_init(&found, TARN_STORED_I32);
    for (size_t i = 0; i < 3; i++) {
        tarn__extremes_add_fixed(&found, (const uint8_t *)&values[i], 4, 1);
    }
    tarn__extremes_add_fixed(&found, (const uint8_t *)values, 4, 0);
    expect(&values[1], &values[2], 4);
}
END_TEST

START_TEST(extremes__texts_by_unsigned_bytes) /* P-BOUND-2 */
{
    static const char *const texts[] = {"b", "\xc3\xa9", "", "a"};
    tarn__extremes_init(&found, TARN_STORED_TEXT);
    for (size_t i = 0; i < 4; i++) {
        tarn__extremes_add_bytes(&found, (struct tarn_span){(const uint8_t *)texts[i], strlen(texts[i])});
    }
    ck_assert_uint_eq(found.min.size, 0);
    ck_assert_uint_eq(found.max.size, 2);
    ck_assert_mem_eq(found.max.data, "\xc3\xa9", 2);
}
END_TEST

/* `head` bytes of 'a', then the tail. */
static struct tarn_span long_text(uint8_t *room, size_t head, const char *tail)
{
    memset(room, 'a', head);
    memcpy(room + head, tail, strlen(tail));
    return (struct tarn_span){room, head + strlen(tail)};
}

struct cut_case {
    enum tarn__stored_order order;
    size_t head;
    const char *tail;
    size_t min;      /* bytes kept */
    size_t max;      /* bytes of the raised bound; 0: none */
    const char *end; /* its last bytes */
};

static const struct cut_case cuts[] = {
    {TARN_STORED_TEXT, 63, "b", 64, 64, "b"},                        /* just fits: exact */
    {TARN_STORED_TEXT, 63, "bc", 64, 64, "ac"},                      /* b becomes c */
    {TARN_STORED_TEXT, 63, "\xc3\xa9", 63, 63, "ab"},                /* é does not fit: it goes, and a becomes b */
    {TARN_STORED_TEXT, 62, "\xc3\xa9z", 64, 64, "a\xc3\xaa"},        /* é becomes ê */
    {TARN_STORED_TEXT, 62, "\xdf\xbfz", 64, 62, "ab"},               /* U+07FF would need three bytes: it goes */
    {TARN_STORED_TEXT, 61, "\xed\x9f\xbfz", 64, 64, "\xee\x80\x80"}, /* U+D7FF: surrogates are passed over */
    {TARN_STORED_TEXT, 60, "\xf4\x8f\xbf\xbfz", 64, 60, "ab"},       /* U+10FFFF is the last */
    {TARN_STORED_TEXT, 63, "\x7fz", 64, 63, "ab"},                   /* U+007F would need two bytes */
    {TARN_STORED_BYTES, 63,
     "\xff"
     "x",
     64, 63, "ab"},
    {TARN_STORED_BYTES, 63,
     "\x7f"
     "x",
     64, 64, "a\x80"},
};

START_TEST(bound__long_ones_are_cut_and_raised) /* P-BOUND-5 P-BOUND-6 */
{
    const struct cut_case *c = &cuts[_i];
    uint8_t room[128];
    uint8_t raised[TARN_BOUND_BYTES];
    bool exact;
    const struct tarn_span value = long_text(room, c->head, c->tail);

    ck_assert_uint_eq(tarn__bound_cut_min(c->order, value, TARN_BOUND_BYTES), c->min);
    const size_t size = tarn__bound_cut_max(c->order, value, TARN_BOUND_BYTES, raised, &exact);
    ck_assert_uint_eq(size, c->max);
    ck_assert_int_eq(exact, value.size <= TARN_BOUND_BYTES);
    ck_assert_mem_eq(raised + size - strlen(c->end), c->end, strlen(c->end));
    const int order = tarn__stored_compare(c->order, (struct tarn_span){raised, size}, value);
    ck_assert_int_eq(order > 0, !exact);
}
END_TEST

START_TEST(bound__none_above_the_greatest) /* P-BOUND-6 */
{
    uint8_t all[80];
    uint8_t raised[TARN_BOUND_BYTES];
    bool exact;
    memset(all, 0xff, sizeof(all));
    ck_assert_uint_eq(tarn__bound_cut_max(TARN_STORED_BYTES, (struct tarn_span){all, sizeof(all)}, TARN_BOUND_BYTES, raised, &exact), 0);
    ck_assert(!exact);
    /* Bytes that are no text, though the type says so: no bound is better than a wrong one. */
    ck_assert_uint_eq(tarn__bound_cut_max(TARN_STORED_TEXT, (struct tarn_span){all, sizeof(all)}, TARN_BOUND_BYTES, raised, &exact), 0);
}
END_TEST

/* At every length that is asked for: the cut of a minimum is a prefix of whole characters, that of a maximum lies above and is text. */
START_TEST(bound__any_length) /* P-BOUND-5 P-BOUND-6 */
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xed\x9f\xbf\xf4\x8f\xbf\xbfz"; /* 1, 2, 3, 4, 3, 4 and 1 bytes */
    static const size_t borders[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10, 10, 13, 13, 13, 13, 17};
    static const size_t raised[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10, 10, 13, 13, 13, 13, 13};
    const struct tarn_span value = {(const uint8_t *)text, sizeof(text) - 1};
    for (size_t most = 0; most < value.size; most++) {
        uint8_t out[32];
        bool exact;
        ck_assert_uint_eq(tarn__bound_cut_min(TARN_STORED_TEXT, value, most), borders[most]);
        const size_t size = tarn__bound_cut_max(TARN_STORED_TEXT, value, most, out, &exact);
        ck_assert_uint_eq(size, raised[most]);
        ck_assert(!exact);
        ck_assert(size == 0 || tarn__stored_compare(TARN_STORED_TEXT, (struct tarn_span){out, size}, value) > 0);
        ck_assert(tarn__utf8_is_valid((struct tarn_text){(const char *)out, size}));
    }
}
END_TEST

START_TEST(extremes__total_order_of_bits) /* P-BOUND-8 */
{
    /* NaN of both signs, infinities, zeros: each is below the next. */
    uint64_t doubles[] = {UINT64_C(0xffffffffffffffff), UINT64_C(0xfff8000000000000), UINT64_C(0xfff0000000000000),
                          UINT64_C(0xbff0000000000000), UINT64_C(0x8000000000000000), 0,
                          UINT64_C(0x3ff0000000000000), UINT64_C(0x7ff0000000000000), UINT64_C(0x7ff0000000000001),
                          UINT64_C(0x7fffffffffffffff)};
    uint32_t floats[] = {0xffffffff, 0xffc00000, 0xff800000, 0xbf800000, 0x80000000, 0, 0x3f800000, 0x7f800000, 0x7f800001, 0x7fffffff};
    uint16_t halves[] = {0xffff, 0xfe00, 0xfc00, 0xbc00, 0x8000, 0, 0x3c00, 0x7c00, 0x7c01, 0x7fff};
    store(doubles, 8, 10);
    store(floats, 4, 10);
    store(halves, 2, 10);
    for (size_t i = 0; i + 1 < 10; i++) {
        ck_assert_int_lt(tarn__stored_compare(TARN_STORED_F64_TOTAL, (struct tarn_span){(const uint8_t *)&doubles[i], 8},
                                              (struct tarn_span){(const uint8_t *)&doubles[i + 1], 8}),
                         0);
        ck_assert_int_lt(tarn__stored_compare(TARN_STORED_F32_TOTAL, (struct tarn_span){(const uint8_t *)&floats[i], 4},
                                              (struct tarn_span){(const uint8_t *)&floats[i + 1], 4}),
                         0);
        ck_assert_int_lt(tarn__stored_compare(TARN_STORED_F16_TOTAL, (struct tarn_span){(const uint8_t *)&halves[i], 2},
                                              (struct tarn_span){(const uint8_t *)&halves[i + 1], 2}),
                         0);
    }
    scan(TARN_STORED_F64_TOTAL, doubles, 8, 10);
    expect(&doubles[2], &doubles[7], 8);
    ck_assert_uint_eq(found.nan_count, 4);
    ck_assert(!found.only_nan);
    scan(TARN_STORED_F32_TOTAL, floats, 4, 10);
    expect(&floats[2], &floats[7], 4);
    scan(TARN_STORED_F16_TOTAL, halves, 2, 10);
    expect(&halves[2], &halves[7], 2);
    /* Zeros stay as they are. */
    scan(TARN_STORED_F64_TOTAL, &doubles[5], 8, 1);
    expect(&doubles[5], &doubles[5], 8);
    scan(TARN_STORED_F32_TOTAL, &floats[4], 4, 1);
    expect(&floats[4], &floats[4], 4);
    /* Nothing but NaN: these are the bounds. */
    const uint64_t only[] = {doubles[8], doubles[9], doubles[1]};
    scan(TARN_STORED_F64_TOTAL, only, 8, 3);
    expect(&doubles[1], &doubles[9], 8);
    ck_assert(found.only_nan);
    ck_assert_uint_eq(found.nan_count, 3);
    scan(TARN_STORED_F16_TOTAL, &halves[8], 2, 2);
    expect(&halves[8], &halves[9], 2);
    scan(TARN_STORED_F32_TOTAL, floats, 4, 2);
    expect(&floats[0], &floats[1], 4);
}
END_TEST

START_TEST(extremes__decimals_of_any_width) /* P-BOUND-2 */
{
    static const char *const ascending[] = {"\xff\x00\x00", "\xff\x7f", "\x80",     "\xff\xff\xff", "",
                                            "\x00\x01",     "\x7f",     "\x00\x80", "\x01\x00"};
    static const size_t sizes[] = {3, 2, 1, 3, 0, 2, 1, 2, 2};
    tarn__extremes_init(&found, TARN_STORED_SIGNED_BE);
    for (size_t i = 0; i < 9; i++) {
        const struct tarn_span value = {(const uint8_t *)ascending[i], sizes[i]};
        for (size_t k = 0; k < 9; k++) {
            const int order =
                tarn__stored_compare(TARN_STORED_SIGNED_BE, value, (struct tarn_span){(const uint8_t *)ascending[k], sizes[k]});
            ck_assert_msg(i < k ? order < 0 : i > k ? order > 0 : order == 0, "%zu and %zu", i, k);
        }
        tarn__extremes_add_bytes(&found, value);
    }
    ck_assert_ptr_eq(found.min.data, ascending[0]);
    ck_assert_ptr_eq(found.max.data, ascending[8]);
}
END_TEST

START_TEST(extremes__moments_of_96_bits) /* P-BOUND-1 */
{
    static const uint8_t values[][12] = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80},
                                         {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
                                         {0},
                                         {0xff},
                                         {0, 1},
                                         {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f}};
    scan(TARN_STORED_SIGNED_LE, values[1], 12, 4);
    expect(values[1], values[4], 12);
    scan(TARN_STORED_SIGNED_LE, values, 12, 6);
    expect(values[0], values[5], 12);
}
END_TEST

/* Texts of 0 to 11 bytes of few letters, so that many begin alike or are the begin of another. */
START_TEST(extremes__texts_that_begin_alike)
{
    enum { ROUNDS = 300, TEXTS = 40, LONGEST = 12 };
    static const uint8_t letters[] = {0, 1, 'a', 0x7f, 0x80, 0xff};
    uint32_t state = 99;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        static uint8_t bytes[TEXTS][LONGEST];
        struct tarn_span low = {NULL, 0};
        struct tarn_span high = {NULL, 0};
        tarn__extremes_init(&found, round % 2 == 0 ? TARN_STORED_BYTES : TARN_STORED_TEXT);
        for (uint32_t i = 0; i < TEXTS; i++) {
            state = state * 1664525u + 1013904223u;
            const struct tarn_span text = {bytes[i], (state >> 20) % LONGEST};
            for (size_t k = 0; k < text.size; k++) {
                state = state * 1664525u + 1013904223u;
                bytes[i][k] = k < round % LONGEST ? 'b' : letters[(state >> 20) % sizeof(letters)];
            }
            const struct tarn_span sides[] = {low, high};
            for (int side = 0; side < 2; side++) {
                const size_t common = text.size < sides[side].size ? text.size : sides[side].size;
                const int head = common != 0 ? memcmp(text.data, sides[side].data, common) : 0;
                const int order = head != 0 ? head : (text.size > sides[side].size) - (text.size < sides[side].size);
                if (i == 0 || (side == 0 ? order < 0 : order > 0)) {
                    *(side == 0 ? &low : &high) = text;
                }
            }
            tarn__extremes_add_bytes(&found, text);
        }
        tarn__extremes_finish(&found);
        ck_assert_uint_eq(found.min.size, low.size);
        ck_assert_mem_eq(found.min.data, low.data, low.size);
        ck_assert_uint_eq(found.max.size, high.size);
        ck_assert_mem_eq(found.max.data, high.data, high.size);
    }
}
END_TEST

TARN_SUITE("extremes", TARN_TEST(extremes__integers_by_sign), TARN_TEST(extremes__decimals_by_sign_not_by_bytes),
           TARN_TEST(extremes__booleans), TARN_TEST(extremes__nan_is_counted_and_no_bound), TARN_TEST(extremes__zeros_are_spread),
           TARN_TEST(extremes__several_calls_are_one), TARN_TEST(extremes__texts_by_unsigned_bytes),
           TARN_TEST(extremes__texts_that_begin_alike), TARN_LOOP_TEST(bound__long_ones_are_cut_and_raised, cuts),
           TARN_TEST(bound__none_above_the_greatest), TARN_TEST(bound__any_length), TARN_TEST(extremes__total_order_of_bits),
           TARN_TEST(extremes__decimals_of_any_width), TARN_TEST(extremes__moments_of_96_bits))
