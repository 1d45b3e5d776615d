/* SPDX-License-Identifier: Apache-2.0
 *
 * Fields to typed vectors, column by column: one loop a kind of value, so that what is decided once is not decided again for each row.
 *
 * Invariants
 *  1. A value is stored, or the row is null because its text spells null, or the row is reported: nothing else becomes null.
 *  2. Slots of nulls are zero; there is a bitmap only when there is a null.
 */
#include "reader/csv/csv_convert.h"

#include "format/base/decimal.h"
#include "format/base/utf8.h"
#include "format/batch/bitmap.h"
#include "reader/csv/csv_quick.h"
#include "reader/csv/csv_value.h"

enum outcome { VALUE, IS_NULL, UNFIT };

union value {
    int64_t i64;
    uint64_t u64;
    double f64;
    uint64_t words[4];
};

struct maker {
    const struct tarn_csv_conversion *in;
    const struct tarn_type *type;
    struct tarn_text format;
    unsigned digits; /* of times: 0, 3, 6, 9 */
    struct tarn_buffer *values;
    struct tarn_buffer *validity;
    struct tarn_buffer *scratch;
    uint32_t *culprits;
    uint32_t column;
    uint32_t bad;
    unsigned fraction; /* digits behind the point of the number before */
    bool nullable;
    bool digits_are_null; /* a spelling of null looks like a number or a date: each value has to be compared with it first */
    bool no_memory;
};

bool tarn__csv_type_is_readable(const struct tarn_type *type)
{
    switch (type->id) {
    case TARN_TYPE_BOOL:
    case TARN_TYPE_I8:
    case TARN_TYPE_I16:
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
    case TARN_TYPE_U8:
    case TARN_TYPE_U16:
    case TARN_TYPE_U32:
    case TARN_TYPE_U64:
    case TARN_TYPE_F32:
    case TARN_TYPE_F64:
    case TARN_TYPE_DATE:
    case TARN_TYPE_TIME:
    case TARN_TYPE_STRING:
    case TARN_TYPE_JSON:
    case TARN_TYPE_ENUM:
    case TARN_TYPE_BINARY:
        return true;
    case TARN_TYPE_DECIMAL:
        return type->precision <= TARN_DECIMAL256_DIGITS;
    case TARN_TYPE_TIMESTAMP:
        return !type->wide;
    default:
        return false;
    }
}

bool tarn__csv_is_null(uint32_t null_count, const struct tarn_text *nulls, struct tarn_text text, bool quoted, bool is_text)
{
    static const struct tarn_text usual[] = {{"NA", 2}, {"N/A", 3}, {"NULL", 4}, {"\\N", 2}};
    if (!is_text) {
        text = tarn__text_trim(text);
    }
    if (text.size == 0 || (is_text && (quoted || null_count == 0))) {
        return text.size == 0 && !(is_text && quoted);
    }
    const struct tarn_text *words = null_count != 0 ? nulls : usual;
    const uint32_t count = null_count != 0 ? null_count : sizeof(usual) / sizeof(usual[0]);
    for (uint32_t i = 0; i < count; i++) {
        if (tarn__text_equal(text, words[i])) {
            return true;
        }
    }
    return false;
}

struct tarn_text tarn__csv_content(const struct tarn_csv_conversion *conversion, struct tarn_csv_field field, struct tarn_buffer **scratch,
                                   bool *failed)
{
    const uint32_t size = tarn__csv_field_size(field);
    struct tarn_text text = {(const char *)conversion->data + field.begin, size};
    if ((field.size & TARN_CSV_ESCAPED) == 0) {
        return text;
    }
    if (*scratch == NULL || (*scratch)->size < size) {
        tarn__buffer_release(*scratch);
        *scratch = tarn__buffer_new(conversion->env, (size_t)size * 2);
    }
    if (*scratch == NULL) {
        *failed = true;
        return (struct tarn_text){NULL, 0};
    }
    const size_t length = tarn__csv_unescape(conversion->syntax, text, (char *)(*scratch)->data);
    return (struct tarn_text){(const char *)(*scratch)->data, length};
}

/* ---- single values ---- */

