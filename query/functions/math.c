/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of doubles, rounding of any number. Domain errors are errors, as in DuckDB. SPEC: Q-NUM-5, Q-NUM-6.
 */
#include <math.h>

#include "format/base/decimal.h"
#include "query/functions/function.h"

enum function { SQRT, CBRT, LN, LOG10, LOG2, EXP, SIN, COS, TAN, ASIN, ACOS, ATAN, DEGREES, RADIANS };

static const double pi = 3.14159265358979323846;

static double compute(enum function function, double x)
{
    switch (function) {
    case SQRT:
        return sqrt(x);
    case CBRT:
        return cbrt(x);
    case LN:
        return log(x);
    case LOG10:
        return log10(x);
    case LOG2:
        return log2(x);
    case EXP:
        return exp(x);
    case SIN:
        return sin(x);
    case COS:
        return cos(x);
    case TAN:
        return tan(x);
    case ASIN:
        return asin(x);
    case ACOS:
        return acos(x);
    case ATAN:
        return atan(x);
    case DEGREES:
        return x * (180.0 / pi);
    case RADIANS:
        return x * (pi / 180.0);
    }
    return 0;
}

/* What is wrong with the argument; NULL: nothing. */
static const char *domain(enum function function, double x)
{
    switch (function) {
    case SQRT:
        return x < 0 ? "the square root of a negative number is not defined" : NULL;
    case LN:
    case LOG10:
    case LOG2:
        return x < 0 ? "the logarithm of a negative number is not defined" : x == 0 ? "the logarithm of zero is not defined" : NULL;
    case ASIN:
    case ACOS:
        return x < -1 || x > 1 ? "the argument must lie between -1 and 1" : NULL;
    case SIN:
    case COS:
    case TAN:
        return isinf(x) ? "the argument must be finite" : NULL;
    default:
        return NULL;
    }
}

static enum tarn_status fill_math(struct tarn__call *call, const double *x, const struct tarn_buffer *validity, double *to)
{
    const enum function function = (enum function)call->parameter;
    for (uint32_t i = 0; i < call->rows; i++) {
        const bool valid = tarn__row_valid(validity, i);
        const char *problem = valid ? domain(function, x[i]) : NULL;
        if (problem != NULL) {
            return tarn__call_invalid(call, "domain", "%s", problem);
        }
        to[i] = valid ? compute(function, x[i]) : 0;
    }
    return TARN_OK;
}

enum tarn_status tarn__run_math(struct tarn__call *call, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    const double *x = tarn__operand_f64(&call->operands[0], call->env);
    double *to = tarn__alloc(call->env, (size_t)call->rows * sizeof(double) + 1);
    enum tarn_status status = x == NULL || to == NULL ? tarn__call_nomem(call) : fill_math(call, x, validity, to);
    if (status == TARN_OK) {
        status = tarn__call_doubles(call, to, validity, out);
    } else {
        tarn__buffer_release(validity);
    }
    tarn__free(call->env, to);
    return status;
}

enum tarn_status tarn__run_power(struct tarn__call *call, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    enum tarn_status status;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    const double *a = tarn__operand_f64(&call->operands[0], call->env);
    const double *b = tarn__operand_f64(&call->operands[1], call->env);
    double *to = tarn__alloc(call->env, (size_t)call->rows * sizeof(double) + 1);
    if (a == NULL || b == NULL || to == NULL) {
        tarn__buffer_release(validity);
        status = tarn__call_nomem(call);
    } else {
        for (uint32_t i = 0; i < call->rows; i++) {
            to[i] = call->parameter == 0 ? pow(a[i], b[i]) : atan2(a[i], b[i]);
        }
        status = tarn__call_doubles(call, to, validity, out);
    }
    tarn__free(call->env, to);
    return status;
}

enum tarn_status tarn__run_pi(struct tarn__call *call, struct tarn_vector **out)
{
    const struct tarn_value value = {.type = call->node->type, .u.f64 = pi};
    *out = tarn__vector_of_value(call->env, call->node->type, call->rows, &value);
    return *out != NULL ? TARN_OK : tarn__call_nomem(call);
}

/* ---- round, floor, ceil, trunc ---- */

enum direction { ROUND, FLOOR, CEIL, TRUNC };

static double round_double(enum direction direction, double x, int64_t digits)
{
    switch (direction) {
    case FLOOR:
        return floor(x);
    case CEIL:
        return ceil(x);
    case TRUNC:
        return trunc(x);
    case ROUND:
        break;
    }
    if (digits == 0) {
        return round(x);
    }
    const double scale = pow(10, (double)(digits < 0 ? -digits : digits));
    const double rounded = digits < 0 ? round(x / scale) * scale : round(x * scale) / scale;
    if (digits < 0) {
        return isfinite(rounded) ? rounded : 0;
    }
    return isfinite(rounded) ? rounded : x;
}

