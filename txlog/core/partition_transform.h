/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_PARTITION_TRANSFORM_H
#define TARN_TXLOG_CORE_PARTITION_TRANSFORM_H

#include "format/base/arena.h"
#include "format/batch/vector.h"
#include "txlog/core/snapshot.h"

/*
 * Partition transforms: what a column's value becomes in a partition tuple, and what a partition value says about the column.
 *
 * The source is the column's type, the result the partition value's. Null becomes null; all becomes null under VOID. Threads: any.
 */

/**
 * The type of the result: `source` itself, or a constant. Errors: INVALID partition_transform (the transform does not take such a
 * column, a parameter below 1, or a transform that is not known).
 */
TARN_WARN_UNUSED enum tarn_status tarn__transform_result(enum tarn__transform transform, int32_t parameter, const struct tarn_type *source,
                                                         const struct tarn_type **out, struct tarn_error *err);

/**
 * One value; `result` is what tarn__transform_result said. Bytes of *out are borrowed from *in.
 * Errors: INVALID partition_value (a decimal that the cut takes out of its precision, a text that is not UTF-8).
 */
TARN_WARN_UNUSED enum tarn_status tarn__transform_apply(enum tarn__transform transform, int32_t parameter, const struct tarn_value *in,
                                                        const struct tarn_type *result, struct tarn_value *out, struct tarn_error *err);

/** A whole vector: a new reference to as many rows of type `result`. Errors: as above with the row, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__transform_vector(enum tarn__transform transform, int32_t parameter, struct tarn_vector *in,
                                                         const struct tarn_type *result, struct tarn_vector **out, struct tarn_error *err);

/**
 * What a partition value says about the rows' column, whose type is `source` (which may be wider than when the value was made). The caller
 * has set out->rows. False: nothing. Room for a bound is taken from `arena`.
 */
bool tarn__transform_bounds(enum tarn__transform transform, int32_t parameter, const struct tarn_value *partition,
                            const struct tarn_type *source, struct tarn_arena *arena, struct tarn_bounds *out);

/** Can a row whose column equals `value` have this partition value? `value` may be of another type than the column: then true, if unsure.
 */
bool tarn__transform_may_hold(enum tarn__transform transform, int32_t parameter, const struct tarn_value *partition,
                              const struct tarn_type *source, const struct tarn_value *value);

/** The hash behind BUCKET of a value that is not null: false when the type has none. */
bool tarn__transform_hash(const struct tarn_value *value, uint32_t *out);

#endif
