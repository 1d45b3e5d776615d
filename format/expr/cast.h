/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_EXPR_CAST_H
#define TARN_FORMAT_EXPR_CAST_H

#include "format/batch/vector.h"

/*
 * Lossless casts of vectors: dictionaries, constants and runs keep their shape, only their entries are cast.
 */

/**
 * `vector` as `type`; the cast is one that tarn_expr_cast_is_lossless allows. A DICTIONARY gets a dictionary with an identity of its own:
 * who casts again and again keeps it (tarn__vector_with_dictionary). A new reference. Errors: NOMEM, INVALID (a date that no
 * timestamp of microseconds can hold).
 */
TARN_WARN_UNUSED enum tarn_status tarn__vector_cast(struct tarn_vector *vector, const struct tarn_type *type, struct tarn_vector **out,
                                                    struct tarn_error *err);

/**
 * One value as `type`, by a cast that is lossless; `out` may be `given`. Bytes stay borrowed. False when it has no value of that type (a
 * date too far away) or is of a nested type.
 */
bool tarn__value_cast(const struct tarn_value *given, const struct tarn_type *type, struct tarn_value *out);

#endif
