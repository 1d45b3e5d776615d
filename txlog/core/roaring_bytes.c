/* SPDX-License-Identifier: Apache-2.0
 *
 * Roaring bitmaps as bytes: RoaringFormatSpec, with its extension to 64 bits (a count of 8 bytes, then for each of the ascending high
 * halves of positions 4 bytes of it and a bitmap of 32 bits). All numbers are little-endian.
 *
 * A bitmap of 32 bits: cookie 12346 and the count of containers, or cookie 12347 with that count less one in its upper half and a bit a
 * container that has runs; key and cardinality less one of each container; its offset in the bitmap, but not where there are runs and fewer
 * than 4 containers; the containers.
 *
 * Invariants
 *  1. Nothing is read before it is known to be inside, and no memory is asked for beyond a small multiple of the bytes there are.
 *  2. What is said twice (cardinalities, offsets) must agree: readers differ in which of the two they go by.
 *  3. Values and keys ascend; so a set has one reading, and its containers can be combined as they are.
 */
#include "format/batch/bitmap.h"
#include "txlog/core/roaring_make.h"

enum { COOKIE = 12346, COOKIE_OF_RUNS = 12347, COOKIE_MASK = 0xffff, FEWEST_WITH_OFFSETS = 4, KEY_BITS = 16, FEWEST_BYTES = 12 };

/* ---- reading ---- */

struct bitmap_reader {
    struct tarn_span whole;
    struct tarn_span rest;
    struct tarn__roaring_maker maker;
};

static enum tarn_status broken(const struct bitmap_reader *reader, struct tarn_error *err, const char *what)
{
    const enum tarn_status status = tarn__corrupt(err, "roaring", "a roaring bitmap is damaged: %s", what);
    tarn__error_at_offset(err, reader->whole.size - reader->rest.size);
    return status;
}

static enum tarn_status take(struct bitmap_reader *reader, size_t size, const uint8_t **bytes, struct tarn_error *err)
{
    *bytes = NULL;
    if (reader->rest.size < size) {
        return broken(reader, err, "it ends too early");
    }
    *bytes = tarn__span_take(&reader->rest, size).data;
    return TARN_OK;
}

/* Do ascending arrays ascend? */
static bool values_ascend(const uint8_t *values, uint32_t count)
{
    bool wrong = false;
    for (uint32_t i = 1; i < count; i++) {
        wrong |= tarn__container_value(values, i) <= tarn__container_value(values, i - 1);
    }
    return !wrong;
}

static bool runs_hold(const uint8_t *data, uint32_t runs, uint32_t cardinality)
{
    uint32_t next = 0; /* the lowest value that the next run may begin with */
    uint32_t sum = 0;
    for (uint32_t i = 0; i < runs; i++) {
        const uint32_t first = tarn__run_first(data, i);
        const uint32_t last = tarn__run_last(data, i);
        if (first < next || last >= TARN_ROARING_VALUES) {
            return false;
        }
        sum += last - first + 1;
        next = last + 1;
    }
    return sum == cardinality;
}

static enum tarn_status read_container(struct bitmap_reader *reader, struct tarn__roaring_container *container, bool has_runs,
                                       struct tarn_error *err)
{
    const uint8_t *bytes;
    if (has_runs) {
        TARN_RETURN_IF_ERROR(take(reader, 2, &bytes, err));
        const uint32_t runs = tarn__load16(bytes);
        if (runs == 0 || runs > TARN_ROARING_VALUES / 2) {
            return broken(reader, err, "a container has a number of runs that cannot be");
        }
        container->kind = TARN_ROARING_RUNS;
        container->runs = (uint16_t)runs;
    } else {
        container->kind = container->cardinality <= TARN_ROARING_ARRAY_MOST ? TARN_ROARING_ARRAY : TARN_ROARING_BITMAP;
    }
    const size_t size = tarn__container_bytes(container);
    TARN_RETURN_IF_ERROR(take(reader, size, &bytes, err));
    if (container->kind == TARN_ROARING_ARRAY && !values_ascend(bytes, container->cardinality)) {
        return broken(reader, err, "the values of a container do not ascend");
    }
    if (container->kind == TARN_ROARING_BITMAP && tarn__bitmap_count(bytes, 0, TARN_ROARING_VALUES) != container->cardinality) {
        return broken(reader, err, "a container has another number of values than it says");
    }
    if (container->kind == TARN_ROARING_RUNS && !runs_hold(bytes, container->runs, container->cardinality)) {
        return broken(reader, err, "the runs of a container overlap, do not ascend, or hold another number of values than it says");
    }
    uint8_t *data;
    TARN_RETURN_IF_ERROR(tarn__roaring_add(&reader->maker, container, size, &data, err));
    memcpy(data, bytes, size);
    return TARN_OK;
}

