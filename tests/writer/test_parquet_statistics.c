/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics and the page index of random columns of every type, recomputed from the values.
 */
#include "format/base/decimal.h"
#include "format/batch/half.h"
#include "format/column/extremes.h"
#include "tests/support/parquet_file.h"

enum { ROWS = 2000 };

static struct tarn_env *env;
static struct tarn_store *store;
static struct tarn_schema *schema;
static struct tarn_error err;
static struct tarn_parquet_file file;
static struct tarn_vector *column;

static uint64_t state;

static uint64_t draw(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static const struct tarn_type types[] = {
    {.id = TARN_TYPE_BOOL},
    {.id = TARN_TYPE_I8},
    {.id = TARN_TYPE_I16},
    {.id = TARN_TYPE_I32},
    {.id = TARN_TYPE_I64},
    {.id = TARN_TYPE_U8},
    {.id = TARN_TYPE_U16},
    {.id = TARN_TYPE_U32},
    {.id = TARN_TYPE_U64},
    {.id = TARN_TYPE_F16},
    {.id = TARN_TYPE_F32},
    {.id = TARN_TYPE_F64},
    {.id = TARN_TYPE_DECIMAL, .precision = 7, .scale = 2},
    {.id = TARN_TYPE_DECIMAL, .precision = 16, .scale = 2},
    {.id = TARN_TYPE_DECIMAL, .precision = 38, .scale = 2},
    {.id = TARN_TYPE_DECIMAL, .precision = 60, .scale = 2},
    {.id = TARN_TYPE_DATE},
    {.id = TARN_TYPE_TIME, .unit = TARN_MILLI},
    {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true},
    {.id = TARN_TYPE_STRING},
    {.id = TARN_TYPE_BINARY},
    {.id = TARN_TYPE_FIXED, .width = 6},
    {.id = TARN_TYPE_FIXED, .width = 64},
    {.id = TARN_TYPE_UUID},
};

static void put_decimal(struct tarn_vector_builder *builder, const struct tarn_type *type)
{
    const struct tarn_i256 ten = {{10}};
    struct tarn_i256 value = {{0}};
    for (uint64_t digits = draw() % (uint64_t)type->precision; digits != 0; digits--) {
        const struct tarn_i256 digit = {{draw() % 10}};
        (void)tarn__i256_mul(value, ten, &value);
        (void)tarn__i256_add(value, digit, &value);
    }
    if (draw() % 2 != 0) {
        (void)tarn__i256_negate(value, &value);
    }
    if (type->precision <= 18) {
        tarn__vector_builder_i64(builder, (int64_t)value.words[0]);
    } else {
        tarn__vector_builder_words(builder, value.words);
    }
}

static void put(struct tarn_vector_builder *builder, const struct tarn_type *type)
{
    static const double special[] = {0.0, -0.0, __builtin_inf(), -__builtin_inf(), 65504.0};
    char bytes[200];
    switch (tarn_type_kind(type)) {
    case TARN_KIND_BOOL:
        tarn__vector_builder_bool(builder, draw() % 40 == 0);
        return;
    case TARN_KIND_F16:
    case TARN_KIND_F32:
    case TARN_KIND_F64: {
        const uint64_t pick = draw() % 200;
        tarn__vector_builder_f64(builder, pick < 5    ? special[pick]
                                          : pick < 40 ? __builtin_nan("")
                                                      : (double)((int64_t)(draw() % 4000) - 2000) / 4);
        return;
    }
    case TARN_KIND_BYTES: {
        const size_t size = draw() % 150;
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (char)(type->id == TARN_TYPE_STRING ? 'a' + draw() % (i < 40 ? 2 : 26) : draw() % 256);
        }
        tarn__vector_builder_text(builder, (struct tarn_text){bytes, size});
        return;
    }
    case TARN_KIND_FIXED: {
        for (size_t i = 0; i < tarn_type_width(type); i++) {
            bytes[i] = (char)draw();
        }
        tarn__vector_builder_text(builder, (struct tarn_text){bytes, tarn_type_width(type)});
        return;
    }
    default:
        break;
    }
    if (type->id == TARN_TYPE_DECIMAL) {
        put_decimal(builder, type);
    } else {
        tarn__vector_builder_i64(builder, (int64_t)draw());
    }
}

