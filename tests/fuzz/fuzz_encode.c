/* SPDX-License-Identifier: Apache-2.0
 * Any values through any encoder and back: what is decoded is what was encoded, and every measured size is the size written.
 * The first bytes choose: encoding, width, how often the values are repeated, level of instructions. The rest is the values.
 */
#include <stdlib.h>

#include "format/base/cpu.h"
#include "format/encoding/alp.h"
#include "format/encoding/alp_encode.h"
#include "format/encoding/byte_stream_split.h"
#include "format/encoding/byte_stream_split_encode.h"
#include "format/encoding/delta_binary_packed.h"
#include "format/encoding/delta_binary_packed_encode.h"
#include "format/encoding/delta_byte_array.h"
#include "format/encoding/delta_byte_array_encode.h"
#include "format/encoding/rle_values.h"
#include "format/encoding/rle_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 4, MOST = 1 << 16 };

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* What goes in, and where it comes out. */
struct page {
    struct tarn_env *env;
    const struct tarn__kernels *kernels;
    struct tarn_span bytes;
    struct tarn_buffer *out;
    uint8_t *back; /* as many bytes */
};

static bool same(const struct page *page, size_t size)
{
    return size == 0 || memcmp(page->back, page->bytes.data, size) == 0;
}

static void delta32(struct page *page, unsigned width)
{
    const uint32_t n = (uint32_t)(page->bytes.size / 4);
    struct tarn__delta_reader reader;
    uint32_t *back = (uint32_t *)(void *)page->back;
    (void)width;
    demand(tarn__delta_encode32(page->out, page->bytes.data, n, NULL) == TARN_OK);
    demand(page->out->size == tarn__delta_size32(page->kernels, page->bytes.data, n));
    demand(tarn__delta_reader_init(&reader, page->kernels, tarn__buffer_span(page->out), n, NULL) == TARN_OK);
    demand(tarn__delta_reader_take32(&reader, n, back, NULL) == TARN_OK);
    for (uint32_t i = 0; i < n; i++) {
        demand(back[i] == tarn__load32(page->bytes.data + (size_t)i * 4));
    }
}

static void delta64(struct page *page, unsigned width)
{
    const uint32_t n = (uint32_t)(page->bytes.size / 8);
    struct tarn__delta_reader reader;
    uint64_t *back = (uint64_t *)(void *)page->back;
    (void)width;
    demand(tarn__delta_encode64(page->out, page->bytes.data, n, NULL) == TARN_OK);
    demand(page->out->size == tarn__delta_size64(page->kernels, page->bytes.data, n));
    demand(tarn__delta_reader_init(&reader, page->kernels, tarn__buffer_span(page->out), n, NULL) == TARN_OK);
    demand(tarn__delta_reader_take64(&reader, n, back, NULL) == TARN_OK);
    for (uint32_t i = 0; i < n; i++) {
        demand(back[i] == tarn__load64(page->bytes.data + (size_t)i * 8));
    }
}

static void split(struct page *page, unsigned width)
{
    const uint32_t n = (uint32_t)(page->bytes.size / width);
    struct tarn__split_reader reader;
    demand(tarn__split_encode(page->out, page->bytes.data, width, n, NULL) == TARN_OK);
    demand(tarn__split_reader_init(&reader, page->kernels, tarn__buffer_span(page->out), width, n, NULL) == TARN_OK);
    demand(tarn__split_reader_take(&reader, n, page->back, NULL) == TARN_OK);
    demand(same(page, (size_t)n * width));
}

/* `width`: odd for FLOAT. */
static void alp(struct page *page, unsigned width)
{
    const unsigned bytes = width % 2 == 0 ? 8 : 4;
    const uint32_t n = (uint32_t)(page->bytes.size / bytes);
    struct tarn__alp_choice choice;
    struct tarn__alp_reader reader;
    tarn__alp_choose(page->kernels, page->bytes.data, bytes, n, &choice);
    demand(tarn__alp_encode(page->out, page->bytes.data, bytes, n, &choice, NULL) == TARN_OK);
    demand(tarn__alp_reader_init(&reader, page->kernels, tarn__buffer_span(page->out), bytes, n, NULL) == TARN_OK);
    demand(tarn__alp_reader_take(&reader, n, page->back, NULL) == TARN_OK);
    for (uint32_t i = 0; i < n; i++) {
        const size_t at = (size_t)i * bytes;
        if (bytes == 4) {
            uint32_t bits;
            memcpy(&bits, page->back + at, sizeof(bits));
            demand(bits == tarn__load32(page->bytes.data + at));
        } else {
            uint64_t bits;
            memcpy(&bits, page->back + at, sizeof(bits));
            demand(bits == tarn__load64(page->bytes.data + at));
        }
    }
}

