/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_TEN_POWERS_H
#define TARN_FORMAT_BASE_TEN_POWERS_H

#include "format/base/int128.h"

/*
 * Powers of ten in 128 bits, rounded down: what turns decimal digits into binary ones and back.
 *
 * 10^k is in [m, m + 1) * 2^e with m in [2^127, 2^128); for k in 0..55 it is m * 2^e exactly.
 */
enum { TARN_TEN_POWERS_LEAST = -342, TARN_TEN_POWERS_MOST = 324, TARN_TEN_POWERS_EXACT = 55 };

extern const uint64_t tarn__ten_powers[TARN_TEN_POWERS_MOST - TARN_TEN_POWERS_LEAST + 1][2];

static inline tarn_u128 tarn__ten_power(int32_t k)
{
    const uint64_t *words = tarn__ten_powers[k - TARN_TEN_POWERS_LEAST];
    return (tarn_u128)words[0] << 64 | words[1];
}

static inline bool tarn__ten_power_is_exact(int32_t k)
{
    return k >= 0 && k <= TARN_TEN_POWERS_EXACT;
}

/* floor(log2(10^k)); exact for |k| <= 1233. The exponent e above is this less 127. */
static inline int32_t tarn__ten_power_log2(int32_t k)
{
    return (k * 1741647) >> 19;
}

#endif
