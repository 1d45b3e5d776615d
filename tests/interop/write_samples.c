/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes Parquet files of every type, shape, codec and page size into a folder, each with its rows as JSON lines beside it, for
 * check_parquet_written.py to compare with what foreign readers see.
 *
 *     write_samples FOLDER
 *
 * Values come from a generator of fixed seed: a run makes the same files as the last. NAME.jsonl has one array a row: null, booleans,
 * integers (dates, times and timestamps in their own unit, decimals unscaled as text), floats (hexadecimal bits as text), texts, binaries
 * as "0x..", lists as arrays, maps as arrays of pairs, structs as arrays of their members.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/base/decimal.h"
#include "format/batch/half.h"
#include "format/batch/vector_builder.h"
#include "tarn/writer.h"

static struct tarn_env *env;
static struct tarn_store *store;
static struct tarn_error err = TARN_ERROR_INIT;

static void check(enum tarn_status status, const char *what)
{
    if (status != TARN_OK) {
        char line[1200];
        tarn_error_format(&err, line, sizeof(line));
        fprintf(stderr, "write_samples: %s: %s\n", what, line);
        exit(1);
    }
}

/* ---- numbers (splitmix64) ---- */

static uint64_t seed;

static uint64_t next(void)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static uint64_t below(uint64_t n)
{
    return next() % n;
}

/* ---- rows: into a builder and as JSON ---- */

/* How values are drawn: few distinct ones suit dictionaries, many exceed them. */
struct manner {
    uint32_t null_percent;
    uint32_t distinct; /* 0: all */
    uint32_t text_bytes;
};

static FILE *json;

static void scalar(struct tarn_vector_builder *b, const struct tarn_type *type, const struct manner *m);

static int64_t whole(const struct manner *m, unsigned bits)
{
    const uint64_t drawn = m->distinct != 0 ? below(m->distinct) * 0x9e3779b97f4a7c15ull : next();
    const int64_t wide = (int64_t)drawn;
    return bits == 64 ? wide : wide >> (64 - bits);
}

