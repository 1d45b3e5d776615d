/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BATCH_HALF_H
#define TARN_FORMAT_BATCH_HALF_H

#include <stdint.h>
#include <string.h>

/* IEEE 754 binary16: as a double, exactly, and back, to nearest with ties to even. */

static inline double tarn__half_to_double(uint16_t half)
{
    const uint64_t sign = (uint64_t)(half >> 15) << 63;
    const unsigned exponent = half >> 10 & 0x1f;
    const uint64_t fraction = half & 0x3ff;
    uint64_t bits;
    if (exponent == 0) { /* zero and subnormals: fraction * 2^-24 */
        const double magnitude = (double)fraction * 0x1p-24;
        memcpy(&bits, &magnitude, sizeof(bits));
    } else {
        bits = (exponent == 0x1f ? UINT64_C(0x7ff) : exponent + UINT64_C(1023 - 15)) << 52 | fraction << 42;
    }
    bits |= sign;
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline uint16_t tarn__half_of_double(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    const uint16_t sign = (uint16_t)(bits >> 63 << 15);
    const double magnitude = value < 0 ? -value : value;
    if (value != value) {
        return (uint16_t)(sign | 0x7e00);
    }
    if (magnitude >= 65520.0) { /* half way between the largest and what would follow it */
        return (uint16_t)(sign | 0x7c00);
    }
    if (magnitude < 0x1p-14) { /* subnormal: adding 2^28 leaves units of 2^-24, rounded by the addition */
        const double shifted = magnitude + 0x1p28;
        memcpy(&bits, &shifted, sizeof(bits));
        return (uint16_t)(sign | (bits & 0x7ff));
    }
    memcpy(&bits, &magnitude, sizeof(bits));
    const uint64_t even = bits >> 42 & 1;
    bits += (UINT64_C(1) << 41) - 1 + even;
    return (uint16_t)(sign | (((bits >> 52) - (1023 - 15)) << 10 & 0x7c00) | (bits >> 42 & 0x3ff));
}

#endif
