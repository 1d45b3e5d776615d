/* SPDX-License-Identifier: Apache-2.0
 * Casts that lose nothing, between every pair of types: what may be cast, that vectors and single values come out alike, and that what
 * comes out says in words what went in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/batch/vector_builder.h"
#include "format/expr/cast.h"
#include "tarn/expr.h"
#include "tests/support/suite.h"

static struct tarn_error err;

enum family { NUMBER, DAY, CLOCK, WORDS };

#define NINES_18 "999999999999999999"

/* Types with their least, their most and something between, as text that tarn_value_format gives. */
static const struct {
    const char *type;
    enum family family;
} types[] = {
    {"TINYINT", NUMBER},
    {"SMALLINT", NUMBER},
    {"INTEGER", NUMBER},
    {"BIGINT", NUMBER},
    {"UTINYINT", NUMBER},
    {"USMALLINT", NUMBER},
    {"UINTEGER", NUMBER},
    {"UBIGINT", NUMBER},
    {"FLOAT16", NUMBER},
    {"FLOAT", NUMBER},
    {"DOUBLE", NUMBER},
    {"DECIMAL(3,0)", NUMBER},
    {"DECIMAL(9,2)", NUMBER},
    {"DECIMAL(18,0)", NUMBER},
    {"DECIMAL(18,6)", NUMBER},
    {"DECIMAL(20,0)", NUMBER},
    {"DECIMAL(38,6)", NUMBER},
    {"DECIMAL(76,8)", NUMBER},
    {"DATE", DAY},
    {"TIMESTAMP(0)", DAY},
    {"TIMESTAMP(3)", DAY},
    {"TIMESTAMP", DAY},
    {"TIMESTAMP(9)", DAY},
    {"TIME(0)", CLOCK},
    {"TIME(3)", CLOCK},
    {"TIME", CLOCK},
    {"TIME(9)", CLOCK},
    {"VARCHAR", WORDS},
    {"JSON", WORDS},
    {"BLOB", WORDS},
    {"ENUM", WORDS},
    {"BSON", WORDS},
    {"BOOLEAN", WORDS},
    {"UUID", WORDS},
    {"BIGINT[]", WORDS},
};
enum { TYPES = sizeof(types) / sizeof(types[0]), VALUES = 4 };

/* Whole numbers that a type's kind holds: value number `i`; false: no such number. */
static bool make_value(const struct tarn_type *type, unsigned i, struct tarn_value *out)
{
    static const int64_t bits[] = {0, 1, -1, 100};
    *out = (struct tarn_value){.type = type};
    switch (tarn_type_kind(type)) {
    case TARN_KIND_U8:
    case TARN_KIND_U16:
    case TARN_KIND_U32:
    case TARN_KIND_U64: {
        const unsigned width = tarn_type_width(type) * 8;
        out->u.u64 = i == 2 ? UINT64_MAX >> (64 - width) : (uint64_t)bits[i];
        return true;
    }
    case TARN_KIND_I8:
    case TARN_KIND_I16:
    case TARN_KIND_I32:
    case TARN_KIND_I64: {
        const unsigned width = tarn_type_width(type) * 8;
        const bool whole_range = type->id <= TARN_TYPE_I64;
        out->u.i64 = !whole_range ? bits[i] * (type->id == TARN_TYPE_TIME && i == 2 ? 0 : 1)
                     : i == 0     ? INT64_MIN >> (64 - width)
                     : i == 1     ? INT64_MAX >> (64 - width)
                                  : bits[i];
        return true;
    }
    case TARN_KIND_F16:
    case TARN_KIND_F32:
    case TARN_KIND_F64:
        out->u.f64 = (double)bits[i] / 4;
        return true;
    case TARN_KIND_I128:
    case TARN_KIND_I256:
        for (int word = 0; word < 4; word++) {
            out->u.words[word] = word == 0 ? (uint64_t)bits[i] : bits[i] < 0 ? UINT64_MAX : 0;
        }
        return true;
    case TARN_KIND_BYTES:
        out->u.bytes = TARN_TEXT("some words, and more of them");
        return i == 0;
    default:
        return false;
    }
}

