/* SPDX-License-Identifier: Apache-2.0
 *
 * + - * / // % and signs over numbers. Integers and decimals up to 18 digits are computed in 64 bits, wider ones in 128. SPEC: Q-NUM-1 to
 * Q-NUM-4.
 *
 * Invariants
 *  1. The binder gave both arguments the type in which they are computed: for + - // % the result's scale; for * each its own.
 *  2. Nothing overflows silently: a row that is not null and whose value does not fit is an error that names it.
 */
#include <math.h>

#include "format/base/decimal.h"
#include "query/functions/function.h"

enum operation { ADD, SUBTRACT, MULTIPLY, INTEGER_DIVIDE, MODULO };

static const char *const symbols[] = {"+", "-", "*", "//", "%"};

static bool is_wide(const struct tarn_type *type)
{
    const enum tarn_kind kind = tarn_type_kind(type);
    return kind == TARN_KIND_I128 || kind == TARN_KIND_U64;
}

static enum tarn_status overflow(const struct tarn__call *call, enum operation operation, uint32_t row)
{
    struct tarn_text_builder text;
    char type[64];
    tarn__builder_init(&text, call->env);
    tarn__print_value(&text, call->args[0], row);
    tarn__builder_add_char(&text, ' ');
    tarn__builder_add_str(&text, symbols[operation]);
    tarn__builder_add_char(&text, ' ');
    tarn__print_value(&text, call->args[1], row);
    tarn_type_format(call->node->type, type, sizeof(type));
    const enum tarn_status status = tarn__call_invalid(call, "overflow", "%.*s does not fit %s; cast to a wider type first",
                                                       TARN_TEXT_ARG(tarn__builder_text(&text)), type);
    tarn__builder_free(&text);
    return status;
}

static enum tarn_status division_by_zero(const struct tarn__call *call)
{
    return tarn__call_invalid(call, "division_by_zero", "division by zero; NULLIF(divisor, 0) gives NULL instead");
}

/* False: overflow. A zero divisor leaves 0. */
static bool compute64(enum operation operation, int64_t a, int64_t b, int64_t *out)
{
    *out = 0;
    switch (operation) {
    case ADD:
        return !__builtin_add_overflow(a, b, out);
    case SUBTRACT:
        return !__builtin_sub_overflow(a, b, out);
    case MULTIPLY:
        return !__builtin_mul_overflow(a, b, out);
    case INTEGER_DIVIDE:
        if (b == -1) {
            return !__builtin_sub_overflow((int64_t)0, a, out);
        }
        *out = b != 0 ? a / b : 0;
        return true;
    case MODULO:
        *out = b != 0 && b != -1 ? a % b : 0;
        return true;
    }
    return false;
}

static bool compute128(enum operation operation, tarn_i128 a, tarn_i128 b, tarn_i128 *out)
{
    *out = 0;
    switch (operation) {
    case ADD:
        return tarn__i128_add(a, b, out);
    case SUBTRACT:
        return tarn__i128_sub(a, b, out);
    case MULTIPLY:
        return tarn__i128_mul(a, b, out);
    case INTEGER_DIVIDE:
        if (b == -1) {
            return tarn__i128_sub(0, a, out);
        }
        *out = b != 0 ? a / b : 0;
        return true;
    case MODULO:
        *out = b != 0 && b != -1 ? a % b : 0;
        return true;
    }
    return false;
}

#define COMPUTE(type, name, compute)                                                                                                       \
    static bool name(enum operation operation, const type *a, const type *b, type *to, uint32_t rows, const struct tarn_buffer *validity,  \
                     uint32_t *bad)                                                                                                        \
    {                                                                                                                                      \
        bool fits = true;                                                                                                                  \
        for (uint32_t i = 0; i < rows; i++) {                                                                                              \
            fits &= compute(operation, a[i], b[i], &to[i]);                                                                                \
        }                                                                                                                                  \
        for (uint32_t i = 0; !fits && i < rows; i++) {                                                                                     \
            type ignored;                                                                                                                  \
            if (tarn__row_valid(validity, i) && !compute(operation, a[i], b[i], &ignored)) {                                               \
                *bad = i;                                                                                                                  \
                return false;                                                                                                              \
            }                                                                                                                              \
        }                                                                                                                                  \
        return true;                                                                                                                       \
    }
