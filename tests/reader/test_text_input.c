/* SPDX-License-Identifier: Apache-2.0
 * The bytes below CSV and JSON: compressed files cut and damaged at every byte, encodings by name and by sight, options that contradict
 * each other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "format/base/bytes.h"
#include "format/base/hash.h"
#include "format/codec/deflate.h"
#include "tarn/reader.h"
#include "tests/support/source_text.h"
#include "tests/support/suite.h"

static struct tarn_error err;

/* What a CSV file of these bytes reads as; "!STATUS.detail" when it cannot be opened. Static storage. */
static const char *read_bytes(struct tarn_env *env, const void *bytes, size_t size, const struct tarn_csv_options *options)
{
    static char failure[128];
    struct tarn_source *source;
    struct tarn_store *store = tarn_test_store_of(env, bytes, size);
    const char *text = failure;
    if (tarn_csv_open(store, TARN_TEXT("f"), options, &source, &err) == TARN_OK) {
        text = tarn_test_source_text(source);
        tarn_source_close(source);
    } else {
        ck_assert_ptr_null(source);
        snprintf(failure, sizeof(failure), "!%s.%s", tarn_status_name(err.code), err.detail);
    }
    tarn_store_close(store);
    return text;
}

/* ---- compressed ---- */

enum { ROWS = 60, MOST_TEXT = 4096 };

static size_t make_text(char *text)
{
    size_t size = (size_t)sprintf(text, "a,b\n");
    for (int i = 0; i < ROWS; i++) {
        size += (size_t)sprintf(text + size, "%d,text %d\n", i, i * i * 31 % 97);
    }
    return size;
}

static size_t pack_gzip(struct tarn_env *env, const char *text, size_t size, uint8_t *out)
{
    /* every optional field of a header: extra, name, comment, a checksum of the header itself */
    static const uint8_t header[] = {0x1f, 0x8b, 8, 0x1e, 1, 2, 3, 4, 0, 3, 2, 0, 'x', 'y', 'n', 0, 'c', 0};
    struct tarn_text_builder packed;
    struct tarn__deflate *deflate;
    tarn__builder_init(&packed, env);
    ck_assert_ok(tarn__deflate_open(env, &deflate, &err), &err);
    ck_assert_ok(tarn__deflate_pack(deflate, 0, (struct tarn_span){(const uint8_t *)text, size}, &packed, &err), &err);
    tarn__deflate_close(deflate);
    const struct tarn_text body = tarn__builder_text(&packed);
    size_t at = sizeof(header);
    memcpy(out, header, at);
    const uint32_t sum = tarn__crc32(0, header, sizeof(header));
    out[at++] = (uint8_t)sum;
    out[at++] = (uint8_t)(sum >> 8);
    memcpy(out + at, body.data, body.size);
    at += body.size;
    tarn__store32(out + at, tarn__crc32(0, text, size));
    tarn__store32(out + at + 4, (uint32_t)size);
    tarn__builder_free(&packed);
    return at + 8;
}

static size_t pack_zstd(const char *text, size_t size, uint8_t *out, size_t room)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    const size_t packed = ZSTD_compress2(context, out, room, text, size);
    ck_assert(!ZSTD_isError(packed));
    ZSTD_freeCCtx(context);
    return packed;
}

static bool is_an_error(const char *text)
{
    return strchr(text, '!') != NULL;
}

