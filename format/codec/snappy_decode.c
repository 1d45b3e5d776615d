/* SPDX-License-Identifier: Apache-2.0
 *
 * Snappy blocks, decoded.
 *
 * Specification: google/snappy, format_description.txt. SPEC: P-CODEC-SNAPPY-1 to P-CODEC-SNAPPY-4.
 *
 * Invariants
 *  1. Nothing is written behind `end` of the output, nothing read behind that of the input: the wide copies are used only where their
 *     whole width lies inside.
 *  2. A copy's offset is at least 1 and leads to what has been written already.
 *  3. Each element takes at least one byte of input and adds at least one byte of output: the loop is bounded by both.
 */
#include "format/codec/snappy.h"

#include "format/encoding/varint.h"

enum { LITERAL = 0, COPY_1 = 1, COPY_2 = 2, COPY_4 = 3 };

/* A literal of up to 16 bytes and a copy of up to 64 are written with a fixed number of wide stores. */
enum { SHORT_LITERAL = 16, LONGEST_COPY = 64 };

struct output {
    uint8_t *begin;
    uint8_t *at;
    uint8_t *end;
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

static bool put_literal(struct output *out, const uint8_t **in, const uint8_t *in_end, uint32_t tag)
{
    size_t length = tag >> 2;
    if (length < SHORT_LITERAL && in_end - *in >= SHORT_LITERAL && out->end - out->at >= SHORT_LITERAL) {
        memcpy(out->at, *in, SHORT_LITERAL);
        out->at += length + 1;
        *in += length + 1;
        return true;
    }
    if (length >= 60) {
        const size_t bytes = length - 59;
        if ((size_t)(in_end - *in) < bytes) {
            return false;
        }
        length = tarn__load_partial(*in, bytes);
        *in += bytes;
    }
    length += 1;
    if (length > (size_t)(in_end - *in) || length > (size_t)(out->end - out->at)) {
        return false;
    }
    memcpy(out->at, *in, length);
    out->at += length;
    *in += length;
    return true;
}

static bool put_copy(struct output *out, size_t offset, size_t length)
{
    if (offset == 0 || offset > (size_t)(out->at - out->begin) || length > (size_t)(out->end - out->at)) {
        return false;
    }
    const uint8_t *from = out->at - offset;
    if (offset >= 8 && out->end - out->at >= LONGEST_COPY + 8) {
        for (size_t i = 0; i < length; i += 8) {
            memcpy(out->at + i, from + i, 8); /* 8 bytes apart at least: what is read has been written */
        }
    } else {
        for (size_t i = 0; i < length; i++) {
            out->at[i] = from[i];
        }
    }
    out->at += length;
    return true;
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
    const uint8_t *at = in.data;
    const uint8_t *end = in.data + in.size;
    struct output output = {out, out, out + size};
    while (at != end) {
        const uint32_t tag = *at++;
        const size_t more = (tag & 3) == COPY_4 ? 4 : tag & 3; /* bytes of offset */
        if ((tag & 3) == LITERAL) {
            if (!put_literal(&output, &at, end, tag)) {
                return false;
            }
            continue;
        }
        if ((size_t)(end - at) < more) {
            return false;
        }
        size_t offset;
        size_t length = (tag >> 2) + 1;
        switch (tag & 3) {
        case COPY_1:
            length = (tag >> 2 & 7) + 4;
            offset = (tag >> 5) << 8 | at[0];
            break;
        case COPY_2:
            offset = tarn__load16(at);
            break;
        default:
            offset = tarn__load32(at);
            break;
        }
        at += more;
        if (!put_copy(&output, offset, length)) {
            return false;
        }
    }
    return output.at == output.end;
}
