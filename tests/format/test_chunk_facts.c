/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts of pages merged into facts of chunks and files.
 */
#include "format/base/bytes.h"
#include "format/column/chunk_facts.h"
#include "tests/support/suite.h"

static struct tarn__value_facts texts(const char *min, bool min_exact, const char *max, bool max_exact)
{
    return (struct tarn__value_facts){.slots = 10,
                                      .values = 7,
                                      .has_min = min != NULL,
                                      .has_max = max != NULL,
                                      .min_exact = min_exact,
                                      .max_exact = max_exact,
                                      .min = {(const uint8_t *)min, min != NULL ? strlen(min) : 0},
                                      .max = {(const uint8_t *)max, max != NULL ? strlen(max) : 0}};
}

static bool is(struct tarn_span bound, const char *text)
{
    return bound.size == strlen(text) && memcmp(bound.data, text, bound.size) == 0;
}

START_TEST(value_facts__merge_takes_the_outer_bounds) /* P-FILE-WRITE-7 */
{
    struct tarn__value_facts all = {0};
    const struct tarn__value_facts parts[] = {texts("d", true, "m", false), texts("b", false, "k", true), texts("c", true, "z", true)};
    for (size_t i = 0; i < 3; i++) {
        ck_assert(tarn__value_facts_merge(&all, &parts[i], TARN_STORED_TEXT, NULL));
    }
    ck_assert(is(all.min, "b") && !all.min_exact);
    ck_assert(is(all.max, "z") && all.max_exact);
    ck_assert_uint_eq(all.slots, 30);
    ck_assert_uint_eq(all.values, 21);
}
END_TEST

/* A cut bound that some other part has as a value is exact: the value is there. */
START_TEST(value_facts__merge_of_equal_bounds_is_exact_when_one_is)
{
    struct tarn__value_facts all = texts("b", false, "y", false);
    const struct tarn__value_facts part = texts("b", true, "y", true);
    ck_assert(tarn__value_facts_merge(&all, &part, TARN_STORED_TEXT, NULL));
    ck_assert(all.min_exact && all.max_exact);
    struct tarn__value_facts cut = texts("b", false, "y", false);
    ck_assert(tarn__value_facts_merge(&cut, &cut, TARN_STORED_TEXT, NULL));
    ck_assert(!cut.min_exact && !cut.max_exact);
}
END_TEST

/* One part without a bound, whose values may be anything, leaves none. */
START_TEST(value_facts__merge_with_the_unknown_is_unknown)
{
    struct tarn__value_facts all = texts("b", true, "y", true);
    const struct tarn__value_facts part = texts("c", true, NULL, false);
    ck_assert(tarn__value_facts_merge(&all, &part, TARN_STORED_TEXT, NULL));
    ck_assert(all.has_min && !all.has_max);
    const struct tarn__value_facts known = texts("a", true, "z", true);
    ck_assert(tarn__value_facts_merge(&all, &known, TARN_STORED_TEXT, NULL));
    ck_assert(is(all.min, "a"));
    ck_assert(!all.has_max);
}
END_TEST

START_TEST(value_facts__nulls_and_nans_change_no_bound)
{
    struct tarn__value_facts all = texts("b", true, "y", true);
    const struct tarn__value_facts nulls = {.slots = 5};
    const struct tarn__value_facts nans = {.slots = 4, .values = 3, .nan_count = 3};
    ck_assert(tarn__value_facts_merge(&all, &nulls, TARN_STORED_TEXT, NULL));
    ck_assert(tarn__value_facts_merge(&all, &nans, TARN_STORED_TEXT, NULL));
    ck_assert(all.has_min && all.has_max);
    ck_assert_uint_eq(all.slots, 19);
    ck_assert_uint_eq(all.nan_count, 3);

    struct tarn__value_facts after = nans; /* NaN first, then values */
    const struct tarn__value_facts known = texts("b", true, "y", true);
    ck_assert(tarn__value_facts_merge(&after, &known, TARN_STORED_TEXT, NULL));
    ck_assert(after.has_min && is(after.min, "b"));
}
END_TEST

/* Total order: NaN are bounds where there are no numbers, and give way to these whatever comes first. */
START_TEST(value_facts__nan_bounds_give_way_to_numbers) /* P-BOUND-8 */
{
    static const uint8_t nan[4] = {0, 0, 0xc0, 0x7f};
    static const uint8_t low_nan[4] = {0, 0, 0xc0, 0xff};
    static const uint8_t one[4] = {0, 0, 0x80, 0x3f};
    const struct tarn_span bounds[] = {{nan, 4}, {low_nan, 4}, {one, 4}};
    struct tarn__value_facts parts[3];
    for (size_t i = 0; i < 3; i++) {
        parts[i] = (struct tarn__value_facts){.slots = 3,
                                              .values = 2,
                                              .nan_count = i < 2 ? 2 : 1,
                                              .has_min = true,
                                              .has_max = true,
                                              .min_exact = true,
                                              .max_exact = true,
                                              .min = bounds[i],
                                              .max = bounds[i]};
    }
    for (size_t first = 0; first < 3; first++) {
        struct tarn__value_facts all = {0};
        for (size_t i = 0; i < 3; i++) {
            ck_assert(tarn__value_facts_merge(&all, &parts[(first + i) % 3], TARN_STORED_F32_TOTAL, NULL));
        }
        ck_assert_mem_eq(all.min.data, one, 4);
        ck_assert_mem_eq(all.max.data, one, 4);
        ck_assert_uint_eq(all.nan_count, 5);
    }
    struct tarn__value_facts only = parts[0];
    ck_assert(tarn__value_facts_merge(&only, &parts[1], TARN_STORED_F32_TOTAL, NULL));
    ck_assert_mem_eq(only.min.data, low_nan, 4);
    ck_assert_mem_eq(only.max.data, nan, 4);
}
END_TEST

TARN_SUITE("chunk_facts", TARN_TEST(value_facts__merge_takes_the_outer_bounds),
           TARN_TEST(value_facts__merge_of_equal_bounds_is_exact_when_one_is), TARN_TEST(value_facts__merge_with_the_unknown_is_unknown),
           TARN_TEST(value_facts__nulls_and_nans_change_no_bound), TARN_TEST(value_facts__nan_bounds_give_way_to_numbers))
