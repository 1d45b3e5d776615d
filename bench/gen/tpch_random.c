/* SPDX-License-Identifier: Apache-2.0 */
/* Skipping draws: n steps of a multiplicative generator are one multiplication by multiplier^n. */
#include "bench/gen/tpch_random.h"

void tpch_next_row(struct tpch_stream *stream)
{
    int64_t factor = TPCH_MULTIPLIER;
    for (int32_t left = stream->per_row - stream->used; left > 0; left >>= 1) {
        if (left & 1) {
            stream->seed = stream->seed * factor % TPCH_MODULUS;
        }
        factor = factor * factor % TPCH_MODULUS;
    }
    stream->used = 0;
}
