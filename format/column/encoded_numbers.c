/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of fixed width out of the encodings that are made for them.
 *
 * Specification: parquet-format Encodings.md, AlpEncoding.md. SPEC: P-VAL-13, P-VAL-14.
 *
 * Invariants
 *  1. What is staged for conversion is as PLAIN would store it: little-endian.
 *  2. FIXED_LEN_BYTE_ARRAY values of DELTA_BYTE_ARRAY all have the length that the schema states.
 */
#include "format/column/encoded_numbers.h"

#include "format/thrift/parquet_thrift.h"

enum { STAGE = 8192 };

bool tarn__encoded_numbers_has(int32_t encoding, int32_t physical_type)
{
    switch (encoding) {
    case PARQUET_ENCODING_DELTA_BINARY_PACKED:
        return physical_type == PARQUET_INT32 || physical_type == PARQUET_INT64;
    case PARQUET_ENCODING_BYTE_STREAM_SPLIT:
        return physical_type == PARQUET_INT32 || physical_type == PARQUET_INT64 || physical_type == PARQUET_FLOAT ||
               physical_type == PARQUET_DOUBLE || physical_type == PARQUET_FIXED_LEN_BYTE_ARRAY;
    case PARQUET_ENCODING_ALP:
        return physical_type == PARQUET_FLOAT || physical_type == PARQUET_DOUBLE;
    case PARQUET_ENCODING_DELTA_BYTE_ARRAY:
        return physical_type == PARQUET_FIXED_LEN_BYTE_ARRAY;
    default:
        return false;
    }
}

enum tarn_status tarn__encoded_numbers_init(struct tarn__encoded_numbers *numbers, struct tarn_env *env, int32_t encoding, uint32_t stored,
                                            struct tarn_span bytes, uint32_t most, struct tarn_error *err)
{
    const struct tarn__kernels *kernels = tarn__kernels_of(env);
    *numbers = (struct tarn__encoded_numbers){.encoding = encoding, .stored = stored, .env = env};
    switch (encoding) {
    case PARQUET_ENCODING_DELTA_BINARY_PACKED:
        return tarn__delta_reader_init(&numbers->u.delta, kernels, bytes, most, err);
    case PARQUET_ENCODING_BYTE_STREAM_SPLIT:
        return tarn__split_reader_init(&numbers->u.split, kernels, bytes, stored, most, err);
    case PARQUET_ENCODING_ALP:
        return tarn__alp_reader_init(&numbers->u.alp, kernels, bytes, stored, most, err);
    default:
        return tarn__delta_strings_init(&numbers->u.strings, env, bytes, most, err);
    }
}

void tarn__encoded_numbers_retain(const struct tarn__encoded_numbers *numbers)
{
    if (numbers->encoding == PARQUET_ENCODING_DELTA_BYTE_ARRAY) {
        tarn__delta_strings_retain(&numbers->u.strings);
    }
}

void tarn__encoded_numbers_release(struct tarn__encoded_numbers *numbers)
{
    if (numbers->encoding == PARQUET_ENCODING_DELTA_BYTE_ARRAY) {
        tarn__delta_strings_release(&numbers->u.strings);
    }
}

/* Values of DELTA_BYTE_ARRAY, each of which has to be `stored` bytes. */
static enum tarn_status take_strings(struct tarn__encoded_numbers *numbers, uint32_t n, uint8_t *out, struct tarn_error *err)
{
    struct tarn__delta_string_piece piece;
    while (n != 0) {
        const uint32_t part = n < TARN_DELTA_STRINGS_AT_ONCE ? n : (uint32_t)TARN_DELTA_STRINGS_AT_ONCE;
        TARN_RETURN_IF_ERROR(tarn__delta_strings_measure(&numbers->u.strings, part, &piece, err));
        for (uint32_t i = 0; i < part; i++) {
            if (piece.prefix[i] + piece.suffix[i] != numbers->stored) {
                return tarn__corrupt(err, "delta", "a value of %u bytes where the type has %u", piece.prefix[i] + piece.suffix[i],
                                     numbers->stored);
            }
        }
        TARN_RETURN_IF_ERROR(tarn__delta_strings_build(&numbers->u.strings, &piece, false, out, err));
        out += (size_t)part * numbers->stored;
        n -= part;
    }
    return TARN_OK;
}

