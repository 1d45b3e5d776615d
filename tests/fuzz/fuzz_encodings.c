/* SPDX-License-Identifier: Apache-2.0
 * The values of a page in any encoding and type: taken in pieces and passed over by what the input says, then compared with the same
 * page taken at once. The first bytes choose: encoding, type, count of values, seed of the pieces.
 */
#include <stdlib.h>

#include "format/batch/vector.h"
#include "format/column/value_decode.h"
#include "format/thrift/parquet_thrift.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 5, MOST = 3000, MEMORY = 16 << 20 };

static const struct {
    int32_t physical;
    struct tarn__converter converter;
    bool utf8;
    struct tarn_type type;
} kinds[] = {
    {PARQUET_INT32, {.conversion = TARN_CONVERT_NUMBERS, .stored = 4, .width = 4}, false, {.id = TARN_TYPE_I32}},
    {PARQUET_INT32, {.conversion = TARN_CONVERT_INT32_TO_I8, .stored = 4, .width = 1}, false, {.id = TARN_TYPE_I8}},
    {PARQUET_INT64, {.conversion = TARN_CONVERT_NUMBERS, .stored = 8, .width = 8}, false, {.id = TARN_TYPE_I64}},
    {PARQUET_FLOAT, {.conversion = TARN_CONVERT_NUMBERS, .stored = 4, .width = 4}, false, {.id = TARN_TYPE_F32}},
    {PARQUET_DOUBLE, {.conversion = TARN_CONVERT_NUMBERS, .stored = 8, .width = 8}, false, {.id = TARN_TYPE_F64}},
    {PARQUET_FIXED_LEN_BYTE_ARRAY, {.conversion = TARN_CONVERT_BYTES, .stored = 16, .width = 16}, false, {.id = TARN_TYPE_UUID}},
    {PARQUET_FIXED_LEN_BYTE_ARRAY, {.conversion = TARN_CONVERT_DECIMAL, .stored = 7, .width = 8}, false, {.id = TARN_TYPE_I64}},
    {PARQUET_BYTE_ARRAY, {.conversion = TARN_CONVERT_VIEWS, .stored = 0, .width = 0}, true, {.id = TARN_TYPE_STRING}},
    {PARQUET_BYTE_ARRAY, {.conversion = TARN_CONVERT_DECIMAL, .stored = 0, .width = 8}, false, {.id = TARN_TYPE_I64}},
    {PARQUET_BOOLEAN, {.conversion = TARN_CONVERT_BITS, .stored = 0, .width = 0}, false, {.id = TARN_TYPE_BOOL}},
};

struct run {
    struct tarn__column_output output;
    enum tarn_status status;
    uint32_t taken;
};

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* Takes everything up to the first error; with `seed`, in pieces, some of which are passed over in a copy that is thrown away. */
static void take_all(struct run *run, struct tarn_env *env, const struct tarn_type *type, const struct tarn__value_decoder *from,
                     uint32_t count, uint32_t seed)
{
    struct tarn__value_decoder decoder = *from;
    tarn__value_decoder_retain(&decoder);
    *run = (struct run){.status = TARN_OK};
    tarn__column_output_init(&run->output, env, type, false);
    tarn__column_output_begin(&run->output);
    while (run->status == TARN_OK && run->taken < count) {
        const uint32_t left = count - run->taken;
        const uint32_t wanted = seed == 0 ? left : next(&seed) % 700 + 1;
        const uint32_t part = wanted < left ? wanted : left;
        if (seed != 0 && next(&seed) % 4 == 0) {
            struct tarn__value_decoder copy = decoder;
            tarn__value_decoder_retain(&copy);
            enum tarn_status ahead = tarn__value_decoder_skip(&copy, part, NULL);
            ahead = ahead == TARN_OK && part < left ? tarn__column_output_reserve(&run->output, 1, NULL) : TARN_CORRUPT;
            if (ahead == TARN_OK) {
                ahead = tarn__value_decoder_take(&copy, 1, &run->output, NULL); /* never committed */
            }
            tarn__value_decoder_release(&copy);
        }
        run->status = tarn__column_output_reserve(&run->output, part, NULL);
        if (run->status == TARN_OK) {
            run->status = tarn__value_decoder_take(&decoder, part, &run->output, NULL);
        }
        if (run->status == TARN_OK) {
            tarn__column_output_commit(&run->output, part, part);
            run->taken += part;
        }
    }
    tarn__value_decoder_release(&decoder);
}

static bool same_values(struct run *one, struct run *two)
{
    struct tarn_vector *a;
    struct tarn_vector *b;
    bool same = true;
    if (tarn__column_output_finish(&one->output, &a, NULL) != TARN_OK) {
        return true;
    }
    if (tarn__column_output_finish(&two->output, &b, NULL) != TARN_OK) {
        tarn_vector_release(a);
        return true;
    }
    const uint32_t width = tarn_type_width(a->type);
    for (uint32_t i = 0; i < a->length && same; i++) {
        if (a->shape == TARN_SHAPE_VIEWS) {
            same = tarn__text_equal(tarn__vector_leaf_text(a, i), tarn__vector_leaf_text(b, i));
        } else if (width == 0) {
            same = tarn__bit_get(a->u.values, i) == tarn__bit_get(b->u.values, i);
        } else {
            same = memcmp((const uint8_t *)a->u.values + (size_t)i * width, (const uint8_t *)b->u.values + (size_t)i * width, width) == 0;
        }
    }
    tarn_vector_release(a);
    tarn_vector_release(b);
    return same;
}

static void decode(struct tarn_env *env, const uint8_t *head, struct tarn_buffer *page)
{
    const size_t kind = head[1] % (sizeof(kinds) / sizeof(kinds[0]));
    const struct tarn__value_rule rule = {kinds[kind].converter, kinds[kind].physical, kinds[kind].utf8};
    const uint32_t count = (head[2] | (uint32_t)head[3] << 8) % MOST + 1;
    const struct tarn_type *type = &kinds[kind].type;
    struct tarn__value_decoder decoder;
    struct run one;
    struct run two;
    if (tarn__value_decoder_init(&decoder, &rule, head[0] % 11, page, tarn__buffer_span(page), count, NULL, NULL) == TARN_OK) {
        take_all(&one, env, type, &decoder, count, 0);
        take_all(&two, env, type, &decoder, count, head[4] + 1u);
        /* What can be read at once can be read in pieces, and holds the same. */
        const bool failed = two.status != TARN_OK && two.status != TARN_LIMIT;
        if (one.status == TARN_OK && (failed || (two.status == TARN_OK && !same_values(&one, &two)))) {
            abort();
        }
        tarn__column_output_free(&one.output);
        tarn__column_output_free(&two.output);
        tarn__value_decoder_release(&decoder);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    if (size < HEAD) {
        return 0;
    }
    options.memory_limit = MEMORY;
    if (tarn_env_open(&options, &env, NULL) != TARN_OK) {
        return 0;
    }
    uint8_t *exact = malloc(size - HEAD + 1);
    memcpy(exact, data + HEAD, size - HEAD);
    struct tarn_buffer *page = tarn__buffer_wrap(env, exact, size - HEAD, free, exact);
    if (page != NULL) {
        decode(env, data, page);
    } else {
        free(exact);
    }
    tarn__buffer_release(page);
    tarn_env_close(env);
    return 0;
}