START_TEST(text_input__compressed_files_are_whole_or_refused)
{
    char text[MOST_TEXT];
    uint8_t packed[MOST_TEXT * 2];
    char right[MOST_TEXT];
    struct tarn_env *env = tarn_test_env();
    const size_t size = make_text(text);
    const size_t packed_size = _i == 0 ? pack_gzip(env, text, size, packed) : pack_zstd(text, size, packed, sizeof(packed));
    snprintf(right, sizeof(right), "%s", read_bytes(env, text, size, NULL));
    ck_assert_str_eq(read_bytes(env, packed, packed_size, NULL), right);
    /* two files one behind the other are one text */
    memcpy(packed + packed_size, packed, packed_size);
    char twice[MOST_TEXT * 2];
    memcpy(twice, text, size);
    memcpy(twice + size, text, size);
    char expected[MOST_TEXT * 2];
    snprintf(expected, sizeof(expected), "%s", read_bytes(env, twice, size * 2, NULL));
    ck_assert_str_eq(read_bytes(env, packed, packed_size * 2, NULL), expected);
    /* cut: below four bytes nobody can know what it was */
    for (size_t cut = 4; cut < packed_size; cut++) {
        const char *got = read_bytes(env, packed, cut, NULL);
        ck_assert_msg(is_an_error(got), "cut at %zu of %zu: %s", cut, packed_size, got);
    }
    for (size_t at = 0; at < packed_size; at++) {
        for (unsigned bit = 0; bit < 8; bit += 3) {
            packed[at] ^= (uint8_t)(1u << bit);
            const char *got = read_bytes(env, packed, packed_size, NULL);
            const bool is_magic = at < 4;
            ck_assert_msg(is_magic || is_an_error(got) || strcmp(got, right) == 0, "byte %zu, bit %u: %s", at, bit, got);
            packed[at] ^= (uint8_t)(1u << bit);
        }
    }
    ck_assert_str_eq(read_bytes(env, packed, packed_size, NULL), right);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(text_input__zstd_with_a_window_beyond_all_bounds)
{
    /* a frame header with a window of 2 GiB (exponent 21, mantissa 0), and nothing that anyone would wait for */
    static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00};
    struct tarn_env *env = tarn_test_env();
    ck_assert_str_eq(read_bytes(env, frame, sizeof(frame), NULL), "!LIMIT.zstd.window");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(text_input__unpacking_stays_within_the_memory)
{
    char text[MOST_TEXT];
    uint8_t packed[MOST_TEXT * 2];
    struct tarn_env *plain = tarn_test_env();
    const size_t size = make_text(text);
    const size_t packed_size = _i == 0 ? pack_gzip(plain, text, size, packed) : pack_zstd(text, size, packed, sizeof(packed));
    tarn_test_env_close(plain);
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    unsigned refused = 0;
    for (options.memory_limit = 256 << 10; options.memory_limit < 64 << 20; options.memory_limit += options.memory_limit / 8) {
        struct tarn_env *env;
        ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
        const char *got = read_bytes(env, packed, packed_size, NULL);
        ck_assert_msg(!is_an_error(got) || strstr(got, "!LIMIT.memory") != NULL, "%s", got);
        refused += is_an_error(got);
        tarn_test_env_close(env);
    }
    ck_assert_uint_gt(refused, 0);
}
END_TEST

/* ---- encodings ---- */

static const struct {
    const char *name;
    const char *encoding; /* given; NULL: by sight */
    const char *bytes;
    size_t size;
    const char *rows;
} encoded[] = {
    {"a mark of UTF-8", NULL,
     "\xef\xbb\xbf"
     "a\n\xc3\xa4\n",
     8, "a VARCHAR\n\xc3\xa4\n"},
    {"a mark of UTF-16", NULL,
     "\xff\xfe"
     "a\0\n\0\xe4\0\n\0",
     10, "a VARCHAR\n\xc3\xa4\n"},
    {"a mark of UTF-16, big-endian", NULL,
     "\xfe\xff"
     "\0a\0\n\0\xe4\0\n",
     10, "a VARCHAR\n\xc3\xa4\n"},
    {"UTF-16 by its zeros", NULL, "a\0\n\0b\0\n\0", 8, "a VARCHAR\nb\n"},
    {"UTF-16 by its zeros, big-endian", NULL, "\0a\0\n\0b\0\n", 8, "a VARCHAR\nb\n"},
    {"UTF-16 by name", "UTF-16",
     "\xff\xfe"
     "a\0\n\0b\0\n\0",
     10, "a VARCHAR\nb\n"},
    {"UTF-16 with a pair", "utf-16le", "a\0\n\0\x3d\xd8\x00\xde\n\0", 10, "a VARCHAR\n\xf0\x9f\x98\x80\n"},
    {"half a pair", "utf-16le", "a\0\n\0\x3d\xd8\n\0", 8, "!INVALID.encoding"},
    {"the other half", "utf-16le", "a\0\n\0\x00\xde\n\0", 8, "!INVALID.encoding"},
    {"half a pair at the end", "utf-16le", "a\0\n\0\x3d\xd8", 6, "!INVALID.encoding"},
    {"half a unit at the end", "utf-16le", "a\0\n\0b", 5, "!INVALID.encoding"},
    {"Latin-1", "Latin1", "a\n\xe4\n", 4, "a VARCHAR\n\xc3\xa4\n"},
    {"Latin-1 by its other names", "ISO-8859-1", "a\n\x80\n", 4, "a VARCHAR\n\xc2\x80\n"},
    {"Windows", "cp1252", "a\n\x80\n", 4, "a VARCHAR\n\xe2\x82\xac\n"},
    {"UTF-8 by name", "utf8", "a\nb\n", 4, "a VARCHAR\nb\n"},
    {"not UTF-8", "utf-8", "a\n\xe4\n", 4, "!INVALID.encoding"},
    {"no encoding", "ebcdic", "a\nb\n", 4, "!INVALID.encoding"},
    {"few bytes", NULL, "a", 1, "a VARCHAR\n"},
    {"a mark alone", NULL, "\xef\xbb\xbf", 3, "!INVALID.empty"},
    {"half a mark", NULL, "\xff", 1, "!INVALID.encoding"},
};

START_TEST(text_input__encodings)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    options.encoding = tarn__text_of(encoded[_i].encoding != NULL ? encoded[_i].encoding : "");
    options.header = encoded[_i].size > 1 ? TARN_CHOICE_YES : TARN_CHOICE_AUTO;
    const char *got = read_bytes(env, encoded[_i].bytes, encoded[_i].size, &options);
    ck_assert_msg(strcmp(got, encoded[_i].rows) == 0, "%s: %s", encoded[_i].name, got);
    tarn_test_env_close(env);
}
END_TEST

