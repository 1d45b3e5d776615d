/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing keys: Ed25519 (RFC 8032), sealed with Argon2id (RFC 9106) and XChaCha20-Poly1305.
 *
 * Invariants
 *  1. The seed lies in locked memory and in its sealed form, nowhere else for longer than a call; what is made of it is wiped.
 *  2. The sealed form is bound to its public key: one cannot be put beside another.
 *  3. What a file asks of Argon2id is bounded before it is done.
 */
#include "tarn/signing.h"

#include <stdio.h>

#include "format/base/text.h"
#include "format/base/utf8.h"
#include "format/crypt/key_store.h"
#include "format/json/json_pull.h"

#ifdef TARN_MINIMAL

static enum tarn_status refuse(struct tarn_error *err)
{
    return tarn__unsupported(err, "encryption", "this build has no signatures: it was made without libsodium");
}

enum tarn_status tarn_signing_key_make(struct tarn_env *env, struct tarn_signing_key **out, struct tarn_error *err)
{
    (void)env;
    *out = NULL;
    return refuse(err);
}

enum tarn_status tarn_signing_key_seal(const struct tarn_signing_key *key, struct tarn_span passphrase, char text[TARN_SEALED_KEY_MOST],
                                       size_t *size, struct tarn_error *err)
{
    (void)key;
    (void)passphrase;
    text[0] = '\0';
    *size = 0;
    return refuse(err);
}

enum tarn_status tarn_signing_key_open(struct tarn_env *env, struct tarn_text text, struct tarn_span passphrase,
                                       struct tarn_signing_key **out, struct tarn_error *err)
{
    (void)env;
    (void)text;
    (void)passphrase;
    *out = NULL;
    return refuse(err);
}

void tarn_signing_key_close(struct tarn_signing_key *key)
{
    (void)key;
}

void tarn_signing_key_public(const struct tarn_signing_key *key, uint8_t public_key[TARN_PUBLIC_KEY_SIZE])
{
    (void)key;
    memset(public_key, 0, TARN_PUBLIC_KEY_SIZE);
}

enum tarn_status tarn_signing_key_sign(const struct tarn_signing_key *key, struct tarn_span message, uint8_t signature[TARN_SIGNATURE_SIZE],
                                       struct tarn_error *err)
{
    (void)key;
    (void)message;
    memset(signature, 0, TARN_SIGNATURE_SIZE);
    return refuse(err);
}

bool tarn_signature_verify(const uint8_t public_key[TARN_PUBLIC_KEY_SIZE], struct tarn_span message,
                           const uint8_t signature[TARN_SIGNATURE_SIZE])
{
    (void)public_key;
    (void)message;
    (void)signature;
    return false;
}

#else

#include <sodium.h>

enum {
    SEED = crypto_sign_SEEDBYTES,
    SALT = crypto_pwhash_SALTBYTES,
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    KEK = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    PASSES = 3,
    MOST_PASSES = 64,
};
static const uint64_t memory_cost = UINT64_C(64) << 20;
static const uint64_t most_memory_cost = UINT64_C(1) << 30;

_Static_assert(crypto_sign_PUBLICKEYBYTES == TARN_PUBLIC_KEY_SIZE && crypto_sign_BYTES == TARN_SIGNATURE_SIZE, "Ed25519");
_Static_assert((int)SEED <= (int)TARN_KEY_LONGEST, "a seed is kept as a key");

struct tarn_signing_key {
    struct tarn_env *env;
    struct tarn__key_store store;
    struct tarn__key *seed;
    uint8_t public_key[TARN_PUBLIC_KEY_SIZE];
};

static enum tarn_status new_key(struct tarn_env *env, struct tarn_signing_key **out, struct tarn_error *err)
{
    *out = NULL;
    if (sodium_init() < 0) {
        return tarn__unsupported(err, "encryption", "libsodium cannot be used here");
    }
    struct tarn_signing_key *key = tarn__calloc(env, 1, sizeof(*key));
    if (key == NULL) {
        return tarn__nomem(env, err, sizeof(*key));
    }
    key->env = tarn__env_retain(env);
    tarn__key_store_init(&key->store, env);
    key->seed = tarn__key_store_add(&key->store);
    if (key->seed == NULL) {
        tarn_signing_key_close(key);
        return tarn__nomem(env, err, sizeof(*key->seed));
    }
    key->seed->size = SEED;
    *out = key;
    return TARN_OK;
}

/* The public key that goes with the seed. */
static void derive(struct tarn_signing_key *key)
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(key->public_key, secret, key->seed->bytes);
    tarn__key_wipe(secret, sizeof(secret));
}