static bool range_of(const struct tarn_type *type, int64_t *least, int64_t *most)
{
    switch (type->id) {
    case TARN_TYPE_I8:
        *least = INT8_MIN;
        *most = INT8_MAX;
        return true;
    case TARN_TYPE_I16:
        *least = INT16_MIN;
        *most = INT16_MAX;
        return true;
    case TARN_TYPE_I32:
        *least = INT32_MIN;
        *most = INT32_MAX;
        return true;
    case TARN_TYPE_U8:
        *least = 0;
        *most = UINT8_MAX;
        return true;
    case TARN_TYPE_U16:
        *least = 0;
        *most = UINT16_MAX;
        return true;
    case TARN_TYPE_U32:
        *least = 0;
        *most = UINT32_MAX;
        return true;
    default:
        *least = INT64_MIN;
        *most = INT64_MAX;
        return false;
    }
}

/* The text in plain form when it is not in it already. */
static struct tarn_text plain(const struct maker *make, struct tarn_text text, char room[TARN_CSV_PLAIN])
{
    return (struct tarn_text){room, tarn__csv_plain_number(text, make->in->point, room)};
}

static inline bool parse_integer(const struct maker *make, struct tarn_text text, int64_t *out)
{
    char room[TARN_CSV_PLAIN];
    if (tarn__int64_parse(text, out) == TARN_PARSED) {
        return true;
    }
    const struct tarn_text number = plain(make, text, room);
    if (number.size == 0) {
        return false;
    }
    if (tarn__int64_parse(number, out) == TARN_PARSED) {
        return true;
    }
    /* 12.0 and 1e3 are whole, too */
    tarn_i128 whole;
    if (tarn__decimal128_parse(number, 19, 0, 0, &whole) != TARN_PARSED) {
        return false;
    }
    *out = (int64_t)whole;
    return (tarn_i128)*out == whole;
}

static bool parse_small(const struct maker *make, struct tarn_text text, union value *out)
{
    int64_t least;
    int64_t most;
    range_of(make->type, &least, &most);
    return parse_integer(make, text, &out->i64) && out->i64 >= least && out->i64 <= most;
}

static bool parse_u64(const struct maker *make, struct tarn_text text, union value *out)
{
    char room[TARN_CSV_PLAIN];
    tarn_i128 whole;
    if (tarn__uint64_parse(text, &out->u64) == TARN_PARSED) {
        return true;
    }
    const struct tarn_text number = plain(make, text, room);
    if (number.size == 0 || tarn__decimal128_parse(number, 20, 0, 0, &whole) != TARN_PARSED) {
        return false;
    }
    out->u64 = (uint64_t)whole;
    return (tarn_i128)out->u64 == whole;
}

/* For the parsers of floats: what is no number in plain form may still be one of their words, or have more digits than there is room for.
 */
static struct tarn_text plain_or_word(const struct maker *make, struct tarn_text text, char room[TARN_CSV_PLAIN])
{
    const struct tarn_text number = plain(make, text, room);
    const bool has_other_point = make->in->point != '.' && text.size != 0 && memchr(text.data, '.', text.size) != NULL;
    return number.size != 0 || has_other_point ? number : tarn__text_trim(text);
}

static inline bool parse_double(const struct maker *make, struct tarn_text text, double *out)
{
    char room[TARN_CSV_PLAIN];
    enum tarn_parsed parsed = TARN_PARSED_SYNTAX;
    if (make->in->point == '.') {
        parsed = tarn__double_parse(text, TARN_NUMBER_SPECIALS, out);
    }
    if (parsed != TARN_PARSED) {
        parsed = tarn__double_parse(plain_or_word(make, text, room), TARN_NUMBER_SPECIALS, out);
    }
    return parsed == TARN_PARSED || parsed == TARN_PARSED_RANGE; /* beyond the largest double: infinity, as everywhere */
}

static bool parse_float(const struct maker *make, struct tarn_text text, union value *out)
{
    char room[TARN_CSV_PLAIN];
    float value;
    const enum tarn_parsed parsed = tarn__float_parse(plain_or_word(make, text, room), TARN_NUMBER_SPECIALS, &value);
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    out->u64 = bits;
    return parsed == TARN_PARSED || parsed == TARN_PARSED_RANGE;
}

