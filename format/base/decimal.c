/* SPDX-License-Identifier: Apache-2.0
 *
 * Decimals: text, scales, bytes.
 *
 * Invariants
 *  1. A text is cut into digits that count and digits behind the scale before anything is computed, so that what is computed has at
 *     most `precision` digits and cannot overflow.
 *  2. 10^76 < 2^253: a value that fits its precision is far from the ends of 256 bits (10^38 < 2^127: of 128).
 */
#include "format/base/decimal.h"

#include <string.h>

#include "format/base/ten_powers.h"
#include "format/base/utf8.h"

static const struct tarn_i256 powers[TARN_DECIMAL256_DIGITS + 1] = {
    /* clang-format off */
    {{0x1, 0x0, 0x0, 0x0}},
    {{0xa, 0x0, 0x0, 0x0}},
    {{0x64, 0x0, 0x0, 0x0}},
    {{0x3e8, 0x0, 0x0, 0x0}},
    {{0x2710, 0x0, 0x0, 0x0}},
    {{0x186a0, 0x0, 0x0, 0x0}},
    {{0xf4240, 0x0, 0x0, 0x0}},
    {{0x989680, 0x0, 0x0, 0x0}},
    {{0x5f5e100, 0x0, 0x0, 0x0}},
    {{0x3b9aca00, 0x0, 0x0, 0x0}},
    {{0x2540be400, 0x0, 0x0, 0x0}},
    {{0x174876e800, 0x0, 0x0, 0x0}},
    {{0xe8d4a51000, 0x0, 0x0, 0x0}},
    {{0x9184e72a000, 0x0, 0x0, 0x0}},
    {{0x5af3107a4000, 0x0, 0x0, 0x0}},
    {{0x38d7ea4c68000, 0x0, 0x0, 0x0}},
    {{0x2386f26fc10000, 0x0, 0x0, 0x0}},
    {{0x16345785d8a0000, 0x0, 0x0, 0x0}},
    {{0xde0b6b3a7640000, 0x0, 0x0, 0x0}},
    {{0x8ac7230489e80000, 0x0, 0x0, 0x0}},
    {{0x6bc75e2d63100000, 0x5, 0x0, 0x0}},
    {{0x35c9adc5dea00000, 0x36, 0x0, 0x0}},
    {{0x19e0c9bab2400000, 0x21e, 0x0, 0x0}},
    {{0x2c7e14af6800000, 0x152d, 0x0, 0x0}},
    {{0x1bcecceda1000000, 0xd3c2, 0x0, 0x0}},
    {{0x161401484a000000, 0x84595, 0x0, 0x0}},
    {{0xdcc80cd2e4000000, 0x52b7d2, 0x0, 0x0}},
    {{0x9fd0803ce8000000, 0x33b2e3c, 0x0, 0x0}},
    {{0x3e25026110000000, 0x204fce5e, 0x0, 0x0}},
    {{0x6d7217caa0000000, 0x1431e0fae, 0x0, 0x0}},
    {{0x4674edea40000000, 0xc9f2c9cd0, 0x0, 0x0}},
    {{0xc0914b2680000000, 0x7e37be2022, 0x0, 0x0}},
    {{0x85acef8100000000, 0x4ee2d6d415b, 0x0, 0x0}},
    {{0x38c15b0a00000000, 0x314dc6448d93, 0x0, 0x0}},
    {{0x378d8e6400000000, 0x1ed09bead87c0, 0x0, 0x0}},
    {{0x2b878fe800000000, 0x13426172c74d82, 0x0, 0x0}},
    {{0xb34b9f1000000000, 0xc097ce7bc90715, 0x0, 0x0}},
    {{0xf436a000000000, 0x785ee10d5da46d9, 0x0, 0x0}},
    {{0x98a224000000000, 0x4b3b4ca85a86c47a, 0x0, 0x0}},
    {{0x5f65568000000000, 0xf050fe938943acc4, 0x2, 0x0}},
    {{0xb9f5610000000000, 0x6329f1c35ca4bfab, 0x1d, 0x0}},
    {{0x4395ca0000000000, 0xdfa371a19e6f7cb5, 0x125, 0x0}},
    {{0xa3d9e40000000000, 0xbc627050305adf14, 0xb7a, 0x0}},
    {{0x6682e80000000000, 0x5bd86321e38cb6ce, 0x72cb, 0x0}},
    {{0x11d100000000000, 0x9673df52e37f2410, 0x47bf1, 0x0}},
    {{0xb22a00000000000, 0xe086b93ce2f768a0, 0x2cd76f, 0x0}},
    {{0x6f5a400000000000, 0xc5433c60ddaa1640, 0x1c06a5e, 0x0}},
    {{0x5986800000000000, 0xb4a05bc8a8a4de84, 0x118427b3, 0x0}},
    {{0x7f41000000000000, 0xe4395d69670b12b, 0xaf298d05, 0x0}},
    {{0xf88a000000000000, 0x8ea3da61e066ebb2, 0x6d79f8232, 0x0}},
    {{0xb564000000000000, 0x926687d2c40534fd, 0x446c3b15f9, 0x0}},
    {{0x15e8000000000000, 0xb8014e3ba83411e9, 0x2ac3a4edbbf, 0x0}},
    {{0xdb10000000000000, 0x300d0e549208b31a, 0x1aba4714957d, 0x0}},
    {{0x8ea0000000000000, 0xe0828f4db456ff0c, 0x10b46c6cdd6e3, 0x0}},
    {{0x9240000000000000, 0xc51999090b65f67d, 0xa70c3c40a64e6, 0x0}},
    {{0xb680000000000000, 0xb2fffa5a71fba0e7, 0x6867a5a867f103, 0x0}},
    {{0x2100000000000000, 0xfdffc78873d4490d, 0x4140c78940f6a24, 0x0}},
    {{0x4a00000000000000, 0xebfdcb54864ada83, 0x28c87cb5c89a2571, 0x0}},
    {{0xe400000000000000, 0x37e9f14d3eec8920, 0x97d4df19d6057673, 0x1}},
    {{0xe800000000000000, 0x2f236d04753d5b48, 0xee50b7025c36a080, 0xf}},
    {{0x1000000000000000, 0xd762422c946590d9, 0x4f2726179a224501, 0x9f}},
    {{0xa000000000000000, 0x69d695bdcbf7a87a, 0x17877cec0556b212, 0x639}},
    {{0x4000000000000000, 0x2261d969f7ac94ca, 0xeb4ae1383562f4b8, 0x3e3a}},
    {{0x8000000000000000, 0x57d27e23acbdcfe6, 0x30eccc3215dd8f31, 0x26e4d}},
    {{0x0, 0x6e38ed64bf6a1f01, 0xe93ff9f4daa797ed, 0x184f03}},
    {{0x0, 0x4e3945ef7a25360a, 0x1c7fc3908a8bef46, 0xf31627}},
    {{0x0, 0xe3cbb5ac5741c64, 0x1cfda3a5697758bf, 0x97edd87}},
    {{0x0, 0x8e5f518bb6891be8, 0x21e864761ea97776, 0x5ef4a747}},
    {{0x0, 0x8fb92f75215b1710, 0x5313ec9d329eaaa1, 0x3b58e88c7}},
    {{0x0, 0x9d3bda934d8ee6a0, 0x3ec73e23fa32aa4f, 0x25179157c9}},
    {{0x0, 0x245689c107950240, 0x73c86d67c5faa71c, 0x172ebad6ddc}},
    {{0x0, 0x6b61618a4bd21680, 0x85d4460dbbca8719, 0xe7d34c64a9c}},
    {{0x0, 0x31cdcf66f634e100, 0x3a4abc8955e946fe, 0x90e40fbeea1d}},
    {{0x0, 0xf20a1a059e10ca00, 0x46eb5d5d5b1cc5ed, 0x5a8e89d752524}},
    {{0x0, 0x746504382ca7e400, 0xc531a5a58f1fbb4b, 0x3899162693736a}},
    {{0x0, 0x8bf22a31be8ee800, 0xb3f07877973d50f2, 0x235fadd81c2822b}},
    {{0x0, 0x7775a5f171951000, 0x764b4abe8652979, 0x161bcca7119915b5}},
    /* clang-format on */
};

