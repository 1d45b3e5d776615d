/* SPDX-License-Identifier: Apache-2.0
 * The Thrift reader over any bytes: walked, and decoded by each table (the first byte picks one). What decodes must encode, and its
 * encoding must be a fixed point.
 */
#include <stdlib.h>

#include "format/base/buffer.h"
#include "format/thrift/parquet_thrift.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tarn_thrift_struct *const tables[] = {
    &tarn__parquet_file_metadata,        &tarn__parquet_page_header,  &tarn__parquet_column_metadata,
    &tarn__parquet_column_index,         &tarn__parquet_offset_index, &tarn__parquet_bloom_filter_header,
    &tarn__parquet_file_crypto_metadata, &tarn__parquet_statistics,   &tarn__parquet_logical_type,
};

/* Decodes and encodes; NULL when either refuses. */
static struct tarn_buffer *again(struct tarn_env *env, const struct tarn_thrift_struct *of, struct tarn_span bytes)
{
    struct tarn_thrift_progress progress;
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    void *value = tarn__arena_alloc(&arena, of->size);
    const bool ok = out != NULL && value != NULL && tarn__thrift_decode(of, bytes, &arena, value, &progress, NULL) == TARN_OK &&
                    tarn__thrift_encode(of, value, out, NULL) == TARN_OK;
    tarn__arena_free(&arena);
    if (!ok) {
        tarn__buffer_release(out);
        return NULL;
    }
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_thrift_progress progress;
    struct tarn_env *env;
    options.memory_limit = 64 << 20;
    if (size == 0 || tarn_env_open(&options, &env, NULL) != TARN_OK) {
        return 0;
    }
    const struct tarn_thrift_struct *of = tables[data[0] % (sizeof(tables) / sizeof(tables[0]))];
    const struct tarn_span bytes = {data + 1, size - 1};
    const bool walked = tarn__thrift_walk(bytes, NULL, NULL, &progress, NULL) == TARN_OK;
    struct tarn_buffer *once = again(env, of, bytes);
    if (once != NULL) {
        struct tarn_buffer *twice = again(env, of, tarn__buffer_span(once));
        if (!walked || twice == NULL || twice->size != once->size || memcmp(twice->data, once->data, once->size) != 0) {
            abort();
        }
        tarn__buffer_release(twice);
    }
    tarn__buffer_release(once);
    tarn_env_close(env);
    return 0;
}