/* Says the same in other digits? */
static bool says_the_same(struct tarn_env *env, enum family family, const struct tarn_value *a, const struct tarn_value *b)
{
    char one[128];
    char two[128];
    tarn_value_format(env, a, one, sizeof(one));
    tarn_value_format(env, b, two, sizeof(two));
    if (family == NUMBER) {
        return strtod(one, NULL) == strtod(two, NULL);
    }
    return strncmp(one, two, strlen(one)) == 0; /* a day, and midnight behind it */
}

static const struct tarn_type *type_of(struct tarn_env *env, const char *text, struct tarn_schema **holder)
{
    const struct tarn_type *type;
    ck_assert_ok(tarn_type_parse(env, tarn__text_of(text), holder, &type, &err), &err);
    return type;
}

/* Every value, and a null between them. */
static struct tarn_vector *make_vector(struct tarn_env *env, const struct tarn_type *type)
{
    struct tarn_vector_builder *builder;
    struct tarn_vector *vector;
    ck_assert_ok(tarn__vector_builder_open(env, type, &builder, &err), &err);
    for (unsigned i = 0; i < VALUES; i++) {
        struct tarn_value value;
        if (make_value(type, i, &value)) {
            tarn__vector_builder_value(builder, &value);
            tarn__vector_builder_null(builder);
        }
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    tarn__vector_builder_close_all(builder);
    return vector;
}

static void check_cast(struct tarn_env *env, struct tarn_vector *vector, const struct tarn_type *to, enum family family)
{
    struct tarn_vector *out;
    ck_assert_ok(tarn__vector_cast(vector, to, &out, &err), &err);
    ck_assert_uint_eq(out->length, vector->length);
    for (uint32_t row = 0; row < vector->length; row++) {
        const struct tarn_value before = tarn__vector_value(vector, row);
        const struct tarn_value after = tarn__vector_value(out, row);
        struct tarn_value alone;
        ck_assert(tarn__value_cast(&before, to, &alone));
        ck_assert_int_eq(after.is_null, before.is_null);
        ck_assert_int_eq(alone.is_null, before.is_null);
        if (!before.is_null) {
            ck_assert_int_eq(tarn_value_compare(&after, &alone), 0);
            ck_assert(says_the_same(env, family, &before, &after));
        }
    }
    tarn_vector_release(out);
}

START_TEST(cast__says_the_same_in_the_other_type)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *from_holder;
    const struct tarn_type *from = type_of(env, types[_i].type, &from_holder);
    const struct tarn_type null_type = {.id = TARN_TYPE_NULL};
    unsigned casts = 0;
    for (int i = 0; i < TYPES; i++) {
        struct tarn_schema *to_holder;
        const struct tarn_type *to = type_of(env, types[i].type, &to_holder);
        ck_assert(tarn_expr_cast_is_lossless(&null_type, to));
        if (tarn_expr_cast_is_lossless(from, to) && tarn_type_kind(from) != TARN_KIND_NESTED && tarn_type_kind(from) != TARN_KIND_BOOL &&
            from->id != TARN_TYPE_UUID) {
            struct tarn_vector *vector = make_vector(env, from);
            check_cast(env, vector, to, types[_i].family);
            tarn_vector_release(vector);
            struct tarn_value value;
            ck_assert(make_value(from, 0, &value));
            vector = tarn__vector_of_value(env, from, 5, &value); /* CONSTANT */
            check_cast(env, vector, to, types[_i].family);
            tarn_vector_release(vector);
            vector = tarn__vector_nulls(env, from, 5);
            check_cast(env, vector, to, types[_i].family);
            tarn_vector_release(vector);
            casts++;
        }
        tarn_schema_release(to_holder);
    }
    ck_assert(casts != 0 || types[_i].family == WORDS);
    tarn_schema_release(from_holder);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *from;
    const char *to;
    bool lossless;
} pairs[] = {
    {"TINYINT", "SMALLINT", true},
    {"SMALLINT", "TINYINT", false},
    {"UTINYINT", "SMALLINT", true},
    {"UTINYINT", "TINYINT", false},
    {"TINYINT", "USMALLINT", false},
    {"UBIGINT", "BIGINT", false},
    {"BIGINT", "DOUBLE", false},
    {"INTEGER", "DOUBLE", true},
    {"INTEGER", "FLOAT", false},
    {"SMALLINT", "FLOAT", true},
    {"TINYINT", "FLOAT16", true},
    {"SMALLINT", "FLOAT16", false},
    {"BIGINT", "DECIMAL(19,0)", true},
    {"BIGINT", "DECIMAL(18,0)", false},
    {"UBIGINT", "DECIMAL(20,0)", true},
    {"UBIGINT", "DECIMAL(19,0)", false},
    {"UTINYINT", "DECIMAL(3,0)", true},
    {"UTINYINT", "DECIMAL(3,1)", false},
    {"FLOAT16", "FLOAT", true},
    {"DOUBLE", "FLOAT", false},
    {"FLOAT", "INTEGER", false},
    {"DECIMAL(9,2)", "DECIMAL(18,6)", true},
    {"DECIMAL(9,2)", "DECIMAL(9,3)", false},
    {"DECIMAL(9,2)", "DECIMAL(18,1)", false},
    {"DECIMAL(9,2)", "DOUBLE", false},
    {"DATE", "TIMESTAMP", true},
    {"DATE", "TIMESTAMP(9)", false},
    {"DATE", "TIME", false},
    {"TIMESTAMP(3)", "TIMESTAMP", false},
    {"TIME(3)", "TIME(9)", true},
    {"TIME", "TIME(3)", false},
    {"TIME", "DATE", false},
    {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE", false},
    {"TIMESTAMP", "DATE", false},
    {"VARCHAR", "BLOB", true},
    {"VARCHAR", "JSON", false},
    {"JSON", "VARCHAR", true},
    {"ENUM", "VARCHAR", true},
    {"ENUM", "JSON", false},
    {"BSON", "BLOB", true},
    {"BSON", "VARCHAR", false},
    {"BLOB", "VARCHAR", false},
    {"BOOLEAN", "TINYINT", false},
    {"UUID", "BLOB", false},
    {"BIGINT[]", "BIGINT[]", true},
};

START_TEST(cast__what_loses_nothing)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *holders[2];
    const struct tarn_type *from = type_of(env, pairs[_i].from, &holders[0]);
    const struct tarn_type *to = type_of(env, pairs[_i].to, &holders[1]);
    ck_assert_msg(tarn_expr_cast_is_lossless(from, to) == pairs[_i].lossless, "%s to %s", pairs[_i].from, pairs[_i].to);
    tarn_schema_release(holders[0]);
    tarn_schema_release(holders[1]);
    tarn_test_env_close(env);
}
END_TEST

