/* SPDX-License-Identifier: Apache-2.0
 * The Arrow border: hand-built arrays of every layout in, exported arrays read by their layout, both ways round, damage refused, memory
 * given back in any order and after the env is closed.
 */
#include "format/base/bytes.h"
#include "format/batch/compare.h"
#include "format/batch/gather.h"
#include "format/batch/selection.h"
#include "format/batch/vector_builder.h"
#include "tarn/arrow.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdio.h>

static struct tarn_error err;

/* ---- foreign arrays: static memory, releases counted ---- */

static int released;

static void release_array(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release != NULL) {
            array->children[i]->release(array->children[i]);
        }
    }
    if (array->dictionary != NULL && array->dictionary->release != NULL) {
        array->dictionary->release(array->dictionary);
    }
    released++;
    array->release = NULL;
}

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

/* One column of rows under a struct: what the tables below fill in. */
struct foreign {
    const char *format;
    int64_t length;
    int64_t offset;
    int64_t null_count;
    const void *buffers[5];
    int64_t n_buffers;
    const struct foreign *children[2];
    const struct foreign *dictionary;
    int64_t flags;
    const char *metadata;
};

enum { POOL = 32 };
static struct ArrowSchema schemas[POOL];
static struct ArrowArray arrays[POOL];
static struct ArrowSchema *schema_pointers[POOL][2];
static struct ArrowArray *array_pointers[POOL][2];
static const void *buffer_pointers[POOL][5];
static int used;

static int build(const struct foreign *foreign, const char *name)
{
    const int at = used++;
    ck_assert_int_lt(at, POOL);
    int children = 0;
    for (int i = 0; i < 2; i++) {
        if (foreign->children[i] != NULL) {
            const int child = build(foreign->children[i], i == 0 ? "first" : "second");
            schema_pointers[at][i] = &schemas[child];
            array_pointers[at][i] = &arrays[child];
            children++;
        }
    }
    memcpy(buffer_pointers[at], foreign->buffers, sizeof(foreign->buffers));
    schemas[at] = (struct ArrowSchema){.format = foreign->format,
                                       .name = name,
                                       .metadata = foreign->metadata,
                                       .flags = ARROW_FLAG_NULLABLE ^ foreign->flags,
                                       .n_children = children,
                                       .children = schema_pointers[at],
                                       .release = release_schema};
    arrays[at] = (struct ArrowArray){.length = foreign->length,
                                     .null_count = foreign->null_count,
                                     .offset = foreign->offset,
                                     .n_buffers = foreign->n_buffers,
                                     .n_children = children,
                                     .buffers = buffer_pointers[at],
                                     .children = array_pointers[at],
                                     .release = release_array};
    if (foreign->dictionary != NULL) {
        const int dictionary = build(foreign->dictionary, "");
        schemas[at].dictionary = &schemas[dictionary];
        arrays[at].dictionary = &arrays[dictionary];
    }
    return at;
}

/* A column as rows: imported, or why not. */
static enum tarn_status import_column(struct tarn_env *env, const struct foreign *column, struct tarn_batch **out)
{
    struct foreign rows = {.format = "+s", .length = column->length, .n_buffers = 1, .children = {column}};
    struct tarn_schema *schema;
    used = 0;
    released = 0;
    *out = NULL;
    const int root = build(&rows, NULL);
    enum tarn_status status = tarn_arrow_import_schema(env, &schemas[root], &schema, &err);
    if (status == TARN_OK) {
        status = tarn_arrow_import_batch(env, schema, &schemas[root], &arrays[root], out, &err);
        ck_assert_ptr_null(arrays[root].release);
        tarn_schema_release(schema);
    }
    return status;
}

/* Rows as text, for expectations that can be read. */
static size_t show(const struct tarn_vector *vector, uint32_t row, char *out)
{
    const struct tarn__vector_place place = tarn__vector_locate(vector, row);
    if (place.is_null) {
        return (size_t)sprintf(out, "null");
    }
    const enum tarn_kind kind = tarn_type_kind(place.vector->type);
    const struct tarn_value value = tarn__vector_value(place.vector, place.row);
    size_t size = 0;
    switch (kind) {
    case TARN_KIND_BYTES:
        return (size_t)sprintf(out, "%.*s", (int)value.u.bytes.size, value.u.bytes.data);
    case TARN_KIND_FIXED:
        for (size_t i = 0; i < value.u.bytes.size; i++) {
            size += (size_t)sprintf(out + size, "%02x", (unsigned)(uint8_t)value.u.bytes.data[i]);
        }
        return size;
    case TARN_KIND_F16:
    case TARN_KIND_F32:
    case TARN_KIND_F64:
        return (size_t)sprintf(out, "%g", value.u.f64);
    case TARN_KIND_BOOL:
        return (size_t)sprintf(out, "%s", value.u.boolean ? "true" : "false");
    case TARN_KIND_I128:
    case TARN_KIND_I256:
        return (size_t)sprintf(out, "%lld:%llu", (long long)value.u.words[1], (unsigned long long)value.u.words[0]);
    case TARN_KIND_NESTED:
        break;
    default:
        return (size_t)sprintf(out, "%lld", (long long)value.u.i64);
    }
    const bool list = place.vector->shape == TARN_SHAPE_LIST;
    const uint32_t begin = list ? (uint32_t)tarn__vector_offset(place.vector, place.row) : place.row;
    const uint32_t end = list ? (uint32_t)tarn__vector_offset(place.vector, place.row + 1) : place.row + 1;
    size += (size_t)sprintf(out, "[");
    for (uint32_t k = begin; k < end; k++) {
        for (uint32_t i = 0; i < place.vector->child_count; i++) {
            size += (size_t)sprintf(out + size, "%s", k != begin || i != 0 ? "," : "");
            size += show(place.vector->children[i], k, out + size);
        }
    }
    return size + (size_t)sprintf(out + size, "]");
}

static void show_all(const struct tarn_vector *vector, char *out)
{
    size_t size = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < vector->length; i++) {
        size += (size_t)sprintf(out + size, "%s", i != 0 ? " " : "");
        size += show(vector, i, out + size);
    }
}

/* ---- layouts in ---- */

#define INT8S(...) ((const int8_t[]){__VA_ARGS__})
#define INT16S(...) ((const int16_t[]){__VA_ARGS__})
/* A number of four bytes as this machine has it, in a literal of bytes; one of eight as two of four. */
#if TARN_BIG_ENDIAN
#define N32(octal) "\0\0\0" octal
#define WORDS(low, high) high, low
#else
#define N32(octal) octal "\0\0\0"
#define WORDS(low, high) low, high
#endif
#define INT32S(...) ((const int32_t[]){__VA_ARGS__})
#define INT64S(...) ((const int64_t[]){__VA_ARGS__})
#define BITS(...) ((const uint8_t[]){__VA_ARGS__})

