/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BATCH_GATHER_H
#define TARN_FORMAT_BATCH_GATHER_H

#include "format/batch/vector.h"

/*
 * Rows of vectors picked and joined, in the shape that they have: a dictionary stays one (the same), a constant stays one.
 * Each gives a new reference. Errors: NOMEM, LIMIT (more than 2^32 elements). Threads: any.
 */

/** A position that gives null. */
#define TARN_GATHER_NULL UINT32_MAX

/** Row positions[i] of `vector` at i, in any order and repeated; TARN_GATHER_NULL gives null. */
TARN_WARN_UNUSED enum tarn_status tarn__vector_gather(const struct tarn_vector *vector, const uint32_t *positions, uint32_t count,
                                                      struct tarn_vector **out, struct tarn_error *err);

/** The same for positions that ascend, none twice and none null: faster where nearly all rows between the first and the last are there. */
TARN_WARN_UNUSED enum tarn_status tarn__vector_gather_ascending(const struct tarn_vector *vector, const uint32_t *positions, uint32_t count,
                                                                struct tarn_vector **out, struct tarn_error *err);

/** The selected rows (NULL: all), dense. Selecting all costs a reference. */
TARN_WARN_UNUSED enum tarn_status tarn__vector_select(struct tarn_vector *vector, const struct tarn_selection *selection,
                                                      struct tarn_vector **out, struct tarn_error *err);

/** The selected rows of all columns as a batch of its own that selects all; a reference when all are selected already. */
TARN_WARN_UNUSED enum tarn_status tarn__batch_compact(struct tarn_env *env, struct tarn_batch *batch, struct tarn_batch **out,
                                                      struct tarn_error *err);

#endif
