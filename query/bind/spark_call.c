/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of Spark's expressions, by what tarn has for each. SPEC: Q-SPARK-3.
 *
 * A function is here when it gives what Spark's gives for every value it takes; arguments for which the two differ (a position below 1,
 * a pattern with letters that tarn does not know) are refused when the text is compiled.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "query/bind/spark.h"
#include "query/bind/sql_type.h"

/*
 * Arguments, a letter each: s text, m date or timestamp, n number, i whole number, c whole number that is written and at least 1, b
 * BOOLEAN, a anything, '*' the one before repeats. Result: j INTEGER, i BIGINT, 0 as tarn's function has it.
 */
static const struct spark_function {
    const char *name;
    const char *arguments;
    char result;
    const char *tarn;
} functions[] = {
    {"year", "m", 'j', "year"},
    {"month", "m", 'j', "month"},
    {"day", "m", 'j', "day"},
    {"dayofmonth", "m", 'j', "day"},
    {"hour", "m", 'j', "hour"},
    {"minute", "m", 'j', "minute"},
    {"second", "m", 'j', "second"},
    {"quarter", "m", 'j', "quarter"},
    {"dayofyear", "m", 'j', "dayofyear"},
    {"weekofyear", "m", 'j', "week"},
    {"last_day", "m", '0', "last_day"},
    {"length", "s", 'j', "length"},
    {"char_length", "s", 'j', "length"},
    {"character_length", "s", 'j', "length"},
    {"len", "s", 'j', "length"},
    {"octet_length", "s", 'j', "strlen"},
    {"lower", "s", '0', "lower"},
    {"lcase", "s", '0', "lower"},
    {"upper", "s", '0', "upper"},
    {"ucase", "s", '0', "upper"},
    {"reverse", "s", '0', "reverse"},
    {"trim", "s", '0', "trim"},
    {"ltrim", "s", '0', "ltrim"},
    {"rtrim", "s", '0', "rtrim"},
    {"substring", "sc", '0', "substring"},
    {"substring", "scc", '0', "substring"},
    {"substr", "sc", '0', "substring"},
    {"substr", "scc", '0', "substring"},
    {"left", "sc", '0', "left"},
    {"right", "sc", '0', "right"},
    {"replace", "sss", '0', "replace"},
    {"startswith", "ss", '0', "starts_with"},
    {"endswith", "ss", '0', "ends_with"},
    {"contains", "ss", '0', "contains"},
    {"instr", "ss", 'j', "strpos"},
    {"concat_ws", "ss*", '0', "concat_ws"},
    {"repeat", "sc", '0', "repeat"},
    {"lpad", "scs", '0', "lpad"},
    {"rpad", "scs", '0', "rpad"},
    {"abs", "n", '0', "abs"},
    {"mod", "nn", '0', "%"},
    {"sqrt", "n", '0', "sqrt"},
    {"floor", "n", 'f', "floor"},
    {"ceil", "n", 'f', "ceil"},
    {"ceiling", "n", 'f', "ceil"},
    {"isnan", "n", '0', "isnan"},
    {"coalesce", "aa*", '0', "coalesce"},
    {"nvl", "aa", '0', "coalesce"},
    {"ifnull", "aa", '0', "coalesce"},
    {"nullif", "aa", '0', "nullif"},
    {"if", "baa", '0', "if"},
    {"iff", "baa", '0', "if"},
    {"greatest", "aaa*", '0', "greatest"},
    {"least", "aaa*", '0', "least"},
    {"current_timestamp", "", '0', "now"},
    {"now", "", '0', "now"},
    {"current_date", "", '0', "current_date"},
};

static bool is_written_count(const struct tarn__bound *arg)
{
    return arg->kind == TARN__BOUND_LITERAL && tarn__sql_is_integer(arg->type) && !arg->value.is_null && arg->value.u.i64 >= 1;
}

static bool fits(char letter, const struct tarn__bound *arg)
{
    const struct tarn_type *type = arg->type;
    switch (letter) {
    case 's':
        return tarn__sql_is_text(type) || tarn__sql_is_null(type);
    case 'm':
        return tarn__sql_is_moment(type) && !type->wide;
    case 'n':
        return tarn__sql_is_number(type);
    case 'i':
        return tarn__sql_is_integer(type);
    case 'c':
        return is_written_count(arg);
    case 'b':
        return type->id == TARN_TYPE_BOOL;
    default:
        return tarn_type_kind(type) != TARN_KIND_NESTED;
    }
}

static bool takes(const struct spark_function *function, uint32_t count, struct tarn__bound *const *args)
{
    const char *letter = function->arguments;
    for (uint32_t i = 0; i < count; i++) {
        if (*letter == '\0' || !fits(*letter, args[i])) {
            return false;
        }
        letter += letter[1] != '*';
    }
    return *letter == '\0' || letter[1] == '*';
}

/* ---- functions of their own ---- */

