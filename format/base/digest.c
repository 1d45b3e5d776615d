/* SPDX-License-Identifier: Apache-2.0
 *
 * BLAKE2b of libsodium (RFC 7693) and MD5 of libcrypto (RFC 1321).
 */
#include "format/base/digest.h"

#ifdef TARN_MINIMAL

bool tarn__blake2b_begin(struct tarn__blake2b *digest)
{
    (void)digest;
    return false;
}

void tarn__blake2b_add(struct tarn__blake2b *digest, const void *bytes, size_t size)
{
    (void)digest;
    (void)bytes;
    (void)size;
}

void tarn__blake2b_end(struct tarn__blake2b *digest, uint8_t out[TARN__BLAKE2B_SIZE])
{
    (void)digest;
    (void)out;
}

bool tarn__blake2b(struct tarn_span bytes, uint8_t out[TARN__BLAKE2B_SIZE])
{
    (void)bytes;
    (void)out;
    return false;
}

bool tarn__md5(struct tarn_span bytes, uint8_t out[TARN__MD5_SIZE])
{
    (void)bytes;
    (void)out;
    return false;
}

#else

#include <openssl/evp.h>
#include <sodium.h>

_Static_assert(sizeof(struct tarn__blake2b) >= sizeof(crypto_generichash_state), "room for libsodium's state");
_Static_assert(_Alignof(struct tarn__blake2b) >= _Alignof(crypto_generichash_state), "as libsodium's state");

static crypto_generichash_state *state_of(struct tarn__blake2b *digest)
{
    return (crypto_generichash_state *)(void *)digest->state;
}

bool tarn__blake2b_begin(struct tarn__blake2b *digest)
{
    return sodium_init() >= 0 && crypto_generichash_init(state_of(digest), NULL, 0, TARN__BLAKE2B_SIZE) == 0;
}

void tarn__blake2b_add(struct tarn__blake2b *digest, const void *bytes, size_t size)
{
    if (size != 0) {
        (void)crypto_generichash_update(state_of(digest), bytes, size);
    }
}

void tarn__blake2b_end(struct tarn__blake2b *digest, uint8_t out[TARN__BLAKE2B_SIZE])
{
    (void)crypto_generichash_final(state_of(digest), out, TARN__BLAKE2B_SIZE);
}

bool tarn__blake2b(struct tarn_span bytes, uint8_t out[TARN__BLAKE2B_SIZE])
{
    struct tarn__blake2b digest;
    if (!tarn__blake2b_begin(&digest)) {
        return false;
    }
    tarn__blake2b_add(&digest, bytes.data, bytes.size);
    tarn__blake2b_end(&digest, out);
    return true;
}

bool tarn__md5(struct tarn_span bytes, uint8_t out[TARN__MD5_SIZE])
{
    unsigned int size = 0;
    const unsigned char none = 0;
    return EVP_Digest(bytes.size != 0 ? bytes.data : &none, bytes.size, out, &size, EVP_md5(), NULL) == 1 && size == TARN__MD5_SIZE;
}

#endif