static const struct foreign int32_elements = {
    .format = "i", .length = 6, .buffers = {NULL, INT32S(10, 11, 12, 13, 14, 15)}, .n_buffers = 2};
static const struct foreign text_values = {.format = "u", .length = 3, .buffers = {NULL, INT32S(0, 1, 3, 3), "abb"}, .n_buffers = 3};
static const struct foreign text_values_with_null = {
    .format = "u", .length = 3, .null_count = 1, .buffers = {BITS(5), INT32S(0, 1, 3, 3), "abb"}, .n_buffers = 3};
static const struct foreign run_ends = {.format = "i", .length = 3, .buffers = {NULL, INT32S(2, 3, 6)}, .n_buffers = 2};
static const struct foreign run_ends16 = {.format = "s", .length = 2, .offset = 1, .buffers = {NULL, INT16S(99, 1, 4)}, .n_buffers = 2};
static const struct foreign entries = {
    .format = "+s", .length = 3, .n_buffers = 1, .children = {&text_values, &int32_elements}, .flags = ARROW_FLAG_NULLABLE};
static const struct foreign shifted_struct_child = {
    .format = "l", .length = 5, .offset = 1, .buffers = {NULL, INT64S(9, 1, 2, 3, 4, 5)}, .n_buffers = 2};