/* A date that no timestamp of microseconds holds: an error with its row, no other day. */
START_TEST(cast__a_date_too_far_away)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_schema *holders[2];
    const struct tarn_type *date = type_of(env, "DATE", &holders[0]);
    const struct tarn_type *timestamp = type_of(env, "TIMESTAMP", &holders[1]);
    struct tarn_vector_builder *builder;
    struct tarn_vector *vector;
    struct tarn_vector *out;
    struct tarn_value value = {.type = date, .u.i64 = INT32_MAX};
    ck_assert_ok(tarn__vector_builder_open(env, date, &builder, &err), &err);
    tarn__vector_builder_i64(builder, 1);
    tarn__vector_builder_i64(builder, INT32_MAX);
    ck_assert_ok(tarn__vector_builder_finish(builder, &vector, &err), &err);
    tarn__vector_builder_close_all(builder);
    ck_assert_status(tarn__vector_cast(vector, timestamp, &out, &err), TARN_INVALID);
    ck_assert_ptr_null(out);
    ck_assert_int_eq(err.row, 1);
    ck_assert(!tarn__value_cast(&value, timestamp, &value));
    tarn_vector_release(vector);
    tarn_schema_release(holders[0]);
    tarn_schema_release(holders[1]);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/cast", TARN_LOOP_TEST(cast__says_the_same_in_the_other_type, types), TARN_LOOP_TEST(cast__what_loses_nothing, pairs),
           TARN_TEST(cast__a_date_too_far_away))
