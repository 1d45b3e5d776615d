/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ARROW_IPC_IPC_MESSAGE_H
#define TARN_FORMAT_ARROW_IPC_IPC_MESSAGE_H

#include "format/arrow_ipc/ipc_schema.h"

/*
 * Messages of an IPC stream and the footer of a file, read: what they say about the bytes that follow, checked as far as it can be without
 * them.
 *
 * Ownership: messages and what is read out of them point into the metadata's bytes, which the caller keeps; a message does not move.
 * Threads: single. Offsets in errors are those in the file or stream.
 */

struct tarn__ipc_message {
    struct tarn__flat flat;
    uint64_t at;      /**< of the metadata, in the file or stream */
    uint64_t body_at; /**< behind it */
    uint64_t body_size;
    unsigned header_type; /**< enum tarn__ipc_header */
    struct tarn__flat_table header;
};

/** A RecordBatch: `count` nodes and buffers belong to the schema's fields in depth-first order. */
struct tarn__ipc_records {
    const struct tarn__ipc_message *message;
    uint32_t length; /**< rows */
    enum tarn__ipc_codec codec;
    struct tarn__flat_vector nodes;
    struct tarn__flat_vector buffers;
    struct tarn__flat_vector variadic; /**< how many data buffers each field of views has */
};

/** Where a part of the body lies, relative to its begin, checked to be inside. */
struct tarn__ipc_range {
    uint64_t offset;
    uint64_t size;
};

/** Reads a message's metadata; `out` must not move. Errors: CORRUPT, UNSUPPORTED (arrow.version, arrow.tensor). */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_message_read(struct tarn_span metadata, uint64_t at, uint64_t body_at,
                                                         struct tarn__ipc_message *out, struct tarn_error *err);

/** Reads a RecordBatch table of a message: the message's header, or the data of a dictionary. */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_records_read(const struct tarn__ipc_message *message, const struct tarn__flat_table *table,
                                                         struct tarn__ipc_records *out, struct tarn_error *err);
/** Buffer `i` < buffers.count of the body. Errors: CORRUPT. */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_records_range(const struct tarn__ipc_records *records, uint32_t i, struct tarn__ipc_range *out,
                                                          struct tarn_error *err);

/** A block of a file's footer. */
struct tarn__ipc_block {
    uint64_t offset;
    uint32_t metadata_size;
    uint64_t body_size;
};

struct tarn__ipc_footer {
    struct tarn__flat flat;
    struct tarn__flat_table schema;
    struct tarn__flat_vector dictionaries;
    struct tarn__flat_vector records;
};

/** `limit`: where the blocks must end, the begin of the footer. `out` must not move. */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_footer_read(struct tarn_span bytes, uint64_t at, struct tarn__ipc_footer *out,
                                                        struct tarn_error *err);
/** Block `i` of one of the footer's vectors, inside of the file's first `limit` bytes. */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_block_read(const struct tarn__flat_vector *blocks, uint32_t i, uint64_t limit,
                                                       struct tarn__ipc_block *out, struct tarn_error *err);

/** CORRUPT at a byte of the file or stream. */
enum tarn_status tarn__ipc_damaged(struct tarn_error *err, uint64_t at, const char *format, ...) TARN_PRINTF(3, 4);

#endif
