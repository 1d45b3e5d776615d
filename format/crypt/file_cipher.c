/* SPDX-License-Identifier: Apache-2.0
 *
 * The encryption of a file: algorithm, AAD, the footer.
 *
 * Specification: parquet-format Encryption.md, 4 and 5. SPEC: P-CRYPT-5 to P-CRYPT-8.
 *
 * Invariants
 *  1. Nothing of a footer that has a key is handed out before its tag was found right.
 */
#include "format/crypt/file_cipher.h"

#include "format/base/checked.h"
#include "format/crypt/file_cipher_parts.h"

/* The prefix that the tags of the file were made with: stored, or the caller's. */
static enum tarn_status choose_prefix(struct tarn__file_cipher *file, const struct parquet_aes *aes, struct tarn_span *prefix,
                                      struct tarn_error *err)
{
    struct tarn_text wanted;
    TARN_RETURN_IF_ERROR(tarn__key_ring_aad_prefix(file->ring, &wanted, err));
    *prefix = tarn__span_of_text(wanted);
    if (aes->has_aad_prefix) {
        *prefix = aes->aad_prefix;
        if (wanted.size != 0 && !tarn__text_equal(wanted, (struct tarn_text){(const char *)aes->aad_prefix.data, aes->aad_prefix.size})) {
            return tarn__error_set(err, TARN_AUTH, "aad_prefix", "the file was written for another AAD prefix than the one that was given");
        }
        return TARN_OK;
    }
    if (aes->has_supply_aad_prefix && aes->supply_aad_prefix) {
        file->prefix_missing = wanted.size == 0;
        return TARN_OK;
    }
    if (wanted.size != 0) {
        return tarn__error_set(err, TARN_AUTH, "aad_prefix", "an AAD prefix was given, and the file was written without one");
    }
    return TARN_OK;
}

static enum tarn_status make_aad(struct tarn__file_cipher *file, const struct parquet_aes *aes, struct tarn_error *err)
{
    struct tarn_span prefix;
    TARN_RETURN_IF_ERROR(choose_prefix(file, aes, &prefix, err));
    const struct tarn_span unique = aes->has_aad_file_unique ? aes->aad_file_unique : (struct tarn_span){NULL, 0};
    size_t size;
    if (!tarn__add(prefix.size, unique.size, &size) || size > INT32_MAX) {
        return tarn__corrupt(err, "aad", "the footer's AAD has more than 2 GiB");
    }
    uint8_t *aad = tarn__alloc(file->env, size + 1);
    if (aad == NULL) {
        return tarn__nomem(file->env, err, size);
    }
    if (prefix.size != 0) {
        memcpy(aad, prefix.data, prefix.size);
    }
    if (unique.size != 0) {
        memcpy(aad + prefix.size, unique.data, unique.size);
    }
    file->aad = (struct tarn_span){aad, size};
    return TARN_OK;
}

static enum tarn_status fill(struct tarn__file_cipher *file, const struct tarn__given_keys *given, const struct tarn__file_crypto *crypto,
                             struct tarn_error *err)
{
    const struct parquet_encryption_algorithm *algorithm = crypto->algorithm;
    if (algorithm->id != PARQUET_AES_GCM_V1 && algorithm->id != PARQUET_AES_GCM_CTR_V1) {
        return tarn__unsupported(err, "encryption", "the file is encrypted with an algorithm that is not known to this build");
    }
    file->ctr = algorithm->id == PARQUET_AES_GCM_CTR_V1;
    TARN_RETURN_IF_ERROR(tarn__aes_library_open(file->env, &file->library, err));
    TARN_RETURN_IF_ERROR(tarn__key_ring_open(file->env, given, &file->ring, err));
    TARN_RETURN_IF_ERROR(make_aad(file, &algorithm->aes, err));
    const struct tarn__key_wish wish = {.number = 0, .metadata = crypto->key_metadata};
    return tarn__key_ring_find(file->ring, &wish, &file->footer_key, err);
}

