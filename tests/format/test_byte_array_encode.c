/* SPDX-License-Identifier: Apache-2.0
 * Writing DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY and RLE of booleans: bytes by hand, the plain encoders of the tests, and tarn's
 * decoders.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/encoding/delta_byte_array.h"
#include "format/encoding/delta_byte_array_encode.h"
#include "format/encoding/rle_values.h"
#include "format/encoding/rle_writer.h"
#include "tests/support/encodings.h"
#include "tests/support/suite.h"

enum { MOST = 700 };

static struct tarn_error err;

#define TEXT(literal)                                                                                                                      \
    {                                                                                                                                      \
        literal, sizeof(literal) - 1                                                                                                       \
    }

/* Texts as PLAIN has them, in memory of exactly their size. free() it. */
static uint8_t *plain_of(uint32_t n, const struct tarn_text *texts, bool lengths)
{
    size_t size = 0;
    for (uint32_t i = 0; i < n; i++) {
        size += texts[i].size + (lengths ? 4 : 0);
    }
    uint8_t *plain = malloc(size + (size == 0));
    ck_assert_ptr_nonnull(plain);
    uint8_t *to = plain;
    for (uint32_t i = 0; i < n; i++) {
        for (unsigned b = 0; lengths && b < 4; b++) {
            *to++ = (uint8_t)(texts[i].size >> (8 * b));
        }
        for (size_t b = 0; b < texts[i].size; b++) {
            *to++ = (uint8_t)texts[i].data[b];
        }
    }
    return plain;
}

static void expect(const struct tarn_buffer *out, const uint8_t *bytes, size_t size)
{
    ck_assert_uint_eq(out->size, size);
    ck_assert_mem_eq(out->data, bytes, size);
}

START_TEST(delta_lengths_encode__writes_the_specifications_example) /* P-ENC-DLBA-3 */
{
    /* "Hello", "World", "Foobar", "ABCDEF": lengths 5, 5, 6, 6; differences 0, 1, 0 in one bit */
    static const struct tarn_text texts[] = {TEXT("Hello"), TEXT("World"), TEXT("Foobar"), TEXT("ABCDEF")};
    static const uint8_t page[] = {0x80, 0x01, 4,   4,   10,  0,   1,   0,   0,   0,   0x02, 0,   0,   0,   'H', 'e', 'l', 'l',
                                   'o',  'W',  'o', 'r', 'l', 'd', 'F', 'o', 'o', 'b', 'a',  'r', 'A', 'B', 'C', 'D', 'E', 'F'};
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    uint8_t *plain = plain_of(4, texts, true);
    uint64_t size;
    ck_assert_ok(tarn__delta_lengths_encode(out, &(struct tarn__byte_values){plain, 4, 0}, &err), &err);
    expect(out, page, sizeof(page));
    ck_assert_ok(tarn__delta_lengths_size(env, &(struct tarn__byte_values){plain, 4, 0}, &size, &err), &err);
    ck_assert_uint_eq(size, sizeof(page));
    free(plain);
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_strings_encode__writes_the_specifications_example) /* P-ENC-DBA-4 */
{
    /* axis, axle, babble, babyhood: prefixes 0, 2, 0, 3; suffixes of 4, 2, 6, 5 bytes */
    static const struct tarn_text texts[] = {TEXT("axis"), TEXT("axle"), TEXT("babble"), TEXT("babyhood")};
    static const uint8_t page[] = {
        /* clang-format off */
        0x80, 0x01, 4, 4, 0, 3 /* -2 */, 3, 0, 0, 0, 0x44, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 4, 0, 5 in three bits */
        0x80, 0x01, 4, 4, 8, 3, 3, 0, 0, 0, 0x70, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,              /* 0, 6, 1 */
        'a', 'x', 'i', 's', 'l', 'e', 'b', 'a', 'b', 'b', 'l', 'e', 'y', 'h', 'o', 'o', 'd',
        /* clang-format on */
    };
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    uint8_t *plain = plain_of(4, texts, true);
    uint64_t size;
    ck_assert_ok(tarn__delta_strings_encode(out, &(struct tarn__byte_values){plain, 4, 0}, &err), &err);
    expect(out, page, sizeof(page));
    ck_assert_ok(tarn__delta_strings_size(env, &(struct tarn__byte_values){plain, 4, 0}, &size, &err), &err);
    ck_assert_uint_eq(size, sizeof(page));
    free(plain);
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_strings_encode__writes_fixed_lengths) /* P-ENC-DBA-4 */
{
    /* Three times four bytes: prefixes 0, 3, 4; suffixes of 4, 1, 0 */
    static const struct tarn_text texts[] = {TEXT("abcd"), TEXT("abce"), TEXT("abce")};
    static const uint8_t page[] = {
        /* clang-format off */
        0x80, 0x01, 4, 3, 0, 2, 2, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
        0x80, 0x01, 4, 3, 8, 5, 2, 0, 0, 0, 0x08, 0, 0, 0, 0, 0, 0, 0,
        'a', 'b', 'c', 'd', 'e',
        /* clang-format on */
    };
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    uint8_t *plain = plain_of(3, texts, false);
    ck_assert_ok(tarn__delta_strings_encode(out, &(struct tarn__byte_values){plain, 3, 4}, &err), &err);
    expect(out, page, sizeof(page));
    free(plain);
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}
END_TEST

