/* SPDX-License-Identifier: Apache-2.0
 *
 * CAST and TRY_CAST between all pairs of types that have one. SPEC: Q-CAST-1 to Q-CAST-6.
 *
 * A value is read into one of four carriers (128-bit integer with a scale, double, text, interval) and written from there, so that there
 * are sources and targets, not pairs. Invariant: a value that does not fit is an error that shows it, or NULL under TRY_CAST; never a
 * different value. Exceptions that SQL has: decimals and doubles are rounded to integers, timestamps are cut to dates.
 */
#include <math.h>

#include "format/base/datetime.h"
#include "format/base/decimal.h"
#include "format/base/utf8.h"
#include "format/batch/vector_builder.h"
#include "query/bind/sql_type.h"
#include "query/functions/function.h"

/* What a row's conversion came to. */
enum outcome { FITS, NO_VALUE /* the text is no value of the type */, OUT_OF_RANGE, NO_CAST };

struct cast {
    struct tarn__call *call;
    const struct tarn_type *from;
    const struct tarn_type *to;
    const struct tarn__operand *operand;
    struct tarn_vector_builder *builder;
    struct tarn_text_builder text;
};

static enum outcome put_i128(struct cast *cast, tarn_i128 value)
{
    uint64_t words[4];
    const uint64_t sign = value < 0 ? UINT64_MAX : 0;
    const uint32_t bits = tarn_type_width(cast->to) * 8;
    const bool is_unsigned = cast->to->id >= TARN_TYPE_U8 && cast->to->id <= TARN_TYPE_U64;
    if (cast->to->id == TARN_TYPE_DECIMAL) {
        if (!tarn__decimal128_fits(value, (unsigned)cast->to->precision)) {
            return OUT_OF_RANGE;
        }
    } else if (is_unsigned ? value < 0 || value >> bits != 0 : bits < 128 && (value >> (bits - 1)) != (value < 0 ? -1 : 0)) {
        return OUT_OF_RANGE;
    }
    words[0] = (uint64_t)value;
    words[1] = (uint64_t)((tarn_u128)value >> 64);
    words[2] = sign;
    words[3] = sign;
    if (tarn_type_kind(cast->to) == TARN_KIND_I128) {
        tarn__vector_builder_words(cast->builder, words);
    } else {
        tarn__vector_builder_i64(cast->builder, (int64_t)words[0]);
    }
    return FITS;
}

/* A number with `scale` digits behind the point, to an integer or decimal: rounded half away from zero. */
static enum outcome put_scaled(struct cast *cast, tarn_i128 value, unsigned scale)
{
    const bool decimal = cast->to->id == TARN_TYPE_DECIMAL;
    tarn_i128 rescaled;
    const enum tarn_parsed parsed = tarn__decimal128_rescale(value, scale, decimal ? (unsigned)cast->to->scale : 0,
                                                             decimal ? (unsigned)cast->to->precision : 38, TARN_DECIMAL_ROUND, &rescaled);
    return parsed == TARN_PARSED ? put_i128(cast, rescaled) : OUT_OF_RANGE;
}

static enum outcome put_double(struct cast *cast, double value)
{
    if (cast->to->id != TARN_TYPE_F64 && isfinite(value) && fabs(value) > 3.4028235677973366e38) {
        return OUT_OF_RANGE;
    }
    tarn__vector_builder_f64(cast->builder, value);
    return FITS;
}

/* Doubles to integers are rounded to nearest, ties to even, as DuckDB does; to decimals by their shortest digits. */
static enum outcome double_to_number(struct cast *cast, double value)
{
    tarn_i128 exact;
    if (cast->to->id == TARN_TYPE_DECIMAL) {
        return tarn__decimal128_of_double(value, (unsigned)cast->to->precision, (unsigned)cast->to->scale, &exact) == TARN_PARSED
                   ? put_i128(cast, exact)
                   : OUT_OF_RANGE;
    }
    const double rounded = nearbyint(value);
    if (!(fabs(rounded) < 1e38)) {
        return OUT_OF_RANGE;
    }
    return put_i128(cast, (tarn_i128)rounded);
}

