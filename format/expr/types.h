/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_EXPR_TYPES_H
#define TARN_FORMAT_EXPR_TYPES_H

#include "tarn/expr.h"

/* What the parts of format/expr ask of types. */

/** Can values of the two types be compared as they are: one layout, one meaning? */
bool tarn__expr_comparable(const struct tarn_type *a, const struct tarn_type *b);

#endif