/* Texts by kind: sorted with long prefixes, of any bytes and lengths, empty, the same. */
static void texts_of(int kind, struct tarn_text *texts, char *bytes)
{
    uint32_t seed = 7;
    for (uint32_t i = 0; i < MOST; i++) {
        seed = seed * 1664525u + 1013904223u;
        texts[i].data = bytes;
        switch (kind) {
        case 0:
            texts[i].size = (size_t)snprintf(bytes, 40, "https://example.org/items/%06u/", i * 37);
            break;
        case 1:
            texts[i].size = (seed >> 9) % 40;
            for (size_t b = 0; b < texts[i].size; b++) {
                bytes[b] = (char)((seed >> (b % 24)) % 3);
            }
            break;
        case 2:
            texts[i].size = i % 90 == 89 ? 30 : 0;
            memset(bytes, 'x', texts[i].size);
            break;
        default:
            texts[i].size = 33;
            memset(bytes, 'y', 33);
            break;
        }
        bytes += texts[i].size;
    }
}

static void check_lengths(struct tarn_env *env, uint32_t n, const struct tarn_text *texts, const uint8_t *plain)
{
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    struct tarn__delta_lengths values;
    uint32_t lengths[MOST];
    struct tarn_span bytes;
    uint64_t size;
    ck_assert_ok(tarn__delta_lengths_encode(out, &(struct tarn__byte_values){plain, n, 0}, &err), &err);
    ck_assert_ok(tarn__delta_lengths_size(env, &(struct tarn__byte_values){plain, n, 0}, &size, &err), &err);
    ck_assert_uint_eq(out->size, size);
    ck_assert_ok(tarn__delta_lengths_init(&values, tarn__kernels_of(env), tarn__buffer_span(out), n, &err), &err);
    ck_assert_ok(tarn__delta_lengths_take(&values, n, lengths, &bytes, &err), &err);
    ck_assert_uint_eq(values.bytes.size, 0);
    for (uint32_t i = 0; i < n; i++) {
        ck_assert_uint_eq(lengths[i], texts[i].size);
        ck_assert(lengths[i] == 0 || memcmp(bytes.data, texts[i].data, lengths[i]) == 0);
        bytes.data += lengths[i];
    }
    tarn__buffer_release(out);
}

/* The bytes are compared with those of the plain encoder where both chose blocks of 128. */
static void check_strings(struct tarn_env *env, uint32_t n, const struct tarn_text *texts, const uint8_t *plain, uint32_t width)
{
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    struct tarn_buffer *expected = tarn__buffer_new(env, 0);
    struct tarn__delta_strings values;
    uint64_t size;
    ck_assert_ok(tarn__delta_strings_encode(out, &(struct tarn__byte_values){plain, n, width}, &err), &err);
    ck_assert_ok(tarn__delta_strings_size(env, &(struct tarn__byte_values){plain, n, width}, &size, &err), &err);
    ck_assert_uint_eq(out->size, size);
    tarn_test_put_delta_strings(expected, n, texts);
    ck_assert_uint_le(out->size, expected->size);
    ck_assert_ok(tarn__delta_strings_init(&values, env, tarn__buffer_span(out), n, &err), &err);
    for (uint32_t at = 0; at < n;) {
        struct tarn__delta_string_piece piece;
        const uint32_t part = n - at < TARN_DELTA_STRINGS_AT_ONCE ? n - at : (uint32_t)TARN_DELTA_STRINGS_AT_ONCE;
        ck_assert_ok(tarn__delta_strings_measure(&values, part, &piece, &err), &err);
        uint8_t *back = malloc(piece.size + 1);
        uint8_t *from = back;
        ck_assert_ok(tarn__delta_strings_build(&values, &piece, false, back, &err), &err);
        for (uint32_t i = 0; i < part; i++, at++) {
            ck_assert_uint_eq(piece.prefix[i] + piece.suffix[i], texts[at].size);
            ck_assert(texts[at].size == 0 || memcmp(from, texts[at].data, texts[at].size) == 0);
            from += texts[at].size;
        }
        free(back);
    }
    tarn__delta_strings_release(&values);
    tarn__buffer_release(out);
    tarn__buffer_release(expected);
}

