/* SPDX-License-Identifier: Apache-2.0
 *
 * Decimals of more digits than 256 bits hold, as text.
 *
 * Invariants
 *  1. At most TARN_DECIMAL_BYTES bytes: the work is their square.
 */
#include "format/base/decimal.h"

enum { LIMBS = TARN_DECIMAL_BYTES / 4, NINES = 9 };

/* |value| of big-endian two's complement in limbs, the least significant first; their number. */
static size_t load_magnitude(struct tarn_span bytes, bool negative, uint32_t *limbs)
{
    const size_t count = (bytes.size + 3) / 4;
    uint64_t carry = negative ? 1 : 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t limb = 0;
        for (size_t k = 0; k < 4; k++) {
            const size_t from_end = i * 4 + k;
            const uint8_t fill = negative ? 0xff : 0;
            const uint8_t byte = from_end < bytes.size ? bytes.data[bytes.size - 1 - from_end] : fill;
            limb |= (uint32_t)byte << (8 * k);
        }
        const uint64_t sum = (negative ? (uint64_t)(uint32_t)~limb : limb) + carry;
        limbs[i] = (uint32_t)sum;
        carry = sum >> 32;
    }
    return count;
}

static size_t without_zeros(const uint32_t *limbs, size_t count)
{
    while (count != 0 && limbs[count - 1] == 0) {
        count--;
    }
    return count;
}

/* Divides by 10^9; the rest. */
static uint32_t divide(uint32_t *limbs, size_t count)
{
    uint64_t rest = 0;
    for (size_t i = count; i-- > 0;) {
        rest = rest << 32 | limbs[i];
        limbs[i] = (uint32_t)(rest / 1000000000);
        rest %= 1000000000;
    }
    return (uint32_t)rest;
}

bool tarn__decimal_bytes_add(struct tarn_text_builder *out, struct tarn_span bytes, unsigned scale)
{
    uint32_t limbs[LIMBS + 1];
    char digits[(LIMBS + 1) * 10 + NINES]; /* least significant first */
    size_t size = 0;
    if (bytes.size > TARN_DECIMAL_BYTES || scale > TARN_DECIMAL_BYTES_DIGITS) {
        return false;
    }
    const bool negative = bytes.size != 0 && (bytes.data[0] & 0x80) != 0;
    size_t count = without_zeros(limbs, load_magnitude(bytes, negative, limbs));
    while (count != 0) {
        uint32_t part = divide(limbs, count);
        count = without_zeros(limbs, count);
        for (unsigned i = 0; i < NINES && (count != 0 || part != 0); i++, part /= 10) {
            digits[size++] = (char)('0' + part % 10);
        }
    }
    if (negative) {
        tarn__builder_add_char(out, '-');
    }
    if (size <= scale) {
        tarn__builder_add_char(out, '0');
    }
    for (size_t i = size > scale ? size : scale; i-- > 0;) {
        if (i + 1 == scale) {
            tarn__builder_add_char(out, '.');
        }
        tarn__builder_add_char(out, i < size ? digits[i] : '0');
    }
    return true;
}
