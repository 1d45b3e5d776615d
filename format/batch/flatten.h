/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BATCH_FLATTEN_H
#define TARN_FORMAT_BATCH_FLATTEN_H

#include "format/batch/vector.h"

/*
 * Vectors spread out, for whoever cannot work on the shape that they have. It costs, so it is counted.
 */

/**
 * The same rows as FLAT, STRINGS, LIST or STRUCT (a vector of type NULL stays NULLS), children too. A new reference; `vector` itself when
 * it is so already. `flattened` (may be NULL) grows by one for each DICTIONARY or RUNS vector that was spread out. Errors: NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__vector_flatten(struct tarn_vector *vector, uint64_t *flattened, struct tarn_vector **out,
                                                       struct tarn_error *err);

/**
 * The rows of `count` vectors of equal types, one after the other, as one vector of `type`. One dictionary in all of them is kept; what
 * differs is spread out and counted. Errors: NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__vector_concat(struct tarn_env *env, const struct tarn_type *type, uint32_t count,
                                                      struct tarn_vector *const *vectors, uint64_t *flattened, struct tarn_vector **out,
                                                      struct tarn_error *err);

#endif
