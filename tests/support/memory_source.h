/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_MEMORY_SOURCE_H
#define TARN_TESTS_SUPPORT_MEMORY_SOURCE_H

#include "tarn/cursor.h"

/*
 * Vectors as a source: rows cut into tasks, tasks into batches, text columns as dictionaries when asked for. Tasks whose bounds exclude the
 * predicate are left out, so that pruning is on trial too. Row counts are known.
 */
struct tarn_memory_source_options {
    uint32_t task_rows;  /* rows of a task; 0: all in one */
    uint32_t batch_rows; /* most rows of one `next`; 0: as asked */
    bool dictionaries;   /* text columns as dictionaries, a new one a task */
};

/** `columns`: one vector a field, of `rows` rows; the source retains them. */
enum tarn_status tarn_memory_source_open(struct tarn_env *env, const struct tarn_schema *schema, uint32_t rows,
                                         struct tarn_vector *const *columns, const struct tarn_memory_source_options *options,
                                         struct tarn_source **out, struct tarn_error *err);

#endif
