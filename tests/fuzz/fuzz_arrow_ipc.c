/* SPDX-License-Identifier: Apache-2.0
 * Arrow IPC of any bytes, as an object, whether stream or file, and as bytes that arrive once. Nothing is expected of the rows but that
 * they are as many as the windows have, that a failure says what it is, and that all memory comes back.
 */
#include <stdlib.h>
#include <string.h>

#include "tarn/reader.h"
#include "tests/support/source_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

struct left {
    const uint8_t *data;
    size_t size;
};

static enum tarn_status next_piece(void *ctx, uint8_t *into, size_t size, size_t *got, struct tarn_error *err)
{
    struct left *left = ctx;
    (void)err;
    *got = left->size < size ? left->size : size;
    if (*got != 0) {
        memcpy(into, left->data, *got);
    }
    left->data += *got;
    left->size -= *got;
    return TARN_OK;
}

/* What is wrong with bytes is never the caller's fault, nor tarn's. */
static void read_opened(enum tarn_status status, struct tarn_source *source, const struct tarn_error *err)
{
    demand(status != TARN_INVALID && status != TARN_INTERNAL);
    demand(status == TARN_OK || err->message[0] != '\0');
    if (status == TARN_OK) {
        tarn_walk_source(source);
        tarn_source_close(source);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct left left = {data, size};
    struct tarn_env *env;
    struct tarn_store *store;
    struct tarn_source *source = NULL;
    options.memory_limit = 64 << 20;
    demand(tarn_env_open(&options, &env, NULL) == TARN_OK);
    demand(tarn_store_open_memory(env, 0, &store, NULL) == TARN_OK);
    if (tarn_store_put(store, TARN_TEXT("f"), (struct tarn_span){data, size}, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, NULL) == TARN_OK) {
        enum tarn_status status = tarn_arrow_ipc_open(store, TARN_TEXT("f"), NULL, &source, &err);
        read_opened(status, source, &err);
        status = tarn_arrow_ipc_open_stream(env, (struct tarn_byte_stream){&left, next_piece}, NULL, &source, &err);
        read_opened(status, source, &err);
    }
    tarn_store_close(store);
    demand(tarn_env_memory(env, NULL) == 0);
    tarn_env_close(env);
    return 0;
}
