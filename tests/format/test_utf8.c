/* SPDX-License-Identifier: Apache-2.0
 * UTF-8 by its boundaries, every code point once, letters of two cases, and other encodings cut at every byte.
 */
#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct {
    struct tarn_text text;
    size_t good;
} checked[] = {
    {{NULL, 0}, 0},
    {{"plain ascii that is longer than thirty-two bytes, by some", 57}, 57},
    {{"plain ascii that is longer than thirty-two\xff bytes", 49}, 42},
    {{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9}, 9},
    {{"\x00", 1}, 1},
    {{"\x80", 1}, 0},
    {{"a\xc0\x80", 3}, 1},
    {{"\xc1\xbf", 2}, 0},
    {{"\xc2\x80", 2}, 2},
    {{"\xc2", 1}, 0},
    {{"\xc2\x41", 2}, 0},
    {{"\xe0\x9f\xbf", 3}, 0},
    {{"\xe0\xa0\x80", 3}, 3},
    {{"\xed\x9f\xbf", 3}, 3},
    {{"\xed\xa0\x80", 3}, 0},
    {{"\xee\x80\x80", 3}, 3},
    {{"\xe2\x82", 2}, 0},
    {{"\xe2\x82\x28", 3}, 0},
    {{"\xf0\x8f\xbf\xbf", 4}, 0},
    {{"\xf0\x90\x80\x80", 4}, 4},
    {{"\xf4\x8f\xbf\xbf", 4}, 4},
    {{"\xf4\x90\x80\x80", 4}, 0},
    {{"\xf5\x80\x80\x80", 4}, 0},
    {{"12345678\xf0\x9f\x98", 11}, 8},
};

START_TEST(utf8__finds_the_first_bad_byte) /* B-TEXT-1 */
{
    ck_assert_uint_eq(tarn__utf8_check(checked[_i].text), checked[_i].good);
    ck_assert_int_eq(tarn__utf8_is_valid(checked[_i].text), checked[_i].good == checked[_i].text.size);
}
END_TEST

START_TEST(utf8__round_trips_every_code_point)
{
    for (uint32_t point = 0; point <= 0x110001; point++) {
        char text[4];
        const size_t size = tarn__utf8_encode(point, text);
        const bool is_character = point < 0xd800 || (point > 0xdfff && point <= 0x10ffff);
        uint32_t back;
        if ((size != 0) != is_character) {
            ck_abort_msg("U+%04X", point);
        }
        if (is_character && (tarn__utf8_decode((struct tarn_text){text, size}, 0, &back) != size || back != point ||
                             tarn__utf8_check((struct tarn_text){text, size}) != size)) {
            ck_abort_msg("U+%04X", point);
        }
    }
}
END_TEST

START_TEST(utf8__counts_and_finds_characters)
{
    const struct tarn_text text = TARN_TEXT("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 and more \xc3\xa4");
    ck_assert_uint_eq(tarn__utf8_count(text), 15);
    ck_assert_uint_eq(tarn__utf8_offset(text, 0), 0);
    ck_assert_uint_eq(tarn__utf8_offset(text, 3), 6);
    ck_assert_uint_eq(tarn__utf8_offset(text, 4), 10);
    ck_assert_uint_eq(tarn__utf8_offset(text, 14), text.size - 2);
    ck_assert_uint_eq(tarn__utf8_offset(text, 15), text.size);
    ck_assert(tarn__is_ascii(TARN_TEXT("only ascii, and long enough for words")));
    ck_assert(!tarn__is_ascii(text));
    ck_assert(tarn__text_equal(tarn__text_trim(TARN_TEXT(" \t\r\n a b \v\f")), TARN_TEXT("a b")));
    ck_assert_uint_eq(tarn__text_trim(TARN_TEXT("  ")).size, 0);
}
END_TEST

