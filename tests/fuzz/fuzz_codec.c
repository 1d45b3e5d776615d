/* SPDX-License-Identifier: Apache-2.0
 * All codecs: a byte for the codec, three for the size that the bytes behind are said to have; those as a page, and, where tarn writes the
 * codec, packed and unpacked again.
 */
#include <stdlib.h>

#include "format/base/bytes.h"
#include "format/codec/codec.h"
#include "format/thrift/parquet_thrift.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 4, MOST = 1 << 20, CODECS = PARQUET_CODEC_LZ4_RAW + 2 /* one that does not exist */ };

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

static void round_trip(struct tarn_codec_context *context, int32_t codec, struct tarn_span in)
{
    const size_t bound = tarn__codec_bound(codec, in.size);
    uint8_t *packed = malloc(bound + 1);
    uint8_t *back = malloc(in.size + 1);
    size_t written;
    demand(tarn__codec_compress(context, codec, 0, in, packed, &written, NULL) == TARN_OK && written <= bound);
    demand(tarn__codec_decompress(context, codec, (struct tarn_span){packed, written}, back, in.size, NULL) == TARN_OK);
    demand(in.size == 0 || memcmp(back, in.data, in.size) == 0);
    free(packed);
    free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_codec_context *context;
    if (size < HEAD) {
        return 0;
    }
    const int32_t codec = data[0] % CODECS;
    const size_t stated = tarn__load_partial(data + 1, 3) % MOST;
    const struct tarn_span in = {data + HEAD, size - HEAD};
    uint8_t *out = malloc(stated != 0 ? stated : 1);
    options.memory_limit = UINT64_C(64) << 20;
    demand(tarn_env_open(&options, &env, NULL) == TARN_OK && tarn__codec_context_open(env, &context, NULL) == TARN_OK);
    for (int again = 0; again < 2; again++) { /* what an error leaves behind in the context must not matter */
        (void)!tarn__codec_decompress(context, codec, in, out, stated, NULL);
        if (tarn__codec_check_write(codec, NULL) == TARN_OK) {
            round_trip(context, codec, in);
        }
    }
    free(out);
    tarn__codec_context_close(context);
    tarn_env_close(env);
    return 0;
}
