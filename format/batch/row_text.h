/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BATCH_ROW_TEXT_H
#define TARN_FORMAT_BATCH_ROW_TEXT_H

#include "format/base/text.h"
#include "tarn/batch.h"

/*
 * One row of a vector as text, whatever its type and shape: the one place that knows how a value is spelled. Used by the CSV and JSON
 * writers, CAST to VARCHAR, the tables of the command line, messages.
 *
 * Threads: none of its own. Errors: the builder's sticky out-of-memory flag; a value out of its type's range is spelled as it is.
 */
enum tarn_text_style {
    TARN_STYLE_SQL = 0,  /**< as DuckDB casts to VARCHAR: 2024-02-29 12:00:00, [1, 2], {'a': 1}, \xAB; null is NULL inside nested values */
    TARN_STYLE_JSON = 1, /**< canonical JSON (docs/canonical-json.md): exact, also for 64-bit integers, decimals, NaN */
    TARN_STYLE_JSON_STORED = 2, /**< the same, but a VARIANT as the bytes it is stored in: {"metadata":"0x..","value":"0x.."} */
};

/** Appends row `row`, which must be below the length. SQL: nothing for a null at the top. JSON: null. */
void tarn__row_text(struct tarn_text_builder *out, const struct tarn_vector *vector, uint32_t row, enum tarn_text_style style);

/** 16 bytes as 8-4-4-4-12 digits. */
void tarn__text_put_uuid(struct tarn_text_builder *out, struct tarn_text bytes, bool quote);
/** JSON: "0x..". SQL: printable ASCII as it is, every other byte as \xAB. */
void tarn__text_put_binary(struct tarn_text_builder *out, struct tarn_text bytes, enum tarn_text_style style);

/** The row that the vector's row really is: follows CONSTANT, RUNS and DICTIONARY down. False: it is null. */
bool tarn__row_resolve(const struct tarn_vector **vector, uint32_t *row);

#endif
