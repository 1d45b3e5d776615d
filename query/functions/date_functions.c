/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of dates and timestamps: parts, truncation, differences, making and naming. SPEC: Q-DATE-1 to Q-DATE-3.
 *
 * Invariant: a DATE is read as days, a TIMESTAMP as ticks of its unit; nothing is shifted by a zone (the session's is UTC).
 */
#include "format/base/datetime.h"
#include "format/base/utf8.h"
#include "format/batch/vector_builder.h"
#include "query/functions/function.h"

static bool is_date(const struct tarn__operand *operand)
{
    return operand->leaf->type->id == TARN_TYPE_DATE;
}

static unsigned digits_of(const struct tarn_type *type)
{
    return 3u * (unsigned)type->unit;
}

static int64_t raw_at(const struct tarn__operand *operand, uint32_t row)
{
    return (int64_t)tarn__operand_i128_at(operand, row);
}

static int64_t extract_at(const struct tarn__operand *operand, uint32_t row, enum tarn_datetime_part part)
{
    return is_date(operand) ? tarn__date_extract(raw_at(operand, row), part)
                            : tarn__timestamp_extract(raw_at(operand, row), digits_of(operand->leaf->type), part);
}

typedef enum tarn_status (*compute_row)(struct tarn__call *call, uint32_t row, int64_t *out);

static enum tarn_status integers(struct tarn__call *call, compute_row compute, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    uint32_t bad = UINT32_MAX;
    enum tarn_status status = TARN_OK;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    int64_t *to = tarn__calloc(call->env, (size_t)call->rows + 1, sizeof(int64_t));
    status = to == NULL ? tarn__call_nomem(call) : TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < call->rows; i++) {
        if (tarn__row_valid(validity, i)) {
            status = compute(call, i, &to[i]);
        }
    }
    if (status == TARN_OK) {
        status = tarn__call_integers(call, to, validity, &bad, out);
    } else {
        tarn__buffer_release(validity);
    }
    tarn__free(call->env, to);
    if (status == TARN_OK && bad != UINT32_MAX) {
        return tarn__call_invalid(call, "overflow", "the date or time lies outside what its type holds");
    }
    return status;
}

static enum tarn_status part_row(struct tarn__call *call, uint32_t row, int64_t *out)
{
    *out = extract_at(&call->operands[0], row, (enum tarn_datetime_part)call->parameter);
    return TARN_OK;
}

enum tarn_status tarn__run_date_part(struct tarn__call *call, struct tarn_vector **out)
{
    return integers(call, part_row, out);
}

static enum tarn_status part_named(const struct tarn__call *call, uint32_t row, enum tarn_datetime_part *part)
{
    const struct tarn_text name = tarn__operand_text(&call->operands[0], row);
    if (!tarn__datetime_part_of_name(name, part)) {
        return tarn__call_invalid(
            call, "date_part",
            "\"%.*s\" is no part of a date; there are year, quarter, month, week, day, dow, doy, hour, minute, second and more",
            TARN_TEXT_ARG(name));
    }
    return TARN_OK;
}

static enum tarn_status named_part_row(struct tarn__call *call, uint32_t row, int64_t *out)
{
    enum tarn_datetime_part part = TARN_PART_YEAR;
    TARN_RETURN_IF_ERROR(part_named(call, row, &part));
    *out = extract_at(&call->operands[1], row, part);
    return TARN_OK;
}

enum tarn_status tarn__run_date_part_named(struct tarn__call *call, struct tarn_vector **out)
{
    return integers(call, named_part_row, out);
}

/* Ticks of any moment in a unit; false: out of range. */
static bool ticks_at(const struct tarn__operand *operand, uint32_t row, unsigned digits, int64_t *out)
{
    if (is_date(operand)) {
        return !__builtin_mul_overflow(raw_at(operand, row), TARN_DAY_SECONDS * tarn__ticks_per_second(digits), out);
    }
    return tarn__ticks_rescale(raw_at(operand, row), digits_of(operand->leaf->type), digits, out) != TARN_PARSED_RANGE;
}

