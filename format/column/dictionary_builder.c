/* SPDX-License-Identifier: Apache-2.0
 *
 * A hash table with open addressing over values that lie in a dictionary page's body.
 *
 * Specification: Parquet Encodings.md "Dictionary Encoding".
 *
 * Invariants
 *  1. Entry c is the c-th distinct value; `plain` holds exactly `count` entries and never more than `limit` bytes.
 *  2. At most half of the slots are taken, so that a probe ends. A slot's tag is the value's hash, and its place follows from the tag:
 *     growing needs no value.
 *  3. A number in the window [near_base, near_base + near_size) that has a code is in `near`; any other is in `slots`. The window is set
 *     once a chunk, about the values that come first.
 *  4. `recent` forgets: what it does not know may be in `slots`, what it knows is.
 */
#include "format/column/dictionary_builder.h"

#include "format/base/hash.h"

enum {
    FIRST_SLOTS = 1024,
    LENGTH_BYTES = 4,
    NEAR = 1 << 14,     /* most numbers with a place of their own */
    NEAR_LEAST = 64,    /* fewest */
    NEAR_SAMPLE = 4096, /* values that the window is set about, at most */
    NEAR_NEEDS = 256,   /* and at least */
    RECENT_BITS = 9,
    RECENT_BYTES = 24, /* longest text that `recent` knows: three words say all of it */
    AHEAD = 12,        /* values whose slot is fetched before it is looked at */
    FAR_SLOTS = 1 << 13,
};

/* A text of at most RECENT_BYTES by its bytes: the first eight, the next eight where there are more than sixteen, the last eight. */
struct tarn__recent_text {
    uint64_t head;
    uint64_t middle;
    uint64_t tail;
    uint32_t size;
    uint32_t code; /* + 1; 0: free */
};

enum tarn_status tarn__dictionary_builder_init(struct tarn__dictionary_builder *builder, struct tarn_env *env, uint32_t width,
                                               uint64_t limit, struct tarn_error *err)
{
    *builder = (struct tarn__dictionary_builder){.env = env, .width = width, .limit = limit, .slot_mask = FIRST_SLOTS - 1};
    builder->slots = tarn__calloc(env, FIRST_SLOTS, sizeof(*builder->slots));
    builder->plain = tarn__buffer_new(env, 0);
    builder->recent = width == 0 ? tarn__calloc(env, (size_t)1 << RECENT_BITS, sizeof(*builder->recent)) : NULL;
    if (builder->slots == NULL || builder->plain == NULL || (width == 0 && builder->recent == NULL)) {
        tarn__dictionary_builder_free(builder);
        return tarn__nomem(env, err, FIRST_SLOTS * sizeof(*builder->slots));
    }
    return TARN_OK;
}

void tarn__dictionary_builder_free(struct tarn__dictionary_builder *builder)
{
    tarn__free(builder->env, builder->slots);
    tarn__free(builder->env, builder->starts);
    tarn__free(builder->env, builder->near);
    tarn__free(builder->env, builder->recent);
    tarn__buffer_release(builder->plain);
    *builder = (struct tarn__dictionary_builder){.env = builder->env};
}

void tarn__dictionary_builder_reset(struct tarn__dictionary_builder *builder)
{
    if (builder->hashed != 0) {
        memset(builder->slots, 0, ((size_t)builder->slot_mask + 1) * sizeof(*builder->slots));
    }
    builder->near_size = 0;
    builder->near_decided = false;
    if (builder->recent != NULL && builder->count != 0) {
        memset(builder->recent, 0, sizeof(*builder->recent) << RECENT_BITS);
    }
    builder->plain->size = 0;
    builder->count = 0;
    builder->hashed = 0;
}

struct tarn_span tarn__dictionary_entry(const struct tarn__dictionary_builder *builder, uint32_t code)
{
    if (builder->width != 0) {
        return (struct tarn_span){builder->plain->data + (size_t)code * builder->width, builder->width};
    }
    const uint8_t *entry = builder->plain->data + builder->starts[code];
    return (struct tarn_span){entry + LENGTH_BYTES, tarn__load32(entry)};
}

uint64_t tarn__dictionary_text_bytes(const struct tarn__dictionary_builder *builder, const uint32_t *codes, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += tarn__load32(builder->plain->data + builder->starts[codes[i]]);
    }
    return sum;
}

