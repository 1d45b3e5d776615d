/* SPDX-License-Identifier: Apache-2.0
 *
 * Brotli streams, decoded. Specification: RFC 7932. SPEC: P-CODEC-1, P-CODEC-2.
 */
#include "format/codec/brotli.h"

#ifdef TARN_MINIMAL

enum tarn_status tarn__brotli_decode(struct tarn_env *env, struct tarn_span in, uint8_t *out, size_t size, struct tarn_error *err)
{
    (void)env;
    (void)in;
    (void)out;
    (void)size;
    return tarn__unsupported(err, "codec.brotli", "this build of tarn was made without brotli; take one that has it");
}

#else

#include <brotli/decode.h>

/* Where the decoder's memory comes from, and what came of it. */
struct memory {
    struct tarn_env *env;
    enum tarn_status status;
    struct tarn_error *err;
};

static void *take_memory(void *ctx, size_t size)
{
    struct memory *memory = ctx;
    void *block = tarn__alloc(memory->env, size);
    if (block == NULL) {
        memory->status = tarn__nomem(memory->env, memory->err, size);
    }
    return block;
}

static void give_memory(void *ctx, void *block)
{
    struct memory *memory = ctx;
    tarn__free(memory->env, block);
}

enum tarn_status tarn__brotli_decode(struct tarn_env *env, struct tarn_span in, uint8_t *out, size_t size, struct tarn_error *err)
{
    struct memory memory = {env, TARN_OK, err};
    size_t left_in = in.size;
    size_t left_out = size;
    const uint8_t *from = in.data;
    BrotliDecoderResult result = BROTLI_DECODER_RESULT_ERROR;
    BrotliDecoderState *state = BrotliDecoderCreateInstance(take_memory, give_memory, &memory);
    if (state != NULL) {
        result = BrotliDecoderDecompressStream(state, &left_in, &from, &left_out, &out, NULL);
        BrotliDecoderDestroyInstance(state);
    }
    TARN_RETURN_IF_ERROR(memory.status);
    if (result != BROTLI_DECODER_RESULT_SUCCESS || left_in != 0 || left_out != 0) {
        return tarn__corrupt(err, "codec", "%zu bytes of BROTLI do not decompress to %zu bytes", in.size, size);
    }
    return TARN_OK;
}

#endif
