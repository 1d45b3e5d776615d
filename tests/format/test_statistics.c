/* SPDX-License-Identifier: Apache-2.0
 * Which stored statistics become bounds, and which are not believed.
 */
#include "format/column/statistics.h"
#include "tests/support/suite.h"

#define SPAN(...)                                                                                                                          \
    {                                                                                                                                      \
        (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})                                                             \
    }

static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type u32 = {.id = TARN_TYPE_U32};
static const struct tarn_type f32 = {.id = TARN_TYPE_F32};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_type money = {.id = TARN_TYPE_DECIMAL, .precision = 20, .scale = 2};
static const struct tarn_type moment = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true};

static const struct tarn_leaf int_leaf = {.physical = PARQUET_INT32, .width = 4, .order = TARN_ORDER_SIGNED, .type = &i32};
static const struct tarn_leaf unsigned_leaf = {.physical = PARQUET_INT32, .width = 4, .order = TARN_ORDER_UNSIGNED, .type = &u32};
static const struct tarn_leaf float_leaf = {.physical = PARQUET_FLOAT, .width = 4, .order = TARN_ORDER_FLOAT, .type = &f32};
static const struct tarn_leaf text_leaf = {.physical = PARQUET_BYTE_ARRAY, .order = TARN_ORDER_BYTES, .type = &text};
static const struct tarn_leaf money_leaf = {
    .physical = PARQUET_FIXED_LEN_BYTE_ARRAY, .type_length = 9, .width = 9, .order = TARN_ORDER_BIG, .type = &money};
static const struct tarn_type wide = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO, .wide = true};
static const struct tarn_leaf int96_leaf = {.physical = PARQUET_INT96, .width = 12, .order = TARN_ORDER_INT96, .type = &moment};

static const struct tarn_leaf wide96_leaf = {.physical = PARQUET_INT96, .width = 12, .order = TARN_ORDER_INT96, .type = &wide};
static const struct tarn_leaf wide12_leaf = {.physical = PARQUET_FIXED_LEN_BYTE_ARRAY,
                                             .type_length = 12,
                                             .width = 12,
                                             .stored_digits = 9,
                                             .order = TARN_ORDER_LITTLE,
                                             .type = &wide};
static const struct tarn_leaf unknown_leaf = {.physical = PARQUET_INT32, .width = 4, .order = TARN_ORDER_UNDEFINED, .type = &i32};