static enum outcome text_to_bool(struct cast *cast, struct tarn_text text)
{
    static const char *const words[] = {"false", "true", "f", "t", "no", "yes", "n", "y", "0", "1"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (tarn__text_equal_caseless(text, tarn__text_of(words[i]))) {
            tarn__vector_builder_bool(cast->builder, i % 2 != 0);
            return FITS;
        }
    }
    return NO_VALUE;
}

static enum outcome text_to_number(struct cast *cast, struct tarn_text text)
{
    tarn_i128 exact;
    double value;
    enum tarn_parsed parsed;
    if (tarn__sql_is_float(cast->to)) {
        parsed = tarn__double_parse(text, TARN_NUMBER_SPECIALS, &value);
        return parsed == TARN_PARSED ? put_double(cast, value) : parsed == TARN_PARSED_RANGE ? OUT_OF_RANGE : NO_VALUE;
    }
    const bool decimal = cast->to->id == TARN_TYPE_DECIMAL;
    parsed = tarn__decimal128_parse(text, decimal ? (unsigned)cast->to->precision : 38, decimal ? (unsigned)cast->to->scale : 0,
                                    TARN_DECIMAL_ROUND, &exact);
    return parsed == TARN_PARSED ? put_i128(cast, exact) : parsed == TARN_PARSED_RANGE ? OUT_OF_RANGE : NO_VALUE;
}

static enum outcome text_to_moment(struct cast *cast, struct tarn_text text)
{
    const unsigned digits = tarn__sql_ticks(cast->to);
    struct tarn_timestamp_text parts;
    int64_t ticks;
    enum tarn_parsed parsed;
    if (cast->to->id == TARN_TYPE_TIME) {
        parsed = tarn__time_parse(text, digits, &ticks);
    } else {
        parsed = tarn__timestamp_scan(text, &parts);
        if (parsed != TARN_PARSED) {
            return parsed == TARN_PARSED_RANGE ? OUT_OF_RANGE : NO_VALUE;
        }
        if (cast->to->id == TARN_TYPE_DATE) {
            const int64_t days = tarn__days_of_civil(parts.local.date.year, parts.local.date.month, parts.local.date.day);
            return put_i128(cast, days);
        }
        parsed = tarn__timestamp_ticks(&parts, digits, &ticks);
    }
    return parsed == TARN_PARSED || parsed == TARN_PARSED_INEXACT ? put_i128(cast, ticks)
           : parsed == TARN_PARSED_RANGE                          ? OUT_OF_RANGE
                                                                  : NO_VALUE;
}

static enum outcome text_to_uuid(struct cast *cast, struct tarn_text text)
{
    char bytes[16];
    size_t digits = 0;
    for (size_t i = 0; i < text.size; i++) {
        const int digit = tarn__hex_value(text.data[i]);
        if (digit < 0 || digits >= 32) {
            if (text.data[i] == '-' && digits % 2 == 0) {
                continue;
            }
            return NO_VALUE;
        }
        bytes[digits / 2] = (char)(digits % 2 == 0 ? digit << 4 : (bytes[digits / 2] | digit));
        digits++;
    }
    if (digits != 32) {
        return NO_VALUE;
    }
    tarn__vector_builder_text(cast->builder, (struct tarn_text){bytes, 16});
    return FITS;
}

/* \xAB is a byte, all else stands for itself. */
static enum outcome text_to_blob(struct cast *cast, struct tarn_text text)
{
    tarn__builder_clear(&cast->text);
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '\\') {
            tarn__builder_add_char(&cast->text, text.data[i]);
            continue;
        }
        if (text.size - i < 4 || text.data[i + 1] != 'x' || tarn__hex_value(text.data[i + 2]) < 0 ||
            tarn__hex_value(text.data[i + 3]) < 0) {
            return NO_VALUE;
        }
        tarn__builder_add_char(&cast->text, (char)(tarn__hex_value(text.data[i + 2]) << 4 | tarn__hex_value(text.data[i + 3])));
        i += 3;
    }
    tarn__vector_builder_text(cast->builder, tarn__builder_text(&cast->text));
    return FITS;
}

