/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ARROW_IPC_IPC_BUILD_H
#define TARN_FORMAT_ARROW_IPC_IPC_BUILD_H

#include "format/arrow_ipc/ipc_codec.h"
#include "format/arrow_ipc/ipc_schema.h"

/*
 * Messages of an IPC stream and the footer of a file, built: ArrowArrays cut to what their rows use, buffers aligned to 64 bytes with zeros
 * between, metadata V5.
 * Threads: single.
 */

enum { TARN__IPC_ALIGNMENT = 64 };

/** One buffer of a body: bytes of an array, which must stay, or at `made` of the body's own bytes. */
struct tarn__ipc_segment {
    const uint8_t *data; /**< NULL: `made` */
    size_t made;
    uint64_t size;
    uint64_t offset; /**< in the body */
};

/** A body being put together. Reused from batch to batch. */
struct tarn__ipc_body_builder {
    struct tarn_env *env;
    struct tarn__ipc_packer *packer;
    enum tarn__ipc_codec codec;
    int32_t level;
    struct tarn_text_builder nodes;    /**< FieldNode structs */
    struct tarn_text_builder variadic; /**< int64 counts */
    struct tarn_text_builder made;
    struct tarn__ipc_segment *segments;
    size_t segment_count;
    size_t segment_room;
    uint64_t size; /**< of the body, padding counted */
};

void tarn__ipc_body_open(struct tarn__ipc_body_builder *body, struct tarn_env *env, struct tarn__ipc_packer *packer,
                         enum tarn__ipc_codec codec, int32_t level);
void tarn__ipc_body_close(struct tarn__ipc_body_builder *body);
/** Forgets what is in it. */
void tarn__ipc_body_clear(struct tarn__ipc_body_builder *body);
/** Adds a column: rows first .. first+length-1 of an array that is exported as `schema` says. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_body_add(struct tarn__ipc_body_builder *body, const struct ArrowSchema *schema,
                                                     const struct ArrowArray *array, uint64_t first, uint64_t length,
                                                     struct tarn_error *err);
/** Every buffer has its place: nothing is added any more. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_body_end(struct tarn__ipc_body_builder *body, struct tarn_error *err);

/**
 * Whole messages up to where their body begins, which is at a multiple of 64 when the message is put at `at`: the mark, the size, the
 * metadata, padding. They are appended to `out`, which is checked with tarn__builder_status.
 */
void tarn__ipc_put_schema(struct tarn_text_builder *out, uint64_t at, const struct ArrowSchema *schema);
void tarn__ipc_put_records(struct tarn_text_builder *out, uint64_t at, uint64_t rows, const struct tarn__ipc_body_builder *body);
void tarn__ipc_put_dictionary(struct tarn_text_builder *out, uint64_t at, int64_t id, bool delta, uint64_t entries,
                              const struct tarn__ipc_body_builder *body);
/** The mark of the end. */
void tarn__ipc_put_end(struct tarn_text_builder *out);

/** Blocks of a footer, as in File.fbs. */
void tarn__ipc_put_block(struct tarn_text_builder *blocks, uint64_t offset, uint32_t metadata_size, uint64_t body_size);
/** The footer, its size and the magic. */
void tarn__ipc_put_footer(struct tarn_text_builder *out, const struct ArrowSchema *schema, const struct tarn_text_builder *dictionaries,
                          const struct tarn_text_builder *records);

#endif