/* Cuts the input into byte arrays: each byte is a length up to `width`, of what stands behind it. In PLAIN form; free() them. */
static uint8_t *cut(const struct page *page, unsigned width, uint32_t *count, size_t *size)
{
    uint8_t *plain = malloc(page->bytes.size * 5 + 1);
    *count = 0;
    *size = 0;
    for (size_t at = 0; plain != NULL && at < page->bytes.size; (*count)++) {
        const size_t left = page->bytes.size - at - 1;
        const size_t wanted = page->bytes.data[at] % (width + 1);
        const size_t length = wanted < left ? wanted : left;
        tarn__store32(plain + *size, (uint32_t)length);
        memcpy(plain + *size + 4, page->bytes.data + at + 1, length);
        *size += 4 + length;
        at += 1 + length;
    }
    return plain;
}

static void lengths(struct page *page, unsigned width)
{
    uint32_t n;
    size_t size;
    uint64_t measured;
    uint8_t *plain = cut(page, width, &n, &size);
    const struct tarn__byte_values values = {plain, n, 0};
    struct tarn__delta_lengths reader;
    if (plain == NULL) {
        return;
    }
    demand(tarn__delta_lengths_encode(page->out, &values, NULL) == TARN_OK);
    demand(tarn__delta_lengths_size(page->env, &values, &measured, NULL) == TARN_OK && measured == page->out->size);
    demand(tarn__delta_lengths_init(&reader, page->kernels, tarn__buffer_span(page->out), n, NULL) == TARN_OK);
    const uint8_t *at = plain;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t length;
        struct tarn_span bytes;
        demand(tarn__delta_lengths_take(&reader, 1, &length, &bytes, NULL) == TARN_OK);
        demand(length == tarn__load32(at) && (length == 0 || memcmp(bytes.data, at + 4, length) == 0));
        at += 4 + length;
    }
    demand(reader.bytes.size == 0);
    free(plain);
}

/* Decodes what `plain` (with its lengths in front, or of `width`) was encoded to. */
static void check_strings(struct page *page, const uint8_t *plain, uint32_t n, unsigned width)
{
    const struct tarn__byte_values values = {plain, n, width};
    struct tarn__delta_strings reader;
    struct tarn__delta_string_piece piece;
    uint64_t measured;
    demand(tarn__delta_strings_encode(page->out, &values, NULL) == TARN_OK);
    demand(tarn__delta_strings_size(page->env, &values, &measured, NULL) == TARN_OK && measured == page->out->size);
    demand(tarn__delta_strings_init(&reader, page->env, tarn__buffer_span(page->out), n, NULL) == TARN_OK);
    for (uint32_t at = 0; at < n;) {
        const uint32_t part = n - at < TARN_DELTA_STRINGS_AT_ONCE ? n - at : (uint32_t)TARN_DELTA_STRINGS_AT_ONCE;
        demand(tarn__delta_strings_measure(&reader, part, &piece, NULL) == TARN_OK);
        uint8_t *back = malloc((size_t)piece.size + 1);
        const uint8_t *from = back;
        if (back == NULL || tarn__delta_strings_build(&reader, &piece, false, back, NULL) != TARN_OK) {
            free(back);
            break;
        }
        for (uint32_t i = 0; i < part; i++) {
            const uint32_t length = piece.prefix[i] + piece.suffix[i];
            demand(length == (width != 0 ? width : tarn__load32(plain)));
            plain += width != 0 ? 0 : 4;
            demand(length == 0 || memcmp(from, plain, length) == 0);
            plain += length;
            from += length;
        }
        free(back);
        at += part;
    }
    tarn__delta_strings_release(&reader);
}

