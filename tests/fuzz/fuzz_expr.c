/* SPDX-License-Identifier: Apache-2.0
 * Bytes of expressions: what decodes is pruned, encoded, and decodes to the same bytes again.
 */
#include <stdlib.h>
#include <string.h>

#include "tarn/expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool no_bounds(void *ctx, const struct tarn_expr_column *column, struct tarn_bounds *out)
{
    (void)ctx;
    (void)column;
    (void)out;
    return false;
}

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_expr *expr;
    options.memory_limit = 64 << 20;
    demand(tarn_env_open(&options, &env, NULL) == TARN_OK);
    if (tarn_expr_decode(env, (struct tarn_span){data, size}, &expr, NULL) == TARN_OK) {
        const struct tarn_bounds_lookup lookup = {NULL, no_bounds, NULL};
        struct tarn_span bytes;
        struct tarn_span again;
        struct tarn_expr *back;
        (void)tarn_expr_prune(expr, &lookup);
        demand(tarn_expr_encode(env, expr, &bytes, NULL) == TARN_OK);
        demand(tarn_expr_decode(env, bytes, &back, NULL) == TARN_OK);
        demand(tarn_expr_encode(env, back, &again, NULL) == TARN_OK);
        demand(bytes.size == again.size && memcmp(bytes.data, again.data, bytes.size) == 0);
        tarn_expr_bytes_free(env, bytes);
        tarn_expr_bytes_free(env, again);
        tarn_expr_release(back);
        tarn_expr_release(expr);
    }
    demand(tarn_env_memory(env, NULL) == 0);
    tarn_env_close(env);
    return 0;
}
