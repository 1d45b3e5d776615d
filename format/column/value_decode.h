/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_VALUE_DECODE_H
#define TARN_FORMAT_COLUMN_VALUE_DECODE_H

#include "format/column/column_output.h"
#include "format/column/encoded_numbers.h"
#include "format/column/encoded_strings.h"
#include "format/column/value_convert.h"
#include "format/encoding/rle_values.h"

/*
 * The values of one page, after its levels: taken a few at a time into a vector under construction, or skipped.
 *
 * All encodings; a number that the specification did not have when this was built is UNSUPPORTED by name.
 * Ownership: a decoder borrows the page and the dictionary; views keep the page's buffer. What it holds of its own (the value before the
 * next, with DELTA_BYTE_ARRAY) is shared by its copies, which are retained and released each. Threads: single.
 */

/** How the values of a column are stored and wanted. */
struct tarn__value_rule {
    struct tarn__converter converter;
    int32_t physical_type; /**< enum parquet_type */
    bool check_utf8;
};

/** The dictionary of a column chunk, converted once. */
struct tarn__column_dictionary {
    uint32_t count;
    struct tarn_buffer *values;         /**< fixed-width entries */
    struct tarn_dictionary *dictionary; /**< of kind BYTES */
    struct tarn_buffer *bytes;          /**< that its strings lie in */
};

/** Decodes a dictionary page of `count` PLAIN values. Errors: CORRUPT, LIMIT, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__column_dictionary_make(struct tarn_env *env, const struct tarn_type *type,
                                                               const struct tarn__value_rule *rule, struct tarn_span page, uint32_t count,
                                                               struct tarn__column_dictionary *out, struct tarn_error *err);
void tarn__column_dictionary_free(struct tarn__column_dictionary *dictionary);

enum tarn__value_form {
    TARN_VALUES_NONE = 0,
    TARN_VALUES_FIXED,
    TARN_VALUES_BITS,
    TARN_VALUES_BYTES,
    TARN_VALUES_CODES,
    TARN_VALUES_RLE_BITS,
    TARN_VALUES_NUMBERS, /**< of fixed width, in an encoding of their own */
    TARN_VALUES_STRINGS, /**< delta-encoded BYTE_ARRAY */
};

struct tarn__value_decoder {
    const struct tarn__value_rule *rule;
    const struct tarn__column_dictionary *dictionary;
    const struct tarn__decode_kernels *kernels;
    enum tarn__value_form form;
    struct tarn_span rest; /**< PLAIN: not yet taken */
    uint64_t position;     /**< BITS: the next one */
    union {
        struct tarn__rle_values runs;
        struct tarn__encoded_numbers numbers;
        struct tarn__encoded_strings strings;
    } u;
    struct tarn_buffer *page; /**< what `rest` lies in */
    uint32_t bad;             /**< after an error by a value's content: which of those asked for */
};

/**
 * `bytes` lie in `page` and hold at most `most` values of the encoding. `dictionary` NULL: the chunk has none so far.
 * Errors: CORRUPT, UNSUPPORTED.
 */
TARN_WARN_UNUSED enum tarn_status tarn__value_decoder_init(struct tarn__value_decoder *decoder, const struct tarn__value_rule *rule,
                                                           int32_t encoding, struct tarn_buffer *page, struct tarn_span bytes,
                                                           uint32_t most, const struct tarn__column_dictionary *dictionary,
                                                           struct tarn_error *err);

/** For a copy of a decoder, and for the end of each; of a zeroed or failed decoder nothing is released. */
void tarn__value_decoder_retain(const struct tarn__value_decoder *decoder);
void tarn__value_decoder_release(struct tarn__value_decoder *decoder);

/**
 * Puts the next `count` values dense behind the last slot of `output`, which has room; the caller commits them. The output's form may
 * change by it. Errors: CORRUPT, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__value_decoder_take(struct tarn__value_decoder *decoder, uint32_t count,
                                                           struct tarn__column_output *output, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__value_decoder_skip(struct tarn__value_decoder *decoder, uint32_t count, struct tarn_error *err);

#endif
