/* SPDX-License-Identifier: Apache-2.0
 *
 * The order, equality and hash of rows.
 *
 * Invariants
 *  1. Equal rows hash equally: floats are hashed in a form where -0.0 is 0.0 and NaN has one pattern; integers sign- or zero-extended.
 *  2. A row hashes by its value, never by the shape or the code that holds it.
 */
#include "format/batch/compare.h"

#include "format/base/checked.h"
#include "format/base/hash.h"
#include "format/batch/half.h"
#include "format/batch/vector.h"
#include "tarn/value.h"

#define NULL_HASH UINT64_C(0x6e756c6c5f726f77)

/* ---- order ---- */

static int order_i64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int order_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int order_f64(double a, double b)
{
    if (a < b) {
        return -1;
    }
    if (a > b) {
        return 1;
    }
    return (a != a) - (b != b); /* equal, or at least one is NaN, which is above */
}

static int order_words(const uint64_t *a, const uint64_t *b, unsigned count)
{
    const int high = order_i64((int64_t)a[count - 1], (int64_t)b[count - 1]);
    for (unsigned i = count - 1; high == 0 && i-- > 0;) {
        if (a[i] != b[i]) {
            return order_u64(a[i], b[i]);
        }
    }
    return high;
}

int tarn_value_compare(const struct tarn_value *a, const struct tarn_value *b)
{
    switch (tarn_type_kind(a->type)) {
    case TARN_KIND_BOOL:
        return (int)a->u.boolean - (int)b->u.boolean;
    case TARN_KIND_I8:
    case TARN_KIND_I16:
    case TARN_KIND_I32:
    case TARN_KIND_I64:
        return order_i64(a->u.i64, b->u.i64);
    case TARN_KIND_U8:
    case TARN_KIND_U16:
    case TARN_KIND_U32:
    case TARN_KIND_U64:
        return order_u64(a->u.u64, b->u.u64);
    case TARN_KIND_F16:
    case TARN_KIND_F32:
    case TARN_KIND_F64:
        return order_f64(a->u.f64, b->u.f64);
    case TARN_KIND_I128:
        return order_words(a->u.words, b->u.words, 2);
    case TARN_KIND_I256:
        return order_words(a->u.words, b->u.words, 4);
    case TARN_KIND_FIXED:
    case TARN_KIND_BYTES:
        return tarn__text_compare(a->u.bytes, b->u.bytes);
    case TARN_KIND_NULL:
    case TARN_KIND_NESTED:
        break;
    }
    return 0;
}

static struct tarn_text leaf_bytes(const struct tarn__vector_place *place)
{
    if (place->vector->shape == TARN_SHAPE_FLAT) {
        const uint32_t width = tarn_type_width(place->vector->type);
        return (struct tarn_text){(const char *)place->vector->u.values + (size_t)place->row * width, width};
    }
    return tarn__vector_leaf_text(place->vector, place->row);
}

/* The members of a nested row: children begin..begin+count-1 of each. */
struct members {
    uint32_t begin;
    uint32_t count;
};

static struct members members_of(const struct tarn__vector_place *place)
{
    if (place->vector->shape != TARN_SHAPE_LIST) {
        return (struct members){place->row, 1};
    }
    const uint64_t begin = tarn__vector_offset(place->vector, place->row);
    return (struct members){(uint32_t)begin, (uint32_t)(tarn__vector_offset(place->vector, place->row + 1) - begin)};
}

static int compare_nested(const struct tarn__vector_place *a, const struct tarn__vector_place *b)
{
    const struct members left = members_of(a);
    const struct members right = members_of(b);
    const uint32_t common = left.count < right.count ? left.count : right.count;
    const uint32_t children = a->vector->child_count < b->vector->child_count ? a->vector->child_count : b->vector->child_count;
    for (uint32_t k = 0; k < common; k++) {
        for (uint32_t i = 0; i < children; i++) {
            const int order = tarn__vector_compare(a->vector->children[i], left.begin + k, b->vector->children[i], right.begin + k);
            if (order != 0) {
                return order;
            }
        }
    }
    return order_u64(left.count, right.count);
}