enum { CHUNK = 19 }; /* digits that fit a word */

tarn_i128 tarn__pow10_128(unsigned n)
{
    return (tarn_i128)((tarn_u128)powers[n].words[1] << 64 | powers[n].words[0]);
}

struct tarn_i256 tarn__pow10_256(unsigned n)
{
    return powers[n];
}

/* ---- text to value ---- */

/* What a text comes to at a scale: `kept` digits from `digits` on (the point is passed over), then `zeros` zeros. */
struct cut {
    const char *digits;
    size_t kept;
    unsigned zeros;
    bool negative;
    bool inexact;  /* digits other than zero were cut off */
    bool round_up; /* the first of them is 5 or more */
};

/* The mantissa's extent and the exponent behind it. */
struct mantissa {
    const char *begin;
    const char *end;
    int64_t count;    /* digits */
    int64_t fraction; /* of them behind the point */
    int64_t exponent;
};

static bool take_exponent(const char *at, const char *end, int64_t *out)
{
    int64_t value = 0;
    *out = 0;
    if (at == end) {
        return true;
    }
    if (*at != 'e' && *at != 'E') {
        return false;
    }
    at++;
    const bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    if (at == end) {
        return false;
    }
    for (; at < end; at++) {
        if (!tarn__is_digit(*at)) {
            return false;
        }
        value = value < INT64_C(100000000000000000) ? value * 10 + (*at - '0') : value;
    }
    *out = negative ? -value : value;
    return true;
}