static enum tarn_status grow(struct tarn__dictionary_builder *builder, struct tarn_error *err)
{
    const size_t slots = 2 * ((size_t)builder->slot_mask + 1);
    uint64_t *larger = tarn__calloc(builder->env, slots, sizeof(*larger));

    if (larger == NULL) {
        return tarn__nomem(builder->env, err, slots * sizeof(*larger));
    }
    for (size_t i = 0; i <= builder->slot_mask; i++) {
        const uint64_t slot = builder->slots[i];
        if (slot == 0) {
            continue;
        }
        size_t at = (size_t)(slot >> 32) & (slots - 1);
        while (larger[at] != 0) {
            at = (at + 1) & (slots - 1);
        }
        larger[at] = slot;
    }
    tarn__free(builder->env, builder->slots);
    builder->slots = larger;
    builder->slot_mask = (uint32_t)(slots - 1);
    return TARN_OK;
}

/* Appends an entry that is not there. */
static enum tarn_status append(struct tarn__dictionary_builder *builder, const uint8_t *value, size_t size, struct tarn_error *err)
{
    const size_t begin = builder->plain->size;
    uint8_t length[LENGTH_BYTES];

    if (builder->width == 0) {
        if (!tarn__grow(builder->env, &builder->starts, &builder->start_capacity, (size_t)builder->count + 1, sizeof(*builder->starts))) {
            return tarn__nomem(builder->env, err, builder->count * sizeof(*builder->starts));
        }
        builder->starts[builder->count] = begin;
        tarn__store32(length, (uint32_t)size);
        if (!tarn__buffer_append(builder->plain, length, sizeof(length))) {
            return tarn__nomem(builder->env, err, begin + sizeof(length));
        }
    }
    if (!tarn__buffer_append(builder->plain, value, size)) {
        return tarn__nomem(builder->env, err, begin + size);
    }
    builder->count++;
    return TARN_OK;
}

/* The same, and takes the free slot `at` for it. */
static enum tarn_status insert(struct tarn__dictionary_builder *builder, const uint8_t *value, size_t size, uint32_t tag, uint32_t at,
                               struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(append(builder, value, size, err));
    builder->slots[at] = (uint64_t)tag << 32 | builder->count;
    builder->hashed++;
    return builder->hashed > builder->slot_mask / 2 ? grow(builder, err) : TARN_OK;
}

/* ---- values of fixed width ---- */

static inline uint64_t load_number(const uint8_t *value, size_t width)
{
    return width == 4 ? tarn__load32(value) : tarn__load64(value);
}

