/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BATCH_ROW_ORDER_H
#define TARN_FORMAT_BATCH_ROW_ORDER_H

#include "format/base/alloc.h"
#include "tarn/batch.h"
#include "tarn/value.h"

/*
 * Are rows in the order that is claimed of them? Asked batch by batch; the last row of one is held against the first of the next.
 *
 * The order is that of tarn_value_compare (numbers by value, -0.0 = 0.0, NaN above all others, false < true, texts and bytes unsigned byte
 * by byte), turned round for a descending key; nulls, which `nulls_first` places, are not turned. Rows that are equal by all keys may come
 * in any order. A leaf is null where a struct around it is.
 * Ownership: the last row's values are copied. Threads: single.
 */
struct tarn__order_key {
    uint32_t depth;
    const uint32_t *index; /**< column, then members of structs */
    bool descending;
    bool nulls_first;
    const struct tarn_type *type; /**< of the leaf; lives as long as the order */
};

/** A key's value in the row before. */
struct tarn__order_memory {
    bool is_null;
    struct tarn_value value;
    char *text;
    size_t capacity;
};

struct tarn__row_order {
    struct tarn_env *env;
    uint32_t key_count;
    const struct tarn__order_key *keys; /**< most significant first; the caller's */
    struct tarn__order_memory *before;  /**< of each key */
    bool has_before;
};

/** Can rows be ordered by values of this type? */
bool tarn__type_is_ordered(const struct tarn_type *type);

/** Zeroed before; freed whatever the answer. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__row_order_init(struct tarn__row_order *order, struct tarn_env *env, uint32_t key_count,
                                                       const struct tarn__order_key *keys, struct tarn_error *err);

/**
 * Looks at rows first .. first + count - 1, or at those at `positions`, of `columns`. *wrong is the number among these of the first row
 * that is smaller than the one before it, `count` when there is none. Errors: NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__row_order_check(struct tarn__row_order *order, struct tarn_vector *const *columns,
                                                        const uint32_t *positions, uint32_t first, uint32_t count, uint32_t *wrong,
                                                        struct tarn_error *err);

/** The next row may be any. */
void tarn__row_order_reset(struct tarn__row_order *order);
void tarn__row_order_free(struct tarn__row_order *order);

#endif