static enum tarn_status out_of_range(const struct tarn__call *call)
{
    return tarn__call_invalid(call, "overflow", "the date or time lies outside what its type holds");
}

static enum tarn_status epoch_row(struct tarn__call *call, uint32_t row, int64_t *out)
{
    return ticks_at(&call->operands[0], row, (unsigned)call->parameter, out) ? TARN_OK : out_of_range(call);
}

/* Seconds as a double; milliseconds and microseconds as integers. */
enum tarn_status tarn__run_epoch(struct tarn__call *call, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    if (call->parameter != 0) {
        return integers(call, epoch_row, out);
    }
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    const struct tarn__operand *moment = &call->operands[0];
    double *to = tarn__calloc(call->env, (size_t)call->rows + 1, sizeof(double));
    if (to == NULL) {
        tarn__buffer_release(validity);
        return tarn__call_nomem(call);
    }
    const double scale = is_date(moment) ? 1 : (double)tarn__ticks_per_second(digits_of(moment->leaf->type));
    for (uint32_t i = 0; i < call->rows; i++) {
        const int64_t raw = tarn__row_valid(validity, i) ? raw_at(moment, i) : 0;
        to[i] = is_date(moment) ? (double)raw * TARN_DAY_SECONDS : (double)raw / scale;
    }
    const enum tarn_status status = tarn__call_doubles(call, to, validity, out);
    tarn__free(call->env, to);
    return status;
}

static enum tarn_status truncate_row(struct tarn__call *call, uint32_t row, int64_t *out)
{
    const unsigned digits = digits_of(call->node->type);
    enum tarn_datetime_part part = TARN_PART_YEAR;
    int64_t ticks;
    TARN_RETURN_IF_ERROR(part_named(call, row, &part));
    if (!ticks_at(&call->operands[1], row, digits, &ticks)) {
        return out_of_range(call);
    }
    if (part == TARN_PART_DOW || part == TARN_PART_ISODOW || part == TARN_PART_DOY || part == TARN_PART_EPOCH) {
        return tarn__call_invalid(call, "date_part", "a date cannot be cut to this part");
    }
    return tarn__timestamp_truncate(ticks, digits, part, out) ? TARN_OK : out_of_range(call);
}

enum tarn_status tarn__run_date_trunc(struct tarn__call *call, struct tarn_vector **out)
{
    return integers(call, truncate_row, out);
}

