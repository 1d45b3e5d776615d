/* SPDX-License-Identifier: Apache-2.0
 * Partition transforms: the specification's hashes, results by hand, vectors against values, and, over random rows, that no file is passed
 * over that a row of it contradicts.
 */
#include "format/base/datetime.h"
#include "format/base/decimal.h"
#include "format/batch/value_decimal.h"
#include "format/batch/vector_builder.h"
#include "tests/support/fault.h"
#include "txlog/core/partition_transform.h"
#include "txlog/core/prune_files.h"

#include <limits.h>
#include <string.h>

static struct tarn_error err;

static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type f32 = {.id = TARN_TYPE_F32};
static const struct tarn_type f64 = {.id = TARN_TYPE_F64};
static const struct tarn_type boolean = {.id = TARN_TYPE_BOOL};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_type binary = {.id = TARN_TYPE_BINARY};
static const struct tarn_type uuid = {.id = TARN_TYPE_UUID};
static const struct tarn_type fixed4 = {.id = TARN_TYPE_FIXED, .width = 4};
static const struct tarn_type date = {.id = TARN_TYPE_DATE};
static const struct tarn_type micro_time = {.id = TARN_TYPE_TIME, .unit = TARN_MICRO};
static const struct tarn_type instant = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO};
static const struct tarn_type zoned = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true};
static const struct tarn_type nanos = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO};
static const struct tarn_type wide_nanos = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO, .wide = true};
static const struct tarn_type decimal9 = {.id = TARN_TYPE_DECIMAL, .precision = 9, .scale = 2};
static const struct tarn_type decimal18 = {.id = TARN_TYPE_DECIMAL, .precision = 18, .scale = 2};
static const struct tarn_type decimal38 = {.id = TARN_TYPE_DECIMAL, .precision = 38, .scale = 2};
static const struct tarn_type decimal2 = {.id = TARN_TYPE_DECIMAL, .precision = 2};

/* A value of SQL's text: what follows is the type's. */
static struct tarn_value value_of(const struct tarn_type *type, const char *words)
{
    struct tarn_value value = {.type = type, .is_null = words == NULL};
    const struct tarn_text given = words != NULL ? tarn__text_of(words) : (struct tarn_text){NULL, 0};
    int32_t days;
    tarn_i128 unscaled;
    if (words == NULL) {
        return value;
    }
    switch (type->id) {
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
        ck_assert_int_eq(tarn__int64_parse(given, &value.u.i64), TARN_PARSED);
        break;
    case TARN_TYPE_DATE:
        ck_assert_int_eq(tarn__date_parse(given, &days), TARN_PARSED);
        value.u.i64 = days;
        break;
    case TARN_TYPE_TIME:
        ck_assert_int_eq(tarn__time_parse(given, (unsigned)type->unit * 3, &value.u.i64), TARN_PARSED);
        break;
    case TARN_TYPE_TIMESTAMP:
        ck_assert_int_eq(tarn__timestamp_parse(given, (unsigned)type->unit * 3, &value.u.i64, NULL), TARN_PARSED);
        break;
    case TARN_TYPE_DECIMAL:
        ck_assert_int_eq(tarn__decimal128_parse(given, (unsigned)type->precision, (unsigned)type->scale, 0, &unscaled), TARN_PARSED);
        tarn__value_set_unscaled(&value, unscaled);
        break;
    default:
        value.u.bytes = given;
        break;
    }
    return value;
}

/* ---- the specification's hashes ---- */

