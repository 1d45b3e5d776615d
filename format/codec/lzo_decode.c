/* SPDX-License-Identifier: Apache-2.0
 *
 * LZO1X blocks, decoded.
 *
 * The stream is a row of instructions. What the bytes 0 to 15 mean depends on how many literals the instruction before has copied:
 *
 *   0000LLLL            after none: 3 + L literals, L of 0 being 15 and more
 *   0000DDSS H          after 1 to 3: 2 bytes from H * 4 + D + 1 back; after 4 and more: 3 bytes from H * 4 + D + 2049 back
 *   0001HLLL DD         2 + L bytes, L of 0 being 7 and more, from 16384 + H * 16384 + D back; exactly 16384 back is the end
 *   001LLLLL DD         2 + L bytes, L of 0 being 31 and more, from D + 1 back
 *   01LDDDSS H          3 + L bytes from H * 8 + D + 1 back
 *   1LLDDDSS H          5 + L bytes from H * 8 + D + 1 back
 *
 * "And more" is 255 for each byte of 0 that follows, and the first byte that is not 0. DD are 16 bits, little-endian: S is the lowest two,
 * D the others. After each of these come S literals. A first byte above 17 is as many literals less 17.
 *
 * Specification: none was published; the format is that of the Linux kernel's Documentation/staging/lzo.rst. SPEC: P-CODEC-LZO-1 to
 * P-CODEC-LZO-3.
 *
 * Invariants
 *  1. Nothing is read behind the end of the input, nothing written behind that of the output.
 *  2. A copy leads to what has been written already.
 *  3. Each instruction takes at least one byte: the loop ends.
 */
#include "format/codec/lzo.h"

enum { SHORT_RUN = 18, NO_MATCH_YET = 0, AFTER_RUN = 4, FAR = 16384, MIDDLE = 2049, END_MARKER = 17 };

struct stream {
    struct tarn_span in;
    uint8_t *begin;
    uint8_t *out;
    uint8_t *end;
    unsigned state; /* literals that the instruction before has copied, at most AFTER_RUN */
};

struct match {
    size_t length;
    size_t distance;
    unsigned literals; /* behind it */
};

static bool take(struct stream *s, unsigned *byte)
{
    if (s->in.size == 0) {
        return false;
    }
    *byte = *tarn__span_take(&s->in, 1).data;
    return true;
}

/* A length whose bits in the instruction are `bits`: 0 says that it goes on in bytes, from `most` on. */
static bool take_length(struct stream *s, unsigned bits, unsigned most, size_t *length)
{
    unsigned byte = bits;
    *length = bits;
    if (bits == 0) {
        *length = most;
        do {
            if (!take(s, &byte)) {
                return false;
            }
            *length += byte != 0 ? byte : 255; /* no overflow: 255 a byte of input */
        } while (byte == 0);
    }
    return true;
}

static bool put_literals(struct stream *s, size_t count)
{
    if (count > s->in.size || count > (size_t)(s->end - s->out)) {
        return false;
    }
    if (count != 0 && count <= SHORT_RUN && s->in.size >= SHORT_RUN && s->end - s->out >= SHORT_RUN) {
        memcpy(s->out, s->in.data, SHORT_RUN); /* what is too much is written over */
    } else if (count != 0) {
        memcpy(s->out, s->in.data, count);
    }
    tarn__span_take(&s->in, count);
    s->out += count;
    s->state = count < AFTER_RUN ? (unsigned)count : AFTER_RUN;
    return true;
}

static bool put_match(struct stream *s, const struct match *match)
{
    if (match->distance > (size_t)(s->out - s->begin) || match->length > (size_t)(s->end - s->out)) {
        return false;
    }
    const uint8_t *from = s->out - match->distance;
    size_t left = match->length;
    if (match->distance >= 8) {
        for (; left >= 8; left -= 8, from += 8, s->out += 8) {
            memcpy(s->out, from, 8);
        }
    }
    for (; left != 0; left--) {
        *s->out++ = *from++;
    }
    return put_literals(s, match->literals);
}

/* The two bytes behind an instruction of 16 to 63. */
static bool take_pair(struct stream *s, struct match *match)
{
    if (s->in.size < 2) {
        return false;
    }
    const unsigned pair = tarn__load16(tarn__span_take(&s->in, 2).data);
    match->distance += pair >> 2;
    match->literals = pair & 3;
    return true;
}

/* The match that `code` begins; of 0 to 15 only behind literals. */
static bool take_match(struct stream *s, unsigned code, struct match *match)
{
    unsigned high;
    if (code >= 16 && code < 64) {
        const bool far = code < 32;
        match->distance = far ? FAR + ((size_t)(code & 8) << 11) : 1;
        if (!take_length(s, far ? code & 7 : code & 31, far ? 7 : 31, &match->length)) {
            return false;
        }
        match->length += 2;
        return take_pair(s, match);
    }
    if (!take(s, &high)) {
        return false;
    }
    match->literals = code & 3;
    if (code >= 64) {
        match->length = code >= 128 ? 5 + (code >> 5 & 3) : 3 + (code >> 5 & 1);
        match->distance = ((size_t)high << 3) + (code >> 2 & 7) + 1;
        return true;
    }
    match->length = s->state == AFTER_RUN ? 3 : 2;
    match->distance = ((size_t)high << 2) + (code >> 2) + (s->state == AFTER_RUN ? MIDDLE : 1);
    return true;
}

/* One instruction; *end: it was the end marker. */
static bool step(struct stream *s, bool *end)
{
    unsigned code;
    struct match match;
    size_t run;
    if (!take(s, &code)) {
        return false;
    }
    if (code < 16 && s->state == NO_MATCH_YET) {
        return take_length(s, code, 15, &run) && put_literals(s, run + 3);
    }
    if (!take_match(s, code, &match)) {
        return false;
    }
    if (match.distance == FAR && code < 32 && code >= 16) {
        *end = code == END_MARKER && match.literals == 0;
        return *end;
    }
    return put_match(s, &match);
}

bool tarn__lzo_decode(struct tarn_span in, uint8_t *out, size_t room, size_t *written)
{
    struct stream s = {in, out, out, out + room, NO_MATCH_YET};
    bool end = false;
    bool ok = in.size != 0;
    *written = 0;
    if (ok && in.data[0] > END_MARKER) {
        unsigned code;
        ok = take(&s, &code) && put_literals(&s, code - END_MARKER);
    }
    while (ok && !end) {
        ok = step(&s, &end);
    }
    *written = (size_t)(s.out - s.begin);
    return ok && s.in.size == 0;
}
