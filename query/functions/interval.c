/* SPDX-License-Identifier: Apache-2.0
 *
 * Intervals: months, days and nanoseconds apart, as DuckDB has them; their text, and their sums with dates and timestamps. SPEC: Q-DATE-4.
 */
#include "format/base/datetime.h"
#include "format/base/utf8.h"
#include "query/functions/function.h"

#define NANOS_PER_DAY INT64_C(86400000000000)

struct tarn__interval tarn__interval_load(const struct tarn__operand *operand, uint32_t row)
{
    const uint8_t *bytes = (const uint8_t *)operand->leaf->u.values + (size_t)tarn__operand_at(operand, row) * 16;
    return (struct tarn__interval){(int32_t)tarn__load32(bytes), (int32_t)tarn__load32(bytes + 4), (int64_t)tarn__load64(bytes + 8)};
}

void tarn__interval_store(uint8_t out[16], struct tarn__interval interval)
{
    tarn__store32(out, (uint32_t)interval.months);
    tarn__store32(out + 4, (uint32_t)interval.days);
    tarn__store64(out + 8, (uint64_t)interval.nanos);
}

/* Adds n units; false: no such unit, or out of range. */
static bool add_unit(struct tarn__interval *interval, double n, struct tarn_text unit)
{
    static const struct {
        const char *name;
        int32_t months;
        int32_t days;
        int64_t nanos;
    } units[] = {{"year", 12, 0, 0},
                 {"yr", 12, 0, 0},
                 {"y", 12, 0, 0},
                 {"quarter", 3, 0, 0},
                 {"decade", 120, 0, 0},
                 {"century", 1200, 0, 0},
                 {"month", 1, 0, 0},
                 {"mon", 1, 0, 0},
                 {"week", 0, 7, 0},
                 {"w", 0, 7, 0},
                 {"day", 0, 1, 0},
                 {"d", 0, 1, 0},
                 {"hour", 0, 0, INT64_C(3600000000000)},
                 {"hr", 0, 0, INT64_C(3600000000000)},
                 {"h", 0, 0, INT64_C(3600000000000)},
                 {"minute", 0, 0, INT64_C(60000000000)},
                 {"min", 0, 0, INT64_C(60000000000)},
                 {"m", 0, 0, INT64_C(60000000000)},
                 {"second", 0, 0, 1000000000},
                 {"sec", 0, 0, 1000000000},
                 {"s", 0, 0, 1000000000},
                 {"millisecond", 0, 0, 1000000},
                 {"ms", 0, 0, 1000000},
                 {"microsecond", 0, 0, 1000},
                 {"us", 0, 0, 1000}};
    if (unit.size > 1 && (unit.data[unit.size - 1] == 's' || unit.data[unit.size - 1] == 'S') &&
        !tarn__text_equal_caseless(unit, TARN_TEXT("ms")) && !tarn__text_equal_caseless(unit, TARN_TEXT("us"))) {
        unit.size--;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (tarn__text_equal_caseless(unit, tarn__text_of(units[i].name))) {
            const double months = (double)interval->months + n * units[i].months;
            const double days = (double)interval->days + n * units[i].days;
            const double nanos = (double)interval->nanos + n * (double)units[i].nanos;
            if (months > INT32_MAX || months < INT32_MIN || days > INT32_MAX || days < INT32_MIN || nanos > 9.2e18 || nanos < -9.2e18) {
                return false;
            }
            interval->months = (int32_t)months;
            interval->days = (int32_t)days;
            interval->nanos = units[i].nanos != 0 ? (int64_t)nanos : interval->nanos;
            return true;
        }
    }
    return false;
}

static struct tarn_text take_while(struct tarn_text *text, bool (*wanted)(char c))
{
    struct tarn_text head = {text->data, 0};
    while (head.size < text->size && wanted(text->data[head.size])) {
        head.size++;
    }
    text->data += head.size;
    text->size -= head.size;
    return head;
}

static bool of_number(char c)
{
    return tarn__is_digit(c) || c == '.' || c == '-' || c == '+' || c == ':';
}

