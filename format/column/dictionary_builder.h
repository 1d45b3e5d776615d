/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_DICTIONARY_BUILDER_H
#define TARN_FORMAT_COLUMN_DICTIONARY_BUILDER_H

#include "format/base/buffer.h"

/*
 * The distinct values of a column chunk in order of first appearance, up to a limit in bytes: what becomes a dictionary page.
 *
 * Values are equal when their bytes are: -0 and +0, and NaNs of different payload, are different entries.
 * Numbers near the chunk's first ones have their codes in a table by value, short texts theirs in a small table of those seen last: both
 * spare the hash table, and neither changes a code.
 * Ownership: values are copied. Threads: single. Cost: O(1) a value; 16 to 40 bytes an entry beside its own, 8 to 72 KiB a builder.
 */
struct tarn__dictionary_builder {
    struct tarn_env *env;
    uint32_t width;            /**< bytes of a value; 0: byte arrays */
    uint64_t limit;            /**< bytes of `plain` at most */
    struct tarn_buffer *plain; /**< the entries as PLAIN stores them: the dictionary page's body */
    uint32_t count;
    uint64_t *starts; /* byte arrays: where each entry begins in `plain` */
    size_t start_capacity;
    uint64_t *slots; /* hash table: tag << 32 | code + 1; 0: free */
    uint32_t slot_mask;
    uint32_t hashed; /* entries in `slots` */
    /* widths 4 and 8: */
    uint32_t *near;   /* code + 1 of near_base + i */
    size_t near_size; /* 0: there is no window */
    size_t near_capacity;
    uint64_t near_base;
    bool near_decided;                /* whether there is a window in this chunk */
    struct tarn__recent_text *recent; /* byte arrays */
};

/** The builder is ready for values. Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__dictionary_builder_init(struct tarn__dictionary_builder *builder, struct tarn_env *env,
                                                                uint32_t width, uint64_t limit, struct tarn_error *err);

/**
 * The codes of `n` values of `width` bytes. *done < n: the next value does not fit any more.
 * Errors: NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__dictionary_add_fixed(struct tarn__dictionary_builder *builder, const uint8_t *values, size_t n,
                                                             uint32_t *codes, size_t *done, struct tarn_error *err);

/** The code of one byte array, of at most 2^31 - 1 bytes; *fits false: there is no room for it. Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__dictionary_add_bytes(struct tarn__dictionary_builder *builder, struct tarn_span value,
                                                             uint32_t *code, bool *fits, struct tarn_error *err);

/**
 * The codes of byte arrays of which number r lies at bytes[offsets[r], offsets[r + 1]), and r is rows[i] (NULL: first + i), 0 <= i < n.
 * *done < n: the next value does not fit any more. Errors: NOMEM, LIMIT.
 */
struct tarn__text_rows {
    const uint8_t *bytes;
    const uint32_t *offsets;
    const uint32_t *rows;
    uint32_t first;
};
TARN_WARN_UNUSED enum tarn_status tarn__dictionary_add_texts(struct tarn__dictionary_builder *builder, struct tarn__text_rows texts,
                                                             size_t n, uint32_t *codes, size_t *done, struct tarn_error *err);

/** The codes of `n` values that lie in `plain` as PLAIN stores them. *done < n: the next does not fit any more. Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__dictionary_add_plain(struct tarn__dictionary_builder *builder, struct tarn_span plain, size_t n,
                                                             uint32_t *codes, size_t *done, struct tarn_error *err);

/** The sum of the sizes of byte arrays, told by their codes. */
uint64_t tarn__dictionary_text_bytes(const struct tarn__dictionary_builder *builder, const uint32_t *codes, size_t n);

/** The bytes of an entry, without length prefix. */
struct tarn_span tarn__dictionary_entry(const struct tarn__dictionary_builder *builder, uint32_t code);

/** Empties it, keeping memory for the next chunk. */
void tarn__dictionary_builder_reset(struct tarn__dictionary_builder *builder);
void tarn__dictionary_builder_free(struct tarn__dictionary_builder *builder);

#endif
