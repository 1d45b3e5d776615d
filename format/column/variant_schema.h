/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_VARIANT_SCHEMA_H
#define TARN_FORMAT_COLUMN_VARIANT_SCHEMA_H

#include "format/column/parquet_schema.h"
#include "format/variant/shredding.h"
#include "tarn/cursor.h"

/**
 * How the column below a node of kind VARIANT is shredded, in the arena. *problem is NULL, or says why it is no variant; *out is then
 * NULL. Errors: NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__variant_schema_read(struct tarn_arena *arena, const struct tarn_node *node,
                                                            const struct tarn_leaf *leaves, const struct tarn_variant_column **out,
                                                            const char **problem, struct tarn_error *err);

/**
 * Makes VARIANT columns of the groups that the paths lead to (a FIELD by id where its step has one, else by name), where these have the
 * columns of a variant: files of some writers do not say what only their table says. What a path does not lead to stays as it is. Only
 * before anyone else has seen the schema. Errors: NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__variant_schema_mark(struct tarn_arena *arena, struct tarn_file_schema *schema, uint32_t count,
                                                            const struct tarn_path *paths, struct tarn_error *err);

/**
 * The node that gives the field at the end of `steps` (names of fields, one at least) of a VARIANT node, null where there is none: of
 * the column only the metadata, and the groups of the field itself where it was shredded or else the value that it is in. In the arena.
 * A column of typed_value is believed to hold its field of all objects, as the specification lets readers do. Errors: NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__variant_schema_part(struct tarn_arena *arena, const struct tarn_node *variant, uint32_t step_count,
                                                            const struct tarn_text *steps, const struct tarn_node **out,
                                                            struct tarn_error *err);

/** The leaf of typed_value of the field at the end of `steps` (none: of the variant); NULL: it was not shredded to one type. */
const struct tarn_node *tarn__variant_schema_typed(const struct tarn_node *variant, uint32_t step_count, const struct tarn_text *steps);

#endif
