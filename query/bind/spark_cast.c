/* SPDX-License-Identifier: Apache-2.0
 *
 * Types and casts of Spark's expressions. SPEC: Q-SPARK-2.
 *
 * Where Spark's answer for a value depends on its settings (ANSI or not), the answer here is an error, so that no row gets one of two
 * values. Fractions are cut where they become whole numbers; a text that is no value of the type is an error.
 */
#include "format/base/bytes.h"
#include "format/base/number.h"
#include "format/base/utf8.h"
#include "query/bind/spark.h"
#include "query/bind/sql_type.h"

static const struct tarn_type smallint_type = {.id = TARN_TYPE_I16};

static const struct {
    const char *name;
    const struct tarn_type *type;
} types[] = {
    {"boolean", &tarn__sql_boolean},
    {"tinyint", &tarn__sql_tinyint},
    {"byte", &tarn__sql_tinyint},
    {"smallint", &smallint_type},
    {"short", &smallint_type},
    {"int", &tarn__sql_integer},
    {"integer", &tarn__sql_integer},
    {"bigint", &tarn__sql_bigint},
    {"long", &tarn__sql_bigint},
    {"float", &tarn__sql_float},
    {"real", &tarn__sql_float},
    {"double", &tarn__sql_double},
    {"string", &tarn__sql_varchar},
    {"date", &tarn__sql_date},
    {"timestamp", &tarn__sql_timestamptz},
    {"timestamp_ltz", &tarn__sql_timestamptz},
    {"timestamp_ntz", &tarn__sql_timestamp},
};

static struct tarn_text trimmed(struct tarn_text text)
{
    while (text.size != 0 && tarn__is_space(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size != 0 && tarn__is_space(text.data[text.size - 1])) {
        text.size--;
    }
    return text;
}

/* decimal, dec, numeric, with (p) or (p, s) behind; (10, 0) without. */
static const struct tarn_type *decimal_type(struct tarn_arena *arena, struct tarn_text text)
{
    static const char *const words[] = {"decimal", "dec", "numeric"};
    int64_t numbers[2] = {10, 0};
    size_t open = 0;
    while (open < text.size && text.data[open] != '(') {
        open++;
    }
    const struct tarn_text word = trimmed((struct tarn_text){text.data, open});
    bool known = false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        known = known || tarn__text_equal_caseless(word, tarn__text_of(words[i]));
    }
    size_t from = open + 1;
    for (size_t n = 0, i = from; known && i < text.size && n < 2; i++) {
        if (text.data[i] == ',' || text.data[i] == ')') {
            known = tarn__int64_parse(trimmed((struct tarn_text){text.data + from, i - from}), &numbers[n++]) == TARN_PARSED;
            from = i + 1;
        }
    }
    const bool fits = numbers[0] >= 1 && numbers[0] <= 38 && numbers[1] >= 0 && numbers[1] <= numbers[0];
    return known && fits ? tarn__sql_decimal(arena, (int32_t)numbers[0], (int32_t)numbers[1]) : NULL;
}

const struct tarn_type *tarn__spark_type(struct tarn_arena *arena, struct tarn_text text)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (tarn__text_equal_caseless(text, tarn__text_of(types[i].name))) {
            return types[i].type;
        }
    }
    return decimal_type(arena, text);
}

/* 2020-01-02 03:04:05[.5], an instant as in UTC. */
static enum tarn_status to_text(struct tarn__binder *b, struct tarn__bound **value, struct tarn_error *err)
{
    const struct tarn_type *type = (*value)->type;
    if (tarn__sql_is_float(type)) {
        return tarn__spark_refuse(b, (*value)->place, err, "a text of a floating-point number");
    }
    if (type->id == TARN_TYPE_TIMESTAMP && type->utc) {
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, value, &tarn__sql_timestamp, false, err));
    } else if (type->id == TARN_TYPE_DECIMAL ? type->scale > 6
                                             : !tarn__sql_is_integer(type) && !tarn__sql_is_moment(type) && type->id != TARN_TYPE_BOOL) {
        return tarn__spark_refuse(b, (*value)->place, err, "a text of this type");
    }
    return tarn__bind_cast(b, value, &tarn__sql_varchar, false, err);
}

/* Fractions are cut, not rounded. */
static enum tarn_status to_whole(struct tarn__binder *b, struct tarn__bound **value, const struct tarn_type *type, struct tarn_error *err)
{
    if (tarn__sql_is_text((*value)->type)) {
        const struct tarn_type *exact = tarn__sql_decimal(b->arena, 38, 18);
        if (exact == NULL) {
            return tarn__bind_nomem(b, err);
        }
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, value, exact, false, err));
    }
    const struct tarn_type *from = (*value)->type;
    if (tarn__sql_is_float(from) || (from->id == TARN_TYPE_DECIMAL && from->scale != 0)) {
        struct tarn__bound *args[2] = {*value, NULL};
        TARN_RETURN_IF_ERROR(tarn__bind_call(b, TARN_TEXT("trunc"), 1, args, (*value)->place, value, err));
    } else if (tarn__sql_is_moment(from)) {
        return tarn__spark_refuse(b, (*value)->place, err, "a number of a date or timestamp");
    }
    return tarn__bind_cast(b, value, type, false, err);
}

enum tarn_status tarn__spark_cast(struct tarn__binder *b, struct tarn__bound **value, const struct tarn_type *type, struct tarn_error *err)
{
    const struct tarn_type *from = (*value)->type;
    if (tarn_type_equal(from, type) || tarn__sql_is_null(from)) {
        return tarn__bind_cast(b, value, type, false, err);
    }
    if (type->id == TARN_TYPE_STRING) {
        return tarn__sql_is_text(from) ? tarn__bind_cast(b, value, type, false, err) : to_text(b, value, err);
    }
    const bool whole = tarn__sql_is_integer(type);
    if (whole && !((*value)->adapts && tarn__sql_is_integer(from))) {
        return to_whole(b, value, type, err);
    }
    const bool number = tarn__sql_is_number(type) && (tarn__sql_is_number(from) || tarn__sql_is_text(from) || from->id == TARN_TYPE_BOOL);
    const bool moment = tarn__sql_is_moment(type) && (tarn__sql_is_moment(from) || tarn__sql_is_text(from));
    const bool truth = type->id == TARN_TYPE_BOOL && (tarn__sql_is_integer(from) || tarn__sql_is_text(from));
    const bool bytes = type->id == TARN_TYPE_BINARY && from->id == TARN_TYPE_BINARY;
    if (!number && !moment && !truth && !bytes) {
        char x[80];
        char y[80];
        tarn_type_format(from, x, sizeof(x));
        tarn_type_format(type, y, sizeof(y));
        return tarn__spark_refuse(b, (*value)->place, err, "a cast from %s to %s", x, y);
    }
    return tarn__bind_cast(b, value, type, false, err);
}