static void put_text(struct tarn_vector_builder *b, const struct manner *m, bool plain_text)
{
    static const char *const letters[] = {"a", "b", "z", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", " ", "Q"};
    char bytes[4096];
    size_t size = 0;
    const uint64_t saved = seed;
    if (m->distinct != 0) {
        const uint64_t pick = below(m->distinct);
        seed = pick * 77 + 5;
    }
    const uint64_t count = below(m->text_bytes + 1);
    for (uint64_t i = 0; i < count && size < sizeof(bytes) - 8; i++) {
        if (plain_text) {
            const char *letter = letters[below(8)];
            memcpy(bytes + size, letter, strlen(letter));
            size += strlen(letter);
        } else {
            bytes[size++] = (char)below(256);
        }
    }
    if (m->distinct != 0) {
        seed = saved + 1;
    }
    tarn__vector_builder_text(b, (struct tarn_text){bytes, size});
    fputs(plain_text ? "\"" : "\"0x", json);
    for (size_t i = 0; i < size; i++) {
        plain_text ? fputc(bytes[i], json) : fprintf(json, "%02x", (unsigned)(uint8_t)bytes[i]);
    }
    fputc('"', json);
}

static void put_fixed(struct tarn_vector_builder *b, const struct tarn_type *type, const struct manner *m)
{
    uint8_t bytes[256];
    const uint32_t width = tarn_type_width(type);
    const uint64_t first = m->distinct != 0 ? below(m->distinct) : next();
    fputs("\"0x", json);
    for (uint32_t i = 0; i < width; i++) {
        bytes[i] = (uint8_t)(first * (i + 3) >> (i % 4 * 8));
        fprintf(json, "%02x", (unsigned)bytes[i]);
    }
    fputc('"', json);
    tarn__vector_builder_text(b, (struct tarn_text){(const char *)bytes, width});
}

static void put_decimal(struct tarn_vector_builder *b, const struct tarn_type *type, const struct manner *m)
{
    char digits[TARN_DECIMAL_TEXT];
    struct tarn_i256 value = {{0}};
    const unsigned use = 1 + (unsigned)below((uint64_t)type->precision);
    const uint64_t saved = seed;
    if (m->distinct != 0) {
        const uint64_t pick = below(m->distinct);
        seed = pick + 99;
    }
    for (unsigned i = 0; i < use; i++) {
        struct tarn_i256 ten = {{10}};
        struct tarn_i256 digit = {{below(10)}};
        (void)tarn__i256_mul(value, ten, &value);
        (void)tarn__i256_add(value, digit, &value);
    }
    if (below(2) != 0) {
        (void)tarn__i256_negate(value, &value);
    }
    if (m->distinct != 0) {
        seed = saved + 1;
    }
    const size_t size = tarn__decimal256_print(value, 0, digits);
    fprintf(json, "\"%.*s\"", (int)size, digits);
    const enum tarn_kind kind = tarn_type_kind(type);
    if (kind == TARN_KIND_I32 || kind == TARN_KIND_I64) {
        tarn__vector_builder_i64(b, (int64_t)value.words[0]);
    } else {
        tarn__vector_builder_words(b, value.words);
    }
}

static void put_float(struct tarn_vector_builder *b, const struct tarn_type *type, const struct manner *m)
{
    static const double special[] = {0.0, -0.0, 1.5, -2.25, 65504.0, 1e-7};
    const uint64_t pick = below(20);
    double value = pick < 6 ? special[pick] : (double)whole(m, 24) / 128.0;
    value = pick == 6 ? __builtin_nan("") : pick == 7 ? __builtin_inf() : pick == 8 ? -__builtin_inf() : value;
    if (type->id == TARN_TYPE_F16) {
        value = tarn__half_to_double(tarn__half_of_double(value));
    } else if (type->id == TARN_TYPE_F32) {
        value = (double)(float)value;
    }
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    if (value != value) {
        fputs("\"nan\"", json);
    } else {
        fprintf(json, "\"%016" PRIx64 "\"", bits);
    }
    tarn__vector_builder_f64(b, value);
}

static void put_int(struct tarn_vector_builder *b, int64_t value, bool is_unsigned)
{
    is_unsigned ? fprintf(json, "%" PRIu64, (uint64_t)value) : fprintf(json, "%" PRId64, value);
    tarn__vector_builder_i64(b, value);
}

static int64_t unsigned_of(const struct manner *m, unsigned bits)
{
    return (int64_t)((uint64_t)whole(m, 64) >> (64 - bits));
}

static void nested(struct tarn_vector_builder *b, const struct tarn_type *type, const struct manner *m);

static void value(struct tarn_vector_builder *b, const struct tarn_field *field, const struct manner *m)
{
    if (field->type->id == TARN_TYPE_NULL || (field->nullable && below(100) < m->null_percent)) {
        fputs("null", json);
        tarn__vector_builder_null(b);
        return;
    }
    const enum tarn_type_id id = field->type->id;
    if (id == TARN_TYPE_LIST || id == TARN_TYPE_MAP || id == TARN_TYPE_STRUCT) {
        nested(b, field->type, m);
    } else {
        scalar(b, field->type, m);
    }
}

static void scalar(struct tarn_vector_builder *b, const struct tarn_type *type, const struct manner *m)
{
    static const int64_t day = 86400;
    static const int64_t per_second[] = {1, 1000, 1000000, 1000000000};
    switch (type->id) {
    case TARN_TYPE_BOOL: {
        const bool truth = below(3) == 0;
        fputs(truth ? "true" : "false", json);
        tarn__vector_builder_bool(b, truth);
        return;
    }
    case TARN_TYPE_I8:
        put_int(b, whole(m, 8), false);
        return;
    case TARN_TYPE_I16:
        put_int(b, whole(m, 16), false);
        return;
    case TARN_TYPE_I32:
        put_int(b, whole(m, 32), false);
        return;
    case TARN_TYPE_I64:
        put_int(b, whole(m, 64), false);
        return;
    case TARN_TYPE_U8:
        put_int(b, unsigned_of(m, 8), true);
        return;
    case TARN_TYPE_U16:
        put_int(b, unsigned_of(m, 16), true);
        return;
    case TARN_TYPE_U32:
        put_int(b, unsigned_of(m, 32), true);
        return;
    case TARN_TYPE_U64:
        put_int(b, whole(m, 64), true);
        return;
    case TARN_TYPE_DATE:
        put_int(b, whole(m, 20), false);
        return;
    case TARN_TYPE_TIME:
        put_int(b, (int64_t)((uint64_t)whole(m, 64) % (uint64_t)(day * per_second[type->unit])), false);
        return;
    case TARN_TYPE_TIMESTAMP:
        put_int(b, whole(m, 33) * per_second[type->unit] + whole(m, 9), false);
        return;
    case TARN_TYPE_DECIMAL:
        put_decimal(b, type, m);
        return;
    case TARN_TYPE_F16:
    case TARN_TYPE_F32:
    case TARN_TYPE_F64:
        put_float(b, type, m);
        return;
    case TARN_TYPE_STRING:
    case TARN_TYPE_ENUM:
        put_text(b, m, true);
        return;
    case TARN_TYPE_JSON: {
        char text[32];
        const int size = snprintf(text, sizeof(text), "[%d]", (int)whole(m, 16));
        fprintf(json, "\"%s\"", text);
        tarn__vector_builder_text(b, (struct tarn_text){text, (size_t)size});
        return;
    }
    case TARN_TYPE_BINARY:
        put_text(b, m, false);
        return;
    default:
        put_fixed(b, type, m);
        return;
    }
}

static void nested(struct tarn_vector_builder *b, const struct tarn_type *type, const struct manner *m)
{
    fputc('[', json);
    if (type->id == TARN_TYPE_STRUCT) {
        for (uint32_t i = 0; i < type->field_count; i++) {
            fputs(i != 0 ? "," : "", json);
            value(tarn__vector_builder_child(b, i), &type->fields[i], m);
        }
    } else {
        const uint64_t count = below(4) == 0 ? 0 : below(5);
        for (uint64_t element = 0; element < count; element++) {
            fputs(element != 0 ? "," : "", json);
            if (type->id == TARN_TYPE_LIST) {
                value(tarn__vector_builder_child(b, 0), &type->fields[0], m);
                continue;
            }
            fputc('[', json);
            put_int(tarn__vector_builder_child(b, 0), (int64_t)(element * 1000 + below(1000)), false); /* keys of one map differ */
            fputc(',', json);
            value(tarn__vector_builder_child(b, 1), &type->fields[1], m);
            fputc(']', json);
        }
    }
    tarn__vector_builder_close(b);
    fputc(']', json);
}

/* ---- one file ---- */

struct sample {
    const char *name;
    const struct tarn_schema *schema;
    uint32_t rows;
    uint32_t batch_rows;
    struct manner manner;
    struct tarn_parquet_write_options options;
};

static void write_batch(struct tarn_sink *sink, const struct sample *sample, struct tarn_vector_builder **builders, uint32_t rows)
{
    const struct tarn_schema *schema = sample->schema;
    struct tarn_vector *columns[64];
    struct tarn_batch *batch;

    for (uint32_t row = 0; row < rows; row++) {
        fputc('[', json);
        for (uint32_t i = 0; i < schema->field_count; i++) {
            fputs(i != 0 ? "," : "", json);
            value(builders[i], &schema->fields[i], &sample->manner);
        }
        fputs("]\n", json);
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        check(tarn__vector_builder_finish(builders[i], &columns[i], &err), "vector");
    }
    check(tarn_batch_make(env, schema, rows, columns, &batch, &err), "batch");
    check(tarn_sink_write(sink, batch, &err), sample->name);
    tarn_batch_release(batch);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        tarn_vector_release(columns[i]);
    }
}

