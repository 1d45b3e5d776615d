/* SPDX-License-Identifier: Apache-2.0
 *
 * What the compiler does not give: checked 128-bit products, and integers of 256 bits.
 *
 * Invariant: products and quotients are computed on magnitudes; the sign is put on at the end, where overflow is decided.
 */
#include "format/base/int128.h"

enum { WORDS = 4 };

bool tarn__i128_mul(tarn_i128 a, tarn_i128 b, tarn_i128 *out)
{
    const bool negative = (a < 0) != (b < 0);
    const tarn_u128 x = tarn__i128_magnitude(a);
    const tarn_u128 y = tarn__i128_magnitude(b);
    const uint64_t x_high = (uint64_t)(x >> 64);
    const uint64_t y_high = (uint64_t)(y >> 64);
    *out = 0;
    if (x_high != 0 && y_high != 0) {
        return false;
    }
    const tarn_u128 low = (tarn_u128)(uint64_t)x * (uint64_t)y;
    const tarn_u128 cross = x_high != 0 ? (tarn_u128)x_high * (uint64_t)y : (tarn_u128)y_high * (uint64_t)x;
    const tarn_u128 high = (low >> 64) + (uint64_t)cross; /* below 2^65 */
    const tarn_u128 product = high << 64 | (uint64_t)low;
    if (cross >> 64 != 0 || high >> 64 != 0 || product > (tarn_u128)TARN_I128_MAX + negative) {
        return false;
    }
    *out = negative ? (tarn_i128)(~product + 1) : (tarn_i128)product;
    return true;
}

bool tarn__i256_to_i128(struct tarn_i256 value, tarn_i128 *out)
{
    const uint64_t sign = value.words[1] >> 63 != 0 ? UINT64_MAX : 0;
    *out = (tarn_i128)((tarn_u128)value.words[1] << 64 | value.words[0]);
    return value.words[2] == sign && value.words[3] == sign;
}

static struct tarn_i256 complement(struct tarn_i256 value)
{
    uint64_t carry = 1;
    for (int i = 0; i < WORDS; i++) {
        value.words[i] = ~value.words[i] + carry;
        carry = carry != 0 && value.words[i] == 0;
    }
    return value;
}

static struct tarn_i256 magnitude(struct tarn_i256 value)
{
    return tarn__i256_is_negative(value) ? complement(value) : value;
}

/* Puts the sign on a magnitude; false when it does not fit. */
static bool with_sign(struct tarn_i256 value, bool negative, struct tarn_i256 *out)
{
    *out = negative ? complement(value) : value;
    return tarn__i256_is_zero(value) || tarn__i256_is_negative(*out) == negative;
}

static struct tarn_i256 wrapping_add(struct tarn_i256 a, struct tarn_i256 b)
{
    struct tarn_i256 out;
    uint64_t carry = 0;
    for (int i = 0; i < WORDS; i++) {
        const tarn_u128 sum = (tarn_u128)a.words[i] + b.words[i] + carry;
        out.words[i] = (uint64_t)sum;
        carry = (uint64_t)(sum >> 64);
    }
    return out;
}

bool tarn__i256_add(struct tarn_i256 a, struct tarn_i256 b, struct tarn_i256 *out)
{
    *out = wrapping_add(a, b);
    return tarn__i256_is_negative(a) != tarn__i256_is_negative(b) || tarn__i256_is_negative(a) == tarn__i256_is_negative(*out);
}

bool tarn__i256_sub(struct tarn_i256 a, struct tarn_i256 b, struct tarn_i256 *out)
{
    *out = wrapping_add(a, complement(b));
    return tarn__i256_is_negative(a) == tarn__i256_is_negative(b) || tarn__i256_is_negative(a) == tarn__i256_is_negative(*out);
}

bool tarn__i256_negate(struct tarn_i256 value, struct tarn_i256 *out)
{
    *out = complement(value);
    return tarn__i256_is_zero(value) || tarn__i256_is_negative(value) != tarn__i256_is_negative(*out);
}

bool tarn__i256_mul(struct tarn_i256 a, struct tarn_i256 b, struct tarn_i256 *out)
{
    const bool negative = tarn__i256_is_negative(a) != tarn__i256_is_negative(b);
    const struct tarn_i256 x = magnitude(a);
    const struct tarn_i256 y = magnitude(b);
    uint64_t product[2 * WORDS] = {0};
    for (int i = 0; i < WORDS; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < WORDS; j++) {
            const tarn_u128 sum = (tarn_u128)x.words[i] * y.words[j] + product[i + j] + carry;
            product[i + j] = (uint64_t)sum;
            carry = (uint64_t)(sum >> 64);
        }
        product[i + WORDS] = carry;
    }
    const struct tarn_i256 low = {{product[0], product[1], product[2], product[3]}};
    return with_sign(low, negative, out) && (product[4] | product[5] | product[6] | product[7]) == 0;
}

static int compare_magnitudes(const struct tarn_i256 *a, const struct tarn_i256 *b)
{
    for (int i = WORDS - 1; i >= 0; i--) {
        if (a->words[i] != b->words[i]) {
            return a->words[i] < b->words[i] ? -1 : 1;
        }
    }
    return 0;
}

int tarn__i256_compare(struct tarn_i256 a, struct tarn_i256 b)
{
    const bool negative = tarn__i256_is_negative(a);
    if (negative != tarn__i256_is_negative(b)) {
        return negative ? -1 : 1;
    }
    return compare_magnitudes(&a, &b); /* two's complement keeps the order within a sign */
}

/* By one word, the usual case: powers of ten. */
static uint64_t divide_by_word(struct tarn_i256 *value, uint64_t divisor)
{
    uint64_t rest = 0;
    for (int i = WORDS - 1; i >= 0; i--) {
        const tarn_u128 part = (tarn_u128)rest << 64 | value->words[i];
        value->words[i] = (uint64_t)(part / divisor);
        rest = (uint64_t)(part % divisor);
    }
    return rest;
}

/* Bit by bit. The rest stays below the divisor, which is at most 2^255: shifting it never loses a bit. */
static void divide_magnitudes(struct tarn_i256 a, struct tarn_i256 divisor, struct tarn_i256 *quotient, struct tarn_i256 *rest)
{
    const struct tarn_i256 minus_divisor = complement(divisor);
    *quotient = (struct tarn_i256){{0}};
    *rest = (struct tarn_i256){{0}};
    for (int bit = 64 * WORDS - 1; bit >= 0; bit--) {
        *rest = wrapping_add(*rest, *rest);
        rest->words[0] |= a.words[bit / 64] >> (bit % 64) & 1;
        if (compare_magnitudes(rest, &divisor) >= 0) {
            *rest = wrapping_add(*rest, minus_divisor);
            quotient->words[bit / 64] |= (uint64_t)1 << (bit % 64);
        }
    }
}

bool tarn__i256_divide(struct tarn_i256 a, struct tarn_i256 divisor, struct tarn_i256 *quotient, struct tarn_i256 *remainder)
{
    const bool negative = tarn__i256_is_negative(a);
    const bool quotient_negative = negative != tarn__i256_is_negative(divisor);
    const struct tarn_i256 by = magnitude(divisor);
    struct tarn_i256 result = magnitude(a);
    struct tarn_i256 rest = {{0}};
    if ((by.words[1] | by.words[2] | by.words[3]) == 0) {
        rest.words[0] = divide_by_word(&result, by.words[0]);
    } else {
        divide_magnitudes(result, by, &result, &rest);
    }
    (void)with_sign(rest, negative, remainder);
    return with_sign(result, quotient_negative, quotient);
}
