/* SPDX-License-Identifier: Apache-2.0
 *
 * Which overload a call means, and the conversions of its arguments. SPEC: Q-FUNC-1 to Q-FUNC-3.
 *
 * Every line of the table with the name is tried; the one whose arguments need the least conversion wins, the first of equals. Conversions
 * lose nothing but digits of doubles; text becomes something else only when it is written in the query.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/utf8.h"
#include "query/bind/bound.h"
#include "query/bind/near_name.h"
#include "query/bind/sql_type.h"
#include "query/sql/caret.h"

enum { IMPOSSIBLE = 1000000, MAX_ARGS = 1000 };

/* What letter number `i` of the signature is, with '?' and '*' behind it taken care of; 0: no such argument. */
static char letter_of(const char *signature, uint32_t i, uint32_t count)
{
    uint32_t required = 0;
    uint32_t optional = 0;
    char last = 0;
    bool repeats = false;
    const char *p = signature;
    char found = 0;
    for (; *p != '\0' && *p != '>'; p++) {
        if (*p == '?') {
            optional++;
        } else if (*p == '*') {
            repeats = true;
        } else {
            found = required == i ? *p : found;
            last = *p;
            required++;
        }
    }
    if (count > required && !repeats) {
        return 0;
    }
    if (count < required - optional - (repeats ? 1 : 0)) {
        return 0;
    }
    return found != 0 ? found : repeats ? last : 0;
}

static bool count_fits(const char *signature, uint32_t count)
{
    return count == 0 ? signature[0] == '>' || letter_of(signature, 0, 0) != 0 : letter_of(signature, count - 1, count) != 0;
}

static const struct tarn_type *type_of_letter(char letter)
{
    switch (letter) {
    case 's':
        return &tarn__sql_varchar;
    case 'i':
        return &tarn__sql_bigint;
    case 'j':
        return &tarn__sql_integer;
    case 'y':
        return &tarn__sql_tinyint;
    case 'd':
        return &tarn__sql_double;
    case 'b':
        return &tarn__sql_boolean;
    case 'D':
        return &tarn__sql_date;
    case 'T':
        return &tarn__sql_timestamp;
    case 'Z':
        return &tarn__sql_timestamptz;
    case 't':
        return &tarn__sql_time;
    case 'I':
        return &tarn__sql_interval;
    default:
        return NULL;
    }
}

/* How far an argument is from a letter. */
static int letter_cost(const struct tarn__bound *arg, char letter)
{
    const struct tarn_type *type = arg->type;
    const struct tarn_type *wanted = type_of_letter(letter);
    const bool text_literal = arg->adapts && tarn__sql_is_text(type);
    if (letter == 'a') {
        return 40;
    }
    if (tarn__sql_is_null(type)) {
        return 1;
    }
    switch (letter) {
    case 'n':
        return tarn__sql_is_number(type) ? 0 : IMPOSSIBLE;
    case 'L':
        return type->id == TARN_TYPE_LIST ? 0 : IMPOSSIBLE;
    case 'M':
        return tarn__sql_is_moment(type) && !type->wide ? 0 : text_literal ? 20 : IMPOSSIBLE;
    case 'T':
    case 'Z':
        if (type->id == TARN_TYPE_TIMESTAMP) {
            return type->utc == (letter == 'Z') && !type->wide ? 0 : IMPOSSIBLE;
        }
        return type->id == TARN_TYPE_DATE ? 10 : text_literal ? 20 : IMPOSSIBLE;
    default:
        break;
    }
    if (wanted == NULL) {
        return IMPOSSIBLE;
    }
    if (type->id == wanted->id) {
        return 0;
    }
    if (tarn__sql_converts(type, wanted)) {
        return tarn__sql_is_float(wanted) && type->id == TARN_TYPE_DECIMAL ? 6 : tarn__sql_is_float(wanted) ? 8 : 2;
    }
    return text_literal && !tarn__sql_is_text(wanted) ? 20 : IMPOSSIBLE;
}

