/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BATCH_VALUE_DECIMAL_H
#define TARN_FORMAT_BATCH_VALUE_DECIMAL_H

#include "format/base/int128.h"
#include "tarn/value.h"

/* The unscaled integer of a DECIMAL value of at most 38 digits, wherever its precision puts it. */

static inline bool tarn__value_is_words(const struct tarn_value *value)
{
    const enum tarn_kind kind = tarn_type_kind(value->type);
    return kind == TARN_KIND_I128 || kind == TARN_KIND_I256;
}

static inline tarn_i128 tarn__value_unscaled(const struct tarn_value *value)
{
    return tarn__value_is_words(value) ? (tarn_i128)((tarn_u128)value->u.words[1] << 64 | value->u.words[0]) : value->u.i64;
}

/** `value->type` is set. */
static inline void tarn__value_set_unscaled(struct tarn_value *value, tarn_i128 unscaled)
{
    if (tarn__value_is_words(value)) {
        const struct tarn_i256 wide = tarn__i256_of(unscaled);
        for (int i = 0; i < 4; i++) {
            value->u.words[i] = wide.words[i];
        }
    } else {
        value->u.i64 = (int64_t)unscaled;
    }
}

#endif
