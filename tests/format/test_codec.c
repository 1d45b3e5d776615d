/* SPDX-License-Identifier: Apache-2.0
 * Codecs: Snappy by blocks written out by hand from its format description, all by what they must refuse.
 */
#include "format/codec/codec.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/codec/snappy.h"
#include "format/thrift/parquet_thrift.h"
#include "tests/support/suite.h"

#ifdef TARN_TEST_SNAPPY
#include <snappy-c.h>
#endif

/* "tarn tarn tarn tarn, the time of the people", packed with words of Brotli's dictionary. */
#define BROTLI_BYTES                                                                                                                       \
    0x1b, 0x2a, 0x00, 0xf8, 0x8d, 0x54, 0xb5, 0xbf, 0x0c, 0x93, 0xa3, 0x4b, 0x10, 0x16, 0xb7, 0x24, 0x44, 0x11, 0x75, 0xb2, 0x00, 0x3b,    \
        0x78, 0x9a, 0x35, 0xf5, 0x1d, 0x09

#define BYTES(...) ((struct tarn_span){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})

#ifdef TARN_MINIMAL
enum { HAS_BROTLI = 0 };
#else
enum { HAS_BROTLI = 1 };
#endif

static struct tarn_error err;

static const struct {
    const char *name;
    struct tarn_span block;
    const char *text;
} blocks[] = {
    {"empty", {(const uint8_t[]){0x00}, 1}, ""},
    {"literal", {(const uint8_t[]){0x03, 0x08, 'a', 'b', 'c'}, 5}, "abc"},
    {"literal, length in one byte", {(const uint8_t[]){0x03, 0xf0, 0x02, 'a', 'b', 'c'}, 6}, "abc"},
    {"literal, length in four bytes", {(const uint8_t[]){0x03, 0xfc, 0x02, 0, 0, 0, 'a', 'b', 'c'}, 9}, "abc"},
    {"copy with one byte of offset", {(const uint8_t[]){0x08, 0x0c, 'a', 'b', 'c', 'd', 0x01, 0x04}, 8}, "abcdabcd"},
    {"copy with two bytes of offset", {(const uint8_t[]){0x06, 0x0c, 'a', 'b', 'c', 'd', 0x06, 0x03, 0x00}, 9}, "abcdbc"},
    {"copy with four bytes of offset", {(const uint8_t[]){0x06, 0x0c, 'a', 'b', 'c', 'd', 0x07, 0x03, 0, 0, 0}, 11}, "abcdbc"},
    {"copy over itself", {(const uint8_t[]){0x09, 0x00, 'x', 0x11, 0x01}, 5}, "xxxxxxxxx"},
    {"pattern of two", {(const uint8_t[]){0x08, 0x04, 'x', 'y', 0x09, 0x02}, 6}, "xyxyxyxy"},
};

START_TEST(snappy__decodes_each_element) /* P-CODEC-SNAPPY-1 */
{
    uint8_t out[16];
    size_t size;
    ck_assert(tarn__snappy_size(blocks[_i].block, &size));
    ck_assert_uint_eq(size, strlen(blocks[_i].text));
    ck_assert_msg(tarn__snappy_decode(blocks[_i].block, out, size), "%s", blocks[_i].name);
    ck_assert_mem_eq(out, blocks[_i].text, size);
    ck_assert(!tarn__snappy_decode(blocks[_i].block, out, size + 1)); /* P-CODEC-SNAPPY-2 */
    for (size_t cut = 0; cut < blocks[_i].block.size; cut++) {
        ck_assert(!tarn__snappy_decode((struct tarn_span){blocks[_i].block.data, cut}, out, size));
    }
}
END_TEST