static void write_sample(const char *folder, const struct sample *sample)
{
    char path[512];
    struct tarn_sink *sink;
    struct tarn_vector_builder *builders[64];

    snprintf(path, sizeof(path), "%s/%s.jsonl", folder, sample->name);
    json = fopen(path, "w");
    if (json == NULL) {
        perror(path);
        exit(1);
    }
    seed = sample->rows + strlen(sample->name);
    const int size = snprintf(path, sizeof(path), "%s.parquet", sample->name);
    check(tarn_parquet_create(store, (struct tarn_text){path, (size_t)size}, sample->schema, &sample->options, &sink, &err), sample->name);
    for (uint32_t i = 0; i < sample->schema->field_count; i++) {
        check(tarn__vector_builder_open(env, sample->schema->fields[i].type, &builders[i], &err), "builder");
    }
    for (uint32_t done = 0; done < sample->rows; done += sample->batch_rows) {
        const uint32_t left = sample->rows - done;
        write_batch(sink, sample, builders, left < sample->batch_rows ? left : sample->batch_rows);
    }
    check(tarn_sink_finish(sink, &err), sample->name);
    for (uint32_t i = 0; i < sample->schema->field_count; i++) {
        tarn__vector_builder_close_all(builders[i]);
    }
    fclose(json);
}