static const struct {
    const char *name;
    struct foreign column;
    const char *type;
    const char *rows;
} layouts[] = {
    {"null", {.format = "n", .length = 2, .null_count = 2}, "\"NULL\"", "null null"},
    {"bool",
     {.format = "b", .length = 4, .offset = 3, .null_count = 1, .buffers = {BITS(0x5f), BITS(0xa8)}, .n_buffers = 2},
     "BOOLEAN",
     "true false null false"},
    {"int8", {.format = "c", .length = 2, .buffers = {NULL, INT8S(-1, 5)}, .n_buffers = 2}, "TINYINT", "-1 5"},
    {"uint16", {.format = "S", .length = 2, .offset = 1, .buffers = {NULL, INT16S(7, -1, 2)}, .n_buffers = 2}, "USMALLINT", "65535 2"},
    {"int32 with an offset",
     {.format = "i", .length = 3, .offset = 2, .null_count = -1, .buffers = {BITS(0x17), INT32S(1, 2, 3, 4, 5)}, .n_buffers = 2},
     "INTEGER",
     "3 null 5"},
    {"int64", {.format = "l", .length = 1, .buffers = {NULL, INT64S(INT64_MIN)}, .n_buffers = 2}, "BIGINT", "-9223372036854775808"},
    {"half", {.format = "e", .length = 2, .buffers = {NULL, INT16S(0x3c00, 0x3800)}, .n_buffers = 2}, "FLOAT16", "1 0.5"},
    {"double", {.format = "g", .length = 1, .buffers = {NULL, INT64S(0x4004000000000000)}, .n_buffers = 2}, "DOUBLE", "2.5"},
    {"utf8", {.format = "u", .length = 2, .offset = 1, .buffers = {NULL, INT32S(0, 2, 5, 5), "xxabc"}, .n_buffers = 3}, "VARCHAR", "abc "},
    {"large utf8", {.format = "U", .length = 2, .buffers = {NULL, INT64S(1, 2, 4), "xabc"}, .n_buffers = 3}, "VARCHAR", "a bc"},
    {"binary", {.format = "z", .length = 1, .buffers = {NULL, INT32S(0, 1), "\xff"}, .n_buffers = 3}, "BLOB", "\xff"},
    {"utf8 without rows and offsets", {.format = "u", .length = 0, .n_buffers = 3}, "VARCHAR", ""},
    {"utf8 with a wrong text where it is null",
     {.format = "u", .length = 2, .null_count = 1, .buffers = {BITS(2), INT32S(0, 1, 2), "\xffk"}, .n_buffers = 3},
     "VARCHAR",
     "null k"},
    {"view",
     {.format = "vu",
      .length = 2,
      .buffers = {NULL, N32("\2") "hi\0\0\0\0\0\0\0\0\0\0" N32("\15") "long\0\0\0\0" N32("\1"), "xlong long text", INT64S(15)},
      .n_buffers = 4},
     "VARCHAR",
     "hi long long tex"},
    {"fixed binary",
     {.format = "w:3", .length = 2, .offset = 1, .buffers = {NULL, "abcdefghi"}, .n_buffers = 2},
     "BINARY(3)",
     "646566 676869"},
    {"decimal128",
     {.format = "d:20,2", .length = 2, .buffers = {NULL, INT64S(5, 0, -5, -1)}, .n_buffers = 2},
     "DECIMAL(20,2)",
     "0:5 -1:18446744073709551611"},
    {"decimal128 of few digits",
     {.format = "d:9,2", .length = 2, .buffers = {NULL, INT64S(5, 0, -5, -1)}, .n_buffers = 2},
     "DECIMAL(9,2)",
     "5 -5"},
    {"decimal32 of many digits",
     {.format = "d:12,2,32", .length = 2, .buffers = {NULL, INT32S(5, -5)}, .n_buffers = 2},
     "DECIMAL(12,2)",
     "5 -5"},
    {"decimal64", {.format = "d:18,2,64", .length = 1, .buffers = {NULL, INT64S(-7)}, .n_buffers = 2}, "DECIMAL(18,2)", "-7"},
    {"decimal256", {.format = "d:70,0,256", .length = 1, .buffers = {NULL, INT64S(1, 2, 3, 0)}, .n_buffers = 2}, "DECIMAL(70,0)", "2:1"},
    {"date32", {.format = "tdD", .length = 1, .buffers = {NULL, INT32S(-1)}, .n_buffers = 2}, "DATE", "-1"},
    {"date64", {.format = "tdm", .length = 2, .buffers = {NULL, INT64S(-86400000, 172800000)}, .n_buffers = 2}, "DATE", "-1 2"},
    {"time32", {.format = "ttm", .length = 1, .buffers = {NULL, INT32S(5)}, .n_buffers = 2}, "TIME(3)", "5"},
    {"time64", {.format = "ttn", .length = 1, .buffers = {NULL, INT64S(5)}, .n_buffers = 2}, "TIME(9)", "5"},
    {"timestamp", {.format = "tsu:", .length = 1, .buffers = {NULL, INT64S(5)}, .n_buffers = 2}, "TIMESTAMP", "5"},
    {"timestamp with a zone",
     {.format = "tss:Europe/Rome", .length = 1, .buffers = {NULL, INT64S(5)}, .n_buffers = 2},
     "TIMESTAMP(0) WITH TIME ZONE 'Europe/Rome'",
     "5"},
    {"duration", {.format = "tDm", .length = 1, .buffers = {NULL, INT64S(5)}, .n_buffers = 2}, "DURATION(3)", "5"},
    {"interval",
     {.format = "tin", .length = 1, .buffers = {NULL, INT32S(1, 2, WORDS(3, 0))}, .n_buffers = 2},
     "INTERVAL",
     "01000000020000000300000000000000"},
    {"interval of months",
     {.format = "tiM", .length = 1, .buffers = {NULL, INT32S(1)}, .n_buffers = 2},
     "INTERVAL",
     "01000000000000000000000000000000"},
    {"interval of days and time",
     {.format = "tiD", .length = 1, .buffers = {NULL, INT32S(2, 1)}, .n_buffers = 2},
     "INTERVAL",
     "000000000200000040420f0000000000"},
    {"list",
     {.format = "+l",
      .length = 2,
      .offset = 1,
      .null_count = 1,
      .buffers = {BITS(2), INT32S(0, 1, 3, 6)},
      .n_buffers = 2,
      .children = {&int32_elements}},
     "INTEGER[]",
     "[11,12] null"},
    {"large list",
     {.format = "+L", .length = 2, .buffers = {NULL, INT64S(0, 0, 2)}, .n_buffers = 2, .children = {&int32_elements}},
     "INTEGER[]",
     "[] [10,11]"},
    {"fixed list",
     {.format = "+w:2", .length = 2, .offset = 1, .n_buffers = 1, .children = {&int32_elements}},
     "INTEGER[]",
     "[12,13] [14,15]"},
    {"list view",
     {.format = "+vl", .length = 3, .buffers = {NULL, INT32S(4, 0, 1), INT32S(2, 0, 3)}, .n_buffers = 3, .children = {&int32_elements}},
     "INTEGER[]",
     "[14,15] [] [11,12,13]"},
    {"large list view",
     {.format = "+vL", .length = 1, .buffers = {NULL, INT64S(2), INT64S(1)}, .n_buffers = 3, .children = {&int32_elements}},
     "INTEGER[]",
     "[12]"},
    {"struct with offsets at both levels",
     {.format = "+s", .length = 2, .offset = 1, .null_count = 1, .buffers = {BITS(4)}, .n_buffers = 1, .children = {&shifted_struct_child}},
     "STRUCT(first BIGINT)",
     "null [3]"},
    {"map",
     {.format = "+m", .length = 2, .buffers = {NULL, INT32S(0, 1, 3)}, .n_buffers = 2, .children = {&entries}},
     "MAP(VARCHAR, INTEGER)",
     "[a,10] [bb,11,,12]"},
    {"dictionary of int8",
     {.format = "c", .length = 4, .null_count = 1, .buffers = {BITS(0x0d), INT8S(1, 99, 0, 1)}, .n_buffers = 2, .dictionary = &text_values},
     "VARCHAR",
     "bb null a bb"},
    {"dictionary of uint8",
     {.format = "C", .length = 2, .offset = 1, .buffers = {NULL, INT8S(9, 2, 0)}, .n_buffers = 2, .dictionary = &text_values},
     "VARCHAR",
     " a"},
    {"dictionary of int16",
     {.format = "s", .length = 2, .buffers = {NULL, INT16S(1, 0)}, .n_buffers = 2, .dictionary = &text_values},
     "VARCHAR",
     "bb a"},
    {"dictionary of uint32",
     {.format = "I", .length = 2, .buffers = {NULL, INT32S(1, 0)}, .n_buffers = 2, .dictionary = &text_values},
     "VARCHAR",
     "bb a"},
    {"dictionary of int64",
     {.format = "l", .length = 2, .buffers = {NULL, INT64S(1, 0)}, .n_buffers = 2, .dictionary = &text_values},
     "VARCHAR",
     "bb a"},
    {"dictionary with a null entry",
     {.format = "i", .length = 3, .buffers = {NULL, INT32S(2, 1, 0)}, .n_buffers = 2, .dictionary = &text_values_with_null},
     "VARCHAR",
     " null a"},
    {"runs", {.format = "+r", .length = 6, .children = {&run_ends, &text_values_with_null}}, "VARCHAR", "a a null   "},
    {"runs with offsets", {.format = "+r", .length = 2, .offset = 1, .children = {&run_ends16, &int32_elements}}, "INTEGER", "11 11"},
    {"arrow.uuid",
     {.format = "w:16",
      .length = 1,
      .buffers = {NULL, "0123456789abcdef"},
      .n_buffers = 2,
      .metadata = N32("\1") N32("\24") "ARROW:extension:name" N32("\12") "arrow.uuid"},
     "UUID",
     "30313233343536373839616263646566"},
    {"arrow.json",
     {.format = "u",
      .length = 1,
      .buffers = {NULL, INT32S(0, 2), "{}"},
      .n_buffers = 3,
      .metadata = N32("\1") N32("\24") "ARROW:extension:name" N32("\12") "arrow.json"},
     "JSON",
     "{}"},
    {"an unknown extension",
     {.format = "i",
      .length = 1,
      .buffers = {NULL, INT32S(3)},
      .n_buffers = 2,
      .metadata = N32("\1") N32("\24") "ARROW:extension:name" N32("\3") "x.y"},
     "INTEGER",
     "3"},
};

START_TEST(import__reads_every_layout) /* X-ARROW-4, X-ARROW-5, X-ARROW-6 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_batch *batch;
    char text[512];
    const enum tarn_status status = import_column(env, &layouts[_i].column, &batch);
    ck_assert_msg(status == TARN_OK, "%s: %s", layouts[_i].name, err.message);
    struct tarn_vector *vector = batch->columns[0];
    tarn_type_format(vector->type, text, sizeof(text));
    ck_assert_msg(strcmp(text, layouts[_i].type) == 0, "%s: %s", layouts[_i].name, text);
    show_all(vector, text);
    ck_assert_msg(strcmp(text, layouts[_i].rows) == 0, "%s: %s", layouts[_i].name, text);
    tarn_batch_release(batch);
    ck_assert_int_eq(arrays[0].release == NULL, 1);
    ck_assert_int_gt(released, 0);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(import__leaves_zeros_where_rows_are_null) /* X-ARROW-7 */
{
    struct tarn_env *env = tarn_test_env();
    const struct foreign dirty = {.format = "l", .length = 3, .null_count = 1, .buffers = {BITS(5), INT64S(1, 4711, 3)}, .n_buffers = 2};
    struct tarn_batch *batch;
    ck_assert_ok(import_column(env, &dirty, &batch), &err);
    ck_assert_int_eq(((const int64_t *)batch->columns[0]->u.values)[1], 0);
    ck_assert_int_eq(((const int64_t *)batch->columns[0]->u.values)[2], 3);
    tarn_batch_release(batch);
    static uint64_t room[3];
    const struct foreign crooked = {.format = "l", .length = 2, .buffers = {NULL, (const uint8_t *)room + 1}, .n_buffers = 2};
    ck_assert_ok(import_column(env, &crooked, &batch), &err);
    ck_assert_uint_eq((uintptr_t)batch->columns[0]->u.values % 8, 0); /* copied to where it may be read */
    tarn_batch_release(batch);
    const struct foreign clean = {.format = "l", .length = 2, .buffers = {NULL, room}, .n_buffers = 2};
    ck_assert_ok(import_column(env, &clean, &batch), &err);
    ck_assert_ptr_eq(batch->columns[0]->u.values, room); /* shown as it is */
    tarn_batch_release(batch);
    tarn_test_env_close(env);
}
END_TEST

