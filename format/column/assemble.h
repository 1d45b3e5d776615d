/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_ASSEMBLE_H
#define TARN_FORMAT_COLUMN_ASSEMBLE_H

#include "format/column/column_reader.h"

/*
 * Lists, maps and structs put together from the levels and vectors of their leaves, at any depth.
 */

/**
 * The vector of `node` for the rows that `readers` hold since their `begin`, all the same; readers[i] is that of leaf number
 * node->leaf + i. `node` is outside of every list: each of the `rows` is a slot of it. A new reference.
 * Errors: CORRUPT detail "nesting" (the leaves do not agree on how many elements there are), LIMIT, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__assemble(const struct tarn_node *node, struct tarn__column_reader *readers, uint32_t rows,
                                                 struct tarn_vector **out, struct tarn_error *err);

/**
 * The same for a node without leaves, of which a file says nothing: a group without members is null where it may be, one of such groups
 * is there, a list is null or empty.
 */
TARN_WARN_UNUSED enum tarn_status tarn__assemble_leafless(struct tarn_env *env, const struct tarn_node *node, uint32_t slots,
                                                          struct tarn_vector **out, struct tarn_error *err);

#endif
