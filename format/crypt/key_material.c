/* SPDX-License-Identifier: Apache-2.0
 *
 * Key material PKMT1: parsed and unwrapped.
 *
 * Specification: parquet-java, KeyMaterial and KeyToolkit; parquet-cpp reads and writes the same. The AAD of what a master key wraps is
 * the master key's name; of what a key encryption key wraps, that key's id. SPEC: P-CRYPT-11.
 */
#include "format/crypt/key_material.h"

#include "format/json/json_pull.h"

#ifndef TARN_MINIMAL
#include <sodium.h>
#endif

enum { MOST_WRAPPED = TARN__AES_NONCE + TARN_KEY_LONGEST + TARN__AES_TAG, MOST_ID = 256 };

static enum tarn_status take_member(struct tarn_json *json, struct tarn__key_material *out, bool *is_material, struct tarn_error *err)
{
    struct tarn_text type;
    const struct {
        struct tarn_text name;
        struct tarn_text *text;
        bool *flag;
    } members[] = {
        {TARN_TEXT("keyMaterialType"), &type, NULL},
        {TARN_TEXT("keyReference"), &out->reference, NULL},
        {TARN_TEXT("masterKeyID"), &out->master_key, NULL},
        {TARN_TEXT("wrappedDEK"), &out->wrapped_key, NULL},
        {TARN_TEXT("keyEncryptionKeyID"), &out->wrapping_key_id, NULL},
        {TARN_TEXT("wrappedKEK"), &out->wrapped_wrapping_key, NULL},
        {TARN_TEXT("internalStorage"), NULL, &out->internal},
        {TARN_TEXT("doubleWrapping"), NULL, &out->wrapped_twice},
    };
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (tarn__text_equal(json->text, members[i].name)) {
            TARN_RETURN_IF_ERROR(members[i].text != NULL ? tarn__json_string(json, members[i].text, NULL, err)
                                                         : tarn__json_bool(json, members[i].flag, NULL, err));
            *is_material = *is_material || (i == 0 && tarn__text_equal(type, TARN_TEXT("PKMT1")));
            return TARN_OK;
        }
    }
    return tarn__json_skip(json, err);
}

static enum tarn_status parse(struct tarn_json *json, struct tarn__key_material *out, bool *is_material, struct tarn_error *err)
{
    bool more = true;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(take_member(json, out, is_material, err));
    }
}

enum tarn_status tarn__key_material_parse(struct tarn_text text, struct tarn_arena *arena, bool *is_material,
                                          struct tarn__key_material *out, struct tarn_error *err)
{
    const struct tarn_json_pull_options options = {.arena = arena, .failure = TARN_INVALID};
    struct tarn_json json;
    struct tarn_error reason;
    *out = (struct tarn__key_material){.internal = true}; /* what lies in a file beside says nothing of it */
    *is_material = false;
    if (text.size == 0 || text.data[0] != '{') {
        return TARN_OK;
    }
    tarn__json_open(&json, &options, text);
    const enum tarn_status status = parse(&json, out, is_material, &reason);
    tarn__json_close(&json);
    if (status == TARN_INVALID) {
        *is_material = false; /* some other metadata that begin with a brace */
        return TARN_OK;
    }
    if (status != TARN_OK && err != NULL) {
        *err = reason;
    }
    return status;
}

#ifdef TARN_MINIMAL

enum tarn_status tarn__key_material_unwrap(const struct tarn__key_material *material, struct tarn__aes_library *library,
                                           const struct tarn__key *master, struct tarn_env *env, struct tarn__key *out,
                                           struct tarn_error *err)
{
    (void)material;
    (void)library;
    (void)master;
    (void)env;
    (void)out;
    return tarn__unsupported(err, "encryption", "this build has no libcrypto");
}

#else

static bool from_base64(struct tarn_text text, uint8_t *out, size_t room, size_t *size)
{
    const char *end;
    return sodium_base642bin(out, room, text.data, text.size, NULL, size, &end, sodium_base64_VARIANT_ORIGINAL) == 0 &&
           end == text.data + text.size;
}

static enum tarn_status unwrap(struct tarn_text wrapped, struct tarn_span aad, struct tarn__aes_library *library,
                               const struct tarn__key *with, struct tarn__key *out, struct tarn_error *err)
{
    uint8_t bytes[MOST_WRAPPED];
    size_t size;
    struct tarn__aes *gcm;
    const struct tarn__aes_aad all = {aad, {NULL, 0}};
    if (!from_base64(wrapped, bytes, sizeof(bytes), &size) || size <= TARN__AES_NONCE + TARN__AES_TAG) {
        return tarn__error_set(err, TARN_AUTH, "master_key", "the key material holds no wrapped key");
    }
    TARN_RETURN_IF_ERROR(tarn__aes_open(library, TARN__AES_GCM, tarn__key_span(with), &gcm, err));
    out->size = size - TARN__AES_NONCE - TARN__AES_TAG;
    const bool right = tarn__aes_gcm_decrypt(gcm, bytes, &all, (struct tarn_span){bytes + TARN__AES_NONCE, out->size},
                                             bytes + size - TARN__AES_TAG, out->bytes);
    tarn__aes_close(gcm);
    return right
               ? TARN_OK
               : tarn__error_set(err, TARN_AUTH, "master_key", "the wrapped key does not open: the master key is wrong, or it was changed");
}

enum tarn_status tarn__key_material_unwrap(const struct tarn__key_material *material, struct tarn__aes_library *library,
                                           const struct tarn__key *master, struct tarn_env *env, struct tarn__key *out,
                                           struct tarn_error *err)
{
    const struct tarn_span name = tarn__span_of_text(material->master_key);
    if (!material->wrapped_twice) {
        return unwrap(material->wrapped_key, name, library, master, out, err);
    }
    uint8_t id[MOST_ID];
    size_t id_size;
    struct tarn__key_store desk;
    if (!from_base64(material->wrapping_key_id, id, sizeof(id), &id_size)) {
        return tarn__error_set(err, TARN_AUTH, "master_key", "the key material names no key encryption key");
    }
    tarn__key_store_init(&desk, env);
    struct tarn__key *between = tarn__key_store_add(&desk);
    enum tarn_status status = between != NULL ? unwrap(material->wrapped_wrapping_key, name, library, master, between, err)
                                              : tarn__nomem(env, err, sizeof(*between));
    if (status == TARN_OK && !tarn__aes_key_size_ok(between->size)) {
        status = tarn__error_set(err, TARN_AUTH, "master_key", "the key encryption key has %zu bytes", between->size);
    }
    if (status == TARN_OK) {
        status = unwrap(material->wrapped_key, (struct tarn_span){id, id_size}, library, between, out, err);
    }
    tarn__key_store_free(&desk);
    return status;
}

#endif
