/* SPDX-License-Identifier: Apache-2.0
 * Bodies of scan tasks, under a frame and a checksum that are right: whatever they say, opening and reading them gives rows or an error.
 * Every folder that they name is an empty one in memory.
 */
#include <stdlib.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/hash.h"
#include "tarn/scan_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

static enum tarn_status open_empty(void *ctx, struct tarn_env *env, struct tarn_text uri, bool create, struct tarn_store **out,
                                   struct tarn_error *err)
{
    (void)ctx;
    (void)uri;
    (void)create;
    return tarn_store_open_memory(env, 0, out, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 9, CHECKSUM = 8 };
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_scan_task *task;
    options.memory_limit = 64 << 20;
    options.open_store = open_empty;
    demand(tarn_env_open(&options, &env, NULL) == TARN_OK);
    uint8_t *bytes = malloc(HEAD + size + CHECKSUM);
    demand(bytes != NULL);
    memcpy(bytes, "TARNSCAN\x01", HEAD);
    if (size != 0) {
        memcpy(bytes + HEAD, data, size);
    }
    tarn__store64(bytes + HEAD + size, tarn__xxh64(bytes, HEAD + size, 0));
    if (tarn_scan_task_open(env, (struct tarn_span){bytes, HEAD + size + CHECKSUM}, &task, NULL) == TARN_OK) {
        struct tarn_filtered_scan *scan;
        if (tarn_scan_task_read(task, &scan, NULL) == TARN_OK) {
            struct tarn_batch *batch;
            demand(tarn_filtered_scan_next(scan, &batch, NULL) != TARN_OK || batch == NULL); /* there is no file */
            tarn_filtered_scan_close(scan);
        }
        tarn_scan_task_close(task);
    }
    free(bytes);
    demand(tarn_env_memory(env, NULL) == 0);
    tarn_env_close(env);
    return 0;
}
