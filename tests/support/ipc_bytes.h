/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_IPC_BYTES_H
#define TARN_TESTS_SUPPORT_IPC_BYTES_H

#include "format/arrow_ipc/ipc_build.h"

/*
 * Arrow IPC written by hand: a schema of one column "a", and record batches whose nodes and buffers say what they are told to say, true or
 * not. All memory is the builder's or static.
 */

/** A type with its children; `dictionary` is the type of the values when `format` is that of codes. */
struct tarn_ipc_shape {
    const char *format;
    const char *name; /* NULL: "a" */
    const struct tarn_ipc_shape *children[2];
    const struct tarn_ipc_shape *dictionary;
    bool not_null;
    const char *metadata;
};

enum { TARN_IPC_MOST = 12 };

struct tarn_ipc_batch {
    int64_t length;
    int node_count;
    struct {
        int64_t length;
        int64_t nulls;
    } nodes[TARN_IPC_MOST];
    int buffer_count;
    struct {
        const void *data;
        uint64_t size;
        int64_t off;  /* added to the offset that is true */
        int64_t more; /* added to the size that is true */
    } buffers[TARN_IPC_MOST];
    int variadic_count;
    int64_t variadic[TARN_IPC_MOST];
    bool packed; /* the buffers are what `codec` has made of them */
    enum tarn__ipc_codec codec;
    bool dictionary;
    int64_t id; /**< of the dictionary: top-level columns have their position, dictionaries below follow */
    bool delta;
};

/** The message of a schema of one column. */
void tarn_ipc_put_shape(struct tarn_text_builder *out, const struct tarn_ipc_shape *shape);
/** A record batch or a dictionary, with its body. */
void tarn_ipc_put_batch(struct tarn_text_builder *out, const struct tarn_ipc_batch *batch);

#endif
