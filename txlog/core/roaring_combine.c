/* SPDX-License-Identifier: Apache-2.0
 *
 * Two sets of row positions: both, one without the other, whether they meet.
 *
 * Containers of one set alone are copied. Two arrays are merged without a branch on their values; all else goes over the bits of 65,536
 * values, which is the faster the fuller they are.
 */
#include "format/batch/bitmap.h"
#include "txlog/core/roaring_make.h"

enum operation { UNION, MINUS };
enum { BLOCK = 16 }; /* values */

static void clear_values(const struct tarn__roaring *set, const struct tarn__roaring_container *container, uint8_t *bits)
{
    const uint8_t *data = tarn__container_data(set, container);
    if (container->kind == TARN_ROARING_ARRAY) {
        for (uint32_t i = 0; i < container->cardinality; i++) {
            tarn__bit_clear(bits, tarn__container_value(data, i));
        }
    } else if (container->kind == TARN_ROARING_RUNS) {
        for (uint32_t i = 0; i < container->runs; i++) {
            const uint32_t first = tarn__run_first(data, i);
            tarn__bitmap_fill(bits, first, tarn__run_last(data, i) - first + 1, false);
        }
    } else {
        for (size_t i = 0; i < TARN_ROARING_BITMAP_BYTES; i += 8) {
            tarn__store64(bits + i, tarn__load64(bits + i) & ~tarn__load64(data + i));
        }
    }
}

/* Copies blocks of one array as long as they lie below the next value of the other; returns how many values. */
static uint32_t copy_below(const uint8_t *values, uint32_t count, uint16_t next, uint8_t *out)
{
    uint32_t copied = 0;
    while (copied + BLOCK <= count && tarn__container_value(values, copied + BLOCK - 1) < next) {
        memcpy(out + (size_t)2 * copied, values + (size_t)2 * copied, (size_t)2 * BLOCK);
        copied += BLOCK;
    }
    return copied;
}

/* Two arrays as one; returns how many values. Each step writes one and moves on in one array, or in both where they are equal. */
static uint32_t merge_values(const uint8_t *a, uint32_t a_count, const uint8_t *b, uint32_t b_count, uint8_t *out)
{
    uint32_t i = 0;
    uint32_t k = 0;
    uint32_t count = 0;
    while (i + BLOCK <= a_count && k + BLOCK <= b_count) {
        uint32_t copied = copy_below(a + (size_t)2 * i, a_count - i, tarn__container_value(b, k), out + (size_t)2 * count);
        i += copied;
        count += copied;
        if (i == a_count) {
            break;
        }
        copied = copy_below(b + (size_t)2 * k, b_count - k, tarn__container_value(a, i), out + (size_t)2 * count);
        k += copied;
        count += copied;
        for (uint32_t step = 0; step < BLOCK && i < a_count && k < b_count; step++) {
            const uint16_t left = tarn__container_value(a, i);
            const uint16_t right = tarn__container_value(b, k);
            tarn__store16(out + (size_t)2 * count++, left < right ? left : right);
            i += left <= right;
            k += right <= left;
        }
    }
    while (i < a_count && k < b_count) {
        const uint16_t left = tarn__container_value(a, i);
        const uint16_t right = tarn__container_value(b, k);
        tarn__store16(out + (size_t)2 * count++, left < right ? left : right);
        i += left <= right;
        k += right <= left;
    }
    memcpy(out + (size_t)2 * count, a + (size_t)2 * i, (size_t)2 * (a_count - i));
    count += a_count - i;
    memcpy(out + (size_t)2 * count, b + (size_t)2 * k, (size_t)2 * (b_count - k));
    return count + b_count - k;
}

/* The values of one key that both sets have. */
static enum tarn_status combine(struct tarn__roaring_maker *maker, enum operation operation, const struct tarn__roaring *a,
                                const struct tarn__roaring_container *of_a, const struct tarn__roaring *b,
                                const struct tarn__roaring_container *of_b, struct tarn_error *err)
{
    if (operation == UNION && of_a->kind == TARN_ROARING_ARRAY && of_b->kind == TARN_ROARING_ARRAY &&
        of_a->cardinality + of_b->cardinality <= TARN_ROARING_ARRAY_MOST) {
        uint8_t values[2 * TARN_ROARING_ARRAY_MOST];
        struct tarn__roaring_container both = {.key = of_a->key, .kind = TARN_ROARING_ARRAY};
        uint8_t *data;
        both.cardinality =
            merge_values(tarn__container_data(a, of_a), of_a->cardinality, tarn__container_data(b, of_b), of_b->cardinality, values);
        TARN_RETURN_IF_ERROR(tarn__roaring_add(maker, &both, tarn__container_bytes(&both), &data, err));
        memcpy(data, values, tarn__container_bytes(&both));
        return TARN_OK;
    }
    uint8_t bits[TARN_ROARING_BITMAP_BYTES] = {0};
    tarn__container_bits(a, of_a, bits);
    if (operation == UNION) {
        tarn__container_bits(b, of_b, bits);
    } else {
        clear_values(b, of_b, bits);
    }
    return tarn__roaring_add_bits(maker, of_a->key, bits, tarn__bitmap_count(bits, 0, TARN_ROARING_VALUES), err);
}