static const struct {
    const char *upper;
    const char *lower;
} twins[] = {
    {"HELLO, WORLD 1!", "hello, world 1!"},
    {"\xc3\x84\xc3\x96\xc3\x9c\xc3\x9f", "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f"},                 /* AOU with dots; sharp s */
    {"\xc5\x81\xc3\x93\xc5\xb9\xc5\xb8", "\xc5\x82\xc3\xb3\xc5\xba\xc3\xbf"},                 /* Polish; y with dots */
    {"\xce\x86\xce\x95\xce\xa9\xce\x8f", "\xce\xac\xce\xb5\xcf\x89\xcf\x8e"},                 /* Greek */
    {"\xd0\x81\xd0\x96\xd0\xaf\xd3\x80\xd2\x90", "\xd1\x91\xd0\xb6\xd1\x8f\xd3\x8f\xd2\x91"}, /* Cyrillic */
    {"\xe1\xba\xa0\xe6\x97\xa5\xc3\x97\xc3\xb7", "\xe1\xba\xa1\xe6\x97\xa5\xc3\x97\xc3\xb7"}, /* Vietnamese; no letters */
    {"A\xff\xc3Z", "a\xff\xc3z"},                                                             /* not UTF-8 */
};

START_TEST(utf8__maps_letters)
{
    char out[64];
    const struct tarn_text upper = tarn__text_of(twins[_i].upper);
    const struct tarn_text lower = tarn__text_of(twins[_i].lower);
    size_t size = tarn__utf8_lower(upper, out);
    ck_assert(tarn__text_equal((struct tarn_text){out, size}, lower));
    size = tarn__utf8_upper(lower, out);
    ck_assert(tarn__text_equal((struct tarn_text){out, size}, upper));
    ck_assert(tarn__text_equal_caseless(upper, lower));
    ck_assert_uint_eq(tarn__text_hash_caseless(upper), tarn__text_hash_caseless(lower));
}
END_TEST

/* What every mapping must keep: mapping twice changes nothing, and no character becomes longer. */
START_TEST(utf8__maps_consistently)
{
    for (uint32_t point = 0; point < 0x3000; point++) {
        const uint32_t lower = tarn__point_lower(point);
        const uint32_t upper = tarn__point_upper(point);
        char before[4];
        char after[4];
        if (point >= 0xd800 && point < 0xe000) {
            continue;
        }
        const size_t size = tarn__utf8_encode(point, before);
        if (tarn__point_lower(lower) != lower || tarn__point_upper(upper) != upper || tarn__utf8_encode(lower, after) > size ||
            tarn__utf8_encode(upper, after) > size) {
            ck_abort_msg("U+%04X", point);
        }
        if (lower != point && point != 0x0130 && point != 0x1e9e && tarn__point_upper(lower) != point) {
            ck_abort_msg("U+%04X has no way back from U+%04X", point, lower);
        }
    }
}
END_TEST

START_TEST(utf8__compares_without_case)
{
    ck_assert(!tarn__text_equal_caseless(TARN_TEXT("a"), TARN_TEXT("ab")));
    ck_assert(!tarn__text_equal_caseless(TARN_TEXT("a"), TARN_TEXT("b")));
    ck_assert(tarn__text_equal_caseless(TARN_TEXT("\xcf\x83"), TARN_TEXT("\xcf\x82"))); /* both small sigmas */
    ck_assert(!tarn__text_equal_caseless(TARN_TEXT("i"), TARN_TEXT("\xc4\xb1")));       /* dotless i is another letter */
    ck_assert(!tarn__text_equal_caseless(TARN_TEXT("\xff"), TARN_TEXT("\xc3\xbf")));
    ck_assert_int_lt(tarn__text_compare_caseless(TARN_TEXT("Abc"), TARN_TEXT("aBD")), 0);
    ck_assert_int_gt(tarn__text_compare_caseless(TARN_TEXT("abc"), TARN_TEXT("AB")), 0);
    ck_assert_int_eq(tarn__text_compare_caseless(TARN_TEXT(""), TARN_TEXT("")), 0);
}
END_TEST

