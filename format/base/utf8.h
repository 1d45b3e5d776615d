/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_UTF8_H
#define TARN_FORMAT_BASE_UTF8_H

#include "tarn/base.h"

/*
 * UTF-8 (RFC 3629): checked, walked, made from other encodings; letters mapped without locale.
 *
 * Well-formed means: no overlong forms, no surrogates, nothing above U+10FFFF. Threads: any. Allocates nothing.
 */

/** The offset of the first byte that does not belong to a well-formed character; text.size when all is well. */
size_t tarn__utf8_check(struct tarn_text text);
static inline bool tarn__utf8_is_valid(struct tarn_text text)
{
    return tarn__utf8_check(text) == text.size;
}
bool tarn__is_ascii(struct tarn_text text);

/** Characters in well-formed text (of other text: bytes that do not continue one). */
size_t tarn__utf8_count(struct tarn_text text);
/** The byte offset of character number `index` (from 0) in well-formed text; text.size when it has no so many. */
size_t tarn__utf8_offset(struct tarn_text text, size_t index);

/** Reads one character at `at` < text.size; returns its length 1..4, or 0 when it is not well-formed there. */
size_t tarn__utf8_decode(struct tarn_text text, size_t at, uint32_t *point);
/** Writes 1..4 bytes and returns how many; 0 when `point` is no character (surrogate, above U+10FFFF). */
size_t tarn__utf8_encode(uint32_t point, char *out);

/* ---- letters: ASCII, Latin-1, Latin Extended-A, Greek, Cyrillic by simple mapping; others stay as they are ---- */

uint32_t tarn__point_lower(uint32_t point);
uint32_t tarn__point_upper(uint32_t point);
/** `out` has room for 2 * text.size bytes; returns the length. Bytes that are not well-formed are copied. */
size_t tarn__utf8_lower(struct tarn_text text, char *out);
size_t tarn__utf8_upper(struct tarn_text text, char *out);
/** Equal but for case, by the mapping above. For names and keywords. */
bool tarn__text_equal_caseless(struct tarn_text a, struct tarn_text b);
/** The order of the lower-case forms by code point. */
int tarn__text_compare_caseless(struct tarn_text a, struct tarn_text b);
/** A hash that is equal for texts that are equal but for case. */
uint64_t tarn__text_hash_caseless(struct tarn_text text);

static inline char tarn__ascii_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static inline char tarn__ascii_upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
}

static inline bool tarn__is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool tarn__is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/** Space, tab, line feed, vertical tab, form feed, carriage return. */
static inline bool tarn__is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline int tarn__hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/** Without the spaces at both ends. */
struct tarn_text tarn__text_trim(struct tarn_text text);

/* ---- other encodings to UTF-8, chunk by chunk ---- */

enum tarn_text_encoding {
    TARN_ENCODING_UTF8,
    TARN_ENCODING_UTF16LE,
    TARN_ENCODING_UTF16BE,
    TARN_ENCODING_LATIN1,
    TARN_ENCODING_WINDOWS1252
};

/** Zeroed but for `from` at the begin. Keeps what a chunk left unfinished (half a UTF-16 unit or pair). */
struct tarn_transcoder {
    enum tarn_text_encoding from;
    uint8_t kept[4];
    uint8_t kept_size;
    uint64_t offset; /**< bytes taken so far: where the first bad one stands when it fails */
};

/** Bytes that `out` must have room for when `size` bytes come in. */
size_t tarn__transcode_bound(size_t size);
/**
 * Turns a chunk into UTF-8. *written says how many bytes are in `out`. False when the input is not of the encoding (an unpaired
 * surrogate; an odd byte at the `last` chunk; a byte that Windows-1252 does not define; ill-formed UTF-8): `offset` says where.
 * UTF-8 is checked and copied.
 */
bool tarn__transcode(struct tarn_transcoder *state, struct tarn_span in, bool last, char *out, size_t *written);

#endif
