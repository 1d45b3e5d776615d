/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ARROW_IPC_IPC_ARRAY_H
#define TARN_FORMAT_ARROW_IPC_IPC_ARRAY_H

#include "format/arrow_ipc/ipc_codec.h"
#include "format/arrow_ipc/ipc_message.h"

/*
 * Columns of a record batch as ArrowArray: nodes and buffers of the metadata put over the bytes of the body. Here every buffer is found to
 * be as long as its layout needs; what the values themselves must be is checked by the import (format/arrow).
 * Threads: single.
 */

/** Where a column's part of a record batch begins. */
struct tarn__ipc_place {
    uint32_t node;
    uint32_t buffer;
    uint32_t buffer_count;
    uint32_t variadic;
};

/** The places of `count` columns. Errors: CORRUPT when the batch has another number of nodes or buffers than they need. */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_places(const struct tarn__ipc_records *records, uint32_t count,
                                                   struct ArrowSchema *const *columns, struct tarn__ipc_place *out, struct tarn_error *err);

/** Parts of a body: puts a buffer of ranges[i] into out[i], or NULL for an empty one. On failure there are none. */
struct tarn__ipc_body {
    void *ctx;
    enum tarn_status (*read)(void *ctx, const struct tarn__ipc_message *message, uint32_t count, const struct tarn__ipc_range *ranges,
                             struct tarn_buffer **out, struct tarn_error *err);
};

/** What columns are read with. `values` has an entry for each dictionary of the schema, with vector NULL while it is not known. */
struct tarn__ipc_array_reader {
    struct tarn_env *env;
    struct tarn__ipc_packer *packer;
    struct tarn__ipc_body body;
    struct tarn__arrow_values *values;
};

/**
 * One column of a record batch, validated and imported as `field`. Errors: CORRUPT with the message's offset, UNSUPPORTED, NOMEM, LIMIT,
 * and those of the body.
 */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_column_read(const struct tarn__ipc_array_reader *reader,
                                                        const struct tarn__ipc_records *records, const struct ArrowSchema *column,
                                                        const struct tarn_field *field, const struct tarn__ipc_place *place,
                                                        struct tarn_vector **out, struct tarn_error *err);

/**
 * Takes a DictionaryBatch in: a new dictionary, more of one (delta), or another in its place, which only a stream may hold (`file`:
 * CORRUPT). `wanted`: for each dictionary of the schema; what is not wanted is not read.
 */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_dictionary_read(const struct tarn__ipc_array_reader *reader,
                                                            const struct tarn__ipc_schema *schema, const struct tarn__ipc_message *message,
                                                            const bool *wanted, bool file, struct tarn_error *err);

#endif
