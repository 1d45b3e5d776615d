/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_VALUE_H
#define TARN_VALUE_H

#include "tarn/type.h"

/* One value with its type: a literal, a bound of statistics, a partition value. Borrowed memory; no nested types. */

struct tarn_value {
    const struct tarn_type *type;
    bool is_null;
    union {
        bool boolean;           /**< BOOL */
        int64_t i64;            /**< kinds I8..I64, sign-extended */
        uint64_t u64;           /**< kinds U8..U64 */
        double f64;             /**< kinds F16, F32 (widened), F64 */
        uint64_t words[4];      /**< I128 (two, sign-extended to four) and I256, low first */
        struct tarn_text bytes; /**< kinds BYTES, FIXED */
    } u;
};

/**
 * What is known of the values of one column in some set of rows (file, row group, page) without reading them. A bound that is not exact
 * still holds: min is at most, max at least, every value. NaN is never a bound.
 */
struct tarn_bounds {
    uint64_t rows; /**< slots of the column, nulls included */
    bool has_null_count;
    uint64_t null_count;
    bool has_nan_count;
    uint64_t nan_count; /**< floats */
    bool has_min;
    bool has_max;
    bool min_exact;
    bool max_exact;
    struct tarn_value min;
    struct tarn_value max;
};

TARN_BEGIN_DECLS

/**
 * Order of two non-null values of one kind, as SQL has it here: numbers by value (decimals of equal scale), -0.0 = 0.0, NaN equal to
 * itself and above all others, bytes unsigned. Negative, 0, positive.
 */
TARN_API int tarn_value_compare(const struct tarn_value *a, const struct tarn_value *b);

/** The value as SQL shows it (nothing for a null): writes at most `size` bytes with the terminator, returns the length of the whole text.
 */
TARN_API size_t tarn_value_format(struct tarn_env *env, const struct tarn_value *value, char *buffer, size_t size);

TARN_END_DECLS

#endif
