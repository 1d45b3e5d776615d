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
 */
#include "format/column/dictionary_builder.h"

#include "format/base/hash.h"

enum { FIRST_SLOTS = 1024, LENGTH_BYTES = 4 };

enum tarn_status tarn__dictionary_builder_init(struct tarn__dictionary_builder *builder, struct tarn_env *env, uint32_t width,
                                               uint64_t limit, struct tarn_error *err)
{
    *builder = (struct tarn__dictionary_builder){.env = env, .width = width, .limit = limit, .slot_mask = FIRST_SLOTS - 1};
    builder->slots = tarn__calloc(env, FIRST_SLOTS, sizeof(*builder->slots));
    builder->plain = tarn__buffer_new(env, 0);
    if (builder->slots == NULL || builder->plain == NULL) {
        tarn__dictionary_builder_free(builder);
        return tarn__nomem(env, err, FIRST_SLOTS * sizeof(*builder->slots));
    }
    return TARN_OK;
}

void tarn__dictionary_builder_free(struct tarn__dictionary_builder *builder)
{
    tarn__free(builder->env, builder->slots);
    tarn__free(builder->env, builder->starts);
    tarn__buffer_release(builder->plain);
    *builder = (struct tarn__dictionary_builder){.env = builder->env};
}

void tarn__dictionary_builder_reset(struct tarn__dictionary_builder *builder)
{
    memset(builder->slots, 0, ((size_t)builder->slot_mask + 1) * sizeof(*builder->slots));
    builder->plain->size = 0;
    builder->count = 0;
}

struct tarn_span tarn__dictionary_entry(const struct tarn__dictionary_builder *builder, uint32_t code)
{
    if (builder->width != 0) {
        return (struct tarn_span){builder->plain->data + (size_t)code * builder->width, builder->width};
    }
    const uint8_t *entry = builder->plain->data + builder->starts[code];
    return (struct tarn_span){entry + LENGTH_BYTES, tarn__load32(entry)};
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

/* Appends an entry that is not there and takes the free slot `at` for it. */
static enum tarn_status insert(struct tarn__dictionary_builder *builder, const uint8_t *value, size_t size, uint32_t tag, uint32_t at,
                               struct tarn_error *err)
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
    builder->slots[at] = (uint64_t)tag << 32 | (builder->count + 1);
    builder->count++;
    if (builder->count > builder->slot_mask / 2) {
        return grow(builder, err);
    }
    return TARN_OK;
}

/* `width` is a constant where this is inlined. */
static inline __attribute__((always_inline)) enum tarn_status add_width(struct tarn__dictionary_builder *builder, const uint8_t *values,
                                                                        size_t n, size_t width, uint32_t *codes, size_t *done,
                                                                        struct tarn_error *err)
{
    size_t i = 0;

    for (; i < n; i++) {
        const uint8_t *value = values + i * width;
        const uint64_t hash = width == 4   ? tarn__hash_u64(tarn__load32(value))
                              : width == 8 ? tarn__hash_u64(tarn__load64(value))
                                           : tarn__hash_bytes(value, width, 0);
        const uint32_t tag = (uint32_t)hash;
        uint32_t at = tag & builder->slot_mask;
        uint64_t slot = builder->slots[at];
        while (slot != 0 && (slot >> 32 != tag || memcmp(builder->plain->data + ((size_t)(uint32_t)slot - 1) * width, value, width) != 0)) {
            at = (at + 1) & builder->slot_mask;
            slot = builder->slots[at];
        }
        if (slot == 0) {
            if (builder->plain->size + width > builder->limit) {
                break;
            }
            TARN_RETURN_IF_ERROR(insert(builder, value, width, tag, at, err));
            slot = builder->count;
        }
        codes[i] = (uint32_t)slot - 1;
    }
    *done = i;
    return TARN_OK;
}

enum tarn_status tarn__dictionary_add_fixed(struct tarn__dictionary_builder *builder, const uint8_t *values, size_t n, uint32_t *codes,
                                            size_t *done, struct tarn_error *err)
{
    *done = 0;
    switch (builder->width) {
    case 4:
        return add_width(builder, values, n, 4, codes, done, err);
    case 8:
        return add_width(builder, values, n, 8, codes, done, err);
    default:
        return add_width(builder, values, n, builder->width, codes, done, err);
    }
}

enum tarn_status tarn__dictionary_add_bytes(struct tarn__dictionary_builder *builder, struct tarn_span value, uint32_t *code, bool *fits,
                                            struct tarn_error *err)
{
    const uint32_t tag = (uint32_t)tarn__hash_bytes(value.data, value.size, 0);
    uint32_t at = tag & builder->slot_mask;

    *fits = true;
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
        *fits = false;
        return TARN_OK;
    }
    *code = builder->count;
    return insert(builder, value.data, value.size, tag, at, err);
}
