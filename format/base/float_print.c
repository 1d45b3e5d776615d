/* SPDX-License-Identifier: Apache-2.0
 *
 * Doubles and floats to their shortest digits: Schubfach (Raffaello Giulietti, "The Schubfach way to render doubles").
 *
 * A number c * 2^q is the nearest one for every decimal within half a unit to both sides (the ends too when c is even). Of all
 * decimals in that interval, those with the fewest digits are sought, and of these the nearest. With 10^k the largest power of ten
 * not above the interval's width there are at most four candidates: two multiples of 10^(k+1), else two of 10^k.
 *
 * Invariants
 *  1. Everything is compared as a multiple of 10^k / 4, computed from a power of ten of 128 bits and "rounded to odd": the last bit
 *     set when anything is behind it, so that comparisons with exact multiples of 4 or 2 come out right.
 *  2. The table's entry is rounded down; the proof wants it rounded up.
 */
#include <math.h>
#include <string.h>

#include "format/base/number.h"
#include "format/base/ten_powers.h"

const struct tarn_float_words tarn__float_words_plain = {"nan", "inf", "-inf", "-0.0"};
const struct tarn_float_words tarn__float_words_json = {"\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "-0.0"};

/* floor(power * factor / 2^128), the last bit set when more than the table's error was cut away. */
static uint64_t round_to_odd(tarn_u128 power, uint64_t factor)
{
    const tarn_u128 low = (tarn_u128)(uint64_t)power * factor;
    const tarn_u128 high = (tarn_u128)(uint64_t)(power >> 64) * factor + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* digits * 10^exponent for c * 2^q, c > 0; `narrow_below`: the neighbour below is only half as far away (c is a power of two). */
static struct tarn_float_digits shortest(uint64_t c, int32_t q, bool narrow_below)
{
    const int32_t k = (q * 1262611 - (narrow_below ? 524031 : 0)) >> 22; /* floor(log10(2^q)), or of 3/4 of it */
    const int32_t shift = q + tarn__ten_power_log2(-k) + 1;
    const tarn_u128 power = tarn__ten_power(-k) + !tarn__ten_power_is_exact(-k);
    const uint64_t below = round_to_odd(power, (4 * c - 2 + narrow_below) << shift);
    const uint64_t value = round_to_odd(power, (4 * c) << shift);
    const uint64_t above = round_to_odd(power, (4 * c + 2) << shift);
    const uint64_t least = below + (c & 1);
    const uint64_t most = above - (c & 1);
    const uint64_t s = value / 4;

    if (s >= 10) {
        const uint64_t ten = s / 10;
        const bool lower_fits = least <= 40 * ten;
        const bool upper_fits = 40 * ten + 40 <= most;
        if (lower_fits != upper_fits) {
            return (struct tarn_float_digits){ten + upper_fits, k + 1, false};
        }
    }
    const bool lower_fits = least <= 4 * s;
    const bool upper_fits = 4 * s + 4 <= most;
    if (lower_fits != upper_fits) {
        return (struct tarn_float_digits){s + upper_fits, k, false};
    }
    const uint64_t middle = 4 * s + 2;
    const bool up = value > middle || (value == middle && (s & 1) != 0);
    return (struct tarn_float_digits){s + up, k, false};
}

/* `bits` without the sign, of a finite number. */
static struct tarn_float_digits digits_of_bits(uint64_t bits, int32_t precision, int32_t least)
{
    const uint64_t hidden = (uint64_t)1 << (precision - 1);
    const uint64_t fraction = bits & (hidden - 1);
    const int32_t field = (int32_t)(bits >> (precision - 1));
    const uint64_t c = field != 0 ? fraction | hidden : fraction;
    const int32_t q = least - (precision - 1) + (field != 0 ? field - 1 : 0);
    struct tarn_float_digits out = {0, 0, false};

    if (c == 0) {
        return out;
    }
    if (q <= 0 && -q < precision && (c & (((uint64_t)1 << -q) - 1)) == 0) {
        out.digits = c >> -q; /* a whole number below 2^precision: no shorter decimal is nearer to it than to its neighbours */
    } else {
        out = shortest(c, q, fraction == 0 && field > 1);
    }
    while (out.digits % 10 == 0) {
        out.digits /= 10;
        out.exponent++;
    }
    return out;
}

struct tarn_float_digits tarn__double_shortest(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    struct tarn_float_digits out = digits_of_bits(bits & (UINT64_MAX >> 1), 53, -1022);
    out.negative = bits >> 63 != 0;
    return out;
}

struct tarn_float_digits tarn__float_shortest(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    struct tarn_float_digits out = digits_of_bits(bits & (UINT32_MAX >> 1), 24, -126);
    out.negative = bits >> 31 != 0;
    return out;
}

static char *put_zeros(char *at, int32_t count)
{
    memset(at, '0', (size_t)count);
    return at + count;
}

static char *put_exponent(char *at, int32_t exponent)
{
    *at++ = 'e';
    *at++ = exponent < 0 ? '-' : '+';
    const uint64_t magnitude = (uint64_t)(exponent < 0 ? -exponent : exponent);
    if (magnitude < 10) {
        *at++ = '0';
    }
    return at + tarn__uint64_print(magnitude, at);
}

/* Python's repr: with an exponent when the point would stand left of 0.0001 or behind more than 16 digits. */
static size_t print_digits(struct tarn_float_digits number, char *out)
{
    enum { LEAST_POINT = -3, MOST_POINT = 16 };
    char digits[TARN_NUMBER_TEXT];
    const int32_t count = (int32_t)tarn__uint64_print(number.digits, digits);
    const int32_t point = count + number.exponent; /* digits before the point */
    char *at = out;

    if (number.negative) {
        *at++ = '-';
    }
    if (point < LEAST_POINT || point > MOST_POINT) {
        *at++ = digits[0];
        if (count > 1) {
            *at++ = '.';
            memcpy(at, digits + 1, (size_t)count - 1);
            at += count - 1;
        }
        at = put_exponent(at, point - 1);
    } else if (point <= 0) {
        *at++ = '0';
        *at++ = '.';
        at = put_zeros(at, -point);
        memcpy(at, digits, (size_t)count);
        at += count;
    } else if (point >= count) {
        memcpy(at, digits, (size_t)count);
        at = put_zeros(at + count, point - count);
        *at++ = '.';
        *at++ = '0';
    } else {
        memcpy(at, digits, (size_t)point);
        at += point;
        *at++ = '.';
        memcpy(at, digits + point, (size_t)(count - point));
        at += count - point;
    }
    return (size_t)(at - out);
}

/* The word for a value without digits; NULL when it has some. */
static const char *word_of(double value, const struct tarn_float_words *words)
{
    const struct tarn_float_words *chosen = words != NULL ? words : &tarn__float_words_plain;
    if (isnan(value)) {
        return chosen->nan;
    }
    if (isinf(value)) {
        return value < 0 ? chosen->minus_infinity : chosen->infinity;
    }
    return value == 0 && signbit(value) ? chosen->minus_zero : NULL;
}

static size_t print_word(const char *word, char *out)
{
    const size_t size = strlen(word);
    memcpy(out, word, size);
    return size;
}

size_t tarn__double_print(double value, const struct tarn_float_words *words, char *out)
{
    const char *word = word_of(value, words);
    return word != NULL ? print_word(word, out) : print_digits(tarn__double_shortest(value), out);
}

size_t tarn__float_print(float value, const struct tarn_float_words *words, char *out)
{
    const char *word = word_of((double)value, words);
    return word != NULL ? print_word(word, out) : print_digits(tarn__float_shortest(value), out);
}