/* Doubles that are whole numbers differ in their upper bits alone: those are brought down before the product carries all upward. */
static inline uint32_t number_tag(uint64_t number)
{
    return (uint32_t)((number ^ number >> 32) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static inline uint32_t fixed_tag(const uint8_t *value, size_t width)
{
    return width == 4 || width == 8 ? number_tag(load_number(value, width)) : (uint32_t)tarn__hash_bytes(value, width, 0);
}

/* The code of a value that has no place in the window. *code UINT32_MAX: there is no room. */
static inline __attribute__((always_inline)) enum tarn_status hashed_code(struct tarn__dictionary_builder *builder, const uint8_t *value,
                                                                          size_t width, uint32_t *code, struct tarn_error *err)
{
    const uint32_t tag = fixed_tag(value, width);
    uint32_t at = tag & builder->slot_mask;
    uint64_t slot = builder->slots[at];

    while (slot != 0 && (slot >> 32 != tag || memcmp(builder->plain->data + ((size_t)(uint32_t)slot - 1) * width, value, width) != 0)) {
        at = (at + 1) & builder->slot_mask;
        slot = builder->slots[at];
    }
    if (slot != 0) {
        *code = (uint32_t)slot - 1;
        return TARN_OK;
    }
    if (builder->plain->size + width > builder->limit) {
        *code = UINT32_MAX;
        return TARN_OK;
    }
    *code = builder->count;
    return insert(builder, value, width, tag, at, err);
}

static inline int64_t signed_number(const uint8_t *value, size_t width)
{
    return width == 4 ? (int32_t)tarn__load32(value) : (int64_t)tarn__load64(value);
}

/* Sets the window about these values, with room around them, when they are near enough to each other; entries move in. */
static enum tarn_status decide_window(struct tarn__dictionary_builder *builder, const uint8_t *values, size_t n, size_t width,
                                      struct tarn_error *err)
{
    const size_t sample = n < NEAR_SAMPLE ? n : NEAR_SAMPLE;
    int64_t least = INT64_MAX;
    int64_t most = INT64_MIN;
    size_t size = NEAR_LEAST;

    builder->near_decided = true;
    for (size_t i = 0; i < sample; i++) {
        const int64_t number = signed_number(values + i * width, width);
        least = number < least ? number : least;
        most = number > most ? number : most;
    }
    const uint64_t range = (uint64_t)most - (uint64_t)least + 1;
    if (range == 0 || range > NEAR) {
        return TARN_OK;
    }
    while (size < NEAR && size < range + range / 4) {
        size *= 2;
    }
    if (!tarn__grow(builder->env, &builder->near, &builder->near_capacity, size, sizeof(*builder->near))) {
        return tarn__nomem(builder->env, err, size * sizeof(*builder->near));
    }
    memset(builder->near, 0, size * sizeof(*builder->near));
    builder->near_size = size;
    builder->near_base = (uint64_t)least - (size - range) / 2;
    for (uint32_t i = 0; i < builder->count; i++) {
        const uint64_t at = (uint64_t)signed_number(builder->plain->data + (size_t)i * width, width) - builder->near_base;
        if (at < size) {
            builder->near[at] = i + 1;
        }
    }
    return TARN_OK;
}

/* `width` is a constant where this is inlined: 4 or 8. */
static inline __attribute__((always_inline)) enum tarn_status add_numbers(struct tarn__dictionary_builder *builder, const uint8_t *values,
                                                                          size_t n, size_t width, uint32_t *codes, size_t *done,
                                                                          struct tarn_error *err)
{
    if (!builder->near_decided && n >= NEAR_NEEDS) {
        TARN_RETURN_IF_ERROR(decide_window(builder, values, n, width, err));
    }
    uint32_t *near = builder->near;
    const uint64_t base = builder->near_base;
    const uint64_t size = builder->near_size;
    size_t i = 0;
    for (; i < n; i++) {
        const uint8_t *value = values + i * width;
        const uint64_t from_base = (uint64_t)signed_number(value, width) - base;
        if (from_base < size) {
            uint32_t *place = &near[from_base];
            if (*place == 0) {
                if (builder->plain->size + width > builder->limit) {
                    break;
                }
                TARN_RETURN_IF_ERROR(append(builder, value, width, err));
                *place = builder->count;
            }
            codes[i] = *place - 1;
            continue;
        }
        if (builder->slot_mask >= FAR_SLOTS && n - i > AHEAD) {
            __builtin_prefetch(&builder->slots[number_tag(load_number(value + AHEAD * width, width)) & builder->slot_mask]);
        }
        TARN_RETURN_IF_ERROR(hashed_code(builder, value, width, &codes[i], err));
        if (codes[i] == UINT32_MAX) {
            break;
        }
    }
    *done = i;
    return TARN_OK;
}

enum tarn_status tarn__dictionary_add_fixed(struct tarn__dictionary_builder *builder, const uint8_t *values, size_t n, uint32_t *codes,
                                            size_t *done, struct tarn_error *err)
{
    *done = 0;
    if (builder->width == 4) {
        return add_numbers(builder, values, n, 4, codes, done, err);
    }
    if (builder->width == 8) {
        return add_numbers(builder, values, n, 8, codes, done, err);
    }
    size_t i = 0;
    for (; i < n; i++) {
        TARN_RETURN_IF_ERROR(hashed_code(builder, values + i * builder->width, builder->width, &codes[i], err));
        if (codes[i] == UINT32_MAX) {
            break;
        }
    }
    *done = i;
    return TARN_OK;
}

/* ---- byte arrays ---- */

/* Byte arrays of one size, of at most RECENT_BYTES, are equal when these are. */
static inline struct tarn__recent_text short_text(const uint8_t *data, size_t size)
{
    struct tarn__recent_text text = {.size = (uint32_t)size};
    if (size >= 8) {
        text.head = tarn__load64(data);
        text.tail = tarn__load64(data + size - 8);
        text.middle = size > 16 ? tarn__load64(data + 8) : 0;
    } else if (size >= 4) {
        text.head = tarn__load32(data) | (uint64_t)tarn__load32(data + size - 4) << 32;
    } else if (size != 0) {
        text.head = data[0] | (uint64_t)data[size / 2] << 8 | (uint64_t)data[size - 1] << 16;
    }
    return text;
}

static inline size_t recent_place(const struct tarn__recent_text *text)
{
    const uint64_t mixed = (text->head ^ (text->tail << 7 | text->tail >> 57)) + text->size + text->middle;
    return (size_t)((mixed ^ mixed >> 32) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - RECENT_BITS));
}

static enum tarn_status hashed_text(struct tarn__dictionary_builder *builder, struct tarn_span value, uint32_t *code,
                                    struct tarn_error *err)
{
    const uint32_t tag = (uint32_t)tarn__hash_bytes(value.data, value.size, 0);
    uint32_t at = tag & builder->slot_mask;

    for (uint64_t slot = builder->slots[at]; slot != 0; slot = builder->slots[at]) {
        if (slot >> 32 == tag) {
            const struct tarn_span entry = tarn__dictionary_entry(builder, (uint32_t)slot - 1);
            if (entry.size == value.size && (value.size == 0 || memcmp(entry.data, value.data, value.size) == 0)) {
                *code = (uint32_t)slot - 1;
                return TARN_OK;
            }
        }
        at = (at + 1) & builder->slot_mask;
    }
    if (builder->plain->size + LENGTH_BYTES + value.size > builder->limit) {
        *code = UINT32_MAX;
        return TARN_OK;
    }
    *code = builder->count;
    return insert(builder, value.data, value.size, tag, at, err);
}

/* *code UINT32_MAX: there is no room. */
static inline enum tarn_status text_code(struct tarn__dictionary_builder *builder, struct tarn_span value, uint32_t *code,
                                         struct tarn_error *err)
{
    if (value.size > RECENT_BYTES) {
        return hashed_text(builder, value, code, err);
    }
    const struct tarn__recent_text text = short_text(value.data, value.size);
    struct tarn__recent_text *known = &builder->recent[recent_place(&text)];
    if (known->code != 0 && known->head == text.head && known->tail == text.tail && known->size == text.size &&
        known->middle == text.middle) {
        *code = known->code - 1;
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(hashed_text(builder, value, code, err));
    if (*code != UINT32_MAX) {
        *known = text;
        known->code = *code + 1;
    }
    return TARN_OK;
}

enum tarn_status tarn__dictionary_add_bytes(struct tarn__dictionary_builder *builder, struct tarn_span value, uint32_t *code, bool *fits,
                                            struct tarn_error *err)
{
    uint32_t found = UINT32_MAX;
    const enum tarn_status status = text_code(builder, value, &found, err);

    *fits = found != UINT32_MAX || status != TARN_OK;
    if (found != UINT32_MAX) {
        *code = found;
    }
    return status;
}

enum tarn_status tarn__dictionary_add_texts(struct tarn__dictionary_builder *builder, struct tarn__text_rows texts, size_t n,
                                            uint32_t *codes, size_t *done, struct tarn_error *err)
{
    size_t i = 0;

    *done = 0;
    for (; i < n; i++) {
        const uint32_t *at = texts.offsets + (texts.rows != NULL ? texts.rows[i] : texts.first + (uint32_t)i);
        TARN_RETURN_IF_ERROR(text_code(builder, (struct tarn_span){texts.bytes + at[0], at[1] - at[0]}, &codes[i], err));
        if (codes[i] == UINT32_MAX) {
            break;
        }
    }
    *done = i;
    return TARN_OK;
}

enum tarn_status tarn__dictionary_add_plain(struct tarn__dictionary_builder *builder, struct tarn_span plain, size_t n, uint32_t *codes,
                                            size_t *done, struct tarn_error *err)
{
    const uint8_t *at = plain.data;
    size_t i = 0;

    if (builder->width != 0) {
        return tarn__dictionary_add_fixed(builder, plain.data, n, codes, done, err);
    }
    *done = 0;
    for (; i < n; i++) {
        const struct tarn_span value = {at + LENGTH_BYTES, tarn__load32(at)};
        bool fits;
        TARN_RETURN_IF_ERROR(tarn__dictionary_add_bytes(builder, value, &codes[i], &fits, err));
        if (!fits) {
            break;
        }
        at += LENGTH_BYTES + value.size;
    }
    *done = i;
    return TARN_OK;
}