enum tarn_status tarn__file_cipher_open(struct tarn_env *env, const struct tarn__given_keys *given, const struct tarn__file_crypto *crypto,
                                        struct tarn__file_cipher **out, struct tarn_error *err)
{
    struct tarn__file_cipher *file = tarn__calloc(env, 1, sizeof(*file));
    *out = NULL;
    if (file == NULL) {
        return tarn__nomem(env, err, sizeof(*file));
    }
    file->env = env;
    const enum tarn_status status = fill(file, given, crypto, err);
    if (status != TARN_OK) {
        tarn__file_cipher_close(file);
        return status;
    }
    *out = file;
    return TARN_OK;
}

void tarn__file_cipher_close(struct tarn__file_cipher *file)
{
    if (file != NULL) {
        tarn__aes_library_close(file->library);
        tarn__key_ring_close(file->ring);
        tarn__free(file->env, (uint8_t *)(uintptr_t)file->aad.data);
        tarn__free(file->env, file);
    }
}

bool tarn__file_cipher_has_footer_key(const struct tarn__file_cipher *file)
{
    return file->footer_key != NULL;
}

void tarn__file_cipher_set_shape(struct tarn__file_cipher *file, uint32_t row_groups, uint32_t columns)
{
    file->row_groups = row_groups;
    file->columns = columns;
}

enum tarn_status tarn__file_cipher_check_prefix(const struct tarn__file_cipher *file, struct tarn_error *err)
{
    return file->prefix_missing ? tarn__error_set(err, TARN_AUTH, "aad_prefix_missing",
                                                  "the file does not hold its AAD prefix: it has to be given, beside the keys")
                                : TARN_OK;
}

static enum tarn_status open_footer_aes(const struct tarn__file_cipher *file, struct tarn__aes **out, struct tarn_error *err)
{
    *out = NULL;
    if (file->footer_key == NULL) {
        return tarn__error_set(err, TARN_AUTH, "key_missing", "the footer is encrypted, and no key was given for it");
    }
    TARN_RETURN_IF_ERROR(tarn__file_cipher_check_prefix(file, err));
    return tarn__aes_open(file->library, TARN__AES_GCM, tarn__key_span(file->footer_key), out, err);
}

enum tarn_status tarn__file_cipher_footer(const struct tarn__file_cipher *file, struct tarn_span stored, struct tarn_arena *arena,
                                          struct tarn_span *plain, struct tarn_error *err)
{
    static const struct tarn__module_place place = {.type = TARN__MODULE_FOOTER};
    struct tarn__module module;
    struct tarn__aes *gcm;
    TARN_RETURN_IF_ERROR(tarn__module_parse(stored, true, &module, err));
    TARN_RETURN_IF_ERROR(open_footer_aes(file, &gcm, err));
    uint8_t *out = tarn__arena_alloc(arena, module.text.size + 1);
    enum tarn_status status = out != NULL ? TARN_OK : tarn__nomem(file->env, err, module.text.size);
    if (status == TARN_OK && !tarn__module_decrypt(gcm, &module, file->aad, &place, out)) {
        status = tarn__error_set(err, TARN_AUTH, "key",
                                 "the footer cannot be decrypted: the key or the AAD prefix is wrong, or the footer was changed");
    }
    tarn__aes_close(gcm);
    *plain = (struct tarn_span){out, module.text.size};
    return status;
}

enum tarn_status tarn__file_cipher_verify(const struct tarn__file_cipher *file, struct tarn_span footer,
                                          const uint8_t signature[TARN__FOOTER_SIGNATURE], struct tarn_error *err)
{
    static const uint8_t type[1] = {TARN__MODULE_FOOTER};
    const struct tarn__aes_aad aad = {file->aad, {type, sizeof(type)}};
    struct tarn__aes *gcm;
    TARN_RETURN_IF_ERROR(open_footer_aes(file, &gcm, err));
    const bool right = tarn__aes_gcm_verify(gcm, signature, &aad, footer, signature + TARN__AES_NONCE);
    tarn__aes_close(gcm);
    return right
               ? TARN_OK
               : tarn__error_set(err, TARN_AUTH, "footer_signature",
                                 "the footer does not match its signature: the key or the AAD prefix is wrong, or the footer was changed");
}
