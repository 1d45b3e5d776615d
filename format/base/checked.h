/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_CHECKED_H
#define TARN_FORMAT_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Arithmetic on sizes that came from outside: false when the result does not fit, and *out is then not to be used. */
#define tarn__add(a, b, out) (!__builtin_add_overflow((a), (b), (out)))
#define tarn__sub(a, b, out) (!__builtin_sub_overflow((a), (b), (out)))
#define tarn__mul(a, b, out) (!__builtin_mul_overflow((a), (b), (out)))

static inline size_t tarn__min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t tarn__max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

#endif