COMPUTE(int64_t, all64, compute64)
COMPUTE(tarn_i128, all128, compute128)

static enum tarn_status integers(struct tarn__call *call, enum operation operation, struct tarn_buffer *validity, struct tarn_vector **out)
{
    uint32_t bad = UINT32_MAX;
    const int64_t *a = tarn__operand_i64(&call->operands[0], call->env);
    const int64_t *b = tarn__operand_i64(&call->operands[1], call->env);
    int64_t *to = tarn__alloc(call->env, (size_t)call->rows * sizeof(int64_t) + 1);
    enum tarn_status status = TARN_OK;
    if (a == NULL || b == NULL || to == NULL) {
        tarn__buffer_release(validity);
        status = tarn__call_nomem(call);
    } else if (!all64(operation, a, b, to, call->rows, validity, &bad)) {
        tarn__buffer_release(validity);
    } else {
        status = tarn__call_integers(call, to, validity, &bad, out);
    }
    tarn__free(call->env, to);
    return status != TARN_OK ? status : bad != UINT32_MAX ? overflow(call, operation, bad) : TARN_OK;
}

static enum tarn_status wide(struct tarn__call *call, enum operation operation, struct tarn_buffer *validity, struct tarn_vector **out)
{
    uint32_t bad = UINT32_MAX;
    const tarn_i128 *a = tarn__operand_i128(&call->operands[0], call->env);
    const tarn_i128 *b = tarn__operand_i128(&call->operands[1], call->env);
    tarn_i128 *to = tarn__alloc(call->env, (size_t)call->rows * sizeof(tarn_i128) + 1);
    enum tarn_status status = TARN_OK;
    if (a == NULL || b == NULL || to == NULL) {
        tarn__buffer_release(validity);
        status = tarn__call_nomem(call);
    } else if (!all128(operation, a, b, to, call->rows, validity, &bad)) {
        tarn__buffer_release(validity);
    } else {
        status = tarn__call_wide(call, to, validity, &bad, out);
    }
    tarn__free(call->env, to);
    return status != TARN_OK ? status : bad != UINT32_MAX ? overflow(call, operation, bad) : TARN_OK;
}

static double compute_double(enum operation operation, double a, double b)
{
    switch (operation) {
    case ADD:
        return a + b;
    case SUBTRACT:
        return a - b;
    case MULTIPLY:
        return a * b;
    case INTEGER_DIVIDE:
        return a / b;
    case MODULO:
        return fmod(a, b);
    }
    return 0;
}

/* In floats each operation is rounded to a float, as its type says. */
static enum tarn_status doubles(struct tarn__call *call, enum operation operation, struct tarn_buffer *validity, struct tarn_vector **out)
{
    const double *a = tarn__operand_f64(&call->operands[0], call->env);
    const double *b = tarn__operand_f64(&call->operands[1], call->env);
    double *to = tarn__alloc(call->env, (size_t)call->rows * sizeof(double) + 1);
    enum tarn_status status;
    if (a == NULL || b == NULL || to == NULL) {
        tarn__buffer_release(validity);
        status = tarn__call_nomem(call);
    } else {
        for (uint32_t i = 0; i < call->rows; i++) {
            to[i] = compute_double(operation, a[i], b[i]);
        }
        status = tarn__call_doubles(call, to, validity, out);
    }
    tarn__free(call->env, to);
    return status;
}

/* A zero divisor in a row that is not null. */
static bool divides_by_zero(const struct tarn__call *call, const struct tarn_buffer *validity)
{
    const struct tarn__operand *divisor = &call->operands[1];
    const enum tarn_kind kind = tarn_type_kind(divisor->leaf->type);
    const bool is_float = kind == TARN_KIND_F64 || kind == TARN_KIND_F32;
    if (divisor->all_null) {
        return false;
    }
    for (uint32_t i = 0; i < call->rows; i++) {
        const uint32_t at = tarn__operand_at(divisor, i);
        const bool zero = kind == TARN_KIND_F64   ? ((const double *)divisor->leaf->u.values)[at] == 0
                          : kind == TARN_KIND_F32 ? ((const float *)divisor->leaf->u.values)[at] == 0
                                                  : !is_float && tarn__operand_i128_at(divisor, i) == 0;
        if (zero && tarn__row_valid(validity, i)) {
            return true;
        }
    }
    return false;
}

