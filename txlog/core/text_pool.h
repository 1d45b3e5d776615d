/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_TEXT_POOL_H
#define TARN_TXLOG_CORE_TEXT_POOL_H

#include "format/base/arena.h"

/*
 * Many texts that are alike and seldom read: the statistics of a table's files. Kept in compressed blocks, read back by reference.
 *
 * A million files with 350 bytes of statistics each are a third of a gigabyte as they are; in blocks of 256 KiB they are a quarter of that.
 * Threads: adding is single; reading is shareable, each thread with a reader of its own. Cost: adding O(size), reading one block when the
 * reference leaves the block that the reader has at hand.
 */
struct tarn__pool_block {
    uint8_t *bytes;
    uint32_t stored; /* bytes; equal to `size`: not compressed */
    uint32_t size;
};

struct tarn__text_pool {
    struct tarn_env *env;
    struct tarn__pool_block *blocks;
    size_t block_count;
    size_t block_capacity;
    size_t borrowed; /* blocks in front that belong to another pool, which lives longer */
    uint8_t *open;   /* the block being filled; its number is block_count */
    uint32_t open_size;
    uint32_t open_capacity;
    uint8_t *room; /* that blocks are compressed into */
    uint32_t room_size;
};

/** Where a text is. `size` 0: no text. */
struct tarn__pool_ref {
    uint32_t block;
    uint32_t offset;
    uint32_t size;
};

struct tarn__pool_reader {
    const struct tarn__text_pool *pool;
    uint8_t *bytes;
    uint32_t capacity;
    uint32_t block; /* the one that is in `bytes`; UINT32_MAX: none */
};

void tarn__text_pool_init(struct tarn__text_pool *pool, struct tarn_env *env);
void tarn__text_pool_free(struct tarn__text_pool *pool);
/** Errors: NOMEM, LIMIT (a text over 1 GiB). */
TARN_WARN_UNUSED enum tarn_status tarn__text_pool_add(struct tarn__text_pool *pool, struct tarn_text text, struct tarn__pool_ref *ref,
                                                      struct tarn_error *err);

/** Gives back what only adding needs. */
void tarn__text_pool_rest(struct tarn__text_pool *pool);

/**
 * Moves all texts of `from` behind those of `pool`, without touching them: the blocks of references into `from` are then *shift higher.
 * `from` is empty afterwards. Errors: NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__text_pool_absorb(struct tarn__text_pool *pool, struct tarn__text_pool *from, uint32_t *shift,
                                                         struct tarn_error *err);

/**
 * Makes `pool`, which is empty, hold the texts of `from` under the same references; `from` must live longer and stay as it is. Errors:
 * NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__text_pool_derive(struct tarn__text_pool *pool, const struct tarn__text_pool *from,
                                                         struct tarn_error *err);

void tarn__pool_reader_init(struct tarn__pool_reader *reader, const struct tarn__text_pool *pool);
void tarn__pool_reader_free(struct tarn__pool_reader *reader);
/** *text is valid until the next get. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__pool_reader_get(struct tarn__pool_reader *reader, struct tarn__pool_ref ref, struct tarn_text *text,
                                                        struct tarn_error *err);

#endif