static bool parse_decimal(const struct maker *make, struct tarn_text text, union value *out)
{
    char room[TARN_CSV_PLAIN];
    const unsigned precision = (unsigned)make->type->precision;
    const unsigned scale = (unsigned)make->type->scale;
    const struct tarn_text number = plain(make, text, room);
    if (number.size == 0) {
        return false;
    }
    if (precision > TARN_DECIMAL128_DIGITS) {
        struct tarn_i256 wide;
        if (tarn__decimal256_parse(number, precision, scale, 0, &wide) != TARN_PARSED) {
            return false;
        }
        memcpy(out->words, &wide, sizeof(wide));
        return true;
    }
    tarn_i128 narrow;
    if (tarn__decimal128_parse(number, precision, scale, 0, &narrow) != TARN_PARSED) {
        return false;
    }
    out->words[0] = (uint64_t)narrow;
    out->words[1] = (uint64_t)(narrow >> 64);
    return true;
}

static inline bool parse_date(const struct maker *make, struct tarn_text text, int64_t *out)
{
    struct tarn_timestamp_text parsed;
    int32_t days;
    if (make->format.size == 0 && tarn__date_parse(text, &days) == TARN_PARSED) {
        *out = days;
        return true;
    }
    if (tarn__csv_timestamp(text, make->format, &parsed) != TARN_PARSED || parsed.has_time || parsed.has_zone) {
        return false;
    }
    *out = tarn__days_of_civil(parsed.local.date.year, parsed.local.date.month, parsed.local.date.day);
    return *out >= INT32_MIN && *out <= INT32_MAX;
}

static inline bool parse_timestamp(const struct maker *make, struct tarn_text text, int64_t *out)
{
    struct tarn_timestamp_text parsed;
    if (tarn__csv_timestamp(text, make->format, &parsed) != TARN_PARSED || parsed.fraction_is_cut) {
        return false;
    }
    if (parsed.has_zone && !make->type->utc) {
        return false; /* the zone would be lost */
    }
    static const uint32_t below[] = {1000000000, 1000000, 1000, 1};
    return parsed.local.nanosecond % below[make->digits / 3] == 0 && tarn__timestamp_ticks(&parsed, make->digits, out) == TARN_PARSED;
}

static inline bool parse_value(const struct maker *make, enum tarn_type_id id, struct tarn_text text, union value *out)
{
    bool truth;
    switch (id) {
    case TARN_TYPE_I64:
        return parse_integer(make, text, &out->i64);
    case TARN_TYPE_F64:
        return parse_double(make, text, &out->f64);
    case TARN_TYPE_DATE:
        return parse_date(make, text, &out->i64);
    case TARN_TYPE_TIMESTAMP:
        return parse_timestamp(make, text, &out->i64);
    case TARN_TYPE_BOOL:
        if (!tarn__csv_bool(text, true, &truth)) {
            return false;
        }
        out->i64 = truth;
        return true;
    case TARN_TYPE_U64:
        return parse_u64(make, text, out);
    case TARN_TYPE_F32:
        return parse_float(make, text, out);
    case TARN_TYPE_DECIMAL:
        return parse_decimal(make, text, out);
    case TARN_TYPE_TIME:
        return tarn__time_parse(tarn__text_trim(text), make->digits, &out->i64) == TARN_PARSED;
    default:
        return parse_small(make, text, out);
    }
}

/* The usual spellings, which end at `end` with room before them. False says nothing. */
static inline bool parse_quickly(struct maker *make, enum tarn_type_id id, const uint8_t *end, size_t size, union value *out)
{
    bool negative;
    uint64_t digits;
    switch (id) {
    case TARN_TYPE_I64:
        return tarn__csv_quick_integer(end, size, &out->i64);
    case TARN_TYPE_F64: /* both exact: their quotient is the double nearest to what is written */
        if (!tarn__csv_quick_decimal(end, size, make->in->point, &negative, &digits, &make->fraction)) {
            return false;
        }
        out->f64 = (double)digits / (double)tarn__csv_power_of_ten(make->fraction);
        out->f64 = negative ? -out->f64 : out->f64;
        return true;
    case TARN_TYPE_DATE:
        return make->format.size == 0 && tarn__csv_quick_date(end, size, &out->i64);
    case TARN_TYPE_DECIMAL: {
        const unsigned precision = (unsigned)make->type->precision;
        if (precision > 18 || !tarn__csv_quick_decimal(end, size, make->in->point, &negative, &digits, &make->fraction)) {
            return false;
        }
        const unsigned more = (unsigned)make->type->scale - make->fraction;
        if (more > 3) { /* digits to round, or too many to add */
            return false;
        }
        digits *= tarn__csv_power_of_ten(more);
        out->i64 = negative ? -(int64_t)digits : (int64_t)digits;
        return digits < tarn__csv_power_of_ten(precision);
    }
    default:
        return false;
    }
}

