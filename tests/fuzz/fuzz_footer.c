/* SPDX-License-Identifier: Apache-2.0
 * A Parquet file of any bytes: footer, schema, chunk facts, page walks, through the public door; and the bytes as bare metadata, which
 * mutations reach more easily, decoded on demand and by the tables, which must agree.
 */
#include <stdlib.h>

#include "format/column/footer.h"
#include "tarn/parquet.h"
#include "tests/support/footer_twin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum tarn_status see(void *arg, const struct tarn_parquet_page_info *page, struct tarn_error *err)
{
    (void)err;
    if (page->type == NULL || page->encoding == NULL) {
        abort();
    }
    return ++*(unsigned *)arg > 1000 ? TARN_CANCELLED : TARN_OK;
}

static void look(const struct tarn_parquet_metadata *metadata)
{
    const struct tarn_parquet_file_info info = tarn_parquet_file_info(metadata);
    unsigned pages = 0;
    for (uint32_t group = 0; group < info.row_group_count; group++) {
        struct tarn_parquet_row_group_info row_group;
        if (tarn_parquet_row_group_info(metadata, group, &row_group, NULL) != TARN_OK) {
            abort();
        }
        for (uint32_t leaf = 0; leaf < info.leaf_count; leaf++) {
            struct tarn_parquet_chunk_info chunk;
            if (tarn_parquet_chunk_info(metadata, group, leaf, &chunk, NULL) != TARN_OK) {
                abort();
            }
            if (tarn_parquet_pages(metadata, group, leaf, see, &pages, NULL) == TARN_CANCELLED) {
                return;
            }
        }
    }
}

static void decode_bare(struct tarn_env *env, struct tarn_span bytes)
{
    struct tarn_footer *footer;
    if (tarn_test_footer_twin(env, bytes, 1 << 20, 1 << 21) != NULL) {
        abort();
    }
    if (tarn__footer_decode(env, bytes, 1 << 20, 1 << 21, &footer, NULL) != TARN_OK) {
        return;
    }
    for (uint32_t leaf = 0; leaf < footer->schema->leaf_count; leaf++) {
        if (footer->schema->leaves[leaf].type == NULL || footer->schema->leaves[leaf].node->field == NULL) {
            abort();
        }
    }
    tarn__footer_release(footer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_store *store;
    options.memory_limit = 64 << 20;
    if (tarn_env_open(&options, &env, NULL) != TARN_OK) {
        return 0;
    }
    decode_bare(env, (struct tarn_span){data, size});
    if (tarn_store_open_memory(env, 0, &store, NULL) == TARN_OK) {
        struct tarn_parquet_metadata *metadata;
        const struct tarn_span bytes = {data, size};
        if (tarn_store_put(store, TARN_TEXT("f"), bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, NULL) == TARN_OK &&
            tarn_parquet_metadata_open(store, TARN_TEXT("f"), &metadata, NULL) == TARN_OK) {
            look(metadata);
            tarn_parquet_metadata_close(metadata);
        }
        tarn_store_close(store);
    }
    tarn_env_close(env);
    return 0;
}
