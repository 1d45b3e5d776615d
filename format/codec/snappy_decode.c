/* SPDX-License-Identifier: Apache-2.0
 *
 * Snappy blocks, decoded.
 *
 * Specification: google/snappy, format_description.txt. SPEC: P-CODEC-SNAPPY-1 to P-CODEC-SNAPPY-4.
 *
 * Invariants
 *  1. Nothing is written behind the end of the output, nothing read behind that of the input: copies of fixed width are used only where
 *     their whole width lies inside.
 *  2. A copy's offset is at least 1 and leads to what has been written already.
 *  3. Each element takes at least one byte of input and adds at least one byte of output: the loop is bounded by both.
 */
#include "format/codec/snappy.h"

#include "format/encoding/varint.h"

enum { LITERAL = 0, COPY_1 = 1, COPY_2 = 2, COPY_4 = 3 };

/*
 * What lies in front of the margins is decoded with fixed-width copies that may write over what comes next: a literal of up to 16 bytes,
 * or a tag with its 4 bytes of offset; a copy of up to 64 bytes in steps of 8 behind its first 16.
 */
enum { SHORT_LITERAL = 16, IN_MARGIN = 1 + SHORT_LITERAL, OUT_MARGIN = 64 + SHORT_LITERAL };

struct cursor {
    const uint8_t *in;
    uint8_t *out;
};

bool tarn__snappy_size(struct tarn_span in, size_t *size)
{
    uint32_t value;
    if (!tarn__varint32_take(&in, &value)) {
        return false;
    }
    *size = value;
    return true;
}

static bool put_literal(struct cursor *c, const uint8_t *in_end, const uint8_t *out_end, uint32_t tag)
{
    size_t length = tag >> 2;
    if (length >= 60) {
        const size_t bytes = length - 59;
        if ((size_t)(in_end - c->in) < bytes) {
            return false;
        }
        length = tarn__load_partial(c->in, bytes);
        c->in += bytes;
    }
    length += 1;
    if (length > (size_t)(in_end - c->in) || length > (size_t)(out_end - c->out)) {
        return false;
    }
    memcpy(c->out, c->in, length);
    c->out += length;
    c->in += length;
    return true;
}

static size_t offset_size(uint32_t tag)
{
    return (tag & 3) == COPY_4 ? 4 : tag & 3;
}

static size_t copy_length(uint32_t tag)
{
    return (tag & 3) == COPY_1 ? (tag >> 2 & 7) + 4 : (tag >> 2) + 1;
}

/* `word`: the four bytes behind the tag, or as many as it has. */
static size_t copy_offset(uint32_t tag, uint32_t word)
{
    const uint32_t two = (tag & 3) == COPY_2 ? word & 0xffffu : word;
    return (tag & 3) == COPY_1 ? (tag >> 5) << 8 | (word & 0xffu) : two;
}

/* One element, held against both ends. */
static bool put_element(struct cursor *c, const uint8_t *out_begin, const uint8_t *in_end, const uint8_t *out_end)
{
    const uint32_t tag = *c->in++;
    if ((tag & 3) == LITERAL) {
        return put_literal(c, in_end, out_end, tag);
    }
    const size_t more = offset_size(tag);
    if ((size_t)(in_end - c->in) < more) {
        return false;
    }
    const size_t offset = copy_offset(tag, tarn__load_partial(c->in, more));
    const size_t length = copy_length(tag);
    c->in += more;
    if (offset == 0 || offset > (size_t)(c->out - out_begin) || length > (size_t)(out_end - c->out)) {
        return false;
    }
    for (size_t i = 0; i < length; i++, c->out++) {
        *c->out = *(c->out - offset);
    }
    return true;
}

/* Elements for as long as both margins are there; false on damage. Long literals are left to put_literal. */
static bool put_fast(struct cursor *c, const uint8_t *out_begin, const uint8_t *in_end, const uint8_t *out_end)
{
    const uint8_t *in = c->in;
    uint8_t *out = c->out;
    bool ok = true;
    while (ok && in_end - in >= IN_MARGIN && out_end - out >= OUT_MARGIN) {
        const uint32_t tag = *in++;
        if ((tag & 3) == LITERAL && tag >> 2 < SHORT_LITERAL) {
            memcpy(out, in, SHORT_LITERAL);
            out += (tag >> 2) + 1;
            in += (tag >> 2) + 1;
            continue;
        }
        if ((tag & 3) == LITERAL) {
            struct cursor slow = {in, out};
            ok = put_literal(&slow, in_end, out_end, tag);
            in = slow.in;
            out = slow.out;
            continue;
        }
        const size_t offset = copy_offset(tag, tarn__load32(in));
        const size_t length = copy_length(tag);
        in += offset_size(tag);
        ok = offset != 0 && offset <= (size_t)(out - out_begin);
        if (ok && offset >= 8) { /* 8 bytes apart: what a step reads has been written */
            const uint8_t *from = out - offset;
            memcpy(out, from, 8);
            memcpy(out + 8, from + 8, 8);
            for (size_t i = 16; i < length; i += 8) {
                memcpy(out + i, from + i, 8);
            }
            out += length;
        } else if (ok) {
            for (size_t i = 0; i < length; i++, out++) {
                *out = *(out - offset);
            }
        }
    }
    *c = (struct cursor){in, out};
    return ok;
}

bool tarn__snappy_decode(struct tarn_span in, uint8_t *out, size_t size)
{
    uint32_t stated;
    if (!tarn__varint32_take(&in, &stated) || stated != size) {
        return false;
    }
    if (in.size == 0 || size == 0) {
        return in.size == 0 && size == 0;
    }
    struct cursor c = {in.data, out};
    const uint8_t *in_end = in.data + in.size;
    const uint8_t *out_end = out + size;
    bool ok = put_fast(&c, out, in_end, out_end);
    while (ok && c.in != in_end) {
        ok = put_element(&c, out, in_end, out_end);
    }
    return ok && c.out == out_end;
}
