/* SPDX-License-Identifier: Apache-2.0
 *
 * Encryption of a file's modules.
 *
 * Specification: parquet-format Encryption.md, 4 and 5; NIST SP 800-38D, 8.3. SPEC: P-CRYPT-WRITE-1 to P-CRYPT-WRITE-3.
 *
 * Invariants
 *  1. A key is counted before it is used, also where the use then fails: no count is too low.
 *  2. Equal keys are one key, whatever they were given for: their uses are counted together.
 *  3. A nonce is drawn anew for each module, also for one whose text was sealed before.
 */
#include "format/crypt/file_sealer.h"

#include "format/base/arena.h"
#include "format/base/checked.h"
#include "format/crypt/key_store.h"

#ifndef TARN_MINIMAL
#include <sodium.h>
#endif

struct tarn__sealing_key {
    struct tarn__sealing_key *before;
    const struct tarn__key *key;
    struct tarn__aes *gcm;
    struct tarn__aes *ctr; /* NULL until a page is sealed with it */
    uint64_t used;
};

struct tarn__file_sealer {
    struct tarn_env *env;
    struct tarn__aes_library *library;
    struct tarn__key_store store;
    struct tarn_arena arena;
    struct tarn__key *desk; /* what a given key is copied to, to be compared */
    struct tarn__sealing_key *last;
    struct parquet_encryption_algorithm algorithm;
    struct tarn_span aad; /* prefix and file identifier */
    uint64_t most;
};

/* The host's randomness, where it has one, makes files that can be made again: its tests want them, and it answers for the rest. */
static void draw(struct tarn_env *env, void *into, size_t size)
{
    const struct tarn_env_options *options = tarn__env_options(env);
    if (options->random != NULL) {
        options->random(options->random_ctx, into, size);
        return;
    }
#ifndef TARN_MINIMAL
    randombytes_buf(into, size);
#endif
}

static enum tarn_status make_aad(struct tarn__file_sealer *sealer, const struct tarn__sealer_options *options, struct tarn_error *err)
{
    enum { MOST_PREFIX = 1 << 20 }; /* what readers take from their hooks */
    const struct tarn_span prefix = options->aad_prefix;
    if (prefix.size > MOST_PREFIX) {
        return tarn__invalid(err, "aad_prefix", "an AAD prefix of %zu bytes; at most %d are possible", prefix.size, (int)MOST_PREFIX);
    }
    if (options->prefix_apart && prefix.size == 0) {
        return tarn__invalid(err, "aad_prefix", "the AAD prefix is to be kept apart from the file, and none was given");
    }
    uint8_t *aad = tarn__arena_alloc(&sealer->arena, prefix.size + TARN__FILE_UNIQUE);
    if (aad == NULL) {
        return tarn__nomem(sealer->env, err, prefix.size);
    }
    if (prefix.size != 0) {
        memcpy(aad, prefix.data, prefix.size);
    }
    draw(sealer->env, aad + prefix.size, TARN__FILE_UNIQUE);
    sealer->aad = (struct tarn_span){aad, prefix.size + TARN__FILE_UNIQUE};
    const bool is_stored = prefix.size != 0 && !options->prefix_apart;
    sealer->algorithm = (struct parquet_encryption_algorithm){
        .id = options->ctr ? PARQUET_AES_GCM_CTR_V1 : PARQUET_AES_GCM_V1,
        .aes = {.has_aad_prefix = is_stored,
                .aad_prefix = is_stored ? (struct tarn_span){aad, prefix.size} : (struct tarn_span){NULL, 0},
                .has_aad_file_unique = true,
                .aad_file_unique = {aad + prefix.size, TARN__FILE_UNIQUE},
                .has_supply_aad_prefix = options->prefix_apart,
                .supply_aad_prefix = options->prefix_apart},
    };
    return TARN_OK;
}

