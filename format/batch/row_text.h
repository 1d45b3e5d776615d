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
};

/** Appends row `row`, which must be below the length. SQL: nothing for a null at the top. JSON: null. */
void tarn__row_text(struct tarn_text_builder *out, const struct tarn_vector *vector, uint32_t row, enum tarn_text_style style);

/** The row that the vector's row really is: follows CONSTANT, RUNS and DICTIONARY down. False: it is null. */
bool tarn__row_resolve(const struct tarn_vector **vector, uint32_t *row);

#endif
