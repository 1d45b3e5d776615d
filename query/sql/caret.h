/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_SQL_CARET_H
#define TARN_QUERY_SQL_CARET_H

#include "format/base/error.h"

/*
 * Errors that point into SQL text: the message, then the line with a caret below the place.
 *
 *     column "fo" is not in the table; did you mean "foo"?
 *     LINE 2: WHERE fo = 1
 *                   ^
 */

/** Place that an expression has when it came from no text. */
#define TARN_NO_PLACE UINT32_MAX

/**
 * Adds the line and the caret to the message of `err`, and the offset. A long line is cut around the place, tabs and control characters
 * count as one column, an East Asian wide character as two. The message is cut, never the caret. Nothing is done for TARN_NO_PLACE.
 */
void tarn__sql_error_at(struct tarn_error *err, struct tarn_text sql, uint32_t place);

#endif
