/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_SIGNING_H
#define TARN_SIGNING_H

#include "tarn/env.h"

/*
 * Keys that sign the commits of tables: Ed25519. Their file is sealed with a passphrase: Argon2id makes a key of it, XChaCha20-Poly1305
 * seals the seed under that. In memory the seed lies in locked pages, and is overwritten when the key is closed.
 *
 * A build without libsodium has none of it: UNSUPPORTED "encryption". Threads: a key is shareable once it is there.
 */
struct tarn_signing_key;

enum { TARN_PUBLIC_KEY_SIZE = 32, TARN_SIGNATURE_SIZE = 64, TARN_SEALED_KEY_MOST = 1024 };

TARN_BEGIN_DECLS

/** A new key, of the system's random bytes. Errors: UNSUPPORTED, NOMEM. */
TARN_CALL tarn_signing_key_make(struct tarn_env *env, struct tarn_signing_key **out, struct tarn_error *err);

/** The key's file, a JSON text; *size of it. Takes about a tenth of a second and 64 MiB. Errors: INVALID (an empty passphrase), NOMEM. */
TARN_CALL tarn_signing_key_seal(const struct tarn_signing_key *key, struct tarn_span passphrase, char text[TARN_SEALED_KEY_MOST],
                                size_t *size, struct tarn_error *err);

/** Errors: INVALID "signing_key" (no such file), AUTH "passphrase" (wrong, or the file was changed), UNSUPPORTED, LIMIT, NOMEM. */
TARN_CALL tarn_signing_key_open(struct tarn_env *env, struct tarn_text text, struct tarn_span passphrase, struct tarn_signing_key **out,
                                struct tarn_error *err);
TARN_API void tarn_signing_key_close(struct tarn_signing_key *key);

TARN_API void tarn_signing_key_public(const struct tarn_signing_key *key, uint8_t public_key[TARN_PUBLIC_KEY_SIZE]);
TARN_CALL tarn_signing_key_sign(const struct tarn_signing_key *key, struct tarn_span message, uint8_t signature[TARN_SIGNATURE_SIZE],
                                struct tarn_error *err);
TARN_API bool tarn_signature_verify(const uint8_t public_key[TARN_PUBLIC_KEY_SIZE], struct tarn_span message,
                                    const uint8_t signature[TARN_SIGNATURE_SIZE]);

TARN_END_DECLS

#endif