enum tarn_status tarn__file_sealer_open(struct tarn_env *env, const struct tarn__sealer_options *options, struct tarn__file_sealer **out,
                                        struct tarn_error *err)
{
    struct tarn__file_sealer *sealer = tarn__calloc(env, 1, sizeof(*sealer));
    *out = NULL;
    if (sealer == NULL) {
        return tarn__nomem(env, err, sizeof(*sealer));
    }
    sealer->env = env;
    sealer->most = options->most_invocations != 0 ? options->most_invocations : UINT64_C(1) << 32;
    tarn__key_store_init(&sealer->store, env);
    tarn__arena_init(&sealer->arena, env);
    enum tarn_status status = tarn__aes_library_open(env, &sealer->library, err);
#ifndef TARN_MINIMAL
    if (status == TARN_OK && sodium_init() < 0) {
        status = tarn__error_set(err, TARN_NOMEM, "libsodium", "libsodium could not be started");
    }
#endif
    if (status == TARN_OK) {
        sealer->desk = tarn__key_store_add(&sealer->store);
        status = sealer->desk != NULL ? make_aad(sealer, options, err) : tarn__nomem(env, err, sizeof(*sealer->desk));
    }
    if (status != TARN_OK) {
        tarn__file_sealer_close(sealer);
        return status;
    }
    *out = sealer;
    return TARN_OK;
}

void tarn__file_sealer_close(struct tarn__file_sealer *sealer)
{
    if (sealer == NULL) {
        return;
    }
    for (const struct tarn__sealing_key *key = sealer->last; key != NULL; key = key->before) {
        tarn__aes_close(key->gcm);
        tarn__aes_close(key->ctr);
    }
    tarn__aes_library_close(sealer->library);
    tarn__key_store_free(&sealer->store);
    tarn__arena_free(&sealer->arena);
    tarn__free(sealer->env, sealer);
}

const struct parquet_encryption_algorithm *tarn__file_sealer_algorithm(const struct tarn__file_sealer *sealer)
{
    return &sealer->algorithm;
}

/* ---- keys ---- */

static enum tarn_status add_key(struct tarn__file_sealer *sealer, struct tarn__sealing_key **out, struct tarn_error *err)
{
    struct tarn__sealing_key *added = tarn__arena_calloc(&sealer->arena, 1, sizeof(*added));
    struct tarn__key *key = tarn__key_store_add(&sealer->store);
    if (added == NULL || key == NULL) {
        return tarn__nomem(sealer->env, err, sizeof(*key));
    }
    *key = *sealer->desk;
    *added = (struct tarn__sealing_key){.before = sealer->last, .key = key};
    TARN_RETURN_IF_ERROR(tarn__aes_open(sealer->library, TARN__AES_GCM, tarn__key_span(key), &added->gcm, err));
    sealer->last = added;
    *out = added;
    return TARN_OK;
}

enum tarn_status tarn__file_sealer_key(struct tarn__file_sealer *sealer, struct tarn_span bytes, struct tarn__sealing_key **out,
                                       struct tarn_error *err)
{
    struct tarn__key *desk = sealer->desk;
    *out = NULL;
    if (!tarn__aes_key_size_ok(bytes.size)) {
        return tarn__invalid(err, "key_length", "a key of %zu bytes was given: keys of AES have 16, 24 or 32", bytes.size);
    }
    memset(desk, 0, sizeof(*desk));
    desk->size = bytes.size;
    memcpy(desk->bytes, bytes.data, bytes.size);
    for (struct tarn__sealing_key *key = sealer->last; key != NULL; key = key->before) {
        if (tarn__key_equal(key->key, desk)) {
            *out = key;
            return TARN_OK;
        }
    }
    return add_key(sealer, out, err);
}

