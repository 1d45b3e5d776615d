/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_ARROW_IPC_INPUT_H
#define TARN_READER_ARROW_IPC_INPUT_H

#include <stdatomic.h>

#include "format/arrow_ipc/ipc_array.h"
#include "tarn/reader.h"

/*
 * Messages one after the other, from an object or from bytes that arrive once. Of an object only those parts of a body are read that are
 * asked for; of a stream all of it.
 *
 * Ownership: borrows object and stream. A message is valid until the next one. Threads: single; the counters are shared.
 */

struct tarn__ipc_counters {
    atomic_ullong requests;
    atomic_ullong bytes;
    atomic_ullong batches;
    atomic_ullong rows;
};

struct tarn__ipc_input {
    struct tarn_env *env;
    struct tarn_object *object; /**< NULL: the stream */
    struct tarn_byte_stream stream;
    uint64_t at;    /**< of the next message */
    uint64_t limit; /**< behind the last byte of messages; of a stream UINT64_MAX */
    uint64_t metadata_limit;
    struct tarn__ipc_counters *counters; /**< NULL: not wanted */
    struct tarn_buffer *metadata;
    struct tarn_buffer *body; /**< of a stream */
    struct tarn__ipc_message message;
};

void tarn__ipc_input_close(struct tarn__ipc_input *input);

/** `size` bytes at `at`, or as many as there are of a stream (*got); moves `at`. */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_input_bytes(struct tarn__ipc_input *input, uint8_t *into, size_t size, size_t *got,
                                                        struct tarn_error *err);

/** Reads the next message into input->message; *found is false at the end, which is the end of the bytes or a mark. */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_input_next(struct tarn__ipc_input *input, bool *found, struct tarn_error *err);
/** Reads the message of a block of a file's footer, which must be of this kind and size. */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_input_block(struct tarn__ipc_input *input, const struct tarn__ipc_block *block,
                                                        unsigned header_type, struct tarn_error *err);

/** The parts of the body of input->message. */
struct tarn__ipc_body tarn__ipc_input_body(struct tarn__ipc_input *input);

#endif