static bool take_mantissa(const char *at, const char *end, char point, struct mantissa *out)
{
    const char *seen = NULL;
    *out = (struct mantissa){.begin = at};
    while (at < end && (tarn__is_digit(*at) || (*at == point && seen == NULL))) {
        seen = *at == point ? at : seen;
        at++;
    }
    out->end = at;
    out->count = (at - out->begin) - (seen != NULL);
    out->fraction = seen != NULL ? at - seen - 1 : 0;
    return out->count > 0 && take_exponent(at, end, &out->exponent);
}

/* Leading zeros do not count. */
static void strip_zeros(struct mantissa *mantissa)
{
    while (mantissa->begin < mantissa->end && (*mantissa->begin == '0' || !tarn__is_digit(*mantissa->begin))) {
        mantissa->count -= *mantissa->begin == '0';
        mantissa->begin++;
    }
}

/* Looks at the digits behind the first `kept` ones. `kept` may be negative: zeros stand before all digits. */
static void look_behind(const struct mantissa *mantissa, int64_t kept, struct cut *out)
{
    int64_t place = 0;
    for (const char *at = mantissa->begin; at < mantissa->end; at++) {
        if (!tarn__is_digit(*at)) {
            continue;
        }
        if (place >= kept && *at != '0') {
            out->inexact = true;
        }
        if (place == kept) {
            out->round_up = *at >= '5';
        }
        place++;
    }
}

static enum tarn_parsed cut_text(struct tarn_text text, unsigned precision, unsigned scale, unsigned flags, struct cut *out)
{
    const char *at = text.data;
    const char *end = text.size != 0 ? at + text.size : at;
    struct mantissa mantissa;
    *out = (struct cut){.negative = at < end && *at == '-'};
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    if (!take_mantissa(at, end, (flags & TARN_DECIMAL_COMMA) != 0 ? ',' : '.', &mantissa)) {
        return TARN_PARSED_SYNTAX;
    }
    strip_zeros(&mantissa);
    out->digits = mantissa.begin;
    if (mantissa.count == 0) {
        return TARN_PARSED;
    }
    const int64_t shift = mantissa.exponent - mantissa.fraction + scale;
    const int64_t digits = mantissa.count + shift; /* of the unscaled value */
    if (digits > precision) {
        return TARN_PARSED_RANGE;
    }
    if (shift < 0) {
        look_behind(&mantissa, digits, out);
        out->kept = digits > 0 ? (size_t)digits : 0;
    } else {
        out->kept = (size_t)mantissa.count;
        out->zeros = (unsigned)shift;
    }
    return TARN_PARSED;
}

