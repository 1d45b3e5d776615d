/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_CANONICAL_H
#define TARN_TESTS_SUPPORT_CANONICAL_H

#include "format/json/json_print.h"
#include "tarn/cursor.h"

/* Rows as the canonical JSON of the conformance corpus: exact values, keys in the order of the schema. For tests. */

/** One value of any type and shape. */
void tarn_canonical_value(struct tarn_json_printer *printer, const struct tarn_vector *vector, uint32_t row);

/** The rows of a batch, one object a line, appended to `out`. */
void tarn_canonical_batch(const struct tarn_batch *batch, struct tarn_text_builder *out);

/**
 * All rows of a source, one object a line, appended to `out`, in windows of at most `batch_rows`. Fails with the source's error.
 */
enum tarn_status tarn_canonical_rows(struct tarn_source *source, uint32_t batch_rows, struct tarn_text_builder *out,
                                     struct tarn_error *err);
/** The same, but columns of type VARIANT as the bytes of their metadata and value. */
enum tarn_status tarn_canonical_rows_stored(struct tarn_source *source, uint32_t batch_rows, struct tarn_text_builder *out,
                                            struct tarn_error *err);

#endif
