/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_INT128_H
#define TARN_FORMAT_BASE_INT128_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Integers of 128 bits (the compiler's) and of 256 bits (four words, two's complement, least significant first), for decimals.
 *
 * Checked operations return false when the result does not fit; *out is then not to be used. Threads: any. Allocates nothing.
 */
__extension__ typedef __int128 tarn_i128;
__extension__ typedef unsigned __int128 tarn_u128;

struct tarn_i256 {
    uint64_t words[4];
};

#define TARN_I128_MAX ((tarn_i128)(((tarn_u128)1 << 127) - 1))
#define TARN_I128_MIN (-TARN_I128_MAX - 1)

static inline bool tarn__i128_add(tarn_i128 a, tarn_i128 b, tarn_i128 *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline bool tarn__i128_sub(tarn_i128 a, tarn_i128 b, tarn_i128 *out)
{
    return !__builtin_sub_overflow(a, b, out);
}

/** Without the compiler's builtin, which needs a run-time library that not every linker finds. */
bool tarn__i128_mul(tarn_i128 a, tarn_i128 b, tarn_i128 *out);

static inline tarn_u128 tarn__i128_magnitude(tarn_i128 value)
{
    return value < 0 ? ~(tarn_u128)value + 1 : (tarn_u128)value;
}

static inline struct tarn_i256 tarn__i256_of(tarn_i128 value)
{
    const uint64_t sign = value < 0 ? UINT64_MAX : 0;
    return (struct tarn_i256){{(uint64_t)value, (uint64_t)((tarn_u128)value >> 64), sign, sign}};
}

static inline bool tarn__i256_is_negative(struct tarn_i256 value)
{
    return value.words[3] >> 63 != 0;
}

static inline bool tarn__i256_is_zero(struct tarn_i256 value)
{
    return (value.words[0] | value.words[1] | value.words[2] | value.words[3]) == 0;
}

/** False when the value needs more than 128 bits. */
bool tarn__i256_to_i128(struct tarn_i256 value, tarn_i128 *out);
bool tarn__i256_add(struct tarn_i256 a, struct tarn_i256 b, struct tarn_i256 *out);
bool tarn__i256_sub(struct tarn_i256 a, struct tarn_i256 b, struct tarn_i256 *out);
bool tarn__i256_mul(struct tarn_i256 a, struct tarn_i256 b, struct tarn_i256 *out);
bool tarn__i256_negate(struct tarn_i256 value, struct tarn_i256 *out);
/** Truncates towards zero; `divisor` is not zero. The remainder has the sign of `a`. False for the one quotient that overflows. */
bool tarn__i256_divide(struct tarn_i256 a, struct tarn_i256 divisor, struct tarn_i256 *quotient, struct tarn_i256 *remainder);
/** Negative, 0, positive. */
int tarn__i256_compare(struct tarn_i256 a, struct tarn_i256 b);

#endif