/* The next up to CHUNK digits of those left; *power is 10^(how many). */
static uint64_t take_chunk(struct cut *cut, uint64_t *power)
{
    uint64_t value = 0;
    *power = 1;
    for (int taken = 0; taken < CHUNK && cut->kept != 0; cut->digits++) {
        if (tarn__is_digit(*cut->digits)) {
            value = value * 10 + (uint64_t)(*cut->digits - '0');
            *power *= 10;
            cut->kept--;
            taken++;
        }
    }
    return value;
}

/* How much a magnitude changes when its cut digits are rounded; INEXACT without leave to round. */
static enum tarn_parsed rounding(const struct cut *cut, unsigned flags, unsigned *add)
{
    *add = 0;
    if (!cut->inexact) {
        return TARN_PARSED;
    }
    if ((flags & TARN_DECIMAL_ROUND) != 0) {
        *add = cut->round_up;
        return TARN_PARSED;
    }
    *add = cut->negative; /* towards minus infinity */
    return TARN_PARSED_INEXACT;
}

enum tarn_parsed tarn__decimal128_parse(struct tarn_text text, unsigned precision, unsigned scale, unsigned flags, tarn_i128 *out)
{
    struct cut cut;
    unsigned add;
    *out = 0;
    enum tarn_parsed parsed = cut_text(text, precision, scale, flags, &cut);
    if (parsed == TARN_PARSED) {
        tarn_i128 value = 0;
        while (cut.kept != 0) {
            uint64_t power;
            const uint64_t chunk = take_chunk(&cut, &power);
            value = value * power + chunk;
        }
        value *= tarn__pow10_128(cut.zeros <= TARN_DECIMAL128_DIGITS ? cut.zeros : 0); /* more zeros only behind the value 0 */
        parsed = rounding(&cut, flags, &add);
        value += add;
        *out = cut.negative ? -value : value;
        if (tarn__decimal128_fits(value, precision)) {
            return parsed;
        }
        parsed = TARN_PARSED_RANGE;
    }
    if (parsed == TARN_PARSED_RANGE) {
        *out = tarn__pow10_128(precision) - 1;
        *out = cut.negative ? -*out : *out;
    }
    return parsed;
}

static struct tarn_i256 i256_of_word(uint64_t word)
{
    return (struct tarn_i256){{word, 0, 0, 0}};
}

static struct tarn_i256 signed_i256(struct tarn_i256 value, bool negative)
{
    struct tarn_i256 out = value;
    if (negative) {
        (void)tarn__i256_negate(value, &out); /* a value that fits a precision is no extreme */
    }
    return out;
}

/* +-(10^precision - 1) */
static struct tarn_i256 limit256(unsigned precision, bool negative)
{
    struct tarn_i256 out;
    (void)tarn__i256_sub(tarn__pow10_256(precision), i256_of_word(1), &out);
    return signed_i256(out, negative);
}

enum tarn_parsed tarn__decimal256_parse(struct tarn_text text, unsigned precision, unsigned scale, unsigned flags, struct tarn_i256 *out)
{
    struct cut cut;
    unsigned add;
    *out = (struct tarn_i256){{0}};
    enum tarn_parsed parsed = cut_text(text, precision, scale, flags, &cut);
    if (parsed == TARN_PARSED) {
        struct tarn_i256 value = {{0}};
        while (cut.kept != 0) { /* at most 76 digits: nothing here overflows */
            uint64_t power;
            const uint64_t chunk = take_chunk(&cut, &power);
            (void)tarn__i256_mul(value, i256_of_word(power), &value);
            (void)tarn__i256_add(value, i256_of_word(chunk), &value);
        }
        (void)tarn__i256_mul(value, tarn__pow10_256(cut.zeros <= TARN_DECIMAL256_DIGITS ? cut.zeros : 0), &value);
        parsed = rounding(&cut, flags, &add);
        (void)tarn__i256_add(value, i256_of_word(add), &value);
        *out = signed_i256(value, cut.negative);
        if (tarn__decimal256_fits(value, precision)) {
            return parsed;
        }
        parsed = TARN_PARSED_RANGE;
    }
    if (parsed == TARN_PARSED_RANGE) {
        *out = limit256(precision, cut.negative);
    }
    return parsed;
}

