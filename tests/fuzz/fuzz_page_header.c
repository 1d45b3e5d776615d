/* SPDX-License-Identifier: Apache-2.0
 * A column chunk of any bytes: its pages walked, opened, their levels and values decoded. The first bytes choose codec and levels.
 */
#include <stdlib.h>

#include "format/encoding/plain.h"
#include "format/encoding/rle_values.h"
#include "format/page/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OPTIONS = 4, VALUES = 512 };

static void decode_levels(struct tarn_span levels, uint16_t maximum, uint32_t count)
{
    struct tarn__rle_values values;
    uint32_t out[VALUES];
    unsigned width = 0;
    for (unsigned rest = maximum; rest != 0; rest >>= 1) {
        width++;
    }
    if (tarn__rle_values_init(&values, levels, width, count, NULL) != TARN_OK) {
        return;
    }
    for (uint32_t left = count; left != 0;) {
        const uint32_t n = left < VALUES ? left : VALUES;
        if (tarn__rle_values_next(&values, n, out, NULL) != TARN_OK) {
            return;
        }
        left -= n;
    }
}

static void decode_values(const struct tarn_page *page)
{
    struct tarn__rle_values codes;
    struct tarn_span rest = page->values;
    uint32_t out[VALUES];
    const uint32_t count = page->header.value_count < VALUES ? page->header.value_count : VALUES;
    uint64_t bytes;
    if (tarn__rle_values_init_dictionary(&codes, page->values, page->header.value_count, NULL) == TARN_OK &&
        tarn__rle_values_next_codes(&codes, count, 100, out, NULL) == TARN_OK) {
        for (uint32_t i = 0; i < count; i++) {
            if (out[i] >= 100) {
                abort();
            }
        }
    }
    if (tarn__plain_measure_bytes(rest, count, &bytes, NULL) == TARN_OK) {
        uint32_t offsets[VALUES + 1] = {0};
        uint8_t *copy = malloc(bytes + 1);
        if (tarn__plain_decode_bytes(&rest, count, offsets, copy, NULL) != TARN_OK || offsets[count] != bytes) {
            abort();
        }
        free(copy);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_codec_context *context;
    options.memory_limit = 64 << 20;
    if (size < OPTIONS || tarn_env_open(&options, &env, NULL) != TARN_OK) {
        return 0;
    }
    if (tarn__codec_context_open(env, &context, NULL) == TARN_OK) {
        struct tarn_page_walk walk = {.env = env,
                                      .codec_context = context,
                                      .rest = {data + OPTIONS, size - OPTIONS},
                                      .values_left = data[1],
                                      .codec = data[0] & 7,
                                      .max_definition = data[2] & 7,
                                      .max_repetition = data[3] & 3,
                                      .no_crc = (data[3] & 4) != 0};
        struct tarn_buffer *recycle = NULL;
        struct tarn_page page;
        bool end = false;
        while (tarn__page_next(&walk, &page, &end, NULL) == TARN_OK && !end) {
            if (tarn__page_open(&walk, &page, &recycle, NULL) == TARN_OK) {
                decode_levels(page.repetition, walk.max_repetition, page.header.value_count);
                decode_levels(page.definition, walk.max_definition, page.header.value_count);
                decode_values(&page);
                tarn__buffer_release(recycle);
                recycle = tarn__buffer_retain(page.body);
            }
            tarn__page_release(&page);
        }
        tarn__buffer_release(recycle);
        tarn__codec_context_close(context);
    }
    tarn_env_close(env);
    return 0;
}
