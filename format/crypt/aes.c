/* SPDX-License-Identifier: Apache-2.0
 *
 * AES-GCM and AES-CTR over libcrypto's EVP.
 *
 * Specification: NIST SP 800-38D (GCM), SP 800-38A (CTR). SPEC: P-CRYPT-1.
 *
 * Invariants
 *  1. Bytes that were decrypted under a tag are handed out only when the tag was right: otherwise they are zeros.
 *  2. Nothing of the process's default instance of libcrypto is used.
 */
#include "format/crypt/aes.h"

#ifndef TARN_MINIMAL
#include <openssl/crypto.h>
#include <openssl/evp.h>
#endif

bool tarn__aes_key_size_ok(size_t size)
{
    return size == 16 || size == 24 || size == 32;
}

#ifdef TARN_MINIMAL

enum tarn_status tarn__aes_library_open(struct tarn_env *env, struct tarn__aes_library **out, struct tarn_error *err)
{
    (void)env;
    *out = NULL;
    return tarn__unsupported(err, "encryption", "encryption needs libcrypto, which this build does not have");
}

void tarn__aes_library_close(struct tarn__aes_library *library)
{
    (void)library;
}

enum tarn_status tarn__aes_open(struct tarn__aes_library *library, enum tarn__aes_mode mode, struct tarn_span key, struct tarn__aes **out,
                                struct tarn_error *err)
{
    (void)library;
    (void)mode;
    (void)key;
    *out = NULL;
    return tarn__unsupported(err, "encryption", "this build has no libcrypto");
}

void tarn__aes_close(struct tarn__aes *aes)
{
    (void)aes;
}

bool tarn__aes_gcm_decrypt(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], const struct tarn__aes_aad *aad,
                           struct tarn_span text, const uint8_t tag[TARN__AES_TAG], uint8_t *out)
{
    (void)aes;
    (void)nonce;
    (void)aad;
    (void)text;
    (void)tag;
    (void)out;
    return false;
}

bool tarn__aes_gcm_verify(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], const struct tarn__aes_aad *aad,
                          struct tarn_span text, const uint8_t tag[TARN__AES_TAG])
{
    return tarn__aes_gcm_decrypt(aes, nonce, aad, text, tag, NULL);
}

bool tarn__aes_ctr_decrypt(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], struct tarn_span text, uint8_t *out)
{
    return tarn__aes_gcm_decrypt(aes, nonce, NULL, text, NULL, out);
}

bool tarn__aes_gcm_encrypt(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], const struct tarn__aes_aad *aad,
                           struct tarn_span text, uint8_t *out, uint8_t tag[TARN__AES_TAG])
{
    return tarn__aes_gcm_decrypt(aes, nonce, aad, text, tag, out);
}

bool tarn__aes_gcm_sign(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], const struct tarn__aes_aad *aad, struct tarn_span text,
                        uint8_t tag[TARN__AES_TAG])
{
    return tarn__aes_gcm_decrypt(aes, nonce, aad, text, tag, NULL);
}

bool tarn__aes_ctr_encrypt(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], struct tarn_span text, uint8_t *out)
{
    return tarn__aes_ctr_decrypt(aes, nonce, text, out);
}

#else

enum {
    LIBRARY_BYTES = 512 << 10, /* about what an instance of libcrypto with its ciphers takes */
    CONTEXT_BYTES = 1 << 10,   /* and a cipher with an expanded key */
    SIGN_BLOCK = 4096,
    FIRST_COUNTER = 1,
};

struct tarn__aes_library {
    struct tarn_env *env;
    OSSL_LIB_CTX *instance;
};

struct tarn__aes {
    struct tarn_env *env;
    EVP_CIPHER_CTX *context;
};

enum tarn_status tarn__aes_library_open(struct tarn_env *env, struct tarn__aes_library **out, struct tarn_error *err)
{
    struct tarn__aes_library *library = tarn__calloc(env, 1, sizeof(*library));
    *out = NULL;
    if (library == NULL || !tarn__charge(env, LIBRARY_BYTES)) {
        tarn__free(env, library);
        return tarn__nomem(env, err, LIBRARY_BYTES);
    }
    library->env = env;
    library->instance = OSSL_LIB_CTX_new();
    if (library->instance == NULL) {
        tarn__aes_library_close(library);
        return tarn__error_set(err, TARN_NOMEM, "libcrypto", "libcrypto could not be started");
    }
    *out = library;
    return TARN_OK;
}

void tarn__aes_library_close(struct tarn__aes_library *library)
{
    if (library != NULL) {
        OSSL_LIB_CTX_free(library->instance);
        tarn__uncharge(library->env, LIBRARY_BYTES);
        tarn__free(library->env, library);
    }
}

static const char *cipher_name(enum tarn__aes_mode mode, size_t key_size)
{
    static const char *const names[2][3] = {{"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"}, {"AES-128-CTR", "AES-192-CTR", "AES-256-CTR"}};
    return names[mode][(key_size - 16) / 8];
}

