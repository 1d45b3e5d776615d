/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_ROARING_MAKE_H
#define TARN_TXLOG_CORE_ROARING_MAKE_H

#include "format/base/bytes.h"
#include "txlog/core/roaring.h"

/*
 * Containers of Roaring bitmaps, and the making of sets out of them, in ascending order of keys.
 *
 * The last 16 bits of the positions of a container, as they are stored: ARRAY has ascending values of two bytes, RUNS pairs of a first
 * value and the number of values behind it, apart and ascending, BITMAP a bit a value.
 */
enum {
    TARN_ROARING_VALUES = 1 << 16,     /* that a container can have */
    TARN_ROARING_ARRAY_MOST = 1 << 12, /* more values are kept as a bitmap, or as runs */
    TARN_ROARING_BITMAP_BYTES = TARN_ROARING_VALUES / 8,
};
#define TARN_ROARING_END (UINT64_C(1) << 63) /* behind the last position that a set may have */

static inline const uint8_t *tarn__container_data(const struct tarn__roaring *set, const struct tarn__roaring_container *container)
{
    return set->data + container->at;
}

static inline uint16_t tarn__container_value(const uint8_t *data, uint32_t i)
{
    return tarn__load16(data + (size_t)2 * i);
}

static inline uint32_t tarn__run_first(const uint8_t *data, uint32_t i)
{
    return tarn__load16(data + (size_t)4 * i);
}

static inline uint32_t tarn__run_last(const uint8_t *data, uint32_t i)
{
    return tarn__run_first(data, i) + tarn__load16(data + (size_t)4 * i + 2);
}

struct tarn__roaring_maker {
    struct tarn_env *env;
    struct tarn__roaring_container *containers;
    size_t count;
    size_t capacity;
    uint8_t *data;
    size_t size;
    size_t room;
    uint64_t cardinality;
};

/**
 * Adds a container, whose key is above all before; *data is where its `bytes` go, until the next call. `made` comes without `at`.
 * Errors: NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__roaring_add(struct tarn__roaring_maker *maker, const struct tarn__roaring_container *made,
                                                    size_t bytes, uint8_t **data, struct tarn_error *err);
/** Adds `cardinality` values of a bitmap as the container that is right for so many: none, an array, a bitmap. */
TARN_WARN_UNUSED enum tarn_status tarn__roaring_add_bits(struct tarn__roaring_maker *maker, uint64_t key, const uint8_t *bits,
                                                         uint32_t cardinality, struct tarn_error *err);
/** A copy of another set's container. */
TARN_WARN_UNUSED enum tarn_status tarn__roaring_add_copy(struct tarn__roaring_maker *maker, const struct tarn__roaring *from,
                                                         const struct tarn__roaring_container *container, struct tarn_error *err);
/** Ends the maker, and on OK makes the set of what was added; `status` is that of the adding, and returned when it is no OK. */
TARN_WARN_UNUSED enum tarn_status tarn__roaring_finish(struct tarn__roaring_maker *maker, enum tarn_status status,
                                                       struct tarn__roaring **out, struct tarn_error *err);

/** Sets the bits of a container's values in a bitmap. */
void tarn__container_bits(const struct tarn__roaring *set, const struct tarn__roaring_container *container, uint8_t *bits);
/** Writes the values of the set bits, two bytes each; returns how many. */
uint32_t tarn__bits_values(const uint8_t *bits, uint8_t *values);
/** The bytes that a container takes as it is kept. */
size_t tarn__container_bytes(const struct tarn__roaring_container *container);
/** The first container whose key is not below `key`. */
size_t tarn__roaring_find(const struct tarn__roaring *set, uint64_t key);

#endif
