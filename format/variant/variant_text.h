/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_VARIANT_VARIANT_TEXT_H
#define TARN_FORMAT_VARIANT_VARIANT_TEXT_H

#include "format/batch/row_text.h"

/*
 * A variant as text: what it holds, as plain values of the same types are spelled; a field name is a key. The null of a variant is `null`
 * in JSON and NULL in SQL.
 */

/** Appends the value; false, and nothing appended, when it is no variant. Any bytes may be given. Cost: what is appended. */
bool tarn__variant_text(struct tarn_text_builder *out, struct tarn_span metadata, struct tarn_span value, enum tarn_text_style style);

#endif
