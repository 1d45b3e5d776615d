/* SPDX-License-Identifier: Apache-2.0
 *
 * Avro files of any bytes. Beyond not crashing: what is read whole can be skipped whole with the same count, memory stays within its
 * limit and is given back, and an error lies within the file.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/avro_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz_avro: %s\n", what);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tarn_span file = {data, size};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_text_builder text;
    struct tarn_env *env;
    uint64_t printed;
    uint64_t skipped;
    options.memory_limit = (uint64_t)64 << 20;
    if (tarn_env_open(&options, &env, NULL) != TARN_OK) {
        return 0;
    }
    tarn__builder_init(&text, env);
    const enum tarn_status status = tarn_avro_print_file(env, file, &text, &printed, &err);
    demand(status == TARN_OK || status == TARN_CORRUPT || status == TARN_UNSUPPORTED || status == TARN_LIMIT, "another status");
    demand(status != TARN_CORRUPT || (err.offset >= 0 && (uint64_t)err.offset <= size), "an error lies outside the file");
    tarn__builder_free(&text);
    if (status == TARN_OK) {
        demand(tarn_avro_skip_file(env, file, &skipped, &err) == TARN_OK, "what is read is not skipped");
        demand(printed == skipped, "reading and skipping count otherwise");
    }
    demand(tarn_env_memory(env, NULL) == 0, "memory is left");
    tarn_env_close(env);
    return 0;
}
