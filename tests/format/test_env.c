/* SPDX-License-Identifier: Apache-2.0
 * The env: accounting, limits, and errors that carry their places.
 */
#include "format/base/alloc.h"
#include "format/base/arena.h"
#include "format/base/buffer.h"
#include "tests/support/suite.h"

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

TARN_SUITE("format/env", TARN_TEST(env__refuses_memory_over_its_limit), TARN_TEST(env__survives_sizes_that_overflow),
           TARN_TEST(buffer__pads_with_zeros_and_outlives_its_env), TARN_TEST(arena__gives_zeroed_aligned_pieces),
           TARN_TEST(error__keeps_the_innermost_place_and_cuts_between_characters))
