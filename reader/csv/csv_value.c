/* SPDX-License-Identifier: Apache-2.0
 *
 * Single values of CSV files. What is written with signs of money, groups or names of months becomes plain digits here; the parsers of
 * format/base do the rest, so that there is one of each.
 */
#include "reader/csv/csv_value.h"

#include "format/base/bytes.h"
#include "format/base/utf8.h"

/* ---- numbers ---- */

static size_t currency_at(struct tarn_text text, size_t at)
{
    static const struct tarn_text signs[] = {{"$", 1}, {"\xe2\x82\xac", 3}, {"\xc2\xa3", 2}};
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (text.size - at >= signs[i].size && memcmp(text.data + at, signs[i].data, signs[i].size) == 0) {
            return signs[i].size;
        }
    }
    return 0;
}

enum { NOT_GROUPED = TARN_CSV_PLAIN };

/* No digits, digits, or one to three and then groups of exactly three. Returns where they end, or NOT_GROUPED; *used grows by the digits.
 */
static size_t take_digits(struct tarn_text text, size_t at, char group, char *out, size_t *used)
{
    size_t run = 0;
    bool grouped = false;
    for (; at < text.size; at++) {
        if (tarn__is_digit(text.data[at])) {
            run++;
            out[(*used)++] = text.data[at];
        } else if (text.data[at] == group && (grouped ? run == 3 : run >= 1 && run <= 3) && text.size - at > 3 &&
                   tarn__is_digit(text.data[at + 1])) {
            grouped = true;
            run = 0;
        } else {
            break;
        }
    }
    return grouped && run != 3 ? NOT_GROUPED : at;
}

size_t tarn__csv_plain_number(struct tarn_text text, char point, char out[TARN_CSV_PLAIN])
{
    size_t at = 0;
    size_t used = 0;
    text = tarn__text_trim(text);
    if (text.size == 0 || text.size >= TARN_CSV_PLAIN) {
        return 0;
    }
    bool has_sign = text.data[0] == '-' || text.data[0] == '+';
    if (has_sign) {
        out[used++] = text.data[at++];
    }
    const size_t currency = currency_at(text, at);
    at += currency;
    if (currency != 0 && !has_sign && at < text.size && text.data[at] == '-') {
        out[used++] = text.data[at++];
    }
    if (currency != 0 && at < text.size && text.data[at] == ' ') {
        at++;
    }
    const size_t digits = used;
    at = take_digits(text, at, point == ',' ? '.' : ',', out, &used);
    if (at == NOT_GROUPED) {
        return 0;
    }
    size_t fraction = 0;
    if (at < text.size && text.data[at] == point) {
        out[used++] = '.';
        for (at++; at < text.size && tarn__is_digit(text.data[at]); at++) {
            out[used++] = text.data[at];
            fraction++;
        }
    }
    if (used == digits || (out[digits] == '.' && fraction == 0)) {
        return 0;
    }
    if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
        while (at < text.size) { /* the parser sees whether it is an exponent */
            out[used++] = text.data[at++];
        }
    }
    return at == text.size ? used : 0;
}

