/* SPDX-License-Identifier: Apache-2.0
 *
 * Conversions that the binder writes: casts, literals taking the type of what they meet, common types, comparisons. SPEC: Q-TYPE-2 to
 * Q-TYPE-4.
 *
 * Invariant: both sides of a comparison have one type. A literal gives way before a column does: `x < 3` compares in x's own type when 3
 * has an exact value there, so that statistics and dictionaries can decide it.
 */
#include <float.h>
#include <math.h>

#include "format/base/decimal.h"
#include "format/batch/schema.h"
#include "query/bind/bound.h"
#include "query/bind/sql_type.h"
#include "query/sql/caret.h"

enum tarn_status tarn__bind_type(struct tarn__binder *b, struct tarn_text text, uint32_t place, const struct tarn_type **out,
                                 struct tarn_error *err)
{
    struct tarn_schema *holder;
    const struct tarn_type *type;
    *out = NULL;
    const enum tarn_status status = tarn_type_parse(b->env, text, &holder, &type, err);
    if (status != TARN_OK) {
        tarn__sql_error_at(err, b->sql, place + (err != NULL && err->offset > 0 && err->offset < INT32_MAX ? (uint32_t)err->offset : 0));
        return status;
    }
    const enum tarn_status copied = tarn__type_copy(b->arena, type, out, err);
    tarn_schema_release(holder);
    return copied;
}

/* The literal's value in another number type, when it is exactly that. */
static bool exact_number(const struct tarn_value *value, const struct tarn_type *type, struct tarn_value *out)
{
    const bool decimal = type->id == TARN_TYPE_DECIMAL;
    const struct tarn__digits from = tarn__sql_digits(value->type);
    tarn_i128 unscaled = value->type->id == TARN_TYPE_DECIMAL && tarn_type_kind(value->type) == TARN_KIND_I128
                             ? (tarn_i128)((tarn_u128)value->u.words[1] << 64 | value->u.words[0])
                             : value->u.i64;
    if (type->precision > TARN_DECIMAL128_DIGITS ||
        tarn__decimal128_rescale(unscaled, (unsigned)from.scale, decimal ? (unsigned)type->scale : 0,
                                 decimal ? (unsigned)type->precision : 38, 0, &unscaled) != TARN_PARSED) {
        return false;
    }
    *out = (struct tarn_value){.type = type};
    const uint32_t bits = tarn_type_width(type) * 8;
    const bool is_unsigned = type->id >= TARN_TYPE_U8 && type->id <= TARN_TYPE_U64;
    if (!decimal && (is_unsigned ? unscaled < 0 || unscaled >> bits != 0 : (unscaled >> (bits - 1)) != (unscaled < 0 ? -1 : 0))) {
        return false;
    }
    out->u.words[0] = (uint64_t)unscaled;
    if (tarn_type_kind(type) == TARN_KIND_I128) {
        out->u.words[1] = (uint64_t)((tarn_u128)unscaled >> 64);
        out->u.words[2] = unscaled < 0 ? UINT64_MAX : 0;
        out->u.words[3] = out->u.words[2];
    }
    return true;
}

enum tarn_status tarn__bind_cast(struct tarn__binder *b, struct tarn__bound **bound, const struct tarn_type *type, bool lenient,
                                 struct tarn_error *err)
{
    struct tarn__bound *arg = *bound;
    if (tarn_type_equal(arg->type, type)) {
        return TARN_OK;
    }
    if (tarn__bound_is_null(arg)) {
        const struct tarn_value null = {.type = type, .is_null = true};
        *bound = tarn__bound_literal(b, &null, arg->place);
        return *bound != NULL ? TARN_OK : tarn__bind_nomem(b, err);
    }
    struct tarn_value value;
    const bool exact_literal =
        arg->kind == TARN__BOUND_LITERAL && arg->adapts && !tarn__sql_is_text(arg->type) && !tarn__sql_is_float(arg->type);
    if (exact_literal && (tarn__sql_is_integer(type) || type->id == TARN_TYPE_DECIMAL) && exact_number(&arg->value, type, &value)) {
        *bound = tarn__bound_literal(b, &value, arg->place);
        return *bound != NULL ? TARN_OK : tarn__bind_nomem(b, err);
    }
    *bound = tarn__bound_call(b, lenient ? TARN__F_TRY_CAST : TARN__F_CAST, type, 1, &arg, arg->place);
    return *bound != NULL ? tarn__fold(b, bound, err) : tarn__bind_nomem(b, err);
}