static void strings(struct page *page, unsigned width)
{
    uint32_t n;
    size_t size;
    uint8_t *plain = cut(page, width, &n, &size);
    if (plain != NULL) {
        check_strings(page, plain, n, 0);
    }
    free(plain);
}

static void fixed_strings(struct page *page, unsigned width)
{
    check_strings(page, page->bytes.data, (uint32_t)(page->bytes.size / width), width);
}

static void booleans(struct page *page, unsigned width)
{
    const size_t bits = page->bytes.size * 8;
    const uint32_t n = (uint32_t)(bits - (width < bits ? width : bits));
    struct tarn__rle_values values;
    demand(tarn__rle_write_booleans(page->out, n, page->bytes.data));
    demand(tarn__load32(page->out->data) == page->out->size - 4);
    const struct tarn_span hybrid = {page->out->data + 4, page->out->size - 4};
    if (n == 0) {
        return;
    }
    demand(tarn__rle_values_init(&values, hybrid, 1, n, NULL) == TARN_OK);
    memset(page->back, 0, page->bytes.size);
    demand(tarn__rle_values_next_bits(&values, n, page->back, 0, NULL) == TARN_OK);
    for (uint32_t i = 0; i < n; i++) {
        demand(tarn__bit_get(page->back, i) == tarn__bit_get(page->bytes.data, i));
    }
}

/* Codes of up to 32 bits. */
static void hybrid(struct page *page, unsigned width)
{
    const unsigned bits = width % 33;
    const uint32_t n = (uint32_t)(page->bytes.size / 4);
    uint32_t *values = malloc((size_t)n * 4 + 1);
    uint32_t *back = (uint32_t *)(void *)page->back;
    struct tarn__rle_values reader;
    for (uint32_t i = 0; values != NULL && i < n; i++) {
        values[i] = bits == 0 ? 0 : tarn__load32(page->bytes.data + (size_t)i * 4) >> (32 - bits);
    }
    if (values != NULL && n != 0) {
        demand(tarn__rle_write(page->out, bits, n, values));
        demand(page->out->size <= tarn__rle_bound(bits, n));
        demand(tarn__rle_values_init(&reader, tarn__buffer_span(page->out), bits, n, NULL) == TARN_OK);
        demand(tarn__rle_values_next(&reader, n, back, NULL) == TARN_OK);
        demand(memcmp(back, values, (size_t)n * 4) == 0);
    }
    free(values);
}

static void (*const encodings[])(struct page *page, unsigned width) = {delta32, delta64,       split,    alp,   lengths,
                                                                       strings, fixed_strings, booleans, hybrid};

static void encode(struct tarn_env *env, const uint8_t *head, struct tarn_span bytes)
{
    struct page page = {.env = env, .kernels = tarn__kernels_of(env), .bytes = bytes, .out = tarn__buffer_new(env, 0)};
    page.back = malloc(bytes.size + 1);
    if (page.out != NULL && page.back != NULL) {
        encodings[head[0] % (sizeof(encodings) / sizeof(encodings[0]))](&page, head[1] % 64 + 1u);
    }
    free(page.back);
    tarn__buffer_release(page.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum tarn_cpu levels[] = {TARN_CPU_BASE, TARN_CPU_V3, TARN_CPU_V4};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    if (size < HEAD) {
        return 0;
    }
    const size_t once = size - HEAD;
    const size_t times = once * (data[2] + 1u) <= MOST ? data[2] + 1u : 1;
    options.cpu = levels[data[3] % 3] <= tarn__cpu_detect() ? levels[data[3] % 3] : TARN_CPU_BASE;
    uint8_t *bytes = malloc(once * times + (once == 0));
    if (bytes == NULL || tarn_env_open(&options, &env, NULL) != TARN_OK) {
        free(bytes);
        return 0;
    }
    for (size_t i = 0; i < times; i++) {
        memcpy(bytes + i * once, data + HEAD, once);
    }
    encode(env, data, (struct tarn_span){bytes, once * times});
    free(bytes);
    tarn_env_close(env);
    return 0;
}
