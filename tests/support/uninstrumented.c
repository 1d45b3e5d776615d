/* SPDX-License-Identifier: Apache-2.0
 *
 * MemorySanitizer sees what instrumented code writes. The codecs and ciphers of the system are not instrumented, so that what they write
 * would count as never written: each such function is wrapped by the linker (--wrap, tests/CMakeLists.txt), and the wrapper says which
 * bytes it has filled. Nothing of this is in other builds.
 */
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define INSTRUMENTED 1
#endif
#endif

#ifndef INSTRUMENTED
extern int tarn_test_nothing_to_wrap; /* a file of C holds something */
int tarn_test_nothing_to_wrap;
#else

#include <ftw.h>
#include <sys/stat.h>

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <libdeflate.h>
#include <lz4.h>
#include <lz4frame.h>
#include <openssl/evp.h>
#include <sanitizer/msan_interface.h>
#include <sodium.h>
#include <zstd.h>
#ifdef TARN_TEST_SNAPPY
#include <snappy-c.h>
#endif

/* A function `name` of the library, and what the linker calls instead; `filled` says what it has written when it returned `got`. */
#define WRAP(type, name, parameters, arguments, filled)                                                                                    \
    extern type __real_##name parameters;                                                                                                  \
    extern type __wrap_##name parameters;                                                                                                  \
    type __wrap_##name parameters                                                                                                          \
    {                                                                                                                                      \
        const type got = __real_##name arguments;                                                                                          \
        filled;                                                                                                                            \
        return got;                                                                                                                        \
    }

#define FILLED(address, size) __msan_unpoison((address), (size_t)(size))
#define FILLED_ONE(address) ((address) != NULL ? FILLED((address), sizeof(*(address))) : (void)0)

/* ---- zstd ---- */

WRAP(size_t, ZSTD_decompressDCtx, (ZSTD_DCtx * context, void *out, size_t room, const void *in, size_t size),
     (context, out, room, in, size), FILLED(out, ZSTD_isError(got) ? 0 : got))
WRAP(size_t, ZSTD_compress2, (ZSTD_CCtx * context, void *out, size_t room, const void *in, size_t size), (context, out, room, in, size),
     FILLED(out, ZSTD_isError(got) ? 0 : got))
WRAP(size_t, ZSTD_compress, (void *out, size_t room, const void *in, size_t size, int level), (out, room, in, size, level),
     FILLED(out, ZSTD_isError(got) ? 0 : got))
WRAP(size_t, ZSTD_decompressStream, (ZSTD_DStream * stream, ZSTD_outBuffer *out, ZSTD_inBuffer *in), (stream, out, in),
     FILLED(out->dst, out->pos))

/* ---- lz4 ---- */

WRAP(int, LZ4_decompress_safe, (const char *in, char *out, int size, int room), (in, out, size, room), FILLED(out, got < 0 ? 0 : got))
WRAP(int, LZ4_compress_default, (const char *in, char *out, int size, int room), (in, out, size, room), FILLED(out, got < 0 ? 0 : got))
WRAP(LZ4F_errorCode_t, LZ4F_createDecompressionContext, (LZ4F_dctx * *context, unsigned version), (context, version), FILLED_ONE(context))
WRAP(size_t, LZ4F_compressFrame, (void *out, size_t room, const void *in, size_t size, const LZ4F_preferences_t *how),
     (out, room, in, size, how), FILLED(out, LZ4F_isError(got) ? 0 : got))
WRAP(size_t, LZ4F_decompress,
     (LZ4F_dctx * context, void *out, size_t *made, const void *in, size_t *taken, const LZ4F_decompressOptions_t *how),
     (context, out, made, in, taken, how), FILLED(out, *made))

/* ---- libdeflate ---- */

WRAP(enum libdeflate_result, libdeflate_deflate_decompress,
     (struct libdeflate_decompressor * d, const void *in, size_t size, void *out, size_t room, size_t *made),
     (d, in, size, out, room, made),
     (FILLED_ONE(made), FILLED(out, got != LIBDEFLATE_SUCCESS ? 0
                                    : made != NULL            ? *made
                                                              : room)))
WRAP(enum libdeflate_result, libdeflate_gzip_decompress,
     (struct libdeflate_decompressor * d, const void *in, size_t size, void *out, size_t room, size_t *made),
     (d, in, size, out, room, made),
     (FILLED_ONE(made), FILLED(out, got != LIBDEFLATE_SUCCESS ? 0
                                    : made != NULL            ? *made
                                                              : room)))
WRAP(enum libdeflate_result, libdeflate_gzip_decompress_ex,
     (struct libdeflate_decompressor * d, const void *in, size_t size, void *out, size_t room, size_t *taken, size_t *made),
     (d, in, size, out, room, taken, made),
     (FILLED_ONE(taken), FILLED_ONE(made),
      FILLED(out, got != LIBDEFLATE_SUCCESS ? 0
                  : made != NULL            ? *made
                                            : room)))
WRAP(size_t, libdeflate_deflate_compress, (struct libdeflate_compressor * c, const void *in, size_t size, void *out, size_t room),
     (c, in, size, out, room), FILLED(out, got))
WRAP(size_t, libdeflate_gzip_compress, (struct libdeflate_compressor * c, const void *in, size_t size, void *out, size_t room),
     (c, in, size, out, room), FILLED(out, got))

/* ---- brotli: the pointer to the output moves ---- */

extern BrotliDecoderResult __real_BrotliDecoderDecompressStream(BrotliDecoderState *state, size_t *left, const uint8_t **in, size_t *room,
                                                                uint8_t **out, size_t *total);
extern BrotliDecoderResult __wrap_BrotliDecoderDecompressStream(BrotliDecoderState *state, size_t *left, const uint8_t **in, size_t *room,
                                                                uint8_t **out, size_t *total);