/* `legacy`: in the deprecated pair. */
static const struct {
    const char *name;
    const struct tarn_leaf *leaf;
    int32_t order_id;
    bool legacy;
    struct tarn_span min;
    struct tarn_span max;
    bool usable;
} stored_pairs[] = {
    {"signed", &int_leaf, PARQUET_ORDER_TYPE, false, SPAN(0xff, 0xff, 0xff, 0xff), SPAN(1, 0, 0, 0), true},
    {"signed, deprecated pair", &int_leaf, 0, true, SPAN(0xff, 0xff, 0xff, 0xff), SPAN(1, 0, 0, 0), true},
    {"no column order", &int_leaf, 0, false, SPAN(0, 0, 0, 0), SPAN(1, 0, 0, 0), false},
    {"order of tomorrow", &int_leaf, 77, false, SPAN(0, 0, 0, 0), SPAN(1, 0, 0, 0), false},
    {"minimum above maximum", &int_leaf, PARQUET_ORDER_TYPE, false, SPAN(2, 0, 0, 0), SPAN(1, 0, 0, 0), false},
    {"wrong length", &int_leaf, PARQUET_ORDER_TYPE, false, SPAN(0), SPAN(1, 0), false},
    {"unsigned above 2^31", &unsigned_leaf, PARQUET_ORDER_TYPE, false, SPAN(1, 0, 0, 0), SPAN(0xff, 0xff, 0xff, 0xff), true},
    {"unsigned, deprecated pair", &unsigned_leaf, 0, true, SPAN(1, 0, 0, 0), SPAN(2, 0, 0, 0), false},
    {"text", &text_leaf, PARQUET_ORDER_TYPE, false, SPAN('a'), SPAN(0xc3, 0xa4), true},
    {"text, deprecated pair", &text_leaf, 0, true, SPAN('a'), SPAN('b'), false},
    {"decimal, signed", &money_leaf, PARQUET_ORDER_TYPE, false, SPAN(0xff, 0xff), SPAN(0x00, 0x01), true},
    {"decimal, deprecated pair", &money_leaf, 0, true, SPAN(0x00, 0x01), SPAN(0x00, 0x02), false},
    {"float", &float_leaf, PARQUET_ORDER_TYPE, false, SPAN(0, 0, 0x80, 0xbf), SPAN(0, 0, 0x80, 0x3f), true},
    {"NaN", &float_leaf, PARQUET_ORDER_TYPE, false, SPAN(0, 0, 0xc0, 0x7f), SPAN(0, 0, 0xc0, 0x7f), false},
    {"INT96", &int96_leaf, PARQUET_ORDER_TYPE, false, SPAN(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), SPAN(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
     false},
    {"INT96, deprecated pair", &int96_leaf, 0, true, SPAN(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), SPAN(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
     false},
    {"INT96 under its own order, in microseconds", &int96_leaf, PARQUET_ORDER_INT96_TIMESTAMP, false,
     SPAN(0xff, 0xff, 0, 0, 0, 0, 0, 0, 0x8c, 0x3d, 0x25, 0), SPAN(0, 0, 0, 0, 0, 0, 0, 0, 0x8d, 0x3d, 0x25, 0), true},
    {"INT96 under its own order, of a day before 4713 BC", &wide96_leaf, PARQUET_ORDER_INT96_TIMESTAMP, false,
     SPAN(0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff), SPAN(0, 0, 0, 0, 0, 0, 0, 0, 0x8d, 0x3d, 0x25, 0), true},
    {"12 bytes, signed and little-endian", &wide12_leaf, PARQUET_ORDER_TYPE, false,
     SPAN(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), SPAN(0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0), true},
    {"12 bytes, without order", &wide12_leaf, 0, false, SPAN(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), SPAN(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
     false},
    {"a type of later days", &unknown_leaf, PARQUET_ORDER_TYPE, false, SPAN(0, 0, 0, 0), SPAN(1, 0, 0, 0), false},
    {"a type of later days, deprecated pair", &unknown_leaf, 0, true, SPAN(0, 0, 0, 0), SPAN(1, 0, 0, 0), false},
    {"NaN under the total order", &float_leaf, PARQUET_ORDER_IEEE_754_TOTAL, false, SPAN(0, 0, 0xc0, 0xff), SPAN(0, 0, 0xc0, 0x7f), false},
    {"float under the total order", &float_leaf, PARQUET_ORDER_IEEE_754_TOTAL, false, SPAN(0, 0, 0x80, 0xbf), SPAN(0, 0, 0x80, 0x3f), true},
};

START_TEST(statistics__believes_only_what_the_order_makes_sure) /* P-STAT-1 P-STAT-2 P-STAT-3 */
{
    struct parquet_statistics stored = {0};
    struct tarn_bounds bounds;
    if (stored_pairs[_i].legacy) {
        stored.has_min = stored.has_max = true;
        stored.min = stored_pairs[_i].min;
        stored.max = stored_pairs[_i].max;
    } else {
        stored.has_min_value = stored.has_max_value = true;
        stored.min_value = stored_pairs[_i].min;
        stored.max_value = stored_pairs[_i].max;
    }
    tarn__statistics_bounds(stored_pairs[_i].leaf, stored_pairs[_i].order_id, &stored, 10, &bounds);
    ck_assert_msg(bounds.has_min == stored_pairs[_i].usable && bounds.has_max == stored_pairs[_i].usable, "%s", stored_pairs[_i].name);
    if (stored_pairs[_i].usable) {
        ck_assert_msg(tarn_value_compare(&bounds.min, &bounds.max) < 0, "%s", stored_pairs[_i].name);
    }
}
END_TEST

START_TEST(statistics__widens_zeros_outward) /* P-STAT-4 */
{
    const struct tarn_span plus = SPAN(0, 0, 0, 0);
    const struct tarn_span minus = SPAN(0, 0, 0, 0x80);
    const struct parquet_statistics stored = {.has_min_value = true, .has_max_value = true, .min_value = plus, .max_value = minus};
    struct tarn_bounds bounds;
    tarn__statistics_bounds(&float_leaf, PARQUET_ORDER_TYPE, &stored, 10, &bounds);
    ck_assert(bounds.has_min && bounds.has_max);
    ck_assert(__builtin_signbit(bounds.min.u.f64));
    ck_assert(!__builtin_signbit(bounds.max.u.f64));
}
END_TEST

START_TEST(statistics__takes_an_absent_null_count_for_unknown) /* P-STAT-5 */
{
    struct parquet_statistics stored = {0};
    struct tarn_bounds bounds;
    tarn__statistics_bounds(&int_leaf, PARQUET_ORDER_TYPE, &stored, 10, &bounds);
    ck_assert(!bounds.has_null_count && !bounds.has_min && !bounds.has_max);
    ck_assert_uint_eq(bounds.rows, 10);

    stored.has_null_count = true;
    stored.null_count = 4;
    tarn__statistics_bounds(&int_leaf, PARQUET_ORDER_TYPE, &stored, 10, &bounds);
    ck_assert(bounds.has_null_count);
    ck_assert_uint_eq(bounds.null_count, 4);

    stored.null_count = 11; /* more than there are */
    tarn__statistics_bounds(&int_leaf, PARQUET_ORDER_TYPE, &stored, 10, &bounds);
    ck_assert(!bounds.has_null_count);
}
END_TEST

START_TEST(statistics__says_whether_bounds_are_exact) /* P-STAT-6 */
{
    const struct tarn_span low = SPAN('a');
    const struct tarn_span high = SPAN('c');
    struct parquet_statistics stored = {.has_min_value = true, .has_max_value = true, .min_value = low, .max_value = high};
    struct tarn_bounds bounds;
    tarn__statistics_bounds(&text_leaf, PARQUET_ORDER_TYPE, &stored, 10, &bounds);
    ck_assert(!bounds.min_exact && !bounds.max_exact);
    stored.has_is_min_value_exact = stored.has_is_max_value_exact = true;
    stored.is_min_value_exact = true;
    tarn__statistics_bounds(&text_leaf, PARQUET_ORDER_TYPE, &stored, 10, &bounds);
    ck_assert(bounds.min_exact && !bounds.max_exact);
}
END_TEST

TARN_SUITE("format/statistics", TARN_LOOP_TEST(statistics__believes_only_what_the_order_makes_sure, stored_pairs),
           TARN_TEST(statistics__widens_zeros_outward), TARN_TEST(statistics__takes_an_absent_null_count_for_unknown),
           TARN_TEST(statistics__says_whether_bounds_are_exact))
