/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_PARQUET_ACCESS_PATH_H
#define TARN_READER_PARQUET_ACCESS_PATH_H

#include "reader/parquet/parquet_source.h"

/*
 * Paths to columns, as nodes to be read: of a path through lists and maps only the leaves below its end.
 */

bool tarn__parquet_is_row_index(const struct tarn_path *path);

/**
 * The node that gives what a path leads to. A path through structs gives the member, null where a struct around it is; each list or map
 * on the way becomes a list, of the elements, keys or values, of what comes behind. Made in `arena` where the schema has none such.
 * Errors: NOT_FOUND, INVALID (a path that is too deep), UNSUPPORTED (nothing that could be read), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__parquet_find_node(const struct parquet_source *source, const struct tarn_path *path,
                                                          struct tarn_arena *arena, const struct tarn_node **out, struct tarn_error *err);

/** The leaf that a predicate's column is, when it lies outside of lists and has the type that the predicate means; else NULL. */
const struct tarn_leaf *tarn__parquet_find_leaf(const struct parquet_source *source, const struct tarn_expr_column *column);

#endif
