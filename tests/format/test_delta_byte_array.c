/* SPDX-License-Identifier: Apache-2.0
 * DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY: the specification's examples, pieces of every size, values passed over, copies that go
 * back, cuts and lies.
 */
#include <stdlib.h>

#include "format/encoding/delta_byte_array.h"
#include "tests/support/encodings.h"
#include "tests/support/suite.h"

enum { MOST = 1100, TEXT = 1 << 17 };

static struct tarn_error err;
static struct tarn_env *env;

static void open_env(void)
{
    env = tarn_test_env();
}

/* "Hello", "World", "Foobar", "ABCDEF": lengths 5, 5, 6, 6 are differences 0, 1, 0. */
static const uint8_t spec_lengths[] = {0x80, 0x01, 4,   4,   10,  0,   1,   0,   0,   0,   0x02, 0,   0,   0,   'H', 'e', 'l', 'l',
                                       'o',  'W',  'o', 'r', 'l', 'd', 'F', 'o', 'o', 'b', 'a',  'r', 'A', 'B', 'C', 'D', 'E', 'F'};

START_TEST(delta_byte_array__reads_lengths_by_hand) /* P-ENC-DLBA-1 */
{
    open_env();
    struct tarn__delta_lengths values;
    struct tarn_span bytes;
    uint32_t lengths[4];
    ck_assert_ok(tarn__delta_lengths_init(&values, tarn__kernels_of(env), (struct tarn_span){spec_lengths, sizeof(spec_lengths)}, 4, &err),
                 &err);
    ck_assert_ok(tarn__delta_lengths_take(&values, 1, lengths, &bytes, &err), &err);
    ck_assert_uint_eq(lengths[0], 5);
    ck_assert_mem_eq(bytes.data, "Hello", 5);
    ck_assert_ok(tarn__delta_lengths_skip(&values, 1, &err), &err);
    ck_assert_ok(tarn__delta_lengths_take(&values, 2, lengths, &bytes, &err), &err);
    ck_assert_uint_eq(lengths[0], 6);
    ck_assert_uint_eq(lengths[1], 6);
    ck_assert_uint_eq(bytes.size, 12);
    ck_assert_mem_eq(bytes.data, "FoobarABCDEF", 12);
    ck_assert_status(tarn__delta_lengths_take(&values, 1, lengths, &bytes, &err), TARN_CORRUPT);
    tarn_test_env_close(env);
}
END_TEST

/* "axis", "axle", "babble", "babyhood": prefixes 0, 2, 0, 3; suffixes "axis", "le", "babble", "yhood". */
static const uint8_t spec_strings[] = {
    /* clang-format off */
    0x80, 0x01, 4, 4, 0,                                          /* prefixes: differences 2, -2, 3 */
    3, 3, 0, 0, 0, 0x44, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,      /* over -2, in 3 bits: 4 0 5 */
    0x80, 0x01, 4, 4, 8,                                          /* lengths: differences -2, 4, -1 */
    3, 3, 0, 0, 0, 0x70, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,      /* over -2, in 3 bits: 0 6 1 */
    'a', 'x', 'i', 's', 'l', 'e', 'b', 'a', 'b', 'b', 'l', 'e', 'y', 'h', 'o', 'o', 'd',
    /* clang-format on */
};

static void check_text(struct tarn__delta_strings *values, const char *expected)
{
    struct tarn__delta_string_piece piece;
    char text[64];
    ck_assert_ok(tarn__delta_strings_measure(values, 1, &piece, &err), &err);
    ck_assert_uint_eq(piece.size, strlen(expected));
    ck_assert_ok(tarn__delta_strings_build(values, &piece, true, (uint8_t *)text, &err), &err);
    ck_assert_mem_eq(text, expected, strlen(expected));
}