static const struct {
    const struct tarn_type *type;
    const char *value;
    size_t size; /* of bytes with zeros in them */
    int32_t hash;
} hashes[] = {
    {&i32, "34", 0, 2017239379},
    {&i64, "34", 0, 2017239379},
    {&decimal9, "14.20", 0, -500754589},
    {&decimal18, "14.20", 0, -500754589},
    {&decimal38, "14.20", 0, -500754589},
    {&date, "2017-11-16", 0, -653330422},
    {&micro_time, "22:31:08", 0, -662762989},
    {&instant, "2017-11-16T22:31:08", 0, -2047944441},
    {&instant, "2017-11-16T22:31:08.000001", 0, -1207196810},
    {&zoned, "2017-11-16T14:31:08-08:00", 0, -2047944441},
    {&zoned, "2017-11-16T14:31:08.000001-08:00", 0, -1207196810},
    {&nanos, "2017-11-16T22:31:08", 0, -2047944441},
    {&nanos, "2017-11-16T22:31:08.000001001", 0, -1207196810},
    {&text, "iceberg", 0, 1210000089},
    {&uuid, "\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7", 16, 1488055340},
    {&fixed4, "\0\1\2\3", 4, -188683207},
    {&binary, "\0\1\2\3", 4, -188683207},
};

START_TEST(partition_transform__has_the_hashes_of_the_specification) /* T-PART-1 */
{
    struct tarn_value value = value_of(hashes[_i].type, hashes[_i].value);
    if (hashes[_i].size != 0) {
        value.u.bytes.size = hashes[_i].size;
    }
    uint32_t hash;
    ck_assert(tarn__transform_hash(&value, &hash));
    ck_assert_int_eq((int32_t)hash, hashes[_i].hash);
    struct tarn_value bucket;
    ck_assert_ok(tarn__transform_apply(TARN_TRANSFORM_BUCKET, 16, &value, &i32, &bucket, &err), &err);
    ck_assert_int_eq(bucket.u.i64, (hashes[_i].hash & INT32_MAX) % 16);
}
END_TEST

/* ---- results by hand ---- */

enum { ID = TARN_TRANSFORM_IDENTITY, BUCKET = TARN_TRANSFORM_BUCKET, CUT = TARN_TRANSFORM_TRUNCATE };
enum { YEAR = TARN_TRANSFORM_YEAR, MONTH, DAY, HOUR, VOID };

static const struct {
    int transform;
    int32_t parameter;
    const struct tarn_type *type;
    const char *in; /* NULL: null */
    const char *out;
} results[] = {
    {ID, 0, &i32, "-7", "-7"},
    {CUT, 10, &i32, "1", "0"},
    {CUT, 10, &i32, "-1", "-10"},
    {CUT, 10, &i32, "-10", "-10"},
    {CUT, 10, &i64, "9223372036854775807", "9223372036854775800"},
    {CUT, 10, &i32, "-2147483648", "2147483646"}, /* wraps, as in Java */
    {CUT, 50, &decimal9, "10.65", "10.50"},
    {CUT, 50, &decimal9, "-0.05", "-0.50"},
    {CUT, 10, &decimal38, "-1234567890123456789012345678901234.59", "-1234567890123456789012345678901234.60"},
    {CUT, 3, &text, "iceberg", "ice"},
    {CUT, 3, &text, "ic", "ic"},
    {CUT, 2, &text, "\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\xa7", "\xc3\xbc\xe2\x82\xac"},
    {CUT, 2, &binary, "\xff\xfe\xfd", "\xff\xfe"},
    {YEAR, 0, &date, "2017-11-16", "47"},
    {YEAR, 0, &date, "1969-12-31", "-1"},
    {MONTH, 0, &date, "1970-02-01", "1"},
    {MONTH, 0, &date, "1969-12-31", "-1"},
    {DAY, 0, &date, "2017-11-16", "2017-11-16"},
    {YEAR, 0, &instant, "1969-12-31T23:59:59.999999", "-1"},
    {MONTH, 0, &zoned, "2017-11-16T22:31:08Z", "574"},
    {DAY, 0, &instant, "1969-12-31T23:59:59.999999", "1969-12-31"},
    {DAY, 0, &nanos, "1970-01-02T00:00:00", "1970-01-02"},
    {HOUR, 0, &instant, "2017-12-01T10:30:00", "420034"},
    {HOUR, 0, &instant, "1969-12-31T23:59:59.999999", "-1"},
    {VOID, 0, &text, "x", NULL},
    {BUCKET, 4, &text, NULL, NULL},
    {DAY, 0, &instant, NULL, NULL},
    {CUT, 3, &i32, NULL, NULL},
};