static enum tarn_status number_literal(struct tarn__binder *b, int64_t number, uint32_t place, struct tarn__bound **out,
                                       struct tarn_error *err)
{
    const struct tarn_value value = {.type = &tarn__sql_integer, .u.i64 = number};
    *out = tarn__bound_literal(b, &value, place);
    return *out != NULL ? TARN_OK : tarn__bind_nomem(b, err);
}

/* Null where one argument is. */
static enum tarn_status concat(struct tarn__binder *b, uint32_t count, struct tarn__bound **args, uint32_t place, struct tarn__bound **out,
                               struct tarn_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(tarn__spark_cast(b, &args[i], &tarn__sql_varchar, err));
    }
    *out = args[0];
    for (uint32_t i = 1; i < count; i++) {
        struct tarn__bound *sides[3] = {*out, args[i], NULL};
        TARN_RETURN_IF_ERROR(tarn__bind_call(b, TARN_TEXT("||"), 2, sides, place, out, err));
    }
    return TARN_OK;
}

/* Java's pattern letters that mean the same everywhere, as strftime's. */
static enum tarn_status java_pattern(struct tarn__binder *b, const struct tarn__bound *pattern, struct tarn__bound **out,
                                     struct tarn_error *err)
{
    static const struct {
        const char *java;
        const char *directive;
    } letters[] = {{"yyyy", "%Y"}, {"MM", "%m"}, {"dd", "%d"}, {"HH", "%H"}, {"mm", "%M"}, {"ss", "%S"}, {"yy", "%y"}, {"SSS", "%g"}};
    char text[128];
    size_t size = 0;
    const bool written = pattern->kind == TARN__BOUND_LITERAL && tarn__sql_is_text(pattern->type) && !pattern->value.is_null;
    const struct tarn_text java = written ? pattern->value.u.bytes : (struct tarn_text){"", 0};
    for (size_t i = 0; written && i < java.size && size + 4 < sizeof(text);) {
        const char c = java.data[i];
        size_t run = 1;
        while (i + run < java.size && java.data[i + run] == c) {
            run++;
        }
        if (!tarn__is_letter(c)) {
            if (c == '\'' || c == '%' || c == '[' || c == ']' || c == '#' || c == '{' || c == '}' || (unsigned char)c >= 0x80) {
                return tarn__spark_refuse(b, pattern->place, err, "the sign '%c' in a pattern for dates", c);
            }
            text[size++] = c;
            i++;
            continue;
        }
        size_t at = 0;
        while (at < sizeof(letters) / sizeof(letters[0]) &&
               !tarn__text_equal((struct tarn_text){java.data + i, run}, tarn__text_of(letters[at].java))) {
            at++;
        }
        if (at == sizeof(letters) / sizeof(letters[0])) {
            return tarn__spark_refuse(b, pattern->place, err, "\"%.*s\" in a pattern for dates", (int)run, java.data + i);
        }
        memcpy(text + size, letters[at].directive, 2);
        size += 2;
        i += run;
    }
    if (!written || size + 4 >= sizeof(text)) {
        return tarn__spark_refuse(b, pattern->place, err, "a pattern for dates that is not written, or a long one");
    }
    const struct tarn_value value = {.type = &tarn__sql_varchar, .u.bytes = {text, size}};
    *out = tarn__bound_literal(b, &value, pattern->place);
    return *out != NULL ? TARN_OK : tarn__bind_nomem(b, err);
}

static enum tarn_status date_format(struct tarn__binder *b, struct tarn__bound **args, uint32_t place, struct tarn__bound **out,
                                    struct tarn_error *err)
{
    struct tarn__bound *sides[3] = {args[0], NULL, NULL};
    TARN_RETURN_IF_ERROR(java_pattern(b, args[1], &sides[1], err));
    return tarn__bind_call(b, TARN_TEXT("strftime"), 2, sides, place, out, err);
}

/* date_trunc('month', ts) and trunc(date, 'month'): the unit is written. */
static enum tarn_status truncate_moment(struct tarn__binder *b, struct tarn__bound *unit, struct tarn__bound *moment, bool to_date,
                                        uint32_t place, struct tarn__bound **out, struct tarn_error *err)
{
    static const char *const units[] = {"year", "quarter", "month", "week", "day", "hour", "minute", "second"};
    const bool written = unit->kind == TARN__BOUND_LITERAL && tarn__sql_is_text(unit->type) && !unit->value.is_null;
    for (size_t i = 0; written && i < (to_date ? 4 : sizeof(units) / sizeof(units[0])); i++) {
        if (tarn__text_equal_caseless(unit->value.u.bytes, tarn__text_of(units[i]))) {
            struct tarn__bound *sides[3] = {unit, moment, NULL};
            if (moment->type->id == TARN_TYPE_DATE && !to_date) {
                TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &sides[1], &tarn__sql_timestamptz, false, err));
            }
            TARN_RETURN_IF_ERROR(tarn__bind_call(b, TARN_TEXT("date_trunc"), 2, sides, place, out, err));
            return to_date ? tarn__bind_cast(b, out, &tarn__sql_date, false, err) : TARN_OK;
        }
    }
    return tarn__spark_refuse(b, place, err,
                              "a unit that is not written, or not one of year, quarter, month, week, day, hour, minute, second");
}

