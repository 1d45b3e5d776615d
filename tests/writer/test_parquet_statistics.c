/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics and the page index of random columns of every type, recomputed from the values.
 */
#include "format/base/decimal.h"
#include "format/base/utf8.h"
#include "format/batch/half.h"
#include "format/column/extremes.h"
#include "tarn/reader.h"
#include "tests/support/parquet_file.h"

enum { ROWS = 2000 };

static struct tarn_env *env;
static struct tarn_store *store;
static struct tarn_schema *schema;
static struct tarn_error err;
static struct tarn_parquet_file file;
static struct tarn_vector *column;

/* What is asked for. */
static size_t longest;   /* bound */
static bool total_order; /* of floats */

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
    {.id = TARN_TYPE_JSON}, /* of characters of one to four bytes */
    {.id = TARN_TYPE_ENUM},
    {.id = TARN_TYPE_FIXED, .width = 70},
    {.id = TARN_TYPE_INTERVAL},
    {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO, .wide = true},
    {.id = TARN_TYPE_TIME, .unit = TARN_NANO},
    {.id = TARN_TYPE_BINARY, .precision = 80, .scale = 3},
    {.id = TARN_TYPE_FIXED, .width = 33, .precision = 78, .scale = 3},
};

static bool is_float_type(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_F16 || type->id == TARN_TYPE_F32 || type->id == TARN_TYPE_F64;
}

static bool is_nan(const struct tarn_value *value)
{
    return is_float_type(value->type) && value->u.f64 != value->u.f64;
}

/* A float as a number of the total order. */
static int64_t total_key(const struct tarn_value *value)
{
    int64_t bits;
    memcpy(&bits, &value->u.f64, sizeof(bits));
    return bits < 0 ? (int64_t)((uint64_t)bits ^ INT64_MAX) : bits;
}

/* A long decimal in 64 bytes whose order is that of bytes: extended by its sign, which is turned round. */
static void widen_decimal(struct tarn_text bytes, uint8_t out[64])
{
    const uint8_t *from = (const uint8_t *)bytes.data;
    memset(out, bytes.size != 0 && (from[0] & 0x80) != 0 ? 0xff : 0, 64);
    memcpy(out + 64 - bytes.size, from, bytes.size);
    out[0] ^= 0x80;
}

/* The order that the column's statistics have. */
static int compare(const struct tarn_value *a, const struct tarn_value *b)
{
    if (total_order && is_float_type(a->type)) {
        return (total_key(a) > total_key(b)) - (total_key(a) < total_key(b));
    }
    if (a->type->precision > 76) {
        uint8_t wide[2][64];
        widen_decimal(a->u.bytes, wide[0]);
        widen_decimal(b->u.bytes, wide[1]);
        return memcmp(wide[0], wide[1], 64);
    }
    return tarn_value_compare(a, b);
}

static bool is_ordered(const struct tarn_type *type)
{
    return type->id != TARN_TYPE_INTERVAL && !(type->id == TARN_TYPE_FIXED && type->width > 64 && type->width > longest);
}

static void put_interval(struct tarn_vector_builder *builder)
{
    uint8_t bytes[16];
    tarn__store32(bytes, (uint32_t)(draw() % 50));
    tarn__store32(bytes + 4, (uint32_t)(draw() % 50));
    tarn__store64(bytes + 8, draw() % 1000 * 1000000);
    tarn__vector_builder_text(builder, (struct tarn_text){(const char *)bytes, 16});
}