static enum tarn_status walk_both(struct tarn__roaring_maker *maker, enum operation operation, const struct tarn__roaring *a,
                                  const struct tarn__roaring *b, struct tarn_error *err)
{
    size_t i = 0;
    size_t k = 0;
    while (i < a->count || (operation == UNION && k < b->count)) {
        const struct tarn__roaring_container *of_a = i < a->count ? &a->containers[i] : NULL;
        const struct tarn__roaring_container *of_b = k < b->count ? &b->containers[k] : NULL;
        if (of_b == NULL || (of_a != NULL && of_a->key < of_b->key)) {
            TARN_RETURN_IF_ERROR(tarn__roaring_add_copy(maker, a, of_a, err));
            i++;
        } else if (of_a == NULL || of_b->key < of_a->key) {
            TARN_RETURN_IF_ERROR(operation == UNION ? tarn__roaring_add_copy(maker, b, of_b, err) : TARN_OK);
            k++;
        } else {
            TARN_RETURN_IF_ERROR(combine(maker, operation, a, of_a, b, of_b, err));
            i++;
            k++;
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__roaring_union(struct tarn_env *env, const struct tarn__roaring *a, const struct tarn__roaring *b,
                                     struct tarn__roaring **out, struct tarn_error *err)
{
    struct tarn__roaring_maker maker = {.env = env};
    const enum tarn_status status = walk_both(&maker, UNION, a, b, err);
    return tarn__roaring_finish(&maker, status, out, err);
}

enum tarn_status tarn__roaring_minus(struct tarn_env *env, const struct tarn__roaring *a, const struct tarn__roaring *b,
                                     struct tarn__roaring **out, struct tarn_error *err)
{
    struct tarn__roaring_maker maker = {.env = env};
    const enum tarn_status status = walk_both(&maker, MINUS, a, b, err);
    return tarn__roaring_finish(&maker, status, out, err);
}

/* ---- do they meet? ---- */

/* Value or run number `i` of a container that is no bitmap; false behind the last. */
static bool stretch(const struct tarn__roaring *set, const struct tarn__roaring_container *container, uint32_t i, uint32_t *first,
                    uint32_t *last)
{
    const uint8_t *data = tarn__container_data(set, container);
    const bool runs = container->kind == TARN_ROARING_RUNS;
    if (i >= (runs ? container->runs : container->cardinality)) {
        return false;
    }
    *first = runs ? tarn__run_first(data, i) : tarn__container_value(data, i);
    *last = runs ? tarn__run_last(data, i) : *first;
    return true;
}

static bool meet_bits(const struct tarn__roaring *a, const struct tarn__roaring_container *of_a, const uint8_t *bits)
{
    if (of_a->kind == TARN_ROARING_BITMAP) {
        const uint8_t *others = tarn__container_data(a, of_a);
        uint64_t both = 0;
        for (size_t i = 0; i < TARN_ROARING_BITMAP_BYTES; i += 8) {
            both |= tarn__load64(others + i) & tarn__load64(bits + i);
        }
        return both != 0;
    }
    uint32_t first;
    uint32_t last;
    for (uint32_t i = 0; stretch(a, of_a, i, &first, &last); i++) {
        if (first == last ? tarn__bit_get(bits, first) : tarn__bitmap_count(bits, first, last - first + 1) != 0) {
            return true;
        }
    }
    return false;
}

static bool meet(const struct tarn__roaring *a, const struct tarn__roaring_container *of_a, const struct tarn__roaring *b,
                 const struct tarn__roaring_container *of_b)
{
    if (of_b->kind == TARN_ROARING_BITMAP) {
        return meet_bits(a, of_a, tarn__container_data(b, of_b));
    }
    if (of_a->kind == TARN_ROARING_BITMAP) {
        return meet_bits(b, of_b, tarn__container_data(a, of_a));
    }
    uint32_t i = 0;
    uint32_t k = 0;
    uint32_t first[2];
    uint32_t last[2];
    while (stretch(a, of_a, i, &first[0], &last[0]) && stretch(b, of_b, k, &first[1], &last[1])) {
        if (first[0] <= last[1] && first[1] <= last[0]) {
            return true;
        }
        i += last[0] < first[1];
        k += last[1] < first[0];
    }
    return false;
}

bool tarn__roaring_disjoint(const struct tarn__roaring *a, const struct tarn__roaring *b)
{
    size_t i = 0;
    size_t k = 0;
    while (i < a->count && k < b->count) {
        const struct tarn__roaring_container *of_a = &a->containers[i];
        const struct tarn__roaring_container *of_b = &b->containers[k];
        if (of_a->key == of_b->key && meet(a, of_a, b, of_b)) {
            return false;
        }
        i += of_a->key <= of_b->key;
        k += of_b->key <= of_a->key;
    }
    return true;
}
