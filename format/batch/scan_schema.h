/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BATCH_SCAN_SCHEMA_H
#define TARN_FORMAT_BATCH_SCAN_SCHEMA_H

#include "format/base/arena.h"
#include "tarn/cursor.h"

/* What the columns of a scan are called. */

/** One path a top-level column, in `arena`. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__whole_rows(const struct tarn_schema *schema, struct tarn_arena *arena, uint32_t *count,
                                                   const struct tarn_path **paths, struct tarn_error *err);

/**
 * The schema of batches with one column a path: named by its last step, of the type that the scan gives, else as in the source. A new
 * reference. A path that the schema does not have is one of the source's hidden columns. Errors: INVALID, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__scan_schema(const struct tarn_schema *source, uint32_t count, const struct tarn_path *paths,
                                                    const struct tarn_type *const *types, struct tarn_arena *arena,
                                                    struct tarn_schema **out, struct tarn_error *err);

#endif
