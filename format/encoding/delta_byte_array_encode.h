/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ENCODING_DELTA_BYTE_ARRAY_ENCODE_H
#define TARN_FORMAT_ENCODING_DELTA_BYTE_ARRAY_ENCODE_H

#include "format/base/buffer.h"
#include "format/base/error.h"

/*
 * Writes DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY.
 *
 * Values are as PLAIN stores them, since that is how a page of values holds them: they are encoded, or measured, where they lie. Threads:
 * single. Lengths are put together in memory of the env, at most eight bytes a value, which is given back at the end.
 */
struct tarn__byte_values {
    const uint8_t *plain; /**< the values, one behind the other */
    uint32_t count;
    uint32_t width; /**< of each, as FIXED_LEN_BYTE_ARRAY has them; 0: BYTE_ARRAY, four bytes of length before each */
};

/** Appends to `out`, an unshared buffer, of BYTE_ARRAY only. Errors: NOMEM, LIMIT; `out` is then as it was. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_lengths_encode(struct tarn_buffer *out, const struct tarn__byte_values *values,
                                                             struct tarn_error *err);
/** The same of values less what each shares with the one before, of both kinds. Errors: as above. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_strings_encode(struct tarn_buffer *out, const struct tarn__byte_values *values,
                                                             struct tarn_error *err);

/** The bytes that each would take, exactly, without writing. Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_lengths_size(struct tarn_env *env, const struct tarn__byte_values *values, uint64_t *size,
                                                           struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_strings_size(struct tarn_env *env, const struct tarn__byte_values *values, uint64_t *size,
                                                           struct tarn_error *err);

#endif
