/* SPDX-License-Identifier: Apache-2.0
 *
 * The order of rows. SPEC: P-SORT-1, P-SORT-2.
 *
 * Invariants
 *  1. What is remembered refers to nothing of the batch it came from, its types included.
 */
#include "format/batch/row_order.h"

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "format/batch/compare.h"
#include "format/batch/vector.h"

bool tarn__type_is_ordered(const struct tarn_type *type)
{
    switch (type->id) {
    case TARN_TYPE_INTERVAL:
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
    case TARN_TYPE_VARIANT:
        return false;
    default:
        return tarn_type_kind(type) != TARN_KIND_NESTED && type->precision <= 76; /* decimals of more digits are bare bytes */
    }
}

enum tarn_status tarn__row_order_init(struct tarn__row_order *order, struct tarn_env *env, uint32_t key_count,
                                      const struct tarn__order_key *keys, struct tarn_error *err)
{
    *order = (struct tarn__row_order){.env = env, .keys = keys};
    order->before = tarn__calloc(env, key_count, sizeof(*order->before));
    if (order->before == NULL) {
        return tarn__nomem(env, err, key_count * sizeof(*order->before));
    }
    order->key_count = key_count;
    return TARN_OK;
}

void tarn__row_order_reset(struct tarn__row_order *order)
{
    order->has_before = false;
}

void tarn__row_order_free(struct tarn__row_order *order)
{
    for (uint32_t i = 0; i < order->key_count; i++) {
        tarn__free(order->env, order->before[i].text);
    }
    tarn__free(order->env, order->before);
    *order = (struct tarn__row_order){.env = order->env};
}

static struct tarn__vector_place leaf_place(const struct tarn__order_key *key, const struct tarn_vector *column, uint32_t row)
{
    struct tarn__vector_place place = tarn__vector_locate(column, row);

    for (uint32_t i = 1; i < key->depth && !place.is_null; i++) {
        place = tarn__vector_locate(place.vector->children[key->index[i]], place.row);
    }
    return place;
}

static int place_nulls(const struct tarn__order_key *key, bool left, bool right)
{
    const int nulls_last = (int)left - (int)right;
    return key->nulls_first ? -nulls_last : nulls_last;
}

static int compare_rows(const struct tarn__order_key *key, const struct tarn_vector *column, uint32_t i, uint32_t k)
{
    const struct tarn__vector_place left = leaf_place(key, column, i);
    const struct tarn__vector_place right = leaf_place(key, column, k);

    if (left.is_null || right.is_null) {
        return place_nulls(key, left.is_null, right.is_null);
    }
    const int ascending = tarn__vector_compare(left.vector, left.row, right.vector, right.row);
    return key->descending ? -ascending : ascending;
}

static int compare_with_memory(const struct tarn__order_key *key, const struct tarn__order_memory *before, const struct tarn_vector *column,
                               uint32_t row)
{
    const struct tarn__vector_place place = leaf_place(key, column, row);

    if (before->is_null || place.is_null) {
        return place_nulls(key, before->is_null, place.is_null);
    }
    const struct tarn_value value = tarn__vector_value(place.vector, place.row);
    const int ascending = tarn_value_compare(&before->value, &value);
    return key->descending ? -ascending : ascending;
}

static bool remember(const struct tarn__row_order *order, uint32_t i, const struct tarn_vector *column, uint32_t row)
{
    const struct tarn__order_key *key = &order->keys[i];
    struct tarn__order_memory *memory = &order->before[i];
    const struct tarn__vector_place place = leaf_place(key, column, row);
    const enum tarn_kind kind = tarn_type_kind(key->type);

    memory->is_null = place.is_null;
    if (place.is_null) {
        return true;
    }
    memory->value = tarn__vector_value(place.vector, place.row);
    memory->value.type = key->type;
    if (kind == TARN_KIND_BYTES || kind == TARN_KIND_FIXED) {
        const struct tarn_text text = memory->value.u.bytes;
        if (!tarn__grow(order->env, &memory->text, &memory->capacity, text.size + 1, 1)) {
            return false;
        }
        if (text.size != 0) {
            memcpy(memory->text, text.data, text.size);
        }
        memory->value.u.bytes.data = memory->text;
    }
    return true;
}

enum tarn_status tarn__row_order_check(struct tarn__row_order *order, struct tarn_vector *const *columns, const uint32_t *positions,
                                       uint32_t first, uint32_t count, uint32_t *wrong, struct tarn_error *err)
{
    uint32_t row_before = 0;

    *wrong = count;
    for (uint32_t n = 0; n < count; n++) {
        const uint32_t row = positions != NULL ? positions[n] : first + n;
        int compared = n == 0 && !order->has_before ? -1 : 0;
        for (uint32_t i = 0; i < order->key_count && compared == 0; i++) {
            const struct tarn_vector *column = columns[order->keys[i].index[0]];
            compared = n == 0 ? compare_with_memory(&order->keys[i], &order->before[i], column, row)
                              : compare_rows(&order->keys[i], column, row_before, row);
        }
        if (compared > 0) {
            *wrong = n;
            return TARN_OK;
        }
        row_before = row;
    }
    for (uint32_t i = 0; i < order->key_count && count != 0; i++) {
        if (!remember(order, i, columns[order->keys[i].index[0]], row_before)) {
            return tarn__nomem(order->env, err, order->before[i].value.u.bytes.size);
        }
    }
    order->has_before = order->has_before || count != 0;
    return TARN_OK;
}
