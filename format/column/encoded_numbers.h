/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_ENCODED_NUMBERS_H
#define TARN_FORMAT_COLUMN_ENCODED_NUMBERS_H

#include "format/column/value_convert.h"
#include "format/encoding/alp.h"
#include "format/encoding/byte_stream_split.h"
#include "format/encoding/delta_byte_array.h"

/*
 * Values of fixed width in an encoding that is not PLAIN: DELTA_BINARY_PACKED, BYTE_STREAM_SPLIT, ALP, DELTA_BYTE_ARRAY of
 * FIXED_LEN_BYTE_ARRAY. They are decoded straight into slots of a vector where these are as stored, else piece by piece and converted.
 *
 * Ownership: borrows the page; copies have to be retained and released as those of tarn__delta_strings. Threads: single.
 */
struct tarn__encoded_numbers {
    int32_t encoding;
    uint32_t stored; /**< bytes of a value */
    struct tarn_env *env;
    union {
        struct tarn__delta_reader delta;
        struct tarn__split_reader split;
        struct tarn__alp_reader alp;
        struct tarn__delta_strings strings;
    } u;
};

/** Whether `encoding` is one for values of this physical type that this decodes. */
bool tarn__encoded_numbers_has(int32_t encoding, int32_t physical_type);

/** `stored`: bytes of a value. Errors: CORRUPT, UNSUPPORTED. */
TARN_WARN_UNUSED enum tarn_status tarn__encoded_numbers_init(struct tarn__encoded_numbers *numbers, struct tarn_env *env, int32_t encoding,
                                                             uint32_t stored, struct tarn_span bytes, uint32_t most,
                                                             struct tarn_error *err);
void tarn__encoded_numbers_retain(const struct tarn__encoded_numbers *numbers);
void tarn__encoded_numbers_release(struct tarn__encoded_numbers *numbers);

/**
 * The next `n` values, converted. *good: how many before the first that does not fit its logical type, `n` when all do; that is no error
 * of this function. Errors: CORRUPT, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__encoded_numbers_take(struct tarn__encoded_numbers *numbers, const struct tarn__converter *converter,
                                                             uint32_t n, uint8_t *out, uint32_t *good, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__encoded_numbers_skip(struct tarn__encoded_numbers *numbers, uint32_t n, struct tarn_error *err);

#endif
