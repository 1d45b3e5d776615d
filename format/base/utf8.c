/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 (RFC 3629): checking, walking, and letters of two cases.
 *
 * Invariants
 *  1. A lead byte fixes the range of the second byte; that range alone excludes overlong forms, surrogates and what is above U+10FFFF.
 *  2. A simple mapping never makes a character longer, so a mapped text fits where the text fitted.
 */
#include "format/base/utf8.h"

#include "format/base/bytes.h"
#include "format/base/hash.h"

static const uint64_t high_bits = 0x8080808080808080u;

/* The length of the run of ASCII bytes at `at`. */
static size_t ascii_run(const uint8_t *data, size_t at, size_t size)
{
    const size_t begin = at;
    while (size - at >= 32) {
        const uint64_t any =
            tarn__load64(data + at) | tarn__load64(data + at + 8) | tarn__load64(data + at + 16) | tarn__load64(data + at + 24);
        if ((any & high_bits) != 0) {
            break;
        }
        at += 32;
    }
    while (size - at >= 8) {
        const uint64_t any = tarn__load64(data + at) & high_bits;
        if (any != 0) {
            return at - begin + (size_t)__builtin_ctzll(any) / 8;
        }
        at += 8;
    }
    while (at < size && data[at] < 0x80) {
        at++;
    }
    return at - begin;
}