/* dayofweek: 1 is Sunday; weekday: 0 is Monday. */
static enum tarn_status day_of_week(struct tarn__binder *b, struct tarn__bound **args, bool from_monday, uint32_t place,
                                    struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound *sides[3] = {NULL, NULL, NULL};
    TARN_RETURN_IF_ERROR(tarn__bind_call(b, from_monday ? TARN_TEXT("isodow") : TARN_TEXT("dayofweek"), 1, args, place, &sides[0], err));
    TARN_RETURN_IF_ERROR(number_literal(b, 1, place, &sides[1], err));
    TARN_RETURN_IF_ERROR(tarn__bind_call(b, from_monday ? TARN_TEXT("-") : TARN_TEXT("+"), 2, sides, place, out, err));
    return tarn__bind_cast(b, out, &tarn__sql_integer, false, err);
}

static enum tarn_status null_test(struct tarn__binder *b, struct tarn__bound **args, bool negated, uint32_t place, struct tarn__bound **out,
                                  struct tarn_error *err)
{
    *out = tarn__bound_op(b, TARN_EXPR_IS_NULL, 1, args, place);
    if (*out != NULL && negated) {
        struct tarn__bound *is_null = *out;
        *out = tarn__bound_op(b, TARN_EXPR_NOT, 1, &is_null, place);
    }
    return *out != NULL ? tarn__fold(b, out, err) : tarn__bind_nomem(b, err);
}

static bool named(struct tarn_text name, const char *word)
{
    return tarn__text_equal_caseless(name, tarn__text_of(word));
}

static enum tarn_status own(struct tarn__binder *b, struct tarn_text name, uint32_t count, struct tarn__bound **args, uint32_t place,
                            bool *taken, struct tarn__bound **out, struct tarn_error *err)
{
    const bool moment = count >= 1 && fits('m', args[0]);
    *taken = true;
    if ((named(name, "concat") || named(name, "||")) && count >= 1) {
        return concat(b, count, args, place, out, err);
    }
    if (named(name, "date_format") && count == 2 && moment) {
        return date_format(b, args, place, out, err);
    }
    if (named(name, "date_trunc") && count == 2 && fits('m', args[1])) {
        return truncate_moment(b, args[0], args[1], false, place, out, err);
    }
    if (named(name, "trunc") && count == 2 && moment) {
        return truncate_moment(b, args[1], args[0], true, place, out, err);
    }
    if ((named(name, "dayofweek") || named(name, "weekday")) && count == 1 && moment) {
        return day_of_week(b, args, named(name, "weekday"), place, out, err);
    }
    if ((named(name, "isnull") || named(name, "isnotnull")) && count == 1) {
        return null_test(b, args, named(name, "isnotnull"), place, out, err);
    }
    *out = count == 1 ? args[0] : NULL;
    const struct tarn_type *type = named(name, "to_date") ? &tarn__sql_date : tarn__spark_type(b->arena, name);
    if (type != NULL && count == 1) { /* date(x), int(x) */
        return tarn__spark_cast(b, out, type, err);
    }
    *taken = false;
    return TARN_OK;
}

/* floor and ceil give whole numbers, of decimals too. */
static enum tarn_status whole(struct tarn__binder *b, struct tarn__bound **out, struct tarn_error *err)
{
    return tarn__sql_is_float((*out)->type) ? tarn__bind_cast(b, out, &tarn__sql_bigint, false, err) : TARN_OK;
}

enum tarn_status tarn__spark_call(struct tarn__binder *b, struct tarn_text name, uint32_t count, struct tarn__bound **args, uint32_t place,
                                  struct tarn__bound **out, struct tarn_error *err)
{
    bool taken;
    TARN_RETURN_IF_ERROR(own(b, name, count, args, place, &taken, out, err));
    for (size_t i = 0; !taken && i < sizeof(functions) / sizeof(functions[0]); i++) {
        const struct spark_function *function = &functions[i];
        if (!named(name, function->name) || !takes(function, count, args)) {
            continue;
        }
        if (count == 0) { /* the moment of the statement */
            const struct tarn__ast moment = {.kind = TARN__AST_CALL, .text = tarn__text_of(function->tarn), .place = place};
            return tarn__bind_expression(b, &moment, out, err);
        }
        TARN_RETURN_IF_ERROR(tarn__bind_call(b, tarn__text_of(function->tarn), count, args, place, out, err));
        if (function->result == 'f') {
            return whole(b, out, err);
        }
        return function->result == 'j' ? tarn__bind_cast(b, out, &tarn__sql_integer, false, err) : TARN_OK;
    }
    return taken ? TARN_OK : tarn__spark_refuse(b, place, err, "the function %.*s, with these arguments", TARN_TEXT_ARG(name));
}