static void type_name(const struct tarn_type *type, char out[80])
{
    tarn_type_format(type, out, 80);
}

/* The double is a float too: what would be rounded or does not fit keeps its type, and the other side becomes DOUBLE. */
static bool exact_float(double value)
{
    return !isfinite(value) || (fabs(value) <= (double)FLT_MAX && (double)(float)value == value);
}

static bool takes_type(const struct tarn__bound *literal, const struct tarn_type *type)
{
    struct tarn_value ignored;
    if (literal->kind != TARN__BOUND_LITERAL || !literal->adapts) {
        return false;
    }
    if (tarn__sql_is_text(literal->type)) {
        return true;
    }
    if (tarn__sql_is_float(type)) {
        return type->id != TARN_TYPE_F32 || literal->type->id != TARN_TYPE_F64 || exact_float(literal->value.u.f64);
    }
    return !tarn__sql_is_float(literal->type) && (tarn__sql_is_integer(type) || type->id == TARN_TYPE_DECIMAL) &&
           exact_number(&literal->value, type, &ignored);
}

enum tarn_status tarn__bind_common(struct tarn__binder *b, uint32_t count, struct tarn__bound **args, uint32_t place,
                                   const struct tarn_type **type, struct tarn_error *err)
{
    const struct tarn_type *common = NULL;
    /* First what has a type of its own, then the literals, which give way where they can. */
    for (int literals = 0; literals < 2; literals++) {
        for (uint32_t i = 0; i < count; i++) {
            bool nomem = false;
            if ((args[i]->adapts ? 1 : 0) != literals ||
                (common != NULL && literals != 0 && !tarn__sql_is_null(common) && takes_type(args[i], common))) {
                continue;
            }
            const struct tarn_type *before = common;
            common = common == NULL ? args[i]->type : tarn__sql_common(b->arena, common, args[i]->type, &nomem);
            if (nomem) {
                return tarn__bind_nomem(b, err);
            }
            if (common == NULL) {
                char x[80];
                char y[80];
                type_name(before, x);
                type_name(args[i]->type, y);
                return tarn__bind_error(b, args[i]->place != TARN_NO_PLACE ? args[i]->place : place, "types", err,
                                        "%s and %s have no common type; cast one of them", x, y);
            }
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &args[i], common, false, err));
    }
    *type = common;
    return TARN_OK;
}

static bool tree_compares(const struct tarn_type *type)
{
    return tarn_type_kind(type) != TARN_KIND_NESTED && type->id != TARN_TYPE_INTERVAL && type->id != TARN_TYPE_NULL;
}

enum tarn_status tarn__bind_comparison(struct tarn__binder *b, enum tarn_expr_op op, struct tarn__bound *left, struct tarn__bound *right,
                                       uint32_t place, struct tarn__bound **out, struct tarn_error *err)
{
    struct tarn__bound *sides[3] = {left, right, NULL};
    const struct tarn_type *type;
    /* A text that is compared with something else is read as that. */
    if (tarn__sql_is_text(left->type) && !tarn__sql_is_text(right->type) && !tarn__sql_is_null(right->type)) {
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &sides[0], right->type, false, err));
    } else if (tarn__sql_is_text(right->type) && !tarn__sql_is_text(left->type) && !tarn__sql_is_null(left->type)) {
        TARN_RETURN_IF_ERROR(tarn__bind_cast(b, &sides[1], left->type, false, err));
    } else {
        TARN_RETURN_IF_ERROR(tarn__bind_common(b, 2, sides, place, &type, err));
    }
    if (tarn__sql_is_null(sides[0]->type)) {
        const struct tarn_value null = {.type = &tarn__sql_boolean, .is_null = true};
        *out = tarn__bound_literal(b, &null, place);
        return *out != NULL ? TARN_OK : tarn__bind_nomem(b, err);
    }
    if (tree_compares(sides[0]->type)) {
        *out = tarn__bound_op(b, op, 2, sides, place);
    } else {
        const struct tarn_value number = {.type = &tarn__sql_integer, .u.i64 = (int64_t)op};
        sides[2] = tarn__bound_literal(b, &number, place);
        *out = tarn__bound_call(b, TARN__F_EQUAL, &tarn__sql_boolean, 3, sides, place);
    }
    return *out != NULL ? tarn__fold(b, out, err) : tarn__bind_nomem(b, err);
}