enum tarn_status tarn__aes_open(struct tarn__aes_library *library, enum tarn__aes_mode mode, struct tarn_span key, struct tarn__aes **out,
                                struct tarn_error *err)
{
    struct tarn__aes *aes = tarn__calloc(library->env, 1, sizeof(*aes));
    *out = NULL;
    if (aes == NULL || !tarn__charge(library->env, CONTEXT_BYTES)) {
        tarn__free(library->env, aes);
        return tarn__nomem(library->env, err, CONTEXT_BYTES);
    }
    aes->env = library->env;
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(library->instance, cipher_name(mode, key.size), NULL);
    aes->context = EVP_CIPHER_CTX_new();
    const bool ready = cipher != NULL && aes->context != NULL && EVP_DecryptInit_ex2(aes->context, cipher, key.data, NULL, NULL) == 1;
    EVP_CIPHER_free(cipher);
    if (!ready) {
        tarn__aes_close(aes);
        return tarn__error_set(err, TARN_NOMEM, "libcrypto", "libcrypto has no %s, or no memory", cipher_name(mode, key.size));
    }
    *out = aes;
    return TARN_OK;
}

void tarn__aes_close(struct tarn__aes *aes)
{
    if (aes != NULL) {
        EVP_CIPHER_CTX_free(aes->context);
        tarn__uncharge(aes->env, CONTEXT_BYTES);
        tarn__free(aes->env, aes);
    }
}

/* Begins a text whose key is set already: no key is expanded again. */
static bool begin_gcm(const struct tarn__aes *aes, int encrypt, const uint8_t nonce[TARN__AES_NONCE], const struct tarn__aes_aad *aad)
{
    int size;
    return EVP_CipherInit_ex(aes->context, NULL, NULL, NULL, nonce, encrypt) == 1 &&
           (aad->first.size == 0 || EVP_CipherUpdate(aes->context, NULL, &size, aad->first.data, (int)aad->first.size) == 1) &&
           (aad->second.size == 0 || EVP_CipherUpdate(aes->context, NULL, &size, aad->second.data, (int)aad->second.size) == 1);
}

static bool update(const struct tarn__aes *aes, struct tarn_span text, uint8_t *out)
{
    int size = 0;
    return text.size == 0 || (text.size <= INT32_MAX && EVP_CipherUpdate(aes->context, out, &size, text.data, (int)text.size) == 1 &&
                              (size_t)size == text.size);
}

bool tarn__aes_gcm_decrypt(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], const struct tarn__aes_aad *aad,
                           struct tarn_span text, const uint8_t tag[TARN__AES_TAG], uint8_t *out)
{
    uint8_t copy[TARN__AES_TAG];
    uint8_t rest[1];
    int size = 0;
    memcpy(copy, tag, sizeof(copy));
    const bool right = begin_gcm(aes, 0, nonce, aad) && update(aes, text, out) &&
                       EVP_CIPHER_CTX_ctrl(aes->context, EVP_CTRL_AEAD_SET_TAG, TARN__AES_TAG, copy) == 1 &&
                       EVP_CipherFinal_ex(aes->context, rest, &size) == 1;
    if (!right && text.size != 0) {
        memset(out, 0, text.size);
    }
    return right;
}

bool tarn__aes_gcm_encrypt(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], const struct tarn__aes_aad *aad,
                           struct tarn_span text, uint8_t *out, uint8_t tag[TARN__AES_TAG])
{
    uint8_t rest[1];
    int size = 0;
    return begin_gcm(aes, 1, nonce, aad) && update(aes, text, out) && EVP_CipherFinal_ex(aes->context, rest, &size) == 1 &&
           EVP_CIPHER_CTX_ctrl(aes->context, EVP_CTRL_AEAD_GET_TAG, TARN__AES_TAG, tag) == 1;
}

bool tarn__aes_gcm_sign(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], const struct tarn__aes_aad *aad, struct tarn_span text,
                        uint8_t tag[TARN__AES_TAG])
{
    uint8_t block[SIGN_BLOCK];
    int size = 0;
    bool right = begin_gcm(aes, 1, nonce, aad);
    while (right && text.size != 0) {
        right = update(aes, tarn__span_take(&text, text.size < SIGN_BLOCK ? text.size : SIGN_BLOCK), block);
    }
    return right && EVP_CipherFinal_ex(aes->context, block, &size) == 1 &&
           EVP_CIPHER_CTX_ctrl(aes->context, EVP_CTRL_AEAD_GET_TAG, TARN__AES_TAG, tag) == 1;
}

bool tarn__aes_gcm_verify(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], const struct tarn__aes_aad *aad,
                          struct tarn_span text, const uint8_t tag[TARN__AES_TAG])
{
    uint8_t computed[TARN__AES_TAG];
    return tarn__aes_gcm_sign(aes, nonce, aad, text, computed) && CRYPTO_memcmp(computed, tag, TARN__AES_TAG) == 0;
}

bool tarn__aes_ctr_decrypt(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], struct tarn_span text, uint8_t *out)
{
    uint8_t counter[16];
    memcpy(counter, nonce, TARN__AES_NONCE);
    tarn__store32_be(counter + TARN__AES_NONCE, FIRST_COUNTER);
    return EVP_CipherInit_ex(aes->context, NULL, NULL, NULL, counter, 0) == 1 && update(aes, text, out);
}

bool tarn__aes_ctr_encrypt(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], struct tarn_span text, uint8_t *out)
{
    return tarn__aes_ctr_decrypt(aes, nonce, text, out); /* the stream is added, and adding it once more takes it away */
}

#endif