bool tarn__csv_bool(struct tarn_text text, bool loose, bool *out)
{
    static const struct {
        struct tarn_text word;
        bool value;
        bool loose;
    } words[] = {{{"true", 4}, true, false}, {{"false", 5}, false, false}, {{"t", 1}, true, true}, {{"f", 1}, false, true},
                 {{"yes", 3}, true, true},   {{"no", 2}, false, true},     {{"y", 1}, true, true}, {{"n", 1}, false, true},
                 {{"1", 1}, true, true},     {{"0", 1}, false, true}};
    if (text.size > 5) {
        text = tarn__text_trim(text);
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if ((loose || !words[i].loose) && text.size == words[i].word.size && tarn__text_equal_caseless(text, words[i].word)) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

/* ---- dates ---- */

struct reading {
    struct tarn_text text;
    size_t at;
    bool failed;
};

static uint32_t read_number(struct reading *in, size_t least, size_t most)
{
    uint32_t value = 0;
    size_t digits = 0;
    while (digits < most && in->at < in->text.size && tarn__is_digit(in->text.data[in->at])) {
        value = value * 10 + (uint32_t)(in->text.data[in->at++] - '0');
        digits++;
    }
    in->failed = in->failed || digits < least;
    return value;
}

static uint32_t read_month_name(struct reading *in, bool whole)
{
    static const char *const months[12] = {"january", "february", "march",     "april",   "may",      "june",
                                           "july",    "august",   "september", "october", "november", "december"};
    for (uint32_t i = 0; i < 12; i++) {
        const size_t length = whole ? strlen(months[i]) : 3;
        if (in->text.size - in->at >= length &&
            tarn__text_equal_caseless((struct tarn_text){in->text.data + in->at, length}, (struct tarn_text){months[i], length})) {
            in->at += length;
            return i + 1;
        }
    }
    in->failed = true;
    return 0;
}

/* AM or PM, applied to an hour of 1..12. */
static void read_half(struct reading *in, uint32_t *hour)
{
    const bool has_two = in->text.size - in->at >= 2;
    const char half = has_two ? tarn__ascii_lower(in->text.data[in->at]) : 0;
    if (!has_two || (half != 'a' && half != 'p') || tarn__ascii_lower(in->text.data[in->at + 1]) != 'm' || *hour < 1 || *hour > 12) {
        in->failed = true;
        return;
    }
    *hour = *hour % 12 + (half == 'p' ? 12 : 0);
    in->at += 2;
}

static uint32_t read_fraction(struct reading *in, struct tarn_timestamp_text *out)
{
    uint32_t nanos = 0;
    const size_t begin = in->at;
    for (; in->at < in->text.size && tarn__is_digit(in->text.data[in->at]); in->at++) {
        const uint32_t digit = (uint32_t)(in->text.data[in->at] - '0');
        if (in->at - begin < 9) {
            nanos = nanos * 10 + digit;
        } else {
            out->fraction_is_cut = out->fraction_is_cut || digit != 0;
        }
    }
    in->failed = in->failed || in->at == begin;
    const size_t digits = in->at - begin < 9 ? in->at - begin : 9;
    for (size_t i = digits; i < 9; i++) {
        nanos *= 10;
    }
    out->fraction = (uint8_t)digits;
    return nanos;
}

/* Z, UTC, +hh, +hhmm, +hh:mm */
static void read_zone(struct reading *in, struct tarn_timestamp_text *out)
{
    const size_t left = in->text.size - in->at;
    const char *p = in->text.data + in->at;
    if (left >= 1 && (p[0] == 'Z' || p[0] == 'z')) {
        in->at++;
    } else if (left >= 3 && memcmp(p, "UTC", 3) == 0) {
        in->at += 3;
    } else if (left >= 3 && (p[0] == '+' || p[0] == '-')) {
        in->at++;
        const uint32_t hours = read_number(in, 2, 2);
        const bool has_colon = in->at < in->text.size && in->text.data[in->at] == ':';
        in->at += has_colon;
        const uint32_t minutes = has_colon || in->at < in->text.size ? read_number(in, 2, 2) : 0;
        in->failed = in->failed || hours > 18 || minutes > 59;
        out->zone = (int32_t)(hours * 3600 + minutes * 60) * (p[0] == '-' ? -1 : 1);
    } else {
        in->failed = true;
        return;
    }
    out->has_zone = true;
}

static void read_conversion(struct reading *in, char letter, struct tarn_timestamp_text *out, uint32_t *hour)
{
    struct tarn_datetime *local = &out->local;
    switch (letter) {
    case 'Y':
        local->date.year = read_number(in, 4, 4);
        break;
    case 'y': {
        const uint32_t year = read_number(in, 2, 2);
        local->date.year = year + (year >= 69 ? 1900 : 2000); /* as POSIX has it */
        break;
    }
    case 'm':
        local->date.month = (uint8_t)read_number(in, 1, 2);
        break;
    case 'd':
        local->date.day = (uint8_t)read_number(in, 1, 2);
        break;
    case 'b':
        local->date.month = (uint8_t)read_month_name(in, false);
        break;
    case 'B':
        local->date.month = (uint8_t)read_month_name(in, true);
        break;
    case 'H':
    case 'I':
        *hour = read_number(in, 1, 2);
        out->has_time = true;
        break;
    case 'M':
        local->minute = (uint8_t)read_number(in, 2, 2);
        break;
    case 'S':
        local->second = (uint8_t)read_number(in, 2, 2);
        break;
    case 'f':
        local->nanosecond = read_fraction(in, out);
        break;
    case 'p':
        read_half(in, hour);
        break;
    case 'z':
        read_zone(in, out);
        break;
    default:
        in->failed = true;
    }
}

static void read_format(struct reading *in, struct tarn_text format, struct tarn_timestamp_text *out, uint32_t *hour)
{
    for (size_t i = 0; i < format.size && !in->failed; i++) {
        if (format.data[i] == '%' && i + 1 < format.size && format.data[i + 1] != '%') {
            read_conversion(in, format.data[++i], out, hour);
            continue;
        }
        i += format.data[i] == '%';
        in->failed = in->at == in->text.size || i == format.size || in->text.data[in->at] != format.data[i];
        in->at++;
    }
}

/* The time behind a date whose format has none. */
static void read_time(struct reading *in, struct tarn_timestamp_text *out, uint32_t *hour)
{
    in->failed = in->text.data[in->at] != ' ' && in->text.data[in->at] != 'T';
    in->at++;
    out->has_time = true;
    *hour = read_number(in, 1, 2);
    in->failed = in->failed || in->at == in->text.size || in->text.data[in->at++] != ':';
    if (!in->failed) {
        out->local.minute = (uint8_t)read_number(in, 2, 2);
    }
    if (!in->failed && in->at < in->text.size && in->text.data[in->at] == ':') {
        in->at++;
        out->local.second = (uint8_t)read_number(in, 2, 2);
        if (in->at < in->text.size && in->text.data[in->at] == '.') {
            in->at++;
            out->local.nanosecond = read_fraction(in, out);
        }
    }
    if (!in->failed && in->at < in->text.size) {
        const size_t next = in->at + (in->text.data[in->at] == ' ');
        const char c = next < in->text.size ? tarn__ascii_lower(in->text.data[next]) : 0;
        in->at = next;
        if (c == 'a' || c == 'p') {
            read_half(in, hour);
            in->at += in->at < in->text.size && in->text.data[in->at] == ' ';
        }
        if (!in->failed && in->at < in->text.size) {
            read_zone(in, out);
        }
    }
}

enum tarn_parsed tarn__csv_timestamp(struct tarn_text text, struct tarn_text format, struct tarn_timestamp_text *out)
{
    text = tarn__text_trim(text);
    if (format.size == 0) {
        return tarn__timestamp_scan(text, out);
    }
    struct reading in = {text, 0, false};
    uint32_t hour = 0;
    memset(out, 0, sizeof(*out));
    out->local.date = (struct tarn_civil){1970, 1, 1};
    read_format(&in, format, out, &hour);
    if (!in.failed && in.at < text.size && !out->has_time) {
        read_time(&in, out, &hour);
    }
    if (in.failed || in.at != text.size) {
        return TARN_PARSED_SYNTAX;
    }
    out->local.hour = (uint8_t)hour;
    if (!tarn__civil_is_valid(out->local.date.year, out->local.date.month, out->local.date.day) || hour > 23 || out->local.minute > 59 ||
        out->local.second > 59) {
        return TARN_PARSED_RANGE;
    }
    return TARN_PARSED;
}

bool tarn__csv_format_is_valid(struct tarn_text format)
{
    for (size_t i = 0; i < format.size; i++) {
        if (format.data[i] == '%' && (++i == format.size || memchr("YymdbBHIMSfpz%", format.data[i], 14) == NULL)) {
            return false;
        }
    }
    return format.size != 0;
}