START_TEST(partition_transform__has_results_by_hand) /* T-PART-2 */
{
    const enum tarn__transform transform = (enum tarn__transform)results[_i].transform;
    const struct tarn_type *result;
    ck_assert_ok(tarn__transform_result(transform, results[_i].parameter, results[_i].type, &result, &err), &err);
    const struct tarn_value in = value_of(results[_i].type, results[_i].in);
    const struct tarn_value expected = value_of(result, results[_i].out);
    struct tarn_value out;
    ck_assert_ok(tarn__transform_apply(transform, results[_i].parameter, &in, result, &out, &err), &err);
    ck_assert_ptr_eq(out.type, result);
    ck_assert_int_eq(out.is_null, expected.is_null);
    ck_assert_msg(expected.is_null || tarn_value_compare(&out, &expected) == 0, "case %d: %lld", _i, (long long)out.u.i64);
}
END_TEST

START_TEST(partition_transform__takes_the_columns_it_is_made_for) /* T-PART-3 */
{
    static const struct {
        const struct tarn_type *type;
        const char *legal; /* of I B T Y M D H V */
    } table[] = {
        {&boolean, "IV"},    {&i32, "IBTV"},      {&i64, "IBTV"},      {&f32, "IV"},         {&f64, "IV"},         {&text, "IBTV"},
        {&binary, "IBTV"},   {&uuid, "IBV"},      {&fixed4, "IBV"},    {&date, "IBYMDV"},    {&micro_time, "IBV"}, {&instant, "IBYMDHV"},
        {&zoned, "IBYMDHV"}, {&nanos, "IBYMDHV"}, {&wide_nanos, "IV"}, {&decimal38, "IBTV"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        for (int t = 0; t <= TARN_TRANSFORM_UNKNOWN; t++) {
            const bool legal = t < 8 && strchr(table[i].legal, "IBTYMDHV"[t]) != NULL;
            const struct tarn_type *result;
            const enum tarn_status status = tarn__transform_result((enum tarn__transform)t, 4, table[i].type, &result, &err);
            ck_assert_msg(status == (legal ? TARN_OK : TARN_INVALID), "type %zu, transform %d", i, t);
            ck_assert(legal == (result != NULL));
            ck_assert(legal || strcmp(err.detail, "partition_transform") == 0);
        }
    }
    const struct tarn_type *result;
    ck_assert_status(tarn__transform_result(TARN_TRANSFORM_BUCKET, 0, &i32, &result, &err), TARN_INVALID);
    ck_assert_status(tarn__transform_result(TARN_TRANSFORM_TRUNCATE, -1, &text, &result, &err), TARN_INVALID);
}
END_TEST

START_TEST(partition_transform__refuses_values_it_has_no_result_for) /* T-PART-3 */
{
    struct tarn_value out;
    struct tarn_value value = value_of(&decimal2, "-99");
    ck_assert_status(tarn__transform_apply(TARN_TRANSFORM_TRUNCATE, 50, &value, &decimal2, &out, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "partition_value");
    value = value_of(&text, "a\xff");
    ck_assert_status(tarn__transform_apply(TARN_TRANSFORM_TRUNCATE, 1, &value, &text, &out, &err), TARN_INVALID);
    value = (struct tarn_value){.type = &instant, .u.i64 = INT64_MAX}; /* an hour number of more than 32 bits */
    ck_assert_status(tarn__transform_apply(TARN_TRANSFORM_HOUR, 0, &value, &i32, &out, &err), TARN_INVALID);
    ck_assert_ok(tarn__transform_apply(TARN_TRANSFORM_DAY, 0, &value, &date, &out, &err), &err);
}
END_TEST

/* ---- random values ---- */

static uint64_t seed = 1;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static int64_t random_in(int64_t least, int64_t most)
{
    return least + (int64_t)(next_random() % ((uint64_t)most - (uint64_t)least + 1));
}

static const struct tarn_type *const sources[] = {&i32,     &i64,   &text,  &binary,   &uuid,      &fixed4,    &date,
                                                  &instant, &zoned, &nanos, &decimal9, &decimal38, &micro_time};
enum { SOURCES = sizeof(sources) / sizeof(sources[0]) };

/* Mostly near others of its kind, so that predicates hit; sometimes at the edge of what there is. */
static struct tarn_value random_value(const struct tarn_type *type, char *room)
{
    static const char *const letters[] = {"a", "b", "\xc3\xbc", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "z", "\x7f"};
    static const unsigned char bytes[] = {0, 1, 0x7f, 0xff, 0xfe};
    struct tarn_value value = {.type = type, .is_null = next_random() % 16 == 0};
    const bool edge = next_random() % 8 == 0;
    size_t size = 0;
    switch (type->id) {
    case TARN_TYPE_I32:
        value.u.i64 = edge ? (next_random() % 2 ? INT32_MAX - random_in(0, 20) : INT32_MIN + random_in(0, 20)) : random_in(-40, 40);
        break;
    case TARN_TYPE_I64:
        value.u.i64 = edge ? (next_random() % 2 ? INT64_MAX - random_in(0, 20) : INT64_MIN + random_in(0, 20)) : random_in(-40, 40);
        break;
    case TARN_TYPE_DATE:
        value.u.i64 = edge ? random_in(-1000000, 1000000) : random_in(-800, 800);
        break;
    case TARN_TYPE_TIME:
        value.u.i64 = random_in(0, 86399999999);
        break;
    case TARN_TYPE_TIMESTAMP:
        value.u.i64 =
            (edge ? random_in(-2208988800, 4102444800) : random_in(-200000, 200000)) * tarn__ticks_per_second((unsigned)type->unit * 3) +
            random_in(0, 1);
        break;
    case TARN_TYPE_DECIMAL:
        tarn__value_set_unscaled(&value, edge ? random_in(-99999999, 99999999) : random_in(-300, 300));
        break;
    case TARN_TYPE_STRING:
        for (int n = (int)random_in(0, 5); n > 0; n--) {
            const char *letter = letters[next_random() % (sizeof(letters) / sizeof(letters[0]))];
            memcpy(room + size, letter, strlen(letter));
            size += strlen(letter);
        }
        value.u.bytes = (struct tarn_text){room, size};
        break;
    default:
        size = type->id == TARN_TYPE_UUID ? 16 : type->id == TARN_TYPE_FIXED ? 4 : (size_t)random_in(0, 5);
        for (size_t i = 0; i < size; i++) {
            room[i] = (char)bytes[next_random() % sizeof(bytes)];
        }
        value.u.bytes = (struct tarn_text){room, size};
        break;
    }
    return value;
}

static bool same(const struct tarn_value *a, const struct tarn_value *b)
{
    return a->is_null == b->is_null && (a->is_null || tarn_value_compare(a, b) == 0);
}

/* The same rows in other shapes. */
static struct tarn_vector *in_shape(struct tarn_env *env, const struct tarn_type *type, int shape, struct tarn_vector *flat)
{
    if (shape == 0) {
        return tarn_vector_retain(flat);
    }
    if (shape == 1) { /* a dictionary of the first rows that are not null */
        struct tarn_vector_builder *builder;
        ck_assert_ok(tarn__vector_builder_open(env, type, &builder, &err), &err);
        for (uint32_t i = 0; i < flat->length; i++) {
            if (!tarn_vector_is_null(flat, i)) {
                tarn__vector_builder_row(builder, flat, i);
            }
        }
        struct tarn_vector *entries;
        const uint32_t count = tarn__vector_builder_length(builder);
        ck_assert_ok(tarn__vector_builder_finish(builder, &entries, &err), &err);
        tarn__vector_builder_close_all(builder);
        struct tarn_buffer *codes = tarn__buffer_new_zeroed(env, flat->length * sizeof(uint32_t));
        struct tarn_buffer *validity = tarn__buffer_new_zeroed(env, tarn__bits_bytes(flat->length));
        uint32_t code = 0;
        for (uint32_t i = 0; i < flat->length; i++) {
            if (!tarn_vector_is_null(flat, i)) {
                ((uint32_t *)(void *)codes->data)[i] = code++ % count;
                tarn__bit_set(validity->data, i);
            }
        }
        return tarn__vector_dictionary(env, type, flat->length, codes, tarn__dictionary_make(env, entries), validity);
    }
    if (shape == 2) {
        const struct tarn_value value = tarn__vector_value(flat, flat->length / 2);
        return tarn__vector_of_value(env, type, flat->length, &value);
    }
    struct tarn_buffer *ends = tarn__buffer_new(env, flat->length * sizeof(uint32_t)); /* every row a run */
    for (uint32_t i = 0; i < flat->length; i++) {
        ((uint32_t *)(void *)ends->data)[i] = i + 1;
    }
    return tarn__vector_runs(env, type, flat->length, flat->length, ends, tarn_vector_retain(flat));
}

START_TEST(partition_transform__of_a_vector_is_that_of_its_values) /* T-PART-4 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_type *type = sources[_i];
    char room[64];
    for (int transform = 0; transform < TARN_TRANSFORM_UNKNOWN; transform++) {
        const struct tarn_type *result;
        const int32_t parameter = transform == CUT ? 3 : 7;
        if (tarn__transform_result((enum tarn__transform)transform, parameter, type, &result, NULL) != TARN_OK) {
            continue;
        }
        struct tarn_vector_builder *builder;
        ck_assert_ok(tarn__vector_builder_open(env, type, &builder, &err), &err);
        for (int row = 0; row < 200; row++) {
            const struct tarn_value value = random_value(type, room);
            if (value.is_null) {
                tarn__vector_builder_null(builder);
            } else {
                tarn__vector_builder_value(builder, &value);
            }
        }
        struct tarn_vector *flat;
        ck_assert_ok(tarn__vector_builder_finish(builder, &flat, &err), &err);
        tarn__vector_builder_close_all(builder);
        for (int shape = 0; shape < 4; shape++) {
            struct tarn_vector *in = in_shape(env, type, shape, flat);
            struct tarn_vector *out;
            ck_assert_ptr_nonnull(in);
            ck_assert_ok(tarn__transform_vector((enum tarn__transform)transform, parameter, in, result, &out, &err), &err);
            ck_assert_uint_eq(out->length, in->length);
            for (uint32_t row = 0; row < in->length; row++) {
                const struct tarn_value value = tarn__vector_value(in, row);
                const struct tarn_value got = tarn__vector_value(out, row);
                struct tarn_value expected;
                ck_assert_ok(tarn__transform_apply((enum tarn__transform)transform, parameter, &value, result, &expected, &err), &err);
                ck_assert_msg(same(&got, &expected), "transform %d, shape %d, row %u", transform, shape, row);
            }
            tarn_vector_release(out);
            tarn_vector_release(in);
        }
        tarn_vector_release(flat);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- pruning ---- */

struct world {
    struct tarn_snapshot snapshot;
    struct tarn__partition_spec spec;
    struct tarn__partition_field fields[2];
};

static const struct tarn_expr_node *make_predicate(struct tarn_expr_builder *b, const struct tarn_type *type, enum tarn_expr_op op,
                                                   uint32_t count, const struct tarn_value *literals)
{
    const struct tarn_path_step step = {TARN_PATH_FIELD, TARN_TEXT("c"), -1};
    const struct tarn_expr_node *args[4] = {tarn_expr_make_column(b, &(struct tarn_path){1, &step}, type, true)};
    for (uint32_t i = 0; i < count; i++) {
        args[1 + i] = tarn_expr_make_literal(b, &literals[i]);
    }
    return tarn_expr_make(b, op, 1 + count, args);
}

static bool holds(enum tarn_expr_op op, const struct tarn_value *row, uint32_t count, const struct tarn_value *literals)
{
    if (op == TARN_EXPR_IS_NULL || row->is_null) {
        return op == TARN_EXPR_IS_NULL && row->is_null;
    }
    if (op == TARN_EXPR_STARTS_WITH) {
        return tarn__text_starts(row->u.bytes, literals[0].u.bytes);
    }
    for (uint32_t i = 0; i < count; i++) {
        const int order = tarn_value_compare(row, &literals[i]);
        if ((op == TARN_EXPR_EQ || op == TARN_EXPR_IN) ? order == 0
            : op == TARN_EXPR_NE                       ? order != 0
            : op == TARN_EXPR_LT                       ? order < 0
            : op == TARN_EXPR_LE                       ? order <= 0
            : op == TARN_EXPR_GT                       ? order > 0
                                                       : order >= 0) {
            return true;
        }
    }
    return false;
}

/* One row a file: the answer about the file must be the answer about the row, or MAYBE. Returns how often it was not MAYBE. */
static unsigned prune_rows(struct tarn_env *env, struct world *world, const struct tarn_type *type, int rounds)
{
    static const enum tarn_expr_op ops[] = {TARN_EXPR_EQ, TARN_EXPR_NE, TARN_EXPR_LT, TARN_EXPR_LE,      TARN_EXPR_GT,
                                            TARN_EXPR_GE, TARN_EXPR_IN, TARN_EXPR_IN, TARN_EXPR_IS_NULL, TARN_EXPR_STARTS_WITH};
    unsigned decided = 0;
    for (int round = 0; round < rounds; round++) {
        const enum tarn_expr_op op = ops[next_random() % (type->id == TARN_TYPE_STRING ? 10 : 9)];
        const uint32_t count = op == TARN_EXPR_IN ? 3 : op == TARN_EXPR_IS_NULL ? 0 : 1;
        struct tarn_value literals[3];
        char rooms[4][64];
        for (uint32_t i = 0; i < count; i++) {
            do {
                literals[i] = random_value(type, rooms[i]);
            } while (literals[i].is_null);
        }
        struct tarn_expr_builder *b;
        struct tarn_expr *expr;
        ck_assert_ok(tarn_expr_builder_open(env, &b, &err), &err);
        ck_assert_ok(tarn_expr_builder_finish(b, make_predicate(b, type, op, count, literals), &expr, &err), &err);
        struct tarn__file_pruner pruner;
        ck_assert_ok(tarn__file_pruner_open(&pruner, &world->snapshot, expr, &err), &err);
        for (int row = 0; row < 20; row++) {
            const struct tarn_value value = random_value(type, rooms[3]);
            struct tarn_value tuple[2];
            bool whole = true;
            for (uint32_t i = 0; i < world->spec.field_count; i++) {
                const struct tarn__partition_field *field = &world->fields[i];
                whole = whole && tarn__transform_apply(field->transform, field->parameter, &value, field->type, &tuple[i], NULL) == TARN_OK;
            }
            if (!whole) {
                continue;
            }
            const struct tarn__partition partition = {.spec = &world->spec, .count = world->spec.field_count, .values = tuple};
            enum tarn_truth truth;
            ck_assert_ok(tarn__file_pruner_ask_about(&pruner, &partition, 1, (struct tarn_text){NULL, 0}, &truth, &err), &err);
            const bool is = holds(op, &value, count, literals);
            ck_assert_msg(truth == TARN_MAYBE || (truth == TARN_ALWAYS) == is, "op %d is %d for value %lld, literal %lld, transform %d", op,
                          truth, (long long)value.u.i64, (long long)literals[0].u.i64, world->fields[0].transform);
            decided += truth != TARN_MAYBE;
        }
        tarn__file_pruner_close(&pruner);
        tarn_expr_release(expr);
    }
    return decided;
}

START_TEST(partition_transform__never_hides_a_row) /* T-PART-5 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_type *type = sources[_i];
    struct world world = {.snapshot = {.env = env}};
    struct tarn_field column = {.name = TARN_TEXT("c"), .type = type, .nullable = true, .id = 1};
    ck_assert_ok(tarn_schema_make(env, 1, &column, 0, NULL, &world.snapshot.schema, &err), &err);
    tarn__file_set_init(&world.snapshot.files, env);
    static const struct tarn__table_format no_format = {.name = "none"};
    world.snapshot.format = &no_format;
    world.spec.fields = world.fields;
    world.snapshot.spec = &world.spec;
    for (int first = 0; first < TARN_TRANSFORM_UNKNOWN; first++) {
        for (int second = -1; second < TARN_TRANSFORM_UNKNOWN; second += 2) { /* two fields of one column, now and then */
            const int transforms[2] = {first, second};
            world.spec.field_count = 0;
            for (int f = 0; f < 2; f++) {
                struct tarn__partition_field *field = &world.fields[world.spec.field_count];
                *field = (struct tarn__partition_field){.transform = (enum tarn__transform)transforms[f],
                                                        .parameter = transforms[f] == CUT ? 3 : 5};
                world.spec.field_count +=
                    transforms[f] >= 0 && tarn__transform_result(field->transform, field->parameter, type, &field->type, NULL) == TARN_OK;
            }
            if (world.spec.field_count != 0) {
                const unsigned decided = prune_rows(env, &world, type, 60);
                ck_assert_msg(decided > (first == VOID ? 0 : 20) || world.fields[0].transform == TARN_TRANSFORM_VOID,
                              "transform %d decides only %u", first, decided);
            }
        }
    }
    tarn__file_set_free(&world.snapshot.files);
    tarn_schema_release(world.snapshot.schema);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(partition_transform__bounds_by_hand) /* T-PART-6 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    static const struct {
        int transform;
        int32_t parameter;
        const struct tarn_type *source;
        const struct tarn_type *type; /* of the partition value */
        const char *value;
        const char *min; /* NULL: none */
        const char *max;
    } table[] = {
        {CUT, 10, &i32, &i32, "20", "20", "29"},
        {CUT, 10, &i64, &i32, "-10", "-10", "-1"},       /* the column was promoted */
        {CUT, 10, &i32, &i32, "2147483646", NULL, NULL}, /* may be INT_MIN */
        {CUT, 10, &i64, &i64, "2147483640", NULL, NULL},
        {CUT, 50, &decimal18, &decimal9, "10.50", "10.50", "10.99"},
        {CUT, 2, &text, &text, "ab", "ab", "ac"},
        {CUT, 2, &text, &text, "a", "a", "a"},
        {CUT, 2, &text, &text, "a\xed\x9f\xbf", "a\xed\x9f\xbf", "a\xee\x80\x80"}, /* no surrogate between */
        {CUT, 2, &text, &text, "a\xf4\x8f\xbf\xbf", "a\xf4\x8f\xbf\xbf", "b"},
        {CUT, 1, &text, &text, "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", NULL},
        {CUT, 2, &binary, &binary, "a\xff", "a\xff", "b"},
        {YEAR, 0, &date, &i32, "47", "2017-01-01", "2017-12-31"},
        {MONTH, 0, &date, &i32, "574", "2017-11-01", "2017-11-30"},
        {DAY, 0, &date, &date, "1960-01-01", "1960-01-01", "1960-01-01"},
        {DAY, 0, &instant, &date, "2017-11-16", "2017-11-16T00:00:00", "2017-11-16T23:59:59.999999"},
        {DAY, 0, &instant, &i32, "1", "1970-01-02T00:00:00", "1970-01-02T23:59:59.999999"},
        {HOUR, 0, &zoned, &i32, "420034", "2017-12-01T10:00:00", "2017-12-01T10:59:59.999999"},
        {YEAR, 0, &instant, &i32, "0", "1969-01-01T00:00:00", "1970-12-31T23:59:59.999999"}, /* rounded up by writers of old */
        {YEAR, 0, &nanos, &i32, "300", NULL, NULL},
        {ID, 0, &i64, &i32, "7", "7", "7"},
        {ID, 0, &i32, &text, "7", NULL, NULL},
        {BUCKET, 4, &i32, &i32, "3", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct tarn_bounds bounds = {.rows = 5};
        struct tarn_value value = value_of(table[i].type, table[i].value);
        ck_assert(
            tarn__transform_bounds((enum tarn__transform)table[i].transform, table[i].parameter, &value, table[i].source, &arena, &bounds));
        ck_assert(bounds.has_null_count && bounds.null_count == 0);
        ck_assert_msg(bounds.has_min == (table[i].min != NULL) && bounds.has_max == (table[i].max != NULL), "case %zu", i);
        if (bounds.has_min) {
            const struct tarn_value min = value_of(table[i].source, table[i].min);
            ck_assert_msg(tarn_value_compare(&bounds.min, &min) == 0 && bounds.min.type == table[i].source, "case %zu", i);
        }
        if (bounds.has_max) {
            const struct tarn_value max = value_of(table[i].source, table[i].max);
            ck_assert_msg(tarn_value_compare(&bounds.max, &max) == 0 && bounds.max.type == table[i].source, "case %zu", i);
        }
        value.is_null = true;
        ck_assert(
            tarn__transform_bounds((enum tarn__transform)table[i].transform, table[i].parameter, &value, table[i].source, &arena, &bounds));
        ck_assert_uint_eq(bounds.null_count, 5);
        ck_assert(!tarn__transform_bounds(TARN_TRANSFORM_VOID, 0, &value, table[i].source, &arena, &bounds));
    }
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(partition_transform__a_bucket_excludes_by_hash) /* T-PART-5 */
{
    const struct tarn_value thirty_four = {.type = &i64, .u.i64 = 34};
    const struct tarn_value as_text = {.type = &text, .u.bytes = TARN_TEXT("34")};
    for (int64_t bucket = 0; bucket < 16; bucket++) {
        const struct tarn_value partition = {.type = &i32, .u.i64 = bucket};
        const bool may = tarn__transform_may_hold(TARN_TRANSFORM_BUCKET, 16, &partition, &i32, &thirty_four);
        ck_assert_int_eq(may, bucket == 2017239379 % 16);
        ck_assert(tarn__transform_may_hold(TARN_TRANSFORM_BUCKET, 16, &partition, &i32, &as_text)); /* of another type: unsure */
    }
}
END_TEST

static enum tarn_status transform_once(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    (void)fault;
    const struct tarn_type *type = ctx;
    struct tarn_vector_builder *builder;
    TARN_RETURN_IF_ERROR(tarn__vector_builder_open(env, type, &builder, error));
    char room[64];
    for (int row = 0; row < 20; row++) {
        const struct tarn_value value = random_value(type, room);
        if (value.is_null) {
            tarn__vector_builder_null(builder);
        } else {
            tarn__vector_builder_value(builder, &value);
        }
    }
    struct tarn_vector *in;
    enum tarn_status status = tarn__vector_builder_finish(builder, &in, error);
    tarn__vector_builder_close_all(builder);
    for (int transform = 0; status == TARN_OK && transform < TARN_TRANSFORM_UNKNOWN; transform++) {
        const struct tarn_type *result;
        if (tarn__transform_result((enum tarn__transform)transform, 3, type, &result, NULL) == TARN_OK) {
            struct tarn_vector *out;
            status = tarn__transform_vector((enum tarn__transform)transform, 3, in, result, &out, error);
            ck_assert((status == TARN_OK) == (out != NULL));
            tarn_vector_release(out);
        }
    }
    tarn_vector_release(in);
    return status;
}

START_TEST(partition_transform__survives_every_allocation_that_fails)
{
    ck_assert_uint_gt(tarn_fault_sweep(transform_once, (void *)(uintptr_t)sources[_i], TARN_FAULT_ALL_ALLOC), 4);
}
END_TEST

TARN_SUITE("txlog/partition_transform", TARN_LOOP_TEST(partition_transform__has_the_hashes_of_the_specification, hashes),
           TARN_LOOP_TEST(partition_transform__has_results_by_hand, results),
           TARN_TEST(partition_transform__takes_the_columns_it_is_made_for),
           TARN_TEST(partition_transform__refuses_values_it_has_no_result_for),
           TARN_LOOP_TIMES(partition_transform__of_a_vector_is_that_of_its_values, SOURCES),
           TARN_LOOP_TIMES(partition_transform__never_hides_a_row, SOURCES), TARN_TEST(partition_transform__bounds_by_hand),
           TARN_TEST(partition_transform__a_bucket_excludes_by_hash),
           TARN_LOOP_TIMES(partition_transform__survives_every_allocation_that_fails, SOURCES))
