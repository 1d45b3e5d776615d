/* SPDX-License-Identifier: Apache-2.0
 * Metrics of data files: packed and unpacked, and made of new files.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "tests/support/suite.h"
#include "txlog/iceberg/iceberg_state.h"
#include "txlog/iceberg/iceberg_statistics.h"

static struct tarn_error err;

START_TEST(iceberg_metrics__packed_metrics_come_back)
{
    struct tarn_env *env = tarn_test_env();
    static const struct tarn__iceberg_count counts[] = {{7, 1}, {3, INT64_MAX}, {INT32_MAX, 0}};
    static const struct tarn__iceberg_bound bounds[] = {{2, {(const uint8_t *)"abc", 3}}, {1, {(const uint8_t *)"", 0}}};
    static const int64_t offsets[] = {4, 1 << 30};
    const struct tarn__iceberg_data_file file = {.record_count = 12,
                                                 .column_sizes = {true, 3, counts},
                                                 .value_counts = {true, 1, counts},
                                                 .null_counts = {true, 0, NULL},
                                                 .lower_bounds = {true, 2, bounds},
                                                 .has_split_offsets = true,
                                                 .split_offset_count = 2,
                                                 .split_offsets = offsets};
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    tarn__iceberg_statistics_pack(&file, TARN_ICEBERG_PACK_ALL, &out);
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_data_file back = {0};
    ck_assert_ok(tarn__iceberg_statistics_unpack(tarn__builder_text(&out), &arena, &back, &err), &err);
    ck_assert_int_eq(back.record_count, 12);
    ck_assert(back.column_sizes.is_there && back.column_sizes.size == 3);
    for (int i = 0; i < 3; i++) {
        ck_assert(back.column_sizes.items[i].field_id == counts[i].field_id && back.column_sizes.items[i].count == counts[i].count);
    }
    ck_assert(back.null_counts.is_there && back.null_counts.size == 0); /* empty, but there */
    ck_assert(!back.nan_counts.is_there && !back.upper_bounds.is_there);
    ck_assert(back.lower_bounds.size == 2 && back.lower_bounds.items[0].bytes.size == 3 && back.lower_bounds.items[1].bytes.size == 0);
    ck_assert(back.has_split_offsets && back.split_offsets[1] == 1 << 30);
    for (size_t cut = 0; cut < out.size; cut++) {
        struct tarn__iceberg_data_file half = {0};
        ck_assert_int_eq(tarn__iceberg_statistics_unpack((struct tarn_text){out.data, cut}, &arena, &half, &err), TARN_INTERNAL);
    }
    tarn__builder_clear(&out);
    tarn__iceberg_statistics_pack(&file, TARN_ICEBERG_PACK_COUNTS, &out);
    back = (struct tarn__iceberg_data_file){0};
    ck_assert_ok(tarn__iceberg_statistics_unpack(tarn__builder_text(&out), &arena, &back, &err), &err);
    ck_assert(back.value_counts.is_there && !back.column_sizes.is_there && !back.has_split_offsets && !back.lower_bounds.is_there);
    tarn__arena_free(&arena);
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}
END_TEST

/* Bounds of one text or binary column, made and read back. NULL: left out. */
static const struct {
    enum tarn_type_id type;
    const char *metrics; /* write.metadata.metrics.default; NULL: not set */
    const char *low;
    const char *high;
    const char *lower;
    const char *upper;
} cuts[] = {
    {TARN_TYPE_STRING, NULL, "abc", "abd", "abc", "abd"},
    {TARN_TYPE_STRING, NULL, "0123456789abcdef", "0123456789abcdef", "0123456789abcdef", "0123456789abcdef"},
    {TARN_TYPE_STRING, NULL, "0123456789abcdefg", "0123456789abcdefg", "0123456789abcdef", "0123456789abcdeg"},
    {TARN_TYPE_STRING, "truncate(2)", "äöü", "äöü", "äö", "ä\xc3\xb7"},
    {TARN_TYPE_STRING, "truncate(1)", "\xed\x9f\xbfz", "\xed\x9f\xbfz", "\xed\x9f\xbf", "\xee\x80\x80"}, /* over the surrogates */
    {TARN_TYPE_STRING, "truncate(2)", "a", "b\xf4\x8f\xbf\xbfz", "a", "c"},                              /* the last cannot be raised */
    {TARN_TYPE_STRING, "truncate(1)", "a", "\xf4\x8f\xbf\xbfz", "a", NULL},                              /* none can */
    {TARN_TYPE_STRING, "full", "0123456789abcdefg", "0123456789abcdefgh", "0123456789abcdefg", "0123456789abcdefgh"},
    {TARN_TYPE_STRING, "counts", "a", "b", NULL, NULL},
    {TARN_TYPE_STRING, "none", "a", "b", NULL, NULL},
    {TARN_TYPE_STRING, "rubbish", "0123456789abcdefg", "b", "0123456789abcdef", "b"},
    {TARN_TYPE_BINARY, "truncate(2)", "abc", "a\xff\xff", "ab", "b"},
    {TARN_TYPE_BINARY, "truncate(1)", "abc", "\xff\xff", "a", NULL},
};

