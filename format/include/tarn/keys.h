/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_KEYS_H
#define TARN_KEYS_H

#include "tarn/env.h"

/*
 * Keys of encrypted Parquet files (Parquet modular encryption).
 *
 * A file has a key for its footer and may have others for columns. It says of each what its writer put into `key_metadata`: the name of a
 * key, or key material as JSON, or nothing. Keys come from the options of an open (struct tarn_parquet_key), else from the env's hooks,
 * which are asked when a key is needed for the first time: a column's when that column is read.
 *
 * Keys have 16, 24 or 32 bytes. tarn keeps them in locked memory and overwrites them when the file is closed; they are in no error and in
 * no event for the log.
 */
enum { TARN_KEY_LONGEST = 32 };

/** For which key a hook is asked; valid during the call. */
struct tarn_key_request {
    uint32_t size;
    struct tarn_text object;   /**< the file, by its key in the store; empty where it has none */
    struct tarn_text column;   /**< dotted path of the column; empty: the footer */
    struct tarn_span metadata; /**< what the file says of the key; data NULL: nothing */
};

/** Called on any thread, also several at a time. */
struct tarn_key_hooks {
    uint32_t size;
    void *ctx;
    /** Writes the key into `key` (locked memory) and its size; size 0 with OK: there is no such key. */
    enum tarn_status (*key)(void *ctx, const struct tarn_key_request *request, uint8_t key[TARN_KEY_LONGEST], size_t *key_size,
                            struct tarn_error *err);
    /**
     * The AAD prefix that the file must have been written with: writes at most `room` bytes of it and says how many it has; 0: any stored
     * one will do. NULL: always 0.
     */
    enum tarn_status (*aad_prefix)(void *ctx, struct tarn_text object, void *into, size_t room, size_t *size, struct tarn_error *err);
};

enum tarn_key_kind {
    TARN_KEY_ID = 0,     /**< `name` is the key metadata of the file, byte for byte */
    TARN_KEY_FOOTER = 1, /**< the footer's, whatever its metadata say */
    TARN_KEY_COLUMN = 2, /**< `name` is the dotted path of a column */
};

/** A key that is given when a file is opened. */
struct tarn_parquet_key {
    enum tarn_key_kind kind;
    struct tarn_text name;
    struct tarn_span key;
};

/** Keys that were read from JSON, as hooks. Shareable. */
struct tarn_key_file;

TARN_BEGIN_DECLS

/**
 * Reads
 *
 *     {"keys": {"footer": HEX, "col:PATH": HEX, ID: HEX}, "aad_prefix": TEXT,
 *      "master_keys": {NAME: HEX}, "key_material": {REFERENCE: MATERIAL}}
 *
 * where every member may be missing. An ID is the key metadata, byte for byte. `master_keys` open key material (PKMT1) that the file or
 * `key_material`, the content of a _KEY_MATERIAL_FOR_ file, holds, wrapped singly or doubly with AES-GCM. Other members are passed over.
 * Errors: INVALID (not of this form), UNSUPPORTED "encryption" (a build without encryption), NOMEM.
 */
TARN_CALL tarn_key_file_open(struct tarn_env *env, struct tarn_text json, struct tarn_key_file **out, struct tarn_error *err);
/** For struct tarn_env_options; valid until tarn_key_file_close. */
TARN_API struct tarn_key_hooks tarn_key_file_hooks(struct tarn_key_file *keys);
/** NULL is legal. */
TARN_API void tarn_key_file_close(struct tarn_key_file *keys);

TARN_END_DECLS

#endif
