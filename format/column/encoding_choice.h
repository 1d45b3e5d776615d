/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_ENCODING_CHOICE_H
#define TARN_FORMAT_COLUMN_ENCODING_CHOICE_H

#include "format/column/leaf_form.h"
#include "format/thrift/parquet_thrift.h"

/* Sets of encodings by their numbers in Parquet; RLE_DICTIONARY stands for dictionaries. */
#define TARN_ENCODING_BIT(encoding) (1u << (unsigned)(encoding))

/** The encodings that values of the form may have (Encodings.md). */
uint32_t tarn__encodings_of(const struct tarn__leaf_form *form);
/** Those of them that the engines of 2026 all read: BYTE_STREAM_SPLIT of floats only, no ALP. */
uint32_t tarn__encodings_modern(const struct tarn__leaf_form *form);

#endif