/* How many borders of the part lie between the two. */
static enum tarn_status difference_row(struct tarn__call *call, uint32_t row, int64_t *out)
{
    static const int64_t seconds[] = {[TARN_PART_HOUR] = 3600, [TARN_PART_MINUTE] = 60, [TARN_PART_SECOND] = 1, [TARN_PART_EPOCH] = 1};
    enum tarn_datetime_part part = TARN_PART_YEAR;
    const struct tarn__operand *a = &call->operands[1];
    const struct tarn__operand *b = &call->operands[2];
    int64_t from;
    int64_t to;
    TARN_RETURN_IF_ERROR(part_named(call, row, &part));
    if (!ticks_at(a, row, 6, &from) || !ticks_at(b, row, 6, &to)) {
        return out_of_range(call);
    }
    const int64_t years = extract_at(b, row, TARN_PART_YEAR) - extract_at(a, row, TARN_PART_YEAR);
    const int64_t day = (int64_t)TARN_DAY_SECONDS * 1000000;
    const int64_t days_from = tarn__floor_div(from, day);
    const int64_t days_to = tarn__floor_div(to, day);
    switch (part) {
    case TARN_PART_YEAR:
        *out = years;
        return TARN_OK;
    case TARN_PART_DECADE:
        *out = tarn__floor_div(extract_at(b, row, TARN_PART_YEAR), 10) - tarn__floor_div(extract_at(a, row, TARN_PART_YEAR), 10);
        return TARN_OK;
    case TARN_PART_CENTURY:
    case TARN_PART_MILLENNIUM:
    case TARN_PART_ISOYEAR:
        *out = extract_at(b, row, part) - extract_at(a, row, part);
        return TARN_OK;
    case TARN_PART_QUARTER:
        *out = years * 4 + extract_at(b, row, part) - extract_at(a, row, part);
        return TARN_OK;
    case TARN_PART_MONTH:
        *out = years * 12 + extract_at(b, row, part) - extract_at(a, row, part);
        return TARN_OK;
    case TARN_PART_WEEK: /* begins on Monday; 1970-01-01 was a Thursday */
        *out = tarn__floor_div(days_to + 3, 7) - tarn__floor_div(days_from + 3, 7);
        return TARN_OK;
    case TARN_PART_DAY:
    case TARN_PART_DOW:
    case TARN_PART_ISODOW:
    case TARN_PART_DOY:
        *out = days_to - days_from;
        return TARN_OK;
    case TARN_PART_MICROSECOND:
        return __builtin_sub_overflow(to, from, out) ? out_of_range(call) : TARN_OK;
    case TARN_PART_MILLISECOND:
        *out = tarn__floor_div(to, 1000) - tarn__floor_div(from, 1000);
        return TARN_OK;
    case TARN_PART_NANOSECOND:
        return __builtin_sub_overflow(to, from, out) || __builtin_mul_overflow(*out, 1000, out) ? out_of_range(call) : TARN_OK;
    default:
        *out = tarn__floor_div(to, seconds[part] * 1000000) - tarn__floor_div(from, seconds[part] * 1000000);
        return TARN_OK;
    }
}

enum tarn_status tarn__run_date_diff(struct tarn__call *call, struct tarn_vector **out)
{
    return integers(call, difference_row, out);
}

static enum tarn_status make_date_row(struct tarn__call *call, uint32_t row, int64_t *out)
{
    const int64_t year = raw_at(&call->operands[0], row);
    const int64_t month = raw_at(&call->operands[1], row);
    const int64_t day = raw_at(&call->operands[2], row);
    if (year < -999999 || year > 999999 || month < 1 || month > 12 || day < 1 || day > 31 ||
        !tarn__civil_is_valid(year, (unsigned)month, (unsigned)day)) {
        return tarn__call_invalid(call, "date", "there is no day %lld-%lld-%lld", (long long)year, (long long)month, (long long)day);
    }
    *out = tarn__days_of_civil(year, (unsigned)month, (unsigned)day);
    return TARN_OK;
}

enum tarn_status tarn__run_make_date(struct tarn__call *call, struct tarn_vector **out)
{
    return integers(call, make_date_row, out);
}

static int64_t days_at(const struct tarn__operand *operand, uint32_t row)
{
    const int64_t raw = raw_at(operand, row);
    return is_date(operand) ? raw : tarn__floor_div(raw, TARN_DAY_SECONDS * tarn__ticks_per_second(digits_of(operand->leaf->type)));
}

static enum tarn_status last_day_row(struct tarn__call *call, uint32_t row, int64_t *out)
{
    const struct tarn_civil date = tarn__civil_of_days(days_at(&call->operands[0], row));
    *out = tarn__days_of_civil(date.year, date.month, tarn__month_days(date.year, date.month));
    return TARN_OK;
}

enum tarn_status tarn__run_last_day(struct tarn__call *call, struct tarn_vector **out)
{
    return integers(call, last_day_row, out);
}

/* DATE + n (parameter 1), DATE - n (-1), n + DATE (2) */
static enum tarn_status add_days_row(struct tarn__call *call, uint32_t row, int64_t *out)
{
    const int64_t days = raw_at(&call->operands[call->parameter == 2 ? 1 : 0], row);
    const int64_t n = raw_at(&call->operands[call->parameter == 2 ? 0 : 1], row);
    const bool overflows = call->parameter == -1 ? __builtin_sub_overflow(days, n, out) : __builtin_add_overflow(days, n, out);
    return overflows ? out_of_range(call) : TARN_OK;
}