static int compare_places(const struct tarn__vector_place *a, const struct tarn__vector_place *b)
{
    if (a->is_null || b->is_null) {
        return (int)a->is_null - (int)b->is_null;
    }
    switch (tarn_type_kind(a->vector->type)) {
    case TARN_KIND_BYTES:
    case TARN_KIND_FIXED:
        return tarn__text_compare(leaf_bytes(a), leaf_bytes(b));
    case TARN_KIND_NESTED:
        return compare_nested(a, b);
    default: {
        const struct tarn_value left = tarn__vector_value(a->vector, a->row);
        const struct tarn_value right = tarn__vector_value(b->vector, b->row);
        return tarn_value_compare(&left, &right);
    }
    }
}

int tarn__vector_compare(const struct tarn_vector *a, uint32_t i, const struct tarn_vector *b, uint32_t k)
{
    if (a->shape == TARN_SHAPE_FLAT && b->shape == TARN_SHAPE_FLAT && a->validity == NULL && b->validity == NULL) {
        switch (tarn_type_kind(a->type)) { /* what is sorted most often, without the detour over values */
        case TARN_KIND_I32:
            return order_i64(((const int32_t *)a->u.values)[i], ((const int32_t *)b->u.values)[k]);
        case TARN_KIND_I64:
            return order_i64(((const int64_t *)a->u.values)[i], ((const int64_t *)b->u.values)[k]);
        case TARN_KIND_F64:
            return order_f64(((const double *)a->u.values)[i], ((const double *)b->u.values)[k]);
        default:
            break;
        }
    }
    const struct tarn__vector_place left = tarn__vector_locate(a, i);
    const struct tarn__vector_place right = tarn__vector_locate(b, k);
    return compare_places(&left, &right);
}

bool tarn__vector_rows_equal(const struct tarn_vector *a, uint32_t i, const struct tarn_vector *b, uint32_t k)
{
    const struct tarn__vector_place left = tarn__vector_locate(a, i);
    const struct tarn__vector_place right = tarn__vector_locate(b, k);
    if (left.is_null || right.is_null) {
        return left.is_null == right.is_null;
    }
    if (left.vector == right.vector && left.row == right.row) {
        return true;
    }
    if (left.vector->shape != TARN_SHAPE_FLAT && tarn_type_kind(left.vector->type) == TARN_KIND_BYTES) {
        return tarn__text_equal(leaf_bytes(&left), leaf_bytes(&right));
    }
    return compare_places(&left, &right) == 0;
}

/* ---- hashes ---- */

static uint64_t hash_double(double value)
{
    if (value == 0) {
        value = 0; /* not -0.0 */
    } else if (value != value) {
        return tarn__hash_u64(UINT64_C(0x7ff8000000000000));
    }
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return tarn__hash_u64(bits);
}

static uint64_t hash_row(const struct tarn_vector *vector, uint32_t row);

static uint64_t hash_nested(const struct tarn__vector_place *place)
{
    const struct members members = members_of(place);
    uint64_t hash = tarn__hash_u64(members.count);
    for (uint32_t k = 0; k < members.count; k++) {
        for (uint32_t i = 0; i < place->vector->child_count; i++) {
            hash = tarn__hash_combine(hash, hash_row(place->vector->children[i], members.begin + k));
        }
    }
    return hash;
}

static uint64_t hash_row(const struct tarn_vector *vector, uint32_t row)
{
    const struct tarn__vector_place place = tarn__vector_locate(vector, row);
    if (place.is_null) {
        return NULL_HASH;
    }
    switch (tarn_type_kind(place.vector->type)) {
    case TARN_KIND_BYTES:
    case TARN_KIND_FIXED:
        return tarn__hash_text(leaf_bytes(&place));
    case TARN_KIND_NESTED:
        return hash_nested(&place);
    default:
        break;
    }
    const struct tarn_value value = tarn__vector_value(place.vector, place.row);
    switch (tarn_type_kind(place.vector->type)) {
    case TARN_KIND_BOOL:
        return tarn__hash_u64(value.u.boolean);
    case TARN_KIND_F16:
    case TARN_KIND_F32:
    case TARN_KIND_F64:
        return hash_double(value.u.f64);
    case TARN_KIND_I128:
    case TARN_KIND_I256:
        return tarn__hash_bytes(value.u.words, sizeof(value.u.words), 0);
    default:
        return tarn__hash_u64(value.u.u64);
    }
}

