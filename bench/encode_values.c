/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarn-bench-encodings [REPEAT [CPU]]: how fast each encoder of the Parquet writer is, on one core, and what it makes of its values.
 *
 * A page of one MiB of values is encoded again and again; the fastest of REPEAT (20) runs is told, in GB of values a second, as one JSON
 * object a line. CPU: 1 (base), 2 (v3), 3 (v4), 0 what there is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format/encoding/alp_encode.h"
#include "format/encoding/byte_stream_split_encode.h"
#include "format/encoding/delta_binary_packed_encode.h"
#include "format/encoding/delta_byte_array_encode.h"
#include "format/encoding/rle_writer.h"
#include "tarn/env.h"

enum { PAGE = 1 << 20, TEXT_ROOM = 40 };

struct input {
    uint8_t *bytes;
    uint32_t count;
    unsigned width;
};

typedef enum tarn_status (*encode_fn)(struct tarn_buffer *out, const struct input *input);

static uint64_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 24;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* ---- values ---- */

static void put(struct input *input, uint64_t bits)
{
    if (input->width == 4) {
        const uint32_t narrow = (uint32_t)bits;
        memcpy(input->bytes + (size_t)input->count * 4, &narrow, 4);
    } else {
        memcpy(input->bytes + (size_t)input->count * 8, &bits, 8);
    }
    input->count++;
}

/* Ascending by up to 2^bits. */
static void fill_steps(struct input *input, unsigned bits)
{
    uint64_t seed = 1;
    uint64_t value = 1000;
    while ((size_t)input->count * input->width < PAGE) {
        value += next(&seed) & ((UINT64_C(1) << bits) - 1);
        put(input, value);
    }
}

/* Of `bits` bits, in no order; in runs of about `run`. */
static void fill_codes(struct input *input, unsigned bits, uint64_t run)
{
    uint64_t seed = 1;
    while ((size_t)input->count * 4 < PAGE) {
        const uint64_t value = next(&seed) & ((UINT64_C(1) << bits) - 1);
        for (uint64_t left = run < 2 ? 1 : next(&seed) % (2 * run); left != 0 && (size_t)input->count * 4 < PAGE; left--) {
            put(input, value);
        }
    }
}

static void fill_prices(struct input *input)
{
    uint64_t seed = 1;
    while ((size_t)input->count * input->width < PAGE) {
        const double value = (double)(next(&seed) % 1000000) / 100;
        const float narrow = (float)value;
        uint64_t bits = 0;
        if (input->width == 4) {
            memcpy(&bits, &narrow, 4);
        } else {
            memcpy(&bits, &value, 8);
        }
        put(input, bits);
    }
}

static void fill_texts(struct input *input)
{
    uint64_t seed = 1;
    size_t at = 0;
    for (unsigned i = 0; at < PAGE - TEXT_ROOM; i++) {
        char text[TEXT_ROOM];
        const int size = snprintf(text, sizeof(text), "customer-%09u-%x", i * 3, (unsigned)(next(&seed) & 0xffff));
        const uint32_t length = (uint32_t)size;
        memcpy(input->bytes + at, &length, 4);
        memcpy(input->bytes + at + 4, text, length);
        at += 4 + length;
        input->count++;
    }
}

/* ---- encoders ---- */

static enum tarn_status copy(struct tarn_buffer *out, const struct input *input)
{
    return tarn__buffer_append(out, input->bytes, PAGE) ? TARN_OK : TARN_NOMEM;
}

static enum tarn_status delta32(struct tarn_buffer *out, const struct input *input)
{
    return tarn__delta_encode32(out, input->bytes, input->count, NULL);
}

static enum tarn_status delta64(struct tarn_buffer *out, const struct input *input)
{
    return tarn__delta_encode64(out, input->bytes, input->count, NULL);
}

static enum tarn_status measure64(struct tarn_buffer *out, const struct input *input)
{
    out->size = (size_t)tarn__delta_size64(tarn__kernels_of(tarn__buffer_env(out)), input->bytes, input->count);
    return TARN_OK;
}

static enum tarn_status split(struct tarn_buffer *out, const struct input *input)
{
    return tarn__split_encode(out, input->bytes, input->width, PAGE / input->width, NULL);
}