static bool numbers(uint32_t count, struct tarn__bound *const *args, uint32_t wanted, bool integers)
{
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        if (!tarn__sql_is_null(args[i]->type) && (integers ? !tarn__sql_is_integer(args[i]->type) : !tarn__sql_is_number(args[i]->type))) {
            return false;
        }
        any = any || !tarn__sql_is_null(args[i]->type);
    }
    return count == wanted && any;
}

static int cost(const struct tarn__function *function, uint32_t count, struct tarn__bound *const *args)
{
    int total = 0;
    switch (function->rule) {
    case TARN__RULE_SIGNATURE:
        if (!count_fits(function->signature, count)) {
            return IMPOSSIBLE;
        }
        for (uint32_t i = 0; i < count && total < IMPOSSIBLE; i++) {
            total += letter_cost(args[i], letter_of(function->signature, i, count));
        }
        return total;
    case TARN__RULE_ADD:
    case TARN__RULE_MULTIPLY:
        return numbers(count, args, 2, false) ? 0 : IMPOSSIBLE;
    case TARN__RULE_COMMON:
        return numbers(count, args, 2, function->signature[0] == 'x') ? 0 : IMPOSSIBLE;
    case TARN__RULE_SAME:
    case TARN__RULE_WHOLE:
        return numbers(count, args, 1, false) ? 0 : IMPOSSIBLE;
    case TARN__RULE_ROUND:
        return (count == 1 && numbers(1, args, 1, false)) || (count == 2 && numbers(1, args, 1, false) && numbers(1, args + 1, 1, true))
                   ? 0
                   : IMPOSSIBLE;
    case TARN__RULE_CHOICE:
        return count == 0 || (function->signature[0] == '2' && count != 2) ? IMPOSSIBLE : 0;
    case TARN__RULE_IF:
        return count == 3 ? 0 : IMPOSSIBLE;
    case TARN__RULE_NULLIF:
        return count == 2 ? 0 : IMPOSSIBLE;
    case TARN__RULE_TRUNCATE:
        return count == 2 ? letter_cost(args[0], 's') + letter_cost(args[1], 'M') : IMPOSSIBLE;
    case TARN__RULE_INTERNAL:
        break;
    }
    return IMPOSSIBLE;
}

/* ---- types of the chosen one ---- */

/* DuckDB keeps products of decimals of up to 18 digits in 64 bits: only an argument that is wider makes the result wider. */
static const struct tarn_type *product_type(struct tarn__binder *b, int32_t precision, int32_t scale, int32_t widest)
{
    return tarn__sql_decimal(b->arena, precision > 18 && widest <= 18 && scale <= 18 ? 18 : precision, scale);
}

static enum tarn_status cast_all(struct tarn__binder *b, uint32_t count, struct tarn__bound **args, const struct tarn_type *type,
                                 struct tarn_error *err)
{
    if (type == NULL) {
        return tarn__bind_nomem(b, err);
    }
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &args[i], type, false, err));
    }
    return TARN_OK;
}

static enum tarn_status apply_numbers(struct tarn__binder *b, const struct tarn__function *function, struct tarn__bound **args,
                                      uint32_t place, const struct tarn_type **type, struct tarn_error *err)
{
    const struct tarn_type *common;
    const struct tarn__digits x = tarn__sql_digits(args[0]->type);
    const struct tarn__digits y = tarn__sql_digits(args[1]->type);
    const int32_t widest = x.precision > y.precision ? x.precision : y.precision;
    const bool exact = !tarn__sql_is_float(args[0]->type) && !tarn__sql_is_float(args[1]->type);
    const bool decimal = exact && (args[0]->type->id == TARN_TYPE_DECIMAL || args[1]->type->id == TARN_TYPE_DECIMAL);
    if (function->rule == TARN__RULE_MULTIPLY && decimal && !tarn__sql_is_null(args[0]->type) && !tarn__sql_is_null(args[1]->type)) {
        if (x.scale + y.scale > 38) {
            return tarn__bind_error(b, place, "decimal", err,
                                    "the product would have %d digits behind the point, 38 are possible; cast one side",
                                    (int)(x.scale + y.scale));
        }
        *type = product_type(b, x.precision + y.precision, x.scale + y.scale, widest);
        return *type != NULL ? TARN_OK : tarn__bind_nomem(b, err);
    }
    if (decimal) { /* a whole number counts with the digits of its type, not of its value */
        bool nomem;
        common = tarn__sql_common(b->arena, args[0]->type, args[1]->type, &nomem);
        TARN_RETURN_IF_ERROR(cast_all(b, 2, args, common, err));
    } else {
        TARN_RETURN_IF_ERROR(tarn__bind_common(b, 2, args, place, &common, err));
    }
    if (function->rule == TARN__RULE_ADD && common->id == TARN_TYPE_DECIMAL) {
        common = tarn__sql_decimal(b->arena, common->precision + 1, common->scale);
        TARN_RETURN_IF_ERROR(cast_all(b, 2, args, common, err));
    }
    *type = common;
    return TARN_OK;
}

