/* SPDX-License-Identifier: Apache-2.0
 * A whole Parquet file of any bytes, merged with itself, copied without its indexes, and appended to. What comes of it has a footer that is
 * read, twice the rows or as many, and not much more bytes than went in; or nothing comes of it.
 */
#include <stdlib.h>

#include "tarn/files.h"
#include "tarn/parquet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

/* Index and footer are made anew: they may grow, by what numbers of more digits take. */
static void look(struct tarn_store *store, struct tarn_text key, const struct tarn_file_result *result, size_t most)
{
    struct tarn_parquet_metadata *metadata;
    demand(tarn_parquet_metadata_open(store, key, &metadata, NULL) == TARN_OK);
    const struct tarn_parquet_file_info info = tarn_parquet_file_info(metadata);
    demand(info.row_count == result->rows && info.file_size == result->bytes && info.row_group_count == result->row_groups);
    demand(info.file_size <= 16 * (uint64_t)most + 4096);
    tarn_parquet_metadata_close(metadata);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_parquet_copy_options drop = TARN_PARQUET_COPY_OPTIONS_INIT;
    struct tarn_file_result result = TARN_FILE_RESULT_INIT;
    struct tarn_env *env;
    struct tarn_store *store;
    options.memory_limit = 64 << 20;
    drop.drop_page_index = true;
    drop.drop_bloom_filters = true;
    demand(tarn_env_open(&options, &env, NULL) == TARN_OK);
    demand(tarn_store_open_memory(env, 0, &store, NULL) == TARN_OK);
    const struct tarn_file_place files[] = {{store, TARN_TEXT("f")}, {store, TARN_TEXT("f")}};
    const struct tarn_file_place to = {store, TARN_TEXT("m")};
    if (tarn_store_put(store, TARN_TEXT("f"), (struct tarn_span){data, size}, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, NULL) == TARN_OK) {
        if (tarn_parquet_merge(2, files, &to, NULL, &result, NULL) == TARN_OK) {
            look(store, to.key, &result, 2 * size);
        }
        if (tarn_parquet_copy(&files[0], &to, &drop, &result, NULL) == TARN_OK) {
            look(store, to.key, &result, size);
        }
        if (tarn_parquet_copy(&files[0], &to, NULL, &result, NULL) == TARN_OK) {
            look(store, to.key, &result, size);
        }
    }
    tarn_store_close(store);
    demand(tarn_env_memory(env, NULL) == 0);
    tarn_env_close(env);
    return 0;
}
