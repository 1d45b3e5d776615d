/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_ICEBERG_ICEBERG_PARTITION_H
#define TARN_TXLOG_ICEBERG_ICEBERG_PARTITION_H

#include "format/base/text.h"
#include "txlog/core/snapshot.h"

/*
 * The raw form of a partition tuple, by which the core tells tuples apart: the id of the spec (4 bytes, little-endian), then for each field
 * the size of its value (4 bytes; all ones: null) and the value as single-value bytes. Tuples of two specs are never the same.
 */

/** Appends the raw form. `values` are in the order of the spec's fields, of their types. */
void tarn__iceberg_partition_pack(int32_t spec_id, uint32_t count, const struct tarn_value *values, struct tarn_text_builder *raw);
/** The spec of a raw form that pack made. */
int32_t tarn__iceberg_partition_spec_id(struct tarn_text raw);
/** The values of a raw form that pack made; texts are borrowed from it. Fields of a type that nobody knows are null. Errors: CORRUPT. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_partition_unpack(struct tarn_text raw, const struct tarn__partition_spec *spec,
                                                                 struct tarn_value *values, struct tarn_error *err);

#endif