static enum outcome text_to(struct cast *cast, struct tarn_text raw)
{
    const struct tarn_text text = tarn__text_trim(raw);
    struct tarn__interval interval;
    uint8_t bytes[16];
    switch (cast->to->id) {
    case TARN_TYPE_BOOL:
        return text_to_bool(cast, text);
    case TARN_TYPE_DATE:
    case TARN_TYPE_TIME:
    case TARN_TYPE_TIMESTAMP:
        return cast->to->wide ? NO_CAST : text_to_moment(cast, text);
    case TARN_TYPE_INTERVAL:
        if (!tarn__interval_parse(text, &interval)) {
            return NO_VALUE;
        }
        tarn__interval_store(bytes, interval);
        tarn__vector_builder_text(cast->builder, (struct tarn_text){(const char *)bytes, 16});
        return FITS;
    case TARN_TYPE_STRING:
    case TARN_TYPE_JSON:
    case TARN_TYPE_ENUM:
        tarn__vector_builder_text(cast->builder, raw);
        return FITS;
    case TARN_TYPE_BINARY:
        return text_to_blob(cast, raw);
    case TARN_TYPE_UUID:
        return text_to_uuid(cast, text);
    default:
        return tarn__sql_is_number(cast->to) ? text_to_number(cast, text) : NO_CAST;
    }
}

static enum outcome integer_to(struct cast *cast, tarn_i128 value, unsigned scale)
{
    if (cast->to->id == TARN_TYPE_BOOL) {
        tarn__vector_builder_bool(cast->builder, value != 0);
        return FITS;
    }
    if (tarn__sql_is_float(cast->to)) {
        return put_double(cast, tarn__decimal128_to_double(value, scale));
    }
    if (tarn__sql_is_number(cast->to)) {
        return put_scaled(cast, value, scale);
    }
    return NO_CAST;
}

static enum outcome moment_to(struct cast *cast, int64_t value)
{
    const bool from_date = cast->from->id == TARN_TYPE_DATE;
    const unsigned digits = tarn__sql_ticks(cast->to);
    int64_t ticks;
    if (cast->to->id == TARN_TYPE_DATE) {
        return put_i128(cast,
                        from_date ? value : tarn__floor_div(value, TARN_DAY_SECONDS * tarn__ticks_per_second(tarn__sql_ticks(cast->from))));
    }
    if (cast->to->id == TARN_TYPE_TIME && !from_date) {
        const int64_t day = TARN_DAY_SECONDS * tarn__ticks_per_second(tarn__sql_ticks(cast->from));
        (void)tarn__ticks_rescale(value - tarn__floor_div(value, day) * day, tarn__sql_ticks(cast->from), digits, &ticks);
        return put_i128(cast, ticks);
    }
    if (cast->to->id != TARN_TYPE_TIMESTAMP || cast->to->wide) {
        return NO_CAST;
    }
    if (from_date) {
        return __builtin_mul_overflow(value, TARN_DAY_SECONDS * tarn__ticks_per_second(digits), &ticks) ? OUT_OF_RANGE
                                                                                                        : put_i128(cast, ticks);
    }
    return tarn__ticks_rescale(value, tarn__sql_ticks(cast->from), digits, &ticks) == TARN_PARSED_RANGE ? OUT_OF_RANGE
                                                                                                        : put_i128(cast, ticks);
}

static enum outcome double_to(struct cast *cast, double value)
{
    if (cast->to->id == TARN_TYPE_BOOL) {
        tarn__vector_builder_bool(cast->builder, value != 0);
        return FITS;
    }
    return tarn__sql_is_float(cast->to) ? put_double(cast, value) : tarn__sql_is_number(cast->to) ? double_to_number(cast, value) : NO_CAST;
}