START_TEST(iceberg_metrics__bounds_are_cut_as_java_does) /* T-ICEBERG-METRICS-2 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_type type = {.id = cuts[_i].type};
    const struct tarn_field field = {.name = {"c", 1}, .type = &type, .nullable = true, .id = 5};
    const struct tarn_schema schema = {.field_count = 1, .fields = &field};
    const struct tarn__physical physical = {.name = {"c", 1}, .id = 5};
    const struct tarn_property property = {TARN_TEXT("write.metadata.metrics.default"),
                                           tarn__text_of(cuts[_i].metrics != NULL ? cuts[_i].metrics : "")};
    struct tarn__iceberg_state state = {.metadata = {.property_count = cuts[_i].metrics != NULL, .properties = &property}};
    struct tarn_snapshot snapshot = {
        .env = env, .schema = (struct tarn_schema *)(uintptr_t)&schema, .physical = &physical, .state = &state};
    const uint32_t index = 0;
    const struct tarn__leaf_statistics leaf = {
        .depth = 1,
        .index = &index,
        .type = &type,
        .stored = 77,
        .bounds = {.rows = 9,
                   .has_null_count = true,
                   .null_count = 2,
                   .has_min = true,
                   .has_max = true,
                   .min_exact = true,
                   .max_exact = true,
                   .min = {.type = &type, .u.bytes = tarn__text_of(cuts[_i].low)},
                   .max = {.type = &type, .u.bytes = tarn__text_of(cuts[_i].high)}},
    };
    const struct tarn__statistics_input input = {.rows = 9, .leaf_count = 1, .leaves = &leaf};
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    ck_assert_ok(tarn__iceberg_statistics_make(&snapshot, &input, &out, &err), &err);
    struct tarn__iceberg_column_metrics metrics;
    int64_t rows;
    ck_assert(tarn__iceberg_statistics_find(tarn__builder_text(&out), 5, &rows, &metrics));
    ck_assert_int_eq(rows, 9);
    const bool counted = cuts[_i].metrics == NULL || strcmp(cuts[_i].metrics, "none") != 0;
    ck_assert_int_eq(metrics.values, counted ? 9 : -1);
    ck_assert_int_eq(metrics.nulls, counted ? 2 : -1);
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_data_file whole = {0};
    ck_assert_ok(tarn__iceberg_statistics_unpack(tarn__builder_text(&out), &arena, &whole, &err), &err);
    ck_assert(whole.column_sizes.size == counted && (!counted || whole.column_sizes.items[0].count == 77));
    tarn__arena_free(&arena);
    ck_assert(metrics.has_lower == (cuts[_i].lower != NULL) && metrics.has_upper == (cuts[_i].upper != NULL));
    if (metrics.has_lower) {
        ck_assert(
            tarn__text_equal((struct tarn_text){(const char *)metrics.lower.data, metrics.lower.size}, tarn__text_of(cuts[_i].lower)));
    }
    if (metrics.has_upper) {
        ck_assert(
            tarn__text_equal((struct tarn_text){(const char *)metrics.upper.data, metrics.upper.size}, tarn__text_of(cuts[_i].upper)));
    }
    tarn__builder_free(&out);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/iceberg_metrics", TARN_TEST(iceberg_metrics__packed_metrics_come_back),
           TARN_LOOP_TEST(iceberg_metrics__bounds_are_cut_as_java_does, cuts))