BrotliDecoderResult __wrap_BrotliDecoderDecompressStream(BrotliDecoderState *state, size_t *left, const uint8_t **in, size_t *room,
                                                         uint8_t **out, size_t *total)
{
    uint8_t *begin = *out;
    const BrotliDecoderResult got = __real_BrotliDecoderDecompressStream(state, left, in, room, out, total);
    FILLED(begin, *out - begin);
    FILLED_ONE(total);
    return got;
}

extern BROTLI_BOOL __real_BrotliEncoderCompressStream(BrotliEncoderState *state, BrotliEncoderOperation operation, size_t *left,
                                                      const uint8_t **in, size_t *room, uint8_t **out, size_t *total);
extern BROTLI_BOOL __wrap_BrotliEncoderCompressStream(BrotliEncoderState *state, BrotliEncoderOperation operation, size_t *left,
                                                      const uint8_t **in, size_t *room, uint8_t **out, size_t *total);
BROTLI_BOOL __wrap_BrotliEncoderCompressStream(BrotliEncoderState *state, BrotliEncoderOperation operation, size_t *left,
                                               const uint8_t **in, size_t *room, uint8_t **out, size_t *total)
{
    uint8_t *begin = *out;
    const BROTLI_BOOL got = __real_BrotliEncoderCompressStream(state, operation, left, in, room, out, total);
    FILLED(begin, *out - begin);
    FILLED_ONE(total);
    return got;
}

/* ---- libcrypto ---- */

/* No output: bytes that are signed and not encrypted. */
#define CIPHERED(out, size) (FILLED_ONE(size), FILLED((out), (out) != NULL && got == 1 ? *(size) : 0))
WRAP(int, EVP_CipherUpdate, (EVP_CIPHER_CTX * context, unsigned char *out, int *made, const unsigned char *in, int size),
     (context, out, made, in, size), CIPHERED(out, made))
WRAP(int, EVP_EncryptUpdate, (EVP_CIPHER_CTX * context, unsigned char *out, int *made, const unsigned char *in, int size),
     (context, out, made, in, size), CIPHERED(out, made))
WRAP(int, EVP_CipherFinal_ex, (EVP_CIPHER_CTX * context, unsigned char *out, int *made), (context, out, made), CIPHERED(out, made))
WRAP(int, EVP_EncryptFinal_ex, (EVP_CIPHER_CTX * context, unsigned char *out, int *made), (context, out, made), CIPHERED(out, made))
WRAP(int, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX * context, int what, int size, void *bytes), (context, what, size, bytes),
     FILLED(bytes, what == EVP_CTRL_AEAD_GET_TAG ? size : 0))
WRAP(int, EVP_Digest, (const void *in, size_t size, unsigned char *out, unsigned int *made, const EVP_MD *how, ENGINE *engine),
     (in, size, out, made, how, engine), (FILLED_ONE(made), FILLED(out, EVP_MD_get_size(how))))

/* ---- libsodium ---- */

extern void __real_randombytes_buf(void *const out, const size_t size);
extern void __wrap_randombytes_buf(void *const out, const size_t size);
void __wrap_randombytes_buf(void *const out, const size_t size)
{
    __real_randombytes_buf(out, size);
    FILLED(out, size);
}

extern void *__real_sodium_malloc(const size_t size);
extern void *__wrap_sodium_malloc(const size_t size);
void *__wrap_sodium_malloc(const size_t size)
{
    void *got = __real_sodium_malloc(size);
    FILLED(got, got == NULL ? 0 : size);
    return got;
}

WRAP(int, sodium_hex2bin,
     (unsigned char *const out, const size_t room, const char *const in, const size_t size, const char *const ignored, size_t *const made,
      const char **const end),
     (out, room, in, size, ignored, made, end), (FILLED_ONE(made), FILLED_ONE(end), FILLED(out, room)))
WRAP(int, sodium_base642bin,
     (unsigned char *const out, const size_t room, const char *const in, const size_t size, const char *const ignored, size_t *const made,
      const char **const end, const int variant),
     (out, room, in, size, ignored, made, end, variant), (FILLED_ONE(made), FILLED_ONE(end), FILLED(out, room)))

/* ---- Check: it hands what it wrote itself to functions that look at it ---- */

extern int __real_ppack(void *file, int type, void *message);
extern int __wrap_ppack(void *file, int type, void *message);
int __wrap_ppack(void *file, int type, void *message)
{
    __msan_scoped_disable_interceptor_checks();
    const int got = __real_ppack(file, type, message);
    __msan_scoped_enable_interceptor_checks();
    return got;
}

/* ---- the C library: what it shows to a function of ours ---- */

typedef int (*walk_fn)(const char *path, const struct stat *info, int type, struct FTW *walk);

static walk_fn walker;

static int show_walker(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    __msan_unpoison_string(path);
    FILLED_ONE(info);
    FILLED_ONE(walk);
    return walker(path, info, type, walk);
}

extern int __real_nftw(const char *path, walk_fn fn, int descriptors, int flags);
extern int __wrap_nftw(const char *path, walk_fn fn, int descriptors, int flags);
int __wrap_nftw(const char *path, walk_fn fn, int descriptors, int flags)
{
    walker = fn;
    return __real_nftw(path, show_walker, descriptors, flags);
}

/* ---- snappy ---- */

#ifdef TARN_TEST_SNAPPY
WRAP(snappy_status, snappy_compress, (const char *in, size_t size, char *out, size_t *made), (in, size, out, made), FILLED(out, *made))
WRAP(snappy_status, snappy_uncompress, (const char *in, size_t size, char *out, size_t *made), (in, size, out, made),
     FILLED(out, got == SNAPPY_OK ? *made : 0))
#endif

#endif
