/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts in LZ4 blocks.
 *
 * Invariants
 *  1. A text never straddles blocks: a block is closed before a text that does not fit, and one that is larger than a block has its own.
 *  2. A closed block never changes; the open one only grows, so references into it stay good while it moves.
 */
#include "txlog/core/text_pool.h"

#include <lz4.h>
#include <string.h>

enum { BLOCK_BYTES = 256 * 1024, MOST_TEXT = 1 << 30, ACCELERATION = 6 };

void tarn__text_pool_init(struct tarn__text_pool *pool, struct tarn_env *env)
{
    *pool = (struct tarn__text_pool){.env = env};
}

void tarn__text_pool_free(struct tarn__text_pool *pool)
{
    for (size_t i = pool->borrowed; i < pool->block_count; i++) {
        tarn__free(pool->env, pool->blocks[i].bytes);
    }
    tarn__free(pool->env, pool->blocks);
    tarn__free(pool->env, pool->open);
    tarn__free(pool->env, pool->room);
    *pool = (struct tarn__text_pool){.env = pool->env};
}

void tarn__text_pool_rest(struct tarn__text_pool *pool)
{
    tarn__free(pool->env, pool->room);
    pool->room = NULL;
    pool->room_size = 0;
}

static enum tarn_status close_block(struct tarn__text_pool *pool, struct tarn_error *err)
{
    if (!tarn__grow(pool->env, &pool->blocks, &pool->block_capacity, pool->block_count + 1, sizeof(*pool->blocks))) {
        return tarn__nomem(pool->env, err, sizeof(*pool->blocks));
    }
    const uint32_t size = pool->open_size;
    const int bound = LZ4_compressBound((int)size);
    if (pool->room_size < (uint32_t)bound) {
        uint8_t *room = tarn__realloc(pool->env, pool->room, (size_t)bound);
        if (room == NULL) {
            return tarn__nomem(pool->env, err, (uint64_t)bound);
        }
        pool->room = room;
        pool->room_size = (uint32_t)bound;
    }
    const int stored = LZ4_compress_fast((const char *)pool->open, (char *)pool->room, (int)size, bound, ACCELERATION);
    const bool smaller = stored > 0 && (uint32_t)stored < size;
    struct tarn__pool_block block = {.size = size, .stored = smaller ? (uint32_t)stored : size};
    block.bytes = tarn__alloc(pool->env, block.stored);
    if (block.bytes == NULL) {
        return tarn__nomem(pool->env, err, block.stored);
    }
    memcpy(block.bytes, smaller ? pool->room : pool->open, block.stored);
    pool->blocks[pool->block_count++] = block;
    pool->open_size = 0;
    return TARN_OK;
}

enum tarn_status tarn__text_pool_add(struct tarn__text_pool *pool, struct tarn_text text, struct tarn__pool_ref *ref,
                                     struct tarn_error *err)
{
    *ref = (struct tarn__pool_ref){0};
    if (text.size == 0) {
        return TARN_OK;
    }
    if (text.size > MOST_TEXT) {
        return tarn__error_set(err, TARN_LIMIT, "statistics", "the statistics of one file have %zu bytes", text.size);
    }
    if (pool->open_size != 0 && pool->open_size + text.size > BLOCK_BYTES) {
        TARN_RETURN_IF_ERROR(close_block(pool, err));
    }
    const size_t needed = pool->open_size + text.size;
    if (needed > pool->open_capacity) {
        const size_t capacity = needed * 2 < BLOCK_BYTES ? needed * 2 : (needed < BLOCK_BYTES ? BLOCK_BYTES : needed);
        uint8_t *more = tarn__realloc(pool->env, pool->open, capacity);
        if (more == NULL) {
            return tarn__nomem(pool->env, err, capacity);
        }
        pool->open = more;
        pool->open_capacity = (uint32_t)capacity;
    }
    memcpy(pool->open + pool->open_size, text.data, text.size);
    *ref = (struct tarn__pool_ref){(uint32_t)pool->block_count, pool->open_size, (uint32_t)text.size};
    pool->open_size = (uint32_t)needed;
    return TARN_OK;
}

