/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_CSV_CSV_CONVERT_H
#define TARN_READER_CSV_CSV_CONVERT_H

#include "format/batch/vector.h"
#include "reader/csv/csv_parse.h"

/*
 * One column of parsed records as a vector: text to typed values, nothing allocated for a single field.
 *
 * Null is: an empty field without quotes; in a column that is not text also an empty quoted one and the spellings of `nulls`. When the
 * caller gave spellings of its own, they are null in columns of text too (without quotes). Threads: any number on the same records.
 */
struct tarn_csv_conversion {
    struct tarn_env *env;
    const struct tarn_csv_syntax *syntax;
    const uint8_t *data;
    const struct tarn_csv_records *records;
    const uint32_t *rows; /**< records to take, each with enough fields */
    uint32_t row_count;
    char point;
    uint32_t null_count; /**< 0: NA, N/A, NULL, \N */
    const struct tarn_text *nulls;
};

/** Can columns of this type be made from text? */
bool tarn__csv_type_is_readable(const struct tarn_type *type);

/** Is a field without quotes (with: `quoted`) a spelling of null in a column that is not text (is: `is_text`)? */
bool tarn__csv_is_null(uint32_t null_count, const struct tarn_text *nulls, struct tarn_text text, bool quoted, bool is_text);

/** The content of a field, without escapes; `scratch` may be written to. Empty with `*failed` when there is no memory. */
struct tarn_buffer;
struct tarn_text tarn__csv_content(const struct tarn_csv_conversion *conversion, struct tarn_csv_field field, struct tarn_buffer **scratch,
                                   bool *failed);

/**
 * Column number `column` as `type`. Without `culprits` the first value that does not fit ends it: *bad is its index in `rows`, *out NULL,
 * and the answer OK. With them every such row gets column + 1 there, unless it has a smaller number already, and null as its value.
 * A null does not fit unless `nullable`. `format` of dates; empty: ISO. Errors: NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__csv_convert(const struct tarn_csv_conversion *conversion, uint32_t column,
                                                    const struct tarn_type *type, bool nullable, struct tarn_text format,
                                                    uint32_t *culprits, uint32_t *bad, struct tarn_vector **out, struct tarn_error *err);

#endif
