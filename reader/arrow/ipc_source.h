/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_ARROW_IPC_SOURCE_H
#define TARN_READER_ARROW_IPC_SOURCE_H

#include "reader/arrow/ipc_input.h"

/* An opened IPC stream or file. Threads: shareable; of bytes that arrive once only one cursor can ever be opened. */
struct tarn__ipc_source {
    struct tarn_source base; /**< first: the addresses are one */
    struct tarn_store *store;
    char *key;
    struct tarn_object *object; /**< NULL: the stream */
    struct tarn__ipc_schema schema;
    uint64_t metadata_limit;
    uint64_t begin; /**< of the first message behind the schema, in the stream format */
    uint64_t limit; /**< behind the last message */
    bool file;      /**< the file format */
    uint32_t dictionary_count;
    struct tarn__ipc_block *dictionaries;
    uint32_t batch_count;
    struct tarn__ipc_block *batches;
    struct tarn_byte_stream stream;
    atomic_bool taken; /**< the stream has its cursor */
};

static inline struct tarn__ipc_source *tarn__ipc_source_of(struct tarn_source *source)
{
    return (struct tarn__ipc_source *)(void *)source;
}

/** An input of the source's messages, at the first of them behind the schema. */
struct tarn__ipc_input tarn__ipc_source_input(struct tarn__ipc_source *source, struct tarn__ipc_counters *counters);

/** Puts the file's name into an error, which is returned. */
enum tarn_status tarn__ipc_source_failed(const struct tarn__ipc_source *source, enum tarn_status status, struct tarn_error *err);

TARN_WARN_UNUSED enum tarn_status tarn__ipc_scan(struct tarn_source *source, const struct tarn_scan_request *request,
                                                 struct tarn_scan **out, struct tarn_error *err);

#endif