bool tarn__interval_parse(struct tarn_text text, struct tarn__interval *out)
{
    struct tarn_text rest = tarn__text_trim(text);
    *out = (struct tarn__interval){0, 0, 0};
    if (rest.size == 0) {
        return false;
    }
    while (rest.size != 0) {
        struct tarn_text number = take_while(&rest, of_number);
        if (memchr(number.data, ':', number.size) != NULL) {
            const bool negative = number.data[0] == '-';
            int64_t nanos;
            number.data += negative;
            number.size -= negative;
            if (tarn__time_parse(number, 9, &nanos) != TARN_PARSED) {
                return false;
            }
            out->nanos += negative ? -nanos : nanos;
        } else {
            double n;
            if (tarn__double_parse(number, 0, &n) != TARN_PARSED) {
                return false;
            }
            take_while(&rest, tarn__is_space);
            if (!add_unit(out, n, take_while(&rest, tarn__is_letter))) {
                return false;
            }
        }
        take_while(&rest, tarn__is_space);
    }
    return true;
}

/* A vector of intervals, or of timestamps, computed row by row. */
typedef bool (*compute_interval)(const struct tarn__call *call, uint32_t row, struct tarn__interval *out);

static enum tarn_status intervals(struct tarn__call *call, compute_interval compute, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    struct tarn_buffer *buffer = tarn__buffer_new_zeroed(call->env, (size_t)call->rows * 16);
    for (uint32_t i = 0; buffer != NULL && i < call->rows; i++) {
        struct tarn__interval interval;
        if (!tarn__row_valid(validity, i)) {
            continue;
        }
        if (!compute(call, i, &interval)) {
            tarn__buffer_release(buffer);
            tarn__buffer_release(validity);
            return tarn__call_invalid(call, "overflow", "the interval is too long");
        }
        tarn__interval_store(buffer->data + (size_t)i * 16, interval);
    }
    *out = tarn__vector_flat(call->env, call->node->type, call->rows, buffer, validity);
    return *out != NULL ? TARN_OK : tarn__call_nomem(call);
}

static bool sum(const struct tarn__interval *a, const struct tarn__interval *b, int sign, struct tarn__interval *out)
{
    const struct tarn__interval other = sign < 0 ? (struct tarn__interval){-b->months, -b->days, -b->nanos} : *b;
    return !__builtin_add_overflow(a->months, other.months, &out->months) && !__builtin_add_overflow(a->days, other.days, &out->days) &&
           !__builtin_add_overflow(a->nanos, other.nanos, &out->nanos);
}

static bool compute_sum(const struct tarn__call *call, uint32_t row, struct tarn__interval *out)
{
    const struct tarn__interval a = tarn__interval_load(&call->operands[0], row);
    const struct tarn__interval b = tarn__interval_load(&call->operands[1], row);
    return sum(&a, &b, call->parameter, out);
}

enum tarn_status tarn__run_interval_add(struct tarn__call *call, struct tarn_vector **out)
{
    return intervals(call, compute_sum, out);
}

static bool compute_product(const struct tarn__call *call, uint32_t row, struct tarn__interval *out)
{
    const struct tarn__interval a = tarn__interval_load(&call->operands[0], row);
    const tarn_i128 n = tarn__operand_i128_at(&call->operands[1], row);
    const int64_t times = n > INT64_MAX ? INT64_MAX : n < INT64_MIN ? INT64_MIN : (int64_t)n;
    return !__builtin_mul_overflow(a.months, times, &out->months) && !__builtin_mul_overflow(a.days, times, &out->days) &&
           !__builtin_mul_overflow(a.nanos, times, &out->nanos);
}

enum tarn_status tarn__run_interval_multiply(struct tarn__call *call, struct tarn_vector **out)
{
    return intervals(call, compute_product, out);
}

static bool compute_negative(const struct tarn__call *call, uint32_t row, struct tarn__interval *out)
{
    const struct tarn__interval zero = {0, 0, 0};
    const struct tarn__interval a = tarn__interval_load(&call->operands[0], row);
    return sum(&zero, &a, -1, out);
}

enum tarn_status tarn__run_interval_negate(struct tarn__call *call, struct tarn_vector **out)
{
    return intervals(call, compute_negative, out);
}

static bool compute_made(const struct tarn__call *call, uint32_t row, struct tarn__interval *out)
{
    static const int64_t months[] = {12, 1, 0, 0, 0, 0, 0, 3};
    static const int64_t days[] = {0, 0, 7, 1, 0, 0, 0, 0};
    static const int64_t nanos[] = {0, 0, 0, 0, INT64_C(3600000000000), INT64_C(60000000000), 1000, 0};
    const int64_t n = (int64_t)tarn__operand_i128_at(&call->operands[0], row);
    *out = (struct tarn__interval){0, 0, 0};
    return !__builtin_mul_overflow(n, months[call->parameter], &out->months) &&
           !__builtin_mul_overflow(n, days[call->parameter], &out->days) && !__builtin_mul_overflow(n, nanos[call->parameter], &out->nanos);
}

