/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_LEAF_PATH_H
#define TARN_FORMAT_COLUMN_LEAF_PATH_H

#include "format/base/arena.h"
#include "tarn/type.h"

/*
 * The leaves of a schema, in Parquet's order, each with the way down to it and its greatest levels.
 *
 * Ownership: the arena's; fields and types are the schema's. Threads: immutable once made.
 */
struct tarn__leaf_path {
    uint32_t depth;                         /**< fields from the column down to the leaf, both included; at most TARN_MAX_DEPTH + 1 */
    const struct tarn_field *const *fields; /**< LIST and MAP members included: a list of ints has depth 2 */
    const uint32_t *index;                  /**< position of each among its siblings; index[0] is the column */
    uint8_t max_definition;
    uint8_t max_repetition;
};

/**
 * The members of a type as columns: those of LIST, MAP and STRUCT; of a VARIANT that has members of its own (it is shredded) these, else
 * `metadata` and `value`. No members: the type is a leaf, or a struct that nothing can hold. Their bytes in a VARIANT have the type BINARY,
 * `wide`: they have no order.
 */
const struct tarn_field *tarn__storage_members(const struct tarn_type *type, uint32_t *count);

static inline const struct tarn_field *tarn__leaf_field(const struct tarn__leaf_path *path)
{
    return path->fields[path->depth - 1];
}

/** Errors: INVALID (a struct without members, which Parquet has no word for; nesting too deep), NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__leaf_paths_make(const struct tarn_schema *schema, struct tarn_arena *arena,
                                                        struct tarn__leaf_path **out, uint32_t *count, struct tarn_error *err);

/** The names from the column down, separated by dots, cut to `size` with the terminator: for messages. */
void tarn__leaf_path_format(const struct tarn__leaf_path *path, char *buffer, size_t size);

#endif
