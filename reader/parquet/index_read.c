/* SPDX-License-Identifier: Apache-2.0
 *
 * Page indexes of one row group, read in one request.
 *
 * Specification: parquet-format PageIndex.md.
 */
#include "reader/parquet/index_read.h"

bool tarn__parquet_has_offset_index(const struct parquet_column_chunk *chunk)
{
    return chunk->has_offset_index_offset && chunk->has_offset_index_length && chunk->offset_index_length > 0;
}

bool tarn__parquet_has_column_index(const struct parquet_column_chunk *chunk)
{
    return chunk->has_column_index_offset && chunk->has_column_index_length && chunk->column_index_length > 0;
}

/* Room for `size` bytes of the file from `offset` on. */
static enum tarn_status add_range(struct tarn_arena *arena, int64_t offset, int32_t size, struct tarn_read_range *range,
                                  struct tarn_span *bytes, struct tarn_error *err)
{
    uint8_t *into = tarn__arena_alloc(arena, (size_t)size);
    if (into == NULL) {
        return tarn__nomem(arena->env, err, (uint64_t)size);
    }
    *range = (struct tarn_read_range){(uint64_t)offset, (size_t)size, into};
    *bytes = (struct tarn_span){into, (size_t)size};
    return TARN_OK;
}

/* Indexes of an encrypted column are so too. Those that cannot be decrypted are passed over like those that are damaged. */
static void decrypt_indexes(const struct tarn_footer *footer, uint32_t row_group, struct tarn__index_want *want, struct tarn_arena *arena)
{
    struct tarn__column_cipher *cipher;
    if (want->chunk->crypto_metadata == NULL) {
        return;
    }
    const bool ready = tarn__footer_cipher(footer, row_group, want->leaf, &cipher, NULL) == TARN_OK && cipher != NULL;
    const struct {
        struct tarn_span *bytes;
        enum tarn__module_type type;
    } indexes[] = {{&want->column_index, TARN__MODULE_COLUMN_INDEX}, {&want->offset_index, TARN__MODULE_OFFSET_INDEX}};
    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
        struct tarn_span *bytes = indexes[i].bytes;
        if (bytes->data != NULL &&
            !(ready && tarn__column_cipher_module(cipher, indexes[i].type, *bytes, arena, bytes, NULL, NULL) == TARN_OK)) {
            *bytes = (struct tarn_span){NULL, 0};
        }
    }
    tarn__column_cipher_close(cipher);
}

enum tarn_status tarn__parquet_read_indexes(struct parquet_scan *scan, uint32_t row_group, uint32_t count, struct tarn__index_want *wants,
                                            struct tarn_arena *arena, struct tarn_error *err)
{
    size_t ranges_used = 0;
    struct tarn_read_range *ranges = tarn__arena_calloc(arena, (size_t)count * 2 + 1, sizeof(*ranges));
    if (ranges == NULL) {
        return tarn__nomem(arena->env, err, (uint64_t)count * 2 * sizeof(*ranges));
    }
    for (uint32_t i = 0; i < count; i++) {
        struct tarn__index_want *want = &wants[i];
        want->offset_index = want->column_index = (struct tarn_span){NULL, 0};
        if (want->bounds && tarn__parquet_has_column_index(want->chunk)) {
            TARN_RETURN_IF_ERROR(add_range(arena, want->chunk->column_index_offset, want->chunk->column_index_length,
                                           &ranges[ranges_used++], &want->column_index, err));
        }
        if (want->offsets && tarn__parquet_has_offset_index(want->chunk)) {
            TARN_RETURN_IF_ERROR(add_range(arena, want->chunk->offset_index_offset, want->chunk->offset_index_length,
                                           &ranges[ranges_used++], &want->offset_index, err));
        }
    }
    TARN_RETURN_IF_ERROR(ranges_used != 0 ? tarn__read_pool_read(&scan->pool, ranges_used, ranges, err) : TARN_OK);
    for (uint32_t i = 0; i < count; i++) {
        decrypt_indexes(scan->source->footer, row_group, &wants[i], arena);
    }
    return TARN_OK;
}

const struct tarn_offset_index *tarn__parquet_decode_offsets(const struct tarn__index_want *want, uint64_t row_count,
                                                             struct tarn_arena *arena)
{
    if (want->offset_index.data == NULL) {
        return NULL;
    }
    const struct tarn_chunk_range range = tarn__footer_chunk_range(&want->chunk->meta_data);
    struct tarn_offset_index *index = tarn__arena_alloc(arena, sizeof(*index));
    const bool right =
        index != NULL && tarn__offset_index_decode(want->offset_index, arena, row_count, range.begin, range.end, index, NULL) == TARN_OK;
    return right && index->page_count != 0 ? index : NULL;
}
