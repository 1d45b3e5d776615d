/* SPDX-License-Identifier: Apache-2.0
 * The env: accounting, limits, and errors that carry their places.
 */
#include "format/base/alloc.h"
#include "format/base/arena.h"
#include "format/base/block_cache.h"
#include "format/base/buffer.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

START_TEST(env__refuses_memory_over_its_limit)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    options.memory_limit = 1 << 20;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ptr_null(tarn__alloc(env, 2 << 20));
    ck_assert_status(tarn__nomem(env, &err, 2 << 20), TARN_LIMIT);
    void *block = tarn__alloc(env, 1 << 19);
    ck_assert_ptr_nonnull(block);
    ck_assert_ptr_null(tarn__realloc(env, block, 1 << 20));
    tarn__free(env, block);
    tarn_test_env_close(env);
}
END_TEST

/* An allocator that counts what it has given. */
struct counted {
    size_t blocks;
    size_t bytes;
    size_t calls;
};

static void *counted_alloc(void *ctx, size_t bytes, size_t align)
{
    struct counted *counted = ctx;
    (void)align;
    counted->blocks++;
    counted->calls++;
    counted->bytes += bytes;
    return malloc(bytes);
}

static void *counted_realloc(void *ctx, void *block, size_t old_bytes, size_t new_bytes, size_t align)
{
    struct counted *counted = ctx;
    (void)align;
    counted->calls++;
    counted->bytes += new_bytes - old_bytes;
    return realloc(block, new_bytes);
}

static void counted_free(void *ctx, void *block, size_t bytes)
{
    struct counted *counted = ctx;
    counted->blocks--;
    counted->bytes -= bytes;
    free(block);
}

static struct tarn_env *counted_env(struct counted *counted, uint64_t limit)
{
    const struct tarn_allocator allocator = {sizeof(allocator), counted, counted_alloc, counted_realloc, counted_free};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    options.allocator = &allocator;
    options.memory_limit = limit;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    return env;
}

START_TEST(env__hands_large_blocks_out_again_and_gives_all_back)
{
    struct counted counted = {0, 0, 0};
    struct tarn_env *env = counted_env(&counted, 0);
    for (size_t bytes = 1; bytes < (size_t)200 << 20; bytes = bytes * 9 / 8 + 1) {
        uint8_t *block = tarn__alloc(env, bytes);
        block[0] = 1;
        block[bytes - 1] = 1;
        ck_assert_uint_eq(tarn_env_memory(env, NULL), bytes + 16);
        block = tarn__realloc(env, block, bytes + bytes / 16);
        block[bytes + bytes / 16 - 1] = 1;
        ck_assert_uint_eq(tarn_env_memory(env, NULL), bytes + bytes / 16 + 16);
        tarn__free(env, block);
        ck_assert_uint_eq(tarn_env_memory(env, NULL), 0);
    }
    ck_assert_uint_le(counted.bytes, (size_t)65 << 20); /* what is kept is bounded */
    void *block = tarn__alloc(env, 100000);
    tarn__free(env, block);
    const size_t calls = counted.calls;
    for (int i = 0; i < 10 && tarn__block_cache_size(100000) != 100000; i++) { /* unless a sanitizer forbids it */
        block = tarn__alloc(env, 100000);
        tarn__free(env, block);
        ck_assert_uint_eq(counted.calls, calls);
    }
    tarn_env_close(env);
    ck_assert_uint_eq(counted.blocks, 0);
    ck_assert_uint_eq(counted.bytes, 0);
}
END_TEST

START_TEST(env__keeps_nothing_beyond_its_limit)
{
    struct counted counted = {0, 0, 0};
    struct tarn_env *env = counted_env(&counted, 1 << 20);
    const size_t own = counted.bytes;
    for (size_t bytes = 40000; bytes < 1000000; bytes += 40000) {
        void *block = tarn__alloc(env, bytes);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_le(counted.bytes - own, (1 << 20) + (1 << 17)); /* a class is at most an eighth larger */
        tarn__free(env, block);
    }
    tarn_env_close(env);
    ck_assert_uint_eq(counted.bytes, 0);
}
END_TEST

enum { MANY_BLOCKS = 600 };

/* Blocks of all sizes come and go in an order of no kind, each full of a byte of its own: none overlaps another. */
static int churn(void *arg, uint64_t number, uint32_t worker)
{
    (void)worker;
    struct tarn_env *env = arg;
    uint8_t *blocks[MANY_BLOCKS] = {NULL};
    size_t sizes[MANY_BLOCKS] = {0};
    uint32_t seed = (uint32_t)number + 1;
    int wrong = 0;
    for (uint32_t step = 0; step < 6 * MANY_BLOCKS; step++) {
        seed = seed * 1664525u + 1013904223u;
        const uint32_t at = (seed >> 8) % MANY_BLOCKS;
        const uint8_t mark = (uint8_t)(at + number);
        if (blocks[at] != NULL) {
            wrong |= blocks[at][0] != mark || blocks[at][sizes[at] / 2] != mark || blocks[at][sizes[at] - 1] != mark;
        }
        if (step % 5 == 0 && blocks[at] != NULL) {
            blocks[at] = tarn__realloc(env, blocks[at], sizes[at] * 2);
            wrong |= blocks[at] == NULL || blocks[at][sizes[at] - 1] != mark;
            sizes[at] *= 2;
            memset(blocks[at], mark, sizes[at]);
        } else {
            tarn__free(env, blocks[at]);
            blocks[at] = NULL;
            if (step < 5 * MANY_BLOCKS && (seed & 128) != 0) {
                sizes[at] = (size_t)1 << (seed >> 28);
                sizes[at] += (size_t)(seed >> 4 & 0xff) * sizes[at] / 256 + (size_t)(step % 97 == 0) * 2000000;
                blocks[at] = tarn__alloc(env, sizes[at]);
                memset(blocks[at], mark, sizes[at]);
            }
        }
    }
    for (uint32_t at = 0; at < MANY_BLOCKS; at++) {
        tarn__free(env, blocks[at]);
    }
    return wrong;
}

