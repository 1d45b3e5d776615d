/* SPDX-License-Identifier: Apache-2.0
 *
 * Percent-encoding of paths both ways, and the names of partition folders.
 *
 * Specification: Delta PROTOCOL.md, "Add File and Remove File" (path: "a URI as specified by RFC 2396"); RFC 2396, 2.4, 3.1, 3.3.
 */
#include "txlog/delta/delta_path.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "txlog/core/place.h"

#if defined(__SSE2__)

#include <emmintrin.h>

/* One bit a byte: what a plain path may hold only in some places, or not at all; bytes below '!' or above 'z' are of no interest. */
static unsigned special_bytes(const char *at)
{
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    const __m128i percents = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('%'));
    const __m128i colons = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(':'));
    const __m128i slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('/'));
    const __m128i nuls = _mm_cmpeq_epi8(bytes, _mm_setzero_si128());
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(percents, colons), _mm_or_si128(slashes, nuls)));
}

#endif

/* A special byte at `at`, which is not the last one of the path: only a slash before a segment that stays as it is is plain. */
static bool is_plain_slash(const char *at)
{
    return at[0] == '/' && at[1] != '/' && at[1] != '.';
}

bool tarn__delta_path_is_plain(struct tarn_text uri)
{
    if (uri.size == 0 || uri.data[0] == '/' || uri.data[0] == '.') {
        return false;
    }
    const char *at = uri.data;
    const char *last = uri.data + uri.size - 1;
#if defined(__SSE2__)
    for (; last - at >= 16; at += 16) {
        for (unsigned hits = special_bytes(at); hits != 0; hits &= hits - 1) {
            if (!is_plain_slash(at + __builtin_ctz(hits))) {
                return false;
            }
        }
    }
#endif
    for (; at < last; at++) {
        if (*at == '%' || *at == ':' || *at == 0 || (*at == '/' && !is_plain_slash(at))) {
            return false;
        }
    }
    return *last != '%' && *last != ':' && *last != '/' && *last != 0;
}

/* Drops empty segments and "." in the text from `begin` on. */
static void normalise(struct tarn_text_builder *out, size_t begin)
{
    if (out->failed || out->size == begin) {
        return;
    }
    char *text = out->data;
    size_t to = begin;
    size_t at = begin;
    while (at < out->size) {
        const char *slash = memchr(text + at, '/', out->size - at);
        const size_t end = slash != NULL ? (size_t)(slash - text) : out->size;
        const bool dropped = end == at || (end == at + 1 && text[at] == '.');
        if (!dropped) {
            if (to != begin) {
                text[to++] = '/';
            }
            memmove(text + to, text + at, end - at);
            to += end - at;
        }
        at = end + 1;
    }
    out->size = to;
}

bool tarn__delta_path_decode(struct tarn_text uri, struct tarn_text_builder *out)
{
    const size_t begin = out->size;
    const size_t scheme = tarn__place_scheme(uri);
    bool absolute = uri.size != 0 && uri.data[0] == '/';
    if (scheme != 0) {
        absolute = true;
        tarn__builder_add_char(out, '/');
        if (scheme == 5 && tarn__text_equal_caseless((struct tarn_text){uri.data, 5}, TARN_TEXT("file:"))) {
            uri.data += scheme;
            uri.size -= scheme;
        }
    } else if (absolute) {
        tarn__builder_add_char(out, '/');
    }
    const bool other_scheme = scheme != 0 && tarn__place_scheme(uri) != 0;
    const size_t body = out->size;
    for (size_t i = 0; i < uri.size; i++) {
        char c = uri.data[i];
        if (c == '%' && i + 2 < uri.size) {
            const int high = tarn__hex_value(uri.data[i + 1]);
            const int low = tarn__hex_value(uri.data[i + 2]);
            if (high >= 0 && low >= 0) {
                c = (char)(high * 16 + low);
                i += 2;
            }
        }
        tarn__builder_add_char(out, c);
    }
    if (!other_scheme) {
        normalise(out, body);
    }
    return out->failed || out->size == begin || memchr(out->data + begin, 0, out->size - begin) == NULL;
}

static void add_percent(struct tarn_text_builder *out, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const unsigned byte = (unsigned char)c;
    const char text[3] = {'%', digits[byte >> 4], digits[byte & 15]};
    tarn__builder_add_bytes(out, text, sizeof(text));
}

void tarn__delta_path_encode(struct tarn_text key, struct tarn_text_builder *out)
{
    for (size_t i = 0; i < key.size; i++) {
        const char c = key.data[i];
        /* ':' is legal in a path, but not in the first segment of a relative one; '+' some decoders take for a space. */
        if (tarn__is_letter(c) || tarn__is_digit(c) || (c != 0 && strchr("-_.!~*'()/=@$,&", c) != NULL)) {
            tarn__builder_add_char(out, c);
        } else {
            add_percent(out, c);
        }
    }
}

void tarn__delta_path_escape_name(struct tarn_text text, struct tarn_text_builder *out)
{
    for (size_t i = 0; i < text.size; i++) {
        const char c = text.data[i];
        if ((unsigned char)c < 0x20 || c == 0x7f || strchr("\"#%'*/:=?\\{[]^ <>|", c) != NULL) {
            add_percent(out, c);
        } else {
            tarn__builder_add_char(out, c);
        }
    }
}