/* x / 10^n, rounded in a direction. */
static tarn_i128 divide_ten(tarn_i128 x, unsigned n, enum direction direction)
{
    if (n > 38) {
        return (direction == FLOOR && x < 0) ? -1 : (direction == CEIL && x > 0) ? 1 : 0;
    }
    const tarn_i128 ten = tarn__pow10_128(n);
    const tarn_i128 quotient = x / ten;
    const tarn_i128 rest = x % ten;
    switch (direction) {
    case FLOOR:
        return quotient - (rest < 0);
    case CEIL:
        return quotient + (rest > 0);
    case TRUNC:
        return quotient;
    case ROUND:
        break;
    }
    const tarn_i128 magnitude = rest < 0 ? -rest : rest;
    return n != 0 && magnitude >= ten / 2 ? quotient + (x < 0 ? -1 : 1) : quotient;
}

/* Digits of the second argument, for every row: the binder saw that it is constant for decimals. */
static int64_t digits_at(struct tarn__call *call, uint32_t row)
{
    if (call->count < 2 || tarn__operand_null(&call->operands[1], row)) {
        return 0;
    }
    const tarn_i128 digits = tarn__operand_i128_at(&call->operands[1], row);
    return digits > 400 ? 400 : digits < -400 ? -400 : (int64_t)digits;
}

static tarn_i128 round_integer(struct tarn__call *call, enum direction direction, tarn_i128 x, uint32_t row)
{
    const unsigned from = (unsigned)(call->operands[0].leaf->type->id == TARN_TYPE_DECIMAL ? call->operands[0].leaf->type->scale : 0);
    const unsigned to = (unsigned)(call->node->type->id == TARN_TYPE_DECIMAL ? call->node->type->scale : 0);
    const int64_t digits = digits_at(call, row);
    if (digits < 0) {
        const tarn_i128 whole = divide_ten(x, from + (unsigned)-digits, direction);
        return -digits > 38 || whole == 0 ? 0 : whole * tarn__pow10_128((unsigned)-digits);
    }
    return from > to ? divide_ten(x, from - to, direction) : x;
}

enum tarn_status tarn__run_round(struct tarn__call *call, struct tarn_vector **out)
{
    const enum direction direction = (enum direction)call->parameter;
    const bool is_double = call->node->type->id == TARN_TYPE_F64 || call->node->type->id == TARN_TYPE_F32;
    struct tarn_buffer *validity;
    uint32_t bad = UINT32_MAX;
    enum tarn_status status;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    const double *x = is_double ? tarn__operand_f64(&call->operands[0], call->env) : NULL;
    const tarn_i128 *n = is_double ? NULL : tarn__operand_i128(&call->operands[0], call->env);
    void *to = tarn__alloc(call->env, (size_t)call->rows * sizeof(tarn_i128) + 1);
    if ((x == NULL && n == NULL) || to == NULL) {
        tarn__buffer_release(validity);
        status = tarn__call_nomem(call);
    } else if (is_double) {
        for (uint32_t i = 0; i < call->rows; i++) {
            ((double *)to)[i] = round_double(direction, x[i], digits_at(call, i));
        }
        status = tarn__call_doubles(call, to, validity, out);
    } else {
        for (uint32_t i = 0; i < call->rows; i++) {
            ((tarn_i128 *)to)[i] = round_integer(call, direction, n[i], i);
        }
        status = tarn__call_wide(call, to, validity, &bad, out);
    }
    tarn__free(call->env, to);
    if (status == TARN_OK && bad != UINT32_MAX) {
        return tarn__call_invalid(call, "overflow", "the rounded value does not fit its type; cast to a wider type first");
    }
    return status;
}

enum tarn_status tarn__run_sign(struct tarn__call *call, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    enum tarn_status status;
    uint32_t bad;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    const enum tarn_kind kind = tarn_type_kind(call->operands[0].leaf->type);
    const bool is_double = kind == TARN_KIND_F64 || kind == TARN_KIND_F32 || kind == TARN_KIND_F16;
    const double *x = is_double ? tarn__operand_f64(&call->operands[0], call->env) : NULL;
    const tarn_i128 *n = is_double ? NULL : tarn__operand_i128(&call->operands[0], call->env);
    int64_t *to = tarn__alloc(call->env, (size_t)call->rows * sizeof(int64_t) + 1);
    if ((x == NULL && n == NULL) || to == NULL) {
        tarn__buffer_release(validity);
        status = tarn__call_nomem(call);
    } else {
        for (uint32_t i = 0; i < call->rows; i++) {
            to[i] = is_double ? (x[i] > 0) - (x[i] < 0) : (n[i] > 0) - (n[i] < 0);
        }
        status = tarn__call_integers(call, to, validity, &bad, out);
    }
    tarn__free(call->env, to);
    return status;
}

enum tarn_status tarn__run_float_test(struct tarn__call *call, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    const double *x = tarn__operand_f64(&call->operands[0], call->env);
    struct tarn_buffer *bits = tarn__buffer_new_zeroed(call->env, tarn__bits_bytes(call->rows));
    if (x == NULL || bits == NULL) {
        tarn__buffer_release(bits);
        tarn__buffer_release(validity);
        return tarn__call_nomem(call);
    }
    for (uint32_t i = 0; i < call->rows; i++) {
        tarn__bit_put(bits->data, i, call->parameter == 0 ? isnan(x[i]) : call->parameter == 1 ? isinf(x[i]) : isfinite(x[i]));
    }
    return tarn__call_bits(call, bits, validity, out);
}
