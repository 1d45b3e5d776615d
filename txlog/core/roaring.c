/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets of row positions: making, looking, walking, marking. Bytes are roaring_bytes.c, combining is roaring_combine.c.
 *
 * Invariants
 *  1. Containers ascend by key, none is empty, and each has as many values as it says: all code below counts on that, the parser proves it.
 *  2. The data of a container begins at a multiple of 8 bytes and is little-endian on every machine: it is copied from and to files.
 *  3. An array has at most 4,096 values, a bitmap more than that: so both take what the specification says of their cardinality.
 */
#include "format/batch/bitmap.h"
#include "txlog/core/roaring_make.h"

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, CONTAINER_BITS = 16, LOW = 0xffff };

/* ---- life ---- */

struct tarn__roaring *tarn__roaring_retain(struct tarn__roaring *set)
{
    atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
    return set;
}

void tarn__roaring_release(struct tarn__roaring *set)
{
    if (set != NULL && atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) == 1) {
        tarn__free(set->env, set->containers);
        tarn__free(set->env, set->data);
        tarn__free(set->env, set);
    }
}

enum tarn_status tarn__roaring_add(struct tarn__roaring_maker *maker, const struct tarn__roaring_container *made, size_t bytes,
                                   uint8_t **data, struct tarn_error *err)
{
    const size_t taken = (bytes + 7) & ~(size_t)7;
    *data = NULL;
    if (!tarn__grow(maker->env, &maker->containers, &maker->capacity, maker->count + 1, sizeof(*maker->containers)) ||
        !tarn__grow(maker->env, &maker->data, &maker->room, maker->size + taken, 1)) {
        return tarn__nomem(maker->env, err, maker->size + taken);
    }
    struct tarn__roaring_container *container = &maker->containers[maker->count++];
    *container = *made;
    container->at = maker->size;
    maker->size += taken;
    maker->cardinality += made->cardinality;
    *data = maker->data + container->at;
    return TARN_OK;
}

enum tarn_status tarn__roaring_add_bits(struct tarn__roaring_maker *maker, uint64_t key, const uint8_t *bits, uint32_t cardinality,
                                        struct tarn_error *err)
{
    const bool array = cardinality <= TARN_ROARING_ARRAY_MOST;
    const struct tarn__roaring_container container = {
        .key = key, .cardinality = cardinality, .kind = array ? TARN_ROARING_ARRAY : TARN_ROARING_BITMAP};
    uint8_t *data;
    if (cardinality == 0) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__roaring_add(maker, &container, tarn__container_bytes(&container), &data, err));
    if (array) {
        (void)tarn__bits_values(bits, data);
    } else {
        memcpy(data, bits, TARN_ROARING_BITMAP_BYTES);
    }
    return TARN_OK;
}

enum tarn_status tarn__roaring_add_copy(struct tarn__roaring_maker *maker, const struct tarn__roaring *from,
                                        const struct tarn__roaring_container *container, struct tarn_error *err)
{
    const size_t bytes = tarn__container_bytes(container);
    uint8_t *data;
    TARN_RETURN_IF_ERROR(tarn__roaring_add(maker, container, bytes, &data, err));
    memcpy(data, tarn__container_data(from, container), bytes);
    return TARN_OK;
}

enum tarn_status tarn__roaring_finish(struct tarn__roaring_maker *maker, enum tarn_status status, struct tarn__roaring **out,
                                      struct tarn_error *err)
{
    struct tarn__roaring *set = NULL;
    *out = NULL;
    if (status == TARN_OK) {
        set = tarn__calloc(maker->env, 1, sizeof(*set));
        status = set != NULL ? TARN_OK : tarn__nomem(maker->env, err, sizeof(*set));
    }
    if (status != TARN_OK) {
        tarn__free(maker->env, maker->containers);
        tarn__free(maker->env, maker->data);
        return status;
    }
    uint8_t *less = maker->size != 0 ? tarn__realloc(maker->env, maker->data, maker->size) : NULL;
    set->env = maker->env;
    atomic_init(&set->references, 1);
    set->cardinality = maker->cardinality;
    set->count = maker->count;
    set->containers = maker->containers;
    set->data = less != NULL ? less : maker->data;
    *out = set;
    return TARN_OK;
}