/* ---- schemas ---- */

#define NAME(literal) .name = TARN_TEXT(literal), .id = -1
#define TYPE(...)                                                                                                                          \
    &(const struct tarn_type)                                                                                                              \
    {                                                                                                                                      \
        __VA_ARGS__                                                                                                                        \
    }

static struct tarn_schema *schema_of(uint32_t count, const struct tarn_field *fields)
{
    static const struct tarn_property properties[] = {{TARN_TEXT("origin"), TARN_TEXT("write_samples")}};
    struct tarn_schema *schema;
    check(tarn_schema_make(env, count, fields, 1, properties, &schema, &err), "schema");
    return schema;
}

/* Every flat type; `nullable` decides which of the two forms. */
static struct tarn_schema *flat_schema(bool nullable)
{
    struct tarn_field fields[] = {
        {NAME("bool"), .type = TYPE(.id = TARN_TYPE_BOOL)},
        {NAME("i8"), .type = TYPE(.id = TARN_TYPE_I8)},
        {NAME("i16"), .type = TYPE(.id = TARN_TYPE_I16)},
        {NAME("i32"), .type = TYPE(.id = TARN_TYPE_I32)},
        {NAME("i64"), .type = TYPE(.id = TARN_TYPE_I64)},
        {NAME("u8"), .type = TYPE(.id = TARN_TYPE_U8)},
        {NAME("u16"), .type = TYPE(.id = TARN_TYPE_U16)},
        {NAME("u32"), .type = TYPE(.id = TARN_TYPE_U32)},
        {NAME("u64"), .type = TYPE(.id = TARN_TYPE_U64)},
        {NAME("f16"), .type = TYPE(.id = TARN_TYPE_F16)},
        {NAME("f32"), .type = TYPE(.id = TARN_TYPE_F32)},
        {NAME("f64"), .type = TYPE(.id = TARN_TYPE_F64)},
        {NAME("dec9"), .type = TYPE(.id = TARN_TYPE_DECIMAL, .precision = 9, .scale = 2)},
        {NAME("dec18"), .type = TYPE(.id = TARN_TYPE_DECIMAL, .precision = 18, .scale = 0)},
        {NAME("dec20"), .type = TYPE(.id = TARN_TYPE_DECIMAL, .precision = 20, .scale = 5)},
        {NAME("dec38"), .type = TYPE(.id = TARN_TYPE_DECIMAL, .precision = 38, .scale = 10)},
        {NAME("date"), .type = TYPE(.id = TARN_TYPE_DATE)},
        {NAME("time_ms"), .type = TYPE(.id = TARN_TYPE_TIME, .unit = TARN_MILLI)},
        {NAME("time_us"), .type = TYPE(.id = TARN_TYPE_TIME, .unit = TARN_MICRO)},
        {NAME("time_ns"), .type = TYPE(.id = TARN_TYPE_TIME, .unit = TARN_NANO)},
        {NAME("ts_ms"), .type = TYPE(.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MILLI)},
        {NAME("ts_us"), .type = TYPE(.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO)},
        {NAME("ts_ns"), .type = TYPE(.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO)},
        {NAME("tz_us"), .type = TYPE(.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true)},
        {NAME("tz_ns"), .type = TYPE(.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO, .utc = true)},
        {NAME("string"), .type = TYPE(.id = TARN_TYPE_STRING)},
        {NAME("json"), .type = TYPE(.id = TARN_TYPE_JSON)},
        {NAME("enum"), .type = TYPE(.id = TARN_TYPE_ENUM)},
        {NAME("binary"), .type = TYPE(.id = TARN_TYPE_BINARY)},
        {NAME("fixed5"), .type = TYPE(.id = TARN_TYPE_FIXED, .width = 5)},
        {NAME("fixed100"), .type = TYPE(.id = TARN_TYPE_FIXED, .width = 100)},
        {NAME("uuid"), .type = TYPE(.id = TARN_TYPE_UUID)},
    };
    enum { COUNT = sizeof(fields) / sizeof(fields[0]) };
    for (int32_t i = 0; i < COUNT; i++) {
        fields[i].nullable = nullable;
        fields[i].id = i + 1;
    }
    return schema_of(COUNT, fields);
}

