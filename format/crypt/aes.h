/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CRYPT_AES_H
#define TARN_FORMAT_CRYPT_AES_H

#include "format/base/alloc.h"
#include "format/base/bytes.h"

/*
 * AES with keys of 128, 192 and 256 bits, by OpenSSL's libcrypto: GCM, which tells whether a byte was changed, and CTR, which does not.
 * A build without it (TARN_MINIMAL) answers UNSUPPORTED "encryption".
 *
 * The libcrypto that is used is an instance of our own: no configuration file is read, and nothing of the process is changed.
 * Memory of libcrypto is counted by estimate against the env. Expanded keys lie in it, and are overwritten before they are freed.
 * Threads: a library is shareable; an aes is single-threaded.
 */
enum {
    TARN__AES_NONCE = 12,
    TARN__AES_TAG = 16,
    TARN__AES_LONGEST_KEY = 32,
};

enum tarn__aes_mode { TARN__AES_GCM = 0, TARN__AES_CTR = 1 };

struct tarn__aes_library;
struct tarn__aes;

/** Errors: UNSUPPORTED, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__aes_library_open(struct tarn_env *env, struct tarn__aes_library **out, struct tarn_error *err);
/** NULL is legal; after the last aes that was made with it. */
void tarn__aes_library_close(struct tarn__aes_library *library);

/** 16, 24 or 32 bytes. */
bool tarn__aes_key_size_ok(size_t size);

/** Of a key of a size that is ok. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__aes_open(struct tarn__aes_library *library, enum tarn__aes_mode mode, struct tarn_span key,
                                                 struct tarn__aes **out, struct tarn_error *err);
/** NULL is legal. */
void tarn__aes_close(struct tarn__aes *aes);

/** What is authenticated beside the ciphertext: two parts, as one text. */
struct tarn__aes_aad {
    struct tarn_span first;
    struct tarn_span second;
};

/**
 * GCM: `text`, at most 2^31 - 1 bytes, decrypted into `out`, which has room for as many. False: the tag is not that of these bytes, this
 * key and this aad; `out` is then zeros. The tag is compared in constant time.
 */
TARN_WARN_UNUSED bool tarn__aes_gcm_decrypt(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], const struct tarn__aes_aad *aad,
                                            struct tarn_span text, const uint8_t tag[TARN__AES_TAG], uint8_t *out);
/** GCM: `text` is given in clear, its tag is that of the ciphertext it would have: a signature. */
TARN_WARN_UNUSED bool tarn__aes_gcm_verify(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], const struct tarn__aes_aad *aad,
                                           struct tarn_span text, const uint8_t tag[TARN__AES_TAG]);
/** CTR, counted from 1 behind the nonce: there is nothing to verify. False: libcrypto failed. */
TARN_WARN_UNUSED bool tarn__aes_ctr_decrypt(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], struct tarn_span text,
                                            uint8_t *out);

/** GCM: `text`, at most 2^31 - 1 bytes, encrypted into `out`, which has room for as many. False: libcrypto failed. */
TARN_WARN_UNUSED bool tarn__aes_gcm_encrypt(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], const struct tarn__aes_aad *aad,
                                            struct tarn_span text, uint8_t *out, uint8_t tag[TARN__AES_TAG]);
/** The tag that `text` would have, encrypted: its signature. False: libcrypto failed. */
TARN_WARN_UNUSED bool tarn__aes_gcm_sign(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], const struct tarn__aes_aad *aad,
                                         struct tarn_span text, uint8_t tag[TARN__AES_TAG]);
/** The same stream as tarn__aes_ctr_decrypt. */
TARN_WARN_UNUSED bool tarn__aes_ctr_encrypt(struct tarn__aes *aes, const uint8_t nonce[TARN__AES_NONCE], struct tarn_span text,
                                            uint8_t *out);

#endif