/* ---- value to text ---- */

enum { MOST_DIGITS = 80 };

/* The digits of the magnitude, at the end of `digits`; returns where the first one stands. Works on either sign: -2^255 has no twin. */
static size_t print_magnitude(struct tarn_i256 value, char digits[MOST_DIGITS])
{
    const struct tarn_i256 chunk_power = i256_of_word(powers[CHUNK].words[0]);
    size_t at = MOST_DIGITS;
    do {
        struct tarn_i256 rest;
        (void)tarn__i256_divide(value, chunk_power, &value, &rest);
        uint64_t chunk = tarn__i256_is_negative(rest) ? 0 - rest.words[0] : rest.words[0];
        const size_t stop = tarn__i256_is_zero(value) ? at - 1 : at - CHUNK;
        while (at > stop || chunk != 0) {
            digits[--at] = (char)('0' + chunk % 10);
            chunk /= 10;
        }
    } while (!tarn__i256_is_zero(value));
    return at;
}

static size_t print_point(const char *digits, size_t count, unsigned scale, bool negative, char *out)
{
    char *at = out;
    if (negative) {
        *at++ = '-';
    }
    if (count <= scale) {
        *at++ = '0';
        *at++ = '.';
        memset(at, '0', scale - count);
        at += scale - count;
        memcpy(at, digits, count);
        at += count;
    } else {
        memcpy(at, digits, count - scale);
        at += count - scale;
        if (scale != 0) {
            *at++ = '.';
            memcpy(at, digits + count - scale, scale);
            at += scale;
        }
    }
    return (size_t)(at - out);
}

size_t tarn__decimal256_print(struct tarn_i256 unscaled, unsigned scale, char *out)
{
    char digits[MOST_DIGITS];
    const size_t at = print_magnitude(unscaled, digits);
    return print_point(digits + at, MOST_DIGITS - at, scale, tarn__i256_is_negative(unscaled), out);
}

size_t tarn__decimal128_print(tarn_i128 unscaled, unsigned scale, char *out)
{
    char digits[MOST_DIGITS];
    tarn_u128 value = tarn__i128_magnitude(unscaled);
    size_t at = MOST_DIGITS;
    while (value >> 64 != 0) {
        uint64_t chunk = (uint64_t)(value % powers[CHUNK].words[0]);
        value /= powers[CHUNK].words[0];
        for (int i = 0; i < CHUNK; i++) {
            digits[--at] = (char)('0' + chunk % 10);
            chunk /= 10;
        }
    }
    char head[TARN_NUMBER_TEXT];
    const size_t size = tarn__uint64_print((uint64_t)value, head);
    at -= size;
    memcpy(digits + at, head, size);
    return print_point(digits + at, MOST_DIGITS - at, scale, unscaled < 0, out);
}

/* ---- scales ---- */

bool tarn__decimal128_fits(tarn_i128 unscaled, unsigned precision)
{
    return tarn__i128_magnitude(unscaled) < (tarn_u128)tarn__pow10_128(precision);
}

bool tarn__decimal256_fits(struct tarn_i256 unscaled, unsigned precision)
{
    struct tarn_i256 value = unscaled;
    if (tarn__i256_is_negative(unscaled) && !tarn__i256_negate(unscaled, &value)) {
        return false;
    }
    return tarn__i256_compare(value, tarn__pow10_256(precision)) < 0;
}

static enum tarn_parsed range128(bool negative, unsigned precision, tarn_i128 *out)
{
    *out = tarn__pow10_128(precision) - 1;
    *out = negative ? -*out : *out;
    return TARN_PARSED_RANGE;
}

