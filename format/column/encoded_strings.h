/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_ENCODED_STRINGS_H
#define TARN_FORMAT_COLUMN_ENCODED_STRINGS_H

#include "format/column/column_output.h"
#include "format/column/value_convert.h"
#include "format/encoding/delta_byte_array.h"

/*
 * BYTE_ARRAY values in DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY, as views: into the page, or into text that is put together in the
 * vector; and decimals of them.
 *
 * Ownership: borrows the page; copies have to be retained and released as those of tarn__delta_strings. Threads: single.
 */
struct tarn__encoded_strings {
    bool shared; /**< DELTA_BYTE_ARRAY */
    bool check_utf8;
    struct tarn_buffer *page;
    union {
        struct tarn__delta_lengths lengths;
        struct tarn__delta_strings strings;
    } u;
};

/** `encoding` is one of the two; `bytes` lie in `page`. Errors: CORRUPT. */
TARN_WARN_UNUSED enum tarn_status tarn__encoded_strings_init(struct tarn__encoded_strings *strings, int32_t encoding,
                                                             struct tarn_buffer *page, struct tarn_span bytes, uint32_t most,
                                                             bool check_utf8, struct tarn_error *err);
void tarn__encoded_strings_retain(const struct tarn__encoded_strings *strings);
void tarn__encoded_strings_release(struct tarn__encoded_strings *strings);

/**
 * Puts the next `n` values as views behind the last slot of `output`, which has room and holds views. *good: as for
 * tarn__encoded_numbers_take, of values that are not UTF-8; *bad_text is then such a value. Errors: CORRUPT, NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__encoded_strings_take_views(struct tarn__encoded_strings *strings, uint32_t n,
                                                                   struct tarn__column_output *output, uint32_t *good,
                                                                   struct tarn_text *bad_text, struct tarn_error *err);
/** The same as decimals, converted to `out`. */
TARN_WARN_UNUSED enum tarn_status tarn__encoded_strings_take_decimals(struct tarn__encoded_strings *strings,
                                                                      const struct tarn__converter *converter, uint32_t n, uint8_t *out,
                                                                      uint32_t *good, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__encoded_strings_skip(struct tarn__encoded_strings *strings, uint32_t n, struct tarn_error *err);

#endif
