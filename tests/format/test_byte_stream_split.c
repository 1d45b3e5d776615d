/* SPDX-License-Identifier: Apache-2.0
 * BYTE_STREAM_SPLIT: the specification's example, every width, any count, in pieces.
 */
#include <stdlib.h>

#include "format/base/cpu.h"
#include "format/encoding/byte_stream_split.h"
#include "tests/support/encodings.h"
#include "tests/support/kernel_levels.h"

static struct tarn_error err;

START_TEST(byte_stream_split__reads_the_specifications_example) /* P-ENC-BSS-1 */
{
    static const uint8_t page[] = {0xaa, 0x00, 0xa3, 0xbb, 0x11, 0xb4, 0xcc, 0x22, 0xc5, 0xdd, 0x33, 0xd6};
    static const uint8_t expected[] = {0xaa, 0xbb, 0xcc, 0xdd, 0x00, 0x11, 0x22, 0x33, 0xa3, 0xb4, 0xc5, 0xd6};
    struct tarn__split_reader reader;
    uint8_t out[12];
    ck_assert_ok(tarn__split_reader_init(&reader, tarn__kernels_at(TARN_CPU_BASE), (struct tarn_span){page, sizeof(page)}, 4, 3, &err),
                 &err);
    ck_assert_ok(tarn__split_reader_take(&reader, 3, out, &err), &err);
    ck_assert_mem_eq(out, expected, sizeof(expected));
    ck_assert_status(tarn__split_reader_take(&reader, 1, out, &err), TARN_CORRUPT);
}
END_TEST

static const uint32_t counts[] = {0, 1, 2, 7, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 255, 256, 257, 300};

START_TEST(byte_stream_split__reads_every_width) /* P-ENC-BSS-1; the width is _i + 1, and 300 at last */
{
    const uint32_t width = _i < 40 ? (uint32_t)_i + 1 : 300;
    struct tarn_env *env = tarn_test_env();
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        const uint32_t n = counts[c];
        struct tarn_buffer *page = tarn__buffer_new(env, 0);
        uint8_t *values = malloc((size_t)n * width + 1);
        for (size_t i = 0; i < (size_t)n * width; i++) {
            values[i] = (uint8_t)(i * 37 + (i >> 8) * 11);
        }
        tarn_test_put_split(page, width, n, values);
        uint8_t *exact = tarn_test_exact(tarn__buffer_span(page));
        for (size_t level = 0; level < TARN_TEST_LEVELS; level++) {
            const struct tarn__kernels *table = tarn__kernels_at(tarn_test_levels[level]);
            if (!tarn_test_level_runs(tarn_test_levels[level])) {
                continue;
            }
            for (uint32_t begin = 0; begin <= n; begin += begin < 20 ? 1 : 19) { /* skipped, then taken in two pieces */
                struct tarn__split_reader reader;
                const uint32_t part = (n - begin) / 3;
                uint8_t *out = malloc((size_t)(n - begin) * width + 1);
                ck_assert_ok(tarn__split_reader_init(&reader, table, (struct tarn_span){exact, page->size}, width, n, &err), &err);
                ck_assert_ok(tarn__split_reader_skip(&reader, begin, &err), &err);
                ck_assert_ok(tarn__split_reader_take(&reader, part, out, &err), &err);
                ck_assert_ok(tarn__split_reader_take(&reader, n - begin - part, out + (size_t)part * width, &err), &err);
                ck_assert_msg(memcmp(out, values + (size_t)begin * width, (size_t)(n - begin) * width) == 0,
                              "%s: %u values of %u bytes from %u on", table->name, n, width, begin);
                free(out);
            }
        }
        free(exact);
        free(values);
        tarn__buffer_release(page);
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(byte_stream_split__refuses_other_sizes) /* P-ENC-BSS-2 */
{
    static const uint8_t page[24];
    const struct tarn__kernels *kernels = tarn__kernels_at(TARN_CPU_BASE);
    struct tarn__split_reader reader;
    for (size_t size = 0; size <= sizeof(page); size++) {
        const bool whole = size % 8 == 0;
        ck_assert_status(tarn__split_reader_init(&reader, kernels, (struct tarn_span){page, size}, 8, 3, &err),
                         whole ? TARN_OK : TARN_CORRUPT);
        ck_assert_uint_eq(reader.count, whole ? size / 8 : 0);
        ck_assert_status(tarn__split_reader_skip(&reader, (uint32_t)(size / 8) + 1, &err), TARN_CORRUPT);
    }
    ck_assert_status(tarn__split_reader_init(&reader, kernels, (struct tarn_span){page, 24}, 8, 2, &err), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "byte_stream_split");
    ck_assert_status(tarn__split_reader_init(&reader, kernels, (struct tarn_span){page, 24}, 0, 2, &err), TARN_CORRUPT);
}
END_TEST

TARN_SUITE("format/byte_stream_split", TARN_TEST(byte_stream_split__reads_the_specifications_example),
           TARN_LOOP_TIMES(byte_stream_split__reads_every_width, 41), TARN_TEST(byte_stream_split__refuses_other_sizes))