/* Hashes of the entries of a dictionary: those of the memo when it is the same one. NULL: no memory. */
static const uint64_t *entry_hashes(const struct tarn_dictionary *dictionary, struct tarn__hash_memo *memo)
{
    if (memo->hashes != NULL && memo->dictionary == dictionary->id) {
        return memo->hashes;
    }
    if (!tarn__grow(memo->env, &memo->hashes, &memo->capacity, dictionary->values->length, sizeof(uint64_t))) {
        return NULL;
    }
    for (uint32_t i = 0; i < dictionary->values->length; i++) {
        memo->hashes[i] = hash_row(dictionary->values, i);
    }
    memo->dictionary = dictionary->id;
    return memo->hashes;
}

static void put(uint64_t *hash, uint64_t value, bool combine)
{
    *hash = combine ? tarn__hash_combine(*hash, value) : value;
}

static enum tarn_status hash_codes(const struct tarn_vector *vector, uint64_t *hashes, bool combine, struct tarn__hash_memo *memo,
                                   struct tarn_error *err)
{
    struct tarn__hash_memo local = {.env = tarn__vector_env(vector)};
    const uint64_t *entries =
        vector->dictionary->values->length != 0 ? entry_hashes(vector->dictionary, memo != NULL ? memo : &local) : NULL;
    if (entries == NULL && vector->dictionary->values->length != 0) {
        return tarn__nomem(local.env, err, (uint64_t)vector->dictionary->values->length * sizeof(uint64_t));
    }
    for (uint32_t i = 0; i < vector->length; i++) {
        const bool null = vector->validity != NULL && !tarn__bit_get(vector->validity, i);
        put(&hashes[i], null ? NULL_HASH : entries[vector->u.codes[i]], combine);
    }
    tarn__hash_memo_free(&local);
    return TARN_OK;
}

void tarn__hash_memo_free(struct tarn__hash_memo *memo)
{
    tarn__free(memo->env, memo->hashes);
    memo->hashes = NULL;
    memo->capacity = 0;
    memo->dictionary = 0;
}

/* The kinds that keys mostly have, in straight loops; false: not one of them. */
static bool hash_plain(const struct tarn_vector *vector, uint64_t *hashes, bool combine)
{
    if (vector->shape != TARN_SHAPE_FLAT || vector->validity != NULL) {
        return false;
    }
    switch (tarn_type_kind(vector->type)) {
    case TARN_KIND_I32:
        for (uint32_t i = 0; i < vector->length; i++) {
            put(&hashes[i], tarn__hash_u64((uint64_t)(int64_t)((const int32_t *)vector->u.values)[i]), combine);
        }
        return true;
    case TARN_KIND_I64:
        for (uint32_t i = 0; i < vector->length; i++) {
            put(&hashes[i], tarn__hash_u64(((const uint64_t *)vector->u.values)[i]), combine);
        }
        return true;
    default:
        return false;
    }
}

enum tarn_status tarn__vector_hash(const struct tarn_vector *vector, uint64_t *hashes, bool combine, struct tarn__hash_memo *memo,
                                   struct tarn_error *err)
{
    switch (vector->shape) {
    case TARN_SHAPE_DICTIONARY:
        return hash_codes(vector, hashes, combine, memo, err);
    case TARN_SHAPE_CONSTANT:
    case TARN_SHAPE_NULLS: {
        const uint64_t hash = vector->length != 0 ? hash_row(vector, 0) : 0;
        for (uint32_t i = 0; i < vector->length; i++) {
            put(&hashes[i], hash, combine);
        }
        return TARN_OK;
    }
    default:
        break;
    }
    if (!hash_plain(vector, hashes, combine)) {
        for (uint32_t i = 0; i < vector->length; i++) {
            put(&hashes[i], hash_row(vector, i), combine);
        }
    }
    return TARN_OK;
}