/* ---- containers ---- */

size_t tarn__container_bytes(const struct tarn__roaring_container *container)
{
    if (container->kind == TARN_ROARING_ARRAY) {
        return (size_t)container->cardinality * 2;
    }
    return container->kind == TARN_ROARING_RUNS ? (size_t)container->runs * 4 : TARN_ROARING_BITMAP_BYTES;
}

void tarn__container_bits(const struct tarn__roaring *set, const struct tarn__roaring_container *container, uint8_t *bits)
{
    const uint8_t *data = tarn__container_data(set, container);
    if (container->kind == TARN_ROARING_ARRAY) {
        for (uint32_t i = 0; i < container->cardinality; i++) {
            tarn__bit_set(bits, tarn__container_value(data, i));
        }
    } else if (container->kind == TARN_ROARING_RUNS) {
        for (uint32_t i = 0; i < container->runs; i++) {
            const uint32_t first = tarn__run_first(data, i);
            tarn__bitmap_fill(bits, first, tarn__run_last(data, i) - first + 1, true);
        }
    } else {
        for (size_t i = 0; i < TARN_ROARING_BITMAP_BYTES; i += 8) {
            tarn__store64(bits + i, tarn__load64(bits + i) | tarn__load64(data + i));
        }
    }
}

uint32_t tarn__bits_values(const uint8_t *bits, uint8_t *values)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < TARN_ROARING_VALUES; i += 64) {
        for (uint64_t word = tarn__load64(bits + i / 8); word != 0; word &= word - 1) {
            tarn__store16(values + (size_t)2 * count++, (uint16_t)(i + (unsigned)__builtin_ctzll(word)));
        }
    }
    return count;
}

size_t tarn__roaring_find(const struct tarn__roaring *set, uint64_t key)
{
    size_t from = 0;
    size_t to = set->count;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (set->containers[middle].key < key) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

/* The first value of an array that is not below `low` (up to 65,536). */
static uint32_t array_find(const uint8_t *data, uint32_t count, uint32_t low)
{
    uint32_t from = 0;
    while (count != 0) {
        const uint32_t half = count / 2;
        const bool below = tarn__container_value(data, from + half) < low;
        from += below ? half + 1 : 0;
        count = below ? count - half - 1 : half;
    }
    return from;
}

/* The first run that does not end before `low`. */
static uint32_t run_find(const uint8_t *data, uint32_t runs, uint32_t low)
{
    uint32_t from = 0;
    while (runs != 0) {
        const uint32_t half = runs / 2;
        const bool before = tarn__run_last(data, from + half) < low;
        from += before ? half + 1 : 0;
        runs = before ? runs - half - 1 : half;
    }
    return from;
}

/* ---- making ---- */

static bool ascends(const uint64_t *positions, size_t count)
{
    bool broken = false;
    for (size_t i = 1; i < count; i++) {
        broken |= positions[i] <= positions[i - 1];
    }
    return !broken;
}

/* By digits, from the last to the first that any position has: `sorted` and `room` take turns. Returns the one that has them all. */
static uint64_t *sort_positions(const uint64_t *positions, size_t count, uint64_t *sorted, uint64_t *room)
{
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++) {
        all |= positions[i];
    }
    memcpy(sorted, positions, count * sizeof(*sorted));
    for (unsigned shift = 0; shift < 64 && all >> shift != 0; shift += DIGIT_BITS) {
        size_t places[DIGITS] = {0};
        size_t sum = 0;
        for (size_t i = 0; i < count; i++) {
            places[sorted[i] >> shift & (DIGITS - 1)]++;
        }
        for (size_t d = 0; d < DIGITS; d++) {
            const size_t here = places[d];
            places[d] = sum;
            sum += here;
        }
        for (size_t i = 0; i < count; i++) {
            room[places[sorted[i] >> shift & (DIGITS - 1)]++] = sorted[i];
        }
        uint64_t *turn = sorted;
        sorted = room;
        room = turn;
    }
    return sorted;
}

