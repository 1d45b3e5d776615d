/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_VARIANT_VARIANT_INFER_H
#define TARN_FORMAT_VARIANT_VARIANT_INFER_H

#include "format/base/arena.h"
#include "format/variant/variant.h"
#include "tarn/type.h"

/*
 * What of some variants is worth columns of its own: a sketch of the first rows, and the type that follows from it.
 *
 * A path gets a column when it is there in at least half of the places where it could be, and nine in ten of its values that are not null
 * have one type; integers of all widths become I64. Bounded: so many paths are followed, so deep, so many columns made.
 * The type depends on the rows and their order alone. Threads: single. Ownership: all memory is the arena's.
 */

enum {
    TARN_SKETCH_PATHS = 1024,
    TARN_SKETCH_DEPTH = 8,
    TARN_SKETCH_COLUMNS = 64,
};

struct tarn__sketch_node;

struct tarn__variant_sketch {
    struct tarn_arena *arena;
    struct tarn__sketch_node *root;
    uint32_t paths; /**< followed so far */
    uint64_t rows;
};

void tarn__variant_sketch_init(struct tarn__variant_sketch *sketch, struct tarn_arena *arena);
/** One row, which was checked. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__variant_sketch_add(struct tarn__variant_sketch *sketch, const struct tarn_variant *value,
                                                           struct tarn_error *err);
/** The type to shred by; NULL: nothing pays. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__variant_sketch_type(const struct tarn__variant_sketch *sketch, const struct tarn_type **out,
                                                            struct tarn_error *err);

#endif