/* A copy over every short distance and of every length, with and without room behind for copies of fixed width. */
START_TEST(snappy__copies_from_any_distance) /* P-CODEC-SNAPPY-1 */
{
    enum { MOST_LENGTH = 64, BEHIND = 300 };
    const size_t offset = (size_t)_i + 1;
    for (size_t length = 1; length <= MOST_LENGTH; length++) {
        for (size_t behind = 0; behind <= BEHIND; behind += BEHIND) {
            const size_t size = offset + length + behind;
            uint8_t *block = malloc(2 + 3 + offset + 3 + 3 + behind);
            uint8_t *text = malloc(size);
            uint8_t *out = malloc(size);
            size_t at = 0;
            for (size_t i = 0; i < size; i++) {
                text[i] = i < offset || i >= offset + length ? (uint8_t)(i * 37 + 11) : text[i - offset];
            }
            block[at++] = (uint8_t)(size | 0x80);
            block[at++] = (uint8_t)(size >> 7);
            block[at++] = 60 << 2; /* literal, length in one byte */
            block[at++] = (uint8_t)(offset - 1);
            memcpy(block + at, text, offset);
            at += offset;
            block[at++] = (uint8_t)((length - 1) << 2 | 2);
            block[at++] = (uint8_t)offset;
            block[at++] = (uint8_t)(offset >> 8);
            if (behind != 0) {
                block[at++] = 61 << 2;
                block[at++] = (uint8_t)(behind - 1);
                block[at++] = (uint8_t)((behind - 1) >> 8);
                memcpy(block + at, text + offset + length, behind);
                at += behind;
            }
            uint8_t *exact = malloc(at);
            memcpy(exact, block, at);
            ck_assert_msg(tarn__snappy_decode((struct tarn_span){exact, at}, out, size), "%zu from %zu", length, offset);
            ck_assert_msg(memcmp(out, text, size) == 0, "%zu from %zu", length, offset);
            free(exact);
            free(block);
            free(text);
            free(out);
        }
    }
}
END_TEST

static const struct {
    const char *name;
    struct tarn_span block;
    size_t size;
} damaged[] = {
    {"no size", {(const uint8_t[]){0x80}, 1}, 0},
    {"size of 33 bits", {(const uint8_t[]){0xff, 0xff, 0xff, 0xff, 0x1f, 0x00}, 6}, 3},
    {"offset 0", {(const uint8_t[]){0x05, 0x00, 'x', 0x01, 0x00}, 5}, 5},
    {"offset before the begin", {(const uint8_t[]){0x05, 0x00, 'x', 0x01, 0x02}, 5}, 5},
    {"copy first", {(const uint8_t[]){0x04, 0x01, 0x01}, 3}, 4},
    {"copy over the end", {(const uint8_t[]){0x04, 0x00, 'x', 0x01, 0x01}, 5}, 4},
    {"literal over the end of the output", {(const uint8_t[]){0x02, 0x08, 'a', 'b', 'c'}, 5}, 2},
    {"literal over the end of the input", {(const uint8_t[]){0x04, 0x0c, 'a', 'b', 'c'}, 5}, 4},
    {"literal of 2^32 bytes", {(const uint8_t[]){0x04, 0xfc, 0xff, 0xff, 0xff, 0xff, 'a'}, 7}, 4},
    {"literal length cut", {(const uint8_t[]){0x04, 0xf8, 0x01, 0x00}, 4}, 4},
    {"offset cut", {(const uint8_t[]){0x05, 0x00, 'x', 0x0e, 0x01}, 5}, 5},
    {"too few values", {(const uint8_t[]){0x05, 0x00, 'x'}, 3}, 5},
    {"something behind nothing", {(const uint8_t[]){0x00, 0x00, 'x'}, 3}, 0},
};

START_TEST(snappy__refuses_damage) /* P-CODEC-SNAPPY-2, P-CODEC-SNAPPY-3, P-CODEC-SNAPPY-4 */
{
    uint8_t *out = malloc(damaged[_i].size + 1); /* exact, for sanitizers */
    uint8_t *in = malloc(damaged[_i].block.size);
    memcpy(in, damaged[_i].block.data, damaged[_i].block.size);
    ck_assert_msg(!tarn__snappy_decode((struct tarn_span){in, damaged[_i].block.size}, out, damaged[_i].size), "%s", damaged[_i].name);
    free(in);
    free(out);
}
END_TEST

