/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CRYPT_KEY_MATERIAL_H
#define TARN_FORMAT_CRYPT_KEY_MATERIAL_H

#include "format/base/arena.h"
#include "format/crypt/aes.h"
#include "format/crypt/key_store.h"

/*
 * Key material of type PKMT1, as parquet-java and parquet-cpp store it in key_metadata or in a file beside: a data key wrapped with a
 * master key, or wrapped with a key that is wrapped with a master key. Wrapping is AES-GCM: nonce (12 bytes), ciphertext, tag (16), in
 * base64.
 */
struct tarn__key_material {
    bool internal; /**< else only `reference` is there, and the material is kept elsewhere by it */
    struct tarn_text reference;
    bool wrapped_twice;
    struct tarn_text master_key;
    struct tarn_text wrapped_key;          /**< base64 */
    struct tarn_text wrapping_key_id;      /**< base64; wrapped_twice */
    struct tarn_text wrapped_wrapping_key; /**< base64; wrapped_twice */
};

/** False: it is no PKMT1. Texts lie in `arena` or in `json`. Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__key_material_parse(struct tarn_text json, struct tarn_arena *arena, bool *is_material,
                                                           struct tarn__key_material *out, struct tarn_error *err);

/** Opens the data key into `out`, in locked memory. Errors: AUTH "master_key" (wrong, or the material was changed), NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__key_material_unwrap(const struct tarn__key_material *material, struct tarn__aes_library *library,
                                                            const struct tarn__key *master, struct tarn_env *env, struct tarn__key *out,
                                                            struct tarn_error *err);

#endif