static enum tarn_status apply_round(struct tarn__binder *b, uint32_t count, struct tarn__bound **args, uint32_t place,
                                    const struct tarn_type **type, struct tarn_error *err)
{
    *type = args[0]->type;
    if (count == 2) {
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &args[1], &tarn__sql_bigint, false, err));
    }
    if ((*type)->id != TARN_TYPE_DECIMAL) {
        return TARN_OK;
    }
    int64_t digits = 0;
    if (count == 2) {
        if (args[1]->kind != TARN__BOUND_LITERAL || args[1]->value.is_null) {
            return tarn__bind_error(b, place, "round", err,
                                    "how many digits a decimal is rounded to must be a constant; cast the decimal to DOUBLE");
        }
        digits = args[1]->value.u.i64;
    }
    const int32_t scale = digits < 0 ? 0 : digits > (*type)->scale ? (*type)->scale : (int32_t)digits;
    *type = tarn__sql_decimal(b->arena, (*type)->precision, scale);
    return *type != NULL ? TARN_OK : tarn__bind_nomem(b, err);
}

static enum tarn_status apply_signature(struct tarn__binder *b, const struct tarn__function *function, uint32_t count,
                                        struct tarn__bound **args, const struct tarn_type **type, struct tarn_error *err)
{
    const char result = strchr(function->signature, '>')[1];
    for (uint32_t i = 0; i < count; i++) {
        const char letter = letter_of(function->signature, i, count);
        const struct tarn_type *wanted =
            letter == 'M' && !tarn__sql_is_moment(args[i]->type) ? &tarn__sql_timestamp : type_of_letter(letter);
        const bool fits = wanted == NULL || (wanted->id == args[i]->type->id && wanted->id != TARN_TYPE_LIST);
        if (!fits) {
            TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &args[i], wanted, false, err));
        }
    }
    *type = result == '0' ? args[0]->type : type_of_letter(result);
    return TARN_OK;
}

static enum tarn_status apply(struct tarn__binder *b, const struct tarn__function *function, uint32_t *count, struct tarn__bound **args,
                              uint32_t place, const struct tarn_type **type, struct tarn_error *err)
{
    switch (function->rule) {
    case TARN__RULE_SIGNATURE:
        return apply_signature(b, function, *count, args, type, err);
    case TARN__RULE_ADD:
    case TARN__RULE_MULTIPLY:
    case TARN__RULE_COMMON:
        return apply_numbers(b, function, args, place, type, err);
    case TARN__RULE_SAME:
        *type = args[0]->type;
        return TARN_OK;
    case TARN__RULE_WHOLE:
        *type = args[0]->type->id == TARN_TYPE_DECIMAL ? tarn__sql_decimal(b->arena, args[0]->type->precision, 0) : args[0]->type;
        return *type != NULL ? TARN_OK : tarn__bind_nomem(b, err);
    case TARN__RULE_ROUND:
        return apply_round(b, *count, args, place, type, err);
    case TARN__RULE_CHOICE:
        return tarn__bind_common(b, *count, args, place, type, err);
    case TARN__RULE_IF:
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &args[0], &tarn__sql_boolean, false, err));
        return tarn__bind_common(b, 2, args + 1, place, type, err);
    case TARN__RULE_NULLIF: {
        struct tarn__bound *sides[2] = {args[0], args[1]};
        const struct tarn_type *common;
        *type = args[0]->type;
        TARN_RETURN_IF_ERROR(tarn__bind_common(b, 2, sides, place, &common, err));
        args[1] = sides[0];
        args[2] = sides[1];
        *count = 3;
        return TARN_OK;
    }
    case TARN__RULE_TRUNCATE:
        if (args[1]->type->id != TARN_TYPE_TIMESTAMP) {
            TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &args[1], &tarn__sql_timestamp, false, err));
        }
        *type = args[1]->type;
        return TARN_OK;
    case TARN__RULE_INTERNAL:
        break;
    }
    return tarn__internal(err, "a function without a rule");
}

