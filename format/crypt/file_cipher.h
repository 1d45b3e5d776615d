/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CRYPT_FILE_CIPHER_H
#define TARN_FORMAT_CRYPT_FILE_CIPHER_H

#include "format/base/arena.h"
#include "format/base/buffer.h"
#include "format/crypt/key_ring.h"
#include "format/crypt/module.h"
#include "format/thrift/parquet_thrift.h"

/*
 * What decrypts a file: its algorithm, its AAD, its keys; and what decrypts one column chunk of it.
 *
 * What a failed tag means depends on what was right before it:
 *   footer, or its signature   the key may be wrong, the AAD prefix may be, the footer may have been changed: AUTH "key",
 * "footer_signature" metadata of a column with a key of its own   the same of that key: AUTH "column_key" anything else   key and prefix
 * are right: CORRUPT "module_moved" when it fits another place of the same file, else "module_tag"
 *
 * Ownership: a column cipher borrows the file cipher, which outlives it. Threads: a file cipher is shareable; a column cipher is
 * single-threaded.
 */
struct tarn__file_cipher;
struct tarn__column_cipher;

/** What a file says of its encryption: FileCryptoMetaData, or the fields of a plain footer. Borrowed during the call. */
struct tarn__file_crypto {
    const struct parquet_encryption_algorithm *algorithm;
    struct tarn_span key_metadata; /**< of the footer's key; data NULL: none */
};

/**
 * Asks for the footer's key; it is no error here that there is none, or that the AAD prefix is missing.
 * Errors: UNSUPPORTED "encryption" (another algorithm, a build without encryption), AUTH "aad_prefix" (another prefix than the caller
 * insists on), INVALID "key_length", those of the hooks, NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__file_cipher_open(struct tarn_env *env, const struct tarn__given_keys *given,
                                                         const struct tarn__file_crypto *crypto, struct tarn__file_cipher **out,
                                                         struct tarn_error *err);
/** NULL is legal. */
void tarn__file_cipher_close(struct tarn__file_cipher *file);

bool tarn__file_cipher_has_footer_key(const struct tarn__file_cipher *file);

/** Among so many row groups and columns a module is looked for that is not where it belongs. Before other threads know of the cipher. */
void tarn__file_cipher_set_shape(struct tarn__file_cipher *file, uint32_t row_groups, uint32_t columns);

/**
 * Decrypts the footer's module into `arena`. Errors: AUTH ("key_missing", "aad_prefix_missing", "key"), CORRUPT "module_length", NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__file_cipher_footer(const struct tarn__file_cipher *file, struct tarn_span stored,
                                                           struct tarn_arena *arena, struct tarn_span *plain, struct tarn_error *err);

/** Behind a plain footer: nonce and tag. */
enum { TARN__FOOTER_SIGNATURE = TARN__AES_NONCE + TARN__AES_TAG };
/** Verifies a plain footer; the key is there. Errors: AUTH ("aad_prefix_missing", "footer_signature"), NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__file_cipher_verify(const struct tarn__file_cipher *file, struct tarn_span footer,
                                                           const uint8_t signature[TARN__FOOTER_SIGNATURE], struct tarn_error *err);

/** Which column chunk. */
struct tarn__chunk_crypto {
    uint32_t row_group; /**< by place in the footer */
    uint32_t leaf;
    struct tarn_text path;                               /**< dotted */
    const struct parquet_column_crypto_metadata *crypto; /**< NULL: the column is not encrypted */
};

/** Is there a key for the chunk? Errors: as tarn__column_cipher_open. */
TARN_WARN_UNUSED enum tarn_status tarn__file_cipher_find_key(const struct tarn__file_cipher *file, const struct tarn__chunk_crypto *chunk,
                                                             bool *found, struct tarn_error *err);

/**
 * *out NULL with OK when the column is not encrypted. `path` is borrowed. Errors: AUTH "key_missing", "aad_prefix_missing"; INVALID
 * "key_length", those of the hooks, CORRUPT "module_ordinal" (a row group or column whose number has no place in an AAD), UNSUPPORTED,
 * NOMEM. Place: column.
 */
TARN_WARN_UNUSED enum tarn_status tarn__column_cipher_open(const struct tarn__file_cipher *file, const struct tarn__chunk_crypto *chunk,
                                                           struct tarn__column_cipher **out, struct tarn_error *err);
/** NULL is legal. */
void tarn__column_cipher_close(struct tarn__column_cipher *cipher);

/**
 * Decrypts a module of the column that is no page: metadata, indexes, bloom filters. `stored` begins with it and may go on behind it:
 * *stored_size, where not NULL, says how long it is. `plain` lies in `arena`. `cipher` NULL: `plain` is `stored`, *stored_size its size.
 * Errors: AUTH "column_key", CORRUPT ("module_length", "module_tag", "module_moved"), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__column_cipher_module(struct tarn__column_cipher *cipher, enum tarn__module_type type,
                                                             struct tarn_span stored, struct tarn_arena *arena, struct tarn_span *plain,
                                                             size_t *stored_size, struct tarn_error *err);

/** A page header. */
struct tarn__page_header_module {
    struct tarn_span plain; /**< valid until the cipher's next page header */
    uint32_t stored_size;
    bool is_dictionary; /**< it was encrypted as that of a dictionary page, and is to be refused when it is of another */
};

/**
 * Decrypts the page header at the begin of `stored`: of data page number `page`, or of a dictionary page, which is tried first where
 * `dictionary_first`. Errors: as tarn__column_cipher_module; CORRUPT "module_ordinal" (more pages than can be encrypted).
 */
TARN_WARN_UNUSED enum tarn_status tarn__column_cipher_page_header(struct tarn__column_cipher *cipher, struct tarn_span stored,
                                                                  uint32_t page, bool dictionary_first,
                                                                  struct tarn__page_header_module *out, struct tarn_error *err);

/** A page's body: `clear` bytes of levels, as parquet-java leaves them, then the module; or a module of all. */
struct tarn__page_body_module {
    struct tarn_span stored;
    struct tarn__module module;
    size_t clear;       /**< bytes before the module that are not encrypted */
    size_t maybe_clear; /**< when the tag is wrong: so many may be */
    size_t plain_size;  /**< clear bytes and text */
};

/** `levels`: bytes of levels in front of the values, of DATA_PAGE_V2; else 0. Errors: CORRUPT "module_length". */
TARN_WARN_UNUSED enum tarn_status tarn__column_cipher_body(const struct tarn__column_cipher *cipher, struct tarn_span stored, size_t levels,
                                                           struct tarn__page_body_module *out, struct tarn_error *err);

/** Decrypts into `out`, plain_size bytes. Errors: CORRUPT "module_tag", "module_moved". */
TARN_WARN_UNUSED enum tarn_status tarn__column_cipher_decrypt_body(struct tarn__column_cipher *cipher,
                                                                   const struct tarn__page_body_module *body, bool is_dictionary,
                                                                   uint32_t page, uint8_t *out, struct tarn_error *err);

/** Memory of at least `size` bytes that the cipher keeps, for a body that is compressed. NULL: none. */
uint8_t *tarn__column_cipher_room(struct tarn__column_cipher *cipher, size_t size);

#endif