static bool continues(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The character at `p`, of which `size` > 0 bytes are there; 0 when it is not well-formed. */
static size_t decode(const uint8_t *p, size_t size, uint32_t *point)
{
    const uint8_t lead = p[0];
    if (lead < 0x80) {
        *point = lead;
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4 || size < 2) {
        return 0;
    }
    if (lead < 0xe0) {
        *point = (uint32_t)(lead & 0x1f) << 6 | (p[1] & 0x3f);
        return continues(p[1]) ? 2 : 0;
    }
    const uint8_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const uint8_t most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < least || p[1] > most || size < 3 || !continues(p[2])) {
        return 0;
    }
    if (lead < 0xf0) {
        *point = (uint32_t)(lead & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        return 3;
    }
    if (size < 4 || !continues(p[3])) {
        return 0;
    }
    *point = (uint32_t)(lead & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
    return 4;
}

size_t tarn__utf8_check(struct tarn_text text)
{
    const uint8_t *data = (const uint8_t *)text.data;
    size_t at = 0;
    while (at < text.size) {
        if (data[at] < 0x80) {
            at += ascii_run(data, at, text.size);
            continue;
        }
        uint32_t point;
        const size_t size = decode(data + at, text.size - at, &point);
        if (size == 0) {
            return at;
        }
        at += size;
    }
    return text.size;
}

bool tarn__is_ascii(struct tarn_text text)
{
    return ascii_run((const uint8_t *)text.data, 0, text.size) == text.size;
}

size_t tarn__utf8_count(struct tarn_text text)
{
    const uint8_t *data = (const uint8_t *)text.data;
    size_t count = 0;
    size_t at = 0;
    for (; text.size - at >= 8; at += 8) {
        const uint64_t word = tarn__load64(data + at);
        const uint64_t continuing = word >> 7 & ~(word >> 6) & 0x0101010101010101u;
        count += 8 - (size_t)__builtin_popcountll(continuing);
    }
    for (; at < text.size; at++) {
        count += !continues(data[at]);
    }
    return count;
}

size_t tarn__utf8_offset(struct tarn_text text, size_t index)
{
    const uint8_t *data = (const uint8_t *)text.data;
    size_t at = 0;
    while (at < text.size) {
        if (!continues(data[at]) && index-- == 0) {
            return at;
        }
        at++;
    }
    return text.size;
}

size_t tarn__utf8_decode(struct tarn_text text, size_t at, uint32_t *point)
{
    *point = 0;
    return decode((const uint8_t *)text.data + at, text.size - at, point);
}

size_t tarn__utf8_encode(uint32_t point, char *out)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        if (point >= 0xd800 && point < 0xe000) {
            return 0;
        }
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    if (point > 0x10ffff) {
        return 0;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

/*
 * Upper-case letters and how far behind each its lower-case twin stands. `pairs`: upper and lower alternate in [first, last].
 * From UnicodeData.txt, simple mappings only.
 */
struct case_range {
    uint16_t first;
    uint16_t last;
    int16_t to_lower;
    bool pairs;
};

static const struct case_range case_ranges[] = {
    {0x0041, 0x005a, 32, false}, {0x00c0, 0x00d6, 32, false}, {0x00d8, 0x00de, 32, false}, {0x0100, 0x012f, 1, true},
    {0x0132, 0x0137, 1, true},   {0x0139, 0x0148, 1, true},   {0x014a, 0x0177, 1, true},   {0x0178, 0x0178, -121, false},
    {0x0179, 0x017e, 1, true},   {0x0386, 0x0386, 38, false}, {0x0388, 0x038a, 37, false}, {0x038c, 0x038c, 64, false},
    {0x038e, 0x038f, 63, false}, {0x0391, 0x03a1, 32, false}, {0x03a3, 0x03ab, 32, false}, {0x03d8, 0x03ef, 1, true},
    {0x0400, 0x040f, 80, false}, {0x0410, 0x042f, 32, false}, {0x0460, 0x0481, 1, true},   {0x048a, 0x04bf, 1, true},
    {0x04c0, 0x04c0, 15, false}, {0x04c1, 0x04ce, 1, true},   {0x04d0, 0x052f, 1, true},   {0x1e00, 0x1e95, 1, true},
    {0x1ea0, 0x1eff, 1, true},
};

/* Letters whose two directions differ. */
static uint32_t upper_of_odd_one(uint32_t point)
{
    switch (point) {
    case 0x00b5: /* micro sign */
        return 0x039c;
    case 0x0131: /* dotless i */
        return 'I';
    case 0x017f: /* long s */
        return 'S';
    case 0x03c2: /* final sigma */
        return 0x03a3;
    default:
        return point;
    }
}

uint32_t tarn__point_lower(uint32_t point)
{
    if (point < 0x80) {
        return (uint32_t)(unsigned char)tarn__ascii_lower((char)point);
    }
    if (point == 0x0130) { /* capital i with a dot */
        return 'i';
    }
    for (size_t i = 1; i < sizeof(case_ranges) / sizeof(case_ranges[0]); i++) {
        const struct case_range *range = &case_ranges[i];
        if (point >= range->first && point <= range->last) {
            return range->pairs && (point - range->first) % 2 != 0 ? point : (uint32_t)((int32_t)point + range->to_lower);
        }
    }
    return point;
}

uint32_t tarn__point_upper(uint32_t point)
{
    if (point < 0x80) {
        return (uint32_t)(unsigned char)tarn__ascii_upper((char)point);
    }
    for (size_t i = 1; i < sizeof(case_ranges) / sizeof(case_ranges[0]); i++) {
        const struct case_range *range = &case_ranges[i];
        const int64_t upper = (int64_t)point - range->to_lower;
        if (upper >= range->first && upper <= range->last && (!range->pairs || (upper - range->first) % 2 == 0)) {
            return (uint32_t)upper;
        }
    }
    return upper_of_odd_one(point);
}

/* What twins have in common. Dotted and dotless i stay apart: only Turkish takes them for one letter. */
static uint32_t fold(uint32_t point)
{
    return point == 0x0130 || point == 0x0131 ? point : tarn__point_lower(tarn__point_upper(point));
}

static size_t map_text(struct tarn_text text, uint32_t (*map)(uint32_t point), char *out)
{
    size_t written = 0;
    for (size_t at = 0; at < text.size;) {
        uint32_t point;
        const size_t size = tarn__utf8_decode(text, at, &point);
        if (size == 0) {
            out[written++] = text.data[at++];
            continue;
        }
        written += tarn__utf8_encode(map(point), out + written);
        at += size;
    }
    return written;
}

size_t tarn__utf8_lower(struct tarn_text text, char *out)
{
    return map_text(text, tarn__point_lower, out);
}

size_t tarn__utf8_upper(struct tarn_text text, char *out)
{
    return map_text(text, tarn__point_upper, out);
}

/* The next folded character; a byte that begins none stands for itself, above all characters. */
static uint32_t next_folded(struct tarn_text text, size_t *at)
{
    const uint8_t byte = (uint8_t)text.data[*at];
    uint32_t point;
    if (byte < 0x80) {
        ++*at;
        return (uint32_t)(unsigned char)tarn__ascii_lower((char)byte);
    }
    const size_t size = tarn__utf8_decode(text, *at, &point);
    if (size == 0) {
        ++*at;
        return 0x110000u + byte;
    }
    *at += size;
    return fold(point);
}

int tarn__text_compare_caseless(struct tarn_text a, struct tarn_text b)
{
    size_t at_a = 0;
    size_t at_b = 0;
    while (at_a < a.size && at_b < b.size) {
        const uint32_t from_a = next_folded(a, &at_a);
        const uint32_t from_b = next_folded(b, &at_b);
        if (from_a != from_b) {
            return from_a < from_b ? -1 : 1;
        }
    }
    return (at_a < a.size) - (at_b < b.size);
}

bool tarn__text_equal_caseless(struct tarn_text a, struct tarn_text b)
{
    return tarn__text_compare_caseless(a, b) == 0;
}

uint64_t tarn__text_hash_caseless(struct tarn_text text)
{
    uint64_t hash = 0;
    for (size_t at = 0; at < text.size;) {
        hash = tarn__hash_combine(hash, next_folded(text, &at));
    }
    return hash;
}

struct tarn_text tarn__text_trim(struct tarn_text text)
{
    while (text.size != 0 && tarn__is_space(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size != 0 && tarn__is_space(text.data[text.size - 1])) {
        text.size--;
    }
    return text;
}
