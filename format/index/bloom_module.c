/* SPDX-License-Identifier: Apache-2.0
 *
 * Bloom filters of encrypted columns: two modules, header and bits, one behind the other.
 *
 * Specification: parquet-format Encryption.md, 5.1; BloomFilter.md, "Encryption". SPEC: P-CRYPT-7.
 *
 * Invariants
 *  1. As bloom_filter.c 3: sizes are held against the file and the limit before they are used.
 */
#include "format/index/bloom_filter.h"

enum { FIRST_READ = 512 }; /* a header of any known kind, encrypted */

static enum tarn_status read_range(struct tarn_object *object, uint64_t offset, size_t size, uint8_t *into, struct tarn_error *err)
{
    return tarn_object_read(object, 1, &(struct tarn_read_range){offset, size, into}, err);
}

static enum tarn_status read_header(struct tarn_object *object, struct tarn__column_cipher *cipher, uint64_t offset, uint64_t most,
                                    struct tarn_arena *arena, struct tarn_bloom_header *out, size_t *stored_size, struct tarn_error *err)
{
    uint8_t first[FIRST_READ];
    struct tarn_span plain;
    bool truncated;
    const size_t size = (size_t)(most < FIRST_READ ? most : FIRST_READ);
    TARN_RETURN_IF_ERROR(read_range(object, offset, size, first, err));
    TARN_RETURN_IF_ERROR(tarn__column_cipher_module(cipher, TARN__MODULE_BLOOM_FILTER_HEADER, (struct tarn_span){first, size}, arena,
                                                    &plain, stored_size, err));
    return tarn__bloom_header_decode(plain, out, &truncated, err);
}

static enum tarn_status read_bits(struct tarn_object *object, struct tarn__column_cipher *cipher, uint64_t offset, size_t stored,
                                  const struct tarn_bloom_header *header, struct tarn_arena *arena, struct tarn_bloom_filter *out,
                                  struct tarn_error *err)
{
    struct tarn_span plain;
    struct tarn_buffer *buffer = tarn__buffer_new(arena->env, stored);
    if (buffer == NULL) {
        return tarn__nomem(arena->env, err, stored);
    }
    enum tarn_status status = read_range(object, offset, stored, buffer->data, err);
    if (status == TARN_OK) {
        status = tarn__column_cipher_module(cipher, TARN__MODULE_BLOOM_FILTER_BITSET, tarn__buffer_span(buffer), arena, &plain, NULL, err);
    }
    if (status == TARN_OK && plain.size != header->bits_bytes) {
        status = tarn__corrupt(err, "bloom_filter", "%zu bytes of a bloom filter whose header says %u", plain.size, header->bits_bytes);
    }
    if (status == TARN_OK) {
        memcpy(buffer->data, plain.data, plain.size);
        status = tarn__bloom_filter_view(header, (struct tarn_span){buffer->data, plain.size}, out, err);
    }
    if (status != TARN_OK) {
        tarn__buffer_release(buffer);
        return status;
    }
    out->buffer = buffer;
    return TARN_OK;
}

static enum tarn_status read_modules(struct tarn_object *object, struct tarn__column_cipher *cipher, uint64_t offset, uint64_t most,
                                     uint64_t limit, struct tarn_arena *arena, struct tarn_bloom_filter *out, struct tarn_error *err)
{
    struct tarn_bloom_header header;
    size_t stored;
    TARN_RETURN_IF_ERROR(read_header(object, cipher, offset, most, arena, &header, &stored, err));
    if (header.bits_bytes > limit) {
        return tarn__error_set(err, TARN_LIMIT, "bloom_filter", "a bloom filter of %u bytes is larger than the limit", header.bits_bytes);
    }
    const uint64_t bits = (uint64_t)header.bits_bytes + tarn__module_overhead(true);
    if (bits > most - stored) {
        return tarn__corrupt(err, "bloom_filter", "a bloom filter of %u bytes where the file has room for %llu", header.bits_bytes,
                             (unsigned long long)(most - stored));
    }
    return read_bits(object, cipher, offset + stored, (size_t)bits, &header, arena, out, err);
}

enum tarn_status tarn__bloom_filter_read_encrypted(struct tarn_object *object, struct tarn__column_cipher *cipher,
                                                   const struct parquet_column_metadata *chunk, struct tarn_env *env, uint64_t limit,
                                                   struct tarn_bloom_filter *out, struct tarn_error *err)
{
    struct tarn_arena arena;
    uint64_t offset;
    uint64_t most;
    if (cipher == NULL || !chunk->has_bloom_filter_offset) {
        return tarn__bloom_filter_read(object, chunk, env, limit, out, err);
    }
    *out = (struct tarn_bloom_filter){0};
    if (!tarn__bloom_filter_place(chunk, tarn_object_info(object).size, &offset, &most)) {
        return tarn__corrupt(err, "bloom_filter", "a bloom filter lies outside of the file");
    }
    tarn__arena_init(&arena, env);
    const enum tarn_status status = read_modules(object, cipher, offset, most, limit != 0 ? limit : TARN_BLOOM_LIMIT, &arena, out, err);
    tarn__arena_free(&arena);
    if (status != TARN_OK) {
        tarn__error_at_offset(err, offset);
    }
    return status;
}
