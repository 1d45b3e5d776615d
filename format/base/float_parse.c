/* SPDX-License-Identifier: Apache-2.0
 *
 * Text to double and float, rounded to nearest, ties to even, for any number of digits.
 *
 * Three ways, each taken only when it is exact:
 *  1. digits below 2^53 and a power of ten that a double holds: one multiplication or division, rounded once (Clinger);
 *  2. the digits times a power of ten of 128 bits, as an interval that contains the true value: when both ends round to the same
 *     number, so does all between;
 *  3. the true value against the half-way point between the two candidates, in integers of any length.
 *
 * Invariants
 *  1. In 2 the ends are true bounds: the table is rounded down by less than one unit, a cut digit string by less than one.
 *  2. In 3 at most MOST_DIGITS digits enter; a half-way point of doubles has fewer than 770, so a digit behind only breaks a tie.
 */
#include "format/base/number.h"
#include "format/base/ten_powers.h"
#include "format/base/utf8.h"

enum { WORD_DIGITS = 19, MOST_DIGITS = 800, BIG_WORDS = 112 };

/* A binary format: IEEE 754 double or float. */
struct binary {
    int32_t precision; /* bits of the significand, with the hidden one */
    int32_t least;     /* exponent of the smallest normal number */
    int32_t most;      /* exponent of the largest number */
};

static const struct binary binary64 = {53, -1022, 1023};
static const struct binary binary32 = {24, -126, 127};

static uint64_t infinity_bits(const struct binary *format)
{
    return (uint64_t)(format->most - format->least + 2) << (format->precision - 1);
}

/* The number as it was written: word * 10^exponent, where `word` holds the first 19 digits that count. */
struct written {
    const char *digits; /* first digit, leading zeros included; up to `end` with at most one point in it */
    const char *end;
    uint64_t word;
    int64_t exponent; /* of the last digit in `word` */
    bool cut;         /* digits other than zero stand behind `word` */
};

static const char *take_digits(const char *at, const char *end, uint64_t *word)
{
    uint64_t v = *word;
    uint32_t eight;
    while (end - at >= 8 && tarn__digits8(at, &eight)) {
        v = v * 100000000 + eight;
        at += 8;
    }
    while (at < end && (unsigned char)(*at - '0') < 10) {
        v = v * 10 + (unsigned char)(*at - '0');
        at++;
    }
    *word = v;
    return at;
}

/* More than 19 digits: `word` has wrapped. Takes the first 19 that count, and sees whether the others are zeros. */
static void cut_digits(struct written *written, int64_t last_exponent)
{
    uint64_t word = 0;
    int taken = 0;
    int64_t behind = 0;
    bool cut = false;
    for (const char *at = written->digits; at < written->end; at++) {
        const unsigned digit = (unsigned char)(*at - '0');
        if (digit > 9) {
            continue; /* the point */
        }
        if (taken < WORD_DIGITS) {
            word = word * 10 + digit;
            taken += word != 0;
        } else {
            behind++;
            cut |= digit != 0;
        }
    }
    written->word = word;
    written->cut = cut;
    written->exponent = last_exponent + behind;
}

/* [e[+-]digits] up to the end of the text. */
static bool take_exponent(const char *at, const char *end, int64_t *exponent)
{
    *exponent = 0;
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
    int64_t value = 0;
    for (; at < end; at++) {
        const unsigned digit = (unsigned char)(*at - '0');
        if (digit > 9) {
            return false;
        }
        value = value < INT64_C(100000000000000000) ? value * 10 + digit : value; /* beyond any text's length: stays infinite or zero */
    }
    *exponent = negative ? -value : value;
    return true;
}

static bool take_written(const char *at, const char *end, char point, struct written *written)
{
    uint64_t word = 0;
    written->digits = at;
    const char *stop = take_digits(at, end, &word);
    int64_t count = stop - at;
    int64_t fraction = 0;
    if (stop < end && *stop == point) {
        const char *behind = stop + 1;
        stop = take_digits(behind, end, &word);
        fraction = stop - behind;
    }
    count += fraction;
    written->end = stop;
    int64_t exponent;
    if (count == 0 || !take_exponent(stop, end, &exponent)) {
        return false;
    }
    exponent -= fraction;
    if (count <= WORD_DIGITS) {
        written->word = word;
        written->exponent = exponent;
        written->cut = false;
    } else {
        cut_digits(written, exponent);
    }
    return true;
}