static enum tarn_status count_use(const struct tarn__file_sealer *sealer, struct tarn__sealing_key *key, struct tarn_error *err)
{
    if (key->used >= sealer->most) {
        return tarn__error_set(err, TARN_LIMIT, "key_invocations",
                               "a key may encrypt %llu parts of a file and has done so: give each column a key of its own, make pages "
                               "larger, or write several files with keys of their own",
                               (unsigned long long)sealer->most);
    }
    key->used++;
    return TARN_OK;
}

/* ---- modules ---- */

static bool is_tagged(const struct tarn__file_sealer *sealer, enum tarn__module_type type)
{
    return sealer->algorithm.id == PARQUET_AES_GCM_V1 || (type != TARN__MODULE_DATA_PAGE && type != TARN__MODULE_DICTIONARY_PAGE);
}

size_t tarn__file_sealer_module_size(const struct tarn__file_sealer *sealer, enum tarn__module_type type, size_t size)
{
    return size + tarn__module_overhead(is_tagged(sealer, type));
}

static enum tarn_status encrypt(const struct tarn__seal *seal, struct tarn_span text, uint8_t *module, struct tarn_error *err)
{
    struct tarn__sealing_key *key = seal->key;
    uint8_t *nonce = module + 4;
    uint8_t *out = nonce + TARN__AES_NONCE;
    bool right;
    if (is_tagged(seal->sealer, seal->place.type)) {
        uint8_t suffix[TARN__MODULE_LONGEST_SUFFIX];
        const struct tarn__aes_aad aad = {seal->sealer->aad, {suffix, tarn__module_suffix(&seal->place, suffix)}};
        right = tarn__aes_gcm_encrypt(key->gcm, nonce, &aad, text, out, out + text.size);
    } else {
        if (key->ctr == NULL) {
            TARN_RETURN_IF_ERROR(tarn__aes_open(seal->sealer->library, TARN__AES_CTR, tarn__key_span(key->key), &key->ctr, err));
        }
        right = tarn__aes_ctr_encrypt(key->ctr, nonce, text, out);
    }
    return right ? TARN_OK : tarn__internal(err, "libcrypto refused to encrypt");
}

enum tarn_status tarn__seal_module(const struct tarn__seal *seal, struct tarn_span text, struct tarn_buffer *out, struct tarn_error *err)
{
    const size_t begin = out->size;
    size_t end;
    if (text.size > INT32_MAX - tarn__module_overhead(true)) {
        return tarn__invalid(err, "module_size", "a part of %zu bytes is to be encrypted: the format has room for 2 GiB", text.size);
    }
    const size_t size = tarn__file_sealer_module_size(seal->sealer, seal->place.type, text.size);
    TARN_RETURN_IF_ERROR(count_use(seal->sealer, seal->key, err));
    if (!tarn__add(begin, size, &end) || !tarn__buffer_resize(out, end)) {
        return tarn__nomem(seal->sealer->env, err, size);
    }
    tarn__store32(out->data + begin, (uint32_t)(size - 4));
    draw(seal->sealer->env, out->data + begin + 4, TARN__AES_NONCE);
    return encrypt(seal, text, out->data + begin, err);
}

enum tarn_status tarn__seal_signature(struct tarn__file_sealer *sealer, struct tarn__sealing_key *key, struct tarn_span footer,
                                      struct tarn_buffer *out, struct tarn_error *err)
{
    static const uint8_t type[1] = {TARN__MODULE_FOOTER};
    const struct tarn__aes_aad aad = {sealer->aad, {type, sizeof(type)}};
    uint8_t signature[TARN__AES_NONCE + TARN__AES_TAG];
    TARN_RETURN_IF_ERROR(count_use(sealer, key, err));
    draw(sealer->env, signature, TARN__AES_NONCE);
    if (!tarn__aes_gcm_sign(key->gcm, signature, &aad, footer, signature + TARN__AES_NONCE)) {
        return tarn__internal(err, "libcrypto refused to sign");
    }
    return tarn__buffer_append(out, signature, sizeof(signature)) ? TARN_OK : tarn__nomem(sealer->env, err, sizeof(signature));
}