/* Bytes between random and constant, by `kind`. */
static uint8_t *make_data(size_t size, unsigned kind)
{
    uint8_t *data = malloc(size + 1);
    uint32_t state = 7;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        const uint8_t random = (uint8_t)(state >> 24);
        data[i] = kind == 0   ? random
                  : kind == 1 ? (uint8_t)'x'
                  : kind == 2 ? (uint8_t)(random & 3)
                  : kind == 3 ? (uint8_t)(i % 251)
                              : (i > 300 && random < 250 ? data[i - 1 - state % 300] : random);
    }
    return data;
}

static const size_t sizes[] = {0, 1, 4, 14, 15, 16, 60, 61, 63, 64, 65, 67, 68, 255, 256, 257, 1000, 65535, 65536, 65537, 200000};

START_TEST(codec__round_trips) /* P-CODEC-1, P-CODEC-SNAPPY-5 */
{
#ifdef TARN_MINIMAL
    static const int32_t codecs[] = {PARQUET_CODEC_UNCOMPRESSED, PARQUET_CODEC_SNAPPY, PARQUET_CODEC_ZSTD, PARQUET_CODEC_LZ4_RAW};
#else
    static const int32_t codecs[] = {PARQUET_CODEC_UNCOMPRESSED, PARQUET_CODEC_SNAPPY, PARQUET_CODEC_ZSTD,
                                     PARQUET_CODEC_LZ4_RAW,      PARQUET_CODEC_GZIP,   PARQUET_CODEC_BROTLI};
#endif
    struct tarn_env *env = tarn_test_env();
    struct tarn_codec_context *context;
    ck_assert_ok(tarn__codec_context_open(env, &context, &err), &err);
    for (unsigned c = 0; c < sizeof(codecs) / sizeof(codecs[0]); c++) {
        for (unsigned kind = 0; kind < 5; kind++) {
            const size_t size = sizes[_i];
            uint8_t *data = make_data(size, kind);
            const size_t bound = tarn__codec_bound(codecs[c], size);
            uint8_t *packed = malloc(bound + 1);
            uint8_t *back = malloc(size + 1);
            size_t written;
            ck_assert_ok(tarn__codec_compress(context, codecs[c], 0, (struct tarn_span){data, size}, packed, &written, &err), &err);
            ck_assert_uint_le(written, bound);
            const struct tarn_span in = {packed, written};
            ck_assert_ok(tarn__codec_decompress(context, codecs[c], in, back, size, &err), &err);
            ck_assert(size == 0 || memcmp(back, data, size) == 0);
            if (size > 1000 && (kind == 1 || kind == 3) && codecs[c] != PARQUET_CODEC_UNCOMPRESSED) {
                ck_assert_uint_lt(written, size / 10);
            }
            if (size != 0) {
                ck_assert_status(tarn__codec_decompress(context, codecs[c], in, back, size - 1, &err), TARN_CORRUPT);
                ck_assert_str_eq(err.detail, "codec");
            }
            free(data);
            free(packed);
            free(back);
        }
    }
    tarn__codec_context_close(context);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(snappy__agrees_with_libsnappy) /* P-CODEC-SNAPPY-5 */
{
#ifdef TARN_TEST_SNAPPY
    static uint16_t table[TARN_SNAPPY_TABLE];
    for (unsigned kind = 0; kind < 5; kind++) {
        const size_t size = sizes[_i];
        uint8_t *data = make_data(size, kind);
        uint8_t *packed = malloc(tarn__snappy_bound(size));
        uint8_t *back = malloc(size + 1);
        size_t back_size = size + 1;
        const size_t written = tarn__snappy_encode((struct tarn_span){data, size}, packed, table);
        ck_assert_int_eq(snappy_uncompress((char *)packed, written, (char *)back, &back_size), SNAPPY_OK);
        ck_assert_uint_eq(back_size, size);
        ck_assert(size == 0 || memcmp(back, data, size) == 0);
        size_t theirs = snappy_max_compressed_length(size);
        uint8_t *their = malloc(theirs);
        ck_assert_int_eq(snappy_compress((char *)data, size, (char *)their, &theirs), SNAPPY_OK);
        memset(back, 0, size + 1);
        ck_assert(tarn__snappy_decode((struct tarn_span){their, theirs}, back, size));
        ck_assert(size == 0 || memcmp(back, data, size) == 0);
        free(their);
        free(data);
        free(packed);
        free(back);
    }
#else
    printf("not run: libsnappy is not here\n");
    ck_assert(_i >= 0);
#endif
}
END_TEST

START_TEST(codec__refuses_damaged_bytes) /* P-CODEC-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_codec_context *context;
    uint8_t out[100];
    ck_assert_ok(tarn__codec_context_open(env, &context, &err), &err);
    const struct tarn_span rubbish = BYTES(0xff, 0xfe, 0xfd, 0x01, 0x02, 0x03, 0x04, 0x05);
    ck_assert_status(tarn__codec_decompress(context, PARQUET_CODEC_UNCOMPRESSED, rubbish, out, 9, &err), TARN_CORRUPT);
    ck_assert_status(tarn__codec_decompress(context, PARQUET_CODEC_SNAPPY, rubbish, out, 9, &err), TARN_CORRUPT);
    ck_assert_status(tarn__codec_decompress(context, PARQUET_CODEC_ZSTD, rubbish, out, 9, &err), TARN_CORRUPT);
    ck_assert_status(tarn__codec_decompress(context, PARQUET_CODEC_LZ4_RAW, rubbish, out, 9, &err), TARN_CORRUPT);
    ck_assert_status(tarn__codec_decompress(context, PARQUET_CODEC_ZSTD, (struct tarn_span){NULL, 0}, NULL, 0, &err), TARN_CORRUPT);
    ck_assert_status(tarn__codec_decompress(context, PARQUET_CODEC_LZ4_RAW, (struct tarn_span){NULL, 0}, NULL, 0, &err), TARN_CORRUPT);
    size_t written;
    ck_assert_status(tarn__codec_compress(context, PARQUET_CODEC_ZSTD, 99, rubbish, out, &written, &err), TARN_INVALID);
    tarn__codec_context_close(context);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    int32_t codec;
    const char *name;
    bool read;
} missing[] = {{PARQUET_CODEC_LZO, "codec.lzo", true},
#ifdef TARN_MINIMAL
               {PARQUET_CODEC_BROTLI, "codec.brotli", false},
               {PARQUET_CODEC_GZIP, "codec.gzip", true},
#endif
               {PARQUET_CODEC_LZ4, "codec.lz4_hadoop", true},
               {77, "codec.unknown", false},
               {-1, "codec.unknown", false}};

START_TEST(codec__names_what_it_does_not_have) /* P-CODEC-3 */
{
    ck_assert_status(tarn__codec_check_write(missing[_i].codec, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, missing[_i].name);
    ck_assert_status(tarn__codec_check(missing[_i].codec, &err), missing[_i].read ? TARN_OK : TARN_UNSUPPORTED);
    ck_assert(missing[_i].read || strcmp(err.detail, missing[_i].name) == 0);
}
END_TEST

START_TEST(codec__reads_gzip) /* P-CODEC-1, P-CODEC-2 */
{
    /* gzip -n of "tarn tarn tarn" */
    static const uint8_t packed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x2b, 0x49, 0x2c, 0xca,
                                     0x53, 0x28, 0x81, 0x11, 0x00, 0xe0, 0x94, 0x1e, 0x57, 0x0e, 0x00, 0x00, 0x00};
    uint8_t out[64];
    struct tarn_env *env = tarn_test_env();
    struct tarn_codec_context *context;
    ck_assert_ok(tarn__codec_context_open(env, &context, &err), &err);
    ck_assert_ok(tarn__codec_decompress(context, PARQUET_CODEC_GZIP, (struct tarn_span){packed, sizeof(packed)}, out, 14, &err), &err);
    ck_assert_int_eq(memcmp(out, "tarn tarn tarn", 14), 0);
    for (size_t size = 0; size < 64; size++) {
        const enum tarn_status status =
            tarn__codec_decompress(context, PARQUET_CODEC_GZIP, (struct tarn_span){packed, sizeof(packed)}, out, size, &err);
        ck_assert_status(status, size == 14 ? TARN_OK : TARN_CORRUPT);
    }
    for (size_t cut = 0; cut < sizeof(packed); cut++) {
        ck_assert_status(tarn__codec_decompress(context, PARQUET_CODEC_GZIP, (struct tarn_span){packed, cut}, out, 14, &err), TARN_CORRUPT);
    }
    tarn__codec_context_close(context);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status unpack(int32_t codec, struct tarn_span in, uint8_t *out, size_t size)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_codec_context *context;
    uint8_t *exact = malloc(in.size + 1); /* for sanitizers */
    memcpy(exact + 1, in.data, in.size);
    ck_assert_ok(tarn__codec_context_open(env, &context, &err), &err);
    const enum tarn_status status = tarn__codec_decompress(context, codec, (struct tarn_span){exact + 1, in.size}, out, size, &err);
    free(exact);
    tarn__codec_context_close(context);
    tarn_test_env_close(env);
    return status;
}

START_TEST(codec__reads_gzip_of_many_members) /* P-CODEC-5 */
{
    /* "tarn tarn tarn", nothing, and "tarn tarn tarn" again; zeros behind. */
    static const uint8_t member[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x2b, 0x49, 0x2c, 0xca,
                                     0x53, 0x28, 0x81, 0x11, 0x00, 0xe0, 0x94, 0x1e, 0x57, 0x0e, 0x00, 0x00, 0x00};
    static const uint8_t empty[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    enum { FIRST = sizeof(member), SECOND = FIRST + sizeof(empty), THIRD = SECOND + FIRST };
    uint8_t in[THIRD + 9] = {0};
    uint8_t out[64];
    memcpy(in, member, FIRST);
    memcpy(in + FIRST, empty, sizeof(empty));
    memcpy(in + SECOND, member, FIRST);
    ck_assert_ok(unpack(PARQUET_CODEC_GZIP, (struct tarn_span){in, THIRD}, out, 28), &err);
    ck_assert_int_eq(memcmp(out, "tarn tarn tarntarn tarn tarn", 28), 0);
    ck_assert_ok(unpack(PARQUET_CODEC_GZIP, (struct tarn_span){in, THIRD + 9}, out, 28), &err);
    ck_assert_status(unpack(PARQUET_CODEC_GZIP, (struct tarn_span){in, THIRD}, out, 27), TARN_CORRUPT);
    ck_assert_status(unpack(PARQUET_CODEC_GZIP, (struct tarn_span){in, THIRD}, out, 29), TARN_CORRUPT);
    in[THIRD] = 1;
    ck_assert_status(unpack(PARQUET_CODEC_GZIP, (struct tarn_span){in, THIRD + 1}, out, 28), TARN_CORRUPT);
    for (size_t at = 10; at < THIRD; at++) { /* flags, times and systems in headers say nothing of the data */
        if ((at < FIRST || at >= FIRST + 10) && (at < SECOND || at >= SECOND + 10)) {
            in[at] = (uint8_t)(in[at] ^ 1);
            ck_assert_status(unpack(PARQUET_CODEC_GZIP, (struct tarn_span){in, THIRD}, out, 28), TARN_CORRUPT);
            in[at] = (uint8_t)(in[at] ^ 1);
        }
    }
}
END_TEST

START_TEST(codec__reads_brotli) /* P-CODEC-1 P-CODEC-2 */
{
    static const char text[] = "tarn tarn tarn tarn, the time of the people";
    static const uint8_t packed[] = {BROTLI_BYTES};
    const struct tarn_span whole = {packed, sizeof(packed)};
    const size_t size = sizeof(text) - 1;
    uint8_t out[64];
    if (!HAS_BROTLI) {
        ck_assert_status(unpack(PARQUET_CODEC_BROTLI, whole, out, size), TARN_UNSUPPORTED);
        ck_assert_str_eq(err.detail, "codec.brotli");
        return;
    }
    ck_assert_ok(unpack(PARQUET_CODEC_BROTLI, whole, out, size), &err);
    ck_assert_int_eq(memcmp(out, text, size), 0);
    for (size_t other = 0; other < 64; other++) {
        ck_assert_status(unpack(PARQUET_CODEC_BROTLI, whole, out, other), other == size ? TARN_OK : TARN_CORRUPT);
    }
    for (size_t cut = 0; cut < sizeof(packed); cut++) {
        ck_assert_status(unpack(PARQUET_CODEC_BROTLI, (struct tarn_span){packed, cut}, out, size), TARN_CORRUPT);
    }
    uint8_t more[sizeof(packed) + 1] = {0};
    memcpy(more, packed, sizeof(packed));
    ck_assert_status(unpack(PARQUET_CODEC_BROTLI, (struct tarn_span){more, sizeof(more)}, out, size), TARN_CORRUPT);
}
END_TEST

START_TEST(codec__takes_brotlis_memory_from_the_env)
{
    static const uint8_t packed[] = {BROTLI_BYTES};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_codec_context *context;
    uint8_t out[64];
    unsigned refused = 0;
    for (options.memory_limit = 1000; options.memory_limit < 1 << 16; options.memory_limit += 500) {
        ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
        if (tarn__codec_context_open(env, &context, &err) == TARN_OK) {
            const enum tarn_status status =
                tarn__codec_decompress(context, PARQUET_CODEC_BROTLI, (struct tarn_span){packed, sizeof(packed)}, out, 43, &err);
            ck_assert_msg(status == TARN_OK || status == TARN_LIMIT || !HAS_BROTLI, "%s", tarn_status_name(status));
            refused += status == TARN_LIMIT;
            tarn__codec_context_close(context);
        }
        tarn_test_env_close(env);
    }
    ck_assert(refused != 0 || !HAS_BROTLI);
}
END_TEST

/* What codecs make of no bytes at all. */
static const struct {
    int32_t codec;
    struct tarn_span packed;
} empties[] = {
    {PARQUET_CODEC_UNCOMPRESSED, {(const uint8_t *)"", 0}},
    {PARQUET_CODEC_SNAPPY, {(const uint8_t[]){0}, 1}},
    {PARQUET_CODEC_GZIP, {(const uint8_t[]){0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 20}},
    {PARQUET_CODEC_LZO, {(const uint8_t[]){0, 0, 0, 0}, 4}},
    {PARQUET_CODEC_LZO, {(const uint8_t[]){0x11, 0, 0}, 3}},
    {PARQUET_CODEC_BROTLI, {(const uint8_t[]){0x06}, 1}},
    {PARQUET_CODEC_BROTLI, {(const uint8_t[]){0x3b}, 1}},
    {PARQUET_CODEC_LZ4, {(const uint8_t[]){0, 0, 0, 0}, 4}},
    {PARQUET_CODEC_LZ4, {(const uint8_t[]){0}, 1}},
    {PARQUET_CODEC_ZSTD, {(const uint8_t[]){0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00}, 9}},
    {PARQUET_CODEC_LZ4_RAW, {(const uint8_t[]){0}, 1}},
};

START_TEST(codec__decodes_nothing_to_nothing) /* P-CODEC-2 */
{
    uint8_t out[4] = {1, 2, 3, 4};
    const bool has = HAS_BROTLI || empties[_i].codec != PARQUET_CODEC_BROTLI;
    ck_assert_status(unpack(empties[_i].codec, empties[_i].packed, out, 0), has ? TARN_OK : TARN_UNSUPPORTED);
    ck_assert_status(unpack(empties[_i].codec, empties[_i].packed, NULL, 0), has ? TARN_OK : TARN_UNSUPPORTED);
    ck_assert_status(unpack(empties[_i].codec, empties[_i].packed, out, 1), has ? TARN_CORRUPT : TARN_UNSUPPORTED);
    ck_assert_uint_eq(out[1], 2);
}
END_TEST

START_TEST(codec__reads_lz4_frames_and_lzo) /* P-CODEC-4 */
{
    /* A frame of one stored block. */
    static const uint8_t framed[] = {0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 3, 0, 0, 0x80, 'a', 'b', 'c', 0, 0, 0, 0};
    /* Two blocks of Hadoop's frames in one piece. */
    static const uint8_t pieces[] = {0, 0, 0, 5, 0, 0, 0, 4, 0x30, 'a', 'b', 'c', 0, 0, 0, 3, 0x20, 'd', 'e'};
    static const uint8_t lzo[] = {0, 0, 0, 3, 0, 0, 0, 7, 0x14, 'a', 'b', 'c', 0x11, 0, 0};
    uint8_t out[64];
    ck_assert_ok(unpack(PARQUET_CODEC_LZ4, (struct tarn_span){framed, sizeof(framed)}, out, 3), &err);
    ck_assert_int_eq(memcmp(out, "abc", 3), 0);
    ck_assert_status(unpack(PARQUET_CODEC_LZ4, (struct tarn_span){framed, sizeof(framed)}, out, 4), TARN_CORRUPT);
    ck_assert_status(unpack(PARQUET_CODEC_LZ4, (struct tarn_span){framed, sizeof(framed)}, out, 2), TARN_CORRUPT);
    ck_assert_ok(unpack(PARQUET_CODEC_LZ4, (struct tarn_span){pieces, sizeof(pieces)}, out, 5), &err);
    ck_assert_int_eq(memcmp(out, "abcde", 5), 0);
    ck_assert_ok(unpack(PARQUET_CODEC_LZO, (struct tarn_span){lzo, sizeof(lzo)}, out, 3), &err);
    ck_assert_int_eq(memcmp(out, "abc", 3), 0);
    ck_assert_ok(unpack(PARQUET_CODEC_LZO, (struct tarn_span){lzo + 8, sizeof(lzo) - 8}, out, 3), &err);
    ck_assert_int_eq(memcmp(out, "abc", 3), 0);
    ck_assert_status(unpack(PARQUET_CODEC_LZO, (struct tarn_span){lzo + 8, sizeof(lzo) - 8}, out, 2), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "codec");
}
END_TEST

START_TEST(codec__reads_hadoop_lz4) /* P-CODEC-1, P-CODEC-2 */
{
    /* Two blocks of literals alone: "abc" and "de"; then "abc" without frames. */
    static const uint8_t framed[] = {0, 0, 0, 3, 0, 0, 0, 4, 0x30, 'a', 'b', 'c', 0, 0, 0, 2, 0, 0, 0, 3, 0x20, 'd', 'e'};
    static const uint8_t plain[] = {0x30, 'a', 'b', 'c'};
    uint8_t out[64];
    struct tarn_env *env = tarn_test_env();
    struct tarn_codec_context *context;
    ck_assert_ok(tarn__codec_context_open(env, &context, &err), &err);
    ck_assert_ok(tarn__codec_decompress(context, PARQUET_CODEC_LZ4, (struct tarn_span){framed, sizeof(framed)}, out, 5, &err), &err);
    ck_assert_int_eq(memcmp(out, "abcde", 5), 0);
    ck_assert_ok(tarn__codec_decompress(context, PARQUET_CODEC_LZ4, (struct tarn_span){plain, sizeof(plain)}, out, 3, &err), &err);
    ck_assert_int_eq(memcmp(out, "abc", 3), 0);
    for (size_t cut = 0; cut < sizeof(framed); cut++) {
        ck_assert_status(tarn__codec_decompress(context, PARQUET_CODEC_LZ4, (struct tarn_span){framed, cut}, out, 5, &err), TARN_CORRUPT);
    }
    for (size_t size = 0; size < 9; size++) {
        const struct tarn_span whole = {framed, sizeof(framed)};
        ck_assert_status(tarn__codec_decompress(context, PARQUET_CODEC_LZ4, whole, out, size, &err), size == 5 ? TARN_OK : TARN_CORRUPT);
    }
    size_t written;
    ck_assert_status(tarn__codec_compress(context, PARQUET_CODEC_LZ4, 0, (struct tarn_span){plain, 4}, out, &written, &err),
                     TARN_UNSUPPORTED);
    tarn__codec_context_close(context);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(codec__counts_what_zstd_holds)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_codec_context *context;
    uint8_t in[100] = {0};
    uint8_t out[1000];
    size_t written;
    options.memory_limit = 20000;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ok(tarn__codec_context_open(env, &context, &err), &err);
    ck_assert_status(tarn__codec_compress(context, PARQUET_CODEC_ZSTD, 0, (struct tarn_span){in, sizeof(in)}, out, &written, &err),
                     TARN_LIMIT);
    tarn__codec_context_close(context);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    int32_t codec;
    int32_t level;
    bool ok;
} levels[] = {{PARQUET_CODEC_ZSTD, 22, true},   {PARQUET_CODEC_ZSTD, 23, false},   {PARQUET_CODEC_ZSTD, -5, true},
              {PARQUET_CODEC_GZIP, 12, true},   {PARQUET_CODEC_GZIP, 13, false},   {PARQUET_CODEC_GZIP, -1, false},
              {PARQUET_CODEC_BROTLI, 11, true}, {PARQUET_CODEC_BROTLI, 12, false}, {PARQUET_CODEC_BROTLI, -1, false},
              {PARQUET_CODEC_SNAPPY, 0, true},  {PARQUET_CODEC_SNAPPY, 1, false},  {PARQUET_CODEC_UNCOMPRESSED, 3, false}};

START_TEST(codec__has_levels_or_not) /* P-CODEC-7 */
{
    err = (struct tarn_error)TARN_ERROR_INIT;
    ck_assert_status(tarn__codec_check_level(levels[_i].codec, levels[_i].level, &err), levels[_i].ok ? TARN_OK : TARN_INVALID);
    ck_assert_str_eq(err.detail, levels[_i].ok ? "" : "codec_level");
}
END_TEST

TARN_SUITE("format/codec", TARN_LOOP_TEST(codec__has_levels_or_not, levels), TARN_LOOP_TEST(snappy__decodes_each_element, blocks),
           TARN_LOOP_TIMES(snappy__copies_from_any_distance, 80), TARN_LOOP_TEST(snappy__refuses_damage, damaged),
           TARN_LOOP_TEST(codec__round_trips, sizes), TARN_LOOP_TEST(snappy__agrees_with_libsnappy, sizes),
           TARN_TEST(codec__refuses_damaged_bytes), TARN_LOOP_TEST(codec__names_what_it_does_not_have, missing),
           TARN_TEST(codec__reads_gzip), TARN_TEST(codec__reads_gzip_of_many_members), TARN_TEST(codec__reads_brotli),
           TARN_TEST(codec__takes_brotlis_memory_from_the_env), TARN_LOOP_TEST(codec__decodes_nothing_to_nothing, empties),
           TARN_TEST(codec__reads_lz4_frames_and_lzo), TARN_TEST(codec__reads_hadoop_lz4), TARN_TEST(codec__counts_what_zstd_holds))
