/* SPDX-License-Identifier: Apache-2.0
 *
 * Bloom filters into the file.
 *
 * Specification: parquet-format BloomFilter.md, "File Format". SPEC: P-BLOOM-WRITE-5.
 */
#include "writer/parquet/bloom_store.h"

#include <stdlib.h>

enum { BLOCK_BYTES = 32 };

void tarn__bloom_store_init(struct tarn__bloom_store *store, struct tarn_env *env)
{
    *store = (struct tarn__bloom_store){.env = env};
}

void tarn__bloom_store_free(struct tarn__bloom_store *store)
{
    tarn__buffer_release(store->bytes);
    if (store->env != NULL) {
        tarn__free(store->env, store->kept);
    }
    *store = (struct tarn__bloom_store){.env = store->env};
}

enum tarn_status tarn__bloom_store_keep(struct tarn__bloom_store *store, uint32_t row_group, uint32_t leaf,
                                        const struct tarn_bloom_filter *filter, struct tarn_error *err)
{
    const size_t size = (size_t)filter->block_count * BLOCK_BYTES;

    if (store->bytes == NULL) {
        store->bytes = tarn__buffer_new(store->env, 0);
    }
    if (store->bytes == NULL ||
        !tarn__grow(store->env, &store->kept, &store->kept_capacity, (size_t)store->kept_count + 1, sizeof(*store->kept))) {
        return tarn__nomem(store->env, err, size);
    }
    const uint64_t begin = store->bytes->size;
    TARN_RETURN_IF_ERROR(tarn__bloom_header_encode(filter, store->bytes, err));
    const uint64_t bits = store->bytes->size;
    if (!tarn__buffer_append(store->bytes, filter->blocks, size)) {
        return tarn__nomem(store->env, err, size);
    }
    store->kept[store->kept_count++] = (struct tarn__kept_bloom){row_group, leaf, begin, bits, store->bytes->size};
    return TARN_OK;
}

static int by_leaf(const void *left, const void *right)
{
    const struct tarn__kept_bloom *a = left;
    const struct tarn__kept_bloom *b = right;

    if (a->leaf != b->leaf) {
        return a->leaf < b->leaf ? -1 : 1;
    }
    return (a->row_group > b->row_group) - (a->row_group < b->row_group);
}

enum tarn_status tarn__bloom_store_write(struct tarn__bloom_store *store, const struct tarn__bloom_target *target, struct tarn_error *err)
{
    if (store->kept_count == 0) {
        return TARN_OK;
    }
    qsort(store->kept, store->kept_count, sizeof(*store->kept), by_leaf);
    for (uint32_t i = 0; i < store->kept_count; i++) {
        const struct tarn__kept_bloom *kept = &store->kept[i];
        const struct tarn__chunk_place place = target->place(target->arg, kept->row_group, kept->leaf);
        const uint8_t *bytes = store->bytes->data;
        const struct tarn_span header = {bytes + kept->header, (size_t)(kept->bits - kept->header)};
        const struct tarn_span bits = {bytes + kept->bits, (size_t)(kept->end - kept->bits)};
        const uint64_t offset = target->file->written;
        uint64_t size;
        TARN_RETURN_IF_ERROR(
            tarn__chunk_encrypt_part(target->encryptor, &place, TARN__MODULE_BLOOM_FILTER_HEADER, header, target->file, &size, err));
        TARN_RETURN_IF_ERROR(
            tarn__chunk_encrypt_part(target->encryptor, &place, TARN__MODULE_BLOOM_FILTER_BITSET, bits, target->file, &size, err));
        target->placed(target->arg, kept->row_group, kept->leaf, offset, target->file->written - offset);
    }
    store->kept_count = 0;
    store->bytes->size = 0;
    return TARN_OK;
}