enum tarn_parsed tarn__decimal128_rescale(tarn_i128 unscaled, unsigned from, unsigned to, unsigned precision, unsigned flags,
                                          tarn_i128 *out)
{
    enum tarn_parsed parsed = TARN_PARSED;
    if (to >= from) {
        if (!tarn__i128_mul(unscaled, tarn__pow10_128(to - from), out)) {
            return range128(unscaled < 0, precision, out);
        }
    } else {
        const tarn_i128 divisor = tarn__pow10_128(from - to);
        const tarn_i128 rest = unscaled % divisor;
        *out = unscaled / divisor;
        if (rest != 0 && (flags & TARN_DECIMAL_ROUND) != 0) {
            const tarn_u128 twice = tarn__i128_magnitude(rest) * 2;
            *out += twice >= (tarn_u128)divisor ? (unscaled < 0 ? -1 : 1) : 0;
        } else if (rest != 0) {
            *out -= unscaled < 0;
            parsed = TARN_PARSED_INEXACT;
        }
    }
    return tarn__decimal128_fits(*out, precision) ? parsed : range128(unscaled < 0, precision, out);
}

enum tarn_parsed tarn__decimal256_rescale(struct tarn_i256 unscaled, unsigned from, unsigned to, unsigned precision, unsigned flags,
                                          struct tarn_i256 *out)
{
    const bool negative = tarn__i256_is_negative(unscaled);
    const struct tarn_i256 one = signed_i256(i256_of_word(1), negative);
    enum tarn_parsed parsed = TARN_PARSED;
    bool fits = true;
    if (to >= from) {
        fits = tarn__i256_mul(unscaled, tarn__pow10_256(to - from), out);
    } else {
        const struct tarn_i256 divisor = tarn__pow10_256(from - to);
        struct tarn_i256 rest;
        fits = tarn__i256_divide(unscaled, divisor, out, &rest);
        if (!tarn__i256_is_zero(rest) && (flags & TARN_DECIMAL_ROUND) != 0) {
            struct tarn_i256 twice = signed_i256(rest, negative);
            (void)tarn__i256_add(twice, twice, &twice); /* below 2 * 10^76 < 2^254 */
            fits = fits && (tarn__i256_compare(twice, divisor) < 0 || tarn__i256_add(*out, one, out));
        } else if (!tarn__i256_is_zero(rest)) {
            fits = fits && (!negative || tarn__i256_add(*out, one, out));
            parsed = TARN_PARSED_INEXACT;
        }
    }
    if (!fits || !tarn__decimal256_fits(*out, precision)) {
        *out = limit256(precision, negative);
        return TARN_PARSED_RANGE;
    }
    return parsed;
}

int tarn__decimal128_compare(tarn_i128 a, unsigned a_scale, tarn_i128 b, unsigned b_scale)
{
    if (a_scale == b_scale) {
        return (a > b) - (a < b);
    }
    struct tarn_i256 wide_a = tarn__i256_of(a);
    struct tarn_i256 wide_b = tarn__i256_of(b);
    struct tarn_i256 *lesser = a_scale < b_scale ? &wide_a : &wide_b;
    const unsigned difference = a_scale < b_scale ? b_scale - a_scale : a_scale - b_scale;
    (void)tarn__i256_mul(*lesser, tarn__pow10_256(difference), lesser); /* 2^127 * 10^38 < 2^254 */
    return tarn__i256_compare(wide_a, wide_b);
}

/* ---- doubles ---- */

/* By way of the text, which the parser rounds once. */
static double double_of_text(char *text, size_t size, unsigned scale)
{
    double value;
    text[size++] = 'e';
    size += tarn__int64_print(-(int64_t)scale, text + size);
    (void)tarn__double_parse((struct tarn_text){text, size}, 0, &value);
    return value;
}