static const struct foreign short_elements = {.format = "i", .length = 2, .buffers = {NULL, INT32S(1, 2)}, .n_buffers = 2};
static const struct foreign falling_ends = {.format = "i", .length = 2, .buffers = {NULL, INT32S(2, 2)}, .n_buffers = 2};
static const struct foreign early_ends = {.format = "i", .length = 1, .buffers = {NULL, INT32S(2)}, .n_buffers = 2};
static const struct foreign float_ends = {.format = "f", .length = 1, .buffers = {NULL, INT32S(9)}, .n_buffers = 2};

static const struct {
    const char *name;
    struct foreign column;
    enum tarn_status status;
} damaged[] = {
    {"negative length", {.format = "i", .length = -1, .buffers = {NULL, INT32S(1)}, .n_buffers = 2}, TARN_INVALID},
    {"too long", {.format = "i", .length = INT64_C(1) << 40, .buffers = {NULL, INT32S(1)}, .n_buffers = 2}, TARN_INVALID},
    {"negative offset", {.format = "i", .length = 1, .offset = -1, .buffers = {NULL, INT32S(1)}, .n_buffers = 2}, TARN_INVALID},
    {"offset that overflows",
     {.format = "i", .length = 1, .offset = INT64_MAX, .buffers = {NULL, INT32S(1)}, .n_buffers = 2},
     TARN_INVALID},
    {"more nulls than rows", {.format = "i", .length = 1, .null_count = 2, .buffers = {BITS(0), INT32S(1)}, .n_buffers = 2}, TARN_INVALID},
    {"nulls without a bitmap", {.format = "i", .length = 1, .null_count = 1, .buffers = {NULL, INT32S(1)}, .n_buffers = 2}, TARN_INVALID},
    {"a buffer too few", {.format = "i", .length = 1, .n_buffers = 1}, TARN_INVALID},
    {"no values", {.format = "i", .length = 1, .n_buffers = 2}, TARN_INVALID},
    {"no offsets", {.format = "u", .length = 1, .n_buffers = 3}, TARN_INVALID},
    {"no bytes", {.format = "u", .length = 1, .buffers = {NULL, INT32S(0, 1), NULL}, .n_buffers = 3}, TARN_INVALID},
    {"falling offsets", {.format = "u", .length = 2, .buffers = {NULL, INT32S(0, 2, 1), "ab"}, .n_buffers = 3}, TARN_INVALID},
    {"negative offsets", {.format = "u", .length = 1, .buffers = {NULL, INT32S(-1, 1), "ab"}, .n_buffers = 3}, TARN_INVALID},
    {"negative large offsets", {.format = "U", .length = 1, .buffers = {NULL, INT64S(-1, 1), "ab"}, .n_buffers = 3}, TARN_INVALID},
    {"broken UTF-8", {.format = "u", .length = 1, .buffers = {NULL, INT32S(0, 1), "\xff"}, .n_buffers = 3}, TARN_INVALID},
    {"half a character", {.format = "u", .length = 2, .buffers = {NULL, INT32S(0, 1, 2), "\xc3\xa4"}, .n_buffers = 3}, TARN_INVALID},
    {"view out of its buffer",
     {.format = "vu", .length = 1, .buffers = {NULL, N32("\15") "long\0\0\0\0" N32("\3"), "xlong long text", INT64S(15)}, .n_buffers = 4},
     TARN_INVALID},
    {"view of no buffer",
     {.format = "vu",
      .length = 1,
      .buffers = {NULL, N32("\15") "long" N32("\1") "\0\0\0\0", "xlong long text", INT64S(15)},
      .n_buffers = 4},
     TARN_INVALID},
    {"view with another beginning",
     {.format = "vu", .length = 1, .buffers = {NULL, N32("\15") "song\0\0\0\0" N32("\1"), "xlong long text", INT64S(15)}, .n_buffers = 4},
     TARN_INVALID},
    {"list beyond its elements",
     {.format = "+l", .length = 1, .buffers = {NULL, INT32S(0, 3)}, .n_buffers = 2, .children = {&short_elements}},
     TARN_INVALID},
    {"list without elements", {.format = "+l", .length = 1, .buffers = {NULL, INT32S(0, 0)}, .n_buffers = 2}, TARN_INVALID},
    {"fixed list beyond its elements", {.format = "+w:3", .length = 1, .n_buffers = 1, .children = {&short_elements}}, TARN_INVALID},
    {"fixed list of far too many", {.format = "+w:2147483647", .length = 9, .n_buffers = 1, .children = {&short_elements}}, TARN_INVALID},
    {"list view beyond its elements",
     {.format = "+vl", .length = 1, .buffers = {NULL, INT32S(1), INT32S(2)}, .n_buffers = 3, .children = {&short_elements}},
     TARN_INVALID},
    {"struct longer than its member", {.format = "+s", .length = 3, .n_buffers = 1, .children = {&short_elements}}, TARN_INVALID},
    {"map of numbers",
     {.format = "+m", .length = 1, .buffers = {NULL, INT32S(0, 1)}, .n_buffers = 2, .children = {&short_elements}},
     TARN_INVALID},
    {"code beyond the dictionary",
     {.format = "c", .length = 1, .buffers = {NULL, INT8S(3)}, .n_buffers = 2, .dictionary = &text_values},
     TARN_INVALID},
    {"negative code", {.format = "c", .length = 1, .buffers = {NULL, INT8S(-1)}, .n_buffers = 2, .dictionary = &text_values}, TARN_INVALID},
    {"huge code", {.format = "L", .length = 1, .buffers = {NULL, INT64S(-1)}, .n_buffers = 2, .dictionary = &text_values}, TARN_INVALID},
    {"codes that are floats",
     {.format = "f", .length = 1, .buffers = {NULL, INT32S(0)}, .n_buffers = 2, .dictionary = &text_values},
     TARN_INVALID},
    {"runs that do not ascend", {.format = "+r", .length = 3, .children = {&falling_ends, &short_elements}}, TARN_INVALID},
    {"runs that end early", {.format = "+r", .length = 3, .children = {&early_ends, &short_elements}}, TARN_INVALID},
    {"runs that end in floats", {.format = "+r", .length = 3, .children = {&float_ends, &short_elements}}, TARN_INVALID},
    {"decimal over its precision",
     {.format = "d:9,2", .length = 1, .buffers = {NULL, INT64S(5000000000, 0)}, .n_buffers = 2},
     TARN_INVALID},
    {"date64 within a day", {.format = "tdm", .length = 1, .buffers = {NULL, INT64S(1)}, .n_buffers = 2}, TARN_INVALID},
    {"nulls where there may be none",
     {.format = "i", .length = 1, .null_count = 1, .buffers = {BITS(0), INT32S(1)}, .n_buffers = 2, .flags = ARROW_FLAG_NULLABLE},
     TARN_INVALID},
    {"unknown format", {.format = "q", .length = 0, .n_buffers = 2}, TARN_INVALID},
    {"format that goes on", {.format = "tsu", .length = 0, .n_buffers = 2}, TARN_INVALID},
    {"width without a number", {.format = "w:x", .length = 0, .n_buffers = 2}, TARN_INVALID},
    {"no format", {.length = 0, .n_buffers = 2}, TARN_INVALID},
    {"negative metadata", {.format = "i", .length = 0, .n_buffers = 2, .metadata = "\xff\xff\xff\xff"}, TARN_INVALID},
    {"union", {.format = "+us:0,1", .length = 0}, TARN_UNSUPPORTED},
};