static enum tarn_status unknown_function(struct tarn__binder *b, struct tarn_text name, uint32_t place, struct tarn_error *err)
{
    struct tarn__near_names near = {.wanted = name};
    char hint[240];
    for (uint32_t i = 0; i < tarn__function_count(); i++) {
        const struct tarn__function *function = tarn__function_at(i);
        if ((function->flags & TARN__FUNCTION_HIDDEN) == 0) {
            tarn__near_offer(&near, tarn__text_of(function->name));
        }
    }
    static const char *const aggregates[] = {"count",     "sum",      "avg",     "min",    "max",     "first",
                                             "any_value", "bool_and", "bool_or", "stddev", "variance"};
    for (size_t i = 0; i < sizeof(aggregates) / sizeof(aggregates[0]); i++) {
        tarn__near_offer(&near, tarn__text_of(aggregates[i]));
    }
    tarn__near_print(&near, hint, sizeof(hint));
    (void)tarn__error_set(err, TARN_NOT_FOUND, "function", "there is no function \"%.*s\"%s", (int)(name.size > 60 ? 60 : name.size),
                          name.data, hint);
    tarn__sql_error_at(err, b->sql, place);
    return TARN_NOT_FOUND;
}

static enum tarn_status no_overload(struct tarn__binder *b, struct tarn_text name, uint32_t count, struct tarn__bound *const *args,
                                    uint32_t place, struct tarn_error *err)
{
    char list[200];
    size_t used = 0;
    list[0] = '\0';
    for (uint32_t i = 0; i < count && used < sizeof(list) - 40; i++) {
        char type[64];
        tarn_type_format(args[i]->type, type, sizeof(type));
        const int wrote = snprintf(list + used, sizeof(list) - used, "%s%s", i == 0 ? "" : ", ", type);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    return tarn__bind_error(b, place, "types", err, "%.*s(%s) is not defined; cast the arguments to what it takes",
                            (int)(name.size > 60 ? 60 : name.size), name.data, list);
}

enum tarn_status tarn__bind_call(struct tarn__binder *b, struct tarn_text name, uint32_t count, struct tarn__bound **args, uint32_t place,
                                 struct tarn__bound **out, struct tarn_error *err)
{
    const struct tarn__function *best = NULL;
    int best_cost = IMPOSSIBLE;
    bool known = false;
    const struct tarn_type *type;
    struct tarn__bound *sides[MAX_ARGS + 2];
    const bool is_operator = name.size != 0 && !tarn__is_letter(name.data[0]);

    for (uint32_t i = 0; i < tarn__function_count(); i++) {
        const struct tarn__function *function = tarn__function_at(i);
        if (((function->flags & TARN__FUNCTION_HIDDEN) != 0 && !is_operator) ||
            !tarn__text_equal_caseless(name, tarn__text_of(function->name))) {
            continue;
        }
        known = true;
        const int found = count <= MAX_ARGS ? cost(function, count, args) : IMPOSSIBLE;
        if (found < best_cost) {
            best = function;
            best_cost = found;
        }
    }
    if (best == NULL) {
        return known ? no_overload(b, name, count, args, place, err) : unknown_function(b, name, place, err);
    }
    for (uint32_t i = 0; i < count; i++) {
        sides[i] = args[i];
    }
    TARN_RETURN_IF_ERROR(apply(b, best, &count, sides, place, &type, err));
    *out = tarn__bound_call(b, best->id, type, count, sides, place);
    return *out != NULL ? tarn__fold(b, out, err) : tarn__bind_nomem(b, err);
}