START_TEST(byte_array_encode__comes_back) /* P-ENC-DLBA-3 P-ENC-DBA-4; kinds of texts by _i */
{
    static const uint32_t counts[] = {0, 1, 2, 33, 128, 129, 130, 257, 258, MOST};
    static struct tarn_text texts[MOST];
    static char bytes[MOST * 40];
    struct tarn_env *env = tarn_test_env();
    texts_of(_i, texts, bytes);
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        const uint32_t n = counts[c];
        uint8_t *plain = plain_of(n, texts, true);
        check_lengths(env, n, texts, plain);
        check_strings(env, n, texts, plain, 0);
        free(plain);
        if (_i == 0 || _i == 3) {
            plain = plain_of(n, texts, false);
            check_strings(env, n, texts, plain, (uint32_t)texts[0].size);
            free(plain);
        }
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(byte_array_encode__leaves_nothing_without_memory)
{
    static struct tarn_text texts[MOST];
    static char bytes[MOST * 40];
    texts_of(1, texts, bytes);
    uint8_t *plain = plain_of(MOST, texts, true);
    const struct tarn__byte_values values = {plain, MOST, 0};
    unsigned refused = 0;
    for (uint64_t limit = 600; limit < 60000; limit += 250) {
        struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
        struct tarn_env *env;
        options.memory_limit = limit;
        if (tarn_env_open(&options, &env, NULL) != TARN_OK) {
            continue;
        }
        struct tarn_buffer *out = tarn__buffer_new(env, 0);
        if (out != NULL && tarn__buffer_append(out, "kept", 4)) {
            const enum tarn_status status = tarn__delta_strings_encode(out, &values, &err);
            ck_assert(status == TARN_OK || status == TARN_LIMIT);
            ck_assert(status == TARN_OK || out->size == 4);
            ck_assert_mem_eq(out->data, "kept", 4);
            refused += status != TARN_OK;
        }
        tarn__buffer_release(out);
        tarn_test_env_close(env);
    }
    ck_assert_uint_gt(refused, 3);
    free(plain);
}
END_TEST

/* ---- booleans ---- */

START_TEST(rle_booleans__have_their_length_in_front) /* P-ENC-RLE-8 */
{
    static const uint8_t bits[] = {0xaa, 0x05};
    /* eleven values: one packed run of two groups */
    static const uint8_t mixed[] = {3, 0, 0, 0, 0x05, 0xaa, 0x05};
    static const uint8_t ones[13] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f};
    /* a hundred times true: 100 << 1 in two bytes, and the value */
    static const uint8_t repeated[] = {3, 0, 0, 0, 0xc8, 0x01, 1};
    static const uint8_t none[] = {0, 0, 0, 0};
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    ck_assert(tarn__rle_write_booleans(out, 11, bits));
    expect(out, mixed, sizeof(mixed));
    out->size = 0;
    ck_assert(tarn__rle_write_booleans(out, 100, ones));
    expect(out, repeated, sizeof(repeated));
    out->size = 0;
    ck_assert(tarn__rle_write_booleans(out, 0, bits));
    expect(out, none, sizeof(none));
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/byte_array_encode", TARN_TEST(delta_lengths_encode__writes_the_specifications_example),
           TARN_TEST(delta_strings_encode__writes_the_specifications_example), TARN_TEST(delta_strings_encode__writes_fixed_lengths),
           TARN_LOOP_TIMES(byte_array_encode__comes_back, 4), TARN_TEST(byte_array_encode__leaves_nothing_without_memory),
           TARN_TEST(rle_booleans__have_their_length_in_front))