double tarn__decimal128_to_double(tarn_i128 unscaled, unsigned scale)
{
    enum { EXACT_POWER = 22 }; /* 10^22 is a double, and so is every integer up to 2^53: their quotient is rounded once */
    const tarn_i128 exact = (tarn_i128)1 << 53;
    if (scale <= EXACT_POWER && unscaled <= exact && unscaled >= -exact) {
        static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
        return (double)(int64_t)unscaled / tens[scale];
    }
    char text[TARN_DECIMAL_TEXT + TARN_NUMBER_TEXT];
    return double_of_text(text, tarn__decimal128_print(unscaled, 0, text), scale);
}

double tarn__decimal256_to_double(struct tarn_i256 unscaled, unsigned scale)
{
    char text[TARN_DECIMAL_TEXT + TARN_NUMBER_TEXT];
    return double_of_text(text, tarn__decimal256_print(unscaled, 0, text), scale);
}

enum tarn_parsed tarn__decimal128_of_double(double value, unsigned precision, unsigned scale, tarn_i128 *out)
{
    char text[TARN_NUMBER_TEXT];
    const size_t size = tarn__double_print(value, NULL, text);
    const enum tarn_parsed parsed = tarn__decimal128_parse((struct tarn_text){text, size}, precision, scale, TARN_DECIMAL_ROUND, out);
    if (parsed != TARN_PARSED_SYNTAX) {
        return parsed;
    }
    return range128(text[0] == '-', precision, out); /* inf, nan */
}

/* ---- bytes ---- */

bool tarn__i256_load_be(struct tarn_span bytes, struct tarn_i256 *out)
{
    enum { WIDTH = 32 };
    const uint8_t sign = bytes.size != 0 && bytes.data[0] >> 7 != 0 ? 0xff : 0;
    uint8_t whole[WIDTH];
    memset(whole, sign, sizeof(whole));
    *out = (struct tarn_i256){{0}};
    while (bytes.size > WIDTH) {
        if (bytes.data[0] != sign) {
            return false;
        }
        tarn__span_take(&bytes, 1);
    }
    if (bytes.size != 0) {
        memcpy(whole + WIDTH - bytes.size, bytes.data, bytes.size);
    }
    for (size_t i = 0; i < 4; i++) {
        out->words[3 - i] = tarn__load64_be(whole + 8 * i);
    }
    return (whole[0] ^ sign) >> 7 == 0; /* a full width whose first bit says otherwise than the bytes cut in front */
}

bool tarn__i128_load_be(struct tarn_span bytes, tarn_i128 *out)
{
    struct tarn_i256 wide;
    const bool read = tarn__i256_load_be(bytes, &wide);
    return tarn__i256_to_i128(wide, out) && read;
}

bool tarn__i256_store_be(struct tarn_i256 value, uint8_t *out, size_t width)
{
    const uint8_t sign = tarn__i256_is_negative(value) ? 0xff : 0;
    bool fits = width != 0 || tarn__i256_is_zero(value);
    for (size_t i = 0; i < 32 || i < width; i++) { /* i counts from the least byte */
        const uint8_t byte = (uint8_t)(i < 32 ? value.words[i / 8] >> (i % 8 * 8) : sign);
        if (i < width) {
            out[width - 1 - i] = byte;
        } else {
            fits = fits && byte == sign;
        }
    }
    return fits && (width == 0 || (out[0] ^ sign) >> 7 == 0);
}

bool tarn__i128_store_be(tarn_i128 value, uint8_t *out, size_t width)
{
    return tarn__i256_store_be(tarn__i256_of(value), out, width);
}

size_t tarn__i128_store_be_shortest(tarn_i128 value, uint8_t out[16])
{
    uint8_t all[16];
    tarn__store64_be(all, (uint64_t)((tarn_u128)value >> 64));
    tarn__store64_be(all + 8, (uint64_t)value);
    size_t skip = 0;
    while (skip < 15 && (all[skip] == 0 || all[skip] == 0xff) && (all[skip] & 0x80) == (all[skip + 1] & 0x80)) {
        skip++;
    }
    memcpy(out, all + skip, sizeof(all) - skip);
    return sizeof(all) - skip;
}

unsigned tarn__decimal_width(unsigned precision)
{
    return ((unsigned)tarn__ten_power_log2((int32_t)precision) + 1) / 8 + 1;
}