enum tarn_status tarn__run_add_days(struct tarn__call *call, struct tarn_vector **out)
{
    return integers(call, add_days_row, out);
}

static enum tarn_status days_between_row(struct tarn__call *call, uint32_t row, int64_t *out)
{
    *out = raw_at(&call->operands[0], row) - raw_at(&call->operands[1], row);
    return TARN_OK;
}

enum tarn_status tarn__run_days_between(struct tarn__call *call, struct tarn_vector **out)
{
    return integers(call, days_between_row, out);
}

/* ---- names and forms ---- */

static const char *const day_names[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char *const month_names[] = {"January", "February", "March",     "April",   "May",      "June",
                                          "July",    "August",   "September", "October", "November", "December"};

static void add_short(struct tarn_text_builder *out, const char *name)
{
    tarn__builder_add_bytes(out, name, 3);
}

struct moment {
    const struct tarn__operand *operand;
    uint32_t row;
};

static int64_t get(const struct moment *m, enum tarn_datetime_part part)
{
    return extract_at(m->operand, m->row, part);
}

static void add_padded(struct tarn_text_builder *out, int64_t value, unsigned width, bool bare)
{
    if (value < 0) {
        tarn__builder_add_char(out, '-');
        value = -value;
    }
    tarn__builder_add_uint_padded(out, (uint64_t)value, bare ? 1 : width);
}

static int64_t micros_of(const struct moment *m)
{
    int64_t ticks = 0;
    (void)ticks_at(m->operand, m->row, 6, &ticks);
    return ticks - tarn__floor_div(ticks, 1000000) * 1000000;
}

/* One directive of strftime; false: there is no such one. `bare`: %-d, without zeros in front. */
static bool add_directive(struct tarn_text_builder *out, const struct moment *m, char directive, bool bare)
{
    const int64_t hour = get(m, TARN_PART_HOUR);
    const int64_t dow = get(m, TARN_PART_DOW);
    const int64_t month = get(m, TARN_PART_MONTH);
    switch (directive) {
    case 'Y':
        add_padded(out, get(m, TARN_PART_YEAR), 4, bare || get(m, TARN_PART_YEAR) < 0);
        return true;
    case 'y':
        add_padded(out, ((get(m, TARN_PART_YEAR) % 100) + 100) % 100, 2, bare);
        return true;
    case 'm':
        add_padded(out, month, 2, bare);
        return true;
    case 'd':
        add_padded(out, get(m, TARN_PART_DAY), 2, bare);
        return true;
    case 'H':
        add_padded(out, hour, 2, bare);
        return true;
    case 'I':
        add_padded(out, hour % 12 == 0 ? 12 : hour % 12, 2, bare);
        return true;
    case 'p':
        tarn__builder_add_str(out, hour < 12 ? "AM" : "PM");
        return true;
    case 'M':
        add_padded(out, get(m, TARN_PART_MINUTE), 2, bare);
        return true;
    case 'S':
        add_padded(out, get(m, TARN_PART_SECOND), 2, bare);
        return true;
    case 'f':
        add_padded(out, micros_of(m), 6, false);
        return true;
    case 'g':
        add_padded(out, micros_of(m) / 1000, 3, false);
        return true;
    case 'j':
        add_padded(out, get(m, TARN_PART_DOY), 3, bare);
        return true;
    case 'a':
        add_short(out, day_names[dow]);
        return true;
    case 'A':
        tarn__builder_add_str(out, day_names[dow]);
        return true;
    case 'b':
        add_short(out, month_names[month - 1]);
        return true;
    case 'B':
        tarn__builder_add_str(out, month_names[month - 1]);
        return true;
    case 'w':
        add_padded(out, dow, 1, true);
        return true;
    case 'u':
        add_padded(out, get(m, TARN_PART_ISODOW), 1, true);
        return true;
    case 'V':
        add_padded(out, get(m, TARN_PART_WEEK), 2, bare);
        return true;
    case 'G':
        add_padded(out, get(m, TARN_PART_ISOYEAR), 4, bare || get(m, TARN_PART_ISOYEAR) < 0);
        return true;
    case 'z':
        tarn__builder_add_str(out, "+00");
        return true;
    case 'Z':
        tarn__builder_add_str(out, "UTC");
        return true;
    case '%':
        tarn__builder_add_char(out, '%');
        return true;
    default:
        return false;
    }
}

static bool add_format(struct tarn_text_builder *out, const struct moment *m, struct tarn_text format)
{
    for (size_t i = 0; i < format.size; i++) {
        if (format.data[i] != '%') {
            tarn__builder_add_char(out, format.data[i]);
            continue;
        }
        const bool bare = i + 1 < format.size && format.data[i + 1] == '-';
        i += bare ? 2 : 1;
        if (i >= format.size) {
            return false;
        }
        const char *whole = format.data[i] == 'F' || format.data[i] == 'x'   ? "%Y-%m-%d"
                            : format.data[i] == 'T' || format.data[i] == 'X' ? "%H:%M:%S"
                            : format.data[i] == 'c'                          ? "%Y-%m-%d %H:%M:%S"
                                                                             : NULL;
        if (whole != NULL) {
            (void)add_format(out, m, tarn__text_of(whole)); /* one level: these hold none of themselves */
        } else if (!add_directive(out, m, format.data[i], bare)) {
            return false;
        }
    }
    return true;
}

static enum tarn_status format_rows(struct tarn__call *call, const struct tarn_buffer *validity, struct tarn_vector_builder *builder,
                                    struct tarn_text_builder *text)
{
    for (uint32_t i = 0; i < call->rows; i++) {
        if (!tarn__row_valid(validity, i)) {
            tarn__vector_builder_null(builder);
            continue;
        }
        const struct moment m = {&call->operands[0], i};
        tarn__builder_clear(text);
        if (!add_format(text, &m, tarn__operand_text(&call->operands[1], i))) {
            return tarn__call_invalid(call, "strftime", "the format has a %% directive that is not known; see docs/sql.md");
        }
        TARN_RETURN_IF_ERROR(tarn__builder_status(text, call->err));
        tarn__vector_builder_text(builder, tarn__builder_text(text));
    }
    return TARN_OK;
}

enum tarn_status tarn__run_strftime(struct tarn__call *call, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    struct tarn_vector_builder *builder;
    struct tarn_text_builder text;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    tarn__builder_init(&text, call->env);
    enum tarn_status status = tarn__vector_builder_open(call->env, call->node->type, &builder, call->err);
    status = status == TARN_OK ? format_rows(call, validity, builder, &text) : status;
    status = status == TARN_OK ? tarn__vector_builder_finish(builder, out, call->err) : status;
    tarn__vector_builder_close_all(builder);
    tarn__builder_free(&text);
    tarn__buffer_release(validity);
    return status;
}

enum tarn_status tarn__run_day_name(struct tarn__call *call, struct tarn_vector **out)
{
    struct tarn_vector_builder *builder;
    enum tarn_status status = tarn__vector_builder_open(call->env, call->node->type, &builder, call->err);
    for (uint32_t i = 0; status == TARN_OK && i < call->rows; i++) {
        if (tarn__operand_null(&call->operands[0], i)) {
            tarn__vector_builder_null(builder);
            continue;
        }
        const struct moment m = {&call->operands[0], i};
        tarn__vector_builder_text(
            builder, tarn__text_of(call->parameter == 0 ? day_names[get(&m, TARN_PART_DOW)] : month_names[get(&m, TARN_PART_MONTH) - 1]));
    }
    status = status == TARN_OK ? tarn__vector_builder_finish(builder, out, call->err) : status;
    tarn__vector_builder_close_all(builder);
    return status;
}