enum tarn_status tarn__run_make_interval(struct tarn__call *call, struct tarn_vector **out)
{
    return intervals(call, compute_made, out);
}

static bool compute_seconds(const struct tarn__call *call, uint32_t row, struct tarn__interval *out)
{
    const double n = ((const double *)call->operands[0].leaf->u.values)[tarn__operand_at(&call->operands[0], row)];
    const double nanos = n * (call->parameter == 0 ? 1e9 : 1e6);
    *out = (struct tarn__interval){0, 0, nanos > -9.2e18 && nanos < 9.2e18 ? (int64_t)nanos : 0};
    return nanos > -9.2e18 && nanos < 9.2e18;
}

enum tarn_status tarn__run_make_interval_seconds(struct tarn__call *call, struct tarn_vector **out)
{
    return intervals(call, compute_seconds, out);
}

/* Whole days apart, the rest in nanoseconds. */
static bool compute_between(const struct tarn__call *call, uint32_t row, struct tarn__interval *out)
{
    const unsigned a_digits = 3u * (unsigned)call->operands[0].leaf->type->unit;
    const unsigned b_digits = 3u * (unsigned)call->operands[1].leaf->type->unit;
    tarn_i128 a = tarn__operand_i128_at(&call->operands[0], row);
    tarn_i128 b = tarn__operand_i128_at(&call->operands[1], row);
    a *= 1000000000 / tarn__ticks_per_second(a_digits);
    b *= 1000000000 / tarn__ticks_per_second(b_digits);
    const tarn_i128 days = (a - b) / NANOS_PER_DAY;
    *out = (struct tarn__interval){0, (int32_t)days, (int64_t)((a - b) % NANOS_PER_DAY)};
    return days <= INT32_MAX && days >= INT32_MIN;
}

enum tarn_status tarn__run_timestamps_between(struct tarn__call *call, struct tarn_vector **out)
{
    return intervals(call, compute_between, out);
}

/* DATE or TIMESTAMP and an interval: months first, then days, then the time. */
static bool add_interval(const struct tarn__call *call, uint32_t row, int64_t *out)
{
    const struct tarn__operand *moment = &call->operands[0];
    const unsigned digits = 3u * (unsigned)call->node->type->unit;
    const int64_t second = tarn__ticks_per_second(digits);
    const struct tarn__interval interval = tarn__interval_load(&call->operands[1], row);
    const int64_t sign = call->parameter;
    int64_t ticks = (int64_t)tarn__operand_i128_at(moment, row);
    int64_t days;
    int64_t nanos;
    if (moment->leaf->type->id == TARN_TYPE_DATE) {
        if (__builtin_mul_overflow(ticks, TARN_DAY_SECONDS * second, &ticks)) {
            return false;
        }
    }
    if (__builtin_mul_overflow((int64_t)interval.days * sign, TARN_DAY_SECONDS * second, &days) ||
        __builtin_mul_overflow(interval.nanos, sign, &nanos)) {
        return false;
    }
    return tarn__timestamp_add_months(ticks, digits, interval.months * sign, &ticks) && !__builtin_add_overflow(ticks, days, &ticks) &&
           !__builtin_add_overflow(ticks, nanos / (1000000000 / second), out);
}

enum tarn_status tarn__run_add_interval(struct tarn__call *call, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    uint32_t bad = UINT32_MAX;
    enum tarn_status status;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    int64_t *to = tarn__calloc(call->env, (size_t)call->rows + 1, sizeof(int64_t));
    for (uint32_t i = 0; to != NULL && i < call->rows && bad == UINT32_MAX; i++) {
        if (tarn__row_valid(validity, i) && !add_interval(call, i, &to[i])) {
            bad = i;
        }
    }
    if (to == NULL || bad != UINT32_MAX) {
        tarn__buffer_release(validity);
        status =
            to == NULL ? tarn__call_nomem(call) : tarn__call_invalid(call, "overflow", "the date or time lies outside what its type holds");
    } else {
        status = tarn__call_integers(call, to, validity, &bad, out);
    }
    tarn__free(call->env, to);
    return status;
}
