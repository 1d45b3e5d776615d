/* SPDX-License-Identifier: Apache-2.0
 * Pages near 2^31 bytes, of which tests that are run often cannot make many.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/base/bytes.h"
#include "format/codec/codec.h"
#include "format/thrift/parquet_thrift.h"
#include "tarn/reader.h"
#include "tests/support/suite.h"

enum { MOST = INT32_MAX, TEXT = 1 << 30 };

static struct tarn_error err;

static bool all_are(const uint8_t *bytes, size_t size, uint8_t byte)
{
    return size == 0 || (bytes[0] == byte && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* ---- packed forms of MOST times 'a', by hand where there is no encoder for so much ---- */

struct packed {
    uint8_t *bytes;
    size_t size;
};

static void add(struct packed *packed, unsigned byte)
{
    packed->bytes[packed->size++] = (uint8_t)byte;
}

/* A literal and one match of 4 and more bytes, its length in bytes of 255; then five literals, with which a block has to end. */
static void make_lz4(struct packed *packed)
{
    size_t rest = (size_t)MOST - 1 - 4 - 15 - 5;
    add(packed, 0x1f);
    add(packed, 'a');
    add(packed, 1);
    add(packed, 0);
    for (; rest >= 255; rest -= 255) {
        add(packed, 255);
    }
    add(packed, (unsigned)rest);
    add(packed, 0x50);
    for (int i = 0; i < 5; i++) {
        add(packed, 'a');
    }
}

static void make_lzo(struct packed *packed)
{
    size_t rest = (size_t)MOST - 1 - 2 - 31;
    add(packed, 0x12);
    add(packed, 'a');
    add(packed, 0x20);
    for (; rest > 255; rest -= 255) {
        add(packed, 0);
    }
    add(packed, (unsigned)rest);
    add(packed, 0);
    add(packed, 0);
    add(packed, 0x11);
    add(packed, 0);
    add(packed, 0);
}

/* Copies of 64 bytes from one back. */
static void make_snappy(struct packed *packed)
{
    size_t rest = (size_t)MOST - 1;
    for (uint32_t size = MOST; size != 0; size >>= 7) {
        add(packed, (size & 127) | (size > 127 ? 128 : 0));
    }
    add(packed, 0);
    add(packed, 'a');
    for (; rest != 0; rest -= rest < 64 ? rest : 64) {
        add(packed, (unsigned)((rest < 64 ? rest : 64) - 1) << 2 | 2);
        add(packed, 1);
        add(packed, 0);
    }
}

static const struct {
    const char *name;
    int32_t codec;
    void (*make)(struct packed *packed);
    size_t room;
} forms[] = {
    {"snappy", PARQUET_CODEC_SNAPPY, make_snappy, 110 << 20},
    {"lz4 raw", PARQUET_CODEC_LZ4_RAW, make_lz4, 9 << 20},
    {"lz4", PARQUET_CODEC_LZ4, make_lz4, 9 << 20},
    {"lzo", PARQUET_CODEC_LZO, make_lzo, 9 << 20},
    {"zstd", PARQUET_CODEC_ZSTD, NULL, 0},
};

START_TEST(large_pages__of_the_most_bytes_are_decoded) /* P-CODEC-6 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_codec_context *context;
    uint8_t *out = malloc(MOST);
    struct packed packed = {NULL, 0};
    ck_assert_ptr_nonnull(out);
    ck_assert_ok(tarn__codec_context_open(env, &context, &err), &err);
    if (forms[_i].make != NULL) {
        packed.bytes = malloc(forms[_i].room);
        forms[_i].make(&packed);
        ck_assert_uint_le(packed.size, forms[_i].room);
    } else {
        memset(out, 'a', MOST);
        packed.bytes = malloc(tarn__codec_bound(forms[_i].codec, MOST));
        ck_assert_ok(tarn__codec_compress(context, forms[_i].codec, 1, (struct tarn_span){out, MOST}, packed.bytes, &packed.size, &err),
                     &err);
        memset(out, 0, MOST);
    }
    const struct tarn_span in = {packed.bytes, packed.size};
    ck_assert_ok(tarn__codec_decompress(context, forms[_i].codec, in, out, MOST, &err), &err);
    ck_assert_msg(all_are(out, MOST, 'a'), "%s", forms[_i].name);
    ck_assert_status(tarn__codec_decompress(context, forms[_i].codec, in, out, (size_t)MOST - 1, &err), TARN_CORRUPT);
    free(packed.bytes);
    free(out);
    tarn__codec_context_close(context);
    tarn_test_env_close(env);
}
END_TEST

/* A map with two keys of 2^30 bytes, one in the dictionary, one in a plain page: more than 32-bit offsets of one vector hold. */
START_TEST(large_pages__hold_two_texts_of_a_gigabyte) /* P-CODEC-6 */
{
    struct tarn_parquet_read_options options = TARN_PARQUET_READ_OPTIONS_INIT;
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    char folder[1024];
    const char *corpus = tarn_test_corpus();
    if (corpus == NULL) {
        printf("not run: TARN_CORPUS is not set\n");
        return;
    }
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_source *source;
    struct tarn_scan *scan;
    struct tarn_cursor *cursor;
    struct tarn_vector *vector;
    uint32_t rows;
    const struct tarn_path_step step = {TARN_PATH_FIELD, TARN_TEXT("arr"), -1};
    const struct tarn_path path = {1, &step};
    uint32_t seen = 0;
    request.paths = &path;
    request.path_count = 1;
    snprintf(folder, sizeof(folder), "%s/parquet/parquet-testing/data", corpus);
    ck_assert_ok(tarn_store_open(env, tarn__text_of(folder), false, &store, &err), &err);
    const struct tarn_text name = TARN_TEXT("large_string_map.brotli.parquet");
#ifdef TARN_MINIMAL
    enum tarn_status expected = TARN_UNSUPPORTED;
#else
    enum tarn_status expected = TARN_OK;
#endif
    ck_assert_ok(tarn_parquet_open(store, name, &options, &source, &err), &err);
    ck_assert_ok(tarn_source_scan(source, &request, &scan, &err), &err);
    for (uint32_t task = 0; task < tarn_scan_task_count(scan); task++) {
        ck_assert_ok(tarn_scan_open(scan, task, &cursor, &err), &err);
        for (;;) {
            ck_assert_ok(tarn_cursor_next(cursor, 10, &rows, &err), &err);
            if (rows == 0) {
                break;
            }
            ck_assert_status(tarn_cursor_column(cursor, 0, NULL, &vector, &err), expected);
            if (expected != TARN_OK) {
                seen = 2;
                break;
            }
            ck_assert_uint_eq(vector->child_count, 2);
            const struct tarn_vector *keys = vector->children[0];
            for (uint32_t i = 0; i < keys->length; i++, seen++) {
                const struct tarn_text text = tarn_vector_text(keys, i);
                ck_assert_uint_eq(text.size, TEXT);
                ck_assert(all_are((const uint8_t *)text.data, text.size, 'a'));
            }
        }
        tarn_cursor_close(cursor);
    }
    ck_assert_uint_eq(seen, 2);
    tarn_scan_close(scan);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("reader/large_pages", TARN_LOOP_TEST(large_pages__of_the_most_bytes_are_decoded, forms),
           TARN_TEST(large_pages__hold_two_texts_of_a_gigabyte))