static void put_characters(struct tarn_vector_builder *builder)
{
    static const char *const characters[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
    char text[400] = "";
    for (uint64_t i = draw() % 60; i != 0; i--) {
        strcat(text, characters[draw() % 6]);
    }
    tarn__vector_builder_text(builder, (struct tarn_text){text, strlen(text)});
}

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
    case TARN_KIND_I128:
        if (type->wide) {
            const uint64_t words[4] = {draw(), (uint64_t)((int64_t)(draw() % 1000) - 500), 0, 0};
            tarn__vector_builder_words(builder, words);
            return;
        }
        break;
    case TARN_KIND_BYTES: {
        if (type->id == TARN_TYPE_JSON) {
            put_characters(builder);
            return;
        }
        const size_t size = type->precision != 0 ? 1 + draw() % 33 : draw() % 150;
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (char)(type->id == TARN_TYPE_STRING || type->id == TARN_TYPE_ENUM ? 'a' + draw() % (i < 40 ? 2 : 26) : draw() % 256);
        }
        tarn__vector_builder_text(builder, (struct tarn_text){bytes, size});
        return;
    }
    case TARN_KIND_FIXED: {
        if (type->id == TARN_TYPE_INTERVAL) {
            put_interval(builder);
            return;
        }
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
    const bool is_float = is_float_type(type);
    state = seed;
    ck_assert_ok(tarn__vector_builder_open(env, type, &builder, &err), &err);
    for (uint32_t row = 0; row < ROWS; row++) {
        if (row / 150 == 3 || draw() % 10 == 0) {
            tarn__vector_builder_null(builder);
        } else if (is_float && row / 150 == 5 && seed % 2 == 0) {
            tarn__vector_builder_f64(builder, draw() % 3 == 0 ? -__builtin_nan("") : __builtin_nan(""));
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
        if (type->wide) {
            ck_assert_uint_eq(stored.size, 12);
            value.u.words[0] = bits;
            value.u.words[1] = (uint64_t)(int64_t)(int32_t)tarn__load32(stored.data + 8);
            break;
        }
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
    bool any; /* bounds are to be there */
    bool only_nan;
    struct tarn_value min;
    struct tarn_value max;
};

static void extend(struct truth *truth, const struct tarn_value *value)
{
    if (!truth->any || compare(value, &truth->min) < 0) {
        truth->min = *value;
    }
    if (!truth->any || compare(value, &truth->max) > 0) {
        truth->max = *value;
    }
    truth->any = true;
}

static struct truth truth_of(uint64_t first, uint64_t end)
{
    struct truth truth = {0};
    for (uint64_t row = first; row < end; row++) {
        const struct tarn_value value = tarn__vector_value(column, (uint32_t)row);
        truth.nulls += value.is_null;
        truth.values += !value.is_null;
        truth.nans += !value.is_null && is_nan(&value);
    }
    truth.only_nan = truth.values != 0 && truth.values == truth.nans;
    for (uint64_t row = first; row < end && is_ordered(column->type); row++) {
        const struct tarn_value value = tarn__vector_value(column, (uint32_t)row);
        if (!value.is_null && (truth.only_nan ? total_order : !is_nan(&value))) {
            extend(&truth, &value);
        }
    }
    return truth;
}

static bool is_text(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_STRING || type->id == TARN_TYPE_JSON || type->id == TARN_TYPE_ENUM;
}

/* `exact` as said, or NULL: exact unless the truth is longer than bounds are. `side`: -1 the minimum, 1 the maximum. */
static void expect_bound(struct tarn_span stored, const struct tarn_value *truth, int side, const bool *exact)
{
    const struct tarn_value bound = value_of(column->type, stored);
    const int order = compare(&bound, truth);
    const bool may_be_cut = tarn_type_kind(column->type) == TARN_KIND_BYTES && column->type->precision == 0;
    const bool is_long = may_be_cut && truth->u.bytes.size > longest;
    ck_assert(!is_text(column->type) || tarn__utf8_is_valid(bound.u.bytes));
    if (is_float_type(column->type) && !total_order && bound.u.f64 == 0) {
        ck_assert_int_eq(__builtin_signbit(bound.u.f64) != 0, side < 0);
    }
    if (exact != NULL ? *exact : !is_long) {
        ck_assert_int_eq(order, 0);
    } else {
        ck_assert(is_long);
        ck_assert(side < 0 ? order < 0 : order > 0);
        ck_assert_uint_le(stored.size, longest);
    }
}

/* No bound above it is short enough: what is kept of it is all of the greatest characters or bytes. */
static bool is_unraisable(const struct tarn_value *value)
{
    const struct tarn_text text = value->u.bytes;
    if (tarn_type_kind(value->type) != TARN_KIND_BYTES || text.size <= longest) {
        return false;
    }
    for (size_t i = 0; i < longest; i++) {
        if (is_text(value->type) ? i + 4 <= longest && i % 4 == 0 && memcmp(text.data + i, "\xf4\x8f\xbf\xbf", 4) != 0
                                 : (uint8_t)text.data[i] != 0xff) {
            return false;
        }
    }
    return true;
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
    ck_assert(stats->has_max_value ? truth.any : !truth.any || is_unraisable(&truth.max));
    ck_assert_int_eq(stats->has_nan_count, is_float_type(column->type));
    ck_assert_int_eq(stats->nan_count, (int64_t)truth.nans);
    ck_assert(!stats->has_distinct_count);
    if (truth.any) {
        ck_assert(stats->has_is_min_value_exact);
        expect_bound(stats->min_value, &truth.min, -1, &stats->is_min_value_exact);
    }
    if (stats->has_max_value) {
        ck_assert(stats->has_is_max_value_exact);
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
            ascending = ascending && compare(&now[side], &before[side]) >= 0;
            descending = descending && compare(&now[side], &before[side]) <= 0;
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
        unbounded |= truth.values != 0 && (!truth.any || is_unraisable(&truth.max));
        if (!indexed) {
            continue;
        }
        ck_assert_int_eq(index.null_pages[p], truth.values == 0);
        ck_assert_int_eq(index.null_counts[p], (int64_t)truth.nulls);
        ck_assert_int_eq(index.nan_counts != NULL, is_float_type(column->type));
        ck_assert_int_eq(index.nan_counts != NULL ? index.nan_counts[p] : 0, (int64_t)truth.nans);
        if (truth.any) {
            expect_bound(index.min_values[p], &truth.min, -1, NULL);
            expect_bound(index.max_values[p], &truth.max, 1, NULL);
        }
    }
    if (indexed) {
        check_page_order(&index);
    }
    ck_assert_int_ne(indexed, unbounded);
    return indexed;
}

/* Rows of a seed, and how they are written. Even seeds have a page of NaN. */
static const struct {
    uint64_t seed;
    uint32_t page_rows;
    bool no_dictionary;
    uint32_t statistics_bytes;
    enum tarn_parquet_float_order float_order;
} forms[] = {
    {1, 140, false, 0, TARN_FLOAT_ORDER_TYPE},  {2, 140, false, 0, TARN_FLOAT_ORDER_TYPE},      {3, 30, true, 0, TARN_FLOAT_ORDER_TYPE},
    {4, 30, true, 5, TARN_FLOAT_ORDER_IEEE754}, {6, 140, false, 100, TARN_FLOAT_ORDER_IEEE754},
};

static void refuse_findings(void *arg, const struct tarn_finding *finding)
{
    (void)arg;
    ck_assert_msg(finding->kind == TARN_FINDING_OK, "%s: %s", finding->error->detail, finding->error->message);
}

START_TEST(parquet_statistics__are_those_of_the_values) /* P-BOUND-7 P-INDEX-WRITE-1 P-INDEX-WRITE-2 P-INDEX-WRITE-3 P-INDEX-WRITE-4 */
{
    const struct tarn_field field = TARN_TEST_FIELD("a", &types[_i], true);
    err = (struct tarn_error)TARN_ERROR_INIT;
    env = tarn_test_env();
    ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &schema, &err), &err);
    for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
        total_order = forms[f].float_order == TARN_FLOAT_ORDER_IEEE754;
        longest = forms[f].statistics_bytes != 0 ? forms[f].statistics_bytes : TARN_BOUND_BYTES;
        ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
        make_column(schema->fields[0].type, forms[f].seed);
        const struct tarn_parquet_write_options options = {.size = sizeof(options),
                                                           .row_group_rows = 900,
                                                           .page_rows = forms[f].page_rows,
                                                           .no_dictionary = forms[f].no_dictionary,
                                                           .statistics_bytes = forms[f].statistics_bytes,
                                                           .float_order = forms[f].float_order};
        struct tarn_vector *columns[] = {tarn_vector_retain(column)};
        tarn_parquet_file_write(store, TARN_TEXT("f"), schema, &options, ROWS, columns);
        ck_assert_ok(tarn_parquet_verify(store, TARN_TEXT("f"), NULL, refuse_findings, NULL, &err), &err);
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
        if (is_float_type(&types[_i])) { /* a page of NaN has bounds in the total order alone */
            ck_assert_int_eq(all_indexed, total_order || forms[f].seed % 2 != 0);
        }
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