static enum outcome convert(struct cast *cast, uint32_t row, const double *doubles)
{
    if (tarn__sql_is_text(cast->to) && !tarn__sql_is_text(cast->from)) {
        tarn__builder_clear(&cast->text);
        tarn__row_text(&cast->text, cast->call->args[0], row, TARN_STYLE_SQL);
        tarn__vector_builder_text(cast->builder, tarn__builder_text(&cast->text));
        return FITS;
    }
    switch (cast->from->id) {
    case TARN_TYPE_STRING:
    case TARN_TYPE_JSON:
    case TARN_TYPE_ENUM:
        return text_to(cast, tarn__operand_text(cast->operand, row));
    case TARN_TYPE_BOOL:
        return integer_to(cast, tarn__operand_bool_at(cast->operand, row), 0);
    case TARN_TYPE_DATE:
    case TARN_TYPE_TIMESTAMP:
        return cast->from->wide ? NO_CAST : moment_to(cast, (int64_t)tarn__operand_i128_at(cast->operand, row));
    case TARN_TYPE_TIME:
        if (cast->to->id == TARN_TYPE_TIME) {
            int64_t ticks;
            (void)tarn__ticks_rescale((int64_t)tarn__operand_i128_at(cast->operand, row), tarn__sql_ticks(cast->from),
                                      tarn__sql_ticks(cast->to), &ticks);
            return put_i128(cast, ticks);
        }
        return NO_CAST;
    case TARN_TYPE_DECIMAL:
        return cast->from->precision > TARN_DECIMAL128_DIGITS
                   ? NO_CAST
                   : integer_to(cast, tarn__operand_i128_at(cast->operand, row), (unsigned)cast->from->scale);
    default:
        return tarn__sql_is_integer(cast->from) ? integer_to(cast, tarn__operand_i128_at(cast->operand, row), 0)
               : doubles != NULL                ? double_to(cast, doubles[row])
                                                : NO_CAST;
    }
}

static enum tarn_status refuse(const struct cast *cast, enum outcome outcome, uint32_t row)
{
    struct tarn_text_builder value;
    char from[64];
    char to[64];
    enum tarn_status status;
    tarn_type_format(cast->from, from, sizeof(from));
    tarn_type_format(cast->to, to, sizeof(to));
    if (outcome == NO_CAST) {
        return tarn__unsupported(cast->call->err, "sql.cast", "%s cannot be cast to %s", from, to);
    }
    tarn__builder_init(&value, cast->call->env);
    tarn__print_value(&value, cast->call->args[0], row);
    const struct tarn_text shown = {value.data, value.size > 80 ? 80 : value.size};
    if (outcome == NO_VALUE) {
        status = tarn__call_invalid(cast->call, "conversion", "'%.*s' is no %s; TRY_CAST gives NULL instead", TARN_TEXT_ARG(shown), to);
    } else {
        status = tarn__call_invalid(cast->call, "conversion", "%.*s (%s) does not fit %s; TRY_CAST gives NULL instead",
                                    TARN_TEXT_ARG(shown), from, to);
    }
    tarn__builder_free(&value);
    return status;
}

static enum tarn_status convert_rows(struct cast *cast)
{
    struct tarn__call *call = cast->call;
    const double *doubles = NULL;
    if (tarn__sql_is_float(cast->from) && !cast->operand->all_null) {
        doubles = tarn__operand_f64(&call->operands[0], call->env);
        if (doubles == NULL) {
            return tarn__call_nomem(call);
        }
    }
    for (uint32_t i = 0; i < call->rows; i++) {
        if (tarn__operand_null(cast->operand, i)) {
            tarn__vector_builder_null(cast->builder);
            continue;
        }
        const enum outcome outcome = convert(cast, i, doubles);
        if (outcome != FITS && (call->parameter == 0 || outcome == NO_CAST)) {
            return refuse(cast, outcome, i);
        }
        if (outcome != FITS) {
            tarn__vector_builder_null(cast->builder);
        }
    }
    return tarn__builder_status(&cast->text, call->err);
}

enum tarn_status tarn__run_cast(struct tarn__call *call, struct tarn_vector **out)
{
    struct cast cast = {.call = call, .from = call->node->args[0]->type, .to = call->node->type, .operand = &call->operands[0]};
    enum tarn_status status;
    if (tarn__sql_is_null(cast.from) || call->operands[0].all_null) {
        *out = tarn__vector_nulls(call->env, cast.to, call->rows);
        return *out != NULL ? TARN_OK : tarn__call_nomem(call);
    }
    tarn__builder_init(&cast.text, call->env);
    status = tarn__vector_builder_open(call->env, cast.to, &cast.builder, call->err);
    status = status == TARN_OK ? convert_rows(&cast) : status;
    status = status == TARN_OK ? tarn__vector_builder_finish(cast.builder, out, call->err) : status;
    tarn__vector_builder_close_all(cast.builder);
    tarn__builder_free(&cast.text);
    return status;
}