static enum tarn_status alp(struct tarn_buffer *out, const struct input *input)
{
    struct tarn__alp_choice choice;
    tarn__alp_choose(tarn__kernels_of(tarn__buffer_env(out)), input->bytes, input->width, input->count, &choice);
    return tarn__alp_encode(out, input->bytes, input->width, input->count, &choice, NULL);
}

static enum tarn_status lengths(struct tarn_buffer *out, const struct input *input)
{
    return tarn__delta_lengths_encode(out, &(struct tarn__byte_values){input->bytes, input->count, 0}, NULL);
}

static enum tarn_status strings(struct tarn_buffer *out, const struct input *input)
{
    return tarn__delta_strings_encode(out, &(struct tarn__byte_values){input->bytes, input->count, 0}, NULL);
}

static unsigned bits_of_codes;

static enum tarn_status hybrid(struct tarn_buffer *out, const struct input *input)
{
    return tarn__rle_write(out, bits_of_codes, input->count, (const uint32_t *)(const void *)input->bytes) ? TARN_OK : TARN_NOMEM;
}

static void measure(struct tarn_env *env, const char *name, encode_fn encode, struct input *input, int repeat)
{
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    double best = 1e9;
    for (int i = 0; i <= repeat && out != NULL; i++) {
        out->size = 0;
        const double begin = now();
        if (encode(out, input) != TARN_OK) {
            fprintf(stderr, "%s: failed\n", name);
            exit(EXIT_FAILURE);
        }
        const double spent = now() - begin;
        best = i != 0 && spent < best ? spent : best;
    }
    printf("{\"encoder\": \"%s\", \"gb_per_s\": %.2f, \"values\": %u, \"bytes\": %zu}\n", name, PAGE / best / 1e9, input->count,
           out != NULL ? out->size : 0);
    tarn__buffer_release(out);
    input->count = 0;
}

int main(int argc, char **argv)
{
    static const unsigned steps[] = {0, 4, 11, 20, 33, 40};
    static const unsigned codes[][2] = {{1, 1}, {1, 40}, {4, 1}, {8, 4}, {12, 1}, {16, 100}};
    const int repeat = argc > 1 ? atoi(argv[1]) : 20;
    struct tarn_env *env;
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct input input = {.bytes = malloc(PAGE + TEXT_ROOM)};
    char name[80];
    if (argc > 2) {
        options.cpu = (enum tarn_cpu)atoi(argv[2]);
    }
    if (input.bytes == NULL || tarn_env_open(&options, &env, NULL) != TARN_OK) {
        return EXIT_FAILURE;
    }
    memset(input.bytes, 7, PAGE);
    measure(env, "copy", copy, &input, repeat);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        for (input.width = 4; input.width <= 8; input.width += 4) {
            if (input.width * 8 > steps[i]) {
                snprintf(name, sizeof(name), "delta_binary_packed of %u bytes, steps of %u bits", input.width, steps[i]);
                fill_steps(&input, steps[i]);
                measure(env, name, input.width == 4 ? delta32 : delta64, &input, repeat);
            }
        }
    }
    input.width = 8;
    fill_steps(&input, 11);
    measure(env, "delta_binary_packed of 8 bytes, measured only", measure64, &input, repeat);
    for (input.width = 2; input.width <= 16; input.width *= 2) {
        snprintf(name, sizeof(name), "byte_stream_split of %u bytes", input.width);
        measure(env, name, split, &input, repeat);
    }
    for (input.width = 4; input.width <= 8; input.width += 4) {
        snprintf(name, sizeof(name), "alp of %u bytes, prices", input.width);
        fill_prices(&input);
        measure(env, name, alp, &input, repeat);
    }
    fill_texts(&input);
    measure(env, "delta_length_byte_array", lengths, &input, repeat);
    fill_texts(&input);
    measure(env, "delta_byte_array", strings, &input, repeat);
    input.width = 4;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        bits_of_codes = codes[i][0];
        snprintf(name, sizeof(name), "rle of %u bits, runs of %u", codes[i][0], codes[i][1]);
        fill_codes(&input, codes[i][0], codes[i][1]);
        measure(env, name, hybrid, &input, repeat);
    }
    free(input.bytes);
    tarn_env_close(env);
    return EXIT_SUCCESS;
}
