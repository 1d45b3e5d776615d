/* SPDX-License-Identifier: Apache-2.0
 *
 * One text, two sizes of window, one answer.
 */
#include "tests/support/window_twin.h"

#include <stdio.h>
#include <stdlib.h>

#include "tarn/arrow.h"

static void demand(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "window twin: %s\n", what);
        abort();
    }
}

struct outcome {
    enum tarn_status status;
    uint64_t rows;
    uint64_t nulls;
    uint64_t rejected;
};

static void count_reject(void *arg, const struct tarn_reject *reject)
{
    struct outcome *outcome = arg;
    demand(reject->line >= 1 && reject->reason.size != 0, "a reject without place or reason");
    outcome->rejected++;
}

static struct outcome read_all(struct tarn_store *store, tarn_window_open_fn open, size_t window)
{
    struct outcome outcome = {TARN_OK, 0, 0, 0};
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_source *source;
    struct tarn_batches *batches;
    struct tarn_batch *batch = NULL;
    const struct tarn_text_origin origin = {.env = store->env, .store = store, .key = {"f", 1}};
    outcome.status = open(&origin, count_reject, &outcome, window, &source, &err);
    if (outcome.status != TARN_OK) {
        demand(err.code == outcome.status && err.message[0] != '\0', "a failure without a message");
        return outcome;
    }
    outcome.status = tarn_source_batches(source, NULL, &batches, &err);
    while (outcome.status == TARN_OK) {
        outcome.status = batches->next(batches, &batch, &err);
        if (outcome.status != TARN_OK || batch == NULL) {
            break;
        }
        outcome.rows += batch->length;
        for (uint32_t c = 0; c < batch->column_count; c++) {
            outcome.nulls += tarn_vector_null_count(batch->columns[c]);
        }
    }
    if (batches != NULL) {
        batches->close(batches);
    }
    tarn_source_close(source);
    return outcome;
}

void tarn_window_twin(const uint8_t *data, size_t size, tarn_window_open_fn open)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_store *store;
    const struct tarn_span bytes = {data, size};
    options.memory_limit = 512u << 20;
    demand(tarn_env_open(&options, &env, NULL) == TARN_OK, "no env");
    demand(tarn_store_open_memory(env, 0, &store, NULL) == TARN_OK, "no store");
    demand(tarn_store_put(store, TARN_TEXT("f"), bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, NULL) == TARN_OK, "no object");
    const struct outcome whole = read_all(store, open, 0);
    const struct outcome cut = read_all(store, open, 64);
    demand(whole.status == cut.status, "windows end differently");
    if (whole.status == TARN_OK) {
        demand(whole.rows == cut.rows && whole.nulls == cut.nulls && whole.rejected == cut.rejected, "windows give different rows");
    }
    tarn_store_close(store);
    tarn_env_close(env);
}