enum tarn_status tarn__text_pool_absorb(struct tarn__text_pool *pool, struct tarn__text_pool *from, uint32_t *shift, struct tarn_error *err)
{
    *shift = 0;
    if (pool->open_size != 0) {
        TARN_RETURN_IF_ERROR(close_block(pool, err));
    }
    const size_t count = pool->block_count + from->block_count;
    if (count > UINT32_MAX || !tarn__grow(pool->env, &pool->blocks, &pool->block_capacity, count + 1, sizeof(*pool->blocks))) {
        return tarn__nomem(pool->env, err, from->block_count * sizeof(*pool->blocks));
    }
    *shift = (uint32_t)pool->block_count;
    if (from->block_count != 0) {
        memcpy(pool->blocks + pool->block_count, from->blocks, from->block_count * sizeof(*from->blocks));
    }
    pool->block_count = count;
    from->block_count = 0;
    /* The open block of `from` goes on as the open one: its number is the count of blocks, before and after. */
    tarn__free(pool->env, pool->open);
    pool->open = from->open;
    pool->open_size = from->open_size;
    pool->open_capacity = from->open_capacity;
    from->open = NULL;
    tarn__text_pool_free(from);
    return TARN_OK;
}

enum tarn_status tarn__text_pool_derive(struct tarn__text_pool *pool, const struct tarn__text_pool *from, struct tarn_error *err)
{
    const size_t count = from->block_count + (from->open_size != 0);
    if (count == 0) {
        return TARN_OK;
    }
    if (!tarn__grow(pool->env, &pool->blocks, &pool->block_capacity, count, sizeof(*pool->blocks))) {
        return tarn__nomem(pool->env, err, count * sizeof(*pool->blocks));
    }
    if (from->block_count != 0) {
        memcpy(pool->blocks, from->blocks, from->block_count * sizeof(*pool->blocks));
    }
    if (from->open_size != 0) {
        pool->blocks[from->block_count] = (struct tarn__pool_block){from->open, from->open_size, from->open_size};
    }
    pool->block_count = count;
    pool->borrowed = count;
    return TARN_OK;
}

void tarn__pool_reader_init(struct tarn__pool_reader *reader, const struct tarn__text_pool *pool)
{
    *reader = (struct tarn__pool_reader){.pool = pool, .block = UINT32_MAX};
}

void tarn__pool_reader_free(struct tarn__pool_reader *reader)
{
    tarn__free(reader->pool->env, reader->bytes);
    reader->bytes = NULL;
}

enum tarn_status tarn__pool_reader_get(struct tarn__pool_reader *reader, struct tarn__pool_ref ref, struct tarn_text *text,
                                       struct tarn_error *err)
{
    const struct tarn__text_pool *pool = reader->pool;
    *text = (struct tarn_text){"", 0};
    if (ref.size == 0) {
        return TARN_OK;
    }
    if (ref.block == pool->block_count) {
        *text = (struct tarn_text){(const char *)pool->open + ref.offset, ref.size};
        return TARN_OK;
    }
    const struct tarn__pool_block *block = &pool->blocks[ref.block];
    if (block->stored == block->size) {
        *text = (struct tarn_text){(const char *)block->bytes + ref.offset, ref.size};
        return TARN_OK;
    }
    if (reader->block != ref.block) {
        if (reader->capacity < block->size) {
            uint8_t *more = tarn__realloc(pool->env, reader->bytes, block->size);
            if (more == NULL) {
                return tarn__nomem(pool->env, err, block->size);
            }
            reader->bytes = more;
            reader->capacity = block->size;
        }
        reader->block = UINT32_MAX;
        if (LZ4_decompress_safe((const char *)block->bytes, (char *)reader->bytes, (int)block->stored, (int)block->size) !=
            (int)block->size) {
            return tarn__internal(err, "a block of statistics does not come back");
        }
        reader->block = ref.block;
    }
    *text = (struct tarn_text){(const char *)reader->bytes + ref.offset, ref.size};
    return TARN_OK;
}
