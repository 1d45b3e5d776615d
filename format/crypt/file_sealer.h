/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CRYPT_FILE_SEALER_H
#define TARN_FORMAT_CRYPT_FILE_SEALER_H

#include "format/base/buffer.h"
#include "format/crypt/module.h"
#include "format/thrift/parquet_thrift.h"

/*
 * What encrypts a file that is being written: its algorithm, its AAD, its keys; the other direction of file_cipher.h.
 *
 * Every module has a nonce of its own of 12 random bytes. That no key meets a nonce twice is as good as certain as long as a key is used
 * at most 2^32 times (Encryption.md 4.3, NIST SP 800-38D 8.3): uses are counted for each key over the file, and the one too many is
 * refused. The file identifier in the AAD is 8 random bytes, made when the sealer is opened. Randomness is libsodium's, or the env's
 * hook where the host gave one.
 *
 * Ownership: keys are copied into locked memory. Threads: single.
 */
struct tarn__file_sealer;
struct tarn__sealing_key;

enum { TARN__FILE_UNIQUE = 8 };

struct tarn__sealer_options {
    bool ctr; /**< AES_GCM_CTR_V1 */
    struct tarn_span aad_prefix;
    bool prefix_apart;         /**< the prefix is not stored */
    uint64_t most_invocations; /**< of one key; 0: 2^32 */
};

/** Errors: UNSUPPORTED "encryption" (a build without it), INVALID "aad_prefix" (apart, and empty; too long), NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__file_sealer_open(struct tarn_env *env, const struct tarn__sealer_options *options,
                                                         struct tarn__file_sealer **out, struct tarn_error *err);
/** NULL is legal. Overwrites the keys. */
void tarn__file_sealer_close(struct tarn__file_sealer *sealer);

/** As the file tells it. Lives as long as the sealer. */
const struct parquet_encryption_algorithm *tarn__file_sealer_algorithm(const struct tarn__file_sealer *sealer);

/** The key of these bytes, the same for the same bytes. It lives as long as the sealer. Errors: INVALID "key_length", NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__file_sealer_key(struct tarn__file_sealer *sealer, struct tarn_span bytes,
                                                        struct tarn__sealing_key **out, struct tarn_error *err);

/** Bytes that the module of a text of `size` has. */
size_t tarn__file_sealer_module_size(const struct tarn__file_sealer *sealer, enum tarn__module_type type, size_t size);

/** Which module: its place, and the key it is made with. */
struct tarn__seal {
    struct tarn__file_sealer *sealer;
    struct tarn__sealing_key *key;
    struct tarn__module_place place;
};

/**
 * Appends the module of `text`. Errors: LIMIT "key_invocations" (the key was used as often as it may be), INVALID "module_size" (over
 * 2 GiB), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__seal_module(const struct tarn__seal *seal, struct tarn_span text, struct tarn_buffer *out,
                                                    struct tarn_error *err);

/** Appends nonce and tag of a footer that stands in clear. Errors: as tarn__seal_module. */
TARN_WARN_UNUSED enum tarn_status tarn__seal_signature(struct tarn__file_sealer *sealer, struct tarn__sealing_key *key,
                                                       struct tarn_span footer, struct tarn_buffer *out, struct tarn_error *err);

#endif