/* ---- columns ---- */

static struct tarn_csv_field field_of(const struct maker *make, uint32_t row)
{
    const struct tarn_csv_records *records = make->in->records;
    return records->fields[records->records[make->in->rows[row]].first + make->column];
}

static bool add_null(struct maker *make, uint32_t row)
{
    if (make->validity == NULL) {
        make->validity = tarn__bitmap_new(make->in->env, make->in->row_count, true);
        if (make->validity == NULL) {
            make->no_memory = true;
            return false;
        }
    }
    tarn__bit_put(make->validity->data, row, false);
    return true;
}

/* A value that does not fit: false ends the column. */
static bool add_unfit(struct maker *make, uint32_t row)
{
    if (make->culprits == NULL) {
        make->bad = row;
        return false;
    }
    if (make->culprits[row] == 0 || make->culprits[row] > make->column + 1) {
        make->culprits[row] = make->column + 1;
    }
    return add_null(make, row);
}

static inline void put(uint8_t *to, const union value *value, size_t width)
{
    switch (width) {
    case 1:
        *to = (uint8_t)value->u64;
        break;
    case 2:
        memcpy(to, &(uint16_t){(uint16_t)value->u64}, 2);
        break;
    case 4:
        memcpy(to, &(uint32_t){(uint32_t)value->u64}, 4);
        break;
    default:
        memcpy(to, value, width);
    }
}

/* `id` and `width` are constants where it is inlined: the switch on the type is then decided outside the loop. */
static inline __attribute__((always_inline)) void make_values(struct maker *make, enum tarn_type_id id, size_t width)
{
    const struct tarn_csv_conversion *in = make->in;
    uint8_t *to = make->values->data;
    for (uint32_t row = 0; row < in->row_count; row++) {
        const struct tarn_csv_field field = field_of(make, row);
        const uint32_t size = tarn__csv_field_size(field);
        union value value;
        memset(&value, 0, sizeof(value));
        if ((field.size & TARN_CSV_ESCAPED) == 0 && field.begin + size >= TARN_CSV_QUICK_ROOM && !make->digits_are_null &&
            parse_quickly(make, id, in->data + field.begin + size, size, &value)) {
            put(to + (size_t)row * width, &value, width);
            continue;
        }
        memset(&value, 0, sizeof(value));
        const struct tarn_text text = tarn__csv_content(in, field, &make->scratch, &make->no_memory);
        const bool is_given_null = in->null_count != 0 && tarn__csv_is_null(in->null_count, in->nulls, text, false, false);
        if (!is_given_null && text.size != 0 && parse_value(make, id, text, &value)) {
            if (id == TARN_TYPE_BOOL) {
                tarn__bit_put(to, row, value.i64 != 0);
            } else {
                put(to + (size_t)row * width, &value, width);
            }
            continue;
        }
        if (id == TARN_TYPE_BOOL) {
            tarn__bit_put(to, row, false);
        } else {
            memset(to + (size_t)row * width, 0, width);
        }
        const bool is_null = is_given_null || text.size == 0 || tarn__csv_is_null(in->null_count, in->nulls, text, false, false);
        if (make->no_memory || !(is_null && make->nullable ? add_null(make, row) : add_unfit(make, row))) {
            return;
        }
    }
}

static void make_fixed(struct maker *make)
{
    const size_t width = tarn_type_width(make->type);
    const size_t bytes = make->type->id == TARN_TYPE_BOOL ? tarn__bits_bytes(make->in->row_count) : make->in->row_count * width;
    make->values = tarn__buffer_new_zeroed(make->in->env, bytes);
    if (make->values == NULL) {
        make->no_memory = true;
        return;
    }
    switch (make->type->id) {
    case TARN_TYPE_I64:
        make_values(make, TARN_TYPE_I64, sizeof(int64_t));
        break;
    case TARN_TYPE_F64:
        make_values(make, TARN_TYPE_F64, sizeof(double));
        break;
    case TARN_TYPE_DATE:
        make_values(make, TARN_TYPE_DATE, sizeof(int32_t));
        break;
    case TARN_TYPE_TIMESTAMP:
        make_values(make, TARN_TYPE_TIMESTAMP, sizeof(int64_t));
        break;
    case TARN_TYPE_DECIMAL:
        if (width == sizeof(int64_t)) {
            make_values(make, TARN_TYPE_DECIMAL, sizeof(int64_t));
            break;
        }
        make_values(make, TARN_TYPE_DECIMAL, width);
        break;
    default:
        make_values(make, make->type->id, width);
    }
}