/* ---- options ---- */

static const struct {
    const char *detail;
    struct tarn_csv_options options;
} contradictions[] = {
    {"options_size", {.size = 2}},
    {"options_size", {.size = sizeof(struct tarn_csv_options) + 1}},
    {"delimiter", {.size = sizeof(struct tarn_csv_options), .delimiter = '\n'}},
    {"delimiter", {.size = sizeof(struct tarn_csv_options), .delimiter = '\r'}},
    {"quote", {.size = sizeof(struct tarn_csv_options), .quote = '\n'}},
    {"quote", {.size = sizeof(struct tarn_csv_options), .quote = '\r'}},
    {"quote", {.size = sizeof(struct tarn_csv_options), .delimiter = ';', .quote = ';'}},
    {"escape", {.size = sizeof(struct tarn_csv_options), .delimiter = ';', .escape = ';'}},
    {"escape", {.size = sizeof(struct tarn_csv_options), .escape = '\n'}},
    {"escape", {.size = sizeof(struct tarn_csv_options), .escape = '\r'}},
    {"decimal_separator", {.size = sizeof(struct tarn_csv_options), .decimal_separator = ';'}},
    {"date_format", {.size = sizeof(struct tarn_csv_options), .date_format = {"%", 1}}},
};

START_TEST(text_input__options_that_contradict_each_other)
{
    struct tarn_env *env = tarn_test_env();
    char expected[64];
    snprintf(expected, sizeof(expected), "!INVALID.%s", contradictions[_i].detail);
    ck_assert_str_eq(read_bytes(env, "a;b\n1;2\n", 8, &contradictions[_i].options), expected);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(text_input__options_of_an_older_host)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    options.size = (uint32_t)offsetof(struct tarn_csv_options, quote); /* knew size and delimiter only */
    options.delimiter = '|';
    options.quote = '|'; /* what lies behind is not looked at */
    ck_assert_str_eq(read_bytes(env, "a|b\n1|2\n", 8, &options), "a BIGINT, b BIGINT\n1|2\n");
    struct tarn_json_options json = TARN_JSON_OPTIONS_INIT;
    struct tarn_source *source;
    struct tarn_store *store = tarn_test_store_of(env, "{\"a\":1}", 7);
    json.size = 3;
    ck_assert_status(tarn_json_open(store, TARN_TEXT("f"), &json, &source, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "options_size");
    json.size = sizeof(json) + 1;
    ck_assert_status(tarn_json_open(store, TARN_TEXT("f"), &json, &source, &err), TARN_INVALID);
    ck_assert_ptr_null(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

/* ---- what is seen of a dialect ---- */

static const struct {
    const char *name;
    const char *file;
    struct tarn_csv_options options;
    const char *rows;
} seen[] = {
    {"skip beyond the end", "a\n1\n", {.skip = 5}, "!INVALID.empty"},
    {"skip the last line without an end", "title", {.skip = 1}, "!INVALID.empty"},
    {"escape given", "a,b\n'x\\'y',1\n", {.quote = '\'', .escape = '\\'}, "a VARCHAR, b BIGINT\nx'y|1\n"},
    {"escape seen", "a,b\n\"x\\\"y\",1\n\"z\",2\n", {0}, "a VARCHAR, b BIGINT\nx\"y|1\nz|2\n"},
    {"names twice", "a,a,A\n1,2,3\n", {0}, "a BIGINT, a_1 BIGINT, A_2 BIGINT\n1|2|3\n"},
    {"no names", "a,,\n1,2,3\n", {.header = TARN_CHOICE_YES}, "a BIGINT, column1 BIGINT, column2 BIGINT\n1|2|3\n"},
    {"a delimiter at each end", "a,b,\n1,2,\n3,4,\n", {0}, "a BIGINT, b BIGINT\n1|2\n3|4\n"},
    {"a comment before the header", "#x\na,b\n1,2\n", {.comment = '#'}, "a BIGINT, b BIGINT\n1|2\n"},
    {"carriage returns", "a,b\r1,2\r3,4\r", {0}, "a BIGINT, b BIGINT\n1|2\n3|4\n"},
    {"an open quote is text", "a,b\n1,\"x\n", {0}, "a BIGINT, b VARCHAR\n1|\"x\n"},
    {"quoted line ends", "a,b\n1,\"x\ny\"\n2,z\n", {0}, "a BIGINT, b VARCHAR\n1|x\ny\n2|z\n"},
    {"one column", "a\n1\n2\n", {0}, "a BIGINT\n1\n2\n"},
    {"header alone", "a,b\n", {0}, "a VARCHAR, b VARCHAR\n"},
    {"equal fields in the first row", "x,x\ny,y\n", {0}, "column0 VARCHAR, column1 VARCHAR\nx|x\ny|y\n"},
};

START_TEST(text_input__dialects)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_csv_options options = seen[_i].options;
    options.size = sizeof(options);
    const char *got = read_bytes(env, seen[_i].file, strlen(seen[_i].file), &options);
    ck_assert_msg(strcmp(got, seen[_i].rows) == 0, "%s: %s", seen[_i].name, got);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("reader/text input", TARN_LOOP_TIMES(text_input__compressed_files_are_whole_or_refused, 2),
           TARN_TEST(text_input__zstd_with_a_window_beyond_all_bounds), TARN_LOOP_TIMES(text_input__unpacking_stays_within_the_memory, 2),
           TARN_LOOP_TEST(text_input__encodings, encoded), TARN_LOOP_TEST(text_input__options_that_contradict_each_other, contradictions),
           TARN_TEST(text_input__options_of_an_older_host), TARN_LOOP_TEST(text_input__dialects, seen))