/* Rounds (m + sticky) * 2^e, m with its highest bit set, to the bits of the format. */
static uint64_t round_bits(const struct binary *format, tarn_u128 m, bool sticky, int32_t e)
{
    const int32_t top = e + 127;
    if (top > format->most) {
        return infinity_bits(format);
    }
    const bool normal = top >= format->least;
    const int32_t precision = normal ? format->precision : format->precision - (format->least - top);
    if (precision < 0) {
        return 0;
    }
    const tarn_u128 half = (tarn_u128)1 << (127 - precision);
    const uint64_t kept = precision == 0 ? 0 : (uint64_t)(m >> (128 - precision));
    const tarn_u128 rest = precision == 0 ? m : m & (half * 2 - 1);
    const bool up = rest > half || (rest == half && (sticky || (kept & 1) != 0));
    if (!normal) {
        return kept + up;
    }
    /* the hidden bit of `kept` adds one to the exponent field, and so does a carry out of it */
    return ((uint64_t)(top - format->least) << (format->precision - 1)) + kept + up;
}

/* The bits of word * power * 2^(of the power of ten), rounded; `power` is an entry of the table or its upper neighbour. */
static uint64_t round_product(const struct binary *format, uint64_t word, tarn_u128 power, int32_t exponent)
{
    const int32_t shift = __builtin_clzll(word);
    word <<= shift;
    const tarn_u128 low = (tarn_u128)word * (uint64_t)power;
    tarn_u128 high = (tarn_u128)word * (uint64_t)(power >> 64) + (low >> 64);
    uint64_t lowest = (uint64_t)low;
    int32_t e = tarn__ten_power_log2(exponent) - 127 + 64 - shift;
    if (high >> 127 == 0) {
        high = high << 1 | lowest >> 63;
        lowest <<= 1;
        e--;
    }
    return round_bits(format, high, lowest != 0, e);
}

/* Unsigned integers of any length that matters here: 800 digits times 2^k or 5^k stay below 112 words. */
struct big {
    uint64_t words[BIG_WORDS];
    size_t size;
};

static void big_multiply_add(struct big *big, uint64_t factor, uint64_t carry)
{
    for (size_t i = 0; i < big->size; i++) {
        const tarn_u128 product = (tarn_u128)big->words[i] * factor + carry;
        big->words[i] = (uint64_t)product;
        carry = (uint64_t)(product >> 64);
    }
    if (carry != 0) {
        big->words[big->size++] = carry;
    }
}

static void big_multiply_five(struct big *big, uint64_t exponent)
{
    static const uint64_t five_27 = 7450580596923828125u; /* the largest power of five in a word */
    for (; exponent >= 27; exponent -= 27) {
        big_multiply_add(big, five_27, 0);
    }
    for (; exponent > 0; exponent--) {
        big_multiply_add(big, 5, 0);
    }
}

static void big_shift(struct big *big, uint64_t bits)
{
    const size_t words = (size_t)(bits / 64);
    big_multiply_add(big, (uint64_t)1 << (bits % 64), 0);
    for (size_t i = big->size; i-- > 0;) {
        big->words[i + words] = big->words[i];
    }
    for (size_t i = 0; i < words; i++) {
        big->words[i] = 0;
    }
    big->size += words;
}

static int big_compare(const struct big *a, const struct big *b)
{
    if (a->size != b->size) {
        return a->size < b->size ? -1 : 1;
    }
    for (size_t i = a->size; i-- > 0;) {
        if (a->words[i] != b->words[i]) {
            return a->words[i] < b->words[i] ? -1 : 1;
        }
    }
    return 0;
}

/* The digits as an integer, at most MOST_DIGITS of them; *exponent is that of the last one taken, *more that others follow. */
static void big_of_written(const struct written *written, struct big *big, int64_t *exponent, bool *more)
{
    int taken = 0;
    int64_t last = written->exponent;
    *more = false;
    big->size = 0;
    for (const char *at = written->digits; at < written->end; at++) {
        const unsigned digit = (unsigned char)(*at - '0');
        if (digit > 9 || (taken == 0 && digit == 0)) {
            continue;
        }
        if (taken < MOST_DIGITS) {
            big_multiply_add(big, 10, digit);
            taken++;
            last -= taken > WORD_DIGITS; /* written->exponent is that of digit 19 */
        } else {
            *more |= digit != 0;
        }
    }
    *exponent = last;
}

