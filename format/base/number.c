/* SPDX-License-Identifier: Apache-2.0
 *
 * Integers as text, both ways.
 *
 * Invariants
 *  1. Up to 19 digits fit 64 bits without a check; only longer texts take the checked way.
 *  2. A text is SYNTAX before it is RANGE: all of it is read before the answer.
 */
#include "format/base/number.h"

#include <string.h>

enum { SAFE_DIGITS = 19 };

/* Adds the digits at `at` to *value (modulo 2^64) and returns the first byte that is none. */
static const char *take_digits(const char *at, const char *end, uint64_t *value)
{
    uint64_t v = *value;
    uint32_t eight;
    while (end - at >= 8 && tarn__digits8(at, &eight)) {
        v = v * 100000000 + eight;
        at += 8;
    }
    while (at < end && (unsigned char)(*at - '0') < 10) {
        v = v * 10 + (unsigned char)(*at - '0');
        at++;
    }
    *value = v;
    return at;
}

static enum tarn_parsed magnitude(const char *at, const char *end, uint64_t *out)
{
    *out = 0;
    if (at == end) {
        return TARN_PARSED_SYNTAX;
    }
    uint64_t value = 0;
    const char *stop = take_digits(at, end, &value);
    if (stop != end) {
        return TARN_PARSED_SYNTAX;
    }
    if (end - at <= SAFE_DIGITS) {
        *out = value;
        return TARN_PARSED;
    }
    while (at < end && *at == '0') {
        at++;
    }
    value = 0;
    for (; at < end; at++) {
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) || __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value)) {
            *out = UINT64_MAX;
            return TARN_PARSED_RANGE;
        }
    }
    *out = value;
    return TARN_PARSED;
}

enum tarn_parsed tarn__int64_parse(struct tarn_text text, int64_t *out)
{
    const char *at = text.data;
    const char *end = text.size != 0 ? at + text.size : at;
    const bool negative = at < end && *at == '-';
    uint64_t value;

    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    *out = 0;
    enum tarn_parsed parsed = magnitude(at, end, &value);
    if (parsed == TARN_PARSED_SYNTAX) {
        return parsed;
    }
    const uint64_t limit = (uint64_t)INT64_MAX + negative;
    if (value > limit) {
        parsed = TARN_PARSED_RANGE;
        value = limit;
    }
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return parsed;
}

enum tarn_parsed tarn__uint64_parse(struct tarn_text text, uint64_t *out)
{
    const char *at = text.data;
    const char *end = text.size != 0 ? at + text.size : at;
    const bool negative = at < end && *at == '-';

    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    const enum tarn_parsed parsed = magnitude(at, end, out);
    if (negative && *out != 0) {
        *out = 0;
        return TARN_PARSED_RANGE;
    }
    return parsed;
}

static const char two_digits[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263"
    "646566676869707172737475767778798081828384858687888990919293949596979899";

size_t tarn__uint64_print(uint64_t value, char *out)
{
    char reversed[TARN_NUMBER_TEXT];
    char *at = reversed + sizeof(reversed);
    while (value >= 100) {
        at -= 2;
        memcpy(at, two_digits + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(at, two_digits + value * 2, 2);
    } else {
        *--at = (char)('0' + value);
    }
    const size_t size = (size_t)(reversed + sizeof(reversed) - at);
    memcpy(out, at, size);
    return size;
}

size_t tarn__int64_print(int64_t value, char *out)
{
    if (value >= 0) {
        return tarn__uint64_print((uint64_t)value, out);
    }
    *out = '-';
    return 1 + tarn__uint64_print(0 - (uint64_t)value, out + 1);
}