static const struct {
    const char *name;
    enum tarn_text_encoding from;
    struct tarn_text in;
    const char *out; /* NULL: refused */
    int bad;         /* where */
} transcoded[] = {
    {"utf-8", TARN_ENCODING_UTF8, {"a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z", 11}, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z", 0},
    {"utf-8 overlong", TARN_ENCODING_UTF8, {"ab\xc0\x80", 4}, NULL, 2},
    {"utf-8 surrogate", TARN_ENCODING_UTF8, {"ab\xed\xa0\x80", 5}, NULL, 2},
    {"utf-8 cut", TARN_ENCODING_UTF8, {"ab\xe2\x82", 4}, NULL, 2},
    {"utf-8 high", TARN_ENCODING_UTF8, {"\xf4\x90\x80\x80", 4}, NULL, 0},
    {"utf-16le", TARN_ENCODING_UTF16LE, {"a\0\xe4\0\xac\x20\x3d\xd8\x00\xde", 10}, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 0},
    {"utf-16be", TARN_ENCODING_UTF16BE, {"\0a\0\xe4\x20\xac\xd8\x3d\xde\x00", 10}, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 0},
    {"utf-16 odd", TARN_ENCODING_UTF16LE, {"a\0b", 3}, NULL, 2},
    {"utf-16 half a pair at the end", TARN_ENCODING_UTF16LE, {"a\0\x3d\xd8", 4}, NULL, 2},
    {"utf-16 half a pair", TARN_ENCODING_UTF16LE, {"a\0\x3d\xd8z\0", 6}, NULL, 2},
    {"utf-16 second half", TARN_ENCODING_UTF16LE, {"a\0\x00\xde", 4}, NULL, 2},
    {"latin-1", TARN_ENCODING_LATIN1, {"a\xe4\x80\xff", 4}, "a\xc3\xa4\xc2\x80\xc3\xbf", 0},
    {"windows-1252", TARN_ENCODING_WINDOWS1252, {"a\xe4\x80\x9f", 4}, "a\xc3\xa4\xe2\x82\xac\xc5\xb8", 0},
    {"windows-1252 undefined", TARN_ENCODING_WINDOWS1252, {"ab\x81", 3}, NULL, 2},
};

/* Whole, and in two chunks cut at each place, and byte by byte: always the same. */
START_TEST(utf8__transcodes_in_chunks)
{
    const struct tarn_span in = tarn__span_of_text(transcoded[_i].in);
    for (size_t cut = 0; cut <= in.size + 1; cut++) {
        struct tarn_transcoder state = {.from = transcoded[_i].from};
        char out[128];
        size_t size = 0;
        bool good = true;
        for (size_t at = 0; good && at < in.size;) {
            const size_t step = cut == in.size + 1 ? 1 : at < cut ? cut - at : in.size - at;
            size_t written;
            ck_assert_uint_le(tarn__transcode_bound(step) + size, sizeof(out));
            good = tarn__transcode(&state, (struct tarn_span){in.data + at, step}, at + step == in.size, out + size, &written);
            at += step;
            size += written;
        }
        ck_assert_msg(good == (transcoded[_i].out != NULL), "%s cut at %zu", transcoded[_i].name, cut);
        if (good) {
            ck_assert_msg(tarn__text_equal((struct tarn_text){out, size}, tarn__text_of(transcoded[_i].out)), "%s cut at %zu",
                          transcoded[_i].name, cut);
        } else {
            ck_assert_msg(state.offset == (uint64_t)transcoded[_i].bad, "%s cut at %zu fails at %d", transcoded[_i].name, cut,
                          (int)state.offset);
        }
    }
}
END_TEST

TARN_SUITE("format/utf8", TARN_LOOP_TEST(utf8__finds_the_first_bad_byte, checked), TARN_TEST(utf8__round_trips_every_code_point),
           TARN_TEST(utf8__counts_and_finds_characters), TARN_LOOP_TEST(utf8__maps_letters, twins), TARN_TEST(utf8__maps_consistently),
           TARN_TEST(utf8__compares_without_case), TARN_LOOP_TEST(utf8__transcodes_in_chunks, transcoded))