START_TEST(import__refuses_what_breaks_its_layout) /* X-ARROW-6 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_batch *batch;
    err = (struct tarn_error)TARN_ERROR_INIT;
    const enum tarn_status status = import_column(env, &damaged[_i].column, &batch);
    ck_assert_msg(status == damaged[_i].status, "%s: %s", damaged[_i].name, tarn_status_name(status));
    ck_assert_ptr_null(batch);
    ck_assert_msg(strstr(err.column, "first") != NULL || damaged[_i].column.length < 0 || damaged[_i].column.length > INT32_MAX,
                  "%s: column %s", damaged[_i].name, err.column);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(import__names_the_path_of_what_is_wrong) /* X-ARROW-6 */
{
    struct tarn_env *env = tarn_test_env();
    const struct foreign bad = {.format = "u", .length = 1, .buffers = {NULL, INT32S(0, 1), "\xff"}, .n_buffers = 3};
    const struct foreign outer = {.format = "+s", .length = 1, .n_buffers = 1, .children = {&int32_elements, &bad}};
    struct tarn_batch *batch;
    ck_assert_status(import_column(env, &outer, &batch), TARN_INVALID);
    ck_assert_str_eq(err.column, "first.second");
    ck_assert_int_eq(err.row, 0);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(import__keeps_the_array_until_the_last_vector_goes) /* X-ARROW-8 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_batch *batch;
    ck_assert_ok(import_column(env, &text_values, &batch), &err);
    struct tarn_vector *vector = tarn_vector_retain(batch->columns[0]);
    tarn_batch_release(batch);
    ck_assert_int_eq(released, 0);
    struct tarn_vector *part;
    ck_assert_ok(tarn__vector_slice(vector, 1, 1, &part, &err), &err);
    tarn_vector_release(vector);
    tarn_env_close(env); /* the vector keeps what it needs of it */
    ck_assert_int_eq(released, 0);
    tarn_vector_release(part);
    ck_assert_int_eq(released, 2); /* the rows and their column */
}
END_TEST

/* ---- out, and in again ---- */

static const struct tarn_type t_bool = {.id = TARN_TYPE_BOOL};
static const struct tarn_type t_u16 = {.id = TARN_TYPE_U16};
static const struct tarn_type t_i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type t_f32 = {.id = TARN_TYPE_F32};
static const struct tarn_type t_small = {.id = TARN_TYPE_DECIMAL, .precision = 9, .scale = 2};
static const struct tarn_type t_long = {.id = TARN_TYPE_DECIMAL, .precision = 18, .scale = 2};
static const struct tarn_type t_wide = {.id = TARN_TYPE_DECIMAL, .precision = 50, .scale = 2};
static const struct tarn_type t_text = {.id = TARN_TYPE_STRING};
static const struct tarn_type t_json = {.id = TARN_TYPE_JSON};
static const struct tarn_type t_blob = {.id = TARN_TYPE_BINARY};
static const struct tarn_type t_uuid = {.id = TARN_TYPE_UUID};
static const struct tarn_type t_stamp = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO, .utc = true, .zone = {"Asia/Tokyo", 10}};
static const struct tarn_type t_time = {.id = TARN_TYPE_TIME, .unit = TARN_MICRO};
static const struct tarn_type t_null = {.id = TARN_TYPE_NULL};
static const struct tarn_field f_element = {.name = {"element", 7}, .type = &t_text, .nullable = true, .id = -1};
static const struct tarn_type t_list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &f_element};
static const struct tarn_field f_pair[] = {{.name = {"a", 1}, .type = &t_small, .nullable = true, .id = -1},
                                           {.name = {"b", 1}, .type = &t_list, .nullable = true, .id = -1}};
static const struct tarn_type t_pair = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = f_pair};
static const struct tarn_field f_map[] = {{.name = {"key", 3}, .type = &t_text, .nullable = false, .id = -1},
                                          {.name = {"value", 5}, .type = &t_i64, .nullable = true, .id = -1}};
static const struct tarn_type t_map = {.id = TARN_TYPE_MAP, .field_count = 2, .fields = f_map};
static const struct tarn_type t_shape = {.id = TARN_TYPE_GEOMETRY, .zone = {"EPSG:4326", 9}};
static const struct tarn_type t_place = {.id = TARN_TYPE_GEOGRAPHY};
static const struct tarn_type t_variant = {.id = TARN_TYPE_VARIANT};
static const struct tarn_type *const table_types[] = {&t_bool, &t_u16,  &t_i64,  &t_f32,   &t_small, &t_long,   &t_wide,
                                                      &t_text, &t_json, &t_blob, &t_uuid,  &t_stamp, &t_time,   &t_null,
                                                      &t_list, &t_pair, &t_map,  &t_shape, &t_place, &t_variant};
enum { TABLE_COLUMNS = sizeof(table_types) / sizeof(table_types[0]), TABLE_ROWS = 37 };

