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
 *  3. A copy that overlaps itself reads bytes only after they were written, whatever the width of its steps.
 *  4. Each element takes at least one byte of input and adds at least one byte of output: the loop is bounded by both.
 */
#include "format/codec/snappy.h"

#include "format/encoding/varint.h"

enum { LITERAL = 0, COPY_1 = 1, COPY_2 = 2, COPY_4 = 3 };

/*
 * What lies in front of the margins is decoded with copies of fixed width that may write over what comes next: in the input an element of
 * the longest kind that the table knows, the tag behind it and a word; in the output the longest such element and a step that goes over it.
 */
enum { STEP = 16, TWO_STEPS = 32, THREE_STEPS = 48, LONGEST = 64, IN_MARGIN = 1 + LONGEST + 4, OUT_MARGIN = LONGEST + STEP };

/*
 * For each tag the length, and above it what is added to the offset in the bytes behind the tag: the upper bits of COPY_1. Literals have no
 * such bytes and an offset that is no shorter than they are, so that they pass for copies which do not overlap. Literals with bytes of
 * length and COPY_4 have an offset that is never legal, which leads them to put_element.
 */
#define NOT_HERE (UINT64_C(1) << 40)
#define LITERAL_ENTRY(tag) ((tag) >> 2 < 60 ? (uint64_t)((tag) >> 2) + 1 + (LONGEST << 8) : NOT_HERE)
#define COPY_1_ENTRY(tag) ((uint64_t)((tag) >> 2 & 7) + 4 + ((uint64_t)((tag) >> 5) << 16))
#define FOUR(tag) LITERAL_ENTRY(tag), COPY_1_ENTRY((tag) + 1), (uint64_t)((tag) >> 2) + 1, NOT_HERE
#define SIXTEEN(tag) FOUR(tag), FOUR((tag) + 4), FOUR((tag) + 8), FOUR((tag) + 12)
#define SIXTY_FOUR(tag) SIXTEEN(tag), SIXTEEN((tag) + 16), SIXTEEN((tag) + 32), SIXTEEN((tag) + 48)

static const uint64_t elements[256] = {SIXTY_FOUR(0), SIXTY_FOUR(64), SIXTY_FOUR(128), SIXTY_FOUR(192)};

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

/*
 * A copy that reads what it writes, from less than a step back: the bytes between are a pattern. Sixteen bytes of it are made at once, and
 * stored as often as it takes, a whole number of patterns apart. Writes up to a step over the length.
 */
static void put_pattern(uint8_t *out, size_t offset, size_t length)
{
    static const uint8_t strides[STEP] = {0, 16, 16, 15, 16, 15, 12, 14, 16, 9, 10, 11, 12, 13, 14, 15};
    static const uint64_t repeats[8] = {0,
                                        UINT64_C(0x0101010101010101),
                                        UINT64_C(0x0001000100010001),
                                        UINT64_C(0x0001000001000001),
                                        UINT64_C(0x0000000100000001),
                                        UINT64_C(0x0000010000000001),
                                        UINT64_C(0x0001000000000001),
                                        UINT64_C(0x0100000000000001)};
    const uint8_t *from = out - offset;
    uint64_t low = tarn__load64(from);
    uint64_t high;
    if (offset < 8) { /* the upper half begins `turn` bytes further in the pattern */
        const unsigned bits = 8 * (unsigned)offset;
        const unsigned turn = 8 * (8 % (unsigned)offset);
        const uint64_t mask = (UINT64_C(1) << bits) - 1;
        const uint64_t pattern = low & mask;
        low = pattern * repeats[offset];
        high = turn != 0 ? ((pattern >> turn | pattern << (bits - turn)) & mask) * repeats[offset] : low;
    } else { /* the rest of the pattern, and its first bytes again */
        const unsigned rest = 8 * ((unsigned)offset - 8);
        high = (tarn__load64(from + 8) & ((UINT64_C(1) << rest) - 1)) | low << rest;
    }
    for (size_t done = 0; done < length; done += strides[offset]) {
        tarn__store64(out + done, low);
        tarn__store64(out + done + 8, high);
    }
}

/* By way of a register: a copy that does not overlap itself may lie within a step of where it goes. */
static inline void put_step(uint8_t *out, const uint8_t *from)
{
    uint64_t words[STEP / 8];
    memcpy(words, from, STEP);
    memcpy(out, words, STEP);
}

/*
 * Elements for as long as both margins are there; false on damage. The next tag is loaded before anything is done with this one: time goes
 * into the chain from tag to tag, and into branches on what a tag is, of which there are none for the usual ones.
 */
static bool put_fast(struct cursor *c, const uint8_t *out_begin, const uint8_t *in_end, const uint8_t *out_end)
{
    static const uint32_t masks[4] = {0, 0xff, 0xffff, 0}; /* of the offset behind the tag */
    const uint8_t *in = c->in;
    uint8_t *out = c->out;
    bool ok = true;
    size_t next = *in;
    while (in_end - in > IN_MARGIN && out_end - out >= OUT_MARGIN) {
        const size_t tag = next;
        const size_t kind = tag & 3;
        const uint8_t *body = in + 1;
        const size_t literal = (tag >> 2) + 1;
        const size_t advance = kind == LITERAL ? literal : kind;
        next = body[advance];
        const uint64_t element = elements[tag];
        const size_t length = element & 0xff;
        const uint64_t offset = (element >> 8) + (tarn__load32(body) & masks[kind]);
        if (offset > (uint64_t)(out - out_begin)) {
            struct cursor slow = {in, out};
            ok = put_element(&slow, out_begin, in_end, out_end);
            in = slow.in;
            out = slow.out;
            if (!ok || in == in_end) {
                break;
            }
            next = *in;
            continue;
        }
        in = body + advance;
        if (length > offset && offset < STEP) {
            if (offset == 0) {
                ok = false;
                break;
            }
            put_pattern(out, (size_t)offset, length);
            out += length;
            continue;
        }
        const uint8_t *from = out - (size_t)offset;
        from = kind == LITERAL ? body : from;
        put_step(out, from); /* one behind the other, since a copy may read what the step before has written */
        put_step(out + STEP, from + STEP);
        if (length > TWO_STEPS) {
            put_step(out + TWO_STEPS, from + TWO_STEPS);
            put_step(out + THREE_STEPS, from + THREE_STEPS);
        }
        out += length;
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