enum tarn_status tarn_signing_key_make(struct tarn_env *env, struct tarn_signing_key **out, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(new_key(env, out, err));
    randombytes_buf((*out)->seed->bytes, SEED);
    derive(*out);
    return TARN_OK;
}

void tarn_signing_key_close(struct tarn_signing_key *key)
{
    if (key != NULL) {
        struct tarn_env *env = key->env;
        tarn__key_store_free(&key->store);
        tarn__free(env, key);
        tarn_env_close(env);
    }
}

void tarn_signing_key_public(const struct tarn_signing_key *key, uint8_t public_key[TARN_PUBLIC_KEY_SIZE])
{
    memcpy(public_key, key->public_key, TARN_PUBLIC_KEY_SIZE);
}

enum tarn_status tarn_signing_key_sign(const struct tarn_signing_key *key, struct tarn_span message, uint8_t signature[TARN_SIGNATURE_SIZE],
                                       struct tarn_error *err)
{
    uint8_t public_key[TARN_PUBLIC_KEY_SIZE];
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(public_key, secret, key->seed->bytes);
    const bool done = crypto_sign_detached(signature, NULL, message.data, message.size, secret) == 0;
    tarn__key_wipe(secret, sizeof(secret));
    return done ? TARN_OK : tarn__internal(err, "a signature could not be made");
}

bool tarn_signature_verify(const uint8_t public_key[TARN_PUBLIC_KEY_SIZE], struct tarn_span message,
                           const uint8_t signature[TARN_SIGNATURE_SIZE])
{
    return sodium_init() >= 0 && crypto_sign_verify_detached(signature, message.data, message.size, public_key) == 0;
}

/* ---- the sealed form ---- */

struct sealed {
    uint8_t public_key[TARN_PUBLIC_KEY_SIZE];
    uint8_t salt[SALT];
    uint8_t nonce[NONCE];
    uint8_t seed[SEED + TAG];
    int64_t passes;
    int64_t memory;
    int64_t version;
};

/* The key that the passphrase stands for, in locked memory of `store`. */
static enum tarn_status stretch(struct tarn__key_store *store, struct tarn_span passphrase, const struct sealed *sealed,
                                struct tarn__key **out, struct tarn_error *err)
{
    if (passphrase.size == 0) {
        return tarn__invalid(err, "passphrase", "an empty passphrase protects nothing");
    }
    *out = tarn__key_store_add(store);
    if (*out == NULL || crypto_pwhash((*out)->bytes, KEK, (const char *)passphrase.data, passphrase.size, sealed->salt,
                                      (unsigned long long)sealed->passes, (size_t)sealed->memory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return tarn__nomem(store->env, err, (uint64_t)sealed->memory);
    }
    return TARN_OK;
}

static void add_hex(struct tarn_text_builder *out, const char *name, const uint8_t *bytes, size_t size)
{
    tarn__builder_add_str(out, ",\"");
    tarn__builder_add_str(out, name);
    tarn__builder_add_str(out, "\":\"");
    tarn__builder_add_hex(out, (struct tarn_span){bytes, size});
    tarn__builder_add_char(out, '"');
}

enum tarn_status tarn_signing_key_seal(const struct tarn_signing_key *key, struct tarn_span passphrase, char text[TARN_SEALED_KEY_MOST],
                                       size_t *size, struct tarn_error *err)
{
    struct sealed sealed = {.passes = PASSES, .memory = (int64_t)memory_cost};
    struct tarn__key_store store;
    struct tarn__key *kek;
    text[0] = '\0';
    *size = 0;
    tarn__key_store_init(&store, key->env);
    randombytes_buf(sealed.salt, SALT);
    randombytes_buf(sealed.nonce, NONCE);
    enum tarn_status status = stretch(&store, passphrase, &sealed, &kek, err);
    if (status == TARN_OK) {
        crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.seed, NULL, key->seed->bytes, SEED, key->public_key, TARN_PUBLIC_KEY_SIZE, NULL,
                                                   sealed.nonce, kek->bytes);
    }
    tarn__key_store_free(&store);
    TARN_RETURN_IF_ERROR(status);
    struct tarn_text_builder out;
    tarn__builder_init(&out, key->env);
    tarn__builder_add_str(&out, "{\"tarn_signing_key\":1,\"kdf\":\"argon2id\",\"passes\":");
    tarn__builder_add_int64(&out, sealed.passes);
    tarn__builder_add_str(&out, ",\"memory\":");
    tarn__builder_add_int64(&out, sealed.memory);
    add_hex(&out, "public", key->public_key, TARN_PUBLIC_KEY_SIZE);
    add_hex(&out, "salt", sealed.salt, SALT);
    add_hex(&out, "nonce", sealed.nonce, NONCE);
    add_hex(&out, "sealed", sealed.seed, SEED + TAG);
    tarn__builder_add_str(&out, "}\n");
    status = tarn__builder_status(&out, err);
    if (status == TARN_OK && out.size < TARN_SEALED_KEY_MOST) {
        memcpy(text, out.data, out.size);
        text[out.size] = '\0';
        *size = out.size;
    }
    tarn__builder_free(&out);
    return status;
}