/* Stretches of nulls, of NaN and of few values, so that pages of all kinds come about. */
static void make_column(const struct tarn_type *type, uint64_t seed)
{
    struct tarn_vector_builder *builder;
    const bool is_float = type->id == TARN_TYPE_F16 || type->id == TARN_TYPE_F32 || type->id == TARN_TYPE_F64;
    state = seed;
    ck_assert_ok(tarn__vector_builder_open(env, type, &builder, &err), &err);
    for (uint32_t row = 0; row < ROWS; row++) {
        if (row / 150 == 3 || draw() % 10 == 0) {
            tarn__vector_builder_null(builder);
        } else if (is_float && row / 150 == 5 && seed == 2) {
            tarn__vector_builder_f64(builder, __builtin_nan(""));
        } else {
            put(builder, type);
        }
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &column, &err), &err);
    tarn__vector_builder_close_all(builder);
}

/* A stored bound as a value. */
static struct tarn_value value_of(const struct tarn_type *type, struct tarn_span stored)
{
    struct tarn_value value = {.type = type};
    uint64_t bits = 0;
    for (size_t i = 0; i < stored.size && i < 8; i++) {
        bits |= (uint64_t)stored.data[i] << (8 * i);
    }
    switch (tarn_type_kind(type)) {
    case TARN_KIND_BOOL:
        value.u.boolean = bits != 0;
        break;
    case TARN_KIND_I64:
        value.u.i64 = (int64_t)bits;
        break;
    case TARN_KIND_I8:
    case TARN_KIND_I16:
    case TARN_KIND_I32:
        value.u.i64 = (int32_t)bits;
        break;
    case TARN_KIND_F16:
        value.u.f64 = tarn__half_to_double((uint16_t)bits);
        break;
    case TARN_KIND_F32: {
        const uint32_t low = (uint32_t)bits;
        float number;
        memcpy(&number, &low, sizeof(number));
        value.u.f64 = (double)number;
        break;
    }
    case TARN_KIND_F64:
        memcpy(&value.u.f64, &bits, sizeof(bits));
        break;
    case TARN_KIND_I128:
    case TARN_KIND_I256: {
        struct tarn_i256 number;
        ck_assert(tarn__i256_load_be(stored, &number));
        memcpy(value.u.words, number.words, sizeof(number.words));
        break;
    }
    case TARN_KIND_FIXED:
    case TARN_KIND_BYTES:
        value.u.bytes = (struct tarn_text){(const char *)stored.data, stored.size};
        break;
    default:
        value.u.u64 = bits;
        break;
    }
    return value;
}

struct truth {
    uint64_t nulls;
    uint64_t nans;
    uint64_t values;
    bool any;
    struct tarn_value min;
    struct tarn_value max;
};

static struct truth truth_of(uint64_t first, uint64_t end)
{
    struct truth truth = {0};
    for (uint64_t row = first; row < end; row++) {
        const struct tarn_value value = tarn__vector_value(column, (uint32_t)row);
        if (value.is_null) {
            truth.nulls++;
            continue;
        }
        truth.values++;
        const enum tarn_kind kind = tarn_type_kind(column->type);
        if ((kind == TARN_KIND_F16 || kind == TARN_KIND_F32 || kind == TARN_KIND_F64) && value.u.f64 != value.u.f64) {
            truth.nans++;
            continue;
        }
        if (!truth.any || tarn_value_compare(&value, &truth.min) < 0) {
            truth.min = value;
        }
        if (!truth.any || tarn_value_compare(&value, &truth.max) > 0) {
            truth.max = value;
        }
        truth.any = true;
    }
    return truth;
}

/* `exact` as said, or NULL: exact unless the truth is longer than bounds are. */
static void expect_bound(struct tarn_span stored, const struct tarn_value *truth, int side, const bool *exact)
{
    const struct tarn_value bound = value_of(column->type, stored);
    const int order = tarn_value_compare(&bound, truth);
    const bool is_long = tarn_type_kind(column->type) == TARN_KIND_BYTES && truth->u.bytes.size > TARN_BOUND_BYTES;
    if (exact != NULL ? *exact : !is_long) {
        ck_assert_int_eq(order, 0);
    } else {
        ck_assert(is_long);
        ck_assert(side < 0 ? order < 0 : order > 0);
        ck_assert_uint_le(stored.size, TARN_BOUND_BYTES);
    }
}

