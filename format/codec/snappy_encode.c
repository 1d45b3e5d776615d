/* SPDX-License-Identifier: Apache-2.0
 *
 * Snappy blocks, encoded: greedy matching through a hash table of positions, in pieces of 64 KiB, so that every offset takes two bytes.
 *
 * Specification: google/snappy, format_description.txt. SPEC: P-CODEC-SNAPPY-5.
 *
 * Invariants
 *  1. A match is looked for only where 4 bytes can be loaded, and grows only inside the piece.
 *  2. What is written is at most tarn__snappy_bound: literals cost 1 byte in 60 or better, and a copy never more than what it replaces.
 */
#include "format/codec/snappy.h"

#include "format/encoding/varint.h"

enum { PIECE = 1 << 16, LEAST_MATCH = 4, LEAST_TABLE = 256, MARGIN = 15 };

size_t tarn__snappy_bound(size_t size)
{
    return size > TARN_SNAPPY_MAX ? SIZE_MAX : 32 + size + size / 6;
}

static uint8_t *put_literal(uint8_t *out, const uint8_t *from, size_t length)
{
    const size_t stored = length - 1;
    if (stored < 60) {
        *out++ = (uint8_t)(stored << 2);
    } else if (stored < 256) {
        *out++ = 60 << 2;
        *out++ = (uint8_t)stored;
    } else { /* a piece has no more than 2^16 */
        *out++ = 61 << 2;
        tarn__store16(out, (uint16_t)stored);
        out += 2;
    }
    memcpy(out, from, length);
    return out + length;
}

static uint8_t *put_copy_2(uint8_t *out, size_t offset, size_t length)
{
    *out = (uint8_t)((length - 1) << 2 | 2);
    tarn__store16(out + 1, (uint16_t)offset);
    return out + 3;
}

static uint8_t *put_copy(uint8_t *out, size_t offset, size_t length)
{
    while (length >= 68) {
        out = put_copy_2(out, offset, 64);
        length -= 64;
    }
    if (length > 64) { /* leaves enough for the least copy */
        out = put_copy_2(out, offset, 60);
        length -= 60;
    }
    if (length < 12 && offset < 2048) {
        *out++ = (uint8_t)(offset >> 8 << 5 | (length - 4) << 2 | 1);
        *out++ = (uint8_t)offset;
        return out;
    }
    return put_copy_2(out, offset, length);
}

static size_t match_length(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
    const uint8_t *begin = b;
    while (end - b >= 8) {
        const uint64_t differ = tarn__load64(a) ^ tarn__load64(b);
        if (differ != 0) {
            return (size_t)(b - begin) + (size_t)__builtin_ctzll(differ) / 8;
        }
        a += 8;
        b += 8;
    }
    while (b < end && *a == *b) {
        a++;
        b++;
    }
    return (size_t)(b - begin);
}

static uint8_t *encode_piece(const uint8_t *in, size_t size, uint8_t *out, uint16_t *table)
{
    size_t entries = LEAST_TABLE;
    unsigned shift = 24;
    while (entries < TARN_SNAPPY_TABLE && entries < size) {
        entries *= 2;
        shift--;
    }
    memset(table, 0, entries * sizeof(*table));

    const uint8_t *end = in + size;
    const uint8_t *literal = in; /* what has not been written yet begins here */
    const uint8_t *at = in + 1;
    uint32_t misses = 32; /* the longer nothing matches, the larger the steps */
    while (end - at >= MARGIN) {
        const uint32_t word = tarn__load32(at);
        uint16_t *entry = &table[word * 0x1e35a7bdu >> shift];
        const uint8_t *candidate = in + *entry;
        *entry = (uint16_t)(at - in);
        if (tarn__load32(candidate) != word) {
            at += misses++ >> 5;
            continue;
        }
        if (at != literal) {
            out = put_literal(out, literal, (size_t)(at - literal));
        }
        const size_t length = LEAST_MATCH + match_length(candidate + LEAST_MATCH, at + LEAST_MATCH, end);
        out = put_copy(out, (size_t)(at - candidate), length);
        at += length;
        literal = at;
        misses = 32;
        if (end - at >= MARGIN) { /* the last bytes of a match are where the next one often begins */
            table[tarn__load32(at - 1) * 0x1e35a7bdu >> shift] = (uint16_t)(at - 1 - in);
        }
    }
    return literal == end ? out : put_literal(out, literal, (size_t)(end - literal));
}

size_t tarn__snappy_encode(struct tarn_span in, uint8_t *out, uint16_t table[TARN_SNAPPY_TABLE])
{
    uint8_t *to = out + tarn__varint_put(out, in.size);
    while (in.size != 0) {
        const struct tarn_span piece = tarn__span_take(&in, in.size < PIECE ? in.size : PIECE);
        to = encode_piece(piece.data, piece.size, to, table);
    }
    return (size_t)(to - out);
}