static bool parse_hex(struct tarn_text text, uint8_t *out, size_t size)
{
    size_t done = 0;
    return text.size == 2 * size && sodium_hex2bin(out, size, text.data, text.size, NULL, &done, NULL) == 0 && done == size;
}

static enum tarn_status read_sealed(struct tarn_json *json, struct sealed *out, struct tarn_error *err)
{
    const struct {
        struct tarn_text name;
        uint8_t *bytes;
        size_t size;
    } parts[] = {
        {{"public", 6}, out->public_key, TARN_PUBLIC_KEY_SIZE},
        {{"salt", 4}, out->salt, SALT},
        {{"nonce", 5}, out->nonce, NONCE},
        {{"sealed", 6}, out->seed, SEED + TAG},
    };
    unsigned found = 0;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (bool more = true;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        size_t at = 0;
        while (at < 4 && !tarn__text_equal(json->text, parts[at].name)) {
            at++;
        }
        int64_t *number = tarn__json_is(json, "passes")             ? &out->passes
                          : tarn__json_is(json, "memory")           ? &out->memory
                          : tarn__json_is(json, "tarn_signing_key") ? &out->version
                                                                    : NULL;
        struct tarn_text text;
        if (number != NULL) {
            TARN_RETURN_IF_ERROR(tarn__json_int64(json, number, NULL, err));
        } else if (at < 4) {
            TARN_RETURN_IF_ERROR(tarn__json_string(json, &text, NULL, err));
            found |= parse_hex(text, parts[at].bytes, parts[at].size) ? 1u << at : 0;
        } else {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        }
    }
    if (found != 15 || out->version != 1) {
        return tarn__invalid(err, "signing_key", "this is no file of a signing key, as tarn key new makes it");
    }
    if (out->passes < 1 || out->passes > MOST_PASSES || out->memory < (int64_t)crypto_pwhash_MEMLIMIT_MIN ||
        out->memory > (int64_t)most_memory_cost) {
        return tarn__invalid(err, "signing_key", "the file asks for more, or less, of Argon2id than any key of tarn does");
    }
    return TARN_OK;
}

enum tarn_status tarn_signing_key_open(struct tarn_env *env, struct tarn_text text, struct tarn_span passphrase,
                                       struct tarn_signing_key **out, struct tarn_error *err)
{
    struct sealed sealed = {.version = 0};
    struct tarn_json json;
    *out = NULL;
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = env, .failure = TARN_INVALID}, text);
    enum tarn_status status =
        sodium_init() < 0 ? tarn__unsupported(err, "encryption", "libsodium cannot be used here") : read_sealed(&json, &sealed, err);
    tarn__json_close(&json);
    TARN_RETURN_IF_ERROR(status);
    struct tarn_signing_key *key;
    struct tarn__key *kek;
    TARN_RETURN_IF_ERROR(new_key(env, &key, err));
    status = stretch(&key->store, passphrase, &sealed, &kek, err);
    if (status == TARN_OK) {
        const bool opened =
            crypto_aead_xchacha20poly1305_ietf_decrypt(key->seed->bytes, NULL, NULL, sealed.seed, SEED + TAG, sealed.public_key,
                                                       TARN_PUBLIC_KEY_SIZE, sealed.nonce, kek->bytes) == 0;
        derive(key);
        if (!opened || memcmp(key->public_key, sealed.public_key, TARN_PUBLIC_KEY_SIZE) != 0) {
            status = tarn__error_set(err, TARN_AUTH, "passphrase", "the passphrase is wrong, or the key's file was changed");
        }
        tarn__key_wipe(kek->bytes, sizeof(kek->bytes));
    }
    if (status != TARN_OK) {
        tarn_signing_key_close(key);
        return status;
    }
    *out = key;
    return TARN_OK;
}

#endif
