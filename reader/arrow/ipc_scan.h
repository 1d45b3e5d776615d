/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_ARROW_IPC_SCAN_H
#define TARN_READER_ARROW_IPC_SCAN_H

#include "reader/arrow/ipc_source.h"

/* A scan of an IPC source: which columns and dictionaries are wanted; a file's dictionaries. Threads: shareable once it is open. */

enum { TARN__IPC_ROW_INDEX = UINT32_MAX };

/** Where the column of a path is. */
struct tarn__ipc_path {
    uint32_t depth;                 /**< members below the column */
    uint32_t index[TARN_MAX_DEPTH]; /**< index[0] is the column, or TARN__IPC_ROW_INDEX */
};

struct tarn__ipc_scan {
    struct tarn_scan base; /**< first: the addresses are one */
    struct tarn__ipc_source *source;
    uint32_t batch_rows;
    struct tarn__ipc_path *paths;
    const struct tarn_type **types;
    bool *wanted;                      /**< each dictionary of the schema */
    struct tarn__arrow_values *values; /**< of a file: each dictionary, with its deltas */
    uint64_t *first_rows;              /**< of a file's batches, when row numbers are asked for; else NULL */
    struct tarn__ipc_counters counters;
};

static inline struct tarn__ipc_scan *tarn__ipc_scan_of(struct tarn_scan *scan)
{
    return (struct tarn__ipc_scan *)(void *)scan;
}

/** A cursor of one task: a record batch of a file, or the whole of a stream. */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_cursor_open(struct tarn_scan *scan, uint32_t task, struct tarn_cursor **out,
                                                        struct tarn_error *err);

/** One entry a dictionary of the schema, none known yet. NULL: no memory. */
struct tarn__arrow_values *tarn__ipc_values_new(const struct tarn__ipc_source *source);
void tarn__ipc_values_free(const struct tarn__ipc_source *source, struct tarn__arrow_values *values);

#endif
