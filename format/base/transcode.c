/* SPDX-License-Identifier: Apache-2.0
 *
 * Other encodings to UTF-8, chunk by chunk.
 *
 * Invariants
 *  1. Between chunks `kept` holds the begin of one character that may still become whole: at most 3 bytes.
 *  2. `offset` counts the bytes of whole characters taken, so that on failure it is where the bad one begins.
 */
#include <string.h>

#include "format/base/utf8.h"

/* Windows-1252 0x80..0x9f; 0: not defined. Above, it is Latin-1. */
static const uint16_t windows1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
    0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
};

enum { INCOMPLETE = 0, BAD = -1 };

static uint32_t load_unit(const uint8_t *p, bool big)
{
    return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static int take_utf16(const uint8_t *p, size_t size, bool big, uint32_t *point)
{
    if (size < 2) {
        return INCOMPLETE;
    }
    const uint32_t unit = load_unit(p, big);
    if (unit < 0xd800 || unit > 0xdfff) {
        *point = unit;
        return 2;
    }
    if (unit > 0xdbff) {
        return BAD;
    }
    if (size < 4) {
        return INCOMPLETE;
    }
    const uint32_t low = load_unit(p + 2, big);
    if (low < 0xdc00 || low > 0xdfff) {
        return BAD;
    }
    *point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    return 4;
}

/* Cut off, or wrong already? */
static int take_utf8(const uint8_t *p, size_t size, uint32_t *point)
{
    const size_t taken = tarn__utf8_decode((struct tarn_text){(const char *)p, size}, 0, point);
    if (taken != 0) {
        return (int)taken;
    }
    const size_t whole = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || size >= whole) {
        return BAD;
    }
    /* the begin of a character is good when some ending makes it one: of the second bytes that a lead allows, the rest is free */
    uint8_t tried[4] = {0x80, 0x80, 0x80, 0x80};
    memcpy(tried, p, size);
    if (size == 1) {
        tried[1] = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    }
    return tarn__utf8_decode((struct tarn_text){(const char *)tried, whole}, 0, point) != 0 ? INCOMPLETE : BAD;
}

/* Bytes of the character at `p`, INCOMPLETE when more are needed, or BAD. size > 0. */
static int take(enum tarn_text_encoding from, const uint8_t *p, size_t size, uint32_t *point)
{
    switch (from) {
    case TARN_ENCODING_UTF16LE:
        return take_utf16(p, size, false, point);
    case TARN_ENCODING_UTF16BE:
        return take_utf16(p, size, true, point);
    case TARN_ENCODING_LATIN1:
        *point = p[0];
        return 1;
    case TARN_ENCODING_WINDOWS1252:
        *point = p[0] >= 0x80 && p[0] < 0xa0 ? windows1252[p[0] - 0x80] : p[0];
        return *point == 0 && p[0] != 0 ? BAD : 1;
    case TARN_ENCODING_UTF8:
        break;
    }
    return take_utf8(p, size, point);
}

size_t tarn__transcode_bound(size_t size)
{
    return size > (SIZE_MAX - 16) / 3 ? SIZE_MAX : size * 3 + 16;
}

/* Ends the character that the last chunk left unfinished. False: bad. *taken bytes of `in` were needed for it. */
static bool finish_kept(struct tarn_transcoder *state, struct tarn_span in, char *out, size_t *written, size_t *taken)
{
    *taken = 0;
    while (state->kept_size != 0 && *taken < in.size) {
        uint32_t point;
        state->kept[state->kept_size++] = in.data[(*taken)++];
        const int size = take(state->from, state->kept, state->kept_size, &point);
        if (size == BAD) {
            return false;
        }
        if (size != INCOMPLETE) {
            *written += tarn__utf8_encode(point, out + *written);
            state->offset += (uint64_t)size;
            state->kept_size = 0;
        }
    }
    return true;
}

bool tarn__transcode(struct tarn_transcoder *state, struct tarn_span in, bool last, char *out, size_t *written)
{
    size_t at;
    *written = 0;
    if (!finish_kept(state, in, out, written, &at)) {
        return false;
    }
    if (state->from == TARN_ENCODING_UTF8 && at < in.size) { /* the good part at once */
        const struct tarn_text rest = {(const char *)in.data + at, in.size - at};
        const size_t good = tarn__utf8_check(rest);
        memcpy(out + *written, rest.data, good);
        *written += good;
        state->offset += good;
        at += good;
    }
    while (at < in.size) {
        uint32_t point;
        const int size = take(state->from, in.data + at, in.size - at, &point);
        if (size == BAD) {
            return false;
        }
        if (size == INCOMPLETE) {
            state->kept_size = (uint8_t)(in.size - at);
            memcpy(state->kept, in.data + at, in.size - at);
            break;
        }
        *written += tarn__utf8_encode(point, out + *written);
        state->offset += (uint64_t)size;
        at += (size_t)size;
    }
    return !last || state->kept_size == 0;
}