/* How many of the ascending positions have the key of the first. */
static size_t same_key(const uint64_t *positions, size_t count)
{
    const uint64_t key = positions[0] >> CONTAINER_BITS;
    size_t reach = 1;
    while (reach < count && positions[reach] >> CONTAINER_BITS == key) {
        reach *= 2;
    }
    size_t from = reach / 2;
    size_t to = reach < count ? reach : count;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (positions[middle] >> CONTAINER_BITS == key) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

static enum tarn_status add_ascending(struct tarn__roaring_maker *maker, const uint64_t *positions, size_t count, struct tarn_error *err)
{
    for (size_t i = 0; i < count;) {
        const size_t same = same_key(positions + i, count - i);
        const struct tarn__roaring_container container = {
            .key = positions[i] >> CONTAINER_BITS,
            .cardinality = (uint32_t)same,
            .kind = same <= TARN_ROARING_ARRAY_MOST ? TARN_ROARING_ARRAY : TARN_ROARING_BITMAP,
        };
        uint8_t *data;
        TARN_RETURN_IF_ERROR(tarn__roaring_add(maker, &container, tarn__container_bytes(&container), &data, err));
        if (container.kind == TARN_ROARING_ARRAY) {
            for (size_t k = 0; k < same; k++) {
                tarn__store16(data + 2 * k, (uint16_t)positions[i + k]);
            }
        } else {
            memset(data, 0, TARN_ROARING_BITMAP_BYTES);
            for (size_t k = 0; k < same; k++) {
                tarn__bit_set(data, positions[i + k] & LOW);
            }
        }
        i += same;
    }
    return TARN_OK;
}

enum tarn_status tarn__roaring_of_positions(struct tarn_env *env, const uint64_t *positions, size_t count, struct tarn__roaring **out,
                                            struct tarn_error *err)
{
    struct tarn__roaring_maker maker = {.env = env};
    uint64_t *room = NULL;
    *out = NULL;
    if (!ascends(positions, count)) {
        room = tarn__calloc(env, count, 2 * sizeof(*room));
        if (room == NULL) {
            return tarn__nomem(env, err, (uint64_t)count * 2 * sizeof(*room));
        }
        uint64_t *sorted = sort_positions(positions, count, room, room + count);
        size_t left = 1;
        for (size_t i = 1; i < count; i++) {
            sorted[left] = sorted[i];
            left += sorted[i] != sorted[left - 1];
        }
        positions = sorted;
        count = left;
    }
    enum tarn_status status = TARN_OK;
    if (count != 0 && positions[count - 1] >= TARN_ROARING_END) {
        status = tarn__invalid(err, "position", "there is no row %llu: a row's position is below 2^63",
                               (unsigned long long)positions[count - 1]);
    }
    if (status == TARN_OK) {
        status = add_ascending(&maker, positions, count, err);
    }
    tarn__free(env, room);
    return tarn__roaring_finish(&maker, status, out, err);
}

/* ---- looking ---- */

bool tarn__roaring_contains(const struct tarn__roaring *set, uint64_t position)
{
    const size_t i = tarn__roaring_find(set, position >> CONTAINER_BITS);
    if (i == set->count || set->containers[i].key != position >> CONTAINER_BITS) {
        return false;
    }
    const struct tarn__roaring_container *container = &set->containers[i];
    const uint8_t *data = tarn__container_data(set, container);
    const uint32_t low = position & LOW;
    if (container->kind == TARN_ROARING_BITMAP) {
        return tarn__bit_get(data, low);
    }
    if (container->kind == TARN_ROARING_ARRAY) {
        const uint32_t at = array_find(data, container->cardinality, low);
        return at < container->cardinality && tarn__container_value(data, at) == low;
    }
    const uint32_t run = run_find(data, container->runs, low);
    return run < container->runs && tarn__run_first(data, run) <= low;
}

bool tarn__roaring_last(const struct tarn__roaring *set, uint64_t *position)
{
    *position = 0;
    if (set->count == 0) {
        return false;
    }
    const struct tarn__roaring_container *container = &set->containers[set->count - 1];
    const uint8_t *data = tarn__container_data(set, container);
    uint32_t low;
    if (container->kind == TARN_ROARING_ARRAY) {
        low = tarn__container_value(data, container->cardinality - 1);
    } else if (container->kind == TARN_ROARING_RUNS) {
        low = tarn__run_last(data, container->runs - 1u);
    } else {
        low = LOW;
        while (!tarn__bit_get(data, low)) {
            low--;
        }
    }
    *position = container->key << CONTAINER_BITS | low;
    return true;
}

/* How many values of a container lie in [from, to). */
static uint32_t count_within(const struct tarn__roaring *set, const struct tarn__roaring_container *container, uint32_t from, uint32_t to)
{
    const uint8_t *data = tarn__container_data(set, container);
    if (from == 0 && to == TARN_ROARING_VALUES) {
        return container->cardinality;
    }
    if (container->kind == TARN_ROARING_ARRAY) {
        return array_find(data, container->cardinality, to) - array_find(data, container->cardinality, from);
    }
    if (container->kind == TARN_ROARING_BITMAP) {
        return tarn__bitmap_count(data, from, to - from);
    }
    uint32_t count = 0;
    for (uint32_t i = run_find(data, container->runs, from); i < container->runs && tarn__run_first(data, i) < to; i++) {
        const uint32_t first = tarn__run_first(data, i) > from ? tarn__run_first(data, i) : from;
        const uint32_t end = tarn__run_last(data, i) < to ? tarn__run_last(data, i) + 1 : to;
        count += end - first;
    }
    return count;
}

/* The values of a container that lie in positions [begin, end): [*from, *to). */
static void clip(const struct tarn__roaring_container *container, uint64_t begin, uint64_t end, uint32_t *from, uint32_t *to)
{
    const uint64_t first = container->key << CONTAINER_BITS;
    *from = begin > first ? (uint32_t)(begin - first) : 0;
    *to = end - first < TARN_ROARING_VALUES ? (uint32_t)(end - first) : TARN_ROARING_VALUES;
}

uint64_t tarn__roaring_count(const struct tarn__roaring *set, uint64_t begin, uint64_t end)
{
    uint64_t count = 0;
    if (begin >= end) {
        return 0;
    }
    for (size_t i = tarn__roaring_find(set, begin >> CONTAINER_BITS); i < set->count; i++) {
        const struct tarn__roaring_container *container = &set->containers[i];
        if (container->key > (end - 1) >> CONTAINER_BITS) {
            break;
        }
        uint32_t from;
        uint32_t to;
        clip(container, begin, end, &from, &to);
        count += count_within(set, container, from, to);
    }
    return count;
}

/* ---- marking ---- */

static uint32_t mark_within(const struct tarn__roaring *set, const struct tarn__roaring_container *container, uint32_t from, uint32_t to,
                            uint8_t *bits, uint32_t at)
{
    const uint8_t *data = tarn__container_data(set, container);
    if (container->kind == TARN_ROARING_ARRAY) {
        const uint32_t begin = array_find(data, container->cardinality, from);
        uint32_t i = begin;
        for (; i < container->cardinality && tarn__container_value(data, i) < to; i++) {
            tarn__bit_set(bits, at + (tarn__container_value(data, i) - from));
        }
        return i - begin;
    }
    if (container->kind == TARN_ROARING_BITMAP) {
        tarn__bitmap_append(bits, at, data, from, to - from);
        return tarn__bitmap_count(data, from, to - from);
    }
    uint32_t count = 0;
    for (uint32_t i = run_find(data, container->runs, from); i < container->runs && tarn__run_first(data, i) < to; i++) {
        const uint32_t first = tarn__run_first(data, i) > from ? tarn__run_first(data, i) : from;
        const uint32_t end = tarn__run_last(data, i) < to ? tarn__run_last(data, i) + 1 : to;
        tarn__bitmap_fill(bits, at + (first - from), end - first, true);
        count += end - first;
    }
    return count;
}

uint32_t tarn__roaring_mark(const struct tarn__roaring *set, uint64_t begin, uint32_t rows, uint8_t *bits)
{
    const uint64_t end = begin + rows;
    uint32_t count = 0;
    memset(bits, 0, tarn__bits_bytes(rows));
    for (size_t i = tarn__roaring_find(set, begin >> CONTAINER_BITS); i < set->count; i++) {
        const struct tarn__roaring_container *container = &set->containers[i];
        const uint64_t first = container->key << CONTAINER_BITS;
        if (first >= end) {
            break;
        }
        uint32_t from;
        uint32_t to;
        clip(container, begin, end, &from, &to);
        count += mark_within(set, container, from, to, bits, first > begin ? (uint32_t)(first - begin) : 0);
    }
    return count;
}

/* ---- walking ---- */

static size_t walk_bits(struct tarn__roaring_walk *walk, uint64_t base, const uint8_t *data, uint64_t *positions, size_t room)
{
    size_t count = 0;
    uint32_t at = walk->low;
    while (at < TARN_ROARING_VALUES && count < room) {
        uint64_t word = tarn__load64(data + (size_t)(at / 64) * 8) & (UINT64_MAX << (at & 63));
        for (; word != 0 && count < room; word &= word - 1) {
            positions[count++] = base | ((at & ~UINT32_C(63)) + (unsigned)__builtin_ctzll(word));
        }
        at = word != 0 ? (at & ~UINT32_C(63)) + (unsigned)__builtin_ctzll(word) : (at & ~UINT32_C(63)) + 64;
    }
    walk->low = at;
    return count;
}

static size_t walk_runs(struct tarn__roaring_walk *walk, uint64_t base, const uint8_t *data, uint32_t runs, uint64_t *positions,
                        size_t room)
{
    size_t count = 0;
    uint32_t at = walk->low;
    for (uint32_t i = run_find(data, runs, at); i < runs && count < room; i++) {
        const uint32_t end = tarn__run_last(data, i) + 1;
        at = tarn__run_first(data, i) > at ? tarn__run_first(data, i) : at;
        for (; at < end && count < room; at++) {
            positions[count++] = base | at;
        }
    }
    walk->low = at;
    return count;
}

size_t tarn__roaring_next(struct tarn__roaring_walk *walk, uint64_t *positions, size_t room)
{
    const struct tarn__roaring *set = walk->set;
    size_t count = 0;
    while (walk->container < set->count && count < room) {
        const struct tarn__roaring_container *container = &set->containers[walk->container];
        const uint8_t *data = tarn__container_data(set, container);
        const uint64_t base = container->key << CONTAINER_BITS;
        size_t got;
        if (container->kind == TARN_ROARING_ARRAY) { /* `low` is the number of the value */
            const size_t left = container->cardinality - walk->low;
            got = left < room - count ? left : room - count;
            for (size_t i = 0; i < got; i++) {
                positions[count + i] = base | tarn__container_value(data, walk->low + (uint32_t)i);
            }
            walk->low += (uint32_t)got;
        } else if (container->kind == TARN_ROARING_BITMAP) {
            got = walk_bits(walk, base, data, positions + count, room - count);
        } else {
            got = walk_runs(walk, base, data, container->runs, positions + count, room - count);
        }
        count += got;
        if (count < room) { /* it gave less than there was room for */
            walk->container++;
            walk->low = 0;
        }
    }
    return count;
}
