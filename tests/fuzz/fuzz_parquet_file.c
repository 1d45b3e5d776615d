/* SPDX-License-Identifier: Apache-2.0
 * A whole Parquet file: every column of every row group read, in windows of two sizes, all rows and a part of them.
 * Nothing is expected of the rows but that they are as many as the windows have, and that all memory comes back.
 */
#include <stdlib.h>

#include "tarn/reader.h"
#include "tests/support/source_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_parquet_read_options read_options = TARN_PARQUET_READ_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_store *store;
    struct tarn_source *source;
    options.memory_limit = 64 << 20;
    read_options.no_crc = true; /* else hardly a change would come behind the checksums */
    demand(tarn_env_open(&options, &env, NULL) == TARN_OK);
    demand(tarn_store_open_memory(env, 0, &store, NULL) == TARN_OK);
    if (tarn_store_put(store, TARN_TEXT("f"), (struct tarn_span){data, size}, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, NULL) == TARN_OK &&
        tarn_parquet_open(store, TARN_TEXT("f"), &read_options, &source, NULL) == TARN_OK) {
        tarn_walk_source(source);
        tarn_source_close(source);
    }
    tarn_store_close(store);
    demand(tarn_env_memory(env, NULL) == 0);
    tarn_env_close(env);
    return 0;
}