static struct tarn_schema *nested_schema(void)
{
    static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
    static const struct tarn_type text = {.id = TARN_TYPE_STRING};
    static const struct tarn_type f64 = {.id = TARN_TYPE_F64};
    static const struct tarn_field optional_i64 = {NAME("element"), .type = &i64, .nullable = true};
    static const struct tarn_field required_text = {NAME("element"), .type = &text};
    static const struct tarn_type ints = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &optional_i64};
    static const struct tarn_type texts = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &required_text};
    static const struct tarn_field optional_texts = {NAME("element"), .type = &texts, .nullable = true};
    static const struct tarn_type lists = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &optional_texts};
    static const struct tarn_field pair_fields[] = {{NAME("x"), .type = &f64}, {NAME("y"), .type = &text, .nullable = true}};
    static const struct tarn_type pair = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = pair_fields};
    static const struct tarn_field optional_pair = {NAME("element"), .type = &pair, .nullable = true};
    static const struct tarn_type pairs = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &optional_pair};
    static const struct tarn_field entry[] = {{NAME("key"), .type = &i64}, {NAME("value"), .type = &pair, .nullable = true}};
    static const struct tarn_type map = {.id = TARN_TYPE_MAP, .field_count = 2, .fields = entry};
    static const struct tarn_field deep_fields[] = {
        {NAME("m"), .type = &map, .nullable = true}, {NAME("l"), .type = &lists}, {NAME("n"), .type = &i64, .nullable = true}};
    static const struct tarn_type deep = {.id = TARN_TYPE_STRUCT, .field_count = 3, .fields = deep_fields};
    static const struct tarn_field deep_element = {NAME("element"), .type = &deep, .nullable = true};
    static const struct tarn_type deeps = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &deep_element};
    const struct tarn_field fields[] = {
        {NAME("id"), .type = &i64},
        {NAME("ints"), .type = &ints, .nullable = true},
        {NAME("texts"), .type = &texts},
        {NAME("lists"), .type = &lists, .nullable = true},
        {NAME("pair"), .type = &pair, .nullable = true},
        {NAME("pairs"), .type = &pairs, .nullable = true},
        {NAME("map"), .type = &map, .nullable = true},
        {NAME("deep"), .type = &deep},
        {NAME("deeps"), .type = &deeps, .nullable = true},
    };
    return schema_of(sizeof(fields) / sizeof(fields[0]), fields);
}

/* Without NULL-typed columns, which not every reader knows: those have a file of their own. */
static struct tarn_schema *null_schema(void)
{
    const struct tarn_field fields[] = {
        {NAME("id"), .type = TYPE(.id = TARN_TYPE_I64)},
        {NAME("nothing"), .type = TYPE(.id = TARN_TYPE_NULL), .nullable = true},
    };
    return schema_of(2, fields);
}

/* Few columns, for files that fill pages and dictionaries of default size. */
static struct tarn_schema *large_schema(void)
{
    const struct tarn_field fields[] = {
        {NAME("id"), .type = TYPE(.id = TARN_TYPE_I64)},
        {NAME("string"), .type = TYPE(.id = TARN_TYPE_STRING), .nullable = true},
        {NAME("f64"), .type = TYPE(.id = TARN_TYPE_F64), .nullable = true},
    };
    return schema_of(3, fields);
}

/* ---- the samples ---- */