/* The bytes that the strings of the column take at most. */
static size_t string_bytes(const struct maker *make)
{
    size_t bytes = 0;
    for (uint32_t row = 0; row < make->in->row_count; row++) {
        bytes += tarn__csv_field_size(field_of(make, row));
    }
    return bytes;
}

static struct tarn_vector *make_strings(struct maker *make)
{
    const struct tarn_csv_conversion *in = make->in;
    struct tarn_buffer *offsets = tarn__buffer_new(in->env, ((size_t)in->row_count + 1) * sizeof(uint32_t));
    struct tarn_buffer *bytes = tarn__buffer_new(in->env, string_bytes(make));
    if (offsets == NULL || bytes == NULL) {
        tarn__buffer_release(offsets);
        tarn__buffer_release(bytes);
        make->no_memory = true;
        return NULL;
    }
    uint32_t *ends = (uint32_t *)(void *)offsets->data;
    uint32_t at = 0;
    ends[0] = 0;
    for (uint32_t row = 0; row < in->row_count; row++) {
        const struct tarn_csv_field field = field_of(make, row);
        const struct tarn_text text = {(const char *)in->data + field.begin, tarn__csv_field_size(field)};
        const bool quoted = (field.size & TARN_CSV_QUOTED) != 0;
        if ((text.size == 0 || in->null_count != 0) && tarn__csv_is_null(in->null_count, in->nulls, text, quoted, true)) {
            if (!(make->nullable ? add_null(make, row) : add_unfit(make, row))) {
                break;
            }
        } else if ((field.size & TARN_CSV_ESCAPED) != 0) {
            at += (uint32_t)tarn__csv_unescape(in->syntax, text, (char *)bytes->data + at);
        } else if (text.size != 0) {
            memcpy(bytes->data + at, text.data, text.size);
            at += (uint32_t)text.size;
        }
        ends[row + 1] = at;
    }
    if (make->no_memory || make->bad != UINT32_MAX || !tarn__buffer_resize(bytes, at)) {
        tarn__buffer_release(offsets);
        tarn__buffer_release(bytes);
        return NULL;
    }
    struct tarn_buffer *validity = make->validity;
    make->validity = NULL;
    return tarn__vector_strings(in->env, make->type, in->row_count, offsets, false, bytes, validity);
}

enum tarn_status tarn__csv_convert(const struct tarn_csv_conversion *conversion, uint32_t column, const struct tarn_type *type,
                                   bool nullable, struct tarn_text format, uint32_t *culprits, uint32_t *bad, struct tarn_vector **out,
                                   struct tarn_error *err)
{
    struct maker make = {
        .in = conversion, .type = type, .format = format, .culprits = culprits, .column = column, .bad = UINT32_MAX, .nullable = nullable};
    make.digits = (unsigned)type->unit * 3;
    for (uint32_t i = 0; i < conversion->null_count; i++) {
        const struct tarn_text word = tarn__text_trim(conversion->nulls[i]);
        make.digits_are_null |= word.size != 0 && (tarn__is_digit(word.data[0]) || word.data[0] == '-' || word.data[0] == '.');
    }
    *out = NULL;
    if (tarn_type_kind(type) == TARN_KIND_BYTES) {
        *out = make_strings(&make);
    } else {
        make_fixed(&make);
        if (!make.no_memory && make.bad == UINT32_MAX) {
            *out = tarn__vector_flat(conversion->env, type, conversion->row_count, make.values, make.validity);
            make.values = NULL;
            make.validity = NULL;
        }
    }
    tarn__buffer_release(make.values);
    tarn__buffer_release(make.validity);
    tarn__buffer_release(make.scratch);
    *bad = make.bad;
    return *out != NULL || make.bad != UINT32_MAX ? TARN_OK : tarn__nomem(conversion->env, err, 0);
}