static void append(struct tarn_vector_builder *builder, const struct tarn_type *type, uint32_t key)
{
    char text[40];
    const int size = snprintf(text, sizeof(text), "%.*s", (int)(key % 30), "a text that grows longer and longer");
    if (key % 7 == 3 || type->id == TARN_TYPE_NULL) {
        tarn__vector_builder_null(builder);
        return;
    }
    switch (tarn_type_kind(type)) {
    case TARN_KIND_BOOL:
        tarn__vector_builder_bool(builder, key % 3 == 0);
        return;
    case TARN_KIND_F32:
        tarn__vector_builder_f64(builder, key * 0.5);
        return;
    case TARN_KIND_BYTES:
        tarn__vector_builder_text(builder, (struct tarn_text){text, (size_t)size});
        return;
    case TARN_KIND_FIXED:
        tarn__vector_builder_text(builder, (struct tarn_text){&"0123456789abcdefghijklmnopqrstuvwxyz"[key % 20], 16});
        return;
    case TARN_KIND_NESTED:
        break;
    default:
        tarn__vector_builder_i64(builder, type->id == TARN_TYPE_U16 ? (int64_t)key * 1000 : (int64_t)key * -1000);
        return;
    }
    if (type->id == TARN_TYPE_VARIANT) {
        tarn__vector_builder_text(tarn__vector_builder_child(builder, 0), TARN_TEXT("\1\0\0"));
        tarn__vector_builder_text(tarn__vector_builder_child(builder, 1), TARN_TEXT("\f\1"));
    }
    if (type->id == TARN_TYPE_STRUCT) {
        append(tarn__vector_builder_child(builder, 0), &t_small, key + 1);
        append(tarn__vector_builder_child(builder, 1), &t_list, key + 2);
    }
    for (uint32_t i = 0; i < key % 4 && (type->id == TARN_TYPE_LIST || type->id == TARN_TYPE_MAP); i++) {
        if (type->id == TARN_TYPE_MAP) {
            tarn__vector_builder_text(tarn__vector_builder_child(builder, 0), (struct tarn_text){&"key"[i % 3], 1});
            append(tarn__vector_builder_child(builder, 1), &t_i64, key + i);
        } else {
            append(tarn__vector_builder_child(builder, 0), &t_text, key + i);
        }
    }
    tarn__vector_builder_close(builder);
}

static struct tarn_batch *make_table(struct tarn_env *env)
{
    struct tarn_field fields[TABLE_COLUMNS];
    static char names[TABLE_COLUMNS][4];
    struct tarn_vector *columns[TABLE_COLUMNS];
    const struct tarn_property property = {{"who", 3}, {"tarn", 4}};
    struct tarn_schema *schema;
    struct tarn_batch *batch;
    for (uint32_t i = 0; i < TABLE_COLUMNS; i++) {
        snprintf(names[i], sizeof(names[i]), "c%u", i);
        fields[i] = (struct tarn_field){.name = tarn__text_of(names[i]),
                                        .type = table_types[i],
                                        .nullable = true,
                                        .id = (int32_t)i - 1,
                                        .property_count = i == 1,
                                        .properties = &property};
    }
    ck_assert_ok(tarn_schema_make(env, TABLE_COLUMNS, fields, 1, &property, &schema, &err), &err);
    for (uint32_t i = 0; i < TABLE_COLUMNS; i++) {
        struct tarn_vector_builder *builder;
        ck_assert_ok(tarn__vector_builder_open(env, schema->fields[i].type, &builder, &err), &err);
        for (uint32_t row = 0; row < TABLE_ROWS; row++) {
            append(builder, table_types[i], row);
        }
        ck_assert_ok(tarn__vector_builder_finish(builder, &columns[i], &err), &err);
        tarn__vector_builder_close_all(builder);
    }
    ck_assert_ok(tarn_batch_make(env, schema, TABLE_ROWS, columns, &batch, &err), &err);
    for (uint32_t i = 0; i < TABLE_COLUMNS; i++) {
        tarn_vector_release(columns[i]);
    }
    tarn_schema_release(schema);
    return batch;
}

static void assert_rows(const struct tarn_batch *wanted, uint32_t first, const struct tarn_batch *got)
{
    ck_assert_uint_eq(got->column_count, wanted->column_count);
    for (uint32_t c = 0; c < wanted->column_count; c++) {
        for (uint32_t row = 0; row < got->length; row++) {
            char left[512];
            char right[512];
            left[show(wanted->columns[c], first + row, left)] = '\0';
            right[show(got->columns[c], row, right)] = '\0';
            ck_assert_msg(strcmp(left, right) == 0, "column %u row %u: %s, not %s", c, row, right, left);
        }
    }
}

static struct tarn_arrow_options options_of(enum tarn_arrow_strings strings, bool dictionaries)
{
    struct tarn_arrow_options options = TARN_ARROW_OPTIONS_INIT;
    options.strings = strings;
    options.keep_dictionaries = dictionaries;
    return options;
}

static const struct {
    enum tarn_arrow_strings strings;
    bool dictionaries;
} ways[] = {{TARN_ARROW_UTF8, false},      {TARN_ARROW_UTF8, true},       {TARN_ARROW_LARGE_UTF8, false},
            {TARN_ARROW_LARGE_UTF8, true}, {TARN_ARROW_UTF8_VIEW, false}, {TARN_ARROW_UTF8_VIEW, true}};