/* One bitmap of 32 bits; `high`: the upper half of its positions. */
static enum tarn_status read_bitmap(struct bitmap_reader *reader, uint64_t high, struct tarn_error *err)
{
    const size_t begin = reader->whole.size - reader->rest.size;
    const uint8_t *bytes;
    const uint8_t *run_bits = NULL;
    const uint8_t *headers;
    const uint8_t *offsets = NULL;
    TARN_RETURN_IF_ERROR(take(reader, 4, &bytes, err));
    const uint32_t cookie = tarn__load32(bytes);
    uint32_t count;
    if ((cookie & COOKIE_MASK) == COOKIE_OF_RUNS) {
        count = (cookie >> KEY_BITS) + 1;
        TARN_RETURN_IF_ERROR(take(reader, tarn__bits_bytes(count), &run_bits, err));
    } else if (cookie == COOKIE) {
        TARN_RETURN_IF_ERROR(take(reader, 4, &bytes, err));
        count = tarn__load32(bytes);
    } else {
        return broken(reader, err, "it begins with no cookie");
    }
    if (count > TARN_ROARING_VALUES) {
        return broken(reader, err, "it has more containers than there are keys");
    }
    TARN_RETURN_IF_ERROR(take(reader, (size_t)count * 4, &headers, err));
    if (run_bits == NULL || count >= FEWEST_WITH_OFFSETS) {
        TARN_RETURN_IF_ERROR(take(reader, (size_t)count * 4, &offsets, err));
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t key = tarn__load16(headers + (size_t)4 * i);
        if (i != 0 && key <= tarn__load16(headers + (size_t)4 * (i - 1))) {
            return broken(reader, err, "the keys of its containers do not ascend");
        }
        if (offsets != NULL && tarn__load32(offsets + (size_t)4 * i) != reader->whole.size - reader->rest.size - begin) {
            return broken(reader, err, "a container does not lie where its offset says");
        }
        struct tarn__roaring_container container = {
            .key = high << KEY_BITS | key,
            .cardinality = tarn__load16(headers + (size_t)4 * i + 2) + 1u,
        };
        TARN_RETURN_IF_ERROR(read_container(reader, &container, run_bits != NULL && tarn__bit_get(run_bits, i), err));
    }
    return TARN_OK;
}

static enum tarn_status read_portable(struct bitmap_reader *reader, struct tarn_error *err)
{
    const uint8_t *bytes;
    TARN_RETURN_IF_ERROR(take(reader, 8, &bytes, err));
    const uint64_t count = tarn__load64(bytes);
    if (count > reader->rest.size / FEWEST_BYTES) {
        return broken(reader, err, "it ends too early for the number of bitmaps that it says");
    }
    uint64_t least = 0;
    for (uint64_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(take(reader, 4, &bytes, err));
        const uint64_t high = tarn__load32(bytes);
        if (high < least || high > INT32_MAX) {
            return broken(reader, err, "the keys of its bitmaps do not ascend, or are above 2^31 - 1");
        }
        least = high + 1;
        TARN_RETURN_IF_ERROR(read_bitmap(reader, high, err));
    }
    return TARN_OK;
}

static enum tarn_status read_native(struct bitmap_reader *reader, struct tarn_error *err)
{
    const uint8_t *bytes;
    TARN_RETURN_IF_ERROR(take(reader, 4, &bytes, err));
    const uint32_t count = tarn__load32(bytes);
    if (count > reader->rest.size / FEWEST_BYTES) {
        return broken(reader, err, "it ends too early for the number of bitmaps that it says");
    }
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(take(reader, 4, &bytes, err));
        const uint32_t size = tarn__load32(bytes);
        const size_t before = reader->rest.size;
        TARN_RETURN_IF_ERROR(read_bitmap(reader, i, err));
        if (before - reader->rest.size != size) {
            return broken(reader, err, "one of its bitmaps has another size than it says");
        }
    }
    return TARN_OK;
}

