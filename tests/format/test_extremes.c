/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounds of stored values: by the order of the type, and cut where they are long.
 */
#include "format/base/bytes.h"
#include "format/column/extremes.h"
#include "tests/support/suite.h"

static struct tarn__extremes found;

static void scan(enum tarn__stored_order order, const void *values, size_t width, size_t count)
{
    tarn__extremes_init(&found, order);
    tarn__extremes_add_fixed(&found, values, width, count);
    tarn__extremes_finish(&found);
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
    const double doubles[] = {nan, 3.0, -2.5, nan};
    scan(TARN_STORED_F64, doubles, 8, 4);
    expect(&doubles[2], &doubles[1], 8);
    ck_assert_uint_eq(found.nan_count, 2);
    scan(TARN_STORED_F64, doubles, 8, 1);
    ck_assert(!found.any);
    ck_assert_uint_eq(found.nan_count, 1);

    const float floats[] = {-__builtin_inff(), (float)nan};
    scan(TARN_STORED_F32, floats, 4, 2);
    expect(&floats[0], &floats[0], 4);
    ck_assert_uint_eq(found.nan_count, 1);

    const uint16_t halves[] = {0x7e00, 0x3c00, 0xc000, 0xfc00}; /* NaN, 1, -2, -inf */
    scan(TARN_STORED_F16, halves, 2, 3);
    expect(&halves[2], &halves[1], 2);
    ck_assert_uint_eq(found.nan_count, 1);
    scan(TARN_STORED_F16, halves, 2, 4);
    expect(&halves[3], &halves[1], 2);
}
END_TEST

START_TEST(extremes__zeros_are_spread) /* P-BOUND-4 */
{
    const double minus = -0.0;
    const double plus = 0.0;
    scan(TARN_STORED_F64, &plus, 8, 1);
    expect(&minus, &plus, 8);
    scan(TARN_STORED_F64, &minus, 8, 1);
    expect(&minus, &plus, 8);
    const uint16_t half[] = {0x0000, 0x8000};
    scan(TARN_STORED_F16, &half[1], 2, 1);
    expect(&half[1], &half[0], 2);
    const double mixed[] = {-0.0, 4.0};
    scan(TARN_STORED_F64, mixed, 8, 2);
    expect(&minus, &mixed[1], 8);
}
END_TEST

START_TEST(extremes__several_calls_are_one)
{
    const int32_t values[] = {4, 2, 9};
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

    ck_assert_uint_eq(tarn__bound_cut_min(c->order, value), c->min);
    const size_t size = tarn__bound_cut_max(c->order, value, raised, &exact);
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
    ck_assert_uint_eq(tarn__bound_cut_max(TARN_STORED_BYTES, (struct tarn_span){all, sizeof(all)}, raised, &exact), 0);
    ck_assert(!exact);
    /* Bytes that are no text, though the type says so: no bound is better than a wrong one. */
    ck_assert_uint_eq(tarn__bound_cut_max(TARN_STORED_TEXT, (struct tarn_span){all, sizeof(all)}, raised, &exact), 0);
}
END_TEST

TARN_SUITE("extremes", TARN_TEST(extremes__integers_by_sign), TARN_TEST(extremes__decimals_by_sign_not_by_bytes),
           TARN_TEST(extremes__booleans), TARN_TEST(extremes__nan_is_counted_and_no_bound), TARN_TEST(extremes__zeros_are_spread),
           TARN_TEST(extremes__several_calls_are_one), TARN_TEST(extremes__texts_by_unsigned_bytes),
           TARN_LOOP_TEST(bound__long_ones_are_cut_and_raised, cuts), TARN_TEST(bound__none_above_the_greatest))