/* Numbers in host order where the encoding is of numbers, else bytes as stored. */
static enum tarn_status take(struct tarn__encoded_numbers *numbers, uint32_t n, uint8_t *out, struct tarn_error *err)
{
    switch (numbers->encoding) {
    case PARQUET_ENCODING_DELTA_BINARY_PACKED:
        return numbers->stored == 4 ? tarn__delta_reader_take32(&numbers->u.delta, n, (uint32_t *)(void *)out, err)
                                    : tarn__delta_reader_take64(&numbers->u.delta, n, (uint64_t *)(void *)out, err);
    case PARQUET_ENCODING_BYTE_STREAM_SPLIT:
        return tarn__split_reader_take(&numbers->u.split, n, out, err);
    case PARQUET_ENCODING_ALP:
        return tarn__alp_reader_take(&numbers->u.alp, n, out, err);
    default:
        return take_strings(numbers, n, out, err);
    }
}

static bool gives_host_order(const struct tarn__encoded_numbers *numbers)
{
    return numbers->encoding == PARQUET_ENCODING_DELTA_BINARY_PACKED || numbers->encoding == PARQUET_ENCODING_ALP;
}

/* Host order to stored order, in place. */
static void store_all(uint32_t stored, uint32_t n, uint8_t *values)
{
    for (uint32_t i = 0; TARN_BIG_ENDIAN && i < n; i++) {
        for (uint32_t k = 0; k < stored / 2; k++) {
            uint8_t *value = values + (size_t)i * stored;
            const uint8_t byte = value[k];
            value[k] = value[stored - 1 - k];
            value[stored - 1 - k] = byte;
        }
    }
}

static enum tarn_status take_converted(struct tarn__encoded_numbers *numbers, const struct tarn__converter *converter, uint32_t n,
                                       uint8_t *stage, size_t stage_size, uint8_t *out, uint32_t *good, struct tarn_error *err)
{
    const uint32_t most = (uint32_t)(stage_size / numbers->stored);
    *good = 0;
    while (*good < n) {
        const uint32_t part = n - *good < most ? n - *good : most;
        TARN_RETURN_IF_ERROR(take(numbers, part, stage, err));
        if (gives_host_order(numbers)) {
            store_all(numbers->stored, part, stage);
        }
        const uint32_t converted = (uint32_t)tarn__convert_values(converter, stage, part, out + (size_t)*good * converter->width);
        *good += converted;
        if (converted != part) {
            break;
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__encoded_numbers_take(struct tarn__encoded_numbers *numbers, const struct tarn__converter *converter, uint32_t n,
                                            uint8_t *out, uint32_t *good, struct tarn_error *err)
{
    _Alignas(16) uint8_t stage[STAGE];
    const bool numeric = converter->conversion == TARN_CONVERT_NUMBERS;
    if (converter->conversion == TARN_CONVERT_BYTES || (numeric && (gives_host_order(numbers) || !TARN_BIG_ENDIAN))) {
        *good = n;
        return take(numbers, n, out, err);
    }
    if (numbers->stored <= STAGE) {
        return take_converted(numbers, converter, n, stage, STAGE, out, good, err);
    }
    *good = 0;
    uint8_t *memory = tarn__alloc(numbers->env, numbers->stored);
    if (memory == NULL) {
        return tarn__nomem(numbers->env, err, numbers->stored);
    }
    const enum tarn_status status = take_converted(numbers, converter, n, memory, numbers->stored, out, good, err);
    tarn__free(numbers->env, memory);
    return status;
}

enum tarn_status tarn__encoded_numbers_skip(struct tarn__encoded_numbers *numbers, uint32_t n, struct tarn_error *err)
{
    switch (numbers->encoding) {
    case PARQUET_ENCODING_DELTA_BINARY_PACKED:
        return tarn__delta_reader_skip(&numbers->u.delta, n, err);
    case PARQUET_ENCODING_BYTE_STREAM_SPLIT:
        return tarn__split_reader_skip(&numbers->u.split, n, err);
    case PARQUET_ENCODING_ALP:
        return tarn__alp_reader_skip(&numbers->u.alp, n, err);
    default:
        return tarn__delta_strings_skip(&numbers->u.strings, n, err);
    }
}
