/* SPDX-License-Identifier: Apache-2.0
 *
 * Which encodings there are for a type.
 *
 * Specification: parquet-format Encodings.md. SPEC: P-OPTION-3.
 */
#include "format/column/encoding_choice.h"

#define BIT TARN_ENCODING_BIT

uint32_t tarn__encodings_of(const struct tarn__leaf_form *form)
{
    const uint32_t any = BIT(PARQUET_ENCODING_PLAIN) | BIT(PARQUET_ENCODING_RLE_DICTIONARY);

    switch (form->physical) {
    case PARQUET_BOOLEAN:
        return BIT(PARQUET_ENCODING_PLAIN) | BIT(PARQUET_ENCODING_RLE);
    case PARQUET_INT32:
    case PARQUET_INT64:
        return any | BIT(PARQUET_ENCODING_DELTA_BINARY_PACKED) | BIT(PARQUET_ENCODING_BYTE_STREAM_SPLIT);
    case PARQUET_FLOAT:
    case PARQUET_DOUBLE:
        return any | BIT(PARQUET_ENCODING_BYTE_STREAM_SPLIT) | BIT(PARQUET_ENCODING_ALP);
    case PARQUET_BYTE_ARRAY:
        return any | BIT(PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY) | BIT(PARQUET_ENCODING_DELTA_BYTE_ARRAY);
    case PARQUET_FIXED_LEN_BYTE_ARRAY:
        return any | BIT(PARQUET_ENCODING_DELTA_BYTE_ARRAY) | BIT(PARQUET_ENCODING_BYTE_STREAM_SPLIT);
    default:
        return any;
    }
}

uint32_t tarn__encodings_modern(const struct tarn__leaf_form *form)
{
    uint32_t modern = tarn__encodings_of(form) & ~BIT(PARQUET_ENCODING_ALP);

    if (form->physical != PARQUET_FLOAT && form->physical != PARQUET_DOUBLE) {
        modern &= ~BIT(PARQUET_ENCODING_BYTE_STREAM_SPLIT); /* DuckDB and Polars refuse it */
    }
    if (form->physical == PARQUET_FIXED_LEN_BYTE_ARRAY) {
        modern &= ~BIT(PARQUET_ENCODING_DELTA_BYTE_ARRAY);
    }
    return modern;
}