/* The true value lies between the numbers with bits `below` and below + 1: which is nearer? */
static uint64_t decide(const struct binary *format, const struct written *written, uint64_t below)
{
    const int32_t field = (int32_t)(below >> (format->precision - 1));
    const uint64_t fraction = below & (((uint64_t)1 << (format->precision - 1)) - 1);
    const uint64_t significand = field == 0 ? fraction : fraction | (uint64_t)1 << (format->precision - 1);
    const int32_t unit = format->least - (format->precision - 1) + (field > 0 ? field - 1 : 0); /* below = significand * 2^unit */

    struct big value;
    struct big half = {.words = {2 * significand + 1}, .size = 1}; /* times 2^(unit - 1) */
    int64_t exponent;
    bool more;
    big_of_written(written, &value, &exponent, &more);
    if (exponent >= 0) {
        big_multiply_five(&value, (uint64_t)exponent);
    } else {
        big_multiply_five(&half, (uint64_t)-exponent);
    }
    const int64_t twos = exponent - (unit - 1);
    if (twos >= 0) {
        big_shift(&value, (uint64_t)twos);
    } else {
        big_shift(&half, (uint64_t)-twos);
    }
    const int order = big_compare(&value, &half);
    const bool up = order > 0 || (order == 0 && (more || (below & 1) != 0));
    return below + up;
}

static uint64_t bits_of_written(const struct binary *format, const struct written *written)
{
    const uint64_t word = written->word;
    if (word == 0 || written->exponent < TARN_TEN_POWERS_LEAST) { /* word <= 10^19, and 10^-324 is below half the least double */
        return 0;
    }
    if (written->exponent > 308) {
        return infinity_bits(format);
    }
    const int32_t exponent = (int32_t)written->exponent;
    const tarn_u128 power = tarn__ten_power(exponent);
    const uint64_t low = round_product(format, word, power, exponent);
    if (!written->cut && tarn__ten_power_is_exact(exponent)) {
        return low;
    }
    /* an entry of all ones has no upper neighbour in 128 bits; there is none in the table */
    const uint64_t high = round_product(format, word + written->cut, power + 1, exponent);
    return low == high ? low : decide(format, written, low);
}

/* nan, inf, infinity: without digits. */
static bool take_special(const struct binary *format, struct tarn_text text, uint64_t *bits)
{
    *bits = infinity_bits(format);
    if (tarn__text_equal_caseless(text, TARN_TEXT("nan"))) {
        *bits |= (uint64_t)1 << (format->precision - 2);
        return true;
    }
    return tarn__text_equal_caseless(text, TARN_TEXT("inf")) || tarn__text_equal_caseless(text, TARN_TEXT("infinity"));
}

/* The bits without their sign, and the sign. */
static enum tarn_parsed parse_bits(const struct binary *format, struct tarn_text text, unsigned flags, uint64_t *bits, bool *negative)
{
    const char *at = text.data;
    const char *end = text.size != 0 ? at + text.size : at;
    struct written written;

    *bits = 0;
    *negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    if (!take_written(at, end, (flags & TARN_NUMBER_COMMA) != 0 ? ',' : '.', &written)) {
        if ((flags & TARN_NUMBER_SPECIALS) != 0 && take_special(format, (struct tarn_text){at, (size_t)(end - at)}, bits)) {
            return TARN_PARSED;
        }
        *bits = 0;
        *negative = false;
        return TARN_PARSED_SYNTAX;
    }
    *bits = bits_of_written(format, &written);
    return *bits == infinity_bits(format) ? TARN_PARSED_RANGE : TARN_PARSED;
}

/* Way 1 of the three; most numbers of most files. */
static bool parse_plain(struct tarn_text text, unsigned flags, double *out)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int64_t most_ten = (int64_t)(sizeof(tens) / sizeof(tens[0])) - 1;
    const char *at = text.data;
    const char *end = text.size != 0 ? at + text.size : at;
    const bool negative = at < end && *at == '-';
    struct written written;

    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    if (!take_written(at, end, (flags & TARN_NUMBER_COMMA) != 0 ? ',' : '.', &written) || written.cut || written.word > (uint64_t)1 << 53 ||
        written.exponent < -most_ten || written.exponent > most_ten) {
        return false;
    }
    const double value = (double)written.word;
    const double magnitude = written.exponent < 0 ? value / tens[-written.exponent] : value * tens[written.exponent];
    *out = negative ? -magnitude : magnitude;
    return true;
}

enum tarn_parsed tarn__double_parse(struct tarn_text text, unsigned flags, double *out)
{
    if (parse_plain(text, flags, out)) {
        return TARN_PARSED;
    }
    uint64_t bits;
    bool negative;
    const enum tarn_parsed parsed = parse_bits(&binary64, text, flags, &bits, &negative);
    bits |= (uint64_t)negative << 63;
    memcpy(out, &bits, sizeof(*out));
    return parsed;
}

enum tarn_parsed tarn__float_parse(struct tarn_text text, unsigned flags, float *out)
{
    uint64_t bits;
    bool negative;
    const enum tarn_parsed parsed = parse_bits(&binary32, text, flags, &bits, &negative);
    const uint32_t narrow = (uint32_t)bits | (uint32_t)negative << 31;
    memcpy(out, &narrow, sizeof(*out));
    return parsed;
}