static enum tarn_status parse(struct tarn_env *env, struct tarn_span bytes, bool native, struct tarn__roaring **out, struct tarn_error *err)
{
    struct bitmap_reader reader = {.whole = bytes, .rest = bytes, .maker = {.env = env}};
    enum tarn_status status = native ? read_native(&reader, err) : read_portable(&reader, err);
    if (status == TARN_OK && reader.rest.size != 0) {
        status = broken(&reader, err, "there are bytes behind its end");
    }
    return tarn__roaring_finish(&reader.maker, status, out, err);
}

enum tarn_status tarn__roaring_parse(struct tarn_env *env, struct tarn_span bytes, struct tarn__roaring **out, struct tarn_error *err)
{
    return parse(env, bytes, false, out, err);
}

enum tarn_status tarn__roaring_parse_native(struct tarn_env *env, struct tarn_span bytes, struct tarn__roaring **out,
                                            struct tarn_error *err)
{
    return parse(env, bytes, true, out, err);
}

/* ---- writing ---- */

/* How many runs of values one behind the other a container has. */
static uint32_t count_runs(const struct tarn__roaring *set, const struct tarn__roaring_container *container)
{
    const uint8_t *data = tarn__container_data(set, container);
    uint32_t runs = 0;
    if (container->kind == TARN_ROARING_ARRAY) {
        runs = 1;
        for (uint32_t i = 1; i < container->cardinality; i++) {
            runs += tarn__container_value(data, i) != tarn__container_value(data, i - 1) + 1u;
        }
    } else if (container->kind == TARN_ROARING_BITMAP) {
        uint64_t before = 0;
        for (size_t i = 0; i < TARN_ROARING_BITMAP_BYTES; i += 8) {
            const uint64_t word = tarn__load64(data + i);
            runs += (uint32_t)__builtin_popcountll(word & ~(word << 1 | before >> 63));
            before = word;
        }
    } else {
        for (uint32_t i = 0; i < container->runs; i++) {
            runs += i == 0 || tarn__run_first(data, i) != tarn__run_last(data, i - 1) + 1;
        }
    }
    return runs;
}

static void add_run(uint8_t *data, uint32_t run, uint32_t first, uint32_t last)
{
    tarn__store16(data + (size_t)4 * run, (uint16_t)first);
    tarn__store16(data + (size_t)4 * run + 2, (uint16_t)(last - first));
}

static void runs_of_values(const uint8_t *values, uint32_t count, uint8_t *runs)
{
    uint32_t run = 0;
    for (uint32_t i = 0; i < count;) {
        const uint32_t first = tarn__container_value(values, i);
        uint32_t last = first;
        for (i++; i < count && tarn__container_value(values, i) == last + 1; i++) {
            last++;
        }
        add_run(runs, run++, first, last);
    }
}

/* The first value from `at` on whose bit is `set`; 65,536 when there is none. */
static uint32_t next_bit(const uint8_t *bits, uint32_t at, bool set)
{
    while (at < TARN_ROARING_VALUES) {
        const uint64_t word = tarn__load64(bits + (size_t)(at / 64) * 8);
        const uint64_t left = (set ? word : ~word) & (UINT64_MAX << (at & 63));
        if (left != 0) {
            return (at & ~UINT32_C(63)) + (unsigned)__builtin_ctzll(left);
        }
        at = (at & ~UINT32_C(63)) + 64;
    }
    return TARN_ROARING_VALUES;
}

static void runs_of_bits(const uint8_t *bits, uint8_t *runs)
{
    uint32_t run = 0;
    for (uint32_t first = next_bit(bits, 0, true); first < TARN_ROARING_VALUES;) {
        const uint32_t end = next_bit(bits, first, false);
        add_run(runs, run++, first, end - 1);
        first = next_bit(bits, end, true);
    }
}

/* What a container is written as. */
struct plan {
    uint32_t runs; /* RUNS: how many; else 0 */
    size_t bytes;
};

static struct plan plan_container(const struct tarn__roaring *set, const struct tarn__roaring_container *container)
{
    const uint32_t runs = count_runs(set, container);
    const size_t plain = container->cardinality <= TARN_ROARING_ARRAY_MOST ? (size_t)container->cardinality * 2 : TARN_ROARING_BITMAP_BYTES;
    const size_t as_runs = 2 + (size_t)runs * 4;
    return as_runs < plain ? (struct plan){runs, as_runs} : (struct plan){0, plain};
}