START_TEST(env__blocks_do_not_overlap_on_any_thread)
{
    struct tarn_pool *pool;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    ck_assert_ok(tarn_pool_open(3, &pool, &err), &err);
    const struct tarn_executor executor = tarn_pool_executor(pool);
    ck_assert_ok(tarn_env_open(NULL, &env, &err), &err);
    ck_assert_int_eq(executor.parallel_for(executor.ctx, 6, churn, env), 0);
    ck_assert_uint_eq(tarn_env_memory(env, NULL), 0);
    ck_assert_int_eq(churn(env, 7, 0), 0);
    tarn_env_close(env);
    tarn_pool_close(pool);
}
END_TEST

START_TEST(env__slabs_are_cut_again_once_nothing_of_them_is_in_use)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    enum { BLOCKS = 200 };
    uint8_t *blocks[BLOCKS];
    ck_assert_ok(tarn_env_open(NULL, &env, &err), &err);
    for (size_t size = 5000; size < 900000; size = size * 3 / 2) { /* each size would need slabs of its own otherwise: 1 GiB in all */
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = tarn__alloc(env, size);
            ck_assert_ptr_nonnull(blocks[i]);
            blocks[i][size - 1] = 1;
        }
        for (int i = BLOCKS; i-- > 0;) {
            tarn__free(env, blocks[i]);
        }
    }
    void *block = tarn__alloc(env, 5000);
    ck_assert_ptr_nonnull(block);
    tarn__free(env, block);
    tarn_env_close(env);
}
END_TEST

START_TEST(env__survives_sizes_that_overflow)
{
    struct tarn_env *env = tarn_test_env();
    ck_assert_ptr_null(tarn__alloc(env, SIZE_MAX - 3));
    ck_assert_ptr_null(tarn__calloc(env, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(tarn__buffer_new(env, SIZE_MAX - 70));
    tarn_test_env_close(env);
}
END_TEST

START_TEST(buffer__pads_with_zeros_and_outlives_its_env)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *buffer = tarn__buffer_new(env, 5);
    memset(buffer->data, 0xff, 5);
    ck_assert(tarn__buffer_append(buffer, "ab", 2));
    for (size_t i = 7; i < 64; i++) {
        ck_assert_uint_eq(buffer->data[i], 0);
    }
    struct tarn_buffer *part = tarn__buffer_slice(buffer, 5, 2);
    ck_assert_int_eq(memcmp(part->data, "ab", 2), 0);
    ck_assert(!tarn__buffer_unshared(buffer));
    tarn__buffer_release(buffer);
    tarn_env_close(env);
    tarn__buffer_release(part);
}
END_TEST

START_TEST(arena__gives_zeroed_aligned_pieces)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    for (size_t size = 1; size < 5000; size += 37) {
        uint8_t *piece = tarn__arena_alloc(&arena, size);
        ck_assert_uint_eq((uintptr_t)piece % 16, 0);
        ck_assert_uint_eq(piece[0] | piece[size - 1], 0);
        memset(piece, 0xee, size);
    }
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(error__keeps_the_innermost_place_and_cuts_between_characters)
{
    struct tarn_error err;
    ck_assert_status(tarn__corrupt(&err, "page_crc", "the page does not match its checksum"), TARN_CORRUPT);
    tarn__error_at_offset(&err, 4711);
    tarn__error_at_offset(&err, 1);
    char path[600];
    memset(path, 'x', sizeof(path));
    memcpy(path + sizeof(path) - 300, "\xc3\xa4", 2);
    tarn__error_at_object(&err, (struct tarn_text){path, sizeof(path)});
    ck_assert_int_eq(err.offset, 4711);
    ck_assert_int_eq(strncmp(err.object, "...", 3), 0);
    ck_assert_uint_eq(strlen(err.object), sizeof(err.object) - 1);
    char line[1024];
    tarn_error_format(&err, line, sizeof(line));
    ck_assert_ptr_nonnull(strstr(line, "CORRUPT.page_crc: the page does not match its checksum (..."));
    ck_assert_ptr_nonnull(strstr(line, "byte 4711)"));
}
END_TEST

TARN_SUITE("format/env", TARN_TEST(env__refuses_memory_over_its_limit), TARN_TEST(env__hands_large_blocks_out_again_and_gives_all_back),
           TARN_TEST(env__keeps_nothing_beyond_its_limit), TARN_TEST(env__blocks_do_not_overlap_on_any_thread),
           TARN_TEST(env__slabs_are_cut_again_once_nothing_of_them_is_in_use), TARN_TEST(env__survives_sizes_that_overflow),
           TARN_TEST(buffer__pads_with_zeros_and_outlives_its_env), TARN_TEST(arena__gives_zeroed_aligned_pieces),
           TARN_TEST(error__keeps_the_innermost_place_and_cuts_between_characters))
