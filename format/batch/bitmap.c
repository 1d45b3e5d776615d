/* SPDX-License-Identifier: Apache-2.0
 *
 * Bitmaps, eight bytes at a time where bits are aligned to bytes.
 */
#include "format/batch/bitmap.h"

/* Eight bits of `bits` from bit `at` on, `have` of which exist. */
static uint8_t load_bits(const uint8_t *bits, uint64_t at, unsigned have)
{
    const unsigned shift = (unsigned)(at & 7);
    unsigned value = (unsigned)bits[at >> 3] >> shift;
    if (shift + have > 8) {
        value |= (unsigned)bits[(at >> 3) + 1] << (8 - shift);
    }
    return (uint8_t)(value & (0xffu >> (8 - have)));
}

uint32_t tarn__bitmap_count(const uint8_t *bits, uint64_t offset, uint32_t length)
{
    uint32_t count = 0;
    uint32_t i = 0;
    for (; i < length && ((offset + i) & 7) != 0; i++) {
        count += tarn__bit_get(bits, offset + i);
    }
    const uint8_t *bytes = bits + ((offset + i) >> 3);
    for (; length - i >= 64; i += 64, bytes += 8) {
        count += (uint32_t)__builtin_popcountll(tarn__load64(bytes));
    }
    for (; i < length; i++) {
        count += tarn__bit_get(bits, offset + i);
    }
    return count;
}

void tarn__bitmap_fill(uint8_t *bits, uint64_t at, uint64_t length, bool value)
{
    const uint64_t end = at + length;
    for (; at < end && (at & 7) != 0; at++) {
        tarn__bit_put(bits, at, value);
    }
    const uint64_t bytes = (end - at) / 8;
    if (bytes != 0) {
        memset(bits + (at >> 3), value ? 0xff : 0, (size_t)bytes);
    }
    for (at += bytes * 8; at < end; at++) {
        tarn__bit_put(bits, at, value);
    }
}

void tarn__bitmap_copy(uint8_t *to, const uint8_t *from, uint64_t from_offset, uint32_t length)
{
    memset(to, 0, tarn__bits_bytes(length));
    tarn__bitmap_append(to, 0, from, from_offset, length);
}

void tarn__bitmap_append(uint8_t *to, uint64_t at, const uint8_t *from, uint64_t from_offset, uint32_t length)
{
    if (from == NULL) {
        tarn__bitmap_fill(to, at, length, true);
        return;
    }
    uint32_t i = 0;
    if ((at & 7) == 0 && (from_offset & 7) == 0) {
        memcpy(to + (at >> 3), from + (from_offset >> 3), length / 8);
        i = length & ~UINT32_C(7);
    }
    for (; i < length; i += 8) {
        const unsigned have = length - i < 8 ? length - i : 8;
        const unsigned value = load_bits(from, from_offset + i, have);
        const unsigned shift = (unsigned)((at + i) & 7);
        uint8_t *byte = to + ((at + i) >> 3);
        byte[0] = (uint8_t)(byte[0] | value << shift);
        if (shift + have > 8) {
            byte[1] = (uint8_t)(byte[1] | value >> (8 - shift));
        }
    }
}

struct tarn_buffer *tarn__bitmap_new(struct tarn_env *env, uint32_t length, bool value)
{
    struct tarn_buffer *buffer = tarn__buffer_new_zeroed(env, tarn__bits_bytes(length));
    if (buffer != NULL && value) {
        tarn__bitmap_fill(buffer->data, 0, length, true);
    }
    return buffer;
}

bool tarn__bitmap_and(struct tarn_env *env, const uint8_t *a, const uint8_t *b, uint32_t length, struct tarn_buffer **out)
{
    *out = NULL;
    if (a == NULL && b == NULL) {
        return true;
    }
    struct tarn_buffer *both = tarn__buffer_new(env, tarn__bits_bytes(length));
    if (both == NULL) {
        return false;
    }
    tarn__bitmap_copy(both->data, a != NULL ? a : b, 0, length);
    if (a != NULL && b != NULL) {
        for (size_t i = 0; i < both->size; i++) {
            both->data[i] &= b[i];
        }
    }
    *out = both;
    return true;
}

struct tarn_buffer *tarn__bitmap_gather(struct tarn_env *env, const uint8_t *bits, const uint32_t *positions, uint32_t count)
{
    struct tarn_buffer *out = tarn__buffer_new(env, tarn__bits_bytes(count));
    if (out == NULL) {
        return NULL;
    }
    uint32_t i = 0;
    for (size_t byte = 0; byte < out->size; byte++) {
        unsigned value = 0;
        for (unsigned k = 0; k < 8 && i < count; k++, i++) {
            const uint32_t at = positions[i];
            value |= at != UINT32_MAX && (bits == NULL || tarn__bit_get(bits, at)) ? 1u << k : 0u;
        }
        out->data[byte] = (uint8_t)value;
    }
    return out;
}