static void write_container(const struct tarn__roaring *set, const struct tarn__roaring_container *container, const struct plan *plan,
                            uint8_t *to)
{
    const uint8_t *data = tarn__container_data(set, container);
    uint8_t bits[TARN_ROARING_BITMAP_BYTES];
    if (plan->runs != 0) {
        tarn__store16(to, (uint16_t)plan->runs);
        if (container->kind == TARN_ROARING_ARRAY) {
            runs_of_values(data, container->cardinality, to + 2);
            return;
        }
        if (container->kind == TARN_ROARING_RUNS && container->runs == plan->runs) {
            memcpy(to + 2, data, plan->bytes - 2);
            return;
        }
    } else if (container->kind != TARN_ROARING_RUNS) {
        memcpy(to, data, plan->bytes);
        return;
    }
    memset(bits, 0, sizeof(bits));
    tarn__container_bits(set, container, bits);
    if (plan->runs != 0) {
        runs_of_bits(bits, to + 2);
    } else if (container->cardinality <= TARN_ROARING_ARRAY_MOST) {
        (void)tarn__bits_values(bits, to);
    } else {
        memcpy(to, bits, sizeof(bits));
    }
}

/* One bitmap of 32 bits: containers [from, to). */
static enum tarn_status write_bitmap(const struct tarn__roaring *set, size_t from, size_t to, struct plan *plans,
                                     struct tarn_text_builder *out, struct tarn_error *err)
{
    const uint32_t count = (uint32_t)(to - from);
    uint32_t with_runs = 0;
    size_t size = 0;
    for (size_t i = from; i < to; i++) {
        plans[i - from] = plan_container(set, &set->containers[i]);
        with_runs += plans[i - from].runs != 0;
        size += plans[i - from].bytes;
    }
    const bool offsets = with_runs == 0 || count >= FEWEST_WITH_OFFSETS;
    size_t at = (with_runs != 0 ? 4 + tarn__bits_bytes(count) : 8) + (size_t)count * (offsets ? 8 : 4);
    uint8_t *bytes = (uint8_t *)tarn__builder_reserve(out, at + size);
    if (bytes == NULL) {
        return tarn__builder_status(out, err);
    }
    uint8_t *headers = bytes + 8;
    if (with_runs != 0) {
        tarn__store32(bytes, COOKIE_OF_RUNS | (count - 1) << KEY_BITS);
        memset(bytes + 4, 0, tarn__bits_bytes(count));
        headers = bytes + 4 + tarn__bits_bytes(count);
    } else {
        tarn__store32(bytes, COOKIE);
        tarn__store32(bytes + 4, count);
    }
    out->size += at + size;
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn__roaring_container *container = &set->containers[from + i];
        tarn__store16(headers + (size_t)4 * i, (uint16_t)container->key);
        tarn__store16(headers + (size_t)4 * i + 2, (uint16_t)(container->cardinality - 1));
        if (plans[i].runs != 0) {
            tarn__bit_set(bytes + 4, i);
        }
        if (offsets) {
            tarn__store32(headers + (size_t)4 * (count + i), (uint32_t)at);
        }
        write_container(set, container, &plans[i], bytes + at);
        at += plans[i].bytes;
    }
    return TARN_OK;
}

/* The containers that have the upper half of positions of container `from` end before this one. */
static size_t end_of_bitmap(const struct tarn__roaring *set, size_t from)
{
    size_t to = from;
    while (to < set->count && set->containers[to].key >> KEY_BITS == set->containers[from].key >> KEY_BITS) {
        to++;
    }
    return to;
}

enum tarn_status tarn__roaring_write(const struct tarn__roaring *set, struct tarn_text_builder *out, struct tarn_error *err)
{
    uint8_t number[8];
    uint64_t bitmaps = 0;
    size_t most = 0;
    for (size_t from = 0; from < set->count; bitmaps++) {
        const size_t to = end_of_bitmap(set, from);
        most = to - from > most ? to - from : most;
        from = to;
    }
    struct plan *plans = tarn__calloc(set->env, most + 1, sizeof(*plans));
    if (plans == NULL) {
        return tarn__nomem(set->env, err, most * sizeof(*plans));
    }
    tarn__store64(number, bitmaps);
    tarn__builder_add_bytes(out, number, sizeof(number));
    enum tarn_status status = TARN_OK;
    for (size_t from = 0; status == TARN_OK && from < set->count;) {
        const size_t to = end_of_bitmap(set, from);
        tarn__store32(number, (uint32_t)(set->containers[from].key >> KEY_BITS));
        tarn__builder_add_bytes(out, number, 4);
        status = write_bitmap(set, from, to, plans, out, err);
        from = to;
    }
    tarn__free(set->env, plans);
    return status == TARN_OK ? tarn__builder_status(out, err) : status;
}