START_TEST(delta_byte_array__reads_prefixes_by_hand) /* P-ENC-DBA-1 */
{
    static const char *const words[] = {"axis", "axle", "babble", "babyhood"};
    struct tarn__delta_strings values;
    open_env();
    for (uint32_t skipped = 0; skipped < 4; skipped++) {
        ck_assert_ok(tarn__delta_strings_init(&values, env, (struct tarn_span){spec_strings, sizeof(spec_strings)}, 4, &err), &err);
        ck_assert_ok(tarn__delta_strings_skip(&values, skipped, &err), &err);
        for (uint32_t i = skipped; i < 4; i++) {
            check_text(&values, words[i]);
        }
        ck_assert_status(tarn__delta_strings_skip(&values, 1, &err), TARN_CORRUPT);
        tarn__delta_strings_release(&values);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- many values ---- */

static char text[TEXT];
static struct tarn_text values[MOST];

/* Values that share much, little, nothing; some equal, some empty, some cut, a few long ones. */
static void make_values(unsigned seed)
{
    size_t at = 0;
    uint32_t random = seed * 2654435761u + 1;
    for (uint32_t i = 0; i < MOST; i++) {
        random = random * 1664525u + 1013904223u;
        const unsigned kind = random >> 28;
        const size_t before = i != 0 ? values[i - 1].size : 0;
        const size_t shared = kind == 0 ? 0 : kind < 3 ? before : before * (random >> 20 & 15) / 15;
        const size_t own = kind == 2 ? 0 : kind == 15 ? 40 : random >> 16 & 7;
        ck_assert_uint_le(at + shared + own, TEXT);
        if (shared != 0) {
            memcpy(text + at, values[i - 1].data, shared);
        }
        for (size_t k = 0; k < own; k++) {
            text[at + shared + k] = (char)('a' + (random >> k % 28 & 15));
        }
        values[i] = (struct tarn_text){text + at, shared + own > 120 ? 0 : shared + own};
        at += values[i].size;
    }
}

static void take_and_check(struct tarn__delta_strings *strings, uint32_t at, uint32_t n, bool slack)
{
    static struct tarn__delta_string_piece piece;
    while (n != 0) {
        const uint32_t part = n < TARN_DELTA_STRINGS_AT_ONCE ? n : (uint32_t)TARN_DELTA_STRINGS_AT_ONCE;
        ck_assert_ok(tarn__delta_strings_measure(strings, part, &piece, &err), &err);
        uint8_t *out = malloc((size_t)piece.size + (slack ? TARN_DELTA_STRINGS_SLACK : 0) + 1);
        ck_assert_ok(tarn__delta_strings_build(strings, &piece, slack, out, &err), &err);
        const uint8_t *value = out;
        for (uint32_t i = 0; i < part; i++) {
            const uint32_t size = piece.prefix[i] + piece.suffix[i];
            ck_assert_uint_eq(size, values[at + i].size);
            ck_assert_msg(size == 0 || memcmp(value, values[at + i].data, size) == 0, "value %u", at + i);
            value += size;
        }
        free(out);
        at += part;
        n -= part;
    }
}

START_TEST(delta_byte_array__takes_and_skips_alike) /* P-ENC-DBA-2 */
{
    open_env();
    make_values((unsigned)_i);
    struct tarn_buffer *page = tarn__buffer_new(env, 0);
    tarn_test_put_delta_strings(page, MOST, values);
    uint8_t *exact = tarn_test_exact(tarn__buffer_span(page));
    const struct tarn_span bytes = {exact, page->size};
    for (uint32_t begin = 0; begin <= MOST; begin += 1 + begin / 40) {
        const uint32_t pieces[] = {begin, begin % 5 + 1, begin % 700, MOST};
        struct tarn__delta_strings strings;
        uint32_t at = 0;
        ck_assert_ok(tarn__delta_strings_init(&strings, env, bytes, MOST, &err), &err);
        for (unsigned i = 0; i < 4; i++) {
            const uint32_t n = pieces[i] < MOST - at ? pieces[i] : MOST - at;
            if (i % 2 == 0) {
                ck_assert_ok(tarn__delta_strings_skip(&strings, n, &err), &err);
            } else {
                take_and_check(&strings, at, n, begin % 2 == 0);
            }
            at += n;
        }
        tarn__delta_strings_release(&strings);
    }
    free(exact);
    tarn__buffer_release(page);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_byte_array__goes_back_in_a_copy) /* P-ENC-DBA-2 */
{
    open_env();
    make_values(5);
    struct tarn_buffer *page = tarn__buffer_new(env, 0);
    tarn_test_put_delta_strings(page, MOST, values);
    struct tarn__delta_strings strings;
    ck_assert_ok(tarn__delta_strings_init(&strings, env, tarn__buffer_span(page), MOST, &err), &err);
    take_and_check(&strings, 0, 10, true);
    for (uint32_t at = 10; at + 30 < MOST; at += 30) {
        struct tarn__delta_strings mark = strings;
        tarn__delta_strings_retain(&mark);
        ck_assert_ok(tarn__delta_strings_skip(&strings, 7, &err), &err);
        take_and_check(&strings, at + 7, 11, true);
        tarn__delta_strings_release(&strings);
        strings = mark; /* its reference goes over */
        take_and_check(&strings, at, 30, false);
    }
    tarn__delta_strings_release(&strings);
    tarn__buffer_release(page);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_byte_array__lengths_take_and_skip_alike) /* P-ENC-DLBA-1 */
{
    open_env();
    make_values(9);
    struct tarn_buffer *page = tarn__buffer_new(env, 0);
    tarn_test_put_delta_lengths(page, MOST, values);
    for (uint32_t begin = 0; begin < MOST; begin++) {
        struct tarn__delta_lengths lengths;
        struct tarn_span bytes;
        static uint32_t sizes[MOST];
        const uint32_t n = begin % 60 < MOST - begin ? begin % 60 : MOST - begin;
        ck_assert_ok(tarn__delta_lengths_init(&lengths, tarn__kernels_of(env), tarn__buffer_span(page), MOST, &err), &err);
        ck_assert_ok(tarn__delta_lengths_skip(&lengths, begin, &err), &err);
        ck_assert_ok(tarn__delta_lengths_take(&lengths, n, sizes, &bytes, &err), &err);
        for (uint32_t i = 0; i < n; i++) {
            ck_assert_uint_eq(sizes[i], values[begin + i].size);
            const struct tarn_span value = tarn__span_take(&bytes, sizes[i]);
            ck_assert(value.size == 0 || memcmp(value.data, values[begin + i].data, value.size) == 0);
        }
        ck_assert_uint_eq(bytes.size, 0);
    }
    tarn__buffer_release(page);
    tarn_test_env_close(env);
}
END_TEST

/* ---- damage ---- */

static enum tarn_status read_all(struct tarn_span page, uint32_t n, bool skip)
{
    struct tarn__delta_strings strings;
    enum tarn_status status = tarn__delta_strings_init(&strings, env, page, MOST, &err);
    if (status == TARN_OK && skip) {
        status = tarn__delta_strings_skip(&strings, n, &err);
    } else if (status == TARN_OK) {
        static struct tarn__delta_string_piece piece;
        status = tarn__delta_strings_measure(&strings, n, &piece, &err);
    }
    tarn__delta_strings_release(&strings);
    return status;
}

START_TEST(delta_byte_array__sees_every_cut) /* P-ENC-DLBA-2 P-ENC-DBA-3 */
{
    enum { COUNT = 150 };
    open_env();
    make_values(3);
    struct tarn_buffer *page = tarn__buffer_new(env, 0);
    tarn_test_put_delta_strings(page, COUNT, values);
    for (size_t cut = 0; cut < page->size; cut++) {
        uint8_t *exact = tarn_test_exact((struct tarn_span){page->data, cut});
        ck_assert_status(read_all((struct tarn_span){exact, cut}, COUNT, false), TARN_CORRUPT);
        ck_assert_status(read_all((struct tarn_span){exact, cut}, COUNT, true), TARN_CORRUPT);
        free(exact);
    }
    ck_assert_ok(read_all(tarn__buffer_span(page), COUNT, false), &err);
    tarn__buffer_release(page);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *name;
    uint32_t count;
    uint32_t suffix_count;
    int64_t prefixes[3];
    int64_t lengths[3];
} lies[] = {
    {"the first value shares", 1, 1, {1}, {1}},
    {"a prefix longer than the value before", 2, 2, {0, 4}, {3, 1}},
    {"a prefix longer than that before, behind a longer one", 3, 3, {0, 1, 3}, {5, 1, 0}},
    {"a negative prefix", 2, 2, {0, -1}, {3, 1}},
    {"a negative length", 2, 2, {0, 0}, {3, -1}},
    {"lengths that sum to what is there by wrapping", 3, 3, {0, 0, 0}, {INT32_MAX, INT32_MAX, 4}},
    {"a prefix of 2^31", 2, 2, {0, (int64_t)INT32_MAX + 1}, {3, 1}},
    {"fewer suffixes than prefixes", 2, 1, {0, 0}, {3}},
    {"more suffixes than prefixes", 1, 2, {0}, {3, 1}},
};

START_TEST(delta_byte_array__refuses_lies) /* P-ENC-DLBA-2 P-ENC-DBA-3 */
{
    open_env();
    struct tarn_buffer *page = tarn__buffer_new(env, 0);
    tarn_test_put_delta(page, NULL, lies[_i].count, lies[_i].prefixes);
    tarn_test_put_delta(page, NULL, lies[_i].suffix_count, lies[_i].lengths);
    ck_assert(tarn__buffer_append(page, "abcdefgh", 8));
    for (int skip = 0; skip < 2; skip++) {
        const enum tarn_status status = read_all(tarn__buffer_span(page), lies[_i].count, skip == 1);
        ck_assert_msg(status == TARN_CORRUPT, "%s: %s", lies[_i].name, tarn_status_name(status));
        ck_assert_str_eq(err.detail, "delta");
    }
    tarn__buffer_release(page);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/delta_byte_array", TARN_TEST(delta_byte_array__reads_lengths_by_hand),
           TARN_TEST(delta_byte_array__reads_prefixes_by_hand), TARN_LOOP_TIMES(delta_byte_array__takes_and_skips_alike, 4),
           TARN_TEST(delta_byte_array__goes_back_in_a_copy), TARN_TEST(delta_byte_array__lengths_take_and_skip_alike),
           TARN_TEST(delta_byte_array__sees_every_cut), TARN_LOOP_TEST(delta_byte_array__refuses_lies, lies))