static enum tarn_status arithmetic(struct tarn__call *call, enum operation operation, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    if ((operation == INTEGER_DIVIDE || operation == MODULO) && divides_by_zero(call, validity)) {
        tarn__buffer_release(validity);
        return division_by_zero(call);
    }
    if (call->node->type->id == TARN_TYPE_F64 || call->node->type->id == TARN_TYPE_F32) {
        return doubles(call, operation, validity, out);
    }
    const bool needs_wide = is_wide(call->node->type) || is_wide(call->operands[0].leaf->type) || is_wide(call->operands[1].leaf->type);
    return needs_wide ? wide(call, operation, validity, out) : integers(call, operation, validity, out);
}

enum tarn_status tarn__run_add(struct tarn__call *call, struct tarn_vector **out)
{
    return arithmetic(call, ADD, out);
}

enum tarn_status tarn__run_subtract(struct tarn__call *call, struct tarn_vector **out)
{
    return arithmetic(call, SUBTRACT, out);
}

enum tarn_status tarn__run_multiply(struct tarn__call *call, struct tarn_vector **out)
{
    return arithmetic(call, MULTIPLY, out);
}

enum tarn_status tarn__run_integer_divide(struct tarn__call *call, struct tarn_vector **out)
{
    return arithmetic(call, INTEGER_DIVIDE, out);
}

enum tarn_status tarn__run_modulo(struct tarn__call *call, struct tarn_vector **out)
{
    return arithmetic(call, MODULO, out);
}

enum tarn_status tarn__run_divide(struct tarn__call *call, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    if (divides_by_zero(call, validity)) {
        tarn__buffer_release(validity);
        return division_by_zero(call);
    }
    return doubles(call, INTEGER_DIVIDE, validity, out);
}

enum tarn_status tarn__run_same(struct tarn__call *call, struct tarn_vector **out)
{
    *out = tarn_vector_retain(call->args[0]);
    return TARN_OK;
}

/* -x and abs(x): `keep_positive` says which. */
static enum tarn_status negate(struct tarn__call *call, bool keep_positive, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    uint32_t bad = UINT32_MAX;
    enum tarn_status status;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    if (call->node->type->id == TARN_TYPE_F64 || call->node->type->id == TARN_TYPE_F32) {
        const double *a = tarn__operand_f64(&call->operands[0], call->env);
        double *to = tarn__alloc(call->env, (size_t)call->rows * sizeof(double) + 1);
        if (a == NULL || to == NULL) {
            tarn__buffer_release(validity);
            status = tarn__call_nomem(call);
        } else {
            for (uint32_t i = 0; i < call->rows; i++) {
                to[i] = keep_positive ? fabs(a[i]) : -a[i];
            }
            status = tarn__call_doubles(call, to, validity, out);
        }
        tarn__free(call->env, to);
        return status;
    }
    const tarn_i128 *a = tarn__operand_i128(&call->operands[0], call->env);
    tarn_i128 *to = tarn__alloc(call->env, (size_t)call->rows * sizeof(tarn_i128) + 1);
    if (a == NULL || to == NULL) {
        tarn__buffer_release(validity);
        status = tarn__call_nomem(call);
    } else {
        for (uint32_t i = 0; i < call->rows; i++) {
            to[i] = keep_positive && a[i] >= 0 ? a[i] : -a[i]; /* no type of SQL holds the least 128-bit integer */
        }
        status = tarn__call_wide(call, to, validity, &bad, out);
    }
    tarn__free(call->env, to);
    if (status == TARN_OK && bad != UINT32_MAX) {
        return tarn__call_invalid(call, "overflow", "the least value of its type has no counterpart; cast to a wider type first");
    }
    return status;
}

enum tarn_status tarn__run_negate(struct tarn__call *call, struct tarn_vector **out)
{
    return negate(call, false, out);
}

enum tarn_status tarn__run_absolute(struct tarn__call *call, struct tarn_vector **out)
{
    return negate(call, true, out);
}