START_TEST(export__is_read_back_equal) /* X-ARROW-1, X-ARROW-2; one way for strings to leave a loop */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_batch *table = make_table(env);
    const struct tarn_arrow_options options = options_of(ways[_i].strings, ways[_i].dictionaries);
    static const uint32_t some[] = {1, 3, 4, 20, 36};
    const struct tarn_selection selections[] = {tarn_selection_all(TABLE_ROWS), tarn__selection_of_positions(TABLE_ROWS, 5, some)};
    for (int s = 0; s < 2; s++) {
        struct ArrowSchema arrow_schema;
        struct ArrowArray array;
        struct tarn_schema *schema;
        struct tarn_batch *back;
        struct tarn_batch *dense;
        table->selection = selections[s];
        ck_assert_ok(tarn_arrow_export_schema(env, table->schema, &options, &arrow_schema, &err), &err);
        ck_assert_ok(tarn_arrow_export_batch(env, table, &options, &array, &err), &err);
        ck_assert_ok(tarn__batch_compact(env, table, &dense, &err), &err);
        ck_assert_ok(tarn_arrow_import_schema(env, &arrow_schema, &schema, &err), &err);
        for (uint32_t i = 0; i < TABLE_COLUMNS; i++) {
            ck_assert(tarn_type_equal(schema->fields[i].type, table->schema->fields[i].type));
            ck_assert(tarn__text_equal(schema->fields[i].name, table->schema->fields[i].name));
            ck_assert_int_eq(schema->fields[i].id, table->schema->fields[i].id);
        }
        ck_assert(tarn__text_equal(schema->properties[0].value, TARN_TEXT("tarn")));
        ck_assert(tarn__text_equal(schema->fields[1].properties[0].key, TARN_TEXT("who")));
        ck_assert_ok(tarn_arrow_import_batch(env, schema, &arrow_schema, &array, &back, &err), &err);
        ck_assert_uint_eq(back->length, selections[s].count);
        assert_rows(dense, 0, back);
        arrow_schema.release(&arrow_schema);
        tarn_batch_release(back);
        tarn_batch_release(dense);
        tarn_schema_release(schema);
    }
    tarn_batch_release(table);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(export__has_the_layout_of_the_specification) /* X-ARROW-1, X-ARROW-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_batch *table = make_table(env);
    struct ArrowSchema schema;
    struct ArrowArray array;
    static const char *const formats[] = {"b",   "S", "l",  "f",  "d:9,2", "d:18,2", "d:50,2,256", "u", "u", "z", "w:16", "tsn:Asia/Tokyo",
                                          "ttu", "n", "+l", "+s", "+m",    "z",      "z",          "+s"};
    ck_assert_ok(tarn_arrow_export_schema(env, table->schema, NULL, &schema, &err), &err);
    ck_assert_ok(tarn_arrow_export_batch(env, table, NULL, &array, &err), &err);
    ck_assert_str_eq(schema.format, "+s");
    ck_assert_int_eq(array.length, TABLE_ROWS);
    ck_assert_int_eq(array.n_children, TABLE_COLUMNS);
    for (int i = 0; i < TABLE_COLUMNS; i++) {
        ck_assert_str_eq(schema.children[i]->format, formats[i]);
        ck_assert_int_eq(array.children[i]->length, TABLE_ROWS);
        ck_assert_int_eq(array.children[i]->null_count, i == 13 ? TABLE_ROWS : 5);
    }
    ck_assert_int_eq(((const int64_t *)array.children[4]->buffers[1])[2], -1000); /* decimals leave as 128 bits */
    ck_assert_int_eq(((const int64_t *)array.children[4]->buffers[1])[3], -1);
    ck_assert_int_eq(((const int32_t *)array.children[7]->buffers[1])[3], 3);
    ck_assert_mem_eq(array.children[7]->buffers[2], "aa ", 3);
    ck_assert_str_eq(schema.children[16]->children[0]->name, "entries");
    ck_assert_int_eq(schema.children[16]->children[0]->flags & ARROW_FLAG_NULLABLE, 0);
    ck_assert_str_eq(schema.children[16]->children[0]->children[0]->name, "key");
    schema.release(&schema);
    array.release(&array);
    tarn_batch_release(table);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(export__keeps_a_dictionary_when_asked) /* X-ARROW-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_batch *batch;
    ck_assert_ok(import_column(env, &layouts[37].column, &batch), &err);
    ck_assert_int_eq(batch->columns[0]->shape, TARN_SHAPE_DICTIONARY);
    const struct tarn_arrow_options options = options_of(TARN_ARROW_UTF8, true);
    struct ArrowSchema schema;
    struct ArrowArray array;
    ck_assert_ok(tarn_arrow_export_schema(env, batch->schema, &options, &schema, &err), &err);
    ck_assert_ok(tarn_arrow_export_batch(env, batch, &options, &array, &err), &err);
    ck_assert_str_eq(schema.children[0]->format, "i");
    ck_assert_str_eq(schema.children[0]->dictionary->format, "u");
    ck_assert_int_eq(array.children[0]->dictionary->length, 3);
    ck_assert_int_eq(((const int32_t *)array.children[0]->buffers[1])[0], 1);
    ck_assert_int_eq(((const int32_t *)array.children[0]->buffers[1])[1], 0); /* null: no old code leaves */
    schema.release(&schema);
    array.release(&array);
    tarn_batch_release(batch);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(export__may_be_released_in_any_order_and_late) /* X-ARROW-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_batch *table = make_table(env);
    struct ArrowSchema schema;
    struct ArrowArray array;
    ck_assert_ok(tarn_arrow_export_schema(env, table->schema, NULL, &schema, &err), &err);
    ck_assert_ok(tarn_arrow_export_batch(env, table, NULL, &array, &err), &err);
    tarn_batch_release(table);
    tarn_env_close(env);
    struct ArrowArray child = *array.children[7]; /* moved away, as the interface allows */
    array.children[7]->release = NULL;
    struct ArrowSchema child_schema = *schema.children[3];
    schema.children[3]->release = NULL;
    schema.release(&schema);
    array.release(&array);
    ck_assert_ptr_null(array.release);
    ck_assert_mem_eq(child.buffers[2], "aa ", 3);
    ck_assert_str_eq(child_schema.format, "f");
    child.release(&child);
    child_schema.release(&child_schema);
}
END_TEST

START_TEST(export__refuses_a_wide_timestamp_out_of_range) /* X-ARROW-2 */
{
    struct tarn_env *env = tarn_test_env();
    static const struct tarn_type nanos = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO, .wide = true};
    const struct tarn_field field = {.name = {"t", 1}, .type = &nanos, .nullable = true, .id = -1};
    for (int far = 0; far < 2; far++) {
        struct tarn_schema *schema;
        struct tarn_vector_builder *builder;
        struct tarn_vector *vector;
        struct tarn_batch *batch;
        struct ArrowArray array;
        ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &schema, &err), &err);
        ck_assert_ok(tarn__vector_builder_open(env, schema->fields[0].type, &builder, &err), &err);
        tarn__vector_builder_i64(builder, -1);
        tarn__vector_builder_words(builder, (const uint64_t[]){0, far ? UINT64_C(1) << 62 : 1, 0, 0});
        ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
        tarn__vector_builder_close_all(builder);
        ck_assert_ok(tarn_batch_make(env, schema, 2, &vector, &batch, &err), &err);
        ck_assert_status(tarn_arrow_export_batch(env, batch, NULL, &array, &err), far ? TARN_INVALID : TARN_OK);
        if (far) {
            ck_assert_int_eq(err.row, 1);
            ck_assert_str_eq(err.column, "t");
            ck_assert_ptr_null(array.release);
        } else {
            ck_assert_int_eq(((const int64_t *)array.children[0]->buffers[1])[0], -1); /* rounded down */
            ck_assert_int_eq(((const int64_t *)array.children[0]->buffers[1])[1], INT64_C(18446744073709551));
            array.release(&array);
        }
        tarn_vector_release(vector);
        tarn_batch_release(batch);
        tarn_schema_release(schema);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- streams ---- */

