/* SPDX-License-Identifier: Apache-2.0
 *
 * Brotli streams, decoded and made. Specification: RFC 7932. SPEC: P-CODEC-1, P-CODEC-2, P-CODEC-7.
 */
#include "format/codec/brotli.h"

#ifdef TARN_MINIMAL

static enum tarn_status left_out(struct tarn_error *err)
{
    return tarn__unsupported(err, "codec.brotli", "this build of tarn was made without brotli; take one that has it");
}

enum tarn_status tarn__brotli_decode(struct tarn_env *env, struct tarn_span in, uint8_t *out, size_t size, struct tarn_error *err)
{
    (void)env;
    (void)in;
    (void)out;
    (void)size;
    return left_out(err);
}

size_t tarn__brotli_bound(size_t size)
{
    return size;
}

enum tarn_status tarn__brotli_encode(struct tarn_env *env, int32_t level, struct tarn_span in, uint8_t *out, size_t *written,
                                     struct tarn_error *err)
{
    (void)env;
    (void)level;
    (void)in;
    (void)out;
    *written = 0;
    return left_out(err);
}

#else

#include <brotli/decode.h>
#include <brotli/encode.h>

enum { LEVEL_DEFAULT = 5 };

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

size_t tarn__brotli_bound(size_t size)
{
    return BrotliEncoderMaxCompressedSize(size);
}

/* A window that is no larger than what it looks at: it costs memory and, of each stream, time. */
static uint32_t window_bits(size_t size)
{
    uint32_t bits = BROTLI_MIN_WINDOW_BITS + 6;
    while (bits < BROTLI_DEFAULT_WINDOW && ((size_t)1 << bits) < size + 16) {
        bits++;
    }
    return bits;
}

enum tarn_status tarn__brotli_encode(struct tarn_env *env, int32_t level, struct tarn_span in, uint8_t *out, size_t *written,
                                     struct tarn_error *err)
{
    struct memory memory = {env, TARN_OK, err};
    const uint8_t *from = in.data;
    size_t left_in = in.size;
    size_t room = tarn__brotli_bound(in.size);
    size_t left_out = room;
    BrotliEncoderState *state = BrotliEncoderCreateInstance(take_memory, give_memory, &memory);
    bool ok = state != NULL && BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, (uint32_t)(level != 0 ? level : LEVEL_DEFAULT)) &&
              BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, window_bits(in.size)) &&
              BrotliEncoderSetParameter(state, BROTLI_PARAM_SIZE_HINT, (uint32_t)in.size) &&
              BrotliEncoderCompressStream(state, BROTLI_OPERATION_FINISH, &left_in, &from, &left_out, &out, NULL) &&
              BrotliEncoderIsFinished(state);
    BrotliEncoderDestroyInstance(state);
    *written = ok ? room - left_out : 0;
    TARN_RETURN_IF_ERROR(memory.status);
    return ok ? TARN_OK : tarn__internal(err, "brotli does not compress %zu bytes", in.size);
}

#endif