#define OPTIONS(...)                                                                                                                       \
    (struct tarn_parquet_write_options)                                                                                                    \
    {                                                                                                                                      \
        .size = sizeof(struct tarn_parquet_write_options), __VA_ARGS__                                                                     \
    }

static void write_all(const char *folder)
{
    struct tarn_schema *required = flat_schema(false);
    struct tarn_schema *optional = flat_schema(true);
    struct tarn_schema *nests = nested_schema();
    struct tarn_schema *nothing = null_schema();
    struct tarn_schema *large = large_schema();
    const struct manner few = {20, 30, 12};
    const struct manner many = {10, 0, 40};
    const struct manner long_texts = {5, 0, 200};
    const struct manner no_value = {100, 30, 12};
    const struct tarn_parquet_write_options small = OPTIONS(.codec = TARN_CODEC_SNAPPY, .page_rows = 37, .row_group_rows = 1000);
    const struct tarn_parquet_write_options tiny =
        OPTIONS(.codec = TARN_CODEC_UNCOMPRESSED, .page_bytes = 100, .row_group_bytes = 20000, .dictionary_bytes = 500);
    const struct sample samples[] = {
        {"flat-required-zstd", required, 3000, 1000, few, OPTIONS(.codec = TARN_CODEC_ZSTD)},
        {"flat-required-many", required, 3000, 777, many, OPTIONS(.codec = TARN_CODEC_LZ4_RAW)},
        {"flat-optional-default", optional, 3000, 1000, few, OPTIONS(.codec = TARN_CODEC_DEFAULT)},
        {"flat-optional-many", optional, 3000, 512, many, OPTIONS(.codec = TARN_CODEC_ZSTD, .codec_level = 9)},
        {"flat-optional-pages", optional, 3000, 512, few, small},
        {"flat-optional-tiny", optional, 1500, 100, many, tiny},
        {"flat-optional-nodict", optional, 2000, 999, few, OPTIONS(.codec = TARN_CODEC_SNAPPY, .no_dictionary = true)},
        {"flat-optional-bare", optional, 500, 100, few,
         OPTIONS(.codec = TARN_CODEC_UNCOMPRESSED, .no_statistics = true, .no_page_index = true, .no_crc = true)},
        {"flat-optional-nulls", optional, 300, 100, no_value, small},
        {"flat-optional-empty", optional, 0, 100, few, OPTIONS(.codec = TARN_CODEC_ZSTD)},
        {"flat-required-one", required, 1, 1, few, OPTIONS(.codec = TARN_CODEC_ZSTD)},
        {"flat-required-long", required, 2000, 500, long_texts, small},
        {"nested-zstd", nests, 2000, 600, few, OPTIONS(.codec = TARN_CODEC_ZSTD)},
        {"nested-many", nests, 2000, 333, many, OPTIONS(.codec = TARN_CODEC_LZ4_RAW)},
        {"nested-pages", nests, 2500, 600, few, small},
        {"nested-tiny", nests, 800, 50, many, tiny},
        {"nested-nulls", nests, 300, 100, (struct manner){95, 10, 5}, small},
        {"nested-empty", nests, 0, 100, few, OPTIONS(.codec = TARN_CODEC_ZSTD)},
        {"large-many", large, 70000, 8192, many, OPTIONS(.codec = TARN_CODEC_ZSTD)},
        {"large-few", large, 70000, 8192, (struct manner){10, 40000, 40}, OPTIONS(.codec = TARN_CODEC_ZSTD)},
        {"null-type", nothing, 200, 100, few, OPTIONS(.codec = TARN_CODEC_ZSTD)},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        write_sample(folder, &samples[i]);
    }
    tarn_schema_release(required);
    tarn_schema_release(optional);
    tarn_schema_release(nests);
    tarn_schema_release(nothing);
    tarn_schema_release(large);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: write_samples FOLDER\n", stderr);
        return 2;
    }
    check(tarn_env_open(NULL, &env, &err), "env");
    check(tarn_store_open_local(env, (struct tarn_text){argv[1], strlen(argv[1])}, true, &store, &err), argv[1]);
    write_all(argv[1]);
    tarn_store_close(store);
    tarn_env_close(env);
    return 0;
}