struct listed {
    struct tarn_batches batches;
    struct tarn_batch *batch;
    int left;
    bool fails; /* at the end */
    int *closed;
};

static enum tarn_status listed_next(struct tarn_batches *batches, struct tarn_batch **out, struct tarn_error *error)
{
    struct listed *listed = (struct listed *)(void *)batches;
    *out = listed->left-- > 0 ? listed->batch : NULL;
    if (*out == NULL && listed->fails) {
        tarn__corrupt(error, "page_crc", "the page does not match its checksum");
        tarn__error_at_offset(error, 4711);
        return TARN_CORRUPT;
    }
    return TARN_OK;
}

static void listed_close(struct tarn_batches *batches)
{
    struct listed *listed = (struct listed *)(void *)batches;
    tarn_batch_release(listed->batch);
    (*listed->closed)++;
}

START_TEST(stream__gives_the_rows_in_pieces) /* X-ARROW-9 */
{
    struct tarn_env *env = tarn_test_env();
    int closed = 0;
    struct listed listed = {.batches = {env, NULL, listed_next, listed_close}, .batch = make_table(env), .left = 2, .closed = &closed};
    listed.batches.schema = listed.batch->schema;
    struct tarn_arrow_options options = options_of(TARN_ARROW_UTF8, false);
    options.batch_rows = 20;
    struct ArrowArrayStream stream;
    struct tarn_batches *back;
    struct tarn_batch *batch;
    ck_assert_ok(tarn_arrow_export_stream(&listed.batches, &options, &stream, &err), &err);
    ck_assert_ok(tarn_arrow_import_stream(env, &stream, &back, &err), &err);
    ck_assert_ptr_null(stream.release);
    static const uint32_t pieces[] = {20, 17, 20, 17};
    for (int i = 0; i < 4; i++) {
        ck_assert_ok(back->next(back, &batch, &err), &err);
        ck_assert_uint_eq(batch->length, pieces[i]);
        assert_rows(listed.batch, i % 2 == 0 ? 0 : 20, batch);
    }
    ck_assert_ok(back->next(back, &batch, &err), &err);
    ck_assert_ptr_null(batch);
    back->close(back);
    ck_assert_int_eq(closed, 1);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(stream__gives_the_whole_error_back) /* X-ARROW-9 */
{
    struct tarn_env *env = tarn_test_env();
    int closed = 0;
    struct listed listed = {
        .batches = {env, NULL, listed_next, listed_close}, .batch = make_table(env), .left = 1, .fails = true, .closed = &closed};
    listed.batches.schema = listed.batch->schema;
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    struct tarn_error whole = TARN_ERROR_INIT;
    ck_assert_ok(tarn_arrow_export_stream(&listed.batches, NULL, &stream, &err), &err);
    ck_assert_ptr_null(stream.get_last_error(&stream));
    ck_assert_int_eq(stream.get_next(&stream, &array), 0);
    ck_assert(!tarn_stream_error(&stream, &whole));
    array.release(&array);
    for (int again = 0; again < 2; again++) {
        ck_assert_int_eq(stream.get_next(&stream, &array), EBADMSG);
        ck_assert_ptr_null(array.release);
        ck_assert_ptr_nonnull(strstr(stream.get_last_error(&stream), "does not match its checksum"));
        ck_assert(tarn_stream_error(&stream, &whole));
        ck_assert_int_eq(whole.code, TARN_CORRUPT);
        ck_assert_int_eq(whole.offset, 4711);
    }
    stream.release(&stream);
    ck_assert_int_eq(closed, 1);
    ck_assert(!tarn_stream_error(&stream, &whole));
    tarn_test_env_close(env);
}
END_TEST

START_TEST(import__gives_everything_back_when_memory_ends) /* X-ARROW-8 */
{
    bool done = false;
    for (uint64_t limit = 512; !done; limit += 192) {
        struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
        struct tarn_env *env;
        struct tarn_batch *batch;
        options.memory_limit = limit;
        ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
        const enum tarn_status status = import_column(env, &layouts[_i].column, &batch);
        ck_assert_msg(status == TARN_OK || status == TARN_NOMEM || status == TARN_LIMIT, "%s: %s", layouts[_i].name,
                      tarn_status_name(status));
        done = status == TARN_OK;
        tarn_batch_release(batch);
        tarn_test_env_close(env);
    }
}
END_TEST

START_TEST(export__gives_everything_back_when_memory_ends) /* X-ARROW-3 */
{
    struct tarn_env *big = tarn_test_env();
    struct tarn_batch *table = make_table(big);
    const struct tarn_arrow_options options = options_of(ways[_i].strings, ways[_i].dictionaries);
    bool done = false;
    for (uint64_t limit = 512; !done; limit += 512) {
        struct tarn_env_options small = TARN_ENV_OPTIONS_INIT;
        struct tarn_env *env;
        struct ArrowArray array;
        struct ArrowSchema schema;
        small.memory_limit = limit;
        ck_assert_ok(tarn_env_open(&small, &env, &err), &err);
        const enum tarn_status status = tarn_arrow_export_batch(env, table, &options, &array, &err);
        const enum tarn_status described = tarn_arrow_export_schema(env, table->schema, &options, &schema, &err);
        done = status == TARN_OK && described == TARN_OK;
        ck_assert_int_eq(array.release != NULL, status == TARN_OK);
        ck_assert_int_eq(schema.release != NULL, described == TARN_OK);
        if (array.release != NULL) {
            array.release(&array);
        }
        if (schema.release != NULL) {
            schema.release(&schema);
        }
        tarn_test_env_close(env);
    }
    tarn_batch_release(table);
    tarn_test_env_close(big);
}
END_TEST

TARN_SUITE("format/arrow", TARN_LOOP_TEST(import__reads_every_layout, layouts), TARN_TEST(import__leaves_zeros_where_rows_are_null),
           TARN_LOOP_TEST(import__refuses_what_breaks_its_layout, damaged), TARN_TEST(import__names_the_path_of_what_is_wrong),
           TARN_TEST(import__keeps_the_array_until_the_last_vector_goes), TARN_LOOP_TEST(export__is_read_back_equal, ways),
           TARN_TEST(export__has_the_layout_of_the_specification), TARN_TEST(export__keeps_a_dictionary_when_asked),
           TARN_TEST(export__may_be_released_in_any_order_and_late), TARN_TEST(export__refuses_a_wide_timestamp_out_of_range),
           TARN_TEST(stream__gives_the_rows_in_pieces), TARN_TEST(stream__gives_the_whole_error_back),
           TARN_LOOP_TEST(import__gives_everything_back_when_memory_ends, layouts),
           TARN_LOOP_TEST(export__gives_everything_back_when_memory_ends, ways))
