/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_VARIANT_SCHEMA_H
#define TARN_FORMAT_COLUMN_VARIANT_SCHEMA_H

#include "format/column/parquet_schema.h"
#include "format/variant/shredding.h"

/**
 * How the column below a node of kind VARIANT is shredded, in the arena. *problem is NULL, or says why it is no variant; *out is then
 * NULL. Errors: NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__variant_schema_read(struct tarn_arena *arena, const struct tarn_node *node,
                                                            const struct tarn_leaf *leaves, const struct tarn_variant_column **out,
                                                            const char **problem, struct tarn_error *err);

#endif