static void check_chunk(uint32_t g, uint64_t first, uint64_t rows)
{
    const struct parquet_column_metadata *chunk = tarn_parquet_file_chunk(&file, g, 0);
    const struct parquet_statistics *stats = &chunk->statistics;
    const struct truth truth = truth_of(first, first + rows);

    ck_assert(chunk->has_statistics && stats->has_null_count);
    ck_assert(!stats->has_min && !stats->has_max); /* the deprecated pair */
    ck_assert_int_eq(stats->null_count, (int64_t)truth.nulls);
    ck_assert_int_eq(stats->has_min_value, truth.any);
    ck_assert_int_eq(stats->has_max_value, truth.any);
    if (stats->has_nan_count) {
        ck_assert_int_eq(stats->nan_count, (int64_t)truth.nans);
    } else {
        ck_assert_uint_eq(truth.nans, 0);
    }
    if (truth.any) {
        expect_bound(stats->min_value, &truth.min, -1, &stats->is_min_value_exact);
        expect_bound(stats->max_value, &truth.max, 1, &stats->is_max_value_exact);
    }
}

static void check_page_order(const struct tarn_column_index *index)
{
    struct tarn_value before[2];
    bool ascending = true;
    bool descending = true;
    bool any = false;
    for (uint32_t p = 0; p < index->page_count; p++) {
        if (index->null_pages[p]) {
            continue;
        }
        const struct tarn_value now[2] = {value_of(column->type, index->min_values[p]), value_of(column->type, index->max_values[p])};
        for (int side = 0; side < 2 && any; side++) {
            ascending = ascending && tarn_value_compare(&now[side], &before[side]) >= 0;
            descending = descending && tarn_value_compare(&now[side], &before[side]) <= 0;
        }
        memcpy(before, now, sizeof(before));
        any = true;
    }
    ck_assert(index->boundary_order != PARQUET_ASCENDING || ascending);
    ck_assert(index->boundary_order != PARQUET_DESCENDING || descending);
    ck_assert(index->boundary_order != PARQUET_UNORDERED || (!ascending && !descending));
}

/* Returns whether the chunk had a column index. */
static bool check_pages(uint32_t g, uint64_t first)
{
    const struct tarn_offset_index offsets = tarn_parquet_file_offset_index(&file, g, 0);
    struct tarn_column_index index;
    const bool indexed = tarn_parquet_file_column_index(&file, g, 0, &index);
    const bool has_dictionary = tarn_parquet_file_chunk(&file, g, 0)->has_dictionary_page_offset;
    bool unbounded = false;

    ck_assert_uint_eq(tarn_parquet_file_page_count(&file, g, 0), offsets.page_count + has_dictionary);
    for (uint32_t p = 0; p < offsets.page_count; p++) {
        uint64_t begin;
        const uint64_t rows = tarn__offset_index_rows(&offsets, p, &begin);
        const struct truth truth = truth_of(first + begin, first + begin + rows);
        struct tarn_page page = tarn_parquet_file_page(&file, g, 0, p + has_dictionary);
        ck_assert_int_eq(offsets.pages[p].offset, (int64_t)page.offset);
        ck_assert_uint_eq(page.header.value_count, rows);
        tarn__page_release(&page);
        unbounded |= truth.values != 0 && !truth.any;
        if (!indexed) {
            continue;
        }
        ck_assert_int_eq(index.null_pages[p], truth.values == 0);
        ck_assert_int_eq(index.null_counts[p], (int64_t)truth.nulls);
        if (index.nan_counts != NULL) {
            ck_assert_int_eq(index.nan_counts[p], (int64_t)truth.nans);
        }
        if (truth.any) {
            expect_bound(index.min_values[p], &truth.min, -1, NULL);
            expect_bound(index.max_values[p], &truth.max, 1, NULL);
        }
    }
    if (indexed) {
        check_page_order(&index);
    }
    ck_assert(indexed || unbounded);
    return indexed;
}

/* Three seeds: with a dictionary, with a stretch of NaN, without dictionary; the third with more pages. */
START_TEST(parquet_statistics__are_those_of_the_values) /* P-BOUND-7 P-INDEX-WRITE-1 P-INDEX-WRITE-2 P-INDEX-WRITE-3 P-INDEX-WRITE-4 */
{
    const struct tarn_field field = TARN_TEST_FIELD("a", &types[_i], true);
    err = (struct tarn_error)TARN_ERROR_INIT;
    env = tarn_test_env();
    ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &schema, &err), &err);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
        make_column(schema->fields[0].type, seed);
        const struct tarn_parquet_write_options options = {
            .size = sizeof(options), .row_group_rows = 900, .page_rows = seed == 3 ? 30 : 140, .no_dictionary = seed == 3};
        struct tarn_vector *columns[] = {tarn_vector_retain(column)};
        tarn_parquet_file_write(store, TARN_TEXT("f"), schema, &options, ROWS, columns);
        tarn_parquet_file_open(&file, store, TARN_TEXT("f"));
        uint64_t first = 0;
        bool all_indexed = true;
        for (uint32_t g = 0; g < file.footer->metadata.row_groups.count; g++) {
            const uint64_t rows = (uint64_t)file.footer->metadata.row_groups.items[g].num_rows;
            check_chunk(g, first, rows);
            all_indexed &= check_pages(g, first);
            first += rows;
        }
        ck_assert_uint_eq(first, ROWS);
        const bool is_float = types[_i].id >= TARN_TYPE_F16 && types[_i].id <= TARN_TYPE_F64;
        ck_assert(all_indexed != (is_float && seed == 2)); /* a page of NaN has no bounds, so its chunk has no column index */
        tarn_parquet_file_close(&file);
        tarn_vector_release(column);
        tarn_store_close(store);
    }
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}
END_TEST

/* [] , [a, null], null, [b, c]: levels and bytes of a string leaf under a list. */
START_TEST(parquet_statistics__level_histograms_and_sizes) /* P-INDEX-WRITE-5 */
{
    const struct tarn_type text = {.id = TARN_TYPE_STRING};
    const struct tarn_field element = TARN_TEST_FIELD("element", &text, true);
    const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
    const struct tarn_field field = TARN_TEST_FIELD("l", &list, true);
    struct tarn_vector_builder *builder;
    err = (struct tarn_error)TARN_ERROR_INIT;
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &schema, &err), &err);
    ck_assert_ok(tarn__vector_builder_open(env, schema->fields[0].type, &builder, &err), &err);
    struct tarn_vector_builder *child = tarn__vector_builder_child(builder, 0);
    tarn__vector_builder_close(builder);
    tarn__vector_builder_text(child, TARN_TEXT("aa"));
    tarn__vector_builder_null(child);
    tarn__vector_builder_close(builder);
    tarn__vector_builder_null(builder);
    tarn__vector_builder_text(child, TARN_TEXT("b"));
    tarn__vector_builder_text(child, TARN_TEXT("ccc"));
    tarn__vector_builder_close(builder);
    ck_assert_ok(tarn__vector_builder_finish(builder, &column, &err), &err);
    tarn__vector_builder_close_all(builder);
    tarn_parquet_file_write(store, TARN_TEXT("f"), schema, NULL, 4, &column);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f"));

    static const int64_t definition[] = {1, 1, 1, 3};
    static const int64_t repetition[] = {4, 2};
    const struct parquet_column_metadata *chunk = tarn_parquet_file_chunk(&file, 0, 0);
    const struct parquet_size_statistics *size = chunk->size_statistics;
    ck_assert_int_eq(chunk->num_values, 6);
    ck_assert_int_eq(chunk->statistics.null_count, 3);
    ck_assert_ptr_nonnull(size);
    ck_assert_int_eq(size->unencoded_byte_array_data_bytes, 6);
    ck_assert_uint_eq(size->definition_level_histogram.count, 4);
    ck_assert_mem_eq(size->definition_level_histogram.items, definition, sizeof(definition));
    ck_assert_uint_eq(size->repetition_level_histogram.count, 2);
    ck_assert_mem_eq(size->repetition_level_histogram.items, repetition, sizeof(repetition));

    tarn_parquet_file_close(&file);
    tarn_schema_release(schema);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("parquet_statistics", TARN_LOOP_TEST(parquet_statistics__are_those_of_the_values, types),
           TARN_TEST(parquet_statistics__level_histograms_and_sizes))
